/* What the tests of tensors as text share. */
#ifndef PRUNE_TESTS_PRINT_SUPPORT_H
#define PRUNE_TESTS_PRINT_SUPPORT_H

#include "support.h"

#include "tensor/internal.h"

#define TENSOR(...) vector((const float[]){ __VA_ARGS__ }, sizeof((const float[]){ __VA_ARGS__ }) / sizeof(float))

static inline prune_tensor *vector(const float *values, size_t count)
{
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_from_values(&t, values, PRUNE_SHAPE((int64_t)count)));
    return t;
}

static inline prune_tensor *full(double value, const int64_t *sizes, int64_t ndim, prune_dtype dtype)
{
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_full(&t, sizes, ndim, value, dtype));
    return t;
}

/* start, start + step, … in row-major order. */
static inline prune_tensor *range(double start, double step, const int64_t *sizes, int64_t ndim, prune_dtype dtype)
{
    prune_tensor *values = full(0, sizes, ndim, PRUNE_FLOAT32), *t = NULL;
    float *data = prune_tensor_data_mutable(values);
    for (int64_t i = 0; i < prune_tensor_numel(values); i++)
        data[i] = (float)(start + step * (double)i);
    assert_ok(prune_tensor_to(&t, values, dtype));
    prune_tensor_release(values);
    return t;
}

static inline prune_tensor *over(const void *data, prune_dtype dtype, const int64_t *sizes, int64_t ndim,
                                 const int64_t *strides)
{
    prune_blob_options options = PRUNE_BLOB_OPTIONS_INIT;
    options.dtype = dtype;
    options.strides = strides;
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_from_const_blob(&t, data, sizes, ndim, &options));
    return t;
}

/* Both ways of printing give `expected`; releases the tensor. */
static inline void assert_prints_with(prune_tensor *t, const prune_print_options *options, const char *expected)
{
    char *text = NULL;
    assert_ok(prune_tensor_to_string(&text, t, options));
    assert_string_equal(text, expected);
    prune_free(text);
    FILE *file = open_capture();
    assert_ok(prune_tensor_print(file, t, options));
    text = close_capture(file);
    assert_string_equal(text, expected);
    free(text);
    prune_tensor_release(t);
}

static inline void assert_prints(prune_tensor *t, const char *expected)
{
    assert_prints_with(t, NULL, expected);
}

static inline prune_tensor *needing_grad(prune_tensor *t)
{
    t->requires_grad = true;
    return t;
}

static inline prune_tensor *with_grad_fn(prune_tensor *t)
{
    t->has_grad_fn = true;
    return t;
}

#endif
