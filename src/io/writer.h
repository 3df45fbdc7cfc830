/* Weight files being written, tensor after tensor: what the formats share, and each format's inside. */
#ifndef PRUNI_IO_WRITER_H
#define PRUNI_IO_WRITER_H

#include "io/internal.h"

/* ---- Zip archives (zip_write.c): stored, each record written in one go from start to end ---- */

enum { PRUNI_ZIP_MAX_NAME = 65535 };

typedef struct pruni_zip_writer {
    pruni_output *output;
    uint64_t at; /* bytes written */
    int64_t count;
    pruni_text directory; /* of the records that have ended */
    const char *name;     /* of the present record */
    uint64_t start, size, left;
    uint32_t crc;
} pruni_zip_writer;

/* Begins a record of so many bytes, which begin at a multiple of 64 in the file. The name is UTF-8 of up to
 * PRUNI_ZIP_MAX_NAME bytes and stays good until the end of the record. */
prune_status pruni_zip_writer_begin(pruni_zip_writer *zip, const char *name, uint64_t size);
prune_status pruni_zip_writer_add(pruni_zip_writer *zip, const void *bytes, size_t size);
prune_status pruni_zip_writer_end(pruni_zip_writer *zip);

/* A whole record. */
prune_status pruni_zip_writer_store(pruni_zip_writer *zip, const char *name, const void *bytes, size_t size);

prune_status pruni_zip_writer_finish(pruni_zip_writer *zip); /* writes the directory */
void pruni_zip_writer_free(pruni_zip_writer *zip);

/* ---- All formats (writer.c) ---- */

/* A tensor that is to be written. */
typedef struct pruni_writer_tensor {
    const char *name;       /* UTF-8 */
    const char *dtype_name; /* as any format spells it: "torch.float32", "F8_E4M3", "<i2" */
    int64_t ndim;           /* up to PRUNE_MAX_DIMS */
    const int64_t *sizes;
} pruni_writer_tensor;

typedef struct pruni_writer pruni_writer;

typedef struct pruni_writer_item {
    const pruni_writer_tensor *tensor;
    const pruni_file_dtype *dtype;
    uint64_t bytes;
} pruni_writer_item;

/* A format's writer. A function that is NULL does nothing. */
typedef struct pruni_writer_format {
    pruni_dtype_naming naming;

    /* Checks the items and the metadata and may sort writer->order, before anything is written. */
    prune_status (*prepare)(pruni_writer *writer, const pruni_file_metadata *metadata, int64_t metadata_count);
    prune_status (*begin)(pruni_writer *writer);
    prune_status (*begin_item)(pruni_writer *writer, const pruni_writer_item *item);
    prune_status (*add)(pruni_writer *writer, const void *bytes, size_t size); /* of the item begun */
    prune_status (*end_item)(pruni_writer *writer);
    prune_status (*finish)(pruni_writer *writer);
    void (*free)(pruni_writer *writer); /* writer->own */
} pruni_writer_format;

struct pruni_writer {
    const char *path;
    const pruni_writer_format *format;
    pruni_output output;
    pruni_writer_item *items;
    const void **order; /* the items as they lie in the file */
    int64_t count;
    int64_t at;           /* items begun, in that order */
    uint64_t left;        /* bytes of the last of them that are still to come */
    pruni_zip_writer zip; /* of formats that are archives */
    void *own;            /* what the format keeps */
};

/* Checks that the format can hold the tensors and the metadata (which a format without a place for it leaves out), opens
 * the file and writes what comes before the data. All that is pointed to must outlive the writer. After a failure the
 * writer is closed. Fails with io, and with value and unsupported as prune_save() says. */
prune_status pruni_writer_open(pruni_writer *writer, const char *path, prune_file_format format,
                               const pruni_writer_tensor *tensors, int64_t count, const pruni_file_metadata *metadata,
                               int64_t metadata_count);

/* Which tensor of the list is the i-th in the file. */
int64_t pruni_writer_index(const pruni_writer *writer, int64_t i);

/* Appends bytes, little-endian, in chunks of any size: first all of the file's first tensor, then of its second … */
prune_status pruni_writer_add(pruni_writer *writer, const void *bytes, size_t size);

/* Puts the file in place, when all bytes have been added. Afterwards, whether that worked or not, the writer is closed. */
prune_status pruni_writer_commit(pruni_writer *writer);

/* Closes the writer and leaves no file; keeps the last error. */
void pruni_writer_abandon(pruni_writer *writer);

/* The format that PRUNE_FORMAT_AUTO is for a path. Fails with value. */
prune_status pruni_writer_choose_format(prune_file_format *out, const char *path);

/* For formats: fails with "cannot write '<path>': <the rest>". */
prune_status pruni_cannot_write(prune_status status, const pruni_writer *writer, const char *format, ...)
    PRUNE_PRINTF(3, 4);

/* For formats that are archives: functions of the format that hand on to writer->zip. */
prune_status pruni_writer_zip_add(pruni_writer *writer, const void *bytes, size_t size);
prune_status pruni_writer_zip_end(pruni_writer *writer);
prune_status pruni_writer_zip_finish(pruni_writer *writer);

extern const pruni_writer_format pruni_safetensors_writer;
extern const pruni_writer_format pruni_pt_writer;
extern const pruni_writer_format pruni_npy_writer;
extern const pruni_writer_format pruni_npz_writer;

/* ---- .npy (npy_write.c) ---- */

/* Adds what comes before the data, as numpy.save writes it. */
void pruni_npy_add_header(pruni_text *text, const pruni_writer_item *item);

#endif
