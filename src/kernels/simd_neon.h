/* Vectors of NEON, under the names by which kernels that are written for several widths know them: pairs of registers, so
 * that they are as wide as those of AVX2. What is done is the same too, so that even sums have the same bits. */
#ifndef PRUNI_KERNELS_SIMD_NEON_H
#define PRUNI_KERNELS_SIMD_NEON_H

#include "base/internal.h"

#if defined(PRUNI_NEON)

#include <arm_neon.h>
#include <limits.h>
#include <string.h>

#define SIMD_NAME(kernel) pruni_##kernel##_neon
#define SIMD_TARGET /* all processors of the target have it */
#define SIMD_INLINE __attribute__((always_inline)) static inline

/* Before a loop over sums that are to stay in registers. */
#if !defined(__clang__)
#define SIMD_UNROLL _Pragma("GCC unroll 8")
#else
#define SIMD_UNROLL
#endif

enum { LANES = 8, REGISTERS = 16 };

typedef struct vfloat {
    float32x4_t low, high;
} vfloat;

typedef struct vint {
    uint32x4_t low, high;
} vint;

typedef vint vmask; /* all bits of a lane or none */

/* ---- The same in both registers ---- */

SIMD_INLINE float32x4_t least_of_four(float32x4_t a, float32x4_t b)
{
    return vbslq_f32(vcltq_f32(a, b), a, b);
}

SIMD_INLINE float32x4_t greatest_of_four(float32x4_t a, float32x4_t b)
{
    return vbslq_f32(vcgtq_f32(a, b), a, b);
}

SIMD_INLINE float32x4_t four_with_sign(float32x4_t a, float32x4_t b)
{
    const uint32x4_t sign = vdupq_n_u32(UINT32_C(0x80000000));
    return vreinterpretq_f32_u32(vorrq_u32(vreinterpretq_u32_f32(a), vandq_u32(sign, vreinterpretq_u32_f32(b))));
}

SIMD_INLINE float32x4_t scale_four(float32x4_t a, float32x4_t n)
{
    const int32x4_t bias = vdupq_n_s32(127), whole = vcvtnq_s32_f32(n), half = vshrq_n_s32(whole, 1);
    int32x4_t first = vshlq_n_s32(vaddq_s32(half, bias), 23);
    int32x4_t second = vshlq_n_s32(vaddq_s32(vsubq_s32(whole, half), bias), 23);
    return vmulq_f32(vmulq_f32(a, vreinterpretq_f32_s32(first)), vreinterpretq_f32_s32(second));
}

SIMD_INLINE uint32x4_t four_are_less(uint32x4_t a, uint32x4_t b)
{
    return vcltq_s32(vreinterpretq_s32_u32(a), vreinterpretq_s32_u32(b));
}

SIMD_INLINE uint32x4_t four_are_nan(float32x4_t a)
{
    return vmvnq_u32(vceqq_f32(a, a));
}

SIMD_INLINE float32x4_t four_where(uint32x4_t mask, float32x4_t a)
{
    return vreinterpretq_f32_u32(vandq_u32(mask, vreinterpretq_u32_f32(a)));
}

SIMD_INLINE float32x4_t no_four_where(uint32x4_t mask, float32x4_t a)
{
    return vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(a), mask));
}

#define DEFINE_UNARY(result, name, type, operation)             \
    SIMD_INLINE result name(type a)                             \
    {                                                           \
        return (result){ operation(a.low), operation(a.high) }; \
    }

#define DEFINE_BINARY(result, name, type_a, type_b, operation)                 \
    SIMD_INLINE result name(type_a a, type_b b)                                \
    {                                                                          \
        return (result){ operation(a.low, b.low), operation(a.high, b.high) }; \
    }

DEFINE_UNARY(vfloat, v_absolute, vfloat, vabsq_f32)
DEFINE_UNARY(vfloat, v_negate, vfloat, vnegq_f32)
DEFINE_UNARY(vint, v_bits, vfloat, vreinterpretq_u32_f32)
DEFINE_UNARY(vmask, v_is_nan, vfloat, four_are_nan)

/* To the nearest whole number. */
DEFINE_UNARY(vfloat, v_round, vfloat, vrndnq_f32)

DEFINE_BINARY(vfloat, v_multiply, vfloat, vfloat, vmulq_f32)
DEFINE_BINARY(vfloat, v_add, vfloat, vfloat, vaddq_f32)
DEFINE_BINARY(vfloat, v_divide, vfloat, vfloat, vdivq_f32)

/* The lesser and the greater one; b where one is NaN or both are 0. */
DEFINE_BINARY(vfloat, v_least_float, vfloat, vfloat, least_of_four)
DEFINE_BINARY(vfloat, v_greatest_float, vfloat, vfloat, greatest_of_four)

/* The magnitude of a, which has no sign, with the sign of b. */
DEFINE_BINARY(vfloat, v_with_sign, vfloat, vfloat, four_with_sign)

/* a * 2^n for a about 1 and a whole n from -252 to 254, in two steps, so that the result may be denormal or infinite. */
DEFINE_BINARY(vfloat, v_scale, vfloat, vfloat, scale_four)

DEFINE_BINARY(vint, v_and, vint, vint, vandq_u32)
DEFINE_BINARY(vint, v_add_words, vint, vint, vaddq_u32)
DEFINE_BINARY(vint, v_subtract, vint, vint, vsubq_u32)
DEFINE_BINARY(vint, v_least, vint, vint, vminq_u32)

/* Of numbers with a sign. */
DEFINE_BINARY(vmask, v_is_less, vint, vint, four_are_less)
DEFINE_BINARY(vmask, v_is_equal, vfloat, vfloat, vceqq_f32)
DEFINE_BINARY(vmask, v_is_greater, vfloat, vfloat, vcgtq_f32)
DEFINE_BINARY(vmask, v_either, vmask, vmask, vorrq_u32)
DEFINE_BINARY(vmask, v_both, vmask, vmask, vandq_u32)

/* a, and not b. */
DEFINE_BINARY(vmask, v_but_not, vmask, vmask, vbicq_u32)

/* Adds 1 in the lanes of the mask. */
DEFINE_BINARY(vint, v_count, vint, vmask, vsubq_u32)

DEFINE_BINARY(vfloat, v_only_where, vmask, vfloat, four_where)
DEFINE_BINARY(vfloat, v_zero_where, vmask, vfloat, no_four_where)

/* Not a, and b. */
SIMD_INLINE vint v_and_not(vint a, vint b)
{
    return v_but_not(b, a);
}

/* a * b + c, rounded once. */
SIMD_INLINE vfloat v_multiply_add(vfloat a, vfloat b, vfloat c)
{
    return (vfloat){ vfmaq_f32(c.low, a.low, b.low), vfmaq_f32(c.high, a.high, b.high) };
}

SIMD_INLINE vfloat v_choose(vmask mask, vfloat yes, vfloat no)
{
    return (vfloat){ vbslq_f32(mask.low, yes.low, no.low), vbslq_f32(mask.high, yes.high, no.high) };
}

/* ---- Loads and stores ---- */

SIMD_INLINE vfloat v_load(const float *from)
{
    return (vfloat){ vld1q_f32(from), vld1q_f32(from + 4) };
}

SIMD_INLINE void v_store(float *to, vfloat a)
{
    vst1q_f32(to, a.low);
    vst1q_f32(to + 4, a.high);
}

SIMD_INLINE vfloat v_all(float a)
{
    return (vfloat){ vdupq_n_f32(a), vdupq_n_f32(a) };
}

/* No intrinsic writes past the caches: nothing is streamed. */
enum { STREAM_FROM = INT_MAX };

SIMD_INLINE int64_t v_unaligned(const float *p)
{
    (void)p;
    return 0;
}

SIMD_INLINE void v_stream(float *to, vfloat a)
{
    v_store(to, a);
}

SIMD_INLINE void v_fence(void)
{
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

/* Into the cache, soon. */
SIMD_INLINE void v_prefetch(const float *from)
{
    __builtin_prefetch(from);
}

/* The first `count` numbers, and zeros. */
SIMD_INLINE vfloat v_load_first(const float *from, int64_t count)
{
    float first[LANES] = { 0 };
    if (count >= LANES)
        return v_load(from);
    memcpy(first, from, (size_t)count * sizeof *from);
    return v_load(first);
}

/* The first `count` numbers alone. */
SIMD_INLINE void v_store_first(float *to, vfloat a, int64_t count)
{
    float lanes[LANES];
    if (count >= LANES) {
        v_store(to, a);
        return;
    }
    v_store(lanes, a);
    memcpy(to, lanes, (size_t)count * sizeof *to);
}

SIMD_INLINE vint v_load_words(const void *from)
{
    return (vint){ vld1q_u32(from), vld1q_u32((const uint32_t *)from + 4) };
}

SIMD_INLINE vint v_all_words(uint32_t a)
{
    return (vint){ vdupq_n_u32(a), vdupq_n_u32(a) };
}

SIMD_INLINE vint v_repeat_four(const uint32_t words[4])
{
    return (vint){ vld1q_u32(words), vld1q_u32(words) };
}

/* 0, 1, 2, ... */
SIMD_INLINE vint v_lane_numbers(void)
{
    static const uint32_t numbers[LANES] = { 0, 1, 2, 3, 4, 5, 6, 7 };
    return v_load_words(numbers);
}

SIMD_INLINE void store_two_pairs(uint64_t *to, uint32x4_t pairs)
{
    vst1q_u64(to, vreinterpretq_u64_u32(pairs));
}

/* Numbers of 64 bits, of which the lanes are the lower and the upper halves. */
SIMD_INLINE void v_store_pairs(uint64_t *to, vint lower, vint upper)
{
    store_two_pairs(to, vzip1q_u32(lower.low, upper.low));
    store_two_pairs(to + 2, vzip2q_u32(lower.low, upper.low));
    store_two_pairs(to + 4, vzip1q_u32(lower.high, upper.high));
    store_two_pairs(to + 6, vzip2q_u32(lower.high, upper.high));
}

/* ---- Across lanes ---- */

/* The sum of the lanes of each of four vectors. */
SIMD_INLINE void v_sum_four(float sums[4], vfloat a, vfloat b, vfloat c, vfloat d)
{
    float32x4_t low = vpaddq_f32(vpaddq_f32(a.low, b.low), vpaddq_f32(c.low, d.low));
    float32x4_t high = vpaddq_f32(vpaddq_f32(a.high, b.high), vpaddq_f32(c.high, d.high));
    vst1q_f32(sums, vaddq_f32(low, high));
}

/* In each group of 4 lanes, the word that stands so many lanes further on, and around. */
SIMD_INLINE vint v_turned_by_1(vint a)
{
    return (vint){ vextq_u32(a.low, a.low, 1), vextq_u32(a.high, a.high, 1) };
}

SIMD_INLINE vint v_turned_by_2(vint a)
{
    return (vint){ vextq_u32(a.low, a.low, 2), vextq_u32(a.high, a.high, 2) };
}

SIMD_INLINE vint v_turned_by_3(vint a)
{
    return (vint){ vextq_u32(a.low, a.low, 3), vextq_u32(a.high, a.high, 3) };
}

SIMD_INLINE int64_t v_sum_words(vint a)
{
    return (int64_t)(vaddlvq_u32(a.low) + vaddlvq_u32(a.high));
}

/* A byte for each lane of two masks. */
SIMD_INLINE uint8x16_t bytes_of(vmask a, vmask b)
{
    uint16x8_t first = vuzp1q_u16(vreinterpretq_u16_u32(a.low), vreinterpretq_u16_u32(a.high));
    uint16x8_t second = vuzp1q_u16(vreinterpretq_u16_u32(b.low), vreinterpretq_u16_u32(b.high));
    return vuzp1q_u8(vreinterpretq_u8_u16(first), vreinterpretq_u8_u16(second));
}

/* One bit a lane of 32 lanes. */
SIMD_INLINE uint32_t v_flags(const vmask masks[32 / LANES])
{
    const uint8x16_t bits = vreinterpretq_u8_u64(vdupq_n_u64(UINT64_C(0x8040201008040201)));
    uint8x16_t low = vandq_u8(bytes_of(masks[0], masks[1]), bits);
    uint8x16_t high = vandq_u8(bytes_of(masks[2], masks[3]), bits);
    uint8x16_t pairs = vpaddq_u8(low, high), fours = vpaddq_u8(pairs, pairs);
    return vgetq_lane_u32(vreinterpretq_u32_u8(vpaddq_u8(fours, fours)), 0);
}

SIMD_INLINE float32x4_t first_twos(float32x4_t a, float32x4_t b)
{
    return vcombine_f32(vget_low_f32(a), vget_low_f32(b));
}

SIMD_INLINE float32x4_t last_twos(float32x4_t a, float32x4_t b)
{
    return vcombine_f32(vget_high_f32(a), vget_high_f32(b));
}

/* In each group of 4 lanes: those at even places of a, then of b; those at odd places. */
DEFINE_BINARY(vfloat, v_evens, vfloat, vfloat, vuzp1q_f32)
DEFINE_BINARY(vfloat, v_odds, vfloat, vfloat, vuzp2q_f32)

/* In each group of 4 lanes: the first two of a, then of b; the last two. */
DEFINE_BINARY(vfloat, v_first_twos, vfloat, vfloat, first_twos)
DEFINE_BINARY(vfloat, v_last_twos, vfloat, vfloat, last_twos)

/* The first two of each group of 4 lanes to one place, the last two to another. */
SIMD_INLINE void v_store_twos(float *first, float *last, vfloat a)
{
    vst1q_f32(first, first_twos(a.low, a.high));
    vst1q_f32(last, last_twos(a.low, a.high));
}

SIMD_INLINE void transpose_four(float32x4_t rows[4])
{
    float32x4_t a = vtrn1q_f32(rows[0], rows[1]), b = vtrn2q_f32(rows[0], rows[1]);
    float32x4_t c = vtrn1q_f32(rows[2], rows[3]), d = vtrn2q_f32(rows[2], rows[3]);
    rows[0] = first_twos(a, c);
    rows[1] = first_twos(b, d);
    rows[2] = last_twos(a, c);
    rows[3] = last_twos(b, d);
}

/* Row i of the result is what was in lane i of the rows. */
SIMD_INLINE void v_transpose(vfloat rows[LANES])
{
    float32x4_t quarters[4][4];
    for (int i = 0; i < 4; i++) {
        quarters[0][i] = rows[i].low;
        quarters[1][i] = rows[i + 4].low;
        quarters[2][i] = rows[i].high;
        quarters[3][i] = rows[i + 4].high;
    }
    for (int i = 0; i < 4; i++)
        transpose_four(quarters[i]);
    for (int i = 0; i < 4; i++) {
        rows[i] = (vfloat){ quarters[0][i], quarters[1][i] };
        rows[i + 4] = (vfloat){ quarters[2][i], quarters[3][i] };
    }
}

#endif

#endif
