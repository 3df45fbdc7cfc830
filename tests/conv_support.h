/* What the tests of convolutions share. */
#ifndef PRUNE_TESTS_CONV_SUPPORT_H
#define PRUNE_TESTS_CONV_SUPPORT_H

#include "layer_support.h"

typedef struct example {
    int64_t dims, in, out, groups; /* groups 0: 1 */
    prune_ints kernel, stride, padding, dilation;
    const char *padding_string, *padding_mode;
    bool no_bias;
    int64_t x[5], ndim, y[5];
    double sum;
} example;

static inline prune_status create(prune_module **out, int64_t dims, int64_t in_channels, int64_t out_channels,
                                  prune_ints kernel_size, const prune_conv_options *options)
{
    switch (dims) {
    case 1:
        return prune_conv1d_create(out, in_channels, out_channels, kernel_size, options);
    case 2:
        return prune_conv2d_create(out, in_channels, out_channels, kernel_size, options);
    default:
        return prune_conv3d_create(out, in_channels, out_channels, kernel_size, options);
    }
}

static inline prune_module *layer_of(const example *e)
{
    prune_conv_options options = PRUNE_CONV_OPTIONS_INIT;
    prune_module *layer = NULL;
    options.stride = e->stride;
    options.padding = e->padding;
    options.dilation = e->dilation;
    options.padding_string = e->padding_string;
    options.padding_mode = e->padding_mode;
    options.groups = e->groups > 0 ? e->groups : 1;
    options.bias = !e->no_bias;
    assert_ok(create(&layer, e->dims, e->in, e->out, e->kernel, &options));
    fill_parameters(layer);
    return layer;
}

#endif
