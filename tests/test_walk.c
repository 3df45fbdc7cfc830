/* Walking tensors in step, broadcasting, memory order, overlap: what the tensor layer's own parts rely on. */
#include "tensor_support.h"

#include "tensor/internal.h"

/* The rows of a walk, and its elements of the first tensor in order. */
static int64_t walk_all(pruni_walk *walk, float *seen)
{
    int64_t rows = 0;
    for (; pruni_walk_next(walk); rows++)
        for (int64_t i = 0; i < walk->length; i++)
            *seen++ = ((const float *)walk->data[0])[i * walk->strides[0]];
    return rows;
}

static void contiguous_tensors_are_one_row(void **state)
{
    (void)state;
    prune_tensor *t = counted(PRUNE_SHAPE(2, 1, 3, 2));
    pruni_walk walk;
    pruni_walk_start(&walk, t->sizes, t->ndim, (const prune_tensor *[]){ t, t, t }, 3);
    assert_int_equal(walk.length, 12);
    assert_true(pruni_walk_next(&walk));
    assert_int_equal(walk.strides[2], 1);
    assert_ptr_equal(walk.data[2], prune_tensor_data(t));
    assert_false(pruni_walk_next(&walk));
    assert_false(pruni_walk_next(&walk));
    prune_tensor_release(t);
}

static void scalars_are_one_row_and_empty_shapes_none(void **state)
{
    (void)state;
    prune_tensor *scalar = NULL, *empty = NULL;
    pruni_walk walk;
    assert_ok(prune_tensor_ones(&scalar, PRUNE_SCALAR, PRUNE_FLOAT32));
    assert_ok(prune_tensor_ones(&empty, PRUNE_SHAPE(2, 0), PRUNE_FLOAT32));
    pruni_walk_start(&walk, NULL, 0, (const prune_tensor *[]){ scalar }, 1);
    assert_true(pruni_walk_next(&walk));
    assert_int_equal(walk.length, 1);
    assert_false(pruni_walk_next(&walk));
    pruni_walk_start(&walk, empty->sizes, 2, (const prune_tensor *[]){ empty, scalar }, 2);
    assert_false(pruni_walk_next(&walk));
    prune_tensor_release(scalar);
    prune_tensor_release(empty);
}

static void a_walk_is_row_major_unless_any_order_will_do(void **state)
{
    (void)state;
    prune_tensor *t = counted(PRUNE_SHAPE(2, 3)), *turned = NULL;
    float seen[6];
    pruni_walk walk;
    assert_ok(prune_tensor_transpose(&turned, t, 0, 1));
    pruni_walk_start(&walk, turned->sizes, 2, (const prune_tensor *[]){ turned }, 1);
    assert_int_equal(walk_all(&walk, seen), 3);
    assert_memory_equal(seen, ((const float[]){ 0, 3, 1, 4, 2, 5 }), sizeof seen);
    pruni_walk_start_any_order(&walk, turned->sizes, 2, (const prune_tensor *[]){ turned }, 1);
    assert_int_equal(walk_all(&walk, seen), 1);
    assert_memory_equal(seen, ((const float[]){ 0, 1, 2, 3, 4, 5 }), sizeof seen);
    prune_tensor_release(t);
    prune_tensor_release(turned);
}

static void broadcast_dims_have_stride_0(void **state)
{
    (void)state;
    prune_tensor *t = counted(PRUNE_SHAPE(2, 3)), *row = counted(PRUNE_SHAPE(3)), *column = counted(PRUNE_SHAPE(2, 1));
    float seen[6];
    pruni_walk walk;
    pruni_walk_start(&walk, t->sizes, 2, (const prune_tensor *[]){ row, t, column }, 3);
    assert_int_equal(walk.strides[2], 0);
    assert_int_equal(walk_all(&walk, seen), 2);
    assert_memory_equal(seen, ((const float[]){ 0, 1, 2, 0, 1, 2 }), sizeof seen);
    pruni_walk_start(&walk, t->sizes, 2, (const prune_tensor *[]){ column }, 1);
    assert_int_equal(walk_all(&walk, seen), 2);
    assert_memory_equal(seen, ((const float[]){ 0, 0, 0, 1, 1, 1 }), sizeof seen);
    prune_tensor_release(t);
    prune_tensor_release(row);
    prune_tensor_release(column);
}

static void every_element_of_many_dims_is_reached(void **state)
{
    (void)state;
    int64_t sizes[PRUNE_MAX_DIMS], dims[PRUNE_MAX_DIMS];
    for (int64_t i = 0; i < PRUNE_MAX_DIMS; i++) {
        sizes[i] = i % 3 == 0 ? 1 : 2;
        dims[i] = PRUNE_MAX_DIMS - 1 - i;
    }
    prune_tensor *t = counted(sizes, PRUNE_MAX_DIMS), *turned = NULL, *copy = NULL;
    assert_ok(prune_tensor_permute(&turned, t, dims, PRUNE_MAX_DIMS));
    assert_ok(prune_tensor_contiguous(&copy, turned));
    for (int64_t i = 0; i < 1024; i++) { /* the bits of the number, reversed */
        int64_t reversed = 0;
        for (int bit = 0; bit < 10; bit++)
            reversed |= (i >> bit & 1) << (9 - bit);
        assert_true(prune_tensor_data(copy)[i] == (float)reversed);
    }
    prune_tensor_release(t);
    prune_tensor_release(turned);
    prune_tensor_release(copy);
}

static void shapes_broadcast_from_the_last_dim(void **state)
{
    (void)state;
    prune_tensor *a = counted(PRUNE_SHAPE(4, 1, 3)), *b = counted(PRUNE_SHAPE(2, 1)),
                 *c = counted(PRUNE_SHAPE(0, 1, 1));
    int64_t sizes[PRUNE_MAX_DIMS] = { -1 };
    int64_t ndim = -1;
    assert_ok(pruni_broadcast_shape(sizes, &ndim, b, a));
    assert_int_equal(ndim, 3);
    assert_memory_equal(sizes, ((const int64_t[]){ 4, 2, 3 }), 3 * sizeof sizes[0]);
    assert_fails(pruni_broadcast_shape(sizes, &ndim, a, c), PRUNE_ERROR_RUNTIME,
                 "The size of tensor a (4) must match the size of tensor b (0) at non-singleton dimension 0");
    assert_int_equal(sizes[0], 4);
    assert_ok(pruni_check_broadcast_into(a, a));
    assert_fails(pruni_check_broadcast_into(a, b), PRUNE_ERROR_RUNTIME,
                 "output with shape [4, 1, 3] doesn't match the broadcast shape [4, 2, 3]");
    prune_tensor_release(a);
    prune_tensor_release(b);
    prune_tensor_release(c);
}

static void dense_tensors_tell_their_memory_order(void **state)
{
    (void)state;
    prune_tensor *t = counted(PRUNE_SHAPE(2, 3, 4)), *turned = NULL, *part = NULL, *wide = NULL;
    int64_t order[PRUNE_MAX_DIMS];
    assert_true(pruni_dense_order(order, t));
    assert_memory_equal(order, ((const int64_t[]){ 0, 1, 2 }), 3 * sizeof order[0]);
    assert_ok(prune_tensor_permute(&turned, t, PRUNE_SHAPE(1, 2, 0)));
    assert_true(pruni_dense_order(order, turned));
    assert_memory_equal(order, ((const int64_t[]){ 2, 0, 1 }), 3 * sizeof order[0]);
    assert_ok(prune_tensor_narrow(&part, turned, 1, 0, 2));
    assert_false(pruni_dense_order(order, part));
    assert_ok(prune_tensor_expand(&wide, t, PRUNE_SHAPE(2, 2, 3, 4)));
    assert_false(pruni_dense_order(order, wide));
    prune_tensor_release(part);
    assert_ok(prune_tensor_narrow(&part, t, 0, 1, 1)); /* contiguous, its first stride meaningless */
    assert_true(pruni_dense_order(order, part));
    assert_memory_equal(order, ((const int64_t[]){ 0, 1, 2 }), 3 * sizeof order[0]);
    prune_tensor_release(t);
    prune_tensor_release(turned);
    prune_tensor_release(part);
    prune_tensor_release(wide);
}

static void overlap_is_told_by_address(void **state)
{
    (void)state;
    prune_tensor *t = counted(PRUNE_SHAPE(6)), *front = NULL, *back = NULL, *middle = NULL, *same = NULL;
    assert_ok(prune_tensor_narrow(&front, t, 0, 0, 3));
    assert_ok(prune_tensor_narrow(&back, t, 0, 3, 3));
    assert_ok(prune_tensor_narrow(&middle, t, 0, 2, 2));
    assert_ok(prune_tensor_view(&same, t, PRUNE_SHAPE(6)));
    assert_false(pruni_may_overlap(front, back));
    assert_true(pruni_may_overlap(front, middle));
    assert_true(pruni_may_overlap(middle, back));
    assert_true(pruni_same_elements(t, same));
    assert_false(pruni_same_elements(front, back));
    assert_false(pruni_same_elements(t, front));
    prune_tensor *safe = NULL;
    assert_ok(pruni_safe_source(&safe, same, t));
    assert_ptr_equal(safe, same);
    prune_tensor_release(safe);
    assert_ok(pruni_safe_source(&safe, middle, front));
    assert_false(pruni_may_overlap(safe, t));
    assert_values(safe, 2, 3);
    prune_tensor_release(safe);
    prune_tensor_release(t);
    prune_tensor_release(front);
    prune_tensor_release(back);
    prune_tensor_release(middle);
    prune_tensor_release(same);
}

static void what_cannot_be_computed_with_or_written_is_told(void **state)
{
    (void)state;
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_ones(&t, PRUNE_SHAPE(2), PRUNE_INT64));
    assert_fails(pruni_check_float32("prune_tensor_add", t), PRUNE_ERROR_UNSUPPORTED,
                 "prune_tensor_add: computing with torch.int64 is not supported, convert it with prune_tensor_to()");
    assert_ok(pruni_check_writable("prune_tensor_add_", t));
    prune_tensor_release(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contiguous_tensors_are_one_row),
        cmocka_unit_test(scalars_are_one_row_and_empty_shapes_none),
        cmocka_unit_test(a_walk_is_row_major_unless_any_order_will_do),
        cmocka_unit_test(broadcast_dims_have_stride_0),
        cmocka_unit_test(every_element_of_many_dims_is_reached),
        cmocka_unit_test(shapes_broadcast_from_the_last_dim),
        cmocka_unit_test(dense_tensors_tell_their_memory_order),
        cmocka_unit_test(overlap_is_told_by_address),
        cmocka_unit_test(what_cannot_be_computed_with_or_written_is_told),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
