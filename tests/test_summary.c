/* The layer table. Expected tables are torchsummary 1.5.1's, of modules of the same make in PyTorch. */
#include "summary_support.h"

static void a_line_for_each_layer(void **state)
{
    (void)state;
    assert_table(lenet(), PRUNE_SHAPE(1, 28, 28), -1,
                 HEAD
                 "            Conv2d-1            [-1, 6, 26, 26]              60\n"
                 "            Conv2d-2           [-1, 16, 11, 11]             880\n"
                 "            Linear-3                  [-1, 120]          48,120\n"
                 "            Linear-4                   [-1, 84]          10,164\n"
                 "            Linear-5                   [-1, 10]             850\n" TOTALS("60,074", "60,074", "0")
                     SIZES("0.00", "0.05", "0.23", "0.28"));
}

static void the_batch_size_shows_and_counts(void **state)
{
    (void)state;
    assert_table(lenet(), PRUNE_SHAPE(1, 28, 28), 4,
                 HEAD
                 "            Conv2d-1             [4, 6, 26, 26]              60\n"
                 "            Conv2d-2            [4, 16, 11, 11]             880\n"
                 "            Linear-3                   [4, 120]          48,120\n"
                 "            Linear-4                    [4, 84]          10,164\n"
                 "            Linear-5                    [4, 10]             850\n" TOTALS("60,074", "60,074", "0")
                     SIZES("0.01", "0.19", "0.23", "0.43"));
}

static void blocks_come_after_their_children_and_sequentials_not_at_all(void **state)
{
    (void)state;
    prune_module *m = make_net("Net", "012"), *outer = make_net("Sequential", "01"),
                 *inner = make_net("Sequential", "0"), *block = make_net("Block", "01"),
                 *fc = make_layer("Linear", 1, PRUNE_SHAPE(4, 8, 5));
    parameter(fc, "weight", PRUNE_SHAPE(5, 8));
    parameter(fc, "bias", PRUNE_SHAPE(5));
    add(inner, same_shape("ReLU"));
    add(outer, conv2d(1, 4, 8, false));
    add(outer, inner);
    add(block, fc);
    add(block, same_shape("ReLU"));
    add(m, outer);
    add(m, block);
    add(m, make_layer("Flatten", 1, PRUNE_SHAPE(160)));
    assert_table(m, PRUNE_SHAPE(1, 8, 8), -1,
                 HEAD "            Conv2d-1              [-1, 4, 8, 8]              36\n"
                      "              ReLU-2              [-1, 4, 8, 8]               0\n"
                      "            Linear-3              [-1, 4, 8, 5]              45\n"
                      "              ReLU-4              [-1, 4, 8, 5]               0\n"
                      "             Block-5              [-1, 4, 8, 5]               0\n"
                      "           Flatten-6                  [-1, 160]               0\n" TOTALS("81", "81", "0")
                          SIZES("0.00", "0.01", "0.00", "0.01"));
}

static void a_module_list_is_not_listed(void **state)
{
    (void)state;
    prune_module *m = make_net("Net", "0"), *list = make_net("ModuleList", "0");
    add(list, linear(4, 3, true));
    add(m, list);
    assert_table(m, PRUNE_SHAPE(4), -1,
                 HEAD "            Linear-1                    [-1, 3]              15\n" TOTALS("15", "15", "0")
                     SMALL);
}

static void each_call_has_a_line(void **state)
{
    (void)state;
    prune_module *m = make_net("Net", "010");
    add(m, make_layer("MaxPool2d", 1, PRUNE_SHAPE(2, 2)));
    add(m, linear(4, 3, true));
    assert_table(m, PRUNE_SHAPE(4, 4), -1,
                 HEAD "         MaxPool2d-1                 [-1, 2, 2]               0\n"
                      "            Linear-2                    [-1, 3]              15\n"
                      "         MaxPool2d-3                 [-1, 2, 2]               0\n" TOTALS("15", "15", "0")
                          SMALL);
}

static void a_module_in_two_places_has_two_lines_a_call(void **state)
{
    (void)state;
    prune_module *m = make_net("Net", "010"), *block = make_net("Block", "10"), *relu = same_shape("ReLU");
    add(block, prune_module_retain(relu));
    add(block, linear(3, 3, true));
    add(m, relu);
    add(m, block);
    assert_table(m, PRUNE_SHAPE(3), -1,
                 HEAD "              ReLU-1                    [-1, 3]               0\n"
                      "              ReLU-2                    [-1, 3]               0\n"
                      "            Linear-3                    [-1, 3]              12\n"
                      "              ReLU-4                    [-1, 3]               0\n"
                      "              ReLU-5                    [-1, 3]               0\n"
                      "             Block-6                    [-1, 3]               0\n"
                      "              ReLU-7                    [-1, 3]               0\n"
                      "              ReLU-8                    [-1, 3]               0\n" TOTALS("12", "12", "0")
                          SMALL);
}

static void buffers_and_other_parameters_do_not_count(void **state)
{
    (void)state;
    prune_module *m = make_net("Net", "01"), *bn = same_shape("BatchNorm2d");
    prune_tensor *mean = NULL;
    parameter(bn, "weight", PRUNE_SHAPE(8));
    parameter(bn, "bias", PRUNE_SHAPE(8));
    parameter(bn, "scale", PRUNE_SHAPE(8));
    assert_ok(prune_tensor_zeros(&mean, PRUNE_SHAPE(8), PRUNE_FLOAT32));
    assert_ok(prune_module_register_buffer(bn, "running_mean", mean, true));
    prune_tensor_release(mean);
    add(m, conv2d(3, 8, 4, false));
    add(m, bn);
    assert_table(m, PRUNE_SHAPE(3, 4, 4), -1,
                 HEAD "            Conv2d-1              [-1, 8, 4, 4]             216\n"
                      "       BatchNorm2d-2              [-1, 8, 4, 4]              16\n" TOTALS("232", "232", "0")
                          SMALL);
}

static void a_layer_is_trainable_by_its_weight(void **state)
{
    (void)state;
    prune_module *m = make_net("Net", "012"), *frozen = linear(4, 3, true),
                 *shift = make_layer("Shift", 1, PRUNE_SHAPE(3));
    assert_ok(prune_tensor_set_requires_grad(prune_module_get_tensor(frozen, "weight"), false));
    parameter(shift, "bias", PRUNE_SHAPE(3));
    add(m, frozen);
    add(m, shift);
    add(m, linear(3, 2, true));
    assert_table(m, PRUNE_SHAPE(4), -1,
                 HEAD "            Linear-1                    [-1, 3]              15\n"
                      "             Shift-2                    [-1, 3]               3\n"
                      "            Linear-3                    [-1, 2]               8\n" TOTALS("26", "8", "18")
                          SMALL);
}

static void a_pruned_weight_counts_and_is_trainable(void **state)
{
    (void)state;
    prune_module *m = make_net("Net", "0"), *fc = linear(4, 3, true);
    assert_ok(prune_l1_unstructured(fc, "weight", prune_count(3), NULL));
    add(m, fc);
    assert_table(m, PRUNE_SHAPE(4), -1,
                 HEAD "            Linear-1                    [-1, 3]              15\n" TOTALS("15", "15", "0")
                     SMALL);
}

static void a_pruned_weight_that_was_frozen_is_not_trainable(void **state)
{
    (void)state;
    prune_module *m = make_net("Net", "0"), *fc = linear(4, 3, true);
    assert_ok(prune_tensor_set_requires_grad(prune_module_get_tensor(fc, "weight"), false));
    assert_ok(prune_l1_unstructured(fc, "weight", prune_count(3), NULL));
    add(m, fc);
    assert_table(m, PRUNE_SHAPE(4), -1,
                 HEAD "            Linear-1                    [-1, 3]              15\n" TOTALS("15", "0", "15")
                     SMALL);
}

static prune_module *splitting_net(const char *type_name)
{
    const net n = { "0", 2 };
    layer l = { 2, 2, { { 2, 3 }, { 4, 5 } } };
    prune_module *m = NULL, *split = NULL;
    assert_ok(prune_module_create(&m, "Net", &net_ops, &n));
    assert_ok(prune_module_create(&split, type_name, &layer_ops, &l));
    parameter(split, "weight", PRUNE_SHAPE(2, 3));
    add(m, split);
    return m;
}

static void several_outputs_are_a_list(void **state)
{
    (void)state;
    assert_table(splitting_net("Split"), PRUNE_SHAPE(3), 7,
                 HEAD "             Split-1   [[-1, 2, 3], [-1, 4, 5]]               6\n" TOTALS("6", "6", "0") SMALL);
}

static void an_lstm_shows_its_first_output(void **state)
{
    (void)state;
    /* torchsummary fails here */
    assert_table(splitting_net("LSTM"), PRUNE_SHAPE(3), 7,
                 HEAD "              LSTM-1                  [7, 2, 3]               6\n" TOTALS("6", "6", "0") SMALL);
}

static void names_are_padded_in_characters(void **state)
{
    (void)state;
    prune_module *m = make_net("Net", "0"), *named = make_layer("Gr\xc3\xb6\xc3\x9f"
                                                                "e",
                                                                1, PRUNE_SHAPE(3));
    parameter(named, "weight", PRUNE_SHAPE(12, 100));
    parameter(named, "bias", PRUNE_SHAPE(12));
    add(m, named);
    assert_table(m, PRUNE_SHAPE(3), -1,
                 HEAD "             Gr\xc3\xb6\xc3\x9f"
                      "e-1                    [-1, 3]           1,212\n" TOTALS("1,212", "1,212", "0") SMALL);
}

static void long_names_push_the_line(void **state)
{
    (void)state;
    prune_module *m = make_net("Net", "0"), *named = make_layer("AVeryLongClassNameIndeed", 1, PRUNE_SHAPE(3));
    parameter(named, "weight", PRUNE_SHAPE(1234, 1000));
    parameter(named, "bias", PRUNE_SHAPE(1234));
    add(m, named);
    assert_table(m, PRUNE_SHAPE(3), -1,
                 HEAD "AVeryLongClassNameIndeed-1                    [-1, 3]       1,235,234\n" TOTALS(
                     "1,235,234", "1,235,234", "0") SIZES("0.00", "0.00", "4.71", "4.71"));
}

static void the_input_may_be_a_batch_of_scalars(void **state)
{
    (void)state;
    prune_module *m = make_net("Net", "0");
    add(m, linear(3, 3, false));
    assert_table(m, PRUNE_SCALAR, -1,
                 HEAD "            Linear-1                    [-1, 3]               9\n" TOTALS("9", "9", "0") SMALL);
}

static void a_layer_by_itself_has_an_empty_table(void **state)
{
    (void)state;
    /* torchsummary fails here, in its totals */
    assert_table(linear(4, 3, true), PRUNE_SHAPE(4), -1, HEAD TOTALS("0", "0", "0") SMALL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_for_each_layer),
        cmocka_unit_test(the_batch_size_shows_and_counts),
        cmocka_unit_test(blocks_come_after_their_children_and_sequentials_not_at_all),
        cmocka_unit_test(a_module_list_is_not_listed),
        cmocka_unit_test(each_call_has_a_line),
        cmocka_unit_test(a_module_in_two_places_has_two_lines_a_call),
        cmocka_unit_test(buffers_and_other_parameters_do_not_count),
        cmocka_unit_test(a_layer_is_trainable_by_its_weight),
        cmocka_unit_test(a_pruned_weight_counts_and_is_trainable),
        cmocka_unit_test(a_pruned_weight_that_was_frozen_is_not_trainable),
        cmocka_unit_test(several_outputs_are_a_list),
        cmocka_unit_test(an_lstm_shows_its_first_output),
        cmocka_unit_test(names_are_padded_in_characters),
        cmocka_unit_test(long_names_push_the_line),
        cmocka_unit_test(the_input_may_be_a_batch_of_scalars),
        cmocka_unit_test(a_layer_by_itself_has_an_empty_table),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
