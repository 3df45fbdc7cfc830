/* Multiply-adds that depend on nothing but registers: enough chains to hide the latency, in the widest vectors that the
 * processor has. */
#include "bench.h"

#if defined(__GNUC__) && defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

enum { ROUNDS = 20000, CHAINS = 12 };

/* A function that runs ROUNDS rounds of CHAINS multiply-adds of a vector. */
#define PEAK(NAME, ATTRIBUTE, VECTOR, SET, FMA, STORE, LANES) \
    ATTRIBUTE static double NAME(float *out)                  \
    {                                                         \
        VECTOR sum[CHAINS], x = SET(0.5F), y = SET(0.25F);    \
        for (int c = 0; c < CHAINS; c++)                      \
            sum[c] = SET((float)c);                           \
        for (int i = 0; i < ROUNDS; i++)                      \
            for (int c = 0; c < CHAINS; c++)                  \
                sum[c] = FMA(sum[c], x, y);                   \
        for (int c = 0; c < CHAINS; c++)                      \
            STORE(out + (size_t)c * (LANES), sum[c]);         \
        return (double)ROUNDS * CHAINS * (LANES);             \
    }

#if defined(__GNUC__) && defined(__x86_64__)
PEAK(peak_avx512, __attribute__((target("avx512f"))), __m512, _mm512_set1_ps, _mm512_fmadd_ps, _mm512_storeu_ps, 16)
PEAK(peak_avx2, __attribute__((target("avx2,fma"))), __m256, _mm256_set1_ps, _mm256_fmadd_ps, _mm256_storeu_ps, 8)
#elif defined(__aarch64__)
#define NEON_FMA(sum, x, y) vfmaq_f32(y, sum, x)
PEAK(peak_neon, , float32x4_t, vdupq_n_f32, NEON_FMA, vst1q_f32, 4)
#endif

#define PLAIN_SET(x) (x)
#define PLAIN_FMA(sum, x, y) ((sum) * (x) + (y))
#define PLAIN_STORE(out, x) (*(out) = (x))
PEAK(peak_plain, , float, PLAIN_SET, PLAIN_FMA, PLAIN_STORE, 1)

static double (*widest(void))(float *)
{
#if defined(__GNUC__) && defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f"))
        return peak_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return peak_avx2;
#elif defined(__aarch64__)
    return peak_neon;
#endif
    return peak_plain;
}

double bench_fma_peak(double least)
{
    static volatile float wanted;
    double (*peak)(float *) = widest(), done = 0, total = 0;
    float out[CHAINS * 16] = { 0 };
    do {
        double start = bench_now();
        done += peak(out);
        total += bench_now() - start;
        wanted = out[0];
    } while (total < least);
    (void)wanted;
    return done / total;
}
