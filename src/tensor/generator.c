/* Generators: seeding, drawing, saving and loading of states, the default one. */
#include "tensor/internal.h"

#include <string.h>
#include <time.h>

enum { WORDS = PRUNI_MT19937_WORDS };

static void seed_generator(prune_generator *generator, uint64_t seed)
{
    pruni_kernel_mt19937_seed(generator->state, (uint32_t)(seed & UINT32_MAX));
    generator->next = 0;
    generator->left = 1;
    generator->seed = seed;
    memset(generator->normals, 0, sizeof generator->normals);
}

/* ---- The default generator ---- */

static struct {
    prune_generator generator;
    bool seeded;
} shared;

#if !defined(__STDC_NO_ATOMICS__)

static atomic_flag shared_lock = ATOMIC_FLAG_INIT;

static void lock_shared(void)
{
    while (atomic_flag_test_and_set_explicit(&shared_lock, memory_order_acquire))
        ;
}

static void unlock_shared(void)
{
    atomic_flag_clear_explicit(&shared_lock, memory_order_release);
}

#else

static void lock_shared(void)
{
}

static void unlock_shared(void)
{
}

#endif

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* From the clocks, and from addresses, which differ from run to run where the system randomises them. */
static uint64_t unpredictable_seed(void)
{
    struct timespec now = { 0 };
    (void)timespec_get(&now, TIME_UTC); /* 0 s and 0 ns where there is no clock */
    uint64_t seed = mix((uint64_t)now.tv_sec);
    seed = mix(seed ^ (uint64_t)now.tv_nsec);
    seed = mix(seed ^ (uint64_t)clock());
    seed = mix(seed ^ (uint64_t)(uintptr_t)&shared);
    return mix(seed ^ (uint64_t)(uintptr_t)&now);
}

prune_generator *pruni_generator_lock(prune_generator *generator)
{
    if (generator)
        return generator;
    lock_shared();
    if (!shared.seeded)
        seed_generator(&shared.generator, unpredictable_seed());
    shared.seeded = true;
    return &shared.generator;
}

void pruni_generator_unlock(prune_generator *generator)
{
    if (generator == &shared.generator)
        unlock_shared();
}

/* ---- Life, seed, draws ---- */

prune_status prune_generator_create(prune_generator **out)
{
    PRUNI_REQUIRE(out);
    prune_generator *generator = pruni_alloc(sizeof *generator);
    if (!generator)
        return PRUNE_ERROR_MEMORY;
    seed_generator(generator, UINT64_C(67280421310721));
    *out = generator;
    return PRUNE_OK;
}

void prune_generator_release(prune_generator *generator)
{
    pruni_free(generator);
}

void prune_manual_seed(prune_generator *generator, uint64_t seed)
{
    prune_generator *own = pruni_generator_lock(generator);
    seed_generator(own, seed);
    pruni_generator_unlock(own);
}

int64_t pruni_generator_take(prune_generator *generator, const uint32_t **words, int64_t n)
{
    if (generator->left == 1) {
        pruni_kernel_mt19937_twist(generator->state);
        generator->next = 0;
        generator->left = WORDS + 1;
    }
    int32_t count = generator->left - 1;
    if (count > n)
        count = (int32_t)n;
    *words = generator->state + generator->next;
    generator->next += count;
    generator->left -= count;
    return count;
}

void pruni_generator_draw(prune_generator *generator, uint32_t *draws, int64_t n)
{
    const uint32_t *words;
    for (int64_t count = 0; n > 0; n -= count, draws += count) {
        count = pruni_generator_take(generator, &words, n);
        pruni_kernel_mt19937_temper(draws, words, count);
    }
}

void pruni_generator_save(struct prune_generator *copy, prune_generator *generator)
{
    prune_generator *own = pruni_generator_lock(generator);
    *copy = *own;
    pruni_generator_unlock(own);
}

void pruni_generator_restore(prune_generator *generator, const struct prune_generator *copy)
{
    prune_generator *own = pruni_generator_lock(generator);
    *own = *copy;
    pruni_generator_unlock(own);
}

/* ---- PyTorch's saved state, a struct as x86-64 lays it out, little-endian here on every machine: seed (uint64), left
 * (int32), seeded (int32), next (uint64), words (624 uint64), normal samples held back (40 bytes) ---- */

enum { SEED_AT = 0, LEFT_AT = 8, SEEDED_AT = 12, NEXT_AT = 16, WORDS_AT = 24, NORMALS_AT = WORDS_AT + 8 * WORDS };
enum { STATE_SIZE = NORMALS_AT + 40 };

static void store_little(uint8_t *bytes, uint64_t value, int size)
{
    for (int i = 0; i < size; i++)
        bytes[i] = (uint8_t)(value >> (8 * i) & 0xff);
}

static uint64_t load_little(const uint8_t *bytes, int size)
{
    uint64_t value = 0;
    for (int i = 0; i < size; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

prune_status prune_generator_get_state(prune_tensor **out, prune_generator *generator)
{
    PRUNI_REQUIRE(out);
    prune_tensor *t = NULL;
    if (prune_tensor_empty(&t, PRUNE_SHAPE(STATE_SIZE), PRUNE_UINT8))
        return prune_last_status();
    struct prune_generator copy;
    pruni_generator_save(&copy, generator);
    uint8_t *bytes = pruni_tensor_pointer(t);
    store_little(bytes + SEED_AT, copy.seed, 8);
    store_little(bytes + LEFT_AT, (uint64_t)copy.left, 4);
    store_little(bytes + SEEDED_AT, 1, 4);
    store_little(bytes + NEXT_AT, (uint64_t)copy.next, 8);
    for (size_t i = 0; i < WORDS; i++)
        store_little(bytes + WORDS_AT + 8 * i, copy.state[i], 8);
    memcpy(bytes + NORMALS_AT, copy.normals, sizeof copy.normals);
    *out = t;
    return PRUNE_OK;
}

static prune_status check_state(const prune_tensor *state)
{
    if (state->dtype != PRUNE_UINT8)
        return prune_fail(PRUNE_ERROR_TYPE, "RNG state must be a torch.ByteTensor, not %s",
                          prune_dtype_name(state->dtype));
    if (!prune_tensor_is_contiguous(state))
        return prune_fail(PRUNE_ERROR_RUNTIME, "RNG state must be contiguous");
    if (state->numel != STATE_SIZE)
        return prune_fail(PRUNE_ERROR_RUNTIME,
                          "Expected a CPUGeneratorImplState of size %d but found the input RNG state size to be %lld",
                          STATE_SIZE, (long long)state->numel);
    const uint8_t *bytes = pruni_tensor_pointer(state);
    uint64_t left = load_little(bytes + LEFT_AT, 4);
    uint64_t next = load_little(bytes + NEXT_AT, 8);
    bool valid = load_little(bytes + SEEDED_AT, 4) != 0 && left >= 1 && left <= WORDS && next <= WORDS
                 && next + (left - 1) <= WORDS;
    return valid ? PRUNE_OK : prune_fail(PRUNE_ERROR_RUNTIME, "Invalid mt19937 state");
}

prune_status prune_generator_set_state(prune_generator *generator, const prune_tensor *state)
{
    PRUNI_REQUIRE(state);
    if (check_state(state))
        return prune_last_status();
    const uint8_t *bytes = pruni_tensor_pointer(state);
    struct prune_generator loaded;
    loaded.seed = load_little(bytes + SEED_AT, 8);
    loaded.left = (int32_t)load_little(bytes + LEFT_AT, 4);
    loaded.next = (int32_t)load_little(bytes + NEXT_AT, 8);
    for (size_t i = 0; i < WORDS; i++)
        loaded.state[i] = (uint32_t)load_little(bytes + WORDS_AT + 8 * i, 4);
    memcpy(loaded.normals, bytes + NORMALS_AT, sizeof loaded.normals);
    pruni_generator_restore(generator, &loaded);
    return PRUNE_OK;
}
