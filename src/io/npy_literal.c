/* The Python literals of .npy headers, token by token. */
#include "io/npy_literal.h"

#include <string.h>

enum { MAX_DEPTH = 32 };

prune_status pruni_literal_wrong(const pruni_literal *literal, pruni_fault fault, const char *problem)
{
    return pruni_bad_file(fault, literal->source, "%sa header with %s at its byte %zu", literal->what, problem,
                          literal->at);
}

static int peek(const pruni_literal *literal)
{
    return literal->at < literal->length ? (unsigned char)literal->text[literal->at] : -1;
}

static bool is_one_of(int c, const char *characters)
{
    return c > 0 && strchr(characters, c);
}

/* ASCII, whatever the locale. */
static bool is_word(int c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_one_of(c, "_.+-");
}

/* As Python, a string in one kind of quotes may hold the other. */
static prune_status read_string(pruni_literal *literal)
{
    int quote = peek(literal);
    literal->at++;
    literal->token = '\'';
    literal->start = literal->at;
    while (peek(literal) != quote) {
        if (peek(literal) == '\\')
            literal->at++;
        if (peek(literal) < 0 || peek(literal) == '\n')
            return pruni_literal_wrong(literal, PRUNI_SYNTAX, "a string without an end");
        literal->at++;
    }
    literal->size = literal->at - literal->start;
    literal->at++;
    return PRUNE_OK;
}

prune_status pruni_literal_next(pruni_literal *literal)
{
    while (is_one_of(peek(literal), " \t\r\n\f"))
        literal->at++;
    int c = peek(literal);
    literal->start = literal->at;
    if (is_one_of(c, "'\""))
        return read_string(literal);
    if (is_word(c)) {
        while (is_word(peek(literal)))
            literal->at++;
        literal->size = literal->at - literal->start;
        literal->token = 'a';
        return PRUNE_OK;
    }
    if (c >= 0 && !is_one_of(c, "{}()[],:"))
        return pruni_literal_wrong(literal, PRUNI_SYNTAX, "a character that no literal has");
    literal->token = (char)(c < 0 ? 0 : c);
    literal->at += c >= 0;
    literal->size = 1;
    return PRUNE_OK;
}

bool pruni_literal_is(const pruni_literal *literal, char token, const char *text)
{
    return literal->token == token && literal->size == strlen(text)
           && memcmp(literal->text + literal->start, text, literal->size) == 0;
}

/* ---- Brackets ---- */

typedef struct brackets {
    char closers[MAX_DEPTH];
    int depth;
} brackets;

static prune_status open_or_close(brackets *open, const pruni_literal *literal)
{
    static const char pairs[] = "{}()[]";
    const char *place = literal->token ? strchr(pairs, literal->token) : NULL;
    if (!place)
        return PRUNE_OK;
    if ((place - pairs) % 2 == 0) {
        if (open->depth == MAX_DEPTH)
            return pruni_literal_wrong(literal, PRUNI_LIMIT, "brackets that are too deep");
        open->closers[open->depth++] = place[1];
        return PRUNE_OK;
    }
    if (open->depth == 0 || open->closers[open->depth - 1] != literal->token)
        return pruni_literal_wrong(literal, PRUNI_SYNTAX, "a bracket that closes nothing");
    open->depth--;
    return PRUNE_OK;
}

prune_status pruni_literal_init(pruni_literal *literal, const char *text, size_t length, const char *source,
                                const char *what)
{
    const pruni_literal start = { .text = text, .length = length, .source = source, .what = what };
    brackets open = { { 0 }, 0 };
    *literal = start;
    do {
        if (pruni_literal_next(literal) || open_or_close(&open, literal))
            return prune_last_status();
    } while (literal->token);
    if (open.depth > 0)
        return pruni_literal_wrong(literal, PRUNI_SYNTAX, "a bracket that is not closed");
    *literal = start;
    return pruni_literal_next(literal);
}
