/* Depth-first walks over a tree of modules, with an explicit stack. */
#include "nn/internal.h"

#include <string.h>

void pruni_tree_start(pruni_tree *walk, const prune_module *root, pruni_tree_mode mode, bool children_first)
{
    *walk = (pruni_tree){ .mode = mode, .children_first = children_first };
    walk->root = (prune_module *)(uintptr_t)root;
}

static struct pruni_tree_frame *frame_at(pruni_tree *walk, int64_t depth)
{
    return depth < PRUNI_TREE_SHALLOW ? &walk->shallow[depth] : &walk->deep[depth - PRUNI_TREE_SHALLOW];
}

static bool was_seen(const pruni_tree *walk, const prune_module *module)
{
    for (int64_t i = 0; i < walk->few; i++)
        if (walk->few_seen[i] == module)
            return true;
    return pruni_memo_find(&walk->seen, module) != NULL;
}

/* A module with one reference stands in one place, and need not be remembered. */
static prune_status remember(pruni_tree *walk, const prune_module *module)
{
    if (walk->mode != PRUNI_TREE_ONCE || !pruni_refs_shared(&module->refs))
        return PRUNE_OK;
    if (walk->few == PRUNI_TREE_FEW)
        return pruni_memo_add(&walk->seen, module, NULL);
    walk->few_seen[walk->few++] = module;
    return PRUNE_OK;
}

/* Whether the child at this place is to be walked into. */
static bool wanted(const pruni_tree *walk, const prune_module *parent, int64_t place)
{
    const prune_module *child = parent->children[place].module;
    if (!child)
        return false;
    if (walk->mode == PRUNI_TREE_ONCE)
        return !was_seen(walk, child);
    for (int64_t i = 0; walk->mode == PRUNI_TREE_SIBLINGS_ONCE && i < place; i++)
        if (parent->children[i].module == child)
            return false;
    return true;
}

static bool enter(pruni_tree *walk, prune_module *module)
{
    int64_t deep_frames = walk->depth + 1 - PRUNI_TREE_SHALLOW;
    void *deep = walk->deep;
    walk->failed = (deep_frames > 0 && pruni_grow(&deep, &walk->capacity, deep_frames, sizeof *walk->deep))
                   || remember(walk, module);
    walk->deep = deep;
    if (walk->failed)
        return false;
    *frame_at(walk, walk->depth++) = (struct pruni_tree_frame){ module, 0 };
    return true;
}

prune_module *pruni_tree_next(pruni_tree *walk)
{
    if (walk->root) {
        prune_module *root = walk->root;
        walk->root = NULL;
        if (enter(walk, root) && !walk->children_first)
            return root;
    }
    while (walk->depth > 0 && !walk->failed) {
        struct pruni_tree_frame *top = frame_at(walk, walk->depth - 1);
        prune_module *module = top->module;
        if (top->next == module->child_count) {
            walk->depth--;
            if (walk->children_first)
                return module;
            continue;
        }
        int64_t place = top->next++;
        if (wanted(walk, module, place) && enter(walk, module->children[place].module) && !walk->children_first)
            return module->children[place].module;
    }
    return NULL;
}

const char *pruni_tree_path(pruni_tree *walk, const char *name)
{
    walk->path.length = 0;
    for (int64_t i = 0; i < walk->depth - 1; i++) {
        const struct pruni_tree_frame *frame = frame_at(walk, i);
        const char *child = frame->module->children[frame->next - 1].name;
        pruni_text_add_bytes(&walk->path, ".", i > 0);
        pruni_text_add_bytes(&walk->path, child, strlen(child));
    }
    pruni_text_add_bytes(&walk->path, ".", name && walk->depth > 1);
    pruni_text_add_bytes(&walk->path, name ? name : "", name ? strlen(name) : 0);
    walk->failed = walk->failed || walk->path.failed;
    return walk->failed ? NULL : walk->path.data;
}

prune_status pruni_tree_end(pruni_tree *walk)
{
    bool failed = walk->failed;
    pruni_free(walk->deep);
    pruni_memo_free(&walk->seen);
    pruni_text_free(&walk->path);
    *walk = (pruni_tree){ .failed = false };
    return failed ? PRUNE_ERROR_MEMORY : PRUNE_OK;
}

/* ---- Lists of modules ---- */

static prune_module **place_of(pruni_modules *list, int64_t i)
{
    return i < PRUNI_MODULES_FEW ? &list->few[i] : &list->more[i - PRUNI_MODULES_FEW];
}

static prune_status add(pruni_modules *list, prune_module *module)
{
    void *more = list->more;
    if (list->count >= PRUNI_MODULES_FEW
        && pruni_grow(&more, &list->capacity, list->count + 1 - PRUNI_MODULES_FEW, sizeof(prune_module *)))
        return PRUNE_ERROR_MEMORY;
    list->more = more;
    *place_of(list, list->count++) = prune_module_retain(module);
    return PRUNE_OK;
}

prune_status pruni_modules_list(pruni_modules *list, prune_module *root, pruni_tree_mode mode, bool children_first)
{
    pruni_tree walk;
    pruni_tree_start(&walk, root, mode, children_first);
    prune_status status = PRUNE_OK;
    for (prune_module *m; status == PRUNE_OK && (m = pruni_tree_next(&walk));)
        status = add(list, m);
    return pruni_tree_end(&walk) ? PRUNE_ERROR_MEMORY : status;
}

prune_module *pruni_modules_at(pruni_modules *list, int64_t i)
{
    return *place_of(list, i);
}

void pruni_modules_free(pruni_modules *list)
{
    for (int64_t i = 0; i < list->count; i++)
        prune_module_release(pruni_modules_at(list, i));
    pruni_free(list->more);
    *list = (pruni_modules){ .count = 0 };
}
