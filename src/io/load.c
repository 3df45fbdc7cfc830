/* A dict from an open file. */
#include "io/internal.h"

#include <string.h>

static const prune_load_options default_options = PRUNE_LOAD_OPTIONS_INIT;

/* ---- What the library does not do ---- */

static prune_status check_held(const pruni_file *file, const prune_load_options *options)
{
    enum { LISTED = 10 };
    pruni_text list = { NULL, 0, 0, false };
    int64_t others = 0;
    for (int64_t i = 0; i < file->count && !options->skipped; i++) {
        const pruni_file_tensor *t = &file->tensors[i];
        char name[PRUNI_SHOWN_SIZE];
        if (t->held < 0 && others++ < LISTED)
            pruni_text_add(&list, "%s%s (%s)", list.length > 0 ? ", " : "", pruni_shown(name, t->name, t->name_length),
                           t->dtype_name);
    }
    if (others == 0)
        return PRUNE_OK;
    if (others > LISTED)
        pruni_text_add(&list, " and %lld more", (long long)(others - LISTED));
    char *words = NULL;
    if (pruni_text_finish(&list, &words))
        return prune_last_status();
    prune_status status = pruni_bad_file(PRUNI_UNSUP, file->input.source, "dtypes that are not held: %s", words);
    pruni_free(words);
    return status;
}

static prune_status check_tensor(const pruni_file *file, const pruni_file_tensor *t)
{
    char name[PRUNI_SHOWN_SIZE];
    if (strlen(t->name) != t->name_length)
        return pruni_bad_file(PRUNI_UNSUP, file->input.source, "tensor %s: a name with a NUL in it",
                              pruni_shown(name, t->name, t->name_length));
    if (t->held >= 0 && t->ndim > PRUNE_MAX_DIMS)
        return pruni_bad_file(PRUNI_UNSUP, file->input.source, "tensor %s: rank %lld is above %d",
                              pruni_shown(name, t->name, t->name_length), (long long)t->ndim, PRUNE_MAX_DIMS);
    return PRUNE_OK;
}

static prune_status check_supported(const pruni_file *file, const prune_load_options *options)
{
    for (int64_t i = 0; i < file->count; i++)
        if (check_tensor(file, &file->tensors[i]))
            return prune_last_status();
    for (int64_t i = 0; i < file->metadata_count; i++) {
        const pruni_file_metadata *pair = &file->metadata[i];
        char key[PRUNI_SHOWN_SIZE];
        if (strlen(pair->key) != pair->key_length || strlen(pair->text) != pair->text_length)
            return pruni_bad_file(PRUNI_UNSUP, file->input.source, "__metadata__: %s has a NUL in it",
                                  pruni_shown(key, pair->key, pair->key_length));
    }
    return check_held(file, options);
}

/* ---- Tensors ---- */

static prune_status read_tensor(prune_tensor **out, pruni_file *file, const pruni_file_tensor *described,
                                prune_dtype dtype)
{
    prune_tensor *t = NULL;
    if (prune_tensor_empty(&t, described->sizes, described->ndim, (prune_dtype)described->held))
        return prune_last_status();
    prune_status status = pruni_file_read(file, described, 0, t->numel, pruni_tensor_pointer(t));
    if (!status)
        status = prune_tensor_to(out, t, dtype);
    prune_tensor_release(t);
    return status;
}

static prune_status load_tensor(prune_tensor **out, pruni_file *file, const pruni_file_tensor *described,
                                pruni_mapping *mapping, bool to_float32)
{
    prune_dtype held = (prune_dtype)described->held;
    prune_dtype dtype = to_float32 && pruni_is_floating(held) ? PRUNE_FLOAT32 : held;
    if (pruni_file_check(file, described) || (dtype == held && pruni_mapping_tensor(out, mapping, described)))
        return prune_last_status();
    return *out ? PRUNE_OK : read_tensor(out, file, described, dtype);
}

static prune_status fill_dict(prune_dict *dict, pruni_file *file, pruni_mapping *mapping, bool to_float32)
{
    for (int64_t i = 0; i < file->metadata_count; i++)
        if (prune_dict_set_metadata(dict, file->metadata[i].key, file->metadata[i].text))
            return prune_last_status();
    for (int64_t i = 0; i < file->count; i++) {
        prune_tensor *t = NULL;
        if (file->tensors[i].held < 0)
            continue;
        if (load_tensor(&t, file, &file->tensors[i], mapping, to_float32))
            return prune_last_status();
        prune_status status = prune_dict_set(dict, file->tensors[i].name, t);
        prune_tensor_release(t);
        if (status)
            return status;
    }
    return PRUNE_OK;
}

static prune_status make_dict(prune_dict **out, pruni_file *file, const prune_load_options *options)
{
    prune_dict *dict = NULL;
    pruni_mapping *mapping = NULL;
    if (check_supported(file, options) || (options->mmap && pruni_mapping_create(&mapping, &file->input)))
        return prune_last_status();
    prune_status status = prune_dict_create(&dict);
    if (!status)
        status = fill_dict(dict, file, mapping, options->to_float32);
    pruni_mapping_release(mapping); /* its tensors hold it */
    if (status) {
        prune_dict_release(dict);
        return prune_last_status();
    }
    for (int64_t i = 0; options->skipped && i < file->count; i++)
        if (file->tensors[i].held < 0)
            options->skipped(options->context, file->tensors[i].name, file->tensors[i].dtype_name);
    *out = dict;
    return PRUNE_OK;
}

/* ---- Whole files ---- */

prune_status prune_load(prune_dict **out, const char *path, const prune_load_options *options)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE(path);
    pruni_file file;
    options = options ? options : &default_options;
    if (pruni_check_size(__func__, options->size, sizeof *options) || pruni_file_open(&file, path, options))
        return prune_last_status();
    prune_status status = make_dict(out, &file, options);
    pruni_file_close(&file);
    return status;
}

prune_status prune_load_memory(prune_dict **out, const void *data, size_t size, const prune_load_options *options)
{
    PRUNI_REQUIRE(out);
    if (!data && size > 0)
        return pruni_null_argument(__func__, "data");
    pruni_file file;
    options = options ? options : &default_options;
    if (pruni_check_size(__func__, options->size, sizeof *options)
        || pruni_file_open_memory(&file, data, size, options))
        return prune_last_status();
    prune_status status = make_dict(out, &file, options);
    pruni_file_close(&file);
    return status;
}
