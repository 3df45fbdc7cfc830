/* Tensors as print(t) shows them: heading, values, suffixes. */
#include "tensor/internal.h"

#include <string.h>

static const prune_print_options default_options = PRUNE_PRINT_OPTIONS_INIT;

/* The last line of what is being printed, which decides where a suffix goes. */
typedef struct line {
    pruni_text *text;
    int64_t length; /* as PyTorch counts: for the values, two more than there are */
    int64_t limit;
} line;

static void add_suffix(line *l, const char *suffix)
{
    int64_t length = (int64_t)strlen(suffix);
    bool wraps = l->length + length + 2 > l->limit;
    pruni_text_add(l->text, wraps ? ",\n%*s%s" : ", %*s%s", wraps ? PRUNI_PRINT_LEFT : 0, "", suffix);
    l->length = wraps ? PRUNI_PRINT_LEFT + length : l->length + length + 2;
}

static int64_t last_line_length(const pruni_text *text, size_t start)
{
    size_t end = text->length;
    while (end > start && text->data[end - 1] != '\n')
        end--;
    return (int64_t)(text->length - end);
}

/* "size=(2, 3)", "size=(2,)", "size=()" */
static void add_size_suffix(line *l, const prune_tensor *t)
{
    char text[PRUNI_SHAPE_TEXT];
    size_t length = (size_t)snprintf(text, sizeof text, "size=(");
    for (int64_t i = 0; i < t->ndim; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%lld", i > 0 ? ", " : "",
                                   (long long)t->sizes[i]);
    snprintf(text + length, sizeof text - length, t->ndim == 1 ? ",)" : ")");
    add_suffix(l, text);
}

static bool shows_size(const prune_tensor *t, const prune_print_options *options)
{
    return t->numel == 0 ? t->ndim != 1 : options->edgeitems == 0;
}

/* Where the values do not tell the dtype by themselves. */
static bool shows_dtype(const prune_tensor *t)
{
    if (t->dtype == PRUNE_INT64 || t->dtype == PRUNE_BOOL)
        return t->numel == 0;
    return t->dtype != PRUNE_FLOAT32;
}

static void add_suffixes(line *l, const prune_tensor *t, const prune_print_options *options)
{
    if (shows_size(t, options))
        add_size_suffix(l, t);
    if (shows_dtype(t)) {
        char text[32];
        snprintf(text, sizeof text, "dtype=%s", prune_dtype_name(t->dtype));
        add_suffix(l, text);
    }
    if (t->has_grad_fn)
        add_suffix(l, "grad_fn=<MulBackward0>");
    else if (t->requires_grad)
        add_suffix(l, "requires_grad=True");
}

void pruni_tensor_text(pruni_text *text, const prune_tensor *t, const prune_print_options *options)
{
    if (!options)
        options = &default_options;
    if (!t) {
        pruni_text_add(text, "None");
        return;
    }
    pruni_text_add(text, t->is_parameter ? "Parameter containing:\n" : "");
    size_t start = text->length;
    pruni_text_add(text, "tensor(");
    pruni_values_text(text, t, options);
    line l = { text, last_line_length(text, start) + 2, options->linewidth };
    add_suffixes(&l, t, options);
    pruni_text_add(text, ")");
}

static prune_status outside(const char *function, const char *field, int64_t value, const char *range)
{
    return prune_fail(PRUNE_ERROR_VALUE, "%s: print option %s is %lld, not %s", function, field, (long long)value,
                      range);
}

prune_status pruni_check_print_options(const char *function, const prune_print_options *options)
{
    if (!options)
        return PRUNE_OK;
    if (pruni_check_size(function, options->size, sizeof *options))
        return prune_last_status();
    if (options->precision < 0 || options->precision > 60)
        return outside(function, "precision", options->precision, "in the range 0 to 60");
    if (options->edgeitems < 0)
        return outside(function, "edgeitems", options->edgeitems, "0 or more");
    if (options->linewidth < 1)
        return outside(function, "linewidth", options->linewidth, "1 or more");
    if (options->sci_mode < -1 || options->sci_mode > 1)
        return outside(function, "sci_mode", options->sci_mode, "-1, 0 or 1");
    return PRUNE_OK;
}

prune_status prune_tensor_print(FILE *file, const prune_tensor *t, const prune_print_options *options)
{
    PRUNI_REQUIRE(file);
    if (pruni_check_print_options(__func__, options))
        return prune_last_status();
    pruni_text text = { NULL, 0, 0, false };
    pruni_tensor_text(&text, t, options);
    return pruni_text_print(&text, file);
}

prune_status prune_tensor_to_string(char **out, const prune_tensor *t, const prune_print_options *options)
{
    PRUNI_REQUIRE(out);
    if (pruni_check_print_options(__func__, options))
        return prune_last_status();
    pruni_text text = { NULL, 0, 0, false };
    pruni_tensor_text(&text, t, options);
    return pruni_text_finish(&text, out);
}
