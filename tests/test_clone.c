/* prune_module_clone: copy.deepcopy of a tree. */
#include "modules.h"

#include "nn/internal.h"

static prune_module *clone_of(const prune_module *module)
{
    prune_module *copy = NULL;
    assert_ok(prune_module_clone(&copy, module));
    return copy;
}

static void a_clone_has_the_same_names_and_tensors_of_its_own(void **state)
{
    (void)state;
    prune_module *net = make_net();
    prune_module_eval(prune_module_get_submodule(net, "fc"));
    prune_module *copy = clone_of(net);
    prune_dict *before = NULL, *after = NULL;
    assert_ok(prune_module_state_dict(&before, net, true));
    assert_ok(prune_tensor_fill_(prune_module_get_tensor(net, "w"), -1));
    assert_ok(prune_tensor_fill_(prune_module_get_tensor(net, "mask"), -1));
    assert_ok(prune_tensor_fill_(prune_module_get_tensor(net, "fc.weight"), -1));
    assert_ok(prune_tensor_fill_(prune_module_get_tensor(net, "plain"), -1));
    prune_module_release(net);
    assert_ok(prune_module_state_dict(&after, copy, false));
    assert_string_equal(keys_of(after),
                        "w tied mask fc.weight fc.again fc.mask shared.weight shared.again shared.mask ");
    for (int64_t i = 0; i < prune_dict_size(before); i++)
        assert_same_bits(prune_dict_value(before, i), prune_dict_value(after, i));
    assert_values(prune_module_get_tensor(copy, "plain"), 5, 5);
    assert_values(prune_module_get_tensor(copy, "scratch"), 3, 3);
    assert_int_equal(prune_module_kind(copy, "plain"), PRUNE_KIND_ATTRIBUTE);
    assert_int_equal(prune_module_kind(copy, "none"), PRUNE_KIND_PARAMETER);
    assert_int_equal(prune_module_kind(copy, "gone"), PRUNE_KIND_BUFFER);
    assert_int_equal(prune_module_kind(copy, "absent"), PRUNE_KIND_MODULE);
    assert_null(prune_module_get_tensor(copy, "none"));
    assert_string_equal(prune_module_type_name(copy), "Net");
    assert_true(prune_module_training(copy));
    assert_false(prune_module_training(prune_module_get_submodule(copy, "fc")));
    prune_dict_release(before);
    prune_dict_release(after);
    prune_module_release(copy);
}

static void ties_are_kept(void **state)
{
    (void)state;
    prune_module *net = make_net(), *copy = clone_of(net);
    prune_tensor *w = prune_module_get_tensor(copy, "w");
    assert_ptr_not_equal(w, prune_module_get_tensor(net, "w"));
    assert_ptr_equal(w, prune_module_get_tensor(copy, "tied"));
    assert_ptr_equal(w, prune_module_get_tensor(copy, "fc.again"));
    assert_ptr_equal(prune_module_get_tensor(copy, "mask"), prune_module_get_tensor(copy, "fc.mask"));
    assert_ptr_equal(prune_module_get_submodule(copy, "fc"), prune_module_get_submodule(copy, "shared"));
    assert_ptr_not_equal(prune_module_get_submodule(copy, "fc"), prune_module_get_submodule(net, "fc"));
    prune_module_release(net);
    prune_module_release(copy);
}

static void flags_are_kept(void **state)
{
    (void)state;
    prune_module *m = module_of("Linear");
    prune_tensor *frozen = new_parameter(m, "frozen", 1), *value = full(PRUNE_SHAPE(2), 2, PRUNE_FLOAT32);
    new_parameter(m, "trained", 1);
    assert_ok(prune_tensor_set_requires_grad(frozen, false));
    value->has_grad_fn = value->requires_grad = true;
    assert_ok(prune_module_set_tensor(m, "value", value));
    prune_tensor_release(value);
    prune_module *copy = clone_of(m);
    assert_true(prune_module_get_tensor(copy, "frozen")->is_parameter);
    assert_false(prune_tensor_requires_grad(prune_module_get_tensor(copy, "frozen")));
    assert_true(prune_tensor_requires_grad(prune_module_get_tensor(copy, "trained")));
    assert_true(prune_module_get_tensor(copy, "value")->has_grad_fn);
    assert_false(prune_module_get_tensor(copy, "value")->is_parameter);
    assert_false(pruni_tensor_shares_storage(prune_module_get_tensor(copy, "value")));
    prune_module_release(m);
    prune_module_release(copy);
}

/* torch:
 *   base = torch.arange(10.); m.register_buffer('a', base[2:5]); m.register_buffer('b', base[3:8]); m.r = base[::2]
 *   m.p = nn.Parameter(base[:4]); m.q = nn.Parameter(base[2:6]); c = copy.deepcopy(m); c.a.fill_(-1)
 *   c.b is [-1, -1, 5, 6, 7], c.r [0, -1, -1, 6, 8], c.p [0, 1, 2, 3], c.q [2, 3, 4, 5] */
static void buffers_and_attributes_go_on_sharing_memory_but_parameters_do_not(void **state)
{
    (void)state;
    prune_module *m = module_of("M");
    prune_tensor *base = NULL, *a = NULL, *b = NULL, *r = NULL, *p = NULL, *q = NULL;
    assert_ok(prune_tensor_arange(&base, 0, 10, 1, PRUNE_FLOAT32));
    assert_ok(prune_tensor_narrow(&a, base, 0, 2, 3));
    assert_ok(prune_tensor_narrow(&b, base, 0, 3, 5));
    assert_ok(prune_tensor_slice(&r, base, 0, 0, INT64_MAX, 2));
    assert_ok(prune_tensor_narrow(&p, base, 0, 0, 4));
    assert_ok(prune_tensor_narrow(&q, base, 0, 2, 4));
    assert_ok(prune_module_register_buffer(m, "a", a, true));
    assert_ok(prune_module_register_buffer(m, "b", b, true));
    assert_ok(prune_module_set_tensor(m, "r", r));
    assert_ok(prune_module_register_parameter(m, "p", p));
    assert_ok(prune_module_register_parameter(m, "q", q));
    prune_module *copy = clone_of(m);
    assert_values(prune_module_get_tensor(copy, "a"), 2, 3, 4);
    assert_values(prune_module_get_tensor(copy, "b"), 3, 4, 5, 6, 7);
    assert_values(prune_module_get_tensor(copy, "r"), 0, 2, 4, 6, 8);
    assert_ok(prune_tensor_fill_(prune_module_get_tensor(copy, "a"), -1));
    assert_values(prune_module_get_tensor(copy, "b"), -1, -1, 5, 6, 7);
    assert_values(prune_module_get_tensor(copy, "r"), 0, -1, -1, 6, 8);
    assert_int_equal(prune_tensor_strides(prune_module_get_tensor(copy, "r"))[0], 2);
    assert_values(prune_module_get_tensor(copy, "p"), 0, 1, 2, 3);
    assert_values(prune_module_get_tensor(copy, "q"), 2, 3, 4, 5);
    assert_values(base, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    prune_tensor *all[] = { base, a, b, r, p, q };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        prune_tensor_release(all[i]);
    prune_module_release(m);
    prune_module_release(copy);
}

static void odd_layouts_and_dtypes_are_copied(void **state)
{
    (void)state;
    prune_module *m = module_of("M");
    prune_tensor *base = NULL, *turned = NULL, *many = NULL, *one = full(PRUNE_SHAPE(1, 3), 4, PRUNE_FLOAT32);
    assert_ok(prune_tensor_from_values(&base, (const float[]){ 1, 2, 3, 4, 5, 6 }, PRUNE_SHAPE(2, 3)));
    assert_ok(prune_tensor_transpose(&turned, base, 0, 1));
    assert_ok(prune_tensor_expand(&many, one, PRUNE_SHAPE(2, 3)));
    prune_tensor *empty = full(PRUNE_SHAPE(0, 3), 0, PRUNE_FLOAT64), *scalar = full(PRUNE_SCALAR, 7, PRUNE_INT64);
    assert_ok(prune_module_register_parameter(m, "turned", turned));
    assert_ok(prune_module_register_buffer(m, "many", many, true));
    assert_ok(prune_module_register_buffer(m, "empty", empty, true));
    assert_ok(prune_module_register_buffer(m, "scalar", scalar, true));
    prune_module *copy = clone_of(m);
    assert_same_bits(prune_module_get_tensor(copy, "turned"), turned);
    assert_int_equal(prune_tensor_strides(prune_module_get_tensor(copy, "turned"))[0], 1);
    assert_same_bits(prune_module_get_tensor(copy, "many"), many);
    assert_int_equal(prune_tensor_strides(prune_module_get_tensor(copy, "many"))[0], 0);
    assert_same_bits(prune_module_get_tensor(copy, "empty"), empty);
    assert_same_bits(prune_module_get_tensor(copy, "scalar"), scalar);
    prune_tensor *all[] = { base, turned, many, one, empty, scalar };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        prune_tensor_release(all[i]);
    prune_module_release(m);
    prune_module_release(copy);
}

static void tensors_of_several_dtypes_may_share_memory(void **state)
{
    (void)state;
    prune_module *m = module_of("M");
    prune_tensor *bytes = full(PRUNE_SHAPE(32), 1, PRUNE_UINT8), *number = NULL, *tail = NULL;
    assert_ok(pruni_tensor_over(&number, bytes->storage, PRUNE_INT64, 1, &(int64_t){ 2 }, NULL, 1));
    assert_ok(prune_tensor_narrow(&tail, bytes, 0, 21, 9));
    assert_ok(prune_module_register_buffer(m, "tail", tail, true));
    assert_ok(prune_module_register_buffer(m, "number", number, true));
    prune_module *copy = clone_of(m);
    assert_same_bits(prune_module_get_tensor(copy, "number"), number);
    assert_same_bits(prune_module_get_tensor(copy, "tail"), tail);
    assert_ok(prune_tensor_fill_(prune_module_get_tensor(copy, "number"), 0));
    double first = -1, last = -1;
    assert_ok(prune_tensor_get(&first, prune_module_get_tensor(copy, "tail"), PRUNE_SHAPE(0)));
    assert_ok(prune_tensor_get(&last, prune_module_get_tensor(copy, "tail"), PRUNE_SHAPE(3)));
    assert_true(first == 0 && last == 1);
    prune_tensor_release(bytes);
    prune_tensor_release(number);
    prune_tensor_release(tail);
    prune_module_release(m);
    prune_module_release(copy);
}

static void wrapped_arrays_become_owned(void **state)
{
    (void)state;
    static const float rom[] = { 1, 2 };
    prune_module *m = module_of("Linear");
    prune_tensor *p = NULL, *b = NULL;
    assert_ok(prune_tensor_from_const_blob(&p, rom, PRUNE_SHAPE(2), NULL));
    assert_ok(prune_tensor_from_const_blob(&b, rom, PRUNE_SHAPE(2), NULL));
    assert_ok(prune_module_register_parameter(m, "p", p));
    assert_ok(prune_module_register_buffer(m, "b", b, true));
    prune_module *copy = clone_of(m);
    assert_ok(prune_tensor_fill_(prune_module_get_tensor(copy, "p"), 3));
    assert_ok(prune_tensor_fill_(prune_module_get_tensor(copy, "b"), 4));
    assert_values(p, 1, 2);
    prune_tensor_release(p);
    prune_tensor_release(b);
    prune_module_release(m);
    prune_module_release(copy);
}

/* ---- Contexts ---- */

/* Owns a block, counts its copies. */
typedef struct owner {
    int *block;
    int *alive;
    const prune_status *outcome; /* of the next clone */
} owner;

static prune_status owner_clone(void *to, const void *from)
{
    const owner *original = from;
    owner *copy = to;
    assert_ptr_equal(copy->block, original->block);
    if (*original->outcome != PRUNE_OK)
        return *original->outcome;
    copy->block = malloc(sizeof *copy->block);
    *copy->block = *original->block;
    ++*copy->alive;
    return PRUNE_OK;
}

static void owner_destroy(void *context)
{
    --*((owner *)context)->alive;
    free(((owner *)context)->block);
}

static prune_status owner_forward(void *context, prune_module *self, prune_tensor **y, int64_t ny,
                                  prune_tensor *const *x, int64_t nx)
{
    (void)self;
    (void)ny;
    (void)x;
    (void)nx;
    return prune_tensor_full(&y[0], PRUNE_SCALAR, *((owner *)context)->block, PRUNE_FLOAT32);
}

static prune_status owner_call(void *context, prune_module *module, prune_tensor *const *x, int64_t nx)
{
    (void)module;
    (void)x;
    (void)nx;
    ++*((owner *)context)->block;
    return PRUNE_OK;
}

static const prune_module_ops owner_ops = {
    .size = sizeof owner_ops,
    .context_size = sizeof(owner),
    .forward = owner_forward,
    .clone = owner_clone,
    .destroy = owner_destroy,
};

static const prune_hook_ops owner_hook_ops = {
    .size = sizeof owner_hook_ops,
    .type_name = "OwnerHook",
    .context_size = sizeof(owner),
    .call = owner_call,
    .clone = owner_clone,
    .destroy = owner_destroy,
};

static owner new_owner(int value, int *alive, const prune_status *outcome)
{
    owner context = { malloc(sizeof(int)), alive, outcome };
    *context.block = value;
    ++*alive;
    return context;
}

/* Two modules and two hooks with contexts, a shared tensor. */
static prune_module *owner_tree(int *alive, const prune_status *outcome)
{
    prune_module *root = NULL, *child = NULL;
    owner context = new_owner(1, alive, outcome);
    assert_ok(prune_module_create(&root, "Owner", &owner_ops, &context));
    context = new_owner(2, alive, outcome);
    assert_ok(prune_module_create(&child, "Owner", &owner_ops, &context));
    context = new_owner(3, alive, outcome);
    assert_ok(prune_module_register_forward_pre_hook(NULL, root, &owner_hook_ops, &context));
    context = new_owner(4, alive, outcome);
    assert_ok(prune_module_register_forward_pre_hook(NULL, child, &owner_hook_ops, &context));
    assert_ok(prune_module_register_module(root, "child", child));
    new_parameter(root, "p", 1);
    new_buffer(child, "b", 2, true);
    prune_module_release(child);
    return root;
}

static void contexts_are_cloned(void **state)
{
    (void)state;
    int alive = 0;
    const prune_status outcome = PRUNE_OK;
    prune_module *m = owner_tree(&alive, &outcome), *copy = clone_of(m);
    assert_int_equal(alive, 8);
    owner *original = prune_module_context(m), *copied = prune_module_context(copy);
    assert_ptr_not_equal(original->block, copied->block);
    *original->block = 100;
    prune_tensor *x = full(PRUNE_SCALAR, 0, PRUNE_FLOAT32), *y = NULL;
    assert_ok(prune_module_call(&y, copy, x));
    assert_values(y, 1);
    assert_int_equal(*((owner *)copy->hooks[0]->context)->block, 4);
    assert_int_equal(*((owner *)m->hooks[0]->context)->block, 3);
    prune_tensor_release(x);
    prune_tensor_release(y);
    prune_module_release(m);
    assert_int_equal(alive, 4);
    prune_module_release(copy);
    assert_int_equal(alive, 0);
}

static void hooks_keep_ids_and_words(void **state)
{
    (void)state;
    int alive = 0;
    const prune_status outcome = PRUNE_OK;
    prune_module *m = owner_tree(&alive, &outcome);
    m->hooks[0]->locked = true;
    m->hooks[0]->type_name = "L1Unstructured";
    m->hooks[0]->qualifier = "torch.nn.utils.prune.";
    int64_t id = -1, copied = -1, next = -1;
    prune_module_forward_pre_hook(m, 0, &id);
    prune_module *copy = clone_of(m);
    assert_string_equal(prune_module_forward_pre_hook(copy, 0, &copied), "L1Unstructured");
    assert_int_equal(copied, id);
    assert_string_equal(copy->hooks[0]->qualifier, "torch.nn.utils.prune.");
    assert_fails(prune_module_remove_forward_pre_hook(copy, id), PRUNE_ERROR_STATE, "prune_remove()");
    owner context = new_owner(5, &alive, &outcome);
    assert_ok(prune_module_register_forward_pre_hook(&next, copy, &owner_hook_ops, &context));
    assert_int_equal(next, id + 2); /* the tree had two hooks: the clone took no id */
    assert_null(prune_module_forward_pre_hook(m, 1, NULL));
    prune_module_release(m);
    prune_module_release(copy);
    assert_int_equal(alive, 0);
}

static void a_failing_clone_undoes_everything(void **state)
{
    (void)state;
    int alive = 0;
    prune_status outcome = PRUNE_ERROR_USER;
    prune_module *m = owner_tree(&alive, &outcome), *copy = NULL;
    assert_fails(prune_module_clone(&copy, m), PRUNE_ERROR_USER, "clone of Owner failed with status user");
    assert_null(copy);
    assert_int_equal(alive, 4);

    /* of the hook alone */
    const prune_status fine = PRUNE_OK;
    ((owner *)prune_module_context(m))->outcome = &fine;
    ((owner *)prune_module_context(prune_module_get_submodule(m, "child")))->outcome = &fine;
    assert_fails(prune_module_clone(&copy, m), PRUNE_ERROR_USER, "clone of OwnerHook failed with status user");
    assert_null(copy);
    assert_int_equal(alive, 4);
    outcome = PRUNE_OK;
    copy = clone_of(m);
    assert_int_equal(alive, 8);
    prune_module_release(copy);
    prune_module_release(m);
    assert_int_equal(alive, 0);
}

/* PyTorch copies a pruned module after a forward without gradients: values, mask and hook go along. */
static void a_pruned_module_is_cloned_with_its_pruning(void **state)
{
    (void)state;
    prune_module *m = module_of("Linear");
    prune_tensor *w = NULL;
    assert_ok(prune_tensor_from_values(&w, (const float[]){ 1, -2, 3, -4 }, PRUNE_SHAPE(2, 2)));
    assert_ok(prune_module_register_parameter(m, "weight", w));
    prune_tensor_release(w);
    assert_ok(prune_l1_unstructured(m, "weight", prune_count(2), NULL));
    prune_module *copy = clone_of(m);
    assert_true(prune_is_pruned(copy));
    assert_ok(prune_tensor_fill_(prune_module_get_tensor(copy, "weight_orig"), 7));
    assert_ok(prune_module_run_forward_pre_hooks(copy, true));
    assert_values(prune_module_get_tensor(copy, "weight"), 0, 0, 7, 7);
    assert_ok(prune_module_run_forward_pre_hooks(m, true));
    assert_values(prune_module_get_tensor(m, "weight"), 0, -0.0F, 3, -4);
    assert_ok(prune_remove(copy, "weight"));
    assert_true(prune_is_pruned(m));
    assert_false(prune_is_pruned(copy));
    prune_module_release(copy);
    prune_module_release(m);
}

static void cloning_checks_its_arguments(void **state)
{
    (void)state;
    prune_module *m = module_of("M"), *copy = NULL;
    assert_fails(prune_module_clone(NULL, m), PRUNE_ERROR_TYPE, "'out'");
    assert_fails(prune_module_clone(&copy, NULL), PRUNE_ERROR_TYPE, "'module'");
    prune_module_release(m);
}

static void deep_trees_can_be_cloned(void **state)
{
    (void)state;
    prune_module *root = module_of("Root"), *inner = root;
    for (int i = 0; i < 1500; i++)
        inner = add_child(inner, "x", "Nest");
    prune_module *copy = clone_of(root);
    prune_named_modules *modules = NULL;
    assert_ok(prune_module_named_modules(&modules, copy));
    assert_int_equal(modules->count, 1501);
    prune_named_modules_release(modules);
    prune_module_release(copy);
    prune_module_release(root);
}

static prune_status clone_and_release(void *context)
{
    prune_module *copy = NULL;
    prune_status status = prune_module_clone(&copy, context);
    prune_module_release(copy);
    return status;
}

static void cloning_survives_a_lack_of_memory(void **state)
{
    (void)state;
    int alive = 0;
    const prune_status outcome = PRUNE_OK;
    prune_module *net = make_net(), *owners = owner_tree(&alive, &outcome);
    assert_ok(prune_module_register_module(net, "owners", owners));
    prune_module_release(owners);
    try_every_allocation(clone_and_release, NULL, NULL, net);
    assert_int_equal(alive, 4);
    prune_module_release(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clone_has_the_same_names_and_tensors_of_its_own),
        cmocka_unit_test(ties_are_kept),
        cmocka_unit_test(flags_are_kept),
        cmocka_unit_test(buffers_and_attributes_go_on_sharing_memory_but_parameters_do_not),
        cmocka_unit_test(odd_layouts_and_dtypes_are_copied),
        cmocka_unit_test(tensors_of_several_dtypes_may_share_memory),
        cmocka_unit_test(wrapped_arrays_become_owned),
        cmocka_unit_test(contexts_are_cloned),
        cmocka_unit_test(hooks_keep_ids_and_words),
        cmocka_unit_test(a_failing_clone_undoes_everything),
        cmocka_unit_test(a_pruned_module_is_cloned_with_its_pruning),
        cmocka_unit_test(cloning_checks_its_arguments),
        cmocka_unit_test(deep_trees_can_be_cloned),
        cmocka_unit_test(cloning_survives_a_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
