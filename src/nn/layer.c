/* What layers share: their forwards' checks and operands, their parameters and default initialisation. */
#include "nn/internal.h"

#include <math.h>

/* ---- Forward ---- */

prune_status pruni_layer_check_call(const prune_module *self, int64_t ny, int64_t nx)
{
    if (ny == 1 && nx == 1)
        return PRUNE_OK;
    return prune_fail(PRUNE_ERROR_UNSUPPORTED, "%s takes one input and gives one output, not %lld and %lld",
                      self->type_name, (long long)nx, (long long)ny);
}

prune_status pruni_layer_check_eval(const prune_module *self)
{
    if (!self->training)
        return PRUNE_OK;
    return prune_fail(
        PRUNE_ERROR_UNSUPPORTED,
        "%s: training mode, in which every module starts, is not supported; call prune_module_eval() first",
        self->type_name);
}

prune_status pruni_layer_operand(prune_tensor **out, const prune_module *self, const char *name)
{
    if (prune_module_kind(self, name) == PRUNE_KIND_NONE)
        return pruni_no_attribute(self, name);
    prune_tensor *t = prune_module_get_tensor(self, name);
    return t ? pruni_float32_contiguous(out, self->type_name, t) : PRUNE_OK;
}

prune_status pruni_layer_required(prune_tensor **out, const prune_module *self, const char *name)
{
    if (pruni_layer_operand(out, self, name))
        return prune_last_status();
    if (*out)
        return PRUNE_OK;
    return prune_fail(PRUNE_ERROR_TYPE, "%s: argument '%s' must be Tensor, not NoneType", self->type_name, name);
}

/* ---- Constructors ---- */

prune_status pruni_layer_add_parameter(prune_module *module, const char *name, bool present, const int64_t *sizes,
                                       int64_t ndim)
{
    prune_tensor *t = NULL;
    bool failed = (present && prune_tensor_empty(&t, sizes, ndim, PRUNE_FLOAT32))
                  || prune_module_register_parameter(module, name, t);
    prune_tensor_release(t);
    return failed ? prune_last_status() : PRUNE_OK;
}

/* kaiming_uniform_(weight, a=sqrt(5)), computed as PyTorch does. */
static double weight_bound(double fan_in)
{
    double slope = sqrt(5);
    double gain = sqrt(2 / (1 + slope * slope));
    return sqrt(3) * (gain / sqrt(fan_in));
}

static prune_status fill_symmetric(prune_tensor *t, double bound)
{
    return prune_tensor_uniform_(t, bound > 0 ? -bound : 0, bound, NULL);
}

/* Neither fill can fail on memory of the module's own, so that no number is drawn in vain. */
prune_status pruni_layer_reset_parameters(prune_module *module)
{
    prune_tensor *weight = prune_module_get_tensor(module, "weight");
    prune_tensor *bias = prune_module_get_tensor(module, "bias");
    double fan_in = 1;
    for (int64_t i = 1; i < weight->ndim; i++)
        fan_in *= (double)weight->sizes[i];
    bool failed = (weight->numel > 0 && fill_symmetric(weight, weight_bound(fan_in)))
                  || (bias && fill_symmetric(bias, fan_in > 0 ? 1 / sqrt(fan_in) : 0));
    return failed ? prune_last_status() : PRUNE_OK;
}

prune_status pruni_layer_finish(prune_module **out, prune_module *module, bool failed)
{
    if (failed) {
        prune_module_release(module);
        return prune_last_status();
    }
    *out = module;
    return PRUNE_OK;
}

pruni_text pruni_layer_repr_text(char room[PRUNI_LAYER_REPR])
{
    return (pruni_text){ .data = room, .capacity = PRUNI_LAYER_REPR };
}

int pruni_layer_write_repr(const pruni_text *text, char *out, size_t size)
{
    return snprintf(out, size, "%s", text->data);
}
