/* The dtypes of files, by every format's name for them. */
#include "io/internal.h"

#include <string.h>

static const pruni_file_dtype dtypes[] = {
#define DTYPE_ROW(safetensors, bits, held, torch, storage, numpy) \
    { bits, held, { safetensors, torch, storage, numpy } },
    PRUNI_FILE_DTYPE_MAP(DTYPE_ROW)
#undef DTYPE_ROW
};

enum { DTYPES = sizeof dtypes / sizeof dtypes[0] };

const pruni_file_dtype *pruni_file_dtype_find(pruni_dtype_naming naming, const char *name)
{
    for (int i = 0; i < DTYPES; i++)
        if (dtypes[i].names[naming] && strcmp(dtypes[i].names[naming], name) == 0)
            return &dtypes[i];
    return NULL;
}

const pruni_file_dtype *pruni_file_dtype_named(const char *name)
{
    const pruni_file_dtype *dtype = NULL;
    for (int naming = 0; naming < PRUNI_DTYPE_NAMINGS && !dtype; naming++)
        dtype = pruni_file_dtype_find((pruni_dtype_naming)naming, name);
    return dtype;
}

bool pruni_multiply_bits(uint64_t *bits, bool *empty, uint64_t size)
{
    if (size == 0) {
        *empty = true;
        return true;
    }
    if (*bits > UINT64_MAX / size)
        return false;
    *bits *= size;
    return true;
}
