/* Statuses, the last error, the allocator, the version. */
#include "support.h"

static void statuses_have_names(void **state)
{
    (void)state;
    assert_string_equal(prune_status_name(PRUNE_OK), "ok");
    assert_string_equal(prune_status_name(PRUNE_ERROR_UNSUPPORTED), "unsupported");
    assert_string_equal(prune_status_name((prune_status)99), "unknown");
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
    const prune_allocator incomplete = { no_memory, no_more_memory, NULL, NULL };
    prune_tensor *t = NULL;
    assert_fails(prune_set_allocator(&incomplete), PRUNE_ERROR_TYPE, "free_fn");
    assert_ok(prune_tensor_empty(&t, PRUNE_SHAPE(2), PRUNE_FLOAT32));
    assert_fails(prune_set_allocator(&empty_handed), PRUNE_ERROR_STATE, "still in use");
    prune_tensor_release(t);
    t = NULL;
    assert_ok(prune_set_allocator(&empty_handed));
    assert_fails(prune_tensor_empty(&t, PRUNE_SHAPE(2), PRUNE_FLOAT32), PRUNE_ERROR_MEMORY, "out of memory");
    assert_null(t);
    assert_ok(prune_set_allocator(NULL));
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
        cmocka_unit_test(the_allocator_can_be_replaced_while_nothing_is_in_use),
        cmocka_unit_test(the_version_is_the_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
