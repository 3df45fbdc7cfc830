/* What the works share. */
#ifndef PRUNE_BENCH_WORK_H
#define PRUNE_BENCH_WORK_H

#include "bench.h"

/* A float32 tensor of the row's values. */
prune_status work_tensor(prune_tensor **out, const int64_t *sizes, int64_t ndim, bench_data kind);

/* The parameter's values by the row's sizes. */
prune_status work_parameter(bench_case *c);

/* A module with `t` as parameter "weight" in this slot, in place of what was there. */
prune_status work_module(bench_case *c, int slot, prune_tensor *t);

#endif
