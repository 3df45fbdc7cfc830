/* Keys in no order: which lie in a range, and where a rank lies. For that a bracket around it is halved, and each time the
 * keys below are counted. */
#include "kernels/table.h"

int64_t pruni_count_below_portable(const uint32_t *keys, int64_t n, uint32_t limit)
{
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++)
        count += keys[i] < limit;
    return count;
}

int64_t pruni_list_between_portable(uint32_t *list, const uint32_t *places, const uint32_t *keys, int64_t n,
                                    uint32_t low, uint32_t high)
{
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++) {
        list[count] = places[i];
        count += (keys[i] >= low) & (keys[i] < high);
    }
    return count;
}

int64_t pruni_kernel_list_between(uint32_t *list, const uint32_t *places, const uint32_t *keys, int64_t n, uint32_t low,
                                  uint32_t high)
{
    return pruni_kernels_used()->list_between(list, places, keys, n, low, high);
}

void pruni_kernel_close_in(pruni_bracket *b, const uint32_t *keys, int64_t n, int64_t first, int64_t last,
                           int64_t slack)
{
    const pruni_kernels *used = pruni_kernels_used();
    while (b->high - b->low > 1 && b->below_high - b->below_low > slack) {
        uint32_t middle = b->low + (b->high - b->low) / 2;
        int64_t below = used->count_below(keys, n, middle);
        if (below <= first) {
            b->low = middle;
            b->below_low = below;
        } else if (below > last) {
            b->high = middle;
            b->below_high = below;
        } else {
            return;
        }
    }
}
