/* nn.BatchNorm1d, nn.BatchNorm2d. */
#include "layer_support.h"
#include "layer_memory.h"

static prune_module *make(int64_t rank, int64_t features, const prune_batch_norm_options *options)
{
    prune_module *layer = NULL;
    if (rank == 1)
        assert_ok(prune_batch_norm1d_create(&layer, features, options));
    else
        assert_ok(prune_batch_norm2d_create(&layer, features, options));
    prune_module_eval(layer);
    return layer;
}

static void set(prune_module *layer, const char *name, float a, float b)
{
    prune_tensor *t = values_of((const float[]){ a, b }, PRUNE_SHAPE(2));
    assert_ok(prune_tensor_copy_(prune_module_get_tensor(layer, name), t));
    prune_tensor_release(t);
}

/* eps = 1 and variances of 3 and 15 make every step exact: (x - mean) / 2 · weight + bias, and / 4. */
static prune_module *exact(int64_t rank, bool affine, bool bias)
{
    prune_batch_norm_options options = PRUNE_BATCH_NORM_OPTIONS_INIT;
    options.eps = 1;
    options.affine = affine;
    options.bias = bias;
    prune_module *layer = make(rank, 2, &options);
    set(layer, "running_mean", 1, -2);
    set(layer, "running_var", 3, 15);
    if (affine)
        set(layer, "weight", 6, -8);
    if (affine && bias)
        set(layer, "bias", 0.5F, 100);
    return layer;
}

static void each_channel_is_normalised(void **state)
{
    (void)state;
    const float x[] = { 1, 3, 2, 6, -1, 0, 5, 7 };
    prune_module *layer = exact(1, true, true);
    prune_tensor *y = output_of(layer, values_of(x, PRUNE_SHAPE(4, 2)));
    assert_values(y, 0.5F, 90, 3.5F, 84, -5.5F, 96, 12.5F, 82);
    prune_tensor_release(y);
    y = output_of(layer, values_of(x, PRUNE_SHAPE(2, 2, 2)));
    assert_values(y, 0.5F, 6.5F, 92, 84, -5.5F, -2.5F, 86, 82);
    prune_tensor_release(y);
    prune_module_release(layer);
    layer = exact(2, true, true);
    y = output_of(layer, values_of(x, PRUNE_SHAPE(2, 2, 1, 2)));
    assert_shape(y, 2, 2, 1, 2);
    assert_values(y, 0.5F, 6.5F, 92, 84, -5.5F, -2.5F, 86, 82);
    prune_tensor_release(y);
    prune_module_release(layer);
}

static void weight_and_bias_may_be_absent(void **state)
{
    (void)state;
    const float x[] = { 1, 2, 7, 6 };
    prune_module *layer = exact(1, false, true);
    prune_tensor *y = output_of(layer, values_of(x, PRUNE_SHAPE(2, 2)));
    assert_values(y, 0, 1, 3, 2);
    prune_tensor_release(y);
    prune_module_release(layer);
    layer = exact(1, true, false);
    y = output_of(layer, values_of(x, PRUNE_SHAPE(2, 2)));
    assert_values(y, 0, -8, 18, -16);
    prune_tensor_release(y);
    prune_module_release(layer);
}

static void inputs_may_have_any_strides(void **state)
{
    (void)state;
    prune_module *layer = exact(2, true, true);
    prune_tensor *plain = output_of(layer, pattern(5, PRUNE_SHAPE(3, 2, 3, 4)));
    prune_tensor *y = output_of(layer, strided(pattern(5, PRUNE_SHAPE(3, 2, 3, 4))));
    assert_true(prune_tensor_is_contiguous(y));
    assert_same_bits(y, plain);
    prune_tensor_release(plain);
    prune_tensor_release(y);
    prune_module_release(layer);
}

/* torch: m = nn.BatchNorm1d(1).eval(); m(torch.tensor([[1.], [float('nan')], [float('inf')]])), in float64 */
static void the_default_changes_little(void **state)
{
    (void)state;
    prune_module *layer = make(1, 1, NULL);
    prune_tensor *y = output_of(layer, values_of((const float[]){ 1, NAN, INFINITY }, PRUNE_SHAPE(3, 1)));
    const float *values = prune_tensor_data(y);
    assert_true(fabs((double)values[0] - 0.9999950000374997) < 1.2e-7);
    assert_true(isnan(values[1]) && isinf(values[2]));
    prune_tensor_release(y);
    prune_module_release(layer);
}

static void empty_inputs_give_empty_outputs(void **state)
{
    (void)state;
    prune_module *one = exact(1, true, true), *two = exact(2, true, true), *none = make(1, 0, NULL);
    check_output(output_of(one, pattern(0, PRUNE_SHAPE(0, 2))), PRUNE_SHAPE(0, 2), 0);
    check_output(output_of(one, pattern(0, PRUNE_SHAPE(2, 2, 0))), PRUNE_SHAPE(2, 2, 0), 0);
    check_output(output_of(two, pattern(0, PRUNE_SHAPE(0, 2, 5, 5))), PRUNE_SHAPE(0, 2, 5, 5), 0);
    check_output(output_of(two, pattern(0, PRUNE_SHAPE(0, 4, 5, 5))), PRUNE_SHAPE(0, 4, 5, 5), 0); /* as torch */
    check_output(output_of(none, pattern(0, PRUNE_SHAPE(2, 0, 3))), PRUNE_SHAPE(2, 0, 3), 0);
    prune_module_release(one);
    prune_module_release(two);
    prune_module_release(none);
}

/* ---- What is in it ---- */

static void the_state_dict_has_torchs_order_and_values(void **state)
{
    (void)state;
    const char *const names[] = { "weight", "bias", "running_mean", "running_var", "num_batches_tracked" };
    prune_module *layer = make(2, 3, NULL);
    prune_dict *dict = NULL;
    assert_ok(prune_module_state_dict(&dict, layer, false));
    assert_int_equal(prune_dict_size(dict), 5);
    for (int64_t i = 0; i < 5; i++)
        assert_string_equal(prune_dict_key(dict, i), names[i]);
    assert_values(prune_dict_value(dict, 0), 1, 1, 1);
    assert_values(prune_dict_value(dict, 1), 0, 0, 0);
    assert_values(prune_dict_value(dict, 2), 0, 0, 0);
    assert_values(prune_dict_value(dict, 3), 1, 1, 1);
    const prune_tensor *tracked = prune_dict_value(dict, 4);
    double count = -1;
    assert_int_equal(prune_tensor_dtype(tracked), PRUNE_INT64);
    assert_int_equal(prune_tensor_ndim(tracked), 0);
    assert_ok(prune_tensor_get(&count, tracked, NULL, 0));
    assert_true(count == 0);
    assert_true(prune_tensor_requires_grad(prune_module_get_tensor(layer, "weight")));
    assert_false(prune_tensor_requires_grad(prune_module_get_tensor(layer, "running_mean")));
    prune_dict_release(dict);
    prune_module_release(layer);
}

static void what_is_switched_off_is_registered_absent(void **state)
{
    (void)state;
    prune_batch_norm_options options = PRUNE_BATCH_NORM_OPTIONS_INIT;
    options.affine = options.track_running_stats = false;
    prune_module *layer = make(1, 3, &options);
    const char *const buffers[] = { "running_mean", "running_var", "num_batches_tracked" };
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(prune_module_kind(layer, buffers[i]), PRUNE_KIND_BUFFER);
        assert_null(prune_module_get_tensor(layer, buffers[i]));
    }
    assert_int_equal(prune_module_kind(layer, "weight"), PRUNE_KIND_PARAMETER);
    assert_null(prune_module_get_tensor(layer, "weight"));
    assert_int_equal(prune_module_kind(layer, "bias"), PRUNE_KIND_PARAMETER);
    assert_null(prune_module_get_tensor(layer, "bias"));
    prune_module_release(layer);
}

static void no_random_number_is_drawn(void **state)
{
    (void)state;
    prune_tensor *before = NULL, *after = NULL;
    assert_ok(prune_generator_get_state(&before, NULL));
    prune_module_release(make(2, 3, NULL));
    assert_ok(prune_generator_get_state(&after, NULL));
    assert_same_bits(before, after);
    prune_tensor_release(before);
    prune_tensor_release(after);
}

static void it_prints_as_in_torch(void **state)
{
    (void)state;
    prune_batch_norm_options options = PRUNE_BATCH_NORM_OPTIONS_INIT;
    prune_module *layer = make(2, 6, NULL);
    assert_prints(layer, "BatchNorm2d(6, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)");
    prune_module_release(layer);
    options.eps = 0.001;
    options.momentum = 1;
    options.bias = options.track_running_stats = false;
    layer = make(1, 3, &options);
    assert_prints(layer, "BatchNorm1d(3, eps=0.001, momentum=1.0, affine=True, bias=False, track_running_stats=False)");
    prune_module_release(layer);
    options.eps = 1e-12;
    options.bias = true;
    options.affine = false;
    layer = make(1, 3, &options);
    assert_prints(layer,
                  "BatchNorm1d(3, eps=1e-12, momentum=1.0, affine=False, bias=False, track_running_stats=False)");
    prune_module_release(layer);
}

/* ---- Errors ---- */

static void wrong_arguments_are_named(void **state)
{
    (void)state;
    prune_batch_norm_options options = PRUNE_BATCH_NORM_OPTIONS_INIT;
    prune_module *layer = NULL;
    const char *negative = "Trying to create tensor with negative dimension -1: [-1]";
    assert_fails(prune_batch_norm1d_create(&layer, -1, NULL), PRUNE_ERROR_RUNTIME, negative);
    options.affine = false;
    assert_fails(prune_batch_norm2d_create(&layer, -1, &options), PRUNE_ERROR_RUNTIME,
                 "zeros: Dimension size must be non-negative.");
    options.size = 0;
    assert_fails(prune_batch_norm1d_create(&layer, 1, &options), PRUNE_ERROR_VALUE, "size field is 0");
    assert_fails(prune_batch_norm2d_create(&layer, 1, &options), PRUNE_ERROR_VALUE, "size field is 0");
    assert_fails(prune_batch_norm1d_create(NULL, 1, NULL), PRUNE_ERROR_TYPE, "'out' is NULL");
    assert_fails(prune_batch_norm2d_create(NULL, 1, NULL), PRUNE_ERROR_TYPE, "'out' is NULL");
    assert_null(layer);
}

static void call_fails(int64_t rank, const int64_t *sizes, int64_t ndim, prune_status status, const char *words)
{
    prune_module *layer = exact(rank, true, true);
    prune_tensor *x = pattern(0, sizes, ndim);
    assert_call_fails(layer, x, status, words);
    prune_tensor_release(x);
    prune_module_release(layer);
}

static void inputs_that_do_not_fit_are_refused_in_torchs_words(void **state)
{
    (void)state;
    call_fails(1, PRUNE_SHAPE(2), PRUNE_ERROR_VALUE, "expected 2D or 3D input (got 1D input)");
    call_fails(1, PRUNE_SHAPE(1, 2, 3, 4), PRUNE_ERROR_VALUE, "expected 2D or 3D input (got 4D input)");
    call_fails(2, PRUNE_SHAPE(2, 5, 5), PRUNE_ERROR_VALUE, "expected 4D input (got 3D input)");
    call_fails(1, PRUNE_SHAPE(2, 4), PRUNE_ERROR_RUNTIME, "running_mean should contain 4 elements not 2");
    call_fails(2, PRUNE_SHAPE(2, 4, 5, 5), PRUNE_ERROR_RUNTIME, "running_mean should contain 4 elements not 2");
}

static void replaced_tensors_are_checked(void **state)
{
    (void)state;
    const struct {
        const char *name, *words;
    } wrong[] = {
        { "running_var", "running_var should contain 2 elements not 3" },
        { "weight", "weight should contain 2 elements not 3" },
        { "bias", "bias should contain 2 elements not 3" },
    };
    prune_tensor *x = pattern(0, PRUNE_SHAPE(1, 2)), *three = pattern(0, PRUNE_SHAPE(3));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        prune_module *layer = exact(1, true, true);
        bool buffer = wrong[i].name[0] == 'r';
        assert_ok(buffer ? prune_module_register_buffer(layer, wrong[i].name, three, true)
                         : prune_module_register_parameter(layer, wrong[i].name, three));
        assert_call_fails(layer, x, PRUNE_ERROR_RUNTIME, wrong[i].words);
        assert_ok(prune_module_delete(layer, wrong[i].name));
        assert_call_fails(layer, x, PRUNE_ERROR_ATTRIBUTE, wrong[i].name);
        prune_module_release(layer);
    }
    prune_tensor_release(x);
    prune_tensor_release(three);
}

static void statistics_of_a_batch_are_unsupported(void **state)
{
    (void)state;
    prune_batch_norm_options options = PRUNE_BATCH_NORM_OPTIONS_INIT;
    prune_tensor *x = pattern(0, PRUNE_SHAPE(2, 2)), *integers = NULL;
    prune_module *layer = exact(1, true, true);
    assert_ok(prune_tensor_zeros(&integers, PRUNE_SHAPE(2, 2), PRUNE_INT64));
    assert_call_fails(layer, integers, PRUNE_ERROR_UNSUPPORTED, "torch.int64");
    prune_module_train(layer, true);
    assert_call_fails(layer, x, PRUNE_ERROR_UNSUPPORTED, "BatchNorm1d: training mode");
    assert_call_fails(layer, x, PRUNE_ERROR_UNSUPPORTED, "call prune_module_eval()");
    prune_module_release(layer);
    options.track_running_stats = false;
    layer = make(1, 2, &options);
    assert_call_fails(layer, x, PRUNE_ERROR_UNSUPPORTED, "without running_mean and running_var");
    prune_module_release(layer);
    prune_tensor_release(x);
    prune_tensor_release(integers);
}

/* ---- Memory ---- */

static prune_status create(void *context)
{
    return prune_batch_norm2d_create(&((trial *)context)->layer, 3, NULL);
}

static void running_out_of_memory_changes_nothing(void **state)
{
    (void)state;
    trial t = { 0 };
    note_state(&t);
    try_every_allocation(create, nothing_made, unmake, &t);
    t.layer = exact(1, true, true);
    t.x = strided(pattern(5, PRUNE_SHAPE(4, 2)));
    try_every_allocation(call, no_output, drop_output, &t);
    prune_tensor_release(t.state);
    prune_tensor_release(t.x);
    prune_module_release(t.layer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_channel_is_normalised),
        cmocka_unit_test(weight_and_bias_may_be_absent),
        cmocka_unit_test(inputs_may_have_any_strides),
        cmocka_unit_test(the_default_changes_little),
        cmocka_unit_test(empty_inputs_give_empty_outputs),
        cmocka_unit_test(the_state_dict_has_torchs_order_and_values),
        cmocka_unit_test(what_is_switched_off_is_registered_absent),
        cmocka_unit_test(no_random_number_is_drawn),
        cmocka_unit_test(it_prints_as_in_torch),
        cmocka_unit_test(wrong_arguments_are_named),
        cmocka_unit_test(inputs_that_do_not_fit_are_refused_in_torchs_words),
        cmocka_unit_test(replaced_tensors_are_checked),
        cmocka_unit_test(statistics_of_a_batch_are_unsupported),
        cmocka_unit_test(running_out_of_memory_changes_nothing),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
