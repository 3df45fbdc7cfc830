/* Loading with mmap: tensors that lie in the file, as far as it can be mapped, and are else as ever. */
#if defined(__unix__) || defined(__APPLE__)
#define _POSIX_C_SOURCE 200809L
#include <unistd.h>
#endif

static const char path[] = "test_mmap.safetensors";

#include "bytes_support.h"
#include "npy_support.h"
#include "pruning.h"
#include "pt_support.h"
#include "safetensors_support.h"

static const char *const every_path[] = { "test_mmap.safetensors", "test_mmap.pt", "test_mmap.npz", "test_mmap.npy" };

static const prune_load_options mapping = { .size = sizeof(prune_load_options), .mmap = true };

static bool has_mappings(void)
{
#if defined(__unix__) || defined(__APPLE__)
    return true;
#else
    return false;
#endif
}

/* Files are little-endian, but for those that say otherwise. */
static bool maps(void)
{
    return has_mappings() && !pruni_is_big_endian();
}

static bool is_mapped(const prune_tensor *t)
{
    return t->storage->release != NULL;
}

static prune_dict *load_from(const char *from, const prune_load_options *options)
{
    prune_dict *dict = NULL;
    assert_ok(prune_load(&dict, from, options));
    return dict;
}

static void save_counted(const char *to, int64_t count)
{
    prune_dict *dict = empty_dict();
    put(dict, "w", counted(PRUNE_SHAPE(count)));
    assert_ok(prune_save(to, dict, PRUNE_FORMAT_AUTO));
    prune_dict_release(dict);
}

static void expect_unchanged(const char *file_name, bytes before)
{
    bytes now = read_whole(file_name);
    assert_int_equal(now.size, before.size);
    assert_memory_equal(now.data, before.data, now.size);
    free(now.data);
}

/* ---- What is mapped ---- */

/* What NumPy has not is left out. */
static prune_dict *dict_for(const char *file_name)
{
    prune_dict *dict = empty_dict(), *all = reference_dict();
    bool is_numpy = strstr(file_name, ".np") != NULL, is_one = strstr(file_name, ".npy") != NULL;
    for (int64_t i = 0; i < prune_dict_size(all); i++) {
        prune_tensor *t = prune_dict_value(all, i);
        if ((!is_numpy || prune_tensor_dtype(t) != PRUNE_BFLOAT16) && (!is_one || i == 0))
            assert_ok(prune_dict_set(dict, prune_dict_key(all, i), t));
    }
    prune_dict_release(all);
    return dict;
}

static void tensors_of_every_format_lie_in_the_file(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(every_path); i++) {
        prune_dict *saved = dict_for(every_path[i]);
        assert_ok(prune_save(every_path[i], saved, PRUNE_FORMAT_AUTO));
        prune_dict *read = load_from(every_path[i], NULL), *mapped = load_from(every_path[i], &mapping);
        assert_int_equal(prune_dict_size(mapped), prune_dict_size(saved));
        for (int64_t k = 0; k < prune_dict_size(read); k++) {
            const prune_tensor *t = prune_dict_value(mapped, k);
            bool can_be = prune_tensor_dtype(t) != PRUNE_BOOL && prune_tensor_numel(t) > 0;
            assert_string_equal(prune_dict_key(mapped, k), prune_dict_key(read, k));
            assert_same_bits(t, prune_dict_value(read, k));
            assert_true(prune_tensor_is_contiguous(t));
            assert_false(is_mapped(prune_dict_value(read, k)));
            assert_int_equal(is_mapped(t), maps() && can_be);
        }
        remove(every_path[i]);
        prune_dict_release(saved);
        prune_dict_release(read);
        prune_dict_release(mapped);
    }
}

/* Loads the file with and without mmap: the same, and the tensor is mapped or not. */
static void expect_tensor(const char *what, const prune_load_options *options, const char *key, bool is_in_file)
{
    prune_load_options without = *options;
    without.mmap = false;
    prune_dict *read = load_from(path, &without), *mapped = load_from(path, options);
    const prune_tensor *t = prune_dict_get(mapped, key);
    assert_same_bits(t, prune_dict_get(read, key));
    if (is_mapped(t) != is_in_file)
        fail_msg("%s: %s", what, is_in_file ? "is read" : "lies in the file");
    prune_dict_release(read);
    prune_dict_release(mapped);
    remove(path);
}

/* 8 bytes of data, so many behind a multiple of 8. */
static void write_numbers(const char *header, int behind)
{
    char file[256], padded[128];
    (void)snprintf(padded, sizeof padded, "%s", header);
    while ((8 + strlen(padded)) % 8 != (size_t)behind)
        strcat(padded, " ");
    write_file(path, file, make_file(file, padded, "\0\0\x80\x3f\0\0\0\x40", 8));
}

static void what_the_file_has_otherwise_is_read(void **state)
{
    (void)state;
    static const char floats[] = "{'w':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}}";
    static const char halves[] = "{'w':{'dtype':'BF16','shape':[4],'data_offsets':[0,8]}}";
    prune_load_options options = mapping;
    write_numbers(floats, 4);
    expect_tensor("aligned", &options, "w", maps());
    for (int behind = 1; behind < 4; behind++) {
        write_numbers(floats, behind);
        expect_tensor("not aligned", &options, "w", false);
    }
    write_numbers(halves, 2);
    expect_tensor("aligned to two", &options, "w", maps());
    options.to_float32 = true;
    write_numbers(halves, 2);
    expect_tensor("converted", &options, "w", false);
}

static void floats_that_need_no_conversion_lie_in_the_file(void **state)
{
    (void)state;
    prune_load_options options = mapping;
    options.to_float32 = true;
    save_counted(path, 10);
    expect_tensor("float32", &options, "w", maps());
    prune_dict *dict = empty_dict();
    put(dict, "w", counted_as(PRUNE_INT64, PRUNE_SHAPE(3)));
    assert_ok(prune_save(path, dict, PRUNE_FORMAT_AUTO));
    prune_dict_release(dict);
    expect_tensor("int64", &options, "w", maps());
}

static void arrays_in_another_order_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *what, *little, *big;
        bool is_mapped[2];
    } arrays[] = {
        { "rows", NPY_HEADER("<f4", "False", "(2, 3)"), NPY_HEADER(">f4", "False", "(2, 3)"), { true, false } },
        { "columns", NPY_HEADER("<f4", "True", "(2, 3)"), NPY_HEADER(">f4", "True", "(2, 3)"), { false, false } },
    };
    char file[NPY_MAX], header[128];
    for (size_t i = 0; i < COUNT_OF(arrays); i++)
        for (int k = 0; k < 2; k++) {
            bool is_big = pruni_is_big_endian() != (k == 1);
            (void)snprintf(header, sizeof header, "%s", is_big ? arrays[i].big : arrays[i].little);
            while ((10 + strlen(header)) % 4 != 0) /* aligned, so that it is not for that */
                strcat(header, " ");
            write_file(path, file, make_npy(file, 1, header, 24));
            expect_tensor(arrays[i].what, &mapping, "arr_0", has_mappings() && arrays[i].is_mapped[k]);
        }
}

static void tensors_of_one_storage_stay_apart(void **state)
{
    (void)state;
    static const char *const files[] = { "views.pt", "views_legacy.pt" };
    char from[1024];
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        (void)snprintf(from, sizeof from, "%s/fuzz/corpus/pt/%s", PRUNE_TESTS_DIR, files[i]);
        prune_dict *dict = load_from(from, &mapping);
        for (int64_t k = 1; k < prune_dict_size(dict); k++)
            assert_false(is_mapped(prune_dict_value(dict, k)));
        if (i == 0)
            assert_int_equal(is_mapped(prune_dict_get(dict, "whole")), maps());
        assert_ok(prune_tensor_fill_(prune_dict_get(dict, "whole"), -1));
        assert_values(prune_dict_get(dict, "row"), 4, 5, 6, 7);
        assert_values(prune_dict_get(dict, "column"), 2, 6, 10);
        prune_dict_release(dict);
    }
}

static void what_is_no_file_is_read(void **state)
{
    (void)state;
    save_counted(path, 3);
    bytes file = read_whole(path);
    prune_dict *dict = NULL;
    assert_ok(prune_load_memory(&dict, file.data, file.size, &mapping));
    assert_false(is_mapped(prune_dict_get(dict, "w")));
    prune_dict_release(dict);
#if defined(__unix__) || defined(__APPLE__)
    int ends[2];
    char name[32];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], file.data, file.size), file.size);
    close(ends[1]);
    snprintf(name, sizeof name, "/dev/fd/%d", ends[0]);
    dict = load_from(name, &mapping);
    close(ends[0]);
    assert_false(is_mapped(prune_dict_get(dict, "w")));
    assert_values(prune_dict_get(dict, "w"), 0, 1, 2);
    prune_dict_release(dict);
#endif
    free(file.data);
    remove(path);
}

/* A file that got shorter after it was checked. */
static void what_the_mapping_does_not_reach_is_read(void **state)
{
    (void)state;
    pruni_file file;
    pruni_mapping *short_one = NULL;
    prune_tensor *t = NULL;
    save_counted(path, 4);
    assert_ok(pruni_file_open(&file, path, &mapping));
    assert_ok(pruni_mapping_create(&short_one, &file.input));
    file.tensors[0].offset += 4;
    assert_ok(pruni_mapping_tensor(&t, short_one, &file.tensors[0]));
    assert_null(t);
    file.tensors[0].bytes = UINT64_MAX - 3;
    assert_ok(pruni_mapping_tensor(&t, short_one, &file.tensors[0]));
    assert_null(t);
    assert_ok(pruni_mapping_tensor(&t, NULL, &file.tensors[0]));
    assert_null(t);
    pruni_mapping_release(short_one);
    pruni_file_close(&file);
    remove(path);
}

/* ---- What can be done with it ---- */

static void writing_leaves_the_file_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(every_path); i++) {
        save_counted(every_path[i], 2000);
        bytes before = read_whole(every_path[i]);
        prune_dict *dict = load_from(every_path[i], &mapping), *again = load_from(every_path[i], &mapping);
        prune_tensor *t = prune_dict_value(dict, 0);
        float *data = prune_tensor_data_mutable(t);
        assert_non_null(data);
        data[0] = 7;
        data[1999] = 8;
        assert_int_equal(prune_tensor_data(prune_dict_value(again, 0))[1999], 1999);
        assert_ok(prune_tensor_fill_(t, 3));
        prune_dict_release(again);
        prune_dict_release(dict);
        expect_unchanged(every_path[i], before);
        free(before.data);
        remove(every_path[i]);
    }
}

static void tensors_outlive_the_dict_and_the_file(void **state)
{
    (void)state;
    prune_dict *dict = empty_dict();
    put(dict, "a", counted(PRUNE_SHAPE(3)));
    put(dict, "b", counted(PRUNE_SHAPE(5)));
    assert_ok(prune_save(path, dict, PRUNE_FORMAT_AUTO));
    prune_dict_release(dict);
    dict = load_from(path, &mapping);
    prune_tensor *a = prune_tensor_retain(prune_dict_get(dict, "a")), *view = NULL;
    assert_ok(prune_tensor_slice(&view, prune_dict_get(dict, "b"), 0, 1, 4, 1));
    prune_dict_release(dict);
    remove(path);
    assert_values(a, 0, 1, 2);
    prune_tensor_release(a);
    assert_values(view, 1, 2, 3);
    prune_tensor_release(view);
}

static void a_file_can_be_saved_over_itself(void **state)
{
    (void)state;
    save_counted(path, 4);
    prune_dict *dict = load_from(path, &mapping);
    bytes before = read_whole(path);
    assert_ok(prune_save(path, dict, PRUNE_FORMAT_AUTO));
    expect_unchanged(path, before);
    assert_values(prune_dict_get(dict, "w"), 0, 1, 2, 3);
    free(before.data);
    prune_dict_release(dict);
    remove(path);
}

static void prune_twice_and_remove(prune_module *net)
{
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    assert_ok(prune_remove(net, "weight"));
}

/* As memory that was read: remove writes to it if no other handle sees it, else to new memory. */
static void a_mapped_parameter_is_pruned_as_any(void **state)
{
    (void)state;
    for (int has_view = 0; has_view < 2; has_view++) {
        save_counted(path, 5);
        bytes before = read_whole(path);
        prune_dict *dict = load_from(path, &mapping);
        prune_tensor *t = prune_tensor_retain(prune_dict_get(dict, "w")), *view = NULL;
        if (has_view)
            assert_ok(prune_tensor_view(&view, t, PRUNE_SHAPE(5)));
        prune_dict_release(dict);
        prune_module *net = NULL;
        assert_ok(prune_module_create(&net, "Net", NULL, NULL));
        assert_ok(prune_module_register_parameter(net, "weight", t));
        prune_tensor_release(t);
        prune_twice_and_remove(net);
        const prune_tensor *weight = prune_module_get_parameter(net, "weight");
        assert_values(weight, 0, 0, 2, 3, 4);
        assert_int_equal(is_mapped(weight), maps() && !has_view);
        if (view)
            assert_values(view, 0, 1, 2, 3, 4);
        prune_tensor_release(view);
        prune_module_release(net);
        expect_unchanged(path, before);
        free(before.data);
        remove(path);
    }
}

/* ---- Memory ---- */

static void mapping_without_memory_gives_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(every_path); i++) {
        prune_dict *dict = dict_for(every_path[i]);
        assert_ok(prune_save(every_path[i], dict, PRUNE_FORMAT_AUTO));
        prune_dict_release(dict);
        load_without_memory((loading){ .path = every_path[i], .options = &mapping });
        remove(every_path[i]);
    }
}

static size_t memory_of(int64_t count)
{
    size_t before = peak = live;
    save_counted(path, count);
    peak = live;
    prune_dict *dict = load_from(path, &mapping);
    size_t taken = peak - before;
    prune_dict_release(dict);
    remove(path);
    return taken;
}

static void memory_does_not_grow_with_the_file(void **state)
{
    (void)state;
    size_t least = memory_of(1000);
    assert_in_range(least, 1, maps() ? 4000 : 8000); /* with the 1000 floats themselves */
    assert_in_range(memory_of(1000000), least, maps() ? least + 64 : SIZE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensors_of_every_format_lie_in_the_file),
        cmocka_unit_test(what_the_file_has_otherwise_is_read),
        cmocka_unit_test(floats_that_need_no_conversion_lie_in_the_file),
        cmocka_unit_test(arrays_in_another_order_are_read),
        cmocka_unit_test(tensors_of_one_storage_stay_apart),
        cmocka_unit_test(what_is_no_file_is_read),
        cmocka_unit_test(what_the_mapping_does_not_reach_is_read),
        cmocka_unit_test(writing_leaves_the_file_alone),
        cmocka_unit_test(tensors_outlive_the_dict_and_the_file),
        cmocka_unit_test(a_file_can_be_saved_over_itself),
        cmocka_unit_test(a_mapped_parameter_is_pruned_as_any),
        cmocka_unit_test(mapping_without_memory_gives_nothing),
    };
    const struct CMUnitTest counted_tests[] = { cmocka_unit_test(memory_does_not_grow_with_the_file) };
    int failed = cmocka_run_group_tests_name("mmap", tests, count_allocations, expect_no_leak);
    return cmocka_run_group_tests_name("memory of mmap", counted_tests, count_bytes, expect_no_bytes) || failed;
}
