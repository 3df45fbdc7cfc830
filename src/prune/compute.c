/* Running a method on plain tensors, and what methods share. */
#include "prune/internal.h"

/* ---- What methods share ---- */

prune_status pruni_check_method_options(prune_ties *ties, const prune_method_options *options)
{
    *ties = PRUNE_TIES_TORCH;
    if (!options)
        return PRUNE_OK;
    if (pruni_check_size("prune_method_options", options->size, sizeof *options))
        return prune_last_status();
    if (options->ties != PRUNE_TIES_TORCH && options->ties != PRUNE_TIES_LOWEST_INDEX)
        return prune_fail(PRUNE_ERROR_VALUE, "prune_method_options: %d is no way to break ties", (int)options->ties);
    *ties = options->ties;
    return PRUNE_OK;
}

prune_status pruni_check_structured(const prune_tensor *t)
{
    if (t->ndim >= 2)
        return PRUNE_OK;
    char shape[PRUNI_SHAPE_TEXT];
    return prune_fail(PRUNE_ERROR_VALUE,
                      "Structured pruning can only be applied to multidimensional tensors. Found tensor of shape %s "
                      "with %lld dims",
                      pruni_shape_text(shape, t->sizes, t->ndim), (long long)t->ndim);
}

prune_status pruni_check_dim(int64_t *out, int64_t dim, const prune_tensor *t)
{
    char shape[PRUNI_SHAPE_TEXT];
    if (dim >= t->ndim)
        return prune_fail(PRUNE_ERROR_INDEX, "Invalid index %lld for tensor of size %s", (long long)dim,
                          pruni_shape_text(shape, t->sizes, t->ndim));
    if (dim < -t->ndim)
        return prune_fail(PRUNE_ERROR_INDEX, "tuple index out of range");
    *out = dim < 0 ? dim + t->ndim : dim;
    return PRUNE_OK;
}

pruni_channels pruni_channels_of(const prune_tensor *t, int64_t dim)
{
    pruni_channels channels = { 1, t->sizes[dim], 1 };
    for (int64_t i = 0; i < dim; i++)
        channels.outer *= t->sizes[i];
    for (int64_t i = dim + 1; i < t->ndim; i++)
        channels.inner *= t->sizes[i];
    return channels;
}

void pruni_channel_sums(float *sums, const prune_tensor *mask, int64_t dim)
{
    const float zero = 0;
    pruni_walk walk;
    if (prune_tensor_is_contiguous(mask)) {
        pruni_kernel_channel_sums(sums, pruni_tensor_pointer(mask), pruni_channels_of(mask, dim));
        return;
    }
    int64_t rows[PRUNE_MAX_DIMS];
    pruni_contiguous_strides(rows, mask->sizes, mask->ndim);
    pruni_kernel_fill(sizeof zero, sums, 1, &zero, mask->sizes[dim]);
    pruni_walk_channels(&walk, mask, dim, rows, sums);
    while (pruni_walk_next(&walk))
        pruni_kernel_add(walk.data[0], walk.strides[0], walk.data[0], walk.strides[0], walk.data[1], walk.strides[1],
                         walk.length);
}

prune_status pruni_mask_copy(prune_tensor **out, const prune_tensor *mask, const prune_tensor *like)
{
    if (!mask)
        return prune_tensor_ones(out, like->sizes, like->ndim, PRUNE_FLOAT32);
    prune_tensor *copy = NULL;
    if (prune_tensor_empty(&copy, mask->sizes, mask->ndim, PRUNE_FLOAT32))
        return prune_last_status();
    pruni_copy_values(copy, mask);
    *out = copy;
    return PRUNE_OK;
}

/* ---- Running ---- */

static prune_status run(prune_method *method, prune_tensor *mask, const prune_tensor *t)
{
    uint64_t failures = pruni_failure_count();
    prune_method_retain(method); /* whoever releases it meanwhile */
    prune_status status = method->ops->compute_mask(method->context, mask, t);
    status = pruni_callback_result(status, failures, "compute_mask", method->ops->type_name);
    prune_method_release(method);
    return status;
}

prune_status pruni_compute_mask(prune_method *method, prune_tensor *mask, const prune_tensor *t)
{
    if (prune_tensor_is_contiguous(t) || (method->own && method->own->any_strides))
        return run(method, mask, t);
    prune_tensor *contiguous = NULL;
    if (pruni_mask_copy(&contiguous, t, t))
        return prune_last_status();
    prune_status status = run(method, mask, contiguous);
    prune_tensor_release(contiguous);
    return status;
}

/* ---- Public ---- */

static prune_status check_default_mask(const char *function, const prune_tensor *t, const prune_tensor *default_mask)
{
    if (!default_mask || pruni_same_shape(default_mask, t))
        return PRUNE_OK;
    char mask_shape[PRUNI_SHAPE_TEXT], shape[PRUNI_SHAPE_TEXT];
    return prune_fail(PRUNE_ERROR_SHAPE, "%s: default_mask should have the same shape as tensor t, got %s vs %s",
                      function, pruni_shape_text(mask_shape, default_mask->sizes, default_mask->ndim),
                      pruni_shape_text(shape, t->sizes, t->ndim));
}

/* A new mask; draws taken are put back on failure. */
static prune_status compute(prune_tensor **out, const char *function, prune_method *method, const prune_tensor *t,
                            const prune_tensor *default_mask)
{
    prune_tensor *mask = NULL;
    struct prune_generator generator;
    if (pruni_check_float32(function, t) || check_default_mask(function, t, default_mask)
        || pruni_mask_copy(&mask, default_mask, t))
        return prune_last_status();
    pruni_generator_save(&generator, NULL);
    prune_status status = pruni_compute_mask(method, mask, t);
    if (status != PRUNE_OK) {
        pruni_generator_restore(NULL, &generator);
        prune_tensor_release(mask);
        return status;
    }
    *out = mask;
    return PRUNE_OK;
}

prune_status prune_method_compute_mask(prune_tensor **mask, prune_method *method, prune_tensor *t,
                                       prune_tensor *default_mask)
{
    PRUNI_REQUIRE(mask);
    PRUNI_REQUIRE(method);
    PRUNI_REQUIRE(t);
    return compute(mask, __func__, method, t, default_mask);
}

prune_status prune_method_prune(prune_tensor **out, prune_method *method, prune_tensor *t, prune_tensor *default_mask,
                                prune_tensor *importance_scores)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE(method);
    PRUNI_REQUIRE(t);
    if (importance_scores && !pruni_same_shape(importance_scores, t)) {
        char scores_shape[PRUNI_SHAPE_TEXT], shape[PRUNI_SHAPE_TEXT];
        return prune_fail(PRUNE_ERROR_SHAPE, "importance_scores should have the same shape as tensor t, got %s vs %s",
                          pruni_shape_text(scores_shape, importance_scores->sizes, importance_scores->ndim),
                          pruni_shape_text(shape, t->sizes, t->ndim));
    }
    prune_tensor *mask = NULL;
    struct prune_generator generator;
    if (pruni_check_float32(__func__, t))
        return prune_last_status();
    pruni_generator_save(&generator, NULL);
    prune_status status = compute(&mask, __func__, method, importance_scores ? importance_scores : t, default_mask);
    if (status == PRUNE_OK) {
        status = prune_tensor_mul(out, t, mask);
        if (status != PRUNE_OK)
            pruni_generator_restore(NULL, &generator);
    }
    prune_tensor_release(mask);
    return status;
}
