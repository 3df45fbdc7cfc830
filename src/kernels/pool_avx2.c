/* Pooling in AVX2. */
#include "kernels/simd_avx2.h"
#include "kernels/table.h"

#if defined(PRUNI_X86)
#include "kernels/pool_simd.h"
#endif
