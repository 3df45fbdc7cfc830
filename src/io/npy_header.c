/* What the header of an .npy array says. */
#include "io/npy.h"
#include "io/npy_literal.h"

#include <string.h>

typedef struct parser {
    pruni_literal literal;
    pruni_npy_header *header;
    int version;
    uint64_t elements; /* of the shape; those of an empty one as though each 0 were a 1 */
    bool is_empty, is_too_large;
} parser;

static prune_status bad_schema(const parser *p, const char *problem)
{
    return pruni_bad_file(PRUNI_SCHEMA, p->literal.source, "%sa header %s", p->literal.what, problem);
}

/* To the next token, which is one: all have been seen before. */
static void advance(parser *p)
{
    (void)pruni_literal_next(&p->literal);
}

/* ---- descr ---- */

/* The bytes of each kind of number that NumPy has somewhere. */
static const struct {
    char kind;
    unsigned sizes[5];
} kinds[] = {
    { 'b', { 1 } },
    { 'i', { 1, 2, 4, 8 } },
    { 'u', { 1, 2, 4, 8 } },
    { 'f', { 2, 4, 8, 12, 16 } },
    { 'c', { 8, 16, 24, 32 } },
};

enum { KINDS = sizeof kinds / sizeof kinds[0], SIZES = sizeof kinds[0].sizes / sizeof kinds[0].sizes[0] };

static bool has_size(char kind, unsigned size)
{
    for (int i = 0; i < KINDS; i++)
        for (int j = 0; kinds[i].kind == kind && j < SIZES; j++)
            if (kinds[i].sizes[j] == size)
                return true;
    return false;
}

/* "<f4": the order of the bytes, the kind, the size. */
static bool is_number(unsigned *size, const char *descr)
{
    size_t length = strlen(descr);
    if (length < 3 || length > 4 || !strchr("<>|", descr[0]))
        return false;
    unsigned bytes = 0;
    for (size_t i = 2; i < length; i++) {
        if (descr[i] < (i == 2 ? '1' : '0') || descr[i] > '9')
            return false;
        bytes = bytes * 10 + (unsigned)(descr[i] - '0');
    }
    *size = bytes;
    return has_size(descr[1], bytes) && (descr[0] != '|' || bytes == 1);
}

static prune_status bad_descr(const parser *p, pruni_fault fault, const char *problem)
{
    char descr[PRUNI_SHOWN_SIZE];
    return pruni_bad_file(fault, p->literal.source, "%sdtype %s %s", p->literal.what,
                          pruni_shown(descr, p->literal.text + p->literal.start, p->literal.size), problem);
}

static prune_status read_descr(parser *p)
{
    pruni_npy_header *header = p->header;
    const pruni_literal *literal = &p->literal;
    if (literal->token == '[' || literal->token == '(')
        return pruni_bad_file(PRUNI_UNSUP, literal->source, "%sa dtype of several fields", literal->what);
    if (literal->token != '\'')
        return bad_schema(p, "whose descr is not a string");
    const char *descr = literal->text + literal->start;
    char kind = '\0';
    if (literal->size > 1)
        kind = descr[1];
    if (kind == 'O')
        return bad_descr(p, PRUNI_UNSAFE, "means Python objects, which are pickled");
    if (kind && strchr("SaUVMmT", kind))
        return bad_descr(p, PRUNI_UNSUP, "is not a number");
    if (literal->size >= sizeof header->descr)
        return bad_descr(p, PRUNI_SCHEMA, "does not exist");
    memcpy(header->descr, descr, literal->size);
    header->descr[literal->size] = '\0';
    if (strlen(header->descr) != literal->size || !is_number(&header->element_size, header->descr))
        return bad_descr(p, PRUNI_SCHEMA, "does not exist");
    advance(p);
    return PRUNE_OK;
}

/* ---- fortran_order ---- */

static prune_status read_fortran_order(parser *p)
{
    p->header->fortran_order = pruni_literal_is(&p->literal, 'a', "True");
    if (!p->header->fortran_order && !pruni_literal_is(&p->literal, 'a', "False"))
        return bad_schema(p, "whose fortran_order is neither True nor False");
    advance(p);
    return PRUNE_OK;
}

/* ---- shape ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A size: digits, without zeros before them, and Python 2's L where that is old enough. */
static prune_status read_size(uint64_t *out, const parser *p)
{
    static const char problem[] = "whose shape is not a tuple of integers that are not negative";
    const pruni_literal *literal = &p->literal;
    const char *digits = literal->text + literal->start;
    uint64_t size = 0;
    if (literal->token != 'a')
        return bad_schema(p, problem);
    size_t length = 0;
    while (length < literal->size && is_digit(digits[length]))
        length++;
    bool is_long = length > 0 && length == literal->size - 1 && digits[length] == 'L';
    if (is_long && p->version >= 3)
        return pruni_literal_wrong(literal, PRUNI_SYNTAX, "an integer of Python 2");
    if (length == 0 || (length < literal->size && !is_long))
        return bad_schema(p, problem);
    if (digits[0] == '0' && length > 1)
        return pruni_literal_wrong(literal, PRUNI_SYNTAX, "an integer that begins with 0");
    for (size_t i = 0; i < length; i++) {
        uint64_t digit = (uint64_t)(digits[i] - '0');
        if (size > (UINT64_MAX - digit) / 10)
            return pruni_bad_file(PRUNI_OVERFLOW, literal->source, "%sa size beyond 64 bits", literal->what);
        size = size * 10 + digit;
    }
    *out = size;
    return PRUNE_OK;
}

/* Where the present token is the last size of a tuple: its comma, which the tuple of one has, and its bracket. */
static prune_status read_separator(parser *p, bool *is_last)
{
    bool comma = false;
    advance(p);
    if (p->literal.token == ',') {
        comma = true;
        advance(p);
    }
    *is_last = p->literal.token == ')';
    if (*is_last && !comma && p->header->ndim == 1)
        return bad_schema(p, "whose shape is a number in brackets, not a tuple");
    if (!*is_last && !comma)
        return pruni_literal_wrong(&p->literal, PRUNI_SYNTAX, "neither a comma nor a bracket");
    return PRUNE_OK;
}

static prune_status read_shape(parser *p)
{
    pruni_npy_header *header = p->header;
    if (p->literal.token != '(')
        return bad_schema(p, "whose shape is not a tuple");
    advance(p);
    bool is_last = p->literal.token == ')';
    while (!is_last) {
        uint64_t size = 0;
        if (read_size(&size, p))
            return prune_last_status();
        if (size > INT64_MAX || !pruni_multiply_bits(&p->elements, &p->is_empty, size))
            p->is_too_large = true;
        else if (header->ndim < PRUNE_MAX_DIMS)
            header->sizes[header->ndim] = (int64_t)size;
        header->ndim++;
        if (read_separator(p, &is_last))
            return prune_last_status();
    }
    advance(p);
    return PRUNE_OK;
}

/* ---- The dict ---- */

enum { DESCR, FORTRAN_ORDER, SHAPE, KEYS };

static prune_status read_key(parser *p, bool seen[KEYS], int *key)
{
    static const char *const keys[KEYS] = { "descr", "fortran_order", "shape" };
    for (*key = 0; *key < KEYS && !pruni_literal_is(&p->literal, '\'', keys[*key]);)
        ++*key;
    if (*key == KEYS)
        return bad_schema(p, "with a key that is none of descr, fortran_order, shape");
    if (seen[*key])
        return pruni_bad_file(PRUNI_DUP, p->literal.source, "%sa header with two %s", p->literal.what, keys[*key]);
    seen[*key] = true;
    advance(p);
    if (p->literal.token != ':')
        return pruni_literal_wrong(&p->literal, PRUNI_SYNTAX, "no colon behind a key");
    advance(p);
    return PRUNE_OK;
}

static prune_status read_value(parser *p, int key)
{
    if (key == DESCR)
        return read_descr(p);
    return key == SHAPE ? read_shape(p) : read_fortran_order(p);
}

static prune_status read_dict(parser *p)
{
    bool seen[KEYS] = { false };
    if (p->literal.token != '{')
        return bad_schema(p, "that is not a dict");
    advance(p);
    while (p->literal.token != '}') {
        int key;
        if (read_key(p, seen, &key) || read_value(p, key))
            return prune_last_status();
        if (p->literal.token != ',' && p->literal.token != '}')
            return pruni_literal_wrong(&p->literal, PRUNI_SYNTAX, "neither a comma nor a bracket");
        if (p->literal.token == ',')
            advance(p);
    }
    for (int key = 0; key < KEYS; key++)
        if (!seen[key])
            return bad_schema(p, "without all of descr, fortran_order, shape");
    advance(p);
    return p->literal.token ? pruni_literal_wrong(&p->literal, PRUNI_SYNTAX, "something behind the dict") : PRUNE_OK;
}

prune_status pruni_npy_parse_header(pruni_npy_header *header, const char *text, size_t length, int version,
                                    const char *source, const char *what)
{
    parser p = { .header = header, .version = version, .elements = 1 };
    *header = (pruni_npy_header){ .ndim = 0 };
    if (pruni_literal_init(&p.literal, text, length, source, what) || read_dict(&p))
        return prune_last_status();
    uint64_t bits = p.elements;
    if (p.is_too_large || !pruni_multiply_bits(&bits, &p.is_empty, (uint64_t)header->element_size * 8))
        return pruni_bad_file(PRUNI_OVERFLOW, source, "%sa shape that is too large for any memory", what);
    header->bytes = p.is_empty ? 0 : bits / 8;
    return PRUNE_OK;
}
