"""Reads what torch.save wrote, without running any of it, and safetensors.

A pickle is a program: it names functions and calls them. Here it may name the few that build tensors and dictionaries;
everything else becomes an inert placeholder, and unless that is known to be mere data (paths, dates, numpy's numbers)
the file is refused once all such names are known. torch.load(weights_only=True) of 1.13 would do the same, but it cannot
read a float, which every training checkpoint holds, and torch.load(pickle_module=...) of 1.13 ignores its argument: so
the two readers below it are called directly.
"""

from __future__ import annotations

import collections
import pickle
import re
import tarfile
import types
import zipfile
from pathlib import Path
from typing import Any

import torch

from .failure import InputError, first_line
from .safetensors import is_safetensors, read_safetensors


def _parameter_with_state(data: torch.Tensor, requires_grad: bool, hooks: Any, _state: Any) -> torch.nn.Parameter:
    """PyTorch 2 saves a parameter so that has attributes of its own."""
    return torch._utils._rebuild_parameter(data, requires_grad, hooks)


def _tensor_of_type(build: Any, _type: Any, arguments: tuple[Any, ...], _state: Any) -> Any:
    """A tensor of a class of its own: the tensor alone. `build` is one of _BUILDERS, or a placeholder."""
    return build(*arguments)


_BUILDERS = {
    "collections.OrderedDict": collections.OrderedDict,
    "torch.Size": torch.Size,
    "torch.device": torch.device,
    "torch._tensor._rebuild_from_type_v2": _tensor_of_type,
    "torch._utils._rebuild_parameter": torch._utils._rebuild_parameter,
    "torch._utils._rebuild_parameter_with_state": _parameter_with_state,
    "torch._utils._rebuild_tensor": torch._utils._rebuild_tensor,
    "torch._utils._rebuild_tensor_v2": torch._utils._rebuild_tensor_v2,
    **{str(value): value for value in vars(torch).values() if isinstance(value, torch.dtype)},
}

# Data beside the weights: options, best accuracy, schedules, random states. Left out, not built: nothing of these is
# ever called. Classes and what makes one of their objects only, no module that also holds what runs a text.
_PLACEHOLDERS = re.compile(r"""
      _codecs\.encode
    | builtins\.(bool|bytearray|bytes|complex|dict|float|frozenset|int|list|object|range|set|slice|str|tuple)
    | (argparse|collections|datetime|decimal|fractions|pathlib|pathlib\._local|typing|uuid)\.\w+
    | types\.SimpleNamespace
    | numpy\.(bool_?|bytes_|complex\d+|datetime64|dtype|float\d+|matrix|ndarray|str_|timedelta64|u?int\d+)
    | numpy\.core\.(multiarray\.(_reconstruct|scalar)|numeric\._frombuffer)
    | numpy\.dtypes\.\w+
    | numpy\.random(\.\w+)+
    | torch\.(torch_version\.TorchVersion|nn\.parameter\.(Buffer|Parameter))
    | (addict|easydict|ml_collections|omegaconf|yacs)(\.\w+)+
    | (lightning|lightning_fabric|pytorch_lightning)(\.\w+)*\.AttributeDict
    """, re.VERBOSE)


class _Placeholder:
    """Takes whatever a pickle does to an object, and does nothing."""

    def __new__(cls, *_: Any, **__: Any) -> _Placeholder:
        return object.__new__(cls)

    def __init__(self, *_: Any, **__: Any):
        pass

    def __call__(self, *_: Any, **__: Any) -> _Placeholder:
        return _Placeholder()

    def __setitem__(self, *_: Any) -> None:
        pass

    append = extend = add = update = __setitem__


class _Unpickler(pickle._Unpickler):  # the one in Python: the steps of the one in C cannot be overridden
    dispatch = dict(pickle._Unpickler.dispatch)
    foreign: set[str]

    def find_class(self, module: str, name: str) -> Any:
        module = module.replace("__builtin__", "builtins").replace("numpy._core", "numpy.core")  # Python 2, NumPy 2
        full = f"{module}.{name}"
        if full in _BUILDERS:
            return _BUILDERS[full]
        if not _PLACEHOLDERS.fullmatch(full):
            self.foreign.add(full)
        return _Placeholder

    def load_build(self) -> None:
        """Sets an object's attributes: of a state dict's OrderedDict only."""
        state = self.stack.pop()
        target = self.stack[-1]
        if type(target) is collections.OrderedDict and type(state) is dict:
            target.__dict__.update(state)
        elif not isinstance(target, _Placeholder):
            raise pickle.UnpicklingError(f"it changes a {type(target).__name__}")

    def load_binpersid(self) -> None:
        """A storage; or a module's class and source, which torch's legacy reader would compare, and write a patch."""
        reference = self.stack[-1]
        if isinstance(reference, tuple) and reference[:1] == ("module",):
            self.stack[-1] = _Placeholder
        else:
            super().load_binpersid()

    dispatch[pickle.BUILD[0]] = load_build
    dispatch[pickle.BINPERSID[0]] = load_binpersid


def _read(path: Path, foreign: set[str]) -> Any:
    class Unpickler(_Unpickler):
        pass

    Unpickler.foreign = foreign
    module = types.SimpleNamespace(
        Unpickler=Unpickler, load=lambda file, **options: Unpickler(file, **options).load())
    if zipfile.is_zipfile(path):
        reader = torch._C.PyTorchFileReader(str(path))
        return torch.serialization._load(reader, "cpu", module, encoding="utf-8")
    with path.open("rb") as file:
        return torch.serialization._legacy_load(file, "cpu", module, encoding="utf-8")


def _refuse_other_files(path: Path, start: bytes) -> None:
    """start: the file's first bytes."""
    if start.lstrip().lower().startswith((b"<!doctype", b"<html")):
        raise InputError(f"{path} is a web page, not a checkpoint: the download was answered by a form; fetch it anew")
    if tarfile.is_tarfile(path):
        raise InputError(f"{path} is a tar archive: unpack it and name the checkpoint inside")
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            members = {name.split("/", 1)[-1] for name in archive.namelist()}
        if "constants.pkl" in members:
            raise InputError(f"{path} is TorchScript already: name it in models.json as it is (docs/models.md)")
        if "data.pkl" not in members:
            raise InputError(f"{path} is a zip archive without a checkpoint: unpack it and name the file inside")
    elif not start.startswith(pickle.PROTO):  # a text that a pickle could be made of would be taken for a program
        raise InputError(f"{path} is not what torch.save writes, neither a whole zip archive nor a pickle, nor "
                         "safetensors, or is damaged: name the file with the weights")


def read_checkpoint(path: Path, trust: bool) -> Any:
    """What was saved, on the CPU. trust: runs the pickle, whatever it does. Throws InputError."""
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    with path.open("rb") as file:
        start = file.read(64)
    if start.startswith((b"version https://git-lfs.github.com/", b"/annex/objects/")):
        raise InputError(f"{path}: its content is not here: fetch it (git annex get, dvc pull or git lfs pull)")
    if is_safetensors(start):
        return read_safetensors(path)
    _refuse_other_files(path, start)
    if trust:
        try:
            return torch.load(path, map_location="cpu", weights_only=False)
        except Exception as error:
            raise InputError(f"{path} cannot be loaded: {type(error).__name__}: {first_line(error)}") from error
    foreign: set[str] = set()
    checkpoint, trouble = None, None
    try:
        checkpoint = _read(path, foreign)
    except Exception as error:  # a damaged or hostile pickle can fail in any way
        trouble = error
    if foreign and not isinstance(trouble, EOFError):
        raise InputError(
            f"{path} would run code: its pickle names {', '.join(sorted(foreign))}; nothing was run. Ask its author "
            "for a plain state dict, or, if you trust them as you would a program of theirs, say --trust")
    if trouble:
        raise InputError(f"{path} is not a checkpoint of PyTorch's, or is damaged: {first_line(trouble)}") from trouble
    return checkpoint
