/* Any bytes as the pickle within a file of torch.save: the archive around it, with four storages of 64 bytes, is right. */
#include "fuzz_load.h"

#include <string.h>

enum { MOST = 1 << 16, STORAGES = 4, RECORDS = STORAGES + 2 };

typedef struct archive {
    uint8_t bytes[MOST + 8192];
    size_t size;
} archive;

static void add(archive *to, const void *bytes, size_t size)
{
    if (size > 0)
        memcpy(to->bytes + to->size, bytes, size);
    to->size += size;
}

static void add_number(archive *to, size_t number, int width)
{
    for (int i = 0; i < width; i++)
        to->bytes[to->size++] = (uint8_t)(number >> 8 * i);
}

/* What the local header and the directory share: no CRC. */
static void add_common(archive *to, size_t name_length, size_t size)
{
    add_number(to, 0, 2);
    add_number(to, 0, 8);
    add_number(to, 0, 4);
    add_number(to, size, 4);
    add_number(to, size, 4);
    add_number(to, name_length, 2);
    add_number(to, 0, 2);
}

static void add_record(archive *to, archive *directory, const char *name, const void *data, size_t size)
{
    size_t start = to->size;
    size_t length = strlen(name);
    add(to, "PK\3\4", 4);
    add_common(to, length, size);
    add(to, name, length);
    add(to, data, size);
    add(directory, "PK\1\2\0", 6);
    add_common(directory, length, size);
    add_number(directory, 0, 4);
    add_number(directory, 0, 6);
    add_number(directory, start, 4);
    add(directory, name, length);
}

static void finish(archive *to, const archive *directory)
{
    size_t start = to->size;
    add(to, directory->bytes, directory->size);
    add(to, "PK\5\6\0\0\0", 8);
    add_number(to, RECORDS, 2);
    add_number(to, RECORDS, 2);
    add_number(to, directory->size, 4);
    add_number(to, start, 4);
    add_number(to, 0, 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const keys[STORAGES] = { "a/data/0", "a/data/1", "a/data/2", "a/data/3" };
    static const uint8_t values[64] = { 1, 2, 3 };
    static archive whole;
    static archive directory;
    if (size > MOST)
        return 0;
    whole.size = directory.size = 0;
    add_record(&whole, &directory, "a/data.pkl", data, size);
    for (int i = 0; i < STORAGES; i++)
        add_record(&whole, &directory, keys[i], values, sizeof values);
    add_record(&whole, &directory, "a/version", "3\n", 2);
    finish(&whole, &directory);
    (void)fuzz_format(whole.bytes, whole.size, PRUNE_FORMAT_PT, "");
    return fuzz_format(whole.bytes, whole.size, PRUNE_FORMAT_PT, NULL);
}
