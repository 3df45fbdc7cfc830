/* nn.Linear. */
#include "nn/internal.h"

typedef struct linear {
    int64_t in_features, out_features;
    bool bias;
} linear;

static prune_status check_shapes(const prune_tensor *x, const prune_tensor *weight)
{
    if (x->ndim == 0)
        return prune_fail(PRUNE_ERROR_RUNTIME,
                          "both arguments to linear need to be at least 1D, but they are 0D and %lldD",
                          (long long)weight->ndim);
    if (weight->ndim != 2)
        return prune_fail(PRUNE_ERROR_RUNTIME, "mat2 must be a matrix, got %lld-D tensor", (long long)weight->ndim);
    int64_t features = x->sizes[x->ndim - 1], rows = 1;
    if (features == weight->sizes[1])
        return PRUNE_OK;
    for (int64_t i = 0; i < x->ndim - 1; i++)
        rows *= x->sizes[i];
    return prune_fail(PRUNE_ERROR_RUNTIME, "mat1 and mat2 shapes cannot be multiplied (%lldx%lld and %lldx%lld)",
                      (long long)rows, (long long)features, (long long)weight->sizes[1], (long long)weight->sizes[0]);
}

/* A bias of another shape broadcasts, as in PyTorch. */
static prune_status spread_bias(prune_tensor **bias, int64_t out_features)
{
    prune_tensor *expanded = NULL, *spread = NULL;
    if (!*bias || ((*bias)->ndim == 1 && (*bias)->sizes[0] == out_features))
        return PRUNE_OK;
    bool failed = prune_tensor_expand(&expanded, *bias, &out_features, 1) || prune_tensor_contiguous(&spread, expanded);
    prune_tensor_release(expanded);
    if (failed)
        return prune_last_status();
    prune_tensor_release(*bias);
    *bias = spread;
    return PRUNE_OK;
}

static prune_status run(prune_tensor **y, const prune_tensor *x, const prune_tensor *weight, const prune_tensor *bias)
{
    int64_t sizes[PRUNE_MAX_DIMS], out_features = weight->sizes[0];
    for (int64_t i = 0; i < x->ndim; i++)
        sizes[i] = i < x->ndim - 1 ? x->sizes[i] : out_features;
    prune_tensor *result = NULL;
    if (prune_tensor_empty(&result, sizes, x->ndim, PRUNE_FLOAT32))
        return prune_last_status();
    const int64_t in = weight->sizes[1], rows = result->numel > 0 ? result->numel / out_features : 0;
    const int64_t room = pruni_kernel_linear_scratch(rows, in);
    float *scratch = room > 0 ? pruni_alloc_array((size_t)room, sizeof *scratch) : NULL;
    if (room > 0 && !scratch) {
        prune_tensor_release(result);
        return prune_last_status();
    }
    if (rows > 0)
        pruni_kernel_linear(&(pruni_linear){ rows, in, out_features, pruni_tensor_pointer(x),
                                             pruni_tensor_pointer(weight), bias ? pruni_tensor_pointer(bias) : NULL,
                                             pruni_tensor_pointer(result), scratch });
    pruni_free(scratch);
    *y = result;
    return PRUNE_OK;
}

static prune_status linear_forward(void *context, prune_module *self, prune_tensor **y, int64_t ny,
                                   prune_tensor *const *x, int64_t nx)
{
    (void)context;
    prune_tensor *input = NULL, *weight = NULL, *bias = NULL;
    bool failed = pruni_layer_check_call(self, ny, nx) || pruni_float32_contiguous(&input, self->type_name, x[0])
                  || pruni_layer_required(&weight, self, "weight") || pruni_layer_operand(&bias, self, "bias")
                  || check_shapes(input, weight) || spread_bias(&bias, weight->sizes[0]) || run(y, input, weight, bias);
    prune_tensor_release(input);
    prune_tensor_release(weight);
    prune_tensor_release(bias);
    return failed ? prune_last_status() : PRUNE_OK;
}

static int linear_repr(const void *context, char *text, size_t size)
{
    const linear *self = context;
    return snprintf(text, size, "in_features=%lld, out_features=%lld, bias=%s", (long long)self->in_features,
                    (long long)self->out_features, self->bias ? "True" : "False");
}

static const prune_module_ops linear_ops = {
    .size = sizeof linear_ops,
    .context_size = sizeof(linear),
    .forward = linear_forward,
    .extra_repr = linear_repr,
};

prune_status prune_linear_create(prune_module **out, int64_t in_features, int64_t out_features,
                                 const prune_linear_options *options)
{
    static const prune_linear_options defaults = PRUNE_LINEAR_OPTIONS_INIT;
    PRUNI_REQUIRE(out);
    options = options ? options : &defaults;
    const linear context = { in_features, out_features, options->bias };
    prune_module *module = NULL;
    bool failed = pruni_check_size(__func__, options->size, sizeof *options)
                  || prune_module_create(&module, "Linear", &linear_ops, &context)
                  || pruni_layer_add_parameter(module, "weight", true, PRUNE_SHAPE(out_features, in_features))
                  || pruni_layer_add_parameter(module, "bias", options->bias, PRUNE_SHAPE(out_features))
                  || pruni_layer_reset_parameters(module);
    return pruni_layer_finish(out, module, failed);
}
