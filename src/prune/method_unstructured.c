/* RandomUnstructured, L1Unstructured, LnUnstructured: single entries. */
#include "prune/internal.h"

typedef struct entries {
    prune_amount amount;
    prune_ties ties;
} entries;

static prune_status zero_least(void *context, prune_tensor *mask, const prune_tensor *t)
{
    const entries *e = context;
    int64_t count;
    if (pruni_units_to_prune(&count, e->amount, t->numel))
        return prune_last_status();
    return pruni_choose(pruni_tensor_pointer(mask), 0, pruni_tensor_pointer(t), t->numel, count, false, e->ties);
}

static prune_status zero_at_random(void *context, prune_tensor *mask, const prune_tensor *t)
{
    const entries *e = context;
    int64_t count;
    if (pruni_units_to_prune(&count, e->amount, t->numel))
        return prune_last_status();
    if (count == 0)
        return PRUNE_OK;
    float *draws = pruni_alloc_array((size_t)t->numel, sizeof *draws);
    if (!draws)
        return PRUNE_ERROR_MEMORY;
    pruni_generator_uniform(NULL, draws, t->numel);
    prune_status status = pruni_choose(pruni_tensor_pointer(mask), 0, draws, t->numel, count, true, e->ties);
    pruni_free(draws);
    return status;
}

static prune_status fuse_least(void *context, pruni_fusion *fusion)
{
    const entries *e = context;
    return pruni_fuse_entries(fusion, e->amount, e->ties, false);
}

static prune_status fuse_at_random(void *context, pruni_fusion *fusion)
{
    const entries *e = context;
    return pruni_fuse_entries(fusion, e->amount, e->ties, true);
}

static const pruni_class random_class = {
    .ops = {
        .size = sizeof(prune_method_ops),
        .type_name = "RandomUnstructured",
        .type = PRUNE_UNSTRUCTURED,
        .context_size = sizeof(entries),
        .compute_mask = zero_at_random,
    },
    .any_strides = true,
    .fuse = fuse_at_random,
    .write = pruni_write_entries,
    .chooses_entries = true,
    .draws = true,
};

static const pruni_class l1_class = {
    .ops = {
        .size = sizeof(prune_method_ops),
        .type_name = "L1Unstructured",
        .type = PRUNE_UNSTRUCTURED,
        .context_size = sizeof(entries),
        .compute_mask = zero_least,
    },
    .fuse = fuse_least,
    .write = pruni_write_entries,
    .chooses_entries = true,
};

/* The norm of one entry is its magnitude. */
static const pruni_class ln_class = {
    .ops = {
        .size = sizeof(prune_method_ops),
        .type_name = "LnUnstructured",
        .type = PRUNE_UNSTRUCTURED,
        .context_size = sizeof(entries),
        .compute_mask = zero_least,
    },
    .fuse = fuse_least,
    .write = pruni_write_entries,
    .chooses_entries = true,
};

static prune_status create(prune_method **out, const pruni_class *own, prune_amount amount,
                           const prune_method_options *options)
{
    prune_ties ties;
    if (pruni_check_amount(amount) || pruni_check_method_options(&ties, options))
        return prune_last_status();
    const entries e = { amount, ties };
    return pruni_method_create_own(out, own, &e);
}

prune_status prune_method_random_unstructured(prune_method **out, prune_amount amount,
                                              const prune_method_options *options)
{
    PRUNI_REQUIRE(out);
    return create(out, &random_class, amount, options);
}

prune_status prune_method_l1_unstructured(prune_method **out, prune_amount amount, const prune_method_options *options)
{
    PRUNI_REQUIRE(out);
    return create(out, &l1_class, amount, options);
}

static prune_status check_entry_norm(prune_norm n)
{
    if (pruni_check_norm("prune_ln_unstructured", n))
        return prune_last_status();
    if (n.kind != prune_norm_p(2).kind)
        return prune_fail(PRUNE_ERROR_VALUE, "prune_ln_unstructured: 'fro' and 'nuc' are norms of matrices, not "
                                             "of entries");
    if (n.order == 0)
        return prune_fail(PRUNE_ERROR_VALUE, "prune_ln_unstructured: n=0 makes no difference between entries");
    return PRUNE_OK;
}

prune_status pruni_method_ln_unstructured(prune_method **out, prune_amount amount, prune_norm n)
{
    if (pruni_check_amount(amount) || check_entry_norm(n))
        return prune_last_status();
    return create(out, &ln_class, amount, NULL);
}

bool pruni_method_as_entries(prune_amount *amount, prune_ties *ties, bool *at_random, const prune_method *method)
{
    bool is_random = method->own == &random_class;
    if (!is_random && method->own != &l1_class && method->own != &ln_class)
        return false;
    const entries *e = method->context;
    *amount = e->amount;
    *ties = e->ties;
    *at_random = is_random;
    return true;
}
