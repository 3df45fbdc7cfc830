/* nn.Conv1d, nn.Conv2d, nn.Conv3d: what they refuse. */
#include "conv_support.h"

static void wrong_arguments_are_refused_in_torchs_words(void **state)
{
    (void)state;
    const struct {
        int64_t in, out;
        prune_ints kernel;
        prune_conv_options options;
        prune_status status;
        const char *words;
    } wrong[] = {
        { 3, 4, PRUNE_INTS(3), { .groups = 0 }, PRUNE_ERROR_VALUE, "groups must be a positive integer" },
        { 3, 4, PRUNE_INTS(3), { .groups = -1 }, PRUNE_ERROR_VALUE, "groups must be a positive integer" },
        { 3, 4, PRUNE_INTS(3), { .groups = 2 }, PRUNE_ERROR_VALUE, "in_channels must be divisible by groups" },
        { 4, 3, PRUNE_INTS(3), { .groups = 2 }, PRUNE_ERROR_VALUE, "out_channels must be divisible by groups" },
        { 4,
          3,
          PRUNE_INTS(3),
          { .groups = 1, .padding_string = "foo" },
          PRUNE_ERROR_VALUE,
          "Invalid padding string 'foo', should be one of {'same', 'valid'}" },
        { 4,
          3,
          PRUNE_INTS(3),
          { .groups = 1, .padding_string = "same", .stride = PRUNE_INTS(1, 2) },
          PRUNE_ERROR_VALUE,
          "padding='same' is not supported for strided convolutions" },
        { 4,
          3,
          PRUNE_INTS(3),
          { .groups = 1, .padding_mode = "foo" },
          PRUNE_ERROR_VALUE,
          "padding_mode must be one of {'zeros', 'reflect', 'replicate', 'circular'}, but got padding_mode='foo'" },
        { -4,
          3,
          PRUNE_INTS(3),
          { .groups = 1 },
          PRUNE_ERROR_RUNTIME,
          "Trying to create tensor with negative dimension -4: [3, -4, 3, 3]" },
        { 4,
          3,
          PRUNE_INTS(-3),
          { .groups = 1 },
          PRUNE_ERROR_RUNTIME,
          "Trying to create tensor with negative dimension -3: [3, 4, -3, -3]" },
        { 4, 3, { 0, { 0 } }, { .groups = 1 }, PRUNE_ERROR_TYPE, "'kernel_size'" },
        { 4,
          3,
          PRUNE_INTS(3, 3, 3),
          { .groups = 1 },
          PRUNE_ERROR_RUNTIME,
          "expected kernel_size to be a single integer value or a list of 2 values to match the convolution "
          "dimensions, but "
          "got kernel_size=[3, 3, 3]" },
        { 4, 3, { 4, { 3, 3, 3 } }, { .groups = 1 }, PRUNE_ERROR_RUNTIME, "but got kernel_size=4 numbers" },
        { 4, 3, { -1, { 3 } }, { .groups = 1 }, PRUNE_ERROR_RUNTIME, "but got kernel_size=-1 numbers" },
        { 4,
          3,
          { INT64_MAX, { 3 } },
          { .groups = 1 },
          PRUNE_ERROR_RUNTIME,
          "but got kernel_size=9223372036854775807 numbers" },
        { 4,
          3,
          PRUNE_INTS(3),
          { .groups = 1, .stride = PRUNE_INTS(1, 2, 3) },
          PRUNE_ERROR_RUNTIME,
          "expected stride to be a single integer value or a list of 2 values to match the convolution dimensions, but "
          "got stride=[1, 2, 3]" },
        { 4, 3, PRUNE_INTS(3), { .groups = 1, .dilation = { 99, { 0 } } }, PRUNE_ERROR_RUNTIME, "expected dilation" },
        { 4,
          3,
          PRUNE_INTS(3),
          { .groups = 1, .padding = PRUNE_INTS(INT64_C(1) << 31) },
          PRUNE_ERROR_RUNTIME,
          "padding=2147483648: value cannot be converted to type int without overflow" },
        { INT64_MAX, 3, PRUNE_INTS(3), { .groups = 1 }, PRUNE_ERROR_MEMORY, "does not fit" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        prune_module *layer = NULL;
        prune_conv_options options = wrong[i].options;
        options.size = sizeof options;
        options.bias = true;
        assert_fails(create(&layer, 2, wrong[i].in, wrong[i].out, wrong[i].kernel, &options), wrong[i].status,
                     wrong[i].words);
        assert_null(layer);
    }
    prune_module *layer = NULL;
    prune_conv_options unsized = PRUNE_CONV_OPTIONS_INIT;
    unsized.size = 3;
    for (int64_t dims = 1; dims <= 3; dims++) {
        prune_conv_options groups = PRUNE_CONV_OPTIONS_INIT;
        groups.groups = 3;
        assert_fails(create(&layer, dims, 4, 3, PRUNE_INTS(1), &groups), PRUNE_ERROR_VALUE,
                     "in_channels must be divisible");
        assert_fails(create(&layer, dims, 1, -3, PRUNE_INTS(1), NULL), PRUNE_ERROR_RUNTIME,
                     "negative dimension -3: [-3, 1");
        assert_fails(create(&layer, dims, 1, 1, (prune_ints){ 0, { 0 } }, NULL), PRUNE_ERROR_TYPE, "'kernel_size'");
        assert_fails(create(&layer, dims, 1, 1, PRUNE_INTS(1), &unsized), PRUNE_ERROR_VALUE, "size field is 3");
        assert_fails(create(NULL, dims, 1, 1, PRUNE_INTS(1), NULL), PRUNE_ERROR_TYPE, "'out' is NULL");
    }
}

static void inputs_that_do_not_fit_are_refused_in_torchs_words(void **state)
{
    (void)state;
    const prune_ints three = PRUNE_INTS(3);
    /* clang-format off */
    const struct {
        example e; /* x: the input */
        const char *words;
    } wrong[] = {
        { { .dims = 2, .in = 4, .out = 3, .kernel = three, .x = { 4, 5 }, .ndim = 2 },
          "Expected 3D (unbatched) or 4D (batched) input to conv2d, but got input of size: [4, 5]" },
        { { .dims = 2, .in = 4, .out = 3, .kernel = three, .ndim = 0 },
          "Expected 3D (unbatched) or 4D (batched) input to conv2d, but got input of size: []" },
        { { .dims = 3, .in = 4, .out = 3, .kernel = three, .x = { 2, 4, 5 }, .ndim = 3 },
          "Expected 4D (unbatched) or 5D (batched) input to conv3d, but got input of size: [2, 4, 5]" },
        { { .dims = 2, .in = 4, .out = 3, .kernel = three, .x = { 5, 5, 5 }, .ndim = 3 },
          "Given groups=1, weight of size [3, 4, 3, 3], expected input[1, 5, 5, 5] to have 4 channels, but got 5 "
          "channels instead" },
        { { .dims = 2, .in = 4, .out = 4, .groups = 2, .kernel = three, .x = { 1, 5, 5, 5 }, .ndim = 4 },
          "Given groups=2, weight of size [4, 2, 3, 3], expected input[1, 5, 5, 5] to have 4 channels, but got 5 "
          "channels instead" },
        { { .dims = 2, .in = 4, .out = 3, .kernel = PRUNE_INTS(2), .padding_string = "same", .x = { 1, 5, 5, 5 },
            .ndim = 4 },
          "expected input[1, 5, 6, 6] to have 4 channels" },
        { { .dims = 2, .in = 4, .out = 3, .kernel = three, .x = { 1, 4, 2, 5 }, .ndim = 4 },
          "Calculated padded input size per channel: (2 x 5). Kernel size: (3 x 3). Kernel size can't be greater "
          "than actual input size" },
        { { .dims = 1, .in = 4, .out = 3, .kernel = three, .x = { 4, 2 }, .ndim = 2 },
          "Calculated padded input size per channel: (2). Kernel size: (3)." },
        { { .dims = 2, .in = 4, .out = 3, .kernel = three, .padding = PRUNE_INTS(2), .x = { 1, 4, 0, 0 }, .ndim = 4 },
          "Only zero batch or zero channel inputs are supported, but got input shape: [1, 4, 0, 0]" },
        { { .dims = 1, .in = 4, .out = 3, .kernel = three, .padding = PRUNE_INTS(2), .x = { 4, 0 }, .ndim = 2 },
          "Only zero batch or zero channel inputs are supported, but got input shape: [1, 4, 1, 0]" },
        { { .dims = 2, .in = 4, .out = 0, .kernel = three, .x = { 1, 4, 5, 5 }, .ndim = 4 },
          "Given groups=1, expected weight to be at least 1 at dimension 0, but got weight of size [0, 4, 3, 3] "
          "instead" },
        { { .dims = 2, .in = 4, .out = 3, .kernel = three, .stride = PRUNE_INTS(1, 0), .x = { 1, 4, 5, 5 },
            .ndim = 4 },
          "non-positive stride is not supported" },
        { { .dims = 2, .in = 4, .out = 3, .kernel = three, .dilation = PRUNE_INTS(0), .x = { 1, 4, 5, 5 },
            .ndim = 4 },
          "dilation should be greater than zero, but got [0, 0]" },
        { { .dims = 1, .in = 4, .out = 3, .kernel = three, .dilation = PRUNE_INTS(0), .x = { 1, 4, 5 }, .ndim = 3 },
          "dilation should be greater than zero, but got [1, 0]" },
        { { .dims = 2, .in = 4, .out = 3, .kernel = three, .dilation = PRUNE_INTS(-1), .x = { 1, 4, 5, 5 },
            .ndim = 4 },
          "dilation should be greater than zero" },
        { { .dims = 2, .in = 4, .out = 3, .kernel = three, .padding = PRUNE_INTS(-1), .x = { 1, 4, 5, 5 },
            .ndim = 4 },
          "negative padding is not supported" },
        { { .dims = 2, .in = 4, .out = 3, .kernel = PRUNE_INTS(1, 0), .x = { 1, 4, 5, 5 }, .ndim = 4 },
          "kernel size should be greater than zero, but got kernel_height: 1 kernel_width: 0" },
        { { .dims = 3, .in = 4, .out = 3, .kernel = PRUNE_INTS(0), .x = { 1, 4, 5, 5, 5 }, .ndim = 5 },
          "kernel size should be greater than zero, but got: 0 x 0 x 0 (TxHxW)" },
        { { .dims = 2, .in = 4, .out = 3, .kernel = three, .padding = PRUNE_INTS(2), .padding_mode = "reflect",
            .x = { 1, 4, 2, 5 }, .ndim = 4 },
          "Argument #6: Padding size should be less than the corresponding input dimension, but got: padding (2, "
          "2) at dimension 2 of input [1, 4, 2, 5]" },
        { { .dims = 1, .in = 4, .out = 3, .kernel = three, .padding = PRUNE_INTS(2), .padding_mode = "reflect",
            .x = { 4, 2 }, .ndim = 2 },
          "Argument #4: Padding size should be less than the corresponding input dimension, but got: padding (2, "
          "2) at dimension 1 of input [4, 2]" },
        { { .dims = 2, .in = 4, .out = 3, .kernel = three, .padding = PRUNE_INTS(2), .padding_mode = "replicate",
            .x = { 1, 4, 0, 5 }, .ndim = 4 },
          "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for "
          "input, but got: [1, 4, 0, 5]" },
        { { .dims = 2, .in = 4, .out = 3, .kernel = three, .padding = PRUNE_INTS(-3), .padding_mode = "reflect",
            .x = { 1, 4, 5, 5 }, .ndim = 4 },
          "input (H: 5, W: 5) is too small. Calculated output H: -1 W: -1" },
        { { .dims = 2, .in = 4, .out = 3, .kernel = three, .padding = PRUNE_INTS(-3), .padding_mode = "replicate",
            .x = { 1, 4, 5, 5 }, .ndim = 4 },
          "input (H: 5, W: 5 ) is too small. Calculated output H: -1 W: -1" },
        { { .dims = 3, .in = 4, .out = 3, .kernel = three, .padding = PRUNE_INTS(-1), .padding_mode = "reflect",
            .x = { 1, 4, 2, 2, 2 }, .ndim = 5 },
          "input (D: 2 H: 2, W: 2) is too small. Calculated output D: 0 H: 0 W: 0" },
        { { .dims = 2, .in = 4, .out = 3, .kernel = three, .padding_mode = "reflect", .x = { 5 }, .ndim = 1 },
          "Padding length should be less than or equal to two times the input dimension but got padding length 4 and "
          "input of dimension 1" },
        { { .dims = 2, .in = 4, .out = 3, .kernel = three, .padding_mode = "circular", .x = { 5, 5 }, .ndim = 2 },
          "Padding size 4 is not supported for 2D input tensor." },
        { { .dims = 2, .in = 4, .out = 3, .kernel = three, .padding = PRUNE_INTS(2), .padding_mode = "circular",
            .x = { 1, 4, 1, 5 }, .ndim = 4 },
          "Padding value causes wrapping around more than once." },
        { { .dims = 2, .in = 4, .out = 3, .kernel = three, .padding = PRUNE_INTS(-3), .padding_mode = "circular",
            .x = { 1, 4, 5, 5 }, .ndim = 4 },
          "Negative padding value is resulting in an empty dimension" },
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        prune_module *layer = layer_of(&wrong[i].e);
        prune_tensor *x = pattern(0, wrong[i].e.x, wrong[i].e.ndim);
        assert_call_fails(layer, x, PRUNE_ERROR_RUNTIME, wrong[i].words);
        prune_tensor_release(x);
        prune_module_release(layer);
    }
}

/* Sizes that no memory holds, of tensors without elements: nothing may overflow on the way to an answer. */
static void huge_sizes_do_not_overflow(void **state)
{
    (void)state;
    const int64_t most = INT32_MAX;
    const example e = { .dims = 3,
                        .in = 1,
                        .out = 1,
                        .kernel = PRUNE_INTS(2),
                        .stride = PRUNE_INTS(most),
                        .padding = PRUNE_INTS(most),
                        .dilation = PRUNE_INTS(most) };
    prune_module *layer = layer_of(&e);
    prune_tensor *x = pattern(0, PRUNE_SHAPE(0, 1, INT64_MAX, 1, 1)), *y = NULL;
    assert_call_fails(layer, x, PRUNE_ERROR_RUNTIME,
                      "conv3d: input of size [0, 1, 9223372036854775807, 1, 1] is too large");
    prune_tensor_release(x);
    x = pattern(0, PRUNE_SHAPE(0, 1, INT64_MAX / 4, 1, 1));
    assert_ok(prune_module_call(&y, layer, x));
    assert_int_equal(prune_tensor_size(y, 2), (INT64_MAX / 4 + most - 1) / most + 1);
    prune_tensor_release(x);
    prune_tensor_release(y);
    prune_module_release(layer);
}

static void a_kernel_that_nothing_can_hold_is_refused(void **state)
{
    (void)state;
    prune_tensor *x = pattern(0, PRUNE_SHAPE(1, 1, 4)), *weight = NULL;
    prune_module *layer = NULL;
    assert_ok(prune_conv1d_create(&layer, 1, 1, PRUNE_INTS(1), NULL));
    assert_ok(prune_tensor_empty(&weight, PRUNE_SHAPE(0, 1, INT64_C(1) << 31), PRUNE_FLOAT32)); /* no memory */
    assert_ok(prune_module_register_parameter(layer, "weight", weight));
    assert_call_fails(layer, x, PRUNE_ERROR_RUNTIME, "conv1d: weight of size [0, 1, 2147483648] is too large");
    prune_tensor_release(weight);
    prune_tensor_release(x);
    prune_module_release(layer);
}

static void replaced_parameters_are_checked(void **state)
{
    (void)state;
    const example e = { .dims = 2, .in = 4, .out = 4, .groups = 2, .kernel = PRUNE_INTS(3) };
    const struct {
        const char *name;
        int64_t sizes[4], ndim;
        const char *words;
    } wrong[] = {
        { "bias",
          { 5 },
          1,
          "Given weight of size [4, 2, 3, 3], expected bias to be 1-dimensional with 4 elements, but got bias of size "
          "[5] "
          "instead" },
        { "bias", { 4, 1 }, 2, "but got bias of size [4, 1] instead" },
        { "weight",
          { 5, 2, 2, 2 },
          4,
          "Given groups=2, expected weight to be divisible by 2 at dimension 0, but got weight of size [[5, 2, 2, 2]] "
          "instead" },
        { "weight", { 1, 2, 2, 2 }, 4, "expected weight to be at least 2 at dimension 0" },
        { "weight", { 4, 2, 3 }, 3, "expected a 4-dimensional weight, but got one of size [4, 2, 3]" },
    };
    prune_tensor *x = pattern(0, PRUNE_SHAPE(1, 4, 5, 5));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        prune_module *layer = layer_of(&e);
        prune_tensor *t = pattern(0, wrong[i].sizes, wrong[i].ndim);
        assert_ok(prune_module_register_parameter(layer, wrong[i].name, t));
        assert_call_fails(layer, x, PRUNE_ERROR_RUNTIME, wrong[i].words);
        prune_tensor_release(t);
        prune_module_release(layer);
    }
    prune_module *layer = layer_of(&e);
    assert_ok(prune_module_delete(layer, "bias"));
    assert_call_fails(layer, x, PRUNE_ERROR_ATTRIBUTE, "'Conv2d' object has no attribute 'bias'");
    assert_ok(prune_module_register_parameter(layer, "bias", NULL));
    assert_ok(prune_module_register_parameter(layer, "weight", NULL));
    assert_call_fails(layer, x, PRUNE_ERROR_TYPE, "argument 'weight' must be Tensor, not NoneType");
    prune_module_release(layer);
    prune_tensor_release(x);
}

static void other_dtypes_and_counts_are_unsupported(void **state)
{
    (void)state;
    prune_module *layer = layer_of(&(const example){ .dims = 2, .in = 1, .out = 1, .kernel = PRUNE_INTS(1) });
    prune_tensor *x = NULL, *y[2] = { NULL, NULL };
    assert_ok(prune_tensor_zeros(&x, PRUNE_SHAPE(1, 2, 2), PRUNE_FLOAT16));
    assert_call_fails(layer, x, PRUNE_ERROR_UNSUPPORTED, "torch.float16");
    assert_fails(prune_module_call_many(y, 2, layer, &x, 1), PRUNE_ERROR_UNSUPPORTED,
                 "Conv2d takes one input and gives one output");
    prune_tensor_release(x);
    prune_module_release(layer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_arguments_are_refused_in_torchs_words),
        cmocka_unit_test(inputs_that_do_not_fit_are_refused_in_torchs_words),
        cmocka_unit_test(huge_sizes_do_not_overflow),
        cmocka_unit_test(a_kernel_that_nothing_can_hold_is_refused),
        cmocka_unit_test(replaced_parameters_are_checked),
        cmocka_unit_test(other_dtypes_and_counts_are_unsupported),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
