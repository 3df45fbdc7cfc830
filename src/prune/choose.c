/* The first k of some numbers, ties broken as asked. */
#include "prune/internal.h"

static prune_status choose_as_torch(float *out, float value, const float *x, int64_t n, int64_t k, bool largest)
{
    if (n - 1 > (int64_t)UINT32_MAX) /* GCOVR_EXCL_START: takes 50 GB of memory */
        return prune_fail(PRUNE_ERROR_UNSUPPORTED,
                          "breaking a tie among %lld entries as PyTorch does is not supported, at most 2^32 are: use "
                          "PRUNE_TIES_LOWEST_INDEX",
                          (long long)n); /* GCOVR_EXCL_STOP */
    uint64_t *scratch = pruni_alloc_array((size_t)n, sizeof *scratch);
    if (!scratch)
        return PRUNE_ERROR_MEMORY;
    pruni_kernel_select_fill_as_torch(out, value, x, n, k, largest, scratch);
    pruni_free(scratch);
    return PRUNE_OK;
}

prune_status pruni_choose(float *out, float value, const float *x, int64_t n, int64_t k, bool largest, prune_ties ties)
{
    if (k == 0)
        return PRUNE_OK;
    pruni_selection found;
    pruni_kernel_select(&found, x, n, k, largest);
    if (found.equal_chosen < found.equal && ties == PRUNE_TIES_TORCH)
        return choose_as_torch(out, value, x, n, k, largest);
    pruni_kernel_select_fill(out, value, x, n, &found);
    return PRUNE_OK;
}
