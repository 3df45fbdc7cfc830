/* Programs that replace or delete the names of a pruned parameter, and then run, prune or remove it. What they give is what
 * PyTorch 2.13 gives, but that PyTorch loses the hook in a prune that fails, and part of the names in a remove. */
#include "pruning.h"

/* ---- What a user does ---- */

static void set(prune_module *m, const char *name, prune_tensor *t)
{
    assert_ok(prune_module_set_tensor(m, name, t));
    prune_tensor_release(t);
}

static void set_parameter(prune_module *m, const char *name, prune_tensor *t)
{
    prune_module *other = NULL;
    assert_ok(prune_module_create(&other, "Other", NULL, NULL));
    assert_ok(prune_module_register_parameter(other, "p", t));
    prune_module_release(other);
    set(m, name, t);
}

static void delete_name(prune_module *m, const char *name)
{
    assert_ok(prune_module_delete(m, name));
}

static prune_tensor *ones(void)
{
    return make_tensor(PRUNE_SHAPE(2, 2), 1, 1, 1, 1);
}

static void replace_value(prune_module *m)
{
    set(m, "weight", make_tensor(PRUNE_SHAPE(2, 2), 9, 9, 9, 9));
}

static void shorten_value(prune_module *m)
{
    set(m, "weight", make_tensor(PRUNE_SHAPE(3), 1, 1, 1));
}

static void make_value_a_parameter(prune_module *m)
{
    set_parameter(m, "weight", ones());
}

static void make_value_a_buffer(prune_module *m)
{
    prune_tensor *t = ones();
    delete_name(m, "weight");
    assert_ok(prune_module_register_buffer(m, "weight", t, true));
    prune_tensor_release(t);
}

static void make_value_a_module(prune_module *m)
{
    prune_module *relu = NULL;
    delete_name(m, "weight");
    assert_ok(prune_relu_create(&relu, false));
    assert_ok(prune_module_register_module(m, "weight", relu));
    prune_module_release(relu);
}

static void delete_value(prune_module *m)
{
    delete_name(m, "weight");
}

static void replace_mask(prune_module *m)
{
    set(m, "weight_mask", make_tensor(PRUNE_SHAPE(2, 2), 1, 1, 0, 1));
}

static void widen_mask(prune_module *m)
{
    set(m, "weight_mask", make_tensor(PRUNE_SHAPE(3), 1, 1, 1));
}

static void make_mask_a_row(prune_module *m)
{
    set(m, "weight_mask", make_tensor(PRUNE_SHAPE(2), 0, 1));
}

static void empty_mask(prune_module *m)
{
    set(m, "weight_mask", NULL);
}

static void delete_mask(prune_module *m)
{
    delete_name(m, "weight_mask");
}

static void make_mask_an_attribute(prune_module *m)
{
    delete_name(m, "weight_mask");
    set(m, "weight_mask", ones());
}

static void make_mask_a_parameter(prune_module *m)
{
    delete_name(m, "weight_mask");
    set_parameter(m, "weight_mask", ones());
}

static void replace_orig(prune_module *m)
{
    set_parameter(m, "weight_orig", make_tensor(PRUNE_SHAPE(2, 2), 10, 20, 30, 40));
}

static void widen_orig(prune_module *m)
{
    set_parameter(m, "weight_orig", make_tensor(PRUNE_SHAPE(3), 1, 1, 1));
}

static void empty_orig(prune_module *m)
{
    set(m, "weight_orig", NULL);
}

static void delete_orig(prune_module *m)
{
    delete_name(m, "weight_orig");
}

static void make_orig_an_attribute(prune_module *m)
{
    delete_name(m, "weight_orig");
    set(m, "weight_orig", ones());
}

static void load_state(prune_module *m)
{
    prune_dict *dict = NULL;
    prune_tensor *orig = make_tensor(PRUNE_SHAPE(2, 2), 7, 7, 7, 7), *mask = make_tensor(PRUNE_SHAPE(2, 2), 0, 0, 0, 1);
    assert_ok(prune_dict_create(&dict));
    assert_ok(prune_dict_set(dict, "weight_orig", orig));
    assert_ok(prune_dict_set(dict, "weight_mask", mask));
    assert_ok(prune_module_load_state_dict(m, dict, true, NULL));
    prune_dict_release(dict);
    prune_tensor_release(orig);
    prune_tensor_release(mask);
}

/* ---- What becomes of it ---- */

static prune_status run(prune_module *m)
{
    return prune_module_run_forward_pre_hooks(m, false);
}

static prune_status prune_one_more(prune_module *m)
{
    return prune_l1_unstructured(m, "weight", prune_count(1), NULL);
}

static prune_status take_out(prune_module *m)
{
    return prune_remove(m, "weight");
}

typedef void (*meddling)(prune_module *m);
typedef prune_status (*ending)(prune_module *m);

/* [[1, -2], [3, -4]], the smallest pruned, then meddled with. A clone fares the same. */
static prune_module *meddled_with(meddling meddle, bool cloned)
{
    prune_module *m = make_module(PRUNE_SHAPE(2, 2), 1, -2, 3, -4), *copy = NULL;
    assert_ok(prune_one_more(m));
    meddle(m);
    if (!cloned)
        return m;
    assert_ok(prune_module_clone(&copy, m));
    prune_module_release(m);
    return copy;
}

typedef struct good_end {
    meddling meddle;
    ending step;
    float weight[4];
} good_end;

static void many_programs_go_on(void **state)
{
    (void)state;
    static const good_end ends[] = {
        { replace_value, run, { 0, -2, 3, -4 } },
        { replace_value, prune_one_more, { 0, -0.0F, 3, -4 } },
        { replace_value, take_out, { 0, -2, 3, -4 } },
        { shorten_value, run, { 0, -2, 3, -4 } },
        { shorten_value, take_out, { 0, -2, 3, -4 } },
        { make_value_a_parameter, take_out, { 0, -2, 3, -4 } },
        { make_value_a_buffer, run, { 0, -2, 3, -4 } },
        { make_value_a_buffer, prune_one_more, { 0, -0.0F, 3, -4 } },
        { make_value_a_buffer, take_out, { 0, -2, 3, -4 } },
        { make_value_a_module, take_out, { 0, -2, 3, -4 } },
        { delete_value, run, { 0, -2, 3, -4 } },
        { delete_value, take_out, { 0, -2, 3, -4 } },
        { replace_mask, run, { 1, -2, 0, -4 } },
        { replace_mask, prune_one_more, { 0, -2, 0, -4 } },
        { replace_mask, take_out, { 1, -2, 0, -4 } },
        { make_mask_a_row, run, { 0, -2, 0, -4 } },
        { make_mask_a_row, take_out, { 0, -2, 0, -4 } },
        { make_mask_an_attribute, run, { 1, -2, 3, -4 } },
        { make_mask_a_parameter, run, { 1, -2, 3, -4 } },
        { replace_orig, run, { 0, 20, 30, 40 } },
        { replace_orig, prune_one_more, { 0, 0, 30, 40 } },
        { replace_orig, take_out, { 0, 20, 30, 40 } },
        { make_orig_an_attribute, run, { 0, 1, 1, 1 } },
        { make_orig_an_attribute, prune_one_more, { 0, 0, 1, 1 } },
        { load_state, run, { 0, 0, 0, 7 } },
        { load_state, prune_one_more, { 0, 0, 0, 0 } },
        { load_state, take_out, { 0, 0, 0, 7 } },
    };
    for (size_t i = 0; i < 2 * sizeof ends / sizeof ends[0]; i++) {
        const good_end *end = &ends[i / 2];
        prune_module *m = meddled_with(end->meddle, i % 2 == 1);
        assert_ok(end->step(m));
        check_values(weight_of(m), end->weight, 4, __FILE__, __LINE__);
        assert_int_equal(prune_is_pruned(m), end->step != take_out);
        prune_module_release(m);
    }
}

typedef struct bad_end {
    meddling meddle;
    ending step;
    prune_status status;
    const char *words;
} bad_end;

static void others_fail_and_leave_everything_as_it_was(void **state)
{
    (void)state;
    static const char no_mask[] = "'Net' object has no attribute 'weight_mask'";
    static const char no_orig[] = "'Net' object has no attribute 'weight_orig'";
    static const char wide_mask[] = "The size of tensor a (3) must match the size of tensor b (2) at non-singleton";
    static const char wide_orig[] = "The size of tensor a (2) must match the size of tensor b (3) at non-singleton";
    static const char parameter[] = "cannot assign 'torch.FloatTensor' as parameter 'weight'";
    static const char mask_taken[] = "attribute 'weight_mask' already exists";
    static const char other_shape[] = "'weight_mask' of Net has shape torch.Size([";
    static const bad_end ends[] = {
        { shorten_value, prune_one_more, PRUNE_ERROR_SHAPE, other_shape },
        { make_value_a_parameter, run, PRUNE_ERROR_TYPE, parameter },
        { make_value_a_parameter, prune_one_more, PRUNE_ERROR_TYPE, parameter },
        { make_value_a_module, run, PRUNE_ERROR_TYPE, "cannot assign 'torch.FloatTensor' as child module 'weight'" },
        { make_value_a_module, prune_one_more, PRUNE_ERROR_ATTRIBUTE, "'ReLU' object has no attribute 'dtype'" },
        { delete_value, prune_one_more, PRUNE_ERROR_ATTRIBUTE, "'Net' object has no attribute 'weight'" },
        { widen_mask, run, PRUNE_ERROR_RUNTIME, wide_mask },
        { widen_mask, prune_one_more, PRUNE_ERROR_SHAPE, other_shape },
        { widen_mask, take_out, PRUNE_ERROR_RUNTIME, wide_mask },
        { make_mask_a_row, prune_one_more, PRUNE_ERROR_SHAPE, other_shape }, /* PyTorch expands it */
        { empty_mask, run, PRUNE_ERROR_ATTRIBUTE, "'weight_mask' of Net is None" },
        { empty_mask, prune_one_more, PRUNE_ERROR_ATTRIBUTE, "'weight_mask' of Net is None" },
        { empty_mask, take_out, PRUNE_ERROR_ATTRIBUTE, "'weight_mask' of Net is None" },
        { delete_mask, run, PRUNE_ERROR_ATTRIBUTE, no_mask },
        { delete_mask, prune_one_more, PRUNE_ERROR_ATTRIBUTE, no_mask },
        { delete_mask, take_out, PRUNE_ERROR_ATTRIBUTE, no_mask },
        { make_mask_an_attribute, prune_one_more, PRUNE_ERROR_KEY, mask_taken },
        { make_mask_an_attribute, take_out, PRUNE_ERROR_KEY, "'weight_mask'" },
        { make_mask_a_parameter, prune_one_more, PRUNE_ERROR_KEY, mask_taken },
        { make_mask_a_parameter, take_out, PRUNE_ERROR_KEY, "'weight_mask'" },
        { widen_orig, run, PRUNE_ERROR_RUNTIME, wide_orig },
        { widen_orig, prune_one_more, PRUNE_ERROR_RUNTIME, wide_orig },
        { widen_orig, take_out, PRUNE_ERROR_RUNTIME, wide_orig },
        { empty_orig, run, PRUNE_ERROR_ATTRIBUTE, "'weight_orig' of Net is None" },
        { empty_orig, prune_one_more, PRUNE_ERROR_ATTRIBUTE, "'weight_orig' of Net is None" },
        { empty_orig, take_out, PRUNE_ERROR_ATTRIBUTE, "'weight_orig' of Net is None" },
        { delete_orig, run, PRUNE_ERROR_ATTRIBUTE, no_orig },
        { delete_orig, prune_one_more, PRUNE_ERROR_ATTRIBUTE, no_orig },
        { delete_orig, take_out, PRUNE_ERROR_ATTRIBUTE, no_orig },
        { make_orig_an_attribute, take_out, PRUNE_ERROR_KEY, "'weight_orig'" },
    };
    for (size_t i = 0; i < 2 * sizeof ends / sizeof ends[0]; i++) {
        const bad_end *end = &ends[i / 2];
        prune_module *m = meddled_with(end->meddle, i % 2 == 1);
        char *before = describe(m);
        assert_fails(end->step(m), end->status, end->words);
        assert_as_described(m, before);
        prune_module_release(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_programs_go_on),
        cmocka_unit_test(others_fail_and_leave_everything_as_it_was),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
