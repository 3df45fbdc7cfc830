/* Text that grows. */
#include "base/internal.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

static bool make_room(pruni_text *text, size_t more)
{
    size_t needed;
    if (text->failed || !pruni_add_size(&needed, text->length, more) || !pruni_add_size(&needed, needed, 1)) {
        text->failed = true;
        return false;
    }
    if (needed <= text->capacity)
        return true;
    size_t wanted = needed;
    (void)pruni_add_size(&wanted, needed, needed / 2 + 64); /* more than is needed, if it fits */
    char *grown = pruni_realloc_array(text->data, wanted, 1);
    if (!grown) {
        text->failed = true;
        return false;
    }
    text->data = grown;
    text->capacity = wanted;
    return true;
}

void pruni_text_add_bytes(pruni_text *text, const char *bytes, size_t length)
{
    if (!make_room(text, length))
        return;
    memcpy(text->data + text->length, bytes, length);
    text->length += length;
    text->data[text->length] = '\0';
}

void pruni_text_add(pruni_text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0 || !make_room(text, (size_t)length)) {
        text->failed = true;
        return;
    }
    va_start(arguments, format);
    vsnprintf(text->data + text->length, text->capacity - text->length, format, arguments);
    va_end(arguments);
    text->length += (size_t)length;
}

prune_status pruni_text_finish(pruni_text *text, char **out)
{
    pruni_text_add_bytes(text, "", 0); /* an empty text is a string too */
    if (text->failed) {
        pruni_text_free(text);
        return prune_fail(PRUNE_ERROR_MEMORY, "out of memory for text");
    }
    *out = text->data;
    *text = (pruni_text){ NULL, 0, 0, false };
    return PRUNE_OK;
}

prune_status pruni_text_print(pruni_text *text, FILE *file)
{
    char *string = NULL;
    if (pruni_text_finish(text, &string))
        return prune_last_status();
    errno = 0;
    bool written = fputs(string, file) >= 0;
    int error = errno; /* 0 where the system does not say */
    pruni_free(string);
    if (written)
        return PRUNE_OK;
    return prune_fail(PRUNE_ERROR_IO, "cannot write to the file%s%s", error ? ": " : "", error ? strerror(error) : "");
}

void pruni_text_free(pruni_text *text)
{
    pruni_free(text->data);
    *text = (pruni_text){ NULL, 0, 0, false };
}
