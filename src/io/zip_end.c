/* The end of a zip archive: where its directory is. Nothing but a comment may follow the end record, and nothing may lie
 * between the directory and it. */
#include "io/zip.h"

#include <string.h>

enum { END_SIZE = 22, LOCATOR_SIZE = 20, WIDE_END_SIZE = 56, MAX_COMMENT = 65535 };

static const unsigned char end_mark[4] = { 'P', 'K', 5, 6 };
static const unsigned char locator_mark[4] = { 'P', 'K', 6, 7 };
static const unsigned char wide_end_mark[4] = { 'P', 'K', 6, 6 };

static bool has_mark(const unsigned char *bytes, const unsigned char mark[4])
{
    return memcmp(bytes, mark, 4) == 0;
}

/* The last place in the tail where an end record with its comment fills the rest; NULL: there is none. */
static const unsigned char *find_mark(const unsigned char *tail, size_t size)
{
    for (size_t left = END_SIZE; left <= size; left++) {
        const unsigned char *at = tail + size - left;
        if (has_mark(at, end_mark) && pruni_load_le16(at + 20) == left - END_SIZE)
            return at;
    }
    return NULL;
}

/* Reads the end record, and where in the file it lies. */
static prune_status read_end(unsigned char record[END_SIZE], uint64_t *place, const char *source, pruni_input *input)
{
    uint64_t size;
    if (pruni_input_size(&size, input))
        return prune_last_status();
    size_t tail_size = size < END_SIZE + MAX_COMMENT ? (size_t)size : (size_t)END_SIZE + MAX_COMMENT;
    unsigned char *tail = pruni_alloc(tail_size);
    if (!tail)
        return PRUNE_ERROR_MEMORY;
    prune_status status = pruni_input_read(input, size - tail_size, tail, tail_size);
    if (!status) {
        const unsigned char *found = find_mark(tail, tail_size);
        if (found) {
            memcpy(record, found, END_SIZE);
            *place = size - tail_size + (uint64_t)(found - tail);
        } else {
            status = pruni_bad_file(PRUNI_TRUNCATED, source, "there is no end record of a zip archive");
        }
    }
    pruni_free(tail);
    return status;
}

static prune_status several_disks(const char *source)
{
    return pruni_bad_file(PRUNI_UNSUP, source, "a zip archive in several parts");
}

/* A value of the end record stands unless it is all ones: then the wide record's does. */
static bool agrees(uint64_t narrow, uint64_t all_ones, uint64_t wide)
{
    return narrow == all_ones || narrow == wide;
}

/* The zip64 end record that the locator, at `locator`, points to. Where there is one it says all again, wide. */
static prune_status read_wide_end(pruni_zip_end *end, uint64_t *place, const unsigned char locator[LOCATOR_SIZE],
                                  const char *source, pruni_input *input)
{
    unsigned char record[WIDE_END_SIZE];
    uint64_t at = pruni_load_le64(locator + 8);
    uint64_t after = *place - LOCATOR_SIZE;
    if (at > after || after - at < WIDE_END_SIZE)
        return pruni_bad_file(PRUNI_LAYOUT, source, "the zip64 end record is said to lie at byte %llu",
                              (unsigned long long)at);
    if (pruni_input_read(input, at, record, WIDE_END_SIZE))
        return prune_last_status();
    if (!has_mark(record, wide_end_mark) || pruni_load_le64(record + 4) != after - at - 12)
        return pruni_bad_file(PRUNI_LAYOUT, source, "there is no zip64 end record at byte %llu",
                              (unsigned long long)at);
    if (pruni_load_le32(locator + 4) != 0 || pruni_load_le32(locator + 16) > 1 || pruni_load_le32(record + 16) != 0
        || pruni_load_le32(record + 20) != 0 || pruni_load_le64(record + 24) != pruni_load_le64(record + 32))
        return several_disks(source);
    pruni_zip_end wide = { pruni_load_le64(record + 48), pruni_load_le64(record + 40), pruni_load_le64(record + 32) };
    if (!agrees(end->directory, UINT32_MAX, wide.directory)
        || !agrees(end->directory_size, UINT32_MAX, wide.directory_size) || !agrees(end->count, UINT16_MAX, wide.count))
        return pruni_bad_file(PRUNI_LAYOUT, source, "the two end records of the zip archive differ");
    *end = wide;
    *place = at;
    return PRUNE_OK;
}

static prune_status check_end(const pruni_zip_end *end, uint64_t place, const char *source)
{
    if (end->directory > UINT64_MAX - end->directory_size)
        return pruni_bad_file(PRUNI_OVERFLOW, source, "%llu bytes of zip directory at byte %llu",
                              (unsigned long long)end->directory_size, (unsigned long long)end->directory);
    if (end->directory + end->directory_size != place)
        return pruni_bad_file(PRUNI_LAYOUT, source,
                              "the zip directory, %llu bytes at byte %llu, does not end where its end record begins, "
                              "at byte %llu",
                              (unsigned long long)end->directory_size, (unsigned long long)end->directory,
                              (unsigned long long)place);
    if (end->directory_size > PRUNI_ZIP_MAX_DIRECTORY)
        return pruni_bad_file(PRUNI_LIMIT, source, "a zip directory of %llu bytes",
                              (unsigned long long)end->directory_size);
    return PRUNE_OK;
}

prune_status pruni_zip_find_end(pruni_zip_end *end, const char *source, pruni_input *input)
{
    unsigned char record[END_SIZE] = { 0 };
    unsigned char locator[LOCATOR_SIZE] = { 0 };
    uint64_t place = 0;
    if (read_end(record, &place, source, input))
        return prune_last_status();
    *end = (pruni_zip_end){ pruni_load_le32(record + 16), pruni_load_le32(record + 12), pruni_load_le16(record + 10) };
    bool is_wide = false;
    if (place >= LOCATOR_SIZE) {
        if (pruni_input_read(input, place - LOCATOR_SIZE, locator, LOCATOR_SIZE))
            return prune_last_status();
        is_wide = has_mark(locator, locator_mark);
    }
    if (pruni_load_le16(record + 4) != 0 || pruni_load_le16(record + 6) != 0
        || pruni_load_le16(record + 8) != pruni_load_le16(record + 10))
        return several_disks(source);
    if (is_wide && read_wide_end(end, &place, locator, source, input))
        return prune_last_status();
    return check_end(end, place, source);
}
