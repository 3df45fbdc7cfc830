/* The version as text, from the numbers of the header. */
#include "base/internal.h"

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

const char *prune_version(void)
{
    return TEXT(PRUNE_VERSION_MAJOR) "." TEXT(PRUNE_VERSION_MINOR) "." TEXT(PRUNE_VERSION_PATCH);
}
