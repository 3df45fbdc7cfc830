/* Linear layers in vectors, for the width whose names are defined, after linear_simd.h: of a few rows by dot products along
 * vectors of `in`, as many running sums as there are lanes. */
#include "kernels/linear.h"

enum {
    TOGETHER = 4, /* outputs whose sums are finished together */
    SINGLE = 8,   /* outputs at a time for a single row */
    FEW_ROWS = 3  /* rows at a time, of a few */
};

/* `rows` rows of x with a group of rows of the weight: outputs as far as there are any. */
SIMD_INLINE void dots(const pruni_linear *l, int64_t row, int64_t o, const int rows)
{
    const float *x = l->x + row * l->in, *weights[TOGETHER];
    vfloat sums[FEW_ROWS][TOGETHER];
    SIMD_UNROLL
    for (int t = 0; t < TOGETHER; t++) {
        weights[t] = pruni_linear_weight_row(l, o + t);
        SIMD_UNROLL
        for (int r = 0; r < rows; r++)
            sums[r][t] = v_all(0);
    }
    int64_t k = 0;
    for (; k + LANES <= l->in; k += LANES) {
        SIMD_UNROLL
        for (int t = 0; t < TOGETHER; t++) {
            SIMD_UNROLL
            for (int r = 0; r < rows; r++)
                sums[r][t] = v_multiply_add(v_load(x + r * l->in + k), v_load(weights[t] + k), sums[r][t]);
        }
    }
    if (k < l->in) {
        SIMD_UNROLL
        for (int t = 0; t < TOGETHER; t++) {
            SIMD_UNROLL
            for (int r = 0; r < rows; r++)
                sums[r][t] = v_multiply_add(v_load_first(x + r * l->in + k, l->in - k),
                                            v_load_first(weights[t] + k, l->in - k), sums[r][t]);
        }
    }
    for (int r = 0; r < rows; r++) {
        float finished[TOGETHER], *y = l->y + (row + r) * l->out + o;
        v_sum_four(finished, sums[r][0], sums[r][1], sums[r][2], sums[r][3]);
        for (int64_t t = 0; t < TOGETHER && t < l->out - o; t++)
            y[t] = l->bias ? finished[t] + l->bias[o + t] : finished[t];
    }
}

/* One row with SINGLE rows of the weight, which are as many streams from memory; all outputs are there. */
SIMD_TARGET static void single_row_dots(float *y, const float *x, const float *weight, const float *bias, int64_t in)
{
    vfloat sums[SINGLE];
    SIMD_UNROLL
    for (int t = 0; t < SINGLE; t++)
        sums[t] = v_all(0);
    int64_t k = 0;
    for (; k + LANES <= in; k += LANES) {
        SIMD_UNROLL
        for (int t = 0; t < SINGLE; t++)
            sums[t] = v_multiply_add(v_load(x + k), v_load(weight + t * in + k), sums[t]);
    }
    if (k < in) {
        SIMD_UNROLL
        for (int t = 0; t < SINGLE; t++)
            sums[t] = v_multiply_add(v_load_first(x + k, in - k), v_load_first(weight + t * in + k, in - k), sums[t]);
    }
    float finished[SINGLE];
    for (int t = 0; t < SINGLE; t += TOGETHER)
        v_sum_four(finished + t, sums[t], sums[t + 1], sums[t + 2], sums[t + 3]);
    for (int t = 0; t < SINGLE; t++)
        y[t] = bias ? finished[t] + bias[t] : finished[t];
}

/* The last outputs begin before the end of those before them. */
SIMD_INLINE void single_row(const pruni_linear *l)
{
    for (int64_t next = 0; next < l->out; next += SINGLE) {
        int64_t o = pruni_smaller(next, l->out - SINGLE);
        single_row_dots(l->y + o, l->x, l->weight + o * l->in, l->bias ? l->bias + o : NULL, l->in);
    }
}

SIMD_INLINE void few_rows(const pruni_linear *l)
{
    for (int64_t o = 0; o < l->out; o += TOGETHER) {
        int64_t row = 0, left = l->rows;
        for (; left == 3 || left > 4; row += FEW_ROWS, left -= FEW_ROWS)
            dots(l, row, o, FEW_ROWS);
        for (; left > 1; row += 2, left -= 2)
            dots(l, row, o, 2);
        if (left == 1)
            dots(l, row, o, 1);
    }
}

SIMD_TARGET void SIMD_NAME(linear)(const pruni_linear *l)
{
    if (l->rows == 1 && l->out >= SINGLE)
        single_row(l);
    else if (l->rows <= PRUNI_LINEAR_FEW || l->in == 0)
        few_rows(l);
    else
        many_rows(l);
}
