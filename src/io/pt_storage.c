/* The storages of a .pt file: what its persistent ids, ('storage', type, key, location, numel[, view]), say. */
#include "io/pt.h"

#include <string.h>

static prune_status bad_id(const pruni_pt *pt, const char *words)
{
    return pruni_bad_file(PRUNI_SCHEMA, pt->source, "a persistent id %s", words);
}

/* ---- Types ---- */

static const struct {
    const char *module, *name;
    unsigned element_size;
} other_types[] = {
    { "torch.storage", "UntypedStorage", 1 },
    { "torch", "UntypedStorage", 1 },
    { "torch.storage", "_UntypedStorage", 1 },
    { "torch", "_UntypedStorage", 1 },
    { "torch", "QInt8Storage", 1 },
    { "torch", "QUInt8Storage", 1 },
    { "torch", "QInt32Storage", 4 },
    { "torch", "QUInt4x2Storage", 1 },
    { "torch", "QUInt2x4Storage", 1 },
};

static bool find_type(const pruni_pt *pt, pruni_pt_storage *storage, const pruni_pickle_value *type)
{
    char name[32];
    pruni_pickle_text text = type->as.global.name;
    pruni_pickle_text module = type->as.global.module;
    storage->type = text;
    for (size_t i = 0; i < sizeof other_types / sizeof other_types[0]; i++)
        if (pruni_pickle_is_global(&pt->pickle, type, other_types[i].module, other_types[i].name)) {
            storage->element_size = other_types[i].element_size;
            return true;
        }
    if (text.length >= sizeof name
        || (!pruni_pickle_is_text(&pt->pickle, module, "torch")
            && !pruni_pickle_is_text(&pt->pickle, module, "torch.cuda")))
        return false;
    memcpy(name, pruni_pickle_chars(&pt->pickle, text), text.length);
    name[text.length] = '\0';
    storage->dtype = pruni_file_dtype_find(PRUNI_NAMED_BY_STORAGE, name);
    storage->element_size = storage->dtype ? storage->dtype->bits / 8 : 0;
    return storage->dtype != NULL;
}

/* ---- Persistent ids ---- */

static const pruni_pickle_value *item_of(const pruni_pt *pt, const pruni_pickle_value *tuple, uint32_t i, int kind)
{
    pruni_pickle_id id = pruni_pickle_item(&pt->pickle, tuple, i);
    if (id == PRUNI_PICKLE_NONE || pruni_pickle_get(&pt->pickle, id)->kind != kind)
        return NULL;
    return pruni_pickle_get(&pt->pickle, id);
}

/* A number of elements, as bytes. */
static prune_status read_bytes(const pruni_pt *pt, uint64_t *bytes, const pruni_pickle_value *tuple, uint32_t i,
                               unsigned element_size)
{
    const pruni_pickle_value *number = item_of(pt, tuple, i, PRUNI_PICKLE_INT);
    if (item_of(pt, tuple, i, PRUNI_PICKLE_BIG_INT)
        || (number && number->as.integer > INT64_MAX / (int64_t)element_size))
        return pruni_bad_file(PRUNI_OVERFLOW, pt->source, "a storage of more than 2^63 bytes");
    if (!number || number->as.integer < 0)
        return bad_id(pt, "without the number of its elements");
    *bytes = (uint64_t)number->as.integer * element_size;
    return PRUNE_OK;
}

/* (key, offset, numel) of a part of a storage, as files of before 1.0 have it; None. */
static prune_status read_view(const pruni_pt *pt, pruni_pt_storage *storage, const pruni_pickle_value *tuple)
{
    enum { VIEW = 5, VIEW_OFFSET = 1, VIEW_NUMEL = 2 };
    storage->view_bytes = storage->bytes;
    if (tuple->count <= VIEW || item_of(pt, tuple, VIEW, PRUNI_PICKLE_NULL))
        return PRUNE_OK;
    const pruni_pickle_value *view = item_of(pt, tuple, VIEW, PRUNI_PICKLE_TUPLE);
    if (!view)
        return bad_id(pt, "with a view that is no tuple");
    if (read_bytes(pt, &storage->view, view, VIEW_OFFSET, storage->element_size)
        || read_bytes(pt, &storage->view_bytes, view, VIEW_NUMEL, storage->element_size))
        return prune_last_status();
    if (storage->view > storage->bytes || storage->view_bytes > storage->bytes - storage->view)
        return pruni_bad_file(PRUNI_SIZE, pt->source, "a view of a storage goes beyond it");
    return PRUNE_OK;
}

static prune_status read_storage(const pruni_pt *pt, pruni_pt_storage *storage, const pruni_pickle_value *tuple)
{
    enum { TYPE = 1, KEY = 2, LOCATION = 3, NUMEL = 4 };
    const pruni_pickle_value *type = item_of(pt, tuple, TYPE, PRUNI_PICKLE_GLOBAL);
    const pruni_pickle_value *key = item_of(pt, tuple, KEY, PRUNI_PICKLE_STRING);
    if (!type || !key || !item_of(pt, tuple, LOCATION, PRUNI_PICKLE_STRING))
        return bad_id(pt, "that is not ('storage', type, key, location, numel)");
    *storage = (pruni_pt_storage){ .key = key->as.text };
    if (!find_type(pt, storage, type))
        return bad_id(pt, "of no type of storage that there is");
    return read_bytes(pt, &storage->bytes, tuple, NUMEL, storage->element_size) || read_view(pt, storage, tuple)
               ? prune_last_status()
               : PRUNE_OK;
}

/* ('module', class, file, source): what old files hold of a class that is no state. */
static bool is_module(const pruni_pt *pt, const pruni_pickle_value *tuple)
{
    const pruni_pickle_value *kind = item_of(pt, tuple, 0, PRUNI_PICKLE_STRING);
    return kind && pruni_pickle_is_text(&pt->pickle, kind->as.text, "module");
}

static prune_status add_storage(pruni_pt *pt, pruni_pickle_value *persistent)
{
    const pruni_pickle_value *tuple = pruni_pickle_get(&pt->pickle, persistent->as.persistent);
    persistent->count = PRUNI_PICKLE_NONE;
    if (tuple->kind != PRUNI_PICKLE_TUPLE)
        return bad_id(pt, "that is no tuple");
    if (is_module(pt, tuple))
        return PRUNE_OK;
    const pruni_pickle_value *kind = item_of(pt, tuple, 0, PRUNI_PICKLE_STRING);
    if (!kind || !pruni_pickle_is_text(&pt->pickle, kind->as.text, "storage"))
        return bad_id(pt, "that is not ('storage', type, key, location, numel)");
    void *storages = pt->storages;
    if (pruni_grow(&storages, &pt->storage_capacity, pt->storage_count + 1, sizeof *pt->storages))
        return PRUNE_ERROR_MEMORY;
    pt->storages = storages;
    persistent->count = (uint32_t)pt->storage_count;
    return read_storage(pt, &pt->storages[pt->storage_count++], tuple);
}

/* ---- Those of one key ---- */

typedef struct keyed {
    const char *key;
    size_t length;
    pruni_pt_storage *storage;
} keyed;

static int compare_keys(const void *a, const void *b)
{
    const keyed *left = a;
    const keyed *right = b;
    size_t shared = left->length < right->length ? left->length : right->length;
    int order = memcmp(left->key, right->key, shared);
    return order != 0 ? order : (left->length > right->length) - (left->length < right->length);
}

static prune_status check_same(const pruni_pt *pt, const pruni_pt_storage *first, const pruni_pt_storage *storage)
{
    char key[PRUNI_SHOWN_SIZE];
    bool same = first->dtype == storage->dtype && first->bytes == storage->bytes
                && first->type.length == storage->type.length
                && memcmp(pruni_pickle_chars(&pt->pickle, first->type), pruni_pickle_chars(&pt->pickle, storage->type),
                          first->type.length)
                       == 0;
    if (same)
        return PRUNE_OK;
    return pruni_bad_file(PRUNI_SCHEMA, pt->source, "storage %s has two dtypes or sizes",
                          pruni_shown(key, pruni_pickle_chars(&pt->pickle, first->key), first->key.length));
}

/* From keys in order to the first storage of each. */
static prune_status unite(pruni_pt *pt, const void **sorted)
{
    for (int64_t i = 0; i < pt->storage_count; i++) {
        const keyed *item = sorted[i];
        bool is_new = i == 0 || compare_keys(sorted[i - 1], item) != 0;
        if (is_new)
            pt->by_key[pt->key_count++] = item->storage;
        const pruni_pt_storage *first = pt->by_key[pt->key_count - 1];
        item->storage->first = (uint32_t)(first - pt->storages);
        if (check_same(pt, first, item->storage))
            return prune_last_status();
    }
    return PRUNE_OK;
}

static prune_status sort_storages(pruni_pt *pt)
{
    size_t count = (size_t)pt->storage_count;
    keyed *items = pruni_alloc_array(count, sizeof *items);
    const void **sorted = pruni_alloc_array(count, sizeof *sorted);
    pt->by_key = pruni_alloc_array(count, sizeof *pt->by_key);
    prune_status status = items && sorted && pt->by_key ? PRUNE_OK : PRUNE_ERROR_MEMORY;
    for (size_t i = 0; i < count && !status; i++) {
        pruni_pt_storage *storage = &pt->storages[i];
        items[i] = (keyed){ pruni_pickle_chars(&pt->pickle, storage->key), storage->key.length, storage };
        sorted[i] = &items[i];
    }
    if (!status)
        status = pruni_sort(sorted, count, compare_keys);
    if (!status)
        status = unite(pt, sorted);
    pruni_free(items);
    pruni_free(sorted);
    return status;
}

prune_status pruni_pt_find_storages(pruni_pt *pt)
{
    for (int64_t i = 0; i < pt->pickle.value_count; i++)
        if (pt->pickle.values[i].kind == PRUNI_PICKLE_PERSISTENT && add_storage(pt, &pt->pickle.values[i]))
            return prune_last_status();
    return sort_storages(pt);
}

pruni_pt_storage *pruni_pt_storage_of_key(const pruni_pt *pt, const char *key, size_t length)
{
    const keyed wanted = { key, length, NULL };
    int64_t low = 0;
    int64_t high = pt->key_count;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        const pruni_pt_storage *storage = pt->by_key[middle];
        const keyed there = { pruni_pickle_chars(&pt->pickle, storage->key), storage->key.length, NULL };
        int order = compare_keys(&wanted, &there);
        if (order == 0)
            return &pt->storages[storage - pt->storages];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

void pruni_pt_place_storages(pruni_pt *pt)
{
    for (int64_t i = 0; i < pt->storage_count; i++)
        pt->storages[i].offset = pt->storages[pt->storages[i].first].offset;
}
