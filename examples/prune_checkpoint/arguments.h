/* The command line. */
#ifndef ARGUMENTS_H
#define ARGUMENTS_H

#include <prune/prune.h>

enum { MOST_PATTERNS = 64 };

typedef enum report_kind { REPORT_TABLE, REPORT_JSON, REPORT_NONE } report_kind;

typedef struct patterns {
    const char *items[MOST_PATTERNS];
    int count;
} patterns;

typedef struct arguments {
    const char *in, *out; /* as given: "-" is a standard stream; out NULL: a dry run */
    const char *method, *scores, *mask, *entry;
    prune_amount amount;
    bool has_amount;
    int64_t dim;
    bool has_dim;
    prune_norm order;
    bool has_order;
    int64_t nm[2];
    bool has_nm;
    uint64_t seed;
    bool has_seed;
    bool global, keep_masks, dry_run;
    patterns include, exclude;
    report_kind report;
    prune_file_format format;
    uint64_t max_memory; /* 0: the library's default */
    prune_ties ties;
} arguments;

typedef enum parsed { PARSED, PARSED_HELP, PARSED_VERSION, PARSED_WRONGLY } parsed;

/* What is wrong is told on stderr. */
parsed arguments_parse(arguments *a, int argc, char **argv);

void arguments_print_help(void);

/* The method that was asked for; NULL, and PRUNE_OK, for masks. */
prune_status arguments_make_method(prune_method **out, const arguments *a);

#endif
