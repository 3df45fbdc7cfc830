/* prune.global_unstructured: one choice among the entries of many parameters. */
#include "prune/internal.h"

#include <string.h>

/* One of the parameters. */
typedef struct member {
    pruni_application app;
    prune_tensor *final_mask; /* its slice of the mask that the method makes of all; its CustomFromMask keeps it */
} member;

/* ---- Reading ---- */

static prune_status check_tensor(const prune_tensor *t)
{
    if (!t)
        return prune_fail(PRUNE_ERROR_ATTRIBUTE, "'NoneType' object has no attribute 'device'");
    return PRUNE_OK;
}

static prune_status begin(member *members, const prune_parameter *parameters, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        if (!parameters[i].module || !parameters[i].name)
            return prune_fail(PRUNE_ERROR_TYPE, "prune_global_unstructured: parameters[%lld].%s is NULL", (long long)i,
                              parameters[i].module ? "name" : "module");
        if (pruni_application_begin(&members[i].app, parameters[i].module, parameters[i].name))
            return prune_last_status();
    }
    for (int64_t i = 0; i < count; i++)
        if (!parameters[i].importance_scores && check_tensor(members[i].app.target))
            return prune_last_status();
    for (int64_t i = 0; i < count; i++)
        if (!members[i].app.target)
            return pruni_fail_absent();
    return PRUNE_OK;
}

prune_status pruni_check_global_method(const prune_method *method)
{
    static const char *const types[] = { "none", "unstructured", "structured", "global" };
    if (method->ops->type == PRUNE_UNSTRUCTURED)
        return PRUNE_OK;
    return prune_fail(PRUNE_ERROR_TYPE,
                      "Only \"unstructured\" PRUNING_TYPE supported for the `pruning_method`. Found method <class "
                      "'%s%s'> of type %s",
                      method->own ? "torch.nn.utils.prune." : "", method->ops->type_name, types[method->ops->type]);
}

static prune_status check_scores(const member *members, const prune_parameter *parameters, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (pruni_application_check_scores(&members[i].app, parameters[i].importance_scores)
            || pruni_check_float32(parameters[i].name, members[i].app.target))
            return prune_last_status();
    return PRUNE_OK;
}

/* The mask so far: whatever is called name_mask, as in PyTorch, or ones. */
static prune_status copy_mask(prune_tensor **out, const pruni_application *app)
{
    prune_tensor *present = NULL;
    if (prune_module_kind(app->module, app->mask_name) == PRUNE_KIND_NONE)
        return pruni_mask_copy(out, NULL, app->target);
    if (pruni_get_own(&present, app->module, app->mask_name) || check_tensor(present))
        return prune_last_status();
    if (!pruni_same_shape(present, app->target))
        return pruni_wrong_mask(app, present);
    return pruni_mask_copy(out, present, present);
}

/* ---- Choosing ---- */

static prune_status choose(member *members, const prune_parameter *parameters, int64_t count, prune_method *method)
{
    pruni_part *parts = pruni_alloc_array((size_t)count, sizeof *parts);
    prune_method *copy = NULL;
    if (!parts)
        return PRUNE_ERROR_MEMORY;
    prune_status status = pruni_method_copy(&copy, method, NULL);
    for (int64_t i = 0; status == PRUNE_OK && i < count; i++) {
        const prune_tensor *scores = parameters[i].importance_scores;
        status = copy_mask(&members[i].final_mask, &members[i].app);
        parts[i] = (pruni_part){ scores ? scores : members[i].app.target, members[i].final_mask };
    }
    if (status == PRUNE_OK) {
        for (int64_t i = 0; i < count; i++)
            pruni_application_start_work(&members[i].app);
        status = pruni_combine_list(copy, parts, count);
        for (int64_t i = count - 1; i >= 0; i--)
            pruni_application_end_work(&members[i].app);
    }
    prune_method_release(copy);
    pruni_free(parts);
    return status;
}

/* ---- Choosing without copies ---- */

static bool is_listed_once(const member *members, int64_t count, int64_t i)
{
    const pruni_application *app = &members[i].app;
    for (int64_t j = 0; j < count; j++)
        if (j != i && members[j].app.module == app->module && strcmp(members[j].app.name, app->name) == 0)
            return false;
    return true;
}

static bool can_fuse(const member *members, const prune_parameter *parameters, int64_t count,
                     const prune_method *method)
{
    int64_t n = 0;
    if (!method->own || !method->own->chooses_entries)
        return false;
    for (int64_t i = 0; i < count; i++) {
        const pruni_application *app = &members[i].app;
        bool mask_is_known = app->before || prune_module_kind(app->module, app->mask_name) == PRUNE_KIND_NONE;
        if (!mask_is_known || !pruni_application_is_plain(app, parameters[i].importance_scores)
            || !is_listed_once(members, count, i))
            return false;
        n += app->target->numel; /* of at most 2^32 each, and all in memory */
    }
    return n - 1 <= (int64_t)UINT32_MAX;
}

/* Where the choice is written: the tensors of a first prune; on later ones the slice alone, for now. */
static prune_status make_entries(pruni_entries *entries, member *m, const prune_tensor *scores)
{
    if (pruni_application_make_entries(&m->app, scores))
        return prune_last_status();
    *entries = m->app.entries;
    if (!m->app.before)
        return PRUNE_OK;
    if (pruni_empty_like(&m->final_mask, m->app.target))
        return prune_last_status();
    entries->mask = m->final_mask;
    pruni_entries_set(entries, m->app.target);
    return PRUNE_OK;
}

static prune_status fuse_into(pruni_entries *entries, member *members, const prune_parameter *parameters, int64_t count,
                              const prune_method *method)
{
    pruni_fusion fusion = { .entries = entries, .count = count, .writes = true };
    for (int64_t i = 0; i < count; i++)
        if (make_entries(&entries[i], &members[i], parameters[i].importance_scores))
            return prune_last_status();
    prune_status status = method->own->fuse(method->context, &fusion);
    if (status == PRUNE_OK && fusion.writes)
        method->own->write(method->context, &fusion);
    pruni_fusion_free(&fusion);
    return status;
}

static prune_status fuse(member *members, const prune_parameter *parameters, int64_t count, const prune_method *method)
{
    pruni_entries *entries = pruni_alloc_array((size_t)count, sizeof *entries);
    if (!entries)
        return PRUNE_ERROR_MEMORY;
    prune_status status = fuse_into(entries, members, parameters, count, method);
    pruni_free(entries);
    for (int64_t i = 0; i < count; i++)
        if (!members[i].final_mask)
            members[i].final_mask = prune_tensor_retain(members[i].app.mask);
    return status;
}

/* ---- Applying the slices ---- */

/* Of one module: fails where PyTorch, which prunes one after the other, would find a name taken by one before. */
static prune_status check_pair(const pruni_application *a, const pruni_application *b)
{
    const char *names[] = { a->orig_name, a->mask_name, b->orig_name, b->mask_name };
    for (size_t i = 0; i < 4; i++)
        if (strcmp(names[i], i < 2 ? b->name : a->name) == 0)
            return prune_fail(PRUNE_ERROR_KEY, "attribute '%s' already exists", names[i]);
    return PRUNE_OK;
}

/* The application of the same parameter before this one, and how many of its module there are up to here. */
static prune_status look_back(int64_t *records, member *members, int64_t i)
{
    pruni_application *app = &members[i].app;
    *records = 1;
    for (int64_t j = 0; j < i; j++) {
        const pruni_application *earlier = &members[j].app;
        if (earlier->module != app->module)
            continue;
        if (check_pair(earlier, app))
            return prune_last_status();
        ++*records;
        if (strcmp(earlier->name, app->name) == 0)
            app->previous = earlier;
    }
    return PRUNE_OK;
}

/* CustomFromMask: the mask so far times the slice. */
static prune_status multiply_mask(pruni_application *app, prune_tensor *slice)
{
    prune_tensor *present = NULL;
    if (app->previous)
        present = prune_tensor_retain(app->previous->mask);
    else if (app->before && pruni_get_mask(&present, app->module, app->mask_name))
        return prune_last_status();
    prune_status status = present && !pruni_same_shape(present, slice) ? pruni_wrong_mask(app, present)
                                                                       : pruni_mask_copy(&app->mask, present, slice);
    prune_tensor_release(present);
    return status == PRUNE_OK ? pruni_compute_mask(app->method, app->mask, app->mask) : status;
}

/* Made without a copy where nobody else sees the mask so far, and no other slice is for the same parameter. */
static prune_status make_mask(member *members, int64_t count, int64_t i)
{
    pruni_application *app = &members[i].app;
    if (app->mask)
        return PRUNE_OK;
    if (app->before && is_listed_once(members, count, i) && pruni_application_can_fuse(app, NULL)
        && pruni_application_owns_mask(app))
        return pruni_application_fuse(app, NULL);
    return multiply_mask(app, members[i].final_mask);
}

static prune_status prepare(member *members, int64_t count, int64_t i)
{
    int64_t records;
    pruni_application *app = &members[i].app;
    prune_method *method = NULL;
    if (pruni_application_check_unchanged(app) || look_back(&records, members, i)
        || (!app->previous && pruni_application_check_parameter(app))
        || pruni_method_over_mask(&method, members[i].final_mask, false))
        return prune_last_status();
    prune_status status = pruni_method_copy(&app->method, method, app->name);
    prune_method_release(method);
    if (status != PRUNE_OK || make_mask(members, count, i))
        return prune_last_status();
    bool failed = pruni_application_prepare(app, records)
                  || (is_listed_once(members, count, i) && pruni_application_keep_mask(app));
    return failed ? prune_last_status() : PRUNE_OK;
}

/* ---- All of it ---- */

static prune_status prepare_all(member *members, const prune_parameter *parameters, int64_t count, prune_method *method)
{
    if (begin(members, parameters, count) || pruni_check_global_method(method)
        || check_scores(members, parameters, count))
        return prune_last_status();
    prune_status status = can_fuse(members, parameters, count, method) ? fuse(members, parameters, count, method)
                                                                       : choose(members, parameters, count, method);
    for (int64_t i = 0; status == PRUNE_OK && i < count; i++)
        status = prepare(members, count, i);
    return status;
}

prune_status prune_global_unstructured(const prune_parameter *parameters, int64_t count, prune_method *method)
{
    PRUNI_REQUIRE(method);
    if (count <= 0)
        return prune_fail(PRUNE_ERROR_VALUE, "torch.cat(): expected a non-empty list of Tensors");
    PRUNI_REQUIRE(parameters);
    member *members = pruni_alloc_zeroed((size_t)count, sizeof *members);
    if (!members)
        return PRUNE_ERROR_MEMORY;
    struct prune_generator generator;
    pruni_generator_save(&generator, NULL);
    prune_status status = prepare_all(members, parameters, count, method);
    if (status != PRUNE_OK)
        pruni_generator_restore(NULL, &generator);
    for (int64_t i = 0; status == PRUNE_OK && i < count; i++)
        pruni_application_commit(&members[i].app);
    for (int64_t i = 0; i < count; i++) {
        pruni_application_free(&members[i].app);
        prune_tensor_release(members[i].final_mask);
    }
    pruni_free(members);
    return status;
}
