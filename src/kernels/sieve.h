/* One pass over scores that looks for the k-th smallest near where it is expected: what the sieve and its variants share.
 */
#ifndef PRUNI_KERNELS_SIEVE_H
#define PRUNI_KERNELS_SIEVE_H

#include "kernels/internal.h"
#include "kernels/select.h"

/* Keys of draws: the largest draw first. */
static inline uint32_t pruni_draw_key(uint32_t draw)
{
    return ~draw & 0xffffffu;
}

static inline uint32_t pruni_sieve_key(const pruni_run *run, int64_t i)
{
    return run->draws ? pruni_draw_key(run->draws[i]) : pruni_select_key(run->scores[i], false);
}

static inline bool pruni_sieve_is_open(const pruni_run *run, int64_t i)
{
    return !run->before || run->before[i] == 1;
}

static inline void pruni_sieve_keep(pruni_sieve *sieve, uint32_t key, uint32_t place)
{
    sieve->keys[sieve->count] = key;
    sieve->places[sieve->count++] = place;
}

/* The part of a run from entry `start` on, n entries long. */
static inline pruni_run pruni_run_part(const pruni_run *run, int64_t start, int64_t n)
{
    return (pruni_run){
        .n = n,
        .scores = run->scores ? run->scores + start : NULL,
        .draws = run->draws ? run->draws + start : NULL,
        .before = run->before ? run->before + start : NULL,
        .orig = run->orig ? run->orig + start : NULL,
        .mask = run->mask ? run->mask + start : NULL,
        .value = run->value ? run->value + start : NULL,
        .stream = run->stream,
    };
}

#endif
