/* The table of kernels with variants, and the calls that go through it. */
#include "kernels/table.h"

#if defined(PRUNI_X86)
#define VARIANT(kernel, variant) pruni_##kernel##_##variant
#else
#define VARIANT(kernel, variant) pruni_##kernel##_portable
#endif

#define REFERENCE(kernel, type, reference, avx2, avx512) pruni_##kernel##_##reference,
#define AVX2(kernel, type, reference, avx2, avx512) VARIANT(kernel, avx2),
#define AVX512(kernel, type, reference, avx2, avx512) VARIANT(kernel, avx512),

static const pruni_kernels variants[PRUNI_CPUS] = {
    [PRUNI_CPU_PORTABLE] = { PRUNI_KERNEL_TABLE(REFERENCE) },
    [PRUNI_CPU_AVX2] = { PRUNI_KERNEL_TABLE(AVX2) },
    [PRUNI_CPU_AVX512] = { PRUNI_KERNEL_TABLE(AVX512) },
};

const pruni_kernels *pruni_kernels_for(pruni_cpu cpu)
{
    return &variants[cpu];
}

void pruni_kernel_sieve(pruni_sieve *sieve, const pruni_run *run, uint32_t first)
{
    pruni_kernels_used()->sieve(sieve, run, first);
}
