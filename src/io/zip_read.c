/* Zip archives: opened, and read record by record. */
#include "io/zip.h"

#include <string.h>

void pruni_zip_close(pruni_zip *zip)
{
    pruni_free(zip->directory);
    pruni_free(zip->records);
    pruni_free(zip->by_name);
    *zip = (pruni_zip){ .source = NULL };
}

static prune_status read_directory(pruni_zip *zip, const pruni_zip_end *end, pruni_input *input)
{
    enum { LEAST_RECORD = 46 };
    if (end->count > end->directory_size / LEAST_RECORD)
        return pruni_bad_file(PRUNI_LAYOUT, zip->source, "a zip directory of %llu bytes has no room for %llu records",
                              (unsigned long long)end->directory_size, (unsigned long long)end->count);
    zip->directory_at = end->directory;
    zip->directory_size = (size_t)end->directory_size;
    zip->count = (int64_t)end->count;
    zip->directory = pruni_alloc(zip->directory_size);
    if (!zip->directory || pruni_input_read(input, zip->directory_at, zip->directory, zip->directory_size))
        return prune_last_status();
    zip->records = pruni_alloc_zeroed((size_t)zip->count, sizeof *zip->records);
    zip->by_name = pruni_alloc_zeroed((size_t)zip->count, sizeof *zip->by_name);
    return zip->records && zip->by_name ? PRUNE_OK : PRUNE_ERROR_MEMORY;
}

prune_status pruni_zip_open(pruni_zip *zip, pruni_input *input)
{
    pruni_zip_end end;
    *zip = (pruni_zip){ .source = input->source };
    if (pruni_zip_find_end(&end, zip->source, input) || read_directory(zip, &end, input)
        || pruni_zip_parse_directory(zip) || pruni_zip_check_records(zip, input)) {
        pruni_zip_close(zip);
        return prune_last_status();
    }
    return PRUNE_OK;
}

prune_status pruni_zip_check_stored(const pruni_zip *zip)
{
    enum { ENCRYPTED = 1 };
    for (int64_t i = 0; i < zip->count; i++) {
        const pruni_zip_record *record = &zip->records[i];
        char name[PRUNI_SHOWN_SIZE];
        if (record->flags & ENCRYPTED)
            return pruni_bad_file(PRUNI_UNSUP, zip->source, "zip record %s is encrypted",
                                  pruni_shown(name, record->name, record->name_length));
        if (record->method != 0)
            return pruni_bad_file(PRUNI_UNSUP, zip->source, "zip record %s is compressed, by method %u",
                                  pruni_shown(name, record->name, record->name_length), record->method);
    }
    return PRUNE_OK;
}

static prune_status check_crc(const pruni_zip *zip, const pruni_zip_record *record, uint32_t crc)
{
    char name[PRUNI_SHOWN_SIZE];
    if (record->crc == 0 || record->crc == crc)
        return PRUNE_OK;
    return pruni_bad_file(PRUNI_CRC, zip->source, "zip record %s has the CRC %08lx, not %08lx",
                          pruni_shown(name, record->name, record->name_length), (unsigned long)crc,
                          (unsigned long)record->crc);
}

prune_status pruni_zip_check_crc(const pruni_zip *zip, const pruni_zip_record *record, pruni_input *input)
{
    unsigned char bytes[16384];
    uint32_t crc = 0;
    if (record->crc == 0)
        return PRUNE_OK;
    for (uint64_t at = 0; at < record->stored;) {
        uint64_t left = record->stored - at;
        size_t count = left < sizeof bytes ? (size_t)left : sizeof bytes;
        if (pruni_input_read(input, record->data + at, bytes, count))
            return prune_last_status();
        crc = pruni_crc32(crc, bytes, count);
        at += count;
    }
    return check_crc(zip, record, crc);
}

prune_status pruni_zip_read(unsigned char **out, const pruni_zip *zip, const pruni_zip_record *record,
                            pruni_input *input)
{
    size_t size = record->size > SIZE_MAX ? SIZE_MAX : (size_t)record->size; /* which is never to be had */
    unsigned char *bytes = pruni_alloc(size);
    if (!bytes)
        return PRUNE_ERROR_MEMORY;
    prune_status status = pruni_input_read(input, record->data, bytes, size);
    if (!status)
        status = check_crc(zip, record, pruni_crc32(0, bytes, size));
    if (status)
        pruni_free(bytes);
    else
        *out = bytes;
    return status;
}
