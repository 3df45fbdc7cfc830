/* Pruning a parameter, and what follows from it. */
#include "work.h"

static prune_status plain_module(bench_case *c, int slot)
{
    return work_module(c, slot, c->data);
}

static prune_amount amount(const bench_case *c)
{
    return prune_fraction(c->row->amount);
}

static prune_status run_l1(bench_case *c, int slot)
{
    return prune_l1_unstructured(c->modules[slot], "weight", amount(c), NULL);
}

static prune_status l1_module(bench_case *c, int slot)
{
    return plain_module(c, slot) || run_l1(c, slot) ? prune_last_status() : PRUNE_OK;
}

const bench_work bench_l1 = { "l1", work_parameter, plain_module, run_l1 };
const bench_work bench_l1_again = { "l1_again", work_parameter, l1_module, run_l1 };

/* ---- What starts from a mask of the smaller half ---- */

static prune_status setup_mask(bench_case *c)
{
    prune_method *half = NULL;
    bool failed = work_parameter(c) || prune_method_l1_unstructured(&half, prune_fraction(0.5), NULL)
                  || prune_method_compute_mask(&c->mask, half, c->data, NULL);
    prune_method_release(half);
    return failed ? prune_last_status() : PRUNE_OK;
}

static prune_status run_custom_from_mask(bench_case *c, int slot)
{
    return prune_custom_from_mask(c->modules[slot], "weight", c->mask);
}

static prune_status masked_module(bench_case *c, int slot)
{
    return plain_module(c, slot) || run_custom_from_mask(c, slot) ? prune_last_status() : PRUNE_OK;
}

static prune_status run_remove(bench_case *c, int slot)
{
    return prune_remove(c->modules[slot], "weight");
}

static prune_status setup_hook(bench_case *c)
{
    return setup_mask(c) || masked_module(c, 0) ? prune_last_status() : PRUNE_OK;
}

static prune_status run_hook(bench_case *c, int slot)
{
    return prune_module_run_forward_pre_hooks(c->modules[slot], false);
}

const bench_work bench_custom_from_mask = { "custom_from_mask", setup_mask, plain_module, run_custom_from_mask };
const bench_work bench_remove = { "remove", setup_mask, masked_module, run_remove };
const bench_work bench_hook = { "hook", setup_hook, NULL, run_hook };

/* ---- At random: seeded before each run ---- */

static prune_status seeded_module(bench_case *c, int slot)
{
    prune_manual_seed(NULL, c->row->seed);
    return plain_module(c, slot);
}

static prune_status run_random(bench_case *c, int slot)
{
    return prune_random_unstructured(c->modules[slot], "weight", amount(c));
}

static prune_status run_random_structured(bench_case *c, int slot)
{
    return prune_random_structured(c->modules[slot], "weight", amount(c), c->row->dim);
}

const bench_work bench_random = { "random", work_parameter, seeded_module, run_random };
const bench_work bench_random_structured = { "random_structured", work_parameter, seeded_module,
                                             run_random_structured };

/* ---- By channels and groups ---- */

static prune_status run_ln_structured(bench_case *c, int slot)
{
    return prune_ln_structured(c->modules[slot], "weight", amount(c), prune_norm_p(c->row->order), c->row->dim, NULL);
}

static prune_status run_n_m(bench_case *c, int slot)
{
    return prune_n_m(c->modules[slot], "weight", 2, 4, -1, NULL);
}

const bench_work bench_ln_structured = { "ln_structured", work_parameter, plain_module, run_ln_structured };
const bench_work bench_n_m = { "n_m", work_parameter, plain_module, run_n_m };

/* ---- Global: the first size is the number of parameters, each in a module of its own ---- */

static prune_status global_modules(bench_case *c, int slot)
{
    (void)slot;
    for (int i = 0; i < (int)c->row->sizes[0]; i++) {
        prune_tensor *part = NULL;
        bool failed = prune_tensor_select(&part, c->data, 0, i) || work_module(c, i, part);
        prune_tensor_release(part);
        if (failed)
            return prune_last_status();
    }
    return PRUNE_OK;
}

static prune_status run_global(bench_case *c, int slot)
{
    (void)slot;
    prune_parameter parameters[BENCH_SLOTS];
    for (int i = 0; i < (int)c->row->sizes[0]; i++)
        parameters[i] = (prune_parameter){ c->modules[i], "weight", NULL };
    prune_method *l1 = NULL;
    bool failed = prune_method_l1_unstructured(&l1, amount(c), NULL)
                  || prune_global_unstructured(parameters, c->row->sizes[0], l1);
    prune_method_release(l1);
    return failed ? prune_last_status() : PRUNE_OK;
}

const bench_work bench_global_l1 = { "global_l1", work_parameter, global_modules, run_global };
