/* Values from tensor to tensor: copy_, fill_. */
#include "tensor/internal.h"

void pruni_copy_values(prune_tensor *dst, const prune_tensor *src)
{
    pruni_walk walk;
    pruni_walk_start_any_order(&walk, dst->sizes, dst->ndim, (const prune_tensor *[]){ dst, src }, 2);
    while (pruni_walk_next(&walk)) {
        if (dst->dtype == src->dtype)
            pruni_kernel_copy(pruni_dtype_size(dst->dtype), walk.data[0], walk.strides[0], walk.data[1],
                              walk.strides[1], walk.length);
        else
            pruni_kernel_convert((pruni_format)dst->dtype, walk.data[0], walk.strides[0], (pruni_format)src->dtype,
                                 walk.data[1], walk.strides[1], walk.length);
    }
}

prune_status prune_tensor_copy_(prune_tensor *t, const prune_tensor *src)
{
    PRUNI_REQUIRE(t);
    PRUNI_REQUIRE(src);
    prune_tensor *source = NULL;
    if (pruni_check_writable(__func__, t) || pruni_check_broadcast_into(t, src) || pruni_safe_source(&source, src, t))
        return prune_last_status();
    if (!pruni_same_elements(t, source))
        pruni_copy_values(t, source);
    prune_tensor_release(source);
    return PRUNE_OK;
}

prune_status prune_tensor_fill_(prune_tensor *t, double value)
{
    PRUNI_REQUIRE(t);
    if (pruni_prepare_to_write(__func__, t))
        return prune_last_status();
    union {
        double aligned;
        char bytes[8];
    } element;
    pruni_store_double(t->dtype, element.bytes, value);
    pruni_walk walk;
    pruni_walk_start_any_order(&walk, t->sizes, t->ndim, (const prune_tensor *[]){ t }, 1);
    while (pruni_walk_next(&walk))
        pruni_kernel_fill(pruni_dtype_size(t->dtype), walk.data[0], walk.strides[0], element.bytes, walk.length);
    return PRUNE_OK;
}
