/* Byte order, and what is UTF-8. */
#include "io/internal.h"

#include <string.h>

uint64_t pruni_load_le64(const unsigned char bytes[8])
{
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--)
        value = value << 8 | bytes[i];
    return value;
}

void pruni_store_le64(unsigned char bytes[8], uint64_t value)
{
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(value >> 8 * i);
}

bool pruni_is_big_endian(void)
{
    const uint16_t one = 1;
    unsigned char first;
    memcpy(&first, &one, 1);
    return first == 0;
}

void pruni_swap_bytes(void *elements, size_t count, size_t size)
{
    unsigned char *element = elements;
    for (size_t i = 0; i < count; i++, element += size)
        for (size_t low = 0, high = size - 1; low < high; low++, high--) {
            unsigned char byte = element[low];
            element[low] = element[high];
            element[high] = byte;
        }
}

static bool in_range(unsigned char byte, unsigned char low, unsigned char high)
{
    return byte >= low && byte <= high;
}

/* The length of the character of more than one byte that begins here, or 0: the well-formed sequences of Unicode's
 * table 3-7, without overlong forms, surrogates, and what lies beyond U+10FFFF. */
static size_t multibyte(const unsigned char *text, size_t left)
{
    unsigned char first = text[0];
    if (in_range(first, 0xC2, 0xDF))
        return left >= 2 && in_range(text[1], 0x80, 0xBF) ? 2 : 0;
    if (in_range(first, 0xE0, 0xEF)) {
        unsigned char low = first == 0xE0 ? 0xA0 : 0x80;
        unsigned char high = first == 0xED ? 0x9F : 0xBF;
        return left >= 3 && in_range(text[1], low, high) && in_range(text[2], 0x80, 0xBF) ? 3 : 0;
    }
    if (in_range(first, 0xF0, 0xF4)) {
        unsigned char low = first == 0xF0 ? 0x90 : 0x80;
        unsigned char high = first == 0xF4 ? 0x8F : 0xBF;
        return left >= 4 && in_range(text[1], low, high) && in_range(text[2], 0x80, 0xBF)
                       && in_range(text[3], 0x80, 0xBF)
                   ? 4
                   : 0;
    }
    return 0;
}

size_t pruni_utf8_prefix(const char *text, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t at = 0;
    while (at < length) {
        if (bytes[at] < 0x80) {
            at++;
            continue;
        }
        size_t size = multibyte(bytes + at, length - at);
        if (size == 0)
            break;
        at += size;
    }
    return at;
}

bool pruni_is_utf8(const char *text)
{
    size_t length = strlen(text);
    return pruni_utf8_prefix(text, length) == length;
}
