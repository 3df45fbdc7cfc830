/* Convolution in tiles: which outputs of which channels are in one, and where their taps are read. */
#include "kernels/conv_tiles.h"
#include "kernels/table.h"

#include <string.h>

enum { RUN = PRUNI_CONV_RUN, ROWS = PRUNI_CONV_ROWS };

/* One group of one image. */
typedef struct conv_group {
    const pruni_conv_tiles *tiles;
    const pruni_conv_layout *layout;
    float *y;
    int64_t y_stride; /* from channel to channel */
    const float *x;   /* laid out */
    const float *weight, *bias;
    int64_t tap, taps;      /* that are added */
    const int64_t *offsets; /* of those */
} conv_group;

/* How many of the channels from o on are next. */
static inline int64_t next_rows(int64_t channels, int64_t o)
{
    static const uint8_t rows[] = { 0, 1, 2, 3, 4, 3, 6, 4, 4, 6, 6, 6 }; /* when so many are left */
    int64_t left = channels - o, many = sizeof rows;
    return left < many ? rows[left] : ROWS;
}

/* A tile that fills up with pieces of the outputs of channels `first` to before `end`, which are of one shape. */
typedef struct conv_filling {
    pruni_conv_tile tile;
    const conv_group *group;
    int64_t first, end;
    const pruni_conv_shape *shape;
    int filled;
} conv_filling;

static void begin(conv_filling *f, const conv_group *g, int64_t first)
{
    const int64_t channels = g->layout->out_group;
    const pruni_conv_shape *const *shapes = g->tiles->shapes, *shape = shapes[next_rows(channels, first)];
    f->group = g;
    f->shape = shape;
    f->filled = 0;
    f->first = f->end = first;
    while (f->end < channels && shapes[next_rows(channels, f->end)]->pieces == shape->pieces)
        f->end += next_rows(channels, f->end);
    f->tile.y_stride = g->y_stride;
    f->tile.offsets = g->offsets;
    f->tile.taps = g->taps;
    f->tile.weight = g->weight + first * g->layout->taps + g->tap;
    f->tile.weight_stride = g->layout->taps;
    f->tile.bias = g->bias ? g->bias + first : NULL;
    f->tile.begun = g->tap > 0;
}

/* Where the pieces do not fill a tile, the first ones are in the smallest tiles. */
static inline void add_taps(const conv_filling *f, const pruni_conv_shape *shape)
{
    if (f->filled == shape->pieces) { /* mostly */
        shape->add(&f->tile, 0);
        return;
    }
    for (int left = f->filled; left > 0; shape = shape->fewer)
        for (; left >= shape->pieces; left -= shape->pieces)
            shape->add(&f->tile, left - shape->pieces);
}

/* The channels after the first ones. */
static void add_taps_of_others(conv_filling *f)
{
    pruni_conv_tile *t = &f->tile;
    const float *weight = t->weight, *bias = t->bias;
    int64_t rows = f->shape->channels;
    for (int64_t o = f->first + rows; o < f->end; o += rows) {
        t->weight += rows * t->weight_stride;
        if (bias)
            t->bias += rows;
        for (int p = 0; p < f->filled; p++)
            t->y[p] += rows * t->y_stride;
        rows = next_rows(f->group->layout->out_group, o);
        add_taps(f, f->group->tiles->shapes[rows]);
    }
    t->weight = weight;
    t->bias = bias;
}

static inline void convolve_tile(conv_filling *f)
{
    add_taps(f, f->shape);
    if (f->first + f->shape->channels < f->end)
        add_taps_of_others(f);
    f->filled = 0;
}

/* How many pieces to have twice, as no tiles are for so few, or because a large one is nearly full. */
static int repeated(const pruni_conv_shape *shape, int64_t pieces)
{
    int left = (int)(pieces % shape->pieces), missing = shape->pieces - left;
    if (left == 0)
        return 0;
    return 8 * missing <= shape->pieces ? missing : (shape->least - left % shape->least) % shape->least;
}

static inline void add_piece(conv_filling *f, float *y, const float *x)
{
    f->tile.x[f->filled] = x;
    f->tile.y[f->filled++] = y;
    if (f->filled == f->shape->pieces)
        convolve_tile(f);
}

/* ---- Taps read where they are ---- */

/* The last piece of a row, where it does not end with one, begins before the end of the one before it. */
static inline void add_row(conv_filling *f, float *y, const float *x, int64_t width)
{
    for (int64_t i = 0; i < width; i += RUN) {
        int64_t start = i + RUN <= width ? i : width - RUN;
        add_piece(f, y + start, x + start);
    }
}

/* The last tile, where it is not full, may end with the last piece again. */
static void convolve_directly(const conv_group *g)
{
    const pruni_conv_layout *layout = g->layout;
    const int64_t *out = layout->conv.out, *stride = layout->conv.stride;
    for (int64_t first = 0; first < layout->out_group;) {
        conv_filling f;
        begin(&f, g, first);
        float *y = g->y + first * g->y_stride;
        for (int64_t d = 0; d < out[0]; d++)
            for (int64_t h = 0; h < out[1]; h++, y += out[2])
                add_row(&f, y, g->x + d * stride[0] * layout->plane + h * stride[1] * layout->row, out[2]);
        for (int n = repeated(f.shape, f.filled); n > 0; n--)
            add_piece(&f, f.tile.y[f.filled - 1], f.tile.x[f.filled - 1]);
        convolve_tile(&f);
        first = f.end;
    }
}

/* ---- Taps gathered first ---- */

/* Outputs that are side by side in a row, and where in the panel their first taps go. */
typedef struct segment {
    const float *x;
    float *to;
    int64_t length;
} segment;

static int find_segments(segment found[PRUNI_CONV_WIDEST], float *panel, const conv_group *g, int64_t first,
                         int64_t count)
{
    int64_t width = g->layout->conv.out[2], row = first / width, column = first % width;
    int segments = 0;
    for (int64_t done = 0, length; done < count; done += length, column = 0) {
        length = pruni_smaller(width - column, count - done);
        found[segments++] = (segment){ g->x + pruni_conv_row_start(g->layout, row++) + column, panel + done, length };
    }
    return segments;
}

/* A row of the panel holds one tap of all outputs of a full tile, and what is copied beyond them. */
static int64_t panel_width(const conv_group *g)
{
    return g->tiles->shapes[ROWS]->pieces * RUN + PRUNI_CONV_TILE;
}

/* What is copied beyond the end of a segment is overwritten by the next one, or of no use. */
static void gather(float *panel, const conv_group *g, int64_t first, int64_t count)
{
    segment segments[PRUNI_CONV_WIDEST];
    int found = find_segments(segments, panel, g, first, count);
    for (int s = 0; s < found; s++)
        for (int64_t i = 0; i < segments[s].length; i += PRUNI_CONV_TILE)
            g->tiles->gather(segments[s].to + i, segments[s].x + i, g->offsets, g->taps, panel_width(g));
}

/* `count` outputs from their gathered taps. The last piece begins before the end of the one before it: as y holds sums of
 * earlier taps, both must be in one tile. So tiles that are not full come first, and begin with the first piece again. */
static void convolve_panel(const conv_group *g, const float *panel, float *y, int64_t count, const int64_t *offsets)
{
    for (int64_t first = 0; first < g->layout->out_group;) {
        conv_filling f;
        begin(&f, g, first);
        int64_t pieces = (count + RUN - 1) / RUN;
        f.tile.offsets = offsets;
        for (int64_t p = -repeated(f.shape, pieces); p < pieces; p++) {
            int64_t start = p <= 0 ? 0 : pruni_smaller(p * RUN, count - RUN);
            add_piece(&f, y + first * g->y_stride + start, panel + start);
        }
        convolve_tile(&f);
        first = f.end;
    }
}

/* The fewest outputs first, for the same reason. */
static void convolve_gathered(const conv_group *g, float *panel)
{
    const int full = g->tiles->shapes[ROWS]->pieces;
    int64_t size = g->layout->out_size, count, offsets[PRUNI_CONV_TAPS];
    for (int64_t k = 0; k < g->taps; k++)
        offsets[k] = k * panel_width(g);
    for (int64_t done = 0; done < size; done += count) {
        int64_t pieces = (size - done + RUN - 1) / RUN;
        count = pruni_smaller((pieces % full == 0 ? full : pieces % full) * RUN, size - done);
        gather(panel, g, done, count);
        convolve_panel(g, panel, g->y + done, count, offsets);
    }
}

/* ---- Channels alone ---- */

static void convolve_alone(const conv_group *g)
{
    const pruni_conv_layout *layout = g->layout;
    const pruni_conv *conv = &layout->conv;
    g->tiles->alone(&(pruni_conv_plane){ .y = g->y,
                                         .x = g->x,
                                         .height = conv->out[1],
                                         .width = conv->out[2],
                                         .x_row = layout->row,
                                         .offsets = { g->offsets[0], g->offsets[1], g->offsets[2] },
                                         .stride = conv->stride[1],
                                         .weight = g->weight,
                                         .bias = g->bias ? *g->bias : 0 });
}

/* ---- All of it ---- */

static void convolve_group(conv_group *g, float *panel, int64_t *offsets)
{
    const pruni_conv_layout *layout = g->layout;
    for (g->tap = 0; g->tap < layout->taps; g->tap += PRUNI_CONV_TAPS) {
        g->taps = pruni_smaller(layout->taps - g->tap, PRUNI_CONV_TAPS);
        if (layout->taps > PRUNI_CONV_TAPS)
            pruni_conv_offsets(offsets, layout, g->tap, g->taps);
        if (layout->gathered)
            convolve_gathered(g, panel);
        else
            convolve_directly(g);
    }
}

/* Fewer outputs than a piece has are apart meanwhile. */
static void convolve_image(conv_group *g, float *panel, int64_t *offsets, float *apart)
{
    const int64_t size = g->layout->out_size;
    float *y = g->y;
    if (size < RUN) {
        g->y = apart;
        g->y_stride = RUN;
    }
    convolve_group(g, panel, offsets);
    for (int64_t o = 0; size < RUN && o < g->layout->out_group; o++)
        memcpy(y + o * size, apart + o * RUN, (size_t)size * sizeof *y);
}

static void convolve(const pruni_conv_tiles *tiles, const pruni_conv_layout *layout, float *y, const float *x,
                     const float *weight, const float *bias, float *scratch)
{
    const pruni_conv *conv = &layout->conv;
    int64_t offsets[PRUNI_CONV_TAPS];
    float *apart = layout->gathered ? scratch + PRUNI_CONV_PANEL : scratch; /* which is NULL where none is needed */
    float *copy = layout->copied ? apart + pruni_conv_apart(layout) : NULL;
    pruni_conv_offsets(offsets, layout, 0, pruni_smaller(layout->taps, PRUNI_CONV_TAPS));
    if (layout->copied)
        pruni_conv_clear(copy, layout);
    for (int64_t i = 0; i < conv->batch * conv->groups; i++) {
        int64_t channel = i % conv->groups * layout->out_group;
        const float *in = x + i * layout->in_group * layout->in_size;
        conv_group g = { .tiles = tiles,
                         .layout = layout,
                         .y = y + i * layout->out_group * layout->out_size,
                         .y_stride = layout->out_size,
                         .x = layout->copied ? copy : in,
                         .weight = weight + channel * layout->taps,
                         .bias = bias ? bias + channel : NULL,
                         .offsets = offsets };
        if (layout->copied)
            pruni_conv_copy(copy, in, layout);
        if (layout->alone)
            convolve_alone(&g);
        else
            convolve_image(&g, scratch, offsets, apart);
    }
}

/* A weight that is NaN or infinite makes zeros of the padding NaN, and each of its outputs not finite. */
void pruni_conv_in_tiles(const pruni_conv_tiles *tiles, float *y, const float *x, const float *weight,
                         const float *bias, const pruni_conv *conv, float *scratch)
{
    pruni_conv_layout layout;
    bool done = pruni_conv_lay_out(&layout, conv);
    const int64_t weights = conv->out_channels * layout.taps;
    const int64_t outputs = conv->batch * conv->out_channels * layout.out_size;
    if (done && layout.padded && weights <= outputs)
        done = pruni_conv_is_finite(weight, weights);
    if (done)
        convolve(tiles, &layout, y, x, weight, bias, scratch);
    if (done && layout.padded && weights > outputs)
        done = pruni_conv_is_finite(y, outputs) || pruni_conv_is_finite(weight, weights);
    if (!done)
        pruni_conv_portable(y, x, weight, bias, conv, scratch);
}
