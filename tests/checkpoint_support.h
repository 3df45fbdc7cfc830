/* What the tests of prune_checkpoint() share: files of small tensors. */
#ifndef PRUNE_TESTS_CHECKPOINT_SUPPORT_H
#define PRUNE_TESTS_CHECKPOINT_SUPPORT_H

#include "dict_support.h"
#include "file_support.h"
#include "pruning.h"

#include "kernels/internal.h"

/* In the working directory; each test has its own. */
#ifndef CHECKPOINT_TEST
#define CHECKPOINT_TEST "test_checkpoint"
#endif
static const char in_path[] = CHECKPOINT_TEST "_in.safetensors", out_path[] = CHECKPOINT_TEST "_out.safetensors",
                  other_path[] = CHECKPOINT_TEST "_other.safetensors";

static inline void remove_files(void)
{
    remove(in_path);
    remove(out_path);
    remove(other_path);
}

static inline uint32_t chance(uint32_t n)
{
    static uint32_t state = 1;
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % n;
}

/* Values with ties, zeros of both signs and infinities; for all dtypes. */
static inline prune_tensor *some_values(const int64_t *sizes, int64_t ndim)
{
    static const float special[] = { 0, -0.0f, INFINITY, -INFINITY, NAN, 1, -1, 65504 };
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_empty(&t, sizes, ndim, PRUNE_FLOAT32));
    float *values = prune_tensor_data_mutable(t);
    for (int64_t i = 0; i < prune_tensor_numel(t); i++)
        values[i] = chance(4) ? (float)chance(20) / 4 - 2 : special[chance(8)];
    return t;
}

/* A mask of 0, 1 and other values. */
static inline prune_tensor *some_mask(const prune_tensor *t)
{
    static const float choices[] = { 0, 1, 1, 1, 0.5f, 0 };
    prune_tensor *mask = NULL;
    assert_ok(prune_tensor_empty(&mask, prune_tensor_sizes(t), prune_tensor_ndim(t), PRUNE_FLOAT32));
    float *values = prune_tensor_data_mutable(mask);
    for (int64_t i = 0; i < prune_tensor_numel(mask); i++)
        values[i] = choices[chance(6)];
    return mask;
}

static inline prune_tensor *make_tensor_of(prune_dtype dtype)
{
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_arange(&t, 3, 5, 1, dtype));
    return t;
}

/* A module whose parameter `weight` is t. */
static inline prune_module *module_over(prune_tensor *t)
{
    prune_module *module = NULL;
    assert_ok(prune_module_create(&module, "Net", NULL, NULL));
    assert_ok(prune_module_register_parameter(module, "weight", t));
    return module;
}

static inline void save_one(const char *path, const char *name, prune_tensor *t)
{
    prune_dict *dict = empty_dict();
    assert_ok(prune_dict_set(dict, name, t));
    assert_ok(prune_save(path, dict, PRUNE_FORMAT_AUTO));
    prune_dict_release(dict);
}

static inline prune_method *l1_lowest(int64_t count)
{
    prune_method_options options = PRUNE_METHOD_OPTIONS_INIT;
    prune_method *method = NULL;
    options.ties = PRUNE_TIES_LOWEST_INDEX;
    assert_ok(prune_method_l1_unstructured(&method, prune_count(count), &options));
    return method;
}

/* Prunes in_path into out_path; without options by the defaults, without a method by L1 of `count` entries. */
static inline prune_status prune_l1(int64_t count, const prune_checkpoint_options *options)
{
    prune_checkpoint_options own = PRUNE_CHECKPOINT_OPTIONS_INIT;
    if (options)
        own = *options;
    prune_method *method = own.method ? prune_method_retain(own.method) : l1_lowest(count);
    own.method = method;
    prune_status status = prune_checkpoint(in_path, out_path, &own, NULL);
    prune_method_release(method);
    return status;
}

static inline bool choose_all(void *context, const prune_checkpoint_tensor *tensor)
{
    (void)context;
    (void)tensor;
    return true;
}

#endif
