/* Convolution in AVX2. */
#include "kernels/conv_tiles.h"
#include "kernels/simd_avx2.h"
#include "kernels/table.h"

#if defined(PRUNI_X86)
#include "kernels/conv_simd.h"
#endif
