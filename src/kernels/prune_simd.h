/* First prunes in vectors, for the width whose names are defined. */

/* ---- Lines: what goes past the caches leaves in whole ones, of one output after the other ---- */

enum { LINE = 16, LINE_VECTORS = LINE / LANES }; /* 64 bytes */

/* How many floats there are before the first line of both; -1 if the lines of one are not those of the other. */
SIMD_INLINE int64_t before_lines(const float *mask, const float *value)
{
    const uintptr_t bytes = LINE * sizeof *mask;
    uintptr_t head = (0 - (uintptr_t)mask) % bytes;
    return head == (0 - (uintptr_t)value) % bytes ? (int64_t)(head / sizeof *mask) : -1;
}

/* Whether it pays to write entries past the caches: there are many, of which enough lie side by side. */
SIMD_INLINE bool is_streamed(const float *mask, const float *value, int64_t together, int64_t all)
{
    const int64_t least = (int64_t)16 * LINE;
    return all >= STREAM_FROM && together >= least && before_lines(mask, value) >= 0;
}

SIMD_INLINE void put_line(float *to, const vfloat line[LINE_VECTORS], bool stream)
{
    for (int64_t i = 0; i < LINE_VECTORS; i++)
        if (stream)
            v_stream(to + i * LANES, line[i]);
        else
            v_store(to + i * LANES, line[i]);
}

/* Mask and mask * orig. */
SIMD_INLINE void put_lines(float *mask, float *value, const vfloat entries[LINE_VECTORS], const float *orig,
                           bool stream)
{
    vfloat products[LINE_VECTORS];
    for (int64_t i = 0; i < LINE_VECTORS; i++)
        products[i] = v_multiply(entries[i], v_load(orig + i * LANES));
    put_line(mask, entries, stream);
    put_line(value, products, stream);
}

/* ---- A given mask ---- */

SIMD_INLINE void by_mask(float *mask, float *value, const float *orig, const float *given, int64_t n, bool stream)
{
    const vfloat one = v_all(pruni_one());
    int64_t i = 0;
    for (; i + LINE <= n; i += LINE) {
        vfloat entries[LINE_VECTORS];
        for (int64_t k = 0; k < LINE_VECTORS; k++)
            entries[k] = v_multiply(one, v_load(given + i + k * LANES));
        put_lines(mask + i, value + i, entries, orig + i, stream);
    }
    pruni_prune_by_mask_portable(mask + i, value + i, orig + i, given + i, n - i, n - i);
}

SIMD_TARGET void SIMD_NAME(prune_by_mask)(float *mask, float *value, const float *orig, const float *given, int64_t n,
                                          int64_t all)
{
    if (!is_streamed(mask, value, n, all)) {
        by_mask(mask, value, orig, given, n, false);
        return;
    }
    int64_t head = before_lines(mask, value);
    pruni_prune_by_mask_portable(mask, value, orig, given, head, head);
    by_mask(mask + head, value + head, orig + head, given + head, n - head, true);
    v_fence();
}

/* ---- Channels ---- */

/* One channel, or a row of channels of one entry each. */
SIMD_INLINE void stream_scaled(float *mask, float *value, const float *orig, const float *scales, bool is_row,
                               int64_t n)
{
    int64_t i = pruni_smaller(before_lines(mask, value), n);
    pruni_channels rest = { 1, 1, 1 };
    *(is_row ? &rest.count : &rest.inner) = i;
    pruni_prune_channels_portable(mask, value, orig, scales, rest, i);
    for (; i + LINE <= n; i += LINE) {
        vfloat entries[LINE_VECTORS];
        for (int64_t k = 0; k < LINE_VECTORS; k++)
            entries[k] = is_row ? v_load(scales + i + k * LANES) : v_all(*scales);
        put_lines(mask + i, value + i, entries, orig + i, true);
    }
    *(is_row ? &rest.count : &rest.inner) = n - i;
    pruni_prune_channels_portable(mask + i, value + i, orig + i, is_row ? scales + i : scales, rest, n - i);
}

/* Whether channels are so large that they are better written past the caches. */
SIMD_INLINE bool are_streamed(const float *mask, const float *value, pruni_channels channels, int64_t all)
{
    return is_streamed(mask, value, channels.inner == 1 ? channels.count : channels.inner, all);
}

SIMD_INLINE void stream_channels(float *mask, float *value, const float *orig, const float *scales,
                                 pruni_channels channels)
{
    int64_t row = channels.count * channels.inner;
    for (int64_t first = 0; first < channels.outer * row; first += row) {
        if (channels.inner == 1)
            stream_scaled(mask + first, value + first, orig + first, scales, true, channels.count);
        for (int64_t c = 0, at = first; channels.inner > 1 && c < channels.count; c++, at += channels.inner)
            stream_scaled(mask + at, value + at, orig + at, scales + c, false, channels.inner);
    }
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

typedef struct four {
    vint around[3], least_nan, magnitude, staying;
    vfloat one;
} four;

/* 1 where an entry stays. */
SIMD_INLINE vfloat stays_of_four(const four *f, const float *scores)
{
    vint keys = v_least(v_and(v_bits(v_load(scores)), f->magnitude), f->least_nan);
    vint rank = v_all_words(0);
    for (int turn = 1; turn <= 3; turn++)
        rank = v_count(rank, goes_before(keys, v_subtract(keys, f->around[turn - 1]), turn));
    return v_only_where(v_is_less(rank, f->staying), f->one);
}

SIMD_INLINE void n_of_four(float *mask, float *value, const float *orig, const float *scores, int64_t groups, int64_t n,
                           bool stream)
{
    static const uint32_t around[3][4] = { { 0, 0, 0, 1 }, { 0, 0, 1, 1 }, { 0, 1, 1, 1 } };
    const four f = { { v_repeat_four(around[0]), v_repeat_four(around[1]), v_repeat_four(around[2]) },
                     v_all_words(PRUNI_ALL_KEYS - 1),
                     v_all_words(0x7fffffffu),
                     v_all_words((uint32_t)n),
                     v_all(1) };
    int64_t i = 0;
    for (; i + LINE <= 4 * groups; i += LINE) {
        vfloat entries[LINE_VECTORS];
        for (int64_t k = 0; k < LINE_VECTORS; k++)
            entries[k] = stays_of_four(&f, scores + i + k * LANES);
        put_lines(mask + i, value + i, entries, orig + i, stream);
    }
    pruni_prune_n_of_four_portable(mask + i, value + i, orig + i, scores + i, groups - i / 4, n);
}

SIMD_TARGET void SIMD_NAME(prune_n_of_four)(float *mask, float *value, const float *orig, const float *scores,
                                            int64_t groups, int64_t n)
{
    int64_t head = before_lines(mask, value);
    if (4 * groups < STREAM_FROM || head < 0 || head % 4 != 0) {
        n_of_four(mask, value, orig, scores, groups, n, false);
        return;
    }
    pruni_prune_n_of_four_portable(mask, value, orig, scores, head / 4, n);
    n_of_four(mask + head, value + head, orig + head, scores + head, groups - head / 4, n, true);
    v_fence();
}
