/* Counting and listing keys in AVX2. */
#include "kernels/simd_avx2.h"
#include "kernels/table.h"

#if defined(PRUNI_X86)
#include "kernels/rank_simd.h"
#endif
