/* nn.Conv1d, nn.Conv2d, nn.Conv3d. */
#include "nn/internal.h"

#include <string.h>

typedef struct conv {
    pruni_conv_arguments arguments;
    int64_t in_channels, out_channels;
    int64_t kernel_size[3];
    bool bias;
} conv;

static const struct padding_mode {
    const char *name;
    bool pads_zeros;
    pruni_pad_mode mode;
} padding_modes[] = {
    { "zeros", true, PRUNI_PAD_REPLICATE },
    { "reflect", false, PRUNI_PAD_REFLECT },
    { "replicate", false, PRUNI_PAD_REPLICATE },
    { "circular", false, PRUNI_PAD_CIRCULAR },
};

/* ---- Forward and repr ---- */

static prune_status conv_forward(void *context, prune_module *self, prune_tensor **y, int64_t ny,
                                 prune_tensor *const *x, int64_t nx)
{
    const conv *layer = context;
    prune_tensor *weight = NULL, *bias = NULL;
    bool failed = pruni_layer_check_call(self, ny, nx) || pruni_layer_required(&weight, self, "weight")
                  || pruni_layer_operand(&bias, self, "bias")
                  || pruni_conv_forward(y, x[0], weight, bias, &layer->arguments);
    prune_tensor_release(weight);
    prune_tensor_release(bias);
    return failed ? prune_last_status() : PRUNE_OK;
}

static bool all_equal(const int64_t *numbers, int64_t count, int64_t value)
{
    for (int64_t i = 0; i < count; i++)
        if (numbers[i] != value)
            return false;
    return true;
}

static void add_padding(pruni_text *text, const pruni_conv_arguments *arguments)
{
    if (arguments->padding_kind == PRUNI_PADDING_SAME)
        pruni_text_add(text, ", padding=same");
    else if (arguments->padding_kind == PRUNI_PADDING_VALID)
        pruni_text_add(text, ", padding=valid");
    else if (!all_equal(arguments->padding, arguments->dims, 0)) {
        pruni_text_add(text, ", padding=");
        pruni_text_add_tuple(text, arguments->padding, arguments->dims);
    }
}

static int conv_repr(const void *context, char *out, size_t size)
{
    const conv *self = context;
    const pruni_conv_arguments *arguments = &self->arguments;
    char room[PRUNI_LAYER_REPR];
    pruni_text text = pruni_layer_repr_text(room);
    pruni_text_add(&text, "%lld, %lld, kernel_size=", (long long)self->in_channels, (long long)self->out_channels);
    pruni_text_add_tuple(&text, self->kernel_size, arguments->dims);
    pruni_text_add(&text, ", stride=");
    pruni_text_add_tuple(&text, arguments->stride, arguments->dims);
    add_padding(&text, arguments);
    if (!all_equal(arguments->dilation, arguments->dims, 1)) {
        pruni_text_add(&text, ", dilation=");
        pruni_text_add_tuple(&text, arguments->dilation, arguments->dims);
    }
    if (arguments->groups != 1)
        pruni_text_add(&text, ", groups=%lld", (long long)arguments->groups);
    if (!self->bias)
        pruni_text_add(&text, ", bias=False");
    for (size_t i = 0; !arguments->pads_zeros && i < sizeof padding_modes / sizeof padding_modes[0]; i++)
        if (!padding_modes[i].pads_zeros && padding_modes[i].mode == arguments->pad_mode)
            pruni_text_add(&text, ", padding_mode=%s", padding_modes[i].name);
    return pruni_layer_write_repr(&text, out, size);
}

static const prune_module_ops conv_ops = {
    .size = sizeof conv_ops,
    .context_size = sizeof(conv),
    .forward = conv_forward,
    .extra_repr = conv_repr,
};

/* ---- Arguments of the constructors ---- */

static prune_status read_numbers(int64_t numbers[3], const char *name, prune_ints ints, int64_t dims, int64_t missing)
{
    if (ints.count != 0 && ints.count != 1 && ints.count != dims) {
        char text[PRUNI_SHAPE_TEXT];
        if (ints.count > 0 && ints.count <= 3)
            pruni_list_text(text, ints.values, ints.count);
        else
            snprintf(text, sizeof text, "%lld numbers", (long long)ints.count);
        return prune_fail(PRUNE_ERROR_RUNTIME,
                          "expected %s to be a single integer value or a list of %lld values to match the convolution "
                          "dimensions, but got %s=%s",
                          name, (long long)dims, name, text);
    }
    pruni_spread_ints(numbers, ints, dims, missing);
    for (int64_t i = 0; i < dims; i++)
        if (numbers[i] < INT32_MIN || numbers[i] > INT32_MAX)
            return prune_fail(PRUNE_ERROR_RUNTIME, "%s=%lld: value cannot be converted to type int without overflow",
                              name, (long long)numbers[i]);
    return PRUNE_OK;
}

static prune_status read_channels(const conv *layer)
{
    int64_t groups = layer->arguments.groups;
    if (groups <= 0)
        return prune_fail(PRUNE_ERROR_VALUE, "groups must be a positive integer, but got groups=%lld",
                          (long long)groups);
    if (layer->in_channels % groups != 0)
        return prune_fail(PRUNE_ERROR_VALUE, "in_channels must be divisible by groups, but got %lld and groups=%lld",
                          (long long)layer->in_channels, (long long)groups);
    if (layer->out_channels % groups != 0)
        return prune_fail(PRUNE_ERROR_VALUE, "out_channels must be divisible by groups, but got %lld and groups=%lld",
                          (long long)layer->out_channels, (long long)groups);
    return PRUNE_OK;
}

static prune_status read_padding_string(pruni_conv_arguments *arguments, const char *padding)
{
    if (!padding)
        return PRUNE_OK;
    if (strcmp(padding, "valid") == 0) {
        arguments->padding_kind = PRUNI_PADDING_VALID;
        return PRUNE_OK;
    }
    if (strcmp(padding, "same") != 0)
        return prune_fail(PRUNE_ERROR_VALUE, "Invalid padding string '%s', should be one of {'same', 'valid'}",
                          padding);
    if (!all_equal(arguments->stride, arguments->dims, 1))
        return prune_fail(PRUNE_ERROR_VALUE, "padding='same' is not supported for strided convolutions");
    arguments->padding_kind = PRUNI_PADDING_SAME;
    return PRUNE_OK;
}

static prune_status read_padding_mode(pruni_conv_arguments *arguments, const char *padding_mode)
{
    arguments->pads_zeros = true;
    for (size_t i = 0; padding_mode && i < sizeof padding_modes / sizeof padding_modes[0]; i++)
        if (strcmp(padding_mode, padding_modes[i].name) == 0) {
            arguments->pads_zeros = padding_modes[i].pads_zeros;
            arguments->pad_mode = padding_modes[i].mode;
            return PRUNE_OK;
        }
    if (!padding_mode)
        return PRUNE_OK;
    return prune_fail(PRUNE_ERROR_VALUE,
                      "padding_mode must be one of {'zeros', 'reflect', 'replicate', 'circular'}, but got "
                      "padding_mode='%s'",
                      padding_mode);
}

static prune_status read_arguments(conv *layer, prune_ints kernel_size, const prune_conv_options *options)
{
    pruni_conv_arguments *arguments = &layer->arguments;
    int64_t dims = arguments->dims;
    if (kernel_size.count == 0)
        return prune_fail(PRUNE_ERROR_TYPE, "Conv%lldd: missing 1 required argument: 'kernel_size'", (long long)dims);
    return read_numbers(layer->kernel_size, "kernel_size", kernel_size, dims, 1)
                   || read_numbers(arguments->stride, "stride", options->stride, dims, 1)
                   || read_numbers(arguments->padding, "padding", options->padding, dims, 0)
                   || read_numbers(arguments->dilation, "dilation", options->dilation, dims, 1) || read_channels(layer)
                   || read_padding_string(arguments, options->padding_string)
                   || read_padding_mode(arguments, options->padding_mode)
               ? prune_last_status()
               : PRUNE_OK;
}

static prune_status create(prune_module **out, const char *function, int64_t dims, int64_t in_channels,
                           int64_t out_channels, prune_ints kernel_size, const prune_conv_options *options)
{
    static const prune_conv_options defaults = PRUNE_CONV_OPTIONS_INIT;
    static const char *const type_names[] = { "Conv1d", "Conv2d", "Conv3d" };
    if (!out)
        return pruni_null_argument(function, "out");
    options = options ? options : &defaults;
    if (pruni_check_size(function, options->size, sizeof *options))
        return prune_last_status();
    conv context = {
        .arguments = { .dims = dims, .groups = options->groups },
        .in_channels = in_channels,
        .out_channels = out_channels,
        .bias = options->bias,
    };
    if (read_arguments(&context, kernel_size, options))
        return prune_last_status();
    int64_t sizes[5] = { out_channels, in_channels / options->groups };
    memcpy(sizes + 2, context.kernel_size, sizeof context.kernel_size);
    prune_module *module = NULL;
    bool failed = prune_module_create(&module, type_names[dims - 1], &conv_ops, &context)
                  || pruni_layer_add_parameter(module, "weight", true, sizes, 2 + dims)
                  || pruni_layer_add_parameter(module, "bias", options->bias, &out_channels, 1)
                  || pruni_layer_reset_parameters(module);
    return pruni_layer_finish(out, module, failed);
}

prune_status prune_conv1d_create(prune_module **out, int64_t in_channels, int64_t out_channels, prune_ints kernel_size,
                                 const prune_conv_options *options)
{
    return create(out, __func__, 1, in_channels, out_channels, kernel_size, options);
}

prune_status prune_conv2d_create(prune_module **out, int64_t in_channels, int64_t out_channels, prune_ints kernel_size,
                                 const prune_conv_options *options)
{
    return create(out, __func__, 2, in_channels, out_channels, kernel_size, options);
}

prune_status prune_conv3d_create(prune_module **out, int64_t in_channels, int64_t out_channels, prune_ints kernel_size,
                                 const prune_conv_options *options)
{
    return create(out, __func__, 3, in_channels, out_channels, kernel_size, options);
}
