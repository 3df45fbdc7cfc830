/* What a safetensors file must be: its length, its header, where its tensors lie. */
#include "io/internal.h"

#include <string.h>

/* ---- Shapes ---- */

/* The next size of a shape that is known to be a list of numbers; false at its end. */
static bool next_size(uint64_t *size, pruni_json *json)
{
    return pruni_json_next(json) == PRUNE_OK && json->event == PRUNI_JSON_NUMBER && pruni_json_uint64(size, json);
}

static void begin_shape(pruni_json *json, const pruni_safetensors_entry *entry)
{
    uint64_t none;
    pruni_json_init(json, entry->shape, entry->shape_length, NULL);
    (void)next_size(&none, json); /* the bracket */
}

static bool count_bits(uint64_t *out, const pruni_safetensors_entry *entry)
{
    pruni_json json;
    uint64_t size;
    uint64_t bits = entry->dtype->bits;
    bool empty = false;
    begin_shape(&json, entry);
    while (next_size(&size, &json))
        if (!pruni_multiply_bits(&bits, &empty, size))
            return false;
    *out = empty ? 0 : bits;
    return true;
}

int64_t pruni_safetensors_shape(int64_t sizes[PRUNE_MAX_DIMS], const pruni_safetensors_entry *entry)
{
    pruni_json json;
    uint64_t size;
    int64_t rank = 0;
    begin_shape(&json, entry);
    for (; next_size(&size, &json); rank++)
        if (rank < PRUNE_MAX_DIMS)
            sizes[rank] = (int64_t)size; /* below 2^62, or the bits would not have fitted */
    return rank;
}

/* ---- Names ---- */

static int compare_text(const char *a, size_t a_length, const char *b, size_t b_length)
{
    int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
    return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}

static int compare_names(const void *a, const void *b)
{
    const pruni_safetensors_entry *left = a;
    const pruni_safetensors_entry *right = b;
    return compare_text(left->name, left->name_length, right->name, right->name_length);
}

static int compare_keys(const void *a, const void *b)
{
    const pruni_file_metadata *left = a;
    const pruni_file_metadata *right = b;
    return compare_text(left->key, left->key_length, right->key, right->key_length);
}

static prune_status sort_by_name(pruni_safetensors *file)
{
    file->order = pruni_alloc_array((size_t)file->count, sizeof *file->order);
    if (!file->order)
        return PRUNE_ERROR_MEMORY;
    for (int64_t i = 0; i < file->count; i++)
        file->order[i] = &file->entries[i];
    if (pruni_sort(file->order, (size_t)file->count, compare_names))
        return prune_last_status();
    for (int64_t i = 1; i < file->count; i++) {
        const pruni_safetensors_entry *entry = file->order[i];
        char name[PRUNI_SHOWN_SIZE];
        if (compare_names(file->order[i - 1], entry) == 0)
            return pruni_bad_file(PRUNI_DUP, file->source, "two tensors are named %s",
                                  pruni_shown(name, entry->name, entry->name_length));
    }
    return PRUNE_OK;
}

static prune_status check_metadata_keys(const pruni_safetensors *file)
{
    size_t count = (size_t)file->metadata_count;
    const void **order = pruni_alloc_array(count, sizeof *order);
    if (!order)
        return PRUNE_ERROR_MEMORY;
    for (size_t i = 0; i < count; i++)
        order[i] = &file->metadata[i];
    prune_status status = pruni_sort(order, count, compare_keys);
    for (size_t i = 1; !status && i < count; i++) {
        const pruni_file_metadata *pair = order[i];
        char key[PRUNI_SHOWN_SIZE];
        if (compare_keys(order[i - 1], pair) == 0)
            status = pruni_bad_file(PRUNI_DUP, file->source, "__metadata__ has two keys %s",
                                    pruni_shown(key, pair->key, pair->key_length));
    }
    pruni_free(order);
    return status;
}

/* ---- Places ---- */

static int compare_places(const void *a, const void *b)
{
    const pruni_safetensors_entry *left = a;
    const pruni_safetensors_entry *right = b;
    if (left->begin != right->begin)
        return left->begin < right->begin ? -1 : 1;
    return (left->end > right->end) - (left->end < right->end);
}

/* Checks that a tensor begins at `start` and holds what its shape says. */
static prune_status check_place(const pruni_safetensors *file, const pruni_safetensors_entry *entry, uint64_t start)
{
    char name[PRUNI_SHOWN_SIZE];
    char shape[PRUNI_SHOWN_SIZE];
    unsigned long long begin = entry->begin;
    unsigned long long end = entry->end;
    uint64_t bits;
    if (begin > end)
        return pruni_bad_file(PRUNI_LAYOUT, file->source, "tensor %s: begins at %llu, after its end at %llu",
                              pruni_shown(name, entry->name, entry->name_length), begin, end);
    if (begin != start)
        return pruni_bad_file(PRUNI_LAYOUT, file->source, "tensor %s: begins at %llu, the data before it end at %llu",
                              pruni_shown(name, entry->name, entry->name_length), begin, (unsigned long long)start);
    if (!count_bits(&bits, entry))
        return pruni_bad_file(PRUNI_OVERFLOW, file->source, "tensor %s: shape %s of %s is too large for any memory",
                              pruni_shown(name, entry->name, entry->name_length),
                              pruni_shown(shape, entry->shape, entry->shape_length),
                              entry->dtype->names[PRUNI_NAMED_BY_SAFETENSORS]);
    if (bits % 8 != 0 || bits / 8 != end - begin)
        return pruni_bad_file(PRUNI_SIZE, file->source, "tensor %s: shape %s of %s has %llu bits, its place %llu bytes",
                              pruni_shown(name, entry->name, entry->name_length),
                              pruni_shown(shape, entry->shape, entry->shape_length),
                              entry->dtype->names[PRUNI_NAMED_BY_SAFETENSORS], (unsigned long long)bits, end - begin);
    return PRUNE_OK;
}

prune_status pruni_safetensors_check_layout(uint64_t *end, pruni_safetensors *file)
{
    uint64_t start = 0;
    if (sort_by_name(file) || check_metadata_keys(file) || pruni_sort(file->order, (size_t)file->count, compare_places))
        return prune_last_status();
    for (int64_t i = 0; i < file->count; i++) {
        const pruni_safetensors_entry *entry = file->order[i];
        if (check_place(file, entry, start))
            return prune_last_status();
        start = entry->end;
    }
    *end = start;
    return PRUNE_OK;
}

/* ---- The file ---- */

/* The length of the header, which is there. */
static prune_status read_header_length(size_t *out, pruni_input *input)
{
    unsigned char bytes[8];
    bool holds;
    if (pruni_input_holds(&holds, input, sizeof bytes))
        return prune_last_status();
    if (!holds)
        return pruni_bad_file(PRUNI_TRUNCATED, input->source, "less than the 8 bytes of the header's length");
    if (pruni_input_read(input, 0, bytes, sizeof bytes))
        return prune_last_status();
    uint64_t length = pruni_load_le64(bytes);
    if (length > PRUNI_SAFETENSORS_MAX_HEADER)
        return pruni_bad_file(PRUNI_LIMIT, input->source, "a header of %llu bytes, more than the format's %d",
                              (unsigned long long)length, PRUNI_SAFETENSORS_MAX_HEADER);
    if (pruni_input_holds(&holds, input, sizeof bytes + length))
        return prune_last_status();
    if (!holds)
        return pruni_bad_file(PRUNI_TRUNCATED, input->source, "ends before its header of %llu bytes does",
                              (unsigned long long)length);
    *out = (size_t)length;
    return PRUNE_OK;
}

static prune_status load_header(pruni_safetensors *file, pruni_input *input)
{
    if (read_header_length(&file->header_length, input))
        return prune_last_status();
    file->data = 8 + (uint64_t)file->header_length;
    file->header = pruni_alloc(file->header_length);
    if (!file->header || pruni_input_read(input, 8, file->header, file->header_length))
        return prune_last_status();
    size_t valid = pruni_utf8_prefix(file->header, file->header_length);
    if (valid < file->header_length)
        return pruni_bad_file(PRUNI_UTF8, file->source, "the header is not UTF-8 at its byte %zu", valid);
    return PRUNE_OK;
}

/* Checks that the data end where the file does. */
static prune_status check_length(const pruni_safetensors *file, pruni_input *input, uint64_t data_length)
{
    bool holds = false;
    bool holds_more = false;
    uint64_t length = data_length <= UINT64_MAX - file->data ? file->data + data_length : UINT64_MAX;
    if (pruni_input_holds(&holds, input, length)
        || (length < UINT64_MAX && pruni_input_holds(&holds_more, input, length + 1)))
        return prune_last_status();
    if (!holds)
        return pruni_bad_file(PRUNI_TRUNCATED, file->source, "ends before its data of %llu bytes do",
                              (unsigned long long)data_length);
    if (holds_more)
        return pruni_bad_file(PRUNI_LAYOUT, file->source, "goes on after the end of its data of %llu bytes",
                              (unsigned long long)data_length);
    return PRUNE_OK;
}

prune_status pruni_safetensors_open(pruni_safetensors *file, pruni_input *input)
{
    uint64_t data_length = 0;
    *file = (pruni_safetensors){ .source = input->source };
    if (load_header(file, input) || pruni_safetensors_read_header(file)
        || pruni_safetensors_check_layout(&data_length, file) || check_length(file, input, data_length)) {
        pruni_safetensors_close(file);
        return prune_last_status();
    }
    return PRUNE_OK;
}

void pruni_safetensors_close(pruni_safetensors *file)
{
    pruni_free(file->header);
    pruni_free(file->entries);
    pruni_free(file->order);
    pruni_free(file->metadata);
    *file = (pruni_safetensors){ .source = NULL };
}
