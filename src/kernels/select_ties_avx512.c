/* The stops of a scan in AVX-512. */
#include "kernels/simd_avx512.h"
#include "kernels/table.h"

#if defined(PRUNI_X86)

#include <string.h>

/* One bit for each of eight entries, in the order of the scan. */
SIMD_INLINE uint32_t stops_of_eight(const uint64_t *eight, uint32_t pivot, bool down)
{
    const __m512i entries = _mm512_loadu_si512(eight), least = _mm512_set1_epi64((int64_t)((uint64_t)pivot << 32));
    if (!down)
        return _mm512_cmpge_epu64_mask(entries, least);
    const __m512i last_first = _mm512_permutexvar_epi64(_mm512_setr_epi64(7, 6, 5, 4, 3, 2, 1, 0), entries);
    return _mm512_cmple_epu64_mask(last_first, _mm512_or_si512(least, _mm512_set1_epi64(UINT32_MAX)));
}

/* The numbers of the bits that are set, a byte each, the lowest first. */
SIMD_INLINE uint64_t bits_set(uint32_t bits)
{
    return _pext_u64(UINT64_C(0x0706050403020100), _pdep_u64(bits, UINT64_C(0x0101010101010101)) * 0xff);
}

SIMD_TARGET int64_t SIMD_NAME(list_stops)(uint8_t stops[PRUNI_STOPS], const uint64_t *first, uint32_t pivot, bool down)
{
    int64_t count = 0;
    for (int64_t i = 0; i < PRUNI_STOPS; i += 8) {
        uint32_t stopping = stops_of_eight(down ? first - i - 7 : first + i, pivot, down);
        uint64_t listed = bits_set(stopping) + (uint64_t)i * UINT64_C(0x0101010101010101);
        memcpy(stops + count, &listed, sizeof listed);
        count += __builtin_popcount(stopping);
    }
    return count;
}

#endif
