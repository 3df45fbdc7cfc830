/* Batch normalisation with given statistics. */
#include "kernels/internal.h"

#include <math.h>

void pruni_kernel_batch_norm(float *y, const float *x, int64_t batch, int64_t channels, int64_t inner,
                             const float *mean, const float *var, const float *weight, const float *bias, double eps)
{
    for (int64_t c = 0; c < channels; c++) {
        float scale = 1.0f / sqrtf(var[c] + (float)eps);
        if (weight)
            scale *= weight[c];
        float shift = (bias ? bias[c] : 0) - mean[c] * scale;
        for (int64_t n = 0; n < batch; n++) {
            int64_t first = (n * channels + c) * inner;
            for (int64_t i = first; i < first + inner; i++)
                y[i] = x[i] * scale + shift;
        }
    }
}
