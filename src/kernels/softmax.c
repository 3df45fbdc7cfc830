/* Softmax and its logarithm. */
#include "kernels/internal.h"

#include <math.h>

static float maximum(const float *x, int64_t size, int64_t stride)
{
    float largest = -INFINITY;
    for (int64_t i = 0; i < size; i++)
        if (x[i * stride] > largest)
            largest = x[i * stride];
    return largest;
}

static void softmax_row(float *y, const float *x, int64_t size, int64_t stride)
{
    float largest = maximum(x, size, stride);
    double sum = 0;
    for (int64_t i = 0; i < size; i++) {
        y[i * stride] = expf(x[i * stride] - largest);
        sum += (double)y[i * stride];
    }
    float divisor = (float)sum;
    for (int64_t i = 0; i < size; i++)
        y[i * stride] /= divisor;
}

static void log_softmax_row(float *y, const float *x, int64_t size, int64_t stride)
{
    float largest = maximum(x, size, stride);
    double sum = 0;
    for (int64_t i = 0; i < size; i++)
        sum += (double)expf(x[i * stride] - largest);
    /* cppcheck-suppress invalidFunctionArg ; an empty row's -inf goes nowhere */
    float log_sum = (float)log(sum);
    for (int64_t i = 0; i < size; i++)
        y[i * stride] = x[i * stride] - largest - log_sum;
}

static void every_row(float *y, const float *x, int64_t outer, int64_t size, int64_t inner,
                      void (*row)(float *y, const float *x, int64_t size, int64_t stride))
{
    for (int64_t i = 0; i < outer; i++)
        for (int64_t j = 0; j < inner; j++)
            row(y + i * size * inner + j, x + i * size * inner + j, size, inner);
}

void pruni_kernel_softmax(float *y, const float *x, int64_t outer, int64_t size, int64_t inner)
{
    every_row(y, x, outer, size, inner, softmax_row);
}

void pruni_kernel_log_softmax(float *y, const float *x, int64_t outer, int64_t size, int64_t inner)
{
    every_row(y, x, outer, size, inner, log_softmax_row);
}
