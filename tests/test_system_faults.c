/* What the system may refuse while a file is written or read, at any step: calls of the library pass by here first, as the
 * linker is told in CMakeLists.txt. */
#if defined(__unix__) || defined(__APPLE__)
#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64
#endif

#include "file_support.h"
#include "pt_support.h"

#if defined(PRUNE_TESTS_WRAP)

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* The call that is refused, after as many that are not. */
static struct refusal {
    const char *call;
    int before;
} refusal;

static bool broken; /* what was read last */

/* Of files: how many there are, and the file that is cut off just before the next. */
static int mappings;
static const char *cut;

static bool is_refused(const char *call)
{
    if (!refusal.call || strcmp(call, refusal.call) != 0 || refusal.before-- > 0)
        return false;
    refusal.call = NULL;
    errno = EIO;
    return true;
}

static void refuse(const char *call, int before)
{
    refusal = (struct refusal){ call, before };
    broken = false;
}

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the names are the linker's */
int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    int mode = flags & O_CREAT ? va_arg(arguments, int) : 0;
    va_end(arguments);
    return is_refused("open") ? -1 : __real_open(path, flags, mode);
}

/* What glibc calls it where files may be large. */
int __wrap_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    int mode = flags & O_CREAT ? va_arg(arguments, int) : 0;
    va_end(arguments);
    return __wrap_open(path, flags, mode);
}

ssize_t __real_readlink(const char *path, char *target, size_t size);
ssize_t __wrap_readlink(const char *path, char *target, size_t size);
ssize_t __wrap_readlink(const char *path, char *target, size_t size)
{
    return is_refused("readlink") ? -1 : __real_readlink(path, target, size);
}

int __real_fchmod(int descriptor, mode_t mode);
int __wrap_fchmod(int descriptor, mode_t mode);
int __wrap_fchmod(int descriptor, mode_t mode)
{
    return is_refused("fchmod") ? -1 : __real_fchmod(descriptor, mode);
}

FILE *__real_fdopen(int descriptor, const char *mode);
FILE *__wrap_fdopen(int descriptor, const char *mode);
FILE *__wrap_fdopen(int descriptor, const char *mode)
{
    return is_refused("fdopen") ? NULL : __real_fdopen(descriptor, mode);
}

int __real_fsync(int descriptor);
int __wrap_fsync(int descriptor);
int __wrap_fsync(int descriptor)
{
    return is_refused("fsync") ? -1 : __real_fsync(descriptor);
}

int __real_fclose(FILE *file);
int __wrap_fclose(FILE *file);
int __wrap_fclose(FILE *file)
{
    bool refused = is_refused("fclose");
    int closed = __real_fclose(file);
    errno = refused ? EIO : errno;
    return refused ? EOF : closed;
}

int __real_ferror(FILE *file);
int __wrap_ferror(FILE *file);
int __wrap_ferror(FILE *file)
{
    return broken || is_refused("ferror") ? 1 : __real_ferror(file);
}

static off_t reserved; /* at last */

int __real_fallocate(int descriptor, int mode, off_t offset, off_t size);
int __wrap_fallocate(int descriptor, int mode, off_t offset, off_t size);
int __wrap_fallocate(int descriptor, int mode, off_t offset, off_t size)
{
    reserved = size;
    return is_refused("fallocate") ? -1 : __real_fallocate(descriptor, mode, offset, size);
}

int __wrap_fallocate64(int descriptor, int mode, off_t offset, off_t size);
int __wrap_fallocate64(int descriptor, int mode, off_t offset, off_t size)
{
    return __wrap_fallocate(descriptor, mode, offset, size);
}

size_t __real_fread(void *to, size_t size, size_t count, FILE *file);
size_t __wrap_fread(void *to, size_t size, size_t count, FILE *file);
size_t __wrap_fread(void *to, size_t size, size_t count, FILE *file)
{
    broken = is_refused("fread");
    return broken ? 0 : __real_fread(to, size, count, file);
}

void *__real_mmap(void *address, size_t size, int protection, int flags, int descriptor, off_t offset);
void *__wrap_mmap(void *address, size_t size, int protection, int flags, int descriptor, off_t offset);
void *__wrap_mmap(void *address, size_t size, int protection, int flags, int descriptor, off_t offset)
{
    if (is_refused("mmap"))
        return MAP_FAILED;
    if (cut)
        assert_int_equal(truncate(cut, 100), 0);
    cut = NULL;
    mappings++;
    return __real_mmap(address, size, protection, flags, descriptor, offset);
}

void *__wrap_mmap64(void *address, size_t size, int protection, int flags, int descriptor, off_t offset);
void *__wrap_mmap64(void *address, size_t size, int protection, int flags, int descriptor, off_t offset)
{
    return __wrap_mmap(address, size, protection, flags, descriptor, offset);
}

int __real_munmap(void *address, size_t size);
int __wrap_munmap(void *address, size_t size);
int __wrap_munmap(void *address, size_t size)
{
    mappings--;
    return __real_munmap(address, size);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/* ---- Writing ---- */

static const char name[] = "test_system_faults.tmp", link_name[] = "test_system_faults.link";

static prune_status rewrite(const char *path)
{
    pruni_output output;
    if (pruni_output_open(&output, path))
        return prune_last_status();
    if (pruni_output_write(&output, "new", 3)) {
        pruni_output_abandon(&output);
        return prune_last_status();
    }
    return pruni_output_commit(&output);
}

static int files_of_this_test(void)
{
    int count = 0;
    DIR *directory = opendir(".");
    assert_non_null(directory);
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;)
        count += strncmp(entry->d_name, name, strlen("test_system_faults.")) == 0;
    closedir(directory);
    return count;
}

static void a_refused_step_leaves_the_old_file_alone(void **state)
{
    (void)state;
    static const struct {
        const char *call, *words;
    } steps[] = {
        { "open", "cannot write 'test_system_faults.tmp'" },
        { "fchmod", "cannot set the mode of 'test_system_faults.tmp'" },
        { "fdopen", "cannot write 'test_system_faults.tmp'" },
        { "fsync", "cannot write 'test_system_faults.tmp'" },
        { "fclose", "cannot write 'test_system_faults.tmp'" },
    };
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        write_file(name, "old", 3);
        refuse(steps[i].call, 0);
        assert_fails(rewrite(name), PRUNE_ERROR_IO, steps[i].words);
        assert_null(refusal.call);
        expect_file(name, "old");
        assert_int_equal(files_of_this_test(), 1);
    }
    remove(name);
}

static void a_link_that_cannot_be_followed_is_an_io_error(void **state)
{
    (void)state;
    write_file(name, "old", 3);
    assert_int_equal(symlink(name, link_name), 0);
    refuse("readlink", 0);
    assert_fails(rewrite(link_name), PRUNE_ERROR_IO, "cannot follow the link 'test_system_faults.link'");
    expect_file(name, "old");
    remove(link_name);
    remove(name);
}

static void a_device_that_cannot_be_opened_is_an_io_error(void **state)
{
    (void)state;
    refuse("open", 0);
    assert_fails(rewrite("/dev/null"), PRUNE_ERROR_IO, "cannot write '/dev/null'");
}

/* The file is in its place then, but the system does not promise that it will be there tomorrow. */
static void a_directory_that_cannot_be_written_is_told(void **state)
{
    (void)state;
    refuse("fsync", 1);
    assert_fails(rewrite(name), PRUNE_ERROR_IO, "cannot write the directory of 'test_system_faults.tmp'");
    expect_file(name, "new");
    remove(name);
}

static void a_directory_that_cannot_be_opened_is_nothing_to_wait_for(void **state)
{
    (void)state;
    refuse("open", 1);
    assert_ok(rewrite(name));
    assert_null(refusal.call);
    expect_file(name, "new");
    remove(name);
}

static void save_thousand(const char *path)
{
    prune_dict *dict = NULL;
    prune_tensor *t = NULL;
    assert_ok(prune_dict_create(&dict));
    assert_ok(prune_tensor_arange(&t, 0, 1000, 1, PRUNE_FLOAT32));
    assert_ok(prune_dict_set(dict, "w", t));
    assert_ok(prune_save(path, dict, PRUNE_FORMAT_AUTO));
    prune_dict_release(dict);
    prune_tensor_release(t);
}

/* A place for the bytes is nothing that they need. */
static void what_is_not_reserved_is_written(void **state)
{
    (void)state;
    static const char path[] = "test_system_faults.npy";
    for (int is_refusing = 0; is_refusing < 2; is_refusing++) {
        struct stat info;
        refuse(is_refusing ? "fallocate" : NULL, 0);
        reserved = 0;
        save_thousand(path);
        assert_null(refusal.call);
        assert_int_equal(reserved, 4000);
        assert_int_equal(stat(path, &info), 0);
        assert_int_equal(info.st_size, 4128);
        remove(path);
    }
}

/* ---- Reading ---- */

static void a_file_that_cannot_be_read_is_an_io_error(void **state)
{
    (void)state;
    char part[3];
    uint64_t size = 7;
    size_t got = 7;
    pruni_input input;
    write_file(name, "words", 5);
    assert_ok(pruni_input_open(&input, name));
    for (int steps = 0; steps < 3; steps++) {
        refuse("ferror", steps);
        assert_fails(pruni_input_size(&size, &input), PRUNE_ERROR_IO, "cannot read 'test_system_faults.tmp'");
    }
    assert_int_equal(size, 7);
    for (int steps = 3; refusal.call == NULL && steps < 100; steps++) {
        refuse("ferror", steps);
        if (pruni_input_size(&size, &input) == PRUNE_OK)
            break;
    }
    refuse(NULL, 0);
    assert_int_equal(size, 5);
    refuse("ferror", 0);
    assert_fails(pruni_input_read(&input, 4, part, 3), PRUNE_ERROR_IO, "cannot read 'test_system_faults.tmp'");
    assert_ok(pruni_input_read_some(&got, &input, UINT64_MAX - 1, part, 1)); /* further than any file goes */
    assert_int_equal(got, 0);
    pruni_input_close(&input);
    remove(name);
}

static void a_pipe_that_cannot_be_read_is_an_io_error(void **state)
{
    (void)state;
    int ends[2];
    char part[3], path[32];
    bool holds = false;
    pruni_input input;
    for (int asks = 0; asks < 2; asks++) {
        assert_int_equal(pipe(ends), 0);
        assert_int_equal(write(ends[1], "words", 5), 5);
        close(ends[1]);
        snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
        assert_ok(pruni_input_open(&input, path));
        close(ends[0]);
        refuse("ferror", 0);
        assert_fails(asks ? pruni_input_holds(&holds, &input, 2) : pruni_input_read(&input, 0, part, 3), PRUNE_ERROR_IO,
                     "cannot read '/dev/fd/");
        pruni_input_close(&input);
    }
}

/* Whatever is asked of the system last, for as many asks as a file takes. */
static void expect_every_read_may_fail(const char *call, const char *path, const char *entry)
{
    prune_load_options options = PRUNE_LOAD_OPTIONS_INIT;
    options.entry = entry;
    for (int before = 0; before < 10000; before++) {
        prune_dict *dict = NULL;
        refuse(call, before);
        prune_status status = prune_load(&dict, path, &options);
        if (refusal.call) { /* there were no more */
            assert_ok(status);
            prune_dict_release(dict);
            refuse(NULL, 0);
            return;
        }
        if (status != PRUNE_ERROR_IO || !strstr(prune_last_error(), "cannot read"))
            fail_msg("%s: %s %d refused gave %s, \"%s\"", path, call, before, prune_status_name(status),
                     prune_last_error());
        assert_null(dict);
    }
    fail_msg("%s: still failing", path);
}

static void reading_may_fail_at_any_byte(void **state)
{
    (void)state;
    static const char *const files[] = { "pt/state_dict.pt", "pt/views.pt", "pt/views_legacy.pt" };
    static const char *const formats[] = { "test_system_faults.safetensors", "test_system_faults.npz",
                                           "test_system_faults.pt" };
    char path[1024];
    prune_dict *dict = NULL;
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        (void)snprintf(path, sizeof path, "%s/fuzz/corpus/%s", PRUNE_TESTS_DIR, files[i]);
        if (i == 0)
            assert_ok(prune_load(&dict, path, NULL));
        expect_every_read_may_fail("fread", path, NULL);
        expect_every_read_may_fail("ferror", path, NULL);
    }
    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        assert_ok(prune_save(formats[i], dict, PRUNE_FORMAT_AUTO));
        expect_every_read_may_fail("fread", formats[i], NULL);
        expect_every_read_may_fail("ferror", formats[i], NULL);
        remove(formats[i]);
    }
    prune_dict_release(dict);
}

/* 64 bytes more than are given for nothing: the file is asked whether it has so many. */
static void how_long_a_file_is_may_not_be_known(void **state)
{
    (void)state;
    prune_load_options options = PRUNE_LOAD_OPTIONS_INIT;
    pruni_file file;
    bytes data = pt_of_one_float_repeated((PRUNI_PT_FREE_BYTES + PRUNI_PT_MAX_REPEATS * 64) / sizeof(float));
    prune_status status = PRUNE_ERROR_IO;
    write_bytes(name, data);
    free(data.data);
    for (int before = 0; status; before++) {
        refuse("ferror", before);
        status = pruni_file_open(&file, name, &options);
        if (status)
            assert_fails(status, PRUNE_ERROR_IO, "cannot read 'test_system_faults.tmp'");
    }
    refuse(NULL, 0);
    pruni_file_close(&file);
    remove(name);
}

static void elements_that_lie_far_apart_may_not_be_read(void **state)
{
    (void)state;
    bytes data = pt_of_floats_far_apart();
    write_bytes(name, data);
    free(data.data);
    expect_every_read_may_fail("fread", name, NULL);
    remove(name);
}

/* ---- Mapping ---- */

static prune_status save_and_map(prune_dict **dict)
{
    static const char path[] = "test_system_faults.safetensors";
    prune_load_options options = PRUNE_LOAD_OPTIONS_INIT;
    options.mmap = true;
    save_thousand(path);
    prune_status status = prune_load(dict, path, &options);
    remove(path);
    return status;
}

static void a_mapping_lasts_as_long_as_its_tensors(void **state)
{
    (void)state;
    prune_dict *dict = NULL;
    mappings = 0;
    assert_ok(save_and_map(&dict));
    assert_int_equal(mappings, pruni_is_big_endian() ? 0 : 1);
    prune_dict_release(dict);
    assert_int_equal(mappings, 0);
}

static void what_is_not_mapped_is_read(void **state)
{
    (void)state;
    prune_dict *dict = NULL;
    mappings = 0;
    refuse("mmap", 0);
    assert_ok(save_and_map(&dict));
    assert_null(refusal.call);
    assert_int_equal(mappings, 0);
    assert_int_equal(prune_tensor_data(prune_dict_get(dict, "w"))[999], 999);
    prune_dict_release(dict);
}

/* Between the look at its length and the mapping: nothing may be touched that is not there. */
static void a_file_that_is_cut_off_meanwhile_is_truncated(void **state)
{
    (void)state;
    prune_dict *dict = NULL;
    mappings = 0;
    cut = "test_system_faults.safetensors";
    assert_fails(save_and_map(&dict), PRUNE_ERROR_FORMAT, "truncated: test_system_faults.safetensors: ");
    assert_null(cut);
    assert_int_equal(mappings, 0);
}

static void a_failure_without_a_reason_is_told_without_one(void **state)
{
    (void)state;
    assert_int_equal(pruni_system_failure("read", "x", 0), PRUNE_ERROR_IO);
    assert_string_equal(prune_last_error(), "cannot read 'x'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_may_fail_at_any_byte),
        cmocka_unit_test(how_long_a_file_is_may_not_be_known),
        cmocka_unit_test(elements_that_lie_far_apart_may_not_be_read),
        cmocka_unit_test(a_mapping_lasts_as_long_as_its_tensors),
        cmocka_unit_test(what_is_not_mapped_is_read),
        cmocka_unit_test(a_file_that_is_cut_off_meanwhile_is_truncated),
        cmocka_unit_test(a_failure_without_a_reason_is_told_without_one),
        cmocka_unit_test(a_refused_step_leaves_the_old_file_alone),
        cmocka_unit_test(what_is_not_reserved_is_written),
        cmocka_unit_test(a_link_that_cannot_be_followed_is_an_io_error),
        cmocka_unit_test(a_device_that_cannot_be_opened_is_an_io_error),
        cmocka_unit_test(a_directory_that_cannot_be_written_is_told),
        cmocka_unit_test(a_directory_that_cannot_be_opened_is_nothing_to_wait_for),
        cmocka_unit_test(a_file_that_cannot_be_read_is_an_io_error),
        cmocka_unit_test(a_pipe_that_cannot_be_read_is_an_io_error),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}

#else

int main(void)
{
    return 0;
}

#endif
