/* Masks: taking out and putting back what they leave, N:M patterns. */
#include "kernels/internal.h"
#include "kernels/select.h"

#include <string.h>

/* ---- Entries whose mask is 1 ---- */

int64_t pruni_kernel_count_ones(const float *mask, int64_t n)
{
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++)
        count += mask[i] == 1;
    return count;
}

void pruni_kernel_gather_ones(float *list, const float *x, const float *mask, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (mask[i] == 1)
            *list++ = x[i];
}

void pruni_kernel_scatter_ones(float *mask, const float *list, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (mask[i] == 1)
            mask[i] = *list++;
}

void pruni_kernel_spread_ones(uint32_t *spread, const uint32_t *list, const float *mask, int64_t n)
{
    int64_t taken = 0;
    for (int64_t i = 0; i < n; i++) {
        bool one = mask[i] == 1;
        spread[i] = one ? list[taken] : 0;
        taken += one;
    }
}

/* ---- Channels ---- */

void pruni_kernel_channel_sums(float *sums, const float *x, pruni_channels channels)
{
    for (int64_t c = 0; c < channels.count; c++)
        sums[c] = 0;
    for (int64_t o = 0; o < channels.outer; o++)
        for (int64_t c = 0; c < channels.count; c++) {
            float sum = sums[c];
            for (int64_t i = 0; i < channels.inner; i++)
                sum += x[i];
            sums[c] = sum;
            x += channels.inner;
        }
}

void pruni_kernel_gather_channels(float *part, const float *x, const float *sums, pruni_channels channels)
{
    size_t bytes = (size_t)channels.inner * sizeof *x;
    for (int64_t o = 0; o < channels.outer; o++)
        for (int64_t c = 0; c < channels.count; c++) {
            if (sums[c] != 0) {
                memcpy(part, x, bytes);
                part += channels.inner;
            }
            x += channels.inner;
        }
}

void pruni_kernel_scatter_channels(float *x, const float *part, const float *sums, pruni_channels channels)
{
    size_t bytes = (size_t)channels.inner * sizeof *x;
    for (int64_t o = 0; o < channels.outer; o++)
        for (int64_t c = 0; c < channels.count; c++) {
            if (sums[c] != 0) {
                memcpy(x, part, bytes);
                part += channels.inner;
            }
            x += channels.inner;
        }
}

void pruni_kernel_scale_channels(float *x, const float *scales, pruni_channels channels)
{
    for (int64_t o = 0; o < channels.outer; o++)
        for (int64_t c = 0; c < channels.count; c++) {
            for (int64_t i = 0; i < channels.inner; i++)
                x[i] *= scales[c];
            x += channels.inner;
        }
}

/* ---- N:M ---- */

/* In the order of staying: largest first, masked ones last. */
static uint32_t staying_key(float mask, float x)
{
    return mask == 0 ? UINT32_MAX : pruni_select_key(x, true);
}

static void mask_group(float *mask, int64_t mask_stride, const float *x, int64_t x_stride, int64_t n, int64_t m,
                       uint64_t *scratch)
{
    for (int64_t i = 0; i < m; i++)
        scratch[i] = (uint64_t)staying_key(mask[i * mask_stride], x[i * x_stride]) << 32;
    if (n > 0)
        pruni_kernel_heap_select(scratch, m, n);
    uint32_t threshold = n > 0 ? (uint32_t)(scratch[0] >> 32) : 0;
    int64_t equal_left = n;
    for (int64_t i = 0; i < m; i++)
        equal_left -= staying_key(mask[i * mask_stride], x[i * x_stride]) < threshold;
    for (int64_t i = 0; i < m; i++) {
        uint32_t key = staying_key(mask[i * mask_stride], x[i * x_stride]);
        bool stays = key < threshold || (key == threshold && equal_left-- > 0);
        if (!stays)
            mask[i * mask_stride] *= 0;
    }
}

void pruni_kernel_mask_groups(float *mask, pruni_groups of_mask, const float *x, pruni_groups of_x, int64_t count,
                              int64_t n, int64_t m, uint64_t *scratch)
{
    for (int64_t g = 0; g < count; g++)
        mask_group(mask + g * of_mask.step, of_mask.stride, x + g * of_x.step, of_x.stride, n, m, scratch);
}

void pruni_kernel_mask_n_of_m(float *mask, const float *x, pruni_channels channels, int64_t n, int64_t m,
                              uint64_t *scratch)
{
    int64_t group_size = m * channels.inner;
    for (int64_t g = 0; g < channels.outer * (channels.count / m); g++)
        for (int64_t i = 0; i < channels.inner; i++) {
            int64_t first = g * group_size + i;
            mask_group(mask + first, channels.inner, x + first, channels.inner, n, m, scratch);
        }
}
