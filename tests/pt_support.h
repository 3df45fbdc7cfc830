/* Files of torch.save for tests, made byte by byte. */
#ifndef PRUNE_TESTS_PT_SUPPORT_H
#define PRUNE_TESTS_PT_SUPPORT_H

#include "zip_support.h"

#include "io/pt.h"

/* ---- Parts of pickles, as strings that join ---- */

#define PT_ID(type, key, numel) "(U\7storagectorch\n" type "\nU\1" key "U\3cpu" numel "tQ"
#define PT_FLOATS PT_ID("FloatStorage", "0", "K\6") /* of six */
#define PT_REBUILD(function, arguments) "ctorch._utils\n" function "\n(" arguments "tR"
#define PT_TENSOR(storage, offset, sizes, strides)                       \
    PT_REBUILD("_rebuild_tensor_v2", storage offset sizes strides "\x89" \
                                                                  "ccollections\nOrderedDict\n)R")
#define PT_ROW PT_TENSOR(PT_FLOATS, "K\0", "K\6\x85", "K\1\x85") /* all six */
#define PT_DICT(items) "\x80\2}(" items "u."
#define PT_PICKLE(text) (text), sizeof(text) - 1

/* ---- Files ---- */

typedef struct pt_maker {
    const char *pickle;
    size_t pickle_size;
    const char *version, *byte_order; /* NULL: without it */
    const char *folder;
    const char *key; /* the record of the storage, which holds the floats 1 … 6 */
    size_t storage_size;
    zip_style style;
} pt_maker;

#define PT_MAKER(text)                                                                               \
    {                                                                                                \
        .pickle = (text), .pickle_size = sizeof(text) - 1, .version = "3\n", .byte_order = "little", \
        .folder = "archive", .key = "0", .storage_size = 24, .style = ZIP_TORCH                      \
    }

static inline void add_named(zip_maker *zip, const char *folder, const char *name, const void *data, size_t size)
{
    char path_in_zip[64];
    (void)snprintf(path_in_zip, sizeof path_in_zip, "%s/%s", folder, name);
    zip_add(zip, path_in_zip, data, size);
}

/* Without its directory, for more records to come. */
static inline zip_maker pt_begin(const pt_maker *maker)
{
    static const float values[7] = { 1, 2, 3, 4, 5, 6, 7 };
    zip_maker zip = { .style = maker->style };
    unsigned char words[28];
    char name[32];
    for (size_t i = 0; i < 7; i++) {
        uint32_t word;
        memcpy(&word, &values[i], 4);
        put_le(words + 4 * i, word, 4);
    }
    add_named(&zip, maker->folder, "data.pkl", maker->pickle, maker->pickle_size);
    if (maker->byte_order)
        add_named(&zip, maker->folder, "byteorder", maker->byte_order, strlen(maker->byte_order));
    (void)snprintf(name, sizeof name, "data/%s", maker->key);
    add_named(&zip, maker->folder, name, words, maker->storage_size);
    if (maker->version)
        add_named(&zip, maker->folder, "version", maker->version, strlen(maker->version));
    return zip;
}

static inline zip_maker make_pt(const pt_maker *maker)
{
    zip_maker zip = pt_begin(maker);
    zip_end(&zip);
    return zip;
}

/* The archive of a pickle. */
static inline bytes pt_of(const char *pickle, size_t size)
{
    pt_maker maker = PT_MAKER("");
    maker.pickle = pickle;
    maker.pickle_size = size;
    return make_pt(&maker).file;
}

/* w: 1, so often. */
static inline bytes pt_of_one_float_repeated(uint32_t count)
{
    static const char head[] = "\x80\2}(U\1wctorch._utils\n_rebuild_tensor_v2\n(" PT_FLOATS "K\0J";
    static const char tail[] = "\x85K\0\x85\x89"
                               "ccollections\nOrderedDict\n)RtRu.";
    bytes pickle = { NULL, 0 };
    add_bytes(&pickle, PT_PICKLE(head));
    add_le(&pickle, count, 4);
    add_bytes(&pickle, PT_PICKLE(tail));
    bytes file = pt_of((const char *)pickle.data, pickle.size);
    free(pickle.data);
    return file;
}

/* w: 1 and 2, further apart than what lies between them is read. */
static inline bytes pt_of_floats_far_apart(void)
{
    enum { APART = 300000, NUMEL = APART + 1 };
    static const char pickle[] = PT_DICT(
        "U\1w" PT_TENSOR(PT_ID("FloatStorage", "0", "J\xe1\x93\4\0"), "K\0", "K\2\x85", "J\xe0\x93\4\0\x85"));
    bytes values = { calloc(NUMEL, 4), (size_t)NUMEL * 4 };
    assert_non_null(values.data);
    put_le(values.data, 0x3f800000, 4);
    put_le(values.data + (size_t)APART * 4, 0x40000000, 4);
    zip_maker zip = { .style = ZIP_TORCH };
    zip_add(&zip, "a/data.pkl", PT_PICKLE(pickle));
    zip_add(&zip, "a/data/0", values.data, values.size);
    zip_add_text(&zip, "a/version", "3");
    zip_end(&zip);
    free(values.data);
    return zip.file;
}

static inline void write_bytes(const char *to, bytes file)
{
    FILE *out = fopen(to, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(file.data, 1, file.size, out), file.size);
    assert_int_equal(fclose(out), 0);
}

static inline bytes read_whole(const char *from)
{
    char block[4096];
    size_t got;
    bytes file = { NULL, 0 };
    FILE *in = fopen(from, "rb");
    assert_non_null(in);
    while ((got = fread(block, 1, sizeof block, in)) > 0)
        add_bytes(&file, block, got);
    assert_int_equal(fclose(in), 0);
    return file;
}

#endif
