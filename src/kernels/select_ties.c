/* Which of equal numbers PyTorch's topk takes. It calls std::partial_sort or std::nth_element, which compare the numbers
 * alone, so that the choice is a matter of how libstdc++ moves them. The same moves are made here, on entries of a key
 * above an index. */
#include "kernels/select.h"
#include "kernels/table.h"

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

/* ---- Hoare's partition, in blocks ----
 * The left scan stops at entries that do not come before the pivot, the right one at those that do not come after it, and
 * the t-th stop on the left is always swapped with the t-th on the right. So the stops of a block of entries can be
 * listed without a branch for each, until the scans come near each other. */

enum { BLOCK = PRUNI_STOPS };

typedef struct scan {
    int64_t next;         /* the first entry of the block: it goes up on the left, and down on the right */
    int64_t count, taken; /* of stops listed */
    uint8_t stops[BLOCK]; /* entries away from the first */
} scan;

int64_t pruni_list_stops_portable(uint8_t stops[PRUNI_STOPS], const uint64_t *first, uint32_t pivot, bool down)
{
    int64_t count = 0;
    for (int64_t i = 0; i < BLOCK; i++) {
        uint64_t key = (down ? first[-i] : first[i]) >> 32;
        stops[count] = (uint8_t)i;
        count += down ? key <= pivot : key >= pivot;
    }
    return count;
}

static void list(scan *s, const uint64_t *a, uint32_t pivot, bool down)
{
    s->count = pruni_kernels_used()->list_stops(s->stops, a + s->next, pivot, down);
    s->taken = 0;
}

/* Swaps the stops that both have. */
static void swap_stops(uint64_t *a, scan *left, scan *right)
{
    const uint8_t *up = left->stops + left->taken, *down = right->stops + right->taken;
    int64_t count = pruni_smaller(left->count - left->taken, right->count - right->taken);
    for (int64_t i = 0; i < count; i++)
        swap(&a[left->next + up[i]], &a[right->next - down[i]]);
    left->taken += count;
    right->taken += count;
}

/* As far as whole blocks go; *i and *j are then where the scans stand, *j one above. */
static void partition_blocks(uint64_t *a, uint32_t pivot, int64_t *i, int64_t *j)
{
    scan left = { .next = *i }, right = { .next = *j - 1 };
    bool open_left = false, open_right = false; /* the block is listed, and not all of it taken */
    while (right.next - left.next + 1 > (int64_t)2 * BLOCK) {
        if (!open_left)
            list(&left, a, pivot, false);
        if (!open_right)
            list(&right, a, pivot, true);
        swap_stops(a, &left, &right);
        open_left = left.taken < left.count;
        open_right = right.taken < right.count;
        left.next += open_left ? 0 : BLOCK;
        right.next -= open_right ? 0 : BLOCK;
    }
    *i = left.next + (open_left ? left.stops[left.taken] : 0);
    *j = right.next + 1 - (open_right ? right.stops[right.taken] : 0);
}

/* Splits [first, last) around the median of three, which comes first; gives where the second part begins. */
static int64_t partition(uint64_t *a, int64_t first, int64_t last)
{
    swap(&a[first], median(&a[first + 1], &a[first + (last - first) / 2], &a[last - 1]));
    int64_t i = first + 1;
    int64_t j = last;
    partition_blocks(a, (uint32_t)(a[first] >> 32), &i, &j);
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
