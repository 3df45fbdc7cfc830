/* First prunes, which write mask and value side by side. */
#include "kernels/loops.h"
#include "kernels/select.h"
#include "kernels/table.h"

#include "kernels/prune_loops.h"

void pruni_kernel_prune_channels(float *mask, float *value, const float *orig, const float *scales,
                                 pruni_channels channels)
{
    pruni_kernels_used()->prune_channels(mask, value, orig, scales, channels);
}

void pruni_kernel_prune_by_mask(float *mask, float *value, const float *orig, const float *given, int64_t n)
{
    pruni_kernels_used()->prune_by_mask(mask, value, orig, given, n);
}

void pruni_kernel_prune_n_of_four(float *mask, float *value, const float *orig, const float *scores, int64_t groups,
                                  int64_t n)
{
    pruni_kernels_used()->prune_n_of_four(mask, value, orig, scores, groups, n);
}

void pruni_prune_by_mask_portable(float *mask, float *value, const float *orig, const float *given, int64_t n)
{
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
