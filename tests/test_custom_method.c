/* Methods of one's own. */
#include "pruning.h"

/* A context that owns memory, and counts those alive. */
typedef struct counted {
    int *alive;
    int64_t step, dim;
    prune_status (*act)(struct counted *self, prune_tensor *mask, const prune_tensor *t);
    prune_module *net;
    prune_status clone_status;
} counted;

static prune_status act(void *context, prune_tensor *mask, const prune_tensor *t)
{
    counted *c = context;
    assert_true(prune_tensor_is_contiguous(t));
    assert_true(prune_tensor_is_contiguous(mask));
    assert_int_equal(prune_tensor_numel(t), prune_tensor_numel(mask));
    return c->act(c, mask, t);
}

static prune_status every_nth(counted *self, prune_tensor *mask, const prune_tensor *t)
{
    float *m = prune_tensor_data_mutable(mask);
    for (int64_t i = 0; i < prune_tensor_numel(t); i += self->step)
        m[i] = 0;
    return PRUNE_OK;
}

static int64_t dim(const void *context)
{
    return ((const counted *)context)->dim;
}

static prune_status clone(void *to, const void *from)
{
    const counted *c = from;
    (void)to;
    if (c->clone_status == PRUNE_OK)
        ++*c->alive;
    return c->clone_status;
}

static void destroy(void *context)
{
    --*((counted *)context)->alive;
}

#define OPS(name, kind)                                                                          \
    {                                                                                            \
        .size = sizeof(prune_method_ops), .type_name = (name), .type = (kind), .dim = dim,       \
        .context_size = sizeof(counted), .compute_mask = act, .clone = clone, .destroy = destroy \
    }

static const prune_method_ops unstructured = OPS("EveryEntry", PRUNE_UNSTRUCTURED);
static const prune_method_ops structured = OPS("EveryChannel", PRUNE_STRUCTURED);
static const prune_method_ops global = OPS("EveryPlace", PRUNE_GLOBAL);

static int alive;

/* Applies a method that exists for that long. */
static prune_status apply(prune_module *net, const prune_method_ops *ops, counted context)
{
    prune_method *m = NULL;
    context.alive = &alive;
    context.net = net;
    assert_ok(prune_method_create(&m, ops, &context));
    alive++;
    prune_status status = prune_apply(net, "weight", m, NULL);
    prune_method_release(m);
    return status;
}

static prune_module *eight(void)
{
    return make_module(PRUNE_SHAPE(2, 4), 1, 2, 3, 4, 5, 6, 7, 8);
}

/* ---- What it sees ---- */

static void every_other_entry_as_in_the_tutorial(void **state)
{
    (void)state;
    prune_module *net = eight();
    int64_t first = next_hook_id();
    assert_ok(apply(net, &unstructured, (counted){ .step = 2, .act = every_nth }));
    assert_values(mask_of(net), 0, 1, 0, 1, 0, 1, 0, 1);
    assert_hooks(net, first, "0 EveryEntry");
    assert_int_equal(alive, 1);
    assert_ok(apply(net, &unstructured, (counted){ .step = 2, .act = every_nth }));
    assert_values(mask_of(net), 0, 0, 0, 1, 0, 0, 0, 1);
    assert_history(net, "EveryEntry EveryEntry");
    assert_int_equal(alive, 2);
    prune_module_release(net);
    assert_int_equal(alive, 0);
}

static void global_methods_see_everything(void **state)
{
    (void)state;
    prune_module *net = eight();
    assert_ok(apply(net, &global, (counted){ .step = 2, .act = every_nth }));
    assert_ok(apply(net, &global, (counted){ .step = 3, .act = every_nth }));
    assert_values(mask_of(net), 0, 1, 0, 0, 0, 1, 0, 1);
    prune_module_release(net);
}

static void structured_methods_see_the_channels_left(void **state)
{
    (void)state;
    prune_module *net = eight();
    assert_ok(prune_ln_structured(net, "weight", prune_count(2), prune_norm_p(1), 1, NULL)); /* 1 5 and 2 6 go */
    assert_ok(apply(net, &structured, (counted){ .step = 3, .dim = -1, .act = every_nth }));
    assert_values(mask_of(net), 0, 0, 0, 1, 0, 0, 1, 0);
    prune_module_release(net);
}

static void the_first_prune_shows_all_to_any_method(void **state)
{
    (void)state;
    prune_module *net = eight();
    assert_ok(apply(net, &structured, (counted){ .step = 3, .dim = 9, .act = every_nth }));
    assert_values(mask_of(net), 0, 1, 1, 0, 1, 1, 0, 1);
    assert_fails(apply(net, &structured, (counted){ .step = 3, .dim = 9, .act = every_nth }), PRUNE_ERROR_INDEX,
                 "list assignment index out of range");
    prune_module_release(net);
}

static void contiguous_copies_of_permuted_parameters_are_shown(void **state)
{
    (void)state;
    prune_module *net = NULL;
    prune_tensor *t = make_tensor(PRUNE_SHAPE(2, 3), 1, 2, 3, 4, 5, 6), *transposed = NULL;
    assert_ok(prune_tensor_transpose(&transposed, t, 0, 1));
    assert_ok(prune_module_create(&net, "Net", NULL, NULL));
    assert_ok(prune_module_register_parameter(net, "weight", transposed));
    assert_ok(apply(net, &structured, (counted){ .step = 2, .dim = 0, .act = every_nth }));
    assert_values(mask_of(net), 0, 1, 0, 1, 0, 1);
    assert_ok(apply(net, &structured, (counted){ .step = 2, .dim = 0, .act = every_nth }));
    assert_ok(apply(net, &global, (counted){ .step = 4, .act = every_nth }));
    prune_tensor_release(t);
    prune_tensor_release(transposed);
    prune_module_release(net);
}

static void clones_of_the_module_clone_the_context(void **state)
{
    (void)state;
    prune_module *net = eight(), *copy = NULL;
    assert_ok(apply(net, &unstructured, (counted){ .step = 2, .act = every_nth }));
    assert_ok(prune_module_clone(&copy, net));
    assert_int_equal(alive, 2);
    prune_module_release(net);
    assert_int_equal(alive, 1);
    assert_ok(prune_module_run_forward_pre_hooks(copy, false));
    prune_module_release(copy);
    assert_int_equal(alive, 0);
}

/* ---- Failures ---- */

static prune_status draw_and_fail(counted *self, prune_tensor *mask, const prune_tensor *t)
{
    prune_tensor *draws = NULL;
    (void)self;
    (void)t;
    assert_ok(prune_rand(&draws, PRUNE_SHAPE(5), PRUNE_FLOAT32, NULL));
    prune_tensor_release(draws);
    prune_tensor_data_mutable(mask)[0] = 7;
    return prune_fail(PRUNE_ERROR_USER, "no luck");
}

static prune_status fail_without_a_word(counted *self, prune_tensor *mask, const prune_tensor *t)
{
    (void)self;
    (void)mask;
    (void)t;
    return PRUNE_ERROR_IO;
}

static void a_failure_comes_back_unchanged_and_undoes_the_prune(void **state)
{
    (void)state;
    prune_module *net = eight();
    add_parameter(net, "bias", PRUNE_SHAPE(1), (const float[]){ 1 });
    prune_manual_seed(NULL, 5);
    for (int prunes = 0; prunes < 3; prunes++) {
        int64_t next = next_hook_id();
        char *before = describe(net);
        assert_fails(apply(net, &unstructured, (counted){ .act = draw_and_fail }), PRUNE_ERROR_USER, "no luck");
        assert_fails(apply(net, &global, (counted){ .act = fail_without_a_word }), PRUNE_ERROR_IO,
                     "compute_mask of EveryPlace failed with status io");
        assert_as_described(net, before);
        assert_int_equal(next_hook_id(), next + 1);
        assert_int_equal(alive, 0);
        assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    }
    prune_module_release(net);
}

static void a_clone_that_fails_fails_the_prune(void **state)
{
    (void)state;
    prune_module *net = eight();
    char *before = describe(net);
    assert_fails(apply(net, &unstructured, (counted){ .act = every_nth, .clone_status = PRUNE_ERROR_USER }),
                 PRUNE_ERROR_USER, "clone of EveryEntry failed");
    assert_as_described(net, before);
    assert_int_equal(alive, 0);
    prune_module_release(net);
}

static void a_context_stays_the_callers_if_creating_fails(void **state)
{
    (void)state;
    const counted context = { .alive = &alive };
    prune_method *m = NULL;
    fail_allocation(1, true);
    prune_status status = prune_method_create(&m, &unstructured, &context);
    fail_allocation(-1, false);
    assert_int_equal(status, PRUNE_ERROR_MEMORY);
    assert_null(m);
    assert_int_equal(alive, 0);
}

/* ---- Touching the parameter from inside ---- */

static prune_status prune_itself(counted *self, prune_tensor *mask, const prune_tensor *t)
{
    (void)mask;
    (void)t;
    return prune_identity(self->net, "weight");
}

static prune_status remove_itself(counted *self, prune_tensor *mask, const prune_tensor *t)
{
    (void)mask;
    (void)t;
    return prune_remove(self->net, "weight");
}

static prune_status prune_globally(counted *self, prune_tensor *mask, const prune_tensor *t)
{
    const prune_parameter all[] = { { self->net, "weight", NULL } };
    prune_method *identity = NULL;
    (void)mask;
    (void)t;
    assert_ok(prune_method_identity(&identity));
    prune_status status = prune_global_unstructured(all, 1, identity);
    prune_method_release(identity);
    return status;
}

static void a_parameter_is_not_touched_while_it_is_pruned(void **state)
{
    (void)state;
    prune_status (*const acts[])(counted *, prune_tensor *, const prune_tensor *) = { prune_itself, remove_itself,
                                                                                      prune_globally };
    prune_module *net = eight();
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
            char *before = describe(net);
            assert_fails(apply(net, &unstructured, (counted){ .act = acts[i] }), PRUNE_ERROR_STATE,
                         "parameter 'weight' of Net is being pruned: its compute_mask must not touch it");
            assert_as_described(net, before);
        }
        assert_ok(prune_identity(net, "weight"));
    }
    prune_module_release(net);
}

static prune_status read_and_prune_another(counted *self, prune_tensor *mask, const prune_tensor *t)
{
    prune_dict *dict = NULL;
    assert_values(prune_module_get_tensor(self->net, "weight"), 1, 2, 3, 4, 5, 6, 7, 8);
    assert_ok(prune_module_state_dict(&dict, self->net, false));
    prune_dict_release(dict);
    assert_ok(prune_l1_unstructured(self->net, "bias", prune_count(1), NULL));
    return every_nth(self, mask, t);
}

static void reading_and_pruning_others_is_fine(void **state)
{
    (void)state;
    prune_module *net = eight();
    int64_t first = next_hook_id();
    add_parameter(net, "bias", PRUNE_SHAPE(2), (const float[]){ 1, 2 });
    assert_ok(apply(net, &unstructured, (counted){ .step = 2, .act = read_and_prune_another }));
    assert_hooks(net, first, "0 L1Unstructured, 1 EveryEntry");
    assert_names(net, "bias_orig weight_orig", "bias_mask weight_mask", "bias weight");
    prune_module_release(net);
}

static prune_status delete_itself(counted *self, prune_tensor *mask, const prune_tensor *t)
{
    (void)mask;
    (void)t;
    return prune_module_delete(self->net, "weight");
}

static prune_status replace_itself(counted *self, prune_tensor *mask, const prune_tensor *t)
{
    add_parameter(self->net, "weight", PRUNE_SHAPE(1), (const float[]){ 1 });
    return every_nth(self, mask, t);
}

static void a_parameter_that_went_away_meanwhile_is_noticed(void **state)
{
    (void)state;
    prune_module *net = eight();
    const char *words = "parameter 'weight' of Net was replaced while its compute_mask ran";
    assert_fails(apply(net, &unstructured, (counted){ .step = 1, .act = replace_itself }), PRUNE_ERROR_STATE, words);
    assert_values(weight_of(net), 1);
    assert_fails(apply(net, &unstructured, (counted){ .act = delete_itself }), PRUNE_ERROR_STATE, words);
    assert_names(net, "", "", "");
    prune_module_release(net);
}

static prune_status release_the_module(counted *self, prune_tensor *mask, const prune_tensor *t)
{
    prune_module_release(self->net);
    return every_nth(self, mask, t);
}

static void a_module_may_be_released_meanwhile(void **state)
{
    (void)state;
    assert_ok(apply(eight(), &unstructured, (counted){ .step = 1, .act = release_the_module }));
    assert_int_equal(alive, 0);
}

static prune_tensor *kept_mask;

static prune_status keep_mask(counted *self, prune_tensor *mask, const prune_tensor *t)
{
    kept_mask = prune_tensor_retain(mask);
    return every_nth(self, mask, t);
}

static void a_mask_that_the_method_keeps_is_not_the_buffer(void **state)
{
    (void)state;
    prune_module *net = eight();
    assert_ok(apply(net, &global, (counted){ .step = 4, .act = keep_mask }));
    assert_ptr_not_equal(kept_mask, mask_of(net));
    prune_tensor_data_mutable(kept_mask)[1] = 9;
    assert_values(mask_of(net), 0, 1, 1, 1, 0, 1, 1, 1);
    prune_tensor_release(kept_mask);
    prune_module_release(net);
}

/* ---- Ops ---- */

static void ops_are_checked(void **state)
{
    (void)state;
    prune_method *m = NULL;
    const counted context = { .alive = &alive };
    prune_method_ops ops = unstructured;
    ops.size = 3;
    assert_fails(prune_method_create(&m, &ops, &context), PRUNE_ERROR_VALUE, "size");
    ops = unstructured;
    ops.type_name = NULL;
    assert_fails(prune_method_create(&m, &ops, &context), PRUNE_ERROR_TYPE, "'ops->type_name'");
    ops = unstructured;
    ops.compute_mask = NULL;
    assert_fails(prune_method_create(&m, &ops, &context), PRUNE_ERROR_TYPE, "'ops->compute_mask'");
    ops = unstructured;
    ops.type = (prune_method_type)0;
    assert_fails(prune_method_create(&m, &ops, &context), PRUNE_ERROR_VALUE, "Unrecognized PRUNING_TYPE 0");
    ops = structured;
    ops.dim = NULL;
    assert_fails(prune_method_create(&m, &ops, &context), PRUNE_ERROR_ATTRIBUTE,
                 "Pruning methods of PRUNING_TYPE \"structured\" need to have the attribute `dim` defined.");
    assert_fails(prune_method_create(&m, &unstructured, NULL), PRUNE_ERROR_TYPE, "context is NULL");
    assert_fails(prune_method_create(&m, NULL, NULL), PRUNE_ERROR_TYPE, "'ops'");
    assert_fails(prune_method_create(NULL, &unstructured, &context), PRUNE_ERROR_TYPE, "'out'");
    assert_null(m);
}

static prune_status nothing(void *context, prune_tensor *mask, const prune_tensor *t)
{
    (void)mask;
    (void)t;
    assert_null(context);
    return PRUNE_OK;
}

static void a_method_needs_no_context(void **state)
{
    (void)state;
    static const prune_method_ops ops = {
        .size = sizeof ops, .type_name = "Nothing", .type = PRUNE_UNSTRUCTURED, .compute_mask = nothing
    };
    prune_module *net = eight();
    prune_method *m = NULL;
    assert_ok(prune_method_create(&m, &ops, NULL));
    assert_ok(prune_apply(net, "weight", m, NULL));
    assert_ok(prune_apply(net, "weight", m, NULL));
    assert_values(mask_of(net), 1, 1, 1, 1, 1, 1, 1, 1);
    prune_method_release(m);
    prune_module_release(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_other_entry_as_in_the_tutorial),
        cmocka_unit_test(global_methods_see_everything),
        cmocka_unit_test(structured_methods_see_the_channels_left),
        cmocka_unit_test(the_first_prune_shows_all_to_any_method),
        cmocka_unit_test(contiguous_copies_of_permuted_parameters_are_shown),
        cmocka_unit_test(clones_of_the_module_clone_the_context),
        cmocka_unit_test(a_failure_comes_back_unchanged_and_undoes_the_prune),
        cmocka_unit_test(a_clone_that_fails_fails_the_prune),
        cmocka_unit_test(a_context_stays_the_callers_if_creating_fails),
        cmocka_unit_test(a_parameter_is_not_touched_while_it_is_pruned),
        cmocka_unit_test(reading_and_pruning_others_is_fine),
        cmocka_unit_test(a_parameter_that_went_away_meanwhile_is_noticed),
        cmocka_unit_test(a_module_may_be_released_meanwhile),
        cmocka_unit_test(a_mask_that_the_method_keeps_is_not_the_buffer),
        cmocka_unit_test(ops_are_checked),
        cmocka_unit_test(a_method_needs_no_context),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
