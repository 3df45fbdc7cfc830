/* Reference counts, atomic where C11 has atomics. */
#include "base/internal.h"

#if !defined(__STDC_NO_ATOMICS__)

void pruni_refs_init(pruni_refs *refs)
{
    atomic_init(refs, 1);
}

void pruni_refs_retain(pruni_refs *refs)
{
    atomic_fetch_add_explicit(refs, 1, memory_order_relaxed);
}

bool pruni_refs_release(pruni_refs *refs)
{
    return atomic_fetch_sub_explicit(refs, 1, memory_order_acq_rel) == 1;
}

bool pruni_refs_exceed(const pruni_refs *refs, size_t count)
{
    return atomic_load_explicit(refs, memory_order_acquire) > count;
}

#else

void pruni_refs_init(pruni_refs *refs)
{
    *refs = 1;
}

void pruni_refs_retain(pruni_refs *refs)
{
    ++*refs;
}

bool pruni_refs_release(pruni_refs *refs)
{
    return --*refs == 0;
}

bool pruni_refs_exceed(const pruni_refs *refs, size_t count)
{
    return *refs > count;
}

#endif

bool pruni_refs_shared(const pruni_refs *refs)
{
    return pruni_refs_exceed(refs, 1);
}
