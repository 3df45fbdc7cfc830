/* A strict JSON reader (RFC 8259), one event after the other, and the writing of strings. */
#include "io/internal.h"

#include <string.h>

/* What may come next, white space aside. */
enum {
    VALUE,
    FIRST_ITEM, /* or the end of the array */
    FIRST_KEY,  /* or the end of the object */
    SEPARATOR,  /* or the end of the container */
    NOTHING
};

void pruni_json_init(pruni_json *json, const char *text, size_t length, const char *source)
{
    json->text = text;
    json->length = length;
    json->source = source;
    json->at = 0;
    json->event = PRUNI_JSON_END;
    json->start = json->size = 0;
    json->expected = VALUE;
    json->depth = 0;
}

static prune_status wrong(const pruni_json *json, const char *what)
{
    return pruni_bad_file(PRUNI_SYNTAX, json->source, "%s at byte %zu of the JSON text", what, json->at);
}

/* The byte here; −1 at the end. */
static int peek(const pruni_json *json)
{
    return json->at < json->length ? (unsigned char)json->text[json->at] : -1;
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static void skip_space(pruni_json *json)
{
    int c = peek(json);
    while (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        json->at++;
        c = peek(json);
    }
}

/* ---- Strings ---- */

/* Four hexadecimal digits, or −1. */
static int32_t code_unit(const char *digits, size_t left)
{
    int32_t unit = 0;
    if (left < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = digits[i];
        if (c >= '0' && c <= '9')
            unit = unit * 16 + (c - '0');
        else if (c >= 'a' && c <= 'f')
            unit = unit * 16 + (c - 'a' + 10);
        else if (c >= 'A' && c <= 'F')
            unit = unit * 16 + (c - 'A' + 10);
        else
            return -1;
    }
    return unit;
}

/* The code point of the escape \uXXXX, or of the two of a pair, whose length is given; −1 if it is none. */
static int32_t code_point(const char *escape, size_t left, size_t *length)
{
    int32_t high = code_unit(escape + 2, left - 2);
    *length = 6;
    if (high < 0xD800 || high > 0xDFFF)
        return high;
    if (high > 0xDBFF || left < 12 || escape[6] != '\\' || escape[7] != 'u')
        return -1;
    int32_t low = code_unit(escape + 8, left - 8);
    *length = 12;
    return low >= 0xDC00 && low <= 0xDFFF ? 0x10000 + (high - 0xD800) * 0x400 + (low - 0xDC00) : -1;
}

static const char escaped[] = "\"\\/bfnrt";
static const char meant[] = "\"\\/\b\f\n\r\t";

/* The length of the escape that begins here with a backslash, or 0. */
static size_t escape_length(const char *escape, size_t left)
{
    size_t length = 2;
    if (left < 2)
        return 0;
    if (escape[1] == 'u')
        return code_point(escape, left, &length) >= 0 ? length : 0;
    return memchr(escaped, escape[1], sizeof escaped - 1) ? length : 0;
}

static prune_status read_string(pruni_json *json)
{
    json->start = ++json->at;
    for (;;) {
        int c = peek(json);
        if (c < 0)
            return wrong(json, "a string without an end");
        if (c < 0x20)
            return wrong(json, "a control character in a string");
        if (c == '"')
            break;
        size_t length = c == '\\' ? escape_length(json->text + json->at, json->length - json->at) : 1;
        if (length == 0)
            return wrong(json, "a wrong escape");
        json->at += length;
    }
    json->size = json->at - json->start;
    json->at++;
    return PRUNE_OK;
}

static size_t encode_utf8(char *to, int32_t point)
{
    if (point < 0x80) {
        to[0] = (char)point;
        return 1;
    }
    size_t length = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = { 0, 0, 0xC0, 0xE0, 0xF0 };
    for (size_t i = length - 1; i > 0; i--, point >>= 6)
        to[i] = (char)(0x80 | (point & 0x3F));
    to[0] = (char)(lead[length] | point);
    return length;
}

size_t pruni_json_unescape(const pruni_json *json, char *to)
{
    const char *from = json->text + json->start;
    size_t length = 0;
    for (size_t i = 0; i < json->size;) {
        if (from[i] != '\\') {
            to[length++] = from[i++];
        } else if (from[i + 1] == 'u') {
            size_t escape;
            length += encode_utf8(to + length, code_point(from + i, json->size - i, &escape));
            i += escape;
        } else {
            to[length++] = meant[strchr(escaped, from[i + 1]) - escaped];
            i += 2;
        }
    }
    return length;
}

void pruni_json_add_string(pruni_text *text, const char *string)
{
    pruni_text_add_bytes(text, "\"", 1);
    for (size_t plain; *string; string += plain + (string[plain] != '\0')) {
        plain = 0;
        while ((unsigned char)string[plain] >= 0x20 && string[plain] != '"' && string[plain] != '\\')
            plain++;
        pruni_text_add_bytes(text, string, plain);
        char special = string[plain];
        const char *found = special ? strchr(meant, special) : NULL;
        if (found)
            pruni_text_add(text, "\\%c", escaped[found - meant]);
        else if (special)
            pruni_text_add(text, "\\u%04x", (unsigned)special);
    }
    pruni_text_add_bytes(text, "\"", 1);
}

/* ---- Numbers and words ---- */

static bool skip_digits(pruni_json *json)
{
    size_t start = json->at;
    while (is_digit(peek(json)))
        json->at++;
    return json->at > start;
}

static prune_status read_number(pruni_json *json)
{
    json->start = json->at;
    if (peek(json) == '-')
        json->at++;
    if (peek(json) == '0')
        json->at++;
    else if (!skip_digits(json))
        return wrong(json, "a number without digits");
    if (peek(json) == '.') {
        json->at++;
        if (!skip_digits(json))
            return wrong(json, "a fraction without digits");
    }
    if (peek(json) == 'e' || peek(json) == 'E') {
        json->at++;
        if (peek(json) == '+' || peek(json) == '-')
            json->at++;
        if (!skip_digits(json))
            return wrong(json, "an exponent without digits");
    }
    json->size = json->at - json->start;
    return PRUNE_OK;
}

bool pruni_json_uint64(uint64_t *out, const pruni_json *json)
{
    uint64_t value = 0;
    for (size_t i = 0; i < json->size; i++) {
        char c = json->text[json->start + i];
        if (!is_digit(c))
            return false;
        uint64_t digit = (uint64_t)(c - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

static prune_status read_word(pruni_json *json, const char *word, pruni_json_event event)
{
    size_t length = strlen(word);
    if (json->length - json->at < length || memcmp(json->text + json->at, word, length) != 0)
        return wrong(json, "no value");
    json->at += length;
    json->event = event;
    return PRUNE_OK;
}

/* ---- Structure ---- */

static void finish_value(pruni_json *json)
{
    json->expected = json->depth > 0 ? SEPARATOR : NOTHING;
}

static prune_status open_container(pruni_json *json, bool object)
{
    if (json->depth == PRUNI_JSON_MAX_DEPTH)
        return pruni_bad_file(PRUNI_LIMIT, json->source, "JSON nested deeper than %d at byte %zu", PRUNI_JSON_MAX_DEPTH,
                              json->at);
    json->at++;
    json->closer[json->depth++] = object ? '}' : ']';
    json->expected = object ? FIRST_KEY : FIRST_ITEM;
    json->event = object ? PRUNI_JSON_OBJECT : PRUNI_JSON_ARRAY;
    return PRUNE_OK;
}

static prune_status close_container(pruni_json *json)
{
    json->at++;
    json->depth--;
    json->event = json->closer[json->depth] == '}' ? PRUNI_JSON_OBJECT_END : PRUNI_JSON_ARRAY_END;
    finish_value(json);
    return PRUNE_OK;
}

static prune_status read_value(pruni_json *json)
{
    prune_status status;
    int c = peek(json);
    if (c == '{' || c == '[')
        return open_container(json, c == '{');
    if (c == '"') {
        json->event = PRUNI_JSON_STRING;
        status = read_string(json);
    } else if (c == '-' || is_digit(c)) {
        json->event = PRUNI_JSON_NUMBER;
        status = read_number(json);
    } else if (c == 't') {
        status = read_word(json, "true", PRUNI_JSON_TRUE);
    } else if (c == 'f') {
        status = read_word(json, "false", PRUNI_JSON_FALSE);
    } else {
        status = read_word(json, "null", PRUNI_JSON_NULL);
    }
    finish_value(json);
    return status;
}

static prune_status read_key(pruni_json *json)
{
    json->event = PRUNI_JSON_KEY;
    if (peek(json) != '"')
        return wrong(json, "no key");
    if (read_string(json))
        return prune_last_status();
    skip_space(json);
    if (peek(json) != ':')
        return wrong(json, "no ':' after the key");
    json->at++;
    json->expected = VALUE;
    return PRUNE_OK;
}

static prune_status read_next_item(pruni_json *json)
{
    char closer = json->closer[json->depth - 1];
    if (peek(json) == closer)
        return close_container(json);
    if (peek(json) != ',')
        return wrong(json, closer == '}' ? "neither ',' nor '}'" : "neither ',' nor ']'");
    json->at++;
    skip_space(json);
    return closer == '}' ? read_key(json) : read_value(json);
}

prune_status pruni_json_next(pruni_json *json)
{
    skip_space(json);
    switch (json->expected) {
    case FIRST_ITEM:
        return peek(json) == ']' ? close_container(json) : read_value(json);
    case FIRST_KEY:
        return peek(json) == '}' ? close_container(json) : read_key(json);
    case SEPARATOR:
        return read_next_item(json);
    case NOTHING:
        json->event = PRUNI_JSON_END;
        return json->at == json->length ? PRUNE_OK : wrong(json, "something behind the value");
    default:
        return read_value(json);
    }
}

prune_status pruni_json_skip(pruni_json *json)
{
    bool container = json->event == PRUNI_JSON_OBJECT || json->event == PRUNI_JSON_ARRAY;
    int depth = json->depth;
    while (container && json->depth >= depth)
        if (pruni_json_next(json))
            return prune_last_status();
    return PRUNE_OK;
}
