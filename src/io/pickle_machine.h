/* The inside of the machine that runs a pickle: opcodes, stack, marks, memo. */
#ifndef PRUNI_IO_PICKLE_MACHINE_H
#define PRUNI_IO_PICKLE_MACHINE_H

#include "io/pickle.h"

/* X(opcode, what does it, its argument) */
#define PRUNI_PICKLE_OPERATION_MAP(X)         \
    X('N', constant, PRUNI_PICKLE_NULL)       \
    X(0x89, boolean, 0)                       \
    X(0x88, boolean, 1)                       \
    X('K', integer, 1)                        \
    X('M', integer, 2)                        \
    X('J', integer, 4)                        \
    X(0x8a, long_integer, 1)                  \
    X(0x8b, long_integer, 4)                  \
    X('I', text_integer, 0)                   \
    X('L', text_integer, 0)                   \
    X('G', real, 8)                           \
    X('F', text_real, 0)                      \
    X(0x8c, string, 1)                        \
    X('X', string, 4)                         \
    X(0x8d, string, 8)                        \
    X('U', string, 1)                         \
    X('T', string, 4)                         \
    X('V', text_string, 0)                    \
    X('S', quoted_string, 0)                  \
    X('C', bytes, 1)                          \
    X('B', bytes, 4)                          \
    X(0x8e, bytes, 8)                         \
    X(0x96, bytes, 8)                         \
    X(')', constant, PRUNI_PICKLE_TUPLE)      \
    X(']', constant, PRUNI_PICKLE_LIST)       \
    X('}', constant, PRUNI_PICKLE_DICT)       \
    X(0x8f, constant, PRUNI_PICKLE_SET)       \
    X('t', gather_marked, PRUNI_PICKLE_TUPLE) \
    X('l', gather_marked, PRUNI_PICKLE_LIST)  \
    X('d', gather_marked, PRUNI_PICKLE_DICT)  \
    X(0x91, gather_marked, PRUNI_PICKLE_SET)  \
    X(0x85, gather_tuple, 1)                  \
    X(0x86, gather_tuple, 2)                  \
    X(0x87, gather_tuple, 3)                  \
    X('a', extend, PRUNI_PICKLE_LIST)         \
    X('s', extend, PRUNI_PICKLE_DICT)         \
    X('e', extend_marked, PRUNI_PICKLE_LIST)  \
    X('u', extend_marked, PRUNI_PICKLE_DICT)  \
    X(0x90, extend_marked, PRUNI_PICKLE_SET)  \
    X('(', mark, 0)                           \
    X('0', pop, 0)                            \
    X('1', pop_mark, 0)                       \
    X('2', dup, 0)                            \
    X('q', put, 1)                            \
    X('r', put, 4)                            \
    X('p', text_put, 0)                       \
    X(0x94, memoize, 0)                       \
    X('h', get, 1)                            \
    X('j', get, 4)                            \
    X('g', text_get, 0)                       \
    X('c', global, 0)                         \
    X(0x93, stack_global, 0)                  \
    X('R', call, 0)                           \
    X(0x81, call, 0)                          \
    X(0x92, call_with_keywords, 0)            \
    X('b', build, 0)                          \
    X('Q', persistent, 0)                     \
    X('P', outside, 0)                        \
    X('i', outside, 0)                        \
    X('o', outside, 0)                        \
    X(0x82, outside, 0)                       \
    X(0x83, outside, 0)                       \
    X(0x84, outside, 0)                       \
    X(0x97, outside, 0)                       \
    X(0x98, outside, 0)                       \
    X(0x80, protocol, 0)                      \
    X(0x95, frame, 0)                         \
    X('.', stop, 0)

/* pickle_scalars.c: constant … bytes; pickle_containers.c: gather_marked … memo; pickle_calls.c: global … stop */
#define PRUNI_PICKLE_DECLARE(opcode, name, argument) \
    prune_status pruni_pickle_do_##name(pruni_pickle *pickle, int argument_);
PRUNI_PICKLE_OPERATION_MAP(PRUNI_PICKLE_DECLARE)
#undef PRUNI_PICKLE_DECLARE

/* ---- The stack (pickle_stack.c) ---- */

prune_status pruni_pickle_push(pruni_pickle *pickle, pruni_pickle_id id);
prune_status pruni_pickle_push_value(pruni_pickle *pickle, const pruni_pickle_value *value);

/* The topmost value above the last mark. Fail with syntax where there is none. */
prune_status pruni_pickle_pop(pruni_pickle *pickle, pruni_pickle_id *id);
prune_status pruni_pickle_top(const pruni_pickle *pickle, pruni_pickle_id *id);

/* The height of the stack at the last mark, or 0. */
int64_t pruni_pickle_floor(const pruni_pickle *pickle);

prune_status pruni_pickle_push_mark(pruni_pickle *pickle);

/* Takes the last mark away and gives its height. Fails with syntax where there is none. */
prune_status pruni_pickle_pop_mark(pruni_pickle *pickle, int64_t *height);

/* Moves what lies at this height and above to the end of a container. */
prune_status pruni_pickle_move_to(pruni_pickle *pickle, pruni_pickle_id container, int64_t height);

/* Puts a new container in the place of what lies at this height and above. */
prune_status pruni_pickle_gather(pruni_pickle *pickle, pruni_pickle_kind kind, int64_t height);

/* ---- The memo (pickle_stack.c) ---- */

/* The top into the memo. Fails with limit where the index is beyond what a pickle of this length can have. */
prune_status pruni_pickle_memoize(pruni_pickle *pickle, uint64_t index);

/* From the memo to the top. Fails with syntax where nothing is there. */
prune_status pruni_pickle_recall(pruni_pickle *pickle, uint64_t index);

/* ---- Text (pickle_scalars.c) ---- */

/* A decimal number of at most 18 digits. */
bool pruni_pickle_parse_decimal(int64_t *out, const char *text, size_t length);

#endif
