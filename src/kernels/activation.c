/* Activations, element by element. */
#include "kernels/table.h"

#include <math.h>

void pruni_relu_portable(float *y, const float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = x[i] < 0 ? 0 : x[i];
}

void pruni_sigmoid_portable(float *y, const float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = 1.0f / (1.0f + expf(-x[i]));
}

void pruni_tanh_portable(float *y, const float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = tanhf(x[i]);
}

/* Where the numbers do not lie side by side, they are brought together, a few at a time, so that their bits are the
 * same. */
static void in_runs(float *y, int64_t y_stride, const float *x, int64_t x_stride, int64_t n,
                    pruni_kernel_unary_run *run)
{
    enum { FEW = 64 };
    if (y_stride == 1 && x_stride == 1) {
        run(y, x, n);
        return;
    }
    for (int64_t done = 0; done < n; done += FEW) {
        float numbers[FEW];
        const int64_t count = n - done < FEW ? n - done : FEW;
        for (int64_t i = 0; i < count; i++)
            numbers[i] = x[(done + i) * x_stride];
        run(numbers, numbers, count);
        for (int64_t i = 0; i < count; i++)
            y[(done + i) * y_stride] = numbers[i];
    }
}

void pruni_kernel_relu(float *y, int64_t y_stride, const float *x, int64_t x_stride, int64_t n)
{
    in_runs(y, y_stride, x, x_stride, n, pruni_kernels_used()->relu);
}

void pruni_kernel_sigmoid(float *y, int64_t y_stride, const float *x, int64_t x_stride, int64_t n)
{
    in_runs(y, y_stride, x, x_stride, n, pruni_kernels_used()->sigmoid);
}

void pruni_kernel_tanh(float *y, int64_t y_stride, const float *x, int64_t x_stride, int64_t n)
{
    in_runs(y, y_stride, x, x_stride, n, pruni_kernels_used()->tanh);
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
