/* What the tests that make dicts share. */
#ifndef PRUNE_TESTS_DICT_SUPPORT_H
#define PRUNE_TESTS_DICT_SUPPORT_H

#include "support.h"

static inline prune_dict *empty_dict(void)
{
    prune_dict *dict = NULL;
    assert_ok(prune_dict_create(&dict));
    return dict;
}

/* Hands a tensor over to a dict. */
static inline void put(prune_dict *dict, const char *key, prune_tensor *t)
{
    assert_ok(prune_dict_set(dict, key, t));
    prune_tensor_release(t);
}

#endif
