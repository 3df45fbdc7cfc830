/* The limits: plain loops of the same traffic, multiply-adds at the peak, the file's bytes and nothing else. */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    int arrays;
} limits[] = {
    [BENCH_NO_LIMIT] = { "", 0 },
    [BENCH_1R] = { "1R", 1 },
    [BENCH_1W] = { "1W", 1 },
    [BENCH_1R1W] = { "1R1W", 2 },
    [BENCH_2R1W] = { "2R1W", 3 },
    [BENCH_1R2W] = { "1R2W", 3 },
    [BENCH_2R2W] = { "2R2W", 4 },
    [BENCH_1R_1R2W] = { "1R + 1R2W", 3 },
    [BENCH_FMA] = { "FMA peak", 0 },
    [BENCH_FILE_READ] = { "fread", 0 },
    [BENCH_FILE_WRITE] = { "fwrite", 0 },
};

const char *bench_limit_name(bench_limit limit)
{
    return limits[limit].name;
}

prune_status bench_limit_setup(bench_case *c)
{
    size_t bytes = (size_t)c->entries * sizeof(float);
    for (int i = 0; i < limits[c->row->limit].arrays; i++) {
        c->traffic[i] = malloc(bytes);
        if (!c->traffic[i])
            return prune_fail(PRUNE_ERROR_MEMORY, "no memory to measure the limit in");
        memset(c->traffic[i], 0, bytes);
    }
    return PRUNE_OK;
}

void bench_limit_release(bench_case *c)
{
    for (int i = 0; i < 4; i++)
        free(c->traffic[i]);
}

/* What the loops make must be wanted by somebody. */
static volatile float wanted;

static void read_1(const float *restrict a, int64_t n)
{
    enum { SUMS = 64 };
    float sum[SUMS] = { 0 };
    for (int64_t i = 0; i + SUMS <= n; i += SUMS)
        for (int j = 0; j < SUMS; j++)
            sum[j] += a[i + j];
    for (int j = 0; j < SUMS; j++)
        wanted = sum[j];
}

static void write_1(float *restrict a, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        a[i] = 1;
}

static void read_1_write_1(float *restrict y, const float *restrict a, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = a[i] * 2;
}

static void read_2_write_1(float *restrict y, const float *restrict a, const float *restrict b, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = a[i] * b[i];
}

static void read_1_write_2(float *restrict y, float *restrict z, const float *restrict a, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        y[i] = a[i] * 2;
        z[i] = a[i] + 1;
    }
}

static void read_2_write_2(float *restrict y, float *restrict z, const float *restrict a, const float *restrict b,
                           int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        y[i] = a[i] * b[i];
        z[i] = a[i] + b[i];
    }
}

static void pass(const bench_case *c)
{
    float *const *t = c->traffic;
    int64_t n = c->entries;
    switch (c->row->limit) {
    case BENCH_1R:
        read_1(t[0], n);
        break;
    case BENCH_1W:
        write_1(t[0], n);
        break;
    case BENCH_1R1W:
        read_1_write_1(t[0], t[1], n);
        break;
    case BENCH_2R1W:
        read_2_write_1(t[0], t[1], t[2], n);
        break;
    case BENCH_1R_1R2W:
        read_1(t[2], n);
        read_1_write_2(t[0], t[1], t[2], n);
        break;
    case BENCH_1R2W:
        read_1_write_2(t[0], t[1], t[2], n);
        break;
    case BENCH_2R2W:
        read_2_write_2(t[0], t[1], t[2], t[3], n);
        break;
    default:
        break;
    }
}

/* The bytes of the case's file, in pieces of a megabyte; writing goes to a file beside it. */
static prune_status copy_file(const bench_case *c, bool write)
{
    enum { PIECE = 1 << 20 };
    char beside[sizeof c->path + 8];
    snprintf(beside, sizeof beside, "%s.plain", c->path);
    FILE *file = write ? fopen(beside, "wb") : fopen(c->path, "rb");
    int64_t left = c->entries * (int64_t)sizeof(float);
    char *bytes = write ? calloc(1, (size_t)PIECE) : malloc((size_t)left);
    bool ok = file && bytes;
    for (char *at = bytes; ok && left > 0; left -= PIECE) {
        size_t count = left < PIECE ? (size_t)left : (size_t)PIECE;
        ok = (write ? fwrite(bytes, 1, count, file) : fread(at, 1, count, file)) == count;
        at += write ? 0 : count;
    }
    ok = (!file || fclose(file) == 0) && ok;
    free(bytes);
    if (write)
        remove(beside);
    return ok ? PRUNE_OK : prune_fail(PRUNE_ERROR_IO, "%s: cannot be copied", c->path);
}

prune_status bench_limit_time(bench_case *c, double least, double *seconds)
{
    bench_limit limit = c->row->limit;
    int64_t runs = 0;
    double total = 0;
    if (limit == BENCH_NO_LIMIT || limit == BENCH_FMA) {
        *seconds = limit == BENCH_FMA ? (double)c->entries / bench_fma_peak(least) : 0;
        return PRUNE_OK;
    }
    for (int64_t repeats = 1; total < least; repeats *= 2) {
        double start = bench_now();
        for (int64_t r = 0; r < repeats; r++) {
            if (limit != BENCH_FILE_READ && limit != BENCH_FILE_WRITE)
                pass(c);
            else if (copy_file(c, limit == BENCH_FILE_WRITE))
                return prune_last_status();
        }
        total += bench_now() - start;
        runs += repeats;
    }
    *seconds = total / (double)runs;
    return PRUNE_OK;
}
