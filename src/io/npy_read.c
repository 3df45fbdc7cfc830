/* .npy files, and .npz archives of them, as open files. */
#include "io/npy.h"
#include "io/zip.h"

#include <string.h>

/* ---- An array ---- */

/* The bytes before the dict: magic, version, the length of the dict. */
typedef struct preamble {
    int version;
    size_t size;   /* of all that */
    size_t length; /* of the dict */
} preamble;

/* Whether an array of so many bytes has `size` of them. */
static prune_status array_holds(bool *holds, pruni_input *input, uint64_t at, uint64_t length, uint64_t size)
{
    if (length != UINT64_MAX) {
        *holds = size <= length;
        return PRUNE_OK;
    }
    return pruni_input_holds(holds, input, size > UINT64_MAX - at ? UINT64_MAX : at + size);
}

/* The first `size` bytes, which must be there. */
static prune_status read_start(unsigned char *to, pruni_input *input, uint64_t at, uint64_t length, size_t size,
                               const char *what)
{
    bool holds = false;
    if (array_holds(&holds, input, at, length, size))
        return prune_last_status();
    if (!holds)
        return pruni_bad_file(PRUNI_TRUNCATED, input->source, "%sless than the %zu bytes before a header", what, size);
    return pruni_input_read(input, at, to, size);
}

static prune_status read_preamble(preamble *out, pruni_input *input, uint64_t at, uint64_t length, const char *what)
{
    unsigned char bytes[12];
    if (read_start(bytes, input, at, length, 8, what))
        return prune_last_status();
    if (memcmp(bytes, "\x93NUMPY", 6) != 0)
        return pruni_bad_file(PRUNI_MAGIC, input->source, "%sdoes not begin as an .npy array", what);
    out->version = bytes[6];
    if (bytes[6] < 1 || bytes[6] > 3 || bytes[7] != 0)
        return pruni_bad_file(PRUNI_UNSUP, input->source, "%sversion %d.%d of the format", what, bytes[6], bytes[7]);
    out->size = bytes[6] == 1 ? 10 : 12;
    if (read_start(bytes, input, at, length, out->size, what))
        return prune_last_status();
    uint32_t header = bytes[6] == 1 ? pruni_load_le16(bytes + 8) : pruni_load_le32(bytes + 8);
    if (header > PRUNI_NPY_MAX_HEADER)
        return pruni_bad_file(PRUNI_LIMIT, input->source, "%sa header of %lu bytes, NumPy reads up to %d", what,
                              (unsigned long)header, PRUNI_NPY_MAX_HEADER);
    out->length = header;
    return PRUNE_OK;
}

static prune_status read_header(pruni_npy_header *header, preamble *before, pruni_input *input, uint64_t at,
                                uint64_t length, const char *what)
{
    unsigned char bytes[12 + PRUNI_NPY_MAX_HEADER];
    if (read_preamble(before, input, at, length, what)
        || read_start(bytes, input, at, length, before->size + before->length, what))
        return prune_last_status();
    const char *dict = (const char *)bytes + before->size;
    size_t valid = pruni_utf8_prefix(dict, before->length);
    if (before->version == 3 && valid < before->length)
        return pruni_bad_file(PRUNI_UTF8, input->source, "%sthe header is not UTF-8 at its byte %zu", what, valid);
    return pruni_npy_parse_header(header, dict, before->length, before->version, input->source, what);
}

static prune_status check_length(const pruni_npy_header *header, size_t start, pruni_input *input, uint64_t at,
                                 uint64_t length, const char *what)
{
    bool holds = false;
    bool holds_more = false;
    prune_status status = array_holds(&holds, input, at, length, start + header->bytes);
    if (!status)
        status = array_holds(&holds_more, input, at, length, start + header->bytes + 1);
    if (!status && !holds)
        status = pruni_bad_file(PRUNI_TRUNCATED, input->source, "%sends before its data of %llu bytes do", what,
                                (unsigned long long)header->bytes);
    else if (!status && holds_more)
        status = pruni_bad_file(PRUNI_LAYOUT, input->source, "%sgoes on after the end of its data of %llu bytes", what,
                                (unsigned long long)header->bytes);
    return status;
}

/* "<f4" of ">f4" and "|i1" of "<i1": as the table of dtypes has it. */
static int held_dtype(const pruni_npy_header *header)
{
    char name[PRUNI_NPY_DESCR_SIZE];
    memcpy(name, header->descr, sizeof name);
    name[0] = header->element_size == 1 ? '|' : '<';
    const pruni_file_dtype *dtype = pruni_file_dtype_find(PRUNI_NAMED_BY_NUMPY, name);
    return dtype ? dtype->held : -1;
}

static void set_strides(pruni_file_tensor *t, const pruni_npy_header *header)
{
    int64_t stride = 1;
    t->is_contiguous = !header->fortran_order || t->ndim < 2 || t->ndim > PRUNE_MAX_DIMS || t->bytes == 0;
    for (int64_t i = 0; !t->is_contiguous && i < t->ndim; i++) {
        t->strides[i] = stride;
        stride *= t->sizes[i];
    }
}

prune_status pruni_npy_describe(pruni_file_tensor *t, pruni_npy_header *header, pruni_input *input, uint64_t at,
                                uint64_t length, const char *what)
{
    preamble before = { 0, 0, 0 };
    if (read_header(header, &before, input, at, length, what))
        return prune_last_status();
    size_t start = before.size + before.length;
    if (check_length(header, start, input, at, length, what))
        return prune_last_status();
    *t = (pruni_file_tensor){
        .dtype_name = header->descr,
        .held = held_dtype(header),
        .element_size = header->element_size,
        .ndim = header->ndim,
        .offset = at + start,
        .bytes = header->bytes,
        .is_big_endian = header->descr[0] == '>',
    };
    memcpy(t->sizes, header->sizes, sizeof t->sizes);
    set_strides(t, header);
    return PRUNE_OK;
}

/* ---- .npy ---- */

static prune_status open_npy(pruni_file *file, const prune_load_options *options)
{
    static const char name[] = "arr_0"; /* as numpy.savez calls an array without a name */
    pruni_file_tensor t;
    (void)options;
    file->own = pruni_alloc(sizeof(pruni_npy_header));
    if (!file->own || pruni_npy_describe(&t, file->own, &file->input, 0, UINT64_MAX, ""))
        return prune_last_status();
    t.name = name;
    t.name_length = strlen(name);
    return pruni_file_add(file, &t);
}

static void close_npy(pruni_file *file)
{
    pruni_free(file->own);
}

const pruni_file_format pruni_npy_format = {
    .open = open_npy,
    .close = close_npy,
};

/* ---- .npz ---- */

typedef struct npz {
    pruni_zip zip;
    pruni_npy_header *headers; /* of each record */
    char **names;
} npz;

static const char ending[] = ".npy";

static bool is_array(const pruni_zip_record *record)
{
    size_t size = strlen(ending);
    return record->name_length >= size && memcmp(record->name + record->name_length - size, ending, size) == 0;
}

/* The name without its ending, terminated. */
static prune_status name_array(char **out, const pruni_zip_record *record, const char *source)
{
    char shown[PRUNI_SHOWN_SIZE];
    if (!is_array(record))
        return pruni_bad_file(PRUNI_SCHEMA, source, "zip record %s is no .npy array",
                              pruni_shown(shown, record->name, record->name_length));
    size_t length = record->name_length - strlen(ending);
    if (pruni_utf8_prefix(record->name, length) < length)
        return pruni_bad_file(PRUNI_UTF8, source, "the name of zip record %s is not UTF-8",
                              pruni_shown(shown, record->name, record->name_length));
    char *name = pruni_alloc(length + 1);
    if (!name)
        return PRUNE_ERROR_MEMORY;
    memcpy(name, record->name, length);
    name[length] = '\0';
    *out = name;
    return PRUNE_OK;
}

static prune_status add_array(pruni_file *file, npz *own, int64_t i)
{
    const pruni_zip_record *record = &own->zip.records[i];
    char shown[PRUNI_SHOWN_SIZE];
    char what[PRUNI_SHOWN_SIZE + 16];
    pruni_file_tensor t;
    if (name_array(&own->names[i], record, file->input.source))
        return prune_last_status();
    size_t length = record->name_length - strlen(ending);
    (void)snprintf(what, sizeof what, "array %s: ", pruni_shown(shown, record->name, length));
    if (pruni_npy_describe(&t, &own->headers[i], &file->input, record->data, record->size, what))
        return prune_last_status();
    t.name = own->names[i];
    t.name_length = length;
    t.part = i;
    return pruni_file_add(file, &t);
}

static prune_status open_npz(pruni_file *file, const prune_load_options *options)
{
    npz *own = pruni_alloc_zeroed(1, sizeof *own);
    (void)options;
    file->own = own;
    if (!own || pruni_zip_open(&own->zip, &file->input) || pruni_zip_check_stored(&own->zip))
        return prune_last_status();
    own->headers = pruni_alloc_array((size_t)own->zip.count, sizeof *own->headers);
    own->names = pruni_alloc_zeroed((size_t)own->zip.count, sizeof *own->names);
    if (!own->headers || !own->names)
        return PRUNE_ERROR_MEMORY;
    for (int64_t i = 0; i < own->zip.count; i++)
        if (add_array(file, own, i))
            return prune_last_status();
    return PRUNE_OK;
}

static void close_npz(pruni_file *file)
{
    npz *own = file->own;
    if (!own)
        return;
    for (int64_t i = 0; own->names && i < own->zip.count; i++)
        pruni_free(own->names[i]);
    pruni_free(own->names);
    pruni_free(own->headers);
    pruni_zip_close(&own->zip);
    pruni_free(own);
}

static prune_status check_npz(pruni_file *file, const pruni_file_tensor *t)
{
    const npz *own = file->own;
    return pruni_zip_check_crc(&own->zip, &own->zip.records[t->part], &file->input);
}

const pruni_file_format pruni_npz_format = {
    .open = open_npz,
    .close = close_npz,
    .check = check_npz,
};
