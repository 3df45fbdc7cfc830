/* nn.MaxPool1d, nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d. */
#include "nn/internal.h"

/* ---- MaxPool1d, MaxPool2d ---- */

typedef prune_status max_pool_function(prune_tensor **y, const prune_tensor *x, prune_ints kernel_size,
                                       const prune_max_pool_options *options);

typedef struct max_pool {
    max_pool_function *function;
    prune_ints kernel_size;
    prune_max_pool_options options;
} max_pool;

static prune_status max_pool_forward(void *context, prune_module *self, prune_tensor **y, int64_t ny,
                                     prune_tensor *const *x, int64_t nx)
{
    const max_pool *layer = context;
    if (pruni_layer_check_call(self, ny, nx))
        return prune_last_status();
    return layer->function(y, x[0], layer->kernel_size, &layer->options);
}

static void add_window(pruni_text *text, prune_ints kernel_size, prune_ints stride, prune_ints padding)
{
    pruni_text_add(text, "kernel_size=");
    pruni_text_add_ints(text, kernel_size);
    pruni_text_add(text, ", stride=");
    pruni_text_add_ints(text, stride);
    pruni_text_add(text, ", padding=");
    pruni_text_add_ints(text, padding);
}

static int max_pool_repr(const void *context, char *out, size_t size)
{
    const max_pool *self = context;
    char room[PRUNI_LAYER_REPR];
    pruni_text text = pruni_layer_repr_text(room);
    add_window(&text, self->kernel_size, self->options.stride, self->options.padding);
    pruni_text_add(&text, ", dilation=");
    pruni_text_add_ints(&text, self->options.dilation);
    pruni_text_add(&text, ", ceil_mode=%s", self->options.ceil_mode ? "True" : "False");
    return pruni_layer_write_repr(&text, out, size);
}

static const prune_module_ops max_pool_ops = {
    .size = sizeof max_pool_ops,
    .context_size = sizeof(max_pool),
    .forward = max_pool_forward,
    .extra_repr = max_pool_repr,
};

/* Checks a kernel size and an argument that may be missing, for which it puts in `missing`. */
static prune_status read_ints(prune_ints *ints, const char *function, const char *name, prune_ints missing)
{
    if (ints->count == 0)
        *ints = missing;
    return pruni_check_ints(function, name, *ints);
}

static prune_status check_kernel_size(const char *type_name, prune_ints kernel_size)
{
    if (kernel_size.count == 0)
        return prune_fail(PRUNE_ERROR_TYPE, "%s: missing 1 required argument: 'kernel_size'", type_name);
    return pruni_check_ints(type_name, "kernel_size", kernel_size);
}

static prune_status max_pool_create(prune_module **out, const char *function, const char *type_name,
                                    max_pool_function *call, prune_ints kernel_size,
                                    const prune_max_pool_options *options)
{
    static const prune_max_pool_options defaults = PRUNE_MAX_POOL_OPTIONS_INIT;
    if (!out)
        return pruni_null_argument(function, "out");
    max_pool context = { call, kernel_size, options ? *options : defaults };
    prune_max_pool_options *own = &context.options;
    if (pruni_check_size(function, own->size, sizeof *own) || check_kernel_size(type_name, kernel_size)
        || read_ints(&own->stride, type_name, "stride", kernel_size)
        || read_ints(&own->padding, type_name, "padding", PRUNE_INTS(0))
        || read_ints(&own->dilation, type_name, "dilation", PRUNE_INTS(1)))
        return prune_last_status();
    return prune_module_create(out, type_name, &max_pool_ops, &context);
}

prune_status prune_max_pool1d_create(prune_module **out, prune_ints kernel_size, const prune_max_pool_options *options)
{
    return max_pool_create(out, __func__, "MaxPool1d", prune_max_pool1d, kernel_size, options);
}

prune_status prune_max_pool2d_create(prune_module **out, prune_ints kernel_size, const prune_max_pool_options *options)
{
    return max_pool_create(out, __func__, "MaxPool2d", prune_max_pool2d, kernel_size, options);
}

/* ---- AvgPool2d ---- */

typedef struct avg_pool {
    prune_ints kernel_size;
    prune_avg_pool_options options;
} avg_pool;

static prune_status avg_pool_forward(void *context, prune_module *self, prune_tensor **y, int64_t ny,
                                     prune_tensor *const *x, int64_t nx)
{
    const avg_pool *layer = context;
    if (pruni_layer_check_call(self, ny, nx))
        return prune_last_status();
    return prune_avg_pool2d(y, x[0], layer->kernel_size, &layer->options);
}

static int avg_pool_repr(const void *context, char *out, size_t size)
{
    const avg_pool *self = context;
    char room[PRUNI_LAYER_REPR];
    pruni_text text = pruni_layer_repr_text(room);
    add_window(&text, self->kernel_size, self->options.stride, self->options.padding);
    return pruni_layer_write_repr(&text, out, size);
}

static const prune_module_ops avg_pool_ops = {
    .size = sizeof avg_pool_ops,
    .context_size = sizeof(avg_pool),
    .forward = avg_pool_forward,
    .extra_repr = avg_pool_repr,
};

prune_status prune_avg_pool2d_create(prune_module **out, prune_ints kernel_size, const prune_avg_pool_options *options)
{
    static const prune_avg_pool_options defaults = PRUNE_AVG_POOL_OPTIONS_INIT;
    PRUNI_REQUIRE(out);
    avg_pool context = { kernel_size, options ? *options : defaults };
    prune_avg_pool_options *own = &context.options;
    if (pruni_check_size(__func__, own->size, sizeof *own) || check_kernel_size("AvgPool2d", kernel_size)
        || read_ints(&own->stride, "AvgPool2d", "stride", kernel_size)
        || read_ints(&own->padding, "AvgPool2d", "padding", PRUNE_INTS(0)))
        return prune_last_status();
    return prune_module_create(out, "AvgPool2d", &avg_pool_ops, &context);
}

/* ---- AdaptiveAvgPool2d ---- */

typedef struct adaptive_avg_pool {
    prune_ints output_size;
} adaptive_avg_pool;

static prune_status adaptive_avg_pool_forward(void *context, prune_module *self, prune_tensor **y, int64_t ny,
                                              prune_tensor *const *x, int64_t nx)
{
    const adaptive_avg_pool *layer = context;
    if (pruni_layer_check_call(self, ny, nx))
        return prune_last_status();
    return prune_adaptive_avg_pool2d(y, x[0], layer->output_size);
}

static void add_size(pruni_text *text, int64_t size)
{
    if (size == -1)
        pruni_text_add(text, "None");
    else
        pruni_text_add(text, "%lld", (long long)size);
}

static int adaptive_avg_pool_repr(const void *context, char *out, size_t size)
{
    const adaptive_avg_pool *self = context;
    const prune_ints *sizes = &self->output_size;
    char room[PRUNI_LAYER_REPR];
    pruni_text text = pruni_layer_repr_text(room);
    pruni_text_add(&text, "output_size=%s", sizes->count == 1 ? "" : "(");
    for (int64_t i = 0; i < sizes->count; i++) {
        pruni_text_add(&text, "%s", i > 0 ? ", " : "");
        add_size(&text, sizes->values[i]);
    }
    pruni_text_add(&text, "%s", sizes->count == 1 ? "" : ")");
    return pruni_layer_write_repr(&text, out, size);
}

static const prune_module_ops adaptive_avg_pool_ops = {
    .size = sizeof adaptive_avg_pool_ops,
    .context_size = sizeof(adaptive_avg_pool),
    .forward = adaptive_avg_pool_forward,
    .extra_repr = adaptive_avg_pool_repr,
};

prune_status prune_adaptive_avg_pool2d_create(prune_module **out, prune_ints output_size)
{
    PRUNI_REQUIRE(out);
    const adaptive_avg_pool context = { output_size };
    if (output_size.count == 0)
        return prune_fail(PRUNE_ERROR_TYPE, "AdaptiveAvgPool2d: missing 1 required argument: 'output_size'");
    if (pruni_check_ints(__func__, "output_size", output_size))
        return prune_last_status();
    return prune_module_create(out, "AdaptiveAvgPool2d", &adaptive_avg_pool_ops, &context);
}
