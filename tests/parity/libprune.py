"""libprune from Python, by ctypes: for the scripts that compare and measure. Needs torch; takes numpy arrays too.

    prune = Library("build")                                       # the folder of libprune.so
    conv = prune.layer("Conv2d", 3, 8, 5, padding="same").eval()   # as torch.nn.Conv2d
    y = conv(torch.rand(1, 3, 9, 9)).torch()
    prune.l1_unstructured(conv, "weight", prune.fraction(0.5), None)

Every public function is a method under its name without `prune_`; what it takes and gives is read from the headers. A
status other than ok raises Failure. `prune.tensor_from("relu", x)`, module_from, dict_from and string_from call a function
and return what it gives in its out-parameter.
"""
import ctypes as c
import re
from pathlib import Path

import numpy
import torch

INCLUDE = Path(__file__).resolve().parents[2] / "include" / "prune"
DTYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.uint8, torch.bool]


class Failure(Exception):
    """What a failed call left: its status as a number and as a word ("value"), and the sentence."""

    def __init__(self, status, word, sentence):
        super().__init__(f"{word}: {sentence}")
        self.status, self.word, self.sentence = status, word, sentence


# ---- Structs

class Ints(c.Structure):
    """prune_ints: an int, a tuple of ints, or None for PyTorch's default."""
    _fields_ = [("count", c.c_int64), ("values", c.c_int64 * 3)]

    @classmethod
    def from_param(cls, value):
        if isinstance(value, cls):
            return value
        values = () if value is None else (value,) if isinstance(value, int) else tuple(value)
        return cls(len(values), (c.c_int64 * 3)(*values[:3]))


class Amount(c.Structure):
    _fields_ = [("kind", c.c_int), ("fraction", c.c_double), ("count", c.c_int64)]


class Norm(c.Structure):
    _fields_ = [("kind", c.c_int), ("order", c.c_double)]


class Options(c.Structure):
    """An options struct with the values of its INIT macro, then those given by keyword."""
    defaults = {}

    def __init__(self, **keywords):
        super().__init__()
        self.size = c.sizeof(self)
        kinds = dict(self._fields_)
        for name, value in {**self.defaults, **keywords}.items():
            if isinstance(value, str):
                value = value.encode()
            setattr(self, name, Ints.from_param(value) if kinds[name] is Ints else value)


class BlobOptions(Options):
    _fields_ = [("size", c.c_size_t), ("dtype", c.c_int), ("strides", c.c_void_p), ("release", c.c_void_p),
                ("context", c.c_void_p)]


class LinearOptions(Options):
    _fields_ = [("size", c.c_size_t), ("bias", c.c_bool)]
    defaults = {"bias": True}


class ConvOptions(Options):
    _fields_ = [("size", c.c_size_t), ("stride", Ints), ("padding", Ints), ("padding_string", c.c_char_p),
                ("dilation", Ints), ("groups", c.c_int64), ("bias", c.c_bool), ("padding_mode", c.c_char_p)]
    defaults = {"groups": 1, "bias": True, "padding_mode": "zeros"}

    def __init__(self, **keywords):
        if isinstance(keywords.get("padding"), str):
            keywords["padding_string"] = keywords.pop("padding")
        super().__init__(**keywords)


class MaxPoolOptions(Options):
    _fields_ = [("size", c.c_size_t), ("stride", Ints), ("padding", Ints), ("dilation", Ints), ("ceil_mode", c.c_bool)]


class AvgPoolOptions(Options):
    _fields_ = [("size", c.c_size_t), ("stride", Ints), ("padding", Ints), ("ceil_mode", c.c_bool),
                ("count_include_pad", c.c_bool), ("divisor_override", c.c_int64)]
    defaults = {"count_include_pad": True}


class BatchNormOptions(Options):
    _fields_ = [("size", c.c_size_t), ("eps", c.c_double), ("momentum", c.c_double), ("affine", c.c_bool),
                ("bias", c.c_bool), ("track_running_stats", c.c_bool)]
    defaults = {"eps": 1e-5, "momentum": 0.1, "affine": True, "bias": True, "track_running_stats": True}


class RnnOptions(Options):
    _fields_ = [("size", c.c_size_t), ("num_layers", c.c_int64), ("bias", c.c_bool), ("batch_first", c.c_bool),
                ("dropout", c.c_double), ("bidirectional", c.c_bool)]
    defaults = {"num_layers": 1, "bias": True}


OPTIONS = {"linear": LinearOptions, "conv": ConvOptions, "max_pool": MaxPoolOptions, "avg_pool": AvgPoolOptions,
           "batch_norm": BatchNormOptions, "lstm": RnnOptions, "gru": RnnOptions}


# ---- Signatures, from the headers

DECLARATION = re.compile(r"^PRUNE_API (?:PRUNE_MUST_CHECK )?([\w ]+?[ *]+)prune_(\w+)\(([^;]*)\)[^;)]*;", re.MULTILINE)
VALUES = {"void": None, "bool": c.c_bool, "double": c.c_double, "int64_t": c.c_int64, "uint64_t": c.c_uint64,
          "size_t": c.c_size_t, "prune_ints": Ints, "prune_amount": Amount, "prune_norm": Norm}


def value_type(text):
    """Of a parameter or a result; what is no pointer and not listed is an enum."""
    if "*" in text:
        return c.c_void_p
    return VALUES.get(text.split()[0], c.c_int)


def read_signatures():
    """name → (result, [parameters]), as C writes them."""
    found = {}
    for header in sorted(INCLUDE.glob("*.h")):
        text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.DOTALL)
        for result, name, parameters in DECLARATION.findall(text):
            found[name] = result.strip(), re.split(r",\s*(?![^()]*\))", parameters)
    return found


# ---- Objects

def dense(t):
    """A row-major copy; contiguous() keeps the strides of a single element."""
    return t.new_empty(t.shape).copy_(t)


def bits(t):
    """The elements' bytes in row-major order."""
    return dense(t.detach()).reshape(-1).view(torch.uint8).numpy().tobytes()


def shape(sizes):
    """PRUNE_SHAPE(*sizes): two arguments."""
    return (c.c_int64 * max(len(sizes), 1))(*sizes), len(sizes)


class Object:
    """A reference of ours to an object of the library, given back at the end."""
    kind = None

    def __init__(self, prune, handle):
        self.prune, self._as_parameter_ = prune, c.c_void_p(handle)

    def __del__(self):
        getattr(self.prune, self.kind + "_release")(self)


class Tensor(Object):
    kind = "tensor"

    @property
    def shape(self):
        return tuple(self.prune.tensor_size(self, dim) for dim in range(self.prune.tensor_ndim(self)))

    @property
    def dtype(self):
        return DTYPES[self.prune.tensor_dtype(self)]

    def torch(self):
        """A copy, row-major."""
        dense = self.prune.tensor_from("tensor_contiguous", self)
        copy = torch.empty(self.shape, dtype=self.dtype)
        if copy.numel():
            c.memmove(copy.data_ptr(), self.prune.tensor_raw_data(dense), copy.numel() * copy.element_size())
        return copy

    def numpy(self):
        return self.torch().numpy()

    def __repr__(self):
        return self.prune.string_from("tensor_to_string", self, None)


class Dict(Object):
    kind = "dict"

    def torch(self):
        """A dict of copies, in order."""
        prune = self.prune
        return {prune.dict_key(self, i): prune.borrowed(prune.dict_value(self, i)).torch()
                for i in range(prune.dict_size(self))}


class Module(Object):
    kind = "module"

    def __call__(self, *inputs):
        """module(x)."""
        return self.call(*inputs)[0]

    def call(self, *inputs, outputs=1):
        """module(*inputs), for as many outputs as asked for."""
        tensors = [self.prune.tensor(x) for x in inputs]
        x = (c.c_void_p * max(len(tensors), 1))(*[t._as_parameter_ for t in tensors])
        y = (c.c_void_p * max(outputs, 1))()
        self.prune.module_call_many(y, outputs, self, x, len(tensors))
        return [Tensor(self.prune, handle) for handle in y[:outputs]]

    def eval(self):
        self.prune.module_eval(self)
        return self

    def get(self, path):
        """A parameter, buffer or attribute; None if it is absent."""
        handle = self.prune.module_get_tensor(self, path)
        return self.prune.borrowed(handle) if handle else None

    def state_dict(self):
        return self.prune.dict_from("module_state_dict", self, False).torch()

    def load_state_dict(self, tensors, strict=True):
        self.prune.module_load_state_dict(self, self.prune.dict(tensors), strict, None)

    def __repr__(self):
        return self.prune.printed("module_print", self)


class Library:
    def __init__(self, build):
        self.lib = c.CDLL(str(Path(build) / "libprune.so"))
        self.libc = c.CDLL(None)
        self.libc.open_memstream.restype = c.c_void_p
        self.signatures = read_signatures()
        self.kept = {}
        self.forget = c.CFUNCTYPE(None, c.c_void_p, c.c_void_p)(lambda key, _: self.kept.pop(key))

    # ---- Functions

    def __getattr__(self, name):
        if name not in self.signatures:
            raise AttributeError(f"no public function prune_{name}")
        result, parameters = self.signatures[name]
        function = getattr(self.lib, "prune_" + name)
        if "..." not in parameters:
            function.argtypes = [value_type(p) for p in parameters if p != "void"]
        function.restype = c.c_char_p if result == "const char *" else value_type(result)
        checked = result == "prune_status" and name != "last_status"

        def call(*arguments):
            answer = function(*[a.encode() if isinstance(a, str) else a for a in arguments])
            if checked and answer:
                raise Failure(answer, self.status_name(answer), self.last_error())
            return answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer

        setattr(self, name, call)
        return call

    def _out(self, function, *arguments):
        out = c.c_void_p()
        getattr(self, function)(c.byref(out), *arguments)
        return out.value

    def tensor_from(self, function, *arguments):
        """The tensor that a function gives in its out-parameter."""
        return Tensor(self, self._out(function, *arguments))

    def module_from(self, function, *arguments):
        """The module that a function gives in its out-parameter."""
        return Module(self, self._out(function, *arguments))

    def dict_from(self, function, *arguments):
        """The dict that a function gives in its out-parameter."""
        return Dict(self, self._out(function, *arguments))

    def string_from(self, function, *arguments):
        """The string that a function gives in its out-parameter."""
        handle = self._out(function, *arguments)
        text = c.string_at(handle).decode()
        self.free(handle)
        return text

    def printed(self, function, *arguments):
        """What a function prints to the FILE that is its first argument."""
        text, size = c.c_void_p(), c.c_size_t()
        file = c.c_void_p(self.libc.open_memstream(c.byref(text), c.byref(size)))
        try:
            getattr(self, function)(file, *arguments)
        finally:
            self.libc.fclose(file)
            printed = c.string_at(text, size.value).decode()
            self.libc.free(text)
        return printed

    # ---- Objects

    def borrowed(self, handle):
        """A reference of our own to a tensor that a getter gave."""
        return Tensor(self, self.tensor_retain(handle))

    def tensor(self, values):
        """A tensor over the memory of a torch tensor or numpy array, which is kept as long as the library needs it."""
        if isinstance(values, Tensor):
            return values
        if isinstance(values, numpy.ndarray):
            values = torch.from_numpy(values)
        values = values.detach()
        strides, _ = shape(values.stride())
        key = max(self.kept, default=0) + 1
        options = BlobOptions(dtype=DTYPES.index(values.dtype), strides=c.addressof(strides),
                              release=c.cast(self.forget, c.c_void_p).value, context=key)
        self.kept[key] = values
        try:
            return self.tensor_from("tensor_from_blob", values.data_ptr() or None, *shape(values.shape), c.byref(options))
        except Failure:
            del self.kept[key]
            raise

    def dict(self, tensors):
        """A dict of name → torch tensor, numpy array or Tensor."""
        made = self.dict_from("dict_create")
        for name, values in tensors.items():
            self.dict_set(made, name, self.tensor(values))
        return made

    def layer(self, name, *arguments, **keywords):
        """torch.nn.<name>(*arguments, **keywords); what is a keyword is a field of the options."""
        words = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", "_", name).lower()
        return self.module_from(words + "_create", *arguments, *self._options(words, keywords))

    def functional(self, name, x, *arguments, **keywords):
        """torch.nn.functional.<name>(x, *arguments, **keywords)."""
        return self.tensor_from(name, self.tensor(x), *arguments, *self._options(name, keywords))

    def _options(self, words, keywords):
        kind = OPTIONS.get(re.sub(r"\d?d$", "", words))
        return [c.byref(kind(**keywords)) if keywords else None] if kind else []
