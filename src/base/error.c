/* Statuses and the last error of the thread. */
#include "base/internal.h"

#include <stdarg.h>
#include <string.h>

/* The real ones are defined here. */
#undef prune_fail
#undef prune_last_status
#undef pruni_null_argument

enum { SENTENCE_SIZE = 4096 };

static PRUNI_THREAD_LOCAL struct {
    prune_status status;
    uint64_t failures;
    char sentence[SENTENCE_SIZE];
} last;

const char *prune_status_name(prune_status status)
{
    switch (status) {
#define STATUS_CASE(name, value, word) \
    case name:                         \
        return word;
        PRUNE_STATUS_MAP(STATUS_CASE)
#undef STATUS_CASE
    }
    return "unknown";
}

const char *prune_last_error(void)
{
    return last.sentence;
}

prune_status prune_last_status(void)
{
    return last.status;
}

/* Ends a sentence that was cut with "...", at the start of a UTF-8 character. */
static void mark_cut(char *sentence)
{
    size_t end = SENTENCE_SIZE - 4;
    while (end > 0 && ((unsigned char)sentence[end] & 0xC0) == 0x80)
        end--;
    memcpy(sentence + end, "...", 4);
}

prune_status prune_fail(prune_status status, const char *format, ...)
{
    char sentence[SENTENCE_SIZE]; /* the arguments may point into the present sentence */
    va_list arguments;
    va_start(arguments, format);
    if (!format)
        format = "prune_fail: argument 'format' is NULL";
    int length = vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    if (length < 0)
        sentence[0] = '\0';
    else if (length >= SENTENCE_SIZE)
        mark_cut(sentence);
    memcpy(last.sentence, sentence, strlen(sentence) + 1);
    last.status = status;
    last.failures++;
    return status;
}

prune_status pruni_null_argument(const char *function, const char *argument)
{
    return prune_fail(PRUNE_ERROR_TYPE, "%s: argument '%s' is NULL", function, argument);
}

prune_status pruni_check_size(const char *function, size_t size, size_t expected)
{
    if (size == expected)
        return PRUNE_OK;
    return prune_fail(PRUNE_ERROR_VALUE, "%s: the struct's size field is %zu, this library knows %zu", function, size,
                      expected);
}

uint64_t pruni_failure_count(void)
{
    return last.failures;
}

prune_status pruni_callback_result(prune_status status, uint64_t failures_before, const char *what, const char *whose)
{
    if (status != PRUNE_OK && last.failures == failures_before)
        prune_fail(status, "%s of %s failed with status %s", what, whose, prune_status_name(status));
    return status;
}
