/* The LeNet of the examples: two convolutions, three linear layers, for 28×28 grey pictures of digits. */
#ifndef EXAMPLES_LENET_H
#define EXAMPLES_LENET_H

#include <prune/prune.h>

/* A LeNet with PyTorch's default initialisation, drawn from the default generator. Children: conv1, conv2, maxpool, fc1,
 * fc2, fc3. Input (N, 1, 28, 28), output (N, 10). */
PRUNE_MUST_CHECK prune_status lenet_create(prune_module **out);

#endif
