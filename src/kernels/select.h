/* What the selection kernels share. */
#ifndef PRUNI_KERNELS_SELECT_H
#define PRUNI_KERNELS_SELECT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* What is compared instead of floats: keys of 31 bits that rise in the order of choice, magnitudes rising with all NaNs
 * alike at the end, or, largest first, the reverse. */
static inline uint32_t pruni_select_key(float x, bool largest)
{
    const uint32_t nan = 0x7f800001u; /* the bits of the least NaN */
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits &= 0x7fffffffu;
    uint32_t key = bits < nan ? bits : nan;
    return largest ? key ^ 0x7fffffffu : key;
}

/* 1, unknown to the compiler: products with it are made, and make signalling NaNs quiet as those with any mask. */
static inline float pruni_one(void)
{
    volatile float one = 1;
    return one;
}

/* Entries are a key in the upper 32 bits, which alone is compared, above anything. The k that come first move to the
 * front, the last of them to a[0]; 1 ≤ k ≤ n. (select_ties.c) */
void pruni_kernel_heap_select(uint64_t *a, int64_t n, int64_t k);

#endif
