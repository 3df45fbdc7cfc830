/* Statuses, the last error, the allocator, the version. */
#include "support.h"

#include "base/internal.h"

#include <wchar.h>

static void statuses_have_names(void **state)
{
    (void)state;
    assert_string_equal(prune_status_name(PRUNE_OK), "ok");
    assert_string_equal(prune_status_name(PRUNE_ERROR_UNSUPPORTED), "unsupported");
    assert_string_equal(prune_status_name((prune_status)99), "unknown");
    assert_string_equal(prune_status_name((prune_status)-1), "unknown");
    const prune_status all[] = {
#define STATUS(name, value, word) name,
        PRUNE_STATUS_MAP(STATUS)
#undef STATUS
    };
    for (int i = 0; i < (int)(sizeof all / sizeof all[0]); i++) { /* numbered from 0 on, without a gap */
        assert_int_equal(all[i], i);
        assert_string_not_equal(prune_status_name(all[i]), "unknown");
    }
}

static void the_last_error_is_kept(void **state)
{
    (void)state;
    assert_int_equal(prune_fail(PRUNE_ERROR_USER, "seven is %d", 7), PRUNE_ERROR_USER);
    assert_string_equal(prune_last_error(), "seven is 7");
    assert_int_equal(prune_last_status(), PRUNE_ERROR_USER);
    prune_fail(PRUNE_ERROR_KEY, "%s, said again", prune_last_error());
    assert_string_equal(prune_last_error(), "seven is 7, said again");
    prune_free(NULL);
    prune_tensor_release(NULL);
    assert_int_equal(prune_last_status(), PRUNE_ERROR_KEY);
}

static void long_sentences_are_cut_at_a_character(void **state)
{
    (void)state;
    char words[6001];
    for (size_t i = 0; i < 6000; i += 2)
        memcpy(words + i, "\xc3\xa9", 2);
    words[6000] = '\0';
    prune_fail(PRUNE_ERROR_VALUE, "%s", words);
    size_t length = strlen(prune_last_error());
    assert_true(length > 4000 && length < 4096);
    assert_string_equal(prune_last_error() + length - 3, "...");
    assert_memory_equal(prune_last_error() + length - 5, "\xc3\xa9", 2);
}

static void a_sentence_is_not_cut_within_a_character(void **state)
{
    (void)state;
    char words[6002] = "x"; /* the characters begin at odd places */
    for (size_t i = 1; i < 6001; i += 2)
        memcpy(words + i, "\xc3\xa9", 2);
    prune_fail(PRUNE_ERROR_VALUE, "%s", words);
    size_t length = strlen(prune_last_error());
    assert_string_equal(prune_last_error() + length - 3, "...");
    assert_memory_equal(prune_last_error() + length - 5, "\xc3\xa9", 2);
    prune_fail(PRUNE_ERROR_VALUE, "x%s", words);
    length = strlen(prune_last_error());
    assert_memory_equal(prune_last_error() + length - 5, "\xc3\xa9", 2);
}

static void a_sentence_that_cannot_be_formatted_is_empty(void **state)
{
    (void)state;
    const wchar_t no_character[] = { 0xd800, 0 };
    assert_int_equal(prune_fail(PRUNE_ERROR_USER, "%ls", no_character), PRUNE_ERROR_USER);
    assert_int_equal(prune_last_status(), PRUNE_ERROR_USER);
    assert_string_equal(prune_last_error(), "");
}

static void success_does_not_clear_the_last_error(void **state)
{
    (void)state;
    prune_tensor *t = NULL;
    prune_fail(PRUNE_ERROR_USER, "still here");
    assert_ok(prune_tensor_zeros(&t, PRUNE_SCALAR, PRUNE_FLOAT32));
    prune_tensor_release(t);
    assert_string_equal(prune_last_error(), "still here");
    assert_int_equal(prune_last_status(), PRUNE_ERROR_USER);
}

/* Callbacks may pass on a sentence that they got from elsewhere. */
static void a_failure_without_a_sentence_says_so(void **state)
{
    (void)state;
    const char *none = NULL;
    assert_fails(prune_fail(PRUNE_ERROR_USER, none, 1), PRUNE_ERROR_USER, "prune_fail: argument 'format' is NULL");
}

/* ---- The allocator ---- */

static void *no_memory(void *context, size_t size)
{
    (void)context;
    (void)size;
    return NULL;
}

static void *no_more_memory(void *context, void *block, size_t size)
{
    (void)context;
    (void)block;
    (void)size;
    return NULL;
}

static void ignore(void *context, void *block)
{
    (void)context;
    (void)block;
}

static void the_allocator_can_be_replaced_while_nothing_is_in_use(void **state)
{
    (void)state;
    const prune_allocator empty_handed = { no_memory, no_more_memory, ignore, NULL };
    const prune_allocator incomplete[] = {
        { NULL, no_more_memory, ignore, NULL },
        { no_memory, NULL, ignore, NULL },
        { no_memory, no_more_memory, NULL, NULL },
    };
    prune_tensor *t = NULL;
    for (int i = 0; i < 3; i++)
        assert_fails(prune_set_allocator(&incomplete[i]), PRUNE_ERROR_TYPE, "free_fn must all be set");
    assert_ok(prune_tensor_empty(&t, PRUNE_SHAPE(2), PRUNE_FLOAT32));
    assert_fails(prune_set_allocator(&empty_handed), PRUNE_ERROR_STATE, "still in use");
    prune_tensor_release(t);
    t = NULL;
    assert_ok(prune_set_allocator(&empty_handed));
    assert_fails(prune_tensor_empty(&t, PRUNE_SHAPE(2), PRUNE_FLOAT32), PRUNE_ERROR_MEMORY, "out of memory");
    assert_null(t);
    assert_ok(prune_set_allocator(NULL));
}

/* Gives blocks from malloc and counts them in its context. */
static void *counted_malloc(void *context, size_t size)
{
    ++*(int *)context;
    return malloc(size);
}

static void *counted_realloc(void *context, void *block, size_t size)
{
    (void)context;
    return realloc(block, size);
}

static void counted_free(void *context, void *block)
{
    --*(int *)context;
    free(block);
}

static void the_allocator_is_copied_and_given_its_context(void **state)
{
    (void)state;
    int blocks = 0;
    prune_tensor *t = NULL;
    prune_allocator counting = { counted_malloc, counted_realloc, counted_free, &blocks };
    assert_ok(prune_set_allocator(&counting));
    memset(&counting, 0, sizeof counting);
    assert_ok(prune_tensor_zeros(&t, PRUNE_SHAPE(2), PRUNE_FLOAT32));
    assert_int_equal(blocks, 2); /* the values with their storage, the handle */
    prune_tensor_release(t);
    assert_int_equal(blocks, 0);
    assert_ok(prune_set_allocator(NULL));
}

/* ---- What the layers above build on ---- */

static void sizes_that_do_not_fit_are_not_wrapped(void **state)
{
    (void)state;
    size_t size = 7;
    int64_t number = 7;
    assert_false(pruni_multiply_size(&size, SIZE_MAX / 2 + 1, 2));
    assert_false(pruni_add_size(&size, SIZE_MAX, 1));
    assert_false(pruni_multiply_int64(&number, INT64_MIN, -1));
    assert_false(pruni_multiply_int64(&number, -1, INT64_MIN));
    assert_false(pruni_multiply_int64(&number, INT64_MAX / 2 + 1, 2));
    assert_false(pruni_multiply_int64(&number, INT64_MAX / 2 + 1, -3));
    assert_false(pruni_multiply_int64(&number, -3, INT64_MAX / 2 + 1));
    assert_false(pruni_add_int64(&number, INT64_MAX, 1));
    assert_false(pruni_add_int64(&number, INT64_MIN, -1));
    assert_int_equal(size, 7);
    assert_int_equal(number, 7);
    assert_true(pruni_multiply_size(&size, SIZE_MAX, 1) && size == SIZE_MAX);
    assert_true(pruni_add_size(&size, SIZE_MAX - 1, 1) && size == SIZE_MAX);
    assert_true(pruni_multiply_int64(&number, INT64_MIN / 2, 2) && number == INT64_MIN);
    assert_true(pruni_multiply_int64(&number, -2, INT64_MIN / 2 + 1) && number == INT64_MAX - 1);
    assert_true(pruni_multiply_int64(&number, 0, INT64_MIN) && number == 0);
    assert_true(pruni_add_int64(&number, INT64_MIN, INT64_MAX) && number == -1);
}

static void an_array_that_cannot_grow_stays_as_it_is(void **state)
{
    (void)state;
    int64_t capacity = 0;
    void *items = NULL;
    assert_ok(pruni_grow(&items, &capacity, 3, 1));
    assert_true(capacity >= 3);
    void *present = items;
    int64_t room = capacity;
    assert_fails(pruni_grow(&items, &capacity, INT64_MAX / 4, 64), PRUNE_ERROR_MEMORY, "items of 64 bytes");
    fail_allocation(0, false);
    assert_fails(pruni_grow(&items, &capacity, room + 1, 1), PRUNE_ERROR_MEMORY, "out of memory");
    assert_ptr_equal(items, present);
    assert_int_equal(capacity, room);
    pruni_free(items);
}

static void arrays_grow_without_an_allocator_of_ones_own(void **state)
{
    (void)state;
    int64_t capacity = 0;
    void *items = NULL;
    assert_ok(pruni_grow(&items, &capacity, 3, 1));
    memcpy(items, "abc", 3);
    assert_ok(pruni_grow(&items, &capacity, 1000, 1));
    assert_memory_equal(items, "abc", 3);
    pruni_free(items);
}

static prune_status add_words(void *context)
{
    (void)context;
    char *string = NULL;
    pruni_text text = { NULL, 0, 0, false };
    for (int i = 0; i < 50; i++)
        pruni_text_add(&text, "%d, ", i);
    if (pruni_text_finish(&text, &string))
        return prune_last_status();
    assert_int_equal(strlen(string), 10 * 3 + 40 * 4);
    prune_free(string);
    return PRUNE_OK;
}

static void a_text_remembers_that_memory_ran_out(void **state)
{
    (void)state;
    try_every_allocation(add_words, NULL, NULL, NULL);
}

static void a_text_without_words_is_a_string(void **state)
{
    (void)state;
    char *string = NULL;
    pruni_text text = { NULL, 0, 0, false };
    assert_ok(pruni_text_finish(&text, &string));
    assert_string_equal(string, "");
    prune_free(string);
}

static void the_version_is_the_headers(void **state)
{
    (void)state;
    char text[64];
    snprintf(text, sizeof text, "%d.%d.%d", PRUNE_VERSION_MAJOR, PRUNE_VERSION_MINOR, PRUNE_VERSION_PATCH);
    assert_string_equal(prune_version(), text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses_have_names),
        cmocka_unit_test(the_last_error_is_kept),
        cmocka_unit_test(long_sentences_are_cut_at_a_character),
        cmocka_unit_test(a_failure_without_a_sentence_says_so),
        cmocka_unit_test(a_sentence_is_not_cut_within_a_character),
        cmocka_unit_test(a_sentence_that_cannot_be_formatted_is_empty),
        cmocka_unit_test(success_does_not_clear_the_last_error),
        cmocka_unit_test(arrays_grow_without_an_allocator_of_ones_own),
        cmocka_unit_test(the_allocator_can_be_replaced_while_nothing_is_in_use),
        cmocka_unit_test(the_allocator_is_copied_and_given_its_context),
        cmocka_unit_test(sizes_that_do_not_fit_are_not_wrapped),
        cmocka_unit_test_setup_teardown(an_array_that_cannot_grow_stays_as_it_is, count_allocations, expect_no_leak),
        cmocka_unit_test_setup_teardown(a_text_remembers_that_memory_ran_out, count_allocations, expect_no_leak),
        cmocka_unit_test_setup_teardown(a_text_without_words_is_a_string, count_allocations, expect_no_leak),
        cmocka_unit_test(the_version_is_the_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
