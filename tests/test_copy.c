/* Tensors cloned, made contiguous, filled, copied. */
#include "tensor_support.h"

/* ---- Clone, contiguous ---- */

static void a_clone_has_storage_of_its_own_and_no_gradient(void **state)
{
    (void)state;
    prune_tensor *t = counted(PRUNE_SHAPE(3)), *copy = NULL;
    assert_ok(prune_tensor_set_requires_grad(t, true));
    assert_ok(prune_tensor_clone(&copy, t));
    assert_false(prune_tensor_requires_grad(copy));
    assert_ok(prune_tensor_fill_(t, 9));
    assert_values(copy, 0, 1, 2);
    prune_tensor_release(t);
    prune_tensor_release(copy);
}

/* x.permute(2, 0, 1).clone().stride() */
static void a_clone_of_a_dense_permuted_tensor_keeps_its_memory_order(void **state)
{
    (void)state;
    prune_tensor *t = counted(PRUNE_SHAPE(2, 3, 2)), *permuted = NULL, *copy = NULL, *whole = NULL;
    assert_ok(prune_tensor_permute(&permuted, t, PRUNE_SHAPE(2, 0, 1)));
    assert_ok(prune_tensor_clone(&copy, permuted));
    assert_strides(copy, PRUNE_SHAPE(1, 6, 2));
    assert_values(copy, 0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11);
    assert_same_bits(copy, permuted);
    assert_ok(prune_tensor_to(&whole, permuted, PRUNE_INT64));
    assert_strides(whole, PRUNE_SHAPE(1, 6, 2));
    prune_tensor_release(t);
    prune_tensor_release(permuted);
    prune_tensor_release(copy);
    prune_tensor_release(whole);
}

/* The strides of x[::2].clone(), x[::2].double(), x.permute(2, 0, 1)[::2].clone(), x.permute(2, 0, 1)[:, :, :1]
 * .expand(4, 2, 5).clone() and, where strides of 0 leave the order open, x[0].expand(5, 3, 4).transpose(0, 2).clone(). */
static void a_clone_closes_gaps_and_keeps_the_order_of_the_dims(void **state)
{
    (void)state;
    prune_tensor *t = counted(PRUNE_SHAPE(2, 3, 4)), *permuted = NULL, *view = NULL, *wide = NULL, *copy = NULL;
    assert_ok(prune_tensor_permute(&permuted, t, PRUNE_SHAPE(2, 0, 1)));
    assert_ok(prune_tensor_slice(&view, permuted, 0, 0, INT64_MAX, 2));
    assert_ok(prune_tensor_clone(&copy, view));
    assert_strides(copy, PRUNE_SHAPE(1, 6, 2));
    assert_values(copy, 0, 4, 8, 12, 16, 20, 2, 6, 10, 14, 18, 22);
    prune_tensor_release(copy);
    assert_ok(prune_tensor_to(&copy, view, PRUNE_FLOAT64));
    assert_strides(copy, PRUNE_SHAPE(1, 6, 2));
    prune_tensor_release(copy);
    prune_tensor_release(view);
    assert_ok(prune_tensor_narrow(&view, permuted, 2, 0, 1));
    assert_ok(prune_tensor_expand(&wide, view, PRUNE_SHAPE(4, 2, 5)));
    assert_ok(prune_tensor_clone(&copy, wide));
    assert_strides(copy, PRUNE_SHAPE(5, 20, 1));
    prune_tensor_release(copy);
    prune_tensor_release(view);
    prune_tensor_release(wide);
    assert_ok(prune_tensor_select(&view, t, 0, 0));
    assert_ok(prune_tensor_expand(&wide, view, PRUNE_SHAPE(5, 3, 4)));
    prune_tensor_release(view);
    assert_ok(prune_tensor_transpose(&view, wide, 0, 2));
    assert_ok(prune_tensor_clone(&copy, view));
    assert_strides(copy, PRUNE_SHAPE(5, 20, 1));
    prune_tensor_release(copy);
    prune_tensor_release(view);
    prune_tensor_release(wide);
    prune_tensor_release(permuted);
    prune_tensor_release(t);
}

/* torch.arange(6.).view(2, 1, 3).permute(2, 1, 0).clone() */
static void a_dim_of_one_element_does_not_make_it_sparse(void **state)
{
    (void)state;
    prune_tensor *t = counted(PRUNE_SHAPE(2, 1, 3)), *permuted = NULL, *copy = NULL;
    assert_ok(prune_tensor_permute(&permuted, t, PRUNE_SHAPE(2, 1, 0)));
    assert_ok(prune_tensor_clone(&copy, permuted));
    assert_strides(copy, PRUNE_SHAPE(1, 3, 3));
    assert_values(copy, 0, 3, 1, 4, 2, 5);
    prune_tensor_release(t);
    prune_tensor_release(permuted);
    prune_tensor_release(copy);
}

static void elements_of_any_size_are_copied_one_by_one(void **state)
{
    (void)state;
    const prune_dtype dtypes[] = { PRUNE_UINT8, PRUNE_FLOAT16, PRUNE_FLOAT32, PRUNE_FLOAT64 };
    for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++) {
        prune_tensor *t = counted(PRUNE_SHAPE(2, 3)), *other = NULL, *turned = NULL, *copy = NULL, *back = NULL;
        assert_ok(prune_tensor_to(&other, t, dtypes[i]));
        assert_ok(prune_tensor_transpose(&turned, other, 0, 1));
        assert_ok(prune_tensor_contiguous(&copy, turned));
        assert_ok(prune_tensor_to(&back, copy, PRUNE_FLOAT32));
        assert_values(back, 0, 3, 1, 4, 2, 5);
        prune_tensor_release(t);
        prune_tensor_release(other);
        prune_tensor_release(turned);
        prune_tensor_release(copy);
        prune_tensor_release(back);
    }
}

static void contiguous_copies_only_what_is_not(void **state)
{
    (void)state;
    prune_tensor *t = counted(PRUNE_SHAPE(2, 3)), *turned = NULL, *same = NULL, *copy = NULL;
    assert_ok(prune_tensor_transpose(&turned, t, 0, 1));
    assert_ok(prune_tensor_contiguous(&same, t));
    assert_ok(prune_tensor_contiguous(&copy, turned));
    assert_ptr_equal(same, t);
    assert_true(prune_tensor_is_contiguous(copy));
    assert_values(copy, 0, 3, 1, 4, 2, 5);
    prune_tensor_release(t);
    prune_tensor_release(turned);
    prune_tensor_release(same);
    prune_tensor_release(copy);
}

/* ---- Fill, copy ---- */

static void fill_reaches_what_the_strides_reach(void **state)
{
    (void)state;
    prune_tensor *t = counted(PRUNE_SHAPE(3, 3)), *inner = NULL, *column = NULL, *wide = NULL;
    assert_ok(prune_tensor_narrow(&inner, t, 0, 1, 2));
    assert_ok(prune_tensor_slice(&column, inner, 1, 0, INT64_MAX, 2));
    assert_ok(prune_tensor_fill_(column, -1));
    assert_values(t, 0, 1, 2, -1, 4, -1, -1, 7, -1);
    prune_tensor_release(column);
    assert_ok(prune_tensor_select(&column, t, 0, 0));
    assert_ok(prune_tensor_expand(&wide, column, PRUNE_SHAPE(4, 3))); /* torch.zeros(3).expand(4, 3).fill_(9) */
    assert_ok(prune_tensor_fill_(wide, 9));
    assert_values(column, 9, 9, 9);
    assert_fails(prune_tensor_fill_(NULL, 1), PRUNE_ERROR_TYPE, "prune_tensor_fill_: argument 't' is NULL");
    prune_tensor_release(t);
    prune_tensor_release(inner);
    prune_tensor_release(column);
    prune_tensor_release(wide);
}

static void copy_broadcasts_and_converts(void **state)
{
    (void)state;
    prune_tensor *row = NULL, *matrix = NULL, *column = NULL, *scalar = NULL, *turned = NULL;
    assert_ok(prune_tensor_arange(&row, 1, 4, 1, PRUNE_INT64));
    assert_ok(prune_tensor_zeros(&matrix, PRUNE_SHAPE(2, 3), PRUNE_FLOAT32));
    assert_ok(prune_tensor_copy_(matrix, row));
    assert_values(matrix, 1, 2, 3, 1, 2, 3);
    assert_ok(prune_tensor_from_values(&column, (const float[]){ 7, 8 }, PRUNE_SHAPE(2, 1)));
    assert_ok(prune_tensor_copy_(matrix, column));
    assert_values(matrix, 7, 7, 7, 8, 8, 8);
    assert_ok(prune_tensor_transpose(&turned, matrix, 0, 1));
    assert_ok(prune_tensor_full(&scalar, PRUNE_SCALAR, 4, PRUNE_UINT8));
    assert_ok(prune_tensor_copy_(turned, scalar));
    assert_values(matrix, 4, 4, 4, 4, 4, 4);
    prune_tensor_release(row);
    prune_tensor_release(matrix);
    prune_tensor_release(column);
    prune_tensor_release(scalar);
    prune_tensor_release(turned);
}

static void the_source_of_a_copy_may_overlap(void **state)
{
    (void)state;
    prune_tensor *t = counted(PRUNE_SHAPE(3, 3)), *turned = NULL, *flat = NULL, *front = NULL, *back = NULL;
    assert_ok(prune_tensor_transpose(&turned, t, 0, 1));
    assert_ok(prune_tensor_copy_(t, turned));
    assert_values(t, 0, 3, 6, 1, 4, 7, 2, 5, 8);
    assert_ok(prune_tensor_copy_(t, t));
    assert_values(t, 0, 3, 6, 1, 4, 7, 2, 5, 8);
    assert_ok(prune_tensor_flatten(&flat, t, 0, -1));
    assert_ok(prune_tensor_narrow(&front, flat, 0, 0, 8));
    assert_ok(prune_tensor_narrow(&back, flat, 0, 1, 8));
    assert_ok(prune_tensor_copy_(back, front));
    assert_values(flat, 0, 0, 3, 6, 1, 4, 7, 2, 5);
    assert_ok(prune_tensor_copy_(front, back));
    assert_values(flat, 0, 3, 6, 1, 4, 7, 2, 5, 5);
    prune_tensor_release(t);
    prune_tensor_release(turned);
    prune_tensor_release(flat);
    prune_tensor_release(front);
    prune_tensor_release(back);
}

static void one_memory_under_two_storages_overlaps_too(void **state)
{
    (void)state;
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
    prune_tensor *three = NULL, *four = NULL, *matrix = NULL, *wide = NULL;
    assert_ok(prune_tensor_zeros(&three, PRUNE_SHAPE(3), PRUNE_FLOAT32));
    assert_ok(prune_tensor_ones(&four, PRUNE_SHAPE(4), PRUNE_FLOAT32));
    assert_ok(prune_tensor_ones(&matrix, PRUNE_SHAPE(2, 3), PRUNE_FLOAT32));
    assert_ok(prune_tensor_expand(&wide, three, PRUNE_SHAPE(2, 3)));
    assert_fails(prune_tensor_copy_(three, four), PRUNE_ERROR_RUNTIME,
                 "The size of tensor a (3) must match the size of tensor b (4) at non-singleton dimension 0");
    assert_fails(prune_tensor_copy_(three, matrix), PRUNE_ERROR_RUNTIME,
                 "output with shape [3] doesn't match the broadcast shape [2, 3]");
    assert_fails(prune_tensor_copy_(wide, matrix), PRUNE_ERROR_RUNTIME,
                 "more than one element of the written-to tensor refers to a single memory location");
    assert_fails(prune_tensor_copy_(NULL, matrix), PRUNE_ERROR_TYPE, "'t' is NULL");
    assert_fails(prune_tensor_copy_(matrix, NULL), PRUNE_ERROR_TYPE, "'src' is NULL");
    assert_values(three, 0, 0, 0);
    prune_tensor_release(three);
    prune_tensor_release(four);
    prune_tensor_release(matrix);
    prune_tensor_release(wide);
}

static void empty_tensors_are_filled_and_copied(void **state)
{
    (void)state;
    prune_tensor *t = NULL, *row = NULL, *copy = NULL;
    assert_ok(prune_tensor_zeros(&t, PRUNE_SHAPE(0, 3), PRUNE_FLOAT32));
    assert_ok(prune_tensor_ones(&row, PRUNE_SHAPE(3), PRUNE_INT32));
    assert_ok(prune_tensor_fill_(t, 1));
    assert_ok(prune_tensor_copy_(t, row));
    assert_ok(prune_tensor_clone(&copy, t));
    assert_shape(copy, 0, 3);
    prune_tensor_release(t);
    prune_tensor_release(row);
    prune_tensor_release(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clone_has_storage_of_its_own_and_no_gradient),
        cmocka_unit_test(a_clone_of_a_dense_permuted_tensor_keeps_its_memory_order),
        cmocka_unit_test(a_clone_closes_gaps_and_keeps_the_order_of_the_dims),
        cmocka_unit_test(a_dim_of_one_element_does_not_make_it_sparse),
        cmocka_unit_test(elements_of_any_size_are_copied_one_by_one),
        cmocka_unit_test(contiguous_copies_only_what_is_not),
        cmocka_unit_test(fill_reaches_what_the_strides_reach),
        cmocka_unit_test(copy_broadcasts_and_converts),
        cmocka_unit_test(the_source_of_a_copy_may_overlap),
        cmocka_unit_test(one_memory_under_two_storages_overlaps_too),
        cmocka_unit_test(copies_that_do_not_fit_are_refused),
        cmocka_unit_test(empty_tensors_are_filled_and_copied),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
