#include "pruning.h"

#include "prune/internal.h"

/* ---- Making ---- */

prune_tensor *tensor_with_values(const int64_t *sizes, int64_t ndim, const float *values)
{
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_from_values(&t, values, sizes, ndim));
    return t;
}

void add_parameter(prune_module *module, const char *name, const int64_t *sizes, int64_t ndim, const float *values)
{
    prune_tensor *t = tensor_with_values(sizes, ndim, values);
    assert_ok(prune_module_register_parameter(module, name, t));
    prune_tensor_release(t);
}

prune_module *module_with_weight(const int64_t *sizes, int64_t ndim, const float *values)
{
    prune_module *module = NULL;
    assert_ok(prune_module_create(&module, "Net", NULL, NULL));
    add_parameter(module, "weight", sizes, ndim, values);
    return module;
}

/* ---- Text ---- */

typedef struct text {
    char *data;
    size_t length, capacity;
} text;

static void add(text *t, const char *format, ...)
{
    char piece[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(piece, sizeof piece, format, arguments);
    va_end(arguments);
    assert_true(length >= 0 && (size_t)length < sizeof piece);
    if (t->length + (size_t)length + 1 > t->capacity) {
        t->capacity = 2 * t->capacity + (size_t)length + 1;
        t->data = realloc(t->data, t->capacity);
        assert_non_null(t->data);
    }
    memcpy(t->data + t->length, piece, (size_t)length + 1);
    t->length += (size_t)length;
}

static void check_text(text *got, const char *expected, const char *what, const char *file, int line)
{
    add(got, "%s", "");
    bool same = strcmp(got->data, expected) == 0;
    if (!same)
        print_error("%s\n  are       %s\n  expected  %s\n", what, got->data, expected);
    free(got->data);
    if (!same)
        _fail(file, line);
}

static void check_registry(const pruni_registry *registry, const char *names, const char *what, const char *file,
                           int line)
{
    text got = { NULL, 0, 0 };
    for (int64_t i = 0; i < registry->count; i++)
        add(&got, "%s%s", i > 0 ? " " : "", registry->items[i].name);
    check_text(&got, names, what, file, line);
}

void check_names(const prune_module *module, const char *parameters, const char *buffers, const char *attributes,
                 const char *file, int line)
{
    check_registry(&module->parameters, parameters, "parameters", file, line);
    check_registry(&module->buffers, buffers, "buffers", file, line);
    check_registry(&module->attributes, attributes, "attributes", file, line);
}

void check_hooks(const prune_module *module, int64_t first, const char *hooks, const char *file, int line)
{
    text got = { NULL, 0, 0 };
    int64_t id;
    const char *name;
    for (int64_t i = 0; (name = prune_module_forward_pre_hook(module, i, &id)) != NULL; i++)
        add(&got, "%s%lld %s", i > 0 ? ", " : "", (long long)(id - first), name);
    check_text(&got, hooks, "hooks", file, line);
}

void check_history(const prune_module *module, const char *methods, const char *file, int line)
{
    text got = { NULL, 0, 0 };
    const prune_method *container = prune_applied_method(module, "weight");
    for (int64_t i = 0; i < prune_container_size(container); i++)
        add(&got, "%s%s", i > 0 ? " " : "", prune_method_type_name(prune_container_get(container, i)));
    check_text(&got, methods, "methods", file, line);
}

static prune_status no_hook(void *context, prune_module *module, prune_tensor *const *x, int64_t nx)
{
    (void)context;
    (void)module;
    (void)x;
    (void)nx;
    return PRUNE_OK;
}

int64_t next_hook_id(void)
{
    static const prune_hook_ops ops = { .size = sizeof ops, .type_name = "none", .call = no_hook };
    prune_module *module = NULL;
    int64_t id = -1;
    assert_ok(prune_module_create(&module, "Net", NULL, NULL));
    assert_ok(prune_module_register_forward_pre_hook(&id, module, &ops, NULL));
    prune_module_release(module);
    return id + 1;
}

prune_tensor *weight_of(const prune_module *module)
{
    return prune_module_get_tensor(module, "weight");
}

prune_tensor *mask_of(const prune_module *module)
{
    return prune_mask(module, "weight");
}

prune_tensor *orig_of(const prune_module *module)
{
    return prune_original(module, "weight");
}

/* ---- State ---- */

static void describe_tensor(text *out, const prune_tensor *t)
{
    if (!t) {
        add(out, " absent");
        return;
    }
    add(out, " %p at %p, dtype %d, rank %lld, flags %d%d%d:", (const void *)t, pruni_tensor_pointer(t), (int)t->dtype,
        (long long)t->ndim, t->is_parameter, t->requires_grad, t->has_grad_fn);
    for (int64_t i = 0; i < t->ndim; i++)
        add(out, " %lld/%lld", (long long)t->sizes[i], (long long)t->strides[i]);
    const unsigned char *bytes = pruni_tensor_pointer(t);
    for (int64_t i = 0; i < t->numel * pruni_dtype_size(t->dtype); i++) /* of the dense tensors that the tests use */
        add(out, "%s%02x", i % 4 == 0 ? " " : "", bytes[i]);
}

static void describe_registry(text *out, const pruni_registry *registry, const char *kind)
{
    for (int64_t i = 0; i < registry->count; i++) {
        add(out, "%s %s %d", kind, registry->items[i].name, registry->items[i].persistent);
        describe_tensor(out, registry->items[i].tensor);
        add(out, "\n");
    }
}

static void describe_hooks(text *out, const prune_module *module)
{
    for (int64_t i = 0; i < module->hook_count; i++) {
        const pruni_hook *hook = module->hooks[i];
        add(out, "hook %p %lld %s%s", (const void *)hook, (long long)hook->id, hook->qualifier, hook->type_name);
        if (pruni_is_pruning_hook(hook)) {
            const pruni_pruning *pruning = pruni_pruning_of(hook);
            const pruni_method_list *list = pruni_container_list(pruning->method);
            add(out, " %s %p %p", pruning->name, (const void *)pruning->method, (const void *)pruning->value);
            for (int64_t m = 0; list && m < list->count; m++)
                add(out, " %p", (const void *)list->items[m]);
        }
        add(out, "\n");
    }
}

char *describe(const prune_module *module)
{
    text out = { NULL, 0, 0 };
    describe_registry(&out, &module->parameters, "parameter");
    describe_registry(&out, &module->buffers, "buffer");
    describe_registry(&out, &module->attributes, "attribute");
    describe_hooks(&out, module);
    add(&out, "work %p\n", (const void *)module->work);
    struct prune_generator generator;
    pruni_generator_save(&generator, NULL);
    uint32_t sum = 0;
    for (int i = 0; i < PRUNI_MT19937_WORDS; i++)
        sum = sum * 31 + generator.state[i];
    add(&out, "generator %d %lu\n", (int)generator.next, (unsigned long)sum);
    return out.data;
}

/* A generator whose words are all 0 goes on so for ever. */
prune_tensor *stop_generator(void)
{
    enum { WORDS_AT = 24 };
    prune_tensor *before = NULL, *stopped = NULL;
    assert_ok(prune_generator_get_state(&before, NULL));
    assert_ok(prune_tensor_clone(&stopped, before));
    memset((uint8_t *)pruni_tensor_pointer(stopped) + WORDS_AT, 0, 8 * PRUNI_MT19937_WORDS);
    assert_ok(prune_generator_set_state(NULL, stopped));
    prune_tensor_release(stopped);
    return before;
}

void check_description(const prune_module *module, char *description, const char *file, int line)
{
    text now = { describe(module), 0, 0 };
    now.length = now.capacity = strlen(now.data) + 1;
    now.length--;
    check_text(&now, description, "the module and the generator", file, line);
    free(description);
}
