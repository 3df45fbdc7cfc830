/* Generators and their states. Golden numbers are PyTorch 2.13's. */
#include "draws.h"
#include "threads_support.h"

#include "tensor/internal.h"

enum { STATE_SIZE = 5056, TAIL_AT = 5016 };

/* x = 0; for b in bytes: x = (x * 31 + b) % 2**64 */
static uint64_t hash_bytes(const uint8_t *bytes, size_t count)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < count; i++)
        hash = hash * 31 + bytes[i];
    return hash;
}

static uint64_t hash_of_state(prune_generator *generator)
{
    prune_tensor *state = NULL;
    assert_ok(prune_generator_get_state(&state, generator));
    uint64_t hash = hash_bytes(prune_tensor_raw_data(state), STATE_SIZE);
    prune_tensor_release(state);
    return hash;
}

/* A state's bytes, to be changed, and the tensor over them. */
static void copy_state(uint8_t bytes[STATE_SIZE], prune_tensor **over, prune_generator *generator)
{
    prune_tensor *state = NULL;
    prune_blob_options options = PRUNE_BLOB_OPTIONS_INIT;
    options.dtype = PRUNE_UINT8;
    assert_ok(prune_generator_get_state(&state, generator));
    memcpy(bytes, prune_tensor_raw_data(state), STATE_SIZE);
    prune_tensor_release(state);
    assert_ok(prune_tensor_from_blob(over, bytes, PRUNE_SHAPE(STATE_SIZE), &options));
}

/* ---- Generators ---- */

static void generators_are_independent(void **state)
{
    (void)state;
    prune_generator *a = NULL, *b = NULL;
    assert_ok(prune_generator_create(&a));
    assert_ok(prune_generator_create(&b));
    prune_manual_seed(a, 42);
    prune_manual_seed(b, 0);
    prune_manual_seed(NULL, 5);
    assert_draws(a, 14802022);
    assert_draws(b, 8325804);
    assert_draws(NULL, 13929315);
    assert_draws(a, 15351219);
    prune_generator_release(a);
    prune_generator_release(b);
    prune_generator_release(NULL);
    assert_fails(prune_generator_create(NULL), PRUNE_ERROR_TYPE, "'out' is NULL");
}

/* torch.Generator().initial_seed() == 67280421310721 */
static void a_new_generator_has_pytorchs_seed(void **state)
{
    (void)state;
    prune_generator *fresh = NULL, *seeded = NULL;
    assert_ok(prune_generator_create(&fresh));
    assert_ok(prune_generator_create(&seeded));
    prune_manual_seed(seeded, 67280421310721);
    assert_true(hash_of_state(fresh) == hash_of_state(seeded));
    prune_generator_release(fresh);
    prune_generator_release(seeded);
}

static void a_saved_generator_can_be_put_back(void **state)
{
    (void)state;
    struct prune_generator copy;
    prune_manual_seed(NULL, 42);
    skip_draws(NULL, 1);
    pruni_generator_save(&copy, NULL);
    assert_draws(NULL, 15351219, 6423388);
    skip_draws(NULL, 1000);
    pruni_generator_restore(NULL, &copy);
    assert_draws(NULL, 15351219, 6423388);
}

#if PRUNE_TEST_THREADS

enum { DRAWS_OF_A_THREAD = 100000 };

static void draw_much(test_job *job)
{
    (void)job;
    float draw;
    for (int i = 0; i < DRAWS_OF_A_THREAD; i++)
        pruni_generator_uniform(NULL, &draw, 1);
}

static void threads_share_the_default_generator(void **state)
{
    (void)state;
    prune_manual_seed(NULL, 42);
    skip_draws(NULL, TEST_THREADS * DRAWS_OF_A_THREAD);
    uint64_t expected = hash_of_state(NULL);
    prune_manual_seed(NULL, 42);
    assert_int_equal(run_in_threads(draw_much, NULL), 0);
    assert_true(hash_of_state(NULL) == expected);
}

#endif

/* ---- States ---- */

/* Hashes of bytes(torch.get_rng_state().numpy()) after the same draws. */
static void states_are_pytorchs_bytes(void **state)
{
    (void)state;
    prune_tensor *t = NULL;
    prune_manual_seed(NULL, 42);
    assert_true(hash_of_state(NULL) == UINT64_C(0x7135d719fd323735));
    skip_draws(NULL, 3);
    assert_true(hash_of_state(NULL) == UINT64_C(0x68efef065598525c));
    skip_draws(NULL, 621);
    assert_true(hash_of_state(NULL) == UINT64_C(0x861e734a9d9975c));
    skip_draws(NULL, 1000);
    assert_true(hash_of_state(NULL) == UINT64_C(0x844b2ee03ad8532b));
    prune_manual_seed(NULL, UINT64_MAX);
    assert_ok(prune_rand(&t, PRUNE_SHAPE(7), PRUNE_FLOAT64, NULL));
    prune_tensor_release(t);
    assert_true(hash_of_state(NULL) == UINT64_C(0xee578057efa5a46a));
}

static void a_state_goes_on_where_it_was_saved(void **state)
{
    (void)state;
    const int64_t skipped[] = { 0, 1, 623, 624, 625, 2000 };
    for (size_t i = 0; i < sizeof skipped / sizeof skipped[0]; i++) {
        prune_tensor *saved = NULL, *expected = NULL, *again = NULL;
        prune_manual_seed(NULL, 42);
        skip_draws(NULL, skipped[i]);
        assert_ok(prune_generator_get_state(&saved, NULL));
        assert_int_equal(prune_tensor_dtype(saved), PRUNE_UINT8);
        assert_shape(saved, STATE_SIZE);
        assert_ok(prune_rand(&expected, PRUNE_SHAPE(700), PRUNE_FLOAT32, NULL));
        prune_manual_seed(NULL, 1);
        assert_ok(prune_generator_set_state(NULL, saved));
        assert_ok(prune_rand(&again, PRUNE_SHAPE(700), PRUNE_FLOAT32, NULL));
        assert_same_bits(again, expected);
        prune_tensor_release(saved);
        prune_tensor_release(expected);
        prune_tensor_release(again);
    }
}

/* What torch.manual_seed(42); torch.randn(3) leaves: 8 draws taken, a normal sample held back. */
static void a_held_back_normal_sample_survives(void **state)
{
    (void)state;
    uint8_t bytes[STATE_SIZE];
    prune_tensor *t = NULL;
    const uint8_t tail[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0x22, 0x7c, 0x0a, 0x7b, 0x8d, 0x7b, 0xcd, 0x3f,
                             0, 0, 0, 0, 0, 0, 0, 0, 1,    0,    0,    0,    0,    0,    0,    0 };
    prune_manual_seed(NULL, 42);
    skip_draws(NULL, 8);
    copy_state(bytes, &t, NULL);
    memcpy(bytes + TAIL_AT, tail, sizeof tail);
    assert_ok(prune_generator_set_state(NULL, t));
    assert_true(hash_of_state(NULL) == UINT64_C(0x1255bd14a98953a6));
    assert_draws(NULL, 15783526, 2234489, 15679954);
    prune_manual_seed(NULL, 42);
    assert_true(hash_of_state(NULL) == UINT64_C(0x7135d719fd323735));
    prune_tensor_release(t);
}

static void bytes_that_are_no_state_are_refused(void **state)
{
    (void)state;
    static const struct {
        uint32_t left, seeded;
        uint64_t next;
    } numbers[] = {
        { 0, 1, 0 },   { 625, 1, 0 },   { UINT32_MAX, 1, 1 }, { 525, 0, 100 },
        { 1, 1, 625 }, { 526, 1, 100 }, { 1, 1, UINT64_MAX },
    };
    uint8_t bytes[STATE_SIZE];
    prune_tensor *t = NULL;
    prune_manual_seed(NULL, 42);
    copy_state(bytes, &t, NULL);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        for (int byte = 0; byte < 4; byte++) {
            bytes[8 + byte] = (uint8_t)(numbers[i].left >> (8 * byte));
            bytes[12 + byte] = (uint8_t)(numbers[i].seeded >> (8 * byte));
        }
        for (int byte = 0; byte < 8; byte++)
            bytes[16 + byte] = (uint8_t)(numbers[i].next >> (8 * byte));
        assert_fails(prune_generator_set_state(NULL, t), PRUNE_ERROR_RUNTIME, "Invalid mt19937 state");
    }
    assert_draws(NULL, 14802022);
    prune_tensor_release(t);
}

static void tensors_that_are_no_state_are_refused(void **state)
{
    (void)state;
    static uint8_t bytes[2 * STATE_SIZE];
    static const int64_t two = 2;
    prune_tensor *t = NULL;
    prune_blob_options options = PRUNE_BLOB_OPTIONS_INIT;
    options.dtype = PRUNE_UINT8;
    prune_manual_seed(NULL, 42);
    assert_ok(prune_tensor_from_blob(&t, bytes, PRUNE_SHAPE(5055), &options));
    assert_fails(prune_generator_set_state(NULL, t), PRUNE_ERROR_RUNTIME,
                 "Expected a CPUGeneratorImplState of size 5056 but found the input RNG state size to be 5055");
    prune_tensor_release(t);
    options.strides = &two;
    assert_ok(prune_tensor_from_blob(&t, bytes, PRUNE_SHAPE(STATE_SIZE), &options));
    assert_fails(prune_generator_set_state(NULL, t), PRUNE_ERROR_RUNTIME, "RNG state must be contiguous");
    prune_tensor_release(t);
    assert_ok(prune_tensor_empty(&t, PRUNE_SHAPE(STATE_SIZE), PRUNE_FLOAT32));
    assert_fails(prune_generator_set_state(NULL, t), PRUNE_ERROR_TYPE, "RNG state must be a torch.ByteTensor");
    prune_tensor_release(t);
    assert_fails(prune_generator_set_state(NULL, NULL), PRUNE_ERROR_TYPE, "'state' is NULL");
    assert_fails(prune_generator_get_state(NULL, NULL), PRUNE_ERROR_TYPE, "'out' is NULL");
    assert_draws(NULL, 14802022);
}

/* ---- Memory ---- */

static prune_status create(void *context)
{
    return prune_generator_create(context);
}

static void drop(void *context)
{
    prune_generator **generator = context;
    prune_generator_release(*generator);
    *generator = NULL;
}

static prune_status get_state(void *context)
{
    return prune_generator_get_state(context, NULL);
}

static void drop_tensor(void *context)
{
    prune_tensor **t = context;
    prune_tensor_release(*t);
    *t = NULL;
}

static void generator_is_fresh(void *context)
{
    prune_tensor **t = context;
    assert_null(*t);
    assert_true(hash_of_state(NULL) == UINT64_C(0x7135d719fd323735));
}

static void no_memory_leaves_the_generator_as_it_was(void **state)
{
    (void)state;
    prune_generator *generator = NULL;
    prune_tensor *t = NULL;
    prune_manual_seed(NULL, 42);
    try_every_allocation(create, NULL, drop, &generator);
    try_every_allocation(get_state, generator_is_fresh, drop_tensor, &t);
}

/* Runs first: nobody has seeded the default generator. */
static void the_default_generator_seeds_itself(void **state)
{
    (void)state;
    uint64_t unseeded = hash_of_state(NULL);
    prune_manual_seed(NULL, 0);
    assert_true(hash_of_state(NULL) != unseeded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_default_generator_seeds_itself),
        cmocka_unit_test(generators_are_independent),
        cmocka_unit_test(a_new_generator_has_pytorchs_seed),
        cmocka_unit_test(a_saved_generator_can_be_put_back),
#if PRUNE_TEST_THREADS
        cmocka_unit_test(threads_share_the_default_generator),
#endif
        cmocka_unit_test(states_are_pytorchs_bytes),
        cmocka_unit_test(a_state_goes_on_where_it_was_saved),
        cmocka_unit_test(a_held_back_normal_sample_survives),
        cmocka_unit_test(bytes_that_are_no_state_are_refused),
        cmocka_unit_test(tensors_that_are_no_state_are_refused),
        cmocka_unit_test(no_memory_leaves_the_generator_as_it_was),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
