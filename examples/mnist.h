/* MNIST's files (IDX format) as tensors. */
#ifndef EXAMPLES_MNIST_H
#define EXAMPLES_MNIST_H

#include <prune/prune.h>

/* directory/t10k-images-idx3-ubyte: pixel / 255, shape (N, 1, rows, columns), float32.
 * Errors, which name the file: io, format (it is not what its name says, holds nothing, is cut short or is longer). */
PRUNE_MUST_CHECK prune_status mnist_load_images(prune_tensor **out, const char *directory);

/* directory/t10k-labels-idx1-ubyte: the digits 0 to 9, shape (N), float32. Errors: as above. */
PRUNE_MUST_CHECK prune_status mnist_load_labels(prune_tensor **out, const char *directory);

#endif
