/* Convolution in vectors of neighbouring outputs, for the width whose names are defined. Each tap is a vector of the input
 * times one weight, added up for some channels and some vectors of outputs at a time, all of which stay in registers. */

enum {
    ROWS = 6,    /* output channels at a time, at most */
    VECTORS = 8, /* vectors of outputs at a time, at most */
    GATHERED = PRUNI_CONV_TILE / LANES,
    WIDE = PRUNI_CONV_TILES * PRUNI_CONV_TILE /* outputs whose taps are gathered at a time */
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
    SIMD_UNROLL
    for (int r = 0; r < rows; r++) {
        weights[r] = t->weight + r * t->weight_stride;
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
                sums[r][v] = v_load(t->y[v] + r * t->y_stride);
        }
    }
    for (int64_t k = 0; k < t->taps; k++) {
        int64_t offset = gathered ? k * PRUNI_CONV_TILE : t->offsets[k];
        vfloat x[VECTORS];
        SIMD_UNROLL
        for (int v = 0; v < vectors; v++)
            x[v] = v_load(t->x[v] + offset);
        SIMD_UNROLL
        for (int r = 0; r < rows; r++) {
            vfloat weight = v_all(weights[r][k]);
            SIMD_UNROLL
            for (int v = 0; v < vectors; v++)
                sums[r][v] = v_multiply_add(weight, x[v], sums[r][v]);
        }
    }
    SIMD_UNROLL
    for (int r = 0; r < rows; r++) {
        SIMD_UNROLL
        for (int v = 0; v < vectors; v++)
            v_store(t->y[v] + r * t->y_stride, sums[r][v]);
    }
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

/* A tile that fills up with vectors of outputs. */
typedef struct conv_filling {
    conv_tile tile;
    const struct shape *shape;
    int filled;
} conv_filling;

static inline void add_vector(conv_filling *f, float *y, const float *x)
{
    f->tile.x[f->filled] = x;
    f->tile.y[f->filled++] = y;
    if (f->filled == f->shape->vectors) {
        f->shape->direct(&f->tile);
        f->filled = 0;
    }
}

/* The last vector of a row, where it does not end with one, begins before the end of the one before it. */
static inline void add_row_of_vectors(conv_filling *f, float *y, const float *x, int64_t width)
{
    for (int64_t i = 0; i < width; i += LANES) {
        int64_t start = i + LANES <= width ? i : width - LANES;
        add_vector(f, y + start, x + start);
    }
}

/* Some channels of all outputs. The last vectors of a tile, where there are not enough, are its last one again. */
static void convolve_rows(const conv_group *g, int64_t channel, int64_t rows)
{
    const pruni_conv_layout *layout = g->layout;
    const int64_t *out = layout->conv.out, *stride = layout->conv.stride;
    conv_filling f = { .tile = tile_of(g, channel, 0), .shape = &shapes[rows] };
    float *y = g->y + channel * layout->out_size;
    for (int64_t d = 0; d < out[0]; d++)
        for (int64_t h = 0; h < out[1]; h++, y += out[2])
            add_row_of_vectors(&f, y, g->x + d * stride[0] * layout->plane + h * stride[1] * layout->row, out[2]);
    while (f.filled > 0)
        add_vector(&f, f.tile.y[f.filled - 1], f.tile.x[f.filled - 1]);
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

/* Outputs that are side by side in a row, and where in the panels their first taps go. */
typedef struct segment {
    const float *x;
    float *to;
    int64_t length;
} segment;

static int find_segments(segment found[WIDE], float *panels, const conv_group *g, int64_t first, int64_t count)
{
    int64_t width = g->layout->conv.out[2], row = first / width, column = first % width;
    const float *x = g->x + pruni_conv_row_start(g->layout, row);
    int segments = 0;
    for (int64_t done = 0, length; done < count; done += length) {
        int64_t tile = done / PRUNI_CONV_TILE, place = done % PRUNI_CONV_TILE;
        if (column == width) {
            x = g->x + pruni_conv_row_start(g->layout, ++row);
            column = 0;
        }
        length = pruni_smaller(pruni_smaller(width - column, count - done), PRUNI_CONV_TILE - place);
        found[segments++] = (segment){ x + column, panels + tile * PRUNI_CONV_PANEL + place, length };
        column += length;
    }
    return segments;
}

/* What is copied beyond the end of a segment is overwritten by the next one, or of no use. */
SIMD_TARGET static void gather(float *panels, const conv_group *g, int64_t first, int64_t count, int64_t taps)
{
    segment segments[WIDE];
    int found = find_segments(segments, panels, g, first, count);
    for (int64_t k = 0; k < taps; k++)
        for (int s = 0; s < found; s++)
            for (int64_t i = 0; i < segments[s].length; i += LANES)
                v_store(segments[s].to + k * PRUNI_CONV_TILE + i, v_load(segments[s].x + g->offsets[k] + i));
}

static void copy_rows(float *to, int64_t to_stride, const float *from, int64_t from_stride, int64_t rows, int64_t n)
{
    for (int64_t r = 0; r < rows; r++)
        memcpy(to + r * to_stride, from + r * from_stride, (size_t)n * sizeof *to);
}

/* The last outputs, which are too few for a tile: their sums are elsewhere meanwhile. */
static void add_to_few(conv_tile *t, float *y, int64_t rows, int64_t count)
{
    float apart[ROWS * PRUNI_CONV_TILE] = { 0 };
    int64_t y_stride = t->y_stride;
    if (t->begun)
        copy_rows(apart, PRUNI_CONV_TILE, y, y_stride, rows, count);
    t->y_stride = PRUNI_CONV_TILE;
    for (int64_t v = 0; v < GATHERED; v++)
        t->y[v] = apart + v * LANES;
    shapes[rows].gathered(t);
    t->y_stride = y_stride;
    copy_rows(y, y_stride, apart, PRUNI_CONV_TILE, rows, count);
}

/* `count` outputs of some channels, from their gathered taps. */
static void convolve_panel(conv_tile *t, const float *panel, float *y, int64_t rows, int64_t count)
{
    for (; count > 0; count -= PRUNI_CONV_TILE, panel += PRUNI_CONV_PANEL, y += PRUNI_CONV_TILE) {
        for (int64_t v = 0; v < GATHERED; v++) {
            t->x[v] = panel + v * LANES;
            t->y[v] = y + v * LANES;
        }
        if (count >= PRUNI_CONV_TILE)
            shapes[rows].gathered(t);
        else
            add_to_few(t, y, rows, count);
    }
}

static void convolve_gathered(const conv_group *g, float *panels, int64_t *offsets)
{
    const pruni_conv_layout *layout = g->layout;
    int64_t channels = layout->out_group, size = layout->out_size, rows;
    for (int64_t tap = 0; tap < layout->taps; tap += PRUNI_CONV_CHUNK) {
        int64_t taps = pruni_smaller(layout->taps - tap, PRUNI_CONV_CHUNK);
        pruni_conv_offsets(offsets, layout, tap, taps);
        for (int64_t p = 0; p < size; p += WIDE) {
            int64_t count = pruni_smaller(size - p, WIDE);
            gather(panels, g, p, count, taps);
            for (int64_t o = 0; o < channels; o += rows) {
                conv_tile t = tile_of(g, o, tap);
                t.taps = taps;
                rows = next_rows(channels, o);
                convolve_panel(&t, panels, g->y + o * size + p, rows, count);
            }
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
    float *copy = layout.gathered ? scratch + PRUNI_CONV_PANELS : scratch;
    if (!layout.gathered)
        pruni_conv_offsets(offsets, &layout, 0, layout.taps);
    for (int64_t i = 0; i < conv->batch * conv->groups; i++) {
        int64_t group = i % conv->groups, channel = group * layout.out_group;
        const float *in = x + i * layout.in_group * layout.in_size;
        conv_group g = { .layout = &layout,
                         .y = y + i * layout.out_group * layout.out_size,
                         .x = layout.copied ? copy : in,
                         .weight = weight + channel * layout.taps,
                         .bias = bias ? bias + channel : NULL,
                         .offsets = offsets };
        if (layout.copied)
            pruni_conv_copy(copy, in, &layout);
        if (layout.gathered)
            convolve_gathered(&g, scratch, offsets);
        else
            convolve_directly(&g);
    }
}
