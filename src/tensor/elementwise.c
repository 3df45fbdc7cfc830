/* Arithmetic on two tensors, with broadcasting. */
#include "tensor/internal.h"

static void combine_values(pruni_kernel_binary *kernel, prune_tensor *out, const prune_tensor *a, const prune_tensor *b)
{
    pruni_walk walk;
    pruni_walk_start_any_order(&walk, out->sizes, out->ndim, (const prune_tensor *[]){ out, a, b }, 3);
    while (pruni_walk_next(&walk))
        kernel(walk.data[0], walk.strides[0], walk.data[1], walk.strides[1], walk.data[2], walk.strides[2],
               walk.length);
}

static prune_status combine(const char *function, pruni_kernel_binary *kernel, prune_tensor **out,
                            const prune_tensor *a, const prune_tensor *b)
{
    int64_t sizes[PRUNE_MAX_DIMS];
    int64_t ndim;
    prune_tensor *result = NULL;
    if (!out || !a || !b)
        return pruni_null_argument(function, !out ? "out" : !a ? "a" : "b");
    if (pruni_check_float32(function, a) || pruni_check_float32(function, b)
        || pruni_broadcast_shape(sizes, &ndim, a, b) || prune_tensor_empty(&result, sizes, ndim, PRUNE_FLOAT32))
        return prune_last_status();
    combine_values(kernel, result, a, b);
    *out = result;
    return PRUNE_OK;
}

static prune_status combine_in_place(const char *function, pruni_kernel_binary *kernel, prune_tensor *t,
                                     const prune_tensor *b)
{
    prune_tensor *source = NULL;
    if (!t || !b)
        return pruni_null_argument(function, !t ? "t" : "b");
    if (pruni_check_float32(function, t) || pruni_check_float32(function, b) || pruni_check_broadcast_into(t, b)
        || pruni_check_writable(function, t) || pruni_safe_source(&source, b, t))
        return prune_last_status();
    combine_values(kernel, t, t, source);
    prune_tensor_release(source);
    return PRUNE_OK;
}

prune_status prune_tensor_add(prune_tensor **out, const prune_tensor *a, const prune_tensor *b)
{
    return combine(__func__, pruni_kernel_add, out, a, b);
}

prune_status prune_tensor_sub(prune_tensor **out, const prune_tensor *a, const prune_tensor *b)
{
    return combine(__func__, pruni_kernel_subtract, out, a, b);
}

prune_status prune_tensor_mul(prune_tensor **out, const prune_tensor *a, const prune_tensor *b)
{
    return combine(__func__, pruni_kernel_multiply, out, a, b);
}

prune_status prune_tensor_div(prune_tensor **out, const prune_tensor *a, const prune_tensor *b)
{
    return combine(__func__, pruni_kernel_divide, out, a, b);
}

prune_status prune_tensor_add_(prune_tensor *t, const prune_tensor *b)
{
    return combine_in_place(__func__, pruni_kernel_add, t, b);
}

prune_status prune_tensor_sub_(prune_tensor *t, const prune_tensor *b)
{
    return combine_in_place(__func__, pruni_kernel_subtract, t, b);
}

prune_status prune_tensor_mul_(prune_tensor *t, const prune_tensor *b)
{
    return combine_in_place(__func__, pruni_kernel_multiply, t, b);
}

prune_status prune_tensor_div_(prune_tensor *t, const prune_tensor *b)
{
    return combine_in_place(__func__, pruni_kernel_divide, t, b);
}
