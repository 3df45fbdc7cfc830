/* The kernels that have variants. Tests and measurements take them from here: tests/test_kernels.c has a test for each row
 * of the table, which compares every variant that the machine can run with the reference: bit for bit, but for the sums of
 * dense layers, which may differ by rounding. */
#ifndef PRUNI_KERNELS_TABLE_H
#define PRUNI_KERNELS_TABLE_H

#include "base/internal.h"
#include "kernels/internal.h"

/* ROW(kernel, type, reference, AVX2, AVX-512, NEON): pruni_<kernel>_<variant> is of type pruni_kernel_<type>, and
 * pruni_kernel_<kernel> calls the one that is used. A variant that gains nothing names the one before it again: there is
 * none in NEON where compilers make the same of the reference, as NEON is part of its target. The references are in the
 * kernel's file, variants in <file>_<variant>.c; other processors have the references alone. */
#define PRUNI_KERNEL_TABLE(ROW)                                            \
    ROW(copy_bytes, copy_run, portable, avx2, avx2, portable)              \
    ROW(multiply, binary_run, portable, avx2, avx2, neon)                  \
    ROW(sieve, sieve_fn, portable, avx2, avx2, neon)                       \
    ROW(prune_channels, by_channels, portable, avx2, avx2, portable)       \
    ROW(prune_by_mask, by_mask, portable, avx2, avx2, neon)                \
    ROW(prune_n_of_four, of_four, portable, avx2, avx2, neon)              \
    ROW(norm_two_run, two_run, portable, avx2, avx2, neon)                 \
    ROW(norm_channels, channel_norms, portable, avx2, avx2, neon)          \
    ROW(list_run, list_fn, portable, avx2, avx2, neon)                     \
    ROW(list_stops, stops, portable, avx2, avx512, neon)                   \
    ROW(count_below, count_keys, portable, avx2, avx2, neon)               \
    ROW(list_between, list_keys, portable, avx2, avx2, neon)               \
    ROW(mt19937_twist, twist, portable, avx2, avx512, portable)            \
    ROW(mt19937_temper, temper, portable, avx2, avx512, portable)          \
    ROW(uniform_float, uniform_float_fn, portable, avx2, avx512, portable) \
    ROW(uniform_range, uniform_range_fn, portable, avx2, avx512, portable) \
    ROW(conv, conv_fn, portable, avx2, avx512, neon)                       \
    ROW(max_pool, max_pool_fn, portable, avx2, avx2, neon)                 \
    ROW(linear, linear_fn, portable, avx2, avx512, neon)                   \
    ROW(relu, unary_run, portable, avx2, avx512, neon)                     \
    ROW(sigmoid, unary_run, portable, avx2, avx512, neon)                  \
    ROW(tanh, unary_run, portable, avx2, avx512, neon)

#define PRUNI_KERNEL_MEMBER(kernel, type, reference, avx2, avx512, neon) pruni_kernel_##type *kernel;

typedef struct pruni_kernels {
    PRUNI_KERNEL_TABLE(PRUNI_KERNEL_MEMBER)
} pruni_kernels;

/* The variants for a processor that this library is for; what it may not be able to run is the caller's care. */
const pruni_kernels *pruni_kernels_for(pruni_cpu cpu);

/* Those that are used. */
static inline const pruni_kernels *pruni_kernels_used(void)
{
    return pruni_kernels_for(pruni_cpu_used());
}

#define PRUNI_KERNEL_DECLARATION(kernel, type, reference, avx2, avx512, neon)                      \
    pruni_kernel_##type pruni_##kernel##_portable, pruni_##kernel##_avx2, pruni_##kernel##_avx512, \
        pruni_##kernel##_neon;

PRUNI_KERNEL_TABLE(PRUNI_KERNEL_DECLARATION)

#endif
