#include "work.h"

prune_status work_tensor(prune_tensor **out, const int64_t *sizes, int64_t ndim, bench_data kind)
{
    prune_tensor *t = NULL;
    if (prune_tensor_empty(&t, sizes, ndim, PRUNE_FLOAT32)
        || bench_fill(prune_tensor_data_mutable(t), prune_tensor_numel(t), kind)) {
        prune_tensor_release(t);
        return prune_last_status();
    }
    *out = t;
    return PRUNE_OK;
}

prune_status work_parameter(bench_case *c)
{
    if (work_tensor(&c->data, c->row->sizes, bench_rank(c->row), c->row->data))
        return prune_last_status();
    c->entries = prune_tensor_numel(c->data);
    return PRUNE_OK;
}

prune_status work_module(bench_case *c, int slot, prune_tensor *t)
{
    prune_module_release(c->modules[slot]);
    c->modules[slot] = NULL;
    bool failed = prune_module_create(&c->modules[slot], "Linear", NULL, NULL)
                  || prune_module_register_parameter(c->modules[slot], "weight", t);
    return failed ? prune_last_status() : PRUNE_OK;
}
