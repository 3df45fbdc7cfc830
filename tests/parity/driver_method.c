/* Commands on pruning methods. */
#include "driver.h"

#include <stdlib.h>
#include <string.h>

/* ---- Methods of one's own; oracle/ours.py has the same ---- */

static prune_status every_other(void *context, prune_tensor *mask, const prune_tensor *t)
{
    (void)context;
    (void)t;
    float *m = prune_tensor_data_mutable(mask);
    for (int64_t i = 0; i < prune_tensor_numel(mask); i += 2)
        m[i] = 0;
    return PRUNE_OK;
}

static prune_status negate(void *context, prune_tensor *mask, const prune_tensor *t)
{
    (void)context;
    const float *values = prune_tensor_data(t);
    float *m = prune_tensor_data_mutable(mask);
    for (int64_t i = 0; i < prune_tensor_numel(mask); i++)
        if (values[i] < 0)
            m[i] *= -1;
    return PRUNE_OK;
}

static prune_status first_channel(void *context, prune_tensor *mask, const prune_tensor *t)
{
    (void)t;
    prune_tensor *channel = NULL;
    const bool failed = prune_tensor_select(&channel, mask, *(int64_t *)context, 0) || prune_tensor_fill_(channel, 0);
    prune_tensor_release(channel);
    return failed ? prune_last_status() : PRUNE_OK;
}

static int64_t first_channel_dim(const void *context)
{
    return *(const int64_t *)context;
}

static prune_status refuse(void *context, prune_tensor *mask, const prune_tensor *t)
{
    (void)context;
    (void)mask;
    (void)t;
    return prune_fail(PRUNE_ERROR_USER, "the method refuses");
}

static const prune_method_ops every_other_ops = {
    .size = sizeof every_other_ops,
    .type_name = "EveryOther",
    .type = PRUNE_UNSTRUCTURED,
    .compute_mask = every_other,
};

static const prune_method_ops negate_ops = {
    .size = sizeof negate_ops,
    .type_name = "Negate",
    .type = PRUNE_GLOBAL,
    .compute_mask = negate,
};

static const prune_method_ops first_channel_ops = {
    .size = sizeof first_channel_ops,
    .type_name = "FirstChannel",
    .type = PRUNE_STRUCTURED,
    .context_size = sizeof(int64_t),
    .compute_mask = first_channel,
    .dim = first_channel_dim,
};

static const prune_method_ops refuse_ops = {
    .size = sizeof refuse_ops,
    .type_name = "Refuse",
    .type = PRUNE_UNSTRUCTURED,
    .compute_mask = refuse,
};

/* ---- method ---- */

static prune_status own(const command *c, prune_method **out)
{
    const char *kind = word(c, 2);
    if (strcmp(kind, "every_other") == 0)
        return prune_method_create(out, &every_other_ops, NULL);
    if (strcmp(kind, "negate") == 0)
        return prune_method_create(out, &negate_ops, NULL);
    if (strcmp(kind, "refuse") == 0)
        return prune_method_create(out, &refuse_ops, NULL);
    if (strcmp(kind, "first_channel") == 0) {
        const int64_t dim = integer(word(c, 3));
        return prune_method_create(out, &first_channel_ops, &dim);
    }
    fprintf(stderr, "driver: no method %s\n", kind);
    exit(2);
}

static prune_status of_words(const command *c, prune_method **out)
{
    const char *kind = word(c, 2);
    prune_method_options options = PRUNE_METHOD_OPTIONS_INIT;
    if (option(c, "ties"))
        options.ties = PRUNE_TIES_LOWEST_INDEX;
    if (strcmp(kind, "identity") == 0)
        return prune_method_identity(out);
    if (strcmp(kind, "random_unstructured") == 0)
        return prune_method_random_unstructured(out, read_amount(word(c, 3)), &options);
    if (strcmp(kind, "l1_unstructured") == 0)
        return prune_method_l1_unstructured(out, read_amount(word(c, 3)), &options);
    if (strcmp(kind, "random_structured") == 0)
        return prune_method_random_structured(out, read_amount(word(c, 3)), integer(word(c, 4)));
    if (strcmp(kind, "ln_structured") == 0)
        return prune_method_ln_structured(out, read_amount(word(c, 3)), read_norm(word(c, 4)), integer(word(c, 5)),
                                          &options);
    if (strcmp(kind, "n_m") == 0)
        return prune_method_n_m(out, integer(word(c, 3)), integer(word(c, 4)), integer(word(c, 5)));
    return own(c, out);
}

static prune_status container(session *s, command *c, prune_method **out)
{
    prune_method *methods[MAX_WORDS];
    const int count = c->count - 3;
    for (int i = 0; i < count; i++)
        methods[i] = method_of(s, c, i + 3);
    return c->skipped ? PRUNE_OK : prune_method_container(out, methods, count);
}

static void method(session *s, command *c)
{
    prune_method *m = NULL;
    prune_status status;
    if (strcmp(word(c, 2), "container") == 0) {
        status = container(s, c, &m);
    } else if (strcmp(word(c, 2), "custom_from_mask") == 0) {
        prune_tensor *mask = tensor_of(s, c, 3);
        status = c->skipped ? PRUNE_OK : prune_method_custom_from_mask(&m, mask);
    } else {
        status = of_words(c, &m);
    }
    if (!c->skipped)
        answer_kept(s, status, word(c, 1), METHOD, m);
}

/* ---- What methods do ---- */

static void apply(session *s, command *c)
{
    prune_module *module = module_of(s, c, 1);
    prune_method *m = method_of(s, c, 3);
    prune_tensor *scores = tensor_option(s, c, "scores");
    if (!c->skipped)
        answer(s, prune_apply(module, member_of(s, c, 2), m, scores));
}

static void tell_made(session *s, const command *c, prune_status status, prune_tensor *t)
{
    if (!answer(s, status))
        return;
    write_tensor(s, &s->answer, t, false);
    text_add(&s->answer, "\n");
    keep(s, word(c, 1), TENSOR, t);
}

static void compute_mask(session *s, command *c)
{
    prune_method *m = method_of(s, c, 2);
    prune_tensor *t = tensor_of(s, c, 3), *default_mask = tensor_option(s, c, "default"), *mask = NULL;
    if (c->skipped)
        return;
    const prune_status status = prune_method_compute_mask(&mask, m, t, default_mask);
    tell_made(s, c, status, mask);
}

static void method_prune(session *s, command *c)
{
    prune_method *m = method_of(s, c, 2);
    prune_tensor *t = tensor_of(s, c, 3), *default_mask = tensor_option(s, c, "default"),
                 *scores = tensor_option(s, c, "scores"), *pruned = NULL;
    if (c->skipped)
        return;
    const prune_status status = prune_method_prune(&pruned, m, t, default_mask, scores);
    tell_made(s, c, status, pruned);
}

static void tensor_name(session *s, command *c)
{
    prune_method *m = method_of(s, c, 1);
    if (!c->skipped)
        answer(s, prune_method_set_tensor_name(m, word(c, 2)));
}

static void add(session *s, command *c)
{
    prune_method *to = method_of(s, c, 1), *m = method_of(s, c, 2);
    if (!c->skipped)
        answer(s, prune_container_add(to, m));
}

/* Keeps a method that the library lends. */
static void borrow(session *s, const command *c, prune_method *m)
{
    if (!answer(s, m ? PRUNE_OK : prune_last_status()))
        return;
    write_method(&s->answer, m);
    text_add(&s->answer, " %s\n", prune_method_tensor_name(m));
    keep(s, word(c, 1), METHOD, prune_method_retain(m));
}

static void item(session *s, command *c)
{
    prune_method *m = method_of(s, c, 2);
    if (!c->skipped)
        borrow(s, c, prune_container_get(m, integer(word(c, 3))));
}

static void applied(session *s, command *c)
{
    prune_module *module = module_of(s, c, 2);
    if (!c->skipped)
        borrow(s, c, prune_applied_method(module, member_of(s, c, 3)));
}

const verb method_verbs[] = {
    { "method", method },
    { "apply", apply },
    { "compute_mask", compute_mask },
    { "method_prune", method_prune },
    { "tensor_name", tensor_name },
    { "add", add },
    { "item", item },
    { "applied", applied },
    { NULL, NULL },
};
