/* nn.Conv1d, nn.Conv2d, nn.Conv3d: what they compute and how they print. */
#include "conv_support.h"
#include "layer_memory.h"

/* torch: c.weight[:] = pattern(0), c.bias[:] = pattern(3), y = c(pattern(5)), sum((i % 17 + 1) * y[i]) */
static void outputs_are_torchs(void **state)
{
    (void)state;
    /* clang-format off */
    const example examples[] = {
        { .dims = 1, .in = 2, .out = 3, .kernel = PRUNE_INTS(3), .x = { 2, 2, 7 }, .ndim = 3, .y = { 2, 3, 5 },
          .sum = 1474 },
        { .dims = 1, .in = 2, .out = 3, .kernel = PRUNE_INTS(3), .x = { 2, 7 }, .ndim = 2, .y = { 3, 5 },
          .sum = 347 },
        { .dims = 1, .in = 4, .out = 4, .kernel = PRUNE_INTS(2), .stride = PRUNE_INTS(2), .padding = PRUNE_INTS(1),
          .dilation = PRUNE_INTS(3), .groups = 2, .no_bias = true, .x = { 3, 4, 9 }, .ndim = 3, .y = { 3, 4, 4 },
          .sum = -584 },
        { .dims = 1, .in = 2, .out = 3, .kernel = PRUNE_INTS(4), .padding_string = "same", .x = { 1, 2, 6 },
          .ndim = 3, .y = { 1, 3, 6 }, .sum = 332 },
        { .dims = 1, .in = 2, .out = 3, .kernel = PRUNE_INTS(3), .padding = PRUNE_INTS(2), .padding_mode = "reflect",
          .x = { 2, 2, 5 }, .ndim = 3, .y = { 2, 3, 7 }, .sum = 148 },
        { .dims = 1, .in = 2, .out = 2, .kernel = PRUNE_INTS(3), .padding = PRUNE_INTS(3),
          .padding_mode = "replicate", .x = { 2, 4 }, .ndim = 2, .y = { 2, 8 }, .sum = -739 },
        { .dims = 1, .in = 2, .out = 2, .kernel = PRUNE_INTS(3), .padding = PRUNE_INTS(3), .padding_mode = "circular",
          .x = { 1, 2, 3 }, .ndim = 3, .y = { 1, 2, 7 }, .sum = 296 },
        { .dims = 2, .in = 1, .out = 6, .kernel = PRUNE_INTS(5), .x = { 2, 1, 12, 12 }, .ndim = 4,
          .y = { 2, 6, 8, 8 }, .sum = 7880 },
        { .dims = 2, .in = 3, .out = 4, .kernel = PRUNE_INTS(2, 3), .x = { 3, 5, 6 }, .ndim = 3, .y = { 4, 4, 4 },
          .sum = -903 },
        { .dims = 2, .in = 3, .out = 4, .kernel = PRUNE_INTS(3), .stride = PRUNE_INTS(2), .padding = PRUNE_INTS(1),
          .x = { 2, 3, 8, 7 }, .ndim = 4, .y = { 2, 4, 4, 4 }, .sum = 2292 },
        { .dims = 2, .in = 3, .out = 4, .kernel = PRUNE_INTS(3), .stride = PRUNE_INTS(1, 2),
          .padding = PRUNE_INTS(0, 2), .dilation = PRUNE_INTS(2, 1), .x = { 1, 3, 7, 6 }, .ndim = 4,
          .y = { 1, 4, 3, 4 }, .sum = -182 },
        { .dims = 2, .in = 6, .out = 9, .kernel = PRUNE_INTS(3), .groups = 3, .no_bias = true, .x = { 1, 6, 5, 5 },
          .ndim = 4, .y = { 1, 9, 3, 3 }, .sum = -842 },
        { .dims = 2, .in = 4, .out = 4, .kernel = PRUNE_INTS(3), .padding = PRUNE_INTS(1), .groups = 4,
          .x = { 2, 4, 4, 4 }, .ndim = 4, .y = { 2, 4, 4, 4 }, .sum = -2216 },
        { .dims = 2, .in = 2, .out = 2, .kernel = PRUNE_INTS(3), .padding_string = "same", .dilation = PRUNE_INTS(2),
          .x = { 1, 2, 3, 4 }, .ndim = 4, .y = { 1, 2, 3, 4 }, .sum = 773 },
        { .dims = 2, .in = 2, .out = 2, .kernel = PRUNE_INTS(4, 2), .padding_string = "same", .x = { 1, 2, 5, 5 },
          .ndim = 4, .y = { 1, 2, 5, 5 }, .sum = -282 },
        { .dims = 2, .in = 2, .out = 2, .kernel = PRUNE_INTS(3), .padding_string = "valid", .x = { 1, 2, 5, 5 },
          .ndim = 4, .y = { 1, 2, 3, 3 }, .sum = 89 },
        { .dims = 2, .in = 2, .out = 3, .kernel = PRUNE_INTS(3), .padding = PRUNE_INTS(1, 2),
          .padding_mode = "reflect", .x = { 2, 2, 4, 5 }, .ndim = 4, .y = { 2, 3, 4, 7 }, .sum = 7360 },
        { .dims = 2, .in = 2, .out = 3, .kernel = PRUNE_INTS(3), .padding = PRUNE_INTS(2), .padding_mode = "reflect",
          .x = { 2, 4, 5 }, .ndim = 3, .y = { 3, 6, 7 }, .sum = -2563 },
        { .dims = 2, .in = 2, .out = 3, .kernel = PRUNE_INTS(3), .stride = PRUNE_INTS(2), .padding = PRUNE_INTS(2),
          .padding_mode = "replicate", .x = { 1, 2, 3, 2 }, .ndim = 4, .y = { 1, 3, 3, 2 }, .sum = 1011 },
        { .dims = 2, .in = 2, .out = 3, .kernel = PRUNE_INTS(3), .padding = PRUNE_INTS(2, 1),
          .padding_mode = "circular", .x = { 2, 2, 3, 4 }, .ndim = 4, .y = { 2, 3, 5, 4 }, .sum = 151 },
        { .dims = 2, .in = 2, .out = 3, .kernel = PRUNE_INTS(2), .padding_string = "same", .padding_mode = "circular",
          .x = { 1, 2, 3, 4 }, .ndim = 4, .y = { 1, 3, 3, 4 }, .sum = 1084 },
        { .dims = 2, .in = 2, .out = 3, .kernel = PRUNE_INTS(2), .padding = PRUNE_INTS(-1),
          .padding_mode = "replicate", .x = { 1, 2, 5, 6 }, .ndim = 4, .y = { 1, 3, 2, 3 }, .sum = 483 },
        { .dims = 2, .in = 2, .out = 3, .kernel = PRUNE_INTS(1), .stride = PRUNE_INTS(3), .x = { 1, 2, 7, 7 },
          .ndim = 4, .y = { 1, 3, 3, 3 }, .sum = 1048 },
        { .dims = 2, .in = 2, .out = 3, .kernel = PRUNE_INTS(3), .padding = PRUNE_INTS(5), .x = { 1, 2, 1, 1 },
          .ndim = 4, .y = { 1, 3, 9, 9 }, .sum = 2856 },
        { .dims = 2, .in = 2, .out = 3, .kernel = PRUNE_INTS(3), .x = { 0, 2, 5, 5 }, .ndim = 4, .y = { 0, 3, 3, 3 },
          .sum = 0 },
        { .dims = 2, .in = 0, .out = 3, .kernel = PRUNE_INTS(3), .x = { 2, 0, 5, 5 }, .ndim = 4, .y = { 2, 0, 3, 3 },
          .sum = 0 },
        { .dims = 3, .in = 2, .out = 3, .kernel = PRUNE_INTS(2), .x = { 2, 2, 3, 4, 3 }, .ndim = 5,
          .y = { 2, 3, 2, 3, 2 }, .sum = -3787 },
        { .dims = 3, .in = 2, .out = 4, .kernel = PRUNE_INTS(1, 2, 3), .stride = PRUNE_INTS(2, 1, 2),
          .padding = PRUNE_INTS(1, 0, 2), .dilation = PRUNE_INTS(1, 2, 1), .groups = 2, .x = { 2, 3, 4, 5 },
          .ndim = 4, .y = { 4, 3, 2, 4 }, .sum = 37 },
        { .dims = 3, .in = 2, .out = 2, .kernel = PRUNE_INTS(3), .padding = PRUNE_INTS(1), .padding_mode = "reflect",
          .x = { 1, 2, 3, 3, 2 }, .ndim = 5, .y = { 1, 2, 3, 3, 2 }, .sum = 152 },
        { .dims = 3, .in = 2, .out = 2, .kernel = PRUNE_INTS(3), .padding_string = "same",
          .padding_mode = "replicate", .x = { 2, 2, 3, 2 }, .ndim = 4, .y = { 2, 2, 3, 2 }, .sum = -4625 },
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        const example *e = &examples[i];
        prune_module *layer = layer_of(e);
        check_output(output_of(layer, pattern(5, e->x, e->ndim)), e->y, e->ndim, e->sum);
        if (e->ndim <= 4 && e->x[0] > 0 && e->x[1] > 0)
            check_output(output_of(layer, strided(pattern(5, e->x, e->ndim))), e->y, e->ndim, e->sum);
        prune_module_release(layer);
    }
}

static prune_module *simple(int64_t in, int64_t out, prune_ints kernel_size)
{
    prune_module *layer = NULL;
    assert_ok(prune_conv2d_create(&layer, in, out, kernel_size, NULL));
    fill_parameters(layer);
    return layer;
}

static void a_tap_meets_the_right_pixel(void **state)
{
    (void)state;
    prune_module *layer = simple(1, 1, PRUNE_INTS(2)); /* weight -5 2 -2 5, bias -2 */
    prune_tensor *y = output_of(layer, values_of((const float[]){ 1, 10, 100, 2, 20, 200 }, PRUNE_SHAPE(1, 1, 2, 3)));
    assert_shape(y, 1, 1, 1, 2);
    assert_values(y, -5 + 20 - 4 + 100 - 2, -50 + 200 - 40 + 1000 - 2);
    prune_tensor_release(y);
    prune_module_release(layer);
}

static void nan_reaches_its_window_alone(void **state)
{
    (void)state;
    prune_module *layer = simple(1, 1, PRUNE_INTS(1, 2)); /* weight -5 2, bias -2 */
    prune_tensor *y = output_of(layer, values_of((const float[]){ NAN, 0, 0, INFINITY }, PRUNE_SHAPE(1, 1, 4)));
    assert_values(y, NAN, -2, INFINITY);
    prune_tensor_release(y);
    prune_module_release(layer);
}

static void an_attribute_or_a_strided_tensor_serves_as_weight(void **state)
{
    (void)state;
    prune_module *layer = simple(1, 1, PRUNE_INTS(2));
    prune_tensor *t = pattern(0, PRUNE_SHAPE(1, 1, 2, 2)), *turned = NULL, *wide = pattern(0, PRUNE_SHAPE(1, 1, 1, 3));
    assert_ok(prune_module_delete(layer, "weight"));
    assert_ok(prune_tensor_transpose(&turned, t, 2, 3));
    assert_ok(prune_module_set_tensor(layer, "weight", turned));
    prune_tensor *y = output_of(layer, values_of((const float[]){ 1, 10, 100, 1000 }, PRUNE_SHAPE(1, 1, 2, 2)));
    assert_values(y, -5 - 20 + 200 + 5000 - 2);
    prune_tensor_release(y);
    assert_ok(prune_module_set_tensor(layer, "weight", wide)); /* another kernel size: the weight decides */
    y = output_of(layer, values_of((const float[]){ 1, 10, 100 }, PRUNE_SHAPE(1, 1, 1, 3)));
    assert_values(y, -5 + 20 - 200 - 2);
    prune_tensor_release(y);
    prune_tensor_release(t);
    prune_tensor_release(turned);
    prune_tensor_release(wide);
    prune_module_release(layer);
}

static void it_prints_as_in_torch(void **state)
{
    (void)state;
    /* clang-format off */
    const struct {
        example e;
        const char *text;
    } examples[] = {
        { { .dims = 2, .in = 1, .out = 6, .kernel = PRUNE_INTS(5) },
          "Conv2d(1, 6, kernel_size=(5, 5), stride=(1, 1))" },
        { { .dims = 1, .in = 1, .out = 2, .kernel = PRUNE_INTS(3) },
          "Conv1d(1, 2, kernel_size=(3,), stride=(1,))" },
        { { .dims = 2, .in = 4, .out = 3, .kernel = PRUNE_INTS(3), .padding = PRUNE_INTS(1, 0) },
          "Conv2d(4, 3, kernel_size=(3, 3), stride=(1, 1), padding=(1, 0))" },
        { { .dims = 2, .in = 4, .out = 3, .kernel = PRUNE_INTS(3), .padding_string = "valid" },
          "Conv2d(4, 3, kernel_size=(3, 3), stride=(1, 1), padding=valid)" },
        { { .dims = 2, .in = 4, .out = 4, .kernel = PRUNE_INTS(3), .padding_string = "same", .groups = 2,
            .padding_mode = "reflect" },
          "Conv2d(4, 4, kernel_size=(3, 3), stride=(1, 1), padding=same, groups=2, padding_mode=reflect)" },
        { { .dims = 1, .in = 4, .out = 3, .kernel = PRUNE_INTS(3), .stride = PRUNE_INTS(2), .padding = PRUNE_INTS(1),
            .dilation = PRUNE_INTS(2), .no_bias = true, .padding_mode = "circular" },
          "Conv1d(4, 3, kernel_size=(3,), stride=(2,), padding=(1,), dilation=(2,), bias=False, "
          "padding_mode=circular)" },
        { { .dims = 3, .in = 4, .out = 3, .kernel = PRUNE_INTS(3), .stride = PRUNE_INTS(2),
            .padding = PRUNE_INTS(1, 2, 3), .dilation = PRUNE_INTS(2), .no_bias = true, .padding_mode = "replicate" },
          "Conv3d(4, 3, kernel_size=(3, 3, 3), stride=(2, 2, 2), padding=(1, 2, 3), dilation=(2, 2, 2), "
          "bias=False, padding_mode=replicate)" },
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        prune_module *layer = layer_of(&examples[i].e);
        assert_prints(layer, examples[i].text);
        prune_module_release(layer);
    }
}

/* ---- Memory ---- */

static prune_status make(void *context)
{
    trial *t = context;
    return prune_conv2d_create(&t->layer, 3, 2, PRUNE_INTS(2), NULL);
}

static void running_out_of_memory_changes_nothing(void **state)
{
    (void)state;
    const example e = {
        .dims = 2, .in = 3, .out = 2, .kernel = PRUNE_INTS(2), .padding = PRUNE_INTS(1), .padding_mode = "circular"
    };
    const example with_zeros = { .dims = 2, .in = 3, .out = 2, .kernel = PRUNE_INTS(2), .padding = PRUNE_INTS(1) };
    trial t = { 0 };
    note_state(&t);
    try_every_allocation(make, nothing_made, unmake, &t);
    prune_tensor_release(t.state);
    t.layer = layer_of(&e);
    t.x = strided(pattern(5, PRUNE_SHAPE(1, 3, 4, 4)));
    try_every_allocation(call, no_output, drop_output, &t);
    prune_module_release(t.layer);
    t.layer = layer_of(&with_zeros); /* which may need scratch */
    try_every_allocation(call, no_output, drop_output, &t);
    prune_tensor_release(t.x);
    prune_module_release(t.layer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_are_torchs),
        cmocka_unit_test(a_tap_meets_the_right_pixel),
        cmocka_unit_test(nan_reaches_its_window_alone),
        cmocka_unit_test(an_attribute_or_a_strided_tensor_serves_as_weight),
        cmocka_unit_test(it_prints_as_in_torch),
        cmocka_unit_test(running_out_of_memory_changes_nothing),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
