/* Weight files: what the formats share, and each format's inside. */
#ifndef PRUNI_IO_INTERNAL_H
#define PRUNI_IO_INTERNAL_H

#include "base/internal.h"
#include "prune/dict.h"
#include "prune/files.h"
#include "tensor/internal.h"

/* ---- What is wrong with a file (fault.c) ---- */

/* X(name, first word of the sentence, status) */
#define PRUNI_FAULT_MAP(X)                              \
    X(PRUNI_TRUNCATED, "truncated", PRUNE_ERROR_FORMAT) \
    X(PRUNI_MAGIC, "magic", PRUNE_ERROR_FORMAT)         \
    X(PRUNI_LIMIT, "limit", PRUNE_ERROR_FORMAT)         \
    X(PRUNI_UTF8, "utf8", PRUNE_ERROR_FORMAT)           \
    X(PRUNI_SYNTAX, "syntax", PRUNE_ERROR_FORMAT)       \
    X(PRUNI_SCHEMA, "schema", PRUNE_ERROR_FORMAT)       \
    X(PRUNI_DUP, "dup", PRUNE_ERROR_FORMAT)             \
    X(PRUNI_OVERFLOW, "overflow", PRUNE_ERROR_FORMAT)   \
    X(PRUNI_SIZE, "size", PRUNE_ERROR_FORMAT)           \
    X(PRUNI_LAYOUT, "layout", PRUNE_ERROR_FORMAT)       \
    X(PRUNI_UNSUP, "unsup", PRUNE_ERROR_UNSUPPORTED)    \
    X(PRUNI_UNSAFE, "unsafe", PRUNE_ERROR_UNSUPPORTED)  \
    X(PRUNI_CRC, "crc", PRUNE_ERROR_FORMAT)

typedef enum pruni_fault {
#define PRUNI_FAULT_ENUM(name, word, status) name,
    PRUNI_FAULT_MAP(PRUNI_FAULT_ENUM)
#undef PRUNI_FAULT_ENUM
} pruni_fault;

/* Fails with "<word>: <source>: <the rest>"; a source of NULL, memory, is left out. */
prune_status pruni_bad_file(pruni_fault fault, const char *source, const char *format, ...) PRUNE_PRINTF(3, 4);

/* Fails with io: "cannot <verb> '<path>': <what the system says of this errno>". */
prune_status pruni_system_failure(const char *verb, const char *path, int error);

/* Text from a file as a sentence may show it: quoted, cut when long, control characters and what is not UTF-8 as \xNN. */
enum { PRUNI_SHOWN_SIZE = 512 };
const char *pruni_shown(char out[PRUNI_SHOWN_SIZE], const char *text, size_t length);

/* ---- Bytes (bytes.c) ---- */

uint64_t pruni_load_le64(const unsigned char bytes[8]);
void pruni_store_le64(unsigned char bytes[8], uint64_t value);
bool pruni_is_big_endian(void);

/* Reverses the bytes of each of `count` elements of 1, 2, 4 or 8 bytes. */
void pruni_swap_bytes(void *elements, size_t count, size_t size);

/* ---- Sorting (sort.c) ---- */

/* Sorts pointers: stable, n log n at worst, linear where the order is right already. */
prune_status pruni_sort(const void **items, size_t count, int (*compare)(const void *a, const void *b));

/* ---- JSON (json.c): a strict reader that is asked for one event after the other; no recursion, no allocation ---- */

enum { PRUNI_JSON_MAX_DEPTH = 127 }; /* as the reference reader */

typedef enum pruni_json_event {
    PRUNI_JSON_END, /* and nothing but white space follows the value */
    PRUNI_JSON_OBJECT,
    PRUNI_JSON_OBJECT_END,
    PRUNI_JSON_ARRAY,
    PRUNI_JSON_ARRAY_END,
    PRUNI_JSON_KEY, /* its value comes next */
    PRUNI_JSON_STRING,
    PRUNI_JSON_NUMBER,
    PRUNI_JSON_TRUE,
    PRUNI_JSON_FALSE,
    PRUNI_JSON_NULL
} pruni_json_event;

typedef struct pruni_json {
    const char *text; /* UTF-8 */
    size_t length;
    const char *source; /* for sentences */
    size_t at;          /* behind the present event */
    pruni_json_event event;
    size_t start, size; /* of a key or string, between the quotes, with its escapes; of a number */
    int expected;
    int depth;
    char closer[PRUNI_JSON_MAX_DEPTH]; /* '}' or ']' of each open container */
} pruni_json;

void pruni_json_init(pruni_json *json, const char *text, size_t length, const char *source);

/* The next event. Fails with syntax or limit. */
prune_status pruni_json_next(pruni_json *json);

/* Goes on to the end of the value that the present event begins. */
prune_status pruni_json_skip(pruni_json *json);

/* Writes what a key or string says, unescaped, and gives its length, at most json->size. `to` may be where it lies. */
size_t pruni_json_unescape(const pruni_json *json, char *to);

/* False if the number is not a plain sequence of digits, or does not fit. */
bool pruni_json_uint64(uint64_t *out, const pruni_json *json);

/* Adds a UTF-8 string in quotes, escaped where JSON demands it and nowhere else. */
void pruni_json_add_string(pruni_text *text, const char *string);

/* ---- Dtypes (dtype.c) ---- */

/* X(safetensors, bits of an element, dtype here or −1, torch, torch's class of storages, NumPy); NULL where a format does
 * not have it. In the order of safetensors, where later in the list is later in the file. */
#define PRUNI_FILE_DTYPE_MAP(X)                                              \
    X("BOOL", 8, PRUNE_BOOL, "torch.bool", "BoolStorage", "|b1")             \
    X("F4", 4, -1, NULL, NULL, NULL)                                         \
    X("F6_E2M3", 6, -1, NULL, NULL, NULL)                                    \
    X("F6_E3M2", 6, -1, NULL, NULL, NULL)                                    \
    X("U8", 8, PRUNE_UINT8, "torch.uint8", "ByteStorage", "|u1")             \
    X("I8", 8, -1, "torch.int8", "CharStorage", "|i1")                       \
    X("F8_E5M2", 8, -1, "torch.float8_e5m2", NULL, NULL)                     \
    X("F8_E4M3", 8, -1, "torch.float8_e4m3fn", NULL, NULL)                   \
    X("F8_E8M0", 8, -1, "torch.float8_e8m0fnu", NULL, NULL)                  \
    X("F8_E4M3FNUZ", 8, -1, "torch.float8_e4m3fnuz", NULL, NULL)             \
    X("F8_E5M2FNUZ", 8, -1, "torch.float8_e5m2fnuz", NULL, NULL)             \
    X("I16", 16, -1, "torch.int16", "ShortStorage", "<i2")                   \
    X("U16", 16, -1, "torch.uint16", NULL, "<u2")                            \
    X("F16", 16, PRUNE_FLOAT16, "torch.float16", "HalfStorage", "<f2")       \
    X("BF16", 16, PRUNE_BFLOAT16, "torch.bfloat16", "BFloat16Storage", NULL) \
    X("I32", 32, PRUNE_INT32, "torch.int32", "IntStorage", "<i4")            \
    X("U32", 32, -1, "torch.uint32", NULL, "<u4")                            \
    X("F32", 32, PRUNE_FLOAT32, "torch.float32", "FloatStorage", "<f4")      \
    X("C64", 64, -1, "torch.complex64", "ComplexFloatStorage", "<c8")        \
    X("F64", 64, PRUNE_FLOAT64, "torch.float64", "DoubleStorage", "<f8")     \
    X("I64", 64, PRUNE_INT64, "torch.int64", "LongStorage", "<i8")           \
    X("U64", 64, -1, "torch.uint64", NULL, "<u8")                            \
    X(NULL, 128, -1, "torch.complex128", "ComplexDoubleStorage", "<c16")

typedef enum pruni_dtype_naming {
    PRUNI_NAMED_BY_SAFETENSORS,
    PRUNI_NAMED_BY_TORCH,
    PRUNI_NAMED_BY_STORAGE,
    PRUNI_NAMED_BY_NUMPY,
    PRUNI_DTYPE_NAMINGS
} pruni_dtype_naming;

typedef struct pruni_file_dtype {
    unsigned bits;
    int held; /* a prune_dtype, or −1 */
    const char *names[PRUNI_DTYPE_NAMINGS];
} pruni_file_dtype;

/* By one format's name for it, or by any; NULL where there is none. */
const pruni_file_dtype *pruni_file_dtype_find(pruni_dtype_naming naming, const char *name);
const pruni_file_dtype *pruni_file_dtype_named(const char *name);

/* Multiplies the bits of a tensor by one more of its sizes. A size of 0 counts as 1 and sets *empty, so that it hides
 * no overflow. False: the product does not fit. */
bool pruni_multiply_bits(uint64_t *bits, bool *empty, uint64_t size);

/* ---- Reading (input.c): from a file, a pipe or memory. How long a file is shows by reading ---- */

typedef struct pruni_input {
    const char *source; /* the path; NULL: memory */
    FILE *file;         /* NULL: memory */
    bool seekable;
    uint64_t at;                 /* position of a seekable file */
    const unsigned char *memory; /* the caller's, or what a pipe has given so far */
    size_t held;                 /* bytes of memory */
    unsigned char *buffer;       /* owned memory of a pipe */
    int64_t capacity;
} pruni_input;

prune_status pruni_input_open(pruni_input *input, const char *path); /* path must outlive it. Fails with io */
void pruni_input_from_memory(pruni_input *input, const void *data, size_t size);
void pruni_input_close(pruni_input *input);

/* Whether there are at least `size` bytes. Reads a pipe that far, in memory that grows with what came. Fails with io. */
prune_status pruni_input_holds(bool *holds, pruni_input *input, uint64_t size);

/* How many bytes there are. */
prune_status pruni_input_size(uint64_t *size, pruni_input *input);

/* Copies bytes from a position. Fails with truncated where they are not there, with io. */
prune_status pruni_input_read(pruni_input *input, uint64_t offset, void *to, size_t size);

/* The same, but as many as there are: *got. */
prune_status pruni_input_read_some(size_t *got, pruni_input *input, uint64_t offset, void *to, size_t size);

/* ---- An open file: what tensors it holds and where they lie; no value is read yet (file.c) ---- */

/* A tensor of any format. Sizes and strides count elements; every product of sizes, and of sizes and element_size, fits
 * in 64 bits, and the bytes are known to be there. */
typedef struct pruni_file_tensor {
    const char *name; /* terminated; may have NULs within name_length */
    size_t name_length;
    const char *dtype_name; /* as the format spells it: "F16", "torch.int8", "<f4" */
    int held;               /* a prune_dtype, or −1 */
    unsigned element_size;  /* in bytes; 0: elements are not whole bytes */
    int64_t ndim;           /* may be above PRUNE_MAX_DIMS: refused when it is loaded; sizes then hold the first ones */
    int64_t sizes[PRUNE_MAX_DIMS];
    bool is_contiguous; /* strides then mean nothing */
    int64_t strides[PRUNE_MAX_DIMS];
    uint64_t offset;    /* of its first element in the file */
    uint64_t bytes;     /* of all its elements, in row-major order without gaps */
    bool is_big_endian; /* the file's bytes */
    bool is_shared;     /* one that comes before may have bytes of it */
    int64_t part;       /* for the format */
} pruni_file_tensor;

typedef struct pruni_file_metadata {
    const char *key, *text; /* terminated; may have NULs within their lengths */
    size_t key_length, text_length;
} pruni_file_metadata;

typedef struct pruni_file pruni_file;

/* A format's reader. */
typedef struct pruni_file_format {
    bool has_entries; /* options->entry means something */

    /* Checks everything that the format demands of the file at file->input, and lists its tensors and metadata. After a
     * failure, close is called all the same. */
    prune_status (*open)(pruni_file *file, const prune_load_options *options);
    void (*close)(pruni_file *file); /* frees file->own */

    /* Checks the sums of the tensor's bytes, where the file has some: reads them all. NULL: it has none. */
    prune_status (*check)(pruni_file *file, const pruni_file_tensor *t);
} pruni_file_format;

struct pruni_file {
    const pruni_file_format *format;
    pruni_input input;
    void *own;                  /* what the format keeps: header text, pickle objects */
    pruni_file_tensor *tensors; /* in the order of the dict; owned */
    int64_t count, capacity;
    const pruni_file_metadata *metadata; /* owned by the format */
    int64_t metadata_count;
};

/* Opens a file, or `size` bytes of memory, recognises the format or takes options->format, and checks everything before
 * anything is allocated for a tensor. Afterwards it is to be closed; after a failure it is closed. `path` and `data` must
 * outlive it. Fails as prune_load() says, but for what is not held. */
prune_status pruni_file_open(pruni_file *file, const char *path, const prune_load_options *options);
prune_status pruni_file_open_memory(pruni_file *file, const void *data, size_t size, const prune_load_options *options);
void pruni_file_close(pruni_file *file);

/* For formats: adds a copy of a description. */
prune_status pruni_file_add(pruni_file *file, const pruni_file_tensor *t);

/* Elements [first, first + count) of a held tensor in row-major order, as the machine has them, bools 0 or 1. */
prune_status pruni_file_read(pruni_file *file, const pruni_file_tensor *t, int64_t first, int64_t count, void *to);

/* The same of any tensor, held or not, in bytes as the file has them: [first, first + size) of t->bytes, in whole
 * elements. */
prune_status pruni_file_read_bytes(pruni_file *file, const pruni_file_tensor *t, uint64_t first, size_t size, void *to);

/* For pruni_file_read_bytes(): elements [first, first + count) of a tensor that is not contiguous (file_strided.c). */
prune_status pruni_file_read_strided(pruni_file *file, const pruni_file_tensor *t, int64_t first, int64_t count,
                                     void *to);

/* Fails with crc where the file has a sum of the tensor's bytes that is not right. Reads all of them, once per sum. */
prune_status pruni_file_check(pruni_file *file, const pruni_file_tensor *t);

/* ---- Mapping (mapping.c): a file as memory, which a write changes without the file. Lives as long as a tensor in it ---- */

typedef struct pruni_mapping pruni_mapping;

/* *out is NULL where the file cannot be mapped: the system refuses, or it is a pipe, or memory. */
prune_status pruni_mapping_create(pruni_mapping **out, const pruni_input *input);
void pruni_mapping_release(pruni_mapping *mapping); /* takes NULL */

/* A held tensor that lies in the mapping; NULL where it is to be read instead: there is no mapping, or it is not in it as
 * pruni_file_read() would give it. */
prune_status pruni_mapping_tensor(prune_tensor **out, pruni_mapping *mapping, const pruni_file_tensor *t);

extern const pruni_file_format pruni_safetensors_format;
extern const pruni_file_format pruni_pt_format;

/* ---- Writing (output.c): a file that replaces another when it is whole ---- */

typedef struct pruni_output {
    const char *path; /* as given, for sentences */
    FILE *file;
    char *target;    /* the file to be replaced, links followed; NULL: a device or pipe, written at once */
    char *temporary; /* beside the target */
} pruni_output;

prune_status pruni_output_open(pruni_output *output, const char *path); /* path must outlive it */

/* Says that so many bytes are certain to come: where the system can be told, it finds them a place at once, which costs less
 * than page by page. */
void pruni_output_reserve(const pruni_output *output, uint64_t size);
prune_status pruni_output_write(pruni_output *output, const void *bytes, size_t size);

/* Puts the file in place. Afterwards, whether that worked or not, the output is closed. */
prune_status pruni_output_commit(pruni_output *output);

/* Closes and removes the temporary; keeps the last error. */
void pruni_output_abandon(pruni_output *output);

/* ---- safetensors ---- */

enum { PRUNI_SAFETENSORS_MAX_HEADER = 100000000 };

/* A tensor as the header describes it; the text lies in the header. */
typedef struct pruni_safetensors_entry {
    const char *name; /* unescaped and terminated; may have NULs within name_length */
    size_t name_length;
    const pruni_file_dtype *dtype;
    const char *shape; /* "[2, 3]", known to be a list of numbers */
    size_t shape_length;
    uint64_t begin, end; /* of its bytes, from the end of the header */
} pruni_safetensors_entry;

/* A header, read and checked against the length of its file. */
typedef struct pruni_safetensors {
    const char *source;
    char *header; /* owned; strings in it are unescaped in place */
    size_t header_length;
    uint64_t data; /* where the data begin in the file */
    pruni_safetensors_entry *entries;
    int64_t count, capacity;
    const void **order; /* the entries by place in the file, empty ones by name */
    pruni_file_metadata *metadata;
    int64_t metadata_count, metadata_capacity;
} pruni_safetensors;

/* Reads the header and checks all that the format demands; what the library cannot hold is not yet refused. */
prune_status pruni_safetensors_open(pruni_safetensors *file, pruni_input *input);
void pruni_safetensors_close(pruni_safetensors *file);

/* Reads the JSON in file->header into entries and metadata: syntax, schema, dup (safetensors_header.c). */
prune_status pruni_safetensors_read_header(pruni_safetensors *file);

/* Sorts the entries and checks names, places and sizes (safetensors_check.c). *end: where the data should end. */
prune_status pruni_safetensors_check_layout(uint64_t *end, pruni_safetensors *file);

/* The sizes, of which only the first PRUNE_MAX_DIMS are written, and the rank. */
int64_t pruni_safetensors_shape(int64_t sizes[PRUNE_MAX_DIMS], const pruni_safetensors_entry *entry);

#endif
