/* The entries of a parameter, whatever its strides: gone through in parts that the kernels can take. Where a tensor, or a
 * long run of it, lies side by side in the order gone through, a part points into it; where not, it is gathered into a
 * buffer, and what is written to a buffer is put back. */
#include "prune/internal.h"

#include <string.h>

enum {
    LONG_RUN = 256, /* entries side by side that are worth a part of their own */
    BATCH = 32      /* entries that are set together */
};

/* ---- Order ---- */

static const int64_t row_order[PRUNE_MAX_DIMS] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

static bool is_side_by_side(const prune_tensor *t, const int64_t *order)
{
    int64_t stride = 1;
    for (int64_t i = t->ndim - 1; i >= 0; i--) {
        int64_t size = t->sizes[order[i]];
        if (size != 1 && t->strides[order[i]] != stride)
            return false;
        stride *= size;
    }
    return true;
}

static bool is_row_order(const int64_t *order, const prune_tensor *t)
{
    int64_t last = -1;
    for (int64_t i = 0; i < t->ndim; i++) {
        if (t->sizes[order[i]] == 1)
            continue;
        if (order[i] < last)
            return false;
        last = order[i];
    }
    return true;
}

static float *pointer_of(const prune_tensor *t)
{
    return t ? pruni_tensor_pointer(t) : NULL;
}

void pruni_entries_set(pruni_entries *e, const prune_tensor *like)
{
    const prune_tensor *tensors[] = { e->scores, e->before, e->orig, e->mask, e->value };
    pruni_kept_order(e->order, like);
    e->like = like;
    e->n = like->numel;
    e->in_row_order = is_row_order(e->order, like);
    e->side_by_side = true;
    for (size_t i = 0; i < sizeof tensors / sizeof tensors[0]; i++)
        e->side_by_side = e->side_by_side && (!tensors[i] || is_side_by_side(tensors[i], e->order));
    e->run = (pruni_run){ e->n,
                          pointer_of(e->scores),
                          NULL,
                          pointer_of(e->before),
                          pointer_of(e->orig),
                          pointer_of(e->mask),
                          pointer_of(e->value) };
}

void pruni_entries_read_only(pruni_entries *e)
{
    e->mask = e->value = NULL;
    e->run.mask = e->run.value = NULL;
}

void pruni_entries_mask_only(pruni_entries *e)
{
    e->value = NULL;
    e->run.value = NULL;
}

/* Whether the run has the entries in that order. */
static bool are_run(const pruni_entries *e, bool by_rows)
{
    return e->side_by_side && (!by_rows || e->in_row_order);
}

/* ---- Single places ---- */

/* The entry at a place of an order. */
static float *entry_at(const prune_tensor *t, const int64_t *order, int64_t place)
{
    float *entry = pruni_tensor_pointer(t);
    for (int64_t i = t->ndim - 1; i >= 0; i--) {
        int64_t size = t->sizes[order[i]];
        entry += place % size * t->strides[order[i]];
        place /= size;
    }
    return entry;
}

/* Places whose masks are to become 1, or 0: found first and then set, so that one does not wait for another's memory. */
typedef struct batch {
    const pruni_entries *entries;
    bool by_rows, stay;
    int64_t count;
    pruni_run found[BATCH];
} batch;

static void set_batch(batch *b)
{
    for (int64_t i = 0; i < b->count; i++)
        pruni_kernel_set_entry(&b->found[i], b->stay);
    b->count = 0;
}

static void add_to_batch(batch *b, int64_t place)
{
    const pruni_entries *e = b->entries;
    if (place < 0 || place >= e->n)
        return;
    const int64_t *order = b->by_rows ? row_order : e->order;
    pruni_run *entry = &b->found[b->count++];
    *entry = (pruni_run){ .n = 1, .mask = entry_at(e->mask, order, place) };
    if (e->value) {
        entry->value = entry_at(e->value, order, place);
        entry->orig = entry_at(e->orig, order, place);
    }
    if (b->count == BATCH)
        set_batch(b);
}

void pruni_entries_correct(const pruni_entries *e, bool by_rows, int64_t first, const pruni_pick *pick,
                           const pruni_choice *choice)
{
    const pruni_sieve *sieve = &pick->sieve;
    if (are_run(e, by_rows)) {
        pruni_kernel_pick_correct(pick, &e->run, first, choice);
        return;
    }
    batch b = { .entries = e, .by_rows = by_rows, .stay = choice->key < sieve->cut };
    for (int64_t i = 0; i < sieve->count; i++)
        add_to_batch(&b, sieve->places[i] - first);
    set_batch(&b);
}

void pruni_entries_prune_listed(const pruni_entries *e, int64_t first, const uint64_t *entries, int64_t count)
{
    if (are_run(e, true)) {
        pruni_kernel_prune_listed(&e->run, first, entries, count);
        return;
    }
    batch b = { .entries = e, .by_rows = true, .stay = false };
    for (int64_t i = 0; i < count; i++)
        add_to_batch(&b, (int64_t)(entries[i] & UINT32_MAX) - first);
    set_batch(&b);
}

/* Up to a line from a place on. */
static const float *gather_line(float line[PRUNI_SAMPLE_LINE], const prune_tensor *t, const int64_t *order,
                                int64_t place, int64_t n)
{
    int64_t inner = t->ndim > 0 ? order[t->ndim - 1] : 0;
    int64_t size = t->ndim > 0 ? t->sizes[inner] : 1;
    if (t->ndim > 0 && t->strides[inner] == 1 && n <= size - place % size)
        return entry_at(t, order, place); /* where it is, so that many cache misses overlap */
    for (int64_t done = 0; done < n;) {
        int64_t some = pruni_smaller(n - done, size - (place + done) % size);
        pruni_kernel_copy(sizeof *line, line + done, 1, entry_at(t, order, place + done), t->strides[inner], some);
        done += some;
    }
    return line;
}

void pruni_entries_sample(const pruni_entries *e, pruni_pick *pick, int64_t first)
{
    float scores[PRUNI_SAMPLE_LINE], before[PRUNI_SAMPLE_LINE];
    if (e->side_by_side) {
        pruni_kernel_pick_take_lines(pick, &e->run, first);
        return;
    }
    for (int64_t place; pruni_kernel_pick_line(pick, first + e->n, &place);) {
        place -= first;
        pruni_run line = { .n = pruni_smaller(e->n - place, PRUNI_SAMPLE_LINE) };
        line.scores = gather_line(scores, e->scores, e->order, place, line.n);
        if (e->before)
            line.before = gather_line(before, e->before, e->order, place, line.n);
        pruni_kernel_pick_take_line(pick, &line);
    }
}

/* ---- Parts ---- */

/* How many entries lie side by side in every tensor, before one has a gap. */
static int64_t run_length(const pruni_parts *p)
{
    const pruni_entries *e = p->entries;
    const prune_tensor *tensors[] = { e->scores, e->before, e->orig, e->mask, e->value, p->given };
    int64_t run = 1;
    for (int64_t i = e->like->ndim - 1; i >= 0; i--) {
        int64_t dim = p->order[i], size = e->like->sizes[dim];
        for (size_t t = 0; t < sizeof tensors / sizeof tensors[0]; t++)
            if (tensors[t] && size != 1 && tensors[t]->strides[dim] != run)
                return run;
        run *= size;
    }
    return run;
}

/* As many whole dims as fit into a part, and as many steps of the next one. */
static void shape_parts(pruni_parts *p)
{
    const prune_tensor *like = p->entries->like;
    int64_t dim = like->ndim;
    for (p->step = 1; dim > 0 && p->step * like->sizes[p->order[dim - 1]] <= PRUNI_PART; dim--)
        p->step *= like->sizes[p->order[dim - 1]];
    p->first_whole_dim = dim;
    p->size = dim > 0 ? like->sizes[p->order[dim - 1]] : 1;
    p->steps = PRUNI_PART / p->step;
}

void pruni_parts_start(pruni_parts *p, const pruni_entries *e, bool by_rows, prune_generator *generator,
                       const prune_tensor *given)
{
    p->entries = e;
    p->order = by_rows ? row_order : e->order;
    p->generator = generator;
    p->given = given;
    p->part = (pruni_run){ 0 };
    p->part_of_given = NULL;
    p->done = 0;
    if (e->mask && !e->value)
        memset(p->orig, 0, sizeof p->orig);
    p->step = 1;
    p->size = run_length(p);
    p->steps = generator || (e->mask && !e->value) ? PRUNI_PART : p->size;
    p->are_of_runs = p->size >= pruni_smaller(e->n, LONG_RUN);
    if (!p->are_of_runs)
        shape_parts(p);
}

/* Copies what t has of the part, into the buffer or out of it. */
static void copy_part(const pruni_parts *p, const prune_tensor *t, float *buffer, bool out)
{
    pruni_storage of_part = { .data = entry_at(t, p->order, p->done) }, of_buffer = { .data = buffer };
    prune_tensor part = { .storage = &of_part, .dtype = PRUNE_FLOAT32 };
    prune_tensor side_by_side = { .storage = &of_buffer, .dtype = PRUNE_FLOAT32 };
    int64_t ndim = 0;
    for (int64_t i = pruni_larger(p->first_whole_dim - 1, 0); i < t->ndim; i++) {
        part.sizes[ndim] = i < p->first_whole_dim ? p->part.n / p->step : t->sizes[p->order[i]];
        part.strides[ndim++] = t->strides[p->order[i]];
    }
    pruni_contiguous_strides(side_by_side.strides, part.sizes, ndim);
    memcpy(side_by_side.sizes, part.sizes, sizeof part.sizes);
    part.ndim = side_by_side.ndim = ndim;
    pruni_walk walk;
    pruni_walk_start_any_order(&walk, part.sizes, ndim, (const prune_tensor *[]){ &part, &side_by_side }, 2);
    for (int to = out ? 0 : 1; pruni_walk_next(&walk);)
        pruni_kernel_copy(sizeof *buffer, walk.data[to], walk.strides[to], walk.data[1 - to], walk.strides[1 - to],
                          walk.length);
}

/* Of a tensor that has the part side by side. */
static float *pointer_to_part(const pruni_parts *p, const prune_tensor *t)
{
    return p->are_of_runs ? entry_at(t, p->order, p->done) : pointer_of(t) + p->done;
}

static bool has_part_side_by_side(const pruni_parts *p, const prune_tensor *t)
{
    return p->are_of_runs || is_side_by_side(t, p->order);
}

static const float *gather(const pruni_parts *p, const prune_tensor *t, float *buffer)
{
    if (has_part_side_by_side(p, t))
        return pointer_to_part(p, t);
    copy_part(p, t, buffer, false);
    return buffer;
}

static void gather_part(pruni_parts *p)
{
    const pruni_entries *e = p->entries;
    pruni_run *part = &p->part;
    if (e->before)
        part->before = gather(p, e->before, p->before);
    if (e->scores && !p->generator && !p->given)
        part->scores = gather(p, e->scores, p->by.values);
    if (!e->mask)
        return;
    part->mask = has_part_side_by_side(p, e->mask) ? pointer_to_part(p, e->mask) : p->mask;
    if (!e->value)
        return;
    part->value = pointer_to_part(p, e->value); /* whose own order it is: it is always side by side */
    part->orig = part->scores && e->orig == e->scores ? part->scores : gather(p, e->orig, p->orig);
}

static void put_back(const pruni_parts *p)
{
    if (p->part.mask == p->mask)
        copy_part(p, p->entries->mask, p->part.mask, true);
}

/* A draw for each entry that is not passed over, in the entry's place. */
static void draw_part(pruni_parts *p)
{
    uint32_t drawn[PRUNI_PART];
    const pruni_run *part = &p->part;
    if (part->before) {
        pruni_generator_draw(p->generator, drawn, pruni_kernel_count_ones(part->before, part->n));
        pruni_kernel_spread_ones(p->by.draws, drawn, part->before, part->n);
    } else {
        pruni_generator_draw(p->generator, p->by.draws, part->n);
    }
    p->part.draws = p->by.draws;
}

/* Of parts with draws the first is shorter, so that those after it begin with a line of the cache. */
static int64_t entries_before_line(const pruni_parts *p)
{
    const uintptr_t line = 64;
    const float *mask = p->entries->run.mask;
    if (!p->generator || !p->are_of_runs || !mask || p->done > 0)
        return 0;
    return (int64_t)((uintptr_t)mask % line / sizeof *mask);
}

bool pruni_parts_next(pruni_parts *p)
{
    put_back(p);
    p->done += p->part.n;
    if (p->done == p->entries->n)
        return false;
    int64_t steps = pruni_smaller(p->steps - entries_before_line(p), p->size - p->done / p->step % p->size);
    p->part = (pruni_run){ .n = steps * p->step };
    gather_part(p);
    if (p->given)
        p->part_of_given = gather(p, p->given, p->by.values);
    if (p->generator)
        draw_part(p);
    if (p->part.mask && !p->part.value) {
        p->part.orig = p->orig;
        p->part.value = p->value;
    }
    return true;
}

bool pruni_parts_write_through(const pruni_parts *p)
{
    return p->part.mask != p->mask && p->part.value != p->value;
}

void pruni_entries_write_given(const pruni_entries *e, const prune_tensor *given)
{
    pruni_parts p;
    pruni_parts_start(&p, e, false, NULL, given);
    while (pruni_parts_next(&p)) {
        if (p.part.before)
            pruni_kernel_multiply_mask(&p.part, p.part_of_given);
        else
            pruni_kernel_prune_by_mask(p.part.mask, p.part.value, p.part.orig, p.part_of_given, p.part.n, e->n);
    }
}

/* ---- Channels ---- */

/* Entries of a channel that follow each other. */
static int64_t inner_of(const pruni_entries *e, int64_t dim)
{
    int64_t inner = 1;
    for (int64_t i = e->like->ndim - 1; e->order[i] != dim; i--)
        inner *= e->like->sizes[e->order[i]];
    return inner;
}

/* In the order of memory. */
pruni_channels pruni_entries_channels(const pruni_entries *e, int64_t dim)
{
    int64_t count = e->like->sizes[dim], inner = e->n > 0 ? inner_of(e, dim) : 0;
    return (pruni_channels){ inner > 0 ? e->n / count / inner : 0, count, inner };
}

/* Those of a dim that a run of whole dims holds, and the first of them: all, or a single one. */
static pruni_channels channels_of_run(int64_t *first, const pruni_parts *p, int64_t dim)
{
    int64_t count = p->entries->like->sizes[dim], inner = inner_of(p->entries, dim);
    const bool holds_all = inner * count <= p->size;
    *first = holds_all ? 0 : p->done / inner % count;
    return holds_all ? (pruni_channels){ p->size / (inner * count), count, inner } : (pruni_channels){ 1, 1, p->size };
}

bool pruni_entries_scale(const pruni_entries *e, const float *scales, int64_t dim)
{
    pruni_parts p;
    pruni_parts_start(&p, e, false, NULL, NULL);
    while (p.are_of_runs && pruni_parts_next(&p)) {
        int64_t first;
        const pruni_channels channels = channels_of_run(&first, &p, dim);
        if (p.part.before)
            pruni_kernel_scale_mask(&p.part, scales + first, channels);
        else
            pruni_kernel_prune_channels(p.part.mask, p.part.value, p.part.orig, scales + first, channels, e->n);
    }
    return p.are_of_runs;
}
