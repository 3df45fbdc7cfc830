/* What a tensor is: getters. */
#include "tensor/internal.h"

prune_dtype prune_tensor_dtype(const prune_tensor *t)
{
    return t ? t->dtype : PRUNE_FLOAT32;
}

int64_t prune_tensor_ndim(const prune_tensor *t)
{
    return t ? t->ndim : 0;
}

int64_t prune_tensor_size(const prune_tensor *t, int64_t dim)
{
    if (!t)
        return 0;
    if (t->ndim == 0) {
        prune_fail(PRUNE_ERROR_INDEX, "Dimension specified as %lld but tensor has no dimensions", (long long)dim);
        return -1;
    }
    return pruni_wrap_dim(&dim, dim, t->ndim) ? -1 : t->sizes[dim];
}

const int64_t *prune_tensor_sizes(const prune_tensor *t)
{
    return t ? t->sizes : NULL;
}

const int64_t *prune_tensor_strides(const prune_tensor *t)
{
    return t ? t->strides : NULL;
}

int64_t prune_tensor_numel(const prune_tensor *t)
{
    return t ? t->numel : 0;
}

bool prune_tensor_is_contiguous(const prune_tensor *t)
{
    if (!t)
        return false;
    int64_t expected = 1;
    for (int64_t i = t->ndim - 1; i >= 0 && t->numel > 0; i--) {
        if (t->sizes[i] != 1 && t->strides[i] != expected)
            return false;
        expected *= t->sizes[i];
    }
    return true;
}

static bool is_float32(const char *function, const prune_tensor *t)
{
    if (t->dtype == PRUNE_FLOAT32)
        return true;
    prune_fail(PRUNE_ERROR_TYPE, "%s: the tensor is %s, not torch.float32", function, prune_dtype_name(t->dtype));
    return false;
}

const float *prune_tensor_data(const prune_tensor *t)
{
    return t && is_float32(__func__, t) ? pruni_tensor_pointer(t) : NULL;
}

float *prune_tensor_data_mutable(prune_tensor *t)
{
    if (!t || !is_float32(__func__, t))
        return NULL;
    return pruni_prepare_to_write(__func__, t) ? NULL : pruni_tensor_pointer(t);
}

const void *prune_tensor_raw_data(const prune_tensor *t)
{
    return t ? pruni_tensor_pointer(t) : NULL;
}

bool prune_tensor_requires_grad(const prune_tensor *t)
{
    return t && t->requires_grad;
}

prune_status prune_tensor_set_requires_grad(prune_tensor *t, bool requires_grad)
{
    PRUNI_REQUIRE(t);
    if (requires_grad && !pruni_is_floating(t->dtype))
        return prune_fail(PRUNE_ERROR_RUNTIME,
                          "only Tensors of floating point dtype can require gradients, this one is %s",
                          prune_dtype_name(t->dtype));
    t->requires_grad = requires_grad;
    return PRUNE_OK;
}
