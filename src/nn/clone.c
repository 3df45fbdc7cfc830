/* copy.deepcopy of a tree of modules. */
#include "nn/internal.h"

/* The memory that buffers and attributes share: they go on sharing it in the copy. */
typedef struct span {
    int64_t low, high;  /* bytes of the storage that are seen: [low, high) */
    prune_tensor *copy; /* over that many bytes, NULL before it is made */
} span;

typedef struct copying {
    pruni_memo modules;  /* module → its copy, a reference */
    pruni_memo tensors;  /* tensor → its copy, a reference */
    pruni_memo storages; /* storage → span */
} copying;

static void *copy_of(const pruni_memo *memo, const void *original)
{
    return original ? pruni_memo_find(memo, original)->value : NULL;
}

static void copying_free(copying *work)
{
    for (size_t i = 0; i < work->modules.capacity; i++)
        prune_module_release(work->modules.slots[i].value);
    for (size_t i = 0; i < work->tensors.capacity; i++)
        prune_tensor_release(work->tensors.slots[i].value);
    for (size_t i = 0; i < work->storages.capacity; i++) {
        span *shared = work->storages.slots[i].value;
        if (shared)
            prune_tensor_release(shared->copy);
        pruni_free(shared);
    }
    pruni_memo_free(&work->modules);
    pruni_memo_free(&work->tensors);
    pruni_memo_free(&work->storages);
}

/* ---- Tensors ---- */

/* Widens the span of the tensor's storage to hold the tensor. */
static prune_status note_storage(copying *work, const prune_tensor *t)
{
    enum { ALIGNMENT = 8 }; /* of every dtype */
    int64_t size = pruni_dtype_size(t->dtype), last = t->offset;
    for (int64_t i = 0; i < t->ndim; i++)
        last += t->numel > 0 ? (t->sizes[i] - 1) * t->strides[i] : 0;
    int64_t low = t->offset * size / ALIGNMENT * ALIGNMENT;
    int64_t high = (last + (t->numel > 0)) * size;
    struct pruni_memo_slot *slot = pruni_memo_find(&work->storages, t->storage);
    if (slot) {
        span *known = slot->value;
        known->low = low < known->low ? low : known->low;
        known->high = high > known->high ? high : known->high;
        return PRUNE_OK;
    }
    span *fresh = pruni_alloc_zeroed(1, sizeof *fresh);
    if (!fresh || pruni_memo_add(&work->storages, t->storage, fresh)) {
        pruni_free(fresh);
        return PRUNE_ERROR_MEMORY;
    }
    fresh->low = low;
    fresh->high = high;
    return PRUNE_OK;
}

/* Lists the tensors of a registry, without a copy yet. */
static prune_status note_tensors(copying *work, const pruni_registry *registry)
{
    for (int64_t i = 0; i < registry->count; i++) {
        const prune_tensor *t = registry->items[i].tensor;
        if (!t || pruni_memo_find(&work->tensors, t))
            continue;
        if (pruni_memo_add(&work->tensors, t, NULL) || (!t->is_parameter && note_storage(work, t)))
            return PRUNE_ERROR_MEMORY;
    }
    return PRUNE_OK;
}

/* A copy at its place in the copy of the span. */
static prune_status copy_in_span(prune_tensor **out, const copying *work, const prune_tensor *t)
{
    span *shared = pruni_memo_find(&work->storages, t->storage)->value;
    int64_t bytes = shared->high - shared->low;
    if (!shared->copy && prune_tensor_zeros(&shared->copy, &bytes, 1, PRUNE_UINT8))
        return prune_last_status();
    int64_t offset = t->offset - shared->low / pruni_dtype_size(t->dtype);
    if (pruni_tensor_over(out, shared->copy->storage, t->dtype, offset, t->sizes, t->strides, t->ndim))
        return prune_last_status();
    pruni_copy_values(*out, t);
    return PRUNE_OK;
}

static prune_status copy_tensors(copying *work)
{
    for (size_t i = 0; i < work->tensors.capacity; i++) {
        const prune_tensor *t = work->tensors.slots[i].key;
        prune_tensor *copy = NULL;
        if (!t)
            continue;
        if (t->is_parameter ? prune_tensor_clone(&copy, t) : copy_in_span(&copy, work, t))
            return prune_last_status();
        copy->is_parameter = t->is_parameter;
        copy->requires_grad = t->requires_grad;
        copy->has_grad_fn = t->has_grad_fn;
        work->tensors.slots[i].value = copy;
    }
    return PRUNE_OK;
}

/* ---- Modules ---- */

static prune_status copy_registry(const copying *work, pruni_registry *to, const pruni_registry *from)
{
    if (pruni_registry_reserve(to, from->count))
        return PRUNE_ERROR_MEMORY;
    for (int64_t i = 0; i < from->count; i++) {
        const pruni_entry *entry = &from->items[i];
        char *name = pruni_strdup(entry->name);
        if (!name)
            return PRUNE_ERROR_MEMORY;
        prune_tensor *copy = copy_of(&work->tensors, entry->tensor);
        pruni_registry_append(to, (pruni_entry){ name, prune_tensor_retain(copy), entry->persistent });
    }
    return PRUNE_OK;
}

static prune_status was_changed(const prune_module *module)
{
    return prune_fail(PRUNE_ERROR_STATE, "a clone callback changed the %s that is being cloned", module->type_name);
}

static prune_status copy_children(const copying *work, prune_module *to, const prune_module *from)
{
    void *children = NULL;
    if (pruni_grow(&children, &to->child_capacity, from->child_count, sizeof *to->children))
        return PRUNE_ERROR_MEMORY;
    to->children = children;
    for (int64_t i = 0; i < from->child_count; i++) {
        const prune_module *child = from->children[i].module;
        if (child && !pruni_memo_find(&work->modules, child))
            return was_changed(from);
        char *name = pruni_strdup(from->children[i].name);
        if (!name)
            return PRUNE_ERROR_MEMORY;
        prune_module *copy = copy_of(&work->modules, child);
        to->children[to->child_count++] = (struct pruni_child){ name, prune_module_retain(copy) };
    }
    return PRUNE_OK;
}

static prune_status copy_hook(pruni_hook **out, const pruni_hook *hook)
{
    pruni_hook *copy = NULL;
    if (pruni_hook_create(&copy, hook->ops, hook->context))
        return PRUNE_ERROR_MEMORY;
    prune_status status = pruni_clone_context(hook->ops->clone, copy->context, hook->context, hook->type_name);
    if (status != PRUNE_OK) {
        pruni_hook_discard(copy);
        return status;
    }
    copy->id = hook->id;
    copy->type_name = hook->type_name;
    copy->qualifier = hook->qualifier;
    copy->locked = hook->locked;
    *out = copy;
    return PRUNE_OK;
}

static prune_status copy_hooks(prune_module *to, const prune_module *from)
{
    int64_t count = from->hook_count;
    if (pruni_module_reserve_hooks(to, count))
        return PRUNE_ERROR_MEMORY;
    for (int64_t i = 0; i < count && i < from->hook_count; i++) {
        pruni_hook *hook = from->hooks[i];
        pruni_refs_retain(&hook->refs); /* the clone may remove it */
        prune_status status = copy_hook(&to->hooks[i], hook);
        pruni_hook_release(hook);
        if (status != PRUNE_OK)
            return status;
        to->hook_count++;
    }
    return PRUNE_OK;
}

/* A module of the same class with a context of its own and nothing in it. */
static prune_status copy_shell(prune_module **out, const prune_module *module)
{
    prune_module *copy = NULL;
    prune_status status = prune_module_create(&copy, module->type_name, module->ops, module->context);
    if (status != PRUNE_OK)
        return status;
    copy->training = module->training;
    if (module->ops) {
        status = pruni_clone_context(module->ops->clone, copy->context, module->context, module->type_name);
        if (status != PRUNE_OK) {
            pruni_free(copy->context); /* without destroying it */
            copy->context = NULL;
            prune_module_release(copy);
            return status;
        }
    }
    *out = copy;
    return PRUNE_OK;
}

/* What calls the program: the contexts of modules and hooks. */
static prune_status copy_shells(copying *work, pruni_modules *modules)
{
    for (int64_t i = 0; i < modules->count; i++) {
        const prune_module *module = pruni_modules_at(modules, i);
        prune_module *copy = NULL;
        prune_status status = copy_shell(&copy, module);
        if (status != PRUNE_OK)
            return status;
        if (pruni_memo_add(&work->modules, module, copy)) {
            prune_module_release(copy);
            return PRUNE_ERROR_MEMORY;
        }
        status = copy_hooks(copy, module);
        if (status != PRUNE_OK)
            return status;
    }
    return PRUNE_OK;
}

static prune_status note_all_tensors(copying *work, pruni_modules *modules)
{
    for (int64_t i = 0; i < modules->count; i++) {
        const prune_module *module = pruni_modules_at(modules, i);
        if (note_tensors(work, &module->parameters) || note_tensors(work, &module->buffers)
            || note_tensors(work, &module->attributes))
            return PRUNE_ERROR_MEMORY;
    }
    return PRUNE_OK;
}

static bool same_hooks(const prune_module *a, const prune_module *b)
{
    bool same = a->hook_count == b->hook_count;
    for (int64_t i = 0; same && i < a->hook_count; i++)
        same = a->hooks[i]->id == b->hooks[i]->id;
    return same;
}

static prune_status fill(const copying *work, const prune_module *module)
{
    prune_module *copy = copy_of(&work->modules, module);
    if (!same_hooks(copy, module))
        return was_changed(module);
    if (copy_registry(work, &copy->parameters, &module->parameters)
        || copy_registry(work, &copy->buffers, &module->buffers)
        || copy_registry(work, &copy->attributes, &module->attributes) || copy_children(work, copy, module))
        return prune_last_status();
    return PRUNE_OK;
}

prune_status prune_module_clone(prune_module **out, const prune_module *module)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE(module);
    copying work = { { NULL, 0, 0 }, { NULL, 0, 0 }, { NULL, 0, 0 } };
    pruni_modules modules = { .count = 0 };
    prune_status status = pruni_modules_list(&modules, (prune_module *)(uintptr_t)module, PRUNI_TREE_ONCE, false);
    if (status == PRUNE_OK)
        status = copy_shells(&work, &modules);
    if (status == PRUNE_OK && (note_all_tensors(&work, &modules) || copy_tensors(&work)))
        status = prune_last_status();
    for (int64_t i = 0; status == PRUNE_OK && i < modules.count; i++)
        status = fill(&work, pruni_modules_at(&modules, i));
    if (status == PRUNE_OK)
        *out = prune_module_retain(copy_of(&work.modules, module));
    pruni_modules_free(&modules);
    copying_free(&work);
    return status;
}
