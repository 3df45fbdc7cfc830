/* Loops over the words of MT19937, for the target whose names are defined. They are written so that compilers turn them
 * into vectors. */

LOOP_TARGET static inline uint32_t twisted(uint32_t high, uint32_t low)
{
    uint32_t mixed = (high & UINT32_C(0x80000000)) | (low & UINT32_C(0x7fffffff));
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

LOOP_TARGET static inline float unit_float(uint32_t draw)
{
    return (float)(int32_t)(draw & 0xffffffu) * 0x1p-24f;
}

LOOP_TARGET void LOOP_NAME(uniform_float)(float *out, const uint32_t *words, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = unit_float(tempered(words[i]));
}

LOOP_TARGET void LOOP_NAME(uniform_range)(float *out, const uint32_t *words, int64_t n, float from, float to)
{
    float range = to - from;
    for (int64_t i = 0; i < n; i++) {
        float value = fmaf(unit_float(tempered(words[i])), range, from);
        out[i] = value == to ? from : value;
    }
}
