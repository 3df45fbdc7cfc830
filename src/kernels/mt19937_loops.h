/* Loops over the words of MT19937, for the target whose names are defined. They are written so that compilers turn them
 * into vectors. */

LOOP_TARGET static inline uint32_t twisted(uint32_t high, uint32_t low)
{
    uint32_t mixed = low ^ ((high ^ low) & UINT32_C(0x80000000)); /* the upper bit of one, the lower bits of the other */
    return (mixed >> 1) ^ ((0u - (low & 1u)) & UINT32_C(0x9908b0df));
}

LOOP_TARGET void LOOP_NAME(mt19937_twist)(uint32_t state[PRUNI_MT19937_WORDS])
{
    enum { WORDS = PRUNI_MT19937_WORDS, SHIFT = 397 };
    for (int i = 0; i < WORDS - SHIFT; i++)
        state[i] = state[i + SHIFT] ^ twisted(state[i], state[i + 1]);
    for (int i = WORDS - SHIFT; i < WORDS - 1; i++)
        state[i] = state[i + SHIFT - WORDS] ^ twisted(state[i], state[i + 1]);
    state[WORDS - 1] = state[SHIFT - 1] ^ twisted(state[WORDS - 1], state[0]);
}

LOOP_TARGET static inline uint32_t tempered(uint32_t x)
{
    x ^= x >> 11;
    x ^= (x << 7) & UINT32_C(0x9d2c5680);
    x ^= (x << 15) & UINT32_C(0xefc60000);
    return x ^ (x >> 18);
}

LOOP_TARGET void LOOP_NAME(mt19937_temper)(uint32_t *draws, const uint32_t *words, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        draws[i] = tempered(words[i]);
}

/* The lower 24 bits. */
LOOP_TARGET static inline float draw_float(uint32_t draw)
{
    return (float)(int32_t)(draw & 0xffffffu);
}

LOOP_TARGET void LOOP_NAME(uniform_float)(float *out, const uint32_t *words, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = draw_float(tempered(words[i])) * 0x1p-24f;
}

/* from + range * draw / 2^24, the product exact; what comes out as `to` is `from`. */
LOOP_TARGET void LOOP_NAME(uniform_range)(float *out, const uint32_t *words, int64_t n, float from, float to)
{
    const float range = to - from, step = range * 0x1p-24f;
    const bool is_exact = step * 0x1p24f == range, reaches = fmaf(step, 0x1p24f - 1, from) == to;
    if (is_exact && !reaches) { /* the usual case */
        for (int64_t i = 0; i < n; i++)
            out[i] = fmaf(draw_float(tempered(words[i])), step, from);
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        float value = fmaf(draw_float(tempered(words[i])) * 0x1p-24f, range, from);
        out[i] = value == to ? from : value;
    }
}
