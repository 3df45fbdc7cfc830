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

/* The pattern's dim from the front, and room for the entries of a group. */
static prune_status prepare(int64_t *dim, void **scratch, const pattern *p, const prune_tensor *t)
{
    prune_status status = check_groups(dim, p, t);
    if (status != PRUNE_OK)
        return status;
    *scratch = pruni_alloc_array(t->numel > 0 ? (size_t)p->m : 0, sizeof(uint64_t));
    return *scratch ? PRUNE_OK : PRUNE_ERROR_MEMORY;
}

static prune_status mask_all(void *context, prune_tensor *mask, const prune_tensor *t)
{
    const pattern *p = context;
    int64_t dim;
    void *scratch = NULL;
    if (prepare(&dim, &scratch, p, t))
        return prune_last_status();
    if (t->numel > 0)
        pruni_kernel_mask_n_of_m(pruni_tensor_pointer(mask), pruni_tensor_pointer(t), pruni_channels_of(t, dim), p->n,
                                 p->m, scratch);
    pruni_free(scratch);
    return PRUNE_OK;
}

/* The first entries of all groups. */
static prune_tensor starts_of(const prune_tensor *t, int64_t dim, int64_t m)
{
    prune_tensor starts = *t;
    starts.sizes[dim] /= m;
    starts.strides[dim] *= m;
    return starts;
}

/* Group by group, whatever the strides: the mask first, then the value, which may be what is scored. */
static void write_groups(const pruni_fusion *fusion, const pattern *p)
{
    const pruni_entries *e = fusion->entries;
    const int64_t dim = fusion->dim;
    if (!e->before)
        (void)!prune_tensor_fill_(e->mask, 1); /* cannot fail: it is new */
    else if (e->before != e->mask)
        pruni_copy_values(e->mask, e->before);
    const prune_tensor masks = starts_of(e->mask, dim, p->m), scores = starts_of(e->scores, dim, p->m);
    pruni_walk walk;
    pruni_walk_start_any_order(&walk, masks.sizes, masks.ndim, (const prune_tensor *[]){ &masks, &scores }, 2);
    while (pruni_walk_next(&walk))
        pruni_kernel_mask_groups(walk.data[0], (pruni_groups){ walk.strides[0], e->mask->strides[dim] }, walk.data[1],
                                 (pruni_groups){ walk.strides[1], e->scores->strides[dim] }, walk.length, p->n, p->m,
                                 fusion->plan);
    pruni_multiply(e->value, e->mask, e->orig);
}

static prune_status fuse(void *context, pruni_fusion *fusion)
{
    return prepare(&fusion->dim, &fusion->plan, context, fusion->t);
}

static void write(void *context, pruni_fusion *fusion)
{
    const pattern *p = context;
    const pruni_entries *e = fusion->entries;
    const pruni_run *run = &e->run;
    const pruni_channels channels = pruni_entries_channels(e, fusion->dim);
    if (!e->side_by_side && e->n > 0)
        write_groups(fusion, p);
    else if (!run->before && p->m == 4 && channels.inner == 1)
        pruni_kernel_prune_n_of_four(run->mask, run->value, run->orig, run->scores, run->n / 4, p->n);
    else
        pruni_kernel_prune_n_of_m(run, channels, p->n, p->m, fusion->plan);
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
