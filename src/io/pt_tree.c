/* The dicts, lists and tuples of a .pt file. They may share parts, but none contains itself. */
#include "io/pt.h"

#include <string.h>

enum { UNSEEN, OPEN, DONE };

/* ---- Names ---- */

static bool add_name(const pruni_pickle *pickle, pruni_text *path, const pruni_pickle_value *key)
{
    switch (key->kind) {
    case PRUNI_PICKLE_STRING:
        pruni_text_add_bytes(path, pruni_pickle_chars(pickle, key->as.text), key->as.text.length);
        return true;
    case PRUNI_PICKLE_INT:
        pruni_text_add(path, "%lld", (long long)key->as.integer);
        return true;
    default:
        return false;
    }
}

/* The name of an item, after that of its tree and a dot. */
static prune_status add_key(const pruni_pt *pt, pruni_text *path, const pruni_pt_step *above, uint32_t cell, uint32_t i)
{
    const pruni_pickle_value *tree = pruni_pickle_get(&pt->pickle, above->tree);
    path->length = above->path_length; /* without what came before */
    if (!above->is_root)
        pruni_text_add(path, ".");
    if (tree->kind != PRUNI_PICKLE_DICT)
        pruni_text_add(path, "%lu", (unsigned long)i);
    else if (!add_name(&pt->pickle, path, pruni_pickle_get(&pt->pickle, pt->pickle.cells[cell].value)))
        return pruni_bad_file(PRUNI_UNSUP, pt->source, "tensors in a dict whose keys are neither strings nor ints");
    if (path->length > PRUNI_PT_MAX_NAME)
        return pruni_bad_file(PRUNI_LIMIT, pt->source, "a name of more than %d bytes", PRUNI_PT_MAX_NAME);
    return path->failed ? PRUNE_ERROR_MEMORY : PRUNE_OK;
}

/* ---- Steps ---- */

pruni_pt_step pruni_pt_begin(const pruni_pt *pt, pruni_pickle_id tree)
{
    return (pruni_pt_step){ tree, pruni_pickle_get(&pt->pickle, tree)->as.items.first, 0, 0, true };
}

bool pruni_pt_has_next(const pruni_pt *pt, const pruni_pt_step *at)
{
    return at->i < pruni_pickle_get(&pt->pickle, at->tree)->count;
}

pruni_pickle_id pruni_pt_next(const pruni_pt *pt, pruni_pt_step *at, uint32_t *name_cell)
{
    const pruni_pickle_cell *cells = pt->pickle.cells;
    *name_cell = at->cell;
    if (pruni_pickle_get(&pt->pickle, at->tree)->kind == PRUNI_PICKLE_DICT) {
        at->cell = cells[at->cell].next;
        at->i++;
    }
    pruni_pickle_id item = cells[at->cell].value;
    at->cell = cells[at->cell].next;
    at->i++;
    return item;
}

/* ---- What they hold ---- */

static void add_summary(pruni_pt_summary *to, const pruni_pt_summary *part)
{
    to->tensors = part->tensors > UINT32_MAX - to->tensors ? UINT32_MAX : to->tensors + part->tensors;
    if (to->opaque == PRUNI_PICKLE_NONE)
        to->opaque = part->opaque;
}

static pruni_pt_summary summary_of_leaf(pruni_pt_class class, pruni_pickle_id id)
{
    return (pruni_pt_summary){ class == PRUNI_PT_TENSOR, DONE, class == PRUNI_PT_OPAQUE ? id : PRUNI_PICKLE_NONE };
}

/* That a tree may be entered from one that lies so deep. */
static prune_status check_entry(const pruni_pt *pt, const pruni_pt_summary *tree, int depth)
{
    if (tree->state == OPEN)
        return pruni_bad_file(PRUNI_LIMIT, pt->source, "a dict or list contains itself");
    if (depth == PRUNI_PT_MAX_DEPTH)
        return pruni_bad_file(PRUNI_LIMIT, pt->source, "dicts or lists lie more than %d deep", PRUNI_PT_MAX_DEPTH);
    return PRUNE_OK;
}

static pruni_pt_step enter(const pruni_pt *pt, pruni_pt_summary *summaries, pruni_pickle_id tree)
{
    summaries[tree] = (pruni_pt_summary){ 0, OPEN, PRUNI_PICKLE_NONE };
    return pruni_pt_begin(pt, tree);
}

prune_status pruni_pt_summarize(const pruni_pt *pt, pruni_pt_summary *summaries, pruni_pickle_id root)
{
    pruni_pt_step steps[PRUNI_PT_MAX_DEPTH];
    int depth = 0;
    pruni_pt_class class = pruni_pt_classify(pt, root);
    if (class != PRUNI_PT_TREE)
        summaries[root] = summary_of_leaf(class, root);
    else if (summaries[root].state == UNSEEN)
        steps[depth++] = enter(pt, summaries, root);
    while (depth > 0) {
        pruni_pt_step *top = &steps[depth - 1];
        pruni_pt_summary *summary = &summaries[top->tree];
        uint32_t cell = 0;
        if (!pruni_pt_has_next(pt, top)) {
            summary->state = DONE;
            depth--;
            if (depth > 0)
                add_summary(&summaries[steps[depth - 1].tree], summary);
            continue;
        }
        pruni_pickle_id item = pruni_pt_next(pt, top, &cell);
        class = pruni_pt_classify(pt, item);
        if (class != PRUNI_PT_TREE)
            summaries[item] = summary_of_leaf(class, item);
        if (summaries[item].state == DONE)
            add_summary(summary, &summaries[item]);
        else if (check_entry(pt, &summaries[item], depth))
            return prune_last_status();
        else
            steps[depth++] = enter(pt, summaries, item);
    }
    return PRUNE_OK;
}

/* ---- From one tensor, or tree with tensors, to the next ---- */

prune_status pruni_pt_walk_begin(pruni_pt_walk *walk, const pruni_pt *pt, const pruni_pt_summary *summaries,
                                 pruni_pickle_id root)
{
    *walk = (pruni_pt_walk){ .pt = pt, .summaries = summaries, .item = root };
    walk->steps = pruni_alloc_array(PRUNI_PT_MAX_DEPTH, sizeof *walk->steps);
    if (!walk->steps)
        return PRUNE_ERROR_MEMORY;
    if (pruni_pt_classify(pt, root) == PRUNI_PT_TREE)
        walk->steps[walk->depth++] = pruni_pt_begin(pt, root);
    return PRUNE_OK;
}

void pruni_pt_walk_end(pruni_pt_walk *walk)
{
    pruni_free(walk->steps);
    pruni_text_free(&walk->path);
}

/* Trees that stand in many places are walked through in each: not without end. */
static prune_status count_visit(pruni_pt_walk *walk)
{
    enum { FREE_VISITS = 1 << 20, VISITS_PER_CELL = 64 };
    if (++walk->visits <= FREE_VISITS + VISITS_PER_CELL * (uint64_t)walk->pt->pickle.cell_count)
        return PRUNE_OK;
    return pruni_bad_file(PRUNI_LIMIT, walk->pt->source, "the same dicts or lists stand in too many places");
}

prune_status pruni_pt_walk_next(pruni_pt_walk *walk, bool *found)
{
    const pruni_pt *pt = walk->pt;
    *found = false;
    while (walk->depth > 0) {
        pruni_pt_step *top = &walk->steps[walk->depth - 1];
        uint32_t cell = 0;
        if (!pruni_pt_has_next(pt, top)) {
            walk->depth--;
            continue;
        }
        uint32_t i = top->i;
        walk->item = pruni_pt_next(pt, top, &cell);
        if (count_visit(walk))
            return prune_last_status();
        if (walk->summaries[walk->item].tensors == 0)
            continue;
        if (add_key(pt, &walk->path, top, cell, i))
            return prune_last_status();
        *found = true;
        if (pruni_pt_classify(pt, walk->item) == PRUNI_PT_TREE) {
            walk->steps[walk->depth] = pruni_pt_begin(pt, walk->item);
            walk->steps[walk->depth].path_length = walk->path.length;
            walk->steps[walk->depth++].is_root = false;
        }
        return PRUNE_OK;
    }
    return PRUNE_OK;
}
