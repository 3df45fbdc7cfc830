/* The limits: plain loops of the same traffic, multiply-adds at the peak, the file's bytes and nothing else. */
#include "bench.h"

#include <stdlib.h>

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
    for (int i = 0; i < limits[c->row->limit].arrays; i++) {
        c->traffic[i] = malloc((size_t)c->entries * sizeof(float));
        if (!c->traffic[i])
            return prune_fail(PRUNE_ERROR_MEMORY, "no memory to measure the limit in");
        for (int64_t j = 0; j < c->entries; j++) /* not zeros: all pages of them may be one */
            c->traffic[i][j] = 1;
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
    enum { SUMS = 32 };
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

static void pass_memory(const bench_case *c)
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

/* The case's file, read in pieces of a megabyte into new memory. */
static prune_status read_file(const bench_case *c)
{
    enum { PIECE = 1 << 20 };
    size_t size = (size_t)c->entries * sizeof(float), read = 0;
    char *bytes = malloc(size);
    FILE *file = bytes ? fopen(c->path, "rb") : NULL;
    while (file && read < size) {
        size_t piece = size - read < PIECE ? size - read : PIECE;
        if (fread(bytes + read, 1, piece, file) != piece)
            break;
        read += piece;
    }
    if (file)
        fclose(file);
    free(bytes);
    return read == size ? PRUNE_OK : prune_fail(PRUNE_ERROR_IO, "%s: cannot be read", c->path);
}

/* As many bytes, written to a file beside it. */
static prune_status write_file(const bench_case *c)
{
    static char piece[1 << 20];
    char path[sizeof c->path + 8];
    snprintf(path, sizeof path, "%s.plain", c->path);
    FILE *file = fopen(path, "wb");
    bool ok = file;
    for (size_t left = (size_t)c->entries * sizeof(float); ok && left > 0;) {
        size_t count = left < sizeof piece ? left : sizeof piece;
        ok = fwrite(piece, 1, count, file) == count;
        left -= count;
    }
    ok = file && fclose(file) == 0 && ok;
    remove(path);
    return ok ? PRUNE_OK : prune_fail(PRUNE_ERROR_IO, "%s: cannot be written", path);
}

static prune_status pass(bench_case *c)
{
    switch (c->row->limit) {
    case BENCH_FILE_READ:
        return read_file(c);
    case BENCH_FILE_WRITE:
        return write_file(c);
    default:
        pass_memory(c);
        return PRUNE_OK;
    }
}

prune_status bench_limit_time(bench_case *c, double least, double *seconds)
{
    bench_limit limit = c->row->limit;
    int64_t runs = 0, repeats = 1;
    double total = 0;
    if (limit == BENCH_NO_LIMIT || limit == BENCH_FMA) {
        *seconds = limit == BENCH_FMA ? (double)c->entries / bench_fma_peak(least) : 0;
        return PRUNE_OK;
    }
    do {
        double start = bench_now();
        for (int64_t r = 0; r < repeats; r++)
            if (pass(c))
                return prune_last_status();
        total += bench_now() - start;
        runs += repeats;
        repeats *= 2;
    } while (total < least);
    *seconds = total / (double)runs;
    return PRUNE_OK;
}
