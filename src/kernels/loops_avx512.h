/* Loops that are written once for several targets: what their names are where compilers may use AVX-512. */
#ifndef PRUNI_KERNELS_LOOPS_AVX512_H
#define PRUNI_KERNELS_LOOPS_AVX512_H

#define LOOP_NAME(kernel) pruni_##kernel##_avx512
#define LOOP_TARGET __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")))

#endif
