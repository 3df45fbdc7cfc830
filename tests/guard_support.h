/* Memory right before or right behind which nothing may be touched: what a kernel is given lies there meanwhile, so that a
 * read or write of one element too many ends the test. Where pages cannot be protected, nothing is moved. */
#ifndef PRUNE_TESTS_GUARD_SUPPORT_H
#define PRUNE_TESTS_GUARD_SUPPORT_H

#include "support.h"

/* Where the page lies that nobody may touch. */
typedef enum guard_side { GUARD_NONE, GUARD_BEHIND, GUARD_BEFORE, GUARD_SIDES } guard_side;

static guard_side guard;

#if defined(__unix__) || defined(__APPLE__)

#include <sys/mman.h>
#include <unistd.h>

enum { LENT_MOST = 8, LENT_ROOM = 4 << 20 };

/* A room between two such pages, and what it holds now. */
static struct lent {
    unsigned char *room;
    unsigned char *copy;
    void *origin;
    size_t size;
} lent[LENT_MOST];
static int lent_count;

static unsigned char *guarded_room(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *pages = mmap(NULL, LENT_ROOM + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(pages != MAP_FAILED);
    assert_int_equal(mprotect(pages, page, PROT_NONE), 0);
    assert_int_equal(mprotect(pages + page + LENT_ROOM, page, PROT_NONE), 0);
    return pages + page;
}

/* A copy of x beside such a page, the same one for the same x; x itself without a guard. */
static void *lend(const void *x, size_t size)
{
    if (guard == GUARD_NONE || !x)
        return (void *)(uintptr_t)x;
    for (int i = 0; i < lent_count; i++)
        if (lent[i].origin == x && lent[i].size == size)
            return lent[i].copy;
    assert_true(lent_count < LENT_MOST && size <= LENT_ROOM);
    struct lent *l = &lent[lent_count++];
    l->room = l->room ? l->room : guarded_room();
    l->copy = guard == GUARD_BEHIND ? l->room + LENT_ROOM - size : l->room;
    l->origin = (void *)(uintptr_t)x;
    l->size = size;
    if (size > 0)
        memcpy(l->copy, x, size);
    return l->copy;
}

/* What was lent gets the contents that the copy has now. */
static void take_back(void)
{
    while (lent_count > 0) {
        struct lent *l = &lent[--lent_count];
        if (l->size > 0)
            memcpy(l->origin, l->copy, l->size);
    }
}

#else

static void *lend(const void *x, size_t size)
{
    (void)size;
    return (void *)(uintptr_t)x;
}

static void take_back(void)
{
}

#endif

/* n elements of x. */
#define LEND(x, n) lend((x), (size_t)(n) * sizeof *(x))

#endif
