/* Selection among scores that come in chunks: the mask of L1Unstructured with ties by the lowest index. */
#include "support.h"

typedef enum failure { NOTHING, REWIND, NEXT, TAKE_MASK, SHORTER, OTHER_SCORES, NEGATIVE, NO_SCORES, SILENT } failure;

/* Scores in memory, given in chunks; misbehaves as told. */
typedef struct stream {
    const float *scores;
    int64_t n, chunk; /* chunk 0: of sizes that vary */
    int64_t at, given;
    float *mask;
    int64_t rewinds;
    int64_t fails_in_pass; /* 0: never */
    failure failure;
} stream;

static bool misbehaves(const stream *s, failure how)
{
    return s->failure == how && s->rewinds == s->fails_in_pass;
}

static prune_status rewind_scores(void *context)
{
    stream *s = context;
    s->rewinds++;
    s->at = 0;
    s->given = 0;
    if (misbehaves(s, SILENT))
        return PRUNE_ERROR_USER;
    return misbehaves(s, REWIND) ? prune_fail(PRUNE_ERROR_USER, "no way back") : PRUNE_OK;
}

static prune_status next_scores(void *context, const float **scores, int64_t *count)
{
    static const float others[4] = { 90, 91, 92, 93 };
    stream *s = context;
    s->at += s->given;
    int64_t chunk = s->chunk > 0 ? s->chunk : 1 + s->at * 7 % 11;
    int64_t left = s->n - s->at;
    s->given = chunk < left ? chunk : left;
    *scores = s->scores + s->at;
    if (misbehaves(s, SHORTER) && s->at + s->given == s->n && s->given > 0)
        s->given--;
    if (misbehaves(s, OTHER_SCORES))
        *scores = others;
    if (misbehaves(s, NO_SCORES))
        *scores = NULL;
    *count = misbehaves(s, NEGATIVE) ? -1 : s->given;
    return misbehaves(s, NEXT) ? prune_fail(PRUNE_ERROR_USER, "no more") : PRUNE_OK;
}

static prune_status take_mask(void *context, const float *mask, int64_t count)
{
    stream *s = context;
    assert_int_equal(count, s->given);
    if (misbehaves(s, TAKE_MASK))
        return prune_fail(PRUNE_ERROR_USER, "no room");
    memcpy(s->mask + s->at, mask, (size_t)count * sizeof *mask);
    return PRUNE_OK;
}

static const prune_score_stream_ops ops = {
    .size = sizeof(prune_score_stream_ops),
    .rewind = rewind_scores,
    .next = next_scores,
    .take_mask = take_mask,
};

/* ---- As the library ---- */

static uint32_t state = 1;

static uint32_t chance(uint32_t n)
{
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % n;
}

static float tie_heavy(void)
{
    static const float special[] = { 0, -0.0f, INFINITY, -INFINITY, NAN, -NAN, 1e-45f, -1e-45f, 0.1f, -0.1f };
    switch (chance(4)) {
    case 0:
        return special[chance(10)];
    case 1:
        return (float)chance(5) - 2;
    case 2: /* the same leading bits */
        return 1 + (float)chance(3) * 0x1p-23f;
    default:
        return (float)chance(1000000) - 500000;
    }
}

static prune_amount some_amount(int64_t n)
{
    static const double fractions[] = { 0, 0.1, 0.3, 0.5, 0.9, 1 };
    return chance(2) ? prune_fraction(fractions[chance(6)]) : prune_count((int64_t)chance((uint32_t)n + 1));
}

static uint32_t magnitude_bits(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits &= 0x7fffffffu;
    return bits > 0x7f800000u ? 0x7f800001u : bits;
}

/* What the selection says of itself, against its mask. */
static void check_selection(const prune_selection *found, const stream *s)
{
    int64_t pruned = 0, tied = 0, tied_pruned = 0;
    uint32_t threshold = 0;
    for (int64_t i = 0; i < s->n; i++)
        if (s->mask[i] == 0) {
            pruned++;
            threshold = magnitude_bits(s->scores[i]) > threshold ? magnitude_bits(s->scores[i]) : threshold;
        }
    for (int64_t i = 0; i < s->n; i++)
        if (pruned > 0 && magnitude_bits(s->scores[i]) == threshold) {
            tied++;
            tied_pruned += s->mask[i] == 0;
        }
    assert_int_equal(found->entries, s->n);
    assert_int_equal(found->pruned, pruned);
    assert_int_equal(magnitude_bits(found->threshold), threshold);
    assert_int_equal(found->tied, tied);
    assert_int_equal(found->tied_pruned, tied_pruned);
    assert_int_equal(found->passes, pruned > 0 ? 3 : 2);
    assert_int_equal(s->rewinds, found->passes);
}

static void compare_with_the_library(const float *scores, int64_t n, int64_t chunk, prune_amount amount)
{
    prune_method_options options = PRUNE_METHOD_OPTIONS_INIT;
    options.ties = PRUNE_TIES_LOWEST_INDEX;
    prune_method *method = NULL;
    prune_tensor *t = NULL, *expected = NULL, *mask = NULL;
    assert_ok(prune_tensor_from_values(&t, scores, PRUNE_SHAPE(n)));
    assert_ok(prune_tensor_full(&mask, PRUNE_SHAPE(n), 7, PRUNE_FLOAT32));
    assert_ok(prune_method_l1_unstructured(&method, amount, &options));
    assert_ok(prune_method_compute_mask(&expected, method, t, NULL));
    stream s = { .scores = scores, .n = n, .chunk = chunk, .mask = prune_tensor_data_mutable(mask) };
    prune_selection found;
    assert_ok(prune_select_streaming(&found, &ops, &s, amount));
    assert_same_bits(mask, expected);
    check_selection(&found, &s);
    prune_method_release(method);
    prune_tensor_release(t);
    prune_tensor_release(expected);
    prune_tensor_release(mask);
}

static void random_ties_give_the_masks_of_the_library(void **unused)
{
    (void)unused;
    enum { MOST = 400, CASES = 4000 };
    float scores[MOST];
    for (int i = 0; i < CASES; i++) {
        int64_t n = chance(MOST + 1);
        bool equal = chance(10) == 0;
        float same = tie_heavy();
        for (int64_t j = 0; j < n; j++)
            scores[j] = equal ? same : tie_heavy();
        compare_with_the_library(scores, n, chance(3) == 0 ? 0 : 1 + chance(MOST), some_amount(n));
    }
}

static void every_chunking_gives_the_same(void **unused)
{
    (void)unused;
    float scores[50];
    for (int i = 0; i < 50; i++)
        scores[i] = (float)(i * 7 % 5);
    for (int64_t chunk = 0; chunk <= 51; chunk++)
        compare_with_the_library(scores, 50, chunk, prune_count(27));
}

static void of_no_scores_none_is_pruned(void **unused)
{
    (void)unused;
    const float none = 0;
    compare_with_the_library(&none, 0, 1, prune_fraction(0.5));
    compare_with_the_library(&none, 0, 1, prune_count(0));
}

static void ties_at_the_threshold_are_counted(void **unused)
{
    (void)unused;
    const float scores[] = { 2, -1, 3, 1, -1, 0.5f };
    float mask[6];
    stream s = { .scores = scores, .n = 6, .chunk = 4, .mask = mask };
    prune_selection found;
    assert_ok(prune_select_streaming(&found, &ops, &s, prune_count(3)));
    assert_int_equal(found.tied, 3);
    assert_int_equal(found.tied_pruned, 2);
    assert_float_equal(found.threshold, 1, 0);
    assert_memory_equal(mask, ((const float[]){ 1, 0, 1, 0, 1, 0 }), sizeof mask);
}

static void nan_is_pruned_last(void **unused)
{
    (void)unused;
    const float scores[] = { NAN, 1, INFINITY };
    float mask[3];
    stream s = { .scores = scores, .n = 3, .chunk = 3, .mask = mask };
    prune_selection found;
    assert_ok(prune_select_streaming(&found, &ops, &s, prune_count(2)));
    assert_memory_equal(mask, ((const float[]){ 1, 0, 0 }), sizeof mask);
    assert_true(isinf(found.threshold));
    assert_ok(prune_select_streaming(&found, &ops, &s, prune_count(3)));
    assert_true(isnan(found.threshold));
}

/* ---- Errors ---- */

static const float four[] = { 1, 2, 3, 4 };

static prune_status select_two(prune_selection *found, failure how, int64_t fails_in_pass)
{
    float mask[4];
    stream s = { .scores = four, .n = 4, .chunk = 3, .mask = mask };
    s.failure = how;
    s.fails_in_pass = fails_in_pass;
    return prune_select_streaming(found, &ops, &s, prune_count(2));
}

static void what_a_callback_returns_comes_back(void **unused)
{
    (void)unused;
    prune_selection found = { .entries = -5 };
    for (int64_t in_pass = 1; in_pass <= 3; in_pass++) {
        assert_fails(select_two(&found, REWIND, in_pass), PRUNE_ERROR_USER, "no way back");
        assert_fails(select_two(&found, NEXT, in_pass), PRUNE_ERROR_USER, "no more");
        assert_fails(select_two(&found, SILENT, in_pass), PRUNE_ERROR_USER,
                     "rewind of a stream of scores failed with status user");
        assert_fails(select_two(&found, NEGATIVE, in_pass), PRUNE_ERROR_VALUE,
                     "the stream of scores gave a chunk of -1");
        assert_fails(select_two(&found, NO_SCORES, in_pass), PRUNE_ERROR_TYPE, "a chunk that is NULL");
    }
    assert_fails(select_two(&found, TAKE_MASK, 3), PRUNE_ERROR_USER, "no room");
    assert_int_equal(found.entries, -5);
}

static void passes_that_differ_are_a_state_error(void **unused)
{
    (void)unused;
    prune_selection found = { .entries = -5 };
    for (int64_t in_pass = 2; in_pass <= 3; in_pass++) {
        assert_fails(select_two(&found, SHORTER, in_pass), PRUNE_ERROR_STATE, "the same scores in every pass");
        assert_fails(select_two(&found, OTHER_SCORES, in_pass), PRUNE_ERROR_STATE, "the same scores in every pass");
    }
    assert_int_equal(found.entries, -5);
}

static void arguments_are_checked(void **unused)
{
    (void)unused;
    float mask[4];
    stream s = { .scores = four, .n = 4, .chunk = 3, .mask = mask };
    prune_selection found;
    const prune_amount one = prune_count(1);
    assert_fails(prune_select_streaming(NULL, &ops, &s, one), PRUNE_ERROR_TYPE, "'out'");
    assert_fails(prune_select_streaming(&found, NULL, &s, one), PRUNE_ERROR_TYPE, "'ops'");
    prune_score_stream_ops wrong = ops;
    wrong.rewind = NULL;
    assert_fails(prune_select_streaming(&found, &wrong, &s, one), PRUNE_ERROR_TYPE, "'ops->rewind'");
    wrong = ops;
    wrong.next = NULL;
    assert_fails(prune_select_streaming(&found, &wrong, &s, one), PRUNE_ERROR_TYPE, "'ops->next'");
    wrong = ops;
    wrong.take_mask = NULL;
    assert_fails(prune_select_streaming(&found, &wrong, &s, one), PRUNE_ERROR_TYPE, "'ops->take_mask'");
    wrong.size = 1;
    assert_fails(prune_select_streaming(&found, &wrong, &s, one), PRUNE_ERROR_VALUE, "prune_score_stream_ops");
    assert_fails(prune_select_streaming(&found, &ops, &s, prune_fraction(1.5)), PRUNE_ERROR_VALUE, "amount=1.5");
    assert_int_equal(s.rewinds, 0);
    assert_fails(prune_select_streaming(&found, &ops, &s, prune_count(5)), PRUNE_ERROR_VALUE,
                 "amount=5 should be smaller than the number of parameters to prune=4");
}

static prune_status select_again(void *context)
{
    prune_selection found;
    (void)context;
    return select_two(&found, NOTHING, 0);
}

static void every_allocation_may_fail(void **unused)
{
    (void)unused;
    try_every_allocation(select_again, NULL, NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_ties_give_the_masks_of_the_library),
        cmocka_unit_test(every_chunking_gives_the_same),
        cmocka_unit_test(of_no_scores_none_is_pruned),
        cmocka_unit_test(ties_at_the_threshold_are_counted),
        cmocka_unit_test(nan_is_pruned_last),
        cmocka_unit_test(what_a_callback_returns_comes_back),
        cmocka_unit_test(passes_that_differ_are_a_state_error),
        cmocka_unit_test(arguments_are_checked),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
