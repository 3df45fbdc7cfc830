/** @file safetensors.h
 *  Weight files in the safetensors format, to and from a dict.
 *
 *  The reader trusts nothing: it checks the whole header, against the true length of the file, before it allocates for
 *  a tensor, and refuses what the format does not allow. The first word of the sentence says what is wrong:
 *  "truncated:", "limit:", "utf8:", "syntax:", "schema:", "dup:", "overflow:", "size:", "layout:" (status format),
 *  "unsup:" (status unsupported: a name or metadata with a NUL in it, a rank above PRUNE_MAX_DIMS, a dtype that is not
 *  held). As the reference does, it ignores unknown fields of a tensor, and takes `"__metadata__": null` for none.
 *  Where the reference lets pass what is in doubt, this one does not: two tensors of one name, two metadata values of
 *  one key, sizes whose product overflows although one of them is 0, a tensor's fields as an array.
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

    /** Called for each tensor of a dtype that the library does not hold ("F8_E4M3"), which is then left out, when
     *  everything else has succeeded; the strings are good during the call. NULL (default): such a file is refused,
     *  and the sentence lists them. */
    void (*skipped)(void *context, const char *name, const char *dtype);
    void *context; /**< for skipped */
} prune_safetensors_options;

/** The defaults. */
#define PRUNE_SAFETENSORS_OPTIONS_INIT                       \
    {                                                        \
        sizeof(prune_safetensors_options), false, NULL, NULL \
    }

/** safetensors.torch.load_file: the tensors in the order of their data in the file, those without data by name; each
 *  has memory of its own. `__metadata__` is the dict's metadata. Files are little-endian; values are in the machine's
 *  order, with all their bits, except that any byte but 0 of a BOOL tensor becomes 1. The file may be a pipe.
 *  `options` NULL: the defaults. Errors: io (cannot be opened or read), format, unsupported. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_load_safetensors(prune_dict **out, const char *path,
                                                               const prune_safetensors_options *options);

/** The same from `size` bytes of memory, which need not stay. Errors: format, unsupported. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_parse_safetensors(prune_dict **out, const void *data, size_t size,
                                                                const prune_safetensors_options *options);

/** safetensors.torch.save_file: the same bytes, with the metadata sorted by key. Tensors of any strides; those that
 *  share memory are each written. On POSIX `path` holds the old file or the new one whatever happens, links are
 *  followed, an old file's permissions are kept, and what is no file (a pipe, a device) is written in place; elsewhere
 *  a failure may leave neither file, but never half of one.
 *  Errors: io; value (a name or metadata that is not UTF-8, the name "__metadata__", a header of more than 100,000,000
 *  bytes, sizes beyond the format's 64 bits). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_save_safetensors(const char *path, const prune_dict *dict);

#ifdef __cplusplus
}
#endif

#endif
