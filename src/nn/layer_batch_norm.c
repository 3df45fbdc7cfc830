/* nn.BatchNorm1d, nn.BatchNorm2d, with running statistics. */
#include "nn/internal.h"

typedef struct batch_norm {
    int64_t num_features;
    double eps, momentum;
    bool affine, bias, track_running_stats;
    int64_t lowest_rank, highest_rank; /* of the input */
} batch_norm;

/* ---- Forward ---- */

typedef struct operands {
    prune_tensor *input, *mean, *var, *weight, *bias;
} operands;

static void release(operands *all)
{
    prune_tensor_release(all->input);
    prune_tensor_release(all->mean);
    prune_tensor_release(all->var);
    prune_tensor_release(all->weight);
    prune_tensor_release(all->bias);
}

static prune_status check_rank(const batch_norm *layer, const prune_tensor *x)
{
    if (x->ndim >= layer->lowest_rank && x->ndim <= layer->highest_rank)
        return PRUNE_OK;
    if (layer->lowest_rank < layer->highest_rank)
        return prune_fail(PRUNE_ERROR_VALUE, "expected %lldD or %lldD input (got %lldD input)",
                          (long long)layer->lowest_rank, (long long)layer->highest_rank, (long long)x->ndim);
    return prune_fail(PRUNE_ERROR_VALUE, "expected %lldD input (got %lldD input)", (long long)layer->lowest_rank,
                      (long long)x->ndim);
}

static prune_status read_operands(operands *all, const prune_module *self, const prune_tensor *x)
{
    if (pruni_float32_contiguous(&all->input, self->type_name, x)
        || pruni_layer_operand(&all->mean, self, "running_mean") || pruni_layer_operand(&all->var, self, "running_var")
        || pruni_layer_operand(&all->weight, self, "weight") || pruni_layer_operand(&all->bias, self, "bias"))
        return prune_last_status();
    if (all->mean && all->var)
        return PRUNE_OK;
    return prune_fail(PRUNE_ERROR_UNSUPPORTED,
                      "%s: without running_mean and running_var the batch's own statistics are needed, which is not "
                      "supported",
                      self->type_name);
}

static prune_status check_length(const char *name, const prune_tensor *t, int64_t channels)
{
    if (!t || t->numel == channels)
        return PRUNE_OK;
    return prune_fail(PRUNE_ERROR_RUNTIME, "%s should contain %lld elements not %lld", name, (long long)channels,
                      (long long)t->numel);
}

static prune_status run(prune_tensor **y, const operands *all, double eps)
{
    const prune_tensor *x = all->input;
    int64_t channels = x->sizes[1];
    prune_tensor *result = NULL;
    if (x->numel > 0
        && (check_length("running_mean", all->mean, channels) || check_length("running_var", all->var, channels)
            || check_length("weight", all->weight, channels) || check_length("bias", all->bias, channels)))
        return prune_last_status();
    if (prune_tensor_empty(&result, x->sizes, x->ndim, PRUNE_FLOAT32))
        return prune_last_status();
    if (x->numel > 0)
        pruni_kernel_batch_norm(pruni_tensor_pointer(result), pruni_tensor_pointer(x), x->sizes[0], channels,
                                x->numel / x->sizes[0] / channels, pruni_tensor_pointer(all->mean),
                                pruni_tensor_pointer(all->var), all->weight ? pruni_tensor_pointer(all->weight) : NULL,
                                all->bias ? pruni_tensor_pointer(all->bias) : NULL, eps);
    *y = result;
    return PRUNE_OK;
}

static prune_status batch_norm_forward(void *context, prune_module *self, prune_tensor **y, int64_t ny,
                                       prune_tensor *const *x, int64_t nx)
{
    const batch_norm *layer = context;
    operands all = { 0 };
    bool failed = pruni_layer_check_call(self, ny, nx) || check_rank(layer, x[0]) || pruni_layer_check_eval(self)
                  || read_operands(&all, self, x[0]) || run(y, &all, layer->eps);
    release(&all);
    return failed ? prune_last_status() : PRUNE_OK;
}

/* ---- Making ---- */

static const char *truth(bool value)
{
    return value ? "True" : "False";
}

static int batch_norm_repr(const void *context, char *out, size_t size)
{
    const batch_norm *self = context;
    char room[PRUNI_LAYER_REPR];
    pruni_text text = pruni_layer_repr_text(room);
    pruni_text_add(&text, "%lld, eps=", (long long)self->num_features);
    pruni_text_add_float(&text, self->eps);
    pruni_text_add(&text, ", momentum=");
    pruni_text_add_float(&text, self->momentum);
    pruni_text_add(&text, ", affine=%s, bias=%s, track_running_stats=%s", truth(self->affine),
                   truth(self->affine && self->bias), truth(self->track_running_stats));
    return pruni_layer_write_repr(&text, out, size);
}

static const prune_module_ops batch_norm_ops = {
    .size = sizeof batch_norm_ops,
    .context_size = sizeof(batch_norm),
    .forward = batch_norm_forward,
    .extra_repr = batch_norm_repr,
};

static prune_status add_buffer(prune_module *module, const char *name, bool present, const int64_t *sizes, int64_t ndim,
                               double value, prune_dtype dtype)
{
    prune_tensor *t = NULL;
    bool failed = (present && prune_tensor_full(&t, sizes, ndim, value, dtype))
                  || prune_module_register_buffer(module, name, t, true);
    prune_tensor_release(t);
    return failed ? prune_last_status() : PRUNE_OK;
}

static prune_status fill_parameter(prune_module *module, const char *name, double value)
{
    prune_tensor *t = prune_module_get_tensor(module, name);
    return t ? prune_tensor_fill_(t, value) : PRUNE_OK;
}

static prune_status add_tensors(prune_module *module, const batch_norm *layer)
{
    const int64_t size = layer->num_features;
    bool tracks = layer->track_running_stats;
    if (pruni_layer_add_parameter(module, "weight", layer->affine, &size, 1)
        || pruni_layer_add_parameter(module, "bias", layer->affine && layer->bias, &size, 1)
        || (tracks && size < 0 && prune_fail(PRUNE_ERROR_RUNTIME, "zeros: Dimension size must be non-negative."))
        || add_buffer(module, "running_mean", tracks, &size, 1, 0, PRUNE_FLOAT32)
        || add_buffer(module, "running_var", tracks, &size, 1, 1, PRUNE_FLOAT32)
        || add_buffer(module, "num_batches_tracked", tracks, PRUNE_SCALAR, 0, PRUNE_INT64)
        || fill_parameter(module, "weight", 1) || fill_parameter(module, "bias", 0))
        return prune_last_status();
    return PRUNE_OK;
}

static prune_status create(prune_module **out, const char *function, const char *type_name, int64_t num_features,
                           int64_t lowest_rank, int64_t highest_rank, const prune_batch_norm_options *options)
{
    static const prune_batch_norm_options defaults = PRUNE_BATCH_NORM_OPTIONS_INIT;
    if (!out)
        return pruni_null_argument(function, "out");
    options = options ? options : &defaults;
    if (pruni_check_size(function, options->size, sizeof *options))
        return prune_last_status();
    const batch_norm context = {
        .num_features = num_features,
        .eps = options->eps,
        .momentum = options->momentum,
        .affine = options->affine,
        .bias = options->bias,
        .track_running_stats = options->track_running_stats,
        .lowest_rank = lowest_rank,
        .highest_rank = highest_rank,
    };
    prune_module *module = NULL;
    bool failed = prune_module_create(&module, type_name, &batch_norm_ops, &context) || add_tensors(module, &context);
    return pruni_layer_finish(out, module, failed);
}

prune_status prune_batch_norm1d_create(prune_module **out, int64_t num_features,
                                       const prune_batch_norm_options *options)
{
    return create(out, __func__, "BatchNorm1d", num_features, 2, 3, options);
}

prune_status prune_batch_norm2d_create(prune_module **out, int64_t num_features,
                                       const prune_batch_norm_options *options)
{
    return create(out, __func__, "BatchNorm2d", num_features, 4, 4, options);
}
