/* What was pruned, as a table or as JSON. */
#include "report.h"

#include <stdlib.h>
#include <string.h>

/* ---- Rows ---- */

static char *copy(const char *text)
{
    size_t size = strlen(text) + 1;
    char *words = malloc(size);
    return words ? memcpy(words, text, size) : NULL;
}

/* "[2, 3]" */
static char *shape_of(const prune_checkpoint_tensor *tensor)
{
    char text[24 * PRUNE_MAX_DIMS + 3] = "[";
    size_t length = 1;
    for (int64_t i = 0; i < tensor->ndim; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%lld", i > 0 ? ", " : "",
                                   (long long)tensor->sizes[i]);
    snprintf(text + length, sizeof text - length, "]");
    return copy(text);
}

prune_status report_add(report *r, const prune_checkpoint_tensor *tensor)
{
    if (r->count == r->capacity) {
        size_t capacity = 2 * r->capacity + 64;
        report_row *rows = realloc(r->rows, capacity * sizeof *rows);
        if (!rows)
            return prune_fail(PRUNE_ERROR_MEMORY, "no memory for the report");
        r->rows = rows;
        r->capacity = capacity;
    }
    report_row *row = &r->rows[r->count++];
    *row = (report_row){
        .name = copy(tensor->name),
        .dtype = copy(tensor->dtype),
        .shape = shape_of(tensor),
        .is_pruned = tensor->is_pruned,
        .entries = tensor->entries,
        .zeros_before = tensor->zeros_before,
        .zeros_after = tensor->zeros_after,
        .tied = tensor->tied,
        .tied_pruned = tensor->tied_pruned,
    };
    if (!row->name || !row->dtype || !row->shape)
        return prune_fail(PRUNE_ERROR_MEMORY, "no memory for the report");
    return PRUNE_OK;
}

void report_free(report *r)
{
    for (size_t i = 0; i < r->count; i++) {
        free(r->rows[i].name);
        free(r->rows[i].dtype);
        free(r->rows[i].shape);
    }
    free(r->rows);
    *r = (report){ NULL, 0, 0 };
}

/* ---- Table ---- */

static double percent(int64_t zeros, int64_t entries)
{
    return entries > 0 ? 100 * (double)zeros / (double)entries : 0;
}

/* Characters, not bytes: what of the text is not in the middle of one. */
static int width_of(const char *text)
{
    int width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

/* Control characters are shown as '?', so that a name cannot write to a terminal what it likes. */
static void print_padded(FILE *file, const char *text, int width)
{
    int padding = width - width_of(text);
    for (; *text; text++)
        fputc((unsigned char)*text < 0x20 || *text == 0x7F ? '?' : *text, file);
    fprintf(file, "%*s", padding > 0 ? padding : 0, "");
}

static void print_row(FILE *file, const report_row *row, const int widths[3])
{
    print_padded(file, row->name, widths[0] + 2);
    print_padded(file, row->shape, widths[1] + 2);
    print_padded(file, row->dtype, widths[2]);
    if (row->is_pruned)
        fprintf(file, "  %6.2f%%  %6.2f%%\n", percent(row->zeros_before, row->entries),
                percent(row->zeros_after, row->entries));
    else
        fprintf(file, "        -        -\n");
}

static void print_sum(FILE *file, const prune_checkpoint_result *result)
{
    fprintf(file, "\n%lld of %lld tensors pruned, %lld entries: %.2f%% zeros before, %.2f%% after\n",
            (long long)result->pruned_tensors, (long long)result->tensors, (long long)result->entries,
            percent(result->zeros_before, result->entries), percent(result->zeros_after, result->entries));
    if (result->tied_pruned < result->tied)
        fprintf(file, "ties: of %lld entries at a threshold the first %lld were pruned\n", (long long)result->tied,
                (long long)result->tied_pruned);
    fprintf(file, "%lld passes, %.1f MiB of memory, %.1f MiB read, %.1f MiB written\n", (long long)result->passes,
            (double)result->peak_memory / 0x1p20, (double)result->bytes_read / 0x1p20,
            (double)result->bytes_written / 0x1p20);
}

bool report_print_table(FILE *file, const report *r, const prune_checkpoint_result *result)
{
    int widths[3] = { 4, 5, 5 };
    for (size_t i = 0; i < r->count; i++) {
        const char *const texts[] = { r->rows[i].name, r->rows[i].shape, r->rows[i].dtype };
        for (int j = 0; j < 3; j++)
            widths[j] = width_of(texts[j]) > widths[j] ? width_of(texts[j]) : widths[j];
    }
    fprintf(file, "%-*s  %-*s  %-*s   before    after\n", widths[0], "name", widths[1], "shape", widths[2], "dtype");
    for (size_t i = 0; i < r->count; i++)
        print_row(file, &r->rows[i], widths);
    print_sum(file, result);
    return !ferror(file) && fflush(file) == 0;
}

/* ---- JSON ---- */

static void print_string(FILE *file, const char *text)
{
    fputc('"', file);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            fprintf(file, "\\%c", c);
        else if (c < 0x20)
            fprintf(file, "\\u%04x", (unsigned)c);
        else
            fputc(c, file);
    }
    fputc('"', file);
}

static void print_number(FILE *file, const char *name, int64_t number)
{
    fprintf(file, ", \"%s\": %lld", name, (long long)number);
}

static void print_json_row(FILE *file, const report_row *row)
{
    fputs("{\"name\": ", file);
    print_string(file, row->name);
    fprintf(file, ", \"shape\": %s, \"dtype\": ", row->shape);
    print_string(file, row->dtype);
    fprintf(file, ", \"pruned\": %s", row->is_pruned ? "true" : "false");
    print_number(file, "entries", row->entries);
    if (row->is_pruned) {
        print_number(file, "zeros_before", row->zeros_before);
        print_number(file, "zeros_after", row->zeros_after);
        print_number(file, "tied", row->tied);
        print_number(file, "tied_pruned", row->tied_pruned);
    }
    fputs("}", file);
}

bool report_print_json(FILE *file, const report *r, const prune_checkpoint_result *result)
{
    fputs("{\"tensors\": [", file);
    for (size_t i = 0; i < r->count; i++) {
        fputs(i > 0 ? ",\n  " : "\n  ", file);
        print_json_row(file, &r->rows[i]);
    }
    fprintf(file, "],\n \"total\": {\"tensors\": %lld", (long long)result->tensors);
    print_number(file, "pruned_tensors", result->pruned_tensors);
    print_number(file, "entries", result->entries);
    print_number(file, "zeros_before", result->zeros_before);
    print_number(file, "zeros_after", result->zeros_after);
    print_number(file, "tied", result->tied);
    print_number(file, "tied_pruned", result->tied_pruned);
    print_number(file, "passes", result->passes);
    print_number(file, "peak_memory", (int64_t)result->peak_memory);
    print_number(file, "bytes_read", (int64_t)result->bytes_read);
    print_number(file, "bytes_written", (int64_t)result->bytes_written);
    fputs("}}\n", file);
    return !ferror(file) && fflush(file) == 0;
}
