/* Names against patterns. */
#include "glob.h"

#include <stddef.h>

/* The end of the set that begins behind a '['; NULL: it has none, and the '[' is a character like others. */
static const char *end_of_set(const char *set)
{
    const char *end = set + (*set == '!' || *set == '^');
    if (*end == ']') /* the first one is a member */
        end++;
    while (*end && *end != ']')
        end++;
    return *end ? end : NULL;
}

static bool in_set(const char *set, const char *end, char c)
{
    bool inverted = *set == '!' || *set == '^';
    bool found = false;
    unsigned char byte = (unsigned char)c;
    for (const char *s = set + inverted; s < end; s++) {
        unsigned char low = (unsigned char)*s, high = low;
        if (s + 2 < end && s[1] == '-') {
            high = (unsigned char)s[2];
            s += 2;
        }
        found = found || (low <= byte && byte <= high);
    }
    return found != inverted;
}

/* Whether the pattern's first element, which is no '*', takes the character; *next is behind the element. */
static bool takes(const char **next, const char *pattern, char c)
{
    const char *end = *pattern == '[' ? end_of_set(pattern + 1) : NULL;
    if (end) {
        *next = end + 1;
        return in_set(pattern + 1, end, c);
    }
    if (*pattern == '\\' && pattern[1])
        pattern++;
    else if (*pattern == '?') {
        *next = pattern + 1;
        return true;
    }
    *next = pattern + 1;
    return *pattern == c;
}

/* When something does not match, the last '*' takes one character more. */
bool glob_matches(const char *pattern, const char *name)
{
    const char *star = NULL, *star_name = NULL, *next;
    while (*name) {
        if (*pattern == '*') {
            star = ++pattern;
            star_name = name;
        } else if (*pattern && takes(&next, pattern, *name)) {
            pattern = next;
            name++;
        } else if (star) {
            pattern = star;
            name = ++star_name;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}
