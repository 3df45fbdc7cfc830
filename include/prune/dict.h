/** @file dict.h
 *  An ordered dict from names to tensors, as Python's OrderedDict: what state dicts, named_parameters and weight files
 *  are. It keeps a reference to each tensor. It may carry metadata (name → text), which safetensors files hold.
 */
#ifndef PRUNE_DICT_H
#define PRUNE_DICT_H

#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A dict: prune_dict_create(), prune_dict_release(). */
typedef struct prune_dict prune_dict;

/** An empty dict. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_dict_create(prune_dict **out);

/** Frees the dict and its references. Takes NULL. */
PRUNE_API void prune_dict_release(prune_dict *dict);

/** The number of names. */
PRUNE_API int64_t prune_dict_size(const prune_dict *dict);

/** The i-th name in order; NULL, and an index error, outside [0, size). Good until the entry is deleted. */
PRUNE_API const char *prune_dict_key(const prune_dict *dict, int64_t i);

/** The i-th tensor in order; NULL, and an index error, outside [0, size). Good until the entry is set again or
 *  deleted. */
PRUNE_API prune_tensor *prune_dict_value(const prune_dict *dict, int64_t i);

/** The tensor of that name; NULL, and a key error, where there is none. Good until the entry is set again or deleted.
 *  Constant time on average. */
PRUNE_API prune_tensor *prune_dict_get(const prune_dict *dict, const char *key);

/** dict[key] = t: an existing name keeps its place, a new one comes last. Any UTF-8 name, "" too. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_dict_set(prune_dict *dict, const char *key, prune_tensor *t);

/** del dict[key]; linear time. Errors: key. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_dict_delete(prune_dict *dict, const char *key);

/** The text of a metadata name; NULL, and a key error, where there is none. Good until it is set again or
 *  deleted. */
PRUNE_API const char *prune_dict_get_metadata(const prune_dict *dict, const char *key);

/** Sets the text of a metadata name; NULL deletes it, if there. */
PRUNE_API PRUNE_MUST_CHECK prune_status prune_dict_set_metadata(prune_dict *dict, const char *key, const char *text);

/** The i-th metadata name in the order of setting; NULL, without an error, outside the names there are. Good until it
 *  is deleted. */
PRUNE_API const char *prune_dict_metadata_key(const prune_dict *dict, int64_t i);

/** Prints as print(list(dict.items())): `[('weight', tensor(…)), …]`, no newline at the end.
 *  Errors: io. */
PRUNE_API prune_status prune_dict_print(FILE *file, const prune_dict *dict, const prune_print_options *options);

#ifdef __cplusplus
}
#endif

#endif
