/* The part of test_kernels.c that is about convolutions and pooling. Sums may be rounded otherwise than in the
 * reference, so that they are compared within a bound. */

static int64_t draw(uint32_t *state, int64_t least, int64_t most)
{
    return least + next_random(state) % (most - least + 1);
}

/* More taps than are added at once, for few outputs. */
static void make_deep(pruni_conv *conv, int64_t channels)
{
    conv->out_channels /= conv->groups;
    conv->in_channels = channels;
    conv->batch = conv->groups = 1;
    conv->in[0] = conv->out[0] = conv->kernel[0] = conv->stride[0] = conv->dilation[0] = 1;
    conv->padding[0] = 0;
}

/* A channel from one each, with a kernel of 3 x 3 and several rows of outputs. */
static void make_alone(pruni_conv *conv, uint32_t *state)
{
    conv->in_channels = conv->out_channels = conv->groups;
    conv->in[0] = conv->out[0] = conv->kernel[0] = conv->stride[0] = conv->dilation[0] = 1;
    conv->padding[0] = 0;
    conv->kernel[1] = conv->kernel[2] = 3;
    conv->dilation[1] = 1;
    conv->out[1] = draw(state, 3, 12);
    for (int i = 1; i < 3; i++)
        conv->in[i] = (conv->out[i] - 1) * conv->stride[i] + 2 * conv->dilation[i] + 1 + draw(state, 0, 1);
    for (int i = 1; i < 3; i++)
        conv->in[i] = conv->in[i] > conv->padding[i] ? conv->in[i] - conv->padding[i] : 1;
}

static pruni_conv some_conv(uint32_t seed)
{
    static const int64_t channels[] = { 1, 2, 3, 4, 5, 6, 8, 11, 16, 27, 31 };
    pruni_conv conv = { .batch = draw(&seed, 1, 2), .groups = draw(&seed, 1, 3) };
    conv.in_channels = conv.groups * draw(&seed, seed % 16 == 0 ? 0 : 1, 3);
    conv.out_channels = conv.groups * channels[draw(&seed, 0, 10)];
    bool plain = draw(&seed, 0, 2) == 0, pointwise = draw(&seed, 0, 5) == 0;
    for (int i = 0; i < 3; i++) {
        int64_t most = i == 2 ? 3 : 2;
        conv.kernel[i] = pointwise ? 1 : draw(&seed, 1, most);
        conv.stride[i] = plain ? 1 : draw(&seed, 1, most);
        conv.dilation[i] = plain ? 1 : draw(&seed, 1, most);
        conv.padding[i] = plain ? 0 : draw(&seed, 0, 2);
        conv.out[i] = draw(&seed, 1, i == 2 ? 21 : 3);
        conv.in[i] = (conv.out[i] - 1) * conv.stride[i] + (conv.kernel[i] - 1) * conv.dilation[i] + 1 - conv.padding[i]
                     - (plain ? 0 : draw(&seed, -1, 2));
        conv.in[i] = conv.in[i] < 1 ? 1 : conv.in[i];
    }
    if (draw(&seed, 0, 31) == 0)
        make_deep(&conv, draw(&seed, 60, 300));
    else if (draw(&seed, 0, 7) == 0)
        make_alone(&conv, &seed);
    return conv;
}

static int64_t product_of(const int64_t sizes[3])
{
    return sizes[0] * sizes[1] * sizes[2];
}

/* Floats whose last is the last that may be read or written, at an offset from an aligned address. */
static float *floats_at(float **block, int64_t n, int64_t offset)
{
    *block = malloc((size_t)(n + offset + 1) * sizeof(float));
    assert_non_null(*block);
    return *block + offset + 1;
}

/* Sums of products of about 1; `special`: with a few infinities and NaNs. */
static void fill_summands(float *x, int64_t n, uint32_t seed, bool special)
{
    static const float rare[] = { NAN, INFINITY, -INFINITY };
    for (int64_t i = 0; i < n; i++) {
        uint32_t random = next_random(&seed);
        x[i] = special && random % 64 == 0 ? rare[random / 64 % 3] : ldexpf((float)random - 0x1p23f, -23);
    }
}

static void assert_close_sums(const float *got, const float *expected, const float *magnitudes, int64_t n,
                              int64_t terms)
{
    for (int64_t i = 0; i < n; i++) {
        double bound = 2 * (double)(terms + 1) * 0x1.01p-24 * (double)magnitudes[i];
        bool close = isfinite(expected[i]) ? fabs((double)got[i] - (double)expected[i]) <= bound
                     : isnan(expected[i])  ? isnan(got[i])
                                           : got[i] == expected[i];
        if (!close)
            fail_msg("output %d: %a instead of %a", (int)i, (double)got[i], (double)expected[i]);
    }
}

static void make_absolute(float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        x[i] = fabsf(x[i]);
}

static void compare_conv(const pruni_kernels *variant, const pruni_kernels *reference, int64_t n, int64_t offset)
{
    pruni_conv conv = some_conv((uint32_t)(n * SLACK + offset) * 7919u);
    int64_t terms = conv.in_channels / conv.groups * product_of(conv.kernel);
    int64_t sizes[] = { conv.batch * conv.in_channels * product_of(conv.in), conv.out_channels * terms,
                        conv.out_channels, conv.batch * conv.out_channels * product_of(conv.out) };
    float *blocks[7], *arrays[6];
    for (int i = 0; i < 6; i++) {
        arrays[i] = floats_at(&blocks[i], sizes[i < 3 ? i : 3], offset * (i + 1) % SLACK);
        fill_summands(arrays[i], sizes[i < 3 ? i : 3], (uint32_t)(n + i), i < 2 && n % 4 == 3);
    }
    float *scratch = floats_at(&blocks[6], pruni_kernel_conv_scratch(&conv), offset);
    const float *x = arrays[0], *weight = arrays[1], *bias = n % 2 ? arrays[2] : NULL;
    variant->conv(LEND(arrays[3], sizes[3]), LEND(x, sizes[0]), LEND(weight, sizes[1]), LEND(bias, sizes[2]), &conv,
                  LEND(scratch, pruni_kernel_conv_scratch(&conv)));
    take_back();
    reference->conv(arrays[4], x, weight, bias, &conv, NULL);
    for (int i = 0; i < 3; i++)
        make_absolute(arrays[i], sizes[i]);
    reference->conv(arrays[5], x, weight, bias, &conv, NULL);
    assert_close_sums(arrays[3], arrays[4], arrays[5], sizes[3], terms);
    for (int i = 0; i < 7; i++)
        free(blocks[i]);
}

static void variants_of_conv(void **state)
{
    (void)state;
    with_every_variant(compare_conv);
}

/* ---- max_pool ---- */

static void compare_max_pool(const pruni_kernels *variant, const pruni_kernels *reference, int64_t n, int64_t offset)
{
    int64_t height = 1 + n % 3, width = 1 + n / 3 % 21;
    int64_t extra = n / 64, kernel = n % 16 == 15 ? 3 : 2;
    pruni_pool pool = { .planes = 1 + n % 2,
                        .out = { height, width },
                        .in = { 2 * height + extra % 2, 2 * width + (extra > 1) },
                        .kernel = { 2, kernel },
                        .stride = { 2, 2 },
                        .padding = { 0, kernel == 3 },
                        .dilation = { 1, 1 } };
    fill_floats(a, SIZE, (uint32_t)(n + 256 * offset));
    clear_outputs();
    variant->max_pool(LEND(out[0] + offset, pool.planes * height * width),
                      LEND(a + offset / 2, pool.planes * pool.in[0] * pool.in[1]), &pool);
    take_back();
    reference->max_pool(out[1] + offset, a + offset / 2, &pool);
    assert_same_output(out[0], out[1]);
}

static void variants_of_max_pool(void **state)
{
    (void)state;
    with_every_variant(compare_max_pool);
}
