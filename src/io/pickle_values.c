/* What a pickle holds: values in one array, their items in another. Each opcode adds one of either at most, so that memory
 * is bounded by the length of the pickle. */
#include "io/pickle.h"

#include <string.h>

prune_status pruni_pickle_add(pruni_pickle *pickle, pruni_pickle_id *id, const pruni_pickle_value *value)
{
    void *values = pickle->values;
    if (pruni_grow(&values, &pickle->value_capacity, pickle->value_count + 1, sizeof *value))
        return PRUNE_ERROR_MEMORY;
    pickle->values = values;
    *id = (pruni_pickle_id)pickle->value_count;
    pickle->values[pickle->value_count++] = *value;
    return PRUNE_OK;
}

prune_status pruni_pickle_append(pruni_pickle *pickle, pruni_pickle_id container, pruni_pickle_id item)
{
    void *cells = pickle->cells;
    if (pickle->cell_count >= (int64_t)pickle->at) /* only copies of copies come so far */
        return pruni_pickle_fail(pickle, PRUNI_LIMIT, "more items than bytes");
    if (pruni_grow(&cells, &pickle->cell_capacity, pickle->cell_count + 1, sizeof *pickle->cells))
        return PRUNE_ERROR_MEMORY;
    pickle->cells = cells;
    uint32_t cell = (uint32_t)pickle->cell_count++;
    pruni_pickle_value *value = &pickle->values[container];
    pickle->cells[cell] = (pruni_pickle_cell){ item, PRUNI_PICKLE_NONE };
    if (value->count == 0)
        value->as.items.first = cell;
    else
        pickle->cells[value->as.items.last].next = cell;
    value->as.items.last = cell;
    value->count++;
    return PRUNE_OK;
}

prune_status pruni_pickle_append_all(pruni_pickle *pickle, pruni_pickle_id to, pruni_pickle_id from)
{
    uint32_t count = pickle->values[from].count; /* `to` may be `from` */
    uint32_t cell = count > 0 ? pickle->values[from].as.items.first : PRUNI_PICKLE_NONE;
    for (uint32_t i = 0; i < count; i++) {
        if (pruni_pickle_append(pickle, to, pickle->cells[cell].value))
            return prune_last_status();
        cell = pickle->cells[cell].next;
    }
    return PRUNE_OK;
}

pruni_pickle_id pruni_pickle_item(const pruni_pickle *pickle, const pruni_pickle_value *container, uint32_t i)
{
    if (i >= container->count)
        return PRUNI_PICKLE_NONE;
    uint32_t cell = container->as.items.first;
    for (; i > 0; i--)
        cell = pickle->cells[cell].next;
    return pickle->cells[cell].value;
}

bool pruni_pickle_is_text(const pruni_pickle *pickle, pruni_pickle_text text, const char *expected)
{
    return text.length == strlen(expected) && memcmp(pruni_pickle_chars(pickle, text), expected, text.length) == 0;
}

bool pruni_pickle_is_global(const pruni_pickle *pickle, const pruni_pickle_value *value, const char *module,
                            const char *name)
{
    return value->kind == PRUNI_PICKLE_GLOBAL && pruni_pickle_is_text(pickle, value->as.global.module, module)
           && pruni_pickle_is_text(pickle, value->as.global.name, name);
}
