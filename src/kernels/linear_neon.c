/* Linear layers in NEON. */
#include "kernels/simd_neon.h"
#include "kernels/table.h"

#if defined(PRUNI_NEON)
#include "kernels/linear_simd.h"

#include "kernels/linear_few_simd.h"
#endif
