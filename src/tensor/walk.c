/* Several tensors in step: broadcasting, and rows for the kernels. */
#include "tensor/internal.h"

#include <string.h>

/* ---- Broadcasting ---- */

/* The size of the dim that lies `from_end` dims before the last; missing ones are 1. */
static int64_t size_from_end(const int64_t *sizes, int64_t ndim, int64_t from_end)
{
    return from_end < ndim ? sizes[ndim - 1 - from_end] : 1;
}

prune_status pruni_broadcast_shape(int64_t sizes[PRUNE_MAX_DIMS], int64_t *ndim, const prune_tensor *a,
                                   const prune_tensor *b)
{
    int64_t rank = a->ndim > b->ndim ? a->ndim : b->ndim;
    int64_t shape[PRUNE_MAX_DIMS];
    for (int64_t i = 0; i < rank; i++) {
        int64_t size_a = size_from_end(a->sizes, a->ndim, i);
        int64_t size_b = size_from_end(b->sizes, b->ndim, i);
        if (size_a != size_b && size_a != 1 && size_b != 1)
            return prune_fail(PRUNE_ERROR_RUNTIME,
                              "The size of tensor a (%lld) must match the size of tensor b (%lld) at non-singleton "
                              "dimension %lld",
                              (long long)size_a, (long long)size_b, (long long)(rank - 1 - i));
        shape[rank - 1 - i] = size_a == 1 ? size_b : size_a;
    }
    if (rank > 0)
        memcpy(sizes, shape, (size_t)rank * sizeof shape[0]);
    *ndim = rank;
    return PRUNE_OK;
}

prune_status pruni_check_broadcast_into(const prune_tensor *t, const prune_tensor *b)
{
    int64_t sizes[PRUNE_MAX_DIMS];
    int64_t ndim;
    if (pruni_broadcast_shape(sizes, &ndim, t, b))
        return prune_last_status();
    if (ndim == t->ndim && (ndim == 0 || memcmp(sizes, t->sizes, (size_t)ndim * sizeof sizes[0]) == 0))
        return PRUNE_OK;
    char own[PRUNI_SHAPE_TEXT], broadcast[PRUNI_SHAPE_TEXT];
    return prune_fail(PRUNE_ERROR_RUNTIME, "output with shape %s doesn't match the broadcast shape %s",
                      pruni_list_text(own, t->sizes, t->ndim), pruni_list_text(broadcast, sizes, ndim));
}

/* ---- Walking ---- */

typedef struct walk_dims { /* dims longer than 1, outermost first; strides in elements */
    int64_t ndim;
    int64_t sizes[PRUNE_MAX_DIMS];
    int64_t strides[PRUNE_MAX_DIMS][PRUNI_WALK_TENSORS];
} walk_dims;

/* How far apart neighbours along dim `dim` of a shape of rank `ndim` lie in t, which broadcasts to that shape. */
static int64_t broadcast_stride(const prune_tensor *t, int64_t dim, int64_t ndim)
{
    int64_t own = dim - (ndim - t->ndim);
    return own < 0 || t->sizes[own] == 1 ? 0 : t->strides[own];
}

static void collect_dims(walk_dims *dims, const int64_t *sizes, int64_t ndim, const prune_tensor *const tensors[],
                         int64_t count)
{
    dims->ndim = 0;
    for (int64_t i = 0; i < ndim; i++) {
        if (sizes[i] == 1)
            continue;
        dims->sizes[dims->ndim] = sizes[i];
        for (int64_t k = 0; k < count; k++)
            dims->strides[dims->ndim][k] = broadcast_stride(tensors[k], i, ndim);
        dims->ndim++;
    }
}

/* Whether dim `a` has the longer steps: in the first tensor, or in the next where they are equal. */
static bool lies_outside(const int64_t a[], const int64_t b[], int64_t count)
{
    int64_t k = 0;
    while (k + 1 < count && a[k] == b[k])
        k++;
    return a[k] > b[k];
}

static void sort_dims(walk_dims *dims, int64_t count)
{
    for (int64_t i = 1; i < dims->ndim; i++)
        for (int64_t j = i; j > 0 && lies_outside(dims->strides[j], dims->strides[j - 1], count); j--) {
            int64_t size = dims->sizes[j];
            int64_t strides[PRUNI_WALK_TENSORS];
            memcpy(strides, dims->strides[j], sizeof strides);
            dims->sizes[j] = dims->sizes[j - 1];
            memcpy(dims->strides[j], dims->strides[j - 1], sizeof strides);
            dims->sizes[j - 1] = size;
            memcpy(dims->strides[j - 1], strides, sizeof strides);
        }
}

static bool can_merge(const walk_dims *dims, int64_t outer, int64_t inner, int64_t count)
{
    for (int64_t k = 0; k < count; k++)
        if (dims->strides[outer][k] != dims->strides[inner][k] * dims->sizes[inner])
            return false;
    return true;
}

static void merge_dims(walk_dims *dims, int64_t count)
{
    int64_t last = 0;
    for (int64_t i = 1; i < dims->ndim; i++) {
        int64_t size = dims->sizes[i];
        if (can_merge(dims, last, i, count))
            size *= dims->sizes[last];
        else
            last++;
        dims->sizes[last] = size;
        if (last != i)
            memcpy(dims->strides[last], dims->strides[i], sizeof dims->strides[i]);
    }
    if (dims->ndim > 0)
        dims->ndim = last + 1;
}

static void start(pruni_walk *walk, const int64_t *sizes, int64_t ndim, const prune_tensor *const tensors[],
                  int64_t count, bool any_order)
{
    walk->rows_left = 0;
    walk->started = false;
    for (int64_t i = 0; i < ndim; i++)
        if (sizes[i] == 0)
            return;
    walk_dims dims;
    collect_dims(&dims, sizes, ndim, tensors, count);
    if (any_order)
        sort_dims(&dims, count);
    merge_dims(&dims, count);
    const int64_t outer = pruni_larger(dims.ndim - 1, 0);
    walk->count = count;
    walk->ndim = outer;
    walk->length = dims.ndim > 0 ? dims.sizes[outer] : 1;
    walk->rows_left = 1;
    for (int64_t i = 0; i < outer; i++) {
        walk->sizes[i] = dims.sizes[i];
        walk->index[i] = 0;
        walk->rows_left *= dims.sizes[i];
    }
    for (int64_t k = 0; k < count; k++) {
        walk->data[k] = pruni_tensor_pointer(tensors[k]);
        walk->strides[k] = dims.ndim > 0 ? dims.strides[outer][k] : 0;
        for (int64_t i = 0; i < outer; i++)
            walk->steps[k][i] = dims.strides[i][k] * pruni_dtype_size(tensors[k]->dtype);
    }
}

void pruni_walk_start(pruni_walk *walk, const int64_t *sizes, int64_t ndim, const prune_tensor *const tensors[],
                      int64_t count)
{
    start(walk, sizes, ndim, tensors, count, false);
}

void pruni_walk_start_any_order(pruni_walk *walk, const int64_t *sizes, int64_t ndim,
                                const prune_tensor *const tensors[], int64_t count)
{
    start(walk, sizes, ndim, tensors, count, true);
}

/* The dims but for `dim` by falling stride; that one goes where its own stride suits. */
static void order_for_channels(int64_t order[PRUNE_MAX_DIMS], const prune_tensor *t, int64_t dim, const int64_t *layout)
{
    bool innermost = true;
    int64_t first = 0;
    for (int64_t i = 0; i < t->ndim; i++)
        innermost = innermost && (t->sizes[i] == 1 || t->strides[i] >= t->strides[dim]);
    if (!innermost)
        order[first++] = dim;
    int64_t count = first;
    for (int64_t i = 0; i < t->ndim; i++) {
        if (i == dim)
            continue;
        int64_t place = count++;
        for (; place > first && layout[order[place - 1]] < layout[i]; place--)
            order[place] = order[place - 1];
        order[place] = i;
    }
    if (innermost)
        order[count] = dim;
}

void pruni_walk_channels(pruni_walk *walk, const prune_tensor *t, int64_t dim, const int64_t *layout,
                         float *accumulators)
{
    int64_t order[PRUNE_MAX_DIMS];
    order_for_channels(order, t, dim, layout);
    pruni_storage storage = { .data = accumulators };
    prune_tensor ordered = *t;
    prune_tensor sums = *t;
    sums.storage = &storage;
    sums.offset = 0;
    for (int64_t i = 0; i < t->ndim; i++) {
        ordered.sizes[i] = sums.sizes[i] = t->sizes[order[i]];
        ordered.strides[i] = t->strides[order[i]];
        sums.strides[i] = order[i] == dim;
    }
    pruni_walk_start(walk, ordered.sizes, t->ndim, (const prune_tensor *[]){ &sums, &ordered }, 2);
}

static void advance(pruni_walk *walk)
{
    for (int64_t i = walk->ndim - 1; i >= 0; i--) {
        bool carry = walk->index[i] + 1 == walk->sizes[i];
        int64_t steps = carry ? -walk->index[i] : 1;
        walk->index[i] += steps;
        for (int64_t k = 0; k < walk->count; k++)
            walk->data[k] = (char *)walk->data[k] + steps * walk->steps[k][i];
        if (!carry)
            return;
    }
}

bool pruni_walk_next(pruni_walk *walk)
{
    if (walk->rows_left == 0)
        return false;
    if (walk->started)
        advance(walk);
    walk->started = true;
    walk->rows_left--;
    return true;
}
