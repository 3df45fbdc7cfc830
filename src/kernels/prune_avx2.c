/* First prunes in AVX2. */
#include "kernels/loops_avx2.h"
#include "kernels/select.h"
#include "kernels/simd_avx2.h"
#include "kernels/table.h"

#if defined(PRUNI_X86)
#include "kernels/prune_loops.h"
#include "kernels/prune_simd.h"
#endif
