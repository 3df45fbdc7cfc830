/* Ordered dicts from names to tensors. */
#include "support.h"

static prune_tensor *scalar(float value)
{
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_from_values(&t, &value, PRUNE_SCALAR));
    return t;
}

static void put(prune_dict *dict, const char *key, float value)
{
    prune_tensor *t = scalar(value);
    assert_ok(prune_dict_set(dict, key, t));
    prune_tensor_release(t);
}

static void assert_keys(const prune_dict *dict, const char *const *keys, int64_t count)
{
    assert_int_equal(prune_dict_size(dict), count);
    for (int64_t i = 0; i < count; i++)
        assert_string_equal(prune_dict_key(dict, i), keys[i]);
}

static prune_dict *abc(void)
{
    prune_dict *dict = NULL;
    assert_ok(prune_dict_create(&dict));
    put(dict, "b", 2);
    put(dict, "a", 1);
    put(dict, "", 3);
    return dict;
}

static void names_keep_the_order_of_setting(void **state)
{
    (void)state;
    prune_dict *dict = abc();
    assert_keys(dict, (const char *[]){ "b", "a", "" }, 3);
    put(dict, "b", 4);
    assert_keys(dict, (const char *[]){ "b", "a", "" }, 3);
    assert_values(prune_dict_value(dict, 0), 4);
    assert_values(prune_dict_get(dict, "b"), 4);
    assert_values(prune_dict_get(dict, ""), 3);
    prune_dict_release(dict);
}

static void a_dict_keeps_its_tensors_alive(void **state)
{
    (void)state;
    prune_dict *dict = NULL;
    assert_ok(prune_dict_create(&dict));
    prune_tensor *t = scalar(5);
    assert_ok(prune_dict_set(dict, "t", t));
    assert_ok(prune_dict_set(dict, "again", t));
    assert_ptr_equal(prune_dict_get(dict, "t"), t);
    prune_tensor_release(t);
    assert_ok(prune_dict_delete(dict, "t"));
    assert_values(prune_dict_get(dict, "again"), 5);
    assert_ok(prune_dict_set(dict, "again", prune_dict_get(dict, "again")));
    assert_values(prune_dict_get(dict, "again"), 5);
    prune_dict_release(dict);
}

static void deleted_names_leave_the_others_in_order(void **state)
{
    (void)state;
    prune_dict *dict = abc();
    assert_ok(prune_dict_delete(dict, prune_dict_key(dict, 1)));
    assert_keys(dict, (const char *[]){ "b", "" }, 2);
    assert_missing(prune_dict_get(dict, "a"), PRUNE_ERROR_KEY, "the dict has no key 'a'");
    assert_values(prune_dict_get(dict, ""), 3);
    put(dict, "a", 7);
    assert_keys(dict, (const char *[]){ "b", "", "a" }, 3);
    assert_ok(prune_dict_delete(dict, "b"));
    assert_ok(prune_dict_delete(dict, ""));
    assert_ok(prune_dict_delete(dict, "a"));
    assert_int_equal(prune_dict_size(dict), 0);
    assert_fails(prune_dict_delete(dict, "a"), PRUNE_ERROR_KEY, "the dict has no key 'a'");
    prune_dict_release(dict);
}

static void missing_names_and_places_are_errors(void **state)
{
    (void)state;
    prune_dict *dict = abc();
    assert_missing(prune_dict_key(dict, 3), PRUNE_ERROR_INDEX, "index 3 is out of range for a dict of 3 names");
    assert_missing(prune_dict_value(dict, -1), PRUNE_ERROR_INDEX, "index -1 is out of range");
    assert_missing(prune_dict_get(dict, "weight"), PRUNE_ERROR_KEY, "the dict has no key 'weight'");
    prune_dict_release(dict);
}

static void null_arguments_are_type_errors(void **state)
{
    (void)state;
    prune_dict *dict = abc();
    prune_tensor *t = scalar(1);
    assert_fails(prune_dict_create(NULL), PRUNE_ERROR_TYPE, "prune_dict_create: argument 'out' is NULL");
    assert_fails(prune_dict_set(NULL, "a", t), PRUNE_ERROR_TYPE, "argument 'dict' is NULL");
    assert_fails(prune_dict_set(dict, NULL, t), PRUNE_ERROR_TYPE, "argument 'key' is NULL");
    assert_fails(prune_dict_set(dict, "a", NULL), PRUNE_ERROR_TYPE, "argument 't' is NULL");
    assert_fails(prune_dict_delete(NULL, "a"), PRUNE_ERROR_TYPE, "argument 'dict' is NULL");
    assert_fails(prune_dict_delete(dict, NULL), PRUNE_ERROR_TYPE, "prune_dict_delete: argument 'key' is NULL");
    assert_missing(prune_dict_get(dict, NULL), PRUNE_ERROR_TYPE, "prune_dict_get: argument 'key' is NULL");
    assert_missing(prune_dict_get_metadata(dict, NULL), PRUNE_ERROR_TYPE, "argument 'key' is NULL");
    assert_fails(prune_dict_set_metadata(NULL, "k", "v"), PRUNE_ERROR_TYPE, "argument 'dict' is NULL");
    assert_fails(prune_dict_set_metadata(dict, NULL, "v"), PRUNE_ERROR_TYPE, "argument 'key' is NULL");
    assert_int_equal(prune_dict_size(dict), 3);
    prune_tensor_release(t);
    prune_dict_release(dict);
    prune_dict_release(NULL);
}

static void getters_of_nothing_give_nothing_and_keep_the_error(void **state)
{
    (void)state;
    prune_fail(PRUNE_ERROR_USER, "before");
    assert_int_equal(prune_dict_size(NULL), 0);
    assert_null(prune_dict_key(NULL, 0));
    assert_null(prune_dict_value(NULL, 0));
    assert_null(prune_dict_get(NULL, "a"));
    assert_null(prune_dict_get_metadata(NULL, "a"));
    assert_null(prune_dict_metadata_key(NULL, 0));
    assert_string_equal(prune_last_error(), "before");
}

static void metadata_is_text_by_name(void **state)
{
    (void)state;
    prune_dict *dict = abc();
    assert_ok(prune_dict_set_metadata(dict, "format", "pt"));
    assert_ok(prune_dict_set_metadata(dict, "epoch", "3"));
    assert_ok(prune_dict_set_metadata(dict, "", ""));
    assert_string_equal(prune_dict_get_metadata(dict, "format"), "pt");
    assert_string_equal(prune_dict_get_metadata(dict, ""), "");
    assert_ok(prune_dict_set_metadata(dict, "format", prune_dict_get_metadata(dict, "epoch")));
    assert_ok(prune_dict_set_metadata(dict, "epoch", prune_dict_get_metadata(dict, "epoch")));
    assert_string_equal(prune_dict_metadata_key(dict, 0), "format");
    assert_string_equal(prune_dict_get_metadata(dict, "format"), "3");
    assert_string_equal(prune_dict_get_metadata(dict, "epoch"), "3");
    assert_ok(prune_dict_set_metadata(dict, "format", NULL));
    assert_ok(prune_dict_set_metadata(dict, "format", NULL));
    assert_missing(prune_dict_get_metadata(dict, "format"), PRUNE_ERROR_KEY, "the dict has no metadata 'format'");
    assert_missing(prune_dict_get_metadata(dict, "a"), PRUNE_ERROR_KEY, "the dict has no metadata 'a'");
    assert_string_equal(prune_dict_metadata_key(dict, 0), "epoch");
    assert_string_equal(prune_dict_metadata_key(dict, 1), "");
    assert_null(prune_dict_metadata_key(dict, 2));
    assert_null(prune_dict_metadata_key(dict, -1));
    assert_int_equal(prune_dict_size(dict), 3);
    prune_dict_release(dict);
}

static void many_names_are_all_found(void **state)
{
    (void)state;
    enum { COUNT = 50000 };
    prune_dict *dict = NULL;
    prune_tensor *t = scalar(0);
    char key[32];
    assert_ok(prune_dict_create(&dict));
    for (int i = 0; i < COUNT; i++) {
        snprintf(key, sizeof key, "layers.%d.weight", i);
        assert_ok(prune_dict_set(dict, key, t));
    }
    assert_int_equal(prune_dict_size(dict), COUNT);
    for (int i = 0; i < COUNT; i++) {
        snprintf(key, sizeof key, "layers.%d.weight", i);
        assert_ptr_equal(prune_dict_get(dict, key), t);
        assert_string_equal(prune_dict_key(dict, i), key);
    }
    assert_null(prune_dict_get(dict, "layers.50000.weight"));
    prune_tensor_release(t);
    prune_dict_release(dict);
}

/* ---- Out of memory ---- */

typedef struct trial {
    prune_dict *dict;
    prune_tensor *t;
    int64_t size;
} trial;

static prune_status create(void *context)
{
    trial *it = context;
    return prune_dict_create(&it->dict);
}

static void not_created(void *context)
{
    trial *it = context;
    assert_null(it->dict);
}

static void release(void *context)
{
    trial *it = context;
    prune_dict_release(it->dict);
    it->dict = NULL;
}

static prune_status set(void *context)
{
    trial *it = context;
    return prune_dict_set(it->dict, "new", it->t);
}

static void not_set(void *context)
{
    trial *it = context;
    assert_int_equal(prune_dict_size(it->dict), it->size);
    assert_null(prune_dict_get(it->dict, "new"));
    if (it->size > 0)
        assert_non_null(prune_dict_get(it->dict, "0"));
}

static void unset(void *context)
{
    trial *it = context;
    assert_ok(prune_dict_delete(it->dict, "new"));
}

static prune_status set_metadata(void *context)
{
    trial *it = context;
    return prune_dict_set_metadata(it->dict, "format", "new");
}

static void no_metadata(void *context)
{
    trial *it = context;
    assert_null(prune_dict_metadata_key(it->dict, 0));
}

static void drop_metadata(void *context)
{
    trial *it = context;
    assert_ok(prune_dict_set_metadata(it->dict, "format", NULL));
}

static void old_metadata(void *context)
{
    trial *it = context;
    assert_string_equal(prune_dict_get_metadata(it->dict, "format"), "old");
}

static void restore_metadata(void *context)
{
    trial *it = context;
    assert_ok(prune_dict_set_metadata(it->dict, "format", "old"));
}

static void running_out_of_memory_changes_nothing(void **state)
{
    (void)state;
    trial it = { NULL, scalar(1), 0 };
    try_every_allocation(create, not_created, release, &it);
    assert_ok(prune_dict_create(&it.dict));
    for (; it.size < 40; it.size++) { /* through several growths */
        char key[8];
        try_every_allocation(set, not_set, unset, &it);
        snprintf(key, sizeof key, "%d", (int)it.size);
        assert_ok(prune_dict_set(it.dict, key, it.t));
    }
    try_every_allocation(set_metadata, no_metadata, drop_metadata, &it);
    assert_ok(prune_dict_set_metadata(it.dict, "format", "old"));
    try_every_allocation(set_metadata, old_metadata, restore_metadata, &it);
    prune_dict_release(it.dict);
    prune_tensor_release(it.t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_keep_the_order_of_setting),
        cmocka_unit_test(a_dict_keeps_its_tensors_alive),
        cmocka_unit_test(deleted_names_leave_the_others_in_order),
        cmocka_unit_test(missing_names_and_places_are_errors),
        cmocka_unit_test(null_arguments_are_type_errors),
        cmocka_unit_test(getters_of_nothing_give_nothing_and_keep_the_error),
        cmocka_unit_test(metadata_is_text_by_name),
        cmocka_unit_test(many_names_are_all_found),
        cmocka_unit_test(running_out_of_memory_changes_nothing),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
