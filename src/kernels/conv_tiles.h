/* Convolution in tiles: sums of some channels and some outputs that stay in registers while taps are added to them. What
 * variants share; theirs are the tiles. */
#ifndef PRUNI_KERNELS_CONV_TILES_H
#define PRUNI_KERNELS_CONV_TILES_H

#include "kernels/conv_layout.h"

enum {
    PRUNI_CONV_ROWS = 6,   /* channels of a tile, at most */
    PRUNI_CONV_PIECES = 16 /* of PRUNI_CONV_RUN outputs, at most */
};

/* Pieces are anywhere, and may be there twice. */
typedef struct pruni_conv_tile {
    float *y[PRUNI_CONV_PIECES]; /* of the first channel */
    int64_t y_stride;            /* to the next one */
    const float *x[PRUNI_CONV_PIECES];
    const int64_t *offsets; /* of the taps from there */
    int64_t taps;
    const float *weight; /* of the first channel and tap */
    int64_t weight_stride;
    const float *bias; /* of the first channel, or NULL */
    bool begun;        /* y holds sums of earlier taps */
} pruni_conv_tile;

/* Adds the taps for some pieces, from `piece` on. */
typedef void pruni_conv_tile_fn(const pruni_conv_tile *t, int piece);

/* Tiles of so many channels and pieces. */
typedef struct pruni_conv_shape {
    pruni_conv_tile_fn *add;
    int channels, pieces;
    int least;                            /* pieces of the smallest tiles for these channels */
    const struct pruni_conv_shape *fewer; /* the next smaller tiles, or NULL */
} pruni_conv_shape;

/* A plane of outputs of a channel alone, with a kernel of 3 x 3 whose columns are at offsets. */
typedef struct pruni_conv_plane {
    float *y;
    const float *x; /* can be read a tile behind its end */
    int64_t height, width;
    int64_t x_row;
    int64_t offsets[3];
    int64_t stride; /* of rows: 1 or 2 */
    const float *weight;
    float bias;
} pruni_conv_plane;

typedef struct pruni_conv_tiles {
    /* PRUNI_CONV_TILE floats from each offset to places that are `stride` apart. */
    void (*gather)(float *to, const float *from, const int64_t *offsets, int64_t count, int64_t stride);
    void (*alone)(const pruni_conv_plane *p);
    const pruni_conv_shape *shapes[PRUNI_CONV_ROWS + 1]; /* for 1, 2, 3, 4 and 6 channels */
} pruni_conv_tiles;

extern const pruni_conv_shape pruni_conv_shapes_avx2[], pruni_conv_shapes_avx512[], pruni_conv_shapes_neon[];

void pruni_conv_in_tiles(const pruni_conv_tiles *tiles, float *y, const float *x, const float *weight,
                         const float *bias, const pruni_conv *conv, float *scratch);

#endif
