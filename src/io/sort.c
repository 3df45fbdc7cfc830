/* A stable sort that no input makes slow. */
#include "io/internal.h"

#include <string.h>

typedef int compare_function(const void *a, const void *b);

/* Merges from[low, middle) and from[middle, high), each sorted, into to[low, high). */
static void merge(const void **to, const void **from, size_t low, size_t middle, size_t high, compare_function *compare)
{
    size_t left = low;
    size_t right = middle;
    if (middle >= high || compare(from[middle - 1], from[middle]) <= 0) {
        memcpy(to + low, from + low, (high - low) * sizeof *to);
        return;
    }
    for (size_t i = low; i < high; i++) {
        bool take_left = right == high || (left < middle && compare(from[left], from[right]) <= 0);
        to[i] = take_left ? from[left++] : from[right++];
    }
}

static bool is_sorted(const void **items, size_t count, compare_function *compare)
{
    for (size_t i = 1; i < count; i++)
        if (compare(items[i - 1], items[i]) > 0)
            return false;
    return true;
}

prune_status pruni_sort(const void **items, size_t count, compare_function *compare)
{
    if (is_sorted(items, count, compare))
        return PRUNE_OK;
    const void **scratch = pruni_alloc_array(count, sizeof *scratch);
    if (!scratch)
        return PRUNE_ERROR_MEMORY;
    const void **from = items;
    const void **to = scratch;
    for (size_t run = 1; run < count; run *= 2) {
        for (size_t low = 0; low < count; low += 2 * run) {
            size_t middle = count - low > run ? low + run : count;
            size_t high = count - middle > run ? middle + run : count;
            merge(to, from, low, middle, high, compare);
        }
        const void **swap = from;
        from = to;
        to = swap;
    }
    if (from != items)
        memcpy(items, from, count * sizeof *items);
    pruni_free(scratch);
    return PRUNE_OK;
}
