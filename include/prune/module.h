/** @file module.h
 *  Modules: ordered parameters, buffers, plain tensor attributes and children, forward pre-hooks, state dicts; as
 *  torch.nn.Module.
 *
 *  - Inside one module a name belongs to one kind at a time. Names are not empty and hold no dot; dotted paths lead
 *    through children.
 *  - A module keeps a reference to everything registered in it.
 *  - A tree may be as deep as memory allows. Calls and runs of hooks, which take stack, nest 2,000 deep on a thread.
 *  - A tree may have any number of modules and names. The names of one and the same module are looked through one after
 *    the other, which is quick for hundreds of them, and slow for tens of thousands.
 *  - A borrowed name, tensor or module is good until its entry is deleted or replaced, or the module is released.
 */
#ifndef PRUNE_MODULE_H
#define PRUNE_MODULE_H

#include "dict.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A module: prune_module_create() or a layer's constructor, prune_module_retain(), prune_module_release(). */
typedef struct prune_module prune_module;

/** What a kind of module does. Static storage; trailing fields may be left out (zero). */
typedef struct prune_module_ops {
    size_t size;         /**< sizeof(prune_module_ops) */
    size_t context_size; /**< bytes of the context, copied in when a module is created; may be 0 */

    /** The forward pass: reads x[0 … nx), gives new references in y[0 … ny); y comes filled with NULL, and what is in it
     *  after a failure is released. It finds parameters and children through `self`. NULL: the module cannot be called. */
    prune_status (*forward)(void *context, prune_module *self, prune_tensor **y, int64_t ny, prune_tensor *const *x,
                            int64_t nx);

    /** Copies what the context owns: `to` holds the bytes of `from`, and after failure is discarded without destroy.
     *  NULL: the bytes are the copy. */
    prune_status (*clone)(void *to, const void *from);

    /** Releases what the context owns, but not the context. NULL: nothing. */
    void (*destroy)(void *context);

    /** What stands between the parentheses of the repr, written as snprintf does: returns the length it needs, at most
     *  `size` bytes written, terminated. NULL: nothing. What fails (a negative length) is left out of the repr. */
    int (*extra_repr)(const void *context, char *text, size_t size);
} prune_module_ops;

/** A module of class `type_name` (copied), in training mode, with nothing in it. `ops` NULL: a plain one, without
 *  forward or context, for those who run their own kernels. `context` is copied (`context_size` bytes); it is owned by
 *  the module from then on, by the caller still if the call fails.
 *  Errors: value (type_name empty, ops->size wrong), type (type_name NULL; context NULL though context_size is not 0). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_module_create(prune_module **out, const char *type_name,
                                                            const prune_module_ops *ops, const void *context);

/** Adds a reference and returns `module`. Takes NULL. */
PRUNE_API prune_module *prune_module_retain(prune_module *module);

/** Drops a reference; the last one releases everything in the module. Takes NULL. */
PRUNE_API void prune_module_release(prune_module *module);

/** The class: "Linear", … */
PRUNE_API const char *prune_module_type_name(const prune_module *module);

/** The module's copy of its context, NULL if it has none. */
PRUNE_API void *prune_module_context(prune_module *module);

/** copy.deepcopy(module): the tree with tensors of its own, pruned or not (PyTorch refuses a freshly pruned one). What is
 *  one object (a tied tensor, a shared child) is one in the copy; hooks have the same ids; contexts are copied by their
 *  ops' clone. Parameters get memory of their own, buffers and attributes that share memory with each other do so in the
 *  copy. Wrapped arrays become owned memory. Errors: those of the clone callbacks, state (they add modules to the tree,
 *  or change its hooks: prune, remove). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_module_clone(prune_module **out, const prune_module *module);

/* ---- Registries ------------------------------------------------------------------------------------------------
 * Errors of the register functions: key (the name is empty, has a dot, or belongs to another kind: "attribute 'x'
 * already exists"), type (NULL name). An entry of the same kind is replaced in its place. */

/** Module.register_parameter. The tensor becomes a parameter (nn.Parameter), which needs a gradient unless it is of
 *  integers or was one already. NULL: registered but absent, as `bias=False` does. The same tensor may be registered
 *  again (tied). Errors: value (the value of a pruned parameter: clone it). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_module_register_parameter(prune_module *module, const char *name,
                                                                        prune_tensor *parameter);

/** Module.register_buffer. A buffer that is not persistent stays out of the state dict. NULL: absent. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_module_register_buffer(prune_module *module, const char *name,
                                                                     prune_tensor *buffer, bool persistent);

/** Module.register_module (add_module). NULL: absent. Looks at every module in `child`: a deep tree is quickest made from
 *  the root down. Errors: value (`child` is or contains `module`). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_module_register_module(prune_module *module, const char *name,
                                                                     prune_module *child);

/** setattr(module, name, t): a parameter tensor is registered as parameter, taking the name from any other kind; any
 *  other replaces a buffer, or else sets a plain attribute, which is neither parameter nor buffer. NULL (None) makes what
 *  has the name absent.
 *  Errors: type ("cannot assign 'torch.FloatTensor' as parameter 'weight' (torch.nn.Parameter or None expected)": `name`
 *  is a parameter and t is not; the same of a child module), key (the name is empty, has a dot), value (as
 *  prune_module_register_parameter()). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_module_set_tensor(prune_module *module, const char *name,
                                                                prune_tensor *t);

/** delattr(module, name), whatever its kind. Errors: attribute (no such name). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_module_delete(prune_module *module, const char *name);

/** What a name is. */
typedef enum prune_kind {
    PRUNE_KIND_NONE = 0,
    PRUNE_KIND_PARAMETER = 1,
    PRUNE_KIND_BUFFER = 2,
    PRUNE_KIND_ATTRIBUTE = 3, /**< a plain tensor, as `weight` while it is pruned */
    PRUNE_KIND_MODULE = 4
} prune_kind;

/** What `name` is in this module (no path): hasattr, and more. */
PRUNE_API prune_kind prune_module_kind(const prune_module *module, const char *name);

/** The tensor of that name or dotted path, be it parameter, buffer or attribute; NULL without an error if it is absent
 *  (a bias of `bias=False`), NULL and an attribute error if there is no such name. */
PRUNE_API prune_tensor *prune_module_get_tensor(const prune_module *module, const char *path);

/** Module.get_parameter(path): NULL and an attribute error for what is not a parameter, an absent one included. */
PRUNE_API prune_tensor *prune_module_get_parameter(const prune_module *module, const char *path);

/** Module.get_submodule(path): "" is the module itself; NULL and an attribute error where there is none. */
PRUNE_API prune_module *prune_module_get_submodule(const prune_module *module, const char *path);

/** Module.named_parameters(): the parameters of the tree, each tensor once, absent ones left out; the dict is the
 *  caller's. `recurse` false: this module's alone. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_module_named_parameters(prune_dict **out, const prune_module *module,
                                                                      bool recurse);

/** Module.named_buffers(): likewise. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_module_named_buffers(prune_dict **out, const prune_module *module,
                                                                   bool recurse);

/** A list of modules with their names. */
typedef struct prune_named_modules {
    int64_t count; /**< of items */
    /** One of them. */
    struct prune_named_module {
        const char *name;     /**< its dotted path, "" for the root */
        prune_module *module; /**< itself */
    } const *items;           /**< names and references belong to the list */
} prune_named_modules;

/** Module.named_modules(): the tree in PyTorch's order, the module itself first with name "", each module once. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_module_named_modules(prune_named_modules **out, prune_module *module);

/** Module.named_children(): the direct children in order, each module once, absent ones left out. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_module_named_children(prune_named_modules **out, prune_module *module);

/** Frees the list and its references. Takes NULL. */
PRUNE_API void prune_named_modules_release(prune_named_modules *modules);

/** Module.apply(fn): `visit` for every module of the tree, children first, the module itself last; a child shared by two
 *  parents is visited under each. The modules are listed before the first visit, so that a visit may change the tree.
 *  A visit that fails ends the walk, and its status is returned. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_module_apply(prune_module *module,
                                                           prune_status (*visit)(void *context, prune_module *module),
                                                           void *context);

/** Module.train(mode): sets the flag on the whole tree. */
PRUNE_API void prune_module_train(prune_module *module, bool mode);

/** Module.eval(): prune_module_train(module, false). Layers that train only compute in this mode. */
PRUNE_API void prune_module_eval(prune_module *module);

/** Module.training. */
PRUNE_API bool prune_module_training(const prune_module *module);

/* ---- Forward and its pre-hooks ---------------------------------------------------------------------------------- */

/** What a hook does. Static storage; trailing fields may be left out (zero). */
typedef struct prune_hook_ops {
    size_t size;           /**< sizeof(prune_hook_ops) */
    const char *type_name; /**< what the list of hooks shows */
    size_t context_size;   /**< bytes of the context, copied in */

    /** Runs before forward; x[0 … nx) are forward's inputs (none in prune_module_run_forward_pre_hooks). It may change
     *  the module, register and remove hooks. A failure stops the forward. */
    prune_status (*call)(void *context, prune_module *module, prune_tensor *const *x, int64_t nx);

    prune_status (*clone)(void *to, const void *from); /**< as in prune_module_ops */
    void (*destroy)(void *context);                    /**< as in prune_module_ops */
} prune_hook_ops;

/** Module.register_forward_pre_hook: last in the list. `id` (may be NULL) receives its id, from one counter of the
 *  process that starts at 0. The context is copied, owned by the hook from then on, by the caller still if it fails.
 *  Errors: value (ops->size wrong), type (call or type_name NULL; context NULL though context_size is not 0). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_module_register_forward_pre_hook(int64_t *id, prune_module *module,
                                                                               const prune_hook_ops *ops,
                                                                               const void *context);

/** handle.remove(). The pruning hooks go with prune_remove() alone. Errors: key (no hook of that id), state (a pruning
 *  hook). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_module_remove_forward_pre_hook(prune_module *module, int64_t id);

/** The i-th hook in the order of running: its type name ("RandomStructured", "PruningContainer"), and through `id`
 *  (may be NULL) its id. NULL, without an error, past the last one. */
PRUNE_API const char *prune_module_forward_pre_hook(const prune_module *module, int64_t i, int64_t *id);

/** Runs the hooks as a forward would, without inputs: for those who run their own kernels. `recurse`: of every module
 *  of the tree, in the order of named_modules. The first failure ends it and comes back.
 *  Hooks run on a snapshot of the list: one added meanwhile waits for the next time, one removed meanwhile does not
 *  run. For the hooks of one module nothing is allocated, nor for those of a tree of few modules and levels.
 *  Errors: those of hooks, runtime (it runs inside 2,000 calls and runs of hooks, as of a hook that runs itself). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_module_run_forward_pre_hooks(prune_module *module, bool recurse);

/** Prints as print(module._forward_pre_hooks): `OrderedDict([(0, <torch.nn.utils.prune.RandomStructured object at
 *  0x…>)])`; no newline at the end. Errors: io. */
PRUNE_API prune_status prune_module_print_forward_pre_hooks(FILE *file, const prune_module *module);

/** module(x): runs the hooks, then forward; one input, one output.
 *  Errors: unsupported (the module has no forward), runtime (forward gave no output; it is inside 2,000 calls and runs
 *  of hooks: "maximum recursion depth exceeded"), those of hooks and forward. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_module_call(prune_tensor **y, prune_module *module, prune_tensor *x);

/** module(*x): with `nx` inputs and as many outputs as asked for. The module stays alive until the call ends, whoever
 *  releases it. Errors besides: type (an input is NULL), value (a negative number of inputs or outputs). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_module_call_many(prune_tensor **y, int64_t ny, prune_module *module,
                                                               prune_tensor *const *x, int64_t nx);

/* ---- State dicts ------------------------------------------------------------------------------------------------ */

/** Module.state_dict(): of each module its parameters, its persistent buffers, then its children's, in order; absent
 *  ones left out, tied ones under each name. The tensors are detached (no parameters) and share the module's memory: a
 *  later change of the module shows in them, except prune_remove(), which takes new memory while somebody shares. `copy`
 *  true: clones instead. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_module_state_dict(prune_dict **out, const prune_module *module,
                                                                bool copy);

/** What did not fit: the names, in PyTorch's order. */
typedef struct prune_incompatible_keys {
    int64_t num_missing;                /**< of missing_keys */
    const char *const *missing_keys;    /**< in the module but not in the dict */
    int64_t num_unexpected;             /**< of unexpected_keys */
    const char *const *unexpected_keys; /**< in the dict but not in the module */
} prune_incompatible_keys;

/** Module.load_state_dict(dict, strict): copies values into the module's tensors (same objects; dtypes are converted; a
 *  tensor of shape (1,) serves where a scalar is), all or nothing. A pruned parameter's value shows them after the next
 *  run of the hooks. The dict may share memory with the module: values are copied one after the other, in the order of
 *  the module's state dict.
 *  `keys` (may be NULL) receives what did not fit, after success and after a runtime error of this function; to be
 *  released by the caller.
 *  Errors: runtime (in PyTorch's words, everything listed: missing and unexpected keys if strict; shapes that differ and
 *  expanded tensors, always), state (read-only memory). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_module_load_state_dict(prune_module *module, const prune_dict *dict,
                                                                     bool strict, prune_incompatible_keys **keys);

/** Frees the lists. Takes NULL. */
PRUNE_API void prune_incompatible_keys_release(prune_incompatible_keys *keys);

/* ---- Print ------------------------------------------------------------------------------------------------------ */

/** Prints as print(module), the tree of reprs, no newline at the end. Errors: io. */
PRUNE_API prune_status prune_module_print(FILE *file, const prune_module *module);

/** Prints the layer table of torchsummary 1.5.1: `summary(module, input_size, batch_size)`. `input_size` is one input's
 *  shape without the batch; `batch_size` −1 for torchsummary's default. Runs one forward on zeros of batch 2, in eval
 *  mode, and puts the training flags back; takes no hook id and no random number (torchsummary takes both). A module
 *  without forward, or of another number of inputs, fails as its forward does. A module that stands in two places of
 *  the tree has two lines a call, as there.
 *  Errors: io, runtime (a negative size), value (a rank of PRUNE_MAX_DIMS or more, batch_size below −1), those of
 *  forward. */
PRUNE_API prune_status prune_module_summary(FILE *file, prune_module *module, const int64_t *input_size, int64_t ndim,
                                            int64_t batch_size);

#ifdef __cplusplus
}
#endif

#endif
