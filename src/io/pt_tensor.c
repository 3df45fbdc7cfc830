/* Tensors of a .pt file: what torch._utils._rebuild_tensor_v2 and its kin would make of their arguments. */
#include "io/pt.h"

#include <string.h>

typedef enum maker {
    MAKES_TENSOR,      /* storage, offset, size, stride[, requires_grad, hooks[, metadata]] */
    MAKES_TENSOR_V3,   /* …, requires_grad, hooks, dtype[, metadata] */
    MAKES_PARAMETER,   /* of a tensor */
    MAKES_OF_TYPE,     /* function, type, arguments, state */
    MAKES_OTHER_TENSOR /* of a kind that is not read */
} maker;

static const struct {
    const char *module, *name;
    maker maker;
    const char *kind; /* of other tensors */
} makers[] = {
    { "torch._utils", "_rebuild_tensor_v2", MAKES_TENSOR, NULL },
    { "torch._utils", "_rebuild_parameter", MAKES_PARAMETER, NULL },
    { "torch._utils", "_rebuild_tensor", MAKES_TENSOR, NULL },
    { "torch._utils", "_rebuild_tensor_v3", MAKES_TENSOR_V3, NULL },
    { "torch._utils", "_rebuild_parameter_with_state", MAKES_PARAMETER, NULL },
    { "torch._tensor", "_rebuild_from_type_v2", MAKES_OF_TYPE, NULL },
    { "torch._tensor", "_rebuild_from_type", MAKES_OF_TYPE, NULL },
    { "torch.tensor", "_rebuild_from_type", MAKES_OF_TYPE, NULL },
    { "torch._utils", "_rebuild_sparse_tensor", MAKES_OTHER_TENSOR, "a sparse tensor" },
    { "torch._utils", "_rebuild_sparse_csr_tensor", MAKES_OTHER_TENSOR, "a sparse tensor" },
    { "torch._utils", "_rebuild_qtensor", MAKES_OTHER_TENSOR, "a quantized tensor" },
    { "torch._utils", "_rebuild_nested_tensor", MAKES_OTHER_TENSOR, "a nested tensor" },
    { "torch._utils", "_rebuild_meta_tensor_no_storage", MAKES_OTHER_TENSOR, "a tensor without values" },
    { "torch._utils", "_rebuild_wrapper_subclass", MAKES_OTHER_TENSOR, "a tensor of another class" },
    { "torch._utils", "_rebuild_device_tensor_from_numpy", MAKES_OTHER_TENSOR, "a tensor of another device" },
    { "torch._utils", "_rebuild_device_tensor_from_cpu_tensor", MAKES_OTHER_TENSOR, "a tensor of another device" },
};

/* What makes nothing that matters here. */
static const struct {
    const char *module, *name;
} harmless[] = {
    { "torch", "Size" },
    { "torch", "device" },
    { "torch.serialization", "_get_layout" },
    { "builtins", "set" },
    { "__builtin__", "set" },
    { "builtins", "frozenset" },
    { "__builtin__", "frozenset" },
    { "builtins", "complex" },
    { "__builtin__", "complex" },
    { "builtins", "bytearray" },
    { "__builtin__", "bytearray" },
    { "builtins", "slice" },
    { "__builtin__", "slice" },
    { "builtins", "range" },
    { "__builtin__", "xrange" },
    { "_codecs", "encode" },
    { "datetime", "datetime" },
    { "datetime", "timedelta" },
};

/* ---- What a call makes ---- */

typedef struct call {
    maker maker;
    const char *kind;
    const pruni_pickle_value *arguments;
} call;

static bool find_maker(const pruni_pickle *pickle, const pruni_pickle_value *callable, call *out)
{
    for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++)
        if (pruni_pickle_is_global(pickle, callable, makers[i].module, makers[i].name)) {
            out->maker = makers[i].maker;
            out->kind = makers[i].kind;
            return true;
        }
    return false;
}

/* The argument, or NULL where it is not there or not of this kind. */
static const pruni_pickle_value *argument(const pruni_pickle *pickle, const pruni_pickle_value *arguments, uint32_t i,
                                          int kind)
{
    pruni_pickle_id id = pruni_pickle_item(pickle, arguments, i);
    if (id == PRUNI_PICKLE_NONE || pruni_pickle_get(pickle, id)->kind != kind)
        return NULL;
    return pruni_pickle_get(pickle, id);
}

/* Goes through parameters and types to the call that makes the tensor. False: nothing that is known makes one. */
static bool unwrap(const pruni_pickle *pickle, const pruni_pickle_value *object, call *out)
{
    enum { DEEPEST = 8 };
    const pruni_pickle_value *callable = NULL;
    for (int depth = 0; depth < DEEPEST; depth++) {
        if (object) {
            callable = pruni_pickle_get(pickle, object->as.object.callable);
            out->arguments = pruni_pickle_get(pickle, object->as.object.arguments);
            if (object->has_state)
                return false;
        }
        if (!callable || !find_maker(pickle, callable, out))
            return false;
        if (out->maker == MAKES_PARAMETER) {
            object = argument(pickle, out->arguments, 0, PRUNI_PICKLE_OBJECT);
            callable = NULL;
        } else if (out->maker == MAKES_OF_TYPE) {
            object = NULL;
            callable = argument(pickle, out->arguments, 0, PRUNI_PICKLE_GLOBAL);
            out->arguments = argument(pickle, out->arguments, 2, PRUNI_PICKLE_TUPLE);
            if (!out->arguments)
                return false;
        } else {
            return true;
        }
    }
    return false;
}

/* torch.float16 and the like are globals, which nothing calls. */
static bool is_harmless(const pruni_pickle *pickle, const pruni_pickle_value *value)
{
    char name[64] = "torch.";
    if (value->kind == PRUNI_PICKLE_OBJECT)
        value = pruni_pickle_get(pickle, value->as.object.callable);
    for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++)
        if (pruni_pickle_is_global(pickle, value, harmless[i].module, harmless[i].name))
            return true;
    pruni_pickle_text text = value->as.global.name;
    if (value->kind != PRUNI_PICKLE_GLOBAL || !pruni_pickle_is_text(pickle, value->as.global.module, "torch")
        || text.length >= sizeof name - 6)
        return false;
    memcpy(name + 6, pruni_pickle_chars(pickle, text), text.length);
    name[6 + text.length] = '\0';
    return pruni_file_dtype_find(PRUNI_NAMED_BY_TORCH, name) != NULL;
}

pruni_pt_class pruni_pt_classify(const pruni_pt *pt, pruni_pickle_id id)
{
    const pruni_pickle_value *value = pruni_pickle_get(&pt->pickle, id);
    call made;
    switch (value->kind) {
    case PRUNI_PICKLE_DICT:
    case PRUNI_PICKLE_LIST:
    case PRUNI_PICKLE_TUPLE:
        return PRUNI_PT_TREE;
    case PRUNI_PICKLE_OBJECT:
        if (unwrap(&pt->pickle, value, &made))
            return PRUNI_PT_TENSOR;
        return is_harmless(&pt->pickle, value) ? PRUNI_PT_DATA : PRUNI_PT_OPAQUE;
    case PRUNI_PICKLE_GLOBAL:
        return is_harmless(&pt->pickle, value) ? PRUNI_PT_DATA : PRUNI_PT_OPAQUE;
    default:
        return PRUNI_PT_DATA;
    }
}

/* ---- Its arguments ---- */

typedef struct description {
    pruni_pt *pt;
    const char *name;
    const pruni_pickle_value *arguments;
    pruni_file_tensor *out;
    const pruni_pt_storage *storage;
    int64_t offset;
    int64_t numel;
    int64_t last; /* element of the storage; 0 where there are none */
} description;

static prune_status bad_tensor(const description *d, pruni_fault fault, const char *words)
{
    char name[PRUNI_SHOWN_SIZE];
    return pruni_bad_file(fault, d->pt->source, "tensor %s %s", pruni_shown(name, d->name, strlen(d->name)), words);
}

static prune_status read_natural(const description *d, int64_t *out, pruni_pickle_id id)
{
    const pruni_pickle_value *value = pruni_pickle_get(&d->pt->pickle, id);
    if (value->kind == PRUNI_PICKLE_BIG_INT)
        return bad_tensor(d, PRUNI_OVERFLOW, "has a size, stride or offset of more than 64 bits");
    if (value->kind != PRUNI_PICKLE_INT || value->as.integer < 0)
        return bad_tensor(d, PRUNI_SCHEMA, "has a size, stride or offset that is no natural number");
    *out = value->as.integer;
    return PRUNE_OK;
}

/* NULL: the arguments name none. */
static const pruni_pt_storage *find_storage(const description *d)
{
    const pruni_pickle_value *storage = argument(&d->pt->pickle, d->arguments, 0, PRUNI_PICKLE_PERSISTENT);
    return storage && storage->count != PRUNI_PICKLE_NONE ? &d->pt->storages[storage->count] : NULL;
}

static void set_dtype(description *d, const char *name, const pruni_file_dtype *dtype)
{
    d->out->dtype_name = name;
    d->out->held = dtype ? dtype->held : -1;
    d->out->element_size = dtype && dtype->bits % 8 == 0 ? dtype->bits / 8 : 0;
}

/* The dtype of v3, which no type of storage has. */
static prune_status read_dtype(description *d)
{
    enum { DTYPE = 6, PREFIX = 6 };
    char name[64] = "torch.";
    const pruni_pickle *pickle = &d->pt->pickle;
    const pruni_pickle_value *dtype = argument(pickle, d->arguments, DTYPE, PRUNI_PICKLE_GLOBAL);
    if (!dtype || !pruni_pickle_is_text(pickle, dtype->as.global.module, "torch"))
        return bad_tensor(d, PRUNI_SCHEMA, "has no dtype");
    pruni_pickle_text text = dtype->as.global.name;
    if (text.length < sizeof name - PREFIX) {
        memcpy(name + PREFIX, pruni_pickle_chars(pickle, text), text.length);
        name[PREFIX + text.length] = '\0';
    }
    const pruni_file_dtype *found = pruni_file_dtype_find(PRUNI_NAMED_BY_TORCH, name);
    set_dtype(d, found ? found->names[PRUNI_NAMED_BY_TORCH] : "a dtype that is not known", found);
    return PRUNE_OK;
}

static prune_status read_storage_dtype(description *d)
{
    if (!d->storage->dtype)
        return bad_tensor(d, PRUNI_SCHEMA, "has a storage without a dtype");
    set_dtype(d, d->storage->dtype->names[PRUNI_NAMED_BY_TORCH], d->storage->dtype);
    return PRUNE_OK;
}

/* {'conj': True} or {'neg': True}: the values are other than those that are stored. */
static void read_metadata(description *d, uint32_t i)
{
    const pruni_pickle *pickle = &d->pt->pickle;
    const pruni_pickle_value *metadata = argument(pickle, d->arguments, i, PRUNI_PICKLE_DICT);
    for (uint32_t k = 1; metadata && k < metadata->count && k < 8; k += 2) {
        const pruni_pickle_value *value = argument(pickle, metadata, k, PRUNI_PICKLE_BOOL);
        if (value && value->as.integer) {
            d->out->held = -1;
            d->out->dtype_name = "negated or conjugated values";
        }
    }
}

/* ---- Its shape ---- */

static prune_status add_dim(description *d, int64_t dim, int64_t size, int64_t stride)
{
    int64_t reach;
    if (dim < PRUNE_MAX_DIMS) {
        d->out->sizes[dim] = size;
        d->out->strides[dim] = stride;
    }
    if (size > 0 && !pruni_multiply_int64(&d->numel, d->numel, size))
        return bad_tensor(d, PRUNI_OVERFLOW, "has sizes whose product does not fit");
    if (size > 1 && (!pruni_multiply_int64(&reach, size - 1, stride) || !pruni_add_int64(&d->last, d->last, reach)))
        return bad_tensor(d, PRUNI_OVERFLOW, "has strides that reach beyond 2^63");
    return PRUNE_OK;
}

static prune_status read_dims(description *d)
{
    enum { SIZES = 2, STRIDES = 3 };
    const pruni_pickle *pickle = &d->pt->pickle;
    const pruni_pickle_value *sizes = argument(pickle, d->arguments, SIZES, PRUNI_PICKLE_TUPLE);
    const pruni_pickle_value *strides = argument(pickle, d->arguments, STRIDES, PRUNI_PICKLE_TUPLE);
    bool is_empty = false;
    if (!sizes || !strides || sizes->count != strides->count)
        return bad_tensor(d, PRUNI_SCHEMA, "has no sizes with as many strides");
    d->out->ndim = sizes->count;
    d->numel = 1;
    d->last = d->offset;
    uint32_t size_cell = sizes->as.items.first;
    uint32_t stride_cell = strides->as.items.first;
    for (uint32_t i = 0; i < sizes->count; i++) {
        int64_t size = 0;
        int64_t stride = 0;
        if (read_natural(d, &size, pickle->cells[size_cell].value)
            || read_natural(d, &stride, pickle->cells[stride_cell].value) || add_dim(d, i, size, stride))
            return prune_last_status();
        is_empty = is_empty || size == 0;
        size_cell = pickle->cells[size_cell].next;
        stride_cell = pickle->cells[stride_cell].next;
    }
    if (d->out->element_size > 0 && d->numel > INT64_MAX / (int64_t)d->out->element_size)
        return bad_tensor(d, PRUNI_OVERFLOW, "has sizes whose product does not fit");
    if (is_empty)
        d->numel = d->last = d->offset = 0;
    return PRUNE_OK;
}

static bool is_contiguous(const pruni_file_tensor *t)
{
    int64_t expected = 1;
    for (int64_t i = t->ndim - 1; i >= 0; i--) {
        if (t->sizes[i] != 1 && t->strides[i] != expected)
            return false;
        expected *= t->sizes[i];
    }
    return true;
}

/* Where it lies, which must be within its storage. */
static prune_status place(description *d)
{
    pruni_file_tensor *t = d->out;
    uint64_t size = t->element_size;
    if (size == 0) /* nothing is known of its elements */
        return PRUNE_OK;
    if (d->numel > 0 && (uint64_t)d->last >= d->storage->view_bytes / size)
        return bad_tensor(d, PRUNI_SIZE, "reaches beyond its storage");
    t->offset = d->storage->offset + d->storage->view + (uint64_t)d->offset * size;
    t->bytes = (uint64_t)d->numel * size;
    t->is_big_endian = d->pt->is_big_endian;
    t->is_contiguous = d->numel == 0 || (t->ndim <= PRUNE_MAX_DIMS && is_contiguous(t));
    return PRUNE_OK;
}

static prune_status count_sharing(description *d)
{
    pruni_pt_storage *first = &d->pt->storages[d->storage->first];
    if (++first->tensors > PRUNI_PT_MAX_SHARING)
        return bad_tensor(d, PRUNI_LIMIT, "shares its storage with more others than are read");
    d->out->is_shared = first->tensors > 1;
    d->out->part = d->storage->first;
    return PRUNE_OK;
}

prune_status pruni_pt_describe(pruni_file_tensor *out, pruni_pt *pt, pruni_pickle_id id, const char *name)
{
    enum { OFFSET = 1, METADATA = 6, METADATA_V3 = 7 };
    call made = { MAKES_OTHER_TENSOR, NULL, NULL };
    (void)unwrap(&pt->pickle, pruni_pickle_get(&pt->pickle, id), &made); /* it is known to be one */
    description d = { .pt = pt, .name = name, .arguments = made.arguments, .out = out };
    *out = (pruni_file_tensor){ .held = -1, .is_contiguous = true, .dtype_name = made.kind, .part = -1 };
    if (made.maker == MAKES_OTHER_TENSOR)
        return PRUNE_OK;
    bool is_v3 = made.maker == MAKES_TENSOR_V3;
    pruni_pickle_id offset = pruni_pickle_item(&pt->pickle, d.arguments, OFFSET);
    d.storage = find_storage(&d);
    if (!d.storage || offset == PRUNI_PICKLE_NONE)
        return bad_tensor(&d, PRUNI_SCHEMA, "has no storage");
    if (read_natural(&d, &d.offset, offset) || (is_v3 ? read_dtype(&d) : read_storage_dtype(&d)) || read_dims(&d)
        || place(&d) || count_sharing(&d))
        return prune_last_status();
    read_metadata(&d, is_v3 ? METADATA_V3 : METADATA);
    return PRUNE_OK;
}
