"""torchvision's classifiers, and the strict way of giving them weights."""

from __future__ import annotations

import difflib
import re
from collections import Counter

import torch
import torchvision

from .failure import InputError, UsageError
from .layout import Weights

# Ported from TensorFlow: torchvision's own weights of these two expect pixels in [-1, 1], which the network makes of
# ImageNet's normalisation itself when told to. Their auxiliary heads serve training only.
_PORTED = {"googlenet": ("aux1.", "aux2."), "inception_v3": ("AuxLogits.",)}

_COUNTER = ".num_batches_tracked"  # batch normalisation's, which a file may lack
_HEADS = ("classifier.", "fc.", "head.", "heads.")  # where the last layer is, in every one of them


def architectures() -> list[str]:
    return torchvision.models.list_models(module=torchvision.models)


def check_architecture(name: str) -> None:
    if name not in architectures():
        close = difflib.get_close_matches(name, architectures(), 3, 0.5)
        raise UsageError(f"--arch '{name}' is none of torchvision's classifiers"
                         + (f": {' or '.join(close)}?" if close else "; --list-architectures shows them"))


def is_ported(name: str) -> bool:
    return name in _PORTED


def count_classes(weights: Weights) -> int | None:
    """As many as the last layer of the head has outputs; None when there is nothing like a head."""
    heads = [key for key in weights.tensors if key.startswith(_HEADS) and key.endswith(".weight")]
    return len(weights.tensors[heads[-1]]) if heads else None


def _adapt(name: str, weights: Weights) -> None:
    """Two habits of torchvision's own files that its loading functions know and its classes do not."""
    if name.startswith("densenet"):  # saved before a module's name could hold no dot
        old = re.compile(r"^(.*denselayer\d+\.(?:norm|relu|conv))\.([12]\..*)$")
        if changed := weights.rename(lambda key: old.sub(r"\1\2", key), name):
            weights.steps.append(f"{changed} old names, as in norm.1, brought to norm1")
    if any(key.startswith(_PORTED.get(name, ())) for key in weights.tensors):
        weights.keep(lambda key: not key.startswith(_PORTED[name]))
        weights.steps.append("the auxiliary heads, for training only, left out")


def _prefixes(own: set[str], keys: set[str]) -> Counter[str]:
    """How many of the network's keys are among these, by what stands before them."""
    return Counter(key.removesuffix(rest) for key in keys
                   for rest in (key[dot.end():] for dot in re.finditer(r"^|\.", key)) if rest in own)


def _drops(spare: set[str], expected: set[str]) -> list[str]:
    """The options that leave these keys out, by the part before the first dot where it is theirs alone."""
    ours = {key.partition(".")[0] for key in expected}
    parts = {key.partition(".") for key in spare}
    return sorted({f"--drop {first}{dot}{'' if dot and first not in ours else rest}" for first, dot, rest in parts})


def _hint(own: set[str], keys: set[str]) -> str:
    """keys: those that the network has no other shape for."""
    own, keys = ({key for key in some if not key.endswith(_COUNTER)} for some in (own, keys))
    prefixes = _prefixes(own, keys)
    whole = sorted(prefix for prefix, count in prefixes.items() if count == len(own))
    if whole and (len(whole) == 1 or not whole[0]):
        expected = {whole[0] + key for key in own}
        options = [f"--strip-prefix {whole[0]}"] * bool(whole[0]) + _drops(keys - expected, expected)
        others = f", beside {', '.join(sorted(keys - expected)[:3])}" * bool(keys - expected)
        return f"all of its weights are there{others}: say {' '.join(options)}"
    if whole:
        return f"all of its weights are there {len(whole)} times: choose by --strip-prefix {' or '.join(whole)}"
    for prefix, count in prefixes.most_common(1):
        if prefix and 2 * count > len(own):
            return f"{count} of its {len(own)} weights are there as '{prefix}': --strip-prefix {prefix} shows which lack"
    if any(re.match(r"blocks\.\d+\.attn\.qkv", key) for key in keys):
        return "its names are timm's (ViT, DeiT), not torchvision's: trace it with timm, as docs/models.md shows"
    return "is --arch right?"


def _listed(count: int, what: str, keys: list[str]) -> str:
    return f"{count} {what}" + (f" ({', '.join(keys[:2])}{', ...' if count > 2 else ''})" if keys else "")


def _refuse(name: str, hint: str, missing: list[str], unexpected: list[str], reshaped: list[str],
            where: str) -> None:
    sizes = [key.partition(":")[0] for key in reshaped]
    raise InputError(
        f"{where} does not fit {name}: {_listed(len(missing), 'keys missing', missing)}, "
        f"{_listed(len(unexpected), 'unexpected', unexpected)}, {_listed(len(reshaped), 'of another shape', sizes)}; "
        f"{hint}",
        [f"missing     {key}" for key in missing] + [f"unexpected  {key}" for key in unexpected]
        + [f"shape       {text}" for text in reshaped])


def build(name: str, weights: Weights, transform_input: bool, where: str) -> torch.nn.Module:
    """The network with exactly these weights, for inference.

    Strict: a key too many, too few or of another shape is refused; all of them are listed in InputError.details.
    Published scripts load some of these files with strict=False, and a 'module.' before every key then leaves the
    network as random as it was made.
    """
    _adapt(name, weights)
    options: dict[str, object] = {"weights": None}
    if (classes := count_classes(weights)) is not None:
        options["num_classes"] = classes
    if name in _PORTED:
        options |= {"aux_logits": False, "init_weights": False, "transform_input": transform_input}
    network = getattr(torchvision.models, name)(**options)
    state = weights.tensors.copy()
    # Files re-saved without versions are of today's, but for batch normalisation's counters, which torch then adds.
    state._metadata = weights.versions or {"": {"version": network._version}}
    own = network.state_dict()
    try:
        result = network.load_state_dict(state, strict=False)
        missing, unexpected, reshaped = result.missing_keys, result.unexpected_keys, []
    except RuntimeError:  # only for shapes; it does not say what else does not match
        missing = [key for key in own if key not in state]
        unexpected = [key for key in state if key not in own]
        reshaped = [f"{key}: {list(state[key].shape)} in the file, {list(own[key].shape)} in {name}"
                    for key in own if key in state and state[key].shape != own[key].shape]
    if missing or unexpected or reshaped:
        _refuse(name, _hint(set(own), {key for key in state if key not in own or own[key].shape == state[key].shape}),
                missing, unexpected, reshaped, where)
    return network.eval()
