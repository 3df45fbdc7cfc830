#include "bench.h"

#include <stdlib.h>
#include <string.h>

int64_t bench_rank(const bench_row *row)
{
    int64_t rank = 0;
    while (rank < BENCH_SIZES && row->sizes[rank] > 0)
        rank++;
    return rank;
}

/* Uniform in [0, 1), 53 bits, the same on every machine. */
static double draw(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15U;
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static float value(uint64_t *state, int64_t i, bench_data kind)
{
    double u = draw(state);
    float x;
    switch (kind) {
    case BENCH_NORMAL:
        return (float)((u + draw(state) + draw(state) + draw(state) - 2) * 0.05);
    case BENCH_DISTINCT: {
        uint32_t bits = 0x38000000U + ((uint32_t)i * 0x9e3779b1U & 0x7ffffffU);
        memcpy(&x, &bits, sizeof x);
        return u < 0.5 ? -x : x;
    }
    case BENCH_FOUR_VALUES:
        return (float)((int)(u * 8) - 4) + 0.5F;
    default:
        return u < 0.5 ? -0.5F : 0.5F;
    }
}

prune_status bench_fill(float *values, int64_t count, bench_data kind)
{
    uint64_t state = 4; /* with others some row's threshold is tied */
    if (!values)
        return prune_last_status();
    for (int64_t i = 0; i < count; i++)
        values[i] = value(&state, i, kind);
    return PRUNE_OK;
}

prune_status bench_case_create(bench_case **out, const bench_row *row)
{
    bench_case *c = calloc(1, sizeof *c);
    if (!c)
        return prune_fail(PRUNE_ERROR_MEMORY, "no memory for a case");
    c->row = row;
    bench_pool_recycle(!row->fresh);
    if ((row->work->setup && row->work->setup(c)) || bench_limit_setup(c)) {
        bench_case_release(c);
        return prune_last_status();
    }
    *out = c;
    return PRUNE_OK;
}

void bench_case_release(bench_case *c)
{
    if (!c)
        return;
    for (int i = 0; i < BENCH_SLOTS; i++)
        prune_module_release(c->modules[i]);
    prune_tensor_release(c->data);
    prune_tensor_release(c->mask);
    prune_tensor_release(c->result);
    prune_dict_release(c->dict);
    if (c->path[0])
        remove(c->path);
    bench_limit_release(c);
    free(c);
    bench_pool_recycle(false);
}

/* Small work that has to be prepared runs on many modules in a row, so that looking at the clock does not count. */
static int slots(const bench_case *c)
{
    return c->row->work->prepare && c->entries <= 4096 ? BENCH_SLOTS : 1;
}

static prune_status prepare(bench_case *c, int count)
{
    for (int i = 0; i < count && c->row->work->prepare; i++)
        if (c->row->work->prepare(c, i))
            return prune_last_status();
    return PRUNE_OK;
}

prune_status bench_case_time(bench_case *c, double least, double *seconds)
{
    const bench_work *work = c->row->work;
    int count = slots(c);
    int64_t runs = 0, repeats = 1;
    double total = 0;
    do {
        if (prepare(c, count))
            return prune_last_status();
        double start = bench_now();
        for (int64_t r = 0; r < repeats; r++)
            for (int i = 0; i < count; i++)
                if (work->run(c, i))
                    return prune_last_status();
        total += bench_now() - start;
        runs += repeats * count;
        repeats *= work->prepare ? 1 : 2;
    } while (total < least);
    *seconds = total / (double)runs;
    return PRUNE_OK;
}

prune_status bench_case_extra_memory(bench_case *c, int64_t *bytes)
{
    if (prepare(c, 1))
        return prune_last_status();
    int64_t before = bench_pool_peak(true);
    if (c->row->work->run(c, 0))
        return prune_last_status();
    int64_t after = bench_pool_live();
    *bytes = bench_pool_peak(false) - (after > before ? after : before);
    return PRUNE_OK;
}
