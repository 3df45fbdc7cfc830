/* Methods by themselves: on plain tensors, in containers. Expected values are PyTorch's. */
#include "pruning.h"

static prune_method *l1(int64_t count, const char *tensor_name)
{
    prune_method *m = NULL;
    assert_ok(prune_method_l1_unstructured(&m, prune_count(count), NULL));
    if (tensor_name)
        assert_ok(prune_method_set_tensor_name(m, tensor_name));
    return m;
}

/* ---- On plain tensors ---- */

/* prune.L1Unstructured(2) */
static void a_method_prunes_plain_tensors(void **state)
{
    (void)state;
    prune_method *m = l1(2, NULL);
    prune_tensor *t = make_tensor(PRUNE_SHAPE(4), 4, -1, 3, -2), *mask = make_tensor(PRUNE_SHAPE(4), 1, 0, 0.5f, 1);
    prune_tensor *scores = make_tensor(PRUNE_SHAPE(4), 1, 9, 2, 8), *out = NULL;
    assert_ok(prune_method_prune(&out, m, t, NULL, NULL));
    assert_values(out, 4, -0.0f, 3, -0.0f);
    prune_tensor_release(out);
    assert_ok(prune_method_prune(&out, m, t, mask, NULL));
    assert_values(out, 4, -0.0f, 1.5f, -0.0f);
    prune_tensor_release(out);
    assert_ok(prune_method_prune(&out, m, t, NULL, scores));
    assert_values(out, 0, -1, 0, -2);
    prune_tensor_release(out);
    assert_ok(prune_method_compute_mask(&out, m, t, mask));
    assert_values(out, 1, 0, 0.5f, 0);
    prune_tensor_release(out);
    assert_values(mask, 1, 0, 0.5f, 1);
    assert_values(t, 4, -1, 3, -2);
    assert_null(prune_method_tensor_name(m));
    prune_method_release(m);
    prune_tensor_release(t);
    prune_tensor_release(mask);
    prune_tensor_release(scores);
}

static void strided_tensors_are_pruned_in_logical_order(void **state)
{
    (void)state;
    prune_method *m = l1(2, NULL);
    prune_tensor *t = make_tensor(PRUNE_SHAPE(2, 3), 1, 2, 3, 4, 5, 6), *transposed = NULL, *mask = NULL;
    assert_ok(prune_tensor_transpose(&transposed, t, 0, 1));
    assert_ok(prune_method_compute_mask(&mask, m, transposed, NULL));
    assert_shape(mask, 3, 2);
    assert_values(mask, 0, 1, 0, 1, 1, 1);
    prune_method_release(m);
    prune_tensor_release(t);
    prune_tensor_release(transposed);
    prune_tensor_release(mask);
}

static void default_masks_of_any_dtype_are_taken(void **state)
{
    (void)state;
    prune_method *m = l1(1, NULL);
    prune_tensor *t = make_tensor(PRUNE_SHAPE(3), 1, 2, 3), *ones = NULL, *mask = NULL;
    assert_ok(prune_tensor_ones(&ones, PRUNE_SHAPE(3), PRUNE_BOOL));
    assert_ok(prune_method_compute_mask(&mask, m, t, ones));
    assert_values(mask, 0, 1, 1);
    prune_method_release(m);
    prune_tensor_release(t);
    prune_tensor_release(ones);
    prune_tensor_release(mask);
}

static void shapes_and_dtypes_are_checked(void **state)
{
    (void)state;
    prune_method *m = l1(1, NULL), *custom = NULL;
    prune_tensor *t = make_tensor(PRUNE_SHAPE(3), 1, 2, 3), *other = make_tensor(PRUNE_SHAPE(2), 1, 2);
    prune_tensor *doubles = NULL, *out = NULL;
    assert_ok(prune_tensor_to(&doubles, t, PRUNE_FLOAT64));
    assert_ok(prune_method_custom_from_mask(&custom, other));
    assert_fails(prune_method_prune(&out, m, t, NULL, other), PRUNE_ERROR_SHAPE,
                 "importance_scores should have the same shape as tensor t, got torch.Size([2]) vs torch.Size([3])");
    assert_fails(prune_method_prune(&out, m, t, other, NULL), PRUNE_ERROR_SHAPE,
                 "got torch.Size([2]) vs torch.Size([3])");
    assert_fails(prune_method_compute_mask(&out, m, t, other), PRUNE_ERROR_SHAPE, "default_mask");
    assert_fails(prune_method_compute_mask(&out, custom, t, NULL), PRUNE_ERROR_SHAPE,
                 "default_mask shape torch.Size([3]) must match self.mask shape torch.Size([2])");
    assert_fails(prune_method_compute_mask(&out, m, doubles, NULL), PRUNE_ERROR_UNSUPPORTED, "torch.float64");
    assert_fails(prune_method_prune(&out, m, doubles, NULL, NULL), PRUNE_ERROR_UNSUPPORTED, "torch.float64");
    assert_fails(prune_method_prune(&out, m, t, NULL, doubles), PRUNE_ERROR_UNSUPPORTED, "torch.float64");
    assert_null(out);
    prune_method_release(m);
    prune_method_release(custom);
    prune_tensor_release(t);
    prune_tensor_release(other);
    prune_tensor_release(doubles);
}

static void a_mask_from_elsewhere_is_copied(void **state)
{
    (void)state;
    prune_method *custom = NULL;
    prune_tensor *mask = make_tensor(PRUNE_SHAPE(2), 0, 1), *t = make_tensor(PRUNE_SHAPE(2), 5, 6), *out = NULL;
    assert_ok(prune_method_custom_from_mask(&custom, mask));
    prune_tensor_data_mutable(mask)[0] = 1;
    assert_ok(prune_method_compute_mask(&out, custom, t, NULL));
    assert_values(out, 0, 1);
    prune_method_release(custom);
    prune_tensor_release(mask);
    prune_tensor_release(t);
    prune_tensor_release(out);
}

static void the_norm_of_an_entry_is_its_magnitude(void **state)
{
    (void)state;
    const prune_norm orders[] = { prune_norm_p(1), prune_norm_p(2), prune_norm_p(-1), prune_norm_p(INFINITY) };
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        prune_module *net = make_module(PRUNE_SHAPE(4), -3, 1, NAN, -2);
        assert_ok(prune_ln_unstructured(net, "weight", prune_count(2), orders[i], NULL));
        assert_string_equal(prune_method_type_name(prune_applied_method(net, "weight")), "LnUnstructured");
        assert_values(mask_of(net), 1, 0, 1, 0);
        prune_module_release(net);
    }
}

static void an_entry_has_no_norm_of_order_0_or_of_a_matrix(void **state)
{
    (void)state;
    const struct {
        prune_norm n;
        const char *words;
    } cases[] = {
        { prune_norm_p(0), "n=0" },
        { prune_norm_fro(), "'fro'" },
        { prune_norm_nuc(), "'nuc'" },
        { prune_norm_p(NAN), "prune_ln_unstructured" },
    };
    prune_module *net = make_module(PRUNE_SHAPE(2), 1, 2);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_fails(prune_ln_unstructured(net, "weight", prune_count(1), cases[i].n, NULL), PRUNE_ERROR_VALUE,
                     cases[i].words);
    assert_fails(prune_ln_unstructured(net, "weight", prune_count(-1), prune_norm_p(0), NULL), PRUNE_ERROR_VALUE,
                 "amount=-1");
    assert_false(prune_is_pruned(net));
    prune_module_release(net);
}

static void options_are_checked(void **state)
{
    (void)state;
    prune_method_options options = PRUNE_METHOD_OPTIONS_INIT;
    prune_method *m = NULL;
    options.ties = (prune_ties)2;
    assert_fails(prune_method_l1_unstructured(&m, prune_count(1), &options), PRUNE_ERROR_VALUE,
                 "2 is no way to break ties");
    options.ties = PRUNE_TIES_TORCH;
    options.size = 1;
    assert_fails(prune_method_random_unstructured(&m, prune_count(1), &options), PRUNE_ERROR_VALUE, "size");
    assert_fails(prune_method_ln_structured(&m, prune_count(1), prune_norm_p(2), 0, &options), PRUNE_ERROR_VALUE,
                 "size");
    assert_null(m);
}

/* ---- Containers ---- */

static void a_container_is_a_list_of_methods(void **state)
{
    (void)state;
    prune_method *a = l1(1, "weight"), *b = NULL, *container = NULL;
    assert_ok(prune_method_identity(&b));
    assert_ok(prune_method_set_tensor_name(b, "weight"));
    assert_ok(prune_method_container(&container, (prune_method *const[]){ a }, 1));
    assert_string_equal(prune_method_tensor_name(container), "weight");
    assert_string_equal(prune_method_type_name(container), "PruningContainer");
    assert_ok(prune_container_add(container, b));
    assert_int_equal(prune_container_size(container), 2);
    assert_ptr_equal(prune_container_get(container, 0), a);
    assert_ptr_equal(prune_container_get(container, 1), b);
    assert_ptr_equal(prune_container_get(container, -1), b);
    assert_ptr_equal(prune_container_get(container, -2), a);
    assert_missing(prune_container_get(container, 2), PRUNE_ERROR_INDEX, "tuple index out of range");
    assert_missing(prune_container_get(container, -3), PRUNE_ERROR_INDEX, "tuple index out of range");
    assert_int_equal(prune_container_size(a), -1);
    assert_missing(prune_container_get(a, 0), PRUNE_ERROR_TYPE, "'L1Unstructured' object is not subscriptable");
    prune_method_release(a);
    prune_method_release(b);
    assert_string_equal(prune_method_type_name(prune_container_get(container, 0)), "L1Unstructured");
    prune_method_release(container);
}

static void a_container_may_be_made_of_several(void **state)
{
    (void)state;
    prune_method *a = l1(1, "weight"), *b = l1(2, "weight"), *other = l1(1, "bias"), *container = NULL;
    assert_ok(prune_method_container(&container, (prune_method *const[]){ a, b }, 2));
    assert_int_equal(prune_container_size(container), 2);
    prune_method_release(container);
    container = NULL;
    assert_fails(prune_method_container(&container, (prune_method *const[]){ a, other }, 2), PRUNE_ERROR_VALUE, "bias");
    assert_fails(prune_method_container(&container, (prune_method *const[]){ a, NULL }, 2), PRUNE_ERROR_TYPE, "NULL");
    assert_fails(prune_method_container(&container, (prune_method *const[]){ NULL }, 1), PRUNE_ERROR_TYPE, "NULL");
    assert_fails(prune_method_container(&container, NULL, 1), PRUNE_ERROR_TYPE, "'methods' is NULL");
    assert_fails(prune_method_container(&container, NULL, -1), PRUNE_ERROR_VALUE, "prune_method_container: -1 methods");
    assert_null(container);
    prune_method_release(a);
    prune_method_release(b);
    prune_method_release(other);
}

static void an_empty_container_needs_a_name_first(void **state)
{
    (void)state;
    prune_method *container = NULL, *a = l1(1, "w"), *nameless = l1(1, NULL), *other = l1(1, "bias");
    prune_tensor *t = make_tensor(PRUNE_SHAPE(1), 1), *mask = NULL;
    assert_ok(prune_method_container(&container, NULL, 0));
    assert_int_equal(prune_container_size(container), 0);
    assert_fails(prune_container_add(container, a), PRUNE_ERROR_ATTRIBUTE,
                 "'PruningContainer' object has no attribute '_tensor_name'");
    assert_fails(prune_method_compute_mask(&mask, container, t, NULL), PRUNE_ERROR_INDEX, "tuple index out of range");
    assert_ok(prune_method_set_tensor_name(container, "x"));
    assert_ok(prune_method_set_tensor_name(container, "w"));
    assert_fails(prune_container_add(container, nameless), PRUNE_ERROR_ATTRIBUTE,
                 "'L1Unstructured' object has no attribute '_tensor_name'");
    prune_method *named_by_none = NULL;
    assert_fails(prune_method_container(&named_by_none, &nameless, 1), PRUNE_ERROR_ATTRIBUTE,
                 "'L1Unstructured' object has no attribute '_tensor_name'");
    assert_null(named_by_none);
    assert_fails(prune_container_add(container, other), PRUNE_ERROR_VALUE,
                 "Can only add pruning methods acting on the parameter named 'w' to PruningContainer "
                 "<torch.nn.utils.prune.PruningContainer object at ");
    assert_non_null(strstr(prune_last_error(), ">. Found 'bias'"));
    assert_ok(prune_container_add(container, a));
    assert_fails(prune_method_set_tensor_name(container, "x"), PRUNE_ERROR_STATE, "'w'");
    assert_fails(prune_container_add(a, container), PRUNE_ERROR_TYPE, "L1Unstructured is not a PruningContainer");
    prune_method *outer = NULL;
    assert_ok(prune_method_container(&outer, NULL, 0));
    assert_ok(prune_method_set_tensor_name(outer, "w"));
    assert_fails(prune_container_add(outer, container), PRUNE_ERROR_TYPE, "cannot be part of");
    prune_method_release(outer);
    prune_method_release(container);
    prune_method_release(a);
    prune_method_release(nameless);
    prune_method_release(other);
    prune_tensor_release(t);
}

static void a_container_applies_its_last_method_to_what_is_left(void **state)
{
    (void)state;
    prune_method *a = l1(1, "w"), *ln = NULL, *container = NULL;
    prune_tensor *t = make_tensor(PRUNE_SHAPE(3, 2), 1, 2, 3, 4, 5, 6);
    prune_tensor *given = make_tensor(PRUNE_SHAPE(3, 2), 0, 0, 1, 0, 1, 1), *out = NULL;
    assert_ok(prune_method_ln_structured(&ln, prune_count(1), prune_norm_p(2), 0, NULL));
    assert_ok(prune_method_set_tensor_name(ln, "w"));
    assert_ok(prune_method_container(&container, (prune_method *const[]){ a, ln }, 2));
    assert_ok(prune_method_compute_mask(&out, container, t, given));
    assert_values(out, 0, 0, 0, 0, 1, 1);
    assert_values(given, 0, 0, 1, 0, 1, 1);
    prune_tensor_release(out);
    assert_ok(prune_method_prune(&out, container, t, NULL, NULL));
    assert_values(out, 0, 0, 3, 4, 5, 6);
    prune_tensor_release(out);
    prune_method_release(a);
    prune_method_release(ln);
    prune_method_release(container);
    prune_tensor_release(t);
    prune_tensor_release(given);
}

/* ---- At work ---- */

static void the_methods_of_a_parameter_are_its_own(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(4), 1, 2, 3, 4);
    prune_method *m = l1(1, NULL), *more = l1(1, "weight");
    assert_ok(prune_apply(net, "weight", m, NULL));
    prune_method *applied = prune_method_retain(prune_applied_method(net, "weight"));
    assert_ptr_not_equal(applied, m);
    assert_null(prune_method_tensor_name(m));
    assert_string_equal(prune_method_tensor_name(applied), "weight");
    assert_fails(prune_method_set_tensor_name(applied, "bias"), PRUNE_ERROR_STATE,
                 "the L1Unstructured is at work on parameter 'weight', which it keeps");
    assert_ok(prune_apply(net, "weight", applied, NULL));
    prune_method *container = prune_method_retain(prune_applied_method(net, "weight"));
    assert_ptr_equal(prune_container_get(container, 0), applied);
    assert_fails(prune_container_add(container, more), PRUNE_ERROR_STATE, "prune that instead");
    assert_fails(prune_apply(net, "weight", container, NULL), PRUNE_ERROR_TYPE, "PruningContainer");
    assert_ok(prune_apply(net, "weight", m, NULL));
    assert_ptr_equal(prune_applied_method(net, "weight"), container);
    assert_int_equal(prune_container_size(container), 3);
    assert_ok(prune_remove(net, "weight"));
    assert_ok(prune_container_add(container, more));
    prune_module_release(net);
    prune_method_release(m);
    prune_method_release(more);
    prune_method_release(applied);
    prune_method_release(container);
}

static void getters_take_null(void **state)
{
    (void)state;
    assert_null(prune_method_type_name(NULL));
    assert_null(prune_method_tensor_name(NULL));
    assert_null(prune_method_retain(NULL));
    assert_null(prune_container_get(NULL, 0));
    assert_int_equal(prune_container_size(NULL), 0);
    prune_method_release(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_method_prunes_plain_tensors),
        cmocka_unit_test(strided_tensors_are_pruned_in_logical_order),
        cmocka_unit_test(default_masks_of_any_dtype_are_taken),
        cmocka_unit_test(shapes_and_dtypes_are_checked),
        cmocka_unit_test(a_mask_from_elsewhere_is_copied),
        cmocka_unit_test(the_norm_of_an_entry_is_its_magnitude),
        cmocka_unit_test(an_entry_has_no_norm_of_order_0_or_of_a_matrix),
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(a_container_is_a_list_of_methods),
        cmocka_unit_test(a_container_may_be_made_of_several),
        cmocka_unit_test(an_empty_container_needs_a_name_first),
        cmocka_unit_test(a_container_applies_its_last_method_to_what_is_left),
        cmocka_unit_test(the_methods_of_a_parameter_are_its_own),
        cmocka_unit_test(getters_take_null),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
