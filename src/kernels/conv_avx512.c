/* Convolution in AVX-512. */
#include "kernels/conv_tiles.h"
#include "kernels/simd_avx512.h"
#include "kernels/table.h"

#if defined(PRUNI_X86)
#include "kernels/conv_simd.h"
#endif
