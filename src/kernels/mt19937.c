/* MT19937, the Mersenne Twister of Matsumoto and Nishimura (2002), and draws as PyTorch turns them into floats. */
#include "kernels/loops.h"
#include "kernels/table.h"

#include <math.h>

#include "kernels/mt19937_loops.h"

void pruni_kernel_mt19937_seed(uint32_t state[PRUNI_MT19937_WORDS], uint32_t seed)
{
    state[0] = seed;
    for (uint32_t i = 1; i < PRUNI_MT19937_WORDS; i++)
        state[i] = UINT32_C(1812433253) * (state[i - 1] ^ (state[i - 1] >> 30)) + i;
}

void pruni_kernel_uniform_double(double *out, const uint32_t *draws, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        uint64_t draw = (uint64_t)draws[2 * i] << 32 | draws[2 * i + 1];
        out[i] = (double)(int64_t)(draw & ((UINT64_C(1) << 53) - 1)) * 0x1p-53;
    }
}

void pruni_kernel_mt19937_twist(uint32_t state[PRUNI_MT19937_WORDS])
{
    pruni_kernels_used()->mt19937_twist(state);
}

void pruni_kernel_mt19937_temper(uint32_t *draws, const uint32_t *words, int64_t n)
{
    pruni_kernels_used()->mt19937_temper(draws, words, n);
}

void pruni_kernel_uniform_float(float *out, const uint32_t *words, int64_t n)
{
    pruni_kernels_used()->uniform_float(out, words, n);
}

void pruni_kernel_uniform_range(float *out, int64_t stride, const uint32_t *words, int64_t n, float from, float to)
{
    enum { ROW = 64 };
    float row[ROW];
    if (stride == 1) {
        pruni_kernels_used()->uniform_range(out, words, n, from, to);
        return;
    }
    for (int64_t done = 0; done < n; done += ROW) {
        int64_t count = n - done < ROW ? n - done : ROW;
        pruni_kernels_used()->uniform_range(row, words + done, count, from, to);
        for (int64_t i = 0; i < count; i++)
            out[(done + i) * stride] = row[i];
    }
}
