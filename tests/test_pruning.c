/* PyTorch's own tests of pruning, test/nn/test_pruning.py, in their order: each has its counterpart of the same name. Where
 * they look at gradients, which are not here, these measure how far an entry reaches the output. */
#include "pruning.h"

/* ---- Objects that live until the end of the test ---- */

enum { KEPT = 512 };

static struct kept {
    prune_tensor *tensor;
    prune_module *module;
    prune_method *method;
} kept[KEPT];
static int kept_count;

static struct kept *next_kept(void)
{
    assert_true(kept_count < KEPT);
    return &kept[kept_count++];
}

static prune_tensor *keep(prune_tensor *t)
{
    return next_kept()->tensor = t;
}

static prune_module *keep_module(prune_module *m)
{
    return next_kept()->module = m;
}

static prune_method *keep_method(prune_method *method)
{
    return next_kept()->method = method;
}

static int release_all(void **state)
{
    (void)state;
    while (kept_count > 0) {
        struct kept *last = &kept[--kept_count];
        prune_tensor_release(last->tensor);
        prune_module_release(last->module);
        prune_method_release(last->method);
        *last = (struct kept){ NULL, NULL, NULL };
    }
    return 0;
}

/* ---- What several tests use ---- */

#define tensor(shape, ...) keep(tensor_with(shape, (const float[]){ __VA_ARGS__ }))

static prune_tensor *ones(const int64_t *sizes, int64_t ndim)
{
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_ones(&t, sizes, ndim, PRUNE_FLOAT32));
    return keep(t);
}

static prune_tensor *copy_of(const prune_tensor *t)
{
    prune_tensor *copy = NULL;
    assert_ok(prune_tensor_clone(&copy, t));
    return keep(copy);
}

/* As int64: what PyTorch's tests have their masks in. */
static prune_tensor *integers(prune_tensor *t)
{
    prune_tensor *converted = NULL;
    assert_ok(prune_tensor_to(&converted, t, PRUNE_INT64));
    return keep(converted);
}

static prune_module *linear(int64_t in, int64_t out)
{
    prune_module *m = NULL;
    assert_ok(prune_linear_create(&m, in, out, NULL));
    return keep_module(m);
}

static prune_module *conv3d(void)
{
    prune_module *m = NULL;
    assert_ok(prune_conv3d_create(&m, 2, 2, PRUNE_INTS(2), NULL));
    return keep_module(m);
}

static prune_module *clone_of(const prune_module *m)
{
    prune_module *copy = NULL;
    assert_ok(prune_module_clone(&copy, m));
    return keep_module(copy);
}

static prune_method *l1_unstructured(prune_amount amount)
{
    prune_method *method = NULL;
    assert_ok(prune_method_l1_unstructured(&method, amount, NULL));
    return keep_method(method);
}

/* The check for weight, then bias, of a Linear(5, 7) and of a Conv3d(2, 2, 2). */
static void for_each_parameter(void (*check)(prune_module *m, const char *name))
{
    prune_module *modules[] = { linear(5, 7), conv3d() };
    for (int i = 0; i < 2; i++) {
        check(modules[i], "weight");
        check(modules[i], "bias");
    }
}

static prune_tensor *call(prune_module *m, prune_tensor *x)
{
    prune_tensor *y = NULL;
    assert_ok(prune_module_call(&y, m, x));
    return keep(y);
}

static prune_tensor *mask_by(prune_method *method, prune_tensor *t, prune_tensor *default_mask)
{
    prune_tensor *mask = NULL;
    assert_ok(prune_method_compute_mask(&mask, method, t, default_mask));
    return keep(mask);
}

static int64_t zeros_of(const prune_tensor *t)
{
    prune_tensor *nonzero = NULL;
    double count;
    assert_ok(prune_tensor_count_nonzero(&nonzero, t, PRUNE_ALL_DIMS));
    assert_ok(prune_tensor_get(&count, keep(nonzero), PRUNE_SCALAR));
    return prune_tensor_numel(t) - (int64_t)count;
}

/* What the module knows under `name` with `suffix` behind it. */
static prune_kind kind_of(const prune_module *m, const char *name, const char *suffix)
{
    char text[64];
    snprintf(text, sizeof text, "%s%s", name, suffix);
    return prune_module_kind(m, text);
}

static bool in_state_dict(const prune_module *m, const char *key)
{
    bool found = false;
    prune_dict *state = NULL;
    assert_ok(prune_module_state_dict(&state, m, false));
    for (int64_t i = 0; i < prune_dict_size(state); i++)
        found = found || strcmp(prune_dict_key(state, i), key) == 0;
    prune_dict_release(state);
    return found;
}

static void expect_same_tensor(const prune_module *a, const prune_module *b, const char *name)
{
    const prune_tensor *t = prune_module_get_tensor(a, name), *u = prune_module_get_tensor(b, name);
    assert_ptr_not_equal(t, u);
    assert_same_bits(t, u);
}

/* ---- Instead of gradients ---- */

static double sum_of_output(prune_module *m, prune_tensor *x)
{
    double sum = 0;
    const prune_tensor *y = call(m, x);
    for (int64_t i = 0; i < prune_tensor_numel(y); i++)
        sum += (double)prune_tensor_data(y)[i];
    return sum;
}

/* m(x).sum() is linear in each parameter: what adding 1 to an entry adds to it is the gradient, up to rounding, and
 * exactly 0 where the entry does not reach the output. */
static prune_tensor *gradient(prune_module *m, const char *name, prune_tensor *x)
{
    prune_tensor *parameter = prune_module_get_parameter(m, name), *grad = copy_of(parameter);
    float *values = prune_tensor_data_mutable(parameter), *differences = prune_tensor_data_mutable(grad);
    double before = sum_of_output(m, x);
    for (int64_t i = 0; i < prune_tensor_numel(parameter); i++) {
        float kept_value = values[i];
        values[i] += 1;
        differences[i] = (float)(sum_of_output(m, x) - before);
        values[i] = kept_value;
    }
    return grad;
}

static void expect_gradient(prune_module *m, const char *name, prune_tensor *x, const prune_tensor *expected)
{
    bool close = false;
    const prune_tensor *grad = gradient(m, name, x);
    assert_ok(prune_tensor_allclose(&close, grad, expected, 0, 2e-6, false));
    assert_true(close);
    for (int64_t i = 0; i < prune_tensor_numel(grad); i++)
        if (prune_tensor_data(expected)[i] == 0)
            assert_true(prune_tensor_data(grad)[i] == 0);
}

static void expect_gradient_of_ones(prune_module *m, const char *name, prune_tensor *x)
{
    const prune_tensor *parameter = prune_module_get_parameter(m, name);
    expect_gradient(m, name, x, ones(prune_tensor_sizes(parameter), prune_tensor_ndim(parameter)));
}

/* ---- Methods whose compute_mask is replaced, as mock.patch does ---- */

static prune_status give_mask(void *context, prune_tensor *mask, const prune_tensor *t)
{
    (void)t;
    return prune_tensor_copy_(mask, *(prune_tensor **)context);
}

static prune_status give_error(void *context, prune_tensor *mask, const prune_tensor *t)
{
    (void)context;
    (void)t;
    assert_ok(prune_tensor_fill_(mask, 0)); /* half done */
    return prune_fail(PRUNE_ERROR_USER, "HA!");
}

static const prune_method_ops given_mask = {
    .size = sizeof given_mask,
    .type_name = "RandomUnstructured",
    .type = PRUNE_UNSTRUCTURED,
    .context_size = sizeof(prune_tensor *),
    .compute_mask = give_mask,
};

static const prune_method_ops given_error = {
    .size = sizeof given_error,
    .type_name = "L1Unstructured",
    .type = PRUNE_UNSTRUCTURED,
    .compute_mask = give_error,
};

static prune_method *method_of(const prune_method_ops *ops, const void *context)
{
    prune_method *method = NULL;
    assert_ok(prune_method_create(&method, ops, context));
    return keep_method(method);
}

static void prune_with_mask(prune_module *m, prune_tensor *mask)
{
    assert_ok(prune_apply(m, "weight", method_of(&given_mask, &mask), NULL));
}

/* ---- Amounts ---- */

enum { CLASSES_WITH_AMOUNT = 4 };

static prune_status create(prune_method **out, int class, prune_amount amount)
{
    switch (class) {
    case 0:
        return prune_method_random_unstructured(out, amount, NULL);
    case 1:
        return prune_method_l1_unstructured(out, amount, NULL);
    case 2:
        return prune_method_random_structured(out, amount, -1);
    default:
        return prune_method_ln_structured(out, amount, prune_norm_p(2), -1, NULL);
    }
}

static void refuse_amount(prune_amount amount)
{
    prune_method *method = NULL;
    for (int class = 0; class < CLASSES_WITH_AMOUNT; class ++)
        assert_fails(create(&method, class, amount), PRUNE_ERROR_VALUE, "amount");
    assert_null(method);
}

static void accept_amount(prune_amount amount)
{
    for (int class = 0; class < CLASSES_WITH_AMOUNT; class ++) {
        prune_method *method = NULL;
        assert_ok(create(&method, class, amount));
        keep_method(method);
    }
}

static void validate_pruning_amount_init(void **state)
{
    (void)state;
    refuse_amount((prune_amount){ 0 }); /* made by neither function: PyTorch's string */
    refuse_amount(prune_fraction(1.1));
    refuse_amount(prune_fraction(20));
    refuse_amount(prune_count(-10));
    accept_amount(prune_fraction(0.34));
    accept_amount(prune_count(1500));
    accept_amount(prune_count(0));
    accept_amount(prune_fraction(0));
    accept_amount(prune_count(1));
    accept_amount(prune_fraction(1));
}

static prune_tensor *of_size(int64_t size)
{
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_arange(&t, 0, (double)size, 1, PRUNE_FLOAT32));
    return keep(t);
}

/* How many of `size` entries are pruned. */
static int64_t pruned_of(prune_amount amount, int64_t size)
{
    return zeros_of(mask_by(l1_unstructured(amount), of_size(size), NULL));
}

static void validate_pruning_amount(void **state)
{
    (void)state;
    prune_tensor *mask = NULL;
    assert_fails(prune_method_compute_mask(&mask, l1_unstructured(prune_count(20)), of_size(19), NULL),
                 PRUNE_ERROR_VALUE, "amount=20 should be smaller than the number of parameters to prune=19");
    assert_int_equal(pruned_of(prune_fraction(0.3), 0), 0);
    assert_int_equal(pruned_of(prune_count(19), 20), 19);
    assert_int_equal(pruned_of(prune_count(0), 0), 0);
    assert_int_equal(pruned_of(prune_count(1), 1), 1);
}

static void compute_nparams_to_prune(void **state)
{
    (void)state;
    assert_int_equal(pruned_of(prune_count(0), 15), 0);
    assert_int_equal(pruned_of(prune_count(10), 15), 10);
    assert_int_equal(pruned_of(prune_count(1), 15), 1);
    assert_int_equal(pruned_of(prune_fraction(1), 15), 15);
    assert_int_equal(pruned_of(prune_fraction(0.4), 17), 7);
}

/* ---- Random pruning ---- */

static void expect_size(const prune_tensor *t, const prune_tensor *original)
{
    check_shape(t, prune_tensor_sizes(original), prune_tensor_ndim(original), __FILE__, __LINE__);
}

static void check_sizes(prune_module *m, const char *name)
{
    const prune_tensor *original = copy_of(prune_module_get_tensor(m, name));
    assert_ok(prune_random_unstructured(m, name, prune_fraction(0.1)));
    expect_size(prune_mask(m, name), original);
    expect_size(prune_original(m, name), original);
    expect_size(prune_module_get_tensor(m, name), original);
}

static void random_pruning_sizes(void **state)
{
    (void)state;
    for_each_parameter(check_sizes);
}

static void check_orig(prune_module *m, const char *name)
{
    const prune_tensor *parameter = prune_module_get_tensor(m, name), *original = copy_of(parameter);
    assert_ok(prune_random_unstructured(m, name, prune_fraction(0.1)));
    assert_ptr_equal(prune_original(m, name), parameter);
    assert_same_bits(prune_original(m, name), original);
}

static void random_pruning_orig(void **state)
{
    (void)state;
    for_each_parameter(check_orig);
}

static void check_new_weight(prune_module *m, const char *name)
{
    prune_tensor *product = NULL;
    assert_ok(prune_random_unstructured(m, name, prune_fraction(0.1)));
    assert_ok(prune_tensor_mul(&product, prune_original(m, name), prune_mask(m, name)));
    assert_same_bits(prune_module_get_tensor(m, name), keep(product));
}

static void random_pruning_new_weight(void **state)
{
    (void)state;
    for_each_parameter(check_new_weight);
}

/* A mask of ones, which `prune_weight` makes, changes neither outputs nor gradients. */
static void expect_no_effect(void (*prune_weight)(prune_module *m))
{
    prune_module *m = linear(5, 2);
    prune_tensor *x = ones(PRUNE_SHAPE(1, 5));
    const prune_tensor *before = call(m, x);
    expect_gradient_of_ones(m, "weight", x);
    expect_gradient_of_ones(m, "bias", x);

    prune_weight(m);
    assert_same_bits(call(m, x), before);
    assert_same_bits(call(m, x), before);
    expect_gradient_of_ones(m, "weight_orig", x);
    expect_gradient_of_ones(m, "bias", x);
}

static void prune_by_identity(prune_module *m)
{
    assert_ok(prune_identity(m, "weight"));
}

static void prune_with_ones(prune_module *m)
{
    prune_with_mask(m, ones(PRUNE_SHAPE(2, 5)));
}

static void identity_pruning(void **state)
{
    (void)state;
    expect_no_effect(prune_by_identity);
}

static void random_pruning_0perc(void **state)
{
    (void)state;
    expect_no_effect(prune_with_ones);
}

/* All entries but [0, 3] and [1, 0]; and those alone. */
#define ALL_BUT_TWO 1, 1, 1, 0, 1, 0, 1, 1, 1, 1
#define TWO_ALONE 0, 0, 0, 1, 0, 1, 0, 0, 0, 0

static void random_pruning(void **state)
{
    (void)state;
    prune_module *m = linear(5, 2);
    prune_tensor *x = ones(PRUNE_SHAPE(1, 5)), *mask = tensor(PRUNE_SHAPE(2, 5), ALL_BUT_TWO);
    prune_with_mask(m, mask);
    expect_gradient(m, "weight_orig", x, mask);
    expect_gradient_of_ones(m, "bias", x);

    /* A step against the gradient leaves the pruned entries alone. */
    const prune_tensor *old = copy_of(orig_of(m));
    assert_ok(prune_tensor_sub_(orig_of(m), gradient(m, "weight_orig", x)));
    float *orig = prune_tensor_data_mutable(orig_of(m));
    for (int i = 0; i < 10; i++)
        assert_int_equal(orig[i] == prune_tensor_data(old)[i], i == 3 || i == 5);

    /* And whatever they become, the output is the same. */
    const prune_tensor *before = call(m, x);
    orig[3] = 1e6f;
    orig[5] = -7;
    assert_same_bits(call(m, x), before);
}

static void random_pruning_forward(void **state)
{
    (void)state;
    prune_module *m = linear(5, 2);
    prune_with_mask(m, tensor(PRUNE_SHAPE(2, 5), TWO_ALONE));
    const prune_tensor *y = call(m, ones(PRUNE_SHAPE(1, 5)));
    const float *orig = prune_tensor_data(orig_of(m)), *bias = prune_tensor_data(prune_module_get_tensor(m, "bias"));
    assert_shape(y, 1, 2);
    assert_float_equal(prune_tensor_data(y)[0], orig[3] + bias[0], 1e-7);
    assert_float_equal(prune_tensor_data(y)[1], orig[5] + bias[1], 1e-7);
}

static void remove_pruning_forward(void **state)
{
    (void)state;
    prune_module *m = linear(5, 2);
    prune_tensor *x = ones(PRUNE_SHAPE(1, 5));
    const prune_tensor *unpruned = call(m, x);
    prune_with_mask(m, tensor(PRUNE_SHAPE(2, 5), ALL_BUT_TWO));
    const prune_tensor *pruned = call(m, x);
    assert_ok(prune_remove(m, "weight"));
    assert_same_bits(call(m, x), pruned);
    assert_false(prune_tensor_equal(pruned, unpruned));
}

/* next(iter(m.parameters())) */
static const prune_tensor *first_parameter(const prune_module *m)
{
    prune_dict *parameters = NULL;
    assert_ok(prune_module_named_parameters(&parameters, m, true));
    const prune_tensor *first = prune_dict_value(parameters, 0);
    prune_dict_release(parameters);
    return first;
}

static void pruning_id_consistency(void **state)
{
    (void)state;
    prune_linear_options without_bias = PRUNE_LINEAR_OPTIONS_INIT;
    without_bias.bias = false;
    prune_module *m = NULL;
    assert_ok(prune_linear_create(&m, 5, 2, &without_bias));
    keep_module(m);
    const prune_tensor *parameter = first_parameter(m);
    assert_non_null(parameter);
    assert_ok(prune_random_unstructured(m, "weight", prune_fraction(0.9)));
    assert_ptr_equal(first_parameter(m), parameter);
    assert_ok(prune_remove(m, "weight"));
    assert_ptr_equal(first_parameter(m), parameter);
}

/* `to` loads the state dict of `from`, which was written to a file and read again. */
static void load_through_a_file(prune_module *to, const prune_module *from)
{
    static const char file[] = "test_pruning.safetensors";
    prune_dict *saved = NULL, *loaded = NULL;
    assert_ok(prune_module_state_dict(&saved, from, false));
    assert_ok(prune_save(file, saved, PRUNE_FORMAT_SAFETENSORS));
    assert_ok(prune_load(&loaded, file, NULL));
    assert_int_equal(remove(file), 0);
    assert_ok(prune_module_load_state_dict(to, loaded, true, NULL));
    assert_ok(prune_module_run_forward_pre_hooks(to, true));
    prune_dict_release(saved);
    prune_dict_release(loaded);
}

/* In place of pickle: a deep copy, and a file. */
static void check_pickle(prune_module *m, const char *name)
{
    assert_ok(prune_random_unstructured(m, name, prune_fraction(0.1)));
    prune_module *copy = clone_of(m);
    assert_string_equal(prune_module_type_name(copy), prune_module_type_name(m));
    assert_true(prune_is_pruned(copy));
    expect_same_tensor(copy, m, name);

    assert_ok(prune_tensor_fill_(prune_original(copy, name), 7));
    assert_ok(prune_tensor_fill_(prune_mask(copy, name), 0));
    load_through_a_file(copy, m);
    assert_same_bits(prune_original(copy, name), prune_original(m, name));
    assert_same_bits(prune_mask(copy, name), prune_mask(m, name));
    expect_same_tensor(copy, m, name);
}

static void random_pruning_pickle(void **state)
{
    (void)state;
    for_each_parameter(check_pickle);
}

/* ---- Containers ---- */

/* The method at work on weight, whose hook is the module's only one. */
static const prune_method *only_hook(const prune_module *m)
{
    const prune_method *method = prune_applied_method(m, "weight");
    assert_string_equal(prune_module_forward_pre_hook(m, 0, NULL), prune_method_type_name(method));
    assert_null(prune_module_forward_pre_hook(m, 1, NULL));
    return method;
}

static void multiple_pruning_calls(void **state)
{
    (void)state;
    prune_module *m = conv3d();
    assert_ok(prune_l1_unstructured(m, "weight", prune_fraction(0.1), NULL));
    const prune_tensor *first_mask = copy_of(mask_of(m));
    assert_int_equal(zeros_of(first_mask), 3); /* of 32 */

    assert_ok(prune_ln_structured(m, "weight", prune_fraction(0.3), prune_norm_p(2), 0, NULL));
    const prune_method *hook = only_hook(m);
    assert_string_equal(prune_method_type_name(hook), "PruningContainer");
    assert_string_equal(prune_method_tensor_name(hook), "weight");
    assert_int_equal(prune_container_size(hook), 2);
    assert_history(m, "L1Unstructured LnStructured");
    for (int64_t i = 0; i < prune_tensor_numel(first_mask); i++)
        assert_true(prune_tensor_data(first_mask)[i] != 0 || prune_tensor_data(mask_of(m))[i] == 0);

    assert_ok(prune_ln_structured(m, "weight", prune_fraction(0.1), prune_norm_p(INFINITY), 1, NULL));
    assert_string_equal(prune_method_tensor_name(only_hook(m)), "weight");
    assert_history(m, "L1Unstructured LnStructured LnStructured");
}

static prune_method *named(prune_method *method, const char *tensor_name)
{
    assert_ok(prune_method_set_tensor_name(method, tensor_name));
    return method;
}

static prune_method *ln_of_one(int64_t dim)
{
    prune_method *method = NULL;
    assert_ok(prune_method_ln_structured(&method, prune_count(1), prune_norm_p(2), dim, NULL));
    return named(keep_method(method), "test");
}

static prune_method *empty_container(void)
{
    prune_method *container = NULL;
    assert_ok(prune_method_container(&container, NULL, 0));
    return named(keep_method(container), "test");
}

static void pruning_container(void **state)
{
    (void)state;
    prune_method *container = empty_container();
    prune_method *p = named(l1_unstructured(prune_count(2)), "test");
    prune_method *q = named(l1_unstructured(prune_count(2)), "another_test");
    assert_int_equal(prune_container_size(container), 0);
    assert_ok(prune_container_add(container, p));
    assert_int_equal(prune_container_size(container), 1);
    assert_ptr_equal(prune_container_get(container, 0), p);
    assert_fails(prune_container_add(container, q), PRUNE_ERROR_VALUE, "Found 'another_test'");
    assert_fails(prune_container_add(container, NULL), PRUNE_ERROR_TYPE, ""); /* the compiler refuses 10 and "ugh" */
    assert_int_equal(prune_container_size(container), 1);
}

static prune_tensor *one_to_eight(void)
{
    return tensor(PRUNE_SHAPE(2, 4), 1, 2, 3, 4, 5, 6, 7, 8);
}

static prune_tensor *prior_mask(void)
{
    return integers(tensor(PRUNE_SHAPE(2, 4), 1, 1, 1, 0, 1, 1, 0, 1));
}

static void pruning_container_compute_mask(void **state)
{
    (void)state;
    prune_method *container = empty_container();
    prune_tensor *t = one_to_eight(), *default_mask = prior_mask();
    assert_ok(prune_container_add(container, named(l1_unstructured(prune_count(2)), "test")));
    assert_values(mask_by(container, t, default_mask), 0, 0, 1, 0, 1, 1, 0, 1);
    assert_ok(prune_container_add(container, ln_of_one(0)));
    assert_values(mask_by(container, t, default_mask), 0, 0, 0, 0, 1, 1, 0, 1);
    assert_ok(prune_container_add(container, ln_of_one(1)));
    assert_values(mask_by(container, t, default_mask), 0, 1, 1, 0, 0, 1, 0, 1);
}

/* ---- By magnitude ---- */

/* Linear(4, 2) with a weight by hand. */
static prune_module *linear_by_hand(void)
{
    prune_module *m = linear(4, 2);
    add_parameter(m, "weight", PRUNE_SHAPE(2, 4), (const float[]){ 1, 2, 3, 4, -4, -3, -2, -1 });
    return m;
}

static void l1_unstructured_pruning(void **state)
{
    (void)state;
    prune_module *m = linear_by_hand();
    assert_ok(prune_l1_unstructured(m, "weight", prune_count(2), NULL));
    assert_values(weight_of(m), 0, 2, 3, 4, -4, -3, -2, -0.0f);
    assert_ok(prune_l1_unstructured(m, "weight", prune_count(2), NULL));
    assert_values(weight_of(m), 0, 0, 3, 4, -4, -3, -0.0f, -0.0f);
}

static void l1_unstructured_pruning_with_importance_scores(void **state)
{
    (void)state;
    prune_module *m = linear_by_hand();
    const prune_tensor *scores = tensor(PRUNE_SHAPE(2, 4), 4, 2, 1, 3, -3, -1, -2, -4);
    assert_ok(prune_l1_unstructured(m, "weight", prune_count(2), scores));
    assert_values(weight_of(m), 1, 2, 0, 4, -4, -0.0f, -2, -1);
    assert_ok(prune_l1_unstructured(m, "weight", prune_count(2), scores));
    assert_values(weight_of(m), 1, 0, 0, 4, -4, -0.0f, -0.0f, -1);
}

/* 2 * torch.randint(low=-1, high=2, size) */
static prune_tensor *minus_two_to_two(const int64_t *sizes, int64_t ndim)
{
    prune_tensor *t = NULL;
    assert_ok(prune_rand(&t, sizes, ndim, PRUNE_FLOAT32, NULL));
    float *values = prune_tensor_data_mutable(t);
    for (int64_t i = 0; i < prune_tensor_numel(t); i++)
        values[i] = 2 * floorf(3 * values[i]) - 2;
    return keep(t);
}

static void unstructured_pruning_same_magnitude(void **state)
{
    (void)state;
    prune_method *method = l1_unstructured(prune_fraction(0.2));
    for (int round = 0; round < 20; round++)
        assert_int_equal(zeros_of(mask_by(method, minus_two_to_two(PRUNE_SHAPE(10, 7)), NULL)), 14);
}

static void random_structured_pruning_amount(void **state)
{
    (void)state;
    prune_method *method = NULL;
    assert_ok(prune_method_random_structured(&method, prune_fraction(0.6), 2));
    keep_method(method);
    for (int round = 0; round < 20; round++) {
        prune_tensor *mask = mask_by(method, minus_two_to_two(PRUNE_SHAPE(5, 4, 2)), NULL), *column = NULL;
        assert_int_equal(zeros_of(mask), 20);
        assert_ok(prune_tensor_select(&column, mask, 2, 0));
        int64_t zeros = zeros_of(keep(column)); /* of the one column, all or none */
        assert_true(zeros == 0 || zeros == 20);
    }
}

/* Conv2d(3, 1, 2) with a weight by hand. */
static prune_module *conv2d_by_hand(void)
{
    prune_module *m = NULL;
    assert_ok(prune_conv2d_create(&m, 3, 1, PRUNE_INTS(2), NULL));
    add_parameter(m, "weight", PRUNE_SHAPE(1, 3, 2, 2),
                  (const float[]){ 1, 2, 1, 2.5f, 0.5f, 1, 0.1f, 0.1f, -3, -5, 0.1f, -1 });
    return keep_module(m);
}

static void ln_structured_pruning(void **state)
{
    (void)state;
    prune_module *m = conv2d_by_hand();
    assert_ok(prune_ln_structured(m, "weight", prune_count(1), prune_norm_p(2), 1, NULL));
    assert_values(mask_of(m), 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1);
    assert_ok(prune_ln_structured(m, "weight", prune_count(1), prune_norm_p(1), -1, NULL));
    assert_values(mask_of(m), 0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1);
}

static void ln_structured_pruning_importance_scores(void **state)
{
    (void)state;
    prune_module *m = conv2d_by_hand();
    const prune_tensor *scores = tensor(PRUNE_SHAPE(1, 3, 2, 2), 10, 1, 10, 1, 30, 3, 30, 3, -20, -2, -20, -2);
    assert_ok(prune_ln_structured(m, "weight", prune_count(1), prune_norm_p(2), 1, scores));
    assert_values(mask_of(m), 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
    assert_ok(prune_ln_structured(m, "weight", prune_count(1), prune_norm_p(1), -1, scores));
    assert_values(mask_of(m), 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0);
}

/* ---- Removal ---- */

static void check_removal(prune_module *m, const char *name)
{
    assert_ok(prune_random_unstructured(m, name, prune_fraction(0.5)));
    assert_int_equal(kind_of(m, name, "_orig"), PRUNE_KIND_PARAMETER);
    assert_int_equal(kind_of(m, name, "_mask"), PRUNE_KIND_BUFFER);
    assert_int_equal(kind_of(m, name, ""), PRUNE_KIND_ATTRIBUTE);
    const prune_tensor *pruned = copy_of(prune_module_get_tensor(m, name));

    assert_ok(prune_remove(m, name));
    assert_int_equal(kind_of(m, name, ""), PRUNE_KIND_PARAMETER);
    assert_int_equal(kind_of(m, name, "_orig"), PRUNE_KIND_NONE);
    assert_int_equal(kind_of(m, name, "_mask"), PRUNE_KIND_NONE);
    assert_same_bits(prune_module_get_tensor(m, name), pruned);
    assert_false(prune_is_pruned(m));
}

static void remove_pruning(void **state)
{
    (void)state;
    for_each_parameter(check_removal);
}

static void check_removal_of_nothing(prune_module *m, const char *name)
{
    assert_false(prune_is_pruned(m));
    assert_fails(prune_remove(m, name), PRUNE_ERROR_VALUE, "has to be pruned before pruning can be removed");
}

static void remove_pruning_exception(void **state)
{
    (void)state;
    for_each_parameter(check_removal_of_nothing);
}

/* ---- Global ---- */

/* A Linear(3, 1) with a weight by hand. */
static prune_module *small_linear_by_hand(void)
{
    prune_module *n = linear(3, 1);
    add_parameter(n, "weight", PRUNE_SHAPE(1, 3), (const float[]){ 0, 0.1f, -2 });
    return n;
}

static void global_pruning(void **state)
{
    (void)state;
    prune_module *m = linear_by_hand(), *n = small_linear_by_hand();
    const prune_parameter parameters[] = { { m, "weight", NULL }, { n, "weight", NULL } };
    assert_ok(prune_global_unstructured(parameters, 2, l1_unstructured(prune_count(4))));
    assert_values(weight_of(m), 0, 2, 3, 4, -4, -3, -2, -0.0f);
    assert_values(weight_of(n), 0, 0, -2);
}

static void global_pruning_importance_scores(void **state)
{
    (void)state;
    prune_module *m = linear_by_hand(), *n = small_linear_by_hand();
    const prune_parameter parameters[] = {
        { m, "weight", tensor(PRUNE_SHAPE(2, 4), 4, 2, 1, 3, -3, -1, -2, -4) },
        { n, "weight", tensor(PRUNE_SHAPE(1, 3), 0, 10, -0.2f) },
    };
    assert_ok(prune_global_unstructured(parameters, 2, l1_unstructured(prune_count(4))));
    assert_values(weight_of(m), 1, 2, 0, 4, -4, -0.0f, -2, -1);
    assert_values(weight_of(n), 0, 0.1f, -0.0f);
}

/* ---- Masks, and failures ---- */

static void custom_from_mask_pruning(void **state)
{
    (void)state;
    prune_method *method = NULL;
    prune_tensor *default_mask = integers(tensor(PRUNE_SHAPE(2, 4), 0, 0, 0, 0, 1, 1, 1, 1)), *t = NULL;
    assert_ok(prune_method_custom_from_mask(&method, integers(tensor(PRUNE_SHAPE(2, 4), 0, 1, 1, 0, 0, 0, 1, 1))));
    assert_ok(prune_rand(&t, PRUNE_SHAPE(2, 4), PRUNE_FLOAT32, NULL));
    assert_values(mask_by(keep_method(method), keep(t), default_mask), 0, 0, 0, 0, 0, 0, 1, 1);
}

static void check_rollback(prune_module *m, const char *name)
{
    char *before = describe(m);
    assert_fails(prune_apply(m, name, method_of(&given_error, NULL), NULL), PRUNE_ERROR_USER, "HA!");
    assert_int_equal(kind_of(m, name, ""), PRUNE_KIND_PARAMETER);
    assert_int_equal(kind_of(m, name, "_mask"), PRUNE_KIND_NONE);
    assert_int_equal(kind_of(m, name, "_orig"), PRUNE_KIND_NONE);
    assert_as_described(m, before);
}

static void pruning_rollback(void **state)
{
    (void)state;
    for_each_parameter(check_rollback);
}

/* ---- Models in files ---- */

static prune_module *make_model(void)
{
    prune_module *relu = NULL, *model = NULL;
    assert_ok(prune_relu_create(&relu, false));
    prune_module *layers[] = { linear(10, 10), keep_module(relu), linear(10, 1) };
    assert_ok(prune_sequential_create(&model, layers, 3));
    return keep_module(model);
}

static void expect_unpruned_keys(const prune_module *model)
{
    assert_false(in_state_dict(model, "0.weight_orig"));
    assert_false(in_state_dict(model, "0.weight_mask"));
    assert_true(in_state_dict(model, "0.weight"));
}

static void expect_pruned_keys(const prune_module *model)
{
    assert_true(in_state_dict(model, "0.weight_orig"));
    assert_true(in_state_dict(model, "0.weight_mask"));
    assert_false(in_state_dict(model, "0.weight"));
    assert_int_equal(kind_of(prune_module_get_submodule(model, "0"), "weight", ""), PRUNE_KIND_ATTRIBUTE);
}

/* One whose first layer is pruned. */
static prune_module *make_pruned_model(void)
{
    prune_module *model = make_model();
    expect_unpruned_keys(model);
    assert_ok(prune_l1_unstructured(prune_module_get_submodule(model, "0"), "weight", prune_fraction(0.9), NULL));
    expect_pruned_keys(model);
    assert_int_equal(zeros_of(prune_module_get_tensor(model, "0.weight")), 90);
    return model;
}

/* In place of a pickled model: a deep copy; and a new model that loads the file, prepared by identity. */
static void pruning_serialization_model(void **state)
{
    (void)state;
    prune_module *model = make_pruned_model(), *copy = clone_of(model), *loaded = make_model();
    expect_pruned_keys(copy);
    expect_same_tensor(copy, model, "0.weight");

    assert_ok(prune_identity(prune_module_get_submodule(loaded, "0"), "weight"));
    load_through_a_file(loaded, model);
    expect_pruned_keys(loaded);
    expect_same_tensor(loaded, model, "0.weight");
}

static void pruning_serialization_state_dict(void **state)
{
    (void)state;
    prune_module *model = make_pruned_model(), *loaded = make_model();
    const prune_tensor *pruned = copy_of(prune_module_get_tensor(model, "0.weight"));
    assert_ok(prune_remove(prune_module_get_submodule(model, "0"), "weight"));
    expect_unpruned_keys(model);

    load_through_a_file(loaded, model);
    expect_unpruned_keys(loaded);
    assert_same_bits(prune_module_get_tensor(loaded, "0.weight"), pruned);
}

/* ---- Plain tensors ---- */

/* L1Unstructured(2).prune(t, default_mask, importance_scores) */
static prune_tensor *pruned_with(prune_tensor *scores)
{
    prune_tensor *out = NULL;
    assert_ok(prune_method_prune(&out, l1_unstructured(prune_count(2)), one_to_eight(), prior_mask(), scores));
    return keep(out);
}

static void prune(void **state)
{
    (void)state;
    assert_values(pruned_with(NULL), 0, 0, 3, 0, 5, 6, 0, 8);
}

static void prune_importance_scores(void **state)
{
    (void)state;
    prune_tensor *scores = tensor(PRUNE_SHAPE(2, 4), 1, 2, 3, 4, 1.5f, 1.6f, 1.7f, 1.8f);
    assert_values(pruned_with(scores), 0, 2, 3, 0, 0, 6, 0, 8);
}

static void prune_importance_scores_mimic_default(void **state)
{
    (void)state;
    const prune_tensor *without = pruned_with(NULL), *with = pruned_with(one_to_eight());
    assert_same_bits(with, without);
    assert_values(without, 0, 0, 3, 0, 5, 6, 0, 8);
}

/* ---- Recurrent layers ---- */

enum { RNN_PARAMETERS = 4, RNN_OUTPUTS = 3 };

static const char *const rnn_names[RNN_PARAMETERS] = { "weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0" };

/* sum(isinstance(p, Parameter) for p in lstm._flat_weights) */
static int parameters_of(const prune_module *lstm)
{
    int count = 0;
    for (int i = 0; i < RNN_PARAMETERS; i++)
        count += kind_of(lstm, rnn_names[i], "") == PRUNE_KIND_PARAMETER;
    return count;
}

/* Whether both give the same y, h_n and c_n, bit for bit. */
static bool same_outputs(prune_module *a, prune_module *b, prune_tensor *x)
{
    prune_tensor *y[RNN_OUTPUTS] = { NULL }, *z[RNN_OUTPUTS] = { NULL };
    bool same = true;
    assert_ok(prune_module_call_many(y, RNN_OUTPUTS, a, &x, 1));
    assert_ok(prune_module_call_many(z, RNN_OUTPUTS, b, &x, 1));
    for (int i = 0; i < RNN_OUTPUTS; i++)
        same = prune_tensor_equal(keep(y[i]), keep(z[i])) && same;
    return same;
}

/* Pruned, the layer gives what one gives whose parameter was multiplied by hand, and goes on so after remove. */
static void check_rnn_parameter(prune_module *lstm, const char *name, prune_tensor *x)
{
    prune_module *unpruned = clone_of(lstm), *by_hand = clone_of(lstm);
    assert_ok(prune_l1_unstructured(lstm, name, prune_fraction(0.5), NULL));
    assert_int_equal(parameters_of(lstm), 3);
    assert_int_equal(kind_of(lstm, name, ""), PRUNE_KIND_ATTRIBUTE);
    assert_int_equal(kind_of(lstm, name, "_orig"), PRUNE_KIND_PARAMETER);
    assert_ok(prune_tensor_mul_(prune_module_get_parameter(by_hand, name), prune_mask(lstm, name)));
    assert_true(same_outputs(lstm, by_hand, x));
    assert_false(same_outputs(lstm, unpruned, x));

    assert_ok(prune_remove(lstm, name));
    assert_int_equal(parameters_of(lstm), 4);
    assert_non_null(prune_module_get_parameter(lstm, name));
    assert_int_equal(kind_of(lstm, name, "_orig"), PRUNE_KIND_NONE);
    assert_true(same_outputs(lstm, by_hand, x));
}

static void rnn_pruning(void **state)
{
    (void)state;
    prune_module *lstm = NULL;
    prune_tensor *x = NULL;
    assert_ok(prune_lstm_create(&lstm, 32, 32, NULL));
    assert_ok(prune_rand(&x, PRUNE_SHAPE(3, 2, 32), PRUNE_FLOAT32, NULL));
    keep_module(lstm);
    keep(x);
    assert_int_equal(parameters_of(lstm), 4);
    for (int i = 0; i < RNN_PARAMETERS; i++)
        check_rnn_parameter(lstm, rnn_names[i], x);
}

static int start(void **state)
{
    prune_manual_seed(NULL, 0);
    return count_allocations(state);
}

#define TEST(name) cmocka_unit_test_teardown(name, release_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(validate_pruning_amount_init),
        TEST(validate_pruning_amount),
        TEST(compute_nparams_to_prune),
        TEST(random_pruning_sizes),
        TEST(random_pruning_orig),
        TEST(random_pruning_new_weight),
        TEST(identity_pruning),
        TEST(random_pruning_0perc),
        TEST(random_pruning),
        TEST(random_pruning_forward),
        TEST(remove_pruning_forward),
        TEST(pruning_id_consistency),
        TEST(random_pruning_pickle),
        TEST(multiple_pruning_calls),
        TEST(pruning_container),
        TEST(pruning_container_compute_mask),
        TEST(l1_unstructured_pruning),
        TEST(l1_unstructured_pruning_with_importance_scores),
        TEST(unstructured_pruning_same_magnitude),
        TEST(random_structured_pruning_amount),
        TEST(ln_structured_pruning),
        TEST(ln_structured_pruning_importance_scores),
        TEST(remove_pruning),
        TEST(remove_pruning_exception),
        TEST(global_pruning),
        TEST(global_pruning_importance_scores),
        TEST(custom_from_mask_pruning),
        TEST(pruning_rollback),
        TEST(pruning_serialization_model),
        TEST(pruning_serialization_state_dict),
        TEST(prune),
        TEST(prune_importance_scores),
        TEST(prune_importance_scores_mimic_default),
        TEST(rnn_pruning),
    };
    return cmocka_run_group_tests(tests, start, expect_no_leak);
}
