/* What the tests of layers share: inputs and parameters of small whole numbers, so that sums of products are exact in
 * any order, and sums that stand for many values. */
#ifndef PRUNE_TESTS_LAYER_SUPPORT_H
#define PRUNE_TESTS_LAYER_SUPPORT_H

#include "support.h"

/* Element i is (7 i + offset) mod 11 − 5: ((7 * torch.arange(n) + offset) % 11 - 5).float(). */
static inline void fill_pattern(prune_tensor *t, int64_t offset)
{
    float *values = prune_tensor_data_mutable(t);
    for (int64_t i = 0; i < prune_tensor_numel(t); i++)
        values[i] = (float)((7 * i + offset) % 11 - 5);
}

static inline prune_tensor *pattern(int64_t offset, const int64_t *sizes, int64_t ndim)
{
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_empty(&t, sizes, ndim, PRUNE_FLOAT32));
    fill_pattern(t, offset);
    return t;
}

static inline prune_tensor *values_of(const float *values, const int64_t *sizes, int64_t ndim)
{
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_from_values(&t, values, sizes, ndim));
    return t;
}

/* Weight and bias of a layer become patterns of offset 0 and 3. */
static inline void fill_parameters(prune_module *layer)
{
    fill_pattern(prune_module_get_tensor(layer, "weight"), 0);
    if (prune_module_get_tensor(layer, "bias"))
        fill_pattern(prune_module_get_tensor(layer, "bias"), 3);
}

/* sum((i % 17 + 1) * y[i]) over the elements of a contiguous tensor, in double, in order. */
static inline double checksum(const prune_tensor *y)
{
    const float *values = prune_tensor_data(y);
    double sum = 0;
    assert_true(prune_tensor_is_contiguous(y));
    for (int64_t i = 0; i < prune_tensor_numel(y); i++)
        sum += (double)(i % 17 + 1) * (double)values[i];
    return sum;
}

/* The output's shape and checksum; releases it. */
static inline void check_output(prune_tensor *y, const int64_t *sizes, int64_t ndim, double sum)
{
    check_shape(y, sizes, ndim, __FILE__, __LINE__);
    if (checksum(y) != sum) {
        print_error("checksum %.17g, expected %.17g\n", checksum(y), sum);
        fail();
    }
    prune_tensor_release(y);
}

/* The output of a layer; releases the input. */
static inline prune_tensor *output_of(prune_module *layer, prune_tensor *x)
{
    prune_tensor *y = NULL;
    assert_ok(prune_module_call(&y, layer, x));
    prune_tensor_release(x);
    return y;
}

/* The same elements as x, of rank 2 to 4, but transposed in memory and with gaps. Releases x. */
static inline prune_tensor *strided(prune_tensor *x)
{
    const int64_t *sizes = prune_tensor_sizes(x);
    int64_t ndim = prune_tensor_ndim(x), wide[4];
    for (int64_t i = 0; i < ndim; i++)
        wide[i] = 2 * sizes[ndim - 1 - i];
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_zeros(&t, wide, ndim, PRUNE_FLOAT32));
    for (int64_t i = 0; i < ndim; i++) {
        prune_tensor *part = NULL;
        assert_ok(prune_tensor_slice(&part, t, i, 1, INT64_MAX, 2));
        prune_tensor_release(t);
        t = part;
    }
    for (int64_t i = 0; i < ndim / 2; i++) {
        prune_tensor *turned = NULL;
        assert_ok(prune_tensor_transpose(&turned, t, i, ndim - 1 - i));
        prune_tensor_release(t);
        t = turned;
    }
    assert_ok(prune_tensor_copy_(t, x));
    assert_false(prune_tensor_is_contiguous(t));
    prune_tensor_release(x);
    return t;
}

/* |y − expected| ≤ tolerance · |expected| everywhere. */
static inline void assert_near(const prune_tensor *y, const double *expected, int64_t count, double tolerance)
{
    const float *values = prune_tensor_data(y);
    assert_int_equal(prune_tensor_numel(y), count);
    for (int64_t i = 0; i < count; i++)
        if (!(fabs((double)values[i] - expected[i]) <= tolerance * fabs(expected[i]))) {
            print_error("element %lld: %.9g, expected %.9g\n", (long long)i, (double)values[i], expected[i]);
            fail();
        }
}

/* What stands between the parentheses of print(module). */
static inline void assert_prints(const prune_module *module, const char *expected)
{
    FILE *file = open_capture();
    assert_ok(prune_module_print(file, module));
    char *text = close_capture(file);
    assert_string_equal(text, expected);
    free(text);
}

/* A forward that fails, whatever is missing; the output stays untouched. */
#define assert_call_fails(layer, x, status, words)                             \
    do {                                                                       \
        prune_tensor *untouched_ = NULL;                                       \
        assert_fails(prune_module_call(&untouched_, layer, x), status, words); \
        assert_null(untouched_);                                               \
    } while (0)

#endif
