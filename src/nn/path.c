/* Finding what has a name or a dotted path. */
#include "nn/internal.h"

#include <string.h>

prune_status pruni_no_attribute(const prune_module *module, const char *name)
{
    return prune_fail(PRUNE_ERROR_ATTRIBUTE, "'%s' object has no attribute '%s'", module->type_name, name);
}

int64_t pruni_module_find_child(const prune_module *module, const char *name)
{
    for (int64_t i = 0; i < module->child_count; i++)
        if (strcmp(module->children[i].name, name) == 0)
            return i;
    return -1;
}

prune_kind prune_module_kind(const prune_module *module, const char *name)
{
    if (!module || !name)
        return PRUNE_KIND_NONE;
    if (pruni_registry_find(&module->parameters, name) >= 0)
        return PRUNE_KIND_PARAMETER;
    if (pruni_registry_find(&module->buffers, name) >= 0)
        return PRUNE_KIND_BUFFER;
    if (pruni_registry_find(&module->attributes, name) >= 0)
        return PRUNE_KIND_ATTRIBUTE;
    return pruni_module_find_child(module, name) >= 0 ? PRUNE_KIND_MODULE : PRUNE_KIND_NONE;
}

/* The entry of a tensor's name; NULL: none. */
static const pruni_entry *find_tensor(const prune_module *module, const char *name)
{
    const pruni_registry *registries[] = { &module->parameters, &module->buffers, &module->attributes };
    for (size_t r = 0; r < sizeof registries / sizeof registries[0]; r++) {
        int64_t i = pruni_registry_find(registries[r], name);
        if (i >= 0)
            return &registries[r]->items[i];
    }
    return NULL;
}

/* What is wrong with the first `length` bytes of `atom` as the name of a child, as get_submodule words it. */
static void no_submodule(const prune_module *module, const char *atom, size_t length, bool exists)
{
    int shown = length < 200 ? (int)length : 200;
    if (exists)
        prune_fail(PRUNE_ERROR_ATTRIBUTE, "`%.*s` is not an nn.Module", shown, atom);
    else
        prune_fail(PRUNE_ERROR_ATTRIBUTE, "%s has no attribute `%.*s`", module->type_name, shown, atom);
}

static bool same_name(const char *name, const char *atom, size_t length)
{
    return strncmp(name, atom, length) == 0 && name[length] == '\0';
}

static bool registry_has(const pruni_registry *registry, const char *atom, size_t length)
{
    for (int64_t i = 0; i < registry->count; i++)
        if (same_name(registry->items[i].name, atom, length))
            return true;
    return false;
}

/* One step of a path: the child that the first `length` bytes of `atom` name. */
static prune_module *step(const prune_module *module, const char *atom, size_t length)
{
    for (int64_t i = 0; i < module->child_count; i++)
        if (same_name(module->children[i].name, atom, length)) {
            if (!module->children[i].module)
                no_submodule(module, atom, length, true);
            return module->children[i].module;
        }
    bool exists = registry_has(&module->parameters, atom, length) || registry_has(&module->buffers, atom, length)
                  || registry_has(&module->attributes, atom, length);
    no_submodule(module, atom, length, exists);
    return NULL;
}

/* The module in which the last name of the path lies, and that name. */
static const prune_module *parent_of(const char **name, const prune_module *module, const char *path)
{
    for (const char *dot; module && (dot = strchr(path, '.')); path = dot + 1)
        module = step(module, path, (size_t)(dot - path));
    *name = path;
    return module;
}

/* Whether there is a module to look in, and a path; a path that is NULL is an error. */
static bool can_look(const char *function, const prune_module *module, const char *path)
{
    if (module && !path)
        pruni_null_argument(function, "path");
    return module && path;
}

prune_module *prune_module_get_submodule(const prune_module *module, const char *path)
{
    if (!can_look(__func__, module, path))
        return NULL;
    if (path[0] == '\0')
        return (prune_module *)(uintptr_t)module;
    const char *name;
    module = parent_of(&name, module, path);
    return module ? step(module, name, strlen(name)) : NULL;
}

/* The entry that a path leads to, and the module that it should be in: NULL and an error if there is none. A lone dot
 * in front means the module itself, as it does to PyTorch's get_parameter. */
static const pruni_entry *find_path(const prune_module **holder, const char **name, const prune_module *module,
                                    const char *path)
{
    if (path[0] == '.' && !strchr(path + 1, '.'))
        path++;
    *holder = parent_of(name, module, path);
    return *holder ? find_tensor(*holder, *name) : NULL;
}

prune_tensor *prune_module_get_tensor(const prune_module *module, const char *path)
{
    if (!can_look(__func__, module, path))
        return NULL;
    const prune_module *holder;
    const char *name;
    const pruni_entry *entry = find_path(&holder, &name, module, path);
    if (entry)
        return entry->tensor;
    if (holder && pruni_module_find_child(holder, name) >= 0)
        prune_fail(PRUNE_ERROR_ATTRIBUTE, "`%s` is not a tensor", name);
    else if (holder)
        pruni_no_attribute(holder, name);
    return NULL;
}

prune_tensor *prune_module_get_parameter(const prune_module *module, const char *path)
{
    if (!can_look(__func__, module, path))
        return NULL;
    const prune_module *holder;
    const char *name;
    const pruni_entry *entry = find_path(&holder, &name, module, path);
    if (entry && entry->tensor && entry->tensor->is_parameter)
        return entry->tensor;
    if (entry || (holder && pruni_module_find_child(holder, name) >= 0))
        prune_fail(PRUNE_ERROR_ATTRIBUTE, "`%s` is not an nn.Parameter", name);
    else if (holder)
        prune_fail(PRUNE_ERROR_ATTRIBUTE, "%s has no attribute `%s`", holder->type_name, name);
    return NULL;
}
