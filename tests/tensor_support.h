/* What the tests of tensors share. */
#ifndef PRUNE_TESTS_TENSOR_SUPPORT_H
#define PRUNE_TESTS_TENSOR_SUPPORT_H

#include "support.h"

static inline prune_tensor *counted(int64_t n)
{
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_arange(&t, 0, (double)n, 1, PRUNE_FLOAT32));
    return t;
}

/* 0, 1, 2, … of this shape. */
static inline prune_tensor *counted_as(const int64_t *sizes, int64_t ndim)
{
    int64_t numel = 1;
    for (int64_t i = 0; i < ndim; i++)
        numel *= sizes[i];
    prune_tensor *flat = counted(numel), *t = NULL;
    assert_ok(prune_tensor_view(&t, flat, sizes, ndim));
    prune_tensor_release(flat);
    return t;
}

static inline void assert_strides(const prune_tensor *t, const int64_t *strides, int64_t ndim)
{
    assert_int_equal(prune_tensor_ndim(t), ndim);
    for (int64_t i = 0; i < ndim; i++)
        assert_int_equal(prune_tensor_strides(t)[i], strides[i]);
}

#endif
