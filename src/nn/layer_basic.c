/* nn.Flatten, nn.Dropout, nn.Identity: layers that hand their input on. */
#include "nn/internal.h"

/* ---- Flatten ---- */

typedef struct flatten {
    int64_t start_dim, end_dim;
} flatten;

static prune_status flatten_forward(void *context, prune_module *self, prune_tensor **y, int64_t ny,
                                    prune_tensor *const *x, int64_t nx)
{
    const flatten *layer = context;
    if (pruni_layer_check_call(self, ny, nx))
        return prune_last_status();
    return prune_tensor_flatten(y, x[0], layer->start_dim, layer->end_dim);
}

static int flatten_repr(const void *context, char *text, size_t size)
{
    const flatten *self = context;
    return snprintf(text, size, "start_dim=%lld, end_dim=%lld", (long long)self->start_dim, (long long)self->end_dim);
}

static const prune_module_ops flatten_ops = {
    .size = sizeof flatten_ops,
    .context_size = sizeof(flatten),
    .forward = flatten_forward,
    .extra_repr = flatten_repr,
};

prune_status prune_flatten_create(prune_module **out, int64_t start_dim, int64_t end_dim)
{
    const flatten context = { start_dim, end_dim };
    return prune_module_create(out, "Flatten", &flatten_ops, &context);
}

/* ---- Dropout ---- */

typedef struct dropout {
    double p;
    bool inplace;
} dropout;

static prune_status dropout_forward(void *context, prune_module *self, prune_tensor **y, int64_t ny,
                                    prune_tensor *const *x, int64_t nx)
{
    (void)context;
    if (pruni_layer_check_call(self, ny, nx) || pruni_layer_check_eval(self))
        return prune_last_status();
    *y = prune_tensor_retain(x[0]);
    return PRUNE_OK;
}

static int dropout_repr(const void *context, char *out, size_t size)
{
    const dropout *self = context;
    char room[PRUNI_LAYER_REPR];
    pruni_text text = pruni_layer_repr_text(room);
    pruni_text_add(&text, "p=");
    pruni_text_add_float(&text, self->p);
    pruni_text_add(&text, ", inplace=%s", self->inplace ? "True" : "False");
    return pruni_layer_write_repr(&text, out, size);
}

static const prune_module_ops dropout_ops = {
    .size = sizeof dropout_ops,
    .context_size = sizeof(dropout),
    .forward = dropout_forward,
    .extra_repr = dropout_repr,
};

prune_status prune_dropout_create(prune_module **out, double p, bool inplace)
{
    const dropout context = { p, inplace };
    if (!(p >= 0 && p <= 1))
        return prune_fail(PRUNE_ERROR_VALUE, "dropout probability has to be between 0 and 1, but got %g", p);
    return prune_module_create(out, "Dropout", &dropout_ops, &context);
}

/* ---- Identity ---- */

static prune_status identity_forward(void *context, prune_module *self, prune_tensor **y, int64_t ny,
                                     prune_tensor *const *x, int64_t nx)
{
    (void)context;
    if (pruni_layer_check_call(self, ny, nx))
        return prune_last_status();
    *y = prune_tensor_retain(x[0]);
    return PRUNE_OK;
}

static const prune_module_ops identity_ops = {
    .size = sizeof identity_ops,
    .forward = identity_forward,
};

prune_status prune_identity_create(prune_module **out)
{
    return prune_module_create(out, "Identity", &identity_ops, NULL);
}
