/* Stored zip archives, written from start to end: CRCs follow the data, and whatever needs 64 bits has them. */
#include "io/writer.h"
#include "io/zip.h"

#include <assert.h>
#include <string.h>

enum {
    ALIGNMENT = 64,
    HEADER_SIZE = 30,
    RECORD_SIZE = 46,
    FLAGS = 1 << 3 | 1 << 11, /* CRC and sizes follow the data; names are UTF-8 */
    DATE = 1 << 5 | 1,        /* 1980-01-01, the first there is */
    VERSION = 20,
    WIDE_VERSION = 45,
    WIDE_FIELD = 1
};

/* ---- Bytes ---- */

typedef struct fields {
    unsigned char bytes[128];
    size_t size;
} fields;

static void add_number(fields *to, uint64_t value, int size)
{
    for (int i = 0; i < size; i++)
        to->bytes[to->size++] = (unsigned char)(value >> 8 * i);
}

static void add_mark(fields *to, const char mark[4])
{
    memcpy(to->bytes + to->size, mark, 4);
    to->size += 4;
}

static bool is_wide(uint64_t value)
{
    return value >= UINT32_MAX;
}

/* A field of 32 bits; all ones where an extra field says the number. */
static void add_narrow(fields *to, uint64_t value)
{
    add_number(to, is_wide(value) ? UINT32_MAX : value, 4);
}

static prune_status write_bytes(pruni_zip_writer *zip, const void *bytes, size_t size)
{
    zip->at += size;
    return pruni_output_write(zip->output, bytes, size);
}

/* ---- Records ---- */

static unsigned version_of(bool wide)
{
    return wide ? WIDE_VERSION : VERSION;
}

/* From the version to the CRC, the same in both headers but for the CRC, which the local one leaves to what follows the
 * data. */
static void add_common(fields *to, bool wide, uint32_t crc)
{
    add_number(to, version_of(wide), 2);
    add_number(to, FLAGS, 2);
    add_number(to, 0, 2); /* stored */
    add_number(to, 0, 2); /* midnight */
    add_number(to, DATE, 2);
    add_number(to, crc, 4);
}

/* The extra field that torch.save fills the room before the data with: "FB", its length, and Zs. */
static void add_padding(fields *to, uint64_t at)
{
    unsigned length = (ALIGNMENT - (unsigned)((at + 4) % ALIGNMENT)) % ALIGNMENT;
    add_number(to, 'F' | 'B' << 8, 2);
    add_number(to, length, 2);
    for (unsigned i = 0; i < length; i++)
        add_number(to, 'Z', 1);
}

prune_status pruni_zip_writer_begin(pruni_zip_writer *zip, const char *name, uint64_t size)
{
    size_t name_length = strlen(name);
    bool wide = is_wide(size);
    fields header = { { 0 }, 0 };
    fields extra = { { 0 }, 0 };
    assert(zip->left == 0 && name_length <= PRUNI_ZIP_MAX_NAME);
    if (wide) {
        add_number(&extra, WIDE_FIELD, 2);
        add_number(&extra, 16, 2);
        add_number(&extra, size, 8);
        add_number(&extra, size, 8);
    }
    add_padding(&extra, zip->at + HEADER_SIZE + name_length + extra.size);
    add_mark(&header, "PK\3\4");
    add_common(&header, wide, 0);
    add_number(&header, wide ? UINT32_MAX : 0, 4);
    add_number(&header, wide ? UINT32_MAX : 0, 4);
    add_number(&header, name_length, 2);
    add_number(&header, extra.size, 2);
    zip->name = name;
    zip->start = zip->at;
    zip->size = zip->left = size;
    zip->crc = 0;
    if (write_bytes(zip, header.bytes, header.size) || write_bytes(zip, name, name_length)
        || write_bytes(zip, extra.bytes, extra.size))
        return prune_last_status();
    return PRUNE_OK;
}

prune_status pruni_zip_writer_add(pruni_zip_writer *zip, const void *bytes, size_t size)
{
    assert(size <= zip->left);
    zip->left -= size;
    zip->crc = pruni_crc32(zip->crc, bytes, size);
    return write_bytes(zip, bytes, size);
}

static void list_record(pruni_zip_writer *zip)
{
    bool wide_size = is_wide(zip->size);
    bool wide_start = is_wide(zip->start);
    size_t name_length = strlen(zip->name);
    size_t extra = (wide_size ? 16u : 0u) + (wide_start ? 8u : 0u);
    fields record = { { 0 }, 0 };
    add_mark(&record, "PK\1\2");
    add_number(&record, version_of(extra > 0), 2); /* of what made it */
    add_common(&record, extra > 0, zip->crc);
    add_narrow(&record, zip->size);
    add_narrow(&record, zip->size);
    add_number(&record, name_length, 2);
    add_number(&record, extra > 0 ? extra + 4 : 0, 2);
    add_number(&record, 0, 6); /* comment, disk, the inner attributes */
    add_number(&record, 0, 4); /* the outer ones */
    add_narrow(&record, zip->start);
    assert(record.size == RECORD_SIZE);
    pruni_text_add_bytes(&zip->directory, (const char *)record.bytes, record.size);
    pruni_text_add_bytes(&zip->directory, zip->name, name_length);
    if (extra == 0)
        return;
    record.size = 0;
    add_number(&record, WIDE_FIELD, 2);
    add_number(&record, extra, 2);
    for (int i = 0; wide_size && i < 2; i++)
        add_number(&record, zip->size, 8);
    if (wide_start)
        add_number(&record, zip->start, 8);
    pruni_text_add_bytes(&zip->directory, (const char *)record.bytes, record.size);
}

prune_status pruni_zip_writer_end(pruni_zip_writer *zip)
{
    int size = is_wide(zip->size) ? 8 : 4;
    fields follows = { { 0 }, 0 };
    assert(zip->left == 0);
    add_mark(&follows, "PK\7\10");
    add_number(&follows, zip->crc, 4);
    add_number(&follows, zip->size, size);
    add_number(&follows, zip->size, size);
    list_record(zip);
    zip->count++;
    return write_bytes(zip, follows.bytes, follows.size);
}

prune_status pruni_zip_writer_store(pruni_zip_writer *zip, const char *name, const void *bytes, size_t size)
{
    if (pruni_zip_writer_begin(zip, name, size) || pruni_zip_writer_add(zip, bytes, size) || pruni_zip_writer_end(zip))
        return prune_last_status();
    return PRUNE_OK;
}

/* ---- The end ---- */

static void add_wide_end(fields *to, const pruni_zip_writer *zip, uint64_t start, uint64_t size)
{
    add_mark(to, "PK\6\6");
    add_number(to, 44, 8); /* bytes from here on */
    add_number(to, WIDE_VERSION, 2);
    add_number(to, WIDE_VERSION, 2);
    add_number(to, 0, 8); /* disks */
    add_number(to, (uint64_t)zip->count, 8);
    add_number(to, (uint64_t)zip->count, 8);
    add_number(to, size, 8);
    add_number(to, start, 8);
    add_mark(to, "PK\6\7"); /* where that is */
    add_number(to, 0, 4);
    add_number(to, start + size, 8);
    add_number(to, 1, 4); /* disks in all */
}

prune_status pruni_zip_writer_finish(pruni_zip_writer *zip)
{
    uint64_t start = zip->at;
    uint64_t size = zip->directory.length;
    uint64_t count = (uint64_t)zip->count;
    char *directory = NULL;
    fields end = { { 0 }, 0 };
    if (pruni_text_finish(&zip->directory, &directory))
        return prune_last_status();
    if (count >= UINT16_MAX || is_wide(start) || is_wide(size))
        add_wide_end(&end, zip, start, size);
    add_mark(&end, "PK\5\6");
    add_number(&end, 0, 4); /* disks */
    add_number(&end, count >= UINT16_MAX ? UINT16_MAX : count, 2);
    add_number(&end, count >= UINT16_MAX ? UINT16_MAX : count, 2);
    add_narrow(&end, size);
    add_narrow(&end, start);
    add_number(&end, 0, 2); /* comment */
    prune_status status = write_bytes(zip, directory, (size_t)size);
    pruni_free(directory);
    return status ? status : write_bytes(zip, end.bytes, end.size);
}

void pruni_zip_writer_free(pruni_zip_writer *zip)
{
    pruni_text_free(&zip->directory);
}

/* ---- For formats ---- */

prune_status pruni_writer_zip_add(pruni_writer *writer, const void *bytes, size_t size)
{
    return pruni_zip_writer_add(&writer->zip, bytes, size);
}

prune_status pruni_writer_zip_end(pruni_writer *writer)
{
    return pruni_zip_writer_end(&writer->zip);
}

prune_status pruni_writer_zip_finish(pruni_writer *writer)
{
    return pruni_zip_writer_finish(&writer->zip);
}
