/* State dicts of pruned networks, into networks that are pruned or not: the dict is put into the names that the modules
 * have now and loaded, and then pruning is set up, or removed, as the dict has it. */
#include "prune/internal.h"

#include <string.h>

typedef enum action {
    PRUNES,  /* by a mask of the dict */
    REMOVES, /* the pruning, since the dict has plain values */
    KEEPS    /* the pruning, and computes its value anew */
} action;

/* What happens to a parameter once the values are loaded. */
typedef struct change {
    action action;
    prune_module *module; /* borrowed, as all below: the tree and the dict stay as they are until the commit */
    const char *name;
    const prune_tensor *mask; /* of the dict, for PRUNES */
    pruni_application app;
    pruni_removal removal;
} change;

typedef struct plan {
    const prune_dict *dict;
    change *changes;
    int64_t count, capacity;
    prune_dict *left_out; /* the keys of the dict that go by another name, */
    prune_dict *renamed;  /* and those names */
} plan;

/* A parameter's keys in the dict. */
typedef struct key_names {
    char *plain, *orig, *mask; /* owned */
} key_names;

static prune_status names_make(key_names *k, pruni_tree *walk, const char *name)
{
    const char *path = pruni_tree_path(walk, name);
    *k = (key_names){ NULL, NULL, NULL };
    if (!path)
        return PRUNE_ERROR_MEMORY;
    k->plain = pruni_strdup(path);
    k->orig = pruni_suffixed(path, "_orig");
    k->mask = pruni_suffixed(path, "_mask");
    return k->plain && k->orig && k->mask ? PRUNE_OK : PRUNE_ERROR_MEMORY;
}

static void names_free(key_names *k)
{
    pruni_free(k->plain);
    pruni_free(k->orig);
    pruni_free(k->mask);
}

/* ---- What is to be done ---- */

/* A module that stands in two places of the tree is changed once, and its last mask counts, as its last values do. */
static prune_status add_change(plan *p, change wanted)
{
    for (int64_t i = 0; i < p->count; i++) {
        change *present = &p->changes[i];
        if (present->module == wanted.module && strcmp(present->name, wanted.name) == 0) {
            if (present->action == PRUNES && wanted.action == PRUNES)
                present->mask = wanted.mask;
            return PRUNE_OK;
        }
    }
    void *changes = p->changes;
    if (pruni_grow(&changes, &p->capacity, p->count + 1, sizeof *p->changes))
        return PRUNE_ERROR_MEMORY;
    p->changes = changes;
    p->changes[p->count++] = wanted;
    return PRUNE_OK;
}

static prune_status wrong_mask(const key_names *k, const prune_tensor *mask, const prune_tensor *parameter)
{
    char got[PRUNI_SHAPE_TEXT], shape[PRUNI_SHAPE_TEXT];
    return prune_fail(PRUNE_ERROR_SHAPE,
                      "size mismatch for %s: copying a mask with shape %s from checkpoint, the shape of the parameter "
                      "is %s",
                      k->mask, pruni_shape_text(got, mask->sizes, mask->ndim),
                      pruni_shape_text(shape, parameter->sizes, parameter->ndim));
}

/* A parameter that is not pruned: whether the dict has it pruned. */
static prune_status look_at_parameter(plan *p, prune_module *module, const pruni_entry *parameter, const key_names *k)
{
    prune_tensor *orig = pruni_dict_find(p->dict, k->orig);
    prune_tensor *mask = pruni_dict_find(p->dict, k->mask);
    if (!orig || !mask)
        return PRUNE_OK;
    if (pruni_dict_find(p->dict, k->plain))
        return prune_fail(PRUNE_ERROR_VALUE, "the dict holds \"%s\" beside \"%s\" and \"%s\": pruned or not?", k->plain,
                          k->orig, k->mask);
    if (!pruni_same_shape(mask, parameter->tensor))
        return wrong_mask(k, mask, parameter->tensor);
    change c = { .action = PRUNES, .module = module, .name = parameter->name, .mask = mask };
    bool failed = prune_dict_set(p->left_out, k->orig, orig) || prune_dict_set(p->left_out, k->mask, mask)
                  || prune_dict_set(p->renamed, k->plain, orig);
    return failed ? prune_last_status() : add_change(p, c);
}

/* Ones of the mask's shape, over one element. */
static prune_status make_ones(prune_tensor **out, const prune_module *module, const char *mask_name)
{
    prune_tensor *mask = NULL, *one = NULL;
    bool failed = pruni_get_mask(&mask, module, mask_name) || prune_tensor_ones(&one, PRUNE_SCALAR, PRUNE_FLOAT32)
                  || prune_tensor_expand(out, one, mask->sizes, mask->ndim);
    prune_tensor_release(mask);
    prune_tensor_release(one);
    return failed ? prune_last_status() : PRUNE_OK;
}

/* A pruned parameter: whether the dict has it pruned too. */
static prune_status look_at_pruning(plan *p, prune_module *module, const pruni_pruning *pruning, const key_names *k)
{
    prune_tensor *plain = pruni_dict_find(p->dict, k->plain), *ones = NULL;
    change c = { .action = KEEPS, .module = module, .name = pruning->name };
    if (pruni_dict_find(p->dict, k->orig) || pruni_dict_find(p->dict, k->mask))
        return add_change(p, c);
    if (!plain)
        return PRUNE_OK;
    c.action = REMOVES;
    bool failed = make_ones(&ones, module, pruning->mask_name) || prune_dict_set(p->left_out, k->plain, plain)
                  || prune_dict_set(p->renamed, k->orig, plain) || prune_dict_set(p->renamed, k->mask, ones);
    prune_tensor_release(ones);
    return failed ? prune_last_status() : add_change(p, c);
}

static bool is_free(const prune_module *module, const char *name, const char *suffix)
{
    size_t length = strlen(name);
    const pruni_registry *registries[] = { &module->attributes, &module->parameters, &module->buffers };
    for (size_t r = 0; r < sizeof registries / sizeof registries[0]; r++)
        for (int64_t i = 0; i < registries[r]->count; i++) {
            const char *other = registries[r]->items[i].name;
            if (strncmp(other, name, length) == 0 && strcmp(other + length, suffix) == 0)
                return false;
        }
    return true;
}

static prune_status look_at_module(plan *p, pruni_tree *walk, prune_module *module)
{
    prune_status status = PRUNE_OK;
    key_names k;
    for (int64_t i = 0; status == PRUNE_OK && i < module->parameters.count; i++) {
        const pruni_entry *parameter = &module->parameters.items[i];
        if (!parameter->tensor || !is_free(module, parameter->name, "_orig")
            || !is_free(module, parameter->name, "_mask"))
            continue;
        status = names_make(&k, walk, parameter->name);
        if (status == PRUNE_OK)
            status = look_at_parameter(p, module, parameter, &k);
        names_free(&k);
    }
    for (int64_t i = 0; status == PRUNE_OK && i < module->hook_count; i++) {
        if (!pruni_is_pruning_hook(module->hooks[i]))
            continue;
        const pruni_pruning *pruning = pruni_pruning_of(module->hooks[i]);
        status = names_make(&k, walk, pruning->name);
        if (status == PRUNE_OK)
            status = look_at_pruning(p, module, pruning, &k);
        names_free(&k);
    }
    return status;
}

static prune_status make_plan(plan *p, prune_module *root)
{
    if (prune_dict_create(&p->left_out) || prune_dict_create(&p->renamed))
        return prune_last_status();
    pruni_tree walk;
    pruni_tree_start(&walk, root, PRUNI_TREE_EVERY_PATH, false);
    prune_status status = PRUNE_OK;
    for (prune_module *module; status == PRUNE_OK && (module = pruni_tree_next(&walk)) != NULL;)
        status = look_at_module(p, &walk, module);
    return pruni_tree_end(&walk) ? PRUNE_ERROR_MEMORY : status;
}

/* ---- Up to the point from where nothing can fail ---- */

/* The dict in the names that the modules have now. */
static prune_status translate(prune_dict *out, const plan *p)
{
    for (int64_t i = 0; i < prune_dict_size(p->dict); i++) {
        const char *key = prune_dict_key(p->dict, i);
        if (!pruni_dict_find(p->left_out, key) && prune_dict_set(out, key, prune_dict_value(p->dict, i)))
            return prune_last_status();
    }
    for (int64_t i = 0; i < prune_dict_size(p->renamed); i++)
        if (prune_dict_set(out, prune_dict_key(p->renamed, i), prune_dict_value(p->renamed, i)))
            return prune_last_status();
    return PRUNE_OK;
}

/* As prune_custom_from_mask(), but for the values, which are yet to come. */
static prune_status prepare_pruning(change *c, int64_t records)
{
    prune_method *method = NULL;
    pruni_application *app = &c->app;
    bool failed = pruni_application_begin(app, c->module, c->name) || pruni_application_check_parameter(app)
                  || pruni_mask_copy(&app->mask, c->mask, c->mask) || pruni_method_over_mask(&method, app->mask, true)
                  || pruni_method_copy(&app->method, method, c->name) || pruni_application_prepare(app, records)
                  || pruni_application_keep_mask(app);
    prune_method_release(method);
    return failed ? prune_last_status() : PRUNE_OK;
}

static prune_status prepare(plan *p)
{
    for (int64_t i = 0; i < p->count; i++) {
        change *c = &p->changes[i];
        int64_t records = 1;
        for (int64_t j = 0; j < i; j++)
            records += p->changes[j].module == c->module && p->changes[j].action == PRUNES;
        if (c->action == PRUNES && prepare_pruning(c, records))
            return prune_last_status();
        if (c->action == REMOVES && pruni_removal_prepare(&c->removal, c->module, c->name))
            return prune_last_status();
    }
    return PRUNE_OK;
}

/* ---- Committing ---- */

static void commit(plan *p)
{
    for (int64_t i = 0; i < p->count; i++)
        switch (p->changes[i].action) {
        case PRUNES:
            pruni_application_commit(&p->changes[i].app);
            break;
        case REMOVES:
            pruni_removal_commit(&p->changes[i].removal);
            break;
        case KEEPS:
            (void)pruni_renew_value(p->changes[i].module, /* or else the next run of the hooks does */
                                    pruni_pruning_of(pruni_find_hook(p->changes[i].module, p->changes[i].name)));
            break;
        }
}

static void plan_free(plan *p)
{
    for (int64_t i = 0; i < p->count; i++) {
        pruni_application_free(&p->changes[i].app);
        pruni_removal_free(&p->changes[i].removal);
    }
    pruni_free(p->changes);
    prune_dict_release(p->left_out);
    prune_dict_release(p->renamed);
}

prune_status prune_load_pruned_state_dict(prune_module *module, const prune_dict *dict, bool strict,
                                          prune_incompatible_keys **keys)
{
    PRUNI_REQUIRE(module);
    PRUNI_REQUIRE(dict);
    plan p = { .dict = dict };
    prune_dict *translated = NULL;
    bool failed = make_plan(&p, module) || prune_dict_create(&translated) || translate(translated, &p) || prepare(&p);
    prune_status status = failed ? prune_last_status() : PRUNE_OK;
    if (status == PRUNE_OK)
        status = prune_module_load_state_dict(module, translated, strict, keys);
    if (status == PRUNE_OK)
        commit(&p);
    plan_free(&p);
    prune_dict_release(translated);
    return status;
}
