/* The k-th smallest of many scores by sample, pass and choice among the candidates. */
#include "kernels/sieve.h"

#include <math.h>

#if defined(PRUNI_X86)
#include <xmmintrin.h>
#endif

enum {
    BLOCK = 1 << 13,            /* entries a call of the sieve */
    ALL_CANDIDATES = 1 << 12,   /* so few entries are all candidates */
    SLACK = 16,                 /* of how many in the window one may be superfluous at either end */
    MOST_SAMPLES = 1 << 18,     /* 1 MB */
    MOST_CANDIDATES = 14 << 15, /* 3.5 MB */
    STREAMED = 1 << 21          /* 8 MB each of mask and value */
};

/* ---- Room ---- */

/* More samples mean fewer candidates: this about evens out what the two cost. */
static int64_t sample_size(int64_t n)
{
    double root = cbrt((double)n);
    return n <= ALL_CANDIDATES
               ? 0
               : pruni_smaller((int64_t)(2 * root * root), MOST_SAMPLES) / PRUNI_SAMPLE_LINE * PRUNI_SAMPLE_LINE;
}

/* Standard deviations on either side of the rank that is looked for. */
static const double margin = 3;

/* Twice as many as are to be expected. */
static int64_t candidate_room(int64_t n)
{
    if (n <= ALL_CANDIDATES)
        return n;
    double share = 2 * margin * 0.5 / sqrt((double)sample_size(n));
    return pruni_smaller((int64_t)(2 * share * (double)n), MOST_CANDIDATES) + BLOCK;
}

int64_t pruni_kernel_pick_words(int64_t n)
{
    return 2 * candidate_room(n) + sample_size(n);
}

/* Lines lie at even distances, each moved by chance, so that no pattern in the scores falls into step with them. */
static void place_line(pruni_pick *pick)
{
    pick->chance = pick->chance * 6364136223846793005u + 1442695040888963407u;
    int64_t jitter = (int64_t)((pick->chance >> 40) * (uint64_t)(pick->step - PRUNI_SAMPLE_LINE + 1) >> 24);
    pick->next_line = pick->line_start + jitter;
}

static void next_line(pruni_pick *pick)
{
    pick->lines_left--;
    pick->line_start += pick->step;
    place_line(pick);
}

void pruni_kernel_pick_start(pruni_pick *pick, uint32_t *words, int64_t n)
{
    int64_t room = candidate_room(n);
    *pick = (pruni_pick){
        .sieve = { .high = PRUNI_ALL_KEYS, .streams = n >= STREAMED, .keys = words, .places = words + room },
        .n = n,
        .room = room,
        .sample = words + 2 * room,
        .lines_left = sample_size(n) / PRUNI_SAMPLE_LINE,
        .chance = 0x9e3779b97f4a7c15u,
        .complete = true,
    };
    if (pick->lines_left > 0) {
        pick->step = n / pick->lines_left;
        place_line(pick);
    }
}

/* ---- The sample ---- */

bool pruni_kernel_pick_line(const pruni_pick *pick, int64_t end, int64_t *place)
{
    *place = pick->next_line;
    return pick->lines_left > 0 && *place < end;
}

/* The keys of up to 16 entries side by side. */
static void take_line(pruni_pick *pick, const pruni_run *run, int64_t start)
{
    int64_t length = pruni_smaller(run->n - start, PRUNI_SAMPLE_LINE);
    uint32_t *sample = pick->sample + pick->sampled;
    int64_t count = 0;
    if (!run->before && length == PRUNI_SAMPLE_LINE) { /* the usual case, short, so that many cache misses overlap */
        for (; count < PRUNI_SAMPLE_LINE; count++)
            sample[count] = pruni_select_key(run->scores[start + count], false);
    } else {
        for (int64_t i = start; i < start + length; i++) {
            sample[count] = pruni_sieve_key(run, i);
            count += pruni_sieve_is_open(run, i);
        }
    }
    pick->sampled += count;
}

void pruni_kernel_pick_take_line(pruni_pick *pick, const pruni_run *line)
{
    take_line(pick, line, 0);
    next_line(pick);
}

void pruni_kernel_pick_take_lines(pruni_pick *pick, const pruni_run *run, int64_t first)
{
    for (int64_t place; pruni_kernel_pick_line(pick, first + run->n, &place); next_line(pick))
        take_line(pick, run, place - first);
}

/* Narrows the window to where the sample has the ranks from `first` to `last`, about. */
static void narrow(pruni_pick *pick, int64_t n, int64_t first, int64_t last)
{
    const int64_t slack = (last - first) / SLACK;
    pruni_bracket low = { .high = PRUNI_ALL_KEYS, .below_high = n };
    pruni_kernel_close_in(&low, pick->sample, n, first, last, slack);
    pruni_bracket high = low;
    pruni_kernel_close_in(&low, pick->sample, n, first, first, slack);
    pruni_kernel_close_in(&high, pick->sample, n, last, last, slack);
    pick->sieve.low = low.low;
    pick->sieve.high = high.high;
    pick->sieve.cut = low.low + (high.high - low.low) / 2;
}

void pruni_kernel_pick_window(pruni_pick *pick, double share)
{
    const int64_t count = pick->sampled;
    if (count == 0)
        return;
    double rank = share * (double)count;
    double fitting = (double)(pick->room - BLOCK) / 1.5 * (double)count / (double)pick->n / 2;
    double reach = fmin(margin * sqrt(rank * (1 - share)) + 1, fmax(fitting, 1));
    narrow(pick, count, (int64_t)floor(rank - reach), (int64_t)ceil(rank + reach));
}

void pruni_kernel_pick_window_of_draws(pruni_pick *pick, int64_t n, int64_t k)
{
    const double keys = 0x1p24;
    const double deviations = 6; /* about one in 10^9 is further off */
    if (pick->n <= ALL_CANDIDATES)
        return;
    double share = (double)k / (double)n;
    double middle = share * keys;
    double reach = deviations * sqrt(share * (1 - share) / (double)n) * keys + 1;
    pick->sieve.low = (uint32_t)fmax(middle - reach, 0);
    pick->sieve.cut = (uint32_t)middle;
    pick->sieve.high = (uint32_t)(fmin(middle + reach, keys) + 1);
}

/* ---- The pass ---- */

pruni_run pruni_kernel_run_part(const pruni_run *run, int64_t start, int64_t n)
{
    return (pruni_run){
        .n = n,
        .scores = run->scores ? run->scores + start : NULL,
        .draws = run->draws ? run->draws + start : NULL,
        .before = run->before ? run->before + start : NULL,
        .orig = run->orig ? run->orig + start : NULL,
        .mask = run->mask ? run->mask + start : NULL,
        .value = run->value ? run->value + start : NULL,
    };
}

/* Entries before the first that is aligned: of what is written, or else read. */
static int64_t entries_to_alignment(const pruni_run *run)
{
    const uintptr_t line = 64;
    uintptr_t start = run->mask ? (uintptr_t)run->mask : run->draws ? (uintptr_t)run->draws : (uintptr_t)run->scores;
    return (int64_t)((line - start % line) % line / sizeof *run->scores);
}

bool pruni_kernel_pick_pass(pruni_pick *pick, const pruni_run *run, int64_t first)
{
    const bool pays = run->n > BLOCK || pick->sieve.streams; /* for entries left over at the end are slow */
    int64_t head = pays ? entries_to_alignment(run) : 0;
    int64_t size = head > 0 ? head : BLOCK;
    for (int64_t done = 0; done < run->n; done += size, size = BLOCK) {
        const pruni_run block = pruni_kernel_run_part(run, done, pruni_smaller(size, run->n - done));
        pick->complete = pick->complete && pick->sieve.count + block.n <= pick->room;
        if (!pick->complete)
            return false;
        pruni_kernel_sieve(&pick->sieve, &block, (uint32_t)(first + done));
    }
    return true;
}

/* What went past the caches may else come after later writes. */
void pruni_kernel_pick_end_pass(void)
{
#if defined(PRUNI_X86)
    _mm_sfence();
#endif
}

/* ---- The k-th among the candidates ---- */

/* The one key from `low` to below `high`. */
static uint32_t only_key(const uint32_t *keys, int64_t n, uint32_t low, uint32_t high)
{
    uint32_t found = 0;
    for (int64_t i = 0; i < n; i++)
        found |= keys[i] >= low && keys[i] < high ? keys[i] : 0;
    return found;
}

bool pruni_kernel_pick_find(pruni_selection *found, const pruni_pick *pick, int64_t k)
{
    const pruni_sieve *sieve = &pick->sieve;
    int64_t rank = k - 1 - sieve->below;
    if (!pick->complete || rank < 0 || rank >= sieve->count)
        return false;
    pruni_bracket b = { .low = sieve->low, .high = sieve->high, .below_high = sieve->count };
    pruni_kernel_close_in(&b, sieve->keys, sieve->count, rank, rank, 1);
    *found = (pruni_selection){
        .key = b.high - b.low > 1 ? only_key(sieve->keys, sieve->count, b.low, b.high) : b.low,
        .equal = b.below_high - b.below_low,
        .equal_chosen = rank + 1 - b.below_low,
    };
    return true;
}

/* ---- The k-th without candidates ---- */

int64_t pruni_kernel_count_below(const pruni_run *run, uint32_t key)
{
    pruni_sieve sieve = { .low = key, .cut = key, .high = key };
    pruni_run read = *run;
    read.mask = read.value = NULL;
    pruni_kernel_sieve(&sieve, &read, 0);
    return sieve.below;
}

void pruni_kernel_count_digit(int64_t bins[PRUNI_DIGIT_BINS], const pruni_run *run, int shift, int bits,
                              uint32_t prefix)
{
    for (int64_t i = 0; i < run->n; i++) {
        uint32_t key = pruni_sieve_key(run, i) >> shift;
        bins[key & ((1u << bits) - 1)] += key >> bits == prefix && pruni_sieve_is_open(run, i);
    }
}

uint32_t pruni_kernel_pick_nearest(const pruni_pick *pick)
{
    uint32_t cut = pick->sieve.cut, nearest = cut, least = UINT32_MAX;
    for (int64_t i = 0; i < pick->sampled; i++) {
        uint32_t key = pick->sample[i];
        uint32_t distance = key < cut ? cut - key : key - cut;
        nearest = distance < least ? key : nearest;
        least = distance < least ? distance : least;
    }
    return nearest;
}

uint32_t pruni_kernel_pick_next(const pruni_pick *pick, uint32_t key, bool up)
{
    uint32_t next = up ? PRUNI_ALL_KEYS : 0;
    bool found = false;
    for (int64_t i = 0; i < pick->sampled; i++) {
        uint32_t other = pick->sample[i];
        bool nearer = up ? other > key && other < next : other < key && other >= next;
        next = nearer ? other : next;
        found = found || nearer;
    }
    return found ? next : key;
}

/* ---- What is chosen ---- */

static void set_entry(const pruni_run *run, int64_t i, float mask)
{
    run->mask[i] = mask;
    if (run->value)
        run->value[i] = mask * run->orig[i];
}

void pruni_kernel_set_entry(const pruni_run *entry, bool stays)
{
    set_entry(entry, 0, stays ? pruni_one() : 0);
}

/* Of the candidates from `start`, up to before `end`, those that lie between the cut and where it should have been. */
static void list_wrong(pruni_pick *pick, int64_t *wrong, int64_t start, int64_t end, uint32_t limit)
{
    const pruni_sieve *sieve = &pick->sieve;
    uint32_t low = limit < sieve->cut ? limit : sieve->cut;
    uint32_t high = limit < sieve->cut ? sieve->cut : limit;
    *wrong += pruni_kernel_list_between(sieve->places + *wrong, sieve->places + start, sieve->keys + start, end - start,
                                        low, high);
}

void pruni_kernel_pick_wrong(pruni_pick *pick, const pruni_choice *choice)
{
    pruni_sieve *sieve = &pick->sieve;
    int64_t wrong = 0, split = choice->split > UINT32_MAX ? sieve->count : 0;
    while (split < sieve->count && sieve->places[split] < choice->split)
        split++;
    list_wrong(pick, &wrong, 0, split, choice->key + 1);
    list_wrong(pick, &wrong, split, sieve->count, choice->key);
    sieve->count = wrong;
}

void pruni_kernel_pick_correct(const pruni_pick *pick, const pruni_run *run, int64_t first, const pruni_choice *choice)
{
    const pruni_sieve *sieve = &pick->sieve;
    const float mask = choice->key < sieve->cut ? pruni_one() : 0; /* too much was pruned, or too little */
    for (int64_t i = 0; i < sieve->count; i++) {
        int64_t at = sieve->places[i] - first;
        if (at >= 0 && at < run->n)
            set_entry(run, at, mask);
    }
}

void pruni_kernel_prune_run(const pruni_run *run, int64_t first, const pruni_choice *choice)
{
    int64_t split = pruni_smaller(choice->split > first ? choice->split - first : 0, run->n);
    for (int part = 0; part < 2; part++) {
        uint32_t cut = part == 0 ? choice->key + 1 : choice->key;
        pruni_sieve sieve = { .low = cut, .cut = cut, .high = cut };
        const pruni_run side = part == 0 ? pruni_kernel_run_part(run, 0, split)
                                         : pruni_kernel_run_part(run, split, run->n - split);
        pruni_kernel_sieve(&sieve, &side, 0);
    }
}

void pruni_kernel_prune_listed(const pruni_run *run, int64_t first, const uint64_t *entries, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        int64_t at = (int64_t)(entries[i] & UINT32_MAX) - first;
        if (at >= 0 && at < run->n)
            set_entry(run, at, 0);
    }
}

int64_t pruni_kernel_place_after_equal(const pruni_run *run, int64_t first, uint32_t key, int64_t *left)
{
    for (int64_t i = 0; i < run->n; i++)
        if (pruni_sieve_key(run, i) == key && pruni_sieve_is_open(run, i) && --*left == 0)
            return first + i + 1;
    return 0;
}

int64_t pruni_kernel_pick_split(const pruni_pick *pick, uint32_t key, int64_t left)
{
    const pruni_sieve *sieve = &pick->sieve;
    int64_t i = -1;
    while (left > 0)
        left -= sieve->keys[++i] == key;
    return (int64_t)sieve->places[i] + 1;
}
