/* A program of public calls, decoded from bytes: what it works on, and the allocator that counts and fails for it. */
#ifndef PRUNE_FUZZ_API_PROGRAM_H
#define PRUNE_FUZZ_API_PROGRAM_H

#include "prune/prune.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What must hold; the sentence of the last error helps to see why it did not. */
#define REQUIRE(condition)                                                                                             \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            (void)fprintf(stderr, "%s:%d: %s (last error: %s)\n", __FILE__, __LINE__, #condition, prune_last_error()); \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

enum { MODULES = 3, NAMES = 2 };

static const char *const names[NAMES] = { "weight", "bias" };

/* What a prune makes of a name. */
enum { SUFFIXES = 3 };
static const char *const suffixed[NAMES][SUFFIXES] = { { "weight", "weight_orig", "weight_mask" },
                                                       { "bias", "bias_orig", "bias_mask" } };

typedef struct api_program {
    const uint8_t *data;
    size_t size, at;
    prune_module *modules[MODULES];
    uint64_t digests[MODULES]; /* of the modules after the last step */
    prune_dict *backup; /* a state dict of module backup_of */
    int backup_of;
    bool backup_is_odd;
    bool meddled[MODULES];      /* a name of a pruned parameter was given to something else: nothing is promised */
    bool stale[MODULES][NAMES]; /* orig or mask was written: the next hook run shows it */
    bool odd[MODULES][NAMES];   /* a mask with values other than 0 and 1 was given */
} api_program;

/* The next byte, 0 behind the last. */
static inline unsigned take(api_program *program)
{
    return program->at < program->size ? program->data[program->at++] : 0;
}

/* ---- Memory ---- */

typedef struct api_memory {
    int64_t live;
    int64_t until_failure; /* allocations that still succeed; negative: all */
} api_memory;

static api_memory memory = { 0, -1 };

static inline bool memory_ends(void)
{
    if (memory.until_failure < 0)
        return false;
    if (memory.until_failure == 0)
        return true;
    memory.until_failure--;
    return false;
}

static void *api_malloc(void *context, size_t size)
{
    (void)context;
    void *block = memory_ends() ? NULL : malloc(size);
    memory.live += block != NULL;
    return block;
}

static void *api_realloc(void *context, void *block, size_t size)
{
    (void)context;
    void *larger = memory_ends() ? NULL : realloc(block, size);
    memory.live += larger && !block;
    return larger;
}

static void api_free(void *context, void *block)
{
    (void)context;
    memory.live--;
    free(block);
}

static inline void count_memory(void)
{
    static const prune_allocator allocator = { api_malloc, api_realloc, api_free, NULL };
    REQUIRE(prune_set_allocator(&allocator) == PRUNE_OK);
}

#endif
