/* nn.LSTM, nn.GRU. */
#include "nn/internal.h"

#include <math.h>

/* What sets the two apart. */
typedef struct rnn_kind {
    const char *type_name;
    int64_t gates;
    int64_t states; /* h, and of an LSTM c */
    void (*kernel)(const pruni_rnn *rnn);
} rnn_kind;

static const rnn_kind lstm_kind = { "LSTM", 4, 2, pruni_kernel_lstm };
static const rnn_kind gru_kind = { "GRU", 3, 1, pruni_kernel_gru };

typedef struct rnn {
    const rnn_kind *kind;
    int64_t input_size, hidden_size, num_layers, directions;
    bool bias, batch_first;
    double dropout;
} rnn;

/* ---- Parameters ---- */

enum { NAME = 64 };

/* "weight_ih_l0", "bias_hh_l1_reverse" */
static const char *parameter_name(char name[NAME], const char *what, const char *which, int64_t layer,
                                  int64_t direction)
{
    snprintf(name, NAME, "%s_%s_l%lld%s", what, which, (long long)layer, direction == 1 ? "_reverse" : "");
    return name;
}

static int64_t layer_input_size(const rnn *self, int64_t layer)
{
    return layer == 0 ? self->input_size : self->hidden_size * self->directions;
}

/* ---- The forward's arguments ---- */

/* Shapes of a call: those of an input without a batch are the ones of a batch of one. */
typedef struct shapes {
    bool batched;
    int64_t length, batch;
    int64_t time_step, batch_step; /* in rows of the contiguous input */
} shapes;

static prune_status check_counts(const rnn *self, int64_t ny, int64_t nx)
{
    const int64_t most = self->kind->states + 1;
    if ((nx == 1 || nx == most) && ny >= 1 && ny <= most)
        return PRUNE_OK;
    return prune_fail(PRUNE_ERROR_UNSUPPORTED,
                      "%s takes 1 or %lld inputs and gives 1 to %lld outputs, not %lld and %lld", self->kind->type_name,
                      (long long)most, (long long)most, (long long)nx, (long long)ny);
}

/* As BatchNorm's: dropout counts between layers, and in training mode. */
static prune_status check_mode(const rnn *self, const prune_module *module)
{
    return self->dropout > 0 && self->num_layers > 1 ? pruni_layer_check_eval(module) : PRUNE_OK;
}

static prune_status check_rank(const rnn *self, const prune_tensor *x)
{
    if (x->ndim == 2 || x->ndim == 3)
        return PRUNE_OK;
    return prune_fail(PRUNE_ERROR_VALUE, "%s: Expected input to be 2D or 3D, got %lldD instead", self->kind->type_name,
                      (long long)x->ndim);
}

static prune_status check_state_ranks(const rnn *self, prune_tensor *const *x, int64_t nx)
{
    const int64_t rank = x[0]->ndim;
    const char *batched = rank == 3 ? "batched" : "unbatched";
    if (nx == 1 || (x[1]->ndim == rank && x[nx - 1]->ndim == rank))
        return PRUNE_OK;
    if (self->kind->states == 1)
        return prune_fail(PRUNE_ERROR_RUNTIME, "For %s %lld-D input, hx should also be %lld-D but got %lld-D tensor",
                          batched, (long long)rank, (long long)rank, (long long)x[1]->ndim);
    return prune_fail(PRUNE_ERROR_RUNTIME,
                      "For %s %lld-D input, hx and cx should also be %lld-D but got (%lld-D, %lld-D) tensors", batched,
                      (long long)rank, (long long)rank, (long long)x[1]->ndim, (long long)x[2]->ndim);
}

static shapes shapes_of(const rnn *self, const prune_tensor *x)
{
    const int64_t *sizes = x->sizes;
    if (x->ndim == 2)
        return (shapes){ false, sizes[0], 1, 1, 1 };
    if (self->batch_first)
        return (shapes){ true, sizes[1], sizes[0], 1, sizes[1] };
    return (shapes){ true, sizes[0], sizes[1], sizes[1], 1 };
}

static prune_status check_input_size(const rnn *self, const prune_tensor *x)
{
    int64_t size = x->sizes[x->ndim - 1];
    if (size == self->input_size)
        return PRUNE_OK;
    return prune_fail(PRUNE_ERROR_RUNTIME, "input.size(-1) must be equal to input_size. Expected %lld, got %lld",
                      (long long)self->input_size, (long long)size);
}

/* The shape of a state is [layers, batch, hidden], also in the sentence about one without a batch. */
static prune_status check_state(const rnn *self, const prune_tensor *state, int64_t number, const shapes *s)
{
    const int64_t layers = self->num_layers * self->directions, last = state->ndim - 1;
    const int64_t sizes[] = { state->sizes[0], s->batched ? state->sizes[1] : 1, state->sizes[last] };
    char index[16] = "", text[PRUNI_SHAPE_TEXT];
    if (sizes[0] == layers && sizes[1] == s->batch && sizes[2] == self->hidden_size)
        return pruni_check_float32(self->kind->type_name, state);
    if (self->kind->states > 1)
        snprintf(index, sizeof index, "[%d]", (int)number);
    return prune_fail(PRUNE_ERROR_RUNTIME, "Expected hidden%s size (%lld, %lld, %lld), got %s", index,
                      (long long)layers, (long long)s->batch, (long long)self->hidden_size,
                      pruni_list_text(text, sizes, 3));
}

static prune_status check_arguments(const rnn *self, const prune_module *module, int64_t ny, prune_tensor *const *x,
                                    int64_t nx)
{
    if (check_counts(self, ny, nx) || check_rank(self, x[0]) || check_state_ranks(self, x, nx)
        || pruni_check_float32(self->kind->type_name, x[0]) || check_input_size(self, x[0]))
        return prune_last_status();
    const shapes s = shapes_of(self, x[0]);
    for (int64_t i = 1; i < nx; i++)
        if (check_state(self, x[i], i - 1, &s))
            return prune_last_status();
    if (s.length == 0)
        return prune_fail(PRUNE_ERROR_RUNTIME, "Expected sequence length to be larger than 0 in RNN");
    return check_mode(self, module);
}

/* ---- Forward ---- */

/* One call. The last layer's outputs, and before them each other one's, are results[0]: a layer has read them when it
 * starts to write. The states run in results[1] and [2]. */
typedef struct pass {
    const rnn *rnn;
    const prune_module *module;
    shapes shapes;
    prune_tensor *x;          /* contiguous */
    prune_tensor *results[3]; /* y, h_n, c_n */
    prune_tensor *input_gates, *gates;
    prune_tensor *scratch; /* of the products */
} pass;

static void release(pass *p)
{
    prune_tensor_release(p->x);
    prune_tensor_release(p->input_gates);
    prune_tensor_release(p->gates);
    prune_tensor_release(p->scratch);
    for (int i = 0; i < 3; i++)
        prune_tensor_release(p->results[i]);
}

static prune_status make_state(prune_tensor **out, const pass *p, const prune_tensor *initial)
{
    const int64_t layers = p->rnn->num_layers * p->rnn->directions, hidden = p->rnn->hidden_size;
    const int64_t sizes[] = { layers, p->shapes.batched ? p->shapes.batch : hidden, hidden };
    const int64_t ndim = p->shapes.batched ? 3 : 2;
    if (!initial)
        return prune_tensor_zeros(out, sizes, ndim, PRUNE_FLOAT32);
    if (prune_tensor_empty(out, sizes, ndim, PRUNE_FLOAT32))
        return prune_last_status();
    pruni_copy_values(*out, initial);
    return PRUNE_OK;
}

/* The inputs' product has the most rows, as many columns as the first layer or a later one has inputs. */
static int64_t scratch_size(const pass *p)
{
    const rnn *self = p->rnn;
    const int64_t later = self->directions * self->hidden_size;
    return pruni_kernel_linear_scratch(p->shapes.length * p->shapes.batch,
                                       self->input_size > later ? self->input_size : later);
}

static prune_status prepare(pass *p, prune_tensor *const *x, int64_t nx)
{
    const rnn *self = p->rnn;
    const int64_t rows = p->shapes.length * p->shapes.batch, width = self->kind->gates * self->hidden_size;
    int64_t sizes[3] = { x[0]->sizes[0], x[0]->sizes[1] };
    sizes[x[0]->ndim - 1] = self->directions * self->hidden_size;
    if (prune_tensor_contiguous(&p->x, x[0]) || prune_tensor_empty(&p->results[0], sizes, x[0]->ndim, PRUNE_FLOAT32)
        || prune_tensor_empty(&p->input_gates, PRUNE_SHAPE(self->directions, rows, width), PRUNE_FLOAT32)
        || prune_tensor_empty(&p->gates, PRUNE_SHAPE(p->shapes.batch, width), PRUNE_FLOAT32)
        || prune_tensor_empty(&p->scratch, PRUNE_SHAPE(scratch_size(p)), PRUNE_FLOAT32))
        return prune_last_status();
    for (int64_t i = 1; i <= self->kind->states; i++)
        if (make_state(&p->results[i], p, nx > 1 ? x[i] : NULL))
            return prune_last_status();
    return PRUNE_OK;
}

/* A parameter as the module has it now, which a pruned one's hook may just have written. */
static prune_status read_parameter(prune_tensor **out, const pass *p, const char *name, const int64_t *sizes,
                                   int64_t ndim)
{
    char expected[PRUNI_SHAPE_TEXT], got[PRUNI_SHAPE_TEXT];
    if (pruni_layer_required(out, p->module, name))
        return prune_last_status();
    const prune_tensor *t = *out;
    if (t->ndim == ndim && t->sizes[0] == sizes[0] && (ndim == 1 || t->sizes[1] == sizes[1]))
        return PRUNE_OK;
    return prune_fail(PRUNE_ERROR_RUNTIME, "%s: expected %s of shape %s, got %s", p->rnn->kind->type_name, name,
                      pruni_list_text(expected, sizes, ndim), pruni_list_text(got, t->sizes, t->ndim));
}

typedef struct parameters {
    prune_tensor *weight, *bias;
} parameters;

/* weight_ih and bias_ih, or weight_hh and bias_hh, of one direction of a layer. */
static prune_status read_parameters(parameters *out, const pass *p, const char *which, int64_t layer, int64_t direction,
                                    int64_t columns)
{
    const int64_t sizes[] = { p->rnn->kind->gates * p->rnn->hidden_size, columns };
    char name[NAME];
    if (read_parameter(&out->weight, p, parameter_name(name, "weight", which, layer, direction), sizes, 2))
        return prune_last_status();
    if (!p->rnn->bias)
        return PRUNE_OK;
    return read_parameter(&out->bias, p, parameter_name(name, "bias", which, layer, direction), sizes, 1);
}

static void release_parameters(parameters *both)
{
    prune_tensor_release(both->weight);
    prune_tensor_release(both->bias);
}

static float *input_gates_of(const pass *p, int64_t direction)
{
    return (float *)pruni_tensor_pointer(p->input_gates) + direction * (p->input_gates->numel / p->rnn->directions);
}

/* What the layer's inputs contribute to the gates of all times, in one product. */
static prune_status project(const pass *p, int64_t layer, int64_t direction)
{
    const rnn *self = p->rnn;
    const int64_t columns = layer_input_size(self, layer);
    parameters ih = { NULL, NULL };
    bool failed = read_parameters(&ih, p, "ih", layer, direction, columns);
    if (!failed)
        pruni_kernel_linear(&(pruni_linear){
            .rows = p->shapes.length * p->shapes.batch,
            .in = columns,
            .out = self->kind->gates * self->hidden_size,
            .x = pruni_tensor_pointer(layer == 0 ? p->x : p->results[0]),
            .weight = pruni_tensor_pointer(ih.weight),
            .bias = ih.bias ? pruni_tensor_pointer(ih.bias) : NULL,
            .y = input_gates_of(p, direction),
            .scratch = pruni_tensor_pointer(p->scratch),
        });
    release_parameters(&ih);
    return failed ? prune_last_status() : PRUNE_OK;
}

static prune_status recur(const pass *p, int64_t layer, int64_t direction)
{
    const rnn *self = p->rnn;
    const int64_t hidden = self->hidden_size;
    const int64_t state = (layer * self->directions + direction) * p->shapes.batch * hidden;
    parameters hh = { NULL, NULL };
    if (read_parameters(&hh, p, "hh", layer, direction, hidden)) {
        release_parameters(&hh);
        return prune_last_status();
    }
    self->kind->kernel(&(pruni_rnn){
        .length = p->shapes.length,
        .batch = p->shapes.batch,
        .hidden = hidden,
        .time_step = p->shapes.time_step,
        .batch_step = p->shapes.batch_step,
        .reverse = direction == 1,
        .weight = pruni_tensor_pointer(hh.weight),
        .bias = hh.bias ? pruni_tensor_pointer(hh.bias) : NULL,
        .input_gates = input_gates_of(p, direction),
        .gates = pruni_tensor_pointer(p->gates),
        .h = (float *)pruni_tensor_pointer(p->results[1]) + state,
        .c = p->results[2] ? (float *)pruni_tensor_pointer(p->results[2]) + state : NULL,
        .y = (float *)pruni_tensor_pointer(p->results[0]) + direction * hidden,
        .y_width = self->directions * hidden,
        .scratch = pruni_tensor_pointer(p->scratch),
    });
    release_parameters(&hh);
    return PRUNE_OK;
}

/* Both directions read the layer's inputs before one of them writes over these. */
static prune_status run_layer(const pass *p, int64_t layer)
{
    for (int64_t direction = 0; direction < p->rnn->directions; direction++)
        if (project(p, layer, direction))
            return prune_last_status();
    for (int64_t direction = 0; direction < p->rnn->directions; direction++)
        if (recur(p, layer, direction))
            return prune_last_status();
    return PRUNE_OK;
}

static prune_status rnn_forward(void *context, prune_module *self, prune_tensor **y, int64_t ny, prune_tensor *const *x,
                                int64_t nx)
{
    pass p = { .rnn = context, .module = self };
    if (check_arguments(p.rnn, self, ny, x, nx))
        return prune_last_status();
    p.shapes = shapes_of(p.rnn, x[0]);
    bool failed = prepare(&p, x, nx);
    for (int64_t layer = 0; !failed && layer < p.rnn->num_layers; layer++)
        failed = run_layer(&p, layer);
    for (int64_t i = 0; !failed && i < ny; i++) {
        y[i] = p.results[i];
        p.results[i] = NULL;
    }
    release(&p);
    return failed ? prune_last_status() : PRUNE_OK;
}

/* ---- Making ---- */

static int rnn_repr(const void *context, char *out, size_t size)
{
    const rnn *self = context;
    char room[PRUNI_LAYER_REPR];
    pruni_text text = pruni_layer_repr_text(room);
    pruni_text_add(&text, "%lld, %lld", (long long)self->input_size, (long long)self->hidden_size);
    if (self->num_layers != 1)
        pruni_text_add(&text, ", num_layers=%lld", (long long)self->num_layers);
    pruni_text_add(&text, "%s%s", self->bias ? "" : ", bias=False", self->batch_first ? ", batch_first=True" : "");
    if (self->dropout != 0) {
        pruni_text_add(&text, ", dropout=");
        pruni_text_add_float(&text, self->dropout);
    }
    pruni_text_add(&text, "%s", self->directions == 2 ? ", bidirectional=True" : "");
    return pruni_layer_write_repr(&text, out, size);
}

static const prune_module_ops rnn_ops = {
    .size = sizeof rnn_ops,
    .context_size = sizeof(rnn),
    .forward = rnn_forward,
    .extra_repr = rnn_repr,
};

static prune_status check_options(const rnn *self)
{
    if (!(self->dropout >= 0 && self->dropout <= 1))
        return prune_fail(PRUNE_ERROR_VALUE,
                          "dropout should be a number in range [0, 1] representing the probability of an element being "
                          "zeroed");
    const char *low = self->input_size <= 0    ? "input_size"
                      : self->hidden_size <= 0 ? "hidden_size"
                      : self->num_layers <= 0  ? "num_layers"
                                               : NULL;
    if (low)
        return prune_fail(PRUNE_ERROR_VALUE, "%s must be greater than zero", low);
    if (self->hidden_size > INT64_MAX / self->kind->gates)
        return prune_fail(PRUNE_ERROR_MEMORY, "%s: hidden_size %lld does not fit", self->kind->type_name,
                          (long long)self->hidden_size);
    return PRUNE_OK;
}

static prune_status add_pair(prune_module *module, const rnn *self, const char *what, int64_t layer, int64_t direction,
                             int64_t ndim)
{
    const int64_t rows = self->kind->gates * self->hidden_size;
    char name[NAME];
    if (pruni_layer_add_parameter(module, parameter_name(name, what, "ih", layer, direction), true,
                                  (const int64_t[]){ rows, layer_input_size(self, layer) }, ndim)
        || pruni_layer_add_parameter(module, parameter_name(name, what, "hh", layer, direction), true,
                                     (const int64_t[]){ rows, self->hidden_size }, ndim))
        return prune_last_status();
    return PRUNE_OK;
}

static prune_status add_parameters(prune_module *module, const rnn *self)
{
    for (int64_t layer = 0; layer < self->num_layers; layer++)
        for (int64_t direction = 0; direction < self->directions; direction++)
            if (add_pair(module, self, "weight", layer, direction, 2)
                || (self->bias && add_pair(module, self, "bias", layer, direction, 1)))
                return prune_last_status();
    return PRUNE_OK;
}

/* RNNBase.reset_parameters. */
static prune_status draw_parameters(prune_module *module, const rnn *self)
{
    const double bound = 1 / sqrt((double)self->hidden_size);
    prune_status status = PRUNE_OK;
    for (int64_t i = 0; status == PRUNE_OK && i < module->parameters.count; i++)
        status = prune_tensor_uniform_(module->parameters.items[i].tensor, -bound, bound, NULL);
    return status;
}

static prune_status create(prune_module **out, const char *function, const rnn_kind *kind, int64_t input_size,
                           int64_t hidden_size, const prune_rnn_options *options)
{
    static const prune_rnn_options defaults = PRUNE_RNN_OPTIONS_INIT;
    if (!out)
        return pruni_null_argument(function, "out");
    options = options ? options : &defaults;
    if (pruni_check_size(function, options->size, sizeof *options))
        return prune_last_status();
    const rnn context = {
        .kind = kind,
        .input_size = input_size,
        .hidden_size = hidden_size,
        .num_layers = options->num_layers,
        .directions = options->bidirectional ? 2 : 1,
        .bias = options->bias,
        .batch_first = options->batch_first,
        .dropout = options->dropout,
    };
    prune_module *module = NULL;
    bool failed = check_options(&context) || prune_module_create(&module, kind->type_name, &rnn_ops, &context)
                  || add_parameters(module, &context) || draw_parameters(module, &context);
    return pruni_layer_finish(out, module, failed);
}

prune_status prune_lstm_create(prune_module **out, int64_t input_size, int64_t hidden_size,
                               const prune_rnn_options *options)
{
    return create(out, __func__, &lstm_kind, input_size, hidden_size, options);
}

prune_status prune_gru_create(prune_module **out, int64_t input_size, int64_t hidden_size,
                              const prune_rnn_options *options)
{
    return create(out, __func__, &gru_kind, input_size, hidden_size, options);
}
