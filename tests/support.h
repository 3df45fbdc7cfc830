/* What the tests share: cmocka, assertions on statuses and tensors, a counting and failing allocator. */
#ifndef PRUNE_TESTS_SUPPORT_H
#define PRUNE_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "prune/prune.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sizes of more than 32 bits fit into memory, as far as it only has to be addressed. */
#define LARGE_MEMORY (SIZE_MAX > UINT32_MAX)

/* The call gives PRUNE_OK; its sentence is printed if not. */
#define assert_ok(call) check_ok((call), #call, __FILE__, __LINE__)

/* The call gives exactly this status, and the last error holds `words`. */
#define assert_fails(call, status, words) check_fails((call), (status), (words), #call, __FILE__, __LINE__)

/* A getter gave NULL with this status and these words. */
#define assert_missing(getter, status, words) \
    check_fails((getter) ? PRUNE_OK : prune_last_status(), (status), (words), #getter, __FILE__, __LINE__)

/* The values in logical order, bit for bit (NaN equals NaN): assert_values(t, 1, 0, 1). */
#define assert_values(t, ...)                                                                                 \
    check_values((t), (const float[]){ __VA_ARGS__ }, sizeof((const float[]){ __VA_ARGS__ }) / sizeof(float), \
                 __FILE__, __LINE__)

#define assert_shape(t, ...) check_shape((t), PRUNE_SHAPE(__VA_ARGS__), __FILE__, __LINE__)

/* The same dtype, shape and bits, whatever the strides. */
#define assert_same_bits(a, b) check_same_bits((a), (b), __FILE__, __LINE__)

void check_ok(prune_status status, const char *call, const char *file, int line);
void check_fails(prune_status got, prune_status status, const char *words, const char *call, const char *file,
                 int line);
void check_values(const prune_tensor *t, const float *values, size_t count, const char *file, int line);
void check_shape(const prune_tensor *t, const int64_t *sizes, int64_t ndim, const char *file, int line);
void check_same_bits(const prune_tensor *a, const prune_tensor *b, const char *file, int line);

/* What was printed to a temporary file, as a string to be freed with free(). */
FILE *open_capture(void);
char *close_capture(FILE *file);

/* ---- Memory ---- */

/* Setup and teardown of a group or test: every allocation is counted; the teardown fails if a block is left. */
int count_allocations(void **state);
int expect_no_leak(void **state);

int64_t live_allocations(void);

/* The n-th allocation from now (0: the next) fails; always: all later ones too. Negative n: none fails. */
void fail_allocation(int64_t n, bool always);

/* Runs `operation` with allocation 0, 1, 2, … failing (once, then from there on) until it succeeds. After each failure
 * the status must be memory, and `unchanged` (may be NULL) must find things as they were; an operation that fails must
 * not leave a block behind. `undo` (may be NULL) takes back what a success did. Needs count_allocations(). */
void try_every_allocation(prune_status (*operation)(void *context), void (*unchanged)(void *context),
                          void (*undo)(void *context), void *context);

#endif
