/* Which tensors share bytes. */
#include "tensor/internal.h"

#include <string.h>

bool pruni_same_elements(const prune_tensor *a, const prune_tensor *b)
{
    if (a->dtype != b->dtype || !pruni_same_shape(a, b) || pruni_tensor_pointer(a) != pruni_tensor_pointer(b))
        return false;
    for (int64_t i = 0; i < a->ndim; i++)
        if (a->sizes[i] > 1 && a->strides[i] != b->strides[i])
            return false;
    return true;
}

/* The address after the last byte of a tensor that is not empty. */
static uintptr_t end_address(const prune_tensor *t)
{
    int64_t last = 0;
    for (int64_t i = 0; i < t->ndim; i++)
        last += (t->sizes[i] - 1) * t->strides[i];
    return (uintptr_t)pruni_tensor_pointer(t) + (uintptr_t)((last + 1) * pruni_dtype_size(t->dtype));
}

bool pruni_may_overlap(const prune_tensor *a, const prune_tensor *b)
{
    if (a->numel == 0 || b->numel == 0)
        return false;
    return (uintptr_t)pruni_tensor_pointer(a) < end_address(b) && (uintptr_t)pruni_tensor_pointer(b) < end_address(a);
}

prune_status pruni_safe_source(prune_tensor **out, const prune_tensor *source, const prune_tensor *written)
{
    if (pruni_may_overlap(source, written) && !pruni_same_elements(source, written))
        return prune_tensor_clone(out, source);
    *out = prune_tensor_retain((prune_tensor *)(uintptr_t)source);
    return PRUNE_OK;
}
