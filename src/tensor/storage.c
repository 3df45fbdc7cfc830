/* Storage and the handles on it: making, sharing, releasing. */
#include "tensor/internal.h"

/* Where data of the library's own lie in the block that begins with their storage. */
enum { DATA_OFFSET = 64 };
_Static_assert(sizeof(pruni_storage) <= DATA_OFFSET, "data begin behind their storage");

static void storage_release(pruni_storage *storage)
{
    if (!pruni_refs_release(&storage->refs))
        return;
    if (storage->release)
        storage->release(storage->context, storage->data);
    pruni_free(storage);
}

/* A storage without data, with room for so many bytes behind it: a size that was checked. */
static prune_status storage_create(pruni_storage **out, size_t room)
{
    pruni_storage *storage = pruni_alloc(DATA_OFFSET + room);
    if (!storage)
        return PRUNE_ERROR_MEMORY;
    *storage = (pruni_storage){ .data = NULL };
    pruni_refs_init(&storage->refs);
    *out = storage;
    return PRUNE_OK;
}

/* A handle of a shape that was checked, which takes over one reference to `storage` on success alone. */
static prune_status handle_create(prune_tensor **out, pruni_storage *storage, prune_dtype dtype, int64_t offset,
                                  const int64_t *sizes, const int64_t *strides, int64_t ndim, int64_t numel)
{
    prune_tensor *t = pruni_alloc(sizeof *t);
    if (!t)
        return PRUNE_ERROR_MEMORY;
    pruni_refs_init(&t->refs);
    t->storage = storage;
    t->dtype = dtype;
    t->offset = offset;
    t->numel = numel;
    t->ndim = ndim;
    t->is_parameter = t->requires_grad = t->has_grad_fn = false;
    for (int64_t i = 0; i < ndim; i++) {
        t->sizes[i] = sizes[i];
        t->strides[i] = strides ? strides[i] : 0;
    }
    if (!strides)
        pruni_contiguous_strides(t->strides, t->sizes, ndim);
    *out = t;
    return PRUNE_OK;
}

prune_status pruni_tensor_over(prune_tensor **out, pruni_storage *storage, prune_dtype dtype, int64_t offset,
                               const int64_t *sizes, const int64_t *strides, int64_t ndim)
{
    int64_t numel;
    if (pruni_check_shape(&numel, sizes, ndim, dtype)
        || handle_create(out, storage, dtype, offset, sizes, strides, ndim, numel))
        return prune_last_status();
    pruni_refs_retain(&storage->refs);
    return PRUNE_OK;
}

prune_status pruni_tensor_view_over(prune_tensor **out, const prune_tensor *t, int64_t offset, const int64_t *sizes,
                                    const int64_t *strides, int64_t ndim)
{
    return pruni_tensor_over(out, t->storage, t->dtype, t->offset + offset, sizes, strides, ndim);
}

prune_status pruni_tensor_empty_strided(prune_tensor **out, const int64_t *sizes, const int64_t *strides, int64_t ndim,
                                        prune_dtype dtype)
{
    int64_t numel;
    pruni_storage *storage = NULL;
    if (pruni_check_shape(&numel, sizes, ndim, dtype)
        || storage_create(&storage, (size_t)numel * (size_t)pruni_dtype_size(dtype)))
        return prune_last_status();
    storage->data = (char *)storage + DATA_OFFSET;
    storage->owned = true;
    if (handle_create(out, storage, dtype, 0, sizes, strides, ndim, numel)) {
        storage_release(storage);
        return prune_last_status();
    }
    return PRUNE_OK;
}

prune_status prune_tensor_empty(prune_tensor **out, const int64_t *sizes, int64_t ndim, prune_dtype dtype)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE_ARRAY(sizes, ndim);
    return pruni_tensor_empty_strided(out, sizes, NULL, ndim, dtype);
}

prune_tensor *prune_tensor_retain(prune_tensor *t)
{
    if (t)
        pruni_refs_retain(&t->refs);
    return t;
}

void prune_tensor_release(prune_tensor *t)
{
    if (!t || !pruni_refs_release(&t->refs))
        return;
    if (t->storage->keeper == t)
        t->storage->keeper = NULL;
    storage_release(t->storage);
    pruni_free(t);
}

void pruni_tensor_exchange_storage(prune_tensor *a, prune_tensor *b)
{
    pruni_storage *storage = a->storage;
    int64_t offset = a->offset;
    a->storage = b->storage;
    a->offset = b->offset;
    b->storage = storage;
    b->offset = offset;
    for (int64_t i = 0; i < a->ndim; i++) {
        int64_t stride = a->strides[i];
        a->strides[i] = b->strides[i];
        b->strides[i] = stride;
    }
}

bool pruni_tensor_shares_storage(const prune_tensor *t)
{
    return pruni_refs_exceed(&t->storage->refs, t->storage->keeper ? 2 : 1);
}

void *pruni_tensor_pointer(const prune_tensor *t)
{
    static const int64_t nothing; /* what an empty tensor over NULL shows instead */
    char *data = t->storage->data;
    if (t->numel == 0)
        return data ? data : (void *)(uintptr_t)&nothing;
    return data + t->offset * pruni_dtype_size(t->dtype);
}

/* ---- Wrapped memory ---- */

/* Whether every element can be addressed, also relative to each other and with room for one more. */
static prune_status check_strides(const char *function, const int64_t *sizes, int64_t ndim, const int64_t *strides)
{
    int64_t extent = 0;
    for (int64_t i = 0; i < ndim; i++) {
        int64_t reach;
        if (strides[i] < 0)
            return prune_fail(PRUNE_ERROR_VALUE, "%s: negative stride %lld of dim %lld", function,
                              (long long)strides[i], (long long)i);
        if (sizes[i] > 0
            && (!pruni_multiply_int64(&reach, sizes[i] - 1, strides[i]) || !pruni_add_int64(&extent, extent, reach)
                || extent > PTRDIFF_MAX / 8 - 1))
            return prune_fail(PRUNE_ERROR_VALUE, "%s: stride %lld of dim %lld reaches too far", function,
                              (long long)strides[i], (long long)i);
    }
    return PRUNE_OK;
}

static prune_status check_blob(int64_t *numel, const char *function, const void *data, const int64_t *sizes,
                               int64_t ndim, const prune_blob_options *options)
{
    if (pruni_check_size(function, options->size, sizeof *options)
        || pruni_check_shape(numel, sizes, ndim, options->dtype)
        || (options->strides && check_strides(function, sizes, ndim, options->strides)))
        return prune_last_status();
    if (!data && *numel > 0)
        return pruni_null_argument(function, "data");
    if ((uintptr_t)data % (uintptr_t)pruni_dtype_size(options->dtype) != 0)
        return prune_fail(PRUNE_ERROR_VALUE, "%s: data is not aligned for %s", function,
                          prune_dtype_name(options->dtype));
    return PRUNE_OK;
}

static prune_status from_blob(const char *function, prune_tensor **out, void *data, bool read_only,
                              const int64_t *sizes, int64_t ndim, const prune_blob_options *options)
{
    static const prune_blob_options defaults = PRUNE_BLOB_OPTIONS_INIT;
    if (!options)
        options = &defaults;
    int64_t numel;
    pruni_storage *storage = NULL;
    if (check_blob(&numel, function, data, sizes, ndim, options) || storage_create(&storage, 0))
        return prune_last_status();
    storage->data = data;
    storage->read_only = read_only;
    if (handle_create(out, storage, options->dtype, 0, sizes, options->strides, ndim, numel)) {
        storage_release(storage);
        return prune_last_status();
    }
    storage->release = options->release;
    storage->context = options->context;
    return PRUNE_OK;
}

prune_status prune_tensor_from_blob(prune_tensor **out, void *data, const int64_t *sizes, int64_t ndim,
                                    const prune_blob_options *options)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE_ARRAY(sizes, ndim);
    return from_blob(__func__, out, data, false, sizes, ndim, options);
}

prune_status prune_tensor_from_const_blob(prune_tensor **out, const void *data, const int64_t *sizes, int64_t ndim,
                                          const prune_blob_options *options)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE_ARRAY(sizes, ndim);
    return from_blob(__func__, out, (void *)(uintptr_t)data, true, sizes, ndim, options);
}
