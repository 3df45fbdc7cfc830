/* Files of torch.save that are not what they should be: each gives its own error, from a path and from memory. */
#include "pt_support.h"

static const char path[] = "test_pt_bad.tmp";

/* ---- Expecting errors ---- */

static prune_status status_of(const char *fault)
{
    if (strcmp(fault, "key") == 0)
        return PRUNE_ERROR_KEY;
    return strcmp(fault, "unsup") == 0 || strcmp(fault, "unsafe") == 0 ? PRUNE_ERROR_UNSUPPORTED : PRUNE_ERROR_FORMAT;
}

static void expect_sentence(const char *what, prune_status status, const char *fault, const char *words)
{
    char start[32];
    const char *sentence = status ? prune_last_error() : "";
    snprintf(start, sizeof start, "%s: ", fault);
    bool is_key = strcmp(fault, "key") == 0;
    if (status != status_of(fault) || (!is_key && strncmp(sentence, start, strlen(start)) != 0)
        || !strstr(sentence, words))
        fail_msg("%s: gave %s, \"%s\", expected %s: %s", what, prune_status_name(status), sentence, fault, words);
}

/* Frees the file. */
static void expect_fault_in(const char *what, bytes file, const char *entry, const char *fault, const char *words)
{
    prune_dict *dict = NULL;
    prune_load_options options = PRUNE_LOAD_OPTIONS_INIT;
    options.entry = entry;
    int64_t blocks = live_allocations();
    expect_sentence(what, prune_load_memory(&dict, file.data, file.size, &options), fault, words);
    write_bytes(path, file);
    expect_sentence(what, prune_load(&dict, path, &options), fault, words);
    assert_null(dict);
    assert_int_equal(live_allocations(), blocks);
    remove(path);
    free(file.data);
}

static void expect_fault(const char *what, bytes file, const char *fault, const char *words)
{
    expect_fault_in(what, file, NULL, fault, words);
}

static void expect_tensors(const char *what, bytes file, const char *entry, int64_t count)
{
    prune_dict *dict = NULL;
    prune_load_options options = PRUNE_LOAD_OPTIONS_INIT;
    options.entry = entry;
    if (prune_load_memory(&dict, file.data, file.size, &options))
        fail_msg("%s: %s", what, prune_last_error());
    assert_int_equal(prune_dict_size(dict), count);
    prune_dict_release(dict);
    free(file.data);
}

/* ---- 63 to 77: archives ---- */

static void archives(void **state)
{
    (void)state;
    pt_maker maker = PT_MAKER(PT_DICT("U\1w" PT_ROW));
    bytes tar = { calloc(1, 1024), 1024 };
    memcpy(tar.data + 257, "ustar", 5);
    expect_fault("63: tar", tar, "unsup", "a tar archive");
    zip_maker zip = make_pt(&maker);
    zip.file.size -= 22;
    expect_fault("64: no end record", zip.file, "truncated", "there is no end record");
    zip = make_pt(&maker);
    put_le(zip.file.data + zip.end + 16, 0x7fffffff, 4);
    expect_fault("65: directory outside", zip.file, "layout", "end records");
    zip = make_pt(&maker);
    put_le(zip.file.data + zip.end + 12, UINT64_MAX, 8);
    put_le(zip.file.data + zip.end - 76 + 48, UINT64_MAX, 8);
    expect_fault("66: zip64 values wrap", zip.file, "overflow", "zip directory");
    zip = make_pt(&maker);
    put_le(zip.file.data + zip.local[2] + 6, 0, 2);
    expect_fault("67: local flags differ", zip.file, "layout", "'archive/data/0' has another header");
    zip = make_pt(&maker);
    put_le(zip.file.data + zip.central[0] + 20, 4000, 4);
    put_le(zip.file.data + zip.central[0] + 24, 4000, 4);
    expect_fault("68: overlap", zip.file, "layout", "'archive/data.pkl'");
    zip = make_pt(&maker);
    put_le(zip.file.data + zip.central[2] + 10, 8, 2);
    put_le(zip.file.data + zip.local[2] + 8, 8, 2);
    expect_fault("69: deflate", zip.file, "unsup", "is compressed");
    zip = make_pt(&maker);
    put_le(zip.file.data + zip.central[2] + 20, 23, 4);
    expect_fault("70: stored, but sizes differ", zip.file, "size", "is stored, but");
    zip = make_pt(&maker);
    zip.file.data[zip.data[2]] ^= 1;
    expect_fault("71: CRC of a storage", zip.file, "crc", "'archive/data/0' has the CRC");
    zip = make_pt(&maker);
    zip.file.data[zip.data[0] + 5] ^= 1;
    expect_fault("71: CRC of the pickle", zip.file, "crc", "'archive/data.pkl' has the CRC");
    zip = pt_begin(&maker);
    zip_add_text(&zip, "archive/version", "3\n");
    zip_end(&zip);
    expect_fault("72: duplicate", zip.file, "dup", "'archive/version' is there twice");
    zip = pt_begin(&maker);
    zip_add_text(&zip, "archive/../x", "3\n");
    zip_end(&zip);
    expect_fault("73: ../", zip.file, "layout", "of the name 'archive/../x'");
    zip = pt_begin(&maker);
    zip_add_text(&zip, "other/x", "3\n");
    zip_end(&zip);
    expect_fault("73: a second top folder", zip.file, "layout", "'other/x' is not in the archive's folder");
}

/* Nothing in them says that they are of torch.save, but the caller does. */
static void archives_without_a_pickle(void **state)
{
    (void)state;
    prune_load_options options = PRUNE_LOAD_OPTIONS_INIT;
    options.format = PRUNE_FORMAT_PT;
    for (int records = 0; records < 2; records++) {
        prune_dict *dict = NULL;
        zip_maker zip = { .style = ZIP_TORCH };
        if (records > 0)
            zip_add_text(&zip, "archive/version", "3\n");
        zip_end(&zip);
        assert_fails(prune_load_memory(&dict, zip.file.data, zip.file.size, &options), PRUNE_ERROR_FORMAT,
                     "schema: the archive has no data.pkl");
        free(zip.file.data);
    }
}

static void parts_of_archives(void **state)
{
    (void)state;
    pt_maker maker = PT_MAKER(PT_DICT("U\1w" PT_ROW));
    maker.version = NULL;
    expect_fault("74: no version", make_pt(&maker).file, "schema", "the archive has no version");
    static const char *const versions[] = { "x", "", "3x", "0", "-1", "1234567890123456" };
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        maker.version = versions[i];
        expect_fault("75: version", make_pt(&maker).file, "schema", "version is no number");
    }
    maker.version = "11\n";
    expect_fault("a later version", make_pt(&maker).file, "unsup", "version 11 of the archive");
    maker.version = "1";
    maker.byte_order = "middle";
    expect_fault("76: byte order", make_pt(&maker).file, "schema",
                 "the archive's byte order is neither little nor big");
    maker.byte_order = "little or perhaps big";
    expect_fault("76: byte order", make_pt(&maker).file, "schema", "byte order");
    maker.byte_order = NULL;
    expect_tensors("no byte order", make_pt(&maker).file, NULL, 1);
    maker.style = ZIP_PLAIN;
    expect_tensors("zipped again", make_pt(&maker).file, NULL, 1);
    zip_maker zip = pt_begin(&maker);
    zip_add_text(&zip, "archive/constants.pkl", "x");
    zip_end(&zip);
    expect_fault("77: TorchScript", zip.file, "unsup", "a TorchScript archive");
    maker.key = "9";
    expect_fault("89: no record", make_pt(&maker).file, "layout", "there is no record of storage '0'");
    maker.key = "0";
    maker.storage_size = 28;
    expect_fault("90: another size", make_pt(&maker).file, "size", "storage '0' has 24 bytes, and its record 28");
}

/* ---- 78 to 99: pickles ---- */

typedef struct bad_pickle {
    const char *what;
    const char *pickle;
    size_t size;
    const char *fault, *words;
} bad_pickle;

#define TENSOR_OF(offset, sizes, strides) PT_PICKLE(PT_DICT("U\1w" PT_TENSOR(PT_FLOATS, offset, sizes, strides)))
#define ID_OF(id) PT_PICKLE(PT_DICT("U\1w" PT_TENSOR(id, "K\0", "K\6\x85", "K\1\x85")))
#define MINUS_ONE "J\xff\xff\xff\xff"
#define TWO_TO_62 "\x8a\x08\0\0\0\0\0\0\0\x40"
#define TWO_TO_40 "\x8a\x06\0\0\0\0\0\1"
#define TWO_TO_70 "\x8a\x09\0\0\0\0\0\0\0\0\x40"

static const bad_pickle bad_pickles[] = {
    { "78: os.system", PT_PICKLE(PT_DICT("U\1wcos\nsystem\nU\2ls\x85R")), "unsafe", "'os.system' stands for" },
    { "78: builtins.eval", PT_PICKLE(PT_DICT("U\1wcbuiltins\neval\nU\1x\x85R")), "unsafe", "'builtins.eval'" },
    { "78: a global alone", PT_PICKLE(PT_DICT("U\1w" PT_ROW "U\1fcbuiltins\neval\n")), "unsafe", "'builtins.eval'" },
    { "78: in a list",
      PT_PICKLE(PT_DICT("U\1w" PT_ROW "U\1f](cm\nC\n)\x81"
                        "e")),
      "unsafe", "'m.C'" },
    { "79: INST", PT_PICKLE("\x80\2(ios\nsystem\n."), "unsafe", "reaches outside" },
    { "79: an opcode that there is not", PT_PICKLE("\x80\2\xfe."), "syntax", "no opcode 0xfe" },
    { "80: stack underflow", PT_PICKLE("\x80\2s."), "syntax", "the stack is empty" },
    { "80: no MARK", PT_PICKLE("\x80\2}u."), "syntax", "there is no MARK" },
    { "81: BINGET unset", PT_PICKLE("\x80\2h\1."), "syntax", "nothing is in memo 1" },
    { "82: LONG_BINPUT", PT_PICKLE("\x80\2}r\xff\xff\xff\xff."), "limit", "memo 4294967295" },
    { "83: a string past the end", PT_PICKLE("\x80\2X\xff\0\0\0w."), "truncated", "the pickle ends" },
    { "84: no STOP", PT_PICKLE("\x80\2}"), "truncated", "the pickle ends" },
    { "85: more after STOP", PT_PICKLE("\x80\2}.."), "layout", "1 bytes follow the STOP" },
    { "86: SETITEM on a list", PT_PICKLE("\x80\2]U\1wNs."), "schema", "keys and values for a list" },
    { "87: odd SETITEMS", PT_PICKLE("\x80\2}(U\1wu."), "schema", "a key without its value" },
    { "88: no tuple", ID_OF("NQ"), "schema", "a persistent id that is no tuple" },
    { "88: empty", ID_OF(")Q"), "schema", "that is not ('storage'" },
    { "88: another word",
      ID_OF("(U\7storingctorch\nFloatStorage\nU\1"
            "0U\3cpuK\6tQ"),
      "schema", "not ('storage'" },
    { "88: too short",
      ID_OF("(U\7storagectorch\nFloatStorage\nU\1"
            "0U\3cputQ"),
      "schema", "the number of its" },
    { "88: key of an int", ID_OF("(U\7storagectorch\nFloatStorage\nK\0U\3cpuK\6tQ"), "schema", "not ('storage'" },
    { "88: no location",
      ID_OF("(U\7storagectorch\nFloatStorage\nU\1"
            "0NK\6tQ"),
      "schema", "not ('storage'" },
    { "88: type of a string",
      ID_OF("(U\7storageU\1xU\1"
            "0U\3cpuK\6tQ"),
      "schema", "not ('storage'" },
    { "88: no such type", ID_OF(PT_ID("FlatStorage", "0", "K\6")), "schema", "no type of storage" },
    { "88: too long a type", ID_OF(PT_ID("FloatStorageOfTheVeryLargestKindThere", "0", "K\6")), "schema", "no type" },
    { "88: of another module",
      ID_OF("(U\7storagecm\nFloatStorage\nU\1"
            "0U\3cpuK\6tQ"),
      "schema", "no type of" },
    { "88: negative numel", ID_OF(PT_ID("FloatStorage", "0", MINUS_ONE)), "schema", "the number of its elements" },
    { "88: numel too large", ID_OF(PT_ID("FloatStorage", "0", TWO_TO_62)), "overflow", "a storage of more than 2^63" },
    { "88: numel too long", ID_OF(PT_ID("FloatStorage", "0", TWO_TO_70)), "overflow", "a storage of more than 2^63" },
    { "88: view of an int",
      ID_OF("(U\7storagectorch\nFloatStorage\nU\1"
            "0U\3cpuK\6K\1tQ"),
      "schema", "a persistent id with a view that is no tuple" },
    { "88: view beyond",
      ID_OF("(U\7storagectorch\nFloatStorage\nU\1"
            "0U\3cpuK\6(U\1vK\2K\5ttQ"),
      "size", "a view of a storage goes beyond it" },
    { "88: view of nothing",
      ID_OF("(U\7storagectorch\nFloatStorage\nU\1"
            "0U\3cpuK\6(U\1vK\2ttQ"),
      "schema", "the number of its elements" },
    { "91: one too many", TENSOR_OF("K\1", "K\6\x85", "K\1\x85"), "size", "'w' reaches beyond its storage" },
    { "91: by its strides", TENSOR_OF("K\0", "K\2K\3\x86", "K\4K\1\x86"), "size", "'w' reaches beyond its storage" },
    { "91: an offset alone", TENSOR_OF("K\6", ")", ")"), "size", "'w' reaches beyond its storage" },
    { "92: the sum wraps", TENSOR_OF("K\0", "K\3K\3\x86", TWO_TO_62 TWO_TO_62 "\x86"), "overflow",
      "'w' has strides that reach beyond 2^63" },
    { "92: a product wraps", TENSOR_OF("K\0", "K\5\x85", TWO_TO_62 "\x85"), "overflow", "beyond 2^63" },
    { "the number of elements wraps", TENSOR_OF("K\0", TWO_TO_40 TWO_TO_40 "\x86", "K\0K\0\x86"), "overflow",
      "sizes whose product does not fit" },
    { "the number of bytes wraps", TENSOR_OF("K\0", TWO_TO_62 "\x85", "K\0\x85"), "overflow", "does not fit" },
    { "… beside a 0", TENSOR_OF("K\0", "K\0" TWO_TO_40 TWO_TO_40 "\x87", "K\0K\0K\0\x87"), "overflow", "does not fit" },
    { "93: negative size", TENSOR_OF("K\0", MINUS_ONE "\x85", "K\1\x85"), "schema", "is no natural number" },
    { "93: negative stride", TENSOR_OF("K\0", "K\6\x85", MINUS_ONE "\x85"), "schema", "is no natural number" },
    { "93: negative offset", TENSOR_OF(MINUS_ONE, "K\6\x85", "K\1\x85"), "schema", "is no natural number" },
    { "93: a size of a string",
      TENSOR_OF("K\0",
                "U\1"
                "6\x85",
                "K\1\x85"),
      "schema", "is no natural number" },
    { "fewer strides than sizes", TENSOR_OF("K\0", "K\2K\3\x86", "K\1\x85"), "schema", "as many strides" },
    { "sizes of a list", TENSOR_OF("K\0", "]", ")"), "schema", "as many strides" },
    { "strides of None", TENSOR_OF("K\0", ")", "N"), "schema", "as many strides" },
    { "94: stride 0", TENSOR_OF("K\0", TWO_TO_40 "\x85", "K\0\x85"), "limit", "are far larger than the file" },
    { "96: a dict in itself", PT_PICKLE("\x80\2}q\0U\1wh\0s."), "limit", "contains itself" },
    { "96: a list in a tuple in it",
      PT_PICKLE("\x80\2]q\0h\0\x85"
                "a."),
      "limit", "contains itself" },
    { "97: a size of nine bytes", TENSOR_OF("K\0", TWO_TO_70 "\x85", "K\0\x85"), "overflow", "more than 64 bits" },
    { "98: two dtypes",
      PT_PICKLE(PT_DICT("U\1w" PT_ROW "U\1v" PT_TENSOR(PT_ID("IntStorage", "0", "K\6"), "K\0", "K\6\x85", "K\1\x85"))),
      "schema", "storage '0' has two dtypes or sizes" },
    { "98: two numels",
      PT_PICKLE(
          PT_DICT("U\1w" PT_ROW "U\1v" PT_TENSOR(PT_ID("FloatStorage", "0", "K\5"), "K\0", "K\5\x85", "K\1\x85"))),
      "schema", "storage '0' has two dtypes or sizes" },
    { "99: sparse", PT_PICKLE(PT_DICT("U\1w" PT_REBUILD("_rebuild_sparse_tensor", "N"))), "unsup",
      "dtypes that are not held: 'w' (a sparse tensor)" },
    { "99: quantized", PT_PICKLE(PT_DICT("U\1w" PT_REBUILD("_rebuild_qtensor", "N"))), "unsup",
      "(a quantized tensor)" },
    { "99: nested", PT_PICKLE(PT_DICT("U\1w" PT_REBUILD("_rebuild_nested_tensor", "N"))), "unsup",
      "'w' (a nested tensor)" },
    { "99: meta", PT_PICKLE(PT_DICT("U\1w" PT_REBUILD("_rebuild_meta_tensor_no_storage", "N"))), "unsup",
      "'w' (a tensor without values)" },
    { "99: a class that wraps tensors", PT_PICKLE(PT_DICT("U\1w" PT_REBUILD("_rebuild_wrapper_subclass", "N"))),
      "unsup", "'w' (a tensor of another class)" },
    { "99: another device", PT_PICKLE(PT_DICT("U\1w" PT_REBUILD("_rebuild_device_tensor_from_numpy", "N"))), "unsup",
      "'w' (a tensor of another device)" },
    { "99: complex", ID_OF(PT_ID("ComplexFloatStorage", "0", "K\3")), "size", "reaches beyond" },
    { "99: int16",
      PT_PICKLE(PT_DICT("U\1w" PT_TENSOR(PT_ID("ShortStorage", "0", "K\x0c"), "K\0", "K\6\x85", "K\1\x85"))), "unsup",
      "'w' (torch.int16)" },
    { "99: v3 of uint16",
      PT_PICKLE(PT_DICT("U\1w" PT_REBUILD("_rebuild_tensor_v3", "(U\7storagectorch.storage\nUntypedStorage\nU\1"
                                                                "0U\3cpuK\x18tQ"
                                                                "K\0K\x0c\x85K\1\x85\x89Nctorch\nuint16\n"))),
      "unsup", "'w' (torch.uint16)" },
    { "99: v3 of what is not known",
      PT_PICKLE(PT_DICT("U\1w" PT_REBUILD("_rebuild_tensor_v3", "(U\7storagectorch.storage\nUntypedStorage\nU\1"
                                                                "0U\3cpuK\x18tQ"
                                                                "K\0K\x0c\x85K\1\x85\x89Nctorch\nint3\n"))),
      "unsup", "'w' (a dtype that is not known)" },
    { "v3 without a dtype", PT_PICKLE(PT_DICT("U\1w" PT_REBUILD("_rebuild_tensor_v3", PT_FLOATS "K\0))\x89NN"))),
      "schema", "'w' has no dtype" },
    { "v3 with the dtype of another module",
      PT_PICKLE(PT_DICT("U\1w" PT_REBUILD("_rebuild_tensor_v3", PT_FLOATS "K\0))\x89Ncm\nfloat32\n"))), "schema",
      "'w' has no dtype" },
    { "v2 of bytes",
      ID_OF("(U\7storagectorch.storage\nUntypedStorage\nU\1"
            "0U\3cpuK\x18tQ"),
      "schema", "a storage without a dtype" },
    { "negated", PT_PICKLE(PT_DICT("U\1w" PT_REBUILD("_rebuild_tensor_v2", PT_FLOATS "K\0))\x89N}U\3neg\x88s"))),
      "unsup", "(negated or conjugated values)" },
    { "no storage", PT_PICKLE(PT_DICT("U\1w" PT_REBUILD("_rebuild_tensor_v2", "NK\0))\x89N"))), "schema",
      "'w' has no storage" },
    { "no offset", PT_PICKLE(PT_DICT("U\1w" PT_REBUILD("_rebuild_tensor_v2", PT_FLOATS))), "schema", "no storage" },
    { "no arguments", PT_PICKLE(PT_DICT("U\1w" PT_REBUILD("_rebuild_tensor_v2", ""))), "schema", "no storage" },
    { "a class in place of a storage",
      PT_PICKLE(PT_DICT("U\1w" PT_REBUILD("_rebuild_tensor_v2", "(U\6modulecm\nC\nU\1fU\1stQK\0))\x89N"))), "schema",
      "no storage" },
    { "a tensor that is changed afterwards", PT_PICKLE(PT_DICT("U\1w" PT_ROW ")b")), "unsafe", "_rebuild_tensor_v2'" },
    { "a parameter of no tensor", PT_PICKLE(PT_DICT("U\1w" PT_REBUILD("_rebuild_parameter", "N\x88N"))), "unsafe",
      "'torch._utils._rebuild_parameter'" },
    { "of a type, by what is not known",
      PT_PICKLE(PT_DICT("U\1wctorch._tensor\n_rebuild_from_type_v2\n(cm\nf\ncm\nC\n)NtR")), "unsafe",
      "_rebuild_from_type_v2'" },
    { "of a type, without arguments",
      PT_PICKLE(PT_DICT("U\1wctorch._tensor\n_rebuild_from_type_v2\n(ctorch._utils\n_rebuild_tensor_v2\ntR")), "unsafe",
      "_rebuild_from_type_v2'" },
    { "two names", PT_PICKLE(PT_DICT("U\1w" PT_ROW "U\1w" PT_ROW)), "dup", "two tensors have the name 'w'" },
    { "1 and '1'",
      PT_PICKLE(PT_DICT("U\1"
                        "1" PT_ROW "K\1" PT_ROW)),
      "dup", "two tensors have the name '1'" },
    { "a name that is no UTF-8", PT_PICKLE(PT_DICT("U\1\xff" PT_ROW)), "utf8", "'\\xff' of a tensor is not UTF-8" },
    { "a name with a NUL", PT_PICKLE(PT_DICT("U\1\0" PT_ROW)), "unsup", "a name with a NUL" },
    { "a name of None", PT_PICKLE(PT_DICT("N" PT_ROW)), "unsup", "whose keys are neither strings nor ints" },
    { "an object", PT_PICKLE("\x80\2cm\nNet\n)\x81}b."), "unsafe", "what 'm.Net' stands for" },
    { "what a persistent id makes", PT_PICKLE(PT_DICT("U\1w" PT_FLOATS ")R")), "unsafe",
      "what a persistent id stands for" },
    { "an int", PT_PICKLE("\x80\2K\1."), "key", "is no state dict: it holds no tensors" },
    { "a list", PT_PICKLE("\x80\2](" PT_ROW "e."), "key", "is no plain state dict; its tensors are in the top (1)" },
};

static void pickles(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_pickles / sizeof *bad_pickles; i++) {
        const bad_pickle *bad = &bad_pickles[i];
        expect_fault(bad->what, pt_of(bad->pickle, bad->size), bad->fault, bad->words);
    }
}

static void what_is_not_asked_for_may_be_unsafe(void **state)
{
    (void)state;
    static const char nested[] = PT_DICT("U\1m}U\1w" PT_ROW "sU\4argscos\nsystem\nU\2ls\x85R");
    expect_tensors("an entry beside it", pt_of(PT_PICKLE(nested)), "m", 1);
    expect_fault_in("everything", pt_of(PT_PICKLE(nested)), "", "unsafe", "'os.system' stands for");
    expect_fault_in("the thing itself", pt_of(PT_PICKLE(nested)), "args", "unsafe", "'os.system' stands for");
    expect_fault_in("below it", pt_of(PT_PICKLE(nested)), "args.x", "unsafe", "'os.system' stands for");
    expect_fault_in("no plain state dict", pt_of(PT_PICKLE(nested)), NULL, "key", "its tensors are in 'm' (1)");
    expect_fault_in("none of the name", pt_of(PT_PICKLE(nested)), "n", "key", "there is no entry 'n' in ");
    expect_fault_in("none of the name in it", pt_of(PT_PICKLE(nested)), "m.x", "key", "there is no entry 'm.x' in ");
    expect_fault_in("a dot too many", pt_of(PT_PICKLE(nested)), "m.", "key", "there is no entry 'm.' in ");
    expect_fault_in("a part of a name", pt_of(PT_PICKLE(nested)), "ma", "key", "there is no entry 'ma' in ");
    expect_fault_in("a tensor", pt_of(PT_PICKLE(nested)), "m.w", "key", "the entry 'm.w' of ");
    expect_fault_in("below a tensor", pt_of(PT_PICKLE(nested)), "m.w.x", "key", "there is no entry 'm.w.x' in ");
    expect_fault_in("below a lone tensor", pt_of(PT_PICKLE("\x80\2" PT_ROW ".")), "x", "key", ": it is one tensor");
}

/* A name that there is not is an error that lists what there is. */
static void what_contains_itself_cannot_be_listed(void **state)
{
    (void)state;
    static const char itself[] = "\x80\2}q\0(U\1mh\0U\1w" PT_ROW "u.";
    expect_fault_in("none of the name", pt_of(PT_PICKLE(itself)), "x", "limit", "contains itself");
    expect_fault_in("in itself", pt_of(PT_PICKLE(itself)), "m.m", "limit", "contains itself");
}

static void keys_that_are_no_names_do_not_matter_beside_what_is_asked_for(void **state)
{
    (void)state;
    static const char none[] = PT_DICT("N" PT_ROW "U\1m}U\1w" PT_ROW "s)" PT_ROW);
    expect_tensors("beside None and ()", pt_of(PT_PICKLE(none)), "m", 1);
    expect_fault_in("everything", pt_of(PT_PICKLE(none)), "", "unsup", "whose keys are neither strings nor ints");
}

/* ---- Limits ---- */

/* Nor is memory asked for. What is not written of the file takes no room. */
static void a_pickle_that_is_too_long_is_not_read(void **state)
{
    (void)state;
    const uint64_t size = (uint64_t)PRUNI_PICKLE_MAX_SIZE + 1;
    zip_maker zip = { .style = ZIP_PLAIN };
    zip_add_text(&zip, "a/version", "3");
    zip_add_text(&zip, "a/data.pkl", "");
    size_t data = zip.file.size;
    put_le(zip.file.data + zip.local[1] + 18, size, 4);
    put_le(zip.file.data + zip.local[1] + 22, size, 4);
    put_le(zip.directory.data + zip.central[1] + 20, size, 4);
    put_le(zip.directory.data + zip.central[1] + 24, size, 4);
    zip_end(&zip);
    put_le(zip.file.data + zip.end + 16, data + size, 4);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(zip.file.data, 1, data, file), data);
    assert_int_equal(fseek(file, (long)size, SEEK_CUR), 0);
    assert_int_equal(fwrite(zip.file.data + data, 1, zip.file.size - data, file), zip.file.size - data);
    assert_int_equal(fclose(file), 0);
    prune_dict *dict = NULL;
    assert_fails(prune_load(&dict, path, NULL), PRUNE_ERROR_FORMAT,
                 "limit: test_pt_bad.tmp: a pickle of 1073741825 bytes");
    remove(path);
    free(zip.file.data);
}

static void many_tensors_of_one_storage(void **state)
{
    (void)state;
    enum { COUNT = PRUNI_PT_MAX_SHARING + 1 };
    char item[32];
    bytes pickle = { NULL, 0 };
    add_bytes(&pickle, "\x80\2}(U\1w" PT_ROW "q\0", sizeof("\x80\2}(U\1w" PT_ROW "q\0") - 1);
    for (int i = 1; i < COUNT; i++) {
        snprintf(item, sizeof item, "U\x06%06dh", i);
        add_text(&pickle, item);
        add_bytes(&pickle, "\0", 1);
    }
    add_text(&pickle, "u.");
    expect_fault("95: many tensors of one storage", pt_of((const char *)pickle.data, pickle.size), "limit",
                 "'065536' shares its storage with more others");
    free(pickle.data);
}

/* {'w': {'w': … tensor}} */
static bytes deep_pickle(int depth)
{
    bytes pickle = { NULL, 0 };
    add_text(&pickle, "\x80\2");
    for (int i = 0; i < depth; i++)
        add_text(&pickle, "}U\1w");
    add_bytes(&pickle, PT_PICKLE(PT_ROW));
    for (int i = 0; i < depth; i++)
        add_text(&pickle, "s");
    add_text(&pickle, ".");
    return pickle;
}

static void depth(void **state)
{
    (void)state;
    bytes pickle = deep_pickle(PRUNI_PT_MAX_DEPTH);
    expect_tensors("as deep as can be", pt_of((const char *)pickle.data, pickle.size), "", 1);
    free(pickle.data);
    pickle = deep_pickle(PRUNI_PT_MAX_DEPTH + 1);
    expect_fault_in("96: too deep", pt_of((const char *)pickle.data, pickle.size), "", "limit",
                    "dicts or lists lie more than 500 deep");
    free(pickle.data);
    pickle = (bytes){ NULL, 0 };
    add_text(&pickle, "\x80\2)");
    for (int i = 0; i < 100000; i++)
        add_text(&pickle, "\x85");
    add_text(&pickle, ".");
    expect_fault("96: deep tuples", pt_of((const char *)pickle.data, pickle.size), "limit", "lie more than 500 deep");
    free(pickle.data);
}

/* Parameters of parameters … */
static void wrappers(void **state)
{
    (void)state;
    for (int count = 7; count <= 8; count++) {
        bytes pickle = { NULL, 0 };
        add_text(&pickle, "\x80\2}U\1w");
        for (int i = 0; i < count; i++)
            add_text(&pickle, "ctorch._utils\n_rebuild_parameter\n(");
        add_bytes(&pickle, PT_PICKLE(PT_ROW));
        for (int i = 0; i < count; i++)
            add_text(&pickle, "\x88NtR");
        add_text(&pickle, "s.");
        bytes file = pt_of((const char *)pickle.data, pickle.size);
        if (count == 7)
            expect_tensors("seven wrappers", file, NULL, 1);
        else
            expect_fault("eight wrappers", file, "unsafe", "_rebuild_parameter'");
        free(pickle.data);
    }
}

/* Lists of lists of lists … that are the same two: 2^30 ways to one tensor. */
static void the_same_in_many_places(void **state)
{
    (void)state;
    bytes pickle = { NULL, 0 };
    add_bytes(&pickle, PT_PICKLE("\x80\2" PT_ROW "\x85"));
    for (int i = 0; i < 30; i++)
        add_text(&pickle, "2\x86");
    add_text(&pickle, ".");
    expect_fault_in("doubled thirty times", pt_of((const char *)pickle.data, pickle.size), "", "limit",
                    "shares its storage");
    free(pickle.data);
    pickle = (bytes){ NULL, 0 }; /* one tensor, and a thousand things beside it, in a thousand places */
    add_bytes(&pickle, PT_PICKLE("\x80\2(" PT_ROW));
    for (int i = 0; i < 1000; i++)
        add_text(&pickle, "N");
    add_text(&pickle, "tq");
    add_bytes(&pickle,
              "\0"
              "0(",
              3);
    for (int i = 0; i < 10000; i++)
        add_bytes(&pickle, "h\0", 2);
    add_text(&pickle, "t.");
    expect_fault_in("ten thousand times", pt_of((const char *)pickle.data, pickle.size), "", "limit",
                    "stand in too many places");
    free(pickle.data);
}

static void long_names(void **state)
{
    (void)state;
    enum { LONG = 65000 };
    bytes pickle = { NULL, 0 };
    add_text(&pickle, "\x80\2}X");
    add_le(&pickle, PRUNI_PT_MAX_NAME + 1, 4);
    for (int i = 0; i <= PRUNI_PT_MAX_NAME; i++)
        add_text(&pickle, "n");
    add_bytes(&pickle, PT_PICKLE(PT_ROW "s."));
    expect_fault("a long name", pt_of((const char *)pickle.data, pickle.size), "limit", "a name of more than 65536");
    free(pickle.data);
    pickle = (bytes){ NULL, 0 }; /* a list of a long name: each tensor in it has that name before its own */
    add_text(&pickle, "\x80\2}X");
    add_le(&pickle, LONG, 4);
    for (int i = 0; i < LONG; i++)
        add_text(&pickle, "n");
    add_bytes(&pickle, PT_PICKLE("](" PT_ROW "q\0"));
    for (int i = 0; i <= PRUNI_PT_FREE_BYTES / LONG; i++)
        add_bytes(&pickle, "h\0", 2);
    add_text(&pickle, "es.");
    expect_fault_in("names that are long together", pt_of((const char *)pickle.data, pickle.size), "", "limit",
                    "the names of the tensors are too long");
    free(pickle.data);
}

/* A list of tensors below a long name is a short file with long names. */
static void all_names_together(void **state)
{
    (void)state;
    enum { LENGTH = PRUNI_PT_MAX_NAME - 8, COUNT = PRUNI_PT_FREE_BYTES / LENGTH + 2 };
    char *name = malloc(LENGTH);
    assert_non_null(name);
    memset(name, 'n', LENGTH);
    bytes pickle = { NULL, 0 };
    add_text(&pickle, "\x80\2}X");
    add_le(&pickle, LENGTH, 4);
    add_bytes(&pickle, name, LENGTH);
    add_bytes(&pickle, PT_PICKLE("](" PT_ROW "q\0"));
    for (int i = 1; i < COUNT; i++)
        add_bytes(&pickle, "h\0", 2);
    add_text(&pickle, "es.");
    bytes file = pt_of((const char *)pickle.data, pickle.size);
    prune_dict *dict = NULL;
    prune_load_options options = PRUNE_LOAD_OPTIONS_INIT;
    options.entry = "";
    assert_fails(prune_load_memory(&dict, file.data, file.size, &options), PRUNE_ERROR_FORMAT,
                 "limit: the names of the tensors are too long");
    free(file.data);
    free(pickle.data);
    free(name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(archives),
        cmocka_unit_test(archives_without_a_pickle),
        cmocka_unit_test(parts_of_archives),
        cmocka_unit_test(pickles),
        cmocka_unit_test(what_is_not_asked_for_may_be_unsafe),
        cmocka_unit_test(what_contains_itself_cannot_be_listed),
        cmocka_unit_test(keys_that_are_no_names_do_not_matter_beside_what_is_asked_for),
        cmocka_unit_test(a_pickle_that_is_too_long_is_not_read),
        cmocka_unit_test(many_tensors_of_one_storage),
        cmocka_unit_test(depth),
        cmocka_unit_test(wrappers),
        cmocka_unit_test(the_same_in_many_places),
        cmocka_unit_test(long_names),
        cmocka_unit_test(all_names_together),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
