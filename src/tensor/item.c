/* One element, read and written. */
#include "tensor/internal.h"

static prune_status locate(void **out, const prune_tensor *t, const int64_t *index, int64_t length)
{
    if (length > t->ndim)
        return prune_fail(PRUNE_ERROR_INDEX, "too many indices for tensor of dimension %lld", (long long)t->ndim);
    if (length != t->ndim)
        return prune_fail(PRUNE_ERROR_INDEX, "%lld indices for tensor of dimension %lld", (long long)length,
                          (long long)t->ndim);
    int64_t place = 0;
    for (int64_t i = 0; i < t->ndim; i++) {
        int64_t size = t->sizes[i];
        if (index[i] < -size || index[i] >= size)
            return prune_fail(PRUNE_ERROR_INDEX, "index %lld is out of bounds for dimension %lld with size %lld",
                              (long long)index[i], (long long)i, (long long)size);
        place += (index[i] < 0 ? index[i] + size : index[i]) * t->strides[i];
    }
    *out = (char *)pruni_tensor_pointer(t) + place * pruni_dtype_size(t->dtype);
    return PRUNE_OK;
}

prune_status prune_tensor_get(double *out, const prune_tensor *t, const int64_t *index, int64_t length)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE(t);
    PRUNI_REQUIRE_ARRAY(index, length);
    void *element = NULL;
    if (locate(&element, t, index, length))
        return prune_last_status();
    double value = pruni_load_double(t->dtype, element);
    int64_t exact = t->dtype == PRUNE_INT64 ? pruni_load_int64(PRUNE_INT64, element) : 0;
    if (t->dtype == PRUNE_INT64 && (value == 0x1p63 || (int64_t)value != exact))
        return prune_fail(PRUNE_ERROR_VALUE, "no double holds the int64 %lld", (long long)exact);
    *out = value;
    return PRUNE_OK;
}

prune_status prune_tensor_set(prune_tensor *t, const int64_t *index, int64_t length, double value)
{
    PRUNI_REQUIRE(t);
    PRUNI_REQUIRE_ARRAY(index, length);
    void *element = NULL;
    if (locate(&element, t, index, length) || pruni_prepare_to_write(__func__, t))
        return prune_last_status();
    pruni_store_double(t->dtype, element, value);
    return PRUNE_OK;
}
