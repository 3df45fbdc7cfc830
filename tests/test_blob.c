/* Tensors over the caller's memory. */
#include "support.h"

typedef struct releases {
    int count;
    void *data;
} releases;

static void note(void *context, void *data)
{
    releases *seen = context;
    seen->count++;
    seen->data = data;
}

static prune_blob_options noting(releases *seen)
{
    prune_blob_options options = PRUNE_BLOB_OPTIONS_INIT;
    options.release = note;
    options.context = seen;
    return options;
}

static void a_wrapped_array_is_read_and_written_in_place(void **state)
{
    (void)state;
    float memory[] = { 1, 2, 3, 4, 5, 6 };
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_from_blob(&t, memory, PRUNE_SHAPE(2, 3), NULL));
    assert_ptr_equal(prune_tensor_data(t), memory);
    assert_ptr_equal(prune_tensor_data_mutable(t), memory);
    memory[0] = 10;
    assert_ok(prune_tensor_set(t, PRUNE_SHAPE(1, 2), 60));
    assert_values(t, 10, 2, 3, 4, 5, 60);
    assert_true(memory[5] == 60);
    prune_tensor_release(t);
}

static void release_is_called_once_after_the_last_handle(void **state)
{
    (void)state;
    float memory[] = { 1, 2, 3, 4 };
    releases seen = { 0, NULL };
    prune_blob_options options = noting(&seen);
    prune_tensor *t = NULL, *row = NULL, *copy = NULL;
    assert_ok(prune_tensor_from_blob(&t, memory, PRUNE_SHAPE(2, 2), &options));
    assert_ok(prune_tensor_select(&row, t, 0, 1));
    assert_ok(prune_tensor_clone(&copy, t));
    assert_ptr_equal(prune_tensor_retain(t), t);
    prune_tensor_release(t);
    prune_tensor_release(t);
    assert_int_equal(seen.count, 0);
    assert_values(row, 3, 4);
    prune_tensor_release(row);
    assert_int_equal(seen.count, 1);
    assert_ptr_equal(seen.data, memory);
    prune_tensor_release(copy);
    assert_int_equal(seen.count, 1);
}

static void release_is_given_what_was_wrapped(void **state)
{
    (void)state;
    releases seen = { 0, &seen };
    prune_blob_options options = noting(&seen);
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_from_blob(&t, NULL, PRUNE_SHAPE(0, 3), &options));
    assert_non_null(prune_tensor_data(t));
    prune_tensor_release(t);
    assert_int_equal(seen.count, 1);
    assert_null(seen.data);
}

static void release_is_not_called_on_failure(void **state)
{
    (void)state;
    float memory[] = { 1, 2, 3, 4 };
    releases seen = { 0, NULL };
    prune_blob_options options = noting(&seen);
    prune_tensor *t = NULL;
    assert_fails(prune_tensor_from_blob(&t, NULL, PRUNE_SHAPE(2), &options), PRUNE_ERROR_TYPE,
                 "prune_tensor_from_blob: argument 'data' is NULL");
    assert_fails(prune_tensor_from_blob(&t, memory, PRUNE_SHAPE(-2), &options), PRUNE_ERROR_RUNTIME,
                 "negative dimension -2");
    assert_fails(prune_tensor_from_blob(NULL, memory, PRUNE_SHAPE(2), &options), PRUNE_ERROR_TYPE, "'out' is NULL");
    options.strides = (const int64_t[]){ -1 };
    assert_fails(prune_tensor_from_blob(&t, memory, PRUNE_SHAPE(2), &options), PRUNE_ERROR_VALUE,
                 "prune_tensor_from_blob: negative stride -1 of dim 0");
    options.strides = NULL;
    options.dtype = (prune_dtype)99;
    assert_fails(prune_tensor_from_blob(&t, memory, PRUNE_SHAPE(2), &options), PRUNE_ERROR_VALUE, "99 is not a dtype");
    options.size = 3;
    assert_fails(prune_tensor_from_const_blob(&t, memory, PRUNE_SHAPE(2), &options), PRUNE_ERROR_VALUE,
                 "prune_tensor_from_const_blob: the struct's size field is 3");
    assert_int_equal(seen.count, 0);
    assert_null(t);
}

static void const_memory_is_never_written(void **state)
{
    (void)state;
    static const float memory[] = { 1, 2, 3, 4 };
    prune_tensor *t = NULL, *view = NULL, *copy = NULL;
    assert_ok(prune_tensor_from_const_blob(&t, memory, PRUNE_SHAPE(2, 2), NULL));
    assert_ok(prune_tensor_transpose(&view, t, 0, 1));
    assert_values(view, 1, 3, 2, 4);
    assert_ptr_equal(prune_tensor_data(t), memory);
    assert_missing(prune_tensor_data_mutable(view), PRUNE_ERROR_STATE,
                   "prune_tensor_data_mutable: the tensor lies in read-only memory");
    assert_fails(prune_tensor_fill_(view, 0), PRUNE_ERROR_STATE, "the tensor lies in read-only memory");
    assert_fails(prune_tensor_copy_(t, t), PRUNE_ERROR_STATE, "the tensor lies in read-only memory");
    assert_fails(prune_tensor_set(t, PRUNE_SHAPE(0, 0), 1), PRUNE_ERROR_STATE, "the tensor lies in read-only memory");
    assert_ok(prune_tensor_clone(&copy, t));
    assert_ok(prune_tensor_fill_(copy, 0));
    assert_values(t, 1, 2, 3, 4);
    prune_tensor_release(t);
    prune_tensor_release(view);
    prune_tensor_release(copy);
}

static void strides_tell_where_the_elements_lie(void **state)
{
    (void)state;
    float memory[] = { 0, 1, 2, 3, 4, 5, 6, 7 };
    prune_blob_options options = PRUNE_BLOB_OPTIONS_INIT;
    prune_tensor *t = NULL;
    options.strides = (const int64_t[]){ 1, 4 };
    assert_ok(prune_tensor_from_blob(&t, memory, PRUNE_SHAPE(3, 2), &options));
    assert_values(t, 0, 4, 1, 5, 2, 6);
    assert_false(prune_tensor_is_contiguous(t));
    prune_tensor_release(t);
    options.strides = (const int64_t[]){ 0, 2 };
    assert_ok(prune_tensor_from_blob(&t, memory, PRUNE_SHAPE(2, 2), &options));
    assert_values(t, 0, 2, 0, 2);
    assert_fails(prune_tensor_copy_(t, t), PRUNE_ERROR_RUNTIME, "refers to a single memory location");
    prune_tensor_release(t);
    options.strides = (const int64_t[]){ INT64_MAX, 1 }; /* of one row: never used */
    assert_ok(prune_tensor_from_blob(&t, memory, PRUNE_SHAPE(1, 2), &options));
    assert_true(prune_tensor_is_contiguous(t));
    assert_values(t, 0, 1);
    prune_tensor *column = NULL, *copy = NULL, *taller = NULL;
    assert_ok(prune_tensor_unsqueeze(&taller, t, 0));
    assert_ok(prune_tensor_clone(&copy, taller));
    assert_values(copy, 0, 1);
    assert_ok(prune_tensor_narrow(&column, t, 0, 1, 0));
    assert_shape(column, 0, 2);
    assert_ptr_equal(prune_tensor_data(column), memory);
    prune_tensor_release(t);
    prune_tensor_release(taller);
    prune_tensor_release(column);
    prune_tensor_release(copy);
}

static void strides_that_reach_too_far_are_refused(void **state)
{
    (void)state;
    float memory[] = { 0, 1 };
    prune_blob_options options = PRUNE_BLOB_OPTIONS_INIT;
    prune_tensor *t = NULL;
    options.strides = (const int64_t[]){ 1, INT64_MAX };
    assert_fails(prune_tensor_from_blob(&t, memory, PRUNE_SHAPE(2, 3), &options), PRUNE_ERROR_VALUE,
                 "stride 9223372036854775807 of dim 1 reaches too far");
    char words[100];
    snprintf(words, sizeof words, "prune_tensor_from_const_blob: stride %lld of dim 1 reaches too far",
             (long long)PTRDIFF_MAX / 9);
    options.strides = (const int64_t[]){ PTRDIFF_MAX / 9, PTRDIFF_MAX / 9 };
    assert_fails(prune_tensor_from_const_blob(&t, memory, PRUNE_SHAPE(2, 2), &options), PRUNE_ERROR_VALUE, words);
    assert_null(t);
}

static void misaligned_memory_is_refused(void **state)
{
    (void)state;
    double memory[2] = { 0, 0 };
    prune_blob_options options = PRUNE_BLOB_OPTIONS_INIT;
    prune_tensor *t = NULL;
    assert_fails(prune_tensor_from_blob(&t, (char *)memory + 2, PRUNE_SHAPE(2), NULL), PRUNE_ERROR_VALUE,
                 "prune_tensor_from_blob: data is not aligned for torch.float32");
    options.dtype = PRUNE_FLOAT64;
    assert_fails(prune_tensor_from_blob(&t, (char *)memory + 4, PRUNE_SHAPE(1), &options), PRUNE_ERROR_VALUE,
                 "not aligned for torch.float64");
    options.dtype = PRUNE_UINT8;
    assert_ok(prune_tensor_from_blob(&t, (char *)memory + 3, PRUNE_SHAPE(2), &options));
    prune_tensor_release(t);
}

static void every_dtype_can_be_wrapped(void **state)
{
    (void)state;
    double memory[] = { 0.1, -3 };
    int32_t numbers[] = { INT32_MIN, 5 };
    bool flags[] = { true, false };
    prune_blob_options options = PRUNE_BLOB_OPTIONS_INIT;
    prune_tensor *t = NULL;
    double value = 0;
    options.dtype = PRUNE_FLOAT64;
    assert_ok(prune_tensor_from_blob(&t, memory, PRUNE_SHAPE(2), &options));
    assert_ok(prune_tensor_get(&value, t, PRUNE_SHAPE(0)));
    assert_true(value == 0.1);
    prune_tensor_release(t);
    options.dtype = PRUNE_INT32;
    assert_ok(prune_tensor_from_blob(&t, numbers, PRUNE_SHAPE(2), &options));
    assert_ok(prune_tensor_get(&value, t, PRUNE_SHAPE(0)));
    assert_true(value == INT32_MIN);
    prune_tensor_release(t);
    options.dtype = PRUNE_BOOL;
    assert_ok(prune_tensor_from_blob(&t, flags, PRUNE_SHAPE(2), &options));
    assert_ok(prune_tensor_set(t, PRUNE_SHAPE(1), -0.25));
    assert_true(flags[1]);
    prune_tensor_release(t);
}

static float oom_memory[2];

static prune_status wrap(void *context)
{
    return prune_tensor_from_blob(context, oom_memory, PRUNE_SHAPE(2), NULL);
}

static prune_status wrap_const(void *context)
{
    return prune_tensor_from_const_blob(context, oom_memory, PRUNE_SHAPE(2), NULL);
}

static void not_wrapped(void *context)
{
    assert_null(*(prune_tensor **)context);
}

static void unwrap(void *context)
{
    prune_tensor **t = context;
    prune_tensor_release(*t);
    *t = NULL;
}

static void running_out_of_memory_wraps_nothing(void **state)
{
    (void)state;
    prune_tensor *t = NULL;
    try_every_allocation(wrap, not_wrapped, unwrap, &t);
    try_every_allocation(wrap_const, not_wrapped, unwrap, &t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrapped_array_is_read_and_written_in_place),
        cmocka_unit_test(release_is_called_once_after_the_last_handle),
        cmocka_unit_test(release_is_given_what_was_wrapped),
        cmocka_unit_test(release_is_not_called_on_failure),
        cmocka_unit_test(const_memory_is_never_written),
        cmocka_unit_test(strides_tell_where_the_elements_lie),
        cmocka_unit_test(strides_that_reach_too_far_are_refused),
        cmocka_unit_test(misaligned_memory_is_refused),
        cmocka_unit_test(every_dtype_can_be_wrapped),
        cmocka_unit_test(running_out_of_memory_wraps_nothing),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
