/* Any bytes as an .npy file. */
#include "fuzz_load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_format(data, size, PRUNE_FORMAT_NPY, NULL);
}
