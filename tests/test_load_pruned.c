/* State dicts of pruned networks, into networks that are pruned or not. */
#include "pruning.h"

/* Net: weight (2, 2), bias (2); child fc: weight (3). */
static prune_module *make_net(void)
{
    prune_module *net = make_module(PRUNE_SHAPE(2, 2), 1, -2, 3, -4), *fc = make_module(PRUNE_SHAPE(3), 5, 6, 7);
    add_parameter(net, "bias", PRUNE_SHAPE(2), (const float[]){ 8, 9 });
    assert_ok(prune_module_register_module(net, "fc", fc));
    prune_module_release(fc);
    return net;
}

static prune_module *fc_of(const prune_module *net)
{
    return prune_module_get_submodule(net, "fc");
}

/* The state dict of a net of other values, whose weights are pruned. */
static prune_dict *pruned_dict(void)
{
    prune_module *net = make_net();
    prune_dict *dict = NULL;
    assert_ok(prune_tensor_mul_(weight_of(net), weight_of(net)));
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(2), NULL));
    assert_ok(prune_l1_unstructured(fc_of(net), "weight", prune_count(1), NULL));
    assert_ok(prune_module_state_dict(&dict, net, true));
    prune_module_release(net);
    return dict;
}

static prune_dict *plain_dict(void)
{
    prune_module *net = make_net();
    prune_dict *dict = NULL;
    assert_ok(prune_tensor_mul_(weight_of(net), weight_of(net)));
    assert_ok(prune_module_state_dict(&dict, net, true));
    prune_module_release(net);
    return dict;
}

static void put(prune_dict *dict, const char *key, prune_tensor *t)
{
    assert_ok(prune_dict_set(dict, key, t));
    prune_tensor_release(t);
}

static void assert_same_dicts(const prune_dict *a, const prune_dict *b)
{
    assert_int_equal(prune_dict_size(a), prune_dict_size(b));
    for (int64_t i = 0; i < prune_dict_size(a); i++)
        assert_same_bits(prune_dict_value(a, i), prune_dict_get(b, prune_dict_key(a, i)));
}

static void assert_state(const prune_module *net, const prune_dict *dict)
{
    prune_dict *state = NULL;
    assert_ok(prune_module_state_dict(&state, net, false));
    assert_same_dicts(state, dict);
    prune_dict_release(state);
}

/* ---- Into a network that is not pruned ---- */

static void a_pruned_dict_prunes_the_network(void **state)
{
    (void)state;
    prune_module *net = make_net();
    prune_tensor *weight = weight_of(net);
    prune_dict *dict = pruned_dict();
    prune_incompatible_keys *keys = NULL;
    int64_t first = next_hook_id();
    assert_ok(prune_load_pruned_state_dict(net, dict, true, &keys));
    assert_int_equal(keys->num_missing, 0);
    assert_int_equal(keys->num_unexpected, 0);
    prune_incompatible_keys_release(keys);
    assert_names(net, "bias weight_orig", "weight_mask", "weight");
    assert_hooks(net, first, "0 CustomFromMask");
    assert_hooks(fc_of(net), first, "1 CustomFromMask");
    assert_ptr_equal(orig_of(net), weight);
    assert_values(orig_of(net), 1, 4, 9, 16);
    assert_values(mask_of(net), 0, 0, 1, 1);
    assert_values(weight_of(net), 0, 0, 9, 16);
    assert_values(weight_of(fc_of(net)), 0, 6, 7);
    assert_state(net, dict);
    /* it goes on as any other pruned network */
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    assert_history(net, "CustomFromMask L1Unstructured");
    assert_values(weight_of(net), 0, 0, 0, 16);
    assert_values(prune_dict_get(dict, "weight_mask"), 0, 0, 1, 1);
    prune_dict_release(dict);
    prune_module_release(net);
}

static void masks_and_values_of_other_dtypes_are_converted(void **state)
{
    (void)state;
    prune_module *net = make_net();
    prune_dict *dict = pruned_dict();
    prune_tensor *mask = NULL, *orig = NULL;
    assert_ok(prune_tensor_to(&mask, prune_dict_get(dict, "weight_mask"), PRUNE_BOOL));
    assert_ok(prune_tensor_to(&orig, prune_dict_get(dict, "weight_orig"), PRUNE_FLOAT16));
    put(dict, "weight_mask", mask);
    put(dict, "weight_orig", orig);
    assert_ok(prune_load_pruned_state_dict(net, dict, true, NULL));
    assert_values(mask_of(net), 0, 0, 1, 1);
    assert_values(weight_of(net), 0, 0, 9, 16);
    prune_dict_release(dict);
    prune_module_release(net);
}

static void a_plain_dict_is_loaded_as_ever(void **state)
{
    (void)state;
    prune_module *net = make_net();
    prune_dict *dict = plain_dict();
    assert_ok(prune_load_pruned_state_dict(net, dict, true, NULL));
    assert_values(weight_of(net), 1, 4, 9, 16);
    assert_false(prune_is_pruned(net));
    prune_dict_release(dict);
    prune_module_release(net);
}

static void several_parameters_of_a_module_are_pruned_in_its_order(void **state)
{
    (void)state;
    prune_module *net = make_net(), *other = make_net();
    prune_dict *dict = NULL;
    assert_ok(prune_identity(net, "bias"));
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    assert_ok(prune_module_state_dict(&dict, net, false));
    int64_t first = next_hook_id();
    assert_ok(prune_load_pruned_state_dict(other, dict, true, NULL));
    assert_names(other, "weight_orig bias_orig", "weight_mask bias_mask", "weight bias");
    assert_hooks(other, first, "0 CustomFromMask, 1 CustomFromMask");
    assert_state(other, dict);
    prune_dict_release(dict);
    prune_module_release(net);
    prune_module_release(other);
}

static void a_shared_module_is_pruned_once_and_its_last_mask_counts(void **state)
{
    (void)state;
    prune_module *net = make_net();
    assert_ok(prune_module_register_module(net, "again", fc_of(net)));
    prune_dict *dict = pruned_dict();
    put(dict, "again.weight_orig", make_tensor(PRUNE_SHAPE(3), 10, 20, 30));
    put(dict, "again.weight_mask", make_tensor(PRUNE_SHAPE(3), 1, 1, 0));
    assert_ok(prune_load_pruned_state_dict(net, dict, true, NULL));
    assert_values(weight_of(fc_of(net)), 10, 20, 0);
    assert_history(fc_of(net), "");
    prune_dict_release(dict);
    prune_module_release(net);
}

/* The bytes that safetensors.torch.save gave for the state dict of
 * Linear(3, 2) with weight arange(6) - 2.5, bias ones; prune.l1_unstructured(m, "weight", 4) */
static void a_file_of_pytorch_is_loaded(void **state)
{
    (void)state;
    static const char file[] =
        "\xc0\0\0\0\0\0\0\0"
        "{\"bias\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"weight_mask\":{\"dtype\":\"F32\","
        "\"shape\":[2,3],\"data_offsets\":[8,32]},\"weight_orig\":{\"dtype\":\"F32\",\"shape\":[2,3],"
        "\"data_offsets\":[32,56]}}  "
        "\0\0\x80?\0\0\x80?"
        "\0\0\x80?\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x80?"
        "\0\0 \xc0\0\0\xc0\xbf\0\0\0\xbf\0\0\0?\0\0\xc0?\0\0 @";
    prune_dict *dict = NULL;
    prune_module *fc = NULL;
    assert_ok(prune_load_memory(&dict, file, sizeof file - 1, NULL));
    assert_ok(prune_linear_create(&fc, 3, 2, NULL));
    assert_ok(prune_load_pruned_state_dict(fc, dict, true, NULL));
    assert_values(weight_of(fc), -2.5f, -0.0f, -0.0f, 0, 0, 2.5f);
    prune_dict_release(dict);
    prune_module_release(fc);
}

/* ---- Into a network that is pruned ---- */

static void pruned_in_both_the_record_stays_and_the_value_is_new(void **state)
{
    (void)state;
    prune_module *net = make_net();
    prune_dict *dict = pruned_dict();
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    prune_tensor *weight = weight_of(net);
    int64_t next = next_hook_id();
    assert_ok(prune_load_pruned_state_dict(net, dict, true, NULL));
    assert_history(net, "L1Unstructured L1Unstructured");
    assert_ptr_equal(weight_of(net), weight);
    assert_values(weight, 0, 0, 9, 16);
    assert_values(weight_of(fc_of(net)), 0, 6, 7);
    assert_state(net, dict);
    assert_int_equal(next_hook_id(), next + 2); /* one for fc */
    prune_dict_release(dict);
    prune_module_release(net);
}

static void tensors_that_were_replaced_are_left_to_the_hooks(void **state)
{
    (void)state;
    prune_module *net = make_net();
    prune_dict *dict = pruned_dict();
    prune_tensor *mask = NULL;
    assert_ok(prune_identity(net, "weight"));
    assert_ok(prune_tensor_zeros(&mask, PRUNE_SHAPE(2, 2), PRUNE_UINT8));
    assert_ok(prune_module_register_buffer(net, "weight_mask", mask, true));
    assert_ok(prune_load_pruned_state_dict(net, dict, true, NULL));
    assert_values(weight_of(net), 1, -2, 3, -4);
    assert_ok(prune_module_run_forward_pre_hooks(net, true));
    assert_values(weight_of(net), 0, 0, 9, 16);
    prune_tensor_release(mask);
    prune_dict_release(dict);
    prune_module_release(net);
}

static void a_plain_dict_ends_the_pruning(void **state)
{
    (void)state;
    prune_module *net = make_net();
    prune_dict *dict = plain_dict(), *backup = NULL;
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(3), NULL));
    assert_ok(prune_module_state_dict(&backup, net, true));
    prune_tensor *orig = orig_of(net);
    int64_t next = next_hook_id();
    assert_ok(prune_load_pruned_state_dict(net, dict, true, NULL));
    assert_false(prune_is_pruned(net));
    assert_names(net, "bias weight", "", "");
    assert_ptr_equal(weight_of(net), orig);
    assert_values(weight_of(net), 1, 4, 9, 16);
    assert_int_equal(next_hook_id(), next + 1);
    /* and back again */
    assert_ok(prune_load_pruned_state_dict(net, backup, true, NULL));
    assert_values(weight_of(net), 0, -0.0f, 0, -4);
    prune_dict_release(dict);
    prune_dict_release(backup);
    prune_module_release(net);
}

static prune_status no_hook(void *context, prune_module *module, prune_tensor *const *x, int64_t nx)
{
    (void)context;
    (void)module;
    (void)x;
    (void)nx;
    return PRUNE_OK;
}

static void what_the_dict_does_not_know_stays_pruned(void **state)
{
    (void)state;
    static const prune_hook_ops ops = { .size = sizeof ops, .type_name = "none", .call = no_hook };
    prune_module *net = make_net();
    prune_dict *dict = plain_dict();
    assert_ok(prune_module_register_forward_pre_hook(NULL, net, &ops, NULL));
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(2), NULL));
    assert_ok(prune_dict_delete(dict, "weight"));
    assert_ok(prune_load_pruned_state_dict(net, dict, false, NULL));
    assert_values(weight_of(net), 0, -0.0f, 3, -4);
    assert_true(prune_is_pruned(net));
    prune_dict_release(dict);
    prune_module_release(net);
}

static void other_weights_under_the_same_masks_are_loaded_by_their_name(void **state)
{
    (void)state;
    prune_module *net = make_net();
    prune_dict *dict = plain_dict();
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(2), NULL));
    assert_ok(prune_dict_set(dict, "weight_orig", prune_dict_get(dict, "weight")));
    assert_ok(prune_dict_delete(dict, "weight"));
    prune_incompatible_keys *keys = NULL;
    assert_ok(prune_load_pruned_state_dict(net, dict, false, &keys));
    assert_int_equal(keys->num_missing, 1);
    assert_string_equal(keys->missing_keys[0], "weight_mask");
    assert_values(weight_of(net), 0, 0, 9, 16);
    prune_incompatible_keys_release(keys);
    prune_dict_release(dict);
    prune_module_release(net);
}

/* ---- Failures ---- */

static void fails_and_changes_nothing(prune_module *net, const prune_dict *dict, prune_status status, const char *words)
{
    char *before = describe(net);
    int64_t next = next_hook_id();
    assert_fails(prune_load_pruned_state_dict(net, dict, true, NULL), status, words);
    assert_int_equal(next_hook_id(), next + 1);
    assert_as_described(net, before);
}

static void what_does_not_fit_is_told_in_pytorchs_words(void **state)
{
    (void)state;
    prune_module *net = make_net();
    prune_dict *dict = pruned_dict();
    assert_ok(prune_dict_delete(dict, "bias"));
    put(dict, "new", make_tensor(PRUNE_SHAPE(1), 1));
    put(dict, "fc.weight_orig", make_tensor(PRUNE_SHAPE(2), 1, 2));
    fails_and_changes_nothing(net, dict, PRUNE_ERROR_RUNTIME,
                              "Error(s) in loading state_dict for Net:\n"
                              "\tMissing key(s) in state_dict: \"bias\". \n"
                              "\tUnexpected key(s) in state_dict: \"new\". \n"
                              "\tsize mismatch for fc.weight: copying a param with shape torch.Size([2]) from "
                              "checkpoint, the shape in current model is torch.Size([3]).");
    prune_dict_release(dict);
    prune_module_release(net);
}

static void half_a_pair_is_no_pruning(void **state)
{
    (void)state;
    prune_module *net = make_net();
    prune_dict *dict = pruned_dict();
    assert_ok(prune_dict_delete(dict, "weight_mask"));
    fails_and_changes_nothing(net, dict, PRUNE_ERROR_RUNTIME,
                              "Missing key(s) in state_dict: \"weight\". \n"
                              "\tUnexpected key(s) in state_dict: \"weight_orig\". ");
    prune_dict_release(dict);
    prune_module_release(net);
}

static void names_of_the_modules_own_are_no_pruning(void **state)
{
    (void)state;
    prune_module *net = make_net();
    prune_dict *dict = pruned_dict();
    add_parameter(net, "weight_orig", PRUNE_SHAPE(2, 2), (const float[]){ 0, 0, 0, 0 });
    fails_and_changes_nothing(net, dict, PRUNE_ERROR_RUNTIME,
                              "Missing key(s) in state_dict: \"weight\". \n"
                              "\tUnexpected key(s) in state_dict: \"weight_mask\". ");
    prune_dict_release(dict);
    prune_module_release(net);
}

static void a_dict_that_says_both_is_refused(void **state)
{
    (void)state;
    prune_module *net = make_net();
    prune_dict *dict = pruned_dict();
    put(dict, "fc.weight", make_tensor(PRUNE_SHAPE(3), 1, 2, 3));
    fails_and_changes_nothing(
        net, dict, PRUNE_ERROR_VALUE,
        "the dict holds \"fc.weight\" beside \"fc.weight_orig\" and \"fc.weight_mask\": pruned or not?");
    prune_dict_release(dict);
    prune_module_release(net);
}

static void a_mask_of_another_shape_is_refused(void **state)
{
    (void)state;
    prune_module *net = make_net();
    prune_dict *dict = pruned_dict();
    put(dict, "fc.weight_mask", make_tensor(PRUNE_SHAPE(1), 1));
    fails_and_changes_nothing(net, dict, PRUNE_ERROR_SHAPE,
                              "size mismatch for fc.weight_mask: copying a mask with shape torch.Size([1]) from "
                              "checkpoint, the shape of the parameter is torch.Size([3])");
    prune_dict_release(dict);
    prune_module_release(net);
}

static void what_cannot_be_pruned_is_refused(void **state)
{
    (void)state;
    prune_module *net = make_net();
    prune_dict *dict = pruned_dict();
    prune_tensor *half = NULL;
    assert_ok(prune_tensor_zeros(&half, PRUNE_SHAPE(3), PRUNE_FLOAT16));
    assert_ok(prune_module_register_parameter(fc_of(net), "weight", half));
    prune_tensor_release(half);
    fails_and_changes_nothing(net, dict, PRUNE_ERROR_UNSUPPORTED, "torch.float16");
    prune_dict_release(dict);
    prune_module_release(net);
}

static void read_only_memory_is_not_loaded_into(void **state)
{
    (void)state;
    static const float rom[] = { 1, 2 };
    prune_module *net = make_net();
    prune_dict *dict = pruned_dict();
    prune_tensor *bias = NULL;
    assert_ok(prune_tensor_from_const_blob(&bias, rom, PRUNE_SHAPE(2), NULL));
    assert_ok(prune_module_register_parameter(net, "bias", bias));
    prune_tensor_release(bias);
    fails_and_changes_nothing(net, dict, PRUNE_ERROR_STATE,
                              "cannot load the state dict for Net: \"bias\" lies in read-only memory");
    prune_dict_release(dict);
    prune_module_release(net);
}

static void a_pruning_that_cannot_be_removed_is_refused(void **state)
{
    (void)state;
    prune_module *net = make_net();
    prune_dict *dict = plain_dict();
    assert_ok(prune_identity(net, "weight"));
    assert_ok(prune_identity(fc_of(net), "weight"));
    assert_ok(prune_module_delete(fc_of(net), "weight_mask"));
    fails_and_changes_nothing(net, dict, PRUNE_ERROR_ATTRIBUTE, "'Net' object has no attribute 'weight_mask'");
    prune_dict_release(dict);
    prune_module_release(net);
}

static void arguments_are_checked(void **state)
{
    (void)state;
    prune_module *net = make_net();
    prune_dict *dict = plain_dict();
    assert_fails(prune_load_pruned_state_dict(NULL, dict, true, NULL), PRUNE_ERROR_TYPE, "'module'");
    assert_fails(prune_load_pruned_state_dict(net, NULL, true, NULL), PRUNE_ERROR_TYPE, "'dict'");
    prune_dict_release(dict);
    prune_module_release(net);
}

/* ---- Memory: fc is pruned by the dict, the pruning of weight goes, that of bias stays ---- */

struct scene {
    prune_module *net;
    prune_dict *dict;
    char *before;
};

static prune_status load(void *context)
{
    struct scene *s = context;
    return prune_load_pruned_state_dict(s->net, s->dict, true, NULL);
}

static void nothing_changed(void *context)
{
    struct scene *s = context;
    char *now = describe(s->net);
    assert_string_equal(now, s->before);
    free(now);
}

/* As it was, but for values. */
static void undo(void *context)
{
    struct scene *s = context;
    assert_values(weight_of(fc_of(s->net)), 1, 0, 3);
    assert_ok(prune_remove(fc_of(s->net), "weight"));
    assert_ok(prune_identity(s->net, "weight"));
    free(s->before);
    s->before = describe(s->net);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    struct scene s = { make_net(), NULL, NULL };
    assert_ok(prune_identity(fc_of(s.net), "weight")); /* lists keep their room */
    assert_ok(prune_remove(fc_of(s.net), "weight"));
    assert_ok(prune_identity(s.net, "bias"));
    assert_ok(prune_module_state_dict(&s.dict, s.net, true));
    assert_ok(prune_identity(s.net, "weight"));
    assert_ok(prune_dict_delete(s.dict, "fc.weight"));
    put(s.dict, "fc.weight_orig", make_tensor(PRUNE_SHAPE(3), 1, 2, 3));
    put(s.dict, "fc.weight_mask", make_tensor(PRUNE_SHAPE(3), 1, 0, 1));
    s.before = describe(s.net);
    try_every_allocation(load, nothing_changed, undo, &s);
    free(s.before);
    prune_dict_release(s.dict);
    prune_module_release(s.net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pruned_dict_prunes_the_network),
        cmocka_unit_test(masks_and_values_of_other_dtypes_are_converted),
        cmocka_unit_test(a_plain_dict_is_loaded_as_ever),
        cmocka_unit_test(several_parameters_of_a_module_are_pruned_in_its_order),
        cmocka_unit_test(a_shared_module_is_pruned_once_and_its_last_mask_counts),
        cmocka_unit_test(a_file_of_pytorch_is_loaded),
        cmocka_unit_test(pruned_in_both_the_record_stays_and_the_value_is_new),
        cmocka_unit_test(tensors_that_were_replaced_are_left_to_the_hooks),
        cmocka_unit_test(a_plain_dict_ends_the_pruning),
        cmocka_unit_test(what_the_dict_does_not_know_stays_pruned),
        cmocka_unit_test(other_weights_under_the_same_masks_are_loaded_by_their_name),
        cmocka_unit_test(what_does_not_fit_is_told_in_pytorchs_words),
        cmocka_unit_test(half_a_pair_is_no_pruning),
        cmocka_unit_test(names_of_the_modules_own_are_no_pruning),
        cmocka_unit_test(a_dict_that_says_both_is_refused),
        cmocka_unit_test(a_mask_of_another_shape_is_refused),
        cmocka_unit_test(what_cannot_be_pruned_is_refused),
        cmocka_unit_test(read_only_memory_is_not_loaded_into),
        cmocka_unit_test(a_pruning_that_cannot_be_removed_is_refused),
        cmocka_unit_test(arguments_are_checked),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
