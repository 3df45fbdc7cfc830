/* Methods that need a whole tensor, or all of them, in memory. */
#include "checkpoint/internal.h"

/* ---- How much that takes ---- */

/* Bytes for one entry, roughly from above: the tensor, its mask, what combining copies, what the method needs. */
static uint64_t bytes_of_entry(const pruni_checkpoint *c, bool combines)
{
    prune_amount amount;
    prune_ties ties;
    bool at_random;
    uint64_t bytes = 2 * sizeof(float) + (combines ? 2 * sizeof(float) : 0);
    if (pruni_method_as_entries(&amount, &ties, &at_random, c->options.method))
        bytes += sizeof(uint64_t) + (at_random ? sizeof(float) : 0);
    else if (c->options.method->ops->type == PRUNE_STRUCTURED)
        bytes += sizeof(double) + sizeof(float);
    return bytes;
}

static int64_t row_entries(const pruni_item *item)
{
    int64_t entries = 1;
    for (int64_t i = 1; i < item->value->ndim; i++)
        entries *= item->value->sizes[i];
    return entries;
}

static uint64_t bytes_of_rows(const pruni_checkpoint *c, const pruni_item *item, int64_t rows)
{
    return (uint64_t)rows * (uint64_t)row_entries(item) * bytes_of_entry(c, item->mask != NULL);
}

static int64_t all_rows(const pruni_item *item)
{
    return item->value->ndim > 0 ? item->value->sizes[0] : 1;
}

int64_t pruni_checkpoint_slab_rows(const pruni_checkpoint *c, const pruni_item *item)
{
    int64_t all = all_rows(item);
    int64_t dim = 0;
    if (!pruni_method_as_n_m(&dim, c->options.method) || item->value->ndim < 2 || dim == 0 || dim == -item->value->ndim)
        return all;
    uint64_t left = c->options.max_memory - c->held;
    uint64_t of_row = bytes_of_rows(c, item, 1);
    uint64_t chunk = (uint64_t)c->chunk * bytes_of_entry(c, item->mask != NULL);
    uint64_t most = chunk < left ? chunk : left;
    int64_t fitting = of_row > 0 ? (int64_t)(most / of_row) : all;
    return pruni_smaller(all, fitting > 0 ? fitting : 1);
}

/* ---- One tensor ---- */

/* What the method sees of rows, and the mask so far, as tensors that hold as many. */
static prune_status read_part(prune_tensor *t, prune_tensor *mask, pruni_checkpoint *c, const pruni_item *item,
                              int64_t first)
{
    pruni_file *file = item->scores ? &c->scores : &c->file;
    const pruni_file_tensor *source = item->scores ? item->scores : item->value;
    float *to = pruni_tensor_pointer(t);
    float *mask_to = pruni_tensor_pointer(mask);
    for (int64_t at = 0, n; at < t->numel; at += n) {
        n = pruni_smaller(c->chunk, t->numel - at);
        if (pruni_checkpoint_read_floats(c, file, source, first + at, n, to + at))
            return prune_last_status();
        if (!item->mask)
            continue;
        if (pruni_checkpoint_read_floats(c, &c->file, item->mask, first + at, n, mask_to + at))
            return prune_last_status();
        if (!item->scores) /* the attribute, mask * orig */
            pruni_kernel_multiply(to + at, 1, mask_to + at, 1, to + at, 1, n);
    }
    return PRUNE_OK;
}

static prune_status make_part(prune_tensor **t, prune_tensor **mask, pruni_checkpoint *c, const pruni_item *item,
                              int64_t first, int64_t rows)
{
    int64_t sizes[PRUNE_MAX_DIMS];
    int64_t ndim = item->value->ndim;
    for (int64_t i = 0; i < ndim; i++)
        sizes[i] = i == 0 ? rows : item->value->sizes[i];
    if (prune_tensor_empty(t, sizes, ndim, PRUNE_FLOAT32) || prune_tensor_ones(mask, sizes, ndim, PRUNE_FLOAT32))
        return prune_last_status();
    return read_part(*t, *mask, c, item, first * row_entries(item));
}

/* As the library does to a parameter that is pruned for the first time, or again. */
static prune_status run_method(pruni_checkpoint *c, const pruni_item *item, prune_tensor *t, prune_tensor *mask)
{
    pruni_generator_restore(NULL, &c->draws);
    prune_status status = item->mask ? pruni_combine_mask(c->options.method, (pruni_part){ t, mask })
                                     : pruni_compute_mask(c->options.method, mask, t);
    pruni_generator_save(&c->draws, NULL);
    return status;
}

prune_status pruni_checkpoint_method_mask(prune_tensor **mask, pruni_checkpoint *c, const pruni_item *item,
                                          int64_t first, int64_t rows)
{
    prune_tensor *t = NULL, *made = NULL;
    uint64_t bytes = bytes_of_rows(c, item, rows);
    if (pruni_checkpoint_hold(c, bytes, "pruning this tensor"))
        return prune_last_status();
    bool failed = make_part(&t, &made, c, item, first, rows) || run_method(c, item, t, made);
    pruni_checkpoint_let_go(c, bytes);
    prune_tensor_release(t);
    if (failed) {
        prune_tensor_release(made);
        return prune_last_status();
    }
    *mask = made;
    return PRUNE_OK;
}

/* Of slabs the first one shows all errors. */
static prune_status try_item(pruni_checkpoint *c, pruni_item *item)
{
    int64_t rows = pruni_checkpoint_slab_rows(c, item);
    prune_tensor *mask = NULL;
    if (pruni_checkpoint_keep_draws(c, item))
        return prune_last_status();
    item->reads += !item->scores && rows == all_rows(item);
    if (pruni_checkpoint_method_mask(&mask, c, item, 0, rows))
        return prune_last_status();
    prune_tensor_release(mask);
    return PRUNE_OK;
}

/* ---- All tensors together ---- */

static prune_status choose_from_all(pruni_checkpoint *c, pruni_part *parts, prune_tensor **seen)
{
    int64_t chosen = 0;
    for (int64_t i = 0; i < c->count; i++) {
        pruni_item *item = &c->items[i];
        if (!item->is_pruned)
            continue;
        item->reads += !item->scores;
        if (make_part(&seen[i], &item->whole_mask, c, item, 0, all_rows(item)))
            return pruni_checkpoint_fail_of(item);
        parts[chosen++] = (pruni_part){ seen[i], item->whole_mask };
    }
    pruni_generator_restore(NULL, &c->draws);
    prune_status status = pruni_combine_list(c->options.method, parts, chosen);
    pruni_generator_save(&c->draws, NULL);
    return status;
}

static prune_status try_all(pruni_checkpoint *c)
{
    int64_t entries = 0;
    for (int64_t i = 0; i < c->count; i++)
        entries += c->items[i].is_pruned ? c->items[i].entries : 0;
    uint64_t bytes = (uint64_t)entries * bytes_of_entry(c, true);
    if (pruni_checkpoint_hold(c, bytes, "choosing among all tensors"))
        return prune_last_status();
    pruni_part *parts = pruni_alloc_array((size_t)c->count, sizeof *parts);
    prune_tensor **seen = pruni_alloc_zeroed((size_t)c->count, sizeof *seen);
    prune_status status = parts && seen ? choose_from_all(c, parts, seen) : PRUNE_ERROR_MEMORY;
    for (int64_t i = 0; seen && i < c->count; i++)
        prune_tensor_release(seen[i]);
    pruni_free(parts);
    pruni_free(seen);
    pruni_checkpoint_let_go(c, bytes - (uint64_t)entries * sizeof(float)); /* the masks stay */
    c->way = PRUNI_BY_WHOLE_MASK;
    return status;
}

prune_status pruni_checkpoint_try_method(pruni_checkpoint *c)
{
    if (c->options.global)
        return try_all(c);
    for (int64_t i = 0; i < c->count; i++)
        if (c->items[i].is_pruned && try_item(c, &c->items[i]))
            return pruni_checkpoint_fail_of(&c->items[i]);
    return PRUNE_OK;
}
