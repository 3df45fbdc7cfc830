/* What the rows take on this machine: CPU time of one thread, and beside it the time of what the work cannot avoid, both
 * medians over repetitions that alternate.
 *
 * Usage: bench [--rows GLOB] [--quick] [--list] [--growth STEM] */
#include "bench.h"

#include <string.h>

enum { MOST_REPETITIONS = 11, MOST_POINTS = 256 };

typedef struct options {
    const char *rows;
    const char *growth;
    bool quick, list;
} options;

/* * stands for any text, ? for any character. */
static bool matches(const char *glob, const char *text)
{
    const char *star = NULL, *from = NULL;
    while (*text) {
        if (*glob == '*') {
            star = glob++;
            from = text;
        } else if (*glob == '?' || *glob == *text) {
            glob++;
            text++;
        } else if (star) {
            glob = star + 1;
            text = ++from;
        } else {
            return false;
        }
    }
    while (*glob == '*')
        glob++;
    return *glob == '\0';
}

static void print_time(double seconds)
{
    if (seconds < 1e-5)
        printf("%9.3f us", seconds * 1e6);
    else if (seconds < 1e-2)
        printf("%9.1f us", seconds * 1e6);
    else
        printf("%9.1f ms", seconds * 1e3);
}

static void print_head(void)
{
    printf("%-31s %12s %12s  %-10s %9s %16s\n", "work", "CPU time", "an entry", "limit", "times it", "extra memory");
}

static void print_row(const bench_case *c, double seconds, double times_limit, int64_t extra_memory)
{
    printf("%-31s ", c->row->name);
    print_time(seconds);
    printf(" %9.3f ns  %-10s ", seconds * 1e9 / (double)c->entries, bench_limit_name(c->row->limit));
    if (c->row->limit == BENCH_NO_LIMIT)
        printf("%9s", "");
    else
        printf("%9.2f", times_limit);
    printf(" %13.1f kB\n", (double)extra_memory / 1000);
    fflush(stdout);
}

static prune_status measure(const bench_row *row, bool quick)
{
    double ours[MOST_REPETITIONS], ratio[MOST_REPETITIONS];
    double least = quick ? 0.001 : 0.02;
    int repetitions = quick ? 3 : MOST_REPETITIONS;
    int64_t extra = 0;
    bench_case *c = NULL;
    bool failed = bench_case_create(&c, row) || bench_case_extra_memory(c, &extra);
    for (int i = 0; i < repetitions && !failed; i++) {
        double limit = 0;
        failed = bench_case_time(c, least, &ours[i]) || bench_limit_time(c, least, &limit);
        ratio[i] = !failed && limit > 0 ? ours[i] / limit : 0;
    }
    if (!failed)
        print_row(c, bench_median(ours, repetitions), bench_median(ratio, repetitions), extra);
    bench_case_release(c);
    return failed ? prune_last_status() : PRUNE_OK;
}

static prune_status measure_growth(const options *o)
{
    static bench_point points[MOST_POINTS];
    int count = 0;
    bool failed = bench_growth_measure(points, MOST_POINTS, &count, o->quick)
                  || bench_growth_write(o->growth, points, count);
    return failed ? prune_last_status() : PRUNE_OK;
}

static prune_status measure_rows(const options *o)
{
    int count = 0;
    for (const bench_row *row = bench_rows; row->name; row++) {
        if (!matches(o->rows, row->name))
            continue;
        if (count++ == 0 && !o->list)
            print_head();
        if (o->list)
            puts(row->name);
        else if (measure(row, o->quick))
            return prune_fail(prune_last_status(), "%s: %s", row->name, prune_last_error());
    }
    return count ? PRUNE_OK : prune_fail(PRUNE_ERROR_VALUE, "no row matches %s", o->rows);
}

static bool read_options(options *o, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0)
            o->quick = true;
        else if (strcmp(argv[i], "--list") == 0)
            o->list = true;
        else if (strcmp(argv[i], "--rows") == 0 && i + 1 < argc)
            o->rows = argv[++i];
        else if (strcmp(argv[i], "--growth") == 0 && i + 1 < argc)
            o->growth = argv[++i];
        else
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    options o = { .rows = "*" };
    if (!read_options(&o, argc, argv)) {
        fprintf(stderr, "usage: %s [--rows GLOB] [--quick] [--list] [--growth STEM]\n", argv[0]);
        return 2;
    }
    bool failed = bench_pool_install() || (o.growth ? measure_growth(&o) : measure_rows(&o));
    if (failed)
        fprintf(stderr, "%s\n", prune_last_error());
    return failed;
}
