/* A .pt file as torch.save writes it: a zip archive with a pickle and the storages that it speaks of. */
#include "io/pt.h"
#include "io/writer.h"

#include <string.h>

static const char root[] = "archive";

typedef struct pt {
    pruni_text pickle;
    char record[64]; /* the name of the present one */
} pt;

/* ---- The pickle: an OrderedDict of tensors, each on a storage of its own ---- */

/* Opcodes of protocol 2, by Python's names. */
enum {
    PROTO = 0x80,
    GLOBAL = 'c',
    MARK = '(',
    EMPTY_TUPLE = ')',
    TUPLE = 't',
    REDUCE = 'R',
    BINPERSID = 'Q',
    BINUNICODE = 'X',
    BININT = 'J',
    BININT1 = 'K',
    LONG1 = 0x8a,
    NEWFALSE = 0x89,
    SETITEMS = 'u',
    STOP = '.',
    BATCH = 1000 /* items that Python sets at once */
};

static void add_byte(pruni_text *pickle, int byte)
{
    char c = (char)byte;
    pruni_text_add_bytes(pickle, &c, 1);
}

static void add_little_endian(pruni_text *pickle, uint64_t value, size_t size)
{
    unsigned char bytes[8];
    pruni_store_le64(bytes, value);
    pruni_text_add_bytes(pickle, (const char *)bytes, size);
}

/* An integer that is not negative. */
static void add_integer(pruni_text *pickle, int64_t value)
{
    if (value <= UINT8_MAX) {
        add_byte(pickle, BININT1);
        add_little_endian(pickle, (uint64_t)value, 1);
    } else if (value <= INT32_MAX) {
        add_byte(pickle, BININT);
        add_little_endian(pickle, (uint64_t)value, 4);
    } else {
        add_byte(pickle, LONG1);
        add_byte(pickle, 8);
        add_little_endian(pickle, (uint64_t)value, 8);
    }
}

static void add_string(pruni_text *pickle, const char *string)
{
    size_t length = strlen(string);
    add_byte(pickle, BINUNICODE);
    add_little_endian(pickle, length, 4);
    pruni_text_add_bytes(pickle, string, length);
}

static void add_global(pruni_text *pickle, const char *module, const char *name)
{
    pruni_text_add(pickle, "%c%s\n%s\n", GLOBAL, module, name);
}

static void add_empty_dict(pruni_text *pickle)
{
    add_global(pickle, "collections", "OrderedDict");
    add_byte(pickle, EMPTY_TUPLE);
    add_byte(pickle, REDUCE);
}

static void add_tuple(pruni_text *pickle, const int64_t *numbers, int64_t count)
{
    add_byte(pickle, MARK);
    for (int64_t i = 0; i < count; i++)
        add_integer(pickle, numbers[i]);
    add_byte(pickle, TUPLE);
}

/* ('storage', torch.FloatStorage, '0', 'cpu', 6) */
static void add_storage(pruni_text *pickle, const pruni_writer_item *item, int64_t i)
{
    char key[24];
    (void)snprintf(key, sizeof key, "%lld", (long long)i);
    add_byte(pickle, MARK);
    add_string(pickle, "storage");
    add_global(pickle, "torch", item->dtype->names[PRUNI_NAMED_BY_STORAGE]);
    add_string(pickle, key);
    add_string(pickle, "cpu");
    add_integer(pickle, (int64_t)(item->bytes / (item->dtype->bits / 8)));
    add_byte(pickle, TUPLE);
    add_byte(pickle, BINPERSID);
}

/* _rebuild_tensor_v2(storage, 0, sizes, strides, False, OrderedDict()) */
static void add_tensor(pruni_text *pickle, const pruni_writer_item *item, int64_t i)
{
    int64_t strides[PRUNE_MAX_DIMS];
    pruni_contiguous_strides(strides, item->tensor->sizes, item->tensor->ndim);
    add_string(pickle, item->tensor->name);
    add_global(pickle, "torch._utils", "_rebuild_tensor_v2");
    add_byte(pickle, MARK);
    add_storage(pickle, item, i);
    add_integer(pickle, 0);
    add_tuple(pickle, item->tensor->sizes, item->tensor->ndim);
    add_tuple(pickle, strides, item->tensor->ndim);
    add_byte(pickle, NEWFALSE);
    add_empty_dict(pickle);
    add_byte(pickle, TUPLE);
    add_byte(pickle, REDUCE);
}

static void add_dict(pruni_text *pickle, const pruni_writer *writer)
{
    add_byte(pickle, PROTO);
    add_byte(pickle, 2);
    add_empty_dict(pickle);
    for (int64_t i = 0; i < writer->count; i++) {
        if (i % BATCH == 0)
            add_byte(pickle, MARK);
        add_tensor(pickle, &writer->items[i], i);
        if (i % BATCH == BATCH - 1 || i == writer->count - 1)
            add_byte(pickle, SETITEMS);
    }
    add_byte(pickle, STOP);
}

/* ---- The archive ---- */

/* Nothing is written that would not be read. */
static prune_status check_name(const pruni_writer *writer, const char *name)
{
    char shown[PRUNI_SHOWN_SIZE];
    size_t length = strlen(name);
    if (length <= PRUNI_PT_MAX_NAME)
        return PRUNE_OK;
    return pruni_cannot_write(PRUNE_ERROR_VALUE, writer, "%s is a name of more than %d bytes",
                              pruni_shown(shown, name, length), PRUNI_PT_MAX_NAME);
}

static prune_status prepare(pruni_writer *writer, const pruni_file_metadata *metadata, int64_t metadata_count)
{
    (void)metadata; /* there is no place for it */
    (void)metadata_count;
    for (int64_t i = 0; i < writer->count; i++)
        if (check_name(writer, writer->items[i].tensor->name))
            return prune_last_status();
    pt *own = pruni_alloc_zeroed(1, sizeof *own);
    writer->own = own;
    if (!own)
        return PRUNE_ERROR_MEMORY;
    add_dict(&own->pickle, writer);
    return own->pickle.failed ? prune_fail(PRUNE_ERROR_MEMORY, "out of memory for a pickle") : PRUNE_OK;
}

static const char *name_record(pt *own, const char *name)
{
    (void)snprintf(own->record, sizeof own->record, "%s/%s", root, name);
    return own->record;
}

static prune_status begin(pruni_writer *writer)
{
    static const char byte_order[] = "little";
    pt *own = writer->own;
    if (pruni_zip_writer_store(&writer->zip, name_record(own, "data.pkl"), own->pickle.data, own->pickle.length)
        || pruni_zip_writer_store(&writer->zip, name_record(own, "byteorder"), byte_order, strlen(byte_order)))
        return prune_last_status();
    pruni_text_free(&own->pickle);
    return PRUNE_OK;
}

static prune_status begin_item(pruni_writer *writer, const pruni_writer_item *item)
{
    pt *own = writer->own;
    (void)snprintf(own->record, sizeof own->record, "%s/data/%lld", root, (long long)(item - writer->items));
    return pruni_zip_writer_begin(&writer->zip, own->record, item->bytes);
}

static prune_status finish(pruni_writer *writer)
{
    static const char version[] = "3\n";
    pt *own = writer->own;
    if (pruni_zip_writer_store(&writer->zip, name_record(own, "version"), version, strlen(version))
        || pruni_writer_zip_finish(writer))
        return prune_last_status();
    return PRUNE_OK;
}

static void free_own(pruni_writer *writer)
{
    pt *own = writer->own;
    if (!own)
        return;
    pruni_text_free(&own->pickle);
    pruni_free(own);
}

const pruni_writer_format pruni_pt_writer = {
    .naming = PRUNI_NAMED_BY_STORAGE,
    .prepare = prepare,
    .begin = begin,
    .begin_item = begin_item,
    .add = pruni_writer_zip_add,
    .end_item = pruni_writer_zip_end,
    .finish = finish,
    .free = free_own,
};
