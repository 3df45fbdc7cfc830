/* The tensors of a .pt file, described and named. */
#include "io/pt.h"

#include <string.h>

typedef struct listing {
    pruni_file *file;
    pruni_pt *pt;
    pruni_text names; /* with their NULs */
    uint64_t bytes;
} listing;

/* ---- Limits ---- */

static prune_status check_name(const listing *list, const char *name, size_t length)
{
    char shown[PRUNI_SHOWN_SIZE];
    if (pruni_utf8_prefix(name, length) < length)
        return pruni_bad_file(PRUNI_UTF8, list->pt->source, "the name %s of a tensor is not UTF-8",
                              pruni_shown(shown, name, length));
    if (list->names.length > PRUNI_PT_FREE_BYTES)
        return pruni_bad_file(PRUNI_LIMIT, list->pt->source, "the names of the tensors are too long");
    return PRUNE_OK;
}

/* Files of a few bytes cannot ask for any amount of memory. */
static prune_status check_bytes(listing *list, uint64_t bytes)
{
    bool holds = true;
    list->bytes = bytes > UINT64_MAX - list->bytes ? UINT64_MAX : list->bytes + bytes;
    if (list->bytes <= PRUNI_PT_FREE_BYTES)
        return PRUNE_OK;
    if (pruni_input_holds(&holds, &list->file->input, (list->bytes - PRUNI_PT_FREE_BYTES) / PRUNI_PT_MAX_REPEATS))
        return prune_last_status();
    if (!holds)
        return pruni_bad_file(PRUNI_LIMIT, list->pt->source,
                              "tensors of %llu bytes and more are far larger than the file",
                              (unsigned long long)list->bytes);
    return PRUNE_OK;
}

/* ---- Tensors ---- */

static prune_status add_tensor(listing *list, pruni_pickle_id id, const char *name, size_t length)
{
    pruni_file_tensor t;
    if (check_name(list, name, length) || pruni_pt_describe(&t, list->pt, id, name) || check_bytes(list, t.bytes))
        return prune_last_status();
    t.name_length = length;
    pruni_text_add_bytes(&list->names, name, length + 1);
    return pruni_file_add(list->file, &t);
}

static prune_status add_all(listing *list, const pruni_pt_summary *summaries, pruni_pickle_id root)
{
    pruni_pt_walk walk;
    bool found = true;
    prune_status status = pruni_pt_walk_begin(&walk, list->pt, summaries, root);
    while (!status && found) {
        status = pruni_pt_walk_next(&walk, &found);
        if (!status && found && pruni_pt_classify(list->pt, walk.item) == PRUNI_PT_TENSOR)
            status = add_tensor(list, walk.item, walk.path.data, walk.path.length);
    }
    pruni_pt_walk_end(&walk);
    return status;
}

/* ---- Names ---- */

static int compare_names(const void *a, const void *b)
{
    const pruni_file_tensor *left = a;
    const pruni_file_tensor *right = b;
    size_t shared = left->name_length < right->name_length ? left->name_length : right->name_length;
    int order = memcmp(left->name, right->name, shared);
    return order != 0 ? order : (left->name_length > right->name_length) - (left->name_length < right->name_length);
}

static prune_status check_names(const pruni_file *file, const char *source)
{
    size_t count = (size_t)file->count;
    const void **sorted = pruni_alloc_array(count, sizeof *sorted);
    if (!sorted)
        return PRUNE_ERROR_MEMORY;
    for (size_t i = 0; i < count; i++)
        sorted[i] = &file->tensors[i];
    prune_status status = pruni_sort(sorted, count, compare_names);
    for (size_t i = 1; i < count && !status; i++)
        if (compare_names(sorted[i - 1], sorted[i]) == 0) {
            const pruni_file_tensor *t = sorted[i];
            char name[PRUNI_SHOWN_SIZE];
            status = pruni_bad_file(PRUNI_DUP, source, "two tensors have the name %s",
                                    pruni_shown(name, t->name, t->name_length));
        }
    pruni_free(sorted);
    return status;
}

static prune_status give_names(listing *list)
{
    pruni_file *file = list->file;
    size_t at = 0;
    if (pruni_text_finish(&list->names, &list->pt->names))
        return prune_last_status();
    for (int64_t i = 0; i < file->count; i++) {
        file->tensors[i].name = list->pt->names + at;
        at += file->tensors[i].name_length + 1;
    }
    return check_names(file, list->pt->source);
}

prune_status pruni_pt_list_tensors(pruni_file *file, pruni_pt *pt, const pruni_pt_summary *summaries,
                                   pruni_pickle_id root)
{
    listing list = { .file = file, .pt = pt };
    prune_status status = pruni_pt_classify(pt, root) == PRUNI_PT_TREE ? add_all(&list, summaries, root)
                                                                       : add_tensor(&list, root, "", 0);
    if (!status)
        status = give_names(&list);
    pruni_text_free(&list.names);
    return status;
}
