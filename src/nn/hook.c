/* Forward pre-hooks: registering, removing, listing, running. */
#include "nn/internal.h"

#include <string.h>

/* The next id of the process. */
#if !defined(__STDC_NO_ATOMICS__)
static _Atomic int64_t next_id;
#else
static int64_t next_id;
#endif

prune_status pruni_hook_create(pruni_hook **out, const prune_hook_ops *ops, const void *context)
{
    pruni_hook *hook = pruni_alloc_zeroed(1, sizeof *hook);
    if (!hook)
        return PRUNE_ERROR_MEMORY;
    if (pruni_copy_context(&hook->context, ops->context_size, context)) {
        pruni_free(hook);
        return PRUNE_ERROR_MEMORY;
    }
    pruni_refs_init(&hook->refs);
    hook->ops = ops;
    hook->type_name = ops->type_name;
    hook->qualifier = "";
    *out = hook;
    return PRUNE_OK;
}

void pruni_hook_release(pruni_hook *hook)
{
    if (!hook || !pruni_refs_release(&hook->refs))
        return;
    if (hook->context && hook->ops->destroy)
        hook->ops->destroy(hook->context);
    pruni_free(hook->context);
    pruni_free(hook);
}

void pruni_hook_discard(pruni_hook *hook)
{
    pruni_free(hook->context);
    pruni_free(hook);
}

prune_status pruni_module_reserve_hooks(prune_module *module, int64_t extra)
{
    int64_t gone = module->hook_count > 0 ? module->hooks - module->hook_room : 0;
    if (gone > module->hook_capacity / 2) {
        memmove(module->hook_room, module->hooks, (size_t)module->hook_count * sizeof *module->hooks);
        gone = 0;
    }
    void *room = module->hook_room;
    prune_status status = pruni_grow(&room, &module->hook_capacity, gone + module->hook_count + extra,
                                     sizeof *module->hooks);
    module->hook_room = room;
    module->hooks = gone > 0 ? module->hook_room + gone : module->hook_room;
    return status;
}

void pruni_module_append_hook(prune_module *module, pruni_hook *hook)
{
    hook->id = next_id++;
    module->hooks[module->hook_count++] = hook;
}

/* Moves the fewer of those before and those after, so that any number can go in order. */
void pruni_module_remove_hook(prune_module *module, int64_t index)
{
    pruni_hook **place = module->hooks + index;
    pruni_hook *hook = *place;
    int64_t after = --module->hook_count - index;
    if (index < after) {
        memmove(module->hooks + 1, module->hooks, (size_t)index * sizeof *place);
        module->hooks++;
    } else {
        memmove(place, place + 1, (size_t)after * sizeof *place);
    }
    pruni_hook_release(hook);
}

static prune_status check_ops(const prune_hook_ops *ops, const void *context)
{
    const char *function = "prune_module_register_forward_pre_hook";
    if (pruni_check_size(function, ops->size, sizeof *ops))
        return prune_last_status();
    if (!ops->type_name)
        return pruni_null_argument(function, "ops->type_name");
    if (!ops->call)
        return pruni_null_argument(function, "ops->call");
    return pruni_check_context(function, ops->type_name, ops->context_size, context);
}

prune_status prune_module_register_forward_pre_hook(int64_t *id, prune_module *module, const prune_hook_ops *ops,
                                                    const void *context)
{
    PRUNI_REQUIRE(module);
    PRUNI_REQUIRE(ops);
    pruni_hook *hook = NULL;
    if (check_ops(ops, context) || pruni_hook_create(&hook, ops, context))
        return prune_last_status();
    if (pruni_module_reserve_hooks(module, 1)) {
        pruni_hook_discard(hook);
        return PRUNE_ERROR_MEMORY;
    }
    pruni_module_append_hook(module, hook);
    if (id)
        *id = hook->id;
    return PRUNE_OK;
}

/* The place of the first hook whose id is at least `id`. */
static int64_t first_from(const prune_module *module, int64_t id)
{
    int64_t low = 0, high = module->hook_count;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (module->hooks[middle]->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

prune_status prune_module_remove_forward_pre_hook(prune_module *module, int64_t id)
{
    PRUNI_REQUIRE(module);
    int64_t i = first_from(module, id);
    if (i == module->hook_count || module->hooks[i]->id != id)
        return prune_fail(PRUNE_ERROR_KEY, "%s has no forward pre-hook of id %lld", module->type_name, (long long)id);
    if (module->hooks[i]->locked)
        return prune_fail(PRUNE_ERROR_STATE, "forward pre-hook %lld of %s is a pruning hook (%s): call prune_remove()",
                          (long long)id, module->type_name, module->hooks[i]->type_name);
    pruni_module_remove_hook(module, i);
    return PRUNE_OK;
}

const char *prune_module_forward_pre_hook(const prune_module *module, int64_t i, int64_t *id)
{
    if (!module || i < 0 || i >= module->hook_count)
        return NULL;
    if (id)
        *id = module->hooks[i]->id;
    return module->hooks[i]->type_name;
}

/* Ids rise along the list and new hooks get higher ones, so that the last id of now is the snapshot. */
prune_status pruni_module_run_hooks(prune_module *module, prune_tensor *const *x, int64_t nx)
{
    if (module->hook_count == 0)
        return PRUNE_OK;
    int64_t last = module->hooks[module->hook_count - 1]->id;
    int64_t i = 0;
    prune_status status = PRUNE_OK;
    while (status == PRUNE_OK && i < module->hook_count && module->hooks[i]->id <= last) {
        pruni_hook *hook = module->hooks[i];
        uint64_t failures = pruni_failure_count();
        pruni_refs_retain(&hook->refs); /* it may remove itself */
        status = hook->ops->call(hook->context, module, x, nx);
        status = pruni_callback_result(status, failures, hook->type_name, module->type_name);
        int64_t id = hook->id;
        pruni_hook_release(hook); /* its destroy may remove others */
        i = first_from(module, id + 1);
    }
    return status;
}
