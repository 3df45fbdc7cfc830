/* Sentences about pickles. */
#include "io/pickle.h"

#include <stdarg.h>
#include <string.h>

prune_status pruni_pickle_fail(const pruni_pickle *pickle, pruni_fault fault, const char *format, ...)
{
    char rest[2048];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(rest, sizeof rest, format, arguments);
    va_end(arguments);
    return pruni_bad_file(fault, pickle->source, "pickle, byte %zu: %s", pickle->operation, rest);
}

static void describe_global(const pruni_pickle *pickle, const pruni_pickle_value *value, char out[PRUNI_SHOWN_SIZE])
{
    enum { LONGEST = 100 };
    char joined[2 * LONGEST + 2];
    pruni_pickle_text module = value->as.global.module;
    pruni_pickle_text name = value->as.global.name;
    size_t first = module.length < LONGEST ? module.length : LONGEST;
    size_t second = name.length < LONGEST ? name.length : LONGEST;
    memcpy(joined, pruni_pickle_chars(pickle, module), first);
    joined[first] = '.';
    memcpy(joined + first + 1, pruni_pickle_chars(pickle, name), second);
    (void)pruni_shown(out, joined, first + 1 + second);
}

void pruni_pickle_describe(const pruni_pickle *pickle, pruni_pickle_id id, char out[PRUNI_SHOWN_SIZE])
{
    static const char *const words[] = { "None",     "a bool",   "an int",          "an int",   "a float",
                                         "a string", "bytes",    "a tuple",         "a list",   "a set",
                                         "a dict",   "a global", "a persistent id", "an object" };
    const pruni_pickle_value *value = &pickle->values[id];
    while (value->kind == PRUNI_PICKLE_OBJECT) /* what was called is older: this ends */
        value = &pickle->values[value->as.object.callable];
    if (value->kind == PRUNI_PICKLE_GLOBAL)
        describe_global(pickle, value, out);
    else
        (void)snprintf(out, PRUNI_SHOWN_SIZE, "%s", words[value->kind]);
}
