/* Activations and softmax, as functions and as layers. */
#include "layer_support.h"

typedef prune_status unary(prune_tensor **y, const prune_tensor *x);

static const struct {
    const char *text;
    unary *function;
    prune_status (*create)(prune_module **out);
} elementwise[] = {
    { "Sigmoid()", prune_sigmoid, prune_sigmoid_create },
    { "Tanh()", prune_tanh, prune_tanh_create },
    { "GELU(approximate='none')", prune_gelu, prune_gelu_create },
};

enum { ELEMENTWISE = sizeof elementwise / sizeof elementwise[0] };

static void negative_numbers_become_zero(void **state)
{
    (void)state;
    const float values[] = { -0.0F, 0, NAN, -INFINITY, INFINITY, -1, 2.5F }; /* torch keeps -0 */
    prune_tensor *x = values_of(values, PRUNE_SHAPE(7)), *y = NULL;
    assert_ok(prune_relu(&y, x));
    assert_values(y, -0.0F, 0, NAN, 0, INFINITY, 0, 2.5F);
    prune_tensor_release(x);
    prune_tensor_release(y);
}

static void check_function(unary *function, const float *x, const double *expected, double tolerance)
{
    prune_tensor *t = values_of(x, PRUNE_SHAPE(7)), *y = NULL;
    assert_ok(function(&y, t));
    assert_near(y, expected, 7, tolerance);
    prune_tensor_release(t);
    prune_tensor_release(y);
}

/* torch: the function in float64 */
static void curves_are_torchs(void **state)
{
    (void)state;
    const float x[] = { -20, -3, -0.5F, -0.0F, 0.25F, 1, 6 };
    const double sigmoid[] = { 2.06115362e-09, 0.0474258732, 0.377540669, 0.5, 0.562176501, 0.731058579, 0.997527377 };
    const double tanh_[] = { -1, -0.995054754, -0.462117157, -0.0, 0.244918662, 0.761594156, 0.999987712 };
    check_function(prune_sigmoid, x, sigmoid, 3e-7);
    check_function(prune_tanh, x, tanh_, 3e-7);
    const float xg[] = { 0, -6, -3, -0.5F, 0.25F, 1, 6 };
    const double gelu[] = { 0, -5.91952587e-09, -0.00404969409, -0.154268769, 0.149676581, 0.841344746, 5.99999999 };
    check_function(prune_gelu, xg, gelu, 2e-6);
}

static void limits_are_torchs(void **state)
{
    (void)state;
    const float values[] = { INFINITY, -INFINITY, NAN };
    prune_tensor *x = values_of(values, PRUNE_SHAPE(3)), *y = NULL;
    assert_ok(prune_sigmoid(&y, x));
    assert_values(y, 1, 0, NAN);
    prune_tensor_release(y);
    assert_ok(prune_tanh(&y, x));
    assert_values(y, 1, -1, NAN);
    prune_tensor_release(y);
    assert_ok(prune_gelu(&y, x));
    assert_values(y, INFINITY, NAN, NAN);
    prune_tensor_release(y);
    prune_tensor_release(x);
}

/* ---- Softmax ---- */

/* torch: softmax(pattern(5, 2, 3, 4), dim) in float64, for dim 0, 1, 2 */
static void softmaxes_are_torchs(void **state)
{
    (void)state;
    /* clang-format off */
    const double softmax[3][24] = {
        { 0.98201379, 0.000911051194, 0.98201379, 0.98201379, 0.000911051194, 0.98201379, 0.000911051194,
          0.98201379, 0.98201379, 0.000911051194, 0.98201379, 0.98201379, 0.01798621, 0.999088949, 0.01798621,
          0.01798621, 0.999088949, 0.01798621, 0.999088949, 0.01798621, 0.01798621, 0.999088949, 0.01798621,
          0.01798621 },
        { 0.268454951, 0.0024561149, 0.268454951, 0.0024561149, 0.00180883523, 0.990867473, 0.00180883523,
          0.990867473, 0.729736214, 0.00667641251, 0.729736214, 0.00667641251, 0.0024561149, 0.268454951,
          0.0024561149, 0.0024561149, 0.990867473, 0.00180883523, 0.990867473, 0.990867473, 0.00667641251,
          0.729736214, 0.00667641251, 0.00667641251 },
        { 0.0465728615, 0.000853011713, 0.935440929, 0.0171331982, 4.32073984e-05, 0.0473826658, 0.000867843796,
          0.951706283, 0.0465728615, 0.000853011713, 0.935440929, 0.0171331982, 0.000894385124, 0.980812384,
          0.0179642054, 0.0003290259, 0.0465728615, 0.000853011713, 0.935440929, 0.0171331982, 0.000894385124,
          0.980812384, 0.0179642054, 0.0003290259 },
    };
    const double log_softmax[3][24] = {
        { -0.0181499279, -7.00091147, -0.0181499279, -0.0181499279, -7.00091147, -0.0181499279, -7.00091147,
          -0.0181499279, -0.0181499279, -7.00091147, -0.0181499279, -0.0181499279, -4.01814993, -0.000911466454,
          -4.01814993, -4.01814993, -0.000911466454, -4.01814993, -0.000911466454, -4.01814993, -4.01814993,
          -0.000911466454, -4.01814993, -4.01814993 },
        { -1.31507216, -6.00917448, -1.31507216, -6.00917448, -6.31507216, -0.00917448459, -6.31507216,
          -0.00917448459, -0.315072161, -5.00917448, -0.315072161, -5.00917448, -6.00917448, -1.31507216,
          -6.00917448, -6.00917448, -0.00917448459, -6.31507216, -0.00917448459, -0.00917448459, -5.00917448,
          -0.315072161, -5.00917448, -5.00917448 },
        { -3.06673728, -7.06673728, -0.0667372795, -4.06673728, -10.0494988, -3.04949882, -7.04949882,
          -0.049498818, -3.06673728, -7.06673728, -0.0667372795, -4.06673728, -7.01937409, -0.0193740879,
          -4.01937409, -8.01937409, -3.06673728, -7.06673728, -0.0667372795, -4.06673728, -7.01937409,
          -0.0193740879, -4.01937409, -8.01937409 },
    };
    /* clang-format on */
    for (int64_t dim = 0; dim < 3; dim++)
        for (int gaps = 0; gaps < 2; gaps++) {
            prune_tensor *x = pattern(5, PRUNE_SHAPE(2, 3, 4)), *y = NULL;
            x = gaps ? strided(x) : x;
            assert_ok(prune_softmax(&y, x, dim - 3 * gaps)); /* a negative dim counts from the end */
            assert_near(y, softmax[dim], 24, 5e-7);
            prune_tensor_release(y);
            assert_ok(prune_log_softmax(&y, x, dim - 3 * gaps));
            assert_near(y, log_softmax[dim], 24, 5e-4); /* relative; 4e-7 of the largest */
            prune_tensor_release(y);
            prune_tensor_release(x);
        }
}

static void check_pair(float a, float b, const float softmax[2], const float log_softmax[2])
{
    prune_tensor *x = values_of((const float[]){ a, b }, PRUNE_SHAPE(2)), *y = NULL;
    assert_ok(prune_softmax(&y, x, 0));
    assert_values(y, softmax[0], softmax[1]);
    prune_tensor_release(y);
    assert_ok(prune_log_softmax(&y, x, 0));
    assert_values(y, log_softmax[0], log_softmax[1]);
    prune_tensor_release(y);
    prune_tensor_release(x);
}

static void softmax_limits_are_torchs(void **state)
{
    (void)state;
    const float nan[] = { NAN, NAN }, second[] = { 0, 1 }, log_second[] = { -INFINITY, 0 };
    check_pair(-INFINITY, -INFINITY, nan, nan);
    check_pair(NAN, 1, nan, nan);
    check_pair(INFINITY, 1, nan, nan);
    check_pair(-INFINITY, 1, second, log_second);
    check_pair(-1e30F, 1e30F, second, (const float[]){ -2e30F, 0 });
}

static void scalars_and_empty_tensors_work(void **state)
{
    (void)state;
    prune_tensor *scalar = values_of((const float[]){ -3 }, PRUNE_SCALAR), *y = NULL;
    prune_tensor *empty = pattern(0, PRUNE_SHAPE(2, 0));
    assert_ok(prune_relu(&y, scalar));
    assert_int_equal(prune_tensor_ndim(y), 0);
    assert_values(y, 0);
    prune_tensor_release(y);
    assert_ok(prune_softmax(&y, scalar, -1));
    assert_values(y, 1);
    prune_tensor_release(y);
    assert_ok(prune_log_softmax(&y, scalar, 0));
    assert_values(y, 0);
    prune_tensor_release(y);
    for (int64_t dim = 0; dim < 2; dim++) {
        assert_ok(prune_softmax(&y, empty, dim));
        check_output(y, PRUNE_SHAPE(2, 0), 0);
        assert_ok(prune_log_softmax(&y, empty, dim));
        check_output(y, PRUNE_SHAPE(2, 0), 0);
    }
    assert_ok(prune_gelu(&y, empty));
    check_output(y, PRUNE_SHAPE(2, 0), 0);
    prune_tensor_release(scalar);
    prune_tensor_release(empty);
}

static void strides_do_not_matter(void **state)
{
    (void)state;
    prune_tensor *plain = NULL, *y = NULL, *x = pattern(5, PRUNE_SHAPE(3, 4, 5)), *gaps, *wide = NULL;
    gaps = strided(pattern(5, PRUNE_SHAPE(3, 4, 5)));
    for (size_t i = 0; i < ELEMENTWISE; i++) {
        assert_ok(elementwise[i].function(&plain, x));
        assert_ok(elementwise[i].function(&y, gaps));
        assert_true(prune_tensor_is_contiguous(y));
        assert_same_bits(y, plain);
        prune_tensor_release(plain);
        prune_tensor_release(y);
    }
    prune_tensor_release(gaps);
    prune_tensor_release(x);
    x = values_of((const float[]){ -2, 3 }, PRUNE_SHAPE(2, 1));
    assert_ok(prune_tensor_expand(&wide, x, PRUNE_SHAPE(2, 3)));
    assert_ok(prune_relu(&y, wide));
    assert_values(y, 0, 0, 0, 3, 3, 3);
    prune_tensor_release(y);
    prune_tensor_release(wide);
    prune_tensor_release(x);
}

/* ---- Layers ---- */

static void layers_compute_what_the_functions_do(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTWISE; i++) {
        prune_module *layer = NULL;
        prune_tensor *expected = NULL, *x = pattern(5, PRUNE_SHAPE(3, 4));
        assert_ok(elementwise[i].create(&layer));
        assert_prints(layer, elementwise[i].text);
        assert_ok(elementwise[i].function(&expected, x));
        prune_tensor *y = output_of(layer, x);
        assert_same_bits(y, expected);
        prune_tensor_release(y);
        prune_tensor_release(expected);
        prune_module_release(layer);
    }
}

static void softmax_layers_keep_their_dim(void **state)
{
    (void)state;
    prune_module *softmax = NULL, *log_softmax = NULL;
    prune_tensor *x = pattern(0, PRUNE_SHAPE(2, 3)), *expected = NULL, *y = NULL;
    assert_ok(prune_softmax_create(&softmax, 1));
    assert_ok(prune_log_softmax_create(&log_softmax, -2));
    assert_prints(softmax, "Softmax(dim=1)");
    assert_prints(log_softmax, "LogSoftmax(dim=-2)");
    assert_ok(prune_softmax(&expected, x, 1));
    assert_ok(prune_module_call(&y, softmax, x));
    assert_same_bits(y, expected);
    prune_tensor_release(y);
    prune_tensor_release(expected);
    assert_ok(prune_log_softmax(&expected, x, 0));
    assert_ok(prune_module_call(&y, log_softmax, x));
    assert_same_bits(y, expected);
    prune_tensor_release(y);
    prune_tensor_release(expected);
    prune_tensor_release(x);
    x = pattern(0, PRUNE_SHAPE(3));
    assert_call_fails(softmax, x, PRUNE_ERROR_INDEX,
                      "Dimension out of range (expected to be in range of [-1, 0], but got 1)");
    assert_call_fails(log_softmax, x, PRUNE_ERROR_INDEX,
                      "Dimension out of range (expected to be in range of [-1, 0], but got -2)");
    prune_tensor_release(x);
    prune_module_release(softmax);
    prune_module_release(log_softmax);
}

static void relu_writes_in_place_when_asked(void **state)
{
    (void)state;
    prune_module *layer = NULL, *inplace = NULL;
    prune_tensor *x = values_of((const float[]){ -1, 2, -3, 4 }, PRUNE_SHAPE(2, 2)), *column = NULL, *y = NULL;
    assert_ok(prune_relu_create(&layer, false));
    assert_ok(prune_relu_create(&inplace, true));
    assert_prints(layer, "ReLU()");
    assert_prints(inplace, "ReLU(inplace=True)");
    assert_ok(prune_module_call(&y, layer, x));
    assert_values(y, 0, 2, 0, 4);
    assert_values(x, -1, 2, -3, 4);
    prune_tensor_release(y);
    assert_ok(prune_tensor_select(&column, x, 1, 0));
    assert_ok(prune_module_call(&y, inplace, column));
    assert_ptr_equal(y, column);
    assert_values(x, 0, 2, 0, 4);
    prune_tensor_release(y);
    prune_tensor_release(column);
    prune_tensor_release(x);
    prune_module_release(layer);
    prune_module_release(inplace);
}

static void relu_in_place_refuses_what_cannot_be_written(void **state)
{
    (void)state;
    static const float rom[] = { -1 };
    prune_module *inplace = NULL;
    prune_tensor *x = NULL, *wide = NULL;
    assert_ok(prune_relu_create(&inplace, true));
    assert_ok(prune_tensor_from_const_blob(&x, rom, PRUNE_SHAPE(1), NULL));
    assert_call_fails(inplace, x, PRUNE_ERROR_STATE, "read-only");
    prune_tensor_release(x);
    x = values_of(rom, PRUNE_SHAPE(1));
    assert_ok(prune_tensor_expand(&wide, x, PRUNE_SHAPE(3)));
    assert_call_fails(inplace, wide, PRUNE_ERROR_RUNTIME, "more than one element of the written-to tensor");
    assert_values(x, -1);
    prune_tensor_release(x);
    prune_tensor_release(wide);
    assert_ok(prune_tensor_zeros(&x, PRUNE_SHAPE(1), PRUNE_BOOL));
    assert_call_fails(inplace, x, PRUNE_ERROR_UNSUPPORTED, "torch.bool");
    prune_tensor_release(x);
    prune_module_release(inplace);
}

/* ---- Errors ---- */

static void wrong_arguments_are_named(void **state)
{
    (void)state;
    unary *const functions[] = { prune_relu, prune_sigmoid, prune_tanh, prune_gelu };
    prune_tensor *x = pattern(0, PRUNE_SHAPE(2, 3)), *integers = NULL, *y = NULL;
    assert_ok(prune_tensor_zeros(&integers, PRUNE_SHAPE(2, 3), PRUNE_INT64));
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        assert_fails(functions[i](NULL, x), PRUNE_ERROR_TYPE, "'y' is NULL");
        assert_fails(functions[i](&y, NULL), PRUNE_ERROR_TYPE, "'x' is NULL");
        assert_fails(functions[i](&y, integers), PRUNE_ERROR_UNSUPPORTED, "computing with torch.int64");
    }
    assert_fails(prune_softmax(NULL, x, 0), PRUNE_ERROR_TYPE, "'y' is NULL");
    assert_fails(prune_softmax(&y, NULL, 0), PRUNE_ERROR_TYPE, "'x' is NULL");
    assert_fails(prune_softmax(&y, integers, 0), PRUNE_ERROR_UNSUPPORTED, "prune_softmax");
    assert_fails(prune_softmax(&y, x, 2), PRUNE_ERROR_INDEX,
                 "Dimension out of range (expected to be in range of [-2, 1], but got 2)");
    assert_fails(prune_log_softmax(NULL, x, 0), PRUNE_ERROR_TYPE, "'y' is NULL");
    assert_fails(prune_log_softmax(&y, NULL, 0), PRUNE_ERROR_TYPE, "'x' is NULL");
    assert_fails(prune_log_softmax(&y, integers, 0), PRUNE_ERROR_UNSUPPORTED, "prune_log_softmax");
    assert_fails(prune_log_softmax(&y, x, -3), PRUNE_ERROR_INDEX, "but got -3");
    assert_null(y);
    assert_fails(prune_relu_create(NULL, false), PRUNE_ERROR_TYPE, "'out' is NULL");
    assert_fails(prune_softmax_create(NULL, 0), PRUNE_ERROR_TYPE, "'out' is NULL");
    assert_fails(prune_log_softmax_create(NULL, 0), PRUNE_ERROR_TYPE, "'out' is NULL");
    for (size_t i = 0; i < ELEMENTWISE; i++)
        assert_fails(elementwise[i].create(NULL), PRUNE_ERROR_TYPE, "'out' is NULL");
    prune_tensor_release(x);
    prune_tensor_release(integers);
}

/* ---- Memory ---- */

static prune_status compute_all(void *context)
{
    unary *const functions[] = { prune_relu, prune_sigmoid, prune_tanh, prune_gelu };
    const prune_tensor *x = context;
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        prune_tensor *y = NULL;
        if (functions[i](&y, x))
            return prune_last_status();
        prune_tensor_release(y);
    }
    prune_tensor *y = NULL;
    if (prune_softmax(&y, x, 0))
        return prune_last_status();
    prune_tensor_release(y);
    if (prune_log_softmax(&y, x, 0))
        return prune_last_status();
    prune_tensor_release(y);
    return PRUNE_OK;
}

static prune_status create_all(void *context)
{
    (void)context;
    prune_module *layers[6] = { NULL };
    bool failed = prune_relu_create(&layers[0], true) || prune_softmax_create(&layers[1], 0)
                  || prune_log_softmax_create(&layers[2], 0);
    for (size_t i = 0; !failed && i < ELEMENTWISE; i++)
        failed = elementwise[i].create(&layers[3 + i]);
    for (size_t i = 0; i < 6; i++)
        prune_module_release(layers[i]);
    return failed ? prune_last_status() : PRUNE_OK;
}

static void running_out_of_memory_changes_nothing(void **state)
{
    (void)state;
    prune_tensor *x = strided(pattern(5, PRUNE_SHAPE(3, 4)));
    try_every_allocation(compute_all, NULL, NULL, x);
    try_every_allocation(create_all, NULL, NULL, NULL);
    prune_tensor_release(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(negative_numbers_become_zero),
        cmocka_unit_test(curves_are_torchs),
        cmocka_unit_test(limits_are_torchs),
        cmocka_unit_test(softmaxes_are_torchs),
        cmocka_unit_test(softmax_limits_are_torchs),
        cmocka_unit_test(scalars_and_empty_tensors_work),
        cmocka_unit_test(strides_do_not_matter),
        cmocka_unit_test(layers_compute_what_the_functions_do),
        cmocka_unit_test(softmax_layers_keep_their_dim),
        cmocka_unit_test(relu_writes_in_place_when_asked),
        cmocka_unit_test(relu_in_place_refuses_what_cannot_be_written),
        cmocka_unit_test(wrong_arguments_are_named),
        cmocka_unit_test(running_out_of_memory_changes_nothing),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
