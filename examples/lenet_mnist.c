/* Prunes a trained LeNet globally, further and further, and shows what is left of its accuracy on handwritten digits.
 *
 * Usage: lenet_mnist [--data DIR] [--weights FILE] [--csv FILE] [--svg FILE]
 *   --data     directory of MNIST's test files (default: every tenth test image, which the project brings)
 *   --weights  the trained network, pruned already or not (default: the project's)
 *   --csv      writes amount,sparsity,correct,total
 *   --svg      draws accuracy against sparsity */
#include "chart.h"
#include "lenet.h"
#include "mnist.h"

#include <errno.h>
#include <string.h>

enum { LAYERS = 5, BATCH = 250, SIDE = 28 };

static const char *const layer_names[LAYERS] = { "conv1", "conv2", "fc1", "fc2", "fc3" };

typedef struct digits {
    prune_tensor *images; /* (N, 1, 28, 28) */
    prune_tensor *labels; /* (N) */
} digits;

typedef struct result {
    double amount;
    prune_sparsity_counts layers[LAYERS];
    prune_sparsity_counts all;
    int64_t correct;
    int64_t total;
} result;

static double fraction(prune_sparsity_counts counts)
{
    return (double)counts.zeros / (double)counts.entries;
}

static prune_status check_digits(const digits *d, const char *directory)
{
    int64_t images = prune_tensor_size(d->images, 0), labels = prune_tensor_size(d->labels, 0);
    int64_t rows = prune_tensor_size(d->images, 2), columns = prune_tensor_size(d->images, 3);
    if (images != labels)
        return prune_fail(PRUNE_ERROR_FORMAT, "%s: %lld images, but %lld labels", directory, (long long)images,
                          (long long)labels);
    if (rows != SIDE || columns != SIDE)
        return prune_fail(PRUNE_ERROR_FORMAT, "%s: images of %lld by %lld pixels, but the network takes %d by %d",
                          directory, (long long)rows, (long long)columns, SIDE, SIDE);
    return PRUNE_OK;
}

static prune_status trained_lenet(prune_module **out, const char *path)
{
    prune_module *net = NULL;
    prune_dict *weights = NULL;
    bool failed = lenet_create(&net) || prune_load(&weights, path, NULL);
    if (!failed && prune_load_pruned_state_dict(net, weights, true, NULL))
        failed = prune_fail(prune_last_status(), "%s: %s", path, prune_last_error());
    prune_dict_release(weights);
    if (failed) {
        prune_module_release(net);
        return prune_last_status();
    }
    prune_module_eval(net);
    *out = net;
    return PRUNE_OK;
}

/* Adds to *correct how many of images [start, start + n) the network names rightly. */
static prune_status count_batch(int64_t *correct, prune_module *net, const digits *d, int64_t start, int64_t n)
{
    static const int64_t classes = 1;
    prune_tensor *x = NULL, *y = NULL, *guess = NULL, *right = NULL, *guess_float = NULL;
    bool failed = prune_tensor_narrow(&x, d->images, 0, start, n) || prune_module_call(&y, net, x)
                  || prune_tensor_argmax(&guess, y, &classes, false)
                  || prune_tensor_to(&guess_float, guess, PRUNE_FLOAT32)
                  || prune_tensor_narrow(&right, d->labels, 0, start, n);
    if (!failed) {
        const float *g = prune_tensor_data(guess_float), *r = prune_tensor_data(right);
        for (int64_t i = 0; i < n; i++)
            *correct += g[i] == r[i];
    }
    prune_tensor_release(x);
    prune_tensor_release(y);
    prune_tensor_release(guess);
    prune_tensor_release(guess_float);
    prune_tensor_release(right);
    return failed ? prune_last_status() : PRUNE_OK;
}

static prune_status count_correct(result *r, prune_module *net, const digits *d)
{
    r->correct = 0;
    r->total = prune_tensor_size(d->images, 0);
    for (int64_t start = 0; start < r->total; start += BATCH) {
        int64_t n = r->total - start < BATCH ? r->total - start : BATCH;
        if (count_batch(&r->correct, net, d, start, n))
            return prune_last_status();
    }
    return PRUNE_OK;
}

/* Prunes `amount` of the weights of all layers together. */
static prune_status prune_weights(result *r, prune_module *net)
{
    prune_parameter parameters[LAYERS];
    for (int i = 0; i < LAYERS; i++)
        parameters[i] = (prune_parameter){ prune_module_get_submodule(net, layer_names[i]), "weight", NULL };
    prune_method *l1 = NULL;
    bool failed = prune_method_l1_unstructured(&l1, prune_fraction(r->amount), NULL)
                  || prune_global_unstructured(parameters, LAYERS, l1);
    prune_method_release(l1);
    r->all = (prune_sparsity_counts){ 0, 0 };
    for (int i = 0; i < LAYERS && !failed; i++) {
        failed = prune_sparsity(&r->layers[i], parameters[i].module, "weight");
        r->all.zeros += r->layers[i].zeros;
        r->all.entries += r->layers[i].entries;
    }
    return failed ? prune_last_status() : PRUNE_OK;
}

static prune_status measure(result *r, const prune_module *trained, const digits *d)
{
    prune_module *net = NULL;
    bool failed = prune_module_clone(&net, trained) || prune_weights(r, net) || count_correct(r, net, d);
    prune_module_release(net);
    return failed ? prune_last_status() : PRUNE_OK;
}

static void print_header(void)
{
    printf("amount ");
    for (int i = 0; i < LAYERS; i++)
        printf(" %7s", layer_names[i]);
    puts("      all   correct");
}

static prune_status print_result(const result *r)
{
    printf("%6.2f ", r->amount);
    for (int i = 0; i < LAYERS; i++)
        printf(" %6.2f%%", 100 * fraction(r->layers[i]));
    printf("  %6.2f%%   %lld of %lld\n", 100 * fraction(r->all), (long long)r->correct, (long long)r->total);
    bool written = fflush(stdout) == 0 && !ferror(stdout);
    return written ? PRUNE_OK : prune_fail(PRUNE_ERROR_IO, "cannot write to the standard output");
}

static prune_status write_csv(const char *path, const result *results, int count)
{
    FILE *file = fopen(path, "w");
    if (!file)
        return prune_fail(PRUNE_ERROR_IO, "cannot write %s: %s", path, strerror(errno));
    fputs("amount,sparsity,correct,total\n", file);
    for (int i = 0; i < count; i++)
        fprintf(file, "%g,%.6f,%lld,%lld\n", results[i].amount, fraction(results[i].all), (long long)results[i].correct,
                (long long)results[i].total);
    bool written = !ferror(file);
    return fclose(file) == 0 && written ? PRUNE_OK : prune_fail(PRUNE_ERROR_IO, "cannot write %s", path);
}

typedef struct arguments {
    const char *data, *weights, *csv, *svg;
} arguments;

static prune_status demo(const arguments *a)
{
    static const double amounts[] = { 0, .1, .2, .3, .4, .5, .6, .7, .8, .9, .95, .98 };
    enum { COUNT = sizeof amounts / sizeof amounts[0] };
    result results[COUNT];
    chart_point points[COUNT];
    digits d = { NULL, NULL };
    prune_module *trained = NULL;
    bool failed = mnist_load_images(&d.images, a->data) || mnist_load_labels(&d.labels, a->data)
                  || check_digits(&d, a->data) || trained_lenet(&trained, a->weights);
    if (!failed)
        print_header();
    for (int i = 0; i < COUNT && !failed; i++) {
        results[i].amount = amounts[i];
        failed = measure(&results[i], trained, &d) || print_result(&results[i]);
        if (!failed)
            points[i] = (chart_point){ fraction(results[i].all),
                                       (double)results[i].correct / (double)results[i].total };
    }
    if (!failed) {
        putchar('\n');
        chart_print(stdout, points, COUNT);
    }
    failed = failed || (a->csv && write_csv(a->csv, results, COUNT));
    if (!failed && a->svg && !chart_write_svg(a->svg, points, COUNT))
        failed = prune_fail(PRUNE_ERROR_IO, "cannot write %s: %s", a->svg, strerror(errno));
    prune_tensor_release(d.images);
    prune_tensor_release(d.labels);
    prune_module_release(trained);
    return failed ? prune_last_status() : PRUNE_OK;
}

static bool parse(arguments *a, int argc, char **argv)
{
    for (int i = 1; i < argc; i += 2) {
        const char **value = strcmp(argv[i], "--data") == 0      ? &a->data
                             : strcmp(argv[i], "--weights") == 0 ? &a->weights
                             : strcmp(argv[i], "--csv") == 0     ? &a->csv
                             : strcmp(argv[i], "--svg") == 0     ? &a->svg
                                                                 : NULL;
        if (!value || i + 1 == argc)
            return false;
        *value = argv[i + 1];
    }
    return true;
}

int main(int argc, char **argv)
{
    arguments a = { EXAMPLES_DATA_DIR, EXAMPLES_DATA_DIR "/lenet-mnist.safetensors", NULL, NULL };
    if (!parse(&a, argc, argv)) {
        fprintf(stderr, "usage: lenet_mnist [--data DIR] [--weights FILE] [--csv FILE] [--svg FILE]\n");
        return 2;
    }
    if (demo(&a)) {
        fprintf(stderr, "lenet_mnist: %s error: %s\n", prune_status_name(prune_last_status()), prune_last_error());
        return 1;
    }
    if (fflush(stdout) || ferror(stdout)) {
        fprintf(stderr, "lenet_mnist: cannot write to the standard output\n");
        return 1;
    }
    return 0;
}
