/* NULL in place of an object: releases and getters take it, constructors refuse it. Other functions have their NULLs in the
 * tests of their subjects. */
#include "modules.h"

/* A status and a sentence that nothing here may touch. */
static void set_last_error(void)
{
    assert_fails(prune_fail(PRUNE_ERROR_USER, "as it was"), PRUNE_ERROR_USER, "as it was");
}

static void expect_last_error(void)
{
    assert_int_equal(prune_last_status(), PRUNE_ERROR_USER);
    assert_string_equal(prune_last_error(), "as it was");
}

static void releases_take_null(void **state)
{
    (void)state;
    set_last_error();
    prune_free(NULL);
    prune_tensor_release(NULL);
    prune_generator_release(NULL);
    prune_dict_release(NULL);
    prune_module_release(NULL);
    prune_named_modules_release(NULL);
    prune_incompatible_keys_release(NULL);
    prune_method_release(NULL);
    assert_null(prune_tensor_retain(NULL));
    assert_null(prune_module_retain(NULL));
    assert_null(prune_method_retain(NULL));
    prune_module_train(NULL, true);
    prune_module_eval(NULL);
    expect_last_error();
}

static void looks_at_no_tensor(void **state)
{
    (void)state;
    prune_tensor *t = full(PRUNE_SHAPE(2), 1, PRUNE_FLOAT32);
    set_last_error();
    assert_int_equal(prune_tensor_dtype(NULL), PRUNE_FLOAT32);
    assert_int_equal(prune_tensor_ndim(NULL), 0);
    assert_int_equal(prune_tensor_size(NULL, 0), 0);
    assert_null(prune_tensor_sizes(NULL));
    assert_null(prune_tensor_strides(NULL));
    assert_int_equal(prune_tensor_numel(NULL), 0);
    assert_false(prune_tensor_is_contiguous(NULL));
    assert_null(prune_tensor_data(NULL));
    assert_null(prune_tensor_data_mutable(NULL));
    assert_null(prune_tensor_raw_data(NULL));
    assert_false(prune_tensor_requires_grad(NULL));
    assert_false(prune_tensor_equal(NULL, t));
    assert_false(prune_tensor_equal(t, NULL));
    assert_false(prune_tensor_equal(NULL, NULL));
    expect_last_error();
    prune_tensor_release(t);
}

static void looks_at_no_dict(void **state)
{
    (void)state;
    set_last_error();
    assert_int_equal(prune_dict_size(NULL), 0);
    assert_null(prune_dict_key(NULL, 0));
    assert_null(prune_dict_value(NULL, 0));
    assert_null(prune_dict_get(NULL, "a"));
    assert_null(prune_dict_get_metadata(NULL, "a"));
    assert_null(prune_dict_metadata_key(NULL, 0));
    expect_last_error();
}

static void looks_at_no_module(void **state)
{
    (void)state;
    set_last_error();
    assert_null(prune_module_type_name(NULL));
    assert_null(prune_module_context(NULL));
    assert_int_equal(prune_module_kind(NULL, "a"), PRUNE_KIND_NONE);
    assert_null(prune_module_get_tensor(NULL, "a"));
    assert_null(prune_module_get_parameter(NULL, "a"));
    assert_null(prune_module_get_submodule(NULL, ""));
    assert_false(prune_module_training(NULL));
    assert_null(prune_module_forward_pre_hook(NULL, 0, NULL));
    assert_false(prune_is_pruned(NULL));
    assert_null(prune_original(NULL, "a"));
    assert_null(prune_mask(NULL, "a"));
    assert_null(prune_applied_method(NULL, "a"));
    expect_last_error();
}

static void looks_at_no_method(void **state)
{
    (void)state;
    set_last_error();
    assert_null(prune_method_type_name(NULL));
    assert_null(prune_method_tensor_name(NULL));
    assert_int_equal(prune_container_size(NULL), 0);
    assert_null(prune_container_get(NULL, 0));
    expect_last_error();
}

/* A name that is NULL is not an object: an error, in getters too. */
static void names_are_not_null(void **state)
{
    (void)state;
    prune_module *m = module_of("Net");
    prune_dict *dict = NULL;
    assert_ok(prune_dict_create(&dict));
    assert_missing(prune_dict_get(dict, NULL), PRUNE_ERROR_TYPE, "prune_dict_get: argument 'key' is NULL");
    assert_missing(prune_dict_get_metadata(dict, NULL), PRUNE_ERROR_TYPE, "argument 'key' is NULL");
    assert_missing(prune_module_get_tensor(m, NULL), PRUNE_ERROR_TYPE, "argument 'path' is NULL");
    assert_missing(prune_module_get_parameter(m, NULL), PRUNE_ERROR_TYPE, "argument 'path' is NULL");
    assert_missing(prune_module_get_submodule(m, NULL), PRUNE_ERROR_TYPE, "argument 'path' is NULL");
    assert_missing(prune_original(m, NULL), PRUNE_ERROR_TYPE, "argument 'name' is NULL");
    assert_missing(prune_mask(m, NULL), PRUNE_ERROR_TYPE, "argument 'name' is NULL");
    assert_missing(prune_applied_method(m, NULL), PRUNE_ERROR_TYPE, "argument 'name' is NULL");
    assert_int_equal(prune_module_kind(m, NULL), PRUNE_KIND_NONE);
    prune_dict_release(dict);
    prune_module_release(m);
}

static void layers_need_a_place(void **state)
{
    (void)state;
    const prune_ints one = PRUNE_INTS(1);
    assert_fails(prune_linear_create(NULL, 1, 1, NULL), PRUNE_ERROR_TYPE, "argument 'out' is NULL");
    assert_fails(prune_conv1d_create(NULL, 1, 1, one, NULL), PRUNE_ERROR_TYPE, "argument 'out' is NULL");
    assert_fails(prune_batch_norm1d_create(NULL, 1, NULL), PRUNE_ERROR_TYPE, "argument 'out' is NULL");
    assert_fails(prune_batch_norm2d_create(NULL, 1, NULL), PRUNE_ERROR_TYPE, "argument 'out' is NULL");
    assert_fails(prune_lstm_create(NULL, 1, 1, NULL), PRUNE_ERROR_TYPE, "argument 'out' is NULL");
    assert_fails(prune_gru_create(NULL, 1, 1, NULL), PRUNE_ERROR_TYPE, "argument 'out' is NULL");
    assert_fails(prune_relu_create(NULL, false), PRUNE_ERROR_TYPE, "argument 'out' is NULL");
    assert_fails(prune_sigmoid_create(NULL), PRUNE_ERROR_TYPE, "argument 'out' is NULL");
    assert_fails(prune_tanh_create(NULL), PRUNE_ERROR_TYPE, "argument 'out' is NULL");
    assert_fails(prune_gelu_create(NULL), PRUNE_ERROR_TYPE, "argument 'out' is NULL");
    assert_fails(prune_softmax_create(NULL, 0), PRUNE_ERROR_TYPE, "argument 'out' is NULL");
    assert_fails(prune_log_softmax_create(NULL, 0), PRUNE_ERROR_TYPE, "argument 'out' is NULL");
    assert_fails(prune_flatten_create(NULL, 1, -1), PRUNE_ERROR_TYPE, "argument 'out' is NULL");
    assert_fails(prune_dropout_create(NULL, 0.5, false), PRUNE_ERROR_TYPE, "argument 'out' is NULL");
    assert_fails(prune_identity_create(NULL), PRUNE_ERROR_TYPE, "argument 'out' is NULL");
}

static void pooling_needs_its_tensors(void **state)
{
    (void)state;
    prune_tensor *x = full(PRUNE_SHAPE(1, 2, 2), 1, PRUNE_FLOAT32), *y = NULL;
    const prune_ints one = PRUNE_INTS(1);
    assert_fails(prune_max_pool1d(&y, NULL, one, NULL), PRUNE_ERROR_TYPE, "prune_max_pool1d: argument 'x' is NULL");
    assert_fails(prune_max_pool2d(NULL, x, one, NULL), PRUNE_ERROR_TYPE, "prune_max_pool2d: argument 'y' is NULL");
    assert_null(y);
    prune_tensor_release(x);
}

static void wrapped_memory_is_not_null(void **state)
{
    (void)state;
    prune_tensor *t = NULL;
    assert_fails(prune_tensor_from_const_blob(&t, NULL, PRUNE_SHAPE(2), NULL), PRUNE_ERROR_TYPE,
                 "prune_tensor_from_const_blob: argument 'data' is NULL");
    assert_null(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(releases_take_null),         cmocka_unit_test(looks_at_no_tensor),
        cmocka_unit_test(looks_at_no_dict),           cmocka_unit_test(looks_at_no_module),
        cmocka_unit_test(looks_at_no_method),         cmocka_unit_test(names_are_not_null),
        cmocka_unit_test(layers_need_a_place),        cmocka_unit_test(pooling_needs_its_tensors),
        cmocka_unit_test(wrapped_memory_is_not_null),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
