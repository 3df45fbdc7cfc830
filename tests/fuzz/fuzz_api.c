/* Programs of public calls decoded from bytes: pruning, removing, calling, saving, loading, editing, with callbacks that
 * fail or call back and with memory that ends. After each call what is promised of a pruned module holds; a call that
 * failed has changed nothing; at the end all memory is back. */
#include "api_checks.h"

#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- What a call is given ---- */

typedef struct target {
    int module, name;
} target;

static target take_target(api_program *program)
{
    unsigned byte = take(program);
    return (target){ (int)(byte % MODULES), (int)(byte / MODULES % NAMES) };
}

static prune_amount take_amount(api_program *program)
{
    unsigned byte = take(program);
    if (byte < 128)
        return prune_count((int64_t)byte % 8 - 1);
    return byte == 255 ? prune_fraction(NAN) : prune_fraction((byte - 128) / 60.0 - 0.05);
}

static prune_norm take_norm(api_program *program)
{
    static const double orders[] = { 1, 2, 0, INFINITY, -INFINITY, 3, 0.5, -1 };
    unsigned byte = take(program) % 10;
    if (byte < 8)
        return prune_norm_p(orders[byte]);
    return byte == 8 ? prune_norm_fro() : prune_norm_nuc();
}

static float take_float(api_program *program)
{
    static const float special[] = { 0, -0.0F, 1, -1, NAN, INFINITY, -INFINITY, 1e-45F };
    unsigned byte = take(program);
    return byte < 64 ? special[byte % 8] : ((float)byte - 160) / 8;
}

/* A tensor of the parameter's shape; now and then of another one. */
static prune_tensor *take_tensor(api_program *program, const prune_tensor *like, bool zero_or_one)
{
    static const int64_t other[] = { 3 };
    prune_tensor *t = NULL;
    bool is_other = take(program) % 16 == 15;
    if (prune_tensor_empty(&t, is_other ? other : prune_tensor_sizes(like), is_other ? 1 : prune_tensor_ndim(like),
                           PRUNE_FLOAT32))
        return NULL;
    float *values = prune_tensor_data_mutable(t);
    for (int64_t i = 0; i < prune_tensor_numel(t); i++)
        values[i] = zero_or_one ? (float)(take(program) & 1) : take_float(program);
    return t;
}

/* What the forward sees under that name; NULL where a program has taken it away. */
static prune_tensor *value_of(const api_program *program, target of)
{
    return prune_module_get_tensor(program->modules[of.module], names[of.name]);
}

/* ---- Calls: the status, and whether something is left undone by design ---- */

typedef prune_status call(api_program *program, target at);

static prune_status pruned(api_program *program, target at, prune_status status)
{
    if (status == PRUNE_OK)
        program->stale[at.module][at.name] = false;
    return status;
}

static prune_status call_random(api_program *program, target at)
{
    return pruned(program, at,
                  prune_random_unstructured(program->modules[at.module], names[at.name], take_amount(program)));
}

static prune_status call_random_structured(api_program *program, target at)
{
    prune_amount amount = take_amount(program);
    int64_t dim = (int64_t)take(program) % 8 - 4;
    return pruned(program, at, prune_random_structured(program->modules[at.module], names[at.name], amount, dim));
}

static prune_tensor *take_scores(api_program *program, target at)
{
    const prune_tensor *value = value_of(program, at);
    return value && take(program) % 2 ? take_tensor(program, value, false) : NULL;
}

static prune_status call_l1(api_program *program, target at)
{
    prune_amount amount = take_amount(program);
    prune_tensor *scores = take_scores(program, at);
    prune_status status = prune_l1_unstructured(program->modules[at.module], names[at.name], amount, scores);
    prune_tensor_release(scores);
    return pruned(program, at, status);
}

static prune_status call_ln_structured(api_program *program, target at)
{
    prune_amount amount = take_amount(program);
    prune_norm n = take_norm(program);
    int64_t dim = (int64_t)take(program) % 8 - 4;
    prune_tensor *scores = take_scores(program, at);
    prune_status status = prune_ln_structured(program->modules[at.module], names[at.name], amount, n, dim, scores);
    prune_tensor_release(scores);
    return pruned(program, at, status);
}

static prune_status call_n_m(api_program *program, target at)
{
    unsigned byte = take(program);
    return pruned(
        program, at,
        prune_n_m(program->modules[at.module], names[at.name], byte % 4, byte / 4 % 5, (int64_t)byte / 64 - 2, NULL));
}

static prune_status call_identity(api_program *program, target at)
{
    return pruned(program, at, prune_identity(program->modules[at.module], names[at.name]));
}

static prune_status call_custom_from_mask(api_program *program, target at)
{
    const prune_tensor *value = value_of(program, at);
    bool plain = take(program) % 2 == 0;
    prune_tensor *mask = value ? take_tensor(program, value, plain) : NULL;
    if (!mask)
        return PRUNE_OK;
    prune_status status = prune_custom_from_mask(program->modules[at.module], names[at.name], mask);
    prune_tensor_release(mask);
    program->odd[at.module][at.name] |= status == PRUNE_OK && !plain;
    return pruned(program, at, status);
}

static prune_status call_remove(api_program *program, target at)
{
    prune_status status = prune_remove(program->modules[at.module], names[at.name]);
    if (status == PRUNE_OK)
        program->odd[at.module][at.name] = program->stale[at.module][at.name] = false;
    return status;
}

/* ---- A method of one's own, which may fail, or call back ---- */

typedef struct own_method {
    int kind;
    prune_module *module;
    const char *name, *other;
} own_method;

static prune_status compute_own_mask(void *context, prune_tensor *mask, const prune_tensor *t)
{
    const own_method *own = context;
    float *values = prune_tensor_data_mutable(mask);
    for (int64_t i = 0; i < prune_tensor_numel(t); i += 2)
        values[i] = 0;
    switch (own->kind) {
    case 0:
        return PRUNE_OK;
    case 1:
        return prune_fail(PRUNE_ERROR_USER, "as asked");
    case 2:
        REQUIRE(prune_identity(own->module, own->name) != PRUNE_OK);
        return PRUNE_OK;
    case 3:
        REQUIRE(prune_remove(own->module, own->name) != PRUNE_OK);
        return PRUNE_OK;
    default:
        return prune_module_run_forward_pre_hooks(own->module, false);
    }
}

static prune_status call_own_method(api_program *program, target at)
{
    static const prune_method_ops ops = { .size = sizeof ops,
                                          .type_name = "Own",
                                          .type = PRUNE_UNSTRUCTURED,
                                          .context_size = sizeof(own_method),
                                          .compute_mask = compute_own_mask };
    prune_module *module = program->modules[at.module];
    own_method own = { (int)(take(program) % 4), module, names[at.name], names[1 - at.name] };
    prune_method *method = NULL;
    if (prune_method_create(&method, &ops, &own))
        return prune_last_status();
    prune_status status = prune_apply(module, names[at.name], method, NULL);
    prune_method_release(method);
    return pruned(program, at, status);
}

/* ---- Global ---- */

static prune_status call_global(api_program *program, target at)
{
    (void)at;
    prune_parameter parameters[MODULES * NAMES];
    int64_t count = 0;
    unsigned chosen = take(program);
    for (int i = 0; i < MODULES * NAMES; i++)
        if (chosen >> i & 1)
            parameters[count++] = (prune_parameter){ program->modules[i / NAMES], names[i % NAMES], NULL };
    prune_method *method = NULL;
    prune_amount amount = take_amount(program);
    if (chosen & 128 ? prune_method_random_unstructured(&method, amount, NULL)
                     : prune_method_l1_unstructured(&method, amount, NULL))
        return prune_last_status();
    prune_status status = prune_global_unstructured(parameters, count, method);
    prune_method_release(method);
    for (int i = 0; status == PRUNE_OK && i < MODULES * NAMES; i++)
        if (chosen >> i & 1)
            program->stale[i / NAMES][i % NAMES] = false;
    return status;
}

/* ---- Forward ---- */

static void forget_stale(api_program *program, int module)
{
    for (int i = 0; i < NAMES; i++)
        program->stale[module][i] = false;
}

static prune_status call_hooks(api_program *program, target at)
{
    prune_status status = prune_module_run_forward_pre_hooks(program->modules[at.module], take(program) & 1);
    if (status == PRUNE_OK)
        forget_stale(program, at.module);
    return status;
}

static prune_status call_forward(api_program *program, target at)
{
    static const int64_t sizes[MODULES][4] = { { 2, 3 }, { 1, 2, 4, 4 }, { 1 } };
    static const int64_t ndims[MODULES] = { 2, 4, 1 };
    prune_tensor *x = NULL, *y = NULL;
    if (prune_tensor_ones(&x, sizes[at.module], ndims[at.module], PRUNE_FLOAT32))
        return prune_last_status();
    prune_status status = prune_module_call(&y, program->modules[at.module], x);
    REQUIRE((status == PRUNE_OK) == (y != NULL));
    prune_tensor_release(x);
    prune_tensor_release(y);
    if (status == PRUNE_OK)
        forget_stale(program, at.module);
    return status;
}

/* A hook that calls back into its module. */
typedef struct own_hook {
    int kind;
    const char *name;
} own_hook;

static prune_status run_own_hook(void *context, prune_module *module, prune_tensor *const *x, int64_t nx)
{
    (void)x, (void)nx;
    const own_hook *own = context;
    int64_t id;
    switch (own->kind) {
    case 0:
        return prune_identity(module, own->name);
    case 1:
        return is_pruned(module, own->name) ? prune_remove(module, own->name) : PRUNE_OK;
    case 2:
        return prune_module_forward_pre_hook(module, 0, &id) ? prune_module_remove_forward_pre_hook(module, id)
                                                             : PRUNE_OK;
    default:
        return prune_fail(PRUNE_ERROR_USER, "as asked");
    }
}

/* Which leaves what its hook does to the tests of hooks: nothing more is promised of the module. */
static prune_status call_own_hook(api_program *program, target at)
{
    static const prune_hook_ops ops = {
        .size = sizeof ops, .type_name = "Own", .context_size = sizeof(own_hook), .call = run_own_hook
    };
    own_hook own = { (int)(take(program) % 4), names[at.name] };
    program->meddled[at.module] = true;
    return prune_module_register_forward_pre_hook(NULL, program->modules[at.module], &ops, &own);
}

/* ---- State ---- */

static prune_status call_back_up(api_program *program, target at)
{
    prune_dict *dict = NULL;
    if (prune_module_state_dict(&dict, program->modules[at.module], take(program) & 1))
        return prune_last_status();
    prune_dict_release(program->backup);
    program->backup = dict;
    program->backup_of = at.module;
    program->backup_is_odd = program->meddled[at.module] || program->odd[at.module][0] || program->odd[at.module][1];
    return PRUNE_OK;
}

static prune_status call_load(api_program *program, target at)
{
    if (!program->backup)
        return PRUNE_OK;
    prune_incompatible_keys *keys = NULL;
    prune_module *module = program->modules[at.module];
    bool strict = take(program) & 1;
    prune_status status = prune_module_load_state_dict(module, program->backup, strict, &keys);
    prune_incompatible_keys_release(keys);
    for (int i = 0; status == PRUNE_OK && i < NAMES; i++) {
        program->stale[at.module][i] = true;
        program->odd[at.module][i] |= program->backup_is_odd;
    }
    return status;
}

static prune_status call_clone(api_program *program, target at)
{
    prune_module *copy = NULL;
    if (prune_module_clone(&copy, program->modules[at.module]))
        return prune_last_status();
    prune_module_release(program->modules[at.module]);
    program->modules[at.module] = copy;
    return PRUNE_OK;
}

/* Writes an entry of what a prune keeps, or of the parameter. */
static prune_status call_edit(api_program *program, target at)
{
    prune_module *module = program->modules[at.module];
    const char *name = names[at.name];
    bool is = is_pruned(module, name), of_mask = take(program) & 1;
    prune_tensor *t = !is ? value_of(program, at) : of_mask ? prune_mask(module, name) : prune_original(module, name);
    int64_t index[PRUNE_MAX_DIMS] = { 0 };
    if (!t || prune_tensor_numel(t) == 0)
        return PRUNE_OK;
    prune_status status = prune_tensor_set(t, index, prune_tensor_ndim(t), (double)take_float(program));
    program->stale[at.module][at.name] |= is;
    program->odd[at.module][at.name] |= is && of_mask;
    program->backup_is_odd |= is && of_mask;
    return status;
}

static prune_status call_meddle(api_program *program, target at)
{
    unsigned byte = take(program);
    const char *name = suffixed[at.name][byte % SUFFIXES];
    program->meddled[at.module] = true;
    if (byte & 128)
        return prune_module_delete(program->modules[at.module], name);
    prune_tensor *t = NULL;
    if (prune_tensor_ones(&t, (const int64_t[]){ 2, 2 }, byte & 64 ? 2 : 1, PRUNE_FLOAT32))
        return prune_last_status();
    prune_status status = prune_module_set_tensor(program->modules[at.module], name, t);
    prune_tensor_release(t);
    return status;
}

static prune_status call_print(api_program *program, target at)
{
    char *text = NULL;
    const prune_tensor *value = value_of(program, at);
    prune_status status = value ? prune_tensor_to_string(&text, value, NULL) : PRUNE_OK;
    prune_free(text);
    return status;
}

/* ---- Programs ---- */

/* A call that is all or nothing, or one that may stop half way (hooks that have run have run). */
static const struct {
    call *run;
    bool is_atomic;
} calls[] = {
    { call_random, true },     { call_random_structured, true },
    { call_l1, true },         { call_ln_structured, true },
    { call_n_m, true },        { call_identity, true },
    { call_remove, true },     { call_custom_from_mask, true },
    { call_own_method, true }, { call_global, true },
    { call_hooks, false },     { call_forward, false },
    { call_own_hook, true },   { call_back_up, true },
    { call_load, true },       { call_clone, true },
    { call_edit, true },       { call_meddle, true },
    { call_print, true },
};

static void step(api_program *program)
{
    unsigned byte = take(program);
    unsigned which = byte % (sizeof calls / sizeof calls[0]);
    target at = take_target(program);
    unsigned failure = byte >= 240 ? take(program) % 64 : 64;
    memory.until_failure = failure < 64 ? (int64_t)failure : -1;
    prune_status status = calls[which].run(program, at);
    memory.until_failure = -1;
    for (int i = 0; i < MODULES; i++) {
        uint64_t now = digest(program->modules[i]);
        bool changed = now != program->digests[i];
        program->digests[i] = now;
        REQUIRE(!changed || !status || !calls[which].is_atomic);
        if (changed || i == at.module || calls[which].run == call_global)
            check_module(program, i);
    }
}

static void begin(api_program *program)
{
    prune_tensor *weight = NULL, *view = NULL, *bias = NULL;
    prune_manual_seed(NULL, 1);
    REQUIRE(prune_linear_create(&program->modules[0], 3, 4, NULL) == PRUNE_OK);
    REQUIRE(prune_conv2d_create(&program->modules[1], 2, 3, PRUNE_INTS(2, 2), NULL) == PRUNE_OK);
    REQUIRE(prune_module_create(&program->modules[2], "Plain", NULL, NULL) == PRUNE_OK);
    REQUIRE(prune_tensor_arange(&weight, -6, 6, 1, PRUNE_FLOAT32) == PRUNE_OK);
    REQUIRE(prune_tensor_view(&view, weight, (const int64_t[]){ 3, 4 }, 2) == PRUNE_OK);
    prune_tensor_release(weight);
    REQUIRE(prune_tensor_transpose(&weight, view, 0, 1) == PRUNE_OK); /* a parameter that is not contiguous */
    REQUIRE(prune_tensor_zeros(&bias, (const int64_t[]){ 5 }, 1, PRUNE_FLOAT32) == PRUNE_OK);
    REQUIRE(prune_module_register_parameter(program->modules[2], "weight", weight) == PRUNE_OK);
    REQUIRE(prune_module_register_parameter(program->modules[2], "bias", bias) == PRUNE_OK);
    prune_tensor_release(weight);
    prune_tensor_release(view);
    prune_tensor_release(bias);
    for (int i = 0; i < MODULES; i++)
        program->digests[i] = digest(program->modules[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    if (!ready)
        count_memory();
    ready = true;
    api_program program = { .data = data, .size = size };
    begin(&program);
    while (program.at < program.size)
        step(&program);
    for (int i = 0; i < MODULES; i++)
        prune_module_release(program.modules[i]);
    prune_dict_release(program.backup);
    REQUIRE(memory.live == 0);
    return 0;
}
