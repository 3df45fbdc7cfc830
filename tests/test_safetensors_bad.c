/* Files that are not what the format demands: each gives its own error, from a path and from memory, and none a crash. */
#include "file_support.h"

#include "io/internal.h"

static const char path[] = "test_safetensors_bad.tmp";

/* ---- Making files ---- */

typedef struct bytes {
    char *data;
    size_t size;
} bytes;

static bytes make_raw(uint64_t claimed, const char *header, size_t header_size, size_t data_size)
{
    bytes file = { calloc(8 + header_size + data_size, 1), 8 + header_size + data_size };
    assert_non_null(file.data);
    pruni_store_le64((unsigned char *)file.data, claimed);
    memcpy(file.data + 8, header, header_size);
    return file;
}

/* A file with this header, in which ' stands for ", and so many bytes of data. */
static bytes make_file(const char *header, size_t header_size, size_t data_size)
{
    bytes file = make_raw(header_size, header, header_size, data_size);
    for (size_t i = 0; i < header_size; i++)
        if (file.data[8 + i] == '\'')
            file.data[8 + i] = '"';
    return file;
}

/* ---- Expecting errors ---- */

static void expect_fault(const char *what, bytes file, const char *fault, const char *words)
{
    expect_bad_file(what, path, file.data, file.size, fault, words);
    free(file.data);
}

static prune_dict *expect_valid(const char *what, bytes file)
{
    prune_dict *dict = NULL;
    prune_dict *loaded = NULL;
    write_file(path, file.data, file.size);
    if (prune_load_memory(&dict, file.data, file.size, NULL) || prune_load(&loaded, path, NULL))
        fail_msg("%s: %s", what, prune_last_error());
    assert_int_equal(prune_dict_size(dict), prune_dict_size(loaded));
    prune_dict_release(loaded);
    remove(path);
    free(file.data);
    return dict;
}

/* ---- The list ---- */

static void lengths_that_are_wrong(void **state)
{
    (void)state;
    expect_fault("1: empty", (bytes){ calloc(1, 1), 0 }, "truncated", "less than the 8 bytes");
    bytes seven = make_raw(2, "", 0, 0);
    seven.size = 7;
    expect_fault("2: seven bytes", seven, "truncated", "less than the 8 bytes");
    expect_fault("3: N > file", make_raw(3, "{}", 2, 0), "truncated", "header of 3 bytes");
    expect_fault("4: N = 100,000,001", make_raw(100000001, "{}", 2, 0), "limit", "100000001");
    expect_fault("5: N = 2^64 - 1", make_raw(UINT64_MAX, "{}", 2, 0), "limit", "18446744073709551615");
    expect_fault("a length that an int would cut to 2", make_raw(0x100000002, "{}", 2, 0), "limit", "4294967298");
    expect_fault("6: N = 0", make_raw(0, "", 0, 0), "syntax", "byte 0");
    expect_fault("a header of the longest length that is not there", make_raw(100000000, "{}", 2, 0), "truncated",
                 "header of 100000000 bytes");
}

typedef struct bad_header {
    const char *what;
    const char *header; /* ' for " */
    size_t data;
    const char *fault;
    const char *words;
} bad_header;

static const bad_header bad_headers[] = {
    { "7: 0xFF in the header", "{'\xff':{}}", 0, "utf8", "the header is not UTF-8 at its byte 2" },
    { "8: { only", "{", 0, "syntax", "byte 1" },
    { "12: an array at the top", "[]", 0, "schema", "not an object" },
    { "a string at the top", "'a'", 0, "schema", "not an object" },
    { "14: dtype f32", "{'a':{'dtype':'f32','shape':[1],'data_offsets':[0,4]}}", 4, "schema",
      "'a': there is no dtype 'f32'" },
    { "dtype with a NUL", "{'a':{'dtype':'F32\\u0000','shape':[1],'data_offsets':[0,4]}}", 4, "schema",
      "no dtype 'F32\\x00'" },
    { "dtype 3", "{'a':{'dtype':3,'shape':[1],'data_offsets':[0,4]}}", 4, "schema", "dtype is not a string" },
    { "15: no dtype", "{'a':{'shape':[1],'data_offsets':[0,4]}}", 4, "schema", "'a': dtype is missing" },
    { "15: no shape", "{'a':{'dtype':'F32','data_offsets':[0,4]}}", 4, "schema", "'a': shape is missing" },
    { "15: no data_offsets", "{'a':{'dtype':'F32','shape':[1]}}", 4, "schema", "'a': data_offsets is missing" },
    { "15: nothing", "{'a':{}}", 0, "schema", "'a': dtype is missing" },
    { "16: a size of -1", "{'a':{'dtype':'F32','shape':[-1],'data_offsets':[0,4]}}", 4, "schema",
      "'a': shape has a size that is not an integer from 0 to 2^64 - 1" },
    { "16: a size of 2.0", "{'a':{'dtype':'F32','shape':[2.0],'data_offsets':[0,8]}}", 8, "schema",
      "'a': shape has a size" },
    { "16: a size of '2'", "{'a':{'dtype':'F32','shape':['2'],'data_offsets':[0,8]}}", 8, "schema",
      "'a': shape has a size" },
    { "a size of -0", "{'a':{'dtype':'F32','shape':[-0],'data_offsets':[0,0]}}", 0, "schema", "'a': shape has a size" },
    { "a size of [2]", "{'a':{'dtype':'F32','shape':[[2]],'data_offsets':[0,8]}}", 8, "schema",
      "'a': shape has a size" },
    { "a shape of 2", "{'a':{'dtype':'F32','shape':2,'data_offsets':[0,8]}}", 8, "schema",
      "'a': shape is not an array" },
    { "17: a size of 2^64", "{'a':{'dtype':'F32','shape':[18446744073709551616],'data_offsets':[0,4]}}", 4, "schema",
      "'a': shape has a size" },
    { "18: one offset", "{'a':{'dtype':'F32','shape':[1],'data_offsets':[4]}}", 4, "schema",
      "'a': data_offsets is not an array of two integers from 0 to 2^64 - 1" },
    { "18: three offsets", "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4,4]}}", 4, "schema",
      "'a': data_offsets is not" },
    { "no offset", "{'a':{'dtype':'F32','shape':[1],'data_offsets':[]}}", 4, "schema", "'a': data_offsets is not" },
    { "an offset of -4", "{'a':{'dtype':'F32','shape':[1],'data_offsets':[-4,0]}}", 4, "schema",
      "'a': data_offsets is not" },
    { "an offset of 4.0", "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4.0]}}", 4, "schema",
      "'a': data_offsets is not" },
    { "offsets in an object", "{'a':{'dtype':'F32','shape':[1],'data_offsets':{}}}", 4, "schema",
      "'a': data_offsets is not" },
    { "19: begin > end", "{'a':{'dtype':'F32','shape':[1],'data_offsets':[4,0]}}", 4, "layout",
      "'a': begins at 4, after its end at 0" },
    { "20: the first begins at 4", "{'a':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}}", 8, "layout",
      "'a': begins at 4" },
    { "21: a hole",
      "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},'b':{'dtype':'F32','shape':[1],'data_offsets':[8,12]}}",
      12, "layout", "'b': begins at 8, the data before it end at 4" },
    { "an overlap",
      "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},'b':{'dtype':'F32','shape':[2],'data_offsets':[4,12]}}",
      12, "layout", "'b': begins at 4, the data before it end at 8" },
    { "23: too small a place", "{'a':{'dtype':'I32','shape':[2,2],'data_offsets':[0,4]}}", 4, "size",
      "'a': shape '[2,2]' of I32 has 128 bits, its place 4 bytes" },
    { "a shape larger than the file", "{'a':{'dtype':'F32','shape':[1000000,1000],'data_offsets':[0,16]}}", 16, "size",
      "'a': shape '[1000000,1000]'" },
    { "too large a place", "{'a':{'dtype':'U8','shape':[3],'data_offsets':[0,4]}}", 4, "size", "'a': shape '[3]'" },
    { "24: [2, 2^64 - 2]", "{'a':{'dtype':'U8','shape':[2,18446744073709551614],'data_offsets':[0,4]}}", 4, "overflow",
      "'a': shape '[2,18446744073709551614]'" },
    { "25: I32 [2, 2^63 - 1]", "{'a':{'dtype':'I32','shape':[2,9223372036854775807],'data_offsets':[0,4]}}", 4,
      "overflow", "of I32" },
    { "26: [2^63, 4, 0]", "{'a':{'dtype':'F32','shape':[9223372036854775808,4,0],'data_offsets':[0,0]}}", 0, "overflow",
      "'a'" },
    { "26: [0, 2^63, 4]", "{'a':{'dtype':'F32','shape':[0,9223372036854775808,4],'data_offsets':[0,0]}}", 0, "overflow",
      "'a'" },
    { "26: [2^63, 0, 4]", "{'a':{'dtype':'F32','shape':[9223372036854775808,0,4],'data_offsets':[0,0]}}", 0, "overflow",
      "'a'" },
    { "a zero before a wrapped product, data as large as that",
      "{'a':{'dtype':'U8','shape':[0,4294967296,4294967297],'data_offsets':[0,0]}}", 0, "overflow", "'a'" },
    { "27: trailing bytes", "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}}", 7, "layout",
      "goes on after the end of its data of 4 bytes" },
    { "27: bytes and no tensor", "{}", 1, "layout", "goes on" },
    { "28: two bytes short", "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}}", 2, "truncated",
      "data of 4 bytes" },
    { "an end that wraps the length",
      "{'a':{'dtype':'U8','shape':[2305843009213693951],'data_offsets':[0,2305843009213693951]}}", 2, "truncated",
      "2305843009213693951" },
    { "29: a name twice",
      "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},'b':{'dtype':'F32','shape':[0],'data_offsets':[4,4]},'a':{"
      "'dtype':'F32','shape':[1],'data_offsets':[4,8]}}",
      8, "dup", "two tensors are named 'a'" },
    { "29: with equal offsets",
      "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}}", 4,
      "dup", "two tensors are named 'a'" },
    { "30: __metadata__ twice", "{'__metadata__':{},'__metadata__':{}}", 0, "dup", "__metadata__ is there twice" },
    { "30: dtype twice", "{'a':{'dtype':'F32','dtype':'F32','shape':[1],'data_offsets':[0,4]}}", 4, "dup",
      "'a': dtype is there twice" },
    { "30: shape twice", "{'a':{'dtype':'F32','shape':[1],'sh\\u0061pe':[1],'data_offsets':[0,4]}}", 4, "dup",
      "'a': shape is there twice" },
    { "30: data_offsets twice", "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4],'data_offsets':[0,4]}}", 4, "dup",
      "'a': data_offsets is there twice" },
    { "a metadata key twice", "{'__metadata__':{'k':'1','l':'2','k':'1'}}", 0, "dup", "two keys 'k'" },
    { "31: a number as metadata", "{'__metadata__':{'k':1}}", 0, "schema", "the value of 'k' is not a string" },
    { "31: null as metadata", "{'__metadata__':{'k':null}}", 0, "schema", "the value of 'k' is not a string" },
    { "31: an object as metadata", "{'__metadata__':{'k':{}}}", 0, "schema", "the value of 'k' is not a string" },
    { "__metadata__ as array", "{'__metadata__':[]}", 0, "schema", "__metadata__ is not an object" },
    { "__metadata__ as string", "{'__metadata__':'x'}", 0, "schema", "__metadata__ is not an object" },
    { "32: a bad escape", "{'\\x':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}}", 4, "syntax",
      "wrong escape at byte 2" },
    { "32: a lone high surrogate", "{'\\ud800':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}}", 4, "syntax",
      "wrong escape" },
    { "32: a lone low surrogate", "{'\\udc00':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}}", 4, "syntax",
      "wrong escape" },
    { "33: a beside \\u0061",
      "{'a':{'dtype':'F32','shape':[0],'data_offsets':[0,0]},'\\u0061':{'dtype':'F32','shape':[0],'data_offsets':[0,0]}"
      "}",
      0, "dup", "two tensors are named 'a'" },
    { "34: a NUL in a name", "{'a\\u0000b':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}}", 4, "unsup",
      "'a\\x00b'" },
    { "a NUL in a metadata key", "{'__metadata__':{'k\\u0000':'v'}}", 0, "unsup", "'k\\x00'" },
    { "a NUL in a metadata text", "{'__metadata__':{'k':'\\u0000'}}", 0, "unsup", "'k'" },
    { "35: F4 with an odd count", "{'a':{'dtype':'F4','shape':[3],'data_offsets':[0,1]}}", 1, "size",
      "'a': shape '[3]' of F4 has 12 bits" },
    { "35: F6 with a broken byte", "{'a':{'dtype':'F6_E2M3','shape':[3],'data_offsets':[0,2]}}", 2, "size", "18 bits" },
    { "36: a description as array", "{'a':['F32',[1],[0,4]]}", 4, "schema", "'a': its description is not an object" },
    { "a description as number", "{'a':1}", 0, "schema", "'a': its description is not an object" },
    { "rank 17", "{'a':{'dtype':'F32','shape':[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],'data_offsets':[0,4]}}", 4, "unsup",
      "'a': rank 17 is above 16" },
    { "a dtype that is not held", "{'a':{'dtype':'F8_E4M3','shape':[1],'data_offsets':[0,1]}}", 1, "unsup",
      "'a' (F8_E4M3)" },
    { "syntax goes before schema", "{'a':1,'b'}", 0, "syntax", "byte 10" },
    { "schema goes before layout", "{'a':{'dtype':'F32','shape':[1],'data_offsets':[9,13]},'b':3}", 4, "schema",
      "'b'" },
    { "layout goes before unsup", "{'a':{'dtype':'F8_E4M3','shape':[1],'data_offsets':[1,2]}}", 2, "layout", "'a'" },
};

static void headers_that_are_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_headers / sizeof bad_headers[0]; i++) {
        const bad_header *bad = &bad_headers[i];
        expect_fault(bad->what, make_file(bad->header, strlen(bad->header), bad->data), bad->fault, bad->words);
    }
    expect_fault("9: NUL padding", make_file("{}\0\0\0\0\0\0", 8, 0), "syntax", "byte 2");
}

static void brackets_without_end(void **state)
{
    (void)state;
    char *header = malloc(100000);
    assert_non_null(header);
    memset(header, '[', 100000);
    expect_fault("13: 10^5 nested [", make_file(header, 100000, 0), "limit", "nested deeper than");
    memcpy(header, "{'a':", 5);
    expect_fault("13: within a tensor", make_file(header, 100000, 0), "limit", "nested deeper than");
    free(header);
}

static void ten_tensors_on_one_range(void **state)
{
    (void)state;
    char header[1000] = "{";
    for (int i = 0; i < 10; i++)
        snprintf(header + strlen(header), sizeof header - strlen(header),
                 "%s'%d':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}", i > 0 ? "," : "", i);
    strcat(header, "}");
    expect_fault("22", make_file(header, strlen(header), 4), "layout", "'1': begins at 0, the data before it end at 4");
}

/* ---- What looks odd and is right ---- */

static void odd_files_are_accepted(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        const char *header;
        size_t data;
        int64_t tensors;
    } odd[] = {
        { "{}", "{}", 0, 0 },
        { "{} and spaces", "{}      ", 0, 0 },
        { "10: leading white space", " \n\t\r{}", 0, 0 },
        { "11: trailing CR, TAB, LF", "{}\r\t\n", 0, 0 },
        { "__metadata__ null", "{'__metadata__':null}", 0, 0 },
        { "__metadata__ last", "{'a':{'dtype':'U8','shape':[],'data_offsets':[0,1]},'__metadata__':{'k':'v'}}", 1, 1 },
        { "fields in another order", "{'a':{'data_offsets':[0,4],'shape':[1],'dtype':'F32'}}", 4, 1 },
        { "unknown fields", "{'a':{'x':[{'y':[1e999]}],'dtype':'F32','shape':[1],'data_offsets':[0,4],'x':null}}", 4,
          1 },
        { "an escaped field", "{'a':{'\\u0064type':'F3\\u0032','shape':[1],'data_offsets':[0,4]}}", 4, 1 },
        { "the name \"\"", "{'':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}}", 4, 1 },
        { "the name dtype", "{'dtype':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}}", 4, 1 },
        { "a scalar", "{'a':{'dtype':'F32','shape':[],'data_offsets':[0,4]}}", 4, 1 },
        { "a large empty shape", "{'a':{'dtype':'U8','shape':[2305843009213693951,0],'data_offsets':[0,0]}}", 0, 1 },
        { "rank 16", "{'a':{'dtype':'F32','shape':[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],'data_offsets':[0,4]}}", 4, 1 },
        { "white space everywhere",
          " { 'a' : { 'dtype' : 'F32' , 'shape' : [ 1 , 1 ] , 'data_offsets' : [ 0 , 4 ] } } ", 4, 1 },
    };
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        prune_dict *dict = expect_valid(odd[i].what, make_file(odd[i].header, strlen(odd[i].header), odd[i].data));
        assert_int_equal(prune_dict_size(dict), odd[i].tensors);
        prune_dict_release(dict);
    }
}

/* A million empty tensors, or as many as a build that checks every access reads in that time. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(SANITIZED)
enum { TENSORS = 100000 };
#else
enum { TENSORS = 1000000 };
#endif

static void a_million_empty_tensors_are_accepted(void **state)
{
    (void)state;
    enum { LONGEST = 64 };
    char *header = malloc((size_t)TENSORS * LONGEST);
    assert_non_null(header);
    size_t length = 0;
    for (int i = 0; i < TENSORS; i++)
        length += (size_t)snprintf(header + length, LONGEST, "%c'%d':{'dtype':'F32','shape':[0],'data_offsets':[0,0]}",
                                   i > 0 ? ',' : '{', 2 * TENSORS - 1 - i);
    header[length++] = '}';
    bytes file = make_file(header, length, 0);
    free(header);
    prune_dict *dict = NULL;
    assert_ok(prune_load_memory(&dict, file.data, file.size, NULL));
    assert_int_equal(prune_dict_size(dict), TENSORS);
    for (int i = 0; i < TENSORS; i++)
        assert_int_equal(strtol(prune_dict_key(dict, i), NULL, 10), TENSORS + i);
    prune_dict_release(dict);
    free(file.data);
}

/* 38: a signalling NaN with a payload, and the largest one, keep their bits. */
static void nan_payloads_are_kept(void **state)
{
    (void)state;
    static const char header[] = "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}}";
    static const uint32_t bits[2] = { 0x7f812345, 0xffffffff };
    bytes file = make_file(header, strlen(header), 8);
    memcpy(file.data + file.size - 8, "\x45\x23\x81\x7f\xff\xff\xff\xff", 8);
    prune_dict *dict = expect_valid("38", file);
    assert_memory_equal(prune_tensor_raw_data(prune_dict_value(dict, 0)), bits, 8);
    prune_dict_release(dict);
}

/* ---- Damage ---- */

static const char good_header[] = "{'__metadata__':{'k':'v'},'w':{'dtype':'F32','shape':[1,2],'data_offsets':[0,8]},"
                                  "'b':{'dtype':'BOOL','shape':[],'data_offsets':[8,9]}}";

static void a_file_cut_anywhere_is_truncated(void **state)
{
    (void)state;
    bytes file = make_file(good_header, strlen(good_header), 9);
    for (size_t size = 0; size < file.size; size++) {
        bytes cut = { malloc(size > 0 ? size : 1), size }; /* its own block: a read past its end shows */
        assert_non_null(cut.data);
        memcpy(cut.data, file.data, size);
        expect_fault("cut", cut, "truncated", "");
    }
    prune_dict_release(expect_valid("uncut", file));
}

static void any_wrong_byte_is_an_error_or_another_file(void **state)
{
    (void)state;
    bytes file = make_file(good_header, strlen(good_header), 9);
    int64_t blocks = live_allocations();
    for (size_t i = 0; i < file.size; i++) {
        char right = file.data[i];
        for (int value = 0; value < 256; value++) {
            file.data[i] = (char)value;
            prune_dict *dict = NULL;
            prune_status status = prune_load_memory(&dict, file.data, file.size, NULL);
            assert_true(status == PRUNE_OK || status == PRUNE_ERROR_FORMAT || status == PRUNE_ERROR_UNSUPPORTED);
            assert_int_equal(status == PRUNE_OK, dict != NULL);
            prune_dict_release(dict);
            assert_int_equal(live_allocations(), blocks);
        }
        file.data[i] = right;
    }
    prune_dict_release(expect_valid("undamaged", file));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_that_are_wrong),
        cmocka_unit_test(headers_that_are_wrong),
        cmocka_unit_test(brackets_without_end),
        cmocka_unit_test(ten_tensors_on_one_range),
        cmocka_unit_test(odd_files_are_accepted),
        cmocka_unit_test(a_million_empty_tensors_are_accepted),
        cmocka_unit_test(nan_payloads_are_kept),
        cmocka_unit_test(a_file_cut_anywhere_is_truncated),
        cmocka_unit_test(any_wrong_byte_is_an_error_or_another_file),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
