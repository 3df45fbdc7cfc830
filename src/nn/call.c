/* module(x): pre-hooks, then forward. */
#include "nn/internal.h"

/* How many calls and runs of hooks this thread is inside of. */
static PRUNI_THREAD_LOCAL int nesting;

/* Forwards and hooks that call on take the thread's stack. */
static prune_status check_nesting(const prune_module *module)
{
    enum { DEEPEST = 2000 };
    if (nesting < DEEPEST)
        return PRUNE_OK;
    return prune_fail(PRUNE_ERROR_RUNTIME,
                      "maximum recursion depth exceeded: %d calls of modules, one inside the "
                      "other, end at a %s",
                      DEEPEST, module->type_name);
}

static prune_status check_call(const prune_module *module, prune_tensor **y, int64_t ny, prune_tensor *const *x,
                               int64_t nx)
{
    const char *function = "prune_module_call_many";
    if (ny < 0 || nx < 0)
        return prune_fail(PRUNE_ERROR_VALUE, "%s: %lld outputs and %lld inputs", function, (long long)ny,
                          (long long)nx);
    if (ny > 0 && !y)
        return pruni_null_argument(function, "y");
    if (nx > 0 && !x)
        return pruni_null_argument(function, "x");
    for (int64_t i = 0; i < nx; i++)
        if (!x[i])
            return prune_fail(PRUNE_ERROR_TYPE, "%s: input %lld of %s is NULL", function, (long long)i,
                              module->type_name);
    if (!module->ops || !module->ops->forward)
        return prune_fail(PRUNE_ERROR_UNSUPPORTED, "Module [%s] is missing the required \"forward\" function",
                          module->type_name);
    return PRUNE_OK;
}

/* Runs forward into `y`, which holds NULLs. */
static prune_status run_forward(prune_module *module, prune_tensor **y, int64_t ny, prune_tensor *const *x, int64_t nx)
{
    uint64_t failures = pruni_failure_count();
    prune_status status = module->ops->forward(module->context, module, y, ny, x, nx);
    if (status != PRUNE_OK)
        return pruni_callback_result(status, failures, "forward", module->type_name);
    for (int64_t i = 0; i < ny; i++)
        if (!y[i])
            return prune_fail(PRUNE_ERROR_RUNTIME, "forward of %s gave no output %lld of %lld", module->type_name,
                              (long long)i, (long long)ny);
    return PRUNE_OK;
}

/* A hook or forward may release the module. */
static void enter(prune_module *module)
{
    nesting++;
    prune_module_retain(module);
}

static void leave(prune_module *module)
{
    prune_module_release(module);
    nesting--;
}

static prune_status call_into(prune_module *module, prune_tensor **y, int64_t ny, prune_tensor *const *x, int64_t nx)
{
    for (int64_t i = 0; i < ny; i++)
        y[i] = NULL;
    enter(module);
    prune_status status = pruni_module_run_hooks(module, x, nx);
    if (status == PRUNE_OK)
        status = run_forward(module, y, ny, x, nx);
    if (status == PRUNE_OK)
        pruni_summary_record(module, y, ny);
    else
        for (int64_t i = 0; i < ny; i++)
            prune_tensor_release(y[i]);
    leave(module);
    return status;
}

prune_status prune_module_call_many(prune_tensor **y, int64_t ny, prune_module *module, prune_tensor *const *x,
                                    int64_t nx)
{
    enum { FEW = 8 }; /* as many outputs need no allocation */
    prune_tensor *few[FEW];
    PRUNI_REQUIRE(module);
    if (check_call(module, y, ny, x, nx) || check_nesting(module))
        return prune_last_status();
    prune_tensor **outputs = ny <= FEW ? few : pruni_alloc_array((size_t)ny, sizeof(prune_tensor *));
    if (!outputs)
        return PRUNE_ERROR_MEMORY;
    prune_status status = call_into(module, outputs, ny, x, nx);
    for (int64_t i = 0; status == PRUNE_OK && i < ny; i++)
        y[i] = outputs[i];
    if (outputs != few)
        pruni_free(outputs);
    return status;
}

prune_status prune_module_call(prune_tensor **y, prune_module *module, prune_tensor *x)
{
    PRUNI_REQUIRE(y);
    PRUNI_REQUIRE(module);
    PRUNI_REQUIRE(x);
    return prune_module_call_many(y, 1, module, &x, 1);
}

static prune_status run_hooks_of_tree(prune_module *root)
{
    pruni_modules modules = { .count = 0 };
    prune_status status = pruni_modules_list(&modules, root, PRUNI_TREE_ONCE, false);
    for (int64_t i = 0; status == PRUNE_OK && i < modules.count; i++)
        status = pruni_module_run_hooks(pruni_modules_at(&modules, i), NULL, 0);
    pruni_modules_free(&modules);
    return status;
}

prune_status prune_module_run_forward_pre_hooks(prune_module *module, bool recurse)
{
    PRUNI_REQUIRE(module);
    if (check_nesting(module))
        return prune_last_status();
    enter(module);
    prune_status status = recurse ? run_hooks_of_tree(module) : pruni_module_run_hooks(module, NULL, 0);
    leave(module);
    return status;
}
