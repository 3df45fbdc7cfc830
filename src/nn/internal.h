/* The module's inside, for this layer and those above (prune moves entries between registries). */
#ifndef PRUNI_NN_INTERNAL_H
#define PRUNI_NN_INTERNAL_H

#include "prune/functional.h"
#include "prune/layers.h"
#include "prune/module.h"
#include "tensor/internal.h"

/* ---- Registries (registry.c): ordered, names unique, short enough for plain search ---- */

typedef struct pruni_entry {
    char *name;           /* owned */
    prune_tensor *tensor; /* owned reference; NULL: absent */
    bool persistent;      /* of buffers */
} pruni_entry;

typedef struct pruni_registry {
    pruni_entry *items;
    int64_t count;
    int64_t capacity;
} pruni_registry;

int64_t pruni_registry_find(const pruni_registry *registry, const char *name); /* −1: none */
prune_status pruni_registry_reserve(pruni_registry *registry, int64_t extra);

/* Puts an entry last and takes over its name and reference; room must have been reserved. */
void pruni_registry_append(pruni_registry *registry, pruni_entry entry);

/* Removes an entry, keeping the order of the rest, and hands over its name and reference. */
pruni_entry pruni_registry_take(pruni_registry *registry, int64_t index);
void pruni_entry_clear(pruni_entry *entry);

/* ---- Contexts (context.c) ---- */

/* Fails with type if there are `size` bytes of context to copy, but no context. */
prune_status pruni_check_context(const char *function, const char *type_name, size_t size, const void *context);

/* A copy of the bytes; NULL where there are none. */
prune_status pruni_copy_context(void **out, size_t size, const void *context);

/* Clones what a context owns: `to` holds the bytes of `from` already. `clone` may be NULL, the context too. */
prune_status pruni_clone_context(prune_status (*clone)(void *to, const void *from), void *to, const void *from,
                                 const char *type_name);

/* ---- Hooks (hook.c) ---- */

typedef struct pruni_hook {
    pruni_refs refs; /* the list's, and a run's while it executes */
    int64_t id;
    const prune_hook_ops *ops;
    const char *type_name; /* what lists show: ops->type_name, or the pruning method's */
    const char *qualifier; /* before it in the printed list: "torch.nn.utils.prune." or "" */
    bool locked;           /* a pruning hook: prune_module_remove_forward_pre_hook() refuses it */
    void *context;         /* owned copy, NULL without */
} pruni_hook;

/* A hook not yet in a list, without id; copies the context, which it owns from then on. `ops` were checked. */
prune_status pruni_hook_create(pruni_hook **out, const prune_hook_ops *ops, const void *context);
void pruni_hook_release(pruni_hook *hook);

/* Frees a hook that was not used, without destroying what its context owns. */
void pruni_hook_discard(pruni_hook *hook);

struct pruni_child {
    char *name;
    prune_module *module; /* owned reference; NULL: absent */
};

struct prune_module {
    pruni_refs refs;
    char *type_name;
    const prune_module_ops *ops; /* NULL: plain */
    void *context;
    bool training;
    struct pruni_summary *summary; /* the layer table that listens to this module's calls, NULL at other times */
    struct pruni_work *work;       /* the parameters that are being pruned, NULL at other times */
    pruni_registry parameters, buffers, attributes;
    struct pruni_child *children;
    int64_t child_count, child_capacity;
    pruni_hook **hooks;     /* by rising id, which is the order of registration */
    pruni_hook **hook_room; /* the memory that they lie in, not always at its start */
    int64_t hook_count, hook_capacity;
    prune_module *link; /* to the next one in a list of modules that are being released, trained */
    bool linked;
};

/* The place of a child in module->children; −1: none. */
int64_t pruni_module_find_child(const prune_module *module, const char *name);

prune_status pruni_module_reserve_hooks(prune_module *module, int64_t extra);

/* Puts a hook last, gives it the next id of the process and takes over the reference; room must have been reserved. */
void pruni_module_append_hook(prune_module *module, pruni_hook *hook);
void pruni_module_remove_hook(prune_module *module, int64_t index);

/* Runs those hooks of the module that are in its list now and still there when their turn comes. */
prune_status pruni_module_run_hooks(prune_module *module, prune_tensor *const *x, int64_t nx);

/* ---- Walks (memo.c, tree.c): without recursion ---- */

/* A map from pointers to pointers. All zero is an empty one. */
typedef struct pruni_memo {
    struct pruni_memo_slot {
        const void *key; /* NULL: free */
        void *value;
    } * slots;
    size_t count, capacity; /* capacity: a power of two, or 0 */
} pruni_memo;

struct pruni_memo_slot *pruni_memo_find(const pruni_memo *memo, const void *key); /* NULL: none */
prune_status pruni_memo_add(pruni_memo *memo, const void *key, void *value);      /* of a key that is not there */
void pruni_memo_free(pruni_memo *memo);

typedef enum pruni_tree_mode {
    PRUNI_TREE_EVERY_PATH,    /* a shared module as often as there are paths to it: state_dict */
    PRUNI_TREE_SIBLINGS_ONCE, /* once among the children of each parent: apply */
    PRUNI_TREE_ONCE           /* once in the tree: named_modules */
} pruni_tree_mode;

/* A depth-first walk over the modules of a tree, which nobody may change meanwhile. A small tree needs no memory. */
enum { PRUNI_TREE_SHALLOW = 16, PRUNI_TREE_FEW = 16 };
typedef struct pruni_tree {
    pruni_tree_mode mode;
    bool children_first;
    bool failed;
    prune_module *root; /* not yet visited; NULL from then on */
    struct pruni_tree_frame {
        prune_module *module;
        int64_t next; /* child to look at */
    } shallow[PRUNI_TREE_SHALLOW], *deep;
    int64_t depth, capacity;
    const prune_module *few_seen[PRUNI_TREE_FEW];
    int64_t few;
    pruni_memo seen; /* besides those few */
    pruni_text path; /* the last that was asked for */
} pruni_tree;

void pruni_tree_start(pruni_tree *walk, const prune_module *root, pruni_tree_mode mode, bool children_first);
prune_module *pruni_tree_next(pruni_tree *walk); /* NULL at the end, or out of memory */

/* The dotted path of the module just visited (name NULL), or of a name in it; not of a walk with children first. Good
 * until the next call; NULL out of memory. */
const char *pruni_tree_path(pruni_tree *walk, const char *name);

/* Frees the walk, at its end or before; tells whether it, or a path, ran out of memory. */
prune_status pruni_tree_end(pruni_tree *walk);

/* The next entry of this module alone that its state dict holds, from *place (0 at first) on; NULL: no more. */
const pruni_entry *pruni_next_state(const prune_module *module, int64_t *place);

/* The modules that a walk visits, kept alive: for callbacks, which may change the tree. Few of them need no memory. All
 * zero is an empty list; it is to be freed, after a failure too. */
enum { PRUNI_MODULES_FEW = 32 };
typedef struct pruni_modules {
    int64_t count, capacity;
    prune_module *few[PRUNI_MODULES_FEW], **more;
} pruni_modules;

prune_status pruni_modules_list(pruni_modules *list, prune_module *root, pruni_tree_mode mode, bool children_first);
prune_module *pruni_modules_at(pruni_modules *list, int64_t i);
void pruni_modules_free(pruni_modules *list);

/* ---- The layer table (summary.c) ---- */

/* To be called when a forward has succeeded, with its outputs: where module->summary is set, adds a line to that table.
 * It cannot fail: a lack of memory is remembered in the table, and prune_module_summary() reports it. */
void pruni_summary_record(prune_module *module, prune_tensor *const *y, int64_t ny);

/* ---- Numbers that are ints or tuples of ints (ints.c) ---- */

/* Fails with value unless it holds 0 to 3 numbers. */
prune_status pruni_check_ints(const char *function, const char *name, prune_ints ints);

/* One number for each of `dims` dims: those given, the one given, or `missing`. The count is 0, 1 or dims. */
void pruni_spread_ints(int64_t *out, prune_ints ints, int64_t dims, int64_t missing);

/* Adds "2" for one number, else "(2, 3)". */
void pruni_text_add_ints(pruni_text *text, prune_ints ints);

/* Adds "(5,)", "(5, 5)". */
void pruni_text_add_tuple(pruni_text *text, const int64_t *numbers, int64_t count);

/* ---- Operands of layers and functional forms (functional.c) ---- */

/* A float32 tensor as a contiguous one: `t` itself, retained, or a copy. `function` is for the sentence. */
prune_status pruni_float32_contiguous(prune_tensor **out, const char *function, const prune_tensor *t);

/* ReLU into the input itself. */
prune_status pruni_relu_inplace(prune_tensor *x);

/* ---- Convolution (functional_conv.c) ---- */

typedef enum pruni_padding { PRUNI_PADDING_NUMBERS, PRUNI_PADDING_VALID, PRUNI_PADDING_SAME } pruni_padding;

typedef struct pruni_conv_arguments {
    int64_t dims;                               /* 1 to 3: conv1d, conv2d, conv3d */
    int64_t stride[3], padding[3], dilation[3]; /* of `dims` dims, each within the range of int32_t */
    int64_t groups;                             /* at least 1 */
    pruni_padding padding_kind;
    bool pads_zeros; /* else by pad_mode */
    pruni_pad_mode pad_mode;
} pruni_conv_arguments;

/* conv1d, conv2d, conv3d. weight and bias (or NULL) are float32 and contiguous. */
prune_status pruni_conv_forward(prune_tensor **y, const prune_tensor *x, const prune_tensor *weight,
                                const prune_tensor *bias, const pruni_conv_arguments *arguments);

/* ---- Layers (layer.c) ---- */

/* Fails with unsupported unless a forward has one input and one output. */
prune_status pruni_layer_check_call(const prune_module *self, int64_t ny, int64_t nx);

/* Fails with unsupported, and says to call prune_module_eval(), in training mode. */
prune_status pruni_layer_check_eval(const prune_module *self);

/* The tensor of that name, float32 and contiguous, to be released; NULL if it is absent. Fails with attribute if there
 * is no such name. */
prune_status pruni_layer_operand(prune_tensor **out, const prune_module *self, const char *name);

/* The same, but fails with type if it is absent. */
prune_status pruni_layer_required(prune_tensor **out, const prune_module *self, const char *name);

/* Registers a new parameter of indeterminate values, or, without `present`, an absent one. */
prune_status pruni_layer_add_parameter(prune_module *module, const char *name, bool present, const int64_t *sizes,
                                       int64_t ndim);

/* Linear.reset_parameters and _ConvNd.reset_parameters: draws weight, then bias, from the default generator. */
prune_status pruni_layer_reset_parameters(prune_module *module);

/* Ends a constructor: hands the module over, or releases it. */
prune_status pruni_layer_finish(prune_module **out, prune_module *module, bool failed);

/* A text over room enough for what any layer says of itself, so that an extra_repr allocates nothing and cannot fail; not
 * to be freed. */
enum { PRUNI_LAYER_REPR = 1024 };
pruni_text pruni_layer_repr_text(char room[PRUNI_LAYER_REPR]);

/* Ends an extra_repr: copies the text as snprintf does. */
int pruni_layer_write_repr(const pruni_text *text, char *out, size_t size);

/* ---- Words for sentences ---- */

/* torch.typename: "torch.FloatTensor" and so on. */
const char *pruni_tensor_typename(const prune_tensor *t);

/* Adds repr(module), the tree. */
void pruni_module_text(pruni_text *text, const prune_module *module);

/* Fails with "'Linear' object has no attribute 'name'". */
prune_status pruni_no_attribute(const prune_module *module, const char *name);

#endif
