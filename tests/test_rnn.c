/* nn.LSTM, nn.GRU: outputs and states. */
#include "rnn_support.h"

/* The expected values of all outputs, one after the other. */
static void assert_outputs(prune_tensor *const *y, int64_t count, const double *expected, double tolerance)
{
    for (int64_t i = 0; i < count; i++) {
        assert_near(y[i], expected, prune_tensor_numel(y[i]), tolerance);
        expected += prune_tensor_numel(y[i]);
    }
}

/* ---- Outputs ----
 * torch, in float64:
 *     def pattern(offset, *s): return ((7 * torch.arange(math.prod(s)) + offset) % 11 - 5).double().reshape(s)
 *     m = nn.LSTM(3, 2).double()
 *     for i, p in enumerate(m.parameters()): p.data = pattern(i, *p.shape) / 8
 *     y, (h, c) = m(pattern(5, 3, 1, 3) / 4) */
static void an_lstm_is_torchs(void **state)
{
    (void)state;
    const double expected[] = { 0.09632277220765449, 0.2880790801721039,  0.15135651653493035, 0.26992259622919673,
                                0.06881201552561177, -0.1467491704872932, 0.06881201552561177, -0.1467491704872932,
                                0.44909733627962733, -0.3120694461909862 };
    prune_module *layer = filled(0, 3, 2, NULL);
    prune_tensor *x = fraction(4, 5, PRUNE_SHAPE(3, 1, 3)), *y[3];
    assert_ok(prune_module_call_many(y, 3, layer, &x, 1));
    assert_shape(y[0], 3, 1, 2);
    assert_shape(y[1], 1, 1, 2);
    assert_shape(y[2], 1, 1, 2);
    assert_outputs(y, 3, expected, 1e-6);
    release_all(y, 3);
    prune_tensor_release(x);
    prune_module_release(layer);
}

static void a_gru_is_torchs(void **state)
{
    (void)state;
    const double expected[] = { 0.47239238370046327, 0.42806418959872683, 0.6526541212426736,  0.4179807356955249,
                                0.45427901312372687, -0.2947807082767194, 0.45427901312372687, -0.2947807082767194 };
    prune_module *layer = filled(1, 3, 2, NULL);
    prune_tensor *x = fraction(4, 5, PRUNE_SHAPE(3, 1, 3)), *y[2];
    assert_ok(prune_module_call_many(y, 2, layer, &x, 1));
    assert_shape(y[0], 3, 1, 2);
    assert_shape(y[1], 1, 1, 2);
    assert_outputs(y, 2, expected, 1e-6);
    release_all(y, 2);
    prune_tensor_release(x);
    prune_module_release(layer);
}

/* A number for each combination, the last option changing first:
 *     for layers, bidirectional, bias, batch_first, batched, states in
 *             itertools.product((1, 2, 3), *5 * [(False, True)]):
 *         m = nn.LSTM(3, 2, num_layers=layers, bias=bias, …), filled as above
 *         S, N = layers * (1 + bidirectional), 4 if batch_first else 2
 *         x = pattern(5, 4, 2, 3) / 4 if batched else pattern(5, 4, 3) / 4
 *         h, c = [pattern(o, *((S, N, 2) if batched else (S, 2))) / 8 for o in (2, 3)]
 *         y, (h, c) = m(x, (h, c) if states else None)
 *         t = torch.cat([y.flatten(), h.flatten(), c.flatten()])
 *         sum((i % 17 + 1) * v for i, v in enumerate(t.tolist())) */
enum { COMBINATIONS = 3 * 32 };

static const double lstm_sums[COMBINATIONS] = {
    -6.85616,   -6.08898,  -26.76292, -26.45066, -6.85616,  -6.08898,  -31.85867, -29.80595, -1.69888,  -1.76573,
    -14.09899,  -13.86466, -1.69888,  -1.76573,  -17.12309, -18.63696, -17.05641, -13.32251, -46.74700, -44.75334,
    -17.05641,  -13.32251, -14.13460, 1.43366,   -7.74171,  -6.32371,  -40.30582, -42.35150, -7.74171,  -6.32371,
    -2.84096,   3.55168,   -8.00827,  -6.65573,  -19.32713, -18.50227, -8.00827,  -6.65573,  3.13100,   9.44320,
    -22.28041,  -21.58705, -47.03405, -48.03560, -22.28041, -21.58705, -26.20903, -24.49808, -6.86593,  -3.08137,
    -28.31380,  -27.05893, -6.86593,  -3.08137,  -6.59966,  0.96732,   -7.46670,  -6.03876,  10.74316,  14.52508,
    -7.46670,   -6.03876,  18.23780,  16.19720,  -9.07801,  -5.96066,  -26.11240, -27.31409, -9.07801,  -5.96066,
    -19.21103,  -17.16015, -43.34980, -40.62785, -70.33965, -70.68109, -43.34980, -40.62785, -88.54809, -81.13132,
    -14.15070,  -13.49445, -28.93278, -30.06320, -14.15070, -13.49445, -14.06835, -5.70627,  -53.28553, -58.61199,
    -105.35759, -90.09312, -53.28553, -58.61199, -53.16644, -46.09955,
};
static const double gru_sums[COMBINATIONS] = {
    -4.19626,  -2.83443,  -39.21277, -40.25646, -4.19626,  -2.83443,  -25.00640, -32.06853, 1.71683,   1.49113,
    -12.91601, -13.93433, 1.71683,   1.49113,   -9.63754,  -19.86614, -23.62472, -23.17290, -28.55648, -31.10147,
    -23.62472, -23.17290, -11.80285, -1.63017,  9.14774,   1.34076,   6.87096,   -5.26774,  9.14774,   1.34076,
    20.42111,  15.29872,  -4.42892,  -3.68097,  -8.24616,  -8.72748,  -4.42892,  -3.68097,  -1.47569,  5.39832,
    5.63805,   3.62501,   18.31523,  8.23544,   5.63805,   3.62501,   29.50429,  25.72757,  -0.23326,  1.31907,
    -11.79246, -12.17738, -0.23326,  1.31907,   4.88932,   18.07212,  25.59933,  19.37286,  60.79996,  67.85431,
    25.59933,  19.37286,  68.99468,  68.46141,  -3.99359,  0.85720,   -8.85480,  -10.30802, -3.99359,  0.85720,
    -0.82318,  3.08773,   -12.17837, -13.13824, -30.53707, -31.56725, -12.17837, -13.13824, -6.73155,  -4.26180,
    -6.42007,  -10.93067, -13.10665, -19.82668, -6.42007,  -10.93067, 1.66105,   -9.32431,  1.36815,   -14.66069,
    -6.90814,  11.83891,  1.36815,   -14.66069, 29.69322,  20.23055,
};
static const double *const sums[] = { lstm_sums, gru_sums };

typedef struct combination {
    int kind;
    prune_rnn_options options;
    bool batched, states;
} combination;

static combination combination_of(int kind, int number)
{
    combination c = { kind, PRUNE_RNN_OPTIONS_INIT, (number & 2) != 0, (number & 1) != 0 };
    c.options.num_layers = number / 32 + 1;
    c.options.bidirectional = (number & 16) != 0;
    c.options.bias = (number & 8) != 0;
    c.options.batch_first = (number & 4) != 0;
    return c;
}

/* x, h_0 and, unused by a GRU, c_0; gives how many the combination takes. */
static int64_t make_inputs(prune_tensor *x[MOST], const combination *c)
{
    const int64_t layers = c->options.num_layers * (c->options.bidirectional ? 2 : 1);
    const int64_t input[] = { 4, c->batched ? 2 : 3, 3 };
    const int64_t sizes[] = { layers, c->batched ? (c->options.batch_first ? 4 : 2) : 2, 2 };
    x[0] = fraction(4, 5, input, c->batched ? 3 : 2);
    x[1] = fraction(8, 2, sizes, c->batched ? 3 : 2);
    x[2] = fraction(8, 3, sizes, c->batched ? 3 : 2);
    return c->states ? outputs[c->kind] : 1;
}

static void check_combination(const combination *c, double expected)
{
    prune_module *layer = filled(c->kind, 3, 2, &c->options);
    prune_tensor *x[MOST], *y[MOST];
    int64_t place = 0, count = make_inputs(x, c);
    double sum = 0;
    assert_ok(prune_module_call_many(y, outputs[c->kind], layer, x, count));
    for (int64_t i = 0; i < outputs[c->kind]; i++)
        for (int64_t j = 0; j < prune_tensor_numel(y[i]); j++, place++)
            sum += (double)(place % 17 + 1) * (double)prune_tensor_data(y[i])[j];
    if (!(fabs(sum - expected) <= 1e-4)) {
        print_error("%s: %.9g, expected %.9g\n", names[c->kind], sum, expected);
        fail();
    }
    release_all(x, MOST);
    release_all(y, outputs[c->kind]);
    prune_module_release(layer);
}

static void every_combination_of_options_is_torchs(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++)
        for (int i = 0; i < COMBINATIONS; i++) {
            const combination c = combination_of(kind, i);
            check_combination(&c, sums[kind][i]);
        }
}

/* ---- Inputs ---- */

static void inputs_and_states_may_have_any_strides(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++)
        for (int i = COMBINATIONS - 32; i < COMBINATIONS; i++) {
            const combination c = combination_of(kind, i);
            prune_module *layer = filled(kind, 3, 2, &c.options);
            prune_tensor *x[MOST], *y[MOST], *again[MOST];
            int64_t count = make_inputs(x, &c);
            assert_ok(prune_module_call_many(y, outputs[kind], layer, x, count));
            for (int64_t j = 0; j < MOST; j++)
                x[j] = strided(x[j]);
            assert_ok(prune_module_call_many(again, outputs[kind], layer, x, count));
            for (int64_t j = 0; j < outputs[kind]; j++) {
                assert_same_bits(again[j], y[j]);
                assert_true(prune_tensor_is_contiguous(again[j]));
            }
            release_all(x, MOST);
            release_all(y, outputs[kind]);
            release_all(again, outputs[kind]);
            prune_module_release(layer);
        }
}

static void initial_states_stay_as_they_are(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        const combination c = combination_of(kind, COMBINATIONS - 1);
        prune_module *layer = filled(kind, 3, 2, &c.options);
        prune_tensor *x[MOST], *before[MOST], *y[MOST];
        int64_t count = make_inputs(x, &c);
        make_inputs(before, &c);
        assert_ok(prune_module_call_many(y, outputs[kind], layer, x, count));
        for (int64_t i = 0; i < MOST; i++)
            assert_same_bits(x[i], before[i]);
        release_all(x, MOST);
        release_all(before, MOST);
        release_all(y, outputs[kind]);
        prune_module_release(layer);
    }
}

static void who_asks_for_fewer_outputs_gets_fewer(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        prune_module *layer = filled(kind, 3, 2, NULL);
        prune_tensor *x = fraction(4, 5, PRUNE_SHAPE(4, 2, 3)), *all[MOST], *y[MOST] = { NULL }, *one = NULL;
        assert_ok(prune_module_call_many(all, outputs[kind], layer, &x, 1));
        assert_ok(prune_module_call(&one, layer, x));
        assert_same_bits(one, all[0]);
        for (int64_t count = 1; count < outputs[kind]; count++) {
            assert_ok(prune_module_call_many(y, count, layer, &x, 1));
            for (int64_t i = 0; i < count; i++)
                assert_same_bits(y[i], all[i]);
            assert_null(y[count]);
            release_all(y, count);
        }
        release_all(all, outputs[kind]);
        prune_tensor_release(one);
        prune_tensor_release(x);
        prune_module_release(layer);
    }
}

/* The states of one call are the initial ones of the next. */
static void a_sequence_can_be_cut_in_two(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        prune_rnn_options options = PRUNE_RNN_OPTIONS_INIT;
        options.num_layers = 2;
        prune_module *layer = filled(kind, 3, 2, &options);
        prune_tensor *x = fraction(4, 5, PRUNE_SHAPE(5, 2, 3)), *first = NULL, *rest = NULL, *end = NULL;
        prune_tensor *whole[MOST], *part[MOST] = { NULL }, *last[MOST];
        assert_ok(prune_tensor_slice(&first, x, 0, 0, 2, 1));
        assert_ok(prune_tensor_slice(&rest, x, 0, 2, 5, 1));
        assert_ok(prune_module_call_many(whole, outputs[kind], layer, &x, 1));
        assert_ok(prune_module_call_many(part, outputs[kind], layer, &first, 1));
        prune_tensor *next[] = { rest, part[1], part[2] };
        assert_ok(prune_module_call_many(last, outputs[kind], layer, next, outputs[kind]));
        assert_ok(prune_tensor_slice(&end, whole[0], 0, 2, 5, 1));
        assert_same_bits(last[0], end);
        for (int64_t i = 1; i < outputs[kind]; i++)
            assert_same_bits(last[i], whole[i]);
        release_all(whole, outputs[kind]);
        release_all(part, outputs[kind]);
        release_all(last, outputs[kind]);
        release_all((prune_tensor *[]){ x, first, rest, end }, 4);
        prune_module_release(layer);
    }
}

static void a_sequence_gives_the_same_bits_wherever_it_stands(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        prune_rnn_options options = PRUNE_RNN_OPTIONS_INIT;
        options.num_layers = 2;
        options.bidirectional = true;
        prune_module *layer = rnn(kind, 19, 9, &options);
        prune_tensor *x = NULL, *others = NULL, *first = NULL, *second = NULL, *y, *z;
        assert_ok(prune_rand(&x, PRUNE_SHAPE(6, 7, 19), PRUNE_FLOAT32, NULL));
        assert_ok(prune_tensor_slice(&others, x, 1, 1, 7, 1));
        y = output_of(layer, x);
        z = output_of(layer, others);
        assert_ok(prune_tensor_select(&first, y, 1, 5));
        assert_ok(prune_tensor_select(&second, z, 1, 4));
        assert_same_bits(first, second);
        release_all((prune_tensor *[]){ y, z, first, second }, 4);
        prune_module_release(layer);
    }
}

static void an_empty_batch_gives_empty_outputs(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        prune_rnn_options options = PRUNE_RNN_OPTIONS_INIT;
        options.num_layers = 2;
        options.bidirectional = true;
        prune_module *layer = rnn(kind, 3, 4, &options);
        prune_tensor *x = pattern(0, PRUNE_SHAPE(2, 0, 3)), *y[MOST];
        assert_ok(prune_module_call_many(y, outputs[kind], layer, &x, 1));
        assert_shape(y[0], 2, 0, 8);
        for (int64_t i = 1; i < outputs[kind]; i++)
            assert_shape(y[i], 4, 0, 4);
        release_all(y, outputs[kind]);
        prune_tensor_release(x);
        prune_module_release(layer);
    }
}

/* torch: m(torch.tensor([[1.], [math.nan], [1.]])), m(torch.tensor([[math.inf], [-math.inf], [math.inf]])) */
static void nan_stays_and_infinity_saturates(void **state)
{
    (void)state;
    const double middle[] = { 0, 1 }, end[] = { 0.7615941559557649, 1 };
    for (int kind = 0; kind < KINDS; kind++) {
        prune_module *layer = filled(kind, 1, 1, NULL);
        prune_tensor *y = output_of(layer, values_of((const float[]){ 1, NAN, 1 }, PRUNE_SHAPE(3, 1)));
        const float *values = prune_tensor_data(y);
        assert_true(isfinite(values[0]) && isnan(values[1]) && isnan(values[2]));
        prune_tensor_release(y);
        y = output_of(layer, values_of((const float[]){ INFINITY, -INFINITY, INFINITY }, PRUNE_SHAPE(3, 1)));
        values = prune_tensor_data(y);
        assert_true(values[0] == 0 && fabs((double)values[1] - middle[kind]) < 1e-7
                    && fabs((double)values[2] - end[kind]) < 1e-7);
        prune_tensor_release(y);
        prune_module_release(layer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_lstm_is_torchs),
        cmocka_unit_test(a_gru_is_torchs),
        cmocka_unit_test(every_combination_of_options_is_torchs),
        cmocka_unit_test(inputs_and_states_may_have_any_strides),
        cmocka_unit_test(initial_states_stay_as_they_are),
        cmocka_unit_test(who_asks_for_fewer_outputs_gets_fewer),
        cmocka_unit_test(a_sequence_can_be_cut_in_two),
        cmocka_unit_test(a_sequence_gives_the_same_bits_wherever_it_stands),
        cmocka_unit_test(an_empty_batch_gives_empty_outputs),
        cmocka_unit_test(nan_stays_and_infinity_saturates),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
