/* A dict from a safetensors file. */
#include "io/internal.h"

#include <string.h>

static const prune_safetensors_options default_options = PRUNE_SAFETENSORS_OPTIONS_INIT;

/* ---- What the library does not do ---- */

static bool is_held(const pruni_safetensors_entry *entry)
{
    return entry->dtype->held >= 0;
}

static prune_status check_held(const pruni_safetensors *file, const prune_safetensors_options *options)
{
    enum { LISTED = 10 };
    pruni_text list = { NULL, 0, 0, false };
    int64_t others = 0;
    for (int64_t i = 0; i < file->count && !options->skipped; i++) {
        const pruni_safetensors_entry *entry = file->order[i];
        char name[PRUNI_SHOWN_SIZE];
        if (!is_held(entry) && others++ < LISTED)
            pruni_text_add(&list, "%s%s (%s)", list.length > 0 ? ", " : "",
                           pruni_shown(name, entry->name, entry->name_length), entry->dtype->name);
    }
    if (others == 0)
        return PRUNE_OK;
    if (others > LISTED)
        pruni_text_add(&list, " and %lld more", (long long)(others - LISTED));
    char *words = NULL;
    if (pruni_text_finish(&list, &words))
        return prune_last_status();
    prune_status status = pruni_bad_file(PRUNI_UNSUP, file->source, "dtypes that are not held: %s", words);
    pruni_free(words);
    return status;
}

static prune_status check_tensor_supported(const pruni_safetensors *file, const pruni_safetensors_entry *entry)
{
    char name[PRUNI_SHOWN_SIZE];
    int64_t sizes[PRUNE_MAX_DIMS];
    if (strlen(entry->name) != entry->name_length)
        return pruni_bad_file(PRUNI_UNSUP, file->source, "tensor %s: a name with a NUL in it",
                              pruni_shown(name, entry->name, entry->name_length));
    int64_t rank = is_held(entry) ? pruni_safetensors_shape(sizes, entry) : 0;
    if (rank > PRUNE_MAX_DIMS)
        return pruni_bad_file(PRUNI_UNSUP, file->source, "tensor %s: rank %lld is above %d",
                              pruni_shown(name, entry->name, entry->name_length), (long long)rank, PRUNE_MAX_DIMS);
    return PRUNE_OK;
}

static prune_status check_supported(const pruni_safetensors *file, const prune_safetensors_options *options)
{
    for (int64_t i = 0; i < file->count; i++)
        if (check_tensor_supported(file, file->order[i]))
            return prune_last_status();
    for (int64_t i = 0; i < file->metadata_count; i++) {
        const pruni_safetensors_metadata *pair = &file->metadata[i];
        char key[PRUNI_SHOWN_SIZE];
        if (strlen(pair->key) != pair->key_length || strlen(pair->text) != pair->text_length)
            return pruni_bad_file(PRUNI_UNSUP, file->source, "__metadata__: %s has a NUL in it",
                                  pruni_shown(key, pair->key, pair->key_length));
    }
    return check_held(file, options);
}

/* ---- Tensors ---- */

/* From the file's bytes to the machine's; any other byte than 0 is true. */
static void adopt_bytes(prune_tensor *t)
{
    unsigned char *bytes = pruni_tensor_pointer(t);
    if (pruni_is_big_endian())
        pruni_swap_bytes(bytes, (size_t)t->numel, (size_t)pruni_dtype_size(t->dtype));
    for (int64_t i = 0; t->dtype == PRUNE_BOOL && i < t->numel; i++)
        bytes[i] = bytes[i] != 0;
}

static prune_status read_values(prune_tensor *t, const pruni_safetensors *file, const pruni_safetensors_entry *entry,
                                pruni_input *input)
{
    if (pruni_input_read(input, file->data + entry->begin, pruni_tensor_pointer(t),
                         (size_t)(entry->end - entry->begin)))
        return prune_last_status();
    adopt_bytes(t);
    return PRUNE_OK;
}

static prune_status read_tensor(prune_tensor **out, const pruni_safetensors *file, const pruni_safetensors_entry *entry,
                                pruni_input *input, bool to_float32)
{
    int64_t sizes[PRUNE_MAX_DIMS];
    int64_t rank = pruni_safetensors_shape(sizes, entry);
    prune_dtype dtype = (prune_dtype)entry->dtype->held;
    prune_tensor *t = NULL;
    if (prune_tensor_empty(&t, sizes, rank, dtype))
        return prune_last_status();
    prune_status status = read_values(t, file, entry, input);
    if (!status)
        status = prune_tensor_to(out, t, to_float32 && pruni_is_floating(dtype) ? PRUNE_FLOAT32 : dtype);
    prune_tensor_release(t);
    return status;
}

static prune_status fill_dict(prune_dict *dict, const pruni_safetensors *file, pruni_input *input, bool to_float32)
{
    for (int64_t i = 0; i < file->metadata_count; i++)
        if (prune_dict_set_metadata(dict, file->metadata[i].key, file->metadata[i].text))
            return prune_last_status();
    for (int64_t i = 0; i < file->count; i++) {
        const pruni_safetensors_entry *entry = file->order[i];
        prune_tensor *t = NULL;
        if (!is_held(entry))
            continue;
        if (read_tensor(&t, file, entry, input, to_float32))
            return prune_last_status();
        prune_status status = prune_dict_set(dict, entry->name, t);
        prune_tensor_release(t);
        if (status)
            return status;
    }
    return PRUNE_OK;
}

/* ---- Whole files ---- */

static prune_status make_dict(prune_dict **out, const pruni_safetensors *file, pruni_input *input,
                              const prune_safetensors_options *options)
{
    prune_dict *dict = NULL;
    if (check_supported(file, options) || prune_dict_create(&dict))
        return prune_last_status();
    if (fill_dict(dict, file, input, options->to_float32)) {
        prune_dict_release(dict);
        return prune_last_status();
    }
    for (int64_t i = 0; options->skipped && i < file->count; i++) {
        const pruni_safetensors_entry *entry = file->order[i];
        if (!is_held(entry))
            options->skipped(options->context, entry->name, entry->dtype->name);
    }
    *out = dict;
    return PRUNE_OK;
}

/* Reads the input and closes it. */
static prune_status read_input(prune_dict **out, pruni_input *input, const prune_safetensors_options *options)
{
    pruni_safetensors file;
    prune_status status = pruni_safetensors_open(&file, input);
    if (!status) {
        status = make_dict(out, &file, input, options);
        pruni_safetensors_close(&file);
    }
    pruni_input_close(input);
    return status;
}

prune_status prune_load_safetensors(prune_dict **out, const char *path, const prune_safetensors_options *options)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE(path);
    pruni_input input;
    options = options ? options : &default_options;
    if (pruni_check_size(__func__, options->size, sizeof *options) || pruni_input_open(&input, path))
        return prune_last_status();
    return read_input(out, &input, options);
}

prune_status prune_parse_safetensors(prune_dict **out, const void *data, size_t size,
                                     const prune_safetensors_options *options)
{
    PRUNI_REQUIRE(out);
    if (!data && size > 0)
        return pruni_null_argument(__func__, "data");
    pruni_input input;
    options = options ? options : &default_options;
    if (pruni_check_size(__func__, options->size, sizeof *options))
        return prune_last_status();
    pruni_input_from_memory(&input, data, size);
    return read_input(out, &input, options);
}
