/* UTF-8, and the JSON reader. */
#include "support.h"

#include "io/internal.h"

/* ---- UTF-8 ---- */

static void well_formed_utf8_is_accepted(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "plain",
        "\x7f",
        "\xc2\x80",
        "\xdf\xbf",
        "\xe0\xa0\x80",
        "\xed\x9f\xbf",
        "\xee\x80\x80",
        "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_true(pruni_is_utf8(texts[i]));
    assert_int_equal(pruni_utf8_prefix("a\0b", 3), 3);
}

static void ill_formed_utf8_is_refused_at_its_first_byte(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "ab\x80",             /* a continuation alone */
        "ab\xc0\x80",         /* overlong */
        "ab\xc1\xbf",         /* overlong */
        "ab\xc3",             /* cut */
        "ab\xc3(",            /* no continuation */
        "ab\xe0\x9f\xbf",     /* overlong */
        "ab\xe2\x82",         /* cut */
        "ab\xe2(\xac",        /* no continuation */
        "ab\xe2\x82(",        /* no continuation */
        "ab\xed\xa0\x80",     /* a surrogate */
        "ab\xf0\x8f\xbf\xbf", /* overlong */
        "ab\xf0\x9f\x98",     /* cut */
        "ab\xf0\x9f(\x80",    /* no continuation */
        "ab\xf0\x9f\x98(",    /* no continuation */
        "ab\xf4\x90\x80\x80", /* beyond U+10FFFF */
        "ab\xf5\x80\x80\x80", /* beyond U+10FFFF */
        "ab\xff",             /* never */
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(pruni_utf8_prefix(texts[i], strlen(texts[i])), 2);
}

/* ---- JSON ---- */

/* The events of a text as letters, "!" and the sentence for an error; static storage. */
static const char *events_of(const char *text, size_t length)
{
    static const char letters[] = ".{}[]ksntfz";
    static char trace[4200];
    size_t count = 0;
    pruni_json json;
    pruni_json_init(&json, text, length, NULL);
    do {
        if (pruni_json_next(&json)) {
            assert_int_equal(prune_last_status(), PRUNE_ERROR_FORMAT);
            snprintf(trace + count, sizeof trace - count, "!%s", prune_last_error());
            return trace;
        }
        trace[count++] = letters[json.event];
    } while (json.event != PRUNI_JSON_END && count < 4000);
    trace[count] = '\0';
    return trace;
}

#define assert_events(text, expected) assert_string_equal(events_of((text), strlen(text)), (expected))
#define assert_problem(text, words) assert_non_null(strstr(events_of((text), strlen(text)), "!" words))

static void json_gives_one_event_after_the_other(void **state)
{
    (void)state;
    assert_events("{}", "{}.");
    assert_events(" \t\r\n[ ]\n", "[].");
    assert_events("1", "n.");
    assert_events("\"\"", "s.");
    assert_events("{\"a\":[1,-2.5e+3,true,false,null,\"x\"],\"b\":{\"c\":{}}}", "{k[nntfzs]k{k{}}}.");
    assert_events("[[],[[]],{}]", "[[][[]]{}].");
    assert_events("[0,-0,10,0.5,1e9,1E-9,1.25e0]", "[nnnnnnn].");
}

static void what_is_not_json_is_a_syntax_error_at_its_byte(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        " ",
        "{",
        "}",
        "[",
        "]",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{,}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{\"a\" 1}",
        "{a:1}",
        "{1:1}",
        "[1}",
        "{\"a\":1]",
        "nul",
        "nulL",
        "truefalse",
        "True",
        "01",
        "-",
        "+1",
        ".5",
        "1.",
        "1e",
        "1e+",
        "0x10",
        "NaN",
        "Infinity",
        "-Infinity",
        "'a'",
        "\"a",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\u0041\"",
        "\"\\ud800\\n\"",
        "\"\\ud800\\u\"",
        "\"\t\"",
        "\"\n\"",
        "\"\x1f\"",
        "{} {}",
        "1 1",
        "[1]]",
        "// a\n1",
        "[1,2,,3]",
        "\xef\xbb\xbf{}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const char *events = events_of(texts[i], strlen(texts[i]));
        if (!strstr(events, "!syntax: "))
            fail_msg("%s gave %s", texts[i], events);
    }
    assert_problem("[1,]", "syntax: no value at byte 3 of the JSON text");
    assert_problem("-", "syntax: a number without digits at byte 1 of the JSON text");
    assert_problem("1.", "syntax: a fraction without digits at byte 2 of the JSON text");
    assert_problem("1e", "syntax: an exponent without digits at byte 2 of the JSON text");
    assert_problem("{\"a\"1}", "syntax: no ':' after the key at byte 4 of the JSON text");
    assert_problem("{\"a\":1]", "syntax: neither ',' nor '}' at byte 6 of the JSON text");
    assert_non_null(strstr(events_of("{}\0", 3), "!syntax: something behind the value at byte 2"));
    assert_non_null(strstr(events_of("\"a\0\"", 4), "!syntax: a control character in a string at byte 2"));
}

static void a_text_cut_anywhere_is_a_syntax_error(void **state)
{
    (void)state;
    static const char text[] = "{\"k\\u00e9\\ud83d\\ude00\":[1.5e-3,true,null,{\"x\":\"\\n\"}]}";
    for (size_t length = 0; length < sizeof text - 1; length++) {
        char *copy = malloc(length > 0 ? length : 1); /* its own block: a read past its end shows */
        assert_non_null(copy);
        memcpy(copy, text, length);
        assert_non_null(strstr(events_of(copy, length), "!syntax: "));
        free(copy);
    }
    assert_events(text, "{k[ntz{ks}]}.");
}

static void nesting_ends_at_the_limit(void **state)
{
    (void)state;
    char text[2 * PRUNI_JSON_MAX_DEPTH + 2];
    memset(text, '[', PRUNI_JSON_MAX_DEPTH);
    memset(text + PRUNI_JSON_MAX_DEPTH, ']', PRUNI_JSON_MAX_DEPTH);
    text[2 * PRUNI_JSON_MAX_DEPTH] = '\0';
    assert_null(strchr(events_of(text, strlen(text)), '!'));
    memset(text, '[', PRUNI_JSON_MAX_DEPTH + 1);
    assert_problem(text, "limit: JSON nested deeper than 127 at byte 127");
}

static void unescape_first(char *out, size_t *length, const char *text)
{
    pruni_json json;
    pruni_json_init(&json, text, strlen(text), NULL);
    assert_ok(pruni_json_next(&json));
    assert_int_equal(json.event, PRUNI_JSON_STRING);
    *length = pruni_json_unescape(&json, out);
    out[*length] = '\0';
}

static void strings_are_unescaped(void **state)
{
    (void)state;
    char out[64];
    size_t length;
    unescape_first(out, &length, "\"plain \xc3\xa9\"");
    assert_string_equal(out, "plain \xc3\xa9");
    unescape_first(out, &length, "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"");
    assert_string_equal(out, "\"\\/\b\f\n\r\t");
    unescape_first(out, &length, "\"\\u0041\\u00E9\\u20ac\\uFFFF\\ud83d\\uDE00\"");
    assert_string_equal(out, "A\xc3\xa9\xe2\x82\xac\xef\xbf\xbf\xf0\x9f\x98\x80");
    unescape_first(out, &length, "\"a\\u0000b\"");
    assert_int_equal(length, 3);
    assert_memory_equal(out, "a\0b", 4);
}

static void strings_are_unescaped_where_they_lie(void **state)
{
    (void)state;
    char text[] = "\"\\u0061\\ud83d\\ude00\\n\"";
    pruni_json json;
    pruni_json_init(&json, text, strlen(text), NULL);
    assert_ok(pruni_json_next(&json));
    size_t length = pruni_json_unescape(&json, text + json.start);
    assert_int_equal(length, 6);
    assert_memory_equal(text + 1, "a\xf0\x9f\x98\x80\n", 6);
}

static bool first_uint64(uint64_t *value, const char *text)
{
    pruni_json json;
    pruni_json_init(&json, text, strlen(text), NULL);
    assert_ok(pruni_json_next(&json));
    return pruni_json_uint64(value, &json);
}

static void whole_numbers_are_exact_to_2_to_the_64(void **state)
{
    (void)state;
    uint64_t value = 7;
    assert_true(first_uint64(&value, "0") && value == 0);
    assert_true(first_uint64(&value, "18446744073709551615") && value == UINT64_MAX);
    value = 7;
    assert_false(first_uint64(&value, "18446744073709551616"));
    assert_false(first_uint64(&value, "99999999999999999999999"));
    assert_false(first_uint64(&value, "-1"));
    assert_false(first_uint64(&value, "-0"));
    assert_false(first_uint64(&value, "2.0"));
    assert_false(first_uint64(&value, "2e0"));
    assert_int_equal(value, 7);
}

static void a_skip_ends_where_the_value_does(void **state)
{
    (void)state;
    static const char text[] = "[{\"a\":[1,{}],\"b\":2},\"x\",3]";
    pruni_json json;
    pruni_json_init(&json, text, strlen(text), NULL);
    assert_ok(pruni_json_next(&json));
    assert_ok(pruni_json_next(&json));
    assert_ok(pruni_json_skip(&json));
    assert_int_equal(json.event, PRUNI_JSON_OBJECT_END);
    assert_ok(pruni_json_next(&json));
    assert_ok(pruni_json_skip(&json));
    assert_int_equal(json.event, PRUNI_JSON_STRING);
    assert_ok(pruni_json_next(&json));
    assert_int_equal(json.event, PRUNI_JSON_NUMBER);
    pruni_json_init(&json, "[[1,2", 5, "file");
    assert_ok(pruni_json_next(&json));
    assert_fails(pruni_json_skip(&json), PRUNE_ERROR_FORMAT, "syntax: file: neither ',' nor ']' at byte 5");
}

/* json.dumps(…, ensure_ascii=False) */
static void strings_are_escaped_as_little_as_json_allows(void **state)
{
    (void)state;
    pruni_text text = { NULL, 0, 0, false };
    pruni_json_add_string(&text, "");
    pruni_json_add_string(&text, "a\"b\\c/\b\f\n\r\t\x01\x1f\x7f\xc3\xa9");
    assert_string_equal(text.data, "\"\"\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\xc3\xa9\"");
    pruni_text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_utf8_is_accepted),
        cmocka_unit_test(ill_formed_utf8_is_refused_at_its_first_byte),
        cmocka_unit_test(json_gives_one_event_after_the_other),
        cmocka_unit_test(what_is_not_json_is_a_syntax_error_at_its_byte),
        cmocka_unit_test(a_text_cut_anywhere_is_a_syntax_error),
        cmocka_unit_test(nesting_ends_at_the_limit),
        cmocka_unit_test(strings_are_unescaped),
        cmocka_unit_test(strings_are_unescaped_where_they_lie),
        cmocka_unit_test(whole_numbers_are_exact_to_2_to_the_64),
        cmocka_unit_test(a_skip_ends_where_the_value_does),
        cmocka_unit_test(strings_are_escaped_as_little_as_json_allows),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
