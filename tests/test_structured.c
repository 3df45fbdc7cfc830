/* Whole channels: which ones PyTorch chooses. */
#include "pruning.h"

/* Three channels whose order depends on the norm. */
static prune_module *three_channels(void)
{
    return make_module(PRUNE_SHAPE(3, 3), 3, 3, 3, 6, 1, 0, 0, 0, -8);
}

/* prune.ln_structured(net, 'weight', 1, n, 0) */
static void the_norm_decides(void **state)
{
    (void)state;
    const struct {
        prune_norm norm;
        int pruned;
    } cases[] = {
        { prune_norm_p(1), 1 },        { prune_norm_p(2), 0 },         { prune_norm_fro(), 0 },  { prune_norm_p(3), 0 },
        { prune_norm_p(INFINITY), 0 }, { prune_norm_p(-INFINITY), 2 }, { prune_norm_p(0.5), 2 }, { prune_norm_p(0), 2 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        prune_module *net = three_channels();
        assert_ok(prune_ln_structured(net, "weight", prune_count(1), cases[i].norm, 0, NULL));
        for (int c = 0; c < 9; c++)
            assert_true(prune_tensor_data(mask_of(net))[c] == (c / 3 == cases[i].pruned ? 0 : 1));
        prune_module_release(net);
    }
}

static void the_nuclear_norm_is_one_of_matrices(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(2, 2, 2), 1, 0, 0, 1, 1, 1, 1, 1);
    assert_ok(prune_ln_structured(net, "weight", prune_count(1), prune_norm_nuc(), 0, NULL));
    assert_values(mask_of(net), 1, 1, 1, 1, 0, 0, 0, 0);
    assert_fails(prune_ln_structured(net, "weight", prune_count(0), prune_norm_nuc(), 5, NULL), PRUNE_ERROR_INDEX, "");
    prune_module_release(net);
}

static void any_dim_has_channels(void **state)
{
    (void)state;
    prune_module *net = three_channels();
    assert_ok(prune_ln_structured(net, "weight", prune_count(1), prune_norm_p(1), 1, NULL));
    assert_values(mask_of(net), 1, 0, 1, 1, 0, 1, 1, 0, 1);
    prune_module_release(net);
    net = three_channels();
    assert_ok(prune_ln_structured(net, "weight", prune_count(2), prune_norm_p(1), -1, NULL));
    assert_values(mask_of(net), 0, 0, 1, 0, 0, 1, 0, 0, 1);
    prune_module_release(net);
}

/* x = ((7 * torch.arange(120) + 3) % 11 - 5).float().view(2, 5, 3, 4).transpose(0, 1), pruned three times by
 * prune.ln_structured(net, 'weight', 1, 2, 0) */
static void permuted_tensors_of_many_dims_are_pruned_again(void **state)
{
    (void)state;
    static const float left[] = { 0, 1, 0, 0, 1 };
    float values[120];
    prune_tensor *t = NULL, *turned = NULL;
    prune_module *net = NULL;
    for (int i = 0; i < 120; i++)
        values[i] = (float)((7 * i + 3) % 11 - 5);
    assert_ok(prune_tensor_from_values(&t, values, PRUNE_SHAPE(2, 5, 3, 4)));
    assert_ok(prune_tensor_transpose(&turned, t, 0, 1));
    assert_ok(prune_module_create(&net, "Net", NULL, NULL));
    assert_ok(prune_module_register_parameter(net, "weight", turned));
    for (int i = 0; i < 3; i++)
        assert_ok(prune_ln_structured(net, "weight", prune_count(1), prune_norm_p(2), 0, NULL));
    for (int64_t channel = 0; channel < 5; channel++) {
        double mask = -1;
        assert_ok(prune_tensor_get(&mask, mask_of(net), PRUNE_SHAPE(channel, 1, 2, 3)));
        assert_true(mask == (double)left[channel]);
    }
    prune_tensor_release(t);
    prune_tensor_release(turned);
    prune_module_release(net);
}

static void nan_is_the_largest_norm(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(3, 2), 3, 3, NAN, 1, 9, 9);
    assert_ok(prune_ln_structured(net, "weight", prune_count(2), prune_norm_p(2), 0, NULL));
    assert_values(mask_of(net), 0, 0, 1, 1, 0, 0);
    prune_module_release(net);
}

static void equal_norms_are_chosen_as_pytorch_does(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(10, 1), 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
    assert_ok(prune_ln_structured(net, "weight", prune_count(4), prune_norm_p(2), 0, NULL));
    assert_values(mask_of(net), 0, 0, 0, 1, 0, 1, 1, 1, 1, 1);
    prune_module_release(net);
}

static void equal_norms_may_go_by_lowest_index(void **state)
{
    (void)state;
    prune_method_options options = PRUNE_METHOD_OPTIONS_INIT;
    options.ties = PRUNE_TIES_LOWEST_INDEX;
    prune_method *method = NULL;
    prune_tensor *t = make_tensor(PRUNE_SHAPE(6, 1), 1, 2, 1, NAN, 1, NAN), *mask = NULL;
    assert_ok(prune_method_ln_structured(&method, prune_count(2), prune_norm_p(2), 0, &options));
    assert_ok(prune_method_compute_mask(&mask, method, t, NULL));
    assert_values(mask, 0, 1, 0, 1, 1, 1);
    prune_tensor_release(mask);
    prune_method_release(method);
    assert_ok(prune_method_ln_structured(&method, prune_count(5), prune_norm_p(2), 0, &options));
    assert_ok(prune_method_compute_mask(&mask, method, t, NULL));
    assert_values(mask, 0, 0, 0, 0, 0, 1);
    prune_tensor_release(mask);
    prune_method_release(method);
    prune_tensor_release(t);
}

static void scores_replace_the_norms_input(void **state)
{
    (void)state;
    prune_module *net = three_channels();
    prune_tensor *scores = make_tensor(PRUNE_SHAPE(3, 3), 5, 5, 5, 4, 4, 4, 0, 0, 1);
    assert_ok(prune_ln_structured(net, "weight", prune_count(1), prune_norm_p(2), 0, scores));
    assert_values(mask_of(net), 1, 1, 1, 1, 1, 1, 0, 0, 0);
    prune_tensor_release(scores);
    prune_module_release(net);
}

static void assert_next_draw(float expected)
{
    prune_tensor *draw = NULL;
    assert_ok(prune_rand(&draw, PRUNE_SHAPE(1), PRUNE_FLOAT32, NULL));
    assert_values(draw, expected);
    prune_tensor_release(draw);
}

/* torch.manual_seed(3) */
static void random_channels_are_pytorchs(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(2, 3, 2), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
    prune_manual_seed(NULL, 3);
    assert_ok(prune_random_structured(net, "weight", prune_fraction(0.5), 1));
    assert_values(mask_of(net), 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1);
    assert_next_draw(0.026954829692840576f);
    prune_module_release(net);
}

/* torch.manual_seed(0): three prunes draw for 4, 3 and 2 channels. */
static void later_prunes_draw_for_the_channels_left(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(3, 4), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
    prune_manual_seed(NULL, 0);
    assert_ok(prune_random_structured(net, "weight", prune_count(2), 1));
    assert_values(mask_of(net), 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0);
    assert_ok(prune_random_structured(net, "weight", prune_fraction(0.5), -2));
    assert_values(mask_of(net), 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0);
    assert_ok(prune_random_structured(net, "weight", prune_count(1), 1));
    assert_values(mask_of(net), 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0);
    assert_next_draw(0.6323062777519226f);
    prune_module_release(net);
}

/* torch.manual_seed(0): of 6000 draws, two equal ones stand at places 1853 and 1854; both channels go. */
static void draws_that_tie_at_the_threshold_all_go(void **state)
{
    (void)state;
    prune_tensor *t = NULL, *mask = NULL, *kept = NULL;
    prune_method *m = NULL;
    assert_ok(prune_tensor_ones(&t, PRUNE_SHAPE(6000, 1), PRUNE_FLOAT32));
    assert_ok(prune_method_random_structured(&m, prune_count(1853), 0));
    prune_manual_seed(NULL, 0);
    assert_ok(prune_method_compute_mask(&mask, m, t, NULL));
    assert_ok(prune_tensor_sum(&kept, mask, PRUNE_ALL_DIMS, false));
    assert_values(kept, 6000 - 1854);
    prune_tensor_release(t);
    prune_tensor_release(kept);
    prune_tensor_release(mask);
    prune_method_release(m);
}

static void all_channels_may_go(void **state)
{
    (void)state;
    prune_module *net = three_channels();
    assert_ok(prune_ln_structured(net, "weight", prune_fraction(1), prune_norm_p(2), 0, NULL));
    assert_values(mask_of(net), 0, 0, 0, 0, 0, 0, 0, 0, 0);
    assert_ok(prune_ln_structured(net, "weight", prune_fraction(0.5), prune_norm_p(2), 0, NULL));
    assert_ok(prune_random_structured(net, "weight", prune_fraction(0.5), 1));
    assert_fails(prune_random_structured(net, "weight", prune_count(1), 0), PRUNE_ERROR_VALUE,
                 "amount=1 should be smaller than the number of parameters to prune=0");
    prune_module_release(net);
}

static void empty_tensors_have_channels_too(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(3, 0), 0);
    assert_ok(prune_ln_structured(net, "weight", prune_count(1), prune_norm_p(2), 0, NULL));
    assert_shape(mask_of(net), 3, 0);
    prune_module_release(net);
}

/* The errors of torch.nn.utils.prune, in its order: dims, dim, amount, norm. */
static void wrong_shapes_dims_and_norms_are_pytorchs_errors(void **state)
{
    (void)state;
    prune_module *flat = make_module(PRUNE_SHAPE(3), 1, 2, 3), *net = make_module(PRUNE_SHAPE(3, 2), 1, 2, 3, 4, 5, 6);
    prune_module *scalar = make_module(PRUNE_SCALAR, 1), *empty = make_module(PRUNE_SHAPE(3, 0), 0);
    const prune_norm two = prune_norm_p(2);
    assert_fails(prune_ln_structured(flat, "weight", prune_count(9), two, 7, NULL), PRUNE_ERROR_VALUE,
                 "Structured pruning can only be applied to multidimensional tensors. Found tensor of shape "
                 "torch.Size([3]) with 1 dims");
    assert_fails(prune_random_structured(scalar, "weight", prune_count(1), 0), PRUNE_ERROR_VALUE,
                 "torch.Size([]) with 0 dims");
    assert_fails(prune_ln_structured(net, "weight", prune_count(9), two, 2, NULL), PRUNE_ERROR_INDEX,
                 "Invalid index 2 for tensor of size torch.Size([3, 2])");
    assert_fails(prune_random_structured(net, "weight", prune_count(1), -3), PRUNE_ERROR_INDEX,
                 "tuple index out of range");
    assert_fails(prune_random_structured(net, "weight", prune_count(4), 0), PRUNE_ERROR_VALUE,
                 "amount=4 should be smaller than the number of parameters to prune=3");
    assert_fails(prune_ln_structured(net, "weight", prune_count(0), prune_norm_nuc(), 0, NULL), PRUNE_ERROR_RUNTIME,
                 "linalg.matrix_norm: dim must be a 2-tuple. Got 1");
    assert_fails(prune_ln_structured(empty, "weight", prune_count(0), prune_norm_p(-1), 0, NULL), PRUNE_ERROR_RUNTIME,
                 "linalg.vector_norm cannot compute the -1 norm on the dimension 1because this dimension is empty and "
                 "the operation does not have an identity");
    assert_names(net, "weight", "", "");
    prune_module_release(flat);
    prune_module_release(net);
    prune_module_release(scalar);
    prune_module_release(empty);
}

static void norms_are_checked_at_construction(void **state)
{
    (void)state;
    prune_method *m = NULL;
    const prune_norm none = { 0 };
    assert_fails(prune_method_ln_structured(&m, prune_count(1), prune_norm_p(NAN), 0, NULL), PRUNE_ERROR_VALUE, "");
    assert_fails(prune_method_ln_structured(&m, prune_count(1), none, 0, NULL), PRUNE_ERROR_VALUE, "");
    assert_null(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_norm_decides),
        cmocka_unit_test(the_nuclear_norm_is_one_of_matrices),
        cmocka_unit_test(any_dim_has_channels),
        cmocka_unit_test(permuted_tensors_of_many_dims_are_pruned_again),
        cmocka_unit_test(nan_is_the_largest_norm),
        cmocka_unit_test(equal_norms_are_chosen_as_pytorch_does),
        cmocka_unit_test(equal_norms_may_go_by_lowest_index),
        cmocka_unit_test(scores_replace_the_norms_input),
        cmocka_unit_test(random_channels_are_pytorchs),
        cmocka_unit_test(later_prunes_draw_for_the_channels_left),
        cmocka_unit_test(draws_that_tie_at_the_threshold_all_go),
        cmocka_unit_test(all_channels_may_go),
        cmocka_unit_test(empty_tensors_have_channels_too),
        cmocka_unit_test(wrong_shapes_dims_and_norms_are_pytorchs_errors),
        cmocka_unit_test(norms_are_checked_at_construction),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
