/** @file safetensors.h
 *  Weight files in the safetensors format, to and from a dict.
 *
 *  The reader trusts nothing: it checks the whole header before it allocates for a tensor, and refuses what the format
 *  does not allow. The first word of the sentence says what is wrong: "truncated:", "limit:", "utf8:", "syntax:",
 *  "schema:", "dup:", "overflow:", "size:", "layout:" (status format), "unsup:" (status unsupported).
 */
#ifndef PRUNE_SAFETENSORS_H
#define PRUNE_SAFETENSORS_H

#include "dict.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How to read. Start from PRUNE_SAFETENSORS_OPTIONS_INIT. */
typedef struct prune_safetensors_options {
    size_t size;     /**< sizeof(prune_safetensors_options) */
    bool to_float32; /**< convert floating-point tensors to float32; default false: as stored */

    /** Called for each tensor of a dtype that the library does not hold ("F8_E4M3"), which is then left out. NULL
     *  (default): such a file is refused, and the sentence lists them. */
    void (*skipped)(void *context, const char *name, const char *dtype);
    void *context; /**< for skipped */
} prune_safetensors_options;

/** The defaults. */
#define PRUNE_SAFETENSORS_OPTIONS_INIT                       \
    {                                                        \
        sizeof(prune_safetensors_options), false, NULL, NULL \
    }

/** safetensors.torch.load_file: the tensors in the order of their data in the file; `__metadata__` is the dict's
 *  metadata. Files are little-endian; values are in the machine's order. `options` NULL: the defaults.
 *  Errors: io (cannot be opened or read), format, unsupported. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_load_safetensors(prune_dict **out, const char *path,
                                                               const prune_safetensors_options *options);

/** The same from `size` bytes of memory, which need not stay. Errors: format, unsupported. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_parse_safetensors(prune_dict **out, const void *data, size_t size,
                                                                const prune_safetensors_options *options);

/** safetensors.torch.save_file: tensors with any strides, the dict's metadata. On POSIX `path` holds the old file or
 *  the new one whatever happens; elsewhere a failure may leave neither, but never half of one.
 *  Errors: io; value (a name that is not UTF-8 or is "__metadata__"). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_save_safetensors(const char *path, const prune_dict *dict);

#ifdef __cplusplus
}
#endif

#endif
