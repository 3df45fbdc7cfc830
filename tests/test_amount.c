/* How much to prune. */
#include "pruning.h"

#define RANGE " should either be a float in the range [0, 1] or a non-negative integer"

/* How many of n entries an amount prunes. */
static int64_t pruned_of(prune_amount amount, int64_t n)
{
    prune_method *method = NULL;
    prune_tensor *t = NULL, *mask = NULL;
    assert_ok(prune_method_l1_unstructured(&method, amount, NULL));
    assert_ok(prune_tensor_arange(&t, 0, (double)n, 1, PRUNE_FLOAT32));
    assert_ok(prune_method_compute_mask(&mask, method, t, NULL));
    int64_t zeros = 0;
    for (int64_t i = 0; i < n; i++)
        zeros += prune_tensor_data(mask)[i] == 0;
    prune_method_release(method);
    prune_tensor_release(t);
    prune_tensor_release(mask);
    return zeros;
}

/* Python: round(amount * n). */
static void fractions_are_rounded_half_to_even(void **state)
{
    (void)state;
    static const struct {
        double fraction;
        int64_t n, pruned;
    } cases[] = {
        { 0.5, 5, 2 },     { 0.3, 5, 2 },     { 0.5, 3, 2 },        { 0.35, 10, 4 },  { 0.7, 15, 10 },
        { 0.29, 50, 14 },  { 0.5, 1, 0 },     { 0.5, 7, 4 },        { 0.0, 10, 0 },   { -0.0, 10, 0 },
        { 1.0, 10, 10 },   { 0.1, 5, 0 },     { 0.15, 10, 2 },      { 0.25, 10, 2 },  { 0.45, 10, 4 },
        { 0.55, 10, 6 },   { 0.65, 10, 6 },   { 0.9999, 100, 100 }, { 0.5, 0, 0 },    { 1.0, 0, 0 },
        { 0.005, 100, 0 }, { 0.015, 100, 2 }, { 1e-300, 100, 0 },   { 0.58, 50, 29 }, { 0.0625, 1000, 62 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (pruned_of(prune_fraction(cases[i].fraction), cases[i].n) != cases[i].pruned)
            fail_msg("%g of %d", cases[i].fraction, (int)cases[i].n);
}

static void counts_are_taken_as_they_are(void **state)
{
    (void)state;
    assert_int_equal(pruned_of(prune_count(0), 5), 0);
    assert_int_equal(pruned_of(prune_count(1), 5), 1);
    assert_int_equal(pruned_of(prune_count(5), 5), 5);
    assert_int_equal(pruned_of(prune_count(0), 0), 0);
}

/* prune.L1Unstructured(amount) */
static void amounts_outside_are_refused_as_python_prints_them(void **state)
{
    (void)state;
    prune_method *m = NULL;
    assert_fails(prune_method_l1_unstructured(&m, prune_fraction(1.5), NULL), PRUNE_ERROR_VALUE, "amount=1.5" RANGE);
    assert_fails(prune_method_l1_unstructured(&m, prune_fraction(-0.1), NULL), PRUNE_ERROR_VALUE, "amount=-0.1" RANGE);
    assert_fails(prune_method_l1_unstructured(&m, prune_fraction(2), NULL), PRUNE_ERROR_VALUE, "amount=2.0" RANGE);
    assert_fails(prune_method_l1_unstructured(&m, prune_fraction(-1e-7), NULL), PRUNE_ERROR_VALUE,
                 "amount=-1e-07" RANGE);
    assert_fails(prune_method_l1_unstructured(&m, prune_fraction(1e22), NULL), PRUNE_ERROR_VALUE, "amount=1e+22" RANGE);
    assert_fails(prune_method_l1_unstructured(&m, prune_fraction(INFINITY), NULL), PRUNE_ERROR_VALUE,
                 "amount=inf" RANGE);
    assert_fails(prune_method_l1_unstructured(&m, prune_fraction(-INFINITY), NULL), PRUNE_ERROR_VALUE,
                 "amount=-inf" RANGE);
    assert_fails(prune_method_l1_unstructured(&m, prune_fraction(NAN), NULL), PRUNE_ERROR_VALUE, "amount=nan" RANGE);
    assert_fails(prune_method_l1_unstructured(&m, prune_fraction(nextafter(1, 2)), NULL), PRUNE_ERROR_VALUE,
                 "amount=1.0000000000000002" RANGE);
    assert_fails(prune_method_l1_unstructured(&m, prune_count(-1), NULL), PRUNE_ERROR_VALUE, "amount=-1" RANGE);
    assert_fails(prune_method_l1_unstructured(&m, prune_count(INT64_MIN), NULL), PRUNE_ERROR_VALUE,
                 "amount=-9223372036854775808" RANGE);
    assert_null(m);
}

static void an_amount_not_made_by_the_functions_is_refused(void **state)
{
    (void)state;
    prune_method *m = NULL;
    const prune_amount none = { 0 };
    assert_fails(prune_method_l1_unstructured(&m, none, NULL), PRUNE_ERROR_VALUE, "prune_fraction()");
    assert_null(m);
}

static void every_method_checks_its_amount(void **state)
{
    (void)state;
    prune_method *m = NULL;
    const prune_amount bad = prune_fraction(1.5);
    assert_fails(prune_method_random_unstructured(&m, bad, NULL), PRUNE_ERROR_VALUE, "amount=1.5");
    assert_fails(prune_method_random_structured(&m, bad, 0), PRUNE_ERROR_VALUE, "amount=1.5");
    assert_fails(prune_method_ln_structured(&m, bad, prune_norm_p(NAN), 0, NULL), PRUNE_ERROR_VALUE, "amount=1.5");
    assert_null(m);
}

static void more_than_there_is_fails_when_the_mask_is_computed(void **state)
{
    (void)state;
    prune_method *m = NULL;
    prune_tensor *mask = NULL, *t = make_tensor(PRUNE_SHAPE(3), 1, 2, 3);
    assert_ok(prune_method_l1_unstructured(&m, prune_count(4), NULL));
    assert_fails(prune_method_compute_mask(&mask, m, t, NULL), PRUNE_ERROR_VALUE,
                 "amount=4 should be smaller than the number of parameters to prune=3");
    assert_null(mask);
    prune_method_release(m);
    prune_tensor_release(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fractions_are_rounded_half_to_even),
        cmocka_unit_test(counts_are_taken_as_they_are),
        cmocka_unit_test(amounts_outside_are_refused_as_python_prints_them),
        cmocka_unit_test(an_amount_not_made_by_the_functions_is_refused),
        cmocka_unit_test(every_method_checks_its_amount),
        cmocka_unit_test(more_than_there_is_fails_when_the_mask_is_computed),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
