/* Products in NEON. */
#include "kernels/simd_neon.h"
#include "kernels/table.h"

#if defined(PRUNI_NEON)
#include "kernels/elementwise_simd.h"
#endif
