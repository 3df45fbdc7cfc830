/* Shapes, dims, strides: checked numbers and their words. */
#include "tensor/internal.h"

#include <string.h>

const char *prune_dtype_name(prune_dtype dtype)
{
    switch (dtype) {
#define NAME_CASE(name, value, torch_name, bytes) \
    case name:                                    \
        return torch_name;
        PRUNE_DTYPE_MAP(NAME_CASE)
#undef NAME_CASE
    }
    return NULL;
}

int64_t pruni_dtype_size(prune_dtype dtype)
{
    switch (dtype) {
#define SIZE_CASE(name, value, torch_name, bytes) \
    case name:                                    \
        return bytes;
        PRUNE_DTYPE_MAP(SIZE_CASE)
#undef SIZE_CASE
    }
    return 0;
}

bool pruni_is_floating(prune_dtype dtype)
{
    return dtype == PRUNE_FLOAT32 || dtype == PRUNE_FLOAT64 || dtype == PRUNE_FLOAT16 || dtype == PRUNE_BFLOAT16;
}

static void list_text(char *text, size_t room, const int64_t *numbers, int64_t count, const char *close)
{
    int written = snprintf(text, room, "[");
    for (int64_t i = 0; i < count; i++) {
        text += written;
        room -= (size_t)written;
        written = snprintf(text, room, "%s%lld", i > 0 ? ", " : "", (long long)numbers[i]);
    }
    (void)snprintf(text + written, room - (size_t)written, "%s", close);
}

const char *pruni_list_text(char text[PRUNI_SHAPE_TEXT], const int64_t *numbers, int64_t count)
{
    list_text(text, PRUNI_SHAPE_TEXT, numbers, count, "]");
    return text;
}

const char *pruni_shape_text(char text[PRUNI_SHAPE_TEXT], const int64_t *sizes, int64_t ndim)
{
    int written = snprintf(text, PRUNI_SHAPE_TEXT, "torch.Size(");
    list_text(text + written, PRUNI_SHAPE_TEXT - (size_t)written, sizes, ndim, "])");
    return text;
}

static prune_status too_large(const int64_t *sizes, int64_t ndim, prune_dtype dtype)
{
    char text[PRUNI_SHAPE_TEXT];
    return prune_fail(PRUNE_ERROR_MEMORY, "a tensor of shape %s and dtype %s does not fit into memory",
                      pruni_shape_text(text, sizes, ndim), prune_dtype_name(dtype));
}

prune_status pruni_check_rank(int64_t ndim)
{
    if (ndim >= 0 && ndim <= PRUNE_MAX_DIMS)
        return PRUNE_OK;
    return prune_fail(PRUNE_ERROR_VALUE, "rank %lld is not in the range 0 to %d", (long long)ndim, PRUNE_MAX_DIMS);
}

static prune_status check_sizes(const int64_t *sizes, int64_t ndim)
{
    char text[PRUNI_SHAPE_TEXT];
    for (int64_t i = 0; i < ndim; i++)
        if (sizes[i] < 0)
            return prune_fail(PRUNE_ERROR_RUNTIME, "Trying to create tensor with negative dimension %lld: %s",
                              (long long)sizes[i], pruni_list_text(text, sizes, ndim));
    return PRUNE_OK;
}

prune_status pruni_check_shape(int64_t *numel, const int64_t *sizes, int64_t ndim, prune_dtype dtype)
{
    if (pruni_dtype_size(dtype) == 0)
        return prune_fail(PRUNE_ERROR_VALUE, "%d is not a dtype", (int)dtype);
    if (pruni_check_rank(ndim) || check_sizes(sizes, ndim))
        return prune_last_status();
    int64_t product = 1;
    int64_t positive_product = 1; /* strides are computed as if empty dims had one entry */
    for (int64_t i = 0; i < ndim; i++) {
        if (!pruni_multiply_int64(&positive_product, positive_product, sizes[i] > 0 ? sizes[i] : 1))
            return too_large(sizes, ndim, dtype);
        product *= sizes[i];
    }
    int64_t bytes;
    if (!pruni_multiply_int64(&bytes, product, pruni_dtype_size(dtype)) || (uint64_t)bytes > SIZE_MAX / 2)
        return too_large(sizes, ndim, dtype);
    *numel = product;
    return PRUNE_OK;
}

void pruni_contiguous_strides(int64_t *strides, const int64_t *sizes, int64_t ndim)
{
    int64_t stride = 1;
    for (int64_t i = ndim - 1; i >= 0; i--) {
        strides[i] = stride;
        stride *= sizes[i] > 0 ? sizes[i] : 1;
    }
}

int64_t pruni_outer_stride(int64_t size, int64_t stride)
{
    int64_t product;
    return pruni_multiply_int64(&product, size, stride) ? product : stride;
}

bool pruni_same_shape(const prune_tensor *a, const prune_tensor *b)
{
    return a->ndim == b->ndim && memcmp(a->sizes, b->sizes, (size_t)a->ndim * sizeof a->sizes[0]) == 0;
}

prune_status pruni_wrap_dim(int64_t *out, int64_t dim, int64_t ndim)
{
    int64_t range = ndim > 0 ? ndim : 1;
    if (dim < -range || dim >= range)
        return prune_fail(PRUNE_ERROR_INDEX,
                          "Dimension out of range (expected to be in range of [%lld, %lld], but got %lld)",
                          (long long)-range, (long long)(range - 1), (long long)dim);
    *out = dim < 0 ? dim + range : dim;
    return PRUNE_OK;
}

prune_status pruni_reduced_dims(bool reduced[PRUNE_MAX_DIMS], const int64_t *dims, int64_t ndims, int64_t ndim)
{
    bool all = ndims == 0;
    bool seen[PRUNE_MAX_DIMS] = { false };
    if (ndims < 0)
        return prune_fail(PRUNE_ERROR_VALUE, "a list of %lld dims", (long long)ndims);
    for (int64_t i = 0; i < ndims; i++) {
        int64_t dim = 0;
        if (pruni_wrap_dim(&dim, dims[i], ndim))
            return prune_last_status();
        if (seen[dim])
            return prune_fail(PRUNE_ERROR_RUNTIME, "dim %lld appears multiple times in the list of dims",
                              (long long)dim);
        seen[dim] = true;
    }
    for (int64_t i = 0; i < PRUNE_MAX_DIMS; i++)
        reduced[i] = all || seen[i];
    return PRUNE_OK;
}

bool pruni_dense_order(int64_t order[PRUNE_MAX_DIMS], const prune_tensor *t)
{
    for (int64_t i = 0; i < t->ndim; i++)
        order[i] = i;
    if (prune_tensor_is_contiguous(t))
        return true;
    for (int64_t i = 1; i < t->ndim; i++) { /* insertion by falling stride */
        int64_t dim = order[i];
        int64_t place = i;
        for (; place > 0 && t->strides[order[place - 1]] < t->strides[dim]; place--)
            order[place] = order[place - 1];
        order[place] = dim;
    }
    int64_t expected = 1;
    for (int64_t i = t->ndim - 1; i >= 0; i--) {
        int64_t dim = order[i];
        if (t->sizes[dim] == 1)
            continue;
        if (t->strides[dim] != expected)
            return false;
        expected *= t->sizes[dim];
    }
    return true;
}

/* Above 0 if PyTorch puts dim `a` outside dim `b`, below 0 for the reverse, 0 where it leaves them as they are. */
static int compare_places(const prune_tensor *t, int64_t a, int64_t b)
{
    if (t->strides[a] == 0 || t->strides[b] == 0)
        return 0;
    if (t->strides[a] != t->strides[b])
        return t->strides[a] > t->strides[b] ? 1 : -1;
    return t->sizes[a] > t->sizes[b];
}

void pruni_kept_order(int64_t order[PRUNE_MAX_DIMS], const prune_tensor *t)
{
    if (pruni_dense_order(order, t))
        return;
    for (int64_t last = t->ndim - 1; last >= 0; last--) { /* insertion from the innermost dim outwards */
        int64_t place = last;
        order[last] = last;
        for (int64_t i = last + 1; i < t->ndim; i++) {
            int compared = compare_places(t, order[i], last);
            if (compared < 0)
                break;
            if (compared == 0)
                continue;
            order[place] = order[i];
            order[i] = last;
            place = i;
        }
    }
}

void pruni_kept_strides(int64_t strides[PRUNE_MAX_DIMS], const prune_tensor *t)
{
    int64_t order[PRUNE_MAX_DIMS];
    if (pruni_dense_order(order, t)) {
        memcpy(strides, t->strides, sizeof t->strides);
        return;
    }
    pruni_kept_order(order, t);
    int64_t stride = 1;
    for (int64_t i = t->ndim - 1; i >= 0; i--) {
        strides[order[i]] = stride;
        stride *= t->sizes[order[i]];
    }
}
