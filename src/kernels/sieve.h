/* One pass over scores that looks for the k-th smallest near where it is expected: what the sieve and its variants share.
 */
#ifndef PRUNI_KERNELS_SIEVE_H
#define PRUNI_KERNELS_SIEVE_H

#include "base/internal.h"
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

#endif
