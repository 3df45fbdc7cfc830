/* The module's inside, for this layer and those above (prune moves entries between registries). */
#ifndef PRUNI_NN_INTERNAL_H
#define PRUNI_NN_INTERNAL_H

#include "prune/functional.h"
#include "prune/layers.h"
#include "prune/module.h"
#include "tensor/internal.h"

/* ---- Registries (registry.c): ordered, names unique, short enough for plain search ---- */

typedef struct pruni_entry {
    char *name;           /* owned */
    prune_tensor *tensor; /* owned reference; NULL: absent */
    bool persistent;      /* of buffers */
} pruni_entry;

typedef struct pruni_registry {
    pruni_entry *items;
    int64_t count;
    int64_t capacity;
} pruni_registry;

int64_t pruni_registry_find(const pruni_registry *registry, const char *name); /* −1: none */
prune_status pruni_registry_reserve(pruni_registry *registry, int64_t extra);

/* Puts an entry last and takes over its name and reference; room must have been reserved. */
void pruni_registry_append(pruni_registry *registry, pruni_entry entry);

/* Removes an entry, keeping the order of the rest, and hands over its name and reference. */
pruni_entry pruni_registry_take(pruni_registry *registry, int64_t index);
void pruni_entry_clear(pruni_entry *entry);

/* ---- Hooks (hook.c) ---- */

typedef struct pruni_hook {
    pruni_refs refs; /* the list's, and a run's while it executes */
    int64_t id;
    const prune_hook_ops *ops;
    const char *type_name; /* what lists show: ops->type_name, or the pruning method's */
    const char *qualifier; /* before it in the printed list: "torch.nn.utils.prune." or "" */
    bool locked;           /* a pruning hook: prune_module_remove_forward_pre_hook() refuses it */
    bool removed;
    void *context; /* owned copy, NULL without */
} pruni_hook;

/* A hook not yet in a list, without id; copies the context, which it owns from then on. */
prune_status pruni_hook_create(pruni_hook **out, const prune_hook_ops *ops, const void *context);
void pruni_hook_release(pruni_hook *hook);

struct pruni_child {
    char *name;
    prune_module *module; /* owned reference; NULL: absent */
};

struct prune_module {
    pruni_refs refs;
    char *type_name;
    const prune_module_ops *ops; /* NULL: plain */
    void *context;
    bool training;
    struct pruni_summary *summary; /* the layer table that listens to this module's calls, NULL at other times */
    struct pruni_work *work;       /* the parameters that are being pruned, NULL at other times */
    pruni_registry parameters, buffers, attributes;
    struct pruni_child *children;
    int64_t child_count, child_capacity;
    pruni_hook **hooks; /* by rising id, which is the order of registration */
    int64_t hook_count, hook_capacity;
};

prune_status pruni_module_reserve_hooks(prune_module *module, int64_t extra);

/* Puts a hook last, gives it the next id of the process and takes over the reference; room must have been reserved. */
void pruni_module_append_hook(prune_module *module, pruni_hook *hook);
void pruni_module_remove_hook(prune_module *module, int64_t index);

/* ---- The layer table (summary.c) ---- */

/* To be called when a forward has succeeded, with its outputs: where module->summary is set, adds a line to that table.
 * It cannot fail: a lack of memory is remembered in the table, and prune_module_summary() reports it. */
void pruni_summary_record(prune_module *module, prune_tensor *const *y, int64_t ny);

/* ---- Words for sentences ---- */

/* Adds repr(module), the tree. */
void pruni_module_text(pruni_text *text, const prune_module *module);

/* Fails with "'Linear' object has no attribute 'name'". */
prune_status pruni_no_attribute(const prune_module *module, const char *name);

#endif
