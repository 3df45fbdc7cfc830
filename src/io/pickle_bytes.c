/* The bytes of a pickle: all in memory, or read from the input as far as it goes. */
#include "io/pickle.h"
#include "io/zip.h"

#include <string.h>

static size_t left(const pruni_pickle *pickle)
{
    return pickle->size - pickle->at;
}

static prune_status truncated(const pruni_pickle *pickle)
{
    return pruni_pickle_fail(pickle, PRUNI_TRUNCATED, "the pickle ends after %zu bytes", pickle->size);
}

/* Reads on, twice as far as before, or as far as `needed`, but not beyond what a pickle may have; at the end of the input
 * nothing more comes. */
static prune_status read_on(pruni_pickle *pickle, size_t needed)
{
    enum { FIRST = 1024 };
    size_t wanted = pickle->size > FIRST ? pickle->size : FIRST;
    if (wanted < needed)
        wanted = needed;
    wanted = (size_t)pruni_smaller((int64_t)wanted, PRUNI_PICKLE_MAX_SIZE - (int64_t)pickle->size);
    void *bytes = pickle->bytes;
    if (pruni_grow(&bytes, &pickle->capacity, (int64_t)(pickle->size + wanted), 1))
        return PRUNE_ERROR_MEMORY;
    pickle->bytes = bytes;
    size_t got = 0;
    if (pruni_input_read_some(&got, pickle->input, pickle->start + pickle->size, pickle->bytes + pickle->size, wanted))
        return prune_last_status();
    pickle->size += got;
    if (got < wanted)
        pickle->input = NULL;
    return PRUNE_OK;
}

prune_status pruni_pickle_require(pruni_pickle *pickle, uint64_t size)
{
    if (size <= left(pickle))
        return PRUNE_OK;
    if (pickle->input) {
        bool holds = false;
        if (size > PRUNI_PICKLE_MAX_SIZE - pickle->at)
            return pruni_pickle_fail(pickle, PRUNI_LIMIT, "a pickle of more than %d bytes", PRUNI_PICKLE_MAX_SIZE);
        if (pruni_input_holds(&holds, pickle->input, pickle->start + pickle->at + size))
            return prune_last_status();
        if (holds && read_on(pickle, (size_t)size - left(pickle)))
            return prune_last_status();
    }
    return size <= left(pickle) ? PRUNE_OK : truncated(pickle);
}

prune_status pruni_pickle_take(pruni_pickle *pickle, const unsigned char **bytes, uint64_t size)
{
    if (pruni_pickle_require(pickle, size))
        return prune_last_status();
    *bytes = pickle->bytes + pickle->at;
    pickle->at += (size_t)size;
    return PRUNE_OK;
}

prune_status pruni_pickle_take_text(pruni_pickle *pickle, pruni_pickle_text *text, uint64_t size)
{
    const unsigned char *bytes = NULL;
    uint32_t at = (uint32_t)pickle->at;
    if (pruni_pickle_take(pickle, &bytes, size))
        return prune_last_status();
    *text = (pruni_pickle_text){ at, (uint32_t)size };
    return PRUNE_OK;
}

prune_status pruni_pickle_take_number(pruni_pickle *pickle, uint64_t *number, int width)
{
    const unsigned char *bytes = NULL;
    if (pruni_pickle_take(pickle, &bytes, (uint64_t)width))
        return prune_last_status();
    *number = 0;
    for (int i = width - 1; i >= 0; i--)
        *number = *number << 8 | bytes[i];
    return PRUNE_OK;
}

prune_status pruni_pickle_take_line(pruni_pickle *pickle, pruni_pickle_text *line)
{
    enum { LONGEST = 1 << 16 };
    size_t start = pickle->at;
    for (size_t length = 0; length < LONGEST; length++) {
        if (pruni_pickle_require(pickle, 1))
            return prune_last_status();
        if (pickle->bytes[pickle->at++] == '\n') {
            *line = (pruni_pickle_text){ (uint32_t)start, (uint32_t)length };
            return PRUNE_OK;
        }
    }
    return pruni_pickle_fail(pickle, PRUNI_LIMIT, "a line of more than %d bytes", LONGEST);
}
