/* y = x Wᵀ + b by somebody else's sgemm or sgemv: timed from C, as ours is. */
#include "bench.h"

#include <string.h>

enum { ROW_MAJOR = 101, AS_IT_IS = 111, TRANSPOSED = 112 };

/* CBLAS with 64-bit sizes. */
typedef void (*sgemm)(int order, int transpose_a, int transpose_b, int64_t m, int64_t n, int64_t k, float alpha,
                      const float *a, int64_t lda, const float *b, int64_t ldb, float beta, float *c, int64_t ldc);
typedef void (*sgemv)(int order, int transpose, int64_t m, int64_t n, float alpha, const float *a, int64_t lda,
                      const float *x, int64_t incx, float beta, float *y, int64_t incy);

static void linear(const bench_product *p)
{
    for (int64_t i = 0; i < p->batch; i++)
        memcpy(p->y + i * p->outputs, p->bias, (size_t)p->outputs * sizeof *p->y);
    if (p->batch == 1)
        ((sgemv)p->function)(ROW_MAJOR, AS_IT_IS, p->outputs, p->inputs, 1, p->weight, p->inputs, p->x, 1, 1, p->y, 1);
    else
        ((sgemm)p->function)(ROW_MAJOR, AS_IT_IS, TRANSPOSED, p->batch, p->outputs, p->inputs, 1, p->x, p->inputs,
                             p->weight, p->inputs, 1, p->y, p->outputs);
}

double bench_product_time(const bench_product *p, double least)
{
    int64_t runs = 0, repeats = 1;
    double total = 0;
    do {
        double start = bench_now();
        for (int64_t r = 0; r < repeats; r++)
            linear(p);
        total += bench_now() - start;
        runs += repeats;
        repeats *= 2;
    } while (total < least);
    return total / (double)runs;
}
