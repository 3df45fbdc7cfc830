/* Any bytes as a file of torch.save: all of it, and as a plain state dict. */
#include "fuzz_load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    (void)fuzz_format(data, size, PRUNE_FORMAT_PT, "");
    return fuzz_format(data, size, PRUNE_FORMAT_PT, NULL);
}
