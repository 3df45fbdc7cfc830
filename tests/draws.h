/* What the tests of random numbers share: draws as whole numbers. */
#ifndef PRUNE_TESTS_DRAWS_H
#define PRUNE_TESTS_DRAWS_H

#include "support.h"

/* A draw as the 24 bits that it holds: (torch.rand(n) * 2**24).int() */
static inline int bits_of(float value)
{
    return (int)(value * 0x1p24f);
}

#define assert_draws(generator, ...) \
    check_draws((generator), (const int[]){ __VA_ARGS__ }, sizeof((const int[]){ __VA_ARGS__ }) / sizeof(int))

static inline void check_draws(prune_generator *generator, const int *expected, size_t count)
{
    prune_tensor *t = NULL;
    assert_ok(prune_rand(&t, PRUNE_SHAPE((int64_t)count), PRUNE_FLOAT32, generator));
    for (size_t i = 0; i < count; i++)
        assert_int_equal(bits_of(prune_tensor_data(t)[i]), expected[i]);
    prune_tensor_release(t);
}

static inline void skip_draws(prune_generator *generator, int64_t count)
{
    prune_tensor *t = NULL;
    assert_ok(prune_rand(&t, PRUNE_SHAPE(count), PRUNE_FLOAT32, generator));
    prune_tensor_release(t);
}

#endif
