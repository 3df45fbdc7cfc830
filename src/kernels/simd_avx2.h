/* Vectors of AVX2, under the names by which kernels that are written for several widths know them. */
#ifndef PRUNI_KERNELS_SIMD_AVX2_H
#define PRUNI_KERNELS_SIMD_AVX2_H

#include "base/internal.h"

#if defined(PRUNI_X86)

#include <immintrin.h>

#define SIMD_NAME(kernel) pruni_##kernel##_avx2
#define SIMD_TARGET __attribute__((target("avx2,fma,popcnt,bmi")))
#define SIMD_INLINE SIMD_TARGET __attribute__((always_inline)) static inline

/* Before a loop over sums that are to stay in registers. */
#if defined(__GNUC__) && !defined(__clang__)
#define SIMD_UNROLL _Pragma("GCC unroll 8")
#else
#define SIMD_UNROLL
#endif

enum { LANES = 8, REGISTERS = 16 };
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

/* From and to one place; wider vectors have more. */
SIMD_INLINE vfloat v_load_pieces(const float *const *from, int64_t offset)
{
    return v_load(from[0] + offset);
}

SIMD_INLINE void v_store_pieces(float *const *to, int64_t offset, vfloat a)
{
    v_store(to[0] + offset, a);
}

/* So many floats that are written would not stay in the caches: where a loop does nothing else of note, writing past them
 * is faster. */
enum { STREAM_FROM = 1 << 20 };

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

SIMD_INLINE void v_stream_words(void *to, vint a)
{
    _mm256_stream_si256(to, a);
}

/* Into the cache, soon. */
SIMD_INLINE void v_prefetch(const float *from)
{
    _mm_prefetch((const char *)from, _MM_HINT_T0);
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

SIMD_INLINE vfloat v_add(vfloat a, vfloat b)
{
    return _mm256_add_ps(a, b);
}

SIMD_INLINE vfloat v_absolute(vfloat a)
{
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a);
}

/* a * b + c, rounded once. */
SIMD_INLINE vfloat v_multiply_add(vfloat a, vfloat b, vfloat c)
{
    return _mm256_fmadd_ps(a, b, c);
}

SIMD_INLINE vfloat v_divide(vfloat a, vfloat b)
{
    return _mm256_div_ps(a, b);
}

SIMD_INLINE vfloat v_negate(vfloat a)
{
    return _mm256_xor_ps(_mm256_set1_ps(-0.0f), a);
}

/* The magnitude of a, which has no sign, with the sign of b. */
SIMD_INLINE vfloat v_with_sign(vfloat a, vfloat b)
{
    return _mm256_or_ps(a, _mm256_and_ps(_mm256_set1_ps(-0.0f), b));
}

/* The lesser and the greater one; b where one is NaN or both are 0. */
SIMD_INLINE vfloat v_least_float(vfloat a, vfloat b)
{
    return _mm256_min_ps(a, b);
}

SIMD_INLINE vfloat v_greatest_float(vfloat a, vfloat b)
{
    return _mm256_max_ps(a, b);
}

/* To the nearest whole number. */
SIMD_INLINE vfloat v_round(vfloat a)
{
    return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

/* a * 2^n for a about 1 and a whole n from -252 to 254, in two steps, so that the result may be denormal or infinite. */
SIMD_INLINE vfloat v_scale(vfloat a, vfloat n)
{
    const __m256i bias = _mm256_set1_epi32(127), whole = _mm256_cvtps_epi32(n), half = _mm256_srai_epi32(whole, 1);
    __m256i first = _mm256_slli_epi32(_mm256_add_epi32(half, bias), 23);
    __m256i second = _mm256_slli_epi32(_mm256_add_epi32(_mm256_sub_epi32(whole, half), bias), 23);
    return _mm256_mul_ps(_mm256_mul_ps(a, _mm256_castsi256_ps(first)), _mm256_castsi256_ps(second));
}

/* All bits of the first `count` lanes. */
SIMD_INLINE vmask v_first(int64_t count)
{
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), lane);
}

/* The first `count` numbers, and zeros. */
SIMD_INLINE vfloat v_load_first(const float *from, int64_t count)
{
    return count >= LANES ? v_load(from) : _mm256_maskload_ps(from, v_first(count));
}

/* The first `count` numbers alone. */
SIMD_INLINE void v_store_first(float *to, vfloat a, int64_t count)
{
    if (count >= LANES)
        v_store(to, a);
    else
        _mm256_maskstore_ps(to, v_first(count), a);
}

/* The sum of the lanes of each of four vectors. */
SIMD_INLINE void v_sum_four(float sums[4], vfloat a, vfloat b, vfloat c, vfloat d)
{
    __m256 quarters = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
    _mm_storeu_ps(sums, _mm_add_ps(_mm256_castps256_ps128(quarters), _mm256_extractf128_ps(quarters, 1)));
}

/* In each group of 4 lanes: those at even places of a, then of b; those at odd places. */
SIMD_INLINE vfloat v_evens(vfloat a, vfloat b)
{
    return _mm256_shuffle_ps(a, b, _MM_SHUFFLE(2, 0, 2, 0));
}

SIMD_INLINE vfloat v_odds(vfloat a, vfloat b)
{
    return _mm256_shuffle_ps(a, b, _MM_SHUFFLE(3, 1, 3, 1));
}

/* In each group of 4 lanes: the first two of a, then of b; the last two. */
SIMD_INLINE vfloat v_first_twos(vfloat a, vfloat b)
{
    return _mm256_castpd_ps(_mm256_unpacklo_pd(_mm256_castps_pd(a), _mm256_castps_pd(b)));
}

SIMD_INLINE vfloat v_last_twos(vfloat a, vfloat b)
{
    return _mm256_castpd_ps(_mm256_unpackhi_pd(_mm256_castps_pd(a), _mm256_castps_pd(b)));
}

/* The first two of each group of 4 lanes to one place, the last two to another. */
SIMD_INLINE void v_store_twos(float *first, float *last, vfloat a)
{
    __m256d twos = _mm256_permute4x64_pd(_mm256_castps_pd(a), _MM_SHUFFLE(3, 1, 2, 0));
    vfloat parted = _mm256_castpd_ps(twos);
    _mm_storeu_ps(first, _mm256_castps256_ps128(parted));
    _mm_storeu_ps(last, _mm256_extractf128_ps(parted, 1));
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

SIMD_INLINE vint v_add_words(vint a, vint b)
{
    return _mm256_add_epi32(a, b);
}

/* 0, 1, 2, ... */
SIMD_INLINE vint v_lane_numbers(void)
{
    return _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
}

/* Numbers of 64 bits, of which the lanes are the lower and the upper halves. */
SIMD_INLINE void v_store_pairs(uint64_t *to, vint lower, vint upper)
{
    __m256i a = _mm256_unpacklo_epi32(lower, upper), b = _mm256_unpackhi_epi32(lower, upper);
    _mm256_storeu_si256((__m256i *)(void *)to, _mm256_permute2x128_si256(a, b, 0x20));
    _mm256_storeu_si256((__m256i *)(void *)(to + LANES / 2), _mm256_permute2x128_si256(a, b, 0x31));
}

SIMD_INLINE vint v_subtract(vint a, vint b)
{
    return _mm256_sub_epi32(a, b);
}

SIMD_INLINE vint v_repeat_four(const uint32_t words[4])
{
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)words));
}

/* In each group of 4 lanes, the word that stands so many lanes further on, and around. */
SIMD_INLINE vint v_turned_by_1(vint a)
{
    return _mm256_shuffle_epi32(a, 0x39);
}

SIMD_INLINE vint v_turned_by_2(vint a)
{
    return _mm256_shuffle_epi32(a, 0x4e);
}

SIMD_INLINE vint v_turned_by_3(vint a)
{
    return _mm256_shuffle_epi32(a, 0x93);
}

SIMD_INLINE vint v_least(vint a, vint b)
{
    return _mm256_min_epu32(a, b);
}

/* Of numbers with a sign. */
SIMD_INLINE vmask v_is_less(vint a, vint b)
{
    return _mm256_cmpgt_epi32(b, a);
}

SIMD_INLINE vmask v_is_equal(vfloat a, vfloat b)
{
    return _mm256_castps_si256(_mm256_cmp_ps(a, b, _CMP_EQ_OQ));
}

SIMD_INLINE vmask v_is_greater(vfloat a, vfloat b)
{
    return _mm256_castps_si256(_mm256_cmp_ps(a, b, _CMP_GT_OQ));
}

SIMD_INLINE vmask v_is_nan(vfloat a)
{
    return _mm256_castps_si256(_mm256_cmp_ps(a, a, _CMP_UNORD_Q));
}

SIMD_INLINE vmask v_either(vmask a, vmask b)
{
    return _mm256_or_si256(a, b);
}

SIMD_INLINE vmask v_both(vmask a, vmask b)
{
    return _mm256_and_si256(a, b);
}

/* a, and not b. */
SIMD_INLINE vmask v_but_not(vmask a, vmask b)
{
    return _mm256_andnot_si256(b, a);
}

/* Adds 1 in the lanes of the mask. */
SIMD_INLINE vint v_count(vint counts, vmask a)
{
    return _mm256_sub_epi32(counts, a);
}

SIMD_INLINE int64_t v_sum_words(vint a)
{
    uint32_t words[LANES];
    int64_t sum = 0;
    _mm256_storeu_si256((__m256i *)words, a);
    for (int i = 0; i < LANES; i++)
        sum += words[i];
    return sum;
}

/* One bit a lane of 32 lanes. */
SIMD_INLINE uint32_t v_flags(const vmask masks[32 / LANES])
{
    __m256i low = _mm256_packs_epi32(masks[0], masks[1]);
    __m256i high = _mm256_packs_epi32(masks[2], masks[3]);
    __m256i bytes = _mm256_packs_epi16(low, high);
    __m256i in_order = _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    return (uint32_t)_mm256_movemask_epi8(in_order);
}

SIMD_INLINE vfloat v_only_where(vmask mask, vfloat a)
{
    return _mm256_and_ps(_mm256_castsi256_ps(mask), a);
}

SIMD_INLINE vfloat v_choose(vmask mask, vfloat yes, vfloat no)
{
    return _mm256_blendv_ps(no, yes, _mm256_castsi256_ps(mask));
}

/* Row i of the result is what was in lane i of the rows. */
SIMD_INLINE void v_transpose(vfloat rows[LANES])
{
    __m256 pairs[LANES], fours[LANES];
    for (int i = 0; i < LANES; i += 2) {
        pairs[i] = _mm256_unpacklo_ps(rows[i], rows[i + 1]);
        pairs[i + 1] = _mm256_unpackhi_ps(rows[i], rows[i + 1]);
    }
    for (int i = 0; i < LANES; i += 4) {
        fours[i] = _mm256_shuffle_ps(pairs[i], pairs[i + 2], 0x44);
        fours[i + 1] = _mm256_shuffle_ps(pairs[i], pairs[i + 2], 0xee);
        fours[i + 2] = _mm256_shuffle_ps(pairs[i + 1], pairs[i + 3], 0x44);
        fours[i + 3] = _mm256_shuffle_ps(pairs[i + 1], pairs[i + 3], 0xee);
    }
    for (int i = 0; i < LANES / 2; i++) {
        rows[i] = _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x20);
        rows[i + 4] = _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x31);
    }
}

SIMD_INLINE vfloat v_zero_where(vmask mask, vfloat a)
{
    return _mm256_andnot_ps(_mm256_castsi256_ps(mask), a);
}

#endif

#endif
