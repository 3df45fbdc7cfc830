/* The sieve in vectors, for the width whose names are defined. */

enum { GROUP = 32 }; /* entries whose candidates are looked for together */

SIMD_INLINE vint keys_of(const pruni_run *run, int64_t i, bool from_draws)
{
    if (from_draws)
        return v_and_not(v_load_words(run->draws + i), v_all_words(0xffffffu));
    vint magnitudes = v_and(v_bits(v_load(run->scores + i)), v_all_words(0x7fffffffu));
    return v_least(magnitudes, v_all_words(PRUNI_ALL_KEYS - 1));
}

SIMD_INLINE void write_pruned(const pruni_run *run, int64_t i, vfloat mask, bool stream)
{
    vfloat value = v_multiply(mask, v_load(run->orig + i));
    if (stream) {
        v_stream(run->mask + i, mask);
        v_stream(run->value + i, value);
    } else {
        v_store(run->mask + i, mask);
        v_store(run->value + i, value);
    }
}

SIMD_INLINE void keep_flagged(pruni_sieve *sieve, const pruni_run *run, int64_t i, uint32_t flags, uint32_t first)
{
    for (; flags != 0; flags &= flags - 1) {
        int64_t at = i + __builtin_ctz(flags);
        pruni_sieve_keep(sieve, pruni_sieve_key(run, at), first + (uint32_t)at);
    }
}

/* All but the run is known when this is compiled. The entries left over are the reference's. */
SIMD_INLINE void sieve_groups(pruni_sieve *sieve, const pruni_run *run, uint32_t first, bool from_draws, bool masked,
                              bool written, bool stream)
{
    const vint low = v_all_words(sieve->low), cut = v_all_words(sieve->cut), high = v_all_words(sieve->high);
    const vfloat one = v_all(1);
    int64_t done = 0;
    for (; done + GROUP <= run->n; done += GROUP) {
        uint32_t candidates = 0, below = 0, seen = 0;
        for (int lane = 0; lane < GROUP; lane += LANES) {
            int64_t i = done + lane;
            vint keys = keys_of(run, i, from_draws);
            vfloat mask = masked ? v_load(run->before + i) : one;
            vmask pruned = v_is_less(keys, cut);
            uint32_t open = UINT32_MAX;
            if (masked) {
                vmask ones = v_is_equal(mask, one);
                pruned = v_both(pruned, ones);
                open = v_flags(ones);
                seen |= open << lane;
            }
            uint32_t under = v_flags(v_is_less(keys, low)) & open;
            below |= under << lane;
            candidates |= (v_flags(v_is_less(keys, high)) & open & ~under) << lane;
            if (written)
                write_pruned(run, i, v_zero_where(pruned, mask), stream);
        }
        sieve->below += __builtin_popcount(below);
        sieve->seen += masked ? __builtin_popcount(seen) : GROUP;
        if (candidates != 0)
            keep_flagged(sieve, run, done, candidates, first);
    }
    const pruni_run rest = pruni_kernel_run_part(run, done, run->n - done);
    pruni_sieve_portable(sieve, &rest, first + (uint32_t)done);
}

SIMD_TARGET void SIMD_NAME(sieve)(pruni_sieve *sieve, const pruni_run *run, uint32_t first)
{
    bool draws = run->draws != NULL, masked = run->before != NULL, written = run->mask != NULL;
    if (draws && masked)
        sieve_groups(sieve, run, first, true, true, written, false);
    else if (draws)
        sieve_groups(sieve, run, first, true, false, written, run->stream);
    else if (masked && written)
        sieve_groups(sieve, run, first, false, true, true, false);
    else if (masked)
        sieve_groups(sieve, run, first, false, true, false, false);
    else if (written && run->stream)
        sieve_groups(sieve, run, first, false, false, true, true);
    else if (written)
        sieve_groups(sieve, run, first, false, false, true, false);
    else
        sieve_groups(sieve, run, first, false, false, false, false);
    if (run->stream)
        v_fence();
}
