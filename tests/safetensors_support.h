/* What the tests of safetensors share. Each has a file name of its own: `path`, defined before this is included. */
#ifndef PRUNE_TESTS_SAFETENSORS_SUPPORT_H
#define PRUNE_TESTS_SAFETENSORS_SUPPORT_H

#include "dict_support.h"
#include "tensor_support.h"

#include "io/internal.h"

static inline prune_tensor *of_values(prune_dtype dtype, const float *values, const int64_t *sizes, int64_t ndim)
{
    prune_tensor *t = NULL;
    prune_tensor *converted = NULL;
    assert_ok(prune_tensor_from_values(&t, values, sizes, ndim));
    assert_ok(prune_tensor_to(&converted, t, dtype));
    prune_tensor_release(t);
    return converted;
}

static inline prune_tensor *zeros(prune_dtype dtype, const int64_t *sizes, int64_t ndim)
{
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_zeros(&t, sizes, ndim, dtype));
    return t;
}

static inline prune_dict *load(const prune_load_options *options)
{
    prune_dict *dict = NULL;
    assert_ok(prune_load(&dict, path, options));
    return dict;
}

/* Saves, loads, compares every tensor with what was saved. */
static inline prune_dict *round_trip(const prune_dict *dict)
{
    assert_ok(prune_save(path, dict, PRUNE_FORMAT_SAFETENSORS));
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

static inline void expect_keys(const prune_dict *dict, const char *const *keys, int64_t count)
{
    assert_int_equal(prune_dict_size(dict), count);
    for (int64_t i = 0; i < count; i++)
        assert_string_equal(prune_dict_key(dict, i), keys[i]);
}

#define assert_keys(dict, ...)                                \
    expect_keys((dict), (const char *const[]){ __VA_ARGS__ }, \
                (int64_t)(sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *)))

/* A file in memory with this header, in which ' stands for ", and these data. */
static inline size_t make_file(char *file, const char *header, const void *data, size_t data_size)
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

static inline prune_dict *reference_dict(void)
{
    static const double d = 1e300;
    static const int32_t i[2] = { -2, INT32_MAX };
    prune_dict *dict = empty_dict();
    put(dict, "w", of_values(PRUNE_FLOAT32, (const float[]){ 1.5f, -2, INFINITY, 0 }, PRUNE_SHAPE(2, 2)));
    put(dict, "b", of_values(PRUNE_BOOL, (const float[]){ 1, 0, 1 }, PRUNE_SHAPE(3)));
    put(dict, "n", of_values(PRUNE_INT64, (const float[]){ 7 }, PRUNE_SCALAR));
    prune_tensor *t = zeros(PRUNE_FLOAT64, PRUNE_SHAPE(1));
    assert_ok(prune_tensor_fill_(t, d));
    put(dict, "d", t);
    put(dict, "h", of_values(PRUNE_FLOAT16, (const float[]){ 0.5f, -1 }, PRUNE_SHAPE(2)));
    put(dict, "g", of_values(PRUNE_BFLOAT16, (const float[]){ 3 }, PRUNE_SHAPE(1)));
    t = zeros(PRUNE_INT32, PRUNE_SHAPE(2));
    for (int64_t k = 0; k < 2; k++)
        assert_ok(prune_tensor_set(t, &k, 1, i[k]));
    put(dict, "i", t);
    put(dict, "u", of_values(PRUNE_UINT8, (const float[]){ 255, 0 }, PRUNE_SHAPE(2)));
    put(dict, "e", zeros(PRUNE_FLOAT32, PRUNE_SHAPE(0, 3)));
    put(dict, odd_name, of_values(PRUNE_FLOAT32, (const float[]){ 1 }, PRUNE_SCALAR));
    assert_ok(prune_dict_set_metadata(dict, "format", "pt"));
    return dict;
}

static inline size_t make_reference(char file[1024])
{
    return make_file(file, reference_header, reference_data, sizeof reference_data);
}

/* ---- What both need besides ---- */

static inline void add_views(prune_dict *dict, const char *prefix, prune_dtype dtype)
{
    enum { KINDS = 7 };
    static const char *const kinds[KINDS] = { "transposed", "stepped",  "narrowed", "expanded",
                                              "permuted",   "selected", "all" };
    prune_tensor *base = counted_as(dtype, PRUNE_SHAPE(3, 4, 5));
    prune_tensor *column = counted_as(dtype, PRUNE_SHAPE(4, 1));
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
        put(dict, name, views[i]);
    }
    prune_tensor_release(base);
    prune_tensor_release(column);
}

/* Three dtypes that the library does not hold. */
static const char others_header[] =
    "{'a':{'dtype':'I8','shape':[2],'data_offsets':[0,2]},"
    "'b\\n':{'dtype':'F8_E4M3','shape':[1],'data_offsets':[6,7]},"
    "'c':{'dtype':'F32','shape':[1],'data_offsets':[2,6]},"
    "'d':{'dtype':'F4','shape':[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2],'data_offsets':[7,8]}}";

#endif
