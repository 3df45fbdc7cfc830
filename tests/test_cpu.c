/* Which variants of kernels a process uses: at most what PRUNE_CPU names, and a word that is no name changes nothing. The
 * test is run with several words. */
#include "support.h"

#include "base/internal.h"

static pruni_cpu best_of_this_machine(void)
{
    pruni_cpu used = pruni_cpu_used(), best = PRUNI_CPU_PORTABLE;
    for (pruni_cpu cpu = PRUNI_CPU_PORTABLE; cpu < PRUNI_CPUS; cpu++)
        if (pruni_cpu_use(cpu))
            best = cpu;
    assert_true(pruni_cpu_use(used));
    return best;
}

static void the_environment_limits_what_is_used(void **state)
{
    (void)state;
    const char *wanted = getenv("PRUNE_CPU");
    pruni_cpu used = pruni_cpu_used(), expected = best_of_this_machine();
    for (pruni_cpu cpu = PRUNI_CPU_PORTABLE; wanted && cpu < PRUNI_CPUS; cpu++)
        if (strcmp(wanted, pruni_cpu_name(cpu)) == 0 && pruni_cpu_use(cpu))
            expected = cpu;
    assert_int_equal(used, expected);
}

/* What the compiler's own library says of the processor and the system. */
static void the_best_is_what_the_processor_has(void **state)
{
    (void)state;
#if defined(PRUNI_X86)
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi")
                && __builtin_cpu_supports("popcnt");
    bool avx512 = avx2 && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("avx512f")
                  && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw")
                  && __builtin_cpu_supports("avx512vl");
    assert_int_equal(best_of_this_machine(), avx512 ? PRUNI_CPU_AVX512 : avx2 ? PRUNI_CPU_AVX2 : PRUNI_CPU_PORTABLE);
#elif defined(PRUNI_NEON)
    assert_int_equal(best_of_this_machine(), PRUNI_CPU_NEON);
#else
    assert_int_equal(best_of_this_machine(), PRUNI_CPU_PORTABLE);
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_environment_limits_what_is_used),
        cmocka_unit_test(the_best_is_what_the_processor_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
