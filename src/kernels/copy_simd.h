/* Copies past the caches, for the width whose names are defined: those of C libraries may first read what they write. */

SIMD_TARGET void SIMD_NAME(copy_bytes)(void *dst, const void *src, int64_t n)
{
    enum { VECTOR = LANES * sizeof(float), STEP = 2 * VECTOR };
    char *to = dst;
    const char *from = src;
    int64_t i = (int64_t)((0 - (uintptr_t)dst) % STEP);
    if (n / (int64_t)sizeof(float) < STREAM_FROM) {
        pruni_copy_bytes_portable(dst, src, n);
        return;
    }
    pruni_copy_bytes_portable(to, from, i);
    for (; i + STEP <= n; i += STEP) {
        vint first = v_load_words(from + i), second = v_load_words(from + i + VECTOR);
        v_stream_words(to + i, first);
        v_stream_words(to + i + VECTOR, second);
    }
    v_fence();
    pruni_copy_bytes_portable(to + i, from + i, n - i);
}
