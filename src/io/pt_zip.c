/* The zip archives of torch.save since 1.6: <top>/data.pkl, <top>/data/<key>, <top>/version, <top>/byteorder. */
#include "io/pt.h"

#include <string.h>

/* The length of the folder that the first record lies in, with its slash; 0: none. */
static size_t top_length(const pruni_zip *zip)
{
    if (zip->count == 0)
        return 0;
    const pruni_zip_record *first = &zip->records[0];
    const char *slash = memchr(first->name, '/', first->name_length);
    return slash ? (size_t)(slash - first->name) + 1 : 0;
}

/* The record of this name in the top folder; *out NULL: there is none. */
static prune_status find_record(const pruni_zip_record **out, const pruni_pt *pt, const char *folder, const char *name,
                                size_t length)
{
    pruni_text path = { NULL, 0, 0, false };
    char *whole = NULL;
    if (pt->zip.count > 0)
        pruni_text_add_bytes(&path, pt->zip.records[0].name, top_length(&pt->zip));
    pruni_text_add(&path, "%s", folder);
    pruni_text_add_bytes(&path, name, length);
    size_t total = path.length;
    if (pruni_text_finish(&path, &whole))
        return prune_last_status();
    *out = pruni_zip_find(&pt->zip, whole, total);
    pruni_free(whole);
    return PRUNE_OK;
}

static prune_status check_folder(const pruni_pt *pt)
{
    const pruni_zip *zip = &pt->zip;
    size_t top = top_length(zip);
    for (int64_t i = 1; i < zip->count; i++) {
        const pruni_zip_record *record = &zip->records[i];
        char name[PRUNI_SHOWN_SIZE];
        if (record->name_length < top || memcmp(record->name, zip->records[0].name, top) != 0)
            return pruni_bad_file(PRUNI_LAYOUT, pt->source, "record %s is not in the archive's folder",
                                  pruni_shown(name, record->name, record->name_length));
    }
    return PRUNE_OK;
}

/* A small record's bytes as a string; *text NULL: there is no such record. */
static prune_status read_small(char text[16], bool *found, const pruni_pt *pt, const char *name, pruni_input *input)
{
    const pruni_zip_record *record = NULL;
    unsigned char *bytes = NULL;
    if (find_record(&record, pt, "", name, strlen(name)))
        return prune_last_status();
    *found = record != NULL;
    text[0] = '\0';
    if (!record || record->size >= 16) /* nothing that is known is so long */
        return PRUNE_OK;
    if (pruni_zip_read(&bytes, &pt->zip, record, input))
        return prune_last_status();
    memcpy(text, bytes, (size_t)record->size);
    text[record->size] = '\0';
    pruni_free(bytes);
    return PRUNE_OK;
}

/* "3\n". PyTorch reads 1 to 10. */
static prune_status check_version(const pruni_pt *pt, pruni_input *input)
{
    enum { LATEST = 10 };
    char text[16];
    bool found = false;
    int version = 0;
    size_t digits = 0;
    if (read_small(text, &found, pt, "version", input))
        return prune_last_status();
    if (!found)
        return pruni_bad_file(PRUNI_SCHEMA, pt->source, "the archive has no version");
    for (; digits < 3 && text[digits] >= '0' && text[digits] <= '9'; digits++)
        version = version * 10 + (text[digits] - '0');
    if (digits == 0 || (strcmp(text + digits, "") != 0 && strcmp(text + digits, "\n") != 0) || version == 0)
        return pruni_bad_file(PRUNI_SCHEMA, pt->source, "the archive's version is no number");
    if (version > LATEST)
        return pruni_bad_file(PRUNI_UNSUP, pt->source, "version %d of the archive", version);
    return PRUNE_OK;
}

static prune_status check_byte_order(pruni_pt *pt, pruni_input *input)
{
    char text[16];
    bool found = false;
    if (read_small(text, &found, pt, "byteorder", input))
        return prune_last_status();
    pt->is_big_endian = found && strcmp(text, "big") == 0;
    if (found && !pt->is_big_endian && strcmp(text, "little") != 0)
        return pruni_bad_file(PRUNI_SCHEMA, pt->source, "the archive's byte order is neither little nor big");
    return PRUNE_OK;
}

static prune_status check_kind(const pruni_pt *pt)
{
    const pruni_zip_record *constants = NULL;
    if (find_record(&constants, pt, "", "constants.pkl", strlen("constants.pkl")))
        return prune_last_status();
    if (constants)
        return pruni_bad_file(PRUNI_UNSUP, pt->source, "a TorchScript archive, which holds a program");
    return pruni_zip_check_stored(&pt->zip);
}

static prune_status run_pickle(pruni_pt *pt, pruni_input *input)
{
    const pruni_zip_record *record = NULL;
    unsigned char *bytes = NULL;
    if (find_record(&record, pt, "", "data.pkl", strlen("data.pkl")))
        return prune_last_status();
    if (!record)
        return pruni_bad_file(PRUNI_SCHEMA, pt->source, "the archive has no data.pkl");
    if (record->size > PRUNI_PICKLE_MAX_SIZE)
        return pruni_bad_file(PRUNI_LIMIT, pt->source, "a pickle of %llu bytes", (unsigned long long)record->size);
    if (pruni_zip_read(&bytes, &pt->zip, record, input))
        return prune_last_status();
    return pruni_pickle_open(&pt->pickle, pt->source, bytes, (size_t)record->size);
}

static prune_status place_storage(pruni_pt *pt, pruni_pt_storage *storage)
{
    char key[PRUNI_SHOWN_SIZE];
    const char *chars = pruni_pickle_chars(&pt->pickle, storage->key);
    if (find_record(&storage->record, pt, "data/", chars, storage->key.length))
        return prune_last_status();
    if (!storage->record)
        return pruni_bad_file(PRUNI_LAYOUT, pt->source, "there is no record of storage %s",
                              pruni_shown(key, chars, storage->key.length));
    if (storage->record->size != storage->bytes)
        return pruni_bad_file(PRUNI_SIZE, pt->source, "storage %s has %llu bytes, and its record %llu",
                              pruni_shown(key, chars, storage->key.length), (unsigned long long)storage->bytes,
                              (unsigned long long)storage->record->size);
    storage->offset = storage->record->data;
    return PRUNE_OK;
}

prune_status pruni_pt_open_zip(pruni_pt *pt, pruni_input *input)
{
    if (pruni_zip_open(&pt->zip, input) || check_folder(pt) || check_kind(pt) || run_pickle(pt, input)
        || check_version(pt, input) || check_byte_order(pt, input) || pruni_pt_find_storages(pt))
        return prune_last_status();
    for (int64_t i = 0; i < pt->key_count; i++) {
        const pruni_pt_storage *storage = pt->by_key[i];
        if (place_storage(pt, &pt->storages[storage - pt->storages]))
            return prune_last_status();
    }
    return PRUNE_OK;
}
