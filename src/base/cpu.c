/* Which of a kernel's variants the processor, and the system, can run. */
#include "base/internal.h"

#include <stdlib.h>
#include <string.h>

/* ---- What the processor has ---- */

#if defined(PRUNI_X86)

#include <cpuid.h>

/* Which registers the system saves. Needs the processor's OSXSAVE. */
static uint32_t saved_registers(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static bool has_all(uint32_t bits, uint32_t wanted)
{
    return (bits & wanted) == wanted;
}

static pruni_cpu best(void)
{
    const uint32_t fma = UINT32_C(1) << 12, popcnt = UINT32_C(1) << 23, osxsave = UINT32_C(1) << 27;
    const uint32_t bmi = UINT32_C(1) << 3, avx2 = UINT32_C(1) << 5, bmi2 = UINT32_C(1) << 8;
    const uint32_t avx512 = UINT32_C(1) << 16 | UINT32_C(1) << 17 | UINT32_C(1) << 30 | UINT32_C(1) << 31;
    const uint32_t ymm = 0x06, zmm = 0xe6;
    uint32_t eax, ebx, ecx, edx;
    bool asks = __get_cpuid(1, &eax, &ebx, &ecx, &edx) && has_all(ecx, fma | popcnt | osxsave);
    uint32_t saved = asks ? saved_registers() : 0;
    bool wide = has_all(saved, ymm) && __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && has_all(ebx, avx2 | bmi);
    bool wider = wide && has_all(saved, zmm) && has_all(ebx, avx512 | bmi2);
    return wider ? PRUNI_CPU_AVX512 : wide ? PRUNI_CPU_AVX2 : PRUNI_CPU_PORTABLE;
}

static bool can_run(pruni_cpu cpu)
{
    return cpu <= best();
}

#else

static pruni_cpu best(void)
{
#if defined(PRUNI_NEON)
    return PRUNI_CPU_NEON;
#else
    return PRUNI_CPU_PORTABLE;
#endif
}

static bool can_run(pruni_cpu cpu)
{
    return cpu == PRUNI_CPU_PORTABLE || cpu == best();
}

#endif

/* ---- What is used ---- */

static const char *const names[PRUNI_CPUS] = { "portable", "avx2", "avx512", "neon" };

const char *pruni_cpu_name(pruni_cpu cpu)
{
    return names[cpu];
}

/* At most what the environment names; a word that is no name changes nothing. */
static pruni_cpu choose(void)
{
    const char *wanted = getenv("PRUNE_CPU");
    for (pruni_cpu cpu = PRUNI_CPU_PORTABLE; wanted && cpu < PRUNI_CPUS; cpu++)
        if (strcmp(wanted, names[cpu]) == 0 && can_run(cpu))
            return cpu;
    return best();
}

/* One more than the choice; 0: none is made yet. Threads that choose at the same time choose alike. */
#if !defined(__STDC_NO_ATOMICS__)

static atomic_int chosen_cpu;

static int load(void)
{
    return atomic_load_explicit(&chosen_cpu, memory_order_relaxed);
}

static void store(int value)
{
    atomic_store_explicit(&chosen_cpu, value, memory_order_relaxed);
}

#else

static int chosen_cpu;

static int load(void)
{
    return chosen_cpu;
}

static void store(int value)
{
    chosen_cpu = value;
}

#endif

pruni_cpu pruni_cpu_used(void)
{
    int chosen = load();
    if (chosen == 0) {
        chosen = (int)choose() + 1;
        store(chosen);
    }
    return (pruni_cpu)(chosen - 1);
}

bool pruni_cpu_use(pruni_cpu cpu)
{
    if (!can_run(cpu))
        return false;
    store((int)cpu + 1);
    return true;
}
