/* Numeric loops over raw pointers, sizes and strides: no allocation, no validation, nothing that fails. One subject per
 * file; this header lists them all. Strides count elements. */
#ifndef PRUNI_KERNELS_INTERNAL_H
#define PRUNI_KERNELS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Kernels that have variants for some processors are listed, with their references, in table.h. */

/* ---- Random numbers (mt19937.c) ---- */

enum { PRUNI_MT19937_WORDS = 624 };

/* init_genrand of 2002. */
void pruni_kernel_mt19937_seed(uint32_t state[PRUNI_MT19937_WORDS], uint32_t seed);

/* The next 624 words. */
typedef void pruni_kernel_twist(uint32_t state[PRUNI_MT19937_WORDS]);
pruni_kernel_twist pruni_kernel_mt19937_twist;

/* Words of the state into draws; may be done in place. */
typedef void pruni_kernel_temper(uint32_t *draws, const uint32_t *words, int64_t n);
pruni_kernel_temper pruni_kernel_mt19937_temper;

/* n floats in [0, 1), one draw each, 24 bits; from words of the state. */
typedef void pruni_kernel_uniform_float_fn(float *out, const uint32_t *words, int64_t n);
pruni_kernel_uniform_float_fn pruni_kernel_uniform_float;

/* n doubles in [0, 1), two draws each, 53 bits. */
void pruni_kernel_uniform_double(double *out, const uint32_t *draws, int64_t n);

/* n floats in [from, to), one draw each, from words of the state: fmaf(u, to - from, from), where a value that rounds up
 * to `to` becomes `from`. */
void pruni_kernel_uniform_range(float *out, int64_t stride, const uint32_t *words, int64_t n, float from, float to);
typedef void pruni_kernel_uniform_range_fn(float *out, const uint32_t *words, int64_t n, float from, float to);

/* ---- Formats of elements: the numbers are those of prune_dtype ---- */

typedef enum pruni_format {
    PRUNI_F32 = 0,
    PRUNI_F64 = 1,
    PRUNI_F16 = 2,
    PRUNI_BF16 = 3,
    PRUNI_I64 = 4,
    PRUNI_I32 = 5,
    PRUNI_U8 = 6,
    PRUNI_BOOL = 7
} pruni_format;

/* ---- Conversions (convert.c) ----
 * To fewer bits of fraction: nearest, ties to even; a NaN stays one, made quiet, with its sign and upper bits. Float to
 * integer: towards zero, clamped to the range, NaN is 0. Integer to integer: exact, or modulo 2^n. To bool: != 0. */

/* n elements from one format to another; neither array may overlap the other. */
void pruni_kernel_convert(pruni_format to, void *dst, int64_t dst_stride, pruni_format from, const void *src,
                          int64_t src_stride, int64_t n);

/* ---- Copies without conversion (copy.c) ---- */

/* n elements of 1, 2, 4 or 8 bytes; dst and src do not overlap. */
void pruni_kernel_copy(int64_t element_size, void *dst, int64_t dst_stride, const void *src, int64_t src_stride,
                       int64_t n);

/* n bytes side by side. */
typedef void pruni_kernel_copy_run(void *dst, const void *src, int64_t n);

/* The same element n times. */
void pruni_kernel_fill(int64_t element_size, void *dst, int64_t dst_stride, const void *element, int64_t n);

/* ---- Arithmetic (elementwise.c): out = a op b, n elements; out may be a or b itself, with the same stride ---- */

typedef void pruni_kernel_binary(float *out, int64_t out_stride, const float *a, int64_t a_stride, const float *b,
                                 int64_t b_stride, int64_t n);

pruni_kernel_binary pruni_kernel_add, pruni_kernel_subtract, pruni_kernel_multiply, pruni_kernel_divide;

/* Numbers side by side. Where both factors are NaN, it is not said whose bits stay. */
typedef void pruni_kernel_binary_run(float *out, const float *a, const float *b, int64_t n);

/* ---- Comparison (compare.c): true for n = 0 ---- */

/* Equal as numbers; NaN equals nothing. */
bool pruni_kernel_equal_float(const float *a, int64_t a_stride, const float *b, int64_t b_stride, int64_t n);
bool pruni_kernel_equal_double(const double *a, const double *b, int64_t n);
bool pruni_kernel_equal_int64(const int64_t *a, const int64_t *b, int64_t n);

/* |a - b| <= atol + |rtol * b|, in double, or a == b, or both NaN if equal_nan; an infinite difference is never close. */
bool pruni_kernel_all_close(const float *a, int64_t a_stride, const float *b, int64_t b_stride, int64_t n, double rtol,
                            double atol, bool equal_nan);

/* ---- Reductions (reduce.c): accumulator i takes in x[i]; with stride 0 one accumulator takes in all, in order ---- */

void pruni_kernel_sum(double *sums, int64_t sum_stride, const float *x, int64_t x_stride, int64_t n);

/* Counts the bytes that are not 0. */
void pruni_kernel_count(int64_t *counts, int64_t count_stride, const uint8_t *flags, int64_t n);

/* NaN wins; of equal ones (0 and -0) the first. */
void pruni_kernel_min(float *extremes, int64_t extreme_stride, const float *x, int64_t x_stride, int64_t n);
void pruni_kernel_max(float *extremes, int64_t extreme_stride, const float *x, int64_t x_stride, int64_t n);

typedef struct pruni_best {
    float value;
    int64_t index;
} pruni_best;

/* Goes on with n more numbers, of which the first has index `first`. Start from { -INFINITY, 0 }. */
void pruni_kernel_argmax(pruni_best *best, const float *x, int64_t stride, int64_t n, int64_t first);

/* A contiguous tensor seen as the channels of one dim: [outer, count, inner]. */
typedef struct pruni_channels {
    int64_t outer, count, inner;
} pruni_channels;

/* ---- Norms (norm.c): in float, in order, as PyTorch ---- */

typedef enum pruni_norm_sum {
    PRUNI_NORM_COUNT, /* of what is not 0 */
    PRUNI_NORM_ONE,   /* sum of |x| */
    PRUNI_NORM_TWO,   /* sum of squares, then the root */
    PRUNI_NORM_MAX,   /* of |x|, NaN sticks */
    PRUNI_NORM_MIN,   /* of |x|, NaN sticks; start from INFINITY, all others from 0 */
    PRUNI_NORM_POWER  /* sum of |x|^order, then ^(1 / order) */
} pruni_norm_sum;

/* Accumulator i takes in x[i]; with stride 0 one accumulator takes in all, in order. `order` is for powers. */
void pruni_kernel_norm_add(pruni_norm_sum kind, float order, float *sums, int64_t sum_stride, const float *x,
                           int64_t x_stride, int64_t n);

/* The same for the channels of a contiguous tensor, each in the order of its memory. */
typedef void pruni_kernel_channel_norms(pruni_norm_sum kind, float order, float *sums, const float *x,
                                        pruni_channels channels);
pruni_kernel_channel_norms pruni_kernel_norm_channels;

/* From sums to norms, in place. */
void pruni_kernel_norm_finish(pruni_norm_sum kind, float order, float *sums, int64_t n);

/* n 2-norms, each of `length` numbers side by side, as PyTorch's kernel for that case adds them up: 8 running sums. */
typedef void pruni_kernel_two_run(float *norm, const float *x, int64_t length); /* one of them */
void pruni_kernel_norm_two_runs(float *norms, int64_t norm_stride, const float *x, int64_t x_stride, int64_t n,
                                int64_t length);

/* The same of numbers that do not lie side by side: starts with { .length = … }, takes them in order, ends. */
typedef struct pruni_two {
    int64_t length, taken;
    float lanes[8], rest[8];
} pruni_two;
void pruni_kernel_norm_two_take(pruni_two *two, const float *x, int64_t stride, int64_t n);
float pruni_kernel_norm_two_end(const pruni_two *two);

void pruni_kernel_absolute(float *out, int64_t out_stride, const float *x, int64_t x_stride, int64_t n);

/* ---- Singular values (svd.c) ---- */

/* The sum of the singular values of the matrix whose `count` columns of `length` numbers lie one after the other; fewer
 * columns than rows is faster. NaN where there is an infinity; false, *sum untouched, where there is a NaN. The matrix is
 * lost. */
bool pruni_kernel_nuclear_norm(double *sum, double *columns, int64_t count, int64_t length);

/* ---- Selection (select.c, select_ties.c): the first k of n numbers, 1 ≤ k ≤ n, by magnitude ----
 * Smallest first: rising, NaN last; largest first: NaN first, falling. ±0 are equal, and so are all NaNs. */

typedef struct pruni_selection {
    bool largest;
    uint32_t key;         /* of the k-th number: see select.h */
    int64_t equal;        /* numbers that equal the k-th, itself included */
    int64_t equal_chosen; /* how many of those are among the first k: where it is fewer, a tie straddles the k-th */
} pruni_selection;

void pruni_kernel_select(pruni_selection *found, const float *x, int64_t n, int64_t k, bool largest);

/* Brings those of n entries to the front that PyTorch's topk takes as the first k; the upper halves are compared. */
void pruni_kernel_order_as_torch(uint64_t *entries, int64_t n, int64_t k);

/* In a block of entries, upwards from the first, or down: which do not come before the pivot, or after it. Gives how many
 * there are. */
enum { PRUNI_STOPS = 128 };
typedef int64_t pruni_kernel_stops(uint8_t stops[PRUNI_STOPS], const uint64_t *first, uint32_t pivot, bool down);

/* Sets out[i] to `value` for the numbers chosen; of those that equal the k-th, the ones of lowest index. */
void pruni_kernel_select_fill(float *out, float value, const float *x, int64_t n, const pruni_selection *selection);

/* The same, but of those that equal the k-th, the ones that PyTorch's topk gives. n is at most 2^32; scratch has room for
 * n entries. */
void pruni_kernel_select_fill_as_torch(float *out, float value, const float *x, int64_t n, int64_t k, bool largest,
                                       uint64_t *scratch);

/* ---- Selection among numbers that come in chunks (select_chunks.c): by the same keys ---- */

enum { PRUNI_LEADING_BITS = 16, PRUNI_TRAILING_BITS = 15 }; /* of a key */

/* Adds a chunk to the counts of keys by their leading bits; and, of those with the given ones, by the bits that follow. */
void pruni_kernel_count_leading(int64_t *bins, const float *x, int64_t n, bool largest);
void pruni_kernel_count_trailing(int64_t *bins, const float *x, int64_t n, bool largest, uint32_t leading);

/* The bin that holds the k-th, 1 ≤ k ≤ the sum of all bins; *k becomes its place in there. */
uint32_t pruni_kernel_find_bin(const int64_t *bins, int64_t *k);

/* The magnitude of a key, smallest first. */
float pruni_kernel_magnitude_of_key(uint32_t key);

/* Sets mask[i] to 0 for keys below `key` and for the first *equal_left that equal it, which are taken off, and to 1 for all
 * others. Gives how many are 0. */
int64_t pruni_kernel_mask_chunk(float *mask, const float *x, int64_t n, bool largest, uint32_t key,
                                int64_t *equal_left);

/* ---- Keys in no order (rank.c) ---- */

/* How many of n keys are below the limit; all are less than 2^31. */
typedef int64_t pruni_kernel_count_keys(const uint32_t *keys, int64_t n, uint32_t limit);

/* The places of those of n keys that lie from `low` to below `high`; gives how many there are. `list` may be `places`, and
 * has room for all. */
typedef int64_t pruni_kernel_list_keys(uint32_t *list, const uint32_t *places, const uint32_t *keys, int64_t n,
                                       uint32_t low, uint32_t high);

pruni_kernel_list_keys pruni_kernel_list_between;

/* Keys from `low` to below `high`, and how many keys there are below either. */
typedef struct pruni_bracket {
    uint32_t low, high;
    int64_t below_low, below_high;
} pruni_bracket;

/* Narrows a bracket that holds the keys of the ranks from `first` to `last`, from 0, until it holds no more than `slack`
 * keys or a single value, or its middle lies among theirs. Ranks that there are not leave that end as it is. */
void pruni_kernel_close_in(pruni_bracket *bracket, const uint32_t *keys, int64_t n, int64_t first, int64_t last,
                           int64_t slack);

/* ---- The sieve (sieve.c, sieve_pick.c): selection and pruning in one pass ----
 * The k smallest of n scores, of which there may be many, are pruned. A sample tells between which two keys the k-th is to
 * be expected; one pass counts what lies below, keeps the few between as candidates, and writes mask and pruned values as
 * if the k-th were in the middle. The k-th is then found among the candidates, and those on the wrong side are put right.
 */

/* An array of scores, and what is pruned by them. Nothing overlaps, but for `mask` and `before`, and `value` and `scores`,
 * which may be the same. */
typedef struct pruni_run {
    int64_t n;             /* less than 2^32 */
    const float *scores;   /* the smallest magnitudes go first; NaN last */
    const uint32_t *draws; /* or, instead of scores: 24 random bits each, the largest go first */
    const float *before;   /* the mask so far; entries other than 1 are passed over. NULL: all are 1 */
    const float *orig;     /* what is pruned */
    float *mask,
        *value; /* written: the mask, mask * orig. NULL: nothing is; but single entries of the mask alone may be */
} pruni_run;

/* The part of a run from entry `start` on, n entries long. */
pruni_run pruni_kernel_run_part(const pruni_run *run, int64_t start, int64_t n);

enum { PRUNI_ALL_KEYS = 0x7f800002 }; /* one more than the greatest key */

typedef struct pruni_sieve {
    uint32_t low, cut, high; /* keys from `low` to below `high` are candidates; those below `cut` are pruned for now */
    int64_t seen, below;     /* entries that were not passed over, and of those the keys below `low` */
    int64_t count;           /* of the candidates */
    bool streams;            /* more is written than the caches keep: past them, until pruni_kernel_pick_end_pass() */
    uint32_t *keys, *places; /* in the order of their places; room for all that a call might add if all
                                were candidates; NULL where none can be */
} pruni_sieve;

/* Takes in a run, of which the first entry has the place `first`. */
typedef void pruni_kernel_sieve_fn(pruni_sieve *sieve, const pruni_run *run, uint32_t first);

pruni_kernel_sieve_fn pruni_kernel_sieve;

/* A selection from n scores, which may lie in several runs: then a place counts through all of them. At most 2^32. */
typedef struct pruni_pick {
    pruni_sieve sieve;
    int64_t n, room; /* of candidates */
    uint32_t *sample;
    int64_t sampled;               /* keys in the sample */
    int64_t lines_left, next_line; /* of the sample: how many, and the place of the next */
    int64_t line_start, step;      /* by which they follow each other, */
    uint64_t chance;               /* but for some chance */
    bool complete;                 /* the candidates have found room so far */
} pruni_pick;

/* The scratch of a selection, in words: at most 5 MB. */
int64_t pruni_kernel_pick_words(int64_t n);
void pruni_kernel_pick_start(pruni_pick *pick, uint32_t *words, int64_t n);

/* Sample for a window: lines of PRUNI_SAMPLE_LINE entries side by side, whose places rise. Whether the next line begins
 * before `end`, and where; takes it; or takes all lines that begin in a run, the first entry of which has the place
 * `first`. */
enum { PRUNI_SAMPLE_LINE = 16 };
bool pruni_kernel_pick_line(const pruni_pick *pick, int64_t end, int64_t *place);
void pruni_kernel_pick_take_line(pruni_pick *pick, const pruni_run *line);
void pruni_kernel_pick_take_lines(pruni_pick *pick, const pruni_run *run, int64_t first);

/* Sets the window to where the sample expects that share (0 to 1) of the entries that are not passed over to end. */
void pruni_kernel_pick_window(pruni_pick *pick, double share);

/* The same for the k largest of n draws, which are spread evenly. */
void pruni_kernel_pick_window_of_draws(pruni_pick *pick, int64_t n, int64_t k);

/* Takes in a run, the first entry of which has the place `first`; false, and nothing more is written, when candidates
 * have no room. */
bool pruni_kernel_pick_pass(pruni_pick *pick, const pruni_run *run, int64_t first);

/* After the last run: threads that see what is written from now on see what the pass wrote. */
void pruni_kernel_pick_end_pass(void);

/* The k-th, 1 ≤ k ≤ seen; false if it is not among the candidates. */
bool pruni_kernel_pick_find(pruni_selection *found, const pruni_pick *pick, int64_t k);

/* Then it may be found by trying keys of the sample: the one nearest to where it was expected (where many are equal it may
 * well be theirs), and the one that comes next after a key, up or down; that key itself if it is the last. */
uint32_t pruni_kernel_pick_nearest(const pruni_pick *pick);
uint32_t pruni_kernel_pick_next(const pruni_pick *pick, uint32_t key, bool up);

/* How many keys of a run, of those not passed over, are below `key`. */
int64_t pruni_kernel_count_below(const pruni_run *run, uint32_t key);

/* Or else digit by digit: adds the digit of `bits` bits (at most 11) above `shift` of those keys whose digits above it are
 * `prefix`. */
enum { PRUNI_DIGIT_BINS = 1 << 11 };
void pruni_kernel_count_digit(int64_t bins[PRUNI_DIGIT_BINS], const pruni_run *run, int shift, int bits,
                              uint32_t prefix);

/* What is pruned: keys below `key`, and those equal to it whose place is before `split`. */
typedef struct pruni_choice {
    uint32_t key;
    int64_t split;
} pruni_choice;

/* The place after `left` candidates that equal the key. */
int64_t pruni_kernel_pick_split(const pruni_pick *pick, uint32_t key, int64_t left);

/* Leaves those candidates that a complete pass wrote wrongly; then puts right what it wrote of a run. */
void pruni_kernel_pick_wrong(pruni_pick *pick, const pruni_choice *choice);
void pruni_kernel_pick_correct(const pruni_pick *pick, const pruni_run *run, int64_t first, const pruni_choice *choice);

/* Writes a run; and, after that, prunes the listed places that lie in it: the lower halves of the entries. */
void pruni_kernel_prune_run(const pruni_run *run, int64_t first, const pruni_choice *choice);
void pruni_kernel_prune_listed(const pruni_run *run, int64_t first, const uint64_t *entries, int64_t count);

/* Writes a single entry: its mask becomes 1 or 0. */
void pruni_kernel_set_entry(const pruni_run *entry, bool stays);

/* Goes through those equal to `key` until *left of them are passed: the place after the last; 0 if the run ends before. */
int64_t pruni_kernel_place_after_equal(const pruni_run *run, int64_t first, uint32_t key, int64_t *left);

/* Key above place of the entries that are not passed over, for pruni_kernel_order_as_torch(); gives how many. */
typedef int64_t pruni_kernel_list_fn(uint64_t *entries, const pruni_run *run, int64_t first);

pruni_kernel_list_fn pruni_kernel_list_run;

/* ---- Masks (mask.c) ---- */

/* The entries whose mask is exactly 1: how many, their x in a list, and a list put in the place of those masks. */
int64_t pruni_kernel_count_ones(const float *mask, int64_t n);
void pruni_kernel_gather_ones(float *list, const float *x, const float *mask, int64_t n);
void pruni_kernel_scatter_ones(float *mask, const float *list, int64_t n);

/* A list of words, put in the places of those masks, and 0 in all others. */
void pruni_kernel_spread_ones(uint32_t *spread, const uint32_t *list, const float *mask, int64_t n);

/* The sum of each channel, in float, in order. */
void pruni_kernel_channel_sums(float *sums, const float *x, pruni_channels channels);

/* The channels whose sum is not 0: together in a tensor of their own, and from there back into their places. */
void pruni_kernel_gather_channels(float *part, const float *x, const float *sums, pruni_channels channels);
void pruni_kernel_scatter_channels(float *x, const float *part, const float *sums, pruni_channels channels);

/* Multiplies each channel by its scale. */
void pruni_kernel_scale_channels(float *x, const float *scales, pruni_channels channels);

/* First prunes: mask and mask * orig, where the mask is the scale of each channel, or a given one. `all`: entries that are
 * pruned by this call and those around it. */
typedef void pruni_kernel_by_channels(float *mask, float *value, const float *orig, const float *scales,
                                      pruni_channels channels, int64_t all);
typedef void pruni_kernel_by_mask(float *mask, float *value, const float *orig, const float *given, int64_t n,
                                  int64_t all);
pruni_kernel_by_channels pruni_kernel_prune_channels;
pruni_kernel_by_mask pruni_kernel_prune_by_mask;

/* First prunes by the scores in groups of 4 consecutive entries, of which the n of largest magnitude stay: of equal ones
 * the lower index, NaN as the largest. */
typedef void pruni_kernel_of_four(float *mask, float *value, const float *orig, const float *scores, int64_t groups,
                                  int64_t n);
pruni_kernel_of_four pruni_kernel_prune_n_of_four;

/* Multiplies by 0, in each group of m consecutive channel entries (m divides the count), all but the n of largest
 * magnitude: of equal ones the lower index stays, NaN counts as largest, entries whose mask is 0 as smallest. scratch
 * has room for m entries. */
void pruni_kernel_mask_n_of_m(float *mask, const float *x, pruni_channels channels, int64_t n, int64_t m,
                              uint64_t *scratch);

/* The same for groups that begin `step` apart and whose entries lie `stride` apart. */
typedef struct pruni_groups {
    int64_t step, stride;
} pruni_groups;
void pruni_kernel_mask_groups(float *mask, pruni_groups of_mask, const float *x, pruni_groups of_x, int64_t count,
                              int64_t n, int64_t m, uint64_t *scratch);

/* Later prunes of a run, in parts that stay in the caches: the mask so far as it is, times a scale for each channel, or
 * times a given mask; then mask * orig. */
void pruni_kernel_keep_mask(const pruni_run *run);
void pruni_kernel_scale_mask(const pruni_run *run, const float *scales, pruni_channels channels);
void pruni_kernel_multiply_mask(const pruni_run *run, const float *given);

/* The same by scores in groups of m; also a first prune. */
void pruni_kernel_prune_n_of_m(const pruni_run *run, pruni_channels channels, int64_t n, int64_t m, uint64_t *scratch);

/* ---- Weights in their own format (mask_elements.c): F32, F64, F16, BF16 ---- */

/* w = mask * w: F16 and BF16 by way of float, which leaves what is kept as it is, but makes a signalling NaN quiet. */
void pruni_kernel_mask_elements(pruni_format format, void *w, const float *mask, int64_t n);

/* How many are 0 or -0. */
int64_t pruni_kernel_count_zero_elements(pruni_format format, const void *w, int64_t n);

/* ---- Activations (activation.c): element by element; y may be x ---- */

typedef void pruni_kernel_unary(float *y, int64_t y_stride, const float *x, int64_t x_stride, int64_t n);

pruni_kernel_unary pruni_kernel_relu; /* NaN and -0 stay */
pruni_kernel_unary pruni_kernel_sigmoid;
pruni_kernel_unary pruni_kernel_tanh;
pruni_kernel_unary pruni_kernel_gelu;

/* Numbers side by side. */
typedef void pruni_kernel_unary_run(float *y, const float *x, int64_t n);

/* ---- Softmax (softmax.c): along the middle dim of contiguous [outer, size, inner] arrays ---- */

typedef void pruni_kernel_along_dim(float *y, const float *x, int64_t outer, int64_t size, int64_t inner);

pruni_kernel_along_dim pruni_kernel_softmax;
pruni_kernel_along_dim pruni_kernel_log_softmax;

/* ---- Linear (linear.c) ---- */

/* y[rows, out] = x[rows, in] · weight[out, in]ᵀ + bias[out], all contiguous; bias may be NULL. All outputs
 * of a call have sums of the same order. */
typedef struct pruni_linear {
    int64_t rows, in, out;
    const float *x, *weight, *bias;
    float *y;
    float *scratch; /* pruni_kernel_linear_scratch() floats */
} pruni_linear;

typedef void pruni_kernel_linear_fn(const pruni_linear *linear);
pruni_kernel_linear_fn pruni_kernel_linear;

/* The floats of its scratch: none for a few rows, 400 kB at most. */
int64_t pruni_kernel_linear_scratch(int64_t rows, int64_t in);

/* ---- Recurrence (rnn.c): one direction of one layer, through the whole sequence ---- */

typedef struct pruni_rnn {
    int64_t length, batch, hidden;
    int64_t time_step, batch_step; /* rows from one time to the next, and from one sequence to the next */
    bool reverse;                  /* from the last time to the first */
    const float *weight, *bias;    /* [gates · hidden, hidden] and [gates · hidden], bias may be NULL */
    const float *input_gates;      /* [length · batch, gates · hidden]: what the inputs contribute */
    float *gates;                  /* room for [batch, gates · hidden] */
    float *h, *c;                  /* [batch, hidden]: from the first states to the last; c for an LSTM alone */
    float *y;                      /* [length · batch, y_width]: h of each time goes to the start of its row */
    int64_t y_width;
    float *scratch; /* of the product of h, [batch, hidden] */
} pruni_rnn;

void pruni_kernel_lstm(const pruni_rnn *rnn); /* gates i, f, g, o */
void pruni_kernel_gru(const pruni_rnn *rnn);  /* gates r, z, n */

/* ---- Convolution (conv.c) ---- */

/* A convolution over three dims, those that do not exist having size 1. Every sum of indices fits into int64_t. */
typedef struct pruni_conv {
    int64_t batch, groups;
    int64_t in_channels, out_channels; /* of all groups together */
    int64_t in[3], out[3], kernel[3], stride[3], dilation[3];
    int64_t padding[3]; /* zeros before the first element; those behind the last one follow from out */
} pruni_conv;

/* y[batch, out_channels, out] from x[batch, in_channels, in] and weight[out_channels, in_channels / groups, kernel], all
 * contiguous; bias may be NULL. An output starts from its bias and adds its taps in the weight's order; variants may round
 * a product and its sum at once. scratch: see below. */
typedef void pruni_kernel_conv_fn(float *y, const float *x, const float *weight, const float *bias,
                                  const pruni_conv *conv, float *scratch);

pruni_kernel_conv_fn pruni_kernel_conv;

/* The floats of its scratch: none, or about as many as one image has inputs, padding included. */
int64_t pruni_kernel_conv_scratch(const pruni_conv *conv);

/* ---- Padding (pad.c) ---- */

typedef enum pruni_pad_mode { PRUNI_PAD_REFLECT, PRUNI_PAD_REPLICATE, PRUNI_PAD_CIRCULAR } pruni_pad_mode;

/* y[planes, out] from x[planes, in], contiguous, three dims each; y starts `before` elements (negative: behind) before
 * x. Out of x's range the mode says which element it is; none lies further off than the mode can tell. */
void pruni_kernel_pad(float *y, const float *x, int64_t planes, const int64_t in[3], const int64_t out[3],
                      const int64_t before[3], pruni_pad_mode mode);

/* ---- Pooling (pool.c): contiguous planes; every sum of indices fits into int64_t ---- */

typedef struct pruni_pool {
    int64_t planes;
    int64_t in[2], out[2], kernel[2], stride[2], padding[2], dilation[2];
    bool count_include_pad;   /* of averages */
    int64_t divisor_override; /* of averages; 0: none */
} pruni_pool;

/* Maximum of each window, of equal ones the first; the last NaN wins; padding does not count. */
typedef void pruni_kernel_max_pool_fn(float *y, const float *x, const pruni_pool *pool);
pruni_kernel_max_pool_fn pruni_kernel_max_pool;
void pruni_kernel_avg_pool(float *y, const float *x, const pruni_pool *pool); /* without dilation */

/* Averages over windows that cut the plane into out[0] · out[1] parts, which overlap where they do not divide it; of an
 * empty window NaN. */
void pruni_kernel_adaptive_avg_pool(float *y, const float *x, int64_t planes, const int64_t in[2],
                                    const int64_t out[2]);

/* ---- Batch normalisation (batch_norm.c) ---- */

/* y = (x - mean) / sqrt(var + eps) · weight + bias of each channel of contiguous [batch, channels, inner] arrays; weight
 * and bias may be NULL. */
void pruni_kernel_batch_norm(float *y, const float *x, int64_t batch, int64_t channels, int64_t inner,
                             const float *mean, const float *var, const float *weight, const float *bias, double eps);

#endif
