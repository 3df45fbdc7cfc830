/* Modules as print(module) shows them. */
#include "nn/internal.h"

#include <string.h>

static bool is_blank(const char *line, size_t length)
{
    return strspn(line, " \t\v\f\r\x1c\x1d\x1e\x1f") >= length;
}

/* Adds the end of the line before, and a line moved right, or nothing in its place. */
static void add_line(pruni_text *text, const char *line, size_t length, int64_t indent, bool leave_out)
{
    pruni_text_add(text, "\n");
    if (leave_out)
        return;
    pruni_text_add_spaces(text, indent);
    pruni_text_add_bytes(text, line, length);
}

/* Adds a name; should it have lines, the later ones move right with the module that they stand in. */
static void add_name(pruni_text *text, const char *name, int64_t indent)
{
    size_t length = strcspn(name, "\n");
    pruni_text_add_bytes(text, name, length);
    while (name[length] != '\0') {
        name += length + 1;
        length = strcspn(name, "\n");
        add_line(text, name, length, indent, indent > 0 && name[length] != '\0' && is_blank(name, length));
    }
}

/* Adds what extra_repr said, on lines of its own. PyTorch empties the blank ones of modules that stand in others. */
static void add_extra(pruni_text *text, const char *extra, int64_t indent)
{
    for (;; extra++) {
        size_t length = strcspn(extra, "\n");
        add_line(text, extra, length, indent + 2, indent > 0 && is_blank(extra, length));
        extra += length;
        if (*extra == '\0')
            return;
    }
}

/* What extra_repr says, "" where there is none, as a string of the caller's; NULL without memory. */
static char *extra_repr(const prune_module *module)
{
    const prune_module_ops *ops = module->ops;
    char nothing[1];
    int length = ops && ops->extra_repr ? ops->extra_repr(module->context, nothing, sizeof nothing) : 0;
    size_t size = length > 0 ? (size_t)length + 1 : 1;
    char *text = pruni_alloc_zeroed(size, 1);
    if (text && size > 1)
        ops->extra_repr(module->context, text, size);
    return text;
}

/* ---- The tree, with an explicit stack ---- */

typedef struct frame {
    prune_module *module; /* a reference: an extra_repr may take it out of the tree */
    int64_t next;         /* child */
    bool one_line;
} frame;

typedef struct stack {
    frame *frames;
    int64_t depth, capacity;
} stack;

/* Writes a module up to its first child. */
static void open_module(pruni_text *text, stack *s, prune_module *module)
{
    int64_t indent = 2 * s->depth;
    void *frames = s->frames;
    prune_module_retain(module);
    char *extra = pruni_grow(&frames, &s->capacity, s->depth + 1, sizeof *s->frames) ? NULL : extra_repr(module);
    s->frames = frames;
    if (!extra) {
        text->failed = true;
        prune_module_release(module);
        return;
    }
    bool one_line = module->child_count == 0 && !strchr(extra, '\n');
    s->frames[s->depth++] = (frame){ module, 0, one_line };
    add_name(text, module->type_name, indent);
    pruni_text_add(text, "(");
    if (one_line)
        pruni_text_add(text, "%s", extra);
    else if (*extra)
        add_extra(text, extra, indent);
    pruni_free(extra);
}

static void close_module(pruni_text *text, stack *s)
{
    s->depth--;
    if (!s->frames[s->depth].one_line)
        add_line(text, "", 0, 2 * s->depth, false);
    pruni_text_add(text, ")");
    prune_module_release(s->frames[s->depth].module);
}

static void add_child(pruni_text *text, stack *s, const struct pruni_child *child)
{
    add_line(text, "(", 1, 2 * s->depth, false);
    add_name(text, child->name, 2 * (s->depth - 1));
    pruni_text_add(text, "): ");
    if (child->module)
        open_module(text, s, child->module);
    else
        pruni_text_add(text, "None");
}

void pruni_module_text(pruni_text *text, const prune_module *module)
{
    stack s = { NULL, 0, 0 };
    open_module(text, &s, (prune_module *)(uintptr_t)module);
    while (s.depth > 0 && !text->failed) {
        frame *top = &s.frames[s.depth - 1];
        if (top->next < top->module->child_count)
            add_child(text, &s, &top->module->children[top->next++]);
        else
            close_module(text, &s);
    }
    while (s.depth > 0)
        prune_module_release(s.frames[--s.depth].module);
    pruni_free(s.frames);
}

prune_status prune_module_print(FILE *file, const prune_module *module)
{
    PRUNI_REQUIRE(file);
    PRUNI_REQUIRE(module);
    pruni_text text = { NULL, 0, 0, false };
    pruni_module_text(&text, module);
    return pruni_text_print(&text, file);
}
