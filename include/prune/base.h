/** @file base.h
 *  Status codes, the last error, the allocator and the version.
 *
 *  Conventions of the whole library
 *  - A function that can fail returns a #prune_status; #PRUNE_OK is 0, so that calls chain with `||`. The sentence
 *    for a person is prune_last_error().
 *  - Out-parameters come first and are written on success alone. What a function gives through a `T **out` is the
 *    caller's to release; a returned pointer is borrowed. Whoever keeps an object retains it; nothing steals.
 *  - A failed call leaves every object as it was.
 *  - Releases take NULL and keep the last error. Getters given a NULL object return NULL (or 0, or false) and leave
 *    the last error as it is, so that they nest. Everywhere else a NULL argument that must not be NULL is
 *    #PRUNE_ERROR_TYPE.
 *  - Every function may fail with #PRUNE_ERROR_MEMORY where it allocates, and with #PRUNE_ERROR_VALUE where the `size`
 *    field of an options or ops struct is not the struct's; the comments do not repeat it.
 *  - Printing writes as fputs does: an error that a stream's buffer holds back shows when the stream is flushed or
 *    closed.
 *  - Callbacks may call the library, on the objects at work too: what was begun ends whole, or is refused with an error
 *    that the callback's header names. A module or method that a callback releases stays until the call ends; all other
 *    arguments must live as long as the call. What a call lets go of (the destroy of contexts, the release of wrapped
 *    memory) goes when everything else is in its place. The allocator's functions alone must not call the library.
 *  - Reference counts are atomic; objects themselves are not locked: one thread at a time may change an object, any
 *    number may read one that nobody changes. (A compiler without C11 atomics makes a library for one thread.)
 */
#ifndef PRUNE_BASE_H
#define PRUNE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Major version of this header; before 1, a new minor version may break programs. */
#define PRUNE_VERSION_MAJOR 0
/** Minor version of this header. */
#define PRUNE_VERSION_MINOR 1
/** Patch version of this header. */
#define PRUNE_VERSION_PATCH 0

#if defined(_WIN32) && defined(PRUNE_SHARED)
#ifdef PRUNE_BUILDING
#define PRUNE_API __declspec(dllexport)
#else
#define PRUNE_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define PRUNE_API __attribute__((visibility("default")))
#else
#define PRUNE_API
#endif

#if defined(__GNUC__)
#define PRUNE_MUST_CHECK __attribute__((warn_unused_result))
#define PRUNE_PRINTF(format_index, first_argument) __attribute__((format(printf, format_index, first_argument)))
#else
#define PRUNE_MUST_CHECK
#define PRUNE_PRINTF(format_index, first_argument)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** Every status: X(name, value, word). The comment names the Python exception that the code mirrors. */
#define PRUNE_STATUS_MAP(X)                                                                                         \
    X(PRUNE_OK, 0, "ok")                                                                                            \
    X(PRUNE_ERROR_VALUE, 1, "value")              /* ValueError */                                                  \
    X(PRUNE_ERROR_TYPE, 2, "type")                /* TypeError; a NULL where an object is needed */                 \
    X(PRUNE_ERROR_INDEX, 3, "index")              /* IndexError */                                                  \
    X(PRUNE_ERROR_ATTRIBUTE, 4, "attribute")      /* AttributeError */                                              \
    X(PRUNE_ERROR_KEY, 5, "key")                  /* KeyError */                                                    \
    X(PRUNE_ERROR_SHAPE, 6, "shape")              /* AssertionError about shapes */                                 \
    X(PRUNE_ERROR_STATE, 7, "state")              /* any other AssertionError; an object not in the state needed */ \
    X(PRUNE_ERROR_RUNTIME, 8, "runtime")          /* RuntimeError */                                                \
    X(PRUNE_ERROR_MEMORY, 9, "memory")            /* the allocator gave NULL, or a size does not fit into memory */ \
    X(PRUNE_ERROR_IO, 10, "io")                   /* the system refused to open, read, write, rename */             \
    X(PRUNE_ERROR_FORMAT, 11, "format")           /* a file does not hold what its format demands */                \
    X(PRUNE_ERROR_UNSUPPORTED, 12, "unsupported") /* right, but not something that this library does */             \
    X(PRUNE_ERROR_USER, 13, "user")               /* never produced here: free for callbacks */

/** Outcome of a call. */
typedef enum prune_status {
#define PRUNE_STATUS_ENUM(name, value, word) name = value,
    PRUNE_STATUS_MAP(PRUNE_STATUS_ENUM)
#undef PRUNE_STATUS_ENUM
} prune_status;

/** The word of a status: "ok", "value", "type", …; "unknown" for a number that is none. Static storage. */
PRUNE_API const char *prune_status_name(prune_status status);

/** The sentence of the last failure on this thread, "" before the first. Success does not clear it. The pointer is
 *  good for the life of the thread; its text changes with the next failure. Longer sentences are cut, at a character,
 *  and end in "...". */
PRUNE_API const char *prune_last_error(void);

/** The status of the last failure on this thread, #PRUNE_OK before the first. Success does not clear it. */
PRUNE_API prune_status prune_last_status(void);

/** Sets the last error of this thread to a printf-formatted sentence and returns `status`: for callbacks, which end in
 *  `return prune_fail(PRUNE_ERROR_USER, "…", …)`. The format may use prune_last_error() as an argument; of a NULL one
 *  the sentence says that it is. */
PRUNE_API prune_status prune_fail(prune_status status, const char *format, ...) PRUNE_PRINTF(2, 3);

/** Three functions through which the library gets all of its memory. They must be as thread-safe as the program's use
 *  of the library, and return blocks aligned as malloc's. */
typedef struct prune_allocator {
    void *(*malloc_fn)(void *context, size_t size);               /**< NULL when there is none; size > 0 */
    void *(*realloc_fn)(void *context, void *block, size_t size); /**< as realloc; size > 0 */
    void (*free_fn)(void *context, void *block);                  /**< block is never NULL */
    void *context;                                                /**< given to each; must outlive their use */
} prune_allocator;

/** Replaces the allocator of the process; NULL brings back malloc, realloc and free. The struct is copied.
 *  Call it before anything else, or after everything was released, on one thread.
 *  Errors: state (memory of the present allocator is still in use), type (a function is NULL). */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_set_allocator(const prune_allocator *allocator);

/** Frees a string that the library gave through a `char **out`. Takes NULL. */
PRUNE_API void prune_free(void *block);

/** "0.1.0": the version of the library that is linked, which PRUNE_VERSION_MAJOR and so on say of the header. */
PRUNE_API const char *prune_version(void);

#ifdef __cplusplus
}
#endif

#endif
