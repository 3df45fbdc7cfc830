/* Loops that are written once for several targets: what their names are in the references. */
#ifndef PRUNI_KERNELS_LOOPS_H
#define PRUNI_KERNELS_LOOPS_H

#define LOOP_NAME(kernel) pruni_##kernel##_portable
#define LOOP_TARGET

#endif
