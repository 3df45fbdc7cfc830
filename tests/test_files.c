/* What the file formats share: sentences, bytes, sorting, reading. */
#if defined(__unix__) || defined(__APPLE__)
#define _POSIX_C_SOURCE 200809L
#endif

#include "file_support.h"

#include "io/internal.h"

#if defined(__unix__) || defined(__APPLE__)
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

static const char name[] = "test_files.tmp";

/* ---- Sentences ---- */

static void the_fault_is_the_first_word(void **state)
{
    (void)state;
    assert_int_equal(pruni_bad_file(PRUNI_TRUNCATED, "dir/a b", "%d bytes", 7), PRUNE_ERROR_FORMAT);
    assert_string_equal(prune_last_error(), "truncated: dir/a b: 7 bytes");
    assert_int_equal(pruni_bad_file(PRUNI_UNSUP, NULL, "x"), PRUNE_ERROR_UNSUPPORTED);
    assert_string_equal(prune_last_error(), "unsup: x");
    assert_int_equal(pruni_bad_file(PRUNI_UNSAFE, NULL, "x"), PRUNE_ERROR_UNSUPPORTED);
    assert_string_equal(prune_last_error(), "unsafe: x");
    assert_int_equal(pruni_bad_file(PRUNI_CRC, NULL, "x"), PRUNE_ERROR_FORMAT);
    assert_string_equal(prune_last_error(), "crc: x");
}

static void text_from_files_is_shown_harmlessly(void **state)
{
    (void)state;
    char out[PRUNI_SHOWN_SIZE];
    assert_string_equal(pruni_shown(out, "fc1.weight", 10), "'fc1.weight'");
    assert_string_equal(pruni_shown(out, "", 0), "''");
    assert_string_equal(pruni_shown(out, "a\0\n\x1b[2J\x7f", 8), "'a\\x00\\x0a\\x1b[2J\\x7f'");
    assert_string_equal(pruni_shown(out, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9),
                        "'\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80'");
    assert_string_equal(pruni_shown(out,
                                    "\xc2\x9b"
                                    "2J",
                                    4),
                        "'\\xc2\\x9b2J'");
    assert_string_equal(pruni_shown(out, "a\xff\xe2\x82", 4), "'a\\xff\\xe2\\x82'");
    char longest[4000];
    for (size_t i = 0; i < sizeof longest; i += 4)
        memcpy(longest + i, "\xf0\x9f\x98\x80", 4);
    assert_int_equal(strlen(pruni_shown(out, longest, sizeof longest)), 100 * 4 + 5);
    memset(longest, 1, sizeof longest);
    assert_int_equal(strlen(pruni_shown(out, longest, sizeof longest)), 100 * 4 + 5);
    assert_int_equal(strlen(pruni_shown(out, longest, 100)), 100 * 4 + 2);
}

/* ---- Bytes ---- */

static void little_endian_is_read_and_written_on_any_machine(void **state)
{
    (void)state;
    static const unsigned char bytes[8] = { 1, 2, 3, 4, 5, 6, 7, 0xF8 };
    unsigned char back[8];
    assert_true(pruni_load_le64(bytes) == 0xF807060504030201u);
    pruni_store_le64(back, 0xF807060504030201u);
    assert_memory_equal(back, bytes, 8);
}

static void the_bytes_of_elements_are_swapped(void **state)
{
    (void)state;
    char bytes[] = "abcdefghijklmnop";
    pruni_swap_bytes(bytes, 16, 1);
    assert_string_equal(bytes, "abcdefghijklmnop");
    pruni_swap_bytes(bytes, 2, 2);
    assert_string_equal(bytes, "badcefghijklmnop");
    pruni_swap_bytes(bytes, 1, 4);
    assert_string_equal(bytes, "cdabefghijklmnop");
    pruni_swap_bytes(bytes, 2, 8);
    assert_string_equal(bytes, "hgfebadcponmlkji");
    const uint32_t one = 1;
    unsigned char first;
    memcpy(&first, &one, 1);
    assert_int_equal(pruni_is_big_endian(), first == 0);
}

/* ---- Sorting ---- */

typedef struct card {
    int value;
    int place;
} card;

static size_t comparisons;

static int by_value(const void *a, const void *b)
{
    comparisons++;
    return ((const card *)a)->value - ((const card *)b)->value;
}

static void sort_cards(int count, int distinct)
{
    static card cards[1100];
    static const void *order[1100];
    uint32_t random = 12345;
    for (int i = 0; i < count; i++) {
        random = random * 1664525u + 1013904223u;
        cards[i] = (card){ (int)(random >> 8) % distinct, i };
        order[i] = &cards[i];
    }
    assert_ok(pruni_sort(order, (size_t)count, by_value));
    for (int i = 1; i < count; i++) {
        const card *left = order[i - 1];
        const card *right = order[i];
        assert_true(left->value < right->value || (left->value == right->value && left->place < right->place));
    }
}

static void sorting_is_stable(void **state)
{
    (void)state;
    for (int count = 0; count < 70; count++) {
        sort_cards(count, 3);
        sort_cards(count, 1000000);
    }
    comparisons = 0;
    sort_cards(1024, 1000000);
    assert_true(comparisons < 12 * 1024);
    comparisons = 0;
    sort_cards(1024, 1);
    assert_int_equal(comparisons, 1023);
}

/* ---- Reading ---- */

static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz";

/* What any input of the alphabet must give. */
static void expect_alphabet(pruni_input *input)
{
    char got[27] = "";
    bool holds = false;
    assert_ok(pruni_input_holds(&holds, input, 0));
    assert_true(holds);
    assert_ok(pruni_input_read(input, 3, got, 4));
    assert_string_equal(got, "defg");
    assert_ok(pruni_input_read(input, 7, got, 2)); /* goes on where the last one ended */
    assert_string_equal(got, "hifg");
    assert_ok(pruni_input_holds(&holds, input, 26));
    assert_true(holds);
    assert_ok(pruni_input_holds(&holds, input, 27));
    assert_false(holds);
    assert_ok(pruni_input_holds(&holds, input, UINT64_MAX));
    assert_false(holds);
    assert_ok(pruni_input_read(input, 0, got, 26));
    assert_string_equal(got, alphabet);
    assert_fails(pruni_input_read(input, 20, got, 7), PRUNE_ERROR_FORMAT, "truncated: ");
    assert_fails(pruni_input_read(input, 90, got, 1), PRUNE_ERROR_FORMAT, "truncated: ");
    assert_fails(pruni_input_read(input, UINT64_MAX, got, 2), PRUNE_ERROR_FORMAT, "truncated: ");
    assert_ok(pruni_input_read(input, 99, got, 0));
}

static void memory_is_read(void **state)
{
    (void)state;
    pruni_input input;
    pruni_input_from_memory(&input, alphabet, 26);
    expect_alphabet(&input);
    pruni_input_close(&input);
    bool holds = true;
    pruni_input_from_memory(&input, NULL, 0);
    assert_ok(pruni_input_holds(&holds, &input, 1));
    assert_false(holds);
    pruni_input_close(&input);
}

static void a_file_is_read(void **state)
{
    (void)state;
    pruni_input input;
    write_file(name, alphabet, 26);
    assert_ok(pruni_input_open(&input, name));
    expect_alphabet(&input);
    pruni_input_close(&input);
    remove(name);
}

static void a_file_that_is_not_there_is_an_io_error(void **state)
{
    (void)state;
    pruni_input input;
    assert_fails(pruni_input_open(&input, "no/such/file"), PRUNE_ERROR_IO, "cannot open 'no/such/file': ");
    assert_int_equal(pruni_system_failure("open", "x", 0), PRUNE_ERROR_IO);
    assert_string_equal(prune_last_error(), "cannot open 'x'");
}

#if defined(__unix__) || defined(__APPLE__)

/* ---- POSIX: pipes, directories ---- */

/* A process that writes `bytes` into a pipe of this path again and again; its id. */
static pid_t feed_pipe(const char *path, const char *bytes, size_t size, int times)
{
    remove(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child > 0)
        return child;
    int pipe = open(path, O_WRONLY);
    for (int i = 0; pipe >= 0 && i < times; i++)
        if (write(pipe, bytes, size) < 0)
            break;
    _exit(0);
}

static void end_pipe(const char *path, pid_t child)
{
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    remove(path);
}

static void a_pipe_is_read_as_far_as_asked(void **state)
{
    (void)state;
    pruni_input input;
    pid_t child = feed_pipe(name, alphabet, 26, 1);
    assert_ok(pruni_input_open(&input, name));
    assert_false(input.seekable);
    expect_alphabet(&input);
    pruni_input_close(&input);
    end_pipe(name, child);
}

static prune_status read_long_pipe(void *context)
{
    (void)context;
    pruni_input input;
    bool holds = false;
    pid_t child = feed_pipe(name, alphabet, 26, 10000);
    prune_status status = pruni_input_open(&input, name);
    if (!status) {
        status = pruni_input_holds(&holds, &input, 260000);
        if (!status) {
            char got[4] = "";
            assert_true(holds);
            assert_ok(pruni_input_read(&input, 259997, got, 3));
            assert_string_equal(got, "xyz");
            assert_true(input.capacity < 260000 * 2);
        }
        pruni_input_close(&input);
    }
    end_pipe(name, child);
    return status;
}

static void a_pipe_grows_the_memory_it_needs(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_DFL);
    assert_ok(read_long_pipe(NULL));
    try_every_allocation(read_long_pipe, NULL, NULL, NULL);
}

static void a_directory_is_neither_read_nor_written(void **state)
{
    (void)state;
    pruni_input input;
    pruni_output output;
    bool holds;
    char byte;
    assert_ok(pruni_input_open(&input, "."));
    assert_fails(pruni_input_read(&input, 0, &byte, 1), PRUNE_ERROR_IO, "cannot read '.': Is a directory");
    pruni_input_close(&input);
    assert_ok(pruni_input_open(&input, "."));
    assert_fails(pruni_input_holds(&holds, &input, 1), PRUNE_ERROR_IO, "cannot read '.': Is a directory");
    pruni_input_close(&input);
    assert_fails(pruni_output_open(&output, "."), PRUNE_ERROR_IO, "cannot write '.': Is a directory");
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fault_is_the_first_word),
        cmocka_unit_test(text_from_files_is_shown_harmlessly),
        cmocka_unit_test(little_endian_is_read_and_written_on_any_machine),
        cmocka_unit_test(the_bytes_of_elements_are_swapped),
        cmocka_unit_test(sorting_is_stable),
        cmocka_unit_test(memory_is_read),
        cmocka_unit_test(a_file_is_read),
        cmocka_unit_test(a_file_that_is_not_there_is_an_io_error),
#if defined(__unix__) || defined(__APPLE__)
        cmocka_unit_test(a_pipe_is_read_as_far_as_asked),
        cmocka_unit_test(a_pipe_grows_the_memory_it_needs),
        cmocka_unit_test(a_directory_is_neither_read_nor_written),
#endif
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
