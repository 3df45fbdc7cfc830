/* Many of everything: levels, paths, calls inside calls, layers, names, elements, dims, hooks. */
#include "modules.h"

/* `count` Sequentials, one inside the other, around `innermost`, which is handed over. From the outside in, since
 * registering a module looks at all that is in it. */
static prune_module *nested(prune_module *innermost, int64_t count)
{
    prune_module *net = NULL, *last = NULL;
    for (int64_t i = 0; i < count; i++) {
        prune_module *inner = NULL;
        assert_ok(prune_sequential_create(&inner, NULL, 0));
        if (last) {
            assert_ok(prune_module_register_module(last, "0", inner));
            prune_module_release(inner);
        } else {
            net = inner;
        }
        last = inner;
    }
    assert_ok(prune_module_register_module(last, "0", innermost));
    prune_module_release(innermost);
    return net;
}

static prune_module *pruned_linear(void)
{
    prune_module *linear = NULL;
    assert_ok(prune_linear_create(&linear, 2, 2, NULL));
    assert_ok(prune_l1_unstructured(linear, "weight", prune_count(1), NULL));
    return linear;
}

/* ---- Depth ---- */

static void a_thousand_nested_sequentials_work(void **state)
{
    (void)state;
    prune_module *net = nested(pruned_linear(), 1000), *copy = NULL;
    prune_tensor *x = NULL, *y = NULL;
    prune_dict *dict = NULL;
    assert_true(prune_is_pruned(net));
    assert_ok(prune_tensor_ones(&x, PRUNE_SHAPE(3, 2), PRUNE_FLOAT32));
    assert_ok(prune_module_call(&y, net, x));
    assert_shape(y, 3, 2);
    assert_ok(prune_module_run_forward_pre_hooks(net, true));
    assert_ok(prune_module_clone(&copy, net));
    assert_ok(prune_module_state_dict(&dict, copy, false));
    assert_int_equal(prune_dict_size(dict), 3);
    assert_int_equal(strlen(prune_dict_key(dict, 0)), 1000 * strlen("0.") + strlen("bias"));
    assert_ok(prune_module_load_state_dict(net, dict, true, NULL));
    prune_sparsity_counts counts;
    assert_ok(prune_sparsity(&counts, net, NULL));
    assert_int_equal(counts.zeros, 1);
    FILE *file = open_capture();
    assert_ok(prune_module_summary(file, net, PRUNE_SHAPE(2), -1));
    assert_ok(prune_module_print(file, net));
    char *text = close_capture(file);
    assert_non_null(strstr(text, "Linear-1"));
    free(text);
    prune_dict_release(dict);
    prune_tensor_release(x);
    prune_tensor_release(y);
    prune_module_release(copy);
    prune_module_release(net);
}

/* Nothing but a call takes stack for each level. */
static void a_hundred_thousand_levels_do_not_take_the_stack(void **state)
{
    (void)state;
    prune_module *net = nested(pruned_linear(), 100000), *copy = NULL;
    assert_true(prune_is_pruned(net));
    prune_module_eval(net);
    assert_ok(prune_module_run_forward_pre_hooks(net, true));
    assert_ok(prune_module_clone(&copy, net));
    assert_true(prune_is_pruned(copy));
    assert_false(prune_module_training(copy));
    prune_sparsity_counts counts;
    assert_ok(prune_sparsity(&counts, copy, NULL));
    assert_int_equal(counts.zeros, 1);
    prune_module_release(copy);
    prune_module_release(net);
}

static void calls_nest_two_thousand_deep(void **state)
{
    (void)state;
    prune_module *net = nested(pruned_linear(), 1999);
    prune_tensor *x = NULL, *y = NULL;
    assert_ok(prune_tensor_ones(&x, PRUNE_SHAPE(2), PRUNE_FLOAT32));
    assert_ok(prune_module_call(&y, net, x));
    prune_tensor_release(y);
    y = NULL;
    prune_module *outer = NULL;
    assert_ok(prune_sequential_create(&outer, &net, 1));
    prune_module_release(net);
    net = outer;
    assert_fails(prune_module_call(&y, net, x), PRUNE_ERROR_RUNTIME,
                 "maximum recursion depth exceeded: 2000 calls of modules, one inside the other, end at a Linear");
    assert_null(y);
    assert_ok(prune_module_call(&y, prune_module_get_submodule(net, "0"), x));
    prune_tensor_release(y);
    prune_tensor_release(x);
    prune_module_release(net);
}

static prune_status forward_self(void *context, prune_module *self, prune_tensor **y, int64_t ny,
                                 prune_tensor *const *x, int64_t nx)
{
    (void)context;
    return prune_module_call_many(y, ny, self, x, nx);
}

static void a_forward_that_calls_itself_fails(void **state)
{
    (void)state;
    static const prune_module_ops ops = { .size = sizeof ops, .forward = forward_self };
    prune_module *m = NULL;
    prune_tensor *x = NULL, *y = NULL;
    assert_ok(prune_module_create(&m, "Ouroboros", &ops, NULL));
    assert_ok(prune_tensor_ones(&x, PRUNE_SHAPE(2), PRUNE_FLOAT32));
    assert_fails(prune_module_call(&y, m, x), PRUNE_ERROR_RUNTIME, "end at a Ouroboros");
    assert_null(y);
    prune_tensor_release(x);
    prune_module_release(m);
}

static prune_status run_again(void *context, prune_module *module, prune_tensor *const *x, int64_t nx)
{
    (void)context;
    (void)x;
    (void)nx;
    return prune_module_run_forward_pre_hooks(module, false);
}

static void a_hook_that_runs_its_own_list_fails(void **state)
{
    (void)state;
    static const prune_hook_ops ops = { .size = sizeof ops, .type_name = "Again", .call = run_again };
    prune_module *m = module_of("Loop");
    assert_ok(prune_module_register_forward_pre_hook(NULL, m, &ops, NULL));
    assert_fails(prune_module_run_forward_pre_hooks(m, false), PRUNE_ERROR_RUNTIME, "maximum recursion depth exceeded");
    prune_module_release(m);
}

/* ---- Paths ---- */

/* Sixty levels, each with the next one under two names: 2^60 paths, 61 modules. */
static void a_module_on_many_paths_is_met_once(void **state)
{
    (void)state;
    prune_module *net = pruned_linear();
    for (int i = 0; i < 60; i++) {
        prune_module *outer = module_of("Fork");
        assert_ok(prune_module_register_module(outer, "a", net));
        assert_ok(prune_module_register_module(outer, "b", net));
        prune_module_release(net);
        net = outer;
    }
    prune_module *copy = NULL;
    prune_named_modules *modules = NULL;
    assert_true(prune_is_pruned(net));
    assert_ok(prune_module_run_forward_pre_hooks(net, true));
    prune_module_eval(net);
    assert_ok(prune_module_clone(&copy, net));
    assert_ok(prune_module_named_modules(&modules, copy));
    assert_int_equal(modules->count, 61);
    assert_ok(prune_remove(modules->items[60].module, "weight"));
    assert_false(prune_is_pruned(copy));
    prune_named_modules_release(modules);
    prune_module_release(copy);
    prune_module_release(net);
}

/* ---- Width ---- */

/* A hundred blocks of a hundred layers. */
static prune_module *wide_network(void)
{
    prune_module *net = module_of("Net");
    for (int i = 0; i < 100; i++) {
        char name[16];
        snprintf(name, sizeof name, "block%d", i);
        prune_module *block = add_child(net, name, "Block");
        for (int j = 0; j < 100; j++) {
            prune_module *linear = NULL;
            snprintf(name, sizeof name, "fc%d", j);
            assert_ok(prune_linear_create(&linear, 2, 1, NULL));
            assert_ok(prune_module_register_module(block, name, linear));
            prune_module_release(linear);
        }
    }
    return net;
}

static void ten_thousand_layers_are_saved_and_loaded(void **state)
{
    (void)state;
    prune_module *net = wide_network(), *copy = NULL;
    prune_dict *dict = NULL;
    prune_incompatible_keys *keys = NULL;
    assert_ok(prune_module_clone(&copy, net));
    assert_ok(prune_module_state_dict(&dict, net, true));
    assert_int_equal(prune_dict_size(dict), 20000);
    assert_ok(prune_module_load_state_dict(copy, dict, true, &keys));
    assert_int_equal(keys->num_missing + keys->num_unexpected, 0);
    prune_incompatible_keys_release(keys);
    assert_ok(prune_dict_delete(dict, "block0.fc0.weight"));
    put_pair(dict, "block99.fc99.other", 1);
    put_pair(dict, "block3.other.weight", 1);
    assert_ok(prune_module_load_state_dict(copy, dict, false, &keys));
    assert_int_equal(keys->num_missing, 1);
    assert_string_equal(keys->missing_keys[0], "block0.fc0.weight");
    assert_int_equal(keys->num_unexpected, 2); /* in the order of the modules */
    assert_string_equal(keys->unexpected_keys[0], "block3.other.weight");
    assert_string_equal(keys->unexpected_keys[1], "block99.fc99.other");
    prune_incompatible_keys_release(keys);
    prune_dict_release(dict);
    prune_module_release(copy);
    prune_module_release(net);
}

static void thousands_of_parameters_are_pruned_together(void **state)
{
    (void)state;
    enum { MANY = 4000 };
    static prune_parameter parameters[MANY];
    prune_module *net = wide_network();
    prune_named_modules *modules = NULL;
    prune_method *method = NULL;
    assert_ok(prune_module_named_modules(&modules, net));
    for (int64_t i = 1, n = 0; n < MANY; i++)
        if (strcmp(prune_module_type_name(modules->items[i].module), "Linear") == 0)
            parameters[n++] = (prune_parameter){ modules->items[i].module, "weight", NULL };
    assert_ok(prune_method_l1_unstructured(&method, prune_count(2 * MANY - 3), NULL));
    assert_ok(prune_global_unstructured(parameters, MANY, method));
    int64_t left = 0;
    for (int i = 0; i < MANY; i++) {
        prune_sparsity_counts counts;
        assert_ok(prune_sparsity(&counts, parameters[i].module, "weight"));
        left += counts.entries - counts.zeros;
    }
    assert_int_equal(left, 3);
    prune_method_release(method);
    prune_named_modules_release(modules);
    prune_module_release(net);
}

static void a_parameter_is_pruned_ten_thousand_times(void **state)
{
    (void)state;
    enum { MANY = 10000 };
    prune_module *linear = pruned_linear(), *copy = NULL;
    for (int i = 1; i < MANY; i++)
        assert_ok(prune_identity(linear, "weight"));
    assert_int_equal(prune_container_size(prune_applied_method(linear, "weight")), MANY);
    assert_ok(prune_module_clone(&copy, linear));
    assert_int_equal(prune_container_size(prune_applied_method(copy, "weight")), MANY);
    assert_ok(prune_remove(linear, "weight"));
    prune_module_release(copy);
    prune_module_release(linear);
}

/* ---- Names ---- */

enum { LONG = 1 << 20 };

static char *long_name(void)
{
    char *name = malloc(LONG + 1);
    assert_non_null(name);
    memset(name, 'x', LONG);
    name[LONG] = '\0';
    return name;
}

static void names_may_have_a_million_bytes(void **state)
{
    (void)state;
    char *name = long_name();
    prune_module *net = module_of(name), *child = add_child(net, name, name), *copy = NULL;
    new_parameter(child, name, 1);
    assert_ok(prune_l1_unstructured(child, name, prune_count(1), NULL));
    assert_true(strcmp(prune_method_tensor_name(prune_applied_method(child, name)), name) == 0);
    assert_ok(prune_module_clone(&copy, net));
    prune_dict *dict = NULL, *loaded = NULL;
    assert_ok(prune_module_state_dict(&dict, net, false));
    assert_int_equal(strlen(prune_dict_key(dict, 0)), 2 * LONG + strlen("._orig"));
    assert_ok(prune_module_load_state_dict(copy, dict, true, NULL));
    assert_ok(prune_save("test_limits.safetensors", dict, PRUNE_FORMAT_AUTO));
    assert_ok(prune_load(&loaded, "test_limits.safetensors", NULL));
    for (int64_t i = 0; i < 2; i++) /* sorted in the file */
        assert_true(strcmp(prune_dict_key(loaded, i), prune_dict_key(dict, 1 - i)) == 0);
    assert_int_equal(remove("test_limits.safetensors"), 0);
    prune_dict_release(dict);
    prune_dict_release(loaded);
    prune_module_release(copy);
    prune_module_release(net);
    free(name);
}

/* The sentence has room for some of it. */
static void long_names_in_sentences_are_cut(void **state)
{
    (void)state;
    char *name = long_name();
    prune_module *m = module_of("Net");
    assert_missing(prune_module_get_tensor(m, name), PRUNE_ERROR_ATTRIBUTE, "'Net' object has no attribute 'xxx");
    assert_string_equal(prune_last_error() + strlen(prune_last_error()) - 4, "x...");
    assert_missing(prune_module_get_submodule(m, name), PRUNE_ERROR_ATTRIBUTE, "Net has no attribute `xxx");
    assert_fails(prune_remove(m, name), PRUNE_ERROR_VALUE, "Parameter 'xxx");
    assert_true(strlen(prune_last_error()) < 5000);
    prune_module_release(m);
    free(name);
}

/* ---- Sizes ---- */

/* One element seen as often as an int64 can count bytes. What looks at places alone works; what needs memory says so. */
static void a_tensor_may_have_as_many_elements_as_can_be_addressed(void **state)
{
    (void)state;
    const int64_t most = (int64_t)((SIZE_MAX > UINT32_MAX ? (uint64_t)INT64_MAX : (uint64_t)INT32_MAX) / sizeof(float));
    prune_tensor *one = full(PRUNE_SCALAR, 1, PRUNE_FLOAT32), *all = NULL, *t = NULL, *square = NULL;
    assert_ok(prune_tensor_expand(&all, one, PRUNE_SHAPE(most)));
    assert_int_equal(prune_tensor_numel(all), most);
    assert_ok(prune_tensor_narrow(&t, all, 0, most - 3, 3));
    assert_values(t, 1, 1, 1);
    prune_tensor_release(t);
    assert_ok(prune_tensor_slice(&t, all, 0, 1, INT64_MAX, most - 2));
    assert_values(t, 1, 1);
    prune_tensor_release(t);
    char *text = NULL;
    assert_ok(prune_tensor_to_string(&text, all, NULL));
    assert_string_equal(text, "tensor([1., 1., 1.,  ..., 1., 1., 1.])");
    prune_free(text);

    prune_tensor *none = NULL;
    assert_fails(prune_tensor_expand(&none, one, PRUNE_SHAPE(most, most)), PRUNE_ERROR_MEMORY,
                 "does not fit into memory");
    assert_ok(prune_tensor_unsqueeze(&square, all, 1));
    assert_fails(prune_tensor_add(&none, all, square), PRUNE_ERROR_MEMORY, "does not fit into memory");
    assert_fails(prune_tensor_empty(&none, PRUNE_SHAPE(0, INT64_MAX, INT64_MAX), PRUNE_FLOAT32), PRUNE_ERROR_MEMORY,
                 "");
    assert_fails(prune_tensor_empty(&none, PRUNE_SHAPE(INT64_MAX), PRUNE_FLOAT64), PRUNE_ERROR_MEMORY, "");
    assert_null(none);
    prune_tensor_release(square);
    prune_tensor_release(all);
    prune_tensor_release(one);
}

static void tensors_of_the_highest_rank_work(void **state)
{
    (void)state;
    int64_t sizes[PRUNE_MAX_DIMS + 1], dims[PRUNE_MAX_DIMS];
    for (int64_t i = 0; i < PRUNE_MAX_DIMS; i++) {
        sizes[i] = i < 3 ? 2 : 1;
        dims[i] = PRUNE_MAX_DIMS - 1 - i;
    }
    sizes[PRUNE_MAX_DIMS] = 1;
    prune_tensor *t = full(sizes, PRUNE_MAX_DIMS, 3, PRUNE_FLOAT32), *turned = NULL, *sum = NULL, *none = NULL;
    assert_ok(prune_tensor_permute(&turned, t, dims, PRUNE_MAX_DIMS));
    assert_int_equal(prune_tensor_size(turned, -1), 2);
    assert_ok(prune_tensor_sum(&sum, turned, dims, PRUNE_MAX_DIMS, false));
    assert_values(sum, 24);
    assert_fails(prune_tensor_unsqueeze(&none, t, 0), PRUNE_ERROR_VALUE, "rank 17 is not in the range 0 to 16");
    assert_fails(prune_tensor_view(&none, t, sizes, PRUNE_MAX_DIMS + 1), PRUNE_ERROR_VALUE, "rank 17");
    prune_module *m = module_of("Net");
    assert_ok(prune_module_register_parameter(m, "weight", t));
    assert_ok(prune_random_structured(m, "weight", prune_count(1), 0));
    assert_ok(prune_l1_unstructured(m, "weight", prune_count(1), NULL));
    prune_sparsity_counts counts;
    assert_ok(prune_sparsity(&counts, m, "weight"));
    assert_int_equal(counts.zeros, 5);
    prune_module_release(m);
    prune_tensor_release(sum);
    prune_tensor_release(turned);
    prune_tensor_release(t);
}

/* ---- Memory ---- */

static void a_small_tree_is_walked_without_memory(void **state)
{
    (void)state;
    prune_module *net = module_of("Net"), *layers[15];
    for (int i = 0; i < 15; i++) {
        char name[8];
        snprintf(name, sizeof name, "fc%d", i);
        layers[i] = pruned_linear();
        assert_ok(prune_module_register_module(net, name, layers[i]));
    }
    fail_allocation(0, true);
    prune_status status = prune_module_run_forward_pre_hooks(net, true);
    bool is_pruned = prune_is_pruned(net);
    fail_allocation(-1, false);
    assert_ok(status);
    assert_true(is_pruned);
    for (int i = 0; i < 15; i++)
        prune_module_release(layers[i]);
    prune_module_release(net);
}

static prune_status look(void *net)
{
    return prune_is_pruned(net) ? PRUNE_OK : prune_last_status();
}

static void a_look_at_a_deep_tree_that_runs_out_of_memory_says_so(void **state)
{
    (void)state;
    prune_module *net = nested(pruned_linear(), 40);
    try_every_allocation(look, NULL, NULL, net);
    fail_allocation(0, true);
    assert_missing(prune_is_pruned(net), PRUNE_ERROR_MEMORY, "out of memory");
    fail_allocation(-1, false);
    prune_module_release(net);
}

/* ---- Hooks ---- */

static prune_status count_run(void *context, prune_module *module, prune_tensor *const *x, int64_t nx)
{
    (void)module;
    (void)x;
    (void)nx;
    ++**(int64_t **)context;
    return PRUNE_OK;
}

static void a_million_hooks_come_and_go(void **state)
{
    (void)state;
    enum { MANY = 1000000 };
    static const prune_hook_ops ops = {
        .size = sizeof ops, .type_name = "Count", .context_size = sizeof(int64_t *), .call = count_run
    };
    int64_t runs = 0, *context = &runs, first, last;
    prune_module *m = module_of("Busy");
    assert_ok(prune_module_register_forward_pre_hook(&first, m, &ops, &context));
    for (int i = 1; i < MANY; i++)
        assert_ok(prune_module_register_forward_pre_hook(&last, m, &ops, &context));
    assert_int_equal(last, first + MANY - 1);
    assert_ok(prune_module_run_forward_pre_hooks(m, false));
    assert_int_equal(runs, MANY);
    for (int64_t i = 0; i < MANY / 2; i++) { /* from both ends */
        assert_ok(prune_module_remove_forward_pre_hook(m, first + i));
        assert_ok(prune_module_remove_forward_pre_hook(m, last - i));
    }
    assert_null(prune_module_forward_pre_hook(m, 0, NULL));
    prune_module_release(m);
}

/* A list in which hooks come at the end and go at the front takes no more room than it needs. */
static void hooks_may_queue(void **state)
{
    (void)state;
    static const prune_hook_ops ops = {
        .size = sizeof ops, .type_name = "Count", .context_size = sizeof(int64_t *), .call = count_run
    };
    int64_t runs = 0, *context = &runs, ids[100000];
    prune_module *m = module_of("Queue");
    for (int i = 0; i < 100000; i++) {
        assert_ok(prune_module_register_forward_pre_hook(&ids[i], m, &ops, &context));
        if (i >= 10)
            assert_ok(prune_module_remove_forward_pre_hook(m, ids[i - 10]));
    }
    int64_t id;
    for (int i = 0; i < 10; i++) {
        assert_string_equal(prune_module_forward_pre_hook(m, i, &id), "Count");
        assert_int_equal(id, ids[100000 - 10 + i]);
    }
    assert_null(prune_module_forward_pre_hook(m, 10, NULL));
    assert_ok(prune_module_run_forward_pre_hooks(m, false));
    assert_int_equal(runs, 10);
    prune_module_release(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thousand_nested_sequentials_work),
        cmocka_unit_test(a_hundred_thousand_levels_do_not_take_the_stack),
        cmocka_unit_test(calls_nest_two_thousand_deep),
        cmocka_unit_test(a_forward_that_calls_itself_fails),
        cmocka_unit_test(a_hook_that_runs_its_own_list_fails),
        cmocka_unit_test(a_module_on_many_paths_is_met_once),
        cmocka_unit_test(ten_thousand_layers_are_saved_and_loaded),
        cmocka_unit_test(thousands_of_parameters_are_pruned_together),
        cmocka_unit_test(a_parameter_is_pruned_ten_thousand_times),
        cmocka_unit_test(names_may_have_a_million_bytes),
        cmocka_unit_test(long_names_in_sentences_are_cut),
        cmocka_unit_test(a_tensor_may_have_as_many_elements_as_can_be_addressed),
        cmocka_unit_test(tensors_of_the_highest_rank_work),
        cmocka_unit_test(a_small_tree_is_walked_without_memory),
        cmocka_unit_test(a_look_at_a_deep_tree_that_runs_out_of_memory_says_so),
        cmocka_unit_test(a_million_hooks_come_and_go),
        cmocka_unit_test(hooks_may_queue),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
