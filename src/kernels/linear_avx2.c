/* Linear layers in AVX2. */
#include "kernels/simd_avx2.h"
#include "kernels/table.h"

#if defined(PRUNI_X86)
#include "kernels/linear_simd.h"

#include "kernels/linear_few_simd.h"
#endif
