/* The tensor's inside, for this layer and those above. */
#ifndef PRUNI_TENSOR_INTERNAL_H
#define PRUNI_TENSOR_INTERNAL_H

#include "base/internal.h"
#include "kernels/internal.h"
#include "prune/dict.h"
#include "prune/random.h"
#include "prune/tensor.h"

typedef struct pruni_storage {
    pruni_refs refs; /* handles (tensors) that see it */
    void *data;
    bool owned;                                 /* the library's memory, most often behind it in the same block */
    bool read_only;                             /* wrapped as const */
    void (*release)(void *context, void *data); /* of wrapped or mapped memory; may be NULL */
    void *context;
    prune_tensor *keeper; /* borrowed: see pruni_tensor_keep() */
} pruni_storage;

struct prune_tensor {
    pruni_refs refs;
    pruni_storage *storage;
    prune_dtype dtype;
    int64_t offset; /* of the first element, in elements */
    int64_t numel;
    int64_t ndim;
    bool is_parameter; /* registered as a parameter: nn.Parameter */
    bool requires_grad;
    bool has_grad_fn;              /* a pruned parameter's value: prints grad_fn=<MulBackward0> */
    int64_t sizes[PRUNE_MAX_DIMS]; /* set as far as there are dims, as the strides are */
    int64_t strides[PRUNE_MAX_DIMS];
};

/* ---- Shapes (shape.c) ---- */

int64_t pruni_dtype_size(prune_dtype dtype); /* 0: no such dtype */
bool pruni_is_floating(prune_dtype dtype);

prune_status pruni_check_rank(int64_t ndim); /* 0 to PRUNE_MAX_DIMS, else a value error */

/* Checks rank, sizes (not NULL if there are any), dtype and that the bytes fit, and gives the product of the sizes. */
prune_status pruni_check_shape(int64_t *numel, const int64_t *sizes, int64_t ndim, prune_dtype dtype);
void pruni_contiguous_strides(int64_t *strides, const int64_t *sizes, int64_t ndim);

/* size · stride, or `stride` where the product does not fit: for dims of one entry, whose stride is never used. */
int64_t pruni_outer_stride(int64_t size, int64_t stride);
bool pruni_same_shape(const prune_tensor *a, const prune_tensor *b);

/* dim counted from the front, or PyTorch's IndexError: "Dimension out of range (expected to be in range of [-2, 1], but
 * got 2)". Rank 0 has dims −1 and 0. */
prune_status pruni_wrap_dim(int64_t *out, int64_t dim, int64_t ndim);

/* Sorts the dims (not NULL if there are any) into a mask of booleans, one per dim; none listed: all. Fails as
 * pruni_wrap_dim, or for a dim twice. */
prune_status pruni_reduced_dims(bool reduced[PRUNE_MAX_DIMS], const int64_t *dims, int64_t ndims, int64_t ndim);

/* "[3, 4]" and "torch.Size([3, 4])" into a buffer, for sentences. */
enum { PRUNI_SHAPE_TEXT = 16 + PRUNE_MAX_DIMS * 22 };
const char *pruni_list_text(char text[PRUNI_SHAPE_TEXT], const int64_t *numbers, int64_t count);
const char *pruni_shape_text(char text[PRUNI_SHAPE_TEXT], const int64_t *sizes, int64_t ndim);

/* ---- Handles (storage.c) ---- */

/* A handle on an existing storage, which it retains. Strides NULL: contiguous. Neither parameter nor grad. */
prune_status pruni_tensor_over(prune_tensor **out, pruni_storage *storage, prune_dtype dtype, int64_t offset,
                               const int64_t *sizes, const int64_t *strides, int64_t ndim);

/* A view of t: the same storage and dtype, the first element `offset` elements after t's. */
prune_status pruni_tensor_view_over(prune_tensor **out, const prune_tensor *t, int64_t offset, const int64_t *sizes,
                                    const int64_t *strides, int64_t ndim);

/* An uninitialised tensor with storage of its own, laid out by the strides of a dense tensor. */
prune_status pruni_tensor_empty_strided(prune_tensor **out, const int64_t *sizes, const int64_t *strides, int64_t ndim,
                                        prune_dtype dtype);

/* Whether another handle sees the storage, but for one that keeps its values. */
bool pruni_tensor_shares_storage(const prune_tensor *t);

/* The two handles' memory, with its layout, in exchange; both have the same shape and dtype. */
void pruni_tensor_exchange_storage(prune_tensor *a, prune_tensor *b);

/* Address of the first element, whatever the dtype; no checks. Not NULL for empty tensors either. */
void *pruni_tensor_pointer(const prune_tensor *t);

/* The dims permuted into memory order of a dense (gapless, not overlapping) tensor: true, and order[0] is the
 * outermost; false for any other tensor. Contiguous ones give 0, 1, 2, … */
bool pruni_dense_order(int64_t order[PRUNE_MAX_DIMS], const prune_tensor *t);

/* The dims in the order that a copy has in memory, as in PyTorch: that of a dense tensor's own; of any other the dims keep
 * their order, without the gaps. And the strides of such a copy. */
void pruni_kept_order(int64_t order[PRUNE_MAX_DIMS], const prune_tensor *t);
void pruni_kept_strides(int64_t strides[PRUNE_MAX_DIMS], const prune_tensor *t);

/* ---- Kept values (keep.c) ---- */

/* A tensor that keeps the values of t, into whose memory nobody can write yet. It shares that memory until somebody asks
 * for leave to write there, and then gets a copy of its own. */
prune_status pruni_tensor_keep(prune_tensor **out, const prune_tensor *t);

/* Whether t keeps values in memory that it shares so. */
bool pruni_tensor_is_kept(const prune_tensor *t);

/* Before t is written to: the copy that whoever keeps its values is to get, or NULL; then hands over that copy's memory
 * and leaves t's in it, to be released. */
prune_status pruni_tensor_copy_for_keeper(prune_tensor **copy, const prune_tensor *t);
void pruni_tensor_part_from_keeper(const prune_tensor *t, prune_tensor *copy);

/* ---- Walking several tensors in step (walk.c) ---- */

enum { PRUNI_WALK_TENSORS = 3 };

/* Rows of elements that a kernel can take one after the other:
 *
 *     pruni_walk walk;
 *     pruni_walk_start(&walk, out->sizes, out->ndim, (const prune_tensor *[]){ out, a, b }, 3);
 *     while (pruni_walk_next(&walk))
 *         kernel(walk.data[0], walk.strides[0], walk.data[1], walk.strides[1], …, walk.length);
 */
typedef struct pruni_walk {
    void *data[PRUNI_WALK_TENSORS];      /* the row's first element in each tensor */
    int64_t strides[PRUNI_WALK_TENSORS]; /* of the row, in elements; 0 where a tensor is broadcast */
    int64_t length;                      /* of the row; every row is as long */
    int64_t rows_left;                   /* from here on for walk.c alone */
    int64_t count, ndim;                 /* tensors; dims outside the row */
    bool started;
    int64_t sizes[PRUNE_MAX_DIMS], index[PRUNE_MAX_DIMS];
    int64_t steps[PRUNI_WALK_TENSORS][PRUNE_MAX_DIMS]; /* in bytes */
} pruni_walk;

/* Walks `count` tensors, each of which broadcasts to `sizes`, in row-major order; dims are merged where the strides of
 * all allow it, so that contiguous tensors are one row. Of an empty shape there is no row. */
void pruni_walk_start(pruni_walk *walk, const int64_t *sizes, int64_t ndim, const prune_tensor *const tensors[],
                      int64_t count);

/* The same in whatever order suits the memory of the first tensor, then of the others: for work where each element
 * stands alone. */
void pruni_walk_start_any_order(pruni_walk *walk, const int64_t *sizes, int64_t ndim,
                                const prune_tensor *const tensors[], int64_t count);

/* Walks t and, in data[0], an accumulator for each entry of `dim`; each of them meets its elements in the order of the
 * strides `layout`, whatever t's own are. */
void pruni_walk_channels(pruni_walk *walk, const prune_tensor *t, int64_t dim, const int64_t *layout,
                         float *accumulators);

/* Goes to the first or next row; false after the last. */
bool pruni_walk_next(pruni_walk *walk);

/* ---- Broadcasting (walk.c) ---- */

/* The shape that a and b broadcast to, or PyTorch's RuntimeError: "The size of tensor a (3) must match the size of tensor
 * b (4) at non-singleton dimension 1". */
prune_status pruni_broadcast_shape(int64_t sizes[PRUNE_MAX_DIMS], int64_t *ndim, const prune_tensor *a,
                                   const prune_tensor *b);

/* For in-place work: b must broadcast to t's own shape, else "output with shape [3] doesn't match the broadcast shape
 * [2, 3]" or the sentence above. */
prune_status pruni_check_broadcast_into(const prune_tensor *t, const prune_tensor *b);

/* ---- Overlap (overlap.c) ---- */

/* The same elements in the same places: reading one while writing the other, element by element, is safe. */
bool pruni_same_elements(const prune_tensor *a, const prune_tensor *b);

/* Whether the memory that a and b span has bytes in common. */
bool pruni_may_overlap(const prune_tensor *a, const prune_tensor *b);

/* What can be read, element by element in any order, while `written` is written: `source` itself, retained, or a copy
 * of it where the two overlap. *out is to be released. */
prune_status pruni_safe_source(prune_tensor **out, const prune_tensor *source, const prune_tensor *written);

/* ---- Checks that write the sentence (check.c) ---- */

/* Fails with unsupported unless float32: "<function>: computing with torch.int64 is not supported, convert it with
 * prune_tensor_to()". */
prune_status pruni_check_float32(const char *function, const prune_tensor *t);

/* Fails with state if the memory is read-only; whoever keeps its values parts from it. */
prune_status pruni_prepare_to_write(const char *function, const prune_tensor *t);

/* Fails with state if read-only, with runtime if elements share memory (a dim with stride 0). */
prune_status pruni_check_writable(const char *function, const prune_tensor *t);

/* ---- Values (convert.c, copy.c) ---- */

/* Copies src, which broadcasts to dst's shape, into dst; any dtypes and strides; the two do not overlap. Cannot fail. */
void pruni_copy_values(prune_tensor *dst, const prune_tensor *src);

/* One element, for printing and items; integers beyond 2^53 lose digits in the first form. */
double pruni_load_double(prune_dtype dtype, const void *element);
int64_t pruni_load_int64(prune_dtype dtype, const void *element);
void pruni_store_double(prune_dtype dtype, void *element, double value);

/* ---- Dicts (dict.c) ---- */

/* The tensor of that name; NULL, without an error, where there is none. */
prune_tensor *pruni_dict_find(const prune_dict *dict, const char *key);

/* Its place in the order; −1, without an error, where there is none. */
int64_t pruni_dict_index(const prune_dict *dict, const char *key);

/* ---- Tables (table.c): names in order, each with a pointer, found by hash. All zero is an empty table, which must stay
 * where it is: its address is the key of the hash. ---- */

typedef struct pruni_table_item {
    char *name; /* owned */
    uint64_t hash;
    void *value; /* the user's to free */
} pruni_table_item;

typedef struct pruni_table {
    pruni_table_item *items; /* in the order of appending */
    int64_t count, capacity;
    int64_t *slots;
    int64_t slot_count; /* a power of two, or 0 */
} pruni_table;

int64_t pruni_table_find(const pruni_table *table, const char *name); /* −1: none */

/* Puts a copy of a name that is not there yet last. */
prune_status pruni_table_append(pruni_table *table, const char *name, void *value);

/* Takes an item out, in linear time, and hands over its value. */
void *pruni_table_remove(pruni_table *table, int64_t i);

/* Frees the names and the arrays, not the values. */
void pruni_table_free(pruni_table *table);

/* ---- Generators (generator.c) ---- */

struct prune_generator {
    uint32_t state[PRUNI_MT19937_WORDS];
    int32_t next;        /* index of the next word in state */
    int32_t left;        /* words to take before the next twist, plus one; counted as in PyTorch's saved state */
    uint64_t seed;       /* as given to prune_manual_seed */
    uint8_t normals[40]; /* normal samples held back: the end of PyTorch's saved state, kept as it came */
};

/* The generator itself, or the default one for NULL, seeded and locked until it is unlocked. Between the two nothing
 * may run that could lock it again: no callback. */
prune_generator *pruni_generator_lock(prune_generator *generator);
void pruni_generator_unlock(prune_generator *generator); /* what pruni_generator_lock() gave */

/* The words of the next draws, up to n of them, not tempered yet: gives how many, at least 1 of n ≥ 1. They stay until the
 * generator is used again. */
int64_t pruni_generator_take(prune_generator *generator, const uint32_t **words, int64_t n);

/* The next n 32-bit draws of a generator, locked where it must be. */
void pruni_generator_draw(prune_generator *generator, uint32_t *draws, int64_t n);

/* The state of a generator (NULL: the default one, locked meanwhile), to be put back when an operation fails. */
void pruni_generator_save(struct prune_generator *copy, prune_generator *generator);
void pruni_generator_restore(prune_generator *generator, const struct prune_generator *copy);

/* ---- Random numbers (random.c) ---- */

/* n float32 draws in [0, 1) as torch.rand, in order; locks the default generator if NULL. Cannot fail. */
void pruni_generator_uniform(prune_generator *generator, float *out, int64_t n);

/* ---- Reductions (reduce.c) ---- */

/* A new tensor of t's shape with size 1 for the dims reduced, every element `value`: what to accumulate in. */
prune_status pruni_reduced_full(prune_tensor **out, const prune_tensor *t, const bool reduced[PRUNE_MAX_DIMS],
                                double value, prune_dtype dtype);

/* Takes those dims of size 1 out of its shape. */
void pruni_drop_dims(prune_tensor *t, const bool reduced[PRUNE_MAX_DIMS]);

/* t at index 0 of the dims reduced, which have size 1: a view that keeps no reference and is not to be released. */
void pruni_start_view(prune_tensor *view, const prune_tensor *t, const bool reduced[PRUNE_MAX_DIMS]);

/* ---- Norms (norm.c) ---- */

enum { PRUNI_NORM_P = 1, PRUNI_NORM_FRO = 2, PRUNI_NORM_NUC = 3 }; /* prune_norm.kind */

/* The norms of the channels of `dim`, all other dims reduced, in PyTorch's float order: out[0 … size(dim)), which a
 * failure may leave half written. t is float32. Fails as prune_tensor_norm() says. Of the channels whose number in
 * `seen` is 0 nothing is seen, and the norms of the others lie side by side; NULL: all are seen. The order is that of
 * memory as if t had the strides `layout` of a dense tensor; NULL: its own. */
prune_status pruni_channel_norms(float *out, const prune_tensor *t, prune_norm norm, int64_t dim, const int64_t *layout,
                                 const float *seen);

/* Checks that a norm was made by prune_norm_…(), and is not NaN. */
prune_status pruni_check_norm(const char *function, prune_norm norm);

/* ---- Printing ---- */

/* print.c. Adds what print(t) would show; NULL is "None". Options are valid, NULL for PyTorch's defaults. */
void pruni_tensor_text(pruni_text *text, const prune_tensor *t, const prune_print_options *options);

/* Fails with a value error if options (NULL passes) are outside their ranges. */
prune_status pruni_check_print_options(const char *function, const prune_print_options *options);

/* print_number.c. A number as printf's %.*e or %.*f, but with a dot whatever the locale, and "nan" without a sign.
 * Gives the length; precision is at most 60. */
enum { PRUNI_NUMBER_TEXT = 384 };
int pruni_format_exponent(char text[PRUNI_NUMBER_TEXT], int precision, double value);
int pruni_format_fixed(char text[PRUNI_NUMBER_TEXT], int precision, double value);

/* Puts a dot in the place of whatever stands between the first digits of a number and the next. */
void pruni_replace_decimal_point(char *number);

/* print_format.c. How the elements of one tensor are written. */
typedef struct pruni_print_format {
    prune_dtype dtype;
    bool scientific;
    bool whole; /* floats without a fraction: "3." */
    int precision;
    int width; /* each element is padded to it on the left */
} pruni_print_format;

/* Chosen from the elements shown: all, or `edgeitems` at each end of a dim that has more than twice as many. */
void pruni_choose_print_format(pruni_print_format *format, const prune_tensor *t, int64_t edgeitems,
                               const prune_print_options *options);
int pruni_format_element(char text[PRUNI_NUMBER_TEXT], const pruni_print_format *format, const void *element);

/* How many entries of a dim are left out after the first `edgeitems`; 0: none. */
int64_t pruni_print_gap(int64_t size, int64_t edgeitems);

enum { PRUNI_PRINT_LEFT = 7 }; /* columns that "tensor(" takes */

/* print_layout.c. Adds the values of a tensor in brackets, as they stand after "tensor(". */
void pruni_values_text(pruni_text *text, const prune_tensor *t, const prune_print_options *options);
void pruni_text_add_spaces(pruni_text *text, int64_t count);

/* python_repr.c. A number as Python's repr of a float: shortest digits that read back ("1e-05", "0.1", "3.0"). */
void pruni_text_add_float(pruni_text *text, double value);

/* A name as Python's repr of a string, quotes and escapes included. Bytes that are not UTF-8 appear as the surrogates
 * for which Python lets them stand ("\udcff"). */
void pruni_text_add_repr(pruni_text *text, const char *string);

#endif
