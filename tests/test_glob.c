/* Patterns of names, of the command prune_checkpoint. */
#include "support.h"

#include "glob.h"

static void patterns_are_a_shells(void **state)
{
    (void)state;
    const struct {
        const char *pattern, *name;
        bool matches;
    } cases[] = {
        { "", "", true },
        { "", "a", false },
        { "a", "", false },
        { "a", "a", true },
        { "a", "b", false },
        { "a", "ab", false },
        { "ab", "a", false },
        { "*", "", true },
        { "*", "a.b.weight", true },
        { "*.weight", "a.b.weight", true },
        { "*.weight", "a.b.weights", false },
        { "a*b*c", "aXbYbZc", true },
        { "a*b*c", "aXbYbZ", false },
        { "*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
        { "**", "a", true },
        { "?", "a", true },
        { "?", "", false },
        { "conv?.weight", "conv1.weight", true },
        { "layers.[0-3].*", "layers.2.weight", true },
        { "layers.[0-3].*", "layers.4.weight", false },
        { "[!0-3]", "4", true },
        { "[^0-3]", "2", false },
        { "[]]", "]", true },
        { "[!]]", "]", false },
        { "[a-]", "-", true },
        { "[ab", "[ab", true },
        { "[ab", "a", false },
        { "\\*", "*", true },
        { "\\*", "a", false },
        { "\\", "\\", true },
        { "[\xc3-\xc5]", "\xc4", true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (glob_matches(cases[i].pattern, cases[i].name) != cases[i].matches)
            fail_msg("%s against %s", cases[i].pattern, cases[i].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(patterns_are_a_shells) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
