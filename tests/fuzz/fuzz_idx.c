/* Any bytes as an IDX file of images, and as one of labels: a tensor or an error, never both. */
#define _POSIX_C_SOURCE 200809L /* fmemopen */

#include "../../examples/mnist.c" /* its static reader. NOLINT(bugprone-suspicious-include) */

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_as(const uint8_t *data, size_t size, int64_t rank)
{
    FILE *file = fmemopen((void *)(uintptr_t)data, size, "rb");
    if (!file)
        abort();
    prune_tensor *t = NULL;
    prune_status status = read_idx(&t, file, "memory", rank, 255);
    (void)fclose(file);
    if ((status == PRUNE_OK) != (t != NULL) || (status && status != PRUNE_ERROR_FORMAT))
        abort();
    prune_tensor_release(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    read_as(data, size, 1);
    read_as(data, size, 3);
    return 0;
}
