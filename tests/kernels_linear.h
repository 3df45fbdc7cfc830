/* The part of test_kernels.c that is about linear layers: sums may have another order than in the reference, so that they
 * are compared within a bound. */

typedef struct linear_case {
    pruni_linear sizes;
    float *arrays[4]; /* x, weight, bias, scratch: of exactly the size that may be read */
} linear_case;

/* Numbers between -1 and 1; where the seed says so, with a few infinities and NaNs. */
static float *make_numbers(int64_t n, uint32_t seed)
{
    static const float rare[] = { NAN, INFINITY, -INFINITY };
    float *numbers = malloc(n > 0 ? (size_t)n * sizeof *numbers : 1);
    assert_non_null(numbers);
    const bool special = seed % 4 == 3;
    for (int64_t i = 0; i < n; i++) {
        uint32_t random = next_random(&seed);
        numbers[i] = special && random % 256 == 0 ? rare[random / 256 % 3] : (float)random * 0x1p-23f - 1;
    }
    return numbers;
}

/* By turns one of the sizes is n; beyond the longest, blocks of every kind are needed. */
static pruni_linear some_sizes(int64_t n, int64_t offset)
{
    uint32_t seed = (uint32_t)(n * SLACK + offset);
    int64_t sizes[3];
    for (int i = 0; i < 3; i++)
        sizes[i] = next_random(&seed) % 30;
    sizes[offset % 3] = n;
    if (n <= LONGEST)
        return (pruni_linear){ .rows = sizes[0], .in = sizes[1], .out = sizes[2] };
    return (pruni_linear){ .rows = 170 + 60 * (offset % 4), .in = PRUNI_LINEAR_IN - 7 + 3 * offset, .out = 5 + offset };
}

static float *run_linear(const linear_case *test, pruni_kernel_linear_fn *kernel)
{
    pruni_linear linear = test->sizes;
    float *y = make_numbers(linear.rows * linear.out, 0);
    linear.x = LEND(test->arrays[0], linear.rows * linear.in);
    linear.weight = LEND(test->arrays[1], linear.out * linear.in);
    linear.bias = test->sizes.in % 2 ? LEND(test->arrays[2], linear.out) : NULL;
    linear.scratch = LEND(test->arrays[3], pruni_kernel_linear_scratch(linear.rows, linear.in));
    linear.y = LEND(y, linear.rows * linear.out);
    if (linear.rows > 0 && linear.out > 0)
        kernel(&linear);
    take_back();
    return y;
}

static void compare_linear(const pruni_kernels *variant, const pruni_kernels *reference, int64_t n, int64_t offset)
{
    linear_case test = { .sizes = some_sizes(n, offset) };
    const int64_t lengths[] = { test.sizes.rows * test.sizes.in, test.sizes.out * test.sizes.in, test.sizes.out,
                                pruni_kernel_linear_scratch(test.sizes.rows, test.sizes.in) };
    for (int i = 0; i < 4; i++)
        test.arrays[i] = make_numbers(lengths[i], (uint32_t)(n + offset * 5));
    float *got = run_linear(&test, variant->linear), *expected = run_linear(&test, reference->linear);
    for (int i = 0; i < 3; i++)
        make_absolute(test.arrays[i], lengths[i]);
    float *magnitudes = run_linear(&test, reference->linear);
    assert_close_sums(got, expected, magnitudes, test.sizes.rows * test.sizes.out, test.sizes.in);
    for (int i = 0; i < 4; i++)
        free(test.arrays[i]);
    free(got);
    free(expected);
    free(magnitudes);
}

static void variants_of_linear(void **state)
{
    (void)state;
    with_every_variant(compare_linear);
}

/* As many rows as one call has, and as wide as they are: their order alone decides nothing. */
static void equal_rows_have_equal_outputs(void **state)
{
    (void)state;
    enum { MOST = 40, IN = 300, OUT = 21 };
    for (int64_t rows = 1; rows <= MOST; rows++) {
        linear_case test = { .sizes = { .rows = rows, .in = IN, .out = OUT } };
        const int64_t lengths[] = { rows * IN, OUT * IN, OUT, pruni_kernel_linear_scratch(rows, IN) };
        for (int i = 0; i < 4; i++)
            test.arrays[i] = make_numbers(lengths[i], 8);
        for (int64_t i = IN; i < rows * IN; i++)
            test.arrays[0][i] = test.arrays[0][i - IN];
        for (int64_t i = IN; i < OUT * IN; i++)
            test.arrays[1][i] = test.arrays[1][i - IN];
        float *y = run_linear(&test, pruni_kernels_used()->linear);
        for (int64_t i = 1; i < rows * OUT; i++)
            assert_memory_equal(&y[i], y, sizeof *y);
        for (int i = 0; i < 4; i++)
            free(test.arrays[i]);
        free(y);
    }
}
