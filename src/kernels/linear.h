/* How the products of linear layers are cut into blocks. */
#ifndef PRUNI_KERNELS_LINEAR_H
#define PRUNI_KERNELS_LINEAR_H

enum {
    PRUNI_LINEAR_FEW = 12,   /* so many rows or fewer are not packed */
    PRUNI_LINEAR_ROWS = 192, /* of x that are packed at a time, at most, */
    PRUNI_LINEAR_IN = 256    /* and so many columns of each: they stay in the second cache */
};

#endif
