/* Padding with elements of the input itself. */
#include "kernels/internal.h"

static int64_t source_index(int64_t i, int64_t size, pruni_pad_mode mode)
{
    if (i >= 0 && i < size)
        return i;
    switch (mode) {
    case PRUNI_PAD_REFLECT:
        return i < 0 ? -i : 2 * (size - 1) - i;
    case PRUNI_PAD_REPLICATE:
        return i < 0 ? 0 : size - 1;
    case PRUNI_PAD_CIRCULAR:
        break;
    }
    return i < 0 ? i + size : i - size;
}

void pruni_kernel_pad(float *y, const float *x, int64_t planes, const int64_t in[3], const int64_t out[3],
                      const int64_t before[3], pruni_pad_mode mode)
{
    for (int64_t p = 0; p < planes; p++, x += in[0] * in[1] * in[2])
        for (int64_t d = 0; d < out[0]; d++) {
            const float *plane = x + source_index(d - before[0], in[0], mode) * in[1] * in[2];
            for (int64_t h = 0; h < out[1]; h++) {
                const float *row = plane + source_index(h - before[1], in[1], mode) * in[2];
                for (int64_t w = 0; w < out[2]; w++)
                    *y++ = row[source_index(w - before[2], in[2], mode)];
            }
        }
}
