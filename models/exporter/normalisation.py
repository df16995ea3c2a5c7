"""Where pixels are normalised, and by what."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .failure import UsageError


@dataclass(frozen=True)
class Normalisation:
    """(x - mean) / std, a number a channel, of pixels x in [0, 1]."""

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def apply(self, pixels: torch.Tensor) -> torch.Tensor:
        """pixels: float32 [N, 3, H, W] in [0, 1]."""
        mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (self.mean, self.std))
        return (pixels - mean) / std

    def is_close_to(self, other: Normalisation) -> bool:
        """Up to the rounding of float32, in which a checkpoint keeps it."""
        return all(abs(a - b) < 1e-6 for a, b in zip(self.mean + self.std, other.mean + other.std))

    def __str__(self) -> str:
        return "/".join(",".join(f"{value:.7g}" for value in values) for values in (self.mean, self.std))


IMAGENET = Normalisation((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
NONE = Normalisation((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


class Normalised(torch.nn.Module):
    """A network behind the normaliser that its checkpoint carries."""

    def __init__(self, normalisation: Normalisation, network: torch.nn.Module):
        super().__init__()
        self.register_buffer("mean", torch.tensor(normalisation.mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(normalisation.std).view(1, 3, 1, 1))
        self.network = network

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.network((pixels - self.mean) / self.std)


def parse(text: str) -> Normalisation:
    """'imagenet', 'none' or 'm,m,m/s,s,s'."""
    named = {"imagenet": IMAGENET, "none": NONE}
    if text in named:
        return named[text]
    try:
        mean, std = (tuple(float(number) for number in half.split(",")) for half in text.split("/"))
    except ValueError:
        mean = std = ()
    if len(mean) != 3 or len(std) != 3:
        raise UsageError(
            f"--normalisation '{text}' is not imagenet, inside, none or six numbers m,m,m/s,s,s like {IMAGENET}")
    if not all(0 < value < float("inf") for value in std) or not all(abs(value) < float("inf") for value in mean):
        raise UsageError(f"--normalisation '{text}': every number must be finite, every deviation greater than 0")
    return Normalisation(mean, std)
