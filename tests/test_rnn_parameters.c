/* nn.LSTM, nn.GRU: parameters, their default values, pruning; what is printed. */
#include "rnn_support.h"

static prune_rnn_options two_layers_both_ways(void)
{
    prune_rnn_options options = PRUNE_RNN_OPTIONS_INIT;
    options.num_layers = 2;
    options.bidirectional = true;
    return options;
}

/* In the order of registration, with the directions' suffix. */
static const char *const all_names[] = {
    "weight_ih_l0",         "weight_hh_l0",         "bias_ih_l0",         "bias_hh_l0",
    "weight_ih_l0_reverse", "weight_hh_l0_reverse", "bias_ih_l0_reverse", "bias_hh_l0_reverse",
    "weight_ih_l1",         "weight_hh_l1",         "bias_ih_l1",         "bias_hh_l1",
    "weight_ih_l1_reverse", "weight_hh_l1_reverse", "bias_ih_l1_reverse", "bias_hh_l1_reverse",
};
enum { PARAMETERS = sizeof all_names / sizeof all_names[0] };

static const int64_t gates[] = { 4, 3 };

/* ---- Names, shapes, values ---- */

static void parameters_come_in_order(void **state)
{
    (void)state;
    const prune_rnn_options options = two_layers_both_ways();
    for (int kind = 0; kind < KINDS; kind++) {
        prune_module *layer = rnn(kind, 2, 3, &options);
        prune_dict *parameters = NULL;
        assert_ok(prune_module_named_parameters(&parameters, layer, true));
        assert_int_equal(prune_dict_size(parameters), PARAMETERS);
        for (int i = 0; i < PARAMETERS; i++) {
            const int64_t columns[] = { i < 8 ? 2 : 6, 3 };
            const prune_tensor *t = prune_dict_value(parameters, i);
            assert_string_equal(prune_dict_key(parameters, i), all_names[i]);
            assert_true(prune_tensor_requires_grad(t));
            if (i % 4 < 2)
                assert_shape(t, 3 * gates[kind], columns[i % 4]);
            else
                assert_shape(t, 3 * gates[kind]);
        }
        prune_dict_release(parameters);
        prune_module_release(layer);
    }
}

static void without_bias_there_is_no_such_name(void **state)
{
    (void)state;
    prune_rnn_options options = PRUNE_RNN_OPTIONS_INIT;
    options.bias = false;
    for (int kind = 0; kind < KINDS; kind++) {
        prune_module *layer = rnn(kind, 2, 3, &options);
        prune_dict *dict = NULL;
        assert_ok(prune_module_state_dict(&dict, layer, false));
        assert_int_equal(prune_dict_size(dict), 2);
        assert_string_equal(prune_dict_key(dict, 0), "weight_ih_l0");
        assert_string_equal(prune_dict_key(dict, 1), "weight_hh_l0");
        assert_int_equal(prune_module_kind(layer, "bias_ih_l0"), PRUNE_KIND_NONE);
        prune_dict_release(dict);
        prune_module_release(layer);
    }
}

/* torch.manual_seed(42); m = nn.LSTM(2, 3, num_layers=2, bidirectional=True)
 * [p.flatten()[[0, -1]] for p in m.parameters()]; torch.rand(1) */
static const float lstm_ends[PARAMETERS][2] = {
    { 0x1.c40012p-2F, 0x1.883078p-2F },   { -0x1.d2ae50p-2F, -0x1.a40f74p-2F }, { 0x1.29cbeep-5F, 0x1.8a0a62p-3F },
    { 0x1.1c71ccp-1F, -0x1.ddefd0p-3F },  { 0x1.66d142p-2F, -0x1.458e30p-2F },  { -0x1.02b732p-1F, -0x1.b1fa3ap-2F },
    { -0x1.9857b0p-4F, -0x1.b1ea9ap-2F }, { 0x1.3bf89cp-2F, 0x1.fbd0a0p-2F },   { 0x1.079e1cp-3F, -0x1.147dfep-1F },
    { 0x1.e408f8p-3F, -0x1.16e838p-3F },  { -0x1.e5c29cp-2F, 0x1.e516eap-2F },  { 0x1.efa084p-2F, -0x1.7e8908p-3F },
    { 0x1.2ff056p-6F, 0x1.55146ap-2F },   { -0x1.583884p-2F, -0x1.1a9b0ep-2F }, { -0x1.2c85e4p-2F, -0x1.827964p-2F },
    { -0x1.c8e1a2p-6F, -0x1.2af49cp-4F },
};
static const float gru_ends[PARAMETERS][2] = {
    { 0x1.c40012p-2F, 0x1.5d8adep-4F },  { -0x1.13ffb6p-2F, 0x1.55c0aep-2F },  { -0x1.027596p-2F, 0x1.e51baap-2F },
    { 0x1.549274p-3F, 0x1.6c997ap-3F },  { -0x1.9733c4p-3F, -0x1.31506ap-2F }, { -0x1.930856p-2F, -0x1.458e30p-2F },
    { -0x1.02b732p-1F, 0x1.71ca64p-4F }, { -0x1.041b90p-1F, -0x1.58e93ap-2F }, { -0x1.94bcb0p-3F, -0x1.164afcp-1F },
    { 0x1.129dc6p-3F, -0x1.69b408p-2F }, { -0x1.08caaap-1F, 0x1.1df3a6p-1F },  { 0x1.561704p-4F, -0x1.261144p-1F },
    { 0x1.8bad60p-2F, 0x1.469944p-2F },  { -0x1.263772p-1F, 0x1.efbb24p-2F },  { -0x1.d92fc6p-3F, 0x1.18996ep-1F },
    { 0x1.3712c0p-3F, 0x1.2f1464p-2F },
};

static void default_values_are_torchs(void **state)
{
    (void)state;
    const prune_rnn_options options = two_layers_both_ways();
    const float(*const ends[])[2] = { lstm_ends, gru_ends };
    const float next[] = { 0x1.359450p-2F, 0x1.780628p-3F };
    for (int kind = 0; kind < KINDS; kind++) {
        prune_manual_seed(NULL, 42);
        prune_module *layer = rnn(kind, 2, 3, &options);
        prune_tensor *after = NULL;
        for (int i = 0; i < PARAMETERS; i++) {
            const prune_tensor *t = prune_module_get_tensor(layer, all_names[i]);
            const float *values = prune_tensor_data(t);
            assert_true(values[0] == ends[kind][i][0]);
            assert_true(values[prune_tensor_numel(t) - 1] == ends[kind][i][1]);
        }
        assert_ok(prune_rand(&after, PRUNE_SHAPE(1), PRUNE_FLOAT32, NULL));
        assert_values(after, next[kind]);
        prune_tensor_release(after);
        prune_module_release(layer);
    }
}

static void a_state_dict_makes_another_layer_the_same(void **state)
{
    (void)state;
    const prune_rnn_options options = two_layers_both_ways();
    for (int kind = 0; kind < KINDS; kind++) {
        prune_module *layer = filled(kind, 2, 3, &options), *other = rnn(kind, 2, 3, &options);
        prune_dict *dict = NULL;
        assert_ok(prune_module_state_dict(&dict, layer, false));
        assert_ok(prune_module_load_state_dict(other, dict, true, NULL));
        prune_tensor *y = output_of(layer, pattern(5, PRUNE_SHAPE(3, 2, 2)));
        prune_tensor *same = output_of(other, pattern(5, PRUNE_SHAPE(3, 2, 2)));
        assert_same_bits(same, y);
        release_all((prune_tensor *[]){ y, same }, 2);
        prune_dict_release(dict);
        prune_module_release(layer);
        prune_module_release(other);
    }
}

/* ---- Pruning ---- */

static prune_tensor *forward(prune_module *layer)
{
    return output_of(layer, fraction(4, 5, PRUNE_SHAPE(2, 1, 2)));
}

static void pruning_any_parameter_changes_the_next_forward(void **state)
{
    (void)state;
    const prune_rnn_options options = two_layers_both_ways();
    for (int kind = 0; kind < KINDS; kind++) {
        prune_module *layer = rnn(kind, 2, 3, &options);
        for (int i = 0; i < PARAMETERS; i++) {
            prune_tensor *parameter = prune_module_get_parameter(layer, all_names[i]);
            prune_tensor *before = forward(layer);
            assert_ok(prune_l1_unstructured(layer, all_names[i], prune_fraction(0.5), NULL));
            assert_int_equal(prune_module_kind(layer, all_names[i]), PRUNE_KIND_ATTRIBUTE);
            prune_tensor *pruned = forward(layer);
            assert_false(prune_tensor_equal(pruned, before));
            assert_ok(prune_remove(layer, all_names[i]));
            assert_ptr_equal(prune_module_get_parameter(layer, all_names[i]), parameter);
            prune_tensor *after = forward(layer);
            assert_same_bits(after, pruned);
            release_all((prune_tensor *[]){ before, pruned, after }, 3);
        }
        assert_false(prune_is_pruned(layer));
        prune_module_release(layer);
    }
}

/* The prune shows in the hook's product alone: a change of an entry that is pruned does not reach the output. */
static void pruned_entries_do_not_count(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        prune_module *layer = filled(kind, 2, 3, NULL);
        assert_ok(prune_l1_unstructured(layer, "weight_hh_l0", prune_fraction(0.5), NULL));
        const float *mask = prune_tensor_data(prune_mask(layer, "weight_hh_l0"));
        float *original = prune_tensor_data_mutable(prune_original(layer, "weight_hh_l0"));
        int64_t kept = 0, dropped = 0;
        while (mask[kept] == 0)
            kept++;
        while (mask[dropped] != 0)
            dropped++;
        prune_tensor *before = forward(layer);
        original[dropped] = 100;
        prune_tensor *same = forward(layer);
        assert_same_bits(same, before);
        original[kept] += 1;
        prune_tensor *changed = forward(layer);
        assert_false(prune_tensor_equal(changed, before));
        release_all((prune_tensor *[]){ before, same, changed }, 3);
        prune_module_release(layer);
    }
}

/* torch.manual_seed(42); m = nn.LSTM(2, 3, num_layers=2, bidirectional=True)
 * for n in [n for n, _ in m.named_parameters()]: prune.l1_unstructured(m, n, 0.5)
 * m64 = nn.LSTM(…).double() with these parameters; m64(pattern(5, 2, 1, 2) / 4) */
static void a_pruned_layer_gives_torchs_outputs(void **state)
{
    (void)state;
    const double expected[][12] = {
        { -0.006799095878242897, -0.05407587644263324, -0.12127750115565407, 0.12403607657691668, -0.22998693283741278,
          -0.022388812068387214, -0.03141695736278964, -0.07296448637976785, -0.16107444191535522, 0.08046040250516957,
          -0.14374983300958288, -0.013134282434153346 },
        { -0.14754535528654025, 0.021754276114561398, 0.025657933602253317, -0.4634417963552346, 0.10299173723613513,
          0.5797398096025966, -0.19406822454404407, 0.06800624934341282, -0.06469597057358246, -0.33630627133598934,
          0.047221057968844446, 0.38915625289467426 },
    };
    const prune_rnn_options options = two_layers_both_ways();
    for (int kind = 0; kind < KINDS; kind++) {
        prune_manual_seed(NULL, 42);
        prune_module *layer = rnn(kind, 2, 3, &options), *copy = NULL;
        for (int i = 0; i < PARAMETERS; i++)
            assert_ok(prune_l1_unstructured(layer, all_names[i], prune_fraction(0.5), NULL));
        prune_tensor *y = forward(layer);
        assert_near(y, expected[kind], 12, 2e-5);
        assert_ok(prune_module_clone(&copy, layer));
        prune_module_release(layer);
        prune_tensor *same = forward(copy);
        assert_same_bits(same, y);
        release_all((prune_tensor *[]){ y, same }, 2);
        prune_module_release(copy);
    }
}

static void a_clone_is_a_layer_of_its_own(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        prune_module *layer = filled(kind, 2, 3, NULL), *copy = NULL;
        prune_tensor *y = forward(layer);
        assert_ok(prune_module_clone(&copy, layer));
        assert_ok(prune_tensor_fill_(prune_module_get_tensor(layer, "weight_ih_l0"), 1));
        prune_tensor *same = forward(copy), *changed = forward(layer);
        assert_same_bits(same, y);
        assert_false(prune_tensor_equal(changed, y));
        release_all((prune_tensor *[]){ y, same, changed }, 3);
        prune_module_release(layer);
        prune_module_release(copy);
    }
}

/* ---- Printing ---- */

static void check_print(int kind, const prune_rnn_options *options, const char *expected)
{
    prune_module *layer = rnn(kind, 3, 4, options);
    assert_prints(layer, expected);
    prune_module_release(layer);
}

static void it_prints_as_in_torch(void **state)
{
    (void)state;
    prune_rnn_options options = PRUNE_RNN_OPTIONS_INIT;
    check_print(0, NULL, "LSTM(3, 4)");
    check_print(1, &options, "GRU(3, 4)");
    options.bias = false;
    check_print(1, &options, "GRU(3, 4, bias=False)");
    options.num_layers = 2;
    options.batch_first = true;
    options.dropout = 0.25;
    options.bidirectional = true;
    check_print(0, &options,
                "LSTM(3, 4, num_layers=2, bias=False, batch_first=True, dropout=0.25, bidirectional=True)");
    options = (prune_rnn_options)PRUNE_RNN_OPTIONS_INIT;
    options.dropout = 1;
    check_print(1, &options, "GRU(3, 4, dropout=1.0)");
}

/* torchsummary fails on an LSTM. */
static void the_layer_table_shows_the_first_output(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        prune_module *layer = rnn(kind, 3, 4, NULL), *net = NULL;
        char line[80];
        assert_ok(prune_sequential_create(&net, &layer, 1));
        FILE *file = open_capture();
        assert_ok(prune_module_summary(file, net, PRUNE_SHAPE(5, 3), -1));
        char *text = close_capture(file);
        snprintf(line, sizeof line, "\n%18s-1                 [-1, 5, 4]               0\n", names[kind]);
        assert_non_null(strstr(text, line));
        assert_non_null(strstr(text, "\nTotal params: 0\n"));
        free(text);
        prune_module_release(layer);
        prune_module_release(net);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_come_in_order),
        cmocka_unit_test(without_bias_there_is_no_such_name),
        cmocka_unit_test(default_values_are_torchs),
        cmocka_unit_test(a_state_dict_makes_another_layer_the_same),
        cmocka_unit_test(pruning_any_parameter_changes_the_next_forward),
        cmocka_unit_test(pruned_entries_do_not_count),
        cmocka_unit_test(a_pruned_layer_gives_torchs_outputs),
        cmocka_unit_test(a_clone_is_a_layer_of_its_own),
        cmocka_unit_test(it_prints_as_in_torch),
        cmocka_unit_test(the_layer_table_shows_the_first_output),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
