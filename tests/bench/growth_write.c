/* Points as CSV, and as an SVG picture with logarithmic axes. */
#include "bench.h"

#include <math.h>
#include <string.h>

enum { WIDTH = 900, HEIGHT = 560, LEFT = 70, RIGHT = 200, TOP = 50, BOTTOM = 60 };

/* Decades of the axes. */
typedef struct frame {
    int x0, x1, y0, y1;
} frame;

static frame frame_of(const bench_point *points, int count)
{
    double x0 = INFINITY, x1 = -INFINITY, y0 = INFINITY, y1 = -INFINITY;
    for (int i = 0; i < count; i++) {
        double x = log10((double)points[i].entries), y = log10(points[i].nanoseconds);
        x0 = fmin(x0, x);
        x1 = fmax(x1, x);
        y0 = fmin(y0, y);
        y1 = fmax(y1, y);
    }
    return (frame){ (int)floor(x0), (int)ceil(x1), (int)floor(y0), (int)ceil(y1) };
}

static double place_x(const frame *f, double x)
{
    return LEFT + (log10(x) - f->x0) / (f->x1 - f->x0) * (WIDTH - LEFT - RIGHT);
}

static double place_y(const frame *f, double y)
{
    return HEIGHT - BOTTOM - (log10(y) - f->y0) / (f->y1 - f->y0) * (HEIGHT - TOP - BOTTOM);
}

static void draw_axes(FILE *file, const frame *f)
{
    for (int d = f->x0; d <= f->x1; d++) {
        double x = place_x(f, pow(10, d));
        fprintf(file, "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"#ddd\"/>\n", x, TOP, x,
                HEIGHT - BOTTOM);
        fprintf(file,
                "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">10<tspan dy=\"-5\" font-size=\"9\">%d</tspan>"
                "</text>\n",
                x, HEIGHT - BOTTOM + 18, d);
    }
    for (int d = f->y0; d <= f->y1; d++) {
        double y = place_y(f, pow(10, d));
        fprintf(file, "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"#ddd\"/>\n", LEFT, y, WIDTH - RIGHT,
                y);
        fprintf(file, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n", LEFT - 8, y + 4, pow(10, d));
    }
    fprintf(file, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">entries</text>\n", (LEFT + WIDTH - RIGHT) / 2,
            HEIGHT - 18);
}

/* What a line is compared by: PyTorch's has the colour of ours, dashed. */
static const char *subject(const char *line)
{
    static const char theirs[] = "PyTorch ";
    return strncmp(line, theirs, sizeof theirs - 1) == 0 ? line + sizeof theirs - 1 : line;
}

/* By the first line of the same subject. */
static const char *colour_of(const bench_point *points, const char *line)
{
    static const char *const colours[] = { "#1b6ca8", "#d1495b", "#2e933c", "#8f5db7", "#c77d0a", "#444444" };
    size_t index = 0;
    for (; strcmp(subject(points->line), subject(line)) != 0; points++)
        index += points->line == subject(points->line) && strcmp(points[0].line, points[1].line) != 0;
    return colours[index % (sizeof colours / sizeof *colours)];
}

/* One line, and its name on the right; gives the number of its points. */
static int draw_line(FILE *file, const frame *f, const bench_point *points, int count, const char *colour, int index)
{
    const char *line = points->line, *dashes = subject(line) == line ? "" : " stroke-dasharray=\"5 4\"";
    int n = 0, y = TOP + 20 * index;
    fprintf(file, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\"%s points=\"", colour, dashes);
    for (; n < count && strcmp(points[n].line, line) == 0; n++)
        fprintf(file, "%s%.1f,%.1f", n ? " " : "", place_x(f, (double)points[n].entries),
                place_y(f, points[n].nanoseconds));
    fputs("\"/>\n", file);
    fprintf(file, "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"%s\" stroke-width=\"3\"%s/>\n",
            WIDTH - RIGHT + 12, y + 6, WIDTH - RIGHT + 36, y + 6, colour, dashes);
    fprintf(file, "<text x=\"%d\" y=\"%d\">%s</text>\n", WIDTH - RIGHT + 42, y + 11, line);
    return n;
}

static void draw(FILE *file, const bench_point *points, int count)
{
    frame f = frame_of(points, count);
    fprintf(file,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\""
            " font-size=\"13\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
            WIDTH, HEIGHT);
    fprintf(file, "<text x=\"%d\" y=\"28\" font-size=\"16\">Nanoseconds per entry</text>\n", LEFT);
    draw_axes(file, &f);
    for (int i = 0, line = 0; i < count; line++)
        i += draw_line(file, &f, points + i, count - i, colour_of(points, points[i].line), line);
    fputs("</svg>\n", file);
}

static void list(FILE *file, const bench_point *points, int count)
{
    fputs("work,entries,nanoseconds_per_entry\n", file);
    for (int i = 0; i < count; i++)
        fprintf(file, "%s,%lld,%.6g\n", points[i].line, (long long)points[i].entries, points[i].nanoseconds);
}

static prune_status write_file(const char *stem, const char *ending, const bench_point *points, int count,
                               void (*write)(FILE *, const bench_point *, int))
{
    char path[1024];
    if (snprintf(path, sizeof path, "%s%s", stem, ending) >= (int)sizeof path)
        return prune_fail(PRUNE_ERROR_IO, "%s%s: the name is too long", stem, ending);
    FILE *file = fopen(path, "w");
    if (file)
        write(file, points, count);
    bool written = file && !ferror(file);
    written = file && fclose(file) == 0 && written;
    return written ? PRUNE_OK : prune_fail(PRUNE_ERROR_IO, "%s: cannot be written", path);
}

prune_status bench_growth_write(const char *stem, const bench_point *points, int count)
{
    bool failed = write_file(stem, ".csv", points, count, list) || write_file(stem, ".svg", points, count, draw);
    return failed ? prune_last_status() : PRUNE_OK;
}
