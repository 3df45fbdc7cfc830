/* How the products of linear layers are cut into blocks. */
#ifndef PRUNI_KERNELS_LINEAR_H
#define PRUNI_KERNELS_LINEAR_H

#include "kernels/internal.h"

enum {
    PRUNI_LINEAR_FEW = 12,  /* so many rows or fewer are not packed */
    PRUNI_LINEAR_ROWS = 96, /* of x that are packed at a time, at most, */
    PRUNI_LINEAR_IN = 1024, /* and of so many rows so many columns: they stay in the second cache */
    PRUNI_LINEAR_UNIT = 16  /* whole vectors of any width */
};

/* The rows of a block, whole vectors of them, and room for those that are left over. */
static inline int64_t pruni_linear_packed_rows(int64_t rows)
{
    return rows < PRUNI_LINEAR_ROWS ? (rows - 1) / PRUNI_LINEAR_UNIT * PRUNI_LINEAR_UNIT + PRUNI_LINEAR_UNIT
                                    : PRUNI_LINEAR_ROWS;
}

/* The most columns of a block: the more, the fewer rows there are. */
static inline int64_t pruni_linear_packed_columns(int64_t rows)
{
    return (int64_t)PRUNI_LINEAR_ROWS * PRUNI_LINEAR_IN / pruni_linear_packed_rows(rows) / PRUNI_LINEAR_UNIT
           * PRUNI_LINEAR_UNIT;
}

/* The row of the weight for an output; beyond the edge the last one stands for those that are not there. */
static inline const float *pruni_linear_weight_row(const pruni_linear *l, int64_t o)
{
    return l->weight + (o < l->out ? o : l->out - 1) * l->in;
}

#endif
