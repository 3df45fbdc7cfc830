/* nn.LSTM, nn.GRU: what they refuse, in PyTorch's words where it has them; running out of memory. */
#include "layer_memory.h"
#include "rnn_support.h"

/* ---- Making ---- */

static void sizes_below_one_are_refused(void **state)
{
    (void)state;
    const struct {
        int64_t input_size, hidden_size, num_layers;
        const char *words;
    } wrong[] = {
        { 0, 4, 1, "input_size must be greater than zero" },  { -1, 4, 1, "input_size must be greater than zero" },
        { 3, 0, 1, "hidden_size must be greater than zero" }, { 3, -1, 1, "hidden_size must be greater than zero" },
        { 3, 4, 0, "num_layers must be greater than zero" },  { 3, 4, -1, "num_layers must be greater than zero" },
        { 0, 0, 0, "input_size must be greater than zero" },  { 3, 0, 0, "hidden_size must be greater than zero" },
    };
    for (int kind = 0; kind < KINDS; kind++)
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
            prune_rnn_options options = PRUNE_RNN_OPTIONS_INIT;
            prune_module *layer = NULL;
            options.num_layers = wrong[i].num_layers;
            assert_fails(makers[kind](&layer, wrong[i].input_size, wrong[i].hidden_size, &options), PRUNE_ERROR_VALUE,
                         wrong[i].words);
            assert_null(layer);
        }
}

static void dropout_is_a_probability(void **state)
{
    (void)state;
    const double wrong[] = { -0.1, 1.5, NAN, INFINITY };
    for (int kind = 0; kind < KINDS; kind++)
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
            prune_rnn_options options = PRUNE_RNN_OPTIONS_INIT;
            prune_module *layer = NULL;
            options.dropout = wrong[i];
            assert_fails(makers[kind](&layer, 3, 4, &options), PRUNE_ERROR_VALUE,
                         "dropout should be a number in range [0, 1] representing the probability of an element being "
                         "zeroed");
            assert_null(layer);
        }
}

static void other_wrong_arguments_are_named(void **state)
{
    (void)state;
    prune_tensor *before = NULL, *after = NULL;
    assert_ok(prune_generator_get_state(&before, NULL));
    for (int kind = 0; kind < KINDS; kind++) {
        prune_rnn_options options = PRUNE_RNN_OPTIONS_INIT;
        prune_module *layer = NULL;
        assert_fails(makers[kind](NULL, 3, 4, NULL), PRUNE_ERROR_TYPE, "'out' is NULL");
        assert_fails(makers[kind](&layer, 3, INT64_MAX / 2, NULL), PRUNE_ERROR_MEMORY, "does not fit");
        assert_fails(makers[kind](&layer, INT64_MAX, 4, NULL), PRUNE_ERROR_MEMORY, "does not fit");
        options.size = 1;
        assert_fails(makers[kind](&layer, 3, 4, &options), PRUNE_ERROR_VALUE, "size field is 1");
        assert_null(layer);
    }
    assert_ok(prune_generator_get_state(&after, NULL));
    assert_same_bits(before, after);
    prune_tensor_release(before);
    prune_tensor_release(after);
}

/* ---- Inputs ---- */

static void an_input_has_two_or_three_dims(void **state)
{
    (void)state;
    const char *const words[] = { "LSTM: Expected input to be 2D or 3D, got %dD instead",
                                  "GRU: Expected input to be 2D or 3D, got %dD instead" };
    const int64_t sizes[] = { 3, 3, 3, 3 };
    for (int kind = 0; kind < KINDS; kind++)
        for (int ndim = 0; ndim <= 4; ndim += ndim == 1 ? 3 : 1) {
            prune_module *layer = rnn(kind, 3, 4, NULL);
            prune_tensor *x = pattern(0, sizes, ndim);
            char sentence[80];
            snprintf(sentence, sizeof sentence, words[kind], ndim);
            assert_call_fails(layer, x, PRUNE_ERROR_VALUE, sentence);
            prune_tensor_release(x);
            prune_module_release(layer);
        }
}

static void an_input_has_the_size_and_length(void **state)
{
    (void)state;
    const struct {
        int64_t sizes[3], ndim;
        bool batch_first;
        const char *words;
    } wrong[] = {
        { { 5, 2, 4 }, 3, false, "input.size(-1) must be equal to input_size. Expected 3, got 4" },
        { { 5, 4 }, 2, false, "input.size(-1) must be equal to input_size. Expected 3, got 4" },
        { { 0, 2, 0 }, 3, false, "input.size(-1) must be equal to input_size. Expected 3, got 0" },
        { { 0, 2, 3 }, 3, false, "Expected sequence length to be larger than 0 in RNN" },
        { { 0, 0, 3 }, 3, false, "Expected sequence length to be larger than 0 in RNN" },
        { { 0, 3 }, 2, false, "Expected sequence length to be larger than 0 in RNN" },
        { { 2, 0, 3 }, 3, true, "Expected sequence length to be larger than 0 in RNN" },
    };
    for (int kind = 0; kind < KINDS; kind++)
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
            prune_rnn_options options = PRUNE_RNN_OPTIONS_INIT;
            options.batch_first = wrong[i].batch_first;
            prune_module *layer = rnn(kind, 3, 4, &options);
            prune_tensor *x = pattern(0, wrong[i].sizes, wrong[i].ndim);
            assert_call_fails(layer, x, PRUNE_ERROR_RUNTIME, wrong[i].words);
            prune_tensor_release(x);
            prune_module_release(layer);
        }
}

/* ---- States ---- */

typedef struct shape {
    int64_t ndim, sizes[4];
} shape;

/* Calls a layer of input size 3, hidden size 4 with all its states, and finds no output touched. */
static void check_states(int kind, bool batched, shape h, shape c, const char *words)
{
    const shape input = batched ? (shape){ 3, { 5, 2, 3 } } : (shape){ 2, { 5, 3 } };
    prune_module *layer = rnn(kind, 3, 4, NULL);
    prune_tensor *x[] = { pattern(0, input.sizes, input.ndim), pattern(0, h.sizes, h.ndim),
                          pattern(0, c.sizes, c.ndim) };
    prune_tensor *y[MOST] = { NULL };
    assert_fails(prune_module_call_many(y, outputs[kind], layer, x, outputs[kind]), PRUNE_ERROR_RUNTIME, words);
    for (int i = 0; i < MOST; i++)
        assert_null(y[i]);
    release_all(x, MOST);
    prune_module_release(layer);
}

static void states_have_the_inputs_rank(void **state)
{
    (void)state;
    const shape batched = { 3, { 1, 2, 4 } }, single = { 2, { 1, 4 } }, flat = { 1, { 4 } };
    check_states(0, true, single, batched,
                 "For batched 3-D input, hx and cx should also be 3-D but got (2-D, 3-D) tensors");
    check_states(0, true, batched, single,
                 "For batched 3-D input, hx and cx should also be 3-D but got (3-D, 2-D) tensors");
    check_states(0, false, batched, single,
                 "For unbatched 2-D input, hx and cx should also be 2-D but got (3-D, 2-D) tensors");
    check_states(0, false, single, flat,
                 "For unbatched 2-D input, hx and cx should also be 2-D but got (2-D, 1-D) tensors");
    check_states(1, true, single, flat, "For batched 3-D input, hx should also be 3-D but got 2-D tensor");
    check_states(1, false, batched, flat, "For unbatched 2-D input, hx should also be 2-D but got 3-D tensor");
}

static void states_have_the_layers_shape(void **state)
{
    (void)state;
    const shape good = { 3, { 1, 2, 4 } }, alone = { 2, { 1, 4 } };
    check_states(0, true, (shape){ 3, { 1, 3, 4 } }, good, "Expected hidden[0] size (1, 2, 4), got [1, 3, 4]");
    check_states(0, true, (shape){ 3, { 2, 2, 4 } }, good, "Expected hidden[0] size (1, 2, 4), got [2, 2, 4]");
    check_states(0, true, good, (shape){ 3, { 1, 2, 5 } }, "Expected hidden[1] size (1, 2, 4), got [1, 2, 5]");
    check_states(0, false, (shape){ 2, { 1, 5 } }, alone, "Expected hidden[0] size (1, 1, 4), got [1, 1, 5]");
    check_states(0, false, alone, (shape){ 2, { 0, 4 } }, "Expected hidden[1] size (1, 1, 4), got [0, 1, 4]");
    check_states(1, true, (shape){ 3, { 1, 3, 4 } }, good, "Expected hidden size (1, 2, 4), got [1, 3, 4]");
    check_states(1, false, (shape){ 2, { 1, 5 } }, good, "Expected hidden size (1, 1, 4), got [1, 1, 5]");
}

/* ---- Counts, dtypes, mode ---- */

static void other_counts_are_unsupported(void **state)
{
    (void)state;
    prune_module *lstm = rnn(0, 3, 4, NULL), *gru = rnn(1, 3, 4, NULL);
    prune_tensor *x[4] = { pattern(0, PRUNE_SHAPE(5, 2, 3)), pattern(0, PRUNE_SHAPE(1, 2, 4)) }, *y[4] = { NULL };
    x[2] = x[3] = x[1];
    const char *words = "LSTM takes 1 or 3 inputs and gives 1 to 3 outputs, not 2 and 1";
    assert_fails(prune_module_call_many(y, 1, lstm, x, 2), PRUNE_ERROR_UNSUPPORTED, words);
    assert_fails(prune_module_call_many(y, 1, lstm, x, 4), PRUNE_ERROR_UNSUPPORTED, "not 4 and 1");
    assert_fails(prune_module_call_many(y, 4, lstm, x, 1), PRUNE_ERROR_UNSUPPORTED, "not 1 and 4");
    assert_fails(prune_module_call_many(y, 1, lstm, x, 0), PRUNE_ERROR_UNSUPPORTED, "not 0 and 1");
    assert_fails(prune_module_call_many(y, 0, lstm, x, 1), PRUNE_ERROR_UNSUPPORTED, "not 1 and 0");
    words = "GRU takes 1 or 2 inputs and gives 1 to 2 outputs, not 3 and 1";
    assert_fails(prune_module_call_many(y, 1, gru, x, 3), PRUNE_ERROR_UNSUPPORTED, words);
    assert_fails(prune_module_call_many(y, 3, gru, x, 1), PRUNE_ERROR_UNSUPPORTED, "not 1 and 3");
    for (int i = 0; i < 4; i++)
        assert_null(y[i]);
    release_all(x, 2);
    prune_module_release(lstm);
    prune_module_release(gru);
}

static void other_dtypes_are_unsupported(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        prune_module *layer = rnn(kind, 3, 4, NULL);
        prune_tensor *x[MOST] = { pattern(0, PRUNE_SHAPE(5, 2, 3)), NULL, NULL }, *y = NULL, *doubles = NULL;
        assert_ok(prune_tensor_zeros(&doubles, PRUNE_SHAPE(5, 2, 3), PRUNE_FLOAT64));
        assert_ok(prune_tensor_zeros(&x[1], PRUNE_SHAPE(1, 2, 4), PRUNE_INT32));
        x[2] = prune_tensor_retain(x[1]);
        assert_call_fails(layer, doubles, PRUNE_ERROR_UNSUPPORTED, "torch.float64");
        assert_fails(prune_module_call_many(&y, 1, layer, x, outputs[kind]), PRUNE_ERROR_UNSUPPORTED, "torch.int32");
        assert_null(y);
        release_all(x, MOST);
        prune_tensor_release(doubles);
        prune_module_release(layer);
    }
}

static void dropout_between_layers_needs_eval_mode(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        prune_rnn_options options = PRUNE_RNN_OPTIONS_INIT;
        options.dropout = 0.5;
        prune_module *one = rnn(kind, 3, 4, &options), *two;
        options.num_layers = 2;
        two = rnn(kind, 3, 4, &options);
        prune_tensor *x = pattern(0, PRUNE_SHAPE(5, 2, 3)), *y = NULL;
        assert_call_fails(two, x, PRUNE_ERROR_UNSUPPORTED, "prune_module_eval()");
        prune_module_eval(two);
        assert_ok(prune_module_call(&y, two, x));
        prune_tensor_release(y);
        assert_ok(prune_module_call(&y, one, x)); /* nothing is between the layers */
        release_all((prune_tensor *[]){ x, y }, 2);
        prune_module_release(one);
        prune_module_release(two);
    }
}

/* ---- Parameters ---- */

static void wrong_parameters_are_named(void **state)
{
    (void)state;
    const char *const parameters[] = { "weight_ih_l1", "weight_hh_l0", "bias_ih_l0", "bias_hh_l1" };
    const char *const shapes[][4] = { { "[16, 4]", "[16, 4]", "[16]", "[16]" },
                                      { "[12, 4]", "[12, 4]", "[12]", "[12]" } };
    for (int kind = 0; kind < KINDS; kind++)
        for (int i = 0; i < 4; i++) {
            prune_rnn_options options = PRUNE_RNN_OPTIONS_INIT;
            options.num_layers = 2;
            prune_module *layer = rnn(kind, 3, 4, &options);
            prune_tensor *x = pattern(0, PRUNE_SHAPE(5, 2, 3)), *wrong = NULL, *integers = NULL;
            char words[100];
            assert_ok(prune_tensor_zeros(&wrong, PRUNE_SHAPE(16, 3), PRUNE_FLOAT32));
            assert_ok(prune_tensor_zeros(&integers, PRUNE_SHAPE(16, 4), PRUNE_INT64));
            assert_ok(prune_module_register_parameter(layer, parameters[i], wrong));
            snprintf(words, sizeof words, "%s: expected %s of shape %s, got [16, 3]", names[kind], parameters[i],
                     shapes[kind][i]);
            assert_call_fails(layer, x, PRUNE_ERROR_RUNTIME, words);
            assert_ok(prune_module_register_parameter(layer, parameters[i], integers));
            assert_call_fails(layer, x, PRUNE_ERROR_UNSUPPORTED, "torch.int64");
            assert_ok(prune_module_register_parameter(layer, parameters[i], NULL));
            snprintf(words, sizeof words, "%s: argument '%s' must be Tensor, not NoneType", names[kind], parameters[i]);
            assert_call_fails(layer, x, PRUNE_ERROR_TYPE, words);
            assert_ok(prune_module_delete(layer, parameters[i]));
            snprintf(words, sizeof words, "'%s' object has no attribute '%s'", names[kind], parameters[i]);
            assert_call_fails(layer, x, PRUNE_ERROR_ATTRIBUTE, words);
            release_all((prune_tensor *[]){ x, wrong, integers }, 3);
            prune_module_release(layer);
        }
}

/* ---- Memory ---- */

static const prune_rnn_options both_ways = { sizeof both_ways, 2, true, true, 0.0, true };

static prune_status make_lstm(void *context)
{
    return prune_lstm_create(&((trial *)context)->layer, 3, 2, &both_ways);
}

static prune_status make_gru(void *context)
{
    return prune_gru_create(&((trial *)context)->layer, 3, 2, &both_ways);
}

/* All outputs, from initial states; the trial's y is the first. */
static prune_status call_all(void *context)
{
    trial *t = context;
    int64_t count = strcmp(prune_module_type_name(t->layer), "LSTM") == 0 ? 3 : 2;
    prune_tensor *state = NULL, *y[3] = { NULL };
    if (prune_tensor_ones(&state, PRUNE_SHAPE(4, 5, 2), PRUNE_FLOAT32))
        return prune_last_status();
    prune_tensor *x[] = { t->x, state, state };
    prune_status status = prune_module_call_many(y, count, t->layer, x, count);
    prune_tensor_release(state);
    t->y = y[0];
    release_all(y + 1, 2);
    return status;
}

static void running_out_of_memory_changes_nothing(void **state)
{
    (void)state;
    prune_status (*const making[])(void *context) = { make_lstm, make_gru };
    for (int kind = 0; kind < KINDS; kind++) {
        trial t = { 0 };
        note_state(&t);
        try_every_allocation(making[kind], nothing_made, unmake, &t);
        prune_tensor_release(t.state);
        t.layer = rnn(kind, 3, 2, &both_ways);
        assert_ok(prune_l1_unstructured(t.layer, "weight_hh_l0", prune_fraction(0.5), NULL));
        t.x = strided(pattern(5, PRUNE_SHAPE(5, 4, 3)));
        try_every_allocation(call, no_output, drop_output, &t);
        try_every_allocation(call_all, no_output, drop_output, &t);
        prune_tensor_release(t.x);
        prune_module_release(t.layer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_below_one_are_refused),      cmocka_unit_test(dropout_is_a_probability),
        cmocka_unit_test(other_wrong_arguments_are_named),  cmocka_unit_test(an_input_has_two_or_three_dims),
        cmocka_unit_test(an_input_has_the_size_and_length), cmocka_unit_test(states_have_the_inputs_rank),
        cmocka_unit_test(states_have_the_layers_shape),     cmocka_unit_test(other_counts_are_unsupported),
        cmocka_unit_test(other_dtypes_are_unsupported),     cmocka_unit_test(dropout_between_layers_needs_eval_mode),
        cmocka_unit_test(wrong_parameters_are_named),       cmocka_unit_test(running_out_of_memory_changes_nothing),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
