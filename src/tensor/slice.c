/* Parts of a tensor as views: select, narrow, slice. */
#include "tensor/internal.h"

#include <string.h>

static prune_status not_for_scalars(const char *operation, prune_status status, const prune_tensor *t)
{
    if (t->ndim > 0)
        return PRUNE_OK;
    return prune_fail(status, "%s() cannot be applied to a 0-dim tensor.", operation);
}

prune_status prune_tensor_select(prune_tensor **out, prune_tensor *t, int64_t dim, int64_t index)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE(t);
    if (not_for_scalars("select", PRUNE_ERROR_INDEX, t) || pruni_wrap_dim(&dim, dim, t->ndim))
        return prune_last_status();
    int64_t size = t->sizes[dim];
    if (index < -size || index >= size) {
        char text[PRUNI_SHAPE_TEXT];
        return prune_fail(PRUNE_ERROR_INDEX,
                          "select(): index %lld out of range for tensor of size %s at dimension %lld", (long long)index,
                          pruni_list_text(text, t->sizes, t->ndim), (long long)dim);
    }
    int64_t sizes[PRUNE_MAX_DIMS], strides[PRUNE_MAX_DIMS];
    int64_t ndim = 0;
    for (int64_t i = 0; i < t->ndim; i++) {
        if (i == dim)
            continue;
        sizes[ndim] = t->sizes[i];
        strides[ndim++] = t->strides[i];
    }
    int64_t entry = index < 0 ? index + size : index;
    return pruni_tensor_view_over(out, t, entry * t->strides[dim], sizes, strides, ndim);
}

/* The view with `length` entries of `dim` from `start` on, a step apart; all in range. */
static prune_status part(prune_tensor **out, const prune_tensor *t, int64_t dim, int64_t start, int64_t length,
                         int64_t step)
{
    int64_t sizes[PRUNE_MAX_DIMS], strides[PRUNE_MAX_DIMS];
    memcpy(sizes, t->sizes, sizeof sizes);
    memcpy(strides, t->strides, sizeof strides);
    sizes[dim] = length;
    strides[dim] = pruni_outer_stride(step, t->strides[dim]);
    int64_t offset = length > 0 ? start * t->strides[dim] : 0; /* an empty part lies nowhere */
    return pruni_tensor_view_over(out, t, offset, sizes, strides, t->ndim);
}

prune_status prune_tensor_narrow(prune_tensor **out, prune_tensor *t, int64_t dim, int64_t start, int64_t length)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE(t);
    if (not_for_scalars("narrow", PRUNE_ERROR_RUNTIME, t))
        return prune_last_status();
    if (length < 0)
        return prune_fail(PRUNE_ERROR_RUNTIME, "narrow(): length must be non-negative.");
    if (pruni_wrap_dim(&dim, dim, t->ndim))
        return prune_last_status();
    int64_t size = t->sizes[dim];
    if (start < -size || start > size)
        return prune_fail(PRUNE_ERROR_INDEX,
                          "start out of range (expected to be in range of [%lld, %lld], but got %lld)",
                          (long long)-size, (long long)size, (long long)start);
    int64_t first = start < 0 ? start + size : start;
    if (first > size - length)
        return prune_fail(PRUNE_ERROR_RUNTIME, "start (%lld) + length (%lld) exceeds dimension size (%lld).",
                          (long long)first, (long long)length, (long long)size);
    return part(out, t, dim, first, length, 1);
}

/* Python's reading of a bound: negative ones count from the end, all are clamped to [0, size]. */
static int64_t clamp_bound(int64_t bound, int64_t size)
{
    if (bound < 0)
        bound = bound < -size ? 0 : bound + size;
    return bound > size ? size : bound;
}

prune_status prune_tensor_slice(prune_tensor **out, prune_tensor *t, int64_t dim, int64_t start, int64_t end,
                                int64_t step)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE(t);
    if (not_for_scalars("slice", PRUNE_ERROR_INDEX, t) || pruni_wrap_dim(&dim, dim, t->ndim))
        return prune_last_status();
    if (step < 1)
        return prune_fail(PRUNE_ERROR_VALUE,
                          step == 0 ? "slice step cannot be zero" : "step must be greater than zero");
    int64_t first = clamp_bound(start, t->sizes[dim]);
    int64_t last = clamp_bound(end, t->sizes[dim]);
    int64_t length = last > first ? (last - first - 1) / step + 1 : 0;
    return part(out, t, dim, first, length, step);
}
