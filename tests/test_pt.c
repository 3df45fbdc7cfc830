/* Files of torch.save. Those in fuzz/corpus/pt were written by PyTorch (tests/parity/pt_interop.py --seeds); the others are
 * made here. */
#include "pt_support.h"

static const char path[] = "test_pt.tmp";

/* ---- Loading ---- */

static bytes corpus_file(const char *name)
{
    char from[512];
    (void)snprintf(from, sizeof from, "%s/fuzz/corpus/pt/%s", PRUNE_TESTS_DIR, name);
    return read_whole(from);
}

/* From memory, and from a path, which gives the same; frees the file. */
static prune_dict *load(bytes file, const char *entry)
{
    prune_dict *dict = NULL;
    prune_dict *again = NULL;
    prune_load_options options = PRUNE_LOAD_OPTIONS_INIT;
    options.entry = entry;
    assert_ok(prune_load_memory(&dict, file.data, file.size, &options));
    write_bytes(path, file);
    assert_ok(prune_load(&again, path, &options));
    assert_int_equal(prune_dict_size(dict), prune_dict_size(again));
    for (int64_t i = 0; i < prune_dict_size(dict); i++) {
        assert_string_equal(prune_dict_key(dict, i), prune_dict_key(again, i));
        assert_same_bits(prune_dict_value(dict, i), prune_dict_value(again, i));
    }
    prune_dict_release(again);
    remove(path);
    free(file.data);
    return dict;
}

static prune_dict *load_corpus(const char *name, const char *entry)
{
    return load(corpus_file(name), entry);
}

static void expect_keys(const prune_dict *dict, const char *const *keys, int64_t count)
{
    assert_int_equal(prune_dict_size(dict), count);
    for (int64_t i = 0; i < count; i++)
        assert_string_equal(prune_dict_key(dict, i), keys[i]);
}

#define assert_keys(dict, ...)                                \
    expect_keys((dict), (const char *const[]){ __VA_ARGS__ }, \
                (int64_t)(sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *)))

static void expect_same(const prune_dict *a, const prune_dict *b)
{
    assert_int_equal(prune_dict_size(a), prune_dict_size(b));
    for (int64_t i = 0; i < prune_dict_size(a); i++) {
        assert_string_equal(prune_dict_key(a, i), prune_dict_key(b, i));
        assert_same_bits(prune_dict_value(a, i), prune_dict_value(b, i));
    }
}

/* A dict of one tensor 'w', from a pickle. */
static void expect_row(const char *pickle, size_t size)
{
    prune_dict *dict = load(pt_of(pickle, size), NULL);
    assert_keys(dict, "w");
    assert_values(prune_dict_get(dict, "w"), 1, 2, 3, 4, 5, 6);
    prune_dict_release(dict);
}

/* ---- What PyTorch wrote ---- */

static void expect_network(const prune_dict *dict)
{
    assert_keys(dict, "fc.weight", "fc.bias", "norm.weight", "norm.bias", "norm.running_mean", "norm.running_var",
                "norm.num_batches_tracked");
    assert_shape(prune_dict_get(dict, "fc.weight"), 2, 3);
    assert_values(prune_dict_get(dict, "fc.weight"), 0, 1, 2, 3, 4, 5);
    assert_values(prune_dict_get(dict, "fc.bias"), 0.5f, -1);
    assert_values(prune_dict_get(dict, "norm.running_var"), 1, 1);
    const prune_tensor *count = prune_dict_get(dict, "norm.num_batches_tracked");
    assert_int_equal(prune_tensor_dtype(count), PRUNE_INT64);
    assert_int_equal(prune_tensor_ndim(count), 0);
}

static void state_dicts_of_networks(void **state)
{
    (void)state;
    prune_dict *zipped = load_corpus("state_dict.pt", NULL);
    prune_dict *legacy = load_corpus("legacy.pt", NULL);
    prune_dict *everything = load_corpus("legacy.pt", "");
    expect_network(zipped);
    expect_same(zipped, legacy);
    expect_same(zipped, everything);
    prune_dict_release(zipped);
    prune_dict_release(legacy);
    prune_dict_release(everything);
}

static void tensors_that_share_and_stride(void **state)
{
    (void)state;
    static const char *const files[] = { "views.pt", "views_legacy.pt", "protocol1.pt" };
    for (int i = 0; i < 3; i++) {
        prune_dict *dict = load_corpus(files[i], NULL);
        assert_keys(dict, "whole", "row", "column", "transposed", "scalar", "expanded", "empty");
        assert_values(prune_dict_get(dict, "whole"), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
        assert_values(prune_dict_get(dict, "row"), 4, 5, 6, 7);
        assert_values(prune_dict_get(dict, "column"), 2, 6, 10);
        assert_shape(prune_dict_get(dict, "transposed"), 4, 3);
        assert_values(prune_dict_get(dict, "transposed"), 0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11);
        assert_values(prune_dict_get(dict, "scalar"), 11);
        assert_shape(prune_dict_get(dict, "expanded"), 2, 3);
        assert_values(prune_dict_get(dict, "expanded"), 7, 7, 7, 7, 7, 7);
        assert_shape(prune_dict_get(dict, "empty"), 0, 3);
        for (int64_t k = 0; k < prune_dict_size(dict); k++)
            assert_true(prune_tensor_is_contiguous(prune_dict_value(dict, k)));
        prune_dict_release(dict);
    }
}

static void every_dtype(void **state)
{
    (void)state;
    static const prune_dtype dtypes[] = { PRUNE_FLOAT32, PRUNE_FLOAT64, PRUNE_FLOAT16, PRUNE_BFLOAT16,
                                          PRUNE_INT64,   PRUNE_INT32,   PRUNE_UINT8,   PRUNE_BOOL };
    prune_dict *dict = load_corpus("dtypes.pt", NULL);
    assert_int_equal(prune_dict_size(dict), 8);
    for (int i = 0; i < 8; i++) {
        prune_tensor *value = NULL;
        assert_int_equal(prune_tensor_dtype(prune_dict_value(dict, i)), dtypes[i]);
        assert_ok(prune_tensor_to(&value, prune_dict_value(dict, i), PRUNE_FLOAT32));
        if (dtypes[i] == PRUNE_BOOL)
            assert_values(value, 0, 1, 1);
        else
            assert_values(value, 0, 1, 3);
        prune_tensor_release(value);
    }
    prune_dict_release(dict);
    bytes file = corpus_file("dtypes.pt");
    prune_load_options options = PRUNE_LOAD_OPTIONS_INIT;
    options.to_float32 = true;
    assert_ok(prune_load_memory(&dict, file.data, file.size, &options));
    for (int i = 0; i < 4; i++)
        assert_values(prune_dict_value(dict, i), 0, 1, 3);
    assert_int_equal(prune_tensor_dtype(prune_dict_value(dict, 4)), PRUNE_INT64);
    prune_dict_release(dict);
    free(file.data);
}

static void note_skipped(void *context, const char *name, const char *dtype)
{
    char *list = context;
    size_t used = strlen(list);
    (void)snprintf(list + used, 256 - used, "%s: %s; ", name, dtype);
}

static void expect_skipped(const char *name, const char *expected, int64_t kept)
{
    char list[256] = "";
    prune_dict *dict = NULL;
    bytes file = corpus_file(name);
    prune_load_options options = PRUNE_LOAD_OPTIONS_INIT;
    options.skipped = note_skipped;
    options.context = list;
    assert_ok(prune_load_memory(&dict, file.data, file.size, &options));
    assert_string_equal(list, expected);
    assert_int_equal(prune_dict_size(dict), kept);
    prune_dict_release(dict);
    free(file.data);
}

static void what_is_not_held_can_be_skipped(void **state)
{
    (void)state;
    prune_dict *dict = NULL;
    bytes file = corpus_file("other_dtypes.pt");
    assert_fails(prune_load_memory(&dict, file.data, file.size, NULL), PRUNE_ERROR_UNSUPPORTED,
                 "unsup: dtypes that are not held: 'int8' (torch.int8), 'uint16' (torch.uint16), 'complex' "
                 "(torch.complex64)");
    free(file.data);
    expect_skipped("other_dtypes.pt", "int8: torch.int8; uint16: torch.uint16; complex: torch.complex64; ", 1);
    expect_skipped("sparse.pt", "s: a sparse tensor; ", 0);
}

static void entries_of_checkpoints(void **state)
{
    (void)state;
    static const char *const files[] = { "nested.pt", "protocol4.pt" };
    for (int i = 0; i < 2; i++) {
        prune_dict *dict = load_corpus(files[i], "model");
        expect_network(dict);
        prune_dict_release(dict);
        dict = load_corpus(files[i], "list");
        assert_keys(dict, "0", "1.a");
        prune_dict_release(dict);
        dict = load_corpus(files[i], "list.1");
        assert_keys(dict, "a");
        prune_dict_release(dict);
        dict = NULL;
        bytes file = corpus_file(files[i]);
        prune_load_options options = PRUNE_LOAD_OPTIONS_INIT;
        assert_fails(prune_load_memory(&dict, file.data, file.size, &options), PRUNE_ERROR_KEY,
                     "the file is no plain state dict; its tensors are in 'model' (7), 'list' (2); the entry \"\" is "
                     "all of them");
        options.entry = "epoch";
        assert_fails(prune_load_memory(&dict, file.data, file.size, &options), PRUNE_ERROR_KEY,
                     "the entry 'epoch' of the file is no dict; its tensors are in 'model' (7), 'list' (2)");
        options.entry = "";
        assert_fails(prune_load_memory(&dict, file.data, file.size, &options), PRUNE_ERROR_UNSUPPORTED,
                     "unsafe: only running code could make what '__main__.Unknown' stands for");
        free(file.data);
    }
}

static void parameters_and_subclasses_are_tensors(void **state)
{
    (void)state;
    prune_dict *dict = load_corpus("parameters.pt", NULL);
    assert_keys(dict, "p", "tagged", "of_type");
    assert_values(prune_dict_get(dict, "p"), 1, 2);
    assert_values(prune_dict_get(dict, "tagged"), 3);
    assert_values(prune_dict_get(dict, "of_type"), 1, 1);
    assert_false(prune_tensor_requires_grad(prune_dict_get(dict, "p")));
    prune_dict_release(dict);
}

/* ---- What older and other programs wrote ---- */

#define PT_OLD "ctorch._utils\n_rebuild_tensor\n(" PT_FLOATS "K\0K\6\x85K\1\x85tR"

static void rows_in_every_wrapping(void **state)
{
    (void)state;
    expect_row(PT_PICKLE(PT_DICT("U\1w" PT_ROW)));
    expect_row(PT_PICKLE(PT_DICT("U\1w" PT_OLD)));
    expect_row(PT_PICKLE(PT_DICT("U\1w" PT_REBUILD("_rebuild_parameter", PT_OLD "\x88N"))));
    expect_row(PT_PICKLE("\x80\2ccollections\nOrderedDict\n]](U\1w" PT_OLD "ea\x85R}b.")); /* Python 2 */
    expect_row(PT_PICKLE(PT_DICT("U\1w" PT_TENSOR(PT_ID("FloatStorage", "0", "K\6N"), "K\0", "K\6\x85", "K\1\x85"))));
    expect_row(PT_PICKLE(PT_DICT("U\1w" PT_TENSOR("(U\7storagectorch.cuda\nFloatStorage\nU\1"
                                                  "0U\6"
                                                  "cuda:0K\6tQ",
                                                  "K\0", "K\6\x85", "K\1\x85"))));
    expect_row(
        PT_PICKLE(PT_DICT("U\1w" PT_REBUILD("_rebuild_tensor_v2", PT_FLOATS "K\0K\6\x85K\1\x85\x89N}U\3neg\x89s"))));
    expect_row(
        PT_PICKLE(PT_DICT("U\1w" PT_REBUILD("_rebuild_tensor_v3", "(U\7storagectorch.storage\nUntypedStorage\nU\1"
                                                                  "0U\3cpuK\x18tQ"
                                                                  "K\0K\6\x85K\1\x85\x89Nctorch\nfloat32\n"))));
}

/* None, numbers, strings and the like beside tensors are left out. */
static void other_values_are_left_out(void **state)
{
    (void)state;
    expect_row(PT_PICKLE(PT_DICT("U\1nNU\1w" PT_ROW "U\1iK\1U\1s](K\1e"
                                 "U\1z"
                                 "ctorch\nSize\n)\x85RU\1d"
                                 "ctorch\nfloat16\nU\1e"
                                 "c__builtin__\nset\n]\x85RU\1f\x8fU\1g" PT_FLOATS)));
}

static void names_are_paths(void **state)
{
    (void)state;
    static const char pickle[] = PT_DICT("U\1a](" PT_ROW "}K\7" PT_ROW "se"
                                         "U\3x.y}U\1z" PT_ROW "s"
                                         "U\1x}U\1y}U\1q" PT_ROW "ss"
                                         "U\0}U\1v" PT_ROW "s"
                                         "J\xff\xff\xff\xff" PT_ROW);
    prune_dict *dict = load(pt_of(PT_PICKLE(pickle)), "");
    assert_keys(dict, "a.0", "a.1.7", "x.y.z", "x.y.q", ".v", "-1");
    prune_dict_release(dict);
    dict = load(pt_of(PT_PICKLE(pickle)), "x.y"); /* the longest key that fits */
    assert_keys(dict, "z");
    prune_dict_release(dict);
    dict = load(pt_of(PT_PICKLE(pickle)), "a.1");
    assert_keys(dict, "7");
    prune_dict_release(dict);
    dict = load(pt_of(PT_PICKLE("\x80\2" PT_ROW ".")), NULL);
    assert_keys(dict, "");
    prune_dict_release(dict);
    dict = load(pt_of(PT_PICKLE("\x80\2}.")), NULL);
    assert_int_equal(prune_dict_size(dict), 0);
    prune_dict_release(dict);
    dict = load(pt_of(PT_PICKLE(PT_DICT("U\1m}"))), "m");
    assert_int_equal(prune_dict_size(dict), 0);
    prune_dict_release(dict);
}

static void what_is_listed_is_not_without_end(void **state)
{
    (void)state;
    char item[16];
    prune_dict *dict = NULL;
    bytes pickle = { NULL, 0 };
    add_bytes(&pickle, PT_PICKLE("\x80\2}(N" PT_ROW "q\0"));
    for (int i = 0; i < 30; i++) {
        snprintf(item, sizeof item, "U\3m%02d}U\1wh", i);
        add_text(&pickle, item);
        add_bytes(&pickle, "\0s", 2);
    }
    add_text(&pickle, "u.");
    bytes file = pt_of((const char *)pickle.data, pickle.size);
    assert_fails(prune_load_memory(&dict, file.data, file.size, NULL), PRUNE_ERROR_UNSUPPORTED, "neither strings nor");
    free(file.data);
    pickle.data[4] = 'K';
    pickle.data[3] = '(';
    free(pickle.data);
    pickle = (bytes){ NULL, 0 };
    add_bytes(&pickle, PT_PICKLE("\x80\2" PT_ROW "q\0}("));
    for (int i = 0; i < 30; i++) {
        snprintf(item, sizeof item, "U\3m%02d}U\1wh", i);
        add_text(&pickle, item);
        add_bytes(&pickle, "\0s", 2);
    }
    add_text(&pickle, "u.");
    file = pt_of((const char *)pickle.data, pickle.size);
    assert_fails(prune_load_memory(&dict, file.data, file.size, NULL), PRUNE_ERROR_KEY,
                 "'m19' (1), and more; the entry");
    free(file.data);
    free(pickle.data);
}

static void big_endian_files(void **state)
{
    (void)state;
    pt_maker maker = PT_MAKER(PT_DICT("U\1w" PT_ROW));
    maker.byte_order = "big";
    zip_maker zip = make_pt(&maker);
    prune_dict *dict = load(zip.file, NULL);
    unsigned char got[4];
    const uint32_t swapped = 0x0000803f; /* of 1.0f */
    memcpy(got, prune_tensor_data(prune_dict_get(dict, "w")), 4);
    assert_memory_equal(got, &swapped, 4);
    prune_dict_release(dict);
}

/* ---- Before 1.6 ---- */

#define MAGIC_PICKLE "\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
#define PROTOCOL_PICKLE "\x80\2M\xe9\3."
#define SYSTEM_PICKLE "\x80\2}."
#define LEGACY_HEAD MAGIC_PICKLE PROTOCOL_PICKLE SYSTEM_PICKLE
#define LEGACY_ROW PT_DICT("U\1w" PT_ROW)
#define KEYS_PICKLE \
    "\x80\2]U\1"    \
    "0a."

static void add_values(bytes *file, uint64_t claimed, int count)
{
    add_le(file, claimed, 8);
    for (int i = 1; i <= count; i++) {
        float value = (float)i;
        uint32_t word;
        memcpy(&word, &value, 4);
        add_le(file, word, 4);
    }
}

static bytes legacy_of(const char *head, size_t size, uint64_t claimed, int count)
{
    bytes file = { NULL, 0 };
    add_bytes(&file, head, size);
    add_values(&file, claimed, count);
    return file;
}

static void expect_legacy_fault(bytes file, const char *words)
{
    prune_dict *dict = NULL;
    prune_load_options options = PRUNE_LOAD_OPTIONS_INIT;
    options.format = PRUNE_FORMAT_PT;
    prune_status expected = strncmp(words, "unsup", 5) == 0 ? PRUNE_ERROR_UNSUPPORTED : PRUNE_ERROR_FORMAT;
    assert_fails(prune_load_memory(&dict, file.data, file.size, &options), expected, words);
    write_bytes(path, file);
    assert_int_equal(prune_load(&dict, path, &options), expected);
    assert_null(dict);
    remove(path);
    free(file.data);
}

static void legacy_files(void **state)
{
    (void)state;
    prune_dict *dict = load(legacy_of(PT_PICKLE(LEGACY_HEAD LEGACY_ROW KEYS_PICKLE), 6, 6), NULL);
    assert_values(prune_dict_get(dict, "w"), 1, 2, 3, 4, 5, 6);
    prune_dict_release(dict);
    static const char views[] = LEGACY_HEAD PT_DICT(
        "U\1v" PT_TENSOR(PT_ID("FloatStorage", "0", "K\6(U\1vK\2K\3t"), "K\1", "K\2\x85", "K\1\x85")) KEYS_PICKLE;
    dict = load(legacy_of(PT_PICKLE(views), 6, 6), NULL);
    assert_values(prune_dict_get(dict, "v"), 4, 5);
    prune_dict_release(dict);
    static const char beyond[] = LEGACY_HEAD PT_DICT(
        "U\1v" PT_TENSOR(PT_ID("FloatStorage", "0", "K\6(U\1vK\2K\3t"), "K\2", "K\2\x85", "K\1\x85")) KEYS_PICKLE;
    expect_legacy_fault(legacy_of(PT_PICKLE(beyond), 6, 6), "size: ");
}

static void legacy_files_that_are_wrong(void **state)
{
    (void)state;
    expect_legacy_fault(legacy_of(PT_PICKLE(""), 0, 0), "magic: not a file of torch.save");
    expect_legacy_fault((bytes){ calloc(1, 1), 0 }, "truncated: the file is empty");
    expect_legacy_fault(legacy_of(PT_PICKLE("\x80\2K\1."), 0, 0), "magic: not a file of torch.save");
    expect_legacy_fault(legacy_of(PT_PICKLE("\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x18."), 0, 0),
                        "magic: not a file of torch.save");
    expect_legacy_fault(legacy_of(PT_PICKLE(MAGIC_PICKLE "\x80\2M\xe8\3."), 0, 0),
                        "unsup: not of the protocol 1001 of torch.save");
    expect_legacy_fault(legacy_of(PT_PICKLE(MAGIC_PICKLE PROTOCOL_PICKLE "N."), 0, 0),
                        "schema: what should describe the system is no dict");
    expect_legacy_fault(legacy_of(PT_PICKLE(LEGACY_HEAD LEGACY_ROW "N."), 6, 6),
                        "schema: the storage keys are no list");
    expect_legacy_fault(legacy_of(PT_PICKLE(LEGACY_HEAD LEGACY_ROW "]K\0a."), 6, 6),
                        "schema: a storage key is no string");
    expect_legacy_fault(legacy_of(PT_PICKLE(LEGACY_HEAD LEGACY_ROW "]U\1"
                                                                   "1a."),
                                  6, 6),
                        "schema: no tensor has the storage '1'");
    expect_legacy_fault(legacy_of(PT_PICKLE(LEGACY_HEAD LEGACY_ROW "](U\1"
                                                                   "0U\1"
                                                                   "0e."),
                                  6, 6),
                        "dup: storage '0' is listed twice");
    expect_legacy_fault(legacy_of(PT_PICKLE(LEGACY_HEAD LEGACY_ROW "]."), 6, 6),
                        "layout: 0 storages are listed, and tensors have 1");
    expect_legacy_fault(legacy_of(PT_PICKLE(LEGACY_HEAD LEGACY_ROW KEYS_PICKLE), 5, 6),
                        "size: storage '0' has 6 elements, and 5 where it lies");
    expect_legacy_fault(legacy_of(PT_PICKLE(LEGACY_HEAD LEGACY_ROW KEYS_PICKLE), 6, 5),
                        "truncated: storage '0' ends at byte 188");
    expect_legacy_fault(legacy_of(PT_PICKLE(LEGACY_HEAD LEGACY_ROW KEYS_PICKLE), 6, 7),
                        "layout: there is more after the last storage, at byte 188");
    bytes file = legacy_of(PT_PICKLE(LEGACY_HEAD LEGACY_ROW KEYS_PICKLE), 6, 0);
    file.size -= 4;
    expect_legacy_fault(file, "truncated: 8 bytes from byte 156 on end after 4");
    for (size_t size = 16; size < sizeof(LEGACY_HEAD LEGACY_ROW KEYS_PICKLE) - 1; size += 7)
        expect_legacy_fault(legacy_of(LEGACY_HEAD LEGACY_ROW KEYS_PICKLE, size - 8, 0, 0), "");
}

/* ---- Reading in parts ---- */

/* Each stretch of a tensor, against the whole. */
static void expect_stretches(pruni_file *file, const pruni_file_tensor *t, int64_t numel)
{
    float whole[64];
    float part[64];
    assert_ok(pruni_file_read(file, t, 0, numel, whole));
    for (int64_t first = 0; first < numel; first++)
        for (int64_t count = 0; count <= numel - first; count++) {
            assert_ok(pruni_file_read(file, t, first, count, part));
            assert_memory_equal(part, whole + first, (size_t)count * sizeof *part);
        }
}

static void tensors_can_be_read_in_parts(void **state)
{
    (void)state;
    static const char pickle[] = PT_DICT(
        "U\1w" PT_ROW "U\1t" PT_TENSOR(PT_FLOATS, "K\0", "K\3K\2\x86", "K\1K\3\x86") "U\1e" PT_TENSOR(
            PT_FLOATS, "K\0", "K\2K\2K\3\x87", "K\0K\3K\1\x87") "U\1o" PT_TENSOR(PT_FLOATS, "K\0", "K\1K\3\x86",
                                                                                 "K\x63K\2\x86"));
    bytes data = pt_of(PT_PICKLE(pickle));
    prune_load_options options = PRUNE_LOAD_OPTIONS_INIT;
    pruni_file file;
    assert_ok(pruni_file_open_memory(&file, data.data, data.size, &options));
    assert_int_equal(file.count, 4);
    expect_stretches(&file, &file.tensors[0], 6);
    expect_stretches(&file, &file.tensors[1], 6);
    expect_stretches(&file, &file.tensors[2], 12);
    expect_stretches(&file, &file.tensors[3], 3);
    float values[3];
    assert_ok(pruni_file_read(&file, &file.tensors[3], 0, 3, values));
    assert_float_equal(values[2], 5, 0);
    pruni_file_close(&file);
    free(data.data);
}

static void elements_that_lie_far_apart(void **state)
{
    (void)state;
    prune_dict *dict = load(pt_of_floats_far_apart(), NULL);
    assert_values(prune_dict_get(dict, "w"), 1, 2);
    prune_dict_release(dict);
}

/* 64 MiB of tensors from the fewest bytes, and beyond that 64 times the file. */
static void a_few_bytes_make_so_much_and_no_more(void **state)
{
    (void)state;
    bytes one = pt_of_one_float_repeated(1);
    uint32_t most = (uint32_t)((PRUNI_PT_FREE_BYTES + PRUNI_PT_MAX_REPEATS * one.size) / sizeof(float));
    free(one.data);
    prune_load_options options = PRUNE_LOAD_OPTIONS_INIT;
    pruni_file file;
    bytes data = pt_of_one_float_repeated(most);
    assert_ok(pruni_file_open_memory(&file, data.data, data.size, &options));
    assert_int_equal(file.tensors[0].bytes, most * sizeof(float));
    pruni_file_close(&file);
    free(data.data);
    data = pt_of_one_float_repeated(most + PRUNI_PT_MAX_REPEATS / sizeof(float));
    assert_fails(pruni_file_open_memory(&file, data.data, data.size, &options), PRUNE_ERROR_FORMAT,
                 "are far larger than the file");
    free(data.data);
}

static void ranks_above_the_most(void **state)
{
    (void)state;
#define SEVENTEEN(x) "(" x x x x x x x x x x x x x x x x x "t"
    static const char pickle[] = PT_DICT("U\1w" PT_TENSOR(PT_FLOATS, "K\0", SEVENTEEN("K\1"), SEVENTEEN("K\1")));
    bytes data = pt_of(PT_PICKLE(pickle));
    prune_dict *dict = NULL;
    prune_load_options options = PRUNE_LOAD_OPTIONS_INIT;
    pruni_file file;
    char to[4];
    assert_fails(prune_load_memory(&dict, data.data, data.size, NULL), PRUNE_ERROR_UNSUPPORTED, "rank 17 is above 16");
    assert_ok(pruni_file_open_memory(&file, data.data, data.size, &options));
    assert_fails(pruni_file_read(&file, file.tensors, 0, 1, to), PRUNE_ERROR_UNSUPPORTED, "rank 17 is above 16");
    pruni_file_close(&file);
    free(data.data);
}

/* ---- Memory ---- */

typedef struct attempt {
    bytes file;
    const char *entry;
} attempt;

static prune_status load_attempt(void *context)
{
    const attempt *what = context;
    prune_dict *dict = NULL;
    prune_load_options options = PRUNE_LOAD_OPTIONS_INIT;
    options.entry = what->entry;
    prune_status status = prune_load_memory(&dict, what->file.data, what->file.size, &options);
    prune_dict_release(dict);
    return status == PRUNE_ERROR_KEY ? PRUNE_OK : status;
}

static void without_memory_nothing_is_left(void **state)
{
    (void)state;
    static const struct {
        const char *name, *entry;
    } files[] = {
        { "state_dict.pt", NULL }, { "views_legacy.pt", NULL }, { "nested.pt", NULL }, { "nested.pt", "list" }
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        attempt what = { corpus_file(files[i].name), files[i].entry };
        try_every_allocation(load_attempt, NULL, NULL, &what);
        free(what.file.data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(state_dicts_of_networks),
        cmocka_unit_test(tensors_that_share_and_stride),
        cmocka_unit_test(every_dtype),
        cmocka_unit_test(what_is_not_held_can_be_skipped),
        cmocka_unit_test(entries_of_checkpoints),
        cmocka_unit_test(parameters_and_subclasses_are_tensors),
        cmocka_unit_test(rows_in_every_wrapping),
        cmocka_unit_test(other_values_are_left_out),
        cmocka_unit_test(names_are_paths),
        cmocka_unit_test(what_is_listed_is_not_without_end),
        cmocka_unit_test(big_endian_files),
        cmocka_unit_test(legacy_files),
        cmocka_unit_test(legacy_files_that_are_wrong),
        cmocka_unit_test(tensors_can_be_read_in_parts),
        cmocka_unit_test(elements_that_lie_far_apart),
        cmocka_unit_test(a_few_bytes_make_so_much_and_no_more),
        cmocka_unit_test(ranks_above_the_most),
        cmocka_unit_test(without_memory_nothing_is_left),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
