/* prune.identity, prune.l1_unstructured, …: a method made and applied. */
#include "prune/internal.h"

static prune_status apply_and_release(prune_module *module, const char *name, prune_method *method,
                                      const prune_tensor *importance_scores)
{
    prune_status status = prune_apply(module, name, method, importance_scores);
    prune_method_release(method);
    return status;
}

prune_status prune_identity(prune_module *module, const char *name)
{
    PRUNI_REQUIRE(module);
    PRUNI_REQUIRE(name);
    prune_method *method = NULL;
    if (prune_method_identity(&method))
        return prune_last_status();
    return apply_and_release(module, name, method, NULL);
}

prune_status prune_random_unstructured(prune_module *module, const char *name, prune_amount amount)
{
    PRUNI_REQUIRE(module);
    PRUNI_REQUIRE(name);
    prune_method *method = NULL;
    if (prune_method_random_unstructured(&method, amount, NULL))
        return prune_last_status();
    return apply_and_release(module, name, method, NULL);
}

prune_status prune_l1_unstructured(prune_module *module, const char *name, prune_amount amount,
                                   const prune_tensor *importance_scores)
{
    PRUNI_REQUIRE(module);
    PRUNI_REQUIRE(name);
    prune_method *method = NULL;
    if (prune_method_l1_unstructured(&method, amount, NULL))
        return prune_last_status();
    return apply_and_release(module, name, method, importance_scores);
}

prune_status prune_ln_unstructured(prune_module *module, const char *name, prune_amount amount, prune_norm n,
                                   const prune_tensor *importance_scores)
{
    PRUNI_REQUIRE(module);
    PRUNI_REQUIRE(name);
    prune_method *method = NULL;
    if (pruni_method_ln_unstructured(&method, amount, n))
        return prune_last_status();
    return apply_and_release(module, name, method, importance_scores);
}

prune_status prune_random_structured(prune_module *module, const char *name, prune_amount amount, int64_t dim)
{
    PRUNI_REQUIRE(module);
    PRUNI_REQUIRE(name);
    prune_method *method = NULL;
    if (prune_method_random_structured(&method, amount, dim))
        return prune_last_status();
    return apply_and_release(module, name, method, NULL);
}

prune_status prune_ln_structured(prune_module *module, const char *name, prune_amount amount, prune_norm n, int64_t dim,
                                 const prune_tensor *importance_scores)
{
    PRUNI_REQUIRE(module);
    PRUNI_REQUIRE(name);
    prune_method *method = NULL;
    if (prune_method_ln_structured(&method, amount, n, dim, NULL))
        return prune_last_status();
    return apply_and_release(module, name, method, importance_scores);
}

prune_status prune_n_m(prune_module *module, const char *name, int64_t n, int64_t m, int64_t dim,
                       const prune_tensor *importance_scores)
{
    PRUNI_REQUIRE(module);
    PRUNI_REQUIRE(name);
    prune_method *method = NULL;
    if (prune_method_n_m(&method, n, m, dim))
        return prune_last_status();
    return apply_and_release(module, name, method, importance_scores);
}

prune_status prune_custom_from_mask(prune_module *module, const char *name, prune_tensor *mask)
{
    PRUNI_REQUIRE(module);
    PRUNI_REQUIRE(name);
    PRUNI_REQUIRE(mask);
    prune_tensor *float32 = NULL;
    prune_method *method = NULL;
    prune_status status = prune_tensor_to(&float32, mask, PRUNE_FLOAT32);
    if (status == PRUNE_OK)
        status = pruni_method_over_mask(&method, float32, float32 == mask);
    prune_tensor_release(float32);
    return status == PRUNE_OK ? apply_and_release(module, name, method, NULL) : status;
}
