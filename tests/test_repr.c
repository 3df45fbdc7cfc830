/* Modules and their hooks as text. The expected strings are PyTorch's: repr() of modules of the same make. */
#include "support.h"

/* ---- Modules that show a text ---- */

typedef struct shown {
    const char *extra;
} shown;

static int show_extra(const void *context, char *text, size_t size)
{
    const shown *s = context;
    return snprintf(text, size, "%s", s->extra);
}

static const prune_module_ops shown_ops = {
    .size = sizeof shown_ops,
    .context_size = sizeof(shown),
    .extra_repr = show_extra,
};

static prune_module *module_of(const char *type_name, const char *extra)
{
    prune_module *m = NULL;
    const shown s = { extra };
    assert_ok(prune_module_create(&m, type_name, extra ? &shown_ops : NULL, &s));
    return m;
}

/* Gives the child away to its parent. */
static void adopt(prune_module *parent, const char *name, prune_module *child)
{
    assert_ok(prune_module_register_module(parent, name, child));
    prune_module_release(child);
}

static void assert_shows(const prune_module *m, const char *expected)
{
    FILE *file = open_capture();
    assert_ok(prune_module_print(file, m));
    char *text = close_capture(file);
    assert_string_equal(text, expected);
    free(text);
}

/* The same, and releases the module. */
static void assert_prints(prune_module *m, const char *expected)
{
    assert_shows(m, expected);
    prune_module_release(m);
}

/* ---- Modules ---- */

static void a_leaf_takes_one_line(void **state)
{
    (void)state;
    assert_prints(module_of("Net", NULL), "Net()");
    assert_prints(module_of("Net", ""), "Net()");
    assert_prints(module_of("ReLU", "inplace=True"), "ReLU(inplace=True)");
}

static void children_stand_on_lines_of_their_own(void **state)
{
    (void)state;
    prune_module *net = module_of("Net", NULL);
    adopt(net, "conv1", module_of("Conv2d", "1, 6"));
    adopt(net, "relu", module_of("ReLU", ""));
    assert_ok(prune_module_register_module(net, "bias", NULL));
    assert_prints(net, "Net(\n"
                       "  (conv1): Conv2d(1, 6)\n"
                       "  (relu): ReLU()\n"
                       "  (bias): None\n"
                       ")");
}

static void an_absent_child_is_a_line_too(void **state)
{
    (void)state;
    prune_module *net = module_of("Net", NULL);
    assert_ok(prune_module_register_module(net, "a", NULL));
    assert_prints(net, "Net(\n"
                       "  (a): None\n"
                       ")");
}

static void nesting_moves_right(void **state)
{
    (void)state;
    prune_module *net = module_of("Net", NULL), *block = module_of("Block", NULL), *inner = module_of("Inner", NULL);
    adopt(inner, "x", module_of("Leaf", "k=1"));
    adopt(block, "0", inner);
    adopt(block, "1", module_of("Leaf", NULL));
    adopt(net, "a", block);
    adopt(net, "b", module_of("Sequential", NULL));
    assert_prints(net, "Net(\n"
                       "  (a): Block(\n"
                       "    (0): Inner(\n"
                       "      (x): Leaf(k=1)\n"
                       "    )\n"
                       "    (1): Leaf()\n"
                       "  )\n"
                       "  (b): Sequential()\n"
                       ")");
}

static void an_own_text_comes_before_the_children(void **state)
{
    (void)state;
    prune_module *net = module_of("Net", "scale=2");
    adopt(net, "a", module_of("Leaf", NULL));
    assert_prints(net, "Net(\n"
                       "  scale=2\n"
                       "  (a): Leaf()\n"
                       ")");
}

static void an_own_text_may_have_lines(void **state)
{
    (void)state;
    assert_prints(module_of("Net", "one\ntwo"), "Net(\n"
                                                "  one\n"
                                                "  two\n"
                                                ")");
    prune_module *net = module_of("Net", "one\ntwo"), *block = module_of("Block", "three\nfour");
    adopt(block, "b", module_of("Leaf", "five\nsix"));
    adopt(net, "a", block);
    assert_prints(net, "Net(\n"
                       "  one\n"
                       "  two\n"
                       "  (a): Block(\n"
                       "    three\n"
                       "    four\n"
                       "    (b): Leaf(\n"
                       "      five\n"
                       "      six\n"
                       "    )\n"
                       "  )\n"
                       ")");
}

static void blank_lines_are_emptied_in_children(void **state)
{
    (void)state;
    prune_module *net = module_of("Net", "one\n\ntwo"), *block = module_of("Block", "three\n \nfour");
    adopt(block, "b", module_of("Leaf", "\nfive"));
    adopt(net, "a", block);
    assert_prints(net, "Net(\n"
                       "  one\n"
                       "  \n"
                       "  two\n"
                       "  (a): Block(\n"
                       "    three\n"
                       "\n"
                       "    four\n"
                       "    (b): Leaf(\n"
                       "\n"
                       "      five\n"
                       "    )\n"
                       "  )\n"
                       ")");
}

static void even_a_name_may_have_lines(void **state)
{
    (void)state;
    prune_module *net = module_of("Net", NULL), *block = module_of("Block", NULL);
    adopt(block, "c\nd", module_of("Leaf", NULL));
    adopt(net, "a\nb", block);
    assert_prints(net, "Net(\n"
                       "  (a\n"
                       "b): Block(\n"
                       "    (c\n"
                       "  d): Leaf()\n"
                       "  )\n"
                       ")");
}

static void a_long_own_text_is_not_cut(void **state)
{
    (void)state;
    char extra[3001], expected[3010];
    memset(extra, 'x', 3000);
    extra[3000] = '\0';
    snprintf(expected, sizeof expected, "Net(%s)", extra);
    assert_prints(module_of("Net", extra), expected);
}

static int show_nothing(const void *context, char *text, size_t size)
{
    (void)context;
    (void)text;
    (void)size;
    return -1;
}

static void an_own_text_that_fails_is_left_out(void **state)
{
    (void)state;
    static const prune_module_ops ops = { .size = sizeof ops, .extra_repr = show_nothing };
    prune_module *m = NULL;
    assert_ok(prune_module_create(&m, "Net", &ops, NULL));
    assert_prints(m, "Net()");
}

static void a_deep_tree_prints_whole(void **state)
{
    (void)state;
    enum { DEPTH = 300 };
    prune_module *root = module_of("M", NULL), *m = root;
    for (int i = 0; i < DEPTH; i++) {
        prune_module *child = module_of("M", NULL);
        adopt(m, "a", child);
        m = child;
    }
    FILE *file = open_capture();
    assert_ok(prune_module_print(file, root));
    assert_int_equal(ftell(file), 2L * DEPTH * DEPTH + 10L * DEPTH + 3);
    fclose(file);
    prune_module_release(root);
}

/* ---- Hooks ---- */

static prune_status do_nothing(void *context, prune_module *module, prune_tensor *const *x, int64_t nx)
{
    (void)context;
    (void)module;
    (void)x;
    (void)nx;
    return PRUNE_OK;
}

static char *printed_hooks(const prune_module *m)
{
    FILE *file = open_capture();
    assert_ok(prune_module_print_forward_pre_hooks(file, m));
    return close_capture(file);
}

static void hooks_print_as_an_ordered_dict(void **state)
{
    (void)state;
    static const prune_hook_ops ops = { .size = sizeof ops, .type_name = "Watcher", .call = do_nothing };
    prune_module *m = module_of("Net", NULL);
    char *text = printed_hooks(m);
    assert_string_equal(text, "OrderedDict()");
    free(text);
    int64_t first, second;
    assert_ok(prune_module_register_forward_pre_hook(&first, m, &ops, NULL));
    assert_ok(prune_module_register_forward_pre_hook(&second, m, &ops, NULL));
    text = printed_hooks(m);
    unsigned long long a = 0, b = 0;
    long long x = -1, y = -1;
    int end = 0;
    assert_int_equal(sscanf(text,
                            "OrderedDict([(%lld, <Watcher object at 0x%llx>), (%lld, <Watcher object at 0x%llx>)])%n",
                            &x, &a, &y, &b, &end),
                     4);
    assert_int_equal(end, strlen(text));
    assert_int_equal(x, first);
    assert_int_equal(y, second);
    assert_true(a != 0 && b != 0 && a != b);
    free(text);
    prune_module_release(m);
}

/* ---- Errors ---- */

static void null_arguments_are_named(void **state)
{
    (void)state;
    prune_module *m = module_of("Net", NULL);
    assert_fails(prune_module_print(NULL, m), PRUNE_ERROR_TYPE, "argument 'file'");
    assert_fails(prune_module_print(stdout, NULL), PRUNE_ERROR_TYPE, "argument 'module'");
    assert_fails(prune_module_print_forward_pre_hooks(NULL, m), PRUNE_ERROR_TYPE, "argument 'file'");
    assert_fails(prune_module_print_forward_pre_hooks(stdout, NULL), PRUNE_ERROR_TYPE, "argument 'module'");
    prune_module_release(m);
}

static void a_file_that_cannot_be_written_is_an_io_error(void **state)
{
    (void)state;
    FILE *file = fopen(PRUNE_TESTS_DIR "/support.h", "r");
    assert_non_null(file);
    prune_module *m = module_of("Net", NULL);
    assert_fails(prune_module_print(file, m), PRUNE_ERROR_IO, "cannot write");
    assert_fails(prune_module_print_forward_pre_hooks(file, m), PRUNE_ERROR_IO, "cannot write");
    prune_module_release(m);
    fclose(file);
}

struct printing {
    prune_module *module;
    FILE *file;
};

static prune_status print(void *context)
{
    struct printing *p = context;
    return prune_module_print(p->file, p->module);
}

static prune_status print_hooks(void *context)
{
    struct printing *p = context;
    return prune_module_print_forward_pre_hooks(p->file, p->module);
}

static void nothing_is_written(void *context)
{
    struct printing *p = context;
    assert_int_equal(ftell(p->file), 0);
}

static void rewind_file(void *context)
{
    struct printing *p = context;
    rewind(p->file);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    struct printing p = { module_of("Net", "one\ntwo"), open_capture() };
    adopt(p.module, "a", module_of("Block", "three"));
    adopt(p.module, "b", module_of("Block", "four"));
    try_every_allocation(print, nothing_is_written, rewind_file, &p);
    try_every_allocation(print_hooks, nothing_is_written, rewind_file, &p);
    fclose(p.file);
    prune_module_release(p.module);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_leaf_takes_one_line),
        cmocka_unit_test(children_stand_on_lines_of_their_own),
        cmocka_unit_test(an_absent_child_is_a_line_too),
        cmocka_unit_test(nesting_moves_right),
        cmocka_unit_test(an_own_text_comes_before_the_children),
        cmocka_unit_test(an_own_text_may_have_lines),
        cmocka_unit_test(blank_lines_are_emptied_in_children),
        cmocka_unit_test(even_a_name_may_have_lines),
        cmocka_unit_test(a_long_own_text_is_not_cut),
        cmocka_unit_test(an_own_text_that_fails_is_left_out),
        cmocka_unit_test(a_deep_tree_prints_whole),
        cmocka_unit_test(hooks_print_as_an_ordered_dict),
        cmocka_unit_test(null_arguments_are_named),
        cmocka_unit_test(a_file_that_cannot_be_written_is_an_io_error),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
