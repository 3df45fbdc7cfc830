/* CustomFromMask: a mask made elsewhere. */
#include "prune/internal.h"

#include <string.h>

typedef struct given {
    prune_tensor *mask; /* float32, never written: copies share it */
    bool borrowed;      /* the program's: not for longer than a call */
} given;

/* Against the shape that the default mask has. */
static prune_status check_shape(const given *g, const prune_tensor *t)
{
    if (pruni_same_shape(t, g->mask))
        return PRUNE_OK;
    char default_shape[PRUNI_SHAPE_TEXT], own_shape[PRUNI_SHAPE_TEXT];
    return prune_fail(PRUNE_ERROR_SHAPE, "default_mask shape %s must match self.mask shape %s",
                      pruni_shape_text(default_shape, t->sizes, t->ndim),
                      pruni_shape_text(own_shape, g->mask->sizes, g->mask->ndim));
}

static prune_status multiply(void *context, prune_tensor *mask, const prune_tensor *t)
{
    const given *g = context;
    (void)t;
    if (check_shape(g, mask))
        return prune_last_status();
    pruni_multiply(mask, mask, g->mask);
    return PRUNE_OK;
}

static prune_status fuse(void *context, pruni_fusion *fusion)
{
    return check_shape(context, fusion->t);
}

static void write(void *context, pruni_fusion *fusion)
{
    pruni_entries_write_given(fusion->entries, ((const given *)context)->mask);
}

/* What shares a module's memory stays with that module. */
static prune_status clone(void *to, const void *from)
{
    given copy = *(const given *)from;
    if (!pruni_tensor_is_kept(copy.mask))
        copy.mask = prune_tensor_retain(copy.mask);
    else if (prune_tensor_clone(&copy.mask, copy.mask))
        return prune_last_status();
    memcpy(to, &copy, sizeof copy);
    return PRUNE_OK;
}

/* The mask alone, for as long as the method lives. A buffer that is new holds the same values. */
static prune_status keep(void *context, const prune_tensor *new_buffer)
{
    given *g = context;
    prune_tensor *mask = NULL;
    if (!new_buffer && !g->borrowed)
        return PRUNE_OK;
    if (new_buffer ? pruni_tensor_keep(&mask, new_buffer) : pruni_mask_copy(&mask, g->mask, g->mask))
        return prune_last_status();
    prune_tensor_release(g->mask);
    *g = (given){ mask, false };
    return PRUNE_OK;
}

static void destroy(void *context)
{
    prune_tensor_release(((given *)context)->mask);
}

static const pruni_class custom_from_mask_class = {
    .ops = {
        .size = sizeof(prune_method_ops),
        .type_name = "CustomFromMask",
        .type = PRUNE_GLOBAL,
        .context_size = sizeof(given),
        .compute_mask = multiply,
        .clone = clone,
        .destroy = destroy,
    },
    .any_strides = true,
    .fuse = fuse,
    .write = write,
    .keep = keep,
};

prune_status pruni_method_over_mask(prune_method **out, prune_tensor *mask, bool borrowed)
{
    const given g = { mask, borrowed };
    if (pruni_method_create_own(out, &custom_from_mask_class, &g))
        return prune_last_status();
    prune_tensor_retain(mask);
    return PRUNE_OK;
}

prune_status prune_method_custom_from_mask(prune_method **out, prune_tensor *mask)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE(mask);
    prune_tensor *copy = NULL;
    if (pruni_mask_copy(&copy, mask, mask))
        return prune_last_status();
    prune_status status = pruni_method_over_mask(out, copy, false);
    prune_tensor_release(copy);
    return status;
}
