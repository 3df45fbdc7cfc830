/* Activations, element by element. */
#include "kernels/internal.h"

#include <math.h>

void pruni_kernel_relu(float *y, int64_t y_stride, const float *x, int64_t x_stride, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        float value = x[i * x_stride];
        y[i * y_stride] = value < 0 ? 0 : value;
    }
}

void pruni_kernel_sigmoid(float *y, int64_t y_stride, const float *x, int64_t x_stride, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i * y_stride] = 1.0f / (1.0f + expf(-x[i * x_stride]));
}

void pruni_kernel_tanh(float *y, int64_t y_stride, const float *x, int64_t x_stride, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i * y_stride] = tanhf(x[i * x_stride]);
}

/* x · Φ(x) with Φ(x) = erfc(−x / √2) / 2, which keeps its digits where 1 + erf(x / √2) would lose them. */
void pruni_kernel_gelu(float *y, int64_t y_stride, const float *x, int64_t x_stride, int64_t n)
{
    const float half_root = 0.70710678f;
    for (int64_t i = 0; i < n; i++) {
        float value = x[i * x_stride];
        y[i * y_stride] = 0.5f * value * erfcf(-value * half_root);
    }
}
