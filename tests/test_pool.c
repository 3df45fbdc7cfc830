/* Pooling, as functions and as layers: what they compute and how they print. */
#include "pool_support.h"
#include "layer_memory.h"

/* The function, the function on an input with gaps, and the layer, in training mode. */
static void check_example(const example *e,
                          prune_status (*function)(prune_tensor **, const prune_tensor *, const example *),
                          prune_module *(*layer_of)(const example *))
{
    prune_tensor *x = pattern(5, e->x, e->ndim), *y = NULL;
    prune_module *layer = layer_of(e);
    assert_ok(function(&y, x, e));
    check_output(y, e->y, e->ndim, e->sum);
    if (prune_tensor_numel(x) > 0) {
        x = strided(x);
        assert_ok(function(&y, x, e));
        check_output(y, e->y, e->ndim, e->sum);
    }
    check_output(output_of(layer, x), e->y, e->ndim, e->sum);
    prune_module_release(layer);
}

/* torch: y = max_pool(pattern(5), ...), sum((i % 17 + 1) * y[i]) */
static void maxima_are_torchs(void **state)
{
    (void)state;
    /* clang-format off */
    const example examples[] = {
        { .dims = 1, .kernel = PRUNE_INTS(2), .x = { 2, 3, 7 }, .ndim = 3, .y = { 2, 3, 3 }, .sum = 393 },
        { .dims = 1, .kernel = PRUNE_INTS(3), .stride = PRUNE_INTS(2), .padding = PRUNE_INTS(1), .ceil_mode = true,
          .x = { 3, 7 }, .ndim = 2, .y = { 3, 4 }, .sum = 199 },
        { .dims = 1, .kernel = PRUNE_INTS(2), .dilation = PRUNE_INTS(3), .stride = PRUNE_INTS(1), .x = { 1, 2, 9 },
          .ndim = 3, .y = { 1, 2, 6 }, .sum = 26 },
        { .dims = 2, .kernel = PRUNE_INTS(2), .x = { 2, 3, 6, 7 }, .ndim = 4, .y = { 2, 3, 3, 3 }, .sum = 1745 },
        { .dims = 2, .kernel = PRUNE_INTS(3, 2), .stride = PRUNE_INTS(2, 1), .padding = PRUNE_INTS(1, 0),
          .x = { 3, 6, 7 }, .ndim = 3, .y = { 3, 3, 6 }, .sum = 1888 },
        { .dims = 2, .kernel = PRUNE_INTS(3), .stride = PRUNE_INTS(2), .ceil_mode = true, .x = { 1, 2, 6, 6 },
          .ndim = 4, .y = { 1, 2, 3, 3 }, .sum = 719 },
        { .dims = 2, .kernel = PRUNE_INTS(3), .stride = PRUNE_INTS(2), .padding = PRUNE_INTS(1), .ceil_mode = true,
          .x = { 1, 2, 6, 6 }, .ndim = 4, .y = { 1, 2, 4, 4 }, .sum = 887 },
        { .dims = 2, .kernel = PRUNE_INTS(3), .dilation = PRUNE_INTS(2, 1), .padding = PRUNE_INTS(1),
          .stride = PRUNE_INTS(1), .x = { 2, 2, 7, 5 }, .ndim = 4, .y = { 2, 2, 5, 5 }, .sum = 3587 },
        { .dims = 2, .kernel = PRUNE_INTS(2), .stride = PRUNE_INTS(4), .padding = PRUNE_INTS(1), .ceil_mode = true,
          .x = { 1, 1, 3, 3 }, .ndim = 4, .y = { 1, 1, 1, 1 }, .sum = 0 },
        { .dims = 2, .kernel = PRUNE_INTS(2), .x = { 0, 2, 6, 6 }, .ndim = 4, .y = { 0, 2, 3, 3 }, .sum = 0 },
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++)
        check_example(&examples[i], max_pool, max_layer);
}

static void averages_are_torchs(void **state)
{
    (void)state;
    /* clang-format off */
    const example examples[] = {
        { .dims = 2, .kernel = PRUNE_INTS(2), .x = { 2, 3, 6, 7 }, .ndim = 4, .y = { 2, 3, 3, 3 }, .sum = -13 },
        { .dims = 2, .kernel = PRUNE_INTS(3, 2), .stride = PRUNE_INTS(2, 1), .padding = PRUNE_INTS(1),
          .x = { 3, 6, 7 }, .ndim = 3, .y = { 3, 3, 8 }, .sum = -33.666665732860565 },
        { .dims = 2, .kernel = PRUNE_INTS(3), .stride = PRUNE_INTS(2), .padding = PRUNE_INTS(1), .ceil_mode = true,
          .x = { 1, 2, 6, 6 }, .ndim = 4, .y = { 1, 2, 4, 4 }, .sum = -14.777778744697571 },
        { .dims = 2, .kernel = PRUNE_INTS(3), .stride = PRUNE_INTS(2), .padding = PRUNE_INTS(1), .ceil_mode = true,
          .exclude_pad = true, .x = { 1, 2, 6, 6 }, .ndim = 4, .y = { 1, 2, 4, 4 }, .sum = -7.5000001862645149 },
        { .dims = 2, .kernel = PRUNE_INTS(3), .stride = PRUNE_INTS(2), .padding = PRUNE_INTS(1), .ceil_mode = true,
          .divisor_override = 4, .x = { 1, 2, 6, 6 }, .ndim = 4, .y = { 1, 2, 4, 4 }, .sum = -32.5 },
        { .dims = 2, .kernel = PRUNE_INTS(2), .divisor_override = -3, .x = { 1, 2, 5, 5 }, .ndim = 4,
          .y = { 1, 2, 2, 2 }, .sum = -15.666667133569717 },
        { .dims = 2, .kernel = PRUNE_INTS(2), .stride = PRUNE_INTS(4), .padding = PRUNE_INTS(1), .ceil_mode = true,
          .exclude_pad = true, .x = { 1, 1, 3, 3 }, .ndim = 4, .y = { 1, 1, 1, 1 }, .sum = 0 },
        { .dims = 2, .kernel = PRUNE_INTS(5), .x = { 2, 1, 5, 5 }, .ndim = 4, .y = { 2, 1, 1, 1 },
          .sum = -0.35999999195337296 },
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++)
        check_example(&examples[i], avg_pool, avg_layer);
}

static void adaptive_averages_are_torchs(void **state)
{
    (void)state;
    /* clang-format off */
    const struct {
        prune_ints size;
        int64_t x[4], ndim, y[4];
        double sum;
    } examples[] = {
        { .size = PRUNE_INTS(1), .x = { 2, 3, 6, 7 }, .ndim = 4, .y = { 2, 3, 1, 1 }, .sum = -0.1904761865735054 },
        { .size = PRUNE_INTS(2, 3), .x = { 3, 6, 7 }, .ndim = 3, .y = { 3, 2, 3 }, .sum = -10.888888277113438 },
        { .size = PRUNE_INTS(3), .x = { 1, 2, 5, 7 }, .ndim = 4, .y = { 1, 2, 3, 3 }, .sum = -19.722222477197647 },
        { .size = PRUNE_INTS(5, 4), .x = { 1, 2, 3, 3 }, .ndim = 4, .y = { 1, 2, 5, 4 }, .sum = -243.75 },
        { .size = PRUNE_INTS(-1, 2), .x = { 1, 2, 5, 6 }, .ndim = 4, .y = { 1, 2, 5, 2 },
          .sum = -27.666666209697723 },
        { .size = PRUNE_INTS(0, 2), .x = { 1, 2, 5, 6 }, .ndim = 4, .y = { 1, 2, 0, 2 }, .sum = 0 },
        { .size = PRUNE_INTS(2), .x = { 0, 2, 5, 6 }, .ndim = 4, .y = { 0, 2, 2, 2 }, .sum = 0 },
        { .size = PRUNE_INTS(4, -1), .x = { 2, 2, 5, 6 }, .ndim = 4, .y = { 2, 2, 4, 6 }, .sum = -28 },
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        prune_tensor *x = pattern(5, examples[i].x, examples[i].ndim), *y = NULL;
        prune_module *layer = NULL;
        assert_ok(prune_adaptive_avg_pool2d_create(&layer, examples[i].size));
        assert_ok(prune_adaptive_avg_pool2d(&y, x, examples[i].size));
        check_output(y, examples[i].y, examples[i].ndim, examples[i].sum);
        if (prune_tensor_numel(x) > 0)
            x = strided(x);
        check_output(output_of(layer, x), examples[i].y, examples[i].ndim, examples[i].sum);
        prune_module_release(layer);
    }
}

/* torch.nn.functional.adaptive_avg_pool2d(x, 1) is the mean over the last two dims */
static void one_average_a_plane_takes_any_rank(void **state)
{
    (void)state;
    prune_tensor *t = pattern(0, PRUNE_SHAPE(2, 1, 3, 2, 2)), *matrix = pattern(0, PRUNE_SHAPE(2, 2)), *y = NULL;
    assert_ok(prune_adaptive_avg_pool2d(&y, t, PRUNE_INTS(1, 1)));
    assert_shape(y, 2, 1, 3, 1, 1);
    prune_tensor_release(y);
    assert_ok(prune_adaptive_avg_pool2d(&y, matrix, PRUNE_INTS(1)));
    assert_shape(y, 1, 1);
    prune_tensor_release(y);
    prune_tensor_release(matrix);
    prune_tensor_release(t);
}

static void the_average_of_nothing_is_nan(void **state)
{
    (void)state;
    prune_tensor *x = pattern(0, PRUNE_SHAPE(1, 2, 0, 5)), *y = NULL;
    assert_ok(prune_adaptive_avg_pool2d(&y, x, PRUNE_INTS(1)));
    assert_shape(y, 1, 2, 1, 1);
    assert_values(y, NAN, NAN);
    prune_tensor_release(x);
    prune_tensor_release(y);
}

static void nan_wins_and_of_equal_zeros_the_first(void **state)
{
    (void)state;
    const float values[] = { 1, NAN, 2, -INFINITY, -INFINITY, -INFINITY, -0.0f, 0, 0, -0.0f, INFINITY, 3 };
    prune_tensor *x = values_of(values, PRUNE_SHAPE(1, 12)), *y = NULL;
    assert_ok(prune_max_pool1d(&y, x, PRUNE_INTS(2), NULL));
    assert_values(y, NAN, 2, -INFINITY, -0.0f, 0, INFINITY);
    prune_tensor_release(x);
    prune_tensor_release(y);
}

static void they_print_as_in_torch(void **state)
{
    (void)state;
    prune_max_pool_options max = PRUNE_MAX_POOL_OPTIONS_INIT;
    prune_avg_pool_options avg = PRUNE_AVG_POOL_OPTIONS_INIT;
    prune_module *layer = NULL;
    assert_ok(prune_max_pool2d_create(&layer, PRUNE_INTS(2), NULL));
    assert_prints(layer, "MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)");
    prune_module_release(layer);
    max.stride = PRUNE_INTS(1, 2);
    max.padding = PRUNE_INTS(1);
    max.dilation = PRUNE_INTS(2, 1);
    max.ceil_mode = true;
    assert_ok(prune_max_pool2d_create(&layer, PRUNE_INTS(2, 3), &max));
    assert_prints(layer, "MaxPool2d(kernel_size=(2, 3), stride=(1, 2), padding=1, dilation=(2, 1), ceil_mode=True)");
    prune_module_release(layer);
    assert_ok(prune_max_pool1d_create(&layer, PRUNE_INTS(3), NULL));
    assert_prints(layer, "MaxPool1d(kernel_size=3, stride=3, padding=0, dilation=1, ceil_mode=False)");
    prune_module_release(layer);
    assert_ok(prune_avg_pool2d_create(&layer, PRUNE_INTS(2), NULL));
    assert_prints(layer, "AvgPool2d(kernel_size=2, stride=2, padding=0)");
    prune_module_release(layer);
    avg.stride = PRUNE_INTS(1);
    avg.padding = PRUNE_INTS(1, 1);
    avg.divisor_override = 3;
    assert_ok(prune_avg_pool2d_create(&layer, PRUNE_INTS(2, 3), &avg));
    assert_prints(layer, "AvgPool2d(kernel_size=(2, 3), stride=1, padding=(1, 1))");
    prune_module_release(layer);
    assert_ok(prune_adaptive_avg_pool2d_create(&layer, PRUNE_INTS(2, 3)));
    assert_prints(layer, "AdaptiveAvgPool2d(output_size=(2, 3))");
    prune_module_release(layer);
    assert_ok(prune_adaptive_avg_pool2d_create(&layer, PRUNE_INTS(2)));
    assert_prints(layer, "AdaptiveAvgPool2d(output_size=2)");
    prune_module_release(layer);
    assert_ok(prune_adaptive_avg_pool2d_create(&layer, PRUNE_INTS(-1, 3)));
    assert_prints(layer, "AdaptiveAvgPool2d(output_size=(None, 3))");
    prune_module_release(layer);
}

/* ---- Memory ---- */

static prune_status pool_all(void *context)
{
    trial *t = context;
    prune_tensor *y = NULL;
    bool failed = prune_max_pool1d(&y, t->x, PRUNE_INTS(2), NULL);
    prune_tensor_release(y);
    y = NULL;
    failed = failed || prune_max_pool2d(&y, t->x, PRUNE_INTS(2), NULL);
    prune_tensor_release(y);
    y = NULL;
    failed = failed || prune_avg_pool2d(&y, t->x, PRUNE_INTS(2), NULL);
    prune_tensor_release(y);
    y = NULL;
    failed = failed || prune_adaptive_avg_pool2d(&y, t->x, PRUNE_INTS(2));
    prune_tensor_release(y);
    return failed ? prune_last_status() : PRUNE_OK;
}

static prune_status make_max1d(void *context)
{
    return prune_max_pool1d_create(&((trial *)context)->layer, PRUNE_INTS(2), NULL);
}

static prune_status make_max(void *context)
{
    return prune_max_pool2d_create(&((trial *)context)->layer, PRUNE_INTS(2), NULL);
}

static prune_status make_avg(void *context)
{
    return prune_avg_pool2d_create(&((trial *)context)->layer, PRUNE_INTS(2), NULL);
}

static prune_status make_adaptive(void *context)
{
    return prune_adaptive_avg_pool2d_create(&((trial *)context)->layer, PRUNE_INTS(2));
}

static void running_out_of_memory_changes_nothing(void **state)
{
    (void)state;
    trial t = { 0 };
    note_state(&t);
    t.x = strided(pattern(5, PRUNE_SHAPE(2, 4, 4)));
    try_every_allocation(pool_all, NULL, NULL, &t);
    try_every_allocation(make_max1d, nothing_made, unmake, &t);
    try_every_allocation(make_max, nothing_made, unmake, &t);
    try_every_allocation(make_avg, nothing_made, unmake, &t);
    try_every_allocation(make_adaptive, nothing_made, unmake, &t);
    prune_tensor_release(t.state);
    prune_tensor_release(t.x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maxima_are_torchs),
        cmocka_unit_test(averages_are_torchs),
        cmocka_unit_test(adaptive_averages_are_torchs),
        cmocka_unit_test(one_average_a_plane_takes_any_rank),
        cmocka_unit_test(the_average_of_nothing_is_nan),
        cmocka_unit_test(nan_wins_and_of_equal_zeros_the_first),
        cmocka_unit_test(they_print_as_in_torch),
        cmocka_unit_test(running_out_of_memory_changes_nothing),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
