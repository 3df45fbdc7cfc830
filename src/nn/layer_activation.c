/* nn.ReLU, nn.Sigmoid, nn.Tanh, nn.GELU, nn.Softmax, nn.LogSoftmax. */
#include "nn/internal.h"

/* ---- Element by element ---- */

typedef struct elementwise {
    prune_status (*function)(prune_tensor **y, const prune_tensor *x);
} elementwise;

static prune_status elementwise_forward(void *context, prune_module *self, prune_tensor **y, int64_t ny,
                                        prune_tensor *const *x, int64_t nx)
{
    const elementwise *layer = context;
    if (pruni_layer_check_call(self, ny, nx))
        return prune_last_status();
    return layer->function(y, x[0]);
}

static int gelu_repr(const void *context, char *text, size_t size)
{
    (void)context;
    return snprintf(text, size, "approximate='none'");
}

static const prune_module_ops elementwise_ops = {
    .size = sizeof elementwise_ops,
    .context_size = sizeof(elementwise),
    .forward = elementwise_forward,
};

static const prune_module_ops gelu_ops = {
    .size = sizeof gelu_ops,
    .context_size = sizeof(elementwise),
    .forward = elementwise_forward,
    .extra_repr = gelu_repr,
};

prune_status prune_sigmoid_create(prune_module **out)
{
    const elementwise context = { prune_sigmoid };
    return prune_module_create(out, "Sigmoid", &elementwise_ops, &context);
}

prune_status prune_tanh_create(prune_module **out)
{
    const elementwise context = { prune_tanh };
    return prune_module_create(out, "Tanh", &elementwise_ops, &context);
}

prune_status prune_gelu_create(prune_module **out)
{
    const elementwise context = { prune_gelu };
    return prune_module_create(out, "GELU", &gelu_ops, &context);
}

/* ---- ReLU ---- */

typedef struct relu {
    bool inplace;
} relu;

static prune_status relu_forward(void *context, prune_module *self, prune_tensor **y, int64_t ny,
                                 prune_tensor *const *x, int64_t nx)
{
    const relu *layer = context;
    if (pruni_layer_check_call(self, ny, nx))
        return prune_last_status();
    if (!layer->inplace)
        return prune_relu(y, x[0]);
    if (pruni_relu_inplace(x[0]))
        return prune_last_status();
    *y = prune_tensor_retain(x[0]);
    return PRUNE_OK;
}

static int relu_repr(const void *context, char *text, size_t size)
{
    const relu *self = context;
    return snprintf(text, size, "%s", self->inplace ? "inplace=True" : "");
}

static const prune_module_ops relu_ops = {
    .size = sizeof relu_ops,
    .context_size = sizeof(relu),
    .forward = relu_forward,
    .extra_repr = relu_repr,
};

prune_status prune_relu_create(prune_module **out, bool inplace)
{
    const relu context = { inplace };
    return prune_module_create(out, "ReLU", &relu_ops, &context);
}

/* ---- Along a dim ---- */

typedef struct along_dim {
    prune_status (*function)(prune_tensor **y, const prune_tensor *x, int64_t dim);
    int64_t dim;
} along_dim;

static prune_status along_dim_forward(void *context, prune_module *self, prune_tensor **y, int64_t ny,
                                      prune_tensor *const *x, int64_t nx)
{
    const along_dim *layer = context;
    if (pruni_layer_check_call(self, ny, nx))
        return prune_last_status();
    return layer->function(y, x[0], layer->dim);
}

static int along_dim_repr(const void *context, char *text, size_t size)
{
    const along_dim *self = context;
    return snprintf(text, size, "dim=%lld", (long long)self->dim);
}

static const prune_module_ops along_dim_ops = {
    .size = sizeof along_dim_ops,
    .context_size = sizeof(along_dim),
    .forward = along_dim_forward,
    .extra_repr = along_dim_repr,
};

prune_status prune_softmax_create(prune_module **out, int64_t dim)
{
    const along_dim context = { prune_softmax, dim };
    return prune_module_create(out, "Softmax", &along_dim_ops, &context);
}

prune_status prune_log_softmax_create(prune_module **out, int64_t dim)
{
    const along_dim context = { prune_log_softmax, dim };
    return prune_module_create(out, "LogSoftmax", &along_dim_ops, &context);
}
