/* Text that grows, lines, and the words of a command. */
#include "driver.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void *must_alloc(void *block, size_t size)
{
    void *grown = realloc(block, size);
    if (grown)
        return grown;
    fprintf(stderr, "driver: out of memory\n");
    exit(3);
}

static void make_room(text *t, size_t more)
{
    if (t->length + more < t->room)
        return;
    t->room = 2 * (t->length + more) + 64;
    t->bytes = must_alloc(t->bytes, t->room);
}

void text_add(text *t, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    make_room(t, 128);
    int length = vsnprintf(t->bytes + t->length, t->room - t->length, format, arguments);
    if (length > 0 && (size_t)length >= t->room - t->length) {
        make_room(t, (size_t)length + 1);
        length = vsnprintf(t->bytes + t->length, t->room - t->length, format, again);
    }
    va_end(again);
    va_end(arguments);
    t->length += length > 0 ? (size_t)length : 0;
}

void text_add_escaped(text *t, const char *words)
{
    for (; *words; words++) {
        make_room(t, 3);
        if (*words == '\n' || *words == '\\')
            t->bytes[t->length++] = '\\';
        t->bytes[t->length++] = *words == '\n' ? 'n' : *words;
        t->bytes[t->length] = '\0';
    }
}

void text_clear(text *t)
{
    make_room(t, 1);
    t->length = 0;
    t->bytes[0] = '\0';
}

void text_free(text *t)
{
    free(t->bytes);
    *t = (text){ .bytes = NULL };
}

char *read_line(char **line, size_t *room, FILE *file)
{
    size_t length = 0;
    for (int ch; (ch = getc(file)) != EOF && ch != '\n';) {
        if (length + 1 >= *room)
            *line = must_alloc(*line, *room = *room ? 2 * *room : 256);
        (*line)[length++] = (char)ch;
    }
    if (length == 0 && (feof(file) || ferror(file)))
        return NULL;
    if (*room == 0)
        *line = must_alloc(*line, *room = 256);
    (*line)[length] = '\0';
    return *line;
}

/* ---- Words ---- */

_Noreturn static void malformed(const char *what, const char *words)
{
    fprintf(stderr, "driver: %s: %s\n", what, words);
    exit(2);
}

const char *word(const command *c, int i)
{
    if (i >= c->count)
        malformed("too few words", c->count ? c->words[0] : "");
    return c->words[i];
}

const char *option(const command *c, const char *key)
{
    const size_t length = strlen(key);
    for (int i = c->count; i < c->count + c->options; i++)
        if (strncmp(c->words[i], key, length) == 0 && c->words[i][length] == '=')
            return c->words[i] + length + 1;
    return NULL;
}

int64_t integer(const char *digits)
{
    char *end;
    const int64_t value = strtoll(digits, &end, 10);
    if (end == digits || *end)
        malformed("no integer", digits);
    return value;
}

double number(const char *digits)
{
    char *end;
    const double value = strtod(digits, &end);
    if (end == digits || *end)
        malformed("no number", digits);
    return value;
}

int64_t read_list(int64_t *out, const char *words)
{
    int64_t count = 0;
    const char *p = words + (*words == '[');
    while (*p && *p != ']') {
        char *end;
        if (count == PRUNE_MAX_DIMS)
            malformed("too long a list", words);
        out[count++] = strtoll(p, &end, 10);
        if (end == p)
            malformed("no list", words);
        p = end + (*end == ',');
    }
    return count;
}

prune_ints read_ints(const char *words)
{
    prune_ints ints = { .count = 0 };
    int64_t values[PRUNE_MAX_DIMS];
    const int64_t count = read_list(values, words);
    if (count > 3)
        malformed("more than three", words);
    for (int64_t i = 0; i < count; i++)
        ints.values[ints.count++] = values[i];
    return ints;
}

prune_amount read_amount(const char *words)
{
    if (strpbrk(words, ".eni"))
        return prune_fraction(number(words));
    return prune_count(integer(words));
}

prune_norm read_norm(const char *words)
{
    if (strcmp(words, "fro") == 0)
        return prune_norm_fro();
    if (strcmp(words, "nuc") == 0)
        return prune_norm_nuc();
    return prune_norm_p(number(words));
}

prune_dtype read_dtype(const char *words)
{
    static const char *const names[] = { "f32", "f64", "f16", "bf16", "i64", "i32", "u8", "bool" };
    for (int i = 0; i < 8; i++)
        if (strcmp(words, names[i]) == 0)
            return (prune_dtype)i;
    malformed("no dtype", words);
}
