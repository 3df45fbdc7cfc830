/* Tensors: made, looked at, filled, copied. */
#include "support.h"

static void new_tensors_hold_their_values(void **state)
{
    (void)state;
    prune_tensor *zeros = NULL, *ones = NULL, *full = NULL, *values = NULL;
    assert_ok(prune_tensor_zeros(&zeros, PRUNE_SHAPE(2, 2), PRUNE_FLOAT32));
    assert_ok(prune_tensor_ones(&ones, PRUNE_SCALAR, PRUNE_FLOAT32));
    assert_ok(prune_tensor_full(&full, PRUNE_SHAPE(3), -2.5, PRUNE_FLOAT32));
    assert_ok(prune_tensor_from_values(&values, (const float[]){ 1, 2, 3, 4, 5, 6 }, PRUNE_SHAPE(2, 3)));
    assert_values(zeros, 0, 0, 0, 0);
    assert_values(ones, 1);
    assert_values(full, -2.5f, -2.5f, -2.5f);
    assert_values(values, 1, 2, 3, 4, 5, 6);
    assert_shape(zeros, 2, 2);
    assert_int_equal(prune_tensor_ndim(ones), 0);
    prune_tensor_release(zeros);
    prune_tensor_release(ones);
    prune_tensor_release(full);
    prune_tensor_release(values);
}

static void arange_counts_by_the_step(void **state)
{
    (void)state;
    prune_tensor *up = NULL, *down = NULL, *none = NULL;
    assert_ok(prune_tensor_arange(&up, 1, 2.1, 0.25, PRUNE_FLOAT32));
    assert_values(up, 1, 1.25f, 1.5f, 1.75f, 2);
    assert_ok(prune_tensor_arange(&down, 3, 0, -1, PRUNE_FLOAT32));
    assert_values(down, 3, 2, 1);
    assert_ok(prune_tensor_arange(&none, 3, 3, 1, PRUNE_INT64));
    assert_shape(none, 0);
    prune_tensor_release(up);
    prune_tensor_release(down);
    prune_tensor_release(none);
}

static void copy_broadcasts_converts_and_may_overlap(void **state)
{
    (void)state;
    prune_tensor *row = NULL, *matrix = NULL;
    assert_ok(prune_tensor_arange(&row, 1, 4, 1, PRUNE_INT64));
    assert_ok(prune_tensor_zeros(&matrix, PRUNE_SHAPE(2, 3), PRUNE_FLOAT32));
    assert_ok(prune_tensor_copy_(matrix, row));
    assert_values(matrix, 1, 2, 3, 1, 2, 3);
    prune_tensor_release(row);
    prune_tensor_release(matrix);

    float memory[6] = { 1, 2, 3, 4, 5, 6 };
    prune_tensor *front = NULL, *back = NULL;
    assert_ok(prune_tensor_from_blob(&front, memory, PRUNE_SHAPE(5), NULL));
    assert_ok(prune_tensor_from_blob(&back, memory + 1, PRUNE_SHAPE(5), NULL));
    assert_ok(prune_tensor_copy_(back, front));
    assert_values(back, 1, 2, 3, 4, 5);
    prune_tensor_release(front);
    prune_tensor_release(back);
}

static void copies_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    prune_tensor *three = NULL, *four = NULL, *matrix = NULL;
    assert_ok(prune_tensor_zeros(&three, PRUNE_SHAPE(3), PRUNE_FLOAT32));
    assert_ok(prune_tensor_ones(&four, PRUNE_SHAPE(4), PRUNE_FLOAT32));
    assert_ok(prune_tensor_ones(&matrix, PRUNE_SHAPE(2, 3), PRUNE_FLOAT32));
    assert_fails(prune_tensor_copy_(three, four), PRUNE_ERROR_RUNTIME,
                 "The size of tensor a (3) must match the size of tensor b (4) at non-singleton dimension 0");
    assert_fails(prune_tensor_copy_(three, matrix), PRUNE_ERROR_RUNTIME,
                 "output with shape [3] doesn't match the broadcast shape [2, 3]");
    assert_values(three, 0, 0, 0);
    prune_tensor_release(three);
    prune_tensor_release(four);
    prune_tensor_release(matrix);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_tensors_hold_their_values),
        cmocka_unit_test(arange_counts_by_the_step),
        cmocka_unit_test(copy_broadcasts_converts_and_may_overlap),
        cmocka_unit_test(copies_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
