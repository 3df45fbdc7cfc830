/* Names of a module: registering, replacing, moving, deleting, finding. */
#include "modules.h"

#include "nn/internal.h"

static prune_tensor *tensor(prune_dtype dtype)
{
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_empty(&t, PRUNE_SHAPE(2), dtype));
    return t;
}

/* The names in order, as one text: "p:weight p:bias b:mask". */
static const char *order(const prune_module *module)
{
    static char text[512];
    text[0] = '\0';
    const char *names[] = { "a", "b", "c", "d", "e" };
    const char letters[] = "-pbam";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (prune_module_kind(module, names[i]) != PRUNE_KIND_NONE)
            snprintf(text + strlen(text), sizeof text - strlen(text), "%c:%s ",
                     letters[prune_module_kind(module, names[i])], names[i]);
    return text;
}

static void a_parameter_needs_a_gradient_unless_it_is_of_integers_or_was_one(void **state)
{
    (void)state;
    prune_module *m = module_of("Linear");
    prune_tensor *f = tensor(PRUNE_BFLOAT16), *i = tensor(PRUNE_INT64);
    assert_false(prune_tensor_requires_grad(f));
    assert_ok(prune_module_register_parameter(m, "f", f));
    assert_ok(prune_module_register_parameter(m, "i", i));
    assert_true(prune_tensor_requires_grad(f));
    assert_false(prune_tensor_requires_grad(i));
    assert_ptr_equal(prune_module_get_parameter(m, "i"), i);
    assert_ok(prune_tensor_set_requires_grad(f, false));
    assert_ok(prune_module_register_parameter(m, "tied", f));
    assert_false(prune_tensor_requires_grad(f));
    assert_ptr_equal(prune_module_get_tensor(m, "tied"), f);
    prune_tensor_release(f);
    prune_tensor_release(i);
    prune_module_release(m);
}

static void the_value_of_a_pruned_parameter_cannot_become_one(void **state)
{
    (void)state;
    prune_module *m = module_of("Linear");
    prune_tensor *value = tensor(PRUNE_FLOAT32);
    value->has_grad_fn = true;
    assert_fails(prune_module_register_parameter(m, "a", value), PRUNE_ERROR_VALUE,
                 "Cannot assign non-leaf Tensor to parameter 'a'");
    assert_int_equal(prune_module_kind(m, "a"), PRUNE_KIND_NONE);
    assert_false(value->is_parameter);
    assert_ok(prune_module_set_tensor(m, "a", value));
    assert_int_equal(prune_module_kind(m, "a"), PRUNE_KIND_ATTRIBUTE);
    prune_tensor_release(value);
    prune_module_release(m);
}

static void names_are_checked(void **state)
{
    (void)state;
    prune_module *m = module_of("Linear"), *child = module_of("ReLU");
    prune_tensor *t = tensor(PRUNE_FLOAT32);
    assert_fails(prune_module_register_parameter(m, "a.b", t), PRUNE_ERROR_KEY, "parameter name can't contain \".\"");
    assert_null(strstr(prune_last_error(), "got"));
    assert_fails(prune_module_register_parameter(m, "", t), PRUNE_ERROR_KEY,
                 "parameter name can't be empty string \"\"");
    assert_fails(prune_module_register_buffer(m, "a.b", t, true), PRUNE_ERROR_KEY, "buffer name can't contain \".\"");
    assert_fails(prune_module_register_buffer(m, "", t, true), PRUNE_ERROR_KEY,
                 "buffer name can't be empty string \"\"");
    assert_fails(prune_module_register_module(m, "a.b", child), PRUNE_ERROR_KEY,
                 "module name can't contain \".\", got: a.b");
    assert_fails(prune_module_register_module(m, "", child), PRUNE_ERROR_KEY, "module name can't be empty string \"\"");
    assert_fails(prune_module_set_tensor(m, "a.b", t), PRUNE_ERROR_KEY, "can't contain \".\"");
    assert_fails(prune_module_set_tensor(m, "", t), PRUNE_ERROR_KEY, "can't be empty string");
    assert_false(prune_tensor_requires_grad(t));
    prune_tensor_release(t);
    prune_module_release(child);
    prune_module_release(m);
}

static void a_name_belongs_to_one_kind(void **state)
{
    (void)state;
    prune_module *m = module_of("Linear"), *child = module_of("ReLU");
    prune_tensor *t = tensor(PRUNE_FLOAT32);
    assert_ok(prune_module_register_parameter(m, "a", NULL));
    assert_ok(prune_module_register_buffer(m, "b", NULL, true));
    assert_ok(prune_module_set_tensor(m, "c", t));
    assert_ok(prune_module_register_module(m, "d", NULL));
    for (const char *const *name = (const char *const[]){ "b", "c", "d", NULL }; *name; name++)
        assert_fails(prune_module_register_parameter(m, *name, t), PRUNE_ERROR_KEY, "already exists");
    for (const char *const *name = (const char *const[]){ "a", "c", "d", NULL }; *name; name++)
        assert_fails(prune_module_register_buffer(m, *name, t, true), PRUNE_ERROR_KEY, "already exists");
    assert_fails(prune_module_register_module(m, "a", child), PRUNE_ERROR_KEY, "attribute 'a' already exists");
    assert_fails(prune_module_register_module(m, "b", child), PRUNE_ERROR_KEY, "attribute 'b' already exists");
    assert_fails(prune_module_register_module(m, "c", child), PRUNE_ERROR_KEY, "attribute 'c' already exists");
    assert_string_equal(order(m), "p:a b:b a:c m:d ");
    assert_false(prune_tensor_requires_grad(t));
    prune_tensor_release(t);
    prune_module_release(child);
    prune_module_release(m);
}

static void null_arguments_are_type_errors(void **state)
{
    (void)state;
    prune_module *m = module_of("Linear");
    assert_fails(prune_module_register_parameter(NULL, "a", NULL), PRUNE_ERROR_TYPE, "'module'");
    assert_fails(prune_module_register_parameter(m, NULL, NULL), PRUNE_ERROR_TYPE, "'name'");
    assert_fails(prune_module_register_buffer(NULL, "a", NULL, true), PRUNE_ERROR_TYPE, "'module'");
    assert_fails(prune_module_register_buffer(m, NULL, NULL, true), PRUNE_ERROR_TYPE, "'name'");
    assert_fails(prune_module_register_module(NULL, "a", NULL), PRUNE_ERROR_TYPE, "'module'");
    assert_fails(prune_module_register_module(m, NULL, NULL), PRUNE_ERROR_TYPE, "'name'");
    assert_fails(prune_module_set_tensor(NULL, "a", NULL), PRUNE_ERROR_TYPE, "'module'");
    assert_fails(prune_module_set_tensor(m, NULL, NULL), PRUNE_ERROR_TYPE, "'name'");
    assert_fails(prune_module_delete(NULL, "a"), PRUNE_ERROR_TYPE, "'module'");
    assert_fails(prune_module_delete(m, NULL), PRUNE_ERROR_TYPE, "'name'");
    assert_int_equal(prune_module_kind(NULL, "a"), PRUNE_KIND_NONE);
    assert_int_equal(prune_module_kind(m, NULL), PRUNE_KIND_NONE);
    prune_module_release(m);
}

static void setting_replaces_parameters_by_parameters_alone(void **state)
{
    (void)state;
    prune_module *m = module_of("Linear");
    prune_tensor *p = tensor(PRUNE_FLOAT32), *q = tensor(PRUNE_FLOAT32), *plain = tensor(PRUNE_FLOAT32);
    assert_ok(prune_module_register_parameter(m, "a", p));
    assert_ok(prune_module_register_parameter(m, "b", q));
    assert_fails(prune_module_set_tensor(m, "a", plain), PRUNE_ERROR_TYPE,
                 "cannot assign 'torch.FloatTensor' as parameter 'a' (torch.nn.Parameter or None expected)");
    static const struct {
        prune_dtype dtype;
        const char *words;
    } types[] = {
        { PRUNE_FLOAT64, "'torch.DoubleTensor'" },    { PRUNE_FLOAT16, "'torch.HalfTensor'" },
        { PRUNE_BFLOAT16, "'torch.BFloat16Tensor'" }, { PRUNE_INT64, "'torch.LongTensor'" },
        { PRUNE_INT32, "'torch.IntTensor'" },         { PRUNE_UINT8, "'torch.ByteTensor'" },
        { PRUNE_BOOL, "'torch.BoolTensor'" },
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        prune_tensor *t = tensor(types[i].dtype);
        assert_fails(prune_module_set_tensor(m, "a", t), PRUNE_ERROR_TYPE, types[i].words);
        prune_tensor_release(t);
    }
    assert_ptr_equal(prune_module_get_tensor(m, "a"), p);
    assert_ok(prune_module_set_tensor(m, "a", q));
    assert_ptr_equal(prune_module_get_tensor(m, "a"), q);
    assert_ok(prune_module_set_tensor(m, "a", NULL));
    assert_int_equal(prune_module_kind(m, "a"), PRUNE_KIND_PARAMETER);
    assert_null(prune_module_get_tensor(m, "a"));
    prune_tensor_release(p);
    prune_tensor_release(q);
    prune_tensor_release(plain);
    prune_module_release(m);
}

static void setting_a_parameter_takes_the_name_from_any_other_kind(void **state)
{
    (void)state;
    prune_module *m = module_of("Linear"), *child = module_of("ReLU");
    prune_tensor *p = tensor(PRUNE_FLOAT32), *t = tensor(PRUNE_FLOAT32);
    assert_ok(prune_module_register_parameter(m, "a", p));
    assert_ok(prune_module_register_buffer(m, "b", t, true));
    assert_ok(prune_module_set_tensor(m, "c", t));
    assert_ok(prune_module_register_module(m, "d", child));
    assert_string_equal(order(m), "p:a b:b a:c m:d ");
    assert_ok(prune_module_set_tensor(m, "b", p));
    assert_ok(prune_module_set_tensor(m, "c", p));
    assert_ok(prune_module_set_tensor(m, "d", p));
    assert_ok(prune_module_set_tensor(m, "e", p));
    assert_string_equal(order(m), "p:a p:b p:c p:d p:e ");
    prune_tensor_release(p);
    prune_tensor_release(t);
    prune_module_release(child);
    prune_module_release(m);
}

static void setting_a_plain_tensor_replaces_buffers_and_attributes(void **state)
{
    (void)state;
    prune_module *m = module_of("Linear"), *child = module_of("ReLU");
    prune_tensor *t = tensor(PRUNE_FLOAT32), *u = tensor(PRUNE_BOOL);
    assert_ok(prune_module_register_buffer(m, "b", t, false));
    assert_ok(prune_module_register_module(m, "d", child));
    assert_ok(prune_module_set_tensor(m, "b", u));
    assert_int_equal(prune_module_kind(m, "b"), PRUNE_KIND_BUFFER);
    assert_ptr_equal(prune_module_get_tensor(m, "b"), u);
    assert_ok(prune_module_set_tensor(m, "c", t));
    assert_ok(prune_module_set_tensor(m, "c", u));
    assert_ptr_equal(prune_module_get_tensor(m, "c"), u);
    assert_fails(prune_module_set_tensor(m, "d", u), PRUNE_ERROR_TYPE,
                 "cannot assign 'torch.BoolTensor' as child module 'd' (torch.nn.Module or None expected)");
    assert_ptr_equal(prune_module_get_submodule(m, "d"), child);
    assert_ok(prune_module_set_tensor(m, "b", NULL));
    assert_ok(prune_module_set_tensor(m, "c", NULL));
    assert_ok(prune_module_set_tensor(m, "d", NULL));
    assert_string_equal(order(m), "b:b a:c m:d ");
    assert_missing(prune_module_get_submodule(m, "d"), PRUNE_ERROR_ATTRIBUTE, "`d` is not an nn.Module");
    prune_tensor_release(t);
    prune_tensor_release(u);
    prune_module_release(child);
    prune_module_release(m);
}

static void deleting_frees_the_name(void **state)
{
    (void)state;
    prune_module *m = module_of("Linear"), *child = module_of("ReLU");
    prune_tensor *t = tensor(PRUNE_FLOAT32);
    assert_ok(prune_module_register_parameter(m, "a", NULL));
    assert_ok(prune_module_register_buffer(m, "b", t, true));
    assert_ok(prune_module_set_tensor(m, "c", t));
    assert_ok(prune_module_register_module(m, "d", child));
    assert_ok(prune_module_delete(m, "a"));
    assert_ok(prune_module_delete(m, "b"));
    assert_ok(prune_module_delete(m, "c"));
    assert_ok(prune_module_delete(m, "d"));
    assert_string_equal(order(m), "");
    assert_fails(prune_module_delete(m, "a"), PRUNE_ERROR_ATTRIBUTE, "'Linear' object has no attribute 'a'");
    prune_tensor_release(t);
    prune_module_release(child);
    prune_module_release(m);
}

static void a_module_cannot_become_its_own_descendant(void **state)
{
    (void)state;
    prune_module *a = module_of("A"), *b = module_of("B"), *c = module_of("C");
    assert_fails(prune_module_register_module(a, "self", a), PRUNE_ERROR_VALUE,
                 "contains the A that it would become a child of");
    assert_ok(prune_module_register_module(a, "b", b));
    assert_ok(prune_module_register_module(b, "c", c));
    assert_fails(prune_module_register_module(c, "a", a), PRUNE_ERROR_VALUE, "module 'a' (A) contains the C");
    assert_int_equal(prune_module_kind(c, "a"), PRUNE_KIND_NONE);
    assert_ok(prune_module_register_module(a, "c", c));
    prune_module_release(a);
    prune_module_release(b);
    prune_module_release(c);
}

static void paths_lead_through_children(void **state)
{
    (void)state;
    prune_module *net = module_of("LeNet"), *block = module_of("Sequential"), *fc = module_of("Linear");
    prune_tensor *w = tensor(PRUNE_FLOAT32), *b = tensor(PRUNE_FLOAT32);
    assert_ok(prune_module_register_module(net, "block", block));
    assert_ok(prune_module_register_module(block, "0", fc));
    assert_ok(prune_module_register_module(net, "gone", NULL));
    assert_ok(prune_module_register_parameter(fc, "weight", w));
    assert_ok(prune_module_register_parameter(fc, "bias", NULL));
    assert_ok(prune_module_register_buffer(fc, "mask", b, true));
    assert_ptr_equal(prune_module_get_submodule(net, ""), net);
    assert_ptr_equal(prune_module_get_submodule(net, "block"), block);
    assert_ptr_equal(prune_module_get_submodule(net, "block.0"), fc);
    assert_ptr_equal(prune_module_get_tensor(net, "block.0.weight"), w);
    assert_ptr_equal(prune_module_get_tensor(net, "block.0.mask"), b);
    assert_ptr_equal(prune_module_get_parameter(net, "block.0.weight"), w);
    prune_fail(PRUNE_ERROR_USER, "before");
    assert_null(prune_module_get_tensor(net, "block.0.bias"));
    assert_null(prune_module_get_tensor(NULL, "weight"));
    assert_null(prune_module_get_parameter(NULL, "weight"));
    assert_null(prune_module_get_submodule(NULL, "block"));
    assert_string_equal(prune_last_error(), "before");

    /* torch: get_submodule, get_parameter and getattr on the same tree */
    assert_missing(prune_module_get_submodule(net, "x.y"), PRUNE_ERROR_ATTRIBUTE, "LeNet has no attribute `x`");
    assert_missing(prune_module_get_submodule(net, "bloc"), PRUNE_ERROR_ATTRIBUTE, "LeNet has no attribute `bloc`");
    assert_missing(prune_module_get_submodule(net, "block..0"), PRUNE_ERROR_ATTRIBUTE,
                   "Sequential has no attribute ``");
    assert_missing(prune_module_get_submodule(net, "block."), PRUNE_ERROR_ATTRIBUTE, "Sequential has no attribute ``");
    assert_missing(prune_module_get_submodule(net, "gone"), PRUNE_ERROR_ATTRIBUTE, "`gone` is not an nn.Module");
    assert_missing(prune_module_get_submodule(net, "gone.x"), PRUNE_ERROR_ATTRIBUTE, "`gone` is not an nn.Module");
    assert_missing(prune_module_get_submodule(net, "block.0.weight.x"), PRUNE_ERROR_ATTRIBUTE,
                   "`weight` is not an nn.Module");
    assert_missing(prune_module_get_parameter(net, "block.0.q"), PRUNE_ERROR_ATTRIBUTE, "Linear has no attribute `q`");
    assert_missing(prune_module_get_parameter(net, "block.0.bias"), PRUNE_ERROR_ATTRIBUTE,
                   "`bias` is not an nn.Parameter");
    assert_missing(prune_module_get_parameter(net, "block.0.mask"), PRUNE_ERROR_ATTRIBUTE,
                   "`mask` is not an nn.Parameter");
    assert_missing(prune_module_get_parameter(net, "block.0"), PRUNE_ERROR_ATTRIBUTE, "`0` is not an nn.Parameter");
    assert_ptr_equal(prune_module_get_parameter(fc, ".weight"), w); /* get_submodule("") is the module itself */
    assert_missing(prune_module_get_parameter(net, ".d"), PRUNE_ERROR_ATTRIBUTE, "LeNet has no attribute `d`");
    assert_missing(prune_module_get_parameter(net, "."), PRUNE_ERROR_ATTRIBUTE, "LeNet has no attribute ``");
    assert_missing(prune_module_get_parameter(net, ".x.d"), PRUNE_ERROR_ATTRIBUTE, "LeNet has no attribute ``");
    assert_missing(prune_module_get_parameter(net, "block."), PRUNE_ERROR_ATTRIBUTE, "Sequential has no attribute ``");
    assert_missing(prune_module_get_submodule(net, ".d"), PRUNE_ERROR_ATTRIBUTE, "LeNet has no attribute ``");
    assert_missing(prune_module_get_parameter(net, ""), PRUNE_ERROR_ATTRIBUTE, "LeNet has no attribute ``");
    assert_missing(prune_module_get_tensor(net, "block.0.q"), PRUNE_ERROR_ATTRIBUTE,
                   "'Linear' object has no attribute 'q'");
    assert_missing(prune_module_get_tensor(net, "block.1.q"), PRUNE_ERROR_ATTRIBUTE, "Sequential has no attribute `1`");
    assert_missing(prune_module_get_tensor(net, "block"), PRUNE_ERROR_ATTRIBUTE, "`block` is not a tensor");
    prune_tensor_release(w);
    prune_tensor_release(b);
    prune_module_release(net);
    prune_module_release(block);
    prune_module_release(fc);
}

/* ---- Out of memory ---- */

typedef struct bench {
    prune_module *m, *child;
    prune_tensor *t, *parameter;
} bench;

static bench make_bench(void)
{
    bench b = { module_of("Linear"), module_of("ReLU"), tensor(PRUNE_FLOAT32), tensor(PRUNE_FLOAT32) };
    prune_module *other = module_of("Other"), *inner = module_of("Inner");
    assert_ok(prune_module_register_parameter(other, "p", b.parameter));
    assert_ok(prune_module_register_module(b.child, "inner", inner));
    prune_module_release(inner);
    prune_module_release(other);
    return b;
}

static void free_bench(bench *b)
{
    prune_module_release(b->m);
    prune_module_release(b->child);
    prune_tensor_release(b->t);
    prune_tensor_release(b->parameter);
}

static prune_status register_parameter(void *context)
{
    return prune_module_register_parameter(((bench *)context)->m, "a", ((bench *)context)->t);
}

static prune_status register_buffer(void *context)
{
    return prune_module_register_buffer(((bench *)context)->m, "a", ((bench *)context)->t, true);
}

static prune_status register_module(void *context)
{
    return prune_module_register_module(((bench *)context)->m, "a", ((bench *)context)->child);
}

static prune_status set_attribute(void *context)
{
    return prune_module_set_tensor(((bench *)context)->m, "a", ((bench *)context)->t);
}

static void nothing_is_registered(void *context)
{
    bench *b = context;
    assert_string_equal(order(b->m), "");
    assert_false(prune_tensor_requires_grad(b->t));
}

/* The registry goes back to no capacity, too, so that the next attempt starts anew. */
static void start_anew(void *context)
{
    free_bench(context);
    *(bench *)context = make_bench();
}

static void registering_survives_a_lack_of_memory(void **state)
{
    (void)state;
    prune_status (*const operations[])(void *) = { register_parameter, register_buffer, register_module,
                                                   set_attribute };
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        bench b = make_bench();
        try_every_allocation(operations[i], nothing_is_registered, start_anew, &b);
        free_bench(&b);
    }
}

static void take_it_out(void *context)
{
    assert_ok(prune_module_delete(((bench *)context)->m, "a"));
}

static void registering_a_deep_tree_survives_a_lack_of_memory(void **state)
{
    (void)state;
    bench b = make_bench();
    for (int i = 0; i < 40; i++) {
        prune_module *outer = module_of("Outer");
        assert_ok(prune_module_register_module(outer, "inner", b.child));
        prune_module_release(b.child);
        b.child = outer;
    }
    try_every_allocation(register_module, nothing_is_registered, take_it_out, &b);
    free_bench(&b);
}

static prune_status move_buffer_to_parameter(void *context)
{
    return prune_module_set_tensor(((bench *)context)->m, "b", ((bench *)context)->parameter);
}

static void it_is_still_a_buffer(void *context)
{
    assert_string_equal(order(((bench *)context)->m), "b:b ");
}

static void back_to_a_buffer(void *context)
{
    bench *b = context;
    start_anew(b);
    assert_ok(prune_module_register_buffer(b->m, "b", b->t, true));
}

static void moving_a_name_is_all_or_nothing(void **state)
{
    (void)state;
    bench b = make_bench();
    assert_ok(prune_module_register_buffer(b.m, "b", b.t, true));
    try_every_allocation(move_buffer_to_parameter, it_is_still_a_buffer, back_to_a_buffer, &b);
    free_bench(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_parameter_needs_a_gradient_unless_it_is_of_integers_or_was_one),
        cmocka_unit_test(the_value_of_a_pruned_parameter_cannot_become_one),
        cmocka_unit_test(names_are_checked),
        cmocka_unit_test(a_name_belongs_to_one_kind),
        cmocka_unit_test(null_arguments_are_type_errors),
        cmocka_unit_test(setting_replaces_parameters_by_parameters_alone),
        cmocka_unit_test(setting_a_parameter_takes_the_name_from_any_other_kind),
        cmocka_unit_test(setting_a_plain_tensor_replaces_buffers_and_attributes),
        cmocka_unit_test(deleting_frees_the_name),
        cmocka_unit_test(a_module_cannot_become_its_own_descendant),
        cmocka_unit_test(paths_lead_through_children),
        cmocka_unit_test(registering_survives_a_lack_of_memory),
        cmocka_unit_test(registering_a_deep_tree_survives_a_lack_of_memory),
        cmocka_unit_test(moving_a_name_is_all_or_nothing),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
