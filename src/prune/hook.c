/* The forward pre-hook of a pruned parameter: weight = mask * orig, into the live tensor. */
#include "prune/internal.h"

#include <string.h>

/* ---- Names ---- */

char *pruni_suffixed(const char *name, const char *suffix)
{
    size_t length = strlen(name);
    size_t suffix_length = strlen(suffix);
    char *joined = pruni_alloc(length + suffix_length + 1);
    if (!joined)
        return NULL;
    memcpy(joined, name, length);
    memcpy(joined + length, suffix, suffix_length + 1);
    return joined;
}

static const pruni_entry *find_own(const prune_module *module, const char *name)
{
    const pruni_registry *registries[] = { &module->attributes, &module->parameters, &module->buffers };
    for (size_t i = 0; i < sizeof registries / sizeof registries[0]; i++) {
        int64_t place = pruni_registry_find(registries[i], name);
        if (place >= 0)
            return &registries[i]->items[place];
    }
    return NULL;
}

prune_status pruni_get_own(prune_tensor **t, const prune_module *module, const char *name)
{
    const pruni_entry *entry = find_own(module, name);
    if (!entry)
        return pruni_no_attribute(module, name);
    *t = entry->tensor;
    return PRUNE_OK;
}

/* ---- mask * orig ---- */

void pruni_multiply(prune_tensor *value, const prune_tensor *mask, const prune_tensor *orig)
{
    bool alike = pruni_same_shape(value, mask) && pruni_same_shape(value, orig);
    if (alike && prune_tensor_is_contiguous(value) && prune_tensor_is_contiguous(mask)
        && prune_tensor_is_contiguous(orig)) {
        pruni_kernel_multiply(pruni_tensor_pointer(value), 1, pruni_tensor_pointer(mask), 1, pruni_tensor_pointer(orig),
                              1, value->numel);
        return;
    }
    pruni_walk walk;
    pruni_walk_start_any_order(&walk, value->sizes, value->ndim, (const prune_tensor *[]){ value, mask, orig }, 3);
    while (pruni_walk_next(&walk))
        pruni_kernel_multiply(walk.data[0], walk.strides[0], walk.data[1], walk.strides[1], walk.data[2],
                              walk.strides[2], walk.length);
}

prune_status pruni_get_orig(prune_tensor **orig, const prune_module *module, const char *orig_name)
{
    prune_tensor *t = NULL;
    prune_status status = pruni_get_own(&t, module, orig_name);
    if (status == PRUNE_OK && !t)
        status = prune_fail(PRUNE_ERROR_ATTRIBUTE, "'%s' of %s is None", orig_name, module->type_name);
    if (status == PRUNE_OK)
        status = pruni_check_float32(orig_name, t);
    if (status == PRUNE_OK)
        *orig = prune_tensor_retain(t);
    return status;
}

prune_status pruni_get_mask(prune_tensor **mask, const prune_module *module, const char *mask_name)
{
    prune_tensor *t = NULL;
    prune_status status = pruni_get_own(&t, module, mask_name);
    if (status == PRUNE_OK && !t)
        status = prune_fail(PRUNE_ERROR_ATTRIBUTE, "'%s' of %s is None", mask_name, module->type_name);
    return status == PRUNE_OK ? prune_tensor_to(mask, t, PRUNE_FLOAT32) : status;
}

prune_status pruni_empty_like(prune_tensor **out, const prune_tensor *t)
{
    int64_t strides[PRUNE_MAX_DIMS];
    pruni_kept_strides(strides, t);
    return pruni_tensor_empty_strided(out, t->sizes, strides, t->ndim, PRUNE_FLOAT32);
}

/* The tensor that the attribute holds, if the hook of a clone may take it for its own. */
static prune_tensor *adoptable(const prune_module *module, const char *name)
{
    int64_t order[PRUNE_MAX_DIMS];
    int64_t place = pruni_registry_find(&module->attributes, name);
    prune_tensor *t = place >= 0 ? module->attributes.items[place].tensor : NULL;
    bool usable = t && t->storage->owned && !t->storage->keeper && t->dtype == PRUNE_FLOAT32
                  && pruni_dense_order(order, t);
    return usable ? t : NULL;
}

prune_status pruni_fit_value(prune_tensor **value, const prune_module *module, const pruni_pruning *pruning,
                             const prune_tensor *mask, const prune_tensor *orig)
{
    int64_t sizes[PRUNE_MAX_DIMS];
    int64_t ndim;
    if (pruni_broadcast_shape(sizes, &ndim, mask, orig))
        return prune_last_status();
    prune_tensor *live = pruning->value ? pruning->value : adoptable(module, pruning->name);
    bool fits = live && live->ndim == ndim && memcmp(live->sizes, sizes, (size_t)ndim * sizeof sizes[0]) == 0
                && live->storage != orig->storage && live->storage != mask->storage;
    if (fits) {
        *value = prune_tensor_retain(live);
        return PRUNE_OK;
    }
    bool as_orig = orig->ndim == ndim && memcmp(orig->sizes, sizes, (size_t)ndim * sizeof sizes[0]) == 0;
    return as_orig ? pruni_empty_like(value, orig) : prune_tensor_empty(value, sizes, ndim, PRUNE_FLOAT32);
}

void pruni_mark_value(prune_tensor *value, const prune_tensor *orig)
{
    value->requires_grad = orig->requires_grad;
    value->has_grad_fn = orig->requires_grad;
}

void pruni_set_value(prune_tensor *value, const prune_tensor *mask, const prune_tensor *orig)
{
    pruni_multiply(value, mask, orig);
    pruni_mark_value(value, orig);
}

/* ---- The hook ---- */

/* setattr(module, name, value), which allocates nothing where the value is there already. What it replaces is kept for now:
 * letting go of it may call the program. */
static prune_status show_value(prune_module *module, const pruni_pruning *pruning, prune_tensor *value,
                               prune_tensor **replaced)
{
    int64_t place = pruni_registry_find(&module->attributes, pruning->name);
    if (place >= 0 && module->attributes.items[place].tensor == value)
        return PRUNE_OK;
    prune_kind kind = prune_module_kind(module, pruning->name);
    if (kind == PRUNE_KIND_ATTRIBUTE || kind == PRUNE_KIND_BUFFER)
        *replaced = prune_tensor_retain(prune_module_get_tensor(module, pruning->name));
    return prune_module_set_tensor(module, pruning->name, value);
}

/* A factor that can be multiplied into the value as it is. */
static const prune_tensor *plain_factor(const prune_module *module, const char *name, const prune_tensor *value)
{
    const pruni_entry *entry = find_own(module, name);
    const prune_tensor *t = entry ? entry->tensor : NULL;
    bool is_plain = t && t->dtype == PRUNE_FLOAT32 && pruni_same_shape(t, value) && t->storage != value->storage;
    return is_plain ? t : NULL;
}

bool pruni_renew_value(const prune_module *module, const pruni_pruning *pruning)
{
    prune_tensor *value = pruning->value;
    const pruni_entry *shown = value ? find_own(module, pruning->name) : NULL;
    if (!shown || shown->tensor != value)
        return false;
    const prune_tensor *mask = plain_factor(module, pruning->mask_name, value);
    const prune_tensor *orig = plain_factor(module, pruning->orig_name, value);
    if (!mask || !orig)
        return false;
    pruni_set_value(value, mask, orig);
    return true;
}

static prune_status recompute(void *context, prune_module *module, prune_tensor *const *x, int64_t nx)
{
    pruni_pruning *pruning = context;
    prune_tensor *mask = NULL, *orig = NULL, *value = NULL, *replaced = NULL;
    (void)x;
    (void)nx;
    if (pruni_renew_value(module, pruning))
        return PRUNE_OK;
    bool failed = pruni_get_mask(&mask, module, pruning->mask_name) || pruni_get_orig(&orig, module, pruning->orig_name)
                  || pruni_fit_value(&value, module, pruning, mask, orig)
                  || show_value(module, pruning, value, &replaced);
    if (!failed) {
        pruni_set_value(value, mask, orig);
        prune_tensor *before = pruning->value;
        pruning->value = prune_tensor_retain(value);
        prune_tensor_release(before);
    }
    prune_tensor_release(mask);
    prune_tensor_release(orig);
    prune_tensor_release(value);
    prune_tensor_release(replaced);
    return failed ? prune_last_status() : PRUNE_OK;
}

static void clear(pruni_pruning *pruning)
{
    if (pruning->method)
        pruning->method->hooks--;
    prune_method_release(pruning->method);
    prune_tensor_release(pruning->value);
    pruni_free(pruning->name);
    pruni_free(pruning->orig_name);
    pruni_free(pruning->mask_name);
}

/* On failure, what is there is to be cleared. */
static prune_status copy_names(pruni_pruning *pruning, const char *name)
{
    pruning->name = pruni_strdup(name);
    pruning->orig_name = pruni_suffixed(name, "_orig");
    pruning->mask_name = pruni_suffixed(name, "_mask");
    return pruning->name && pruning->orig_name && pruning->mask_name ? PRUNE_OK : PRUNE_ERROR_MEMORY;
}

static prune_status clone(void *to, const void *from)
{
    const pruni_pruning *original = from;
    pruni_pruning copy = { 0 };
    prune_status status = copy_names(&copy, original->name);
    if (status == PRUNE_OK)
        status = pruni_method_copy(&copy.method, original->method, original->name);
    if (status != PRUNE_OK) {
        clear(&copy);
        return status;
    }
    copy.method->hooks++;
    memcpy(to, &copy, sizeof copy);
    return PRUNE_OK;
}

static void destroy(void *context)
{
    clear(context);
}

static const prune_hook_ops pruning_hook_ops = {
    .size = sizeof(prune_hook_ops),
    .type_name = "BasePruningMethod",
    .context_size = sizeof(pruni_pruning),
    .call = recompute,
    .clone = clone,
    .destroy = destroy,
};

prune_status pruni_pruning_hook_create(pruni_hook **out, prune_method *method, const char *name, prune_tensor *value)
{
    pruni_pruning pruning = { .method = prune_method_retain(method), .value = prune_tensor_retain(value) };
    method->hooks++;
    if (copy_names(&pruning, name) || pruni_hook_create(out, &pruning_hook_ops, &pruning)) {
        clear(&pruning);
        return PRUNE_ERROR_MEMORY;
    }
    (*out)->type_name = method->ops->type_name;
    (*out)->qualifier = method->own ? "torch.nn.utils.prune." : "";
    (*out)->locked = true;
    return PRUNE_OK;
}

/* ---- Finding it ---- */

bool pruni_is_pruning_hook(const pruni_hook *hook)
{
    return hook->ops == &pruning_hook_ops;
}

pruni_pruning *pruni_pruning_of(const pruni_hook *hook)
{
    return hook->context;
}

pruni_hook *pruni_find_hook(const prune_module *module, const char *name)
{
    for (int64_t i = 0; i < module->hook_count; i++) {
        pruni_hook *hook = module->hooks[i];
        if (pruni_is_pruning_hook(hook) && strcmp(pruni_pruning_of(hook)->name, name) == 0)
            return hook;
    }
    return NULL;
}

void pruni_remove_hook(prune_module *module, const pruni_hook *hook)
{
    for (int64_t i = 0; i < module->hook_count; i++)
        if (module->hooks[i] == hook) {
            pruni_module_remove_hook(module, i);
            return;
        }
}
