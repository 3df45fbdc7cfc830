/* Pruning many parameters as one. Expected values are PyTorch's. */
#include "pruning.h"

static prune_method *l1(prune_amount amount)
{
    prune_method *m = NULL;
    assert_ok(prune_method_l1_unstructured(&m, amount, NULL));
    return m;
}

static prune_status prune_all(const prune_parameter *parameters, int64_t count, prune_method *method)
{
    prune_status status = prune_global_unstructured(parameters, count, method);
    prune_method_release(method);
    return status;
}

static void the_least_of_all_go(void **state)
{
    (void)state;
    prune_module *a = make_module(PRUNE_SHAPE(2, 2), 1, -8, 3, 6), *b = make_module(PRUNE_SHAPE(3), 2, -7, 5);
    int64_t first = next_hook_id();
    const prune_parameter all[] = { { a, "weight", NULL }, { b, "weight", NULL } };
    assert_ok(prune_all(all, 2, l1(prune_count(3))));
    assert_values(mask_of(a), 0, 1, 0, 1);
    assert_values(mask_of(b), 0, 1, 1);
    assert_values(weight_of(a), 0, -8, 0, 6);
    assert_names(a, "weight_orig", "weight_mask", "weight");
    assert_hooks(a, first, "0 CustomFromMask");
    assert_hooks(b, first, "1 CustomFromMask");
    prune_module_release(a);
    prune_module_release(b);
}

static void later_ones_count_what_is_left_of_all(void **state)
{
    (void)state;
    prune_module *a = make_module(PRUNE_SHAPE(2, 2), 1, -8, 3, 6), *b = make_module(PRUNE_SHAPE(3), 2, -7, 5);
    int64_t first = next_hook_id();
    const prune_parameter all[] = { { a, "weight", NULL }, { b, "weight", NULL } };
    assert_ok(prune_l1_unstructured(b, "weight", prune_count(1), NULL));
    assert_ok(prune_all(all, 2, l1(prune_fraction(0.5)))); /* of six */
    assert_values(mask_of(a), 0, 1, 0, 1);
    assert_values(mask_of(b), 0, 1, 0);
    assert_hooks(a, first, "1 CustomFromMask");
    assert_hooks(b, first, "2 PruningContainer");
    assert_history(b, "L1Unstructured CustomFromMask");
    assert_ok(prune_all(all, 2, l1(prune_fraction(1))));
    assert_history(b, "L1Unstructured CustomFromMask CustomFromMask");
    assert_values(mask_of(b), 0, 0, 0);
    prune_module_release(a);
    prune_module_release(b);
}

/* torch.manual_seed(0) */
static void draws_are_for_the_list_of_all(void **state)
{
    (void)state;
    prune_module *a = make_module(PRUNE_SHAPE(2, 2), 1, -8, 3, 6), *b = make_module(PRUNE_SHAPE(3), 2, -7, 5);
    const prune_parameter all[] = { { a, "weight", NULL }, { b, "weight", NULL } };
    const prune_parameter reversed[] = { { b, "weight", NULL }, { a, "weight", NULL } };
    prune_method *random = NULL;
    prune_manual_seed(NULL, 0);
    assert_ok(prune_all(all, 2, l1(prune_count(3))));
    assert_ok(prune_method_random_unstructured(&random, prune_fraction(0.5), NULL));
    assert_ok(prune_all(reversed, 2, random));
    assert_values(mask_of(a), 0, 1, 0, 1);
    assert_values(mask_of(b), 0, 0, 0);
    prune_module_release(a);
    prune_module_release(b);
}

static void scores_are_given_with_the_parameter(void **state)
{
    (void)state;
    prune_module *a = make_module(PRUNE_SHAPE(2), 10, 20), *b = make_module(PRUNE_SHAPE(2), 1, 2);
    prune_tensor *scores = make_tensor(PRUNE_SHAPE(2), -0.5f, 30);
    const prune_parameter all[] = { { a, "weight", scores }, { b, "weight", NULL } };
    assert_ok(prune_all(all, 2, l1(prune_count(2))));
    assert_values(mask_of(a), 0, 1);
    assert_values(mask_of(b), 0, 1);
    prune_tensor_release(scores);
    prune_module_release(a);
    prune_module_release(b);
}

static void a_parameter_listed_twice_counts_twice(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(3), 1, 2, 3);
    int64_t first = next_hook_id();
    const prune_parameter twice[] = { { net, "weight", NULL }, { net, "weight", NULL } };
    assert_ok(prune_all(twice, 2, l1(prune_count(3))));
    assert_values(mask_of(net), 0, 0, 1);
    assert_hooks(net, first, "1 PruningContainer");
    assert_history(net, "CustomFromMask CustomFromMask");
    assert_names(net, "weight_orig", "weight_mask", "weight");
    assert_ok(prune_all(twice, 2, l1(prune_fraction(0.5))));
    assert_hooks(net, first, "3 PruningContainer");
    assert_history(net, "CustomFromMask CustomFromMask CustomFromMask CustomFromMask");
    assert_values(weight_of(net), 0, 0, 0);
    prune_module_release(net);
}

static void several_of_one_module_keep_their_order(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(2), 1, 2);
    int64_t first = next_hook_id();
    add_parameter(net, "bias", PRUNE_SHAPE(1), (const float[]){ 9 });
    add_parameter(net, "scale", PRUNE_SHAPE(1), (const float[]){ 0 });
    const prune_parameter all[] = { { net, "scale", NULL }, { net, "weight", NULL } };
    assert_ok(prune_all(all, 2, l1(prune_count(2))));
    assert_names(net, "bias scale_orig weight_orig", "scale_mask weight_mask", "scale weight");
    assert_hooks(net, first, "0 CustomFromMask, 1 CustomFromMask");
    assert_values(weight_of(net), 0, 2);
    prune_module_release(net);
}

static void masks_that_are_neither_zero_nor_one_multiply_once_more(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(3), 1, 2, 3);
    prune_tensor *mask = make_tensor(PRUNE_SHAPE(3), 0.5f, 1, 1);
    const prune_parameter all[] = { { net, "weight", NULL } };
    assert_ok(prune_custom_from_mask(net, "weight", mask));
    assert_ok(prune_all(all, 1, l1(prune_count(1))));
    assert_values(mask_of(net), 0.25f, 0, 1);
    prune_tensor_release(mask);
    prune_module_release(net);
}

static void any_layout_will_do(void **state)
{
    (void)state;
    prune_module *net = NULL, *b = make_module(PRUNE_SHAPE(1), 9);
    prune_tensor *t = make_tensor(PRUNE_SHAPE(2, 3), 1, 2, 3, 4, 5, 6), *transposed = NULL;
    assert_ok(prune_tensor_transpose(&transposed, t, 0, 1)); /* 1 4 | 2 5 | 3 6 */
    assert_ok(prune_module_create(&net, "Net", NULL, NULL));
    assert_ok(prune_module_register_parameter(net, "weight", transposed));
    const prune_parameter all[] = { { net, "weight", NULL }, { b, "weight", NULL } };
    for (int i = 0; i < 2; i++)
        assert_ok(prune_all(all, 2, l1(prune_count(2))));
    assert_values(mask_of(net), 0, 0, 0, 1, 0, 1);
    assert_int_equal(prune_tensor_strides(mask_of(net))[0], 1);
    prune_tensor_release(t);
    prune_tensor_release(transposed);
    prune_module_release(net);
    prune_module_release(b);
}

/* ---- Failures ---- */

static void errors_come_in_pytorchs_order_and_words(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(2), 1, 2), *other = make_module(PRUNE_SHAPE(2), 1, 2);
    prune_tensor *buffer = make_tensor(PRUNE_SHAPE(1), 1), *wrong = make_tensor(PRUNE_SHAPE(3), 1, 2, 3);
    prune_method *structured = NULL, *more = l1(prune_count(9)), *container = NULL;
    assert_ok(prune_module_register_parameter(net, "bias", NULL));
    assert_ok(prune_module_register_buffer(net, "mean", buffer, true));
    assert_ok(prune_method_random_structured(&structured, prune_count(1), 0));
    assert_ok(prune_method_container(&container, NULL, 0));
    char *before = describe(net);
    const prune_parameter missing[] = { { other, "weight", NULL }, { net, "bias", NULL }, { net, "nope", NULL } };
    const prune_parameter absent[] = { { other, "weight", NULL }, { net, "bias", NULL } };
    const prune_parameter absent_but_scored[] = { { other, "weight", NULL }, { net, "bias", wrong } };
    const prune_parameter scored[] = { { net, "weight", wrong } };
    const prune_parameter plain[] = { { net, "weight", NULL }, { other, "weight", NULL } };
    const prune_parameter late[] = { { net, "weight", NULL }, { net, "mean", NULL } };
    const prune_parameter nothing[] = { { NULL, "weight", NULL } }, nameless[] = { { net, NULL, NULL } };
    assert_fails(prune_global_unstructured(missing, 3, structured), PRUNE_ERROR_ATTRIBUTE,
                 "'Net' object has no attribute 'nope'");
    assert_fails(prune_global_unstructured(absent, 2, structured), PRUNE_ERROR_ATTRIBUTE,
                 "'NoneType' object has no attribute 'device'");
    assert_fails(prune_global_unstructured(absent_but_scored, 2, structured), PRUNE_ERROR_TYPE,
                 "ones_like(): argument 'input' (position 1) must be Tensor, not NoneType");
    assert_fails(prune_global_unstructured(scored, 1, structured), PRUNE_ERROR_TYPE,
                 "Only \"unstructured\" PRUNING_TYPE supported for the `pruning_method`. Found method <class "
                 "'torch.nn.utils.prune.RandomStructured'> of type structured");
    assert_fails(prune_global_unstructured(plain, 2, container), PRUNE_ERROR_TYPE, "PruningContainer");
    assert_fails(prune_global_unstructured(scored, 1, more), PRUNE_ERROR_SHAPE,
                 "importance_scores should have the same shape as parameter weight of Net(), got torch.Size([3]) vs "
                 "torch.Size([2])");
    assert_fails(prune_global_unstructured(plain, 2, more), PRUNE_ERROR_VALUE,
                 "amount=9 should be smaller than the number of parameters to prune=4");
    assert_fails(prune_global_unstructured(plain, 0, more), PRUNE_ERROR_VALUE,
                 "torch.cat(): expected a non-empty list of Tensors");
    assert_fails(prune_global_unstructured(NULL, 1, more), PRUNE_ERROR_TYPE, "'parameters'");
    assert_fails(prune_global_unstructured(plain, 1, NULL), PRUNE_ERROR_TYPE, "'method'");
    assert_fails(prune_global_unstructured(nothing, 1, more), PRUNE_ERROR_TYPE,
                 "prune_global_unstructured: parameters[0].module is NULL");
    assert_fails(prune_global_unstructured(nameless, 1, more), PRUNE_ERROR_TYPE, "parameters[0].name is NULL");
    assert_fails(prune_all(late, 2, l1(prune_count(1))), PRUNE_ERROR_TYPE,
                 "cannot assign 'torch.FloatTensor' object to parameter 'mean_orig'");
    assert_as_described(net, before);
    prune_method_release(structured);
    prune_method_release(more);
    prune_method_release(container);
    prune_tensor_release(buffer);
    prune_tensor_release(wrong);
    prune_module_release(net);
    prune_module_release(other);
}

static void a_mask_that_is_none_or_does_not_fit_is_refused(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        prune_module *net = make_module(PRUNE_SHAPE(2), 1, 2);
        prune_tensor *wide = make_tensor(PRUNE_SHAPE(3), 1, 1, 1);
        if (i % 2 == 1)
            assert_ok(prune_identity(net, "weight"));
        if (i % 2 == 0)
            assert_ok(prune_module_register_buffer(net, "weight_mask", i < 2 ? NULL : wide, true));
        else
            assert_ok(prune_module_set_tensor(net, "weight_mask", i < 2 ? NULL : wide));
        char *before = describe(net);
        const prune_parameter all[] = { { net, "weight", NULL } };
        assert_fails(prune_all(all, 1, l1(prune_count(1))), i < 2 ? PRUNE_ERROR_ATTRIBUTE : PRUNE_ERROR_SHAPE,
                     i < 2 ? "" : "'weight_mask' of Net has shape torch.Size([3]), but 'weight' has shape");
        assert_as_described(net, before);
        prune_tensor_release(wide);
        prune_module_release(net);
    }
}

static void the_last_that_fails_undoes_them_all(void **state)
{
    (void)state;
    prune_module *a = make_module(PRUNE_SHAPE(2), 1, 2), *b = make_module(PRUNE_SHAPE(2), 3, 4);
    prune_tensor *attribute = make_tensor(PRUNE_SHAPE(2), 1, 1);
    prune_method *random = NULL;
    assert_ok(prune_module_set_tensor(b, "weight_mask", attribute));
    assert_ok(prune_l1_unstructured(a, "weight", prune_count(1), NULL));
    assert_ok(prune_method_random_unstructured(&random, prune_count(2), NULL));
    char *before_a = describe(a), *before_b = describe(b);
    int64_t next = next_hook_id();
    const prune_parameter all[] = { { a, "weight", NULL }, { b, "weight", NULL } };
    assert_fails(prune_global_unstructured(all, 2, random), PRUNE_ERROR_KEY, "attribute 'weight_mask' already exists");
    assert_as_described(a, before_a);
    assert_as_described(b, before_b);
    assert_int_equal(next_hook_id(), next + 1);
    prune_method_release(random);
    prune_tensor_release(attribute);
    prune_module_release(a);
    prune_module_release(b);
}

static void names_that_get_into_each_others_way_are_refused(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(2), 1, 2);
    add_parameter(net, "weight_orig", PRUNE_SHAPE(2), (const float[]){ 3, 4 });
    char *before = describe(net);
    const prune_parameter one_way[] = { { net, "weight", NULL }, { net, "weight_orig", NULL } };
    const prune_parameter other_way[] = { { net, "weight_orig", NULL }, { net, "weight", NULL } };
    assert_fails(prune_all(one_way, 2, l1(prune_count(1))), PRUNE_ERROR_KEY, "attribute 'weight_orig' already exists");
    assert_fails(prune_all(other_way, 2, l1(prune_count(1))), PRUNE_ERROR_KEY,
                 "attribute 'weight_orig' already exists");
    assert_as_described(net, before);
    prune_module_release(net);
}

/* ---- A method of one's own ---- */

static prune_status first_and_last(void *context, prune_tensor *mask, const prune_tensor *t)
{
    (void)context;
    assert_int_equal(prune_tensor_ndim(t), 1);
    assert_values(t, 2, -8, 3, 6, -7, 5);
    assert_values(mask, 1, 1, 1, 1, 1, 1);
    prune_tensor_data_mutable(mask)[0] = 0;
    prune_tensor_data_mutable(mask)[5] = 0.5f;
    return PRUNE_OK;
}

static void a_method_of_ones_own_sees_one_list(void **state)
{
    (void)state;
    static const prune_method_ops ops = {
        .size = sizeof ops, .type_name = "FirstAndLast", .type = PRUNE_UNSTRUCTURED, .compute_mask = first_and_last
    };
    static const prune_method_ops everything = {
        .size = sizeof ops, .type_name = "Everything", .type = PRUNE_GLOBAL, .compute_mask = first_and_last
    };
    prune_module *a = make_module(PRUNE_SHAPE(2, 2), 2, -8, 3, 6), *b = make_module(PRUNE_SHAPE(3), 1, -7, 5);
    const prune_parameter all[] = { { a, "weight", NULL }, { b, "weight", NULL } };
    prune_method *method = NULL;
    assert_ok(prune_l1_unstructured(b, "weight", prune_count(1), NULL));
    assert_ok(prune_method_create(&method, &ops, NULL));
    assert_ok(prune_all(all, 2, method));
    assert_values(mask_of(a), 0, 1, 1, 1);
    assert_values(mask_of(b), 0, 1, 0.5f);
    assert_ok(prune_method_create(&method, &everything, NULL));
    assert_fails(prune_all(all, 2, method), PRUNE_ERROR_TYPE, "Found method <class 'Everything'> of type global");
    prune_module_release(a);
    prune_module_release(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_of_all_go),
        cmocka_unit_test(later_ones_count_what_is_left_of_all),
        cmocka_unit_test(draws_are_for_the_list_of_all),
        cmocka_unit_test(scores_are_given_with_the_parameter),
        cmocka_unit_test(a_parameter_listed_twice_counts_twice),
        cmocka_unit_test(several_of_one_module_keep_their_order),
        cmocka_unit_test(masks_that_are_neither_zero_nor_one_multiply_once_more),
        cmocka_unit_test(any_layout_will_do),
        cmocka_unit_test(errors_come_in_pytorchs_order_and_words),
        cmocka_unit_test(a_mask_that_is_none_or_does_not_fit_is_refused),
        cmocka_unit_test(the_last_that_fails_undoes_them_all),
        cmocka_unit_test(names_that_get_into_each_others_way_are_refused),
        cmocka_unit_test(a_method_of_ones_own_sees_one_list),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
