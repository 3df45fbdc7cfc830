#include "chart.h"

#include <math.h>

/* ---- SVG ---- */

enum { WIDTH = 720, HEIGHT = 440, LEFT = 70, RIGHT = 30, TOP = 50, BOTTOM = 60 };

static double x_of(double sparsity)
{
    return LEFT + sparsity * (WIDTH - LEFT - RIGHT);
}

static double y_of(double accuracy)
{
    return HEIGHT - BOTTOM - accuracy * (HEIGHT - TOP - BOTTOM);
}

static void svg_grid(FILE *file)
{
    for (int i = 0; i <= 5; i++) {
        double x = x_of(i / 5.0), y = y_of(i / 5.0);
        fprintf(file, "<path class=\"grid\" d=\"M%.1f %.1fV%.1fM%.1f %.1fH%.1f\"/>\n", x, y_of(0), y_of(1), x_of(0), y,
                x_of(1));
        fprintf(file, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%d %%</text>\n", x, y_of(0) + 20, i * 20);
        fprintf(file, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%d %%</text>\n", x_of(0) - 8, y + 4, i * 20);
    }
    fprintf(file, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">sparsity of the weights</text>\n", x_of(0.5),
            HEIGHT - 15);
    fprintf(file, "<text x=\"%d\" y=\"28\" class=\"title\">LeNet on MNIST: accuracy after global L1 pruning</text>\n",
            LEFT);
}

static void svg_curve(FILE *file, const chart_point *points, int count)
{
    fputs("<polyline class=\"curve\" points=\"", file);
    for (int i = 0; i < count; i++)
        fprintf(file, "%s%.1f,%.1f", i > 0 ? " " : "", x_of(points[i].sparsity), y_of(points[i].accuracy));
    fputs("\"/>\n", file);
    for (int i = 0; i < count; i++)
        fprintf(file, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\"><title>%.1f %% pruned: %.2f %% right</title></circle>\n",
                x_of(points[i].sparsity), y_of(points[i].accuracy), 100 * points[i].sparsity, 100 * points[i].accuracy);
}

bool chart_write_svg(const char *path, const chart_point *points, int count)
{
    FILE *file = fopen(path, "w");
    if (!file)
        return false;
    fprintf(file,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" "
            "font-size=\"13\">\n",
            WIDTH, HEIGHT);
    fputs("<style>.grid{stroke:#ddd;fill:none}.curve{stroke:#1565c0;stroke-width:2.5;fill:none}"
          "circle{fill:#1565c0}text{fill:#333}.title{font-size:16px}</style>\n",
          file);
    fprintf(file, "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", WIDTH, HEIGHT);
    svg_grid(file);
    svg_curve(file, points, count);
    fputs("</svg>\n", file);
    bool written = !ferror(file);
    return fclose(file) == 0 && written;
}

/* ---- Characters ---- */

enum { ROWS = 11, COLUMNS = 61 };

void chart_print(FILE *file, const chart_point *points, int count)
{
    char cells[ROWS][COLUMNS + 1];
    for (int row = 0; row < ROWS; row++) {
        for (int column = 0; column < COLUMNS; column++)
            cells[row][column] = ' ';
        cells[row][COLUMNS] = '\0';
    }
    for (int i = 0; i < count; i++) {
        int row = (int)lround((1 - points[i].accuracy) * (ROWS - 1));
        int column = (int)lround(points[i].sparsity * (COLUMNS - 1));
        cells[row][column] = '*';
    }
    for (int row = 0; row < ROWS; row++)
        fprintf(file, "%4d %% |%s\n", 100 - 100 * row / (ROWS - 1), cells[row]);
    fputs("       +", file);
    for (int column = 0; column < COLUMNS; column++)
        fputc('-', file);
    fputs("\n        0 %         20 %        40 %        60 %        80 %      100 %\n", file);
}
