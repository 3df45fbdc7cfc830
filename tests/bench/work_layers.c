/* Drawing weights, and networks that compute. */
#include "work.h"

#include "lenet.h"

/* ---- Draws ---- */

static prune_status run_uniform(bench_case *c, int slot)
{
    (void)slot;
    return prune_tensor_uniform_(c->data, -0.5, 0.5, NULL);
}

static prune_status setup_linear_init(bench_case *c)
{
    c->entries = c->row->sizes[0] * c->row->sizes[1];
    return PRUNE_OK;
}

static prune_status run_linear_init(bench_case *c, int slot)
{
    prune_module_release(c->modules[slot]);
    c->modules[slot] = NULL;
    return prune_linear_create(&c->modules[slot], c->row->sizes[0], c->row->sizes[1], NULL);
}

const bench_work bench_uniform = { "uniform", work_parameter, NULL, run_uniform };
const bench_work bench_linear_init = { "linear_init", setup_linear_init, NULL, run_linear_init };

/* ---- Networks: module 0 called with the data ---- */

static prune_status run_call(bench_case *c, int slot)
{
    prune_tensor_release(c->result);
    c->result = NULL;
    return prune_module_call(&c->result, c->modules[slot], c->data);
}

/* Sizes: the batch. */
static prune_status setup_lenet(bench_case *c)
{
    enum { OF_A_PICTURE = 6 * 24 * 24 * 25 + 16 * 8 * 8 * 150 + 256 * 120 + 120 * 84 + 84 * 10 };
    prune_manual_seed(NULL, 0);
    c->entries = c->row->sizes[0] * OF_A_PICTURE;
    bool failed = lenet_create(&c->modules[0])
                  || work_tensor(&c->data, PRUNE_SHAPE(c->row->sizes[0], 1, 28, 28), BENCH_NORMAL);
    return failed ? prune_last_status() : PRUNE_OK;
}

static prune_status setup_lenet_pruned(bench_case *c)
{
    static const char *const layers[] = { "conv1", "conv2", "fc1", "fc2", "fc3" };
    bool failed = setup_lenet(c);
    for (size_t i = 0; i < sizeof layers / sizeof *layers && !failed; i++)
        failed = prune_l1_unstructured(prune_module_get_submodule(c->modules[0], layers[i]), "weight",
                                       prune_fraction(0.5), NULL);
    return failed ? prune_last_status() : PRUNE_OK;
}

/* Sizes: features in and out, batch. */
static prune_status setup_linear(bench_case *c)
{
    int64_t features = c->row->sizes[0], batch = c->row->sizes[1];
    prune_manual_seed(NULL, 0);
    c->entries = features * features * batch;
    bool failed = prune_linear_create(&c->modules[0], features, features, NULL)
                  || work_tensor(&c->data, PRUNE_SHAPE(batch, features), BENCH_NORMAL);
    return failed ? prune_last_status() : PRUNE_OK;
}

/* Sizes: channels in and out, kernel, height and width, stride, groups; padding keeps the size. */
static prune_status setup_conv2d(bench_case *c)
{
    const int64_t *s = c->row->sizes;
    int64_t outputs = s[1] * (s[3] / s[4]) * (s[3] / s[4]);
    prune_conv_options options = PRUNE_CONV_OPTIONS_INIT;
    options.stride = PRUNE_INTS(s[4]);
    options.padding = PRUNE_INTS(s[2] / 2);
    options.groups = s[5];
    prune_manual_seed(NULL, 0);
    c->entries = outputs * s[0] / s[5] * s[2] * s[2];
    bool failed = prune_conv2d_create(&c->modules[0], s[0], s[1], PRUNE_INTS(s[2]), &options)
                  || work_tensor(&c->data, PRUNE_SHAPE(1, s[0], s[3], s[3]), BENCH_NORMAL);
    return failed ? prune_last_status() : PRUNE_OK;
}

/* Sizes: width of input and state, steps, batch. */
static prune_status setup_rnn(bench_case *c, int64_t gates,
                              prune_status (*create)(prune_module **, int64_t, int64_t, const prune_rnn_options *))
{
    const int64_t *s = c->row->sizes;
    prune_manual_seed(NULL, 0);
    c->entries = s[1] * s[2] * gates * s[0] * 2 * s[0];
    bool failed = create(&c->modules[0], s[0], s[0], NULL)
                  || work_tensor(&c->data, PRUNE_SHAPE(s[1], s[2], s[0]), BENCH_NORMAL);
    return failed ? prune_last_status() : PRUNE_OK;
}

static prune_status setup_lstm(bench_case *c)
{
    return setup_rnn(c, 4, prune_lstm_create);
}

static prune_status setup_gru(bench_case *c)
{
    return setup_rnn(c, 3, prune_gru_create);
}

const bench_work bench_lstm = { "lstm", setup_lstm, NULL, run_call };
const bench_work bench_gru = { "gru", setup_gru, NULL, run_call };
const bench_work bench_lenet = { "lenet", setup_lenet, NULL, run_call };
const bench_work bench_lenet_pruned = { "lenet_pruned", setup_lenet_pruned, NULL, run_call };
const bench_work bench_linear = { "linear", setup_linear, NULL, run_call };
const bench_work bench_conv2d = { "conv2d", setup_conv2d, NULL, run_call };
