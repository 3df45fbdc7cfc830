/* Pruning's inside. */
#ifndef PRUNI_PRUNE_INTERNAL_H
#define PRUNI_PRUNE_INTERNAL_H

#include "nn/internal.h"
#include "prune/pruning.h"
#include "prune/streaming.h"

/* ---- Amounts (amount.c) ---- */

/* PyTorch's check at construction. */
prune_status pruni_check_amount(prune_amount amount);

bool pruni_is_fraction(prune_amount amount);

/* How many of `units` an amount is, or PyTorch's ValueError if it is more than all. */
prune_status pruni_units_to_prune(int64_t *count, prune_amount amount, int64_t units);

/* ---- Entries (entries.c) ---- */

/* What a prune of one parameter reads and writes, as in pruni_run: float32 tensors of one shape and any strides. */
typedef struct pruni_entries {
    const prune_tensor *scores, *before, *orig; /* borrowed, as all; NULL where pruni_run has NULL */
    prune_tensor *mask, *value;

    const prune_tensor *like; /* from here on set by pruni_entries_set() */
    int64_t n;
    int64_t order[PRUNE_MAX_DIMS]; /* the dims, outermost first, as the memory of `like` has them */
    bool in_row_order;             /* that is the order of rows as well */
    bool side_by_side;             /* all tensors, in the order of memory: then this is them */
    pruni_run run;
} pruni_entries;

/* When the tensors are known; `like` has their shape. */
void pruni_entries_set(pruni_entries *e, const prune_tensor *like);

/* Takes away what is written; but for the mask. */
void pruni_entries_read_only(pruni_entries *e);
void pruni_entries_mask_only(pruni_entries *e);

/* Put right what a pass in that order wrote wrongly, as pruni_kernel_pick_correct(); prune listed places, which count by
 * rows, as pruni_kernel_prune_listed(). The first entry has the place `first`. */
void pruni_entries_correct(const pruni_entries *e, bool by_rows, int64_t first, const pruni_pick *pick,
                           const pruni_choice *choice);
void pruni_entries_prune_listed(const pruni_entries *e, int64_t first, const uint64_t *entries, int64_t count);

/* Takes those lines of a sample that begin among the entries, in the order of memory; the first has the place `first`. */
void pruni_entries_sample(const pruni_entries *e, pruni_pick *pick, int64_t first);

/* The channels of a dim, in the order of memory. */
pruni_channels pruni_entries_channels(const pruni_entries *e, int64_t dim);

/* The mask so far, or ones, times the scales of a dim's channels; then mask * orig. False, and nothing is done, where too
 * little lies side by side. */
bool pruni_entries_scale(const pruni_entries *e, const float *scales, int64_t dim);

/* Of more than one part, each has at most so many entries: a multiple of 32, the entries that vectors take at a time. */
enum { PRUNI_PART = 2 * PRUNI_MT19937_WORDS };

/* Goes through entries in an order:
 *
 *     pruni_parts p;
 *     pruni_parts_start(&p, entries, by_rows, NULL, NULL);
 *     while (pruni_parts_next(&p))
 *         kernel(&p.part, p.done);
 *
 * What the kernel writes is in its place after the next pruni_parts_next(). With a generator, a part has draws instead of
 * scores; if another tensor is `given`, part_of_given instead. A part of entries with a mask but no value has a value to
 * be written where nobody looks. */
typedef struct pruni_parts {
    pruni_run part;
    int64_t done; /* entries before the part */
    const float *part_of_given;

    const pruni_entries *entries; /* from here on for entries.c alone */
    const int64_t *order;
    prune_generator *generator;
    const prune_tensor *given;
    bool are_of_runs;          /* parts lie side by side in every tensor */
    int64_t step, steps, size; /* a part has up to `steps` steps of `step` entries; `size` steps make up a dim or run */
    int64_t first_whole_dim;   /* of the order: a step has all of these, if parts are not of runs */
    union {
        float values[PRUNI_PART];
        uint32_t draws[PRUNI_PART];
    } by;
    float before[PRUNI_PART], orig[PRUNI_PART], mask[PRUNI_PART], value[PRUNI_PART];
} pruni_parts;

void pruni_parts_start(pruni_parts *p, const pruni_entries *e, bool by_rows, prune_generator *generator,
                       const prune_tensor *given);
bool pruni_parts_next(pruni_parts *p);

/* Whether the part is written right where the tensors are. */
bool pruni_parts_write_through(const pruni_parts *p);

/* The mask so far, or ones, times a given tensor, which has the same shape; then mask * orig. */
void pruni_entries_write_given(const pruni_entries *e, const prune_tensor *given);

/* ---- Methods (method.c) ---- */

/* A prune by a method of the library's own that needs no copies: see fusion.c. */
typedef struct pruni_fusion {
    pruni_entries *entries; /* of each parameter */
    int64_t count;
    bool writes;           /* masks and values are new: where it pays, choosing writes them, and takes this back */
    const prune_tensor *t; /* what the first parameter is scored by, for the methods that mind its shape */
    bool t_is_by_rows;     /* and its order: as if it were contiguous */

    int64_t dim; /* from here on what is chosen, to be written: along a dim */
    void *plan;  /* owned: the channels' scales, or scratch */

    bool at_random; /* or entries */
    bool by_rows;   /* the order in which places count */
    struct prune_generator generator;
    pruni_choice choice;
    uint64_t *ties; /* owned: those chosen that equal the choice's key, whose places count by rows */
    int64_t tie_count;
} pruni_fusion;

/* A class of the library's own. */
typedef struct pruni_class {
    prune_method_ops ops;
    bool any_strides; /* compute_mask takes a `t` that is not contiguous, and minds its order in memory */
    prune_status (*fuse)(void *context, pruni_fusion *fusion); /* chooses as compute_mask would; NULL: there is none */
    void (*write)(void *context, pruni_fusion *fusion);        /* what was chosen; cannot fail */
    bool chooses_entries;                                      /* takes several arrays as if they were one */
    bool draws;                                                /* random numbers */

    /* When all else is prepared: takes for its own what it has borrowed, where it can from the mask's buffer, if that is
     * new. NULL: it borrows nothing. */
    prune_status (*keep)(void *context, const prune_tensor *new_buffer);
} pruni_class;

struct prune_method {
    pruni_refs refs;
    const prune_method_ops *ops;
    const pruni_class *own; /* NULL: a user's class */
    void *context;          /* owned copy, NULL without */
    char *tensor_name;      /* owned; NULL: applied to none */
    int64_t hooks;          /* pruning hooks that it is in: while there are any, its name and list stay */
};

/* A method of a class of the library's own; the context was checked, and is copied as prune_method_create() does. */
prune_status pruni_method_create_own(prune_method **out, const pruni_class *own, const void *context);

/* A copy for the parameter `tensor_name` (NULL: none), at work nowhere. */
prune_status pruni_method_copy(prune_method **out, const prune_method *method, const char *tensor_name);

/* LnUnstructured: see prune_ln_unstructured(). Fails with value (amount, n). */
prune_status pruni_method_ln_unstructured(prune_method **out, prune_amount amount, prune_norm n);

/* Whether the method chooses single entries, and how. */
bool pruni_method_as_entries(prune_amount *amount, prune_ties *ties, bool *at_random, const prune_method *method);

/* Whether the method is N:M, and along which dim. */
bool pruni_method_as_n_m(int64_t *dim, const prune_method *method);

/* CustomFromMask over a float32 tensor, which it keeps; or borrows, until pruni_application_keep_mask(). */
prune_status pruni_method_over_mask(prune_method **out, prune_tensor *mask, bool borrowed);

/* ---- Containers (container.c) ---- */

typedef struct pruni_method_list {
    prune_method **items;
    int64_t count;
    int64_t capacity;
} pruni_method_list;

/* The methods of a container; NULL: no container. */
pruni_method_list *pruni_container_list(const prune_method *method);
prune_status pruni_container_reserve(prune_method *container, int64_t extra);
void pruni_container_append(prune_method *container, prune_method *method); /* retains; room must have been reserved */

/* A container of two methods that act on `name`. */
prune_status pruni_container_of(prune_method **out, prune_method *first, prune_method *second, const char *name);

/* ---- Computing masks (compute.c, combine.c, choose.c) ---- */

/* Runs the method on all of `t`, which is float32. `mask` is contiguous, of t's shape, and holds the default mask. */
prune_status pruni_compute_mask(prune_method *method, prune_tensor *mask, const prune_tensor *t);

/* Chooses entries by magnitude or at random; writes them: where there is no value, the mask alone. */
prune_status pruni_fuse_entries(pruni_fusion *fusion, prune_amount amount, prune_ties ties, bool at_random);
void pruni_write_entries(void *context, pruni_fusion *fusion);
void pruni_fusion_free(pruni_fusion *fusion);

/* A tensor and the contiguous mask that it has so far. */
typedef struct pruni_part {
    const prune_tensor *t;
    prune_tensor *mask;
} pruni_part;

/* Runs the method as the newest of a container, on what the mask leaves; the mask is rewritten, on failure too. */
prune_status pruni_combine_mask(prune_method *method, pruni_part part);

/* The same for an unstructured method on several tensors as if they were one list. */
prune_status pruni_combine_list(prune_method *method, const pruni_part *parts, int64_t count);

/* Sets out[i] to `value` for the first k of n numbers (0 ≤ k ≤ n), smallest or largest first. */
prune_status pruni_choose(float *out, float value, const float *x, int64_t n, int64_t k, bool largest, prune_ties ties);

/* Another float32 tensor in contiguous order, of the same shape: a copy to be written, or ones for NULL. */
prune_status pruni_mask_copy(prune_tensor **out, const prune_tensor *mask, const prune_tensor *like);

/* Options as given to a constructor; NULL: the defaults. */
prune_status pruni_check_method_options(prune_ties *ties, const prune_method_options *options);

/* Where PyTorch's indexing by the channels of a dim puts what it takes from a tensor that is not contiguous: the strides for
 * a part of those sizes. (combine.c) */
void pruni_taken_strides(int64_t strides[PRUNE_MAX_DIMS], const prune_tensor *t, const int64_t *sizes, int64_t channel);

/* The sum of a mask's channels along `dim`, each in float, by rows. */
void pruni_channel_sums(float *sums, const prune_tensor *mask, int64_t dim);

/* A contiguous tensor as the channels of a dim counted from the front. */
pruni_channels pruni_channels_of(const prune_tensor *t, int64_t dim);

/* The dim of a structured method from the front, or PyTorch's IndexErrors in a container. */
prune_status pruni_container_dim(int64_t *out, int64_t dim, const prune_tensor *t);

/* Fails with IndexError as PyTorch does for a dim that t does not have; *out is counted from the front. */
prune_status pruni_check_dim(int64_t *out, int64_t dim, const prune_tensor *t);

/* Fails with ValueError for tensors of fewer than two dims. */
prune_status pruni_check_structured(const prune_tensor *t);

/* ---- The hook (hook.c) ---- */

/* What a pruned parameter's hook keeps. */
typedef struct pruni_pruning {
    prune_method *method;
    char *name, *orig_name, *mask_name;
    prune_tensor *value; /* the live tensor; NULL in a clone that has not run: what the attribute holds is it */
} pruni_pruning;

/* A hook for `method` that rewrites `value`, in no list yet. */
prune_status pruni_pruning_hook_create(pruni_hook **out, prune_method *method, const char *name, prune_tensor *value);

bool pruni_is_pruning_hook(const pruni_hook *hook);
pruni_pruning *pruni_pruning_of(const pruni_hook *hook);

/* The hook that prunes the parameter `name`; NULL: it is not pruned. */
pruni_hook *pruni_find_hook(const prune_module *module, const char *name);
void pruni_remove_hook(prune_module *module, const pruni_hook *hook);

char *pruni_suffixed(const char *name, const char *suffix); /* owned by the caller */

/* getattr(module, name) of parameters, buffers and attributes: *t is borrowed, NULL if absent. PyTorch's AttributeError. */
prune_status pruni_get_own(prune_tensor **t, const prune_module *module, const char *name);

/* What the product is made of, as float32; to be released. */
prune_status pruni_get_orig(prune_tensor **orig, const prune_module *module, const char *orig_name);
prune_status pruni_get_mask(prune_tensor **mask, const prune_module *module, const char *mask_name);

/* The live tensor, retained, or a new one if it has not the shape of the product. */
prune_status pruni_fit_value(prune_tensor **value, const prune_module *module, const pruni_pruning *pruning,
                             const prune_tensor *mask, const prune_tensor *orig);

/* An uninitialised float32 tensor of t's shape and, if t is dense, order in memory. */
prune_status pruni_empty_like(prune_tensor **out, const prune_tensor *t);

/* value = mask * orig; value may be orig, and otherwise shares no memory with either. */
void pruni_multiply(prune_tensor *value, const prune_tensor *mask, const prune_tensor *orig);

/* The same, and the marks of a value computed from a parameter; the marks alone. */
void pruni_set_value(prune_tensor *value, const prune_tensor *mask, const prune_tensor *orig);

/* What the hook does, where all is in its place and takes no memory; else false, and nothing is done. */
bool pruni_renew_value(const prune_module *module, const pruni_pruning *pruning);
void pruni_mark_value(prune_tensor *value, const prune_tensor *orig);

/* Fails with type, as PyTorch does, unless the method can choose among several tensors together (global.c). */
prune_status pruni_check_global_method(const prune_method *method);

/* ---- Applying (apply.c) ---- */

/* A parameter whose compute_mask runs: listed in its module meanwhile, so that it is not pruned or removed. */
struct pruni_work {
    const char *name;
    struct pruni_work *next;
};

/* A prune of one parameter: begun, then prepared, then committed, then freed; or freed at any time, which leaves
 * everything as it was. All zero at first. */
typedef struct pruni_application {
    prune_module *module; /* owned references, here and below */
    char *name, *orig_name, *mask_name;
    prune_tensor *target; /* module.<name>: NULL if absent */
    pruni_hook *before;   /* its hook so far; NULL: the first prune */
    struct pruni_work work;

    prune_method *method; /* the one that is applied, a copy for this parameter */
    prune_tensor *mask;   /* the mask that comes of it; contiguous, or like the value */
    prune_tensor *value;  /* the product, where it was made with the mask */
    pruni_fusion fusion;  /* or, for a later prune, what both will be made by, without a mask of its own */
    pruni_entries entries;

    const struct pruni_application *previous; /* of the same parameter, to be committed before this one */
    prune_tensor *orig, *buffer; /* what is registered as orig and mask; the buffer may be one that is there already */
    prune_tensor *for_keeper;    /* what whoever keeps the values of a buffer that is there already will get */
    pruni_hook *after;
    bool grows; /* the container at work so far takes the method */

    prune_tensor *replaced[3]; /* what bore the names before; let go of when all is in its place */
} pruni_application;

/* Finds the parameter. Fails as PyTorch does where there is no such name; state, if it is being pruned. */
prune_status pruni_application_begin(pruni_application *app, prune_module *module, const char *name);

/* Fails as PyTorch does unless the scores (NULL passes) have the parameter's shape. */
prune_status pruni_application_check_scores(const pruni_application *app, const prune_tensor *scores);

/* Fails with shape: a mask that is registered does not fit. */
prune_status pruni_wrong_mask(const pruni_application *app, const prune_tensor *mask);

/* Fails as PyTorch does where a parameter is None. */
prune_status pruni_fail_absent(void);

/* Fails as PyTorch does unless the name is a parameter's that can move to name_orig, or is pruned already. */
prune_status pruni_application_check_parameter(const pruni_application *app);

/* Marks the parameter as being pruned, and no longer; in between, callbacks may run. */
void pruni_application_start_work(pruni_application *app);
void pruni_application_end_work(pruni_application *app);

/* Fail with state if `name` is marked; if callbacks have replaced the parameter or its hook. */
prune_status pruni_check_not_at_work(const prune_module *module, const char *name);
prune_status pruni_application_check_unchanged(const pruni_application *app);

/* Whether the method, which is set, needs no copies of this parameter; then its mask, or the plan for it (fuse.c). */
bool pruni_application_can_fuse(const pruni_application *app, const prune_tensor *scores);
prune_status pruni_application_fuse(pruni_application *app, const prune_tensor *scores);

/* What choosing without copies needs of the tensors, and its entries: on the first prune with new tensors to be written. */
bool pruni_application_is_plain(const pruni_application *app, const prune_tensor *scores);
prune_status pruni_application_make_entries(pruni_application *app, const prune_tensor *scores);

/* From the third prune on PyTorch computes a permuted parameter's value in row-major order, while the live tensor keeps
 * its order: norms mind the difference. */
bool pruni_application_value_is_by_rows(const pruni_application *app);

/* Whether nobody else sees the mask so far of a pruned parameter, which is plain. */
bool pruni_application_owns_mask(const pruni_application *app);

/* Whether a buffer can be rewritten in place by such a mask: nobody else sees it. */
bool pruni_is_private(const prune_tensor *buffer, const prune_tensor *mask);

/* Makes all that committing needs. The method and the mask are set. `records` in the module: how many applications,
 * this one included, will be committed to it. */
prune_status pruni_application_prepare(pruni_application *app, int64_t records);

/* Then, where no other application is to be committed to the parameter: has the method let go of what it borrows. */
prune_status pruni_application_keep_mask(pruni_application *app);
void pruni_application_commit(pruni_application *app);
void pruni_application_free(pruni_application *app);

/* ---- Removing (remove.c) ---- */

/* The end of a pruning: prepared, then committed, then freed; or freed at any time, which leaves everything as it was. All
 * zero at first. */
typedef struct pruni_removal {
    prune_module *module; /* borrowed */
    pruni_hook *hook;     /* an owned reference, as all below */
    prune_tensor *orig, *mask;
    prune_tensor *values;  /* orig itself, to be written in place, or a new tensor whose storage it takes */
    char *name;            /* for the entry */
    prune_tensor *gone[2]; /* the mask, and what bears the name; let go of when all is in its place */
    prune_module *gone_child;
} pruni_removal;

prune_status pruni_removal_prepare(pruni_removal *removal, prune_module *module, const char *name);
void pruni_removal_commit(pruni_removal *removal);
void pruni_removal_free(pruni_removal *removal);

/* ---- Streaming (streaming.c) ---- */

/* prune_select_streaming() without its last pass, for arguments that were checked. What is pruned are the keys below *key
 * (0: none is) and the first out->tied_pruned that equal it. `largest`: the largest scores go, as draws do. */
prune_status pruni_find_threshold(prune_selection *out, uint32_t *key, const prune_score_stream_ops *ops, void *context,
                                  prune_amount amount, bool largest);

/* ---- Words (look.c) ---- */

/* Fails with "Parameter '{name}' of module {module} {rest}". */
prune_status pruni_fail_parameter(prune_status status, const prune_module *module, const char *name, const char *rest);

/* Fails with a sentence that was put together, and frees it. */
prune_status pruni_fail_text(prune_status status, pruni_text *text);

#endif
