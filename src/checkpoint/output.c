/* The file that is written: pruned values, masks, and what is copied. */
#include "checkpoint/internal.h"

#include <string.h>

/* A tensor of the output. */
typedef struct output {
    enum { COPY, VALUE, MASK } what;
    const pruni_file_tensor *source; /* its dtype and shape, and for COPY its bytes */
    const char *name;
    pruni_item *item; /* for VALUE and MASK */
} output;

/* ---- Copies ---- */

static prune_status copy(pruni_checkpoint *c, const pruni_file_tensor *t)
{
    size_t unit = t->element_size > 0 ? t->element_size : 1;
    size_t most = (size_t)c->chunk * 8 / unit * unit;
    for (uint64_t at = 0; at < t->bytes;) {
        size_t size = t->bytes - at < most ? (size_t)(t->bytes - at) : most;
        if (pruni_file_read_bytes(&c->file, t, at, size, c->raw))
            return prune_last_status();
        if (t->is_big_endian && unit > 1)
            pruni_swap_bytes(c->raw, size / unit, unit);
        if (pruni_writer_add(&c->writer, c->raw, size) || pruni_checkpoint_note_read(c, size))
            return prune_last_status();
        c->written += size;
        at += size;
    }
    return PRUNE_OK;
}

/* ---- Masks ---- */

/* The mask of an item that is being written. */
typedef struct masking {
    pruni_checkpoint *c;
    pruni_item *item;
    prune_tensor *slab; /* of PRUNI_BY_METHOD: the mask of rows that hold the entries [slab_first, slab_end) */
    int64_t slab_first, slab_end;
} masking;

/* As CustomFromMask does, which a global prune hands its masks to: a mask so far of 0.5 becomes 0.25. */
static void multiply_before(const float **mask, pruni_checkpoint *c, int64_t n)
{
    pruni_kernel_multiply(c->picked, 1, c->before, 1, *mask, 1, n);
    *mask = c->picked;
}

static prune_status by_threshold(const float **mask, masking *m, int64_t first, int64_t n)
{
    pruni_checkpoint *c = m->c;
    const float *scores = NULL;
    int64_t seen = 0;
    int64_t *equal_left = c->ties_run ? &c->ties_left : &m->item->equal_left;
    if (pruni_checkpoint_scores(&scores, &seen, c, m->item, first, n))
        return prune_last_status();
    (void)pruni_kernel_mask_chunk(c->picked, scores, seen, c->at_random, m->item->key, equal_left);
    *mask = c->picked;
    if (m->item->mask) {
        memcpy(c->values, c->before, (size_t)n * sizeof *c->values);
        pruni_kernel_scatter_ones(c->values, c->picked, n);
        *mask = c->values;
        if (c->options.global)
            multiply_before(mask, c, n);
    }
    return PRUNE_OK;
}

/* The given mask in the dtype of the value, times the mask so far. */
static prune_status by_given_mask(const float **mask, masking *m, int64_t first, int64_t n)
{
    pruni_checkpoint *c = m->c;
    const pruni_item *item = m->item;
    pruni_format format = (pruni_format)item->value->held;
    if (pruni_checkpoint_read_floats(c, &c->masks, item->given, first, n, c->picked))
        return prune_last_status();
    if (format == PRUNI_F16 || format == PRUNI_BF16) {
        pruni_kernel_convert(format, c->scratch, 1, PRUNI_F32, c->picked, 1, n);
        pruni_kernel_convert(PRUNI_F32, c->picked, 1, format, c->scratch, 1, n);
    }
    *mask = c->picked;
    if (!item->mask)
        return PRUNE_OK;
    if (pruni_checkpoint_read_floats(c, &c->file, item->mask, first, n, c->before))
        return prune_last_status();
    multiply_before(mask, c, n);
    return PRUNE_OK;
}

static void drop_slab(masking *m)
{
    if (m->slab)
        pruni_checkpoint_let_go(m->c, (uint64_t)(m->slab_end - m->slab_first) * sizeof(float));
    prune_tensor_release(m->slab);
    m->slab = NULL;
}

/* The mask of the rows from `first` on, which begins one. */
static prune_status next_slab(masking *m, int64_t first)
{
    pruni_checkpoint *c = m->c;
    const pruni_file_tensor *t = m->item->value;
    int64_t all = t->ndim > 0 ? t->sizes[0] : 1;
    int64_t row = m->item->entries / (all > 0 ? all : 1);
    drop_slab(m);
    int64_t rows = pruni_smaller(pruni_checkpoint_slab_rows(c, m->item), all - first / row);
    if (pruni_checkpoint_method_mask(&m->slab, c, m->item, first / row, rows))
        return prune_last_status();
    m->slab_first = first;
    m->slab_end = first + rows * row;
    return pruni_checkpoint_hold(c, (uint64_t)(rows * row) * sizeof(float), "the mask of this tensor");
}

/* The mask of entries [first, first + *n); *n may become fewer. For a mask so far, c->before holds it afterwards. */
static prune_status make_mask(const float **mask, masking *m, int64_t first, int64_t *n)
{
    pruni_checkpoint *c = m->c;
    if (c->way == PRUNI_BY_THRESHOLD)
        return by_threshold(mask, m, first, *n);
    if (c->way == PRUNI_BY_GIVEN_MASK)
        return by_given_mask(mask, m, first, *n);
    if (c->way == PRUNI_BY_WHOLE_MASK) {
        *mask = (const float *)pruni_tensor_pointer(m->item->whole_mask) + first;
    } else {
        if ((!m->slab || first == m->slab_end) && next_slab(m, first))
            return prune_last_status();
        *n = pruni_smaller(*n, m->slab_end - first);
        *mask = (const float *)pruni_tensor_pointer(m->slab) + (first - m->slab_first);
    }
    if (!m->item->mask)
        return PRUNE_OK;
    if (pruni_checkpoint_read_floats(c, &c->file, m->item->mask, first, *n, c->before))
        return prune_last_status();
    if (c->way == PRUNI_BY_WHOLE_MASK)
        multiply_before(mask, c, *n);
    return PRUNE_OK;
}

/* ---- Pruned tensors ---- */

/* Counts the zeros that the chunk had, and prunes it in c->raw, where it may be already. */
static prune_status prune_chunk(masking *m, const float *mask, int64_t first, int64_t n, bool is_read)
{
    pruni_checkpoint *c = m->c;
    pruni_item *item = m->item;
    pruni_format format = (pruni_format)item->value->held;
    if (!is_read && pruni_checkpoint_read_raw(c, item, first, n))
        return prune_last_status();
    if (item->mask) {
        memcpy(c->scratch, c->raw, (size_t)n * item->value->element_size);
        pruni_kernel_mask_elements(format, c->scratch, c->before, n);
    }
    item->zeros_before += pruni_kernel_count_zero_elements(format, item->mask ? c->scratch : c->raw, n);
    pruni_kernel_mask_elements(format, c->raw, mask, n);
    item->zeros_after += pruni_kernel_count_zero_elements(format, c->raw, n);
    return PRUNE_OK;
}

static prune_status write_chunk(pruni_checkpoint *c, const output *o, const float *mask, int64_t n)
{
    size_t size = o->source->element_size;
    if (o->what == MASK)
        pruni_kernel_convert((pruni_format)o->source->held, c->raw, 1, PRUNI_F32, mask, 1, n);
    if (pruni_is_big_endian())
        pruni_swap_bytes(c->raw, (size_t)n, size); /* GCOVR_EXCL_LINE: of such a machine */
    c->written += (uint64_t)n * size;
    return pruni_writer_add(&c->writer, c->raw, (size_t)n * size);
}

static prune_status prune_item(pruni_checkpoint *c, const output *o)
{
    masking m = { .c = c, .item = o->item };
    pruni_item *item = o->item;
    prune_status status = PRUNE_OK;
    item->zeros_before = 0;
    item->zeros_after = 0;
    item->reads += c->way == PRUNI_BY_METHOD && !item->scores ? 2 : 1;
    if (item->draws)
        c->draws = *item->draws;
    for (int64_t first = 0, n; status == PRUNE_OK && first < item->entries; first += n) {
        const float *mask = NULL;
        n = pruni_smaller(c->chunk, item->entries - first);
        /* what scores itself is read once */
        bool read_first = c->way == PRUNI_BY_THRESHOLD && pruni_checkpoint_scores_itself(c, item);
        if (read_first)
            status = pruni_checkpoint_read_raw(c, item, first, n);
        if (status == PRUNE_OK)
            status = make_mask(&mask, &m, first, &n);
        if (status == PRUNE_OK)
            status = prune_chunk(&m, mask, first, n, read_first);
        if (status == PRUNE_OK && c->writes)
            status = write_chunk(c, o, mask, n);
    }
    drop_slab(&m);
    return status == PRUNE_OK ? PRUNE_OK : pruni_checkpoint_fail_of(item);
}

/* ---- The list of what is written ---- */

static void add(output *list, int64_t *count, output o)
{
    list[(*count)++] = o;
}

static prune_status name_pair(pruni_item *item)
{
    item->orig_name = pruni_suffixed(item->name, "_orig");
    item->mask_name = pruni_suffixed(item->name, "_mask");
    return item->orig_name && item->mask_name ? PRUNE_OK : PRUNE_ERROR_MEMORY;
}

/* Room for two outputs an item. */
static prune_status list_outputs(output *list, int64_t *count, pruni_checkpoint *c)
{
    for (int64_t i = 0; i < c->count; i++) {
        pruni_item *item = &c->items[i];
        if (!item->is_pruned) {
            add(list, count, (output){ COPY, item->value, item->value->name, NULL });
            if (item->mask)
                add(list, count, (output){ COPY, item->mask, item->mask->name, NULL });
        } else if (!c->options.keep_masks) {
            add(list, count, (output){ VALUE, item->value, item->name, item });
        } else {
            if (name_pair(item))
                return PRUNE_ERROR_MEMORY;
            add(list, count, (output){ COPY, item->value, item->orig_name, NULL });
            add(list, count, (output){ MASK, item->value, item->mask_name, item });
        }
    }
    return PRUNE_OK;
}

static prune_status check_names(const output *list, int64_t count)
{
    pruni_table names = { 0 };
    prune_status status = PRUNE_OK;
    for (int64_t i = 0; status == PRUNE_OK && i < count; i++) {
        if (pruni_table_find(&names, list[i].name) >= 0)
            status = prune_fail(PRUNE_ERROR_KEY,
                                "'%s' would stand twice in the output: the file has a tensor of that "
                                "name already",
                                list[i].name);
        else
            status = pruni_table_append(&names, list[i].name, NULL);
    }
    pruni_table_free(&names);
    return status;
}

/* ---- Writing ---- */

/* Whether the pruned tensors come in the order of the list; `order` 0, 1, 2, … without a writer. */
static bool in_order(const pruni_checkpoint *c, const output *list, int64_t count)
{
    const pruni_item *last = NULL;
    for (int64_t i = 0; i < count; i++) {
        const output *o = &list[c->writes ? pruni_writer_index(&c->writer, i) : i];
        if (o->item && last && o->item < last)
            return false;
        last = o->item ? o->item : last;
    }
    return true;
}

/* Of a global selection the ties that go are the first in the order of the file. */
static prune_status prepare_ties(pruni_checkpoint *c, const output *list, int64_t count)
{
    if (c->way != PRUNI_BY_THRESHOLD || !c->options.global || c->global.tied_pruned == c->global.tied)
        return PRUNE_OK;
    c->ties_run = in_order(c, list, count);
    c->ties_left = c->global.tied_pruned;
    return c->ties_run ? PRUNE_OK : pruni_checkpoint_share_ties(c);
}

static prune_status write_outputs(pruni_checkpoint *c, const output *list, int64_t count)
{
    prune_status status = prepare_ties(c, list, count);
    for (int64_t i = 0; status == PRUNE_OK && i < count; i++) {
        const output *o = &list[c->writes ? pruni_writer_index(&c->writer, i) : i];
        if (o->item)
            status = prune_item(c, o);
        else if (c->writes)
            status = copy(c, o->source);
    }
    return status;
}

static prune_status open_writer(pruni_checkpoint *c, const char *path, pruni_writer_tensor *tensors, const output *list,
                                int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        const pruni_file_tensor *t = list[i].source;
        const char *dtype = t->held >= 0 ? prune_dtype_name((prune_dtype)t->held) : t->dtype_name; /* not ">f4" */
        tensors[i] = (pruni_writer_tensor){ list[i].name, dtype, t->ndim, t->sizes };
    }
    if (pruni_writer_open(&c->writer, path, c->options.output_format, tensors, count, c->file.metadata,
                          c->file.metadata_count))
        return prune_last_status();
    c->writes = true;
    return PRUNE_OK;
}

static prune_status write_file(pruni_checkpoint *c, const char *path, pruni_writer_tensor *tensors, output *list)
{
    int64_t count = 0;
    if (list_outputs(list, &count, c) || check_names(list, count)
        || (path && open_writer(c, path, tensors, list, count)))
        return prune_last_status();
    prune_status status = write_outputs(c, list, count);
    c->total = c->read; /* which was foreseen roughly */
    if (status == PRUNE_OK)
        status = pruni_checkpoint_note_read(c, 0);
    if (!c->writes)
        return status;
    if (status == PRUNE_OK)
        return pruni_writer_commit(&c->writer);
    pruni_writer_abandon(&c->writer);
    return status;
}

prune_status pruni_checkpoint_write(pruni_checkpoint *c, const char *path)
{
    size_t most = 2 * (size_t)c->count; /* which are in memory, larger than this */
    pruni_writer_tensor *tensors = pruni_alloc_array(most, sizeof *tensors);
    output *list = pruni_alloc_array(most, sizeof *list);
    prune_status status = tensors && list ? write_file(c, path, tensors, list) : PRUNE_ERROR_MEMORY;
    pruni_free(tensors);
    pruni_free(list);
    return status;
}
