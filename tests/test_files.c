/* What all formats share: how a file's format is told, and the options of reading and writing. */
static const char path[] = "test_files.tmp";

#include "safetensors_support.h"

/* ---- Reading ---- */

static prune_status load_bytes(const void *bytes, size_t size, const prune_load_options *options)
{
    prune_dict *dict = NULL;
    prune_status status = prune_load_memory(&dict, bytes, size, options);
    assert_int_equal(status == PRUNE_OK, dict != NULL);
    prune_dict_release(dict);
    return status;
}

static void a_tar_archive_is_refused(void **state)
{
    (void)state;
    char file[1024] = "sys_info";
    memcpy(file + 257, "ustar  ", 8);
    assert_fails(load_bytes(file, sizeof file, NULL), PRUNE_ERROR_UNSUPPORTED, "unsup: a tar archive");
    assert_fails(load_bytes(file, 261, NULL), PRUNE_ERROR_FORMAT, "limit: ");
    prune_load_options options = PRUNE_LOAD_OPTIONS_INIT;
    options.format = PRUNE_FORMAT_SAFETENSORS;
    assert_fails(load_bytes(file, sizeof file, &options), PRUNE_ERROR_FORMAT, "limit: ");
}

static void a_header_as_long_as_a_zip_begins_is_safetensors(void **state)
{
    (void)state;
    assert_fails(load_bytes("PK\3\4\0\0\0\0{}", 10, NULL), PRUNE_ERROR_FORMAT,
                 "truncated: ends before its header of 67324752 bytes");
}

/* torch.save with pickle_protocol 0 to 5, before 1.6. */
static void the_magic_number_of_old_pt_files_is_known(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
    } starts[] = {
        { "L119547037146038801333356L\n.", 28 },
        { "\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15 },
        { "\x80\3\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15 },
        { "\x80\4\x95\x0d\0\0\0\0\0\0\0\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 24 },
    };
    prune_load_options options = PRUNE_LOAD_OPTIONS_INIT;
    options.entry = "model"; /* a value error in every format but this */
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        prune_status status = load_bytes(starts[i].bytes, starts[i].size, &options);
        assert_true(status == PRUNE_ERROR_FORMAT || status == PRUNE_ERROR_UNSUPPORTED);
    }
}

static void a_format_that_does_not_exist_is_refused(void **state)
{
    (void)state;
    prune_load_options options = PRUNE_LOAD_OPTIONS_INIT;
    options.format = (prune_file_format)99;
    assert_fails(load_bytes("", 0, &options), PRUNE_ERROR_VALUE, "there is no format 99");
    options.format = (prune_file_format)-1;
    assert_fails(load_bytes("", 0, &options), PRUNE_ERROR_VALUE, "there is no format -1");
}

static void an_entry_of_a_format_without_entries_is_a_value_error(void **state)
{
    (void)state;
    char file[64];
    size_t size = make_file(file, "{}", "", 0);
    prune_load_options options = PRUNE_LOAD_OPTIONS_INIT;
    options.entry = "model";
    assert_fails(load_bytes(file, size, &options), PRUNE_ERROR_VALUE,
                 "the entry 'model' is asked for, but the format of the file has no entries");
    options.entry = "";
    assert_ok(load_bytes(file, size, &options));
}

/* ---- Writing ---- */

static void the_ending_tells_the_format(void **state)
{
    (void)state;
    prune_dict *dict = empty_dict();
    assert_ok(prune_save("test_files.safetensors", dict, PRUNE_FORMAT_AUTO));
    prune_dict *loaded = NULL;
    assert_ok(prune_load(&loaded, "test_files.safetensors", NULL));
    assert_int_equal(prune_dict_size(loaded), 0);
    remove("test_files.safetensors");
    prune_dict_release(loaded);
    assert_fails(prune_save(path, dict, PRUNE_FORMAT_AUTO), PRUNE_ERROR_VALUE,
                 "cannot write 'test_files.tmp': its ending tells no format");
    assert_fails(prune_save("pt", dict, PRUNE_FORMAT_AUTO), PRUNE_ERROR_VALUE, "cannot write 'pt': its ending");
    prune_dict_release(dict);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tar_archive_is_refused),
        cmocka_unit_test(a_header_as_long_as_a_zip_begins_is_safetensors),
        cmocka_unit_test(the_magic_number_of_old_pt_files_is_known),
        cmocka_unit_test(a_format_that_does_not_exist_is_refused),
        cmocka_unit_test(an_entry_of_a_format_without_entries_is_a_value_error),
        cmocka_unit_test(the_ending_tells_the_format),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
