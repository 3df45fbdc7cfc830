/* The files that are read, and the parameters in them. */
#include "checkpoint/internal.h"

#include <string.h>

/* ---- Opening ---- */

/* What an open file keeps in memory, roughly from above: its header twice, and what is kept of each tensor. */
static uint64_t size_of_description(const pruni_file *file)
{
    enum { OF_TENSOR = 1024 };
    uint64_t first = UINT64_MAX;
    for (int64_t i = 0; i < file->count; i++)
        first = file->tensors[i].offset < first ? file->tensors[i].offset : first;
    uint64_t header = file->count > 0 && first < PRUNI_SAFETENSORS_MAX_HEADER ? first : 0;
    return 2 * header + (uint64_t)file->count * OF_TENSOR;
}

/* A pipe is read into memory, which must not grow beyond what is allowed. */
static prune_status open_pipe(pruni_checkpoint *c, const char *path, const prune_load_options *options)
{
    uint64_t most = c->options.max_memory / 3 * 2; /* the buffer grows by half */
    bool holds_more = false;
    if (pruni_input_holds(&holds_more, &c->pipe, most + 1))
        return prune_last_status();
    if (holds_more)
        return prune_fail(PRUNE_ERROR_MEMORY,
                          "'%s' is a pipe, which is read into memory, and gives more than %.1f MiB, two thirds of "
                          "max_memory",
                          path, (double)most / 0x1p20);
    if (pruni_checkpoint_hold(c, (uint64_t)c->pipe.capacity, "this pipe"))
        return prune_last_status();
    return pruni_file_open_memory(&c->file, c->pipe.memory, c->pipe.held, options);
}

static prune_status open_input(pruni_checkpoint *c, const char *path)
{
    prune_load_options options = PRUNE_LOAD_OPTIONS_INIT;
    options.entry = c->options.entry;
    if (pruni_input_open(&c->pipe, path))
        return prune_last_status();
    if (!c->pipe.seekable)
        return open_pipe(c, path, &options);
    pruni_input_close(&c->pipe);
    return pruni_file_open(&c->file, path, &options);
}

static prune_status open_beside(pruni_file *file, const char *path)
{
    prune_load_options options = PRUNE_LOAD_OPTIONS_INIT;
    return path ? pruni_file_open(file, path, &options) : PRUNE_OK;
}

/* ---- Names ---- */

static prune_status list_names(pruni_table *names, pruni_file *file)
{
    char shown[PRUNI_SHOWN_SIZE];
    for (int64_t i = 0; i < file->count; i++) {
        pruni_file_tensor *t = &file->tensors[i];
        if (strlen(t->name) != t->name_length)
            return pruni_bad_file(PRUNI_UNSUP, file->input.source, "the name %s has a NUL in it",
                                  pruni_shown(shown, t->name, t->name_length));
        if (t->ndim > PRUNE_MAX_DIMS)
            return pruni_bad_file(PRUNI_UNSUP, file->input.source, "tensor %s has %lld dims, at most %d are supported",
                                  pruni_shown(shown, t->name, t->name_length), (long long)t->ndim, PRUNE_MAX_DIMS);
        if (pruni_table_append(names, t->name, t))
            return prune_last_status();
    }
    return PRUNE_OK;
}

static const pruni_file_tensor *find(const pruni_table *names, const char *name)
{
    int64_t place = pruni_table_find(names, name);
    return place >= 0 && names->items ? names->items[place].value : NULL;
}

static bool same_shape(const pruni_file_tensor *a, const pruni_file_tensor *b)
{
    bool same = a->ndim == b->ndim;
    for (int64_t i = 0; same && i < a->ndim; i++)
        same = a->sizes[i] == b->sizes[i];
    return same;
}

static bool is_floating(const pruni_file_tensor *t)
{
    return t->held >= 0 && pruni_is_floating((prune_dtype)t->held);
}

/* "X" of "X_orig" or "X_mask", to be freed; NULL if it ends otherwise, or, *failed, out of memory. */
static char *plain_name(bool *failed, const char *name, const char *suffix)
{
    size_t length = strlen(name), tail = strlen(suffix);
    if (length <= tail || strcmp(name + length - tail, suffix) != 0)
        return NULL;
    char *plain = pruni_strdup(name);
    *failed = !plain;
    if (plain)
        plain[length - tail] = '\0';
    return plain;
}

/* The other one of a pair, if `t` is the one that ends in `suffix`; *plain, to be freed, is then what both begin with. */
static prune_status find_pair(const pruni_file_tensor **other, char **plain, const pruni_table *names,
                              const pruni_file_tensor *t, const char *suffix, const char *other_suffix)
{
    bool failed = false;
    *other = NULL;
    *plain = plain_name(&failed, t->name, suffix);
    char *other_name = *plain ? pruni_suffixed(*plain, other_suffix) : NULL;
    if (failed || (*plain && !other_name))
        return PRUNE_ERROR_MEMORY;
    const pruni_file_tensor *found = other_name ? find(names, other_name) : NULL;
    const pruni_file_tensor *value = suffix[1] == 'o' ? t : found;
    const pruni_file_tensor *mask = suffix[1] == 'o' ? found : t;
    pruni_free(other_name);
    if (!found || !same_shape(t, found) || !is_floating(value) || mask->held < 0)
        return PRUNE_OK;
    if (find(names, *plain))
        return prune_fail(PRUNE_ERROR_VALUE, "the file holds \"%s\" beside \"%s_orig\" and \"%s_mask\": pruned or not?",
                          *plain, *plain, *plain);
    *other = found;
    return PRUNE_OK;
}

/* ---- Items ---- */

/* Adds the tensor as an item, unless it is the mask of one. */
static prune_status add_item(pruni_checkpoint *c, const pruni_table *names, const pruni_file_tensor *t)
{
    pruni_item *item = &c->items[c->count];
    *item = (pruni_item){ .name = t->name, .value = t, .zeros_before = -1, .zeros_after = -1 };
    const pruni_file_tensor *orig = NULL;
    char *plain = NULL;
    prune_status status = find_pair(&orig, &plain, names, t, "_mask", "_orig");
    pruni_free(plain);
    if (status != PRUNE_OK || orig)
        return status;
    c->count++;
    if (find_pair(&item->mask, &item->plain_name, names, t, "_orig", "_mask"))
        return prune_last_status();
    if (item->mask)
        item->name = item->plain_name;
    item->entries = 1;
    for (int64_t i = 0; i < t->ndim; i++)
        item->entries *= t->sizes[i];
    return PRUNE_OK;
}

prune_checkpoint_tensor pruni_checkpoint_show(const pruni_item *item)
{
    const pruni_file_tensor *t = item->value;
    return (prune_checkpoint_tensor){
        .size = sizeof(prune_checkpoint_tensor),
        .name = item->name,
        .dtype = t->dtype_name,
        .ndim = t->ndim,
        .sizes = t->sizes,
        .entries = item->entries,
        .is_floating = is_floating(t),
        .was_pruned = item->mask != NULL,
        .is_pruned = item->is_pruned,
        .zeros_before = item->zeros_before,
        .zeros_after = item->zeros_after,
        .tied = item->tied,
        .tied_pruned = item->tied_pruned,
    };
}

prune_status pruni_checkpoint_fail_of(const pruni_item *item)
{
    char shown[PRUNI_SHOWN_SIZE];
    return prune_fail(prune_last_status(), "%s: %s", pruni_shown(shown, item->name, strlen(item->name)),
                      prune_last_error());
}

static prune_status wrong_shape(const pruni_item *item, const pruni_file_tensor *other, const char *sentence)
{
    char got[PRUNI_SHAPE_TEXT], shape[PRUNI_SHAPE_TEXT];
    prune_fail(PRUNE_ERROR_SHAPE, "%s, got %s vs %s", sentence, pruni_shape_text(got, other->sizes, other->ndim),
               pruni_shape_text(shape, item->value->sizes, item->value->ndim));
    return pruni_checkpoint_fail_of(item);
}

/* Scores and mask of an item that is to be pruned. */
static prune_status find_beside(pruni_item *item, const pruni_table *scores, const pruni_table *masks)
{
    item->scores = find(scores, item->name);
    item->given = find(masks, item->name);
    const pruni_file_tensor *unheld = item->scores && item->scores->held < 0 ? item->scores : NULL;
    unheld = item->given && item->given->held < 0 ? item->given : unheld;
    if (unheld) {
        prune_fail(PRUNE_ERROR_UNSUPPORTED, "unsup: scores or a mask of dtype %s", unheld->dtype_name);
        return pruni_checkpoint_fail_of(item);
    }
    if (item->scores && !same_shape(item->scores, item->value))
        return wrong_shape(item, item->scores, "importance_scores should have the same shape as the parameter");
    if (item->given && !same_shape(item->given, item->value))
        return wrong_shape(item, item->given, "the mask should have the same shape as the parameter");
    return PRUNE_OK;
}

/* Every mask must have a tensor that it is for, chosen or not. */
static prune_status check_masks(const pruni_checkpoint *c, const pruni_table *masks)
{
    int64_t met = 0;
    for (int64_t i = 0; i < c->count; i++)
        met += find(masks, c->items[i].name) != NULL;
    for (int64_t i = 0; i < masks->count && met < masks->count; i++) {
        bool known = false;
        for (int64_t j = 0; j < c->count && !known; j++)
            known = strcmp(c->items[j].name, masks->items[i].name) == 0;
        if (!known)
            return prune_fail(PRUNE_ERROR_KEY, "the mask '%s' is for no tensor of the file", masks->items[i].name);
    }
    return PRUNE_OK;
}

static prune_status choose_items(pruni_checkpoint *c, const pruni_table *scores, const pruni_table *masks)
{
    const prune_checkpoint_options *options = &c->options;
    for (int64_t i = 0; i < c->count; i++) {
        pruni_item *item = &c->items[i];
        prune_checkpoint_tensor shown = pruni_checkpoint_show(item);
        if (!shown.is_floating || (options->masks && !find(masks, item->name)))
            continue;
        item->is_pruned = options->chooses ? options->chooses(options->context, &shown) : shown.ndim >= 2;
        c->chosen += item->is_pruned;
        if (item->is_pruned && find_beside(item, scores, masks))
            return prune_last_status();
    }
    return check_masks(c, masks);
}

static prune_status list_items(pruni_checkpoint *c, pruni_table names[3])
{
    if (list_names(&names[0], &c->file) || list_names(&names[1], &c->scores) || list_names(&names[2], &c->masks))
        return prune_last_status();
    c->items = pruni_alloc_array((size_t)c->file.count, sizeof *c->items);
    if (!c->items)
        return PRUNE_ERROR_MEMORY;
    for (int64_t i = 0; i < c->file.count; i++)
        if (add_item(c, &names[0], &c->file.tensors[i]))
            return prune_last_status();
    return choose_items(c, &names[1], &names[2]);
}

prune_status pruni_checkpoint_open(pruni_checkpoint *c, const char *path)
{
    pruni_table names[3] = { 0 };
    if (open_input(c, path) || open_beside(&c->scores, c->options.scores) || open_beside(&c->masks, c->options.masks))
        return prune_last_status();
    uint64_t described = size_of_description(&c->file) + size_of_description(&c->scores)
                         + size_of_description(&c->masks);
    if (pruni_checkpoint_hold(c, described, "the description of the tensors"))
        return prune_last_status();
    prune_status status = list_items(c, names);
    for (int i = 0; i < 3; i++)
        pruni_table_free(&names[i]);
    return status;
}

void pruni_checkpoint_close(pruni_checkpoint *c)
{
    for (int64_t i = 0; i < c->count; i++) {
        pruni_item *item = &c->items[i];
        pruni_free(item->plain_name);
        pruni_free(item->orig_name);
        pruni_free(item->mask_name);
        pruni_free(item->draws);
        prune_tensor_release(item->whole_mask);
    }
    pruni_free(c->items);
    void *const buffers[] = { c->raw, c->scratch, c->values, c->before, c->list, c->picked };
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        pruni_free(buffers[i]);
    pruni_file *const files[] = { &c->file, &c->scores, &c->masks };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (files[i]->format)
            pruni_file_close(files[i]);
    pruni_input_close(&c->pipe);
}
