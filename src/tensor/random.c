/* Random tensors. */
#include "tensor/internal.h"

#include <float.h>

enum { CHUNK = PRUNI_MT19937_WORDS }; /* draws at a time, even */

/* ---- torch.rand ---- */

static void fill_float(prune_generator *generator, float *out, int64_t n)
{
    const uint32_t *words;
    for (int64_t done = 0, count = 0; done < n; done += count) {
        count = pruni_generator_take(generator, &words, n - done);
        pruni_kernel_uniform_float(out + done, words, count);
    }
}

static void fill_double(prune_generator *generator, double *out, int64_t n)
{
    uint32_t draws[CHUNK];
    for (int64_t done = 0; done < n; done += CHUNK / 2) {
        int64_t count = pruni_smaller(n - done, CHUNK / 2);
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
    PRUNI_REQUIRE_ARRAY(sizes, ndim);
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

/* ---- uniform_ ---- */

static prune_status check_range(double from, double to)
{
    const double limit = (double)FLT_MAX;
    if (!(from >= -limit && from <= limit))
        return prune_fail(PRUNE_ERROR_RUNTIME, "from is out of bounds for float");
    if (!(to >= -limit && to <= limit))
        return prune_fail(PRUNE_ERROR_RUNTIME, "to is out of bounds for float");
    if (from > to)
        return prune_fail(PRUNE_ERROR_RUNTIME,
                          "uniform_ expects to return a [from, to) range, but found from=%g > to=%g", from, to);
    if (to - from > limit)
        return prune_fail(PRUNE_ERROR_RUNTIME,
                          "uniform_ expects to-from <= std::numeric_limits<Float>::max(), but found to=%g and from=%g "
                          "which result in to-from to exceed the limit",
                          to, from);
    return PRUNE_OK;
}

static void fill_range(prune_generator *generator, float *out, int64_t stride, int64_t n, float from, float to)
{
    const uint32_t *words;
    for (int64_t done = 0, count = 0; done < n; done += count) {
        count = pruni_generator_take(generator, &words, n - done);
        pruni_kernel_uniform_range(out + done * stride, stride, words, count, from, to);
    }
}

prune_status prune_tensor_uniform_(prune_tensor *t, double from, double to, prune_generator *generator)
{
    PRUNI_REQUIRE(t);
    if (pruni_check_float32(__func__, t) || pruni_check_writable(__func__, t) || check_range(from, to))
        return prune_last_status();
    prune_generator *own = pruni_generator_lock(generator);
    pruni_walk walk;
    pruni_walk_start_any_order(&walk, t->sizes, t->ndim, (const prune_tensor *[]){ t }, 1);
    while (pruni_walk_next(&walk))
        fill_range(own, walk.data[0], walk.strides[0], walk.length, (float)from, (float)to);
    pruni_generator_unlock(own);
    return PRUNE_OK;
}
