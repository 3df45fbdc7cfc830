/* What pruning holds beyond its results, counted: never anything that grows with the parameter, but for PyTorch's choice
 * among equal entries, which takes 8 bytes an entry while it is made. */
#include "bytes_support.h"
#include "pruning.h"

/* ---- Parameters of a million entries: 4 MB each ---- */

enum { ROWS = 1000, COLUMNS = 1000, ENTRIES = ROWS * COLUMNS, PARTS = 2 };

/* How they lie in memory; channels last, images of 10 · 10. */
typedef enum view { PLAIN, TRANSPOSED, CHANNELS_LAST, SOME_ROWS, SOME_COLUMNS, EVERY_OTHER_COLUMN, VIEWS } view;

static const size_t bound = 1000 * 1000;

typedef struct scene {
    prune_module *net[PARTS];
    prune_tensor *mask, *scores;
    int64_t dim;
} scene;

/* No two magnitudes are the same. */
static prune_tensor *make_memory(const int64_t *sizes, int64_t ndim, int part)
{
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_empty(&t, sizes, ndim, PRUNE_FLOAT32));
    float *x = prune_tensor_data_mutable(t);
    int64_t n = prune_tensor_numel(t);
    for (int64_t i = 0; i < n; i++)
        x[i] = (float)(PARTS * (i * 48271 % n) + part + 1) * (i % 3 ? 0x1p-20F : -0x1p-20F);
    return t;
}

static prune_tensor *view_of(view kind, int part)
{
    static const struct {
        int64_t sizes[4], ndim; /* in memory */
    } memory[VIEWS] = {
        [PLAIN] = { { ROWS, COLUMNS }, 2 },
        [TRANSPOSED] = { { COLUMNS, ROWS }, 2 },
        [CHANNELS_LAST] = { { ROWS / 10, 10, 10, COLUMNS / 10 }, 4 },
        [SOME_ROWS] = { { 2 * ROWS, COLUMNS }, 2 },
        [SOME_COLUMNS] = { { ROWS, COLUMNS + 3 }, 2 },
        [EVERY_OTHER_COLUMN] = { { ROWS, 2 * COLUMNS }, 2 },
    };
    prune_tensor *base = make_memory(memory[kind].sizes, memory[kind].ndim, part), *t = NULL;
    prune_status status = PRUNE_OK;
    if (kind == TRANSPOSED)
        status = prune_tensor_transpose(&t, base, 0, 1);
    else if (kind == CHANNELS_LAST)
        status = prune_tensor_permute(&t, base, (const int64_t[]){ 0, 3, 1, 2 }, 4);
    else if (kind == SOME_ROWS)
        status = prune_tensor_slice(&t, base, 0, 1, INT64_MAX, 2);
    else
        status = prune_tensor_slice(&t, base, 1, kind == SOME_COLUMNS ? 3 : 0, INT64_MAX,
                                    kind == EVERY_OTHER_COLUMN ? 2 : 1);
    assert_ok(status);
    assert_int_equal(prune_tensor_numel(t), ENTRIES);
    prune_tensor_release(base);
    return t;
}

/* The same shape side by side, in rows. */
static prune_tensor *make_like(const prune_tensor *t)
{
    return make_memory(prune_tensor_sizes(t), prune_tensor_ndim(t), 1);
}

static void set_up(scene *s, view kind)
{
    memset(s, 0, sizeof *s);
    for (int part = 0; part < PARTS; part++) {
        prune_tensor *t = view_of(kind, part);
        assert_ok(prune_module_create(&s->net[part], "Net", NULL, NULL));
        assert_ok(prune_module_register_parameter(s->net[part], "weight", t));
        prune_tensor_release(t);
    }
    s->scores = make_like(weight_of(s->net[0]));
    s->mask = make_like(weight_of(s->net[0]));
    float *m = prune_tensor_data_mutable(s->mask);
    for (int64_t i = 0; i < ENTRIES; i++)
        m[i] = (float)(i % 5 != 0);
    prune_manual_seed(NULL, 0);
}

static void tear_down(scene *s)
{
    for (int part = 0; part < PARTS; part++)
        prune_module_release(s->net[part]);
    prune_tensor_release(s->mask);
    prune_tensor_release(s->scores);
}

typedef prune_status operation(scene *s);

/* The most that was held beyond what is there before or after. */
static size_t extra(operation *run, scene *s)
{
    size_t before = peak = live;
    assert_ok(run(s));
    return peak - (live > before ? live : before);
}

static size_t grown(operation *run, scene *s)
{
    size_t before = live;
    assert_ok(run(s));
    return live > before ? live - before : 0;
}

/* ---- What is done ---- */

static prune_status l1(scene *s)
{
    return prune_l1_unstructured(s->net[0], "weight", prune_fraction(0.3), NULL);
}

static prune_status l1_by_scores(scene *s)
{
    return prune_l1_unstructured(s->net[0], "weight", prune_count(1000), s->scores);
}

static prune_status ln_unstructured(scene *s)
{
    return prune_ln_unstructured(s->net[0], "weight", prune_fraction(0.3), prune_norm_p(2), NULL);
}

static prune_status at_random(scene *s)
{
    return prune_random_unstructured(s->net[0], "weight", prune_fraction(0.3));
}

static prune_status random_channels(scene *s)
{
    return prune_random_structured(s->net[0], "weight", prune_fraction(0.3), s->dim);
}

static prune_status least_channels(scene *s)
{
    return prune_ln_structured(s->net[0], "weight", prune_fraction(0.3), prune_norm_p(2), s->dim, NULL);
}

static prune_status least_channels_by_sums(scene *s)
{
    return prune_ln_structured(s->net[0], "weight", prune_fraction(0.3), prune_norm_p(1), s->dim, NULL);
}

static prune_status n_m(scene *s)
{
    return prune_n_m(s->net[0], "weight", 2, 4, s->dim, NULL);
}

static prune_status identity(scene *s)
{
    return prune_identity(s->net[0], "weight");
}

static prune_status custom_from_mask(scene *s)
{
    return prune_custom_from_mask(s->net[0], "weight", s->mask);
}

static prune_status global(scene *s, prune_method *method)
{
    const prune_parameter all[PARTS] = { { s->net[0], "weight", NULL }, { s->net[1], "weight", NULL } };
    prune_status status = prune_global_unstructured(all, PARTS, method);
    prune_method_release(method);
    return status;
}

static prune_status global_l1(scene *s)
{
    prune_method *method = NULL;
    return prune_method_l1_unstructured(&method, prune_fraction(0.3), NULL) ? prune_last_status() : global(s, method);
}

static prune_status global_at_random(scene *s)
{
    prune_method *method = NULL;
    return prune_method_random_unstructured(&method, prune_fraction(0.3), NULL) ? prune_last_status()
                                                                                : global(s, method);
}

static prune_status hooks(scene *s)
{
    return prune_module_run_forward_pre_hooks(s->net[0], false);
}

static prune_status remove_it(scene *s)
{
    return prune_remove(s->net[0], "weight");
}

static operation *const prunes[] = {
    l1,
    l1_by_scores,
    ln_unstructured,
    at_random,
    identity,
    n_m,
    random_channels,
    least_channels,
    least_channels_by_sums,
    custom_from_mask,
    global_l1,
    global_at_random,
};

enum { PRUNES = sizeof prunes / sizeof prunes[0] };

/* ---- The bounds ---- */

/* One prune after each other, so that each has been first, second and so on. */
static void prune_in_turn(view kind, size_t times)
{
    for (size_t first = 0; first < PRUNES; first++) {
        scene s;
        set_up(&s, kind);
        for (size_t i = 0; i < times; i++) {
            s.dim = (int64_t)(first + i) % 2;
            assert_in_range(extra(prunes[(first + i * 5) % PRUNES], &s), 0, bound);
            assert_int_equal(extra(hooks, &s), 0);
        }
        assert_in_range(extra(remove_it, &s), 0, 1000);
        tear_down(&s);
    }
}

static void prunes_hold_little_beyond_their_results(void **state)
{
    (void)state;
    prune_in_turn(PLAIN, 3);
}

static void prunes_of_views_hold_as_little(void **state)
{
    (void)state;
    for (view kind = TRANSPOSED; kind < VIEWS; kind++)
        prune_in_turn(kind, kind == TRANSPOSED ? 3 : 2);
}

/* Mask and weight; what a record keeps of a mask that was given, or made of many, is the buffer itself. */
static void first_prunes_add_two_tensors(void **state)
{
    (void)state;
    const size_t tensor = ENTRIES * sizeof(float), small = 10000;
    for (size_t i = 0; i < 2 * PRUNES; i++) {
        scene s;
        set_up(&s, i < PRUNES ? PLAIN : SOME_COLUMNS);
        operation *prune = prunes[i % PRUNES];
        bool is_global = prune == global_l1 || prune == global_at_random;
        size_t tensors = 2 * (is_global ? PARTS : 1);
        assert_in_range(grown(prune, &s), tensors * tensor, tensors * tensor + small);
        tear_down(&s);
    }
}

/* Both are there already. What records keep is a result: of a first prune when its buffer changes for the first time. */
static void later_prunes_add_nothing_that_grows(void **state)
{
    (void)state;
    const size_t kept = ENTRIES * sizeof(float), small = 10000;
    for (size_t i = 0; i < 2 * PRUNES; i++) {
        scene s;
        set_up(&s, i < PRUNES ? PLAIN : SOME_COLUMNS);
        assert_ok(global_at_random(&s));
        operation *prune = prunes[i % PRUNES];
        bool is_global = prune == global_l1 || prune == global_at_random;
        size_t parts = is_global ? PARTS : 1;
        for (int again = 0; again < 2; again++) {
            size_t records = (is_global || prune == custom_from_mask ? parts : 0) + (again == 0 ? parts : 0);
            assert_in_range(grown(prune, &s), records * kept, records * kept + small);
        }
        tear_down(&s);
    }
}

static void ties_take_8_bytes_an_entry_for_a_while(void **state)
{
    (void)state;
    operation *const operations[] = { l1, global_l1, l1, global_l1 };
    for (size_t i = 0; i < 4; i++) {
        scene s;
        set_up(&s, i < 2 ? PLAIN : TRANSPOSED);
        for (int part = 0; part < PARTS; part++)
            assert_ok(prune_tensor_fill_(weight_of(s.net[part]), 1));
        size_t entries = i % 2 == 0 ? ENTRIES : PARTS * ENTRIES;
        for (int again = 0; again < 2; again++)
            assert_in_range(extra(operations[i], &s), 1, bound + 8 * entries);
        tear_down(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prunes_hold_little_beyond_their_results),
        cmocka_unit_test(prunes_of_views_hold_as_little),
        cmocka_unit_test(first_prunes_add_two_tensors),
        cmocka_unit_test(later_prunes_add_nothing_that_grows),
        cmocka_unit_test(ties_take_8_bytes_an_entry_for_a_while),
    };
    return cmocka_run_group_tests_name("extra memory", tests, count_bytes, expect_no_bytes);
}
