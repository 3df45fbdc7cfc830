/* The sieve: see internal.h. */
#include "kernels/sieve.h"
#include "kernels/table.h"

static void look(pruni_sieve *sieve, uint32_t key, uint32_t place)
{
    sieve->seen++;
    if (key < sieve->low)
        sieve->below++;
    else if (key < sieve->high)
        pruni_sieve_keep(sieve, key, place);
}

void pruni_sieve_portable(pruni_sieve *sieve, const pruni_run *run, uint32_t first)
{
    const float one = pruni_one();
    for (int64_t i = 0; i < run->n; i++) {
        bool open = pruni_sieve_is_open(run, i);
        uint32_t key = pruni_sieve_key(run, i);
        if (open)
            look(sieve, key, first + (uint32_t)i);
        if (!run->mask)
            continue;
        float mask = open ? (key < sieve->cut ? 0.0f : one) : run->before[i];
        run->mask[i] = mask;
        run->value[i] = mask * run->orig[i];
    }
}

int64_t pruni_list_run_portable(uint64_t *entries, const pruni_run *run, int64_t first)
{
    int64_t count = 0;
    for (int64_t i = 0; i < run->n; i++)
        if (pruni_sieve_is_open(run, i))
            entries[count++] = (uint64_t)pruni_sieve_key(run, i) << 32 | (uint64_t)(first + i);
    return count;
}

int64_t pruni_kernel_list_run(uint64_t *entries, const pruni_run *run, int64_t first)
{
    return pruni_kernels_used()->list_run(entries, run, first);
}
