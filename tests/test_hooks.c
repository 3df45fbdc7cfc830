/* Forward pre-hooks. */
#include "hook_support.h"

/* ---- Hooks in order ---- */

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
                 "'ops->type_name'");
    bad = teller_ops;
    bad.call = NULL;
    assert_fails(prune_module_register_forward_pre_hook(&id, a, &bad, &(teller){ .name = "x" }), PRUNE_ERROR_TYPE,
                 "'ops->call'");
    assert_fails(prune_module_register_forward_pre_hook(&id, a, &teller_ops, NULL), PRUNE_ERROR_TYPE,
                 "Teller has a context of");
    assert_fails(prune_module_register_forward_pre_hook(&id, NULL, &teller_ops, NULL), PRUNE_ERROR_TYPE, "'module'");
    assert_fails(prune_module_register_forward_pre_hook(&id, a, NULL, NULL), PRUNE_ERROR_TYPE, "'ops'");
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
    assert_fails(prune_module_remove_forward_pre_hook(m, a), PRUNE_ERROR_KEY, "Linear has no forward pre-hook of id ");
    assert_fails(prune_module_remove_forward_pre_hook(m, -1), PRUNE_ERROR_KEY, "id -1");
    assert_fails(prune_module_remove_forward_pre_hook(m, INT64_MAX), PRUNE_ERROR_KEY, "id 9223372036854775807");
    assert_fails(prune_module_remove_forward_pre_hook(NULL, b), PRUNE_ERROR_TYPE, "'module'");
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

static const prune_hook_ops silent_ops = { .size = sizeof silent_ops, .type_name = "Silent", .call = fail_silently };
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
    assert_fails(prune_module_run_forward_pre_hooks(NULL, true), PRUNE_ERROR_TYPE, "'module'");
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
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
