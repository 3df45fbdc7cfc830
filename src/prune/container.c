/* PruningContainer: the methods that one parameter was pruned by, in order. */
#include "prune/internal.h"

#include <string.h>

static void release_list(void *context)
{
    pruni_method_list *list = context;
    for (int64_t i = 0; i < list->count; i++)
        prune_method_release(list->items[i]);
    pruni_free(list->items);
}

static prune_status clone_list(void *to, const void *from)
{
    const pruni_method_list *list = from;
    pruni_method_list copy = { NULL, 0, list->count }; /* what a clone adds to the list meanwhile is not copied */
    copy.items = pruni_alloc_array((size_t)copy.capacity, sizeof *copy.items);
    if (!copy.items)
        return PRUNE_ERROR_MEMORY;
    for (; copy.count < copy.capacity; copy.count++) {
        const prune_method *method = list->items[copy.count];
        if (pruni_method_copy(&copy.items[copy.count], method, method->tensor_name)) {
            release_list(&copy);
            return prune_last_status();
        }
    }
    memcpy(to, &copy, sizeof copy);
    return PRUNE_OK;
}

/* The newest method on all of t's part that the mask leaves. */
static prune_status compute_newest(void *context, prune_tensor *mask, const prune_tensor *t)
{
    const pruni_method_list *list = context;
    if (list->count == 0)
        return prune_fail(PRUNE_ERROR_INDEX, "tuple index out of range");
    return pruni_combine_mask(list->items[list->count - 1], (pruni_part){ t, mask });
}

static const pruni_class container_class = {
    .ops = {
        .size = sizeof(prune_method_ops),
        .type_name = "PruningContainer",
        .context_size = sizeof(pruni_method_list),
        .compute_mask = compute_newest,
        .clone = clone_list,
        .destroy = release_list,
    },
    .any_strides = true,
};

pruni_method_list *pruni_container_list(const prune_method *method)
{
    return method->own == &container_class ? method->context : NULL;
}

prune_status pruni_container_reserve(prune_method *container, int64_t extra)
{
    pruni_method_list *list = container->context;
    void *items = list->items;
    prune_status status = pruni_grow(&items, &list->capacity, list->count + extra, sizeof *list->items);
    list->items = items;
    return status;
}

void pruni_container_append(prune_method *container, prune_method *method)
{
    pruni_method_list *list = container->context;
    list->items[list->count++] = prune_method_retain(method);
}

static prune_status no_tensor_name(const prune_method *method)
{
    return prune_fail(PRUNE_ERROR_ATTRIBUTE, "'%s' object has no attribute '_tensor_name'", method->ops->type_name);
}

/* That a method may become part of a container whose methods act on `name`. */
static prune_status check_member(const prune_method *container, const char *name, const prune_method *method)
{
    if (pruni_container_list(method))
        return prune_fail(PRUNE_ERROR_TYPE, "a PruningContainer cannot be part of a PruningContainer");
    if (!method->tensor_name)
        return no_tensor_name(method);
    if (strcmp(name, method->tensor_name) != 0)
        return prune_fail(PRUNE_ERROR_VALUE,
                          "Can only add pruning methods acting on the parameter named '%s' to PruningContainer "
                          "<torch.nn.utils.prune.PruningContainer object at %p>. Found '%s'",
                          name, (const void *)container, method->tensor_name);
    return PRUNE_OK;
}

prune_status prune_container_add(prune_method *container, prune_method *method)
{
    PRUNI_REQUIRE(container);
    PRUNI_REQUIRE(method);
    if (!pruni_container_list(container))
        return prune_fail(PRUNE_ERROR_TYPE, "%s is not a PruningContainer", container->ops->type_name);
    if (container->hooks > 0)
        return prune_fail(PRUNE_ERROR_STATE, "the PruningContainer is at work on parameter '%s': prune that instead",
                          container->tensor_name);
    if (!container->tensor_name)
        return no_tensor_name(container);
    if (check_member(container, container->tensor_name, method) || pruni_container_reserve(container, 1))
        return prune_last_status();
    pruni_container_append(container, method);
    return PRUNE_OK;
}

static prune_status fill(prune_method *container, prune_method *const *methods, int64_t count)
{
    if (count > 0 && !methods[0])
        return pruni_null_argument("prune_method_container", "methods[0]");
    if (count > 0 && !methods[0]->tensor_name)
        return no_tensor_name(methods[0]);
    if (count > 0 && prune_method_set_tensor_name(container, methods[0]->tensor_name))
        return prune_last_status();
    for (int64_t i = 0; i < count; i++)
        if (prune_container_add(container, methods[i]))
            return prune_last_status();
    return PRUNE_OK;
}

prune_status prune_method_container(prune_method **out, prune_method *const *methods, int64_t count)
{
    PRUNI_REQUIRE(out);
    if (count < 0)
        return prune_fail(PRUNE_ERROR_VALUE, "prune_method_container: %lld methods", (long long)count);
    if (count > 0)
        PRUNI_REQUIRE(methods);
    const pruni_method_list empty = { NULL, 0, 0 };
    prune_method *container = NULL;
    if (pruni_method_create_own(&container, &container_class, &empty))
        return prune_last_status();
    if (fill(container, methods, count)) {
        prune_method_release(container);
        return prune_last_status();
    }
    *out = container;
    return PRUNE_OK;
}

prune_status pruni_container_of(prune_method **out, prune_method *first, prune_method *second, const char *name)
{
    const pruni_method_list empty = { NULL, 0, 0 };
    prune_method *container = NULL;
    if (pruni_method_create_own(&container, &container_class, &empty))
        return prune_last_status();
    if (prune_method_set_tensor_name(container, name) || pruni_container_reserve(container, 2)) {
        prune_method_release(container);
        return prune_last_status();
    }
    pruni_container_append(container, first);
    pruni_container_append(container, second);
    *out = container;
    return PRUNE_OK;
}

int64_t prune_container_size(const prune_method *container)
{
    if (!container)
        return 0;
    const pruni_method_list *list = pruni_container_list(container);
    return list ? list->count : -1;
}

prune_method *prune_container_get(const prune_method *container, int64_t i)
{
    if (!container)
        return NULL;
    const pruni_method_list *list = pruni_container_list(container);
    if (!list) {
        prune_fail(PRUNE_ERROR_TYPE, "'%s' object is not subscriptable", container->ops->type_name);
        return NULL;
    }
    if (i < -list->count || i >= list->count) {
        prune_fail(PRUNE_ERROR_INDEX, "tuple index out of range");
        return NULL;
    }
    return list->items[i < 0 ? i + list->count : i];
}
