/* How much to prune. */
#include "prune/internal.h"

#include <math.h>

enum { FRACTION = 1, COUNT = 2 };

prune_amount prune_fraction(double fraction)
{
    return (prune_amount){ FRACTION, fraction, 0 };
}

prune_amount prune_count(int64_t count)
{
    return (prune_amount){ COUNT, 0, count };
}

bool pruni_is_fraction(prune_amount amount)
{
    return amount.kind == FRACTION;
}

#define RANGE "should either be a float in the range [0, 1] or a non-negative integer"

static prune_status fraction_outside(double fraction)
{
    pruni_text text = { NULL, 0, 0, false };
    char *number = NULL;
    pruni_text_add_float(&text, fraction);
    if (pruni_text_finish(&text, &number))
        return prune_last_status();
    prune_fail(PRUNE_ERROR_VALUE, "amount=%s " RANGE, number);
    pruni_free(number);
    return PRUNE_ERROR_VALUE;
}

prune_status pruni_check_amount(prune_amount amount)
{
    if (amount.kind == FRACTION)
        return amount.fraction >= 0 && amount.fraction <= 1 ? PRUNE_OK : fraction_outside(amount.fraction);
    if (amount.kind != COUNT)
        return prune_fail(PRUNE_ERROR_VALUE, "amount was made by neither prune_fraction() nor prune_count()");
    if (amount.count < 0)
        return prune_fail(PRUNE_ERROR_VALUE, "amount=%lld " RANGE, (long long)amount.count);
    return PRUNE_OK;
}

prune_status pruni_units_to_prune(int64_t *count, prune_amount amount, int64_t units)
{
    int64_t wanted = amount.kind == COUNT ? amount.count : (int64_t)rint(amount.fraction * (double)units);
    if (wanted > units)
        return prune_fail(PRUNE_ERROR_VALUE,
                          "amount=%lld should be smaller than the number of parameters to prune=%lld",
                          (long long)wanted, (long long)units);
    *count = wanted;
    return PRUNE_OK;
}
