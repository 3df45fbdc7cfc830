/* Norms, bit for bit as PyTorch. The input of most tests is seq(shape), in PyTorch
 *
 *     i = numpy.arange(n); ((i * 37 % 101 - 50).astype(float32) / float32(7)).reshape(shape)
 */
#include "support.h"

#include "tensor/internal.h"

enum { SEQ_MAX = 512 };

static void fill_seq(float *memory, int count)
{
    for (int i = 0; i < count; i++)
        memory[i] = (float)(i * 37 % 101 - 50) / 7.0f;
}

static prune_tensor *seq(const int64_t *sizes, int64_t ndim)
{
    float values[SEQ_MAX];
    prune_tensor *t = NULL;
    fill_seq(values, SEQ_MAX);
    assert_ok(prune_tensor_from_values(&t, values, sizes, ndim));
    return t;
}

/* The same numbers as they lie in memory, seen through strides. */
static prune_tensor *strided_seq(float memory[SEQ_MAX], const int64_t *strides, const int64_t *sizes, int64_t ndim)
{
    prune_tensor *t = NULL;
    prune_blob_options options = PRUNE_BLOB_OPTIONS_INIT;
    options.strides = strides;
    fill_seq(memory, SEQ_MAX);
    assert_ok(prune_tensor_from_blob(&t, memory, sizes, ndim, &options));
    return t;
}

static prune_tensor *tensor(const float *values, const int64_t *sizes, int64_t ndim)
{
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_from_values(&t, values, sizes, ndim));
    return t;
}

static bool same(float a, float b)
{
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

/* Where the bits depend on the C library's powf. */
static bool near(float a, float b)
{
    return same(a, b) || fabsf(a - b) <= 4e-7f * fabsf(b);
}

static void check_channels(const prune_tensor *t, prune_norm norm, int64_t dim, const float *expected, size_t count,
                           bool (*alike)(float, float))
{
    float norms[33];
    norms[count] = 7;
    assert_ok(pruni_channel_norms(norms, t, norm, dim, NULL, NULL));
    for (size_t i = 0; i < count; i++)
        if (!alike(norms[i], expected[i]))
            fail_msg("channel %zu: %a, expected %a", i, (double)norms[i], (double)expected[i]);
    assert_true(norms[count] == 7);
}

#define COUNT_OF(...) (sizeof((const float[]){ __VA_ARGS__ }) / sizeof(float))

#define assert_channels(t, norm, dim, ...) \
    check_channels((t), (norm), (dim), (const float[]){ __VA_ARGS__ }, COUNT_OF(__VA_ARGS__), same)

#define assert_channels_near(t, norm, dim, ...) \
    check_channels((t), (norm), (dim), (const float[]){ __VA_ARGS__ }, COUNT_OF(__VA_ARGS__), near)

/* A norm over `dims` of t, which it takes over. */
static prune_tensor *norm_of(prune_tensor *t, prune_norm norm, const int64_t *dims, int64_t ndims, bool keepdim)
{
    prune_tensor *out = NULL;
    assert_ok(prune_tensor_norm(&out, t, norm, dims, ndims, keepdim));
    prune_tensor_release(t);
    return out;
}

#define assert_norms(t, ...)                \
    do {                                    \
        prune_tensor *norms_ = (t);         \
        assert_values(norms_, __VA_ARGS__); \
        prune_tensor_release(norms_);       \
    } while (0)

static const double infinite = (double)INFINITY;

/* ---- Channels: torch.norm(t, p=n, dim=all others) ---- */

static void every_order_over_the_first_dim(void **state)
{
    (void)state;
    prune_tensor *t = seq(PRUNE_SHAPE(2, 3, 29));
    assert_channels(t, prune_norm_p(0), 0, 86, 86);
    assert_channels(t, prune_norm_p(1), 0, 0x1.399246p+8f, 0x1.3bb6e0p+8f);
    assert_channels(t, prune_norm_p(2), 0, 0x1.376ae6p+5f, 0x1.381c64p+5f);
    assert_channels(t, prune_norm_fro(), -3, 0x1.376ae6p+5f, 0x1.381c64p+5f);
    assert_channels(t, prune_norm_p(infinite), 0, 0x1.c92492p+2f, 0x1.c92492p+2f);
    assert_channels(t, prune_norm_p(-infinite), 0, 0, 0);
    assert_channels_near(t, prune_norm_p(3), 0, 0x1.431638p+4f, 0x1.439d46p+4f);
    assert_channels_near(t, prune_norm_p(0.5), 0, 0x1.788b38p+14f, 0x1.7e64dep+14f);
    assert_channels_near(t, prune_norm_p(-1), 0, 0, 0);
    prune_tensor_release(t);
}

static void every_order_over_a_middle_dim(void **state)
{
    (void)state;
    prune_tensor *t = seq(PRUNE_SHAPE(2, 3, 29));
    assert_channels(t, prune_norm_p(0), 1, 57, 57, 58);
    assert_channels(t, prune_norm_p(1), -2, 0x1.acdb72p+7f, 0x1.9f2494p+7f, 0x1.9e9244p+7f);
    assert_channels(t, prune_norm_p(2), 1, 0x1.01d910p+5f, 0x1.fa4236p+4f, 0x1.f94ef0p+4f);
    assert_channels(t, prune_norm_fro(), 1, 0x1.01d910p+5f, 0x1.fa4236p+4f, 0x1.f94ef0p+4f);
    assert_channels(t, prune_norm_p(infinite), 1, 0x1.c92492p+2f, 0x1.c92492p+2f, 7);
    assert_channels(t, prune_norm_p(-infinite), 1, 0, 0, 0x1.24924ap-3f);
    assert_channels_near(t, prune_norm_p(3), 1, 0x1.1cd086p+4f, 0x1.198d86p+4f, 0x1.19057ep+4f);
    assert_channels_near(t, prune_norm_p(0.5), 1, 0x1.5b8690p+13f, 0x1.4b7ec0p+13f, 0x1.4cff32p+13f);
    assert_channels_near(t, prune_norm_p(-1), 1, 0, 0, 0x1.7f0414p-6f);
    prune_tensor_release(t);
}

/* Eight running sums, then up to four unfused, then up to three fused. */
static void two_norms_of_runs_of_every_length(void **state)
{
    (void)state;
    static const struct {
        int64_t length;
        float norms[2];
    } cases[] = {
        { 1, { 0x1.c92492p+2f, 0x1.db6db6p+0f } },  { 3, { 0x1.046936p+3f, 0x1.e0c2e6p+2f } },
        { 4, { 0x1.3e32f2p+3f, 0x1.a45f64p+2f } },  { 5, { 0x1.3e7e92p+3f, 0x1.30a4d0p+3f } },
        { 7, { 0x1.7c01a6p+3f, 0x1.597f96p+3f } },  { 8, { 0x1.7d59f6p+3f, 0x1.7f58acp+3f } },
        { 11, { 0x1.bf8886p+3f, 0x1.bda35cp+3f } }, { 12, { 0x1.f06fdcp+3f, 0x1.b85ac6p+3f } },
        { 13, { 0x1.f2898cp+3f, 0x1.e48cc4p+3f } }, { 15, { 0x1.0e5cc8p+4f, 0x1.ea0a0ap+3f } },
        { 19, { 0x1.22d33cp+4f, 0x1.23d454p+4f } }, { 20, { 0x1.360854p+4f, 0x1.248db6p+4f } },
        { 21, { 0x1.387544p+4f, 0x1.382c76p+4f } },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        prune_tensor *t = seq(PRUNE_SHAPE(2, cases[i].length));
        check_channels(t, prune_norm_p(2), 0, cases[i].norms, 2, same);
        prune_tensor_release(t);
    }
}

/* seq((29, 6)).t() and seq((4, 5, 6)).permute(2, 0, 1) */
static void permuted_tensors_are_read_in_memory_order(void **state)
{
    (void)state;
    float memory[SEQ_MAX];
    prune_tensor *t = strided_seq(memory, (const int64_t[]){ 1, 6 }, PRUNE_SHAPE(6, 29));
    assert_channels(t, prune_norm_p(2), 0, 0x1.6de490p+4f, 0x1.5f2ec8p+4f, 0x1.683564p+4f, 0x1.5b05b6p+4f,
                    0x1.698882p+4f, 0x1.757b58p+4f);
    prune_tensor_release(t);
    t = strided_seq(memory, (const int64_t[]){ 1, 30, 6 }, PRUNE_SHAPE(6, 4, 5));
    assert_channels(t, prune_norm_p(2), 2, 0x1.608e5ep+4f, 0x1.5edec4p+4f, 0x1.2d6704p+4f, 0x1.428124p+4f,
                    0x1.2d6708p+4f); /* the last three differ from those of a row-major copy */
    assert_channels(t, prune_norm_p(1), 2, 0x1.789248p+6f, 0x1.792494p+6f, 0x1.424924p+6f, 0x1.4b6db8p+6f,
                    0x1.424924p+6f);
    prune_tensor_release(t);
}

/* seq((3, 16))[:, :13] has runs; seq((3, 4, 8))[:, :, :5] has none, so there the order is the plain one */
static void gaps_between_channels_and_within_them(void **state)
{
    (void)state;
    float memory[SEQ_MAX];
    prune_tensor *t = strided_seq(memory, (const int64_t[]){ 16, 1 }, PRUNE_SHAPE(3, 13));
    assert_channels(t, prune_norm_p(2), 0, 0x1.f2898cp+3f, 0x1.e66c1ep+3f, 0x1.e828c2p+3f);
    prune_tensor_release(t);
    t = strided_seq(memory, (const int64_t[]){ 32, 8, 1 }, PRUNE_SHAPE(3, 4, 5));
    assert_channels(t, prune_norm_p(2), 0, 0x1.38c68ep+4f, 0x1.386424p+4f, 0x1.167dd8p+4f);
    prune_tensor_release(t);
}

/* seq((1, 11)).expand(3, 11), seq((5, 1, 3)).expand(5, 4, 3), seq((1, 4, 5)).expand(6, 4, 5) */
static void repeated_elements_count_each_time(void **state)
{
    (void)state;
    float memory[SEQ_MAX];
    prune_tensor *t = strided_seq(memory, (const int64_t[]){ 0, 1 }, PRUNE_SHAPE(3, 11));
    assert_channels(t, prune_norm_p(2), 0, 0x1.bf8886p+3f, 0x1.bf8886p+3f, 0x1.bf8886p+3f);
    prune_tensor_release(t);
    t = strided_seq(memory, (const int64_t[]){ 3, 0, 1 }, PRUNE_SHAPE(5, 4, 3));
    assert_channels(t, prune_norm_p(1), 2, 0x1.56db6cp+6f, 0x1.324926p+5f, 0x1.a92490p+6f);
    prune_tensor_release(t);
    t = strided_seq(memory, (const int64_t[]){ 0, 5, 1 }, PRUNE_SHAPE(6, 4, 5)); /* the repeated dim stays outermost */
    assert_channels(t, prune_norm_p(2), 2, 0x1.5fa890p+4f, 0x1.7daa98p+4f, 0x1.aafb70p+3f, 0x1.71e790p+4f,
                    0x1.618684p+4f);
    prune_tensor_release(t);
}

static void the_norm_of_one_entry_is_its_magnitude(void **state)
{
    (void)state;
    static const double orders[] = { 1, 2, 3, 0.5, -1 };
    prune_tensor *t = tensor((const float[]){ -3, 1e-42f, -0.0f, -INFINITY, NAN }, PRUNE_SHAPE(1, 5, 1));
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++)
        assert_channels(t, prune_norm_p(orders[i]), 1, 3, 1e-42f, 0, INFINITY, NAN);
    assert_channels(t, prune_norm_p(infinite), 1, 3, 1e-42f, 0, INFINITY, NAN);
    assert_channels(t, prune_norm_p(-infinite), 1, 3, 1e-42f, 0, INFINITY, NAN);
    assert_channels(t, prune_norm_p(0), 1, 1, 1, 0, 1, 1);
    prune_tensor_release(t);
    t = tensor((const float[]){ -3, 2 }, PRUNE_SHAPE(2));
    assert_channels(t, prune_norm_p(0.5), -1, 3, 2);
    prune_tensor_release(t);
}

static void nan_and_infinity_spread(void **state)
{
    (void)state;
    prune_tensor *t = tensor((const float[]){ 1, NAN, 0, 1, 2, -INFINITY, 0, -0.0f, 0, NAN, 1, 2 }, PRUNE_SHAPE(4, 3));
    assert_channels(t, prune_norm_p(0), 0, 2, 3, 0, 3);
    assert_channels(t, prune_norm_p(1), 0, NAN, INFINITY, 0, NAN);
    assert_channels(t, prune_norm_p(2), 0, NAN, INFINITY, 0, NAN);
    assert_channels(t, prune_norm_p(infinite), 0, NAN, INFINITY, 0, NAN);
    assert_channels(t, prune_norm_p(-infinite), 0, NAN, 1, 0, NAN);
    assert_channels(t, prune_norm_p(0.5), 0, NAN, INFINITY, 0, NAN);
    assert_channels_near(t, prune_norm_p(-1), 0, NAN, 0.6666667f, 0, NAN);
    prune_tensor_release(t);
}

static void two_norms_overflow_early(void **state)
{
    (void)state;
    prune_tensor *t = tensor((const float[]){ 1e30f, 1, 1e-30f, 1e-30f }, PRUNE_SHAPE(2, 2));
    assert_channels(t, prune_norm_p(2), 0, INFINITY, 0);
    assert_channels(t, prune_norm_p(1), 0, 1e30f, 2e-30f);
    prune_tensor_release(t);
}

/* Orders that are not 2 as doubles are powers, though they are as floats; 1e39 is infinite as a float alone. */
static void orders_are_told_apart_as_doubles(void **state)
{
    (void)state;
    prune_tensor *t = tensor((const float[]){ 3, 4, 0.5f, 0.25f }, PRUNE_SHAPE(2, 2));
    assert_channels_near(t, prune_norm_p(2.0000000001), 0, 5, 0.559017f);
    assert_channels(t, prune_norm_p(1e39), 0, 1, 1);
    prune_tensor_release(t);
}

static void empty_channels_have_norm_zero_or_none(void **state)
{
    (void)state;
    float norms[2] = { 7, 7 };
    prune_tensor *t = seq(PRUNE_SHAPE(2, 0));
    assert_channels(t, prune_norm_p(0), 0, 0, 0);
    assert_channels(t, prune_norm_p(2), 0, 0, 0);
    assert_channels(t, prune_norm_p(0.5), 0, 0, 0);
    assert_fails(pruni_channel_norms(norms, t, prune_norm_p(infinite), 0, NULL, NULL), PRUNE_ERROR_RUNTIME,
                 "linalg.vector_norm cannot compute the inf norm on the dimension 1because this dimension is empty and "
                 "the operation does not have an identity");
    assert_fails(pruni_channel_norms(norms, t, prune_norm_p(-1.5), 0, NULL, NULL), PRUNE_ERROR_RUNTIME,
                 "cannot compute the -1.5 norm on the dimension 1because");
    assert_true(norms[0] == 7 && norms[1] == 7);
    assert_ok(pruni_channel_norms(norms, t, prune_norm_p(infinite), 1, NULL, NULL));
    assert_true(norms[0] == 7 && norms[1] == 7);
    prune_tensor_release(t);
}

static void channel_norms_need_a_dim_and_a_norm(void **state)
{
    (void)state;
    float norms[3] = { 7, 7, 7 };
    prune_tensor *t = seq(PRUNE_SHAPE(2, 3));
    const prune_norm zero = { 0 };
    assert_fails(pruni_channel_norms(norms, t, prune_norm_p(2), 2, NULL, NULL), PRUNE_ERROR_INDEX,
                 "Dimension out of range");
    assert_fails(pruni_channel_norms(norms, t, zero, 0, NULL, NULL), PRUNE_ERROR_VALUE, "not made by prune_norm_p()");
    assert_true(norms[0] == 7);
    prune_tensor_release(t);
}

/* ---- Any dims ---- */

/* torch.norm(seq((2, 3, 4)), p=2, dim=…) */
static void two_norms_over_any_dims(void **state)
{
    (void)state;
    prune_tensor *n = norm_of(seq(PRUNE_SHAPE(2, 3, 4)), prune_norm_p(2), PRUNE_SHAPE(2), false);
    assert_shape(n, 2, 3);
    assert_norms(n, 0x1.3e32f2p+3f, 0x1.a45f64p+2f, 0x1.3dd66cp+3f, 0x1.aca49ep+2f, 0x1.2f79b4p+3f, 0x1.d8c8aap+2f);
    n = norm_of(seq(PRUNE_SHAPE(2, 3, 4)), prune_norm_fro(), PRUNE_SHAPE(-2), true);
    assert_shape(n, 2, 1, 4);
    assert_norms(n, 0x1.30c7ecp+3f, 0x1.7bbb3cp+2f, 0x1.801bdcp+2f, 0x1.1bf1bap+3f, 0x1.7f58acp+2f, 0x1.8a1938p+2f,
                 0x1.0ac0f4p+3f, 0x1.b27440p+2f);
    n = norm_of(seq(PRUNE_SHAPE(2, 3, 4)), prune_norm_p(2), PRUNE_ALL_DIMS, false);
    assert_int_equal(prune_tensor_ndim(n), 0);
    assert_norms(n, 0x1.4bcc7ep+4f);
    n = norm_of(seq(PRUNE_SHAPE(2, 3, 4)), prune_norm_fro(), PRUNE_SHAPE(0, 1, 2), true);
    assert_shape(n, 1, 1, 1);
    assert_norms(n, 0x1.4bcc7ep+4f);
}

static void a_scalar_has_a_norm(void **state)
{
    (void)state;
    assert_norms(norm_of(tensor((const float[]){ -3 }, PRUNE_SCALAR), prune_norm_p(0.5), PRUNE_ALL_DIMS, false), 3);
    assert_norms(norm_of(tensor((const float[]){ -3 }, PRUNE_SCALAR), prune_norm_p(2), PRUNE_SHAPE(0), true), 3);
    assert_norms(norm_of(tensor((const float[]){ -3 }, PRUNE_SCALAR), prune_norm_p(0), PRUNE_ALL_DIMS, false), 1);
}

static void norms_of_nothing_are_zero_where_they_exist(void **state)
{
    (void)state;
    prune_tensor *t = seq(PRUNE_SHAPE(2, 0, 3)), *out = NULL;
    assert_fails(
        prune_tensor_norm(&out, t, prune_norm_p(infinite), PRUNE_ALL_DIMS, false), PRUNE_ERROR_RUNTIME,
        "linalg.vector_norm cannot compute the inf norm on an empty tensor because the operation does not have "
        "an identity");
    assert_fails(prune_tensor_norm(&out, t, prune_norm_p(-infinite), PRUNE_SHAPE(0, -2), false), PRUNE_ERROR_RUNTIME,
                 "cannot compute the -inf norm on the dimension -2because this dimension is empty");
    assert_null(out);
    assert_ok(prune_tensor_norm(&out, t, prune_norm_p(infinite), PRUNE_SHAPE(0, 2), false));
    assert_shape(out, 0);
    prune_tensor_release(out);
    assert_norms(norm_of(t, prune_norm_p(2), PRUNE_SHAPE(1), false), 0, 0, 0, 0, 0, 0);
    assert_norms(norm_of(seq(PRUNE_SHAPE(0)), prune_norm_p(3), PRUNE_ALL_DIMS, false), 0);
}

/* ---- The nuclear norm: torch.norm(t.double(), 'nuc', dim=…).float() ---- */

static void nuclear_norms_are_sums_of_singular_values(void **state)
{
    (void)state;
    prune_tensor *t = seq(PRUNE_SHAPE(2, 3, 3));
    assert_channels_near(t, prune_norm_nuc(), 0, 0x1.07f2b4p+4f, 0x1.e088fap+3f);
    assert_channels_near(t, prune_norm_nuc(), 1, 0x1.f9aeacp+3f, 0x1.be145ep+3f, 0x1.be7c4cp+3f);
    prune_tensor_release(t);
    prune_tensor *n = norm_of(seq(PRUNE_SHAPE(7, 9)), prune_norm_nuc(), PRUNE_ALL_DIMS, true);
    assert_shape(n, 1, 1);
    assert_true(near(prune_tensor_data(n)[0], 0x1.3bef60p+6f));
    prune_tensor_release(n);
}

static void nuclear_norms_of_simple_matrices(void **state)
{
    (void)state;
    const float diagonal[] = { 3, 0, 0, 0, -4, 0 };
    float memory[SEQ_MAX];
    prune_tensor *ones = NULL;
    assert_norms(norm_of(tensor(diagonal, PRUNE_SHAPE(2, 3)), prune_norm_nuc(), PRUNE_SHAPE(1, 0), false), 7);
    assert_norms(norm_of(seq(PRUNE_SHAPE(3, 0)), prune_norm_nuc(), PRUNE_ALL_DIMS, false), 0);
    assert_norms(norm_of(seq(PRUNE_SHAPE(2, 0, 3)), prune_norm_nuc(), PRUNE_SHAPE(0, 1), false), 0, 0, 0);
    assert_ok(prune_tensor_zeros(&ones, PRUNE_SHAPE(3, 4), PRUNE_FLOAT32));
    assert_norms(norm_of(ones, prune_norm_nuc(), PRUNE_SHAPE(0, 1), false), 0);
    assert_ok(prune_tensor_ones(&ones, PRUNE_SHAPE(4, 4), PRUNE_FLOAT32)); /* of rank 1 */
    assert_norms(norm_of(ones, prune_norm_nuc(), PRUNE_SHAPE(0, 1), false), 4);
    prune_tensor *t = strided_seq(memory, (const int64_t[]){ 1, 9 }, PRUNE_SHAPE(9, 7)); /* seq((7, 9)).t() */
    prune_tensor *n = norm_of(t, prune_norm_nuc(), PRUNE_SHAPE(0, 1), false);
    assert_true(near(prune_tensor_data(n)[0], 0x1.3bef60p+6f));
    prune_tensor_release(n);
}

static void a_nuclear_norm_needs_two_dims_without_nan(void **state)
{
    (void)state;
    float norms[2];
    prune_tensor *t = tensor((const float[]){ 1, 1, 1, 1, 1, INFINITY, NAN, 1 }, PRUNE_SHAPE(2, 2, 2)), *out = NULL;
    prune_tensor *row = tensor((const float[]){ 1, 2 }, PRUNE_SHAPE(2));
    assert_fails(prune_tensor_norm(&out, t, prune_norm_nuc(), PRUNE_ALL_DIMS, false), PRUNE_ERROR_RUNTIME,
                 "linalg.matrix_norm: dim must be a 2-tuple. Got 0 1 2");
    assert_fails(prune_tensor_norm(&out, t, prune_norm_nuc(), PRUNE_SHAPE(-1), false), PRUNE_ERROR_RUNTIME,
                 "dim must be a 2-tuple. Got -1");
    assert_fails(prune_tensor_norm(&out, row, prune_norm_nuc(), PRUNE_SHAPE(0), false), PRUNE_ERROR_RUNTIME,
                 "linalg.matrix_norm: The input tensor A must have at least 2 dimensions.");
    assert_fails(prune_tensor_norm(&out, t, prune_norm_nuc(), PRUNE_SHAPE(1, 2), false), PRUNE_ERROR_RUNTIME,
                 "linalg.svd: (Batch element 1): The algorithm failed to converge because the input matrix contained "
                 "non-finite values.");
    assert_fails(pruni_channel_norms(norms, t, prune_norm_nuc(), 0, NULL, NULL), PRUNE_ERROR_RUNTIME,
                 "Batch element 1");
    assert_null(out);
    prune_tensor_release(row);
    prune_tensor_release(t);
    t = tensor((const float[]){ 1, NAN }, PRUNE_SHAPE(1, 2));
    assert_fails(prune_tensor_norm(&out, t, prune_norm_nuc(), PRUNE_ALL_DIMS, false), PRUNE_ERROR_RUNTIME,
                 "linalg.svd: The algorithm failed to converge");
    prune_tensor_release(t);
    t = tensor((const float[]){ 1, INFINITY, 2, 3, 4, 0, 0, 3 }, PRUNE_SHAPE(2, 2, 2));
    assert_norms(norm_of(t, prune_norm_nuc(), PRUNE_SHAPE(1, 2), false), NAN, 7);
}

/* ---- Errors ---- */

static void norms_are_checked(void **state)
{
    (void)state;
    prune_tensor *t = seq(PRUNE_SHAPE(2, 3)), *integers = NULL, *out = NULL;
    const prune_norm zero = { 0 }, unknown = { 9, 2 };
    assert_ok(prune_tensor_ones(&integers, PRUNE_SHAPE(2), PRUNE_INT64));
    assert_fails(prune_tensor_norm(&out, t, zero, PRUNE_ALL_DIMS, false), PRUNE_ERROR_VALUE,
                 "the norm was not made by prune_norm_p(), prune_norm_fro() or prune_norm_nuc()");
    assert_fails(prune_tensor_norm(&out, t, unknown, PRUNE_ALL_DIMS, false), PRUNE_ERROR_VALUE, "not made by");
    assert_fails(prune_tensor_norm(&out, t, prune_norm_p((double)NAN), PRUNE_ALL_DIMS, false), PRUNE_ERROR_VALUE,
                 "the order of a norm cannot be NaN");
    assert_fails(prune_tensor_norm(&out, t, prune_norm_p(2), PRUNE_SHAPE(2), false), PRUNE_ERROR_INDEX,
                 "Dimension out of range (expected to be in range of [-2, 1], but got 2)");
    assert_fails(prune_tensor_norm(&out, t, prune_norm_p(2), PRUNE_SHAPE(0, -2), false), PRUNE_ERROR_RUNTIME,
                 "dim 0 appears multiple times in the list of dims");
    assert_fails(prune_tensor_norm(&out, integers, prune_norm_p(2), PRUNE_ALL_DIMS, false), PRUNE_ERROR_UNSUPPORTED,
                 "torch.int64");
    assert_fails(prune_tensor_norm(NULL, t, prune_norm_p(2), PRUNE_ALL_DIMS, false), PRUNE_ERROR_TYPE, "'out' is NULL");
    assert_fails(prune_tensor_norm(&out, NULL, prune_norm_p(2), PRUNE_ALL_DIMS, false), PRUNE_ERROR_TYPE,
                 "'t' is NULL");
    assert_null(out);
    prune_tensor_release(t);
    prune_tensor_release(integers);
}

/* ---- Memory ---- */

typedef struct operand {
    prune_tensor *out, *t;
    prune_norm norm;
    float norms[2];
} operand;

static prune_status try_norm(void *context)
{
    operand *o = context;
    return prune_tensor_norm(&o->out, o->t, o->norm, PRUNE_SHAPE(1, 2), false);
}

static prune_status try_channels(void *context)
{
    operand *o = context;
    return pruni_channel_norms(o->norms, o->t, o->norm, 0, NULL, NULL);
}

static void nothing_was_made(void *context)
{
    operand *o = context;
    assert_null(o->out);
}

static void drop(void *context)
{
    operand *o = context;
    prune_tensor_release(o->out);
    o->out = NULL;
}

static void no_memory_leaves_nothing_behind(void **state)
{
    (void)state;
    operand o = { NULL, seq(PRUNE_SHAPE(2, 3, 4)), prune_norm_p(2), { 0 } };
    try_every_allocation(try_norm, nothing_was_made, drop, &o);
    fail_allocation(0, true); /* channel norms allocate nothing */
    prune_status status = pruni_channel_norms(o.norms, o.t, o.norm, 0, NULL, NULL);
    fail_allocation(-1, false);
    assert_ok(status);
    o.norm = prune_norm_nuc();
    try_every_allocation(try_norm, nothing_was_made, drop, &o);
    try_every_allocation(try_channels, NULL, NULL, &o);
    prune_tensor_release(o.t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_order_over_the_first_dim),
        cmocka_unit_test(every_order_over_a_middle_dim),
        cmocka_unit_test(two_norms_of_runs_of_every_length),
        cmocka_unit_test(permuted_tensors_are_read_in_memory_order),
        cmocka_unit_test(gaps_between_channels_and_within_them),
        cmocka_unit_test(repeated_elements_count_each_time),
        cmocka_unit_test(the_norm_of_one_entry_is_its_magnitude),
        cmocka_unit_test(nan_and_infinity_spread),
        cmocka_unit_test(two_norms_overflow_early),
        cmocka_unit_test(orders_are_told_apart_as_doubles),
        cmocka_unit_test(empty_channels_have_norm_zero_or_none),
        cmocka_unit_test(channel_norms_need_a_dim_and_a_norm),
        cmocka_unit_test(two_norms_over_any_dims),
        cmocka_unit_test(a_scalar_has_a_norm),
        cmocka_unit_test(norms_of_nothing_are_zero_where_they_exist),
        cmocka_unit_test(nuclear_norms_are_sums_of_singular_values),
        cmocka_unit_test(nuclear_norms_of_simple_matrices),
        cmocka_unit_test(a_nuclear_norm_needs_two_dims_without_nan),
        cmocka_unit_test(norms_are_checked),
        cmocka_unit_test(no_memory_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
