/* Accuracy against sparsity, as an SVG picture and as characters. */
#ifndef EXAMPLES_CHART_H
#define EXAMPLES_CHART_H

#include <stdbool.h>
#include <stdio.h>

typedef struct chart_point {
    double sparsity; /* 0 to 1 */
    double accuracy; /* 0 to 1 */
} chart_point;

/* False if the file cannot be written. */
bool chart_write_svg(const char *path, const chart_point *points, int count);

void chart_print(FILE *file, const chart_point *points, int count);

#endif
