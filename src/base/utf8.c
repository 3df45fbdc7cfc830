/* What is UTF-8. */
#include "base/internal.h"

#include <string.h>

static bool in_range(unsigned char byte, unsigned char low, unsigned char high)
{
    return byte >= low && byte <= high;
}

/* The well-formed sequences of Unicode's table 3-7: without overlong forms, surrogates, and what lies beyond U+10FFFF. */
size_t pruni_utf8_length(const char *text, size_t left)
{
    const unsigned char *bytes = (const unsigned char *)text;
    if (left == 0)
        return 0;
    unsigned char first = bytes[0];
    if (first < 0x80)
        return 1;
    if (in_range(first, 0xC2, 0xDF))
        return left >= 2 && in_range(bytes[1], 0x80, 0xBF) ? 2 : 0;
    if (in_range(first, 0xE0, 0xEF)) {
        unsigned char low = first == 0xE0 ? 0xA0 : 0x80;
        unsigned char high = first == 0xED ? 0x9F : 0xBF;
        return left >= 3 && in_range(bytes[1], low, high) && in_range(bytes[2], 0x80, 0xBF) ? 3 : 0;
    }
    if (in_range(first, 0xF0, 0xF4)) {
        unsigned char low = first == 0xF0 ? 0x90 : 0x80;
        unsigned char high = first == 0xF4 ? 0x8F : 0xBF;
        bool whole = left >= 4 && in_range(bytes[1], low, high) && in_range(bytes[2], 0x80, 0xBF)
                     && in_range(bytes[3], 0x80, 0xBF);
        return whole ? 4 : 0;
    }
    return 0;
}

size_t pruni_utf8_prefix(const char *text, size_t length)
{
    size_t at = 0;
    size_t size = pruni_utf8_length(text, length);
    while (size > 0) {
        at += size;
        size = pruni_utf8_length(text + at, length - at);
    }
    return at;
}

bool pruni_is_utf8(const char *text)
{
    size_t length = strlen(text);
    return pruni_utf8_prefix(text, length) == length;
}
