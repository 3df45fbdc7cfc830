/* Which part of a .pt file is asked for. */
#include "io/pt.h"

#include <string.h>

static const char *file_of(const pruni_pt *pt)
{
    return pt->source ? pt->source : "the file";
}

/* ---- What there is ---- */

/* Tensors that are items of a tree itself. */
static uint32_t count_direct(const pruni_pt *pt, pruni_pickle_id tree)
{
    uint32_t count = 0;
    uint32_t cell = 0;
    pruni_pt_step at = pruni_pt_begin(pt, tree);
    while (pruni_pt_has_next(pt, &at))
        count += pruni_pt_classify(pt, pruni_pt_next(pt, &at, &cell)) == PRUNI_PT_TENSOR;
    return count;
}

/* Whether its items have numbers, so that the tree is of interest as a whole. */
static bool is_numbered(const pruni_pt *pt, pruni_pickle_id tree)
{
    const pruni_pickle_value *value = pruni_pickle_get(&pt->pickle, tree);
    if (value->kind != PRUNI_PICKLE_DICT)
        return true;
    pruni_pickle_id key = pruni_pickle_item(&pt->pickle, value, 0);
    return key != PRUNI_PICKLE_NONE && pruni_pickle_get(&pt->pickle, key)->kind == PRUNI_PICKLE_INT;
}

/* How many tensors make a tree worth naming: its own, or all of a list or the like, below which nothing is named. */
static uint32_t count_named(pruni_pt_walk *walk)
{
    if (pruni_pt_classify(walk->pt, walk->item) != PRUNI_PT_TREE)
        return 0;
    if (!is_numbered(walk->pt, walk->item))
        return count_direct(walk->pt, walk->item);
    walk->depth--;
    return walk->summaries[walk->item].tensors;
}

/* "'model' (62), 'optimizer.state' (186)" */
static prune_status add_trees(pruni_text *list, const pruni_pt *pt, const pruni_pt_summary *summaries,
                              pruni_pickle_id root)
{
    enum { LISTED = 20 };
    pruni_pt_walk walk;
    bool found = true;
    int listed = 0;
    prune_status status = pruni_pt_walk_begin(&walk, pt, summaries, root);
    while (!status && found && listed <= LISTED) {
        char name[PRUNI_SHOWN_SIZE];
        status = pruni_pt_walk_next(&walk, &found);
        uint32_t count = !status && found ? count_named(&walk) : 0;
        if (count > 0 && listed++ < LISTED)
            pruni_text_add(list, "%s%s (%lu)", list->length > 0 ? ", " : "",
                           pruni_shown(name, walk.path.data, walk.path.length), (unsigned long)count);
    }
    if (listed > LISTED)
        pruni_text_add(list, ", and more");
    pruni_pt_walk_end(&walk);
    return status;
}

/* Fails with key: `what`, and where the tensors lie. */
static prune_status no_entry(const pruni_pt *pt, pruni_pt_summary *summaries, const char *what)
{
    pruni_pickle_id root = pt->pickle.result;
    pruni_text list = { NULL, 0, 0, false };
    char *words = NULL;
    if (pruni_pt_summarize(pt, summaries, root))
        return prune_last_status();
    if (summaries[root].tensors == 0)
        return prune_fail(PRUNE_ERROR_KEY, "%s: it holds no tensors", what);
    if (pruni_pt_classify(pt, root) != PRUNI_PT_TREE)
        return prune_fail(PRUNE_ERROR_KEY, "%s: it is one tensor", what);
    if (add_trees(&list, pt, summaries, root)) {
        pruni_text_free(&list);
        return prune_last_status();
    }
    if (count_direct(pt, root) > 0)
        pruni_text_add(&list, "%sthe top (%lu)", list.length > 0 ? ", " : "", (unsigned long)count_direct(pt, root));
    if (pruni_text_finish(&list, &words))
        return prune_last_status();
    prune_status status = prune_fail(PRUNE_ERROR_KEY, "%s; its tensors are in %s; the entry \"\" is all of them", what,
                                     words);
    pruni_free(words);
    return status;
}

static prune_status unsafe(const pruni_pt *pt, pruni_pickle_id id)
{
    char name[PRUNI_SHOWN_SIZE];
    pruni_pickle_describe(&pt->pickle, id, name);
    return pruni_bad_file(PRUNI_UNSAFE, pt->source, "only running code could make what %s stands for", name);
}

/* ---- The entry ---- */

static bool begins(const char *path, const char *key, size_t length)
{
    return strncmp(path, key, length) == 0 && (path[length] == '\0' || path[length] == '.');
}

/* The length of the item's name, if the path begins with it. */
static bool matches(size_t *length, const pruni_pt *pt, const pruni_pt_step *at, uint32_t cell, uint32_t i,
                    const char *path)
{
    char digits[24];
    int64_t number = i;
    if (pruni_pickle_get(&pt->pickle, at->tree)->kind == PRUNI_PICKLE_DICT) {
        const pruni_pickle_value *key = pruni_pickle_get(&pt->pickle, pt->pickle.cells[cell].value);
        if (key->kind == PRUNI_PICKLE_STRING) {
            const char *chars = pruni_pickle_chars(&pt->pickle, key->as.text);
            *length = key->as.text.length;
            return !memchr(chars, '\0', *length) && begins(path, chars, *length);
        }
        if (key->kind != PRUNI_PICKLE_INT)
            return false;
        number = key->as.integer;
    }
    *length = (size_t)snprintf(digits, sizeof digits, "%lld", (long long)number);
    return begins(path, digits, *length);
}

/* The item whose name is the longest that the path begins with. */
static bool find_item(pruni_pickle_id *out, size_t *longest, const pruni_pt *pt, pruni_pickle_id tree, const char *path)
{
    bool found = false;
    pruni_pt_step at = pruni_pt_begin(pt, tree);
    while (pruni_pt_has_next(pt, &at)) {
        size_t length = 0;
        uint32_t cell = 0;
        uint32_t i = at.i;
        pruni_pickle_id item = pruni_pt_next(pt, &at, &cell);
        if (matches(&length, pt, &at, cell, i, path) && (!found || length >= *longest)) {
            *out = item;
            *longest = length;
            found = true;
        }
    }
    return found;
}

static prune_status follow(pruni_pickle_id *out, const pruni_pt *pt, pruni_pt_summary *summaries, const char *entry)
{
    enum { SHOWN = 300 };
    char what[2 * PRUNI_SHOWN_SIZE];
    char shown[PRUNI_SHOWN_SIZE];
    const char *rest = entry;
    bool more = entry[0] != '\0';
    while (more) {
        size_t length = 0;
        if (pruni_pt_classify(pt, *out) == PRUNI_PT_OPAQUE)
            return unsafe(pt, *out);
        if (pruni_pt_classify(pt, *out) != PRUNI_PT_TREE || !find_item(out, &length, pt, *out, rest)) {
            (void)snprintf(what, sizeof what, "there is no entry %s in %.*s", pruni_shown(shown, entry, strlen(entry)),
                           SHOWN, file_of(pt));
            return no_entry(pt, summaries, what);
        }
        more = rest[length] == '.';
        rest += length + more;
    }
    pruni_pt_class class = pruni_pt_classify(pt, *out);
    if (class == PRUNI_PT_TREE || class == PRUNI_PT_OPAQUE || entry[0] == '\0')
        return PRUNE_OK;
    (void)snprintf(what, sizeof what, "the entry %s of %.*s is no dict", pruni_shown(shown, entry, strlen(entry)),
                   SHOWN, file_of(pt));
    return no_entry(pt, summaries, what);
}

static bool is_plain(const pruni_pt *pt, const pruni_pt_summary *summaries, pruni_pickle_id root)
{
    if (pruni_pt_classify(pt, root) != PRUNI_PT_TREE)
        return true; /* one tensor */
    bool is_dict = pruni_pickle_get(&pt->pickle, root)->kind == PRUNI_PICKLE_DICT;
    return summaries[root].tensors == 0 || (is_dict && summaries[root].tensors == count_direct(pt, root));
}

prune_status pruni_pt_find_entry(pruni_pickle_id *out, const pruni_pt *pt, pruni_pt_summary *summaries,
                                 const char *entry)
{
    enum { SHOWN = 300 };
    char what[PRUNI_SHOWN_SIZE];
    *out = pt->pickle.result;
    if ((entry && follow(out, pt, summaries, entry)) || pruni_pt_summarize(pt, summaries, *out))
        return prune_last_status();
    if (pruni_pt_classify(pt, *out) == PRUNI_PT_DATA) {
        (void)snprintf(what, sizeof what, "%.*s is no state dict", SHOWN, file_of(pt));
        return no_entry(pt, summaries, what);
    }
    if (!entry && !is_plain(pt, summaries, *out)) {
        (void)snprintf(what, sizeof what, "%.*s is no plain state dict", SHOWN, file_of(pt));
        return no_entry(pt, summaries, what);
    }
    return summaries[*out].opaque == PRUNI_PICKLE_NONE ? PRUNE_OK : unsafe(pt, summaries[*out].opaque);
}
