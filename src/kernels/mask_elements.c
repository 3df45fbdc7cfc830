/* Weights times masks, in the weights' own format. */
#include "base/internal.h"
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

static void mask_block(pruni_format format, uint16_t *w, const float *mask, int64_t n)
{
    const uint16_t infinity = format == PRUNI_F16 ? HALF_INFINITY : BFLOAT16_INFINITY;
    if (is_simple(w, mask, n, infinity)) {
        mask_simple(w, mask, n, infinity, format == PRUNI_F16 ? HALF_QUIET : BFLOAT16_QUIET);
        return;
    }
    float values[BLOCK];
    pruni_kernel_convert(PRUNI_F32, values, 1, format, w, 1, n);
    pruni_kernel_multiply(values, 1, mask, 1, values, 1, n);
    pruni_kernel_convert(format, w, 1, PRUNI_F32, values, 1, n);
}

static void mask_halves(pruni_format format, uint16_t *w, const float *mask, int64_t n)
{
    for (int64_t at = 0; at < n; at += BLOCK)
        mask_block(format, w + at, mask + at, pruni_smaller(n - at, BLOCK));
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
    else
        mask_halves(format, w, mask, n);
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
