/* What the directory of a zip archive says, against what lies in the file. */
#include "io/zip.h"

#include <string.h>

enum { HEADER_SIZE = 30, SIZES_FOLLOW = 1 << 3 };

static const unsigned char header_mark[4] = { 'P', 'K', 3, 4 };

static prune_status bad_record(pruni_fault fault, const pruni_zip *zip, const pruni_zip_record *record,
                               const char *words)
{
    char name[PRUNI_SHOWN_SIZE];
    return pruni_bad_file(fault, zip->source, "zip record %s %s", pruni_shown(name, record->name, record->name_length),
                          words);
}

/* ---- Local headers ---- */

/* CRC and sizes, which are all 0 or already right where a data descriptor follows the data. */
static bool sizes_agree(const unsigned char header[HEADER_SIZE], const unsigned char *extra, size_t extra_length,
                        const pruni_zip_record *record)
{
    uint64_t stored = pruni_load_le32(header + 18);
    uint64_t size = pruni_load_le32(header + 22);
    if (record->flags & SIZES_FOLLOW)
        return true;
    if ((stored == UINT32_MAX || size == UINT32_MAX) && !pruni_zip_wide(extra, extra_length, &size, &stored, NULL))
        return false;
    return pruni_load_le32(header + 14) == record->crc && stored == record->stored && size == record->size;
}

/* For the name and the extra field of one header after the other. */
typedef struct header_text {
    unsigned char *bytes;
    int64_t capacity;
} header_text;

static prune_status read_into(header_text *text, pruni_input *input, uint64_t start, size_t size)
{
    void *bytes = text->bytes;
    if (pruni_grow(&bytes, &text->capacity, (int64_t)size, 1))
        return PRUNE_ERROR_MEMORY;
    text->bytes = bytes;
    return pruni_input_read(input, start, bytes, size);
}

static prune_status check_header(const pruni_zip *zip, pruni_zip_record *record, pruni_input *input, header_text *text)
{
    unsigned char header[HEADER_SIZE];
    if (record->header > zip->directory_at || zip->directory_at - record->header < HEADER_SIZE)
        return bad_record(PRUNI_LAYOUT, zip, record, "has no header before the directory");
    if (pruni_input_read(input, record->header, header, HEADER_SIZE))
        return prune_last_status();
    size_t name_length = pruni_load_le16(header + 26);
    size_t extra_length = pruni_load_le16(header + 28);
    uint64_t left = zip->directory_at - record->header - HEADER_SIZE;
    if (memcmp(header, header_mark, 4) != 0 || name_length != record->name_length || left < name_length + extra_length)
        return bad_record(PRUNI_LAYOUT, zip, record, "has another header where it lies");
    if (read_into(text, input, record->header + HEADER_SIZE, name_length + extra_length))
        return prune_last_status();
    if (memcmp(text->bytes, record->name, name_length) != 0 || pruni_load_le16(header + 6) != record->flags
        || pruni_load_le16(header + 8) != record->method
        || !sizes_agree(header, text->bytes + name_length, extra_length, record))
        return bad_record(PRUNI_LAYOUT, zip, record, "has another header where it lies");
    record->data = record->header + HEADER_SIZE + name_length + extra_length;
    if (zip->directory_at - record->data < record->stored)
        return bad_record(PRUNI_LAYOUT, zip, record, "does not end before the directory");
    return PRUNE_OK;
}

static prune_status check_headers(pruni_zip *zip, pruni_input *input)
{
    header_text text = { NULL, 0 };
    prune_status status = PRUNE_OK;
    for (int64_t i = 0; i < zip->count && !status; i++)
        status = check_header(zip, &zip->records[i], input, &text);
    pruni_free(text.bytes);
    return status;
}

/* ---- Against each other ---- */

static int compare_places(const void *a, const void *b)
{
    const pruni_zip_record *left = a;
    const pruni_zip_record *right = b;
    return (left->header > right->header) - (left->header < right->header);
}

static int compare_names(const void *a, const void *b)
{
    const pruni_zip_record *left = a;
    const pruni_zip_record *right = b;
    size_t shared = left->name_length < right->name_length ? left->name_length : right->name_length;
    int order = memcmp(left->name, right->name, shared);
    return order != 0 ? order : (left->name_length > right->name_length) - (left->name_length < right->name_length);
}

static prune_status check_overlap(const pruni_zip *zip)
{
    for (int64_t i = 1; i < zip->count; i++) {
        const pruni_zip_record *left = zip->by_name[i - 1];
        const pruni_zip_record *right = zip->by_name[i];
        if (left->data + left->stored > right->header)
            return bad_record(PRUNI_LAYOUT, zip, right, "overlaps another one");
    }
    return PRUNE_OK;
}

static prune_status check_names(const pruni_zip *zip)
{
    for (int64_t i = 1; i < zip->count; i++)
        if (compare_names(zip->by_name[i - 1], zip->by_name[i]) == 0)
            return bad_record(PRUNI_DUP, zip, zip->by_name[i], "is there twice");
    return PRUNE_OK;
}

prune_status pruni_zip_check_records(pruni_zip *zip, pruni_input *input)
{
    size_t count = (size_t)zip->count;
    for (size_t i = 0; i < count; i++)
        zip->by_name[i] = &zip->records[i];
    if (pruni_sort(zip->by_name, count, compare_names) || check_names(zip) || check_headers(zip, input)
        || pruni_sort(zip->by_name, count, compare_places) || check_overlap(zip)
        || pruni_sort(zip->by_name, count, compare_names))
        return prune_last_status();
    return PRUNE_OK;
}

const pruni_zip_record *pruni_zip_find(const pruni_zip *zip, const char *name, size_t name_length)
{
    const pruni_zip_record wanted = { .name = name, .name_length = name_length };
    int64_t low = 0;
    int64_t high = zip->count;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        int order = compare_names(&wanted, zip->by_name[middle]);
        if (order == 0)
            return zip->by_name[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}
