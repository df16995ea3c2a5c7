"""From a checkpoint as published to a network's own keys.

What is undone, in this order, each only where its keys are there: names that DataParallel, torch.compile and others put
before all of the network or a part of it; the second copy that robustness' AttackerModel saves; a normaliser
(InputNormalize, ImageNormalizer, NormalizeByChannelMeanStd, ...); the wrapper around the network (`model.`, `1.` of a
Sequential). Nothing is dropped that has not been looked at or is not named by --drop: what remains is matched strictly
(architecture.py).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from .failure import InputError, UsageError
from .normalisation import Normalisation

_NORMALISERS = (("mean", "std"), ("new_mean", "new_std"), ("mu", "sigma"))
_WRAPPERS = ("model", "net", "1")
_DEEPEST = 4  # level of a checkpoint's dictionaries at which weights are looked for
# What training puts around a network or one of its modules, under which name.
_AROUND = {"module": "DataParallel", "_orig_mod": "torch.compile", "_forward_module": "Lightning Fabric",
           "_fsdp_wrapped_module": "FSDP", "_checkpoint_wrapped_module": "checkpoint_wrapper"}  # fmt: skip


@dataclass
class Weights:
    tensors: OrderedDict[str, torch.Tensor]
    versions: dict[str, Any]  # state_dict's _metadata: of which version of its class each module is
    normaliser: Normalisation | None = None
    steps: list[str] = field(default_factory=list)  # what was done, for people

    def keep(self, keep: Callable[[str], bool]) -> None:
        self.tensors = OrderedDict((key, value) for key, value in self.tensors.items() if keep(key))

    def rename(self, name: Callable[[str], str], where: str) -> int:
        """Returns how many keys changed."""
        renamed: OrderedDict[str, torch.Tensor] = OrderedDict()
        for key, value in self.tensors.items():
            if name(key) in renamed:
                raise InputError(f"{where} has the weights of {name(key)} twice, also as {key}: it mixes two networks")
            renamed[name(key)] = value
        changed = sum(name(key) != key for key in self.tensors)
        self.tensors = renamed
        # A module is renamed as a weight of its own would be. DataParallel's own entry gives way to the network's.
        self.versions = {
            name(f"{module}.weight" if module else "weight").removesuffix("weight").removesuffix("."): version
            for module, version in self.versions.items()}
        return changed


def _is_state_dict(value: Any) -> bool:
    return (isinstance(value, Mapping) and len(value) > 0
            and all(isinstance(k, str) and isinstance(v, torch.Tensor) for k, v in value.items()))


def _inside(level: Mapping[str, Any]) -> dict[str, Any]:
    """What the dictionaries of one level hold: the next one, named by the way to it."""
    return {f"{way}.{name}" if way else name: value for way, holder in level.items() if isinstance(holder, Mapping)
            for name, value in holder.items() if isinstance(name, str)}


def _state_dicts(checkpoint: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Those in it, by the way to each ("model.state_dict"), a list for each level that has any."""
    levels, level = [], {"": checkpoint}
    for _ in range(_DEEPEST):  # a dictionary may hold itself
        level = _inside({way: value for way, value in level.items() if not _is_state_dict(value)})
        if found := {way: value for way, value in level.items() if _is_state_dict(value)}:
            levels.append(found)
    return levels


def find_weights(checkpoint: Any, key: str | None, where: str) -> Weights:
    """The state dict in a checkpoint: the checkpoint itself, the one under `key`, or the only one of those least deep
    inside."""
    if isinstance(checkpoint, torch.nn.Module):
        checkpoint = {"a whole model": checkpoint.state_dict()}
    if not isinstance(checkpoint, Mapping):
        raise InputError(f"{where} holds a {type(checkpoint).__name__}, not weights")
    if key is None and _is_state_dict(checkpoint):
        found, place = checkpoint, "a bare state dict"
    else:
        levels = _state_dicts(checkpoint)
        if not levels:
            raise InputError(f"{where} holds no state dict, only {', '.join(map(repr, list(checkpoint)[:10]))}")
        if key is None and len(levels[0]) > 1:
            choice = " or ".join(levels[0])
            raise UsageError(f"{where} holds {len(levels[0])} state dicts: say --weights {choice}")
        key = key or next(iter(levels[0]))
        by_key = {way: value for level in levels for way, value in level.items()}
        if key not in by_key:
            raise UsageError(f"--weights {key} is not in {where}: it holds {', '.join(by_key)}")
        found, place = by_key[key], f"'{key}'"
    return Weights(OrderedDict(found), dict(getattr(found, "_metadata", {})), steps=[f"{place}, {len(found)} tensors"])


def _drop(weights: Weights, prefixes: Sequence[str], where: str) -> None:
    """Leaves out what the user names: a key, or all keys below "criterion."."""
    for prefix in prefixes:
        unwanted = [key for key in weights.tensors if key == prefix or prefix.endswith(".") and key.startswith(prefix)]
        if not unwanted:
            raise UsageError(f"--drop {prefix}: {where} has no such key; to drop all keys below a name, end it with '.'")
        weights.keep(lambda key: key not in unwanted)
        weights.steps.append(f"--drop {prefix} left out {len(unwanted)}: {', '.join(unwanted)}")


def _strip(weights: Weights, prefix: str, where: str) -> None:
    """Takes what the user names off the keys that begin with it."""
    total = len(weights.tensors)
    if not (changed := weights.rename(lambda key: key.removeprefix(prefix), where)):
        some = ", ".join(list(weights.tensors)[:2])
        raise UsageError(f"--strip-prefix {prefix}: no key begins with it; here they are {some}, ...")
    weights.steps.append(f"'{prefix}' taken off {changed} of {total} keys")


def _undo_around(weights: Weights, where: str) -> None:
    total = len(weights.tensors)
    for name, by in _AROUND.items():
        if changed := weights.rename(lambda key, name=name: ".".join(p for p in key.split(".") if p != name), where):
            weights.steps.append(f"{by}'s '{name}.' taken out of {changed} of {total} keys")
    if "n_averaged" in weights.tensors:
        weights.keep(lambda key: key != "n_averaged")
        weights.steps.append("AveragedModel's counter left out")


def _undo_attacker(weights: Weights, where: str) -> None:
    copies = [key for key in weights.tensors if key.startswith("attacker.")]
    if not copies:
        return
    for key in copies:
        original = key[len("attacker."):].replace("normalize.", "normalizer.", 1)
        if original not in weights.tensors or not torch.equal(weights.tensors[original], weights.tensors[key]):
            raise InputError(f"{where}: {key} differs from {original}, of which it should be a copy: the file is "
                             "damaged, or not robustness'")
    weights.keep(lambda key: not key.startswith("attacker."))
    weights.steps.append(f"the attacker's {len(copies)} copies, all equal, left out")


def _take_normaliser(weights: Weights, where: str) -> None:
    found = []
    for key in weights.tensors:
        prefix, _, last = key.rpartition(".")
        for mean, std in _NORMALISERS:
            partner = f"{prefix}.{std}" if prefix else std
            if last == mean and partner in weights.tensors:
                found.append((key, partner))
    if not found:
        return
    if len(found) > 1:
        raise InputError(f"{where} carries {len(found)} normalisers: {', '.join(key for key, _ in found)}")
    pair = found[0]
    values = [tuple(float(v) for v in weights.tensors[key].flatten()) for key in pair]
    if any(len(numbers) != 3 for numbers in values) or not min(values[1]) > 0:
        raise InputError(f"{where}: {pair[0]} and {pair[1]} are {values[0]} and {values[1]}, not a mean and a positive "
                         "deviation a channel")
    weights.normaliser = Normalisation(*values)
    weights.keep(lambda key: key not in pair)
    weights.steps.append(f"a normaliser, {pair[0]} and {pair[1].rpartition('.')[2]}, kept inside")


def _undo_wrappers(weights: Weights, where: str) -> None:
    for wrapper in _WRAPPERS * 2:  # robustness saves torchvision's networks as model.model.
        if all(key.startswith(f"{wrapper}.") for key in weights.tensors):
            weights.rename(lambda key, prefix=f"{wrapper}.": key.removeprefix(prefix), where)
            weights.steps.append(f"the wrapper's '{wrapper}.' taken off all keys")


def unwrap(weights: Weights, where: str, drop: Sequence[str] = (), prefix: str | None = None) -> None:
    """Brings the keys to the network's own names, takes the normaliser, and adds to weights.steps what was done. drop,
    prefix: what the user names of the keys that then remain."""
    _undo_around(weights, where)
    _undo_attacker(weights, where)
    _take_normaliser(weights, where)
    _undo_wrappers(weights, where)
    _drop(weights, drop, where)
    if prefix:
        _strip(weights, prefix, where)
    _undo_wrappers(weights, where)
