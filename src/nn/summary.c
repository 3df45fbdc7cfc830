/* The layer table of torchsummary 1.5.1. */
#include "nn/internal.h"

#include <math.h>
#include <string.h>

/* A call of a module. */
typedef struct call {
    prune_module *module; /* kept alive by the table's list */
    int64_t lines;        /* that it has in the table */
    char *shape;          /* owned */
    double outputs;       /* product of the shape's numbers */
    uint64_t parameters;
    bool trainable;
} call;

/* What the table knows of a module of the tree. */
typedef struct member {
    int64_t lines; /* for each call: 0 for containers and the root */
    bool training; /* as it was before, like the next */
    struct pruni_summary *summary;
} member;

/* The table while it is being made. */
typedef struct pruni_summary {
    prune_named_modules *modules; /* each once, the root first */
    member *members;              /* one for each of the modules */
    int64_t batch_size;
    call *calls;
    int64_t count, capacity;
    bool listening; /* the modules point here, and are in eval mode */
    bool failed;
} pruni_summary;

/* ---- While the forward runs ---- */

/* The tensor `name` of a module, whatever its kind; NULL if absent. */
static const prune_tensor *tensor_of(const prune_module *module, const char *name)
{
    prune_kind kind = prune_module_kind(module, name);
    return kind == PRUNE_KIND_NONE || kind == PRUNE_KIND_MODULE ? NULL : prune_module_get_tensor(module, name);
}

/* Adds "[-1, 6, 24, 24]" and multiplies `product` by its numbers. */
static void add_shape(pruni_text *text, double *product, const prune_tensor *t, int64_t batch_size)
{
    pruni_text_add(text, "[");
    for (int64_t i = 0; i < prune_tensor_ndim(t); i++) {
        int64_t size = i > 0 ? prune_tensor_sizes(t)[i] : batch_size;
        pruni_text_add(text, i > 0 ? ", %lld" : "%lld", (long long)size);
        *product *= (double)size;
    }
    pruni_text_add(text, "]");
}

/* One shape, or of several outputs the list, in which torchsummary always writes -1 for the batch. An LSTM's tuple of
 * states it cannot show: the first output stands for all. */
static prune_status describe_outputs(call *c, prune_tensor *const *y, int64_t ny, int64_t batch_size)
{
    pruni_text text = { NULL, 0, 0, false };
    bool one = ny == 1 || (ny > 1 && strcmp(c->module->type_name, "LSTM") == 0);
    c->outputs = 1;
    pruni_text_add(&text, one ? "" : "[");
    for (int64_t i = 0; i < (one ? 1 : ny); i++) {
        pruni_text_add(&text, i > 0 ? ", " : "");
        add_shape(&text, &c->outputs, y[i], one ? batch_size : -1);
    }
    pruni_text_add(&text, one ? "" : "]");
    return pruni_text_finish(&text, &c->shape);
}

static void describe_parameters(call *c)
{
    const prune_tensor *weight = tensor_of(c->module, "weight"), *bias = tensor_of(c->module, "bias");
    c->parameters = (uint64_t)prune_tensor_numel(weight) + (uint64_t)prune_tensor_numel(bias);
    c->trainable = weight && (weight->requires_grad || weight->has_grad_fn);
}

/* Of a module that points to the table, which therefore lists it. */
static int64_t lines_of(const pruni_summary *s, const prune_module *module)
{
    int64_t i = 0;
    while (s->modules->items[i].module != module)
        i++;
    return s->members[i].lines;
}

void pruni_summary_record(prune_module *module, prune_tensor *const *y, int64_t ny)
{
    pruni_summary *s = module->summary;
    if (!s || s->failed)
        return;
    call c = { .module = module, .lines = lines_of(s, module) };
    if (c.lines == 0)
        return;
    void *calls = s->calls;
    s->failed = pruni_grow(&calls, &s->capacity, s->count + 1, sizeof c) || describe_outputs(&c, y, ny, s->batch_size);
    s->calls = calls;
    if (s->failed)
        return;
    describe_parameters(&c);
    s->calls[s->count++] = c;
}

/* ---- Before and after ---- */

/* As often as torchsummary would hook a module: once for each place in the tree. */
static prune_status count_place(void *context, prune_module *module)
{
    pruni_summary *s = context;
    bool listed = module != s->modules->items[0].module && strcmp(module->type_name, "Sequential") != 0
                  && strcmp(module->type_name, "ModuleList") != 0;
    for (int64_t i = 0; listed && i < s->modules->count; i++)
        if (s->modules->items[i].module == module)
            s->members[i].lines++;
    return PRUNE_OK;
}

static prune_status summary_begin(pruni_summary *s, prune_module *root)
{
    if (prune_module_named_modules(&s->modules, root))
        return prune_last_status();
    s->members = pruni_alloc_zeroed((size_t)s->modules->count, sizeof *s->members);
    if (!s->members || prune_module_apply(root, count_place, s))
        return prune_last_status();
    for (int64_t i = 0; i < s->modules->count; i++) {
        prune_module *module = s->modules->items[i].module;
        s->members[i].training = module->training;
        s->members[i].summary = module->summary;
        module->training = false;
        module->summary = s;
    }
    s->listening = true;
    return PRUNE_OK;
}

static void summary_end(pruni_summary *s)
{
    for (int64_t i = 0; s->listening && i < s->modules->count; i++) {
        prune_module *module = s->modules->items[i].module;
        module->training = s->members[i].training;
        module->summary = s->members[i].summary;
    }
    for (int64_t i = 0; i < s->count; i++)
        pruni_free(s->calls[i].shape);
    pruni_free(s->calls);
    pruni_free(s->members);
    prune_named_modules_release(s->modules);
}

static prune_status summary_run(pruni_summary *s, prune_module *root, const int64_t *input_size, int64_t ndim)
{
    int64_t sizes[PRUNE_MAX_DIMS] = { 2 };
    for (int64_t i = 0; i < ndim; i++)
        sizes[i + 1] = input_size[i];
    prune_tensor *x = NULL, *y = NULL;
    prune_status status = PRUNE_OK;
    if (prune_tensor_zeros(&x, sizes, ndim + 1, PRUNE_FLOAT32) || prune_module_call(&y, root, x))
        status = prune_last_status();
    else if (s->failed)
        status = prune_fail(PRUNE_ERROR_MEMORY, "out of memory for the layer table");
    prune_tensor_release(y);
    prune_tensor_release(x);
    return status;
}

/* ---- The table ---- */

static void add_rule(pruni_text *text, char mark)
{
    char rule[64];
    memset(rule, mark, sizeof rule);
    pruni_text_add_bytes(text, rule, sizeof rule);
    pruni_text_add(text, "\n");
}

/* Padded on the left to a width in characters, not bytes. */
static void add_right(pruni_text *text, const char *word, int64_t width)
{
    for (const char *byte = word; *byte; byte++)
        width -= ((unsigned char)*byte & 0xc0) != 0x80;
    pruni_text_add_spaces(text, width);
    pruni_text_add(text, "%s", word);
}

static void add_row(pruni_text *text, const char *layer, const char *shape, const char *parameters)
{
    add_right(text, layer, 20);
    pruni_text_add(text, "  ");
    add_right(text, shape, 25);
    pruni_text_add(text, " ");
    add_right(text, parameters, 15);
    pruni_text_add(text, "\n");
}

/* "1,234,567" */
enum { GROUPED_TEXT = 32 };
static const char *group_thousands(char text[GROUPED_TEXT], uint64_t number)
{
    int place = GROUPED_TEXT - 1;
    text[place] = '\0';
    for (int digits = 0; number > 0 || digits == 0; digits++, number /= 10) {
        if (digits > 0 && digits % 3 == 0)
            text[--place] = ',';
        text[--place] = (char)('0' + number % 10);
    }
    return &text[place];
}

static void add_call(pruni_text *text, const call *c, int64_t number)
{
    char grouped[GROUPED_TEXT], *layer = NULL;
    pruni_text name = { NULL, 0, 0, false };
    pruni_text_add(&name, "%s-%lld", c->module->type_name, (long long)number);
    if (pruni_text_finish(&name, &layer)) {
        text->failed = true;
        return;
    }
    add_row(text, layer, c->shape, group_thousands(grouped, c->parameters));
    pruni_free(layer);
}

static void add_megabytes(pruni_text *text, const char *what, double megabytes)
{
    char number[PRUNI_NUMBER_TEXT];
    pruni_format_fixed(number, 2, megabytes);
    pruni_text_add(text, "%s (MB): %s\n", what, number);
}

static void add_totals(pruni_text *text, const pruni_summary *s, double inputs)
{
    uint64_t total = 0, trainable = 0;
    double outputs = 0;
    for (int64_t i = 0; i < s->count; i++) {
        const call *c = &s->calls[i];
        total += (uint64_t)c->lines * c->parameters;
        trainable += c->trainable ? (uint64_t)c->lines * c->parameters : 0;
        outputs += (double)c->lines * c->outputs;
    }
    char grouped[GROUPED_TEXT];
    pruni_text_add(text, "Total params: %s\n", group_thousands(grouped, total));
    pruni_text_add(text, "Trainable params: %s\n", group_thousands(grouped, trainable));
    pruni_text_add(text, "Non-trainable params: %s\n", group_thousands(grouped, total - trainable));
    add_rule(text, '-');
    const double bytes = 4.0, megabyte = 1024.0 * 1024.0;
    double input_size = fabs(inputs * bytes / megabyte);
    double output_size = fabs(2.0 * outputs * bytes / megabyte); /* a gradient for each */
    double parameter_size = (double)total * bytes / megabyte;
    add_megabytes(text, "Input size", input_size);
    add_megabytes(text, "Forward/backward pass size", output_size);
    add_megabytes(text, "Params size", parameter_size);
    add_megabytes(text, "Estimated Total Size", parameter_size + output_size + input_size);
}

static prune_status summary_print(FILE *file, const pruni_summary *s, double inputs)
{
    pruni_text text = { NULL, 0, 0, false };
    add_rule(&text, '-');
    add_row(&text, "Layer (type)", "Output Shape", "Param #");
    add_rule(&text, '=');
    int64_t number = 0;
    for (int64_t i = 0; i < s->count; i++)
        for (int64_t line = 0; line < s->calls[i].lines; line++)
            add_call(&text, &s->calls[i], ++number);
    add_rule(&text, '=');
    add_totals(&text, s, inputs);
    add_rule(&text, '-');
    return pruni_text_print(&text, file);
}

static prune_status check_input(int64_t ndim, int64_t batch_size)
{
    if (ndim < 0 || ndim >= PRUNE_MAX_DIMS)
        return prune_fail(PRUNE_ERROR_VALUE, "prune_module_summary: rank %lld of the input is not in the range 0 to %d",
                          (long long)ndim, PRUNE_MAX_DIMS - 1);
    if (batch_size < -1)
        return prune_fail(PRUNE_ERROR_VALUE, "prune_module_summary: batch_size is %lld, not -1, 0 or more",
                          (long long)batch_size);
    return PRUNE_OK;
}

prune_status prune_module_summary(FILE *file, prune_module *module, const int64_t *input_size, int64_t ndim,
                                  int64_t batch_size)
{
    PRUNI_REQUIRE(file);
    PRUNI_REQUIRE(module);
    PRUNI_REQUIRE_ARRAY(input_size, ndim);
    if (check_input(ndim, batch_size))
        return prune_last_status();
    double inputs = (double)batch_size;
    for (int64_t i = 0; i < ndim; i++)
        inputs *= (double)input_size[i];
    pruni_summary s = { .batch_size = batch_size };
    bool failed = summary_begin(&s, module) || summary_run(&s, module, input_size, ndim)
                  || summary_print(file, &s, inputs);
    summary_end(&s);
    return failed ? prune_last_status() : PRUNE_OK;
}
