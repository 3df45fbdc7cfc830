/* Linear layers in NEON. */
#include "kernels/simd_neon.h"
#include "kernels/table.h"

#if defined(PRUNI_NEON)

#include "kernels/linear_few_simd.h"
#include "kernels/linear_simd.h"

SIMD_TARGET void SIMD_NAME(linear)(const pruni_linear *l)
{
    if (l->rows == 1 && l->out >= SINGLE)
        single_row(l);
    else if (l->rows <= PRUNI_LINEAR_FEW || l->in == 0)
        few_rows(l);
    else
        many_rows(l);
}

#endif
