/* A .pt file as an open file. */
#include "io/pt.h"

static prune_status read_container(pruni_pt *pt, pruni_input *input)
{
    unsigned char first[2] = { 0, 0 };
    size_t got = 0;
    if (pruni_input_read_some(&got, input, 0, first, sizeof first))
        return prune_last_status();
    if (got == 0)
        return pruni_bad_file(PRUNI_TRUNCATED, pt->source, "the file is empty");
    if (first[0] == 'P' && first[1] == 'K' ? pruni_pt_open_zip(pt, input) : pruni_pt_open_legacy(pt, input))
        return prune_last_status();
    pruni_pt_place_storages(pt);
    return PRUNE_OK;
}

static prune_status read_tensors(pruni_file *file, pruni_pt *pt, const char *entry)
{
    pruni_pickle_id root = PRUNI_PICKLE_NONE;
    pruni_pt_summary *summaries = pruni_alloc_zeroed((size_t)pt->pickle.value_count, sizeof *summaries);
    if (!summaries)
        return PRUNE_ERROR_MEMORY;
    prune_status status = pruni_pt_find_entry(&root, pt, summaries, entry);
    if (!status)
        status = pruni_pt_list_tensors(file, pt, summaries, root);
    pruni_free(summaries);
    return status;
}

static prune_status open_pt(pruni_file *file, const prune_load_options *options)
{
    pruni_pt *pt = pruni_alloc_zeroed(1, sizeof *pt);
    file->own = pt;
    if (!pt)
        return PRUNE_ERROR_MEMORY;
    pt->source = file->input.source;
    if (read_container(pt, &file->input) || read_tensors(file, pt, options->entry))
        return prune_last_status();
    pruni_pickle_close(&pt->pickle);
    return PRUNE_OK;
}

static void close_pt(pruni_file *file)
{
    pruni_pt *pt = file->own;
    if (pt) {
        pruni_zip_close(&pt->zip);
        pruni_pickle_close(&pt->pickle);
        pruni_free(pt->storages);
        pruni_free(pt->by_key);
        pruni_free(pt->names);
    }
    pruni_free(pt);
}

/* The CRC of the tensor's storage, once. */
static prune_status check_pt(pruni_file *file, const pruni_file_tensor *t)
{
    pruni_pt *pt = file->own;
    pruni_pt_storage *storage = t->part < 0 ? NULL : &pt->storages[t->part];
    if (!storage || !storage->record || storage->is_checked)
        return PRUNE_OK;
    storage->is_checked = true;
    return pruni_zip_check_crc(&pt->zip, storage->record, &file->input);
}

const pruni_file_format pruni_pt_format = {
    .has_entries = true,
    .open = open_pt,
    .close = close_pt,
    .check = check_pt,
};
