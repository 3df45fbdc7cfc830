/* Dicts as Python prints their items. */
#include "tensor/internal.h"

prune_status prune_dict_print(FILE *file, const prune_dict *dict, const prune_print_options *options)
{
    PRUNI_REQUIRE(file);
    PRUNI_REQUIRE(dict);
    if (pruni_check_print_options(__func__, options))
        return prune_last_status();
    pruni_text text = { NULL, 0, 0, false };
    pruni_text_add(&text, "[");
    for (int64_t i = 0; i < prune_dict_size(dict); i++) {
        pruni_text_add(&text, i > 0 ? ", (" : "(");
        pruni_text_add_repr(&text, prune_dict_key(dict, i));
        pruni_text_add(&text, ", ");
        pruni_tensor_text(&text, prune_dict_value(dict, i), options);
        pruni_text_add(&text, ")");
    }
    pruni_text_add(&text, "]");
    return pruni_text_print(&text, file);
}
