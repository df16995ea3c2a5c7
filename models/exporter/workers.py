"""The workers' LibTorch, which need not be the one inside Python's torch."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import torch

_BUILDS = Path(__file__).resolve().parents[2] / "build"


def _libtorch() -> str | None:
    """Version, by the worker on PATH or built beside these files; None where there is none."""
    for program in (shutil.which("wcam-worker"), _BUILDS / "release/bin/wcam-worker", _BUILDS / "dev/bin/wcam-worker"):
        if program and Path(program).is_file():
            try:
                said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60).stdout
            except (OSError, subprocess.SubprocessError):  # of another machine, or half built
                continue
            if found := re.search(r"^LibTorch (\d+\.\d+\S*)$", said, re.MULTILINE):
                return found[1]
    return None


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split(".")[:2])


def too_old() -> str:
    """What to know where the workers' LibTorch is of an earlier release than this torch; empty where it is not."""
    theirs, ours = _libtorch(), torch.__version__
    if theirs is None or _release(theirs) >= _release(ours):
        return ""
    return (f"PyTorch {ours} wrote it, the workers have LibTorch {theirs}: they refuse operators that came between, "
            "which wcam check-models tells; PyTorch no newer than that, or newer workers, would help")
