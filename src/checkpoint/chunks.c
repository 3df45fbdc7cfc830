/* Chunks of tensors: their values, and what decides about them. */
#include "checkpoint/internal.h"

prune_status pruni_checkpoint_note_read(pruni_checkpoint *c, uint64_t bytes)
{
    c->read += bytes;
    if (!c->options.progress)
        return PRUNE_OK;
    uint64_t failures = pruni_failure_count();
    uint64_t done = c->read < c->total ? c->read : c->total;
    return pruni_callback_result(c->options.progress(c->options.context, done, c->total), failures, "progress",
                                 "prune_checkpoint_options");
}

prune_status pruni_checkpoint_read_floats(pruni_checkpoint *c, pruni_file *file, const pruni_file_tensor *t,
                                          int64_t first, int64_t n, float *to)
{
    bool converts = t->held != PRUNE_FLOAT32;
    if (pruni_file_read(file, t, first, n, converts ? c->scratch : to))
        return prune_last_status();
    if (converts)
        pruni_kernel_convert(PRUNI_F32, to, 1, (pruni_format)t->held, c->scratch, 1, n);
    return pruni_checkpoint_note_read(c, (uint64_t)n * t->element_size);
}

prune_status pruni_checkpoint_read_raw(pruni_checkpoint *c, const pruni_item *item, int64_t first, int64_t n)
{
    if (pruni_file_read(&c->file, item->value, first, n, c->raw))
        return prune_last_status();
    return pruni_checkpoint_note_read(c, (uint64_t)n * item->value->element_size);
}

bool pruni_checkpoint_scores_itself(const pruni_checkpoint *c, const pruni_item *item)
{
    return !c->at_random && !item->scores;
}

/* The scores of all n entries. */
static prune_status all_scores(const float **scores, pruni_checkpoint *c, const pruni_item *item, int64_t first,
                               int64_t n)
{
    *scores = c->values;
    if (item->scores)
        return pruni_checkpoint_read_floats(c, &c->scores, item->scores, first, n, c->values);
    if (item->value->held == PRUNE_FLOAT32)
        *scores = c->raw;
    else
        pruni_kernel_convert(PRUNI_F32, c->values, 1, (pruni_format)item->value->held, c->raw, 1, n);
    return PRUNE_OK;
}

prune_status pruni_checkpoint_scores(const float **scores, int64_t *seen, pruni_checkpoint *c, const pruni_item *item,
                                     int64_t first, int64_t n)
{
    *seen = n;
    if (item->mask) {
        if (pruni_checkpoint_read_floats(c, &c->file, item->mask, first, n, c->before))
            return prune_last_status();
        *seen = pruni_kernel_count_ones(c->before, n);
    }
    if (c->at_random) {
        pruni_generator_uniform(&c->draws, c->list, *seen);
        *scores = c->list;
        return PRUNE_OK;
    }
    const float *all;
    if (all_scores(&all, c, item, first, n))
        return prune_last_status();
    *scores = all;
    if (item->mask) {
        pruni_kernel_gather_ones(c->list, all, c->before, n);
        *scores = c->list;
    }
    return PRUNE_OK;
}
