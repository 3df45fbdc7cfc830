/* The built-in methods prune by two doors: compute_mask on gathered copies, as methods of users, and a fused one. Here both
 * prune the same parameters, by the same calls, and must leave the same bits, draws and errors. */
#include "pruning.h"

#include "prune/internal.h"

/* ---- Chance ---- */

static uint64_t chance_state;

static uint64_t chance(uint64_t below)
{
    chance_state = chance_state * 6364136223846793005u + 1442695040888963407u;
    return (chance_state >> 33) % below;
}

static float odd_value(void)
{
    static const float odd[] = { NAN, INFINITY, -INFINITY, 0, -0.0f, 1e-42f, 1, -1 };
    const uint32_t signalling = 0x7f812345;
    float value;
    memcpy(&value, &signalling, sizeof value);
    return chance(9) ? odd[chance(8)] : value;
}

typedef enum spread { SMOOTH, FEW_VALUES, MANY_ZEROS, ODD, ALIKE, SPREADS } spread;

static float chance_value(spread kind)
{
    float smooth = ((float)chance(1 << 24) - 0x1p23f) * ldexpf(1, (int)chance(4) - 24);
    switch (kind) {
    case FEW_VALUES:
        return (float)chance(4) - 1;
    case MANY_ZEROS:
        return chance(2) ? 0 : smooth;
    case ODD:
        return chance(4) ? smooth : odd_value();
    case ALIKE:
        return -3;
    default:
        return smooth;
    }
}

static prune_tensor *chance_tensor(const int64_t *sizes, int64_t ndim, spread kind)
{
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_empty(&t, sizes, ndim, PRUNE_FLOAT32));
    float *x = prune_tensor_data_mutable(t);
    for (int64_t i = 0; i < prune_tensor_numel(t); i++)
        x[i] = chance_value(kind);
    return t;
}

/* Sometimes more entries than are all candidates, in a long row or in many. */
static int64_t chance_shape(int64_t sizes[3])
{
    int64_t ndim = 1 + (int64_t)chance(3);
    bool large = chance(25) == 0;
    for (int64_t i = 0; i < ndim; i++)
        sizes[i] = (int64_t)chance(9) + (chance(30) != 0);
    if (large && ndim == 3 && chance(2)) {
        for (int64_t i = 0; i < ndim; i++)
            sizes[i] = 15 + (int64_t)chance(9);
    } else if (large) {
        sizes[chance((uint64_t)ndim)] = 3000 + (int64_t)chance(6000);
    }
    return ndim;
}

/* ---- Layouts: where entries lie in the memory of a larger tensor ---- */

typedef struct layout {
    int64_t order[3];        /* which dim is which in memory */
    int64_t gap[3], step[3]; /* of those: entries left out at the start, and one in so many taken */
} layout;

static layout chance_layout(int64_t ndim)
{
    layout l = { { 0, 1, 2 }, { 0 }, { 1, 1, 1 } };
    for (int64_t i = ndim - 1; i > 0 && chance(2); i--) {
        int64_t other = (int64_t)chance((uint64_t)i + 1), dim = l.order[i];
        l.order[i] = l.order[other];
        l.order[other] = dim;
    }
    for (int64_t i = 0; i < ndim && chance(2); i++) {
        int64_t at = (int64_t)chance((uint64_t)ndim);
        l.gap[at] = (int64_t)chance(3);
        l.step[at] = 1 + (int64_t)chance(3);
    }
    return l;
}

static void replace_tensor(prune_tensor **t, prune_tensor *by)
{
    prune_tensor_release(*t);
    *t = by;
}

/* The same values, laid out so. */
static prune_tensor *laid_out(const prune_tensor *values, const layout *l)
{
    int64_t sizes[3], back[3], ndim = prune_tensor_ndim(values);
    prune_tensor *t = NULL, *view = NULL;
    for (int64_t i = 0; i < ndim; i++) {
        sizes[i] = l->gap[i] + prune_tensor_sizes(values)[l->order[i]] * l->step[i];
        back[l->order[i]] = i;
    }
    assert_ok(prune_tensor_ones(&t, sizes, ndim, PRUNE_FLOAT32));
    for (int64_t i = 0; i < ndim; i++) {
        assert_ok(prune_tensor_slice(&view, t, i, l->gap[i], INT64_MAX, l->step[i]));
        replace_tensor(&t, view);
    }
    assert_ok(prune_tensor_permute(&view, t, back, ndim));
    replace_tensor(&t, view);
    assert_ok(prune_tensor_copy_(t, values));
    return t;
}

/* ---- Both doors ---- */

typedef struct pair {
    prune_module *fused, *plain;
} pair;

static prune_module *module_over(const prune_tensor *weight, const layout *l)
{
    prune_module *module = NULL;
    prune_tensor *copy = laid_out(weight, l);
    assert_ok(prune_module_create(&module, "Pruned", NULL, NULL));
    assert_ok(prune_module_register_parameter(module, "weight", copy));
    prune_tensor_release(copy);
    return module;
}

static pair pair_over(const prune_tensor *weight)
{
    const layout plain = { { 0, 1, 2 }, { 0 }, { 1, 1, 1 } };
    return (pair){ module_over(weight, &plain), module_over(weight, &plain) };
}

static pair chance_pair(const prune_tensor *weight)
{
    const layout l = chance_layout(prune_tensor_ndim(weight));
    return (pair){ module_over(weight, &l), module_over(weight, &l) };
}

/* The method's class without the fused door. */
static const pruni_class *without_fuse(const pruni_class *own)
{
    enum { CLASSES = 16 };
    static const pruni_class *known[CLASSES];
    static pruni_class copies[CLASSES];
    int i = 0;
    for (; known[i] && known[i] != own; i++)
        assert_true(i < CLASSES - 1);
    known[i] = own;
    copies[i] = *own;
    copies[i].fuse = NULL;
    copies[i].chooses_entries = false;
    return &copies[i];
}

/* With the method's own compute_mask and context: a user's class, which sees contiguous tensors alone, or one that is not
 * fused. */
static prune_method *twin_of(const prune_method *method, bool as_user)
{
    prune_method *twin = NULL;
    char context[64];
    assert_true(method->ops->context_size <= sizeof context);
    if (method->ops->clone)
        assert_ok(method->ops->clone(context, method->context));
    const void *given = method->ops->clone ? context : method->context;
    assert_ok(as_user ? prune_method_create(&twin, method->ops, given)
                      : pruni_method_create_own(&twin, without_fuse(method->own), given));
    return twin;
}

static prune_amount chance_amount(int64_t n)
{
    static const double fractions[] = { 0, 0.1, 0.5, 0.9, 1, 0.003 };
    if (chance(2))
        return prune_fraction(fractions[chance(6)]);
    return prune_count((int64_t)chance((uint64_t)n / (chance(3) + 1) + 2));
}

static prune_norm chance_norm(void)
{
    static const double orders[] = { 0, 1, 2, 2, INFINITY, -INFINITY, 3, -1 };
    uint64_t which = chance(10);
    return which < 8 ? prune_norm_p(orders[which]) : which == 8 ? prune_norm_fro() : prune_norm_nuc();
}

/* Ones and zeros, and rarely what is neither; no NaN, as it is not said which of two NaNs stays in a product. */
static prune_method *chance_mask(int64_t ndim, const int64_t *sizes)
{
    static const float odd[] = { INFINITY, -1, 0.5F, -0.0F, 2, 1e-42F };
    prune_method *method = NULL;
    prune_tensor *mask = NULL;
    assert_ok(prune_tensor_empty(&mask, sizes, ndim, PRUNE_FLOAT32));
    float *m = prune_tensor_data_mutable(mask);
    for (int64_t i = 0; i < prune_tensor_numel(mask); i++)
        m[i] = chance(40) ? (float)chance(2) : odd[chance(6)];
    assert_ok(prune_method_custom_from_mask(&method, mask));
    prune_tensor_release(mask);
    return method;
}

static prune_method *chance_method(int64_t n, int64_t ndim, const int64_t *sizes)
{
    prune_method *method = NULL;
    prune_method_options options = PRUNE_METHOD_OPTIONS_INIT;
    options.ties = chance(4) ? PRUNE_TIES_TORCH : PRUNE_TIES_LOWEST_INDEX;
    prune_amount amount = chance_amount(n);
    int64_t dim = (int64_t)chance((uint64_t)ndim) - (chance(4) ? 0 : ndim) + (chance(25) ? 0 : 2);
    switch (chance(14)) {
    case 0:
    case 1:
    case 2:
    case 3:
        assert_ok(prune_method_l1_unstructured(&method, amount, &options));
        break;
    case 4:
    case 5:
        assert_ok(prune_method_random_unstructured(&method, amount, &options));
        break;
    case 6:
    case 11:
        assert_ok(prune_method_ln_structured(&method, chance(4) ? prune_fraction(0.5) : amount, chance_norm(), dim,
                                             &options));
        break;
    case 7:
        assert_ok(prune_method_n_m(&method, (int64_t)chance(5), 4, dim));
        break;
    case 8:
        assert_ok(prune_method_n_m(&method, (int64_t)chance(2), 1 + (int64_t)chance(3), dim));
        break;
    case 9:
        assert_ok(prune_method_identity(&method));
        break;
    case 12:
    case 13:
        method = chance_mask(chance(20) ? ndim : 1, sizes);
        break;
    default:
        assert_ok(prune_method_random_structured(&method, chance(4) ? prune_fraction(0.5) : amount, dim));
        break;
    }
    return method;
}

static char *status_text(prune_status status)
{
    static char text[1024];
    snprintf(text, sizeof text, "%d %s", (int)status, status == PRUNE_OK ? "" : prune_last_error());
    return text;
}

static char *generator_text(void)
{
    static char text[64];
    prune_tensor *state = NULL;
    assert_ok(prune_generator_get_state(&state, NULL));
    const uint8_t *bytes = pruni_tensor_pointer(state);
    uint32_t sum = 0;
    for (int64_t i = 0; i < prune_tensor_numel(state); i++)
        sum = sum * 31 + bytes[i];
    prune_tensor_release(state);
    snprintf(text, sizeof text, "%u", (unsigned)sum);
    return text;
}

static void assert_same_tensors(const pair *p, const char *name)
{
    prune_tensor *fused = prune_module_get_tensor(p->fused, name);
    prune_tensor *plain = prune_module_get_tensor(p->plain, name);
    assert_int_equal(fused == NULL, plain == NULL);
    if (fused)
        assert_same_bits(fused, plain);
}

static bool is_contiguous(const pair *p)
{
    return prune_tensor_is_contiguous(weight_of(p->fused));
}

static void prune_both(const pair *p, prune_method *method, prune_tensor *scores, uint64_t seed)
{
    char fused[1024], generator[64];
    prune_method *twin = twin_of(method, is_contiguous(p) && (!scores || prune_tensor_is_contiguous(scores)));
    prune_manual_seed(NULL, seed);
    strcpy(fused, status_text(prune_apply(p->fused, "weight", method, scores)));
    strcpy(generator, generator_text());
    prune_manual_seed(NULL, seed);
    assert_string_equal(fused, status_text(prune_apply(p->plain, "weight", twin, scores)));
    assert_string_equal(generator, generator_text());
    prune_method_release(twin);
    assert_same_tensors(p, "weight");
    assert_same_tensors(p, "weight_orig");
    assert_same_tensors(p, "weight_mask");
}

/* Between prunes: masks that are not 0 or 1, originals that change, a mask that somebody else keeps. */
static void meddle(const pair *p, prune_tensor **kept)
{
    prune_tensor *mask = prune_module_get_tensor(p->fused, "weight_mask");
    int64_t n = prune_tensor_numel(weight_of(p->fused));
    if (!mask || n == 0 || mask == *kept)
        return;
    int64_t at = (int64_t)chance((uint64_t)n);
    float value = odd_value();
    switch (chance(5)) {
    case 0:
        prune_tensor_data_mutable(mask_of(p->fused))[at] = value;
        prune_tensor_data_mutable(mask_of(p->plain))[at] = value;
        break;
    case 1:
        prune_tensor_data_mutable(orig_of(p->fused))[at] = value;
        prune_tensor_data_mutable(orig_of(p->plain))[at] = value;
        break;
    case 2:
        if (!*kept)
            *kept = prune_tensor_retain(mask);
        break;
    default:
        break;
    }
}

static prune_tensor *chance_scores(const int64_t *sizes, int64_t ndim, spread kind)
{
    prune_tensor *values = chance_tensor(sizes, ndim, kind);
    const layout l = chance_layout(ndim);
    prune_tensor *scores = laid_out(values, &l);
    prune_tensor_release(values);
    return scores;
}

static void one_case(uint64_t seed)
{
    chance_state = seed * 0x9e3779b97f4a7c15u;
    int64_t sizes[3];
    int64_t ndim = chance_shape(sizes);
    prune_tensor *weight = chance_tensor(sizes, ndim, (spread)chance(SPREADS));
    int64_t n = prune_tensor_numel(weight);
    const pair p = chance_pair(weight);
    prune_tensor *kept = NULL, *kept_values = NULL;
    for (uint64_t prunes = 1 + chance(4); prunes > 0; prunes--) {
        prune_method *method = chance_method(n, ndim, sizes);
        prune_tensor *scores = chance(3) ? NULL : chance_scores(sizes, ndim, (spread)chance(SPREADS));
        prune_both(&p, method, scores, seed + prunes);
        prune_method_release(method);
        prune_tensor_release(scores);
        meddle(&p, &kept);
        if (kept && !kept_values)
            assert_ok(prune_tensor_clone(&kept_values, kept));
    }
    if (kept)
        assert_same_bits(kept, kept_values);
    prune_tensor_release(kept);
    prune_tensor_release(kept_values);
    prune_tensor_release(weight);
    prune_module_release(p.fused);
    prune_module_release(p.plain);
}

/* ---- Many parameters at once ---- */

enum { MEMBERS = 4 };

/* The newest method of a container, or the one. */
static prune_method *newest(const prune_module *module)
{
    prune_method *method = prune_applied_method(module, "weight");
    return method && prune_container_size(method) > 0 ? prune_container_get(method, -1) : method;
}

/* The masks that both records keep. */
static void assert_same_slices(const pair *p)
{
    prune_method *methods[2] = { newest(p->fused), newest(p->plain) };
    prune_tensor *masks[2] = { NULL };
    prune_tensor *t = weight_of(p->fused);
    for (int i = 0; i < 2; i++)
        if (methods[i] && strcmp(prune_method_type_name(methods[i]), "CustomFromMask") == 0)
            assert_ok(prune_method_compute_mask(&masks[i], methods[i], t, NULL));
    assert_int_equal(masks[0] == NULL, masks[1] == NULL);
    if (masks[0])
        assert_same_bits(masks[0], masks[1]);
    prune_tensor_release(masks[0]);
    prune_tensor_release(masks[1]);
}

static void global_case(uint64_t seed)
{
    chance_state = seed * 0x9e3779b97f4a7c15u;
    pair members[MEMBERS];
    prune_tensor *scores[MEMBERS], *kept[MEMBERS] = { NULL };
    prune_parameter fused[MEMBERS], plain[MEMBERS];
    int64_t count = 1 + (int64_t)chance(MEMBERS), n = 0, sizes[3];
    spread kind = (spread)chance(SPREADS);
    for (int64_t i = 0; i < count; i++) {
        int64_t ndim = chance_shape(sizes);
        prune_tensor *weight = chance_tensor(sizes, ndim, kind);
        n += prune_tensor_numel(weight);
        members[i] = chance_pair(weight);
        scores[i] = chance(4) ? NULL : chance_scores(sizes, ndim, kind);
        fused[i] = (prune_parameter){ members[i].fused, "weight", scores[i] };
        plain[i] = (prune_parameter){ members[i].plain, "weight", scores[i] };
        prune_tensor_release(weight);
        if (chance(3) == 0) {
            prune_method *earlier = chance_method(prune_tensor_numel(weight_of(members[i].fused)), ndim, sizes);
            prune_both(&members[i], earlier, NULL, seed);
            prune_method_release(earlier);
        }
    }
    for (int again = 0; again < 3; again++) {
        char text[1024], generator[64];
        prune_method *method = chance_method(n, 1, &n);
        prune_method *twin = twin_of(method, true);
        prune_manual_seed(NULL, seed);
        strcpy(text, status_text(prune_global_unstructured(fused, count, method)));
        strcpy(generator, generator_text());
        prune_manual_seed(NULL, seed);
        if (method->ops->type == PRUNE_UNSTRUCTURED) /* else the sentence says whose class it is */
            assert_string_equal(text, status_text(prune_global_unstructured(plain, count, twin)));
        assert_string_equal(generator, generator_text());
        for (int64_t i = 0; i < count; i++) {
            assert_same_tensors(&members[i], "weight");
            assert_same_tensors(&members[i], "weight_mask");
            assert_same_slices(&members[i]);
            meddle(&members[i], &kept[i]);
        }
        prune_method_release(method);
        prune_method_release(twin);
    }
    for (int64_t i = 0; i < count; i++) {
        prune_module_release(members[i].fused);
        prune_module_release(members[i].plain);
        prune_tensor_release(scores[i]);
        prune_tensor_release(kept[i]);
    }
}

static void both_doors_prune_alike_globally(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 400; seed++)
        global_case(seed);
}

/* ---- Where the sample misleads ---- */

typedef enum trap { TREND, ISLANDS, HALF_EQUAL, TWO_VALUES, ALL_NAN, TRAPS } trap;

/* Not chance: a rising line, a few far values, a value that half of the entries have, two values, NaN. */
static float trap_value(trap kind, int64_t i, int64_t n)
{
    switch (kind) {
    case TREND:
        return (float)i / (float)n - 0.5f;
    case ISLANDS:
        return i % 1000 < 500 ? (float)(i % 7) : 1e6f + (float)i;
    case HALF_EQUAL:
        return i % 2 ? 1 : (float)(i * 7919 % n) / (float)n * 2;
    case TWO_VALUES:
        return i < n / 2 ? -1 : 2;
    default:
        return NAN;
    }
}

static void traps_are_pruned_alike(void **state)
{
    (void)state;
    const int64_t n = 30000;
    const double fractions[] = { 0.5, 0.25, 0.999, 0.0001 };
    float *x = malloc((size_t)n * sizeof *x);
    assert_non_null(x);
    for (trap kind = TREND; kind < TRAPS; kind++)
        for (int i = 0; i < 4; i++) {
            prune_tensor *weight = NULL;
            prune_method *l1 = NULL;
            for (int64_t j = 0; j < n; j++)
                x[j] = trap_value(kind, j, n);
            assert_ok(prune_tensor_from_values(&weight, x, &n, 1));
            prune_method_options options = PRUNE_METHOD_OPTIONS_INIT;
            options.ties = i % 2 ? PRUNE_TIES_TORCH : PRUNE_TIES_LOWEST_INDEX;
            assert_ok(prune_method_l1_unstructured(&l1, prune_fraction(fractions[i]), &options));
            const pair p = pair_over(weight);
            prune_both(&p, l1, NULL, 1);
            prune_both(&p, l1, NULL, 1);
            prune_method_release(l1);
            prune_tensor_release(weight);
            prune_module_release(p.fused);
            prune_module_release(p.plain);
        }
    free(x);
}

static void draws_that_are_all_equal_are_pruned_alike(void **state)
{
    (void)state;
    const int64_t n = 9000;
    prune_tensor *saved = stop_generator(), *weight = NULL;
    prune_method *at_random = NULL, *twin = NULL;
    assert_ok(prune_tensor_ones(&weight, &n, 1, PRUNE_FLOAT32));
    assert_ok(prune_method_random_unstructured(&at_random, prune_fraction(0.25), NULL));
    twin = twin_of(at_random, true);
    const pair p = pair_over(weight);
    for (int i = 0; i < 2; i++) {
        assert_ok(prune_apply(p.fused, "weight", at_random, NULL));
        assert_ok(prune_apply(p.plain, "weight", twin, NULL));
        assert_same_tensors(&p, "weight_mask");
    }
    assert_ok(prune_generator_set_state(NULL, saved));
    prune_tensor_release(saved);
    prune_tensor_release(weight);
    prune_method_release(at_random);
    prune_method_release(twin);
    prune_module_release(p.fused);
    prune_module_release(p.plain);
}

static void what_does_not_stay_in_the_caches_is_pruned_alike(void **state)
{
    (void)state;
    const int64_t n = (1 << 21) + 7;
    chance_state = 1;
    prune_tensor *weight = chance_tensor(&n, 1, SMOOTH);
    for (int i = 0; i < 2; i++) {
        prune_method *method = NULL;
        if (i == 0)
            assert_ok(prune_method_l1_unstructured(&method, prune_fraction(0.5), NULL));
        else
            assert_ok(prune_method_random_unstructured(&method, prune_fraction(0.5), NULL));
        const pair p = pair_over(weight);
        prune_both(&p, method, NULL, 1);
        prune_method_release(method);
        prune_module_release(p.fused);
        prune_module_release(p.plain);
    }
    prune_tensor_release(weight);
}

static void both_doors_prune_alike(void **state)
{
    (void)state;
    pruni_cpu used = pruni_cpu_used();
    for (uint64_t seed = 1; seed <= 1200; seed++) {
        assert_true(pruni_cpu_use(seed % 2 ? used : PRUNI_CPU_PORTABLE));
        one_case(seed);
    }
    assert_true(pruni_cpu_use(used));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_doors_prune_alike),
        cmocka_unit_test(both_doors_prune_alike_globally),
        cmocka_unit_test(traps_are_pruned_alike),
        cmocka_unit_test(draws_that_are_all_equal_are_pruned_alike),
        cmocka_unit_test(what_does_not_stay_in_the_caches_is_pruned_alike),
    };
    return cmocka_run_group_tests_name("doors", tests, count_allocations, expect_no_leak);
}
