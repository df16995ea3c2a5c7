"""Adds a case to models.json (docs/models.md), whole or not at all.

The network's file carries the first digits of its SHA-256 in its name, as torchvision's own do: a new one never takes
the place of one that models.json, or a sweep's plan, still means. models.json itself is replaced in one step.
"""

from __future__ import annotations

import contextlib
import fcntl
import filecmp
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .failure import InputError, UsageError
from .normalisation import Normalisation


@dataclass
class Case:
    name: str
    normalisation: Normalisation  # what the workers apply before the network
    input_size: int
    resize: int
    classes: Path | None          # file of names, anywhere


def sha256_of(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _read(out: Path) -> list[dict[str, Any]]:
    if not out.exists():
        return []
    try:
        document = json.loads(out.read_text("utf-8"))
        entries = document["models"]
        if set(document) != {"models"} or not all(isinstance(entry["name"], str) for entry in entries):
            raise ValueError
    except (ValueError, KeyError, TypeError) as error:
        form = '{"models": [{"name": ...}, ...]}'
        raise InputError(f"{out} is not of the form {form}: mend it, or name another --out") from error
    return entries


def check_free(out: Path, case: Case, force: bool) -> None:
    """Before anything is computed; add() looks again."""
    if any(entry["name"] == case.name for entry in _read(out)) and not force:
        raise UsageError(f"{out} has a case '{case.name}' already: say --force to replace it, or another --name")
    target = out.with_name(case.classes.name) if case.classes else None
    if target and target.exists() and not filecmp.cmp(case.classes, target, shallow=False):
        raise UsageError(f"{target} exists and holds other names than --classes {case.classes}: rename one of them")


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Two exports at once would each write the list without the other's case."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """A temporary file beside `target`, which takes its place when the block ends well and goes away otherwise."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        yield temporary
        _sync(temporary)
        temporary.replace(target)
        _sync(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _enter(out: Path, entry: dict[str, Any]) -> int:
    """In place of the case of the same name, or at the end. Returns its place, from 1."""
    entries = _read(out)
    place = next((i for i, other in enumerate(entries) if other["name"] == entry["name"]), len(entries))
    entries[place : place + 1] = [entry]
    lines = ",\n".join(f"  {json.dumps(other, ensure_ascii=False)}" for other in entries)
    with _replacing(out.resolve()) as temporary:  # a link stays one
        temporary.write_text(f'{{"models": [\n{lines}\n]}}\n', "utf-8")
    return place + 1


def add(out: Path, case: Case, network: Path, force: bool) -> tuple[Path, int]:
    """Takes the TorchScript file `network` into out's folder and enters the case. Returns the file's place there and
    the case's place in the list, from 1."""
    digest = sha256_of(network)
    target = out.with_name(f"{case.name}-{digest[:8]}.pt")
    entry: dict[str, Any] = {
        "name": case.name, "file": target.name, "sha256": digest, "input_size": case.input_size, "resize": case.resize,
        "mean": list(case.normalisation.mean), "std": list(case.normalisation.std)}
    with _alone_in(out.parent):
        check_free(out, case, force)
        if case.classes:
            entry["classes"] = case.classes.name
            if not out.with_name(case.classes.name).exists():
                with _replacing(out.with_name(case.classes.name)) as temporary:
                    shutil.copyfile(case.classes, temporary)
        with _replacing(target) as temporary:
            network.replace(temporary)
        return target, _enter(out, entry)
