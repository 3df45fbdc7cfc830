/* Sums, counts, extremes. */
#include "kernels/internal.h"

#include <math.h>

void pruni_kernel_sum(double *sums, int64_t sum_stride, const float *x, int64_t x_stride, int64_t n)
{
    if (sum_stride != 0) {
        for (int64_t i = 0; i < n; i++)
            sums[i * sum_stride] += (double)x[i * x_stride];
        return;
    }
    double sum = *sums;
    for (int64_t i = 0; i < n; i++)
        sum += (double)x[i * x_stride];
    *sums = sum;
}

void pruni_kernel_count(int64_t *counts, int64_t count_stride, const uint8_t *flags, int64_t n)
{
    if (count_stride != 0) {
        for (int64_t i = 0; i < n; i++)
            counts[i * count_stride] += flags[i] != 0;
        return;
    }
    int64_t count = *counts;
    for (int64_t i = 0; i < n; i++)
        count += flags[i] != 0;
    *counts = count;
}

#define DEFINE_EXTREME(name, operator)                                                              \
    void name(float *extremes, int64_t extreme_stride, const float *x, int64_t x_stride, int64_t n) \
    {                                                                                               \
        for (int64_t i = 0; i < n; i++) {                                                           \
            float value = x[i * x_stride];                                                          \
            if (value operator extremes[i * extreme_stride] || isnan(value))                        \
                extremes[i * extreme_stride] = value;                                               \
        }                                                                                           \
    }

DEFINE_EXTREME(pruni_kernel_min, <)
DEFINE_EXTREME(pruni_kernel_max, >)

void pruni_kernel_argmax(pruni_best *best, const float *x, int64_t stride, int64_t n, int64_t first)
{
    for (int64_t i = 0; i < n && !isnan(best->value); i++) {
        float value = x[i * stride];
        if (value > best->value || isnan(value))
            *best = (pruni_best){ value, first + i };
    }
}
