/* The sieve in AVX2. */
#include "kernels/simd_avx2.h"
#include "kernels/sieve.h"
#include "kernels/table.h"

#if defined(PRUNI_X86)
#include "kernels/sieve_simd.h"
#endif
