/* Loops that are written once for several targets: what their names are where compilers may use AVX2. */
#ifndef PRUNI_KERNELS_LOOPS_AVX2_H
#define PRUNI_KERNELS_LOOPS_AVX2_H

#define LOOP_NAME(kernel) pruni_##kernel##_avx2
#define LOOP_TARGET __attribute__((target("avx2,fma")))

#endif
