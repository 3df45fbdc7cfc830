/* .npy files as numpy.save writes them, and .npz archives of them. */
#include "io/writer.h"

#include <string.h>

/* ---- The header ---- */

static void add_shape(pruni_text *text, const pruni_writer_tensor *tensor)
{
    pruni_text_add(text, "(");
    for (int64_t i = 0; i < tensor->ndim; i++)
        pruni_text_add(text, "%s%lld", i > 0 ? ", " : "", (long long)tensor->sizes[i]);
    pruni_text_add(text, tensor->ndim == 1 ? ",)" : ")");
}

/* Room for the first size to grow to 21 digits, where there is one. */
static void add_growth(pruni_text *text, const pruni_writer_tensor *tensor)
{
    enum { MOST_DIGITS = 21 };
    char digits[24];
    if (tensor->ndim == 0)
        return;
    int length = snprintf(digits, sizeof digits, "%lld", (long long)tensor->sizes[0]);
    pruni_text_add(text, "%*s", MOST_DIGITS - length, "");
}

void pruni_npy_add_header(pruni_text *text, const pruni_writer_item *item)
{
    enum { BEFORE = 10, ALIGNMENT = 64 };
    pruni_text dict = { NULL, 0, 0, false };
    pruni_text_add(&dict,
                   "{'descr': '%s', 'fortran_order': False, 'shape': ", item->dtype->names[PRUNI_NAMED_BY_NUMPY]);
    add_shape(&dict, item->tensor);
    pruni_text_add(&dict, ", }");
    add_growth(&dict, item->tensor);
    size_t padding = ALIGNMENT - (BEFORE + dict.length + 1) % ALIGNMENT; /* a whole line rather than nothing */
    pruni_text_add(&dict, "%*s\n", (int)padding, "");
    const char version[] = { 1, 0, (char)(dict.length & 0xFF), (char)(dict.length >> 8) };
    pruni_text_add_bytes(text, "\x93NUMPY", 6);
    pruni_text_add_bytes(text, version, sizeof version);
    if (dict.failed)
        text->failed = true;
    else
        pruni_text_add_bytes(text, dict.data, dict.length);
    pruni_text_free(&dict);
}

static prune_status make_header(pruni_text *text, const pruni_writer_item *item)
{
    pruni_npy_add_header(text, item);
    return text->failed ? prune_fail(PRUNE_ERROR_MEMORY, "out of memory for a header") : PRUNE_OK;
}

/* ---- .npy ---- */

static prune_status prepare_npy(pruni_writer *writer, const pruni_file_metadata *metadata, int64_t metadata_count)
{
    (void)metadata; /* there is no place for it */
    (void)metadata_count;
    if (writer->count != 1)
        return pruni_cannot_write(PRUNE_ERROR_VALUE, writer, "a .npy file holds one tensor, not %lld",
                                  (long long)writer->count);
    return PRUNE_OK;
}

static prune_status begin_npy(pruni_writer *writer)
{
    pruni_text text = { NULL, 0, 0, false };
    prune_status status = make_header(&text, writer->items);
    if (!status)
        status = pruni_output_write(&writer->output, text.data, text.length);
    pruni_text_free(&text);
    return status;
}

static prune_status add_npy(pruni_writer *writer, const void *bytes, size_t size)
{
    return pruni_output_write(&writer->output, bytes, size);
}

const pruni_writer_format pruni_npy_writer = {
    .naming = PRUNI_NAMED_BY_NUMPY,
    .prepare = prepare_npy,
    .begin = begin_npy,
    .add = add_npy,
};

/* ---- .npz ---- */

typedef struct npz {
    char record[PRUNI_ZIP_MAX_NAME + 1]; /* the name of the present one */
} npz;

static const char ending[] = ".npy";

static prune_status check_name(const pruni_writer *writer, const char *name)
{
    char shown[PRUNI_SHOWN_SIZE];
    size_t length = strlen(name);
    if (length == 0 || name[0] == '/' || strstr(name, ".."))
        return pruni_cannot_write(PRUNE_ERROR_VALUE, writer, "%s is no name for a record of an archive",
                                  pruni_shown(shown, name, length));
    if (length > PRUNI_ZIP_MAX_NAME - strlen(ending))
        return pruni_cannot_write(PRUNE_ERROR_VALUE, writer, "%s is too long a name for a record of an archive",
                                  pruni_shown(shown, name, length));
    return PRUNE_OK;
}

static prune_status prepare_npz(pruni_writer *writer, const pruni_file_metadata *metadata, int64_t metadata_count)
{
    (void)metadata; /* there is no place for it */
    (void)metadata_count;
    for (int64_t i = 0; i < writer->count; i++)
        if (check_name(writer, writer->items[i].tensor->name))
            return prune_last_status();
    npz *own = pruni_alloc_zeroed(1, sizeof *own);
    writer->own = own;
    return own ? PRUNE_OK : PRUNE_ERROR_MEMORY;
}

static prune_status begin_npz_item(pruni_writer *writer, const pruni_writer_item *item)
{
    npz *own = writer->own;
    pruni_text text = { NULL, 0, 0, false };
    (void)snprintf(own->record, sizeof own->record, "%s%s", item->tensor->name, ending);
    prune_status status = make_header(&text, item);
    if (!status)
        status = pruni_zip_writer_begin(&writer->zip, own->record, text.length + item->bytes);
    if (!status)
        status = pruni_zip_writer_add(&writer->zip, text.data, text.length);
    pruni_text_free(&text);
    return status;
}

static void free_npz(pruni_writer *writer)
{
    pruni_free(writer->own);
}

const pruni_writer_format pruni_npz_writer = {
    .naming = PRUNI_NAMED_BY_NUMPY,
    .prepare = prepare_npz,
    .begin_item = begin_npz_item,
    .add = pruni_writer_zip_add,
    .end_item = pruni_writer_zip_end,
    .finish = pruni_writer_zip_finish,
    .free = free_npz,
};
