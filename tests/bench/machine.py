"""On what, and with what, it was measured."""
import os
import platform
import re
from pathlib import Path

import torch

import peers


def processor():
    try:
        return re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())[1]
    except (OSError, TypeError):
        return platform.processor() or platform.machine()


def build_type(build):
    try:
        cache = (Path(build) / "CMakeCache.txt").read_text()
        compiler = re.search(r"^CMAKE_C_COMPILER:\w+=(.*)$", cache, re.MULTILINE)[1]
        return f"{re.search(r'^CMAKE_BUILD_TYPE:.*=(.*)$', cache, re.MULTILINE)[1]}, {Path(compiler).name}"
    except (OSError, TypeError):
        return "unknown"


def describe(build):
    lines = [f"{processor()}, one thread; libprune: {build_type(build)}",
             f"PyTorch {torch.__version__} ({torch.backends.cpu.get_cpu_capability()})"]
    if "PRUNE_CPU" in os.environ:
        lines.append(f"libprune is held to the kernels of PRUNE_CPU={os.environ['PRUNE_CPU']}")
    lines += [f"{name} {version}" for name, version in peers.FOUND.items()]
    return lines + [f"{name} is left out: {hint}" for name, hint in peers.MISSING.items()]
