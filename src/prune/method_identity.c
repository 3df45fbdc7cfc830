/* Identity: prunes nothing. */
#include "prune/internal.h"

static prune_status keep_all(void *context, prune_tensor *mask, const prune_tensor *t)
{
    (void)context;
    (void)mask;
    (void)t;
    return PRUNE_OK;
}

static prune_status fuse(void *context, pruni_fusion *fusion)
{
    (void)context;
    (void)fusion;
    return PRUNE_OK;
}

static void write(void *context, pruni_fusion *fusion)
{
    const float one = 1;
    pruni_parts p;
    (void)context;
    pruni_parts_start(&p, fusion->entries, false, NULL, NULL);
    while (pruni_parts_next(&p)) {
        if (p.part.before)
            pruni_kernel_keep_mask(&p.part);
        else
            pruni_kernel_prune_channels(p.part.mask, p.part.value, p.part.orig, &one,
                                        (pruni_channels){ 1, 1, p.part.n }, fusion->entries->n);
    }
}

static const pruni_class identity_class = {
    .ops = {
        .size = sizeof(prune_method_ops),
        .type_name = "Identity",
        .type = PRUNE_UNSTRUCTURED,
        .compute_mask = keep_all,
    },
    .any_strides = true,
    .fuse = fuse,
    .write = write,
};

prune_status prune_method_identity(prune_method **out)
{
    PRUNI_REQUIRE(out);
    return pruni_method_create_own(out, &identity_class, NULL);
}
