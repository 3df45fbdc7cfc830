/* prune.remove: the pruned values become the parameter. */
#include "prune/internal.h"

/* Each element has a place of its own: every stride steps over all that the smaller ones reach. */
static bool elements_are_apart(const prune_tensor *t)
{
    for (int64_t i = 0; i < t->ndim; i++) {
        int64_t reach = 0;
        for (int64_t j = 0; j < t->ndim; j++)
            if (j != i && (t->strides[j] < t->strides[i] || (t->strides[j] == t->strides[i] && j > i)))
                reach += (t->sizes[j] - 1) * t->strides[j];
        if (t->sizes[i] > 1 && t->strides[i] <= reach)
            return false;
    }
    return true;
}

/* Wrapped memory is written as long as it may be; memory of our own only if nobody else would see it, or keeps its values. */
static bool may_write(const prune_tensor *orig, const prune_tensor *mask)
{
    return !orig->storage->read_only && !orig->storage->keeper
           && (!orig->storage->owned || !pruni_tensor_shares_storage(orig)) && orig->storage != mask->storage
           && (orig->numel == 0 || elements_are_apart(orig));
}

/* Letting go of what is replaced may call the program, which must find everything in its place. */
static void keep_what_goes(pruni_removal *r, const pruni_pruning *pruning)
{
    const prune_module *module = r->module;
    int64_t mask = pruni_registry_find(&module->buffers, pruning->mask_name);
    int64_t child = pruni_module_find_child(module, pruning->name);
    prune_tensor *shown = NULL;
    if (child >= 0)
        r->gone_child = prune_module_retain(module->children[child].module);
    else if (prune_module_kind(module, pruning->name) != PRUNE_KIND_NONE)
        (void)!pruni_get_own(&shown, module, pruning->name); /* cannot fail: it is there */
    r->gone[0] = prune_tensor_retain(module->buffers.items[mask].tensor);
    r->gone[1] = prune_tensor_retain(shown);
}

static prune_status check_registered(const pruni_registry *registry, const char *name)
{
    if (pruni_registry_find(registry, name) >= 0)
        return PRUNE_OK;
    return prune_fail(PRUNE_ERROR_KEY, "'%s'", name);
}

/* That mask * orig exists, in PyTorch's words, and has the parameter's shape. */
static prune_status check_product(const pruni_removal *r)
{
    int64_t sizes[PRUNE_MAX_DIMS], ndim;
    if (pruni_broadcast_shape(sizes, &ndim, r->mask, r->orig))
        return prune_last_status();
    return pruni_check_broadcast_into(r->orig, r->mask);
}

prune_status pruni_removal_prepare(pruni_removal *r, prune_module *module, const char *name)
{
    if (pruni_check_not_at_work(module, name))
        return prune_last_status();
    pruni_hook *hook = pruni_find_hook(module, name);
    if (!hook)
        return pruni_fail_parameter(PRUNE_ERROR_VALUE, module, name, "has to be pruned before pruning can be removed");
    const pruni_pruning *pruning = pruni_pruning_of(hook);
    r->module = module;
    r->hook = hook;
    pruni_refs_retain(&hook->refs);
    if (pruni_get_mask(&r->mask, module, pruning->mask_name) || pruni_get_orig(&r->orig, module, pruning->orig_name)
        || check_registered(&module->parameters, pruning->orig_name)
        || check_registered(&module->buffers, pruning->mask_name) || check_product(r))
        return prune_last_status();
    if (may_write(r->orig, r->mask))
        r->values = prune_tensor_retain(r->orig);
    else if (pruni_empty_like(&r->values, r->orig))
        return prune_last_status();
    keep_what_goes(r, pruning);
    r->name = pruni_strdup(pruning->name);
    return r->name ? PRUNE_OK : PRUNE_ERROR_MEMORY;
}

static void drop(pruni_registry *registry, const char *name)
{
    pruni_entry entry = pruni_registry_take(registry, pruni_registry_find(registry, name));
    pruni_entry_clear(&entry);
}

void pruni_removal_commit(pruni_removal *r)
{
    prune_module *module = r->module;
    const pruni_pruning *pruning = pruni_pruning_of(r->hook);
    if (prune_module_kind(module, r->name) != PRUNE_KIND_NONE)
        (void)!prune_module_delete(module, r->name); /* cannot fail: it is there */
    pruni_multiply(r->values, r->mask, r->orig);
    if (r->values != r->orig) /* the object stays */
        pruni_tensor_exchange_storage(r->orig, r->values);
    drop(&module->parameters, pruning->orig_name);
    drop(&module->buffers, pruning->mask_name);
    pruni_registry_append(&module->parameters, (pruni_entry){ r->name, prune_tensor_retain(r->orig), true });
    r->name = NULL;
    pruni_remove_hook(module, r->hook);
}

void pruni_removal_free(pruni_removal *r)
{
    prune_tensor_release(r->orig);
    prune_tensor_release(r->mask);
    prune_tensor_release(r->values);
    prune_tensor_release(r->gone[0]);
    prune_tensor_release(r->gone[1]);
    prune_module_release(r->gone_child);
    pruni_hook_release(r->hook);
    pruni_free(r->name);
}

prune_status prune_remove(prune_module *module, const char *name)
{
    PRUNI_REQUIRE(module);
    PRUNI_REQUIRE(name);
    pruni_removal r = { 0 };
    prune_status status = pruni_removal_prepare(&r, module, name);
    if (status == PRUNE_OK)
        pruni_removal_commit(&r);
    pruni_removal_free(&r);
    return status;
}
