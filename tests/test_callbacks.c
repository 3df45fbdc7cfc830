/* Callbacks that call the library back, on the very objects at work: what was begun ends whole, or is refused. */
#include "pruning.h"

/* ---- Callbacks that do what they are told ---- */

/* What to do, and on what; counts how often it was done. */
typedef struct deed {
    void (*act)(struct deed *self);
    prune_module *net;
    prune_method *method;
    int64_t id;
    int done;
    prune_status status; /* of what it called */
} deed;

static void act_once(deed *self)
{
    if (self->done++ == 0 && self->act)
        self->act(self);
}

static void act_on_release(void *context, void *data)
{
    (void)data;
    act_once(context);
}

/* A context that is nothing but where the deed is. */
static prune_status compute_mask(void *context, prune_tensor *mask, const prune_tensor *t)
{
    deed **self = context;
    (void)t;
    act_once(*self);
    prune_tensor_data_mutable(mask)[0] = 0;
    return *self ? PRUNE_OK : PRUNE_ERROR_USER;
}

static prune_status clone(void *to, const void *from)
{
    (void)to;
    act_once(*(deed *const *)from);
    return PRUNE_OK;
}

static void destroy(void *context)
{
    act_once(*(deed **)context);
}

static prune_status call(void *context, prune_module *module, prune_tensor *const *x, int64_t nx)
{
    (void)x;
    (void)nx;
    act_once(*(deed **)context);
    return module ? PRUNE_OK : PRUNE_ERROR_USER;
}

static int extra_repr(const void *context, char *text, size_t size)
{
    act_once(*(deed *const *)context);
    return snprintf(text, size, "extra");
}

static const prune_method_ops when_computed = {
    .size = sizeof when_computed,
    .type_name = "Meddler",
    .type = PRUNE_UNSTRUCTURED,
    .context_size = sizeof(deed *),
    .compute_mask = compute_mask,
};

static prune_status leave_as_it_is(void *context, prune_tensor *mask, const prune_tensor *t)
{
    (void)context;
    (void)mask;
    (void)t;
    return PRUNE_OK;
}

static const prune_method_ops when_cloned = {
    .size = sizeof when_cloned,
    .type_name = "Cloned",
    .type = PRUNE_UNSTRUCTURED,
    .context_size = sizeof(deed *),
    .compute_mask = leave_as_it_is,
    .clone = clone,
};

static const prune_method_ops when_destroyed = {
    .size = sizeof when_destroyed,
    .type_name = "Destroyed",
    .type = PRUNE_UNSTRUCTURED,
    .context_size = sizeof(deed *),
    .compute_mask = leave_as_it_is,
    .destroy = destroy,
};

static prune_module *four(void)
{
    return make_module(PRUNE_SHAPE(2, 2), 1, -2, 3, -4);
}

static prune_method *method_of(const prune_method_ops *ops, deed *d)
{
    prune_method *m = NULL;
    assert_ok(prune_method_create(&m, ops, &d));
    return m;
}

static prune_status apply(const prune_method_ops *ops, deed *d)
{
    prune_method *m = method_of(ops, d);
    prune_status status = prune_apply(d->net, "weight", m, NULL);
    prune_method_release(m);
    return status;
}

/* Ones that act when the library lets go of them. */
static prune_tensor *wrapped_ones(deed *d)
{
    static const float ones[] = { 1, 1, 1, 1 };
    prune_blob_options options = PRUNE_BLOB_OPTIONS_INIT;
    options.release = act_on_release;
    options.context = d;
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_from_const_blob(&t, ones, PRUNE_SHAPE(2, 2), &options));
    return t;
}

static void set(prune_module *net, const char *name, prune_tensor *t)
{
    assert_ok(prune_module_set_tensor(net, name, t));
    prune_tensor_release(t);
}

static void remove_pruning(deed *self)
{
    self->status = prune_remove(self->net, "weight");
}

static void prune_again(deed *self)
{
    self->status = prune_l1_unstructured(self->net, "weight", prune_count(1), NULL);
}

static void let_go_of_the_module(deed *self)
{
    prune_module_release(self->net);
}

/* ---- Letting go of what is replaced ---- */

static void a_removal_is_done_when_it_lets_go_of_the_value(void **state)
{
    (void)state;
    deed d = { .act = remove_pruning, .net = four() };
    assert_ok(prune_l1_unstructured(d.net, "weight", prune_count(1), NULL));
    set(d.net, "weight", wrapped_ones(&d));
    assert_ok(prune_remove(d.net, "weight"));
    assert_int_equal(d.done, 1);
    assert_int_equal(d.status, PRUNE_ERROR_VALUE);
    assert_string_equal(prune_last_error(), "Parameter 'weight' of module Net() has to be pruned before pruning can be "
                                            "removed");
    assert_names(d.net, "weight", "", "");
    assert_values(weight_of(d.net), 0, -2, 3, -4);
    prune_module_release(d.net);
}

static void a_removal_is_done_when_it_lets_go_of_the_mask(void **state)
{
    (void)state;
    deed d = { .act = prune_again, .net = four() };
    assert_ok(prune_identity(d.net, "weight"));
    set(d.net, "weight_mask", wrapped_ones(&d));
    assert_ok(prune_remove(d.net, "weight"));
    assert_int_equal(d.done, 1);
    assert_int_equal(d.status, PRUNE_OK);
    assert_names(d.net, "weight_orig", "weight_mask", "weight");
    assert_values(weight_of(d.net), 0, -2, 3, -4);
    prune_module_release(d.net);
}

static void a_removal_is_done_when_it_destroys_the_method(void **state)
{
    (void)state;
    deed d = { .net = four() };
    assert_ok(apply(&when_destroyed, &d));
    d.done = 0;
    d.act = prune_again;
    assert_ok(prune_remove(d.net, "weight"));
    assert_int_equal(d.done, 1);
    assert_int_equal(d.status, PRUNE_OK);
    assert_names(d.net, "weight_orig", "weight_mask", "weight");
    prune_module_release(d.net);
}

static void a_prune_is_done_when_it_lets_go_of_the_mask(void **state)
{
    (void)state;
    deed d = { .act = remove_pruning, .net = four() };
    assert_ok(prune_identity(d.net, "weight"));
    set(d.net, "weight_mask", wrapped_ones(&d));
    assert_ok(prune_l1_unstructured(d.net, "weight", prune_count(2), NULL));
    assert_int_equal(d.done, 1);
    assert_int_equal(d.status, PRUNE_OK);
    assert_names(d.net, "weight", "", "");
    assert_values(weight_of(d.net), 0, -0.0F, 3, -4);
    assert_false(prune_is_pruned(d.net));
    prune_module_release(d.net);
}

static void a_prune_is_done_when_it_lets_go_of_a_name_in_its_way(void **state)
{
    (void)state;
    deed d = { .act = prune_again, .net = four() };
    prune_tensor *ones = wrapped_ones(&d);
    assert_ok(prune_module_register_parameter(d.net, "weight_orig", ones));
    prune_tensor_release(ones);
    assert_ok(prune_l1_unstructured(d.net, "weight", prune_count(1), NULL));
    assert_int_equal(d.done, 1);
    assert_int_equal(d.status, PRUNE_OK);
    assert_names(d.net, "weight_orig", "weight_mask", "weight");
    assert_values(weight_of(d.net), 0, -0.0F, 3, -4);
    prune_module_release(d.net);
}

static void a_load_is_done_when_it_destroys_the_method(void **state)
{
    (void)state;
    deed d = { .net = four() };
    prune_dict *dict = NULL;
    assert_ok(prune_module_state_dict(&dict, d.net, true));
    assert_ok(apply(&when_destroyed, &d));
    d.done = 0;
    d.act = prune_again;
    assert_ok(prune_load_pruned_state_dict(d.net, dict, true, NULL));
    assert_int_equal(d.done, 1);
    assert_int_equal(d.status, PRUNE_OK);
    assert_values(weight_of(d.net), 0, -2, 3, -4);
    prune_dict_release(dict);
    prune_module_release(d.net);
}

static void read_weight(deed *self)
{
    assert_values(weight_of(self->net), 10, 10, 10, 10);
}

static void a_hook_has_computed_the_value_when_it_lets_go_of_another(void **state)
{
    (void)state;
    deed d = { .act = read_weight, .net = four() };
    assert_ok(prune_identity(d.net, "weight"));
    assert_ok(prune_tensor_fill_(orig_of(d.net), 10));
    set(d.net, "weight", wrapped_ones(&d));
    assert_ok(prune_module_run_forward_pre_hooks(d.net, false));
    assert_int_equal(d.done, 1);
    prune_module_release(d.net);
}

static void a_module_may_go_with_the_parameter_that_is_replaced(void **state)
{
    (void)state;
    deed d = { .act = let_go_of_the_module };
    prune_tensor *ones = wrapped_ones(&d);
    assert_ok(prune_module_create(&d.net, "Net", NULL, NULL));
    assert_ok(prune_module_register_parameter(d.net, "weight", ones));
    prune_tensor_release(ones);
    prune_module *other = four();
    assert_ok(prune_module_set_tensor(d.net, "weight", weight_of(other)));
    assert_int_equal(d.done, 1);
    prune_module_release(other);
}

/* ---- From inside compute_mask ---- */

static void make_it_a_buffer(deed *self)
{
    prune_tensor *weight = prune_tensor_retain(weight_of(self->net));
    assert_ok(prune_module_delete(self->net, "weight"));
    assert_ok(prune_module_register_buffer(self->net, "weight", weight, true));
    prune_tensor_release(weight);
}

static void take_a_name_of_its_own(deed *self)
{
    assert_ok(prune_module_register_buffer(self->net, "weight_orig", NULL, true));
}

static void a_parameter_that_is_no_parameter_any_more_is_noticed(void **state)
{
    (void)state;
    deed d = { .act = make_it_a_buffer, .net = four() };
    assert_fails(apply(&when_computed, &d), PRUNE_ERROR_TYPE,
                 "cannot assign 'torch.FloatTensor' object to parameter 'weight_orig'");
    assert_names(d.net, "", "weight", "");
    prune_module_release(d.net);
}

static void a_name_that_was_taken_meanwhile_is_noticed(void **state)
{
    (void)state;
    deed d = { .act = take_a_name_of_its_own, .net = four() };
    assert_fails(apply(&when_computed, &d), PRUNE_ERROR_KEY, "attribute 'weight_orig' already exists");
    assert_names(d.net, "weight", "weight_orig", "");
    prune_module_release(d.net);
}

static void let_go_of_the_method(deed *self)
{
    prune_method_release(self->method);
}

static void a_method_may_be_released_while_it_computes(void **state)
{
    (void)state;
    deed d = { .act = let_go_of_the_method };
    prune_tensor *mask = NULL, *t = make_tensor(PRUNE_SHAPE(3), 1, 2, 3);
    d.method = method_of(&when_computed, &d);
    assert_ok(prune_method_compute_mask(&mask, d.method, t, NULL));
    assert_values(mask, 0, 1, 1);
    prune_tensor_release(mask);
    prune_tensor_release(t);
}

static void a_method_may_be_released_while_it_is_copied(void **state)
{
    (void)state;
    deed d = { .act = let_go_of_the_method, .net = four() };
    d.method = method_of(&when_cloned, &d);
    assert_ok(prune_apply(d.net, "weight", d.method, NULL));
    assert_int_equal(d.done, 1);
    prune_module_release(d.net);
}

static void parameters_are_not_touched_while_they_are_pruned_together(void **state)
{
    (void)state;
    void (*const acts[])(deed *) = { remove_pruning, prune_again };
    for (size_t i = 0; i < 2; i++) {
        deed d = { .act = acts[i], .net = four() };
        prune_module *other = four();
        assert_ok(prune_identity(d.net, "weight"));
        prune_method *m = method_of(&when_computed, &d);
        const prune_parameter both[] = { { other, "weight", NULL }, { d.net, "weight", NULL } };
        assert_ok(prune_global_unstructured(both, 2, m));
        assert_int_equal(d.status, PRUNE_ERROR_STATE);
        assert_values(weight_of(other), 0, -2, 3, -4);
        assert_values(weight_of(d.net), 1, -2, 3, -4);
        prune_method_release(m);
        prune_module_release(other);
        prune_module_release(d.net);
    }
}

static void delete_mask(deed *self)
{
    assert_ok(prune_module_delete(self->net, "weight_mask"));
}

static void a_mask_that_goes_while_it_is_continued_is_missed(void **state)
{
    (void)state;
    deed d = { .act = delete_mask, .net = four() };
    assert_ok(prune_identity(d.net, "weight"));
    prune_method *m = method_of(&when_computed, &d);
    const prune_parameter one[] = { { d.net, "weight", NULL } };
    assert_fails(prune_global_unstructured(one, 1, m), PRUNE_ERROR_ATTRIBUTE,
                 "'Net' object has no attribute 'weight_mask'");
    assert_values(weight_of(d.net), 1, -2, 3, -4);
    prune_method_release(m);
    prune_module_release(d.net);
}

static void modules_may_be_released_while_they_are_pruned_together(void **state)
{
    (void)state;
    deed d = { .act = let_go_of_the_module, .net = four() };
    prune_module *other = four();
    prune_method *m = method_of(&when_computed, &d);
    const prune_parameter both[] = { { other, "weight", NULL }, { d.net, "weight", NULL } };
    assert_ok(prune_global_unstructured(both, 2, m));
    assert_values(weight_of(other), 0, -2, 3, -4);
    prune_method_release(m);
    prune_module_release(other);
}

/* ---- Hooks ---- */

static const prune_hook_ops hook_ops = {
    .size = sizeof hook_ops,
    .type_name = "Hook",
    .context_size = sizeof(deed *),
    .call = call,
};

static const prune_hook_ops hook_with_destroy = {
    .size = sizeof hook_with_destroy,
    .type_name = "Leaver",
    .context_size = sizeof(deed *),
    .call = call,
    .destroy = destroy,
};

static const prune_hook_ops hook_with_clone = {
    .size = sizeof hook_with_clone,
    .type_name = "Cloner",
    .context_size = sizeof(deed *),
    .call = call,
    .clone = clone,
};

static int64_t add_hook(prune_module *net, const prune_hook_ops *ops, deed *d)
{
    int64_t id = -1;
    assert_ok(prune_module_register_forward_pre_hook(&id, net, ops, &d));
    return id;
}

static void remove_hook(deed *self)
{
    self->status = prune_module_remove_forward_pre_hook(self->net, self->id);
}

static void remove_hook_and_then_another(deed *self)
{
    int64_t first = -1;
    assert_ok(prune_module_remove_forward_pre_hook(self->net, self->id));
    assert_non_null(prune_module_forward_pre_hook(self->net, 0, &first));
    self->id = first;
    self->act = remove_hook;
    self->done = 0;
}

static void no_hook_is_skipped_when_one_removes_others_as_it_goes(void **state)
{
    (void)state;
    prune_module *net = four();
    deed first = { .net = net }, leaver = { .act = remove_hook_and_then_another, .net = net }, last[2] = { { 0 } };
    add_hook(net, &hook_ops, &first);
    leaver.id = add_hook(net, &hook_with_destroy, &leaver);
    add_hook(net, &hook_ops, &last[0]);
    add_hook(net, &hook_ops, &last[1]);
    assert_ok(prune_module_run_forward_pre_hooks(net, false));
    assert_int_equal(first.done, 1);
    assert_int_equal(leaver.status, PRUNE_OK);
    assert_int_equal(last[0].done, 1);
    assert_int_equal(last[1].done, 1);
    assert_null(prune_module_forward_pre_hook(net, 2, NULL));
    prune_module_release(net);
}

/* ---- Clones ---- */

static const prune_module_ops cloned_module = {
    .size = sizeof cloned_module,
    .context_size = sizeof(deed *),
    .clone = clone,
};

/* A Net with a parameter, in which a module lies whose clone acts on the Net. */
static prune_module *net_with_meddler(deed *d)
{
    prune_module *child = NULL;
    d->net = four();
    assert_ok(prune_module_create(&child, "Meddler", &cloned_module, &d));
    assert_ok(prune_module_register_module(d->net, "child", child));
    prune_module_release(child);
    return d->net;
}

static void add_child(deed *self)
{
    prune_module *relu = NULL;
    assert_ok(prune_relu_create(&relu, false));
    assert_ok(prune_module_register_module(self->net, "relu", relu));
    prune_module_release(relu);
}

static void delete_both(deed *self)
{
    assert_ok(prune_module_delete(self->net, "weight"));
    assert_ok(prune_module_delete(self->net, "child"));
}

static void a_tree_that_grows_while_it_is_cloned_is_refused(void **state)
{
    (void)state;
    prune_module *copy = NULL;
    deed d = { .act = add_child };
    prune_module *net = net_with_meddler(&d);
    assert_fails(prune_module_clone(&copy, net), PRUNE_ERROR_STATE,
                 "a clone callback changed the Net that is being cloned");
    assert_null(copy);
    assert_ok(prune_module_clone(&copy, net)); /* it acts once */
    prune_module_release(copy);
    prune_module_release(net);
}

static void what_goes_while_it_is_cloned_is_not_in_the_clone(void **state)
{
    (void)state;
    prune_module *copy = NULL;
    deed d = { .act = delete_both };
    prune_module *net = net_with_meddler(&d);
    assert_ok(prune_module_clone(&copy, net));
    assert_names(copy, "", "", "");
    assert_int_equal(prune_module_kind(copy, "child"), PRUNE_KIND_NONE);
    prune_module_release(copy);
    prune_module_release(net);
}

static void hooks_that_change_while_they_are_cloned_are_refused(void **state)
{
    (void)state;
    prune_module *copy = NULL;
    deed d = { .act = remove_hook, .net = four() };
    d.id = add_hook(d.net, &hook_with_clone, &d);
    assert_fails(prune_module_clone(&copy, d.net), PRUNE_ERROR_STATE, "a clone callback changed the Net");
    assert_int_equal(d.status, PRUNE_OK);
    assert_null(copy);
    prune_module_release(d.net);
}

static void methods_that_are_added_while_they_are_cloned_are_refused(void **state)
{
    (void)state;
    void (*const acts[])(deed *) = { prune_again, remove_pruning };
    for (size_t i = 0; i < 2; i++) {
        prune_module *copy = NULL;
        deed d = { .net = four() };
        assert_ok(apply(&when_cloned, &d));
        assert_ok(prune_l1_unstructured(d.net, "weight", prune_count(1), NULL));
        d.done = 0;
        d.act = acts[i];
        assert_fails(prune_module_clone(&copy, d.net), PRUNE_ERROR_STATE, "a clone callback changed the Net");
        assert_int_equal(d.status, PRUNE_OK);
        assert_values(weight_of(d.net), 0, i == 0 ? -0.0F : -2, 3, -4);
        assert_null(copy);
        prune_module_release(d.net);
    }
}

/* ---- Printing ---- */

static const prune_module_ops printed_module = {
    .size = sizeof printed_module,
    .context_size = sizeof(deed *),
    .extra_repr = extra_repr,
};

static void delete_child(deed *self)
{
    self->status = prune_module_delete(self->net, "child");
}

static void a_module_may_leave_the_tree_while_it_is_printed(void **state)
{
    (void)state;
    prune_module *child = NULL;
    deed d = { .act = delete_child, .net = four() };
    deed *self = &d;
    assert_ok(prune_module_create(&child, "Printed", &printed_module, &self));
    assert_ok(prune_module_register_module(d.net, "child", child));
    prune_module_release(child);
    FILE *file = open_capture();
    assert_ok(prune_module_print(file, d.net));
    char *text = close_capture(file);
    assert_string_equal(text, "Net(\n  (child): Printed(extra)\n)");
    assert_int_equal(d.status, PRUNE_OK);
    free(text);
    prune_module_release(d.net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_removal_is_done_when_it_lets_go_of_the_value),
        cmocka_unit_test(a_removal_is_done_when_it_lets_go_of_the_mask),
        cmocka_unit_test(a_removal_is_done_when_it_destroys_the_method),
        cmocka_unit_test(a_prune_is_done_when_it_lets_go_of_the_mask),
        cmocka_unit_test(a_prune_is_done_when_it_lets_go_of_a_name_in_its_way),
        cmocka_unit_test(a_load_is_done_when_it_destroys_the_method),
        cmocka_unit_test(a_hook_has_computed_the_value_when_it_lets_go_of_another),
        cmocka_unit_test(a_module_may_go_with_the_parameter_that_is_replaced),
        cmocka_unit_test(a_parameter_that_is_no_parameter_any_more_is_noticed),
        cmocka_unit_test(a_name_that_was_taken_meanwhile_is_noticed),
        cmocka_unit_test(a_method_may_be_released_while_it_computes),
        cmocka_unit_test(a_method_may_be_released_while_it_is_copied),
        cmocka_unit_test(parameters_are_not_touched_while_they_are_pruned_together),
        cmocka_unit_test(a_mask_that_goes_while_it_is_continued_is_missed),
        cmocka_unit_test(modules_may_be_released_while_they_are_pruned_together),
        cmocka_unit_test(no_hook_is_skipped_when_one_removes_others_as_it_goes),
        cmocka_unit_test(a_tree_that_grows_while_it_is_cloned_is_refused),
        cmocka_unit_test(what_goes_while_it_is_cloned_is_not_in_the_clone),
        cmocka_unit_test(hooks_that_change_while_they_are_cloned_are_refused),
        cmocka_unit_test(methods_that_are_added_while_they_are_cloned_are_refused),
        cmocka_unit_test(a_module_may_leave_the_tree_while_it_is_printed),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
