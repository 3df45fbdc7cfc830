/* How much is zero. */
#include "prune/internal.h"

#include <string.h>

static prune_status count(prune_sparsity_counts *out, const prune_tensor *t)
{
    prune_tensor *nonzero = NULL;
    if (prune_tensor_count_nonzero(&nonzero, t, PRUNE_ALL_DIMS))
        return prune_last_status();
    int64_t others = pruni_load_int64(PRUNE_INT64, pruni_tensor_pointer(nonzero));
    prune_tensor_release(nonzero);
    *out = (prune_sparsity_counts){ t->numel - others, t->numel };
    return PRUNE_OK;
}

/* The value that a parameter has in the forward, which is another tensor if it is pruned. */
static const prune_tensor *value_of(const prune_module *module, const pruni_entry *parameter)
{
    for (int64_t i = 0; i < module->hook_count; i++) {
        if (!pruni_is_pruning_hook(module->hooks[i]))
            continue;
        const pruni_pruning *pruning = pruni_pruning_of(module->hooks[i]);
        prune_tensor *value = NULL;
        if (strcmp(pruning->orig_name, parameter->name) == 0 && !pruni_get_own(&value, module, pruning->name) && value)
            return value;
    }
    return parameter->tensor;
}

/* Adds the parameters of one module that were not seen before. */
static prune_status add_module(prune_sparsity_counts *sum, pruni_memo *seen, const prune_module *module)
{
    for (int64_t i = 0; i < module->parameters.count; i++) {
        const pruni_entry *parameter = &module->parameters.items[i];
        prune_sparsity_counts counts;
        if (!parameter->tensor || pruni_memo_find(seen, parameter->tensor))
            continue;
        if (pruni_memo_add(seen, parameter->tensor, NULL) || count(&counts, value_of(module, parameter)))
            return prune_last_status();
        sum->zeros += counts.zeros;
        sum->entries += counts.entries;
    }
    return PRUNE_OK;
}

static prune_status add_tree(prune_sparsity_counts *out, const prune_module *module)
{
    prune_sparsity_counts sum = { 0, 0 };
    pruni_memo seen = { 0 };
    pruni_tree walk;
    pruni_tree_start(&walk, module, PRUNI_TREE_ONCE, false);
    prune_status status = PRUNE_OK;
    for (const prune_module *m; status == PRUNE_OK && (m = pruni_tree_next(&walk)) != NULL;)
        status = add_module(&sum, &seen, m);
    pruni_memo_free(&seen);
    if (pruni_tree_end(&walk) || status != PRUNE_OK)
        return prune_last_status();
    *out = sum;
    return PRUNE_OK;
}

prune_status prune_sparsity(prune_sparsity_counts *out, const prune_module *module, const char *name)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE(module);
    if (!name)
        return add_tree(out, module);
    prune_tensor *t = NULL;
    if (pruni_get_own(&t, module, name))
        return prune_last_status();
    if (t)
        return count(out, t);
    *out = (prune_sparsity_counts){ 0, 0 };
    return PRUNE_OK;
}
