/* The tensors of a tree by name: named_parameters, named_buffers, state_dict. */
#include "nn/internal.h"

/* ---- named_parameters, named_buffers: each tensor once ---- */

typedef const pruni_registry *(*registry_of)(const prune_module *module);

static const pruni_registry *parameters_of(const prune_module *module)
{
    return &module->parameters;
}

static const pruni_registry *buffers_of(const prune_module *module)
{
    return &module->buffers;
}

static prune_status add_members(prune_dict *dict, pruni_memo *seen, pruni_tree *walk, const pruni_registry *registry)
{
    for (int64_t i = 0; i < registry->count; i++) {
        prune_tensor *t = registry->items[i].tensor;
        if (!t || pruni_memo_find(seen, t))
            continue;
        const char *path = pruni_tree_path(walk, registry->items[i].name);
        if (!path || pruni_memo_add(seen, t, NULL) || prune_dict_set(dict, path, t))
            return PRUNE_ERROR_MEMORY;
    }
    return PRUNE_OK;
}

static prune_status named_members(prune_dict **out, const prune_module *root, bool recurse, registry_of registry)
{
    prune_dict *dict = NULL;
    if (prune_dict_create(&dict))
        return prune_last_status();
    pruni_memo seen = { NULL, 0, 0 };
    pruni_tree walk;
    pruni_tree_start(&walk, root, PRUNI_TREE_ONCE, false);
    prune_status status = PRUNE_OK;
    const prune_module *module = pruni_tree_next(&walk);
    while (module && status == PRUNE_OK) {
        status = add_members(dict, &seen, &walk, registry(module));
        module = recurse ? pruni_tree_next(&walk) : NULL;
    }
    if (pruni_tree_end(&walk))
        status = PRUNE_ERROR_MEMORY;
    pruni_memo_free(&seen);
    if (status == PRUNE_OK)
        *out = dict;
    else
        prune_dict_release(dict);
    return status;
}

prune_status prune_module_named_parameters(prune_dict **out, const prune_module *module, bool recurse)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE(module);
    return named_members(out, module, recurse, parameters_of);
}

prune_status prune_module_named_buffers(prune_dict **out, const prune_module *module, bool recurse)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE(module);
    return named_members(out, module, recurse, buffers_of);
}

/* ---- state_dict: each name ---- */

/* A handle of its own, as Tensor.detach(), so that who keeps it is seen to share the memory. */
static prune_status detach(prune_tensor **out, const prune_tensor *t)
{
    return pruni_tensor_over(out, t->storage, t->dtype, t->offset, t->sizes, t->strides, t->ndim);
}

const pruni_entry *pruni_next_state(const prune_module *module, int64_t *place)
{
    const pruni_registry *parameters = &module->parameters, *buffers = &module->buffers;
    while (*place < parameters->count + buffers->count) {
        int64_t i = (*place)++;
        bool is_buffer = i >= parameters->count;
        const pruni_entry *entry = is_buffer ? &buffers->items[i - parameters->count] : &parameters->items[i];
        if (entry->tensor && (entry->persistent || !is_buffer))
            return entry;
    }
    return NULL;
}

static prune_status add_state(prune_dict *dict, pruni_tree *walk, const prune_module *module, bool copy)
{
    int64_t place = 0;
    for (const pruni_entry *entry; (entry = pruni_next_state(module, &place));) {
        const char *path = pruni_tree_path(walk, entry->name);
        prune_tensor *t = NULL;
        if (!path || (copy ? prune_tensor_clone(&t, entry->tensor) : detach(&t, entry->tensor)))
            return PRUNE_ERROR_MEMORY;
        prune_status status = prune_dict_set(dict, path, t);
        prune_tensor_release(t);
        if (status != PRUNE_OK)
            return status;
    }
    return PRUNE_OK;
}

prune_status prune_module_state_dict(prune_dict **out, const prune_module *module, bool copy)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE(module);
    prune_dict *dict = NULL;
    if (prune_dict_create(&dict))
        return prune_last_status();
    pruni_tree walk;
    pruni_tree_start(&walk, module, PRUNI_TREE_EVERY_PATH, false);
    prune_status status = PRUNE_OK;
    for (const prune_module *m; status == PRUNE_OK && (m = pruni_tree_next(&walk));)
        status = add_state(dict, &walk, m, copy);
    if (pruni_tree_end(&walk))
        status = PRUNE_ERROR_MEMORY;
    if (status == PRUNE_OK)
        *out = dict;
    else
        prune_dict_release(dict);
    return status;
}
