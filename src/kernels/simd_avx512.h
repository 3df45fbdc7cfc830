/* Vectors of AVX-512, under the names by which kernels that are written for several widths know them. Of those names, the
 * ones that kernels with a variant for AVX-512 use. */
#ifndef PRUNI_KERNELS_SIMD_AVX512_H
#define PRUNI_KERNELS_SIMD_AVX512_H

#include "base/internal.h"

#if defined(PRUNI_X86)

#include <immintrin.h>

#define SIMD_NAME(kernel) pruni_##kernel##_avx512
#define SIMD_TARGET __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,popcnt,bmi,bmi2")))
#define SIMD_INLINE SIMD_TARGET __attribute__((always_inline)) static inline

/* Before a loop over sums that are to stay in registers. */
#if defined(__GNUC__) && !defined(__clang__)
#define SIMD_UNROLL _Pragma("GCC unroll 8")
#else
#define SIMD_UNROLL
#endif

enum { LANES = 16, REGISTERS = 32 };
typedef __m512 vfloat;
typedef __mmask16 vmask; /* a bit a lane */

SIMD_INLINE vfloat v_load(const float *from)
{
    return _mm512_loadu_ps(from);
}

SIMD_INLINE void v_store(float *to, vfloat a)
{
    _mm512_storeu_ps(to, a);
}

/* From and to two places, 8 floats each. Addresses that stay in memory leave registers to the loops around. */
SIMD_INLINE vfloat v_load_pieces(const float *const *from, int64_t offset)
{
    const float *const volatile *places = from;
    __m512 first = _mm512_castps256_ps512(_mm256_loadu_ps(places[0] + offset));
    return _mm512_insertf32x8(first, _mm256_loadu_ps(places[1] + offset), 1);
}

SIMD_INLINE void v_store_pieces(float *const *to, int64_t offset, vfloat a)
{
    _mm256_storeu_ps(to[0] + offset, _mm512_castps512_ps256(a));
    _mm256_storeu_ps(to[1] + offset, _mm512_extractf32x8_ps(a, 1));
}

/* Into the cache, soon. */
SIMD_INLINE void v_prefetch(const float *from)
{
    _mm_prefetch((const char *)from, _MM_HINT_T0);
}

SIMD_INLINE vfloat v_all(float a)
{
    return _mm512_set1_ps(a);
}

SIMD_INLINE vfloat v_multiply(vfloat a, vfloat b)
{
    return _mm512_mul_ps(a, b);
}

SIMD_INLINE vfloat v_add(vfloat a, vfloat b)
{
    return _mm512_add_ps(a, b);
}

SIMD_INLINE vfloat v_absolute(vfloat a)
{
    return _mm512_andnot_ps(_mm512_set1_ps(-0.0f), a);
}

/* a * b + c, rounded once. */
SIMD_INLINE vfloat v_multiply_add(vfloat a, vfloat b, vfloat c)
{
    return _mm512_fmadd_ps(a, b, c);
}

SIMD_INLINE vfloat v_divide(vfloat a, vfloat b)
{
    return _mm512_div_ps(a, b);
}

SIMD_INLINE vfloat v_negate(vfloat a)
{
    return _mm512_xor_ps(_mm512_set1_ps(-0.0f), a);
}

/* The magnitude of a, which has no sign, with the sign of b. */
SIMD_INLINE vfloat v_with_sign(vfloat a, vfloat b)
{
    return _mm512_or_ps(a, _mm512_and_ps(_mm512_set1_ps(-0.0f), b));
}

/* The lesser and the greater one; b where one is NaN or both are 0. */
SIMD_INLINE vfloat v_least_float(vfloat a, vfloat b)
{
    return _mm512_min_ps(a, b);
}

SIMD_INLINE vfloat v_greatest_float(vfloat a, vfloat b)
{
    return _mm512_max_ps(a, b);
}

/* To the nearest whole number. */
SIMD_INLINE vfloat v_round(vfloat a)
{
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

/* a * 2^n for a about 1 and a whole n from -252 to 254; the result may be denormal or infinite. */
SIMD_INLINE vfloat v_scale(vfloat a, vfloat n)
{
    return _mm512_scalef_ps(a, n);
}

/* All bits of the first `count` lanes. */
SIMD_INLINE vmask v_first(int64_t count)
{
    return (vmask)_bzhi_u32(0xffff, (uint32_t)count);
}

/* The first `count` numbers, and zeros. */
SIMD_INLINE vfloat v_load_first(const float *from, int64_t count)
{
    return count >= LANES ? v_load(from) : _mm512_maskz_loadu_ps(v_first(count), from);
}

/* The first `count` numbers alone. */
SIMD_INLINE void v_store_first(float *to, vfloat a, int64_t count)
{
    if (count >= LANES)
        v_store(to, a);
    else
        _mm512_mask_storeu_ps(to, v_first(count), a);
}

SIMD_INLINE vmask v_is_greater(vfloat a, vfloat b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ);
}

SIMD_INLINE vfloat v_choose(vmask mask, vfloat yes, vfloat no)
{
    return _mm512_mask_mov_ps(no, mask, yes);
}

/* Row i of the result is what was in lane i of the rows. */
SIMD_INLINE void v_transpose(vfloat rows[LANES])
{
    __m512 pairs[LANES], fours[LANES], eights[LANES];
    for (int i = 0; i < LANES; i += 2) {
        pairs[i] = _mm512_unpacklo_ps(rows[i], rows[i + 1]);
        pairs[i + 1] = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
    }
    for (int i = 0; i < LANES; i += 4) {
        fours[i] = _mm512_shuffle_ps(pairs[i], pairs[i + 2], 0x44);
        fours[i + 1] = _mm512_shuffle_ps(pairs[i], pairs[i + 2], 0xee);
        fours[i + 2] = _mm512_shuffle_ps(pairs[i + 1], pairs[i + 3], 0x44);
        fours[i + 3] = _mm512_shuffle_ps(pairs[i + 1], pairs[i + 3], 0xee);
    }
    for (int i = 0; i < LANES; i += 8)
        for (int k = 0; k < 4; k++) { /* quarters 0 and 2, then 1 and 3, of rows four apart */
            eights[i + k] = _mm512_shuffle_f32x4(fours[i + k], fours[i + 4 + k], 0x88);
            eights[i + 4 + k] = _mm512_shuffle_f32x4(fours[i + k], fours[i + 4 + k], 0xdd);
        }
    for (int k = 0; k < 4; k++) {
        rows[k] = _mm512_shuffle_f32x4(eights[k], eights[8 + k], 0x88);
        rows[8 + k] = _mm512_shuffle_f32x4(eights[k], eights[8 + k], 0xdd);
        rows[4 + k] = _mm512_shuffle_f32x4(eights[4 + k], eights[12 + k], 0x88);
        rows[12 + k] = _mm512_shuffle_f32x4(eights[4 + k], eights[12 + k], 0xdd);
    }
}

#endif

#endif
