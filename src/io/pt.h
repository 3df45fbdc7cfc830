/* What torch.save writes: a pickle of dicts, lists and tensors, and the storages that the tensors lie in. */
#ifndef PRUNI_IO_PT_H
#define PRUNI_IO_PT_H

#include "io/pickle.h"
#include "io/zip.h"

enum {
    PRUNI_PT_MAX_DEPTH = 500, /* of dicts in dicts */
    PRUNI_PT_MAX_NAME = 65536,
    PRUNI_PT_MAX_SHARING = 65536,          /* tensors of one storage */
    PRUNI_PT_MAX_REPEATS = 64,             /* how often a file's bytes may stand in its tensors, beyond */
    PRUNI_PT_FREE_BYTES = 64 * 1024 * 1024 /* what tensors that repeat a few bytes may take anyway */
};

/* What a persistent id of the pickle names. Those of one key have one place. */
typedef struct pruni_pt_storage {
    pruni_pickle_text key;
    pruni_pickle_text type;        /* "FloatStorage" */
    const pruni_file_dtype *dtype; /* NULL: of bytes, or of a dtype that no format has */
    unsigned element_size;
    uint64_t bytes;
    uint64_t view, view_bytes;      /* the part that this id names, in bytes */
    uint64_t offset;                /* in the file */
    uint32_t first;                 /* the first storage in order of the same key; it has what follows */
    const pruni_zip_record *record; /* NULL: of a file without CRCs */
    bool is_checked;                /* the CRC */
    uint32_t tensors;
} pruni_pt_storage;

typedef struct pruni_pt {
    const char *source;
    pruni_zip zip;
    pruni_pickle pickle; /* a persistent value's count is the index of its storage, or PRUNI_PICKLE_NONE */
    bool is_big_endian;
    pruni_pt_storage *storages;
    int64_t storage_count, storage_capacity;
    const void **by_key; /* the first of each key, sorted */
    int64_t key_count;
    char *names; /* of the tensors, one after the other */
} pruni_pt;

/* ---- Storages (pt_storage.c) ---- */

/* Makes them of the persistent ids. */
prune_status pruni_pt_find_storages(pruni_pt *pt);

/* The one of this key that is first in order; NULL. */
pruni_pt_storage *pruni_pt_storage_of_key(const pruni_pt *pt, const char *key, size_t length);

/* What holds of the first storage of each key goes to the others. */
void pruni_pt_place_storages(pruni_pt *pt);

/* ---- The two ways to store them ---- */

prune_status pruni_pt_open_zip(pruni_pt *pt, pruni_input *input);    /* pt_zip.c */
prune_status pruni_pt_open_legacy(pruni_pt *pt, pruni_input *input); /* pt_legacy.c */

/* ---- Tensors (pt_tensor.c) ---- */

typedef enum pruni_pt_class {
    PRUNI_PT_DATA, /* numbers, strings, and other things that matter to nobody here */
    PRUNI_PT_TREE, /* a dict, a list or a tuple */
    PRUNI_PT_TENSOR,
    PRUNI_PT_OPAQUE
} pruni_pt_class;

pruni_pt_class pruni_pt_classify(const pruni_pt *pt, pruni_pickle_id id);

/* Describes a tensor but for its name, and checks what its arguments say. `name` is for sentences. */
prune_status pruni_pt_describe(pruni_file_tensor *out, pruni_pt *pt, pruni_pickle_id id, const char *name);

/* ---- The dicts (pt_tree.c) ---- */

/* What a value holds, in all depth. */
typedef struct pruni_pt_summary {
    uint32_t tensors; /* at most UINT32_MAX */
    uint32_t state;
    pruni_pickle_id opaque; /* the first one; PRUNI_PICKLE_NONE */
} pruni_pt_summary;

/* One per value, zeroed; of those that are not below `root` nothing is known afterwards. Fails with limit at what contains
 * itself, and at what lies too deep. */
prune_status pruni_pt_summarize(const pruni_pt *pt, pruni_pt_summary *summaries, pruni_pickle_id root);

/* A place in a tree. */
typedef struct pruni_pt_step {
    pruni_pickle_id tree;
    uint32_t cell, i; /* which come next */
    size_t path_length;
    bool is_root;
} pruni_pt_step;

pruni_pt_step pruni_pt_begin(const pruni_pt *pt, pruni_pickle_id tree);
bool pruni_pt_has_next(const pruni_pt *pt, const pruni_pt_step *at);

/* The next item, and the cell of its key, in a dict. */
pruni_pickle_id pruni_pt_next(const pruni_pt *pt, pruni_pt_step *at, uint32_t *name_cell);

/* A walk over everything below a value that is or holds a tensor. */
typedef struct pruni_pt_walk {
    const pruni_pt *pt;
    const pruni_pt_summary *summaries;
    pruni_pt_step *steps;
    int depth;
    uint64_t visits;
    pruni_pickle_id item; /* a tensor, or a tree whose items come next */
    pruni_text path;      /* its name: keys joined by dots */
} pruni_pt_walk;

/* Ends with pruni_pt_walk_end(), whatever happens. */
prune_status pruni_pt_walk_begin(pruni_pt_walk *walk, const pruni_pt *pt, const pruni_pt_summary *summaries,
                                 pruni_pickle_id root);
prune_status pruni_pt_walk_next(pruni_pt_walk *walk, bool *found);
void pruni_pt_walk_end(pruni_pt_walk *walk);

/* ---- What is asked for (pt_entry.c, pt_list.c) ---- */

/* The value at a path of keys; for NULL all, if that is a plain state dict. Fails with key and a list of those that hold
 * tensors, with unsafe. */
prune_status pruni_pt_find_entry(pruni_pickle_id *out, const pruni_pt *pt, pruni_pt_summary *summaries,
                                 const char *entry);

/* All tensors below a value, with their names, into the file. */
prune_status pruni_pt_list_tensors(pruni_file *file, pruni_pt *pt, const pruni_pt_summary *summaries,
                                   pruni_pickle_id root);

#endif
