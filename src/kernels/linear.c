/* Linear layers: dot products of rows. */
#include "kernels/linear.h"
#include "kernels/table.h"

enum {
    LANES = 8, /* running sums of a dot product */
    TILE = 4,  /* outputs at a time */
    BLOCK = 64 /* rows of x that stay in the cache while the weight streams by */
};

static float sum_of(const float lanes[LANES])
{
    float a = lanes[0] + lanes[4], b = lanes[1] + lanes[5], c = lanes[2] + lanes[6], d = lanes[3] + lanes[7];
    return (a + c) + (b + d);
}

static float dot(const float *x, const float *weight, int64_t n)
{
    float lanes[LANES] = { 0 };
    int64_t k = 0;
    for (; k + LANES <= n; k += LANES)
        for (int l = 0; l < LANES; l++)
            lanes[l] += x[k + l] * weight[k + l];
    for (int l = 0; k < n; k++, l++)
        lanes[l] += x[k] * weight[k];
    return sum_of(lanes);
}

/* The dot products of x and TILE rows of the weight, each in the order of dot(). */
static void dot_tile(float sums[TILE], const float *x, const float *weight, int64_t n)
{
    float lanes[TILE][LANES] = { { 0 } };
    int64_t k = 0;
    for (; k + LANES <= n; k += LANES)
        for (int t = 0; t < TILE; t++)
            for (int l = 0; l < LANES; l++)
                lanes[t][l] += x[k + l] * weight[t * n + k + l];
    for (int l = 0; k < n; k++, l++)
        for (int t = 0; t < TILE; t++)
            lanes[t][l] += x[k] * weight[t * n + k];
    for (int t = 0; t < TILE; t++)
        sums[t] = sum_of(lanes[t]);
}

/* `count` rows from `first` on. */
static void linear_block(const pruni_linear *l, int64_t first, int64_t count)
{
    int64_t o = 0;
    for (; o + TILE <= l->out; o += TILE)
        for (int64_t r = first; r < first + count; r++) {
            float sums[TILE];
            dot_tile(sums, l->x + r * l->in, l->weight + o * l->in, l->in);
            for (int t = 0; t < TILE; t++)
                l->y[r * l->out + o + t] = l->bias ? sums[t] + l->bias[o + t] : sums[t];
        }
    for (; o < l->out; o++)
        for (int64_t r = first; r < first + count; r++) {
            float sum = dot(l->x + r * l->in, l->weight + o * l->in, l->in);
            l->y[r * l->out + o] = l->bias ? sum + l->bias[o] : sum;
        }
}

void pruni_linear_portable(const pruni_linear *l)
{
    for (int64_t r = 0; r < l->rows; r += BLOCK)
        linear_block(l, r, l->rows - r < BLOCK ? l->rows - r : BLOCK);
}

void pruni_kernel_linear(const pruni_linear *linear)
{
    pruni_kernels_used()->linear(linear);
}

int64_t pruni_kernel_linear_scratch(int64_t rows, int64_t in)
{
    if (rows <= PRUNI_LINEAR_FEW)
        return 0;
    const int64_t columns = pruni_linear_packed_columns(rows);
    return pruni_linear_packed_rows(rows) * (in < columns ? in : columns);
}
