/* A parameter while it is pruned: whose memory is what, what is rewritten, what is left alone. */
#include "pruning.h"

#define TWELVE 3, -1, 2, -4, 0, 5, -6, 0.5f, -7, 8, -9, 1

static void run_hooks(prune_module *module)
{
    assert_ok(prune_module_run_forward_pre_hooks(module, false));
}

/* ---- Later prunes ---- */

static void later_prunes_see_what_is_left(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(3, 4), TWELVE);
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(4), NULL));
    assert_ok(prune_l1_unstructured(net, "weight", prune_fraction(0.25), NULL));
    assert_values(mask_of(net), 0, 0, 0, 1, 0, 1, 1, 0, 1, 1, 1, 0);
    assert_ok(prune_ln_structured(net, "weight", prune_count(1), prune_norm_p(2), 0, NULL));
    assert_values(mask_of(net), 0, 0, 0, 0, 0, 1, 1, 0, 1, 1, 1, 0);
    assert_ok(prune_ln_structured(net, "weight", prune_count(1), prune_norm_p(1), 1, NULL));
    assert_values(mask_of(net), 0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0);
    assert_ok(prune_identity(net, "weight"));
    assert_values(weight_of(net), 0, -0.0f, 0, -0.0f, 0, 5, -6, 0, -0.0f, 8, -9, 0);
    assert_names(net, "weight_orig", "weight_mask", "weight");
    assert_history(net, "L1Unstructured L1Unstructured LnStructured LnStructured Identity");
    prune_module_release(net);
}

static void half_of_a_hundred_three_times_leaves_thirteen(void **state)
{
    (void)state;
    static const int64_t left[] = { 50, 25, 13 };
    prune_module *net = NULL;
    prune_tensor *weight = NULL;
    assert_ok(prune_module_create(&net, "Net", NULL, NULL));
    assert_ok(prune_tensor_arange(&weight, 1, 101, 1, PRUNE_FLOAT32));
    assert_ok(prune_module_register_parameter(net, "weight", weight));
    for (int i = 0; i < 3; i++) {
        prune_sparsity_counts counts;
        assert_ok(prune_l1_unstructured(net, "weight", prune_fraction(0.5), NULL));
        assert_ok(prune_sparsity(&counts, net, "weight"));
        assert_int_equal(counts.entries - counts.zeros, left[i]);
    }
    prune_tensor_release(weight);
    prune_module_release(net);
}

static void the_value_is_one_tensor_until_it_is_removed(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(4), 1, 2, 3, 4);
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    prune_tensor *value = weight_of(net);
    const float *data = prune_tensor_data(value);
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    run_hooks(net);
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    assert_ptr_equal(weight_of(net), value);
    assert_ptr_equal(prune_tensor_data(value), data);
    assert_values(value, 0, 0, 0, 4);
    prune_module_release(net);
}

static void the_mask_is_rewritten_in_place(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(4), 1, 2, 3, 4);
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    const prune_tensor *mask = mask_of(net);
    const float *data = prune_tensor_data(mask);
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    assert_ptr_equal(mask_of(net), mask);
    assert_ptr_equal(prune_tensor_data(mask), data);
    assert_values(mask, 0, 0, 1, 1);
    prune_module_release(net);
}

static void a_mask_that_somebody_keeps_keeps_its_values(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(4), 1, 2, 3, 4);
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    prune_tensor *kept = prune_tensor_retain(mask_of(net));
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    assert_values(kept, 0, 1, 1, 1);
    assert_values(mask_of(net), 0, 0, 1, 1);
    prune_tensor *view = NULL;
    assert_ok(prune_tensor_view(&view, mask_of(net), PRUNE_SHAPE(2, 2)));
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    assert_values(view, 0, 0, 1, 1);
    assert_values(mask_of(net), 0, 0, 0, 1);
    prune_tensor_release(kept);
    prune_tensor_release(view);
    prune_module_release(net);
}

static void a_kept_state_dict_keeps_its_mask(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(4), 1, 2, 3, 4);
    prune_dict *dict = NULL;
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    assert_ok(prune_module_state_dict(&dict, net, false));
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    assert_values(prune_dict_get(dict, "weight_mask"), 0, 1, 1, 1);
    assert_values(mask_of(net), 0, 0, 1, 1);
    prune_dict_release(dict);
    prune_module_release(net);
}

static void a_mask_in_read_only_memory_is_replaced(void **state)
{
    (void)state;
    static const float constant[] = { 1, 0, 1, 1 };
    prune_module *net = make_module(PRUNE_SHAPE(4), 1, 2, 3, 4);
    prune_tensor *mask = NULL;
    assert_ok(prune_identity(net, "weight"));
    assert_ok(prune_tensor_from_const_blob(&mask, constant, PRUNE_SHAPE(4), NULL));
    assert_ok(prune_module_set_tensor(net, "weight_mask", mask));
    prune_tensor_release(mask);
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    assert_values(mask_of(net), 0, 0, 1, 1);
    prune_module_release(net);
}

static void a_mask_of_another_dtype_is_converted(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(3), 1, 2, 3);
    prune_tensor *mask = NULL;
    assert_ok(prune_identity(net, "weight"));
    assert_ok(prune_tensor_ones(&mask, PRUNE_SHAPE(3), PRUNE_BOOL));
    assert_ok(prune_tensor_set(mask, PRUNE_SHAPE(1), 0));
    assert_ok(prune_module_set_tensor(net, "weight_mask", mask));
    prune_tensor_release(mask);
    run_hooks(net);
    assert_values(weight_of(net), 1, 0, 3);
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    assert_int_equal(prune_tensor_dtype(mask_of(net)), PRUNE_FLOAT32);
    assert_values(mask_of(net), 0, 0, 1);
    prune_module_release(net);
}

/* ---- Memory of all kinds ---- */

static void a_wrapped_array_stays_the_original(void **state)
{
    (void)state;
    float array[] = { 1, -2, 3 };
    static const float constant[] = { 1, -2, 3 };
    prune_module *net = NULL;
    prune_tensor *t = NULL, *fixed = NULL;
    assert_ok(prune_module_create(&net, "Linear", NULL, NULL));
    assert_ok(prune_tensor_from_blob(&t, array, PRUNE_SHAPE(3), NULL));
    assert_ok(prune_tensor_from_const_blob(&fixed, constant, PRUNE_SHAPE(3), NULL));
    assert_ok(prune_module_register_parameter(net, "weight", t));
    assert_ok(prune_module_register_parameter(net, "fixed", fixed));
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    assert_ok(prune_l1_unstructured(net, "fixed", prune_count(2), NULL));
    assert_ptr_equal(prune_tensor_data(orig_of(net)), array);
    assert_true(array[0] == 1);
    assert_values(weight_of(net), 0, -2, 3);
    assert_values(prune_module_get_tensor(net, "fixed"), 0, -0.0f, 3);
    array[2] = 30;
    run_hooks(net);
    assert_values(weight_of(net), 0, -2, 30);
    prune_tensor_release(t);
    prune_tensor_release(fixed);
    prune_module_release(net);
}

static void a_permuted_parameter_keeps_its_order_in_memory(void **state)
{
    (void)state;
    prune_module *net = NULL;
    prune_tensor *t = make_tensor(PRUNE_SHAPE(2, 3), 6, 5, 4, 3, 2, 1), *transposed = NULL;
    assert_ok(prune_tensor_transpose(&transposed, t, 0, 1)); /* 6 3 | 5 2 | 4 1 */
    assert_ok(prune_module_create(&net, "Net", NULL, NULL));
    assert_ok(prune_module_register_parameter(net, "weight", transposed));
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(2), NULL));
    assert_values(mask_of(net), 1, 1, 1, 0, 1, 0);
    assert_values(weight_of(net), 6, 3, 5, 0, 4, 0);
    assert_int_equal(prune_tensor_strides(weight_of(net))[0], 1);
    assert_int_equal(prune_tensor_strides(mask_of(net))[1], 3);
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    assert_values(weight_of(net), 6, 0, 5, 0, 4, 0);
    assert_int_equal(prune_tensor_strides(mask_of(net))[1], 3);
    assert_ok(prune_ln_structured(net, "weight", prune_count(1), prune_norm_p(2), 0, NULL));
    assert_values(weight_of(net), 6, 0, 5, 0, 0, 0);
    prune_tensor_release(t);
    prune_tensor_release(transposed);
    prune_module_release(net);
}

static void a_parameter_with_gaps_gets_a_dense_value(void **state)
{
    (void)state;
    float array[] = { 1, 2, 99, 3, 4, 99 };
    const int64_t strides[] = { 3, 1 };
    prune_blob_options options = PRUNE_BLOB_OPTIONS_INIT;
    options.strides = strides;
    prune_module *net = NULL;
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_from_blob(&t, array, PRUNE_SHAPE(2, 2), &options));
    assert_ok(prune_module_create(&net, "Net", NULL, NULL));
    assert_ok(prune_module_register_parameter(net, "weight", t));
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    assert_values(weight_of(net), 0, 2, 3, 4);
    assert_true(prune_tensor_is_contiguous(weight_of(net)));
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    assert_values(weight_of(net), 0, 0, 3, 4);
    prune_tensor_release(t);
    prune_module_release(net);
}

/* ---- Flags, ties, leftovers ---- */

static void the_value_shows_whether_its_parameter_is_frozen(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(2), 1, 2);
    char *text = NULL;
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    assert_true(prune_tensor_requires_grad(weight_of(net)));
    assert_ok(prune_tensor_to_string(&text, weight_of(net), NULL));
    assert_string_equal(text, "tensor([0., 2.], grad_fn=<MulBackward0>)");
    prune_free(text);
    assert_ok(prune_tensor_set_requires_grad(orig_of(net), false));
    run_hooks(net);
    assert_false(prune_tensor_requires_grad(weight_of(net)));
    assert_ok(prune_tensor_to_string(&text, weight_of(net), NULL));
    assert_string_equal(text, "tensor([0., 2.])");
    prune_free(text);
    prune_module_release(net);
}

/* Frozen, it could become a parameter; then its own parameter was not frozen any more. */
static void a_value_with_a_gradient_is_no_parameter(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(2), 1, 2), *other = make_module(PRUNE_SHAPE(1), 3);
    assert_ok(prune_tensor_set_requires_grad(weight_of(net), false));
    assert_ok(prune_identity(net, "weight"));
    assert_ok(prune_module_register_parameter(other, "frozen", weight_of(net)));
    assert_ok(prune_tensor_set_requires_grad(orig_of(net), true));
    run_hooks(net);
    assert_fails(prune_module_register_parameter(other, "weight", weight_of(net)), PRUNE_ERROR_VALUE,
                 "Cannot assign non-leaf Tensor to parameter 'weight': it is the value of a pruned parameter");
    assert_fails(prune_module_set_tensor(other, "weight", weight_of(net)), PRUNE_ERROR_VALUE,
                 "Cannot assign non-leaf Tensor to parameter 'weight': it is the value of a pruned parameter");
    assert_values(weight_of(other), 3);
    prune_module_release(net);
    prune_module_release(other);
}

static void a_tied_parameter_is_pruned_where_it_was_asked(void **state)
{
    (void)state;
    prune_module *a = make_module(PRUNE_SHAPE(2), 1, 2), *b = NULL;
    assert_ok(prune_module_create(&b, "Net", NULL, NULL));
    assert_ok(prune_module_register_parameter(b, "weight", weight_of(a)));
    assert_ok(prune_l1_unstructured(a, "weight", prune_count(1), NULL));
    assert_names(b, "weight", "", "");
    assert_values(weight_of(b), 1, 2);
    assert_ptr_equal(orig_of(a), weight_of(b));
    prune_module_release(a);
    prune_module_release(b);
}

static void leftovers_of_the_same_kind_are_replaced_in_their_place(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(2), 1, 2);
    prune_tensor *left_mask = make_tensor(PRUNE_SHAPE(3), 7, 7, 7), *other = make_tensor(PRUNE_SHAPE(1), 5);
    add_parameter(net, "weight_orig", PRUNE_SHAPE(1), (const float[]){ 9 });
    add_parameter(net, "bias", PRUNE_SHAPE(1), (const float[]){ 9 });
    assert_ok(prune_module_register_buffer(net, "weight_mask", left_mask, false));
    assert_ok(prune_module_register_buffer(net, "other", other, true));
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    assert_names(net, "weight_orig bias", "weight_mask other", "weight");
    assert_values(mask_of(net), 0, 1);
    assert_values(orig_of(net), 1, 2);
    assert_values(left_mask, 7, 7, 7);
    prune_dict *dict = NULL; /* the buffer left over was not persistent, the mask is */
    assert_ok(prune_module_state_dict(&dict, net, false));
    assert_values(prune_dict_get(dict, "weight_mask"), 0, 1);
    prune_dict_release(dict);
    prune_tensor_release(left_mask);
    prune_tensor_release(other);
    prune_module_release(net);
}

/* ---- When the names are touched meanwhile ---- */

static void a_value_that_was_replaced_comes_back(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(2), 1, 2);
    prune_tensor *own = make_tensor(PRUNE_SHAPE(2), 8, 9);
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    const prune_tensor *value = weight_of(net);
    assert_ok(prune_module_set_tensor(net, "weight", own));
    run_hooks(net);
    assert_ptr_equal(weight_of(net), value);
    assert_values(own, 8, 9);
    assert_ok(prune_module_delete(net, "weight"));
    run_hooks(net);
    assert_ptr_equal(weight_of(net), value);
    assert_ok(prune_module_set_tensor(net, "weight", own));
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL)); /* scored by what is there */
    assert_ptr_equal(weight_of(net), value);
    assert_values(own, 8, 9);
    prune_tensor_release(own);
    prune_module_release(net);
}

static void an_original_of_another_shape_gets_a_new_value(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(2), 1, 2);
    prune_tensor *longer = make_tensor(PRUNE_SHAPE(3), 4, 5, 6), *mask = make_tensor(PRUNE_SHAPE(3), 1, 0, 1);
    assert_ok(prune_identity(net, "weight"));
    assert_ok(prune_module_register_parameter(net, "weight_orig", longer));
    assert_fails(prune_module_run_forward_pre_hooks(net, false), PRUNE_ERROR_RUNTIME,
                 "The size of tensor a (2) must match the size of tensor b (3) at non-singleton dimension 0");
    assert_values(weight_of(net), 1, 2);
    assert_ok(prune_module_set_tensor(net, "weight_mask", mask));
    run_hooks(net);
    assert_values(weight_of(net), 4, 0, 6);
    run_hooks(net);
    prune_tensor_release(longer);
    prune_tensor_release(mask);
    prune_module_release(net);
}

static void the_hook_names_what_is_missing(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(2), 1, 2);
    assert_ok(prune_identity(net, "weight"));
    prune_tensor *orig = prune_tensor_retain(orig_of(net)), *doubles = NULL;
    assert_ok(prune_tensor_to(&doubles, orig, PRUNE_FLOAT64));
    assert_ok(prune_module_register_parameter(net, "weight_orig", doubles));
    assert_fails(prune_module_run_forward_pre_hooks(net, false), PRUNE_ERROR_UNSUPPORTED, "weight_orig");
    assert_ok(prune_module_register_parameter(net, "weight_orig", NULL));
    assert_fails(prune_module_run_forward_pre_hooks(net, false), PRUNE_ERROR_ATTRIBUTE, "'weight_orig' of Net is None");
    assert_ok(prune_module_delete(net, "weight_orig"));
    assert_fails(prune_module_run_forward_pre_hooks(net, false), PRUNE_ERROR_ATTRIBUTE,
                 "'Net' object has no attribute 'weight_orig'");
    assert_ok(prune_module_register_parameter(net, "weight_orig", orig));
    assert_ok(prune_module_delete(net, "weight_mask"));
    assert_fails(prune_module_run_forward_pre_hooks(net, false), PRUNE_ERROR_ATTRIBUTE,
                 "'Net' object has no attribute 'weight_mask'");
    prune_tensor_release(orig);
    prune_tensor_release(doubles);
    prune_module_release(net);
}

static void a_parameter_in_the_values_place_is_an_error(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(2), 1, 2), *other = make_module(PRUNE_SHAPE(2), 3, 4);
    assert_ok(prune_identity(net, "weight"));
    assert_ok(prune_module_set_tensor(net, "weight", weight_of(other)));
    assert_int_equal(prune_module_kind(net, "weight"), PRUNE_KIND_PARAMETER);
    const char *words = "cannot assign 'torch.FloatTensor' as parameter 'weight' (torch.nn.Parameter or None expected)";
    assert_fails(prune_module_run_forward_pre_hooks(net, false), PRUNE_ERROR_TYPE, words);
    assert_fails(prune_identity(net, "weight"), PRUNE_ERROR_TYPE, words);
    prune_module_release(net);
    prune_module_release(other);
}

/* ---- Copies of modules ---- */

static void a_pruned_module_can_be_cloned(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(4), 1, 2, 3, 4), *copy = NULL;
    int64_t first = next_hook_id();
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    assert_ok(prune_module_clone(&copy, net));
    assert_hooks(copy, first, "1 PruningContainer");
    assert_history(copy, "L1Unstructured L1Unstructured");
    assert_ptr_not_equal(prune_applied_method(copy, "weight"), prune_applied_method(net, "weight"));
    const float *value = prune_tensor_data(weight_of(copy));
    prune_tensor_data_mutable(orig_of(copy))[3] = 40;
    assert_ok(prune_module_run_forward_pre_hooks(copy, false));
    assert_ptr_equal(prune_tensor_data(weight_of(copy)), value);
    assert_values(weight_of(copy), 0, 0, 3, 40);
    assert_values(weight_of(net), 0, 0, 3, 4);
    assert_ok(prune_l1_unstructured(copy, "weight", prune_count(1), NULL));
    assert_history(net, "L1Unstructured L1Unstructured");
    assert_values(mask_of(net), 0, 0, 1, 1);
    assert_ok(prune_remove(copy, "weight"));
    assert_true(prune_is_pruned(net));
    prune_module_release(net);
    assert_values(weight_of(copy), 0, 0, 0, 40);
    prune_module_release(copy);
}

static void a_clone_can_be_pruned_before_it_ran(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(3), 1, 2, 3), *copy = NULL;
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    assert_ok(prune_module_clone(&copy, net));
    const float *value = prune_tensor_data(weight_of(copy));
    assert_ok(prune_l1_unstructured(copy, "weight", prune_count(1), NULL));
    assert_ptr_equal(prune_tensor_data(weight_of(copy)), value);
    assert_values(weight_of(copy), 0, 0, 3);
    prune_module_release(net);
    prune_module_release(copy);
}

/* prune.identity(m, "weight"); m.weight_mask.requires_grad_(); prune.identity(m, "weight"); m.weight_mask.requires_grad */
static void the_mask_of_the_next_prune_requires_no_grad(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(2), 1, 2);
    assert_ok(prune_identity(net, "weight"));
    assert_ok(prune_tensor_set_requires_grad(mask_of(net), true));
    assert_ok(prune_identity(net, "weight"));
    assert_false(prune_tensor_requires_grad(mask_of(net)));
    prune_module_release(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(later_prunes_see_what_is_left),
        cmocka_unit_test(half_of_a_hundred_three_times_leaves_thirteen),
        cmocka_unit_test(the_value_is_one_tensor_until_it_is_removed),
        cmocka_unit_test(the_mask_is_rewritten_in_place),
        cmocka_unit_test(a_mask_that_somebody_keeps_keeps_its_values),
        cmocka_unit_test(a_kept_state_dict_keeps_its_mask),
        cmocka_unit_test(a_mask_in_read_only_memory_is_replaced),
        cmocka_unit_test(a_mask_of_another_dtype_is_converted),
        cmocka_unit_test(a_wrapped_array_stays_the_original),
        cmocka_unit_test(a_permuted_parameter_keeps_its_order_in_memory),
        cmocka_unit_test(a_parameter_with_gaps_gets_a_dense_value),
        cmocka_unit_test(the_value_shows_whether_its_parameter_is_frozen),
        cmocka_unit_test(a_value_with_a_gradient_is_no_parameter),
        cmocka_unit_test(a_tied_parameter_is_pruned_where_it_was_asked),
        cmocka_unit_test(leftovers_of_the_same_kind_are_replaced_in_their_place),
        cmocka_unit_test(a_value_that_was_replaced_comes_back),
        cmocka_unit_test(an_original_of_another_shape_gets_a_new_value),
        cmocka_unit_test(the_hook_names_what_is_missing),
        cmocka_unit_test(a_parameter_in_the_values_place_is_an_error),
        cmocka_unit_test(a_pruned_module_can_be_cloned),
        cmocka_unit_test(a_clone_can_be_pruned_before_it_ran),
        cmocka_unit_test(the_mask_of_the_next_prune_requires_no_grad),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
