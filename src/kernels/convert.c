/* From any format of elements to any other: the usual pairs have a loop, the others go by way of those. */
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

static float half_to_float(uint16_t half)
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

static uint16_t half_from_float(float value)
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

static float bfloat16_to_float(uint16_t bfloat16)
{
    return float_from_bits((uint32_t)bfloat16 << 16);
}

static uint16_t bfloat16_from_float(float value)
{
    uint32_t bits = float_bits(value);
    if ((bits & 0x7FFFFFFFu) > 0x7F800000u)
        return (uint16_t)(bits >> 16 | 0x40u);
    return (uint16_t)shift_rounding(bits, 16);
}

/* ---- Integers ---- */

static int64_t int64_from_double(double value)
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

/* ---- Loops over elements that lie side by side ---- */

#define TYPE_F32 float
#define TYPE_F64 double
#define TYPE_F16 uint16_t
#define TYPE_BF16 uint16_t
#define TYPE_I64 int64_t
#define TYPE_I32 int32_t
#define TYPE_U8 uint8_t
#define TYPE_BOOL uint8_t

#define DEFINE_LOOP(from, to, converted)                              \
    static void from##_to_##to(void *dst, const void *src, int64_t n) \
    {                                                                 \
        TYPE_##to *d = dst;                                           \
        const TYPE_##from *s = src;                                   \
        for (int64_t i = 0; i < n; i++) {                             \
            TYPE_##from x = s[i];                                     \
            d[i] = converted;                                         \
        }                                                             \
    }

DEFINE_LOOP(F32, F32, x)
DEFINE_LOOP(F32, F64, x)
DEFINE_LOOP(F32, F16, half_from_float(x))
DEFINE_LOOP(F32, BF16, bfloat16_from_float(x))
DEFINE_LOOP(F32, BOOL, x != 0)

DEFINE_LOOP(F64, F32, (float)x)
DEFINE_LOOP(F64, F64, x)
DEFINE_LOOP(F64, I64, int64_from_double(x))
DEFINE_LOOP(F64, I32, int32_from_double(x))
DEFINE_LOOP(F64, U8, uint8_from_double(x))
DEFINE_LOOP(F64, BOOL, x != 0)

DEFINE_LOOP(F16, F32, half_to_float(x))
DEFINE_LOOP(BF16, F32, bfloat16_to_float(x))

DEFINE_LOOP(I64, F32, (float)x)
DEFINE_LOOP(I64, F64, (double)x)
DEFINE_LOOP(I64, I64, x)
DEFINE_LOOP(I64, I32, int32_from_int64(x))
DEFINE_LOOP(I64, U8, (uint8_t)((uint64_t)x &UINT8_MAX))
DEFINE_LOOP(I64, BOOL, x != 0)

DEFINE_LOOP(I32, F32, (float)x)
DEFINE_LOOP(I32, I64, x)
DEFINE_LOOP(U8, F32, x)
DEFINE_LOOP(BOOL, F32, x != 0)

/* ---- Ways: a format that has no loop to another goes to `via` first, and on from there. That is exact, but for F16 and
 * BF16 from wider formats: as in PyTorch they are rounded to F32 first, which can differ from the nearest by one unit where
 * it makes a tie. ---- */

typedef void convert_loop(void *dst, const void *src, int64_t n);

typedef struct ways {
    convert_loop *to[8];
    pruni_format via;
} ways;

#define TO(from, to) [PRUNI_##to] = from##_to_##to

static const ways ways_from[8] = {
    [PRUNI_F32] = { { TO(F32, F32), TO(F32, F64), TO(F32, F16), TO(F32, BF16), TO(F32, BOOL) }, .via = PRUNI_F64 },
    [PRUNI_F64] = { { TO(F64, F32), TO(F64, F64), TO(F64, I64), TO(F64, I32), TO(F64, U8), TO(F64, BOOL) },
                    .via = PRUNI_F32 },
    [PRUNI_F16] = { { TO(F16, F32) }, .via = PRUNI_F32 },
    [PRUNI_BF16] = { { TO(BF16, F32) }, .via = PRUNI_F32 },
    [PRUNI_I64] = { { TO(I64, F32), TO(I64, F64), TO(I64, I64), TO(I64, I32), TO(I64, U8), TO(I64, BOOL) },
                    .via = PRUNI_F32 },
    [PRUNI_I32] = { { TO(I32, F32), TO(I32, I64) }, .via = PRUNI_I64 },
    [PRUNI_U8] = { { TO(U8, F32) }, .via = PRUNI_F32 },
    [PRUNI_BOOL] = { { TO(BOOL, F32) }, .via = PRUNI_F32 },
};

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

/* n <= PIECE elements, at first in pieces[0]; where they are at last. */
static const piece *convert_piece(piece pieces[2], pruni_format to, pruni_format from, int64_t n)
{
    int at = 0;
    do {
        pruni_format next = ways_from[from].to[to] ? to : ways_from[from].via;
        ways_from[from].to[next](&pieces[1 - at], &pieces[at], n);
        from = next;
        at = 1 - at;
    } while (from != to);
    return &pieces[at];
}

#define SIZE_OF(format) [PRUNI_##format] = sizeof(TYPE_##format)

static const int64_t sizes[8] = {
    SIZE_OF(F32), SIZE_OF(F64), SIZE_OF(F16), SIZE_OF(BF16), SIZE_OF(I64), SIZE_OF(I32), SIZE_OF(U8), SIZE_OF(BOOL),
};

/* Gathered, converted, scattered, a piece at a time. */
static void convert_in_pieces(pruni_format to, char *dst, int64_t dst_stride, pruni_format from, const char *src,
                              int64_t src_stride, int64_t n)
{
    piece pieces[2];
    for (int64_t done = 0; done < n; done += PIECE) {
        int64_t count = pruni_smaller(n - done, PIECE);
        pruni_kernel_copy(sizes[from], &pieces[0], 1, src + done * src_stride * sizes[from], src_stride, count);
        const piece *converted = convert_piece(pieces, to, from, count);
        pruni_kernel_copy(sizes[to], dst + done * dst_stride * sizes[to], dst_stride, converted, 1, count);
    }
}

void pruni_kernel_convert(pruni_format to, void *dst, int64_t dst_stride, pruni_format from, const void *src,
                          int64_t src_stride, int64_t n)
{
    convert_loop *loop = ways_from[from].to[to];
    if (loop && dst_stride == 1 && src_stride == 1)
        loop(dst, src, n);
    else
        convert_in_pieces(to, dst, dst_stride, from, src, src_stride, n);
}
