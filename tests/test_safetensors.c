/* Reading and writing safetensors. */
#if defined(__unix__) || defined(__APPLE__)
#define _POSIX_C_SOURCE 200809L
#endif

#include "support.h"

#include "io/internal.h"

#if defined(__unix__) || defined(__APPLE__)
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#endif

static const char path[] = "test_safetensors.tmp";

/* ---- Help ---- */

static prune_dict *new_dict(void)
{
    prune_dict *dict = NULL;
    assert_ok(prune_dict_create(&dict));
    return dict;
}

static void add(prune_dict *dict, const char *name, prune_tensor *t)
{
    assert_ok(prune_dict_set(dict, name, t));
    prune_tensor_release(t);
}

static prune_tensor *of_values(prune_dtype dtype, const float *values, const int64_t *sizes, int64_t ndim)
{
    prune_tensor *t = NULL;
    prune_tensor *converted = NULL;
    assert_ok(prune_tensor_from_values(&t, values, sizes, ndim));
    assert_ok(prune_tensor_to(&converted, t, dtype));
    prune_tensor_release(t);
    return converted;
}

static prune_tensor *zeros(prune_dtype dtype, const int64_t *sizes, int64_t ndim)
{
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_zeros(&t, sizes, ndim, dtype));
    return t;
}

/* 0, 1, 2, … in this shape. */
static prune_tensor *counted(prune_dtype dtype, const int64_t *sizes, int64_t ndim)
{
    prune_tensor *line = NULL;
    prune_tensor *t = NULL;
    int64_t numel = 1;
    for (int64_t i = 0; i < ndim; i++)
        numel *= sizes[i];
    assert_ok(prune_tensor_arange(&line, 0, (double)numel, 1, dtype));
    assert_ok(prune_tensor_view(&t, line, sizes, ndim));
    prune_tensor_release(line);
    return t;
}

static prune_dict *load(const prune_safetensors_options *options)
{
    prune_dict *dict = NULL;
    assert_ok(prune_load_safetensors(&dict, path, options));
    return dict;
}

/* Saves, loads, compares every tensor with what was saved. */
static prune_dict *round_trip(const prune_dict *dict)
{
    assert_ok(prune_save_safetensors(path, dict));
    prune_dict *loaded = load(NULL);
    assert_int_equal(prune_dict_size(loaded), prune_dict_size(dict));
    for (int64_t i = 0; i < prune_dict_size(dict); i++) {
        const prune_tensor *t = prune_dict_get(loaded, prune_dict_key(dict, i));
        assert_same_bits(t, prune_dict_value(dict, i));
        assert_true(prune_tensor_is_contiguous(t));
        assert_false(prune_tensor_requires_grad(t));
    }
    remove(path);
    return loaded;
}

static void expect_keys(const prune_dict *dict, const char *const *keys, int64_t count)
{
    assert_int_equal(prune_dict_size(dict), count);
    for (int64_t i = 0; i < count; i++)
        assert_string_equal(prune_dict_key(dict, i), keys[i]);
}

#define assert_keys(dict, ...)                                \
    expect_keys((dict), (const char *const[]){ __VA_ARGS__ }, \
                (int64_t)(sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *)))

/* A file in memory with this header, in which ' stands for ", and these data. */
static size_t make_file(char *file, const char *header, const void *data, size_t data_size)
{
    size_t length = strlen(header);
    pruni_store_le64((unsigned char *)file, length);
    for (size_t i = 0; i < length; i++)
        file[8 + i] = header[i] == '\'' ? '"' : header[i];
    memcpy(file + 8 + length, data, data_size);
    return 8 + length + data_size;
}

/* ---- The reference's bytes ---- */

/* safetensors.torch.save({'w': torch.tensor([[1.5, -2.], [inf, 0.]]), 'b': torch.tensor([True, False, True]),
 * 'n': torch.tensor(7), 'd': torch.tensor([1e300], dtype=torch.float64),
 * 'h': torch.tensor([.5, -1.], dtype=torch.float16), 'g': torch.tensor([3.], dtype=torch.bfloat16),
 * 'i': torch.tensor([-2, 2**31 - 1], dtype=torch.int32), 'u': torch.tensor([255, 0], dtype=torch.uint8),
 * 'e': torch.zeros(0, 3), 'a"\\\n\x01é/': torch.tensor(1.)}, {'format': 'pt'}) */
static const char reference_header[] =
    "{'__metadata__':{'format':'pt'},'n':{'dtype':'I64','shape':[],'data_offsets':[0,8]},"
    "'d':{'dtype':'F64','shape':[1],'data_offsets':[8,16]},"
    "'a\\\"\\\\\\n\\u0001\xc3\xa9/':{'dtype':'F32','shape':[],'data_offsets':[16,20]},"
    "'e':{'dtype':'F32','shape':[0,3],'data_offsets':[20,20]},"
    "'w':{'dtype':'F32','shape':[2,2],'data_offsets':[20,36]},"
    "'i':{'dtype':'I32','shape':[2],'data_offsets':[36,44]},"
    "'g':{'dtype':'BF16','shape':[1],'data_offsets':[44,46]},"
    "'h':{'dtype':'F16','shape':[2],'data_offsets':[46,50]},"
    "'u':{'dtype':'U8','shape':[2],'data_offsets':[50,52]},"
    "'b':{'dtype':'BOOL','shape':[3],'data_offsets':[52,55]}}   ";
static const unsigned char reference_data[] = {
    0x07, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x9c, 0x75, 0x00, 0x88, 0x3c, 0xe4, 0x37, 0x7e, 0x00, 0x00, 0x80,
    0x3f, 0x00, 0x00, 0xc0, 0x3f, 0x00, 0x00, 0x00, 0xc0, 0x00, 0x00, 0x80, 0x7f, 0x00, 0x00, 0x00, 0x00, 0xfe, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x40, 0x40, 0x00, 0x38, 0x00, 0xbc, 0xff, 0x00, 0x01, 0x00, 0x01,
};
static const char odd_name[] = "a\"\\\n\x01\xc3\xa9/";

static prune_dict *reference_dict(void)
{
    static const double d = 1e300;
    static const int32_t i[2] = { -2, INT32_MAX };
    prune_dict *dict = new_dict();
    add(dict, "w", of_values(PRUNE_FLOAT32, (const float[]){ 1.5f, -2, INFINITY, 0 }, PRUNE_SHAPE(2, 2)));
    add(dict, "b", of_values(PRUNE_BOOL, (const float[]){ 1, 0, 1 }, PRUNE_SHAPE(3)));
    add(dict, "n", of_values(PRUNE_INT64, (const float[]){ 7 }, PRUNE_SCALAR));
    prune_tensor *t = zeros(PRUNE_FLOAT64, PRUNE_SHAPE(1));
    assert_ok(prune_tensor_fill_(t, d));
    add(dict, "d", t);
    add(dict, "h", of_values(PRUNE_FLOAT16, (const float[]){ 0.5f, -1 }, PRUNE_SHAPE(2)));
    add(dict, "g", of_values(PRUNE_BFLOAT16, (const float[]){ 3 }, PRUNE_SHAPE(1)));
    t = zeros(PRUNE_INT32, PRUNE_SHAPE(2));
    for (int64_t k = 0; k < 2; k++)
        assert_ok(prune_tensor_set(t, &k, 1, i[k]));
    add(dict, "i", t);
    add(dict, "u", of_values(PRUNE_UINT8, (const float[]){ 255, 0 }, PRUNE_SHAPE(2)));
    add(dict, "e", zeros(PRUNE_FLOAT32, PRUNE_SHAPE(0, 3)));
    add(dict, odd_name, of_values(PRUNE_FLOAT32, (const float[]){ 1 }, PRUNE_SCALAR));
    assert_ok(prune_dict_set_metadata(dict, "format", "pt"));
    return dict;
}

static size_t make_reference(char file[1024])
{
    return make_file(file, reference_header, reference_data, sizeof reference_data);
}

static void a_file_of_the_reference_is_read(void **state)
{
    (void)state;
    char file[1024];
    size_t size = make_reference(file);
    prune_dict *expected = reference_dict();
    prune_dict *dict = NULL;
    assert_ok(prune_parse_safetensors(&dict, file, size, NULL));
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
    assert_ok(prune_save_safetensors(path, dict));
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
    prune_dict *dict = new_dict();
    prune_dict_release(round_trip(dict));
    assert_ok(prune_save_safetensors(path, dict));
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
    prune_dict *dict = new_dict();
    for (int i = 0; i < DTYPES; i++)
        add(dict, prune_dtype_name(all_dtypes[i]), of_values(all_dtypes[i], values, PRUNE_SHAPE(3, 2)));
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
    prune_dict *dict = new_dict();
    add(dict, "f32", of_values(PRUNE_FLOAT32, values, PRUNE_SHAPE(7)));
    add(dict, "f64", of_values(PRUNE_FLOAT64, values, PRUNE_SHAPE(7)));
    add(dict, "f16", of_values(PRUNE_FLOAT16, values, PRUNE_SHAPE(7)));
    add(dict, "bf16", of_values(PRUNE_BFLOAT16, values, PRUNE_SHAPE(7)));
    prune_dict_release(round_trip(dict));
    prune_dict_release(dict);
}

static void scalars_and_empty_tensors_keep_their_shapes(void **state)
{
    (void)state;
    prune_dict *dict = new_dict();
    add(dict, "scalar", of_values(PRUNE_FLOAT32, (const float[]){ 3 }, PRUNE_SCALAR));
    add(dict, "one", of_values(PRUNE_FLOAT32, (const float[]){ 3 }, PRUNE_SHAPE(1, 1, 1)));
    add(dict, "z", zeros(PRUNE_FLOAT32, PRUNE_SHAPE(0)));
    add(dict, "x", zeros(PRUNE_FLOAT32, PRUNE_SHAPE(3, 0, 2)));
    add(dict, "y", zeros(PRUNE_BOOL, PRUNE_SHAPE(0, 0)));
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
    assert_ok(prune_parse_safetensors(&dict, file, size, NULL));
    assert_keys(dict, "e", "b", "a", "c", "d");
    prune_dict_release(dict);
}

static void metadata_is_kept_and_sorted(void **state)
{
    (void)state;
    prune_dict *dict = new_dict();
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
    prune_dict *dict = new_dict();
    add(dict, name, counted(PRUNE_FLOAT32, PRUNE_SHAPE(3)));
    add(dict, "", counted(PRUNE_FLOAT32, PRUNE_SHAPE(2)));
    add(dict, "__metadata", counted(PRUNE_FLOAT32, PRUNE_SHAPE(1)));
    add(dict, "../../etc/passwd\x1b[2J\x7f", counted(PRUNE_FLOAT32, PRUNE_SHAPE(1)));
    prune_dict_release(round_trip(dict));
    prune_dict_release(dict);
}

/* ---- Strides ---- */

static void add_views(prune_dict *dict, const char *prefix, prune_dtype dtype)
{
    enum { KINDS = 7 };
    static const char *const kinds[KINDS] = { "transposed", "stepped",  "narrowed", "expanded",
                                              "permuted",   "selected", "all" };
    prune_tensor *base = counted(dtype, PRUNE_SHAPE(3, 4, 5));
    prune_tensor *column = counted(dtype, PRUNE_SHAPE(4, 1));
    prune_tensor *views[KINDS] = { NULL };
    assert_ok(prune_tensor_transpose(&views[0], base, 0, 2));
    assert_ok(prune_tensor_slice(&views[1], base, 2, 1, INT64_MAX, 2));
    assert_ok(prune_tensor_narrow(&views[2], base, 1, 1, 2));
    assert_ok(prune_tensor_expand(&views[3], column, PRUNE_SHAPE(2, 4, 3)));
    assert_ok(prune_tensor_permute(&views[4], base, PRUNE_SHAPE(1, 2, 0)));
    assert_ok(prune_tensor_select(&views[5], base, 2, 3));
    assert_ok(prune_tensor_select(&views[6], column, 0, 2));
    for (int i = 0; i < KINDS; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s %s", prefix, kinds[i]);
        add(dict, name, views[i]);
    }
    prune_tensor_release(base);
    prune_tensor_release(column);
}

static void views_are_written_in_logical_order(void **state)
{
    (void)state;
    prune_dict *dict = new_dict();
    for (int i = 0; i < DTYPES; i++)
        add_views(dict, prune_dtype_name(all_dtypes[i]), all_dtypes[i]);
    prune_tensor *empty = zeros(PRUNE_FLOAT32, PRUNE_SHAPE(3, 0));
    prune_tensor *view = NULL;
    assert_ok(prune_tensor_transpose(&view, empty, 0, 1));
    add(dict, "empty", view);
    prune_tensor_release(empty);
    prune_dict_release(round_trip(dict));
    prune_dict_release(dict);
}

static void large_views_go_through_a_small_buffer(void **state)
{
    (void)state;
    prune_tensor *base = counted(PRUNE_FLOAT32, PRUNE_SHAPE(301, 127));
    prune_tensor *wide = counted(PRUNE_INT64, PRUNE_SHAPE(2, 20000));
    prune_tensor *view = NULL;
    prune_dict *dict = new_dict();
    assert_ok(prune_tensor_transpose(&view, base, 0, 1));
    add(dict, "a", view);
    assert_ok(prune_tensor_slice(&view, wide, 1, 0, INT64_MAX, 2));
    add(dict, "b", view);
    prune_dict_release(round_trip(dict));
    prune_dict_release(dict);
    prune_tensor_release(base);
    prune_tensor_release(wide);
}

static void tensors_that_share_memory_are_each_written(void **state)
{
    (void)state;
    prune_dict *dict = new_dict();
    prune_tensor *t = counted(PRUNE_FLOAT32, PRUNE_SHAPE(4));
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
    prune_safetensors_options options = PRUNE_SAFETENSORS_OPTIONS_INIT;
    options.to_float32 = true;
    prune_dict *dict = reference_dict();
    assert_ok(prune_save_safetensors(path, dict));
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

static const char others_header[] =
    "{'a':{'dtype':'I8','shape':[2],'data_offsets':[0,2]},"
    "'b\\n':{'dtype':'F8_E4M3','shape':[1],'data_offsets':[6,7]},"
    "'c':{'dtype':'F32','shape':[1],'data_offsets':[2,6]},"
    "'d':{'dtype':'F4','shape':[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2],'data_offsets':[7,8]}}";

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
    prune_safetensors_options options = PRUNE_SAFETENSORS_OPTIONS_INIT;
    size_t size = make_file(file, others_header, "\0\0\0\0\x80\x3f\0\0", 8);
    assert_fails(prune_parse_safetensors(&dict, file, size, NULL), PRUNE_ERROR_UNSUPPORTED,
                 "unsup: dtypes that are not held: 'a' (I8), 'b\\x0a' (F8_E4M3), 'd' (F4)");
    assert_fails(prune_parse_safetensors(&dict, file, size, &options), PRUNE_ERROR_UNSUPPORTED, "unsup: ");
    assert_null(dict);
    options.skipped = record;
    options.context = list;
    assert_ok(prune_parse_safetensors(&dict, file, size, &options));
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
        prune_safetensors_options options = PRUNE_SAFETENSORS_OPTIONS_INIT;
        options.skipped = record;
        options.context = list;
        snprintf(header, sizeof header, "{'a':{'dtype':'%s','shape':[4],'data_offsets':[0,%d]}}", others[i].name,
                 others[i].bits / 2);
        size_t size = make_file(file, header, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
                                (size_t)others[i].bits / 2);
        assert_ok(prune_parse_safetensors(&dict, file, size, &options));
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
    assert_fails(prune_parse_safetensors(&dict, file, size, NULL), PRUNE_ERROR_UNSUPPORTED,
                 "'t08' (I8), 't09' (I8) and 2 more");
}

static void any_byte_but_0_is_true(void **state)
{
    (void)state;
    char file[256];
    prune_dict *dict = NULL;
    size_t size = make_file(file, "{'b':{'dtype':'BOOL','shape':[5],'data_offsets':[0,5]}}", "\x00\x01\x02\x80\xff", 5);
    assert_ok(prune_parse_safetensors(&dict, file, size, NULL));
    assert_memory_equal(prune_tensor_raw_data(prune_dict_value(dict, 0)), "\0\1\1\1\1", 5);
    prune_dict_release(dict);
}

/* ---- Errors ---- */

static void arguments_are_checked(void **state)
{
    (void)state;
    prune_dict *dict = NULL;
    prune_dict *saved = new_dict();
    prune_safetensors_options options = PRUNE_SAFETENSORS_OPTIONS_INIT;
    options.size = 1;
    assert_fails(prune_load_safetensors(NULL, path, NULL), PRUNE_ERROR_TYPE, "prune_load_safetensors: argument 'out'");
    assert_fails(prune_load_safetensors(&dict, NULL, NULL), PRUNE_ERROR_TYPE, "argument 'path'");
    assert_fails(prune_load_safetensors(&dict, path, &options), PRUNE_ERROR_VALUE, "size");
    assert_fails(prune_parse_safetensors(NULL, "", 0, NULL), PRUNE_ERROR_TYPE,
                 "prune_parse_safetensors: argument 'out'");
    assert_fails(prune_parse_safetensors(&dict, NULL, 1, NULL), PRUNE_ERROR_TYPE, "argument 'data'");
    assert_fails(prune_parse_safetensors(&dict, NULL, 0, NULL), PRUNE_ERROR_FORMAT, "truncated: ");
    assert_fails(prune_parse_safetensors(&dict, "", 0, &options), PRUNE_ERROR_VALUE, "size");
    assert_fails(prune_save_safetensors(NULL, saved), PRUNE_ERROR_TYPE, "prune_save_safetensors: argument 'path'");
    assert_fails(prune_save_safetensors(path, NULL), PRUNE_ERROR_TYPE, "argument 'dict'");
    assert_null(dict);
    prune_dict_release(saved);
}

static void a_path_that_cannot_be_read_is_an_io_error(void **state)
{
    (void)state;
    prune_dict *dict = NULL;
    assert_fails(prune_load_safetensors(&dict, "no/such/file", NULL), PRUNE_ERROR_IO, "cannot open 'no/such/file': ");
    assert_fails(prune_load_safetensors(&dict, ".", NULL), PRUNE_ERROR_IO, "'.': ");
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
    assert_fails(prune_save_safetensors("no/such/file", dict), PRUNE_ERROR_IO, "cannot write 'no/such/file': ");
#if defined(__unix__) || defined(__APPLE__)
    assert_fails(prune_save_safetensors(".", dict), PRUNE_ERROR_IO, "cannot write '.': Is a directory");
    struct stat info;
    if (stat("/dev/full", &info) == 0)
        assert_fails(prune_save_safetensors("/dev/full", dict), PRUNE_ERROR_IO, "No space left on device");
#endif
    prune_dict_release(dict);
}

static void a_failed_save_leaves_the_old_file(void **state)
{
    (void)state;
    prune_dict *dict = new_dict();
    write_old_file();
    add(dict, "bad \xff name", counted(PRUNE_FLOAT32, PRUNE_SHAPE(1)));
    assert_fails(prune_save_safetensors(path, dict), PRUNE_ERROR_VALUE, "the name 'bad \\xff name' is not UTF-8");
    assert_ok(prune_dict_delete(dict, "bad \xff name"));
    add(dict, "__metadata__", counted(PRUNE_FLOAT32, PRUNE_SHAPE(1)));
    assert_fails(prune_save_safetensors(path, dict), PRUNE_ERROR_VALUE, "does not allow the name __metadata__");
    assert_ok(prune_dict_delete(dict, "__metadata__"));
    assert_ok(prune_dict_set_metadata(dict, "k\xc3", "v"));
    assert_fails(prune_save_safetensors(path, dict), PRUNE_ERROR_VALUE, "the metadata key 'k\\xc3' is not UTF-8");
    assert_ok(prune_dict_set_metadata(dict, "k\xc3", NULL));
    assert_ok(prune_dict_set_metadata(dict, "k", "v\xc3"));
    assert_fails(prune_save_safetensors(path, dict), PRUNE_ERROR_VALUE, "the metadata text of 'k' is not UTF-8");
    assert_ok(prune_dict_set_metadata(dict, "k", NULL));
    add(dict, "large", zeros(PRUNE_FLOAT32, PRUNE_SHAPE(INT64_C(1) << 60, 0)));
    assert_fails(prune_save_safetensors(path, dict), PRUNE_ERROR_VALUE,
                 "tensor 'large': torch.Size([1152921504606846976, 0]) is too large for the format");
    expect_old_file(NULL);
    remove(path);
    prune_dict_release(dict);
}

/* Expanded tensors of 2^60 bytes each take no memory, but no file holds sixteen of them. */
static void tensors_that_no_file_holds_are_a_value_error(void **state)
{
    (void)state;
    prune_dict *dict = new_dict();
    prune_tensor *one = zeros(PRUNE_UINT8, PRUNE_SHAPE(1));
    for (int i = 0; i < 16; i++) {
        char name[8];
        prune_tensor *view = NULL;
        snprintf(name, sizeof name, "%d", i);
        assert_ok(prune_tensor_expand(&view, one, PRUNE_SHAPE(INT64_C(1) << 60)));
        add(dict, name, view);
    }
    assert_fails(prune_save_safetensors(path, dict), PRUNE_ERROR_VALUE, "too large for one file");
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
    prune_dict *dict = new_dict();
    assert_ok(prune_dict_set_metadata(dict, "k", text));
    free(text);
    assert_fails(prune_save_safetensors(path, dict), PRUNE_ERROR_VALUE, "the format allows 100000000");
    prune_dict_release(dict);
}

#if defined(__unix__) || defined(__APPLE__)
static void a_full_disk_leaves_the_old_file(void **state)
{
    (void)state;
    struct rlimit old;
    prune_dict *dict = new_dict();
    add(dict, "w", counted(PRUNE_FLOAT32, PRUNE_SHAPE(30000)));
    write_old_file();
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    struct rlimit small = { 50000, old.rlim_max };
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    prune_status status = prune_save_safetensors(path, dict);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, handler);
    assert_int_equal(status, PRUNE_ERROR_IO);
    assert_non_null(strstr(prune_last_error(), "cannot write 'test_safetensors.tmp': File too large"));
    expect_old_file(NULL);
    remove(path);
    prune_dict_release(dict);
}
#endif

/* ---- Memory ---- */

typedef struct job {
    prune_dict *dict;
    char *file;
    size_t size;
    const prune_safetensors_options *options;
} job;

static prune_status parse_job(void *context)
{
    job *work = context;
    return prune_parse_safetensors(&work->dict, work->file, work->size, work->options);
}

static prune_status load_job(void *context)
{
    job *work = context;
    return prune_load_safetensors(&work->dict, path, work->options);
}

static void expect_no_dict(void *context)
{
    assert_null(((job *)context)->dict);
}

static void release_dict(void *context)
{
    job *work = context;
    prune_dict_release(work->dict);
    work->dict = NULL;
}

static void reading_without_memory_gives_nothing(void **state)
{
    (void)state;
    char file[1024];
    prune_safetensors_options options = PRUNE_SAFETENSORS_OPTIONS_INIT;
    options.to_float32 = true;
    job work = { NULL, file, make_reference(file), &options };
    try_every_allocation(parse_job, expect_no_dict, release_dict, &work);
    prune_dict *dict = reference_dict();
    assert_ok(prune_save_safetensors(path, dict));
    prune_dict_release(dict);
    try_every_allocation(load_job, expect_no_dict, release_dict, &work);
    remove(path);
}

/* Fails with unsupported where there is memory; here that counts as the success. */
static prune_status refuse_job(void *context)
{
    prune_status status = parse_job(context);
    return status == PRUNE_ERROR_UNSUPPORTED ? PRUNE_OK : status;
}

static void refusing_without_memory_gives_nothing(void **state)
{
    (void)state;
    char file[512];
    job work = { NULL, file, make_file(file, others_header, "\0\0\0\0\0\0\0\0", 8), NULL };
    try_every_allocation(refuse_job, expect_no_dict, NULL, &work);
}

static prune_status save_job(void *context)
{
    return prune_save_safetensors(path, context);
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
