/* What the tests of LSTM and GRU share: a layer of either kind, its parameters and inputs. */
#ifndef PRUNE_TESTS_RNN_SUPPORT_H
#define PRUNE_TESTS_RNN_SUPPORT_H

#include "layer_support.h"

typedef prune_status maker(prune_module **out, int64_t input_size, int64_t hidden_size,
                           const prune_rnn_options *options);

static maker *const makers[] = { prune_lstm_create, prune_gru_create };
static const char *const names[] = { "LSTM", "GRU" };
static const int64_t outputs[] = { 3, 2 }; /* y and the states; as many inputs with initial states */
enum { KINDS = 2, MOST = 3 };

static inline prune_module *rnn(int kind, int64_t input_size, int64_t hidden_size, const prune_rnn_options *options)
{
    prune_module *layer = NULL;
    assert_ok(makers[kind](&layer, input_size, hidden_size, options));
    return layer;
}

static inline void divide(prune_tensor *t, float divisor)
{
    float *values = prune_tensor_data_mutable(t);
    for (int64_t i = 0; i < prune_tensor_numel(t); i++)
        values[i] /= divisor;
}

/* pattern(offset, sizes) / divisor, exact for powers of two. */
static inline prune_tensor *fraction(float divisor, int64_t offset, const int64_t *sizes, int64_t ndim)
{
    prune_tensor *t = pattern(offset, sizes, ndim);
    divide(t, divisor);
    return t;
}

/* Parameter i becomes pattern(i) / 8. */
static inline void fill_all(prune_module *layer)
{
    prune_dict *parameters = NULL;
    assert_ok(prune_module_named_parameters(&parameters, layer, true));
    for (int64_t i = 0; i < prune_dict_size(parameters); i++) {
        fill_pattern(prune_dict_value(parameters, i), i);
        divide(prune_dict_value(parameters, i), 8);
    }
    prune_dict_release(parameters);
}

static inline prune_module *filled(int kind, int64_t input_size, int64_t hidden_size, const prune_rnn_options *options)
{
    prune_module *layer = rnn(kind, input_size, hidden_size, options);
    fill_all(layer);
    return layer;
}

static inline void release_all(prune_tensor *const *t, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        prune_tensor_release(t[i]);
}

#endif
