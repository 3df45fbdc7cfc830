/* A C program outside the tree: prunes a layer and calls it. Prints the version of the library. */
#include <prune/prune.h>

#include <stdio.h>

static prune_status run(prune_module *fc, prune_tensor *x)
{
    prune_tensor *y = NULL;
    prune_sparsity_counts counts;
    if (prune_l1_unstructured(fc, "weight", prune_fraction(0.5), NULL) || prune_module_call(&y, fc, x))
        return prune_last_status();
    prune_tensor_release(y);
    if (prune_remove(fc, "weight") || prune_sparsity(&counts, fc, "weight"))
        return prune_last_status();
    return counts.zeros == 6 ? PRUNE_OK : prune_fail(PRUNE_ERROR_USER, "%lld zeros", (long long)counts.zeros);
}

int main(void)
{
    prune_module *fc = NULL;
    prune_tensor *x = NULL;
    int failed = prune_linear_create(&fc, 4, 3, NULL) || prune_tensor_ones(&x, PRUNE_SHAPE(2, 4), PRUNE_FLOAT32)
                 || run(fc, x);
    if (failed)
        fprintf(stderr, "%s\n", prune_last_error());
    prune_tensor_release(x);
    prune_module_release(fc);
    puts(prune_version());
    return failed;
}
