/* BasePruningMethod.apply. */
#include "prune/internal.h"

/* What is scored. */
static prune_status get_scored(prune_tensor **t, const pruni_application *app, const prune_tensor *scores)
{
    if (!scores && pruni_application_value_is_by_rows(app))
        return prune_tensor_contiguous(t, app->target);
    *t = scores ? prune_tensor_retain((prune_tensor *)(uintptr_t)scores) : prune_tensor_retain(app->target);
    return PRUNE_OK;
}

/* A copy of the mask so far, ones on the first prune. */
static prune_status copy_mask(pruni_application *app)
{
    if (!app->before)
        return pruni_mask_copy(&app->mask, NULL, app->target);
    prune_tensor *present = NULL;
    if (pruni_get_mask(&present, app->module, app->mask_name))
        return prune_last_status();
    bool fits = pruni_same_shape(present, app->target);
    prune_status status = fits ? pruni_mask_copy(&app->mask, present, present) : pruni_wrong_mask(app, present);
    prune_tensor_release(present);
    return status;
}

/* The mask that the method makes of the present one. */
static prune_status compute(pruni_application *app, const prune_tensor *scores)
{
    prune_tensor *t = NULL;
    if (pruni_application_can_fuse(app, scores))
        return pruni_application_fuse(app, scores);
    if (copy_mask(app) || get_scored(&t, app, scores))
        return prune_last_status();
    prune_status status;
    pruni_application_start_work(app);
    if (app->before)
        status = pruni_combine_mask(app->method, (pruni_part){ t, app->mask });
    else
        status = pruni_compute_mask(app->method, app->mask, t);
    pruni_application_end_work(app);
    prune_tensor_release(t);
    if (status != PRUNE_OK)
        return status;
    return pruni_application_check_unchanged(app) || pruni_application_check_parameter(app) ? prune_last_status()
                                                                                            : PRUNE_OK;
}

/* Up to the point from where nothing can fail. */
static prune_status prepare(pruni_application *app, prune_module *module, const char *name, prune_method *method,
                            const prune_tensor *scores)
{
    if (pruni_application_begin(app, module, name) || pruni_application_check_scores(app, scores)
        || pruni_application_check_parameter(app))
        return prune_last_status();
    prune_status status = pruni_method_copy(&app->method, method, name);
    if (status == PRUNE_OK)
        status = compute(app, scores);
    if (status != PRUNE_OK)
        return status;
    return pruni_application_prepare(app, 1) || pruni_application_keep_mask(app) ? prune_last_status() : PRUNE_OK;
}

prune_status prune_apply(prune_module *module, const char *name, prune_method *method,
                         const prune_tensor *importance_scores)
{
    PRUNI_REQUIRE(module);
    PRUNI_REQUIRE(name);
    PRUNI_REQUIRE(method);
    if (pruni_container_list(method))
        return prune_fail(PRUNE_ERROR_TYPE, "a PruningContainer cannot be applied, its methods can");
    pruni_application app = { 0 };
    struct prune_generator generator;
    const bool may_draw = !method->own || method->own->draws;
    if (may_draw)
        pruni_generator_save(&generator, NULL);
    prune_status status = prepare(&app, module, name, method, importance_scores);
    if (status == PRUNE_OK)
        pruni_application_commit(&app);
    else if (may_draw)
        pruni_generator_restore(NULL, &generator);
    pruni_application_free(&app);
    return status;
}
