/* A module's forward pre-hooks as Python prints the dict that holds them. */
#include "nn/internal.h"

prune_status prune_module_print_forward_pre_hooks(FILE *file, const prune_module *module)
{
    PRUNI_REQUIRE(file);
    PRUNI_REQUIRE(module);
    pruni_text text = { NULL, 0, 0, false };
    pruni_text_add(&text, module->hook_count > 0 ? "OrderedDict([" : "OrderedDict(");
    for (int64_t i = 0; i < module->hook_count; i++) {
        const pruni_hook *hook = module->hooks[i];
        const void *object = hook->context ? hook->context : (const void *)hook;
        pruni_text_add(&text, "%s(%lld, <%s%s object at 0x%llx>)", i > 0 ? ", " : "", (long long)hook->id,
                       hook->qualifier, hook->type_name, (unsigned long long)(uintptr_t)object);
    }
    pruni_text_add(&text, module->hook_count > 0 ? "])" : ")");
    return pruni_text_print(&text, file);
}
