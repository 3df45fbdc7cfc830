/** @file checkpoint.h
 *  Prunes one weight file into another, in bounded memory: what the command prune_checkpoint does.
 */
#ifndef PRUNE_CHECKPOINT_H
#define PRUNE_CHECKPOINT_H

#include "files.h"
#include "pruning.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A tensor of the file. Good during the call that shows it. */
typedef struct prune_checkpoint_tensor {
    size_t size;          /**< sizeof(prune_checkpoint_tensor) of the library */
    const char *name;     /**< X, also where the file has it as `X_orig` and `X_mask` */
    const char *dtype;    /**< as the format spells it: "F16", "torch.int8", "<f4" */
    int64_t ndim;         /**< of sizes */
    const int64_t *sizes; /**< its shape */
    int64_t entries;      /**< the product of the sizes */
    bool is_floating;     /**< float16, bfloat16, float32 or float64, which alone can be pruned */
    bool was_pruned;      /**< the file has it as `X_orig` and `X_mask` */
    bool is_pruned;       /**< it was chosen for pruning */
    int64_t zeros_before; /**< entries that are 0, where it was pruned, of mask · orig; −1: it was not counted */
    int64_t zeros_after;  /**< the same of what is written; −1 likewise */
    int64_t tied;         /**< entries that the threshold of this tensor's own selection equals: prune_selection */
    int64_t tied_pruned;  /**< how many of those are pruned */
} prune_checkpoint_tensor;

/** What to do. Start from PRUNE_CHECKPOINT_OPTIONS_INIT; give a method, or masks. */
typedef struct prune_checkpoint_options {
    size_t size; /**< sizeof(prune_checkpoint_options) */

    /** Any method but a container; its ties say whether it can stream: see prune_checkpoint(). */
    prune_method *method;

    /** Or a file of masks that bear the names of the tensors: custom_from_mask. Tensors without a mask there are not
     *  pruned. */
    const char *masks;

    bool global;        /**< the method chooses among all tensors together, as prune_global_unstructured() */
    const char *scores; /**< a file of tensors that are scored instead of those of the same name; NULL: none */
    const char *entry;  /**< of a .pt file: as in prune_load_options */

    prune_file_format output_format; /**< PRUNE_FORMAT_AUTO: by the ending of the output's name */

    /** Write `X_orig` and `X_mask`, as the state dict of a pruned module has them, and not their product. The mask has the
     *  dtype of X. */
    bool keep_masks;

    uint64_t max_memory; /**< bytes; default 256 MiB */

    /** Which tensors are pruned; asked for the floating-point ones, before anything is counted. NULL: those of two dims
     *  and more. */
    bool (*chooses)(void *context, const prune_checkpoint_tensor *tensor);

    /** Called for each tensor, in the order of the file, when all has succeeded. Its status comes back; the file is
     *  written by then. NULL: not. */
    prune_status (*report)(void *context, const prune_checkpoint_tensor *tensor);

    /** Called now and then with the bytes read so far and in all. Any other status than #PRUNE_OK ends the work and comes
     *  back, and nothing is written. NULL: not. */
    prune_status (*progress)(void *context, uint64_t done, uint64_t total);
    void *context; /**< for the three */
} prune_checkpoint_options;

/** The defaults. */
#define PRUNE_CHECKPOINT_OPTIONS_INIT                                                              \
    {                                                                                              \
        sizeof(prune_checkpoint_options), NULL, NULL, false, NULL, NULL, PRUNE_FORMAT_AUTO, false, \
            (uint64_t)256 << 20, NULL, NULL, NULL, NULL                                            \
    }

/** What was done. */
typedef struct prune_checkpoint_result {
    size_t size;            /**< sizeof(prune_checkpoint_result), to be set by the caller */
    int64_t tensors;        /**< in the file; one with its mask counts once */
    int64_t pruned_tensors; /**< those chosen */
    int64_t entries;        /**< in those */
    int64_t zeros_before;   /**< of these entries, before */
    int64_t zeros_after;    /**< and after */
    int64_t tied;           /**< entries at the threshold of a global selection, or the sum over tensors */
    int64_t tied_pruned;    /**< how many of those are pruned. Where it is fewer, ties straddled a threshold */
    int64_t passes;         /**< the most often that the values of one tensor were read */
    uint64_t peak_memory;   /**< the most bytes held at once, from above */
    uint64_t bytes_read;    /**< of tensors */
    uint64_t bytes_written; /**< likewise */
} prune_checkpoint_result;

/** Prunes the tensors of a file (safetensors, .pt, .npy, .npz; a pipe is read into memory) and writes it anew, with the
 *  masks that the library gives to the same tensors loaded as float32, in the order of the file, bit for bit; weights stay
 *  in their dtype. Other tensors are copied byte for byte, and metadata is kept where the format has a place for it.
 *  - `X_orig` with `X_mask` in the file is a parameter X that is pruned already, and is pruned further as PyTorch's next
 *    prune would. Without `keep_masks` what is written is X, the product: prune_remove(). Where X is not chosen, both are
 *    copied.
 *  - L1 and random unstructured methods with #PRUNE_TIES_LOWEST_INDEX, alone and global, masks and N:M along any dim but
 *    the first are computed in chunks, whatever the size of the tensors. Other methods need a whole tensor, or, if global,
 *    all of them in memory, several times over; a memory error, before anything is written, says how much where that is
 *    more than `max_memory`.
 *  - Random methods draw from the default generator, which a failure puts back.
 *  - `in_path` and `out_path` may be the same file: the new one takes its place when it is whole, as in prune_save().
 *    `out_path` NULL: nothing is written, and the result and the report say what would be.
 *  `result` may be NULL.
 *  Errors: as prune_load() and prune_save(), and those of the method with the name of the tensor; memory as above; type
 *  (neither a method nor masks, or both; a container; with `global` a method that is not unstructured, or masks); value (the
 *  file has X beside `X_orig` and `X_mask`; with `global` nothing is chosen); key (`keep_masks`, and the file has another tensor of such a name; a mask that
 *  no tensor bears the name of); shape (of scores or a mask); what a callback returns. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_checkpoint(const char *in_path, const char *out_path,
                                                         const prune_checkpoint_options *options,
                                                         prune_checkpoint_result *result);

#ifdef __cplusplus
}
#endif

#endif
