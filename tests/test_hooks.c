/* Forward pre-hooks and calls. */
#include "support.h"

#include "nn/internal.h"

/* What hooks and forwards did, in order: "a b forward ". */
static char story[256];

static void tell(const char *word)
{
    snprintf(story + strlen(story), sizeof story - strlen(story), "%s ", word);
}

static prune_module *module_of(const char *type_name, const prune_module_ops *ops)
{
    prune_module *module = NULL;
    assert_ok(prune_module_create(&module, type_name, ops, NULL));
    return module;
}

static prune_tensor *scalar(float value)
{
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_from_values(&t, &value, PRUNE_SHAPE(1)));
    return t;
}

/* ---- Hooks that tell their name ---- */

typedef struct teller {
    const char *name;
    int *destroyed;
} teller;

static prune_status tell_name(void *context, prune_module *module, prune_tensor *const *x, int64_t nx)
{
    (void)module;
    (void)x;
    tell(((teller *)context)->name);
    if (nx > 0)
        tell("with x");
    return PRUNE_OK;
}

static void count_destroyed(void *context)
{
    if (((teller *)context)->destroyed)
        ++*((teller *)context)->destroyed;
}

static const prune_hook_ops teller_ops = {
    .size = sizeof teller_ops,
    .type_name = "Teller",
    .context_size = sizeof(teller),
    .call = tell_name,
    .destroy = count_destroyed,
};

static int64_t add_teller(prune_module *module, const char *name)
{
    int64_t id = -1;
    assert_ok(prune_module_register_forward_pre_hook(&id, module, &teller_ops, &(teller){ .name = name }));
    return id;
}

static void ids_rise_from_zero_and_failures_take_none(void **state)
{
    (void)state;
    prune_module *a = module_of("A", NULL), *b = module_of("B", NULL);
    prune_hook_ops bad = teller_ops;
    int64_t id = -7;
    bad.size = 1;
    assert_fails(prune_module_register_forward_pre_hook(&id, a, &bad, &(teller){ .name = "x" }), PRUNE_ERROR_VALUE,
                 "size");
    bad = teller_ops;
    bad.type_name = NULL;
    assert_fails(prune_module_register_forward_pre_hook(&id, a, &bad, &(teller){ .name = "x" }), PRUNE_ERROR_TYPE,
                 "type_name");
    bad = teller_ops;
    bad.call = NULL;
    assert_fails(prune_module_register_forward_pre_hook(&id, a, &bad, &(teller){ .name = "x" }), PRUNE_ERROR_TYPE,
                 "call");
    assert_fails(prune_module_register_forward_pre_hook(&id, a, &teller_ops, NULL), PRUNE_ERROR_TYPE,
                 "Teller has a context of");
    assert_fails(prune_module_register_forward_pre_hook(&id, NULL, &teller_ops, NULL), PRUNE_ERROR_TYPE, "module");
    assert_fails(prune_module_register_forward_pre_hook(&id, a, NULL, NULL), PRUNE_ERROR_TYPE, "ops");
    assert_int_equal(id, -7);
    assert_null(prune_module_forward_pre_hook(a, 0, NULL));

    assert_int_equal(add_teller(a, "first"), 0); /* must be the first hook of the process */
    assert_int_equal(add_teller(b, "second"), 1);
    assert_ok(prune_module_register_forward_pre_hook(NULL, a, &teller_ops, &(teller){ .name = "third" }));
    assert_ok(prune_module_remove_forward_pre_hook(a, 2));
    assert_int_equal(add_teller(a, "fourth"), 3);
    prune_module_release(a);
    prune_module_release(b);
}

static void hooks_are_listed_and_run_in_order(void **state)
{
    (void)state;
    prune_module *m = module_of("Linear", NULL);
    int64_t a = add_teller(m, "a"), b = add_teller(m, "b"), id = -1;
    assert_string_equal(prune_module_forward_pre_hook(m, 0, &id), "Teller");
    assert_int_equal(id, a);
    assert_string_equal(prune_module_forward_pre_hook(m, 1, &id), "Teller");
    assert_int_equal(id, b);
    assert_null(prune_module_forward_pre_hook(m, 2, &id));
    assert_null(prune_module_forward_pre_hook(m, -1, &id));
    assert_null(prune_module_forward_pre_hook(NULL, 0, &id));
    assert_int_equal(id, b);
    assert_ok(prune_module_run_forward_pre_hooks(m, false));
    assert_string_equal(story, "a b ");
    assert_ok(prune_module_remove_forward_pre_hook(m, a));
    assert_fails(prune_module_remove_forward_pre_hook(m, a), PRUNE_ERROR_KEY, "Linear has no forward pre-hook of id");
    assert_fails(prune_module_remove_forward_pre_hook(m, -1), PRUNE_ERROR_KEY, "id -1");
    assert_fails(prune_module_remove_forward_pre_hook(m, INT64_MAX), PRUNE_ERROR_KEY, "id 9223372036854775807");
    assert_fails(prune_module_remove_forward_pre_hook(NULL, b), PRUNE_ERROR_TYPE, "module");
    assert_string_equal(prune_module_forward_pre_hook(m, 0, NULL), "Teller");
    prune_module_release(m);
}

static void a_pruning_hook_goes_with_remove_alone(void **state)
{
    (void)state;
    prune_module *m = module_of("Linear", NULL);
    int64_t id = add_teller(m, "a");
    m->hooks[0]->locked = true;
    assert_fails(prune_module_remove_forward_pre_hook(m, id), PRUNE_ERROR_STATE, "call prune_remove()");
    assert_non_null(prune_module_forward_pre_hook(m, 0, NULL));
    prune_module_release(m);
}

static void contexts_are_destroyed_once(void **state)
{
    (void)state;
    prune_module *m = module_of("Linear", NULL);
    int destroyed = 0;
    int64_t id;
    const teller context = { .name = "a", .destroyed = &destroyed };
    assert_ok(prune_module_register_forward_pre_hook(&id, m, &teller_ops, &context));
    assert_ok(prune_module_register_forward_pre_hook(NULL, m, &teller_ops, &context));
    assert_int_equal(destroyed, 0);
    assert_ok(prune_module_remove_forward_pre_hook(m, id));
    assert_int_equal(destroyed, 1);
    prune_module_release(m);
    assert_int_equal(destroyed, 2);
}

static prune_status register_hook(void *context)
{
    int destroyed = 0;
    prune_status status = prune_module_register_forward_pre_hook(NULL, context, &teller_ops,
                                                                 &(teller){ .name = "a", .destroyed = &destroyed });
    assert_int_equal(destroyed, 0);
    if (status == PRUNE_OK)
        ((teller *)((prune_module *)context)->hooks[0]->context)->destroyed = NULL;
    return status;
}

static void no_hook_is_listed(void *context)
{
    assert_null(prune_module_forward_pre_hook(context, 0, NULL));
}

static void forget_hooks(void *context)
{
    prune_module *m = context;
    pruni_module_remove_hook(m, 0);
    pruni_free(m->hook_room);
    m->hook_room = m->hooks = NULL;
    m->hook_capacity = 0;
}

static void registering_survives_a_lack_of_memory(void **state)
{
    (void)state;
    prune_module *m = module_of("Linear", NULL);
    try_every_allocation(register_hook, no_hook_is_listed, forget_hooks, m);
    prune_module_release(m);
}

/* ---- Hooks that change the list while it runs ---- */

typedef struct schemer {
    const char *name;
    int64_t remove; /* an id, or -1 */
    bool add, release;
} schemer;

static prune_status scheme(void *context, prune_module *module, prune_tensor *const *x, int64_t nx)
{
    (void)x;
    (void)nx;
    schemer *self = context;
    if (self->remove >= 0)
        assert_ok(prune_module_remove_forward_pre_hook(module, self->remove));
    if (self->add)
        add_teller(module, "added");
    if (self->release)
        prune_module_release(module);
    tell(self->name); /* the context is alive whatever was removed */
    return PRUNE_OK;
}

static const prune_hook_ops schemer_ops = {
    .size = sizeof schemer_ops, .type_name = "Schemer", .context_size = sizeof(schemer), .call = scheme
};

static int64_t add_schemer(prune_module *module, schemer context)
{
    int64_t id = -1;
    assert_ok(prune_module_register_forward_pre_hook(&id, module, &schemer_ops, &context));
    return id;
}

static void a_hook_added_meanwhile_waits(void **state)
{
    (void)state;
    prune_module *m = module_of("Linear", NULL);
    add_schemer(m, (schemer){ "adder", -1, true, false });
    add_teller(m, "b");
    assert_ok(prune_module_run_forward_pre_hooks(m, true));
    assert_string_equal(story, "adder b ");
    assert_ok(prune_module_run_forward_pre_hooks(m, true));
    assert_string_equal(story, "adder b adder b added ");
    prune_module_release(m);
}

static void a_hook_removed_meanwhile_does_not_run(void **state)
{
    (void)state;
    prune_module *m = module_of("Linear", NULL);
    int64_t before = add_teller(m, "before");
    int64_t own = add_schemer(m, (schemer){ "remover", -1, true, false });
    int64_t after = add_teller(m, "after");
    add_teller(m, "last");
    ((schemer *)m->hooks[1]->context)->remove = after;
    assert_ok(prune_module_run_forward_pre_hooks(m, false));
    assert_string_equal(story, "before remover last ");
    story[0] = '\0';
    ((schemer *)m->hooks[1]->context)->remove = before;
    assert_ok(prune_module_run_forward_pre_hooks(m, false));
    assert_string_equal(story, "before remover last added ");
    story[0] = '\0';
    ((schemer *)m->hooks[0]->context)->remove = own;
    assert_ok(prune_module_run_forward_pre_hooks(m, false));
    assert_string_equal(story, "remover last added added ");
    prune_module_release(m);
}

static void a_hook_may_release_its_module(void **state)
{
    (void)state;
    prune_module *m = module_of("Linear", NULL);
    add_schemer(m, (schemer){ "releaser", -1, false, true });
    add_teller(m, "after");
    assert_ok(prune_module_run_forward_pre_hooks(m, false));
    assert_string_equal(story, "releaser after ");
}

static prune_status fail_silently(void *context, prune_module *module, prune_tensor *const *x, int64_t nx)
{
    (void)context;
    (void)module;
    (void)x;
    (void)nx;
    return PRUNE_ERROR_USER;
}

static prune_status fail_loudly(void *context, prune_module *module, prune_tensor *const *x, int64_t nx)
{
    (void)context;
    (void)module;
    (void)x;
    (void)nx;
    return prune_fail(PRUNE_ERROR_STATE, "not today");
}

static const prune_hook_ops silent_ops = { .size = sizeof silent_ops, .type_name = "Silent", .call = fail_silently };
static const prune_hook_ops loud_ops = { .size = sizeof loud_ops, .type_name = "Loud", .call = fail_loudly };

static void the_first_failure_ends_the_run(void **state)
{
    (void)state;
    prune_module *m = module_of("Linear", NULL);
    int64_t id;
    add_teller(m, "before");
    assert_ok(prune_module_register_forward_pre_hook(&id, m, &silent_ops, NULL));
    add_teller(m, "after");
    assert_fails(prune_module_run_forward_pre_hooks(m, false), PRUNE_ERROR_USER,
                 "Silent of Linear failed with status user");
    assert_string_equal(story, "before ");
    assert_ok(prune_module_remove_forward_pre_hook(m, id));
    assert_ok(prune_module_register_forward_pre_hook(&id, m, &loud_ops, NULL));
    assert_fails(prune_module_run_forward_pre_hooks(m, false), PRUNE_ERROR_STATE, "not today");
    assert_string_equal(story, "before before after ");
    prune_module_release(m);
}

static void hooks_of_a_tree_run_in_the_order_of_its_modules(void **state)
{
    (void)state;
    prune_module *net = module_of("Net", NULL), *a = module_of("A", NULL), *b = module_of("B", NULL);
    assert_ok(prune_module_register_module(net, "a", a));
    assert_ok(prune_module_register_module(a, "shared", b));
    assert_ok(prune_module_register_module(net, "b", b));
    assert_ok(prune_module_register_module(net, "none", NULL));
    add_teller(b, "b");
    add_teller(a, "a");
    add_teller(net, "net");
    assert_ok(prune_module_run_forward_pre_hooks(net, true));
    assert_string_equal(story, "net a b ");
    story[0] = '\0';
    assert_ok(prune_module_run_forward_pre_hooks(net, false));
    assert_string_equal(story, "net ");
    assert_ok(prune_module_register_forward_pre_hook(NULL, a, &loud_ops, NULL));
    story[0] = '\0';
    assert_fails(prune_module_run_forward_pre_hooks(net, true), PRUNE_ERROR_STATE, "not today");
    assert_string_equal(story, "net a ");
    assert_fails(prune_module_run_forward_pre_hooks(NULL, true), PRUNE_ERROR_TYPE, "module");
    prune_module_release(net);
    prune_module_release(a);
    prune_module_release(b);
}

static prune_status run_tree(void *context)
{
    return prune_module_run_forward_pre_hooks(context, true);
}

static void running_a_tree_survives_a_lack_of_memory(void **state)
{
    (void)state;
    prune_module *net = module_of("Net", NULL), *last = net;
    for (int i = 0; i < 40; i++) { /* a small one needs none */
        prune_module *inner = module_of("A", NULL);
        assert_ok(prune_module_register_module(last, "a", inner));
        prune_module_release(inner);
        last = inner;
    }
    try_every_allocation(run_tree, NULL, NULL, net);
    prune_module_release(net);
}

/* ---- Calls ---- */

/* y[i] = x[i % nx]; the training flag "off" means: leave the last output out. */
static prune_status forward_echo(void *context, prune_module *self, prune_tensor **y, int64_t ny,
                                 prune_tensor *const *x, int64_t nx)
{
    (void)context;
    tell("forward");
    for (int64_t i = 0; i < ny; i++) {
        assert_null(y[i]);
        if (i < ny - 1 || prune_module_training(self))
            y[i] = prune_tensor_retain(x[i % nx]);
    }
    return PRUNE_OK;
}

static const prune_module_ops echo_ops = { .size = sizeof echo_ops, .forward = forward_echo };

static void a_call_runs_hooks_then_forward(void **state)
{
    (void)state;
    prune_module *m = module_of("Echo", &echo_ops);
    prune_tensor *x = scalar(3), *y = NULL;
    add_teller(m, "hook");
    assert_ok(prune_module_call(&y, m, x));
    assert_string_equal(story, "hook with x forward ");
    assert_ptr_equal(y, x);
    prune_tensor_release(y);
    prune_tensor_release(x);
    prune_module_release(m);
}

static void a_call_may_have_any_number_of_inputs_and_outputs(void **state)
{
    (void)state;
    prune_module *m = module_of("Echo", &echo_ops);
    prune_tensor *x[] = { scalar(1), scalar(2) }, *y[20];
    assert_ok(prune_module_call_many(y, 20, m, x, 2));
    for (size_t i = 0; i < 20; i++) {
        assert_ptr_equal(y[i], x[i % 2]);
        prune_tensor_release(y[i]);
    }
    assert_ok(prune_module_call_many(NULL, 0, m, NULL, 0));
    prune_tensor_release(x[0]);
    prune_tensor_release(x[1]);
    prune_module_release(m);
}

static void a_call_allocates_nothing_by_itself(void **state)
{
    (void)state;
    prune_module *m = module_of("Echo", &echo_ops);
    prune_tensor *x = scalar(3), *y = NULL;
    add_teller(m, "hook");
    fail_allocation(0, true);
    prune_status status = prune_module_call(&y, m, x);
    fail_allocation(-1, false);
    assert_int_equal(status, PRUNE_OK);
    prune_tensor_release(y);
    prune_tensor_release(x);
    prune_module_release(m);
}

static void a_call_checks_its_arguments(void **state)
{
    (void)state;
    prune_module *m = module_of("Echo", &echo_ops), *plain = module_of("Linear", NULL);
    prune_tensor *x = scalar(3), *nothing = NULL, *y = x;
    assert_fails(prune_module_call(NULL, m, x), PRUNE_ERROR_TYPE, "y");
    assert_fails(prune_module_call(&y, NULL, x), PRUNE_ERROR_TYPE, "module");
    assert_fails(prune_module_call(&y, m, NULL), PRUNE_ERROR_TYPE, "'x' is NULL");
    assert_fails(prune_module_call_many(NULL, 1, m, &x, 1), PRUNE_ERROR_TYPE, "y");
    assert_fails(prune_module_call_many(&y, 1, NULL, &x, 1), PRUNE_ERROR_TYPE, "module");
    assert_fails(prune_module_call_many(&y, 1, m, NULL, 1), PRUNE_ERROR_TYPE, "x");
    assert_fails(prune_module_call_many(&y, 1, m, &nothing, 1), PRUNE_ERROR_TYPE, "input 0 of Echo is NULL");
    assert_fails(prune_module_call_many(&y, -1, m, &x, 1), PRUNE_ERROR_VALUE, "-1 outputs");
    assert_fails(prune_module_call_many(&y, 1, m, &x, -1), PRUNE_ERROR_VALUE, "-1 inputs");
    add_teller(plain, "hook");
    assert_fails(prune_module_call(&y, plain, x), PRUNE_ERROR_UNSUPPORTED,
                 "Module [Linear] is missing the required \"forward\" function");
    assert_string_equal(story, "");
    assert_ptr_equal(y, x);
    prune_tensor_release(x);
    prune_module_release(m);
    prune_module_release(plain);
}

static void outputs_are_untouched_and_released_on_failure(void **state)
{
    (void)state;
    prune_module *m = module_of("Echo", &echo_ops);
    prune_tensor *x = scalar(3), *y[2] = { x, x };
    prune_module_eval(m);
    assert_fails(prune_module_call_many(y, 2, m, &x, 1), PRUNE_ERROR_RUNTIME, "forward of Echo gave no output 1 of 2");
    assert_ptr_equal(y[0], x);
    assert_ptr_equal(y[1], x);
    prune_module_train(m, true);
    assert_ok(prune_module_register_forward_pre_hook(NULL, m, &loud_ops, NULL));
    story[0] = '\0';
    assert_fails(prune_module_call(&y[0], m, x), PRUNE_ERROR_STATE, "not today");
    assert_string_equal(story, "");
    assert_ptr_equal(y[0], x);
    prune_tensor_release(x);
    prune_module_release(m);
}

static prune_status forward_half(void *context, prune_module *self, prune_tensor **y, int64_t ny,
                                 prune_tensor *const *x, int64_t nx)
{
    (void)context;
    (void)self;
    (void)ny;
    (void)nx;
    y[0] = prune_tensor_retain(x[0]);
    return PRUNE_ERROR_USER;
}

static const prune_module_ops half_ops = { .size = sizeof half_ops, .forward = forward_half };

static void what_a_failed_forward_made_is_released(void **state)
{
    (void)state;
    prune_module *m = module_of("Half", &half_ops);
    prune_tensor *x = scalar(3), *y = NULL;
    assert_fails(prune_module_call(&y, m, x), PRUNE_ERROR_USER, "forward of Half failed with status user");
    assert_null(y);
    prune_tensor_release(x); /* the leak check sees a reference too many */
    prune_module_release(m);
}

/* Replaces the child that it calls, and releases itself. */
static prune_status forward_molt(void *context, prune_module *self, prune_tensor **y, int64_t ny,
                                 prune_tensor *const *x, int64_t nx)
{
    (void)context;
    (void)ny;
    (void)nx;
    prune_module *next = module_of("Echo", &echo_ops);
    assert_ok(prune_module_register_module(self, "child", next));
    prune_module_release(next);
    prune_status status = prune_module_call(&y[0], prune_module_get_submodule(self, "child"), x[0]);
    prune_module_release(self);
    return status;
}

static const prune_module_ops molt_ops = { .size = sizeof molt_ops, .forward = forward_molt };

static void a_forward_may_replace_children_and_release_its_module(void **state)
{
    (void)state;
    prune_module *m = module_of("Molt", &molt_ops), *child = module_of("Echo", &echo_ops);
    prune_tensor *x = scalar(3), *y = NULL;
    assert_ok(prune_module_register_module(m, "child", child));
    prune_module_release(child);
    assert_ok(prune_module_call(&y, m, x));
    assert_ptr_equal(y, x);
    prune_tensor_release(y);
    prune_tensor_release(x);
}

static prune_status call_twenty(void *context)
{
    prune_module *m = context;
    prune_tensor *y[20], *x = m->parameters.items[0].tensor;
    prune_status status = prune_module_call_many(y, 20, m, &x, 1);
    for (size_t i = 0; status == PRUNE_OK && i < 20; i++)
        prune_tensor_release(y[i]);
    return status;
}

static void calls_survive_a_lack_of_memory(void **state)
{
    (void)state;
    prune_module *m = module_of("Echo", &echo_ops);
    prune_tensor *x = scalar(3);
    assert_ok(prune_module_register_parameter(m, "x", x));
    try_every_allocation(call_twenty, NULL, NULL, m);
    prune_tensor_release(x);
    prune_module_release(m);
}

static int forget_story(void **state)
{
    (void)state;
    story[0] = '\0';
    return 0;
}

#define TEST(name) cmocka_unit_test_setup(name, forget_story)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ids_rise_from_zero_and_failures_take_none),
        TEST(hooks_are_listed_and_run_in_order),
        TEST(a_pruning_hook_goes_with_remove_alone),
        TEST(contexts_are_destroyed_once),
        TEST(registering_survives_a_lack_of_memory),
        TEST(a_hook_added_meanwhile_waits),
        TEST(a_hook_removed_meanwhile_does_not_run),
        TEST(a_hook_may_release_its_module),
        TEST(the_first_failure_ends_the_run),
        TEST(hooks_of_a_tree_run_in_the_order_of_its_modules),
        TEST(running_a_tree_survives_a_lack_of_memory),
        TEST(a_call_runs_hooks_then_forward),
        TEST(a_call_may_have_any_number_of_inputs_and_outputs),
        TEST(a_call_allocates_nothing_by_itself),
        TEST(a_call_checks_its_arguments),
        TEST(outputs_are_untouched_and_released_on_failure),
        TEST(what_a_failed_forward_made_is_released),
        TEST(a_forward_may_replace_children_and_release_its_module),
        TEST(calls_survive_a_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
