/* Unstructured methods without copies: the choice among the entries of one or more parameters, and its writing. */
#include "prune/internal.h"

/* ---- Going through all entries ---- */

/* The parts of one parameter after the other. */
typedef struct pass {
    const pruni_fusion *fusion;
    bool by_rows, writes;
    prune_generator *generator;    /* of draws; NULL: by scores */
    struct prune_generator redraw; /* for draws that were made before */
    int64_t next;                  /* parameter */
    int64_t first;                 /* entries of those before the present one */
    pruni_entries entries;         /* of the present one */
    pruni_parts parts;
} pass;

/* By rows that are not those of memory, masks are written alone, so that less is fetched from all over the memory: then
 * set_values() is to follow. */
static bool is_along_memory(const pruni_entries *e, bool by_rows)
{
    return e->in_row_order || !by_rows;
}

static void start_next(pass *p)
{
    p->entries = p->fusion->entries[p->next++];
    if (!p->writes)
        pruni_entries_read_only(&p->entries);
    else if (!is_along_memory(&p->entries, p->by_rows))
        pruni_entries_mask_only(&p->entries);
    pruni_parts_start(&p->parts, &p->entries, p->by_rows, p->generator, NULL);
}

static void start_pass(pass *p, const pruni_fusion *f, bool by_rows, bool writes, prune_generator *generator)
{
    p->fusion = f;
    p->by_rows = by_rows;
    p->writes = writes;
    p->generator = generator;
    p->next = p->first = 0;
    start_next(p);
}

/* A pass over the same scores or draws as before. */
static void start_again(pass *p, const pruni_fusion *f, bool by_rows, bool writes)
{
    if (f->at_random)
        p->redraw = f->generator;
    start_pass(p, f, by_rows, writes, f->at_random ? &p->redraw : NULL);
}

/* The next part; its first entry has the place *place. */
static const pruni_run *next_part(pass *p, int64_t *place)
{
    while (!pruni_parts_next(&p->parts)) {
        p->first += p->entries.n;
        if (p->next == p->fusion->count)
            return NULL;
        start_next(p);
    }
    *place = p->first + p->parts.done;
    return &p->parts.part;
}

/* ---- How many ---- */

static int64_t count_all(const pruni_fusion *f)
{
    int64_t n = 0;
    for (int64_t i = 0; i < f->count; i++)
        n += f->entries[i].n;
    return n;
}

static bool any_mask(const pruni_fusion *f)
{
    for (int64_t i = 0; i < f->count; i++)
        if (f->entries[i].before)
            return true;
    return false;
}

static int64_t count_open(const pruni_fusion *f)
{
    int64_t open = 0, place;
    pass p;
    start_pass(&p, f, false, false, NULL);
    for (const pruni_run *part; (part = next_part(&p, &place));)
        open += part->before ? pruni_kernel_count_ones(part->before, part->n) : part->n;
    return open;
}

/* ---- Finding the k-th ---- */

/* One selection at work. */
typedef struct search {
    pruni_fusion *fusion;
    prune_amount amount;
    int64_t n, open, k; /* open, k: −1 until they are known */
    pruni_pick pick;
    pruni_selection found;
    bool among_candidates;
} search;

/* k, once it is known how many entries are left to choose from. */
static prune_status count_units(search *s)
{
    if (s->open < 0)
        s->open = count_open(s->fusion);
    return pruni_units_to_prune(&s->k, s->amount, s->open);
}

static void set_window(search *s)
{
    const pruni_fusion *f = s->fusion;
    int64_t first = 0;
    if (f->at_random) {
        pruni_kernel_pick_window_of_draws(&s->pick, s->open, s->k);
        return;
    }
    for (int64_t i = 0; i < f->count; first += f->entries[i++].n)
        pruni_entries_sample(&f->entries[i], &s->pick, first);
    pruni_kernel_pick_window(&s->pick, s->k < 0 ? s->amount.fraction : (double)s->k / (double)s->open);
}

static void sieve(search *s)
{
    pruni_fusion *f = s->fusion;
    prune_generator *generator = f->at_random ? pruni_generator_lock(NULL) : NULL;
    const bool streams = s->pick.sieve.streams;
    int64_t place;
    pass p;
    if (generator)
        f->generator = *generator;
    start_pass(&p, f, f->by_rows, true, generator);
    for (const pruni_run *part; (part = next_part(&p, &place));) {
        s->pick.sieve.streams = streams && pruni_parts_write_through(&p.parts);
        pruni_kernel_pick_pass(&s->pick, part, place);
    }
    pruni_kernel_pick_end_pass();
    if (generator)
        pruni_generator_unlock(generator);
    if (s->open < 0 && s->pick.complete)
        s->open = s->pick.sieve.seen;
}

/* ---- The k-th that is not among the candidates ---- */

static int64_t count_below(const search *s, uint32_t key)
{
    int64_t below = 0, place;
    pass p;
    start_again(&p, s->fusion, s->fusion->by_rows, false);
    for (const pruni_run *part; (part = next_part(&p, &place));)
        below += pruni_kernel_count_below(part, key);
    return below;
}

static bool is_kth(search *s, uint32_t key)
{
    int64_t below = count_below(s, key);
    int64_t equal = s->k > below ? count_below(s, key + 1) - below : 0;
    s->found = (pruni_selection){ .key = key, .equal = equal, .equal_chosen = s->k - below };
    return s->k > below && s->k <= below + equal;
}

/* Of all, digit by digit. */
static void find_by_digits(search *s)
{
    static const int digits[][2] = { { 20, 11 }, { 10, 10 }, { 0, 10 } };
    int64_t k = s->k, place;
    uint32_t key = 0;
    for (int digit = 0; digit < 3; digit++) {
        int64_t bins[PRUNI_DIGIT_BINS] = { 0 };
        pass p;
        start_again(&p, s->fusion, s->fusion->by_rows, false);
        for (const pruni_run *part; (part = next_part(&p, &place));)
            pruni_kernel_count_digit(bins, part, digits[digit][0], digits[digit][1], key);
        uint32_t bin = pruni_kernel_find_bin(bins, &k);
        key = key << digits[digit][1] | bin;
        s->found = (pruni_selection){ .key = key, .equal = bins[bin], .equal_chosen = k };
    }
}

static void find_anyway(search *s)
{
    uint32_t guess = pruni_kernel_pick_nearest(&s->pick);
    for (int tries = 0; tries < 3; tries++) {
        if (is_kth(s, guess))
            return;
        guess = pruni_kernel_pick_next(&s->pick, guess, s->found.equal_chosen > 0);
    }
    find_by_digits(s);
}

static prune_status find(search *s)
{
    prune_status status = s->k < 0 ? count_units(s) : PRUNE_OK;
    if (status != PRUNE_OK || s->k == 0)
        return status;
    s->among_candidates = pruni_kernel_pick_find(&s->found, &s->pick, s->k);
    if (!s->among_candidates)
        find_anyway(s);
    return PRUNE_OK;
}

/* ---- Ties at the k-th: PyTorch goes by rows ---- */

/* As PyTorch: the tied ones that are chosen, listed. */
static prune_status list_ties(search *s)
{
    pruni_fusion *f = s->fusion;
    uint64_t *entries = pruni_alloc_array((size_t)s->open, sizeof *entries);
    if (!entries)
        return PRUNE_ERROR_MEMORY;
    int64_t count = 0, ties = 0, place;
    pass p;
    start_again(&p, f, true, false);
    for (const pruni_run *part; (part = next_part(&p, &place));)
        count += pruni_kernel_list_run(entries + count, part, place);
    pruni_kernel_order_as_torch(entries, count, s->k);
    for (int64_t i = 0; i < s->k; i++) {
        entries[ties] = entries[i];
        ties += entries[i] >> 32 == s->found.key;
    }
    f->ties = entries;
    f->tie_count = ties;
    return PRUNE_OK;
}

static bool is_in_row_order(const pruni_fusion *f)
{
    for (int64_t i = 0; i < f->count; i++)
        if (!f->entries[i].in_row_order)
            return false;
    return true;
}

/* Those of lowest index: the place after the last of them. */
static int64_t split_ties(search *s)
{
    pruni_fusion *f = s->fusion;
    int64_t left = s->found.equal_chosen, split = 0, place;
    if (!f->by_rows && !is_in_row_order(f)) {
        f->by_rows = true;
        s->among_candidates = false;
    }
    if (s->among_candidates)
        return pruni_kernel_pick_split(&s->pick, s->found.key, left);
    pass p;
    start_again(&p, f, true, false);
    for (const pruni_run *part; split == 0 && (part = next_part(&p, &place));)
        split = pruni_kernel_place_after_equal(part, place, s->found.key, &left);
    return split;
}

static prune_status choose(search *s, prune_ties ties)
{
    pruni_fusion *f = s->fusion;
    f->choice = (pruni_choice){ 0, 0 };
    if (s->k == 0)
        return PRUNE_OK;
    f->choice.key = s->found.key;
    if (s->found.equal_chosen == s->found.equal)
        f->choice.split = INT64_MAX;
    else if (ties == PRUNE_TIES_TORCH)
        return list_ties(s);
    else
        f->choice.split = split_ties(s);
    return PRUNE_OK;
}

/* ---- Writing ---- */

static void prune_ties_listed(const pruni_fusion *f)
{
    int64_t first = 0;
    for (int64_t i = 0; f->tie_count > 0 && i < f->count; first += f->entries[i++].n)
        pruni_entries_prune_listed(&f->entries[i], first, f->ties, f->tie_count);
}

static void set_values(const pruni_fusion *f)
{
    for (int64_t i = 0; i < f->count; i++) {
        const pruni_entries *e = &f->entries[i];
        if (e->value && !is_along_memory(e, f->by_rows))
            pruni_multiply(e->value, e->mask, e->orig);
    }
}

void pruni_write_entries(void *context, pruni_fusion *f)
{
    int64_t place;
    pass p;
    (void)context;
    start_again(&p, f, f->by_rows, true);
    for (const pruni_run *part; (part = next_part(&p, &place));)
        pruni_kernel_prune_run(part, place, &f->choice);
    prune_ties_listed(f);
    set_values(f);
}

/* The pass has written most of it. */
static void correct(search *s)
{
    const pruni_fusion *f = s->fusion;
    int64_t first = 0;
    pruni_kernel_pick_wrong(&s->pick, &f->choice);
    for (int64_t i = 0; i < f->count; first += f->entries[i++].n)
        pruni_entries_correct(&f->entries[i], f->by_rows, first, &s->pick, &f->choice);
    prune_ties_listed(f);
    set_values(f);
}

/* ---- All of it ---- */

static prune_status select_entries(search *s, prune_ties ties)
{
    enum { FEW = 1024 }; /* words that need no memory of their own */
    pruni_fusion *f = s->fusion;
    const int64_t count = pruni_kernel_pick_words(s->n);
    uint32_t few[FEW], *words = count <= FEW ? few : pruni_alloc_array((size_t)count, sizeof *words);
    if (!words)
        return PRUNE_ERROR_MEMORY;
    pruni_kernel_pick_start(&s->pick, words, s->n);
    set_window(s);
    sieve(s);
    prune_status status = find(s);
    if (status == PRUNE_OK)
        status = choose(s, ties);
    if (status == PRUNE_OK && f->writes && s->among_candidates) {
        correct(s);
        f->writes = false;
    }
    if (words != few)
        pruni_free(words);
    return status;
}

prune_status pruni_fuse_entries(pruni_fusion *f, prune_amount amount, prune_ties ties, bool at_random)
{
    search s = { .fusion = f, .amount = amount, .n = count_all(f), .open = -1, .k = -1 };
    bool masked = any_mask(f);
    f->at_random = f->by_rows = at_random; /* draws come by rows */
    if (!masked)
        s.open = s.n;
    if ((!masked || at_random || !pruni_is_fraction(amount)) && count_units(&s))
        return prune_last_status();
    if (s.k != 0 && s.n > 0)
        return select_entries(&s, ties);
    f->choice = (pruni_choice){ 0, 0 };
    f->at_random = f->by_rows = false;
    return PRUNE_OK;
}

void pruni_fusion_free(pruni_fusion *f)
{
    pruni_free(f->plan);
    pruni_free(f->ties);
}
