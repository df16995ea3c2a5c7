"""Reads what torch.export.save wrote (".pt2"): a network as PyTorch's graph of operators, to be traced like any other.

Such a file is a program: torch.export.load unpickles its weights, evaluates the expressions of its sizes and calls what
its graph names. So nothing of it is looked at without --trust but the names of its parts.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import inspect
import re
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from .failure import InputError, first_line

# Parts' names, below the archive's own folder from PyTorch 2.7 (packages) and 2.8 (programs) on: PyTorch,
# torch/export/__init__.py and torch/export/pt2_archive.
_EARLIER = "serialized_exported_program.json"
_LATER = re.compile(r"[^/]+/models/[^/]+\.json")
_COMPILED = re.compile(r"([^/]+/)?data/aotinductor/.+")

_USUAL_BATCH, _LARGEST_BATCH = 8, 1024  # what workers send unless told otherwise, and at most
_FEWEST = 2  # torch.export can't tell 1 from more: from 2 on means any number


def _parts(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except (OSError, zipfile.BadZipFile):  # for others to complain of
        return []


def _is_later(parts: list[str]) -> bool:
    return (any(_LATER.fullmatch(part) for part in parts)
            and any(part.partition("/")[2] == "archive_format" for part in parts))


def is_program(path: Path) -> bool:
    """Whatever the file's ending. Throws InputError for what AOTInductor compiled of a program."""
    parts = _parts(path)
    if any(_COMPILED.fullmatch(part) for part in parts):
        raise InputError(f"{path} is a package of AOTInductor: machine code for one processor and one PyTorch, of "
                         "which no TorchScript can be made; name the program that it was compiled from, as "
                         "torch.export.save writes it")
    return _EARLIER in parts or _is_later(parts)


def _check_version(path: Path) -> None:
    later = _is_later(_parts(path))
    try:
        importlib.import_module("torch.export.pt2_archive" if later else "torch.export")
    except ImportError as error:
        needed = "2.8 or newer" if later else "2.6 or newer (Debian 13's)"
        raise InputError(f"{path} is an exported program, which PyTorch {torch.__version__} cannot read: run "
                         f"models/export.py on a machine with PyTorch {needed}") from error


@contextlib.contextmanager
def _loading_to_cpu() -> Iterator[None]:
    """torch.export.load cannot be told where to; the device that weights were saved on need not be here."""
    load = torch.load
    torch.load = functools.partial(load, map_location="cpu")
    try:
        yield
    finally:
        torch.load = load


def _shape(program: Any, path: Path) -> torch.Size:
    """Of its one input; torch.SymInt where a dimension is of no fixed size."""
    inputs = [node.meta.get("val") for node in program.graph.nodes if node.name in program.graph_signature.user_inputs]
    if len(inputs) != 1 or not isinstance(inputs[0], torch.Tensor) or inputs[0].dim() != 4:
        raise InputError(f"{path} takes something other than one input of pictures [N, 3, S, S]: export a network that "
                         "does")
    return inputs[0].shape


def _bounds(program: Any, size: Any) -> tuple[Any, Any]:
    if isinstance(size, int):
        return size, size
    known = program.range_constraints.get(size.node.expr)
    return (known.lower, known.upper) if known else (0, _LARGEST_BATCH)


def _batches(program: Any, path: Path, side: int) -> str:
    """For which it was exported, for people. Throws InputError unless those of the workers are among them."""
    shape = _shape(program, path)
    (least, most), *picture = (_bounds(program, size) for size in shape)
    if not all(smallest <= size <= largest for size, (smallest, largest) in zip((3, side, side), picture)):
        raise InputError(f"{path} was exported for pictures {' x '.join(map(str, shape[1:]))}, not 3 x {side} x {side}"
                         ": say --input-size, or export it anew")
    derived = isinstance(shape[0], torch.SymInt) and not shape[0].node.expr.is_Symbol  # 2 * batch, for example
    if least > _FEWEST or most < _USUAL_BATCH or derived:
        taken = shape[0] if derived else f"{least} only" if least == most else f"{least} to {most}"
        raise InputError(
            f"{path} was exported for batches of {taken}, and workers send 1 to {_LARGEST_BATCH} pictures: export it "
            f"with torch.export.export(model, (torch.zeros(2, 3, {side}, {side}),), "
            f"dynamic_shapes=({{0: torch.export.Dim('batch', max={_LARGEST_BATCH})}},))")
    return "of any size" if most >= _LARGEST_BATCH else f"of up to {most}: let no --batch-size be larger"


def _as_float_on_cpu(argument: Any) -> Any:
    if isinstance(argument, torch.device):
        return torch.device("cpu")
    return torch.float32 if argument in (torch.float16, torch.bfloat16) else argument


def _follow_sizes(node: torch.fx.Node) -> None:
    """Sizes that torch.ops' functions give and take are numbers, which tracing would freeze in; of torch.Tensor's own
    it takes down where they come from."""
    sized = any(isinstance(one.meta.get("val"), torch.SymInt) for one in (node, *node.all_input_nodes))
    if sized and isinstance(node.target, torch._ops.OpOverload):
        name = node.target._schema.name.rpartition(":")[2].removeprefix("sym_")
        node.target = getattr(torch.Tensor, name, None) or getattr(torch, name, node.target)


def _network_of(program: Any, to_trace: bool) -> torch.nn.Module:
    # What newer ones put into the graph to refuse other sizes; what older ones hang before it, tracing cannot pass.
    guards = {"check_guards": False} if "check_guards" in inspect.signature(program.module).parameters else {}
    network = program.module(**guards)
    network._forward_pre_hooks.clear()
    for part in network.modules():
        if isinstance(part, torch.fx.GraphModule):
            for node in part.graph.nodes:
                node.args = torch.fx.node.map_aggregate(node.args, _as_float_on_cpu)
                node.kwargs = torch.fx.node.map_aggregate(node.kwargs, _as_float_on_cpu)
                if to_trace:
                    _follow_sizes(node)
            part.recompile()
    return network.float()


def read_program(path: Path, side: int, trust: bool) -> tuple[torch.nn.Module, torch.nn.Module, str]:
    """The network as PyTorch runs it, as it is to be traced, both in float32 on the CPU as a checkpoint's, and for
    which batches it was exported. side: of the pictures it will get. Throws InputError."""
    _check_version(path)
    if not trust:
        raise InputError(f"{path} is an exported program, and reading one runs what it asks for; nothing was run. If "
                         "you trust its author as you would a program of theirs, say --trust")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of constants that are no buffers, hundreds
        try:
            with _loading_to_cpu():
                program = torch.export.load(path)
        except Exception as error:  # a damaged one, or another version's, can fail in any way
            raise InputError(f"{path} cannot be loaded by PyTorch {torch.__version__} ({type(error).__name__}: "
                             f"{first_line(error)}): try the PyTorch that wrote it; if damaged, export it "
                             "anew") from error
        batches = _batches(program, path, side)
        return _network_of(program, to_trace=False), _network_of(program, to_trace=True), batches
