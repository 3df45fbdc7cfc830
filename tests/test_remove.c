/* prune.remove: names, order, and whose memory is written. */
#include "pruning.h"

/* The parameter `t` under the name weight, pruned of its least entry. */
static prune_module *pruned(prune_tensor *t)
{
    prune_module *net = NULL;
    assert_ok(prune_module_create(&net, "Net", NULL, NULL));
    assert_ok(prune_module_register_parameter(net, "weight", t));
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    return net;
}

static void the_parameter_comes_back_last(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(3), 1, -2, 3);
    add_parameter(net, "bias", PRUNE_SHAPE(1), (const float[]){ 1 });
    const prune_tensor *parameter = weight_of(net);
    const float *data = prune_tensor_data(parameter);
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(2), NULL));
    assert_ok(prune_remove(net, "weight"));
    assert_names(net, "bias weight", "", "");
    assert_ptr_equal(prune_module_get_parameter(net, "weight"), parameter);
    assert_ptr_equal(prune_tensor_data(parameter), data);
    assert_values(parameter, 0, -0.0f, 3);
    assert_true(prune_tensor_requires_grad(parameter));
    assert_false(prune_is_pruned(net));
    assert_hooks(net, 0, "");
    prune_module_release(net);
}

static void keys_are_in_pytorchs_order_at_each_step(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(2), 1, 2);
    prune_tensor *mean = make_tensor(PRUNE_SHAPE(1), 0);
    add_parameter(net, "bias", PRUNE_SHAPE(1), (const float[]){ 1 });
    assert_ok(prune_module_register_buffer(net, "mean", mean, true));
    assert_ok(prune_identity(net, "weight"));
    assert_names(net, "bias weight_orig", "mean weight_mask", "weight");
    assert_ok(prune_identity(net, "bias"));
    assert_names(net, "weight_orig bias_orig", "mean weight_mask bias_mask", "weight bias");
    assert_ok(prune_remove(net, "bias"));
    assert_names(net, "weight_orig bias", "mean weight_mask", "weight");
    assert_ok(prune_remove(net, "weight"));
    assert_names(net, "bias weight", "mean", "");
    prune_tensor_release(mean);
    prune_module_release(net);
}

static void the_value_is_computed_anew(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(3), 1, 2, 3);
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    prune_tensor_data_mutable(orig_of(net))[1] = 20;
    prune_tensor_data_mutable(mask_of(net))[2] = 0.5f;
    assert_ok(prune_remove(net, "weight"));
    assert_values(weight_of(net), 0, 20, 1.5f);
    prune_module_release(net);
}

static void afterwards_nothing_is_remembered(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(4), 1, 2, 3, 4);
    int64_t first = next_hook_id();
    assert_ok(prune_l1_unstructured(net, "weight", prune_fraction(0.5), NULL));
    assert_ok(prune_remove(net, "weight"));
    assert_ok(prune_l1_unstructured(net, "weight", prune_fraction(0.5), NULL));
    assert_values(weight_of(net), 0, 0, 3, 4);
    assert_hooks(net, first, "1 L1Unstructured");
    prune_module_release(net);
}

static void a_parameter_without_its_value_can_be_removed(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(2), 1, 2);
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    assert_ok(prune_module_delete(net, "weight"));
    assert_ok(prune_remove(net, "weight"));
    assert_names(net, "weight", "", "");
    assert_values(weight_of(net), 0, 2);
    prune_module_release(net);
}

/* ---- Memory ---- */

static void who_shares_the_object_sees_it(void **state)
{
    (void)state;
    prune_tensor *t = make_tensor(PRUNE_SHAPE(2), 1, 2);
    prune_module *tied = NULL, *net = pruned(t);
    assert_ok(prune_module_create(&tied, "Net", NULL, NULL));
    assert_ok(prune_module_register_parameter(tied, "weight", t));
    assert_ok(prune_remove(net, "weight"));
    assert_ptr_equal(weight_of(tied), weight_of(net));
    assert_values(weight_of(tied), 0, 2);
    prune_tensor_release(t);
    prune_module_release(tied);
    prune_module_release(net);
}

static void who_shares_the_memory_keeps_the_old_values(void **state)
{
    (void)state;
    prune_tensor *t = make_tensor(PRUNE_SHAPE(2, 2), 1, 2, 3, 4), *view = NULL;
    prune_module *net = pruned(t);
    assert_ok(prune_tensor_flatten(&view, t, 0, -1));
    assert_ok(prune_remove(net, "weight"));
    assert_values(view, 1, 2, 3, 4);
    assert_values(weight_of(net), 0, 2, 3, 4);
    assert_ptr_equal(weight_of(net), t);
    prune_tensor_release(t);
    prune_tensor_release(view);
    prune_module_release(net);
}

static void a_kept_state_dict_survives(void **state)
{
    (void)state;
    prune_tensor *t = make_tensor(PRUNE_SHAPE(2), 1, 2);
    prune_module *net = pruned(t);
    prune_dict *dict = NULL;
    assert_ok(prune_module_state_dict(&dict, net, false));
    assert_ok(prune_remove(net, "weight"));
    assert_values(prune_dict_get(dict, "weight_orig"), 1, 2);
    assert_values(prune_dict_get(dict, "weight_mask"), 0, 1);
    assert_values(weight_of(net), 0, 2);
    prune_tensor_release(t);
    prune_dict_release(dict);
    prune_module_release(net);
}

static void a_wrapped_array_is_written_shared_or_not(void **state)
{
    (void)state;
    float array[] = { 1, 2, 99, 3, 4, 99 };
    const int64_t strides[] = { 3, 1 };
    prune_blob_options options = PRUNE_BLOB_OPTIONS_INIT;
    options.strides = strides;
    prune_tensor *t = NULL, *view = NULL;
    assert_ok(prune_tensor_from_blob(&t, array, PRUNE_SHAPE(2, 2), &options));
    prune_module *net = pruned(t);
    assert_ok(prune_tensor_select(&view, t, 0, 0));
    assert_ok(prune_remove(net, "weight"));
    assert_memory_equal(array, ((const float[]){ 0, 2, 99, 3, 4, 99 }), sizeof array);
    assert_ptr_equal(prune_tensor_data(weight_of(net)), array);
    assert_values(view, 0, 2);
    prune_tensor_release(t);
    prune_tensor_release(view);
    prune_module_release(net);
}

static void read_only_memory_is_left_for_new(void **state)
{
    (void)state;
    static const float constant[] = { 1, 2 };
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_from_const_blob(&t, constant, PRUNE_SHAPE(2), NULL));
    prune_module *net = pruned(t);
    assert_ok(prune_remove(net, "weight"));
    assert_true(constant[0] == 1);
    assert_ptr_equal(weight_of(net), t);
    assert_values(t, 0, 2);
    assert_non_null(prune_tensor_data_mutable(t));
    prune_tensor_release(t);
    prune_module_release(net);
}

static void elements_that_share_memory_get_their_own(void **state)
{
    (void)state;
    float array[] = { 1, 2, 3 };
    const int64_t overlapping[] = { 1, 1 };
    prune_blob_options options = PRUNE_BLOB_OPTIONS_INIT;
    options.strides = overlapping;
    prune_tensor *t = NULL, *one = make_tensor(PRUNE_SHAPE(1), 5), *expanded = NULL;
    assert_ok(prune_tensor_from_blob(&t, array, PRUNE_SHAPE(2, 2), &options));
    prune_module *net = pruned(t);
    assert_ok(prune_remove(net, "weight"));
    assert_values(weight_of(net), 0, 2, 2, 3);
    assert_true(array[0] == 1);
    prune_module_release(net);
    assert_ok(prune_tensor_expand(&expanded, one, PRUNE_SHAPE(3)));
    net = pruned(expanded);
    assert_ok(prune_remove(net, "weight"));
    assert_values(one, 5);
    double sum = 0;
    for (int i = 0; i < 3; i++)
        sum += (double)prune_tensor_data(weight_of(net))[i];
    assert_true(sum == 10);
    prune_tensor_release(t);
    prune_tensor_release(one);
    prune_tensor_release(expanded);
    prune_module_release(net);
}

static void a_permuted_parameter_keeps_its_order(void **state)
{
    (void)state;
    prune_tensor *t = make_tensor(PRUNE_SHAPE(2, 3), 1, 2, 3, 4, 5, 6), *transposed = NULL;
    assert_ok(prune_tensor_transpose(&transposed, t, 0, 1));
    prune_module *net = pruned(transposed);
    assert_ok(prune_remove(net, "weight")); /* t shares the memory */
    assert_values(t, 1, 2, 3, 4, 5, 6);
    assert_values(weight_of(net), 0, 4, 2, 5, 3, 6);
    assert_int_equal(prune_tensor_strides(weight_of(net))[0], 1);
    assert_int_equal(prune_tensor_strides(weight_of(net))[1], 3);
    prune_tensor_release(t);
    prune_tensor_release(transposed);
    prune_module_release(net);
}

static void a_frozen_parameter_stays_frozen(void **state)
{
    (void)state;
    prune_tensor *t = make_tensor(PRUNE_SHAPE(2), 1, 2);
    prune_module *net = pruned(t);
    assert_ok(prune_tensor_set_requires_grad(t, false));
    assert_ok(prune_remove(net, "weight"));
    assert_false(prune_tensor_requires_grad(weight_of(net)));
    prune_tensor_release(t);
    prune_module_release(net);
}

/* ---- Failures ---- */

static void what_is_not_pruned_cannot_be_removed(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(2), 1, 2), *child = make_module(PRUNE_SHAPE(2), 1, 2);
    assert_ok(prune_module_register_module(net, "fc", child));
    assert_ok(prune_identity(child, "weight"));
    assert_fails(prune_remove(net, "weight"), PRUNE_ERROR_VALUE,
                 "Parameter 'weight' of module Net(\n  (fc): Net()\n) has to be pruned before pruning can be removed");
    assert_fails(prune_remove(net, "nope"), PRUNE_ERROR_VALUE, "Parameter 'nope' of module Net(");
    assert_fails(prune_remove(net, "fc.weight"), PRUNE_ERROR_VALUE, "Parameter 'fc.weight' of module Net(");
    assert_fails(prune_remove(NULL, "weight"), PRUNE_ERROR_TYPE, "'module'");
    assert_fails(prune_remove(net, NULL), PRUNE_ERROR_TYPE, "'name'");
    prune_module_release(net);
    prune_module_release(child);
}

static void what_is_missing_is_named_and_nothing_is_changed(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(2), 1, 2);
    assert_ok(prune_identity(net, "weight"));
    prune_tensor *mask = prune_tensor_retain(mask_of(net)), *orig = prune_tensor_retain(orig_of(net));
    prune_tensor *wide = make_tensor(PRUNE_SHAPE(3), 1, 1, 1);
    assert_ok(prune_module_set_tensor(net, "weight_mask", wide));
    char *before = describe(net);
    assert_fails(prune_remove(net, "weight"), PRUNE_ERROR_RUNTIME,
                 "The size of tensor a (3) must match the size of tensor b (2) at non-singleton dimension 0");
    assert_as_described(net, before);
    assert_ok(prune_module_delete(net, "weight_mask"));
    before = describe(net);
    assert_fails(prune_remove(net, "weight"), PRUNE_ERROR_ATTRIBUTE, "'Net' object has no attribute 'weight_mask'");
    assert_as_described(net, before);
    assert_ok(prune_module_set_tensor(net, "weight_mask", mask)); /* a plain attribute now */
    assert_fails(prune_remove(net, "weight"), PRUNE_ERROR_KEY, "weight_mask");
    assert_ok(prune_module_delete(net, "weight_mask"));
    assert_ok(prune_module_register_buffer(net, "weight_mask", mask, true));
    assert_ok(prune_module_delete(net, "weight_orig"));
    assert_fails(prune_remove(net, "weight"), PRUNE_ERROR_ATTRIBUTE, "'Net' object has no attribute 'weight_orig'");
    assert_ok(prune_module_register_parameter(net, "weight_orig", orig));
    assert_ok(prune_remove(net, "weight"));
    prune_tensor_release(mask);
    prune_tensor_release(orig);
    prune_tensor_release(wide);
    prune_module_release(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_parameter_comes_back_last),
        cmocka_unit_test(keys_are_in_pytorchs_order_at_each_step),
        cmocka_unit_test(the_value_is_computed_anew),
        cmocka_unit_test(afterwards_nothing_is_remembered),
        cmocka_unit_test(a_parameter_without_its_value_can_be_removed),
        cmocka_unit_test(who_shares_the_object_sees_it),
        cmocka_unit_test(who_shares_the_memory_keeps_the_old_values),
        cmocka_unit_test(a_kept_state_dict_survives),
        cmocka_unit_test(a_wrapped_array_is_written_shared_or_not),
        cmocka_unit_test(read_only_memory_is_left_for_new),
        cmocka_unit_test(elements_that_share_memory_get_their_own),
        cmocka_unit_test(a_permuted_parameter_keeps_its_order),
        cmocka_unit_test(a_frozen_parameter_stays_frozen),
        cmocka_unit_test(what_is_not_pruned_cannot_be_removed),
        cmocka_unit_test(what_is_missing_is_named_and_nothing_is_changed),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
