/* Layouts of a convolution's input. */
#include "kernels/conv_layout.h"
#include "base/internal.h"

#include <string.h>

static int64_t product(const int64_t sizes[3])
{
    return sizes[0] * sizes[1] * sizes[2];
}

/* The elements of a dim, padding included, that outputs read. */
static int64_t reach(const pruni_conv *conv, int dim)
{
    return (conv->out[dim] - 1) * conv->stride[dim] + (conv->kernel[dim] - 1) * conv->dilation[dim] + 1;
}

static bool is_padded(const pruni_conv *conv)
{
    for (int i = 0; i < 3; i++)
        if (conv->padding[i] > 0 || reach(conv, i) > conv->in[i])
            return true;
    return false;
}

/* Where outputs and inputs are the same places, the plane is one long row. */
static bool is_pointwise(const pruni_conv *conv)
{
    for (int i = 0; i < 3; i++)
        if (conv->kernel[i] != 1 || conv->stride[i] != 1 || conv->padding[i] != 0 || conv->out[i] != conv->in[i])
            return false;
    return true;
}

static void flatten(pruni_conv *conv)
{
    conv->in[2] = conv->out[2] = product(conv->in);
    conv->in[0] = conv->in[1] = conv->out[0] = conv->out[1] = 1;
}

static bool is_alone(const pruni_conv_layout *layout)
{
    const pruni_conv *conv = &layout->conv;
    return layout->in_group == 1 && layout->out_group == 1 && conv->kernel[0] == 1 && conv->kernel[1] == 3
           && conv->kernel[2] == 3 && conv->out[0] == 1 && conv->out[1] >= PRUNI_CONV_ALONE && conv->stride[1] <= 2
           && conv->dilation[1] == 1;
}

/* In double, as it may not fit. */
static bool is_large(const pruni_conv_layout *layout)
{
    double size = (double)layout->in_group * (double)layout->rows[0] * (double)layout->rows[1] * (double)layout->phases
                  * (double)layout->columns;
    double work = (double)layout->in_group * (double)layout->in_size
                  + (double)layout->out_group * (double)layout->out_size;
    return size > 8 * work + 4096;
}

/* Where rows do not end with a run, a direct convolution computes outputs twice, which takes time, and cannot be done for
 * some taps after others. */
static bool is_better_gathered(const pruni_conv_layout *layout)
{
    const int64_t width = layout->conv.out[2], rest = width % PRUNI_CONV_RUN;
    if (width < PRUNI_CONV_RUN || rest == 0)
        return width < PRUNI_CONV_RUN;
    double twice = (double)(PRUNI_CONV_RUN - rest) / (double)width, gathering = 0.04 + 4 / (double)layout->out_group;
    return layout->taps > PRUNI_CONV_TAPS || twice > gathering;
}

bool pruni_conv_lay_out(pruni_conv_layout *layout, const pruni_conv *conv)
{
    *layout = (pruni_conv_layout){ .conv = *conv, .padded = is_padded(conv) };
    bool flat = is_pointwise(conv);
    if (flat)
        flatten(&layout->conv);
    conv = &layout->conv;
    layout->in_group = conv->in_channels / conv->groups;
    layout->out_group = conv->out_channels / conv->groups;
    layout->taps = layout->in_group * product(conv->kernel);
    layout->in_size = product(conv->in);
    layout->out_size = product(conv->out);
    if (layout->taps == 0 || layout->out_size == 0)
        return false;
    layout->alone = is_alone(layout);
    layout->gathered = !layout->alone && is_better_gathered(layout);
    bool overruns = layout->gathered && (!flat || layout->out_size % PRUNI_CONV_TILE != 0);
    layout->copied = layout->padded || conv->stride[2] > 1 || overruns || layout->alone;
    if (!layout->copied) {
        layout->row = conv->in[2];
        layout->plane = conv->in[1] * conv->in[2];
        layout->channel = layout->in_size;
        return true;
    }
    layout->rows[0] = reach(conv, 0);
    layout->rows[1] = reach(conv, 1);
    layout->phases = conv->stride[2];
    layout->columns = conv->out[2] + (conv->kernel[2] - 1) * conv->dilation[2] / conv->stride[2];
    if (is_large(layout))
        return false;
    layout->row = layout->phases * layout->columns;
    layout->plane = layout->rows[1] * layout->row;
    layout->channel = layout->rows[0] * layout->plane;
    return true;
}

int64_t pruni_conv_apart(const pruni_conv_layout *layout)
{
    return layout->out_size < PRUNI_CONV_RUN ? layout->out_group * PRUNI_CONV_RUN : 0;
}

int64_t pruni_conv_layout_size(const pruni_conv_layout *layout)
{
    return (layout->gathered ? PRUNI_CONV_PANEL : 0) + pruni_conv_apart(layout)
           + (layout->copied ? layout->in_group * layout->channel + PRUNI_CONV_TILE : 0);
}

/* ---- Copying ---- */

/* Rows are short: calls would take the time. Their last floats may be copied twice. */
static inline void copy_floats(float *restrict to, const float *restrict from, int64_t n)
{
    enum { MANY = 16, SOME = 8 };
    for (int64_t i = 0; i + MANY <= n; i += MANY)
        memcpy(to + i, from + i, MANY * sizeof *to);
    if (n >= MANY)
        memcpy(to + n - MANY, from + n - MANY, MANY * sizeof *to);
    else if (n >= SOME) {
        memcpy(to, from, SOME * sizeof *to);
        memcpy(to + n - SOME, from + n - SOME, SOME * sizeof *to);
    } else
        for (int64_t i = 0; i < n; i++)
            to[i] = from[i];
}

/* Columns phase, phase + stride, ... of a row, without its padding. */
static void copy_phase(float *restrict to, const float *restrict x, const pruni_conv_layout *layout, int64_t phase)
{
    int64_t stride = layout->phases, in = layout->conv.in[2], offset = phase - layout->conv.padding[2];
    int64_t first = offset < 0 ? (-offset + stride - 1) / stride : 0;
    int64_t end = offset < in ? (in - 1 - offset) / stride + 1 : 0;
    int64_t count = pruni_smaller(end, layout->columns) - first;
    if (count <= 0)
        return;
    to += first;
    x += first * stride + offset;
    if (stride == 1)
        copy_floats(to, x, count);
    else if (stride == 2)
        for (int64_t i = 0; i < count; i++)
            to[i] = x[2 * i];
    else
        for (int64_t i = 0; i < count; i++)
            to[i] = x[i * stride];
}

static void copy_channel(float *to, const float *x, const pruni_conv_layout *layout)
{
    const pruni_conv *conv = &layout->conv;
    for (int64_t d = -conv->padding[0]; d < layout->rows[0] - conv->padding[0]; d++)
        for (int64_t h = -conv->padding[1]; h < layout->rows[1] - conv->padding[1]; h++) {
            if (d >= 0 && d < conv->in[0] && h >= 0 && h < conv->in[1])
                for (int64_t phase = 0; phase < layout->phases; phase++)
                    copy_phase(to + phase * layout->columns, x + (d * conv->in[1] + h) * conv->in[2], layout, phase);
            to += layout->row;
        }
}

void pruni_conv_clear(float *to, const pruni_conv_layout *layout)
{
    memset(to, 0, (size_t)(layout->in_group * layout->channel + PRUNI_CONV_TILE) * sizeof *to);
}

void pruni_conv_copy(float *to, const float *x, const pruni_conv_layout *layout)
{
    for (int64_t c = 0; c < layout->in_group; c++)
        copy_channel(to + c * layout->channel, x + c * layout->in_size, layout);
}

/* ---- Places ---- */

static int64_t offset_of_column(const pruni_conv_layout *layout, int64_t tap)
{
    int64_t column = tap * layout->conv.dilation[2];
    return layout->copied ? column % layout->phases * layout->columns + column / layout->phases : column;
}

void pruni_conv_offsets(int64_t *offsets, const pruni_conv_layout *layout, int64_t first, int64_t count)
{
    const pruni_conv *conv = &layout->conv;
    int64_t w = first % conv->kernel[2], rest = first / conv->kernel[2];
    int64_t h = rest % conv->kernel[1];
    rest /= conv->kernel[1];
    int64_t d = rest % conv->kernel[0], c = rest / conv->kernel[0];
    for (int64_t i = 0; i < count;) {
        int64_t row = c * layout->channel + d * conv->dilation[0] * layout->plane + h * conv->dilation[1] * layout->row;
        for (; w < conv->kernel[2] && i < count; w++)
            offsets[i++] = row + offset_of_column(layout, w);
        w = 0;
        if (++h < conv->kernel[1])
            continue;
        h = 0;
        if (++d < conv->kernel[0])
            continue;
        d = 0;
        c++;
    }
}

int64_t pruni_conv_row_start(const pruni_conv_layout *layout, int64_t row)
{
    const pruni_conv *conv = &layout->conv;
    int64_t d = row / conv->out[1], h = row % conv->out[1];
    return d * conv->stride[0] * layout->plane + h * conv->stride[1] * layout->row;
}

/* ---- Weights ---- */

/* Whether no weight is NaN or infinite: multiplied by the zeros of the padding it would not give 0. */
bool pruni_conv_is_finite(const float *weight, int64_t n)
{
    uint32_t overflows = 0;
    for (int64_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, weight + i, sizeof bits);
        overflows |= (bits & 0x7fffffffu) + 0x00800000u;
    }
    return overflows >> 31 == 0;
}
