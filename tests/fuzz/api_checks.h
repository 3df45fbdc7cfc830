/* What holds after every call of a program. */
#ifndef PRUNE_FUZZ_API_CHECKS_H
#define PRUNE_FUZZ_API_CHECKS_H

#include "api_program.h"

static inline bool is_pruned(const prune_module *module, const char *name)
{
    return prune_applied_method(module, name) != NULL;
}

static inline bool same_float(float a, float b)
{
    uint32_t x, y;
    memcpy(&x, &a, sizeof x);
    memcpy(&y, &b, sizeof y);
    return x == y || (a != a && b != b);
}

/* The entries of a float32 tensor in row-major order, whatever its strides. */
typedef struct entries {
    const float *data;
    const int64_t *sizes, *strides;
    int64_t ndim, left;
    int64_t index[PRUNE_MAX_DIMS];
} entries;

static inline entries entries_of(const prune_tensor *t)
{
    return (entries){ prune_tensor_data(t), prune_tensor_sizes(t), prune_tensor_strides(t),
                      prune_tensor_ndim(t), prune_tensor_numel(t), { 0 } };
}

static inline float next_entry(entries *of)
{
    float entry = *of->data;
    of->left--;
    for (int64_t dim = of->ndim - 1; dim >= 0 && of->left > 0; dim--) {
        of->data += of->strides[dim];
        if (++of->index[dim] < of->sizes[dim])
            break;
        of->data -= of->sizes[dim] * of->strides[dim];
        of->index[dim] = 0;
    }
    return entry;
}

/* weight == mask · orig, to the bit; masks of 0 and 1, unless the program gave another. */
static void check_values(const prune_module *module, const char *name, bool is_stale, bool is_odd)
{
    const prune_tensor *value = prune_module_get_tensor(module, name);
    const prune_tensor *mask = prune_mask(module, name);
    const prune_tensor *orig = prune_original(module, name);
    REQUIRE(value && mask && orig && prune_tensor_numel(value) > 0);
    REQUIRE(prune_tensor_numel(mask) == prune_tensor_numel(value)
            && prune_tensor_numel(orig) == prune_tensor_numel(value));
    entries values = entries_of(value), masks = entries_of(mask), origs = entries_of(orig);
    while (values.left > 0) {
        float kept = next_entry(&masks), product = kept * next_entry(&origs), shown = next_entry(&values);
        REQUIRE(is_odd || kept == 0 || kept == 1);
        REQUIRE(is_stale || same_float(shown, product));
    }
}

/* The names of a pruned parameter and of one that is not. */
static void check_names(const prune_module *module, int name, bool pruned)
{
    static const prune_kind kinds[2][SUFFIXES] = {
        { PRUNE_KIND_PARAMETER, PRUNE_KIND_NONE, PRUNE_KIND_NONE },
        { PRUNE_KIND_ATTRIBUTE, PRUNE_KIND_PARAMETER, PRUNE_KIND_BUFFER },
    };
    for (int i = 0; i < SUFFIXES; i++)
        REQUIRE(prune_module_kind(module, suffixed[name][i]) == kinds[pruned][i]);
}

/* Of the parameter, as is each method within it. */
static void check_method(prune_method *method, const char *name)
{
    REQUIRE(strcmp(prune_method_tensor_name(method), name) == 0);
    for (int64_t i = 0; i < prune_container_size(method); i++)
        REQUIRE(strcmp(prune_method_tensor_name(prune_container_get(method, i)), name) == 0);
}

static int64_t count_hooks(const prune_module *module)
{
    int64_t count = 0;
    while (prune_module_forward_pre_hook(module, count, NULL))
        count++;
    return count;
}

static void check_module(const api_program *program, int module)
{
    const prune_module *of = program->modules[module];
    int64_t pruned = 0;
    if (program->meddled[module])
        return;
    for (int i = 0; i < NAMES; i++) {
        prune_method *method = prune_applied_method(of, names[i]);
        check_names(of, i, method != NULL);
        if (!method)
            continue;
        pruned++;
        check_method(method, names[i]);
        check_values(of, names[i], program->stale[module][i], program->odd[module][i]);
    }
    REQUIRE(count_hooks(of) >= pruned);
    REQUIRE(prune_is_pruned(of) == (pruned > 0));
}

/* ---- A failed call changes nothing ---- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
    return (hash ^ value) * 1099511628211u;
}

static uint64_t digest_tensor(uint64_t hash, const prune_tensor *t)
{
    hash = mix(hash, (uintptr_t)t);
    entries all = { .left = 0 };
    if (t)
        all = entries_of(t);
    while (all.left > 0) {
        float entry = next_entry(&all);
        uint32_t bits;
        memcpy(&bits, &entry, sizeof bits);
        hash = mix(hash, bits);
    }
    return hash;
}

/* Names, kinds, objects, values and hooks. */
static uint64_t digest(const prune_module *module)
{
    uint64_t hash = 14695981039346656037u;
    for (int i = 0; i < NAMES * SUFFIXES; i++) {
        const char *name = suffixed[i / SUFFIXES][i % SUFFIXES];
        prune_kind kind = prune_module_kind(module, name);
        hash = mix(hash, kind);
        if (kind != PRUNE_KIND_NONE)
            hash = digest_tensor(hash, prune_module_get_tensor(module, name));
    }
    int64_t id;
    const char *hook;
    for (int64_t i = 0; (hook = prune_module_forward_pre_hook(module, i, &id)) != NULL; i++)
        hash = mix(mix(hash, (uint64_t)id), (uintptr_t)hook);
    return hash;
}

#endif
