/* The opcodes of a pickle that fill containers, move values on the stack, and use the memo. */
#include "io/pickle_machine.h"

/* ---- Containers ---- */

static prune_status check_pairs(const pruni_pickle *pickle, int kind, int64_t height)
{
    if (kind == PRUNI_PICKLE_DICT && (pickle->stack.count - height) % 2 != 0)
        return pruni_pickle_fail(pickle, PRUNI_SCHEMA, "a key without its value");
    return PRUNE_OK;
}

prune_status pruni_pickle_do_gather_marked(pruni_pickle *pickle, int kind)
{
    int64_t height = 0;
    if (pruni_pickle_pop_mark(pickle, &height) || check_pairs(pickle, kind, height))
        return prune_last_status();
    return pruni_pickle_gather(pickle, (pruni_pickle_kind)kind, height);
}

prune_status pruni_pickle_do_gather_tuple(pruni_pickle *pickle, int count)
{
    int64_t height = pickle->stack.count - count;
    if (height < pruni_pickle_floor(pickle))
        return pruni_pickle_fail(pickle, PRUNI_SYNTAX, "the stack has not %d values", count);
    return pruni_pickle_gather(pickle, PRUNI_PICKLE_TUPLE, height);
}

/* Adds what lies at this height and above to the container below it. An object may be a container of a class that is
 * not known: what it holds is not kept. */
static prune_status extend_at(pruni_pickle *pickle, int kind, int64_t height)
{
    if (height - 1 < pruni_pickle_floor(pickle))
        return pruni_pickle_fail(pickle, PRUNI_SYNTAX, "the stack is empty");
    pruni_pickle_id container = pickle->stack.ids[height - 1];
    int found = pickle->values[container].kind;
    if (found != kind && found != PRUNI_PICKLE_OBJECT) {
        char words[PRUNI_SHOWN_SIZE];
        pruni_pickle_describe(pickle, container, words);
        return pruni_pickle_fail(pickle, PRUNI_SCHEMA, "%s for %s",
                                 kind == PRUNI_PICKLE_DICT ? "keys and values" : "items", words);
    }
    if (check_pairs(pickle, kind, height))
        return prune_last_status();
    if (found == kind)
        return pruni_pickle_move_to(pickle, container, height);
    pickle->stack.count = height;
    return PRUNE_OK;
}

prune_status pruni_pickle_do_extend(pruni_pickle *pickle, int kind)
{
    return extend_at(pickle, kind, pickle->stack.count - (kind == PRUNI_PICKLE_DICT ? 2 : 1));
}

prune_status pruni_pickle_do_extend_marked(pruni_pickle *pickle, int kind)
{
    int64_t height = 0;
    return pruni_pickle_pop_mark(pickle, &height) || extend_at(pickle, kind, height) ? prune_last_status() : PRUNE_OK;
}

/* ---- The stack ---- */

prune_status pruni_pickle_do_mark(pruni_pickle *pickle, int unused)
{
    (void)unused;
    return pruni_pickle_push_mark(pickle);
}

/* As Python's: where nothing lies above the last mark, the mark goes. */
prune_status pruni_pickle_do_pop(pruni_pickle *pickle, int unused)
{
    (void)unused;
    int64_t height = 0;
    pruni_pickle_id id = PRUNI_PICKLE_NONE;
    if (pickle->marks.count > 0 && pickle->stack.count == pruni_pickle_floor(pickle))
        return pruni_pickle_pop_mark(pickle, &height);
    return pruni_pickle_pop(pickle, &id);
}

prune_status pruni_pickle_do_pop_mark(pruni_pickle *pickle, int unused)
{
    (void)unused;
    int64_t height = 0;
    if (pruni_pickle_pop_mark(pickle, &height))
        return prune_last_status();
    pickle->stack.count = height;
    return PRUNE_OK;
}

prune_status pruni_pickle_do_dup(pruni_pickle *pickle, int unused)
{
    (void)unused;
    pruni_pickle_id id = PRUNI_PICKLE_NONE;
    return pruni_pickle_top(pickle, &id) || pruni_pickle_push(pickle, id) ? prune_last_status() : PRUNE_OK;
}

/* ---- The memo ---- */

prune_status pruni_pickle_do_put(pruni_pickle *pickle, int width)
{
    uint64_t index = 0;
    return pruni_pickle_take_number(pickle, &index, width) || pruni_pickle_memoize(pickle, index) ? prune_last_status()
                                                                                                  : PRUNE_OK;
}

prune_status pruni_pickle_do_get(pruni_pickle *pickle, int width)
{
    uint64_t index = 0;
    return pruni_pickle_take_number(pickle, &index, width) || pruni_pickle_recall(pickle, index) ? prune_last_status()
                                                                                                 : PRUNE_OK;
}

prune_status pruni_pickle_do_memoize(pruni_pickle *pickle, int unused)
{
    (void)unused;
    return pruni_pickle_memoize(pickle, (uint64_t)pickle->memo.count);
}

static prune_status take_index(pruni_pickle *pickle, uint64_t *index)
{
    pruni_pickle_text line = { 0, 0 };
    int64_t number = -1;
    if (pruni_pickle_take_line(pickle, &line))
        return prune_last_status();
    if (!pruni_pickle_parse_decimal(&number, pruni_pickle_chars(pickle, line), line.length) || number < 0)
        return pruni_pickle_fail(pickle, PRUNI_SYNTAX, "what should be the number of a memo is none");
    *index = (uint64_t)number;
    return PRUNE_OK;
}

prune_status pruni_pickle_do_text_put(pruni_pickle *pickle, int unused)
{
    (void)unused;
    uint64_t index = 0;
    return take_index(pickle, &index) || pruni_pickle_memoize(pickle, index) ? prune_last_status() : PRUNE_OK;
}

prune_status pruni_pickle_do_text_get(pruni_pickle *pickle, int unused)
{
    (void)unused;
    uint64_t index = 0;
    return take_index(pickle, &index) || pruni_pickle_recall(pickle, index) ? prune_last_status() : PRUNE_OK;
}
