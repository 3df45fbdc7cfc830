/* Convolution in NEON. */
#include "kernels/conv_tiles.h"
#include "kernels/simd_neon.h"
#include "kernels/table.h"

#if defined(PRUNI_NEON)
#include "kernels/conv_simd.h"
#endif
