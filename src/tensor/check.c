/* Checks that write the sentence. */
#include "tensor/internal.h"

prune_status pruni_check_float32(const char *function, const prune_tensor *t)
{
    if (t->dtype == PRUNE_FLOAT32)
        return PRUNE_OK;
    return prune_fail(PRUNE_ERROR_UNSUPPORTED,
                      "%s: computing with %s is not supported, convert it with prune_tensor_to()", function,
                      prune_dtype_name(t->dtype));
}

prune_status pruni_prepare_to_write(const char *function, const prune_tensor *t)
{
    if (t->storage->read_only)
        return prune_fail(PRUNE_ERROR_STATE, "%s: the tensor lies in read-only memory", function);
    prune_tensor *copy = NULL;
    if (pruni_tensor_copy_for_keeper(&copy, t))
        return prune_last_status();
    pruni_tensor_part_from_keeper(t, copy);
    prune_tensor_release(copy);
    return PRUNE_OK;
}

prune_status pruni_check_writable(const char *function, const prune_tensor *t)
{
    if (pruni_prepare_to_write(function, t))
        return prune_last_status();
    for (int64_t i = 0; i < t->ndim && t->numel > 0; i++)
        if (t->sizes[i] > 1 && t->strides[i] == 0)
            return prune_fail(PRUNE_ERROR_RUNTIME,
                              "%s: unsupported operation: more than one element of the written-to tensor refers to a "
                              "single memory location. Please clone() the tensor before performing the operation.",
                              function);
    return PRUNE_OK;
}
