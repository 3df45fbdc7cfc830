/* Reading from a file, a pipe or memory. A size that a file claims counts for nothing: what is there is what can be
 * read. */
#if defined(__unix__) || defined(__APPLE__)
#define _POSIX_C_SOURCE 200809L /* fseeko */
#define _FILE_OFFSET_BITS 64
#endif

#include "io/internal.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/types.h>
#endif

/* Moves to a place that may lie past the end. */
static bool seek(FILE *file, uint64_t offset)
{
#if defined(__unix__) || defined(__APPLE__)
    return offset <= INT64_MAX && (uint64_t)(off_t)offset == offset && fseeko(file, (off_t)offset, SEEK_SET) == 0;
#elif defined(_WIN32)
    return offset <= INT64_MAX && _fseeki64(file, (int64_t)offset, SEEK_SET) == 0;
#else
    return offset <= LONG_MAX && fseek(file, (long)offset, SEEK_SET) == 0;
#endif
}

prune_status pruni_input_open(pruni_input *input, const char *path)
{
    errno = 0;
    FILE *file = fopen(path, "rb");
    if (!file)
        return pruni_system_failure("open", path, errno);
    *input = (pruni_input){ .source = path, .file = file, .seekable = seek(file, 0) };
    return PRUNE_OK;
}

void pruni_input_from_memory(pruni_input *input, const void *data, size_t size)
{
    *input = (pruni_input){ .memory = data, .held = size };
}

void pruni_input_close(pruni_input *input)
{
    if (input->file)
        (void)fclose(input->file); /* only read: nothing to lose */
    pruni_free(input->buffer);
    *input = (pruni_input){ .source = NULL };
}

/* ---- Files ---- */

static prune_status read_failure(const pruni_input *input)
{
    return pruni_system_failure("read", input->source, errno);
}

static prune_status file_holds(bool *holds, pruni_input *input, uint64_t size)
{
    input->at = UINT64_MAX; /* unknown until the next seek */
    if (!seek(input->file, size - 1)) {
        *holds = false; /* further than any file goes */
        return PRUNE_OK;
    }
    errno = 0;
    *holds = fgetc(input->file) != EOF;
    return ferror(input->file) ? read_failure(input) : PRUNE_OK;
}

static prune_status read_file(size_t *got, pruni_input *input, uint64_t offset, void *to, size_t size)
{
    errno = 0;
    if ((input->at != offset || offset == UINT64_MAX) && !seek(input->file, offset))
        return PRUNE_OK; /* further than any file goes */
    *got = fread(to, 1, size, input->file);
    input->at = offset + *got;
    return *got < size && ferror(input->file) ? read_failure(input) : PRUNE_OK;
}

/* ---- Pipes ---- */

static prune_status fill(pruni_input *input, uint64_t size)
{
    while (input->held < size && !feof(input->file)) {
        if (input->held == (size_t)input->capacity) {
            void *buffer = input->buffer;
            if (pruni_grow(&buffer, &input->capacity, input->capacity + 65536, 1))
                return PRUNE_ERROR_MEMORY;
            input->buffer = buffer;
            input->memory = buffer;
        }
        size_t wanted = (size_t)input->capacity - input->held;
        if (wanted > size - input->held)
            wanted = (size_t)(size - input->held);
        errno = 0;
        input->held += fread(input->buffer + input->held, 1, wanted, input->file);
        if (ferror(input->file))
            return read_failure(input);
    }
    return PRUNE_OK;
}

/* ---- All ---- */

prune_status pruni_input_holds(bool *holds, pruni_input *input, uint64_t size)
{
    if (input->file && input->seekable && size > 0)
        return file_holds(holds, input, size);
    if (input->file && !input->seekable && fill(input, size))
        return prune_last_status();
    *holds = size <= input->held;
    return PRUNE_OK;
}

/* Asks by halves: no system need be trusted with the size of what is no plain file. */
prune_status pruni_input_size(uint64_t *size, pruni_input *input)
{
    bool holds = true;
    uint64_t low = 0; /* there are so many */
    uint64_t step = 1;
    while (holds && step < UINT64_MAX / 2) {
        if (pruni_input_holds(&holds, input, low + step))
            return prune_last_status();
        if (holds)
            low += step;
        step *= 2;
    }
    for (; step > 0; step /= 2) {
        if (pruni_input_holds(&holds, input, low + step))
            return prune_last_status();
        if (holds)
            low += step;
    }
    *size = low;
    return PRUNE_OK;
}

static prune_status read_memory(size_t *got, pruni_input *input, uint64_t offset, void *to, size_t size)
{
    if (input->file && offset <= UINT64_MAX - size && fill(input, offset + size))
        return prune_last_status();
    size_t left = offset < input->held ? input->held - (size_t)offset : 0;
    *got = size < left ? size : left;
    if (*got > 0)
        memcpy(to, input->memory + offset, *got);
    return PRUNE_OK;
}

prune_status pruni_input_read_some(size_t *got, pruni_input *input, uint64_t offset, void *to, size_t size)
{
    *got = 0;
    if (size == 0)
        return PRUNE_OK;
    return input->seekable ? read_file(got, input, offset, to, size) : read_memory(got, input, offset, to, size);
}

prune_status pruni_input_read(pruni_input *input, uint64_t offset, void *to, size_t size)
{
    size_t got;
    if (pruni_input_read_some(&got, input, offset, to, size))
        return prune_last_status();
    if (got < size)
        return pruni_bad_file(PRUNI_TRUNCATED, input->source, "%zu bytes from byte %llu on end after %zu", size,
                              (unsigned long long)offset, got);
    return PRUNE_OK;
}
