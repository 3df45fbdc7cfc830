/* Safetensors that cannot be read or written: for their arguments, the system, memory. */
#if defined(__unix__) || defined(__APPLE__)
#define _POSIX_C_SOURCE 200809L
#endif

static const char path[] = "test_safetensors_errors.tmp";

#include "file_support.h"
#include "safetensors_support.h"

#if defined(__unix__) || defined(__APPLE__)
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#endif

/* ---- Errors ---- */

static void arguments_are_checked(void **state)
{
    (void)state;
    prune_dict *dict = NULL;
    prune_dict *saved = empty_dict();
    prune_load_options options = PRUNE_LOAD_OPTIONS_INIT;
    options.size = 1;
    assert_fails(prune_load(NULL, path, NULL), PRUNE_ERROR_TYPE, "prune_load: argument 'out'");
    assert_fails(prune_load(&dict, NULL, NULL), PRUNE_ERROR_TYPE, "argument 'path'");
    assert_fails(prune_load(&dict, path, &options), PRUNE_ERROR_VALUE, "size");
    assert_fails(prune_load_memory(NULL, "", 0, NULL), PRUNE_ERROR_TYPE, "prune_load_memory: argument 'out'");
    assert_fails(prune_load_memory(&dict, NULL, 1, NULL), PRUNE_ERROR_TYPE, "argument 'data'");
    assert_fails(prune_load_memory(&dict, NULL, 0, NULL), PRUNE_ERROR_FORMAT, "truncated: ");
    assert_fails(prune_load_memory(&dict, "", 0, &options), PRUNE_ERROR_VALUE, "size");
    assert_fails(prune_save(NULL, saved, PRUNE_FORMAT_SAFETENSORS), PRUNE_ERROR_TYPE, "prune_save: argument 'path'");
    assert_fails(prune_save(path, NULL, PRUNE_FORMAT_SAFETENSORS), PRUNE_ERROR_TYPE, "argument 'dict'");
    assert_null(dict);
    prune_dict_release(saved);
}

static void a_path_that_cannot_be_read_is_an_io_error(void **state)
{
    (void)state;
    prune_dict *dict = NULL;
    assert_fails(prune_load(&dict, "no/such/file", NULL), PRUNE_ERROR_IO, "cannot open 'no/such/file': ");
    assert_fails(prune_load(&dict, ".", NULL), PRUNE_ERROR_IO, "'.': ");
    assert_null(dict);
}

static void write_old_file(void)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_true(fputs("old", file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void expect_old_file(void *context)
{
    (void)context;
    char text[8] = "";
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fread(text, 1, sizeof text - 1, file), 3);
    assert_int_equal(fclose(file), 0);
    assert_string_equal(text, "old");
}

static void a_path_that_cannot_be_written_is_an_io_error(void **state)
{
    (void)state;
    prune_dict *dict = reference_dict();
    assert_fails(prune_save("no/such/file", dict, PRUNE_FORMAT_SAFETENSORS), PRUNE_ERROR_IO,
                 "cannot write 'no/such/file': ");
#if defined(__unix__) || defined(__APPLE__)
    assert_fails(prune_save(".", dict, PRUNE_FORMAT_SAFETENSORS), PRUNE_ERROR_IO, "cannot write '.': Is a directory");
    struct stat info;
    if (stat("/dev/full", &info) == 0)
        assert_fails(prune_save("/dev/full", dict, PRUNE_FORMAT_SAFETENSORS), PRUNE_ERROR_IO,
                     "No space left on device");
#endif
    prune_dict_release(dict);
}

static void a_failed_save_leaves_the_old_file(void **state)
{
    (void)state;
    prune_dict *dict = empty_dict();
    write_old_file();
    put(dict, "bad \xff name", counted_as(PRUNE_FLOAT32, PRUNE_SHAPE(1)));
    assert_fails(prune_save(path, dict, PRUNE_FORMAT_SAFETENSORS), PRUNE_ERROR_VALUE,
                 "the name 'bad \\xff name' is not UTF-8");
    assert_ok(prune_dict_delete(dict, "bad \xff name"));
    put(dict, "__metadata__", counted_as(PRUNE_FLOAT32, PRUNE_SHAPE(1)));
    assert_fails(prune_save(path, dict, PRUNE_FORMAT_SAFETENSORS), PRUNE_ERROR_VALUE,
                 "does not allow the name __metadata__");
    assert_ok(prune_dict_delete(dict, "__metadata__"));
    assert_ok(prune_dict_set_metadata(dict, "k\xc3", "v"));
    assert_fails(prune_save(path, dict, PRUNE_FORMAT_SAFETENSORS), PRUNE_ERROR_VALUE,
                 "the metadata key 'k\\xc3' is not UTF-8");
    assert_ok(prune_dict_set_metadata(dict, "k\xc3", NULL));
    assert_ok(prune_dict_set_metadata(dict, "k", "v\xc3"));
    assert_fails(prune_save(path, dict, PRUNE_FORMAT_SAFETENSORS), PRUNE_ERROR_VALUE,
                 "the metadata text of 'k' is not UTF-8");
    assert_ok(prune_dict_set_metadata(dict, "k", NULL));
    put(dict, "large", zeros(PRUNE_FLOAT32, PRUNE_SHAPE(INT64_C(1) << 60, 0)));
    assert_fails(prune_save(path, dict, PRUNE_FORMAT_SAFETENSORS), PRUNE_ERROR_VALUE,
                 "tensor 'large': torch.Size([1152921504606846976, 0]) of torch.float32 is too large for the format");
    expect_old_file(NULL);
    remove(path);
    prune_dict_release(dict);
}

/* Expanded tensors of 2^60 bytes each take no memory, but no file holds sixteen of them. */
static void tensors_that_no_file_holds_are_a_value_error(void **state)
{
    (void)state;
    if (!LARGE_MEMORY) /* there are none */
        skip();
    prune_dict *dict = empty_dict();
    prune_tensor *one = zeros(PRUNE_UINT8, PRUNE_SHAPE(1));
    for (int i = 0; i < 16; i++) {
        char name[8];
        prune_tensor *view = NULL;
        snprintf(name, sizeof name, "%d", i);
        assert_ok(prune_tensor_expand(&view, one, PRUNE_SHAPE(INT64_C(1) << 60)));
        put(dict, name, view);
    }
    assert_fails(prune_save(path, dict, PRUNE_FORMAT_SAFETENSORS), PRUNE_ERROR_VALUE, "too large for one file");
    assert_null(fopen(path, "rb"));
    prune_tensor_release(one);
    prune_dict_release(dict);
}

static void a_header_beyond_the_limit_is_a_value_error(void **state)
{
    (void)state;
    char *text = malloc(100000001);
    assert_non_null(text);
    memset(text, 'x', 100000000);
    text[100000000] = '\0';
    prune_dict *dict = empty_dict();
    assert_ok(prune_dict_set_metadata(dict, "k", text));
    free(text);
    assert_fails(prune_save(path, dict, PRUNE_FORMAT_SAFETENSORS), PRUNE_ERROR_VALUE,
                 "a header of 100000032 bytes, the format allows 100000000");
    prune_dict_release(dict);
}

#if defined(__unix__) || defined(__APPLE__)
static void a_full_disk_leaves_the_old_file(void **state)
{
    (void)state;
    struct rlimit old;
    prune_dict *dict = empty_dict();
    put(dict, "w", counted_as(PRUNE_FLOAT32, PRUNE_SHAPE(30000)));
    write_old_file();
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    struct rlimit small = { 50000, old.rlim_max };
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    prune_status status = prune_save(path, dict, PRUNE_FORMAT_SAFETENSORS);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, handler);
    assert_int_equal(status, PRUNE_ERROR_IO);
    assert_non_null(strstr(prune_last_error(), "cannot write 'test_safetensors_errors.tmp': File too large"));
    expect_old_file(NULL);
    remove(path);
    prune_dict_release(dict);
}
#endif

/* ---- Memory ---- */

static void reading_without_memory_gives_nothing(void **state)
{
    (void)state;
    char file[1024];
    prune_load_options options = PRUNE_LOAD_OPTIONS_INIT;
    options.to_float32 = true;
    load_without_memory((loading){ .data = file, .size = make_reference(file), .options = &options });
    prune_dict *dict = reference_dict();
    assert_ok(prune_save(path, dict, PRUNE_FORMAT_SAFETENSORS));
    prune_dict_release(dict);
    load_without_memory((loading){ .path = path, .options = &options });
    remove(path);
}

/* Fails with unsupported where there is memory; here that counts as the success. */
static prune_status refuse_job(void *context)
{
    prune_status status = load_it(context);
    return status == PRUNE_ERROR_UNSUPPORTED ? PRUNE_OK : status;
}

static void refusing_without_memory_gives_nothing(void **state)
{
    (void)state;
    char file[512];
    loading l = { .data = file, .size = make_file(file, others_header, "\0\0\0\0\0\0\0\0", 8) };
    try_every_allocation(refuse_job, expect_no_dict, NULL, &l);
}

static prune_status save_job(void *context)
{
    return prune_save(path, context, PRUNE_FORMAT_SAFETENSORS);
}

static void write_old_again(void *context)
{
    (void)context;
    write_old_file();
}

static void saving_without_memory_leaves_the_old_file(void **state)
{
    (void)state;
    prune_dict *dict = reference_dict();
    add_views(dict, "view", PRUNE_FLOAT32);
    assert_ok(prune_dict_set_metadata(dict, "a", "comes first when sorted"));
    write_old_file();
    try_every_allocation(save_job, expect_old_file, write_old_again, dict);
    remove(path);
    prune_dict_release(dict);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_are_checked),
        cmocka_unit_test(a_path_that_cannot_be_read_is_an_io_error),
        cmocka_unit_test(a_path_that_cannot_be_written_is_an_io_error),
        cmocka_unit_test(a_failed_save_leaves_the_old_file),
        cmocka_unit_test(tensors_that_no_file_holds_are_a_value_error),
        cmocka_unit_test(a_header_beyond_the_limit_is_a_value_error),
#if defined(__unix__) || defined(__APPLE__)
        cmocka_unit_test(a_full_disk_leaves_the_old_file),
#endif
        cmocka_unit_test(reading_without_memory_gives_nothing),
        cmocka_unit_test(refusing_without_memory_gives_nothing),
        cmocka_unit_test(saving_without_memory_leaves_the_old_file),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
