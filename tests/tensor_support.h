/* What the tests of tensors share. */
#ifndef PRUNE_TESTS_TENSOR_SUPPORT_H
#define PRUNE_TESTS_TENSOR_SUPPORT_H

#include "support.h"

#include <inttypes.h>

/* 0, 1, 2, … of this shape. */
static inline prune_tensor *counted_as(prune_dtype dtype, const int64_t *sizes, int64_t ndim)
{
    int64_t numel = 1;
    for (int64_t i = 0; i < ndim; i++)
        numel *= sizes[i];
    prune_tensor *flat = NULL, *t = NULL;
    assert_ok(prune_tensor_arange(&flat, 0, (double)numel, 1, dtype));
    assert_ok(prune_tensor_view(&t, flat, sizes, ndim));
    prune_tensor_release(flat);
    return t;
}

static inline prune_tensor *counted(const int64_t *sizes, int64_t ndim)
{
    return counted_as(PRUNE_FLOAT32, sizes, ndim);
}

static inline void check_strides(const prune_tensor *t, const int64_t *strides, int64_t ndim, const char *file,
                                 int line)
{
    bool same = prune_tensor_ndim(t) == ndim;
    for (int64_t i = 0; same && i < ndim; i++)
        same = prune_tensor_strides(t)[i] == strides[i];
    if (same)
        return;
    for (int64_t i = 0; i < prune_tensor_ndim(t); i++)
        print_error("stride %" PRId64 "\n", prune_tensor_strides(t)[i]);
    _fail(file, line);
}

/* assert_strides(t, PRUNE_SHAPE(3, 1)); */
#define assert_strides(t, ...) check_strides((t), __VA_ARGS__, __FILE__, __LINE__)

#endif
