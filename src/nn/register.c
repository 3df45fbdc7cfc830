/* Registering, replacing and deleting names of a module. */
#include "nn/internal.h"

#include <string.h>

const char *pruni_tensor_typename(const prune_tensor *t)
{
    switch (t->dtype) {
    case PRUNE_FLOAT32:
        return "torch.FloatTensor";
    case PRUNE_FLOAT64:
        return "torch.DoubleTensor";
    case PRUNE_FLOAT16:
        return "torch.HalfTensor";
    case PRUNE_BFLOAT16:
        return "torch.BFloat16Tensor";
    case PRUNE_INT64:
        return "torch.LongTensor";
    case PRUNE_INT32:
        return "torch.IntTensor";
    case PRUNE_UINT8:
        return "torch.ByteTensor";
    case PRUNE_BOOL:
        break;
    }
    return "torch.BoolTensor";
}

/* PyTorch repeats the name of a module only. */
static prune_status check_name(const char *kind, const char *name)
{
    const bool got = strcmp(kind, "module") == 0;
    if (strchr(name, '.'))
        return prune_fail(PRUNE_ERROR_KEY, "%s name can't contain \".\"%s%s", kind, got ? ", got: " : "",
                          got ? name : "");
    if (name[0] == '\0')
        return prune_fail(PRUNE_ERROR_KEY, "%s name can't be empty string \"\"", kind);
    return PRUNE_OK;
}

/* That a name may be registered as `kind`, which `word` says. */
static prune_status check_new_name(const prune_module *module, const char *name, prune_kind kind, const char *word)
{
    prune_kind present = prune_module_kind(module, name);
    if (present != PRUNE_KIND_NONE && present != kind)
        return prune_fail(PRUNE_ERROR_KEY, "attribute '%s' already exists", name);
    return check_name(word, name);
}

/* Replaces the entry of that name in its place, or puts one last. */
static prune_status put(pruni_registry *registry, const char *name, prune_tensor *t, bool persistent)
{
    int64_t i = pruni_registry_find(registry, name);
    if (i >= 0) {
        prune_tensor *old = registry->items[i].tensor;
        registry->items[i].tensor = prune_tensor_retain(t);
        registry->items[i].persistent = persistent;
        prune_tensor_release(old);
        return PRUNE_OK;
    }
    char *copy = pruni_strdup(name);
    if (!copy || pruni_registry_reserve(registry, 1)) {
        pruni_free(copy);
        return PRUNE_ERROR_MEMORY;
    }
    pruni_registry_append(registry, (pruni_entry){ copy, prune_tensor_retain(t), persistent });
    return PRUNE_OK;
}

static prune_status put_parameter(prune_module *module, const char *name, prune_tensor *parameter)
{
    if (parameter && parameter->has_grad_fn)
        return prune_fail(PRUNE_ERROR_VALUE,
                          "Cannot assign non-leaf Tensor to parameter '%s': it is the value of a "
                          "pruned parameter",
                          name);
    if (put(&module->parameters, name, parameter, true))
        return prune_last_status();
    if (parameter && !parameter->is_parameter) {
        parameter->is_parameter = true;
        parameter->requires_grad = pruni_is_floating(parameter->dtype);
    }
    return PRUNE_OK;
}

prune_status prune_module_register_parameter(prune_module *module, const char *name, prune_tensor *parameter)
{
    PRUNI_REQUIRE(module);
    PRUNI_REQUIRE(name);
    if (check_new_name(module, name, PRUNE_KIND_PARAMETER, "parameter"))
        return prune_last_status();
    return put_parameter(module, name, parameter);
}

prune_status prune_module_register_buffer(prune_module *module, const char *name, prune_tensor *buffer, bool persistent)
{
    PRUNI_REQUIRE(module);
    PRUNI_REQUIRE(name);
    if (check_new_name(module, name, PRUNE_KIND_BUFFER, "buffer"))
        return prune_last_status();
    return put(&module->buffers, name, buffer, persistent);
}

static prune_status check_not_inside(const prune_module *module, const prune_module *child, const char *name)
{
    pruni_tree walk;
    pruni_tree_start(&walk, child, PRUNI_TREE_ONCE, false);
    const prune_module *visited = child;
    while (visited && visited != module)
        visited = pruni_tree_next(&walk);
    if (pruni_tree_end(&walk))
        return PRUNE_ERROR_MEMORY;
    if (visited)
        return prune_fail(PRUNE_ERROR_VALUE, "module '%s' (%s) contains the %s that it would become a child of", name,
                          child->type_name, module->type_name);
    return PRUNE_OK;
}

static prune_status append_child(prune_module *module, const char *name, prune_module *child)
{
    char *copy = pruni_strdup(name);
    void *children = module->children;
    if (!copy || pruni_grow(&children, &module->child_capacity, module->child_count + 1, sizeof *module->children)) {
        pruni_free(copy);
        return PRUNE_ERROR_MEMORY;
    }
    module->children = children;
    module->children[module->child_count++] = (struct pruni_child){ copy, prune_module_retain(child) };
    return PRUNE_OK;
}

static void replace_child(prune_module *module, int64_t index, prune_module *child)
{
    prune_module *old = module->children[index].module;
    module->children[index].module = prune_module_retain(child);
    prune_module_release(old);
}

static void delete_child(prune_module *module, int64_t index)
{
    struct pruni_child *place = module->children + index;
    struct pruni_child old = *place;
    module->child_count--;
    memmove(place, place + 1, (size_t)(module->child_count - index) * sizeof *place);
    pruni_free(old.name);
    prune_module_release(old.module);
}

prune_status prune_module_register_module(prune_module *module, const char *name, prune_module *child)
{
    PRUNI_REQUIRE(module);
    PRUNI_REQUIRE(name);
    if (check_new_name(module, name, PRUNE_KIND_MODULE, "module") || (child && check_not_inside(module, child, name)))
        return prune_last_status();
    int64_t i = pruni_module_find_child(module, name);
    if (i < 0)
        return append_child(module, name, child);
    replace_child(module, i, child);
    return PRUNE_OK;
}

static void delete_entry(pruni_registry *registry, int64_t index)
{
    pruni_entry entry = pruni_registry_take(registry, index);
    pruni_entry_clear(&entry);
}

/* Takes a name away from what it is, a parameter excepted. */
static void delete_others(prune_module *module, const char *name)
{
    int64_t buffer = pruni_registry_find(&module->buffers, name);
    int64_t attribute = pruni_registry_find(&module->attributes, name);
    int64_t child = pruni_module_find_child(module, name);
    if (buffer >= 0)
        delete_entry(&module->buffers, buffer);
    else if (attribute >= 0)
        delete_entry(&module->attributes, attribute);
    else if (child >= 0)
        delete_child(module, child);
}

static prune_status set_parameter(prune_module *module, const char *name, prune_tensor *parameter)
{
    bool is_parameter = pruni_registry_find(&module->parameters, name) >= 0;
    if (check_name("parameter", name) || put_parameter(module, name, parameter))
        return prune_last_status();
    if (!is_parameter)
        delete_others(module, name);
    return PRUNE_OK;
}

prune_status prune_module_set_tensor(prune_module *module, const char *name, prune_tensor *t)
{
    PRUNI_REQUIRE(module);
    PRUNI_REQUIRE(name);
    if (t && t->is_parameter)
        return set_parameter(module, name, t);
    switch (prune_module_kind(module, name)) {
    case PRUNE_KIND_PARAMETER:
        if (t)
            return prune_fail(PRUNE_ERROR_TYPE,
                              "cannot assign '%s' as parameter '%s' (torch.nn.Parameter or None expected)",
                              pruni_tensor_typename(t), name);
        return put(&module->parameters, name, NULL, true);
    case PRUNE_KIND_MODULE:
        if (t)
            return prune_fail(PRUNE_ERROR_TYPE,
                              "cannot assign '%s' as child module '%s' (torch.nn.Module or None expected)",
                              pruni_tensor_typename(t), name);
        replace_child(module, pruni_module_find_child(module, name), NULL);
        return PRUNE_OK;
    case PRUNE_KIND_BUFFER:
        return put(&module->buffers, name, t,
                   module->buffers.items[pruni_registry_find(&module->buffers, name)].persistent);
    case PRUNE_KIND_ATTRIBUTE:
    case PRUNE_KIND_NONE:
        break;
    }
    return check_name("attribute", name) ? prune_last_status() : put(&module->attributes, name, t, false);
}

prune_status prune_module_delete(prune_module *module, const char *name)
{
    PRUNI_REQUIRE(module);
    PRUNI_REQUIRE(name);
    int64_t parameter = pruni_registry_find(&module->parameters, name);
    if (parameter >= 0)
        delete_entry(&module->parameters, parameter);
    else if (prune_module_kind(module, name) == PRUNE_KIND_NONE)
        return pruni_no_attribute(module, name);
    else
        delete_others(module, name);
    return PRUNE_OK;
}
