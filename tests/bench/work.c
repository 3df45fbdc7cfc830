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

/* The row's shape as a view of a matrix that holds it otherwise. */
static prune_status work_view(prune_tensor **out, const bench_row *row)
{
    const bool turned = row->view == BENCH_TRANSPOSED;
    const int64_t rows = row->sizes[0], columns = row->sizes[1];
    const int64_t held[] = { turned ? columns : rows, turned ? rows : 2 * columns };
    prune_tensor *whole = NULL;
    bool failed = work_tensor(&whole, held, 2, row->data)
                  || (turned ? prune_tensor_transpose(out, whole, 0, 1)
                             : prune_tensor_narrow(out, whole, 1, 0, columns));
    prune_tensor_release(whole);
    return failed ? prune_last_status() : PRUNE_OK;
}

prune_status work_parameter(bench_case *c)
{
    const bench_row *row = c->row;
    if (row->view == BENCH_CONTIGUOUS ? work_tensor(&c->data, row->sizes, bench_rank(row), row->data)
                                      : work_view(&c->data, row))
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
