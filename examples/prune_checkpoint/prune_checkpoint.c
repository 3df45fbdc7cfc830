/* Prunes a weight file from the shell: see --help, and prune_checkpoint() in prune/checkpoint.h, which does the work. */
#if defined(__unix__) || defined(__APPLE__)
#define _POSIX_C_SOURCE 200809L /* isatty, fileno */
#define HAVE_POSIX 1
#else
#define HAVE_POSIX 0
#endif

#include "arguments.h"
#include "glob.h"
#include "report.h"

#include <string.h>
#include <time.h>

#if HAVE_POSIX
#include <unistd.h>
#endif

static bool is_terminal(FILE *file)
{
#if HAVE_POSIX
    return isatty(fileno(file)) == 1;
#else
    (void)file;
    return false;
#endif
}

static bool is_stream(const char *path)
{
    return path && strcmp(path, "-") == 0;
}

/* ---- What the library asks and tells ---- */

typedef struct session {
    const arguments *arguments;
    report report;
    time_t start;
    int shown; /* per cent on the terminal; −1: none yet */
} session;

static bool matches_any(const patterns *list, const char *name)
{
    for (int i = 0; i < list->count; i++)
        if (glob_matches(list->items[i], name))
            return true;
    return false;
}

static bool choose(void *context, const prune_checkpoint_tensor *tensor)
{
    const arguments *a = ((session *)context)->arguments;
    bool included = a->include.count > 0 ? matches_any(&a->include, tensor->name) : a->mask || tensor->ndim >= 2;
    return included && !matches_any(&a->exclude, tensor->name);
}

static prune_status add_to_report(void *context, const prune_checkpoint_tensor *tensor)
{
    return report_add(&((session *)context)->report, tensor);
}

/* After the first second. */
static prune_status show_progress(void *context, uint64_t done, uint64_t total)
{
    session *s = context;
    int percent = total > 0 ? (int)((double)done / (double)total * 100) : 100;
    if (percent != s->shown && time(NULL) > s->start + 1) {
        fprintf(stderr, "\rprune_checkpoint: %3d %%", percent);
        fflush(stderr);
        s->shown = percent;
    }
    return PRUNE_OK;
}

static void end_progress(const session *s)
{
    if (s->shown >= 0)
        fputs("\r                        \r", stderr);
}

/* ---- The work ---- */

static prune_status prune(session *s, prune_method *method, prune_checkpoint_result *result)
{
    const arguments *a = s->arguments;
    prune_checkpoint_options options = PRUNE_CHECKPOINT_OPTIONS_INIT;
    options.method = method;
    options.masks = a->mask;
    options.global = a->global;
    options.scores = a->scores;
    options.entry = a->entry;
    options.keep_masks = a->keep_masks;
    options.output_format = a->format;
    if (a->max_memory > 0)
        options.max_memory = a->max_memory;
    if (is_stream(a->out) && a->format == PRUNE_FORMAT_AUTO)
        options.output_format = PRUNE_FORMAT_SAFETENSORS;
    options.chooses = choose;
    options.report = add_to_report;
    if (is_terminal(stderr))
        options.progress = show_progress;
    options.context = s;
    if (a->has_seed)
        prune_manual_seed(NULL, a->seed);
    const char *in = is_stream(a->in) ? "/dev/stdin" : a->in;
    const char *out = is_stream(a->out) ? "/dev/stdout" : a->out;
    return prune_checkpoint(in, a->dry_run ? NULL : out, &options, result);
}

static int fail(void)
{
    fprintf(stderr, "prune_checkpoint: %s\n", prune_last_error());
    return 1;
}

static int print_report(const session *s, const prune_checkpoint_result *result)
{
    const arguments *a = s->arguments;
    FILE *file = is_stream(a->out) && !a->dry_run ? stderr : stdout;
    bool written = true;
    if (a->report == REPORT_TABLE)
        written = report_print_table(file, &s->report, result);
    else if (a->report == REPORT_JSON)
        written = report_print_json(file, &s->report, result);
    if (written)
        return 0;
    fputs("prune_checkpoint: cannot write the report\n", stderr);
    return 1;
}

static int run(const arguments *a)
{
    session s = { .arguments = a, .start = time(NULL), .shown = -1 };
    prune_checkpoint_result result = { .size = sizeof result };
    prune_method *method = NULL;
    bool failed = arguments_make_method(&method, a) || prune(&s, method, &result);
    end_progress(&s);
    int code = failed ? fail() : print_report(&s, &result);
    prune_method_release(method);
    report_free(&s.report);
    return code;
}

int main(int argc, char **argv)
{
    arguments a;
    switch (arguments_parse(&a, argc, argv)) {
    case PARSED_HELP:
        arguments_print_help();
        return fflush(stdout) == 0 ? 0 : 1;
    case PARSED_VERSION:
        printf("prune_checkpoint %s\n", prune_version());
        return fflush(stdout) == 0 ? 0 : 1;
    case PARSED_WRONGLY:
        return 2;
    case PARSED:
        break;
    }
    if (is_stream(a.out) && !a.dry_run && is_terminal(stdout)) {
        fputs("prune_checkpoint: a weight file is not written to a terminal\n", stderr);
        return 2;
    }
    return run(&a);
}
