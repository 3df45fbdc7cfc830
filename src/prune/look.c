/* What is pruned, and by what. */
#include "prune/internal.h"

/* ---- Words ---- */

prune_status pruni_fail_text(prune_status status, pruni_text *text)
{
    char *sentence = NULL;
    if (pruni_text_finish(text, &sentence))
        return prune_last_status();
    prune_fail(status, "%s", sentence);
    pruni_free(sentence);
    return status;
}

prune_status pruni_fail_parameter(prune_status status, const prune_module *module, const char *name, const char *rest)
{
    pruni_text text = { NULL, 0, 0, false };
    pruni_text_add(&text, "Parameter '%s' of module ", name);
    pruni_module_text(&text, module);
    pruni_text_add(&text, " %s", rest);
    return pruni_fail_text(status, &text);
}

/* ---- Look ---- */

static bool has_pruning_hook(const prune_module *module)
{
    for (int64_t i = 0; i < module->hook_count; i++)
        if (pruni_is_pruning_hook(module->hooks[i]))
            return true;
    return false;
}

bool prune_is_pruned(const prune_module *module)
{
    if (!module)
        return false;
    pruni_tree walk;
    pruni_tree_start(&walk, module, PRUNI_TREE_ONCE, false);
    const prune_module *m = pruni_tree_next(&walk);
    while (m && !has_pruning_hook(m))
        m = pruni_tree_next(&walk);
    pruni_tree_end(&walk);
    return m != NULL;
}

/* What the hook of `name` keeps; NULL and a value error if it is not pruned. */
static const pruni_pruning *pruning_of(const char *function, const prune_module *module, const char *name)
{
    if (module && !name)
        pruni_null_argument(function, "name");
    if (!module || !name)
        return NULL;
    const pruni_hook *hook = pruni_find_hook(module, name);
    if (!hook) {
        pruni_fail_parameter(PRUNE_ERROR_VALUE, module, name, "is not pruned");
        return NULL;
    }
    return pruni_pruning_of(hook);
}

static prune_tensor *get(const prune_module *module, const char *name)
{
    prune_tensor *t = NULL;
    return pruni_get_own(&t, module, name) ? NULL : t;
}

prune_tensor *prune_original(const prune_module *module, const char *name)
{
    const pruni_pruning *pruning = pruning_of(__func__, module, name);
    return pruning ? get(module, pruning->orig_name) : NULL;
}

prune_tensor *prune_mask(const prune_module *module, const char *name)
{
    const pruni_pruning *pruning = pruning_of(__func__, module, name);
    return pruning ? get(module, pruning->mask_name) : NULL;
}

prune_method *prune_applied_method(const prune_module *module, const char *name)
{
    const pruni_pruning *pruning = pruning_of(__func__, module, name);
    return pruning ? pruning->method : NULL;
}
