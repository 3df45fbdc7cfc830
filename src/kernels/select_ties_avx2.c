/* The stops of a scan in AVX2. */
#include "kernels/simd_avx2.h"
#include "kernels/table.h"

#if defined(PRUNI_X86)

#include <string.h>

/* One bit for each of four entries, in the order of the scan. */
SIMD_INLINE uint32_t stops_of_four(const uint64_t *four, uint32_t pivot, bool down)
{
    vint entries = v_load_words(four), limit = v_all_words(pivot);
    vint passed; /* by the scan; of the keys, which are the upper halves */
    if (down)
        passed = _mm256_permute4x64_epi64(v_is_less(limit, entries), 0x1b); /* the last is the first */
    else
        passed = v_is_less(entries, limit);
    return (uint32_t)~_mm256_movemask_pd(_mm256_castsi256_pd(passed)) & 15;
}

#include "kernels/select_ties_simd.h"

#endif
