/* Sizes that do not wrap. */
#include "base/internal.h"

bool pruni_multiply_size(size_t *out, size_t a, size_t b)
{
    if (a != 0 && b > SIZE_MAX / a)
        return false;
    *out = a * b;
    return true;
}

bool pruni_add_size(size_t *out, size_t a, size_t b)
{
    if (b > SIZE_MAX - a)
        return false;
    *out = a + b;
    return true;
}

static bool product_fits(int64_t a, int64_t b)
{
    if (a == (int32_t)a && b == (int32_t)b) /* without a division, which takes time */
        return true;
    if (a == 0 || b == 0)
        return true;
    if (a > 0)
        return b > 0 ? a <= INT64_MAX / b : b >= INT64_MIN / a;
    return b > 0 ? a >= INT64_MIN / b : b >= INT64_MAX / a;
}

bool pruni_multiply_int64(int64_t *out, int64_t a, int64_t b)
{
    if (!product_fits(a, b))
        return false;
    *out = a * b;
    return true;
}

bool pruni_add_int64(int64_t *out, int64_t a, int64_t b)
{
    if (b > 0 ? a > INT64_MAX - b : a < INT64_MIN - b)
        return false;
    *out = a + b;
    return true;
}
