/* named_parameters, named_buffers, state_dict. */
#include "modules.h"

static void named_tensors_are_listed_once(void **state)
{
    (void)state;
    prune_module *net = make_net();
    prune_dict *dict = NULL;
    assert_ok(prune_module_named_parameters(&dict, net, true));
    assert_string_equal(keys_of(dict), "w fc.weight ");
    assert_ptr_equal(prune_dict_value(dict, 0), prune_module_get_tensor(net, "w"));
    prune_dict_release(dict);
    assert_ok(prune_module_named_parameters(&dict, net, false));
    assert_string_equal(keys_of(dict), "w ");
    prune_dict_release(dict);
    assert_ok(prune_module_named_buffers(&dict, net, true));
    assert_string_equal(keys_of(dict), "mask scratch ");
    prune_dict_release(dict);
    assert_ok(prune_module_named_buffers(&dict, prune_module_get_submodule(net, "fc"), false));
    assert_string_equal(keys_of(dict), "mask ");
    prune_dict_release(dict);
    assert_fails(prune_module_named_parameters(NULL, net, true), PRUNE_ERROR_TYPE, "'out'");
    assert_fails(prune_module_named_parameters(&dict, NULL, true), PRUNE_ERROR_TYPE, "'module'");
    assert_fails(prune_module_named_buffers(NULL, net, true), PRUNE_ERROR_TYPE, "'out'");
    assert_fails(prune_module_named_buffers(&dict, NULL, true), PRUNE_ERROR_TYPE, "'module'");
    prune_module_release(net);
}

/* torch: list(net.state_dict()) */
static const char net_keys[] = "w tied mask fc.weight fc.again fc.mask shared.weight shared.again shared.mask ";

static void the_state_dict_has_every_name(void **state)
{
    (void)state;
    prune_module *net = make_net();
    prune_dict *dict = NULL;
    assert_ok(prune_module_state_dict(&dict, net, false));
    assert_string_equal(keys_of(dict), net_keys);
    prune_dict_release(dict);
    assert_ok(prune_module_state_dict(&dict, net, true));
    assert_string_equal(keys_of(dict), net_keys);
    prune_dict_release(dict);
    assert_fails(prune_module_state_dict(NULL, net, true), PRUNE_ERROR_TYPE, "'out'");
    assert_fails(prune_module_state_dict(&dict, NULL, true), PRUNE_ERROR_TYPE, "'module'");
    prune_module_release(net);
}

static void names_follow_replacing_and_deleting(void **state)
{
    (void)state;
    prune_module *m = module_of("Linear");
    prune_dict *dict = NULL;
    new_parameter(m, "weight", 1);
    new_parameter(m, "bias", 2);
    new_buffer(m, "x", 3, true);
    new_buffer(m, "y", 4, true);
    prune_module *child = add_child(m, "a", "A");
    new_parameter(child, "p", 5);
    new_parameter(add_child(m, "b", "B"), "p", 6);
    new_parameter(m, "weight", 7);          /* replaced in its place */
    assert_ok(prune_module_delete(m, "x")); /* deleted, then registered: last */
    new_buffer(m, "x", 8, true);
    new_buffer(m, "y", 9, false);                           /* no more persistent */
    assert_ok(prune_module_register_module(m, "c", child)); /* a child again, under another name */
    assert_ok(prune_module_register_module(m, "a", NULL));  /* absent */
    assert_ok(prune_module_state_dict(&dict, m, false));
    assert_string_equal(keys_of(dict), "weight bias x b.p c.p ");
    assert_values(prune_dict_get(dict, "weight"), 7, 7);
    prune_dict_release(dict);
    prune_tensor *y = prune_tensor_retain(prune_module_get_tensor(m, "y"));
    assert_ok(prune_module_set_tensor(m, "y", y)); /* stays not persistent */
    prune_tensor_release(y);
    assert_ok(prune_module_state_dict(&dict, m, false));
    assert_string_equal(keys_of(dict), "weight bias x b.p c.p ");
    prune_dict_release(dict);
    prune_module_release(m);
}

static void a_state_dict_shares_memory_unless_copied(void **state)
{
    (void)state;
    prune_module *m = module_of("Linear");
    prune_tensor *w = new_parameter(m, "weight", 1);
    prune_dict *shared = NULL, *copied = NULL;
    assert_ok(prune_module_state_dict(&shared, m, false));
    assert_ok(prune_module_state_dict(&copied, m, true));
    assert_ok(prune_tensor_fill_(w, 9));
    assert_values(prune_dict_get(shared, "weight"), 9, 9);
    assert_values(prune_dict_get(copied, "weight"), 1, 1);
    assert_ptr_not_equal(prune_dict_get(shared, "weight"), w); /* detached: */
    assert_false(prune_tensor_requires_grad(prune_dict_get(shared, "weight")));
    assert_false(prune_tensor_requires_grad(prune_dict_get(copied, "weight")));
    prune_module_release(m);
    assert_values(prune_dict_get(shared, "weight"), 9, 9); /* lives on */
    prune_dict_release(shared);
    prune_dict_release(copied);
}

static prune_status list_parameters(void *context)
{
    prune_dict *dict = NULL;
    prune_status status = prune_module_named_parameters(&dict, context, true);
    prune_dict_release(dict);
    return status;
}

static prune_status list_buffers(void *context)
{
    prune_dict *dict = NULL;
    prune_status status = prune_module_named_buffers(&dict, context, true);
    prune_dict_release(dict);
    return status;
}

static prune_status take_state(void *context)
{
    prune_dict *dict = NULL;
    prune_status status = prune_module_state_dict(&dict, context, false);
    prune_dict_release(dict);
    return status;
}

static prune_status copy_state(void *context)
{
    prune_dict *dict = NULL;
    prune_status status = prune_module_state_dict(&dict, context, true);
    prune_dict_release(dict);
    return status;
}

static void listing_survives_a_lack_of_memory(void **state)
{
    (void)state;
    prune_module *net = make_net();
    try_every_allocation(list_parameters, NULL, NULL, net);
    try_every_allocation(list_buffers, NULL, NULL, net);
    try_every_allocation(take_state, NULL, NULL, net);
    try_every_allocation(copy_state, NULL, NULL, net);
    prune_module_release(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(named_tensors_are_listed_once),
        cmocka_unit_test(the_state_dict_has_every_name),
        cmocka_unit_test(names_follow_replacing_and_deleting),
        cmocka_unit_test(a_state_dict_shares_memory_unless_copied),
        cmocka_unit_test(listing_survives_a_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
