/* ReLU, sigmoid and tanh in vectors, for the width whose names are defined. */

/* e^x, right to 1 ulp, denormal results too: 2^n e^r with |r| at most half of ln 2, and e^r = 1 + r + r² q(r), where q
 * was fitted to 2^-28 of e^r. */
SIMD_INLINE vfloat v_exp(vfloat x)
{
    static const float q[] = { 0x1.fffffcp-2f, 0x1.55549p-3f, 0x1.5558fap-5f, 0x1.123b6ap-7f, 0x1.6a21acp-10f };
    const vfloat in_range = v_least_float(v_all(89), v_greatest_float(v_all(-104.5f), x));
    const vfloat n = v_round(v_multiply(in_range, v_all(0x1.715476p+0f)));
    vfloat r = v_multiply_add(n, v_all(-0x1.62e4p-1f), in_range); /* ln 2 in two parts, the first exact in products */
    r = v_multiply_add(n, v_all(-0x1.7f7d1cp-20f), r);
    vfloat tail = v_all(q[4]);
    for (int i = 3; i >= 0; i--)
        tail = v_multiply_add(tail, r, v_all(q[i]));
    return v_scale(v_add(v_all(1), v_multiply_add(v_multiply(r, r), tail, r)), n);
}

SIMD_INLINE vfloat v_relu(vfloat x)
{
    return v_greatest_float(v_all(0), x);
}

SIMD_INLINE vfloat v_sigmoid(vfloat x)
{
    return v_divide(v_all(1), v_add(v_all(1), v_exp(v_negate(x))));
}

/* Right to 2 ulp: x + x³ p(x²) for small |x|, where p was fitted to 2^-31 of the result; 1 - 2 / (e^2|x| + 1) beyond. */
SIMD_INLINE vfloat v_tanh(vfloat x)
{
    static const float p[] = { -0x1.555552p-2f, 0x1.111026p-3f,  -0x1.b9e184p-5f,
                               0x1.62fabcp-6f,  -0x1.0925eep-7f, 0x1.0e9626p-9f };
    const vfloat magnitude = v_absolute(x), square = v_multiply(x, x);
    vfloat tail = v_all(p[5]);
    for (int i = 4; i >= 0; i--)
        tail = v_multiply_add(tail, square, v_all(p[i]));
    vfloat small = v_multiply_add(v_multiply(x, square), tail, x);
    vfloat part = v_divide(v_all(-2), v_add(v_exp(v_add(magnitude, magnitude)), v_all(1)));
    vfloat large = v_with_sign(v_add(v_all(1), part), x);
    return v_choose(v_is_greater(v_all(0.65f), magnitude), small, large);
}

#define DEFINE_RUN(name)                                                       \
    SIMD_TARGET void SIMD_NAME(name)(float *y, const float *x, int64_t n)      \
    {                                                                          \
        int64_t i = 0;                                                         \
        for (; i + LANES <= n; i += LANES)                                     \
            v_store(y + i, v_##name(v_load(x + i)));                           \
        if (i < n)                                                             \
            v_store_first(y + i, v_##name(v_load_first(x + i, n - i)), n - i); \
    }

DEFINE_RUN(relu)
DEFINE_RUN(sigmoid)
DEFINE_RUN(tanh)
