/* Selection among scores that come in chunks: three passes over them, and memory for one chunk. */
#include "prune/internal.h"

#include <string.h>

enum { LEADING_BINS = 1 << PRUNI_LEADING_BITS, TRAILING_BINS = 1 << PRUNI_TRAILING_BITS };

typedef struct selecting {
    const prune_score_stream_ops *ops;
    void *context;
    bool largest;
    int64_t *bins; /* owned, while they are needed; room for either count */
    float *mask;   /* owned; of one chunk */
    int64_t capacity;
    prune_selection found;
    uint32_t leading; /* bits of the key of the last entry that is pruned */
    uint32_t key;
    int64_t entries, pruned, equal_left; /* of the present pass */
} selecting;

typedef prune_status take_chunk(selecting *s, const float *scores, int64_t count);

static prune_status scores_changed(void)
{
    return prune_fail(PRUNE_ERROR_STATE, "the stream of scores did not give the same scores in every pass");
}

/* ---- A pass ---- */

static prune_status rewind_stream(const selecting *s)
{
    uint64_t failures = pruni_failure_count();
    return pruni_callback_result(s->ops->rewind(s->context), failures, "rewind", "a stream of scores");
}

static prune_status next_chunk(const selecting *s, const float **scores, int64_t *count)
{
    uint64_t failures = pruni_failure_count();
    prune_status status = pruni_callback_result(s->ops->next(s->context, scores, count), failures, "next",
                                                "a stream of scores");
    if (status != PRUNE_OK)
        return status;
    if (*count < 0)
        return prune_fail(PRUNE_ERROR_VALUE, "the stream of scores gave a chunk of %lld", (long long)*count);
    if (*count > 0 && !*scores)
        return prune_fail(PRUNE_ERROR_TYPE, "the stream of scores gave a chunk that is NULL");
    return PRUNE_OK;
}

static prune_status pass(selecting *s, take_chunk *take)
{
    const float *scores = NULL;
    int64_t count = 0;
    s->entries = 0;
    s->found.passes++;
    prune_status status = rewind_stream(s);
    if (status == PRUNE_OK)
        status = next_chunk(s, &scores, &count);
    while (status == PRUNE_OK && count > 0) {
        s->entries += count;
        status = take(s, scores, count);
        if (status == PRUNE_OK)
            status = next_chunk(s, &scores, &count);
    }
    if (status != PRUNE_OK)
        return status;
    return s->found.passes == 1 || s->entries == s->found.entries ? PRUNE_OK : scores_changed();
}

/* ---- What is done with a chunk ---- */

static prune_status count_leading(selecting *s, const float *scores, int64_t count)
{
    pruni_kernel_count_leading(s->bins, scores, count, s->largest);
    return PRUNE_OK;
}

static prune_status count_trailing(selecting *s, const float *scores, int64_t count)
{
    pruni_kernel_count_trailing(s->bins, scores, count, s->largest, s->leading);
    return PRUNE_OK;
}

static prune_status hand_out(selecting *s, const float *scores, int64_t count)
{
    void *mask = s->mask;
    if (pruni_grow(&mask, &s->capacity, count, sizeof *s->mask))
        return PRUNE_ERROR_MEMORY;
    s->mask = mask;
    s->pruned += pruni_kernel_mask_chunk(s->mask, scores, count, s->largest, s->key, &s->equal_left);
    uint64_t failures = pruni_failure_count();
    prune_status status = s->ops->take_mask(s->context, s->mask, count);
    return pruni_callback_result(status, failures, "take_mask", "a stream of scores");
}

/* ---- The passes ---- */

/* The key of the k-th entry, which the first pass has counted. */
static prune_status find_key(selecting *s)
{
    int64_t k = s->found.pruned;
    s->leading = pruni_kernel_find_bin(s->bins, &k);
    int64_t expected = s->bins[s->leading];
    memset(s->bins, 0, TRAILING_BINS * sizeof *s->bins);
    prune_status status = pass(s, count_trailing);
    if (status != PRUNE_OK)
        return status;
    int64_t counted = 0;
    for (int64_t i = 0; i < TRAILING_BINS; i++)
        counted += s->bins[i];
    if (counted != expected)
        return scores_changed();
    uint32_t trailing = pruni_kernel_find_bin(s->bins, &k);
    s->key = s->leading << PRUNI_TRAILING_BITS | trailing;
    s->found.tied = s->bins[trailing];
    s->found.tied_pruned = k;
    s->found.threshold = s->largest ? 0 : pruni_kernel_magnitude_of_key(s->key);
    return PRUNE_OK;
}

/* Which entries are pruned: all but the last pass. */
static prune_status find(selecting *s, prune_amount amount)
{
    s->bins = pruni_alloc_zeroed(LEADING_BINS, sizeof *s->bins);
    if (!s->bins)
        return PRUNE_ERROR_MEMORY;
    prune_status status = pass(s, count_leading);
    s->found.entries = s->entries;
    if (status == PRUNE_OK)
        status = pruni_units_to_prune(&s->found.pruned, amount, s->entries);
    if (status == PRUNE_OK && s->found.pruned > 0)
        status = find_key(s);
    pruni_free(s->bins);
    return status;
}

prune_status pruni_find_threshold(prune_selection *out, uint32_t *key, const prune_score_stream_ops *ops, void *context,
                                  prune_amount amount, bool largest)
{
    selecting s = { .ops = ops, .context = context, .largest = largest };
    prune_status status = find(&s, amount);
    if (status != PRUNE_OK)
        return status;
    *out = s.found;
    *key = s.key;
    return PRUNE_OK;
}

prune_status prune_select_streaming(prune_selection *out, const prune_score_stream_ops *ops, void *context,
                                    prune_amount amount)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE(ops);
    if (pruni_check_size("prune_score_stream_ops", ops->size, sizeof *ops))
        return prune_last_status();
    PRUNI_REQUIRE(ops->rewind);
    PRUNI_REQUIRE(ops->next);
    PRUNI_REQUIRE(ops->take_mask);
    if (pruni_check_amount(amount))
        return prune_last_status();
    selecting s = { .ops = ops, .context = context };
    prune_status status = find(&s, amount);
    s.equal_left = s.found.tied_pruned;
    if (status == PRUNE_OK)
        status = pass(&s, hand_out);
    if (status == PRUNE_OK && s.pruned != s.found.pruned)
        status = scores_changed();
    if (status == PRUNE_OK)
        *out = s.found;
    pruni_free(s.mask);
    return status;
}
