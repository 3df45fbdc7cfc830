/* Comparison of tensors. */
#include "tensor/internal.h"

enum { CHUNK = 256 }; /* elements converted at a time */

typedef struct chunk {
    double numbers[CHUNK];
    int64_t integers[CHUNK];
} chunk;

static void load(chunk *values, prune_dtype dtype, const char *data, int64_t stride, int64_t n)
{
    pruni_kernel_convert(PRUNI_F64, values->numbers, 1, (pruni_format)dtype, data, stride, n);
    pruni_kernel_convert(PRUNI_I64, values->integers, 1, (pruni_format)dtype, data, stride, n);
}

/* An int64 may be no double, and a double no int64: the two are equal where they agree as both. 2^63, which as an int64
 * is clamped to one less, is above all of them. */
static bool mixed_equal(const chunk *a, const chunk *b, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (a->numbers[i] >= 0x1p63 && b->numbers[i] >= 0x1p63)
            return false;
    return pruni_kernel_equal_double(a->numbers, b->numbers, n)
           && pruni_kernel_equal_int64(a->integers, b->integers, n);
}

typedef struct row {
    prune_dtype dtype;
    const char *data;
    int64_t stride;
} row;

static bool rows_equal(row a, row b, int64_t n)
{
    if (a.dtype == PRUNE_FLOAT32 && b.dtype == PRUNE_FLOAT32)
        return pruni_kernel_equal_float((const float *)(const void *)a.data, a.stride,
                                        (const float *)(const void *)b.data, b.stride, n);
    chunk values_a, values_b;
    bool equal = true;
    for (int64_t done = 0; equal && done < n; done += CHUNK) {
        int64_t count = pruni_smaller(n - done, CHUNK);
        load(&values_a, a.dtype, a.data + done * a.stride * pruni_dtype_size(a.dtype), a.stride, count);
        load(&values_b, b.dtype, b.data + done * b.stride * pruni_dtype_size(b.dtype), b.stride, count);
        if (pruni_is_floating(a.dtype) && pruni_is_floating(b.dtype))
            equal = pruni_kernel_equal_double(values_a.numbers, values_b.numbers, count);
        else if (!pruni_is_floating(a.dtype) && !pruni_is_floating(b.dtype))
            equal = pruni_kernel_equal_int64(values_a.integers, values_b.integers, count);
        else
            equal = mixed_equal(&values_a, &values_b, count);
    }
    return equal;
}

bool prune_tensor_equal(const prune_tensor *a, const prune_tensor *b)
{
    if (!a || !b || !pruni_same_shape(a, b))
        return false;
    pruni_walk walk;
    pruni_walk_start_any_order(&walk, a->sizes, a->ndim, (const prune_tensor *[]){ a, b }, 2);
    while (pruni_walk_next(&walk)) {
        row row_a = { a->dtype, walk.data[0], walk.strides[0] };
        row row_b = { b->dtype, walk.data[1], walk.strides[1] };
        if (!rows_equal(row_a, row_b, walk.length))
            return false;
    }
    return true;
}

static prune_status check_tolerance(const char *name, double value)
{
    if (value >= 0)
        return PRUNE_OK;
    return prune_fail(PRUNE_ERROR_RUNTIME, "%s must be greater than or equal to zero, but got %g", name, value);
}

prune_status prune_tensor_allclose(bool *out, const prune_tensor *a, const prune_tensor *b, double rtol, double atol,
                                   bool equal_nan)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE(a);
    PRUNI_REQUIRE(b);
    int64_t sizes[PRUNE_MAX_DIMS];
    int64_t ndim;
    if (pruni_check_float32(__func__, a) || pruni_check_float32(__func__, b) || check_tolerance("rtol", rtol)
        || check_tolerance("atol", atol) || pruni_broadcast_shape(sizes, &ndim, a, b))
        return prune_last_status();
    bool close = true;
    pruni_walk walk;
    pruni_walk_start_any_order(&walk, sizes, ndim, (const prune_tensor *[]){ a, b }, 2);
    while (close && pruni_walk_next(&walk))
        close = pruni_kernel_all_close(walk.data[0], walk.strides[0], walk.data[1], walk.strides[1], walk.length, rtol,
                                       atol, equal_nan);
    *out = close;
    return PRUNE_OK;
}
