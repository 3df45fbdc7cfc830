/* Activations and softmax as functions. */
#include "nn/internal.h"

prune_status pruni_float32_contiguous(prune_tensor **out, const char *function, const prune_tensor *t)
{
    if (pruni_check_float32(function, t))
        return prune_last_status();
    return prune_tensor_contiguous(out, (prune_tensor *)(uintptr_t)t);
}

/* ---- Element by element ---- */

static void run_unary(prune_tensor *y, const prune_tensor *x, pruni_kernel_unary *kernel)
{
    pruni_walk walk;
    pruni_walk_start_any_order(&walk, y->sizes, y->ndim, (const prune_tensor *[]){ y, x }, 2);
    while (pruni_walk_next(&walk))
        kernel(walk.data[0], walk.strides[0], walk.data[1], walk.strides[1], walk.length);
}

static prune_status unary(prune_tensor **y, const char *function, const prune_tensor *x, pruni_kernel_unary *kernel)
{
    if (!y || !x)
        return pruni_null_argument(function, y ? "x" : "y");
    prune_tensor *result = NULL;
    if (pruni_check_float32(function, x) || prune_tensor_empty(&result, x->sizes, x->ndim, PRUNE_FLOAT32))
        return prune_last_status();
    run_unary(result, x, kernel);
    *y = result;
    return PRUNE_OK;
}

prune_status prune_relu(prune_tensor **y, const prune_tensor *x)
{
    return unary(y, __func__, x, pruni_kernel_relu);
}

prune_status pruni_relu_inplace(prune_tensor *x)
{
    if (pruni_check_float32("prune_relu", x) || pruni_check_writable("prune_relu", x))
        return prune_last_status();
    run_unary(x, x, pruni_kernel_relu);
    return PRUNE_OK;
}

prune_status prune_sigmoid(prune_tensor **y, const prune_tensor *x)
{
    return unary(y, __func__, x, pruni_kernel_sigmoid);
}

prune_status prune_tanh(prune_tensor **y, const prune_tensor *x)
{
    return unary(y, __func__, x, pruni_kernel_tanh);
}

prune_status prune_gelu(prune_tensor **y, const prune_tensor *x)
{
    return unary(y, __func__, x, pruni_kernel_gelu);
}

/* ---- Along a dim ---- */

static int64_t product(const int64_t *sizes, int64_t first, int64_t end)
{
    int64_t result = 1;
    for (int64_t i = first; i < end; i++)
        result *= sizes[i];
    return result;
}

static prune_status along_dim(prune_tensor **y, const char *function, const prune_tensor *x, int64_t dim,
                              pruni_kernel_along_dim *kernel)
{
    if (!y || !x)
        return pruni_null_argument(function, y ? "x" : "y");
    prune_tensor *input = NULL, *result = NULL;
    bool failed = pruni_wrap_dim(&dim, dim, x->ndim) || pruni_float32_contiguous(&input, function, x)
                  || prune_tensor_empty(&result, x->sizes, x->ndim, PRUNE_FLOAT32);
    if (!failed && x->numel > 0) {
        int64_t outer = product(x->sizes, 0, dim), inner = product(x->sizes, dim + 1, x->ndim);
        kernel(pruni_tensor_pointer(result), pruni_tensor_pointer(input), outer, x->numel / outer / inner, inner);
    }
    prune_tensor_release(input);
    if (failed)
        return prune_last_status();
    *y = result;
    return PRUNE_OK;
}

prune_status prune_softmax(prune_tensor **y, const prune_tensor *x, int64_t dim)
{
    return along_dim(y, __func__, x, dim, pruni_kernel_softmax);
}

prune_status prune_log_softmax(prune_tensor **y, const prune_tensor *x, int64_t dim)
{
    return along_dim(y, __func__, x, dim, pruni_kernel_log_softmax);
}
