#include "lenet.h"

static prune_status conv_relu_pool(prune_tensor **y, prune_module *self, const char *conv, prune_tensor *x)
{
    prune_tensor *a = NULL, *b = NULL;
    bool failed = prune_module_call(&a, prune_module_get_submodule(self, conv), x) || prune_relu(&b, a)
                  || prune_module_call(y, prune_module_get_submodule(self, "maxpool"), b);
    prune_tensor_release(a);
    prune_tensor_release(b);
    return failed ? prune_last_status() : PRUNE_OK;
}

static prune_status linear_relu(prune_tensor **y, prune_module *self, const char *linear, prune_tensor *x)
{
    prune_tensor *a = NULL;
    bool failed = prune_module_call(&a, prune_module_get_submodule(self, linear), x) || prune_relu(y, a);
    prune_tensor_release(a);
    return failed ? prune_last_status() : PRUNE_OK;
}

static prune_status forward(void *context, prune_module *self, prune_tensor **y, int64_t ny, prune_tensor *const *x,
                            int64_t nx)
{
    (void)context;
    if (nx != 1 || ny != 1)
        return prune_fail(PRUNE_ERROR_TYPE, "LeNet takes one input and gives one output");
    prune_tensor *a = NULL, *b = NULL, *flat = NULL, *c = NULL, *d = NULL;
    bool failed = conv_relu_pool(&a, self, "conv1", x[0]) || conv_relu_pool(&b, self, "conv2", a)
                  || prune_tensor_view(&flat, b, PRUNE_SHAPE(prune_tensor_size(b, 0), -1))
                  || linear_relu(&c, self, "fc1", flat) || linear_relu(&d, self, "fc2", c)
                  || prune_module_call(y, prune_module_get_submodule(self, "fc3"), d);
    prune_tensor_release(a);
    prune_tensor_release(b);
    prune_tensor_release(flat);
    prune_tensor_release(c);
    prune_tensor_release(d);
    return failed ? prune_last_status() : PRUNE_OK;
}

static const prune_module_ops lenet = { .size = sizeof lenet, .forward = forward };

prune_status lenet_create(prune_module **out)
{
    enum { LAYERS = 6 };
    static const char *const names[LAYERS] = { "conv1", "conv2", "maxpool", "fc1", "fc2", "fc3" };
    prune_module *net = NULL, *layers[LAYERS] = { NULL };
    prune_max_pool_options by_two = PRUNE_MAX_POOL_OPTIONS_INIT;
    by_two.stride = PRUNE_INTS(2);
    bool failed = prune_module_create(&net, "LeNet", &lenet, NULL)
                  || prune_conv2d_create(&layers[0], 1, 6, PRUNE_INTS(5), NULL)
                  || prune_conv2d_create(&layers[1], 6, 16, PRUNE_INTS(5), NULL)
                  || prune_max_pool2d_create(&layers[2], PRUNE_INTS(2), &by_two)
                  || prune_linear_create(&layers[3], 16 * 4 * 4, 120, NULL)
                  || prune_linear_create(&layers[4], 120, 84, NULL) || prune_linear_create(&layers[5], 84, 10, NULL);
    for (int i = 0; i < LAYERS && !failed; i++)
        failed = prune_module_register_module(net, names[i], layers[i]);
    for (int i = 0; i < LAYERS; i++)
        prune_module_release(layers[i]);
    if (failed) {
        prune_module_release(net);
        return prune_last_status();
    }
    *out = net;
    return PRUNE_OK;
}
