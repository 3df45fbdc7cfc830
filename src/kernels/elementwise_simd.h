/* Products in vectors, for the width whose names are defined. */

SIMD_INLINE void multiply_groups(float *out, const float *a, const float *b, int64_t n, bool stream)
{
    const int64_t step = (int64_t)2 * LANES;
    int64_t i = 0;
    for (; i + step <= n; i += step) {
        vfloat first = v_multiply(v_load(a + i), v_load(b + i));
        vfloat second = v_multiply(v_load(a + i + LANES), v_load(b + i + LANES));
        if (stream) {
            v_stream(out + i, first);
            v_stream(out + i + LANES, second);
        } else {
            v_store(out + i, first);
            v_store(out + i + LANES, second);
        }
    }
    pruni_multiply_portable(out + i, a + i, b + i, n - i);
}

SIMD_TARGET void SIMD_NAME(multiply)(float *out, const float *a, const float *b, int64_t n)
{
    if (n < STREAM_FROM || out == a || out == b) {
        multiply_groups(out, a, b, n, false);
        return;
    }
    int64_t head = v_unaligned(out);
    pruni_multiply_portable(out, a, b, head);
    multiply_groups(out + head, a + head, b + head, n - head, true);
    v_fence();
}
