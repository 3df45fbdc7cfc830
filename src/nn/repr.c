/* Modules as print(module) shows them. */
#include "nn/internal.h"

#include <string.h>

/* Adds a string, each of its lines but the first moved right. */
static void add_lines(pruni_text *text, const char *string, int64_t indent)
{
    for (;;) {
        size_t length = strcspn(string, "\n");
        pruni_text_add_bytes(text, string, length);
        if (string[length] == '\0')
            return;
        pruni_text_add(text, "\n");
        pruni_text_add_spaces(text, indent);
        string += length + 1;
    }
}

/* A line of its own inside the parentheses. */
static void start_line(pruni_text *text, int64_t indent)
{
    pruni_text_add(text, "\n");
    pruni_text_add_spaces(text, indent);
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
    const prune_module *module;
    int64_t next; /* child */
    bool one_line;
} frame;

typedef struct stack {
    frame *frames;
    int64_t depth, capacity;
} stack;

/* Writes a module up to its first child. */
static void open_module(pruni_text *text, stack *s, const prune_module *module)
{
    int64_t indent = 2 * s->depth;
    void *frames = s->frames;
    char *extra = pruni_grow(&frames, &s->capacity, s->depth + 1, sizeof *s->frames) ? NULL : extra_repr(module);
    s->frames = frames;
    if (!extra) {
        text->failed = true;
        return;
    }
    bool one_line = module->child_count == 0 && !strchr(extra, '\n');
    s->frames[s->depth++] = (frame){ module, 0, one_line };
    add_lines(text, module->type_name, indent);
    pruni_text_add(text, "(");
    if (*extra && !one_line)
        start_line(text, indent + 2);
    add_lines(text, extra, indent + 2);
    pruni_free(extra);
}

static void close_module(pruni_text *text, stack *s)
{
    s->depth--;
    if (!s->frames[s->depth].one_line)
        start_line(text, 2 * s->depth);
    pruni_text_add(text, ")");
}

static void add_child(pruni_text *text, stack *s, const struct pruni_child *child)
{
    start_line(text, 2 * s->depth);
    pruni_text_add(text, "(");
    add_lines(text, child->name, 2 * (s->depth - 1));
    pruni_text_add(text, "): ");
    if (child->module)
        open_module(text, s, child->module);
    else
        pruni_text_add(text, "None");
}

static void add_tree(pruni_text *text, const prune_module *root)
{
    stack s = { NULL, 0, 0 };
    open_module(text, &s, root);
    while (s.depth > 0 && !text->failed) {
        frame *top = &s.frames[s.depth - 1];
        if (top->next < top->module->child_count)
            add_child(text, &s, &top->module->children[top->next++]);
        else
            close_module(text, &s);
    }
    pruni_free(s.frames);
}

void pruni_module_text(pruni_text *text, const prune_module *module)
{
    if (module)
        add_tree(text, module);
    else
        pruni_text_add(text, "None");
}

prune_status prune_module_print(FILE *file, const prune_module *module)
{
    PRUNI_REQUIRE(file);
    PRUNI_REQUIRE(module);
    pruni_text text = { NULL, 0, 0, false };
    pruni_module_text(&text, module);
    return pruni_text_print(&text, file);
}
