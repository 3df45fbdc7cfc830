/* A safetensors file from a dict, byte for byte as the reference writes it. */
#include "io/internal.h"

#include <string.h>

/* A tensor of the dict and its place in the file. */
typedef struct item {
    const char *name;
    const prune_tensor *t;
    const pruni_safetensors_dtype *dtype;
} item;

/* What a save works with. */
typedef struct writer {
    const prune_dict *dict;
    item *items;
    const void **order; /* the items as they lie in the file */
    int64_t count;
    const void **keys; /* of the metadata, sorted strings */
    int64_t key_count;
    char *header;
    size_t header_length;
    unsigned char *chunk; /* for values that do not lie in memory as in the file */
} writer;

enum { CHUNK_SIZE = 65536 };

/* ---- What may be written ---- */

static prune_status bad_text(const char *what, const char *text)
{
    char shown[PRUNI_SHOWN_SIZE];
    return prune_fail(PRUNE_ERROR_VALUE, "prune_save: %s %s is not UTF-8", what,
                      pruni_shown(shown, text, strlen(text)));
}

static prune_status check_item(const item *it)
{
    char shown[PRUNI_SHOWN_SIZE];
    uint64_t bits = it->dtype->bits;
    bool empty = false;
    if (!pruni_is_utf8(it->name))
        return bad_text("the name", it->name);
    if (strcmp(it->name, "__metadata__") == 0)
        return prune_fail(PRUNE_ERROR_VALUE, "prune_save: the format does not allow the name %s", it->name);
    for (int64_t i = 0; i < it->t->ndim; i++)
        if (!pruni_safetensors_add_size(&bits, &empty, (uint64_t)it->t->sizes[i])) {
            char shape[PRUNI_SHAPE_TEXT];
            return prune_fail(PRUNE_ERROR_VALUE, "prune_save: tensor %s: %s is too large for the format",
                              pruni_shown(shown, it->name, strlen(it->name)),
                              pruni_shape_text(shape, it->t->sizes, it->t->ndim));
        }
    return PRUNE_OK;
}

static prune_status check_metadata(const writer *w)
{
    for (int64_t i = 0; i < w->key_count; i++) {
        const char *key = w->keys[i];
        if (!pruni_is_utf8(key))
            return bad_text("the metadata key", key);
        if (!pruni_is_utf8(prune_dict_get_metadata(w->dict, key)))
            return bad_text("the metadata text of", key);
    }
    return PRUNE_OK;
}

/* ---- The order in the file ---- */

/* Wide dtypes first, so that all are aligned; then by name. */
static int compare_items(const void *a, const void *b)
{
    const item *left = a;
    const item *right = b;
    if (left->dtype != right->dtype)
        return left->dtype > right->dtype ? -1 : 1;
    return strcmp(left->name, right->name);
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(a, b);
}

static prune_status list_items(writer *w)
{
    w->count = prune_dict_size(w->dict);
    w->items = pruni_alloc_array((size_t)w->count, sizeof *w->items);
    w->order = pruni_alloc_array((size_t)w->count, sizeof *w->order);
    if (!w->items || !w->order)
        return PRUNE_ERROR_MEMORY;
    for (int64_t i = 0; i < w->count; i++) {
        const prune_tensor *t = prune_dict_value(w->dict, i);
        w->items[i] = (item){ prune_dict_key(w->dict, i), t, pruni_safetensors_dtype_of(t->dtype) };
        w->order[i] = &w->items[i];
        if (check_item(&w->items[i]))
            return prune_last_status();
    }
    return pruni_sort(w->order, (size_t)w->count, compare_items);
}

static prune_status list_keys(writer *w)
{
    while (prune_dict_metadata_key(w->dict, w->key_count))
        w->key_count++;
    w->keys = pruni_alloc_array((size_t)w->key_count, sizeof *w->keys);
    if (!w->keys)
        return PRUNE_ERROR_MEMORY;
    for (int64_t i = 0; i < w->key_count; i++)
        w->keys[i] = prune_dict_metadata_key(w->dict, i);
    if (check_metadata(w))
        return prune_last_status();
    return pruni_sort(w->keys, (size_t)w->key_count, compare_keys);
}

/* ---- The header ---- */

static void add_metadata(pruni_text *text, const writer *w)
{
    pruni_text_add(text, "\"__metadata__\":{");
    for (int64_t i = 0; i < w->key_count; i++) {
        pruni_text_add(text, "%s", i > 0 ? "," : "");
        pruni_json_add_string(text, w->keys[i]);
        pruni_text_add(text, ":");
        pruni_json_add_string(text, prune_dict_get_metadata(w->dict, w->keys[i]));
    }
    pruni_text_add(text, "}");
}

static void add_item(pruni_text *text, const item *it, uint64_t begin, uint64_t end)
{
    pruni_json_add_string(text, it->name);
    pruni_text_add(text, ":{\"dtype\":\"%s\",\"shape\":[", it->dtype->name);
    for (int64_t i = 0; i < it->t->ndim; i++)
        pruni_text_add(text, "%s%lld", i > 0 ? "," : "", (long long)it->t->sizes[i]);
    pruni_text_add(text, "],\"data_offsets\":[%llu,%llu]}", (unsigned long long)begin, (unsigned long long)end);
}

static prune_status add_items(pruni_text *text, const writer *w)
{
    uint64_t begin = 0;
    for (int64_t i = 0; i < w->count; i++) {
        const item *it = w->order[i];
        uint64_t size = (uint64_t)it->t->numel * (it->dtype->bits / 8);
        if (size > UINT64_MAX - begin)
            return prune_fail(PRUNE_ERROR_VALUE, "prune_save: the tensors are too large for one file");
        pruni_text_add(text, "%s", i > 0 || w->key_count > 0 ? "," : "");
        add_item(text, it, begin, begin + size);
        begin += size;
    }
    return PRUNE_OK;
}

static prune_status make_header(writer *w)
{
    pruni_text text = { NULL, 0, 0, false };
    pruni_text_add(&text, "{");
    if (w->key_count > 0)
        add_metadata(&text, w);
    if (add_items(&text, w)) {
        pruni_text_free(&text);
        return prune_last_status();
    }
    pruni_text_add(&text, "}");
    pruni_text_add_bytes(&text, "       ", (8 - text.length % 8) % 8);
    w->header_length = text.length;
    if (pruni_text_finish(&text, &w->header))
        return prune_last_status();
    if (w->header_length > PRUNI_SAFETENSORS_MAX_HEADER)
        return prune_fail(PRUNE_ERROR_VALUE, "prune_save: a header of %zu bytes, the format allows %d",
                          w->header_length, PRUNI_SAFETENSORS_MAX_HEADER);
    return PRUNE_OK;
}

/* ---- The values ---- */

static prune_status flush_chunk(writer *w, pruni_output *output, size_t *filled, size_t size)
{
    if (pruni_is_big_endian())
        pruni_swap_bytes(w->chunk, *filled / size, size);
    prune_status status = pruni_output_write(output, w->chunk, *filled);
    *filled = 0;
    return status;
}

static prune_status write_gathered(writer *w, pruni_output *output, const prune_tensor *t)
{
    int64_t size = pruni_dtype_size(t->dtype);
    size_t filled = 0;
    pruni_walk walk;
    pruni_walk_start(&walk, t->sizes, t->ndim, (const prune_tensor *[]){ t }, 1);
    while (pruni_walk_next(&walk))
        for (int64_t i = 0; i < walk.length; i++) {
            memcpy(w->chunk + filled, (const char *)walk.data[0] + i * walk.strides[0] * size, (size_t)size);
            filled += (size_t)size;
            if (filled == CHUNK_SIZE && flush_chunk(w, output, &filled, (size_t)size))
                return prune_last_status();
        }
    return flush_chunk(w, output, &filled, (size_t)size);
}

static prune_status write_values(writer *w, pruni_output *output, const prune_tensor *t)
{
    if (prune_tensor_is_contiguous(t) && !pruni_is_big_endian())
        return pruni_output_write(output, pruni_tensor_pointer(t),
                                  (size_t)t->numel * (size_t)pruni_dtype_size(t->dtype));
    if (!w->chunk)
        w->chunk = pruni_alloc(CHUNK_SIZE);
    return w->chunk ? write_gathered(w, output, t) : PRUNE_ERROR_MEMORY;
}

static prune_status write_all(writer *w, pruni_output *output)
{
    unsigned char length[8];
    pruni_store_le64(length, w->header_length);
    if (pruni_output_write(output, length, sizeof length) || pruni_output_write(output, w->header, w->header_length))
        return prune_last_status();
    for (int64_t i = 0; i < w->count; i++)
        if (write_values(w, output, ((const item *)w->order[i])->t))
            return prune_last_status();
    return PRUNE_OK;
}

static prune_status save(writer *w, const char *path)
{
    pruni_output output;
    if (list_items(w) || list_keys(w) || make_header(w) || pruni_output_open(&output, path))
        return prune_last_status();
    if (write_all(w, &output)) {
        pruni_output_abandon(&output);
        return prune_last_status();
    }
    return pruni_output_commit(&output);
}

prune_status pruni_safetensors_save(const char *path, const prune_dict *dict)
{
    writer w = { .dict = dict };
    prune_status status = save(&w, path);
    pruni_free(w.items);
    pruni_free(w.order);
    pruni_free(w.keys);
    pruni_free(w.header);
    pruni_free(w.chunk);
    return status;
}
