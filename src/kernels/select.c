/* The first k of n numbers: the k-th is found digit by digit from histograms of the keys, in three readings. */
#include "kernels/internal.h"
#include "kernels/select.h"

enum { HIGH_BITS = 11, MIDDLE_BITS = 10, LOW_BITS = 10, BINS = 1 << HIGH_BITS };

/* Counts the digit of `bits` bits above `shift` in those keys whose digits above it are `prefix`. */
static void count_digit(int64_t bins[BINS], const float *x, int64_t n, bool largest, int shift, int bits,
                        uint32_t prefix)
{
    uint32_t digit_mask = (1u << bits) - 1;
    memset(bins, 0, BINS * sizeof bins[0]);
    for (int64_t i = 0; i < n; i++) {
        uint32_t key = pruni_select_key(x[i], largest) >> shift;
        if (key >> bits == prefix)
            bins[key & digit_mask]++;
    }
}

void pruni_kernel_select(pruni_selection *found, const float *x, int64_t n, int64_t k, bool largest)
{
    int64_t bins[BINS];
    count_digit(bins, x, n, largest, MIDDLE_BITS + LOW_BITS, HIGH_BITS, 0);
    uint32_t key = pruni_kernel_find_bin(bins, &k);
    count_digit(bins, x, n, largest, LOW_BITS, MIDDLE_BITS, key);
    key = key << MIDDLE_BITS | pruni_kernel_find_bin(bins, &k);
    count_digit(bins, x, n, largest, 0, LOW_BITS, key);
    uint32_t last = pruni_kernel_find_bin(bins, &k);
    *found = (pruni_selection){
        .largest = largest,
        .key = key << LOW_BITS | last,
        .equal = bins[last],
        .equal_chosen = k,
    };
}

static void fill_up_to_key(float *out, float value, const float *x, int64_t n, uint32_t key, bool largest)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = pruni_select_key(x[i], largest) <= key ? value : out[i];
}

void pruni_kernel_select_fill(float *out, float value, const float *x, int64_t n, const pruni_selection *selection)
{
    if (selection->equal_chosen == selection->equal) {
        fill_up_to_key(out, value, x, n, selection->key, selection->largest);
        return;
    }
    int64_t equal_left = selection->equal_chosen;
    for (int64_t i = 0; i < n; i++) {
        uint32_t key = pruni_select_key(x[i], selection->largest);
        if (key < selection->key || (key == selection->key && equal_left-- > 0))
            out[i] = value;
    }
}
