/* Weights times masks, in the weights' own format. */
#include "kernels/internal.h"

#include <string.h>

/* ---- Half and bfloat16: masks of 0 and 1 change bits, others go through float ---- */

/* The bits of an infinity: what is above them is NaN. The highest bit below them makes a NaN a quiet one. */
enum { HALF_INFINITY = 0x7C00, BFLOAT16_INFINITY = 0x7F80, HALF_QUIET = 0x0200, BFLOAT16_QUIET = 0x0040 };

enum { BLOCK = 1024 };

static uint32_t float_bits(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* Whether every mask is 1, or 0 for a finite number. */
static bool is_simple(const uint16_t *w, const float *mask, int64_t n, uint16_t infinity)
{
    int32_t others = 0;
    for (int64_t i = 0; i < n; i++) {
        bool finite = (w[i] & 0x7FFFu) < infinity;
        others += !((mask[i] == 1) | ((float_bits(mask[i]) == 0) & finite));
    }
    return others == 0;
}

static void mask_simple(uint16_t *w, const float *mask, int64_t n, uint16_t infinity, uint16_t quiet)
{
    for (int64_t i = 0; i < n; i++) {
        uint16_t kept = mask[i] == 1 ? 0xFFFFu : 0x8000u;
        uint16_t quieted = (w[i] & 0x7FFFu) > infinity ? quiet : 0;
        w[i] = (uint16_t)((w[i] | quieted) & kept);
    }
}

#define DEFINE_MASK_LOOP(name, infinity, quiet, to_float, from_float) \
    static void name(uint16_t *w, const float *mask, int64_t n)       \
    {                                                                 \
        if (is_simple(w, mask, n, infinity)) {                        \
            mask_simple(w, mask, n, infinity, quiet);                 \
            return;                                                   \
        }                                                             \
        for (int64_t i = 0; i < n; i++)                               \
            if (mask[i] == 1)                                         \
                w[i] |= (w[i] & 0x7FFFu) > (infinity) ? (quiet) : 0u; \
            else                                                      \
                w[i] = from_float(mask[i] * to_float(w[i]));          \
    }

DEFINE_MASK_LOOP(mask_half, HALF_INFINITY, HALF_QUIET, pruni_half_to_float, pruni_half_from_float)
DEFINE_MASK_LOOP(mask_bfloat16, BFLOAT16_INFINITY, BFLOAT16_QUIET, pruni_bfloat16_to_float, pruni_bfloat16_from_float)

static void in_blocks(void (*loop)(uint16_t *, const float *, int64_t), uint16_t *w, const float *mask, int64_t n)
{
    for (int64_t at = 0; at < n; at += BLOCK)
        loop(w + at, mask + at, n - at < BLOCK ? n - at : BLOCK);
}

/* ---- All formats ---- */

static void mask_double(double *w, const float *mask, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        w[i] = (double)mask[i] * w[i];
}

void pruni_kernel_mask_elements(pruni_format format, void *w, const float *mask, int64_t n)
{
    if (format == PRUNI_F32)
        pruni_kernel_multiply(w, 1, mask, 1, w, 1, n);
    else if (format == PRUNI_F64)
        mask_double(w, mask, n);
    else if (format == PRUNI_F16)
        in_blocks(mask_half, w, mask, n);
    else
        in_blocks(mask_bfloat16, w, mask, n);
}

int64_t pruni_kernel_count_zero_elements(pruni_format format, const void *w, int64_t n)
{
    int64_t zeros = 0;
    if (format == PRUNI_F32)
        for (int64_t i = 0; i < n; i++)
            zeros += ((const float *)w)[i] == 0;
    else if (format == PRUNI_F64)
        for (int64_t i = 0; i < n; i++)
            zeros += ((const double *)w)[i] == 0;
    else
        for (int64_t i = 0; i < n; i++)
            zeros += (((const uint16_t *)w)[i] & 0x7FFFu) == 0;
    return zeros;
}
