/* nn.Linear. */
#include "layer_support.h"
#include "layer_memory.h"

static prune_module *linear(int64_t in, int64_t out, bool bias)
{
    prune_linear_options options = PRUNE_LINEAR_OPTIONS_INIT;
    prune_module *layer = NULL;
    options.bias = bias;
    assert_ok(prune_linear_create(&layer, in, out, &options));
    return layer;
}

/* torch: l.weight[:] = pattern(0), l.bias[:] = pattern(3), y = l(pattern(5)), sum((i % 17 + 1) * y[i]) */
static const struct example {
    int64_t in, out;
    bool bias;
    int64_t x[4], ndim;
    double sum;
} examples[] = {
    { 3, 4, true, { 2, 3 }, 2, -407 },      { 19, 7, true, { 5, 19 }, 2, -9454 }, { 19, 7, true, { 19 }, 1, 1827 },
    { 8, 4, false, { 2, 3, 8 }, 3, -4868 }, { 70, 9, true, { 70, 70 }, 2, 2737 }, { 1, 1, true, { 2, 2, 1, 1 }, 4, -5 },
};

enum { EXAMPLES = sizeof examples / sizeof examples[0] };

static void check_example(const struct example *e, bool gaps)
{
    int64_t sizes[4];
    prune_module *layer = linear(e->in, e->out, e->bias);
    fill_parameters(layer);
    memcpy(sizes, e->x, sizeof sizes);
    sizes[e->ndim - 1] = e->out;
    prune_tensor *x = pattern(5, e->x, e->ndim);
    if (gaps)
        x = strided(x);
    check_output(output_of(layer, x), sizes, e->ndim, e->sum);
    prune_module_release(layer);
}

static void outputs_are_torchs(void **state)
{
    (void)state;
    for (size_t i = 0; i < EXAMPLES; i++)
        check_example(&examples[i], false);
}

static void inputs_may_have_any_strides(void **state)
{
    (void)state;
    for (size_t i = 0; i < EXAMPLES; i++)
        if (examples[i].ndim == 2)
            check_example(&examples[i], true);
}

static void values_are_added_to_the_bias(void **state)
{
    (void)state;
    prune_module *layer = linear(2, 2, true);
    fill_parameters(layer); /* weight -5 2, -2 5; bias -2 5 */
    prune_tensor *y = output_of(layer, values_of((const float[]){ 1, 10, 0, 0 }, PRUNE_SHAPE(2, 2)));
    assert_values(y, 13, 53, -2, 5);
    prune_tensor_release(y);
    prune_module_release(layer);
}

/* Row `index` of the outputs for the rows of x from `first` to before `end`. */
static prune_tensor *row_of_outputs(prune_module *layer, prune_tensor *x, int64_t first, int64_t end, int64_t index)
{
    prune_tensor *rows = NULL, *row = NULL, *y;
    assert_ok(prune_tensor_slice(&rows, x, 0, first, end, 1));
    y = output_of(layer, rows);
    assert_ok(prune_tensor_select(&row, y, 0, index));
    prune_tensor_release(y);
    return row;
}

/* A few rows are added up in another order than many. */
static void a_row_gives_the_same_bits_wherever_it_stands(void **state)
{
    (void)state;
    prune_module *layer = linear(300, 7, true);
    prune_tensor *x = NULL;
    assert_ok(prune_rand(&x, PRUNE_SHAPE(230, 300), PRUNE_FLOAT32, NULL));
    static const int64_t few[][2] = { { 66, 67 }, { 65, 67 }, { 61, 70 } },
                         many[][2] = { { 0, 230 }, { 66, 90 }, { 60, 75 } };
    prune_tensor *rows[6];
    for (int i = 0; i < 6; i++) {
        const int64_t *batch = i < 3 ? few[i] : many[i - 3];
        rows[i] = row_of_outputs(layer, x, batch[0], batch[1], 66 - batch[0]);
        assert_same_bits(rows[i], rows[i < 3 ? 0 : 3]);
    }
    for (int i = 0; i < 6; i++)
        prune_tensor_release(rows[i]);
    prune_tensor_release(x);
    prune_module_release(layer);
}

static void empty_sizes_work(void **state)
{
    (void)state;
    prune_module *layer = linear(3, 2, true), *no_inputs = linear(0, 2, true), *no_outputs = linear(3, 0, true);
    prune_tensor *y;
    fill_parameters(layer);
    check_output(output_of(layer, pattern(0, PRUNE_SHAPE(0, 3))), PRUNE_SHAPE(0, 2), 0);
    check_output(output_of(layer, pattern(0, PRUNE_SHAPE(2, 0, 3))), PRUNE_SHAPE(2, 0, 2), 0);
    check_output(output_of(no_outputs, pattern(0, PRUNE_SHAPE(4, 3))), PRUNE_SHAPE(4, 0), 0);
    fill_pattern(prune_module_get_tensor(no_inputs, "bias"), 3);
    y = output_of(no_inputs, pattern(0, PRUNE_SHAPE(2, 0)));
    assert_values(y, -2, 5, -2, 5);
    prune_tensor_release(y);
    prune_module_release(layer);
    prune_module_release(no_inputs);
    prune_module_release(no_outputs);
}

static void nan_and_infinity_pass_through(void **state)
{
    (void)state;
    prune_module *layer = linear(2, 1, false);
    fill_parameters(layer); /* -5 2 */
    prune_tensor *y = output_of(
        layer, values_of((const float[]){ INFINITY, 1, NAN, 0, 0, INFINITY, INFINITY, INFINITY }, PRUNE_SHAPE(4, 2)));
    assert_values(y, -INFINITY, NAN, INFINITY, NAN);
    prune_tensor_release(y);
    prune_module_release(layer);
}

/* ---- Parameters ---- */

static void an_attribute_or_a_strided_tensor_serves_as_weight(void **state)
{
    (void)state;
    prune_module *layer = linear(2, 2, false);
    prune_tensor *t = pattern(0, PRUNE_SHAPE(2, 2)), *turned = NULL;
    assert_ok(prune_module_delete(layer, "weight"));
    assert_ok(prune_tensor_transpose(&turned, t, 0, 1));
    assert_ok(prune_module_set_tensor(layer, "weight", turned));
    assert_int_equal(prune_module_kind(layer, "weight"), PRUNE_KIND_ATTRIBUTE);
    prune_tensor *y = output_of(layer, values_of((const float[]){ 1, 10 }, PRUNE_SHAPE(2)));
    assert_values(y, -25, 52); /* weight -5 -2, 2 5 */
    prune_tensor_release(y);
    prune_tensor_release(t);
    prune_tensor_release(turned);
    prune_module_release(layer);
}

static void a_bias_of_one_element_broadcasts(void **state)
{
    (void)state;
    prune_module *layer = linear(2, 3, true);
    prune_tensor *one = values_of((const float[]){ 7 }, PRUNE_SHAPE(1)), *two = pattern(0, PRUNE_SHAPE(2));
    fill_parameters(layer);
    assert_ok(prune_module_register_parameter(layer, "bias", one));
    prune_tensor *y = output_of(layer, values_of((const float[]){ 0, 0 }, PRUNE_SHAPE(2)));
    assert_values(y, 7, 7, 7);
    prune_tensor_release(y);
    assert_ok(prune_module_register_parameter(layer, "bias", two));
    y = pattern(0, PRUNE_SHAPE(4, 2));
    assert_call_fails(layer, y, PRUNE_ERROR_RUNTIME, "must match the existing size (2)");
    prune_tensor_release(y);
    prune_tensor_release(one);
    prune_tensor_release(two);
    prune_module_release(layer);
}

static void parameters_come_in_order(void **state)
{
    (void)state;
    prune_module *layer = linear(2, 3, true), *bare = linear(2, 3, false);
    prune_dict *parameters = NULL;
    assert_ok(prune_module_named_parameters(&parameters, layer, true));
    assert_int_equal(prune_dict_size(parameters), 2);
    assert_string_equal(prune_dict_key(parameters, 0), "weight");
    assert_string_equal(prune_dict_key(parameters, 1), "bias");
    assert_shape(prune_dict_value(parameters, 0), 3, 2);
    assert_shape(prune_dict_value(parameters, 1), 3);
    assert_true(prune_tensor_requires_grad(prune_dict_value(parameters, 0)));
    prune_dict_release(parameters);
    assert_int_equal(prune_module_kind(bare, "bias"), PRUNE_KIND_PARAMETER);
    assert_null(prune_module_get_tensor(bare, "bias"));
    assert_true(prune_module_training(layer));
    assert_string_equal(prune_module_type_name(layer), "Linear");
    prune_module_release(layer);
    prune_module_release(bare);
}

static void it_prints_as_in_torch(void **state)
{
    (void)state;
    prune_module *layer = linear(256, 120, true), *bare = linear(1, 0, false);
    assert_prints(layer, "Linear(in_features=256, out_features=120, bias=True)");
    assert_prints(bare, "Linear(in_features=1, out_features=0, bias=False)");
    prune_module_release(layer);
    prune_module_release(bare);
}

/* ---- Errors ---- */

static void wrong_arguments_are_named(void **state)
{
    (void)state;
    prune_linear_options options = PRUNE_LINEAR_OPTIONS_INIT;
    prune_module *layer = NULL;
    prune_tensor *before = NULL, *after = NULL;
    assert_ok(prune_generator_get_state(&before, NULL));
    assert_fails(prune_linear_create(NULL, 1, 1, NULL), PRUNE_ERROR_TYPE, "'out' is NULL");
    assert_fails(prune_linear_create(&layer, -1, 2, NULL), PRUNE_ERROR_RUNTIME,
                 "Trying to create tensor with negative dimension -1: [2, -1]");
    assert_fails(prune_linear_create(&layer, -1, -2, NULL), PRUNE_ERROR_RUNTIME,
                 "Trying to create tensor with negative dimension -2: [-2, -1]");
    assert_fails(prune_linear_create(&layer, INT64_MAX, INT64_MAX, NULL), PRUNE_ERROR_MEMORY, "does not fit");
    options.size = 1;
    assert_fails(prune_linear_create(&layer, 1, 1, &options), PRUNE_ERROR_VALUE, "size field is 1");
    assert_null(layer);
    assert_ok(prune_generator_get_state(&after, NULL));
    assert_same_bits(before, after);
    prune_tensor_release(before);
    prune_tensor_release(after);
}

static void shapes_that_do_not_fit_are_refused_in_torchs_words(void **state)
{
    (void)state;
    prune_module *layer = linear(3, 2, true);
    const struct {
        int64_t sizes[4], ndim;
        const char *words;
    } wrong[] = {
        { { 4, 5 }, 2, "mat1 and mat2 shapes cannot be multiplied (4x5 and 3x2)" },
        { { 2, 3, 4, 5 }, 4, "mat1 and mat2 shapes cannot be multiplied (24x5 and 3x2)" },
        { { 5 }, 1, "mat1 and mat2 shapes cannot be multiplied (1x5 and 3x2)" },
        { { 2, 0 }, 2, "mat1 and mat2 shapes cannot be multiplied (2x0 and 3x2)" },
        { { 0 }, 0, "both arguments to linear need to be at least 1D, but they are 0D and 2D" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        prune_tensor *x = pattern(0, wrong[i].sizes, wrong[i].ndim);
        assert_call_fails(layer, x, PRUNE_ERROR_RUNTIME, wrong[i].words);
        prune_tensor_release(x);
    }
    prune_module_release(layer);
}

static void a_missing_weight_is_named(void **state)
{
    (void)state;
    prune_module *layer = linear(3, 2, true);
    prune_tensor *x = pattern(0, PRUNE_SHAPE(3)), *cube = pattern(0, PRUNE_SHAPE(2, 3, 1)), *integers = NULL;
    assert_ok(prune_tensor_zeros(&integers, PRUNE_SHAPE(2, 3), PRUNE_INT64));
    assert_ok(prune_module_register_parameter(layer, "weight", cube));
    assert_call_fails(layer, x, PRUNE_ERROR_RUNTIME, "mat2 must be a matrix, got 3-D tensor");
    assert_ok(prune_module_register_parameter(layer, "weight", integers));
    assert_call_fails(layer, x, PRUNE_ERROR_UNSUPPORTED, "torch.int64");
    assert_ok(prune_module_register_parameter(layer, "weight", NULL));
    assert_call_fails(layer, x, PRUNE_ERROR_TYPE, "argument 'weight' must be Tensor, not NoneType");
    assert_ok(prune_module_delete(layer, "weight"));
    assert_call_fails(layer, x, PRUNE_ERROR_ATTRIBUTE, "'Linear' object has no attribute 'weight'");
    prune_tensor_release(x);
    prune_tensor_release(cube);
    prune_tensor_release(integers);
    prune_module_release(layer);
}

static void other_dtypes_and_counts_are_unsupported(void **state)
{
    (void)state;
    prune_module *layer = linear(3, 2, true);
    prune_tensor *x = NULL, *y[2] = { NULL, NULL };
    assert_ok(prune_tensor_zeros(&x, PRUNE_SHAPE(3), PRUNE_FLOAT64));
    assert_call_fails(layer, x, PRUNE_ERROR_UNSUPPORTED, "torch.float64");
    assert_fails(prune_module_call_many(y, 2, layer, &x, 1), PRUNE_ERROR_UNSUPPORTED,
                 "Linear takes one input and gives one output, not 1 and 2");
    assert_fails(prune_module_call_many(y, 1, layer, NULL, 0), PRUNE_ERROR_UNSUPPORTED, "not 0 and 1");
    prune_tensor_release(x);
    prune_module_release(layer);
}

/* ---- Memory ---- */

static prune_status make(void *context)
{
    trial *t = context;
    return prune_linear_create(&t->layer, 3, 2, NULL);
}

static void running_out_of_memory_changes_nothing(void **state)
{
    (void)state;
    trial t = { 0 };
    note_state(&t);
    try_every_allocation(make, nothing_made, unmake, &t);
    prune_tensor_release(t.state);
    t.layer = linear(3, 2, true);
    prune_tensor *one = values_of((const float[]){ 7 }, PRUNE_SHAPE(1));
    assert_ok(prune_module_register_parameter(t.layer, "bias", one));
    t.x = strided(pattern(5, PRUNE_SHAPE(20, 3)));
    try_every_allocation(call, no_output, drop_output, &t);
    prune_tensor_release(one);
    prune_tensor_release(t.x);
    prune_module_release(t.layer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_are_torchs),
        cmocka_unit_test(inputs_may_have_any_strides),
        cmocka_unit_test(values_are_added_to_the_bias),
        cmocka_unit_test(a_row_gives_the_same_bits_wherever_it_stands),
        cmocka_unit_test(empty_sizes_work),
        cmocka_unit_test(nan_and_infinity_pass_through),
        cmocka_unit_test(an_attribute_or_a_strided_tensor_serves_as_weight),
        cmocka_unit_test(a_bias_of_one_element_broadcasts),
        cmocka_unit_test(parameters_come_in_order),
        cmocka_unit_test(it_prints_as_in_torch),
        cmocka_unit_test(wrong_arguments_are_named),
        cmocka_unit_test(shapes_that_do_not_fit_are_refused_in_torchs_words),
        cmocka_unit_test(a_missing_weight_is_named),
        cmocka_unit_test(other_dtypes_and_counts_are_unsupported),
        cmocka_unit_test(running_out_of_memory_changes_nothing),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
