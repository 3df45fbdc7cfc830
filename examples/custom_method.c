/* A pruning method of one's own, with a context: prunes every n-th entry, however often it is applied. */
#include <prune/prune.h>

#include <stdlib.h>
#include <string.h>

/* class EveryNth(BasePruningMethod): PRUNING_TYPE = "unstructured" */
typedef struct every_nth {
    int64_t n;
    char *label; /* owned, to show how a context with memory of its own is copied and freed */
} every_nth;

static prune_status compute_mask(void *context, prune_tensor *mask, const prune_tensor *t)
{
    const every_nth *self = context;
    int64_t entries = prune_tensor_numel(t);
    if (self->n > entries)
        return prune_fail(PRUNE_ERROR_USER, "%s: every %lld-th of %lld entries is none", self->label,
                          (long long)self->n, (long long)entries);
    float *m = prune_tensor_data_mutable(mask); /* comes filled with ones: a prune sees what is still unpruned */
    for (int64_t i = self->n - 1; i < entries; i += self->n)
        m[i] = 0;
    return PRUNE_OK;
}

static char *copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

static prune_status clone(void *to, const void *from)
{
    char *label = copy_text(((const every_nth *)from)->label);
    if (!label)
        return prune_fail(PRUNE_ERROR_MEMORY, "no memory for a label");
    ((every_nth *)to)->label = label;
    return PRUNE_OK;
}

static void destroy(void *context)
{
    free(((every_nth *)context)->label);
}

static const prune_method_ops every_nth_ops = {
    .size = sizeof every_nth_ops,
    .type_name = "EveryNth",
    .type = PRUNE_UNSTRUCTURED,
    .context_size = sizeof(every_nth),
    .compute_mask = compute_mask,
    .clone = clone,
    .destroy = destroy,
};

static prune_status every_nth_create(prune_method **out, int64_t n, const char *label)
{
    every_nth context = { n, copy_text(label) };
    if (!context.label)
        return prune_fail(PRUNE_ERROR_MEMORY, "no memory for a label");
    prune_status status = prune_method_create(out, &every_nth_ops, &context);
    if (status)
        destroy(&context); /* still ours */
    return status;
}

static prune_status show(prune_module *module, const char *after)
{
    printf("%s\n", after);
    bool failed = prune_tensor_print(stdout, prune_mask(module, "bias"), NULL);
    printf("\n%s\n", prune_method_type_name(prune_applied_method(module, "bias")));
    return failed ? prune_last_status() : PRUNE_OK;
}

static prune_status demo(void)
{
    prune_module *fc = NULL;
    prune_method *second = NULL, *hundredth = NULL;
    bool failed = prune_linear_create(&fc, 4, 12, NULL) || every_nth_create(&second, 2, "second")
                  || every_nth_create(&hundredth, 100, "hundredth") || prune_apply(fc, "bias", second, NULL)
                  || show(fc, "every second entry:") || prune_apply(fc, "bias", second, NULL)
                  || show(fc, "every second of those that were left:");
    if (!failed && prune_apply(fc, "bias", hundredth, NULL) == PRUNE_ERROR_USER)
        failed = printf("refused, and nothing changed: %s\n", prune_last_error()) < 0 || show(fc, "still as before:");
    prune_module_release(fc);
    prune_method_release(second);
    prune_method_release(hundredth);
    return failed ? prune_last_status() : PRUNE_OK;
}

int main(void)
{
    prune_manual_seed(NULL, 0);
    if (demo()) {
        fprintf(stderr, "custom_method: %s error: %s\n", prune_status_name(prune_last_status()), prune_last_error());
        return 1;
    }
    if (fflush(stdout) || ferror(stdout)) {
        fprintf(stderr, "custom_method: cannot write to the standard output\n");
        return 1;
    }
    return 0;
}
