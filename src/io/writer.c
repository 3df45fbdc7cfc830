/* A weight file being written, in any format. */
#include "io/writer.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

static const pruni_writer_format *const formats[] = {
    [PRUNE_FORMAT_SAFETENSORS] = &pruni_safetensors_writer,
    [PRUNE_FORMAT_PT] = &pruni_pt_writer,
    [PRUNE_FORMAT_NPY] = &pruni_npy_writer,
    [PRUNE_FORMAT_NPZ] = &pruni_npz_writer,
};

enum { FORMATS = sizeof formats / sizeof formats[0] };

static const struct {
    const char *ending;
    prune_file_format format;
} endings[] = {
    { ".safetensors", PRUNE_FORMAT_SAFETENSORS },
    { ".pt", PRUNE_FORMAT_PT },
    { ".pth", PRUNE_FORMAT_PT },
    { ".ckpt", PRUNE_FORMAT_PT },
    { ".bin", PRUNE_FORMAT_PT },
    { ".npy", PRUNE_FORMAT_NPY },
    { ".npz", PRUNE_FORMAT_NPZ },
};

enum { ENDINGS = sizeof endings / sizeof endings[0] };

prune_status pruni_writer_choose_format(prune_file_format *out, const char *path)
{
    char shown[PRUNI_SHOWN_SIZE];
    size_t length = strlen(path);
    for (int i = 0; i < ENDINGS; i++) {
        size_t size = strlen(endings[i].ending);
        if (length >= size && memcmp(path + length - size, endings[i].ending, size) == 0) {
            *out = endings[i].format;
            return PRUNE_OK;
        }
    }
    return prune_fail(PRUNE_ERROR_VALUE, "cannot write %s: its ending tells no format",
                      pruni_shown(shown, path, length));
}

prune_status pruni_cannot_write(prune_status status, const pruni_writer *writer, const char *format, ...)
{
    char rest[2048];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(rest, sizeof rest, format, arguments);
    va_end(arguments);
    return prune_fail(status, "cannot write '%s': %s", writer->path, rest);
}

/* ---- Items ---- */

static prune_status bad_shape(const pruni_writer *writer, const pruni_writer_tensor *t, const char *problem)
{
    char name[PRUNI_SHOWN_SIZE];
    char shape[PRUNI_SHAPE_TEXT];
    return pruni_cannot_write(PRUNE_ERROR_VALUE, writer, "tensor %s: %s of %s %s",
                              pruni_shown(name, t->name, strlen(t->name)), pruni_shape_text(shape, t->sizes, t->ndim),
                              t->dtype_name, problem);
}

static prune_status measure(const pruni_writer *writer, pruni_writer_item *item)
{
    const pruni_writer_tensor *t = item->tensor;
    uint64_t bits = item->dtype->bits;
    bool empty = false;
    for (int64_t i = 0; i < t->ndim; i++)
        if (!pruni_multiply_bits(&bits, &empty, (uint64_t)t->sizes[i]))
            return bad_shape(writer, t, "is too large for the format");
    if (!empty && bits % 8 != 0)
        return bad_shape(writer, t, "does not fill its last byte");
    item->bytes = empty ? 0 : bits / 8;
    return PRUNE_OK;
}

static prune_status list_item(pruni_writer *writer, pruni_writer_item *item)
{
    const char *name = item->tensor->name;
    char shown[PRUNI_SHOWN_SIZE];
    if (!pruni_is_utf8(name))
        return pruni_cannot_write(PRUNE_ERROR_VALUE, writer, "the name %s is not UTF-8",
                                  pruni_shown(shown, name, strlen(name)));
    item->dtype = pruni_file_dtype_named(item->tensor->dtype_name);
    if (!item->dtype || !item->dtype->names[writer->format->naming])
        return pruni_cannot_write(PRUNE_ERROR_UNSUPPORTED, writer, "tensor %s: the format has no %s",
                                  pruni_shown(shown, name, strlen(name)), item->tensor->dtype_name);
    return measure(writer, item);
}

/* *bytes: of all tensors. */
static prune_status list_items(uint64_t *bytes, pruni_writer *writer, const pruni_writer_tensor *tensors, int64_t count)
{
    *bytes = 0;
    writer->count = count;
    writer->items = pruni_alloc_array((size_t)count, sizeof *writer->items);
    writer->order = pruni_alloc_array((size_t)count, sizeof *writer->order);
    if (!writer->items || !writer->order)
        return PRUNE_ERROR_MEMORY;
    for (int64_t i = 0; i < count; i++) {
        writer->items[i] = (pruni_writer_item){ .tensor = &tensors[i] };
        writer->order[i] = &writer->items[i];
        if (list_item(writer, &writer->items[i]))
            return prune_last_status();
        *bytes += writer->items[i].bytes < INT64_MAX - *bytes ? writer->items[i].bytes : INT64_MAX - *bytes;
    }
    if (*bytes == INT64_MAX)
        return pruni_cannot_write(PRUNE_ERROR_VALUE, writer, "the tensors are too large for one file");
    return PRUNE_OK;
}

int64_t pruni_writer_index(const pruni_writer *writer, int64_t i)
{
    return (const pruni_writer_item *)writer->order[i] - writer->items;
}

/* ---- Bytes ---- */

static prune_status end_item(pruni_writer *writer)
{
    writer->at++;
    return writer->format->end_item ? writer->format->end_item(writer) : PRUNE_OK;
}

/* Begins the next item that needs bytes, and ends those before it that need none. */
static prune_status go_on(pruni_writer *writer)
{
    for (; writer->at < writer->count;) {
        const pruni_writer_item *item = writer->order[writer->at];
        writer->left = item->bytes;
        if (writer->format->begin_item && writer->format->begin_item(writer, item))
            return prune_last_status();
        if (writer->left > 0)
            return PRUNE_OK;
        if (end_item(writer))
            return prune_last_status();
    }
    return PRUNE_OK;
}

prune_status pruni_writer_add(pruni_writer *writer, const void *bytes, size_t size)
{
    const unsigned char *next = bytes;
    while (size > 0) {
        size_t part = writer->left < size ? (size_t)writer->left : size;
        assert(part > 0); /* not more than the tensors have */
        if (writer->format->add(writer, next, part))
            return prune_last_status();
        next += part;
        size -= part;
        writer->left -= part;
        if (writer->left == 0 && (end_item(writer) || go_on(writer)))
            return prune_last_status();
    }
    return PRUNE_OK;
}

/* ---- Whole files ---- */

static void free_writer(pruni_writer *writer)
{
    if (writer->format->free)
        writer->format->free(writer);
    pruni_zip_writer_free(&writer->zip);
    pruni_free(writer->items);
    pruni_free(writer->order);
    *writer = (pruni_writer){ .path = NULL };
}

static prune_status begin(pruni_writer *writer)
{
    if (writer->format->begin && writer->format->begin(writer))
        return prune_last_status();
    return go_on(writer);
}

prune_status pruni_writer_open(pruni_writer *writer, const char *path, prune_file_format format,
                               const pruni_writer_tensor *tensors, int64_t count, const pruni_file_metadata *metadata,
                               int64_t metadata_count)
{
    if (format == PRUNE_FORMAT_AUTO && pruni_writer_choose_format(&format, path))
        return prune_last_status();
    if ((unsigned)format >= FORMATS)
        return prune_fail(PRUNE_ERROR_VALUE, "cannot write '%s': there is no format %d", path, (int)format);
    *writer = (pruni_writer){ .path = path, .format = formats[format], .zip.output = &writer->output };
    uint64_t bytes;
    if (list_items(&bytes, writer, tensors, count) || writer->format->prepare(writer, metadata, metadata_count)
        || pruni_output_open(&writer->output, path)) {
        free_writer(writer);
        return prune_last_status();
    }
    pruni_output_reserve(&writer->output, bytes);
    if (begin(writer)) {
        pruni_writer_abandon(writer);
        return prune_last_status();
    }
    return PRUNE_OK;
}

prune_status pruni_writer_commit(pruni_writer *writer)
{
    assert(writer->at == writer->count); /* all bytes have come */
    if (writer->format->finish && writer->format->finish(writer)) {
        pruni_writer_abandon(writer);
        return prune_last_status();
    }
    prune_status status = pruni_output_commit(&writer->output);
    free_writer(writer);
    return status;
}

void pruni_writer_abandon(pruni_writer *writer)
{
    pruni_output_abandon(&writer->output);
    free_writer(writer);
}
