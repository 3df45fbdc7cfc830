/* The stops of a scan, from flags of four entries at a time. */

/* The numbers of the bits that are set, a byte each, the lowest first. */
static const uint32_t bits_set[16] = { 0x0, 0x0,    0x1,    0x0100,   0x2,    0x0200,   0x0201,   0x020100,
                                       0x3, 0x0300, 0x0301, 0x030100, 0x0302, 0x030200, 0x030201, 0x03020100 };

SIMD_TARGET int64_t SIMD_NAME(list_stops)(uint8_t stops[PRUNI_STOPS], const uint64_t *first, uint32_t pivot, bool down)
{
    int64_t count = 0;
    for (int64_t i = 0; i < PRUNI_STOPS; i += 4) {
        uint32_t stopping = stops_of_four(down ? first - i - 3 : first + i, pivot, down);
        uint32_t listed = bits_set[stopping] + (uint32_t)i * UINT32_C(0x01010101);
        memcpy(stops + count, &listed, sizeof listed);
        count += __builtin_popcount(stopping);
    }
    return count;
}
