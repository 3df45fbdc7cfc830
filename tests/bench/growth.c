/* The cost per entry from a hundred entries to a hundred million, two steps a decade. */
#if !defined(_WIN32)
#define _POSIX_C_SOURCE 200809L
#include <unistd.h>
#endif
#include "bench.h"

#include <math.h>

enum { STEPS = 13 };

static const struct {
    const char *name;
    bench_row row;
} lines[] = {
    { "l1 50%", { .work = &bench_l1, .limit = BENCH_1R2W, .amount = 0.5, .data = BENCH_DISTINCT } },
    { "l1 again", { .work = &bench_l1_again, .amount = 0.5, .data = BENCH_DISTINCT } },
    { "ln n=2 dim=0", { .work = &bench_ln_structured, .amount = 0.5, .order = 2 } },
    { "hook", { .work = &bench_hook } },
    { "uniform_", { .work = &bench_uniform } },
};

enum { LINES = sizeof lines / sizeof *lines };

/* A case of the growth needs up to 64 bytes an entry; half of the machine's memory is enough for it. */
static bool fits(double entries)
{
#ifdef _SC_PHYS_PAGES
    double memory = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    return memory <= 0 || entries * 64 < memory / 2;
#else
    return entries < 2e7;
#endif
}

bool bench_growth_row(bench_row *row, int line, int step)
{
    double entries = pow(10, 2 + step / 2.0);
    if (line >= LINES || step >= STEPS || !fits(entries))
        return false;
    *row = lines[line].row;
    row->name = lines[line].name;
    row->sizes[0] = row->work == &bench_ln_structured ? 10 : (int64_t)(entries + 0.5);
    row->sizes[1] = row->work == &bench_ln_structured ? (int64_t)(entries / 10 + 0.5) : 0;
    return true;
}

static prune_status measure(const bench_row *row, bool quick, double *nanoseconds, double *limit)
{
    enum { REPETITIONS = 5 };
    double ours[REPETITIONS], theirs[REPETITIONS], least = quick ? 0.001 : 0.02;
    bench_case *c = NULL;
    bool failed = bench_case_create(&c, row);
    for (int i = 0; i < REPETITIONS && !failed; i++)
        failed = bench_case_time(c, least, &ours[i]) || bench_limit_time(c, least, &theirs[i]);
    if (!failed) {
        *nanoseconds = bench_median(ours, REPETITIONS) * 1e9 / (double)c->entries;
        *limit = bench_median(theirs, REPETITIONS) * 1e9 / (double)c->entries;
    }
    bench_case_release(c);
    return failed ? prune_last_status() : PRUNE_OK;
}

prune_status bench_growth_measure(bench_point *points, int room, int *count, bool quick)
{
    bench_point limits[STEPS];
    int n = 0, limit_count = 0;
    bench_row row;
    for (int line = 0; line < LINES; line++) {
        for (int step = 0; n < room - STEPS && bench_growth_row(&row, line, step); step++) {
            double limit = 0, nanoseconds = 0;
            int64_t entries = row.sizes[1] ? row.sizes[0] * row.sizes[1] : row.sizes[0];
            if (measure(&row, quick, &nanoseconds, &limit))
                return prune_last_status();
            points[n++] = (bench_point){ row.name, entries, nanoseconds };
            if (row.limit != BENCH_NO_LIMIT)
                limits[limit_count++] = (bench_point){ bench_limit_name(row.limit), entries, limit };
        }
    }
    for (int i = 0; i < limit_count; i++)
        points[n++] = limits[i];
    *count = n;
    return PRUNE_OK;
}
