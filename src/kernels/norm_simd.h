/* Norms in vectors, for the width whose names are defined. */

/* ---- One channel that lies side by side: a lane for each of the 8 running sums ---- */

SIMD_TARGET void SIMD_NAME(norm_two_run)(float *norm, const float *x, int64_t length)
{
    vfloat sums = v_all(0);
    float lanes[LANES];
    int64_t i = 0;
    for (; i + LANES <= length; i += LANES) {
        vfloat a = v_load(x + i);
        sums = v_add(sums, v_multiply(a, a));
    }
    v_store(lanes, sums);
    float sum = 0;
    for (int lane = 0; lane < LANES; lane++)
        sum += lanes[lane];
    for (int64_t end = length - i >= 4 ? i + 4 : i; i < end; i++)
        sum += x[i] * x[i];
    for (; i < length; i++)
        sum = fmaf(x[i], x[i], sum);
    *norm = sqrtf(sum);
}

/* ---- A lane for each channel ---- */

SIMD_INLINE vfloat taken_in(pruni_norm_sum kind, vfloat sums, vfloat x)
{
    vfloat size = v_absolute(x);
    switch (kind) {
    case PRUNI_NORM_COUNT:
        return v_add(sums, v_zero_where(v_is_equal(x, v_all(0)), v_all(1)));
    case PRUNI_NORM_ONE:
        return v_add(sums, size);
    case PRUNI_NORM_TWO:
        return v_add(sums, v_multiply(x, x));
    case PRUNI_NORM_MAX:
        return v_choose(v_either(v_is_greater(size, sums), v_is_nan(x)), size, sums);
    case PRUNI_NORM_MIN:
    case PRUNI_NORM_POWER: /* has no vectors */
        break;
    }
    return v_choose(v_either(v_is_greater(sums, size), v_is_nan(x)), size, sums);
}

/* `length` entries of as many channels as there are lanes, which begin `length` entries after one another. */
SIMD_INLINE vfloat take_in_channels(pruni_norm_sum kind, vfloat sums, const float *x, int64_t length)
{
    int64_t i = 0;
    for (; i + LANES <= length; i += LANES) {
        vfloat rows[LANES];
        for (int lane = 0; lane < LANES; lane++)
            rows[lane] = v_load(x + lane * length + i);
        v_transpose(rows);
        for (int entry = 0; entry < LANES; entry++)
            sums = taken_in(kind, sums, rows[entry]);
    }
    for (; i < length; i++) {
        float entries[LANES];
        for (int lane = 0; lane < LANES; lane++)
            entries[lane] = x[lane * length + i];
        sums = taken_in(kind, sums, v_load(entries));
    }
    return sums;
}

/* Rows of channels of one entry each; gives how many channels were taken in. */
SIMD_INLINE int64_t take_in_rows(pruni_norm_sum kind, float *sums, const float *x, int64_t count, int rows)
{
    int64_t c = 0;
    for (; c + LANES <= count; c += LANES) {
        vfloat added = v_load(sums + c);
        for (int row = 0; row < rows; row++)
            added = taken_in(kind, added, v_load(x + row * count + c));
        v_store(sums + c, added);
    }
    return c;
}

enum { ROWS = 4 }; /* at a time: sums are loaded and stored once for so many */

/* The kind is known when this is compiled. Channels left over are the reference's. */
SIMD_INLINE void channels_of_kind(pruni_norm_sum kind, float *sums, const float *x, pruni_channels channels)
{
    const int64_t row = channels.count * channels.inner;
    for (int64_t o = 0, rows; o < channels.outer; o += rows, x += rows * row) {
        int64_t c = 0;
        rows = channels.inner == 1 && channels.outer - o >= ROWS ? ROWS : 1;
        if (rows == ROWS)
            c = take_in_rows(kind, sums, x, channels.count, ROWS);
        else if (channels.inner == 1)
            c = take_in_rows(kind, sums, x, channels.count, 1);
        else
            for (; c + LANES <= channels.count; c += LANES)
                v_store(sums + c, take_in_channels(kind, v_load(sums + c), x + c * channels.inner, channels.inner));
        const pruni_channels rest = { 1, channels.count - c, channels.inner };
        for (int64_t r = 0; r < rows; r++)
            pruni_norm_channels_portable(kind, 0, sums + c, x + r * row + c * channels.inner, rest);
    }
}

SIMD_TARGET void SIMD_NAME(norm_channels)(pruni_norm_sum kind, float order, float *sums, const float *x,
                                          pruni_channels channels)
{
    switch (kind) {
    case PRUNI_NORM_COUNT:
        channels_of_kind(PRUNI_NORM_COUNT, sums, x, channels);
        return;
    case PRUNI_NORM_ONE:
        channels_of_kind(PRUNI_NORM_ONE, sums, x, channels);
        return;
    case PRUNI_NORM_TWO:
        channels_of_kind(PRUNI_NORM_TWO, sums, x, channels);
        return;
    case PRUNI_NORM_MAX:
        channels_of_kind(PRUNI_NORM_MAX, sums, x, channels);
        return;
    case PRUNI_NORM_MIN:
        channels_of_kind(PRUNI_NORM_MIN, sums, x, channels);
        return;
    case PRUNI_NORM_POWER:
        pruni_norm_channels_portable(kind, order, sums, x, channels);
        return;
    }
}
