/* Commands that prune. */
#include "driver.h"

#include <stdlib.h>
#include <string.h>

static void identity(session *s, command *c)
{
    prune_module *module = module_of(s, c, 1);
    if (!c->skipped)
        answer(s, prune_identity(module, member_of(s, c, 2)));
}

static void random_unstructured(session *s, command *c)
{
    prune_module *module = module_of(s, c, 1);
    if (!c->skipped)
        answer(s, prune_random_unstructured(module, member_of(s, c, 2), read_amount(word(c, 3))));
}

static void l1_unstructured(session *s, command *c)
{
    prune_module *module = module_of(s, c, 1);
    prune_tensor *scores = tensor_option(s, c, "scores");
    if (!c->skipped)
        answer(s, prune_l1_unstructured(module, member_of(s, c, 2), read_amount(word(c, 3)), scores));
}

static void ln_unstructured(session *s, command *c)
{
    prune_module *module = module_of(s, c, 1);
    prune_tensor *scores = tensor_option(s, c, "scores");
    if (!c->skipped)
        answer(s, prune_ln_unstructured(module, member_of(s, c, 2), read_amount(word(c, 3)), read_norm(word(c, 4)),
                                        scores));
}

static void random_structured(session *s, command *c)
{
    prune_module *module = module_of(s, c, 1);
    if (!c->skipped)
        answer(s, prune_random_structured(module, member_of(s, c, 2), read_amount(word(c, 3)), integer(word(c, 4))));
}

static void ln_structured(session *s, command *c)
{
    prune_module *module = module_of(s, c, 1);
    prune_tensor *scores = tensor_option(s, c, "scores");
    if (!c->skipped)
        answer(s, prune_ln_structured(module, member_of(s, c, 2), read_amount(word(c, 3)), read_norm(word(c, 4)),
                                      integer(word(c, 5)), scores));
}

static void n_m(session *s, command *c)
{
    prune_module *module = module_of(s, c, 1);
    prune_tensor *scores = tensor_option(s, c, "scores");
    if (!c->skipped)
        answer(s, prune_n_m(module, member_of(s, c, 2), integer(word(c, 3)), integer(word(c, 4)), integer(word(c, 5)),
                            scores));
}

static void custom_from_mask(session *s, command *c)
{
    prune_module *module = module_of(s, c, 1);
    prune_tensor *mask = tensor_of(s, c, 3);
    if (!c->skipped)
        answer(s, prune_custom_from_mask(module, member_of(s, c, 2), mask));
}

static void remove_pruning(session *s, command *c)
{
    prune_module *module = module_of(s, c, 1);
    if (!c->skipped)
        answer(s, prune_remove(module, member_of(s, c, 2)));
}

/* ---- Look ---- */

static void is_pruned(session *s, command *c)
{
    prune_module *module = module_of(s, c, 1);
    if (!c->skipped)
        text_add(&s->answer, "ok\n%s\n", prune_is_pruned(module) ? "true" : "false");
}

static void sparsity(session *s, command *c)
{
    prune_module *module = module_of(s, c, 1);
    prune_sparsity_counts counts;
    if (!c->skipped && answer(s, prune_sparsity(&counts, module, option(c, "name"))))
        text_add(&s->answer, "%lld of %lld\n", (long long)counts.zeros, (long long)counts.entries);
}

static void tell_tensor(session *s, const prune_tensor *t)
{
    if (answer(s, t ? PRUNE_OK : prune_last_status())) {
        write_tensor(s, &s->answer, t, false);
        text_add(&s->answer, "\n");
    }
}

static void original(session *s, command *c)
{
    prune_module *module = module_of(s, c, 1);
    if (!c->skipped)
        tell_tensor(s, prune_original(module, member_of(s, c, 2)));
}

static void mask_of(session *s, command *c)
{
    prune_module *module = module_of(s, c, 1);
    if (!c->skipped)
        tell_tensor(s, prune_mask(module, member_of(s, c, 2)));
}

/* ---- Several parameters ---- */

/* M:NAME or M:NAME:SCORES, cut at the colons. */
static void read_parameter(session *s, command *c, char *words, prune_parameter *out)
{
    char *name = strchr(words, ':'), *scores = name ? strchr(name + 1, ':') : NULL;
    if (!name) {
        fprintf(stderr, "driver: no M:NAME: %s\n", words);
        exit(2);
    }
    *name++ = '\0';
    if (scores)
        *scores++ = '\0';
    remember_name(s, name);
    out->module = find(s, c, MODULE, words);
    out->name = name;
    out->importance_scores = scores ? find(s, c, TENSOR, scores) : NULL;
}

static void global(session *s, command *c)
{
    prune_parameter parameters[MAX_WORDS];
    prune_method *method = method_of(s, c, 1);
    const int count = c->count - 2;
    for (int i = 0; i < count; i++)
        read_parameter(s, c, c->words[i + 2], &parameters[i]);
    if (!c->skipped)
        answer(s, prune_global_unstructured(parameters, count, method));
}

const verb prune_verbs[] = {
    { "identity", identity },
    { "random_unstructured", random_unstructured },
    { "l1_unstructured", l1_unstructured },
    { "ln_unstructured", ln_unstructured },
    { "random_structured", random_structured },
    { "ln_structured", ln_structured },
    { "n_m", n_m },
    { "custom_from_mask", custom_from_mask },
    { "remove", remove_pruning },
    { "is_pruned", is_pruned },
    { "sparsity", sparsity },
    { "original", original },
    { "mask", mask_of },
    { "global", global },
    { NULL, NULL },
};
