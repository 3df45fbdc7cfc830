/* How much is held at once, and the buffers that fit beside it. */
#include "checkpoint/internal.h"

enum {
    SMALLEST_CHUNK = 4096,
    LARGEST_CHUNK = 1 << 18,
    ENTRY = 2 * 8 + 4 * 4, /* bytes of all buffers for one entry */
    COUNTS = 8 << (PRUNI_LEADING_BITS > PRUNI_TRAILING_BITS ? PRUNI_LEADING_BITS : PRUNI_TRAILING_BITS)
};

prune_status pruni_checkpoint_hold(pruni_checkpoint *c, uint64_t bytes, const char *what)
{
    uint64_t most = c->options.max_memory;
    if (c->held > most || bytes > most - c->held)
        return prune_fail(PRUNE_ERROR_MEMORY, "%s takes %.1f MiB of memory, but max_memory is %.1f MiB", what,
                          ((double)c->held + (double)bytes) / 0x1p20, (double)most / 0x1p20);
    c->held += bytes;
    if (c->held > c->peak)
        c->peak = c->held;
    return PRUNE_OK;
}

void pruni_checkpoint_let_go(pruni_checkpoint *c, uint64_t bytes)
{
    c->held -= bytes;
}

prune_status pruni_checkpoint_keep_draws(pruni_checkpoint *c, pruni_item *item)
{
    if (!item->draws) {
        if (pruni_checkpoint_hold(c, sizeof *item->draws, "what is kept of each tensor"))
            return prune_last_status();
        item->draws = pruni_alloc(sizeof *item->draws);
        if (!item->draws)
            return PRUNE_ERROR_MEMORY;
    }
    *item->draws = c->draws;
    return PRUNE_OK;
}

prune_status pruni_checkpoint_make_buffers(pruni_checkpoint *c)
{
    uint64_t most = c->options.max_memory;
    uint64_t left = most > c->held ? most - c->held : 0;
    int64_t chunk = left / 4 / ENTRY < LARGEST_CHUNK ? (int64_t)(left / 4 / ENTRY) : LARGEST_CHUNK;
    c->chunk = chunk > SMALLEST_CHUNK ? chunk : SMALLEST_CHUNK;
    if (pruni_checkpoint_hold(c, (uint64_t)c->chunk * ENTRY + COUNTS, "pruning this file"))
        return prune_last_status();
    size_t n = (size_t)c->chunk;
    c->raw = pruni_alloc_array(n, 8);
    c->scratch = pruni_alloc_array(n, 8);
    c->values = pruni_alloc_array(n, sizeof(float));
    c->before = pruni_alloc_array(n, sizeof(float));
    c->list = pruni_alloc_array(n, sizeof(float));
    c->picked = pruni_alloc_array(n, sizeof(float));
    bool complete = c->raw && c->scratch && c->values && c->before && c->list && c->picked;
    return complete ? PRUNE_OK : PRUNE_ERROR_MEMORY;
}
