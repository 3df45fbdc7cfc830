#include "bench.h"

#include <stdlib.h>
#include <string.h>

enum {
    HEADER = 64,       /* keeps malloc's alignment, and that within a cache line */
    LARGE = 64 * 1024, /* smaller blocks are malloc's business, which is quick about them */
};

typedef struct block {
    size_t size; /* asked for */
    size_t room;
    struct block *next; /* among the kept ones */
} block;

static struct {
    bool recycle;
    block *kept;
    size_t live, peak;
} pool;

static block *header(void *memory)
{
    return (block *)((char *)memory - HEADER);
}

/* The first kept block that holds `size` and is not much larger. */
static block *take_kept(size_t size)
{
    for (block **link = &pool.kept; *link; link = &(*link)->next) {
        block *b = *link;
        if (b->room >= size && b->room - size <= size / 8) {
            *link = b->next;
            return b;
        }
    }
    return NULL;
}

static void *pool_malloc(void *context, size_t size)
{
    (void)context;
    block *b = size >= LARGE ? take_kept(size) : NULL;
    if (!b && size <= SIZE_MAX - HEADER) {
        b = malloc(HEADER + size);
        if (b)
            b->room = size;
    }
    if (!b)
        return NULL;
    b->size = size;
    pool.live += size;
    if (pool.live > pool.peak)
        pool.peak = pool.live;
    return (char *)b + HEADER;
}

static void pool_free(void *context, void *memory)
{
    (void)context;
    block *b = header(memory);
    pool.live -= b->size;
    if (pool.recycle && b->room >= LARGE) {
        b->next = pool.kept;
        pool.kept = b;
    } else {
        free(b);
    }
}

static void *pool_realloc(void *context, void *memory, size_t size)
{
    if (!memory)
        return pool_malloc(context, size);
    size_t old = header(memory)->size;
    void *moved = pool_malloc(context, size);
    if (moved) {
        memcpy(moved, memory, old < size ? old : size);
        pool_free(context, memory);
    }
    return moved;
}

prune_status bench_pool_install(void)
{
    static const prune_allocator allocator = { pool_malloc, pool_realloc, pool_free, NULL };
    return prune_set_allocator(&allocator);
}

void bench_pool_recycle(bool on)
{
    pool.recycle = on;
    while (!on && pool.kept) {
        block *b = pool.kept;
        pool.kept = b->next;
        free(b);
    }
}

int64_t bench_pool_live(void)
{
    return (int64_t)pool.live;
}

int64_t bench_pool_peak(bool reset)
{
    if (reset)
        pool.peak = pool.live;
    return (int64_t)pool.peak;
}
