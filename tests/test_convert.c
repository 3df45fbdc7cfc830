/* Conversions between dtypes; what is expected was computed by PyTorch. */
#include "support.h"

#include "kernels/internal.h"

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
    const int64_t of_53_bits = (INT64_C(1) << 62) + (INT64_C(1) << 54) + (INT64_C(1) << 38);
    const int64_t c[] = { (INT64_C(1) << 53) + (INT64_C(1) << 45) + 1, 300, -65520, of_53_bits, of_53_bits + 1 };
    const uint16_t whole[] = { 0x5A00, 0x4396, 0xC780, 0x5E80, 0x5E81 };
    assert_converts(c, PRUNE_INT64, PRUNE_BFLOAT16, whole);
}

/* The NaNs of each floating dtype: quiet, the last of all, with a sign, and signalling. */
static void nan_stays_nan(void **state)
{
    (void)state;
    const uint32_t floats[] = { 0x7FC00000, 0x7FFFFFFF, 0xFFC12345, 0x7F800001, 0xFFA54321 };
    const uint64_t doubles[] = { UINT64_C(0x7FF8000000000000), UINT64_C(0x7FFFFFFFE0000000),
                                 UINT64_C(0xFFF82468A0000000), UINT64_C(0x7FF8000020000000),
                                 UINT64_C(0xFFFCA86420000000) };
    const uint16_t halves[] = { 0x7E00, 0x7FFF, 0xFE09, 0x7E00, 0xFF2A }; /* as PyTorch's */
    const uint16_t bfloats[] = { 0x7FC0, 0x7FFF, 0xFFC1, 0x7FC0, 0xFFE5 };
    float nans[5];
    memcpy(nans, floats, sizeof nans);
    assert_converts(nans, PRUNE_FLOAT32, PRUNE_FLOAT64, doubles);
    assert_converts(nans, PRUNE_FLOAT32, PRUNE_FLOAT16, halves);
    assert_converts(nans, PRUNE_FLOAT32, PRUNE_BFLOAT16, bfloats);
    assert_converts(doubles, PRUNE_FLOAT64, PRUNE_FLOAT16, halves);
    assert_converts(doubles, PRUNE_FLOAT64, PRUNE_BFLOAT16, bfloats);
    const uint64_t wide[] = { UINT64_C(0x7FF8000000000000), UINT64_C(0x7FFFFC0000000000), UINT64_C(0xFFF8240000000000),
                              UINT64_C(0x7FF8000000000000), UINT64_C(0xFFFCA80000000000) };
    assert_converts(halves, PRUNE_FLOAT16, PRUNE_FLOAT64, wide);
    assert_converts(halves, PRUNE_FLOAT16, PRUNE_BFLOAT16, bfloats);
    const uint16_t signalling[] = { 0x7C01, 0xFD00 };
    const uint32_t quiet[] = { 0x7FC02000, 0xFFE00000 };
    assert_converts(signalling, PRUNE_FLOAT16, PRUNE_FLOAT32, quiet);
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

/* ---- Every dtype to every other ---- */

enum { DTYPES = 8, NUMBERS = 4099 };

static const size_t element_sizes[DTYPES] = { 4, 8, 2, 2, 8, 4, 1, 1 };

/* Bit `at` and on tell a power of two, of 64, and its sign. */
static int64_t signed_power(uint64_t word, int at)
{
    uint64_t power = UINT64_C(1) << (word >> at & 63), value = word >> (at + 7) & 1 ? 0 - power : power;
    int64_t result;
    memcpy(&result, &value, sizeof result);
    return result;
}

/* Sums of three powers of two of either sign, modulo 2^64 where they are int64, and 0: where fewer digits are kept, many
 * are ties. */
static void make_numbers(double *doubles, int64_t *longs)
{
    uint64_t word = 0;
    for (int i = 0; i < NUMBERS; i++) {
        uint64_t sum = 0;
        word = word * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        doubles[i] = 0;
        for (int at = 20; at <= 36 && word >> 60; at += 8) {
            double power = ldexp(1, (int)(word >> at & 127) % 96 - 30);
            doubles[i] += word >> (at + 7) & 1 ? -power : power;
            sum += (uint64_t)signed_power(word, at);
        }
        memcpy(&longs[i], &sum, sizeof sum);
    }
}

/* What PyTorch says that it does not define is left out. */
static bool is_defined(double value, prune_dtype from, prune_dtype to)
{
    const double limit = ldexp(1, 63);
    if (from > PRUNE_BFLOAT16)
        return true;
    if (to == PRUNE_INT64)
        return value >= -limit && value < limit;
    if (to == PRUNE_INT32)
        return value > -0x1p31 - 1 && value < 0x1p31;
    return to != PRUNE_UINT8 || (value > -1 && value < 256);
}

static uint64_t element_bits(const char *element, size_t size)
{
    uint64_t eight = 0;
    uint32_t four = 0;
    uint16_t two = 0;
    uint8_t one = 0;
    memcpy(size == 8 ? (void *)&eight : size == 4 ? (void *)&four : size == 2 ? (void *)&two : &one, element, size);
    return eight | four | two | one;
}

static uint64_t hash_conversion(prune_tensor *source, prune_dtype to)
{
    prune_tensor *values = NULL, *converted = NULL;
    assert_ok(prune_tensor_to(&values, source, PRUNE_FLOAT64));
    assert_ok(prune_tensor_to(&converted, source, to));
    const double *value = prune_tensor_raw_data(values);
    const char *element = prune_tensor_raw_data(converted);
    uint64_t hash = hash_start;
    for (int i = 0; i < NUMBERS; i++, element += element_sizes[to]) {
        uint64_t bits = element_bits(element, element_sizes[to]);
        if (is_defined(value[i], prune_tensor_dtype(source), to))
            hash = mix(hash, bits ^ bits >> 32);
    }
    prune_tensor_release(values);
    prune_tensor_release(converted);
    return hash;
}

/* From a tensor of float64 or int64 to the dtype of the row, torch.Tensor.to, from that to the dtype of the column; the
 * bits of each element (.view of an integer of its size, the upper half of eight bytes also over the lower), hashed. */
static const uint64_t hashes[DTYPES][DTYPES] = {
    /* float32 */
    { UINT64_C(0x3803fe2be692ff4e), UINT64_C(0xb443a2711cfbceaf), UINT64_C(0x3bd9719b54687ce8),
      UINT64_C(0x18b72cfdb27c7c06), UINT64_C(0x029ebe4b5c879e88), UINT64_C(0xa1774c5e7595c21e),
      UINT64_C(0x50ca99fb3fee5967), UINT64_C(0x6f96a6beed5fb7f1) },
    /* float64 */
    { UINT64_C(0x3803fe2be692ff4e), UINT64_C(0x1e2d4413ab61f48e), UINT64_C(0x3bd9719b54687ce8),
      UINT64_C(0x18b72cfdb27c7c06), UINT64_C(0xe02b2ac89726948a), UINT64_C(0x795b24285215fd69),
      UINT64_C(0x8628e94700bae523), UINT64_C(0x6f96a6beed5fb7f1) },
    /* float16 */
    { UINT64_C(0x1bc1b28af170efb7), UINT64_C(0x7da11dc574fe77b7), UINT64_C(0x3bd9719b54687ce8),
      UINT64_C(0x4e64fb6ba844a33d), UINT64_C(0xd03555c1740433f8), UINT64_C(0x7ba740215302e637),
      UINT64_C(0x1ec355fff925e67c), UINT64_C(0x5ee3a433c0fbfcbd) },
    /* bfloat16 */
    { UINT64_C(0xc4dd53e28195efb7), UINT64_C(0xc73d1093b2a68fb7), UINT64_C(0x8bc7a0522d7c7c83),
      UINT64_C(0x18b72cfdb27c7c06), UINT64_C(0x3243ef95aa0aade1), UINT64_C(0xae8c245e4b17db42),
      UINT64_C(0xa7849c9256f452c5), UINT64_C(0x6f96a6beed5fb7f1) },
    /* int64 */
    { UINT64_C(0x578bba175173edb5), UINT64_C(0x029045f7e65b521d), UINT64_C(0x62114e5a70e25eeb),
      UINT64_C(0x26935606a2c4d876), UINT64_C(0xfc2e10b05eddc1b4), UINT64_C(0x058f501713fc67c6),
      UINT64_C(0x70fa956d9cd907c6), UINT64_C(0x6f96a6beed5fb7f1) },
    /* int32 */
    { UINT64_C(0xfd21c056465e2d36), UINT64_C(0x98144ae0ee92ec30), UINT64_C(0x3d937d4b7825d0f5),
      UINT64_C(0x1bd6aff907f10158), UINT64_C(0x5643854aa99fb7e5), UINT64_C(0x058f501713fc67c6),
      UINT64_C(0x70fa956d9cd907c6), UINT64_C(0xb9ef1d144af10973) },
    /* uint8 */
    { UINT64_C(0x604b6b4acc0aefb7), UINT64_C(0x15bcfea8eaca2fb7), UINT64_C(0xa64b422c8d0dbc17),
      UINT64_C(0x45eaff0389922155), UINT64_C(0x70fa956d9cd907c6), UINT64_C(0x70fa956d9cd907c6),
      UINT64_C(0x70fa956d9cd907c6), UINT64_C(0xeb7729ced66f1c91) },
    /* bool */
    { UINT64_C(0x38408c28c86cefb7), UINT64_C(0x177c93c55eccefb7), UINT64_C(0x8ae7e317c5bb67b7),
      UINT64_C(0xd5dd6168439fc1b7), UINT64_C(0x6f96a6beed5fb7f1), UINT64_C(0x6f96a6beed5fb7f1),
      UINT64_C(0x6f96a6beed5fb7f1), UINT64_C(0x6f96a6beed5fb7f1) },
};

static void every_dtype_converts_to_every_other_as_in_pytorch(void **state)
{
    (void)state;
    static double doubles[NUMBERS];
    static int64_t longs[NUMBERS];
    make_numbers(doubles, longs);
    prune_tensor *wide[2] = { wrap(doubles, NUMBERS, PRUNE_FLOAT64), wrap(longs, NUMBERS, PRUNE_INT64) };
    for (int from = 0; from < DTYPES; from++) {
        prune_tensor *source = NULL;
        assert_ok(prune_tensor_to(&source, wide[from > PRUNE_BFLOAT16], (prune_dtype)from));
        for (int to = 0; to < DTYPES; to++)
            if (hash_conversion(source, (prune_dtype)to) != hashes[from][to])
                fail_msg("from dtype %d to %d", from, to);
        prune_tensor_release(source);
    }
    prune_tensor_release(wide[0]);
    prune_tensor_release(wide[1]);
}

/* What no integer holds, from every floating dtype to every integer. */
static void integers_are_clamped_from_every_floating_dtype(void **state)
{
    (void)state;
    const double numbers[] = { NAN, -NAN, INFINITY, -INFINITY, -0.75, 2.5, -3, 256, -0.0 };
    const int64_t longs[] = { 0, 0, INT64_MAX, INT64_MIN, 0, 2, -3, 256, 0 };
    const int32_t ints[] = { 0, 0, INT32_MAX, INT32_MIN, 0, 2, -3, 256, 0 };
    const uint8_t bytes[] = { 0, 0, 255, 0, 0, 2, 0, 255, 0 };
    const bool flags[] = { true, true, true, true, true, true, true, true, false };
    const void *const expected[] = { longs, ints, bytes, flags };
    prune_tensor *doubles = wrap(numbers, COUNT(numbers), PRUNE_FLOAT64);
    for (int from = PRUNE_FLOAT32; from <= PRUNE_BFLOAT16; from++) {
        prune_tensor *source = NULL;
        assert_ok(prune_tensor_to(&source, doubles, (prune_dtype)from));
        for (int to = PRUNE_INT64; to <= PRUNE_BOOL; to++) {
            prune_tensor *out = NULL;
            assert_ok(prune_tensor_to(&out, source, (prune_dtype)to));
            assert_memory_equal(prune_tensor_raw_data(out), expected[to - PRUNE_INT64],
                                COUNT(numbers) * element_sizes[to]);
            prune_tensor_release(out);
        }
        prune_tensor_release(source);
    }
    prune_tensor_release(doubles);
}

/* Any byte but 0 is true, and becomes 1 in every dtype. */
static void every_true_becomes_one(void **state)
{
    (void)state;
    uint8_t bytes[256], ones[256];
    for (int i = 0; i < 256; i++) {
        bytes[i] = (uint8_t)i;
        ones[i] = i != 0;
    }
    prune_tensor *flags = wrap(bytes, 256, PRUNE_BOOL), *numbers = wrap(ones, 256, PRUNE_UINT8);
    for (int to = PRUNE_FLOAT32; to < PRUNE_BOOL; to++) {
        prune_tensor *out = NULL, *expected = NULL;
        assert_ok(prune_tensor_to(&out, flags, (prune_dtype)to));
        assert_ok(prune_tensor_to(&expected, numbers, (prune_dtype)to));
        assert_memory_equal(prune_tensor_raw_data(out), prune_tensor_raw_data(expected), 256 * element_sizes[to]);
        prune_tensor_release(out);
        prune_tensor_release(expected);
    }
    prune_tensor_release(flags);
    prune_tensor_release(numbers);
}

/* As tensors do not ask for it, but kernels above do. */
static void to_the_same_format_elements_stay(void **state)
{
    (void)state;
    static const uint64_t patterns[] = { 0, UINT64_C(0xFFFFFFFFFFFFFFFF), UINT64_C(0x3F80000100003C01), 0x80007F01 };
    static const uint8_t flags[] = { 0, 1, 0, 1, 1 };
    char copy[sizeof patterns];
    for (int format = PRUNI_F32; format <= PRUNI_U8; format++) {
        memset(copy, 1, sizeof copy);
        pruni_kernel_convert((pruni_format)format, copy, 1, (pruni_format)format, patterns, 1,
                             (int64_t)(sizeof patterns / element_sizes[format]));
        assert_memory_equal(copy, patterns, sizeof patterns);
    }
    pruni_kernel_convert(PRUNI_BOOL, copy, 1, PRUNI_BOOL, flags, 1, COUNT(flags));
    assert_memory_equal(copy, flags, sizeof flags);
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
        cmocka_unit_test(every_dtype_converts_to_every_other_as_in_pytorch),
        cmocka_unit_test(integers_are_clamped_from_every_floating_dtype),
        cmocka_unit_test(every_true_becomes_one),
        cmocka_unit_test(to_the_same_format_elements_stay),
        cmocka_unit_test(the_same_dtype_is_the_same_tensor),
        cmocka_unit_test(strided_tensors_are_converted_in_logical_order),
        cmocka_unit_test(values_given_as_double_are_converted_alike),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
