/* Thresholds, found in passes over the scores. */
#include "checkpoint/internal.h"

/* The scores of items [first, end), one after the other. */
typedef struct stream {
    pruni_checkpoint *c;
    int64_t first, end;
    struct prune_generator start;
    int64_t item, at; /* where the next chunk begins */
} stream;

/* Goes on to an item that is pruned. */
static prune_status begin_item(stream *s)
{
    pruni_checkpoint *c = s->c;
    s->at = 0;
    while (s->item < s->end && !c->items[s->item].is_pruned)
        s->item++;
    if (s->item == s->end)
        return PRUNE_OK;
    pruni_item *item = &c->items[s->item];
    item->reads += pruni_checkpoint_scores_itself(c, item);
    return c->at_random ? pruni_checkpoint_keep_draws(c, item) : PRUNE_OK;
}

static prune_status to_start(void *context)
{
    stream *s = context;
    s->c->draws = s->start;
    s->item = s->first;
    return begin_item(s);
}

static prune_status next(void *context, const float **scores, int64_t *count)
{
    stream *s = context;
    pruni_checkpoint *c = s->c;
    *count = 0;
    while (s->item < s->end) {
        const pruni_item *item = &c->items[s->item];
        int64_t n = pruni_smaller(c->chunk, item->entries - s->at);
        if (n == 0) {
            s->item++;
            if (begin_item(s))
                return prune_last_status();
            continue;
        }
        if (pruni_checkpoint_scores_itself(c, item) && pruni_checkpoint_read_raw(c, item, s->at, n))
            return prune_last_status();
        if (pruni_checkpoint_scores(scores, count, c, item, s->at, n))
            return prune_last_status();
        s->at += n;
        if (*count > 0)
            return PRUNE_OK;
    }
    return PRUNE_OK;
}

static const prune_score_stream_ops ops = { .size = sizeof ops, .rewind = to_start, .next = next };

static prune_status find(prune_selection *found, pruni_checkpoint *c, int64_t first, int64_t end)
{
    uint32_t key = 0;
    stream s = { .c = c, .first = first, .end = end, .start = c->draws };
    if (pruni_find_threshold(found, &key, &ops, &s, c->amount, c->at_random))
        return prune_last_status();
    if (found->pruned == 0)
        c->draws = s.start; /* as the library, which then draws none */
    for (int64_t i = first; i < end; i++) {
        c->items[i].key = key;
        c->items[i].equal_left = found->tied_pruned;
    }
    return PRUNE_OK;
}

prune_status pruni_checkpoint_find_thresholds(pruni_checkpoint *c)
{
    if (c->options.global)
        return find(&c->global, c, 0, c->count);
    for (int64_t i = 0; i < c->count; i++) {
        pruni_item *item = &c->items[i];
        prune_selection found;
        if (!item->is_pruned)
            continue;
        if (find(&found, c, i, i + 1))
            return pruni_checkpoint_fail_of(item);
        item->tied = found.tied;
        item->tied_pruned = found.tied_pruned;
    }
    return PRUNE_OK;
}

/* How many entries of the item equal the threshold. */
static prune_status count_equal(int64_t *equal, stream *s)
{
    const pruni_item *item = &s->c->items[s->first];
    int64_t left = INT64_MAX;
    const float *scores = NULL;
    int64_t count = 0;
    prune_status status = to_start(s);
    while (status == PRUNE_OK && (status = next(s, &scores, &count)) == PRUNE_OK && count > 0)
        (void)pruni_kernel_mask_chunk(s->c->picked, scores, count, s->c->at_random, item->key, &left);
    *equal = INT64_MAX - left;
    return status;
}

prune_status pruni_checkpoint_share_ties(pruni_checkpoint *c)
{
    int64_t left = c->global.tied_pruned;
    struct prune_generator after = c->draws;
    for (int64_t i = 0; i < c->count; i++) {
        pruni_item *item = &c->items[i];
        int64_t equal = 0;
        if (!item->is_pruned)
            continue;
        stream s = { .c = c, .first = i, .end = i + 1, .start = item->draws ? *item->draws : after };
        if (count_equal(&equal, &s))
            return pruni_checkpoint_fail_of(item);
        item->equal_left = pruni_smaller(equal, left);
        left -= item->equal_left;
    }
    c->draws = after;
    return PRUNE_OK;
}
