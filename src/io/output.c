/* Writing a file that replaces another when it is whole. On POSIX: a temporary in the same directory, fsync, rename,
 * fsync of the directory, so that the path always holds the old file or the new one. Elsewhere the same with what C11
 * has. */
#if defined(__unix__) || defined(__APPLE__)
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* fallocate, which fails where posix_fallocate would write the bytes itself */
#endif
#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64
#define HAVE_POSIX 1
#else
#define HAVE_POSIX 0
#endif

#include "io/internal.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#if HAVE_POSIX
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>
#endif

static prune_status write_failure(const pruni_output *output)
{
    return pruni_system_failure("write", output->path, errno);
}

/* The length of "dir/" in "dir/file". */
static size_t directory_length(const char *path)
{
    size_t length = strlen(path);
    while (length > 0 && path[length - 1] != '/') {
#if defined(_WIN32)
        if (path[length - 1] == '\\' || path[length - 1] == ':')
            break;
#endif
        length--;
    }
    return length;
}

/* ---- Names of temporaries ---- */

enum { NAME_SIZE = 48, ATTEMPTS = 100 };

/* Differs between processes, threads, moments and attempts. Whether the name is free is for exclusive creation to say. */
static uint64_t unlikely_number(int attempt)
{
    struct timespec now = { 0, 0 };
    (void)timespec_get(&now, TIME_UTC);
    uint64_t mixed = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    mixed ^= (uint64_t)(uintptr_t)&now << 20;
#if HAVE_POSIX
    mixed ^= (uint64_t)getpid() << 40;
#endif
    mixed += (uint64_t)attempt * 0x9E3779B97F4A7C15u;
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9u; /* the finaliser of splitmix64 */
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EBu;
    return mixed ^ mixed >> 31;
}

/* Room for a name beside the target; name_temporary() fills it. */
static prune_status reserve_temporary(pruni_output *output)
{
    size_t directory = directory_length(output->target);
    output->temporary = pruni_alloc(directory + NAME_SIZE);
    if (!output->temporary)
        return PRUNE_ERROR_MEMORY;
    memcpy(output->temporary, output->target, directory);
    return PRUNE_OK;
}

static void name_temporary(pruni_output *output, int attempt)
{
    size_t directory = directory_length(output->target);
    snprintf(output->temporary + directory, NAME_SIZE, ".prune-%016llx.tmp",
             (unsigned long long)unlikely_number(attempt));
}

static void forget(pruni_output *output)
{
    pruni_free(output->target);
    pruni_free(output->temporary);
    *output = (pruni_output){ .path = NULL };
}

#if HAVE_POSIX

/* ---- POSIX ---- */

enum { MAX_LINKS = 40 };

/* What the link at `path` says, seen from where the path is seen. */
static prune_status read_link(char **out, const char *path, const char *shown)
{
    size_t directory = directory_length(path);
    for (size_t size = 256;; size *= 2) {
        char *target = pruni_alloc(directory + size);
        if (!target)
            return PRUNE_ERROR_MEMORY;
        memcpy(target, path, directory);
        ssize_t length = readlink(path, target + directory, size);
        if (length < 0) {
            prune_status status = pruni_system_failure("follow the link", shown, errno);
            pruni_free(target);
            return status;
        }
        if ((size_t)length < size) {
            char *words = target + directory;
            words[length] = '\0';
            if (words[0] == '/')
                memmove(target, words, (size_t)length + 1);
            *out = target;
            return PRUNE_OK;
        }
        pruni_free(target);
    }
}

/* The file behind a chain of links, which may not exist yet. */
static prune_status follow_links(char **out, const char *path)
{
    struct stat info;
    char *target = pruni_strdup(path);
    if (!target)
        return PRUNE_ERROR_MEMORY;
    for (int links = 0; lstat(target, &info) == 0 && S_ISLNK(info.st_mode); links++) {
        char *next = NULL;
        prune_status status = links < MAX_LINKS ? read_link(&next, target, path)
                                                : pruni_system_failure("follow the links of", path, ELOOP);
        pruni_free(target);
        if (!next)
            return status;
        target = next;
    }
    *out = target;
    return PRUNE_OK;
}

/* Takes over the descriptor, which may be −1 with its errno. */
static prune_status open_descriptor(pruni_output *output, int descriptor)
{
    if (descriptor < 0)
        return write_failure(output);
    output->file = fdopen(descriptor, "wb");
    if (output->file)
        return PRUNE_OK;
    prune_status status = write_failure(output);
    (void)close(descriptor);
    return status;
}

/* A temporary with the mode of the file that it will replace; without one, with what the umask leaves. */
static prune_status open_temporary(pruni_output *output, const struct stat *replaced)
{
    mode_t mode = replaced ? replaced->st_mode & 0777 : 0666;
    int descriptor = -1;
    errno = EEXIST;
    for (int attempt = 0; descriptor < 0 && errno == EEXIST && attempt < ATTEMPTS; attempt++) {
        name_temporary(output, attempt);
        descriptor = open(output->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    }
    if (descriptor < 0)
        return write_failure(output);
    if (replaced && fchmod(descriptor, mode) != 0) {
        prune_status status = pruni_system_failure("set the mode of", output->path, errno);
        (void)close(descriptor);
        (void)unlink(output->temporary);
        return status;
    }
    if (open_descriptor(output, descriptor)) {
        (void)unlink(output->temporary);
        return prune_last_status();
    }
    return PRUNE_OK;
}

static prune_status open_target(pruni_output *output)
{
    struct stat info;
    bool exists = stat(output->path, &info) == 0;
    if (!exists && (errno != ENOENT || output->path[0] == '\0'))
        return write_failure(output);
    if (exists && S_ISDIR(info.st_mode))
        return pruni_system_failure("write", output->path, EISDIR);
    if (exists && !S_ISREG(info.st_mode))
        return open_descriptor(output, open(output->path, O_WRONLY | O_CLOEXEC));
    if (exists && faccessat(AT_FDCWD, output->path, W_OK, AT_EACCESS) != 0)
        return write_failure(output);
    if (follow_links(&output->target, output->path) || reserve_temporary(output))
        return prune_last_status();
    return open_temporary(output, exists ? &info : NULL);
}

prune_status pruni_output_open(pruni_output *output, const char *path)
{
    *output = (pruni_output){ .path = path };
    if (open_target(output)) {
        forget(output);
        return prune_last_status();
    }
    return PRUNE_OK;
}

/* Makes the rename last. Where the system cannot do that, there is nothing more to be had. */
static prune_status sync_directory(const pruni_output *output)
{
    size_t length = directory_length(output->target);
    output->temporary[length] = '\0'; /* the name in it is no more */
    int directory = open(length > 0 ? output->temporary : ".", O_RDONLY | O_CLOEXEC);
    if (directory < 0)
        return PRUNE_OK;
    prune_status status = PRUNE_OK;
    if (fsync(directory) != 0 && errno != EINVAL)
        status = pruni_system_failure("write the directory of", output->path, errno);
    (void)close(directory);
    return status;
}

static prune_status sync_file(const pruni_output *output)
{
    bool synced = !output->temporary || fsync(fileno(output->file)) == 0;
    return synced ? PRUNE_OK : write_failure(output);
}

static prune_status put_in_place(const pruni_output *output)
{
    if (rename(output->temporary, output->target) == 0)
        return sync_directory(output);
    prune_status status = pruni_system_failure("replace", output->path, errno);
    (void)unlink(output->temporary);
    return status;
}

#else

/* ---- C11 alone ---- */

prune_status pruni_output_open(pruni_output *output, const char *path)
{
    if (path[0] == '\0')
        return pruni_system_failure("write", path, 0);
    *output = (pruni_output){ .path = path, .target = pruni_strdup(path) };
    if (!output->target || reserve_temporary(output)) {
        forget(output);
        return prune_last_status();
    }
    errno = 0;
    for (int attempt = 0; !output->file && attempt < ATTEMPTS; attempt++) {
        name_temporary(output, attempt);
        output->file = fopen(output->temporary, "wbx");
    }
    if (output->file)
        return PRUNE_OK;
    prune_status status = write_failure(output);
    forget(output);
    return status;
}

static prune_status sync_file(const pruni_output *output)
{
    (void)output;
    return PRUNE_OK;
}

static prune_status put_in_place(const pruni_output *output)
{
    errno = 0;
    if (rename(output->temporary, output->target) == 0)
        return PRUNE_OK;
    (void)remove(output->target); /* where rename does not replace */
    errno = 0;
    if (rename(output->temporary, output->target) == 0)
        return PRUNE_OK;
    prune_status status = pruni_system_failure("replace", output->path, errno);
    (void)remove(output->temporary);
    return status;
}

#endif

/* ---- All ---- */

void pruni_output_reserve(const pruni_output *output, uint64_t size)
{
#if defined(FALLOC_FL_KEEP_SIZE)
    if (output->temporary && size > 0 && size <= INT64_MAX && (uint64_t)(off_t)size == size)
        (void)!fallocate(fileno(output->file), FALLOC_FL_KEEP_SIZE, 0, (off_t)size); /* no room: writing will tell */
#else
    (void)output;
    (void)size;
#endif
}

prune_status pruni_output_write(pruni_output *output, const void *bytes, size_t size)
{
    errno = 0;
    if (size > 0 && fwrite(bytes, 1, size, output->file) != size)
        return write_failure(output);
    return PRUNE_OK;
}

prune_status pruni_output_commit(pruni_output *output)
{
    errno = 0;
    prune_status status = fflush(output->file) == 0 ? sync_file(output) : write_failure(output);
    if (status) {
        pruni_output_abandon(output);
        return status;
    }
    FILE *file = output->file;
    output->file = NULL;
    if (fclose(file) != 0) {
        status = write_failure(output);
        pruni_output_abandon(output);
        return status;
    }
    status = output->temporary ? put_in_place(output) : PRUNE_OK;
    forget(output);
    return status;
}

void pruni_output_abandon(pruni_output *output)
{
    if (output->file)
        (void)fclose(output->file);
    if (output->temporary)
        (void)remove(output->temporary);
    forget(output);
}
