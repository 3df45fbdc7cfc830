/* load_state_dict. */
#include "modules.h"

static void loading_copies_into_the_same_tensors(void **state)
{
    (void)state;
    prune_module *net = make_net();
    prune_tensor *w = prune_module_get_tensor(net, "w"), *scratch = prune_module_get_tensor(net, "scratch");
    prune_dict *dict = NULL;
    prune_incompatible_keys *keys = NULL;
    assert_ok(prune_module_state_dict(&dict, net, true));
    assert_ok(prune_tensor_fill_(prune_dict_get(dict, "w"), 10));
    assert_ok(prune_tensor_fill_(prune_dict_get(dict, "shared.again"), 11)); /* tied: the last one wins */
    assert_ok(prune_tensor_fill_(prune_dict_get(dict, "mask"), 12));
    assert_ok(prune_tensor_fill_(prune_dict_get(dict, "shared.mask"), 13));
    assert_ok(prune_tensor_fill_(prune_dict_get(dict, "shared.weight"), 14));
    assert_ok(prune_module_load_state_dict(net, dict, true, &keys));
    assert_int_equal(keys->num_missing, 0);
    assert_int_equal(keys->num_unexpected, 0);
    prune_incompatible_keys_release(keys);
    assert_ptr_equal(prune_module_get_tensor(net, "w"), w);
    assert_true(prune_tensor_requires_grad(w));
    assert_values(w, 11, 11);
    assert_values(prune_module_get_tensor(net, "mask"), 13, 13);
    assert_values(prune_module_get_tensor(net, "fc.weight"), 14, 14);
    assert_values(scratch, 3, 3);
    assert_ok(prune_module_load_state_dict(net, dict, true, NULL));
    prune_dict_release(dict);
    prune_module_release(net);
}

static void the_order_of_the_dict_does_not_matter(void **state)
{
    (void)state;
    prune_module *m = module_of("Linear");
    new_parameter(m, "weight", 0);
    new_parameter(m, "bias", 0);
    prune_dict *dict = empty_dict();
    put_pair(dict, "bias", 2);
    put_pair(dict, "weight", 1);
    assert_ok(prune_module_load_state_dict(m, dict, true, NULL));
    assert_values(prune_module_get_tensor(m, "weight"), 1, 1);
    assert_values(prune_module_get_tensor(m, "bias"), 2, 2);
    prune_dict_release(dict);
    prune_module_release(m);
}

static void every_misfit_is_listed_and_nothing_is_copied(void **state)
{
    (void)state;
    prune_module *net = module_of("LeNet"), *conv1 = add_child(net, "conv1", "Conv2d");
    assert_ok(prune_module_register_module(net, "drop", NULL));
    new_parameter(conv1, "weight_orig", 1);
    new_parameter(conv1, "bias", 2);
    new_buffer(conv1, "weight_mask", 3, true);
    new_buffer(conv1, "cache", 4, false);
    prune_tensor *scale = new_parameter(net, "scale", 5);
    new_parameter(add_child(net, "fc", "Linear"), "weight", 6);
    prune_dict *dict = empty_dict();
    put(dict, "fc.weight", full(PRUNE_SHAPE(2, 3), 0, PRUNE_FLOAT32));
    put_pair(dict, "scale", 9);
    put_pair(dict, "conv1.weight", 9);
    put_pair(dict, "other.weight", 9);
    put(dict, "conv1.bias", full(PRUNE_SCALAR, 0, PRUNE_FLOAT32));
    put_pair(dict, "fc", 9);
    put_pair(dict, "", 9);
    put_pair(dict, "conv1.cache", 9);
    put_pair(dict, "drop.weight", 9); /* under an absent child: PyTorch does not mention it */
    put_pair(dict, "conv1.weight_orig.x", 9);
    put_pair(dict, "fc.weight.", 9);
    prune_incompatible_keys *keys = NULL;
    /* torch gives this sentence for the same module and dict */
    const char *sentence =
        "Error(s) in loading state_dict for LeNet:\n"
        "\tMissing key(s) in state_dict: \"conv1.weight_orig\", \"conv1.weight_mask\". \n"
        "\tUnexpected key(s) in state_dict: \"other.weight\", \"fc\", \"\", \"conv1.weight\", \"conv1.cache\", "
        "\"conv1.weight_orig.x\", \"fc.weight.\". \n"
        "\tsize mismatch for conv1.bias: copying a param with shape torch.Size([]) from checkpoint, the shape in "
        "current model is torch.Size([2]).\n"
        "\tsize mismatch for fc.weight: copying a param with shape torch.Size([2, 3]) from checkpoint, the shape in "
        "current model is torch.Size([2]).";
    assert_fails(prune_module_load_state_dict(net, dict, true, &keys), PRUNE_ERROR_RUNTIME, "Error(s)");
    assert_string_equal(prune_last_error(), sentence);
    assert_int_equal(keys->num_missing, 2);
    assert_string_equal(keys->missing_keys[0], "conv1.weight_orig");
    assert_string_equal(keys->missing_keys[1], "conv1.weight_mask");
    assert_int_equal(keys->num_unexpected, 7);
    assert_string_equal(keys->unexpected_keys[0], "other.weight");
    assert_string_equal(keys->unexpected_keys[6], "fc.weight.");
    prune_incompatible_keys_release(keys);
    assert_values(scale, 5, 5);

    /* not strict: shapes alone are refused */
    keys = NULL;
    assert_fails(prune_module_load_state_dict(net, dict, false, &keys), PRUNE_ERROR_RUNTIME, "Error(s)");
    assert_string_equal(prune_last_error(),
                        "Error(s) in loading state_dict for LeNet:\n"
                        "\tsize mismatch for conv1.bias: copying a param with shape torch.Size([]) from checkpoint, "
                        "the shape in current model is torch.Size([2]).\n"
                        "\tsize mismatch for fc.weight: copying a param with shape torch.Size([2, 3]) from "
                        "checkpoint, the shape in current model is torch.Size([2]).");
    assert_int_equal(keys->num_missing, 2);
    assert_int_equal(keys->num_unexpected, 7);
    prune_incompatible_keys_release(keys);
    assert_values(scale, 5, 5);
    assert_fails(prune_module_load_state_dict(net, dict, false, NULL), PRUNE_ERROR_RUNTIME, "size mismatch");
    prune_dict_release(dict);
    prune_module_release(net);
}

static void without_strict_what_fits_is_copied(void **state)
{
    (void)state;
    prune_module *net = module_of("Net");
    new_parameter(net, "a", 1);
    new_parameter(net, "b", 2);
    prune_dict *dict = empty_dict();
    put_pair(dict, "c", 8);
    put_pair(dict, "b", 9);
    prune_incompatible_keys *keys = NULL;
    assert_ok(prune_module_load_state_dict(net, dict, false, &keys));
    assert_int_equal(keys->num_missing, 1);
    assert_string_equal(keys->missing_keys[0], "a");
    assert_int_equal(keys->num_unexpected, 1);
    assert_string_equal(keys->unexpected_keys[0], "c");
    prune_incompatible_keys_release(keys);
    assert_values(prune_module_get_tensor(net, "a"), 1, 1);
    assert_values(prune_module_get_tensor(net, "b"), 9, 9);
    assert_ok(prune_module_load_state_dict(net, dict, false, NULL));
    prune_dict_release(dict);
    prune_module_release(net);
}

static void absent_names_are_unexpected(void **state)
{
    (void)state;
    prune_module *m = module_of("Linear");
    assert_ok(prune_module_register_parameter(m, "bias", NULL));
    prune_dict *dict = empty_dict();
    assert_ok(prune_module_load_state_dict(m, dict, true, NULL));
    put_pair(dict, "bias", 1);
    assert_fails(prune_module_load_state_dict(m, dict, true, NULL), PRUNE_ERROR_RUNTIME,
                 "Error(s) in loading state_dict for Linear:\n\tUnexpected key(s) in state_dict: \"bias\". ");
    prune_dict_release(dict);
    prune_module_release(m);
}

static void dtypes_and_strides_are_converted(void **state)
{
    (void)state;
    prune_module *m = module_of("M");
    prune_tensor *half = full(PRUNE_SHAPE(2, 3), 0, PRUNE_FLOAT16), *count = full(PRUNE_SCALAR, 0, PRUNE_INT64);
    prune_tensor *values = NULL, *turned = NULL, *single = NULL, *wide = NULL;
    assert_ok(prune_module_register_parameter(m, "half", half));
    assert_ok(prune_module_register_buffer(m, "num_batches_tracked", count, true));
    prune_tensor_release(half);
    prune_tensor_release(count);
    assert_ok(prune_tensor_from_values(&values, (const float[]){ 1, 2, 3, 4, 5, 6 }, PRUNE_SHAPE(3, 2)));
    assert_ok(prune_tensor_transpose(&turned, values, 0, 1));
    assert_ok(prune_tensor_from_values(&single, (const float[]){ 7.9F }, PRUNE_SHAPE(1)));
    prune_dict *dict = empty_dict();
    put(dict, "half", turned);
    put(dict, "num_batches_tracked", single); /* torch: shape (1,) serves where a scalar is */
    assert_ok(prune_module_load_state_dict(m, dict, true, NULL));
    assert_ok(prune_tensor_to(&wide, half, PRUNE_FLOAT32));
    assert_values(wide, 1, 3, 5, 2, 4, 6);
    double number = 0;
    assert_ok(prune_tensor_get(&number, count, PRUNE_SCALAR));
    assert_true(number == 7);
    put(dict, "num_batches_tracked", full(PRUNE_SHAPE(1, 1), 7, PRUNE_FLOAT32));
    assert_fails(prune_module_load_state_dict(m, dict, true, NULL), PRUNE_ERROR_RUNTIME,
                 "\n\tsize mismatch for num_batches_tracked: copying a param with shape torch.Size([1, 1]) from "
                 "checkpoint, the shape in current model is torch.Size([]).");
    prune_tensor_release(wide);
    prune_tensor_release(values);
    prune_dict_release(dict);
    prune_module_release(m);
}

static void read_only_memory_is_refused_before_anything_is_written(void **state)
{
    (void)state;
    static const float rom[] = { 1, 2 };
    prune_module *m = module_of("Linear");
    prune_tensor *fixed = NULL, *w = new_parameter(m, "weight", 5);
    assert_ok(prune_tensor_from_const_blob(&fixed, rom, PRUNE_SHAPE(2), NULL));
    assert_ok(prune_module_register_parameter(m, "bias", fixed));
    prune_tensor_release(fixed);
    prune_dict *dict = empty_dict();
    put_pair(dict, "weight", 9);
    assert_ok(prune_module_load_state_dict(m, dict, false, NULL)); /* nothing for bias */
    assert_values(w, 9, 9);
    put_pair(dict, "weight", 10);
    put_pair(dict, "bias", 10);
    prune_incompatible_keys *keys = NULL;
    assert_fails(prune_module_load_state_dict(m, dict, true, &keys), PRUNE_ERROR_STATE,
                 "cannot load the state dict for Linear: \"bias\" lies in read-only memory");
    assert_null(keys);
    assert_values(w, 9, 9);
    prune_dict_release(dict);
    prune_module_release(m);
}

static void a_tensor_whose_elements_share_memory_is_refused(void **state)
{
    (void)state;
    prune_module *m = module_of("Module");
    prune_tensor *one = full(PRUNE_SHAPE(1, 3), 1, PRUNE_FLOAT32), *many = NULL;
    assert_ok(prune_tensor_expand(&many, one, PRUNE_SHAPE(2, 3)));
    assert_ok(prune_module_register_parameter(m, "w", many));
    prune_dict *dict = empty_dict();
    put(dict, "w", full(PRUNE_SHAPE(2, 3), 9, PRUNE_FLOAT32));
    assert_fails(prune_module_load_state_dict(m, dict, true, NULL), PRUNE_ERROR_RUNTIME, "Error(s)");
    assert_string_equal(
        prune_last_error(),
        "Error(s) in loading state_dict for Module:\n\tWhile copying the parameter named \"w\", whose dimensions in "
        "the model are torch.Size([2, 3]) and whose dimensions in the checkpoint are torch.Size([2, 3]), an exception "
        "occurred : ('unsupported operation: more than one element of the written-to tensor refers to a single memory "
        "location. Please clone() the tensor before performing the operation.',).");
    assert_values(one, 1, 1, 1);
    prune_tensor_release(one);
    prune_tensor_release(many);
    prune_dict_release(dict);
    prune_module_release(m);
}

static void a_dict_may_share_memory_with_the_module(void **state)
{
    (void)state;
    float memory[] = { 1, 2, 3, 4, 5 };
    prune_module *m = module_of("M");
    prune_tensor *all = NULL, *low = NULL, *high = NULL, *b = new_parameter(m, "b", 9);
    assert_ok(prune_tensor_from_blob(&all, memory, PRUNE_SHAPE(5), NULL));
    assert_ok(prune_tensor_narrow(&low, all, 0, 0, 4));
    assert_ok(prune_tensor_narrow(&high, all, 0, 1, 4));
    assert_ok(prune_module_register_parameter(m, "w", high));
    prune_dict *dict = NULL;
    assert_ok(prune_module_state_dict(&dict, m, false));
    assert_ok(prune_module_load_state_dict(m, dict, true, NULL)); /* its own values */
    assert_values(all, 1, 2, 3, 4, 5);
    assert_ok(prune_dict_set(dict, "w", low)); /* overlaps the target, one element off */
    assert_ok(prune_module_load_state_dict(m, dict, true, NULL));
    assert_values(all, 1, 1, 2, 3, 4);
    assert_values(b, 9, 9);
    prune_tensor_release(all);
    prune_tensor_release(low);
    prune_tensor_release(high);
    prune_dict_release(dict);
    prune_module_release(m);
}

/* torch: with the tensors of the module itself under swapped names, the second copy sees the first one's result. */
static void values_are_copied_in_order(void **state)
{
    (void)state;
    prune_module *m = module_of("M");
    prune_tensor *a = new_parameter(m, "a", 1), *b = new_parameter(m, "b", 2);
    prune_dict *dict = empty_dict();
    assert_ok(prune_dict_set(dict, "a", b));
    assert_ok(prune_dict_set(dict, "b", a));
    assert_ok(prune_module_load_state_dict(m, dict, true, NULL));
    assert_values(a, 2, 2);
    assert_values(b, 2, 2);
    prune_dict_release(dict);
    prune_module_release(m);
}

static void loading_checks_its_arguments(void **state)
{
    (void)state;
    prune_module *m = module_of("M");
    prune_dict *dict = empty_dict();
    assert_fails(prune_module_load_state_dict(NULL, dict, true, NULL), PRUNE_ERROR_TYPE, "'module'");
    assert_fails(prune_module_load_state_dict(m, NULL, true, NULL), PRUNE_ERROR_TYPE, "'dict'");
    prune_fail(PRUNE_ERROR_USER, "before");
    prune_incompatible_keys_release(NULL);
    assert_string_equal(prune_last_error(), "before");
    prune_dict_release(dict);
    prune_module_release(m);
}

/* ---- Out of memory ---- */

typedef struct bench {
    prune_module *net;
    prune_dict *dict;
    bool strict;
} bench;

static prune_status load(void *context)
{
    bench *b = context;
    prune_incompatible_keys *keys = NULL;
    prune_status status = prune_module_load_state_dict(b->net, b->dict, b->strict, &keys);
    if (status == PRUNE_ERROR_MEMORY)
        assert_null(keys);
    prune_incompatible_keys_release(keys);
    return status == PRUNE_ERROR_RUNTIME ? PRUNE_OK : status; /* as expected of the strict one */
}

static void nothing_is_loaded(void *context)
{
    assert_values(prune_module_get_tensor(((bench *)context)->net, "w"), 1, 1);
}

static void unload(void *context)
{
    assert_ok(prune_tensor_fill_(prune_module_get_tensor(((bench *)context)->net, "w"), 1));
}

static void loading_survives_a_lack_of_memory(void **state)
{
    (void)state;
    bench b = { make_net(), empty_dict(), true };
    prune_tensor *w = prune_module_get_tensor(b.net, "w"), *off = NULL;
    put_pair(b.dict, "nobody", 1);
    put_pair(b.dict, "w", 7);
    put_pair(b.dict, "fc.weight", 7);
    put_pair(b.dict, "fc.again", 8);
    try_every_allocation(load, nothing_is_loaded, NULL, &b); /* ends in the error that lists keys */
    nothing_is_loaded(&b);
    b.strict = false;
    assert_ok(prune_tensor_expand(&off, w, PRUNE_SHAPE(2)));
    prune_tensor *first = NULL;
    assert_ok(prune_tensor_narrow(&first, off, 0, 0, 1));
    prune_tensor *twice = NULL;
    assert_ok(prune_tensor_expand(&twice, first, PRUNE_SHAPE(2)));
    put(b.dict, "tied", twice); /* overlaps the target: needs scratch memory */
    try_every_allocation(load, nothing_is_loaded, unload, &b);
    prune_tensor_release(first);
    prune_tensor_release(off);
    prune_dict_release(b.dict);
    prune_module_release(b.net);
}

static prune_status load_scalar(void *context)
{
    bench *b = context;
    return prune_module_load_state_dict(b->net, b->dict, true, NULL);
}

static void the_scalar_is_still_one(void *context)
{
    assert_values(prune_module_get_tensor(((bench *)context)->net, "s"), 1);
}

static void one_again(void *context)
{
    assert_ok(prune_tensor_fill_(prune_module_get_tensor(((bench *)context)->net, "s"), 1));
}

static void loading_one_value_as_a_scalar_survives_a_lack_of_memory(void **state)
{
    (void)state;
    bench b = { module_of("M"), empty_dict(), true };
    prune_tensor *s = full(PRUNE_SCALAR, 1, PRUNE_FLOAT32);
    assert_ok(prune_module_register_parameter(b.net, "s", s));
    put(b.dict, "s", full(PRUNE_SHAPE(1), 7, PRUNE_FLOAT32));
    try_every_allocation(load_scalar, the_scalar_is_still_one, one_again, &b);
    prune_tensor_release(s);
    prune_dict_release(b.dict);
    prune_module_release(b.net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loading_copies_into_the_same_tensors),
        cmocka_unit_test(the_order_of_the_dict_does_not_matter),
        cmocka_unit_test(every_misfit_is_listed_and_nothing_is_copied),
        cmocka_unit_test(without_strict_what_fits_is_copied),
        cmocka_unit_test(absent_names_are_unexpected),
        cmocka_unit_test(dtypes_and_strides_are_converted),
        cmocka_unit_test(read_only_memory_is_refused_before_anything_is_written),
        cmocka_unit_test(a_tensor_whose_elements_share_memory_is_refused),
        cmocka_unit_test(a_dict_may_share_memory_with_the_module),
        cmocka_unit_test(values_are_copied_in_order),
        cmocka_unit_test(loading_checks_its_arguments),
        cmocka_unit_test(loading_survives_a_lack_of_memory),
        cmocka_unit_test(loading_one_value_as_a_scalar_survives_a_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
