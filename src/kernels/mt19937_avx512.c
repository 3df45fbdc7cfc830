/* The loops of MT19937 in AVX-512. */
#include "kernels/loops_avx512.h"
#include "kernels/table.h"

#include <math.h>

#if defined(PRUNI_X86)
#include "kernels/mt19937_loops.h"
#endif
