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

/* The channels of t along the pattern's dim, and room for the entries of a group. */
static prune_status prepare(pruni_channels *channels, void **scratch, const pattern *p, const prune_tensor *t)
{
    int64_t dim;
    prune_status status = check_groups(&dim, p, t);
    if (status != PRUNE_OK)
        return status;
    *channels = pruni_channels_of(t, dim);
    *scratch = pruni_alloc_array(t->numel > 0 ? (size_t)p->m : 0, sizeof(uint64_t));
    return *scratch ? PRUNE_OK : PRUNE_ERROR_MEMORY;
}

static prune_status mask_all(void *context, prune_tensor *mask, const prune_tensor *t)
{
    const pattern *p = context;
    pruni_channels channels;
    void *scratch = NULL;
    if (prepare(&channels, &scratch, p, t))
        return prune_last_status();
    if (t->numel > 0)
        pruni_kernel_mask_n_of_m(pruni_tensor_pointer(mask), pruni_tensor_pointer(t), channels, p->n, p->m, scratch);
    pruni_free(scratch);
    return PRUNE_OK;
}

static prune_status fuse(void *context, pruni_fusion *fusion)
{
    return prepare(&fusion->channels, &fusion->plan, context, fusion->t);
}

static void write(void *context, pruni_fusion *fusion)
{
    const pattern *p = context;
    const pruni_run *run = fusion->runs;
    if (!run->before && p->m == 4 && fusion->channels.inner == 1)
        pruni_kernel_prune_n_of_four(run->mask, run->value, run->orig, run->scores, run->n / 4, p->n);
    else
        pruni_kernel_prune_n_of_m(run, fusion->channels, p->n, p->m, fusion->plan);
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
    .write = write,
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

bool pruni_method_as_n_m(int64_t *dim, const prune_method *method)
{
    if (method->own != &n_m_class)
        return false;
    *dim = ((const pattern *)method->context)->dim;
    return true;
}
