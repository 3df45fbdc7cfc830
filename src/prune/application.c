/* A prune of one parameter, from its name to the commit: all that can fail comes first. */
#include "prune/internal.h"

#include <string.h>

/* ---- Finding the parameter ---- */

prune_status pruni_check_not_at_work(const prune_module *module, const char *name)
{
    for (const struct pruni_work *work = module->work; work; work = work->next)
        if (strcmp(work->name, name) == 0)
            return prune_fail(PRUNE_ERROR_STATE,
                              "parameter '%s' of %s is being pruned: its compute_mask must not touch it", name,
                              module->type_name);
    return PRUNE_OK;
}

static prune_status not_assignable(const pruni_application *app, const char *type_name)
{
    return prune_fail(PRUNE_ERROR_TYPE,
                      "cannot assign '%s' object to parameter '%s' (torch.nn.Parameter or None required)", type_name,
                      app->orig_name);
}

static prune_status find_target(pruni_application *app)
{
    prune_tensor *target = NULL;
    int64_t place = pruni_module_find_child(app->module, app->name);
    const prune_module *child = place >= 0 ? app->module->children[place].module : NULL;
    if (child)
        return app->before ? pruni_no_attribute(child, "dtype") : not_assignable(app, child->type_name);
    if (place < 0 && pruni_get_own(&target, app->module, app->name))
        return prune_last_status();
    app->target = prune_tensor_retain(target);
    return PRUNE_OK;
}

prune_status pruni_application_begin(pruni_application *app, prune_module *module, const char *name)
{
    if (pruni_check_not_at_work(module, name))
        return prune_last_status();
    app->module = prune_module_retain(module);
    app->name = pruni_strdup(name);
    app->orig_name = pruni_suffixed(name, "_orig");
    app->mask_name = pruni_suffixed(name, "_mask");
    if (!app->name || !app->orig_name || !app->mask_name)
        return PRUNE_ERROR_MEMORY;
    app->before = pruni_find_hook(module, name);
    if (app->before)
        pruni_refs_retain(&app->before->refs);
    return find_target(app);
}

static prune_status wrong_scores(const pruni_application *app, const prune_tensor *scores)
{
    char got[PRUNI_SHAPE_TEXT], shape[PRUNI_SHAPE_TEXT];
    pruni_text text = { NULL, 0, 0, false };
    pruni_text_add(&text, "importance_scores should have the same shape as parameter %s of ", app->name);
    pruni_module_text(&text, app->module);
    pruni_text_add(&text, ", got %s vs %s", pruni_shape_text(got, scores->sizes, scores->ndim),
                   pruni_shape_text(shape, app->target->sizes, app->target->ndim));
    return pruni_fail_text(PRUNE_ERROR_SHAPE, &text);
}

prune_status pruni_application_check_scores(const pruni_application *app, const prune_tensor *scores)
{
    if (!scores)
        return PRUNE_OK;
    if (!app->target)
        return prune_fail(PRUNE_ERROR_ATTRIBUTE, "'NoneType' object has no attribute 'shape'");
    if (!pruni_same_shape(scores, app->target))
        return wrong_scores(app, scores);
    return pruni_check_float32("importance_scores", scores);
}

prune_status pruni_wrong_mask(const pruni_application *app, const prune_tensor *mask)
{
    char mask_shape[PRUNI_SHAPE_TEXT], shape[PRUNI_SHAPE_TEXT];
    return prune_fail(PRUNE_ERROR_SHAPE, "'%s' of %s has shape %s, but '%s' has shape %s", app->mask_name,
                      app->module->type_name, pruni_shape_text(mask_shape, mask->sizes, mask->ndim), app->name,
                      pruni_shape_text(shape, app->target->sizes, app->target->ndim));
}

static prune_status check_free(const prune_module *module, const char *name, prune_kind kind)
{
    prune_kind present = prune_module_kind(module, name);
    if (present == PRUNE_KIND_NONE || present == kind)
        return PRUNE_OK;
    return prune_fail(PRUNE_ERROR_KEY, "attribute '%s' already exists", name);
}

prune_status pruni_fail_absent(void)
{
    return prune_fail(PRUNE_ERROR_TYPE, "ones_like(): argument 'input' (position 1) must be Tensor, not NoneType");
}

prune_status pruni_application_check_parameter(const pruni_application *app)
{
    if (!app->before && check_free(app->module, app->orig_name, PRUNE_KIND_PARAMETER))
        return prune_last_status();
    if (!app->before && app->target && prune_module_kind(app->module, app->name) != PRUNE_KIND_PARAMETER)
        return not_assignable(app, pruni_tensor_typename(app->target));
    if (!app->target)
        return pruni_fail_absent();
    return pruni_check_float32(app->name, app->target);
}

/* ---- Meanwhile, callbacks ---- */

void pruni_application_start_work(pruni_application *app)
{
    app->work = (struct pruni_work){ app->name, app->module->work };
    app->module->work = &app->work;
}

void pruni_application_end_work(pruni_application *app)
{
    app->module->work = app->work.next;
}

prune_status pruni_application_check_unchanged(const pruni_application *app)
{
    prune_tensor *target = NULL;
    if (pruni_find_hook(app->module, app->name) == app->before && !pruni_get_own(&target, app->module, app->name)
        && target == app->target)
        return PRUNE_OK;
    return prune_fail(PRUNE_ERROR_STATE, "parameter '%s' of %s was replaced while its compute_mask ran", app->name,
                      app->module->type_name);
}

/* ---- Preparing ---- */

bool pruni_is_private(const prune_tensor *buffer, const prune_tensor *mask)
{
    int64_t order[PRUNE_MAX_DIMS];
    return buffer->dtype == PRUNE_FLOAT32 && pruni_same_shape(buffer, mask) && pruni_dense_order(order, buffer)
           && !buffer->storage->read_only && !pruni_refs_shared(&buffer->refs) && !pruni_tensor_shares_storage(buffer);
}

/* The mask as a buffer: the present one, to be rewritten, or a new one in the order of the parameter's memory. */
static prune_status prepare_buffer(pruni_application *app)
{
    int64_t place = pruni_registry_find(&app->module->buffers, app->mask_name);
    prune_tensor *present = app->before && place >= 0 ? app->module->buffers.items[place].tensor : NULL;
    const prune_tensor *mask = app->mask ? app->mask : app->orig;
    const prune_tensor *like = pruni_same_shape(mask, app->orig) ? app->orig : mask;
    bool is_ours = app->mask && !pruni_refs_shared(&app->mask->refs) && !pruni_tensor_shares_storage(app->mask);
    if (present && pruni_is_private(present, mask)) {
        app->buffer = prune_tensor_retain(present);
        return pruni_tensor_copy_for_keeper(&app->for_keeper, present);
    }
    if (app->value || (prune_tensor_is_contiguous(like) && is_ours))
        app->buffer = prune_tensor_retain(app->mask);
    else
        return pruni_empty_like(&app->buffer, like);
    return PRUNE_OK;
}

/* PyTorch's setattr of a plain tensor fails on parameters; a child module has failed already. */
static prune_status check_value_name(const pruni_application *app)
{
    if (prune_module_kind(app->module, app->name) != PRUNE_KIND_PARAMETER)
        return PRUNE_OK;
    return prune_fail(PRUNE_ERROR_TYPE,
                      "cannot assign 'torch.FloatTensor' as parameter '%s' (torch.nn.Parameter or None expected)",
                      app->name);
}

/* orig, buffer and value as they will be. */
static prune_status prepare_tensors(pruni_application *app, prune_tensor **value)
{
    if (app->previous) {
        app->orig = prune_tensor_retain(app->previous->orig);
        app->buffer = prune_tensor_retain(app->previous->buffer);
        *value = prune_tensor_retain(pruni_pruning_of(app->previous->after)->value);
        return PRUNE_OK;
    }
    if (check_free(app->module, app->mask_name, PRUNE_KIND_BUFFER))
        return prune_last_status();
    if (!app->before) {
        app->orig = prune_tensor_retain(app->target);
        *value = prune_tensor_retain(app->value);
        return prepare_buffer(app) || (!*value && pruni_empty_like(value, app->orig)) ? prune_last_status() : PRUNE_OK;
    }
    if (!app->mask)
        *value = prune_tensor_retain(app->target);
    bool failed = pruni_get_orig(&app->orig, app->module, app->orig_name)
                  || (!*value
                      && pruni_fit_value(value, app->module, pruni_pruning_of(app->before), app->mask, app->orig))
                  || check_value_name(app) || prepare_buffer(app);
    return failed ? prune_last_status() : PRUNE_OK;
}

static int64_t place_among_same(const pruni_application *app)
{
    int64_t place = 0;
    for (; app->previous; app = app->previous)
        place++;
    return place;
}

/* What the hook will call: the method alone, or a container in which the method is, or will be, last. */
static prune_status prepare_method(pruni_application *app, prune_method **at_work)
{
    const pruni_hook *before = app->previous ? app->previous->after : app->before;
    if (!before) {
        *at_work = prune_method_retain(app->method);
        return PRUNE_OK;
    }
    prune_method *old = pruni_pruning_of(before)->method;
    if (pruni_container_list(old)) {
        app->grows = true;
        *at_work = prune_method_retain(old);
        return pruni_container_reserve(old, place_among_same(app) + 1);
    }
    return pruni_container_of(at_work, old, app->method, app->name);
}

prune_status pruni_application_prepare(pruni_application *app, int64_t records)
{
    prune_module *module = app->module;
    prune_method *at_work = NULL;
    prune_tensor *value = NULL;
    bool failed = prepare_tensors(app, &value) || prepare_method(app, &at_work)
                  || pruni_pruning_hook_create(&app->after, at_work, app->name, value)
                  || pruni_registry_reserve(&module->parameters, records)
                  || pruni_registry_reserve(&module->buffers, records)
                  || pruni_registry_reserve(&module->attributes, records)
                  || pruni_module_reserve_hooks(module, records);
    prune_method_release(at_work);
    prune_tensor_release(value);
    return failed ? prune_last_status() : PRUNE_OK;
}

prune_status pruni_application_keep_mask(pruni_application *app)
{
    const pruni_class *own = app->method->own;
    return own && own->keep ? own->keep(app->method->context, app->before ? NULL : app->buffer) : PRUNE_OK;
}

/* ---- Committing ---- */

/* Replaces the entry of that name in its place, or puts one last, which takes over the name. What was there is kept until
 * everything is in its place: letting go of it may call the program. */
static pruni_entry *put(pruni_registry *registry, char **name, prune_tensor *t, prune_tensor **replaced)
{
    int64_t place = pruni_registry_find(registry, *name);
    if (place < 0) {
        pruni_registry_append(registry, (pruni_entry){ *name, prune_tensor_retain(t), true });
        *name = NULL;
        return &registry->items[registry->count - 1];
    }
    *replaced = registry->items[place].tensor;
    registry->items[place].tensor = prune_tensor_retain(t);
    return &registry->items[place];
}

static void move_parameter(pruni_application *app)
{
    pruni_registry *parameters = &app->module->parameters;
    put(parameters, &app->orig_name, app->orig, &app->replaced[0]);
    pruni_entry entry = pruni_registry_take(parameters, pruni_registry_find(parameters, app->name));
    pruni_entry_clear(&entry);
}

/* The buffer and the value, as far as they are not made yet. */
static void write_tensors(pruni_application *app, prune_tensor *value)
{
    if (app->for_keeper)
        pruni_tensor_part_from_keeper(app->buffer, app->for_keeper);
    if (!app->mask) {
        app->entries.mask = app->buffer;
        app->entries.value = value;
        pruni_entries_set(&app->entries, app->target);
        app->method->own->write(app->method->context, &app->fusion);
    } else {
        if (app->buffer != app->mask)
            pruni_copy_values(app->buffer, app->mask);
        if (value != app->value)
            pruni_multiply(value, app->buffer, app->orig);
    }
    app->buffer->requires_grad = false; /* a new one in PyTorch */
    pruni_mark_value(value, app->orig);
}

void pruni_application_commit(pruni_application *app)
{
    prune_module *module = app->module;
    const pruni_pruning *pruning = pruni_pruning_of(app->after);
    const pruni_hook *before = app->previous ? app->previous->after : app->before;
    if (before)
        pruni_remove_hook(module, before);
    else
        move_parameter(app);
    if (app->grows)
        pruni_container_append(pruning->method, app->method);
    write_tensors(app, pruning->value);
    put(&module->buffers, &app->mask_name, app->buffer, &app->replaced[1])->persistent = true;
    bool is_buffer = pruni_registry_find(&module->buffers, app->name) >= 0;
    put(is_buffer ? &module->buffers : &module->attributes, &app->name, pruning->value, &app->replaced[2]);
    pruni_refs_retain(&app->after->refs);
    pruni_module_append_hook(module, app->after);
}

void pruni_application_free(pruni_application *app)
{
    prune_module_release(app->module);
    pruni_free(app->name);
    pruni_free(app->orig_name);
    pruni_free(app->mask_name);
    prune_tensor_release(app->target);
    pruni_hook_release(app->before);
    prune_method_release(app->method);
    prune_tensor_release(app->mask);
    prune_tensor_release(app->value);
    pruni_fusion_free(&app->fusion);
    prune_tensor_release(app->orig);
    prune_tensor_release(app->buffer);
    prune_tensor_release(app->for_keeper);
    for (size_t i = 0; i < sizeof app->replaced / sizeof app->replaced[0]; i++)
        prune_tensor_release(app->replaced[i]);
    pruni_hook_release(app->after);
}
