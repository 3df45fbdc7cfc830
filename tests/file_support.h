/* What the tests of files share. */
#ifndef PRUNE_TESTS_FILE_SUPPORT_H
#define PRUNE_TESTS_FILE_SUPPORT_H

#include "support.h"

/* As many elements as a list has. */
#define COUNT_OF(list) (sizeof(list) / sizeof(list)[0])

static inline void write_file(const char *file_name, const char *bytes, size_t size)
{
    FILE *file = fopen(file_name, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static inline void expect_file(const char *file_name, const char *text)
{
    char got[256];
    FILE *file = fopen(file_name, "rb");
    assert_non_null(file);
    size_t size = fread(got, 1, sizeof got - 1, file);
    got[size] = '\0';
    assert_int_equal(fclose(file), 0);
    assert_string_equal(got, text);
}

/* These bytes, as a file and from memory, fail with the status of this fault; the sentence begins with it, then says
 * where a file lies, and holds `words`. */
static inline void expect_bad_file(const char *what, const char *file_name, const void *data, size_t size,
                                   const char *fault, const char *words)
{
    prune_status expected = fault[0] == 'u' && fault[1] == 'n' ? PRUNE_ERROR_UNSUPPORTED : PRUNE_ERROR_FORMAT;
    char start[2][128];
    prune_dict *dict = NULL;
    int64_t blocks = live_allocations();
    char *copy = malloc(size > 0 ? size : 1); /* its own block: a read past its end shows */
    assert_non_null(copy);
    if (size > 0)
        memcpy(copy, data, size);
    write_file(file_name, copy, size);
    snprintf(start[0], sizeof start[0], "%s: ", fault);
    snprintf(start[1], sizeof start[1], "%s: %s: ", fault, file_name);
    for (int i = 0; i < 2; i++) {
        prune_status status = i > 0 ? prune_load(&dict, file_name, NULL) : prune_load_memory(&dict, copy, size, NULL);
        if (status != expected || strncmp(prune_last_error(), start[i], strlen(start[i])) != 0
            || !strstr(prune_last_error(), words))
            fail_msg("%s: %s gave %s, \"%s\", expected %s: %s", what, i > 0 ? "a file" : "memory",
                     prune_status_name(status), status ? prune_last_error() : "", fault, words);
        assert_null(dict);
        assert_int_equal(live_allocations(), blocks);
    }
    remove(file_name);
    free(copy);
}

/* ---- Loading without memory: a file, or bytes where there is no path ---- */

typedef struct loading {
    const char *path;
    const void *data;
    size_t size;
    const prune_load_options *options;
    prune_dict *dict;
} loading;

static inline prune_status load_it(void *context)
{
    loading *l = context;
    return l->path ? prune_load(&l->dict, l->path, l->options)
                   : prune_load_memory(&l->dict, l->data, l->size, l->options);
}

static inline void expect_no_dict(void *context)
{
    assert_null(((loading *)context)->dict);
}

static inline void release_dict(void *context)
{
    loading *l = context;
    prune_dict_release(l->dict);
    l->dict = NULL;
}

static inline void load_without_memory(loading l)
{
    try_every_allocation(load_it, expect_no_dict, release_dict, &l);
}

#endif
