/* How the products of linear layers are cut into blocks. */
#ifndef PRUNI_KERNELS_LINEAR_H
#define PRUNI_KERNELS_LINEAR_H

#include <stdint.h>

enum {
    PRUNI_LINEAR_FEW = 12,  /* so many rows or fewer are not packed */
    PRUNI_LINEAR_ROWS = 96, /* of x that are packed at a time, at most, */
    PRUNI_LINEAR_IN = 1024  /* and of so many rows so many columns: they stay in the second cache */
};

/* The rows of a block, whole vectors of them. */
static inline int64_t pruni_linear_packed_rows(int64_t rows)
{
    return rows < PRUNI_LINEAR_ROWS ? (rows + 7) / 8 * 8 : PRUNI_LINEAR_ROWS;
}

/* The most columns of a block: the more, the fewer rows there are. */
static inline int64_t pruni_linear_packed_columns(int64_t rows)
{
    return (int64_t)PRUNI_LINEAR_ROWS * PRUNI_LINEAR_IN / pruni_linear_packed_rows(rows) / 8 * 8;
}

#endif
