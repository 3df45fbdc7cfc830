/* Unstructured methods without copies: the choice among the entries of one or more arrays, and its writing. */
#include "prune/internal.h"

/* ---- Runs in parts ---- */

enum { PART = 4 * PRUNI_MT19937_WORDS }; /* a multiple of 32, the entries that vectors take at a time */

/* A run of scores as it is; a run for draws in parts, with those of the part; a run of which the mask alone is wanted in
 * parts, of which the value is written to where nobody looks. */
typedef struct parts {
    const pruni_run *run;
    prune_generator *generator; /* NULL: scores */
    bool whole;                 /* the run is one part */
    pruni_run part;
    int64_t done; /* entries before the part */
    uint32_t draws[PART];
    float unseen[PART];
} parts;

static void start_parts(parts *p, const pruni_run *run, prune_generator *generator)
{
    p->run = run;
    p->generator = run->draws ? NULL : generator;
    p->whole = !p->generator && (!run->mask || run->value);
    p->part.n = 0;
    p->done = 0;
}

/* A draw for each entry that is not passed over, in the entry's place. */
static void draw_part(parts *p)
{
    uint32_t drawn[PART];
    const pruni_run *part = &p->part;
    if (part->before) {
        pruni_generator_draw(p->generator, drawn, pruni_kernel_count_ones(part->before, part->n));
        pruni_kernel_spread_ones(p->draws, drawn, part->before, part->n);
    } else {
        pruni_generator_draw(p->generator, p->draws, part->n);
    }
    p->part.draws = p->draws;
}

static bool next_part(parts *p)
{
    p->done += p->part.n;
    int64_t left = p->run->n - p->done;
    int64_t most = p->whole ? left : PART;
    if (left == 0)
        return false;
    p->part = pruni_kernel_run_part(p->run, p->done, left < most ? left : most);
    if (p->generator)
        draw_part(p);
    if (p->part.mask && !p->part.value)
        p->part.value = p->unseen;
    return true;
}

/* ---- How many ---- */

static int64_t count_all(const pruni_fusion *f)
{
    int64_t n = 0;
    for (int64_t i = 0; i < f->count; i++)
        n += f->runs[i].n;
    return n;
}

static bool any_mask(const pruni_fusion *f)
{
    for (int64_t i = 0; i < f->count; i++)
        if (f->runs[i].before)
            return true;
    return false;
}

static int64_t count_open(const pruni_fusion *f)
{
    int64_t open = 0;
    for (int64_t i = 0; i < f->count; i++)
        open += f->runs[i].before ? pruni_kernel_count_ones(f->runs[i].before, f->runs[i].n) : f->runs[i].n;
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

static void pass(search *s)
{
    pruni_fusion *f = s->fusion;
    prune_generator *generator = f->at_random ? pruni_generator_lock(NULL) : NULL;
    int64_t first = 0;
    parts p;
    if (generator)
        f->generator = *generator;
    for (int64_t i = 0; i < f->count; first += f->runs[i++].n) {
        start_parts(&p, &f->runs[i], generator);
        while (next_part(&p))
            pruni_kernel_pick_pass(&s->pick, &p.part, first + p.done);
    }
    if (generator)
        pruni_generator_unlock(generator);
    if (s->open < 0 && s->pick.complete)
        s->open = s->pick.sieve.seen;
}

/* Draws that lie so oddly that they are needed side by side. */
static prune_status keep_draws(search *s)
{
    pruni_fusion *f = s->fusion;
    struct prune_generator generator = f->generator;
    parts p;
    uint32_t *next = pruni_alloc_array((size_t)s->n, sizeof *next);
    if (!next)
        return PRUNE_ERROR_MEMORY;
    f->draws = next;
    for (int64_t i = 0; i < f->count; i++) {
        start_parts(&p, &f->runs[i], &generator);
        for (; next_part(&p); next += p.part.n)
            pruni_kernel_copy(sizeof *next, next, 1, p.draws, 1, p.part.n);
    }
    next = f->draws;
    for (int64_t i = 0; i < f->count; next += f->runs[i++].n)
        f->runs[i].draws = next;
    return PRUNE_OK;
}

static prune_status find(search *s)
{
    pruni_fusion *f = s->fusion;
    prune_status status = s->k < 0 ? count_units(s) : PRUNE_OK;
    if (status != PRUNE_OK || s->k == 0)
        return status;
    s->among_candidates = pruni_kernel_pick_find(&s->found, &s->pick, s->k);
    if (s->among_candidates)
        return PRUNE_OK;
    if (f->at_random && keep_draws(s))
        return PRUNE_ERROR_MEMORY;
    pruni_kernel_pick_anyway(&s->found, &s->pick, f->runs, f->count, s->k);
    return PRUNE_OK;
}

/* ---- Ties at the k-th ---- */

/* As PyTorch: the tied ones that are chosen, listed. */
static prune_status list_ties(search *s)
{
    pruni_fusion *f = s->fusion;
    uint64_t *entries = pruni_alloc_array((size_t)s->open, sizeof *entries);
    if (!entries)
        return PRUNE_ERROR_MEMORY;
    struct prune_generator generator = f->generator;
    int64_t first = 0, count = 0;
    parts p;
    for (int64_t i = 0; i < f->count; first += f->runs[i++].n) {
        start_parts(&p, &f->runs[i], f->at_random ? &generator : NULL);
        while (next_part(&p))
            count += pruni_kernel_list_run(entries + count, &p.part, first + p.done);
    }
    pruni_kernel_order_as_torch(entries, count, s->k);
    f->ties = entries;
    int64_t ties = 0;
    for (int64_t i = 0; i < s->k; i++) {
        entries[ties] = entries[i];
        ties += entries[i] >> 32 == s->found.key;
    }
    f->tie_count = ties;
    return PRUNE_OK;
}

/* Those of lowest index: the place after the last of them. */
static int64_t split_ties(const search *s)
{
    const pruni_fusion *f = s->fusion;
    int64_t left = s->found.equal_chosen;
    if (s->among_candidates)
        return pruni_kernel_pick_split(&s->pick, s->found.key, left);
    int64_t first = 0, split = 0;
    for (int64_t i = 0; split == 0 && i < f->count; first += f->runs[i++].n)
        split = pruni_kernel_place_after_equal(&f->runs[i], first, s->found.key, &left);
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
    for (int64_t i = 0; f->tie_count > 0 && i < f->count; first += f->runs[i++].n)
        pruni_kernel_prune_listed(&f->runs[i], first, f->ties, f->tie_count);
}

void pruni_write_entries(void *context, pruni_fusion *f)
{
    int64_t first = 0;
    parts p;
    (void)context;
    for (int64_t i = 0; i < f->count; first += f->runs[i++].n) {
        start_parts(&p, &f->runs[i], f->at_random ? &f->generator : NULL);
        while (next_part(&p))
            pruni_kernel_prune_run(&p.part, first + p.done, &f->choice);
    }
    prune_ties_listed(f);
}

/* The pass has written most of it. */
static void correct(search *s)
{
    const pruni_fusion *f = s->fusion;
    int64_t first = 0;
    pruni_kernel_pick_wrong(&s->pick, &f->choice);
    for (int64_t i = 0; i < f->count; first += f->runs[i++].n)
        pruni_kernel_pick_correct(&s->pick, &f->runs[i], first, &f->choice);
    prune_ties_listed(f);
}

/* ---- All of it ---- */

static prune_status select_entries(search *s, prune_ties ties)
{
    pruni_fusion *f = s->fusion;
    uint32_t *words = pruni_alloc_array((size_t)pruni_kernel_pick_words(s->n), sizeof *words);
    if (!words)
        return PRUNE_ERROR_MEMORY;
    pruni_kernel_pick_start(&s->pick, words, s->n);
    if (f->at_random)
        pruni_kernel_pick_window_of_draws(&s->pick, s->open, s->k);
    else
        pruni_kernel_pick_window(&s->pick, f->runs, s->k < 0 ? s->amount.fraction : (double)s->k / (double)s->open);
    pass(s);
    prune_status status = find(s);
    if (status == PRUNE_OK)
        status = choose(s, ties);
    if (status == PRUNE_OK && f->writes && s->among_candidates) {
        correct(s);
        f->writes = false;
    }
    pruni_free(words);
    return status;
}

prune_status pruni_fuse_entries(pruni_fusion *f, prune_amount amount, prune_ties ties, bool at_random)
{
    search s = { .fusion = f, .amount = amount, .n = count_all(f), .open = -1, .k = -1 };
    bool masked = any_mask(f);
    f->at_random = at_random;
    if (!masked)
        s.open = s.n;
    if ((!masked || at_random || !pruni_is_fraction(amount)) && count_units(&s))
        return prune_last_status();
    if (s.k != 0 && s.n > 0)
        return select_entries(&s, ties);
    f->choice = (pruni_choice){ 0, 0 };
    f->at_random = false;
    return PRUNE_OK;
}

void pruni_fusion_free(pruni_fusion *f)
{
    pruni_free(f->plan);
    pruni_free(f->ties);
    pruni_free(f->draws);
}
