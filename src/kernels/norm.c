/* Norms in float, each in the order in which PyTorch adds up, so that the bits are PyTorch's. */
#include "kernels/table.h"

#include <math.h>

static inline float add_count(float sum, float x, float order)
{
    (void)order;
    return sum + (x != 0 ? 1.0f : 0.0f);
}

static inline float add_one(float sum, float x, float order)
{
    (void)order;
    return sum + fabsf(x);
}

static inline float add_two(float sum, float x, float order)
{
    (void)order;
    return sum + x * x;
}

static inline float add_max(float sum, float x, float order)
{
    (void)order;
    return fabsf(x) > sum || isnan(x) ? fabsf(x) : sum;
}

static inline float add_min(float sum, float x, float order)
{
    (void)order;
    return fabsf(x) < sum || isnan(x) ? fabsf(x) : sum;
}

static inline float add_power(float sum, float x, float order)
{
    return sum + powf(fabsf(x), order);
}

#define DEFINE_LOOPS(name)                                                                                            \
    static void name##_all(float *sums, int64_t sum_stride, const float *x, int64_t x_stride, int64_t n, float order) \
    {                                                                                                                 \
        if (sum_stride == 0) {                                                                                        \
            float sum = *sums;                                                                                        \
            for (int64_t i = 0; i < n; i++)                                                                           \
                sum = name(sum, x[i * x_stride], order);                                                              \
            *sums = sum;                                                                                              \
        } else {                                                                                                      \
            for (int64_t i = 0; i < n; i++)                                                                           \
                sums[i * sum_stride] = name(sums[i * sum_stride], x[i * x_stride], order);                            \
        }                                                                                                             \
    }

DEFINE_LOOPS(add_count)
DEFINE_LOOPS(add_one)
DEFINE_LOOPS(add_two)
DEFINE_LOOPS(add_max)
DEFINE_LOOPS(add_min)
DEFINE_LOOPS(add_power)

void pruni_kernel_norm_add(pruni_norm_sum kind, float order, float *sums, int64_t sum_stride, const float *x,
                           int64_t x_stride, int64_t n)
{
    switch (kind) {
    case PRUNI_NORM_COUNT:
        add_count_all(sums, sum_stride, x, x_stride, n, order);
        break;
    case PRUNI_NORM_ONE:
        add_one_all(sums, sum_stride, x, x_stride, n, order);
        break;
    case PRUNI_NORM_TWO:
        add_two_all(sums, sum_stride, x, x_stride, n, order);
        break;
    case PRUNI_NORM_MAX:
        add_max_all(sums, sum_stride, x, x_stride, n, order);
        break;
    case PRUNI_NORM_MIN:
        add_min_all(sums, sum_stride, x, x_stride, n, order);
        break;
    case PRUNI_NORM_POWER:
        add_power_all(sums, sum_stride, x, x_stride, n, order);
        break;
    }
}

void pruni_kernel_norm_finish(pruni_norm_sum kind, float order, float *sums, int64_t n)
{
    for (int64_t i = 0; kind == PRUNI_NORM_TWO && i < n; i++)
        sums[i] = sqrtf(sums[i]);
    for (int64_t i = 0; kind == PRUNI_NORM_POWER && i < n; i++)
        sums[i] = powf(sums[i], 1.0f / order);
}

void pruni_norm_channels_portable(pruni_norm_sum kind, float order, float *sums, const float *x,
                                  pruni_channels channels)
{
    for (int64_t o = 0; o < channels.outer; o++)
        for (int64_t c = 0; c < channels.count; c++) {
            pruni_kernel_norm_add(kind, order, &sums[c], 0, x, 1, channels.inner);
            x += channels.inner;
        }
}

void pruni_kernel_norm_channels(pruni_norm_sum kind, float order, float *sums, const float *x, pruni_channels channels)
{
    pruni_kernels_used()->norm_channels(kind, order, sums, x, channels);
}

/* Adds up 8 lanes; of the left-over, four unfused if there are as many, the last up to three fused. */
static float two_norm(const float lanes[8], const float *rest, int64_t count)
{
    float sum = 0;
    int64_t i = 0;
    for (int lane = 0; lane < 8; lane++)
        sum += lanes[lane];
    for (int64_t end = count >= 4 ? 4 : 0; i < end; i++)
        sum += rest[i] * rest[i];
    for (; i < count; i++)
        sum = fmaf(rest[i], rest[i], sum);
    return sqrtf(sum);
}

void pruni_norm_two_run_portable(float *norm, const float *x, int64_t length)
{
    float lanes[8] = { 0 };
    int64_t i = 0;
    for (; i + 8 <= length; i += 8)
        for (int lane = 0; lane < 8; lane++)
            lanes[lane] += x[i + lane] * x[i + lane];
    *norm = two_norm(lanes, x + i, length - i);
}

void pruni_kernel_norm_two_take(pruni_two *two, const float *x, int64_t stride, int64_t n)
{
    const int64_t whole = two->length / 8 * 8;
    for (int64_t i = 0; i < n; i++) {
        float entry = x[i * stride];
        if (two->taken < whole)
            two->lanes[two->taken % 8] += entry * entry;
        else
            two->rest[two->taken - whole] = entry;
        two->taken++;
    }
}

float pruni_kernel_norm_two_end(const pruni_two *two)
{
    return two_norm(two->lanes, two->rest, two->length % 8);
}

void pruni_kernel_norm_two_runs(float *norms, int64_t norm_stride, const float *x, int64_t x_stride, int64_t n,
                                int64_t length)
{
    for (int64_t i = 0; i < n; i++)
        pruni_kernels_used()->norm_two_run(norms + i * norm_stride, x + i * x_stride, length);
}

void pruni_kernel_absolute(float *out, int64_t out_stride, const float *x, int64_t x_stride, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        out[i * out_stride] = fabsf(x[i * x_stride]);
}
