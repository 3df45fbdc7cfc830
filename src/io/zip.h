/* Zip archives whose records are stored, not compressed: what torch.save and numpy.savez write. */
#ifndef PRUNI_IO_ZIP_H
#define PRUNI_IO_ZIP_H

#include "io/internal.h"

static inline uint16_t pruni_load_le16(const unsigned char bytes[2])
{
    return (uint16_t)(bytes[0] | (unsigned)bytes[1] << 8);
}

static inline uint32_t pruni_load_le32(const unsigned char bytes[4])
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* ---- CRC-32 (crc32.c) ---- */

/* Of all bytes so far and these; begins with 0. */
uint32_t pruni_crc32(uint32_t crc, const void *bytes, size_t size);

/* ---- Reading (zip_read.c) ---- */

enum { PRUNI_ZIP_MAX_DIRECTORY = 100000000 };

typedef struct pruni_zip_record {
    const char *name; /* in the directory; not terminated */
    size_t name_length;
    uint64_t header; /* where the local header lies */
    uint64_t data;   /* where its bytes lie */
    uint64_t stored; /* how many lie there: `size`, unless it is compressed */
    uint64_t size;
    uint32_t crc; /* 0: not computed */
    unsigned flags, method;
} pruni_zip_record;

typedef struct pruni_zip {
    const char *source;
    unsigned char *directory; /* owned */
    size_t directory_size;
    uint64_t directory_at;
    pruni_zip_record *records; /* in the order of the directory */
    int64_t count;
    const void **by_name; /* the records, sorted */
} pruni_zip;

/* Reads the directory and the local headers, and checks all that the format demands: names, places, sizes; but not the
 * CRCs, for which the data must be read, nor whether the records can be read. */
prune_status pruni_zip_open(pruni_zip *zip, pruni_input *input);
void pruni_zip_close(pruni_zip *zip);

/* Fails with unsup where a record is compressed or encrypted. */
prune_status pruni_zip_check_stored(const pruni_zip *zip);

/* NULL where there is none of that name. */
const pruni_zip_record *pruni_zip_find(const pruni_zip *zip, const char *name, size_t name_length);

/* Reads the data of a record through a small buffer. Fails with crc where the directory has one, and they have not. */
prune_status pruni_zip_check_crc(const pruni_zip *zip, const pruni_zip_record *record, pruni_input *input);

/* All of a small record, with its CRC checked, in memory that is to be freed. */
prune_status pruni_zip_read(unsigned char **out, const pruni_zip *zip, const pruni_zip_record *record,
                            pruni_input *input);

/* ---- Its parts ---- */

/* Where the directory lies, and how many records it has: what the end of the file says (zip_end.c). */
typedef struct pruni_zip_end {
    uint64_t directory, directory_size, count;
} pruni_zip_end;

prune_status pruni_zip_find_end(pruni_zip_end *end, const char *source, pruni_input *input);

/* Parses the directory into records that know their local headers but not yet their data (zip_directory.c). */
prune_status pruni_zip_parse_directory(pruni_zip *zip);

/* Looks at the local headers, and where everything lies; sorts by name (zip_check.c). */
prune_status pruni_zip_check_records(pruni_zip *zip, pruni_input *input);

/* What an extra field says in the place of sizes and an offset that are all ones; the others are not touched. False: it
 * is not there, or ends too early. */
bool pruni_zip_wide(const unsigned char *extra, size_t length, uint64_t *size, uint64_t *stored, uint64_t *header);

#endif
