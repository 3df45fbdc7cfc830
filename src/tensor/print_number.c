/* Numbers as printf writes them in the C locale, whatever the locale is. */
#include "tensor/internal.h"

#include <math.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

void pruni_replace_decimal_point(char *number)
{
    char *point = number;
    while (*point && !is_digit(*point))
        point++;
    while (is_digit(*point))
        point++;
    char *fraction = point;
    while (*fraction && !is_digit(*fraction))
        fraction++;
    if (fraction == point)
        return;
    *point = '.';
    memmove(point + 1, fraction, strlen(fraction) + 1);
}

static int format_special(char text[PRUNI_NUMBER_TEXT], double value)
{
    return snprintf(text, PRUNI_NUMBER_TEXT, "%s", isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
}

int pruni_format_exponent(char text[PRUNI_NUMBER_TEXT], int precision, double value)
{
    if (!isfinite(value))
        return format_special(text, value);
    snprintf(text, PRUNI_NUMBER_TEXT, "%.*e", precision, value);
    if (precision > 0)
        pruni_replace_decimal_point(text);
    return (int)strlen(text);
}

int pruni_format_fixed(char text[PRUNI_NUMBER_TEXT], int precision, double value)
{
    if (!isfinite(value))
        return format_special(text, value);
    snprintf(text, PRUNI_NUMBER_TEXT, "%.*f", precision, value);
    if (precision > 0)
        pruni_replace_decimal_point(text);
    return (int)strlen(text);
}
