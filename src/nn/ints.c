/* PyTorch's "int or tuple of ints". */
#include "nn/internal.h"

prune_status pruni_check_ints(const char *function, const char *name, prune_ints ints)
{
    if (ints.count >= 0 && ints.count <= 3)
        return PRUNE_OK;
    return prune_fail(PRUNE_ERROR_VALUE, "%s: %s holds %lld numbers, it may hold 1 to 3", function, name,
                      (long long)ints.count);
}

void pruni_spread_ints(int64_t *out, prune_ints ints, int64_t dims, int64_t missing)
{
    for (int64_t i = 0; i < dims; i++)
        out[i] = ints.count == 0 ? missing : ints.values[ints.count == 1 ? 0 : i];
}

void pruni_text_add_tuple(pruni_text *text, const int64_t *numbers, int64_t count)
{
    pruni_text_add(text, "(");
    for (int64_t i = 0; i < count; i++)
        pruni_text_add(text, "%s%lld", i > 0 ? ", " : "", (long long)numbers[i]);
    pruni_text_add(text, count == 1 ? ",)" : ")");
}

void pruni_text_add_ints(pruni_text *text, prune_ints ints)
{
    if (ints.count == 1)
        pruni_text_add(text, "%lld", (long long)ints.values[0]);
    else
        pruni_text_add_tuple(text, ints.values, ints.count);
}
