/* Norms over dims. */
#include "tensor/internal.h"

#include <math.h>

prune_norm prune_norm_p(double order)
{
    return (prune_norm){ PRUNI_NORM_P, order };
}

prune_norm prune_norm_fro(void)
{
    return (prune_norm){ PRUNI_NORM_FRO, 2 };
}

prune_norm prune_norm_nuc(void)
{
    return (prune_norm){ PRUNI_NORM_NUC, 1 };
}

prune_status pruni_check_norm(const char *function, prune_norm norm)
{
    if (norm.kind != PRUNI_NORM_P && norm.kind != PRUNI_NORM_FRO && norm.kind != PRUNI_NORM_NUC)
        return prune_fail(PRUNE_ERROR_VALUE,
                          "%s: the norm was not made by prune_norm_p(), prune_norm_fro() or prune_norm_nuc()",
                          function);
    if (isnan(norm.order))
        return prune_fail(PRUNE_ERROR_VALUE, "%s: the order of a norm cannot be NaN", function);
    return PRUNE_OK;
}

static int64_t from_front(int64_t dim, int64_t ndim)
{
    return dim < 0 ? dim + ndim : dim;
}

/* The dims reduced over, as the caller gave them; none: all. */
typedef struct reduction {
    bool reduced[PRUNE_MAX_DIMS];
    int64_t dims[PRUNE_MAX_DIMS];
    int64_t ndims;
    bool all;
    int64_t kept;          /* where all dims but one are reduced: that one; and, for what follows, */
    const float *seen;     /* 0 for entries of it that are passed over; NULL: none is */
    const int64_t *layout; /* strides that say in which order elements come; NULL: the tensor's own */
} reduction;

/* ---- p-norms ---- */

static prune_status check_identity(const prune_tensor *t, double order, const reduction *over)
{
    if (t->numel > 0 || (order >= 0 && order != (double)INFINITY))
        return PRUNE_OK;
    if (over->all)
        return prune_fail(PRUNE_ERROR_RUNTIME,
                          "linalg.vector_norm cannot compute the %g norm on an empty tensor because the operation does "
                          "not have an identity",
                          order);
    for (int64_t i = 0; i < over->ndims; i++) {
        int64_t dim = from_front(over->dims[i], t->ndim);
        if (t->sizes[dim] == 0)
            return prune_fail(
                PRUNE_ERROR_RUNTIME,
                "linalg.vector_norm cannot compute the %g norm on the dimension %lldbecause this dimension "
                "is empty and the operation does not have an identity",
                order, (long long)over->dims[i]);
    }
    return PRUNE_OK;
}

static pruni_norm_sum sum_of_order(double order)
{
    if (order == 0)
        return PRUNI_NORM_COUNT;
    if (order == 1)
        return PRUNI_NORM_ONE;
    if (order == 2)
        return PRUNI_NORM_TWO;
    if (isinf(order))
        return order > 0 ? PRUNI_NORM_MAX : PRUNI_NORM_MIN;
    return PRUNI_NORM_POWER;
}

static int64_t reduced_numel(const prune_tensor *t, const bool reduced[PRUNE_MAX_DIMS])
{
    int64_t numel = 1;
    for (int64_t i = 0; i < t->ndim; i++)
        numel *= reduced[i] ? t->sizes[i] : 1;
    return numel;
}

/* Whether the elements of a tensor that are reduced over, which there are, lie side by side: the case for which PyTorch
 * has a kernel of its own. */
static bool reduces_runs(const prune_tensor *t, const int64_t *strides, const bool reduced[PRUNE_MAX_DIMS])
{
    int64_t run = 1;
    bool found = true;
    bool counted[PRUNE_MAX_DIMS] = { false };
    while (found) {
        found = false;
        for (int64_t i = 0; i < t->ndim && !found; i++) {
            found = reduced[i] && !counted[i] && t->sizes[i] > 1 && strides[i] == run;
            if (found) {
                counted[i] = true;
                run *= t->sizes[i];
            }
        }
    }
    return run == reduced_numel(t, reduced);
}

static bool repeats_elements(const prune_tensor *t)
{
    for (int64_t i = 0; i < t->ndim; i++)
        if (t->sizes[i] > 1 && t->strides[i] == 0)
            return true;
    return false;
}

/* Each element by itself, or each run, which starts at an element of `starts`. */
static void norms_of_runs(prune_tensor *norms, const prune_tensor *t, const reduction *over, int64_t length)
{
    prune_tensor starts;
    pruni_start_view(&starts, t, over->reduced);
    pruni_walk walk;
    pruni_walk_start(&walk, starts.sizes, starts.ndim, (const prune_tensor *[]){ norms, &starts }, 2);
    while (pruni_walk_next(&walk)) {
        if (length == 1)
            pruni_kernel_absolute(walk.data[0], walk.strides[0], walk.data[1], walk.strides[1], walk.length);
        else
            pruni_kernel_norm_two_runs(walk.data[0], walk.strides[0], walk.data[1], walk.strides[1], walk.length,
                                       length);
    }
}

/* The same of runs in another order than that of memory, one for each entry of a dim. */
static void two_norms_laid_out(float *norms, const prune_tensor *t, const reduction *over, int64_t length)
{
    prune_tensor channel = *t;
    channel.sizes[over->kept] = 1;
    for (int64_t i = 0; i < t->sizes[over->kept]; i++) {
        pruni_two two = { .length = length };
        pruni_walk walk;
        pruni_walk_channels(&walk, &channel, over->kept, over->layout, &norms[i]);
        while (pruni_walk_next(&walk))
            pruni_kernel_norm_two_take(&two, walk.data[1], walk.strides[1], walk.length);
        norms[i] = pruni_kernel_norm_two_end(&two);
        channel.offset += t->strides[over->kept];
    }
}

static void fill(prune_tensor *norms, float value)
{
    pruni_kernel_fill(sizeof value, pruni_tensor_pointer(norms), 1, &value, norms->numel);
}

/* A contiguous tensor of which all dims but one are reduced, seen as the channels of that one. */
static bool find_channels(pruni_channels *channels, const prune_tensor *t, const bool reduced[PRUNE_MAX_DIMS])
{
    int64_t kept = -1;
    *channels = (pruni_channels){ 1, 1, 1 };
    for (int64_t i = 0; i < t->ndim; i++) {
        if (!reduced[i] && kept >= 0)
            return false;
        kept = reduced[i] ? kept : i;
        *(!reduced[i] ? &channels->count : kept >= 0 ? &channels->inner : &channels->outer) *= t->sizes[i];
    }
    return kept >= 0 && prune_tensor_is_contiguous(t);
}

static void take_in(prune_tensor *norms, const prune_tensor *t, pruni_norm_sum kind, float order)
{
    const prune_tensor *tensors[] = { t, norms };
    pruni_walk walk;
    if (repeats_elements(t))
        pruni_walk_start(&walk, t->sizes, t->ndim, tensors, 2);
    else
        pruni_walk_start_any_order(&walk, t->sizes, t->ndim, tensors, 2);
    while (pruni_walk_next(&walk))
        pruni_kernel_norm_add(kind, order, walk.data[1], walk.strides[1], walk.data[0], walk.strides[0], walk.length);
}

static void take_in_laid_out(float *norms, const prune_tensor *t, pruni_norm_sum kind, float order,
                             const reduction *over)
{
    pruni_walk walk;
    pruni_walk_channels(&walk, t, over->kept, over->layout, norms);
    while (pruni_walk_next(&walk))
        pruni_kernel_norm_add(kind, order, walk.data[0], walk.strides[0], walk.data[1], walk.strides[1], walk.length);
}

/* In memory order, as PyTorch; norms lie side by side. */
static void norms_by_sums(prune_tensor *norms, const prune_tensor *t, double order, const reduction *over)
{
    pruni_norm_sum kind = sum_of_order(order);
    float *sums = pruni_tensor_pointer(norms);
    pruni_channels channels;
    fill(norms, kind == PRUNI_NORM_MIN ? INFINITY : 0);
    if (over->layout)
        take_in_laid_out(sums, t, kind, (float)order, over);
    else if (find_channels(&channels, t, over->reduced))
        pruni_kernel_norm_channels(kind, (float)order, sums, pruni_tensor_pointer(t), channels);
    else
        take_in(norms, t, kind, (float)order);
    pruni_kernel_norm_finish(kind, (float)order, sums, norms->numel);
}

/* Takes out the norms of those that are not seen. */
static void close_up(float *norms, const float *seen, int64_t n)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++) {
        norms[kept] = norms[i];
        kept += seen[i] != 0;
    }
}

static prune_status p_norms(prune_tensor *norms, const prune_tensor *t, double order, const reduction *over)
{
    if (check_identity(t, order, over))
        return prune_last_status();
    int64_t length = reduced_numel(t, over->reduced);
    if (t->numel == 0)
        fill(norms, 0);
    else if (over->layout && length > 1 && order == 2 && reduces_runs(t, over->layout, over->reduced))
        two_norms_laid_out(pruni_tensor_pointer(norms), t, over, length);
    else if ((length == 1 && order != 0) || (!over->layout && order == 2 && reduces_runs(t, t->strides, over->reduced)))
        norms_of_runs(norms, t, over, length);
    else
        norms_by_sums(norms, t, order, over);
    if (over->seen)
        close_up(pruni_tensor_pointer(norms), over->seen, norms->numel);
    return PRUNE_OK;
}

/* ---- The nuclear norm ---- */

typedef struct matrix_dims {
    int64_t count, length; /* of columns; count ≤ length */
    int64_t column_stride, row_stride;
} matrix_dims;

static prune_status find_matrix(matrix_dims *matrix, const prune_tensor *t, const reduction *over)
{
    if (t->ndim < 2)
        return prune_fail(PRUNE_ERROR_RUNTIME,
                          "linalg.matrix_norm: The input tensor A must have at least 2 dimensions.");
    if (over->ndims != 2) {
        char text[PRUNI_SHAPE_TEXT] = "";
        size_t length = 0;
        for (int64_t i = 0; i < over->ndims; i++)
            length += (size_t)snprintf(text + length, sizeof text - length, " %lld", (long long)over->dims[i]);
        return prune_fail(PRUNE_ERROR_RUNTIME, "linalg.matrix_norm: dim must be a 2-tuple. Got%s", text);
    }
    const int64_t dims[2] = { from_front(over->dims[0], t->ndim), from_front(over->dims[1], t->ndim) };
    int64_t across = t->sizes[dims[0]] < t->sizes[dims[1]] ? 0 : 1;
    matrix->count = t->sizes[dims[across]];
    matrix->column_stride = t->strides[dims[across]];
    matrix->length = t->sizes[dims[1 - across]];
    matrix->row_stride = t->strides[dims[1 - across]];
    return PRUNE_OK;
}

static prune_status not_finite(bool one_of_many, int64_t which)
{
    char batch_element[48] = "";
    if (one_of_many)
        snprintf(batch_element, sizeof batch_element, "(Batch element %lld): ", (long long)which);
    return prune_fail(PRUNE_ERROR_RUNTIME,
                      "linalg.svd: %sThe algorithm failed to converge because the input matrix contained non-finite "
                      "values.",
                      batch_element);
}

static bool nuclear_norm(float *norm, double *columns, const float *first, const matrix_dims *matrix)
{
    double sum;
    for (int64_t i = 0; i < matrix->count; i++)
        pruni_kernel_convert(PRUNI_F64, columns + i * matrix->length, 1, PRUNI_F32, first + i * matrix->column_stride,
                             matrix->row_stride, matrix->length);
    if (!pruni_kernel_nuclear_norm(&sum, columns, matrix->count, matrix->length))
        return false;
    *norm = (float)sum;
    return true;
}

static prune_status nuclear_norms(prune_tensor *norms, const prune_tensor *t, const reduction *over)
{
    matrix_dims matrix = { 0 };
    if (find_matrix(&matrix, t, over))
        return prune_last_status();
    if (t->numel == 0) {
        fill(norms, 0);
        return PRUNE_OK;
    }
    double *columns = pruni_alloc_array((size_t)(matrix.count * matrix.length), sizeof *columns);
    if (!columns)
        return PRUNE_ERROR_MEMORY;
    float *norm = pruni_tensor_pointer(norms);
    int64_t done = 0, passed = 0;
    bool finite = true;
    prune_tensor starts;
    pruni_start_view(&starts, t, over->reduced);
    pruni_walk walk;
    pruni_walk_start(&walk, starts.sizes, starts.ndim, (const prune_tensor *[]){ &starts }, 1);
    while (finite && pruni_walk_next(&walk))
        for (int64_t i = 0; finite && i < walk.length; i++) {
            bool is_seen = !over->seen || over->seen[passed + done] != 0;
            if (is_seen)
                finite = nuclear_norm(norm + done, columns, (const float *)walk.data[0] + i * walk.strides[0], &matrix);
            *(is_seen ? &done : &passed) += 1;
        }
    pruni_free(columns);
    return finite ? PRUNE_OK : not_finite(t->ndim > 2, done - 1);
}

/* ---- Entry points ---- */

/* norms: t's shape with size 1 for the dims reduced, row-major. */
static prune_status fill_norms(prune_tensor *norms, const prune_tensor *t, prune_norm norm, const reduction *over)
{
    if (norm.kind == PRUNI_NORM_NUC)
        return nuclear_norms(norms, t, over);
    return p_norms(norms, t, norm.order, over);
}

static prune_status read_dims(reduction *over, const int64_t *dims, int64_t ndims, int64_t ndim)
{
    if (pruni_reduced_dims(over->reduced, dims, ndims, ndim))
        return prune_last_status();
    over->seen = NULL;
    over->layout = NULL;
    over->all = ndims == 0;
    over->ndims = over->all ? ndim : ndims;
    for (int64_t i = 0; i < over->ndims; i++)
        over->dims[i] = over->all ? i : dims[i];
    return PRUNE_OK;
}

prune_status prune_tensor_norm(prune_tensor **out, const prune_tensor *t, prune_norm norm, const int64_t *dims,
                               int64_t ndims, bool keepdim)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE(t);
    PRUNI_REQUIRE_ARRAY(dims, ndims);
    reduction over;
    prune_tensor *norms = NULL;
    if (pruni_check_norm(__func__, norm) || pruni_check_float32(__func__, t) || read_dims(&over, dims, ndims, t->ndim)
        || pruni_reduced_full(&norms, t, over.reduced, 0, PRUNE_FLOAT32))
        return prune_last_status();
    if (fill_norms(norms, t, norm, &over)) {
        prune_tensor_release(norms);
        return prune_last_status();
    }
    if (!keepdim)
        pruni_drop_dims(norms, over.reduced);
    *out = norms;
    return PRUNE_OK;
}

/* Whether elements come in the order of t's own memory. */
static bool is_own_layout(const prune_tensor *t, const int64_t *layout)
{
    for (int64_t i = 0; i < t->ndim; i++)
        if (t->sizes[i] > 1 && t->strides[i] != layout[i])
            return false;
    return true;
}

prune_status pruni_channel_norms(float *out, const prune_tensor *t, prune_norm norm, int64_t dim, const int64_t *layout,
                                 const float *seen)
{
    reduction over = { .seen = seen };
    if (pruni_check_norm("prune_tensor_norm", norm) || pruni_wrap_dim(&dim, dim, t->ndim))
        return prune_last_status();
    for (int64_t i = 0; i < t->ndim; i++) {
        over.reduced[i] = i != dim;
        if (i != dim)
            over.dims[over.ndims++] = i;
    }
    over.kept = dim;
    over.layout = layout && !is_own_layout(t, layout) ? layout : NULL;
    pruni_storage storage = { .data = out };
    prune_tensor norms;
    pruni_start_view(&norms, t, over.reduced);
    norms.storage = &storage;
    norms.offset = 0;
    pruni_contiguous_strides(norms.strides, norms.sizes, norms.ndim);
    return fill_norms(&norms, t, norm, &over);
}
