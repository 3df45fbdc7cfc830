/* Masks and values written side by side. */
#include "kernels/loops.h"
#include "kernels/select.h"
#include "kernels/table.h"

#include "kernels/prune_loops.h"

#include <string.h>

/* ---- First prunes ---- */

void pruni_kernel_prune_channels(float *mask, float *value, const float *orig, const float *scales,
                                 pruni_channels channels, int64_t all)
{
    pruni_kernels_used()->prune_channels(mask, value, orig, scales, channels, all);
}

void pruni_prune_channels_portable(float *mask, float *value, const float *orig, const float *scales,
                                   pruni_channels channels, int64_t all)
{
    (void)all;
    loop_over_channels(mask, value, orig, scales, channels);
}

void pruni_kernel_prune_by_mask(float *mask, float *value, const float *orig, const float *given, int64_t n,
                                int64_t all)
{
    pruni_kernels_used()->prune_by_mask(mask, value, orig, given, n, all);
}

void pruni_kernel_prune_n_of_four(float *mask, float *value, const float *orig, const float *scores, int64_t groups,
                                  int64_t n)
{
    pruni_kernels_used()->prune_n_of_four(mask, value, orig, scores, groups, n);
}

void pruni_prune_by_mask_portable(float *mask, float *value, const float *orig, const float *given, int64_t n,
                                  int64_t all)
{
    (void)all;
    const float one = pruni_one();
    for (int64_t i = 0; i < n; i++) {
        float entry = one * given[i];
        mask[i] = entry;
        value[i] = entry * orig[i];
    }
}

/* How many of a group go before entry i. */
static int64_t rank_of(const float scores[4], int i)
{
    uint32_t own = pruni_select_key(scores[i], false);
    int64_t rank = 0;
    for (int j = 0; j < 4; j++) {
        uint32_t other = pruni_select_key(scores[j], false);
        rank += other > own || (other == own && j < i);
    }
    return rank;
}

void pruni_prune_n_of_four_portable(float *mask, float *value, const float *orig, const float *scores, int64_t groups,
                                    int64_t n)
{
    const float one = pruni_one();
    for (int64_t i = 0; i < 4 * groups; i++) {
        float stays = rank_of(scores + i / 4 * 4, (int)(i % 4)) < n ? one : 0.0f;
        mask[i] = stays;
        value[i] = stays * orig[i];
    }
}

/* ---- Later prunes ---- */

enum { PART = 1 << 12 };

/* Starts from the mask so far, or ones. */
static void copy_mask(const pruni_run *part)
{
    const float one = 1;
    if (!part->before)
        pruni_kernel_fill(sizeof one, part->mask, 1, &one, part->n);
    else if (part->before != part->mask)
        memcpy(part->mask, part->before, (size_t)part->n * sizeof *part->mask);
}

static void set_value(const pruni_run *part)
{
    pruni_kernel_multiply(part->value, 1, part->mask, 1, part->orig, 1, part->n);
}

void pruni_kernel_keep_mask(const pruni_run *run)
{
    if (run->mask != run->before && run->n > 0)
        copy_mask(run);
    set_value(run);
}

void pruni_kernel_scale_mask(const pruni_run *run, const float *scales, pruni_channels channels)
{
    int64_t most = channels.inner > 0 ? pruni_larger(PART / channels.inner, 1) : channels.count;
    for (int64_t o = 0; o < channels.outer && run->n > 0; o++)
        for (int64_t c = 0; c < channels.count; c += most) {
            const pruni_channels some = { 1, pruni_smaller(most, channels.count - c), channels.inner };
            int64_t first = (o * channels.count + c) * channels.inner;
            const pruni_run part = pruni_kernel_run_part(run, first, some.count * some.inner);
            copy_mask(&part);
            pruni_kernel_scale_channels(part.mask, scales + c, some);
            set_value(&part);
        }
}

void pruni_kernel_multiply_mask(const pruni_run *run, const float *given)
{
    for (int64_t done = 0; done < run->n; done += PART) {
        const pruni_run part = pruni_kernel_run_part(run, done, pruni_smaller(PART, run->n - done));
        pruni_kernel_multiply(part.mask, 1, part.before, 1, given + done, 1, part.n);
        set_value(&part);
    }
}

void pruni_kernel_prune_n_of_m(const pruni_run *run, pruni_channels channels, int64_t n, int64_t m, uint64_t *scratch)
{
    const pruni_channels row = { 1, channels.count, channels.inner };
    int64_t length = channels.count * channels.inner;
    for (int64_t done = 0; done < run->n; done += length) {
        const pruni_run part = pruni_kernel_run_part(run, done, length);
        copy_mask(&part);
        pruni_kernel_mask_n_of_m(part.mask, part.scores, row, n, m, scratch);
        set_value(&part);
    }
}
