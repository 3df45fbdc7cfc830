/* Lists of modules: named_modules, named_children, apply. */
#include "nn/internal.h"

#include <string.h>

typedef struct named_list {
    prune_named_modules shown; /* first: what the caller sees */
    struct prune_named_module *items;
    int64_t capacity;
} named_list;

void prune_named_modules_release(prune_named_modules *modules)
{
    if (!modules)
        return;
    named_list *list = (named_list *)modules;
    for (int64_t i = 0; i < list->shown.count; i++) {
        pruni_free((char *)(uintptr_t)list->items[i].name);
        prune_module_release(list->items[i].module);
    }
    pruni_free(list->items);
    pruni_free(list);
}

static prune_status add(named_list *list, const char *name, prune_module *module)
{
    void *items = list->items;
    prune_status status = pruni_grow(&items, &list->capacity, list->shown.count + 1, sizeof *list->items);
    list->items = items;
    list->shown.items = items;
    char *copy = status ? NULL : pruni_strdup(name);
    if (!copy)
        return PRUNE_ERROR_MEMORY;
    list->items[list->shown.count++] = (struct prune_named_module){ copy, prune_module_retain(module) };
    return PRUNE_OK;
}

static prune_status hand_over(prune_named_modules **out, named_list *list, prune_status status)
{
    if (status == PRUNE_OK)
        *out = &list->shown;
    else
        prune_named_modules_release(&list->shown);
    return status;
}

prune_status prune_module_named_modules(prune_named_modules **out, prune_module *module)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE(module);
    named_list *list = pruni_alloc_zeroed(1, sizeof *list);
    if (!list)
        return PRUNE_ERROR_MEMORY;
    pruni_tree walk;
    pruni_tree_start(&walk, module, PRUNI_TREE_ONCE, false);
    prune_status status = PRUNE_OK;
    for (prune_module *m; status == PRUNE_OK && (m = pruni_tree_next(&walk));) {
        const char *path = pruni_tree_path(&walk, NULL);
        status = path ? add(list, path, m) : PRUNE_ERROR_MEMORY;
    }
    if (pruni_tree_end(&walk))
        status = PRUNE_ERROR_MEMORY;
    return hand_over(out, list, status);
}

static bool is_listed(const named_list *list, const prune_module *module)
{
    for (int64_t i = 0; i < list->shown.count; i++)
        if (list->items[i].module == module)
            return true;
    return false;
}

prune_status prune_module_named_children(prune_named_modules **out, prune_module *module)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE(module);
    named_list *list = pruni_alloc_zeroed(1, sizeof *list);
    if (!list)
        return PRUNE_ERROR_MEMORY;
    prune_status status = PRUNE_OK;
    for (int64_t i = 0; status == PRUNE_OK && i < module->child_count; i++) {
        const struct pruni_child *child = &module->children[i];
        if (child->module && !is_listed(list, child->module))
            status = add(list, child->name, child->module);
    }
    return hand_over(out, list, status);
}

prune_status prune_module_apply(prune_module *module, prune_status (*visit)(void *context, prune_module *module),
                                void *context)
{
    PRUNI_REQUIRE(module);
    PRUNI_REQUIRE(visit);
    pruni_modules modules = { .count = 0 };
    prune_status status = pruni_modules_list(&modules, module, PRUNI_TREE_SIBLINGS_ONCE, true);
    for (int64_t i = 0; status == PRUNE_OK && i < modules.count; i++) {
        prune_module *visited = pruni_modules_at(&modules, i);
        uint64_t failures = pruni_failure_count();
        status = pruni_callback_result(visit(context, visited), failures, "visit", visited->type_name);
    }
    pruni_modules_free(&modules);
    return status;
}
