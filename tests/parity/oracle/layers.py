"""Commands that make modules."""
from torch import nn

from .session import verb
from .text import read_ints

INTS = ("stride", "num_layers", "padding", "dilation", "divisor_override", "groups")
FLAGS = ("bias", "batch_first", "bidirectional", "ceil_mode", "count_include_pad", "affine", "inplace")


def keywords(c):
    """Options under PyTorch's names."""
    found = {}
    for key, words in c.options.items():
        if key == "padding" and words.isalpha():
            found[key] = words
        elif key in INTS:
            found[key] = read_ints(words)
        elif key in FLAGS:
            found[key] = int(words) != 0
        elif key == "track":
            found["track_running_stats"] = int(words) != 0
        elif key == "mode":
            found["padding_mode"] = words
        else:
            found[key] = float(words)
    return found


def layer(name, cls, *readers):
    """A command whose words are the constructor's positional arguments."""
    def make(s, c):
        s.keep(c[1], cls(*[read(c[i + 2]) for i, read in enumerate(readers)], **keywords(c)))
    verb(name)(make)


layer("linear", nn.Linear, int, int)
layer("conv1d", nn.Conv1d, int, int, read_ints)
layer("conv2d", nn.Conv2d, int, int, read_ints)
layer("conv3d", nn.Conv3d, int, int, read_ints)
layer("max_pool1d", nn.MaxPool1d, read_ints)
layer("max_pool2d", nn.MaxPool2d, read_ints)
layer("avg_pool2d", nn.AvgPool2d, read_ints)
layer("batch_norm1d", nn.BatchNorm1d, int)
layer("batch_norm2d", nn.BatchNorm2d, int)
layer("lstm", nn.LSTM, int, int)
layer("gru", nn.GRU, int, int)
layer("relu", nn.ReLU)
layer("sigmoid", nn.Sigmoid)
layer("tanh", nn.Tanh)
layer("gelu", nn.GELU)
layer("identity_layer", nn.Identity)
layer("softmax", nn.Softmax, int)
layer("log_softmax", nn.LogSoftmax, int)
layer("flatten", nn.Flatten, int, int)
layer("dropout", nn.Dropout, float)


@verb("adaptive_avg_pool2d")
def adaptive_avg_pool2d(s, c):
    size = read_ints(c[2])
    absent = {-1: None}
    size = tuple(absent.get(n, n) for n in size) if isinstance(size, tuple) else absent.get(size, size)
    s.keep(c[1], nn.AdaptiveAvgPool2d(size))


@verb("sequential")
def sequential(s, c):
    s.keep(c[1], nn.Sequential(*[s.module(name) for name in c.words[2:]]))


@verb("module")
def plain(s, c):
    s.keep(c[1], type(c[2], (nn.Module,), {"__module__": "builtins"})())
