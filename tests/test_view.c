/* Views: other shapes, parts, orders and repetitions of the same storage. */
#include "tensor_support.h"

static prune_tensor *transposed(prune_tensor *t)
{
    prune_tensor *turned = NULL;
    assert_ok(prune_tensor_transpose(&turned, t, 0, 1));
    return turned;
}

/* Makes a view with `call`, which writes `made`; compares shape, strides and offset in elements; releases it. */
#define assert_view(t, call, shape, strides, offset)                                           \
    do {                                                                                       \
        prune_tensor *made = NULL;                                                             \
        assert_ok(call);                                                                       \
        check_shape(made, shape, __FILE__, __LINE__);                                          \
        check_strides(made, strides, __FILE__, __LINE__);                                      \
        assert_int_equal(prune_tensor_data(made) - prune_tensor_data(t), (ptrdiff_t)(offset)); \
        prune_tensor_release(made);                                                            \
    } while (0)

/* ---- What all views have in common ---- */

static void a_view_shares_storage(void **state)
{
    (void)state;
    prune_tensor *t = counted(PRUNE_SHAPE(2, 3)), *view = NULL, *part = NULL;
    assert_ok(prune_tensor_view(&view, t, PRUNE_SHAPE(3, 2)));
    assert_ok(prune_tensor_select(&part, view, 1, 1));
    assert_ok(prune_tensor_fill_(part, -1));
    assert_values(t, 0, -1, 2, -1, 4, -1);
    prune_tensor_release(t);
    assert_ok(prune_tensor_set(view, PRUNE_SHAPE(0, 1), 8));
    prune_tensor_release(view);
    assert_values(part, 8, -1, -1);
    prune_tensor_release(part);
}

static void a_view_needs_no_gradient(void **state)
{
    (void)state;
    prune_tensor *t = counted(PRUNE_SHAPE(2, 3)), *view = NULL, *same = NULL;
    assert_ok(prune_tensor_set_requires_grad(t, true));
    assert_ok(prune_tensor_view(&view, t, PRUNE_SHAPE(6)));
    assert_ok(prune_tensor_flatten(&same, t, 1, 1));
    assert_false(prune_tensor_requires_grad(view));
    assert_false(prune_tensor_requires_grad(same));
    assert_true(prune_tensor_requires_grad(t));
    prune_tensor_release(t);
    prune_tensor_release(view);
    prune_tensor_release(same);
}

static void null_arguments_are_type_errors(void **state)
{
    (void)state;
    prune_tensor *t = counted(PRUNE_SHAPE(2)), *out = NULL;
    assert_fails(prune_tensor_view(NULL, t, PRUNE_SHAPE(2)), PRUNE_ERROR_TYPE, "prune_tensor_view: argument 'out'");
    assert_fails(prune_tensor_view(&out, NULL, PRUNE_SHAPE(2)), PRUNE_ERROR_TYPE, "argument 't' is NULL");
    assert_fails(prune_tensor_view(&out, t, NULL, 1), PRUNE_ERROR_TYPE, "prune_tensor_view: argument 'sizes'");
    assert_fails(prune_tensor_reshape(NULL, t, PRUNE_SHAPE(2)), PRUNE_ERROR_TYPE, "argument 'out' is NULL");
    assert_fails(prune_tensor_reshape(&out, NULL, PRUNE_SHAPE(2)), PRUNE_ERROR_TYPE, "argument 't' is NULL");
    assert_fails(prune_tensor_reshape(&out, t, NULL, 1), PRUNE_ERROR_TYPE, "prune_tensor_reshape: argument 'sizes'");
    assert_fails(prune_tensor_flatten(NULL, t, 0, -1), PRUNE_ERROR_TYPE, "argument 'out' is NULL");
    assert_fails(prune_tensor_flatten(&out, NULL, 0, -1), PRUNE_ERROR_TYPE, "argument 't' is NULL");
    assert_fails(prune_tensor_squeeze(NULL, t, NULL), PRUNE_ERROR_TYPE, "argument 'out' is NULL");
    assert_fails(prune_tensor_squeeze(&out, NULL, NULL), PRUNE_ERROR_TYPE, "argument 't' is NULL");
    assert_fails(prune_tensor_unsqueeze(NULL, t, 0), PRUNE_ERROR_TYPE, "argument 'out' is NULL");
    assert_fails(prune_tensor_unsqueeze(&out, NULL, 0), PRUNE_ERROR_TYPE, "argument 't' is NULL");
    assert_fails(prune_tensor_select(NULL, t, 0, 0), PRUNE_ERROR_TYPE, "argument 'out' is NULL");
    assert_fails(prune_tensor_select(&out, NULL, 0, 0), PRUNE_ERROR_TYPE, "argument 't' is NULL");
    assert_fails(prune_tensor_narrow(NULL, t, 0, 0, 1), PRUNE_ERROR_TYPE, "argument 'out' is NULL");
    assert_fails(prune_tensor_narrow(&out, NULL, 0, 0, 1), PRUNE_ERROR_TYPE, "argument 't' is NULL");
    assert_fails(prune_tensor_slice(NULL, t, 0, 0, 1, 1), PRUNE_ERROR_TYPE, "argument 'out' is NULL");
    assert_fails(prune_tensor_slice(&out, NULL, 0, 0, 1, 1), PRUNE_ERROR_TYPE, "argument 't' is NULL");
    assert_fails(prune_tensor_transpose(NULL, t, 0, 0), PRUNE_ERROR_TYPE, "argument 'out' is NULL");
    assert_fails(prune_tensor_transpose(&out, NULL, 0, 0), PRUNE_ERROR_TYPE, "argument 't' is NULL");
    assert_fails(prune_tensor_permute(NULL, t, PRUNE_SHAPE(0)), PRUNE_ERROR_TYPE, "argument 'out' is NULL");
    assert_fails(prune_tensor_permute(&out, NULL, PRUNE_SHAPE(0)), PRUNE_ERROR_TYPE, "argument 't' is NULL");
    assert_fails(prune_tensor_permute(&out, t, NULL, 1), PRUNE_ERROR_TYPE, "argument 'dims' is NULL");
    assert_fails(prune_tensor_expand(NULL, t, PRUNE_SHAPE(2)), PRUNE_ERROR_TYPE, "argument 'out' is NULL");
    assert_fails(prune_tensor_expand(&out, NULL, PRUNE_SHAPE(2)), PRUNE_ERROR_TYPE, "argument 't' is NULL");
    assert_fails(prune_tensor_expand(&out, t, NULL, 1), PRUNE_ERROR_TYPE, "prune_tensor_expand: argument 'sizes'");
    assert_null(out);
    prune_tensor_release(t);
}

/* ---- View, reshape, flatten ---- */

static void view_gives_another_shape(void **state)
{
    (void)state;
    prune_tensor *t = counted(PRUNE_SHAPE(2, 6)), *scalar = NULL;
    assert_view(t, prune_tensor_view(&made, t, PRUNE_SHAPE(3, -1)), PRUNE_SHAPE(3, 4), PRUNE_SHAPE(4, 1), 0);
    assert_view(t, prune_tensor_view(&made, t, PRUNE_SHAPE(2, 1, 3, 2)), PRUNE_SHAPE(2, 1, 3, 2),
                PRUNE_SHAPE(6, 6, 2, 1), 0);
    assert_view(t, prune_tensor_view(&made, t, PRUNE_SHAPE(-1)), PRUNE_SHAPE(12), PRUNE_SHAPE(1), 0);
    assert_ok(prune_tensor_ones(&scalar, PRUNE_SCALAR, PRUNE_FLOAT32));
    assert_view(scalar, prune_tensor_view(&made, scalar, PRUNE_SHAPE(1, 1)), PRUNE_SHAPE(1, 1), PRUNE_SHAPE(1, 1), 0);
    assert_view(scalar, prune_tensor_view(&made, scalar, PRUNE_SCALAR), PRUNE_SCALAR, PRUNE_SCALAR, 0);
    prune_tensor_release(t);
    prune_tensor_release(scalar);
}

/* x = torch.empty(4, 6).t()[::2]: the dim of 3 can be split, but not joined with the other */
static void view_splits_and_joins_what_the_strides_allow(void **state)
{
    (void)state;
    prune_tensor *t = counted(PRUNE_SHAPE(4, 6)), *turned = transposed(t), *x = NULL, *out = NULL;
    assert_ok(prune_tensor_slice(&x, turned, 0, 0, INT64_MAX, 2));
    assert_strides(x, PRUNE_SHAPE(2, 6));
    assert_view(x, prune_tensor_view(&made, x, PRUNE_SHAPE(3, 2, 2)), PRUNE_SHAPE(3, 2, 2), PRUNE_SHAPE(2, 12, 6), 0);
    assert_view(x, prune_tensor_view(&made, x, PRUNE_SHAPE(1, 3, 1, 4)), PRUNE_SHAPE(1, 3, 1, 4),
                PRUNE_SHAPE(6, 2, 24, 6), 0);
    assert_fails(prune_tensor_view(&out, x, PRUNE_SHAPE(12)), PRUNE_ERROR_RUNTIME,
                 "view size is not compatible with input tensor's size and stride (at least one dimension spans across "
                 "two contiguous subspaces). Use .reshape(...) instead.");
    assert_fails(prune_tensor_view(&out, x, PRUNE_SHAPE(6, 2)), PRUNE_ERROR_RUNTIME, "view size is not compatible");
    assert_fails(prune_tensor_view(&out, x, PRUNE_SHAPE(2, 6)), PRUNE_ERROR_RUNTIME, "view size is not compatible");
    assert_null(out);
    prune_tensor_release(t);
    prune_tensor_release(turned);
    prune_tensor_release(x);
}

static void shapes_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    prune_tensor *t = counted(PRUNE_SHAPE(3, 4)), *empty = NULL, *out = NULL;
    const int64_t ones[17] = { 12, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
    assert_ok(prune_tensor_zeros(&empty, PRUNE_SHAPE(3, 0), PRUNE_FLOAT32));
    assert_fails(prune_tensor_view(&out, t, PRUNE_SHAPE(5)), PRUNE_ERROR_RUNTIME,
                 "shape '[5]' is invalid for input of size 12");
    assert_fails(prune_tensor_reshape(&out, t, PRUNE_SHAPE(5, -1)), PRUNE_ERROR_RUNTIME,
                 "shape '[5, -1]' is invalid for input of size 12");
    assert_fails(prune_tensor_view(&out, t, PRUNE_SHAPE(-1, 0)), PRUNE_ERROR_RUNTIME,
                 "shape '[-1, 0]' is invalid for input of size 12");
    assert_fails(prune_tensor_view(&out, t, PRUNE_SCALAR), PRUNE_ERROR_RUNTIME,
                 "shape '[]' is invalid for input of size 12");
    assert_fails(prune_tensor_view(&out, t, PRUNE_SHAPE(-1, -1)), PRUNE_ERROR_RUNTIME,
                 "only one dimension can be inferred");
    assert_fails(prune_tensor_view(&out, t, PRUNE_SHAPE(-2, 6)), PRUNE_ERROR_RUNTIME,
                 "invalid shape dimension -2 at index 0 of shape [-2, 6]");
    assert_fails(prune_tensor_view(&out, t, PRUNE_SHAPE(INT64_MAX, INT64_MAX)), PRUNE_ERROR_RUNTIME,
                 "shape '[9223372036854775807, 9223372036854775807]' is invalid for input of size 12");
    assert_fails(prune_tensor_view(&out, t, ones, 17), PRUNE_ERROR_VALUE, "rank 17 is not in the range 0 to 16");
    assert_fails(prune_tensor_reshape(&out, t, ones, -1), PRUNE_ERROR_VALUE, "rank -1 is not in the range");
    assert_fails(prune_tensor_view(&out, empty, PRUNE_SHAPE(0, -1)), PRUNE_ERROR_RUNTIME,
                 "cannot reshape tensor of 0 elements into shape [0, -1] because the unspecified dimension size -1 can "
                 "be any value and is ambiguous");
    assert_null(out);
    assert_view(empty, prune_tensor_view(&made, empty, PRUNE_SHAPE(2, -1)), PRUNE_SHAPE(2, 0), PRUNE_SHAPE(1, 1), 0);
    prune_tensor_release(t);
    prune_tensor_release(empty);
}

/* torch.empty(3, 0, 4).permute(2, 0, 1) keeps its strides under the same shape, and gets new ones under another */
static void an_empty_tensor_keeps_its_strides_in_its_shape(void **state)
{
    (void)state;
    prune_tensor *t = NULL, *turned = NULL;
    assert_ok(prune_tensor_zeros(&t, PRUNE_SHAPE(3, 0, 4), PRUNE_FLOAT32));
    assert_ok(prune_tensor_permute(&turned, t, PRUNE_SHAPE(2, 0, 1)));
    assert_strides(turned, PRUNE_SHAPE(1, 4, 4));
    assert_view(t, prune_tensor_view(&made, turned, PRUNE_SHAPE(4, 3, 0)), PRUNE_SHAPE(4, 3, 0), PRUNE_SHAPE(1, 4, 4),
                0);
    assert_view(t, prune_tensor_view(&made, turned, PRUNE_SHAPE(2, 0, 5)), PRUNE_SHAPE(2, 0, 5), PRUNE_SHAPE(5, 5, 1),
                0);
    prune_tensor_release(t);
    prune_tensor_release(turned);
}

static void reshape_copies_only_where_it_must(void **state)
{
    (void)state;
    prune_tensor *t = counted(PRUNE_SHAPE(2, 3)), *turned = transposed(t), *view = NULL, *copy = NULL;
    assert_ok(prune_tensor_reshape(&view, turned, PRUNE_SHAPE(3, 1, 2)));
    assert_ptr_equal(prune_tensor_data(view), prune_tensor_data(t));
    assert_ok(prune_tensor_reshape(&copy, turned, PRUNE_SHAPE(-1)));
    assert_values(copy, 0, 3, 1, 4, 2, 5);
    assert_true(prune_tensor_is_contiguous(copy));
    assert_ok(prune_tensor_fill_(copy, 0));
    assert_values(t, 0, 1, 2, 3, 4, 5);
    prune_tensor_release(t);
    prune_tensor_release(turned);
    prune_tensor_release(view);
    prune_tensor_release(copy);
}

static void flatten_joins_a_range_of_dims(void **state)
{
    (void)state;
    prune_tensor *t = counted(PRUNE_SHAPE(2, 3, 4)), *scalar = NULL, *turned = transposed(t), *out = NULL;
    assert_view(t, prune_tensor_flatten(&made, t, 0, -1), PRUNE_SHAPE(24), PRUNE_SHAPE(1), 0);
    assert_view(t, prune_tensor_flatten(&made, t, 1, 2), PRUNE_SHAPE(2, 12), PRUNE_SHAPE(12, 1), 0);
    assert_view(t, prune_tensor_flatten(&made, turned, -1, 2), PRUNE_SHAPE(3, 2, 4), PRUNE_SHAPE(4, 12, 1), 0);
    assert_ok(prune_tensor_flatten(&out, turned, 0, 1));
    assert_shape(out, 6, 4);
    assert_true(prune_tensor_data(out) != prune_tensor_data(t));
    assert_true(prune_tensor_data(out)[4] == 12); /* x[0, 1, 0] of the transposed one */
    prune_tensor_release(out);
    out = NULL;
    assert_ok(prune_tensor_ones(&scalar, PRUNE_SCALAR, PRUNE_FLOAT32));
    assert_view(scalar, prune_tensor_flatten(&made, scalar, 0, -1), PRUNE_SHAPE(1), PRUNE_SHAPE(1), 0);
    assert_fails(prune_tensor_flatten(&out, t, 2, 1), PRUNE_ERROR_RUNTIME,
                 "flatten() has invalid args: start_dim cannot come after end_dim");
    assert_fails(prune_tensor_flatten(&out, t, 0, 3), PRUNE_ERROR_INDEX,
                 "Dimension out of range (expected to be in range of [-3, 2], but got 3)");
    assert_fails(prune_tensor_flatten(&out, t, -4, 0), PRUNE_ERROR_INDEX, "but got -4)");
    assert_fails(prune_tensor_flatten(&out, scalar, 1, 0), PRUNE_ERROR_INDEX, "[-1, 0], but got 1)");
    assert_null(out);
    prune_tensor_release(t);
    prune_tensor_release(scalar);
    prune_tensor_release(turned);
}

/* ---- Squeeze, unsqueeze, transpose, permute ---- */

static void squeeze_drops_dims_of_one_entry(void **state)
{
    (void)state;
    prune_tensor *t = counted(PRUNE_SHAPE(1, 3, 1, 2)), *scalar = NULL, *out = NULL;
    const int64_t first = 0, last = -1, third = -2, fifth = 4;
    assert_view(t, prune_tensor_squeeze(&made, t, NULL), PRUNE_SHAPE(3, 2), PRUNE_SHAPE(2, 1), 0);
    assert_view(t, prune_tensor_squeeze(&made, t, &first), PRUNE_SHAPE(3, 1, 2), PRUNE_SHAPE(2, 2, 1), 0);
    assert_view(t, prune_tensor_squeeze(&made, t, &third), PRUNE_SHAPE(1, 3, 2), PRUNE_SHAPE(6, 2, 1), 0);
    assert_view(t, prune_tensor_squeeze(&made, t, &last), PRUNE_SHAPE(1, 3, 1, 2), PRUNE_SHAPE(6, 2, 2, 1), 0);
    assert_fails(prune_tensor_squeeze(&out, t, &fifth), PRUNE_ERROR_INDEX, "but got 4)");
    assert_ok(prune_tensor_ones(&scalar, PRUNE_SCALAR, PRUNE_FLOAT32));
    assert_view(scalar, prune_tensor_squeeze(&made, scalar, &first), PRUNE_SCALAR, PRUNE_SCALAR, 0);
    assert_null(out);
    prune_tensor_release(t);
    prune_tensor_release(scalar);
}

static void unsqueeze_adds_a_dim(void **state)
{
    (void)state;
    prune_tensor *t = counted(PRUNE_SHAPE(2, 3)), *out = NULL, *full = NULL;
    const int64_t ones[PRUNE_MAX_DIMS] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
    assert_view(t, prune_tensor_unsqueeze(&made, t, 0), PRUNE_SHAPE(1, 2, 3), PRUNE_SHAPE(6, 3, 1), 0);
    assert_view(t, prune_tensor_unsqueeze(&made, t, 1), PRUNE_SHAPE(2, 1, 3), PRUNE_SHAPE(3, 3, 1), 0);
    assert_view(t, prune_tensor_unsqueeze(&made, t, -1), PRUNE_SHAPE(2, 3, 1), PRUNE_SHAPE(3, 1, 1), 0);
    assert_fails(prune_tensor_unsqueeze(&out, t, 3), PRUNE_ERROR_INDEX,
                 "Dimension out of range (expected to be in range of [-3, 2], but got 3)");
    assert_fails(prune_tensor_unsqueeze(&out, t, -4), PRUNE_ERROR_INDEX, "but got -4)");
    assert_ok(prune_tensor_ones(&full, ones, PRUNE_MAX_DIMS, PRUNE_FLOAT32));
    assert_fails(prune_tensor_unsqueeze(&out, full, 0), PRUNE_ERROR_VALUE, "rank 17 is not in the range 0 to 16");
    assert_null(out);
    prune_tensor_release(t);
    prune_tensor_release(full);
}

static void transpose_swaps_two_dims(void **state)
{
    (void)state;
    prune_tensor *t = counted(PRUNE_SHAPE(2, 3, 4)), *scalar = NULL, *out = NULL;
    assert_view(t, prune_tensor_transpose(&made, t, 0, -1), PRUNE_SHAPE(4, 3, 2), PRUNE_SHAPE(1, 4, 12), 0);
    assert_view(t, prune_tensor_transpose(&made, t, 1, 1), PRUNE_SHAPE(2, 3, 4), PRUNE_SHAPE(12, 4, 1), 0);
    assert_fails(prune_tensor_transpose(&out, t, 0, 3), PRUNE_ERROR_INDEX, "[-3, 2], but got 3)");
    assert_fails(prune_tensor_transpose(&out, t, -4, 0), PRUNE_ERROR_INDEX, "[-3, 2], but got -4)");
    assert_ok(prune_tensor_ones(&scalar, PRUNE_SCALAR, PRUNE_FLOAT32));
    assert_view(scalar, prune_tensor_transpose(&made, scalar, 0, -1), PRUNE_SCALAR, PRUNE_SCALAR, 0);
    assert_null(out);
    prune_tensor_release(t);
    prune_tensor_release(scalar);
}

static void permute_reorders_all_dims(void **state)
{
    (void)state;
    prune_tensor *t = counted(PRUNE_SHAPE(2, 3, 4)), *scalar = NULL, *out = NULL;
    assert_view(t, prune_tensor_permute(&made, t, PRUNE_SHAPE(2, 0, -2)), PRUNE_SHAPE(4, 2, 3), PRUNE_SHAPE(1, 12, 4),
                0);
    assert_fails(prune_tensor_permute(&out, t, PRUNE_SHAPE(0, 1)), PRUNE_ERROR_RUNTIME,
                 "input.dim() = 3 is not equal to len(dims) = 2");
    assert_fails(prune_tensor_permute(&out, t, NULL, INT64_MAX), PRUNE_ERROR_RUNTIME, "is not equal to len(dims)");
    assert_fails(prune_tensor_permute(&out, t, PRUNE_SHAPE(0, 1, -2)), PRUNE_ERROR_RUNTIME,
                 "permute(): duplicate dims are not allowed.");
    assert_fails(prune_tensor_permute(&out, t, PRUNE_SHAPE(0, 1, 3)), PRUNE_ERROR_INDEX, "[-3, 2], but got 3)");
    assert_ok(prune_tensor_ones(&scalar, PRUNE_SCALAR, PRUNE_FLOAT32));
    assert_view(scalar, prune_tensor_permute(&made, scalar, PRUNE_SCALAR), PRUNE_SCALAR, PRUNE_SCALAR, 0);
    assert_null(out);
    prune_tensor_release(t);
    prune_tensor_release(scalar);
}

/* ---- Select, narrow, slice ---- */

static void select_takes_one_entry_of_a_dim(void **state)
{
    (void)state;
    prune_tensor *t = counted(PRUNE_SHAPE(3, 4)), *scalar = NULL, *out = NULL;
    assert_view(t, prune_tensor_select(&made, t, 0, 1), PRUNE_SHAPE(4), PRUNE_SHAPE(1), 4);
    assert_view(t, prune_tensor_select(&made, t, -1, -1), PRUNE_SHAPE(3), PRUNE_SHAPE(4), 3);
    assert_fails(prune_tensor_select(&out, t, 0, 3), PRUNE_ERROR_INDEX,
                 "select(): index 3 out of range for tensor of size [3, 4] at dimension 0");
    assert_fails(prune_tensor_select(&out, t, -1, -5), PRUNE_ERROR_INDEX, "index -5 out of range");
    assert_fails(prune_tensor_select(&out, t, 2, 0), PRUNE_ERROR_INDEX, "[-2, 1], but got 2)");
    assert_ok(prune_tensor_ones(&scalar, PRUNE_SCALAR, PRUNE_FLOAT32));
    assert_fails(prune_tensor_select(&out, scalar, 0, 0), PRUNE_ERROR_INDEX,
                 "select() cannot be applied to a 0-dim tensor.");
    assert_null(out);
    prune_tensor_release(t);
    prune_tensor_release(scalar);
}

static void narrow_takes_a_range_of_a_dim(void **state)
{
    (void)state;
    prune_tensor *t = counted(PRUNE_SHAPE(3, 4)), *scalar = NULL, *out = NULL;
    assert_view(t, prune_tensor_narrow(&made, t, 0, 1, 2), PRUNE_SHAPE(2, 4), PRUNE_SHAPE(4, 1), 4);
    assert_view(t, prune_tensor_narrow(&made, t, -1, -1, 1), PRUNE_SHAPE(3, 1), PRUNE_SHAPE(4, 1), 3);
    assert_view(t, prune_tensor_narrow(&made, t, 0, 3, 0), PRUNE_SHAPE(0, 4), PRUNE_SHAPE(4, 1), 0);
    assert_fails(prune_tensor_narrow(&out, t, 0, 1, 3), PRUNE_ERROR_RUNTIME,
                 "start (1) + length (3) exceeds dimension size (3).");
    assert_fails(prune_tensor_narrow(&out, t, 0, 2, INT64_MAX), PRUNE_ERROR_RUNTIME, "exceeds dimension size (3).");
    assert_fails(prune_tensor_narrow(&out, t, 0, 0, -1), PRUNE_ERROR_RUNTIME, "narrow(): length must be non-negative.");
    assert_fails(prune_tensor_narrow(&out, t, 0, 4, 0), PRUNE_ERROR_INDEX,
                 "start out of range (expected to be in range of [-3, 3], but got 4)");
    assert_fails(prune_tensor_narrow(&out, t, 0, -4, 1), PRUNE_ERROR_INDEX, "[-3, 3], but got -4)");
    assert_fails(prune_tensor_narrow(&out, t, 2, 0, 1), PRUNE_ERROR_INDEX, "[-2, 1], but got 2)");
    assert_ok(prune_tensor_ones(&scalar, PRUNE_SCALAR, PRUNE_FLOAT32));
    assert_fails(prune_tensor_narrow(&out, scalar, 0, 0, 1), PRUNE_ERROR_RUNTIME,
                 "narrow() cannot be applied to a 0-dim tensor.");
    assert_null(out);
    prune_tensor_release(t);
    prune_tensor_release(scalar);
}

static void slice_steps_through_a_dim_as_python_does(void **state)
{
    (void)state;
    prune_tensor *t = counted(PRUNE_SHAPE(5, 2)), *scalar = NULL, *out = NULL;
    assert_view(t, prune_tensor_slice(&made, t, 0, 1, INT64_MAX, 2), PRUNE_SHAPE(2, 2), PRUNE_SHAPE(4, 1), 2);
    assert_view(t, prune_tensor_slice(&made, t, 0, 0, 5, 2), PRUNE_SHAPE(3, 2), PRUNE_SHAPE(4, 1), 0);
    assert_view(t, prune_tensor_slice(&made, t, 0, -2, INT64_MAX, 1), PRUNE_SHAPE(2, 2), PRUNE_SHAPE(2, 1), 6);
    assert_view(t, prune_tensor_slice(&made, t, 0, -100, -3, 1), PRUNE_SHAPE(2, 2), PRUNE_SHAPE(2, 1), 0);
    assert_view(t, prune_tensor_slice(&made, t, 0, 3, 1, 1), PRUNE_SHAPE(0, 2), PRUNE_SHAPE(2, 1), 0);
    assert_view(t, prune_tensor_slice(&made, t, 0, INT64_MIN, INT64_MIN, 1), PRUNE_SHAPE(0, 2), PRUNE_SHAPE(2, 1), 0);
    assert_view(t, prune_tensor_slice(&made, t, 0, 4, INT64_MAX, INT64_MAX), PRUNE_SHAPE(1, 2), PRUNE_SHAPE(2, 1), 8);
    assert_fails(prune_tensor_slice(&out, t, 0, 0, 5, 0), PRUNE_ERROR_VALUE, "slice step cannot be zero");
    assert_fails(prune_tensor_slice(&out, t, 0, 0, 5, INT64_MIN), PRUNE_ERROR_VALUE, "step must be greater than zero");
    assert_fails(prune_tensor_slice(&out, t, 2, 0, 5, 1), PRUNE_ERROR_INDEX, "[-2, 1], but got 2)");
    assert_ok(prune_tensor_ones(&scalar, PRUNE_SCALAR, PRUNE_FLOAT32));
    assert_fails(prune_tensor_slice(&out, scalar, 0, 0, 1, 1), PRUNE_ERROR_INDEX,
                 "slice() cannot be applied to a 0-dim tensor.");
    assert_null(out);
    prune_tensor_release(t);
    prune_tensor_release(scalar);
}

/* ---- Expand ---- */

static void expand_repeats_dims_of_one_entry(void **state)
{
    (void)state;
    prune_tensor *t = counted(PRUNE_SHAPE(3, 1)), *scalar = NULL, *wide = NULL, *out = NULL;
    assert_view(t, prune_tensor_expand(&made, t, PRUNE_SHAPE(2, -1, 4)), PRUNE_SHAPE(2, 3, 4), PRUNE_SHAPE(0, 1, 0), 0);
    assert_view(t, prune_tensor_expand(&made, t, PRUNE_SHAPE(3, 1)), PRUNE_SHAPE(3, 1), PRUNE_SHAPE(1, 1), 0);
    assert_view(t, prune_tensor_expand(&made, t, PRUNE_SHAPE(1, 3, 2)), PRUNE_SHAPE(1, 3, 2), PRUNE_SHAPE(3, 1, 0), 0);
    assert_view(t, prune_tensor_expand(&made, t, PRUNE_SHAPE(3, 0)), PRUNE_SHAPE(3, 0), PRUNE_SHAPE(1, 0), 0);
    assert_ok(prune_tensor_expand(&wide, t, PRUNE_SHAPE(3, 2)));
    assert_values(wide, 0, 0, 1, 1, 2, 2);
    assert_ok(prune_tensor_ones(&scalar, PRUNE_SCALAR, PRUNE_FLOAT32));
    assert_view(scalar, prune_tensor_expand(&made, scalar, PRUNE_SHAPE(2, 3)), PRUNE_SHAPE(2, 3), PRUNE_SHAPE(0, 0), 0);
    assert_view(scalar, prune_tensor_expand(&made, scalar, PRUNE_SCALAR), PRUNE_SCALAR, PRUNE_SCALAR, 0);
    assert_null(out);
    prune_tensor_release(t);
    prune_tensor_release(scalar);
    prune_tensor_release(wide);
}

static void sizes_that_cannot_be_expanded_to_are_refused(void **state)
{
    (void)state;
    prune_tensor *t = counted(PRUNE_SHAPE(3, 1)), *out = NULL;
    assert_fails(prune_tensor_expand(&out, t, PRUNE_SHAPE(2, 4, 5)), PRUNE_ERROR_RUNTIME,
                 "The expanded size of the tensor (4) must match the existing size (3) at non-singleton dimension 1.  "
                 "Target sizes: [2, 4, 5].  Tensor sizes: [3, 1]");
    assert_fails(prune_tensor_expand(&out, t, PRUNE_SHAPE(3)), PRUNE_ERROR_RUNTIME,
                 "the number of sizes provided (1) must be greater or equal to the number of dimensions in the tensor "
                 "(2)");
    assert_fails(prune_tensor_expand(&out, t, PRUNE_SHAPE(-1, 3, 1)), PRUNE_ERROR_RUNTIME,
                 "The expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension 0");
    assert_fails(prune_tensor_expand(&out, t, PRUNE_SHAPE(3, -2)), PRUNE_ERROR_RUNTIME,
                 "The expanded size of the tensor (-2) must match the existing size (1)");
    assert_fails(prune_tensor_expand(&out, t, PRUNE_SHAPE(-2, 3, 1)), PRUNE_ERROR_RUNTIME,
                 "The expanded size of the tensor (-2)");
    assert_fails(prune_tensor_expand(&out, t, PRUNE_SHAPE(INT64_MAX, 3, INT64_MAX)), PRUNE_ERROR_MEMORY,
                 "does not fit into memory");
    assert_fails(prune_tensor_expand(&out, t, (const int64_t[17]){ 0 }, 17), PRUNE_ERROR_VALUE,
                 "rank 17 is not in the range 0 to 16");
    assert_null(out);
    prune_tensor_release(t);
}

static void huge_expansions_cost_nothing(void **state)
{
    (void)state;
    prune_tensor *t = counted(PRUNE_SHAPE(2)), *huge = NULL, *part = NULL, *copy = NULL;
    const int64_t size = LARGE_MEMORY ? INT64_C(1) << 50 : INT64_C(1) << 27;
    double value = 0;
    assert_ok(prune_tensor_expand(&huge, t, PRUNE_SHAPE(size, 2)));
    assert_int_equal(prune_tensor_numel(huge), 2 * size);
    assert_ok(prune_tensor_get(&value, huge, PRUNE_SHAPE(-1, 1)));
    assert_true(value == 1);
    assert_ok(prune_tensor_slice(&part, huge, 0, 5, INT64_MAX, size / 2));
    assert_ok(prune_tensor_clone(&copy, part));
    assert_values(copy, 0, 1, 0, 1);
    prune_tensor_release(t);
    prune_tensor_release(huge);
    prune_tensor_release(part);
    prune_tensor_release(copy);
}

/* ---- Out of memory ---- */

typedef struct trial {
    prune_tensor *t; /* transposed */
    prune_tensor *out;
    int which;
} trial;

static prune_status look(void *context)
{
    trial *it = context;
    switch (it->which) {
    case 0:
        return prune_tensor_view(&it->out, it->t, PRUNE_SHAPE(3, 2, 1));
    case 1:
        return prune_tensor_reshape(&it->out, it->t, PRUNE_SHAPE(6)); /* copies */
    case 2:
        return prune_tensor_flatten(&it->out, it->t, 0, 1); /* copies */
    case 3:
        return prune_tensor_squeeze(&it->out, it->t, NULL);
    case 4:
        return prune_tensor_unsqueeze(&it->out, it->t, 0);
    case 5:
        return prune_tensor_select(&it->out, it->t, 0, 1);
    case 6:
        return prune_tensor_narrow(&it->out, it->t, 0, 0, 1);
    case 7:
        return prune_tensor_slice(&it->out, it->t, 0, 0, 2, 2);
    case 8:
        return prune_tensor_transpose(&it->out, it->t, 0, 1);
    case 9:
        return prune_tensor_permute(&it->out, it->t, PRUNE_SHAPE(1, 0));
    default:
        return prune_tensor_expand(&it->out, it->t, PRUNE_SHAPE(2, 3, 2));
    }
}

static void unseen(void *context)
{
    trial *it = context;
    assert_null(it->out);
    assert_values(it->t, 0, 3, 1, 4, 2, 5);
}

static void look_away(void *context)
{
    trial *it = context;
    prune_tensor_release(it->out);
    it->out = NULL;
}

static void running_out_of_memory_gives_no_view(void **state)
{
    (void)state;
    prune_tensor *t = counted(PRUNE_SHAPE(2, 3));
    trial it = { transposed(t), NULL, 0 };
    for (it.which = 0; it.which <= 10; it.which++)
        try_every_allocation(look, unseen, look_away, &it);
    prune_tensor_release(it.t);
    prune_tensor_release(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_view_shares_storage),
        cmocka_unit_test(a_view_needs_no_gradient),
        cmocka_unit_test(null_arguments_are_type_errors),
        cmocka_unit_test(view_gives_another_shape),
        cmocka_unit_test(view_splits_and_joins_what_the_strides_allow),
        cmocka_unit_test(shapes_that_do_not_fit_are_refused),
        cmocka_unit_test(an_empty_tensor_keeps_its_strides_in_its_shape),
        cmocka_unit_test(reshape_copies_only_where_it_must),
        cmocka_unit_test(flatten_joins_a_range_of_dims),
        cmocka_unit_test(squeeze_drops_dims_of_one_entry),
        cmocka_unit_test(unsqueeze_adds_a_dim),
        cmocka_unit_test(transpose_swaps_two_dims),
        cmocka_unit_test(permute_reorders_all_dims),
        cmocka_unit_test(select_takes_one_entry_of_a_dim),
        cmocka_unit_test(narrow_takes_a_range_of_a_dim),
        cmocka_unit_test(slice_steps_through_a_dim_as_python_does),
        cmocka_unit_test(expand_repeats_dims_of_one_entry),
        cmocka_unit_test(sizes_that_cannot_be_expanded_to_are_refused),
        cmocka_unit_test(huge_expansions_cost_nothing),
        cmocka_unit_test(running_out_of_memory_gives_no_view),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
