/* Copies in AVX2. */
#include "kernels/simd_avx2.h"
#include "kernels/table.h"

#if defined(PRUNI_X86)
#include "kernels/copy_simd.h"
#endif
