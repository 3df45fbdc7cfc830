#include "support.h"

/* ---- Assertions ---- */

void check_ok(prune_status status, const char *call, const char *file, int line)
{
    if (status == PRUNE_OK)
        return;
    print_error("%s: %s: %s\n", call, prune_status_name(status), prune_last_error());
    _fail(file, line);
}

void check_fails(prune_status got, prune_status status, const char *words, const char *call, const char *file, int line)
{
    if (got == status && prune_last_status() == status && strstr(prune_last_error(), words))
        return;
    print_error("%s\n  gave      %s: %s\n  expected  %s: %s\n", call, prune_status_name(got),
                got ? prune_last_error() : "", prune_status_name(status), words);
    _fail(file, line);
}

void check_shape(const prune_tensor *t, const int64_t *sizes, int64_t ndim, const char *file, int line)
{
    if (t && prune_tensor_ndim(t) == ndim
        && (ndim == 0 || memcmp(prune_tensor_sizes(t), sizes, (size_t)ndim * sizeof *sizes) == 0))
        return;
    print_error("shape:");
    for (int64_t i = 0; i < prune_tensor_ndim(t); i++)
        print_error(" %lld", (long long)prune_tensor_sizes(t)[i]);
    print_error(" (rank %lld)\n", (long long)prune_tensor_ndim(t));
    _fail(file, line);
}

/* Element i in logical order, wherever the strides put it. */
static const char *element(const prune_tensor *t, int64_t i, size_t size)
{
    int64_t place = 0;
    for (int64_t d = prune_tensor_ndim(t) - 1; d >= 0; d--) {
        place += i % prune_tensor_sizes(t)[d] * prune_tensor_strides(t)[d];
        i /= prune_tensor_sizes(t)[d];
    }
    return (const char *)prune_tensor_raw_data(t) + place * (int64_t)size;
}

static size_t element_size(prune_dtype dtype)
{
    switch (dtype) {
#define SIZE_CASE(name, value, torch_name, bytes) \
    case name:                                    \
        return bytes;
        PRUNE_DTYPE_MAP(SIZE_CASE)
#undef SIZE_CASE
    }
    return 0;
}

void check_values(const prune_tensor *t, const float *values, size_t count, const char *file, int line)
{
    if (!t || prune_tensor_dtype(t) != PRUNE_FLOAT32 || prune_tensor_numel(t) != (int64_t)count) {
        print_error("not a float32 tensor of %zu elements\n", count);
        _fail(file, line);
    }
    for (size_t i = 0; i < count; i++) {
        float got;
        memcpy(&got, element(t, (int64_t)i, sizeof got), sizeof got);
        if (memcmp(&got, &values[i], sizeof got) == 0 || (isnan(got) && isnan(values[i])))
            continue;
        print_error("element %zu: %.9g, expected %.9g\n", i, (double)got, (double)values[i]);
        _fail(file, line);
    }
}

void check_same_bits(const prune_tensor *a, const prune_tensor *b, const char *file, int line)
{
    if (!a || !b || prune_tensor_dtype(a) != prune_tensor_dtype(b)) {
        print_error("a tensor is missing, or dtypes differ\n");
        _fail(file, line);
    }
    check_shape(a, prune_tensor_sizes(b), prune_tensor_ndim(b), file, line);
    size_t size = element_size(prune_tensor_dtype(a));
    for (int64_t i = 0; i < prune_tensor_numel(a); i++)
        if (memcmp(element(a, i, size), element(b, i, size), size) != 0) {
            print_error("bits differ at element %lld\n", (long long)i);
            _fail(file, line);
        }
}

FILE *open_capture(void)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    return file;
}

char *close_capture(FILE *file)
{
    long length = ftell(file);
    assert_true(length >= 0);
    char *text = malloc((size_t)length + 1);
    assert_non_null(text);
    rewind(file);
    assert_int_equal(fread(text, 1, (size_t)length, file), length);
    text[length] = '\0';
    fclose(file);
    return text;
}

/* ---- Memory ---- */

static struct {
    int64_t live;
    int64_t until_failure; /* negative: none fails */
    bool always;
} memory = { 0, -1, false };

static bool refuses(void)
{
    if (memory.until_failure < 0)
        return false;
    if (memory.until_failure > 0) {
        memory.until_failure--;
        return false;
    }
    if (!memory.always)
        memory.until_failure = -1;
    return true;
}

static void *counting_malloc(void *context, size_t size)
{
    (void)context;
    void *block = refuses() ? NULL : malloc(size);
    memory.live += block != NULL;
    return block;
}

static void *counting_realloc(void *context, void *block, size_t size)
{
    (void)context;
    return refuses() ? NULL : realloc(block, size);
}

static void counting_free(void *context, void *block)
{
    (void)context;
    memory.live--;
    free(block);
}

int count_allocations(void **state)
{
    (void)state;
    const prune_allocator counting = { counting_malloc, counting_realloc, counting_free, NULL };
    memory.live = 0;
    memory.until_failure = -1;
    return prune_set_allocator(&counting) ? -1 : 0;
}

int expect_no_leak(void **state)
{
    (void)state;
    if (memory.live != 0) {
        print_error("%lld blocks leaked\n", (long long)memory.live);
        return -1;
    }
    return prune_set_allocator(NULL) ? -1 : 0;
}

int64_t live_allocations(void)
{
    return memory.live;
}

void fail_allocation(int64_t n, bool always)
{
    memory.until_failure = n;
    memory.always = always;
}

static void try_with(bool always, prune_status (*operation)(void *), void (*unchanged)(void *), void (*undo)(void *),
                     void *context)
{
    for (int64_t n = 0;; n++) {
        int64_t before = memory.live;
        fail_allocation(n, always);
        prune_status status = operation(context);
        fail_allocation(-1, false);
        if (status == PRUNE_OK) {
            if (undo)
                undo(context);
            return;
        }
        assert_int_equal(status, PRUNE_ERROR_MEMORY);
        assert_int_equal(prune_last_status(), PRUNE_ERROR_MEMORY);
        assert_int_equal(memory.live, before);
        if (unchanged)
            unchanged(context);
    }
}

void try_every_allocation(prune_status (*operation)(void *context), void (*unchanged)(void *context),
                          void (*undo)(void *context), void *context)
{
    try_with(false, operation, unchanged, undo, context);
    try_with(true, operation, unchanged, undo, context);
}
