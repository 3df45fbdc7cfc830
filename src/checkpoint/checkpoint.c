/* One weight file pruned into another. */
#include "checkpoint/internal.h"

/* ---- Options ---- */

static prune_status check_options(const prune_checkpoint_options *options)
{
    if (pruni_check_size("prune_checkpoint_options", options->size, sizeof *options))
        return prune_last_status();
    if (!options->method == !options->masks)
        return prune_fail(PRUNE_ERROR_TYPE, "prune_checkpoint: %s",
                          options->method ? "a method and masks: which?" : "neither a method nor masks");
    if (options->masks && options->global)
        return prune_fail(PRUNE_ERROR_TYPE, "prune_checkpoint: masks choose nothing among all tensors together");
    if (options->method && pruni_container_list(options->method))
        return prune_fail(PRUNE_ERROR_TYPE, "a PruningContainer cannot be applied, its methods can");
    return options->global ? pruni_check_global_method(options->method) : PRUNE_OK;
}

static void choose_way(pruni_checkpoint *c)
{
    prune_ties ties = PRUNE_TIES_TORCH;
    const prune_method *method = c->options.method;
    c->way = method ? PRUNI_BY_METHOD : PRUNI_BY_GIVEN_MASK;
    if (method && pruni_method_as_entries(&c->amount, &ties, &c->at_random, method) && ties == PRUNE_TIES_LOWEST_INDEX)
        c->way = PRUNI_BY_THRESHOLD;
}

/* ---- How much will be read ---- */

static uint64_t bytes_to_read(const pruni_checkpoint *c, const pruni_item *item)
{
    uint64_t value = item->value->bytes;
    uint64_t mask = item->mask ? item->mask->bytes : 0;
    uint64_t scores = item->scores ? item->scores->bytes : value;
    if (!item->is_pruned)
        return value + mask;
    uint64_t copied = c->options.keep_masks ? value : 0;
    switch (c->way) {
    case PRUNI_BY_THRESHOLD:
        if (c->at_random)
            return copied + value + 3 * mask;
        return copied + value + 3 * mask + (item->scores ? 3 : 2) * scores;
    case PRUNI_BY_GIVEN_MASK:
        return copied + value + mask + item->given->bytes;
    case PRUNI_BY_METHOD:
    case PRUNI_BY_WHOLE_MASK:
        break;
    }
    return copied + value + (c->options.global ? 1 : 2) * (scores + mask) + mask;
}

static void foresee(pruni_checkpoint *c)
{
    for (int64_t i = 0; i < c->count; i++)
        c->total += bytes_to_read(c, &c->items[i]);
}

/* ---- What was done ---- */

static void add_item(prune_checkpoint_result *result, const pruni_item *item)
{
    result->tensors++;
    result->passes = item->reads > result->passes ? item->reads : result->passes;
    if (!item->is_pruned)
        return;
    result->pruned_tensors++;
    result->entries += item->entries;
    result->zeros_before += item->zeros_before;
    result->zeros_after += item->zeros_after;
    result->tied += item->tied;
    result->tied_pruned += item->tied_pruned;
}

static void sum_up(prune_checkpoint_result *result, const pruni_checkpoint *c)
{
    *result = (prune_checkpoint_result){ .size = sizeof *result };
    for (int64_t i = 0; i < c->count; i++)
        add_item(result, &c->items[i]);
    if (c->options.global) {
        result->tied = c->global.tied;
        result->tied_pruned = c->global.tied_pruned;
    }
    result->peak_memory = c->peak;
    result->bytes_read = c->read;
    result->bytes_written = c->written;
}

static prune_status report(const pruni_checkpoint *c)
{
    prune_status status = PRUNE_OK;
    for (int64_t i = 0; status == PRUNE_OK && c->options.report && i < c->count; i++) {
        prune_checkpoint_tensor shown = pruni_checkpoint_show(&c->items[i]);
        uint64_t failures = pruni_failure_count();
        status = pruni_callback_result(c->options.report(c->options.context, &shown), failures, "report",
                                       "prune_checkpoint_options");
    }
    return status;
}

/* ---- All of it ---- */

static prune_status work(pruni_checkpoint *c, const char *in_path, const char *out_path)
{
    if (pruni_checkpoint_open(c, in_path) || pruni_checkpoint_make_buffers(c))
        return prune_last_status();
    foresee(c);
    if (c->options.global && c->chosen == 0)
        return prune_fail(PRUNE_ERROR_VALUE, "no tensor was chosen: there is nothing to choose among");
    prune_status status = PRUNE_OK;
    if (c->way == PRUNI_BY_THRESHOLD)
        status = pruni_checkpoint_find_thresholds(c);
    else if (c->way == PRUNI_BY_METHOD)
        status = pruni_checkpoint_try_method(c);
    struct prune_generator after = c->draws; /* writing goes through the same draws again */
    if (status == PRUNE_OK)
        status = pruni_checkpoint_write(c, out_path);
    c->draws = after;
    return status;
}

prune_status prune_checkpoint(const char *in_path, const char *out_path, const prune_checkpoint_options *options,
                              prune_checkpoint_result *result)
{
    PRUNI_REQUIRE(in_path);
    PRUNI_REQUIRE(options);
    if (check_options(options) || (result && pruni_check_size("prune_checkpoint_result", result->size, sizeof *result)))
        return prune_last_status();
    pruni_checkpoint c = { .options = *options };
    struct prune_generator before;
    pruni_generator_save(&before, NULL);
    c.draws = before;
    choose_way(&c);
    prune_status status = work(&c, in_path, out_path);
    pruni_generator_restore(NULL, status == PRUNE_OK ? &c.draws : &before);
    if (status == PRUNE_OK) {
        if (result)
            sum_up(result, &c);
        status = report(&c);
    }
    pruni_checkpoint_close(&c);
    return status;
}
