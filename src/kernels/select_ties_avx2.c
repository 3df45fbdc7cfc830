/* The stops of a scan in AVX2. */
#include "kernels/simd_avx2.h"
#include "kernels/table.h"

#if defined(PRUNI_X86)

#include <string.h>

/* The numbers of the bits that are set, a byte each, the lowest first. */
static const uint32_t bits_set[16] = { 0x0, 0x0,    0x1,    0x0100,   0x2,    0x0200,   0x0201,   0x020100,
                                       0x3, 0x0300, 0x0301, 0x030100, 0x0302, 0x030200, 0x030201, 0x03020100 };

SIMD_TARGET int64_t pruni_list_stops_avx2(uint8_t stops[PRUNI_STOPS], const uint64_t *first, uint32_t pivot, bool down)
{
    const vint limit = v_all_words(pivot);
    int64_t count = 0;
    for (int64_t i = 0; i < PRUNI_STOPS; i += 4) {
        vint entries = v_load_words(down ? first - i - 3 : first + i);
        vint passed; /* by the scan; of the keys, which are the upper halves */
        if (down)
            passed = _mm256_permute4x64_epi64(v_is_less(limit, entries), 0x1b); /* the last is the first */
        else
            passed = v_is_less(entries, limit);
        uint32_t stopping = (uint32_t)~_mm256_movemask_pd(_mm256_castsi256_pd(passed)) & 15;
        uint32_t listed = bits_set[stopping] + (uint32_t)i * UINT32_C(0x01010101);
        memcpy(stops + count, &listed, sizeof listed);
        count += __builtin_popcount(stopping);
    }
    return count;
}

#endif
