/* N:M sparsity. */
#include "pruning.h"

static void two_of_four_stay(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(2, 4), 1, -4, 3, 2, 0.5f, 0.25f, -8, 0);
    assert_ok(prune_n_m(net, "weight", 2, 4, -1, NULL));
    assert_values(mask_of(net), 0, 1, 1, 0, 1, 0, 1, 0);
    assert_values(weight_of(net), 0, -4, 3, 0, 0.5f, 0, -8, 0);
    assert_string_equal(prune_method_type_name(prune_applied_method(net, "weight")), "NM");
    prune_module_release(net);
}

static void of_equal_ones_the_lower_index_stays(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(3, 4), 1, -1, 1, 1, 0, -0.0f, 0, 0, 2, 1, 2, 2);
    assert_ok(prune_n_m(net, "weight", 2, 4, 1, NULL));
    assert_values(mask_of(net), 1, 1, 0, 0, 1, 1, 0, 0, 1, 0, 1, 0);
    prune_module_release(net);
}

static void nan_is_largest_and_infinity_next(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(8), 1, NAN, INFINITY, 2, NAN, NAN, NAN, INFINITY);
    assert_ok(prune_n_m(net, "weight", 1, 4, -1, NULL));
    assert_values(mask_of(net), 0, 1, 0, 0, 1, 0, 0, 0);
    prune_module_release(net);
}

static void groups_run_along_the_dim(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(4, 2, 1), 1, 8, 2, 7, 3, 6, 4, 5);
    assert_ok(prune_n_m(net, "weight", 1, 2, 0, NULL));
    assert_values(mask_of(net), 0, 1, 1, 0, 0, 1, 1, 0);
    prune_module_release(net);
}

static void none_or_all_may_stay(void **state)
{
    (void)state;
    prune_module *none = make_module(PRUNE_SHAPE(4), 1, 2, 3, 4), *all = make_module(PRUNE_SHAPE(4), 1, 2, 3, 4);
    assert_ok(prune_n_m(none, "weight", 0, 2, -1, NULL));
    assert_values(mask_of(none), 0, 0, 0, 0);
    assert_ok(prune_n_m(all, "weight", 4, 4, -1, NULL));
    assert_values(mask_of(all), 1, 1, 1, 1);
    prune_module_release(none);
    prune_module_release(all);
}

static void large_groups_work_alike(void **state)
{
    (void)state;
    enum { N = 1000 };
    prune_tensor *t = NULL, *mask = NULL;
    prune_method *m = NULL;
    assert_ok(prune_tensor_arange(&t, 0, N, 1, PRUNE_FLOAT32));
    for (int i = 0; i < N; i++) /* each magnitude four times, scattered */
        prune_tensor_data_mutable(t)[i] = (float)(i * 7 % N / 4);
    assert_ok(prune_method_n_m(&m, 502, N, 0));
    assert_ok(prune_method_compute_mask(&mask, m, t, NULL));
    int stay = 0, at_threshold = 0;
    for (int i = 0; i < N; i++) {
        float value = prune_tensor_data(t)[i];
        bool stays = prune_tensor_data(mask)[i] == 1;
        stay += stays;
        if (value > 124)
            assert_true(stays);
        if (value < 124)
            assert_false(stays);
        if (value == 124 && stays)
            assert_true(at_threshold++ < 2);
        else if (value == 124)
            assert_true(at_threshold == 2);
    }
    assert_int_equal(stay, 502);
    prune_tensor_release(t);
    prune_tensor_release(mask);
    prune_method_release(m);
}

static void what_is_masked_already_counts_as_smallest(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(4), 0, 9, 0, 1);
    prune_tensor *mask = make_tensor(PRUNE_SHAPE(4), 1, 0, 0.5f, 0);
    assert_ok(prune_custom_from_mask(net, "weight", mask));
    assert_ok(prune_n_m(net, "weight", 2, 4, -1, NULL));
    assert_values(mask_of(net), 1, 0, 0.5f, 0);
    assert_ok(prune_n_m(net, "weight", 1, 4, -1, NULL));
    assert_values(mask_of(net), 1, 0, 0, 0);
    assert_history(net, "CustomFromMask NM NM");
    prune_tensor_release(mask);
    prune_module_release(net);
}

static void scores_and_strided_tensors_are_taken(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(4), 1, 2, 3, 4);
    prune_tensor *scores = make_tensor(PRUNE_SHAPE(4), -4, 3, 2, 1), *t = make_tensor(PRUNE_SHAPE(2, 2), 1, 2, 3, 4);
    prune_tensor *transposed = NULL, *mask = NULL;
    prune_method *m = NULL;
    assert_ok(prune_n_m(net, "weight", 1, 2, -1, scores));
    assert_values(mask_of(net), 1, 0, 1, 0);
    assert_ok(prune_method_n_m(&m, 1, 2, 0));
    assert_ok(prune_tensor_transpose(&transposed, t, 0, 1));
    assert_ok(prune_method_compute_mask(&mask, m, transposed, NULL));
    assert_values(mask, 0, 0, 1, 1);
    prune_method_release(m);
    prune_tensor_release(scores);
    prune_tensor_release(t);
    prune_tensor_release(transposed);
    prune_tensor_release(mask);
    prune_module_release(net);
}

static void wrong_numbers_are_refused(void **state)
{
    (void)state;
    prune_method *m = NULL;
    prune_module *net = make_module(PRUNE_SHAPE(2, 6), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
    prune_module *scalar = make_module(PRUNE_SCALAR, 1), *empty = make_module(PRUNE_SHAPE(3, 0), 0);
    assert_fails(prune_method_n_m(&m, 0, 0, 0), PRUNE_ERROR_VALUE, "m=0 should be at least 1");
    assert_fails(prune_method_n_m(&m, -1, 4, 0), PRUNE_ERROR_VALUE, "n=-1 should be in the range 0 to m=4");
    assert_fails(prune_method_n_m(&m, 5, 4, 0), PRUNE_ERROR_VALUE, "n=5 should be in the range 0 to m=4");
    assert_null(m);
    assert_fails(prune_n_m(net, "weight", 2, 4, -1, NULL), PRUNE_ERROR_VALUE,
                 "m=4 does not divide the size of dim -1 of a tensor of shape torch.Size([2, 6])");
    assert_fails(prune_n_m(net, "weight", 2, 2, 2, NULL), PRUNE_ERROR_INDEX, "Invalid index 2");
    assert_fails(prune_n_m(net, "weight", 2, 2, -3, NULL), PRUNE_ERROR_INDEX, "out of range");
    assert_fails(prune_n_m(scalar, "weight", 1, 1, -1, NULL), PRUNE_ERROR_INDEX, "out of range");
    assert_ok(prune_n_m(empty, "weight", 2, 4, -1, NULL));
    assert_names(net, "weight", "", "");
    prune_module_release(net);
    prune_module_release(scalar);
    prune_module_release(empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_of_four_stay),
        cmocka_unit_test(of_equal_ones_the_lower_index_stays),
        cmocka_unit_test(nan_is_largest_and_infinity_next),
        cmocka_unit_test(groups_run_along_the_dim),
        cmocka_unit_test(none_or_all_may_stay),
        cmocka_unit_test(large_groups_work_alike),
        cmocka_unit_test(what_is_masked_already_counts_as_smallest),
        cmocka_unit_test(scores_and_strided_tensors_are_taken),
        cmocka_unit_test(wrong_numbers_are_refused),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
