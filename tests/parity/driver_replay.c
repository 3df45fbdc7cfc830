/* A transcript against what the library answers now. */
#include "driver.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_DIFFERENCES = 5 };

static bool begins(const char *line, const char *words)
{
    return strncmp(line, words, strlen(words)) == 0;
}

static float float_of(const char *hex, char **end)
{
    const uint32_t bits = (uint32_t)strtoul(hex, end, 16);
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static bool close_enough(float a, float b, double tolerance)
{
    return isnan(a) ? isnan(b) : a == b || fabs((double)a - (double)b) <= tolerance;
}

/* "approx f32[2] tol=T HEX…" against "approx f32[2] HEX…". */
static bool same_within(const char *recorded, const char *line)
{
    const char *r = strstr(recorded, " tol="), *l = strchr(line, ']');
    if (!r || !l || r - recorded != l + 1 - line || strncmp(recorded, line, (size_t)(r - recorded)) != 0)
        return false;
    char *end_r, *end_l = (char *)(uintptr_t)l + 1;
    const double tolerance = strtod(r + 5, &end_r);
    while (*end_r == ' ' && *end_l == ' ') {
        if (begins(end_r + 1, "********")) {
            end_r += 9;
            float_of(end_l + 1, &end_l);
        } else if (!close_enough(float_of(end_r + 1, &end_r), float_of(end_l + 1, &end_l), tolerance)) {
            return false;
        }
    }
    return *end_r == '\0' && *end_l == '\0';
}

static bool same(const char *recorded, const char *line)
{
    if (strcmp(recorded, line) == 0 || (strcmp(recorded, "*") == 0 && *line))
        return true;
    if (begins(recorded, "approx "))
        return same_within(recorded, line);
    const size_t length = strlen(recorded);
    return begins(recorded, "error ") && length > 2 && strcmp(recorded + length - 2, " *") == 0
           && strncmp(recorded, line, length - 1) == 0;
}

typedef struct place {
    const char *file;
    int64_t line, differences;
    char *program, *command; /* the present ones */
    char *next;              /* what is left of the answer, cut at its newlines */
} place;

static void set_words(char **to, const char *words)
{
    *to = must_alloc(*to, strlen(words) + 1);
    strcpy(*to, words);
}

static void differ(place *p, const char *recorded, const char *line)
{
    if (p->differences++ < SHOWN_DIFFERENCES)
        printf("%s:%lld: %s\n  > %s\n  recorded: %s\n  answered: %s\n", p->file, (long long)p->line,
               p->program ? p->program : "", p->command ? p->command : "", recorded, line);
}

/* The next line of the answer; "" after the last. */
static const char *next_line(place *p)
{
    char *line = p->next, *end = line ? strchr(line, '\n') : NULL;
    if (!end)
        return "";
    *end = '\0';
    p->next = end + 1;
    return line;
}

static void expect_end(place *p)
{
    for (const char *line; *(line = next_line(p));)
        differ(p, "", line);
}

int64_t replay(session *s, FILE *transcript, const char *name)
{
    place p = { .file = name };
    char *line = NULL;
    size_t room = 0;
    begin_program(s);
    while (read_line(&line, &room, transcript)) {
        p.line++;
        if (begins(line, "program ")) {
            expect_end(&p);
            begin_program(s);
            p.next = NULL;
            set_words(&p.program, line);
        } else if (begins(line, "> ")) {
            expect_end(&p);
            set_words(&p.command, line + 2);
            run_line(s, line + 2);
            p.next = s->answer.bytes;
        } else if (*line && *line != '#') {
            const char *answered = next_line(&p);
            if (!same(line, answered))
                differ(&p, line, answered);
        }
    }
    expect_end(&p);
    if (p.differences)
        printf("%s: %lld lines differ\n", name, (long long)p.differences);
    free(line);
    free(p.program);
    free(p.command);
    return p.differences;
}
