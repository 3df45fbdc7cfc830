/* Which of equal numbers PyTorch's topk takes. It calls std::partial_sort or std::nth_element, which compare the numbers
 * alone, so that the choice is a matter of how libstdc++ moves them. The same moves are made here, on entries of a key
 * above an index. */
#include "kernels/internal.h"
#include "kernels/select.h"

static bool before(uint64_t a, uint64_t b)
{
    return a >> 32 < b >> 32;
}

static void swap(uint64_t *a, uint64_t *b)
{
    uint64_t kept = *a;
    *a = *b;
    *b = kept;
}

/* Puts `entry` into the heap from `hole` downwards: the larger child moves up all the way to a leaf, and from there the
 * entry climbs back. */
static void sift(uint64_t *heap, int64_t size, int64_t hole, uint64_t entry)
{
    int64_t top = hole;
    int64_t child;
    while ((child = 2 * hole + 2) < size) {
        if (before(heap[child], heap[child - 1]))
            child--;
        heap[hole] = heap[child];
        hole = child;
    }
    if (child == size) {
        heap[hole] = heap[child - 1];
        hole = child - 1;
    }
    while (hole > top && before(heap[(hole - 1) / 2], entry)) {
        heap[hole] = heap[(hole - 1) / 2];
        hole = (hole - 1) / 2;
    }
    heap[hole] = entry;
}

void pruni_kernel_heap_select(uint64_t *a, int64_t n, int64_t k)
{
    for (int64_t parent = (k - 2) / 2; k > 1 && parent >= 0; parent--)
        sift(a, k, parent, a[parent]);
    for (int64_t i = k; i < n; i++)
        if (before(a[i], a[0])) {
            uint64_t entry = a[i];
            a[i] = a[0];
            sift(a, k, 0, entry);
        }
}

static uint64_t *median(uint64_t *x, uint64_t *y, uint64_t *z)
{
    if (before(*x, *y)) {
        if (before(*y, *z))
            return y;
        return before(*x, *z) ? z : x;
    }
    if (before(*x, *z))
        return x;
    return before(*y, *z) ? z : y;
}

/* Splits [first, last) around the median of three, which comes first; gives where the second part begins. */
static int64_t partition(uint64_t *a, int64_t first, int64_t last)
{
    swap(&a[first], median(&a[first + 1], &a[first + (last - first) / 2], &a[last - 1]));
    int64_t i = first + 1;
    int64_t j = last;
    for (;; i++) {
        while (before(a[i], a[first]))
            i++;
        do
            j--;
        while (before(a[first], a[j]));
        if (i >= j)
            return i;
        swap(&a[i], &a[j]);
    }
}

static void insertion_sort(uint64_t *a, int64_t n)
{
    for (int64_t i = 1; i < n; i++) {
        uint64_t entry = a[i];
        int64_t place = i;
        for (; place > 0 && before(entry, a[place - 1]); place--)
            a[place] = a[place - 1];
        a[place] = entry;
    }
}

static int floor_log2(int64_t n)
{
    int log = 0;
    while (n >>= 1)
        log++;
    return log;
}

static void quick_select(uint64_t *a, int64_t n, int64_t k)
{
    int64_t first = 0;
    int64_t last = n;
    for (int rounds = 2 * floor_log2(n); last - first > 3; rounds--) {
        if (rounds == 0) {
            pruni_kernel_heap_select(a + first, last - first, k - first);
            return;
        }
        int64_t cut = partition(a, first, last);
        if (cut <= k - 1)
            first = cut;
        else
            last = cut;
    }
    insertion_sort(a + first, last - first);
}

void pruni_kernel_order_as_torch(uint64_t *entries, int64_t n, int64_t k)
{
    if (k <= n / 64)
        pruni_kernel_heap_select(entries, n, k);
    else
        quick_select(entries, n, k);
}

void pruni_kernel_select_fill_as_torch(float *out, float value, const float *x, int64_t n, int64_t k, bool largest,
                                       uint64_t *scratch)
{
    for (int64_t i = 0; i < n; i++)
        scratch[i] = (uint64_t)pruni_select_key(x[i], largest) << 32 | (uint64_t)i;
    pruni_kernel_order_as_torch(scratch, n, k);
    for (int64_t i = 0; i < k; i++)
        out[scratch[i] & UINT32_MAX] = value;
}
