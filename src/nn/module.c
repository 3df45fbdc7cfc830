/* Modules: making, releasing, what they are. */
#include "nn/internal.h"

static prune_status check_class(const char *type_name, const prune_module_ops *ops, const void *context)
{
    if (!type_name)
        return pruni_null_argument("prune_module_create", "type_name");
    if (type_name[0] == '\0')
        return prune_fail(PRUNE_ERROR_VALUE, "prune_module_create: type_name is empty");
    if (!ops)
        return PRUNE_OK;
    if (pruni_check_size("prune_module_create", ops->size, sizeof *ops))
        return prune_last_status();
    return pruni_check_context("prune_module_create", type_name, ops->context_size, context);
}

prune_status prune_module_create(prune_module **out, const char *type_name, const prune_module_ops *ops,
                                 const void *context)
{
    PRUNI_REQUIRE(out);
    if (check_class(type_name, ops, context))
        return prune_last_status();
    prune_module *module = pruni_alloc_zeroed(1, sizeof *module);
    if (!module)
        return PRUNE_ERROR_MEMORY;
    module->type_name = pruni_strdup(type_name);
    if (!module->type_name || pruni_copy_context(&module->context, ops ? ops->context_size : 0, context)) {
        pruni_free(module->type_name);
        pruni_free(module);
        return PRUNE_ERROR_MEMORY;
    }
    pruni_refs_init(&module->refs);
    module->ops = ops;
    module->training = true;
    *out = module;
    return PRUNE_OK;
}

prune_module *prune_module_retain(prune_module *module)
{
    if (module)
        pruni_refs_retain(&module->refs);
    return module;
}

static void registry_free(pruni_registry *registry)
{
    for (int64_t i = 0; i < registry->count; i++)
        pruni_entry_clear(&registry->items[i]);
    pruni_free(registry->items);
}

/* Frees a module that has no reference left, but its children. */
static void module_free(prune_module *module)
{
    for (int64_t i = 0; i < module->hook_count; i++)
        pruni_hook_release(module->hooks[i]);
    pruni_free(module->hook_room);
    if (module->context && module->ops->destroy)
        module->ops->destroy(module->context);
    pruni_free(module->context);
    registry_free(&module->parameters);
    registry_free(&module->buffers);
    registry_free(&module->attributes);
    pruni_free(module->children);
    pruni_free(module->type_name);
    pruni_free(module);
}

/* A list of the modules without references instead of recursion, so that a tree may be of any depth. */
void prune_module_release(prune_module *module)
{
    prune_module *dead = module && pruni_refs_release(&module->refs) ? module : NULL;
    while (dead) {
        prune_module *current = dead;
        dead = dead->link;
        for (int64_t i = 0; i < current->child_count; i++) {
            prune_module *child = current->children[i].module;
            if (child && pruni_refs_release(&child->refs)) {
                child->link = dead;
                dead = child;
            }
            pruni_free(current->children[i].name);
        }
        module_free(current);
    }
}

const char *prune_module_type_name(const prune_module *module)
{
    return module ? module->type_name : NULL;
}

void *prune_module_context(prune_module *module)
{
    return module ? module->context : NULL;
}

bool prune_module_training(const prune_module *module)
{
    return module && module->training;
}

/* A list through the modules: allocates nothing, and each is trained once. */
void prune_module_train(prune_module *module, bool mode)
{
    if (!module)
        return;
    prune_module *last = module;
    module->linked = true;
    for (prune_module *current = module; current; current = current->link) {
        current->training = mode;
        for (int64_t i = 0; i < current->child_count; i++) {
            prune_module *child = current->children[i].module;
            if (child && !child->linked) {
                child->linked = true;
                last->link = child;
                last = child;
            }
        }
    }
    while (module) {
        prune_module *next = module->link;
        module->link = NULL;
        module->linked = false;
        module = next;
    }
}

void prune_module_eval(prune_module *module)
{
    prune_module_train(module, false);
}
