/* From any format of elements to any other. */
#include "base/internal.h"
#include "kernels/internal.h"

#include <string.h>

/* ---- Half and bfloat16 as bits ---- */

static uint32_t float_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float float_from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* bits / 2^shift to the nearest integer, ties to even; 0 < shift < 32. */
static uint32_t shift_rounding(uint32_t bits, uint32_t shift)
{
    uint32_t quotient = bits >> shift;
    uint32_t rest = bits & ((UINT32_C(1) << shift) - 1);
    uint32_t half = UINT32_C(1) << (shift - 1);
    return quotient + (rest > half || (rest == half && (quotient & 1)));
}

float pruni_half_to_float(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
    uint32_t exponent = (half >> 10) & 0x1Fu;
    uint32_t fraction = half & 0x3FFu;
    if (exponent == 0x1F)
        return float_from_bits(sign | 0x7F800000u | (fraction ? 0x400000u : 0) | fraction << 13);
    if (exponent == 0)
        return float_from_bits(sign | float_bits((float)fraction * 0x1p-24f));
    return float_from_bits(sign | (exponent + 112) << 23 | fraction << 13);
}

uint16_t pruni_half_from_float(float value)
{
    uint32_t bits = float_bits(value);
    uint32_t sign = bits >> 16 & 0x8000u;
    uint32_t magnitude = bits & 0x7FFFFFFFu;
    uint32_t half;
    if (magnitude > 0x7F800000u) /* NaN */
        half = 0x7E00u | (magnitude >> 13 & 0x3FFu);
    else if (magnitude >= 0x477FF000u) /* from 65520 on nearest is infinity */
        half = 0x7C00u;
    else if (magnitude >= 0x38800000u) /* from 2^-14 on normal */
        half = shift_rounding(magnitude - 0x38000000u, 13);
    else if (magnitude >= 0x33000000u) /* from 2^-25 on subnormal, in units of 2^-24 */
        half = shift_rounding((magnitude & 0x7FFFFFu) | 0x800000u, 126 - (magnitude >> 23));
    else
        half = 0;
    return (uint16_t)(sign | half);
}

float pruni_bfloat16_to_float(uint16_t bfloat16)
{
    return float_from_bits((uint32_t)bfloat16 << 16);
}

uint16_t pruni_bfloat16_from_float(float value)
{
    uint32_t bits = float_bits(value);
    if ((bits & 0x7FFFFFFFu) > 0x7F800000u)
        return (uint16_t)(bits >> 16 | 0x40u);
    return (uint16_t)shift_rounding(bits, 16);
}

/* ---- Integers ---- */

int64_t pruni_int64_from_double(double value)
{
    if (value != value)
        return 0;
    if (value >= 0x1p63)
        return INT64_MAX;
    return value < -0x1p63 ? INT64_MIN : (int64_t)value;
}

static int32_t int32_from_double(double value)
{
    if (value != value)
        return 0;
    if (value >= 0x1p31)
        return INT32_MAX;
    return value <= -0x1p31 - 1 ? INT32_MIN : (int32_t)value;
}

static uint8_t uint8_from_double(double value)
{
    if (!(value > -1))
        return 0;
    if (value >= 256)
        return UINT8_MAX;
    return (uint8_t)value;
}

static int32_t int32_from_int64(int64_t value)
{
    uint32_t low = (uint32_t)((uint64_t)value & UINT32_MAX);
    int32_t result;
    memcpy(&result, &low, sizeof result);
    return result;
}

/* ---- Loading: each format as float, double or int64, whichever holds it exactly ---- */

#define TYPE_F32 float
#define TYPE_F64 double
#define TYPE_F16 uint16_t
#define TYPE_BF16 uint16_t
#define TYPE_I64 int64_t
#define TYPE_I32 int32_t
#define TYPE_U8 uint8_t
#define TYPE_BOOL uint8_t

#define LOAD_F32(element) (element)
#define LOAD_F64(element) (element)
#define LOAD_F16(element) pruni_half_to_float(element)
#define LOAD_BF16(element) pruni_bfloat16_to_float(element)
#define LOAD_I64(element) (element)
#define LOAD_I32(element) ((int64_t)(element))
#define LOAD_U8(element) ((int64_t)(element))
#define LOAD_BOOL(element) ((int64_t)((element) != 0))

/* ---- Storing. Half and bfloat16 go through float32 from wider formats too, as in PyTorch: a float64 or int64 is
 * rounded twice, which can differ from the nearest by one unit where the first rounding makes a tie. ---- */

#define STORE_F32(value) ((float)(value))
#define STORE_F64(value) ((double)(value))
#define STORE_F16(value) pruni_half_from_float((float)(value))
#define STORE_BF16(value) pruni_bfloat16_from_float((float)(value))
#define STORE_BOOL(value) ((uint8_t)((value) != 0))

#define STORE_I64_FLOATING(value) pruni_int64_from_double((double)(value))
#define STORE_I32_FLOATING(value) int32_from_double((double)(value))
#define STORE_U8_FLOATING(value) uint8_from_double((double)(value))

#define STORE_I64_INTEGER(value) (value)
#define STORE_I32_INTEGER(value) int32_from_int64(value)
#define STORE_U8_INTEGER(value) ((uint8_t)((uint64_t)(value)&UINT8_MAX))

/* ---- One loop for each pair, over elements that lie side by side ---- */

#define DEFINE_LOOP(from, to, store)                                  \
    static void from##_to_##to(void *dst, const void *src, int64_t n) \
    {                                                                 \
        TYPE_##to *d = dst;                                           \
        const TYPE_##from *s = src;                                   \
        for (int64_t i = 0; i < n; i++)                               \
            d[i] = store(LOAD_##from(s[i]));                          \
    }

#define DEFINE_LOOPS(from, kind)             \
    DEFINE_LOOP(from, F32, STORE_F32)        \
    DEFINE_LOOP(from, F64, STORE_F64)        \
    DEFINE_LOOP(from, F16, STORE_F16)        \
    DEFINE_LOOP(from, BF16, STORE_BF16)      \
    DEFINE_LOOP(from, I64, STORE_I64_##kind) \
    DEFINE_LOOP(from, I32, STORE_I32_##kind) \
    DEFINE_LOOP(from, U8, STORE_U8_##kind)   \
    DEFINE_LOOP(from, BOOL, STORE_BOOL)

DEFINE_LOOPS(F32, FLOATING)
DEFINE_LOOPS(F64, FLOATING)
DEFINE_LOOPS(F16, FLOATING)
DEFINE_LOOPS(BF16, FLOATING)
DEFINE_LOOPS(I64, INTEGER)
DEFINE_LOOPS(I32, INTEGER)
DEFINE_LOOPS(U8, INTEGER)
DEFINE_LOOPS(BOOL, INTEGER)

#define LOOPS_FROM(from)                                                                                         \
    [PRUNI_##from] = { [PRUNI_F32] = from##_to_F32,   [PRUNI_F64] = from##_to_F64,  [PRUNI_F16] = from##_to_F16, \
                       [PRUNI_BF16] = from##_to_BF16, [PRUNI_I64] = from##_to_I64,  [PRUNI_I32] = from##_to_I32, \
                       [PRUNI_U8] = from##_to_U8,     [PRUNI_BOOL] = from##_to_BOOL }

typedef void convert_loop(void *dst, const void *src, int64_t n);

static convert_loop *const loops[8][8] = {
    /* [from][to] */
    LOOPS_FROM(F32), LOOPS_FROM(F64), LOOPS_FROM(F16), LOOPS_FROM(BF16),
    LOOPS_FROM(I64), LOOPS_FROM(I32), LOOPS_FROM(U8),  LOOPS_FROM(BOOL),
};

/* ---- Strides: gathered, converted, scattered, a piece at a time ---- */

enum { PIECE = 256 };

#define PIECE_OF(format) TYPE_##format format[PIECE];

typedef union piece {
    PIECE_OF(F32)
    PIECE_OF(F64)
    PIECE_OF(F16)
    PIECE_OF(BF16)
    PIECE_OF(I64)
    PIECE_OF(I32)
    PIECE_OF(U8)
    PIECE_OF(BOOL)
} piece;

#define SIZE_OF(format) [PRUNI_##format] = sizeof(TYPE_##format)

static const int64_t sizes[8] = {
    SIZE_OF(F32), SIZE_OF(F64), SIZE_OF(F16), SIZE_OF(BF16), SIZE_OF(I64), SIZE_OF(I32), SIZE_OF(U8), SIZE_OF(BOOL),
};

static void convert_strided(pruni_format to, char *dst, int64_t dst_stride, pruni_format from, const char *src,
                            int64_t src_stride, int64_t n)
{
    piece gathered, converted;
    for (int64_t done = 0; done < n; done += PIECE) {
        int64_t count = pruni_smaller(n - done, PIECE);
        pruni_kernel_copy(sizes[from], &gathered, 1, src + done * src_stride * sizes[from], src_stride, count);
        loops[from][to](&converted, &gathered, count);
        pruni_kernel_copy(sizes[to], dst + done * dst_stride * sizes[to], dst_stride, &converted, 1, count);
    }
}

void pruni_kernel_convert(pruni_format to, void *dst, int64_t dst_stride, pruni_format from, const void *src,
                          int64_t src_stride, int64_t n)
{
    if (dst_stride == 1 && src_stride == 1)
        loops[from][to](dst, src, n);
    else
        convert_strided(to, dst, dst_stride, from, src, src_stride, n);
}
