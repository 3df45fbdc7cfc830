/* Tensors as text: the print options, whatever the locale, and failures. The expected strings are PyTorch's own. */
#include "print_support.h"

#include <locale.h>

/* ---- Options: torch.set_printoptions ---- */

static prune_print_options options_of(int64_t precision, int64_t threshold, int64_t edgeitems, int64_t linewidth,
                                      int sci_mode)
{
    prune_print_options options = PRUNE_PRINT_OPTIONS_INIT;
    options.precision = precision;
    options.threshold = threshold;
    options.edgeitems = edgeitems;
    options.linewidth = linewidth;
    options.sci_mode = sci_mode;
    return options;
}

static void precision_sets_the_digits(void **state)
{
    (void)state;
    const float third = 1.0F / 3;
    prune_print_options options = options_of(2, 1000, 3, 80, -1);
    assert_prints_with(TENSOR(third, 2), &options, "tensor([0.33, 2.00])");
    options.precision = 0;
    assert_prints_with(TENSOR(third, 2), &options, "tensor([0, 2])");
    options.precision = 10;
    assert_prints_with(TENSOR(third, 2e5F), &options, "tensor([3.3333334327e-01, 2.0000000000e+05])");
    assert_prints_with(TENSOR(1, 2), &options, "tensor([1., 2.])");
    options.precision = 60;
    assert_prints_with(TENSOR(third), &options,
                       "tensor([0.333333343267440795898437500000000000000000000000000000000000])");
}

static void threshold_and_edgeitems_set_the_summary(void **state)
{
    (void)state;
    prune_print_options options = options_of(4, 5, 3, 80, -1);
    assert_prints_with(range(0, 1, PRUNE_SHAPE(10), PRUNE_INT64), &options, "tensor([0, 1, 2,  ..., 7, 8, 9])");
    options = options_of(4, 9, 1, 80, -1);
    assert_prints_with(range(0, 1, PRUNE_SHAPE(10), PRUNE_INT64), &options, "tensor([0,  ..., 9])");
    options = options_of(4, 9, 5, 80, -1);
    assert_prints_with(range(0, 1, PRUNE_SHAPE(10), PRUNE_INT64), &options, "tensor([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])");
    options = options_of(4, 0, INT64_MAX, 80, -1);
    assert_prints_with(range(0, 1, PRUNE_SHAPE(3), PRUNE_INT64), &options, "tensor([0, 1, 2])");
    options = options_of(4, INT64_MAX, 1, 80, -1);
    assert_prints_with(range(0, 1, PRUNE_SHAPE(5), PRUNE_INT64), &options, "tensor([0, 1, 2, 3, 4])");
    /* torch.arange(27.).reshape(3, 3, 3) */
    options = options_of(4, 5, 1, 80, -1);
    assert_prints_with(range(0, 1, PRUNE_SHAPE(3, 3, 3), PRUNE_FLOAT32), &options,
                       "tensor([[[ 0.,  ...,  2.],\n"
                       "         ...,\n"
                       "         [ 6.,  ...,  8.]],\n"
                       "\n"
                       "        ...,\n"
                       "\n"
                       "        [[18.,  ..., 20.],\n"
                       "         ...,\n"
                       "         [24.,  ..., 26.]]])");
}

static void no_edgeitems_show_the_size(void **state)
{
    (void)state;
    prune_print_options options = options_of(4, 0, 0, 80, -1);
    assert_prints_with(range(0, 1, PRUNE_SHAPE(2, 5), PRUNE_FLOAT32), &options, "tensor([...], size=(2, 5))");
    assert_prints_with(full(2, PRUNE_SCALAR, PRUNE_FLOAT32), &options, "tensor(2., size=())");
    options.threshold = 1000;
    assert_prints_with(range(0, 1, PRUNE_SHAPE(4), PRUNE_FLOAT32), &options, "tensor([0., 1., 2., 3.], size=(4,))");
}

static void linewidth_sets_the_columns(void **state)
{
    (void)state;
    prune_print_options options = options_of(4, 1000, 3, 20, -1);
    assert_prints_with(range(0, 1, PRUNE_SHAPE(10), PRUNE_INT64), &options,
                       "tensor([0, 1, 2, 3,\n"
                       "        4, 5, 6, 7,\n"
                       "        8, 9])");
    options.linewidth = 1;
    assert_prints_with(range(0, 1, PRUNE_SHAPE(4), PRUNE_INT64), &options,
                       "tensor([0,\n"
                       "        1,\n"
                       "        2,\n"
                       "        3])");
}

static void sci_mode_forces_the_style(void **state)
{
    (void)state;
    prune_print_options options = options_of(4, 1000, 3, 80, 1);
    assert_prints_with(TENSOR(0.5F, 2), &options, "tensor([5.0000e-01, 2.0000e+00])");
    assert_prints_with(TENSOR(1, 2), &options, "tensor([1.0000e+00, 2.0000e+00])");
    assert_prints_with(range(1, 1, PRUNE_SHAPE(2), PRUNE_INT64), &options, "tensor([1, 2])");
    options.sci_mode = 0;
    assert_prints_with(TENSOR(1e-9F, 2), &options, "tensor([0.0000, 2.0000])");
    assert_prints_with(TENSOR(1e30F, 2), &options,
                       "tensor([1000000015047466219876688855040.,                               2.])");
}

/* ---- Numbers whatever the locale ---- */

static void assert_point_replaced(const char *number, const char *expected)
{
    char text[64];
    snprintf(text, sizeof text, "%s", number);
    pruni_replace_decimal_point(text);
    assert_string_equal(text, expected);
}

static void any_decimal_point_becomes_a_dot(void **state)
{
    (void)state;
    assert_point_replaced("-12,5000", "-12.5000");
    assert_point_replaced("1,2500e-07", "1.2500e-07");
    assert_point_replaced("0\xd9\xab"
                          "5",
                          "0.5"); /* the Arabic one has two bytes */
    assert_point_replaced("12.5", "12.5");
    assert_point_replaced("125", "125");
}

static void the_locale_does_not_show(void **state)
{
    (void)state;
    static const char *const names[] = { "de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "fr_FR.utf8", "de_DE", "German" };
    const char *found = NULL;
    for (size_t i = 0; !found && i < sizeof names / sizeof names[0]; i++)
        found = setlocale(LC_NUMERIC, names[i]);
    assert_prints(TENSOR(0.5F, -0.25F), "tensor([ 0.5000, -0.2500])");
    assert_prints(TENSOR(1e-5F, 1), "tensor([1.0000e-05, 1.0000e+00])");
    pruni_text text = { NULL, 0, 0, false };
    pruni_text_add_float(&text, 0.1);
    assert_string_equal(text.data, "0.1");
    pruni_text_free(&text);
    setlocale(LC_NUMERIC, "C");
}

static void assert_float_repr(double value, const char *expected)
{
    pruni_text text = { NULL, 0, 0, false };
    pruni_text_add_float(&text, value);
    assert_string_equal(text.data, expected);
    pruni_text_free(&text);
}

static void floats_have_the_shortest_digits(void **state)
{
    (void)state;
    /* repr(x) */
    assert_float_repr(0.1, "0.1");
    assert_float_repr(3, "3.0");
    assert_float_repr(0, "0.0");
    assert_float_repr(-0.0, "-0.0");
    assert_float_repr(1e-5, "1e-05");
    assert_float_repr(0.0001, "0.0001");
    assert_float_repr(1.5e-7, "1.5e-07");
    assert_float_repr(1e15, "1000000000000000.0");
    assert_float_repr(1e16, "1e+16");
    assert_float_repr(123456789012345680.0, "1.2345678901234568e+17");
    assert_float_repr(1e300, "1e+300");
    assert_float_repr(12345.678, "12345.678");
    assert_float_repr(1.0 / 3, "0.3333333333333333");
    assert_float_repr(5e-324, "5e-324");
    assert_float_repr(ldexp(1, -44), "5.684341886080802e-14"); /* the nearest of 16 digits ends in 1 */
    assert_float_repr(ldexp(1, -1017), "7.120236347223045e-307");
    assert_float_repr((double)NAN, "nan");
    assert_float_repr((double)-INFINITY, "-inf");
}

/* ---- Errors ---- */

static void options_outside_their_ranges_are_refused(void **state)
{
    (void)state;
    prune_tensor *t = TENSOR(1);
    FILE *file = open_capture();
    char *text = NULL;
    prune_print_options options = options_of(-1, 1000, 3, 80, -1);
    assert_fails(prune_tensor_to_string(&text, t, &options), PRUNE_ERROR_VALUE, "precision is -1");
    options = options_of(61, 1000, 3, 80, -1);
    assert_fails(prune_tensor_print(file, t, &options), PRUNE_ERROR_VALUE, "precision is 61, not in the range 0 to 60");
    options = options_of(4, 1000, -1, 80, -1);
    assert_fails(prune_tensor_print(file, t, &options), PRUNE_ERROR_VALUE, "edgeitems is -1, not 0 or more");
    options = options_of(4, 1000, 3, 0, -1);
    assert_fails(prune_tensor_to_string(&text, t, &options), PRUNE_ERROR_VALUE, "linewidth is 0, not 1 or more");
    options = options_of(4, 1000, 3, 80, 2);
    assert_fails(prune_tensor_print(file, t, &options), PRUNE_ERROR_VALUE, "sci_mode is 2, not -1, 0 or 1");
    options = options_of(4, 1000, 3, 80, -1);
    options.size = 3;
    assert_fails(prune_tensor_print(file, t, &options), PRUNE_ERROR_VALUE, "size field is 3");
    assert_null(text);
    text = close_capture(file);
    assert_string_equal(text, "");
    free(text);
    prune_tensor_release(t);
}

static void null_arguments_are_named(void **state)
{
    (void)state;
    assert_fails(prune_tensor_print(NULL, NULL, NULL), PRUNE_ERROR_TYPE, "prune_tensor_print: argument 'file'");
    assert_fails(prune_tensor_to_string(NULL, NULL, NULL), PRUNE_ERROR_TYPE, "prune_tensor_to_string: argument 'out'");
}

static void a_file_that_cannot_be_written_is_an_io_error(void **state)
{
    (void)state;
    FILE *file = fopen(PRUNE_TESTS_DIR "/support.h", "r");
    assert_non_null(file);
    prune_tensor *t = TENSOR(1);
    assert_fails(prune_tensor_print(file, t, NULL), PRUNE_ERROR_IO, "cannot write");
    prune_tensor_release(t);
    fclose(file);
}

static void what_a_buffer_holds_back_fails_at_its_flush(void **state)
{
    (void)state;
    FILE *full = fopen("/dev/full", "w");
    if (!full)
        skip();
    prune_tensor *t = TENSOR(1);
    assert_ok(prune_tensor_print(full, t, NULL));
    assert_int_equal(fflush(full), EOF);
    assert_int_equal(setvbuf(full, NULL, _IONBF, 0), 0);
    assert_fails(prune_tensor_print(full, t, NULL), PRUNE_ERROR_IO,
                 "cannot write to the file: No space left on device");
    fclose(full);
    prune_tensor_release(t);
}

/* ---- Memory ---- */

struct printing {
    prune_tensor *t;
    FILE *file;
    char *text;
};

static prune_status to_string(void *context)
{
    struct printing *p = context;
    return prune_tensor_to_string(&p->text, p->t, NULL);
}

static void nothing_was_given(void *context)
{
    struct printing *p = context;
    assert_null(p->text);
    assert_int_equal(ftell(p->file), 0);
}

static void free_text(void *context)
{
    struct printing *p = context;
    prune_free(p->text);
    p->text = NULL;
}

static prune_status print(void *context)
{
    struct printing *p = context;
    return prune_tensor_print(p->file, p->t, NULL);
}

static void rewind_file(void *context)
{
    struct printing *p = context;
    rewind(p->file);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    struct printing p = { range(0, 0.5, PRUNE_SHAPE(2, 10, 5), PRUNE_FLOAT32), open_capture(), NULL };
    try_every_allocation(to_string, nothing_was_given, free_text, &p);
    try_every_allocation(print, nothing_was_given, rewind_file, &p);
    fclose(p.file);
    prune_tensor_release(p.t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(precision_sets_the_digits),
        cmocka_unit_test(threshold_and_edgeitems_set_the_summary),
        cmocka_unit_test(no_edgeitems_show_the_size),
        cmocka_unit_test(linewidth_sets_the_columns),
        cmocka_unit_test(sci_mode_forces_the_style),
        cmocka_unit_test(any_decimal_point_becomes_a_dot),
        cmocka_unit_test(the_locale_does_not_show),
        cmocka_unit_test(floats_have_the_shortest_digits),
        cmocka_unit_test(options_outside_their_ranges_are_refused),
        cmocka_unit_test(null_arguments_are_named),
        cmocka_unit_test(a_file_that_cannot_be_written_is_an_io_error),
        cmocka_unit_test(what_a_buffer_holds_back_fails_at_its_flush),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
