/* The sieve in NEON. */
#include "kernels/simd_neon.h"
#include "kernels/sieve.h"
#include "kernels/table.h"

#if defined(PRUNI_NEON)
#include "kernels/sieve_simd.h"
#endif
