/** @file streaming.h
 *  Selection of the entries of least magnitude among more scores than memory holds.
 */
#ifndef PRUNE_STREAMING_H
#define PRUNE_STREAMING_H

#include "pruning.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Scores that come in chunks, as often as they are asked for. Static storage. Any status but #PRUNE_OK of a callback
 *  ends the selection and comes back unchanged. */
typedef struct prune_score_stream_ops {
    size_t size; /**< sizeof(prune_score_stream_ops) */

    /** Goes back to the first score; called before each pass. */
    prune_status (*rewind)(void *context);

    /** The next scores, in chunks of any size: good until the next call. `*count` 0: there are no more. */
    prune_status (*next)(void *context, const float **scores, int64_t *count);

    /** In the last pass: the mask of the chunk that next() gave last, 1 for an entry that stays, 0 for one that is
     *  pruned. */
    prune_status (*take_mask)(void *context, const float *mask, int64_t count);
} prune_score_stream_ops;

/** What was selected. */
typedef struct prune_selection {
    int64_t entries;     /**< scores there were */
    int64_t pruned;      /**< how many of them are pruned */
    float threshold;     /**< the largest magnitude that is pruned (NaN counts as larger than all); 0 if none is */
    int64_t tied;        /**< entries of that magnitude, pruned or not */
    int64_t tied_pruned; /**< how many of those are pruned: fewer than all where the tie straddles the threshold, and
                              the first ones in order go */
    int64_t passes;      /**< how often the scores were asked for: 3, or 2 if none is pruned */
} prune_selection;

/** The mask that prune_l1_unstructured() with #PRUNE_TIES_LOWEST_INDEX gives to all the scores as one tensor, bit for
 *  bit, however they are cut into chunks: one pass counts the leading bits of the magnitudes, one those that follow, and
 *  one hands out the mask. Needs half a MB, and a mask of the largest chunk.
 *
 *      static prune_status to_start(void *file) { rewind(file); return PRUNE_OK; }
 *      static prune_status read(void *file, const float **scores, int64_t *count)
 *      {
 *          static float chunk[4096];
 *          *scores = chunk;
 *          *count = (int64_t)fread(chunk, sizeof *chunk, 4096, file);
 *          return ferror(file) ? prune_fail(PRUNE_ERROR_IO, "cannot read the scores") : PRUNE_OK;
 *      }
 *
 *  Every pass must give the same scores; another number of them, and others where the selection shows it, are a state
 *  error, in the last pass after masks have been handed out.
 *  Errors: value (the amount, ops->size, a negative count), type (a NULL), state, and what a callback returns. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_select_streaming(prune_selection *out, const prune_score_stream_ops *ops,
                                                               void *context, prune_amount amount);

#ifdef __cplusplus
}
#endif

#endif
