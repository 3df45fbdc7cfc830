/* Selection among numbers that come in chunks: the k-th key by counting its leading bits, then those that follow. */
#include "kernels/internal.h"
#include "kernels/select.h"

void pruni_kernel_count_leading(int64_t *bins, const float *x, int64_t n, bool largest)
{
    for (int64_t i = 0; i < n; i++)
        bins[pruni_select_key(x[i], largest) >> PRUNI_TRAILING_BITS]++;
}

void pruni_kernel_count_trailing(int64_t *bins, const float *x, int64_t n, bool largest, uint32_t leading)
{
    const uint32_t trailing = (UINT32_C(1) << PRUNI_TRAILING_BITS) - 1;
    for (int64_t i = 0; i < n; i++) {
        uint32_t key = pruni_select_key(x[i], largest);
        if (key >> PRUNI_TRAILING_BITS == leading)
            bins[key & trailing]++;
    }
}

uint32_t pruni_kernel_find_bin(const int64_t *bins, int64_t *k)
{
    uint32_t bin = 0;
    int64_t left = *k;
    while (left > bins[bin])
        left -= bins[bin++];
    *k = left;
    return bin;
}

float pruni_kernel_magnitude_of_key(uint32_t key)
{
    float magnitude;
    memcpy(&magnitude, &key, sizeof magnitude);
    return magnitude;
}

/* In blocks, so that only those with ties are gone through a second time. */
enum { BLOCK = 1024 };

static int64_t mask_below(float *mask, const float *x, int64_t n, bool largest, uint32_t key, int64_t *equal)
{
    int32_t below = 0, same = 0;
    for (int64_t i = 0; i < n; i++) {
        uint32_t own = pruni_select_key(x[i], largest);
        mask[i] = own < key ? 0.0f : 1.0f;
        below += own < key;
        same += own == key;
    }
    *equal = same;
    return below;
}

static void mask_equal(float *mask, const float *x, bool largest, uint32_t key, int64_t count)
{
    for (int64_t i = 0; count > 0; i++) {
        bool goes = pruni_select_key(x[i], largest) == key;
        mask[i] = goes ? 0.0f : mask[i];
        count -= goes;
    }
}

int64_t pruni_kernel_mask_chunk(float *mask, const float *x, int64_t n, bool largest, uint32_t key, int64_t *equal_left)
{
    int64_t pruned = 0;
    for (int64_t at = 0; at < n; at += BLOCK) {
        int64_t size = n - at < BLOCK ? n - at : BLOCK;
        int64_t equal;
        pruned += mask_below(mask + at, x + at, size, largest, key, &equal);
        equal = equal < *equal_left ? equal : *equal_left;
        mask_equal(mask + at, x + at, largest, key, equal);
        *equal_left -= equal;
        pruned += equal;
    }
    return pruned;
}
