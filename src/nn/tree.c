/* Depth-first walks over a tree of modules, with an explicit stack. */
#include "nn/internal.h"

void pruni_tree_start(pruni_tree *walk, const prune_module *root, pruni_tree_mode mode, bool children_first)
{
    *walk = (pruni_tree){ .mode = mode, .children_first = children_first };
    walk->root = (prune_module *)(uintptr_t)root;
}

static void set_path(pruni_tree *walk, size_t length)
{
    if (walk->path.data) {
        walk->path.length = length;
        walk->path.data[length] = '\0';
    }
}

/* Whether the child at this place is to be walked into. */
static bool wanted(const pruni_tree *walk, const prune_module *parent, int64_t place)
{
    const prune_module *child = parent->children[place].module;
    if (!child)
        return false;
    if (walk->mode == PRUNI_TREE_ONCE)
        return !pruni_memo_find(&walk->seen, child);
    for (int64_t i = 0; walk->mode == PRUNI_TREE_SIBLINGS_ONCE && i < place; i++)
        if (parent->children[i].module == child)
            return false;
    return true;
}

/* Goes down to a module; the path is its own already. */
static bool enter(pruni_tree *walk, prune_module *module)
{
    void *frames = walk->frames;
    walk->failed = walk->failed || walk->path.failed
                   || pruni_grow(&frames, &walk->capacity, walk->depth + 1, sizeof *walk->frames)
                   || (walk->mode == PRUNI_TREE_ONCE && pruni_memo_add(&walk->seen, module, NULL));
    walk->frames = frames;
    if (walk->failed)
        return false;
    walk->frames[walk->depth++] = (struct pruni_tree_frame){ module, 0, walk->path.length };
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
        struct pruni_tree_frame *top = &walk->frames[walk->depth - 1];
        prune_module *module = top->module;
        set_path(walk, top->path_length);
        if (top->next == module->child_count) {
            walk->depth--;
            if (walk->children_first)
                return module;
            continue;
        }
        int64_t place = top->next++;
        if (!wanted(walk, module, place))
            continue;
        pruni_text_add(&walk->path, top->path_length > 0 ? ".%s" : "%s", module->children[place].name);
        if (enter(walk, module->children[place].module) && !walk->children_first)
            return module->children[place].module;
    }
    return NULL;
}

const char *pruni_tree_path(pruni_tree *walk, const char *name)
{
    size_t length = walk->frames[walk->depth - 1].path_length;
    set_path(walk, length);
    pruni_text_add(&walk->path, length > 0 ? ".%s" : "%s", name);
    walk->failed = walk->failed || walk->path.failed;
    return walk->failed ? NULL : walk->path.data;
}

prune_status pruni_tree_end(pruni_tree *walk)
{
    bool failed = walk->failed;
    pruni_free(walk->frames);
    pruni_memo_free(&walk->seen);
    pruni_text_free(&walk->path);
    *walk = (pruni_tree){ .failed = false };
    return failed ? PRUNE_ERROR_MEMORY : PRUNE_OK;
}

/* As deep as the caller has nested modules. NOLINTNEXTLINE(misc-no-recursion) */
bool pruni_module_any(const prune_module *module, bool (*test)(const prune_module *module))
{
    if (test(module))
        return true;
    for (int64_t i = 0; i < module->child_count; i++)
        if (module->children[i].module && pruni_module_any(module->children[i].module, test))
            return true;
    return false;
}
