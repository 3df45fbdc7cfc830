/* Python's repr of floats and strings. */
#include "tensor/internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Floats ---- */

/* Below a power of two doubles lie closer together than above it, so that the nearest decimal of some length may read
 * back as another double while the next one up does not. */
static bool next_one_up_reads_back(char *number, double magnitude)
{
    char *last = number;
    while (last[1] != 'e')
        last++;
    if (*last == '9')
        return false;
    ++*last;
    if (strtod(number, NULL) == magnitude)
        return true;
    --*last;
    return false;
}

/* The shortest number d.ddde±xx that reads back, with the locale's decimal point. */
static void shortest(char number[PRUNI_NUMBER_TEXT], double magnitude)
{
    for (int precision = 0; precision < 17; precision++) {
        snprintf(number, PRUNI_NUMBER_TEXT, "%.*e", precision, magnitude);
        if (strtod(number, NULL) == magnitude || next_one_up_reads_back(number, magnitude))
            return;
    }
}

/* The digits before the exponent; gives their number. */
static int digits_of(char digits[20], const char *number)
{
    int count = 0;
    for (; *number != 'e' && count < 19; number++)
        if (*number >= '0' && *number <= '9')
            digits[count++] = *number;
    digits[count] = '\0';
    return count;
}

void pruni_text_add_float(pruni_text *text, double value)
{
    if (!isfinite(value)) {
        pruni_text_add(text, "%s", isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
        return;
    }
    char number[PRUNI_NUMBER_TEXT], digits[20];
    shortest(number, fabs(value));
    int count = digits_of(digits, number);
    int exponent = (int)strtol(strchr(number, 'e') + 1, NULL, 10);
    if (signbit(value))
        pruni_text_add(text, "-");
    if (exponent < -4 || exponent >= 16)
        pruni_text_add(text, "%.1s%s%se%+03d", digits, count > 1 ? "." : "", digits + 1, exponent);
    else if (exponent < 0)
        pruni_text_add(text, "0.%.*s%s", -exponent - 1, "000", digits);
    else if (exponent < count - 1)
        pruni_text_add(text, "%.*s.%s", exponent + 1, digits, digits + exponent + 1);
    else
        pruni_text_add(text, "%s%.*s.0", digits, exponent - count + 1, "000000000000000");
}

/* ---- Strings ---- */

/* Beyond ASCII: the control, format, separator, private and surrogate characters, which Python escapes. (It escapes
 * those that its version of Unicode does not know, too.) */
static const uint32_t escaped[][2] = {
    { 0x80, 0xa0 },       { 0xad, 0xad },       { 0x600, 0x605 },     { 0x61c, 0x61c },     { 0x6dd, 0x6dd },
    { 0x70f, 0x70f },     { 0x890, 0x891 },     { 0x8e2, 0x8e2 },     { 0x1680, 0x1680 },   { 0x180e, 0x180e },
    { 0x2000, 0x200f },   { 0x2028, 0x202f },   { 0x205f, 0x206f },   { 0x3000, 0x3000 },   { 0xd800, 0xf8ff },
    { 0xfeff, 0xfeff },   { 0xfff0, 0xfffb },   { 0xfffe, 0xffff },   { 0x110bd, 0x110bd }, { 0x110cd, 0x110cd },
    { 0x13430, 0x13438 }, { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a }, { 0xe0000, 0xe00ff }, { 0xf0000, 0x10ffff },
};

static bool is_escaped(uint32_t character)
{
    if (character < 0x20 || character == 0x7f)
        return true;
    for (size_t i = 0; i < sizeof escaped / sizeof escaped[0]; i++)
        if (character >= escaped[i][0] && character <= escaped[i][1])
            return true;
    return false;
}

/* The code point of a UTF-8 character of known length. */
static uint32_t code_point(const char *text, size_t length)
{
    uint32_t value = (unsigned char)text[0];
    if (length > 1)
        value &= 0x7fU >> length;
    for (size_t i = 1; i < length; i++)
        value = value << 6 | ((unsigned char)text[i] & 0x3fU);
    return value;
}

static void add_escape(pruni_text *text, uint32_t character)
{
    switch (character) {
    case '\n':
        pruni_text_add(text, "\\n");
        break;
    case '\r':
        pruni_text_add(text, "\\r");
        break;
    case '\t':
        pruni_text_add(text, "\\t");
        break;
    default:
        pruni_text_add(text,
                       character < 0x100     ? "\\x%02lx"
                       : character < 0x10000 ? "\\u%04lx"
                                             : "\\U%08lx",
                       (unsigned long)character);
    }
}

void pruni_text_add_repr(pruni_text *text, const char *string)
{
    char quote = strchr(string, '\'') && !strchr(string, '"') ? '"' : '\'';
    pruni_text_add(text, "%c", quote);
    size_t left = strlen(string);
    while (left > 0) {
        size_t length = pruni_utf8_length(string, left);
        uint32_t character = code_point(string, length);
        if (length == 0)
            add_escape(text, 0xdc00U + character);
        else if (*string == quote || *string == '\\')
            pruni_text_add(text, "\\%c", *string);
        else if (is_escaped(character))
            add_escape(text, character);
        else
            pruni_text_add_bytes(text, string, length);
        string += length > 0 ? length : 1;
        left -= length > 0 ? length : 1;
    }
    pruni_text_add(text, "%c", quote);
}
