/* Reading and writing safetensors. */
static const char path[] = "test_safetensors.tmp";

#include "safetensors_support.h"

/* ---- The reference's bytes ---- */

static void a_file_of_the_reference_is_read(void **state)
{
    (void)state;
    char file[1024];
    size_t size = make_reference(file);
    prune_dict *expected = reference_dict();
    prune_dict *dict = NULL;
    assert_ok(prune_load_memory(&dict, file, size, NULL));
    memset(file, 0, sizeof file); /* need not stay */
    assert_keys(dict, "n", "d", odd_name, "e", "w", "i", "g", "h", "u", "b");
    for (int64_t i = 0; i < prune_dict_size(dict); i++)
        assert_same_bits(prune_dict_value(dict, i), prune_dict_get(expected, prune_dict_key(dict, i)));
    assert_string_equal(prune_dict_get_metadata(dict, "format"), "pt");
    assert_null(prune_dict_metadata_key(dict, 1));
    prune_dict_release(dict);
    prune_dict_release(expected);
}

static void the_bytes_written_are_the_references(void **state)
{
    (void)state;
    char expected[1024];
    char got[1024];
    size_t size = make_reference(expected);
    prune_dict *dict = reference_dict();
    assert_ok(prune_save(path, dict, PRUNE_FORMAT_SAFETENSORS));
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fread(got, 1, sizeof got, file), size);
    fclose(file);
    assert_memory_equal(got, expected, size);
    prune_dict_release(round_trip(dict));
    prune_dict_release(dict);
}

static void an_empty_dict_is_a_file(void **state)
{
    (void)state;
    prune_dict *dict = empty_dict();
    prune_dict_release(round_trip(dict));
    assert_ok(prune_save(path, dict, PRUNE_FORMAT_SAFETENSORS));
    char got[32];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fread(got, 1, sizeof got, file), 16);
    fclose(file);
    assert_memory_equal(got, "\x08\0\0\0\0\0\0\0{}      ", 16);
    remove(path);
    prune_dict_release(dict);
}

/* ---- Round trips ---- */

static const prune_dtype all_dtypes[] = {
#define DTYPE_NAME(name, value, torch_name, bytes) name,
    PRUNE_DTYPE_MAP(DTYPE_NAME)
#undef DTYPE_NAME
};

enum { DTYPES = sizeof all_dtypes / sizeof all_dtypes[0] };

static void every_dtype_keeps_its_bits(void **state)
{
    (void)state;
    static const float values[] = { 0, 1, 2, 3, 100, 255 };
    prune_dict *dict = empty_dict();
    for (int i = 0; i < DTYPES; i++)
        put(dict, prune_dtype_name(all_dtypes[i]), of_values(all_dtypes[i], values, PRUNE_SHAPE(3, 2)));
    prune_dict *loaded = round_trip(dict);
    assert_keys(loaded, "torch.int64", "torch.float64", "torch.float32", "torch.int32", "torch.bfloat16",
                "torch.float16", "torch.uint8", "torch.bool");
    prune_dict_release(loaded);
    prune_dict_release(dict);
}

static void special_values_keep_their_bits(void **state)
{
    (void)state;
    static const float values[] = { NAN, -NAN, INFINITY, -INFINITY, -0.0f, 1e-45f, 3.4e38f };
    prune_dict *dict = empty_dict();
    put(dict, "f32", of_values(PRUNE_FLOAT32, values, PRUNE_SHAPE(7)));
    put(dict, "f64", of_values(PRUNE_FLOAT64, values, PRUNE_SHAPE(7)));
    put(dict, "f16", of_values(PRUNE_FLOAT16, values, PRUNE_SHAPE(7)));
    put(dict, "bf16", of_values(PRUNE_BFLOAT16, values, PRUNE_SHAPE(7)));
    prune_dict_release(round_trip(dict));
    prune_dict_release(dict);
}

static void scalars_and_empty_tensors_keep_their_shapes(void **state)
{
    (void)state;
    prune_dict *dict = empty_dict();
    put(dict, "scalar", of_values(PRUNE_FLOAT32, (const float[]){ 3 }, PRUNE_SCALAR));
    put(dict, "one", of_values(PRUNE_FLOAT32, (const float[]){ 3 }, PRUNE_SHAPE(1, 1, 1)));
    put(dict, "z", zeros(PRUNE_FLOAT32, PRUNE_SHAPE(0)));
    put(dict, "x", zeros(PRUNE_FLOAT32, PRUNE_SHAPE(3, 0, 2)));
    put(dict, "y", zeros(PRUNE_BOOL, PRUNE_SHAPE(0, 0)));
    prune_dict *loaded = round_trip(dict);
    assert_keys(loaded, "one", "scalar", "x", "y", "z");
    prune_dict_release(loaded);
    prune_dict_release(dict);
}

static void empty_tensors_at_one_place_come_by_name(void **state)
{
    (void)state;
    char file[512];
    size_t size = make_file(file,
                            "{'d':{'dtype':'U8','shape':[0],'data_offsets':[1,1]},"
                            "'b':{'dtype':'U8','shape':[1],'data_offsets':[0,1]},"
                            "'c':{'dtype':'F32','shape':[0],'data_offsets':[1,1]},"
                            "'a':{'dtype':'U8','shape':[0],'data_offsets':[1,1]},"
                            "'e':{'dtype':'U8','shape':[0],'data_offsets':[0,0]}}",
                            "\x07", 1);
    prune_dict *dict = NULL;
    assert_ok(prune_load_memory(&dict, file, size, NULL));
    assert_keys(dict, "e", "b", "a", "c", "d");
    prune_dict_release(dict);
}

static void metadata_is_kept_and_sorted(void **state)
{
    (void)state;
    prune_dict *dict = empty_dict();
    assert_ok(prune_dict_set_metadata(dict, "z", ""));
    assert_ok(prune_dict_set_metadata(dict, "", "no key"));
    assert_ok(prune_dict_set_metadata(dict, "a\n\"", "quote \" back \\ \x01 \xe2\x82\xac \xf0\x9f\x98\x80"));
    assert_ok(prune_dict_set_metadata(dict, "\xc3\xa9", "v"));
    assert_ok(prune_dict_set_metadata(dict, "__metadata__", "w"));
    prune_dict *loaded = round_trip(dict);
    static const char *const keys[] = { "", "__metadata__", "a\n\"", "z", "\xc3\xa9" };
    for (int64_t i = 0; i < 5; i++) {
        assert_string_equal(prune_dict_metadata_key(loaded, i), keys[i]);
        assert_string_equal(prune_dict_get_metadata(loaded, keys[i]), prune_dict_get_metadata(dict, keys[i]));
    }
    assert_null(prune_dict_metadata_key(loaded, 5));
    prune_dict_release(loaded);
    prune_dict_release(dict);
}

static void names_may_be_long_and_strange(void **state)
{
    (void)state;
    static char name[300001];
    memset(name, 'n', 300000);
    memcpy(name + 299990, "\xf0\x9f\x98\x80/\\\"", 7);
    prune_dict *dict = empty_dict();
    put(dict, name, counted_as(PRUNE_FLOAT32, PRUNE_SHAPE(3)));
    put(dict, "", counted_as(PRUNE_FLOAT32, PRUNE_SHAPE(2)));
    put(dict, "__metadata", counted_as(PRUNE_FLOAT32, PRUNE_SHAPE(1)));
    put(dict, "../../etc/passwd\x1b[2J\x7f", counted_as(PRUNE_FLOAT32, PRUNE_SHAPE(1)));
    prune_dict_release(round_trip(dict));
    prune_dict_release(dict);
}

/* ---- Strides ---- */

static void views_are_written_in_logical_order(void **state)
{
    (void)state;
    prune_dict *dict = empty_dict();
    for (int i = 0; i < DTYPES; i++)
        add_views(dict, prune_dtype_name(all_dtypes[i]), all_dtypes[i]);
    prune_tensor *empty = zeros(PRUNE_FLOAT32, PRUNE_SHAPE(3, 0));
    prune_tensor *view = NULL;
    assert_ok(prune_tensor_transpose(&view, empty, 0, 1));
    put(dict, "empty", view);
    prune_tensor_release(empty);
    prune_dict_release(round_trip(dict));
    prune_dict_release(dict);
}

static void large_views_go_through_a_small_buffer(void **state)
{
    (void)state;
    prune_tensor *base = counted_as(PRUNE_FLOAT32, PRUNE_SHAPE(301, 127));
    prune_tensor *wide = counted_as(PRUNE_INT64, PRUNE_SHAPE(2, 20000));
    prune_tensor *view = NULL;
    prune_dict *dict = empty_dict();
    assert_ok(prune_tensor_transpose(&view, base, 0, 1));
    put(dict, "a", view);
    assert_ok(prune_tensor_slice(&view, wide, 1, 0, INT64_MAX, 2));
    put(dict, "b", view);
    prune_dict_release(round_trip(dict));
    prune_dict_release(dict);
    prune_tensor_release(base);
    prune_tensor_release(wide);
}

static void tensors_that_share_memory_are_each_written(void **state)
{
    (void)state;
    prune_dict *dict = empty_dict();
    prune_tensor *t = counted_as(PRUNE_FLOAT32, PRUNE_SHAPE(4));
    assert_ok(prune_dict_set(dict, "a", t));
    assert_ok(prune_dict_set(dict, "b", t));
    prune_tensor_release(t);
    prune_dict *loaded = round_trip(dict);
    assert_ok(prune_tensor_fill_(prune_dict_get(loaded, "a"), 9));
    assert_values(prune_dict_get(loaded, "b"), 0, 1, 2, 3);
    prune_tensor *kept = prune_tensor_retain(prune_dict_get(loaded, "a"));
    prune_dict_release(loaded); /* and b's memory with it */
    assert_values(kept, 9, 9, 9, 9);
    prune_tensor_release(kept);
    prune_dict_release(dict);
}

/* ---- Options ---- */

static void floats_become_float32_when_asked(void **state)
{
    (void)state;
    prune_load_options options = PRUNE_LOAD_OPTIONS_INIT;
    options.to_float32 = true;
    prune_dict *dict = reference_dict();
    assert_ok(prune_save(path, dict, PRUNE_FORMAT_SAFETENSORS));
    prune_dict *loaded = load(&options);
    assert_keys(loaded, "n", "d", odd_name, "e", "w", "i", "g", "h", "u", "b");
    assert_values(prune_dict_get(loaded, "d"), INFINITY);
    assert_values(prune_dict_get(loaded, "g"), 3);
    assert_values(prune_dict_get(loaded, "h"), 0.5f, -1);
    assert_values(prune_dict_get(loaded, "w"), 1.5f, -2, INFINITY, 0);
    assert_shape(prune_dict_get(loaded, "w"), 2, 2);
    static const char *const others[] = { "n", "i", "u", "b" };
    for (int i = 0; i < 4; i++)
        assert_same_bits(prune_dict_get(loaded, others[i]), prune_dict_get(dict, others[i]));
    remove(path);
    prune_dict_release(loaded);
    prune_dict_release(dict);
}

static void record(void *context, const char *name, const char *dtype)
{
    char *list = context;
    strcat(strcat(strcat(strcat(list, name), "="), dtype), ";");
}

static void dtypes_that_are_not_held_are_skipped_or_refused(void **state)
{
    (void)state;
    char file[512];
    char list[256] = "";
    prune_dict *dict = NULL;
    prune_load_options options = PRUNE_LOAD_OPTIONS_INIT;
    size_t size = make_file(file, others_header, "\0\0\0\0\x80\x3f\0\0", 8);
    assert_fails(prune_load_memory(&dict, file, size, NULL), PRUNE_ERROR_UNSUPPORTED,
                 "unsup: dtypes that are not held: 'a' (I8), 'b\\x0a' (F8_E4M3), 'd' (F4)");
    assert_fails(prune_load_memory(&dict, file, size, &options), PRUNE_ERROR_UNSUPPORTED, "unsup: ");
    assert_null(dict);
    options.skipped = record;
    options.context = list;
    assert_ok(prune_load_memory(&dict, file, size, &options));
    assert_string_equal(list, "a=I8;b\n=F8_E4M3;d=F4;");
    assert_keys(dict, "c");
    assert_values(prune_dict_get(dict, "c"), 1);
    prune_dict_release(dict);
}

static void every_other_dtype_of_the_format_is_known(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int bits;
    } others[] = {
        { "F4", 4 },      { "F6_E2M3", 6 }, { "F6_E3M2", 6 },     { "I8", 8 },          { "F8_E5M2", 8 },
        { "F8_E4M3", 8 }, { "F8_E8M0", 8 }, { "F8_E4M3FNUZ", 8 }, { "F8_E5M2FNUZ", 8 }, { "I16", 16 },
        { "U16", 16 },    { "U32", 32 },    { "C64", 64 },        { "U64", 64 },
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        char header[128];
        char file[256];
        char list[64] = "";
        char expected[64];
        prune_dict *dict = NULL;
        prune_load_options options = PRUNE_LOAD_OPTIONS_INIT;
        options.skipped = record;
        options.context = list;
        snprintf(header, sizeof header, "{'a':{'dtype':'%s','shape':[4],'data_offsets':[0,%d]}}", others[i].name,
                 others[i].bits / 2);
        size_t size = make_file(file, header, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
                                (size_t)others[i].bits / 2);
        assert_ok(prune_load_memory(&dict, file, size, &options));
        snprintf(expected, sizeof expected, "a=%s;", others[i].name);
        assert_string_equal(list, expected);
        assert_int_equal(prune_dict_size(dict), 0);
        prune_dict_release(dict);
    }
}

static void long_lists_of_refused_tensors_are_cut(void **state)
{
    (void)state;
    char header[1024] = "{";
    char file[1200];
    prune_dict *dict = NULL;
    for (int i = 0; i < 12; i++)
        snprintf(header + strlen(header), sizeof header - strlen(header),
                 "%s't%02d':{'dtype':'I8','shape':[0],'data_offsets':[0,0]}", i > 0 ? "," : "", i);
    strcat(header, "}");
    size_t size = make_file(file, header, "", 0);
    assert_fails(prune_load_memory(&dict, file, size, NULL), PRUNE_ERROR_UNSUPPORTED,
                 "'t08' (I8), 't09' (I8) and 2 more");
}

static void any_byte_but_0_is_true(void **state)
{
    (void)state;
    char file[256];
    prune_dict *dict = NULL;
    size_t size = make_file(file, "{'b':{'dtype':'BOOL','shape':[5],'data_offsets':[0,5]}}", "\x00\x01\x02\x80\xff", 5);
    assert_ok(prune_load_memory(&dict, file, size, NULL));
    assert_memory_equal(prune_tensor_raw_data(prune_dict_value(dict, 0)), "\0\1\1\1\1", 5);
    prune_dict_release(dict);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_of_the_reference_is_read),
        cmocka_unit_test(the_bytes_written_are_the_references),
        cmocka_unit_test(an_empty_dict_is_a_file),
        cmocka_unit_test(every_dtype_keeps_its_bits),
        cmocka_unit_test(special_values_keep_their_bits),
        cmocka_unit_test(scalars_and_empty_tensors_keep_their_shapes),
        cmocka_unit_test(empty_tensors_at_one_place_come_by_name),
        cmocka_unit_test(metadata_is_kept_and_sorted),
        cmocka_unit_test(names_may_be_long_and_strange),
        cmocka_unit_test(views_are_written_in_logical_order),
        cmocka_unit_test(large_views_go_through_a_small_buffer),
        cmocka_unit_test(tensors_that_share_memory_are_each_written),
        cmocka_unit_test(floats_become_float32_when_asked),
        cmocka_unit_test(dtypes_that_are_not_held_are_skipped_or_refused),
        cmocka_unit_test(every_other_dtype_of_the_format_is_known),
        cmocka_unit_test(long_lists_of_refused_tensors_are_cut),
        cmocka_unit_test(any_byte_but_0_is_true),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
