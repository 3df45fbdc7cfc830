/* The fused door: a prune of one parameter by a method that needs no gathered copies. On the first prune it writes tensors
 * that nobody sees yet; on later ones it chooses, and the commit writes mask and value in place. */
#include "prune/internal.h"

static bool is_plain(const prune_tensor *t, const prune_tensor *like)
{
    return t && t->dtype == PRUNE_FLOAT32 && pruni_same_shape(t, like) && prune_tensor_is_contiguous(t);
}

static prune_tensor *registered(const pruni_registry *registry, const char *name)
{
    int64_t place = pruni_registry_find(registry, name);
    return place >= 0 ? registry->items[place].tensor : NULL;
}

/* What a later prune reads, and rewrites in place. */
static bool can_fuse_later(const pruni_application *app, const prune_tensor *scores)
{
    const prune_tensor *value = app->target;
    const prune_tensor *mask = registered(&app->module->buffers, app->mask_name);
    const prune_tensor *orig = registered(&app->module->parameters, app->orig_name);
    if (!is_plain(mask, value) || !is_plain(orig, value) || pruni_pruning_of(app->before)->value != value)
        return false;
    bool apart = mask->storage != orig->storage && mask->storage != value->storage && orig->storage != value->storage;
    return apart && (!scores || (scores->storage != mask->storage && scores->storage != value->storage));
}

bool pruni_application_is_plain(const pruni_application *app, const prune_tensor *scores)
{
    const prune_tensor *t = app->target;
    return is_plain(t, t) && (!scores || is_plain(scores, t)) && t->numel - 1 <= (int64_t)UINT32_MAX
           && (!app->before || can_fuse_later(app, scores));
}

bool pruni_application_can_fuse(const pruni_application *app, const prune_tensor *scores)
{
    const pruni_class *own = app->method->own;
    return own && own->fuse && pruni_application_is_plain(app, scores);
}

static prune_status make_outputs(pruni_application *app)
{
    const prune_tensor *t = app->target;
    if (prune_tensor_empty(&app->mask, t->sizes, t->ndim, PRUNE_FLOAT32)
        || prune_tensor_empty(&app->value, t->sizes, t->ndim, PRUNE_FLOAT32))
        return prune_last_status();
    app->run.mask = pruni_tensor_pointer(app->mask);
    app->run.value = pruni_tensor_pointer(app->value);
    app->run.orig = pruni_tensor_pointer(t);
    return PRUNE_OK;
}

prune_status pruni_application_make_run(pruni_application *app, const prune_tensor *scores)
{
    const prune_tensor *t = app->target;
    app->run = (pruni_run){ .n = t->numel, .scores = pruni_tensor_pointer(scores ? scores : t) };
    if (!app->before)
        return make_outputs(app);
    app->run.before = pruni_tensor_pointer(registered(&app->module->buffers, app->mask_name));
    app->run.orig = pruni_tensor_pointer(registered(&app->module->parameters, app->orig_name));
    return PRUNE_OK;
}

prune_status pruni_application_fuse(pruni_application *app, const prune_tensor *scores)
{
    const pruni_class *own = app->method->own;
    const prune_tensor *t = scores ? scores : app->target;
    pruni_fusion *fusion = &app->fusion;
    *fusion = (pruni_fusion){ .runs = &app->run, .count = 1, .writes = !app->before, .t = t };
    if (pruni_application_make_run(app, scores) || own->fuse(app->method->context, fusion))
        return prune_last_status();
    if (fusion->writes)
        own->write(app->method->context, fusion);
    return PRUNE_OK;
}

bool pruni_application_owns_mask(const pruni_application *app)
{
    const prune_tensor *mask = registered(&app->module->buffers, app->mask_name);
    return pruni_is_private(mask, mask);
}
