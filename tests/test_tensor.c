/* Tensors: made, looked at, read and written by element; all that makes one, out of memory. */
#include "tensor_support.h"

/* ---- Make ---- */

static void new_tensors_hold_their_values(void **state)
{
    (void)state;
    prune_tensor *zeros = NULL, *ones = NULL, *full = NULL, *values = NULL, *none = NULL;
    assert_ok(prune_tensor_zeros(&zeros, PRUNE_SHAPE(2, 2), PRUNE_FLOAT32));
    assert_ok(prune_tensor_ones(&ones, PRUNE_SCALAR, PRUNE_FLOAT32));
    assert_ok(prune_tensor_full(&full, PRUNE_SHAPE(3), -2.5, PRUNE_FLOAT32));
    assert_ok(prune_tensor_from_values(&values, (const float[]){ 1, -0.0f, NAN, INFINITY, 5, 6 }, PRUNE_SHAPE(2, 3)));
    assert_ok(prune_tensor_from_values(&none, NULL, PRUNE_SHAPE(2, 0)));
    assert_values(zeros, 0, 0, 0, 0);
    assert_values(ones, 1);
    assert_values(full, -2.5f, -2.5f, -2.5f);
    assert_values(values, 1, -0.0f, NAN, INFINITY, 5, 6);
    assert_shape(zeros, 2, 2);
    assert_shape(none, 2, 0);
    assert_int_equal(prune_tensor_ndim(ones), 0);
    prune_tensor_release(zeros);
    prune_tensor_release(ones);
    prune_tensor_release(full);
    prune_tensor_release(values);
    prune_tensor_release(none);
}

static void ones_are_one_in_every_dtype(void **state)
{
    (void)state;
    for (int dtype = PRUNE_FLOAT32; dtype <= PRUNE_BOOL; dtype++) {
        prune_tensor *t = NULL;
        double value = 0;
        assert_ok(prune_tensor_ones(&t, PRUNE_SHAPE(5), (prune_dtype)dtype));
        assert_int_equal(prune_tensor_dtype(t), dtype);
        assert_ok(prune_tensor_get(&value, t, PRUNE_SHAPE(4)));
        assert_true(value == 1);
        prune_tensor_release(t);
    }
}

static void arange_counts_by_the_step(void **state)
{
    (void)state;
    prune_tensor *up = NULL, *down = NULL, *none = NULL, *bytes = NULL;
    assert_ok(prune_tensor_arange(&up, 1, 2.1, 0.25, PRUNE_FLOAT32));
    assert_values(up, 1, 1.25f, 1.5f, 1.75f, 2);
    assert_ok(prune_tensor_arange(&down, 3, 0, -1, PRUNE_FLOAT32));
    assert_values(down, 3, 2, 1);
    assert_ok(prune_tensor_arange(&none, 3, 3, 1, PRUNE_INT64));
    assert_shape(none, 0);
    assert_ok(prune_tensor_arange(&bytes, 0, 3, 1, PRUNE_UINT8));
    assert_memory_equal(prune_tensor_raw_data(bytes), ((const uint8_t[]){ 0, 1, 2 }), 3);
    prune_tensor_release(up);
    prune_tensor_release(down);
    prune_tensor_release(none);
    prune_tensor_release(bytes);
}

static void impossible_ranges_are_refused(void **state)
{
    (void)state;
    prune_tensor *t = NULL;
    assert_fails(prune_tensor_arange(&t, 0, 1, 0, PRUNE_FLOAT32), PRUNE_ERROR_RUNTIME, "step must be nonzero");
    assert_fails(prune_tensor_arange(&t, 0, INFINITY, 1, PRUNE_FLOAT32), PRUNE_ERROR_RUNTIME,
                 "unsupported range: 0 -> inf");
    assert_fails(prune_tensor_arange(&t, NAN, 1, 1, PRUNE_FLOAT32), PRUNE_ERROR_RUNTIME, "unsupported range: nan -> 1");
    assert_fails(prune_tensor_arange(&t, 0, 1, -1, PRUNE_FLOAT32), PRUNE_ERROR_RUNTIME,
                 "upper bound and lower bound inconsistent with step sign");
    assert_fails(prune_tensor_arange(&t, 0, 1, NAN, PRUNE_FLOAT32), PRUNE_ERROR_RUNTIME, "inconsistent with step sign");
    assert_fails(prune_tensor_arange(&t, 0, 1e30, 1, PRUNE_FLOAT32), PRUNE_ERROR_RUNTIME, "possible overflow");
    assert_fails(prune_tensor_arange(&t, 0, 9e18, 1, PRUNE_FLOAT32), PRUNE_ERROR_MEMORY, "does not fit into memory");
    assert_null(t);
}

static void impossible_shapes_are_refused(void **state)
{
    (void)state;
    prune_tensor *t = NULL;
    const int64_t ones[PRUNE_MAX_DIMS + 1] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
    assert_fails(prune_tensor_empty(&t, PRUNE_SHAPE(3, -1), PRUNE_FLOAT32), PRUNE_ERROR_RUNTIME,
                 "Trying to create tensor with negative dimension -1: [3, -1]");
    assert_fails(prune_tensor_zeros(&t, PRUNE_SHAPE(INT64_MAX, INT64_MAX, -1), PRUNE_FLOAT32), PRUNE_ERROR_RUNTIME,
                 "negative dimension -1");
    assert_fails(prune_tensor_zeros(&t, ones, PRUNE_MAX_DIMS + 1, PRUNE_FLOAT32), PRUNE_ERROR_VALUE,
                 "rank 17 is not in the range 0 to 16");
    assert_fails(prune_tensor_ones(&t, NULL, -1, PRUNE_FLOAT32), PRUNE_ERROR_VALUE, "rank -1 is not in the range");
    assert_fails(prune_tensor_full(&t, PRUNE_SHAPE(1), 0, (prune_dtype)8), PRUNE_ERROR_VALUE, "8 is not a dtype");
    assert_fails(prune_tensor_empty(&t, PRUNE_SHAPE(INT64_MAX, 2), PRUNE_UINT8), PRUNE_ERROR_MEMORY,
                 "shape torch.Size([9223372036854775807, 2]) and dtype torch.uint8 does not fit into memory");
    assert_fails(prune_tensor_empty(&t, PRUNE_SHAPE(INT64_MAX / 8 + 1), PRUNE_FLOAT64), PRUNE_ERROR_MEMORY,
                 "does not fit into memory");
    assert_fails(prune_tensor_empty(&t, PRUNE_SHAPE(INT64_MAX, 0, 2), PRUNE_FLOAT32), PRUNE_ERROR_MEMORY,
                 "does not fit into memory");
    assert_null(t);
    assert_ok(prune_tensor_empty(&t, ones, PRUNE_MAX_DIMS, PRUNE_FLOAT32));
    assert_int_equal(prune_tensor_numel(t), 1);
    prune_tensor_release(t);
}

static void null_arguments_of_makers_are_type_errors(void **state)
{
    (void)state;
    float value = 1;
    prune_tensor *t = NULL;
    assert_fails(prune_tensor_empty(NULL, PRUNE_SHAPE(1), PRUNE_FLOAT32), PRUNE_ERROR_TYPE,
                 "prune_tensor_empty: argument 'out' is NULL");
    assert_fails(prune_tensor_zeros(NULL, PRUNE_SHAPE(1), PRUNE_FLOAT32), PRUNE_ERROR_TYPE, "'out' is NULL");
    assert_fails(prune_tensor_ones(NULL, PRUNE_SHAPE(1), PRUNE_FLOAT32), PRUNE_ERROR_TYPE, "'out' is NULL");
    assert_fails(prune_tensor_full(NULL, PRUNE_SHAPE(1), 2, PRUNE_FLOAT32), PRUNE_ERROR_TYPE, "'out' is NULL");
    assert_fails(prune_tensor_arange(NULL, 0, 1, 1, PRUNE_FLOAT32), PRUNE_ERROR_TYPE, "'out' is NULL");
    assert_fails(prune_tensor_from_values(NULL, NULL, PRUNE_SHAPE(0)), PRUNE_ERROR_TYPE, "'out' is NULL");
    assert_fails(prune_tensor_from_values(&t, NULL, PRUNE_SHAPE(2)), PRUNE_ERROR_TYPE,
                 "prune_tensor_from_values: argument 'values' is NULL");
    assert_fails(prune_tensor_from_values(&t, &value, PRUNE_SHAPE(-1)), PRUNE_ERROR_RUNTIME, "negative dimension -1");
    assert_fails(prune_tensor_empty(&t, NULL, 2, PRUNE_FLOAT32), PRUNE_ERROR_TYPE,
                 "prune_tensor_empty: argument 'sizes'");
    assert_fails(prune_tensor_zeros(&t, NULL, 2, PRUNE_FLOAT32), PRUNE_ERROR_TYPE, "argument 'sizes' is NULL");
    assert_fails(prune_tensor_ones(&t, NULL, 2, PRUNE_FLOAT32), PRUNE_ERROR_TYPE, "argument 'sizes' is NULL");
    assert_fails(prune_tensor_full(&t, NULL, 2, 1, PRUNE_FLOAT32), PRUNE_ERROR_TYPE, "argument 'sizes' is NULL");
    assert_fails(prune_tensor_from_values(&t, &value, NULL, 1), PRUNE_ERROR_TYPE, "argument 'sizes' is NULL");
    assert_fails(prune_tensor_from_blob(&t, &value, NULL, 1, NULL), PRUNE_ERROR_TYPE, "argument 'sizes' is NULL");
    assert_fails(prune_tensor_from_const_blob(&t, &value, NULL, 1, NULL), PRUNE_ERROR_TYPE,
                 "prune_tensor_from_const_blob: argument 'sizes'");
    assert_fails(prune_tensor_from_const_blob(NULL, &value, PRUNE_SHAPE(1), NULL), PRUNE_ERROR_TYPE, "'out' is NULL");
    assert_fails(prune_rand(&t, NULL, 1, PRUNE_FLOAT32, NULL), PRUNE_ERROR_TYPE, "prune_rand: argument 'sizes'");
    assert_fails(prune_tensor_clone(NULL, NULL), PRUNE_ERROR_TYPE, "'out' is NULL");
    assert_fails(prune_tensor_clone(&t, NULL), PRUNE_ERROR_TYPE, "'t' is NULL");
    assert_fails(prune_tensor_contiguous(NULL, NULL), PRUNE_ERROR_TYPE, "'out' is NULL");
    assert_fails(prune_tensor_contiguous(&t, NULL), PRUNE_ERROR_TYPE, "'t' is NULL");
    assert_fails(prune_tensor_to(NULL, NULL, PRUNE_INT64), PRUNE_ERROR_TYPE, "'out' is NULL");
    assert_fails(prune_tensor_to(&t, NULL, PRUNE_INT64), PRUNE_ERROR_TYPE, "'t' is NULL");
    assert_null(t);
}

/* ---- Look ---- */

static void sizes_and_strides_can_be_asked(void **state)
{
    (void)state;
    prune_tensor *t = counted(PRUNE_SHAPE(2, 3, 4)), *scalar = NULL, *empty = NULL;
    assert_int_equal(prune_tensor_ndim(t), 3);
    assert_int_equal(prune_tensor_numel(t), 24);
    assert_int_equal(prune_tensor_size(t, 0), 2);
    assert_int_equal(prune_tensor_size(t, -1), 4);
    assert_strides(t, PRUNE_SHAPE(12, 4, 1));
    assert_true(prune_tensor_is_contiguous(t));
    assert_int_equal(prune_tensor_size(t, 3), -1);
    assert_missing(prune_tensor_size(t, 3) >= 0, PRUNE_ERROR_INDEX,
                   "Dimension out of range (expected to be in range of [-3, 2], but got 3)");
    assert_ok(prune_tensor_zeros(&scalar, PRUNE_SCALAR, PRUNE_BOOL));
    assert_non_null(prune_tensor_sizes(scalar));
    assert_int_equal(prune_tensor_numel(scalar), 1);
    assert_true(prune_tensor_is_contiguous(scalar));
    assert_int_equal(prune_tensor_size(scalar, 0), -1);
    assert_string_equal(prune_last_error(), "Dimension specified as 0 but tensor has no dimensions");
    assert_ok(prune_tensor_zeros(&empty, PRUNE_SHAPE(3, 0, 4), PRUNE_FLOAT32));
    assert_int_equal(prune_tensor_numel(empty), 0);
    assert_strides(empty, PRUNE_SHAPE(4, 4, 1)); /* torch.empty(3, 0, 4).stride() */
    assert_true(prune_tensor_is_contiguous(empty));
    assert_non_null(prune_tensor_data(empty));
    prune_tensor_release(t);
    prune_tensor_release(scalar);
    prune_tensor_release(empty);
}

static void getters_of_nothing_give_nothing_and_keep_the_error(void **state)
{
    (void)state;
    prune_fail(PRUNE_ERROR_USER, "before");
    assert_int_equal(prune_tensor_dtype(NULL), PRUNE_FLOAT32);
    assert_int_equal(prune_tensor_ndim(NULL), 0);
    assert_int_equal(prune_tensor_size(NULL, 0), 0);
    assert_int_equal(prune_tensor_numel(NULL), 0);
    assert_null(prune_tensor_sizes(NULL));
    assert_null(prune_tensor_strides(NULL));
    assert_null(prune_tensor_data(NULL));
    assert_null(prune_tensor_data_mutable(NULL));
    assert_null(prune_tensor_raw_data(NULL));
    assert_false(prune_tensor_is_contiguous(NULL));
    assert_false(prune_tensor_requires_grad(NULL));
    assert_null(prune_tensor_retain(NULL));
    prune_tensor_release(NULL);
    assert_string_equal(prune_last_error(), "before");
}

static void the_data_pointer_is_for_float32(void **state)
{
    (void)state;
    prune_tensor *t = counted(PRUNE_SHAPE(3)), *whole = NULL;
    assert_ok(prune_tensor_to(&whole, t, PRUNE_INT64));
    assert_ptr_equal(prune_tensor_data(t), prune_tensor_raw_data(t));
    prune_tensor_data_mutable(t)[1] = 7;
    assert_values(t, 0, 7, 2);
    assert_missing(prune_tensor_data(whole), PRUNE_ERROR_TYPE,
                   "prune_tensor_data: the tensor is torch.int64, not torch.float32");
    assert_missing(prune_tensor_data_mutable(whole), PRUNE_ERROR_TYPE, "torch.int64, not torch.float32");
    assert_non_null(prune_tensor_raw_data(whole));
    prune_tensor_release(t);
    prune_tensor_release(whole);
}

static void dtypes_have_pytorchs_names(void **state)
{
    (void)state;
    assert_string_equal(prune_dtype_name(PRUNE_BFLOAT16), "torch.bfloat16");
    assert_string_equal(prune_dtype_name(PRUNE_BOOL), "torch.bool");
    assert_null(prune_dtype_name((prune_dtype)8));
    assert_null(prune_dtype_name((prune_dtype)-1));
}

static void only_floats_can_need_a_gradient(void **state)
{
    (void)state;
    for (int dtype = PRUNE_FLOAT32; dtype <= PRUNE_BOOL; dtype++) {
        prune_tensor *t = NULL;
        assert_ok(prune_tensor_zeros(&t, PRUNE_SHAPE(1), (prune_dtype)dtype));
        assert_false(prune_tensor_requires_grad(t));
        if (dtype <= PRUNE_BFLOAT16)
            assert_ok(prune_tensor_set_requires_grad(t, true));
        else
            assert_fails(prune_tensor_set_requires_grad(t, true), PRUNE_ERROR_RUNTIME,
                         "only Tensors of floating point dtype can require gradients");
        assert_int_equal(prune_tensor_requires_grad(t), dtype <= PRUNE_BFLOAT16);
        assert_ok(prune_tensor_set_requires_grad(t, false));
        assert_false(prune_tensor_requires_grad(t));
        prune_tensor_release(t);
    }
    assert_fails(prune_tensor_set_requires_grad(NULL, true), PRUNE_ERROR_TYPE, "'t' is NULL");
}

/* ---- Items ---- */

static void items_are_read_and_written_by_index(void **state)
{
    (void)state;
    prune_tensor *t = counted(PRUNE_SHAPE(2, 3)), *turned = NULL, *scalar = NULL;
    double value = -1;
    assert_ok(prune_tensor_get(&value, t, PRUNE_SHAPE(1, -3)));
    assert_true(value == 3);
    assert_ok(prune_tensor_transpose(&turned, t, 0, 1));
    assert_ok(prune_tensor_set(turned, PRUNE_SHAPE(-1, 0), 0.1));
    assert_values(t, 0, 1, 0.1f, 3, 4, 5);
    assert_ok(prune_tensor_ones(&scalar, PRUNE_SCALAR, PRUNE_FLOAT32));
    assert_ok(prune_tensor_set(scalar, PRUNE_SCALAR, NAN));
    assert_ok(prune_tensor_get(&value, scalar, PRUNE_SCALAR));
    assert_true(isnan(value));
    prune_tensor_release(t);
    prune_tensor_release(turned);
    prune_tensor_release(scalar);
}

static void a_repeated_element_can_be_set(void **state)
{
    (void)state;
    prune_tensor *t = counted(PRUNE_SHAPE(2)), *wide = NULL; /* x.expand(2, 2)[1, 0] = 5 */
    assert_ok(prune_tensor_expand(&wide, t, PRUNE_SHAPE(2, 2)));
    assert_ok(prune_tensor_set(wide, PRUNE_SHAPE(1, 0), 5));
    assert_values(wide, 5, 1, 5, 1);
    prune_tensor_release(t);
    prune_tensor_release(wide);
}

static void items_outside_are_index_errors(void **state)
{
    (void)state;
    prune_tensor *t = counted(PRUNE_SHAPE(2, 3)), *empty = NULL;
    double value = -1;
    assert_fails(prune_tensor_get(&value, t, PRUNE_SHAPE(2, 0)), PRUNE_ERROR_INDEX,
                 "index 2 is out of bounds for dimension 0 with size 2");
    assert_fails(prune_tensor_set(t, PRUNE_SHAPE(0, -4), 9), PRUNE_ERROR_INDEX,
                 "index -4 is out of bounds for dimension 1 with size 3");
    assert_fails(prune_tensor_get(&value, t, PRUNE_SHAPE(INT64_MIN, INT64_MAX)), PRUNE_ERROR_INDEX, "out of bounds");
    assert_fails(prune_tensor_get(&value, t, PRUNE_SHAPE(0, 0, 0)), PRUNE_ERROR_INDEX,
                 "too many indices for tensor of dimension 2");
    assert_fails(prune_tensor_get(&value, t, PRUNE_SHAPE(0)), PRUNE_ERROR_INDEX, "1 indices for tensor of dimension 2");
    assert_fails(prune_tensor_set(t, PRUNE_SCALAR, 9), PRUNE_ERROR_INDEX, "0 indices for tensor of dimension 2");
    assert_fails(prune_tensor_get(&value, t, NULL, 2), PRUNE_ERROR_TYPE, "prune_tensor_get: argument 'index' is NULL");
    assert_fails(prune_tensor_get(NULL, t, PRUNE_SHAPE(0, 0)), PRUNE_ERROR_TYPE, "'out' is NULL");
    assert_fails(prune_tensor_get(&value, NULL, PRUNE_SHAPE(0, 0)), PRUNE_ERROR_TYPE, "'t' is NULL");
    assert_fails(prune_tensor_set(NULL, PRUNE_SHAPE(0, 0), 1), PRUNE_ERROR_TYPE, "'t' is NULL");
    assert_fails(prune_tensor_set(t, NULL, 2, 1), PRUNE_ERROR_TYPE, "prune_tensor_set: argument 'index' is NULL");
    assert_ok(prune_tensor_zeros(&empty, PRUNE_SHAPE(0), PRUNE_FLOAT32));
    assert_fails(prune_tensor_get(&value, empty, PRUNE_SHAPE(0)), PRUNE_ERROR_INDEX, "with size 0");
    assert_true(value == -1);
    assert_values(t, 0, 1, 2, 3, 4, 5);
    prune_tensor_release(t);
    prune_tensor_release(empty);
}

static void an_int64_that_no_double_holds_is_not_given(void **state)
{
    (void)state;
    int64_t numbers[] = { INT64_C(1) << 53, (INT64_C(1) << 53) + 1, INT64_MAX, INT64_MIN, (INT64_C(1) << 62) + 1024 };
    prune_blob_options options = PRUNE_BLOB_OPTIONS_INIT;
    options.dtype = PRUNE_INT64;
    prune_tensor *t = NULL;
    double value = -1;
    assert_ok(prune_tensor_from_blob(&t, numbers, PRUNE_SHAPE(5), &options));
    assert_ok(prune_tensor_get(&value, t, PRUNE_SHAPE(0)));
    assert_true(value == 0x1p53);
    assert_fails(prune_tensor_get(&value, t, PRUNE_SHAPE(1)), PRUNE_ERROR_VALUE,
                 "no double holds the int64 9007199254740993");
    assert_fails(prune_tensor_get(&value, t, PRUNE_SHAPE(2)), PRUNE_ERROR_VALUE, "9223372036854775807");
    assert_true(value == 0x1p53);
    assert_ok(prune_tensor_get(&value, t, PRUNE_SHAPE(3)));
    assert_true(value == -0x1p63);
    assert_ok(prune_tensor_get(&value, t, PRUNE_SHAPE(4)));
    assert_true(value == 0x1p62 + 1024);
    prune_tensor_release(t);
}

/* ---- Out of memory ---- */

typedef struct trial {
    prune_tensor *t; /* transposed: not contiguous */
    prune_tensor *out;
    int which;
} trial;

static prune_status make(void *context)
{
    trial *it = context;
    switch (it->which) {
    case 0:
        return prune_tensor_empty(&it->out, PRUNE_SHAPE(2), PRUNE_FLOAT32);
    case 1:
        return prune_tensor_zeros(&it->out, PRUNE_SHAPE(2), PRUNE_FLOAT32);
    case 2:
        return prune_tensor_ones(&it->out, PRUNE_SHAPE(2), PRUNE_FLOAT32);
    case 3:
        return prune_tensor_full(&it->out, PRUNE_SHAPE(2), 3, PRUNE_FLOAT32);
    case 4:
        return prune_tensor_arange(&it->out, 0, 3, 1, PRUNE_FLOAT32);
    case 5:
        return prune_tensor_from_values(&it->out, (const float[]){ 1 }, PRUNE_SHAPE(1));
    case 6:
        return prune_tensor_clone(&it->out, it->t);
    case 7:
        return prune_tensor_contiguous(&it->out, it->t);
    default:
        return prune_tensor_to(&it->out, it->t, PRUNE_INT64);
    }
}

static void not_made(void *context)
{
    trial *it = context;
    assert_null(it->out);
}

static void unmake(void *context)
{
    trial *it = context;
    prune_tensor_release(it->out);
    it->out = NULL;
}

static prune_status overlapping_copy(void *context)
{
    trial *it = context;
    return prune_tensor_copy_(it->t, it->out);
}

static void not_copied(void *context)
{
    trial *it = context;
    assert_values(it->t, 0, 2, 1, 3);
}

static void turn_back(void *context)
{
    trial *it = context;
    assert_values(it->t, 0, 1, 2, 3);
    assert_ok(prune_tensor_copy_(it->t, it->out));
}

static void running_out_of_memory_changes_nothing(void **state)
{
    (void)state;
    prune_tensor *square = counted(PRUNE_SHAPE(2, 2));
    trial it = { NULL, NULL, 0 };
    assert_ok(prune_tensor_transpose(&it.t, square, 0, 1));
    for (it.which = 0; it.which <= 8; it.which++)
        try_every_allocation(make, not_made, unmake, &it);
    it.out = square;
    try_every_allocation(overlapping_copy, not_copied, turn_back, &it);
    prune_tensor_release(it.t);
    prune_tensor_release(square);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_tensors_hold_their_values),
        cmocka_unit_test(ones_are_one_in_every_dtype),
        cmocka_unit_test(arange_counts_by_the_step),
        cmocka_unit_test(impossible_ranges_are_refused),
        cmocka_unit_test(impossible_shapes_are_refused),
        cmocka_unit_test(null_arguments_of_makers_are_type_errors),
        cmocka_unit_test(sizes_and_strides_can_be_asked),
        cmocka_unit_test(getters_of_nothing_give_nothing_and_keep_the_error),
        cmocka_unit_test(the_data_pointer_is_for_float32),
        cmocka_unit_test(dtypes_have_pytorchs_names),
        cmocka_unit_test(only_floats_can_need_a_gradient),
        cmocka_unit_test(items_are_read_and_written_by_index),
        cmocka_unit_test(a_repeated_element_can_be_set),
        cmocka_unit_test(items_outside_are_index_errors),
        cmocka_unit_test(an_int64_that_no_double_holds_is_not_given),
        cmocka_unit_test(running_out_of_memory_changes_nothing),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
