/* Names in order, found by hash: what dicts and their metadata are made of. */
#include "tensor/internal.h"

#include <string.h>

/* ---- SipHash-1-3: without the key nobody can choose names that collide. The key is where the table lies, which decides
 * how fast names are found and nothing else. ---- */

static uint64_t rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static void sip_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
}

static uint64_t hash_name(const pruni_table *table, const char *name)
{
    uint64_t key = (uint64_t)(uintptr_t)table;
    uint64_t v[4] = { key ^ UINT64_C(0x736f6d6570736575), ~key ^ UINT64_C(0x646f72616e646f6d),
                      key ^ UINT64_C(0x6c7967656e657261), ~key ^ UINT64_C(0x7465646279746573) };
    size_t length = strlen(name);
    size_t done = 0;
    for (; length - done >= 8; done += 8) {
        uint64_t word;
        memcpy(&word, name + done, sizeof word);
        sip_word(v, word);
    }
    uint64_t rest = 0;
    memcpy(&rest, name + done, length - done);
    sip_word(v, rest);
    sip_word(v, length);
    v[2] ^= 0xFF;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* ---- Slots: open addressing, at most half full; each holds the place of an item plus one, 0 if free ---- */

static int64_t *slot_of(const pruni_table *table, const char *name, uint64_t hash)
{
    uint64_t mask = (uint64_t)table->slot_count - 1;
    for (uint64_t i = hash & mask;; i = (i + 1) & mask) {
        int64_t *slot = &table->slots[i];
        if (*slot == 0)
            return slot;
        const pruni_table_item *item = &table->items[*slot - 1];
        if (item->hash == hash && strcmp(item->name, name) == 0)
            return slot;
    }
}

static void fill_slots(pruni_table *table)
{
    memset(table->slots, 0, (size_t)table->slot_count * sizeof table->slots[0]);
    uint64_t mask = (uint64_t)table->slot_count - 1;
    for (int64_t place = 0; place < table->count; place++) {
        uint64_t i = table->items[place].hash & mask;
        while (table->slots[i] != 0)
            i = (i + 1) & mask;
        table->slots[i] = place + 1;
    }
}

/* ---- Items ---- */

int64_t pruni_table_find(const pruni_table *table, const char *name)
{
    return table->count > 0 ? *slot_of(table, name, hash_name(table, name)) - 1 : -1;
}

/* Gives *slots room for one more name, or leaves it NULL if there is room. */
static prune_status allocate_slots(int64_t **slots, int64_t *slot_count, const pruni_table *table)
{
    if (table->count < table->slot_count / 2)
        return PRUNE_OK;
    *slot_count = table->slot_count > 0 ? table->slot_count * 2 : 16;
    *slots = pruni_alloc_array((size_t)*slot_count, sizeof **slots);
    return *slots ? PRUNE_OK : PRUNE_ERROR_MEMORY;
}

prune_status pruni_table_append(pruni_table *table, const char *name, void *value)
{
    int64_t *slots = NULL;
    int64_t slot_count = table->slot_count;
    char *copy = pruni_strdup(name);
    void *items = table->items;
    bool failed = !copy || allocate_slots(&slots, &slot_count, table)
                  || pruni_grow(&items, &table->capacity, table->count + 1, sizeof *table->items);
    table->items = items;
    if (failed) {
        pruni_free(slots);
        pruni_free(copy);
        return prune_last_status();
    }
    if (slots) {
        pruni_free(table->slots);
        table->slots = slots;
        table->slot_count = slot_count;
        fill_slots(table);
    }
    uint64_t hash = hash_name(table, name);
    *slot_of(table, name, hash) = table->count + 1;
    table->items[table->count++] = (pruni_table_item){ copy, hash, value };
    return PRUNE_OK;
}

void *pruni_table_remove(pruni_table *table, int64_t i)
{
    pruni_table_item item = table->items[i];
    table->count--;
    memmove(table->items + i, table->items + i + 1, (size_t)(table->count - i) * sizeof item);
    fill_slots(table);
    pruni_free(item.name);
    return item.value;
}

void pruni_table_free(pruni_table *table)
{
    for (int64_t i = 0; i < table->count; i++)
        pruni_free(table->items[i].name);
    pruni_free(table->items);
    pruni_free(table->slots);
}
