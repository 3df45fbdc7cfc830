/* The table of kernels with variants, and the calls that go through it. */
#include "kernels/table.h"

#define VARIANT(kernel, variant) pruni_##kernel##_##variant,
#define REFERENCE(kernel, type, reference, avx2, avx512, neon) VARIANT(kernel, reference)
#define AVX2(kernel, type, reference, avx2, avx512, neon) VARIANT(kernel, avx2)
#define AVX512(kernel, type, reference, avx2, avx512, neon) VARIANT(kernel, avx512)
#define NEON(kernel, type, reference, avx2, avx512, neon) VARIANT(kernel, neon)

static const pruni_kernels variants[] = {
    [PRUNI_CPU_PORTABLE] = { PRUNI_KERNEL_TABLE(REFERENCE) },
#if defined(PRUNI_X86)
    [PRUNI_CPU_AVX2] = { PRUNI_KERNEL_TABLE(AVX2) },
    [PRUNI_CPU_AVX512] = { PRUNI_KERNEL_TABLE(AVX512) },
#elif defined(PRUNI_NEON)
    [PRUNI_CPU_NEON] = { PRUNI_KERNEL_TABLE(NEON) },
#endif
};

const pruni_kernels *pruni_kernels_for(pruni_cpu cpu)
{
    return &variants[cpu];
}

void pruni_kernel_sieve(pruni_sieve *sieve, const pruni_run *run, uint32_t first)
{
    pruni_kernels_used()->sieve(sieve, run, first);
}
