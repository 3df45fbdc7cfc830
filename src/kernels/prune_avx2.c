/* First prunes in AVX2. */
#include "kernels/loops_avx2.h"
#include "kernels/select.h"
#include "kernels/simd_avx2.h"
#include "kernels/table.h"

#if defined(PRUNI_X86)
#include "kernels/prune_loops.h"
#include "kernels/prune_simd.h"

SIMD_TARGET void SIMD_NAME(prune_channels)(float *mask, float *value, const float *orig, const float *scales,
                                           pruni_channels channels, int64_t all)
{
    if (are_streamed(mask, value, channels, all))
        stream_channels(mask, value, orig, scales, channels);
    else
        loop_over_channels(mask, value, orig, scales, channels);
}
#endif
