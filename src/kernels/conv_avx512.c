/* Convolution in AVX-512; where a tile is not full in AVX2, whose vectors are shorter. */
#include "kernels/conv_tiles.h"
#include "kernels/simd_avx512.h"
#include "kernels/table.h"

#if defined(PRUNI_X86)
#define SIMD_SHORTER pruni_conv_shapes_avx2
#include "kernels/conv_simd.h"
#endif
