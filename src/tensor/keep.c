/* Values that are kept as they are without a copy of them, until somebody is about to write. */
#include "tensor/internal.h"

#include <assert.h>

prune_status pruni_tensor_keep(prune_tensor **out, const prune_tensor *t)
{
    assert(!t->storage->keeper);
    if (pruni_tensor_view_over(out, t, 0, t->sizes, t->strides, t->ndim))
        return prune_last_status();
    t->storage->keeper = *out;
    return PRUNE_OK;
}

bool pruni_tensor_is_kept(const prune_tensor *t)
{
    return t->storage->keeper == t;
}

prune_status pruni_tensor_copy_for_keeper(prune_tensor **copy, const prune_tensor *t)
{
    const prune_tensor *keeper = t->storage->keeper;
    *copy = NULL;
    return keeper ? prune_tensor_clone(copy, keeper) : PRUNE_OK;
}

void pruni_tensor_part_from_keeper(const prune_tensor *t, prune_tensor *copy)
{
    prune_tensor *keeper = t->storage->keeper;
    if (!keeper)
        return;
    t->storage->keeper = NULL;
    pruni_tensor_exchange_storage(keeper, copy);
}
