/* Activations in AVX-512. */
#include "kernels/simd_avx512.h"
#include "kernels/table.h"

#if defined(PRUNI_X86)
#include "kernels/activation_simd.h"
#endif
