/* What the tests of layers without memory share: a trial of a constructor, which must leave the default generator as it
 * was if it fails, and of a call. */
#ifndef PRUNE_TESTS_LAYER_MEMORY_H
#define PRUNE_TESTS_LAYER_MEMORY_H

#include "support.h"

typedef struct trial {
    prune_module *layer;
    prune_tensor *x, *y;
    prune_tensor *state; /* of the default generator, before */
} trial;

static inline void note_state(trial *t)
{
    prune_tensor_release(t->state);
    assert_ok(prune_generator_get_state(&t->state, NULL));
}

static inline void nothing_made(void *context)
{
    trial *t = context;
    prune_tensor *now = NULL;
    assert_null(t->layer);
    assert_ok(prune_generator_get_state(&now, NULL));
    assert_same_bits(now, t->state);
    prune_tensor_release(now);
}

static inline void unmake(void *context)
{
    trial *t = context;
    prune_module_release(t->layer);
    t->layer = NULL;
    note_state(t);
}

static inline prune_status call(void *context)
{
    trial *t = context;
    return prune_module_call(&t->y, t->layer, t->x);
}

static inline void no_output(void *context)
{
    assert_null(((trial *)context)->y);
}

static inline void drop_output(void *context)
{
    trial *t = context;
    prune_tensor_release(t->y);
    t->y = NULL;
}

#endif
