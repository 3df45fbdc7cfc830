/* Looking at what is pruned, and how much is zero. */
#include "pruning.h"

static void assert_counts(prune_sparsity_counts counts, int64_t zeros, int64_t entries)
{
    assert_int_equal(counts.zeros, zeros);
    assert_int_equal(counts.entries, entries);
}

/* ---- Look ---- */

static void the_parts_of_a_pruned_parameter_can_be_had(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(2), 1, 2);
    const char *words = "Parameter 'weight' of module Net() is not pruned";
    assert_missing(prune_original(net, "weight"), PRUNE_ERROR_VALUE, words);
    assert_missing(prune_mask(net, "weight"), PRUNE_ERROR_VALUE, words);
    assert_missing(prune_applied_method(net, "weight"), PRUNE_ERROR_VALUE, words);
    assert_missing(prune_mask(net, "nope"), PRUNE_ERROR_VALUE, "Parameter 'nope' of module Net() is not pruned");
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    assert_ptr_equal(prune_original(net, "weight"), prune_module_get_tensor(net, "weight_orig"));
    assert_ptr_equal(prune_mask(net, "weight"), prune_module_get_tensor(net, "weight_mask"));
    assert_string_equal(prune_method_type_name(prune_applied_method(net, "weight")), "L1Unstructured");
    assert_ok(prune_module_delete(net, "weight_mask"));
    assert_missing(prune_mask(net, "weight"), PRUNE_ERROR_ATTRIBUTE, "'Net' object has no attribute 'weight_mask'");
    prune_module_release(net);
}

static void null_gives_null_and_keeps_the_last_error(void **state)
{
    (void)state;
    prune_fail(PRUNE_ERROR_USER, "kept");
    assert_null(prune_original(NULL, "weight"));
    assert_null(prune_mask(NULL, "weight"));
    assert_null(prune_applied_method(NULL, "weight"));
    assert_false(prune_is_pruned(NULL));
    assert_string_equal(prune_last_error(), "kept");
}

static void a_tree_is_pruned_if_one_of_its_modules_is(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(1), 1), *middle = make_module(PRUNE_SHAPE(1), 1);
    prune_module *leaf = make_module(PRUNE_SHAPE(1), 1);
    assert_ok(prune_module_register_module(net, "middle", middle));
    assert_ok(prune_module_register_module(net, "absent", NULL));
    assert_ok(prune_module_register_module(middle, "leaf", leaf));
    assert_false(prune_is_pruned(net));
    assert_ok(prune_identity(leaf, "weight"));
    assert_true(prune_is_pruned(net));
    assert_true(prune_is_pruned(leaf));
    assert_ok(prune_remove(leaf, "weight"));
    assert_false(prune_is_pruned(net));
    prune_module_release(net);
    prune_module_release(middle);
    prune_module_release(leaf);
}

/* ---- Count ---- */

static void zeros_of_any_dtype_are_counted(void **state)
{
    (void)state;
    prune_sparsity_counts counts;
    prune_module *net = make_module(PRUNE_SHAPE(2, 3), 0, -0.0f, 1, NAN, INFINITY, 1e-45f);
    prune_tensor *bools = NULL, *column = NULL;
    assert_ok(prune_sparsity(&counts, net, "weight"));
    assert_counts(counts, 2, 6);
    assert_ok(prune_tensor_to(&bools, weight_of(net), PRUNE_BOOL));
    assert_ok(prune_module_register_buffer(net, "bools", bools, true));
    assert_ok(prune_sparsity(&counts, net, "bools"));
    assert_counts(counts, 2, 6);
    assert_ok(prune_tensor_select(&column, bools, 1, 1));
    assert_ok(prune_module_register_buffer(net, "column", column, true));
    assert_ok(prune_sparsity(&counts, net, "column"));
    assert_counts(counts, 1, 2);
    prune_tensor_release(bools);
    prune_tensor_release(column);
    prune_module_release(net);
}

static void a_name_is_counted_as_the_forward_sees_it(void **state)
{
    (void)state;
    prune_sparsity_counts counts;
    prune_module *net = make_module(PRUNE_SHAPE(4), 0, 1, 2, 3);
    assert_ok(prune_module_register_parameter(net, "bias", NULL));
    assert_ok(prune_sparsity(&counts, net, "weight"));
    assert_counts(counts, 1, 4);
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(3), NULL));
    assert_ok(prune_sparsity(&counts, net, "weight"));
    assert_counts(counts, 3, 4);
    assert_ok(prune_sparsity(&counts, net, "weight_orig"));
    assert_counts(counts, 1, 4);
    assert_ok(prune_sparsity(&counts, net, "weight_mask"));
    assert_counts(counts, 3, 4);
    assert_ok(prune_sparsity(&counts, net, "bias"));
    assert_counts(counts, 0, 0);
    assert_fails(prune_sparsity(&counts, net, "nope"), PRUNE_ERROR_ATTRIBUTE, "'Net' object has no attribute 'nope'");
    assert_fails(prune_sparsity(&counts, NULL, "weight"), PRUNE_ERROR_TYPE, "'module'");
    assert_fails(prune_sparsity(NULL, net, "weight"), PRUNE_ERROR_TYPE, "'out'");
    assert_counts(counts, 0, 0);
    prune_module_release(net);
}

static prune_status no_hook(void *context, prune_module *module, prune_tensor *const *x, int64_t nx)
{
    (void)context;
    (void)module;
    (void)x;
    (void)nx;
    return PRUNE_OK;
}

static void a_tree_counts_each_parameter_once_and_no_buffers(void **state)
{
    (void)state;
    static const prune_hook_ops hook = { .size = sizeof hook, .type_name = "none", .call = no_hook };
    prune_sparsity_counts counts;
    prune_module *net = make_module(PRUNE_SHAPE(4), 1, 2, 3, 4), *child = make_module(PRUNE_SHAPE(2), 0, 5);
    prune_tensor *buffer = make_tensor(PRUNE_SHAPE(3), 0, 0, 0);
    add_parameter(net, "bias", PRUNE_SHAPE(1), (const float[]){ 0 });
    assert_ok(prune_module_register_buffer(net, "mean", buffer, true));
    assert_ok(prune_module_register_module(net, "a", child));
    assert_ok(prune_module_register_module(net, "b", child));
    assert_ok(prune_module_register_parameter(child, "tied", weight_of(net)));
    assert_ok(prune_sparsity(&counts, net, NULL));
    assert_counts(counts, 2, 7);
    assert_ok(prune_module_register_forward_pre_hook(NULL, net, &hook, NULL));
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(3), NULL));
    assert_ok(prune_sparsity(&counts, net, NULL));
    assert_counts(counts, 5, 7);
    assert_ok(prune_remove(net, "weight"));
    assert_ok(prune_sparsity(&counts, net, NULL));
    assert_counts(counts, 5, 7);
    prune_tensor_release(buffer);
    prune_module_release(net);
    prune_module_release(child);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_parts_of_a_pruned_parameter_can_be_had),
        cmocka_unit_test(null_gives_null_and_keeps_the_last_error),
        cmocka_unit_test(a_tree_is_pruned_if_one_of_its_modules_is),
        cmocka_unit_test(zeros_of_any_dtype_are_counted),
        cmocka_unit_test(a_name_is_counted_as_the_forward_sees_it),
        cmocka_unit_test(a_tree_counts_each_parameter_once_and_no_buffers),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
