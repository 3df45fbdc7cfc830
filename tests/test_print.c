/* Tensors as text. The expected strings are PyTorch's own: repr() of the expression in the comment. */
#include "print_support.h"

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
    const int64_t side = LARGE_MEMORY ? 1000000000 : 10000;
    prune_tensor *vast = over(&one, PRUNE_FLOAT32, PRUNE_SHAPE(side, side), (const int64_t[]){ 0, 0 });
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
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
