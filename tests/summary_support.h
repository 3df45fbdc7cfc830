/* What the tests of the layer table share: its lines, and nets to draw it of. */
#ifndef PRUNE_TESTS_SUMMARY_SUPPORT_H
#define PRUNE_TESTS_SUMMARY_SUPPORT_H

#include "support.h"

#include "nn/internal.h"

#define RULE "----------------------------------------------------------------\n"
#define HEAD                                                                 \
    RULE "        Layer (type)               Output Shape         Param #\n" \
         "================================================================\n"
#define TOTALS(total, trainable, frozen)                                 \
    "================================================================\n" \
    "Total params: " total "\n"                                          \
    "Trainable params: " trainable "\n"                                  \
    "Non-trainable params: " frozen "\n" RULE
#define SIZES(input, pass, params, all)           \
    "Input size (MB): " input "\n"                \
    "Forward/backward pass size (MB): " pass "\n" \
    "Params size (MB): " params "\n"              \
    "Estimated Total Size (MB): " all "\n" RULE
#define SMALL SIZES("0.00", "0.00", "0.00", "0.00")

/* ---- Layers that give zeros of a shape, and nets that call their children in an order ---- */

typedef struct layer {
    int64_t outputs; /* each of the same rank; 0: the input comes back */
    int64_t ndim;
    int64_t sizes[2][4]; /* without the batch */
} layer;

static inline prune_status layer_forward(void *context, prune_module *self, prune_tensor **y, int64_t ny,
                                         prune_tensor *const *x, int64_t nx)
{
    (void)self;
    const layer *l = context;
    assert_int_equal(nx, 1);
    if (l->outputs == 0)
        y[0] = prune_tensor_retain(x[0]);
    for (int64_t i = 0; l->outputs > 0 && i < ny; i++) {
        int64_t sizes[5] = { prune_tensor_size(x[0], 0) };
        memcpy(sizes + 1, l->sizes[i], sizeof l->sizes[i]);
        if (prune_tensor_zeros(&y[i], sizes, l->ndim + 1, PRUNE_FLOAT32))
            return prune_last_status();
    }
    return PRUNE_OK;
}

static const prune_module_ops layer_ops = {
    .size = sizeof layer_ops,
    .context_size = sizeof(layer),
    .forward = layer_forward,
};

typedef struct net {
    const char *order; /* a digit per call; '!' fails */
    int64_t outputs;   /* asked of each child; the first goes on */
} net;

static inline prune_status call_child(prune_tensor **y, prune_module *self, char digit, int64_t outputs,
                                      prune_tensor *x)
{
    const char name[2] = { digit, '\0' };
    prune_tensor *all[2] = { NULL, NULL };
    if (digit == '!')
        return prune_fail(PRUNE_ERROR_USER, "the net gives up");
    if (prune_module_call_many(all, outputs, prune_module_get_submodule(self, name), &x, 1))
        return prune_last_status();
    *y = all[0];
    prune_tensor_release(all[1]);
    return PRUNE_OK;
}

static inline prune_status net_forward(void *context, prune_module *self, prune_tensor **y, int64_t ny,
                                       prune_tensor *const *x, int64_t nx)
{
    const net *n = context;
    assert_int_equal(nx, 1);
    assert_int_equal(ny, 1);
    prune_tensor *h = prune_tensor_retain(x[0]);
    for (const char *c = n->order; *c; c++) {
        prune_tensor *next = NULL;
        prune_status status = call_child(&next, self, *c, n->outputs, h);
        prune_tensor_release(h);
        if (status)
            return status;
        h = next;
    }
    y[0] = h;
    return PRUNE_OK;
}

static const prune_module_ops net_ops = {
    .size = sizeof net_ops,
    .context_size = sizeof(net),
    .forward = net_forward,
};

static inline prune_module *make_layer(const char *type_name, int64_t outputs, const int64_t *sizes, int64_t ndim)
{
    layer l = { outputs, ndim, { { 0 } } };
    for (int64_t i = 0; i < outputs; i++)
        memcpy(l.sizes[i], sizes, (size_t)ndim * sizeof *sizes);
    prune_module *m = NULL;
    assert_ok(prune_module_create(&m, type_name, &layer_ops, &l));
    return m;
}

static inline prune_module *same_shape(const char *type_name)
{
    return make_layer(type_name, 0, PRUNE_SCALAR);
}

static inline prune_module *make_net(const char *type_name, const char *order)
{
    const net n = { order, 1 };
    prune_module *m = NULL;
    assert_ok(prune_module_create(&m, type_name, &net_ops, &n));
    return m;
}

static inline prune_tensor *parameter(prune_module *m, const char *name, const int64_t *sizes, int64_t ndim)
{
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_zeros(&t, sizes, ndim, PRUNE_FLOAT32));
    assert_ok(prune_module_register_parameter(m, name, t));
    prune_tensor_release(t);
    return t;
}

/* Puts a child last and gives it away. */
static inline void add(prune_module *parent, prune_module *child)
{
    char name[2] = { (char)('0' + parent->child_count), '\0' };
    assert_ok(prune_module_register_module(parent, name, child));
    prune_module_release(child);
}

static inline prune_module *linear(int64_t in, int64_t out, bool bias)
{
    prune_module *m = make_layer("Linear", 1, PRUNE_SHAPE(out));
    parameter(m, "weight", PRUNE_SHAPE(out, in));
    if (bias)
        parameter(m, "bias", PRUNE_SHAPE(out));
    else
        assert_ok(prune_module_register_parameter(m, "bias", NULL));
    return m;
}

static inline prune_module *conv2d(int64_t in, int64_t out, int64_t height, bool bias)
{
    prune_module *m = make_layer("Conv2d", 1, PRUNE_SHAPE(out, height, height));
    parameter(m, "weight", PRUNE_SHAPE(out, in, 3, 3));
    if (bias)
        parameter(m, "bias", PRUNE_SHAPE(out));
    return m;
}

/* The tutorial's net, its functions left out. */
static inline prune_module *lenet(void)
{
    prune_module *m = make_net("LeNet", "01234");
    add(m, conv2d(1, 6, 26, true));
    add(m, conv2d(6, 16, 11, true));
    add(m, linear(400, 120, true));
    add(m, linear(120, 84, true));
    add(m, linear(84, 10, true));
    return m;
}

/* Releases the module. */
static inline void assert_table(prune_module *m, const int64_t *input, int64_t ndim, int64_t batch_size,
                                const char *expected)
{
    FILE *file = open_capture();
    assert_ok(prune_module_summary(file, m, input, ndim, batch_size));
    char *text = close_capture(file);
    assert_string_equal(text, expected);
    free(text);
    prune_module_release(m);
}

#endif
