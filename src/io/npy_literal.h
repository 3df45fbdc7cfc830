/* The Python literals of .npy headers, token by token. */
#ifndef PRUNI_IO_NPY_LITERAL_H
#define PRUNI_IO_NPY_LITERAL_H

#include "io/internal.h"

typedef struct pruni_literal {
    const char *text;
    size_t length;
    const char *source, *what; /* for sentences */
    size_t at;                 /* behind the present token */
    char token;                /* a bracket, a comma, a colon; '\'' a string, 'a' a word or number; 0 the end */
    size_t start, size;        /* of a word; of a string between its quotes */
} pruni_literal;

/* Goes to the first token, when all are tokens and the brackets in order. Fails with syntax and limit. */
prune_status pruni_literal_init(pruni_literal *literal, const char *text, size_t length, const char *source,
                                const char *what);
prune_status pruni_literal_next(pruni_literal *literal);

/* Whether the present token is this one; whether it is this word or string. */
bool pruni_literal_is(const pruni_literal *literal, char token, const char *text);

/* Fails with "<fault>: <source>: <what>a header with <problem> at byte <n>". */
prune_status pruni_literal_wrong(const pruni_literal *literal, pruni_fault fault, const char *problem);

#endif
