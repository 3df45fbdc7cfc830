/* Objects by name, and the answers about them. */
#include "driver.h"

#include <stdlib.h>
#include <string.h>

static void release(object *o)
{
    switch (o->kind) {
    case TENSOR:
        prune_tensor_release(o->handle);
        break;
    case MODULE:
        prune_module_release(o->handle);
        break;
    case METHOD:
        prune_method_release(o->handle);
        break;
    case GENERATOR:
        prune_generator_release(o->handle);
        break;
    case DICT:
        prune_dict_release(o->handle);
        break;
    }
}

static object *look_up(session *s, const char *name, size_t length)
{
    for (size_t i = 0; i < s->count; i++)
        if (strncmp(s->objects[i].name, name, length) == 0 && s->objects[i].name[length] == '\0')
            return &s->objects[i];
    return NULL;
}

static char *copy_of(const char *words)
{
    char *copy = must_alloc(NULL, strlen(words) + 1);
    return strcpy(copy, words);
}

void keep(session *s, const char *name, object_kind kind, void *handle)
{
    object *o = look_up(s, name, strlen(name));
    if (!o) {
        if (s->count == s->room)
            s->objects = must_alloc(s->objects, (s->room = 2 * s->room + 16) * sizeof *s->objects);
        o = &s->objects[s->count++];
        *o = (object){ .name = copy_of(name), .kind = kind, .handle = handle };
        return;
    }
    release(o);
    text_free(&o->state);
    o->kind = kind;
    o->handle = handle;
}

void *find(session *s, command *c, object_kind kind, const char *name)
{
    if (strcmp(name, "none") == 0)
        return NULL;
    const size_t length = kind == MODULE ? strcspn(name, "/") : strlen(name);
    object *o = look_up(s, name, length);
    if (!o || o->kind != kind) {
        c->skipped = true;
        return NULL;
    }
    if (name[length] != '/')
        return o->handle;
    prune_module *found = prune_module_get_submodule(o->handle, name + length + 1);
    if (!found)
        c->skipped = true;
    return found;
}

prune_tensor *tensor_of(session *s, command *c, int i)
{
    return find(s, c, TENSOR, word(c, i));
}

prune_module *module_of(session *s, command *c, int i)
{
    return find(s, c, MODULE, word(c, i));
}

prune_method *method_of(session *s, command *c, int i)
{
    return find(s, c, METHOD, word(c, i));
}

prune_tensor *tensor_option(session *s, command *c, const char *key)
{
    const char *name = option(c, key);
    return name ? find(s, c, TENSOR, name) : NULL;
}

prune_generator *generator_option(session *s, command *c)
{
    const char *name = option(c, "generator");
    return name ? find(s, c, GENERATOR, name) : NULL;
}

void remember_name(session *s, const char *name)
{
    for (size_t i = 0; i < s->num_names; i++)
        if (strcmp(s->names[i], name) == 0)
            return;
    if (s->num_names == s->names_room)
        s->names = must_alloc(s->names, (s->names_room = 2 * s->names_room + 16) * sizeof *s->names);
    s->names[s->num_names++] = copy_of(name);
}

const char *member_of(session *s, const command *c, int i)
{
    const char *name = word(c, i);
    remember_name(s, name);
    return name;
}

/* ---- Answers ---- */

/* Leaves of an address 0x alone. */
static void blank_addresses(char *words)
{
    for (char *at = words; (at = strstr(at, " at 0x")) != NULL;) {
        at += strlen(" at 0x");
        memmove(at, at + strspn(at, "0123456789abcdef"), strlen(at + strspn(at, "0123456789abcdef")) + 1);
    }
}

bool answer(session *s, prune_status status)
{
    if (status == PRUNE_OK) {
        text_add(&s->answer, "ok\n");
        return true;
    }
    char sentence[4096];
    snprintf(sentence, sizeof sentence, "%s", prune_last_error());
    blank_addresses(sentence);
    text_add(&s->answer, "error %s ", prune_status_name(status));
    text_add_escaped(&s->answer, sentence);
    text_add(&s->answer, "\n");
    return false;
}

void answer_kept(session *s, prune_status status, const char *name, object_kind kind, void *handle)
{
    if (answer(s, status))
        keep(s, name, kind, handle);
}

FILE *open_page(void)
{
    FILE *page = tmpfile();
    if (page)
        return page;
    fprintf(stderr, "driver: no temporary file\n");
    exit(3);
}

void answer_page(session *s, FILE *page, prune_status status)
{
    if (answer(s, status)) {
        const long size = ftell(page);
        char *words = must_alloc(NULL, (size_t)size + 1);
        rewind(page);
        words[fread(words, 1, (size_t)size, page)] = '\0';
        blank_addresses(words);
        text_add_escaped(&s->answer, words);
        text_add(&s->answer, "\n");
        free(words);
    }
    fclose(page);
}

/* ---- A program's beginning and end ---- */

void end_program(session *s)
{
    for (size_t i = 0; i < s->count; i++) {
        release(&s->objects[i]);
        text_free(&s->objects[i].state);
        free(s->objects[i].name);
    }
    for (size_t i = 0; i < s->num_names; i++)
        free(s->names[i]);
    free(s->objects);
    free(s->names);
    text_free(&s->answer);
    *s = (session){ .whole = s->whole };
}

static prune_status idle(void *context, prune_module *module, prune_tensor *const *x, int64_t nx)
{
    (void)context;
    (void)module;
    (void)x;
    (void)nx;
    return PRUNE_OK;
}

void begin_program(session *s)
{
    static const prune_hook_ops ops = { .size = sizeof ops, .type_name = "Idle", .call = idle };
    prune_module *module = NULL;
    end_program(s);
    if (prune_module_create(&module, "Module", NULL, NULL)
        || prune_module_register_forward_pre_hook(&s->first_hook, module, &ops, NULL)) {
        fprintf(stderr, "driver: %s\n", prune_last_error());
        exit(3);
    }
    prune_module_release(module);
    s->first_hook++;
    prune_manual_seed(NULL, 0);
    text_clear(&s->answer);
    tell_changes(s);
}
