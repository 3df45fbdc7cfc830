/* A map from pointers to pointers, by open addressing. */
#include "nn/internal.h"

static struct pruni_memo_slot *slot_of(const pruni_memo *memo, const void *key)
{
    uint64_t hash = (uint64_t)(uintptr_t)key * UINT64_C(0x9E3779B97F4A7C15); /* Fibonacci hashing */
    size_t i = (size_t)(hash >> 32) & (memo->capacity - 1);
    while (memo->slots[i].key && memo->slots[i].key != key)
        i = (i + 1) & (memo->capacity - 1);
    return &memo->slots[i];
}

struct pruni_memo_slot *pruni_memo_find(const pruni_memo *memo, const void *key)
{
    if (memo->capacity == 0)
        return NULL;
    struct pruni_memo_slot *slot = slot_of(memo, key);
    return slot->key ? slot : NULL;
}

static prune_status grow(pruni_memo *memo)
{
    pruni_memo grown = { NULL, memo->count, memo->capacity > 0 ? memo->capacity * 2 : 16 };
    grown.slots = pruni_alloc_zeroed(grown.capacity, sizeof *grown.slots);
    if (!grown.slots)
        return PRUNE_ERROR_MEMORY;
    for (size_t i = 0; i < memo->capacity; i++)
        if (memo->slots[i].key)
            *slot_of(&grown, memo->slots[i].key) = memo->slots[i];
    pruni_free(memo->slots);
    *memo = grown;
    return PRUNE_OK;
}

prune_status pruni_memo_add(pruni_memo *memo, const void *key, void *value)
{
    if (memo->count >= memo->capacity / 2 && grow(memo))
        return PRUNE_ERROR_MEMORY;
    *slot_of(memo, key) = (struct pruni_memo_slot){ key, value };
    memo->count++;
    return PRUNE_OK;
}

void pruni_memo_free(pruni_memo *memo)
{
    pruni_free(memo->slots);
    *memo = (pruni_memo){ NULL, 0, 0 };
}
