/* Counting and listing keys in vectors, for the width whose names are defined. */

SIMD_INLINE vint count_vector(vint counts, const uint32_t *keys, vint limits)
{
    return v_count(counts, v_is_less(v_load_words(keys), limits));
}

/* In four sums, none of which waits for another. */
SIMD_TARGET int64_t SIMD_NAME(count_below)(const uint32_t *keys, int64_t n, uint32_t limit)
{
    const vint limits = v_all_words(limit);
    vint a = v_all_words(0), b = a, c = a, d = a;
    const int64_t step = LANES;
    int64_t i = 0;
    for (; i + 4 * step <= n; i += 4 * step) {
        a = count_vector(a, keys + i, limits);
        b = count_vector(b, keys + i + step, limits);
        c = count_vector(c, keys + i + 2 * step, limits);
        d = count_vector(d, keys + i + 3 * step, limits);
    }
    for (; i + LANES <= n; i += LANES)
        a = count_vector(a, keys + i, limits);
    int64_t whole = v_sum_words(v_add_words(v_add_words(a, b), v_add_words(c, d)));
    return whole + pruni_count_below_portable(keys + i, n - i, limit);
}

enum { GROUP = 32 };

SIMD_INLINE uint32_t flags_between(const uint32_t *keys, vint low, vint high)
{
    vmask between[GROUP / LANES];
    for (int lane = 0; lane < GROUP; lane += LANES) {
        vint some = v_load_words(keys + lane);
        between[lane / LANES] = v_but_not(v_is_less(some, high), v_is_less(some, low));
    }
    return v_flags(between);
}

SIMD_TARGET int64_t SIMD_NAME(list_between)(uint32_t *list, const uint32_t *places, const uint32_t *keys, int64_t n,
                                            uint32_t low, uint32_t high)
{
    const vint lows = v_all_words(low), highs = v_all_words(high);
    int64_t count = 0, i = 0;
    for (; i + GROUP <= n; i += GROUP)
        for (uint32_t flags = flags_between(keys + i, lows, highs); flags != 0; flags &= flags - 1)
            list[count++] = places[i + __builtin_ctz(flags)];
    return count + pruni_list_between_portable(list + count, places + i, keys + i, n - i, low, high);
}
