/* The directory of a zip archive, which says what the records are. */
#include "io/zip.h"

#include <string.h>

enum { HEADER_SIZE = 46, WIDE_FIELD = 1 };

static const unsigned char header_mark[4] = { 'P', 'K', 1, 2 };

/* Takes eight bytes for a value that is all ones. */
static bool take_wide(uint64_t *value, const unsigned char **bytes, size_t *left)
{
    if (!value || *value != UINT32_MAX)
        return true;
    if (*left < 8)
        return false;
    *value = pruni_load_le64(*bytes);
    *bytes += 8;
    *left -= 8;
    return true;
}

bool pruni_zip_wide(const unsigned char *extra, size_t length, uint64_t *size, uint64_t *stored, uint64_t *header)
{
    while (length >= 4) {
        unsigned id = pruni_load_le16(extra);
        size_t field = pruni_load_le16(extra + 2);
        extra += 4;
        length -= 4;
        if (field > length)
            return false;
        if (id == WIDE_FIELD)
            return take_wide(size, &extra, &field) && take_wide(stored, &extra, &field)
                   && take_wide(header, &extra, &field);
        extra += field;
        length -= field;
    }
    return false;
}

static bool has_parent(const char *name, size_t length)
{
    for (size_t start = 0, i = 0; i <= length; i++)
        if (i == length || name[i] == '/') {
            if (i - start == 2 && name[start] == '.' && name[start + 1] == '.')
                return true;
            start = i + 1;
        }
    return false;
}

static prune_status check_name(const pruni_zip *zip, const pruni_zip_record *record)
{
    char name[PRUNI_SHOWN_SIZE];
    bool bad = record->name_length == 0 || record->name[0] == '/' || memchr(record->name, '\0', record->name_length)
               || has_parent(record->name, record->name_length);
    if (bad)
        return pruni_bad_file(PRUNI_LAYOUT, zip->source, "a zip record of the name %s",
                              pruni_shown(name, record->name, record->name_length));
    return PRUNE_OK;
}

static prune_status check_sizes(const pruni_zip *zip, const pruni_zip_record *record)
{
    char name[PRUNI_SHOWN_SIZE];
    if (record->method == 0 && (record->flags & 1) == 0 && record->stored != record->size)
        return pruni_bad_file(PRUNI_SIZE, zip->source, "zip record %s is stored, but %llu bytes are %llu",
                              pruni_shown(name, record->name, record->name_length), (unsigned long long)record->size,
                              (unsigned long long)record->stored);
    if (record->stored > UINT64_MAX - record->header)
        return pruni_bad_file(PRUNI_OVERFLOW, zip->source, "zip record %s: %llu bytes at byte %llu",
                              pruni_shown(name, record->name, record->name_length), (unsigned long long)record->stored,
                              (unsigned long long)record->header);
    return PRUNE_OK;
}

/* The record that begins at *at, which moves on. */
static prune_status parse_record(pruni_zip *zip, pruni_zip_record *record, size_t *at)
{
    const unsigned char *bytes = zip->directory + *at;
    size_t left = zip->directory_size - *at;
    if (left < HEADER_SIZE || memcmp(bytes, header_mark, 4) != 0)
        return pruni_bad_file(PRUNI_LAYOUT, zip->source, "there is no zip record at byte %zu of the directory", *at);
    size_t name_length = pruni_load_le16(bytes + 28);
    size_t extra_length = pruni_load_le16(bytes + 30);
    size_t total = HEADER_SIZE + name_length + extra_length + pruni_load_le16(bytes + 32);
    if (total > left)
        return pruni_bad_file(PRUNI_LAYOUT, zip->source,
                              "the zip record at byte %zu of the directory does not end in it", *at);
    *record = (pruni_zip_record){
        .name = (const char *)bytes + HEADER_SIZE,
        .name_length = name_length,
        .flags = pruni_load_le16(bytes + 8),
        .method = pruni_load_le16(bytes + 10),
        .crc = pruni_load_le32(bytes + 16),
        .stored = pruni_load_le32(bytes + 20),
        .size = pruni_load_le32(bytes + 24),
        .header = pruni_load_le32(bytes + 42),
    };
    bool is_wide = record->stored == UINT32_MAX || record->size == UINT32_MAX || record->header == UINT32_MAX;
    if (is_wide
        && !pruni_zip_wide(bytes + HEADER_SIZE + name_length, extra_length, &record->size, &record->stored,
                           &record->header))
        return pruni_bad_file(PRUNI_LAYOUT, zip->source,
                              "the zip record at byte %zu of the directory has no zip64 field", *at);
    *at += total;
    return check_name(zip, record) || check_sizes(zip, record) ? prune_last_status() : PRUNE_OK;
}

prune_status pruni_zip_parse_directory(pruni_zip *zip)
{
    size_t at = 0;
    for (int64_t i = 0; i < zip->count; i++)
        if (parse_record(zip, &zip->records[i], &at))
            return prune_last_status();
    if (at != zip->directory_size)
        return pruni_bad_file(PRUNI_LAYOUT, zip->source, "%zu bytes of the zip directory follow its last record",
                              zip->directory_size - at);
    return PRUNE_OK;
}
