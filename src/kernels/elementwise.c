/* Arithmetic on two operands. Where all lie side by side the loops are ones that compilers turn into vectors; in place has
 * a loop of its own, as there the arrays are known to overlap. */
#include "kernels/table.h"

#define DEFINE_BINARY(name, operator)                                                                             \
    void name(float *out, int64_t out_stride, const float *a, int64_t a_stride, const float *b, int64_t b_stride, \
              int64_t n)                                                                                          \
    {                                                                                                             \
        if (out_stride != 1 || a_stride != 1 || b_stride != 1) {                                                  \
            for (int64_t i = 0; i < n; i++)                                                                       \
                out[i * out_stride] = a[i * a_stride] operator b[i * b_stride];                                   \
        } else if (out == a) {                                                                                    \
            for (int64_t i = 0; i < n; i++)                                                                       \
                out[i] = out[i] operator b[i];                                                                    \
        } else {                                                                                                  \
            for (int64_t i = 0; i < n; i++)                                                                       \
                out[i] = a[i] operator b[i];                                                                      \
        }                                                                                                         \
    }

DEFINE_BINARY(pruni_kernel_add, +)
DEFINE_BINARY(pruni_kernel_subtract, -)
DEFINE_BINARY(pruni_kernel_divide, /)

void pruni_kernel_multiply(float *out, int64_t out_stride, const float *a, int64_t a_stride, const float *b,
                           int64_t b_stride, int64_t n)
{
    if (out_stride == 1 && a_stride == 1 && b_stride == 1) {
        pruni_kernels_used()->multiply(out, a, b, n);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        out[i * out_stride] = a[i * a_stride] * b[i * b_stride];
}

void pruni_multiply_portable(float *out, const float *a, const float *b, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = a[i] * b[i];
}
