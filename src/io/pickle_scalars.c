/* The opcodes of a pickle that bring numbers, strings and empty containers. */
#include "io/pickle_machine.h"

#include <string.h>

/* ---- Constants ---- */

prune_status pruni_pickle_do_constant(pruni_pickle *pickle, int kind)
{
    return pruni_pickle_push_value(pickle, &(pruni_pickle_value){ .kind = (uint8_t)kind });
}

prune_status pruni_pickle_do_boolean(pruni_pickle *pickle, int truth)
{
    return pruni_pickle_push_value(pickle, &(pruni_pickle_value){ .kind = PRUNI_PICKLE_BOOL, .as.integer = truth });
}

/* ---- Numbers ---- */

static prune_status push_integer(pruni_pickle *pickle, int64_t integer)
{
    return pruni_pickle_push_value(pickle, &(pruni_pickle_value){ .kind = PRUNI_PICKLE_INT, .as.integer = integer });
}

prune_status pruni_pickle_do_integer(pruni_pickle *pickle, int width)
{
    uint64_t number = 0;
    if (pruni_pickle_take_number(pickle, &number, width))
        return prune_last_status();
    bool is_negative = width == 4 && number > INT32_MAX;
    return push_integer(pickle, (int64_t)number - (is_negative ? INT64_C(1) << 32 : 0));
}

/* Two's complement of any length, little-endian; `width`: of the length. */
prune_status pruni_pickle_do_long_integer(pruni_pickle *pickle, int width)
{
    uint64_t size = 0;
    pruni_pickle_text text = { 0, 0 };
    if (pruni_pickle_take_number(pickle, &size, width) || pruni_pickle_take_text(pickle, &text, size))
        return prune_last_status();
    if (size > 8)
        return pruni_pickle_push_value(pickle, &(pruni_pickle_value){ .kind = PRUNI_PICKLE_BIG_INT, .as.text = text });
    const unsigned char *bytes = pickle->bytes + text.at;
    bool is_negative = size > 0 && bytes[size - 1] >= 0x80;
    uint64_t number = is_negative ? UINT64_MAX : 0;
    for (uint64_t i = size; i > 0; i--)
        number = number << 8 | bytes[i - 1];
    return push_integer(pickle, number > INT64_MAX ? -(int64_t)~number - 1 : (int64_t)number);
}

bool pruni_pickle_parse_decimal(int64_t *out, const char *text, size_t length)
{
    enum { LONGEST = 18 };
    size_t first = length > 0 && text[0] == '-' ? 1 : 0;
    int64_t value = 0;
    if (length == first || length > first + LONGEST)
        return false;
    for (size_t i = first; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (text[i] - '0');
    }
    *out = first > 0 ? -value : value;
    return true;
}

static bool is_decimal(const char *text, size_t length)
{
    size_t first = length > 0 && text[0] == '-' ? 1 : 0;
    for (size_t i = first; i < length; i++)
        if (text[i] < '0' || text[i] > '9')
            return false;
    return length > first;
}

/* "12", "12L"; "00" and "01" are False and True. */
prune_status pruni_pickle_do_text_integer(pruni_pickle *pickle, int unused)
{
    (void)unused;
    pruni_pickle_text line = { 0, 0 };
    int64_t integer = 0;
    if (pruni_pickle_take_line(pickle, &line))
        return prune_last_status();
    if (pruni_pickle_is_text(pickle, line, "00") || pruni_pickle_is_text(pickle, line, "01"))
        return pruni_pickle_do_boolean(pickle, pruni_pickle_is_text(pickle, line, "01"));
    const char *text = pruni_pickle_chars(pickle, line);
    if (line.length > 0 && text[line.length - 1] == 'L')
        line.length--;
    if (!is_decimal(text, line.length))
        return pruni_pickle_fail(pickle, PRUNI_SYNTAX, "what should be a number is none");
    if (pruni_pickle_parse_decimal(&integer, text, line.length))
        return push_integer(pickle, integer);
    return pruni_pickle_push_value(pickle, &(pruni_pickle_value){ .kind = PRUNI_PICKLE_BIG_INT, .as.text = line });
}

/* Nobody asks for the value of a float. */
static prune_status push_real(pruni_pickle *pickle)
{
    return pruni_pickle_push_value(pickle, &(pruni_pickle_value){ .kind = PRUNI_PICKLE_FLOAT });
}

prune_status pruni_pickle_do_real(pruni_pickle *pickle, int width)
{
    const unsigned char *bytes = NULL;
    return pruni_pickle_take(pickle, &bytes, (uint64_t)width) || push_real(pickle) ? prune_last_status() : PRUNE_OK;
}

prune_status pruni_pickle_do_text_real(pruni_pickle *pickle, int unused)
{
    (void)unused;
    pruni_pickle_text line = { 0, 0 };
    return pruni_pickle_take_line(pickle, &line) || push_real(pickle) ? prune_last_status() : PRUNE_OK;
}

/* ---- Strings ---- */

static prune_status push_text(pruni_pickle *pickle, pruni_pickle_kind kind, pruni_pickle_text text)
{
    return pruni_pickle_push_value(pickle, &(pruni_pickle_value){ .kind = (uint8_t)kind, .as.text = text });
}

static prune_status take_text(pruni_pickle *pickle, pruni_pickle_kind kind, int width)
{
    uint64_t size = 0;
    pruni_pickle_text text = { 0, 0 };
    if (pruni_pickle_take_number(pickle, &size, width) || pruni_pickle_take_text(pickle, &text, size))
        return prune_last_status();
    return push_text(pickle, kind, text);
}

prune_status pruni_pickle_do_string(pruni_pickle *pickle, int width)
{
    return take_text(pickle, PRUNI_PICKLE_STRING, width);
}

prune_status pruni_pickle_do_bytes(pruni_pickle *pickle, int width)
{
    return take_text(pickle, PRUNI_PICKLE_BYTES, width);
}

/* Escapes stay as they are: torch.save writes no protocol that has them. */
prune_status pruni_pickle_do_text_string(pruni_pickle *pickle, int unused)
{
    (void)unused;
    pruni_pickle_text line = { 0, 0 };
    if (pruni_pickle_take_line(pickle, &line))
        return prune_last_status();
    return push_text(pickle, PRUNI_PICKLE_STRING, line);
}

prune_status pruni_pickle_do_quoted_string(pruni_pickle *pickle, int unused)
{
    (void)unused;
    pruni_pickle_text line = { 0, 0 };
    if (pruni_pickle_take_line(pickle, &line))
        return prune_last_status();
    const char *text = pruni_pickle_chars(pickle, line);
    if (line.length < 2 || (text[0] != '\'' && text[0] != '"') || text[line.length - 1] != text[0])
        return pruni_pickle_fail(pickle, PRUNI_SYNTAX, "a string without its quotes");
    return push_text(pickle, PRUNI_PICKLE_STRING, (pruni_pickle_text){ line.at + 1, line.length - 2 });
}
