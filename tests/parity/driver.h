/* What the parts of the parity driver share: see driver.c for the language. */
#ifndef PRUNE_PARITY_DRIVER_H
#define PRUNE_PARITY_DRIVER_H

#include "prune/prune.h"

/* ---- Text that grows ---- */

typedef struct text {
    char *bytes; /* terminated; NULL while nothing was added */
    size_t length, room;
} text;

void text_add(text *t, const char *format, ...) PRUNE_PRINTF(2, 3);
void text_add_escaped(text *t, const char *words); /* newlines as \n, backslashes doubled */
void text_clear(text *t);
void text_free(text *t);

/* Memory or the end of the program: the driver has nothing to offer without. */
void *must_alloc(void *block, size_t size);

/* One line without its end, in a block that grows, to be freed; NULL at the end of the file. */
char *read_line(char **line, size_t *room, FILE *file);

/* ---- Objects by name ---- */

typedef enum object_kind { TENSOR, MODULE, METHOD, GENERATOR, DICT } object_kind;

typedef struct object {
    char *name;
    object_kind kind;
    void *handle;
    text state; /* of a module: the lines that its last change left */
} object;

typedef struct session {
    object *objects; /* in the order in which their names were first given */
    size_t count, room;
    char **names; /* every member's name that the program has used, in order */
    size_t num_names, names_room;
    int64_t first_hook;   /* hook ids are told from here */
    uint64_t random_hash; /* of the default generator, when last told */
    bool whole;           /* long lists of bits are written out */
    text answer;          /* to the present command */
} session;

/* ---- A command ---- */

enum { MAX_WORDS = 64 };

typedef struct command {
    char *words[MAX_WORDS]; /* words[0] is the verb; those of the form key=value come after all others */
    int count, options;     /* of plain words, of key=value */
    bool skipped;           /* it names something that is not there */
} command;

/* The i-th plain word; a program that lacks it is malformed and ends the driver. */
const char *word(const command *c, int i);
/* The value of an option; NULL if it is not given. */
const char *option(const command *c, const char *key);
int64_t integer(const char *digits);
double number(const char *digits);

/* "[3,4]", "[]" or "1,0": at most PRUNE_MAX_DIMS numbers; returns how many. */
int64_t read_list(int64_t *out, const char *words);
prune_ints read_ints(const char *words);
prune_amount read_amount(const char *words);
prune_norm read_norm(const char *words);
prune_dtype read_dtype(const char *words);

/* What a word names, borrowed; NULL and `skipped` where there is no such thing. "none" is NULL without being skipped.
 * A module may be followed by a path: net/0.conv1. */
void *find(session *s, command *c, object_kind kind, const char *name);
prune_tensor *tensor_of(session *s, command *c, int i);
prune_module *module_of(session *s, command *c, int i);
prune_method *method_of(session *s, command *c, int i);
prune_tensor *tensor_option(session *s, command *c, const char *key);
prune_generator *generator_option(session *s, command *c);
/* The member's name that is the i-th word; the state of modules tells of it from then on. */
const char *member_of(session *s, const command *c, int i);

/* Names an object, which the session then owns. */
void keep(session *s, const char *name, object_kind kind, void *handle);

/* ---- Answers ---- */

/* "ok", or "error STATUS SENTENCE". Returns whether it was ok. */
bool answer(session *s, prune_status status);
/* The same; then keeps what was made. */
void answer_kept(session *s, prune_status status, const char *name, object_kind kind, void *handle);

/* "f32[2,3] 3f800000 …", without newline. `always_whole`: whatever the session says. */
void write_tensor(session *s, text *t, const prune_tensor *tensor, bool always_whole);
uint64_t hash_bytes(const void *bytes, size_t count);
uint64_t mix(uint64_t x);                               /* splitmix64's finaliser */
void write_method(text *t, const prune_method *method); /* L1Unstructured, PruningContainer(A,B) */

/* Answers with the lines of every module's state, and of the default generator, that differ from when last told. */
void tell_changes(session *s);
void remember_name(session *s, const char *name);

/* A pattern's values in a new tensor: see driver.c. */
prune_status make_pattern(prune_tensor **out, const int64_t *sizes, int64_t ndim, const char *pattern);

/* What was written to a temporary file, escaped onto one line. */
FILE *open_page(void);
void answer_page(session *s, FILE *page, prune_status status);

/* ---- Families of commands ---- */

typedef struct verb {
    const char *name;
    void (*run)(session *s, command *c);
} verb;

extern const verb tensor_verbs[], layer_verbs[], module_verbs[], prune_verbs[], method_verbs[];

/* Runs one line and leaves the answer in s->answer. */
void run_line(session *s, const char *line);
void begin_program(session *s);
void end_program(session *s);

/* Compares a transcript with what the library answers; prints the first differences. Returns how many there are. */
int64_t replay(session *s, FILE *transcript, const char *name);

#endif
