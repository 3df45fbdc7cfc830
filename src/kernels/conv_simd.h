/* Convolution in vectors of neighbouring outputs, for the width whose names are defined. Each tap is a vector of the input
 * times one weight, added up for some channels and some vectors of outputs at a time, all of which stay in registers. */

enum {
    ROWS = 6,    /* output channels at a time, at most */
    VECTORS = 8, /* vectors of outputs at a time, at most */
    GATHERED = PRUNI_CONV_TILE / LANES,
    CHUNK = 256 /* taps that are gathered at a time */
};

/* Outputs of some channels, and the taps that are added to them. */
typedef struct conv_tile {
    float *y[VECTORS]; /* of the first channel */
    int64_t y_stride;  /* to the next one */
    const float *x[VECTORS];
    const int64_t *offsets; /* of the taps from there; gathered taps follow each other */
    int64_t taps;
    const float *weight; /* of the first channel and tap */
    int64_t weight_stride;
    const float *bias; /* of the first channel, or NULL */
    bool begun;        /* y holds sums of earlier taps */
} conv_tile;

SIMD_INLINE void add_taps(const conv_tile *t, const int rows, const int vectors, const bool gathered)
{
    vfloat sums[ROWS][VECTORS];
    const float *weights[ROWS];
    for (int r = 0; r < rows; r++) {
        weights[r] = t->weight + r * t->weight_stride;
        for (int v = 0; v < vectors; v++)
            sums[r][v] = t->begun ? v_load(t->y[v] + r * t->y_stride) : v_all(t->bias ? t->bias[r] : 0);
    }
    for (int64_t k = 0; k < t->taps; k++) {
        int64_t offset = gathered ? k * PRUNI_CONV_TILE : t->offsets[k];
        vfloat x[VECTORS];
        for (int v = 0; v < vectors; v++)
            x[v] = v_load(t->x[v] + offset);
        for (int r = 0; r < rows; r++) {
            vfloat weight = v_all(weights[r][k]);
            for (int v = 0; v < vectors; v++)
                sums[r][v] = v_multiply_add(weight, x[v], sums[r][v]);
        }
    }
    for (int r = 0; r < rows; r++)
        for (int v = 0; v < vectors; v++)
            v_store(t->y[v] + r * t->y_stride, sums[r][v]);
}

#define DEFINE_TILE(name, rows, vectors, gathered)   \
    SIMD_TARGET static void name(const conv_tile *t) \
    {                                                \
        add_taps(t, (rows), (vectors), (gathered));  \
    }

DEFINE_TILE(direct_1, 1, 8, false)
DEFINE_TILE(direct_2, 2, 4, false)
DEFINE_TILE(direct_3, 3, 4, false)
DEFINE_TILE(direct_4, 4, 2, false)
DEFINE_TILE(direct_5, 5, 2, false)
DEFINE_TILE(direct_6, 6, 2, false)
DEFINE_TILE(gathered_1, 1, GATHERED, true)
DEFINE_TILE(gathered_2, 2, GATHERED, true)
DEFINE_TILE(gathered_3, 3, GATHERED, true)
DEFINE_TILE(gathered_4, 4, GATHERED, true)
DEFINE_TILE(gathered_5, 5, GATHERED, true)
DEFINE_TILE(gathered_6, 6, GATHERED, true)

typedef void conv_tile_fn(const conv_tile *t);

/* For 1 to 6 channels; fewer have more vectors, so that there are enough sums for additions not to wait for each other. */
static const struct shape {
    conv_tile_fn *direct, *gathered;
    int vectors; /* of direct tiles */
} shapes[ROWS + 1] = {
    { NULL, NULL, 0 },           { direct_1, gathered_1, 8 }, { direct_2, gathered_2, 4 }, { direct_3, gathered_3, 4 },
    { direct_4, gathered_4, 2 }, { direct_5, gathered_5, 2 }, { direct_6, gathered_6, 2 },
};

/* How many of the channels from o on are next: about as many each time. */
static int64_t next_rows(int64_t channels, int64_t o)
{
    int64_t left = channels - o, blocks = (left + ROWS - 1) / ROWS;
    return (left + blocks - 1) / blocks;
}

/* One group of one image. */
typedef struct conv_group {
    const pruni_conv_layout *layout;
    float *y;
    const float *x; /* laid out */
    const float *weight, *bias;
    const int64_t *offsets;
} conv_group;

static conv_tile tile_of(const conv_group *g, int64_t channel, int64_t tap)
{
    const pruni_conv_layout *layout = g->layout;
    return (conv_tile){
        .y_stride = layout->out_size,
        .offsets = g->offsets,
        .taps = layout->taps - tap,
        .weight = g->weight + channel * layout->taps + tap,
        .weight_stride = layout->taps,
        .bias = g->bias ? g->bias + channel : NULL,
        .begun = tap > 0,
    };
}

/* ---- Taps read where they are ---- */

/* Some channels of all outputs. The last vector of a row, where it does not end with one, begins before the end of the
 * one before it; the last vectors of a tile, where there are not enough, are its last one again. */
static void convolve_rows(const conv_group *g, int64_t channel, int64_t rows)
{
    const pruni_conv_layout *layout = g->layout;
    const struct shape *shape = &shapes[rows];
    int64_t width = layout->conv.out[2], count = layout->out_size / width;
    float *y = g->y + channel * layout->out_size;
    conv_tile t = tile_of(g, channel, 0);
    int filled = 0;
    for (int64_t row = 0; row < count; row++) {
        const float *x = g->x + pruni_conv_row_start(layout, row);
        for (int64_t i = 0; i < width; i += LANES) {
            int64_t start = i + LANES <= width ? i : width - LANES;
            t.x[filled] = x + start;
            t.y[filled++] = y + row * width + start;
            if (filled == shape->vectors) {
                shape->direct(&t);
                filled = 0;
            }
        }
    }
    if (filled == 0)
        return;
    for (; filled < shape->vectors; filled++) {
        t.x[filled] = t.x[filled - 1];
        t.y[filled] = t.y[filled - 1];
    }
    shape->direct(&t);
}

static void convolve_directly(const conv_group *g)
{
    int64_t channels = g->layout->out_group, rows;
    for (int64_t o = 0; o < channels; o += rows) {
        rows = next_rows(channels, o);
        convolve_rows(g, o, rows);
    }
}

/* ---- Taps gathered first ---- */

/* Outputs of a tile that are side by side in a row, and where they stand in the tile. */
typedef struct segment {
    const float *x;
    int64_t place, length;
} segment;

static int find_segments(segment found[PRUNI_CONV_TILE], const conv_group *g, int64_t first, int64_t count)
{
    int64_t width = g->layout->conv.out[2], row = first / width, column = first % width;
    int segments = 0;
    for (int64_t place = 0; place < count; row++, column = 0) {
        int64_t length = width - column < count - place ? width - column : count - place;
        found[segments++] = (segment){ g->x + pruni_conv_row_start(g->layout, row) + column, place, length };
        place += length;
    }
    return segments;
}

/* What is copied beyond the end of a segment is overwritten by the next one, or of no use. */
SIMD_TARGET static void gather(float *panel, const conv_group *g, int64_t first, int64_t count, int64_t taps)
{
    segment segments[PRUNI_CONV_TILE];
    int found = find_segments(segments, g, first, count);
    for (int64_t k = 0; k < taps; k++, panel += PRUNI_CONV_TILE)
        for (int s = 0; s < found; s++) {
            const float *x = segments[s].x + g->offsets[k];
            for (int64_t i = 0; i < segments[s].length; i += LANES)
                v_store(panel + segments[s].place + i, v_load(x + i));
        }
}

static void copy_rows(float *to, int64_t to_stride, const float *from, int64_t from_stride, int64_t rows, int64_t n)
{
    for (int64_t r = 0; r < rows; r++)
        memcpy(to + r * to_stride, from + r * from_stride, (size_t)n * sizeof *to);
}

/* `count` outputs from the first on, of all channels; a tile that is not full has its outputs elsewhere meanwhile. */
static void convolve_panel(const conv_group *g, const float *panel, int64_t first, int64_t count, int64_t tap,
                           int64_t taps)
{
    float apart[ROWS * PRUNI_CONV_TILE] = { 0 };
    int64_t channels = g->layout->out_group, size = g->layout->out_size, rows;
    for (int64_t o = 0; o < channels; o += rows) {
        conv_tile t = tile_of(g, o, tap);
        float *y = g->y + o * size + first;
        bool full = count == PRUNI_CONV_TILE;
        rows = next_rows(channels, o);
        t.taps = taps;
        t.y_stride = full ? size : PRUNI_CONV_TILE;
        for (int v = 0; v < GATHERED; v++) {
            t.x[v] = panel + v * LANES;
            t.y[v] = (full ? y : apart) + v * LANES;
        }
        if (!full && t.begun)
            copy_rows(apart, PRUNI_CONV_TILE, y, size, rows, count);
        shapes[rows].gathered(&t);
        if (!full)
            copy_rows(y, size, apart, PRUNI_CONV_TILE, rows, count);
    }
}

static void convolve_gathered(conv_group *g, int64_t *offsets)
{
    _Alignas(64) float panel[CHUNK * PRUNI_CONV_TILE + LANES] = { 0 };
    const pruni_conv_layout *layout = g->layout;
    for (int64_t tap = 0; tap < layout->taps; tap += CHUNK) {
        int64_t taps = layout->taps - tap < CHUNK ? layout->taps - tap : CHUNK;
        pruni_conv_offsets(offsets, layout, tap, taps);
        for (int64_t p = 0; p < layout->out_size; p += PRUNI_CONV_TILE) {
            int64_t count = layout->out_size - p < PRUNI_CONV_TILE ? layout->out_size - p : PRUNI_CONV_TILE;
            gather(panel, g, p, count, taps);
            convolve_panel(g, panel, p, count, tap, taps);
        }
    }
}

/* ---- All of it ---- */

void SIMD_NAME(conv)(float *y, const float *x, const float *weight, const float *bias, const pruni_conv *conv,
                     float *scratch)
{
    pruni_conv_layout layout;
    int64_t offsets[PRUNI_CONV_TAPS];
    if (!pruni_conv_lay_out(&layout, conv)
        || (layout.padded && !pruni_conv_is_finite(weight, conv->out_channels * layout.taps))) {
        pruni_conv_portable(y, x, weight, bias, conv, scratch);
        return;
    }
    if (!layout.gathered)
        pruni_conv_offsets(offsets, &layout, 0, layout.taps);
    for (int64_t i = 0; i < conv->batch * conv->groups; i++) {
        int64_t group = i % conv->groups, channel = group * layout.out_group;
        const float *in = x + i * layout.in_group * layout.in_size;
        conv_group g = { .layout = &layout,
                         .y = y + i * layout.out_group * layout.out_size,
                         .x = layout.copied ? scratch : in,
                         .weight = weight + channel * layout.taps,
                         .bias = bias ? bias + channel : NULL,
                         .offsets = offsets };
        if (layout.copied)
            pruni_conv_copy(scratch, in, &layout);
        if (layout.gathered)
            convolve_gathered(&g, offsets);
        else
            convolve_directly(&g);
    }
}
