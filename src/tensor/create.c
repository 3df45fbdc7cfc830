/* New tensors with values: filled, counted, copied, converted. */
#include "tensor/internal.h"

#include <math.h>

static prune_status filled(prune_tensor **out, const int64_t *sizes, int64_t ndim, double value, prune_dtype dtype)
{
    prune_tensor *t = NULL;
    prune_status status = pruni_tensor_empty_strided(&t, sizes, NULL, ndim, dtype);
    if (status == PRUNE_OK)
        status = prune_tensor_fill_(t, value);
    if (status == PRUNE_OK)
        *out = t;
    else
        prune_tensor_release(t);
    return status;
}

prune_status prune_tensor_zeros(prune_tensor **out, const int64_t *sizes, int64_t ndim, prune_dtype dtype)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE_ARRAY(sizes, ndim);
    return filled(out, sizes, ndim, 0, dtype);
}

prune_status prune_tensor_ones(prune_tensor **out, const int64_t *sizes, int64_t ndim, prune_dtype dtype)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE_ARRAY(sizes, ndim);
    return filled(out, sizes, ndim, 1, dtype);
}

prune_status prune_tensor_full(prune_tensor **out, const int64_t *sizes, int64_t ndim, double value, prune_dtype dtype)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE_ARRAY(sizes, ndim);
    return filled(out, sizes, ndim, value, dtype);
}

static prune_status arange_length(int64_t *length, double start, double end, double step)
{
    if (step == 0)
        return prune_fail(PRUNE_ERROR_RUNTIME, "step must be nonzero");
    if (!isfinite(start) || !isfinite(end))
        return prune_fail(PRUNE_ERROR_RUNTIME, "unsupported range: %g -> %g", start, end);
    if (isnan(step) || (step > 0 ? start > end : start < end))
        return prune_fail(PRUNE_ERROR_RUNTIME, "upper bound and lower bound inconsistent with step sign");
    double count = ceil((end - start) / step);
    if (!(count < 0x1p63))
        return prune_fail(PRUNE_ERROR_RUNTIME, "invalid size, possible overflow?");
    *length = (int64_t)count;
    return PRUNE_OK;
}

prune_status prune_tensor_arange(prune_tensor **out, double start, double end, double step, prune_dtype dtype)
{
    PRUNI_REQUIRE(out);
    int64_t length;
    prune_tensor *t = NULL;
    if (arange_length(&length, start, end, step) || prune_tensor_empty(&t, &length, 1, dtype))
        return prune_last_status();
    char *element = pruni_tensor_pointer(t);
    for (int64_t i = 0; i < length; i++)
        pruni_store_double(dtype, element + i * pruni_dtype_size(dtype), start + (double)i * step);
    *out = t;
    return PRUNE_OK;
}

prune_status prune_tensor_from_values(prune_tensor **out, const float *values, const int64_t *sizes, int64_t ndim)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE_ARRAY(sizes, ndim);
    int64_t numel;
    prune_tensor *t = NULL;
    if (pruni_check_shape(&numel, sizes, ndim, PRUNE_FLOAT32))
        return prune_last_status();
    PRUNI_REQUIRE_ARRAY(values, numel);
    if (prune_tensor_empty(&t, sizes, ndim, PRUNE_FLOAT32))
        return prune_last_status();
    pruni_kernel_copy(pruni_dtype_size(PRUNE_FLOAT32), pruni_tensor_pointer(t), 1, values, 1, numel);
    *out = t;
    return PRUNE_OK;
}

/* A copy of another dtype; `strides` are those of a dense tensor, NULL for row-major. */
static prune_status converted(prune_tensor **out, const prune_tensor *t, const int64_t *strides, prune_dtype dtype)
{
    prune_tensor *copy = NULL;
    if (pruni_tensor_empty_strided(&copy, t->sizes, strides, t->ndim, dtype))
        return prune_last_status();
    pruni_copy_values(copy, t);
    *out = copy;
    return PRUNE_OK;
}

prune_status prune_tensor_clone(prune_tensor **out, const prune_tensor *t)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE(t);
    int64_t strides[PRUNE_MAX_DIMS];
    pruni_kept_strides(strides, t);
    return converted(out, t, strides, t->dtype);
}

prune_status prune_tensor_contiguous(prune_tensor **out, prune_tensor *t)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE(t);
    if (!prune_tensor_is_contiguous(t))
        return converted(out, t, NULL, t->dtype);
    *out = prune_tensor_retain(t);
    return PRUNE_OK;
}

prune_status prune_tensor_to(prune_tensor **out, prune_tensor *t, prune_dtype dtype)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE(t);
    if (dtype == t->dtype) {
        *out = prune_tensor_retain(t);
        return PRUNE_OK;
    }
    int64_t strides[PRUNE_MAX_DIMS];
    pruni_kept_strides(strides, t);
    return converted(out, t, strides, dtype);
}
