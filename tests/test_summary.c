/* The layer table. Expected tables are torchsummary 1.5.1's, of modules of the same make in PyTorch. */
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

static prune_status layer_forward(void *context, prune_module *self, prune_tensor **y, int64_t ny,
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

static prune_status call_child(prune_tensor **y, prune_module *self, char digit, int64_t outputs, prune_tensor *x)
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

static prune_status net_forward(void *context, prune_module *self, prune_tensor **y, int64_t ny, prune_tensor *const *x,
                                int64_t nx)
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

static prune_module *make_layer(const char *type_name, int64_t outputs, const int64_t *sizes, int64_t ndim)
{
    layer l = { outputs, ndim, { { 0 } } };
    for (int64_t i = 0; i < outputs; i++)
        memcpy(l.sizes[i], sizes, (size_t)ndim * sizeof *sizes);
    prune_module *m = NULL;
    assert_ok(prune_module_create(&m, type_name, &layer_ops, &l));
    return m;
}

static prune_module *same_shape(const char *type_name)
{
    return make_layer(type_name, 0, PRUNE_SCALAR);
}

static prune_module *make_net(const char *type_name, const char *order)
{
    const net n = { order, 1 };
    prune_module *m = NULL;
    assert_ok(prune_module_create(&m, type_name, &net_ops, &n));
    return m;
}

static prune_tensor *parameter(prune_module *m, const char *name, const int64_t *sizes, int64_t ndim)
{
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_zeros(&t, sizes, ndim, PRUNE_FLOAT32));
    assert_ok(prune_module_register_parameter(m, name, t));
    prune_tensor_release(t);
    return t;
}

/* Puts a child last and gives it away. */
static void add(prune_module *parent, prune_module *child)
{
    char name[2] = { (char)('0' + parent->child_count), '\0' };
    assert_ok(prune_module_register_module(parent, name, child));
    prune_module_release(child);
}

static prune_module *linear(int64_t in, int64_t out, bool bias)
{
    prune_module *m = make_layer("Linear", 1, PRUNE_SHAPE(out));
    parameter(m, "weight", PRUNE_SHAPE(out, in));
    if (bias)
        parameter(m, "bias", PRUNE_SHAPE(out));
    else
        assert_ok(prune_module_register_parameter(m, "bias", NULL));
    return m;
}

static prune_module *conv2d(int64_t in, int64_t out, int64_t height, bool bias)
{
    prune_module *m = make_layer("Conv2d", 1, PRUNE_SHAPE(out, height, height));
    parameter(m, "weight", PRUNE_SHAPE(out, in, 3, 3));
    if (bias)
        parameter(m, "bias", PRUNE_SHAPE(out));
    return m;
}

/* The tutorial's net, its functions left out. */
static prune_module *lenet(void)
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
static void assert_table(prune_module *m, const int64_t *input, int64_t ndim, int64_t batch_size, const char *expected)
{
    FILE *file = open_capture();
    assert_ok(prune_module_summary(file, m, input, ndim, batch_size));
    char *text = close_capture(file);
    assert_string_equal(text, expected);
    free(text);
    prune_module_release(m);
}

/* ---- Tables ---- */

static void a_line_for_each_layer(void **state)
{
    (void)state;
    assert_table(lenet(), PRUNE_SHAPE(1, 28, 28), -1,
                 HEAD
                 "            Conv2d-1            [-1, 6, 26, 26]              60\n"
                 "            Conv2d-2           [-1, 16, 11, 11]             880\n"
                 "            Linear-3                  [-1, 120]          48,120\n"
                 "            Linear-4                   [-1, 84]          10,164\n"
                 "            Linear-5                   [-1, 10]             850\n" TOTALS("60,074", "60,074", "0")
                     SIZES("0.00", "0.05", "0.23", "0.28"));
}

static void the_batch_size_shows_and_counts(void **state)
{
    (void)state;
    assert_table(lenet(), PRUNE_SHAPE(1, 28, 28), 4,
                 HEAD
                 "            Conv2d-1             [4, 6, 26, 26]              60\n"
                 "            Conv2d-2            [4, 16, 11, 11]             880\n"
                 "            Linear-3                   [4, 120]          48,120\n"
                 "            Linear-4                    [4, 84]          10,164\n"
                 "            Linear-5                    [4, 10]             850\n" TOTALS("60,074", "60,074", "0")
                     SIZES("0.01", "0.19", "0.23", "0.43"));
}

static void blocks_come_after_their_children_and_sequentials_not_at_all(void **state)
{
    (void)state;
    prune_module *m = make_net("Net", "012"), *outer = make_net("Sequential", "01"),
                 *inner = make_net("Sequential", "0"), *block = make_net("Block", "01"),
                 *fc = make_layer("Linear", 1, PRUNE_SHAPE(4, 8, 5));
    parameter(fc, "weight", PRUNE_SHAPE(5, 8));
    parameter(fc, "bias", PRUNE_SHAPE(5));
    add(inner, same_shape("ReLU"));
    add(outer, conv2d(1, 4, 8, false));
    add(outer, inner);
    add(block, fc);
    add(block, same_shape("ReLU"));
    add(m, outer);
    add(m, block);
    add(m, make_layer("Flatten", 1, PRUNE_SHAPE(160)));
    assert_table(m, PRUNE_SHAPE(1, 8, 8), -1,
                 HEAD "            Conv2d-1              [-1, 4, 8, 8]              36\n"
                      "              ReLU-2              [-1, 4, 8, 8]               0\n"
                      "            Linear-3              [-1, 4, 8, 5]              45\n"
                      "              ReLU-4              [-1, 4, 8, 5]               0\n"
                      "             Block-5              [-1, 4, 8, 5]               0\n"
                      "           Flatten-6                  [-1, 160]               0\n" TOTALS("81", "81", "0")
                          SIZES("0.00", "0.01", "0.00", "0.01"));
}

static void a_module_list_is_not_listed(void **state)
{
    (void)state;
    prune_module *m = make_net("Net", "0"), *list = make_net("ModuleList", "0");
    add(list, linear(4, 3, true));
    add(m, list);
    assert_table(m, PRUNE_SHAPE(4), -1,
                 HEAD "            Linear-1                    [-1, 3]              15\n" TOTALS("15", "15", "0")
                     SMALL);
}

static void each_call_has_a_line(void **state)
{
    (void)state;
    prune_module *m = make_net("Net", "010");
    add(m, make_layer("MaxPool2d", 1, PRUNE_SHAPE(2, 2)));
    add(m, linear(4, 3, true));
    assert_table(m, PRUNE_SHAPE(4, 4), -1,
                 HEAD "         MaxPool2d-1                 [-1, 2, 2]               0\n"
                      "            Linear-2                    [-1, 3]              15\n"
                      "         MaxPool2d-3                 [-1, 2, 2]               0\n" TOTALS("15", "15", "0")
                          SMALL);
}

static void a_module_in_two_places_has_two_lines_a_call(void **state)
{
    (void)state;
    prune_module *m = make_net("Net", "010"), *block = make_net("Block", "10"), *relu = same_shape("ReLU");
    add(block, prune_module_retain(relu));
    add(block, linear(3, 3, true));
    add(m, relu);
    add(m, block);
    assert_table(m, PRUNE_SHAPE(3), -1,
                 HEAD "              ReLU-1                    [-1, 3]               0\n"
                      "              ReLU-2                    [-1, 3]               0\n"
                      "            Linear-3                    [-1, 3]              12\n"
                      "              ReLU-4                    [-1, 3]               0\n"
                      "              ReLU-5                    [-1, 3]               0\n"
                      "             Block-6                    [-1, 3]               0\n"
                      "              ReLU-7                    [-1, 3]               0\n"
                      "              ReLU-8                    [-1, 3]               0\n" TOTALS("12", "12", "0")
                          SMALL);
}

static void buffers_and_other_parameters_do_not_count(void **state)
{
    (void)state;
    prune_module *m = make_net("Net", "01"), *bn = same_shape("BatchNorm2d");
    prune_tensor *mean = NULL;
    parameter(bn, "weight", PRUNE_SHAPE(8));
    parameter(bn, "bias", PRUNE_SHAPE(8));
    parameter(bn, "scale", PRUNE_SHAPE(8));
    assert_ok(prune_tensor_zeros(&mean, PRUNE_SHAPE(8), PRUNE_FLOAT32));
    assert_ok(prune_module_register_buffer(bn, "running_mean", mean, true));
    prune_tensor_release(mean);
    add(m, conv2d(3, 8, 4, false));
    add(m, bn);
    assert_table(m, PRUNE_SHAPE(3, 4, 4), -1,
                 HEAD "            Conv2d-1              [-1, 8, 4, 4]             216\n"
                      "       BatchNorm2d-2              [-1, 8, 4, 4]              16\n" TOTALS("232", "232", "0")
                          SMALL);
}

static void a_layer_is_trainable_by_its_weight(void **state)
{
    (void)state;
    prune_module *m = make_net("Net", "012"), *frozen = linear(4, 3, true),
                 *shift = make_layer("Shift", 1, PRUNE_SHAPE(3));
    assert_ok(prune_tensor_set_requires_grad(prune_module_get_tensor(frozen, "weight"), false));
    parameter(shift, "bias", PRUNE_SHAPE(3));
    add(m, frozen);
    add(m, shift);
    add(m, linear(3, 2, true));
    assert_table(m, PRUNE_SHAPE(4), -1,
                 HEAD "            Linear-1                    [-1, 3]              15\n"
                      "             Shift-2                    [-1, 3]               3\n"
                      "            Linear-3                    [-1, 2]               8\n" TOTALS("26", "8", "18")
                          SMALL);
}

static void a_pruned_weight_counts_and_is_trainable(void **state)
{
    (void)state;
    prune_module *m = make_net("Net", "0"), *fc = linear(4, 3, true);
    assert_ok(prune_l1_unstructured(fc, "weight", prune_count(3), NULL));
    add(m, fc);
    assert_table(m, PRUNE_SHAPE(4), -1,
                 HEAD "            Linear-1                    [-1, 3]              15\n" TOTALS("15", "15", "0")
                     SMALL);
}

static void a_pruned_weight_that_was_frozen_is_not_trainable(void **state)
{
    (void)state;
    prune_module *m = make_net("Net", "0"), *fc = linear(4, 3, true);
    assert_ok(prune_tensor_set_requires_grad(prune_module_get_tensor(fc, "weight"), false));
    assert_ok(prune_l1_unstructured(fc, "weight", prune_count(3), NULL));
    add(m, fc);
    assert_table(m, PRUNE_SHAPE(4), -1,
                 HEAD "            Linear-1                    [-1, 3]              15\n" TOTALS("15", "0", "15")
                     SMALL);
}

static prune_module *splitting_net(const char *type_name)
{
    const net n = { "0", 2 };
    layer l = { 2, 2, { { 2, 3 }, { 4, 5 } } };
    prune_module *m = NULL, *split = NULL;
    assert_ok(prune_module_create(&m, "Net", &net_ops, &n));
    assert_ok(prune_module_create(&split, type_name, &layer_ops, &l));
    parameter(split, "weight", PRUNE_SHAPE(2, 3));
    add(m, split);
    return m;
}

static void several_outputs_are_a_list(void **state)
{
    (void)state;
    assert_table(splitting_net("Split"), PRUNE_SHAPE(3), 7,
                 HEAD "             Split-1   [[-1, 2, 3], [-1, 4, 5]]               6\n" TOTALS("6", "6", "0") SMALL);
}

static void an_lstm_shows_its_first_output(void **state)
{
    (void)state;
    /* torchsummary fails here */
    assert_table(splitting_net("LSTM"), PRUNE_SHAPE(3), 7,
                 HEAD "              LSTM-1                  [7, 2, 3]               6\n" TOTALS("6", "6", "0") SMALL);
}

static void names_are_padded_in_characters(void **state)
{
    (void)state;
    prune_module *m = make_net("Net", "0"), *named = make_layer("Gr\xc3\xb6\xc3\x9f"
                                                                "e",
                                                                1, PRUNE_SHAPE(3));
    parameter(named, "weight", PRUNE_SHAPE(12, 100));
    parameter(named, "bias", PRUNE_SHAPE(12));
    add(m, named);
    assert_table(m, PRUNE_SHAPE(3), -1,
                 HEAD "             Gr\xc3\xb6\xc3\x9f"
                      "e-1                    [-1, 3]           1,212\n" TOTALS("1,212", "1,212", "0") SMALL);
}

static void long_names_push_the_line(void **state)
{
    (void)state;
    prune_module *m = make_net("Net", "0"), *named = make_layer("AVeryLongClassNameIndeed", 1, PRUNE_SHAPE(3));
    parameter(named, "weight", PRUNE_SHAPE(1234, 1000));
    parameter(named, "bias", PRUNE_SHAPE(1234));
    add(m, named);
    assert_table(m, PRUNE_SHAPE(3), -1,
                 HEAD "AVeryLongClassNameIndeed-1                    [-1, 3]       1,235,234\n" TOTALS(
                     "1,235,234", "1,235,234", "0") SIZES("0.00", "0.00", "4.71", "4.71"));
}

static void the_input_may_be_a_batch_of_scalars(void **state)
{
    (void)state;
    prune_module *m = make_net("Net", "0");
    add(m, linear(3, 3, false));
    assert_table(m, PRUNE_SCALAR, -1,
                 HEAD "            Linear-1                    [-1, 3]               9\n" TOTALS("9", "9", "0") SMALL);
}

static void a_layer_by_itself_has_an_empty_table(void **state)
{
    (void)state;
    /* torchsummary fails here, in its totals */
    assert_table(linear(4, 3, true), PRUNE_SHAPE(4), -1, HEAD TOTALS("0", "0", "0") SMALL);
}

/* ---- What a run leaves behind ---- */

static prune_status note_mode(void *context, prune_module *module, prune_tensor *const *x, int64_t nx)
{
    bool *const *seen = context;
    assert_int_equal(nx, 1);
    assert_int_equal(prune_tensor_size(x[0], 0), 2);
    **seen = **seen || prune_module_training(module);
    return PRUNE_OK;
}

static const prune_hook_ops note_mode_ops = {
    .size = sizeof note_mode_ops,
    .type_name = "NoteMode",
    .context_size = sizeof(bool *),
    .call = note_mode,
};

static void assert_modes(const prune_module *m)
{
    assert_true(prune_module_training(m));
    assert_false(prune_module_training(prune_module_get_submodule(m, "0")));
    assert_true(prune_module_training(prune_module_get_submodule(m, "1")));
    for (int64_t i = 0; i < m->child_count; i++)
        assert_null(m->children[i].module->summary);
    assert_null(m->summary);
}

static void it_runs_hooks_in_eval_mode_and_restores_the_flags(void **state)
{
    (void)state;
    bool trained = false, *seen = &trained;
    prune_module *good = make_net("Net", "01"), *bad = make_net("Net", "01!");
    prune_module *const nets[] = { good, bad };
    for (int i = 0; i < 2; i++) {
        add(nets[i], same_shape("ReLU"));
        add(nets[i], same_shape("ReLU"));
        prune_module_eval(prune_module_get_submodule(nets[i], "0"));
        assert_ok(prune_module_register_forward_pre_hook(NULL, nets[i], &note_mode_ops, &seen));
        assert_ok(prune_module_register_forward_pre_hook(NULL, prune_module_get_submodule(nets[i], "1"), &note_mode_ops,
                                                         &seen));
    }
    FILE *file = open_capture();
    assert_fails(prune_module_summary(file, bad, PRUNE_SHAPE(3), -1), PRUNE_ERROR_USER, "the net gives up");
    assert_int_equal(ftell(file), 0);
    assert_modes(bad);
    assert_ok(prune_module_summary(file, good, PRUNE_SHAPE(3), -1));
    assert_modes(good);
    assert_false(trained);
    fclose(file);
    prune_module_release(good);
    prune_module_release(bad);
}

static void it_takes_no_hook_id_and_no_random_number(void **state)
{
    (void)state;
    bool trained = false, *seen = &trained;
    int64_t before, after;
    float first, second;
    prune_module *m = lenet();
    prune_tensor *draw = NULL;
    FILE *file = open_capture();
    assert_ok(prune_module_register_forward_pre_hook(&before, m, &note_mode_ops, &seen));
    prune_manual_seed(NULL, 1);
    assert_ok(prune_rand(&draw, PRUNE_SHAPE(1), PRUNE_FLOAT32, NULL));
    first = prune_tensor_data(draw)[0];
    prune_tensor_release(draw);
    prune_manual_seed(NULL, 1);
    assert_ok(prune_module_summary(file, m, PRUNE_SHAPE(1, 28, 28), -1));
    assert_ok(prune_rand(&draw, PRUNE_SHAPE(1), PRUNE_FLOAT32, NULL));
    second = prune_tensor_data(draw)[0];
    prune_tensor_release(draw);
    assert_ok(prune_module_register_forward_pre_hook(&after, m, &note_mode_ops, &seen));
    assert_int_equal(after, before + 1);
    assert_true(first == second);
    fclose(file);
    prune_module_release(m);
}

typedef struct inner {
    FILE *file;
} inner;

static prune_status summarise_child(void *context, prune_module *self, prune_tensor **y, int64_t ny,
                                    prune_tensor *const *x, int64_t nx)
{
    (void)ny;
    (void)nx;
    const inner *in = context;
    prune_module *child = prune_module_get_submodule(self, "0");
    if (prune_module_summary(in->file, child, PRUNE_SHAPE(3), -1))
        return prune_last_status();
    return prune_module_call(y, child, x[0]);
}

static void a_forward_may_make_a_table_of_its_own(void **state)
{
    (void)state;
    static const prune_module_ops ops = {
        .size = sizeof ops,
        .context_size = sizeof(inner),
        .forward = summarise_child,
    };
    const inner in = { open_capture() };
    prune_module *m = NULL, *block = make_net("Block", "0");
    assert_ok(prune_module_create(&m, "Net", &ops, &in));
    add(block, same_shape("ReLU"));
    add(m, block);
    assert_table(m, PRUNE_SHAPE(3), -1,
                 HEAD "              ReLU-1                    [-1, 3]               0\n"
                      "             Block-2                    [-1, 3]               0\n" TOTALS("0", "0", "0") SMALL);
    char *text = close_capture(in.file);
    assert_string_equal(
        text, HEAD "              ReLU-1                    [-1, 3]               0\n" TOTALS("0", "0", "0") SMALL);
    free(text);
}

/* ---- Errors ---- */

static void arguments_are_checked(void **state)
{
    (void)state;
    prune_module *m = lenet(), *plain = NULL;
    assert_ok(prune_module_create(&plain, "Linear", NULL, NULL));
    FILE *file = open_capture(), *closed = fopen(PRUNE_TESTS_DIR "/support.h", "r");
    assert_non_null(closed);
    assert_fails(prune_module_summary(NULL, m, PRUNE_SHAPE(1), -1), PRUNE_ERROR_TYPE, "argument 'file'");
    assert_fails(prune_module_summary(file, NULL, PRUNE_SHAPE(1), -1), PRUNE_ERROR_TYPE, "argument 'module'");
    assert_fails(prune_module_summary(file, m, NULL, 1, -1), PRUNE_ERROR_TYPE, "argument 'input_size'");
    assert_fails(prune_module_summary(file, m, PRUNE_SHAPE(1, -28), -1), PRUNE_ERROR_RUNTIME, "negative");
    assert_fails(prune_module_summary(file, m, NULL, -1, -1), PRUNE_ERROR_VALUE, "rank -1");
    assert_fails(prune_module_summary(file, m, PRUNE_SHAPE(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), -1),
                 PRUNE_ERROR_VALUE, "rank 16 of the input is not in the range 0 to 15");
    assert_fails(prune_module_summary(file, m, PRUNE_SHAPE(1), -2), PRUNE_ERROR_VALUE, "batch_size is -2");
    assert_fails(prune_module_summary(file, plain, PRUNE_SHAPE(1), -1), PRUNE_ERROR_UNSUPPORTED, "forward");
    assert_fails(prune_module_summary(closed, m, PRUNE_SHAPE(1), -1), PRUNE_ERROR_IO, "cannot write");
    assert_int_equal(ftell(file), 0);
    fclose(closed);
    fclose(file);
    prune_module_release(plain);
    prune_module_release(m);
}

struct summing {
    prune_module *module;
    FILE *file;
};

static prune_status summarise(void *context)
{
    struct summing *s = context;
    return prune_module_summary(s->file, s->module, PRUNE_SHAPE(1, 28, 28), -1);
}

static void it_is_as_before(void *context)
{
    struct summing *s = context;
    assert_int_equal(ftell(s->file), 0);
    assert_true(prune_module_training(prune_module_get_submodule(s->module, "4")));
    assert_null(s->module->summary);
}

static void rewind_file(void *context)
{
    struct summing *s = context;
    rewind(s->file);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    struct summing s = { lenet(), open_capture() };
    try_every_allocation(summarise, it_is_as_before, rewind_file, &s);
    fclose(s.file);
    prune_module_release(s.module);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_for_each_layer),
        cmocka_unit_test(the_batch_size_shows_and_counts),
        cmocka_unit_test(blocks_come_after_their_children_and_sequentials_not_at_all),
        cmocka_unit_test(a_module_list_is_not_listed),
        cmocka_unit_test(each_call_has_a_line),
        cmocka_unit_test(a_module_in_two_places_has_two_lines_a_call),
        cmocka_unit_test(buffers_and_other_parameters_do_not_count),
        cmocka_unit_test(a_layer_is_trainable_by_its_weight),
        cmocka_unit_test(a_pruned_weight_counts_and_is_trainable),
        cmocka_unit_test(a_pruned_weight_that_was_frozen_is_not_trainable),
        cmocka_unit_test(several_outputs_are_a_list),
        cmocka_unit_test(an_lstm_shows_its_first_output),
        cmocka_unit_test(names_are_padded_in_characters),
        cmocka_unit_test(long_names_push_the_line),
        cmocka_unit_test(the_input_may_be_a_batch_of_scalars),
        cmocka_unit_test(a_layer_by_itself_has_an_empty_table),
        cmocka_unit_test(it_runs_hooks_in_eval_mode_and_restores_the_flags),
        cmocka_unit_test(it_takes_no_hook_id_and_no_random_number),
        cmocka_unit_test(a_forward_may_make_a_table_of_its_own),
        cmocka_unit_test(arguments_are_checked),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
