/* Default initialisation; Flatten, Dropout, Identity, Sequential; what holds for every layer. */
#include "layer_support.h"

/* ---- Default initialisation ---- */

/* FNV over the bits of the elements. */
static uint64_t hash(uint64_t start, const prune_tensor *t)
{
    const float *values = prune_tensor_data(t);
    for (int64_t i = 0; i < prune_tensor_numel(t); i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        start = (start ^ bits) * UINT64_C(1099511628211);
    }
    return start;
}

static const uint64_t hash_start = UINT64_C(1469598103934665603);

/* torch.manual_seed(seed), the constructor, torch.rand(1) */
typedef struct golden {
    uint64_t seed, weight, bias; /* bias 0: none */
    float next;
} golden;

/* Checks the layer just made and releases it. */
static void check_golden(prune_module *layer, const golden *expected)
{
    const prune_tensor *bias = prune_module_get_tensor(layer, "bias");
    prune_tensor *next = NULL;
    assert_true(hash(hash_start, prune_module_get_tensor(layer, "weight")) == expected->weight);
    assert_int_equal(bias != NULL, expected->bias != 0);
    assert_true(!bias || hash(hash_start, bias) == expected->bias);
    assert_ok(prune_rand(&next, PRUNE_SHAPE(1), PRUNE_FLOAT32, NULL));
    assert_values(next, expected->next);
    prune_tensor_release(next);
    prune_module_release(layer);
}

static void linear_is_initialised_as_in_torch(void **state)
{
    (void)state;
    /* clang-format off */
    const struct {
        int64_t in, out;
        bool bias;
        golden expected;
    } examples[] = {
        { 5, 3, true, { 0, 0x4bb092f83d56a0fd, 0xd15241c0fd073544, 0x1.49c9dp-3F } },
        { 256, 120, true, { 0, 0x500efdb8a88b199b, 0x3aa1b4e6dc2664ff, 0x1.1f0f580000000p-3F } },
        { 5, 3, false, { 0, 0x4bb092f83d56a0fd, 0, 0x1.097bbp-1F } },
        { 0, 2, true, { 0, 0x14650fb0739d0383, 0x9a691300c548b8fb, 0x1.6a675p-4F } },
        { 2, 0, true, { 0, 0x14650fb0739d0383, 0x14650fb0739d0383, 0x1.fc2abp-2F } },
        { 5, 3, true, { 42, 0x46e38f36ac211a01, 0x0869fa34b8880dd1, 0x1.10fa5c0000000p-2F } },
        { 256, 120, true, { 42, 0xc8b4f5526f0ac853, 0x94ee18f0cca3256b, 0x1.d7e2440000000p-2F } },
        { 5, 3, false, { 42, 0x46e38f36ac211a01, 0, 0x1.b7b5dp-2F } },
        { 0, 2, true, { 42, 0x14650fb0739d0383, 0x9a691300c548b8fb, 0x1.880d7p-2F } },
        { 2, 0, true, { 42, 0x14650fb0739d0383, 0x14650fb0739d0383, 0x1.c3b8cc0000000p-1F } },
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        prune_linear_options options = PRUNE_LINEAR_OPTIONS_INIT;
        prune_module *layer = NULL;
        options.bias = examples[i].bias;
        prune_manual_seed(NULL, examples[i].expected.seed);
        assert_ok(prune_linear_create(&layer, examples[i].in, examples[i].out, &options));
        check_golden(layer, &examples[i].expected);
    }
}

static void convolutions_are_initialised_as_in_torch(void **state)
{
    (void)state;
    /* clang-format off */
    const struct {
        int64_t dims, in, out;
        prune_ints kernel;
        int64_t groups;
        golden expected;
    } examples[] = {
        { 1, 3, 4, PRUNE_INTS(3), 1, { 0, 0x9d0d54c60589d06d, 0x372c1fbdf2c65429, 0x1.0d76a40000000p-1F } },
        { 2, 1, 6, PRUNE_INTS(5), 1, { 0, 0xd3458c4bed4004db, 0x0ebb62024c3b5a68, 0x1.9fb02e0000000p-1F } },
        { 2, 6, 16, PRUNE_INTS(5), 1, { 0, 0x919e6a30661e54f9, 0x581f81c8fa764012, 0x1.f43b680000000p-3F } },
        { 2, 4, 6, PRUNE_INTS(2, 3), 2, { 0, 0x039a614d6691be8f, 0x00e44673161d19ee, 0x1.178cd20000000p-1F } },
        { 2, 0, 3, PRUNE_INTS(3), 1, { 0, 0x14650fb0739d0383, 0xa944454f3a925281, 0x1.0e660p-3F } },
        { 3, 2, 3, PRUNE_INTS(2), 1, { 0, 0x19ccba2d20f6b46b, 0x9c823fc6e56b1cb9, 0x1.fe7f820000000p-1F } },
        { 1, 3, 4, PRUNE_INTS(3), 1, { 42, 0x234f9d687278693c, 0x8dac46f42c4d87f8, 0x1.44c8740000000p-1F } },
        { 2, 1, 6, PRUNE_INTS(5), 1, { 42, 0xa1f0bee6de3430fc, 0x05508d7666368698, 0x1.88d1cc0000000p-1F } },
        { 2, 6, 16, PRUNE_INTS(5), 1, { 42, 0x69ef011d8e035f91, 0x10598f65e356e136, 0x1.8cb5ap-5F } },
        { 2, 4, 6, PRUNE_INTS(2, 3), 2, { 42, 0x4dff3f693ab30265, 0x93cac2a29e49f1fc, 0x1.5baadc0000000p-1F } },
        { 2, 0, 3, PRUNE_INTS(3), 1, { 42, 0x14650fb0739d0383, 0xa944454f3a925281, 0x1.eb2a1c0000000p-1F } },
        { 3, 2, 3, PRUNE_INTS(2), 1, { 42, 0xc8f62b7d8a6a22ed, 0x5d0f69c3290c6139, 0x1.3a2ef40000000p-2F } },
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        prune_status (*const create[])(prune_module **, int64_t, int64_t, prune_ints,
                                       const prune_conv_options *) = { prune_conv1d_create, prune_conv2d_create,
                                                                       prune_conv3d_create };
        prune_conv_options options = PRUNE_CONV_OPTIONS_INIT;
        prune_module *layer = NULL;
        options.groups = examples[i].groups;
        prune_manual_seed(NULL, examples[i].expected.seed);
        assert_ok(create[examples[i].dims - 1](&layer, examples[i].in, examples[i].out, examples[i].kernel, &options));
        check_golden(layer, &examples[i].expected);
    }
}

/* torch.manual_seed(42); the layers of the tutorial's LeNet; torch.rand(1) */
static void the_layers_of_a_network_draw_one_after_the_other(void **state)
{
    (void)state;
    prune_module *layers[5] = { NULL };
    prune_tensor *next = NULL;
    prune_manual_seed(NULL, 42);
    assert_ok(prune_conv2d_create(&layers[0], 1, 6, PRUNE_INTS(5), NULL));
    assert_ok(prune_conv2d_create(&layers[1], 6, 16, PRUNE_INTS(5), NULL));
    assert_ok(prune_linear_create(&layers[2], 256, 120, NULL));
    assert_ok(prune_linear_create(&layers[3], 120, 84, NULL));
    assert_ok(prune_linear_create(&layers[4], 84, 10, NULL));
    const float *first = prune_tensor_data(prune_module_get_tensor(layers[0], "bias"));
    const float *last = prune_tensor_data(prune_module_get_tensor(layers[4], "bias"));
    assert_true(first[0] == 0.050333451479673386F && first[1] == -0.0860251933336258F);
    assert_true(last[8] == -0.04871873930096626F && last[9] == 0.02216341905295849F);
    uint64_t all = hash_start;
    for (size_t i = 0; i < 5; i++) {
        all = hash(all, prune_module_get_tensor(layers[i], "weight"));
        all = hash(all, prune_module_get_tensor(layers[i], "bias"));
        prune_module_release(layers[i]);
    }
    assert_true(all == UINT64_C(799352288634180108));
    assert_ok(prune_rand(&next, PRUNE_SHAPE(1), PRUNE_FLOAT32, NULL));
    assert_values(next, 0.048354268074035645F);
    prune_tensor_release(next);
}

/* ---- Flatten ---- */

static void flatten_gives_a_view(void **state)
{
    (void)state;
    prune_module *layer = NULL;
    prune_tensor *x = pattern(0, PRUNE_SHAPE(2, 3, 4)), *y = NULL;
    assert_ok(prune_flatten_create(&layer, 1, -1));
    assert_prints(layer, "Flatten(start_dim=1, end_dim=-1)");
    assert_ok(prune_module_call(&y, layer, x));
    assert_shape(y, 2, 12);
    assert_ptr_equal(prune_tensor_raw_data(y), prune_tensor_raw_data(x));
    prune_tensor_release(y);
    x = strided(x);
    assert_ok(prune_module_call(&y, layer, x));
    assert_shape(y, 2, 12);
    assert_true(prune_tensor_raw_data(y) != prune_tensor_raw_data(x));
    prune_tensor_release(y);
    prune_tensor_release(x);
    x = pattern(0, PRUNE_SHAPE(2));
    assert_call_fails(layer, x, PRUNE_ERROR_INDEX,
                      "Dimension out of range (expected to be in range of [-1, 0], but got 1)");
    prune_tensor_release(x);
    prune_module_release(layer);
    assert_ok(prune_flatten_create(&layer, 2, 1));
    x = pattern(0, PRUNE_SHAPE(2, 3, 4));
    assert_call_fails(layer, x, PRUNE_ERROR_RUNTIME, "flatten() has invalid args: start_dim cannot come after end_dim");
    prune_tensor_release(x);
    prune_module_release(layer);
    assert_fails(prune_flatten_create(NULL, 1, -1), PRUNE_ERROR_TYPE, "'out' is NULL");
}

/* ---- Dropout, Identity ---- */

static void dropout_gives_its_input_in_eval_mode_alone(void **state)
{
    (void)state;
    prune_module *layer = NULL;
    prune_tensor *x = pattern(0, PRUNE_SHAPE(3)), *y = NULL;
    assert_ok(prune_dropout_create(&layer, 0.5, false));
    assert_call_fails(layer, x, PRUNE_ERROR_UNSUPPORTED, "Dropout: training mode");
    assert_call_fails(layer, x, PRUNE_ERROR_UNSUPPORTED, "call prune_module_eval()");
    prune_module_eval(layer);
    assert_ok(prune_module_call(&y, layer, x));
    assert_ptr_equal(y, x);
    prune_tensor_release(x);
    prune_tensor_release(y);
    prune_module_release(layer);
}

static void dropout_prints_its_probability(void **state)
{
    (void)state;
    const struct {
        double p;
        bool inplace;
        const char *text;
    } examples[] = {
        { 0.5, false, "Dropout(p=0.5, inplace=False)" },    { 0.1, true, "Dropout(p=0.1, inplace=True)" },
        { 1, false, "Dropout(p=1.0, inplace=False)" },      { 0, false, "Dropout(p=0.0, inplace=False)" },
        { 1e-5, false, "Dropout(p=1e-05, inplace=False)" },
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        prune_module *layer = NULL;
        assert_ok(prune_dropout_create(&layer, examples[i].p, examples[i].inplace));
        assert_prints(layer, examples[i].text);
        prune_module_release(layer);
    }
}

static void dropout_refuses_what_is_no_probability(void **state)
{
    (void)state;
    prune_module *layer = NULL;
    assert_fails(prune_dropout_create(&layer, -0.1, false), PRUNE_ERROR_VALUE,
                 "dropout probability has to be between 0 and 1, but got -0.1");
    assert_fails(prune_dropout_create(&layer, 1.5, false), PRUNE_ERROR_VALUE, "but got 1.5");
    assert_fails(prune_dropout_create(&layer, (double)NAN, false), PRUNE_ERROR_VALUE, "but got nan");
    assert_fails(prune_dropout_create(NULL, 0.5, false), PRUNE_ERROR_TYPE, "'out' is NULL");
    assert_null(layer);
}

static void identity_gives_its_input(void **state)
{
    (void)state;
    prune_module *layer = NULL;
    prune_tensor *x = NULL, *y = NULL;
    assert_ok(prune_identity_create(&layer));
    assert_prints(layer, "Identity()");
    assert_ok(prune_tensor_zeros(&x, PRUNE_SHAPE(3), PRUNE_INT64)); /* any dtype */
    assert_ok(prune_module_call(&y, layer, x));
    assert_ptr_equal(y, x);
    prune_tensor_release(x);
    prune_tensor_release(y);
    prune_module_release(layer);
    assert_fails(prune_identity_create(NULL), PRUNE_ERROR_TYPE, "'out' is NULL");
}

/* ---- Sequential ---- */

/* Linear(2, 2), ReLU(), Linear(2, 1), the linear ones filled with patterns. */
static prune_module *make_sequential(void)
{
    prune_module *parts[3] = { NULL }, *net = NULL;
    assert_ok(prune_linear_create(&parts[0], 2, 2, NULL));
    assert_ok(prune_relu_create(&parts[1], false));
    assert_ok(prune_linear_create(&parts[2], 2, 1, NULL));
    fill_parameters(parts[0]); /* -5 2, -2 5; -2 5 */
    fill_parameters(parts[2]); /* -5 2; -2 */
    assert_ok(prune_sequential_create(&net, parts, 3));
    for (size_t i = 0; i < 3; i++)
        prune_module_release(parts[i]);
    return net;
}

static void sequential_runs_its_children_in_order(void **state)
{
    (void)state;
    prune_module *net = make_sequential();
    assert_string_equal(prune_module_type_name(net), "Sequential");
    assert_prints(net, "Sequential(\n"
                       "  (0): Linear(in_features=2, out_features=2, bias=True)\n"
                       "  (1): ReLU()\n"
                       "  (2): Linear(in_features=2, out_features=1, bias=True)\n"
                       ")");
    prune_tensor *y = output_of(net, values_of((const float[]){ 1, 10, -1, 0 }, PRUNE_SHAPE(2, 2)));
    assert_values(y, -5 * 13 + 2 * 53 - 2, -5 * 3 + 2 * 7 - 2);
    prune_tensor_release(y);
    prune_module_release(net);
}

static void an_empty_sequential_gives_its_input(void **state)
{
    (void)state;
    prune_module *net = NULL;
    prune_tensor *x = pattern(0, PRUNE_SHAPE(2)), *y = NULL;
    assert_ok(prune_sequential_create(&net, NULL, 0));
    assert_prints(net, "Sequential()");
    assert_ok(prune_module_call(&y, net, x));
    assert_ptr_equal(y, x);
    prune_tensor_release(x);
    prune_tensor_release(y);
    prune_module_release(net);
}

static void sequential_takes_names_of_ones_own(void **state)
{
    (void)state;
    prune_module *net = NULL, *relu = NULL;
    assert_ok(prune_sequential_create(&net, NULL, 0));
    assert_ok(prune_relu_create(&relu, false));
    assert_ok(prune_module_register_module(net, "act", relu));
    prune_tensor *y = output_of(net, values_of((const float[]){ -1, 1 }, PRUNE_SHAPE(2)));
    assert_values(y, 0, 1);
    prune_tensor_release(y);
    prune_module_release(relu);
    prune_module_release(net);
}

static void a_failing_child_ends_the_run(void **state)
{
    (void)state;
    prune_module *net = make_sequential();
    prune_tensor *x = pattern(0, PRUNE_SHAPE(3)), *two = pattern(0, PRUNE_SHAPE(2)), *y[2] = { NULL, NULL };
    assert_call_fails(net, x, PRUNE_ERROR_RUNTIME, "cannot be multiplied (1x3 and 2x2)");
    assert_ok(prune_module_register_module(net, "1", NULL));
    assert_call_fails(net, two, PRUNE_ERROR_TYPE, "Sequential: child '1' is None, not callable");
    assert_fails(prune_module_call_many(y, 2, net, &two, 1), PRUNE_ERROR_UNSUPPORTED, "Sequential takes one input");
    prune_tensor_release(x);
    prune_tensor_release(two);
    prune_module_release(net);
}

static void sequential_refuses_what_is_no_module(void **state)
{
    (void)state;
    prune_module *net = NULL, *parts[2] = { NULL, NULL };
    assert_ok(prune_identity_create(&parts[0]));
    assert_fails(prune_sequential_create(NULL, parts, 1), PRUNE_ERROR_TYPE, "'out' is NULL");
    assert_fails(prune_sequential_create(&net, NULL, 1), PRUNE_ERROR_TYPE, "'modules' is NULL");
    assert_fails(prune_sequential_create(&net, parts, 2), PRUNE_ERROR_TYPE,
                 "prune_sequential_create: modules[1] is NULL");
    assert_fails(prune_sequential_create(&net, parts, -1), PRUNE_ERROR_VALUE, "prune_sequential_create: count is -1");
    assert_null(net);
    prune_module_release(parts[0]);
}

static prune_status replace_self(void *context, prune_module *module, prune_tensor *const *x, int64_t nx)
{
    (void)module;
    (void)x;
    (void)nx;
    prune_module *net = *(prune_module **)context, *identity = NULL;
    bool failed = prune_identity_create(&identity) || prune_module_register_module(net, "1", identity);
    prune_module_release(identity);
    return failed ? prune_last_status() : PRUNE_OK;
}

static void a_hook_may_replace_the_child_that_runs(void **state)
{
    (void)state;
    static const prune_hook_ops ops = {
        .size = sizeof ops, .type_name = "replace", .context_size = sizeof(prune_module *), .call = replace_self
    };
    prune_module *net = make_sequential();
    prune_module *relu = prune_module_get_submodule(net, "1");
    assert_ok(prune_module_register_forward_pre_hook(NULL, relu, &ops, &net));
    prune_tensor *y = output_of(net, values_of((const float[]){ 1, 0 }, PRUNE_SHAPE(2)));
    assert_values(y, -5 * 0 + 2 * 3 - 2); /* the ReLU still ran */
    prune_tensor_release(y);
    y = output_of(net, values_of((const float[]){ 1, 0 }, PRUNE_SHAPE(2)));
    assert_values(y, -5 * -7 + 2 * 3 - 2);
    prune_tensor_release(y);
    prune_module_release(net);
}

/* ---- Pruned and cloned ---- */

static void a_layer_computes_with_its_pruned_weight(void **state)
{
    (void)state;
    prune_module *net = make_sequential(), *copy = NULL;
    prune_module *first = prune_module_get_submodule(net, "0");
    const float input[] = { 1, 10 };
    assert_ok(prune_l1_unstructured(first, "weight", prune_count(2), NULL)); /* -5 0, 0 5 are left */
    prune_tensor *y = output_of(net, values_of(input, PRUNE_SHAPE(2)));
    assert_values(y, 2 * 55 - 2);
    prune_tensor_release(y);
    assert_ok(prune_module_clone(&copy, net));
    fill_pattern(prune_module_get_tensor(net, "2.weight"), 1); /* -4 3: not the copy's */
    y = output_of(copy, values_of(input, PRUNE_SHAPE(2)));
    assert_values(y, 2 * 55 - 2);
    prune_tensor_release(y);
    assert_ok(prune_remove(first, "weight"));
    y = output_of(net, values_of(input, PRUNE_SHAPE(2)));
    assert_values(y, 3 * 55 - 2);
    prune_tensor_release(y);
    prune_module_release(copy);
    prune_module_release(net);
}

/* ---- Memory ---- */

static prune_status create_simple(void *context)
{
    (void)context;
    prune_module *layers[3] = { NULL };
    bool failed = prune_flatten_create(&layers[0], 1, -1) || prune_dropout_create(&layers[1], 0.5, false)
                  || prune_identity_create(&layers[2]);
    for (size_t i = 0; i < 3; i++)
        prune_module_release(layers[i]);
    return failed ? prune_last_status() : PRUNE_OK;
}

static prune_status create_sequential(void *context)
{
    prune_module *parts[2] = { context, context }, *net = NULL;
    if (prune_sequential_create(&net, parts, 2))
        return prune_last_status();
    prune_module_release(net);
    return PRUNE_OK;
}

static prune_status run_sequential(void *context)
{
    prune_tensor *x = NULL, *y = NULL;
    if (prune_tensor_from_values(&x, (const float[]){ 1, 2 }, PRUNE_SHAPE(2)))
        return prune_last_status();
    bool failed = prune_module_call(&y, context, x);
    prune_tensor_release(x);
    if (failed) {
        assert_null(y);
        return prune_last_status();
    }
    prune_tensor_release(y);
    return PRUNE_OK;
}

static prune_status print_all(void *context)
{
    prune_module *const *layers = context;
    FILE *file = open_capture();
    prune_status status = PRUNE_OK;
    for (size_t i = 0; status == PRUNE_OK && i < 4; i++)
        status = prune_module_print(file, layers[i]);
    char *text = close_capture(file);
    if (status == PRUNE_OK)
        assert_string_equal(text,
                            "Conv2d(1, 2, kernel_size=(3, 3), stride=(1, 1))"
                            "MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)"
                            "BatchNorm1d(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)"
                            "Dropout(p=0.5, inplace=False)");
    free(text);
    return status;
}

/* As many as take one input and give one output. */
static void no_layer_takes_two_inputs(void **state)
{
    (void)state;
    prune_module *layers[14] = { NULL };
    int64_t n = 0;
    assert_ok(prune_relu_create(&layers[n++], false));
    assert_ok(prune_sigmoid_create(&layers[n++]));
    assert_ok(prune_softmax_create(&layers[n++], 0));
    assert_ok(prune_flatten_create(&layers[n++], 0, -1));
    assert_ok(prune_dropout_create(&layers[n++], 0.5, false));
    assert_ok(prune_identity_create(&layers[n++]));
    assert_ok(prune_linear_create(&layers[n++], 1, 1, NULL));
    assert_ok(prune_conv1d_create(&layers[n++], 1, 1, PRUNE_INTS(1), NULL));
    assert_ok(prune_max_pool1d_create(&layers[n++], PRUNE_INTS(1), NULL));
    assert_ok(prune_max_pool2d_create(&layers[n++], PRUNE_INTS(1), NULL));
    assert_ok(prune_avg_pool2d_create(&layers[n++], PRUNE_INTS(1), NULL));
    assert_ok(prune_adaptive_avg_pool2d_create(&layers[n++], PRUNE_INTS(1)));
    assert_ok(prune_batch_norm1d_create(&layers[n++], 1, NULL));
    assert_ok(prune_sequential_create(&layers[n++], NULL, 0));
    prune_tensor *x = pattern(0, PRUNE_SHAPE(1, 1)), *y = NULL;
    for (int64_t i = 0; i < n; i++) {
        assert_fails(prune_module_call_many(&y, 1, layers[i], (prune_tensor *const[]){ x, x }, 2),
                     PRUNE_ERROR_UNSUPPORTED, prune_module_type_name(layers[i]));
        assert_null(y);
        prune_module_release(layers[i]);
    }
    prune_tensor_release(x);
}

static void running_out_of_memory_changes_nothing(void **state)
{
    (void)state;
    prune_module *net = make_sequential(), *layers[4] = { NULL };
    try_every_allocation(create_simple, NULL, NULL, NULL);
    try_every_allocation(create_sequential, NULL, NULL, net);
    try_every_allocation(run_sequential, NULL, NULL, net);
    prune_module_release(net);
    assert_ok(prune_conv2d_create(&layers[0], 1, 2, PRUNE_INTS(3), NULL));
    assert_ok(prune_max_pool2d_create(&layers[1], PRUNE_INTS(2), NULL));
    assert_ok(prune_batch_norm1d_create(&layers[2], 3, NULL));
    assert_ok(prune_dropout_create(&layers[3], 0.5, false));
    try_every_allocation(print_all, NULL, NULL, layers);
    for (size_t i = 0; i < 4; i++)
        prune_module_release(layers[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linear_is_initialised_as_in_torch),
        cmocka_unit_test(convolutions_are_initialised_as_in_torch),
        cmocka_unit_test(the_layers_of_a_network_draw_one_after_the_other),
        cmocka_unit_test(flatten_gives_a_view),
        cmocka_unit_test(dropout_gives_its_input_in_eval_mode_alone),
        cmocka_unit_test(dropout_prints_its_probability),
        cmocka_unit_test(dropout_refuses_what_is_no_probability),
        cmocka_unit_test(identity_gives_its_input),
        cmocka_unit_test(sequential_runs_its_children_in_order),
        cmocka_unit_test(an_empty_sequential_gives_its_input),
        cmocka_unit_test(sequential_takes_names_of_ones_own),
        cmocka_unit_test(a_failing_child_ends_the_run),
        cmocka_unit_test(sequential_refuses_what_is_no_module),
        cmocka_unit_test(a_hook_may_replace_the_child_that_runs),
        cmocka_unit_test(a_layer_computes_with_its_pruned_weight),
        cmocka_unit_test(no_layer_takes_two_inputs),
        cmocka_unit_test(running_out_of_memory_changes_nothing),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
