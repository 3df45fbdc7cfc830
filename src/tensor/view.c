/* Other shapes for the same elements in the same order: view, reshape, flatten. */
#include "tensor/internal.h"

#include <assert.h>
#include <string.h>

static prune_status invalid_shape(const prune_tensor *t, const int64_t *sizes, int64_t ndim)
{
    char text[PRUNI_SHAPE_TEXT];
    return prune_fail(PRUNE_ERROR_RUNTIME, "shape '%s' is invalid for input of size %lld",
                      pruni_list_text(text, sizes, ndim), (long long)t->numel);
}

static prune_status ambiguous_shape(const int64_t *sizes, int64_t ndim)
{
    char text[PRUNI_SHAPE_TEXT];
    return prune_fail(PRUNE_ERROR_RUNTIME,
                      "cannot reshape tensor of 0 elements into shape %s because the unspecified dimension size -1 can "
                      "be any value and is ambiguous",
                      pruni_list_text(text, sizes, ndim));
}

/* Puts into `resolved` the sizes with a −1 replaced by what is left. */
static prune_status resolve_sizes(int64_t resolved[PRUNE_MAX_DIMS], const prune_tensor *t, const int64_t *sizes,
                                  int64_t ndim)
{
    int64_t inferred = -1;
    int64_t product = 1;
    if (pruni_check_rank(ndim))
        return prune_last_status();
    for (int64_t i = 0; i < ndim; i++) {
        char text[PRUNI_SHAPE_TEXT];
        if (sizes[i] < -1)
            return prune_fail(PRUNE_ERROR_RUNTIME, "invalid shape dimension %lld at index %lld of shape %s",
                              (long long)sizes[i], (long long)i, pruni_list_text(text, sizes, ndim));
        if (sizes[i] == -1 && inferred >= 0)
            return prune_fail(PRUNE_ERROR_RUNTIME, "only one dimension can be inferred");
        if (sizes[i] == -1)
            inferred = i;
        else if (!pruni_multiply_int64(&product, product, sizes[i]))
            return invalid_shape(t, sizes, ndim);
        resolved[i] = sizes[i];
    }
    if (inferred >= 0 && product == 0 && t->numel == 0)
        return ambiguous_shape(sizes, ndim);
    if (inferred < 0 ? product != t->numel : product == 0 || t->numel % product != 0)
        return invalid_shape(t, sizes, ndim);
    if (inferred >= 0)
        resolved[inferred] = t->numel / product;
    return PRUNE_OK;
}

/* Strides of the new shape over t's elements; false where there are none. Dims of t that lie together in memory form a
 * chunk, from the innermost outwards; each chunk must be a run of whole dims of the new shape. */
static bool view_strides(int64_t strides[PRUNE_MAX_DIMS], const prune_tensor *t, const int64_t *sizes, int64_t ndim)
{
    if (t->numel == 0 || t->ndim == 0) {
        pruni_contiguous_strides(strides, sizes, ndim);
        return true;
    }
    int64_t d = ndim - 1; /* of the new shape */
    int64_t chunk = 1;    /* elements of t's chunk, and of the new dims that cover it so far */
    int64_t covered = 1;
    int64_t base = t->strides[t->ndim - 1];
    for (int64_t i = t->ndim - 1; i >= 0; i--) {
        chunk *= t->sizes[i];
        if (i > 0 && (t->sizes[i - 1] == 1 || t->strides[i - 1] == chunk * base))
            continue;
        for (; d >= 0 && (covered < chunk || sizes[d] == 1); d--) {
            strides[d] = covered * base;
            covered *= sizes[d];
        }
        if (covered != chunk)
            return false;
        if (i > 0)
            base = t->strides[i - 1];
        chunk = covered = 1;
    }
    return d == -1;
}

/* The same, but an empty tensor that keeps its shape keeps its strides. */
static bool can_view(int64_t strides[PRUNE_MAX_DIMS], const prune_tensor *t, const int64_t *sizes, int64_t ndim)
{
    if (t->numel > 0 || ndim != t->ndim || memcmp(sizes, t->sizes, (size_t)ndim * sizeof sizes[0]) != 0)
        return view_strides(strides, t, sizes, ndim);
    memcpy(strides, t->strides, (size_t)ndim * sizeof strides[0]);
    return true;
}

prune_status prune_tensor_view(prune_tensor **out, prune_tensor *t, const int64_t *sizes, int64_t ndim)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE(t);
    PRUNI_REQUIRE_ARRAY(sizes, ndim);
    int64_t resolved[PRUNE_MAX_DIMS], strides[PRUNE_MAX_DIMS];
    if (resolve_sizes(resolved, t, sizes, ndim))
        return prune_last_status();
    if (!can_view(strides, t, resolved, ndim))
        return prune_fail(PRUNE_ERROR_RUNTIME,
                          "view size is not compatible with input tensor's size and stride (at least one dimension "
                          "spans across two contiguous subspaces). Use .reshape(...) instead.");
    return pruni_tensor_view_over(out, t, 0, resolved, strides, ndim);
}

prune_status prune_tensor_reshape(prune_tensor **out, prune_tensor *t, const int64_t *sizes, int64_t ndim)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE(t);
    PRUNI_REQUIRE_ARRAY(sizes, ndim);
    int64_t resolved[PRUNE_MAX_DIMS], strides[PRUNE_MAX_DIMS];
    if (resolve_sizes(resolved, t, sizes, ndim))
        return prune_last_status();
    if (can_view(strides, t, resolved, ndim))
        return pruni_tensor_view_over(out, t, 0, resolved, strides, ndim);
    prune_tensor *copy = NULL;
    if (prune_tensor_contiguous(&copy, t))
        return prune_last_status();
    prune_status status = pruni_tensor_view_over(out, copy, 0, resolved, NULL, ndim);
    prune_tensor_release(copy);
    return status;
}

prune_status prune_tensor_flatten(prune_tensor **out, prune_tensor *t, int64_t start_dim, int64_t end_dim)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE(t);
    int64_t start, end;
    if (pruni_wrap_dim(&start, start_dim, t->ndim) || pruni_wrap_dim(&end, end_dim, t->ndim))
        return prune_last_status();
    if (start > end)
        return prune_fail(PRUNE_ERROR_RUNTIME, "flatten() has invalid args: start_dim cannot come after end_dim");
    if (t->ndim == 0)
        return prune_tensor_reshape(out, t, (const int64_t[]){ 1 }, 1);
    assert(start >= 0);
    if (start == end)
        return pruni_tensor_view_over(out, t, 0, t->sizes, t->strides, t->ndim);
    int64_t sizes[PRUNE_MAX_DIMS];
    int64_t ndim = 0;
    for (int64_t i = 0; i < t->ndim; i++) {
        if (i > start && i <= end)
            sizes[ndim - 1] *= t->sizes[i];
        else
            sizes[ndim++] = t->sizes[i];
    }
    return prune_tensor_reshape(out, t, sizes, ndim);
}
