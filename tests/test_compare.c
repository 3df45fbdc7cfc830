/* equal and allclose. */
#include "support.h"

static prune_tensor *tensor(const float *values, const int64_t *sizes, int64_t ndim)
{
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_from_values(&t, values, sizes, ndim));
    return t;
}

static prune_tensor *full(double value, prune_dtype dtype)
{
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_full(&t, PRUNE_SHAPE(3), value, dtype));
    return t;
}

static void repeated_elements_are_compared_with_others(void **state)
{
    (void)state;
    const float one[] = { 3 }, many[] = { 3, 3, 3, 3, 3, 3 }, other[] = { 3, 3, 3, 3, 3, 4 };
    prune_tensor *single = tensor(one, PRUNE_SHAPE(1, 1)), *same = tensor(many, PRUNE_SHAPE(2, 3)), *wide = NULL;
    prune_tensor *different = tensor(other, PRUNE_SHAPE(3, 2)), *turned = NULL;
    assert_ok(prune_tensor_expand(&wide, single, PRUNE_SHAPE(2, 3)));
    assert_ok(prune_tensor_transpose(&turned, different, 0, 1));
    assert_true(prune_tensor_equal(wide, same));
    assert_false(prune_tensor_equal(wide, turned));
    prune_tensor_release(single);
    prune_tensor_release(same);
    prune_tensor_release(wide);
    prune_tensor_release(different);
    prune_tensor_release(turned);
}

/* Takes over both. */
static bool are_equal(prune_tensor *a, prune_tensor *b)
{
    bool equal = prune_tensor_equal(a, b);
    assert_int_equal(prune_tensor_equal(b, a), equal);
    prune_tensor_release(a);
    prune_tensor_release(b);
    return equal;
}

static bool are_close(float a, float b, double rtol, double atol, bool equal_nan)
{
    prune_tensor *x = tensor(&a, PRUNE_SCALAR), *y = tensor(&b, PRUNE_SHAPE(1));
    bool close = false;
    assert_ok(prune_tensor_allclose(&close, x, y, rtol, atol, equal_nan));
    prune_tensor_release(x);
    prune_tensor_release(y);
    return close;
}

static void equal_tensors_have_equal_values(void **state)
{
    (void)state;
    const float values[] = { 1, 0, -0.0f, INFINITY }, other[] = { 1, -0.0f, 0, INFINITY },
                different[] = { 1, 0, 0, -INFINITY };
    assert_true(are_equal(tensor(values, PRUNE_SHAPE(4)), tensor(other, PRUNE_SHAPE(4))));
    assert_false(are_equal(tensor(values, PRUNE_SHAPE(4)), tensor(different, PRUNE_SHAPE(4))));
}

static void equal_tensors_have_the_same_shape(void **state)
{
    (void)state;
    const float values[] = { 1, 1, 1, 1 };
    assert_false(are_equal(tensor(values, PRUNE_SHAPE(4)), tensor(values, PRUNE_SHAPE(2, 2))));
    assert_false(are_equal(tensor(values, PRUNE_SHAPE(4)), tensor(values, PRUNE_SHAPE(3))));
    assert_false(are_equal(tensor(values, PRUNE_SHAPE(1)), tensor(values, PRUNE_SCALAR)));
    assert_true(are_equal(tensor(NULL, PRUNE_SHAPE(0, 2)), tensor(NULL, PRUNE_SHAPE(0, 2))));
    assert_false(are_equal(tensor(NULL, PRUNE_SHAPE(0, 2)), tensor(NULL, PRUNE_SHAPE(2, 0))));
}

static void nan_equals_nothing(void **state)
{
    (void)state;
    prune_tensor *t = full((double)NAN, PRUNE_FLOAT32);
    assert_false(prune_tensor_equal(t, t));
    prune_tensor_release(t);
    t = full((double)NAN, PRUNE_FLOAT16);
    assert_false(prune_tensor_equal(t, t));
    prune_tensor_release(t);
}

static void equal_takes_any_dtypes(void **state)
{
    (void)state;
    static const prune_dtype dtypes[] = { PRUNE_FLOAT32, PRUNE_FLOAT64, PRUNE_FLOAT16, PRUNE_BFLOAT16,
                                          PRUNE_INT64,   PRUNE_INT32,   PRUNE_UINT8,   PRUNE_BOOL };
    enum { COUNT = sizeof dtypes / sizeof dtypes[0] };
    for (int i = 0; i < COUNT; i++)
        for (int j = 0; j < COUNT; j++) {
            assert_true(are_equal(full(1, dtypes[i]), full(1, dtypes[j])));
            assert_false(are_equal(full(1, dtypes[i]), full(0, dtypes[j])));
        }
}

static void integers_and_floats_are_compared_exactly(void **state)
{
    (void)state;
    int64_t odd[] = { (INT64_C(1) << 53) + 1 }, highest[] = { INT64_MAX }, lowest[] = { INT64_MIN };
    prune_blob_options options = PRUNE_BLOB_OPTIONS_INIT;
    options.dtype = PRUNE_INT64;
    prune_tensor *a = NULL, *b = NULL, *c = NULL, *power = NULL;
    assert_ok(prune_tensor_from_blob(&a, odd, PRUNE_SHAPE(1), &options));
    assert_ok(prune_tensor_from_blob(&b, highest, PRUNE_SHAPE(1), &options));
    assert_ok(prune_tensor_from_blob(&c, lowest, PRUNE_SHAPE(1), &options));
    assert_ok(prune_tensor_full(&power, PRUNE_SHAPE(1), 0x1p53, PRUNE_FLOAT64));
    assert_false(prune_tensor_equal(a, power));
    odd[0]--;
    assert_true(prune_tensor_equal(a, power));
    assert_ok(prune_tensor_fill_(power, 0x1p63));
    assert_false(prune_tensor_equal(b, power));
    assert_ok(prune_tensor_fill_(power, -0x1p63));
    assert_true(prune_tensor_equal(c, power));
    assert_ok(prune_tensor_fill_(power, 0.5));
    odd[0] = 0;
    assert_false(prune_tensor_equal(a, power));
    assert_ok(prune_tensor_fill_(power, (double)NAN));
    assert_false(prune_tensor_equal(a, power));
    prune_tensor_release(a);
    prune_tensor_release(b);
    prune_tensor_release(c);
    prune_tensor_release(power);
}

static void the_last_of_many_elements_counts(void **state)
{
    (void)state;
    prune_tensor *a = NULL, *b = NULL;
    assert_ok(prune_tensor_zeros(&a, PRUNE_SHAPE(1000), PRUNE_INT32));
    assert_ok(prune_tensor_zeros(&b, PRUNE_SHAPE(1000), PRUNE_UINT8));
    assert_true(prune_tensor_equal(a, b));
    assert_ok(prune_tensor_set(b, PRUNE_SHAPE(999), 1));
    assert_false(prune_tensor_equal(a, b));
    prune_tensor_release(a);
    prune_tensor_release(b);
}

static void strides_do_not_matter(void **state)
{
    (void)state;
    int32_t memory[6] = { 1, 2, 3, 4, 5, 6 };
    const int64_t strides[] = { 1, 2 };
    prune_blob_options options = PRUNE_BLOB_OPTIONS_INIT;
    options.dtype = PRUNE_INT32;
    options.strides = strides;
    prune_tensor *transposed = NULL;
    assert_ok(prune_tensor_from_blob(&transposed, memory, PRUNE_SHAPE(2, 3), &options));
    prune_tensor *plain = tensor((const float[]){ 1, 3, 5, 2, 4, 6 }, PRUNE_SHAPE(2, 3));
    assert_true(prune_tensor_equal(transposed, plain));
    memory[1] = 0;
    assert_false(prune_tensor_equal(transposed, plain));
    prune_tensor_release(transposed);
    prune_tensor_release(plain);
}

static void null_equals_nothing(void **state)
{
    (void)state;
    prune_tensor *t = full(1, PRUNE_FLOAT32);
    assert_false(prune_tensor_equal(t, NULL));
    assert_false(prune_tensor_equal(NULL, t));
    assert_false(prune_tensor_equal(NULL, NULL));
    prune_tensor_release(t);
}

static void closeness_is_relative_to_the_second(void **state)
{
    (void)state;
    assert_true(are_close(1.001f, 1, 1e-2, 0, false));
    assert_false(are_close(1.001f, 1, 1e-4, 0, false));
    assert_true(are_close(1, 2, 0.5, 0, false));
    assert_false(are_close(2, 1, 0.5, 0, false));
    assert_true(are_close(-1, -2, 0.5, 0, false));
    assert_true(are_close(1e-9f, 0, 1e-5, 1e-8, false));
    assert_false(are_close(1e-7f, 0, 1e-5, 1e-8, false));
    assert_true(are_close(3, 3, 0, 0, false));
    assert_false(are_close(1, 0, (double)INFINITY, 0, false)); /* inf * 0 is NaN */
    assert_true(are_close(1, 2, 0, (double)INFINITY, false));
}

static void infinities_are_close_to_themselves_alone(void **state)
{
    (void)state;
    assert_true(are_close(INFINITY, INFINITY, 1e-5, 1e-8, false));
    assert_false(are_close(INFINITY, -INFINITY, 1e-5, 1e-8, false));
    assert_false(are_close(1, INFINITY, 1e-5, 1e-8, false));
    assert_false(are_close(INFINITY, 1, 1e-5, 1e-8, false));
    assert_false(are_close(INFINITY, 2, (double)INFINITY, (double)INFINITY, false));
}

static void nan_is_close_to_nan_when_asked(void **state)
{
    (void)state;
    assert_false(are_close(NAN, NAN, 1e-5, 1e-8, false));
    assert_true(are_close(NAN, NAN, 1e-5, 1e-8, true));
    assert_false(are_close(NAN, 1, 1e-5, 1e-8, true));
    assert_false(are_close(1, NAN, 1e-5, 1e-8, true));
}

static void allclose_broadcasts_and_looks_at_every_element(void **state)
{
    (void)state;
    prune_tensor *matrix = tensor((const float[]){ 1, 2, 3, 1, 2, 3 }, PRUNE_SHAPE(2, 3));
    prune_tensor *row = tensor((const float[]){ 1, 2, 3 }, PRUNE_SHAPE(3));
    prune_tensor *empty = tensor(NULL, PRUNE_SHAPE(0)), *one = tensor((const float[]){ 1 }, PRUNE_SHAPE(1));
    bool close = false;
    assert_ok(prune_tensor_allclose(&close, matrix, row, 0, 0, false));
    assert_true(close);
    assert_ok(prune_tensor_set(matrix, PRUNE_SHAPE(1, 2), 3.5));
    assert_ok(prune_tensor_allclose(&close, row, matrix, 1e-5, 1e-8, false));
    assert_false(close);
    assert_ok(prune_tensor_allclose(&close, empty, one, 0, 0, false));
    assert_true(close);
    prune_tensor_release(matrix);
    prune_tensor_release(row);
    prune_tensor_release(empty);
    prune_tensor_release(one);
}

static void allclose_refuses_bad_arguments(void **state)
{
    (void)state;
    prune_tensor *a = tensor((const float[]){ 1, 2, 3 }, PRUNE_SHAPE(3));
    prune_tensor *b = tensor((const float[]){ 1, 2 }, PRUNE_SHAPE(2)), *integers = full(1, PRUNE_INT64);
    bool close = true;
    assert_fails(prune_tensor_allclose(&close, a, b, 0, 0, false), PRUNE_ERROR_RUNTIME,
                 "The size of tensor a (3) must match the size of tensor b (2) at non-singleton dimension 0");
    assert_fails(prune_tensor_allclose(&close, a, a, -1, 0, false), PRUNE_ERROR_RUNTIME,
                 "rtol must be greater than or equal to zero, but got -1");
    assert_fails(prune_tensor_allclose(&close, a, a, 0, (double)NAN, false), PRUNE_ERROR_RUNTIME,
                 "atol must be greater than or equal to zero");
    assert_fails(prune_tensor_allclose(&close, a, integers, 0, 0, false), PRUNE_ERROR_UNSUPPORTED, "torch.int64");
    assert_fails(prune_tensor_allclose(&close, integers, a, 0, 0, false), PRUNE_ERROR_UNSUPPORTED, "torch.int64");
    assert_fails(prune_tensor_allclose(NULL, a, a, 0, 0, false), PRUNE_ERROR_TYPE, "'out' is NULL");
    assert_fails(prune_tensor_allclose(&close, NULL, a, 0, 0, false), PRUNE_ERROR_TYPE, "'a' is NULL");
    assert_fails(prune_tensor_allclose(&close, a, NULL, 0, 0, false), PRUNE_ERROR_TYPE, "'b' is NULL");
    assert_true(close);
    prune_tensor_release(a);
    prune_tensor_release(b);
    prune_tensor_release(integers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(repeated_elements_are_compared_with_others),
        cmocka_unit_test(equal_tensors_have_equal_values),
        cmocka_unit_test(equal_tensors_have_the_same_shape),
        cmocka_unit_test(nan_equals_nothing),
        cmocka_unit_test(equal_takes_any_dtypes),
        cmocka_unit_test(integers_and_floats_are_compared_exactly),
        cmocka_unit_test(the_last_of_many_elements_counts),
        cmocka_unit_test(strides_do_not_matter),
        cmocka_unit_test(null_equals_nothing),
        cmocka_unit_test(closeness_is_relative_to_the_second),
        cmocka_unit_test(infinities_are_close_to_themselves_alone),
        cmocka_unit_test(nan_is_close_to_nan_when_asked),
        cmocka_unit_test(allclose_broadcasts_and_looks_at_every_element),
        cmocka_unit_test(allclose_refuses_bad_arguments),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
