/* Pooling as functions. */
#include "nn/internal.h"

static const prune_max_pool_options default_max_pool = PRUNE_MAX_POOL_OPTIONS_INIT;
static const prune_avg_pool_options default_avg_pool = PRUNE_AVG_POOL_OPTIONS_INIT;

/* What a pooling was asked for. */
typedef struct request {
    const char *name; /* PyTorch's */
    bool is_max;
    int64_t dims;
    prune_ints kernel_size, stride, padding, dilation;
    bool ceil_mode;
} request;

/* ---- Arguments ---- */

enum { KERNEL_SIZE, STRIDE, PADDING, DILATION };

static prune_status check_count(const request *asked, int argument, prune_ints ints)
{
    static const char *const names[] = { "kernel_size", "stride", "padding", "dilation" };
    static const char *const forms[2][4] = {
        { "be an int, list of ints or tuple of ints of size 1",
          "be None, an int, list of ints, or tuple of ints of size 1",
          "be an int, list of ints, or tuple of ints of size 1", "be an int, list of ints or tuple of ints of size 1" },
        { "either be a single int, or a tuple of two ints", "either be omitted, a single int, or a tuple of two ints",
          "either be a single int, or a tuple of two ints", "be either a single int, or a tuple of two ints" },
    };
    if (ints.count == 0 || ints.count == 1 || ints.count == asked->dims)
        return PRUNE_OK;
    return prune_fail(PRUNE_ERROR_RUNTIME, "%s%s %s must %s but got size %lld", asked->name,
                      asked->dims == 1 ? "()" : ":", names[argument], forms[asked->dims - 1][argument],
                      (long long)ints.count);
}

static prune_status check_range(const request *asked, const char *argument, const int64_t numbers[2])
{
    for (int i = 0; i < 2; i++)
        if (numbers[i] < INT32_MIN || numbers[i] > INT32_MAX)
            return prune_fail(PRUNE_ERROR_RUNTIME,
                              "%s: %s=%lld: value cannot be converted to type int without overflow", asked->name,
                              argument, (long long)numbers[i]);
    return PRUNE_OK;
}

/* Fills in all but the sizes. A pooling over one dim is one over two, of which the first has size 1. */
static prune_status read_request(pruni_pool *pool, const request *asked)
{
    prune_ints stride = asked->stride.count == 0 ? asked->kernel_size : asked->stride;
    if (asked->kernel_size.count == 0)
        return prune_fail(PRUNE_ERROR_TYPE, "%s() missing 1 required positional argument: 'kernel_size'", asked->name);
    if (check_count(asked, KERNEL_SIZE, asked->kernel_size) || check_count(asked, STRIDE, stride)
        || check_count(asked, PADDING, asked->padding) || check_count(asked, DILATION, asked->dilation))
        return prune_last_status();
    *pool = (pruni_pool){ .kernel = { 1, 1 }, .stride = { 1, 1 }, .dilation = { 1, 1 }, .count_include_pad = true };
    int64_t first = 2 - asked->dims;
    pruni_spread_ints(pool->kernel + first, asked->kernel_size, asked->dims, 1);
    pruni_spread_ints(pool->stride + first, stride, asked->dims, 1);
    pruni_spread_ints(pool->padding + first, asked->padding, asked->dims, 0);
    pruni_spread_ints(pool->dilation + first, asked->dilation, asked->dims, 1);
    return check_range(asked, "kernel_size", pool->kernel) || check_range(asked, "stride", pool->stride)
                   || check_range(asked, "padding", pool->padding) || check_range(asked, "dilation", pool->dilation)
               ? prune_last_status()
               : PRUNE_OK;
}

/* ---- Sizes ---- */

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && (a % b < 0) != (b < 0));
}

/* With ceil_mode the last window may hang over, but must start inside the input or the padding before it. */
static int64_t output_size(const pruni_pool *pool, int dim, bool ceil_mode)
{
    int64_t stride = pool->stride[dim], padding = pool->padding[dim];
    int64_t room = pool->in[dim] + 2 * padding - pool->dilation[dim] * (pool->kernel[dim] - 1) - 1;
    int64_t size = floor_divide(room + (ceil_mode ? stride - 1 : 0), stride) + 1;
    if (ceil_mode && (size - 1) * stride >= pool->in[dim] + padding)
        size--;
    return size;
}

static prune_status too_empty(const prune_tensor *x, const request *asked)
{
    char text[PRUNI_SHAPE_TEXT];
    return prune_fail(
        PRUNE_ERROR_RUNTIME,
        "%s: Expected %lldD or %lldD (batch mode) tensor with optional 0 dim batch size for input, but got:%s",
        asked->name, (long long)asked->dims + 1, (long long)asked->dims + 2, pruni_list_text(text, x->sizes, x->ndim));
}

static prune_status wrong_rank(const prune_tensor *x, const request *asked)
{
    char text[PRUNI_SHAPE_TEXT];
    if (!asked->is_max && prune_tensor_size(x, -3) < 0)
        return prune_last_status();
    if (!asked->is_max || asked->dims == 1)
        return too_empty(x, asked);
    return prune_fail(PRUNE_ERROR_RUNTIME,
                      "max_pool2d: non-empty 3D or 4D (batch mode) tensor expected for input, but got:%s",
                      pruni_list_text(text, x->sizes, x->ndim));
}

static prune_status check_rank(const prune_tensor *x, const request *asked)
{
    return x->ndim == asked->dims + 1 || x->ndim == asked->dims + 2 ? PRUNE_OK : wrong_rank(x, asked);
}

/* Rank, and sizes small enough to calculate with. */
static prune_status read_input(pruni_pool *pool, const prune_tensor *x, const request *asked)
{
    if (check_rank(x, asked))
        return prune_last_status();
    pool->in[0] = asked->dims == 2 ? x->sizes[x->ndim - 2] : 1;
    pool->in[1] = x->sizes[x->ndim - 1];
    if (pool->in[0] > INT64_MAX / 4 || pool->in[1] > INT64_MAX / 4)
        return prune_fail(PRUNE_ERROR_RUNTIME, "%s: input of size %lld x %lld is too large", asked->name,
                          (long long)pool->in[0], (long long)pool->in[1]);
    return PRUNE_OK;
}

/* Only the batch may be empty. */
static prune_status check_filled(const prune_tensor *x, const request *asked)
{
    for (int64_t i = x->ndim - asked->dims - 1; i < x->ndim; i++)
        if (x->sizes[i] == 0)
            return too_empty(x, asked);
    return PRUNE_OK;
}

static prune_status max_pool1d_sizes(pruni_pool *pool, const request *asked)
{
    int64_t kernel = pool->kernel[1], stride = pool->stride[1], padding = pool->padding[1];
    if (kernel <= 0)
        return prune_fail(PRUNE_ERROR_RUNTIME, "max_pool1d() kernel_size must be greater than zero, but got %lld",
                          (long long)kernel);
    if (stride <= 0)
        return prune_fail(PRUNE_ERROR_RUNTIME, "max_pool1d() stride must be greater than zero, but got %lld",
                          (long long)stride);
    if (padding < 0)
        return prune_fail(PRUNE_ERROR_RUNTIME, "max_pool1d() padding must be non-negative, but got %lld",
                          (long long)padding);
    if (padding > kernel / 2)
        return prune_fail(PRUNE_ERROR_RUNTIME,
                          "max_pool1d() padding should be at most half of kernel size, but got padding=%lld and "
                          "kernel_size=%lld",
                          (long long)padding, (long long)kernel);
    if (pool->dilation[1] <= 0)
        return prune_fail(PRUNE_ERROR_RUNTIME, "max_pool1d() dilation must be greater than zero, but got %lld",
                          (long long)pool->dilation[1]);
    pool->out[0] = 1;
    pool->out[1] = output_size(pool, 1, asked->ceil_mode);
    if (pool->out[1] <= 0)
        return prune_fail(PRUNE_ERROR_RUNTIME, "max_pool1d() Invalid computed output size: %lld",
                          (long long)pool->out[1]);
    return PRUNE_OK;
}

/* What PyTorch checks while it computes an output size. */
static prune_status check_dim(const pruni_pool *pool, int dim)
{
    int64_t kernel = pool->kernel[dim], padding = pool->padding[dim], dilation = pool->dilation[dim];
    if (pool->stride[dim] == 0)
        return prune_fail(PRUNE_ERROR_RUNTIME, "stride should not be zero");
    if (padding < 0)
        return prune_fail(PRUNE_ERROR_RUNTIME, "pad must be non-negative, but got pad: %lld", (long long)padding);
    if (padding > ((kernel - 1) * dilation + 1) / 2)
        return prune_fail(PRUNE_ERROR_RUNTIME,
                          "pad should be at most half of effective kernel size, but got pad=%lld, kernel_size=%lld and "
                          "dilation=%lld",
                          (long long)padding, (long long)kernel, (long long)dilation);
    return PRUNE_OK;
}

static prune_status check_positive(const int64_t numbers[2], const char *what, const char *letter)
{
    if (numbers[0] > 0 && numbers[1] > 0)
        return PRUNE_OK;
    return prune_fail(PRUNE_ERROR_RUNTIME, "%s should be greater than zero, but got %sH: %lld %sW: %lld", what, letter,
                      (long long)numbers[0], letter, (long long)numbers[1]);
}

static prune_status pool2d_sizes(pruni_pool *pool, const prune_tensor *x, const request *asked)
{
    if (check_dim(pool, 0) || check_dim(pool, 1) || check_positive(pool->kernel, "kernel size", "k")
        || check_positive(pool->stride, "stride", "d") || check_positive(pool->dilation, "dilation", "dilation")
        || check_filled(x, asked))
        return prune_last_status();
    if (pool->padding[0] > pool->kernel[0] / 2 || pool->padding[1] > pool->kernel[1] / 2)
        return prune_fail(
            PRUNE_ERROR_RUNTIME,
            "pad should be smaller than or equal to half of kernel size, but got padW = %lld, padH = %lld, "
            "kW = %lld, kH = %lld",
            (long long)pool->padding[1], (long long)pool->padding[0], (long long)pool->kernel[1],
            (long long)pool->kernel[0]);
    pool->out[0] = output_size(pool, 0, asked->ceil_mode);
    pool->out[1] = output_size(pool, 1, asked->ceil_mode);
    long long channels = (long long)x->sizes[x->ndim - 3];
    if (pool->out[0] < 1 || pool->out[1] < 1)
        return prune_fail(
            PRUNE_ERROR_RUNTIME,
            "Given input size: (%lldx%lldx%lld). Calculated output size: (%lldx%lldx%lld). Output size is "
            "too small",
            channels, (long long)pool->in[0], (long long)pool->in[1], channels, (long long)pool->out[0],
            (long long)pool->out[1]);
    return PRUNE_OK;
}

/* ---- Running ---- */

/* A new tensor of the shape of x but for its last dims. */
static prune_status make_output(prune_tensor **out, const prune_tensor *x, const int64_t *last, int64_t dims)
{
    int64_t sizes[PRUNE_MAX_DIMS];
    for (int64_t i = 0; i < x->ndim; i++)
        sizes[i] = i < x->ndim - dims ? x->sizes[i] : last[i - (x->ndim - dims)];
    return prune_tensor_empty(out, sizes, x->ndim, PRUNE_FLOAT32);
}

static prune_status run(prune_tensor **y, const char *function, const prune_tensor *x, pruni_pool *pool, int64_t dims,
                        void (*kernel)(float *y, const float *x, const pruni_pool *pool))
{
    prune_tensor *input = NULL, *result = NULL;
    bool failed = pruni_float32_contiguous(&input, function, x)
                  || make_output(&result, x, pool->out + (2 - dims), dims);
    if (!failed) {
        pool->planes = x->numel / pool->in[0] / pool->in[1];
        kernel(pruni_tensor_pointer(result), pruni_tensor_pointer(input), pool);
        *y = result;
    }
    prune_tensor_release(input);
    return failed ? prune_last_status() : PRUNE_OK;
}

static prune_status max_pool(prune_tensor **y, const char *function, const prune_tensor *x, int64_t dims,
                             prune_ints kernel_size, const prune_max_pool_options *options)
{
    if (!y || !x)
        return pruni_null_argument(function, y ? "x" : "y");
    options = options ? options : &default_max_pool;
    if (pruni_check_size(function, options->size, sizeof *options))
        return prune_last_status();
    const request asked = {
        .name = dims == 1 ? "max_pool1d" : "max_pool2d",
        .is_max = true,
        .dims = dims,
        .kernel_size = kernel_size,
        .stride = options->stride,
        .padding = options->padding,
        .dilation = options->dilation,
        .ceil_mode = options->ceil_mode,
    };
    pruni_pool pool;
    if ((dims == 1 && (check_rank(x, &asked) || check_filled(x, &asked))) || read_request(&pool, &asked)
        || read_input(&pool, x, &asked)
        || (dims == 1 ? max_pool1d_sizes(&pool, &asked) : pool2d_sizes(&pool, x, &asked)))
        return prune_last_status();
    return run(y, function, x, &pool, dims, pruni_kernel_max_pool);
}

prune_status prune_max_pool1d(prune_tensor **y, const prune_tensor *x, prune_ints kernel_size,
                              const prune_max_pool_options *options)
{
    return max_pool(y, __func__, x, 1, kernel_size, options);
}

prune_status prune_max_pool2d(prune_tensor **y, const prune_tensor *x, prune_ints kernel_size,
                              const prune_max_pool_options *options)
{
    return max_pool(y, __func__, x, 2, kernel_size, options);
}

prune_status prune_avg_pool2d(prune_tensor **y, const prune_tensor *x, prune_ints kernel_size,
                              const prune_avg_pool_options *options)
{
    PRUNI_REQUIRE(y);
    PRUNI_REQUIRE(x);
    options = options ? options : &default_avg_pool;
    if (pruni_check_size(__func__, options->size, sizeof *options))
        return prune_last_status();
    const request asked = {
        .name = "avg_pool2d",
        .dims = 2,
        .kernel_size = kernel_size,
        .stride = options->stride,
        .padding = options->padding,
        .ceil_mode = options->ceil_mode,
    };
    pruni_pool pool;
    if (read_request(&pool, &asked) || read_input(&pool, x, &asked) || pool2d_sizes(&pool, x, &asked))
        return prune_last_status();
    pool.count_include_pad = options->count_include_pad;
    pool.divisor_override = options->divisor_override;
    return run(y, __func__, x, &pool, 2, pruni_kernel_avg_pool);
}

/* ---- Adaptive pooling ---- */

static prune_status adaptive_sizes(int64_t out[2], const prune_tensor *x, prune_ints output_size)
{
    char text[PRUNI_SHAPE_TEXT];
    int64_t dim;
    if (output_size.count > 1 && x->ndim <= output_size.count)
        return prune_fail(PRUNE_ERROR_VALUE, "Input dimension should be at least %lld",
                          (long long)output_size.count + 1);
    if (output_size.count != 1 && output_size.count != 2)
        return prune_fail(PRUNE_ERROR_RUNTIME, "adaptive_avg_pool2d: output_size must be 2");
    pruni_spread_ints(out, output_size, 2, 0);
    for (int i = 0; i < 2; i++)
        if (out[i] == -1 && x->ndim >= 2)
            out[i] = x->sizes[x->ndim - 2 + i];
    if (out[0] < 0 || out[1] < 0)
        return prune_fail(
            PRUNE_ERROR_RUNTIME,
            "adaptive_avg_pool2d: elements of output_size must be greater than or equal to 0 but received "
            "{%lld, %lld}",
            (long long)out[0], (long long)out[1]);
    if (out[0] == 1 && out[1] == 1) /* the mean, of nothing too, of any rank */
        return pruni_wrap_dim(&dim, -2, x->ndim > 0 ? x->ndim : 1);
    if (x->ndim != 3 && x->ndim != 4)
        return prune_fail(PRUNE_ERROR_RUNTIME, "adaptive_avg_pool2d(): Expected 3D or 4D tensor, but got %s",
                          pruni_list_text(text, x->sizes, x->ndim));
    for (int i = 0; i < 2; i++)
        if (x->sizes[x->ndim - 2 + i] == 0)
            return prune_fail(
                PRUNE_ERROR_RUNTIME,
                "adaptive_avg_pool2d(): Expected input to have non-zero size for non-batch dimensions, but "
                "input has sizes %s with dimension %lld being empty",
                pruni_list_text(text, x->sizes, x->ndim), (long long)(x->ndim - 2 + i));
    return PRUNE_OK;
}

prune_status prune_adaptive_avg_pool2d(prune_tensor **y, const prune_tensor *x, prune_ints output_size)
{
    PRUNI_REQUIRE(y);
    PRUNI_REQUIRE(x);
    int64_t out[2];
    prune_tensor *input = NULL, *result = NULL;
    bool failed = adaptive_sizes(out, x, output_size) || pruni_float32_contiguous(&input, __func__, x)
                  || make_output(&result, x, out, 2);
    if (!failed) {
        int64_t planes = 1;
        for (int64_t i = 0; i < x->ndim - 2; i++)
            planes *= x->sizes[i];
        pruni_kernel_adaptive_avg_pool(pruni_tensor_pointer(result), pruni_tensor_pointer(input), planes,
                                       x->sizes + x->ndim - 2, out);
        *y = result;
    }
    prune_tensor_release(input);
    return failed ? prune_last_status() : PRUNE_OK;
}
