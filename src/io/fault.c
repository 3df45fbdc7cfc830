/* Sentences about files. */
#include "io/internal.h"

#include <stdarg.h>
#include <string.h>

static const struct {
    const char *word;
    prune_status status;
} faults[] = {
#define FAULT_ROW(name, word, status) { word, status },
    PRUNI_FAULT_MAP(FAULT_ROW)
#undef FAULT_ROW
};

prune_status pruni_bad_file(pruni_fault fault, const char *source, const char *format, ...)
{
    char rest[2048];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(rest, sizeof rest, format, arguments);
    va_end(arguments);
    return prune_fail(faults[fault].status, "%s: %s%s%s", faults[fault].word, source ? source : "", source ? ": " : "",
                      rest);
}

prune_status pruni_system_failure(const char *verb, const char *path, int error)
{
    if (error == 0) /* C demands no errno of its functions */
        return prune_fail(PRUNE_ERROR_IO, "cannot %s '%s'", verb, path);
    return prune_fail(PRUNE_ERROR_IO, "cannot %s '%s': %s", verb, path, strerror(error));
}

/* The length of the character that begins here and may be shown as it is, or 0. */
static size_t printable(const char *text, size_t length)
{
    unsigned char first = (unsigned char)text[0];
    if (first < 0x80)
        return first >= 0x20 && first != 0x7F;
    size_t size = pruni_utf8_length(text, length);
    bool control = size == 2 && first == 0xC2 && (unsigned char)text[1] < 0xA0;
    return control ? 0 : size;
}

const char *pruni_shown(char out[PRUNI_SHOWN_SIZE], const char *text, size_t length)
{
    enum { LONGEST = 100 }; /* characters of four bytes, as \xNN at worst */
    size_t end = 0;
    out[end++] = '\'';
    for (size_t i = 0, characters = 0; i < length; characters++) {
        if (characters == LONGEST) {
            memcpy(out + end, "...", 3);
            end += 3;
            break;
        }
        size_t size = printable(text + i, length - i);
        if (size > 0) {
            memcpy(out + end, text + i, size);
            end += size;
            i += size;
        } else {
            end += (size_t)snprintf(out + end, PRUNI_SHOWN_SIZE - end, "\\x%02x", (unsigned)(unsigned char)text[i]);
            i++;
        }
    }
    out[end++] = '\'';
    out[end] = '\0';
    return out;
}
