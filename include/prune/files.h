/** @file files.h
 *  Weight files to and from a dict: safetensors, .pt (what torch.save writes), .npy and .npz.
 *
 *  The readers trust nothing: they check a file's whole description, against the true length of the file, before they
 *  allocate for a tensor, run nothing that is in it, and refuse what its format does not allow. The first word of the
 *  sentence says what is wrong: "truncated:", "magic:", "limit:", "utf8:", "syntax:", "schema:", "dup:", "overflow:",
 *  "size:", "layout:", "crc:" (status format), "unsup:" (status unsupported: a rank above PRUNE_MAX_DIMS, a dtype that is
 *  not held, a variant of the format that is not read), "unsafe:" (status unsupported: the entry asked for holds objects
 *  that only running code could make).
 *
 *  - safetensors: as the reference reader, but stricter where that lets pass what is in doubt: two tensors of one name,
 *    two metadata values of one key, sizes whose product overflows although one of them is 0, a tensor's fields as an
 *    array.
 *  - .pt, .pth, .ckpt: the zip archives of PyTorch since 1.6 and the older pickle files; not the tar files of before 2017,
 *    not TorchScript. The pickle is read by a machine that knows tensors, containers, numbers and strings, and keeps
 *    everything else as a thing without contents. Tensors in lists and tuples are named by their index.
 *  - .npy (a dict of the one name "arr_0", as numpy.savez names it) and .npz archives that are not compressed.
 */
#ifndef PRUNE_FILES_H
#define PRUNE_FILES_H

#include "dict.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The formats. */
typedef enum prune_file_format {
    PRUNE_FORMAT_AUTO = 0, /**< read: by the first bytes; save: by the name's ending */
    PRUNE_FORMAT_SAFETENSORS = 1,
    PRUNE_FORMAT_PT = 2,
    PRUNE_FORMAT_NPY = 3,
    PRUNE_FORMAT_NPZ = 4
} prune_file_format;

/** How to read. Start from PRUNE_LOAD_OPTIONS_INIT. */
typedef struct prune_load_options {
    size_t size;              /**< sizeof(prune_load_options) */
    prune_file_format format; /**< default PRUNE_FORMAT_AUTO; another one refuses every other kind of file */
    bool to_float32;          /**< convert floating-point tensors to float32; default false: as stored */

    /** The tensors lie in a private mapping of the file, which stays until the last of them is released: pages are read
     *  when they are touched, and what is written to a tensor changes memory alone, never the file. Until then nobody may
     *  write to the file in place: the tensors would show it, and touching what has been cut off ends the process (on
     *  POSIX with SIGBUS). Replacing the file, as prune_save() does, is safe. Default false: none of this can happen.
     *  Read into memory of their own as ever are: bools, tensors in another byte order, not row-major, not aligned to the
     *  size of their elements, converted, or empty, those of .pt that share memory with one before, and all tensors where
     *  the file is a pipe, or the system has no mappings (it is not POSIX) or refuses one. prune_load_memory() takes no
     *  notice. Sums of .pt and .npz are checked, for which their bytes are read. */
    bool mmap;

    /** The dict in the file that holds the tensors, as a path of keys: "state_dict", "model", "optimizer.state.0". NULL
     *  (default): the file is a state dict itself. Where it is not, the error lists the entries that hold tensors. "":
     *  everything in the file, nested names joined by dots. For .pt alone: the other formats take NULL and "". */
    const char *entry;

    /** Called for each tensor of a dtype that the library does not hold ("F8_E4M3", "torch.int8", "<c8"), which is then
     *  left out, when everything else has succeeded; the strings are good during the call. NULL (default): such a file is
     *  refused, and the sentence lists them. */
    void (*skipped)(void *context, const char *name, const char *dtype);
    void *context; /**< for skipped */
} prune_load_options;

/** The defaults. */
#define PRUNE_LOAD_OPTIONS_INIT                                                       \
    {                                                                                 \
        sizeof(prune_load_options), PRUNE_FORMAT_AUTO, false, false, NULL, NULL, NULL \
    }

/** torch.load(path, weights_only=True), safetensors.torch.load_file, numpy.load: the tensors of a file. Each is
 *  contiguous, in memory of its own (but see `mmap`), also where the file's tensors share some; values are in the machine's
 *  byte order, with all their bits, except that any byte but 0 of a bool becomes 1. The order is the file's: of safetensors
 *  by place of the data, then by name; of .pt that of the dict; of .npz that of the archive. safetensors' `__metadata__` is
 *  the dict's metadata. The file may be a pipe. `options` NULL: the defaults.
 *  Errors: io (cannot be opened or read), format, unsupported, key (`entry` is not there, or there is no plain state dict:
 *  the sentence lists what is), value (no such format; `entry` for one that has none). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_load(prune_dict **out, const char *path,
                                                   const prune_load_options *options);

/** The same from `size` bytes of memory, which need not stay. Errors: format, unsupported, key, value, as
 *  there. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_load_memory(prune_dict **out, const void *data, size_t size,
                                                          const prune_load_options *options);

/** Writes a file that safetensors.torch.load_file, torch.load(weights_only=True) or numpy.load reads with equal bits.
 *  PRUNE_FORMAT_AUTO goes by the ending of `path`: .safetensors; .pt, .pth, .ckpt, .bin; .npy; .npz. Tensors of any
 *  strides; those that share memory are each written. The dict's metadata goes into safetensors, sorted by key, and is
 *  left out of the others, which have no place for it. safetensors are the same bytes as the reference writes.
 *
 *  On POSIX `path` holds the old file or the new one whatever happens, links are followed, an old file's permissions are
 *  kept, and what is no file (a pipe, a device) is written in place; elsewhere a failure may leave neither file, but
 *  never half of one.
 *  Errors: io; value (no such format; an ending that tells none; a name or metadata that is not UTF-8; the name "__metadata__" or a
 *  header of more than 100,000,000 bytes in safetensors; a .npy of more or fewer than one tensor; in .pt a name of
 *  more than 65,536 bytes; in .npz one that is empty, begins with "/", has ".." in it or is longer than 65,531 bytes);
 *  unsupported (bfloat16 in .npy and .npz, which NumPy has not). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_save(const char *path, const prune_dict *dict, prune_file_format format);

#ifdef __cplusplus
}
#endif

#endif
