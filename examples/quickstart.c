#include <prune/prune.h>

int main(void)
{
    prune_module *fc = NULL;
    prune_tensor *x = NULL, *y = NULL;
    prune_manual_seed(NULL, 0);
    bool failed = prune_linear_create(&fc, 4, 3, NULL)                              /* fc = nn.Linear(4, 3) */
                  || prune_l1_unstructured(fc, "weight", prune_fraction(0.3), NULL) /* the smallest 30 % */
                  || prune_tensor_ones(&x, PRUNE_SHAPE(1, 4), PRUNE_FLOAT32)
                  || prune_module_call(&y, fc, x) /* y = fc(x), with the pruned weight */
                  || prune_tensor_print(stdout, prune_mask(fc, "weight"), NULL)
                  || prune_remove(fc, "weight"); /* make it permanent */
    if (failed)
        fprintf(stderr, "%s\n", prune_last_error());
    else
        printf("\n%lld outputs\n", (long long)prune_tensor_numel(y));
    prune_tensor_release(x);
    prune_tensor_release(y);
    prune_module_release(fc);
    return failed || fflush(stdout) || ferror(stdout);
}
