/* Elements moved and repeated as they are. */
#include "kernels/table.h"

#include <string.h>

/* memcpy of a size known at compile time is a load and a store, whatever type the memory was declared with. */
#define DEFINE_LOOPS(size)                                                                                 \
    static void copy_##size(char *dst, int64_t dst_stride, const char *src, int64_t src_stride, int64_t n) \
    {                                                                                                      \
        for (int64_t i = 0; i < n; i++)                                                                    \
            memcpy(dst + i * dst_stride * (size), src + i * src_stride * (size), size);                    \
    }                                                                                                      \
    static void fill_##size(char *dst, int64_t dst_stride, const void *element, int64_t n)                 \
    {                                                                                                      \
        char copy[size];                                                                                   \
        memcpy(copy, element, size);                                                                       \
        if (dst_stride == 1)                                                                               \
            for (int64_t i = 0; i < n; i++)                                                                \
                memcpy(dst + i * (size), copy, size);                                                      \
        else                                                                                               \
            for (int64_t i = 0; i < n; i++)                                                                \
                memcpy(dst + i * dst_stride * (size), copy, size);                                         \
    }

DEFINE_LOOPS(1)
DEFINE_LOOPS(2)
DEFINE_LOOPS(4)
DEFINE_LOOPS(8)

void pruni_copy_bytes_portable(void *dst, const void *src, int64_t n)
{
    memcpy(dst, src, (size_t)n);
}

void pruni_kernel_copy(int64_t element_size, void *dst, int64_t dst_stride, const void *src, int64_t src_stride,
                       int64_t n)
{
    if (n <= 0)
        return;
    if (dst_stride == 1 && src_stride == 1)
        pruni_kernels_used()->copy_bytes(dst, src, n * element_size);
    else if (src_stride == 0)
        pruni_kernel_fill(element_size, dst, dst_stride, src, n);
    else if (element_size == 1)
        copy_1(dst, dst_stride, src, src_stride, n);
    else if (element_size == 2)
        copy_2(dst, dst_stride, src, src_stride, n);
    else if (element_size == 4)
        copy_4(dst, dst_stride, src, src_stride, n);
    else
        copy_8(dst, dst_stride, src, src_stride, n);
}

void pruni_kernel_fill(int64_t element_size, void *dst, int64_t dst_stride, const void *element, int64_t n)
{
    if (element_size == 1)
        fill_1(dst, dst_stride, element, n);
    else if (element_size == 2)
        fill_2(dst, dst_stride, element, n);
    else if (element_size == 4)
        fill_4(dst, dst_stride, element, n);
    else
        fill_8(dst, dst_stride, element, n);
}
