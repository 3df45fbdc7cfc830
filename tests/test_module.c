/* Modules: life, class and context, the training flag, lists and walks of the tree. */
#include "modules.h"

/* ---- Life ---- */

typedef struct owner {
    int *destroyed;
    double value; /* needs alignment */
} owner;

static void owner_destroy(void *context)
{
    ++*((owner *)context)->destroyed;
}

static const prune_module_ops owner_ops = {
    .size = sizeof owner_ops,
    .context_size = sizeof(owner),
    .destroy = owner_destroy,
};

static void a_module_starts_in_training_mode_with_nothing_in_it(void **state)
{
    (void)state;
    prune_module *m = module_of("Linear");
    assert_string_equal(prune_module_type_name(m), "Linear");
    assert_null(prune_module_context(m));
    assert_true(prune_module_training(m));
    assert_int_equal(prune_module_kind(m, "weight"), PRUNE_KIND_NONE);
    assert_null(prune_module_forward_pre_hook(m, 0, NULL));
    prune_module_release(m);
}

static void the_context_is_copied_and_destroyed_with_the_last_reference(void **state)
{
    (void)state;
    int destroyed = 0;
    owner context = { &destroyed, 2.5 };
    prune_module *m = NULL;
    assert_ok(prune_module_create(&m, "Owner", &owner_ops, &context));
    context.value = 0;
    assert_ptr_not_equal(prune_module_context(m), &context);
    assert_true(((owner *)prune_module_context(m))->value == 2.5);
    assert_ptr_equal(prune_module_retain(m), m);
    prune_module_release(m);
    assert_int_equal(destroyed, 0);
    prune_module_release(m);
    assert_int_equal(destroyed, 1);
}

static void creating_checks_its_arguments(void **state)
{
    (void)state;
    prune_module *m = NULL;
    const prune_module_ops wrong_size = { .size = 8 };
    char no_context[80];
    snprintf(no_context, sizeof no_context, "A has a context of %zu bytes, but context is NULL", sizeof(owner));
    assert_fails(prune_module_create(NULL, "A", NULL, NULL), PRUNE_ERROR_TYPE, "'out'");
    assert_fails(prune_module_create(&m, NULL, NULL, NULL), PRUNE_ERROR_TYPE, "'type_name'");
    assert_fails(prune_module_create(&m, "", NULL, NULL), PRUNE_ERROR_VALUE, "type_name is empty");
    assert_fails(prune_module_create(&m, "A", &wrong_size, NULL), PRUNE_ERROR_VALUE, "size field is 8");
    assert_fails(prune_module_create(&m, "A", &owner_ops, NULL), PRUNE_ERROR_TYPE, no_context);
    assert_null(m);
}

static void null_is_taken_and_the_last_error_kept(void **state)
{
    (void)state;
    prune_fail(PRUNE_ERROR_USER, "before");
    assert_null(prune_module_retain(NULL));
    prune_module_release(NULL);
    prune_named_modules_release(NULL);
    prune_module_train(NULL, true);
    prune_module_eval(NULL);
    assert_null(prune_module_type_name(NULL));
    assert_null(prune_module_context(NULL));
    assert_false(prune_module_training(NULL));
    assert_string_equal(prune_last_error(), "before");
}

static prune_status create_owner(void *context)
{
    prune_module *m = NULL;
    static int destroyed;
    destroyed = 0;
    (void)context;
    prune_status status = prune_module_create(&m, "Owner", &owner_ops, &(owner){ &destroyed, 0 });
    prune_module_release(m);
    assert_int_equal(destroyed, status == PRUNE_OK ? 1 : 0);
    return status;
}

static void creating_survives_a_lack_of_memory(void **state)
{
    (void)state;
    try_every_allocation(create_owner, NULL, NULL, NULL);
}

static void releasing_releases_what_nobody_else_keeps(void **state)
{
    (void)state;
    int destroyed = 0;
    prune_module *root = module_of("Root"), *kept = NULL, *lost = NULL;
    assert_ok(prune_module_create(&kept, "Kept", &owner_ops, &(owner){ &destroyed, 0 }));
    assert_ok(prune_module_create(&lost, "Lost", &owner_ops, &(owner){ &destroyed, 0 }));
    assert_ok(prune_module_register_module(root, "a", kept));
    assert_ok(prune_module_register_module(root, "b", lost));
    assert_ok(prune_module_register_module(root, "c", lost));
    prune_module_release(lost);
    assert_int_equal(destroyed, 0);
    prune_module_release(root);
    assert_int_equal(destroyed, 1);
    prune_module_release(kept);
    assert_int_equal(destroyed, 2);
}

/* ---- Trees ---- */

enum { DEEP = 20000 };

static void trees_of_any_depth_are_trained_and_released(void **state)
{
    (void)state;
    prune_module *root = module_of("Root"), *inner = root;
    for (int i = 0; i < DEEP; i++)
        inner = add_child(inner, "x", "Nest");
    prune_module_eval(root);
    assert_false(prune_module_training(inner));
    prune_module_release(root);
}

static void train_sets_the_flag_of_the_whole_tree(void **state)
{
    (void)state;
    prune_module *net = module_of("Net");
    prune_module *a = add_child(net, "a", "A"), *b = add_child(a, "b", "B");
    assert_ok(prune_module_register_module(net, "shared", b));
    assert_ok(prune_module_register_module(net, "none", NULL));
    prune_module_eval(net);
    assert_false(prune_module_training(net) || prune_module_training(a) || prune_module_training(b));
    prune_module_train(a, true);
    assert_false(prune_module_training(net));
    assert_true(prune_module_training(a) && prune_module_training(b));
    prune_module_train(net, true);
    assert_true(prune_module_training(net) && prune_module_training(b));
    prune_module_train(net, false);
    assert_false(prune_module_training(b));
    prune_module_release(net);
}

/* "name:Type " of each. */
static const char *listing(const prune_named_modules *list)
{
    static char text[512];
    text[0] = '\0';
    for (int64_t i = 0; i < list->count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s:%s ", list->items[i].name,
                 prune_module_type_name(list->items[i].module));
    return text;
}

/* A tree in which B is a child twice, and D hangs under both A and C. */
static prune_module *shared_tree(void)
{
    prune_module *net = module_of("Net");
    prune_module *a = add_child(net, "a", "A"), *b = add_child(a, "0", "B");
    assert_ok(prune_module_register_module(a, "1", b));
    assert_ok(prune_module_register_module(net, "none", NULL));
    prune_module *c = add_child(net, "c", "C"), *d = add_child(a, "d", "D");
    assert_ok(prune_module_register_module(c, "d", d));
    assert_ok(prune_module_register_module(net, "again", a));
    return net;
}

/* torch: list(net.named_modules()), list(net.named_children()), net.apply(print) on the same tree */
static void modules_are_listed_once(void **state)
{
    (void)state;
    prune_module *net = shared_tree();
    prune_named_modules *list = NULL;
    assert_ok(prune_module_named_modules(&list, net));
    assert_string_equal(listing(list), ":Net a:A a.0:B a.d:D c:C ");
    prune_named_modules_release(list);
    assert_ok(prune_module_named_children(&list, net));
    assert_string_equal(listing(list), "a:A c:C ");
    assert_fails(prune_module_named_modules(NULL, net), PRUNE_ERROR_TYPE, "'out'");
    assert_fails(prune_module_named_modules(&list, NULL), PRUNE_ERROR_TYPE, "'module'");
    assert_fails(prune_module_named_children(NULL, net), PRUNE_ERROR_TYPE, "'out'");
    assert_fails(prune_module_named_children(&list, NULL), PRUNE_ERROR_TYPE, "'module'");
    prune_module_release(net);
    assert_string_equal(listing(list), "a:A c:C "); /* the list keeps them */
    prune_named_modules_release(list);
}

typedef struct visitor {
    char text[256];
    const char *stop;
    bool loudly;
} visitor;

static prune_status visit(void *context, prune_module *module)
{
    visitor *v = context;
    const char *type_name = prune_module_type_name(module);
    snprintf(v->text + strlen(v->text), sizeof v->text - strlen(v->text), "%s ", type_name);
    if (v->stop && strcmp(v->stop, type_name) == 0)
        return v->loudly ? prune_fail(PRUNE_ERROR_IO, "no more") : PRUNE_ERROR_USER;
    return PRUNE_OK;
}

static void apply_visits_children_first(void **state)
{
    (void)state;
    prune_module *net = shared_tree();
    visitor v = { .stop = NULL };
    assert_ok(prune_module_apply(net, visit, &v));
    assert_string_equal(v.text, "B D A D C Net ");
    v = (visitor){ .stop = "A" };
    assert_fails(prune_module_apply(net, visit, &v), PRUNE_ERROR_USER, "visit of A failed with status user");
    assert_string_equal(v.text, "B D A ");
    v = (visitor){ .stop = "B", .loudly = true };
    assert_fails(prune_module_apply(net, visit, &v), PRUNE_ERROR_IO, "no more");
    assert_fails(prune_module_apply(NULL, visit, &v), PRUNE_ERROR_TYPE, "'module'");
    assert_fails(prune_module_apply(net, NULL, &v), PRUNE_ERROR_TYPE, "'visit'");
    prune_module_release(net);
}

/* Takes everything out of the module that it visits. */
static prune_status empty_out(void *context, prune_module *module)
{
    ++*(int *)context;
    const char *names[] = { "a", "0", "1", "c", "d", "again", "none" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (prune_module_kind(module, names[i]) != PRUNE_KIND_NONE)
            assert_ok(prune_module_delete(module, names[i]));
    return PRUNE_OK;
}

static void apply_may_change_the_tree(void **state)
{
    (void)state;
    prune_module *net = shared_tree();
    int visits = 0;
    assert_ok(prune_module_apply(net, empty_out, &visits));
    assert_int_equal(visits, 6);
    assert_int_equal(prune_module_kind(net, "a"), PRUNE_KIND_NONE);
    prune_module_release(net);
}

static prune_status list_all(void *context)
{
    prune_named_modules *list = NULL;
    prune_status status = prune_module_named_modules(&list, context);
    prune_named_modules_release(list);
    return status;
}

static prune_status list_children(void *context)
{
    prune_named_modules *list = NULL;
    prune_status status = prune_module_named_children(&list, context);
    prune_named_modules_release(list);
    return status;
}

static prune_status apply_to_all(void *context)
{
    visitor v = { .stop = NULL };
    return prune_module_apply(context, visit, &v);
}

static void listing_survives_a_lack_of_memory(void **state)
{
    (void)state;
    prune_module *net = shared_tree();
    try_every_allocation(list_all, NULL, NULL, net);
    try_every_allocation(list_children, NULL, NULL, net);
    try_every_allocation(apply_to_all, NULL, NULL, net);
    prune_module_release(net);
}

static void wide_trees_are_listed_once_too(void **state)
{
    (void)state;
    enum { WIDE = 500 };
    prune_module *net = module_of("Net");
    prune_named_modules *list = NULL;
    for (int i = 0; i < WIDE; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        prune_module *child = add_child(net, name, "Leaf");
        snprintf(name, sizeof name, "again%d", i);
        assert_ok(prune_module_register_module(net, name, child));
    }
    assert_ok(prune_module_named_modules(&list, net));
    assert_int_equal(list->count, WIDE + 1);
    assert_string_equal(list->items[WIDE].name, "499");
    prune_named_modules_release(list);
    prune_module_release(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_module_starts_in_training_mode_with_nothing_in_it),
        cmocka_unit_test(the_context_is_copied_and_destroyed_with_the_last_reference),
        cmocka_unit_test(creating_checks_its_arguments),
        cmocka_unit_test(null_is_taken_and_the_last_error_kept),
        cmocka_unit_test(creating_survives_a_lack_of_memory),
        cmocka_unit_test(releasing_releases_what_nobody_else_keeps),
        cmocka_unit_test(trees_of_any_depth_are_trained_and_released),
        cmocka_unit_test(train_sets_the_flag_of_the_whole_tree),
        cmocka_unit_test(modules_are_listed_once),
        cmocka_unit_test(apply_visits_children_first),
        cmocka_unit_test(apply_may_change_the_tree),
        cmocka_unit_test(listing_survives_a_lack_of_memory),
        cmocka_unit_test(wide_trees_are_listed_once_too),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
