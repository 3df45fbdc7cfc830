/* A whole model: its life from building to release, and files of weights. */
#include "work.h"

#include "lenet.h"

#include <stdlib.h>

/* ---- Every method once on a LeNet ---- */

static prune_status setup_life(bench_case *c)
{
    c->entries = 44426;
    return prune_tensor_ones(&c->mask, PRUNE_SHAPE(10), PRUNE_FLOAT32);
}

static prune_status prune_by_every_method(bench_case *c, prune_module *net)
{
    prune_module *conv1 = prune_module_get_submodule(net, "conv1"), *conv2 = prune_module_get_submodule(net, "conv2");
    prune_module *fc1 = prune_module_get_submodule(net, "fc1"), *fc2 = prune_module_get_submodule(net, "fc2");
    prune_module *fc3 = prune_module_get_submodule(net, "fc3");
    const prune_parameter all[] = {
        { conv1, "weight", NULL }, { conv2, "weight", NULL }, { fc1, "weight", NULL },
        { fc2, "weight", NULL },   { fc3, "weight", NULL },
    };
    prune_method *l1 = NULL;
    bool failed = prune_identity(conv1, "bias") || prune_random_unstructured(conv1, "weight", prune_fraction(0.3))
                  || prune_random_structured(conv2, "weight", prune_fraction(0.25), 0)
                  || prune_ln_structured(fc1, "weight", prune_fraction(0.5), prune_norm_p(2), 0, NULL)
                  || prune_l1_unstructured(fc2, "weight", prune_fraction(0.3), NULL)
                  || prune_custom_from_mask(fc3, "bias", c->mask)
                  || prune_method_l1_unstructured(&l1, prune_fraction(0.2), NULL)
                  || prune_global_unstructured(all, (int64_t)(sizeof all / sizeof *all), l1);
    prune_method_release(l1);
    return failed ? prune_last_status() : PRUNE_OK;
}

static prune_status run_life(bench_case *c, int slot)
{
    (void)slot;
    prune_module *net = NULL;
    bool failed = lenet_create(&net) || prune_by_every_method(c, net);
    prune_module_release(net);
    return failed ? prune_last_status() : PRUNE_OK;
}

const bench_work bench_lenet_life = { "lenet_life", setup_life, NULL, run_life };

/* ---- Files. Sizes: how many tensors, and their shape ---- */

static prune_status fill_dict(bench_case *c)
{
    const int64_t *s = c->row->sizes;
    c->entries = s[0] * s[1] * s[2];
    if (prune_dict_create(&c->dict))
        return prune_last_status();
    for (int64_t i = 0; i < s[0]; i++) {
        char name[32];
        snprintf(name, sizeof name, "layers.%d.weight", (int)i);
        prune_tensor *t = NULL;
        bool failed = prune_tensor_full(&t, s + 1, 2, (double)i, PRUNE_FLOAT32) || prune_dict_set(c->dict, name, t);
        prune_tensor_release(t);
        if (failed)
            return prune_last_status();
    }
    return PRUNE_OK;
}

static prune_status run_save(bench_case *c, int slot)
{
    (void)slot;
    return prune_save(c->path, c->dict, PRUNE_FORMAT_SAFETENSORS);
}

static prune_status setup_file(bench_case *c)
{
    const char *folder = getenv("TMPDIR");
    snprintf(c->path, sizeof c->path, "%s/prune-bench-%p.safetensors", folder ? folder : ".", (void *)c);
    return fill_dict(c) || run_save(c, 0) ? prune_last_status() : PRUNE_OK;
}

static prune_status load(bench_case *c, bool mmap)
{
    prune_load_options options = PRUNE_LOAD_OPTIONS_INIT;
    options.mmap = mmap;
    prune_dict_release(c->dict);
    c->dict = NULL;
    return prune_load(&c->dict, c->path, &options);
}

/* A value of each page is read, so that the data are there. */
static prune_status run_load(bench_case *c, int slot)
{
    enum { PAGE = 4096 / sizeof(float) };
    static volatile float wanted;
    (void)slot;
    if (load(c, true))
        return prune_last_status();
    for (int64_t i = 0; i < prune_dict_size(c->dict); i++) {
        const prune_tensor *t = prune_dict_value(c->dict, i);
        const float *values = prune_tensor_data(t);
        for (int64_t k = 0; k < prune_tensor_numel(t); k += PAGE)
            wanted = values[k];
    }
    (void)wanted;
    return PRUNE_OK;
}

static prune_status run_load_own(bench_case *c, int slot)
{
    (void)slot;
    return load(c, false);
}

const bench_work bench_load = { "load", setup_file, NULL, run_load };
const bench_work bench_load_own = { "load_own", setup_file, NULL, run_load_own };
const bench_work bench_save = { "save", setup_file, NULL, run_save };
