/* What the tests of files share. */
#ifndef PRUNE_TESTS_FILE_SUPPORT_H
#define PRUNE_TESTS_FILE_SUPPORT_H

#include "support.h"

static inline void write_file(const char *path, const char *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static inline void expect_file(const char *path, const char *text)
{
    char got[256];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(got, 1, sizeof got - 1, file);
    got[size] = '\0';
    assert_int_equal(fclose(file), 0);
    assert_string_equal(got, text);
}

#endif
