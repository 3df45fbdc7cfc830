/* What the targets of readers share: any bytes give a dict or an error, never both, and no crash. */
#ifndef PRUNE_FUZZ_LOAD_H
#define PRUNE_FUZZ_LOAD_H

#include "prune/files.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_skipped(void *context, const char *name, const char *dtype)
{
    size_t *bytes = context;
    while (*name++)
        ++*bytes;
    while (*dtype++)
        ++*bytes;
}

static void fuzz_load(const uint8_t *data, size_t size, prune_load_options *options)
{
    prune_dict *dict = NULL;
    prune_status status = prune_load_memory(&dict, data, size, options);
    if ((status == PRUNE_OK) != (dict != NULL))
        abort();
    if (status && status != PRUNE_ERROR_FORMAT && status != PRUNE_ERROR_UNSUPPORTED && status != PRUNE_ERROR_KEY
        && status != PRUNE_ERROR_MEMORY)
        abort();
    prune_dict_release(dict);
}

/* Strictly, and with what is not held left out. */
static inline int fuzz_format(const uint8_t *data, size_t size, prune_file_format format, const char *entry)
{
    size_t bytes = 0;
    prune_load_options options = PRUNE_LOAD_OPTIONS_INIT;
    options.format = format;
    options.entry = entry;
    fuzz_load(data, size, &options);
    options.skipped = fuzz_skipped;
    options.context = &bytes;
    options.to_float32 = true;
    fuzz_load(data, size, &options);
    return 0;
}

#endif
