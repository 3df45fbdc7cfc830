/* First prunes in vectors, for the width whose names are defined. */

/* ---- A given mask ---- */

SIMD_INLINE void by_mask(float *mask, float *value, const float *orig, const float *given, int64_t n, bool stream)
{
    const vfloat one = v_all(pruni_one());
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        vfloat entries = v_multiply(one, v_load(given + i));
        vfloat products = v_multiply(entries, v_load(orig + i));
        if (stream) {
            v_stream(mask + i, entries);
            v_stream(value + i, products);
        } else {
            v_store(mask + i, entries);
            v_store(value + i, products);
        }
    }
    pruni_prune_by_mask_portable(mask + i, value + i, orig + i, given + i, n - i);
}

SIMD_TARGET void SIMD_NAME(prune_by_mask)(float *mask, float *value, const float *orig, const float *given, int64_t n)
{
    int64_t head = v_unaligned(mask);
    if (n < STREAM_FROM || v_unaligned(value) != head) {
        by_mask(mask, value, orig, given, n, false);
        return;
    }
    pruni_prune_by_mask_portable(mask, value, orig, given, head);
    by_mask(mask + head, value + head, orig + head, given + head, n - head, true);
    v_fence();
}

/* ---- n of 4 ---- */

/* In the lanes where it is so: the entry that stands `turn` further on in its group of 4, and around, goes before the own
 * one. `first` are the keys less 1 in those lanes for which that entry has the lower index, where equal ones count. */
SIMD_INLINE vmask goes_before(vint keys, vint first, int turn)
{
    switch (turn) {
    case 1:
        return v_is_less(first, v_turned_by_1(keys));
    case 2:
        return v_is_less(first, v_turned_by_2(keys));
    default:
        return v_is_less(first, v_turned_by_3(keys));
    }
}

SIMD_TARGET void SIMD_NAME(prune_n_of_four)(float *mask, float *value, const float *orig, const float *scores,
                                            int64_t groups, int64_t n)
{
    static const uint32_t around[3][4] = { { 0, 0, 0, 1 }, { 0, 0, 1, 1 }, { 0, 1, 1, 1 } };
    const vint least_nan = v_all_words(PRUNI_ALL_KEYS - 1), magnitude = v_all_words(0x7fffffffu);
    const vint staying = v_all_words((uint32_t)n);
    const vfloat one = v_all(1);
    int64_t i = 0;
    for (; i + LANES <= 4 * groups; i += LANES) {
        vint keys = v_least(v_and(v_bits(v_load(scores + i)), magnitude), least_nan);
        vint rank = v_all_words(0);
        for (int turn = 1; turn <= 3; turn++) {
            vint first = v_subtract(keys, v_repeat_four(around[turn - 1]));
            rank = v_count(rank, goes_before(keys, first, turn));
        }
        vfloat stays = v_only_where(v_is_less(rank, staying), one);
        v_store(mask + i, stays);
        v_store(value + i, v_multiply(stays, v_load(orig + i)));
    }
    pruni_prune_n_of_four_portable(mask + i, value + i, orig + i, scores + i, groups - i / 4, n);
}
