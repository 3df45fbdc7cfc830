/* Parameters that are views are pruned as their row-major copies are, to the bit. */
#include "pruning.h"

/* How the view is cut out of what lies in memory. In some, hundreds of entries lie side by side, in others a few. */
typedef enum cut { LONG_COLUMNS, SHORT_COLUMNS, LONG_PLANES, SOME_ROWS, EVERY_OTHER_COLUMN, TRANSPOSED, CUTS } cut;

static const struct {
    int64_t sizes[3], ndim;        /* in memory */
    int64_t dim, start, end, step; /* of the slice; TRANSPOSED has none */
} cuts[CUTS] = {
    [LONG_COLUMNS] = { { 15, 403 }, 2, 1, 3, 403, 1 },       [SHORT_COLUMNS] = { { 100, 50 }, 2, 1, 0, 41, 1 },
    [LONG_PLANES] = { { 5, 40, 30 }, 3, 1, 5, 35, 1 },       [SOME_ROWS] = { { 30, 300 }, 2, 0, 1, 30, 3 },
    [EVERY_OTHER_COLUMN] = { { 20, 500 }, 2, 1, 0, 500, 2 }, [TRANSPOSED] = { { 100, 40 }, 2, 0, 0, 0, 0 },
};

/* `values` different magnitudes, so that few mean many ties. */
static prune_tensor *view_of(cut kind, int64_t values)
{
    prune_tensor *memory = NULL, *view = NULL;
    assert_ok(prune_tensor_empty(&memory, cuts[kind].sizes, cuts[kind].ndim, PRUNE_FLOAT32));
    float *x = prune_tensor_data_mutable(memory);
    for (int64_t i = 0; i < prune_tensor_numel(memory); i++)
        x[i] = (float)(1 + i * 48271 % 65537 % values) * (i % 3 ? 0.25F : -0.25F);
    if (kind == TRANSPOSED)
        assert_ok(prune_tensor_transpose(&view, memory, 0, 1));
    else
        assert_ok(prune_tensor_slice(&view, memory, cuts[kind].dim, cuts[kind].start, cuts[kind].end, cuts[kind].step));
    prune_tensor_release(memory);
    assert_false(prune_tensor_is_contiguous(view));
    return view;
}

static prune_module *module_of(prune_tensor *weight)
{
    prune_module *net = NULL;
    assert_ok(prune_module_create(&net, "Net", NULL, NULL));
    assert_ok(prune_module_register_parameter(net, "weight", weight));
    prune_tensor_release(weight);
    return net;
}

static prune_status l1(prune_module *net)
{
    return prune_l1_unstructured(net, "weight", prune_fraction(0.3), NULL);
}

static prune_status at_random(prune_module *net)
{
    return prune_random_unstructured(net, "weight", prune_fraction(0.2));
}

static prune_status random_rows(prune_module *net)
{
    return prune_random_structured(net, "weight", prune_fraction(0.1), 0);
}

static prune_status random_columns(prune_module *net)
{
    return prune_random_structured(net, "weight", prune_fraction(0.1), 1);
}

static prune_status n_m(prune_module *net)
{
    return prune_n_m(net, "weight", 3, 5, 0, NULL);
}

static prune_status identity(prune_module *net)
{
    return prune_identity(net, "weight");
}

static prune_status global_l1(prune_module *net)
{
    const prune_parameter all[] = { { net, "weight", NULL } };
    prune_method *method = NULL;
    assert_ok(prune_method_l1_unstructured(&method, prune_fraction(0.15), NULL));
    prune_status status = prune_global_unstructured(all, 1, method);
    prune_method_release(method);
    return status;
}

typedef prune_status operation(prune_module *net);

static operation *const prunes[] = { l1, at_random, random_rows, random_columns, n_m, identity, global_l1 };

enum { PRUNES = sizeof prunes / sizeof prunes[0] };

static void prune_both(prune_module *nets[2], size_t first)
{
    for (size_t i = 0; i < PRUNES; i++) {
        for (int n = 0; n < 2; n++) {
            prune_manual_seed(NULL, first * PRUNES + i);
            assert_ok(prunes[(first + i) % PRUNES](nets[n]));
        }
        assert_same_bits(mask_of(nets[0]), mask_of(nets[1]));
        assert_same_bits(weight_of(nets[0]), weight_of(nets[1]));
    }
}

/* Each prune comes first, and each later. */
static void check_all(int64_t values)
{
    for (cut kind = 0; kind < CUTS; kind++)
        for (size_t first = 0; first < PRUNES; first++) {
            prune_tensor *view = view_of(kind, values), *copy = NULL;
            assert_ok(prune_tensor_contiguous(&copy, view));
            prune_module *nets[] = { module_of(view), module_of(copy) };
            prune_both(nets, first);
            for (int n = 0; n < 2; n++) {
                assert_ok(prune_remove(nets[n], "weight"));
                prune_module_release(nets[n]);
            }
        }
}

static void views_are_pruned_as_their_copies(void **state)
{
    (void)state;
    check_all(65537);
}

static void of_tied_entries_the_same_go(void **state)
{
    (void)state;
    check_all(7);
    check_all(1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_are_pruned_as_their_copies),
        cmocka_unit_test(of_tied_entries_the_same_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
