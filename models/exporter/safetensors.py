"""Reads .safetensors: a length, a header in JSON, the tensors' bytes. Debian 12 has no package of it.

Format: https://github.com/huggingface/safetensors, "Format". Nothing in a file is trusted: every tensor lies within the
file and has as many bytes as its shape needs.
"""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch

from .failure import InputError

_TYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
          "I64": torch.int64, "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8,
          "BOOL": torch.bool}  # fmt: skip
_LENGTH = 8            # bytes of the header's length, little-endian
_LONGEST = 100 << 20   # header, as the format bounds it


def is_safetensors(start: bytes) -> bool:
    """Whether a file begins like one. start: its first 9 bytes or more."""
    return start[_LENGTH : _LENGTH + 1] == b"{" and int.from_bytes(start[:_LENGTH], "little") <= _LONGEST


def _tensor(entry: dict[str, Any], data: memoryview) -> torch.Tensor:
    if entry["dtype"] not in _TYPES:
        raise ValueError(f"of type {entry['dtype']}; known are {', '.join(_TYPES)}")
    kind, shape, (begin, end) = _TYPES[entry["dtype"]], entry["shape"], entry["data_offsets"]
    count = math.prod(shape)
    size = torch.empty((), dtype=kind).element_size()
    if not all(type(number) is int and number >= 0 for number in (*shape, begin, end)):
        raise ValueError("a size or place that is no whole number")
    if end - begin != count * size or end > len(data):
        raise ValueError(f"bytes {begin} to {end} of {len(data)} for {count} numbers of {size}")
    if count == 0:
        return torch.empty(shape, dtype=kind)
    return torch.frombuffer(bytearray(data[begin:end]), dtype=kind).reshape(shape)


def read_safetensors(path: Path) -> OrderedDict[str, torch.Tensor]:
    """The tensors by name, in the file's order. Throws InputError naming what is damaged or not known."""
    content = memoryview(path.read_bytes())
    length = int.from_bytes(content[:_LENGTH], "little")
    tensors: OrderedDict[str, torch.Tensor] = OrderedDict()
    name = "the header"
    try:
        header = json.loads(bytes(content[_LENGTH : _LENGTH + length]))
        for name, entry in header.items():
            if name != "__metadata__":
                tensors[name] = _tensor(entry, content[_LENGTH + length :])
    except Exception as error:  # a damaged or hostile header can be wrong in any way
        raise InputError(f"{path} cannot be read as safetensors: {name}: {error}; if it is damaged, fetch it "
                         "anew") from error
    return tensors
