/* Python pickles, read as data: a machine that builds values and calls nothing. */
#ifndef PRUNI_IO_PICKLE_H
#define PRUNI_IO_PICKLE_H

#include "io/internal.h"

enum { PRUNI_PICKLE_MAX_SIZE = 1 << 30, PRUNI_PICKLE_MAX_PROTOCOL = 5 };

/* Bytes of the pickle. */
typedef struct pruni_pickle_text {
    uint32_t at, length;
} pruni_pickle_text;

/* Values are named by their place in pruni_pickle.values, cells by theirs in pruni_pickle.cells. */
typedef uint32_t pruni_pickle_id;
#define PRUNI_PICKLE_NONE UINT32_MAX

typedef enum pruni_pickle_kind {
    PRUNI_PICKLE_NULL, /* None */
    PRUNI_PICKLE_BOOL,
    PRUNI_PICKLE_INT,
    PRUNI_PICKLE_BIG_INT, /* of more than 64 bits: its bytes, little-endian */
    PRUNI_PICKLE_FLOAT,
    PRUNI_PICKLE_STRING,
    PRUNI_PICKLE_BYTES,
    PRUNI_PICKLE_TUPLE,
    PRUNI_PICKLE_LIST,
    PRUNI_PICKLE_SET,
    PRUNI_PICKLE_DICT, /* OrderedDict and the like too; cells: key, value, key, value, … */
    PRUNI_PICKLE_GLOBAL,
    PRUNI_PICKLE_PERSISTENT,
    PRUNI_PICKLE_OBJECT /* what calling something with these arguments would make */
} pruni_pickle_kind;

typedef struct pruni_pickle_value {
    uint8_t kind;   /* a pruni_pickle_kind */
    bool has_state; /* an object that BUILD gave more than its arguments */
    uint32_t count; /* cells */
    union {
        int64_t integer;
        double number;
        pruni_pickle_text text;
        struct {
            pruni_pickle_text module, name;
        } global;
        struct {
            uint32_t first, last; /* cells */
        } items;
        struct {
            pruni_pickle_id callable, arguments;
        } object;
        pruni_pickle_id persistent;
    } as;
} pruni_pickle_value;

typedef struct pruni_pickle_cell {
    pruni_pickle_id value;
    uint32_t next;
} pruni_pickle_cell;

typedef struct pruni_pickle_ids {
    pruni_pickle_id *ids;
    int64_t count, capacity;
} pruni_pickle_ids;

typedef struct pruni_pickle {
    const char *source;
    pruni_input *input;   /* where more bytes are; NULL: there are none */
    uint64_t start;       /* of the pickle in the input */
    unsigned char *bytes; /* owned */
    size_t size;
    int64_t capacity;
    size_t at; /* the next byte */

    pruni_pickle_value *values;
    int64_t value_count, value_capacity;
    pruni_pickle_cell *cells;
    int64_t cell_count, cell_capacity;
    pruni_pickle_ids stack;
    pruni_pickle_ids marks; /* heights of the stack */
    pruni_pickle_ids memo;

    size_t operation; /* where the present opcode lies */
    bool stopped;
    pruni_pickle_id result;
} pruni_pickle;

/* ---- The machine (pickle.c) ---- */

/* Runs the pickle that fills `bytes`, at most PRUNI_PICKLE_MAX_SIZE of them, which the machine owns from now on, also where
 * this fails. */
prune_status pruni_pickle_open(pruni_pickle *pickle, const char *source, unsigned char *bytes, size_t size);

/* Runs a pickle that begins at `start` in the input. *end: where it ends. Fails with limit where it is longer than that. */
prune_status pruni_pickle_open_at(pruni_pickle *pickle, pruni_input *input, uint64_t start, uint64_t *end);
void pruni_pickle_close(pruni_pickle *pickle);

/* ---- Its bytes (pickle_bytes.c). Fail with truncated ---- */

/* Whether so many bytes come next. */
prune_status pruni_pickle_require(pruni_pickle *pickle, uint64_t size);

/* The next `size` bytes, good until more are taken. */
prune_status pruni_pickle_take(pruni_pickle *pickle, const unsigned char **bytes, uint64_t size);

/* The same, as a text. */
prune_status pruni_pickle_take_text(pruni_pickle *pickle, pruni_pickle_text *text, uint64_t size);

/* An unsigned number of 1, 2, 4 or 8 bytes, little-endian. */
prune_status pruni_pickle_take_number(pruni_pickle *pickle, uint64_t *number, int width);

/* Up to the next newline, which is left out. */
prune_status pruni_pickle_take_line(pruni_pickle *pickle, pruni_pickle_text *line);

/* ---- Values (pickle_values.c) ---- */

static inline const pruni_pickle_value *pruni_pickle_get(const pruni_pickle *pickle, pruni_pickle_id id)
{
    return &pickle->values[id];
}

static inline const char *pruni_pickle_chars(const pruni_pickle *pickle, pruni_pickle_text text)
{
    return (const char *)pickle->bytes + text.at;
}

prune_status pruni_pickle_add(pruni_pickle *pickle, pruni_pickle_id *id, const pruni_pickle_value *value);
prune_status pruni_pickle_append(pruni_pickle *pickle, pruni_pickle_id container, pruni_pickle_id item);

/* All items of one container to another. */
prune_status pruni_pickle_append_all(pruni_pickle *pickle, pruni_pickle_id to, pruni_pickle_id from);

/* The i-th item; PRUNI_PICKLE_NONE where there are fewer. Linear. */
pruni_pickle_id pruni_pickle_item(const pruni_pickle *pickle, const pruni_pickle_value *container, uint32_t i);

/* Whether a string or global is this. */
bool pruni_pickle_is_text(const pruni_pickle *pickle, pruni_pickle_text text, const char *expected);
bool pruni_pickle_is_global(const pruni_pickle *pickle, const pruni_pickle_value *value, const char *module,
                            const char *name);

/* ---- Sentences (pickle_words.c) ---- */

/* Fails with "<word>: <source>: pickle, byte <of the opcode>: <the rest>". */
prune_status pruni_pickle_fail(const pruni_pickle *pickle, pruni_fault fault, const char *format, ...)
    PRUNE_PRINTF(3, 4);

/* What would be called, or the kind: "'os.system'", "a list". */
void pruni_pickle_describe(const pruni_pickle *pickle, pruni_pickle_id id, char out[PRUNI_SHOWN_SIZE]);

#endif
