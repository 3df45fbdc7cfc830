/* Zip archives: what is read, and each way in which one can be wrong. */
#include "zip_support.h"

static const char path[] = "test_zip.tmp";

/* ---- Making and opening ---- */

static zip_maker two_records(zip_style style)
{
    zip_maker zip = { .style = style };
    zip_add_text(&zip, "top/a", "first");
    zip_add_text(&zip, "top/b", "the second");
    zip_end(&zip);
    return zip;
}

static void write_bytes(bytes file)
{
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(file.data, 1, file.size, out), file.size);
    assert_int_equal(fclose(out), 0);
}

/* Opens, checks that all is stored, checks every CRC. */
static prune_status read_all(pruni_input *input)
{
    pruni_zip zip;
    if (pruni_zip_open(&zip, input))
        return prune_last_status();
    prune_status status = pruni_zip_check_stored(&zip);
    for (int64_t i = 0; i < zip.count && !status; i++)
        status = pruni_zip_check_crc(&zip, &zip.records[i], input);
    pruni_zip_close(&zip);
    return status;
}

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* From memory and from a file; frees the bytes. */
static void expect_fault(bytes file, const char *fault, const char *words)
{
    prune_status expected = strcmp(fault, "unsup") == 0 ? PRUNE_ERROR_UNSUPPORTED : PRUNE_ERROR_FORMAT;
    int64_t blocks = live_allocations();
    for (int from_file = 0; from_file < 2; from_file++) {
        pruni_input input;
        if (from_file) {
            write_bytes(file);
            assert_ok(pruni_input_open(&input, path));
        } else {
            pruni_input_from_memory(&input, file.data, file.size);
        }
        prune_status status = read_all(&input);
        const char *sentence = status ? prune_last_error() : "";
        if (status != expected || !begins_with(sentence, fault) || !strstr(sentence, words))
            fail_msg("gave \"%s\", expected %s: %s", sentence, fault, words);
        pruni_input_close(&input);
    }
    remove(path);
    free(file.data);
    assert_int_equal(live_allocations(), blocks);
}

/* Two plain records with `width` bytes at `offset` of the first central header and, where asked, of the local one. */
static zip_maker patched(zip_style style, size_t central_offset, size_t local_offset, uint64_t value, int width)
{
    zip_maker zip = two_records(style);
    if (central_offset > 0)
        put_le(zip.file.data + zip.central[0] + central_offset, value, width);
    if (local_offset > 0)
        put_le(zip.file.data + zip.local[0] + local_offset, value, width);
    return zip;
}

static void expect_patch(size_t central_offset, size_t local_offset, uint64_t value, int width, const char *fault,
                         const char *words)
{
    expect_fault(patched(ZIP_PLAIN, central_offset, local_offset, value, width).file, fault, words);
}

static void expect_end_patch(zip_style style, size_t offset, uint64_t value, int width, const char *fault,
                             const char *words)
{
    zip_maker zip = two_records(style);
    size_t place = zip.end + offset; /* before the end record, where offset has wrapped */
    put_le(zip.file.data + place, value, width);
    expect_fault(zip.file, fault, words);
}

/* ---- What is read ---- */

static void expect_two_records(pruni_input *input)
{
    pruni_zip zip;
    unsigned char *text = NULL;
    assert_ok(pruni_zip_open(&zip, input));
    assert_ok(pruni_zip_check_stored(&zip));
    assert_int_equal(zip.count, 2);
    assert_memory_equal(zip.records[1].name, "top/b", zip.records[1].name_length);
    const pruni_zip_record *record = pruni_zip_find(&zip, "top/b", 5);
    assert_ptr_equal(record, &zip.records[1]);
    assert_int_equal(record->size, 10);
    assert_ok(pruni_zip_check_crc(&zip, record, input));
    assert_ok(pruni_zip_read(&text, &zip, record, input));
    assert_memory_equal(text, "the second", 10);
    pruni_free(text);
    assert_ptr_equal(pruni_zip_find(&zip, "top/a", 5), &zip.records[0]);
    assert_null(pruni_zip_find(&zip, "top/", 4));
    assert_null(pruni_zip_find(&zip, "top/ab", 6));
    assert_null(pruni_zip_find(&zip, "top/c", 5));
    pruni_zip_close(&zip);
}

static void records_are_found_by_name(void **state)
{
    (void)state;
    for (int style = ZIP_PLAIN; style <= ZIP_TORCH; style++) {
        zip_maker zip = two_records((zip_style)style);
        pruni_input input;
        pruni_input_from_memory(&input, zip.file.data, zip.file.size);
        expect_two_records(&input);
        pruni_input_close(&input);
        write_bytes(zip.file);
        assert_ok(pruni_input_open(&input, path));
        expect_two_records(&input);
        pruni_input_close(&input);
        remove(path);
        free(zip.file.data);
    }
}

static void an_archive_may_be_empty_or_have_a_comment(void **state)
{
    (void)state;
    pruni_zip zip;
    pruni_input input;
    static const char comment[] = "with PK\5\6, an end of its own";
    zip_maker empty = { .style = ZIP_PLAIN };
    zip_end(&empty);
    pruni_input_from_memory(&input, empty.file.data, empty.file.size);
    assert_ok(pruni_zip_open(&zip, &input));
    assert_int_equal(zip.count, 0);
    assert_null(pruni_zip_find(&zip, "a", 1));
    pruni_zip_close(&zip);
    free(empty.file.data);

    zip_maker commented = two_records(ZIP_PLAIN);
    put_le(commented.file.data + commented.end + 20, strlen(comment), 2);
    add_text(&commented.file, comment);
    pruni_input_from_memory(&input, commented.file.data, commented.file.size);
    expect_two_records(&input);
    free(commented.file.data);
}

/* numpy.savez: force_zip64 puts both sizes into an extra field of the local header. */
static void local_sizes_may_stand_in_a_zip64_field(void **state)
{
    (void)state;
    static const unsigned char head[] = "PK\3\4\x2d\0\0\0\0\0\0\0\0\0";
    zip_maker zip = { .style = ZIP_PLAIN };
    uint32_t crc = pruni_crc32(0, "data", 4);
    zip_add_text(&zip, "a", "data");
    bytes file = { NULL, 0 };
    add_bytes(&file, head, 14);
    add_le(&file, crc, 4);
    add_le(&file, UINT64_MAX, 8);
    add_le(&file, 1, 2);
    add_le(&file, 20 + 5, 2);
    add_text(&file, "a");
    add_bytes(&file, "UT\1\0x", 5); /* another field before it */
    add_le(&file, 0x00100001, 4);
    add_le(&file, 4, 8);
    add_le(&file, 4, 8);
    add_text(&file, "data");
    free(zip.file.data);
    zip.file = file;
    zip_end(&zip);
    pruni_input input;
    pruni_input_from_memory(&input, zip.file.data, zip.file.size);
    assert_ok(read_all(&input));
    put_le(zip.file.data + 30 + 1 + 5 + 4, 5, 8);
    expect_fault(zip.file, "layout", "'a' has another header");
}

/* A directory whose values are all ones, with the true ones in a zip64 field. */
static zip_maker wide_directory(uint64_t size, uint64_t stored, uint64_t header, size_t field)
{
    zip_maker zip = two_records(ZIP_TORCH);
    unsigned char *central = zip.file.data + zip.central[1];
    size_t before = zip.central[1] + 46 + 5;
    bytes file = { NULL, 0 };
    put_le(central + 20, UINT64_MAX, 8);
    put_le(central + 42, UINT32_MAX, 4);
    put_le(central + 30, 4 + field, 2);
    add_bytes(&file, zip.file.data, before);
    add_le(&file, 1, 2);
    add_le(&file, 24, 2);
    add_le(&file, size, 8);
    add_le(&file, stored, 8);
    add_le(&file, header, 8);
    file.size = before + 4 + field;
    put_le(file.data + before + 2, field, 2);
    size_t grown = 4 + field;
    add_bytes(&file, zip.file.data + before, zip.file.size - before);
    zip.end += grown;
    size_t wide = zip.end - 20 - 56;
    put_le(file.data + wide + 40, get_le(file.data + wide + 40, 8) + grown, 8);
    put_le(file.data + wide + 56 + 8, wide, 8);
    put_le(file.data + zip.end + 8, UINT32_MAX, 4);  /* both counts */
    put_le(file.data + zip.end + 12, UINT64_MAX, 8); /* size and offset of the directory */
    free(zip.file.data);
    zip.file = file;
    return zip;
}

static void sizes_and_places_may_be_wide(void **state)
{
    (void)state;
    pruni_input input;
    zip_maker zip = two_records(ZIP_TORCH);
    size_t second = zip.local[1];
    free(zip.file.data);
    zip = wide_directory(10, 10, second, 24);
    pruni_input_from_memory(&input, zip.file.data, zip.file.size);
    expect_two_records(&input);
    free(zip.file.data);
    expect_fault(wide_directory(10, 10, second, 16).file, "layout", "has no zip64 field");
    expect_fault(wide_directory(10, 10, second, 8).file, "layout", "has no zip64 field");
    expect_fault(wide_directory(10, 10, second, 0).file, "layout", "has no zip64 field");
    expect_fault(wide_directory(10, 11, second, 24).file, "size", "'top/b' is stored, but 10 bytes are 11");
    expect_fault(wide_directory(10, 10, UINT64_MAX - 9, 24).file, "overflow", "10 bytes at byte 18446744073709551606");
    expect_fault(wide_directory(UINT64_MAX - second + 1, UINT64_MAX - second + 1, second, 24).file, "overflow",
                 "'top/b'");
    expect_fault(wide_directory(UINT64_MAX - 200, UINT64_MAX - 200, second, 24).file, "layout",
                 "'top/b' does not end before the directory");
    expect_fault(wide_directory(10, 10, INT64_MAX, 24).file, "layout", "'top/b' has no header");
    zip = wide_directory(10, 10, second, 24);
    put_le(zip.file.data + zip.central[1] + 46 + 5 + 2, 25, 2); /* the field is longer than what holds it */
    expect_fault(zip.file, "layout", "has no zip64 field");
}

/* ---- What is not ---- */

static void ends_that_are_wrong(void **state)
{
    (void)state;
    expect_fault((bytes){ calloc(1, 1), 0 }, "truncated", "there is no end record");
    zip_maker zip = two_records(ZIP_PLAIN);
    zip.file.size--;
    expect_fault(zip.file, "truncated", "there is no end record");
    zip = two_records(ZIP_PLAIN);
    add_text(&zip.file, "x");
    expect_fault(zip.file, "truncated", "there is no end record");
    zip = two_records(ZIP_TORCH);
    zip.file.size = zip.data[1];
    expect_fault(zip.file, "truncated", "there is no end record");
    bytes long_file = { calloc(1, 70000), 70000 };
    expect_fault(long_file, "truncated", "there is no end record");
    expect_end_patch(ZIP_PLAIN, 4, 1, 2, "unsup", "several parts");
    expect_end_patch(ZIP_PLAIN, 6, 1, 2, "unsup", "several parts");
    expect_end_patch(ZIP_PLAIN, 8, 1, 2, "unsup", "several parts");
    expect_end_patch(ZIP_PLAIN, 16, 0x10000000, 4, "layout", "does not end where its end record begins");
    expect_end_patch(ZIP_PLAIN, 12, 50, 4, "layout", "the zip directory, 50 bytes");
    expect_end_patch(ZIP_PLAIN, 8, 0x00030003, 4, "layout", "has no room for 3 records");
    expect_end_patch(ZIP_PLAIN, 8, 0x00010001, 4, "layout", "51 bytes of the zip directory follow its last record");
}

static void wide_ends_that_are_wrong(void **state)
{
    (void)state;
    enum { LOCATOR = -20, WIDE = -76 };
    static const struct {
        int offset;
        uint64_t value;
        int width;
        const char *fault, *words;
    } patches[] = {
        { LOCATOR + 8, UINT64_MAX, 8, "layout", "the zip64 end record is said to lie at byte 18446744073709551615" },
        { LOCATOR + 8, 1, 8, "layout", "there is no zip64 end record at byte 1" },
        { LOCATOR + 4, 1, 4, "unsup", "several parts" },
        { LOCATOR + 16, 2, 4, "unsup", "several parts" },
        { WIDE + 4, 45, 8, "layout", "there is no zip64 end record" },
        { WIDE + 16, 1, 4, "unsup", "several parts" },
        { WIDE + 20, 1, 4, "unsup", "several parts" },
        { WIDE + 24, 1, 8, "unsup", "several parts" },
        { WIDE + 48, 1, 8, "layout", "the two end records" },
        { WIDE + 40, 1, 8, "layout", "the two end records" },
        { 8, 0x00010001, 4, "layout", "the two end records" },
    };
    for (size_t i = 0; i < sizeof patches / sizeof *patches; i++)
        expect_end_patch(ZIP_TORCH, (size_t)patches[i].offset, patches[i].value, patches[i].width, patches[i].fault,
                         patches[i].words);
    zip_maker zip = two_records(ZIP_TORCH);
    put_le(zip.file.data + zip.end + 12, UINT64_MAX, 8);
    put_le(zip.file.data + zip.end - 76 + 40, UINT64_MAX, 8);
    expect_fault(zip.file, "overflow", "18446744073709551615 bytes of zip directory");
    zip = two_records(ZIP_TORCH); /* more records than there is room for, were the product to wrap */
    put_le(zip.file.data + zip.end + 8, UINT32_MAX, 4);
    put_le(zip.file.data + zip.end - 76 + 24, UINT64_MAX / 46 + 2, 8);
    put_le(zip.file.data + zip.end - 76 + 32, UINT64_MAX / 46 + 2, 8);
    expect_fault(zip.file, "layout", "has no room for");
}

static void a_directory_may_not_be_too_large(void **state)
{
    (void)state;
    enum { SIZE = PRUNI_ZIP_MAX_DIRECTORY + 1 };
    zip_maker zip = { .style = ZIP_PLAIN };
    zip_end(&zip);
    bytes file = { calloc(1, SIZE + 22), SIZE + 22 };
    assert_non_null(file.data);
    memcpy(file.data + SIZE, zip.file.data, 22);
    put_le(file.data + SIZE + 12, SIZE, 4);
    free(zip.file.data);
    pruni_input input;
    pruni_zip opened;
    pruni_input_from_memory(&input, file.data, file.size);
    assert_fails(pruni_zip_open(&opened, &input), PRUNE_ERROR_FORMAT, "limit: a zip directory of 100000001 bytes");
    free(file.data);
}

static void directories_that_are_wrong(void **state)
{
    (void)state;
    expect_patch(0 + 1, 0, 'X', 1, "layout", "there is no zip record at byte 0 of the directory");
    expect_patch(28, 0, 6, 2, "layout", "there is no zip record at byte 52 of the directory");
    expect_patch(32, 0, 500, 2, "layout", "at byte 0 of the directory does not end in it");
    expect_patch(24, 22, 6, 4, "size", "'top/a' is stored, but 6 bytes are 5");
    expect_patch(20, 18, 4, 4, "size", "'top/a' is stored, but 5 bytes are 4");
    expect_patch(42, 0, 9, 4, "layout", "'top/a' has another header");
    expect_patch(42, 0, 0x7fffffff, 4, "layout", "'top/a' has no header before the directory");
    expect_patch(20, 0, UINT32_MAX, 4, "layout", "no zip64 field");
    expect_patch(10, 8, 8, 2, "unsup", "'top/a' is compressed, by method 8");
    expect_patch(8, 6, 1, 2, "unsup", "'top/a' is encrypted");
    expect_patch(16, 14, 1, 4, "crc", "'top/a' has the CRC");
}

static void local_headers_that_differ(void **state)
{
    (void)state;
    static const char words[] = "'top/a' has another header where it lies";
    expect_patch(0, 1, 'X', 1, "layout", words);
    expect_patch(0, 6, 2, 2, "layout", words);
    expect_patch(0, 8, 8, 2, "layout", words);
    expect_patch(0, 14, 1, 4, "layout", words);
    expect_patch(0, 18, 1, 4, "layout", words);
    expect_patch(0, 22, 1, 4, "layout", words);
    expect_patch(0, 22, UINT32_MAX, 4, "layout", words);
    expect_patch(0, 26, 4, 2, "layout", words);
    expect_patch(0, 28, 60000, 2, "layout", words);
    expect_patch(0, 30, 'T', 1, "layout", words);
    zip_maker zip = patched(ZIP_TORCH, 0, 14, 77, 4); /* said to follow the data: anything */
    pruni_input input;
    pruni_input_from_memory(&input, zip.file.data, zip.file.size);
    assert_ok(read_all(&input));
    free(zip.file.data);
}

static void a_crc_of_zero_is_not_computed(void **state)
{
    (void)state;
    zip_maker zip = patched(ZIP_PLAIN, 16, 14, 0, 4);
    pruni_input input;
    pruni_input_from_memory(&input, zip.file.data, zip.file.size);
    assert_ok(read_all(&input));
    free(zip.file.data);
}

static void names_that_are_wrong(void **state)
{
    (void)state;
    static const char *const names[] = { "../a", "top/..", "top/../a", "..", "/a", "" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        zip_maker zip = { .style = ZIP_PLAIN };
        zip_add_text(&zip, names[i], "x");
        zip_end(&zip);
        expect_fault(zip.file, "layout", "a zip record of the name '");
    }
    zip_maker zip = two_records(ZIP_PLAIN);
    zip.file.data[zip.central[0] + 46] = '\0';
    expect_fault(zip.file, "layout", "a zip record of the name '\\x00op/a'");
    static const char *const good[] = { "...", "a..b/c", "..a", "a/", "\\a", "\xff" };
    zip = (zip_maker){ .style = ZIP_PLAIN };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        zip_add_text(&zip, good[i], "");
    zip_end(&zip);
    pruni_input input;
    pruni_input_from_memory(&input, zip.file.data, zip.file.size);
    assert_ok(read_all(&input));
    free(zip.file.data);
    zip = (zip_maker){ .style = ZIP_PLAIN };
    zip_add_text(&zip, "a", "x");
    zip_add_text(&zip, "b", "x");
    zip_add_text(&zip, "a", "x");
    zip_end(&zip);
    expect_fault(zip.file, "dup", "zip record 'a' is there twice");
}

/* Record b lies within the data of record a. */
static void records_that_overlap(void **state)
{
    (void)state;
    zip_maker inner = { .style = ZIP_PLAIN };
    zip_add_text(&inner, "b", "x");
    zip_maker zip = { .style = ZIP_PLAIN };
    zip_add(&zip, "a", inner.file.data, inner.file.size);
    size_t place = zip.data[0];
    add_bytes(&zip.directory, inner.directory.data, inner.directory.size);
    put_le(zip.directory.data + zip.directory.size - 1 - 4, place, 4);
    zip.count++;
    zip_end(&zip);
    free(inner.file.data);
    free(inner.directory.data);
    expect_fault(zip.file, "layout", "'b' overlaps another one");
}

/* ---- CRCs, sizes of files, memory ---- */

/* zlib.crc32 */
static void crcs_are_those_of_zip(void **state)
{
    (void)state;
    unsigned char ramp[256];
    for (int i = 0; i < 256; i++)
        ramp[i] = (unsigned char)i;
    assert_int_equal(pruni_crc32(0, "", 0), 0);
    assert_int_equal(pruni_crc32(0, "123456789", 9), 0xcbf43926);
    assert_int_equal(pruni_crc32(0, ramp, 256), 0x29058c73);
    for (size_t i = 0; i <= 256; i++)
        assert_int_equal(pruni_crc32(pruni_crc32(0, ramp, i), ramp + i, 256 - i), 0x29058c73);
}

static void inputs_know_their_size(void **state)
{
    (void)state;
    static unsigned char zeros[4097];
    static const size_t sizes[] = { 0, 1, 2, 3, 4, 5, 7, 8, 1000, 4095, 4096, 4097 };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint64_t size = 77;
        pruni_input input;
        pruni_input_from_memory(&input, zeros, sizes[i]);
        assert_ok(pruni_input_size(&size, &input));
        assert_int_equal(size, sizes[i]);
        write_bytes((bytes){ zeros, sizes[i] });
        assert_ok(pruni_input_open(&input, path));
        assert_ok(pruni_input_size(&size, &input));
        assert_int_equal(size, sizes[i]);
        pruni_input_close(&input);
    }
    remove(path);
}

static void large_records_are_checked_in_parts(void **state)
{
    (void)state;
    bytes data = { calloc(1, 40000), 40000 };
    memset(data.data, 'x', data.size);
    zip_maker zip = { .style = ZIP_PLAIN };
    zip_add(&zip, "a", data.data, data.size);
    zip_end(&zip);
    pruni_input input;
    pruni_input_from_memory(&input, zip.file.data, zip.file.size);
    assert_ok(read_all(&input));
    zip.file.data[zip.data[0] + 39999] ^= 1;
    assert_fails(read_all(&input), PRUNE_ERROR_FORMAT, "crc: zip record 'a' has the CRC 04cd6dd1, not 73ca5d47");
    free(data.data);
    expect_fault(zip.file, "crc", "not ");
}

static prune_status open_and_read(void *context)
{
    const bytes *file = context;
    pruni_zip zip;
    pruni_input input;
    unsigned char *data = NULL;
    pruni_input_from_memory(&input, file->data, file->size);
    if (pruni_zip_open(&zip, &input))
        return prune_last_status();
    prune_status status = pruni_zip_read(&data, &zip, &zip.records[0], &input);
    pruni_free(data);
    pruni_zip_close(&zip);
    return status;
}

static void without_memory_nothing_is_left(void **state)
{
    (void)state;
    zip_maker zip = two_records(ZIP_TORCH);
    try_every_allocation(open_and_read, NULL, NULL, &zip.file);
    zip.file.data[zip.data[0]] ^= 1;
    assert_fails(open_and_read(&zip.file), PRUNE_ERROR_FORMAT, "crc: ");
    free(zip.file.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_found_by_name),
        cmocka_unit_test(an_archive_may_be_empty_or_have_a_comment),
        cmocka_unit_test(local_sizes_may_stand_in_a_zip64_field),
        cmocka_unit_test(sizes_and_places_may_be_wide),
        cmocka_unit_test(ends_that_are_wrong),
        cmocka_unit_test(wide_ends_that_are_wrong),
        cmocka_unit_test(a_directory_may_not_be_too_large),
        cmocka_unit_test(directories_that_are_wrong),
        cmocka_unit_test(local_headers_that_differ),
        cmocka_unit_test(a_crc_of_zero_is_not_computed),
        cmocka_unit_test(names_that_are_wrong),
        cmocka_unit_test(records_that_overlap),
        cmocka_unit_test(crcs_are_those_of_zip),
        cmocka_unit_test(inputs_know_their_size),
        cmocka_unit_test(large_records_are_checked_in_parts),
        cmocka_unit_test(without_memory_nothing_is_left),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
