/* MT19937, the Mersenne Twister of Matsumoto and Nishimura (2002), and draws as PyTorch turns them into floats. */
#include "kernels/internal.h"

#include <math.h>

enum { WORDS = PRUNI_MT19937_WORDS, SHIFT = 397 };

void pruni_kernel_mt19937_seed(uint32_t state[PRUNI_MT19937_WORDS], uint32_t seed)
{
    state[0] = seed;
    for (uint32_t i = 1; i < WORDS; i++)
        state[i] = UINT32_C(1812433253) * (state[i - 1] ^ (state[i - 1] >> 30)) + i;
}

static inline uint32_t twisted(uint32_t high, uint32_t low)
{
    uint32_t mixed = (high & UINT32_C(0x80000000)) | (low & UINT32_C(0x7fffffff));
    return (mixed >> 1) ^ ((0u - (low & 1u)) & UINT32_C(0x9908b0df));
}

void pruni_kernel_mt19937_twist(uint32_t state[PRUNI_MT19937_WORDS])
{
    for (int i = 0; i < WORDS - SHIFT; i++)
        state[i] = state[i + SHIFT] ^ twisted(state[i], state[i + 1]);
    for (int i = WORDS - SHIFT; i < WORDS - 1; i++)
        state[i] = state[i + SHIFT - WORDS] ^ twisted(state[i], state[i + 1]);
    state[WORDS - 1] = state[SHIFT - 1] ^ twisted(state[WORDS - 1], state[0]);
}

void pruni_kernel_mt19937_temper(uint32_t *draws, const uint32_t *words, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        uint32_t x = words[i];
        x ^= x >> 11;
        x ^= (x << 7) & UINT32_C(0x9d2c5680);
        x ^= (x << 15) & UINT32_C(0xefc60000);
        draws[i] = x ^ (x >> 18);
    }
}

static inline float unit_float(uint32_t draw)
{
    return (float)(int32_t)(draw & 0xffffffu) * 0x1p-24f;
}

void pruni_kernel_uniform_float(float *out, const uint32_t *draws, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = unit_float(draws[i]);
}

void pruni_kernel_uniform_double(double *out, const uint32_t *draws, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        uint64_t draw = (uint64_t)draws[2 * i] << 32 | draws[2 * i + 1];
        out[i] = (double)(int64_t)(draw & ((UINT64_C(1) << 53) - 1)) * 0x1p-53;
    }
}

void pruni_kernel_uniform_range(float *out, int64_t stride, const uint32_t *draws, int64_t n, float from, float to)
{
    float range = to - from;
    for (int64_t i = 0; i < n; i++) {
        float value = fmaf(unit_float(draws[i]), range, from);
        out[i * stride] = value == to ? from : value;
    }
}
