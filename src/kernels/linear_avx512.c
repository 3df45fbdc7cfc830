/* Linear layers in AVX-512. */
#include "kernels/simd_avx512.h"
#include "kernels/table.h"

#if defined(PRUNI_X86)

#include "kernels/linear_simd.h"

/* Whether wide vectors of rows would be as full as narrow ones. */
static bool fills_vectors(int64_t rows)
{
    return rows % LANES == 0 || rows % LANES > LANES / 2;
}

/* The same sums in the same order as AVX2: of a few rows it is as fast. */
SIMD_TARGET void SIMD_NAME(linear)(const pruni_linear *l)
{
    if (l->rows <= PRUNI_LINEAR_FEW || l->in == 0 || !fills_vectors(l->rows))
        pruni_linear_avx2(l);
    else
        many_rows(l);
}

#endif
