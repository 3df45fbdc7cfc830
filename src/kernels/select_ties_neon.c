/* The stops of a scan in NEON. */
#include "kernels/simd_neon.h"
#include "kernels/table.h"

#if defined(PRUNI_NEON)

/* One bit for each of four entries, in the order of the scan. */
SIMD_INLINE uint32_t stops_of_four(const uint64_t *four, uint32_t pivot, bool down)
{
    static const uint32_t upwards[4] = { 1, 2, 4, 8 }, downwards[4] = { 8, 4, 2, 1 };
    vint entries = v_load_words(four);
    uint32x4_t keys = vuzp2q_u32(entries.low, entries.high), limit = vdupq_n_u32(pivot);
    uint32x4_t stopping = down ? vcleq_u32(keys, limit) : vcgeq_u32(keys, limit);
    return vaddvq_u32(vandq_u32(stopping, vld1q_u32(down ? downwards : upwards)));
}

#include "kernels/select_ties_simd.h"

#endif
