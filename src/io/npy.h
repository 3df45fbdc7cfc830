/* .npy: the header of an array, alone in a file or a record of an .npz archive. */
#ifndef PRUNI_IO_NPY_H
#define PRUNI_IO_NPY_H

#include "io/internal.h"

enum { PRUNI_NPY_MAX_HEADER = 10000, PRUNI_NPY_DESCR_SIZE = 16 };

/* What a header says (npy_header.c). */
typedef struct pruni_npy_header {
    char descr[PRUNI_NPY_DESCR_SIZE]; /* "<f4" */
    bool fortran_order;
    int64_t ndim;
    int64_t sizes[PRUNE_MAX_DIMS]; /* the first ones */
    unsigned element_size;
    uint64_t bytes; /* of all elements */
} pruni_npy_header;

/* Parses the dict of a header of `version`; `what` names the array in sentences, and may be "". */
prune_status pruni_npy_parse_header(pruni_npy_header *header, const char *text, size_t length, int version,
                                    const char *source, const char *what);

/* Looks at the array that begins at byte `at` and has `length` bytes with its header, or (UINT64_MAX) ends where the file
 * does, and describes it but for its name. t->dtype_name points into *header. */
prune_status pruni_npy_describe(pruni_file_tensor *t, pruni_npy_header *header, pruni_input *input, uint64_t at,
                                uint64_t length, const char *what);

extern const pruni_file_format pruni_npy_format;
extern const pruni_file_format pruni_npz_format;

#endif
