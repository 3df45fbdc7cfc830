/* What a later prune shows to its method, and how the masks come together. Expected values are PyTorch's. */
#include "pruning.h"

static prune_module *with_mask(prune_module *net, prune_tensor *mask)
{
    assert_ok(prune_custom_from_mask(net, "weight", mask));
    prune_tensor_release(mask);
    return net;
}

/* ---- Unstructured ---- */

static void single_entries_are_seen_where_the_mask_is_exactly_one(void **state)
{
    (void)state;
    prune_module *net = with_mask(make_module(PRUNE_SHAPE(6), 6, 2, 3, 4, 5, 1),
                                  make_tensor(PRUNE_SHAPE(6), 1, 0.5f, 2, NAN, 1, 1));
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    assert_values(mask_of(net), 1, 0.5f, 2, NAN, 1, 0);
    assert_values(weight_of(net), 6, 1, 6, NAN, 5, 0);
    assert_ok(prune_l1_unstructured(net, "weight", prune_fraction(1), NULL));
    assert_values(mask_of(net), 0, 0.5f, 2, NAN, 0, 0);
    assert_fails(prune_l1_unstructured(net, "weight", prune_count(1), NULL), PRUNE_ERROR_VALUE,
                 "amount=1 should be smaller than the number of parameters to prune=0");
    prune_module_release(net);
}

static void fractions_count_what_is_left(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(2, 4), 1, 2, 3, 4, 5, 6, 7, 8);
    assert_ok(prune_ln_structured(net, "weight", prune_count(1), prune_norm_p(2), 0, NULL));
    assert_ok(prune_l1_unstructured(net, "weight", prune_fraction(0.5), NULL));
    assert_values(mask_of(net), 0, 0, 0, 0, 0, 0, 1, 1);
    assert_ok(prune_ln_structured(net, "weight", prune_fraction(0.5), prune_norm_p(2), 1, NULL));
    assert_values(mask_of(net), 0, 0, 0, 0, 0, 0, 0, 1);
    assert_ok(prune_ln_structured(net, "weight", prune_count(1), prune_norm_p(2), 1, NULL));
    assert_values(mask_of(net), 0, 0, 0, 0, 0, 0, 0, 0);
    prune_module_release(net);
}

/* ---- Structured ---- */

static void channels_are_gone_when_their_mask_sums_to_zero(void **state)
{
    (void)state;
    const prune_norm one = prune_norm_p(1);
    prune_module *net = with_mask(make_module(PRUNE_SHAPE(3, 2), 1, 2, 3, 4, 5, 6),
                                  make_tensor(PRUNE_SHAPE(3, 2), 1, -1, 0, 0, 1, 0));
    assert_ok(prune_ln_structured(net, "weight", prune_count(1), one, 0, NULL));
    assert_values(mask_of(net), 1, -1, 0, 0, 0, 0);
    assert_fails(prune_ln_structured(net, "weight", prune_count(1), one, 0, NULL), PRUNE_ERROR_VALUE, "to prune=0");
    prune_module_release(net);
}

static void partly_pruned_channels_stay_so(void **state)
{
    (void)state;
    const prune_norm one = prune_norm_p(1);
    prune_module *net = with_mask(make_module(PRUNE_SHAPE(2, 3), 1, 2, 3, 4, 5, 6),
                                  make_tensor(PRUNE_SHAPE(2, 3), 1, 0.5f, 0, 0, NAN, 0));
    assert_ok(prune_ln_structured(net, "weight", prune_count(1), one, -1, NULL));
    assert_values(mask_of(net), 0, 0.5f, 0, 0, NAN, 0);
    prune_module_release(net);
    net = with_mask(make_module(PRUNE_SHAPE(2, 3), 1, 2, 3, 4, 5, 6),
                    make_tensor(PRUNE_SHAPE(2, 3), 1, 0.5f, 0, 1, 0.5f, 0));
    assert_ok(prune_ln_structured(net, "weight", prune_count(1), one, -1, NULL));
    assert_values(mask_of(net), 1, 0, 0, 1, 0, 0);
    prune_module_release(net);
}

static void a_later_prune_has_errors_of_its_own_for_dims(void **state)
{
    (void)state;
    const prune_norm two = prune_norm_p(2);
    prune_module *net = make_module(PRUNE_SHAPE(2, 2), 1, 2, 3, 4), *flat = make_module(PRUNE_SHAPE(2), 1, 2);
    assert_ok(prune_identity(net, "weight"));
    assert_ok(prune_identity(flat, "weight"));
    assert_fails(prune_ln_structured(net, "weight", prune_count(1), two, 2, NULL), PRUNE_ERROR_INDEX,
                 "list assignment index out of range");
    assert_fails(prune_ln_structured(net, "weight", prune_count(1), two, -3, NULL), PRUNE_ERROR_INDEX,
                 "Index is out of bounds for tensor with dimensions 2");
    assert_fails(prune_ln_structured(flat, "weight", prune_count(1), two, 0, NULL), PRUNE_ERROR_VALUE,
                 "Structured pruning can only be applied to multidimensional tensors. Found tensor of shape "
                 "torch.Size([2]) with 1 dims");
    prune_module_release(net);
    prune_module_release(flat);
}

/* Sums in float depend on their order: 2^25 swallows a one that comes later. PyTorch's norms go by the order in memory on
 * the first and second prune of a permuted parameter; from the third on its value is row-major. */
static void norms_of_a_permuted_parameter_follow_its_memory(void **state)
{
    (void)state;
    for (int prunes_before = 0; prunes_before < 4; prunes_before++) {
        prune_tensor *t = make_tensor(PRUNE_SHAPE(2, 3, 2), 1, 0x1p25f, 1, 1, 1, 1, 1, 1, 1, 1, 0x1p25f, 1),
                     *view = NULL;
        prune_module *net = NULL;
        assert_ok(prune_tensor_permute(&view, t, PRUNE_SHAPE(0, 2, 1)));
        assert_ok(prune_module_create(&net, "Net", NULL, NULL));
        assert_ok(prune_module_register_parameter(net, "weight", view));
        for (int i = 0; i < prunes_before; i++)
            assert_ok(prune_identity(net, "weight"));
        assert_ok(prune_ln_structured(net, "weight", prune_count(1), prune_norm_p(1), 0, NULL));
        if (prunes_before < 2)
            assert_values(mask_of(net), 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1);
        else
            assert_values(mask_of(net), 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0);
        prune_tensor_release(t);
        prune_tensor_release(view);
        prune_module_release(net);
    }
}

/* ---- Global ---- */

static void masks_from_elsewhere_multiply(void **state)
{
    (void)state;
    prune_module *net = with_mask(make_module(PRUNE_SHAPE(4), 1, 2, 3, 4), make_tensor(PRUNE_SHAPE(4), 1, 0.5f, 2, -1));
    with_mask(net, make_tensor(PRUNE_SHAPE(4), 1, 0.5f, 0, -1));
    assert_values(mask_of(net), 1, 0.25f, 0, 1);
    assert_history(net, "CustomFromMask CustomFromMask");
    prune_module_release(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single_entries_are_seen_where_the_mask_is_exactly_one),
        cmocka_unit_test(fractions_count_what_is_left),
        cmocka_unit_test(channels_are_gone_when_their_mask_sums_to_zero),
        cmocka_unit_test(partly_pruned_channels_stay_so),
        cmocka_unit_test(a_later_prune_has_errors_of_its_own_for_dims),
        cmocka_unit_test(norms_of_a_permuted_parameter_follow_its_memory),
        cmocka_unit_test(masks_from_elsewhere_multiply),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
