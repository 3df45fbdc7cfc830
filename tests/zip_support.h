/* Archives for tests, made byte by byte. */
#ifndef PRUNE_TESTS_ZIP_SUPPORT_H
#define PRUNE_TESTS_ZIP_SUPPORT_H

#include "support.h"

#include "io/zip.h"

/* ---- Bytes that grow ---- */

typedef struct bytes {
    unsigned char *data;
    size_t size;
} bytes;

/* The block of so many bytes: powers of two, so that adding byte after byte takes time in proportion. */
static inline size_t room_for(size_t size)
{
    size_t room = 64;
    while (room < size)
        room *= 2;
    return room;
}

/* Adds to bytes that began as { NULL, 0 }. */
static inline void add_bytes(bytes *to, const void *data, size_t size)
{
    if (!to->data || to->size + size > room_for(to->size))
        to->data = realloc(to->data, room_for(to->size + size));
    assert_non_null(to->data);
    if (size > 0)
        memcpy(to->data + to->size, data, size);
    to->size += size;
}

static inline void add_text(bytes *to, const char *text)
{
    add_bytes(to, text, strlen(text));
}

static inline void put_le(unsigned char *at, uint64_t value, int width)
{
    for (int i = 0; i < width; i++)
        at[i] = (unsigned char)(value >> 8 * i);
}

static inline void add_le(bytes *to, uint64_t value, int width)
{
    unsigned char word[8];
    put_le(word, value, width);
    add_bytes(to, word, (size_t)width);
}

static inline uint64_t get_le(const unsigned char *at, int width)
{
    uint64_t value = 0;
    for (int i = width - 1; i >= 0; i--)
        value = value << 8 | at[i];
    return value;
}

/* ---- Archives ---- */

enum { ZIP_MAX = 16 };

/* How the records are written: by Python's zipfile, or as torch.save does, with sizes after the data and zip64 ends. */
typedef enum zip_style { ZIP_PLAIN, ZIP_TORCH } zip_style;

typedef struct zip_maker {
    bytes file;
    bytes directory;
    size_t local[ZIP_MAX];   /* where each local header begins */
    size_t data[ZIP_MAX];    /* and its data */
    size_t central[ZIP_MAX]; /* in the directory, later in the file */
    size_t end;              /* where the end record lies */
    int count;
    zip_style style;
} zip_maker;

static inline void zip_add(zip_maker *zip, const char *name, const void *data, size_t size)
{
    bool torch = zip->style == ZIP_TORCH;
    uint32_t crc = pruni_crc32(0, data, size);
    size_t padding = torch ? 5 : 0;
    assert_true(zip->count < ZIP_MAX);
    zip->local[zip->count] = zip->file.size;
    add_text(&zip->file, "PK\3\4");
    add_le(&zip->file, torch ? 0 : 20, 2);
    add_le(&zip->file, torch ? 0x0808 : 0, 2);
    add_le(&zip->file, 0, 6); /* method, time, date */
    add_le(&zip->file, torch ? 0 : crc, 4);
    add_le(&zip->file, torch ? 0 : size, 4);
    add_le(&zip->file, torch ? 0 : size, 4);
    add_le(&zip->file, strlen(name), 2);
    add_le(&zip->file, padding, 2);
    add_text(&zip->file, name);
    add_bytes(&zip->file, "FB\1\0Z", padding);
    zip->data[zip->count] = zip->file.size;
    add_bytes(&zip->file, data, size);
    if (torch) {
        add_text(&zip->file, "PK\7\10");
        add_le(&zip->file, crc, 4);
        add_le(&zip->file, size, 4);
        add_le(&zip->file, size, 4);
    }
    zip->central[zip->count] = zip->directory.size;
    add_text(&zip->directory, "PK\1\2");
    add_le(&zip->directory, torch ? 0 : 20, 2);
    add_le(&zip->directory, torch ? 0 : 20, 2);
    add_le(&zip->directory, torch ? 0x0808 : 0, 2);
    add_le(&zip->directory, 0, 6);
    add_le(&zip->directory, crc, 4);
    add_le(&zip->directory, size, 4);
    add_le(&zip->directory, size, 4);
    add_le(&zip->directory, strlen(name), 2);
    add_le(&zip->directory, 0, 8); /* extra, comment, disk, attributes */
    add_le(&zip->directory, 0, 4);
    add_le(&zip->directory, zip->local[zip->count], 4);
    add_text(&zip->directory, name);
    zip->count++;
}

static inline void zip_add_text(zip_maker *zip, const char *name, const char *text)
{
    zip_add(zip, name, text, strlen(text));
}

/* Writes the directory and what follows it. */
static inline void zip_end(zip_maker *zip)
{
    size_t directory = zip->file.size;
    for (int i = 0; i < zip->count; i++)
        zip->central[i] += directory;
    add_bytes(&zip->file, zip->directory.data, zip->directory.size);
    if (zip->style == ZIP_TORCH) {
        size_t at = zip->file.size;
        add_text(&zip->file, "PK\6\6");
        add_le(&zip->file, 44, 8);
        add_le(&zip->file, 0x002d031e, 4);
        add_le(&zip->file, 0, 8); /* disks */
        add_le(&zip->file, (uint64_t)zip->count, 8);
        add_le(&zip->file, (uint64_t)zip->count, 8);
        add_le(&zip->file, zip->directory.size, 8);
        add_le(&zip->file, directory, 8);
        add_text(&zip->file, "PK\6\7");
        add_le(&zip->file, 0, 4);
        add_le(&zip->file, at, 8);
        add_le(&zip->file, 1, 4);
    }
    zip->end = zip->file.size;
    add_text(&zip->file, "PK\5\6");
    add_le(&zip->file, 0, 4); /* disks */
    add_le(&zip->file, (uint64_t)zip->count, 2);
    add_le(&zip->file, (uint64_t)zip->count, 2);
    add_le(&zip->file, zip->directory.size, 4);
    add_le(&zip->file, directory, 4);
    add_le(&zip->file, 0, 2);
    free(zip->directory.data);
}

#endif
