/* Ground floor: what every layer uses. Names that start with pruni_ are the library's own and not exported. */
#ifndef PRUNI_BASE_INTERNAL_H
#define PRUNI_BASE_INTERNAL_H

#include "prune/base.h"

#include <float.h>
#include <stdio.h>

_Static_assert(FLT_EVAL_METHOD == 0, "results are defined to the bit: floats must not be computed with more digits "
                                     "(-fexcess-precision=fast on s390x, -msse2 -mfpmath=sse on x86)");

#if !defined(__STDC_NO_ATOMICS__)
#include <stdatomic.h>
typedef atomic_size_t pruni_refs;
#else
typedef size_t pruni_refs;
#endif

#if defined(_MSC_VER) && !defined(__clang__)
#define PRUNI_THREAD_LOCAL __declspec(thread)
#elif !defined(__STDC_NO_THREADS__) || defined(__GNUC__)
#define PRUNI_THREAD_LOCAL _Thread_local
#else
#define PRUNI_THREAD_LOCAL
#endif

/* ---- Errors (error.c) ---- */

/* Fails with "<function>: argument '<argument>' is NULL". */
prune_status pruni_null_argument(const char *function, const char *argument);

#define PRUNI_REQUIRE(argument)                              \
    do {                                                     \
        if (!(argument))                                     \
            return pruni_null_argument(__func__, #argument); \
    } while (0)

/* For an array that may be NULL where it has no items. */
#define PRUNI_REQUIRE_ARRAY(argument, count)                 \
    do {                                                     \
        if ((count) > 0 && !(argument))                      \
            return pruni_null_argument(__func__, #argument); \
    } while (0)

/* Fails with a value error unless an options or ops struct says the size that this version knows. */
prune_status pruni_check_size(const char *function, size_t size, size_t expected);

/* How many times prune_fail() has run on this thread: tells whether a callback that failed has set its sentence. */
uint64_t pruni_failure_count(void);

/* What a callback returned, unchanged. If it failed without a sentence of its own (failures_before: the count before the
 * call), sets one that names `what` and `whose`: "forward of LeNet failed with status user". */
prune_status pruni_callback_result(prune_status status, uint64_t failures_before, const char *what, const char *whose);

/* What static analysis, which looks at one file at a time, cannot know: a failure is never PRUNE_OK. */
#ifdef __clang_analyzer__
#define prune_fail(status, ...) ((void)prune_fail((status), __VA_ARGS__), (status))
#define prune_last_status() ((void)prune_last_status(), PRUNE_ERROR_RUNTIME)
#define pruni_null_argument(function, argument) ((void)pruni_null_argument(function, argument), PRUNE_ERROR_TYPE)
#endif

/* ---- Memory (memory.c): fails by setting a memory error and giving NULL ---- */

void *pruni_alloc(size_t size);
void *pruni_alloc_array(size_t count, size_t size);
void *pruni_alloc_zeroed(size_t count, size_t size);
void *pruni_realloc_array(void *block, size_t count, size_t size); /* the old block stays valid on failure */
void pruni_free(void *block);                                      /* takes NULL */
char *pruni_strdup(const char *text);

/* Room for `needed` items in a growing array of `*capacity`; grows by half at least. */
prune_status pruni_grow(void **items, int64_t *capacity, int64_t needed, size_t item_size);

/* ---- Checked arithmetic (size.c): false, *out untouched, where the result does not fit ---- */

bool pruni_multiply_size(size_t *out, size_t a, size_t b);
bool pruni_add_size(size_t *out, size_t a, size_t b);
bool pruni_multiply_int64(int64_t *out, int64_t a, int64_t b);
bool pruni_add_int64(int64_t *out, int64_t a, int64_t b);

static inline int64_t pruni_larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static inline int64_t pruni_smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ---- The processor (cpu.c) ---- */

/* Where variants for x86-64 can be compiled: functions with a target attribute, and their intrinsics. */
#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define PRUNI_X86 1
#endif

/* Where NEON is part of the target. */
#if defined(__aarch64__) && defined(__ARM_NEON) && !defined(__AARCH64EB__) && (defined(__GNUC__) || defined(__clang__))
#define PRUNI_NEON 1
#endif

typedef enum pruni_cpu {
    PRUNI_CPU_PORTABLE, /* what the compiler makes of the reference for any machine of the target */
    PRUNI_CPU_AVX2,     /* and FMA, BMI, POPCNT */
    PRUNI_CPU_AVX512,   /* F, DQ, BW, VL; and BMI2 */
    PRUNI_CPU_NEON,
    PRUNI_CPUS
} pruni_cpu;

/* The variants that are used: the best that can run, or the lesser ones that the environment variable PRUNE_CPU names
 * (portable, avx2, avx512, neon) when this is first called. */
pruni_cpu pruni_cpu_used(void);

/* From now on uses these, for tests and measurements, while no other thread is at work; false: they cannot run. */
bool pruni_cpu_use(pruni_cpu cpu);

const char *pruni_cpu_name(pruni_cpu cpu);

/* ---- Reference counts (refs.c) ---- */

void pruni_refs_init(pruni_refs *refs); /* one */
void pruni_refs_retain(pruni_refs *refs);
bool pruni_refs_release(pruni_refs *refs); /* true: that was the last */
bool pruni_refs_exceed(const pruni_refs *refs, size_t count);
bool pruni_refs_shared(const pruni_refs *refs); /* by two or more */

/* ---- UTF-8 (utf8.c) ---- */

/* The length of the character that begins here, with so many bytes left; 0 where none does. */
size_t pruni_utf8_length(const char *text, size_t left);

/* The length of the longest prefix that is UTF-8, which is all of it or ends before the first wrong byte. */
size_t pruni_utf8_prefix(const char *text, size_t length);
bool pruni_is_utf8(const char *text);

/* ---- Growing text (text.c): a failure is remembered, so that only the end need be checked ---- */

typedef struct pruni_text {
    char *data; /* terminated, or NULL before the first addition */
    size_t length;
    size_t capacity;
    bool failed;
} pruni_text;

void pruni_text_add(pruni_text *text, const char *format, ...) PRUNE_PRINTF(2, 3);
void pruni_text_add_bytes(pruni_text *text, const char *bytes, size_t length);

/* Hands the string over to *out, or fails and frees it. Either way `text` is empty again. */
prune_status pruni_text_finish(pruni_text *text, char **out);

/* Writes the string to the file and frees it. Fails with io where the write does. */
prune_status pruni_text_print(pruni_text *text, FILE *file);
void pruni_text_free(pruni_text *text);

#endif
