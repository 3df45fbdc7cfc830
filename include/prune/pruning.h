/** @file pruning.h
 *  Pruning, as torch.nn.utils.prune: the same masks as PyTorch 2.13, bit for bit.
 *
 *  Pruning parameter `weight` of a module for the first time renames it `weight_orig`, registers the mask as buffer
 *  `weight_mask`, makes `weight` a plain attribute that holds mask · orig, and registers a forward pre-hook that computes
 *  it anew before every forward. Pruning it again composes the masks. prune_remove() makes the pruned values the
 *  parameter.
 *
 *  - `weight` is one live tensor from the first prune to prune_remove(), rewritten in place (PyTorch makes a new one each
 *    time): a pointer to its data stays good until then. So does the mask, unless another handle shares its storage.
 *  - CustomFromMask keeps its mask: one that was given, or what a global prune chose. On a first prune that is the buffer
 *    itself for as long as nobody writes there: the first write, by a prune or by the program, copies it for the method.
 *  - A name is a name inside `module`, not a path.
 *  - Whoever replaces or deletes `weight`, `weight_orig` or `weight_mask` meanwhile gets what PyTorch gives: the next
 *    forward computes from what bears the names then, and puts the live tensor back in its place; the next prune scores
 *    what is called `weight`. What is missing or None is an attribute error; a shape that does not fit is a runtime
 *    error, but of a mask that another prune is to continue a shape error.
 *  - A failed prune leaves everything as it was: names, order, values, hook ids, and the generator.
 *  - Float32 parameters with any strides. A dense permuted one is accepted too (PyTorch fails on some).
 *  - Errors of everything that prunes, by PyTorch's exceptions and in its words:
 *    value (more units than are left; structured pruning of fewer than 2 dims), index (dim outside), runtime (norm),
 *    attribute (no such name), type (`name` is not a parameter, or is an absent one), key (an attribute `…_orig` or
 *    `…_mask` of another kind is in the way), shape (importance scores of another shape than the parameter), state
 *    (pruning a parameter from inside its own compute_mask), unsupported (not float32).
 */
#ifndef PRUNE_PRUNING_H
#define PRUNE_PRUNING_H

#include "module.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Amounts ---------------------------------------------------------------------------------------------------- */

/** How much to prune; made by the functions below, the zero value is refused. */
typedef struct prune_amount {
    int kind;        /**< set by the functions below */
    double fraction; /**< for prune_fraction() */
    int64_t count;   /**< for prune_count() */
} prune_amount;

/** `amount=0.3`: that fraction of the units not yet pruned, rounded half to even. Outside [0, 1] or NaN: a value error
 *  where it is used. */
PRUNE_API prune_amount prune_fraction(double fraction);

/** `amount=3`: that many units. Negative: a value error where it is used. */
PRUNE_API prune_amount prune_count(int64_t count);

/* ---- Prune ------------------------------------------------------------------------------------------------------ */

/** prune.identity: a mask of ones; sets up names, mask and hook. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_identity(prune_module *module, const char *name);

/** prune.random_unstructured: entries at random, from the default generator. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_random_unstructured(prune_module *module, const char *name,
                                                                  prune_amount amount);

/** prune.l1_unstructured: the entries of least magnitude; of equal ones, those that PyTorch chooses.
 *  `importance_scores` (may be NULL): a tensor of the parameter's shape whose magnitudes decide instead. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_l1_unstructured(prune_module *module, const char *name,
                                                              prune_amount amount,
                                                              const prune_tensor *importance_scores);

/** Entries of least n-norm: for one entry that is its magnitude, so every n but 0 chooses as prune_l1_unstructured().
 *  PyTorch has no such function. Errors besides: value (n = 0, 'fro' and 'nuc' stand for a matrix: refused). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_ln_unstructured(prune_module *module, const char *name,
                                                              prune_amount amount, prune_norm n,
                                                              const prune_tensor *importance_scores);

/** prune.random_structured: channels along `dim` at random, from the default generator. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_random_structured(prune_module *module, const char *name,
                                                                prune_amount amount, int64_t dim);

/** prune.ln_structured: the channels along `dim` of least n-norm. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_ln_structured(prune_module *module, const char *name, prune_amount amount,
                                                            prune_norm n, int64_t dim,
                                                            const prune_tensor *importance_scores);

/** N:M sparsity (2:4 is what accelerators know): in each group of `m` consecutive entries along `dim` (the last, −1, as
 *  a rule) the `n` of largest magnitude stay, of equal ones the lower index; NaN counts as largest, entries already
 *  masked as smallest. PyTorch's prune has no such function. Errors besides: value (not 0 ≤ n ≤ m, m < 1, a size that
 *  m does not divide). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_n_m(prune_module *module, const char *name, int64_t n, int64_t m,
                                                  int64_t dim, const prune_tensor *importance_scores);

/** prune.custom_from_mask: `mask` of the parameter's shape and any dtype is converted and copied; values other than 0
 *  and 1 are allowed. Errors besides: shape. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_custom_from_mask(prune_module *module, const char *name,
                                                               prune_tensor *mask);

/** prune.remove: the parameter gets its pruned values and its old name, last in order; mask and hook go. The tensor
 *  object stays, and is written in place unless another handle (a state dict, a view) shares its storage, which then
 *  keeps the old values, or it lies in read-only memory. Wrapped memory that may be written is always written.
 *  Pointers to the data of `weight` die. Errors: value (not pruned). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_remove(prune_module *module, const char *name);

/** prune.is_pruned: whether a module of the tree has a pruning hook. A tree of many modules or levels is walked with
 *  some memory: false, and a memory error, where there is none. */
PRUNE_API bool prune_is_pruned(const prune_module *module);

/* ---- Methods ---------------------------------------------------------------------------------------------------- */

/** A pruning method (BasePruningMethod): what chooses, with its amount. It can be applied to any number of parameters;
 *  each application keeps a copy of its own. */
typedef struct prune_method prune_method;

/** PRUNING_TYPE: what a second prune shows to the method. */
typedef enum prune_method_type {
    PRUNE_UNSTRUCTURED = 1, /**< the list of the entries still unpruned (mask == 1) */
    PRUNE_STRUCTURED = 2,   /**< the tensor without the channels along `dim` that are pruned (mask sum 0) */
    PRUNE_GLOBAL = 3        /**< everything */
} prune_method_type;

/** A class of methods. Static storage; trailing fields may be left out (zero). */
typedef struct prune_method_ops {
    size_t size;            /**< sizeof(prune_method_ops) */
    const char *type_name;  /**< the class: what lists of hooks show */
    prune_method_type type; /**< PRUNING_TYPE */
    size_t context_size;    /**< bytes of the context, copied in */

    /** Computes the mask of `t` (contiguous). `mask` has t's shape and holds the default mask (ones, or what is left of
     *  the mask so far): change it in place. To prune or remove the parameter at work is a state error, and so is, when
     *  it returns, to have replaced it; what takes a name that the prune needs is the error that it were before. Any
     *  other status than #PRUNE_OK undoes the prune and comes back unchanged. */
    prune_status (*compute_mask)(void *context, prune_tensor *mask, const prune_tensor *t);

    int64_t (*dim)(const void *context);               /**< the dim of the channels; needed by structured methods */
    prune_status (*clone)(void *to, const void *from); /**< as in prune_module_ops */
    void (*destroy)(void *context);                    /**< as in prune_module_ops */
} prune_method_ops;

/** A method of one's own: `class Foo(BasePruningMethod)`. The context is copied, owned by the method from then on, by
 *  the caller still if it fails.
 *  Errors: value (ops->size, no such type: "Unrecognized PRUNING_TYPE"), type (a NULL), attribute (structured without
 *  dim). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_method_create(prune_method **out, const prune_method_ops *ops,
                                                            const void *context);

/** Adds a reference and returns `method`. Takes NULL. */
PRUNE_API prune_method *prune_method_retain(prune_method *method);

/** Drops a reference. Takes NULL. */
PRUNE_API void prune_method_release(prune_method *method);

/** Which of equal magnitudes, draws or norms at the threshold are pruned. */
typedef enum prune_ties {
    PRUNE_TIES_TORCH = 0,       /**< those that PyTorch 2.13 chooses */
    PRUNE_TIES_LOWEST_INDEX = 1 /**< those of lowest index: no scratch memory, and the rule that can stream */
} prune_ties;

/** Options of methods that PyTorch does not have. */
typedef struct prune_method_options {
    size_t size;     /**< sizeof(prune_method_options) */
    prune_ties ties; /**< default PRUNE_TIES_TORCH */
} prune_method_options;

/** The defaults. */
#define PRUNE_METHOD_OPTIONS_INIT                      \
    {                                                  \
        sizeof(prune_method_options), PRUNE_TIES_TORCH \
    }

/** prune.Identity(). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_method_identity(prune_method **out);

/** prune.RandomUnstructured(amount). Errors: value in PyTorch's words (amount). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_method_random_unstructured(prune_method **out, prune_amount amount,
                                                                         const prune_method_options *options);

/** prune.L1Unstructured(amount). Errors: value (amount). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_method_l1_unstructured(prune_method **out, prune_amount amount,
                                                                     const prune_method_options *options);

/** prune.RandomStructured(amount, dim); PyTorch's default dim is −1. Errors: value (amount). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_method_random_structured(prune_method **out, prune_amount amount,
                                                                       int64_t dim);

/** prune.LnStructured(amount, n, dim); PyTorch's default dim is −1. Errors: value (amount, n). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_method_ln_structured(prune_method **out, prune_amount amount,
                                                                   prune_norm n, int64_t dim,
                                                                   const prune_method_options *options);

/** N:M sparsity: see prune_n_m(). Errors: value (n, m). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_method_n_m(prune_method **out, int64_t n, int64_t m, int64_t dim);

/** prune.CustomFromMask(mask); the mask is copied. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_method_custom_from_mask(prune_method **out, prune_tensor *mask);

/** The class: "L1Unstructured", … */
PRUNE_API const char *prune_method_type_name(const prune_method *method);

/** method._tensor_name: the parameter that it was applied to, NULL if to none. */
PRUNE_API const char *prune_method_tensor_name(const prune_method *method);

/** method._tensor_name = name: what prune_container_add() compares. On a container only while it is empty.
 *  Errors: state. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_method_set_tensor_name(prune_method *method, const char *name);

/** method.compute_mask(t, default_mask): a new mask of t's shape. `default_mask` NULL: ones. A container applies its
 *  last method to what the default mask leaves. Errors: shape, and those above. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_method_compute_mask(prune_tensor **mask, prune_method *method,
                                                                  prune_tensor *t, prune_tensor *default_mask);

/** method.prune(t, default_mask, importance_scores): a new tensor t · mask; what PyTorch offers for plain tensors.
 *  Both optional arguments may be NULL. Errors: shape, and those above. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_method_prune(prune_tensor **out, prune_method *method, prune_tensor *t,
                                                           prune_tensor *default_mask, prune_tensor *importance_scores);

/** Cls.apply(module, name, importance_scores): prunes with a copy of `method`. Scores may be NULL; as in PyTorch's apply,
 *  methods that have no use for them (random ones, identity, custom_from_mask) ignore their values.
 *  Errors: those above; type (a container). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_apply(prune_module *module, const char *name, prune_method *method,
                                                    const prune_tensor *importance_scores);

/* ---- Container: what a parameter pruned more than once is pruned by --------------------------------------------- */

/** prune.PruningContainer(*methods): a method whose context is a list of methods. Each is retained; the first gives the
 *  container its tensor name (in PyTorch that works with one method alone). Errors: type, attribute, value (as of
 *  prune_container_add(); a negative count). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_method_container(prune_method **out, prune_method *const *methods,
                                                               int64_t count);

/** container.add_pruning_method(method). Errors: type (not a container; a container cannot be nested), attribute
 *  (`method`, or an empty container, has no tensor name), value (its tensor name is another's, in PyTorch's words),
 *  state (the container is at work on a parameter: prune that instead). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_container_add(prune_method *container, prune_method *method);

/** len(container); −1 for a method that is no container. */
PRUNE_API int64_t prune_container_size(const prune_method *container);

/** container[i], negative ones from the end; NULL and an index error outside, a type error if it is no container. */
PRUNE_API prune_method *prune_container_get(const prune_method *container, int64_t i);

/* ---- Global ----------------------------------------------------------------------------------------------------- */

/** A parameter among several. */
typedef struct prune_parameter {
    prune_module *module;                  /**< whose */
    const char *name;                      /**< "weight", … */
    const prune_tensor *importance_scores; /**< of its shape, or NULL for its own values */
} prune_parameter;

/** prune.global_unstructured: the method chooses among the entries of all `count` parameters together, in this order;
 *  each then gets its part as CustomFromMask. All or nothing, over all of them.
 *  Errors besides: type (the method is not unstructured), value (count is 0; a parameter listed twice, which PyTorch
 *  would count twice, is allowed). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_global_unstructured(const prune_parameter *parameters, int64_t count,
                                                                  prune_method *method);

/* ---- State dicts ------------------------------------------------------------------------------------------------ */

/** prune_module_load_state_dict(), but the network is afterwards pruned where the one was that was saved. PyTorch's
 *  load_state_dict takes a dict only into a module that is pruned at the same names.
 *  - The dict has `X_orig` and `X_mask`, and the module a parameter X that is not pruned: it is pruned by that mask, as
 *    prune_custom_from_mask() does, in the order of the modules and of their parameters.
 *  - The dict has X, and the module is pruned there: the pruning goes, as with prune_remove(), and X has the values of
 *    the dict, all of them. To go on with the masks of the module and other weights, name these `X_orig` in the dict, and
 *    load without `strict`.
 *  - Pruned in both: values and mask are loaded, the record of the methods stays, and what the forward sees as X is
 *    computed anew at once.
 *  All or nothing over the whole tree: a failure takes no hook id. The state dict of a module that is pruned here loads in
 *  PyTorch into one that is pruned at the same names.
 *  `keys` as there, in the names that the module had before.
 *  Errors: as prune_module_load_state_dict(); besides: value (the dict has X beside `X_orig` and `X_mask`), shape (a mask
 *  of another shape than its parameter), those of prune_custom_from_mask() and prune_remove(). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_load_pruned_state_dict(prune_module *module, const prune_dict *dict,
                                                                     bool strict, prune_incompatible_keys **keys);

/* ---- Look ------------------------------------------------------------------------------------------------------- */

/** The parameter `name_orig`; NULL and a value error if `name` is not pruned. Good until prune_remove(). */
PRUNE_API prune_tensor *prune_original(const prune_module *module, const char *name);

/** The buffer `name_mask`; NULL and a value error if `name` is not pruned. Good until the next prune or
 *  prune_remove(). */
PRUNE_API prune_tensor *prune_mask(const prune_module *module, const char *name);

/** The method at work on `name`: a container from the second prune on; NULL and a value error if it is not pruned.
 *  Good until the next prune or prune_remove(). */
PRUNE_API prune_method *prune_applied_method(const prune_module *module, const char *name);

/** Zeros (−0 too) among entries. */
typedef struct prune_sparsity_counts {
    int64_t zeros;   /**< how many are zero */
    int64_t entries; /**< how many there are */
} prune_sparsity_counts;

/** Counts of what the forward sees as `name` (the pruned values, if it is pruned), or, for NULL, of all parameters of
 *  the tree, each once. What is absent (None) has no entries. Errors: attribute (no such name). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_sparsity(prune_sparsity_counts *out, const prune_module *module,
                                                       const char *name);

#ifdef __cplusplus
}
#endif

#endif
