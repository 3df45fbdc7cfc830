/* Tensors as text. The expected strings are PyTorch's own: repr() of the expression in the comment. */
#include "support.h"

#include "tensor/internal.h"

#include <locale.h>

/* ---- Helpers ---- */

#define TENSOR(...) vector((const float[]){ __VA_ARGS__ }, sizeof((const float[]){ __VA_ARGS__ }) / sizeof(float))

static prune_tensor *vector(const float *values, size_t count)
{
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_from_values(&t, values, PRUNE_SHAPE((int64_t)count)));
    return t;
}

static prune_tensor *full(double value, const int64_t *sizes, int64_t ndim, prune_dtype dtype)
{
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_full(&t, sizes, ndim, value, dtype));
    return t;
}

/* start, start + step, … in row-major order. */
static prune_tensor *range(double start, double step, const int64_t *sizes, int64_t ndim, prune_dtype dtype)
{
    prune_tensor *values = full(0, sizes, ndim, PRUNE_FLOAT32), *t = NULL;
    float *data = prune_tensor_data_mutable(values);
    for (int64_t i = 0; i < prune_tensor_numel(values); i++)
        data[i] = (float)(start + step * (double)i);
    assert_ok(prune_tensor_to(&t, values, dtype));
    prune_tensor_release(values);
    return t;
}

static prune_tensor *over(const void *data, prune_dtype dtype, const int64_t *sizes, int64_t ndim,
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
static void assert_prints_with(prune_tensor *t, const prune_print_options *options, const char *expected)
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

static void assert_prints(prune_tensor *t, const char *expected)
{
    assert_prints_with(t, NULL, expected);
}

static prune_tensor *needing_grad(prune_tensor *t)
{
    t->requires_grad = true;
    return t;
}

static prune_tensor *with_grad_fn(prune_tensor *t)
{
    t->has_grad_fn = true;
    return t;
}

/* ---- Numbers ---- */

static void whole_floats_end_in_a_dot(void **state)
{
    (void)state;
    assert_prints(TENSOR(1, 2, -30), "tensor([  1.,   2., -30.])");
    assert_prints(TENSOR(99999, 100), "tensor([99999.,   100.])");
}

static void other_floats_have_four_digits(void **state)
{
    (void)state;
    assert_prints(TENSOR(0.5F, -0.25F, 100.125F), "tensor([  0.5000,  -0.2500, 100.1250])");
}

static void a_wide_range_is_scientific(void **state)
{
    (void)state;
    assert_prints(TENSOR(1e-5F, 1), "tensor([1.0000e-05, 1.0000e+00])");
    assert_prints(TENSOR(1e9F, 1), "tensor([1.0000e+09, 1.0000e+00])");
    assert_prints(TENSOR(0.1F, 200), "tensor([1.0000e-01, 2.0000e+02])");
    assert_prints(TENSOR(1, 1001), "tensor([1.0000e+00, 1.0010e+03])");
    assert_prints(TENSOR(1, 1000), "tensor([   1., 1000.])");
    assert_prints(TENSOR(2e8F), "tensor([2.0000e+08])");
    assert_prints(TENSOR(1e8F), "tensor([100000000.])");
}

static void zeros_and_special_values_do_not_choose_the_format(void **state)
{
    (void)state;
    assert_prints(TENSOR(0.5F, -0.0F), "tensor([0.5000, -0.0000])");
    assert_prints(TENSOR(0, -0.0F), "tensor([0., -0.])");
    assert_prints(TENSOR(NAN, INFINITY, -INFINITY), "tensor([nan, inf, -inf])");
    assert_prints(TENSOR(1, NAN, -INFINITY), "tensor([1., nan, -inf])");
    assert_prints(TENSOR(0.5F, -NAN, INFINITY), "tensor([0.5000,    nan,    inf])");
    assert_prints(TENSOR(1e-9F, NAN, INFINITY, 0), "tensor([1.0000e-09,        nan,        inf, 0.0000e+00])");
}

static void other_dtypes_are_named(void **state)
{
    (void)state;
    const double doubles[] = { 1.5, 2 };
    const double large[] = { 1e300, 1 };
    const double tiny[] = { 5e-324 };
    const uint16_t halves[] = { 0x3555, 0x7bff }; /* 1/3, 65504 */
    const uint16_t brains[] = { 0x3eab, 0x7f62 }; /* 1/3, 3e38 */
    const int32_t integers[] = { 1, -2 };
    const uint8_t bytes[] = { 0, 255 };
    assert_prints(over(doubles, PRUNE_FLOAT64, PRUNE_SHAPE(2), NULL), "tensor([1.5000, 2.0000], dtype=torch.float64)");
    assert_prints(over(large, PRUNE_FLOAT64, PRUNE_SHAPE(2), NULL),
                  "tensor([1.0000e+300,  1.0000e+00], dtype=torch.float64)");
    assert_prints(over(tiny, PRUNE_FLOAT64, PRUNE_SHAPE(1), NULL), "tensor([4.9407e-324], dtype=torch.float64)");
    assert_prints(over(halves, PRUNE_FLOAT16, PRUNE_SHAPE(2), NULL),
                  "tensor([3.3325e-01, 6.5504e+04], dtype=torch.float16)");
    assert_prints(over(brains, PRUNE_BFLOAT16, PRUNE_SHAPE(2), NULL),
                  "tensor([3.3398e-01, 3.0041e+38], dtype=torch.bfloat16)");
    assert_prints(over(integers, PRUNE_INT32, PRUNE_SHAPE(2), NULL), "tensor([ 1, -2], dtype=torch.int32)");
    assert_prints(over(bytes, PRUNE_UINT8, PRUNE_SHAPE(2), NULL), "tensor([  0, 255], dtype=torch.uint8)");
}

static void int64_is_exact_and_goes_without_saying(void **state)
{
    (void)state;
    const int64_t small[] = { 1, -20, 300 };
    const int64_t large[] = { INT64_MAX, INT64_MIN, 9007199254740993 };
    assert_prints(over(small, PRUNE_INT64, PRUNE_SHAPE(3), NULL), "tensor([  1, -20, 300])");
    assert_prints(over(large, PRUNE_INT64, PRUNE_SHAPE(3), NULL),
                  "tensor([ 9223372036854775807, -9223372036854775808,     9007199254740993])");
}

static void bools_are_words(void **state)
{
    (void)state;
    const uint8_t mixed[] = { 1, 0 };
    const uint8_t yes[] = { 1, 1 };
    assert_prints(over(mixed, PRUNE_BOOL, PRUNE_SHAPE(2), NULL), "tensor([ True, False])");
    assert_prints(over(yes, PRUNE_BOOL, PRUNE_SHAPE(2), NULL), "tensor([True, True])");
}

/* ---- Layout ---- */

static void rank_0_has_no_brackets(void **state)
{
    (void)state;
    assert_prints(full(3, PRUNE_SCALAR, PRUNE_FLOAT32), "tensor(3.)");
    assert_prints(full(0.1, PRUNE_SCALAR, PRUNE_FLOAT32), "tensor(0.1000)");
    assert_prints(full(-1e-7, PRUNE_SCALAR, PRUNE_FLOAT32), "tensor(-1.0000e-07)");
    assert_prints(full((double)NAN, PRUNE_SCALAR, PRUNE_FLOAT32), "tensor(nan)");
    assert_prints(full(7, PRUNE_SCALAR, PRUNE_INT64), "tensor(7)");
    assert_prints(full(1, PRUNE_SCALAR, PRUNE_BOOL), "tensor(True)");
}

static void empty_tensors_tell_their_size_and_dtype(void **state)
{
    (void)state;
    assert_prints(full(0, PRUNE_SHAPE(0), PRUNE_FLOAT32), "tensor([])");
    assert_prints(full(0, PRUNE_SHAPE(0, 3), PRUNE_FLOAT32), "tensor([], size=(0, 3))");
    assert_prints(full(0, PRUNE_SHAPE(2, 0), PRUNE_FLOAT64), "tensor([], size=(2, 0), dtype=torch.float64)");
    assert_prints(full(0, PRUNE_SHAPE(0), PRUNE_INT64), "tensor([], dtype=torch.int64)");
    assert_prints(full(0, PRUNE_SHAPE(0, 1), PRUNE_BOOL), "tensor([], size=(0, 1), dtype=torch.bool)");
    assert_prints(needing_grad(full(0, PRUNE_SHAPE(0, 2), PRUNE_FLOAT32)),
                  "tensor([], size=(0, 2), requires_grad=True)");
}

static void rows_are_wrapped_at_the_line_width(void **state)
{
    (void)state;
    /* torch.arange(20.) * 100 */
    assert_prints(range(0, 100, PRUNE_SHAPE(20), PRUNE_FLOAT32),
                  "tensor([   0.,  100.,  200.,  300.,  400.,  500.,  600.,  700.,  800.,  900.,\n"
                  "        1000., 1100., 1200., 1300., 1400., 1500., 1600., 1700., 1800., 1900.])");
    /* torch.arange(0, 30) / 4 */
    assert_prints(range(0, 0.25, PRUNE_SHAPE(30), PRUNE_FLOAT32),
                  "tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000, 1.2500, 1.5000, 1.7500, 2.0000,\n"
                  "        2.2500, 2.5000, 2.7500, 3.0000, 3.2500, 3.5000, 3.7500, 4.0000, 4.2500,\n"
                  "        4.5000, 4.7500, 5.0000, 5.2500, 5.5000, 5.7500, 6.0000, 6.2500, 6.5000,\n"
                  "        6.7500, 7.0000, 7.2500])");
}

static void zeros_run_beyond_the_line_width(void **state)
{
    (void)state;
    /* torch.zeros(50) */
    assert_prints(
        full(0, PRUNE_SHAPE(50), PRUNE_FLOAT32),
        "tensor([0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0.,\n"
        "        0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0.,\n"
        "        0., 0.])");
}

static void blocks_are_set_apart_by_their_rank(void **state)
{
    (void)state;
    /* torch.arange(12.).reshape(2, 3, 2) */
    assert_prints(range(0, 1, PRUNE_SHAPE(2, 3, 2), PRUNE_FLOAT32), "tensor([[[ 0.,  1.],\n"
                                                                    "         [ 2.,  3.],\n"
                                                                    "         [ 4.,  5.]],\n"
                                                                    "\n"
                                                                    "        [[ 6.,  7.],\n"
                                                                    "         [ 8.,  9.],\n"
                                                                    "         [10., 11.]]])");
    /* torch.arange(8.).reshape(1, 2, 1, 2, 2) */
    assert_prints(range(0, 1, PRUNE_SHAPE(1, 2, 1, 2, 2), PRUNE_FLOAT32), "tensor([[[[[0., 1.],\n"
                                                                          "           [2., 3.]]],\n"
                                                                          "\n"
                                                                          "\n"
                                                                          "         [[[4., 5.],\n"
                                                                          "           [6., 7.]]]]])");
}

static void the_highest_rank_prints(void **state)
{
    (void)state;
    /* torch.ones([1] * 16) */
    assert_prints(full(1, PRUNE_SHAPE(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), PRUNE_FLOAT32),
                  "tensor([[[[[[[[[[[[[[[[1.]]]]]]]]]]]]]]]])");
}

static void strides_do_not_show(void **state)
{
    (void)state;
    const float values[] = { 0, 1, 2, 3, 4, 5 };
    /* torch.arange(6.).reshape(2, 3).t() */
    assert_prints(over(values, PRUNE_FLOAT32, PRUNE_SHAPE(3, 2), (const int64_t[]){ 1, 3 }), "tensor([[0., 3.],\n"
                                                                                             "        [1., 4.],\n"
                                                                                             "        [2., 5.]])");
}

/* ---- Summaries ---- */

static void more_than_a_thousand_elements_are_summarised(void **state)
{
    (void)state;
    /* torch.arange(1001.) */
    assert_prints(range(0, 1, PRUNE_SHAPE(1001), PRUNE_FLOAT32),
                  "tensor([   0.,    1.,    2.,  ...,  998.,  999., 1000.])");
    /* torch.arange(2002.).reshape(7, 2, 143) */
    assert_prints(range(0, 1, PRUNE_SHAPE(7, 2, 143), PRUNE_FLOAT32),
                  "tensor([[[0.0000e+00, 1.0000e+00, 2.0000e+00,  ..., 1.4000e+02,\n"
                  "          1.4100e+02, 1.4200e+02],\n"
                  "         [1.4300e+02, 1.4400e+02, 1.4500e+02,  ..., 2.8300e+02,\n"
                  "          2.8400e+02, 2.8500e+02]],\n"
                  "\n"
                  "        [[2.8600e+02, 2.8700e+02, 2.8800e+02,  ..., 4.2600e+02,\n"
                  "          4.2700e+02, 4.2800e+02],\n"
                  "         [4.2900e+02, 4.3000e+02, 4.3100e+02,  ..., 5.6900e+02,\n"
                  "          5.7000e+02, 5.7100e+02]],\n"
                  "\n"
                  "        [[5.7200e+02, 5.7300e+02, 5.7400e+02,  ..., 7.1200e+02,\n"
                  "          7.1300e+02, 7.1400e+02],\n"
                  "         [7.1500e+02, 7.1600e+02, 7.1700e+02,  ..., 8.5500e+02,\n"
                  "          8.5600e+02, 8.5700e+02]],\n"
                  "\n"
                  "        ...,\n"
                  "\n"
                  "        [[1.1440e+03, 1.1450e+03, 1.1460e+03,  ..., 1.2840e+03,\n"
                  "          1.2850e+03, 1.2860e+03],\n"
                  "         [1.2870e+03, 1.2880e+03, 1.2890e+03,  ..., 1.4270e+03,\n"
                  "          1.4280e+03, 1.4290e+03]],\n"
                  "\n"
                  "        [[1.4300e+03, 1.4310e+03, 1.4320e+03,  ..., 1.5700e+03,\n"
                  "          1.5710e+03, 1.5720e+03],\n"
                  "         [1.5730e+03, 1.5740e+03, 1.5750e+03,  ..., 1.7130e+03,\n"
                  "          1.7140e+03, 1.7150e+03]],\n"
                  "\n"
                  "        [[1.7160e+03, 1.7170e+03, 1.7180e+03,  ..., 1.8560e+03,\n"
                  "          1.8570e+03, 1.8580e+03],\n"
                  "         [1.8590e+03, 1.8600e+03, 1.8610e+03,  ..., 1.9990e+03,\n"
                  "          2.0000e+03, 2.0010e+03]]])");
}

static void what_a_summary_leaves_out_is_not_looked_at(void **state)
{
    (void)state;
    prune_tensor *t = full(1, PRUNE_SHAPE(1001), PRUNE_FLOAT32);
    prune_tensor_data_mutable(t)[500] = 0.5F;
    assert_prints(t, "tensor([1., 1., 1.,  ..., 1., 1., 1.])");
    /* torch.ones(()).expand(10**9, 10**9) */
    const float one = 1;
    prune_tensor *vast = over(&one, PRUNE_FLOAT32, PRUNE_SHAPE(1000000000, 1000000000), (const int64_t[]){ 0, 0 });
    assert_prints(vast, "tensor([[1., 1., 1.,  ..., 1., 1., 1.],\n"
                        "        [1., 1., 1.,  ..., 1., 1., 1.],\n"
                        "        [1., 1., 1.,  ..., 1., 1., 1.],\n"
                        "        ...,\n"
                        "        [1., 1., 1.,  ..., 1., 1., 1.],\n"
                        "        [1., 1., 1.,  ..., 1., 1., 1.],\n"
                        "        [1., 1., 1.,  ..., 1., 1., 1.]])");
}

/* ---- Heading and suffixes ---- */

static void gradients_show(void **state)
{
    (void)state;
    assert_prints(needing_grad(TENSOR(1, 2)), "tensor([1., 2.], requires_grad=True)");
    assert_prints(with_grad_fn(TENSOR(0.25F, 0)), "tensor([0.2500, 0.0000], grad_fn=<MulBackward0>)");
    assert_prints(needing_grad(with_grad_fn(TENSOR(1))), "tensor([1.], grad_fn=<MulBackward0>)");
}

static void parameters_have_a_heading(void **state)
{
    (void)state;
    prune_tensor *frozen = TENSOR(1.5F);
    frozen->is_parameter = true;
    assert_prints(frozen, "Parameter containing:\ntensor([1.5000])");
    prune_tensor *weight = range(1, 1, PRUNE_SHAPE(2, 2), PRUNE_FLOAT32);
    weight->is_parameter = true;
    assert_prints(needing_grad(weight), "Parameter containing:\n"
                                        "tensor([[1., 2.],\n"
                                        "        [3., 4.]], requires_grad=True)");
}

static void suffixes_wrap_at_the_line_width(void **state)
{
    (void)state;
    prune_print_options options = PRUNE_PRINT_OPTIONS_INIT;
    options.linewidth = 37;
    assert_prints_with(needing_grad(TENSOR(1, 2)), &options, "tensor([1., 2.], requires_grad=True)");
    options.linewidth = 36;
    assert_prints_with(needing_grad(TENSOR(1, 2)), &options,
                       "tensor([1., 2.],\n"
                       "       requires_grad=True)");
    /* torch.arange(11.) + .5 */
    assert_prints(needing_grad(range(0.5, 1, PRUNE_SHAPE(11), PRUNE_FLOAT32)),
                  "tensor([ 0.5000,  1.5000,  2.5000,  3.5000,  4.5000,  5.5000,  6.5000,  7.5000,\n"
                  "         8.5000,  9.5000, 10.5000], requires_grad=True)");
    /* torch.arange(8., dtype=torch.float64) * 1.5 */
    assert_prints(with_grad_fn(range(0, 1.5, PRUNE_SHAPE(8), PRUNE_FLOAT64)),
                  "tensor([ 0.0000,  1.5000,  3.0000,  4.5000,  6.0000,  7.5000,  9.0000, 10.5000],\n"
                  "       dtype=torch.float64, grad_fn=<MulBackward0>)");
}

static void no_tensor_is_none(void **state)
{
    (void)state;
    assert_prints(NULL, "None");
}

/* ---- Options: torch.set_printoptions ---- */

static prune_print_options options_of(int64_t precision, int64_t threshold, int64_t edgeitems, int64_t linewidth,
                                      int sci_mode)
{
    prune_print_options options = PRUNE_PRINT_OPTIONS_INIT;
    options.precision = precision;
    options.threshold = threshold;
    options.edgeitems = edgeitems;
    options.linewidth = linewidth;
    options.sci_mode = sci_mode;
    return options;
}

static void precision_sets_the_digits(void **state)
{
    (void)state;
    const float third = 1.0F / 3;
    prune_print_options options = options_of(2, 1000, 3, 80, -1);
    assert_prints_with(TENSOR(third, 2), &options, "tensor([0.33, 2.00])");
    options.precision = 0;
    assert_prints_with(TENSOR(third, 2), &options, "tensor([0, 2])");
    options.precision = 10;
    assert_prints_with(TENSOR(third, 2e5F), &options, "tensor([3.3333334327e-01, 2.0000000000e+05])");
    assert_prints_with(TENSOR(1, 2), &options, "tensor([1., 2.])");
    options.precision = 60;
    assert_prints_with(TENSOR(third), &options,
                       "tensor([0.333333343267440795898437500000000000000000000000000000000000])");
}

static void threshold_and_edgeitems_set_the_summary(void **state)
{
    (void)state;
    prune_print_options options = options_of(4, 5, 3, 80, -1);
    assert_prints_with(range(0, 1, PRUNE_SHAPE(10), PRUNE_INT64), &options, "tensor([0, 1, 2,  ..., 7, 8, 9])");
    options = options_of(4, 9, 1, 80, -1);
    assert_prints_with(range(0, 1, PRUNE_SHAPE(10), PRUNE_INT64), &options, "tensor([0,  ..., 9])");
    options = options_of(4, 9, 5, 80, -1);
    assert_prints_with(range(0, 1, PRUNE_SHAPE(10), PRUNE_INT64), &options, "tensor([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])");
    options = options_of(4, 0, INT64_MAX, 80, -1);
    assert_prints_with(range(0, 1, PRUNE_SHAPE(3), PRUNE_INT64), &options, "tensor([0, 1, 2])");
    options = options_of(4, INT64_MAX, 1, 80, -1);
    assert_prints_with(range(0, 1, PRUNE_SHAPE(5), PRUNE_INT64), &options, "tensor([0, 1, 2, 3, 4])");
    /* torch.arange(27.).reshape(3, 3, 3) */
    options = options_of(4, 5, 1, 80, -1);
    assert_prints_with(range(0, 1, PRUNE_SHAPE(3, 3, 3), PRUNE_FLOAT32), &options,
                       "tensor([[[ 0.,  ...,  2.],\n"
                       "         ...,\n"
                       "         [ 6.,  ...,  8.]],\n"
                       "\n"
                       "        ...,\n"
                       "\n"
                       "        [[18.,  ..., 20.],\n"
                       "         ...,\n"
                       "         [24.,  ..., 26.]]])");
}

static void no_edgeitems_show_the_size(void **state)
{
    (void)state;
    prune_print_options options = options_of(4, 0, 0, 80, -1);
    assert_prints_with(range(0, 1, PRUNE_SHAPE(2, 5), PRUNE_FLOAT32), &options, "tensor([...], size=(2, 5))");
    assert_prints_with(full(2, PRUNE_SCALAR, PRUNE_FLOAT32), &options, "tensor(2., size=())");
    options.threshold = 1000;
    assert_prints_with(range(0, 1, PRUNE_SHAPE(4), PRUNE_FLOAT32), &options, "tensor([0., 1., 2., 3.], size=(4,))");
}

static void linewidth_sets_the_columns(void **state)
{
    (void)state;
    prune_print_options options = options_of(4, 1000, 3, 20, -1);
    assert_prints_with(range(0, 1, PRUNE_SHAPE(10), PRUNE_INT64), &options,
                       "tensor([0, 1, 2, 3,\n"
                       "        4, 5, 6, 7,\n"
                       "        8, 9])");
    options.linewidth = 1;
    assert_prints_with(range(0, 1, PRUNE_SHAPE(4), PRUNE_INT64), &options,
                       "tensor([0,\n"
                       "        1,\n"
                       "        2,\n"
                       "        3])");
}

static void sci_mode_forces_the_style(void **state)
{
    (void)state;
    prune_print_options options = options_of(4, 1000, 3, 80, 1);
    assert_prints_with(TENSOR(0.5F, 2), &options, "tensor([5.0000e-01, 2.0000e+00])");
    assert_prints_with(TENSOR(1, 2), &options, "tensor([1.0000e+00, 2.0000e+00])");
    assert_prints_with(range(1, 1, PRUNE_SHAPE(2), PRUNE_INT64), &options, "tensor([1, 2])");
    options.sci_mode = 0;
    assert_prints_with(TENSOR(1e-9F, 2), &options, "tensor([0.0000, 2.0000])");
    assert_prints_with(TENSOR(1e30F, 2), &options,
                       "tensor([1000000015047466219876688855040.,                               2.])");
}

/* ---- Numbers whatever the locale ---- */

static void assert_point_replaced(const char *number, const char *expected)
{
    char text[64];
    snprintf(text, sizeof text, "%s", number);
    pruni_replace_decimal_point(text);
    assert_string_equal(text, expected);
}

static void any_decimal_point_becomes_a_dot(void **state)
{
    (void)state;
    assert_point_replaced("-12,5000", "-12.5000");
    assert_point_replaced("1,2500e-07", "1.2500e-07");
    assert_point_replaced("0\xd9\xab"
                          "5",
                          "0.5"); /* the Arabic one has two bytes */
    assert_point_replaced("12.5", "12.5");
    assert_point_replaced("125", "125");
}

static void the_locale_does_not_show(void **state)
{
    (void)state;
    static const char *const names[] = { "de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "fr_FR.utf8", "de_DE", "German" };
    const char *found = NULL;
    for (size_t i = 0; !found && i < sizeof names / sizeof names[0]; i++)
        found = setlocale(LC_NUMERIC, names[i]);
    assert_prints(TENSOR(0.5F, -0.25F), "tensor([ 0.5000, -0.2500])");
    assert_prints(TENSOR(1e-5F, 1), "tensor([1.0000e-05, 1.0000e+00])");
    pruni_text text = { NULL, 0, 0, false };
    pruni_text_add_float(&text, 0.1);
    assert_string_equal(text.data, "0.1");
    pruni_text_free(&text);
    setlocale(LC_NUMERIC, "C");
}

static void assert_float_repr(double value, const char *expected)
{
    pruni_text text = { NULL, 0, 0, false };
    pruni_text_add_float(&text, value);
    assert_string_equal(text.data, expected);
    pruni_text_free(&text);
}

static void floats_have_the_shortest_digits(void **state)
{
    (void)state;
    /* repr(x) */
    assert_float_repr(0.1, "0.1");
    assert_float_repr(3, "3.0");
    assert_float_repr(0, "0.0");
    assert_float_repr(-0.0, "-0.0");
    assert_float_repr(1e-5, "1e-05");
    assert_float_repr(0.0001, "0.0001");
    assert_float_repr(1.5e-7, "1.5e-07");
    assert_float_repr(1e15, "1000000000000000.0");
    assert_float_repr(1e16, "1e+16");
    assert_float_repr(123456789012345680.0, "1.2345678901234568e+17");
    assert_float_repr(1e300, "1e+300");
    assert_float_repr(12345.678, "12345.678");
    assert_float_repr(1.0 / 3, "0.3333333333333333");
    assert_float_repr(5e-324, "5e-324");
    assert_float_repr(ldexp(1, -44), "5.684341886080802e-14"); /* the nearest of 16 digits ends in 1 */
    assert_float_repr(ldexp(1, -1017), "7.120236347223045e-307");
    assert_float_repr((double)NAN, "nan");
    assert_float_repr((double)-INFINITY, "-inf");
}

/* ---- Errors ---- */

static void options_outside_their_ranges_are_refused(void **state)
{
    (void)state;
    prune_tensor *t = TENSOR(1);
    FILE *file = open_capture();
    char *text = NULL;
    prune_print_options options = options_of(-1, 1000, 3, 80, -1);
    assert_fails(prune_tensor_to_string(&text, t, &options), PRUNE_ERROR_VALUE, "precision is -1");
    options = options_of(61, 1000, 3, 80, -1);
    assert_fails(prune_tensor_print(file, t, &options), PRUNE_ERROR_VALUE, "precision is 61, not in the range 0 to 60");
    options = options_of(4, 1000, -1, 80, -1);
    assert_fails(prune_tensor_print(file, t, &options), PRUNE_ERROR_VALUE, "edgeitems is -1");
    options = options_of(4, 1000, 3, 0, -1);
    assert_fails(prune_tensor_to_string(&text, t, &options), PRUNE_ERROR_VALUE, "linewidth is 0");
    options = options_of(4, 1000, 3, 80, 2);
    assert_fails(prune_tensor_print(file, t, &options), PRUNE_ERROR_VALUE, "sci_mode is 2");
    options = options_of(4, 1000, 3, 80, -1);
    options.size = 3;
    assert_fails(prune_tensor_print(file, t, &options), PRUNE_ERROR_VALUE, "size field is 3");
    assert_null(text);
    text = close_capture(file);
    assert_string_equal(text, "");
    free(text);
    prune_tensor_release(t);
}

static void null_arguments_are_named(void **state)
{
    (void)state;
    assert_fails(prune_tensor_print(NULL, NULL, NULL), PRUNE_ERROR_TYPE, "prune_tensor_print: argument 'file'");
    assert_fails(prune_tensor_to_string(NULL, NULL, NULL), PRUNE_ERROR_TYPE, "prune_tensor_to_string: argument 'out'");
}

static void a_file_that_cannot_be_written_is_an_io_error(void **state)
{
    (void)state;
    FILE *file = fopen(PRUNE_TESTS_DIR "/support.h", "r");
    assert_non_null(file);
    prune_tensor *t = TENSOR(1);
    assert_fails(prune_tensor_print(file, t, NULL), PRUNE_ERROR_IO, "cannot write");
    prune_tensor_release(t);
    fclose(file);
}

static void what_a_buffer_holds_back_fails_at_its_flush(void **state)
{
    (void)state;
    FILE *full = fopen("/dev/full", "w");
    if (!full)
        skip();
    prune_tensor *t = TENSOR(1);
    assert_ok(prune_tensor_print(full, t, NULL));
    assert_int_equal(fflush(full), EOF);
    assert_int_equal(setvbuf(full, NULL, _IONBF, 0), 0);
    assert_fails(prune_tensor_print(full, t, NULL), PRUNE_ERROR_IO,
                 "cannot write to the file: No space left on device");
    fclose(full);
    prune_tensor_release(t);
}

/* ---- Memory ---- */

struct printing {
    prune_tensor *t;
    FILE *file;
    char *text;
};

static prune_status to_string(void *context)
{
    struct printing *p = context;
    return prune_tensor_to_string(&p->text, p->t, NULL);
}

static void nothing_was_given(void *context)
{
    struct printing *p = context;
    assert_null(p->text);
    assert_int_equal(ftell(p->file), 0);
}

static void free_text(void *context)
{
    struct printing *p = context;
    prune_free(p->text);
    p->text = NULL;
}

static prune_status print(void *context)
{
    struct printing *p = context;
    return prune_tensor_print(p->file, p->t, NULL);
}

static void rewind_file(void *context)
{
    struct printing *p = context;
    rewind(p->file);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    struct printing p = { range(0, 0.5, PRUNE_SHAPE(2, 10, 5), PRUNE_FLOAT32), open_capture(), NULL };
    try_every_allocation(to_string, nothing_was_given, free_text, &p);
    try_every_allocation(print, nothing_was_given, rewind_file, &p);
    fclose(p.file);
    prune_tensor_release(p.t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_floats_end_in_a_dot),
        cmocka_unit_test(other_floats_have_four_digits),
        cmocka_unit_test(a_wide_range_is_scientific),
        cmocka_unit_test(zeros_and_special_values_do_not_choose_the_format),
        cmocka_unit_test(other_dtypes_are_named),
        cmocka_unit_test(int64_is_exact_and_goes_without_saying),
        cmocka_unit_test(bools_are_words),
        cmocka_unit_test(rank_0_has_no_brackets),
        cmocka_unit_test(empty_tensors_tell_their_size_and_dtype),
        cmocka_unit_test(rows_are_wrapped_at_the_line_width),
        cmocka_unit_test(zeros_run_beyond_the_line_width),
        cmocka_unit_test(blocks_are_set_apart_by_their_rank),
        cmocka_unit_test(the_highest_rank_prints),
        cmocka_unit_test(strides_do_not_show),
        cmocka_unit_test(more_than_a_thousand_elements_are_summarised),
        cmocka_unit_test(what_a_summary_leaves_out_is_not_looked_at),
        cmocka_unit_test(gradients_show),
        cmocka_unit_test(parameters_have_a_heading),
        cmocka_unit_test(suffixes_wrap_at_the_line_width),
        cmocka_unit_test(no_tensor_is_none),
        cmocka_unit_test(precision_sets_the_digits),
        cmocka_unit_test(threshold_and_edgeitems_set_the_summary),
        cmocka_unit_test(no_edgeitems_show_the_size),
        cmocka_unit_test(linewidth_sets_the_columns),
        cmocka_unit_test(sci_mode_forces_the_style),
        cmocka_unit_test(any_decimal_point_becomes_a_dot),
        cmocka_unit_test(the_locale_does_not_show),
        cmocka_unit_test(floats_have_the_shortest_digits),
        cmocka_unit_test(options_outside_their_ranges_are_refused),
        cmocka_unit_test(null_arguments_are_named),
        cmocka_unit_test(a_file_that_cannot_be_written_is_an_io_error),
        cmocka_unit_test(what_a_buffer_holds_back_fails_at_its_flush),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
