/* Linear layers: dot products of rows. */
#include "kernels/internal.h"

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

static void linear_block(float *y, const float *x, const float *weight, const float *bias, int64_t rows, int64_t in,
                         int64_t out)
{
    int64_t o = 0;
    for (; o + TILE <= out; o += TILE)
        for (int64_t r = 0; r < rows; r++) {
            float sums[TILE];
            dot_tile(sums, x + r * in, weight + o * in, in);
            for (int t = 0; t < TILE; t++)
                y[r * out + o + t] = bias ? sums[t] + bias[o + t] : sums[t];
        }
    for (; o < out; o++)
        for (int64_t r = 0; r < rows; r++) {
            float sum = dot(x + r * in, weight + o * in, in);
            y[r * out + o] = bias ? sum + bias[o] : sum;
        }
}

void pruni_kernel_linear(float *y, const float *x, const float *weight, const float *bias, int64_t rows, int64_t in,
                         int64_t out)
{
    for (int64_t r = 0; r < rows; r += BLOCK)
        linear_block(y + r * out, x + r * in, weight, bias, rows - r < BLOCK ? rows - r : BLOCK, in, out);
}
