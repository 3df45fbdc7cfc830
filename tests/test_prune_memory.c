/* Every allocation of every operation fails once: the state must be as it was. */
#include "pruning.h"

typedef struct scene {
    prune_module *net;
    prune_method *method; /* what a success made, or what an operation uses */
    prune_tensor *t, *out;
    char *before;
    prune_status (*act)(struct scene *s);
} scene;

static prune_status act(void *context)
{
    scene *s = context;
    return s->act(s);
}

static void unchanged(void *context)
{
    scene *s = context;
    char *now = describe(s->net);
    assert_string_equal(now, s->before);
    free(now);
}

/* After a success: what the next failures must leave alone. */
static void describe_again(void *context)
{
    scene *s = context;
    free(s->before);
    s->before = describe(s->net);
}

static prune_status no_hook(void *context, prune_module *module, prune_tensor *const *x, int64_t nx)
{
    (void)context;
    (void)module;
    (void)x;
    (void)nx;
    return PRUNE_OK;
}

/* Room in lists is kept after a failure; so that no list gets its first room then, each has had an entry. */
static void make_room(prune_module *net)
{
    static const prune_hook_ops ops = { .size = sizeof ops, .type_name = "none", .call = no_hook };
    prune_tensor *t = make_tensor(PRUNE_SHAPE(1), 1);
    int64_t id;
    assert_ok(prune_module_register_buffer(net, "first", t, true));
    assert_ok(prune_module_delete(net, "first"));
    assert_ok(prune_module_set_tensor(net, "first", t));
    assert_ok(prune_module_delete(net, "first"));
    assert_ok(prune_module_register_forward_pre_hook(&id, net, &ops, NULL));
    assert_ok(prune_module_remove_forward_pre_hook(net, id));
    prune_tensor_release(t);
}

/* Modules of two layouts, pruned some times already. */
static prune_module *make_net(bool permuted, int prunes)
{
    prune_module *net = NULL;
    prune_tensor *t = make_tensor(PRUNE_SHAPE(2, 4), 4, 4, 1, 4, 3, 2, 1, 4), *view = NULL;
    assert_ok(prune_module_create(&net, "Net", NULL, NULL));
    if (permuted) {
        assert_ok(prune_tensor_transpose(&view, t, 0, 1));
        prune_tensor_release(t);
        t = view;
    }
    assert_ok(prune_module_register_parameter(net, "weight", t));
    add_parameter(net, "bias", PRUNE_SHAPE(2), (const float[]){ 1, 2 });
    prune_tensor_release(t);
    make_room(net);
    for (int i = 0; i < prunes; i++)
        assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    return net;
}

/* Tries `operation` on modules of all kinds: of both layouts, and with mask and original seen by others or not. */
static void try_on_all(prune_status (*operation)(scene *s))
{
    for (int kind = 0; kind < 4; kind++)
        for (int prunes = 0; prunes < 4; prunes++) {
            prune_manual_seed(NULL, 7);
            scene s = { .net = make_net(kind & 1, prunes), .act = operation };
            prune_tensor *mask = NULL, *orig = NULL;
            if ((kind & 2) && prunes > 0) {
                mask = prune_tensor_retain(mask_of(s.net));
                assert_ok(prune_tensor_transpose(&orig, orig_of(s.net), 0, 1));
            }
            s.before = describe(s.net);
            try_every_allocation(act, unchanged, describe_again, &s);
            free(s.before);
            prune_tensor_release(mask);
            prune_tensor_release(orig);
            prune_module_release(s.net);
        }
}

/* ---- Prunes ---- */

static prune_status identity(scene *s)
{
    return prune_identity(s->net, "weight");
}

static prune_status random_unstructured(scene *s)
{
    return prune_random_unstructured(s->net, "weight", prune_fraction(0.25));
}

static prune_status l1_with_ties(scene *s)
{
    return prune_l1_unstructured(s->net, "weight", prune_fraction(0.5), NULL);
}

static prune_status ln_unstructured(scene *s)
{
    return prune_ln_unstructured(s->net, "weight", prune_count(1), prune_norm_p(2), NULL);
}

static prune_status random_structured(scene *s)
{
    return prune_random_structured(s->net, "weight", prune_fraction(0.5), 0);
}

static prune_status ln_structured(scene *s)
{
    return prune_ln_structured(s->net, "weight", prune_fraction(0.5), prune_norm_p(2), 1, NULL);
}

static prune_status equal_norms(scene *s)
{
    return prune_ln_structured(s->net, "weight", prune_fraction(0.5), prune_norm_p(INFINITY), 1, NULL);
}

static prune_status global_l1(scene *s)
{
    const prune_parameter all[] = { { s->net, "weight", NULL }, { s->net, "bias", NULL } };
    prune_method *m = NULL;
    if (prune_method_l1_unstructured(&m, prune_fraction(0.25), NULL))
        return prune_last_status();
    prune_status status = prune_global_unstructured(all, 2, m);
    prune_method_release(m);
    return status;
}

static prune_status n_m(scene *s)
{
    return prune_n_m(s->net, "weight", 1, 2, -1, NULL);
}

static prune_status global(scene *s)
{
    const prune_parameter all[] = { { s->net, "weight", NULL }, { s->net, "bias", NULL }, { s->net, "weight", NULL } };
    prune_method *m = NULL;
    if (prune_method_random_unstructured(&m, prune_fraction(0.25), NULL))
        return prune_last_status();
    prune_status status = prune_global_unstructured(all, 3, m);
    prune_method_release(m);
    return status;
}

static prune_status custom_from_mask(scene *s)
{
    prune_tensor *mask = NULL;
    if (prune_tensor_zeros(&mask, prune_tensor_sizes(weight_of(s->net)), 2, PRUNE_BOOL))
        return prune_last_status();
    prune_status status = prune_custom_from_mask(s->net, "weight", mask);
    prune_tensor_release(mask);
    return status;
}

static void every_prune(void **state)
{
    (void)state;
    prune_status (*const operations[])(
        scene *) = { identity,        random_unstructured, l1_with_ties, ln_unstructured, random_structured,
                     ln_structured,   equal_norms,         n_m,          global,          global_l1,
                     custom_from_mask };
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++)
        try_on_all(operations[i]);
}

/* Too many for all to be candidates, and all equal: the draws are made again. */
static void draws_that_are_all_equal(void **state)
{
    (void)state;
    const int64_t n = 5000;
    prune_tensor *saved = stop_generator(), *weight = NULL;
    scene s = { .act = random_unstructured };
    assert_ok(prune_module_create(&s.net, "Net", NULL, NULL));
    assert_ok(prune_tensor_ones(&weight, &n, 1, PRUNE_FLOAT32));
    assert_ok(prune_module_register_parameter(s.net, "weight", weight));
    make_room(s.net);
    s.before = describe(s.net);
    try_every_allocation(act, unchanged, describe_again, &s);
    free(s.before);
    assert_ok(prune_generator_set_state(NULL, saved));
    prune_tensor_release(saved);
    prune_tensor_release(weight);
    prune_module_release(s.net);
}

static prune_status remove_it(scene *s)
{
    return prune_remove(s->net, "weight");
}

static void prune_again(void *context)
{
    scene *s = context;
    assert_ok(prune_l1_unstructured(s->net, "weight", prune_count(1), NULL));
    describe_again(s);
}

static void removing(void **state)
{
    (void)state;
    for (int permuted = 0; permuted < 2; permuted++)
        for (int prunes = 1; prunes < 4; prunes++) {
            scene s = { .net = make_net(permuted, prunes), .act = remove_it };
            prune_tensor *view = NULL; /* so that new memory is needed */
            assert_ok(prune_tensor_transpose(&view, orig_of(s.net), 0, 1));
            s.before = describe(s.net);
            try_every_allocation(act, unchanged, prune_again, &s);
            free(s.before);
            prune_tensor_release(view);
            prune_module_release(s.net);
        }
}

/* ---- Words ---- */

static prune_status fail_with_the_modules_words(scene *s)
{
    prune_status status = prune_remove(s->net, "nope");
    return status == PRUNE_ERROR_VALUE ? PRUNE_OK : status;
}

static prune_status refuse_an_amount(scene *s)
{
    prune_status status = prune_l1_unstructured(s->net, "weight", prune_fraction(2), NULL);
    return status == PRUNE_ERROR_VALUE ? PRUNE_OK : status;
}

static prune_status look(scene *s)
{
    bool words = !prune_mask(s->net, "nope") && prune_last_status() == PRUNE_ERROR_VALUE;
    words = words && !prune_original(s->net, "nope") && prune_last_status() == PRUNE_ERROR_VALUE;
    words = words && !prune_applied_method(s->net, "nope") && prune_last_status() == PRUNE_ERROR_VALUE;
    return words ? PRUNE_OK : prune_last_status();
}

static void sentences(void **state)
{
    (void)state;
    try_on_all(fail_with_the_modules_words);
    try_on_all(refuse_an_amount);
    try_on_all(look);
}

/* ---- Methods ---- */

static prune_status make_each(scene *s)
{
    prune_method *m[7] = { NULL };
    const prune_amount half = prune_fraction(0.5);
    bool failed = prune_method_identity(&m[0]) || prune_method_random_unstructured(&m[1], half, NULL)
                  || prune_method_l1_unstructured(&m[2], half, NULL) || prune_method_random_structured(&m[3], half, 0)
                  || prune_method_ln_structured(&m[4], half, prune_norm_p(2), 0, NULL)
                  || prune_method_n_m(&m[5], 2, 4, -1) || prune_method_custom_from_mask(&m[6], s->t);
    for (size_t i = 0; i < sizeof m / sizeof m[0]; i++)
        prune_method_release(m[i]);
    return failed ? prune_last_status() : PRUNE_OK;
}

static prune_status fill_a_container(scene *s)
{
    prune_method *m = NULL, *container = NULL;
    bool failed = prune_method_identity(&m) || prune_method_set_tensor_name(m, "weight")
                  || prune_method_container(&container, (prune_method *const[]){ m, m }, 2)
                  || prune_container_add(container, m) || prune_container_add(container, m)
                  || prune_container_add(container, m);
    prune_method_release(m);
    prune_method_release(container);
    (void)s;
    return failed ? prune_last_status() : PRUNE_OK;
}

static prune_status prune_plain(scene *s)
{
    prune_tensor *mask = NULL, *out = NULL;
    bool failed = prune_method_compute_mask(&mask, s->method, s->t, NULL)
                  || prune_method_prune(&out, s->method, s->t, mask, s->t);
    prune_tensor_release(mask);
    prune_tensor_release(out);
    if (!failed)
        prune_manual_seed(NULL, 7);
    return failed ? prune_last_status() : PRUNE_OK;
}

static prune_status one_draw_from_plain(scene *s)
{
    prune_tensor *out = NULL;
    prune_status status = prune_method_prune(&out, s->method, s->t, NULL, NULL);
    prune_tensor_release(out);
    if (status == PRUNE_OK)
        prune_manual_seed(NULL, 7);
    return status;
}

static void methods_by_themselves(void **state)
{
    (void)state;
    scene s = { .net = make_net(false, 1), .t = make_tensor(PRUNE_SHAPE(2, 2), 1, 1, 1, 1) };
    prune_status (*const operations[])(scene *) = { make_each, fill_a_container, one_draw_from_plain };
    prune_manual_seed(NULL, 7);
    assert_ok(prune_method_random_unstructured(&s.method, prune_count(1), NULL));
    s.before = describe(s.net);
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        s.act = operations[i];
        try_every_allocation(act, unchanged, describe_again, &s);
    }
    prune_method_release(s.method);
    assert_ok(prune_method_l1_unstructured(&s.method, prune_count(1), NULL));
    s.act = prune_plain;
    try_every_allocation(act, unchanged, describe_again, &s);
    free(s.before);
    prune_method_release(s.method);
    prune_tensor_release(s.t);
    prune_module_release(s.net);
}

/* The second takes the channels that the first has left, of a tensor that is not contiguous. */
static void a_container_by_itself(void **state)
{
    (void)state;
    scene s = { .net = make_net(false, 1) };
    prune_tensor *plain = make_tensor(PRUNE_SHAPE(2, 3), 1, 2, 3, 4, 5, 6);
    prune_method *m = NULL;
    assert_ok(prune_tensor_transpose(&s.t, plain, 0, 1));
    assert_ok(prune_method_ln_structured(&m, prune_count(1), prune_norm_p(2), 0, NULL));
    assert_ok(prune_method_set_tensor_name(m, "weight"));
    assert_ok(prune_method_container(&s.method, (prune_method *const[]){ m, m }, 2));
    s.before = describe(s.net);
    s.act = prune_plain;
    try_every_allocation(act, unchanged, describe_again, &s);
    free(s.before);
    prune_method_release(m);
    prune_method_release(s.method);
    prune_tensor_release(plain);
    prune_tensor_release(s.t);
    prune_module_release(s.net);
}

/* ---- A method of one's own: what is cloned is destroyed ---- */

static int alive;

static prune_status clone_counted(void *to, const void *from)
{
    (void)to;
    (void)from;
    alive++;
    return PRUNE_OK;
}

static void destroy_counted(void *context)
{
    (void)context;
    alive--;
}

static prune_status mask_first(void *context, prune_tensor *mask, const prune_tensor *t)
{
    (void)context;
    (void)t;
    return prune_tensor_fill_(mask, 0);
}

static prune_status apply_own(scene *s)
{
    static const prune_method_ops ops = {
        .size = sizeof ops,
        .type_name = "Counted",
        .type = PRUNE_UNSTRUCTURED,
        .context_size = sizeof(int),
        .compute_mask = mask_first,
        .clone = clone_counted,
        .destroy = destroy_counted,
    };
    const int context = 0, before = alive;
    prune_method *m = NULL;
    if (prune_method_create(&m, &ops, &context)) {
        assert_int_equal(alive, before);
        return prune_last_status();
    }
    alive++;
    prune_status status = prune_apply(s->net, "weight", m, NULL);
    prune_method_release(m);
    assert_int_equal(alive, before + (status == PRUNE_OK));
    return status;
}

static void methods_of_ones_own(void **state)
{
    (void)state;
    try_on_all(apply_own);
    assert_int_equal(alive, 0);
}

/* ---- Looking, and copies ---- */

static prune_status count_all(scene *s)
{
    prune_sparsity_counts counts = { -1, -1 };
    if (prune_sparsity(&counts, s->net, NULL)) {
        assert_int_equal(counts.entries, -1);
        return prune_last_status();
    }
    return prune_sparsity(&counts, s->net, "weight");
}

static prune_status clone_and_prune(scene *s)
{
    prune_module *copy = NULL;
    if (prune_module_clone(&copy, s->net))
        return prune_last_status();
    prune_status status = prune_module_run_forward_pre_hooks(copy, false);
    prune_module_release(copy);
    return status;
}

static void looking_and_copying(void **state)
{
    (void)state;
    try_on_all(count_all);
    try_on_all(clone_and_prune);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_prune),
        cmocka_unit_test(draws_that_are_all_equal),
        cmocka_unit_test(removing),
        cmocka_unit_test(sentences),
        cmocka_unit_test(methods_by_themselves),
        cmocka_unit_test(a_container_by_itself),
        cmocka_unit_test(methods_of_ones_own),
        cmocka_unit_test(looking_and_copying),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
