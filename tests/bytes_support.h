/* An allocator that counts bytes: those in use, and the most that ever were. */
#ifndef PRUNE_TESTS_BYTES_SUPPORT_H
#define PRUNE_TESTS_BYTES_SUPPORT_H

#include "support.h"

enum { BYTES_HEADER = 64 }; /* before each block, which keeps its alignment */

static size_t live, peak;

static inline void *start_block(char *block, size_t size)
{
    if (!block)
        return NULL;
    memcpy(block, &size, sizeof size);
    live += size;
    peak = live > peak ? live : peak;
    return block + BYTES_HEADER;
}

static inline char *end_block(char *block)
{
    size_t size;
    memcpy(&size, block - BYTES_HEADER, sizeof size);
    live -= size;
    return block - BYTES_HEADER;
}

static inline void *count_malloc(void *context, size_t size)
{
    (void)context;
    return start_block(malloc(BYTES_HEADER + size), size);
}

static inline void *count_realloc(void *context, void *block, size_t size)
{
    (void)context;
    return start_block(realloc(end_block(block), BYTES_HEADER + size), size);
}

static inline void count_free(void *context, void *block)
{
    (void)context;
    free(end_block(block));
}

static inline int count_bytes(void **state)
{
    (void)state;
    const prune_allocator counting = { count_malloc, count_realloc, count_free, NULL };
    live = 0;
    return prune_set_allocator(&counting) ? -1 : 0;
}

static inline int expect_no_bytes(void **state)
{
    (void)state;
    return live != 0 || prune_set_allocator(NULL) ? -1 : 0;
}

#endif
