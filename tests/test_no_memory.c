/* What needs no memory, and works or fails for its own reasons where there is none: everything that memory.txt says of. */
#include "modules.h"

/* From here on the first allocation fails, and is noticed in expect_none(). */
static void start(void)
{
    fail_allocation(0, false);
}

/* No allocation was tried since start(): the one that is to fail is still to come. */
static void expect_none(void)
{
    prune_dict *dict = NULL;
    assert_fails(prune_dict_create(&dict), PRUNE_ERROR_MEMORY, "out of memory");
}

static void statuses_and_sentences(void **state)
{
    (void)state;
    const prune_allocator incomplete = { NULL, NULL, NULL, NULL };
    start();
    assert_string_equal(prune_status_name(PRUNE_ERROR_KEY), "key");
    assert_fails(prune_fail(PRUNE_ERROR_USER, "%d%1000s", 7, "x"), PRUNE_ERROR_USER, "7  ");
    assert_int_equal(strlen(prune_last_error()), 1001);
    assert_int_equal(prune_last_status(), PRUNE_ERROR_USER);
    assert_fails(prune_set_allocator(&incomplete), PRUNE_ERROR_TYPE, "must all be set");
    prune_free(NULL);
    assert_non_null(prune_version());
    expect_none();
}

static void looks_at_tensors(void **state)
{
    (void)state;
    prune_tensor *t = full(PRUNE_SHAPE(2, 3), 1, PRUNE_FLOAT32), *other = full(PRUNE_SHAPE(3), 1, PRUNE_FLOAT32);
    start();
    assert_string_equal(prune_dtype_name(prune_tensor_dtype(t)), "torch.float32");
    prune_tensor_release(prune_tensor_retain(t));
    assert_int_equal(prune_tensor_ndim(t), 2);
    assert_int_equal(prune_tensor_size(t, 2), -1);
    assert_int_equal(prune_tensor_sizes(t)[1], 3);
    assert_int_equal(prune_tensor_strides(t)[0], 3);
    assert_int_equal(prune_tensor_numel(t), 6);
    assert_true(prune_tensor_is_contiguous(t));
    assert_ptr_equal(prune_tensor_data(t), prune_tensor_raw_data(t));
    assert_false(prune_tensor_requires_grad(t));
    assert_false(prune_tensor_equal(t, other));
    bool close = false;
    assert_ok(prune_tensor_allclose(&close, t, other, 0, 0, false));
    assert_true(close);
    double value = 0;
    assert_fails(prune_tensor_get(&value, t, PRUNE_SHAPE(2, 0)), PRUNE_ERROR_INDEX, "");
    assert_ok(prune_tensor_get(&value, t, PRUNE_SHAPE(1, 2)));
    assert_true(value == 1);
    expect_none();
    prune_tensor_release(t);
    prune_tensor_release(other);
}

static void writes_to_tensors(void **state)
{
    (void)state;
    prune_tensor *t = full(PRUNE_SHAPE(3), 1, PRUNE_FLOAT32);
    start();
    assert_ok(prune_tensor_set_requires_grad(t, true));
    assert_ok(prune_tensor_fill_(t, 2));
    assert_ok(prune_tensor_set(t, PRUNE_SHAPE(1), 3));
    prune_tensor_data_mutable(t)[2] = 4;
    assert_values(t, 2, 3, 4);
    prune_tensor_release(t);
    expect_none();
}

static void generators_that_exist(void **state)
{
    (void)state;
    prune_generator *generator = NULL;
    prune_tensor *before = NULL;
    assert_ok(prune_generator_create(&generator));
    assert_ok(prune_generator_get_state(&before, generator));
    start();
    prune_manual_seed(generator, 7);
    prune_manual_seed(NULL, 7);
    assert_ok(prune_generator_set_state(generator, before));
    prune_generator_release(generator);
    expect_none();
    prune_tensor_release(before);
}

static void looks_at_dicts(void **state)
{
    (void)state;
    prune_dict *dict = NULL;
    assert_ok(prune_dict_create(&dict));
    put_pair(dict, "a", 1);
    put_pair(dict, "b", 2);
    assert_ok(prune_dict_set_metadata(dict, "format", "pt"));
    start();
    assert_int_equal(prune_dict_size(dict), 2);
    assert_string_equal(prune_dict_key(dict, 1), "b");
    assert_values(prune_dict_value(dict, 0), 1, 1);
    assert_missing(prune_dict_get(dict, "c"), PRUNE_ERROR_KEY, "c");
    assert_string_equal(prune_dict_get_metadata(dict, "format"), "pt");
    assert_string_equal(prune_dict_metadata_key(dict, 0), "format");
    assert_ok(prune_dict_delete(dict, "a"));
    assert_ok(prune_dict_set_metadata(dict, "format", NULL));
    prune_dict_release(dict);
    expect_none();
}

static void looks_at_modules(void **state)
{
    (void)state;
    static const prune_module_ops ops = { .size = sizeof ops, .context_size = 1 };
    prune_module *net = make_net(), *own = NULL;
    assert_ok(prune_module_create(&own, "Own", &ops, "x"));
    start();
    assert_string_equal(prune_module_type_name(net), "Net");
    assert_int_equal(*(char *)prune_module_context(own), 'x');
    assert_int_equal(prune_module_kind(net, "mask"), PRUNE_KIND_BUFFER);
    assert_values(prune_module_get_tensor(net, "fc.mask"), 2, 2);
    assert_missing(prune_module_get_tensor(net, "fc.missing"), PRUNE_ERROR_ATTRIBUTE, "missing");
    assert_values(prune_module_get_parameter(net, "fc.weight"), 4, 4);
    assert_missing(prune_module_get_parameter(net, "fc.mask"), PRUNE_ERROR_ATTRIBUTE, "mask");
    assert_ptr_equal(prune_module_get_submodule(net, "fc"), prune_module_get_submodule(net, "shared"));
    assert_missing(prune_module_get_submodule(net, "fc.missing"), PRUNE_ERROR_ATTRIBUTE, "missing");
    prune_module_train(net, true);
    prune_module_eval(net);
    assert_false(prune_module_training(net));
    assert_ok(prune_module_delete(net, "plain"));
    prune_module_release(prune_module_retain(net));
    prune_module_release(net);
    prune_module_release(own);
    expect_none();
}

static void lists_that_are_released(void **state)
{
    (void)state;
    prune_module *net = make_net();
    prune_dict *empty = NULL;
    prune_named_modules *modules = NULL;
    prune_incompatible_keys *keys = NULL;
    assert_ok(prune_dict_create(&empty));
    assert_ok(prune_module_named_modules(&modules, net));
    assert_ok(prune_module_load_state_dict(net, empty, false, &keys));
    start();
    prune_named_modules_release(modules);
    prune_incompatible_keys_release(keys);
    expect_none();
    prune_dict_release(empty);
    prune_module_release(net);
}

static prune_status nothing(void *context, prune_module *module, prune_tensor *const *x, int64_t nx)
{
    (void)context;
    (void)module;
    (void)x;
    (void)nx;
    return PRUNE_OK;
}

static void hooks_that_are_looked_at_or_go(void **state)
{
    (void)state;
    static const prune_hook_ops ops = { .size = sizeof ops, .type_name = "Nothing", .call = nothing };
    prune_module *m = module_of("Net");
    int64_t id, seen;
    assert_ok(prune_module_register_forward_pre_hook(&id, m, &ops, NULL));
    start();
    assert_string_equal(prune_module_forward_pre_hook(m, 0, &seen), "Nothing");
    assert_int_equal(seen, id);
    assert_ok(prune_module_remove_forward_pre_hook(m, id));
    assert_fails(prune_module_remove_forward_pre_hook(m, id), PRUNE_ERROR_KEY, "");
    expect_none();
    prune_module_release(m);
}

static void looks_at_methods(void **state)
{
    (void)state;
    prune_method *method = NULL, *container = NULL;
    assert_ok(prune_method_l1_unstructured(&method, prune_fraction(0.5), NULL));
    assert_ok(prune_method_set_tensor_name(method, "weight"));
    assert_ok(prune_method_container(&container, &method, 1));
    start();
    prune_amount count = prune_count(3);
    prune_norm norms[] = { prune_norm_p(1), prune_norm_fro(), prune_norm_nuc() };
    assert_int_equal(count.count, 3);
    assert_true(norms[0].kind && norms[1].kind && norms[2].kind);
    assert_string_equal(prune_method_type_name(method), "L1Unstructured");
    assert_string_equal(prune_method_tensor_name(container), "weight");
    assert_int_equal(prune_container_size(container), 1);
    assert_ptr_equal(prune_container_get(container, -1), method);
    assert_missing(prune_container_get(container, 1), PRUNE_ERROR_INDEX, "");
    prune_method_release(prune_method_retain(method));
    prune_method_release(container);
    prune_method_release(method);
    expect_none();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses_and_sentences),  cmocka_unit_test(looks_at_tensors),
        cmocka_unit_test(writes_to_tensors),       cmocka_unit_test(generators_that_exist),
        cmocka_unit_test(looks_at_dicts),          cmocka_unit_test(looks_at_modules),
        cmocka_unit_test(lists_that_are_released), cmocka_unit_test(hooks_that_are_looked_at_or_go),
        cmocka_unit_test(looks_at_methods),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
