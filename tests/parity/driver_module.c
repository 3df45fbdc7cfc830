/* Commands on modules: members, hooks, forward, state dicts, print. */
#include "driver.h"

#include <string.h>

static void clone(session *s, command *c)
{
    prune_module *source = module_of(s, c, 2), *copy = NULL;
    if (c->skipped)
        return;
    const prune_status status = prune_module_clone(&copy, source);
    answer_kept(s, status, word(c, 1), MODULE, copy);
}

/* ---- Members ---- */

static void parameter(session *s, command *c)
{
    prune_module *module = module_of(s, c, 1);
    prune_tensor *t = tensor_of(s, c, 3);
    if (!c->skipped)
        answer(s, prune_module_register_parameter(module, member_of(s, c, 2), t));
}

static void buffer(session *s, command *c)
{
    prune_module *module = module_of(s, c, 1);
    prune_tensor *t = tensor_of(s, c, 3);
    const char *persistent = option(c, "persistent");
    if (!c->skipped)
        answer(s, prune_module_register_buffer(module, member_of(s, c, 2), t, !persistent || integer(persistent)));
}

static void child(session *s, command *c)
{
    prune_module *module = module_of(s, c, 1), *given = module_of(s, c, 3);
    if (!c->skipped)
        answer(s, prune_module_register_module(module, member_of(s, c, 2), given));
}

static void set(session *s, command *c)
{
    prune_module *module = module_of(s, c, 1);
    prune_tensor *t = tensor_of(s, c, 3);
    if (!c->skipped)
        answer(s, prune_module_set_tensor(module, member_of(s, c, 2), t));
}

static void delete (session *s, command *c)
{
    prune_module *module = module_of(s, c, 1);
    if (!c->skipped)
        answer(s, prune_module_delete(module, member_of(s, c, 2)));
}

/* A member that there is; `skipped` else. */
static prune_tensor *existing(session *s, command *c)
{
    prune_module *module = module_of(s, c, 1);
    prune_tensor *t = c->skipped ? NULL : prune_module_get_tensor(module, member_of(s, c, 2));
    c->skipped = !t;
    return t;
}

static void fill(session *s, command *c)
{
    prune_tensor *t = existing(s, c), *values = NULL;
    if (!t)
        return;
    const bool failed = make_pattern(&values, prune_tensor_sizes(t), prune_tensor_ndim(t), word(c, 3))
                        || prune_tensor_copy_(t, values);
    prune_tensor_release(values);
    answer(s, failed ? prune_last_status() : PRUNE_OK);
}

static void requires_grad(session *s, command *c)
{
    prune_tensor *t = existing(s, c);
    if (t)
        answer(s, prune_tensor_set_requires_grad(t, integer(word(c, 3))));
}

static void print_member(session *s, command *c)
{
    prune_tensor *t = existing(s, c);
    if (!t)
        return;
    FILE *page = open_page();
    answer_page(s, page, prune_tensor_print(page, t, NULL));
}

/* ---- Hooks and forward ---- */

static prune_status do_nothing(void *context, prune_module *module, prune_tensor *const *x, int64_t nx)
{
    (void)context;
    (void)module;
    (void)x;
    (void)nx;
    return PRUNE_OK;
}

static prune_status refuse(void *context, prune_module *module, prune_tensor *const *x, int64_t nx)
{
    (void)context;
    (void)module;
    (void)x;
    (void)nx;
    return prune_fail(PRUNE_ERROR_USER, "the hook fails");
}

static void hook(session *s, command *c)
{
    static const prune_hook_ops noop = { .size = sizeof noop, .type_name = "Noop", .call = do_nothing };
    static const prune_hook_ops fails = { .size = sizeof fails, .type_name = "Fails", .call = refuse };
    prune_module *module = module_of(s, c, 1);
    int64_t id;
    if (c->skipped)
        return;
    const bool harmless = strcmp(word(c, 2), "noop") == 0;
    if (answer(s, prune_module_register_forward_pre_hook(&id, module, harmless ? &noop : &fails, NULL)))
        text_add(&s->answer, "id %lld\n", (long long)(id - s->first_hook));
}

static void remove_hook(session *s, command *c)
{
    prune_module *module = module_of(s, c, 1);
    if (!c->skipped)
        answer(s, prune_module_remove_forward_pre_hook(module, integer(word(c, 2)) + s->first_hook));
}

static void run_hooks(session *s, command *c)
{
    prune_module *module = module_of(s, c, 1);
    const char *recurse = option(c, "recurse");
    if (!c->skipped)
        answer(s, prune_module_run_forward_pre_hooks(module, !recurse || integer(recurse)));
}

static void train(session *s, command *c)
{
    prune_module *module = module_of(s, c, 1);
    if (c->skipped)
        return;
    prune_module_train(module, integer(word(c, 2)));
    answer(s, PRUNE_OK);
}

static void call(session *s, command *c)
{
    prune_module *module = module_of(s, c, 1);
    prune_tensor *x[MAX_WORDS], *y[8] = { NULL };
    const char *outputs = option(c, "outputs");
    const int64_t nx = c->count - 2, ny = outputs ? integer(outputs) : 1;
    for (int i = 0; i < nx; i++)
        x[i] = tensor_of(s, c, i + 2);
    if (c->skipped)
        return;
    if (answer(s, prune_module_call_many(y, ny < 8 ? ny : 8, module, x, nx)))
        for (int64_t i = 0; i < ny; i++) {
            text_add(&s->answer, "approx ");
            write_tensor(s, &s->answer, y[i], true);
            text_add(&s->answer, "\n");
        }
    for (int i = 0; i < 8; i++)
        prune_tensor_release(y[i]);
}

/* ---- State dicts ---- */

static void state_dict(session *s, command *c)
{
    prune_module *module = module_of(s, c, 2);
    const char *copy = option(c, "copy");
    prune_dict *dict = NULL;
    if (c->skipped)
        return;
    const prune_status status = prune_module_state_dict(&dict, module, copy && integer(copy));
    answer_kept(s, status, word(c, 1), DICT, dict);
}

static void dict_set(session *s, command *c)
{
    prune_dict *dict = find(s, c, DICT, word(c, 1));
    prune_tensor *t = tensor_of(s, c, 3);
    if (!c->skipped)
        answer(s, prune_dict_set(dict, word(c, 2), t));
}

static void dict_delete(session *s, command *c)
{
    prune_dict *dict = find(s, c, DICT, word(c, 1));
    if (!c->skipped)
        answer(s, prune_dict_delete(dict, word(c, 2)));
}

static void write_list(session *s, const char *what, const char *const *keys, int64_t count)
{
    text_add(&s->answer, "%s", what);
    for (int64_t i = 0; i < count; i++)
        text_add(&s->answer, " %s", keys[i]);
    text_add(&s->answer, "\n");
}

static void load_state_dict(session *s, command *c)
{
    prune_module *module = module_of(s, c, 1);
    prune_dict *dict = find(s, c, DICT, word(c, 2));
    const char *strict = option(c, "strict");
    prune_incompatible_keys *keys = NULL;
    if (c->skipped)
        return;
    if (answer(s, prune_module_load_state_dict(module, dict, !strict || integer(strict), &keys)) && keys) {
        write_list(s, "missing", keys->missing_keys, keys->num_missing);
        write_list(s, "unexpected", keys->unexpected_keys, keys->num_unexpected);
    }
    prune_incompatible_keys_release(keys);
}

/* ---- Print ---- */

static void repr(session *s, command *c)
{
    prune_module *module = module_of(s, c, 1);
    if (c->skipped)
        return;
    FILE *page = open_page();
    answer_page(s, page, prune_module_print(page, module));
}

static void summary(session *s, command *c)
{
    int64_t sizes[PRUNE_MAX_DIMS];
    prune_module *module = module_of(s, c, 1);
    const int64_t ndim = read_list(sizes, word(c, 2));
    const char *batch = option(c, "batch");
    if (c->skipped)
        return;
    FILE *page = open_page();
    answer_page(s, page, prune_module_summary(page, module, sizes, ndim, batch ? integer(batch) : -1));
}

const verb module_verbs[] = {
    { "clone", clone },
    { "parameter", parameter },
    { "buffer", buffer },
    { "child", child },
    { "set", set },
    { "delete", delete },
    { "fill", fill },
    { "requires_grad", requires_grad },
    { "print_member", print_member },
    { "hook", hook },
    { "remove_hook", remove_hook },
    { "run_hooks", run_hooks },
    { "train", train },
    { "call", call },
    { "state_dict", state_dict },
    { "dict_set", dict_set },
    { "dict_delete", dict_delete },
    { "load_state_dict", load_state_dict },
    { "repr", repr },
    { "summary", summary },
    { NULL, NULL },
};
