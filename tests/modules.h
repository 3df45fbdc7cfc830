/* What the tests of modules share. */
#ifndef PRUNE_TESTS_MODULES_H
#define PRUNE_TESTS_MODULES_H

#include "dict_support.h"

/* A plain module of that class. */
static inline prune_module *module_of(const char *type_name)
{
    prune_module *module = NULL;
    assert_ok(prune_module_create(&module, type_name, NULL, NULL));
    return module;
}

/* A new child, borrowed from its parent. */
static inline prune_module *add_child(prune_module *parent, const char *name, const char *type_name)
{
    prune_module *child = module_of(type_name);
    assert_ok(prune_module_register_module(parent, name, child));
    prune_module_release(child);
    return child;
}

static inline prune_tensor *full(const int64_t *sizes, int64_t ndim, double value, prune_dtype dtype)
{
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_full(&t, sizes, ndim, value, dtype));
    return t;
}

/* A new parameter of two equal values, borrowed from its module. */
static inline prune_tensor *new_parameter(prune_module *module, const char *name, double value)
{
    prune_tensor *t = full(PRUNE_SHAPE(2), value, PRUNE_FLOAT32);
    assert_ok(prune_module_register_parameter(module, name, t));
    prune_tensor_release(t);
    return t;
}

/* Likewise a buffer. */
static inline prune_tensor *new_buffer(prune_module *module, const char *name, double value, bool persistent)
{
    prune_tensor *t = full(PRUNE_SHAPE(2), value, PRUNE_FLOAT32);
    assert_ok(prune_module_register_buffer(module, name, t, persistent));
    prune_tensor_release(t);
    return t;
}

static inline void put_pair(prune_dict *dict, const char *key, double value)
{
    put(dict, key, full(PRUNE_SHAPE(2), value, PRUNE_FLOAT32));
}

/* The keys in order, a blank after each. Good until the next call. */
static inline const char *keys_of(const prune_dict *dict)
{
    static char text[512];
    text[0] = '\0';
    for (int64_t i = 0; i < prune_dict_size(dict); i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s ", prune_dict_key(dict, i));
    return text;
}

/* net: w, tied (the same), none; buffers mask, scratch (not persistent), gone (absent); attribute plain; child fc:
 * weight, again (net's w), buffer mask (net's); children shared (fc), absent. */
static inline prune_module *make_net(void)
{
    prune_module *net = module_of("Net"), *fc = add_child(net, "fc", "Linear");
    prune_tensor *w = new_parameter(net, "w", 1);
    assert_ok(prune_module_register_parameter(net, "tied", w));
    assert_ok(prune_module_register_parameter(net, "none", NULL));
    prune_tensor *mask = new_buffer(net, "mask", 2, true);
    new_buffer(net, "scratch", 3, false);
    assert_ok(prune_module_register_buffer(net, "gone", NULL, true));
    new_parameter(fc, "weight", 4);
    assert_ok(prune_module_register_parameter(fc, "again", w));
    assert_ok(prune_module_register_buffer(fc, "mask", mask, true));
    assert_ok(prune_module_register_module(net, "shared", fc));
    assert_ok(prune_module_register_module(net, "absent", NULL));
    prune_tensor *plain = full(PRUNE_SHAPE(2), 5, PRUNE_FLOAT32);
    assert_ok(prune_module_set_tensor(net, "plain", plain));
    prune_tensor_release(plain);
    return net;
}

#endif
