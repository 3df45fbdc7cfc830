/* nn.Sequential. */
#include "nn/internal.h"

static prune_status sequential_forward(void *context, prune_module *self, prune_tensor **y, int64_t ny,
                                       prune_tensor *const *x, int64_t nx)
{
    (void)context;
    if (pruni_layer_check_call(self, ny, nx))
        return prune_last_status();
    prune_tensor *value = prune_tensor_retain(x[0]);
    for (int64_t i = 0; i < self->child_count; i++) {
        prune_tensor *next = NULL;
        prune_module *child = prune_module_retain(self->children[i].module); /* its hooks may replace it */
        prune_status status = child ? prune_module_call(&next, child, value)
                                    : prune_fail(PRUNE_ERROR_TYPE, "Sequential: child '%s' is None, not callable",
                                                 self->children[i].name);
        prune_module_release(child);
        prune_tensor_release(value);
        if (status != PRUNE_OK)
            return status;
        value = next;
    }
    *y = value;
    return PRUNE_OK;
}

static const prune_module_ops sequential_ops = {
    .size = sizeof sequential_ops,
    .forward = sequential_forward,
};

static prune_status add_child(prune_module *sequential, int64_t i, prune_module *child)
{
    char name[24];
    if (!child)
        return prune_fail(PRUNE_ERROR_TYPE, "prune_sequential_create: modules[%lld] is NULL", (long long)i);
    snprintf(name, sizeof name, "%lld", (long long)i);
    return prune_module_register_module(sequential, name, child);
}

prune_status prune_sequential_create(prune_module **out, prune_module *const *modules, int64_t count)
{
    PRUNI_REQUIRE(out);
    if (count < 0)
        return prune_fail(PRUNE_ERROR_VALUE, "prune_sequential_create: count is %lld", (long long)count);
    if (count > 0 && !modules)
        return pruni_null_argument(__func__, "modules");
    prune_module *module = NULL;
    bool failed = prune_module_create(&module, "Sequential", &sequential_ops, NULL);
    for (int64_t i = 0; !failed && i < count; i++)
        failed = add_child(module, i, modules[i]);
    return pruni_layer_finish(out, module, failed);
}
