/* Dims added, dropped, reordered and repeated as views: squeeze, unsqueeze, transpose, permute, expand. */
#include "tensor/internal.h"

#include <string.h>

prune_status prune_tensor_squeeze(prune_tensor **out, prune_tensor *t, const int64_t *dim)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE(t);
    int64_t only = -1;
    if (dim && pruni_wrap_dim(&only, *dim, t->ndim))
        return prune_last_status();
    int64_t sizes[PRUNE_MAX_DIMS], strides[PRUNE_MAX_DIMS];
    int64_t ndim = 0;
    for (int64_t i = 0; i < t->ndim; i++) {
        if (t->sizes[i] == 1 && (!dim || i == only))
            continue;
        sizes[ndim] = t->sizes[i];
        strides[ndim++] = t->strides[i];
    }
    return pruni_tensor_view_over(out, t, 0, sizes, strides, ndim);
}

prune_status prune_tensor_unsqueeze(prune_tensor **out, prune_tensor *t, int64_t dim)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE(t);
    if (pruni_wrap_dim(&dim, dim, t->ndim + 1) || pruni_check_rank(t->ndim + 1))
        return prune_last_status();
    int64_t sizes[PRUNE_MAX_DIMS], strides[PRUNE_MAX_DIMS];
    for (int64_t i = 0; i < t->ndim; i++) {
        sizes[i < dim ? i : i + 1] = t->sizes[i];
        strides[i < dim ? i : i + 1] = t->strides[i];
    }
    sizes[dim] = 1;
    strides[dim] = dim < t->ndim ? pruni_outer_stride(t->sizes[dim], t->strides[dim]) : 1;
    return pruni_tensor_view_over(out, t, 0, sizes, strides, t->ndim + 1);
}

/* The view whose dim i is t's dim order[i]. */
static prune_status reordered(prune_tensor **out, const prune_tensor *t, const int64_t *order)
{
    int64_t sizes[PRUNE_MAX_DIMS], strides[PRUNE_MAX_DIMS];
    for (int64_t i = 0; i < t->ndim; i++) {
        sizes[i] = t->sizes[order[i]];
        strides[i] = t->strides[order[i]];
    }
    return pruni_tensor_view_over(out, t, 0, sizes, strides, t->ndim);
}

prune_status prune_tensor_transpose(prune_tensor **out, prune_tensor *t, int64_t dim0, int64_t dim1)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE(t);
    if (pruni_wrap_dim(&dim0, dim0, t->ndim) || pruni_wrap_dim(&dim1, dim1, t->ndim))
        return prune_last_status();
    int64_t order[PRUNE_MAX_DIMS];
    for (int64_t i = 0; i < PRUNE_MAX_DIMS; i++)
        order[i] = i;
    order[dim0] = dim1;
    order[dim1] = dim0;
    return reordered(out, t, order);
}

prune_status prune_tensor_permute(prune_tensor **out, prune_tensor *t, const int64_t *dims, int64_t ndim)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE(t);
    if (ndim != t->ndim)
        return prune_fail(
            PRUNE_ERROR_RUNTIME,
            "permute(): number of dimensions in the tensor input does not match the length of the desired "
            "ordering of dimensions i.e. input.dim() = %lld is not equal to len(dims) = %lld",
            (long long)t->ndim, (long long)ndim);
    PRUNI_REQUIRE_ARRAY(dims, ndim);
    int64_t order[PRUNE_MAX_DIMS];
    bool seen[PRUNE_MAX_DIMS] = { false };
    for (int64_t i = 0; i < ndim; i++) {
        if (pruni_wrap_dim(&order[i], dims[i], ndim))
            return prune_last_status();
        if (seen[order[i]])
            return prune_fail(PRUNE_ERROR_RUNTIME, "permute(): duplicate dims are not allowed.");
        seen[order[i]] = true;
    }
    return reordered(out, t, order);
}

static prune_status cannot_expand(const prune_tensor *t, const int64_t *sizes, int64_t ndim, int64_t dim, int64_t size)
{
    char target[PRUNI_SHAPE_TEXT], own[PRUNI_SHAPE_TEXT];
    return prune_fail(PRUNE_ERROR_RUNTIME,
                      "The expanded size of the tensor (%lld) must match the existing size (%lld) at non-singleton "
                      "dimension %lld.  Target sizes: %s.  Tensor sizes: %s",
                      (long long)sizes[dim], (long long)size, (long long)dim, pruni_list_text(target, sizes, ndim),
                      pruni_list_text(own, t->sizes, t->ndim));
}

static prune_status check_expanded_rank(const prune_tensor *t, const int64_t *sizes, int64_t ndim)
{
    if (pruni_check_rank(ndim))
        return prune_last_status();
    char own[PRUNI_SHAPE_TEXT], target[PRUNI_SHAPE_TEXT];
    if (ndim < t->ndim)
        return prune_fail(PRUNE_ERROR_RUNTIME,
                          "expand(%s, size=%s): the number of sizes provided (%lld) must be greater or equal to the "
                          "number of dimensions in the tensor (%lld)",
                          pruni_shape_text(own, t->sizes, t->ndim), pruni_list_text(target, sizes, ndim),
                          (long long)ndim, (long long)t->ndim);
    return PRUNE_OK;
}

prune_status prune_tensor_expand(prune_tensor **out, prune_tensor *t, const int64_t *sizes, int64_t ndim)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE(t);
    PRUNI_REQUIRE_ARRAY(sizes, ndim);
    if (check_expanded_rank(t, sizes, ndim))
        return prune_last_status();
    int64_t expanded[PRUNE_MAX_DIMS], strides[PRUNE_MAX_DIMS];
    int64_t outer = 0; /* the stride of a new dim */
    for (int64_t i = ndim - 1; i >= 0; i--) {
        int64_t own = i - (ndim - t->ndim);
        if (own < 0 && sizes[i] == -1)
            return prune_fail(PRUNE_ERROR_RUNTIME,
                              "The expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension "
                              "%lld",
                              (long long)i);
        int64_t size = own < 0 ? 1 : t->sizes[own];
        bool keeps = sizes[i] == size || sizes[i] == -1;
        if (!keeps && (size != 1 || sizes[i] < 0))
            return cannot_expand(t, sizes, ndim, i, size);
        expanded[i] = keeps ? size : sizes[i];
        if (!keeps)
            strides[i] = 0;
        else
            strides[i] = own < 0 ? outer : t->strides[own];
        outer = pruni_outer_stride(expanded[i], strides[i]);
    }
    return pruni_tensor_view_over(out, t, 0, expanded, strides, ndim);
}
