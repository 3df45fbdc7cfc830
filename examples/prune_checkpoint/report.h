/* What was pruned, as a table or as JSON. */
#ifndef REPORT_H
#define REPORT_H

#include <prune/prune.h>

typedef struct report_row {
    char *name, *dtype, *shape; /* owned */
    bool is_pruned;
    int64_t entries, zeros_before, zeros_after, tied, tied_pruned;
} report_row;

typedef struct report {
    report_row *rows;
    size_t count, capacity;
} report;

/* Copies what is shown of a tensor. */
prune_status report_add(report *r, const prune_checkpoint_tensor *tensor);

/* Give whether all could be written. */
bool report_print_table(FILE *file, const report *r, const prune_checkpoint_result *result);
bool report_print_json(FILE *file, const report *r, const prune_checkpoint_result *result);

void report_free(report *r);

#endif
