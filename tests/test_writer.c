/* Files of every format being written: what comes before and around the data, chunks, what a format cannot hold. */
#if defined(__unix__) || defined(__APPLE__)
#define _POSIX_C_SOURCE 200809L
#endif

static const char path[] = "test_writer.tmp";

#include "safetensors_support.h"

#include "io/writer.h"
#include "io/zip.h"

#if defined(__unix__) || defined(__APPLE__)
#include <signal.h>
#include <sys/resource.h>
#endif

static const prune_file_format all_formats[] = { PRUNE_FORMAT_SAFETENSORS, PRUNE_FORMAT_PT, PRUNE_FORMAT_NPY,
                                                 PRUNE_FORMAT_NPZ };

enum { FORMATS = sizeof all_formats / sizeof all_formats[0] };

typedef struct content {
    unsigned char *data;
    size_t size;
} content;

static content read_back(const char *name)
{
    FILE *file = fopen(name, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    content read = { NULL, (size_t)ftell(file) };
    rewind(file);
    read.data = malloc(read.size + 1);
    assert_non_null(read.data);
    assert_int_equal(fread(read.data, 1, read.size, file), read.size);
    assert_int_equal(fclose(file), 0);
    remove(name);
    return read;
}

static bool exists(const char *name)
{
    FILE *file = fopen(name, "rb");
    if (file)
        assert_int_equal(fclose(file), 0);
    return file != NULL;
}

static prune_tensor *wide_tensor(void)
{
    return counted_as(PRUNE_FLOAT32, PRUNE_SHAPE(3000, 5));
}

/* ---- .npy ---- */

/* numpy.save(file, numpy.zeros(shape, dtype)) up to the spaces before the newline, and the length of all that. */
static void npy_headers_are_numpys(void **state)
{
    (void)state;
    static const struct {
        prune_dtype dtype;
        int64_t ndim;
        int64_t sizes[PRUNE_MAX_DIMS];
        size_t length;
        const char *dict;
    } cases[] = {
        { PRUNE_FLOAT32, 0, { 0 }, 118, "{'descr': '<f4', 'fortran_order': False, 'shape': (), }" },
        { PRUNE_FLOAT64, 1, { 3 }, 118, "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }" },
        { PRUNE_BOOL, 2, { 3, 4 }, 118, "{'descr': '|b1', 'fortran_order': False, 'shape': (3, 4), }" },
        { PRUNE_INT64, 2, { 0, 5 }, 118, "{'descr': '<i8', 'fortran_order': False, 'shape': (0, 5), }" },
        { PRUNE_FLOAT16,
          16,
          { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 },
          182,
          "{'descr': '<f2', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), }" },
        { PRUNE_UINT8,
          2,
          { 1234567890123456789, 0 },
          118,
          "{'descr': '|u1', 'fortran_order': False, 'shape': (1234567890123456789, 0), }" },
        { PRUNE_INT32, 3, { 10, 1, 1 }, 118, "{'descr': '<i4', 'fortran_order': False, 'shape': (10, 1, 1), }" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        prune_dict *dict = empty_dict();
        put(dict, "any name", zeros(cases[i].dtype, cases[i].sizes, cases[i].ndim));
        assert_ok(prune_save(path, dict, PRUNE_FORMAT_NPY));
        size_t bytes = (size_t)prune_tensor_numel(prune_dict_value(dict, 0)) * (size_t)pruni_dtype_size(cases[i].dtype);
        prune_dict_release(dict);
        content file = read_back(path);
        size_t length = strlen(cases[i].dict);
        assert_int_equal(file.size, 10 + cases[i].length + bytes);
        assert_memory_equal(file.data, "\x93NUMPY\1\0", 8);
        assert_int_equal(file.data[8], cases[i].length);
        assert_int_equal(file.data[9], 0);
        assert_memory_equal(file.data + 10, cases[i].dict, length);
        for (size_t at = length; at < cases[i].length; at++)
            assert_int_equal(file.data[10 + at], at + 1 < cases[i].length ? ' ' : '\n');
        free(file.data);
    }
}

/* Python's len(numpy.zeros((1,) * 16).shape) fills the line to its end; numpy.save then adds a whole line. */
static void a_full_line_is_padded_by_another(void **state)
{
    (void)state;
    const int64_t sizes[] = { 1000000, 1, 1 };
    const pruni_writer_tensor tensor = { "a", "torch.float32", 3, sizes };
    const pruni_writer_item item = { &tensor, pruni_file_dtype_named("torch.float32"), 4000000 };
    pruni_text text = { NULL, 0, 0, false };
    pruni_npy_add_header(&text, &item);
    assert_int_equal(text.length % 64, 0);
    pruni_text_free(&text);
}

/* ---- .pt and .npz ---- */

static void expect_record(const pruni_zip *zip, pruni_input *input, int64_t i, const char *name, const void *bytes,
                          size_t size)
{
    const pruni_zip_record *record = &zip->records[i];
    unsigned char *got = NULL;
    assert_int_equal(record->name_length, strlen(name));
    assert_memory_equal(record->name, name, record->name_length);
    assert_int_equal(record->data % 64, 0);
    assert_int_equal(record->size, size);
    assert_int_equal(record->crc, pruni_crc32(0, bytes, size));
    assert_ok(pruni_zip_read(&got, zip, record, input));
    assert_memory_equal(got, bytes, size);
    pruni_free(got);
}

/* {'w': torch.ones(2, 3, dtype=torch.float16)} and a scalar, as torch.load reads it; but for its memo, what torch.save
 * writes. */
static const char small_pickle[] = "\x80\x02"
                                   "ccollections\nOrderedDict\n)R("
                                   "X\1\0\0\0w"
                                   "ctorch._utils\n_rebuild_tensor_v2\n("
                                   "(X\7\0\0\0storagectorch\nHalfStorage\nX\1\0\0\0"
                                   "0X\3\0\0\0cpuK\6tQ"
                                   "K\0(K\2K\3t(K\3K\1t\x89"
                                   "ccollections\nOrderedDict\n)RtR"
                                   "X\2\0\0\0\xc3\xa9"
                                   "ctorch._utils\n_rebuild_tensor_v2\n("
                                   "(X\7\0\0\0storagectorch\nLongStorage\nX\1\0\0\0"
                                   "1X\3\0\0\0cpuK\1tQ"
                                   "K\0(t(t\x89"
                                   "ccollections\nOrderedDict\n)RtR"
                                   "u.";

static void a_pt_file_is_an_archive_of_a_pickle_and_storages(void **state)
{
    (void)state;
    prune_dict *dict = empty_dict();
    put(dict, "w", of_values(PRUNE_FLOAT16, (const float[]){ 1, 1, 1, 1, 1, 1 }, PRUNE_SHAPE(2, 3)));
    put(dict, "\xc3\xa9", of_values(PRUNE_INT64, (const float[]){ 7 }, PRUNE_SCALAR));
    assert_ok(prune_save("test_writer.pth", dict, PRUNE_FORMAT_AUTO));
    prune_dict_release(dict);
    content file = read_back("test_writer.pth");
    pruni_input input;
    pruni_zip zip;
    pruni_input_from_memory(&input, file.data, file.size);
    assert_ok(pruni_zip_open(&zip, &input));
    assert_int_equal(zip.count, 5);
    expect_record(&zip, &input, 0, "archive/data.pkl", small_pickle, sizeof small_pickle - 1);
    expect_record(&zip, &input, 1, "archive/byteorder", "little", 6);
    expect_record(&zip, &input, 2, "archive/data/0", "\0\x3c\0\x3c\0\x3c\0\x3c\0\x3c\0\x3c", 12);
    expect_record(&zip, &input, 3, "archive/data/1", "\7\0\0\0\0\0\0\0", 8);
    expect_record(&zip, &input, 4, "archive/version", "3\n", 2);
    pruni_zip_close(&zip);
    pruni_input_close(&input);
    free(file.data);
}

static bool holds(content file, const char *bytes, size_t size)
{
    for (size_t i = 0; i + size <= file.size; i++)
        if (memcmp(file.data + i, bytes, size) == 0)
            return true;
    return false;
}

static void large_numbers_of_a_pickle_are_wider(void **state)
{
    (void)state;
    prune_dict *dict = empty_dict();
    put(dict, "a", zeros(PRUNE_UINT8, PRUNE_SHAPE(0, 255, 256)));
    put(dict, "b", zeros(PRUNE_UINT8, PRUNE_SHAPE(0, 0x7fffffff)));
    put(dict, "c", zeros(PRUNE_UINT8, PRUNE_SHAPE(0, INT64_C(0x80000000))));
    assert_ok(prune_save(path, dict, PRUNE_FORMAT_PT));
    prune_dict_release(dict);
    content file = read_back(path);
    assert_true(holds(file, "(K\0K\xffJ\0\1\0\0t", 11));
    assert_true(holds(file, "(K\0J\xff\xff\xff\x7ft", 9));
    assert_true(holds(file, "(K\0\x8a\x08\0\0\0\x80\0\0\0\0t", 14));
    free(file.data);
}

/* torch.save sets items by thousands. */
static void many_tensors_are_set_in_batches(void **state)
{
    (void)state;
    enum { TENSORS = 2001 };
    prune_dict *dict = empty_dict();
    prune_tensor *t = zeros(PRUNE_FLOAT32, PRUNE_SHAPE(0));
    for (int i = 0; i < TENSORS; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        assert_ok(prune_dict_set(dict, name, t));
    }
    prune_tensor_release(t);
    assert_ok(prune_save(path, dict, PRUNE_FORMAT_PT));
    prune_dict_release(dict);
    content file = read_back(path);
    int batches = 0;
    for (size_t i = 0; i + 6 < file.size; i++)
        batches += memcmp(file.data + i, "RtRu", 4) == 0;
    assert_int_equal(batches, 3);
    free(file.data);
}

static void an_npz_file_is_an_archive_of_npy_files(void **state)
{
    (void)state;
    prune_dict *dict = empty_dict();
    put(dict, "a/b", of_values(PRUNE_FLOAT32, (const float[]){ 1 }, PRUNE_SHAPE(1)));
    assert_ok(prune_save("test_writer.npy", dict, PRUNE_FORMAT_AUTO));
    put(dict, "c", zeros(PRUNE_BOOL, PRUNE_SHAPE(0)));
    assert_ok(prune_save("test_writer.npz", dict, PRUNE_FORMAT_AUTO));
    content npy = read_back("test_writer.npy");
    content npz = read_back("test_writer.npz");
    pruni_input input;
    pruni_zip zip;
    pruni_input_from_memory(&input, npz.data, npz.size);
    assert_ok(pruni_zip_open(&zip, &input));
    assert_int_equal(zip.count, 2);
    expect_record(&zip, &input, 0, "a/b.npy", npy.data, npy.size);
    assert_int_equal(zip.records[1].size, 128);
    pruni_zip_close(&zip);
    pruni_input_close(&input);
    free(npy.data);
    free(npz.data);
    prune_dict_release(dict);
}

static void an_empty_dict_is_written_where_a_format_has_it(void **state)
{
    (void)state;
    prune_dict *dict = empty_dict();
    for (int i = 0; i < FORMATS; i++) {
        if (all_formats[i] == PRUNE_FORMAT_NPY) {
            assert_fails(prune_save(path, dict, PRUNE_FORMAT_NPY), PRUNE_ERROR_VALUE,
                         "cannot write 'test_writer.tmp': a .npy file holds one tensor, not 0");
            continue;
        }
        assert_ok(prune_save(path, dict, all_formats[i]));
        assert_true(exists(path));
        remove(path);
    }
    prune_dict_release(dict);
}

/* ---- What a format cannot hold ---- */

static void fails_to_save(prune_dict *dict, prune_file_format format, prune_status status, const char *words)
{
    assert_fails(prune_save(path, dict, format), status, words);
    assert_false(exists(path));
    prune_dict_release(dict);
}

static prune_dict *one(const char *name, prune_dtype dtype)
{
    prune_dict *dict = empty_dict();
    put(dict, name, zeros(dtype, PRUNE_SHAPE(2)));
    return dict;
}

static void no_name_is_written_to_a_pt_that_would_not_be_read(void **state)
{
    (void)state;
    enum { LONGEST = 65536 };
    char *name = malloc(LONGEST + 2);
    assert_non_null(name);
    memset(name, 'n', LONGEST + 1);
    name[LONGEST + 1] = '\0';
    fails_to_save(one(name, PRUNE_BOOL), PRUNE_FORMAT_PT, PRUNE_ERROR_VALUE, "' is a name of more than 65536 bytes");
    name[LONGEST] = '\0';
    prune_dict *dict = one(name, PRUNE_BOOL), *again = NULL;
    assert_ok(prune_save(path, dict, PRUNE_FORMAT_PT));
    assert_ok(prune_load(&again, path, NULL));
    assert_non_null(prune_dict_get(again, name));
    prune_dict_release(again);
    prune_dict_release(dict);
    remove(path);
    free(name);
}

static void what_a_format_cannot_hold_is_refused(void **state)
{
    (void)state;
    char *name = malloc(65533);
    assert_non_null(name);
    memset(name, 'n', 65532);
    name[65532] = '\0';
    fails_to_save(one("a", PRUNE_BFLOAT16), PRUNE_FORMAT_NPY, PRUNE_ERROR_UNSUPPORTED,
                  "tensor 'a': the format has no torch.bfloat16");
    fails_to_save(one("a", PRUNE_BFLOAT16), PRUNE_FORMAT_NPZ, PRUNE_ERROR_UNSUPPORTED,
                  "tensor 'a': the format has no torch.bfloat16");
    fails_to_save(one("", PRUNE_BOOL), PRUNE_FORMAT_NPZ, PRUNE_ERROR_VALUE, "'' is no name for a record of an archive");
    fails_to_save(one("/etc/passwd", PRUNE_BOOL), PRUNE_FORMAT_NPZ, PRUNE_ERROR_VALUE, "'/etc/passwd' is no name");
    fails_to_save(one("a/../b", PRUNE_BOOL), PRUNE_FORMAT_NPZ, PRUNE_ERROR_VALUE, "'a/../b' is no name");
    fails_to_save(one(name, PRUNE_BOOL), PRUNE_FORMAT_NPZ, PRUNE_ERROR_VALUE,
                  "' is too long a name for a record of an archive");
    for (int i = 0; i < FORMATS; i++)
        fails_to_save(one("\xff", PRUNE_BOOL), all_formats[i], PRUNE_ERROR_VALUE, "the name '\\xff' is not UTF-8");
    fails_to_save(one("a", PRUNE_BOOL), (prune_file_format)99, PRUNE_ERROR_VALUE, "there is no format 99");
    fails_to_save(one("a", PRUNE_BOOL), (prune_file_format)-1, PRUNE_ERROR_VALUE, "there is no format -1");
    prune_dict *two = one("a", PRUNE_BOOL);
    put(two, "b", zeros(PRUNE_BOOL, PRUNE_SHAPE(2)));
    fails_to_save(two, PRUNE_FORMAT_NPY, PRUNE_ERROR_VALUE, "a .npy file holds one tensor, not 2");
    name[65531] = '\0';
    prune_dict *longest = one(name, PRUNE_BOOL);
    assert_ok(prune_save(path, longest, PRUNE_FORMAT_NPZ));
    remove(path);
    prune_dict_release(longest);
    free(name);
}

/* ---- Chunks ---- */

/* Tensors of dtypes that the library does not hold, by any format's name for them. */
static void other_dtypes_go_through_by_name(void **state)
{
    (void)state;
    static const int64_t sizes[] = { 2 };
    static const pruni_writer_tensor list[] = {
        { "a", "F8_E4M3", 1, sizes },
        { "b", "<i2", 1, sizes },
        { "c", "torch.complex64", 1, sizes },
    };
    pruni_writer writer;
    assert_ok(pruni_writer_open(&writer, path, PRUNE_FORMAT_SAFETENSORS, list, 3, NULL, 0));
    assert_int_equal(pruni_writer_index(&writer, 0), 2);
    assert_int_equal(pruni_writer_index(&writer, 1), 1);
    assert_int_equal(pruni_writer_index(&writer, 2), 0);
    assert_ok(pruni_writer_add(&writer, "0123456789abcdefghijkl", 22));
    assert_ok(pruni_writer_commit(&writer));
    content file = read_back(path);
    file.data[file.size] = '\0';
    assert_non_null(strstr((char *)file.data + 8,
                           "{\"c\":{\"dtype\":\"C64\",\"shape\":[2],\"data_offsets\":[0,16]},"
                           "\"b\":{\"dtype\":\"I16\",\"shape\":[2],\"data_offsets\":[16,20]},"
                           "\"a\":{\"dtype\":\"F8_E4M3\",\"shape\":[2],\"data_offsets\":[20,22]}}"));
    free(file.data);
    assert_fails(pruni_writer_open(&writer, path, PRUNE_FORMAT_PT, list, 3, NULL, 0), PRUNE_ERROR_UNSUPPORTED,
                 "tensor 'a': the format has no F8_E4M3");
    assert_fails(pruni_writer_open(&writer, path, PRUNE_FORMAT_AUTO, list, 3, NULL, 0), PRUNE_ERROR_VALUE,
                 "its ending tells no format");
    const pruni_writer_tensor unknown = { "a", "torch.quint8", 1, sizes };
    assert_fails(pruni_writer_open(&writer, path, PRUNE_FORMAT_PT, &unknown, 1, NULL, 0), PRUNE_ERROR_UNSUPPORTED,
                 "the format has no torch.quint8");
    const pruni_writer_tensor half_bytes = { "a", "F4", 1, (const int64_t[]){ 3 } };
    assert_fails(pruni_writer_open(&writer, path, PRUNE_FORMAT_SAFETENSORS, &half_bytes, 1, NULL, 0), PRUNE_ERROR_VALUE,
                 "tensor 'a': torch.Size([3]) of F4 does not fill its last byte");
    assert_false(exists(path));
}

static void chunks_may_have_any_size(void **state)
{
    (void)state;
    static const int64_t sizes[] = { 0, 3, 5 };
    static const pruni_writer_tensor list[] = {
        { "a", "torch.uint8", 1, sizes },     { "b", "torch.uint8", 1, sizes + 1 }, { "c", "torch.uint8", 1, sizes },
        { "d", "torch.uint8", 1, sizes + 2 }, { "e", "torch.uint8", 1, sizes },
    };
    for (int i = 0; i < FORMATS; i++) {
        content whole = { NULL, 0 };
        for (size_t step = 8; all_formats[i] != PRUNE_FORMAT_NPY && step > 0; step--) {
            pruni_writer writer;
            assert_ok(pruni_writer_open(&writer, path, all_formats[i], list, 5, NULL, 0));
            for (size_t at = 0; at < 8; at += step)
                assert_ok(pruni_writer_add(&writer, &"abcdefgh"[at], step < 8 - at ? step : 8 - at));
            assert_ok(pruni_writer_commit(&writer));
            content file = read_back(path);
            if (step < 8) {
                assert_int_equal(file.size, whole.size);
                assert_memory_equal(file.data, whole.data, whole.size);
                free(file.data);
            } else {
                whole = file;
            }
        }
        free(whole.data);
    }
}

static void an_abandoned_writer_leaves_nothing(void **state)
{
    (void)state;
    static const int64_t sizes[] = { 3 };
    static const pruni_writer_tensor list[] = { { "a", "torch.uint8", 1, sizes } };
    for (int i = 0; i < FORMATS; i++) {
        pruni_writer writer;
        assert_ok(pruni_writer_open(&writer, path, all_formats[i], list, 1, NULL, 0));
        assert_ok(pruni_writer_add(&writer, "ab", 2));
        pruni_writer_abandon(&writer);
        assert_false(exists(path));
    }
}

/* ---- Failures ---- */

#if defined(__unix__) || defined(__APPLE__)
static prune_tensor *transposed(void)
{
    prune_tensor *view = NULL;
    prune_tensor *t = counted_as(PRUNE_FLOAT32, PRUNE_SHAPE(6000, 5));
    assert_ok(prune_tensor_transpose(&view, t, 0, 1));
    prune_tensor_release(t);
    return view;
}

/* Every part of a file is larger than a buffer: what describes the tensors, their data, a directory. */
static prune_dict *large_dict(void)
{
    prune_dict *dict = empty_dict();
    prune_tensor *empty = zeros(PRUNE_FLOAT32, PRUNE_SHAPE(0));
    for (int i = 0; i < 300; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        assert_ok(prune_dict_set(dict, name, empty));
    }
    prune_tensor_release(empty);
    char *name = malloc(9001);
    assert_non_null(name);
    memset(name, 'w', 9000);
    name[9000] = '\0';
    put(dict, name, transposed());
    free(name);
    return dict;
}

static void a_disk_that_is_full_anywhere_leaves_nothing(void **state)
{
    (void)state;
    struct rlimit old;
    prune_dict *dict = empty_dict();
    put(dict, "w", transposed());
    prune_dict *dicts[FORMATS] = { large_dict(), large_dict(), dict, large_dict() };
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    for (int i = 0; i < FORMATS; i++) {
        prune_status status = PRUNE_ERROR_IO;
        rlim_t size = 0;
        for (; status == PRUNE_ERROR_IO; size += 4096) {
            struct rlimit small = { size, old.rlim_max };
            assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
            status = prune_save(path, dicts[i], all_formats[i]);
            assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
            assert_int_equal(exists(path), status == PRUNE_OK);
        }
        assert_int_equal(status, PRUNE_OK);
        assert_true(size > 120000);
        remove(path);
        prune_dict_release(dicts[i]);
    }
    signal(SIGXFSZ, handler);
}
#endif

typedef struct job {
    prune_dict *dict;
    prune_file_format format;
} job;

static prune_status save_job(void *context)
{
    const job *work = context;
    return prune_save(path, work->dict, work->format);
}

static void expect_nothing(void *context)
{
    (void)context;
    assert_false(exists(path));
}

static void remove_file(void *context)
{
    (void)context;
    remove(path);
}

static void saving_without_memory_leaves_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < FORMATS; i++) {
        job work = { one("b", PRUNE_FLOAT16), all_formats[i] };
        if (work.format != PRUNE_FORMAT_NPY) {
            put(work.dict, "a", wide_tensor());
            add_views(work.dict, "view", PRUNE_FLOAT32);
            assert_ok(prune_dict_set_metadata(work.dict, "k", "v"));
        }
        try_every_allocation(save_job, expect_nothing, remove_file, &work);
        prune_dict_release(work.dict);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(npy_headers_are_numpys),
        cmocka_unit_test(a_full_line_is_padded_by_another),
        cmocka_unit_test(a_pt_file_is_an_archive_of_a_pickle_and_storages),
        cmocka_unit_test(large_numbers_of_a_pickle_are_wider),
        cmocka_unit_test(many_tensors_are_set_in_batches),
        cmocka_unit_test(an_npz_file_is_an_archive_of_npy_files),
        cmocka_unit_test(an_empty_dict_is_written_where_a_format_has_it),
        cmocka_unit_test(no_name_is_written_to_a_pt_that_would_not_be_read),
        cmocka_unit_test(what_a_format_cannot_hold_is_refused),
        cmocka_unit_test(other_dtypes_go_through_by_name),
        cmocka_unit_test(chunks_may_have_any_size),
        cmocka_unit_test(an_abandoned_writer_leaves_nothing),
#if defined(__unix__) || defined(__APPLE__)
        cmocka_unit_test(a_disk_that_is_full_anywhere_leaves_nothing),
#endif
        cmocka_unit_test(saving_without_memory_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
