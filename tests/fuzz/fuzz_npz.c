/* Any bytes as an .npz file. */
#include "fuzz_load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_format(data, size, PRUNE_FORMAT_NPZ, NULL);
}
