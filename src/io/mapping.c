/* A file as memory, where the system can map it: on POSIX. */
#if defined(__unix__) || defined(__APPLE__)
#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64
#include <unistd.h> /* says whether there are mappings */
#endif

#include "io/internal.h"

#if defined(_POSIX_MAPPED_FILES) && _POSIX_MAPPED_FILES > 0
#define HAVE_MAPPINGS 1
#include <sys/mman.h>
#include <sys/stat.h>
#else
#define HAVE_MAPPINGS 0
#endif

struct pruni_mapping {
    pruni_refs refs;
    unsigned char *bytes;
    size_t size;
};

#if HAVE_MAPPINGS

/* The length of a plain file; 0: it is none, or too long for memory. */
static size_t plain_size(int descriptor)
{
    struct stat info;
    bool is_plain = fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0;
    return is_plain && (uint64_t)info.st_size <= SIZE_MAX ? (size_t)info.st_size : 0;
}

/* As long as the file is, before and afterwards; NULL. */
static void *map(int descriptor, size_t *size)
{
    *size = plain_size(descriptor);
    void *bytes = *size > 0 ? mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_PRIVATE, descriptor, 0) : MAP_FAILED;
    if (bytes == MAP_FAILED)
        return NULL;
    if (plain_size(descriptor) >= *size)
        return bytes;
    (void)munmap(bytes, *size);
    return NULL;
}

prune_status pruni_mapping_create(pruni_mapping **out, const pruni_input *input)
{
    *out = NULL;
    if (!input->file || !input->seekable)
        return PRUNE_OK;
    pruni_mapping *mapping = pruni_alloc(sizeof *mapping);
    if (!mapping)
        return PRUNE_ERROR_MEMORY;
    mapping->bytes = map(fileno(input->file), &mapping->size);
    if (!mapping->bytes) {
        pruni_free(mapping);
        return PRUNE_OK;
    }
    pruni_refs_init(&mapping->refs);
    *out = mapping;
    return PRUNE_OK;
}

void pruni_mapping_release(pruni_mapping *mapping)
{
    if (!mapping || !pruni_refs_release(&mapping->refs))
        return;
    (void)munmap(mapping->bytes, mapping->size);
    pruni_free(mapping);
}

#else

prune_status pruni_mapping_create(pruni_mapping **out, const pruni_input *input)
{
    (void)input;
    *out = NULL;
    return PRUNE_OK;
}

void pruni_mapping_release(pruni_mapping *mapping)
{
    (void)mapping; /* there is none */
}

#endif

/* ---- Tensors in it ---- */

/* Where the tensor's elements lie as the machine would have them; NULL. */
static void *place(const pruni_mapping *mapping, const pruni_file_tensor *t)
{
    bool is_there = t->bytes <= mapping->size && t->offset <= mapping->size - t->bytes; /* the file may have shrunk */
    bool is_as_read = t->is_contiguous && t->is_big_endian == pruni_is_big_endian() && t->held != PRUNE_BOOL;
    bool fits = is_there && is_as_read && !t->is_shared && t->bytes > 0 && t->offset % t->element_size == 0;
    return fits ? mapping->bytes + t->offset : NULL;
}

static void release(void *context, void *data)
{
    (void)data;
    pruni_mapping_release(context);
}

prune_status pruni_mapping_tensor(prune_tensor **out, pruni_mapping *mapping, const pruni_file_tensor *t)
{
    void *data = mapping ? place(mapping, t) : NULL;
    *out = NULL;
    if (!data)
        return PRUNE_OK;
    prune_blob_options options = PRUNE_BLOB_OPTIONS_INIT;
    options.dtype = (prune_dtype)t->held;
    options.release = release;
    options.context = mapping;
    if (prune_tensor_from_blob(out, data, t->sizes, t->ndim, &options))
        return prune_last_status();
    pruni_refs_retain(&mapping->refs);
    (*out)->storage->owned = true;
    return PRUNE_OK;
}
