/* Pooling over planes. */
#include "kernels/table.h"

#include <math.h>

/* The elements of a window along one dim: every `step`-th from first to before end. */
typedef struct window {
    int64_t first, end, step;
    int64_t padded; /* size with that part of the padding in which windows may lie */
} window;

static window find_window(const pruni_pool *pool, int dim, int64_t output)
{
    int64_t in = pool->in[dim], step = pool->dilation[dim];
    int64_t first = output * pool->stride[dim] - pool->padding[dim];
    int64_t end = first + (pool->kernel[dim] - 1) * step + 1;
    int64_t limit = in + pool->padding[dim];
    window found = { first, end < in ? end : in, step, (end < limit ? end : limit) - first };
    if (first < 0)
        found.first = (step - -first % step) % step;
    return found;
}

static float window_max(const float *x, int64_t row_size, window rows, window columns)
{
    float largest = -INFINITY;
    for (int64_t h = rows.first; h < rows.end; h += rows.step)
        for (int64_t w = columns.first; w < columns.end; w += columns.step) {
            float value = x[h * row_size + w];
            if (value > largest || isnan(value))
                largest = value;
        }
    return largest;
}

void pruni_max_pool_portable(float *y, const float *x, const pruni_pool *pool)
{
    for (int64_t p = 0; p < pool->planes; p++, x += pool->in[0] * pool->in[1])
        for (int64_t h = 0; h < pool->out[0]; h++) {
            window rows = find_window(pool, 0, h);
            for (int64_t w = 0; w < pool->out[1]; w++)
                *y++ = window_max(x, pool->in[1], rows, find_window(pool, 1, w));
        }
}

void pruni_kernel_max_pool(float *y, const float *x, const pruni_pool *pool)
{
    pruni_kernels_used()->max_pool(y, x, pool);
}

static float window_sum(const float *x, int64_t row_size, window rows, window columns)
{
    float sum = 0;
    for (int64_t h = rows.first; h < rows.end; h++)
        for (int64_t w = columns.first; w < columns.end; w++)
            sum += x[h * row_size + w];
    return sum;
}

static float window_mean(const float *x, const pruni_pool *pool, window rows, window columns)
{
    int64_t divisor = pool->divisor_override;
    if (divisor == 0 && pool->count_include_pad)
        divisor = rows.padded * columns.padded;
    else if (divisor == 0)
        divisor = (rows.end - rows.first) * (columns.end - columns.first);
    return window_sum(x, pool->in[1], rows, columns) / (float)divisor;
}

void pruni_kernel_avg_pool(float *y, const float *x, const pruni_pool *pool)
{
    for (int64_t p = 0; p < pool->planes; p++, x += pool->in[0] * pool->in[1])
        for (int64_t h = 0; h < pool->out[0]; h++) {
            window rows = find_window(pool, 0, h);
            for (int64_t w = 0; w < pool->out[1]; w++)
                *y++ = window_mean(x, pool, rows, find_window(pool, 1, w));
        }
}

/* Part i of `parts` of a dim: from floor(i · size / parts) to before ceil((i + 1) · size / parts), counted on from part
 * to part, so that no product can overflow. */
typedef struct part {
    window span;
    int64_t rest; /* i · size modulo parts */
} part;

static part next_part(part last, int64_t size, int64_t parts)
{
    int64_t start = last.span.end - (last.rest != 0);
    int64_t quotient = size / parts, remainder = size % parts;
    bool carry = last.rest >= parts - remainder;
    int64_t rest = carry ? last.rest - (parts - remainder) : last.rest + remainder;
    return (part){ { start, start + quotient + carry + (rest != 0), 1, 0 }, rest };
}

void pruni_kernel_adaptive_avg_pool(float *y, const float *x, int64_t planes, const int64_t in[2], const int64_t out[2])
{
    const part none = { { 0, 0, 1, 0 }, 0 };
    for (int64_t p = 0; p < planes; p++, x += in[0] * in[1]) {
        part rows = none;
        for (int64_t h = 0; h < out[0]; h++) {
            rows = next_part(rows, in[0], out[0]);
            part columns = none;
            for (int64_t w = 0; w < out[1]; w++) {
                columns = next_part(columns, in[1], out[1]);
                float sum = window_sum(x, in[1], rows.span, columns.span);
                *y++ = sum / (float)(rows.span.end - rows.span.first) / (float)(columns.span.end - columns.span.first);
            }
        }
    }
}
