/* N:M: of m consecutive entries the n largest stay. */
#include "prune/internal.h"

typedef struct pattern {
    int64_t n, m, dim;
} pattern;

static prune_status check_groups(int64_t *dim, const pattern *p, const prune_tensor *t)
{
    if (pruni_check_dim(dim, p->dim, t))
        return prune_last_status();
    if (t->sizes[*dim] % p->m == 0)
        return PRUNE_OK;
    char shape[PRUNI_SHAPE_TEXT];
    return prune_fail(PRUNE_ERROR_VALUE, "m=%lld does not divide the size of dim %lld of a tensor of shape %s",
                      (long long)p->m, (long long)p->dim, pruni_shape_text(shape, t->sizes, t->ndim));
}

static prune_status mask_groups(const pattern *p, float *mask, const prune_tensor *t, int64_t dim)
{
    if (t->numel == 0)
        return PRUNE_OK;
    uint64_t *scratch = pruni_alloc_array((size_t)p->m, sizeof *scratch);
    if (!scratch)
        return PRUNE_ERROR_MEMORY;
    pruni_kernel_mask_n_of_m(mask, pruni_tensor_pointer(t), pruni_channels_of(t, dim), p->n, p->m, scratch);
    pruni_free(scratch);
    return PRUNE_OK;
}

static prune_status mask_all(void *context, prune_tensor *mask, const prune_tensor *t)
{
    int64_t dim;
    if (check_groups(&dim, context, t))
        return prune_last_status();
    return mask_groups(context, pruni_tensor_pointer(mask), t, dim);
}

static prune_status fuse(void *context, pruni_fusion *fusion)
{
    const pattern *p = context;
    const pruni_run *run = fusion->runs;
    int64_t dim;
    if (check_groups(&dim, p, fusion->t))
        return prune_last_status();
    if (p->m == 4 && pruni_channels_of(fusion->t, dim).inner == 1) {
        pruni_kernel_prune_n_of_four(run->mask, run->value, run->orig, run->scores, run->n / 4, p->n);
        return PRUNE_OK;
    }
    const float one = 1;
    pruni_kernel_fill(sizeof one, run->mask, 1, &one, run->n);
    if (mask_groups(p, run->mask, fusion->t, dim))
        return prune_last_status();
    pruni_kernel_multiply(run->value, 1, run->mask, 1, run->orig, 1, run->n);
    return PRUNE_OK;
}

static const pruni_class n_m_class = {
    .ops = {
        .size = sizeof(prune_method_ops),
        .type_name = "NM",
        .type = PRUNE_GLOBAL,
        .context_size = sizeof(pattern),
        .compute_mask = mask_all,
    },
    .fuse = fuse,
};

prune_status prune_method_n_m(prune_method **out, int64_t n, int64_t m, int64_t dim)
{
    PRUNI_REQUIRE(out);
    if (m < 1)
        return prune_fail(PRUNE_ERROR_VALUE, "m=%lld should be at least 1", (long long)m);
    if (n < 0 || n > m)
        return prune_fail(PRUNE_ERROR_VALUE, "n=%lld should be in the range 0 to m=%lld", (long long)n, (long long)m);
    const pattern p = { n, m, dim };
    return pruni_method_create_own(out, &n_m_class, &p);
}
