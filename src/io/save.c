/* A file from a dict, in any format. */
#include "io/writer.h"

#include <string.h>

enum { CHUNK_SIZE = 65536 };

/* ---- Values ---- */

static prune_status flush_chunk(pruni_writer *writer, unsigned char *chunk, size_t filled, size_t size)
{
    if (pruni_is_big_endian())
        pruni_swap_bytes(chunk, filled / size, size); /* GCOVR_EXCL_LINE: of such a machine */
    return pruni_writer_add(writer, chunk, filled);
}

static prune_status write_gathered(pruni_writer *writer, const prune_tensor *t, unsigned char *chunk)
{
    size_t size = (size_t)pruni_dtype_size(t->dtype);
    size_t filled = 0;
    pruni_walk walk;
    pruni_walk_start(&walk, t->sizes, t->ndim, (const prune_tensor *[]){ t }, 1);
    while (pruni_walk_next(&walk))
        for (int64_t i = 0; i < walk.length; i++) {
            memcpy(chunk + filled, (const char *)walk.data[0] + i * walk.strides[0] * (int64_t)size, size);
            filled += size;
            if (filled < CHUNK_SIZE)
                continue;
            if (flush_chunk(writer, chunk, filled, size))
                return prune_last_status();
            filled = 0;
        }
    return flush_chunk(writer, chunk, filled, size);
}

/* *chunk: allocated when it is first needed. */
static prune_status write_values(pruni_writer *writer, const prune_tensor *t, unsigned char **chunk)
{
    if (prune_tensor_is_contiguous(t) && !pruni_is_big_endian())
        return pruni_writer_add(writer, pruni_tensor_pointer(t), (size_t)t->numel * (size_t)pruni_dtype_size(t->dtype));
    if (!*chunk)
        *chunk = pruni_alloc(CHUNK_SIZE);
    return *chunk ? write_gathered(writer, t, *chunk) : PRUNE_ERROR_MEMORY;
}

static prune_status write_all(pruni_writer *writer, const prune_dict *dict)
{
    unsigned char *chunk = NULL;
    prune_status status = PRUNE_OK;
    for (int64_t i = 0; !status && i < prune_dict_size(dict); i++)
        status = write_values(writer, prune_dict_value(dict, pruni_writer_index(writer, i)), &chunk);
    pruni_free(chunk);
    return status;
}

/* ---- What there is ---- */

static pruni_writer_tensor *list_tensors(const prune_dict *dict)
{
    int64_t count = prune_dict_size(dict);
    pruni_writer_tensor *tensors = pruni_alloc_array((size_t)count, sizeof *tensors);
    for (int64_t i = 0; tensors && i < count; i++) {
        const prune_tensor *t = prune_dict_value(dict, i);
        tensors[i] = (pruni_writer_tensor){ prune_dict_key(dict, i), prune_dtype_name(t->dtype), t->ndim, t->sizes };
    }
    return tensors;
}

static pruni_file_metadata *list_metadata(const prune_dict *dict, int64_t *count)
{
    *count = 0;
    while (prune_dict_metadata_key(dict, *count))
        ++*count;
    pruni_file_metadata *metadata = pruni_alloc_array((size_t)*count, sizeof *metadata);
    for (int64_t i = 0; metadata && i < *count; i++) {
        const char *key = prune_dict_metadata_key(dict, i);
        const char *text = prune_dict_get_metadata(dict, key);
        metadata[i] = (pruni_file_metadata){ key, text, strlen(key), strlen(text) };
    }
    return metadata;
}

static prune_status save(const char *path, const prune_dict *dict, prune_file_format format,
                         const pruni_writer_tensor *tensors, const pruni_file_metadata *metadata,
                         int64_t metadata_count)
{
    pruni_writer writer;
    if (pruni_writer_open(&writer, path, format, tensors, prune_dict_size(dict), metadata, metadata_count))
        return prune_last_status();
    if (write_all(&writer, dict)) {
        pruni_writer_abandon(&writer);
        return prune_last_status();
    }
    return pruni_writer_commit(&writer);
}

prune_status prune_save(const char *path, const prune_dict *dict, prune_file_format format)
{
    PRUNI_REQUIRE(path);
    PRUNI_REQUIRE(dict);
    int64_t metadata_count;
    pruni_writer_tensor *tensors = list_tensors(dict);
    pruni_file_metadata *metadata = tensors ? list_metadata(dict, &metadata_count) : NULL;
    prune_status status = PRUNE_ERROR_MEMORY;
    if (metadata)
        status = save(path, dict, format, tensors, metadata, metadata_count);
    pruni_free(tensors);
    pruni_free(metadata);
    return status;
}
