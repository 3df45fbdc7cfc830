/* Zip archives being written: what is beyond 32 bits, and many records. */
#include "zip_support.h"

#include "io/writer.h"

static const char path[] = "test_zip_write.tmp";

/* Writes an archive by `fill` from a place in the file on, as though so much had gone before, and gives its bytes. */
static bytes make_archive(uint64_t at, void (*fill)(pruni_zip_writer *zip))
{
    pruni_output output;
    pruni_zip_writer zip = { .output = &output, .at = at };
    assert_ok(pruni_output_open(&output, path));
    fill(&zip);
    assert_ok(pruni_zip_writer_finish(&zip));
    pruni_zip_writer_free(&zip);
    assert_ok(pruni_output_commit(&output));
    bytes file = { NULL, 0 };
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    for (int c = fgetc(in); c != EOF; c = fgetc(in)) {
        if (file.size % 65536 == 0)
            file.data = realloc(file.data, file.size + 65536);
        assert_non_null(file.data);
        file.data[file.size++] = (unsigned char)c;
    }
    assert_int_equal(fclose(in), 0);
    remove(path);
    return file;
}

static void fill_small(pruni_zip_writer *zip)
{
    assert_ok(pruni_zip_writer_store(zip, "a", "abc", 3));
}

static void an_archive_needs_no_64_bits(void **state)
{
    (void)state;
    bytes file = make_archive(0, fill_small);
    assert_int_equal(file.size, 64 + 3 + 16 + 46 + 1 + 22);
    const unsigned char *record = file.data + 64 + 3 + 16;
    assert_memory_equal(file.data,
                        "PK\3\4\x14\0\x08\x08\0\0\0\0\x21\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\x21\0"
                        "aFB\x1d\0ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZabcPK\7\10",
                        64 + 3 + 4);
    assert_int_equal(get_le(file.data + 71, 4), 0x352441c2); /* zlib.crc32(b'abc') */
    assert_int_equal(get_le(file.data + 75, 4), 3);
    assert_int_equal(get_le(file.data + 79, 4), 3);
    assert_memory_equal(record, "PK\1\2\x14\0\x14\0\x08\x08\0\0\0\0\x21\0\xc2\x41\x24\x35\3\0\0\0\3\0\0\0\1\0\0\0", 32);
    assert_memory_equal(record + 32, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0aPK\5\6\0\0\0\0\1\0\1\0\x2f\0\0\0\x53\0\0\0\0\0", 37);
    free(file.data);
}

static void places_beyond_32_bits_are_in_extra_fields(void **state)
{
    (void)state;
    bytes file = make_archive(UINT32_MAX, fill_small);
    size_t data = 64 + 1; /* the file begins at 2^32 - 1, the data at 2^32 + 64 */
    const unsigned char *record = file.data + data + 3 + 16;
    assert_memory_equal(file.data + data, "abc", 3);
    assert_int_equal(get_le(record + 4, 4), 0x002d002d);
    assert_int_equal(get_le(record + 20, 4), 3);
    assert_int_equal(get_le(record + 30, 2), 12);
    assert_int_equal(get_le(record + 42, 4), UINT32_MAX);
    assert_memory_equal(record + 46, "a\1\0\x08\0", 5);
    assert_int_equal(get_le(record + 51, 8), UINT32_MAX);
    const unsigned char *end = record + 59;
    uint64_t start = UINT32_MAX + (uint64_t)data + 3 + 16;
    assert_memory_equal(end, "PK\6\6\x2c\0\0\0\0\0\0\0\x2d\0\x2d\0\0\0\0\0\0\0\0\0", 24);
    assert_int_equal(get_le(end + 24, 8), 1);
    assert_int_equal(get_le(end + 32, 8), 1);
    assert_int_equal(get_le(end + 40, 8), 59);
    assert_int_equal(get_le(end + 48, 8), start);
    assert_memory_equal(end + 56, "PK\6\7\0\0\0\0", 8);
    assert_int_equal(get_le(end + 64, 8), start + 59);
    assert_int_equal(get_le(end + 72, 4), 1);
    assert_memory_equal(end + 76, "PK\5\6\0\0\0\0\1\0\1\0\x3b\0\0\0\xff\xff\xff\xff\0\0", 22);
    assert_int_equal(file.size, (size_t)(end + 98 - file.data));
    free(file.data);
}

/* A record of 2^32 - 1 bytes, of which the test leaves out all but two. */
static void fill_large(pruni_zip_writer *zip)
{
    assert_ok(pruni_zip_writer_begin(zip, "a", UINT32_MAX));
    assert_ok(pruni_zip_writer_add(zip, "xy", 2));
    zip->left = 0;
    assert_ok(pruni_zip_writer_end(zip));
}

static void sizes_beyond_32_bits_are_in_extra_fields(void **state)
{
    (void)state;
    bytes file = make_archive(0, fill_large);
    assert_int_equal(get_le(file.data + 4, 2), 45);
    assert_int_equal(get_le(file.data + 18, 4), UINT32_MAX);
    assert_int_equal(get_le(file.data + 22, 4), UINT32_MAX);
    assert_memory_equal(file.data + 30,
                        "a\1\0\x10\0\xff\xff\xff\xff\0\0\0\0\xff\xff\xff\xff\0\0\0\0FB\x09\0ZZZZZZZZZxyPK", 38);
    const unsigned char *follows = file.data + 66;
    assert_int_equal(get_le(follows + 8, 8), UINT32_MAX);
    assert_int_equal(get_le(follows + 16, 8), UINT32_MAX);
    const unsigned char *record = follows + 24;
    assert_int_equal(get_le(record + 20, 4), UINT32_MAX);
    assert_int_equal(get_le(record + 24, 4), UINT32_MAX);
    assert_int_equal(get_le(record + 30, 2), 20);
    assert_int_equal(get_le(record + 42, 4), 0);
    assert_memory_equal(record + 46, "a\1\0\x10\0\xff\xff\xff\xff\0\0\0\0\xff\xff\xff\xff\0\0\0\0PK\5\6", 25);
    free(file.data);
}

enum { MANY = 65535 };

static void fill_many(pruni_zip_writer *zip)
{
    for (int i = 0; i < MANY; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        assert_ok(pruni_zip_writer_store(zip, name, name, strlen(name)));
    }
}

static void as_many_records_as_16_bits_do_not_count_are_read(void **state)
{
    (void)state;
    bytes file = make_archive(0, fill_many);
    assert_memory_equal(file.data + file.size - 22, "PK\5\6\0\0\0\0\xff\xff\xff\xff", 12);
    pruni_input input;
    pruni_zip zip;
    pruni_input_from_memory(&input, file.data, file.size);
    assert_ok(pruni_zip_open(&zip, &input));
    assert_int_equal(zip.count, MANY);
    const pruni_zip_record *last = pruni_zip_find(&zip, "65534", 5);
    assert_non_null(last);
    assert_ok(pruni_zip_check_crc(&zip, last, &input));
    assert_int_equal(last->data % 64, 0);
    assert_memory_equal(file.data + last->data, "65534", 5);
    pruni_zip_close(&zip);
    pruni_input_close(&input);
    free(file.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_archive_needs_no_64_bits),
        cmocka_unit_test(places_beyond_32_bits_are_in_extra_fields),
        cmocka_unit_test(sizes_beyond_32_bits_are_in_extra_fields),
        cmocka_unit_test(as_many_records_as_16_bits_do_not_count_are_read),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
