/* Convolution: PyTorch's checks, padding by a mode, sizes. */
#include "nn/internal.h"

enum { LARGEST = INT32_MAX }; /* kernel; the arguments are within the same range */

/* The input as the kernel sees it: [batch, channels] and three dims, those that do not exist having size 1. */
typedef struct view {
    int64_t batch, channels;
    int64_t in[3];
    int64_t before[3], after[3]; /* padding */
} view;

static const char *const dim_letters[] = { "D", "H", "W" };

/* Index of the first dim that exists. */
static int first_dim(const pruni_conv_arguments *arguments)
{
    return (int)(3 - arguments->dims);
}

/* ---- Sentences ---- */

/* "[1, 4, 5, 5]": the input with its batch, as PyTorch shows it. */
static const char *view_text(char text[PRUNI_SHAPE_TEXT], const view *x, int first)
{
    int64_t sizes[5] = { x->batch, x->channels };
    for (int i = first; i < 3; i++)
        sizes[2 + i - first] = x->in[i];
    return pruni_list_text(text, sizes, 5 - first);
}

/* "3 x 3" */
static const char *cross_text(char text[PRUNI_SHAPE_TEXT], const int64_t numbers[3], int first)
{
    size_t length = 0;
    for (int i = first; i < 3; i++)
        length += (size_t)snprintf(text + length, PRUNI_SHAPE_TEXT - length, "%s%lld", i > first ? " x " : "",
                                   (long long)numbers[i]);
    return text;
}

/* ---- Input and padding ---- */

static prune_status read_input(view *x, const prune_tensor *t, const pruni_conv_arguments *arguments)
{
    int64_t dims = arguments->dims;
    char text[PRUNI_SHAPE_TEXT];
    if (t->ndim != dims + 1 && t->ndim != dims + 2)
        return prune_fail(PRUNE_ERROR_RUNTIME,
                          "Expected %lldD (unbatched) or %lldD (batched) input to conv%lldd, but got input of size: %s",
                          (long long)dims + 1, (long long)dims + 2, (long long)dims,
                          pruni_list_text(text, t->sizes, t->ndim));
    *x = (view){ .batch = t->ndim == dims + 2 ? t->sizes[0] : 1,
                 .channels = t->sizes[t->ndim - dims - 1],
                 .in = { 1, 1, 1 } };
    for (int64_t i = 0; i < dims; i++) {
        x->in[3 - dims + i] = t->sizes[t->ndim - dims + i];
        if (x->in[3 - dims + i] > INT64_MAX / 4)
            return prune_fail(PRUNE_ERROR_RUNTIME, "conv%lldd: input of size %s is too large", (long long)dims,
                              pruni_list_text(text, t->sizes, t->ndim));
    }
    return PRUNE_OK;
}

static prune_status read_padding(view *x, const prune_tensor *weight, const pruni_conv_arguments *arguments)
{
    int64_t dims = arguments->dims;
    char text[PRUNI_SHAPE_TEXT];
    if (weight->ndim != dims + 2)
        return prune_fail(PRUNE_ERROR_RUNTIME, "conv%lldd: expected a %lld-dimensional weight, but got one of size %s",
                          (long long)dims, (long long)dims + 2, pruni_list_text(text, weight->sizes, weight->ndim));
    for (int64_t i = 0; i < dims; i++) {
        int64_t kernel = weight->sizes[2 + i];
        if (kernel > LARGEST)
            return prune_fail(PRUNE_ERROR_RUNTIME, "conv%lldd: weight of size %s is too large", (long long)dims,
                              pruni_list_text(text, weight->sizes, weight->ndim));
        int64_t before = 0, after = 0;
        if (arguments->padding_kind == PRUNI_PADDING_NUMBERS)
            before = after = arguments->padding[i];
        else if (arguments->padding_kind == PRUNI_PADDING_SAME) {
            int64_t total = arguments->dilation[i] * (kernel - 1);
            before = total / 2;
            after = total - before;
        }
        x->before[3 - dims + i] = before;
        x->after[3 - dims + i] = after;
    }
    return PRUNE_OK;
}

/* ---- Padding by a mode ---- */

static prune_status check_reflect(const view *x, int first, int64_t ndim, const char *shape)
{
    for (int i = 2; i >= first; i--)
        if (x->before[i] >= x->in[i] || x->after[i] >= x->in[i])
            return prune_fail(
                PRUNE_ERROR_RUNTIME,
                "Argument #%d: Padding size should be less than the corresponding input dimension, but got: "
                "padding (%lld, %lld) at dimension %lld of input %s",
                2 * (4 - i), (long long)x->before[i], (long long)x->after[i], (long long)(ndim - 3 + i), shape);
    return PRUNE_OK;
}

static prune_status check_circular(const view *x, const int64_t out[3])
{
    for (int i = 0; i < 3; i++) {
        if (x->before[i] > x->in[i] || x->after[i] > x->in[i])
            return prune_fail(PRUNE_ERROR_RUNTIME, "Padding value causes wrapping around more than once.");
        if (out[i] < 0)
            return prune_fail(PRUNE_ERROR_RUNTIME, "Negative padding value is resulting in an empty dimension");
    }
    return PRUNE_OK;
}

/* PyTorch pads before it looks at the input as a convolution does. */
static prune_status check_pad_rank(const prune_tensor *t, const pruni_conv_arguments *arguments)
{
    int64_t dims = arguments->dims;
    if (t->ndim < dims)
        return prune_fail(PRUNE_ERROR_RUNTIME,
                          "Padding length should be less than or equal to two times the input dimension but got "
                          "padding length %lld and input of dimension %lld",
                          (long long)dims * 2, (long long)t->ndim);
    if (t->ndim != dims + 1 && t->ndim != dims + 2)
        return prune_fail(PRUNE_ERROR_RUNTIME, "Padding size %lld is not supported for %lldD input tensor.",
                          (long long)dims * 2, (long long)t->ndim);
    return PRUNE_OK;
}

/* Reflect and replicate need something to repeat. */
static prune_status check_filled(const prune_tensor *t, const pruni_conv_arguments *arguments, const char *shape)
{
    for (int64_t i = t->ndim - arguments->dims - 1; i < t->ndim; i++)
        if (t->sizes[i] == 0)
            return prune_fail(
                PRUNE_ERROR_RUNTIME,
                "Expected %lldD or %lldD (batch mode) tensor with possibly 0 batch size and other non-zero "
                "dimensions for input, but got: %s",
                (long long)arguments->dims + 1, (long long)arguments->dims + 2, shape);
    return PRUNE_OK;
}

static prune_status too_small(const view *x, const int64_t out[3], const pruni_conv_arguments *arguments)
{
    int first = first_dim(arguments);
    bool spaced = arguments->dims == 2 && arguments->pad_mode == PRUNI_PAD_REPLICATE;
    char in_text[PRUNI_SHAPE_TEXT], out_text[PRUNI_SHAPE_TEXT];
    size_t in_length = 0, out_length = 0;
    for (int i = first; i < 3; i++) {
        in_length += (size_t)snprintf(in_text + in_length, sizeof in_text - in_length, "%s%s: %lld",
                                      i == first ? ""
                                      : i == 1   ? " "
                                                 : ", ",
                                      dim_letters[i], (long long)x->in[i]);
        out_length += (size_t)snprintf(out_text + out_length, sizeof out_text - out_length, "%s%s: %lld",
                                       i > first ? " " : "", dim_letters[i], (long long)out[i]);
    }
    return prune_fail(PRUNE_ERROR_RUNTIME, "input (%s%s) is too small. Calculated output %s", in_text,
                      spaced ? " " : "", out_text);
}

static prune_status check_pad(const view *x, const prune_tensor *t, const int64_t out[3],
                              const pruni_conv_arguments *arguments)
{
    int first = first_dim(arguments);
    char shape[PRUNI_SHAPE_TEXT];
    pruni_list_text(shape, t->sizes, t->ndim);
    if (arguments->pad_mode == PRUNI_PAD_CIRCULAR)
        return check_circular(x, out);
    if (check_filled(t, arguments, shape)
        || (arguments->pad_mode == PRUNI_PAD_REFLECT && check_reflect(x, first, t->ndim, shape)))
        return prune_last_status();
    for (int i = first; i < 3; i++)
        if (out[i] < 1)
            return too_small(x, out, arguments);
    return PRUNE_OK;
}

/* Pads *input, which is contiguous, by the mode, and *x with it. */
static prune_status pad(prune_tensor **input, view *x, const pruni_conv_arguments *arguments)
{
    int64_t out[3], sizes[PRUNE_MAX_DIMS];
    prune_tensor *t = *input, *padded = NULL;
    for (int i = 0; i < 3; i++)
        out[i] = x->in[i] + x->before[i] + x->after[i];
    if (check_pad(x, t, out, arguments))
        return prune_last_status();
    for (int64_t i = 0; i < t->ndim; i++)
        sizes[i] = i < t->ndim - arguments->dims ? t->sizes[i] : out[3 - t->ndim + i];
    if (prune_tensor_empty(&padded, sizes, t->ndim, PRUNE_FLOAT32))
        return prune_last_status();
    if (padded->numel > 0)
        pruni_kernel_pad(pruni_tensor_pointer(padded), pruni_tensor_pointer(t), x->batch * x->channels, x->in, out,
                         x->before, arguments->pad_mode);
    for (int i = 0; i < 3; i++) {
        x->in[i] = out[i];
        x->before[i] = x->after[i] = 0;
    }
    prune_tensor_release(t);
    *input = padded;
    return PRUNE_OK;
}

/* ---- Checks, in PyTorch's order ---- */

static prune_status check_numbers(const view *x, const pruni_conv_arguments *arguments)
{
    for (int i = 0; i < 3; i++)
        if (x->before[i] < 0)
            return prune_fail(PRUNE_ERROR_RUNTIME, "negative padding is not supported");
    for (int64_t i = 0; i < arguments->dims; i++)
        if (arguments->stride[i] <= 0)
            return prune_fail(PRUNE_ERROR_RUNTIME, "non-positive stride is not supported");
    for (int64_t i = 0; i < arguments->dims; i++)
        if (arguments->dilation[i] < 0)
            return prune_fail(PRUNE_ERROR_RUNTIME, "dilation should be greater than zero");
    return PRUNE_OK;
}

static prune_status wrong_channels(const view *x, const prune_tensor *weight, const prune_tensor *bias,
                                   const pruni_conv_arguments *arguments)
{
    char text[PRUNI_SHAPE_TEXT], input_text[PRUNI_SHAPE_TEXT];
    long long groups = (long long)arguments->groups, out = (long long)weight->sizes[0];
    pruni_list_text(text, weight->sizes, weight->ndim);
    if (out < groups)
        return prune_fail(
            PRUNE_ERROR_RUNTIME,
            "Given groups=%lld, expected weight to be at least %lld at dimension 0, but got weight of size "
            "%s instead",
            groups, groups, text);
    if (out % groups != 0)
        return prune_fail(
            PRUNE_ERROR_RUNTIME,
            "Given groups=%lld, expected weight to be divisible by %lld at dimension 0, but got weight of "
            "size [%s] instead",
            groups, groups, text);
    if (x->channels % groups != 0 || x->channels / groups != weight->sizes[1])
        return prune_fail(PRUNE_ERROR_RUNTIME,
                          "Given groups=%lld, weight of size %s, expected input%s to have %lld channels, but got %lld "
                          "channels instead",
                          groups, text, view_text(input_text, x, first_dim(arguments)),
                          (long long)(weight->sizes[1] * arguments->groups), (long long)x->channels);
    return prune_fail(PRUNE_ERROR_RUNTIME,
                      "Given weight of size %s, expected bias to be 1-dimensional with %lld elements, but got bias of "
                      "size %s instead",
                      text, out, pruni_list_text(input_text, bias->sizes, bias->ndim));
}

static prune_status check_channels(const view *x, const prune_tensor *weight, const prune_tensor *bias,
                                   const pruni_conv_arguments *arguments)
{
    int64_t groups = arguments->groups, out = weight->sizes[0];
    bool fits = out >= groups && out % groups == 0 && x->channels % groups == 0
                && x->channels / groups == weight->sizes[1] && (!bias || (bias->ndim == 1 && bias->sizes[0] == out));
    return fits ? PRUNE_OK : wrong_channels(x, weight, bias, arguments);
}

static prune_status check_kernel(const pruni_conv *conv, const int64_t padded[3], const int64_t reach[3], int first)
{
    char text[PRUNI_SHAPE_TEXT], reach_text[PRUNI_SHAPE_TEXT];
    for (int i = 0; i < 3; i++)
        if (padded[i] < reach[i])
            return prune_fail(PRUNE_ERROR_RUNTIME,
                              "Calculated padded input size per channel: (%s). Kernel size: (%s). Kernel size can't be "
                              "greater than actual input size",
                              cross_text(text, padded, first), cross_text(reach_text, reach, first));
    for (int i = 0; i < 3; i++)
        if (conv->kernel[i] == 0 && first == 0)
            return prune_fail(PRUNE_ERROR_RUNTIME, "kernel size should be greater than zero, but got: %s (TxHxW)",
                              cross_text(text, conv->kernel, 0));
        else if (conv->kernel[i] == 0)
            return prune_fail(PRUNE_ERROR_RUNTIME,
                              "kernel size should be greater than zero, but got kernel_height: %lld kernel_width: %lld",
                              (long long)conv->kernel[1], (long long)conv->kernel[2]);
    for (int i = 0; i < 3; i++)
        if (conv->dilation[i] == 0)
            return prune_fail(PRUNE_ERROR_RUNTIME, "dilation should be greater than zero, but got %s",
                              pruni_list_text(text, conv->dilation + (first < 1 ? 0 : 1), first < 1 ? 3 : 2));
    return PRUNE_OK;
}

/* PyTorch computes with no element only if the batch or the channels are none. */
static prune_status check_filled_dims(const view *x, int first)
{
    char text[PRUNI_SHAPE_TEXT];
    bool empty = x->in[0] == 0 || x->in[1] == 0 || x->in[2] == 0;
    if (!empty || x->batch == 0 || x->channels == 0)
        return PRUNE_OK;
    return prune_fail(PRUNE_ERROR_RUNTIME,
                      "Only zero batch or zero channel inputs are supported, but got input shape: %s",
                      view_text(text, x, first < 2 ? first : 1));
}

static prune_status plan(pruni_conv *conv, const view *x, const prune_tensor *weight, const prune_tensor *bias,
                         const pruni_conv_arguments *arguments)
{
    int first = first_dim(arguments);
    view shown = *x; /* PyTorch first adds the zeros that are missing on one side */
    for (int i = 0; i < 3; i++)
        shown.in[i] += x->after[i] - x->before[i];
    if (check_numbers(x, arguments) || check_channels(&shown, weight, bias, arguments))
        return prune_last_status();
    *conv = (pruni_conv){ .batch = x->batch,
                          .groups = arguments->groups,
                          .in_channels = x->channels,
                          .out_channels = x->channels == 0 ? 0 : weight->sizes[0], /* as PyTorch */
                          .kernel = { 1, 1, 1 },
                          .stride = { 1, 1, 1 },
                          .dilation = { 1, 1, 1 } };
    int64_t padded[3], reach[3];
    for (int i = 0; i < 3; i++) {
        if (i >= first) {
            conv->kernel[i] = weight->sizes[2 + i - first];
            conv->stride[i] = arguments->stride[i - first];
            conv->dilation[i] = arguments->dilation[i - first];
        }
        conv->in[i] = x->in[i];
        conv->padding[i] = x->before[i];
        padded[i] = x->in[i] + x->before[i] + x->after[i];
        reach[i] = conv->dilation[i] * (conv->kernel[i] - 1) + 1;
        conv->out[i] = (padded[i] - reach[i]) / conv->stride[i] + 1;
    }
    return check_kernel(conv, padded, reach, first) || check_filled_dims(&shown, first) ? prune_last_status()
                                                                                        : PRUNE_OK;
}

static prune_status run(prune_tensor **y, const prune_tensor *input, const prune_tensor *weight,
                        const prune_tensor *bias, const pruni_conv *conv, int first)
{
    int64_t sizes[5] = { conv->batch, conv->out_channels };
    for (int i = first; i < 3; i++)
        sizes[2 + i - first] = conv->out[i];
    bool batched = input->ndim == 5 - first;
    int64_t scratch_size = pruni_kernel_conv_scratch(conv);
    prune_tensor *result = NULL;
    float *scratch = NULL;
    bool failed = prune_tensor_empty(&result, batched ? sizes : sizes + 1, input->ndim, PRUNE_FLOAT32)
                  || (scratch_size > 0 && !(scratch = pruni_alloc_array((size_t)scratch_size, sizeof *scratch)));
    if (failed) {
        prune_tensor_release(result);
        return prune_last_status();
    }
    if (result->numel > 0)
        pruni_kernel_conv(pruni_tensor_pointer(result), pruni_tensor_pointer(input), pruni_tensor_pointer(weight),
                          bias ? pruni_tensor_pointer(bias) : NULL, conv, scratch);
    pruni_free(scratch);
    *y = result;
    return PRUNE_OK;
}

prune_status pruni_conv_forward(prune_tensor **y, const prune_tensor *x, const prune_tensor *weight,
                                const prune_tensor *bias, const pruni_conv_arguments *arguments)
{
    static const char *const names[] = { "conv1d", "conv2d", "conv3d" };
    prune_tensor *input = NULL;
    view seen;
    pruni_conv conv;
    bool failed = pruni_float32_contiguous(&input, names[arguments->dims - 1], x)
                  || (!arguments->pads_zeros && check_pad_rank(input, arguments)) || read_input(&seen, input, arguments)
                  || read_padding(&seen, weight, arguments) || (!arguments->pads_zeros && pad(&input, &seen, arguments))
                  || plan(&conv, &seen, weight, bias, arguments)
                  || run(y, input, weight, bias, &conv, first_dim(arguments));
    prune_tensor_release(input);
    return failed ? prune_last_status() : PRUNE_OK;
}
