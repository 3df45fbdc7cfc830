/* Reading .npy and .npz. */
static const char path[] = "test_npy.tmp";

#include "safetensors_support.h"

#include "npy_support.h"
#include "zip_support.h"

static prune_dict *load_bytes(const void *data, size_t size)
{
    prune_dict *dict = NULL;
    assert_ok(prune_load_memory(&dict, data, size, NULL));
    return dict;
}

/* ---- What NumPy writes ---- */

/* numpy.save(file, numpy.asfortranarray(numpy.arange(6, dtype='<f4').reshape(2, 3))) */
static const char fortran_file[] =
    "\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }"
    "                                                           \n"
    "\x00\x00\x00\x00\x00\x00\x40\x40\x00\x00\x80\x3f\x00\x00\x80\x40\x00\x00\x00\x40\x00\x00\xa0\x40";

static void a_file_of_numpys_is_read(void **state)
{
    (void)state;
    assert_int_equal(sizeof fortran_file - 1, 128 + 24);
    prune_dict *dict = load_bytes(fortran_file, sizeof fortran_file - 1);
    assert_keys(dict, "arr_0");
    assert_shape(prune_dict_value(dict, 0), 2, 3);
    assert_values(prune_dict_value(dict, 0), 0, 1, 2, 3, 4, 5);
    assert_true(prune_tensor_is_contiguous(prune_dict_value(dict, 0)));
    prune_dict_release(dict);
}

static void every_dtype_comes_back_from_npy_and_npz(void **state)
{
    (void)state;
    static const prune_dtype dtypes[] = { PRUNE_FLOAT32, PRUNE_FLOAT64, PRUNE_FLOAT16, PRUNE_INT32,
                                          PRUNE_INT64,   PRUNE_UINT8,   PRUNE_BOOL };
    static const float values[] = { 0, 1, 2, 3, 100, 255 };
    prune_dict *all = empty_dict();
    for (size_t i = 0; i < COUNT_OF(dtypes); i++) {
        prune_dict *dict = empty_dict();
        prune_tensor *t = of_values(dtypes[i], values, PRUNE_SHAPE(3, 1, 2));
        assert_ok(prune_dict_set(dict, "arr_0", t));
        put(all, prune_dtype_name(dtypes[i]), t);
        assert_ok(prune_save(path, dict, PRUNE_FORMAT_NPY));
        prune_dict *loaded = load(NULL);
        assert_keys(loaded, "arr_0");
        assert_same_bits(prune_dict_value(loaded, 0), prune_dict_value(dict, 0));
        prune_dict_release(loaded);
        prune_dict_release(dict);
    }
    put(all, "scalar", zeros(PRUNE_FLOAT32, PRUNE_SCALAR));
    put(all, "", zeros(PRUNE_FLOAT32, PRUNE_SHAPE(3, 0)));
    assert_ok(prune_dict_delete(all, ""));
    put(all, "none", zeros(PRUNE_FLOAT32, PRUNE_SHAPE(3, 0)));
    add_views(all, "view", PRUNE_INT32);
    assert_ok(prune_save(path, all, PRUNE_FORMAT_NPZ));
    prune_dict *loaded = load(NULL);
    assert_int_equal(prune_dict_size(loaded), prune_dict_size(all));
    for (int64_t i = 0; i < prune_dict_size(all); i++) {
        assert_string_equal(prune_dict_key(loaded, i), prune_dict_key(all, i));
        assert_same_bits(prune_dict_value(loaded, i), prune_dict_value(all, i));
    }
    remove(path);
    prune_dict_release(loaded);
    prune_dict_release(all);
}

/* ---- What looks odd and is right ---- */

static void odd_headers_are_accepted(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        int version;
        const char *header;
    } odd[] = {
        { "61: (2L,)", 1, NPY_HEADER("|u1", "False", "(2L,)") },
        { "61: (1L, 2L)", 2, NPY_HEADER("|u1", "False", "(1L, 2L)") },
        { "version 2", 2, NPY_HEADER("|u1", "False", "(2,)") },
        { "version 3", 3, NPY_HEADER("|u1", "False", "(2,)") },
        { "another order of keys, double quotes, no newline", 1,
          "{\"shape\":(2,),\"descr\":\"|u1\",\"fortran_order\":True}" },
        { "white space", 1, " \t{ 'shape' : ( 2 , ) ,\r\n 'descr' :\f'|u1' , 'fortran_order' : False , } \n\n" },
        { "no comma at the end of a shape", 1, NPY_HEADER("|u1", "False", "(1, 2)") },
        { "a comma at the end of a shape", 1, NPY_HEADER("|u1", "False", "(1, 2,)") },
        { "a byte with an order", 1, NPY_HEADER("<u1", "False", "(2,)") },
        { "a byte with the other order", 1, NPY_HEADER(">u1", "False", "(2,)") },
        { "fortran_order of an array of one dim", 1, NPY_HEADER("|u1", "True", "(2,)") },
        { "rank 16", 1, NPY_HEADER("|u1", "True", "(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2)") },
    };
    for (size_t i = 0; i < COUNT_OF(odd); i++) {
        char file[NPY_MAX];
        prune_dict *dict = NULL;
        if (prune_load_memory(&dict, file, make_npy(file, odd[i].version, odd[i].header, 2), NULL))
            fail_msg("%s: %s", odd[i].what, prune_last_error());
        assert_memory_equal(prune_tensor_raw_data(prune_dict_value(dict, 0)), "\0\1", 2);
        prune_dict_release(dict);
    }
}

static void empty_arrays_have_their_shapes(void **state)
{
    (void)state;
    char file[NPY_MAX];
    prune_dict *dict = load_bytes(file, make_npy(file, 1, NPY_HEADER("<f8", "True", "(3, 0, 5)"), 0));
    assert_shape(prune_dict_value(dict, 0), 3, 0, 5);
    assert_int_equal(prune_tensor_dtype(prune_dict_value(dict, 0)), PRUNE_FLOAT64);
    prune_dict_release(dict);
}

/* 62: numpy.array([1, -2], '>f4'), and integers whose bytes are 0, 1, 2, … */
static void big_endian_arrays_are_swapped(void **state)
{
    (void)state;
    char file[NPY_MAX];
    size_t size = make_npy(file, 1, NPY_HEADER(">f4", "False", "(2,)"), 8);
    memcpy(file + size - 8, "\x3f\x80\0\0\xc0\0\0\0", 8);
    prune_dict *dict = load_bytes(file, size);
    assert_values(prune_dict_value(dict, 0), 1, -2);
    prune_dict_release(dict);
    dict = load_bytes(file, make_npy(file, 1, NPY_HEADER(">i4", "True", "(1, 2)"), 8));
    static const int32_t swapped[2] = { 0x00010203, 0x04050607 };
    assert_memory_equal(prune_tensor_raw_data(prune_dict_value(dict, 0)), swapped, sizeof swapped);
    prune_dict_release(dict);
}

static void any_byte_but_0_is_true(void **state)
{
    (void)state;
    char file[NPY_MAX];
    prune_dict *dict = load_bytes(file, make_npy(file, 1, NPY_HEADER("|b1", "True", "(2, 2)"), 4));
    assert_memory_equal(prune_tensor_raw_data(prune_dict_value(dict, 0)), "\0\1\1\1", 4);
    prune_dict_release(dict);
}

static void note(void *context, const char *name, const char *dtype)
{
    char *list = context;
    strcat(strcat(strcat(strcat(list, name), "="), dtype), ";");
}

static void dtypes_that_are_not_held_are_skipped(void **state)
{
    (void)state;
    static const char *const descrs[] = { "|i1", "<i2",  ">i2",  "<u2",  "<u4",  "<u8",
                                          "<c8", "<c16", "<f16", "<f12", "<c32", "<c24" };
    for (size_t i = 0; i < COUNT_OF(descrs); i++) {
        char file[NPY_MAX];
        char header[128];
        char list[64] = "";
        char expected[64];
        prune_dict *dict = NULL;
        prune_load_options options = PRUNE_LOAD_OPTIONS_INIT;
        options.skipped = note;
        options.context = list;
        snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': True, 'shape': (1, 3)}", descrs[i]);
        size_t size = make_npy(file, 1, header, 3 * strtoul(descrs[i] + 2, NULL, 10));
        assert_ok(prune_load_memory(&dict, file, size, &options));
        snprintf(expected, sizeof expected, "arr_0=%s;", descrs[i]);
        assert_string_equal(list, expected);
        assert_int_equal(prune_dict_size(dict), 0);
        prune_dict_release(dict);
        assert_fails(prune_load_memory(&dict, file, size, NULL), PRUNE_ERROR_UNSUPPORTED, "unsup: ");
    }
}

/* ---- Archives ---- */

static void records_come_in_order_under_their_names(void **state)
{
    (void)state;
    char array[NPY_MAX];
    zip_maker zip = { .style = ZIP_TORCH };
    zip_add(&zip, "b/\xc3\xa9.npy", array, make_npy(array, 1, NPY_HEADER("|u1", "False", "(2,)"), 2));
    zip_add(&zip, "a.npy.npy", array, make_npy(array, 2, NPY_HEADER("<i4", "False", "()"), 4));
    zip_add(&zip, ".npy", array, make_npy(array, 3, NPY_HEADER("|b1", "False", "(1, 2)"), 2));
    zip_end(&zip);
    prune_dict *dict = load_bytes(zip.file.data, zip.file.size);
    assert_keys(dict, "b/\xc3\xa9", "a.npy", "");
    assert_memory_equal(prune_tensor_raw_data(prune_dict_value(dict, 0)), "\0\1", 2);
    static const int32_t whole = 0x03020100;
    assert_memory_equal(prune_tensor_raw_data(prune_dict_value(dict, 1)), &whole, sizeof whole);
    assert_shape(prune_dict_value(dict, 2), 1, 2);
    prune_dict_release(dict);
    free(zip.file.data);
}

static void an_empty_archive_is_an_empty_dict(void **state)
{
    (void)state;
    static const char end[22] = "PK\5\6"; /* numpy.savez(file) */
    prune_dict *dict = load_bytes(end, sizeof end);
    assert_int_equal(prune_dict_size(dict), 0);
    prune_dict_release(dict);
}

/* With a format that is asked for, no other one is read. */
static void a_format_that_is_asked_for_is_the_only_one(void **state)
{
    (void)state;
    prune_dict *dict = NULL;
    prune_load_options options = PRUNE_LOAD_OPTIONS_INIT;
    options.format = PRUNE_FORMAT_NPZ;
    assert_fails(prune_load_memory(&dict, fortran_file, sizeof fortran_file - 1, &options), PRUNE_ERROR_FORMAT,
                 "truncated: ");
    options.format = PRUNE_FORMAT_SAFETENSORS;
    assert_fails(prune_load_memory(&dict, fortran_file, sizeof fortran_file - 1, &options), PRUNE_ERROR_FORMAT,
                 "limit: ");
    options.format = PRUNE_FORMAT_NPY;
    options.entry = "model";
    assert_fails(prune_load_memory(&dict, fortran_file, sizeof fortran_file - 1, &options), PRUNE_ERROR_VALUE,
                 "the entry 'model'");
    options.entry = NULL;
    assert_ok(prune_load_memory(&dict, fortran_file, sizeof fortran_file - 1, &options));
    prune_dict_release(dict);
}

static void a_path_that_cannot_be_read_is_an_io_error(void **state)
{
    (void)state;
    prune_dict *dict = NULL;
    prune_load_options options = PRUNE_LOAD_OPTIONS_INIT;
    options.format = PRUNE_FORMAT_NPY;
    assert_fails(prune_load(&dict, "no/such/file", &options), PRUNE_ERROR_IO, "cannot open 'no/such/file': ");
    assert_fails(prune_load(&dict, ".", &options), PRUNE_ERROR_IO, "'.': ");
    options.format = PRUNE_FORMAT_NPZ;
    assert_fails(prune_load(&dict, ".", &options), PRUNE_ERROR_IO, "'.': ");
    assert_null(dict);
}

/* ---- Parts of a file ---- */

/* Any run of elements, whatever the strides: against the same walk over memory. */
static void expect_runs(const unsigned char *memory, size_t size, const pruni_file_tensor *t, int64_t numel,
                        int64_t step)
{
    pruni_file file = { .format = NULL };
    pruni_input_from_memory(&file.input, memory, size);
    for (int64_t first = 0; first <= numel; first += step)
        for (int64_t count = 0; first + count <= numel; count += step) {
            uint16_t *got = malloc((size_t)count * 2 + 1);
            assert_non_null(got);
            assert_ok(pruni_file_read(&file, t, first, count, got));
            for (int64_t i = 0; i < count; i++) {
                int64_t index = first + i;
                int64_t place = 0;
                for (int64_t dim = t->ndim - 1; dim >= 0; dim--) {
                    place += index % t->sizes[dim] * t->strides[dim];
                    index /= t->sizes[dim];
                }
                uint16_t expected = 0;
                memcpy(&expected, memory + t->offset + 2 * place, 2);
                assert_int_equal(got[i], expected);
            }
            free(got);
        }
    pruni_input_close(&file.input);
}

static void any_run_of_any_strides_is_read(void **state)
{
    (void)state;
    enum { SIZE = 400000 };
    unsigned char *memory = malloc(SIZE);
    assert_non_null(memory);
    for (int i = 0; i < SIZE; i++)
        memory[i] = (unsigned char)((unsigned)i * 2654435761u >> 13);
    pruni_file_tensor t = { .held = PRUNE_FLOAT16, .element_size = 2, .is_big_endian = pruni_is_big_endian() };
    static const struct {
        int64_t ndim, sizes[3], strides[3], numel, step;
    } cases[] = {
        { 2, { 3, 4 }, { 1, 3 }, 12, 1 },
        { 2, { 3, 4 }, { 0, 2 }, 12, 1 },
        { 3, { 2, 3, 2 }, { 1, 20, 7 }, 12, 1 },
        { 3, { 2, 2, 3 }, { 50000, 3, 1 }, 12, 1 }, /* a gap that is passed over */
        { 2, { 5, 4 }, { 1, 33000 }, 20, 3 },
        { 0, { 0 }, { 0 }, 1, 1 },
        { 2, { 300, 400 }, { 1, 300 }, 120000, 40001 },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        t.ndim = cases[i].ndim;
        t.offset = i % 2 * 5;
        memcpy(t.sizes, cases[i].sizes, sizeof cases[i].sizes);
        memcpy(t.strides, cases[i].strides, sizeof cases[i].strides);
        size_t last = 0;
        for (int64_t dim = 0; dim < t.ndim; dim++)
            last += (size_t)((t.sizes[dim] - 1) * t.strides[dim]);
        expect_runs(memory, (size_t)t.offset + 2 * last + 2, &t, cases[i].numel, cases[i].step); /* to the last byte */
    }
    free(memory);
}

/* ---- Memory ---- */

static void reading_without_memory_gives_nothing(void **state)
{
    (void)state;
    zip_maker zip = { .style = ZIP_PLAIN };
    zip_add(&zip, "a.npy", fortran_file, sizeof fortran_file - 1);
    zip_add(&zip, "b.npy", fortran_file, sizeof fortran_file - 1);
    zip_end(&zip);
    load_without_memory((loading){ .data = zip.file.data, .size = zip.file.size });
    free(zip.file.data);
    load_without_memory((loading){ .data = fortran_file, .size = sizeof fortran_file - 1 });
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_of_numpys_is_read),
        cmocka_unit_test(every_dtype_comes_back_from_npy_and_npz),
        cmocka_unit_test(odd_headers_are_accepted),
        cmocka_unit_test(empty_arrays_have_their_shapes),
        cmocka_unit_test(big_endian_arrays_are_swapped),
        cmocka_unit_test(any_byte_but_0_is_true),
        cmocka_unit_test(dtypes_that_are_not_held_are_skipped),
        cmocka_unit_test(records_come_in_order_under_their_names),
        cmocka_unit_test(an_empty_archive_is_an_empty_dict),
        cmocka_unit_test(a_format_that_is_asked_for_is_the_only_one),
        cmocka_unit_test(a_path_that_cannot_be_read_is_an_io_error),
        cmocka_unit_test(any_run_of_any_strides_is_read),
        cmocka_unit_test(reading_without_memory_gives_nothing),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
