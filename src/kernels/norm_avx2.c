/* Norms in AVX2. */
#include "kernels/simd_avx2.h"
#include "kernels/table.h"

#include <math.h>

#if defined(PRUNI_X86)
#include "kernels/norm_simd.h"
#endif
