/* A container's rule: the newest method sees a part of the tensor and of the mask so far, and its result is put back. */
#include "prune/internal.h"

/* ---- Unstructured: the list of the entries whose mask is 1 ---- */

static prune_status contiguous(prune_tensor **out, const prune_tensor *t)
{
    if (!prune_tensor_is_contiguous(t))
        return pruni_mask_copy(out, t, t);
    *out = prune_tensor_retain((prune_tensor *)(uintptr_t)t);
    return PRUNE_OK;
}

/* A list that is all of t: no copies needed. */
static prune_status combine_whole(prune_method *method, pruni_part part)
{
    prune_tensor *t = NULL, *t_list = NULL, *mask_list = NULL;
    bool failed = contiguous(&t, part.t) || prune_tensor_view(&t_list, t, &t->numel, 1)
                  || prune_tensor_view(&mask_list, part.mask, &part.mask->numel, 1);
    prune_status status = failed ? prune_last_status() : pruni_compute_mask(method, mask_list, t_list);
    prune_tensor_release(t);
    prune_tensor_release(t_list);
    prune_tensor_release(mask_list);
    return status;
}

static prune_status gather(prune_tensor *list, const pruni_part *parts, int64_t count)
{
    float *next = pruni_tensor_pointer(list);
    for (int64_t i = 0; i < count; i++) {
        prune_tensor *t = NULL;
        if (contiguous(&t, parts[i].t))
            return prune_last_status();
        const float *mask = pruni_tensor_pointer(parts[i].mask);
        pruni_kernel_gather_ones(next, pruni_tensor_pointer(t), mask, t->numel);
        next += pruni_kernel_count_ones(mask, t->numel);
        prune_tensor_release(t);
    }
    return PRUNE_OK;
}

static void scatter(const pruni_part *parts, int64_t count, const prune_tensor *list)
{
    const float *next = pruni_tensor_pointer(list);
    for (int64_t i = 0; i < count; i++) {
        float *mask = pruni_tensor_pointer(parts[i].mask);
        int64_t ones = pruni_kernel_count_ones(mask, parts[i].mask->numel);
        pruni_kernel_scatter_ones(mask, next, parts[i].mask->numel);
        next += ones;
    }
}

static prune_status combine_listed(prune_method *method, const pruni_part *parts, int64_t count, int64_t length)
{
    prune_tensor *t_list = NULL, *mask_list = NULL;
    bool failed = prune_tensor_empty(&t_list, &length, 1, PRUNE_FLOAT32) || gather(t_list, parts, count)
                  || prune_tensor_ones(&mask_list, &length, 1, PRUNE_FLOAT32);
    prune_status status = failed ? prune_last_status() : pruni_compute_mask(method, mask_list, t_list);
    if (status == PRUNE_OK)
        scatter(parts, count, mask_list);
    prune_tensor_release(t_list);
    prune_tensor_release(mask_list);
    return status;
}

prune_status pruni_combine_list(prune_method *method, const pruni_part *parts, int64_t count)
{
    int64_t length = 0; /* at most of all masks, each in memory of its own */
    for (int64_t i = 0; i < count; i++)
        length += pruni_kernel_count_ones(pruni_tensor_pointer(parts[i].mask), parts[i].mask->numel);
    if (count == 1 && length == parts[0].mask->numel)
        return combine_whole(method, parts[0]);
    return combine_listed(method, parts, count, length);
}

/* ---- Structured: the tensor without the channels whose mask sums to 0 ---- */

prune_status pruni_container_dim(int64_t *out, int64_t dim, const prune_tensor *t)
{
    if (dim < -t->ndim)
        return prune_fail(PRUNE_ERROR_INDEX, "Index is out of bounds for tensor with dimensions %lld",
                          (long long)t->ndim);
    if (dim >= t->ndim)
        return prune_fail(PRUNE_ERROR_INDEX, "list assignment index out of range");
    *out = dim < 0 ? dim + t->ndim : dim;
    return pruni_check_structured(t);
}

/* Of a tensor that is not contiguous the dims stay in the order of the strides, but the channels' own dim has no say and
 * sinks as far in as it can. */
void pruni_taken_strides(int64_t strides[PRUNE_MAX_DIMS], const prune_tensor *t, const int64_t *sizes, int64_t channel)
{
    int64_t order[PRUNE_MAX_DIMS]; /* innermost first */
    for (int64_t i = 0; i < t->ndim; i++) {
        int64_t dim = t->ndim - 1 - i;
        int64_t place = i;
        order[place] = dim;
        for (int64_t j = i - 1; j >= 0 && dim != channel; j--) {
            if (order[j] == channel)
                continue;
            int64_t other = order[j];
            bool swap = t->strides[other] > t->strides[dim]
                        || (t->strides[other] == t->strides[dim] && t->sizes[other] > t->sizes[dim]);
            if (!swap)
                break;
            order[j] = dim;
            order[place] = other;
            place = j;
        }
    }
    int64_t stride = 1;
    for (int64_t i = 0; i < t->ndim; i++) {
        strides[order[i]] = stride;
        stride *= sizes[order[i]] > 0 ? sizes[order[i]] : 1;
    }
}

typedef struct channel_part {
    const float *sums; /* 0: not in the part */
    pruni_channels channels;
    int64_t dim;
    int64_t sizes[PRUNE_MAX_DIMS];
} channel_part;

/* The part of a contiguous tensor. */
static prune_status take_channels(prune_tensor **out, const channel_part *part, const prune_tensor *t)
{
    prune_tensor *taken = NULL;
    if (prune_tensor_empty(&taken, part->sizes, t->ndim, PRUNE_FLOAT32))
        return prune_last_status();
    pruni_kernel_gather_channels(pruni_tensor_pointer(taken), pruni_tensor_pointer(t), part->sums, part->channels);
    *out = taken;
    return PRUNE_OK;
}

/* The part of t, laid out as PyTorch does where the method minds that. */
static prune_status take_part(prune_tensor **out, const prune_method *method, const channel_part *part,
                              const prune_tensor *t)
{
    prune_tensor *whole = NULL, *taken = NULL, *laid_out = NULL;
    if (contiguous(&whole, t) || take_channels(&taken, part, whole)) {
        prune_tensor_release(whole);
        return prune_last_status();
    }
    prune_tensor_release(whole);
    if (!prune_tensor_is_contiguous(t) && method->own && method->own->any_strides) {
        int64_t strides[PRUNE_MAX_DIMS];
        pruni_taken_strides(strides, t, part->sizes, part->dim);
        if (pruni_tensor_empty_strided(&laid_out, part->sizes, strides, t->ndim, PRUNE_FLOAT32)) {
            prune_tensor_release(taken);
            return prune_last_status();
        }
        pruni_copy_values(laid_out, taken);
        prune_tensor_release(taken);
        taken = laid_out;
    }
    *out = taken;
    return PRUNE_OK;
}

static prune_status combine_channel_part(prune_method *method, const channel_part *part, pruni_part whole)
{
    prune_tensor *t = NULL, *mask = NULL;
    bool failed = take_part(&t, method, part, whole.t) || take_channels(&mask, part, whole.mask);
    prune_status status = failed ? prune_last_status() : pruni_compute_mask(method, mask, t);
    if (status == PRUNE_OK)
        pruni_kernel_scatter_channels(pruni_tensor_pointer(whole.mask), pruni_tensor_pointer(mask), part->sums,
                                      part->channels);
    prune_tensor_release(t);
    prune_tensor_release(mask);
    return status;
}

static prune_status combine_channels(prune_method *method, pruni_part whole)
{
    channel_part part;
    if (pruni_container_dim(&part.dim, method->ops->dim(method->context), whole.t))
        return prune_last_status();
    part.channels = pruni_channels_of(whole.mask, part.dim);
    float *sums = pruni_alloc_array((size_t)part.channels.count, sizeof *sums);
    if (!sums)
        return PRUNE_ERROR_MEMORY;
    pruni_kernel_channel_sums(sums, pruni_tensor_pointer(whole.mask), part.channels);
    int64_t left = 0;
    for (int64_t c = 0; c < part.channels.count; c++)
        left += sums[c] != 0;
    part.sums = sums;
    for (int64_t i = 0; i < whole.t->ndim; i++)
        part.sizes[i] = i == part.dim ? left : whole.t->sizes[i];
    bool nothing_gone = left == part.channels.count && prune_tensor_is_contiguous(whole.t);
    prune_status status = nothing_gone ? pruni_compute_mask(method, whole.mask, whole.t)
                                       : combine_channel_part(method, &part, whole);
    pruni_free(sums);
    return status;
}

prune_status pruni_combine_mask(prune_method *method, pruni_part part)
{
    switch (method->ops->type) {
    case PRUNE_UNSTRUCTURED:
        return pruni_combine_list(method, &part, 1);
    case PRUNE_STRUCTURED:
        return combine_channels(method, part);
    case PRUNE_GLOBAL:
        break;
    }
    return pruni_compute_mask(method, part.mask, part.t);
}
