/* The maxima of windows of 2 x 2, side by side, in vectors, for the width whose names are defined: 8 lanes. */

enum { UNIT = 4 }; /* outputs of a row at a time; two units, wherever they are, fill a vector */

/* b where it is greater than a or NaN: of equal ones a. */
SIMD_INLINE vfloat greater(vfloat a, vfloat b)
{
    return v_choose(v_is_nan(b), b, v_greatest_float(b, a));
}

/* The maxima of the pairs of two rows: two of the upper one, two of the lower one, and so on. */
SIMD_INLINE vfloat pairs(const float *x, int64_t width)
{
    vfloat upper = v_load(x), lower = v_load(x + width);
    return greater(v_evens(upper, lower), v_odds(upper, lower));
}

/* From the pairs of two units to their outputs. */
SIMD_INLINE void store_units(float *y, float *next_y, vfloat unit, vfloat next_unit)
{
    v_store_twos(y, next_y, greater(v_first_twos(unit, next_unit), v_last_twos(unit, next_unit)));
}

static bool is_two_by_two(const pruni_pool *pool)
{
    for (int i = 0; i < 2; i++)
        if (pool->kernel[i] != 2 || pool->stride[i] != 2 || pool->padding[i] != 0 || pool->dilation[i] != 1
            || pool->out[i] > pool->in[i] / 2)
            return false;
    return pool->out[1] >= UNIT;
}

/* The last unit of a row may overlap the one before it. */
SIMD_TARGET void SIMD_NAME(max_pool)(float *y, const float *x, const pruni_pool *pool)
{
    int64_t width = pool->out[1], row = pool->in[1];
    vfloat waiting = v_all(0);
    float *place = NULL; /* of the unit that waits for another */
    if (!is_two_by_two(pool)) {
        pruni_max_pool_portable(y, x, pool);
        return;
    }
    for (int64_t p = 0; p < pool->planes; p++, x += pool->in[0] * row)
        for (int64_t h = 0; h < pool->out[0]; h++, y += width)
            for (int64_t w = 0; w < width; w += UNIT) {
                int64_t start = w + UNIT <= width ? w : width - UNIT;
                vfloat unit = pairs(x + 2 * (h * row + start), row);
                if (place)
                    store_units(place, y + start, waiting, unit);
                waiting = unit;
                place = place ? NULL : y + start;
            }
    if (place)
        store_units(place, place, waiting, waiting);
}
