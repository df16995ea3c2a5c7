#!/usr/bin/env python3
"""How much faster is a network that AOTInductor has compiled than the same in TorchScript?

    benchmarks/aotinductor.py NAME [float32|bfloat16]        of torchvision's networks, weights drawn at random

Both on one thread, channels last, in turn; ms an image by batch size, median of 7. Needs PyTorch 2.6 or newer and
torchvision (Debian 13's python3-torchvision) and g++.
"""

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as workers have it; before the library loads

import statistics
import sys
import tempfile
import time

import torch
import torchvision

torch._C._jit_set_profiling_executor(False)  # as workers have it
torch._C._jit_set_profiling_mode(False)
torch.set_num_threads(1)
torch.manual_seed(0)


def pictures(count, dtype):
    return torch.randn(count, 3, 224, 224).to(dtype=dtype, memory_format=torch.channels_last)


def milliseconds(network, batch):
    began = time.process_time()
    repeats = max(1, 16 // len(batch))
    for _ in range(repeats):
        network(batch)
    return (time.process_time() - began) / repeats / len(batch) * 1e3


def main(name, dtype="float32"):
    dtype = getattr(torch, dtype)
    network = getattr(torchvision.models, name)(weights=None).eval().to(dtype=dtype, memory_format=torch.channels_last)
    example = pictures(8, dtype)
    with torch.no_grad(), tempfile.NamedTemporaryFile(suffix=".pt2") as package:
        program = torch.export.export(network, (example,), dynamic_shapes=({0: torch.export.Dim("batch", min=1, max=64)},))
        torch._inductor.aoti_compile_and_package(program, package_path=package.name, inductor_configs={"freezing": True})
        compiled = torch._inductor.aoti_load_package(package.name)
        script = torch.jit.freeze(torch.jit.trace(network, example).eval())
    with torch.inference_mode():
        print("logits differ by", (compiled(example) - script(example)).abs().max().item(), "of", script(example).abs().max().item())
        for batch in (pictures(count, dtype) for count in (1, 8, 16, 32)):
            milliseconds(compiled, batch), milliseconds(script, batch)
            rounds = [(milliseconds(compiled, batch), milliseconds(script, batch)) for _ in range(7)]
            a, b = (statistics.median(times) for times in zip(*rounds))
            print(f"batch {len(batch)}: AOTInductor {a:.2f} ms an image, TorchScript {b:.2f}; {b / a:.2f} times as fast", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
