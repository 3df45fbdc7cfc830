/* Dicts as text. The expected strings are Python's: repr() of a list of items, of a str. */
#include "support.h"

#include "tensor/internal.h"

/* The items that a test prints: "weight", a 2 × 2 parameter, and "bias", one number. */
static prune_dict *two_items(void)
{
    prune_dict *dict = NULL;
    prune_tensor *weight = NULL, *bias = NULL;
    assert_ok(prune_dict_create(&dict));
    assert_ok(prune_tensor_from_values(&weight, (const float[]){ 1, 2, 3, 4 }, PRUNE_SHAPE(2, 2)));
    assert_ok(prune_tensor_from_values(&bias, (const float[]){ 0.5F }, PRUNE_SHAPE(1)));
    weight->is_parameter = true;
    weight->requires_grad = true;
    assert_ok(prune_dict_set(dict, "weight", weight));
    assert_ok(prune_dict_set(dict, "bias", bias));
    prune_tensor_release(weight);
    prune_tensor_release(bias);
    return dict;
}

static void assert_prints(const prune_dict *dict, const prune_print_options *options, const char *items)
{
    FILE *file = open_capture();
    assert_ok(prune_dict_print(file, dict, options));
    char *text = close_capture(file);
    assert_string_equal(text, items);
    free(text);
}

static void items_are_a_list_of_pairs(void **state)
{
    (void)state;
    prune_dict *dict = two_items();
    assert_prints(dict, NULL,
                  "[('weight', Parameter containing:\n"
                  "tensor([[1., 2.],\n"
                  "        [3., 4.]], requires_grad=True)), ('bias', tensor([0.5000]))]");
    prune_dict_release(dict);
}

static void an_empty_dict_has_empty_brackets(void **state)
{
    (void)state;
    prune_dict *dict = NULL;
    assert_ok(prune_dict_create(&dict));
    assert_prints(dict, NULL, "[]");
    prune_dict_release(dict);
}

static void options_reach_the_tensors(void **state)
{
    (void)state;
    prune_dict *dict = two_items();
    prune_print_options options = PRUNE_PRINT_OPTIONS_INIT;
    options.precision = 1;
    assert_ok(prune_dict_delete(dict, "weight"));
    assert_prints(dict, &options, "[('bias', tensor([0.5]))]");
    prune_dict_release(dict);
}

static void names_are_quoted_as_python_quotes_them(void **state)
{
    (void)state;
    prune_dict *dict = NULL;
    prune_tensor *t = NULL;
    assert_ok(prune_dict_create(&dict));
    assert_ok(prune_tensor_zeros(&t, PRUNE_SCALAR, PRUNE_FLOAT32));
    assert_ok(prune_dict_set(dict, "it's", t));
    assert_ok(prune_dict_set(dict, "", t));
    assert_ok(prune_dict_set(dict, "a\nb", t));
    assert_prints(dict, NULL, "[(\"it's\", tensor(0.)), ('', tensor(0.)), ('a\\nb', tensor(0.))]");
    prune_tensor_release(t);
    prune_dict_release(dict);
}

static void assert_repr(const char *string, const char *expected)
{
    pruni_text text = { NULL, 0, 0, false };
    pruni_text_add_repr(&text, string);
    assert_string_equal(text.data, expected);
    pruni_text_free(&text);
}

static void what_cannot_be_shown_is_escaped(void **state)
{
    (void)state;
    assert_repr("conv1.weight", "'conv1.weight'");
    assert_repr("say \"hi\"", "'say \"hi\"'");
    assert_repr("both ' and \"", "'both \\' and \"'");
    assert_repr("back\\slash", "'back\\\\slash'");
    assert_repr("a\nb\tc\rd", "'a\\nb\\tc\\rd'");
    assert_repr("\x01\x7f", "'\\x01\\x7f'");
    assert_repr("\xc3\xa9", "'\xc3\xa9'");
    assert_repr("\xe6\x97\xa5\xe6\x9c\xac", "'\xe6\x97\xa5\xe6\x9c\xac'");
    assert_repr("\xf0\x9f\x98\x80", "'\xf0\x9f\x98\x80'");
    assert_repr("\xc2\xa0", "'\\xa0'");
    assert_repr("\xe2\x80\x8b", "'\\u200b'");
    assert_repr("\xe2\x80\xa8", "'\\u2028'");
    assert_repr("\xee\x80\x80", "'\\ue000'");
    assert_repr("\xf3\xa0\x80\x81", "'\\U000e0001'");
}

static void bytes_that_are_not_utf8_are_escaped_one_by_one(void **state)
{
    (void)state;
    /* repr(b"…".decode("utf-8", "surrogateescape")) */
    assert_repr("a\xff", "'a\\udcff'");
    assert_repr("\xc0\x80", "'\\udcc0\\udc80'");                       /* overlong */
    assert_repr("\xed\xa0\x80", "'\\udced\\udca0\\udc80'");            /* a surrogate */
    assert_repr("\xf4\x90\x80\x80", "'\\udcf4\\udc90\\udc80\\udc80'"); /* beyond Unicode */
    assert_repr("\xe6\x97", "'\\udce6\\udc97'");                       /* cut short */
}

static void arguments_are_checked(void **state)
{
    (void)state;
    prune_dict *dict = two_items();
    prune_print_options options = PRUNE_PRINT_OPTIONS_INIT;
    options.linewidth = 0;
    assert_fails(prune_dict_print(NULL, dict, NULL), PRUNE_ERROR_TYPE, "prune_dict_print: argument 'file'");
    assert_fails(prune_dict_print(stdout, NULL, NULL), PRUNE_ERROR_TYPE, "argument 'dict'");
    assert_fails(prune_dict_print(stdout, dict, &options), PRUNE_ERROR_VALUE,
                 "prune_dict_print: print option linewidth is 0");
    prune_dict_release(dict);
}

static void a_file_that_cannot_be_written_is_an_io_error(void **state)
{
    (void)state;
    FILE *file = fopen(PRUNE_TESTS_DIR "/support.h", "r");
    assert_non_null(file);
    prune_dict *dict = two_items();
    assert_fails(prune_dict_print(file, dict, NULL), PRUNE_ERROR_IO, "cannot write");
    prune_dict_release(dict);
    fclose(file);
}

struct printing {
    prune_dict *dict;
    FILE *file;
};

static prune_status print_items(void *context)
{
    struct printing *p = context;
    return prune_dict_print(p->file, p->dict, NULL);
}

static void nothing_is_written(void *context)
{
    struct printing *p = context;
    assert_int_equal(ftell(p->file), 0);
}

static void rewind_file(void *context)
{
    struct printing *p = context;
    rewind(p->file);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    struct printing p = { two_items(), open_capture() };
    try_every_allocation(print_items, nothing_is_written, rewind_file, &p);
    fclose(p.file);
    prune_dict_release(p.dict);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_are_a_list_of_pairs),
        cmocka_unit_test(an_empty_dict_has_empty_brackets),
        cmocka_unit_test(options_reach_the_tensors),
        cmocka_unit_test(names_are_quoted_as_python_quotes_them),
        cmocka_unit_test(what_cannot_be_shown_is_escaped),
        cmocka_unit_test(bytes_that_are_not_utf8_are_escaped_one_by_one),
        cmocka_unit_test(arguments_are_checked),
        cmocka_unit_test(a_file_that_cannot_be_written_is_an_io_error),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
