/** @file random.h
 *  Random numbers: PyTorch's CPU generator (MT19937), the same streams for the same seeds.
 *
 *  A `prune_generator *` argument may be NULL for the default generator, which is shared by the process. It is locked
 *  while a tensor is filled, so that the numbers of one tensor follow each other; other threads that draw from it wait
 *  as long. A generator of one's own is used by one thread at a time, without a lock.
 */
#ifndef PRUNE_RANDOM_H
#define PRUNE_RANDOM_H

#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A generator: prune_generator_create(), prune_generator_release(). */
typedef struct prune_generator prune_generator;

/** torch.Generator(): seeded with 67280421310721, as PyTorch's. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_generator_create(prune_generator **out);

/** Frees it. Takes NULL. */
PRUNE_API void prune_generator_release(prune_generator *generator);

/** torch.manual_seed (NULL: the default generator) and Generator.manual_seed. PyTorch takes −2⁶³ … 2⁶⁴−1: a negative
 *  seed converts to its two's complement, as C does by itself. The stream depends on the low 32 bits.
 *  The default generator, if it was never seeded, takes a seed from the clock and addresses: unpredictable, as
 *  PyTorch's. */
PRUNE_API void prune_manual_seed(prune_generator *generator, uint64_t seed);

/** Generator.get_state(), torch.get_rng_state(): a uint8 tensor of 5056 bytes, PyTorch's own layout, so that a state
 *  saved there goes on here and the reverse. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_generator_get_state(prune_tensor **out, prune_generator *generator);

/** Generator.set_state(). Errors: type (not uint8), runtime (not 5056 bytes, or not a state). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_generator_set_state(prune_generator *generator,
                                                                  const prune_tensor *state);

/** torch.rand: uniform in [0, 1), row-major. float32 takes one 32-bit draw an element and has 24 random bits, float64
 *  two draws and 53. Errors: those of prune_tensor_empty(), unsupported (another
 *  dtype). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_rand(prune_tensor **out, const int64_t *sizes, int64_t ndim,
                                                   prune_dtype dtype, prune_generator *generator);

/** Tensor.uniform_(from, to), float32, as PyTorch's AVX2 kernels: fmaf(u, to − from, from), where a value that rounds
 *  up to `to` becomes `from`. A dense permuted tensor is filled in memory order.
 *  Errors: runtime (from > to, NaN or out of float's range, to − from above FLT_MAX), unsupported, state. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_tensor_uniform_(prune_tensor *t, double from, double to,
                                                              prune_generator *generator);

#ifdef __cplusplus
}
#endif

#endif
