/* Tensors that do not lie in a file in row-major order. */
#include "io/internal.h"

#include <string.h>

/* Elements of one tensor that follow each other in row-major order, and where they lie, in elements from its first. */
typedef struct stretch {
    const pruni_file_tensor *t;
    int64_t index[PRUNE_MAX_DIMS]; /* of the first */
    int64_t count;
    uint64_t low, high; /* none lies outside */
} stretch;

/* The smallest place and the largest, as far as the outermost dim in which the stretch has more than one index tells. */
static stretch make_stretch(const pruni_file_tensor *t, int64_t first, int64_t count)
{
    stretch s = { .t = t, .count = count };
    int64_t last = first + count - 1;
    int64_t from = first;
    int64_t to = last;
    int64_t inner = 1;
    for (int64_t d = 0; d < t->ndim; d++)
        inner *= t->sizes[d];
    bool apart = false;
    for (int64_t d = 0; d < t->ndim; d++) {
        inner /= t->sizes[d];
        int64_t low = apart ? 0 : from / inner;
        int64_t high = apart ? t->sizes[d] - 1 : to / inner;
        s.index[d] = first / inner % t->sizes[d];
        s.low += (uint64_t)(low * t->strides[d]);
        s.high += (uint64_t)(high * t->strides[d]);
        apart = apart || low != high;
        from %= inner;
        to %= inner;
    }
    return s;
}

/* The place of the present element; moves on to the next. */
static uint64_t next_place(const pruni_file_tensor *t, int64_t *index)
{
    uint64_t place = 0;
    for (int64_t d = 0; d < t->ndim; d++)
        place += (uint64_t)(index[d] * t->strides[d]);
    for (int64_t d = t->ndim - 1; d >= 0 && ++index[d] == t->sizes[d]; d--)
        index[d] = 0;
    return place;
}

static prune_status read_each(pruni_file *file, stretch *s, unsigned char *to)
{
    const pruni_file_tensor *t = s->t;
    size_t size = t->element_size;
    for (int64_t i = 0; i < s->count; i++, to += size)
        if (pruni_input_read(&file->input, t->offset + next_place(t, s->index) * size, to, size))
            return prune_last_status();
    return PRUNE_OK;
}

/* All that lies between them in one read. */
static prune_status read_between(pruni_file *file, stretch *s, unsigned char *to)
{
    size_t size = s->t->element_size;
    size_t span = (size_t)(s->high - s->low + 1) * size;
    unsigned char *bytes = pruni_alloc(span);
    if (!bytes)
        return PRUNE_ERROR_MEMORY;
    prune_status status = pruni_input_read(&file->input, s->t->offset + s->low * size, bytes, span);
    for (int64_t i = 0; i < s->count && !status; i++, to += size)
        memcpy(to, bytes + (next_place(s->t, s->index) - s->low) * size, size);
    pruni_free(bytes);
    return status;
}

prune_status pruni_file_read_strided(pruni_file *file, const pruni_file_tensor *t, int64_t first, int64_t count,
                                     void *to)
{
    enum { SPARSEST = 4, FREE_BYTES = 1 << 20 };
    char name[PRUNI_SHOWN_SIZE];
    if (count == 0)
        return PRUNE_OK;
    if (t->ndim > PRUNE_MAX_DIMS)
        return pruni_bad_file(PRUNI_UNSUP, file->input.source, "tensor %s: rank %lld is above %d",
                              pruni_shown(name, t->name, t->name_length), (long long)t->ndim, PRUNE_MAX_DIMS);
    stretch s = make_stretch(t, first, count);
    uint64_t most = (uint64_t)count * SPARSEST + FREE_BYTES / t->element_size;
    return s.high - s.low < most ? read_between(file, &s, to) : read_each(file, &s, to);
}
