#include "mnist.h"

#include <errno.h>
#include <string.h>

enum { IDX_UBYTE_MAGIC = 0x0800, MAX_RANK = 3 };

static bool read_big_endian(uint32_t *out, FILE *file)
{
    unsigned char bytes[4];
    if (fread(bytes, 1, sizeof bytes, file) != sizeof bytes)
        return false;
    *out = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
    return true;
}

/* The header: magic with the rank in its last byte, then the sizes. */
static prune_status read_shape(int64_t *sizes, int64_t rank, FILE *file, const char *path)
{
    uint32_t number;
    if (!read_big_endian(&number, file) || number != (uint32_t)(IDX_UBYTE_MAGIC + rank))
        return prune_fail(PRUNE_ERROR_FORMAT, "%s is not an IDX file of bytes with %d dims", path, (int)rank);
    for (int64_t i = 0; i < rank; i++) {
        if (!read_big_endian(&number, file))
            return prune_fail(PRUNE_ERROR_FORMAT, "%s ends inside its header", path);
        if (number == 0)
            return prune_fail(PRUNE_ERROR_FORMAT, "%s holds nothing: its dim %d has size 0", path, (int)i);
        sizes[i] = number;
    }
    return PRUNE_OK;
}

static prune_status read_values(prune_tensor *t, float scale, FILE *file, const char *path)
{
    float *values = prune_tensor_data_mutable(t);
    for (int64_t i = 0; i < prune_tensor_numel(t); i++) {
        int byte = getc(file);
        if (byte == EOF)
            return prune_fail(PRUNE_ERROR_FORMAT, "%s ends after %lld of %lld bytes", path, (long long)i,
                              (long long)prune_tensor_numel(t));
        values[i] = (float)byte / scale;
    }
    if (getc(file) != EOF)
        return prune_fail(PRUNE_ERROR_FORMAT, "%s is longer than its header says", path);
    return PRUNE_OK;
}

/* Whether the file is as long as the sizes ask (none is 0), so that no size is believed that the file does not hold. */
static bool holds(FILE *file, const int64_t *sizes, int64_t rank)
{
    long start = ftell(file);
    if (start < 0 || fseek(file, 0, SEEK_END) != 0)
        return false;
    int64_t left = ftell(file) - start;
    for (int64_t i = 0; i < rank; i++)
        left /= sizes[i];
    return fseek(file, start, SEEK_SET) == 0 && left >= 1;
}

static prune_status read_idx(prune_tensor **out, FILE *file, const char *path, int64_t rank, float scale)
{
    int64_t sizes[MAX_RANK] = { 1, 1, 1 };
    prune_tensor *t = NULL;
    prune_status status = read_shape(sizes, rank, file, path);
    if (!status && !holds(file, sizes, rank))
        status = prune_fail(PRUNE_ERROR_FORMAT, "%s is shorter than its header says", path);
    if (!status)
        status = prune_tensor_empty(&t, sizes, rank, PRUNE_FLOAT32);
    if (!status)
        status = read_values(t, scale, file, path);
    if (status)
        prune_tensor_release(t);
    else
        *out = t;
    return status;
}

static prune_status load(prune_tensor **out, const char *directory, const char *name, int64_t rank, float scale)
{
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/%s", directory, name);
    if (length < 0 || (size_t)length >= sizeof path)
        return prune_fail(PRUNE_ERROR_IO, "the path %s/%s is too long", directory, name);
    FILE *file = fopen(path, "rb");
    if (!file)
        return prune_fail(PRUNE_ERROR_IO, "cannot open %s: %s", path, strerror(errno));
    prune_status status = read_idx(out, file, path, rank, scale);
    fclose(file);
    return status;
}

prune_status mnist_load_images(prune_tensor **out, const char *directory)
{
    prune_tensor *pictures = NULL;
    prune_status status = load(&pictures, directory, "t10k-images-idx3-ubyte", 3, 255);
    if (!status)
        status = prune_tensor_unsqueeze(out, pictures, 1);
    prune_tensor_release(pictures);
    return status;
}

prune_status mnist_load_labels(prune_tensor **out, const char *directory)
{
    return load(out, directory, "t10k-labels-idx1-ubyte", 1, 1);
}
