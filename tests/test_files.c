/* What the file formats share: sentences, bytes, sorting, reading, and writing that replaces. */
#if defined(__unix__) || defined(__APPLE__)
#define _POSIX_C_SOURCE 200809L
#endif

#include "support.h"

#include "io/internal.h"

#if defined(__unix__) || defined(__APPLE__)
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

static const char name[] = "test_files.tmp";

static void write_file(const char *path, const char *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void expect_file(const char *path, const char *text)
{
    char got[256];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(got, 1, sizeof got - 1, file);
    got[size] = '\0';
    assert_int_equal(fclose(file), 0);
    assert_string_equal(got, text);
}

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

/* ---- Writing ---- */

static void an_output_replaces_the_file_when_it_is_whole(void **state)
{
    (void)state;
    pruni_output output;
    write_file(name, "old", 3);
    assert_ok(pruni_output_open(&output, name));
    assert_ok(pruni_output_write(&output, "new ", 4));
    assert_ok(pruni_output_write(&output, NULL, 0));
    assert_ok(pruni_output_write(&output, "words", 5));
    expect_file(name, "old");
    assert_ok(pruni_output_commit(&output));
    expect_file(name, "new words");
    remove(name);
}

static void an_abandoned_output_leaves_the_old_file(void **state)
{
    (void)state;
    pruni_output output;
    write_file(name, "old", 3);
    assert_ok(pruni_output_open(&output, name));
    assert_ok(pruni_output_write(&output, "new", 3));
    pruni_output_abandon(&output);
    expect_file(name, "old");
    remove(name);
    assert_ok(pruni_output_open(&output, name));
    assert_ok(pruni_output_write(&output, "new", 3));
    pruni_output_abandon(&output);
    assert_null(fopen(name, "rb"));
}

static void a_directory_that_is_not_there_is_an_io_error(void **state)
{
    (void)state;
    pruni_output output;
    assert_fails(pruni_output_open(&output, "no/such/file"), PRUNE_ERROR_IO, "cannot write 'no/such/file': ");
    assert_fails(pruni_output_open(&output, ""), PRUNE_ERROR_IO, "cannot write ''");
}

static prune_status rewrite(void *context)
{
    pruni_output output;
    if (pruni_output_open(&output, context ? context : name))
        return prune_last_status();
    if (pruni_output_write(&output, "new", 3)) {
        pruni_output_abandon(&output);
        return prune_last_status();
    }
    return pruni_output_commit(&output);
}

static void expect_old(void *context)
{
    (void)context;
    expect_file(name, "old");
}

static void put_old(void *context)
{
    (void)context;
    expect_file(name, "new");
    write_file(name, "old", 3);
}

static void an_output_without_memory_leaves_the_old_file(void **state)
{
    (void)state;
    write_file(name, "old", 3);
    try_every_allocation(rewrite, expect_old, put_old, NULL);
    remove(name);
}

#if defined(__unix__) || defined(__APPLE__)

/* ---- POSIX: pipes, links, modes, full disks ---- */

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

static mode_t mode_of(const char *path)
{
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    return info.st_mode & 07777;
}

static void modes_are_kept_and_new_files_follow_the_umask(void **state)
{
    (void)state;
    mode_t mask = umask(027);
    remove(name);
    assert_ok(rewrite(NULL));
    assert_int_equal(mode_of(name), 0640);
    assert_int_equal(chmod(name, 0606), 0);
    assert_ok(rewrite(NULL));
    assert_int_equal(mode_of(name), 0606);
    umask(mask);
    remove(name);
}

/* Runs with the rights of nobody in particular where the test runs with all of them. */
static void drop_rights(bool drop)
{
    if (getuid() == 0)
        assert_int_equal(seteuid(drop ? 65534 : 0), 0);
}

static void what_may_not_be_written_stays(void **state)
{
    (void)state;
    static const char directory[] = "test_files.dir";
    static const char inside[] = "test_files.dir/file";
    assert_int_equal(mkdir(directory, 0777), 0);
    write_file(inside, "old", 3);
    assert_int_equal(chmod(inside, 0444), 0);
    assert_int_equal(chmod(directory, 0777), 0);
    pruni_output output;
    drop_rights(true);
    assert_fails(pruni_output_open(&output, inside), PRUNE_ERROR_IO, "Permission denied");
    drop_rights(false);
    assert_int_equal(chmod(inside, 0666), 0);
    assert_int_equal(chmod(directory, 0555), 0);
    drop_rights(true);
    assert_fails(pruni_output_open(&output, inside), PRUNE_ERROR_IO, "Permission denied");
    drop_rights(false);
    assert_int_equal(chmod(directory, 0777), 0);
    expect_file(inside, "old");
    remove(inside);
    assert_int_equal(rmdir(directory), 0); /* and nothing else is in it */
}

static void links_are_followed(void **state)
{
    (void)state;
    static const char link[] = "test_files.link";
    assert_int_equal(mkdir("test_files.dir", 0777), 0);
    assert_int_equal(symlink("test_files.dir/link", link), 0);
    assert_int_equal(symlink("../test_files.tmp", "test_files.dir/link"), 0);
    char target[4096];
    pruni_output output;
    for (int round = 0; round < 2; round++) { /* to no file yet, then to the one there */
        assert_ok(pruni_output_open(&output, link));
        assert_ok(pruni_output_write(&output, "new", 3));
        assert_ok(pruni_output_commit(&output));
        expect_file(name, "new");
        assert_true(readlink(link, target, sizeof target) > 0);
    }
    assert_non_null(getcwd(target, sizeof target - 32));
    strcat(target, "/test_files.tmp");
    remove(link);
    assert_int_equal(symlink(target, link), 0);
    assert_ok(pruni_output_open(&output, link));
    assert_ok(pruni_output_commit(&output));
    expect_file(name, "");
    remove(link);
    assert_int_equal(symlink(link, link), 0);
    assert_fails(pruni_output_open(&output, link), PRUNE_ERROR_IO, "cannot write 'test_files.link': ");
    remove(link);
    remove(name);
    remove("test_files.dir/link");
    assert_int_equal(rmdir("test_files.dir"), 0);
}

static void a_long_link_is_followed(void **state)
{
    (void)state;
    static const char link[] = "test_files.link";
    char target[1100] = "";
    for (int i = 0; i < 500; i++)
        strcat(target, "./");
    strcat(target, name);
    assert_int_equal(symlink(target, link), 0);
    write_file(name, "old", 3);
    pruni_output output;
    assert_ok(pruni_output_open(&output, link));
    assert_ok(pruni_output_write(&output, "new", 3));
    assert_ok(pruni_output_commit(&output));
    expect_file(name, "new");
    remove(link);
    remove(name);
}

/* How many names in the working directory look like our temporaries. */
static int count_temporaries(void)
{
    int count = 0;
    DIR *directory = opendir(".");
    assert_non_null(directory);
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory))
        count += strncmp(entry->d_name, ".prune-", 7) == 0;
    closedir(directory);
    return count;
}

static void a_link_without_memory_leaves_the_old_file(void **state)
{
    (void)state;
    char link[] = "test_files.link";
    write_file(name, "old", 3);
    assert_int_equal(symlink(name, link), 0);
    try_every_allocation(rewrite, expect_old, put_old, link);
    remove(link);
    remove(name);
}

static void a_target_that_became_a_directory_is_an_io_error(void **state)
{
    (void)state;
    pruni_output output;
    int before = count_temporaries();
    assert_ok(pruni_output_open(&output, name));
    assert_int_equal(mkdir(name, 0777), 0);
    assert_fails(pruni_output_commit(&output), PRUNE_ERROR_IO, "cannot replace 'test_files.tmp': Is a directory");
    assert_int_equal(count_temporaries(), before);
    assert_int_equal(rmdir(name), 0);
}

static void a_device_is_written_and_not_replaced(void **state)
{
    (void)state;
    struct stat info;
    pruni_output output;
    assert_ok(pruni_output_open(&output, "/dev/null"));
    assert_ok(pruni_output_write(&output, "new", 3));
    assert_ok(pruni_output_commit(&output));
    assert_int_equal(stat("/dev/null", &info), 0);
    assert_true(S_ISCHR(info.st_mode));
    if (stat("/dev/full", &info) != 0)
        return;
    assert_ok(pruni_output_open(&output, "/dev/full"));
    assert_ok(pruni_output_write(&output, "new", 3));
    assert_fails(pruni_output_commit(&output), PRUNE_ERROR_IO, "cannot write '/dev/full': No space left on device");
    assert_int_equal(stat("/dev/full", &info), 0);
    assert_true(S_ISCHR(info.st_mode));
}

static void a_file_that_cannot_grow_leaves_the_old_one_and_no_temporary(void **state)
{
    (void)state;
    static char bytes[100000];
    struct rlimit old;
    pruni_output output;
    int before = count_temporaries();
    write_file(name, "old", 3);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    struct rlimit small = { 50000, old.rlim_max };
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_ok(pruni_output_open(&output, name));
    assert_int_equal(count_temporaries(), before + 1);
    prune_status status = pruni_output_write(&output, bytes, sizeof bytes);
    prune_status big = status;
    pruni_output_abandon(&output);
    assert_ok(pruni_output_open(&output, name));
    for (int i = 0; i < 60; i++) /* pieces that wait in the stream's buffer */
        big = pruni_output_write(&output, bytes, 999) ? PRUNE_ERROR_IO : big;
    status = pruni_output_commit(&output);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, handler);
    assert_int_equal(big, PRUNE_ERROR_IO);
    assert_int_equal(status, PRUNE_ERROR_IO);
    assert_non_null(strstr(prune_last_error(), "cannot write 'test_files.tmp': File too large"));
    assert_int_equal(count_temporaries(), before);
    expect_file(name, "old");
    remove(name);
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
        cmocka_unit_test(an_output_replaces_the_file_when_it_is_whole),
        cmocka_unit_test(an_abandoned_output_leaves_the_old_file),
        cmocka_unit_test(a_directory_that_is_not_there_is_an_io_error),
        cmocka_unit_test(an_output_without_memory_leaves_the_old_file),
#if defined(__unix__) || defined(__APPLE__)
        cmocka_unit_test(a_pipe_is_read_as_far_as_asked),
        cmocka_unit_test(a_pipe_grows_the_memory_it_needs),
        cmocka_unit_test(a_directory_is_neither_read_nor_written),
        cmocka_unit_test(modes_are_kept_and_new_files_follow_the_umask),
        cmocka_unit_test(what_may_not_be_written_stays),
        cmocka_unit_test(links_are_followed),
        cmocka_unit_test(a_long_link_is_followed),
        cmocka_unit_test(a_link_without_memory_leaves_the_old_file),
        cmocka_unit_test(a_target_that_became_a_directory_is_an_io_error),
        cmocka_unit_test(a_device_is_written_and_not_replaced),
        cmocka_unit_test(a_file_that_cannot_grow_leaves_the_old_one_and_no_temporary),
#endif
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
