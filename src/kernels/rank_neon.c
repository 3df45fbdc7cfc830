/* Counting and listing keys in NEON. */
#include "kernels/simd_neon.h"
#include "kernels/table.h"

#if defined(PRUNI_NEON)
#include "kernels/rank_simd.h"
#endif
