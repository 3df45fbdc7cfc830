/* Ordered dicts from names to tensors. */
#include "tensor/internal.h"

struct prune_dict {
    pruni_table tensors;  /* values are references */
    pruni_table metadata; /* values are strings, owned */
};

prune_status prune_dict_create(prune_dict **out)
{
    PRUNI_REQUIRE(out);
    prune_dict *dict = pruni_alloc_zeroed(1, sizeof *dict);
    if (!dict)
        return PRUNE_ERROR_MEMORY;
    *out = dict;
    return PRUNE_OK;
}

void prune_dict_release(prune_dict *dict)
{
    if (!dict)
        return;
    for (int64_t i = 0; i < dict->tensors.count; i++)
        prune_tensor_release(dict->tensors.items[i].value);
    for (int64_t i = 0; i < dict->metadata.count; i++)
        pruni_free(dict->metadata.items[i].value);
    pruni_table_free(&dict->tensors);
    pruni_table_free(&dict->metadata);
    pruni_free(dict);
}

/* ---- Tensors ---- */

int64_t prune_dict_size(const prune_dict *dict)
{
    return dict ? dict->tensors.count : 0;
}

static const pruni_table_item *item_at(const prune_dict *dict, int64_t i)
{
    if (!dict)
        return NULL;
    if (i >= 0 && i < dict->tensors.count)
        return &dict->tensors.items[i];
    prune_fail(PRUNE_ERROR_INDEX, "index %lld is out of range for a dict of %lld names", (long long)i,
               (long long)dict->tensors.count);
    return NULL;
}

const char *prune_dict_key(const prune_dict *dict, int64_t i)
{
    const pruni_table_item *item = item_at(dict, i);
    return item ? item->name : NULL;
}

prune_tensor *prune_dict_value(const prune_dict *dict, int64_t i)
{
    const pruni_table_item *item = item_at(dict, i);
    return item ? item->value : NULL;
}

/* The place of a name; −1, and the sentence, where there is none. `what` is "key" or "metadata". */
static int64_t find(const char *function, const pruni_table *table, const char *key, const char *what)
{
    if (!key) {
        pruni_null_argument(function, "key");
        return -1;
    }
    int64_t i = pruni_table_find(table, key);
    if (i < 0)
        prune_fail(PRUNE_ERROR_KEY, "the dict has no %s '%s'", what, key);
    return i;
}

prune_tensor *prune_dict_get(const prune_dict *dict, const char *key)
{
    if (!dict)
        return NULL;
    int64_t i = find(__func__, &dict->tensors, key, "key");
    return i < 0 ? NULL : dict->tensors.items[i].value;
}

int64_t pruni_dict_index(const prune_dict *dict, const char *key)
{
    return pruni_table_find(&dict->tensors, key);
}

prune_tensor *pruni_dict_find(const prune_dict *dict, const char *key)
{
    int64_t i = pruni_dict_index(dict, key);
    return i < 0 ? NULL : dict->tensors.items[i].value;
}

prune_status prune_dict_set(prune_dict *dict, const char *key, prune_tensor *t)
{
    PRUNI_REQUIRE(dict);
    PRUNI_REQUIRE(key);
    PRUNI_REQUIRE(t);
    int64_t i = pruni_table_find(&dict->tensors, key);
    if (i < 0 && pruni_table_append(&dict->tensors, key, t))
        return prune_last_status();
    prune_tensor_retain(t);
    if (i >= 0) {
        prune_tensor *old = dict->tensors.items[i].value;
        dict->tensors.items[i].value = t;
        prune_tensor_release(old);
    }
    return PRUNE_OK;
}

prune_status prune_dict_delete(prune_dict *dict, const char *key)
{
    PRUNI_REQUIRE(dict);
    int64_t i = find(__func__, &dict->tensors, key, "key");
    if (i < 0)
        return prune_last_status();
    prune_tensor_release(pruni_table_remove(&dict->tensors, i));
    return PRUNE_OK;
}

/* ---- Metadata ---- */

const char *prune_dict_get_metadata(const prune_dict *dict, const char *key)
{
    if (!dict)
        return NULL;
    int64_t i = find(__func__, &dict->metadata, key, "metadata");
    return i < 0 ? NULL : dict->metadata.items[i].value;
}

prune_status prune_dict_set_metadata(prune_dict *dict, const char *key, const char *text)
{
    PRUNI_REQUIRE(dict);
    PRUNI_REQUIRE(key);
    int64_t i = pruni_table_find(&dict->metadata, key);
    if (!text) {
        if (i >= 0)
            pruni_free(pruni_table_remove(&dict->metadata, i));
        return PRUNE_OK;
    }
    char *copy = pruni_strdup(text);
    if (!copy)
        return PRUNE_ERROR_MEMORY;
    if (i < 0 && pruni_table_append(&dict->metadata, key, copy)) {
        pruni_free(copy);
        return prune_last_status();
    }
    if (i >= 0) {
        pruni_free(dict->metadata.items[i].value);
        dict->metadata.items[i].value = copy;
    }
    return PRUNE_OK;
}

const char *prune_dict_metadata_key(const prune_dict *dict, int64_t i)
{
    return dict && i >= 0 && i < dict->metadata.count ? dict->metadata.items[i].name : NULL;
}
