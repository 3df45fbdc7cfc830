/* What the tests of pruning share: small modules, and their state as text. */
#ifndef PRUNE_TESTS_PRUNING_H
#define PRUNE_TESTS_PRUNING_H

#include "support.h"

/* A new module with one parameter `weight`: make_module(PRUNE_SHAPE(2, 2), 1, -2, 3, -4). */
#define make_module(shape, ...) module_with(shape, (const float[]){ __VA_ARGS__ })
#define module_with(...) module_with_weight(__VA_ARGS__)
prune_module *module_with_weight(const int64_t *sizes, int64_t ndim, const float *values);

void add_parameter(prune_module *module, const char *name, const int64_t *sizes, int64_t ndim, const float *values);

/* A tensor to be released: make_tensor(PRUNE_SHAPE(3), 1, 2, 3). */
#define make_tensor(shape, ...) tensor_with(shape, (const float[]){ __VA_ARGS__ })
#define tensor_with(...) tensor_with_values(__VA_ARGS__)
prune_tensor *tensor_with_values(const int64_t *sizes, int64_t ndim, const float *values);

/* The names in order: assert_names(module, "bias weight_orig", "weight_mask", "weight"). */
#define assert_names(module, parameters, buffers, attributes) \
    check_names((module), (parameters), (buffers), (attributes), __FILE__, __LINE__)
void check_names(const prune_module *module, const char *parameters, const char *buffers, const char *attributes,
                 const char *file, int line);

/* The hooks in order, ids counted from `first`: assert_hooks(module, first, "0 L1Unstructured, 2 PruningContainer"). */
#define assert_hooks(module, first, hooks) check_hooks((module), (first), (hooks), __FILE__, __LINE__)
void check_hooks(const prune_module *module, int64_t first, const char *hooks, const char *file, int line);

/* The id that the next hook of the process will get; takes none that is noticed. */
int64_t next_hook_id(void);

/* The type names in the container of `weight`: assert_history(module, "L1Unstructured Identity"). */
#define assert_history(module, methods) check_history((module), (methods), __FILE__, __LINE__)
void check_history(const prune_module *module, const char *methods, const char *file, int line);

/* Shorthands for the parameter `weight`. */
prune_tensor *weight_of(const prune_module *module);
prune_tensor *mask_of(const prune_module *module);
prune_tensor *orig_of(const prune_module *module);

/* All of a module that a failure must leave alone, and the default generator: names, order, kinds, objects, memory,
 * bits, flags, hooks, methods, room for work. To be freed with free(). */
char *describe(const prune_module *module);

/* The default generator draws 0 from now on; its state before, to be set again and released. */
prune_tensor *stop_generator(void);

/* The module is as described; frees the description. */
#define assert_as_described(module, description) check_description((module), (description), __FILE__, __LINE__)
void check_description(const prune_module *module, char *description, const char *file, int line);

#endif
