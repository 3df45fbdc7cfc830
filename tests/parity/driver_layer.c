/* Commands that make modules. */
#include "driver.h"

#include <string.h>

static bool flag(const command *c, const char *key, bool otherwise)
{
    const char *given = option(c, key);
    return given ? integer(given) != 0 : otherwise;
}

static void ints_option(const command *c, const char *key, prune_ints *out)
{
    const char *given = option(c, key);
    if (given)
        *out = read_ints(given);
}

static void number_option(const command *c, const char *key, double *out)
{
    const char *given = option(c, key);
    if (given)
        *out = number(given);
}

static void made(session *s, const command *c, prune_status status, prune_module *module)
{
    answer_kept(s, status, word(c, 1), MODULE, module);
}

static void linear(session *s, command *c)
{
    prune_module *m = NULL;
    prune_linear_options options = PRUNE_LINEAR_OPTIONS_INIT;
    options.bias = flag(c, "bias", true);
    const prune_status status = prune_linear_create(&m, integer(word(c, 2)), integer(word(c, 3)), &options);
    made(s, c, status, m);
}

static void conv(session *s, command *c,
                 prune_status (*create)(prune_module **, int64_t, int64_t, prune_ints, const prune_conv_options *))
{
    prune_module *m = NULL;
    prune_conv_options options = PRUNE_CONV_OPTIONS_INIT;
    ints_option(c, "stride", &options.stride);
    ints_option(c, "dilation", &options.dilation);
    const char *padding = option(c, "padding"), *groups = option(c, "groups"), *mode = option(c, "mode");
    if (padding && strpbrk(padding, "abcdefghijklmnopqrstuvwxyz"))
        options.padding_string = padding;
    else
        ints_option(c, "padding", &options.padding);
    if (groups)
        options.groups = integer(groups);
    if (mode)
        options.padding_mode = mode;
    options.bias = flag(c, "bias", true);
    const prune_status status = create(&m, integer(word(c, 2)), integer(word(c, 3)), read_ints(word(c, 4)), &options);
    made(s, c, status, m);
}

static void conv1d(session *s, command *c)
{
    conv(s, c, prune_conv1d_create);
}

static void conv2d(session *s, command *c)
{
    conv(s, c, prune_conv2d_create);
}

static void conv3d(session *s, command *c)
{
    conv(s, c, prune_conv3d_create);
}

static void max_pool(session *s, command *c,
                     prune_status (*create)(prune_module **, prune_ints, const prune_max_pool_options *))
{
    prune_module *m = NULL;
    prune_max_pool_options options = PRUNE_MAX_POOL_OPTIONS_INIT;
    ints_option(c, "stride", &options.stride);
    ints_option(c, "padding", &options.padding);
    ints_option(c, "dilation", &options.dilation);
    options.ceil_mode = flag(c, "ceil_mode", false);
    const prune_status status = create(&m, read_ints(word(c, 2)), &options);
    made(s, c, status, m);
}

static void max_pool1d(session *s, command *c)
{
    max_pool(s, c, prune_max_pool1d_create);
}

static void max_pool2d(session *s, command *c)
{
    max_pool(s, c, prune_max_pool2d_create);
}

static void avg_pool2d(session *s, command *c)
{
    prune_module *m = NULL;
    prune_avg_pool_options options = PRUNE_AVG_POOL_OPTIONS_INIT;
    const char *divisor = option(c, "divisor_override");
    ints_option(c, "stride", &options.stride);
    ints_option(c, "padding", &options.padding);
    options.ceil_mode = flag(c, "ceil_mode", false);
    options.count_include_pad = flag(c, "count_include_pad", true);
    if (divisor)
        options.divisor_override = integer(divisor);
    const prune_status status = prune_avg_pool2d_create(&m, read_ints(word(c, 2)), &options);
    made(s, c, status, m);
}

static void adaptive_avg_pool2d(session *s, command *c)
{
    prune_module *m = NULL;
    const prune_status status = prune_adaptive_avg_pool2d_create(&m, read_ints(word(c, 2)));
    made(s, c, status, m);
}

static void batch_norm(session *s, command *c,
                       prune_status (*create)(prune_module **, int64_t, const prune_batch_norm_options *))
{
    prune_module *m = NULL;
    prune_batch_norm_options options = PRUNE_BATCH_NORM_OPTIONS_INIT;
    number_option(c, "eps", &options.eps);
    number_option(c, "momentum", &options.momentum);
    options.affine = flag(c, "affine", true);
    options.bias = flag(c, "bias", true);
    options.track_running_stats = flag(c, "track", true);
    const prune_status status = create(&m, integer(word(c, 2)), &options);
    made(s, c, status, m);
}

static void batch_norm1d(session *s, command *c)
{
    batch_norm(s, c, prune_batch_norm1d_create);
}

static void batch_norm2d(session *s, command *c)
{
    batch_norm(s, c, prune_batch_norm2d_create);
}

static void rnn(session *s, command *c,
                prune_status (*create)(prune_module **, int64_t, int64_t, const prune_rnn_options *))
{
    prune_module *m = NULL;
    prune_rnn_options options = PRUNE_RNN_OPTIONS_INIT;
    const char *layers = option(c, "num_layers");
    if (layers)
        options.num_layers = integer(layers);
    number_option(c, "dropout", &options.dropout);
    options.bias = flag(c, "bias", true);
    options.batch_first = flag(c, "batch_first", false);
    options.bidirectional = flag(c, "bidirectional", false);
    const prune_status status = create(&m, integer(word(c, 2)), integer(word(c, 3)), &options);
    made(s, c, status, m);
}

static void lstm(session *s, command *c)
{
    rnn(s, c, prune_lstm_create);
}

static void gru(session *s, command *c)
{
    rnn(s, c, prune_gru_create);
}

static void relu(session *s, command *c)
{
    prune_module *m = NULL;
    const prune_status status = prune_relu_create(&m, flag(c, "inplace", false));
    made(s, c, status, m);
}

static void simple(session *s, command *c, prune_status (*create)(prune_module **))
{
    prune_module *m = NULL;
    const prune_status status = create(&m);
    made(s, c, status, m);
}

static void sigmoid(session *s, command *c)
{
    simple(s, c, prune_sigmoid_create);
}

static void tangent(session *s, command *c)
{
    simple(s, c, prune_tanh_create);
}

static void gelu(session *s, command *c)
{
    simple(s, c, prune_gelu_create);
}

static void identity_layer(session *s, command *c)
{
    simple(s, c, prune_identity_create);
}

static void softmax(session *s, command *c)
{
    prune_module *m = NULL;
    const prune_status status = prune_softmax_create(&m, integer(word(c, 2)));
    made(s, c, status, m);
}

static void log_softmax(session *s, command *c)
{
    prune_module *m = NULL;
    const prune_status status = prune_log_softmax_create(&m, integer(word(c, 2)));
    made(s, c, status, m);
}

static void flatten(session *s, command *c)
{
    prune_module *m = NULL;
    const prune_status status = prune_flatten_create(&m, integer(word(c, 2)), integer(word(c, 3)));
    made(s, c, status, m);
}

static void dropout(session *s, command *c)
{
    prune_module *m = NULL;
    const prune_status status = prune_dropout_create(&m, number(word(c, 2)), flag(c, "inplace", false));
    made(s, c, status, m);
}

static void sequential(session *s, command *c)
{
    prune_module *m = NULL, *children[MAX_WORDS];
    const int count = c->count - 2;
    for (int i = 0; i < count; i++)
        children[i] = module_of(s, c, i + 2);
    if (c->skipped)
        return;
    const prune_status status = prune_sequential_create(&m, children, count);
    made(s, c, status, m);
}

static void plain(session *s, command *c)
{
    prune_module *m = NULL;
    const prune_status status = prune_module_create(&m, word(c, 2), NULL, NULL);
    made(s, c, status, m);
}

const verb layer_verbs[] = {
    { "linear", linear },
    { "conv1d", conv1d },
    { "conv2d", conv2d },
    { "conv3d", conv3d },
    { "max_pool1d", max_pool1d },
    { "max_pool2d", max_pool2d },
    { "avg_pool2d", avg_pool2d },
    { "adaptive_avg_pool2d", adaptive_avg_pool2d },
    { "batch_norm1d", batch_norm1d },
    { "batch_norm2d", batch_norm2d },
    { "lstm", lstm },
    { "gru", gru },
    { "relu", relu },
    { "sigmoid", sigmoid },
    { "tanh", tangent },
    { "gelu", gelu },
    { "identity_layer", identity_layer },
    { "softmax", softmax },
    { "log_softmax", log_softmax },
    { "flatten", flatten },
    { "dropout", dropout },
    { "sequential", sequential },
    { "module", plain },
    { NULL, NULL },
};
