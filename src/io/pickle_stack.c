/* The stack, the marks and the memo. */
#include "io/pickle_machine.h"

static prune_status add_id(pruni_pickle_ids *list, pruni_pickle_id id)
{
    void *ids = list->ids;
    if (pruni_grow(&ids, &list->capacity, list->count + 1, sizeof *list->ids))
        return PRUNE_ERROR_MEMORY;
    list->ids = ids;
    list->ids[list->count++] = id;
    return PRUNE_OK;
}

int64_t pruni_pickle_floor(const pruni_pickle *pickle)
{
    return pickle->marks.count > 0 ? pickle->marks.ids[pickle->marks.count - 1] : 0;
}

prune_status pruni_pickle_push(pruni_pickle *pickle, pruni_pickle_id id)
{
    return add_id(&pickle->stack, id);
}

prune_status pruni_pickle_push_value(pruni_pickle *pickle, const pruni_pickle_value *value)
{
    pruni_pickle_id id = PRUNI_PICKLE_NONE;
    return pruni_pickle_add(pickle, &id, value) || pruni_pickle_push(pickle, id) ? prune_last_status() : PRUNE_OK;
}

prune_status pruni_pickle_push_mark(pruni_pickle *pickle)
{
    return add_id(&pickle->marks, (pruni_pickle_id)pickle->stack.count);
}

prune_status pruni_pickle_top(const pruni_pickle *pickle, pruni_pickle_id *id)
{
    if (pickle->stack.count <= pruni_pickle_floor(pickle))
        return pruni_pickle_fail(pickle, PRUNI_SYNTAX, "the stack is empty");
    *id = pickle->stack.ids[pickle->stack.count - 1];
    return PRUNE_OK;
}

prune_status pruni_pickle_pop(pruni_pickle *pickle, pruni_pickle_id *id)
{
    if (pruni_pickle_top(pickle, id))
        return prune_last_status();
    pickle->stack.count--;
    return PRUNE_OK;
}

prune_status pruni_pickle_pop_mark(pruni_pickle *pickle, int64_t *height)
{
    if (pickle->marks.count == 0)
        return pruni_pickle_fail(pickle, PRUNI_SYNTAX, "there is no MARK");
    *height = pickle->marks.ids[--pickle->marks.count];
    return PRUNE_OK;
}

prune_status pruni_pickle_move_to(pruni_pickle *pickle, pruni_pickle_id container, int64_t height)
{
    for (int64_t i = height; i < pickle->stack.count; i++)
        if (pruni_pickle_append(pickle, container, pickle->stack.ids[i]))
            return prune_last_status();
    pickle->stack.count = height;
    return PRUNE_OK;
}

prune_status pruni_pickle_gather(pruni_pickle *pickle, pruni_pickle_kind kind, int64_t height)
{
    const pruni_pickle_value empty = { .kind = (uint8_t)kind };
    pruni_pickle_id id = PRUNI_PICKLE_NONE;
    if (pruni_pickle_add(pickle, &id, &empty) || pruni_pickle_move_to(pickle, id, height))
        return prune_last_status();
    return pruni_pickle_push(pickle, id);
}

prune_status pruni_pickle_memoize(pruni_pickle *pickle, uint64_t index)
{
    enum { SPARE = 1024 };
    pruni_pickle_id id = PRUNI_PICKLE_NONE;
    if (pruni_pickle_top(pickle, &id))
        return prune_last_status();
    if (index > pickle->at + SPARE)
        return pruni_pickle_fail(pickle, PRUNI_LIMIT, "memo %llu is beyond the pickle's length",
                                 (unsigned long long)index);
    while ((uint64_t)pickle->memo.count <= index)
        if (add_id(&pickle->memo, PRUNI_PICKLE_NONE))
            return PRUNE_ERROR_MEMORY;
    pickle->memo.ids[index] = id;
    return PRUNE_OK;
}

prune_status pruni_pickle_recall(pruni_pickle *pickle, uint64_t index)
{
    if (index >= (uint64_t)pickle->memo.count || pickle->memo.ids[index] == PRUNI_PICKLE_NONE)
        return pruni_pickle_fail(pickle, PRUNI_SYNTAX, "nothing is in memo %llu", (unsigned long long)index);
    return pruni_pickle_push(pickle, pickle->memo.ids[index]);
}
