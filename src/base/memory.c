/* The allocator of the process, through which all memory comes. */
#include "base/internal.h"

#include <stdlib.h>
#include <string.h>

static void *default_malloc(void *context, size_t size)
{
    (void)context;
    return malloc(size);
}

static void *default_realloc(void *context, void *block, size_t size)
{
    (void)context;
    return realloc(block, size);
}

static void default_free(void *context, void *block)
{
    (void)context;
    free(block);
}

static const prune_allocator default_allocator = { default_malloc, default_realloc, default_free, NULL };

static prune_allocator allocator = { default_malloc, default_realloc, default_free, NULL };

#if !defined(__STDC_NO_ATOMICS__)
static atomic_size_t live_blocks;
#else
static size_t live_blocks;
#endif

prune_status prune_set_allocator(const prune_allocator *replacement)
{
    if (replacement && (!replacement->malloc_fn || !replacement->realloc_fn || !replacement->free_fn))
        return prune_fail(PRUNE_ERROR_TYPE, "prune_set_allocator: malloc_fn, realloc_fn and free_fn must all be set");
    size_t live = live_blocks;
    if (live > 0)
        return prune_fail(PRUNE_ERROR_STATE,
                          "prune_set_allocator: %zu blocks of the present allocator are still in use", live);
    allocator = replacement ? *replacement : default_allocator;
    return PRUNE_OK;
}

void prune_free(void *block)
{
    pruni_free(block);
}

void *pruni_alloc(size_t size)
{
    void *block = allocator.malloc_fn(allocator.context, size > 0 ? size : 1);
    if (!block) {
        prune_fail(PRUNE_ERROR_MEMORY, "out of memory: %zu bytes", size);
        return NULL;
    }
    live_blocks++;
    return block;
}

static bool array_size(size_t *bytes, size_t count, size_t size)
{
    if (pruni_multiply_size(bytes, count, size))
        return true;
    prune_fail(PRUNE_ERROR_MEMORY, "out of memory: %zu items of %zu bytes", count, size);
    return false;
}

void *pruni_alloc_array(size_t count, size_t size)
{
    size_t bytes;
    return array_size(&bytes, count, size) ? pruni_alloc(bytes) : NULL;
}

void *pruni_alloc_zeroed(size_t count, size_t size)
{
    void *block = pruni_alloc_array(count, size);
    if (block)
        memset(block, 0, count * size);
    return block;
}

void *pruni_realloc_array(void *block, size_t count, size_t size)
{
    if (!block)
        return pruni_alloc_array(count, size);
    size_t bytes;
    if (!array_size(&bytes, count, size))
        return NULL;
    void *grown = allocator.realloc_fn(allocator.context, block, bytes > 0 ? bytes : 1);
    if (!grown)
        prune_fail(PRUNE_ERROR_MEMORY, "out of memory: %zu bytes", bytes);
    return grown;
}

void pruni_free(void *block)
{
    if (!block)
        return;
    allocator.free_fn(allocator.context, block);
    live_blocks--;
}

char *pruni_strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = pruni_alloc(size);
    if (copy)
        memcpy(copy, text, size);
    return copy;
}

prune_status pruni_grow(void **items, int64_t *capacity, int64_t needed, size_t item_size)
{
    if (needed <= *capacity)
        return PRUNE_OK;
    int64_t wanted = *capacity + *capacity / 2 + 4;
    if (wanted < needed)
        wanted = needed;
    size_t count = (uint64_t)wanted > SIZE_MAX ? SIZE_MAX : (size_t)wanted; /* which is never to be had */
    void *grown = pruni_realloc_array(*items, count, item_size);
    if (!grown)
        return PRUNE_ERROR_MEMORY;
    *items = grown;
    *capacity = wanted;
    return PRUNE_OK;
}
