/* The first k of n numbers, and which of equal ones PyTorch's topk takes. */
#include "support.h"

#include "kernels/internal.h"

typedef enum pattern { EQUAL, SQUARES, STEPS, VALLEY, SPECIAL } pattern;

static float pattern_value(pattern p, int64_t i, int64_t n)
{
    static const float special[] = { 0, -0.0f, 1, -1, INFINITY, -INFINITY, NAN, -2 };
    switch (p) {
    case EQUAL:
        return 1;
    case SQUARES:
        return (float)(i * i % 7 - 3);
    case STEPS:
        return (float)(i / 5);
    case VALLEY: /* as Python divides, downwards */
        return (float)((i - n / 2 + 3 * n) / 3 - n);
    case SPECIAL:
        return special[(i * 5 + i / 3) % 8];
    }
    return 0;
}

static float *make_pattern(pattern p, int64_t n)
{
    float *x = malloc((size_t)n * sizeof *x);
    assert_non_null(x);
    for (int64_t i = 0; i < n; i++)
        x[i] = pattern_value(p, i, n);
    return x;
}

/* 1 for each number chosen. */
static float *choose_as_torch(const float *x, int64_t n, int64_t k, bool largest)
{
    float *chosen = calloc((size_t)n, sizeof *chosen);
    uint64_t *scratch = malloc((size_t)n * sizeof *scratch);
    assert_non_null(chosen);
    assert_non_null(scratch);
    pruni_kernel_select_fill_as_torch(chosen, 1, x, n, k, largest, scratch);
    free(scratch);
    return chosen;
}

static float *choose_lowest(const float *x, int64_t n, int64_t k, bool largest)
{
    float *chosen = calloc((size_t)n, sizeof *chosen);
    assert_non_null(chosen);
    pruni_selection found;
    pruni_kernel_select(&found, x, n, k, largest);
    pruni_kernel_select_fill(chosen, 1, x, n, &found);
    return chosen;
}

static void assert_chosen(float *chosen, int64_t n, const int64_t *expected, size_t count)
{
    size_t found = 0;
    for (int64_t i = 0; i < n; i++)
        if (chosen[i] != 0) {
            assert_true(found < count);
            assert_int_equal(i, expected[found++]);
        }
    assert_int_equal(found, count);
    free(chosen);
}

#define ASSERT_CHOSEN(chosen, n, ...) \
    assert_chosen((chosen), (n), (const int64_t[]){ __VA_ARGS__ }, sizeof((const int64_t[]){ __VA_ARGS__ }) / 8)

/* ---- Selection without ties ---- */

static void magnitudes_count_and_signs_do_not(void **state)
{
    (void)state;
    const float x[] = { -3, 0.5f, 2, -0.25f, 1e-45f, INFINITY, -INFINITY, NAN };
    ASSERT_CHOSEN(choose_lowest(x, 8, 1, false), 8, 4);
    ASSERT_CHOSEN(choose_lowest(x, 8, 3, false), 8, 1, 3, 4);
    ASSERT_CHOSEN(choose_lowest(x, 8, 5, false), 8, 0, 1, 2, 3, 4);
    ASSERT_CHOSEN(choose_lowest(x, 8, 7, false), 8, 0, 1, 2, 3, 4, 5, 6);
    ASSERT_CHOSEN(choose_lowest(x, 8, 8, false), 8, 0, 1, 2, 3, 4, 5, 6, 7);
    ASSERT_CHOSEN(choose_lowest(x, 8, 1, true), 8, 7);
    ASSERT_CHOSEN(choose_lowest(x, 8, 4, true), 8, 0, 5, 6, 7);
}

static void neighbouring_floats_are_told_apart(void **state)
{
    (void)state;
    const float middle = 1.0f;
    const float x[] = { nextafterf(middle, 2), middle, nextafterf(middle, 0), nextafterf(middle, 2) };
    ASSERT_CHOSEN(choose_lowest(x, 4, 1, false), 4, 2);
    ASSERT_CHOSEN(choose_lowest(x, 4, 2, false), 4, 1, 2);
    ASSERT_CHOSEN(choose_lowest(x, 4, 3, true), 4, 0, 1, 3);
}

static void a_tie_at_the_threshold_is_counted(void **state)
{
    (void)state;
    const float x[] = { 1, -2, 2, 2, 3, -0.0f, 0 };
    pruni_selection found;
    pruni_kernel_select(&found, x, 7, 4, false);
    assert_int_equal(found.equal, 3);
    assert_int_equal(found.equal_chosen, 1);
    pruni_kernel_select(&found, x, 7, 2, false);
    assert_int_equal(found.equal, 2);
    assert_int_equal(found.equal_chosen, 2);
    pruni_kernel_select(&found, x, 7, 3, true);
    assert_int_equal(found.equal, 3);
    assert_int_equal(found.equal_chosen, 2);
}

static void the_lowest_index_is_taken_among_equals(void **state)
{
    (void)state;
    const float x[] = { 1, NAN, 2, -2, 0, 2, -NAN, -0.0f };
    ASSERT_CHOSEN(choose_lowest(x, 8, 1, false), 8, 4);
    ASSERT_CHOSEN(choose_lowest(x, 8, 4, false), 8, 0, 2, 4, 7);
    ASSERT_CHOSEN(choose_lowest(x, 8, 7, false), 8, 0, 1, 2, 3, 4, 5, 7);
    ASSERT_CHOSEN(choose_lowest(x, 8, 1, true), 8, 1);
    ASSERT_CHOSEN(choose_lowest(x, 8, 3, true), 8, 1, 2, 6);
}

static void what_is_not_chosen_keeps_its_value(void **state)
{
    (void)state;
    const float x[] = { 1, 1, 5, 1 };
    float out[] = { 0.5f, -0.0f, NAN, 7 };
    pruni_selection found;
    pruni_kernel_select(&found, x, 4, 2, false);
    pruni_kernel_select_fill(out, 9, x, 4, &found);
    assert_memory_equal(out, ((const float[]){ 9, 9, NAN, 7 }), sizeof out);
    uint64_t scratch[4];
    float again[] = { 0.5f, -0.0f, NAN, 7 };
    pruni_kernel_select_fill_as_torch(again, 9, x, 4, 3, false, scratch);
    assert_memory_equal(again, ((const float[]){ 9, 9, NAN, 9 }), sizeof again);
}

/* ---- PyTorch's choice: torch.topk(x.abs(), k, largest) ---- */

static void of_equal_numbers_torch_takes_odd_ones(void **state)
{
    (void)state;
    float *x = make_pattern(EQUAL, 100);
    ASSERT_CHOSEN(choose_as_torch(x, 10, 1, false), 10, 8);
    ASSERT_CHOSEN(choose_as_torch(x, 10, 2, false), 10, 6, 8);
    ASSERT_CHOSEN(choose_as_torch(x, 10, 5, false), 10, 5, 6, 7, 8, 9);
    ASSERT_CHOSEN(choose_as_torch(x, 100, 1, false), 100, 0);
    ASSERT_CHOSEN(choose_as_torch(x, 100, 2, false), 100, 66, 67);
    ASSERT_CHOSEN(choose_as_torch(x, 1, 1, true), 1, 0);
    free(x);
}

/* Built so that every pivot is a bad one: the rounds of the quickselect are used up, and the heap takes over. */
static void torch_falls_back_to_a_heap(void **state)
{
    (void)state;
    const float x[64] = { 32, 0,  32, 1,  32, 2,  32, 3,  32, 4,  32, 5,  32, 6,  32, 7,  32, 8,  32, 9, 32, 10,
                          32, 11, 32, 32, 32, 32, 32, 32, 32, 32, 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11,
                          32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32 };
    ASSERT_CHOSEN(choose_as_torch(x, 64, 32, false), 64, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 24, 25, 26, 27, 28,
                  29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43);
}

/* The sum of (i + 1)(i + 7) over the indices that torch.topk gives. */
static const struct {
    pattern pattern;
    int64_t n, k;
    bool largest;
    int64_t sum;
} torch_choices[] = {
    { EQUAL, 10, 5, false, 570 },
    { EQUAL, 10, 5, true, 570 },
    { EQUAL, 100, 2, false, 9923 },
    { EQUAL, 100, 2, true, 9923 },
    { EQUAL, 640, 10, false, 715 },
    { EQUAL, 640, 10, true, 715 },
    { EQUAL, 639, 10, false, 1836115 },
    { EQUAL, 639, 10, true, 1836115 },
    { EQUAL, 5000, 2500, false, 36523966250 },
    { EQUAL, 5000, 2500, true, 36523966250 },
    { EQUAL, 100000, 1562, false, 1278889843 },
    { EQUAL, 100000, 1562, true, 1278889843 },
    { EQUAL, 100000, 25000, false, 98972396112500 },
    { EQUAL, 100000, 25000, true, 98972396112500 },
    { SQUARES, 10, 5, false, 354 },
    { SQUARES, 10, 5, true, 361 },
    { SQUARES, 100, 2, false, 9175 },
    { SQUARES, 100, 2, true, 6867 },
    { SQUARES, 640, 10, false, 1827 },
    { SQUARES, 640, 10, true, 16555 },
    { SQUARES, 639, 10, false, 1489103 },
    { SQUARES, 639, 10, true, 1138599 },
    { SQUARES, 5000, 2500, false, 21191718499 },
    { SQUARES, 5000, 2500, true, 21521392022 },
    { SQUARES, 100000, 1562, false, 3907526547 },
    { SQUARES, 100000, 1562, true, 62255446099 },
    { SQUARES, 100000, 25000, false, 88470475684659 },
    { SQUARES, 100000, 25000, true, 94869503868929 },
    { STEPS, 10, 5, false, 145 },
    { STEPS, 10, 5, true, 570 },
    { STEPS, 100, 2, false, 23 },
    { STEPS, 100, 2, true, 20392 },
    { STEPS, 640, 10, false, 715 },
    { STEPS, 640, 10, true, 4076815 },
    { STEPS, 639, 10, false, 715 },
    { STEPS, 639, 10, true, 4060266 },
    { STEPS, 5000, 2500, false, 5230216250 },
    { STEPS, 5000, 2500, true, 36523966250 },
    { STEPS, 100000, 1562, false, 1278889843 },
    { STEPS, 100000, 1562, true, 15378370023403 },
    { STEPS, 100000, 25000, false, 5210520912500 },
    { STEPS, 100000, 25000, true, 192723645912500 },
    { VALLEY, 10, 5, false, 570 },
    { VALLEY, 10, 5, true, 358 },
    { VALLEY, 100, 2, false, 6034 },
    { VALLEY, 100, 2, true, 23 },
    { VALLEY, 640, 10, false, 1051719 },
    { VALLEY, 640, 10, true, 1643755 },
    { VALLEY, 639, 10, false, 1045878 },
    { VALLEY, 639, 10, true, 2048127 },
    { VALLEY, 5000, 2500, false, 16983356234 },
    { VALLEY, 5000, 2500, true, 24758296250 },
    { VALLEY, 100000, 1562, false, 3906020503803 },
    { VALLEY, 100000, 1562, true, 7740023206911 },
    { VALLEY, 100000, 25000, false, 63813333537491 },
    { VALLEY, 100000, 25000, true, 110663331162500 },
    { SPECIAL, 10, 5, false, 370 },
    { SPECIAL, 10, 5, true, 390 },
    { SPECIAL, 100, 2, false, 2507 },
    { SPECIAL, 100, 2, true, 10499 },
    { SPECIAL, 640, 10, false, 3715 },
    { SPECIAL, 640, 10, true, 4075 },
    { SPECIAL, 639, 10, false, 1498243 },
    { SPECIAL, 639, 10, true, 1073215 },
    { SPECIAL, 5000, 2500, false, 21495617480 },
    { SPECIAL, 5000, 2500, true, 23347878326 },
    { SPECIAL, 100000, 1562, false, 11451402347 },
    { SPECIAL, 100000, 1562, true, 11458731251 },
    { SPECIAL, 100000, 25000, false, 76637277240076 },
    { SPECIAL, 100000, 25000, true, 76658914222645 },
};

static void ties_are_broken_as_torch_breaks_them(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof torch_choices / sizeof torch_choices[0]; c++) {
        int64_t n = torch_choices[c].n;
        float *x = make_pattern(torch_choices[c].pattern, n);
        float *chosen = choose_as_torch(x, n, torch_choices[c].k, torch_choices[c].largest);
        int64_t sum = 0;
        int64_t count = 0;
        for (int64_t i = 0; i < n; i++)
            if (chosen[i] != 0) {
                sum += (i + 1) * (i + 7);
                count++;
            }
        if (sum != torch_choices[c].sum)
            print_error("case %zu\n", c);
        assert_int_equal(sum, torch_choices[c].sum);
        assert_int_equal(count, torch_choices[c].k);
        free(chosen);
        free(x);
    }
}

static void both_ways_agree_where_no_tie_straddles(void **state)
{
    (void)state;
    enum { N = 700 };
    float x[N];
    uint32_t random = 1;
    for (int i = 0; i < N; i++) {
        random = random * 1664525u + 1013904223u;
        x[i] = (float)(random >> 8) - 8e6f;
    }
    for (int64_t k = 1; k <= N; k += 3)
        for (int largest = 0; largest < 2; largest++) {
            float *a = choose_lowest(x, N, k, largest);
            float *b = choose_as_torch(x, N, k, largest);
            assert_memory_equal(a, b, sizeof x);
            free(a);
            free(b);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(magnitudes_count_and_signs_do_not),
        cmocka_unit_test(neighbouring_floats_are_told_apart),
        cmocka_unit_test(a_tie_at_the_threshold_is_counted),
        cmocka_unit_test(the_lowest_index_is_taken_among_equals),
        cmocka_unit_test(what_is_not_chosen_keeps_its_value),
        cmocka_unit_test(of_equal_numbers_torch_takes_odd_ones),
        cmocka_unit_test(torch_falls_back_to_a_heap),
        cmocka_unit_test(ties_are_broken_as_torch_breaks_them),
        cmocka_unit_test(both_ways_agree_where_no_tie_straddles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
