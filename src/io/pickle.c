/* Running a pickle. */
#include "io/pickle_machine.h"

static const struct {
    prune_status (*function)(pruni_pickle *pickle, int argument);
    int argument;
} operations[256] = {
#define OPERATION_ROW(opcode, name, argument) [opcode] = { pruni_pickle_do_##name, argument },
    PRUNI_PICKLE_OPERATION_MAP(OPERATION_ROW)
#undef OPERATION_ROW
};

void pruni_pickle_close(pruni_pickle *pickle)
{
    pruni_free(pickle->bytes);
    pruni_free(pickle->values);
    pruni_free(pickle->cells);
    pruni_free(pickle->stack.ids);
    pruni_free(pickle->marks.ids);
    pruni_free(pickle->memo.ids);
    *pickle = (pruni_pickle){ .source = NULL };
}

static prune_status step(pruni_pickle *pickle)
{
    const unsigned char *byte = NULL;
    pickle->operation = pickle->at;
    if (pruni_pickle_take(pickle, &byte, 1))
        return prune_last_status();
    unsigned char opcode = *byte;
    if (!operations[opcode].function)
        return pruni_pickle_fail(pickle, PRUNI_SYNTAX, "there is no opcode 0x%02x", (unsigned)opcode);
    return operations[opcode].function(pickle, operations[opcode].argument);
}

static prune_status run(pruni_pickle *pickle)
{
    prune_status status = PRUNE_OK;
    while (!status && !pickle->stopped)
        status = step(pickle);
    return status;
}

prune_status pruni_pickle_open(pruni_pickle *pickle, const char *source, unsigned char *bytes, size_t size)
{
    *pickle = (pruni_pickle){ .source = source, .bytes = bytes, .size = size };
    prune_status status = run(pickle);
    if (!status && pickle->at < pickle->size)
        status = pruni_pickle_fail(pickle, PRUNI_LAYOUT, "%zu bytes follow the STOP", pickle->size - pickle->at);
    if (status)
        pruni_pickle_close(pickle);
    return status;
}

prune_status pruni_pickle_open_at(pruni_pickle *pickle, pruni_input *input, uint64_t start, uint64_t *end)
{
    *pickle = (pruni_pickle){ .source = input->source, .input = input, .start = start };
    if (run(pickle)) {
        pruni_pickle_close(pickle);
        return prune_last_status();
    }
    pickle->input = NULL;
    *end = start + pickle->at;
    return PRUNE_OK;
}
