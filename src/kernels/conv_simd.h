/* The tiles of convolution in vectors of neighbouring outputs, for the width whose names are defined. Each tap is a vector
 * of the input times one weight. */

enum {
    HALF = PRUNI_CONV_ROWS / 2,      /* channels whose weights are within reach of one address */
    VECTORS = 8,                     /* of outputs, at most */
    MOST = REGISTERS / 8,            /* so many for the most channels */
    PIECES = LANES / PRUNI_CONV_RUN, /* of a vector */
};

SIMD_INLINE void add_taps(const pruni_conv_tile *t, int piece, const int rows, const int vectors)
{
    float *const *y = t->y + piece;
    const float *const *x = t->x + piece;
    vfloat sums[PRUNI_CONV_ROWS][VECTORS];
    SIMD_UNROLL
    for (int r = 0; r < rows; r++) {
        vfloat bias = v_all(t->bias ? t->bias[r] : 0);
        SIMD_UNROLL
        for (int v = 0; v < vectors; v++)
            sums[r][v] = bias;
    }
    if (t->begun) {
        SIMD_UNROLL
        for (int r = 0; r < rows; r++) {
            SIMD_UNROLL
            for (int v = 0; v < vectors; v++)
                sums[r][v] = v_load_pieces((const float *const *)y + v * PIECES, r * t->y_stride);
        }
    }
    const int64_t stride = t->weight_stride;
    const float *weight = t->weight, *half = weight + HALF * stride;
    for (const int64_t *offset = t->offsets, *end = offset + t->taps; offset < end; offset++, weight++, half++) {
        vfloat taps[VECTORS];
        SIMD_UNROLL
        for (int v = 0; v < vectors; v++)
            taps[v] = v_load_pieces(x + v * PIECES, *offset);
        SIMD_UNROLL
        for (int r = 0; r < rows; r++) {
            vfloat all = v_all(r < HALF ? weight[r * stride] : half[(r - HALF) * stride]);
            SIMD_UNROLL
            for (int v = 0; v < vectors; v++)
                sums[r][v] = v_multiply_add(all, taps[v], sums[r][v]);
        }
    }
    SIMD_UNROLL
    for (int r = 0; r < rows; r++) {
        SIMD_UNROLL
        for (int v = 0; v < vectors; v++)
            v_store_pieces(y + v * PIECES, r * t->y_stride, sums[r][v]);
    }
}

#define DEFINE_TILE(name, rows, vectors)                              \
    SIMD_TARGET static void name(const pruni_conv_tile *t, int piece) \
    {                                                                 \
        add_taps(t, piece, (rows), (vectors));                        \
    }

DEFINE_TILE(one_channel, 1, 8)
DEFINE_TILE(two_channels, 2, 4)
DEFINE_TILE(three_channels, 3, 4)
DEFINE_TILE(four_channels, 4, MOST)
DEFINE_TILE(five_channels, 5, MOST)
DEFINE_TILE(six_channels, 6, MOST)
DEFINE_TILE(four_channels_alone, 4, 1)
DEFINE_TILE(five_channels_alone, 5, 1)
DEFINE_TILE(six_channels_alone, 6, 1)

/* Fewer channels have more vectors, so that there are enough sums for additions not to wait for each other. */
static const pruni_conv_shape shapes[PRUNI_CONV_ROWS + 1] = {
    { NULL, NULL, 0, 0 },
    { one_channel, one_channel, 8 * PIECES, 8 * PIECES },
    { two_channels, two_channels, 4 * PIECES, 4 * PIECES },
    { three_channels, three_channels, 4 * PIECES, 4 * PIECES },
    { four_channels, four_channels_alone, MOST *PIECES, PIECES },
    { five_channels, five_channels_alone, MOST *PIECES, PIECES },
    { six_channels, six_channels_alone, MOST *PIECES, PIECES },
};

void SIMD_NAME(conv)(float *y, const float *x, const float *weight, const float *bias, const pruni_conv *conv,
                     float *scratch)
{
    pruni_conv_in_tiles(shapes, y, x, weight, bias, conv, scratch);
}
