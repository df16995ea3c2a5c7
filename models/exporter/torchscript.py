"""Traces a network, and proves on pictures that nothing was lost."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from .failure import InputError


@dataclass
class Agreement:
    difference: float      # largest, of any logit
    largest: float         # logit
    classes: int
    batches: list[int]     # sizes compared


def _last_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[-1]


def write_traced(network: torch.nn.Module, example: torch.Tensor, file: Path) -> None:
    """Traced rather than scripted: works for every family in torchvision 0.14, while scripting makes GoogLeNet and
    Inception return a tuple. A batch size frozen in is for compare() to find. example: [1, 3, S, S]."""
    try:
        with torch.no_grad():
            traced = torch.jit.trace(network, example, check_trace=False)
    except (RuntimeError, ValueError, AssertionError) as error:
        raise InputError(f"the network cannot be run on {list(example.shape)}: {_last_line(error)}; "
                         "is --input-size one that it takes?") from error
    with file.open("wb") as out:  # the file's own save() reports no folder or no permission as a RuntimeError
        torch.jit.save(traced, out)


def _load_as_workers_do(file: Path) -> torch.jit.ScriptModule:
    """worker/models/model.cc: weights channels last, then frozen; not specialised while it runs, on which PyTorch 2.6
    spends hours with ViT-B/16."""
    torch._C._jit_set_profiling_mode(False)
    module = torch.jit.load(str(file)).eval()
    for parameter in module.parameters():
        if parameter.dim() == 4:
            parameter.data = parameter.contiguous(memory_format=torch.channels_last)
    return torch.jit.freeze(module)


def _usable_logits(network: torch.nn.Module, batch: torch.Tensor) -> torch.Tensor:
    try:
        logits = network(batch)
    except RuntimeError as error:
        raise InputError(f"the network fails on a batch of {len(batch)}: {_last_line(error)}") from error
    if not isinstance(logits, torch.Tensor) or logits.dim() != 2 or logits.shape[1] < 2:
        raise InputError("the network returns something other than logits [N, classes >= 2]")
    if not logits.isfinite().all():
        raise InputError("the network's logits are not finite: its weights hold NaN or infinity, or the normalisation "
                         "does not fit it")
    if len(batch) > 1 and (logits == logits[0]).all():
        raise InputError("the network gives every picture the same logits: its weights are dead")
    return logits


def _traced_logits(module: torch.jit.ScriptModule, batch: torch.Tensor) -> torch.Tensor:
    try:
        return module(batch.contiguous(memory_format=torch.channels_last))
    except RuntimeError as error:
        raise InputError(f"the traced network fails on a batch of {len(batch)}: {_last_line(error)}; not written; please "
                         "report it") from error


def compare(network: torch.nn.Module, file: Path, inputs: torch.Tensor) -> Agreement:
    """The file, loaded as the workers load it, against the eager network: on the inputs one by one, on all at once, and
    on noise. inputs: normalised, [n, 3, S, S], n >= 2. Throws InputError where they differ or are unusable."""
    noise = torch.randn(2, *inputs.shape[1:], generator=torch.Generator().manual_seed(0))
    batches = (inputs[:1], inputs, noise)
    agreement = Agreement(0, 0, 0, [])
    with torch.no_grad():
        alone, together, _ = eager = [_usable_logits(network, batch) for batch in batches]
        if (together[0] - alone[0]).abs().max() > 1e-4 * together.abs().max():
            raise InputError("a picture's logits depend on its batch, or differ from run to run: the network is in "
                             "training mode, of a program because model.eval() was not called before torch.export.export")
        module = _load_as_workers_do(file)
        for batch, expected in zip(batches, eager):
            found = _traced_logits(module, batch)
            agreement.difference = max(agreement.difference, float((found - expected).abs().max()))
            agreement.largest = max(agreement.largest, float(expected.abs().max()))
            agreement.batches.append(len(batch))
            agreement.classes = expected.shape[1]
    # 1e-4, or as near as float32 comes to large logits; small ones (an untrained network's) must agree in proportion.
    allowed = 1e-4 * agreement.largest if agreement.largest < 1 else max(1e-4, 1e-6 * agreement.largest)
    if not agreement.difference <= allowed:
        raise InputError(f"the traced network differs from the eager one by {agreement.difference:.2g}, more than "
                         f"{allowed:.2g} (logits up to {agreement.largest:.3g}): not written; please report it")
    return agreement
