/* The part of test_kernels.c that is about activations: each variant of what is not exact lies as near to the exact value as parity asks for. */

static double exact_sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

/* 4 roundings; what is added is where e^-x overflows, and the smallest denormal. */
static void assert_near(float got, float x, double (*exact)(double), double added)
{
    double expected = exact((double)x);
    if (isnan(x) ? !isnan(got) : !(fabs((double)got - expected) <= 4 * 0x1.01p-24 * fabs(expected) + added))
        fail_msg("%a of %a is not near %a", (double)got, (double)x, expected);
}

static void assert_run(pruni_kernel_unary_run *run, double (*exact)(double), double added, int64_t n, int64_t offset)
{
    fill_floats(a, SIZE, (uint32_t)(n + offset));
    clear_outputs();
    run(LEND(out[0] + offset, n), LEND(a + offset / 2, n), n);
    take_back();
    for (int64_t i = 0; i < n; i++)
        assert_near(out[0][offset + i], a[offset / 2 + i], exact, added);
    for (int64_t i = 0; i < SIZE; i++)
        assert_true((i >= offset && i < offset + n) || out[0][i] == -7);
    run(LEND(a + offset / 2, n), LEND(a + offset / 2, n), n); /* in place, otherwise aligned */
    take_back();
    for (int64_t i = 0; i < n; i++)
        assert_true(isnan(a[offset / 2 + i]) ? isnan(out[0][offset + i]) : a[offset / 2 + i] == out[0][offset + i]);
}

static void compare_sigmoid(const pruni_kernels *variant, const pruni_kernels *reference, int64_t n, int64_t offset)
{
    (void)reference;
    assert_run(variant->sigmoid, exact_sigmoid, 0x1p-128, n, offset);
}

static void compare_tanh(const pruni_kernels *variant, const pruni_kernels *reference, int64_t n, int64_t offset)
{
    (void)reference;
    assert_run(variant->tanh, tanh, 0x1p-149, n, offset);
}

static void compare_relu(const pruni_kernels *variant, const pruni_kernels *reference, int64_t n, int64_t offset)
{
    float expected[SIZE];
    fill_floats(a, SIZE, (uint32_t)(n + offset));
    clear_outputs();
    memcpy(expected, out[0], sizeof expected);
    reference->relu(expected + offset, a + offset / 2, n);
    variant->relu(LEND(out[0] + offset, n), LEND(a + offset / 2, n), n);
    take_back();
    assert_same_output(out[0], expected);
    variant->relu(LEND(a + offset / 2, n), LEND(a + offset / 2, n), n); /* in place, otherwise aligned */
    take_back();
    assert_memory_equal(a + offset / 2, expected + offset, (size_t)n * sizeof *a);
}

static void variants_of_relu(void **state)
{
    (void)state;
    with_every_variant(compare_relu);
}

static void variants_of_sigmoid(void **state)
{
    (void)state;
    with_every_variant(compare_sigmoid);
}

static void variants_of_tanh(void **state)
{
    (void)state;
    with_every_variant(compare_tanh);
}

/* One in 20011 of all floats, of either sign. */
static void activations_are_right_everywhere(void **state)
{
    (void)state;
    uint32_t bits = 0;
    for (bool more = true; more;) {
        for (int64_t i = 0; i < SIZE; i++, bits += 20011)
            a[i] = from_bits(bits);
        more = bits < UINT32_MAX - SIZE * 20011;
        pruni_kernels_used()->sigmoid(out[0], a, SIZE);
        pruni_kernels_used()->tanh(out[1], a, SIZE);
        for (int64_t i = 0; i < SIZE; i++) {
            assert_near(out[0][i], a[i], exact_sigmoid, 0x1p-128);
            assert_near(out[1][i], a[i], tanh, 0x1p-149);
            assert_true(isnan(a[i]) || signbit(out[1][i]) == signbit(a[i]));
        }
    }
}
