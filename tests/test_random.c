/* Random tensors: PyTorch's streams. Golden numbers are PyTorch 2.13's. */
#include "draws.h"

#include "tensor/internal.h"

/* ---- Streams ---- */

static void seeds_give_pytorchs_streams(void **state)
{
    (void)state;
    prune_manual_seed(NULL, 42);
    assert_draws(NULL, 14802022, 15351219, 6423388, 16094478);
    prune_manual_seed(NULL, 0);
    assert_draws(NULL, 8325804, 12888623, 1484405, 2215104);
}

static void a_negative_seed_is_its_twos_complement(void **state)
{
    (void)state;
    int64_t negative = -1;
    prune_manual_seed(NULL, (uint64_t)negative);
    assert_draws(NULL, 16673187, 9584930, 9563148, 830535);
    prune_manual_seed(NULL, UINT64_MAX);
    assert_draws(NULL, 16673187, 9584930, 9563148, 830535);
}

static void the_low_32_bits_of_a_seed_decide(void **state)
{
    (void)state;
    prune_manual_seed(NULL, (uint64_t)INT64_MIN);
    assert_draws(NULL, 8325804, 12888623, 1484405, 2215104);
    prune_manual_seed(NULL, (UINT64_C(1) << 33) + 5);
    assert_draws(NULL, 13929315, 2115790, 15224815, 13756093);
}

static void a_million_draws_later_the_streams_agree(void **state)
{
    (void)state;
    prune_manual_seed(NULL, 42);
    skip_draws(NULL, 1000000);
    assert_draws(NULL, 9599792, 13576758, 7236949, 4102540);
}

static void a_million_draws_have_pytorchs_sum(void **state)
{
    (void)state;
    prune_tensor *t = NULL;
    prune_manual_seed(NULL, 0);
    assert_ok(prune_rand(&t, PRUNE_SHAPE(100, 10000), PRUNE_FLOAT32, NULL));
    int64_t sum = 0;
    for (int64_t i = 0; i < 1000000; i++)
        sum += bits_of(prune_tensor_data(t)[i]);
    assert_int_equal(sum, INT64_C(8393104619062));
    prune_tensor_release(t);
}

static void draws_may_be_split_anywhere(void **state)
{
    (void)state;
    prune_generator *generator = NULL;
    prune_tensor *whole = NULL;
    assert_ok(prune_generator_create(&generator));
    prune_manual_seed(generator, 42);
    assert_ok(prune_rand(&whole, PRUNE_SHAPE(3000), PRUNE_FLOAT32, generator));
    prune_manual_seed(generator, 42);
    float part[700];
    int64_t done = 0;
    for (int64_t count = 0; done + count <= 3000 && count <= 700; done += count, count = count * 2 + 1) {
        pruni_generator_uniform(generator, part, count);
        for (int64_t i = 0; i < count; i++)
            assert_true(part[i] == prune_tensor_data(whole)[done + i]);
    }
    assert_true(done > 624);
    prune_tensor_release(whole);
    prune_generator_release(generator);
}

static void doubles_take_two_draws_each(void **state)
{
    (void)state;
    prune_tensor *t = NULL;
    const double first[] = { 0x1.dc66cbea3db30p-5, 0x1.01ae177aca870p-4, 0x1.fa3563ccea238p-4 };
    prune_manual_seed(NULL, 42);
    assert_ok(prune_rand(&t, PRUNE_SHAPE(3), PRUNE_FLOAT64, NULL));
    assert_int_equal(prune_tensor_dtype(t), PRUNE_FLOAT64);
    assert_memory_equal(prune_tensor_raw_data(t), first, sizeof first);
    prune_tensor_release(t);
    const double across[] = { 0x1.8e720a2dc79d0p-4, 0x1.19f022de072e2p-2 }; /* the first one's draws are 624 and 625 */
    prune_manual_seed(NULL, 0);
    skip_draws(NULL, 623);
    assert_ok(prune_rand(&t, PRUNE_SHAPE(2), PRUNE_FLOAT64, NULL));
    assert_memory_equal(prune_tensor_raw_data(t), across, sizeof across);
    prune_tensor_release(t);
}

/* torch.manual_seed(0); torch.rand(10**6); v of torch.rand(10**5, dtype=torch.float64): x = (x*31 + v*2**53) % 2**64 */
static void many_doubles_are_pytorchs(void **state)
{
    (void)state;
    prune_tensor *t = NULL;
    prune_manual_seed(NULL, 0);
    skip_draws(NULL, 1000000);
    assert_ok(prune_rand(&t, PRUNE_SHAPE(100000), PRUNE_FLOAT64, NULL));
    const double *values = prune_tensor_raw_data(t);
    uint64_t hash = 0;
    for (size_t i = 0; i < 100000; i++)
        hash = hash * 31 + (uint64_t)(values[i] * 0x1p53);
    assert_true(hash == UINT64_C(9575224783279277834));
    prune_tensor_release(t);
}

static void a_scalar_takes_one_draw_and_an_empty_tensor_none(void **state)
{
    (void)state;
    prune_tensor *t = NULL;
    prune_manual_seed(NULL, 42);
    assert_ok(prune_rand(&t, PRUNE_SHAPE(2, 0), PRUNE_FLOAT32, NULL));
    assert_shape(t, 2, 0);
    prune_tensor_release(t);
    assert_ok(prune_rand(&t, PRUNE_SCALAR, PRUNE_FLOAT32, NULL));
    assert_int_equal(prune_tensor_ndim(t), 0);
    assert_int_equal(bits_of(prune_tensor_data(t)[0]), 14802022);
    prune_tensor_release(t);
    assert_draws(NULL, 15351219);
}

static void rand_refuses_bad_arguments(void **state)
{
    (void)state;
    prune_tensor *t = NULL;
    prune_manual_seed(NULL, 42);
    assert_fails(prune_rand(NULL, PRUNE_SHAPE(2), PRUNE_FLOAT32, NULL), PRUNE_ERROR_TYPE, "'out' is NULL");
    assert_fails(prune_rand(&t, PRUNE_SHAPE(2, -1), PRUNE_FLOAT32, NULL), PRUNE_ERROR_RUNTIME, "negative dimension -1");
    assert_fails(prune_rand(&t, PRUNE_SHAPE(2), PRUNE_INT64, NULL), PRUNE_ERROR_UNSUPPORTED,
                 "torch.int64 is not supported, float32 and float64 are");
    assert_null(t);
    assert_draws(NULL, 14802022);
}

/* ---- uniform_ ---- */

/* torch.manual_seed(7); u = torch.empty(10000).uniform_(from, to); for b in u's bits: x = (x*31 + b) % 2**64.
 * In the narrow ranges many values round up to `to`. */
static void ranges_are_filled_as_pytorch_fills_them(void **state)
{
    (void)state;
    static const struct {
        double from, to;
        uint64_t hash;
    } ranges[] = {
        { -0.5, 0.5, UINT64_C(0xe1cbc6c5ff41f000) },          { 0.1, 0.3, UINT64_C(0xb006974af61e2946) },
        { 100, 100.0001, UINT64_C(0x3eb8fcf89c982664) },      { 1, 1 + 0x1p-23, UINT64_C(0x40075d7780000000) },
        { 16777216, 16777220, UINT64_C(0x84a2fd19e6055acc) }, { -3, 1e30, UINT64_C(0x52af5b0cb9bedad6) },
        { 0, 0x1.fffffep+127, UINT64_C(0xade7b8f77bbbe291) },
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        prune_tensor *t = NULL;
        uint64_t hash = 0;
        prune_manual_seed(NULL, 7);
        assert_ok(prune_tensor_empty(&t, PRUNE_SHAPE(100, 100), PRUNE_FLOAT32));
        assert_ok(prune_tensor_uniform_(t, ranges[i].from, ranges[i].to, NULL));
        for (int j = 0; j < 10000; j++) {
            uint32_t bits;
            memcpy(&bits, prune_tensor_data(t) + j, sizeof bits);
            hash = hash * 31 + bits;
        }
        assert_true(hash == ranges[i].hash);
        prune_tensor_release(t);
    }
}

static void what_rounds_up_to_the_end_becomes_the_start(void **state)
{
    (void)state;
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_empty(&t, PRUNE_SHAPE(500), PRUNE_FLOAT32));
    assert_ok(prune_tensor_uniform_(t, 1, 1 + 0x1p-23, NULL));
    for (int i = 0; i < 500; i++)
        assert_true(prune_tensor_data(t)[i] == 1);
    assert_ok(prune_tensor_uniform_(t, -0.0, 0.0, NULL));
    assert_true(signbit(prune_tensor_data(t)[0]) && prune_tensor_data(t)[0] == 0);
    prune_tensor_release(t);
}

/* A tensor over `memory` whose bits are draws: of uniform_(0, 1) after manual_seed(3), in memory order. */
static void check_order(float *memory, const int64_t *strides, const int64_t *sizes, int64_t ndim, const int *expected)
{
    prune_tensor *t = NULL;
    prune_blob_options options = PRUNE_BLOB_OPTIONS_INIT;
    options.strides = strides;
    assert_ok(prune_tensor_from_blob(&t, memory, sizes, ndim, &options));
    prune_manual_seed(NULL, 3);
    assert_ok(prune_tensor_uniform_(t, 0, 1, NULL));
    for (int i = 0; i < 12; i++)
        assert_int_equal(bits_of(memory[i]), expected[i]);
    assert_draws(NULL, 12949760);
    prune_tensor_release(t);
}

static void permuted_tensors_are_filled_in_memory_order(void **state)
{
    (void)state;
    float memory[12] = { 0 };
    const int dense[12] = { 71530, 1771160, 4795641, 452227, 7912376, 1008584 };
    const int spaced[12] = { 71530, 0, 1771160, 0, 4795641, 0, 452227, 0, 7912376, 0, 1008584, 0 };
    check_order(memory, (const int64_t[]){ 3, 1 }, PRUNE_SHAPE(2, 3), dense);
    check_order(memory, (const int64_t[]){ 1, 3 }, PRUNE_SHAPE(3, 2), dense);
    memset(memory, 0, sizeof memory);
    check_order(memory, (const int64_t[]){ 4, 2 }, PRUNE_SHAPE(3, 2), spaced);
    check_order(memory, (const int64_t[]){ 2, 4 }, PRUNE_SHAPE(2, 3), spaced);
}

static void ranges_that_are_none_are_refused(void **state)
{
    (void)state;
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_full(&t, PRUNE_SHAPE(2), 8, PRUNE_FLOAT32));
    prune_manual_seed(NULL, 42);
    assert_fails(prune_tensor_uniform_(t, 1, 0, NULL), PRUNE_ERROR_RUNTIME,
                 "uniform_ expects to return a [from, to) range, but found from=1 > to=0");
    assert_fails(prune_tensor_uniform_(t, (double)NAN, 1, NULL), PRUNE_ERROR_RUNTIME,
                 "from is out of bounds for float");
    assert_fails(prune_tensor_uniform_(t, 0, (double)NAN, NULL), PRUNE_ERROR_RUNTIME, "to is out of bounds for float");
    assert_fails(prune_tensor_uniform_(t, 0, (double)INFINITY, NULL), PRUNE_ERROR_RUNTIME, "to is out of bounds");
    assert_fails(prune_tensor_uniform_(t, -1e39, 0, NULL), PRUNE_ERROR_RUNTIME, "from is out of bounds");
    assert_fails(prune_tensor_uniform_(t, -3e38, 3e38, NULL), PRUNE_ERROR_RUNTIME,
                 "uniform_ expects to-from <= std::numeric_limits<Float>::max(), but found to=3e+38 and from=-3e+38 "
                 "which result in to-from to exceed the limit");
    assert_values(t, 8, 8);
    assert_draws(NULL, 14802022);
    prune_tensor_release(t);
}

static void tensors_that_cannot_be_filled_are_refused(void **state)
{
    (void)state;
    static const float constant[2];
    float memory = 0;
    const int64_t none = 0;
    prune_blob_options options = PRUNE_BLOB_OPTIONS_INIT;
    options.strides = &none;
    prune_tensor *t = NULL;
    prune_manual_seed(NULL, 42);
    assert_ok(prune_tensor_empty(&t, PRUNE_SHAPE(2), PRUNE_FLOAT64));
    assert_fails(prune_tensor_uniform_(t, 0, 1, NULL), PRUNE_ERROR_UNSUPPORTED, "torch.float64");
    prune_tensor_release(t);
    assert_ok(prune_tensor_from_const_blob(&t, constant, PRUNE_SHAPE(2), NULL));
    assert_fails(prune_tensor_uniform_(t, 0, 1, NULL), PRUNE_ERROR_STATE, "read-only");
    prune_tensor_release(t);
    assert_ok(prune_tensor_from_blob(&t, &memory, PRUNE_SHAPE(2), &options));
    assert_fails(prune_tensor_uniform_(t, 0, 1, NULL), PRUNE_ERROR_RUNTIME, "more than one element");
    prune_tensor_release(t);
    assert_fails(prune_tensor_uniform_(NULL, 0, 1, NULL), PRUNE_ERROR_TYPE, "'t' is NULL");
    assert_draws(NULL, 14802022);
}

/* ---- Memory ---- */

static prune_status draw_one(void *context)
{
    return prune_rand(context, PRUNE_SHAPE(1), PRUNE_FLOAT32, NULL);
}

static void nothing_was_drawn(void *context)
{
    struct prune_generator now;
    prune_tensor **t = context;
    pruni_generator_save(&now, NULL);
    assert_null(*t);
    assert_int_equal(now.next, 0);
    assert_int_equal(now.left, 1);
}

static void reseed(void *context)
{
    prune_tensor **t = context;
    prune_tensor_release(*t);
    *t = NULL;
    prune_manual_seed(NULL, 42);
}

static void no_memory_draws_nothing(void **state)
{
    (void)state;
    prune_tensor *t = NULL;
    prune_manual_seed(NULL, 42);
    try_every_allocation(draw_one, nothing_was_drawn, reseed, &t);
    assert_ok(prune_tensor_empty(&t, PRUNE_SHAPE(1000), PRUNE_FLOAT32));
    fail_allocation(0, true); /* uniform_ allocates nothing */
    prune_status status = prune_tensor_uniform_(t, 0, 1, NULL);
    fail_allocation(-1, false);
    assert_ok(status);
    prune_tensor_release(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seeds_give_pytorchs_streams),
        cmocka_unit_test(a_negative_seed_is_its_twos_complement),
        cmocka_unit_test(the_low_32_bits_of_a_seed_decide),
        cmocka_unit_test(a_million_draws_later_the_streams_agree),
        cmocka_unit_test(a_million_draws_have_pytorchs_sum),
        cmocka_unit_test(draws_may_be_split_anywhere),
        cmocka_unit_test(doubles_take_two_draws_each),
        cmocka_unit_test(many_doubles_are_pytorchs),
        cmocka_unit_test(a_scalar_takes_one_draw_and_an_empty_tensor_none),
        cmocka_unit_test(rand_refuses_bad_arguments),
        cmocka_unit_test(ranges_are_filled_as_pytorch_fills_them),
        cmocka_unit_test(what_rounds_up_to_the_end_becomes_the_start),
        cmocka_unit_test(permuted_tensors_are_filled_in_memory_order),
        cmocka_unit_test(ranges_that_are_none_are_refused),
        cmocka_unit_test(tensors_that_cannot_be_filled_are_refused),
        cmocka_unit_test(no_memory_draws_nothing),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
