// A C++ program outside the tree: the macros that differ from C, options, and an own method. Prints the version.
#include <prune/prune.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>

template <typename T, void (*release)(T *)> struct releaser {
    void operator()(T *object) const
    {
        release(object);
    }
};
using tensor = std::unique_ptr<prune_tensor, releaser<prune_tensor, prune_tensor_release>>;
using module = std::unique_ptr<prune_module, releaser<prune_module, prune_module_release>>;
using method = std::unique_ptr<prune_method, releaser<prune_method, prune_method_release>>;

static prune_status every_other(void *, prune_tensor *mask, const prune_tensor *)
{
    float *values = prune_tensor_data_mutable(mask);
    for (int64_t i = 0; i < prune_tensor_numel(mask); i += 2)
        values[i] = 0;
    return PRUNE_OK;
}

static prune_status run()
{
    prune_conv_options options = PRUNE_CONV_OPTIONS_INIT;
    options.padding = PRUNE_INTS(1, 2);
    options.bias = false;
    prune_module *conv_out = nullptr;
    if (prune_conv2d_create(&conv_out, 1, 6, PRUNE_INTS(3), &options))
        return prune_last_status();
    module conv(conv_out);

    prune_method_ops ops = {};
    ops.size = sizeof ops;
    ops.type_name = "EveryOther";
    ops.type = PRUNE_UNSTRUCTURED;
    ops.compute_mask = every_other;
    prune_method *method_out = nullptr;
    if (prune_method_create(&method_out, &ops, nullptr))
        return prune_last_status();
    method own(method_out);

    prune_tensor *out = nullptr;
    if (prune_apply(conv.get(), "weight", own.get(), nullptr)
        || prune_ln_structured(conv.get(), "weight", prune_count(2), prune_norm_p(INFINITY), 0, nullptr)
        || prune_tensor_zeros(&out, PRUNE_SHAPE(2, 1, 5, 5), PRUNE_FLOAT32))
        return prune_last_status();
    tensor x(out);
    if (prune_module_call(&out, conv.get(), x.get()))
        return prune_last_status();
    tensor y(out);
    if (prune_tensor_size(y.get(), 2) != 5 || prune_tensor_size(y.get(), -1) != 7)
        return prune_fail(PRUNE_ERROR_USER, "the output is not 5 by 7");
    if (std::strcmp(prune_module_forward_pre_hook(conv.get(), 0, nullptr), "PruningContainer") != 0)
        return prune_fail(PRUNE_ERROR_USER, "the second prune made no container");
    return PRUNE_OK;
}

int main()
{
    prune_status status = run();
    if (status)
        std::fprintf(stderr, "%s\n", prune_last_error());
    std::puts(prune_version());
    return status;
}
