/* Singular values by one-sided Jacobi rotations (Hestenes): columns are rotated in pairs until all are orthogonal; their
 * lengths are the singular values. */
#include "kernels/internal.h"

#include <math.h>

enum { MAX_SWEEPS = 60 };

static const double tiny = 1e-24; /* squared: cosines below 1e-12, and columns that much shorter than the matrix */

static double dot(const double *a, const double *b, int64_t n)
{
    double lanes[4] = { 0 };
    int64_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (int lane = 0; lane < 4; lane++)
            lanes[lane] += a[i + lane] * b[i + lane];
    for (; i < n; i++)
        lanes[0] += a[i] * b[i];
    return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
}

static void rotate(double *a, double *b, int64_t n, double cosine, double sine)
{
    for (int64_t i = 0; i < n; i++) {
        double x = a[i];
        double y = b[i];
        a[i] = cosine * x - sine * y;
        b[i] = sine * x + cosine * y;
    }
}

/* Makes two columns orthogonal; false if they were. */
static bool orthogonalise(double *a, double *b, int64_t n, double negligible)
{
    double aa = dot(a, a, n);
    double bb = dot(b, b, n);
    double ab = dot(a, b, n);
    if (aa <= negligible || bb <= negligible || ab * ab <= tiny * aa * bb)
        return false;
    double zeta = (bb - aa) / (2 * ab);
    double tangent = copysign(1.0, zeta) / (fabs(zeta) + sqrt(1 + zeta * zeta));
    double cosine = 1 / sqrt(1 + tangent * tangent);
    rotate(a, b, n, cosine, cosine * tangent);
    return true;
}

bool pruni_kernel_nuclear_norm(double *sum, double *columns, int64_t count, int64_t length)
{
    double squares = dot(columns, columns, count * length);
    if (isnan(squares))
        return false;
    double total = isinf(squares) ? NAN : 0;
    bool rotated = !isnan(total);
    for (int sweep = 0; rotated && sweep < MAX_SWEEPS; sweep++) {
        rotated = false;
        for (int64_t i = 0; i < count; i++)
            for (int64_t j = i + 1; j < count; j++)
                if (orthogonalise(columns + i * length, columns + j * length, length, tiny * squares))
                    rotated = true;
    }
    for (int64_t i = 0; i < count; i++)
        total += sqrt(dot(columns + i * length, columns + i * length, length));
    *sum = total;
    return true;
}
