/* Threads for tests: POSIX's, which ThreadSanitizer knows, or C11's; PRUNE_TEST_THREADS says whether there are any. */
#ifndef PRUNE_TESTS_THREADS_SUPPORT_H
#define PRUNE_TESTS_THREADS_SUPPORT_H

#include "support.h"

#if defined(__unix__) || defined(__APPLE__)
#define PRUNE_TEST_THREADS 1
#include <pthread.h>
typedef pthread_t test_thread;
#elif !defined(__STDC_NO_THREADS__)
#define PRUNE_TEST_THREADS 1
#include <threads.h>
typedef thrd_t test_thread;
#else
#define PRUNE_TEST_THREADS 0
#endif

#if PRUNE_TEST_THREADS

/* cmocka's assertions jump, which only its own thread may do: a thread counts what failed in its job. */
typedef struct test_job {
    void (*work)(struct test_job *job);
    void *context;
    int number;
    int failures;
} test_job;

#if defined(__unix__) || defined(__APPLE__)

static void *run_test_job(void *job)
{
    ((test_job *)job)->work(job);
    return NULL;
}

static inline void start_test_thread(test_thread *thread, test_job *job)
{
    assert_int_equal(pthread_create(thread, NULL, run_test_job, job), 0);
}

static inline void join_test_thread(test_thread thread)
{
    assert_int_equal(pthread_join(thread, NULL), 0);
}

#else

static int run_test_job(void *job)
{
    ((test_job *)job)->work(job);
    return 0;
}

static inline void start_test_thread(test_thread *thread, test_job *job)
{
    assert_int_equal(thrd_create(thread, run_test_job, job), thrd_success);
}

static inline void join_test_thread(test_thread thread)
{
    assert_int_equal(thrd_join(thread, NULL), thrd_success);
}

#endif

enum { TEST_THREADS = 4 };

/* The same work in several threads, numbered from 0; returns how much failed. */
static inline int run_in_threads(void (*work)(test_job *job), void *context)
{
    test_thread threads[TEST_THREADS];
    test_job jobs[TEST_THREADS];
    int failures = 0;
    for (int i = 0; i < TEST_THREADS; i++) {
        jobs[i] = (test_job){ work, context, i, 0 };
        start_test_thread(&threads[i], &jobs[i]);
    }
    for (int i = 0; i < TEST_THREADS; i++) {
        join_test_thread(threads[i]);
        failures += jobs[i].failures;
    }
    return failures;
}

#endif

#endif
