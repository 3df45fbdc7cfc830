/* Commands on tensors and generators. */
#include "driver.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Patterns ---- */

static float float_of(uint32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static float uniform(uint64_t h)
{
    return (float)((int64_t)(h >> 40) - (1 << 23)) * 0x1p-23f;
}

static float odd_mask(uint64_t h)
{
    static const float values[8] = { 0, 1, 1, 0, 0.5f, 2, -1, NAN };
    return values[(h >> 32) % 8];
}

static float special(uint64_t h, uint64_t chance)
{
    static const uint32_t values[16] = {
        0x7fc00000, 0x7f800000, 0xff800000, 0x00000000, 0x80000000, 0x00000001, 0x80000001, 0x007fffff,
        0x00800000, 0x7f7fffff, 0xff7fffff, 0x7149f2ca, 0x0da24260, 0x3f800000, 0xbf800000, 0x3f000000,
    };
    return (h >> 24 & 255) < chance ? float_of(values[(h >> 32) % 16]) : uniform(h);
}

static float wide(uint64_t h)
{
    const uint32_t bits = (uint32_t)(h >> 32);
    return float_of((bits & 0x7f800000) == 0x7f800000 ? bits & ~0x40000000u : bits);
}

static float few(uint64_t h, uint64_t count)
{
    return (float)((int64_t)((h >> 32) % count) - (int64_t)(count / 2)) * 0.25f;
}

static void fill_bits(float *values, int64_t count, const char *list)
{
    const char *p = list;
    for (int64_t i = 0; i < count; i++) {
        char *end;
        values[i] = float_of((uint32_t)strtoul(p, &end, 16));
        p = *end == ',' ? end + 1 : list;
    }
}

typedef enum pattern_kind { BITS, FILL, ARANGE, UNIFORM, FEW, MASK, ODD, WIDE, SPECIAL, PATTERN_KINDS } pattern_kind;

/* KIND:… in parts; `rest` is what follows the first colon. */
static pattern_kind read_kind(const char *pattern, const char **rest)
{
    static const char *const names[] = { "bits", "fill", "arange", "uniform", "few", "mask", "odd", "wide", "special" };
    const size_t length = strcspn(pattern, ":");
    *rest = pattern + length + (pattern[length] == ':');
    for (int kind = 0; kind < PATTERN_KINDS; kind++)
        if (strncmp(names[kind], pattern, length) == 0 && names[kind][length] == '\0')
            return (pattern_kind)kind;
    fprintf(stderr, "driver: no pattern %s\n", pattern);
    exit(2);
}

static float value_of(pattern_kind kind, uint64_t h, uint64_t second)
{
    switch (kind) {
    case FEW:
        return few(h, second);
    case MASK:
        return (h >> 32 & 255) < second ? 0 : 1;
    case ODD:
        return odd_mask(h);
    case WIDE:
        return wide(h);
    case SPECIAL:
        return special(h, second);
    default:
        return uniform(h);
    }
}

static void fill_pattern(float *values, int64_t count, const char *pattern)
{
    const char *rest;
    const pattern_kind kind = read_kind(pattern, &rest);
    if (kind == BITS) {
        fill_bits(values, count, rest);
        return;
    }
    if (kind == FILL || kind == ARANGE) {
        const double first = kind == FILL ? number(rest) : 0;
        for (int64_t i = 0; i < count; i++)
            values[i] = (float)(kind == FILL ? first : (double)i);
        return;
    }
    char *end;
    const uint64_t seed = strtoull(rest, &end, 10), second = *end == ':' ? strtoull(end + 1, NULL, 10) : 1;
    for (int64_t i = 0; i < count; i++)
        values[i] = value_of(kind, mix(seed * 0x9e3779b97f4a7c15u + (uint64_t)i), second);
}

prune_status make_pattern(prune_tensor **out, const int64_t *sizes, int64_t ndim, const char *pattern)
{
    prune_tensor *t = NULL;
    if (prune_tensor_empty(&t, sizes, ndim, PRUNE_FLOAT32))
        return prune_last_status();
    fill_pattern(prune_tensor_data_mutable(t), prune_tensor_numel(t), pattern);
    *out = t;
    return PRUNE_OK;
}

/* ---- Tensors ---- */

static void tensor(session *s, command *c)
{
    int64_t sizes[PRUNE_MAX_DIMS];
    const int64_t ndim = read_list(sizes, word(c, 2));
    const char *dtype = option(c, "dtype");
    prune_tensor *values = NULL, *t = NULL;
    prune_status status = make_pattern(&values, sizes, ndim, word(c, 3));
    if (status == PRUNE_OK)
        status = prune_tensor_to(&t, values, dtype ? read_dtype(dtype) : PRUNE_FLOAT32);
    prune_tensor_release(values);
    answer_kept(s, status, word(c, 1), TENSOR, t);
}

static void permute(session *s, command *c)
{
    int64_t dims[PRUNE_MAX_DIMS];
    const int64_t ndim = read_list(dims, word(c, 3));
    prune_tensor *source = tensor_of(s, c, 2), *t = NULL;
    if (c->skipped)
        return;
    const prune_status status = prune_tensor_permute(&t, source, dims, ndim);
    answer_kept(s, status, word(c, 1), TENSOR, t);
}

static void slice(session *s, command *c)
{
    int64_t range[3] = { 0, 0, 1 }; /* dim, start, step */
    (void)read_list(range, word(c, 3));
    prune_tensor *source = tensor_of(s, c, 2), *t = NULL;
    if (c->skipped)
        return;
    const prune_status status = prune_tensor_slice(&t, source, range[0], range[1], INT64_MAX, range[2]);
    answer_kept(s, status, word(c, 1), TENSOR, t);
}

/* The tensor object itself; for an absent or missing member the name stays what it was. */
static void get(session *s, command *c)
{
    prune_module *module = module_of(s, c, 2);
    if (c->skipped)
        return;
    const char *name = member_of(s, c, 3);
    prune_tensor *t = prune_module_get_tensor(module, name);
    if (t)
        keep(s, word(c, 1), TENSOR, prune_tensor_retain(t));
    text_add(&s->answer, t ? "ok\n" : "ok\nnone\n");
}

static void fill_tensor(session *s, command *c)
{
    prune_tensor *t = tensor_of(s, c, 1), *values = NULL;
    if (c->skipped)
        return;
    const bool failed = make_pattern(&values, prune_tensor_sizes(t), prune_tensor_ndim(t), word(c, 2))
                        || prune_tensor_copy_(t, values);
    prune_tensor_release(values);
    answer(s, failed ? prune_last_status() : PRUNE_OK);
}

static int64_t number_option(const command *c, const char *key, int64_t otherwise)
{
    const char *digits = option(c, key);
    return digits ? integer(digits) : otherwise;
}

static void print(session *s, command *c)
{
    prune_tensor *t = tensor_of(s, c, 1);
    prune_print_options options = PRUNE_PRINT_OPTIONS_INIT;
    options.precision = number_option(c, "precision", options.precision);
    options.threshold = number_option(c, "threshold", options.threshold);
    options.edgeitems = number_option(c, "edgeitems", options.edgeitems);
    options.linewidth = number_option(c, "linewidth", options.linewidth);
    options.sci_mode = (int)number_option(c, "sci_mode", options.sci_mode);
    if (c->skipped)
        return;
    FILE *page = open_page();
    answer_page(s, page, prune_tensor_print(page, t, c->options ? &options : NULL));
}

static void norm(session *s, command *c)
{
    int64_t dims[PRUNE_MAX_DIMS];
    prune_tensor *t = tensor_of(s, c, 1), *y = NULL;
    const int64_t ndims = read_list(dims, word(c, 3));
    const char *keepdim = option(c, "keepdim");
    if (c->skipped)
        return;
    const bool nuclear = strcmp(word(c, 2), "nuc") == 0;
    if (answer(s, prune_tensor_norm(&y, t, read_norm(word(c, 2)), dims, ndims, keepdim && integer(keepdim)))) {
        text_add(&s->answer, nuclear ? "approx " : "");
        write_tensor(s, &s->answer, y, nuclear);
        text_add(&s->answer, "\n");
    }
    prune_tensor_release(y);
}

/* ---- Generators ---- */

static void seed_default(session *s, command *c)
{
    const char *seed = word(c, 1);
    prune_manual_seed(NULL, *seed == '-' ? (uint64_t)integer(seed) : strtoull(seed, NULL, 10));
    answer(s, PRUNE_OK);
}

static void generator(session *s, command *c)
{
    prune_generator *g = NULL;
    const prune_status status = prune_generator_create(&g);
    answer_kept(s, status, word(c, 1), GENERATOR, g);
}

static void seed_generator(session *s, command *c)
{
    prune_generator *g = find(s, c, GENERATOR, word(c, 1));
    if (c->skipped)
        return;
    const char *seed = word(c, 2);
    prune_manual_seed(g, *seed == '-' ? (uint64_t)integer(seed) : strtoull(seed, NULL, 10));
    answer(s, PRUNE_OK);
}

static void get_state(session *s, command *c)
{
    prune_generator *g = generator_option(s, c);
    prune_tensor *t = NULL;
    if (c->skipped)
        return;
    const prune_status status = prune_generator_get_state(&t, g);
    answer_kept(s, status, word(c, 1), TENSOR, t);
}

static void set_state(session *s, command *c)
{
    prune_tensor *t = tensor_of(s, c, 1);
    prune_generator *g = generator_option(s, c);
    if (!c->skipped)
        answer(s, prune_generator_set_state(g, t));
}

static void draw(session *s, command *c)
{
    int64_t sizes[PRUNE_MAX_DIMS];
    const int64_t ndim = read_list(sizes, word(c, 2));
    prune_generator *g = generator_option(s, c);
    const char *dtype = option(c, "dtype");
    prune_tensor *t = NULL;
    if (c->skipped)
        return;
    if (answer(s, prune_rand(&t, sizes, ndim, dtype ? read_dtype(dtype) : PRUNE_FLOAT32, g))) {
        write_tensor(s, &s->answer, t, false);
        text_add(&s->answer, "\n");
        keep(s, word(c, 1), TENSOR, t);
    }
}

static void draw_uniform(session *s, command *c)
{
    prune_tensor *t = tensor_of(s, c, 1);
    prune_generator *g = generator_option(s, c);
    if (c->skipped)
        return;
    if (answer(s, prune_tensor_uniform_(t, number(word(c, 2)), number(word(c, 3)), g))) {
        write_tensor(s, &s->answer, t, false);
        text_add(&s->answer, "\n");
    }
}

/* ---- show ---- */

static void show_dict(session *s, const prune_dict *dict)
{
    for (int64_t i = 0; i < prune_dict_size(dict); i++) {
        text_add(&s->answer, "%s ", prune_dict_key(dict, i));
        write_tensor(s, &s->answer, prune_dict_value(dict, i), false);
        text_add(&s->answer, "\n");
    }
}

static void show(session *s, command *c)
{
    void *shown[DICT + 1] = { NULL };
    bool found = false;
    for (object_kind kind = TENSOR; kind <= DICT; kind++) {
        command probe = *c;
        probe.skipped = false;
        shown[kind] = kind == MODULE ? NULL : find(s, &probe, kind, word(c, 1));
        found = found || shown[kind];
    }
    c->skipped = !found;
    if (c->skipped)
        return;
    answer(s, PRUNE_OK);
    if (shown[DICT])
        show_dict(s, shown[DICT]);
    if (shown[TENSOR]) {
        text_add(&s->answer, "%s", prune_tensor_requires_grad(shown[TENSOR]) ? "grad " : "");
        write_tensor(s, &s->answer, shown[TENSOR], false);
        text_add(&s->answer, "\n");
    }
    if (shown[METHOD]) {
        const char *name = prune_method_tensor_name(shown[METHOD]);
        write_method(&s->answer, shown[METHOD]);
        text_add(&s->answer, " %s\n", name ? name : "none");
    }
    if (shown[GENERATOR]) {
        prune_tensor *state = NULL;
        if (prune_generator_get_state(&state, shown[GENERATOR]) == PRUNE_OK)
            write_tensor(s, &s->answer, state, false);
        text_add(&s->answer, "\n");
        prune_tensor_release(state);
    }
}

const verb tensor_verbs[] = {
    { "tensor", tensor },
    { "permute", permute },
    { "slice", slice },
    { "get", get },
    { "fill_tensor", fill_tensor },
    { "print", print },
    { "norm", norm },
    { "manual_seed", seed_default },
    { "generator", generator },
    { "seed", seed_generator },
    { "get_state", get_state },
    { "set_state", set_state },
    { "rand", draw },
    { "uniform_", draw_uniform },
    { "show", show },
    { NULL, NULL },
};
