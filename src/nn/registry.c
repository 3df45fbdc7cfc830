/* Ordered registries of named tensors. */
#include "nn/internal.h"

#include <string.h>

int64_t pruni_registry_find(const pruni_registry *registry, const char *name)
{
    for (int64_t i = 0; i < registry->count; i++)
        if (strcmp(registry->items[i].name, name) == 0)
            return i;
    return -1;
}

prune_status pruni_registry_reserve(pruni_registry *registry, int64_t extra)
{
    void *items = registry->items;
    prune_status status = pruni_grow(&items, &registry->capacity, registry->count + extra, sizeof *registry->items);
    registry->items = items;
    return status;
}

void pruni_registry_append(pruni_registry *registry, pruni_entry entry)
{
    registry->items[registry->count++] = entry;
}

pruni_entry pruni_registry_take(pruni_registry *registry, int64_t index)
{
    pruni_entry *place = registry->items + index;
    pruni_entry taken = *place;
    registry->count--;
    memmove(place, place + 1, (size_t)(registry->count - index) * sizeof *place);
    return taken;
}

void pruni_entry_clear(pruni_entry *entry)
{
    pruni_free(entry->name);
    prune_tensor_release(entry->tensor);
    *entry = (pruni_entry){ NULL, NULL, false };
}
