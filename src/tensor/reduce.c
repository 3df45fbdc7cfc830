/* Reductions over dims: sums, counts, extremes. */
#include "tensor/internal.h"

#include <math.h>
#include <string.h>

prune_status pruni_reduced_full(prune_tensor **out, const prune_tensor *t, const bool reduced[PRUNE_MAX_DIMS],
                                double value, prune_dtype dtype)
{
    int64_t sizes[PRUNE_MAX_DIMS];
    for (int64_t i = 0; i < t->ndim; i++)
        sizes[i] = reduced[i] ? 1 : t->sizes[i];
    return prune_tensor_full(out, sizes, t->ndim, value, dtype);
}

void pruni_drop_dims(prune_tensor *t, const bool reduced[PRUNE_MAX_DIMS])
{
    int64_t kept = 0;
    for (int64_t i = 0; i < t->ndim; i++) {
        if (reduced[i])
            continue;
        t->sizes[kept] = t->sizes[i];
        t->strides[kept] = t->strides[i];
        kept++;
    }
    t->ndim = kept;
}

void pruni_start_view(prune_tensor *view, const prune_tensor *t, const bool reduced[PRUNE_MAX_DIMS])
{
    memset(view, 0, sizeof *view);
    view->storage = t->storage;
    view->dtype = t->dtype;
    view->offset = t->offset;
    view->numel = 1;
    view->ndim = t->ndim;
    for (int64_t i = 0; i < t->ndim; i++) {
        view->sizes[i] = reduced[i] ? 1 : t->sizes[i];
        view->strides[i] = t->strides[i];
        view->numel *= view->sizes[i];
    }
}

/* ---- sum ---- */

prune_status prune_tensor_sum(prune_tensor **out, const prune_tensor *t, const int64_t *dims, int64_t ndims,
                              bool keepdim)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE(t);
    PRUNI_REQUIRE_ARRAY(dims, ndims);
    bool reduced[PRUNE_MAX_DIMS];
    prune_tensor *sums = NULL;
    prune_tensor *rounded = NULL;
    if (pruni_check_float32(__func__, t) || pruni_reduced_dims(reduced, dims, ndims, t->ndim)
        || pruni_reduced_full(&sums, t, reduced, 0, PRUNE_FLOAT64))
        return prune_last_status();
    pruni_walk walk;
    pruni_walk_start(&walk, t->sizes, t->ndim, (const prune_tensor *[]){ sums, t }, 2);
    while (pruni_walk_next(&walk))
        pruni_kernel_sum(walk.data[0], walk.strides[0], walk.data[1], walk.strides[1], walk.length);
    prune_status status = prune_tensor_to(&rounded, sums, PRUNE_FLOAT32);
    prune_tensor_release(sums);
    if (status)
        return status;
    if (!keepdim)
        pruni_drop_dims(rounded, reduced);
    *out = rounded;
    return PRUNE_OK;
}

/* ---- count_nonzero ---- */

enum { CHUNK = 512 }; /* elements converted at a time */

static void count_row(int64_t *counts, int64_t count_stride, prune_dtype dtype, const char *data, int64_t stride,
                      int64_t n)
{
    uint8_t flags[CHUNK];
    for (int64_t done = 0; done < n; done += CHUNK) {
        int64_t count = n - done < CHUNK ? n - done : CHUNK;
        pruni_kernel_convert(PRUNI_BOOL, flags, 1, (pruni_format)dtype, data + done * stride * pruni_dtype_size(dtype),
                             stride, count);
        pruni_kernel_count(counts + done * count_stride, count_stride, flags, count);
    }
}

prune_status prune_tensor_count_nonzero(prune_tensor **out, const prune_tensor *t, const int64_t *dims, int64_t ndims)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE(t);
    PRUNI_REQUIRE_ARRAY(dims, ndims);
    bool reduced[PRUNE_MAX_DIMS];
    prune_tensor *counts = NULL;
    if (pruni_reduced_dims(reduced, dims, ndims, t->ndim) || pruni_reduced_full(&counts, t, reduced, 0, PRUNE_INT64))
        return prune_last_status();
    pruni_walk walk;
    pruni_walk_start_any_order(&walk, t->sizes, t->ndim, (const prune_tensor *[]){ t, counts }, 2);
    while (pruni_walk_next(&walk))
        count_row(walk.data[1], walk.strides[1], t->dtype, walk.data[0], walk.strides[0], walk.length);
    pruni_drop_dims(counts, reduced);
    *out = counts;
    return PRUNE_OK;
}

/* ---- min, max ---- */

typedef void extreme_kernel(float *extremes, int64_t extreme_stride, const float *x, int64_t x_stride, int64_t n);

static prune_status empty_dim(const char *name, int64_t dim)
{
    return prune_fail(PRUNE_ERROR_INDEX, "%s(): Expected reduction dim %lld to have non-zero size.", name,
                      (long long)dim);
}

/* `name` is PyTorch's, for the sentences. */
static prune_status check_extreme(const char *name, const prune_tensor *t, const int64_t *dims, int64_t ndims)
{
    if (t->numel > 0)
        return PRUNE_OK;
    if (ndims == 0)
        return prune_fail(PRUNE_ERROR_RUNTIME,
                          "%s(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction "
                          "dim with the 'dim' argument.",
                          name);
    for (int64_t i = 0; i < ndims; i++)
        if (t->sizes[dims[i] < 0 ? dims[i] + t->ndim : dims[i]] == 0)
            return empty_dim(name, dims[i]);
    return PRUNE_OK;
}

static prune_status reduce_extreme(const char *name, extreme_kernel *kernel, double start, prune_tensor **out,
                                   const prune_tensor *t, const int64_t *dims, int64_t ndims, bool keepdim)
{
    bool reduced[PRUNE_MAX_DIMS];
    prune_tensor *extremes = NULL;
    if (pruni_reduced_dims(reduced, dims, ndims, t->ndim) || check_extreme(name, t, dims, ndims)
        || pruni_reduced_full(&extremes, t, reduced, start, PRUNE_FLOAT32))
        return prune_last_status();
    pruni_walk walk;
    pruni_walk_start(&walk, t->sizes, t->ndim, (const prune_tensor *[]){ extremes, t }, 2);
    while (pruni_walk_next(&walk))
        kernel(walk.data[0], walk.strides[0], walk.data[1], walk.strides[1], walk.length);
    if (!keepdim)
        pruni_drop_dims(extremes, reduced);
    *out = extremes;
    return PRUNE_OK;
}

prune_status prune_tensor_min(prune_tensor **out, const prune_tensor *t, const int64_t *dims, int64_t ndims,
                              bool keepdim)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE(t);
    PRUNI_REQUIRE_ARRAY(dims, ndims);
    if (pruni_check_float32(__func__, t))
        return prune_last_status();
    return reduce_extreme("amin", pruni_kernel_min, (double)INFINITY, out, t, dims, ndims, keepdim);
}

prune_status prune_tensor_max(prune_tensor **out, const prune_tensor *t, const int64_t *dims, int64_t ndims,
                              bool keepdim)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE(t);
    PRUNI_REQUIRE_ARRAY(dims, ndims);
    if (pruni_check_float32(__func__, t))
        return prune_last_status();
    return reduce_extreme("amax", pruni_kernel_max, -(double)INFINITY, out, t, dims, ndims, keepdim);
}

/* ---- argmax ---- */

static const pruni_best no_best = { -INFINITY, 0 };

static int64_t argmax_of_all(const prune_tensor *t)
{
    pruni_best best = no_best;
    int64_t first = 0;
    pruni_walk walk;
    pruni_walk_start(&walk, t->sizes, t->ndim, (const prune_tensor *[]){ t }, 1);
    for (; pruni_walk_next(&walk); first += walk.length)
        pruni_kernel_argmax(&best, walk.data[0], walk.strides[0], walk.length, first);
    return best.index;
}

static void argmax_along(prune_tensor *indices, const prune_tensor *t, int64_t dim, const bool reduced[PRUNE_MAX_DIMS])
{
    prune_tensor starts;
    pruni_start_view(&starts, t, reduced);
    pruni_walk walk;
    pruni_walk_start(&walk, starts.sizes, starts.ndim, (const prune_tensor *[]){ indices, &starts }, 2);
    while (pruni_walk_next(&walk))
        for (int64_t i = 0; i < walk.length; i++) {
            pruni_best best = no_best;
            pruni_kernel_argmax(&best, (const float *)walk.data[1] + i * walk.strides[1], t->strides[dim],
                                t->sizes[dim], 0);
            ((int64_t *)walk.data[0])[i * walk.strides[0]] = best.index;
        }
}

static prune_status check_argmax(int64_t *wrapped, const prune_tensor *t, const int64_t *dim)
{
    if (dim && pruni_wrap_dim(wrapped, *dim, t->ndim))
        return prune_last_status();
    if (!dim && t->numel == 0)
        return prune_fail(PRUNE_ERROR_INDEX,
                          "argmax(): Expected reduction dim to be specified for input.numel() == 0.");
    if (dim && t->ndim > 0 && t->sizes[*wrapped] == 0)
        return empty_dim("argmax", *wrapped);
    return PRUNE_OK;
}

prune_status prune_tensor_argmax(prune_tensor **out, const prune_tensor *t, const int64_t *dim, bool keepdim)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE(t);
    int64_t wrapped = 0;
    bool reduced[PRUNE_MAX_DIMS];
    prune_tensor *indices = NULL;
    if (pruni_check_float32(__func__, t) || check_argmax(&wrapped, t, dim)
        || pruni_reduced_dims(reduced, dim, dim ? 1 : 0, t->ndim)
        || pruni_reduced_full(&indices, t, reduced, 0, PRUNE_INT64))
        return prune_last_status();
    if (!dim || t->ndim == 0)
        *(int64_t *)pruni_tensor_pointer(indices) = argmax_of_all(t);
    else
        argmax_along(indices, t, wrapped, reduced);
    if (!keepdim)
        pruni_drop_dims(indices, reduced);
    *out = indices;
    return PRUNE_OK;
}
