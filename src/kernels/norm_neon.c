/* Norms in NEON. */
#include "kernels/simd_neon.h"
#include "kernels/table.h"

#include <math.h>

#if defined(PRUNI_NEON)
#include "kernels/norm_simd.h"
#endif
