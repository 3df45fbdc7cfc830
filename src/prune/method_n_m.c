/* N:M: of m consecutive entries the n largest stay. */
#include "prune/internal.h"

typedef struct pattern {
    int64_t n, m, dim;
} pattern;

static prune_status mask_groups(void *context, prune_tensor *mask, const prune_tensor *t)
{
    const pattern *p = context;
    int64_t dim;
    if (pruni_check_dim(&dim, p->dim, t))
        return prune_last_status();
    if (t->sizes[dim] % p->m != 0) {
        char shape[PRUNI_SHAPE_TEXT];
        return prune_fail(PRUNE_ERROR_VALUE, "m=%lld does not divide the size of dim %lld of a tensor of shape %s",
                          (long long)p->m, (long long)p->dim, pruni_shape_text(shape, t->sizes, t->ndim));
    }
    if (t->numel == 0)
        return PRUNE_OK;
    uint64_t *scratch = pruni_alloc_array((size_t)p->m, sizeof *scratch);
    if (!scratch)
        return PRUNE_ERROR_MEMORY;
    pruni_kernel_mask_n_of_m(pruni_tensor_pointer(mask), pruni_tensor_pointer(t), pruni_channels_of(t, dim), p->n, p->m,
                             scratch);
    pruni_free(scratch);
    return PRUNE_OK;
}

static const pruni_class n_m_class = {
    .ops = {
        .size = sizeof(prune_method_ops),
        .type_name = "NM",
        .type = PRUNE_GLOBAL,
        .context_size = sizeof(pattern),
        .compute_mask = mask_groups,
    },
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
