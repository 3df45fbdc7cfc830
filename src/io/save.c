/* A file from a dict, in any format. */
#include "io/internal.h"

#include <string.h>

/* ---- Which format ---- */

static const struct {
    const char *ending;
    prune_file_format format;
} endings[] = {
    { ".safetensors", PRUNE_FORMAT_SAFETENSORS },
};

enum { ENDINGS = sizeof endings / sizeof endings[0] };

static prune_status choose_format(prune_file_format *out, const char *path)
{
    size_t length = strlen(path);
    for (int i = 0; i < ENDINGS; i++) {
        size_t size = strlen(endings[i].ending);
        if (length >= size && memcmp(path + length - size, endings[i].ending, size) == 0) {
            *out = endings[i].format;
            return PRUNE_OK;
        }
    }
    char shown[PRUNI_SHOWN_SIZE];
    return prune_fail(PRUNE_ERROR_VALUE, "prune_save: the ending of %s tells no format",
                      pruni_shown(shown, path, length));
}

prune_status prune_save(const char *path, const prune_dict *dict, prune_file_format format)
{
    PRUNI_REQUIRE(path);
    PRUNI_REQUIRE(dict);
    if (format == PRUNE_FORMAT_AUTO && choose_format(&format, path))
        return prune_last_status();
    if (format != PRUNE_FORMAT_SAFETENSORS)
        return prune_fail(PRUNE_ERROR_VALUE, "prune_save: there is no writer of the format %d", (int)format);
    return pruni_safetensors_save(path, dict);
}
