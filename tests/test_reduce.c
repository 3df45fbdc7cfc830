/* Sums, counts, extremes over dims. */
#include "support.h"

static const float six[] = { 3, -1, 2, 0, -0.0f, 5 };

static prune_tensor *tensor(const float *values, const int64_t *sizes, int64_t ndim)
{
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_from_values(&t, values, sizes, ndim));
    return t;
}

static prune_tensor *zeros(const int64_t *sizes, int64_t ndim)
{
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_zeros(&t, sizes, ndim, PRUNE_FLOAT32));
    return t;
}

/* torch.arange(24.).reshape(2, 3, 4).permute(2, 0, 1), of shape (4, 2, 3), over `memory` */
static prune_tensor *permuted(float memory[24])
{
    prune_tensor *t = NULL;
    const int64_t strides[] = { 1, 12, 4 };
    prune_blob_options options = PRUNE_BLOB_OPTIONS_INIT;
    options.strides = strides;
    for (int i = 0; i < 24; i++)
        memory[i] = (float)i;
    assert_ok(prune_tensor_from_blob(&t, memory, PRUNE_SHAPE(4, 2, 3), &options));
    return t;
}

/* Both check a result and release it. */
#define assert_integers(t, ...) \
    check_integers((t), (const int64_t[]){ __VA_ARGS__ }, sizeof((const int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t))

static void check_integers(prune_tensor *t, const int64_t *expected, size_t count)
{
    assert_int_equal(prune_tensor_dtype(t), PRUNE_INT64);
    assert_int_equal(prune_tensor_numel(t), count);
    assert_true(prune_tensor_is_contiguous(t));
    assert_memory_equal(prune_tensor_raw_data(t), expected, count * sizeof *expected);
    prune_tensor_release(t);
}

#define assert_floats(t, ...)          \
    do {                               \
        assert_values(t, __VA_ARGS__); \
        prune_tensor_release(t);       \
    } while (0)

static prune_tensor *sum(const prune_tensor *t, const int64_t *dims, int64_t ndims, bool keepdim)
{
    prune_tensor *out = NULL;
    assert_ok(prune_tensor_sum(&out, t, dims, ndims, keepdim));
    return out;
}

static prune_tensor *count(const prune_tensor *t, const int64_t *dims, int64_t ndims)
{
    prune_tensor *out = NULL;
    assert_ok(prune_tensor_count_nonzero(&out, t, dims, ndims));
    return out;
}

static prune_tensor *lowest(const prune_tensor *t, const int64_t *dims, int64_t ndims, bool keepdim)
{
    prune_tensor *out = NULL;
    assert_ok(prune_tensor_min(&out, t, dims, ndims, keepdim));
    return out;
}

static prune_tensor *highest(const prune_tensor *t, const int64_t *dims, int64_t ndims, bool keepdim)
{
    prune_tensor *out = NULL;
    assert_ok(prune_tensor_max(&out, t, dims, ndims, keepdim));
    return out;
}

static prune_tensor *place(const prune_tensor *t, const int64_t *dim, bool keepdim)
{
    prune_tensor *out = NULL;
    assert_ok(prune_tensor_argmax(&out, t, dim, keepdim));
    return out;
}

/* ---- sum ---- */

static void sums_go_over_the_dims_listed(void **state)
{
    (void)state;
    prune_tensor *t = tensor(six, PRUNE_SHAPE(2, 3)), *s = sum(t, PRUNE_SHAPE(1), true);
    assert_shape(s, 2, 1);
    assert_floats(s, 4, 5);
    s = sum(t, PRUNE_SHAPE(-2), false);
    assert_shape(s, 3);
    assert_floats(s, 3, -1, 7);
    s = sum(t, PRUNE_ALL_DIMS, false);
    assert_int_equal(prune_tensor_ndim(s), 0);
    assert_floats(s, 9);
    s = sum(t, PRUNE_ALL_DIMS, true);
    assert_shape(s, 1, 1);
    assert_floats(s, 9);
    prune_tensor_release(t);
}

static void sums_do_not_mind_strides(void **state)
{
    (void)state;
    float memory[24];
    prune_tensor *t = permuted(memory), *s = sum(t, PRUNE_SHAPE(0, 2), false);
    assert_floats(s, 66, 210);
    s = sum(t, PRUNE_SHAPE(2, -2), true);
    assert_shape(s, 4, 1, 1);
    assert_floats(s, 60, 66, 72, 78);
    prune_tensor_release(t);
}

static void sums_are_added_in_double(void **state)
{
    (void)state;
    prune_tensor *t = tensor((const float[]){ 1e8f, 1, -1e8f, 3e38f, 3e38f, -3e38f }, PRUNE_SHAPE(2, 3));
    prune_tensor *s = sum(t, PRUNE_SHAPE(1), false);
    assert_floats(s, 1, 3e38f);
    s = sum(t, PRUNE_SHAPE(0), false);
    assert_floats(s, 3e38f, 3e38f, -3e38f);
    prune_tensor_release(t);
    t = tensor((const float[]){ 3e38f, 3e38f, NAN, 1, INFINITY, 1, INFINITY, -INFINITY }, PRUNE_SHAPE(4, 2));
    s = sum(t, PRUNE_SHAPE(1), false);
    assert_floats(s, INFINITY, NAN, INFINITY, NAN);
    prune_tensor_release(t);
}

static void sums_of_nothing_are_zero(void **state)
{
    (void)state;
    prune_tensor *t = zeros(PRUNE_SHAPE(2, 0, 3)), *s = sum(t, PRUNE_SHAPE(1), false);
    assert_shape(s, 2, 3);
    assert_floats(s, 0, 0, 0, 0, 0, 0);
    s = sum(t, PRUNE_SHAPE(0), false);
    assert_shape(s, 0, 3);
    prune_tensor_release(s);
    s = sum(t, PRUNE_ALL_DIMS, false);
    assert_floats(s, 0);
    prune_tensor_release(t);
}

/* ---- count_nonzero ---- */

static void nan_counts_and_negative_zero_does_not(void **state)
{
    (void)state;
    prune_tensor *t = tensor((const float[]){ NAN, -0.0f, 0, 1e-45f, -INFINITY, 0 }, PRUNE_SHAPE(2, 3));
    assert_integers(count(t, PRUNE_ALL_DIMS), 3);
    assert_integers(count(t, PRUNE_SHAPE(0)), 2, 1, 0);
    assert_integers(count(t, PRUNE_SHAPE(-1)), 1, 2);
    prune_tensor_release(t);
}

static void any_dtype_is_counted(void **state)
{
    (void)state;
    static const prune_dtype dtypes[] = { PRUNE_FLOAT32, PRUNE_FLOAT64, PRUNE_FLOAT16, PRUNE_BFLOAT16,
                                          PRUNE_INT64,   PRUNE_INT32,   PRUNE_UINT8,   PRUNE_BOOL };
    for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++) {
        prune_tensor *t = NULL;
        assert_ok(prune_tensor_zeros(&t, PRUNE_SHAPE(2, 700), dtypes[i]));
        assert_ok(prune_tensor_set(t, PRUNE_SHAPE(0, 511), 1));
        assert_ok(prune_tensor_set(t, PRUNE_SHAPE(0, 512), 1));
        assert_ok(prune_tensor_set(t, PRUNE_SHAPE(1, 699), 1));
        assert_integers(count(t, PRUNE_SHAPE(1)), 2, 1);
        assert_integers(count(t, PRUNE_ALL_DIMS), 3);
        prune_tensor_release(t);
    }
}

static void counts_do_not_mind_strides(void **state)
{
    (void)state;
    float memory[24];
    prune_tensor *t = permuted(memory);
    memory[13] = 0;
    assert_integers(count(t, PRUNE_SHAPE(0, 2)), 11, 11);
    assert_integers(count(t, PRUNE_SHAPE(1)), 1, 2, 2, 1, 2, 2, 2, 2, 2, 2, 2, 2);
    prune_tensor_release(t);
    t = zeros(PRUNE_SHAPE(2, 0));
    assert_integers(count(t, PRUNE_SHAPE(1)), 0, 0);
    prune_tensor_release(t);
}

/* ---- min, max ---- */

static void extremes_go_over_the_dims_listed(void **state)
{
    (void)state;
    prune_tensor *t = tensor(six, PRUNE_SHAPE(2, 3)), *e = lowest(t, PRUNE_SHAPE(0), false);
    assert_shape(e, 3);
    assert_floats(e, 0, -1, 2);
    e = highest(t, PRUNE_SHAPE(-1), true);
    assert_shape(e, 2, 1);
    assert_floats(e, 3, 5);
    e = highest(t, PRUNE_ALL_DIMS, false);
    assert_int_equal(prune_tensor_ndim(e), 0);
    assert_floats(e, 5);
    e = lowest(t, PRUNE_SHAPE(1, 0), true);
    assert_shape(e, 1, 1);
    assert_floats(e, -1);
    prune_tensor_release(t);
}

static void extremes_do_not_mind_strides(void **state)
{
    (void)state;
    float memory[24];
    prune_tensor *t = permuted(memory), *e = lowest(t, PRUNE_SHAPE(1), false);
    assert_shape(e, 4, 3);
    assert_floats(e, 0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11);
    e = highest(t, PRUNE_SHAPE(0, 2), false);
    assert_floats(e, 11, 23);
    prune_tensor_release(t);
}

static void nan_wins(void **state)
{
    (void)state;
    prune_tensor *t = tensor((const float[]){ 1, NAN, 2, INFINITY, -INFINITY, 0 }, PRUNE_SHAPE(2, 3));
    prune_tensor *e = lowest(t, PRUNE_SHAPE(1), false);
    assert_floats(e, NAN, -INFINITY);
    e = highest(t, PRUNE_SHAPE(1), false);
    assert_floats(e, NAN, INFINITY);
    e = highest(t, PRUNE_SHAPE(0), false);
    assert_floats(e, INFINITY, NAN, 2);
    prune_tensor_release(t);
}

/* torch.amin of (0, -0) is 0, of (-0, 0) is -0 */
static void of_two_zeros_the_first_stays(void **state)
{
    (void)state;
    prune_tensor *t = tensor((const float[]){ 0, -0.0f, -0.0f, 0 }, PRUNE_SHAPE(2, 2));
    prune_tensor *e = lowest(t, PRUNE_SHAPE(1), false);
    assert_floats(e, 0, -0.0f);
    e = highest(t, PRUNE_SHAPE(1), false);
    assert_floats(e, 0, -0.0f);
    prune_tensor_release(t);
}

static void there_is_no_extreme_of_nothing(void **state)
{
    (void)state;
    prune_tensor *t = zeros(PRUNE_SHAPE(2, 0, 3)), *e = NULL;
    assert_fails(prune_tensor_max(&e, t, PRUNE_SHAPE(1), false), PRUNE_ERROR_INDEX,
                 "amax(): Expected reduction dim 1 to have non-zero size.");
    assert_fails(prune_tensor_min(&e, t, PRUNE_SHAPE(0, -2), true), PRUNE_ERROR_INDEX,
                 "amin(): Expected reduction dim -2 to have non-zero size.");
    assert_fails(prune_tensor_max(&e, t, PRUNE_ALL_DIMS, false), PRUNE_ERROR_RUNTIME,
                 "amax(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim "
                 "with the 'dim' argument.");
    assert_null(e);
    e = highest(t, PRUNE_SHAPE(0, 2), false);
    assert_shape(e, 0);
    prune_tensor_release(e);
    prune_tensor_release(t);
}

/* ---- argmax ---- */

static const int64_t first_dim = 0, second_dim = 1, last_dim = -1;

static void argmax_finds_the_first_of_equal_ones(void **state)
{
    (void)state;
    prune_tensor *t = tensor((const float[]){ 1, 5, 5, 7, 0, 7 }, PRUNE_SHAPE(2, 3));
    assert_integers(place(t, NULL, false), 3);
    assert_integers(place(t, &first_dim, false), 1, 0, 1);
    assert_integers(place(t, &last_dim, false), 1, 0);
    prune_tensor_release(t);
}

static void argmax_finds_the_first_nan(void **state)
{
    (void)state;
    prune_tensor *t = tensor((const float[]){ 1, NAN, NAN, -INFINITY, -INFINITY, -INFINITY }, PRUNE_SHAPE(2, 3));
    assert_integers(place(t, NULL, false), 1);
    assert_integers(place(t, &second_dim, false), 1, 0);
    prune_tensor_release(t);
}

static void argmax_may_keep_its_dims(void **state)
{
    (void)state;
    prune_tensor *t = tensor(six, PRUNE_SHAPE(2, 3)), *p = place(t, NULL, true);
    assert_shape(p, 1, 1);
    assert_integers(p, 5);
    p = place(t, &last_dim, true);
    assert_shape(p, 2, 1);
    assert_integers(p, 0, 2);
    prune_tensor_release(t);
    t = tensor(six, PRUNE_SCALAR);
    p = place(t, &last_dim, true);
    assert_int_equal(prune_tensor_ndim(p), 0);
    assert_integers(p, 0);
    prune_tensor_release(t);
}

static void argmax_counts_in_row_major_order(void **state)
{
    (void)state;
    float memory[24];
    prune_tensor *t = permuted(memory);
    assert_integers(place(t, NULL, false), 23);
    memory[4] = 100; /* at (0, 0, 1) */
    assert_integers(place(t, NULL, false), 1);
    assert_integers(place(t, &last_dim, false), 1, 2, 2, 2, 2, 2, 2, 2);
    prune_tensor_release(t);
}

static void there_is_no_place_in_nothing(void **state)
{
    (void)state;
    prune_tensor *t = zeros(PRUNE_SHAPE(2, 0)), *p = NULL;
    assert_fails(prune_tensor_argmax(&p, t, NULL, false), PRUNE_ERROR_INDEX,
                 "argmax(): Expected reduction dim to be specified for input.numel() == 0.");
    assert_fails(prune_tensor_argmax(&p, t, &last_dim, false), PRUNE_ERROR_INDEX,
                 "argmax(): Expected reduction dim 1 to have non-zero size.");
    assert_null(p);
    p = place(t, &first_dim, false);
    assert_shape(p, 0);
    prune_tensor_release(p);
    prune_tensor_release(t);
}

/* ---- Errors of all ---- */

static void dims_that_are_not_there_are_refused(void **state)
{
    (void)state;
    const int64_t beyond = 2;
    const char *words = "Dimension out of range (expected to be in range of [-2, 1], but got 2)";
    const char *twice = "dim 0 appears multiple times in the list of dims";
    prune_tensor *t = tensor(six, PRUNE_SHAPE(2, 3)), *out = NULL;
    assert_fails(prune_tensor_sum(&out, t, PRUNE_SHAPE(2), false), PRUNE_ERROR_INDEX, words);
    assert_fails(prune_tensor_count_nonzero(&out, t, PRUNE_SHAPE(0, 2)), PRUNE_ERROR_INDEX, words);
    assert_fails(prune_tensor_min(&out, t, PRUNE_SHAPE(2), false), PRUNE_ERROR_INDEX, words);
    assert_fails(prune_tensor_max(&out, t, PRUNE_SHAPE(2), false), PRUNE_ERROR_INDEX, words);
    assert_fails(prune_tensor_argmax(&out, t, &beyond, false), PRUNE_ERROR_INDEX, words);
    assert_fails(prune_tensor_sum(&out, t, PRUNE_SHAPE(0, -2), false), PRUNE_ERROR_RUNTIME, twice);
    assert_fails(prune_tensor_count_nonzero(&out, t, PRUNE_SHAPE(0, 0)), PRUNE_ERROR_RUNTIME, twice);
    assert_fails(prune_tensor_min(&out, t, PRUNE_SHAPE(0, 1, 0), false), PRUNE_ERROR_RUNTIME, twice);
    assert_fails(prune_tensor_max(&out, t, PRUNE_SHAPE(-2, 0), false), PRUNE_ERROR_RUNTIME, twice);
    assert_null(out);
    prune_tensor_release(t);
}

static void only_float32_is_computed_with(void **state)
{
    (void)state;
    prune_tensor *t = NULL, *out = NULL;
    assert_ok(prune_tensor_ones(&t, PRUNE_SHAPE(3), PRUNE_FLOAT64));
    assert_fails(prune_tensor_sum(&out, t, PRUNE_ALL_DIMS, false), PRUNE_ERROR_UNSUPPORTED, "torch.float64");
    assert_fails(prune_tensor_min(&out, t, PRUNE_ALL_DIMS, false), PRUNE_ERROR_UNSUPPORTED, "prune_tensor_min");
    assert_fails(prune_tensor_max(&out, t, PRUNE_ALL_DIMS, false), PRUNE_ERROR_UNSUPPORTED, "prune_tensor_max");
    assert_fails(prune_tensor_argmax(&out, t, NULL, false), PRUNE_ERROR_UNSUPPORTED, "prune_tensor_argmax");
    assert_null(out);
    prune_tensor_release(t);
}

static void null_arguments_are_named(void **state)
{
    (void)state;
    prune_tensor *t = tensor(six, PRUNE_SHAPE(2, 3)), *out = NULL;
    assert_fails(prune_tensor_sum(NULL, t, PRUNE_ALL_DIMS, false), PRUNE_ERROR_TYPE, "'out' is NULL");
    assert_fails(prune_tensor_sum(&out, NULL, PRUNE_ALL_DIMS, false), PRUNE_ERROR_TYPE, "'t' is NULL");
    assert_fails(prune_tensor_sum(&out, t, NULL, 1, false), PRUNE_ERROR_TYPE, "prune_tensor_sum: argument 'dims'");
    assert_fails(prune_tensor_count_nonzero(&out, t, NULL, 1), PRUNE_ERROR_TYPE, "count_nonzero: argument 'dims'");
    assert_fails(prune_tensor_min(&out, t, NULL, 1, false), PRUNE_ERROR_TYPE, "prune_tensor_min: argument 'dims'");
    assert_fails(prune_tensor_max(&out, t, NULL, 1, false), PRUNE_ERROR_TYPE, "prune_tensor_max: argument 'dims'");
    assert_fails(prune_tensor_norm(&out, t, prune_norm_p(2), NULL, 1, false), PRUNE_ERROR_TYPE,
                 "prune_tensor_norm: argument 'dims'");
    assert_fails(prune_tensor_sum(&out, t, NULL, -1, false), PRUNE_ERROR_VALUE, "a list of -1 dims");
    assert_fails(prune_tensor_count_nonzero(NULL, t, PRUNE_ALL_DIMS), PRUNE_ERROR_TYPE, "'out' is NULL");
    assert_fails(prune_tensor_count_nonzero(&out, NULL, PRUNE_ALL_DIMS), PRUNE_ERROR_TYPE, "'t' is NULL");
    assert_fails(prune_tensor_min(NULL, t, PRUNE_ALL_DIMS, false), PRUNE_ERROR_TYPE, "'out' is NULL");
    assert_fails(prune_tensor_min(&out, NULL, PRUNE_ALL_DIMS, false), PRUNE_ERROR_TYPE, "'t' is NULL");
    assert_fails(prune_tensor_max(NULL, t, PRUNE_ALL_DIMS, false), PRUNE_ERROR_TYPE, "'out' is NULL");
    assert_fails(prune_tensor_max(&out, NULL, PRUNE_ALL_DIMS, false), PRUNE_ERROR_TYPE, "'t' is NULL");
    assert_fails(prune_tensor_argmax(NULL, t, NULL, false), PRUNE_ERROR_TYPE, "'out' is NULL");
    assert_fails(prune_tensor_argmax(&out, NULL, NULL, false), PRUNE_ERROR_TYPE, "'t' is NULL");
    assert_null(out);
    prune_tensor_release(t);
}

/* ---- Memory ---- */

typedef struct operand {
    prune_tensor *out, *t;
} operand;

static prune_status try_sum(void *context)
{
    operand *o = context;
    return prune_tensor_sum(&o->out, o->t, PRUNE_SHAPE(1), false);
}

static prune_status try_count(void *context)
{
    operand *o = context;
    return prune_tensor_count_nonzero(&o->out, o->t, PRUNE_SHAPE(1));
}

static prune_status try_min(void *context)
{
    operand *o = context;
    return prune_tensor_min(&o->out, o->t, PRUNE_SHAPE(1), false);
}

static prune_status try_max(void *context)
{
    operand *o = context;
    return prune_tensor_max(&o->out, o->t, PRUNE_SHAPE(1), false);
}

static prune_status try_argmax(void *context)
{
    operand *o = context;
    return prune_tensor_argmax(&o->out, o->t, &last_dim, false);
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
    operand o = { NULL, tensor(six, PRUNE_SHAPE(2, 3)) };
    try_every_allocation(try_sum, nothing_was_made, drop, &o);
    try_every_allocation(try_count, nothing_was_made, drop, &o);
    try_every_allocation(try_min, nothing_was_made, drop, &o);
    try_every_allocation(try_max, nothing_was_made, drop, &o);
    try_every_allocation(try_argmax, nothing_was_made, drop, &o);
    prune_tensor_release(o.t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_go_over_the_dims_listed),
        cmocka_unit_test(sums_do_not_mind_strides),
        cmocka_unit_test(sums_are_added_in_double),
        cmocka_unit_test(sums_of_nothing_are_zero),
        cmocka_unit_test(nan_counts_and_negative_zero_does_not),
        cmocka_unit_test(any_dtype_is_counted),
        cmocka_unit_test(counts_do_not_mind_strides),
        cmocka_unit_test(extremes_go_over_the_dims_listed),
        cmocka_unit_test(extremes_do_not_mind_strides),
        cmocka_unit_test(nan_wins),
        cmocka_unit_test(of_two_zeros_the_first_stays),
        cmocka_unit_test(there_is_no_extreme_of_nothing),
        cmocka_unit_test(argmax_finds_the_first_of_equal_ones),
        cmocka_unit_test(argmax_finds_the_first_nan),
        cmocka_unit_test(argmax_may_keep_its_dims),
        cmocka_unit_test(argmax_counts_in_row_major_order),
        cmocka_unit_test(there_is_no_place_in_nothing),
        cmocka_unit_test(dims_that_are_not_there_are_refused),
        cmocka_unit_test(only_float32_is_computed_with),
        cmocka_unit_test(null_arguments_are_named),
        cmocka_unit_test(no_memory_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
