/* Arrays that are not what .npy demands: each gives its own error, from a path and from memory, and none a crash. */
#include "npy_support.h"

#include "zip_support.h"

static const char path[] = "test_npy_bad.tmp";

typedef struct bad_header {
    const char *what;
    int version;
    const char *header;
    size_t data;
    const char *fault;
    const char *words;
} bad_header;

#define SIMPLE(descr) NPY_HEADER(descr, "False", "(2,)")
#define SHAPED(shape) NPY_HEADER("<f4", "False", shape)

static const bad_header bad_headers[] = {
    { "45: a list", 1, "['descr', '<f4']", 0, "schema", "a header that is not a dict" },
    { "45: a number", 1, "3", 0, "schema", "not a dict" },
    { "45: nothing", 1, "   \n", 0, "schema", "not a dict" },
    { "46: no shape", 1, "{'descr': '<f4', 'fortran_order': False}", 0, "schema", "without all of descr" },
    { "46: no descr", 1, "{'fortran_order': False, 'shape': ()}", 0, "schema", "without all of descr" },
    { "46: no fortran_order", 1, "{'descr': '<f4', 'shape': ()}", 0, "schema", "without all of descr" },
    { "46: nothing", 1, "{}", 0, "schema", "without all of descr" },
    { "46: one more", 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (), 'x': 1}", 4, "schema",
      "a key that is none of" },
    { "a key that is no string", 1, "{1: 2}", 0, "schema", "a key that is none of" },
    { "a key that is a word", 1, "{descr: '<f4'}", 0, "schema", "a key that is none of" },
    { "47: descr twice", 1, "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': ()}", 4, "dup",
      "a header with two descr" },
    { "47: shape twice", 1, "{'descr': '<f4', 'shape': (), 'fortran_order': False, 'shape': ()}", 4, "dup",
      "two shape" },
    { "48: a list", 1, SHAPED("[3]"), 12, "schema", "whose shape is not a tuple" },
    { "48: a number in brackets", 1, SHAPED("(3)"), 12, "schema", "a number in brackets, not a tuple" },
    { "a number", 1, SHAPED("3"), 12, "schema", "whose shape is not a tuple" },
    { "49: a negative size", 1, SHAPED("(-1,)"), 0, "schema", "integers that are not negative" },
    { "50: a product of 2^64", 1, SHAPED("(4294967296, 4294967296)"), 0, "overflow", "too large for any memory" },
    { "50: bytes of 2^64", 1, SHAPED("(4611686018427387904,)"), 0, "overflow", "too large" },
    { "50: with a 0 before it", 1, SHAPED("(0, 4294967296, 4294967296)"), 0, "overflow", "too large" },
    { "50: with a 0 behind it", 1, SHAPED("(4294967296, 4294967296, 0)"), 0, "overflow", "too large" },
    { "50: that wraps to 4", 1, NPY_HEADER("|u1", "False", "(4294967297, 4294967297, 4)"), 4, "overflow", "too large" },
    { "a size of 2^63", 1, NPY_HEADER("|u1", "False", "(9223372036854775808, 0)"), 0, "overflow", "too large" },
    { "a size of 2^64", 1, SHAPED("(18446744073709551616,)"), 0, "overflow", "a size beyond 64 bits" },
    { "51: a bool", 1, SHAPED("(True,)"), 4, "schema", "integers that are not negative" },
    { "a float", 1, SHAPED("(2.0,)"), 8, "schema", "integers that are not negative" },
    { "a string", 1, SHAPED("('2',)"), 8, "schema", "integers that are not negative" },
    { "a tuple in it", 1, SHAPED("((2,),)"), 8, "schema", "integers that are not negative" },
    { "a comma alone", 1, SHAPED("(,)"), 8, "schema", "integers that are not negative" },
    { "hexadecimals", 1, SHAPED("(0x2,)"), 8, "schema", "integers that are not negative" },
    { "L alone", 1, SHAPED("(L,)"), 8, "schema", "integers that are not negative" },
    { "an integer that begins with 0", 1, SHAPED("(02,)"), 8, "syntax", "begins with 0" },
    { "52: fortran_order 0", 1, NPY_HEADER("<f4", "0", "()"), 4, "schema", "neither True nor False" },
    { "52: 'True'", 1, NPY_HEADER("<f4", "'True'", "()"), 4, "schema", "neither True nor False" },
    { "52: None", 1, NPY_HEADER("<f4", "None", "()"), 4, "schema", "neither True nor False" },
    { "53: objects", 1, SIMPLE("|O"), 16, "unsafe", "dtype '|O' means Python objects, which are pickled" },
    { "53: objects of 8 bytes", 1, SIMPLE("|O8"), 16, "unsafe", "'|O8'" },
    { "54: fields", 1, "{'descr': [('a', '<f4'), ('b\\'', '<i4')], 'fortran_order': False, 'shape': (2,)}", 16, "unsup",
      "a dtype of several fields" },
    { "54: a part of an array", 1, "{'descr': ('<f4', (2,)), 'fortran_order': False, 'shape': (2,)}", 16, "unsup",
      "a dtype of several fields" },
    { "54: strings", 1, SIMPLE("<U5"), 40, "unsup", "dtype '<U5' is not a number" },
    { "54: bytes", 1, SIMPLE("|S5"), 10, "unsup", "'|S5'" },
    { "54: moments", 1, SIMPLE("<M8"), 16, "unsup", "'<M8'" },
    { "54: moments of seconds", 1, SIMPLE("<M8[s]"), 16, "unsup", "'<M8[s]'" },
    { "54: spans", 1, SIMPLE("<m8"), 16, "unsup", "'<m8'" },
    { "54: raw memory", 1, SIMPLE("|V4"), 8, "unsup", "'|V4'" },
    { "55: a size that there is not", 1, SIMPLE("<i3"), 6, "schema", "dtype '<i3' does not exist" },
    { "55: empty", 1, SIMPLE(""), 0, "schema", "dtype '' does not exist" },
    { "no kind", 1, SIMPLE("<"), 0, "schema", "dtype '<'" },
    { "no size", 1, SIMPLE("<f"), 0, "schema", "dtype '<f'" },
    { "another kind", 1, SIMPLE("<q8"), 16, "schema", "dtype '<q8'" },
    { "a size of 04", 1, SIMPLE("<f04"), 8, "schema", "dtype '<f04'" },
    { "a size of 4x", 1, SIMPLE("<f4x"), 8, "schema", "dtype '<f4x'" },
    { "a size of 160", 1, SIMPLE("<f160"), 8, "schema", "dtype '<f160'" },
    { "no order", 1, SIMPLE("f4"), 8, "schema", "dtype 'f4'" },
    { "the machine's order", 1, SIMPLE("=f4"), 8, "schema", "dtype '=f4'" },
    { "no order of 4 bytes", 1, SIMPLE("|f4"), 8, "schema", "dtype '|f4'" },
    { "a name", 1, SIMPLE("float32"), 8, "schema", "dtype 'float32'" },
    { "a long name", 1, SIMPLE("a very long name of nothing"), 8, "schema", "dtype 'a very" },
    { "a NUL in it", 2, "{'descr': '<f4~', 'fortran_order': False, 'shape': ()}", 4, "schema", "dtype '<f4\\x00'" },
    { "a descr that is no string", 1, "{'descr': None, 'fortran_order': False, 'shape': ()}", 4, "schema",
      "whose descr is not a string" },
    { "56: a product", 1, SHAPED("(10**9,)"), 4, "syntax",
      "a header with a character that no literal has at its byte 53" },
    { "a sum", 1, SHAPED("(1 + 1,)"), 8, "syntax", "neither a comma nor a bracket" },
    { "no comma in a shape", 1, SHAPED("(1 2)"), 8, "syntax", "neither a comma nor a bracket" },
    { "two commas in a shape", 1, SHAPED("(1,,2)"), 8, "schema", "integers that are not negative" },
    { "a string without an end", 1, "{'descr", 0, "syntax", "a string without an end" },
    { "a string that ends in a backslash", 1, "{'descr\\", 0, "syntax", "a string without an end" },
    { "a string over two lines", 1, "{'de\nscr'", 0, "syntax", "a string without an end" },
    { "a bracket that is not closed", 1, "{'descr': '<f4'", 0, "syntax", "a bracket that is not closed" },
    { "a bracket that closes nothing", 1, "}", 0, "syntax", "a bracket that closes nothing" },
    { "another bracket", 1, "{'descr': ('<f4'}", 0, "syntax", "a bracket that closes nothing" },
    { "no colon", 1, "{'descr' '<f4'}", 0, "syntax", "no colon behind a key" },
    { "no comma", 1, "{'descr': '<f4' 'fortran_order': False}", 0, "syntax", "neither a comma nor a bracket" },
    { "a set", 1, "{'descr'}", 0, "syntax", "no colon behind a key" },
    { "two dicts", 1, SHAPED("()") "{}", 4, "syntax", "something behind the dict" },
    { "a comment", 1, SHAPED("()") "# x", 4, "syntax", "a character that no literal has" },
    { "58: data short", 1, SHAPED("(2,)"), 7, "truncated", "ends before its data of 8 bytes do" },
    { "58: no data", 1, SHAPED("()"), 0, "truncated", "ends before its data of 4 bytes do" },
    { "a shape larger than the file", 1, SHAPED("(1000000000000,)"), 8, "truncated", "data of 4000000000000 bytes" },
    { "data that end beyond 2^64", 1, NPY_HEADER("|u1", "False", "(2305843009213693951,)"), 8, "truncated",
      "data of 2305843009213693951 bytes" },
    { "59: trailing bytes", 1, SHAPED("(2,)"), 9, "layout", "goes on after the end of its data of 8 bytes" },
    { "59: data of an empty array", 1, SHAPED("(0,)"), 1, "layout", "goes on" },
    { "60: not UTF-8", 3, "{'descr': '\xe9', 'fortran_order': False, 'shape': ()}", 0, "utf8",
      "the header is not UTF-8 at its byte 11" },
    { "latin-1 before version 3", 1, "{'descr': '\xe9', 'fortran_order': False, 'shape': ()}", 0, "schema",
      "dtype '\\xe9'" },
    { "61: (3L,) in version 3", 3, SHAPED("(3L,)"), 12, "syntax", "an integer of Python 2" },
    { "rank 17", 1, SHAPED("(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)"), 4, "unsup",
      "tensor 'arr_0': rank 17 is above 16" },
    { "a dtype that is not held", 1, SIMPLE("<c8"), 16, "unsup", "dtypes that are not held: 'arr_0' (<c8)" },
};

static void headers_that_are_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad_headers); i++) {
        const bad_header *bad = &bad_headers[i];
        char file[NPY_MAX];
        size_t size = make_npy(file, bad->version, bad->header, bad->data);
        expect_bad_file(bad->what, path, file, size, bad->fault, bad->words);
    }
}

static void starts_that_are_wrong(void **state)
{
    (void)state;
    char file[NPY_MAX];
    prune_dict *dict = NULL;
    prune_load_options options = PRUNE_LOAD_OPTIONS_INIT;
    options.format = PRUNE_FORMAT_NPY;
    size_t size = make_npy(file, 1, SHAPED("()"), 4);
    assert_fails(prune_load_memory(&dict, "", 0, &options), PRUNE_ERROR_FORMAT,
                 "truncated: less than the 8 bytes before a header");
    expect_bad_file("39: seven bytes", path, file, 7, "truncated", "less than the 8 bytes before a header");
    assert_fails(prune_load_memory(&dict, "\x93NUMPZ\1\0..", 10, &options), PRUNE_ERROR_FORMAT,
                 "magic: does not begin as an .npy array");
    file[7] = 1;
    expect_bad_file("41: version 1.1", path, file, size, "unsup", "version 1.1 of the format");
    file[7] = 0;
    file[6] = 4;
    expect_bad_file("41: version 4.0", path, file, size, "unsup", "version 4.0 of the format");
    file[6] = 0;
    expect_bad_file("version 0.0", path, file, size, "unsup", "version 0.0 of the format");
    file[6] = 1;
    expect_bad_file("42: no length", path, file, 8, "truncated", "less than the 10 bytes");
    expect_bad_file("42: half a length", path, file, 9, "truncated", "less than the 10 bytes");
    expect_bad_file("half a header", path, file, 20, "truncated", "less than the 66 bytes");
    npy_start(file, 2, 0xFFFFFFF0);
    expect_bad_file("42: half a wide length", path, file, 11, "truncated", "less than the 12 bytes");
    expect_bad_file("43", path, file, 12, "limit", "a header of 4294967280 bytes, NumPy reads up to 10000");
}

static void headers_that_are_too_long(void **state)
{
    (void)state;
    char file[NPY_MAX];
    char header[10002];
    memset(header, ' ', sizeof header);
    memcpy(header, SHAPED("()"), strlen(SHAPED("()")));
    header[10001] = '\0';
    expect_bad_file("44", path, file, make_npy(file, 1, header, 4), "limit", "a header of 10001 bytes");
    header[10000] = '\0';
    prune_dict *dict = NULL;
    assert_ok(prune_load_memory(&dict, file, make_npy(file, 1, header, 4), NULL));
    prune_dict_release(dict);
    memset(header, '(', 10000);
    expect_bad_file("57", path, file, make_npy(file, 1, header, 4), "limit", "brackets that are too deep");
    memcpy(header, "{'descr': ", 10);
    expect_bad_file("57: within a dict", path, file, make_npy(file, 1, header, 4), "limit", "too deep");
}

/* ---- .npz ---- */

static void expect_bad_archive(const char *what, const char *name, const void *array, size_t size, const char *fault,
                               const char *words)
{
    char good[NPY_MAX];
    zip_maker zip = { .style = ZIP_PLAIN };
    zip_add(&zip, "good.npy", good, make_npy(good, 1, SHAPED("(2,)"), 8));
    zip_add(&zip, name, array, size);
    zip_end(&zip);
    expect_bad_file(what, path, zip.file.data, zip.file.size, fault, words);
    free(zip.file.data);
}

static void archives_that_are_wrong(void **state)
{
    (void)state;
    char array[NPY_MAX];
    size_t size = make_npy(array, 1, SHAPED("(2,)"), 8);
    expect_bad_archive("short", "a.npy", array, size - 1, "truncated", "array 'a': ends before its data of 8 bytes do");
    expect_bad_archive("cut in its header", "a.npy", array, 30, "truncated", "array 'a': less than the");
    expect_bad_archive("empty", "a.npy", array, 0, "truncated", "array 'a': less than the 8 bytes");
    expect_bad_archive("another name", "a.txt", "text", 4, "schema", "zip record 'a.txt' is no .npy array");
    expect_bad_archive("another file", "a.npy", "some text", 9, "magic", "array 'a': does not begin");
    expect_bad_archive("a name that is not UTF-8", "\xff.npy", array, size, "utf8",
                       "the name of zip record '\\xff.npy' is not UTF-8");
    expect_bad_archive("a name twice", "good.npy", array, size, "dup", "'good.npy'");
    size = make_npy(array, 1, SHAPED("(2,)"), 9);
    expect_bad_archive("long", "a.npy", array, size, "layout", "array 'a': goes on after the end");
    size = make_npy(array, 1, SIMPLE("|O"), 9);
    expect_bad_archive("objects", "a.npy", array, size, "unsafe", "array 'a': dtype '|O'");
    size = make_npy(array, 1, SIMPLE("<i2"), 4);
    expect_bad_archive("not held", "a.npy", array, size, "unsup", "dtypes that are not held: 'a' (<i2)");
    size = make_npy(array, 1, SHAPED("[2]"), 8);
    expect_bad_archive("schema", "a.npy", array, size, "schema", "array 'a': a header whose shape");
}

static void archives_are_checked_as_archives(void **state)
{
    (void)state;
    char array[NPY_MAX];
    size_t size = make_npy(array, 1, SHAPED("(2,)"), 8);
    zip_maker zip = { .style = ZIP_PLAIN };
    zip_add(&zip, "a.npy", array, size);
    zip_end(&zip);
    zip.file.data[zip.data[0] + size - 1] ^= 1;
    expect_bad_file("CRC", path, zip.file.data, zip.file.size, "crc", "zip record 'a.npy'");
    zip.file.data[zip.data[0] + size - 1] ^= 1;
    expect_bad_file("cut", path, zip.file.data, zip.file.size - 1, "truncated", "");
    zip.file.data[zip.local[0] + 8] = 8;
    zip.file.data[zip.central[0] + 10] = 8;
    expect_bad_file("compressed", path, zip.file.data, zip.file.size, "unsup", "zip record 'a.npy' is compressed");
    free(zip.file.data);
}

static void other_archives_are_refused(void **state)
{
    (void)state;
    zip_maker zip = { .style = ZIP_PLAIN };
    zip_add_text(&zip, "a.txt", "text");
    zip_end(&zip);
    expect_bad_file("text", path, zip.file.data, zip.file.size, "magic", "neither a .pt file nor an .npz one");
    free(zip.file.data);
}

/* ---- Damage ---- */

static void a_file_cut_anywhere_is_truncated(void **state)
{
    (void)state;
    char file[NPY_MAX];
    prune_load_options options = PRUNE_LOAD_OPTIONS_INIT;
    options.format = PRUNE_FORMAT_NPY;
    size_t size = make_npy(file, 1, SHAPED("(2,)"), 8);
    for (size_t cut = 0; cut < size; cut++) {
        prune_dict *dict = NULL;
        char *copy = malloc(cut > 0 ? cut : 1);
        assert_non_null(copy);
        memcpy(copy, file, cut);
        assert_fails(prune_load_memory(&dict, copy, cut, &options), PRUNE_ERROR_FORMAT, "truncated: ");
        free(copy);
    }
}

static void any_wrong_byte_is_an_error_or_another_file(void **state)
{
    (void)state;
    char file[NPY_MAX];
    size_t size = make_npy(file, 1, NPY_HEADER("<f4", "True", "(2, 1)"), 8);
    int64_t blocks = live_allocations();
    for (size_t i = 0; i < size; i++) {
        char right = file[i];
        for (int value = 0; value < 256; value++) {
            file[i] = (char)value;
            prune_dict *dict = NULL;
            prune_status status = prune_load_memory(&dict, file, size, NULL);
            assert_true(status == PRUNE_OK || status == PRUNE_ERROR_FORMAT || status == PRUNE_ERROR_UNSUPPORTED);
            assert_int_equal(status == PRUNE_OK, dict != NULL);
            prune_dict_release(dict);
            assert_int_equal(live_allocations(), blocks);
        }
        file[i] = right;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_that_are_wrong),
        cmocka_unit_test(headers_that_are_wrong),
        cmocka_unit_test(headers_that_are_too_long),
        cmocka_unit_test(archives_that_are_wrong),
        cmocka_unit_test(archives_are_checked_as_archives),
        cmocka_unit_test(other_archives_are_refused),
        cmocka_unit_test(a_file_cut_anywhere_is_truncated),
        cmocka_unit_test(any_wrong_byte_is_an_error_or_another_file),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
