"""The rows of bench, by way of the shared object that is built beside it, and the library through its public functions."""
import ctypes as c
import sys
from pathlib import Path

import numpy
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "parity"))
import libprune  # noqa: E402


class WorkStruct(c.Structure):
    _fields_ = [("name", c.c_char_p)]


class RowStruct(c.Structure):
    """bench_row"""
    _fields_ = [("name", c.c_char_p), ("work", c.POINTER(WorkStruct)), ("sizes", c.c_int64 * 8), ("limit", c.c_int),
                ("amount", c.c_double), ("order", c.c_double), ("dim", c.c_int64), ("seed", c.c_uint64),
                ("data", c.c_int), ("view", c.c_int), ("fresh", c.c_bool)]


class CaseStruct(c.Structure):
    """bench_case, as far as it is read here."""
    _fields_ = [("row", c.POINTER(RowStruct)), ("entries", c.c_int64), ("data", c.c_void_p), ("mask", c.c_void_p),
                ("modules", c.c_void_p * 64), ("result", c.c_void_p), ("dict", c.c_void_p), ("path", c.c_char * 1024)]


class Point(c.Structure):
    """bench_point"""
    _fields_ = [("line", c.c_char_p), ("entries", c.c_int64), ("nanoseconds", c.c_double)]


class Product(c.Structure):
    """bench_product"""
    _fields_ = [(name, c.c_void_p) for name in ("function", "x", "weight", "bias", "y")] + [
        (name, c.c_int64) for name in ("batch", "inputs", "outputs")]


class Row:
    """`limit`: its name, "" where there is none."""

    def __init__(self, struct, limit):
        self.struct, self.limit = struct, limit
        self.name, self.work = struct.name.decode(), struct.work.contents.name.decode()
        self.sizes = list(struct.sizes)
        self.shape = self.sizes[:self.sizes.index(0)]
        self.amount, self.order, self.dim, self.seed = struct.amount, struct.order, struct.dim, struct.seed


class Bench:
    """The shared object, with the counting and recycling allocator in place."""

    def __init__(self, build):
        self.prune = libprune.Library(build)
        path = Path(build) / "tests" / "bench" / "libprune_bench.so"
        if not path.exists():
            sys.exit(f"{path} is missing: build with -DPRUNE_BUILD_BENCHMARKS=ON, the shared library and no sanitizers")
        self.lib = c.CDLL(str(path))
        self.lib.bench_limit_name.restype = c.c_char_p
        self.lib.bench_growth_row.restype = c.c_bool
        self.lib.bench_product_time.restype = c.c_double
        self.call("bench_pool_install")

    def call(self, function, *arguments):
        status = getattr(self.lib, function)(*arguments)
        if status:
            raise RuntimeError(f"{function}: {self.prune.last_error()}")

    def _row(self, struct):
        return Row(struct, self.lib.bench_limit_name(struct.limit).decode())

    def rows(self):
        table = (RowStruct * 1000).in_dll(self.lib, "bench_rows")
        found = []
        while table[len(found)].name:
            found.append(self._row(table[len(found)]))
        return found

    def growth_rows(self):
        """The rows of each line of the growth, smallest first."""
        for line in range(100):
            rows = []
            struct = RowStruct()
            while self.lib.bench_growth_row(c.byref(struct), line, len(rows)):
                rows.append(self._row(struct))
                struct = RowStruct()
            if not rows:
                return
            yield rows

    def product_seconds(self, function, x, layer, y, least):
        """Of a linear layer by this function of CBLAS."""
        weight, bias = layer.weight, layer.bias
        product = Product(c.cast(function, c.c_void_p), *[t.data_ptr() for t in (x, weight, bias, y)], *x.shape,
                          layer.out_features)
        return self.lib.bench_product_time(c.byref(product), c.c_double(least))

    def write_growth(self, stem, points):
        array = (Point * len(points))(*[(line.encode(), entries, cost) for line, entries, cost in points])
        self.call("bench_growth_write", str(stem).encode(), array, c.c_int(len(points)))


class Case:
    """A row made ready."""

    def __init__(self, bench, row):
        self.bench, self.prune, self.row = bench, bench.prune, row
        self.handle = c.POINTER(CaseStruct)()
        bench.call("bench_case_create", c.byref(self.handle), c.byref(row.struct))
        self.entries = self.handle.contents.entries

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.bench.lib.bench_case_release(self.handle)

    def _number(self, kind, function, *arguments):
        out = kind()
        self.bench.call(function, self.handle, *arguments, c.byref(out))
        return out.value

    def run_once(self):
        """Gives the bytes that the run held beyond its results."""
        return self._number(c.c_int64, "bench_case_extra_memory")

    def seconds(self, least):
        return self._number(c.c_double, "bench_case_time", c.c_double(least))

    def limit_seconds(self, least):
        return self._number(c.c_double, "bench_limit_time", c.c_double(least))

    @property
    def path(self):
        return self.handle.contents.path.decode()

    def _view(self, handle):
        dims = range(self.prune.tensor_ndim(handle))
        sizes = [self.prune.tensor_size(handle, d) for d in dims]
        strides = c.cast(self.prune.tensor_strides(handle), c.POINTER(c.c_int64))[:len(dims)]
        reach = 1 + sum((size - 1) * stride for size, stride in zip(sizes, strides))
        floats = (c.c_float * reach).from_address(self.prune.tensor_raw_data(handle))
        return torch.from_numpy(numpy.ctypeslib.as_array(floats)).as_strided(sizes, strides)

    def data(self):
        """The same memory, as a torch tensor."""
        return self._view(self.handle.contents.data)

    def mask(self):
        return self._view(self.handle.contents.mask)

    def result(self):
        return self._view(self.handle.contents.result)

    def tensor(self, path, module=0):
        """A tensor of one of the case's modules."""
        return self._view(self.prune.module_get_tensor(self.handle.contents.modules[module], path))

    def dict_tensors(self):
        handle = self.handle.contents.dict
        return {self.prune.dict_key(handle, i): self._view(self.prune.dict_value(handle, i))
                for i in range(self.prune.dict_size(handle))}
