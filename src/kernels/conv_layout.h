/* The input of a convolution laid out so that what neighbouring outputs read lies side by side: what variants share. */
#ifndef PRUNI_KERNELS_CONV_LAYOUT_H
#define PRUNI_KERNELS_CONV_LAYOUT_H

#include "kernels/internal.h"

enum {
    PRUNI_CONV_RUN = 8,     /* outputs side by side that a direct convolution needs */
    PRUNI_CONV_TILE = 16,   /* outputs that are copied at a time where taps are gathered */
    PRUNI_CONV_WIDEST = 64, /* outputs whose taps are gathered together, at most */
    PRUNI_CONV_ALONE = 4,   /* rows of a channel alone that are computed together */
    PRUNI_CONV_TAPS = 512,  /* that are added at a time */
    PRUNI_CONV_PANEL = PRUNI_CONV_TAPS * (PRUNI_CONV_WIDEST + PRUNI_CONV_TILE)
};

/* One group of one image. A row of the layout holds, for a stride s along the last dim, s phases: columns 0, s, 2s, ...,
 * then columns 1, s + 1, ..., so that tap k of output w is at phase k % s, w + k / s. Rows, planes and channels follow in
 * their order, the padding included. Without padding, and with stride 1, that is the input itself. */
typedef struct pruni_conv_layout {
    pruni_conv conv; /* with as few rows as it can be seen to have */
    int64_t in_group, out_group;
    int64_t taps; /* of an output */
    int64_t in_size, out_size;
    bool gathered; /* the taps of a tile are gathered once for all its channels; else read where they are */
    bool alone;    /* one channel from one, with a kernel of 3 x 3 */
    bool padded;
    bool copied;
    int64_t rows[2]; /* planes, and rows of a plane */
    int64_t phases, columns;
    int64_t row, plane, channel; /* the strides, in elements */
} pruni_conv_layout;

/* False: the layout would be large for what is computed with it, or there is nothing to compute. */
bool pruni_conv_lay_out(pruni_conv_layout *layout, const pruni_conv *conv);

/* The floats that outputs take apart from the others, where they are fewer than a run. */
int64_t pruni_conv_apart(const pruni_conv_layout *layout);

/* The floats of the scratch: PRUNI_CONV_PANEL for taps that are gathered, then outputs apart, then the copy. */
int64_t pruni_conv_layout_size(const pruni_conv_layout *layout);

/* Zeros, also for the tile behind the end that may be read; then the input of a group, and of others after it. */
void pruni_conv_clear(float *to, const pruni_conv_layout *layout);
void pruni_conv_copy(float *to, const float *x, const pruni_conv_layout *layout);

/* Where `count` taps from the first on are, relative to those of an output's first tap. */
void pruni_conv_offsets(int64_t *offsets, const pruni_conv_layout *layout, int64_t first, int64_t count);

/* Where the first tap of a row of outputs is. */
int64_t pruni_conv_row_start(const pruni_conv_layout *layout, int64_t row);

bool pruni_conv_is_finite(const float *weight, int64_t n);

#endif
