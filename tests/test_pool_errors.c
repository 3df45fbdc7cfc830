/* Pooling, as functions and as layers: what they refuse. */
#include "pool_support.h"

typedef struct refusal {
    example e; /* x: the input */
    const char *words;
} refusal;

static void check_refusals(const refusal *all, size_t count,
                           prune_status (*function)(prune_tensor **, const prune_tensor *, const example *),
                           prune_module *(*layer_of)(const example *))
{
    for (size_t i = 0; i < count; i++) {
        prune_tensor *x = pattern(0, all[i].e.x, all[i].e.ndim), *y = NULL;
        prune_module *layer = layer_of(&all[i].e);
        assert_fails(function(&y, x, &all[i].e), PRUNE_ERROR_RUNTIME, all[i].words);
        assert_null(y);
        assert_call_fails(layer, x, PRUNE_ERROR_RUNTIME, all[i].words);
        prune_tensor_release(x);
        prune_module_release(layer);
    }
}

#define LINE(...) .dims = 1, .x = { 2, 3, 5 }, .ndim = 3, __VA_ARGS__
#define PLANE(...) .dims = 2, .x = { 2, 3, 5, 5 }, .ndim = 4, __VA_ARGS__

static void max_pool1d_refuses_in_torchs_words(void **state)
{
    (void)state;
    /* clang-format off */
    const refusal wrong[] = {
        { { .dims = 1, .kernel = PRUNE_INTS(2), .x = { 5 }, .ndim = 1 },
          "max_pool1d: Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for input, but got:[5]" },
        { { .dims = 1, .kernel = PRUNE_INTS(2), .x = { 2, 0, 5 }, .ndim = 3 },
          "tensor with optional 0 dim batch size for input, but got:[2, 0, 5]" },
        { { .dims = 1, .kernel = PRUNE_INTS(2), .stride = PRUNE_INTS(2, 2), .x = { 2, 0, 5 }, .ndim = 3 },
          "tensor with optional 0 dim batch size for input, but got:[2, 0, 5]" },
        { { LINE(.kernel = PRUNE_INTS(2, 2)) },
          "max_pool1d() kernel_size must be an int, list of ints or tuple of ints of size 1 but got size 2" },
        { { LINE(.kernel = PRUNE_INTS(2), .stride = PRUNE_INTS(2, 2)) },
          "max_pool1d() stride must be None, an int, list of ints, or tuple of ints of size 1 but got size 2" },
        { { LINE(.kernel = PRUNE_INTS(2), .padding = PRUNE_INTS(2, 2)) },
          "max_pool1d() padding must be an int, list of ints, or tuple of ints of size 1 but got size 2" },
        { { LINE(.kernel = PRUNE_INTS(2), .dilation = PRUNE_INTS(2, 2)) },
          "max_pool1d() dilation must be an int, list of ints or tuple of ints of size 1 but got size 2" },
        { { LINE(.kernel = PRUNE_INTS(0)) }, "max_pool1d() kernel_size must be greater than zero, but got 0" },
        { { LINE(.kernel = PRUNE_INTS(2), .stride = PRUNE_INTS(-1)) },
          "max_pool1d() stride must be greater than zero, but got -1" },
        { { LINE(.kernel = PRUNE_INTS(2), .padding = PRUNE_INTS(-1)) },
          "max_pool1d() padding must be non-negative, but got -1" },
        { { LINE(.kernel = PRUNE_INTS(2), .padding = PRUNE_INTS(2)) },
          "max_pool1d() padding should be at most half of kernel size, but got padding=2 and kernel_size=2" },
        { { LINE(.kernel = PRUNE_INTS(2), .dilation = PRUNE_INTS(0)) },
          "max_pool1d() dilation must be greater than zero, but got 0" },
        { { LINE(.kernel = PRUNE_INTS(6)) }, "max_pool1d() Invalid computed output size: 0" },
    };
    /* clang-format on */
    check_refusals(wrong, sizeof wrong / sizeof wrong[0], max_pool, max_layer);
}

static void max_pool2d_refuses_in_torchs_words(void **state)
{
    (void)state;
    /* clang-format off */
    const refusal wrong[] = {
        { { .dims = 2, .kernel = PRUNE_INTS(2), .x = { 5, 5 }, .ndim = 2 },
          "non-empty 3D or 4D (batch mode) tensor expected for input" },
        { { .dims = 2, .kernel = PRUNE_INTS(2), .x = { 2, 3, 0, 5 }, .ndim = 4 },
          "Expected 3D or 4D (batch mode) tensor with optional 0 dim batch size for input, but got:[2, 3, 0, 5]" },
        { { .dims = 2, .kernel = PRUNE_INTS(2), .x = { 0, 5, 5 }, .ndim = 3 },
          "Expected 3D or 4D (batch mode) tensor with optional 0 dim batch size for input, but got:[0, 5, 5]" },
        { { PLANE(.kernel = PRUNE_INTS(2, 2, 2)) },
          "max_pool2d: kernel_size must either be a single int, or a tuple of two ints" },
        { { PLANE(.kernel = PRUNE_INTS(2), .stride = PRUNE_INTS(2, 2, 2)) },
          "max_pool2d: stride must either be omitted, a single int, or a tuple of two ints" },
        { { PLANE(.kernel = PRUNE_INTS(2), .padding = PRUNE_INTS(1, 1, 1)) },
          "max_pool2d: padding must either be a single int, or a tuple of two ints" },
        { { PLANE(.kernel = PRUNE_INTS(2), .dilation = PRUNE_INTS(1, 1, 1)) },
          "max_pool2d: dilation must be either a single int, or a tuple of two ints" },
        { { PLANE(.kernel = PRUNE_INTS(0)) }, "stride should not be zero" },
        { { PLANE(.kernel = PRUNE_INTS(-1)) }, "kernel size should be greater than zero, but got kH: -1 kW: -1" },
        { { PLANE(.kernel = PRUNE_INTS(2), .stride = PRUNE_INTS(-1)) },
          "stride should be greater than zero, but got dH: -1 dW: -1" },
        { { PLANE(.kernel = PRUNE_INTS(2), .dilation = PRUNE_INTS(0)) },
          "dilation should be greater than zero, but got dilationH: 0 dilationW: 0" },
        { { PLANE(.kernel = PRUNE_INTS(2), .padding = PRUNE_INTS(-1)) },
          "pad must be non-negative, but got pad: -1" },
        { { PLANE(.kernel = PRUNE_INTS(2), .padding = PRUNE_INTS(2)) },
          "pad should be at most half of effective kernel size, but got pad=2, kernel_size=2 and dilation=1" },
        { { PLANE(.kernel = PRUNE_INTS(3), .padding = PRUNE_INTS(2), .dilation = PRUNE_INTS(2)) },
          "pad should be smaller than or equal to half of kernel size, but got padW = 2, padH = 2, kW = 3, kH = 3" },
        { { PLANE(.kernel = PRUNE_INTS(6)) },
          "Given input size: (3x5x5). Calculated output size: (3x0x0). Output size is too small" },
        { { PLANE(.kernel = PRUNE_INTS(INT64_C(1) << 40)) },
          "kernel_size=1099511627776: value cannot be converted to type int without overflow" },
        { { PLANE(.kernel = PRUNE_INTS(2), .stride = PRUNE_INTS(INT64_C(1) << 31)) },
          "value cannot be converted to type int without overflow" },
        { { PLANE(.kernel = PRUNE_INTS(2), .dilation = PRUNE_INTS(1 << 30)) },
          "Calculated output size: (3x-536870909x-536870909). Output size is too small" },
    };
    /* clang-format on */
    check_refusals(wrong, sizeof wrong / sizeof wrong[0], max_pool, max_layer);
}

static void avg_pool2d_refuses_in_torchs_words(void **state)
{
    (void)state;
    /* clang-format off */
    const refusal wrong[] = {
        { { .dims = 2, .kernel = PRUNE_INTS(2), .x = { 2, 3, 0, 5 }, .ndim = 4 },
          "Expected 3D or 4D (batch mode) tensor with optional 0 dim batch size for input, but got:[2, 3, 0, 5]" },
        { { PLANE(.kernel = PRUNE_INTS(2, 2, 2)) },
          "avg_pool2d: kernel_size must either be a single int, or a tuple of two ints" },
        { { PLANE(.kernel = PRUNE_INTS(2), .stride = PRUNE_INTS(0)) }, "stride should not be zero" },
        { { PLANE(.kernel = PRUNE_INTS(2), .padding = PRUNE_INTS(2)) },
          "pad should be at most half of effective kernel size, but got pad=2, kernel_size=2 and dilation=1" },
        { { PLANE(.kernel = PRUNE_INTS(6)) },
          "Given input size: (3x5x5). Calculated output size: (3x0x0). Output size is too small" },
    };
    /* clang-format on */
    check_refusals(wrong, sizeof wrong / sizeof wrong[0], avg_pool, avg_layer);
}

static void avg_pool2d_refuses_other_ranks(void **state)
{
    (void)state;
    const struct {
        int64_t ndim;
        prune_status status;
        const char *words;
    } wrong[] = {
        { 0, PRUNE_ERROR_INDEX, "Dimension specified as -3 but tensor has no dimensions" },
        { 2, PRUNE_ERROR_INDEX, "Dimension out of range (expected to be in range of [-2, 1], but got -3)" },
        { 5, PRUNE_ERROR_RUNTIME, "Expected 3D or 4D (batch mode) tensor" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        prune_tensor *x = pattern(0, (const int64_t[]){ 1, 2, 3, 4, 5 }, wrong[i].ndim), *y = NULL;
        assert_fails(prune_avg_pool2d(&y, x, PRUNE_INTS(1), NULL), wrong[i].status, wrong[i].words);
        assert_null(y);
        prune_tensor_release(x);
    }
}

static void adaptive_avg_pool2d_refuses_in_torchs_words(void **state)
{
    (void)state;
    const char *const negative =
        "adaptive_avg_pool2d: elements of output_size must be greater than or equal to 0 but received {-1, -1}";
    const struct {
        prune_ints size;
        int64_t x[5], ndim;
        prune_status status;
        const char *words;
    } wrong[] = {
        { PRUNE_INTS(2),
          { 5, 5 },
          2,
          PRUNE_ERROR_RUNTIME,
          "adaptive_avg_pool2d(): Expected 3D or 4D tensor, but got [5, 5]" },
        { PRUNE_INTS(1), { 5 }, 1, PRUNE_ERROR_INDEX, "(expected to be in range of [-1, 0], but got -2)" },
        { PRUNE_INTS(-1), { 5 }, 1, PRUNE_ERROR_RUNTIME, negative },
        { PRUNE_INTS(2, 2), { 5, 5 }, 2, PRUNE_ERROR_VALUE, "Input dimension should be at least 3" },
        { PRUNE_INTS(2, 2, 2), { 3, 5, 5 }, 3, PRUNE_ERROR_VALUE, "Input dimension should be at least 4" },
        { PRUNE_INTS(2, 2, 2), { 2, 3, 5, 5 }, 4, PRUNE_ERROR_RUNTIME, "adaptive_avg_pool2d: output_size must be 2" },
        { PRUNE_INTS(-2), { 3, 5, 5 }, 3, PRUNE_ERROR_RUNTIME, "equal to 0 but received {-2, -2}" },
        { PRUNE_INTS(2),
          { 2, 3, 0, 5 },
          4,
          PRUNE_ERROR_RUNTIME,
          "adaptive_avg_pool2d(): Expected input to have non-zero size for non-batch dimensions, but input has sizes "
          "[2, 3, 0, 5] with dimension 2 being empty" },
        { PRUNE_INTS(2), { 3, 5, 0 }, 3, PRUNE_ERROR_RUNTIME, "sizes [3, 5, 0] with dimension 2 being empty" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        prune_tensor *x = pattern(0, wrong[i].x, wrong[i].ndim), *y = NULL;
        assert_fails(prune_adaptive_avg_pool2d(&y, x, wrong[i].size), wrong[i].status, wrong[i].words);
        assert_null(y);
        prune_tensor_release(x);
    }
}

static void constructors_refuse_what_is_not_a_size(void **state)
{
    (void)state;
    const prune_ints none = { 0, { 0 } }, many = { 4, { 0 } };
    prune_max_pool_options max = PRUNE_MAX_POOL_OPTIONS_INIT;
    prune_avg_pool_options avg = PRUNE_AVG_POOL_OPTIONS_INIT;
    prune_module *layer = NULL;
    assert_fails(prune_max_pool1d_create(&layer, none, NULL), PRUNE_ERROR_TYPE, "'kernel_size'");
    assert_fails(prune_max_pool2d_create(&layer, many, NULL), PRUNE_ERROR_VALUE,
                 "kernel_size holds 4 numbers, it may hold 1 to 3");
    assert_fails(prune_avg_pool2d_create(&layer, none, NULL), PRUNE_ERROR_TYPE, "'kernel_size'");
    assert_fails(prune_adaptive_avg_pool2d_create(&layer, none), PRUNE_ERROR_TYPE, "'output_size'");
    assert_fails(prune_adaptive_avg_pool2d_create(&layer, many), PRUNE_ERROR_VALUE, "output_size holds 4 numbers");
    max.dilation = many;
    assert_fails(prune_max_pool2d_create(&layer, PRUNE_INTS(2), &max), PRUNE_ERROR_VALUE, "dilation holds 4 numbers");
    avg.stride = many;
    assert_fails(prune_avg_pool2d_create(&layer, PRUNE_INTS(2), &avg), PRUNE_ERROR_VALUE, "stride holds 4 numbers");
    max.size = avg.size = 2;
    assert_fails(prune_max_pool1d_create(&layer, PRUNE_INTS(2), &max), PRUNE_ERROR_VALUE, "size field is 2");
    assert_fails(prune_max_pool2d_create(&layer, PRUNE_INTS(2), &max), PRUNE_ERROR_VALUE, "size field is 2");
    assert_fails(prune_avg_pool2d_create(&layer, PRUNE_INTS(2), &avg), PRUNE_ERROR_VALUE, "size field is 2");
    assert_fails(prune_max_pool1d_create(NULL, PRUNE_INTS(2), NULL), PRUNE_ERROR_TYPE, "'out' is NULL");
    assert_fails(prune_max_pool2d_create(NULL, PRUNE_INTS(2), NULL), PRUNE_ERROR_TYPE, "'out' is NULL");
    assert_fails(prune_avg_pool2d_create(NULL, PRUNE_INTS(2), NULL), PRUNE_ERROR_TYPE, "'out' is NULL");
    assert_fails(prune_adaptive_avg_pool2d_create(NULL, PRUNE_INTS(2)), PRUNE_ERROR_TYPE, "'out' is NULL");
    assert_null(layer);
}

static void functions_refuse_what_is_not_there(void **state)
{
    (void)state;
    const prune_ints none = { 0, { 0 } };
    prune_max_pool_options max = { 2, none, none, none, false };
    prune_avg_pool_options avg = { 2, none, none, false, true, 0 };
    prune_tensor *x = pattern(0, PRUNE_SHAPE(1, 4, 4)), *integers = NULL, *y = NULL;
    assert_ok(prune_tensor_zeros(&integers, PRUNE_SHAPE(1, 4, 4), PRUNE_INT32));
    assert_fails(prune_max_pool1d(NULL, x, PRUNE_INTS(2), NULL), PRUNE_ERROR_TYPE, "'y' is NULL");
    assert_fails(prune_max_pool2d(&y, NULL, PRUNE_INTS(2), NULL), PRUNE_ERROR_TYPE, "'x' is NULL");
    assert_fails(prune_avg_pool2d(NULL, x, PRUNE_INTS(2), NULL), PRUNE_ERROR_TYPE, "'y' is NULL");
    assert_fails(prune_avg_pool2d(&y, NULL, PRUNE_INTS(2), NULL), PRUNE_ERROR_TYPE, "'x' is NULL");
    assert_fails(prune_adaptive_avg_pool2d(NULL, x, PRUNE_INTS(2)), PRUNE_ERROR_TYPE, "'y' is NULL");
    assert_fails(prune_adaptive_avg_pool2d(&y, NULL, PRUNE_INTS(2)), PRUNE_ERROR_TYPE, "'x' is NULL");
    assert_fails(prune_max_pool1d(&y, x, none, NULL), PRUNE_ERROR_TYPE, "'kernel_size'");
    assert_fails(prune_avg_pool2d(&y, x, none, NULL), PRUNE_ERROR_TYPE, "'kernel_size'");
    assert_fails(prune_adaptive_avg_pool2d(&y, x, none), PRUNE_ERROR_RUNTIME, "output_size must be 2");
    assert_fails(prune_max_pool1d(&y, x, PRUNE_INTS(2), &max), PRUNE_ERROR_VALUE, "size field is 2");
    assert_fails(prune_max_pool2d(&y, x, PRUNE_INTS(2), &max), PRUNE_ERROR_VALUE, "size field is 2");
    assert_fails(prune_avg_pool2d(&y, x, PRUNE_INTS(2), &avg), PRUNE_ERROR_VALUE, "size field is 2");
    assert_fails(prune_max_pool1d(&y, integers, PRUNE_INTS(2), NULL), PRUNE_ERROR_UNSUPPORTED, "torch.int32");
    assert_fails(prune_max_pool2d(&y, integers, PRUNE_INTS(2), NULL), PRUNE_ERROR_UNSUPPORTED, "torch.int32");
    assert_fails(prune_avg_pool2d(&y, integers, PRUNE_INTS(2), NULL), PRUNE_ERROR_UNSUPPORTED, "torch.int32");
    assert_fails(prune_adaptive_avg_pool2d(&y, integers, PRUNE_INTS(2)), PRUNE_ERROR_UNSUPPORTED, "torch.int32");
    assert_null(y);
    prune_tensor_release(x);
    prune_tensor_release(integers);
}

static void huge_sizes_do_not_overflow(void **state)
{
    (void)state;
    const int64_t most = INT32_MAX;
    const example e = {
        .dims = 2, .kernel = PRUNE_INTS(most), .stride = PRUNE_INTS(most), .padding = PRUNE_INTS(most / 2)
    };
    prune_tensor *x = pattern(0, PRUNE_SHAPE(0, 1, INT64_MAX, 1)), *y = NULL;
    assert_fails(max_pool(&y, x, &e), PRUNE_ERROR_RUNTIME,
                 "max_pool2d: input of size 9223372036854775807 x 1 is too large");
    prune_tensor_release(x);
    x = values_of((const float[]){ 3, -4 }, PRUNE_SHAPE(1, 1, 2));
    assert_ok(max_pool(&y, x, &e));
    assert_values(y, 3);
    prune_tensor_release(y);
    assert_ok(avg_pool(&y, x, &e));
    assert_values(y, (float)(-1.0 / ((double)most * (double)most)));
    prune_tensor_release(x);
    prune_tensor_release(y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(max_pool1d_refuses_in_torchs_words),
        cmocka_unit_test(max_pool2d_refuses_in_torchs_words),
        cmocka_unit_test(avg_pool2d_refuses_in_torchs_words),
        cmocka_unit_test(avg_pool2d_refuses_other_ranks),
        cmocka_unit_test(adaptive_avg_pool2d_refuses_in_torchs_words),
        cmocka_unit_test(constructors_refuse_what_is_not_a_size),
        cmocka_unit_test(functions_refuse_what_is_not_there),
        cmocka_unit_test(huge_sizes_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
