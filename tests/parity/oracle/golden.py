"""The programs whose answers record.py keeps: FILES gives for each file of golden/ its programs, the same on every machine."""
import random
import struct

from .generate import program

SEEDS = [0, 1, 42, -1, 2**31, 2**32 + 5, -2**63, 2**64 - 1]


def sizes(shape):
    return "[" + ",".join(map(str, shape)) + "]"


def bits(values):
    """A pattern of these numbers, as float32."""
    return "bits:" + ",".join(struct.pack(">f", value).hex() for value in values)


def generated():
    return [(f"golden-{k}", program("golden", k)) for k in range(500)]


# ---- Random streams

def first_numbers(seed):
    lines = [f"manual_seed {seed}"]
    for i, (shape, dtype) in enumerate([("[5]", "f32"), ("[]", "f32"), ("[0,3]", "f32"), ("[2,3]", "f64"), ("[]", "f64"),
                                        ("[4,4]", "f32"), ("[16]", "f32"), ("[17]", "f64")]):
        lines.append(f"rand t{i} {shape} dtype={dtype}")
    return [*lines, "tensor u [3,4] fill:0", "uniform_ u -1 1", "uniform_ u 0 0.1"]


def far_numbers(seed):
    return [f"manual_seed {seed}", "rand far [1000,1000]", "rand next [5]", "rand wide [500000] dtype=f64", "rand after [5]"]


def split_draws(seed, parts):
    """The same numbers in one draw and in several, across the generator's blocks of 624."""
    return [f"manual_seed {seed}", f"rand whole [{sum(parts)}]", f"manual_seed {seed}",
            *[f"rand part{i} [{n}]" for i, n in enumerate(parts)], "rand after [3]"]


def interleaved_draws(seed):
    lines = ["generator a", "generator b", f"seed a {seed}", "seed b 7", "manual_seed 3"]
    for i in range(6):
        lines += [f"rand x{i} [{i + 1}] generator=a", f"rand y{i} [{4 - i % 3}] generator=b dtype=f64", f"rand z{i} [2,2]"]
    return [*lines, "show a", "show b"]


def saved_states(seed):
    return [f"manual_seed {seed}", "rand skipped [700]", "get_state here", "show here", "rand first [9]", "set_state here",
            "rand again [9]", "generator own", "set_state here generator=own", "rand there [9] generator=own",
            f"seed own {seed}", "get_state fresh generator=own", "set_state fresh", "rand fresh_draws [3] dtype=f64",
            "tensor bad [5055] fill:0 dtype=u8", "set_state bad", "rand untouched [3]"]


def uniform_ranges(seed):
    lines = [f"manual_seed {seed}"]
    ranges = [(0, 1), (-1, 1), (100, "100.0001"), (-3, "-2.9999998"), ("1e30", "2e30"), (5, 5), (1, 0), ("nan", 1), ("-3e38", "3e38"),
              ("1e-45", "1e-40"), (0, "1e39")]
    for i, (low, high) in enumerate(ranges):
        lines += [f"tensor u{i} [2,20] fill:7", f"uniform_ u{i} {low} {high}"]
    return [*lines, "tensor base [3,4,5] fill:0", "permute turned base 2,0,1", "uniform_ turned -2 2", "show base",
            "tensor double [3] fill:0 dtype=f64", "tensor none_at_all [0] fill:0", "uniform_ none_at_all 0 1", "rand after [2]"]


def random_streams():
    programs = [(f"seed {seed}", first_numbers(seed)) for seed in SEEDS]
    programs += [(f"far {seed}", far_numbers(seed)) for seed in (0, 42)]
    programs += [(f"split {i}", split_draws(i, parts)) for i, parts in
                 enumerate([(1,) * 10, (623, 1, 1), (624, 624), (3, 700, 2), (16, 15, 17, 8), (1000, 1, 999)])]
    programs += [(f"interleaved {seed}", interleaved_draws(seed)) for seed in (0, 12345)]
    programs += [(f"states {seed}", saved_states(seed)) for seed in (0, 42, -5)]
    return programs + [(f"uniform {seed}", uniform_ranges(seed)) for seed in (1, 99)]


# ---- Default initialisation

LAYERS = [
    "linear M 1 1", "linear M 3 5", "linear M 256 120", "linear M 5 2 bias=0", "linear M 0 3", "linear M 3 0", "linear M 1000 7",
    "conv1d M 1 1 1", "conv1d M 4 6 3", "conv1d M 6 9 5 groups=3 stride=2", "conv1d M 2 2 3 bias=0 dilation=2",
    "conv2d M 1 6 5", "conv2d M 6 16 5", "conv2d M 3 8 3,1 padding=same", "conv2d M 4 8 3 groups=4 padding=1 mode=reflect",
    "conv2d M 2 3 1 bias=0", "conv2d M 0 2 3", "conv2d M 64 32 3", "conv3d M 2 3 2,3,4", "conv3d M 4 4 3 groups=2 bias=0",
    "batch_norm1d M 5", "batch_norm1d M 3 affine=0", "batch_norm2d M 6 track=0", "batch_norm2d M 4 eps=0.001 momentum=0.2",
    "lstm M 3 4", "lstm M 5 2 num_layers=2 bidirectional=1", "lstm M 2 3 bias=0 batch_first=1", "lstm M 28 64",
    "gru M 3 4", "gru M 5 2 num_layers=3", "gru M 2 3 bias=0 bidirectional=1", "max_pool1d M 2", "max_pool2d M 2,3",
    "avg_pool2d M 2", "adaptive_avg_pool2d M 2", "relu M", "sigmoid M", "tanh M", "gelu M", "softmax M 1", "log_softmax M 1",
    "flatten M 1 -1", "dropout M 0.5", "identity_layer M",
]


def initialisation():
    programs = []
    for seed in (0, 42, -1, 2**40 + 17):
        programs.append((f"layers of seed {seed}", [f"manual_seed {seed}"] + [line.replace("M", f"m{i}", 1) for i, line in
                                                                              enumerate(LAYERS)]))
    for i, line in enumerate(LAYERS[:31]):
        programs.append((f"layer {i}", [f"manual_seed {i}", line.replace("M", "m", 1), line.replace("M", "n", 1), "rand t [3]"]))
    return programs


# ---- Printed tensors

EXTREMES = [[0.0], [-0.0], [0.5, -0.0], [0.0, -0.0, 1.0], [1e-5, 1.0], [1e8, 1.0], [1.1e8, 1.0], [1e-4, 0.05], [0.99e-4, 0.05],
            [1000.0, 1.0], [1001.0, 1.0], [1000.5, 1.0], [float("nan")], [float("inf")], [float("-inf")],
            [float("nan"), float("inf"), float("-inf"), -0.0], [float("nan"), 1.0], [float("inf"), 0.25], [float("-inf"), 1e-9],
            [1e-45, 3e38], [3.4028234e38], [-1e10, 2.0, 3.0], [123456.0, -7.0], [1234567.0, 0.5], [99999.99, 1.0],
            [0.00005, 0.0001], [2.0, 3.5, -1e3], [16777216.0, 16777217.0], [1e38, -1e38], [0.1, 0.2, 0.30000001]]


def tensor_and_print(shape, pattern, dtype="f32"):
    return [f"tensor t {sizes(shape)} {pattern}" + (f" dtype={dtype}" if dtype != "f32" else ""), "print t"]


def printed_values():
    lines = []
    for values in EXTREMES:
        lines += tensor_and_print([], bits(values))
        lines += tensor_and_print([len(values)], bits(values))
        lines += tensor_and_print([2, len(values) + 1], bits(values))
    return lines


def printed_shapes():
    """Every rank, sizes 0 and 1, rows that wrap, dims and tensors that are summarised."""
    shapes = [[], [1], [7], [8], [9], [25], [120], [1000], [1001], [2500], [0], [0, 3], [3, 0], [2, 0, 4], [1, 1], [2, 3],
              [7, 7], [10, 10], [3, 400], [400, 3], [31, 33], [40, 40], [2, 3, 4], [1, 1, 5], [5, 1, 1], [11, 11, 11], [2, 2, 300],
              [7, 1, 200], [2, 3, 2, 3], [6, 7, 6, 7], [1, 2, 1, 2, 1], [3, 2, 3, 2, 3], [7, 2, 7, 2, 7], [8, 8, 8, 2, 2],
              [0, 0, 0, 0, 0]]
    lines = []
    for i, shape in enumerate(shapes):
        for pattern in (f"uniform:{i}", f"few:{i}:9", f"special:{i}:40"):
            lines += tensor_and_print(shape, pattern)
    return lines


def printed_dtypes():
    lines = []
    for i, dtype in enumerate(["f64", "f16", "bf16", "i64", "i32", "u8", "bool"]):
        for shape in ([], [4], [3, 5], [0], [1200]):
            lines += tensor_and_print(shape, f"mask:{i}:128" if dtype in ("u8", "bool") else f"few:{i}:9", dtype)
        if dtype in ("i64", "i32"):
            lines += tensor_and_print([6], bits([0, -1, 1e6, 2**30, -7, 12]), dtype)
        elif dtype.startswith("f") or dtype == "bf16":
            lines += tensor_and_print([6], bits([0.5, float("nan"), 1e-6, 3e4, -0.0, float("inf")]), dtype)
    return lines


def printed_members():
    """Parameters and pruned values carry words at their end, on a line of their own where it is full."""
    lines = []
    for i, shape in enumerate([[], [1], [3], [4], [5], [6], [7], [8], [9], [2, 3], [0], [30, 40]]):
        lines += [f"module m{i} Net", f"tensor t {sizes(shape)} uniform:{i}", f"parameter m{i} weight t", f"print_member m{i} weight",
                  f"l1_unstructured m{i} weight 0.5", f"print_member m{i} weight", f"print_member m{i} weight_orig",
                  f"print_member m{i} weight_mask", f"requires_grad m{i} weight_orig 0", f"print_member m{i} weight_orig"]
    return lines


def printed_with_options():
    lines = []
    for i, options in enumerate(["precision=0", "precision=1", "precision=10", "precision=2 sci_mode=1", "sci_mode=1", "sci_mode=0",
                                 "sci_mode=-1 linewidth=40", "threshold=5", "threshold=0 edgeitems=1", "edgeitems=2 threshold=10",
                                 "edgeitems=0 threshold=3", "linewidth=1", "linewidth=30 precision=6", "linewidth=200",
                                 "threshold=100000 linewidth=120"]):
        for shape, pattern in [([30], f"uniform:{i}"), ([4, 9], f"wide:{i}"), ([2, 5, 12], f"few:{i}:9"), ([11], f"special:{i}:60")]:
            lines += [f"tensor t {sizes(shape)} {pattern}", f"print t {options}"]
    return [*lines, "tensor t [40,30] uniform:1", "print t threshold=1200", "print t threshold=1199 edgeitems=5", "print t"]


def printed_tensors():
    wide = [line for seed in range(12) for line in tensor_and_print([3, seed + 1], f"wide:{seed}")]
    turned = ["tensor base [3,4,5] arange", "permute t base 2,1,0", "print t", "tensor base [30,50] uniform:3", "permute t base 1,0",
              "print t"]
    return [("values", printed_values()), ("shapes", printed_shapes()), ("dtypes", printed_dtypes()),
            ("members", printed_members()), ("wide", wide), ("turned", turned), ("options", printed_with_options())]


# ---- Reprs and layer tables

OPTIONS = [
    "conv1d M 2 3 4 stride=2 padding=1 dilation=2", "conv2d M 2 4 3,5 stride=1,2 padding=0,1", "conv2d M 2 4 3 padding=same",
    "conv2d M 2 4 3 padding=valid groups=2", "conv2d M 2 4 3 bias=0 mode=circular", "conv2d M 2 2 3 padding=1 mode=replicate",
    "conv3d M 1 1 3 dilation=1,2,3", "max_pool1d M 3 stride=2 padding=1", "max_pool2d M 3,2 ceil_mode=1",
    "max_pool2d M 2 stride=1,2 dilation=2", "avg_pool2d M 3,3 stride=2 padding=1 count_include_pad=0", "avg_pool2d M 2 divisor_override=3",
    "adaptive_avg_pool2d M 1", "adaptive_avg_pool2d M 2,3", "adaptive_avg_pool2d M -1,4", "batch_norm1d M 7 eps=1e-3 momentum=0.01",
    "batch_norm2d M 7 affine=0 track=0", "batch_norm2d M 3 eps=1e-12 momentum=0.3333", "relu M inplace=1", "dropout M 0.1",
    "dropout M 0", "dropout M 1", "flatten M 0 2", "softmax M -1", "lstm M 3 4 num_layers=2 dropout=0.25",
    "lstm M 3 4 bias=0 batch_first=1 bidirectional=1", "gru M 2 2 batch_first=1", "gru M 1 8 num_layers=3 dropout=0.5 bias=0",
]


def reprs():
    made = [line.replace("M", f"m{i}", 1) for i, line in enumerate(LAYERS + OPTIONS)]
    each = [line for i, make in enumerate(made) for line in (make, f"repr m{i}")]
    nested = ["linear a 4 5", "relu b", "sequential inner a b", "linear c 5 2", "sequential outer inner c b", "repr outer",
              "sequential empty", "repr empty", "sequential deep outer empty inner", "repr deep", "module net Net", "repr net",
              "child net body deep", "child net absent none", "child net head c", "repr net", "l1_unstructured a weight 0.5", "repr net"]
    return [("layers", each), ("trees", nested)]


def lenet():
    return ["conv2d c1 1 6 5", "relu r", "max_pool2d p 2 stride=2", "conv2d c2 6 16 5", "flatten f 1 -1", "linear l1 256 120",
            "linear l2 120 84", "linear l3 84 10", "sequential net c1 r p c2 r p f l1 r l2 r l3"]


def layer_tables():
    """Five networks; a pool and an activation that are called several times, nested ones, frozen and pruned parameters."""
    network = lenet()
    perceptron = ["linear a 784 1000", "gelu g", "dropout d 0.5", "linear b 1000 10 bias=0", "softmax s 1", "sequential net a g d b s"]
    normed = ["conv2d c 3 32 3 padding=1 bias=0", "batch_norm2d n 32", "relu r inplace=1", "avg_pool2d p 2", "conv2d e 32 64 3 stride=2",
              "adaptive_avg_pool2d q 2", "flatten f 1 -1", "linear l 256 5", "log_softmax s 1", "sequential net c n r p e r q f l s"]
    line = ["conv1d c 2 8 5 padding=same", "batch_norm1d n 8", "tanh t", "max_pool1d p 2", "conv1d e 8 4 3 groups=4", "sigmoid s",
            "flatten f 1 -1", "linear l 28 3", "sequential net c n t p e s f l"]
    nested = ["conv3d c 1 4 3", "relu r", "identity_layer i", "sequential block c r i", "flatten f 1 -1", "linear l 108 2",
              "sequential head f l", "sequential net block head"]
    return [
        ("lenet", [*network, "summary net [1,28,28]", "summary net [1,28,28] batch=64", "summary net [1,27,28]",
                   "ln_structured c2 weight 0.5 2 0", "l1_unstructured l1 weight 0.8", "summary net [1,28,28]",
                   "remove c2 weight", "requires_grad l2 weight 0", "summary net [1,28,28]"]),
        ("perceptron", [*perceptron, "summary net [784]", "summary net [784] batch=1", "requires_grad a weight 0", "summary net [784]"]),
        ("normed", [*normed, "summary net [3,16,16]", "summary net [3,64,48] batch=8", "random_unstructured n weight 3",
                    "summary net [3,16,16]"]),
        ("line", [*line, "summary net [2,18]", "summary net [2,18] batch=1000"]),
        ("nested", [*nested, "summary net [1,5,5,5]", "summary block [1,5,5,5]", "summary head [4,3,3,3]", "train net 0",
                    "summary net [1,5,5,5] batch=2"]),
    ]


# ---- Norms

SHAPES = [([3], [0]), ([1], [0]), ([0], [0]), ([5, 1], [1]), ([4, 7], [1]), ([4, 7], [0]), ([6, 16], [1]), ([3, 100], [1]),
          ([2, 1000], [1]), ([1000, 2], [0]), ([3, 4, 5], [1, 2]), ([3, 4, 5], [0, 2]), ([3, 4, 5], [0, 1]), ([2, 3, 3, 3], [1, 2, 3]),
          ([6, 2, 5, 5], [0, 2, 3]), ([3, 2, 5, 4], [0, 1, 3]), ([2, 3, 2, 3, 4], [0, 1, 2, 3]), ([8, 0], [0]), ([0, 8], [1]),
          ([3, 5], [])] + [([2, n], [1]) for n in range(8, 24)]


def norm_lines(orders):
    lines = []
    for i, (shape, dims) in enumerate(SHAPES):
        for pattern in (f"uniform:{i}", f"wide:{i}", f"special:{i}:60"):
            lines.append(f"tensor t {sizes(shape)} {pattern}")
            lines += [f"norm t {order} {sizes(dims)}" + (" keepdim=1" if i % 5 == 4 else "") for order in orders
                      if order != "fro" or len(dims) in (1, 2)]
    return lines


def nuclear_lines():
    draw = random.Random("nuclear")
    lines = []
    for i in range(30):
        shape = [draw.randint(1, 6) for _ in range(draw.choice([2, 3, 4]))]
        lines += [f"tensor t {sizes(shape)} {draw.choice(['uniform', 'wide'])}:{i}" if i % 3 else f"tensor t {sizes(shape)} few:{i}:5",
                  f"norm t nuc {sizes(draw.sample(range(len(shape)), 2))}"]
    return lines + ["tensor t [3,3] special:1:200", "norm t nuc [0,1]", "norm t nuc [0]"]


def norms():
    return [("without powf", norm_lines([0, 1, 2, "inf", "-inf", "fro"])), ("nuclear", nuclear_lines())]


def norms_powf():
    return [("powf", norm_lines([3, 0.5, -1, 2.5, -2]))]


FILES = {"programs": generated, "random": random_streams, "initialisation": initialisation, "print": printed_tensors,
         "repr": reprs, "layer_tables": layer_tables, "norms": norms, "norms_powf": norms_powf}
