/* The layer table: what making it leaves behind, and how it fails. */
#include "summary_support.h"

/* ---- What a run leaves behind ---- */

static prune_status note_mode(void *context, prune_module *module, prune_tensor *const *x, int64_t nx)
{
    bool *const *seen = context;
    assert_int_equal(nx, 1);
    assert_int_equal(prune_tensor_size(x[0], 0), 2);
    **seen = **seen || prune_module_training(module);
    return PRUNE_OK;
}

static const prune_hook_ops note_mode_ops = {
    .size = sizeof note_mode_ops,
    .type_name = "NoteMode",
    .context_size = sizeof(bool *),
    .call = note_mode,
};

static void assert_modes(const prune_module *m)
{
    assert_true(prune_module_training(m));
    assert_false(prune_module_training(prune_module_get_submodule(m, "0")));
    assert_true(prune_module_training(prune_module_get_submodule(m, "1")));
    for (int64_t i = 0; i < m->child_count; i++)
        assert_null(m->children[i].module->summary);
    assert_null(m->summary);
}

static void it_runs_hooks_in_eval_mode_and_restores_the_flags(void **state)
{
    (void)state;
    bool trained = false, *seen = &trained;
    prune_module *good = make_net("Net", "01"), *bad = make_net("Net", "01!");
    prune_module *const nets[] = { good, bad };
    for (int i = 0; i < 2; i++) {
        add(nets[i], same_shape("ReLU"));
        add(nets[i], same_shape("ReLU"));
        prune_module_eval(prune_module_get_submodule(nets[i], "0"));
        assert_ok(prune_module_register_forward_pre_hook(NULL, nets[i], &note_mode_ops, &seen));
        assert_ok(prune_module_register_forward_pre_hook(NULL, prune_module_get_submodule(nets[i], "1"), &note_mode_ops,
                                                         &seen));
    }
    FILE *file = open_capture();
    assert_fails(prune_module_summary(file, bad, PRUNE_SHAPE(3), -1), PRUNE_ERROR_USER, "the net gives up");
    assert_int_equal(ftell(file), 0);
    assert_modes(bad);
    assert_ok(prune_module_summary(file, good, PRUNE_SHAPE(3), -1));
    assert_modes(good);
    assert_false(trained);
    fclose(file);
    prune_module_release(good);
    prune_module_release(bad);
}

static void it_takes_no_hook_id_and_no_random_number(void **state)
{
    (void)state;
    bool trained = false, *seen = &trained;
    int64_t before, after;
    float first, second;
    prune_module *m = lenet();
    prune_tensor *draw = NULL;
    FILE *file = open_capture();
    assert_ok(prune_module_register_forward_pre_hook(&before, m, &note_mode_ops, &seen));
    prune_manual_seed(NULL, 1);
    assert_ok(prune_rand(&draw, PRUNE_SHAPE(1), PRUNE_FLOAT32, NULL));
    first = prune_tensor_data(draw)[0];
    prune_tensor_release(draw);
    prune_manual_seed(NULL, 1);
    assert_ok(prune_module_summary(file, m, PRUNE_SHAPE(1, 28, 28), -1));
    assert_ok(prune_rand(&draw, PRUNE_SHAPE(1), PRUNE_FLOAT32, NULL));
    second = prune_tensor_data(draw)[0];
    prune_tensor_release(draw);
    assert_ok(prune_module_register_forward_pre_hook(&after, m, &note_mode_ops, &seen));
    assert_int_equal(after, before + 1);
    assert_true(first == second);
    fclose(file);
    prune_module_release(m);
}

typedef struct inner {
    FILE *file;
} inner;

static prune_status summarise_child(void *context, prune_module *self, prune_tensor **y, int64_t ny,
                                    prune_tensor *const *x, int64_t nx)
{
    (void)ny;
    (void)nx;
    const inner *in = context;
    prune_module *child = prune_module_get_submodule(self, "0");
    if (prune_module_summary(in->file, child, PRUNE_SHAPE(3), -1))
        return prune_last_status();
    return prune_module_call(y, child, x[0]);
}

static void a_forward_may_make_a_table_of_its_own(void **state)
{
    (void)state;
    static const prune_module_ops ops = {
        .size = sizeof ops,
        .context_size = sizeof(inner),
        .forward = summarise_child,
    };
    const inner in = { open_capture() };
    prune_module *m = NULL, *block = make_net("Block", "0");
    assert_ok(prune_module_create(&m, "Net", &ops, &in));
    add(block, same_shape("ReLU"));
    add(m, block);
    assert_table(m, PRUNE_SHAPE(3), -1,
                 HEAD "              ReLU-1                    [-1, 3]               0\n"
                      "             Block-2                    [-1, 3]               0\n" TOTALS("0", "0", "0") SMALL);
    char *text = close_capture(in.file);
    assert_string_equal(
        text, HEAD "              ReLU-1                    [-1, 3]               0\n" TOTALS("0", "0", "0") SMALL);
    free(text);
}

/* ---- Errors ---- */

static void arguments_are_checked(void **state)
{
    (void)state;
    prune_module *m = lenet(), *plain = NULL;
    assert_ok(prune_module_create(&plain, "Linear", NULL, NULL));
    FILE *file = open_capture(), *closed = fopen(PRUNE_TESTS_DIR "/support.h", "r");
    assert_non_null(closed);
    assert_fails(prune_module_summary(NULL, m, PRUNE_SHAPE(1), -1), PRUNE_ERROR_TYPE, "argument 'file'");
    assert_fails(prune_module_summary(file, NULL, PRUNE_SHAPE(1), -1), PRUNE_ERROR_TYPE, "argument 'module'");
    assert_fails(prune_module_summary(file, m, NULL, 1, -1), PRUNE_ERROR_TYPE, "argument 'input_size'");
    assert_fails(prune_module_summary(file, m, PRUNE_SHAPE(1, -28), -1), PRUNE_ERROR_RUNTIME, "negative");
    assert_fails(prune_module_summary(file, m, NULL, -1, -1), PRUNE_ERROR_VALUE, "rank -1");
    assert_fails(prune_module_summary(file, m, PRUNE_SHAPE(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), -1),
                 PRUNE_ERROR_VALUE, "rank 16 of the input is not in the range 0 to 15");
    assert_fails(prune_module_summary(file, m, PRUNE_SHAPE(1), -2), PRUNE_ERROR_VALUE,
                 "prune_module_summary: batch_size is -2, not -1, 0 or more");
    assert_fails(prune_module_summary(file, plain, PRUNE_SHAPE(1), -1), PRUNE_ERROR_UNSUPPORTED, "forward");
    assert_fails(prune_module_summary(closed, m, PRUNE_SHAPE(1), -1), PRUNE_ERROR_IO, "cannot write");
    assert_int_equal(ftell(file), 0);
    fclose(closed);
    fclose(file);
    prune_module_release(plain);
    prune_module_release(m);
}

struct summing {
    prune_module *module;
    FILE *file;
};

static prune_status summarise(void *context)
{
    struct summing *s = context;
    return prune_module_summary(s->file, s->module, PRUNE_SHAPE(1, 28, 28), -1);
}

static void it_is_as_before(void *context)
{
    struct summing *s = context;
    assert_int_equal(ftell(s->file), 0);
    assert_true(prune_module_training(prune_module_get_submodule(s->module, "4")));
    assert_null(s->module->summary);
}

static void rewind_file(void *context)
{
    struct summing *s = context;
    rewind(s->file);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    struct summing s = { lenet(), open_capture() };
    try_every_allocation(summarise, it_is_as_before, rewind_file, &s);
    fclose(s.file);
    prune_module_release(s.module);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_runs_hooks_in_eval_mode_and_restores_the_flags),
        cmocka_unit_test(it_takes_no_hook_id_and_no_random_number),
        cmocka_unit_test(a_forward_may_make_a_table_of_its_own),
        cmocka_unit_test(arguments_are_checked),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
