/* Comparison of numbers. */
#include "kernels/internal.h"

#include <math.h>

bool pruni_kernel_equal_float(const float *a, int64_t a_stride, const float *b, int64_t b_stride, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (!(a[i * a_stride] == b[i * b_stride]))
            return false;
    return true;
}

bool pruni_kernel_equal_double(const double *a, const double *b, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (!(a[i] == b[i]))
            return false;
    return true;
}

bool pruni_kernel_equal_int64(const int64_t *a, const int64_t *b, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (a[i] != b[i])
            return false;
    return true;
}

static bool is_close(double a, double b, double rtol, double atol, bool equal_nan)
{
    if (a == b || (equal_nan && isnan(a) && isnan(b)))
        return true;
    double difference = fabs(a - b);
    return isfinite(difference) && difference <= atol + fabs(rtol * b);
}

bool pruni_kernel_all_close(const float *a, int64_t a_stride, const float *b, int64_t b_stride, int64_t n, double rtol,
                            double atol, bool equal_nan)
{
    for (int64_t i = 0; i < n; i++)
        if (!is_close((double)a[i * a_stride], (double)b[i * b_stride], rtol, atol, equal_nan))
            return false;
    return true;
}
