/* Vectors of AVX2, under the names by which kernels that are written for several widths know them. */
#ifndef PRUNI_KERNELS_SIMD_AVX2_H
#define PRUNI_KERNELS_SIMD_AVX2_H

#include "base/internal.h"

#if defined(PRUNI_X86)

#include <immintrin.h>

#define SIMD_NAME(kernel) pruni_##kernel##_avx2
#define SIMD_TARGET __attribute__((target("avx2,fma,popcnt,bmi")))
#define SIMD_INLINE SIMD_TARGET static inline

enum { LANES = 8 };
typedef __m256 vfloat;
typedef __m256i vint;
typedef __m256i vmask; /* all bits of a lane or none */

SIMD_INLINE vfloat v_load(const float *from)
{
    return _mm256_loadu_ps(from);
}

SIMD_INLINE void v_store(float *to, vfloat a)
{
    _mm256_storeu_ps(to, a);
}

/* How many floats there are before the first aligned vector. */
SIMD_INLINE int64_t v_unaligned(const float *p)
{
    return (int64_t)((0 - (uintptr_t)p) / sizeof *p % LANES);
}

/* Past the caches; `to` is aligned. */
SIMD_INLINE void v_stream(float *to, vfloat a)
{
    _mm256_stream_ps(to, a);
}

/* Streamed stores are seen by all before later ones. */
SIMD_INLINE void v_fence(void)
{
    _mm_sfence();
}

SIMD_INLINE vfloat v_all(float a)
{
    return _mm256_set1_ps(a);
}

SIMD_INLINE vfloat v_multiply(vfloat a, vfloat b)
{
    return _mm256_mul_ps(a, b);
}

SIMD_INLINE vint v_load_words(const void *from)
{
    return _mm256_loadu_si256(from);
}

SIMD_INLINE vint v_all_words(uint32_t a)
{
    return _mm256_set1_epi32((int)a);
}

SIMD_INLINE vint v_bits(vfloat a)
{
    return _mm256_castps_si256(a);
}

SIMD_INLINE vint v_and(vint a, vint b)
{
    return _mm256_and_si256(a, b);
}

/* Not a, and b. */
SIMD_INLINE vint v_and_not(vint a, vint b)
{
    return _mm256_andnot_si256(a, b);
}

SIMD_INLINE vint v_least(vint a, vint b)
{
    return _mm256_min_epu32(a, b);
}

/* Of numbers below 2^31. */
SIMD_INLINE vmask v_is_less(vint a, vint b)
{
    return _mm256_cmpgt_epi32(b, a);
}

SIMD_INLINE vmask v_is_equal(vfloat a, vfloat b)
{
    return _mm256_castps_si256(_mm256_cmp_ps(a, b, _CMP_EQ_OQ));
}

SIMD_INLINE vmask v_both(vmask a, vmask b)
{
    return _mm256_and_si256(a, b);
}

/* One bit a lane. */
SIMD_INLINE uint32_t v_flags(vmask a)
{
    return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(a));
}

SIMD_INLINE vfloat v_zero_where(vmask mask, vfloat a)
{
    return _mm256_andnot_ps(_mm256_castsi256_ps(mask), a);
}

#endif

#endif
