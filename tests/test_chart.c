/* The examples' charts: a picture that is well-formed XML with each point in its place, and one of characters. */
#include "chart.h"
#include "support.h"

static const char path[] = "test_chart.svg";

/* Sparsity and accuracy as the pictures place them: x = 70 + 620 · sparsity, y = 380 − 330 · accuracy. */
static const chart_point points[] = { { 0, 1 }, { 0.5, 0.5 }, { 0.98, 0.1 } };

static char *read_picture(void)
{
    static char text[16384];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(text, 1, sizeof text - 1, file);
    text[size] = '\0';
    assert_int_equal(fclose(file), 0);
    assert_true(size < sizeof text - 1);
    return text;
}

static char *write_picture(int count)
{
    assert_true(chart_write_svg(path, points, count));
    return read_picture();
}

static int count_of(const char *text, const char *word)
{
    int n = 0;
    for (const char *p = strstr(text, word); p; p = strstr(p + 1, word))
        n++;
    return n;
}

/* ---- XML, as far as the picture uses it ---- */

enum { DEPTH = 8, NAME = 16 };

typedef struct elements {
    char open[DEPTH][NAME];
    int depth;
    int roots;
} elements;

static const char *read_name(char *name, const char *p)
{
    size_t length = strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-");
    assert_true(length > 0 && length < NAME);
    memcpy(name, p, length);
    name[length] = '\0';
    return p + length;
}

/* name="value" after a blank, none twice, no markup in the value. */
static const char *read_attributes(const char *p)
{
    char names[DEPTH][NAME];
    int count = 0;
    while (*p == ' ') {
        assert_true(count < DEPTH);
        p = read_name(names[count], p + 1);
        for (int i = 0; i < count; i++)
            assert_string_not_equal(names[i], names[count]);
        count++;
        assert_memory_equal(p, "=\"", 2);
        p += 2;
        p += strcspn(p, "\"<&");
        assert_int_equal(*p, '"');
        p++;
    }
    return p;
}

static const char *read_start_tag(elements *e, const char *p)
{
    assert_true(e->depth < DEPTH);
    e->roots += e->depth == 0;
    p = read_attributes(read_name(e->open[e->depth++], p));
    if (*p == '/') {
        e->depth--;
        p++;
    }
    assert_int_equal(*p, '>');
    return p + 1;
}

static const char *read_end_tag(elements *e, const char *p)
{
    char name[NAME];
    p = read_name(name, p);
    assert_true(e->depth > 0);
    assert_string_equal(name, e->open[--e->depth]);
    assert_int_equal(*p, '>');
    return p + 1;
}

static void expect_well_formed(const char *text)
{
    elements e = { .depth = 0, .roots = 0 };
    const char *p = text;
    while (*p) {
        if (*p == '<')
            p = p[1] == '/' ? read_end_tag(&e, p + 2) : read_start_tag(&e, p + 1);
        else {
            size_t length = strcspn(p, "<&");
            assert_true(length > 0); /* no bare & */
            assert_true(e.depth > 0 || strspn(p, "\n") >= length);
            p += length;
        }
    }
    assert_int_equal(e.depth, 0);
    assert_int_equal(e.roots, 1);
}

/* ---- The picture ---- */

static void the_picture_is_well_formed(void **state)
{
    (void)state;
    const char *svg = write_picture(3);
    expect_well_formed(svg);
    assert_int_equal(strncmp(svg, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 720 440\" ", 61), 0);
    assert_int_equal(count_of(svg, "<title>"), 3);
    expect_well_formed(write_picture(1));
    expect_well_formed(write_picture(0));
}

static void each_point_is_in_its_place(void **state)
{
    (void)state;
    const char *svg = write_picture(3);
    assert_int_equal(count_of(svg, "<polyline "), 1);
    assert_non_null(strstr(svg, "<polyline class=\"curve\" points=\"70.0,50.0 380.0,215.0 677.6,347.0\"/>"));
    assert_int_equal(count_of(svg, "<circle "), 3);
    assert_non_null(strstr(svg, "<circle cx=\"70.0\" cy=\"50.0\" r=\"4\"><title>0.0 % pruned: 100.00 % right</title>"));
    assert_non_null(
        strstr(svg, "<circle cx=\"677.6\" cy=\"347.0\" r=\"4\"><title>98.0 % pruned: 10.00 % right</title>"));
}

static void both_axes_are_marked(void **state)
{
    (void)state;
    const char *svg = write_picture(3);
    assert_int_equal(count_of(svg, "class=\"grid\""), 6);
    for (int mark = 0; mark <= 100; mark += 20) {
        char text[16];
        snprintf(text, sizeof text, ">%d %%<", mark);
        assert_int_equal(count_of(svg, text), 2);
    }
    assert_non_null(strstr(svg, "<text x=\"690.0\" y=\"400.0\" text-anchor=\"middle\">100 %</text>"));
    assert_non_null(strstr(svg, "<text x=\"62.0\" y=\"54.0\" text-anchor=\"end\">100 %</text>"));
}

static void a_picture_that_cannot_be_written_is_noticed(void **state)
{
    (void)state;
    assert_false(chart_write_svg("no/such/folder/chart.svg", points, 3));
    FILE *full = fopen("/dev/full", "w"); /* where there is one */
    if (full) {
        fclose(full);
        assert_false(chart_write_svg("/dev/full", points, 3));
    }
}

/* ---- Characters ---- */

static void the_chart_of_characters_has_a_row_for_each_tenth(void **state)
{
    (void)state;
    FILE *file = open_capture();
    chart_print(file, points, 3);
    char *text = close_capture(file);
    assert_int_equal(count_of(text, "\n"), 13);
    assert_int_equal(count_of(text, "*"), 3);
    assert_int_equal(strncmp(text, " 100 % |*   ", 12), 0);
    assert_non_null(strstr(text, "\n  50 % |                              *                              \n"));
    assert_non_null(strstr(text, "\n  10 % |                                                           * \n"));
    assert_non_null(strstr(text, "\n   0 % |                                                             \n"));
    free(text);
}

static int remove_picture(void **state)
{
    (void)state;
    remove(path);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_picture_is_well_formed),
        cmocka_unit_test(each_point_is_in_its_place),
        cmocka_unit_test(both_axes_are_marked),
        cmocka_unit_test(a_picture_that_cannot_be_written_is_noticed),
        cmocka_unit_test(the_chart_of_characters_has_a_row_for_each_tenth),
    };
    return cmocka_run_group_tests(tests, NULL, remove_picture);
}
