/* First prunes in NEON. */
#include "kernels/select.h"
#include "kernels/simd_neon.h"
#include "kernels/table.h"

#if defined(PRUNI_NEON)
#include "kernels/prune_simd.h"
#endif
