/* The sieve in vectors, for the width whose names are defined. */

enum { GROUP = 32 }; /* entries whose candidates are looked for together */

SIMD_INLINE vint keys_of(const pruni_run *run, int64_t i, bool from_draws)
{
    if (from_draws)
        return v_and_not(v_load_words(run->draws + i), v_all_words(0xffffffu));
    vint magnitudes = v_and(v_bits(v_load(run->scores + i)), v_all_words(0x7fffffffu));
    return v_least(magnitudes, v_all_words(PRUNI_ALL_KEYS - 1));
}

/* One array after the other, so that what goes past the caches goes in whole lines. */
SIMD_INLINE void write_group(const pruni_run *run, int64_t first, const vfloat masks[GROUP / LANES], bool stream)
{
    for (int lane = 0; lane < GROUP; lane += LANES) {
        if (stream)
            v_stream(run->mask + first + lane, masks[lane / LANES]);
        else
            v_store(run->mask + first + lane, masks[lane / LANES]);
    }
    for (int lane = 0; lane < GROUP; lane += LANES) {
        vfloat value = v_multiply(masks[lane / LANES], v_load(run->orig + first + lane));
        if (stream)
            v_stream(run->value + first + lane, value);
        else
            v_store(run->value + first + lane, value);
    }
}

/* How a run is gone through. */
typedef struct way {
    bool from_draws, masked, written, stream;
} way;

/* Writes what is known of a group, counts, and gives one bit for each candidate. */
SIMD_INLINE uint32_t sieve_group(const pruni_run *run, int64_t first, const vint window[3], vint *below, vint *seen,
                                 way w)
{
    const vfloat one = v_all(1);
    vmask between[GROUP / LANES];
    vfloat masks[GROUP / LANES];
    for (int lane = 0; lane < GROUP; lane += LANES) {
        int64_t i = first + lane;
        vint keys = keys_of(run, i, w.from_draws);
        vfloat mask = w.masked ? v_load(run->before + i) : one;
        vmask under = v_is_less(keys, window[0]), reach = v_is_less(keys, window[2]);
        vmask pruned = v_is_less(keys, window[1]);
        if (w.masked) {
            vmask open = v_is_equal(mask, one);
            pruned = v_both(pruned, open);
            under = v_both(under, open);
            reach = v_both(reach, open);
            *seen = v_count(*seen, open);
        }
        *below = v_count(*below, under);
        between[lane / LANES] = v_but_not(reach, under);
        masks[lane / LANES] = v_zero_where(pruned, mask);
    }
    if (w.written)
        write_group(run, first, masks, w.stream);
    return v_flags(between);
}

SIMD_INLINE uint32_t keep_first(pruni_sieve *sieve, const pruni_run *run, int64_t i, uint32_t flags, uint32_t first,
                                bool from_draws)
{
    int64_t at = i + __builtin_ctz(flags | UINT32_C(1) << (GROUP - 1));
    sieve->keys[sieve->count] = from_draws ? pruni_draw_key(run->draws[at]) : pruni_select_key(run->scores[at], false);
    sieve->places[sieve->count] = first + (uint32_t)at;
    sieve->count += flags != 0;
    return flags & (flags - 1);
}

enum { GROUPS = 32 }; /* whose flags are kept until all are written: that loop has nothing to wait for or to guess */

/* The candidates of some groups: first which have any, then up to three of each, then what is left. */
SIMD_INLINE void keep_candidates(pruni_sieve *sieve, const pruni_run *run, int64_t start, const uint32_t *flags,
                                 int groups, uint32_t first, bool from_draws)
{
    int some[GROUPS];
    int count = 0;
    for (int group = 0; group < groups; group++) {
        some[count] = group;
        count += flags[group] != 0;
    }
    for (int i = 0; i < count; i++) {
        int64_t at = start + (int64_t)some[i] * GROUP;
        uint32_t left = flags[some[i]];
        for (int usual = 0; usual < 3; usual++)
            left = keep_first(sieve, run, at, left, first, from_draws);
        while (left != 0)
            left = keep_first(sieve, run, at, left, first, from_draws);
    }
}

/* All but the numbers is known when this is compiled. The sieve and the run are copies, as nothing that is written can lie
 * in those. Where value and scores are one array there are no candidates. Entries left over are the reference's. */
SIMD_INLINE void sieve_groups(pruni_sieve *result, const pruni_run *all, uint32_t first, way w)
{
    pruni_sieve sieve = *result;
    const pruni_run run = *all;
    const vint window[3] = { v_all_words(sieve.low), v_all_words(sieve.cut), v_all_words(sieve.high) };
    const bool keeps = sieve.low < sieve.high; /* else there may be no room for any */
    vint below = v_all_words(0), seen = v_all_words(0);
    int64_t done = 0;
    while (done + GROUP <= run.n) {
        uint32_t flags[GROUPS];
        int64_t start = done;
        int groups = 0;
        for (; groups < GROUPS && done + GROUP <= run.n; groups++, done += GROUP)
            flags[groups] = sieve_group(&run, done, window, &below, &seen, w);
        if (keeps)
            keep_candidates(&sieve, &run, start, flags, groups, first, w.from_draws);
    }
    sieve.below += v_sum_words(below);
    sieve.seen += w.masked ? v_sum_words(seen) : done;
    *result = sieve;
    const pruni_run rest = pruni_kernel_run_part(all, done, run.n - done);
    pruni_sieve_portable(result, &rest, first + (uint32_t)done);
}

SIMD_INLINE bool can_stream(const pruni_sieve *sieve, const pruni_run *run)
{
    return sieve->streams && v_unaligned(run->mask) == 0 && v_unaligned(run->value) == 0;
}

SIMD_INLINE void sieve_some(pruni_sieve *sieve, const pruni_run *run, uint32_t first, bool from_draws, bool masked)
{
    if (!run->mask)
        sieve_groups(sieve, run, first, (way){ from_draws, masked, false, false });
    else if (!masked && can_stream(sieve, run)) /* in place it does not pay */
        sieve_groups(sieve, run, first, (way){ from_draws, false, true, true });
    else
        sieve_groups(sieve, run, first, (way){ from_draws, masked, true, false });
}

SIMD_TARGET void SIMD_NAME(sieve)(pruni_sieve *sieve, const pruni_run *run, uint32_t first)
{
    if (run->draws && run->before)
        sieve_some(sieve, run, first, true, true);
    else if (run->draws)
        sieve_some(sieve, run, first, true, false);
    else if (run->before)
        sieve_some(sieve, run, first, false, true);
    else
        sieve_some(sieve, run, first, false, false);
}

SIMD_INLINE int64_t list_all(uint64_t *entries, const pruni_run *run, uint32_t first, bool from_draws)
{
    vint places = v_add_words(v_all_words(first), v_lane_numbers());
    int64_t i = 0;
    for (; i + LANES <= run->n; i += LANES) {
        v_store_pairs(entries + i, places, keys_of(run, i, from_draws));
        places = v_add_words(places, v_all_words(LANES));
    }
    return i;
}

/* Entries left over, and all where some are passed over, are the reference's. */
SIMD_TARGET int64_t SIMD_NAME(list_run)(uint64_t *entries, const pruni_run *run, int64_t first)
{
    int64_t done = 0;
    if (!run->before && run->draws)
        done = list_all(entries, run, (uint32_t)first, true);
    else if (!run->before)
        done = list_all(entries, run, (uint32_t)first, false);
    const pruni_run rest = pruni_kernel_run_part(run, done, run->n - done);
    return done + pruni_list_run_portable(entries + done, &rest, first + done);
}
