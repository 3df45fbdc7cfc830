/** @file layers.h
 *  Layers with PyTorch's names, arguments, defaults and default initialisation, as torch.nn.
 *
 *  - Each makes a module for prune_module_call(); options NULL are PyTorch's defaults.
 *  - Parameters are drawn from the default generator in PyTorch's order: prune_manual_seed(NULL, s) and the same
 *    constructors give the weights of torch.manual_seed(s). An error leaves the generator as it was.
 *  - Batches lead, but for LSTM and GRU; where PyTorch takes an input without a batch, so do these.
 *  - Float32 inputs with any strides. Dropout and BatchNorm compute in eval mode only; in training mode, in which every
 *    module starts, they fail with #PRUNE_ERROR_UNSUPPORTED, which says to call prune_module_eval().
 *  - One input and one output, for prune_module_call(), but for LSTM and GRU, which have states beside them.
 *  - Errors of every forward: runtime (shapes, in PyTorch's words), unsupported (not float32; another number of inputs or
 *    outputs), attribute (a parameter was deleted), type (the weight is absent).
 *  - Errors of every constructor that takes options: value (options->size).
 */
#ifndef PRUNE_LAYERS_H
#define PRUNE_LAYERS_H

#include "functional.h"
#include "module.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Keywords of nn.Linear. */
typedef struct prune_linear_options {
    size_t size; /**< sizeof(prune_linear_options) */
    bool bias;   /**< default true */
} prune_linear_options;

/** The defaults. */
#define PRUNE_LINEAR_OPTIONS_INIT          \
    {                                      \
        sizeof(prune_linear_options), true \
    }

/** nn.Linear: y = x Wᵀ + b; x (…, in_features), weight (out_features, in_features), bias (out_features).
 *  Errors: runtime (negative sizes). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_linear_create(prune_module **out, int64_t in_features,
                                                            int64_t out_features, const prune_linear_options *options);

/** Keywords of nn.Conv1d, Conv2d, Conv3d. */
typedef struct prune_conv_options {
    size_t size;                /**< sizeof(prune_conv_options) */
    prune_ints stride;          /**< default 1 */
    prune_ints padding;         /**< default 0 */
    const char *padding_string; /**< "valid", "same", or NULL (default) to use padding */
    prune_ints dilation;        /**< default 1 */
    int64_t groups;             /**< default 1 */
    bool bias;                  /**< default true */
    const char *padding_mode;   /**< "zeros" (default, also NULL), "reflect", "replicate", "circular" */
} prune_conv_options;

/** The defaults. */
#define PRUNE_CONV_OPTIONS_INIT                                                                      \
    {                                                                                                \
        sizeof(prune_conv_options), { 0, { 0 } }, { 0, { 0 } }, NULL, { 0, { 0 } }, 1, true, "zeros" \
    }

/** nn.Conv1d: x (N, C, L) or (C, L), weight (out, in / groups, k). Errors: value in PyTorch's words (groups,
 *  padding_string, padding_mode), runtime (negative sizes; another number of numbers than one or one for each dim; a
 *  number outside int's range), type (no kernel_size). What else does not fit, such as a stride of 0, shows in forward,
 *  as in PyTorch. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_conv1d_create(prune_module **out, int64_t in_channels,
                                                            int64_t out_channels, prune_ints kernel_size,
                                                            const prune_conv_options *options);

/** nn.Conv2d: x (N, C, H, W) or (C, H, W), weight (out, in / groups, kH, kW). Errors: as prune_conv1d_create(). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_conv2d_create(prune_module **out, int64_t in_channels,
                                                            int64_t out_channels, prune_ints kernel_size,
                                                            const prune_conv_options *options);

/** nn.Conv3d: x (N, C, D, H, W) or (C, D, H, W). Errors: as prune_conv1d_create(). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_conv3d_create(prune_module **out, int64_t in_channels,
                                                            int64_t out_channels, prune_ints kernel_size,
                                                            const prune_conv_options *options);

/** nn.MaxPool1d. Errors: type (no kernel_size), value (a prune_ints of more than three); what does not fit shows in
 *  forward, as in PyTorch. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_max_pool1d_create(prune_module **out, prune_ints kernel_size,
                                                                const prune_max_pool_options *options);

/** nn.MaxPool2d. Errors: as prune_max_pool1d_create(). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_max_pool2d_create(prune_module **out, prune_ints kernel_size,
                                                                const prune_max_pool_options *options);

/** nn.AvgPool2d. Errors: as prune_max_pool1d_create(). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_avg_pool2d_create(prune_module **out, prune_ints kernel_size,
                                                                const prune_avg_pool_options *options);

/** nn.AdaptiveAvgPool2d; −1 is None. Errors: as prune_max_pool1d_create() (no output_size). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_adaptive_avg_pool2d_create(prune_module **out, prune_ints output_size);

/** Keywords of nn.BatchNorm1d and BatchNorm2d. */
typedef struct prune_batch_norm_options {
    size_t size;              /**< sizeof(prune_batch_norm_options) */
    double eps;               /**< default 1e-5 */
    double momentum;          /**< default 0.1; only printed: nothing trains here */
    bool affine;              /**< default true: weight and bias */
    bool bias;                /**< default true; matters if affine */
    bool track_running_stats; /**< default true; without, even eval mode needs the batch's statistics: unsupported */
} prune_batch_norm_options;

/** The defaults. */
#define PRUNE_BATCH_NORM_OPTIONS_INIT                                 \
    {                                                                 \
        sizeof(prune_batch_norm_options), 1e-5, 0.1, true, true, true \
    }

/** nn.BatchNorm1d: x (N, C) or (N, C, L). Buffers running_mean, running_var, num_batches_tracked (int64).
 *  Errors: runtime (negative size). Forward, as in PyTorch: value (rank of the input). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_batch_norm1d_create(prune_module **out, int64_t num_features,
                                                                  const prune_batch_norm_options *options);

/** nn.BatchNorm2d: x (N, C, H, W). Errors: as prune_batch_norm1d_create(). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_batch_norm2d_create(prune_module **out, int64_t num_features,
                                                                  const prune_batch_norm_options *options);

/** Keywords of nn.LSTM and GRU. */
typedef struct prune_rnn_options {
    size_t size;        /**< sizeof(prune_rnn_options) */
    int64_t num_layers; /**< default 1; each next one takes the outputs of the one before */
    bool bias;          /**< default true; without, there are no parameters of that name */
    bool batch_first; /**< default false: x and y are (L, N, …), not (N, L, …); the states are the same either way */
    double dropout;   /**< default 0; more, with several layers, computes in eval mode only, where it does nothing */
    bool bidirectional; /**< default false; else a second direction from the end to the start, y having both */
} prune_rnn_options;

/** The defaults. */
#define PRUNE_RNN_OPTIONS_INIT                                \
    {                                                         \
        sizeof(prune_rnn_options), 1, true, false, 0.0, false \
    }

/** nn.LSTM: inputs x, or x, h_0 and c_0; outputs y, h_n and c_n, of which prune_module_call_many() gives as many as are
 *  asked for. With D directions of size H: x (L, N, input_size) or (L, input_size), y (L, N, D·H) or (L, D·H), states
 *  (D·num_layers, N, H) or (D·num_layers, H), zeros where not given. Parameters, for each layer k and direction:
 *  weight_ih_lk (4H, input_size, or D·H behind the first layer), weight_hh_lk (4H, H), bias_ih_lk (4H), bias_hh_lk (4H),
 *  those of the second direction with _reverse behind; the gates are in the order i, f, g, o.
 *  Errors: value in PyTorch's words (sizes and num_layers below 1, dropout outside [0, 1]). Forward: value (rank of
 *  x), runtime in PyTorch's words (rank and shape of a state, input_size, a length of 0). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_lstm_create(prune_module **out, int64_t input_size, int64_t hidden_size,
                                                          const prune_rnn_options *options);

/** nn.GRU: as LSTM, but without c_0 and c_n, and with three gates, r, z, n: weights of 3H rows.
 *  Errors: as prune_lstm_create(). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_gru_create(prune_module **out, int64_t input_size, int64_t hidden_size,
                                                         const prune_rnn_options *options);

/** nn.ReLU. `inplace` writes into the input, whose reference is then also the output; its forward may fail with state
 *  (read-only memory) and with runtime (elements that share memory). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_relu_create(prune_module **out, bool inplace);

/** nn.Sigmoid. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_sigmoid_create(prune_module **out);

/** nn.Tanh. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tanh_create(prune_module **out);

/** nn.GELU(approximate='none'). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_gelu_create(prune_module **out);

/** nn.Softmax(dim). Forward: index (no such dim). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_softmax_create(prune_module **out, int64_t dim);

/** nn.LogSoftmax(dim). Forward: index (no such dim). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_log_softmax_create(prune_module **out, int64_t dim);

/** nn.Flatten; PyTorch's defaults are 1 and −1. A view of its input where possible. Forward: index (no
 *  such dim), runtime (start after end). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_flatten_create(prune_module **out, int64_t start_dim, int64_t end_dim);

/** nn.Dropout; PyTorch's default p is 0.5. Gives its input, retained. Errors: value (p outside [0, 1]). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_dropout_create(prune_module **out, double p, bool inplace);

/** nn.Identity. Gives its input, retained. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_identity_create(prune_module **out);

/** nn.Sequential(*modules): children "0", "1", …, each retained; `modules` NULL with count 0 makes an empty one, which
 *  prune_module_register_module() fills under names of one's own. An empty one gives its input, retained.
 *  Errors: value (negative count), type (a module NULL). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_sequential_create(prune_module **out, prune_module *const *modules,
                                                                int64_t count);

#ifdef __cplusplus
}
#endif

#endif
