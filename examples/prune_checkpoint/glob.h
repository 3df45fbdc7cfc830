/* Names against patterns, as a shell matches file names: `*` any characters, dots too, `?` one, `[a-z]` one of those,
 * `[!a-z]` one of the others, `\` takes away a meaning. */
#ifndef GLOB_H
#define GLOB_H

#include <stdbool.h>

bool glob_matches(const char *pattern, const char *name);

#endif
