/* RandomStructured, LnStructured: whole channels along a dim. */
#include "prune/internal.h"

typedef struct channels {
    prune_amount amount;
    int64_t dim;
    prune_norm norm;
    prune_ties ties;
} channels;

static int64_t dim_of(const void *context)
{
    return ((const channels *)context)->dim;
}

/* PyTorch's checks, in its order: the dim from the front, the channels along it, how many to prune. */
static prune_status count_channels(int64_t *dim, int64_t *size, int64_t *count, const channels *c,
                                   const prune_tensor *t)
{
    if (pruni_check_structured(t) || pruni_check_dim(dim, c->dim, t))
        return prune_last_status();
    *size = t->sizes[*dim];
    return pruni_units_to_prune(count, c->amount, *size);
}

static void fill(float *scales, float value, int64_t size)
{
    pruni_kernel_fill(sizeof value, scales, 1, &value, size);
}

/* The k-th smallest draw is a threshold: should draws tie there, all of them go. */
static void zero_by_draws(float *scales, const float *draws, int64_t size, int64_t count)
{
    pruni_selection found;
    pruni_kernel_select(&found, draws, size, count, false);
    found.equal_chosen = found.equal;
    pruni_kernel_select_fill(scales, 0, draws, size, &found);
}

/* What becomes of the scales: the plain door multiplies a mask by them, the fused one writes mask and value. */
typedef struct result {
    prune_tensor *mask;
    pruni_fusion *fusion;
} result;

static void finish(const result *r, const prune_tensor *t, const float *scales, int64_t dim)
{
    if (r->fusion) {
        const pruni_run *run = r->fusion->runs;
        pruni_kernel_prune_channels(run->mask, run->value, run->orig, scales, pruni_channels_of(t, dim));
    } else {
        pruni_kernel_scale_channels(pruni_tensor_pointer(r->mask), scales, pruni_channels_of(t, dim));
    }
}

static prune_status at_random(const void *context, const result *r, const prune_tensor *t)
{
    int64_t dim = 0, size = 0, count = 0;
    if (count_channels(&dim, &size, &count, context, t))
        return prune_last_status();
    float *draws = pruni_alloc_array((size_t)size, 2 * sizeof *draws);
    if (!draws)
        return PRUNE_ERROR_MEMORY;
    float *scales = draws + size;
    fill(scales, 1, size);
    if (count > 0) {
        pruni_generator_uniform(NULL, draws, size);
        zero_by_draws(scales, draws, size, count);
    }
    finish(r, t, scales, dim);
    pruni_free(draws);
    return PRUNE_OK;
}

static prune_status scale_at_random(void *context, prune_tensor *mask, const prune_tensor *t)
{
    return at_random(context, &(result){ mask, NULL }, t);
}

static prune_status fuse_at_random(void *context, pruni_fusion *fusion)
{
    return at_random(context, &(result){ NULL, fusion }, fusion->t);
}

/* PyTorch asks which channels are largest; for the lowest index to go first, the question is which are smallest. */
static prune_status scale_by_norms(float *scales, const float *norms, int64_t size, int64_t count, prune_ties ties)
{
    bool ask_for_largest = ties == PRUNE_TIES_TORCH;
    float chosen = ask_for_largest ? 1 : 0;
    fill(scales, 1 - chosen, size);
    return pruni_choose(scales, chosen, norms, size, ask_for_largest ? size - count : count, ask_for_largest, ties);
}

static prune_status least(const channels *c, const result *r, const prune_tensor *t)
{
    int64_t dim = 0, size = 0, count = 0;
    if (count_channels(&dim, &size, &count, c, t))
        return prune_last_status();
    float *norms = pruni_alloc_array((size_t)size, 2 * sizeof *norms);
    if (!norms)
        return PRUNE_ERROR_MEMORY;
    float *scales = norms + size;
    prune_status status = pruni_channel_norms(norms, t, c->norm, dim);
    fill(scales, 1, size);
    if (status == PRUNE_OK && count > 0)
        status = scale_by_norms(scales, norms, size, count, c->ties);
    if (status == PRUNE_OK)
        finish(r, t, scales, dim);
    pruni_free(norms);
    return status;
}

static prune_status scale_least(void *context, prune_tensor *mask, const prune_tensor *t)
{
    return least(context, &(result){ mask, NULL }, t);
}

static prune_status fuse_least(void *context, pruni_fusion *fusion)
{
    return least(context, &(result){ NULL, fusion }, fusion->t);
}

static const pruni_class random_class = {
    .ops = {
        .size = sizeof(prune_method_ops),
        .type_name = "RandomStructured",
        .type = PRUNE_STRUCTURED,
        .context_size = sizeof(channels),
        .compute_mask = scale_at_random,
        .dim = dim_of,
    },
    .any_strides = true,
    .fuse = fuse_at_random,
};

static const pruni_class ln_class = {
    .ops = {
        .size = sizeof(prune_method_ops),
        .type_name = "LnStructured",
        .type = PRUNE_STRUCTURED,
        .context_size = sizeof(channels),
        .compute_mask = scale_least,
        .dim = dim_of,
    },
    .any_strides = true,
    .fuse = fuse_least,
};

prune_status prune_method_random_structured(prune_method **out, prune_amount amount, int64_t dim)
{
    PRUNI_REQUIRE(out);
    if (pruni_check_amount(amount))
        return prune_last_status();
    const channels c = { .amount = amount, .dim = dim };
    return pruni_method_create_own(out, &random_class, &c);
}

prune_status prune_method_ln_structured(prune_method **out, prune_amount amount, prune_norm n, int64_t dim,
                                        const prune_method_options *options)
{
    PRUNI_REQUIRE(out);
    prune_ties ties;
    if (pruni_check_amount(amount) || pruni_check_norm("prune_method_ln_structured", n)
        || pruni_check_method_options(&ties, options))
        return prune_last_status();
    const channels c = { amount, dim, n, ties };
    return pruni_method_create_own(out, &ln_class, &c);
}
