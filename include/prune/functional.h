/** @file functional.h
 *  Stateless operations, as torch.nn.functional. Any strided float32 input; the output is new and contiguous.
 *  Errors of all: unsupported (not float32).
 */
#ifndef PRUNE_FUNCTIONAL_H
#define PRUNE_FUNCTIONAL_H

#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** PyTorch's "int or tuple of ints", written PRUNE_INTS(5) or PRUNE_INTS(3, 5), last dim last: `count` 1 is the plain
 *  int, which stands for every dim. The zero value stands for PyTorch's default. */
typedef struct prune_ints {
    int64_t count;     /**< 0 to 3 */
    int64_t values[3]; /**< as many of them */
} prune_ints;

/** A prune_ints of one to three numbers. */
#ifdef __cplusplus
#define PRUNE_INTS(...) \
    (prune_ints{ static_cast<int64_t>((std::initializer_list<int64_t>{ __VA_ARGS__ }).size()), { __VA_ARGS__ } })
#else
#define PRUNE_INTS(...) \
    ((prune_ints){ (int64_t)(sizeof((const int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t)), { __VA_ARGS__ } })
#endif

/** max(x, 0); NaN stays. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_relu(prune_tensor **y, const prune_tensor *x);

/** 1 / (1 + e^−x) */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_sigmoid(prune_tensor **y, const prune_tensor *x);

/** Hyperbolic tangent. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tanh(prune_tensor **y, const prune_tensor *x);

/** x · Φ(x), exact (with erf; approximate='none'). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_gelu(prune_tensor **y, const prune_tensor *x);

/** Softmax along `dim`. Errors: index. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_softmax(prune_tensor **y, const prune_tensor *x, int64_t dim);

/** Logarithm of the softmax along `dim`. Errors: index. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_log_softmax(prune_tensor **y, const prune_tensor *x, int64_t dim);

/** Keywords of max_pool1d and max_pool2d. */
typedef struct prune_max_pool_options {
    size_t size;         /**< sizeof(prune_max_pool_options) */
    prune_ints stride;   /**< default: the kernel's size */
    prune_ints padding;  /**< default 0; at most half the kernel; padded with −inf */
    prune_ints dilation; /**< default 1 */
    bool ceil_mode;      /**< default false */
} prune_max_pool_options;

/** The defaults. */
#define PRUNE_MAX_POOL_OPTIONS_INIT                                                     \
    {                                                                                   \
        sizeof(prune_max_pool_options), { 0, { 0 } }, { 0, { 0 } }, { 0, { 0 } }, false \
    }

/** max_pool1d: x (N, C, L) or (C, L). Errors: runtime in PyTorch's words (rank, kernel, stride, padding, output size; a
 *  number outside int's range), type (no kernel_size), value (options->size). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_max_pool1d(prune_tensor **y, const prune_tensor *x,
                                                         prune_ints kernel_size, const prune_max_pool_options *options);

/** max_pool2d: x (N, C, H, W) or (C, H, W). Errors: as prune_max_pool1d(). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_max_pool2d(prune_tensor **y, const prune_tensor *x,
                                                         prune_ints kernel_size, const prune_max_pool_options *options);

/** Keywords of avg_pool2d. */
typedef struct prune_avg_pool_options {
    size_t size;              /**< sizeof(prune_avg_pool_options) */
    prune_ints stride;        /**< default: the kernel's size */
    prune_ints padding;       /**< default 0; at most half the kernel; padded with 0 */
    bool ceil_mode;           /**< default false */
    bool count_include_pad;   /**< default true: padding counts in the divisor */
    int64_t divisor_override; /**< divisor instead of the window's size; default 0: none */
} prune_avg_pool_options;

/** The defaults. */
#define PRUNE_AVG_POOL_OPTIONS_INIT                                                \
    {                                                                              \
        sizeof(prune_avg_pool_options), { 0, { 0 } }, { 0, { 0 } }, false, true, 0 \
    }

/** avg_pool2d: x (N, C, H, W) or (C, H, W). Errors: as prune_max_pool1d(), index (fewer than three dims). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_avg_pool2d(prune_tensor **y, const prune_tensor *x,
                                                         prune_ints kernel_size, const prune_avg_pool_options *options);

/** adaptive_avg_pool2d: x (N, C, H, W) or (C, H, W), of any rank from 2 on where the output is 1 × 1; a −1 in
 *  output_size is Python's None: that size stays. Errors in PyTorch's words: runtime (rank, output_size, an empty input),
 *  value (no more dims than output_size has numbers), index (fewer than 2 dims). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_adaptive_avg_pool2d(prune_tensor **y, const prune_tensor *x,
                                                                  prune_ints output_size);

#ifdef __cplusplus
}
#endif

#endif
