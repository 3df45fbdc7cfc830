/* What selection compares instead of floats. */
#ifndef PRUNI_KERNELS_SELECT_KEY_H
#define PRUNI_KERNELS_SELECT_KEY_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Keys have 31 bits and rise in the order of choice: magnitudes rising with all NaNs alike at the end, or, largest
 * first, the reverse. */
static inline uint32_t pruni_select_key(float x, bool largest)
{
    const uint32_t nan = 0x7f800001u; /* the bits of the least NaN */
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits &= 0x7fffffffu;
    uint32_t key = bits < nan ? bits : nan;
    return largest ? key ^ 0x7fffffffu : key;
}

#endif
