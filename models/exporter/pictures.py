"""Pictures on which an exported network is compared with the eager one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from .failure import InputError, UsageError

_PHOTOGRAPHS = ("chelsea.png", "coffee.png", "rocket.jpg")  # of the demo
_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}
# Where those are once scripts/demo.sh has run, or python3-skimage is installed.
_FOLDERS = (Path(__file__).resolve().parents[2] / "build/demo/photos",
            Path("/usr/lib/python3/dist-packages/skimage/data"))


@dataclass
class Pictures:
    pixels: torch.Tensor  # float32 [n, 3, S, S] in [0, 1], n >= 2
    origin: str           # for people


def _prepare(image: Image.Image, resize: int, size: int) -> np.ndarray:
    """As the workers do (worker/images/image.h): shorter side to `resize`, centre crop of `size`. uint8 [S, S, 3]."""
    image = image.convert("RGB")
    width, height = (int(resize * side / min(image.size)) for side in image.size)
    left, top = round((width - size) / 2), round((height - size) / 2)
    return np.asarray(image.resize((width, height), Image.BILINEAR).crop((left, top, left + size, top + size)))


def _made(index: int, size: int) -> np.ndarray:
    """Coloured waves from the coarsest to the finest scale, and noise. uint8 [S, S, 3]."""
    random = np.random.default_rng(index)
    y, x = np.mgrid[0:size, 0:size] / size
    waves = np.zeros((size, size, 3))
    for cycles in 2.0 ** np.arange(0, 7):
        angle, phase = random.uniform(0, 2 * np.pi, (2, 3))
        along = x[..., None] * np.cos(angle) + y[..., None] * np.sin(angle)
        waves += np.sin(2 * np.pi * cycles * along + phase) / cycles
    waves += random.normal(0, 0.1, waves.shape)
    return np.uint8(255 * (waves - waves.min()) / np.ptp(waves))


def _files(places: Iterable[Path]) -> list[Path]:
    files: list[Path] = []
    for place in places:
        if not place.exists():
            raise InputError(f"--check-images {place}: no such file or folder")
        files += sorted(f for f in place.iterdir() if f.suffix.lower() in _SUFFIXES) if place.is_dir() else [place]
    return files


def load_pictures(places: list[Path], resize: int, size: int) -> Pictures:
    """Those at `places`, files or folders; none given: the demo's photographs, or made ones where there are none."""
    chosen, origin = _files(places), "images given"
    if places and len(chosen) < 2:
        raise UsageError(f"--check-images gives {len(chosen)} images: at least 2 are needed, to compare a batch")
    for folder in _FOLDERS:
        photographs = [folder / name for name in _PHOTOGRAPHS]
        if not chosen and all(file.is_file() for file in photographs):
            chosen, origin = photographs, f"photographs of {folder}"
    rows = []
    for file in chosen:
        try:
            with Image.open(file) as image:
                rows.append(_prepare(image, resize, size))
        except OSError as error:
            raise InputError(f"--check-images {file}: {error}") from error
    if not rows:
        rows = [_made(index, size) for index in range(len(_PHOTOGRAPHS))]
        origin = "made pictures (--check-images: your own)"
    pixels = torch.from_numpy(np.stack(rows)).permute(0, 3, 1, 2).contiguous()
    return Pictures(pixels / 255, f"{len(rows)} {origin}")
