/* Writing that replaces a file when it is whole. */
#if defined(__unix__) || defined(__APPLE__)
#define _POSIX_C_SOURCE 200809L
#endif

#include "file_support.h"

#include "io/internal.h"

#if defined(__unix__) || defined(__APPLE__)
#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

static const char name[] = "test_output.tmp";

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

/* ---- POSIX: links, modes, full disks ---- */

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
    static const char directory[] = "test_output.dir";
    static const char inside[] = "test_output.dir/file";
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
    static const char link[] = "test_output.link";
    assert_int_equal(mkdir("test_output.dir", 0777), 0);
    assert_int_equal(symlink("test_output.dir/link", link), 0);
    assert_int_equal(symlink("../test_output.tmp", "test_output.dir/link"), 0);
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
    strcat(target, "/test_output.tmp");
    remove(link);
    assert_int_equal(symlink(target, link), 0);
    assert_ok(pruni_output_open(&output, link));
    assert_ok(pruni_output_commit(&output));
    expect_file(name, "");
    remove(link);
    assert_int_equal(symlink(link, link), 0);
    assert_fails(pruni_output_open(&output, link), PRUNE_ERROR_IO, "cannot write 'test_output.link': ");
    remove(link);
    remove(name);
    remove("test_output.dir/link");
    assert_int_equal(rmdir("test_output.dir"), 0);
}

static void a_long_link_is_followed(void **state)
{
    (void)state;
    static const char link[] = "test_output.link";
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
    char link[] = "test_output.link";
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
    assert_fails(pruni_output_commit(&output), PRUNE_ERROR_IO, "cannot replace 'test_output.tmp': Is a directory");
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
    assert_non_null(strstr(prune_last_error(), "cannot write 'test_output.tmp': File too large"));
    assert_int_equal(count_temporaries(), before);
    expect_file(name, "old");
    remove(name);
}

#endif

/* Removes what a run that was interrupted left here. */
static int start(void **state)
{
    static const char *const names[] = { name, "test_output.link", "test_output.dir/link", "test_output.dir" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        remove(names[i]);
    return count_allocations(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_output_replaces_the_file_when_it_is_whole),
        cmocka_unit_test(an_abandoned_output_leaves_the_old_file),
        cmocka_unit_test(a_directory_that_is_not_there_is_an_io_error),
        cmocka_unit_test(an_output_without_memory_leaves_the_old_file),
#if defined(__unix__) || defined(__APPLE__)
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
    return cmocka_run_group_tests(tests, start, expect_no_leak);
}
