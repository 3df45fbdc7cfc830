/* Arrays for tests, made byte by byte. */
#ifndef PRUNE_TESTS_NPY_SUPPORT_H
#define PRUNE_TESTS_NPY_SUPPORT_H

#include "file_support.h"

enum { NPY_MAX = 12000 };

/* Magic, version, and a length of the header. */
static inline size_t npy_start(char *file, int version, size_t length)
{
    memcpy(file, "\x93NUMPY", 6);
    file[6] = (char)version;
    file[7] = 0;
    for (int i = 0; i < (version == 1 ? 2 : 4); i++)
        file[8 + i] = (char)(length >> 8 * i & 0xFF);
    return version == 1 ? 10 : 12;
}

/* An array with this header, in which ~ stands for a NUL, without padding, and so many bytes: 0, 1, 2, … */
static inline size_t make_npy(char file[NPY_MAX], int version, const char *header, size_t data)
{
    size_t length = strlen(header);
    size_t at = npy_start(file, version, length);
    for (size_t i = 0; i < length; i++)
        file[at + i] = header[i] == '~' ? '\0' : header[i];
    for (size_t i = 0; i < data; i++)
        file[at + length + i] = (char)i;
    return at + length + data;
}

#define NPY_HEADER(descr, order, shape) "{'descr': '" descr "', 'fortran_order': " order ", 'shape': " shape ", }\n"

#endif
