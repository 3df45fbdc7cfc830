/* Conversions between dtypes; what is expected was computed by PyTorch. */
#include "support.h"

static prune_tensor *wrap(const void *data, int64_t n, prune_dtype dtype)
{
    prune_blob_options options = PRUNE_BLOB_OPTIONS_INIT;
    prune_tensor *t = NULL;
    options.dtype = dtype;
    assert_ok(prune_tensor_from_const_blob(&t, data, &n, 1, &options));
    return t;
}

static prune_tensor *convert(const void *data, int64_t n, prune_dtype from, prune_dtype to)
{
    prune_tensor *t = wrap(data, n, from), *out = NULL;
    assert_ok(prune_tensor_to(&out, t, to));
    assert_int_equal(prune_tensor_dtype(out), to);
    assert_int_equal(prune_tensor_numel(out), n);
    prune_tensor_release(t);
    return out;
}

#define COUNT(array) ((int64_t)(sizeof(array) / sizeof(array)[0]))

/* The elements of `source`, converted, are the bytes of `expected`. */
#define assert_converts(source, from, to, expected)                                       \
    do {                                                                                  \
        prune_tensor *converted = convert(source, COUNT(source), from, to);               \
        assert_int_equal(COUNT(source), COUNT(expected));                                 \
        assert_memory_equal(prune_tensor_raw_data(converted), expected, sizeof expected); \
        prune_tensor_release(converted);                                                  \
    } while (0)

static uint64_t mix(uint64_t hash, uint64_t word)
{
    return (hash ^ word) * UINT64_C(0x100000001b3);
}

static const uint64_t hash_start = UINT64_C(0xcbf29ce484222325);

/* The float32 bits of all 65536 patterns but NaNs, in order, hashed: compare
 * torch.arange(65536).to(torch.int16).view(dtype).float() */
static uint64_t hash_widened(prune_dtype dtype)
{
    static uint16_t patterns[65536];
    for (uint32_t i = 0; i < 65536; i++)
        patterns[i] = (uint16_t)i;
    prune_tensor *wide = convert(patterns, 65536, dtype, PRUNE_FLOAT32);
    uint64_t hash = hash_start;
    for (int64_t i = 0; i < 65536; i++) {
        float value = prune_tensor_data(wide)[i];
        uint32_t bits;
        memcpy(&bits, &value, sizeof bits);
        if (!isnan(value))
            hash = mix(hash, bits);
    }
    prune_tensor_release(wide);
    return hash;
}

static void all_halves_widen_as_in_pytorch(void **state)
{
    (void)state;
    assert_true(hash_widened(PRUNE_FLOAT16) == UINT64_C(0xa4d3893bfed78fed));
    assert_true(hash_widened(PRUNE_BFLOAT16) == UINT64_C(0x8bfd99197c04bbed));
}

/* The same for float32s at, below and above every boundary of rounding. */
static uint64_t hash_narrowed(prune_dtype dtype)
{
    static const uint32_t low[8] = { 0, 0x0FFF, 0x1000, 0x1001, 0x7FFF, 0x8000, 0x8001, 0xFFFF };
    float *values = malloc(sizeof(float) * 8 * 65536);
    assert_non_null(values);
    for (uint32_t i = 0; i < 8 * 65536; i++) {
        uint32_t bits = i / 8 << 16 | low[i % 8];
        memcpy(&values[i], &bits, sizeof bits);
    }
    prune_tensor *narrow = convert(values, 8 * 65536, PRUNE_FLOAT32, dtype);
    const uint16_t *words = prune_tensor_raw_data(narrow);
    uint64_t hash = hash_start;
    for (int64_t i = 0; i < 8 * 65536; i++)
        if (!isnan(values[i]))
            hash = mix(hash, words[i]);
    prune_tensor_release(narrow);
    free(values);
    return hash;
}

static void floats_narrow_to_nearest_even(void **state)
{
    (void)state;
    assert_true(hash_narrowed(PRUNE_FLOAT16) == UINT64_C(0x2722c8acb317af6d));
    assert_true(hash_narrowed(PRUNE_BFLOAT16) == UINT64_C(0x930ac755979941ed));
    const double doubles[] = { 1 + 0x1p-24, 1 + 0x1p-24 + 0x1p-50, 1e300, -1e-300, 0x1p-149 };
    const float floats[] = { 1, 1 + 0x1p-23f, INFINITY, -0.0f, 0x1p-149f };
    assert_converts(doubles, PRUNE_FLOAT64, PRUNE_FLOAT32, floats);
}

static void every_half_comes_back_from_float(void **state)
{
    (void)state;
    static uint16_t patterns[65536];
    for (int dtype = PRUNE_FLOAT16; dtype <= PRUNE_BFLOAT16; dtype++) {
        uint32_t quiet = dtype == PRUNE_FLOAT16 ? 0x200 : 0x40;
        uint32_t infinity = dtype == PRUNE_FLOAT16 ? 0x7C00 : 0x7F80;
        for (uint32_t i = 0; i < 65536; i++) /* signalling NaNs become quiet */
            patterns[i] = (uint16_t)((i & 0x7FFF) > infinity ? i | quiet : i);
        prune_tensor *wide = convert(patterns, 65536, (prune_dtype)dtype, PRUNE_FLOAT64), *back = NULL;
        assert_ok(prune_tensor_to(&back, wide, (prune_dtype)dtype));
        assert_memory_equal(prune_tensor_raw_data(back), patterns, sizeof patterns);
        prune_tensor_release(wide);
        prune_tensor_release(back);
    }
}

/* torch.tensor([...], dtype=torch.float64).to(torch.float16): rounds to float32 first */
static void doubles_become_halves_by_way_of_float(void **state)
{
    (void)state;
    const double a[] = { 1 + 0x1p-11 + 0x1p-40, 65519.999, 65520, 0x1p-25, 0x1p-25 * 1.0000001, 1e-8, -1e-8, -70000 };
    const uint16_t halves[] = { 0x3C00, 0x7C00, 0x7C00, 0, 1, 0, 0x8000, 0xFC00 };
    assert_converts(a, PRUNE_FLOAT64, PRUNE_FLOAT16, halves);
    const double b[] = { 1 + 0x1p-8, 1 + 0x3p-8, 1 + 0x1p-8 + 0x1p-40, 3.4e38, -3.4028235e38, 1e-45 };
    const uint16_t bfloats[] = { 0x3F80, 0x3F82, 0x3F80, 0x7F80, 0xFF80, 0 };
    assert_converts(b, PRUNE_FLOAT64, PRUNE_BFLOAT16, bfloats);
    const int64_t c[] = { (INT64_C(1) << 53) + (INT64_C(1) << 45) + 1, 300, -65520 };
    const uint16_t whole[] = { 0x5A00, 0x4396, 0xC780 };
    assert_converts(c, PRUNE_INT64, PRUNE_BFLOAT16, whole);
}

static void nan_stays_nan(void **state)
{
    (void)state;
    const uint32_t bits[] = { 0x7F800001, 0xFFC12345, 0x7FFFFFFF };
    const uint16_t halves[] = { 0x7E00, 0xFE09, 0x7FFF }; /* as PyTorch's */
    float nans[3];
    memcpy(nans, bits, sizeof nans);
    assert_converts(nans, PRUNE_FLOAT32, PRUNE_FLOAT16, halves);
    for (int dtype = PRUNE_FLOAT32; dtype <= PRUNE_BFLOAT16; dtype++)
        for (int64_t i = 0; i < 3; i++) {
            prune_tensor *t = convert(nans, 3, PRUNE_FLOAT32, (prune_dtype)dtype);
            double value = 0;
            assert_ok(prune_tensor_get(&value, t, &i, 1));
            assert_true(isnan(value));
            prune_tensor_release(t);
        }
}

static void floats_become_integers_towards_zero_within_the_range(void **state)
{
    (void)state;
    const double a[] = { -0.9, 1.9, -1.9, NAN, INFINITY, -INFINITY, 0x1p63, -0x1p63, 0x1p63 - 1024, 1e300 };
    const int64_t longs[] = { 0, 1, -1, 0, INT64_MAX, INT64_MIN, INT64_MAX, INT64_MIN, INT64_MAX - 1023, INT64_MAX };
    const int32_t ints[] = { 0, 1, -1, 0, INT32_MAX, INT32_MIN, INT32_MAX, INT32_MIN, INT32_MAX, INT32_MAX };
    const uint8_t bytes[] = { 0, 1, 0, 0, 255, 0, 255, 0, 255, 255 };
    assert_converts(a, PRUNE_FLOAT64, PRUNE_INT64, longs);
    assert_converts(a, PRUNE_FLOAT64, PRUNE_INT32, ints);
    assert_converts(a, PRUNE_FLOAT64, PRUNE_UINT8, bytes);
    const double b[] = { 0x1p31 - 0.5, 0x1p31, -0x1p31 - 0.5, -0x1p31 - 1 };
    const int32_t edges[] = { INT32_MAX, INT32_MAX, INT32_MIN, INT32_MIN };
    assert_converts(b, PRUNE_FLOAT64, PRUNE_INT32, edges);
    const float c[] = { 255.5f, 256, -0.5f, -1, 1e20f, -1e20f };
    const uint8_t byte_edges[] = { 255, 255, 0, 0, 255, 0 };
    const int64_t long_edges[] = { 255, 256, 0, -1, INT64_MAX, INT64_MIN };
    assert_converts(c, PRUNE_FLOAT32, PRUNE_UINT8, byte_edges);
    assert_converts(c, PRUNE_FLOAT32, PRUNE_INT64, long_edges);
    const uint16_t d[] = { 0x7C00, 0xFC00, 0x7E00, 0x4248 }; /* inf, -inf, nan, 3.14 */
    const int32_t of_halves[] = { INT32_MAX, INT32_MIN, 0, 3 };
    assert_converts(d, PRUNE_FLOAT16, PRUNE_INT32, of_halves);
}

static void integers_keep_their_low_bits(void **state)
{
    (void)state;
    const int64_t longs[] = { INT64_MAX, INT64_MIN, (INT64_C(1) << 53) + 1, INT64_C(1) << 31, -1, 300 };
    const int32_t ints[] = { -1, 0, 1, INT32_MIN, -1, 300 };
    const uint8_t bytes[] = { 255, 0, 1, 0, 255, 44 };
    const bool flags[] = { true, true, true, true, true, true };
    const double doubles[] = { 0x1p63, -0x1p63, 0x1p53, 0x1p31, -1, 300 };
    assert_converts(longs, PRUNE_INT64, PRUNE_INT32, ints);
    assert_converts(longs, PRUNE_INT64, PRUNE_UINT8, bytes);
    assert_converts(longs, PRUNE_INT64, PRUNE_BOOL, flags);
    assert_converts(longs, PRUNE_INT64, PRUNE_FLOAT64, doubles);
    assert_converts(ints, PRUNE_INT32, PRUNE_UINT8, bytes);
    const int64_t widened[] = { -1, 0, 1, INT32_MIN, -1, 300 };
    assert_converts(ints, PRUNE_INT32, PRUNE_INT64, widened);
    const int64_t from_bytes[] = { 255, 0, 1, 0, 255, 44 };
    assert_converts(bytes, PRUNE_UINT8, PRUNE_INT64, from_bytes);
    const int64_t past_float[] = { 16777217, (INT64_C(1) << 62) + 1 };
    const float floats[] = { 16777216, 0x1p62f };
    assert_converts(past_float, PRUNE_INT64, PRUNE_FLOAT32, floats);
}

static void bool_is_whether_not_zero(void **state)
{
    (void)state;
    const float floats[] = { 0, -0.0f, NAN, 1e-45f, -2, INFINITY };
    const bool flags[] = { false, false, true, true, true, true };
    const float numbers[] = { 0, 0, 1, 1, 1, 1 };
    const uint8_t bytes[] = { 0, 0, 1, 1, 1, 1 };
    assert_converts(floats, PRUNE_FLOAT32, PRUNE_BOOL, flags);
    assert_converts(flags, PRUNE_BOOL, PRUNE_FLOAT32, numbers);
    assert_converts(flags, PRUNE_BOOL, PRUNE_UINT8, bytes);
    const uint8_t any[] = { 0, 1, 2, 255, 0, 7 };
    const bool odd[] = { false, true, true, true, false, true };
    assert_converts(any, PRUNE_UINT8, PRUNE_BOOL, odd);
    const int32_t of_wrapped[] = { 0, 1, 1, 1, 0, 1 }; /* a byte over 1 counts as true */
    assert_converts(any, PRUNE_BOOL, PRUNE_INT32, of_wrapped);
}

static void the_same_dtype_is_the_same_tensor(void **state)
{
    (void)state;
    prune_tensor *t = NULL, *same = NULL;
    assert_ok(prune_tensor_ones(&t, PRUNE_SHAPE(2), PRUNE_FLOAT16));
    assert_ok(prune_tensor_to(&same, t, PRUNE_FLOAT16));
    assert_ptr_equal(same, t);
    prune_tensor_release(same);
    assert_fails(prune_tensor_to(&same, t, (prune_dtype)12), PRUNE_ERROR_VALUE, "12 is not a dtype");
    prune_tensor_release(t);
}

static void strided_tensors_are_converted_in_logical_order(void **state)
{
    (void)state;
    prune_tensor *t = NULL, *flat = NULL, *every_other = NULL, *out = NULL;
    assert_ok(prune_tensor_arange(&flat, 0, 12, 1, PRUNE_INT32));
    assert_ok(prune_tensor_view(&t, flat, PRUNE_SHAPE(3, 4)));
    assert_ok(prune_tensor_slice(&every_other, t, 1, 1, INT64_MAX, 2));
    assert_ok(prune_tensor_to(&out, every_other, PRUNE_FLOAT32));
    assert_shape(out, 3, 2);
    assert_values(out, 1, 3, 5, 7, 9, 11);
    prune_tensor_release(t);
    prune_tensor_release(flat);
    prune_tensor_release(every_other);
    prune_tensor_release(out);
}

static void values_given_as_double_are_converted_alike(void **state)
{
    (void)state;
    prune_tensor *t = NULL;
    double value = 0;
    assert_ok(prune_tensor_full(&t, PRUNE_SHAPE(1), 300.7, PRUNE_UINT8));
    assert_ok(prune_tensor_get(&value, t, PRUNE_SHAPE(0)));
    assert_true(value == 255);
    assert_ok(prune_tensor_fill_(t, NAN));
    assert_ok(prune_tensor_get(&value, t, PRUNE_SHAPE(0)));
    assert_true(value == 0);
    prune_tensor_release(t);
    assert_ok(prune_tensor_zeros(&t, PRUNE_SHAPE(1), PRUNE_BFLOAT16));
    assert_ok(prune_tensor_set(t, PRUNE_SHAPE(0), 0.1));
    assert_ok(prune_tensor_get(&value, t, PRUNE_SHAPE(0)));
    assert_true(value == 0.10009765625); /* torch.tensor(0.1, dtype=torch.bfloat16).item() */
    prune_tensor_release(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_halves_widen_as_in_pytorch),
        cmocka_unit_test(floats_narrow_to_nearest_even),
        cmocka_unit_test(every_half_comes_back_from_float),
        cmocka_unit_test(doubles_become_halves_by_way_of_float),
        cmocka_unit_test(nan_stays_nan),
        cmocka_unit_test(floats_become_integers_towards_zero_within_the_range),
        cmocka_unit_test(integers_keep_their_low_bits),
        cmocka_unit_test(bool_is_whether_not_zero),
        cmocka_unit_test(the_same_dtype_is_the_same_tensor),
        cmocka_unit_test(strided_tensors_are_converted_in_logical_order),
        cmocka_unit_test(values_given_as_double_are_converted_alike),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
