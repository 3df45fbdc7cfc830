/* Methods: a class, a context, the name of the parameter that it was applied to. */
#include "prune/internal.h"

/* Takes over the context's contents on success alone. */
static prune_status create(prune_method **out, const prune_method_ops *ops, const pruni_class *own, const void *context)
{
    prune_method *method = pruni_alloc_zeroed(1, sizeof *method);
    if (!method)
        return PRUNE_ERROR_MEMORY;
    if (pruni_copy_context(&method->context, ops->context_size, context)) {
        pruni_free(method);
        return PRUNE_ERROR_MEMORY;
    }
    pruni_refs_init(&method->refs);
    method->ops = ops;
    method->own = own;
    *out = method;
    return PRUNE_OK;
}

prune_status pruni_method_create_own(prune_method **out, const pruni_class *own, const void *context)
{
    return create(out, &own->ops, own, context);
}

static prune_status check_ops(const prune_method_ops *ops, const void *context)
{
    const char *function = "prune_method_create";
    if (pruni_check_size(function, ops->size, sizeof *ops))
        return prune_last_status();
    if (!ops->type_name)
        return pruni_null_argument(function, "ops->type_name");
    if (!ops->compute_mask)
        return pruni_null_argument(function, "ops->compute_mask");
    if (pruni_check_context(function, ops->type_name, ops->context_size, context))
        return prune_last_status();
    if (ops->type != PRUNE_UNSTRUCTURED && ops->type != PRUNE_STRUCTURED && ops->type != PRUNE_GLOBAL)
        return prune_fail(PRUNE_ERROR_VALUE, "Unrecognized PRUNING_TYPE %d", (int)ops->type);
    if (ops->type == PRUNE_STRUCTURED && !ops->dim)
        return prune_fail(PRUNE_ERROR_ATTRIBUTE, "Pruning methods of PRUNING_TYPE \"structured\" need to have the "
                                                 "attribute `dim` defined.");
    return PRUNE_OK;
}

prune_status prune_method_create(prune_method **out, const prune_method_ops *ops, const void *context)
{
    PRUNI_REQUIRE(out);
    PRUNI_REQUIRE(ops);
    if (check_ops(ops, context))
        return prune_last_status();
    return create(out, ops, NULL, context);
}

prune_method *prune_method_retain(prune_method *method)
{
    if (method)
        pruni_refs_retain(&method->refs);
    return method;
}

void prune_method_release(prune_method *method)
{
    if (!method || !pruni_refs_release(&method->refs))
        return;
    if (method->context && method->ops->destroy)
        method->ops->destroy(method->context);
    pruni_free(method->context);
    pruni_free(method->tensor_name);
    pruni_free(method);
}

static prune_status copy_of(prune_method **out, const prune_method *method, const char *tensor_name)
{
    prune_method *copy = NULL;
    char *name = tensor_name ? pruni_strdup(tensor_name) : NULL;
    if ((tensor_name && !name) || create(&copy, method->ops, method->own, method->context)) {
        pruni_free(name);
        return prune_last_status();
    }
    copy->tensor_name = name;
    prune_status status = pruni_clone_context(method->ops->clone, copy->context, method->context,
                                              method->ops->type_name);
    if (status != PRUNE_OK) {
        pruni_free(copy->context); /* what it points to is the original's */
        copy->context = NULL;
        prune_method_release(copy);
        return status;
    }
    *out = copy;
    return PRUNE_OK;
}

/* The clone callback may release the original. */
prune_status pruni_method_copy(prune_method **out, const prune_method *method, const char *tensor_name)
{
    prune_method *original = prune_method_retain((prune_method *)(uintptr_t)method);
    prune_status status = copy_of(out, original, tensor_name);
    prune_method_release(original);
    return status;
}

const char *prune_method_type_name(const prune_method *method)
{
    return method ? method->ops->type_name : NULL;
}

const char *prune_method_tensor_name(const prune_method *method)
{
    return method ? method->tensor_name : NULL;
}

prune_status prune_method_set_tensor_name(prune_method *method, const char *name)
{
    PRUNI_REQUIRE(method);
    PRUNI_REQUIRE(name);
    if (method->hooks > 0)
        return prune_fail(PRUNE_ERROR_STATE, "the %s is at work on parameter '%s', which it keeps",
                          method->ops->type_name, method->tensor_name);
    const pruni_method_list *list = pruni_container_list(method);
    if (list && list->count > 0)
        return prune_fail(PRUNE_ERROR_STATE, "the PruningContainer holds methods acting on the parameter named '%s'",
                          method->tensor_name);
    char *copy = pruni_strdup(name);
    if (!copy)
        return PRUNE_ERROR_MEMORY;
    pruni_free(method->tensor_name);
    method->tensor_name = copy;
    return PRUNE_OK;
}
