/* Contexts of modules, hooks and methods: bytes that are copied in, and what they own. */
#include "nn/internal.h"

#include <string.h>

prune_status pruni_check_context(const char *function, const char *type_name, size_t size, const void *context)
{
    if (size == 0 || context)
        return PRUNE_OK;
    return prune_fail(PRUNE_ERROR_TYPE, "%s: %s has a context of %zu bytes, but context is NULL", function, type_name,
                      size);
}

prune_status pruni_copy_context(void **out, size_t size, const void *context)
{
    void *copy = size > 0 ? pruni_alloc(size) : NULL;
    if (size > 0 && !copy)
        return PRUNE_ERROR_MEMORY;
    if (size > 0)
        memcpy(copy, context, size);
    *out = copy;
    return PRUNE_OK;
}

prune_status pruni_clone_context(prune_status (*clone)(void *to, const void *from), void *to, const void *from,
                                 const char *type_name)
{
    if (!clone || !from)
        return PRUNE_OK;
    uint64_t failures = pruni_failure_count();
    return pruni_callback_result(clone(to, from), failures, "clone", type_name);
}
