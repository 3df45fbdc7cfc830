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

/* ---- Choosing ---- */

/* Among the channels of t, or those that the mask so far leaves. */
typedef struct choice {
    const prune_tensor *t;
    const prune_tensor *before; /* NULL: the first prune, or no container */
    bool t_is_by_rows;          /* its order is not that of its memory */
    int64_t dim, size;
    int64_t seen, count; /* channels to choose from; those of them to be pruned */
    float *scales;       /* owned, with what follows: for each channel that is seen, in the end for each of t */
    float *scores;       /* room for t's channels */
    float *sums;         /* of the mask so far: channels with 0 are not seen; NULL: all are */
} choice;

static void find_seen(choice *ch)
{
    ch->sums = ch->scores + ch->size;
    ch->seen = 0;
    pruni_channel_sums(ch->sums, ch->before, ch->dim);
    for (int64_t c = 0; c < ch->size; c++)
        ch->seen += ch->sums[c] != 0;
}

/* PyTorch's checks, in its order: the dim from the front, the channels along it, how many to prune. */
static prune_status begin(choice *ch, const channels *c)
{
    const prune_tensor *t = ch->t;
    if (ch->before ? pruni_container_dim(&ch->dim, c->dim, t) != PRUNE_OK
                   : pruni_check_structured(t) || pruni_check_dim(&ch->dim, c->dim, t))
        return prune_last_status();
    ch->size = ch->seen = t->sizes[ch->dim];
    ch->scales = pruni_alloc_array((size_t)ch->size, (ch->before ? 3 : 2) * sizeof *ch->scales);
    if (!ch->scales)
        return PRUNE_ERROR_MEMORY;
    ch->scores = ch->scales + ch->size;
    if (ch->before)
        find_seen(ch);
    return pruni_units_to_prune(&ch->count, c->amount, ch->seen);
}

static void fill(float *scales, float value, int64_t size)
{
    pruni_kernel_fill(sizeof value, scales, 1, &value, size);
}

/* Those that are not seen keep their mask. */
static void place_scales(choice *ch)
{
    int64_t next = ch->seen;
    for (int64_t c = ch->size - 1; ch->sums && c >= 0; c--)
        ch->scales[c] = ch->sums[c] != 0 ? ch->scales[--next] : 1;
}

/* The k-th smallest draw is a threshold: should draws tie there, all of them go. */
static void zero_by_draws(const choice *ch)
{
    pruni_selection found;
    pruni_kernel_select(&found, ch->scores, ch->seen, ch->count, false);
    found.equal_chosen = found.equal;
    pruni_kernel_select_fill(ch->scales, 0, ch->scores, ch->seen, &found);
}

static prune_status choose_at_random(choice *ch, const channels *c)
{
    if (begin(ch, c))
        return prune_last_status();
    fill(ch->scales, 1, ch->seen);
    if (ch->count > 0) {
        pruni_generator_uniform(NULL, ch->scores, ch->seen);
        zero_by_draws(ch);
    }
    place_scales(ch);
    return PRUNE_OK;
}

/* PyTorch asks which channels are largest; for the lowest index to go first, the question is which are smallest. */
static prune_status scale_by_norms(const choice *ch, prune_ties ties)
{
    bool ask_for_largest = ties == PRUNE_TIES_TORCH;
    float chosen = ask_for_largest ? 1 : 0;
    int64_t k = ask_for_largest ? ch->seen - ch->count : ch->count;
    fill(ch->scales, 1 - chosen, ch->seen);
    return pruni_choose(ch->scales, chosen, ch->scores, ch->seen, k, ask_for_largest, ties);
}

/* The order in which PyTorch adds up: that of memory, of what it takes from the tensor. */
static prune_status find_norms(const choice *ch, prune_norm norm)
{
    int64_t strides[PRUNE_MAX_DIMS];
    if (!ch->before)
        return pruni_channel_norms(ch->scores, ch->t, norm, ch->dim, NULL, NULL);
    if (ch->t_is_by_rows || prune_tensor_is_contiguous(ch->t))
        pruni_contiguous_strides(strides, ch->t->sizes, ch->t->ndim);
    else
        pruni_taken_strides(strides, ch->t, ch->t->sizes, ch->dim);
    return pruni_channel_norms(ch->scores, ch->t, norm, ch->dim, strides, ch->sums);
}

static prune_status choose_least(choice *ch, const channels *c)
{
    if (begin(ch, c) || find_norms(ch, c->norm))
        return prune_last_status();
    fill(ch->scales, 1, ch->seen);
    if (ch->count > 0 && scale_by_norms(ch, c->ties))
        return prune_last_status();
    place_scales(ch);
    return PRUNE_OK;
}

/* ---- Both doors ---- */

typedef prune_status choosing(choice *ch, const channels *c);

static prune_status scale(choosing *choose, const channels *c, prune_tensor *mask, const prune_tensor *t)
{
    choice ch = { .t = t };
    prune_status status = choose(&ch, c);
    if (status == PRUNE_OK)
        pruni_kernel_scale_channels(pruni_tensor_pointer(mask), ch.scales, pruni_channels_of(t, ch.dim));
    pruni_free(ch.scales);
    return status;
}

static prune_status fuse(choosing *choose, const channels *c, pruni_fusion *fusion)
{
    choice ch = { .t = fusion->t, .before = fusion->entries->before, .t_is_by_rows = fusion->t_is_by_rows };
    prune_status status = choose(&ch, c);
    fusion->plan = ch.scales;
    fusion->dim = ch.dim;
    return status;
}

/* The scales as a tensor that repeats them. */
static void write_broadcast(const pruni_fusion *fusion)
{
    pruni_storage storage = { .data = fusion->plan };
    prune_tensor scales = *fusion->t;
    scales.storage = &storage;
    scales.offset = 0;
    for (int64_t i = 0; i < scales.ndim; i++)
        scales.strides[i] = i == fusion->dim;
    pruni_entries_write_given(fusion->entries, &scales);
}

static void write(void *context, pruni_fusion *fusion)
{
    (void)context;
    if (!pruni_entries_scale(fusion->entries, fusion->plan, fusion->dim))
        write_broadcast(fusion);
}

static prune_status scale_at_random(void *context, prune_tensor *mask, const prune_tensor *t)
{
    return scale(choose_at_random, context, mask, t);
}

static prune_status fuse_at_random(void *context, pruni_fusion *fusion)
{
    return fuse(choose_at_random, context, fusion);
}

static prune_status scale_least(void *context, prune_tensor *mask, const prune_tensor *t)
{
    return scale(choose_least, context, mask, t);
}

static prune_status fuse_least(void *context, pruni_fusion *fusion)
{
    return fuse(choose_least, context, fusion);
}

/* ---- The classes ---- */

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
    .write = write,
    .draws = true,
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
    .write = write,
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
