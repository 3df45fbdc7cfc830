/* First prunes by channels, for the target whose names are defined. */

LOOP_TARGET static inline void prune_channel(float *mask, float *value, const float *orig, float scale, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        mask[i] = scale;
        value[i] = scale * orig[i];
    }
}

LOOP_TARGET static inline void prune_row(float *mask, float *value, const float *orig, const float *scales, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        float scale = scales[i];
        mask[i] = scale;
        value[i] = scale * orig[i];
    }
}

LOOP_TARGET static void loop_over_channels(float *mask, float *value, const float *orig, const float *scales,
                                           pruni_channels channels)
{
    for (int64_t o = 0; o < channels.outer; o++) {
        int64_t row = channels.count * channels.inner;
        int64_t first = o * row;
        if (channels.inner == 1) {
            prune_row(mask + first, value + first, orig + first, scales, channels.count);
            continue;
        }
        for (int64_t c = 0; c < channels.count; c++, first += channels.inner)
            prune_channel(mask + first, value + first, orig + first, scales[c], channels.inner);
    }
}
