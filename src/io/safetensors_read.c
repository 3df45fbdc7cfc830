/* A safetensors file as an open file. */
#include "io/internal.h"

static prune_status add_tensor(pruni_file *file, const pruni_safetensors *header, const pruni_safetensors_entry *entry)
{
    pruni_file_tensor t = {
        .name = entry->name,
        .name_length = entry->name_length,
        .dtype_name = entry->dtype->names[PRUNI_NAMED_BY_SAFETENSORS],
        .held = entry->dtype->held,
        .element_size = entry->dtype->bits % 8 == 0 ? entry->dtype->bits / 8 : 0,
        .is_contiguous = true,
        .offset = header->data + entry->begin,
        .bytes = entry->end - entry->begin,
    };
    t.ndim = pruni_safetensors_shape(t.sizes, entry);
    return pruni_file_add(file, &t);
}

static prune_status open_safetensors(pruni_file *file, const prune_load_options *options)
{
    (void)options;
    pruni_safetensors *header = pruni_alloc_zeroed(1, sizeof *header);
    file->own = header;
    if (!header || pruni_safetensors_open(header, &file->input))
        return prune_last_status();
    for (int64_t i = 0; i < header->count; i++)
        if (add_tensor(file, header, header->order[i]))
            return prune_last_status();
    file->metadata = header->metadata;
    file->metadata_count = header->metadata_count;
    return PRUNE_OK;
}

static void close_safetensors(pruni_file *file)
{
    if (file->own)
        pruni_safetensors_close(file->own);
    pruni_free(file->own);
}

const pruni_file_format pruni_safetensors_format = {
    .open = open_safetensors,
    .close = close_safetensors,
};
