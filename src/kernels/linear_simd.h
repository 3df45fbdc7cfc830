/* Linear layers of many rows in vectors, for the width whose names are defined: rows are packed so that vectors lie across
 * them, and meet one number of the weight at a time. */
#include "kernels/linear.h"

enum {
    GROUP = 4, /* outputs at a time */
    PANEL = 3, /* vectors of rows that are packed side by side, at most */
    LINE = 16  /* numbers in a line of the cache */
};

/* A block of x: some rows, some columns; packed in panels of one to three vectors of rows. */
typedef struct block {
    int64_t row, rows, column, columns;
} block;

/* How many vectors of rows the next panel has when so many are left: one of a single vector would waste time. */
SIMD_INLINE int panel_width(int64_t left)
{
    return left == 4 || left == 2 ? 2 : left >= PANEL ? PANEL : 1;
}

/* A vector of rows: column by column, `width` vectors apart. Beyond the edge the last row stands for the others. */
SIMD_INLINE void pack_rows(float *to, const pruni_linear *l, const block *b, int64_t row, int width)
{
    const float *from[LANES];
    for (int i = 0; i < LANES; i++) {
        int64_t in_block = row + i < b->rows ? row + i : b->rows - 1;
        from[i] = l->x + (b->row + in_block) * l->in + b->column;
    }
    for (int64_t k = 0; k < b->columns; k += LANES) {
        vfloat square[LANES];
        int64_t left = b->columns - k;
        for (int i = 0; i < LANES; i++)
            square[i] = v_load_first(from[i] + k, left);
        v_transpose(square);
        for (int i = 0; i < LANES; i++)
            if (i < left)
                v_store(to + (k + i) * width * LANES, square[i]);
    }
}

SIMD_INLINE void pack(const pruni_linear *l, const block *b)
{
    float *to = l->scratch;
    int width;
    for (int64_t row = 0; row < b->rows; row += (int64_t)width * LANES) {
        width = panel_width((b->rows - row + LANES - 1) / LANES);
        for (int i = 0; i < width; i++)
            pack_rows(to + (int64_t)i * LANES, l, b, row + (int64_t)i * LANES, width);
        to += b->columns * width * LANES;
    }
}

/* Sums of a block lie in vectors across its rows, PRUNI_LINEAR_ROWS for each output. */

/* A group of rows of the weight, from a column on. */
typedef struct weight_group {
    const float *rows[GROUP];
} weight_group;

SIMD_INLINE weight_group weights_at(const pruni_linear *l, int64_t o, int64_t column)
{
    weight_group group;
    for (int t = 0; t < GROUP; t++)
        group.rows[t] = pruni_linear_weight_row(l, o + t) + column;
    return group;
}

/* A panel of `width` vectors of rows with a group of rows of the weight, while the next group comes into the cache. */
SIMD_INLINE void multiply_panel(float *sums, const float *panel, const weight_group *weights, const weight_group *next,
                                int64_t columns, int width)
{
    vfloat running[GROUP][PANEL];
    for (int t = 0; t < GROUP; t++)
        for (int i = 0; i < width; i++)
            running[t][i] = v_all(0);
    for (int64_t start = 0; start < columns; start += LINE) {
        const int64_t end = columns - start < LINE ? columns : start + LINE;
        for (int t = 0; t < GROUP; t++)
            v_prefetch(next->rows[t] + start);
        for (int64_t k = start; k < end; k++, panel += (int64_t)width * LANES)
            for (int t = 0; t < GROUP; t++) {
                vfloat weight = v_all(weights->rows[t][k]);
                for (int i = 0; i < width; i++)
                    running[t][i] = v_multiply_add(v_load(panel + (int64_t)i * LANES), weight, running[t][i]);
            }
    }
    for (int t = 0; t < GROUP; t++)
        for (int i = 0; i < width; i++)
            v_store(sums + (int64_t)t * PRUNI_LINEAR_ROWS + (int64_t)i * LANES, running[t][i]);
}

/* A vector of outputs, from output `o` on, for all rows of the block. */
SIMD_INLINE void multiply_block(float *sums, const pruni_linear *l, const block *b, int64_t o)
{
    for (int first = 0; first < LANES; first += GROUP) {
        const weight_group weights = weights_at(l, o + first, b->column);
        const weight_group next = weights_at(l, o + first + GROUP, b->column);
        const float *panel = l->scratch;
        for (int64_t row = 0; row < b->rows;) {
            float *to = sums + (int64_t)first * PRUNI_LINEAR_ROWS + row;
            int width = panel_width((b->rows - row + LANES - 1) / LANES);
            if (width == 3)
                multiply_panel(to, panel, &weights, &next, b->columns, 3);
            else if (width == 2)
                multiply_panel(to, panel, &weights, &next, b->columns, 2);
            else
                multiply_panel(to, panel, &weights, &next, b->columns, 1);
            panel += b->columns * width * LANES;
            row += (int64_t)width * LANES;
        }
    }
}

/* From sums in vectors across rows to outputs: the first columns' set them, later ones are added, the bias at last. */
SIMD_INLINE void add_sums(const pruni_linear *l, const block *b, int64_t o, const float *sums)
{
    const bool first = b->column == 0, last = b->column + b->columns == l->in;
    const int64_t outs = l->out - o < LANES ? l->out - o : LANES;
    vfloat bias = last && l->bias ? v_load_first(l->bias + o, outs) : v_all(0);
    for (int64_t row = 0; row < b->rows; row += LANES) {
        vfloat square[LANES];
        for (int i = 0; i < LANES; i++)
            square[i] = v_load(sums + (int64_t)i * PRUNI_LINEAR_ROWS + row);
        v_transpose(square);
        for (int i = 0; i < LANES && row + i < b->rows; i++) {
            float *y = l->y + (b->row + row + i) * l->out + o;
            vfloat sum = first ? square[i] : v_add(v_load_first(y, outs), square[i]);
            v_store_first(y, last && l->bias ? v_add(sum, bias) : sum, outs);
        }
    }
}

/* n cut into equal parts of at most `most`, rounded up to a multiple of `unit`. */
SIMD_INLINE int64_t equal_part(int64_t n, int64_t most, int64_t unit)
{
    int64_t parts = (n - 1) / most + 1, size = (n - 1) / parts + 1;
    return (size + unit - 1) / unit * unit;
}

SIMD_INLINE void many_rows(const pruni_linear *l)
{
    const int64_t rows = equal_part(l->rows, PRUNI_LINEAR_ROWS, (int64_t)PANEL * LANES);
    const int64_t columns = equal_part(l->in, pruni_linear_packed_columns(l->rows), LANES);
    for (int64_t column = 0; column < l->in; column += columns)
        for (int64_t row = 0; row < l->rows; row += rows) {
            block b = { row, rows, column, columns };
            b.rows = l->rows - row < rows ? l->rows - row : rows;
            b.columns = l->in - column < columns ? l->in - column : columns;
            pack(l, &b);
            for (int64_t o = 0; o < l->out; o += LANES) {
                float sums[LANES * PRUNI_LINEAR_ROWS];
                multiply_block(sums, l, &b, o);
                add_sums(l, &b, o, sums);
            }
        }
}
