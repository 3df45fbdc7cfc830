/* The opcodes of a pickle that would import, call or build something: here they only say what. Dicts of the classes that
 * state dicts are made of are dicts. */
#include "io/pickle_machine.h"

/* ---- Globals ---- */

static prune_status push_global(pruni_pickle *pickle, pruni_pickle_text module, pruni_pickle_text name)
{
    return pruni_pickle_push_value(
        pickle, &(pruni_pickle_value){ .kind = PRUNI_PICKLE_GLOBAL, .as.global = { .module = module, .name = name } });
}

prune_status pruni_pickle_do_global(pruni_pickle *pickle, int unused)
{
    (void)unused;
    pruni_pickle_text module = { 0, 0 };
    pruni_pickle_text name = { 0, 0 };
    if (pruni_pickle_take_line(pickle, &module) || pruni_pickle_take_line(pickle, &name))
        return prune_last_status();
    return push_global(pickle, module, name);
}

static prune_status pop_string(pruni_pickle *pickle, pruni_pickle_text *text)
{
    pruni_pickle_id id = PRUNI_PICKLE_NONE;
    if (pruni_pickle_pop(pickle, &id))
        return prune_last_status();
    if (pickle->values[id].kind != PRUNI_PICKLE_STRING)
        return pruni_pickle_fail(pickle, PRUNI_SCHEMA, "the name of a global is no string");
    *text = pickle->values[id].as.text;
    return PRUNE_OK;
}

prune_status pruni_pickle_do_stack_global(pruni_pickle *pickle, int unused)
{
    (void)unused;
    pruni_pickle_text module = { 0, 0 };
    pruni_pickle_text name = { 0, 0 };
    if (pop_string(pickle, &name) || pop_string(pickle, &module))
        return prune_last_status();
    return push_global(pickle, module, name);
}

/* ---- Dicts by another name ---- */

static const struct {
    const char *module, *name;
} dicts[] = {
    { "collections", "OrderedDict" }, { "collections", "defaultdict" }, { "collections", "Counter" },
    { "builtins", "dict" },           { "__builtin__", "dict" },
};

static bool makes_dict(const pruni_pickle *pickle, pruni_pickle_id callable)
{
    for (size_t i = 0; i < sizeof dicts / sizeof dicts[0]; i++)
        if (pruni_pickle_is_global(pickle, &pickle->values[callable], dicts[i].module, dicts[i].name))
            return true;
    return false;
}

/* Python 2 pickles OrderedDict with a list of pairs. */
static prune_status add_pairs(pruni_pickle *pickle, pruni_pickle_id to, pruni_pickle_id list)
{
    uint32_t count = pickle->values[list].count;
    uint32_t cell = count > 0 ? pickle->values[list].as.items.first : PRUNI_PICKLE_NONE;
    for (uint32_t i = 0; i < count; i++, cell = pickle->cells[cell].next) {
        pruni_pickle_id pair = pickle->cells[cell].value;
        int kind = pickle->values[pair].kind;
        if ((kind != PRUNI_PICKLE_LIST && kind != PRUNI_PICKLE_TUPLE) || pickle->values[pair].count != 2)
            return pruni_pickle_fail(pickle, PRUNI_SCHEMA, "a dict of what are no pairs");
        if (pruni_pickle_append_all(pickle, to, pair))
            return prune_last_status();
    }
    return PRUNE_OK;
}

/* What a dict is made from: another dict, pairs, or what makes the values that are missing. */
static prune_status make_dict(pruni_pickle *pickle, pruni_pickle_id arguments)
{
    const pruni_pickle_value empty = { .kind = PRUNI_PICKLE_DICT };
    pruni_pickle_id dict = PRUNI_PICKLE_NONE;
    if (pruni_pickle_add(pickle, &dict, &empty))
        return prune_last_status();
    uint32_t count = pickle->values[arguments].count;
    for (uint32_t i = 0; i < count && i < 2; i++) {
        pruni_pickle_id argument = pruni_pickle_item(pickle, &pickle->values[arguments], i);
        int kind = pickle->values[argument].kind;
        if (kind == PRUNI_PICKLE_DICT && pruni_pickle_append_all(pickle, dict, argument))
            return prune_last_status();
        if (kind == PRUNI_PICKLE_LIST && add_pairs(pickle, dict, argument))
            return prune_last_status();
    }
    return pruni_pickle_push(pickle, dict);
}

/* ---- Calls ---- */

static bool can_be_called(int kind)
{
    return kind == PRUNI_PICKLE_GLOBAL || kind == PRUNI_PICKLE_OBJECT || kind == PRUNI_PICKLE_PERSISTENT;
}

/* REDUCE, and NEWOBJ, which differs in what is called of a class. */
prune_status pruni_pickle_do_call(pruni_pickle *pickle, int unused)
{
    (void)unused;
    pruni_pickle_id callable = PRUNI_PICKLE_NONE;
    pruni_pickle_id arguments = PRUNI_PICKLE_NONE;
    if (pruni_pickle_pop(pickle, &arguments) || pruni_pickle_pop(pickle, &callable))
        return prune_last_status();
    if (!can_be_called(pickle->values[callable].kind) || pickle->values[arguments].kind != PRUNI_PICKLE_TUPLE) {
        char words[PRUNI_SHOWN_SIZE];
        pruni_pickle_describe(pickle, callable, words);
        return pruni_pickle_fail(pickle, PRUNI_SCHEMA, "%s cannot be called so", words);
    }
    if (makes_dict(pickle, callable))
        return make_dict(pickle, arguments);
    return pruni_pickle_push_value(
        pickle, &(pruni_pickle_value){ .kind = PRUNI_PICKLE_OBJECT, .as.object = { callable, arguments } });
}

prune_status pruni_pickle_do_call_with_keywords(pruni_pickle *pickle, int unused)
{
    pruni_pickle_id keywords = PRUNI_PICKLE_NONE;
    if (pruni_pickle_pop(pickle, &keywords))
        return prune_last_status();
    if (pickle->values[keywords].kind != PRUNI_PICKLE_DICT)
        return pruni_pickle_fail(pickle, PRUNI_SCHEMA, "keyword arguments that are no dict");
    return pruni_pickle_do_call(pickle, unused);
}

/* A dict's state is its attributes, as the _metadata of a state dict: they hold no tensors. */
prune_status pruni_pickle_do_build(pruni_pickle *pickle, int unused)
{
    (void)unused;
    pruni_pickle_id state = PRUNI_PICKLE_NONE;
    pruni_pickle_id built = PRUNI_PICKLE_NONE;
    if (pruni_pickle_pop(pickle, &state) || pruni_pickle_top(pickle, &built))
        return prune_last_status();
    pruni_pickle_value *value = &pickle->values[built];
    if (value->kind == PRUNI_PICKLE_OBJECT)
        value->has_state = true;
    else if (value->kind != PRUNI_PICKLE_DICT && !can_be_called(value->kind)) {
        char words[PRUNI_SHOWN_SIZE];
        pruni_pickle_describe(pickle, built, words);
        return pruni_pickle_fail(pickle, PRUNI_SCHEMA, "a state for %s", words);
    }
    return PRUNE_OK;
}

prune_status pruni_pickle_do_persistent(pruni_pickle *pickle, int unused)
{
    (void)unused;
    pruni_pickle_id id = PRUNI_PICKLE_NONE;
    if (pruni_pickle_pop(pickle, &id))
        return prune_last_status();
    return pruni_pickle_push_value(pickle,
                                   &(pruni_pickle_value){ .kind = PRUNI_PICKLE_PERSISTENT, .as.persistent = id });
}

/* ---- The rest ---- */

prune_status pruni_pickle_do_outside(pruni_pickle *pickle, int unused)
{
    (void)unused;
    return pruni_pickle_fail(pickle, PRUNI_UNSAFE, "opcode 0x%02x reaches outside the pickle",
                             (unsigned)pickle->bytes[pickle->operation]);
}

prune_status pruni_pickle_do_protocol(pruni_pickle *pickle, int unused)
{
    (void)unused;
    uint64_t protocol = 0;
    if (pruni_pickle_take_number(pickle, &protocol, 1))
        return prune_last_status();
    if (protocol > PRUNI_PICKLE_MAX_PROTOCOL)
        return pruni_pickle_fail(pickle, PRUNI_UNSUP, "protocol %llu", (unsigned long long)protocol);
    return PRUNE_OK;
}

/* The length of what comes next, so that a reader may read ahead. */
prune_status pruni_pickle_do_frame(pruni_pickle *pickle, int unused)
{
    (void)unused;
    uint64_t length = 0;
    return pruni_pickle_take_number(pickle, &length, 8) || pruni_pickle_require(pickle, length) ? prune_last_status()
                                                                                                : PRUNE_OK;
}

prune_status pruni_pickle_do_stop(pruni_pickle *pickle, int unused)
{
    (void)unused;
    if (pruni_pickle_pop(pickle, &pickle->result))
        return prune_last_status();
    pickle->stopped = true;
    return PRUNE_OK;
}
