/* The tiles of convolution in vectors of neighbouring outputs, for the width whose names are defined. Each tap is a vector
 * of the input times one weight. */

enum {
    HALF = PRUNI_CONV_ROWS / 2,      /* channels whose weights are within reach of one address */
    VECTORS = 8,                     /* of outputs, at most */
    USUAL = REGISTERS / 8,           /* for several channels */
    PIECES = LANES / PRUNI_CONV_RUN, /* of a vector */
    ALONE = PRUNI_CONV_ALONE
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
                sums[r][v] = v_load_pieces((const float *const *)y + (int64_t)v * PIECES, r * t->y_stride);
        }
    }
    const int64_t stride = t->weight_stride;
    const float *weight = t->weight, *half = weight + HALF * stride;
    for (const int64_t *offset = t->offsets, *end = offset + t->taps; offset < end; offset++, weight++, half++) {
        vfloat taps[VECTORS];
        SIMD_UNROLL
        for (int v = 0; v < vectors; v++)
            taps[v] = v_load_pieces(x + (int64_t)v * PIECES, *offset);
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
            v_store_pieces(y + (int64_t)v * PIECES, r * t->y_stride, sums[r][v]);
    }
}

#define DEFINE_TILE(name, rows, vectors)                              \
    SIMD_TARGET static void name(const pruni_conv_tile *t, int piece) \
    {                                                                 \
        add_taps(t, piece, (rows), (vectors));                        \
    }

/* ---- Channels alone, with a kernel of 3 x 3 ---- */

/* `rows` rows of outputs that read `stride` rows of inputs apart, `count` outputs of each: a row of inputs is read once for
 * all of them. */
SIMD_INLINE void add_rows(float *y, const float *x, const pruni_conv_plane *p, const vfloat weights[9], int64_t count,
                          const int rows, const int stride)
{
    vfloat sums[ALONE];
    SIMD_UNROLL
    for (int r = 0; r < rows; r++)
        sums[r] = v_all(p->bias);
    SIMD_UNROLL
    for (int i = 0; i < (rows - 1) * stride + 3; i++) {
        SIMD_UNROLL
        for (int k = 0; k < 3; k++) {
            vfloat tap = v_load(x + i * p->x_row + p->offsets[k]);
            SIMD_UNROLL
            for (int r = 0; r < rows; r++)
                if (i >= r * stride && i < r * stride + 3)
                    sums[r] = v_multiply_add(weights[3 * (i - r * stride) + k], tap, sums[r]);
        }
    }
    SIMD_UNROLL
    for (int r = 0; r < rows; r++)
        v_store_first(y + r * p->width, sums[r], count);
}

/* The last rows may be some of those before them again. */
SIMD_INLINE void add_plane(const pruni_conv_plane *p, const int rows, const int stride)
{
    vfloat weights[9];
    SIMD_UNROLL
    for (int k = 0; k < 9; k++)
        weights[k] = v_all(p->weight[k]);
    for (int64_t h = 0; h < p->height; h += rows) {
        int64_t first = pruni_smaller(h, p->height - rows);
        float *y = p->y + first * p->width;
        const float *x = p->x + first * stride * p->x_row;
        for (int64_t w = 0; w < p->width; w += LANES)
            add_rows(y + w, x + w, p, weights, p->width - w, rows, stride);
    }
}

SIMD_TARGET static void add_alone(const pruni_conv_plane *p)
{
    if (p->stride == 1)
        add_plane(p, ALONE, 1);
    else
        add_plane(p, ALONE - 1, 2);
}

/* ---- What there is ---- */

SIMD_TARGET static void gather(float *to, const float *from, const int64_t *offsets, int64_t count, int64_t stride)
{
    for (int64_t k = 0; k < count; k++, to += stride)
        for (int i = 0; i < PRUNI_CONV_TILE; i += LANES)
            v_store(to + i, v_load(from + offsets[k] + i));
}

DEFINE_TILE(three_channels, 3, USUAL + 1)
DEFINE_TILE(four_channels, 4, USUAL)
DEFINE_TILE(six_channels, 6, USUAL)

/* For one or two channels, and for fewer pieces, longer vectors are no better than the shorter ones of another variant. */
#if defined(SIMD_SHORTER)
#define FEWER_PIECES(channels) (&SIMD_SHORTER[channels])
#define FEW_CHANNELS(channels) (&SIMD_SHORTER[channels])
#else
DEFINE_TILE(one_channel, 1, 8)
DEFINE_TILE(two_channels, 2, 4)
DEFINE_TILE(four_channels_of_one, 4, 1)
DEFINE_TILE(six_channels_of_one, 6, 1)
static const pruni_conv_shape of_one[PRUNI_CONV_ROWS + 1] = {
    [4] = { four_channels_of_one, 4, 1, 1, NULL },
    [6] = { six_channels_of_one, 6, 1, 1, NULL },
};
#define FEWER_PIECES(channels) (&of_one[channels])
#define FEW_CHANNELS(channels) (&SIMD_NAME(conv_shapes)[channels])
#endif

/* Fewer channels have more vectors, so that there are enough sums for additions not to wait for each other. */
const pruni_conv_shape SIMD_NAME(conv_shapes)[PRUNI_CONV_ROWS + 1] = {
#if !defined(SIMD_SHORTER)
    [1] = { one_channel, 1, 8, 8, NULL },
    [2] = { two_channels, 2, 4, 4, NULL },
#endif
    [3] = { three_channels, 3, (USUAL + 1) * PIECES, (USUAL + 1) * PIECES, NULL },
    [4] = { four_channels, 4, USUAL *PIECES, 1, FEWER_PIECES(4) },
    [6] = { six_channels, 6, USUAL *PIECES, 1, FEWER_PIECES(6) },
};

static const pruni_conv_tiles tiles = {
    .gather = gather,
    .alone = add_alone,
    .shapes = { [1] = FEW_CHANNELS(1),
                [2] = FEW_CHANNELS(2),
                [3] = &SIMD_NAME(conv_shapes)[3],
                [4] = &SIMD_NAME(conv_shapes)[4],
                [6] = &SIMD_NAME(conv_shapes)[6] },
};

void SIMD_NAME(conv)(float *y, const float *x, const float *weight, const float *bias, const pruni_conv *conv,
                     float *scratch)
{
    pruni_conv_in_tiles(&tiles, y, x, weight, bias, conv, scratch);
}
