/** @file tensor.h
 *  Dense tensors: reference-counted storage seen through a shape and strides, as torch.Tensor.
 *
 *  - Shapes are given as an array and its length; PRUNE_SHAPE(2, 3) writes both, PRUNE_SCALAR is rank 0. Sizes may
 *    be 0. Strides and offsets count elements.
 *  - A negative dim counts from the end, as in PyTorch; one outside is #PRUNE_ERROR_INDEX.
 *  - Views share storage: what is written through one is seen by all. Any other result is new and contiguous.
 *  - Only float32 is computed with. The other dtypes can be stored, viewed, copied, converted, compared, printed and
 *    saved; anything else is #PRUNE_ERROR_UNSUPPORTED.
 *  - Writing to a tensor over read-only memory is #PRUNE_ERROR_STATE; writing to one whose elements share memory
 *    (expanded) is #PRUNE_ERROR_RUNTIME, as in PyTorch, which allows fill_ and single elements.
 */
#ifndef PRUNE_TENSOR_H
#define PRUNE_TENSOR_H

#include "base.h"

#include <stdio.h>

#ifdef __cplusplus
#include <initializer_list>
extern "C" {
#endif

/** The highest rank. */
#define PRUNE_MAX_DIMS 16

/** A shape, or a list of dims or indices, as the two arguments (array, length) that functions take:
 *  `prune_tensor_zeros(&t, PRUNE_SHAPE(2, 3), PRUNE_FLOAT32)`. The array lives as long as the enclosing block (in C++
 *  the full expression); the library never keeps it. */
#ifdef __cplusplus
#define PRUNE_SHAPE(...)                                     \
    (std::initializer_list<int64_t>{ __VA_ARGS__ }).begin(), \
        static_cast<int64_t>((std::initializer_list<int64_t>{ __VA_ARGS__ }).size())
#else
#define PRUNE_SHAPE(...) \
    (const int64_t[]){ __VA_ARGS__ }, (int64_t)(sizeof((const int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t))
#endif

/** The shape of a rank 0 tensor. */
#define PRUNE_SCALAR NULL, (int64_t)0

/** For reductions: over all dims. */
#define PRUNE_ALL_DIMS NULL, (int64_t)0

/** Every dtype: X(name, value, name in PyTorch, bytes of an element). Values are in the machine's byte order. */
#define PRUNE_DTYPE_MAP(X)                    \
    X(PRUNE_FLOAT32, 0, "torch.float32", 4)   \
    X(PRUNE_FLOAT64, 1, "torch.float64", 8)   \
    X(PRUNE_FLOAT16, 2, "torch.float16", 2)   \
    X(PRUNE_BFLOAT16, 3, "torch.bfloat16", 2) \
    X(PRUNE_INT64, 4, "torch.int64", 8)       \
    X(PRUNE_INT32, 5, "torch.int32", 4)       \
    X(PRUNE_UINT8, 6, "torch.uint8", 1)       \
    X(PRUNE_BOOL, 7, "torch.bool", 1)

/** The type of the elements. */
typedef enum prune_dtype {
#define PRUNE_DTYPE_ENUM(name, value, torch_name, bytes) name = value,
    PRUNE_DTYPE_MAP(PRUNE_DTYPE_ENUM)
#undef PRUNE_DTYPE_ENUM
} prune_dtype;

/** "torch.float32" and so on; NULL for a number that is no dtype. */
PRUNE_API const char *prune_dtype_name(prune_dtype dtype);

/** A handle on storage: dtype, shape, strides, offset. */
typedef struct prune_tensor prune_tensor;

/* ---- Make ------------------------------------------------------------------------------------------------------
 * Errors of all: runtime (a negative size), value (a rank above PRUNE_MAX_DIMS, no such dtype), memory (also a product
 * of sizes that does not fit). */

/** torch.empty: values are indeterminate. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_empty(prune_tensor **out, const int64_t *sizes, int64_t ndim,
                                                           prune_dtype dtype);

/** torch.zeros. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_zeros(prune_tensor **out, const int64_t *sizes, int64_t ndim,
                                                           prune_dtype dtype);

/** torch.ones. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_ones(prune_tensor **out, const int64_t *sizes, int64_t ndim,
                                                          prune_dtype dtype);

/** torch.full: every element is `value`, converted as prune_tensor_to() does. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_full(prune_tensor **out, const int64_t *sizes, int64_t ndim,
                                                          double value, prune_dtype dtype);

/** torch.arange(start, end, step): shape (ceil((end - start) / step)), element i = start + i * step, computed in double
 *  (PyTorch's last bit depends on its vectors' width).
 *  Errors: runtime (step is 0, bounds not finite, or a step of the wrong sign). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_arange(prune_tensor **out, double start, double end, double step,
                                                            prune_dtype dtype);

/** torch.tensor: a float32 copy of the product-of-sizes values at `values`, row-major. `values` may be NULL only where
 *  there are none. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_from_values(prune_tensor **out, const float *values,
                                                                 const int64_t *sizes, int64_t ndim);

/** How a caller's memory is to be seen. Start from PRUNE_BLOB_OPTIONS_INIT. */
typedef struct prune_blob_options {
    size_t size;                                /**< sizeof(prune_blob_options) */
    prune_dtype dtype;                          /**< of the elements at data; float32 by default */
    const int64_t *strides;                     /**< one per dim, ≥ 0; NULL for row-major */
    void (*release)(void *context, void *data); /**< called once when no handle is left; may be NULL */
    void *context;                              /**< for release */
} prune_blob_options;

/** The defaults. */
#define PRUNE_BLOB_OPTIONS_INIT                                     \
    {                                                               \
        sizeof(prune_blob_options), PRUNE_FLOAT32, NULL, NULL, NULL \
    }

/** torch.from_blob: a tensor over memory of the caller's, not copied, which must stay until the last handle (views
 *  too) is released. `options` NULL: float32, row-major, nothing to call. On failure release is not called.
 *  Errors: value (negative stride, misaligned pointer), type (data NULL although there are elements). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_from_blob(prune_tensor **out, void *data, const int64_t *sizes,
                                                               int64_t ndim, const prune_blob_options *options);

/** The same over memory that may not be written, such as flash or a file mapping: writing to it is a state error.
 *  prune_remove() on such a parameter takes new memory. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_from_const_blob(prune_tensor **out, const void *data,
                                                                     const int64_t *sizes, int64_t ndim,
                                                                     const prune_blob_options *options);

/** Tensor.clone(): a copy with storage of its own. As in PyTorch, a tensor without gaps keeps its strides, of any other
 *  the dims keep their order in memory. Neither a parameter nor in need of a gradient. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_clone(prune_tensor **out, const prune_tensor *t);

/** Tensor.contiguous(): `t` itself, retained, if it is row-major, else a row-major copy. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_contiguous(prune_tensor **out, prune_tensor *t);

/** Tensor.to(dtype): `t` itself, retained, if it has that dtype, else a converted copy, laid out as
 *  prune_tensor_clone() does. Between floats rounds to nearest even (float16 and bfloat16 by way of float32, as in
 *  PyTorch); float to integer truncates (what the integer cannot hold is clamped to its range, NaN is 0, so that the
 *  result does not depend on the machine; PyTorch's is undefined there); integer to a shorter integer keeps the low
 *  bits, as in PyTorch; to bool is `!= 0`, so NaN is true. A NaN stays one, of the same sign (which bits PyTorch's
 *  bfloat16 NaN has depends on how the tensor lies in memory). Errors: value (no such dtype). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_to(prune_tensor **out, prune_tensor *t, prune_dtype dtype);

/** Adds a reference and returns `t`. Takes NULL. */
PRUNE_API prune_tensor *prune_tensor_retain(prune_tensor *t);

/** Drops a reference; the last one frees the handle, the last handle its storage. Takes NULL. */
PRUNE_API void prune_tensor_release(prune_tensor *t);

/* ---- Look ---------------------------------------------------------------------------------------------------- */

/** The dtype; float32 for NULL. */
PRUNE_API prune_dtype prune_tensor_dtype(const prune_tensor *t);

/** Tensor.dim(): the rank. */
PRUNE_API int64_t prune_tensor_ndim(const prune_tensor *t);

/** Tensor.size(dim); −1, and an index error as last error, for a dim outside. */
PRUNE_API int64_t prune_tensor_size(const prune_tensor *t, int64_t dim);

/** Tensor.shape: prune_tensor_ndim() sizes; never NULL for a tensor. Good while the handle lives. */
PRUNE_API const int64_t *prune_tensor_sizes(const prune_tensor *t);

/** Tensor.stride(): as many strides, in elements. Good while the handle lives. */
PRUNE_API const int64_t *prune_tensor_strides(const prune_tensor *t);

/** Tensor.numel(): the product of the sizes, 1 for rank 0. */
PRUNE_API int64_t prune_tensor_numel(const prune_tensor *t);

/** Tensor.is_contiguous(): row-major without gaps. Empty tensors are. */
PRUNE_API bool prune_tensor_is_contiguous(const prune_tensor *t);

/** The first element of a float32 tensor; NULL, and a type error as last error, for another dtype. The others lie by
 *  the strides. Good while a handle on this storage lives; see prune_remove() for a pruned parameter's. An empty
 *  tensor's pointer must not be read but is not NULL. */
PRUNE_API const float *prune_tensor_data(const prune_tensor *t);

/** The same for writing; NULL and a state error where the memory is read-only. (And a memory error, where a pruning
 *  method keeps the values, as that of a mask does: they are copied for it the first time.) */
PRUNE_API float *prune_tensor_data_mutable(prune_tensor *t);

/** The first element whatever the dtype. */
PRUNE_API const void *prune_tensor_raw_data(const prune_tensor *t);

/** The element at `index` (one number per dim, negative ones count from the end), as a double.
 *  Errors: index, value (an int64 beyond 2^53 that no double holds). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_get(double *out, const prune_tensor *t, const int64_t *index,
                                                         int64_t length);

/** Sets the element at `index`, converting as prune_tensor_to(). Errors: index, state (read-only). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_set(prune_tensor *t, const int64_t *index, int64_t length,
                                                         double value);

/** Tensor.requires_grad. There are no gradients here; the flag is kept for what PyTorch prints and counts. False until
 *  the tensor becomes a parameter. */
PRUNE_API bool prune_tensor_requires_grad(const prune_tensor *t);

/** Tensor.requires_grad_(). Errors: runtime (true for integers or bool). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_set_requires_grad(prune_tensor *t, bool requires_grad);

/* ---- Views: share the storage of `t` ----------------------------------------------------------------------------
 * Errors of all: index (a dim outside), value (a rank above PRUNE_MAX_DIMS). */

/** Tensor.view: another shape, one size may be −1. Errors: runtime (the strides do not allow it, or the number of
 *  elements differs). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_view(prune_tensor **out, prune_tensor *t, const int64_t *sizes,
                                                          int64_t ndim);

/** Tensor.reshape: a view where the strides allow it, else a copy. Errors: runtime (the number of elements). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_reshape(prune_tensor **out, prune_tensor *t, const int64_t *sizes,
                                                             int64_t ndim);

/** torch.flatten: dims start_dim to end_dim (0 and −1 in PyTorch's default) become one; a view where possible.
 *  Errors: index, runtime (start after end). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_flatten(prune_tensor **out, prune_tensor *t, int64_t start_dim,
                                                             int64_t end_dim);

/** Tensor.squeeze(dim): without `*dim` if its size is 1; NULL: without any dim of size 1. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_squeeze(prune_tensor **out, prune_tensor *t, const int64_t *dim);

/** Tensor.unsqueeze(dim): a dim of size 1 before `dim`, which lies in [−ndim−1, ndim]. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_unsqueeze(prune_tensor **out, prune_tensor *t, int64_t dim);

/** Tensor.select(dim, index): one rank less. Errors: index. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_select(prune_tensor **out, prune_tensor *t, int64_t dim,
                                                            int64_t index);

/** Tensor.narrow(dim, start, length). Errors: index, runtime (out of range, length negative). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_narrow(prune_tensor **out, prune_tensor *t, int64_t dim,
                                                            int64_t start, int64_t length);

/** t[..., start:end:step, ...] along `dim`, with Python's clamping of start and end (INT64_MAX: to the end).
 *  Errors: index, value (step < 1, as PyTorch's ValueError for t[::-1]). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_slice(prune_tensor **out, prune_tensor *t, int64_t dim,
                                                           int64_t start, int64_t end, int64_t step);

/** Tensor.transpose(dim0, dim1). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_transpose(prune_tensor **out, prune_tensor *t, int64_t dim0,
                                                               int64_t dim1);

/** Tensor.permute(dims). Errors: runtime (not each dim once). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_permute(prune_tensor **out, prune_tensor *t, const int64_t *dims,
                                                             int64_t ndim);

/** Tensor.expand(sizes): dims of size 1 repeat with stride 0, new ones lead, −1 keeps a size. Errors: runtime (a dim
 *  of another size, too few sizes), memory (more elements than any memory holds). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_expand(prune_tensor **out, prune_tensor *t, const int64_t *sizes,
                                                            int64_t ndim);

/* ---- Work: any strides, broadcasting as PyTorch. In-place forms end in an underscore, as there ------------------
 * Errors of all: unsupported (not float32, except fill_, copy_, equal), runtime (shapes that do not broadcast). */

/** Tensor.fill_(value), any dtype. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_fill_(prune_tensor *t, double value);

/** Tensor.copy_(src): broadcasts and converts; any dtypes. src may overlap t. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_copy_(prune_tensor *t, const prune_tensor *src);

/** a + b. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_add(prune_tensor **out, const prune_tensor *a,
                                                         const prune_tensor *b);
/** a − b. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_sub(prune_tensor **out, const prune_tensor *a,
                                                         const prune_tensor *b);
/** a · b, elementwise. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_mul(prune_tensor **out, const prune_tensor *a,
                                                         const prune_tensor *b);
/** a / b, IEEE: x / 0 is ±inf or NaN. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_div(prune_tensor **out, const prune_tensor *a,
                                                         const prune_tensor *b);
/** t += b; b broadcasts to t's shape and may overlap it. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_add_(prune_tensor *t, const prune_tensor *b);
/** t −= b. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_sub_(prune_tensor *t, const prune_tensor *b);
/** t *= b. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_mul_(prune_tensor *t, const prune_tensor *b);
/** t /= b. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_div_(prune_tensor *t, const prune_tensor *b);

/** torch.equal: same shape and equal elements (−0 equals 0, NaN nothing), any dtypes: values are compared, exactly.
 *  False, too, if either is NULL. Never fails. */
PRUNE_API bool prune_tensor_equal(const prune_tensor *a, const prune_tensor *b);

/** torch.allclose: |a − b| ≤ atol + rtol·|b| everywhere, computed in double; broadcasts. PyTorch's defaults are
 *  rtol = 1e-5, atol = 1e-8, equal_nan = false. Errors: runtime (negative or NaN tolerance). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_allclose(bool *out, const prune_tensor *a, const prune_tensor *b,
                                                              double rtol, double atol, bool equal_nan);

/* ---- Reductions: over the dims listed, PRUNE_ALL_DIMS for all; keepdim leaves them with size 1 -------------------
 * Errors of all: index (a dim outside), runtime (a dim twice), value (a negative number of dims), unsupported (not
 * float32). */

/** torch.sum, added in double, in row-major order, rounded once to float32. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_sum(prune_tensor **out, const prune_tensor *t, const int64_t *dims,
                                                         int64_t ndims, bool keepdim);

/** torch.count_nonzero: int64; NaN counts, −0 does not. Any dtype. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_count_nonzero(prune_tensor **out, const prune_tensor *t,
                                                                   const int64_t *dims, int64_t ndims);

/** torch.amin; NaN wins; of −0 and 0 the first.
 *  Errors: index (a dim listed is empty), runtime (all dims of an empty tensor). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_min(prune_tensor **out, const prune_tensor *t, const int64_t *dims,
                                                         int64_t ndims, bool keepdim);

/** torch.amax; NaN wins; of −0 and 0 the first.
 *  Errors: index (a dim listed is empty), runtime (all dims of an empty tensor). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_max(prune_tensor **out, const prune_tensor *t, const int64_t *dims,
                                                         int64_t ndims, bool keepdim);

/** torch.argmax over `*dim`, or, for NULL, over all elements in row-major order; int64. The first of equal ones, the
 *  first NaN if there is one. Errors: index (nothing to reduce). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_argmax(prune_tensor **out, const prune_tensor *t,
                                                            const int64_t *dim, bool keepdim);

/** The order of a norm; made by the functions below, the zero value is refused. */
typedef struct prune_norm {
    int kind;     /**< set by the functions below */
    double order; /**< for prune_norm_p() */
} prune_norm;

/** The p-norm: any double but NaN; 0, INFINITY, −INFINITY and negative ones as torch.linalg.vector_norm. */
PRUNE_API prune_norm prune_norm_p(double order);

/** 'fro', the Frobenius norm: over any number of dims the 2-norm, as PyTorch 2.14 (2.13 refuses more than two). */
PRUNE_API prune_norm prune_norm_fro(void);

/** 'nuc', the nuclear norm: the sum of the singular values, over exactly two dims. */
PRUNE_API prune_norm prune_norm_nuc(void);

/** torch.norm(t, n, dims): float32 sums in PyTorch's own order, bit for bit (its AVX2 and AVX-512 kernels) for the
 *  case that pruning uses, all dims but one, as for any other dims; orders other than 0, 1, 2 and ±inf as far as the C
 *  library's powf agrees; 'nuc' within rounding, NaN where there is an infinity.
 *  Errors: value (order NaN or not made by the functions above), runtime (order < 0 or ±inf over an empty dim; 'nuc'
 *  over other than two dims, or of a matrix with a NaN). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_norm(prune_tensor **out, const prune_tensor *t, prune_norm norm,
                                                          const int64_t *dims, int64_t ndims, bool keepdim);

/* ---- Print ---------------------------------------------------------------------------------------------------- */

/** torch.set_printoptions. Start from PRUNE_PRINT_OPTIONS_INIT, which is PyTorch's default. */
typedef struct prune_print_options {
    size_t size;       /**< sizeof(prune_print_options) */
    int64_t precision; /**< digits after the point, 0 to 60 */
    int64_t threshold; /**< more elements than this are summarised */
    int64_t edgeitems; /**< at each end of a summarised dim, ≥ 0 */
    int64_t linewidth; /**< columns, ≥ 1 */
    int sci_mode;      /**< 1 on, 0 off, −1 as the values ask */
} prune_print_options;

/** The defaults. */
#define PRUNE_PRINT_OPTIONS_INIT                        \
    {                                                   \
        sizeof(prune_print_options), 4, 1000, 3, 80, -1 \
    }

/** Prints as Python's print(t), with "Parameter containing:", requires_grad, grad_fn and dtype where PyTorch has them,
 *  and no newline at the end; NULL prints "None". `options` NULL: PyTorch's defaults. A pruned parameter's value
 *  carries `grad_fn=<MulBackward0>`, as in PyTorch after a prune or a forward with gradients on.
 *  Errors: value (options outside their ranges), io. */
PRUNE_API prune_status prune_tensor_print(FILE *file, const prune_tensor *t, const prune_print_options *options);

/** The same as a string, to be freed with prune_free(). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_to_string(char **out, const prune_tensor *t,
                                                               const prune_print_options *options);

#ifdef __cplusplus
}
#endif

#endif
