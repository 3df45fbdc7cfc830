/* load_state_dict: everything is compared first, then copied. */
#include "nn/internal.h"

#include <string.h>

/* ---- Lists of keys ---- */

typedef struct key_list {
    char **items; /* owned strings */
    int64_t count, capacity;
} key_list;

typedef struct incompatible {
    prune_incompatible_keys shown; /* first: what the caller sees */
    key_list missing, unexpected;
} incompatible;

static prune_status key_list_add(key_list *list, const char *key)
{
    void *items = list->items;
    if (pruni_grow(&items, &list->capacity, list->count + 1, sizeof *list->items))
        return PRUNE_ERROR_MEMORY;
    list->items = items;
    char *copy = pruni_strdup(key);
    if (!copy)
        return PRUNE_ERROR_MEMORY;
    list->items[list->count++] = copy;
    return PRUNE_OK;
}

static void key_list_free(key_list *list)
{
    for (int64_t i = 0; i < list->count; i++)
        pruni_free(list->items[i]);
    pruni_free(list->items);
}

void prune_incompatible_keys_release(prune_incompatible_keys *keys)
{
    if (!keys)
        return;
    incompatible *lists = (incompatible *)keys;
    key_list_free(&lists->missing);
    key_list_free(&lists->unexpected);
    pruni_free(lists);
}

static void show(incompatible *lists)
{
    lists->shown.num_missing = lists->missing.count;
    lists->shown.missing_keys = (const char *const *)lists->missing.items;
    lists->shown.num_unexpected = lists->unexpected.count;
    lists->shown.unexpected_keys = (const char *const *)lists->unexpected.items;
}

/* ---- What is to be done ---- */

typedef struct copy_step {
    prune_tensor *target, *source; /* references */
    prune_tensor *scratch;         /* where the two overlap: what the source passes through */
    prune_tensor *for_keeper;      /* of the target's values */
} copy_step;

typedef struct load_plan {
    copy_step *steps;
    int64_t count, capacity;
    pruni_text mismatches; /* lines of the error that are about values */
    char *read_only;       /* the first key whose tensor may not be written */
    int64_t *rest;         /* places in the dict, of the keys that name nothing in the module; -1 for the others */
    int64_t rest_count;
    incompatible *lists;
} load_plan;

static void plan_free(load_plan *plan)
{
    for (int64_t i = 0; i < plan->count; i++) {
        prune_tensor_release(plan->steps[i].target);
        prune_tensor_release(plan->steps[i].source);
        prune_tensor_release(plan->steps[i].scratch);
        prune_tensor_release(plan->steps[i].for_keeper);
    }
    pruni_free(plan->steps);
    pruni_text_free(&plan->mismatches);
    pruni_free(plan->read_only);
    pruni_free(plan->rest);
    if (plan->lists)
        prune_incompatible_keys_release(&plan->lists->shown);
}

/* Whether elements share memory, so that copying into them makes no sense. */
static bool repeats(const prune_tensor *t)
{
    for (int64_t i = 0; i < t->ndim; i++)
        if (t->sizes[i] > 1 && t->strides[i] == 0)
            return true;
    return false;
}

/* Whether a value fits, else a line of the error. */
static bool fits(load_plan *plan, const char *key, const prune_tensor *target, const prune_tensor *source)
{
    char from[PRUNI_SHAPE_TEXT], to[PRUNI_SHAPE_TEXT];
    pruni_shape_text(from, source->sizes, source->ndim);
    pruni_shape_text(to, target->sizes, target->ndim);
    if (!pruni_same_shape(source, target)) {
        pruni_text_add(&plan->mismatches,
                       "\n\tsize mismatch for %s: copying a param with shape %s from checkpoint, the shape in current "
                       "model is %s.",
                       key, from, to);
        return false;
    }
    if (repeats(target)) {
        pruni_text_add(&plan->mismatches,
                       "\n\tWhile copying the parameter named \"%s\", whose dimensions in the model are %s and whose "
                       "dimensions in the checkpoint are %s, an exception occurred : ('unsupported operation: more "
                       "than one element of the written-to tensor refers to a single memory location. Please clone() "
                       "the tensor before performing the operation.',).",
                       key, to, from);
        return false;
    }
    return true;
}

/* Adds a step, with the scratch memory that it needs; the references are the plan's from then on. */
static prune_status add_step(load_plan *plan, prune_tensor *target, prune_tensor *source)
{
    void *steps = plan->steps;
    if (pruni_grow(&steps, &plan->capacity, plan->count + 1, sizeof *plan->steps))
        return PRUNE_ERROR_MEMORY;
    plan->steps = steps;
    copy_step *step = &plan->steps[plan->count++];
    *step = (copy_step){ prune_tensor_retain(target), prune_tensor_retain(source), NULL, NULL };
    if (pruni_may_overlap(source, target) && !pruni_same_elements(source, target)
        && prune_tensor_empty(&step->scratch, source->sizes, source->ndim, source->dtype))
        return prune_last_status();
    return pruni_tensor_copy_for_keeper(&step->for_keeper, target);
}

static prune_status note_read_only(load_plan *plan, const char *key, const prune_tensor *target)
{
    if (!target->storage->read_only || plan->read_only)
        return PRUNE_OK;
    plan->read_only = pruni_strdup(key);
    return plan->read_only ? PRUNE_OK : PRUNE_ERROR_MEMORY;
}

/* One value of the dict for one tensor of the module. A tensor of shape (1,) serves where a scalar is. */
static prune_status plan_value(load_plan *plan, const char *key, prune_tensor *target, prune_tensor *source)
{
    prune_tensor *scalar = NULL;
    if (target->ndim == 0 && source->ndim == 1 && source->numel == 1) {
        if (pruni_tensor_over(&scalar, source->storage, source->dtype, source->offset, NULL, NULL, 0))
            return prune_last_status();
        source = scalar;
    }
    prune_status status = note_read_only(plan, key, target);
    if (status == PRUNE_OK && fits(plan, key, target, source))
        status = add_step(plan, target, source);
    prune_tensor_release(scalar);
    return status;
}

/* The entries of one module: those in the dict, and those missing there. */
static prune_status plan_module(load_plan *plan, pruni_tree *walk, const prune_module *module, const prune_dict *dict)
{
    int64_t place = 0;
    for (const pruni_entry *entry; (entry = pruni_next_state(module, &place));) {
        const char *key = pruni_tree_path(walk, entry->name);
        if (!key)
            return PRUNE_ERROR_MEMORY;
        int64_t i = pruni_dict_index(dict, key);
        if (i >= 0)
            plan->rest[i] = -1;
        if (i >= 0 ? plan_value(plan, key, entry->tensor, prune_dict_value(dict, i))
                   : key_list_add(&plan->lists->missing, key))
            return prune_last_status();
    }
    return PRUNE_OK;
}

static prune_status plan_values(load_plan *plan, const prune_module *root, const prune_dict *dict)
{
    pruni_tree walk;
    pruni_tree_start(&walk, root, PRUNI_TREE_EVERY_PATH, false);
    prune_status status = PRUNE_OK;
    for (const prune_module *module; status == PRUNE_OK && (module = pruni_tree_next(&walk));)
        status = plan_module(plan, &walk, module, dict);
    return pruni_tree_end(&walk) || plan->mismatches.failed ? PRUNE_ERROR_MEMORY : status;
}

static bool is_child(const prune_module *module, const char *name, size_t length)
{
    for (int64_t i = 0; i < module->child_count; i++)
        if (strncmp(module->children[i].name, name, length) == 0 && module->children[i].name[length] == '\0')
            return true;
    return false;
}

/* Of the keys that name nothing, those that lead to this module and no further. As in PyTorch, what lies under an absent
 * child is not unexpected. */
static prune_status find_unexpected(load_plan *plan, const char *prefix, const prune_module *module,
                                    const prune_dict *dict)
{
    size_t length = strlen(prefix);
    for (int64_t i = 0; i < plan->rest_count; i++) {
        const char *key = prune_dict_key(dict, plan->rest[i]);
        if (strncmp(key, prefix, length) != 0)
            continue;
        const char *name = key + length;
        const char *dot = strchr(name, '.');
        bool leads_on = dot && is_child(module, name, (size_t)(dot - name));
        if (!leads_on && key_list_add(&plan->lists->unexpected, key))
            return PRUNE_ERROR_MEMORY;
    }
    return PRUNE_OK;
}

/* Of the keys that name nothing, as a rule none. */
static prune_status list_unexpected(load_plan *plan, const prune_module *root, const prune_dict *dict)
{
    for (int64_t i = 0; i < prune_dict_size(dict); i++)
        if (plan->rest[i] >= 0)
            plan->rest[plan->rest_count++] = i;
    if (plan->rest_count == 0)
        return PRUNE_OK;
    pruni_tree walk;
    pruni_tree_start(&walk, root, PRUNI_TREE_EVERY_PATH, false);
    prune_status status = PRUNE_OK;
    for (const prune_module *module; status == PRUNE_OK && (module = pruni_tree_next(&walk));) {
        const char *prefix = module == root ? "" : pruni_tree_path(&walk, "");
        status = prefix ? find_unexpected(plan, prefix, module, dict) : PRUNE_ERROR_MEMORY;
    }
    return pruni_tree_end(&walk) ? PRUNE_ERROR_MEMORY : status;
}

static prune_status make_plan(load_plan *plan, const prune_module *root, const prune_dict *dict)
{
    plan->lists = pruni_alloc_zeroed(1, sizeof *plan->lists);
    plan->rest = pruni_alloc_zeroed((size_t)prune_dict_size(dict), sizeof *plan->rest);
    if (!plan->lists || !plan->rest || plan_values(plan, root, dict) || list_unexpected(plan, root, dict))
        return PRUNE_ERROR_MEMORY;
    show(plan->lists);
    return PRUNE_OK;
}

/* ---- The error ---- */

static void add_keys(pruni_text *text, const char *what, const key_list *list)
{
    if (list->count == 0)
        return;
    pruni_text_add(text, "\n\t%s key(s) in state_dict: ", what);
    for (int64_t i = 0; i < list->count; i++)
        pruni_text_add(text, "%s\"%s\"", i > 0 ? ", " : "", list->items[i]);
    pruni_text_add(text, ". ");
}

/* Fails with everything that does not fit, if there is something, else if something may not be written. */
static prune_status check_plan(load_plan *plan, const prune_module *root, bool strict)
{
    bool refused = strict && plan->lists->missing.count + plan->lists->unexpected.count > 0;
    if (!refused && plan->mismatches.length == 0) {
        if (!plan->read_only)
            return PRUNE_OK;
        return prune_fail(PRUNE_ERROR_STATE, "cannot load the state dict for %s: \"%s\" lies in read-only memory",
                          root->type_name, plan->read_only);
    }
    pruni_text text = { NULL, 0, 0, false };
    pruni_text_add(&text, "Error(s) in loading state_dict for %s:", root->type_name);
    if (strict) {
        add_keys(&text, "Missing", &plan->lists->missing);
        add_keys(&text, "Unexpected", &plan->lists->unexpected);
    }
    pruni_text_add_bytes(&text, plan->mismatches.data ? plan->mismatches.data : "", plan->mismatches.length);
    char *sentence = NULL;
    if (pruni_text_finish(&text, &sentence))
        return prune_last_status();
    prune_fail(PRUNE_ERROR_RUNTIME, "%s", sentence);
    pruni_free(sentence);
    return PRUNE_ERROR_RUNTIME;
}

/* Copies in order, as PyTorch does: a source that is the target of an earlier step has that step's values. */
static void carry_out(const load_plan *plan)
{
    for (int64_t i = 0; i < plan->count; i++) {
        const copy_step *step = &plan->steps[i];
        const prune_tensor *source = step->source;
        pruni_tensor_part_from_keeper(step->target, step->for_keeper);
        if (step->scratch) {
            pruni_copy_values(step->scratch, source);
            source = step->scratch;
        }
        if (!pruni_same_elements(step->target, source))
            pruni_copy_values(step->target, source);
    }
}

prune_status prune_module_load_state_dict(prune_module *module, const prune_dict *dict, bool strict,
                                          prune_incompatible_keys **keys)
{
    PRUNI_REQUIRE(module);
    PRUNI_REQUIRE(dict);
    load_plan plan = { .count = 0 };
    prune_status status = make_plan(&plan, module, dict);
    if (status == PRUNE_OK)
        status = check_plan(&plan, module, strict);
    if (status == PRUNE_OK)
        carry_out(&plan);
    if (keys && (status == PRUNE_OK || status == PRUNE_ERROR_RUNTIME)) {
        *keys = &plan.lists->shown;
        plan.lists = NULL;
    }
    plan_free(&plan);
    return status;
}
