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

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(the_environment_limits_what_is_used) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
