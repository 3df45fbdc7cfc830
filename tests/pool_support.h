/* What the tests of pooling share. */
#ifndef PRUNE_TESTS_POOL_SUPPORT_H
#define PRUNE_TESTS_POOL_SUPPORT_H

#include "layer_support.h"

typedef struct example {
    int64_t dims;
    prune_ints kernel, stride, padding, dilation;
    bool ceil_mode, exclude_pad;
    int64_t divisor_override;
    int64_t x[4], ndim, y[4];
    double sum;
} example;

static inline prune_max_pool_options max_options(const example *e)
{
    prune_max_pool_options options = PRUNE_MAX_POOL_OPTIONS_INIT;
    options.stride = e->stride;
    options.padding = e->padding;
    options.dilation = e->dilation;
    options.ceil_mode = e->ceil_mode;
    return options;
}

static inline prune_status max_pool(prune_tensor **y, const prune_tensor *x, const example *e)
{
    const prune_max_pool_options options = max_options(e);
    return e->dims == 1 ? prune_max_pool1d(y, x, e->kernel, &options) : prune_max_pool2d(y, x, e->kernel, &options);
}

static inline prune_module *max_layer(const example *e)
{
    const prune_max_pool_options options = max_options(e);
    prune_module *layer = NULL;
    if (e->dims == 1)
        assert_ok(prune_max_pool1d_create(&layer, e->kernel, &options));
    else
        assert_ok(prune_max_pool2d_create(&layer, e->kernel, &options));
    return layer;
}

static inline prune_avg_pool_options avg_options(const example *e)
{
    prune_avg_pool_options options = PRUNE_AVG_POOL_OPTIONS_INIT;
    options.stride = e->stride;
    options.padding = e->padding;
    options.ceil_mode = e->ceil_mode;
    options.count_include_pad = !e->exclude_pad;
    options.divisor_override = e->divisor_override;
    return options;
}

static inline prune_status avg_pool(prune_tensor **y, const prune_tensor *x, const example *e)
{
    const prune_avg_pool_options options = avg_options(e);
    return prune_avg_pool2d(y, x, e->kernel, &options);
}

static inline prune_module *avg_layer(const example *e)
{
    const prune_avg_pool_options options = avg_options(e);
    prune_module *layer = NULL;
    assert_ok(prune_avg_pool2d_create(&layer, e->kernel, &options));
    return layer;
}

#endif
