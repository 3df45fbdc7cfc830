/* An open weight file of any format. */
#include "io/npy.h"
#include "io/zip.h"

#include <string.h>

static const pruni_file_format *const formats[] = {
    [PRUNE_FORMAT_NPY] = &pruni_npy_format,
    [PRUNE_FORMAT_NPZ] = &pruni_npz_format,
    [PRUNE_FORMAT_SAFETENSORS] = &pruni_safetensors_format,
    [PRUNE_FORMAT_PT] = &pruni_pt_format,
};

enum { FORMATS = sizeof formats / sizeof formats[0] };

/* ---- Recognising ---- */

typedef struct first_bytes {
    unsigned char bytes[512];
    size_t size;
} first_bytes;

static bool has_at(const first_bytes *first, size_t offset, const char *bytes, size_t size)
{
    return first->size >= offset + size && memcmp(first->bytes + offset, bytes, size) == 0;
}

/* A safetensors file of such a header length has its '{' where a zip has its method; of that of an empty archive there
 * is none. */
static bool is_zip(const first_bytes *first)
{
    return (has_at(first, 0, "PK\3\4", 4) && !has_at(first, 8, "{", 1)) || has_at(first, 0, "PK\5\6", 4);
}

/* Whether the name of a record ends so. */
static bool ends_with(const pruni_zip_record *record, const char *ending)
{
    size_t size = strlen(ending);
    return record->name_length >= size && memcmp(record->name + record->name_length - size, ending, size) == 0;
}

/* By what the archive holds. */
static prune_status recognise_zip(prune_file_format *out, pruni_input *input)
{
    pruni_zip zip;
    if (pruni_zip_open(&zip, input))
        return prune_last_status();
    bool has_pickle = false;
    bool has_arrays = zip.count == 0;
    for (int64_t i = 0; i < zip.count; i++) {
        has_pickle = has_pickle || ends_with(&zip.records[i], "/data.pkl");
        has_arrays = has_arrays || ends_with(&zip.records[i], ".npy");
    }
    pruni_zip_close(&zip);
    if (!has_pickle && !has_arrays)
        return pruni_bad_file(PRUNI_MAGIC, input->source, "a zip archive that is neither a .pt file nor an .npz one");
    *out = has_pickle ? PRUNE_FORMAT_PT : PRUNE_FORMAT_NPZ;
    return PRUNE_OK;
}

/* The pickled number 0x1950a86a20f9469cfc6c, as every protocol writes it. */
static bool is_legacy_pt(const first_bytes *first)
{
    static const char number[] = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
    static const char text[] = "L119547037146038801333356L\n";
    enum { SIZE = sizeof number - 1, BEFORE = 2, FRAME = 9 };
    bool is_binary = has_at(first, 0, "\x80", 1)
                     && (has_at(first, BEFORE, number, SIZE) || has_at(first, BEFORE + FRAME, number, SIZE));
    return is_binary || has_at(first, 0, text, sizeof text - 1);
}

static prune_status recognise(prune_file_format *out, pruni_input *input)
{
    first_bytes first;
    if (pruni_input_read_some(&first.size, input, 0, first.bytes, sizeof first.bytes))
        return prune_last_status();
    if (has_at(&first, 257, "ustar", 5))
        return pruni_bad_file(PRUNI_UNSUP, input->source, "a tar archive, as PyTorch wrote before 2017");
    if (is_zip(&first))
        return recognise_zip(out, input);
    if (is_legacy_pt(&first))
        *out = PRUNE_FORMAT_PT;
    else if (has_at(&first, 0, "\x93NUMPY", 6))
        *out = PRUNE_FORMAT_NPY;
    else
        *out = PRUNE_FORMAT_SAFETENSORS;
    return PRUNE_OK;
}

/* ---- Opening ---- */

static prune_status open_input(pruni_file *file, const prune_load_options *options)
{
    prune_file_format format = options->format;
    if (format == PRUNE_FORMAT_AUTO && recognise(&format, &file->input))
        return prune_last_status();
    if ((unsigned)format >= FORMATS || !formats[format])
        return prune_fail(PRUNE_ERROR_VALUE, "there is no format %d", (int)format);
    if (options->entry && options->entry[0] && !formats[format]->has_entries)
        return prune_fail(PRUNE_ERROR_VALUE, "the entry '%s' is asked for, but the format of %s has no entries",
                          options->entry, file->input.source ? file->input.source : "the file");
    file->format = formats[format];
    return file->format->open(file, options);
}

static prune_status finish_opening(pruni_file *file, const prune_load_options *options)
{
    if (open_input(file, options)) {
        pruni_file_close(file);
        return prune_last_status();
    }
    return PRUNE_OK;
}

prune_status pruni_file_open(pruni_file *file, const char *path, const prune_load_options *options)
{
    *file = (pruni_file){ .format = NULL };
    if (pruni_input_open(&file->input, path))
        return prune_last_status();
    return finish_opening(file, options);
}

prune_status pruni_file_open_memory(pruni_file *file, const void *data, size_t size, const prune_load_options *options)
{
    *file = (pruni_file){ .format = NULL };
    pruni_input_from_memory(&file->input, data, size);
    return finish_opening(file, options);
}

void pruni_file_close(pruni_file *file)
{
    if (file->format)
        file->format->close(file);
    pruni_free(file->tensors);
    pruni_input_close(&file->input);
    *file = (pruni_file){ .format = NULL };
}

prune_status pruni_file_add(pruni_file *file, const pruni_file_tensor *t)
{
    void *tensors = file->tensors;
    if (pruni_grow(&tensors, &file->capacity, file->count + 1, sizeof *t))
        return PRUNE_ERROR_MEMORY;
    file->tensors = tensors;
    file->tensors[file->count++] = *t;
    return PRUNE_OK;
}

/* ---- Values ---- */

prune_status pruni_file_read_bytes(pruni_file *file, const pruni_file_tensor *t, uint64_t first, size_t size, void *to)
{
    if (!t->is_contiguous)
        return pruni_file_read_strided(file, t, (int64_t)(first / t->element_size), (int64_t)(size / t->element_size),
                                       to);
    return pruni_input_read(&file->input, t->offset + first, to, size);
}

prune_status pruni_file_check(pruni_file *file, const pruni_file_tensor *t)
{
    return file->format->check ? file->format->check(file, t) : PRUNE_OK;
}

prune_status pruni_file_read(pruni_file *file, const pruni_file_tensor *t, int64_t first, int64_t count, void *to)
{
    unsigned char *bytes = to;
    size_t size = t->element_size;
    if (pruni_file_read_bytes(file, t, (uint64_t)first * size, (size_t)count * size, to))
        return prune_last_status();
    if (t->is_big_endian != pruni_is_big_endian())
        pruni_swap_bytes(bytes, (size_t)count, size);
    for (int64_t i = 0; t->held == PRUNE_BOOL && i < count; i++)
        bytes[i] = bytes[i] != 0;
    return PRUNE_OK;
}
