/* Arithmetic on two tensors. */
#include "support.h"

typedef prune_status binary(prune_tensor **out, const prune_tensor *a, const prune_tensor *b);
typedef prune_status in_place(prune_tensor *t, const prune_tensor *b);

static const struct {
    binary *make;
    in_place *change;
} operations[] = {
    { prune_tensor_add, prune_tensor_add_ },
    { prune_tensor_sub, prune_tensor_sub_ },
    { prune_tensor_mul, prune_tensor_mul_ },
    { prune_tensor_div, prune_tensor_div_ },
};

enum { OPERATIONS = sizeof operations / sizeof operations[0] };

static prune_tensor *tensor(const float *values, const int64_t *sizes, int64_t ndim)
{
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_from_values(&t, values, sizes, ndim));
    return t;
}

static prune_tensor *ones(const int64_t *sizes, int64_t ndim)
{
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_ones(&t, sizes, ndim, PRUNE_FLOAT32));
    return t;
}

/* A tensor over `memory` with strides of its own. */
static prune_tensor *strided(float *memory, const int64_t *strides, const int64_t *sizes, int64_t ndim)
{
    prune_tensor *t = NULL;
    prune_blob_options options = PRUNE_BLOB_OPTIONS_INIT;
    options.strides = strides;
    assert_ok(prune_tensor_from_blob(&t, memory, sizes, ndim, &options));
    return t;
}

static void the_four_operations_compute(void **state)
{
    (void)state;
    prune_tensor *a = tensor((const float[]){ 6, -3, 0.5f }, PRUNE_SHAPE(3));
    prune_tensor *b = tensor((const float[]){ 2, 4, -8 }, PRUNE_SHAPE(3));
    prune_tensor *out = NULL;
    assert_ok(prune_tensor_add(&out, a, b));
    assert_values(out, 8, 1, -7.5f);
    prune_tensor_release(out);
    assert_ok(prune_tensor_sub(&out, a, b));
    assert_values(out, 4, -7, 8.5f);
    prune_tensor_release(out);
    assert_ok(prune_tensor_mul(&out, a, b));
    assert_values(out, 12, -12, -4);
    prune_tensor_release(out);
    assert_ok(prune_tensor_div(&out, a, b));
    assert_values(out, 3, -0.75f, -0.0625f);
    prune_tensor_release(out);
    prune_tensor_release(a);
    prune_tensor_release(b);
}

static void in_place_forms_change_the_first_operand(void **state)
{
    (void)state;
    prune_tensor *t = tensor((const float[]){ 6, -3, 0.5f }, PRUNE_SHAPE(3));
    prune_tensor *b = tensor((const float[]){ 2, 4, -8 }, PRUNE_SHAPE(3));
    const float *data = prune_tensor_data(t);
    assert_ok(prune_tensor_add_(t, b));
    assert_values(t, 8, 1, -7.5f);
    assert_ok(prune_tensor_mul_(t, b));
    assert_values(t, 16, 4, 60);
    assert_ok(prune_tensor_sub_(t, b));
    assert_values(t, 14, 0, 68);
    assert_ok(prune_tensor_div_(t, b));
    assert_values(t, 7, 0, -8.5f);
    assert_ptr_equal(prune_tensor_data(t), data);
    assert_values(b, 2, 4, -8);
    prune_tensor_release(t);
    prune_tensor_release(b);
}

static void special_values_follow_ieee(void **state)
{
    (void)state;
    prune_tensor *a = tensor((const float[]){ 1, -1, 0, INFINITY, NAN, -2 }, PRUNE_SHAPE(6));
    prune_tensor *zero = tensor((const float[]){ 0 }, PRUNE_SHAPE(1));
    prune_tensor *out = NULL;
    assert_ok(prune_tensor_div(&out, a, zero));
    assert_values(out, INFINITY, -INFINITY, NAN, INFINITY, NAN, -INFINITY);
    prune_tensor_release(out);
    assert_ok(prune_tensor_mul(&out, a, zero));
    assert_values(out, 0, -0.0f, 0, NAN, NAN, -0.0f);
    prune_tensor_release(out);
    prune_tensor_release(a);
    prune_tensor_release(zero);
}

static void long_arrays_are_computed_to_the_end(void **state)
{
    (void)state;
    for (int64_t n = 0; n < 70; n++) {
        prune_tensor *a = NULL, *b = NULL, *out = NULL;
        assert_ok(prune_tensor_arange(&a, 1, (double)n + 1, 1, PRUNE_FLOAT32));
        assert_ok(prune_tensor_full(&b, PRUNE_SHAPE(n), 3, PRUNE_FLOAT32));
        assert_ok(prune_tensor_mul(&out, a, b));
        assert_ok(prune_tensor_mul_(b, a));
        for (int64_t i = 0; i < n; i++)
            assert_true(prune_tensor_data(out)[i] == (float)(3 * (i + 1)));
        assert_same_bits(b, out);
        prune_tensor_release(a);
        prune_tensor_release(b);
        prune_tensor_release(out);
    }
}

static void shapes_broadcast(void **state)
{
    (void)state;
    prune_tensor *column = tensor((const float[]){ 10, 20 }, PRUNE_SHAPE(2, 1));
    prune_tensor *row = tensor((const float[]){ 1, 2, 3 }, PRUNE_SHAPE(3));
    prune_tensor *scalar = tensor((const float[]){ 5 }, PRUNE_SCALAR);
    prune_tensor *out = NULL;
    assert_ok(prune_tensor_add(&out, column, row));
    assert_shape(out, 2, 3);
    assert_values(out, 11, 12, 13, 21, 22, 23);
    assert_ok(prune_tensor_sub_(out, row));
    assert_values(out, 10, 10, 10, 20, 20, 20);
    assert_ok(prune_tensor_mul_(out, scalar));
    assert_ok(prune_tensor_div_(out, column));
    assert_values(out, 5, 5, 5, 5, 5, 5);
    prune_tensor_release(out);
    assert_ok(prune_tensor_sub(&out, scalar, row));
    assert_shape(out, 3);
    assert_values(out, 4, 3, 2);
    prune_tensor_release(out);
    prune_tensor_release(column);
    prune_tensor_release(row);
    prune_tensor_release(scalar);
}

static void empty_tensors_give_empty_ones(void **state)
{
    (void)state;
    prune_tensor *a = ones(PRUNE_SHAPE(0, 3)), *b = ones(PRUNE_SHAPE(1, 3)), *out = NULL;
    assert_ok(prune_tensor_add(&out, a, b));
    assert_shape(out, 0, 3);
    assert_ok(prune_tensor_add_(a, b));
    prune_tensor_release(out);
    prune_tensor_release(a);
    prune_tensor_release(b);
}

static void strides_do_not_matter_and_the_result_is_row_major(void **state)
{
    (void)state;
    float memory[6] = { 1, 2, 3, 4, 5, 6 };
    prune_tensor *transposed = strided(memory, (const int64_t[]){ 1, 2 }, PRUNE_SHAPE(2, 3));
    prune_tensor *plain = tensor((const float[]){ 10, 20, 30, 40, 50, 60 }, PRUNE_SHAPE(2, 3));
    prune_tensor *out = NULL;
    assert_ok(prune_tensor_add(&out, transposed, plain));
    assert_values(out, 11, 23, 35, 42, 54, 66);
    assert_true(prune_tensor_is_contiguous(out));
    assert_ok(prune_tensor_add_(transposed, plain));
    assert_same_bits(transposed, out);
    assert_true(memory[1] == 42);
    prune_tensor_release(out);
    prune_tensor_release(transposed);
    prune_tensor_release(plain);
}

static void gaps_are_left_alone(void **state)
{
    (void)state;
    float memory[6] = { 1, 2, 3, 4, 5, 6 };
    prune_tensor *every_other = strided(memory, (const int64_t[]){ 2 }, PRUNE_SHAPE(3));
    prune_tensor *b = tensor((const float[]){ 2 }, PRUNE_SCALAR);
    assert_ok(prune_tensor_mul_(every_other, b));
    const float expected[] = { 2, 2, 6, 4, 10, 6 };
    assert_memory_equal(memory, expected, sizeof expected);
    prune_tensor_release(every_other);
    prune_tensor_release(b);
}

static void operands_may_overlap(void **state)
{
    (void)state;
    float memory[5] = { 1, 2, 3, 4, 5 };
    prune_tensor *front = NULL, *back = NULL, *third = NULL;
    assert_ok(prune_tensor_from_blob(&front, memory, PRUNE_SHAPE(4), NULL));
    assert_ok(prune_tensor_from_blob(&back, memory + 1, PRUNE_SHAPE(4), NULL));
    assert_ok(prune_tensor_from_blob(&third, memory + 2, PRUNE_SHAPE(1), NULL));
    assert_ok(prune_tensor_add_(back, front));
    assert_values(back, 3, 5, 7, 9);
    assert_ok(prune_tensor_sub_(front, back));
    assert_values(front, -2, -2, -2, -2);
    assert_ok(prune_tensor_mul_(front, third));
    assert_values(front, 4, 4, 4, 4);
    assert_ok(prune_tensor_div_(front, front));
    assert_values(front, 1, 1, 1, 1);
    prune_tensor_release(front);
    prune_tensor_release(back);
    prune_tensor_release(third);
}

static void a_tensor_may_be_both_operands(void **state)
{
    (void)state;
    float memory[4] = { 1, 2, 3, 4 };
    prune_tensor *square = strided(memory, (const int64_t[]){ 2, 1 }, PRUNE_SHAPE(2, 2));
    prune_tensor *transposed = strided(memory, (const int64_t[]){ 1, 2 }, PRUNE_SHAPE(2, 2));
    prune_tensor *out = NULL;
    assert_ok(prune_tensor_mul(&out, square, square));
    assert_values(out, 1, 4, 9, 16);
    assert_ok(prune_tensor_add_(square, transposed));
    assert_values(square, 2, 5, 5, 8);
    assert_ok(prune_tensor_add_(square, square));
    assert_values(square, 4, 10, 10, 16);
    prune_tensor_release(out);
    prune_tensor_release(square);
    prune_tensor_release(transposed);
}

static void shapes_that_do_not_broadcast_are_refused(void **state)
{
    (void)state;
    prune_tensor *a = ones(PRUNE_SHAPE(2, 3)), *b = ones(PRUNE_SHAPE(4)), *row = ones(PRUNE_SHAPE(3)), *out = NULL;
    for (int i = 0; i < OPERATIONS; i++) {
        assert_fails(operations[i].make(&out, a, b), PRUNE_ERROR_RUNTIME,
                     "The size of tensor a (3) must match the size of tensor b (4) at non-singleton dimension 1");
        assert_fails(operations[i].change(row, b), PRUNE_ERROR_RUNTIME,
                     "The size of tensor a (3) must match the size of tensor b (4) at non-singleton dimension 0");
        assert_fails(operations[i].change(row, a), PRUNE_ERROR_RUNTIME,
                     "output with shape [3] doesn't match the broadcast shape [2, 3]");
    }
    assert_null(out);
    assert_values(row, 1, 1, 1);
    prune_tensor_release(a);
    prune_tensor_release(b);
    prune_tensor_release(row);
}

static void only_float32_is_computed_with(void **state)
{
    (void)state;
    prune_tensor *a = ones(PRUNE_SHAPE(2)), *integers = NULL, *out = NULL;
    assert_ok(prune_tensor_ones(&integers, PRUNE_SHAPE(2), PRUNE_INT64));
    for (int i = 0; i < OPERATIONS; i++) {
        assert_fails(operations[i].make(&out, a, integers), PRUNE_ERROR_UNSUPPORTED, "torch.int64");
        assert_fails(operations[i].make(&out, integers, a), PRUNE_ERROR_UNSUPPORTED, "torch.int64");
        assert_fails(operations[i].change(a, integers), PRUNE_ERROR_UNSUPPORTED, "torch.int64");
        assert_fails(operations[i].change(integers, a), PRUNE_ERROR_UNSUPPORTED, "torch.int64");
    }
    assert_values(a, 1, 1);
    prune_tensor_release(a);
    prune_tensor_release(integers);
}

static void memory_that_cannot_be_written_is_refused(void **state)
{
    (void)state;
    static const float constant[2] = { 1, 2 };
    float shared = 1;
    prune_tensor *b = ones(PRUNE_SHAPE(2)), *read_only = NULL, *out = NULL;
    prune_tensor *expanded = strided(&shared, (const int64_t[]){ 0 }, PRUNE_SHAPE(2));
    prune_tensor *expanded_empty = strided(&shared, (const int64_t[]){ 1, 0 }, PRUNE_SHAPE(0, 2));
    assert_ok(prune_tensor_from_const_blob(&read_only, constant, PRUNE_SHAPE(2), NULL));
    for (int i = 0; i < OPERATIONS; i++) {
        assert_fails(operations[i].change(read_only, b), PRUNE_ERROR_STATE, "read-only");
        assert_fails(operations[i].change(expanded, b), PRUNE_ERROR_RUNTIME,
                     "more than one element of the written-to tensor refers to a single memory location");
        assert_ok(operations[i].make(&out, read_only, expanded));
        prune_tensor_release(out);
        assert_ok(operations[i].change(expanded_empty, b));
    }
    prune_tensor_release(b);
    prune_tensor_release(expanded_empty);
    prune_tensor_release(read_only);
    prune_tensor_release(expanded);
}

static void null_arguments_are_named(void **state)
{
    (void)state;
    prune_tensor *a = ones(PRUNE_SHAPE(2)), *out = NULL;
    for (int i = 0; i < OPERATIONS; i++) {
        assert_fails(operations[i].make(NULL, a, a), PRUNE_ERROR_TYPE, "argument 'out' is NULL");
        assert_fails(operations[i].make(&out, NULL, a), PRUNE_ERROR_TYPE, "argument 'a' is NULL");
        assert_fails(operations[i].make(&out, a, NULL), PRUNE_ERROR_TYPE, "argument 'b' is NULL");
        assert_fails(operations[i].change(NULL, a), PRUNE_ERROR_TYPE, "argument 't' is NULL");
        assert_fails(operations[i].change(a, NULL), PRUNE_ERROR_TYPE, "argument 'b' is NULL");
    }
    assert_fails(prune_tensor_mul_(NULL, a), PRUNE_ERROR_TYPE, "'t'");
    prune_tensor_release(a);
}

/* ---- Memory ---- */

typedef struct operands {
    prune_tensor *out, *a, *b;
    int which;
} operands;

static prune_status make(void *context)
{
    operands *o = context;
    return operations[o->which].make(&o->out, o->a, o->b);
}

static prune_status change(void *context)
{
    operands *o = context;
    return operations[o->which].change(o->a, o->b);
}

static void nothing_was_made(void *context)
{
    operands *o = context;
    assert_null(o->out);
}

static void drop(void *context)
{
    operands *o = context;
    prune_tensor_release(o->out);
    o->out = NULL;
}

static void operand_is_unchanged(void *context)
{
    operands *o = context;
    assert_values(o->a, 1, 2, 3);
}

static void put_back(void *context)
{
    operands *o = context;
    memcpy(prune_tensor_data_mutable(o->a), (const float[]){ 1, 2, 3, 4 }, 4 * sizeof(float));
}

static void no_memory_changes_nothing(void **state)
{
    (void)state;
    float memory[4] = { 1, 2, 3, 4 };
    operands o = { NULL, NULL, NULL, 0 };
    assert_ok(prune_tensor_from_blob(&o.a, memory, PRUNE_SHAPE(3), NULL));
    assert_ok(prune_tensor_from_blob(&o.b, memory + 1, PRUNE_SHAPE(3), NULL)); /* overlaps: must be copied */
    for (o.which = 0; o.which < OPERATIONS; o.which++) {
        try_every_allocation(make, nothing_was_made, drop, &o);
        try_every_allocation(change, operand_is_unchanged, put_back, &o);
    }
    prune_tensor_release(o.a);
    prune_tensor_release(o.b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_four_operations_compute),
        cmocka_unit_test(in_place_forms_change_the_first_operand),
        cmocka_unit_test(special_values_follow_ieee),
        cmocka_unit_test(long_arrays_are_computed_to_the_end),
        cmocka_unit_test(shapes_broadcast),
        cmocka_unit_test(empty_tensors_give_empty_ones),
        cmocka_unit_test(strides_do_not_matter_and_the_result_is_row_major),
        cmocka_unit_test(gaps_are_left_alone),
        cmocka_unit_test(operands_may_overlap),
        cmocka_unit_test(a_tensor_may_be_both_operands),
        cmocka_unit_test(shapes_that_do_not_broadcast_are_refused),
        cmocka_unit_test(only_float32_is_computed_with),
        cmocka_unit_test(memory_that_cannot_be_written_is_refused),
        cmocka_unit_test(null_arguments_are_named),
        cmocka_unit_test(no_memory_changes_nothing),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
