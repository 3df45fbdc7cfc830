/* Pruning of weight files, tensor by tensor and chunk by chunk. */
#ifndef PRUNI_CHECKPOINT_INTERNAL_H
#define PRUNI_CHECKPOINT_INTERNAL_H

#include "io/internal.h"
#include "io/writer.h"
#include "prune/checkpoint.h"
#include "prune/internal.h"

/* How the mask of an item is made. */
typedef enum pruni_way {
    PRUNI_BY_THRESHOLD,  /* entry by entry: keys below one that was found before, and some that equal it */
    PRUNI_BY_GIVEN_MASK, /* from the file of masks */
    PRUNI_BY_METHOD,     /* by the method, over whole tensors or slabs of them in memory */
    PRUNI_BY_WHOLE_MASK  /* from a mask that was made before */
} pruni_way;

/* A parameter of the file. What points into an open file is borrowed. */
typedef struct pruni_item {
    const char *name;               /* X */
    const pruni_file_tensor *value; /* X, or X_orig */
    const pruni_file_tensor *mask;  /* X_mask; NULL: it was not pruned before */
    const pruni_file_tensor *scores, *given;
    int64_t entries;
    bool is_pruned;
    char *plain_name, *orig_name, *mask_name; /* owned; NULL where they are not needed */

    uint32_t key;                  /* for PRUNI_BY_THRESHOLD */
    int64_t equal_left;            /* how many of those that equal it go */
    struct prune_generator *draws; /* owned: before the first of its draws */
    prune_tensor *whole_mask;      /* owned: for PRUNI_BY_WHOLE_MASK */

    int64_t zeros_before, zeros_after, tied, tied_pruned;
    int64_t reads; /* of its values, from the first to the last */
} pruni_item;

typedef struct pruni_checkpoint {
    prune_checkpoint_options options;
    pruni_input pipe; /* what the file is read from, if it is a pipe */
    pruni_file file, scores, masks;
    pruni_item *items; /* in the order of the file */
    int64_t count, chosen;

    pruni_way way;
    prune_amount amount; /* for PRUNI_BY_THRESHOLD, as the two below */
    bool at_random;
    bool ties_run; /* ties_left goes from one item to the next, as they are written */
    int64_t ties_left;
    struct prune_generator draws; /* those that come next */

    int64_t chunk; /* entries; the buffers are for as many */
    void *raw;     /* of values as the file has them */
    void *scratch; /* of what is to be converted */
    float *values, *before, *list, *picked;

    pruni_writer writer;
    bool writes;
    uint64_t held, peak, read, written, total; /* bytes */
    prune_selection global;                    /* of a global selection */
} pruni_checkpoint;

/* ---- Memory (memory.c) ---- */

/* Notes that so much more is held, or less. Fails with memory, and says how much is needed, if it is more than allowed. */
prune_status pruni_checkpoint_hold(pruni_checkpoint *c, uint64_t bytes, const char *what);
void pruni_checkpoint_let_go(pruni_checkpoint *c, uint64_t bytes);

/* Keeps the state of the generator before an item's first draw. */
prune_status pruni_checkpoint_keep_draws(pruni_checkpoint *c, pruni_item *item);

/* The buffers, as large as what is left allows. */
prune_status pruni_checkpoint_make_buffers(pruni_checkpoint *c);

/* ---- Files and what is in them (inputs.c) ---- */

/* Opens the files, lists the items and chooses among them. */
prune_status pruni_checkpoint_open(pruni_checkpoint *c, const char *path);
void pruni_checkpoint_close(pruni_checkpoint *c);

/* An item as its user sees it. */
prune_checkpoint_tensor pruni_checkpoint_show(const pruni_item *item);

/* Fails as what failed last, with the name of the item before the sentence. */
prune_status pruni_checkpoint_fail_of(const pruni_item *item);

/* ---- Chunks (chunks.c) ---- */

/* Entries [first, first + n) of a tensor as float32; n is at most a chunk. */
prune_status pruni_checkpoint_read_floats(pruni_checkpoint *c, pruni_file *file, const pruni_file_tensor *t,
                                          int64_t first, int64_t n, float *to);

/* Entries of an item's value, into c->raw. */
prune_status pruni_checkpoint_read_raw(pruni_checkpoint *c, const pruni_item *item, int64_t first, int64_t n);

/* Notes bytes that were read, and tells the user. */
prune_status pruni_checkpoint_note_read(pruni_checkpoint *c, uint64_t bytes);

/* What decides about entries [first, first + n), those that are still unpruned: *seen scores, or draws. Those of the item's
 * own value are taken from c->raw. The mask so far is then in c->before. */
prune_status pruni_checkpoint_scores(const float **scores, int64_t *seen, pruni_checkpoint *c, const pruni_item *item,
                                     int64_t first, int64_t n);

/* Whether c->raw is needed for that. */
bool pruni_checkpoint_scores_itself(const pruni_checkpoint *c, const pruni_item *item);

/* ---- Choosing by chunks (choose.c) ---- */

/* Finds the thresholds of all items, in the order of the file. */
prune_status pruni_checkpoint_find_thresholds(pruni_checkpoint *c);

/* Shares out the ties of a global selection to the items, by another pass. */
prune_status pruni_checkpoint_share_ties(pruni_checkpoint *c);

/* ---- Choosing in memory (whole.c) ---- */

/* Tries the method on all items, which shows its errors and where its draws begin; of a global one keeps the masks. */
prune_status pruni_checkpoint_try_method(pruni_checkpoint *c);

/* The mask that the method gives to rows [first, first + rows) of an item, and what of c->held it is. */
prune_status pruni_checkpoint_method_mask(prune_tensor **mask, pruni_checkpoint *c, const pruni_item *item,
                                          int64_t first, int64_t rows);

/* How many rows such a mask may have: all, or, of N:M, as many as suit the memory. */
int64_t pruni_checkpoint_slab_rows(const pruni_checkpoint *c, const pruni_item *item);

/* ---- Writing (output.c) ---- */

/* Prunes, and writes everything to the path; NULL: counts alone. */
prune_status pruni_checkpoint_write(pruni_checkpoint *c, const char *path);

#endif
