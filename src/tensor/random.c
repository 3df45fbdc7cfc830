/* Random tensors. */
#include "tensor/internal.h"

#include <float.h>
#include <string.h>

enum { CHUNK = PRUNI_MT19937_WORDS }; /* draws at a time, even */

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ---- torch.rand ---- */

static void fill_float(prune_generator *generator, float *out, int64_t n)
{
    uint32_t draws[CHUNK];
    for (int64_t done = 0; done < n; done += CHUNK) {
        int64_t count = smaller(n - done, CHUNK);
        pruni_generator_draw(generator, draws, count);
        pruni_kernel_uniform_float(out + done, draws, count);
    }
}

static void fill_double(prune_generator *generator, double *out, int64_t n)
{
    uint32_t draws[CHUNK];
    for (int64_t done = 0; done < n; done += CHUNK / 2) {
        int64_t count = smaller(n - done, CHUNK / 2);
        pruni_generator_draw(generator, draws, 2 * count);
        pruni_kernel_uniform_double(out + done, draws, count);
    }
}

void pruni_generator_uniform(prune_generator *generator, float *out, int64_t n)
{
    prune_generator *own = pruni_generator_lock(generator);
    fill_float(own, out, n);
    pruni_generator_unlock(own);
}

prune_status prune_rand(prune_tensor **out, const int64_t *sizes, int64_t ndim, prune_dtype dtype,
                        prune_generator *generator)
{
    PRUNI_REQUIRE(out);
    int64_t numel;
    if (pruni_check_shape(&numel, sizes, ndim, dtype))
        return prune_last_status();
    if (dtype != PRUNE_FLOAT32 && dtype != PRUNE_FLOAT64)
        return prune_fail(PRUNE_ERROR_UNSUPPORTED, "prune_rand: %s is not supported, float32 and float64 are",
                          prune_dtype_name(dtype));
    prune_tensor *t = NULL;
    if (prune_tensor_empty(&t, sizes, ndim, dtype))
        return prune_last_status();
    prune_generator *own = pruni_generator_lock(generator);
    if (dtype == PRUNE_FLOAT32)
        fill_float(own, pruni_tensor_pointer(t), numel);
    else
        fill_double(own, pruni_tensor_pointer(t), numel);
    pruni_generator_unlock(own);
    *out = t;
    return PRUNE_OK;
}
