/* Numeric loops over raw pointers, sizes and strides: no allocation, no validation, nothing that fails. One subject per
 * file; this header lists them all. */
#ifndef PRUNI_KERNELS_INTERNAL_H
#define PRUNI_KERNELS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- Random numbers (mt19937.c) ---- */

enum { PRUNI_MT19937_WORDS = 624 };

/* init_genrand of 2002. */
void pruni_kernel_mt19937_seed(uint32_t state[PRUNI_MT19937_WORDS], uint32_t seed);

/* The next 624 words. */
void pruni_kernel_mt19937_twist(uint32_t state[PRUNI_MT19937_WORDS]);

/* Words of the state into draws; may be done in place. */
void pruni_kernel_mt19937_temper(uint32_t *draws, const uint32_t *words, int64_t n);

/* n floats in [0, 1), one draw each, 24 bits. */
void pruni_kernel_uniform_float(float *out, const uint32_t *draws, int64_t n);

/* n doubles in [0, 1), two draws each, 53 bits. */
void pruni_kernel_uniform_double(double *out, const uint32_t *draws, int64_t n);

/* n floats in [from, to), one draw each: fmaf(u, to - from, from), where a value that rounds up to `to` becomes `from`. */
void pruni_kernel_uniform_range(float *out, int64_t stride, const uint32_t *draws, int64_t n, float from, float to);

#endif
