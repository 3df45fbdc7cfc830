/* The values of a tensor in brackets: rows, lines, blocks, and the dots of what is left out. */
#include "tensor/internal.h"

#include <string.h>

typedef struct layout {
    pruni_text *text;
    const prune_tensor *t;
    pruni_print_format format;
    int64_t edgeitems; /* INT64_MAX: nothing is left out */
    int64_t linewidth;
} layout;

void pruni_text_add_spaces(pruni_text *text, int64_t count)
{
    static const char spaces[] = "                                ";
    for (; count > 0; count -= (int64_t)sizeof spaces - 1)
        pruni_text_add_bytes(text, spaces, count < (int64_t)sizeof spaces - 1 ? (size_t)count : sizeof spaces - 1);
}

static void add_word(pruni_text *text, const char *word)
{
    pruni_text_add_bytes(text, word, strlen(word));
}

static void add_element(const layout *l, const char *place)
{
    char text[PRUNI_NUMBER_TEXT];
    int length = pruni_format_element(text, &l->format, place);
    pruni_text_add_spaces(l->text, l->format.width - length);
    pruni_text_add_bytes(l->text, text, (size_t)length);
}

/* What stands before item `i` of a row. */
static void separate_items(const layout *l, int64_t i, int64_t per_line, int64_t indent)
{
    if (i == 0)
        return;
    add_word(l->text, i % per_line == 0 ? ",\n" : ", ");
    if (i % per_line == 0)
        pruni_text_add_spaces(l->text, indent + 1);
}

static void add_row(const layout *l, const char *place, int64_t indent)
{
    int64_t dim = l->t->ndim - 1;
    int64_t size = l->t->sizes[dim], gap = pruni_print_gap(size, l->edgeitems);
    int64_t step = l->t->strides[dim] * pruni_dtype_size(l->t->dtype);
    int64_t per_line = (l->linewidth - indent) / (l->format.width + 2);
    if (per_line < 1)
        per_line = 1;
    int64_t item = 0;
    for (int64_t i = 0; i < size; i++) {
        separate_items(l, item++, per_line, indent);
        if (gap > 0 && i == l->edgeitems) {
            add_word(l->text, l->edgeitems > 0 ? " ..." : "...");
            i += gap - 1;
        } else {
            add_element(l, place + i * step);
        }
    }
}

/* What stands between the slices of a block of so many dims. */
static void separate_slices(const layout *l, int64_t dims, int64_t indent)
{
    add_word(l->text, ",");
    for (int64_t i = 1; i < dims; i++)
        add_word(l->text, "\n");
    pruni_text_add_spaces(l->text, indent + 1);
}

/* From `dim` on, at most PRUNE_MAX_DIMS deep. NOLINTNEXTLINE(misc-no-recursion) */
static void add_block(const layout *l, int64_t dim, const char *place)
{
    int64_t dims = l->t->ndim - dim, indent = PRUNI_PRINT_LEFT + dim;
    if (dims == 0) {
        add_element(l, place);
        return;
    }
    add_word(l->text, "[");
    int64_t size = l->t->sizes[dim], gap = pruni_print_gap(size, l->edgeitems);
    int64_t step = l->t->strides[dim] * pruni_dtype_size(l->t->dtype);
    if (dims == 1)
        add_row(l, place, indent);
    for (int64_t i = 0; dims > 1 && i < size; i++) {
        if (i > 0)
            separate_slices(l, dims, indent);
        if (gap > 0 && i == l->edgeitems) {
            add_word(l->text, "...");
            i += gap - 1;
        } else {
            add_block(l, dim + 1, place + i * step);
        }
    }
    add_word(l->text, "]");
}

void pruni_values_text(pruni_text *text, const prune_tensor *t, const prune_print_options *options)
{
    if (t->numel == 0) {
        add_word(text, "[]");
        return;
    }
    bool summarised = t->numel > options->threshold;
    layout l = { .text = text, .t = t, .linewidth = options->linewidth };
    l.edgeitems = summarised ? options->edgeitems : INT64_MAX;
    pruni_choose_print_format(&l.format, t, l.edgeitems, options);
    add_block(&l, 0, pruni_tensor_pointer(t));
}
