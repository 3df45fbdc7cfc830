"""Others than PyTorch's eager mode, on one thread: frozen TorchScript, onnxruntime, OpenBLAS. A peer that is not installed
says so in MISSING."""
import ctypes as c
import warnings
from pathlib import Path

import numpy
import torch

import pytorch

MISSING, FOUND = {}, {}

try:
    import onnx
    import onnxruntime
    FOUND["onnxruntime"] = onnxruntime.__version__
except ImportError as error:
    onnxruntime = None
    MISSING["onnxruntime"] = f"pip install onnxruntime onnx ({error})"


# ---- OpenBLAS: the one that numpy brings

def find_openblas():
    for path in Path(numpy.__file__).parent.parent.glob("numpy.libs/libscipy_openblas64_*"):
        library = c.CDLL(str(path))
        library.scipy_openblas_set_num_threads64_(1)
        library.scipy_openblas_get_config64_.restype = library.scipy_openblas_get_corename64_.restype = c.c_char_p
        version = library.scipy_openblas_get_config64_().decode().split()[1]
        FOUND["OpenBLAS"] = f"{version}, core {library.scipy_openblas_get_corename64_().decode()}"
        return library
    MISSING["OpenBLAS"] = "a numpy from PyPI brings it"
    return None


openblas = find_openblas()


class OpenBlas:
    """y = x W^T + b by sgemm, or sgemv for one row, over a copy of b. Timed in C."""

    def __init__(self, case, theirs):
        self.case, self.net = case, theirs.net
        self.x, self.y = case.data(), torch.empty(case.result().shape)

    def seconds(self, least):
        function = openblas.scipy_cblas_sgemv64_ if len(self.x) == 1 else openblas.scipy_cblas_sgemm64_
        return self.case.bench.product_seconds(function, self.x, self.net, self.y, least)

    def same(self):
        return pytorch.close(self.y, self.case)


# ---- TorchScript

class TorchScript(pytorch.Forward):
    def __init__(self, case, theirs):
        pytorch.Work.__init__(self, case)
        self.x = theirs.x
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.net = torch.jit.freeze(torch.jit.trace(theirs.net, self.x))
            for _ in range(3):    # it specialises on the first calls
                self.net(self.x)


# ---- onnxruntime

def onnx_model(net, shape):
    """The bytes of a LeNet or of one layer."""
    nodes, weights = [], []

    def node(kind, y, *inputs, **attributes):
        nodes.append(onnx.helper.make_node(kind, inputs, [y], **attributes))
        return y

    def layer(kind, name, module, y, x, **attributes):
        for part in ("weight", "bias"):
            values = getattr(module, part).detach().numpy()
            weights.append(onnx.numpy_helper.from_array(values, f"{name}.{part}"))
        return node(kind, y, x, f"{name}.weight", f"{name}.bias", **attributes)

    def pooled(x, number):
        x = layer("Conv", f"conv{number}", getattr(net, f"conv{number}"), f"c{number}", x)
        x = node("Relu", f"r{number}", x)
        return node("MaxPool", f"p{number}", x, kernel_shape=[2, 2], strides=[2, 2])

    if isinstance(net, pytorch.LeNet):
        x = node("Flatten", "flat", pooled(pooled("x", 1), 2))
        for i in (1, 2, 3):
            x = layer("Gemm", f"fc{i}", getattr(net, f"fc{i}"), f"f{i}" if i < 3 else "y", x, transB=1)
            x = node("Relu", f"h{i}", x) if i < 3 else x
    elif isinstance(net, torch.nn.Linear):
        layer("Gemm", "fc", net, "y", "x", transB=1)
    else:
        layer("Conv", "conv", net, "y", "x", strides=list(net.stride), pads=list(net.padding) * 2, group=net.groups)
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(nodes, "net", [value("x", onnx.TensorProto.FLOAT, shape)],
                                   [value("y", onnx.TensorProto.FLOAT, None)], weights)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()


class OnnxRuntime(pytorch.Work):
    """With inputs and outputs bound, so that nothing is copied."""

    def __init__(self, case, theirs):
        super().__init__(case)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(onnx_model(theirs.net, list(theirs.x.shape)), options,
                                                    providers=["CPUExecutionProvider"])
        self.y = numpy.empty(tuple(case.result().shape), numpy.float32)
        self.bound = self.session.io_binding()
        self.bound.bind_cpu_input("x", theirs.x.numpy())
        self.bound.bind_output("y", "cpu", 0, numpy.float32, self.y.shape, self.y.ctypes.data)

    def run(self, slot):
        self.session.run_with_iobinding(self.bound)

    def same(self):
        return pytorch.close(torch.from_numpy(self.y), self.case)


# ---- Which for which work

def peers_of(case, theirs):
    """name → work, for a case and PyTorch's side of it."""
    found = {}
    if case.row.work in ("lenet", "conv2d", "linear", "lstm", "gru"):
        found["TorchScript"] = TorchScript(case, theirs)
    if case.row.work in ("lenet", "linear", "conv2d") and onnxruntime:
        found["onnxruntime"] = OnnxRuntime(case, theirs)
    if case.row.work == "linear" and openblas:
        found["OpenBLAS"] = OpenBlas(case, theirs)
    return found
