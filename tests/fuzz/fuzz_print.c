/* Tensors of any dtype, shape, strides and bits, printed with any options: text or an error, never both. */
#include "prune/prune.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADER = 12, MAX_RANK = 4, MAX_SIZE = 9 };

/* Of the header's bytes: dtype, rank, sizes, dims to swap, options. */
static prune_tensor *make_tensor(const uint8_t *header, const uint8_t *values, size_t size)
{
    static const prune_dtype dtypes[] = { PRUNE_FLOAT32, PRUNE_FLOAT64, PRUNE_FLOAT16, PRUNE_BFLOAT16,
                                          PRUNE_INT64,   PRUNE_INT32,   PRUNE_UINT8,   PRUNE_BOOL };
    static const size_t widths[] = { 4, 8, 2, 2, 8, 4, 1, 1 };
    size_t dtype = header[0] % 8;
    int64_t rank = header[1] % (MAX_RANK + 1);
    int64_t sizes[MAX_RANK];
    for (int64_t i = 0; i < rank; i++)
        sizes[i] = header[2 + i] % (MAX_SIZE + 1);
    prune_tensor *t = NULL, *view = NULL;
    if (prune_tensor_zeros(&t, sizes, rank, dtypes[dtype]))
        abort();
    size_t bytes = (size_t)prune_tensor_numel(t) * widths[dtype];
    uint8_t *raw = (uint8_t *)(uintptr_t)prune_tensor_raw_data(t);
    if (bytes > 0)
        memcpy(raw, values, bytes < size ? bytes : size);
    for (size_t i = 0; dtypes[dtype] == PRUNE_BOOL && i < bytes; i++)
        raw[i] &= 1;
    if (rank < 2 || prune_tensor_transpose(&view, t, header[6] % rank, header[7] % rank))
        return t;
    prune_tensor_release(t);
    return view;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEADER)
        return 0;
    prune_tensor *t = make_tensor(data, data + HEADER, size - HEADER);
    prune_print_options options = PRUNE_PRINT_OPTIONS_INIT;
    options.precision = data[8] % 64;
    options.threshold = data[9];
    options.edgeitems = data[10] % 8;
    options.linewidth = data[11] % 128;
    options.sci_mode = data[11] / 128 ? 1 : -1;
    char *text = NULL;
    prune_status status = prune_tensor_to_string(&text, t, data[8] / 64 ? &options : NULL);
    if ((status == PRUNE_OK) != (text != NULL) || (text && strncmp(text, "tensor(", 7) != 0))
        abort();
    prune_free(text);
    prune_tensor_release(t);
    return 0;
}
