/* Tensors as text, and the state of modules. */
#include "driver.h"

#include <stdlib.h>
#include <string.h>

enum { SHOWN_ENTRIES = 16 };

/* ---- Bits ---- */

uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* One element's share: the sum over all elements, modulo 2^64, is the hash. Wide arithmetic can compute it. */
static uint64_t share(uint64_t bits, uint64_t i)
{
    return mix(bits + (i + 1) * 0x9e3779b97f4a7c15u);
}

uint64_t hash_bytes(const void *bytes, size_t count)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < count; i++)
        hash += share(((const unsigned char *)bytes)[i], i);
    return hash;
}

/* The element's bits as an unsigned number, every NaN the same one. */
static uint64_t element_bits(const void *element, prune_dtype dtype)
{
    uint64_t u64;
    uint32_t u32;
    uint16_t u16;
    switch (dtype) {
    case PRUNE_FLOAT32:
        memcpy(&u32, element, sizeof u32);
        return (u32 & 0x7fffffff) > 0x7f800000 ? 0x7fc00000 : u32;
    case PRUNE_FLOAT64:
        memcpy(&u64, element, sizeof u64);
        return (u64 & INT64_MAX) > 0x7ff0000000000000 ? 0x7ff8000000000000 : u64;
    case PRUNE_FLOAT16:
        memcpy(&u16, element, sizeof u16);
        return (u16 & 0x7fff) > 0x7c00 ? 0x7e00 : u16;
    case PRUNE_BFLOAT16:
        memcpy(&u16, element, sizeof u16);
        return (u16 & 0x7fff) > 0x7f80 ? 0x7fc0 : u16;
    case PRUNE_INT64:
        memcpy(&u64, element, sizeof u64);
        return u64;
    case PRUNE_INT32:
        memcpy(&u32, element, sizeof u32);
        return u32;
    case PRUNE_UINT8:
    case PRUNE_BOOL:
        break;
    }
    return *(const unsigned char *)element;
}

static const struct dtype_text {
    const char *name;
    int digits;
} dtypes[] = {
    [PRUNE_FLOAT32] = { "f32", 8 },   [PRUNE_FLOAT64] = { "f64", 16 }, [PRUNE_FLOAT16] = { "f16", 4 },
    [PRUNE_BFLOAT16] = { "bf16", 4 }, [PRUNE_INT64] = { "i64", 16 },   [PRUNE_INT32] = { "i32", 8 },
    [PRUNE_UINT8] = { "u8", 2 },      [PRUNE_BOOL] = { "bool", 2 },
};

void write_tensor(session *s, text *t, const prune_tensor *tensor, bool always_whole)
{
    if (!tensor) {
        text_add(t, "none");
        return;
    }
    const prune_dtype dtype = prune_tensor_dtype(tensor);
    text_add(t, "%s[", dtypes[dtype].name);
    for (int64_t i = 0; i < prune_tensor_ndim(tensor); i++)
        text_add(t, i ? ",%lld" : "%lld", (long long)prune_tensor_sizes(tensor)[i]);
    text_add(t, "]");

    prune_tensor *rows = NULL; /* row-major; contiguous() takes a handle that it may retain */
    if (prune_tensor_contiguous(&rows, (prune_tensor *)(uintptr_t)tensor)) {
        text_add(t, " %s", prune_last_error());
        return;
    }
    const int64_t count = prune_tensor_numel(rows);
    const size_t bytes = (size_t)dtypes[dtype].digits / 2;
    const unsigned char *data = prune_tensor_raw_data(rows);
    if (count <= SHOWN_ENTRIES || s->whole || always_whole) {
        for (int64_t i = 0; i < count; i++)
            text_add(t, " %0*llx", dtypes[dtype].digits,
                     (unsigned long long)element_bits(data + (size_t)i * bytes, dtype));
    } else {
        uint64_t hash = 0;
        for (int64_t i = 0; i < count; i++)
            hash += share(element_bits(data + (size_t)i * bytes, dtype), (uint64_t)i);
        text_add(t, " #%016llx", (unsigned long long)hash);
    }
    prune_tensor_release(rows);
}

/* ---- The state of a module ---- */

static void must(prune_status status)
{
    if (status == PRUNE_OK)
        return;
    fprintf(stderr, "driver: %s\n", prune_last_error());
    exit(3);
}

static void write_keys(text *t, const char *name, const char *what, const prune_dict *dict)
{
    text_add(t, "%s: %s", name, what);
    for (int64_t i = 0; i < prune_dict_size(dict); i++)
        text_add(t, " %s", prune_dict_key(dict, i));
    text_add(t, "\n");
}

static void write_member(session *s, text *t, const char *name, const char *path, const prune_module *root)
{
    static const char *const kinds[] = { "missing", "parameter", "buffer", "attribute", "module" };
    const prune_tensor *tensor = prune_module_get_tensor(root, path);
    const char *leaf = strrchr(path, '.');
    const prune_module *owner = root;
    if (leaf) {
        char *parent = must_alloc(NULL, (size_t)(leaf - path) + 1);
        memcpy(parent, path, (size_t)(leaf - path));
        parent[leaf - path] = '\0';
        owner = prune_module_get_submodule(root, parent);
        free(parent);
    }
    text_add(t, "%s/%s %s %s", name, path, kinds[prune_module_kind(owner, leaf ? leaf + 1 : path)],
             prune_tensor_requires_grad(tensor) ? "grad " : "");
    write_tensor(s, t, tensor, false);
    text_add(t, "\n");
}

void write_method(text *t, const prune_method *method)
{
    text_add(t, "%s", prune_method_type_name(method));
    const int64_t size = prune_container_size(method);
    for (int64_t i = 0; i < size; i++)
        text_add(t, "%s%s", i ? "," : "(", prune_method_type_name(prune_container_get(method, i)));
    if (size >= 0)
        text_add(t, size ? ")" : "()");
}

static void write_module(session *s, text *t, const char *name, const char *path, const prune_module *module)
{
    int64_t id;
    text_add(t, "%s/%s %s %s%s", name, path, prune_module_type_name(module),
             prune_module_training(module) ? "train" : "eval", prune_is_pruned(module) ? " pruned" : "");
    for (int64_t i = 0;; i++) {
        const char *type = prune_module_forward_pre_hook(module, i, &id);
        if (!type)
            break;
        text_add(t, " %lld:%s", (long long)(id - s->first_hook), type);
    }
    text_add(t, "\n");
    for (size_t i = 0; i < s->num_names; i++) {
        const prune_method *method = prune_applied_method(module, s->names[i]);
        if (method) {
            text_add(t, "%s/%s%s%s by ", name, path, *path ? "." : "", s->names[i]);
            write_method(t, method);
            text_add(t, "\n");
        }
    }
}

/* Attributes and absent members, which no dict lists, under the names that the program knows. */
static void write_hidden(session *s, text *t, const char *name, const char *path, const prune_module *root,
                         const prune_module *module)
{
    text full = { .bytes = NULL };
    for (size_t i = 0; i < s->num_names; i++) {
        const prune_kind kind = prune_module_kind(module, s->names[i]);
        if (kind == PRUNE_KIND_NONE || kind == PRUNE_KIND_MODULE)
            continue;
        if (kind != PRUNE_KIND_ATTRIBUTE && prune_module_get_tensor(module, s->names[i]))
            continue;
        text_clear(&full);
        text_add(&full, "%s%s%s", path, *path ? "." : "", s->names[i]);
        write_member(s, t, name, full.bytes, root);
    }
    text_free(&full);
}

static void write_state(session *s, text *t, const char *name, prune_module *root)
{
    prune_dict *keys = NULL, *parameters = NULL, *buffers = NULL;
    prune_named_modules *modules = NULL;
    must(prune_module_state_dict(&keys, root, false));
    must(prune_module_named_parameters(&parameters, root, true));
    must(prune_module_named_buffers(&buffers, root, true));
    must(prune_module_named_modules(&modules, root));
    write_keys(t, name, "keys", keys);
    write_keys(t, name, "parameters", parameters);
    write_keys(t, name, "buffers", buffers);
    for (int64_t i = 0; i < modules->count; i++) {
        write_module(s, t, name, modules->items[i].name, modules->items[i].module);
        write_hidden(s, t, name, modules->items[i].name, root, modules->items[i].module);
    }
    for (int64_t i = 0; i < prune_dict_size(keys); i++)
        write_member(s, t, name, prune_dict_key(keys, i), root);
    for (int64_t i = 0; i < prune_dict_size(buffers); i++) {
        bool persistent = false;
        for (int64_t j = 0; j < prune_dict_size(keys) && !persistent; j++)
            persistent = strcmp(prune_dict_key(keys, j), prune_dict_key(buffers, i)) == 0;
        if (!persistent)
            write_member(s, t, name, prune_dict_key(buffers, i), root);
    }
    prune_dict_release(keys);
    prune_dict_release(parameters);
    prune_dict_release(buffers);
    prune_named_modules_release(modules);
}

/* ---- What changed ---- */

/* Whether the line from `line` to `end`, its newline included, is one of those in `lines`. */
static bool has_line(const char *lines, const char *line, const char *end)
{
    const size_t length = (size_t)(end - line);
    for (const char *at = lines; at && *at; at = strchr(at, '\n') + 1)
        if (strncmp(at, line, length) == 0)
            return true;
    return false;
}

void tell_changes(session *s)
{
    for (size_t i = 0; i < s->count; i++) {
        object *o = &s->objects[i];
        if (o->kind != MODULE)
            continue;
        text now = { .bytes = NULL };
        write_state(s, &now, o->name, o->handle);
        if (!o->state.bytes || strcmp(o->state.bytes, now.bytes) != 0)
            for (const char *line = now.bytes, *end; *line; line = end) {
                end = strchr(line, '\n') + 1;
                if (!has_line(o->state.bytes, line, end))
                    text_add(&s->answer, "%.*s", (int)(end - line), line);
            }
        text_free(&o->state);
        o->state = now;
    }
    prune_tensor *random = NULL;
    must(prune_generator_get_state(&random, NULL));
    const uint64_t hash = hash_bytes(prune_tensor_raw_data(random), (size_t)prune_tensor_numel(random));
    prune_tensor_release(random);
    if (hash != s->random_hash)
        text_add(&s->answer, "random %016llx\n", (unsigned long long)hash);
    s->random_hash = hash;
}
