/* Prunes that fail, in PyTorch's order and words, and leave everything as it was. */
#include "pruning.h"

static const float two[] = { 1, 2 };

/* The call fails so, and the module is as it was. */
#define assert_fails_unchanged(net, call, status, words) \
    do {                                                 \
        char *before_the_call = describe(net);           \
        int64_t next_id = next_hook_id();                \
        assert_fails(call, status, words);               \
        assert_as_described(net, before_the_call);       \
        assert_int_equal(next_hook_id(), next_id + 1);   \
    } while (0)

static void a_bad_amount_comes_before_a_missing_name(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(2), 1, 2);
    assert_fails_unchanged(net, prune_l1_unstructured(net, "nope", prune_fraction(1.5), NULL), PRUNE_ERROR_VALUE,
                           "amount=1.5 should either");
    assert_fails_unchanged(net, prune_random_structured(net, "nope", prune_count(-1), 9), PRUNE_ERROR_VALUE,
                           "amount=-1 should either");
    prune_module_release(net);
}

static void names_are_names_in_the_module_not_paths(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(2), 1, 2), *child = make_module(PRUNE_SHAPE(2), 1, 2);
    assert_ok(prune_module_register_module(net, "fc", child));
    assert_fails_unchanged(net, prune_identity(net, "nope"), PRUNE_ERROR_ATTRIBUTE,
                           "'Net' object has no attribute 'nope'");
    assert_fails_unchanged(net, prune_identity(net, "fc.weight"), PRUNE_ERROR_ATTRIBUTE,
                           "'Net' object has no attribute 'fc.weight'");
    assert_fails_unchanged(net, prune_identity(net, ""), PRUNE_ERROR_ATTRIBUTE, "'Net' object has no attribute ''");
    assert_fails_unchanged(net, prune_identity(net, "fc"), PRUNE_ERROR_TYPE,
                           "cannot assign 'Net' object to parameter 'fc_orig' (torch.nn.Parameter or None required)");
    prune_module_release(net);
    prune_module_release(child);
}

static void only_parameters_are_pruned(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(2), 1, 2);
    prune_tensor *buffer = make_tensor(PRUNE_SHAPE(1), 1), *attribute = NULL;
    assert_ok(prune_tensor_ones(&attribute, PRUNE_SHAPE(1), PRUNE_INT64));
    assert_ok(prune_module_register_buffer(net, "mean", buffer, true));
    assert_ok(prune_module_set_tensor(net, "plain", attribute));
    assert_ok(prune_module_register_parameter(net, "bias", NULL));
    assert_fails_unchanged(net, prune_identity(net, "mean"), PRUNE_ERROR_TYPE,
                           "cannot assign 'torch.FloatTensor' object to parameter 'mean_orig' (torch.nn.Parameter or "
                           "None required)");
    assert_fails_unchanged(net, prune_identity(net, "plain"), PRUNE_ERROR_TYPE,
                           "cannot assign 'torch.LongTensor' object to parameter 'plain_orig'");
    assert_fails_unchanged(net, prune_identity(net, "bias"), PRUNE_ERROR_TYPE,
                           "ones_like(): argument 'input' (position 1) must be Tensor, not NoneType");
    assert_fails_unchanged(net, prune_l1_unstructured(net, "bias", prune_count(0), buffer), PRUNE_ERROR_ATTRIBUTE,
                           "'NoneType' object has no attribute 'shape'");
    prune_tensor_release(buffer);
    prune_tensor_release(attribute);
    prune_module_release(net);
}

static void only_float32_is_pruned(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(2), 1, 2);
    prune_tensor *doubles = NULL;
    assert_ok(prune_tensor_to(&doubles, weight_of(net), PRUNE_FLOAT64));
    assert_ok(prune_module_register_parameter(net, "double", doubles));
    assert_fails_unchanged(net, prune_identity(net, "double"), PRUNE_ERROR_UNSUPPORTED, "torch.float64");
    assert_fails_unchanged(net, prune_l1_unstructured(net, "weight", prune_count(1), doubles), PRUNE_ERROR_UNSUPPORTED,
                           "torch.float64");
    prune_tensor_release(doubles);
    prune_module_release(net);
}

static void names_in_the_way_are_key_errors(void **state)
{
    (void)state;
    prune_tensor *t = make_tensor(PRUNE_SHAPE(2), 1, 1);
    for (int i = 0; i < 3; i++) {
        prune_module *net = make_module(PRUNE_SHAPE(2), 1, 2);
        add_parameter(net, "bias", PRUNE_SHAPE(2), two);
        if (i == 0) {
            assert_ok(prune_module_set_tensor(net, "weight_orig", t));
            assert_ok(prune_module_set_tensor(net, "bias_mask", t));
        } else if (i == 1) {
            assert_ok(prune_module_register_buffer(net, "weight_orig", t, true));
            add_parameter(net, "bias_mask", PRUNE_SHAPE(2), two);
        } else {
            assert_ok(prune_module_register_module(net, "weight_orig", NULL));
            assert_ok(prune_module_register_module(net, "bias_mask", NULL));
        }
        assert_fails_unchanged(net, prune_l1_unstructured(net, "weight", prune_count(9), NULL), PRUNE_ERROR_KEY,
                               "attribute 'weight_orig' already exists");
        assert_fails_unchanged(net, prune_random_unstructured(net, "bias", prune_count(1)), PRUNE_ERROR_KEY,
                               "attribute 'bias_mask' already exists");
        assert_fails_unchanged(net, prune_random_unstructured(net, "bias", prune_count(9)), PRUNE_ERROR_VALUE,
                               "amount=9 should be smaller");
        prune_module_release(net);
    }
    prune_tensor_release(t);
}

static void scores_need_the_parameters_shape(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(2, 1), 1, 2), *child = make_module(PRUNE_SHAPE(1), 1);
    prune_tensor *scores = make_tensor(PRUNE_SHAPE(2), 1, 2);
    assert_ok(prune_module_register_module(net, "fc", child));
    for (int prunes = 0; prunes < 3; prunes++) {
        assert_fails_unchanged(net, prune_l1_unstructured(net, "weight", prune_count(9), scores), PRUNE_ERROR_SHAPE,
                               "importance_scores should have the same shape as parameter weight of Net(\n  (fc): "
                               "Net()\n), got torch.Size([2]) vs torch.Size([2, 1])");
        assert_ok(prune_identity(net, "weight"));
    }
    prune_tensor_release(scores);
    prune_module_release(net);
    prune_module_release(child);
}

static void masks_need_the_parameters_shape(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(2, 3), 1, 2, 3, 4, 5, 6);
    prune_tensor *row = make_tensor(PRUNE_SHAPE(3), 1, 0, 1);
    for (int prunes = 0; prunes < 2; prunes++) {
        assert_fails_unchanged(net, prune_custom_from_mask(net, "weight", row), PRUNE_ERROR_SHAPE,
                               "default_mask shape torch.Size([2, 3]) must match self.mask shape torch.Size([3])");
        assert_ok(prune_identity(net, "weight"));
    }
    prune_tensor_release(row);
    prune_module_release(net);
}

static void later_prunes_that_fail_leave_the_parameter_pruned(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(2, 2), 1, 2, 3, 4);
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    for (int prunes = 0; prunes < 2; prunes++) {
        assert_fails_unchanged(net, prune_l1_unstructured(net, "weight", prune_fraction(-1), NULL), PRUNE_ERROR_VALUE,
                               "amount=-1.0 should either");
        assert_fails_unchanged(net, prune_random_unstructured(net, "weight", prune_count(4)), PRUNE_ERROR_VALUE,
                               "should be smaller than the number of parameters to prune=");
        assert_fails_unchanged(net, prune_random_structured(net, "weight", prune_count(1), 2), PRUNE_ERROR_INDEX,
                               "list assignment index out of range");
        assert_fails_unchanged(net, prune_ln_structured(net, "weight", prune_count(1), prune_norm_nuc(), 0, NULL),
                               PRUNE_ERROR_RUNTIME, "linalg.matrix_norm: dim must be a 2-tuple. Got 1");
        assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    }
    assert_ok(prune_remove(net, "weight"));
    prune_module_release(net);
}

static void what_a_later_prune_misses_is_named(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(2), 1, 2);
    assert_ok(prune_identity(net, "weight"));
    prune_tensor *mask = prune_tensor_retain(mask_of(net)), *three = make_tensor(PRUNE_SHAPE(3), 1, 1, 1);
    assert_ok(prune_module_delete(net, "weight_mask"));
    assert_fails_unchanged(net, prune_identity(net, "weight"), PRUNE_ERROR_ATTRIBUTE,
                           "'Net' object has no attribute 'weight_mask'");
    assert_ok(prune_module_register_buffer(net, "weight_mask", three, true));
    assert_fails_unchanged(net, prune_identity(net, "weight"), PRUNE_ERROR_SHAPE,
                           "'weight_mask' of Net has shape torch.Size([3]), but 'weight' has shape torch.Size([2])");
    assert_ok(prune_module_register_buffer(net, "weight_mask", mask, true));
    assert_ok(prune_module_delete(net, "weight_orig"));
    assert_fails_unchanged(net, prune_identity(net, "weight"), PRUNE_ERROR_ATTRIBUTE,
                           "'Net' object has no attribute 'weight_orig'");
    assert_ok(prune_module_delete(net, "weight"));
    assert_fails_unchanged(net, prune_identity(net, "weight"), PRUNE_ERROR_ATTRIBUTE,
                           "'Net' object has no attribute 'weight'");
    prune_tensor_release(mask);
    prune_tensor_release(three);
    prune_module_release(net);
}

static void draws_are_put_back(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(2, 2), 1, 2, 3, 4);
    prune_tensor *t = make_tensor(PRUNE_SHAPE(2, 2), 1, 1, 1, 1);
    prune_manual_seed(NULL, 1);
    assert_ok(prune_module_set_tensor(net, "weight_mask", t));
    assert_fails_unchanged(net, prune_random_structured(net, "weight", prune_count(1), 0), PRUNE_ERROR_KEY,
                           "weight_mask");
    prune_tensor_release(t);
    prune_module_release(net);
}

static void null_is_a_type_error(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(2), 1, 2);
    prune_method *m = NULL;
    const prune_amount one = prune_count(1);
    const prune_norm norm = prune_norm_p(2);
    assert_fails(prune_identity(NULL, "weight"), PRUNE_ERROR_TYPE, "prune_identity: argument 'module' is NULL");
    assert_fails(prune_identity(net, NULL), PRUNE_ERROR_TYPE, "prune_identity: argument 'name' is NULL");
    assert_fails(prune_random_unstructured(NULL, "weight", one), PRUNE_ERROR_TYPE, "'module'");
    assert_fails(prune_random_unstructured(net, NULL, one), PRUNE_ERROR_TYPE, "'name'");
    assert_fails(prune_l1_unstructured(NULL, "weight", one, NULL), PRUNE_ERROR_TYPE, "'module'");
    assert_fails(prune_l1_unstructured(net, NULL, one, NULL), PRUNE_ERROR_TYPE, "'name'");
    assert_fails(prune_ln_unstructured(NULL, "weight", one, norm, NULL), PRUNE_ERROR_TYPE, "'module'");
    assert_fails(prune_ln_unstructured(net, NULL, one, norm, NULL), PRUNE_ERROR_TYPE, "'name'");
    assert_fails(prune_random_structured(NULL, "weight", one, 0), PRUNE_ERROR_TYPE, "'module'");
    assert_fails(prune_random_structured(net, NULL, one, 0), PRUNE_ERROR_TYPE, "'name'");
    assert_fails(prune_ln_structured(NULL, "weight", one, norm, 0, NULL), PRUNE_ERROR_TYPE, "'module'");
    assert_fails(prune_ln_structured(net, NULL, one, norm, 0, NULL), PRUNE_ERROR_TYPE, "'name'");
    assert_fails(prune_n_m(NULL, "weight", 1, 2, 0, NULL), PRUNE_ERROR_TYPE, "'module'");
    assert_fails(prune_n_m(net, NULL, 1, 2, 0, NULL), PRUNE_ERROR_TYPE, "'name'");
    assert_fails(prune_custom_from_mask(NULL, "weight", weight_of(net)), PRUNE_ERROR_TYPE, "'module'");
    assert_fails(prune_custom_from_mask(net, NULL, weight_of(net)), PRUNE_ERROR_TYPE, "'name'");
    assert_fails(prune_custom_from_mask(net, "weight", NULL), PRUNE_ERROR_TYPE, "'mask'");
    assert_fails(prune_method_identity(NULL), PRUNE_ERROR_TYPE, "'out'");
    assert_fails(prune_method_random_unstructured(NULL, one, NULL), PRUNE_ERROR_TYPE, "'out'");
    assert_fails(prune_method_l1_unstructured(NULL, one, NULL), PRUNE_ERROR_TYPE, "'out'");
    assert_fails(prune_method_random_structured(NULL, one, 0), PRUNE_ERROR_TYPE, "'out'");
    assert_fails(prune_method_ln_structured(NULL, one, norm, 0, NULL), PRUNE_ERROR_TYPE, "'out'");
    assert_fails(prune_method_n_m(NULL, 1, 2, 0), PRUNE_ERROR_TYPE, "'out'");
    assert_fails(prune_method_custom_from_mask(NULL, weight_of(net)), PRUNE_ERROR_TYPE, "'out'");
    assert_fails(prune_method_custom_from_mask(&m, NULL), PRUNE_ERROR_TYPE, "'mask'");
    assert_fails(prune_method_container(NULL, NULL, 0), PRUNE_ERROR_TYPE, "'out'");
    assert_ok(prune_method_identity(&m));
    assert_fails(prune_apply(NULL, "weight", m, NULL), PRUNE_ERROR_TYPE, "'module'");
    assert_fails(prune_apply(net, NULL, m, NULL), PRUNE_ERROR_TYPE, "'name'");
    assert_fails(prune_apply(net, "weight", NULL, NULL), PRUNE_ERROR_TYPE, "'method'");
    assert_fails(prune_method_compute_mask(NULL, m, weight_of(net), NULL), PRUNE_ERROR_TYPE, "'mask'");
    prune_tensor *out = NULL;
    assert_fails(prune_method_compute_mask(&out, NULL, weight_of(net), NULL), PRUNE_ERROR_TYPE, "'method'");
    assert_fails(prune_method_compute_mask(&out, m, NULL, NULL), PRUNE_ERROR_TYPE, "'t'");
    assert_fails(prune_method_prune(NULL, m, weight_of(net), NULL, NULL), PRUNE_ERROR_TYPE, "'out'");
    assert_fails(prune_method_prune(&out, NULL, weight_of(net), NULL, NULL), PRUNE_ERROR_TYPE, "'method'");
    assert_fails(prune_method_prune(&out, m, NULL, NULL, NULL), PRUNE_ERROR_TYPE, "'t'");
    assert_fails(prune_method_set_tensor_name(NULL, "x"), PRUNE_ERROR_TYPE, "'method'");
    assert_fails(prune_method_set_tensor_name(m, NULL), PRUNE_ERROR_TYPE, "'name'");
    assert_fails(prune_container_add(NULL, m), PRUNE_ERROR_TYPE, "'container'");
    assert_fails(prune_container_add(m, NULL), PRUNE_ERROR_TYPE, "'method'");
    assert_names(net, "weight", "", "");
    prune_method_release(m);
    prune_module_release(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bad_amount_comes_before_a_missing_name),
        cmocka_unit_test(names_are_names_in_the_module_not_paths),
        cmocka_unit_test(only_parameters_are_pruned),
        cmocka_unit_test(only_float32_is_pruned),
        cmocka_unit_test(names_in_the_way_are_key_errors),
        cmocka_unit_test(scores_need_the_parameters_shape),
        cmocka_unit_test(masks_need_the_parameters_shape),
        cmocka_unit_test(later_prunes_that_fail_leave_the_parameter_pruned),
        cmocka_unit_test(what_a_later_prune_misses_is_named),
        cmocka_unit_test(draws_are_put_back),
        cmocka_unit_test(null_is_a_type_error),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
