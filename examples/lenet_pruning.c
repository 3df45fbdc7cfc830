/* The pruning tutorial, step by step: what torch.nn.utils.prune does to the modules of a LeNet. Prints what the same
 * program in Python prints (tests/parity/tutorial.py).
 *
 * Usage: lenet_pruning [--seed N] */
#include "lenet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- What Python's print shows ---- */

static void heading(const char *text)
{
    printf("\n==== %s ====\n", text);
}

static void separator(void)
{
    puts("**************************************************");
}

static prune_status print_state_dict_keys(prune_module *model)
{
    prune_dict *state = NULL;
    if (prune_module_state_dict(&state, model, false))
        return prune_last_status();
    printf("odict_keys([");
    for (int64_t i = 0; i < prune_dict_size(state); i++)
        printf("%s'%s'", i > 0 ? ", " : "", prune_dict_key(state, i));
    puts("])");
    prune_dict_release(state);
    return PRUNE_OK;
}

static prune_status print_named_parameters(prune_module *module)
{
    prune_dict *parameters = NULL;
    bool failed = prune_module_named_parameters(&parameters, module, true)
                  || prune_dict_print(stdout, parameters, NULL);
    putchar('\n');
    prune_dict_release(parameters);
    return failed ? prune_last_status() : PRUNE_OK;
}

static prune_status print_named_buffers(prune_module *module)
{
    prune_dict *buffers = NULL;
    bool failed = prune_module_named_buffers(&buffers, module, true) || prune_dict_print(stdout, buffers, NULL);
    putchar('\n');
    prune_dict_release(buffers);
    return failed ? prune_last_status() : PRUNE_OK;
}

static prune_status print_tensor(prune_module *module, const char *name)
{
    bool failed = prune_tensor_print(stdout, prune_module_get_tensor(module, name), NULL);
    putchar('\n');
    return failed ? prune_last_status() : PRUNE_OK;
}

static prune_status print_hooks(prune_module *module)
{
    bool failed = prune_module_print_forward_pre_hooks(stdout, module);
    putchar('\n');
    return failed ? prune_last_status() : PRUNE_OK;
}

static prune_status print_history(prune_module *module, const char *name)
{
    prune_method *container = prune_applied_method(module, name);
    int64_t size = prune_container_size(container);
    putchar('[');
    for (int64_t i = 0; i < size; i++) {
        prune_method *method = prune_container_get(container, i);
        printf("%s<torch.nn.utils.prune.%s object at %p>", i > 0 ? ", " : "", prune_method_type_name(method),
               (void *)method);
    }
    puts("]");
    return size < 0 ? prune_last_status() : PRUNE_OK;
}

/* Everything that pruning changes, as the tutorial prints it after each step. */
static prune_status print_all(prune_module *model, prune_module *module, const char *const *names, int count)
{
    puts(" model state_dict keys:");
    bool failed = print_state_dict_keys(model);
    separator();
    puts(" module named_parameters:");
    failed = failed || print_named_parameters(module);
    separator();
    puts(" module named_buffers:");
    failed = failed || print_named_buffers(module);
    for (int i = 0; i < count; i++) {
        separator();
        printf(" module %s:\n", names[i]);
        failed = failed || print_tensor(module, names[i]);
    }
    separator();
    puts(" module _forward_pre_hooks:");
    failed = failed || print_hooks(module);
    return failed ? prune_last_status() : PRUNE_OK;
}

/* ---- The steps ---- */

static prune_status look_before(prune_module *model)
{
    prune_module *conv1 = prune_module_get_submodule(model, "conv1");
    heading("1. The model, before pruning");
    bool failed = prune_module_summary(stdout, model, PRUNE_SHAPE(1, 28, 28), -1) || print_state_dict_keys(model)
                  || print_named_parameters(conv1) || print_named_buffers(conv1);
    return failed ? prune_last_status() : PRUNE_OK;
}

static prune_status prune_structured(prune_module *model)
{
    static const char *const weight[] = { "weight" };
    prune_module *conv1 = prune_module_get_submodule(model, "conv1");
    heading("2.1.1 Structured, at random: random_structured(conv1, \"weight\", amount=2, dim=0)");
    bool failed = prune_random_structured(conv1, "weight", prune_count(2), 0) || print_state_dict_keys(model)
                  || prune_module_print(stdout, conv1);
    putchar('\n');
    failed = failed || print_named_parameters(conv1) || print_named_buffers(conv1) || print_tensor(conv1, "weight")
             || print_hooks(conv1);
    heading("2.1.2 Structured again, by norm: ln_structured(conv1, \"weight\", amount=0.5, n=2, dim=0)");
    failed = failed || prune_ln_structured(conv1, "weight", prune_fraction(0.5), prune_norm_p(2), 0, NULL)
             || print_all(model, conv1, weight, 1) || print_history(conv1, "weight");
    return failed ? prune_last_status() : PRUNE_OK;
}

static prune_status prune_unstructured(prune_module *model)
{
    static const char *const both[] = { "weight", "bias" };
    prune_module *conv1 = prune_module_get_submodule(model, "conv1");
    heading("2.2.1 Unstructured, at random: random_unstructured(conv1, \"bias\", amount=1)");
    bool failed = prune_random_unstructured(conv1, "bias", prune_count(1)) || print_all(model, conv1, both + 1, 1);
    heading("2.2.2 Unstructured, by magnitude, every Conv2d: l1_unstructured(m, \"bias\", amount=0.2)");
    prune_named_modules *modules = NULL;
    failed = failed || prune_module_named_modules(&modules, model);
    for (int64_t i = 0; !failed && i < modules->count; i++)
        if (strcmp(prune_module_type_name(modules->items[i].module), "Conv2d") == 0)
            failed = prune_l1_unstructured(modules->items[i].module, "bias", prune_fraction(0.2), NULL);
    prune_named_modules_release(modules);
    failed = failed || print_all(model, conv1, both, 2);
    return failed ? prune_last_status() : PRUNE_OK;
}

static prune_status make_permanent(prune_module *model)
{
    prune_module *conv1 = prune_module_get_submodule(model, "conv1");
    prune_module *conv2 = prune_module_get_submodule(model, "conv2");
    heading("2.3 Made permanent: remove");
    bool failed = prune_remove(conv1, "bias") || prune_remove(conv2, "bias") || prune_remove(conv1, "weight");
    separator();
    puts("model state_dict keys:");
    failed = failed || print_state_dict_keys(model);
    separator();
    puts("model named_parameters:");
    failed = failed || print_named_parameters(conv1);
    separator();
    puts("model named_buffers:");
    failed = failed || print_named_buffers(conv1);
    separator();
    puts("model forward_pre_hooks:");
    failed = failed || print_hooks(conv1);
    return failed ? prune_last_status() : PRUNE_OK;
}

static double percent(prune_sparsity_counts counts)
{
    return 100. * (double)counts.zeros / (double)counts.entries;
}

static prune_status prune_globally(prune_module *model)
{
    enum { LAYERS = 4 };
    static const char *const names[LAYERS] = { "conv1", "conv2", "fc1", "fc2" };
    prune_parameter parameters[LAYERS];
    for (int i = 0; i < LAYERS; i++)
        parameters[i] = (prune_parameter){ prune_module_get_submodule(model, names[i]), "weight", NULL };
    prune_method *l1 = NULL;
    heading("3. Global: global_unstructured(conv1, conv2, fc1, fc2; L1Unstructured, amount=0.2)");
    bool failed = print_state_dict_keys(model) || prune_method_l1_unstructured(&l1, prune_fraction(0.2), NULL);
    separator();
    failed = failed || prune_global_unstructured(parameters, LAYERS, l1) || print_state_dict_keys(model);
    prune_sparsity_counts all = { 0, 0 };
    for (int i = 0; i < LAYERS && !failed; i++) {
        prune_sparsity_counts one;
        failed = prune_sparsity(&one, parameters[i].module, "weight");
        if (!failed) {
            printf("Sparsity in %s.weight: %.2f%%\n", names[i], percent(one));
            all.zeros += one.zeros;
            all.entries += one.entries;
        }
    }
    if (!failed)
        printf("Global sparsity: %.2f%%\n", percent(all));
    prune_method_release(l1);
    return failed ? prune_last_status() : PRUNE_OK;
}

/* class custom_prune(BasePruningMethod): every other entry of what it is shown. */
static prune_status every_other(void *context, prune_tensor *mask, const prune_tensor *t)
{
    (void)context;
    (void)t;
    float *m = prune_tensor_data_mutable(mask);
    for (int64_t i = 0; i < prune_tensor_numel(mask); i += 2)
        m[i] = 0;
    return PRUNE_OK;
}

static const prune_method_ops custom_prune = {
    .size = sizeof custom_prune,
    .type_name = "custom_prune",
    .type = PRUNE_UNSTRUCTURED,
    .compute_mask = every_other,
};

static double milliseconds(struct timespec from, struct timespec to)
{
    return (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) * 1e-6;
}

static prune_status prune_by_own_method(prune_module *model)
{
    prune_module *fc1 = prune_module_get_submodule(model, "fc1");
    prune_method *method = NULL;
    struct timespec start, end;
    heading("4. A method of one's own: every other entry of fc1's bias");
    timespec_get(&start, TIME_UTC);
    bool failed = prune_method_create(&method, &custom_prune, NULL) || prune_apply(fc1, "bias", method, NULL)
                  || print_tensor(fc1, "bias_mask");
    timespec_get(&end, TIME_UTC);
    printf("%.6f ms\n", milliseconds(start, end));
    prune_method_release(method);
    return failed ? prune_last_status() : PRUNE_OK;
}

static prune_status tutorial(void)
{
    prune_module *local = NULL, *global = NULL, *custom = NULL;
    bool failed = lenet_create(&local) || look_before(local) || prune_structured(local) || prune_unstructured(local)
                  || make_permanent(local) || lenet_create(&global) || prune_globally(global) || lenet_create(&custom)
                  || prune_by_own_method(custom);
    prune_module_release(local);
    prune_module_release(global);
    prune_module_release(custom);
    return failed ? prune_last_status() : PRUNE_OK;
}

static bool parse_seed(uint64_t *seed, const char *text)
{
    char *end;
    errno = 0;
    *seed = strtoull(text, &end, 10); /* takes negative numbers too, as two's complement */
    return errno == 0 && end != text && *end == '\0';
}

int main(int argc, char **argv)
{
    uint64_t seed = 0;
    bool seeded = argc == 3 && strcmp(argv[1], "--seed") == 0 && parse_seed(&seed, argv[2]);
    if (argc != 1 && !seeded) {
        fprintf(stderr, "usage: lenet_pruning [--seed N]\n");
        return 2;
    }
    prune_manual_seed(NULL, seed);
    if (tutorial()) {
        fprintf(stderr, "lenet_pruning: %s error: %s\n", prune_status_name(prune_last_status()), prune_last_error());
        return 1;
    }
    if (fflush(stdout) || ferror(stdout)) {
        fprintf(stderr, "lenet_pruning: cannot write to the standard output\n");
        return 1;
    }
    return 0;
}
