/* Pruning a parameter: names, order, bits, draws, scores, hooks. Expected values are PyTorch's. */
#include "pruning.h"

#define TWELVE 3, -1, 2, -4, 0, 5, -6, 0.5f, -7, 8, -9, 1

static void run_hooks(prune_module *module)
{
    assert_ok(prune_module_run_forward_pre_hooks(module, false));
}

/* ---- The first prune ---- */

static void the_first_prune_moves_the_parameter(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(3, 4), TWELVE);
    add_parameter(net, "bias", PRUNE_SHAPE(3), (const float[]){ 1, 2, 3 });
    prune_tensor *parameter = weight_of(net);
    const float *data = prune_tensor_data(parameter);
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(4), NULL));
    assert_names(net, "bias weight_orig", "weight_mask", "weight");
    assert_ptr_equal(orig_of(net), parameter);
    assert_ptr_equal(prune_module_get_parameter(net, "weight_orig"), parameter);
    assert_ptr_equal(prune_tensor_data(parameter), data);
    assert_values(parameter, TWELVE);
    assert_values(mask_of(net), 1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 1, 0);
    assert_values(weight_of(net), 3, -0.0f, 2, -4, 0, 5, -6, 0, -7, 8, -9, 0);
    assert_shape(mask_of(net), 3, 4);
    assert_int_equal(prune_module_kind(net, "weight"), PRUNE_KIND_ATTRIBUTE);
    prune_module_release(net);
}

static void the_mask_is_a_persistent_buffer(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(2), 1, 2);
    assert_ok(prune_identity(net, "weight"));
    prune_dict *dict = NULL;
    assert_ok(prune_module_state_dict(&dict, net, false));
    assert_int_equal(prune_dict_size(dict), 2);
    assert_string_equal(prune_dict_key(dict, 0), "weight_orig");
    assert_string_equal(prune_dict_key(dict, 1), "weight_mask");
    assert_false(prune_tensor_requires_grad(mask_of(net)));
    prune_dict_release(dict);
    prune_module_release(net);
}

static void the_product_is_a_real_one(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(5), INFINITY, NAN, -1, 2, -INFINITY);
    prune_tensor *mask = make_tensor(PRUNE_SHAPE(5), 0, 0, 0, 0.5f, -1);
    assert_ok(prune_custom_from_mask(net, "weight", mask));
    assert_values(weight_of(net), NAN, NAN, -0.0f, 1, INFINITY);
    assert_values(mask_of(net), 0, 0, 0, 0.5f, -1);
    prune_tensor_release(mask);
    prune_module_release(net);
}

static void nan_is_pruned_last_and_infinity_is_large(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(2, 2), 1, NAN, INFINITY, -2);
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(3), NULL));
    assert_values(mask_of(net), 0, 1, 0, 0);
    assert_values(weight_of(net), 0, NAN, NAN, -0.0f);
    prune_module_release(net);
}

static void ties_are_pytorchs(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(2, 3), 0, 0, 0, 0, 0, 0);
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(2), NULL));
    assert_values(mask_of(net), 1, 1, 1, 0, 1, 0);
    assert_ok(prune_l1_unstructured(net, "weight", prune_fraction(0.5), NULL));
    assert_values(mask_of(net), 1, 1, 0, 0, 0, 0);
    prune_module_release(net);
}

static void ties_may_be_broken_by_lowest_index(void **state)
{
    (void)state;
    prune_method_options options = PRUNE_METHOD_OPTIONS_INIT;
    options.ties = PRUNE_TIES_LOWEST_INDEX;
    prune_module *net = make_module(PRUNE_SHAPE(2, 3), 0, 0, 0, 0, 0, 0);
    prune_method *l1 = NULL;
    assert_ok(prune_method_l1_unstructured(&l1, prune_count(2), &options));
    assert_ok(prune_apply(net, "weight", l1, NULL));
    assert_values(mask_of(net), 0, 0, 1, 1, 1, 1);
    assert_ok(prune_apply(net, "weight", l1, NULL));
    assert_values(mask_of(net), 0, 0, 0, 0, 1, 1);
    prune_method_release(l1);
    prune_module_release(net);
}

static void any_rank_and_no_entries_will_do(void **state)
{
    (void)state;
    prune_module *scalar = make_module(PRUNE_SCALAR, 3), *empty = make_module(PRUNE_SHAPE(2, 0), 0);
    assert_ok(prune_l1_unstructured(scalar, "weight", prune_fraction(1), NULL));
    assert_values(weight_of(scalar), 0);
    assert_int_equal(prune_tensor_ndim(mask_of(scalar)), 0);
    assert_ok(prune_l1_unstructured(scalar, "weight", prune_fraction(1), NULL));
    assert_ok(prune_l1_unstructured(empty, "weight", prune_fraction(0.5), NULL));
    assert_ok(prune_random_unstructured(empty, "weight", prune_fraction(0.5)));
    assert_shape(mask_of(empty), 2, 0);
    prune_module_release(scalar);
    prune_module_release(empty);
}

/* ---- Draws: torch.manual_seed(0) ---- */

static void assert_next_draw(float expected)
{
    prune_tensor *draw = NULL;
    assert_ok(prune_rand(&draw, PRUNE_SHAPE(1), PRUNE_FLOAT32, NULL));
    assert_values(draw, expected);
    prune_tensor_release(draw);
}

static void random_entries_are_pytorchs(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(3, 4), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
    prune_manual_seed(NULL, 0);
    assert_ok(prune_random_unstructured(net, "weight", prune_count(5)));
    assert_values(mask_of(net), 0, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1);
    assert_ok(prune_random_unstructured(net, "weight", prune_fraction(0.5)));
    assert_values(mask_of(net), 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1);
    assert_next_draw(0.28226858377456665f);
    prune_module_release(net);
}

static void pruning_nothing_draws_nothing(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(3, 4), TWELVE);
    prune_manual_seed(NULL, 0);
    assert_ok(prune_random_unstructured(net, "weight", prune_fraction(0.01)));
    assert_ok(prune_random_structured(net, "weight", prune_count(0), 0));
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(3), NULL));
    assert_ok(prune_ln_structured(net, "weight", prune_count(1), prune_norm_p(2), 0, NULL));
    assert_next_draw(0.49625658988952637f);
    prune_module_release(net);
}

/* ---- Scores ---- */

static void scores_decide_by_their_magnitude(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(4), 1, 2, 3, 4);
    prune_tensor *scores = make_tensor(PRUNE_SHAPE(4), -9, 0.5f, 1, -0.25f);
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(2), scores));
    assert_values(weight_of(net), 1, 0, 3, 0);
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), scores));
    assert_values(weight_of(net), 1, 0, 0, 0);
    prune_tensor_release(scores);
    prune_module_release(net);
}

static void scores_may_be_the_tensors_at_work(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(4), 1, 2, 3, 4);
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), weight_of(net)));
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), mask_of(net)));
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), orig_of(net)));
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), weight_of(net)));
    assert_values(mask_of(net), 0, 0, 0, 0);
    prune_module_release(net);
}

static void the_value_last_computed_is_what_is_scored(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(3), 1, 2, 3);
    assert_ok(prune_identity(net, "weight"));
    prune_tensor_data_mutable(orig_of(net))[0] = 10;
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    assert_values(mask_of(net), 0, 1, 1);
    prune_tensor_data_mutable(orig_of(net))[1] = 20;
    run_hooks(net);
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    assert_values(mask_of(net), 0, 1, 0);
    prune_module_release(net);
}

static void methods_without_use_for_scores_ignore_them(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(2), 1, 2);
    prune_tensor *scores = make_tensor(PRUNE_SHAPE(2), 5, 6);
    prune_method *identity = NULL;
    assert_ok(prune_method_identity(&identity));
    assert_ok(prune_apply(net, "weight", identity, scores));
    assert_values(weight_of(net), 1, 2);
    prune_method_release(identity);
    prune_tensor_release(scores);
    prune_module_release(net);
}

/* ---- Hooks ---- */

static void hooks_get_the_ids_that_pytorch_gives(void **state)
{
    (void)state;
    prune_module *conv1 = make_module(PRUNE_SHAPE(3, 4), TWELVE), *conv2 = make_module(PRUNE_SHAPE(3), 1, 2, 3);
    add_parameter(conv1, "bias", PRUNE_SHAPE(4), (const float[]){ 4, 3, 2, 1 });
    int64_t first = next_hook_id();
    assert_hooks(conv1, first, "");
    assert_ok(prune_random_structured(conv1, "weight", prune_count(1), 0));
    assert_hooks(conv1, first, "0 RandomStructured");
    assert_ok(prune_ln_structured(conv1, "weight", prune_fraction(0.5), prune_norm_p(2), 0, NULL));
    assert_hooks(conv1, first, "1 PruningContainer");
    assert_history(conv1, "RandomStructured LnStructured");
    assert_ok(prune_random_unstructured(conv1, "bias", prune_count(1)));
    assert_hooks(conv1, first, "1 PruningContainer, 2 RandomUnstructured");
    assert_ok(prune_l1_unstructured(conv1, "bias", prune_fraction(0.2), NULL));
    assert_ok(prune_l1_unstructured(conv2, "weight", prune_fraction(0.2), NULL));
    assert_hooks(conv1, first, "1 PruningContainer, 3 PruningContainer");
    assert_hooks(conv2, first, "4 L1Unstructured");
    assert_ok(prune_remove(conv1, "weight"));
    assert_hooks(conv1, first, "3 PruningContainer");
    assert_int_equal(next_hook_id() - first, 6);
    prune_module_release(conv1);
    prune_module_release(conv2);
}

static void pruning_nothing_registers_too(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(2), 1, 2);
    assert_false(prune_is_pruned(net));
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(0), NULL));
    assert_true(prune_is_pruned(net));
    assert_values(mask_of(net), 1, 1);
    prune_module_release(net);
}

static void pruning_hooks_are_not_removed_by_id(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(2), 1, 2);
    int64_t id;
    assert_ok(prune_identity(net, "weight"));
    assert_non_null(prune_module_forward_pre_hook(net, 0, &id));
    assert_fails(prune_module_remove_forward_pre_hook(net, id), PRUNE_ERROR_STATE, "prune_remove()");
    prune_module_release(net);
}

static void the_hook_recomputes_the_value_in_place(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(3), 1, -2, 3);
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    const float *value = prune_tensor_data(weight_of(net));
    prune_tensor_data_mutable(orig_of(net))[1] = -20;
    prune_tensor_data_mutable(mask_of(net))[2] = 0.5f;
    assert_values(weight_of(net), 0, -2, 3);
    fail_allocation(0, true); /* it allocates nothing */
    prune_status status = prune_module_run_forward_pre_hooks(net, false);
    fail_allocation(-1, false);
    assert_ok(status);
    assert_values(weight_of(net), 0, -20, 1.5f);
    assert_ptr_equal(prune_tensor_data(weight_of(net)), value);
    prune_module_release(net);
}

static prune_status note_first_value(void *context, prune_module *module, prune_tensor *const *x, int64_t nx)
{
    (void)x;
    (void)nx;
    **(float **)context = prune_tensor_data(weight_of(module))[0];
    return PRUNE_OK;
}

static void an_earlier_hook_sees_the_value_of_the_forward_before(void **state)
{
    (void)state;
    static const prune_hook_ops ops = {
        .size = sizeof ops, .type_name = "note", .context_size = sizeof(float *), .call = note_first_value
    };
    float seen = 0;
    const float *place = &seen;
    prune_module *net = make_module(PRUNE_SHAPE(1), 1);
    assert_ok(prune_module_register_forward_pre_hook(NULL, net, &ops, &place));
    assert_ok(prune_identity(net, "weight"));
    prune_tensor_data_mutable(orig_of(net))[0] = 7;
    run_hooks(net);
    assert_true(seen == 1);
    run_hooks(net);
    assert_true(seen == 7);
    prune_module_release(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_prune_moves_the_parameter),
        cmocka_unit_test(the_mask_is_a_persistent_buffer),
        cmocka_unit_test(the_product_is_a_real_one),
        cmocka_unit_test(nan_is_pruned_last_and_infinity_is_large),
        cmocka_unit_test(ties_are_pytorchs),
        cmocka_unit_test(ties_may_be_broken_by_lowest_index),
        cmocka_unit_test(any_rank_and_no_entries_will_do),
        cmocka_unit_test(random_entries_are_pytorchs),
        cmocka_unit_test(pruning_nothing_draws_nothing),
        cmocka_unit_test(scores_decide_by_their_magnitude),
        cmocka_unit_test(scores_may_be_the_tensors_at_work),
        cmocka_unit_test(the_value_last_computed_is_what_is_scored),
        cmocka_unit_test(methods_without_use_for_scores_ignore_them),
        cmocka_unit_test(hooks_get_the_ids_that_pytorch_gives),
        cmocka_unit_test(pruning_nothing_registers_too),
        cmocka_unit_test(pruning_hooks_are_not_removed_by_id),
        cmocka_unit_test(the_hook_recomputes_the_value_in_place),
        cmocka_unit_test(an_earlier_hook_sees_the_value_of_the_forward_before),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
