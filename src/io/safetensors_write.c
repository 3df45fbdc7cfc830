/* A safetensors file, byte for byte as the reference writes it, but with its metadata sorted. */
#include "io/writer.h"

#include <string.h>

typedef struct safetensors {
    char *header;
    size_t length;
} safetensors;

/* ---- The order in the file ---- */

/* Wide dtypes first, so that all are aligned; then by name. */
static int compare_items(const void *a, const void *b)
{
    const pruni_writer_item *left = a;
    const pruni_writer_item *right = b;
    if (left->dtype != right->dtype)
        return left->dtype > right->dtype ? -1 : 1;
    return strcmp(left->tensor->name, right->tensor->name);
}

static int compare_pairs(const void *a, const void *b)
{
    const pruni_file_metadata *left = a;
    const pruni_file_metadata *right = b;
    return strcmp(left->key, right->key);
}

/* ---- What may be written ---- */

static prune_status bad_text(const pruni_writer *writer, const char *what, const char *text)
{
    char shown[PRUNI_SHOWN_SIZE];
    return pruni_cannot_write(PRUNE_ERROR_VALUE, writer, "%s %s is not UTF-8", what,
                              pruni_shown(shown, text, strlen(text)));
}

static prune_status check_pair(const pruni_writer *writer, const pruni_file_metadata *pair)
{
    if (!pruni_is_utf8(pair->key))
        return bad_text(writer, "the metadata key", pair->key);
    if (!pruni_is_utf8(pair->text))
        return bad_text(writer, "the metadata text of", pair->key);
    return PRUNE_OK;
}

static prune_status check_names(const pruni_writer *writer)
{
    for (int64_t i = 0; i < writer->count; i++)
        if (strcmp(writer->items[i].tensor->name, "__metadata__") == 0)
            return pruni_cannot_write(PRUNE_ERROR_VALUE, writer, "the format does not allow the name __metadata__");
    return PRUNE_OK;
}

/* ---- The header ---- */

static prune_status add_metadata(pruni_text *text, const pruni_writer *writer, const pruni_file_metadata *metadata,
                                 size_t count)
{
    const void **order = pruni_alloc_array(count, sizeof *order);
    prune_status status = order ? PRUNE_OK : PRUNE_ERROR_MEMORY;
    for (size_t i = 0; !status && i < count; i++) {
        order[i] = &metadata[i];
        status = check_pair(writer, &metadata[i]);
    }
    if (!status)
        status = pruni_sort(order, count, compare_pairs);
    pruni_text_add(text, "\"__metadata__\":{");
    for (size_t i = 0; !status && i < count; i++) {
        const pruni_file_metadata *pair = order[i];
        pruni_text_add(text, "%s", i > 0 ? "," : "");
        pruni_json_add_string(text, pair->key);
        pruni_text_add(text, ":");
        pruni_json_add_string(text, pair->text);
    }
    pruni_text_add(text, "}");
    pruni_free(order);
    return status;
}

static void add_items(pruni_text *text, const pruni_writer *writer)
{
    uint64_t begin = 0;
    for (int64_t i = 0; i < writer->count; i++) {
        const pruni_writer_item *item = writer->order[i];
        const pruni_writer_tensor *t = item->tensor;
        pruni_text_add(text, "%s", text->length > 1 ? "," : "");
        pruni_json_add_string(text, t->name);
        pruni_text_add(text, ":{\"dtype\":\"%s\",\"shape\":[", item->dtype->names[PRUNI_NAMED_BY_SAFETENSORS]);
        for (int64_t dim = 0; dim < t->ndim; dim++)
            pruni_text_add(text, "%s%lld", dim > 0 ? "," : "", (long long)t->sizes[dim]);
        unsigned long long end = begin + item->bytes;
        pruni_text_add(text, "],\"data_offsets\":[%llu,%llu]}", (unsigned long long)begin, end);
        begin = end;
    }
}

static prune_status make_header(safetensors *own, const pruni_writer *writer, const pruni_file_metadata *metadata,
                                int64_t metadata_count)
{
    pruni_text text = { NULL, 0, 0, false };
    pruni_text_add(&text, "{");
    if (metadata_count > 0 && add_metadata(&text, writer, metadata, (size_t)metadata_count)) {
        pruni_text_free(&text);
        return prune_last_status();
    }
    add_items(&text, writer);
    pruni_text_add(&text, "}");
    pruni_text_add_bytes(&text, "       ", (8 - text.length % 8) % 8);
    own->length = text.length;
    if (pruni_text_finish(&text, &own->header))
        return prune_last_status();
    if (own->length > PRUNI_SAFETENSORS_MAX_HEADER)
        return pruni_cannot_write(PRUNE_ERROR_VALUE, writer, "a header of %zu bytes, the format allows %d", own->length,
                                  PRUNI_SAFETENSORS_MAX_HEADER);
    return PRUNE_OK;
}

/* ---- The file ---- */

static prune_status prepare(pruni_writer *writer, const pruni_file_metadata *metadata, int64_t metadata_count)
{
    safetensors *own = pruni_alloc_zeroed(1, sizeof *own);
    writer->own = own;
    if (!own || check_names(writer) || pruni_sort(writer->order, (size_t)writer->count, compare_items))
        return prune_last_status();
    return make_header(own, writer, metadata, metadata_count);
}

static prune_status begin(pruni_writer *writer)
{
    const safetensors *own = writer->own;
    unsigned char length[8];
    pruni_store_le64(length, own->length);
    if (pruni_output_write(&writer->output, length, sizeof length)
        || pruni_output_write(&writer->output, own->header, own->length))
        return prune_last_status();
    return PRUNE_OK;
}

static prune_status add(pruni_writer *writer, const void *bytes, size_t size)
{
    return pruni_output_write(&writer->output, bytes, size);
}

static void free_own(pruni_writer *writer)
{
    safetensors *own = writer->own;
    if (own)
        pruni_free(own->header);
    pruni_free(own);
}

const pruni_writer_format pruni_safetensors_writer = {
    .naming = PRUNI_NAMED_BY_SAFETENSORS,
    .prepare = prepare,
    .begin = begin,
    .add = add,
    .free = free_own,
};
