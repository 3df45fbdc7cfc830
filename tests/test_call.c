/* Calls of a module: hooks, then forward. */
#include "hook_support.h"

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
    assert_fails(prune_module_call(NULL, m, x), PRUNE_ERROR_TYPE, "'y'");
    assert_fails(prune_module_call(&y, NULL, x), PRUNE_ERROR_TYPE, "'module'");
    assert_fails(prune_module_call(&y, m, NULL), PRUNE_ERROR_TYPE, "'x' is NULL");
    assert_fails(prune_module_call_many(NULL, 1, m, &x, 1), PRUNE_ERROR_TYPE, "'y'");
    assert_fails(prune_module_call_many(&y, 1, NULL, &x, 1), PRUNE_ERROR_TYPE, "'module'");
    assert_fails(prune_module_call_many(&y, 1, m, NULL, 1), PRUNE_ERROR_TYPE, "'x'");
    assert_fails(prune_module_call_many(&y, 1, m, &nothing, 1), PRUNE_ERROR_TYPE,
                 "prune_module_call_many: input 0 of Echo is NULL");
    assert_fails(prune_module_call_many(&y, -1, m, &x, 1), PRUNE_ERROR_VALUE, "-1 outputs and 1 inputs");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
