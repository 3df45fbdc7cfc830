/* Numeric loops over raw pointers, sizes and strides: no allocation, no validation, nothing that fails. One subject per
 * file; this header lists them all. */
#ifndef PRUNI_KERNELS_INTERNAL_H
#define PRUNI_KERNELS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#endif
