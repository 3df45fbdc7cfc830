/* The fused door: a prune of one parameter by a method that needs no gathered copies. On the first prune it writes tensors
 * that nobody sees yet; on later ones it chooses, and the commit writes mask and value in place. */
#include "prune/internal.h"

static bool is_plain(const prune_tensor *t, const prune_tensor *like)
{
    return t && t->dtype == PRUNE_FLOAT32 && pruni_same_shape(t, like);
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

prune_status pruni_application_make_entries(pruni_application *app, const prune_tensor *scores)
{
    const prune_tensor *t = app->target;
    pruni_entries *e = &app->entries;
    *e = (pruni_entries){ .scores = scores ? scores : t };
    if (!app->before) {
        if (pruni_empty_like(&app->mask, t) || pruni_empty_like(&app->value, t))
            return prune_last_status();
        e->orig = t;
        e->mask = app->mask;
        e->value = app->value;
    } else {
        e->before = registered(&app->module->buffers, app->mask_name);
        e->orig = registered(&app->module->parameters, app->orig_name);
    }
    pruni_entries_set(e, t);
    return PRUNE_OK;
}

prune_status pruni_application_fuse(pruni_application *app, const prune_tensor *scores)
{
    const pruni_class *own = app->method->own;
    const prune_tensor *t = scores ? scores : app->target;
    pruni_fusion *fusion = &app->fusion;
    *fusion = (pruni_fusion){ .entries = &app->entries, .count = 1, .writes = !app->before, .t = t };
    fusion->t_is_by_rows = !scores && pruni_application_value_is_by_rows(app);
    if (pruni_application_make_entries(app, scores) || own->fuse(app->method->context, fusion))
        return prune_last_status();
    if (fusion->writes)
        own->write(app->method->context, fusion);
    return PRUNE_OK;
}

bool pruni_application_value_is_by_rows(const pruni_application *app)
{
    return app->before && pruni_container_list(pruni_pruning_of(app->before)->method);
}

bool pruni_application_owns_mask(const pruni_application *app)
{
    const prune_tensor *mask = registered(&app->module->buffers, app->mask_name);
    return pruni_is_private(mask, mask);
}
