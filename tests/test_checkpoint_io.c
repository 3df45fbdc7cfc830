/* Files that prune_checkpoint() copies, pipes, and files that end while they are read or cannot be written. */
#if defined(__unix__) || defined(__APPLE__)
#define _POSIX_C_SOURCE 200809L /* pipe */
#define HAVE_POSIX 1
#else
#define HAVE_POSIX 0
#endif

#define CHECKPOINT_TEST "test_checkpoint_io"

#include "checkpoint_support.h"

#if HAVE_POSIX
#include <unistd.h>
#endif

static bool choose_none(void *context, const prune_checkpoint_tensor *tensor)
{
    (void)context;
    (void)tensor;
    return false;
}

/* ---- Copies ---- */

static void what_is_not_chosen_keeps_its_mask(void **state)
{
    (void)state;
    prune_dict *dict = empty_dict(), *out = NULL;
    prune_checkpoint_options options = PRUNE_CHECKPOINT_OPTIONS_INIT;
    put(dict, "a_orig", make_tensor(PRUNE_SHAPE(1, 2), 1, 2));
    put(dict, "a_mask", make_tensor(PRUNE_SHAPE(1, 2), 0, 1));
    assert_ok(prune_save(in_path, dict, PRUNE_FORMAT_AUTO));
    options.chooses = choose_none;
    assert_ok(prune_l1(1, &options));
    assert_ok(prune_load(&out, out_path, NULL));
    assert_int_equal(prune_dict_size(out), 2);
    assert_same_bits(prune_dict_get(out, "a_orig"), prune_dict_get(dict, "a_orig"));
    assert_same_bits(prune_dict_get(out, "a_mask"), prune_dict_get(dict, "a_mask"));
    prune_dict_release(dict);
    prune_dict_release(out);
}

static void big_endian_files_are_turned_round(void **state)
{
    (void)state;
    static const char npy[] = "\x93NUMPY\1\0\x3a\0{'descr': '>f4', 'fortran_order': False, 'shape': (1, 2)}\n"
                              "\x3f\x80\0\0\xc0\0\0\0";
    prune_dict *out = NULL;
    prune_checkpoint_options options = PRUNE_CHECKPOINT_OPTIONS_INIT;
    write_file(in_path, npy, sizeof npy - 1);
    for (int chosen = 0; chosen < 2; chosen++) {
        options.chooses = chosen ? NULL : choose_none;
        assert_ok(prune_l1(1, &options));
        assert_ok(prune_load(&out, out_path, NULL));
        if (chosen)
            assert_values(prune_dict_get(out, "arr_0"), 0, -2);
        else
            assert_values(prune_dict_get(out, "arr_0"), 1, -2);
        prune_dict_release(out);
    }
}

/* ---- Files that end while they are read ---- */

typedef struct bytes {
    char *data;
    size_t size;
} bytes;

static bytes read_whole(const char *path)
{
    bytes b = { malloc(1 << 20), 0 };
    FILE *file = fopen(path, "rb");
    assert_non_null(b.data);
    assert_non_null(file);
    b.size = fread(b.data, 1, 1 << 20, file);
    fclose(file);
    return b;
}

/* Empties a file at the n-th call. */
typedef struct emptying {
    const char *path;
    int64_t left;
} emptying;

static prune_status empty_file(void *context, uint64_t done, uint64_t total)
{
    emptying *e = context;
    (void)done;
    (void)total;
    if (e->left-- == 0)
        write_file(e->path, "", 0);
    return PRUNE_OK;
}

static prune_tensor *wide(prune_dtype dtype)
{
    prune_tensor *t = NULL, *values = NULL;
    assert_ok(prune_rand(&values, PRUNE_SHAPE(90, 100), PRUNE_FLOAT32, NULL));
    assert_ok(prune_tensor_to(&t, values, dtype));
    prune_tensor_release(values);
    return t;
}

static void save_wide(void)
{
    prune_dict *in = empty_dict(), *other = empty_dict();
    prune_tensor *t = wide(PRUNE_FLOAT32), *mask = NULL;
    assert_ok(prune_tensor_to(&mask, t, PRUNE_BOOL));
    put(in, "a_orig", t);
    put(in, "a_mask", mask);
    put(in, "b", wide(PRUNE_FLOAT16));
    put(in, "steps", wide(PRUNE_INT64));
    put(other, "a", wide(PRUNE_FLOAT64));
    put(other, "b", wide(PRUNE_FLOAT64));
    assert_ok(prune_save(in_path, in, PRUNE_FORMAT_AUTO));
    assert_ok(prune_save(other_path, other, PRUNE_FORMAT_AUTO));
    prune_dict_release(in);
    prune_dict_release(other);
}

/* Empties the file before each of the reads; gives how many there were. */
static int64_t end_at_every_read(prune_checkpoint_options options, const char *path)
{
    bytes in = read_whole(in_path), other = read_whole(other_path);
    for (int64_t n = 0;; n++) {
        emptying e = { path, n };
        options.progress = empty_file;
        options.context = &e;
        write_file(out_path, "old", 3);
        prune_status status = prune_checkpoint(in_path, out_path, &options, NULL);
        write_file(in_path, in.data, in.size);
        write_file(other_path, other.data, other.size);
        if (status == PRUNE_OK) {
            free(in.data);
            free(other.data);
            return n;
        }
        assert_int_equal(status, PRUNE_ERROR_FORMAT);
        assert_non_null(strstr(prune_last_error(), "truncated: "));
        expect_file(out_path, "old");
    }
}

static void a_file_that_ends_meanwhile_is_truncated(void **state)
{
    (void)state;
    prune_method_options lowest = { sizeof lowest, PRUNE_TIES_LOWEST_INDEX };
    const prune_amount half = prune_fraction(0.5);
    prune_method *methods[4] = { NULL };
    assert_ok(prune_method_l1_unstructured(&methods[0], half, &lowest));
    assert_ok(prune_method_random_unstructured(&methods[1], half, &lowest));
    assert_ok(prune_method_l1_unstructured(&methods[2], prune_count(10), NULL));
    assert_ok(prune_method_n_m(&methods[3], 1, 2, -1));
    save_wide();
    for (int i = 0; i < 4; i++) {
        prune_checkpoint_options options = PRUNE_CHECKPOINT_OPTIONS_INIT;
        options.method = methods[i];
        options.global = i < 3;
        options.keep_masks = i == 1;
        options.max_memory = i == 2 ? 3 << 20 : 1 << 20; /* for small chunks */
        assert_in_range(end_at_every_read(options, in_path), 2, 100);
        options.scores = other_path;
        assert_in_range(end_at_every_read(options, other_path), i == 1 ? 0 : 2, 100);
        prune_method_release(methods[i]);
    }
    prune_checkpoint_options options = PRUNE_CHECKPOINT_OPTIONS_INIT;
    options.masks = other_path;
    assert_in_range(end_at_every_read(options, in_path), 2, 100);
    assert_in_range(end_at_every_read(options, other_path), 2, 100);
}

/* Ones by the names b and a, a vector between them: the ties of a global choice are counted once more, since a is written
 * first. */
static void so_is_one_that_ends_while_ties_are_counted(void **state)
{
    (void)state;
    enum { SIZE = 12000 };
    static char file[400 + 3 * SIZE];
    prune_method *method = l1_lowest(4000);
    prune_checkpoint_options options = PRUNE_CHECKPOINT_OPTIONS_INIT;
    int length = snprintf(file + 8, 400,
                          "{\"b\":{\"dtype\":\"F32\",\"shape\":[1,3000],\"data_offsets\":[0,12000]},"
                          "\"v\":{\"dtype\":\"F32\",\"shape\":[3000],\"data_offsets\":[12000,24000]},"
                          "\"a\":{\"dtype\":\"F32\",\"shape\":[1,3000],\"data_offsets\":[24000,36000]}}");
    file[0] = (char)length;
    for (int i = 0; i < 9000; i++)
        memcpy(file + 8 + length + i * 4, &(float){ 1 }, 4);
    write_file(in_path, file, 8 + (size_t)length + 3 * SIZE);
    write_file(other_path, "", 0);
    options.method = method;
    options.global = true;
    assert_in_range(end_at_every_read(options, in_path), 8, 100);
    prune_method_release(method);
}

/* ---- Devices and pipes ---- */

static void a_full_device_is_an_io_error(void **state)
{
    (void)state;
    prune_method *method = l1_lowest(1);
    prune_checkpoint_options options = PRUNE_CHECKPOINT_OPTIONS_INIT;
    FILE *full_device = fopen("/dev/full", "wb");
    if (full_device) {
        fclose(full_device);
        save_wide();
        options.output_format = PRUNE_FORMAT_SAFETENSORS;
        for (int i = 0; i < 4; i++) { /* what is written first: a copy, or what is pruned */
            options.method = method;
            options.chooses = i % 2 ? choose_all : choose_none;
            options.keep_masks = i > 1;
            assert_fails(prune_checkpoint(in_path, "/dev/full", &options, NULL), PRUNE_ERROR_IO, "/dev/full");
        }
    }
    prune_method_release(method);
}

#if HAVE_POSIX

/* A descriptor from which the bytes of in_path can be read, and then the end. */
static int pipe_of_input(void)
{
    int ends[2];
    bytes b = read_whole(in_path);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], b.data, b.size), b.size);
    close(ends[1]);
    free(b.data);
    return ends[0];
}

static void a_pipe_is_read_into_memory(void **state)
{
    (void)state;
    char path[32];
    prune_dict *out = NULL;
    prune_method *method = l1_lowest(1);
    prune_tensor *t = make_tensor(PRUNE_SHAPE(1, 3), 3, 1, 2);
    prune_checkpoint_options options = PRUNE_CHECKPOINT_OPTIONS_INIT;
    options.method = method;
    save_one(in_path, "w", t);
    int end = pipe_of_input();
    snprintf(path, sizeof path, "/dev/fd/%d", end);
    assert_ok(prune_checkpoint(path, out_path, &options, NULL));
    close(end);
    assert_ok(prune_load(&out, out_path, NULL));
    assert_values(prune_dict_get(out, "w"), 3, 0, 2);
    options.max_memory = 60;
    end = pipe_of_input();
    snprintf(path, sizeof path, "/dev/fd/%d", end);
    assert_fails(prune_checkpoint(path, out_path, &options, NULL), PRUNE_ERROR_MEMORY,
                 "is a pipe, which is read into memory, and gives more than");
    close(end);
    options.max_memory = 1000; /* enough for the bytes, but not for the buffer that they are read into */
    end = pipe_of_input();
    snprintf(path, sizeof path, "/dev/fd/%d", end);
    assert_fails(prune_checkpoint(path, out_path, &options, NULL), PRUNE_ERROR_MEMORY, "this pipe takes");
    close(end);
    prune_tensor_release(t);
    prune_method_release(method);
    prune_dict_release(out);
}

static prune_status prune_pipe(void *context)
{
    char path[32];
    int end = pipe_of_input();
    snprintf(path, sizeof path, "/dev/fd/%d", end);
    prune_status status = prune_checkpoint(path, out_path, context, NULL);
    close(end);
    return status;
}

static void every_allocation_of_a_pipe_may_fail(void **state)
{
    (void)state;
    prune_method *method = l1_lowest(1);
    prune_tensor *t = make_tensor(PRUNE_SHAPE(1, 3), 3, 1, 2);
    prune_checkpoint_options options = PRUNE_CHECKPOINT_OPTIONS_INIT;
    options.method = method;
    save_one(in_path, "w", t);
    try_every_allocation(prune_pipe, NULL, NULL, &options);
    prune_tensor_release(t);
    prune_method_release(method);
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_chosen_keeps_its_mask),
        cmocka_unit_test(big_endian_files_are_turned_round),
        cmocka_unit_test(a_file_that_ends_meanwhile_is_truncated),
        cmocka_unit_test(so_is_one_that_ends_while_ties_are_counted),
        cmocka_unit_test(a_full_device_is_an_io_error),
#if HAVE_POSIX
        cmocka_unit_test(a_pipe_is_read_into_memory),
        cmocka_unit_test(every_allocation_of_a_pipe_may_fail),
#endif
    };
    int failed = cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
    remove_files();
    return failed;
}
