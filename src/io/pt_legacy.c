/* The files of torch.save before 1.6: pickles of a magic number, a protocol, the system, the object and the list of
 * storage keys, then each storage as its number of elements, in 8 bytes, and the elements, all little-endian. */
#include "io/pt.h"

#include <string.h>

static const unsigned char magic[10] = { 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19 };

/* Runs the pickle at *at, which moves behind it. */
static prune_status next_pickle(pruni_pickle *pickle, pruni_input *input, uint64_t *at)
{
    return pruni_pickle_open_at(pickle, input, *at, at);
}

static bool is_magic(const pruni_pickle *pickle)
{
    const pruni_pickle_value *value = pruni_pickle_get(pickle, pickle->result);
    if (value->kind != PRUNI_PICKLE_BIG_INT)
        return false;
    const char *chars = pruni_pickle_chars(pickle, value->as.text);
    return (value->as.text.length == sizeof magic && memcmp(chars, magic, sizeof magic) == 0)
           || pruni_pickle_is_text(pickle, value->as.text, "119547037146038801333356");
}

static bool is_protocol(const pruni_pickle *pickle)
{
    enum { PROTOCOL = 1001 };
    const pruni_pickle_value *value = pruni_pickle_get(pickle, pickle->result);
    return value->kind == PRUNI_PICKLE_INT && value->as.integer == PROTOCOL;
}

static bool is_dict(const pruni_pickle *pickle)
{
    return pruni_pickle_get(pickle, pickle->result)->kind == PRUNI_PICKLE_DICT;
}

/* What a pickle that comes before the object must be. */
static prune_status expect_pickle(const pruni_pt *pt, pruni_input *input, uint64_t *at,
                                  bool (*is_right)(const pruni_pickle *pickle), pruni_fault fault, const char *words)
{
    pruni_pickle pickle;
    prune_status status = next_pickle(&pickle, input, at);
    if (status && fault == PRUNI_MAGIC && status != PRUNE_ERROR_MEMORY && status != PRUNE_ERROR_IO)
        return pruni_bad_file(fault, pt->source, "%s", words); /* it is no pickle at all */
    if (status)
        return status;
    bool right = is_right(&pickle);
    pruni_pickle_close(&pickle);
    return right ? PRUNE_OK : pruni_bad_file(fault, pt->source, "%s", words);
}

/* Where the storage lies that begins at *at, which moves behind it. */
static prune_status place_storage(pruni_pt *pt, pruni_pt_storage *storage, pruni_input *input, uint64_t *at)
{
    unsigned char count[8];
    char key[PRUNI_SHOWN_SIZE];
    bool holds = false;
    (void)pruni_shown(key, pruni_pickle_chars(&pt->pickle, storage->key), storage->key.length);
    if (pruni_input_read(input, *at, count, sizeof count))
        return prune_last_status();
    uint64_t numel = pruni_load_le64(count);
    if (numel != storage->bytes / storage->element_size)
        return pruni_bad_file(PRUNI_SIZE, pt->source, "storage %s has %llu elements, and %llu where it lies", key,
                              (unsigned long long)(storage->bytes / storage->element_size), (unsigned long long)numel);
    storage->offset = *at + sizeof count;
    *at = storage->offset + storage->bytes;
    if (pruni_input_holds(&holds, input, *at))
        return prune_last_status();
    if (!holds)
        return pruni_bad_file(PRUNI_TRUNCATED, pt->source, "storage %s ends at byte %llu", key,
                              (unsigned long long)*at);
    return PRUNE_OK;
}

static prune_status place_key(pruni_pt *pt, const pruni_pickle *keys, pruni_pickle_id id, pruni_input *input,
                              uint64_t *at)
{
    const pruni_pickle_value *key = pruni_pickle_get(keys, id);
    char shown[PRUNI_SHOWN_SIZE];
    if (key->kind != PRUNI_PICKLE_STRING)
        return pruni_bad_file(PRUNI_SCHEMA, pt->source, "a storage key is no string");
    const char *chars = pruni_pickle_chars(keys, key->as.text);
    pruni_pt_storage *storage = pruni_pt_storage_of_key(pt, chars, key->as.text.length);
    if (!storage)
        return pruni_bad_file(PRUNI_SCHEMA, pt->source, "no tensor has the storage %s that is listed",
                              pruni_shown(shown, chars, key->as.text.length));
    if (storage->offset > 0)
        return pruni_bad_file(PRUNI_DUP, pt->source, "storage %s is listed twice",
                              pruni_shown(shown, chars, key->as.text.length));
    return place_storage(pt, storage, input, at);
}

static prune_status place_all(pruni_pt *pt, const pruni_pickle *keys, pruni_input *input, uint64_t at)
{
    const pruni_pickle_value *list = pruni_pickle_get(keys, keys->result);
    bool more = false;
    if (list->kind != PRUNI_PICKLE_LIST)
        return pruni_bad_file(PRUNI_SCHEMA, pt->source, "the storage keys are no list");
    uint32_t cell = list->as.items.first;
    for (uint32_t i = 0; i < list->count; i++, cell = keys->cells[cell].next)
        if (place_key(pt, keys, keys->cells[cell].value, input, &at))
            return prune_last_status();
    if (list->count < pt->key_count)
        return pruni_bad_file(PRUNI_LAYOUT, pt->source, "%lld storages are listed, and tensors have %lld",
                              (long long)list->count, (long long)pt->key_count);
    if (pruni_input_holds(&more, input, at + 1))
        return prune_last_status();
    return more ? pruni_bad_file(PRUNI_LAYOUT, pt->source, "there is more after the last storage, at byte %llu",
                                 (unsigned long long)at)
                : PRUNE_OK;
}

prune_status pruni_pt_open_legacy(pruni_pt *pt, pruni_input *input)
{
    uint64_t at = 0;
    pruni_pickle keys;
    if (expect_pickle(pt, input, &at, is_magic, PRUNI_MAGIC, "not a file of torch.save")
        || expect_pickle(pt, input, &at, is_protocol, PRUNI_UNSUP, "not of the protocol 1001 of torch.save")
        || expect_pickle(pt, input, &at, is_dict, PRUNI_SCHEMA, "what should describe the system is no dict")
        || next_pickle(&pt->pickle, input, &at) || pruni_pt_find_storages(pt) || next_pickle(&keys, input, &at))
        return prune_last_status();
    prune_status status = place_all(pt, &keys, input, at);
    pruni_pickle_close(&keys);
    return status;
}
