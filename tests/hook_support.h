/* What the tests of hooks and of calls share: hooks that tell a story, and one that fails. */
#ifndef PRUNE_TESTS_HOOK_SUPPORT_H
#define PRUNE_TESTS_HOOK_SUPPORT_H

#include "support.h"

#include "nn/internal.h"

/* What hooks and forwards did, in order: "a b forward ". */
static char story[256];

static inline void tell(const char *word)
{
    snprintf(story + strlen(story), sizeof story - strlen(story), "%s ", word);
}

static inline prune_module *module_of(const char *type_name, const prune_module_ops *ops)
{
    prune_module *module = NULL;
    assert_ok(prune_module_create(&module, type_name, ops, NULL));
    return module;
}

static inline prune_tensor *scalar(float value)
{
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_from_values(&t, &value, PRUNE_SHAPE(1)));
    return t;
}

typedef struct teller {
    const char *name;
    int *destroyed;
} teller;

static inline prune_status tell_name(void *context, prune_module *module, prune_tensor *const *x, int64_t nx)
{
    (void)module;
    (void)x;
    tell(((teller *)context)->name);
    if (nx > 0)
        tell("with x");
    return PRUNE_OK;
}

static inline void count_destroyed(void *context)
{
    if (((teller *)context)->destroyed)
        ++*((teller *)context)->destroyed;
}

static const prune_hook_ops teller_ops = {
    .size = sizeof teller_ops,
    .type_name = "Teller",
    .context_size = sizeof(teller),
    .call = tell_name,
    .destroy = count_destroyed,
};

static inline int64_t add_teller(prune_module *module, const char *name)
{
    int64_t id = -1;
    assert_ok(prune_module_register_forward_pre_hook(&id, module, &teller_ops, &(teller){ .name = name }));
    return id;
}

static inline prune_status fail_loudly(void *context, prune_module *module, prune_tensor *const *x, int64_t nx)
{
    (void)context;
    (void)module;
    (void)x;
    (void)nx;
    return prune_fail(PRUNE_ERROR_STATE, "not today");
}

static const prune_hook_ops loud_ops = { .size = sizeof loud_ops, .type_name = "Loud", .call = fail_loudly };

static inline int forget_story(void **state)
{
    (void)state;
    story[0] = '\0';
    return 0;
}

#define TEST(name) cmocka_unit_test_setup(name, forget_story)

#endif
