/* Each variant of each kernel in the table against its reference: bit for bit, but for what layers compute. */
#if defined(__linux__)
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#endif

#include "guard_support.h"

#include "kernels/linear.h"
#include "kernels/table.h"

enum { LONGEST = 200, SIZE = 1024, SLACK = 8, MANY = 1 << 24 };

/* ---- Numbers ---- */

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static float from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Every seventh is special: NaNs with payloads, infinities, zeros, subnormals. */
static void fill_floats(float *x, int64_t n, uint32_t seed)
{
    static const uint32_t special[] = { 0x7fc00000, 0xffc00001, 0x7f800001, 0xff923456, 0x7fffffff,
                                        0x7f800000, 0xff800000, 0x80000000, 0x00000000, 0x00000001,
                                        0x807fffff, 0x00800000, 0x7f7fffff, 0x3f800000, 0xbf800000 };
    for (int64_t i = 0; i < n; i++) {
        uint32_t random = next_random(&seed);
        if (random % 7 == 0)
            x[i] = from_bits(special[random / 7 % (sizeof special / sizeof special[0])]);
        else
            x[i] = ldexpf((float)random - 0x1p23f, (int)(random % 5) - 24);
    }
}

static void fill_words(uint32_t *words, int64_t n, uint32_t seed)
{
    for (int64_t i = 0; i < n; i++)
        words[i] = next_random(&seed) << 8 ^ next_random(&seed);
}

/* Masks as they are found: ones and zeros, rarely anything else. */
static void fill_mask(float *mask, int64_t n, uint32_t seed)
{
    static const float other[] = { 0.5f, -0.0f, 2, NAN, -1 };
    for (int64_t i = 0; i < n; i++) {
        uint32_t random = next_random(&seed);
        mask[i] = random % 16 == 0 ? other[random / 16 % 5] : (float)(random / 16 % 2);
    }
}

/* ---- Variants ---- */

typedef void compare_fn(const pruni_kernels *variant, const pruni_kernels *reference, int64_t n, int64_t offset);

static void with_every_size(compare_fn *compare)
{
    for (int64_t n = 0; n <= LONGEST + 1; n++)
        for (int64_t offset = guard ? n % 3 : 0; offset < SLACK; offset += guard ? 3 : 1)
            compare(pruni_kernels_used(), pruni_kernels_for(PRUNI_CPU_PORTABLE),
                    n <= LONGEST ? n : SIZE - offset - SLACK, offset);
}

/* Sizes 0 to 200 and a long one, at every offset from an aligned address, and with arrays that end, or begin, where memory
 * does; variants that cannot run are left out. */
static void with_every_variant(compare_fn *compare)
{
    pruni_cpu used = pruni_cpu_used();
    for (pruni_cpu cpu = PRUNI_CPU_PORTABLE; cpu < PRUNI_CPUS; cpu++)
        for (guard = GUARD_NONE; pruni_cpu_use(cpu) && guard < GUARD_SIDES; guard++)
            with_every_size(compare);
    guard = GUARD_NONE;
    assert_true(pruni_cpu_use(used));
}

static _Alignas(64) float a[SIZE], b[SIZE], c[SIZE], out[4][SIZE];

/* The variant's output, and nothing around it, is the reference's. */
static void assert_same_output(const float *got, const float *expected)
{
    assert_memory_equal(got, expected, SIZE * sizeof *got);
}

static void clear_outputs(void)
{
    for (int i = 0; i < 4; i++)
        for (int64_t j = 0; j < SIZE; j++)
            out[i][j] = -7;
}

/* ---- copy_bytes ---- */

static void compare_copy_bytes(const pruni_kernels *variant, const pruni_kernels *reference, int64_t n, int64_t offset)
{
    fill_floats(a, SIZE, (uint32_t)n);
    clear_outputs();
    variant->copy_bytes(lend((char *)out[0] + offset, (size_t)n), lend(a + offset, (size_t)n), n);
    take_back();
    reference->copy_bytes((char *)out[1] + offset, a + offset, n);
    assert_same_output(out[0], out[1]);
}

static void variants_of_copy_bytes(void **state)
{
    (void)state;
    with_every_variant(compare_copy_bytes);
}

/* ---- multiply ---- */

static void compare_multiply(const pruni_kernels *variant, const pruni_kernels *reference, int64_t n, int64_t offset)
{
    fill_floats(a, SIZE, (uint32_t)n);
    fill_mask(b, SIZE, (uint32_t)(n + offset));
    for (int64_t i = 0; i < SIZE; i++)
        b[i] = isnan(b[i]) ? INFINITY : b[i];
    clear_outputs();
    variant->multiply(LEND(out[0] + offset, n), LEND(b + offset, n), LEND(a + 2 * (offset % 2), n), n);
    take_back();
    reference->multiply(out[1] + offset, b + offset, a + 2 * (offset % 2), n);
    assert_same_output(out[0], out[1]);
    memcpy(out[0], a, sizeof out[0]);
    memcpy(out[1], a, sizeof out[1]);
    variant->multiply(LEND(out[0] + offset, n), LEND(b + offset, n), LEND(out[0] + offset, n), n);
    take_back();
    reference->multiply(out[1] + offset, b + offset, out[1] + offset, n);
    assert_same_output(out[0], out[1]);
}

static void variants_of_multiply(void **state)
{
    (void)state;
    with_every_variant(compare_multiply);
}

/* ---- sieve ---- */

static uint32_t keys[2][SIZE], places[2][SIZE];

static void assert_same_sieve(const pruni_sieve *got, const pruni_sieve *expected)
{
    assert_int_equal(got->seen, expected->seen);
    assert_int_equal(got->below, expected->below);
    assert_int_equal(got->count, expected->count);
    if (got->count > 0) {
        assert_memory_equal(got->keys, expected->keys, (size_t)got->count * sizeof got->keys[0]);
        assert_memory_equal(got->places, expected->places, (size_t)got->count * sizeof got->places[0]);
    }
}

static void lend_run(pruni_run *run)
{
    run->scores = LEND(run->scores, run->n);
    run->draws = LEND(run->draws, run->n);
    run->before = LEND(run->before, run->n);
    run->orig = LEND(run->orig, run->n);
    run->mask = LEND(run->mask, run->n);
    run->value = LEND(run->value, run->n);
}

static void sieve_guarded(const pruni_kernels *kernels, pruni_sieve *sieve, pruni_run run)
{
    pruni_sieve guarded = *sieve;
    guarded.keys = LEND(sieve->keys, run.n);
    guarded.places = LEND(sieve->places, run.n);
    lend_run(&run);
    kernels->sieve(&guarded, &run, 1000);
    take_back();
    guarded.keys = sieve->keys;
    guarded.places = sieve->places;
    *sieve = guarded;
}

static void sieve_both(const pruni_kernels *variant, const pruni_kernels *reference, pruni_sieve window, pruni_run run,
                       int64_t offset)
{
    const pruni_kernels *kernels[] = { variant, reference };
    pruni_sieve sieves[2];
    clear_outputs();
    for (int i = 0; i < 2; i++) {
        sieves[i] = window;
        sieves[i].streams = offset % 2 == 0;
        sieves[i].keys = keys[i];
        sieves[i].places = places[i];
        if (run.mask) {
            run.mask = out[2 * i] + offset;
            run.value = out[2 * i + 1] + offset;
        }
        sieve_guarded(kernels[i], &sieves[i], run);
    }
    assert_same_sieve(&sieves[0], &sieves[1]);
    assert_same_output(out[0], out[2]);
    assert_same_output(out[1], out[3]);
}

static void compare_sieve(const pruni_kernels *variant, const pruni_kernels *reference, int64_t n, int64_t offset)
{
    static const uint32_t windows[][3] = { { 0x3d000000, 0x3e800000, 0x3f000000 },
                                           { 0, 1, PRUNI_ALL_KEYS },
                                           { 0x3f000000, 0x3f000000, 0x3f000000 },
                                           { 0x7f800001, 0x7f800002, 0x7f800002 },
                                           { 0x00400000, 0x00800000, 0x00c00000 } };
    const uint32_t *keys_of_window = windows[(n + offset) % 5];
    pruni_sieve window = { .low = keys_of_window[0], .cut = keys_of_window[1], .high = keys_of_window[2] };
    uint32_t draws[LONGEST + SLACK + 1];
    uint32_t seed = (uint32_t)n;
    for (int i = 0; i < LONGEST + SLACK + 1; i++)
        draws[i] = next_random(&seed) << 8 | (uint32_t)i;
    fill_floats(a, SIZE, (uint32_t)n);
    fill_floats(c, SIZE, (uint32_t)n + 1);
    fill_mask(b, SIZE, (uint32_t)(n + offset));
    for (int64_t i = 0; i < SIZE; i++)
        c[i] = isnan(c[i]) && isnan(b[i]) ? 1 : c[i];
    for (int kind = 0; kind < (n <= LONGEST ? 8 : 4); kind++) {
        pruni_run run = { .n = n, .scores = a + offset, .orig = c + offset, .before = kind & 1 ? b + offset : NULL };
        run.mask = kind & 2 ? out[0] : NULL;
        if (kind & 4) {
            run.scores = NULL;
            run.draws = draws + offset;
        }
        sieve_both(variant, reference, window, run, offset);
    }
}

static void variants_of_sieve(void **state)
{
    (void)state;
    with_every_variant(compare_sieve);
}

static void the_sieve_rewrites_in_place(void **state)
{
    (void)state;
    float mask[2][70], value[2][70], orig[70];
    fill_floats(orig, 70, 3);
    fill_mask(mask[0], 70, 4);
    for (int i = 0; i < 70; i++)
        orig[i] = isnan(orig[i]) ? 1 : orig[i];
    memcpy(mask[1], mask[0], sizeof mask[0]);
    for (int i = 0; i < 2; i++) {
        memcpy(value[i], orig, sizeof orig);
        pruni_sieve sieve = { .low = 0x3e000000, .cut = 0x3e000000, .high = 0x3e000000 };
        pruni_run run = { 70, value[i], NULL, mask[i], orig, mask[i], value[i] };
        (i ? pruni_kernels_for(PRUNI_CPU_PORTABLE) : pruni_kernels_used())->sieve(&sieve, &run, 0);
        assert_int_equal(sieve.count, 0);
    }
    assert_memory_equal(mask[0], mask[1], sizeof mask[0]);
    assert_memory_equal(value[0], value[1], sizeof value[0]);
}

/* ---- First prunes ---- */

static void compare_prune_channels(const pruni_kernels *variant, const pruni_kernels *reference, int64_t n,
                                   int64_t offset)
{
    const pruni_channels channels = n % 3 == 0   ? (pruni_channels){ n > 0, n / 3, 3 }
                                    : n % 3 == 1 ? (pruni_channels){ 1, 1, n }
                                                 : (pruni_channels){ 2, n / 2, 1 };
    fill_floats(a, SIZE, (uint32_t)n);
    for (int64_t i = 0; i < SIZE; i++)
        b[i] = (float)(i % 3 % 2);
    clear_outputs();
    const int64_t entries = channels.outer * channels.count * channels.inner;
    const int64_t all = offset % 2 == 0 ? entries : MANY; /* of which these are a part */
    variant->prune_channels(LEND(out[0] + offset, entries), LEND(out[1] + offset, entries),
                            LEND(a + offset / 2, entries), LEND(b + 1, channels.count), channels, all);
    take_back();
    reference->prune_channels(out[2] + offset, out[3] + offset, a + offset / 2, b + 1, channels, all);
    assert_same_output(out[0], out[2]);
    assert_same_output(out[1], out[3]);
}

static void variants_of_prune_channels(void **state)
{
    (void)state;
    with_every_variant(compare_prune_channels);
}

static void compare_prune_by_mask(const pruni_kernels *variant, const pruni_kernels *reference, int64_t n,
                                  int64_t offset)
{
    fill_floats(a, SIZE, (uint32_t)n);
    fill_floats(b, SIZE, (uint32_t)(n + offset));
    for (int64_t i = 0; i < SIZE; i++)
        a[i] = isnan(b[i]) ? 1 : a[i];
    const int64_t all = n % 2 == 0 ? n : MANY;
    clear_outputs();
    variant->prune_by_mask(LEND(out[0] + offset, n), LEND(out[1] + offset, n), LEND(a + offset, n), LEND(b + offset, n),
                           n, all);
    take_back();
    reference->prune_by_mask(out[2] + offset, out[3] + offset, a + offset, b + offset, n, all);
    assert_same_output(out[0], out[2]);
    assert_same_output(out[1], out[3]);
}

static void variants_of_prune_by_mask(void **state)
{
    (void)state;
    with_every_variant(compare_prune_by_mask);
}

static void compare_prune_n_of_four(const pruni_kernels *variant, const pruni_kernels *reference, int64_t n,
                                    int64_t offset)
{
    fill_floats(a, SIZE, (uint32_t)n);
    for (int64_t i = 0; offset % 2 == 0 && i < SIZE; i++)
        a[i] = (float)((i * 7 + n) % 5 - 2);
    fill_floats(b, SIZE, (uint32_t)(n + offset));
    clear_outputs();
    const int64_t entries = n / 4 * 4;
    variant->prune_n_of_four(LEND(out[0] + offset, entries), LEND(out[1] + offset, entries), LEND(b + offset, entries),
                             LEND(a + offset, entries), n / 4, n % 5);
    take_back();
    reference->prune_n_of_four(out[2] + offset, out[3] + offset, b + offset, a + offset, n / 4, n % 5);
    assert_same_output(out[0], out[2]);
    assert_same_output(out[1], out[3]);
}

static void variants_of_prune_n_of_four(void **state)
{
    (void)state;
    with_every_variant(compare_prune_n_of_four);
}

/* ---- Norms ---- */

static void compare_norm_two_run(const pruni_kernels *variant, const pruni_kernels *reference, int64_t n,
                                 int64_t offset)
{
    fill_floats(a, SIZE, (uint32_t)n);
    for (int64_t i = 0; offset % 2 == 0 && i < SIZE; i++)
        a[i] = isfinite(a[i]) ? a[i] : 2;
    clear_outputs();
    variant->norm_two_run(LEND(out[0], 1), LEND(a + offset, n), n);
    take_back();
    reference->norm_two_run(out[1], a + offset, n);
    if (isnan(out[1][0]) && isnan(out[0][0])) /* which NaN is left is not said */
        out[0][0] = out[1][0];
    assert_same_output(out[0], out[1]);
}

static void variants_of_norm_two_run(void **state)
{
    (void)state;
    with_every_variant(compare_norm_two_run);
}

/* n channels, in several shapes. */
static void compare_norm_channels(const pruni_kernels *variant, const pruni_kernels *reference, int64_t n,
                                  int64_t offset)
{
    static const int64_t shapes[][2] = { { 1, 1 }, { 4, 1 }, { 1, 3 }, { 2, 9 }, { 1, 16 }, { 3, 0 } };
    int64_t outer = shapes[(n + offset) % 6][0], inner = shapes[(n + offset) % 6][1];
    while (outer * n * inner + offset > SIZE)
        n /= 2;
    fill_floats(a, SIZE, (uint32_t)n);
    for (int64_t i = 0; offset % 2 == 0 && i < SIZE; i++)
        a[i] = isnan(a[i]) ? 2 : a[i];
    const pruni_channels channels = { outer, n, inner };
    for (pruni_norm_sum kind = PRUNI_NORM_COUNT; kind <= PRUNI_NORM_POWER; kind++) {
        clear_outputs();
        for (int64_t i = 0; i < n; i++)
            out[0][i + offset] = out[1][i + offset] = kind == PRUNI_NORM_MIN ? INFINITY : 0;
        variant->norm_channels(kind, 3, LEND(out[0] + offset, n), LEND(a + offset, outer * n * inner), channels);
        take_back();
        reference->norm_channels(kind, 3, out[1] + offset, a + offset, channels);
        for (int64_t i = 0; i < SIZE; i++)
            if (isnan(out[1][i]) && isnan(out[0][i]))
                out[0][i] = out[1][i];
        assert_same_output(out[0], out[1]);
    }
}

static void variants_of_norm_channels(void **state)
{
    (void)state;
    with_every_variant(compare_norm_channels);
}

/* ---- Ties ---- */

/* There is room for all that are not passed over. */
static int64_t list_guarded(const pruni_kernels *variant, uint64_t *entries, pruni_run run)
{
    int64_t room = run.before ? 0 : run.n;
    for (int64_t i = 0; run.before && i < run.n; i++)
        room += run.before[i] == 1;
    lend_run(&run);
    int64_t count = variant->list_run(LEND(entries, room), &run, 1000);
    take_back();
    return count;
}

static void compare_list_run(const pruni_kernels *variant, const pruni_kernels *reference, int64_t n, int64_t offset)
{
    uint64_t got[SIZE + 1], expected[SIZE + 1];
    fill_floats(a, SIZE, (uint32_t)n);
    fill_mask(b, SIZE, (uint32_t)n);
    fill_words(keys[0], SIZE, (uint32_t)n);
    for (int masked = 0; masked < 2; masked++)
        for (int drawn = 0; drawn < 2; drawn++) {
            const pruni_run run = { .n = n,
                                    .scores = drawn ? NULL : a + offset,
                                    .draws = drawn ? keys[0] + offset : NULL,
                                    .before = masked ? b + offset : NULL };
            int64_t count = list_guarded(variant, got, run);
            assert_int_equal(count, reference->list_run(expected, &run, 1000));
            if (count > 0)
                assert_memory_equal(got, expected, (size_t)count * sizeof got[0]);
        }
}

static void variants_of_list_run(void **state)
{
    (void)state;
    with_every_variant(compare_list_run);
}

static void compare_list_stops(const pruni_kernels *variant, const pruni_kernels *reference, int64_t n, int64_t offset)
{
    uint64_t entries[PRUNI_STOPS + SLACK];
    uint8_t got[PRUNI_STOPS], expected[PRUNI_STOPS];
    uint32_t seed = (uint32_t)n;
    for (int i = 0; i < PRUNI_STOPS + SLACK; i++)
        entries[i] = (uint64_t)(next_random(&seed) % 5) << 32 | next_random(&seed) << 9;
    for (int down = 0; down < 2; down++) {
        const uint64_t *first = entries + offset + (down ? PRUNI_STOPS - 1 : 0);
        const uint64_t *lowest = LEND(entries + offset, PRUNI_STOPS);
        int64_t count = variant->list_stops(LEND(got, PRUNI_STOPS), lowest + (first - entries - offset),
                                            (uint32_t)(n % 6), down);
        take_back();
        assert_int_equal(count, reference->list_stops(expected, first, (uint32_t)(n % 6), down));
        if (count > 0)
            assert_memory_equal(got, expected, (size_t)count);
    }
}

static void variants_of_list_stops(void **state)
{
    (void)state;
    with_every_variant(compare_list_stops);
}

/* ---- Keys ---- */

static void fill_keys(uint32_t *some, uint32_t seed)
{
    for (int64_t i = 0; i < SIZE; i++)
        some[i] = next_random(&seed) % 5 == 0 ? PRUNI_ALL_KEYS - 1 : next_random(&seed) % 6 + 0x7ffffc;
}

static void compare_count_below(const pruni_kernels *variant, const pruni_kernels *reference, int64_t n, int64_t offset)
{
    static const uint32_t limits[] = { 0, 0x7ffffc, 0x7fffff, 0x800001, PRUNI_ALL_KEYS - 1, PRUNI_ALL_KEYS };
    fill_keys(keys[0], (uint32_t)n);
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        assert_int_equal(variant->count_below(LEND(keys[0] + offset, n), n, limits[i]),
                         reference->count_below(keys[0] + offset, n, limits[i]));
    take_back();
}

static void variants_of_count_below(void **state)
{
    (void)state;
    with_every_variant(compare_count_below);
}

static void compare_list_between(const pruni_kernels *variant, const pruni_kernels *reference, int64_t n,
                                 int64_t offset)
{
    static const uint32_t ranges[][2] = { { 0x7ffffe, 0x800000 }, { 0x7fffff, 0x7fffff }, { 0, PRUNI_ALL_KEYS } };
    fill_keys(keys[0], (uint32_t)n);
    for (int i = 0; i < 3; i++) {
        for (int64_t j = 0; j < SIZE; j++)
            places[0][j] = places[1][j] = (uint32_t)(5 * j);
        const uint32_t *range = ranges[i];
        int64_t expected = reference->list_between(keys[1], places[0] + offset, keys[0] + offset, n, range[0],
                                                   range[1]);
        int64_t listed = variant->list_between(LEND(places[1] + offset, n), LEND(places[1] + offset, n), /* in place */
                                               LEND(keys[0] + offset, n), n, range[0], range[1]);
        take_back();
        assert_int_equal(listed, expected);
        if (expected > 0)
            assert_memory_equal(places[1] + offset, keys[1], (size_t)expected * sizeof keys[1][0]);
        assert_memory_equal(places[1] + offset + n, places[0] + offset + n, SLACK * sizeof places[0][0]);
    }
}

static void variants_of_list_between(void **state)
{
    (void)state;
    with_every_variant(compare_list_between);
}

/* ---- Random numbers ---- */

static void compare_twist(const pruni_kernels *variant, const pruni_kernels *reference, int64_t n, int64_t offset)
{
    if (offset > 0 || n % 16 != 0)
        return;
    uint32_t *got = keys[0], *expected = keys[1];
    fill_words(got, SIZE, (uint32_t)n);
    memcpy(expected, got, sizeof keys[0]);
    for (int i = 0; i < 3; i++) {
        variant->mt19937_twist(LEND(got + 1, PRUNI_MT19937_WORDS));
        take_back();
        reference->mt19937_twist(expected + 1);
    }
    assert_memory_equal(got, expected, sizeof keys[0]);
}

static void variants_of_mt19937_twist(void **state)
{
    (void)state;
    with_every_variant(compare_twist);
}

static void compare_temper(const pruni_kernels *variant, const pruni_kernels *reference, int64_t n, int64_t offset)
{
    fill_words(keys[0], SIZE, (uint32_t)n);
    memcpy(keys[1], keys[0], sizeof keys[0]);
    reference->mt19937_temper(places[0] + offset, keys[0] + offset, n);
    variant->mt19937_temper(LEND(keys[1] + offset, n), LEND(keys[1] + offset, n), n); /* in place */
    take_back();
    if (n > 0)
        assert_memory_equal(keys[1] + offset, places[0] + offset, (size_t)n * sizeof keys[0][0]);
    assert_memory_equal(keys[1] + offset + n, keys[0] + offset + n, SLACK * sizeof keys[0][0]);
}

static void variants_of_mt19937_temper(void **state)
{
    (void)state;
    with_every_variant(compare_temper);
}

static void compare_uniform_float(const pruni_kernels *variant, const pruni_kernels *reference, int64_t n,
                                  int64_t offset)
{
    fill_words(keys[0], SIZE, (uint32_t)n);
    clear_outputs();
    variant->uniform_float(LEND(out[0] + offset, n), LEND(keys[0] + offset / 2, n), n);
    take_back();
    reference->uniform_float(out[1] + offset, keys[0] + offset / 2, n);
    assert_same_output(out[0], out[1]);
}

static void variants_of_uniform_float(void **state)
{
    (void)state;
    with_every_variant(compare_uniform_float);
}

/* Among the ranges are some so narrow that many values round up to the end. */
static void compare_uniform_range(const pruni_kernels *variant, const pruni_kernels *reference, int64_t n,
                                  int64_t offset)
{
    static const float ranges[][2] = { { -1, 1 },
                                       { 100, 100.0001f },
                                       { 0, 1 },
                                       { -0.0625f, 0.0625f },
                                       { 3, 3 },
                                       { -0.0f, 0.0f },
                                       { 0, 1e-42f },
                                       { -1.5e38f, 1.5e38f },
                                       { -100.0001f, -100 } };
    const float *range = ranges[(n + offset) % 9];
    fill_words(keys[0], SIZE, (uint32_t)n);
    clear_outputs();
    variant->uniform_range(LEND(out[0] + offset, n), LEND(keys[0] + offset / 2, n), n, range[0], range[1]);
    take_back();
    reference->uniform_range(out[1] + offset, keys[0] + offset / 2, n, range[0], range[1]);
    assert_same_output(out[0], out[1]);
}

static void variants_of_uniform_range(void **state)
{
    (void)state;
    with_every_variant(compare_uniform_range);
}

#include "kernels_conv.h"
#include "kernels_linear.h"
#include "kernels_activation.h"

/* ---- Outputs that do not stay in the caches ---- */

enum { LONG = (1 << 20) + 101 };

static void long_outputs_are_the_same(void **state)
{
    (void)state;
    float *x[6]; /* two inputs, two outputs of either */
    for (int i = 0; i < 6; i++) {
        x[i] = malloc((LONG + SLACK) * sizeof *x[i]);
        assert_non_null(x[i]);
        memset(x[i], 0, (LONG + SLACK) * sizeof *x[i]);
    }
    fill_floats(x[0], LONG + SLACK, 1);
    fill_mask(x[1], LONG + SLACK, 2);
    for (int64_t i = 0; i < LONG + SLACK; i++)
        x[1][i] = isnan(x[1][i]) ? INFINITY : x[1][i];
    const pruni_kernels *used = pruni_kernels_used(), *reference = pruni_kernels_for(PRUNI_CPU_PORTABLE);
    for (int64_t offset = 0; offset < 5; offset++) {
        used->multiply(x[2] + offset, x[1], x[0], LONG);
        reference->multiply(x[3] + offset, x[1], x[0], LONG);
        assert_memory_equal(x[2], x[3], (LONG + SLACK) * sizeof *x[2]);
        int64_t other = offset > 0 ? offset : 2; /* the second output aligned as the first, or not */
        used->prune_by_mask(x[2] + offset, x[4] + other, x[0], x[1], LONG, LONG);
        reference->prune_by_mask(x[3] + offset, x[5] + other, x[0], x[1], LONG, LONG);
        assert_memory_equal(x[2], x[3], (LONG + SLACK) * sizeof *x[2]);
        assert_memory_equal(x[4], x[5], (LONG + SLACK) * sizeof *x[4]);
        used->prune_n_of_four(x[2] + offset, x[4] + other, x[0], x[1], LONG / 4, 2);
        reference->prune_n_of_four(x[3] + offset, x[5] + other, x[0], x[1], LONG / 4, 2);
        assert_memory_equal(x[2], x[3], (LONG + SLACK) * sizeof *x[2]);
        assert_memory_equal(x[4], x[5], (LONG + SLACK) * sizeof *x[4]);
        used->copy_bytes((char *)x[2] + offset, x[0] + offset, LONG * (int64_t)sizeof *x[2] + offset);
        reference->copy_bytes((char *)x[3] + offset, x[0] + offset, LONG * (int64_t)sizeof *x[3] + offset);
        assert_memory_equal(x[2], x[3], (LONG + SLACK) * sizeof *x[2]);
        for (int shape = 0; shape < 3; shape++) {
            static const pruni_channels shapes[] = { { 1, 1, LONG }, { 2, 700, 749 }, { 501, 2093, 1 } };
            used->prune_channels(x[2] + offset, x[4] + other, x[0], x[1], shapes[shape], LONG);
            reference->prune_channels(x[3] + offset, x[5] + other, x[0], x[1], shapes[shape], LONG);
            assert_memory_equal(x[2], x[3], (LONG + SLACK) * sizeof *x[2]);
            assert_memory_equal(x[4], x[5], (LONG + SLACK) * sizeof *x[4]);
        }
    }
    for (int i = 0; i < 6; i++)
        free(x[i]);
}

/* ---- Choosing variants ---- */

static void a_variant_can_be_forced(void **state)
{
    (void)state;
    pruni_cpu used = pruni_cpu_used();
    assert_true(pruni_cpu_use(PRUNI_CPU_PORTABLE));
    assert_int_equal(pruni_cpu_used(), PRUNI_CPU_PORTABLE);
    assert_ptr_equal(pruni_kernels_used()->sieve, pruni_sieve_portable);
    assert_true(pruni_cpu_use(used));
    assert_int_equal(pruni_cpu_used(), used);
    assert_string_equal(pruni_cpu_name(PRUNI_CPU_AVX2), "avx2");
    assert_string_equal(pruni_cpu_name(PRUNI_CPU_NEON), "neon");
}

static void a_variant_of_another_processor_is_refused(void **state)
{
    (void)state;
    pruni_cpu used = pruni_cpu_used();
    pruni_cpu foreign = used == PRUNI_CPU_NEON ? PRUNI_CPU_AVX2 : PRUNI_CPU_NEON;
    assert_false(pruni_cpu_use(foreign));
    assert_int_equal(pruni_cpu_used(), used);
}

/* A row of the table that has no test here does not compile. */
#define TEST_ROW(kernel, type, reference, avx2, avx512, neon) cmocka_unit_test(variants_of_##kernel),

int main(void)
{
    const struct CMUnitTest tests[] = {
        PRUNI_KERNEL_TABLE(TEST_ROW) cmocka_unit_test(the_sieve_rewrites_in_place),
        cmocka_unit_test(long_outputs_are_the_same),
        cmocka_unit_test(equal_rows_have_equal_outputs),
        cmocka_unit_test(activations_are_right_everywhere),
        cmocka_unit_test(a_variant_can_be_forced),
        cmocka_unit_test(a_variant_of_another_processor_is_refused),
    };
    printf("best variants used: %s\n", pruni_cpu_name(pruni_cpu_used()));
    return cmocka_run_group_tests_name("kernels", tests, NULL, NULL);
}
