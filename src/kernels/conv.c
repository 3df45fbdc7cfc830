/* Convolution. The reference: every tap of the weight adds a scaled part of an input plane to an output plane. */
#include "kernels/conv_layout.h"
#include "kernels/table.h"

/* Outputs [first, end) of a dim read elements `offset` + output · stride that lie in the input. */
typedef struct tap {
    int64_t offset, first, end;
} tap;

static tap find_tap(const pruni_conv *conv, int dim, int64_t k)
{
    int64_t in = conv->in[dim], out = conv->out[dim], stride = conv->stride[dim];
    int64_t offset = k * conv->dilation[dim] - conv->padding[dim];
    tap found = { offset, 0, 0 };
    if (offset < 0)
        found.first = -offset / stride + (-offset % stride != 0);
    if (offset < in)
        found.end = (in - 1 - offset) / stride + 1;
    if (found.end > out)
        found.end = out;
    return found;
}

static void add_row(float *restrict y, const float *restrict x, float weight, int64_t n, int64_t stride)
{
    if (stride == 1)
        for (int64_t i = 0; i < n; i++)
            y[i] += weight * x[i];
    else
        for (int64_t i = 0; i < n; i++)
            y[i] += weight * x[i * stride];
}

static void add_tap(float *y, const float *x, float weight, const pruni_conv *conv, const tap taps[3])
{
    const tap *depth = &taps[0], *height = &taps[1], *width = &taps[2];
    int64_t n = width->end - width->first;
    if (n <= 0)
        return;
    for (int64_t d = depth->first; d < depth->end; d++)
        for (int64_t h = height->first; h < height->end; h++) {
            int64_t plane = d * conv->stride[0] + depth->offset;
            int64_t row = plane * conv->in[1] + h * conv->stride[1] + height->offset;
            int64_t column = width->first * conv->stride[2] + width->offset;
            add_row(y + (d * conv->out[1] + h) * conv->out[2] + width->first, x + row * conv->in[2] + column, weight, n,
                    conv->stride[2]);
        }
}

/* One output channel from one input channel. */
static void add_channel(float *y, const float *x, const float *weight, const pruni_conv *conv)
{
    tap taps[3];
    for (int64_t kd = 0; kd < conv->kernel[0]; kd++) {
        taps[0] = find_tap(conv, 0, kd);
        for (int64_t kh = 0; kh < conv->kernel[1]; kh++) {
            taps[1] = find_tap(conv, 1, kh);
            for (int64_t kw = 0; kw < conv->kernel[2]; kw++) {
                taps[2] = find_tap(conv, 2, kw);
                add_tap(y, x, *weight++, conv, taps);
            }
        }
    }
}

void pruni_conv_portable(float *y, const float *x, const float *weight, const float *bias, const pruni_conv *conv,
                         float *scratch)
{
    (void)scratch;
    int64_t in_size = conv->in[0] * conv->in[1] * conv->in[2];
    int64_t out_size = conv->out[0] * conv->out[1] * conv->out[2];
    int64_t taps = conv->kernel[0] * conv->kernel[1] * conv->kernel[2];
    int64_t in_group = conv->in_channels / conv->groups, out_group = conv->out_channels / conv->groups;
    for (int64_t n = 0; n < conv->batch; n++)
        for (int64_t o = 0; o < conv->out_channels; o++) {
            float *plane = y + (n * conv->out_channels + o) * out_size;
            for (int64_t i = 0; i < out_size; i++)
                plane[i] = bias ? bias[o] : 0;
            int64_t first = o / out_group * in_group;
            for (int64_t c = 0; c < in_group; c++)
                add_channel(plane, x + (n * conv->in_channels + first + c) * in_size,
                            weight + (o * in_group + c) * taps, conv);
        }
}

int64_t pruni_kernel_conv_scratch(const pruni_conv *conv)
{
    pruni_conv_layout layout;
    if (pruni_kernels_used()->conv == pruni_conv_portable || !pruni_conv_lay_out(&layout, conv))
        return 0;
    return pruni_conv_layout_size(&layout);
}

void pruni_kernel_conv(float *y, const float *x, const float *weight, const float *bias, const pruni_conv *conv,
                       float *scratch)
{
    pruni_kernels_used()->conv(y, x, weight, bias, conv, scratch);
}
