/* Pruning for inference code that has its weights in arrays and its own kernels: the library wraps the arrays without a
 * copy, prunes them, and hands out plain pointers to the pruned values. */
#include <prune/prune.h>

enum { INPUTS = 8, HIDDEN = 6, OUTPUTS = 3 };

/* What the program has already: one array it may write, one that could lie in flash. */
static float fc1_weight[HIDDEN * INPUTS];
static const float fc2_weight[OUTPUTS * HIDDEN] = {
    0.9f,  -0.1f, 0.4f, 0.05f, -0.7f,  0.3f,  -0.2f, 0.8f,   0.02f,
    -0.6f, 0.15f, 0.5f, 0.25f, -0.35f, 0.65f, 0.1f,  -0.03f, 0.45f,
};

static void gemv_relu(float *y, const float *w, const float *x, int rows, int columns)
{
    for (int i = 0; i < rows; i++) {
        float sum = 0;
        for (int j = 0; j < columns; j++)
            sum += w[i * columns + j] * x[j];
        y[i] = sum > 0 ? sum : 0;
    }
}

/* A module without forward: it holds the parameter, its mask and its hook. */
static prune_status wrap(prune_module **out, prune_tensor *weight)
{
    prune_module *module = NULL;
    if (prune_module_create(&module, "Linear", NULL, NULL)
        || prune_module_register_parameter(module, "weight", weight)) {
        prune_module_release(module); /* keeps the last error */
        return prune_last_status();
    }
    *out = module;
    return PRUNE_OK;
}

typedef struct network {
    prune_module *fc1, *fc2;
    const float *w1, *w2; /* the pruned values: good until prune_remove */
} network;

static prune_status setup(network *net)
{
    prune_tensor *a = NULL, *b = NULL;
    bool failed = prune_tensor_from_blob(&a, fc1_weight, PRUNE_SHAPE(HIDDEN, INPUTS), NULL)
                  || prune_tensor_from_const_blob(&b, fc2_weight, PRUNE_SHAPE(OUTPUTS, HIDDEN), NULL)
                  || wrap(&net->fc1, a) || wrap(&net->fc2, b)
                  || prune_l1_unstructured(net->fc1, "weight", prune_fraction(0.75), NULL)
                  || prune_l1_unstructured(net->fc2, "weight", prune_fraction(0.5), NULL);
    prune_tensor_release(a);
    prune_tensor_release(b);
    net->w1 = prune_tensor_data(prune_module_get_tensor(net->fc1, "weight"));
    net->w2 = prune_tensor_data(prune_module_get_tensor(net->fc2, "weight"));
    return failed ? prune_last_status() : PRUNE_OK;
}

static void infer(float *y, const network *net, const float *x)
{
    float hidden[HIDDEN];
    gemv_relu(hidden, net->w1, x, HIDDEN, INPUTS);
    gemv_relu(y, net->w2, hidden, OUTPUTS, HIDDEN);
}

static void show(const char *what, const float *y)
{
    printf("%-38s", what);
    for (int i = 0; i < OUTPUTS; i++)
        printf(" %.6f", (double)y[i]);
    putchar('\n');
}

static int zeros(const float *values, int count)
{
    int n = 0;
    for (int i = 0; i < count; i++)
        n += values[i] == 0;
    return n;
}

static prune_status demo(network *net)
{
    float x[INPUTS], y[OUTPUTS];
    for (int i = 0; i < INPUTS; i++)
        x[i] = (float)(i + 1) / INPUTS;
    for (int i = 0; i < HIDDEN * INPUTS; i++)
        fc1_weight[i] = (float)(i * 37 % 48 - 20) / 48;
    if (setup(net))
        return prune_last_status();
    infer(y, net, x);
    show("pruned:", y);

    for (int i = 0; i < HIDDEN * INPUTS; i++) /* new values, say from fine-tuning: the mask stays */
        fc1_weight[i] *= 2;
    infer(y, net, x);
    show("originals doubled, hooks not yet run:", y);
    if (prune_module_run_forward_pre_hooks(net->fc1, false))
        return prune_last_status();
    infer(y, net, x);
    show("after the hooks:", y);

    printf("zeros in fc1's own array: %d of %d before remove", zeros(fc1_weight, HIDDEN * INPUTS), HIDDEN * INPUTS);
    if (prune_remove(net->fc1, "weight") || prune_remove(net->fc2, "weight"))
        return prune_last_status();
    printf(", %d after: the array is written\n", zeros(fc1_weight, HIDDEN * INPUTS));
    net->w1 = prune_tensor_data(prune_module_get_tensor(net->fc1, "weight"));
    net->w2 = prune_tensor_data(prune_module_get_tensor(net->fc2, "weight"));
    printf("fc1: %s; fc2: %s\n", net->w1 == fc1_weight ? "in the caller's array" : "in memory of the library",
           net->w2 == fc2_weight ? "in the caller's array" : "in memory of the library, the caller's is const");
    infer(y, net, x);
    show("for good:", y);
    return PRUNE_OK;
}

int main(void)
{
    network net = { NULL, NULL, NULL, NULL };
    prune_status status = demo(&net);
    if (status)
        fprintf(stderr, "bring_your_own_weights: %s error: %s\n", prune_status_name(status), prune_last_error());
    prune_module_release(net.fc1);
    prune_module_release(net.fc2);
    if (fflush(stdout) || ferror(stdout)) {
        fprintf(stderr, "bring_your_own_weights: cannot write to the standard output\n");
        return 1;
    }
    return status ? 1 : 0;
}
