/* How the elements of a tensor are written: PyTorch's choice between plain, whole and scientific numbers. */
#include "tensor/internal.h"

#include <math.h>
#include <string.h>

int64_t pruni_print_gap(int64_t size, int64_t edgeitems)
{
    return edgeitems <= (size - 1) / 2 ? size - 2 * edgeitems : 0;
}

/* ---- The elements shown ---- */

typedef struct shown {
    const prune_tensor *t;
    int64_t edgeitems;
    void (*visit)(void *context, const void *element);
    void *context;
} shown;

/* At most PRUNE_MAX_DIMS deep. NOLINTNEXTLINE(misc-no-recursion) */
static void visit_shown(const shown *s, int64_t dim, const char *place)
{
    if (dim == s->t->ndim) {
        s->visit(s->context, place);
        return;
    }
    int64_t size = s->t->sizes[dim], gap = pruni_print_gap(size, s->edgeitems);
    int64_t step = s->t->strides[dim] * pruni_dtype_size(s->t->dtype);
    for (int64_t i = 0; i < size; i++) {
        if (gap > 0 && i == s->edgeitems)
            i += gap - 1;
        else
            visit_shown(s, dim + 1, place + i * step);
    }
}

/* ---- What decides the style: the finite elements that are not 0 ---- */

typedef struct range {
    prune_dtype dtype;
    double smallest, largest; /* of the magnitudes */
    bool any, whole;
} range;

static void extend_range(void *context, const void *element)
{
    range *r = context;
    double value = pruni_load_double(r->dtype, element);
    if (value == 0 || !isfinite(value))
        return;
    double magnitude = fabs(value);
    if (!r->any || magnitude < r->smallest)
        r->smallest = magnitude;
    if (!r->any || magnitude > r->largest)
        r->largest = magnitude;
    r->any = true;
    r->whole = r->whole && value == ceil(value);
}

static bool is_scientific(const range *r, int sci_mode)
{
    if (sci_mode >= 0)
        return sci_mode > 0;
    return r->largest / r->smallest > 1000.0 || r->largest > 1.0e8 || r->smallest < 1.0e-4;
}

/* ---- Width ---- */

static void extend_width(void *context, const void *element)
{
    pruni_print_format *format = context;
    if (pruni_is_floating(format->dtype)) {
        double value = pruni_load_double(format->dtype, element);
        if (value == 0 || !isfinite(value))
            return;
    }
    char text[PRUNI_NUMBER_TEXT];
    int length = pruni_format_element(text, format, element);
    if (length > format->width)
        format->width = length;
}

int pruni_format_element(char text[PRUNI_NUMBER_TEXT], const pruni_print_format *format, const void *element)
{
    if (format->dtype == PRUNE_BOOL)
        return snprintf(text, PRUNI_NUMBER_TEXT, "%s", pruni_load_int64(format->dtype, element) ? "True" : "False");
    if (!pruni_is_floating(format->dtype))
        return snprintf(text, PRUNI_NUMBER_TEXT, "%lld", (long long)pruni_load_int64(format->dtype, element));
    double value = pruni_load_double(format->dtype, element);
    if (format->scientific)
        return pruni_format_exponent(text, format->precision, value);
    if (!format->whole)
        return pruni_format_fixed(text, format->precision, value);
    int length = pruni_format_fixed(text, 0, value);
    if (isfinite(value))
        memcpy(text + length++, ".", 2);
    return length;
}

void pruni_choose_print_format(pruni_print_format *format, const prune_tensor *t, int64_t edgeitems,
                               const prune_print_options *options)
{
    range r = { t->dtype, 0, 0, false, true };
    shown s = { t, edgeitems, extend_range, &r };
    if (pruni_is_floating(t->dtype))
        visit_shown(&s, 0, pruni_tensor_pointer(t));
    format->dtype = t->dtype;
    format->scientific = r.any && is_scientific(&r, options->sci_mode);
    format->whole = r.whole;
    format->precision = (int)options->precision;
    format->width = 1;
    s.visit = extend_width;
    s.context = format;
    visit_shown(&s, 0, pruni_tensor_pointer(t));
}
