/* The JSON of a safetensors header, as a list of entries. It is read twice: to see that it is JSON, whatever else may
 * be wrong with it, then for what it says. */
#include "io/internal.h"

#include <string.h>

static prune_status check_json(const pruni_safetensors *file)
{
    pruni_json json;
    pruni_json_init(&json, file->header, file->header_length, file->source);
    do {
        if (pruni_json_next(&json))
            return prune_last_status();
    } while (json.event != PRUNI_JSON_END);
    return PRUNE_OK;
}

/* The next event of a header that check_json() has gone through: it cannot fail. */
static void advance(pruni_json *json)
{
    (void)!pruni_json_next(json);
}

/* The present key or string, unescaped and terminated where it lies: at the latest its closing quote gives way. */
static const char *take_string(pruni_safetensors *file, const pruni_json *json, size_t *length)
{
    char *string = file->header + json->start;
    *length = pruni_json_unescape(json, string);
    string[*length] = '\0';
    return string;
}

static prune_status bad_tensor(const pruni_safetensors *file, const pruni_safetensors_entry *entry, pruni_fault fault,
                               const char *field, const char *problem)
{
    char name[PRUNI_SHOWN_SIZE];
    return pruni_bad_file(fault, file->source, "tensor %s: %s %s", pruni_shown(name, entry->name, entry->name_length),
                          field, problem);
}

/* ---- A tensor ---- */

static prune_status read_dtype(pruni_safetensors *file, pruni_json *json, pruni_safetensors_entry *entry)
{
    if (json->event != PRUNI_JSON_STRING)
        return bad_tensor(file, entry, PRUNI_SCHEMA, "dtype", "is not a string");
    size_t length;
    const char *name = take_string(file, json, &length);
    entry->dtype = strlen(name) == length ? pruni_file_dtype_find(PRUNI_NAMED_BY_SAFETENSORS, name) : NULL;
    if (entry->dtype)
        return PRUNE_OK;
    char shown_name[PRUNI_SHOWN_SIZE];
    char shown_dtype[PRUNI_SHOWN_SIZE];
    return pruni_bad_file(PRUNI_SCHEMA, file->source, "tensor %s: there is no dtype %s",
                          pruni_shown(shown_name, entry->name, entry->name_length),
                          pruni_shown(shown_dtype, name, length));
}

static prune_status read_shape(pruni_safetensors *file, pruni_json *json, pruni_safetensors_entry *entry)
{
    if (json->event != PRUNI_JSON_ARRAY)
        return bad_tensor(file, entry, PRUNI_SCHEMA, "shape", "is not an array");
    size_t start = json->at - 1;
    for (;;) {
        uint64_t size;
        advance(json);
        if (json->event == PRUNI_JSON_ARRAY_END)
            break;
        if (json->event != PRUNI_JSON_NUMBER || !pruni_json_uint64(&size, json))
            return bad_tensor(file, entry, PRUNI_SCHEMA, "shape",
                              "has a size that is not an integer from 0 to 2^64 - 1");
    }
    entry->shape = file->header + start;
    entry->shape_length = json->at - start;
    return PRUNE_OK;
}

static prune_status read_offsets(pruni_safetensors *file, pruni_json *json, pruni_safetensors_entry *entry)
{
    static const char problem[] = "is not an array of two integers from 0 to 2^64 - 1";
    uint64_t *const offsets[] = { &entry->begin, &entry->end };
    if (json->event != PRUNI_JSON_ARRAY)
        return bad_tensor(file, entry, PRUNI_SCHEMA, "data_offsets", problem);
    for (int i = 0; i < 2; i++) {
        advance(json);
        if (json->event != PRUNI_JSON_NUMBER || !pruni_json_uint64(offsets[i], json))
            return bad_tensor(file, entry, PRUNI_SCHEMA, "data_offsets", problem);
    }
    advance(json);
    return json->event == PRUNI_JSON_ARRAY_END ? PRUNE_OK
                                               : bad_tensor(file, entry, PRUNI_SCHEMA, "data_offsets", problem);
}

static const struct {
    const char *name;
    prune_status (*read)(pruni_safetensors *file, pruni_json *json, pruni_safetensors_entry *entry);
} fields[] = {
    { "dtype", read_dtype },
    { "shape", read_shape },
    { "data_offsets", read_offsets },
};

enum { FIELDS = sizeof fields / sizeof fields[0] };

static prune_status read_field(pruni_safetensors *file, pruni_json *json, pruni_safetensors_entry *entry,
                               bool seen[FIELDS])
{
    size_t length;
    const char *name = take_string(file, json, &length);
    advance(json);
    for (int i = 0; i < FIELDS; i++) {
        if (strlen(fields[i].name) != length || memcmp(fields[i].name, name, length) != 0)
            continue;
        if (seen[i])
            return bad_tensor(file, entry, PRUNI_DUP, fields[i].name, "is there twice");
        seen[i] = true;
        return fields[i].read(file, json, entry);
    }
    return pruni_json_skip(json); /* unknown fields mean nothing, as in the reference */
}

static prune_status read_tensor(pruni_safetensors *file, pruni_json *json, pruni_safetensors_entry *entry)
{
    bool seen[FIELDS] = { false };
    if (json->event != PRUNI_JSON_OBJECT)
        return bad_tensor(file, entry, PRUNI_SCHEMA, "its description", "is not an object");
    for (;;) {
        advance(json);
        if (json->event == PRUNI_JSON_OBJECT_END)
            break;
        if (read_field(file, json, entry, seen))
            return prune_last_status();
    }
    for (int i = 0; i < FIELDS; i++)
        if (!seen[i])
            return bad_tensor(file, entry, PRUNI_SCHEMA, fields[i].name, "is missing");
    return PRUNE_OK;
}

static prune_status add_tensor(pruni_safetensors *file, pruni_json *json, const char *name, size_t name_length)
{
    pruni_safetensors_entry entry = { .name = name, .name_length = name_length };
    void *entries = file->entries;
    if (read_tensor(file, json, &entry)
        || pruni_grow(&entries, &file->capacity, file->count + 1, sizeof *file->entries))
        return prune_last_status();
    file->entries = entries;
    file->entries[file->count++] = entry;
    return PRUNE_OK;
}

/* ---- Metadata ---- */

static prune_status add_metadata(pruni_safetensors *file, pruni_json *json)
{
    pruni_file_metadata pair;
    pair.key = take_string(file, json, &pair.key_length);
    advance(json);
    if (json->event != PRUNI_JSON_STRING) {
        char key[PRUNI_SHOWN_SIZE];
        return pruni_bad_file(PRUNI_SCHEMA, file->source, "__metadata__: the value of %s is not a string",
                              pruni_shown(key, pair.key, pair.key_length));
    }
    pair.text = take_string(file, json, &pair.text_length);
    void *metadata = file->metadata;
    if (pruni_grow(&metadata, &file->metadata_capacity, file->metadata_count + 1, sizeof pair))
        return PRUNE_ERROR_MEMORY;
    file->metadata = metadata;
    file->metadata[file->metadata_count++] = pair;
    return PRUNE_OK;
}

static prune_status read_metadata(pruni_safetensors *file, pruni_json *json)
{
    if (json->event == PRUNI_JSON_NULL)
        return PRUNE_OK;
    if (json->event != PRUNI_JSON_OBJECT)
        return pruni_bad_file(PRUNI_SCHEMA, file->source, "__metadata__ is not an object");
    for (;;) {
        advance(json);
        if (json->event == PRUNI_JSON_OBJECT_END)
            return PRUNE_OK;
        if (add_metadata(file, json))
            return prune_last_status();
    }
}

/* ---- The header ---- */

static prune_status read_item(pruni_safetensors *file, pruni_json *json, bool *metadata_seen)
{
    static const char metadata[] = "__metadata__";
    size_t length;
    const char *name = take_string(file, json, &length);
    advance(json);
    if (length != sizeof metadata - 1 || memcmp(name, metadata, length) != 0)
        return add_tensor(file, json, name, length);
    if (*metadata_seen)
        return pruni_bad_file(PRUNI_DUP, file->source, "__metadata__ is there twice");
    *metadata_seen = true;
    return read_metadata(file, json);
}

prune_status pruni_safetensors_read_header(pruni_safetensors *file)
{
    pruni_json json;
    bool metadata_seen = false;
    if (check_json(file))
        return prune_last_status();
    pruni_json_init(&json, file->header, file->header_length, file->source);
    advance(&json);
    if (json.event != PRUNI_JSON_OBJECT)
        return pruni_bad_file(PRUNI_SCHEMA, file->source, "the header is not an object");
    for (;;) {
        advance(&json);
        if (json.event == PRUNI_JSON_OBJECT_END)
            return PRUNE_OK;
        if (read_item(file, &json, &metadata_seen))
            return prune_last_status();
    }
}
