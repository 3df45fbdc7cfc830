/* The work that is measured: a row says what and how large, a case is a row made ready to run. `bench` prints what the
 * rows take; compare.py loads the same rows as a shared object and runs PyTorch beside them. Public API of the library
 * alone. */
#ifndef PRUNE_BENCH_H
#define PRUNE_BENCH_H

#include <prune/prune.h>

/* What the work cannot avoid: so many passes over its entries, read or written, or so many multiply-adds. */
typedef enum bench_limit {
    BENCH_NO_LIMIT,
    BENCH_1R,
    BENCH_1W,
    BENCH_1R1W,
    BENCH_2R1W,
    BENCH_1R2W,
    BENCH_2R2W,
    BENCH_1R_1R2W, /* one pass that reads, then one that reads and writes twice */
    BENCH_FMA,     /* at the processor's peak */
    BENCH_FILE_READ,
    BENCH_FILE_WRITE
} bench_limit;

/* The values of the parameter. */
typedef enum bench_data {
    BENCH_NORMAL,      /* about Gaussian; no tie straddles the thresholds of the rows */
    BENCH_DISTINCT,    /* magnitudes over sixteen octaves, no two the same among 2^27 */
    BENCH_FOUR_VALUES, /* four magnitudes */
    BENCH_ALL_EQUAL
} bench_data;

/* How the parameter lies in memory; but for the first, a matrix. */
typedef enum bench_view {
    BENCH_CONTIGUOUS,
    BENCH_TRANSPOSED, /* column by column */
    BENCH_COLUMNS     /* the left half of a matrix twice as wide */
} bench_view;

enum { BENCH_SIZES = 8, BENCH_SLOTS = 64 };

typedef struct bench_row {
    const char *name;
    const struct bench_work *work;
    int64_t sizes[BENCH_SIZES]; /* a shape, up to its first 0, or what the work's setup says */
    bench_limit limit;
    double amount; /* the fraction pruned */
    double order;  /* of a norm */
    int64_t dim;
    uint64_t seed; /* of the draws */
    bench_data data;
    bench_view view;
    bool fresh; /* memory straight from malloc; otherwise large blocks are used again */
} bench_row;

typedef struct bench_case {
    const bench_row *row;
    int64_t entries;                    /* that the work goes through; for layers the multiply-adds */
    prune_tensor *data;                 /* the parameter's values, or the input of a layer */
    prune_tensor *mask;                 /* where the work has one given */
    prune_module *modules[BENCH_SLOTS]; /* one for each run that was prepared, or those that the work is about */
    prune_tensor *result;               /* of the last run, where it is a tensor */
    prune_dict *dict;                   /* of files */
    char path[1024];                    /* of files */
    float *traffic[4];                  /* what the limit's loops go through */
} bench_case;

typedef struct bench_work {
    const char *name;
    prune_status (*setup)(bench_case *c);             /* once; may be NULL */
    prune_status (*prepare)(bench_case *c, int slot); /* before each run, not timed; NULL: runs can follow each other */
    prune_status (*run)(bench_case *c, int slot);     /* what is timed */
} bench_work;

/* Every row, the last one without a name. */
extern const bench_row bench_rows[];

/* work_*.c */
extern const bench_work bench_l1, bench_l1_again, bench_random, bench_global_l1, bench_ln_structured,
    bench_random_structured, bench_n_m, bench_custom_from_mask, bench_remove, bench_hook;
extern const bench_work bench_uniform, bench_linear_init;
extern const bench_work bench_lenet, bench_lenet_pruned, bench_linear, bench_conv2d, bench_lstm, bench_gru,
    bench_lenet_life;
extern const bench_work bench_load, bench_load_own, bench_save;

/* case.c: makes a row ready, and takes samples of it: CPU seconds of this thread for one run, averaged over as many runs
 * as fill `least` seconds. */
prune_status bench_case_create(bench_case **out, const bench_row *row);
void bench_case_release(bench_case *c);
prune_status bench_case_time(bench_case *c, double least, double *seconds);
prune_status bench_case_extra_memory(bench_case *c, int64_t *bytes); /* the most that a run holds beyond its results */
prune_status bench_fill(float *values, int64_t count, bench_data kind);
int64_t bench_rank(const bench_row *row);

/* limit.c: seconds for the work's limit, measured now; 0 where it has none. */
prune_status bench_limit_setup(bench_case *c);
void bench_limit_release(bench_case *c);
prune_status bench_limit_time(bench_case *c, double least, double *seconds);
const char *bench_limit_name(bench_limit limit);

/* peak.c: multiply-adds a second that registers allow, on one thread. */
double bench_fma_peak(double least);

/* clock.c */
double bench_now(void); /* CPU seconds of this thread, where the system tells; of the process elsewhere */
double bench_median(double *values, int count);

/* pool.c: an allocator that counts, and keeps large blocks for the next who asks. */
prune_status bench_pool_install(void);
void bench_pool_recycle(bool on); /* off: gives back what it kept */
int64_t bench_pool_live(void);
int64_t bench_pool_peak(bool reset);

/* product.c: seconds of a linear layer by CBLAS's sgemm, or sgemv for a batch of 1. */
typedef struct bench_product {
    void (*function)(void);
    const float *x, *weight, *bias;
    float *y;
    int64_t batch, inputs, outputs;
} bench_product;

double bench_product_time(const bench_product *p, double least);

/* growth.c: a line of cost per entry for each of several works, as CSV and SVG. */
typedef struct bench_point {
    const char *line; /* what it belongs to; points of a line follow each other */
    int64_t entries;
    double nanoseconds; /* an entry */
} bench_point;

bool bench_growth_row(bench_row *row, int line, int step); /* false past the last */
prune_status bench_growth_measure(bench_point *points, int room, int *count, bool quick);
prune_status bench_growth_write(const char *stem, const bench_point *points, int count); /* STEM.csv and STEM.svg */

#endif
