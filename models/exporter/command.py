"""The command line of models/export.py."""

from __future__ import annotations

import argparse
import os
import re
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import torch

from . import normalisation
from .architecture import architectures, build, check_architecture, is_ported
from .checkpoint import read_checkpoint
from .failure import BAD_INPUT, DONE, INTERNAL, USAGE, Failure, InputError, UsageError
from .layout import Weights, find_weights, unwrap
from .models_json import Case, add, check_free, sha256_of
from .normalisation import IMAGENET, NONE, Normalisation, Normalised
from .pictures import load_pictures
from .program import is_program, read_program
from .recipes import RECIPES
from .torchscript import compare, write_traced
from .workers import too_old

_ABOUT = """\
Turns a checkpoint as it is published, or an exported program, into TorchScript that the workers run, and enters it in
models.json.
Strict: every key of the checkpoint must find its place in the network, and the reverse. It downloads nothing."""

_EXAMPLES = """\
A file does not say how its pixels were normalised (unless it carries the normaliser): a recipe's name, or
--normalisation, must. Recipes:

{recipes}

examples:
  models/export.py resnet50-0676ba61.pth --recipe torchvision --arch resnet50 --name baseline --out study/models.json
  models/export.py checkpoint.pth.tar --recipe augmix --classes imagenet_classes.txt --out study/models.json
  models/export.py resnet50_linf_eps4.0.ckpt --recipe adv --out study/models.json
  models/export.py mine.pt2 --trust --normalisation imagenet --name mine --out study/models.json
  models/export.py mine.pth --arch vit_b_16 --normalisation 0.5,0.5,0.5/0.5,0.5,0.5 --name vit --out study/models.json
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; --help lists the options")


class _ListArchitectures(argparse.Action):
    def __call__(self, *_: object) -> NoReturn:
        print("\n".join(architectures()))
        sys.exit(DONE)


def _parser() -> _Parser:
    recipes = "\n".join(f"  {name:26}{recipe.arch or '--arch':18}{recipe.source}" for name, recipe in RECIPES.items())
    parser = _Parser(prog="models/export.py", description=_ABOUT, epilog=_EXAMPLES.format(recipes=recipes),
                     formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    add_option = parser.add_argument
    add_option("checkpoint", type=Path,
               help="what torch.save wrote: .pth, .pt, .pth.tar, .ckpt; .safetensors; or torch.export.save's .pt2")
    add_option("--out", type=Path, help="models.json to add to, made with its folder if it is not there (required)")
    add_option("--recipe", help="which published checkpoint this is; see below")
    add_option("--arch", help="torchvision's name of the network; default: what the file says, or the recipe's")
    add_option("--normalisation",
               help="imagenet, none (the network takes pixels in [0, 1]), inside (the file carries it), or m,m,m/s,s,s")
    add_option("--name", help="of the case: letters, digits, '_', '-'; default: the recipe's")
    add_option("--classes", type=Path, help="names of the classes, one a line, in the order of the logits")
    add_option("--input-size", type=int, default=224, help="side of the centre crop (default: 224)")
    add_option("--resize", type=int, default=256, help="the shorter side before the crop (default: 256)")
    add_option("--weights", help="key of the state dict, where the file holds several: ema, model.state_dict")
    add_option("--strip-prefix", metavar="PREFIX", help="take this off the keys that begin with it: backbone.")
    add_option("--drop", action="append", default=[], metavar="KEY",
               help="leave this out, or with a '.' at its end all below it: criterion.; may be repeated")
    add_option("--check-images", type=Path, action="append", default=[], metavar="PATH",
               help="image, or folder of images, to compare on; may be repeated (default: the demo's photographs)")
    add_option("--trust", action="store_true",
               help="run the code a pickle or exported program asks for: as dangerous as any program")
    add_option("--force", action="store_true", help="replace a case of the same name")
    add_option("--list-architectures", nargs=0, action=_ListArchitectures, help="print the names --arch takes")
    return parser


def _check_sizes(size: int, resize: int) -> None:
    if not 32 <= size <= 2048:
        raise UsageError(f"--input-size {size} is outside 32 to 2048")
    if size % 2:
        raise UsageError(f"--input-size {size} is odd, and each wavelet level halves it: take {size // 8 * 8} or "
                         f"{size // 8 * 8 + 8}, as far as the network does")
    if not size <= resize <= 4096:
        raise UsageError(f"--resize {resize} is outside --input-size {size} to 4096")


class _Problems:
    """What is missing, told all at once."""

    def __init__(self) -> None:
        self._found: list[Failure] = []

    def of(self, step: Callable[..., Any], *arguments: Any) -> Any:
        """What the step returns; None when it fails."""
        try:
            return step(*arguments)
        except Failure as error:
            self._found.append(error)
            return None

    def tell(self) -> None:
        if self._found:
            first, *others = self._found
            lines = [line for error in others for line in (str(error), *error.details)]
            raise type(first)(str(first), [*first.details, *lines])


def _check_options(options: argparse.Namespace) -> None:
    """Those that are given."""
    if options.recipe is not None and options.recipe not in RECIPES:
        raise UsageError(f"--recipe '{options.recipe}' is none of {', '.join(RECIPES)}")
    if options.recipe and options.normalisation:
        raise UsageError("--normalisation contradicts --recipe, which states it: leave one of them out")
    if options.arch:
        check_architecture(options.arch)
    if options.normalisation and options.normalisation != "inside":
        normalisation.parse(options.normalisation)
    if options.name and not re.fullmatch(r"[A-Za-z0-9_-]+", options.name):
        raise UsageError(f"--name '{options.name}' must be of letters, digits, '_' and '-'")
    _check_sizes(options.input_size, options.resize)


def _out_of(options: argparse.Namespace) -> Path:
    if not options.out:
        raise UsageError("--out is missing: which models.json shall have the case?")
    return options.out


def _name_of(options: argparse.Namespace) -> str:
    name = options.name or options.recipe
    if not name or name == "torchvision":
        raise UsageError("--name is missing: what shall the case be called?")
    return name


def _classes_of(options: argparse.Namespace) -> Path | None:
    if options.classes and not options.classes.is_file():
        raise InputError(f"--classes {options.classes}: no such file")
    return options.classes


def _architecture_of(options: argparse.Namespace, checkpoint: object) -> tuple[str, str]:
    """Its name and who says so."""
    if options.arch:
        return options.arch, "--arch"
    for key in ("arch", "model"):  # as pytorch/examples and AugMix save it
        said = checkpoint.get(key) if isinstance(checkpoint, dict) else None
        if isinstance(said, str) and said in architectures():
            return said, f"the file's '{key}'"
    if options.recipe and RECIPES[options.recipe].arch:
        return RECIPES[options.recipe].arch, f"recipe {options.recipe}"
    raise UsageError("--arch is missing, and the file does not say it: resnet50, vgg16, vit_b_16, ... "
                     "(--list-architectures)")


def _normalisation_of(options: argparse.Namespace, carried: Normalisation | None) -> tuple[Normalisation, str]:
    """What the workers are to apply, and who says so."""
    asked = options.normalisation
    if carried:
        if asked not in (None, "inside"):
            raise UsageError(f"--normalisation {asked}: the file carries its own, {carried}; leave the option out")
        if options.recipe and not carried.is_close_to(IMAGENET):
            raise InputError(f"the file carries the normaliser {carried}, which is not ImageNet's as recipe "
                             f"{options.recipe} has it: leave --recipe out if the file is right")
        return NONE, f"inside the network, {carried}, as the file carries it"
    if asked == "inside":
        raise UsageError("--normalisation inside: the file carries no normaliser; none means that the network takes "
                         "pixels in [0, 1]")
    if options.recipe:
        return IMAGENET, f"{IMAGENET} before the network: recipe {options.recipe} ({RECIPES[options.recipe].source})"
    if asked:
        given = normalisation.parse(asked)
        return given, f"{given} before the network: --normalisation"
    raise UsageError("the file does not say how pixels are normalised: say --normalisation imagenet, none or "
                     "m,m,m/s,s,s, or --recipe if it is a published one")


def _check_classes(file: Path | None, classes: int) -> None:
    if file is None:
        return
    try:
        with file.open(encoding="utf-8", newline="\n") as lines:
            text = lines.read().rstrip()
    except UnicodeDecodeError as error:
        raise InputError(f"--classes {file} is not UTF-8: save it as UTF-8") from error
    names = text.count("\n") + 1
    # JSON, Python's dictionaries and a table with a heading are read by the worker (docs/models.md), which counts too.
    if not text.lstrip("\ufeff").startswith(("{", "[")) and names not in (classes, classes + 1):
        raise InputError(f"--classes {file} has {names} names, the network {classes} classes")


def _megabytes(file: Path) -> str:
    return f"{file.stat().st_size / 1e6:.1f} MB"


def _say(what: str, text: str) -> None:
    print(f"{what:15}{text}", flush=True)


def _weights_of(options: argparse.Namespace, checkpoint: object) -> Weights:
    weights = find_weights(checkpoint, options.weights, str(options.checkpoint))
    unwrap(weights, str(options.checkpoint), options.drop, options.strip_prefix)
    return weights


# A network for inference, and in which form it is to be traced.
_Networks = tuple[torch.nn.Module, torch.nn.Module]


def _networks_of_checkpoint(options: argparse.Namespace, case: Case, problems: _Problems) -> _Networks:
    file = options.checkpoint
    for checkpoint in problems.of(lambda: [read_checkpoint(file, options.trust)]) or []:
        arch, who_says = problems.of(_architecture_of, options, checkpoint) or ("", "")
        if weights := problems.of(_weights_of, options, checkpoint):
            before, where = problems.of(_normalisation_of, options, weights.normaliser) or (NONE, "")
    problems.tell()
    case.normalisation = before
    ported = is_ported(arch) and options.recipe == "torchvision"
    network = build(arch, weights, ported, str(file))
    _say("checkpoint", f"{file}, {_megabytes(file)}, SHA-256 {sha256_of(file)}")
    _say("weights", "; ".join(weights.steps))
    _say("network", f"{arch} ({who_says}); every key matched")
    _say("normalisation", where + ("; the network turns it into [-1, 1]" if ported else ""))
    if weights.normaliser:
        network = Normalised(weights.normaliser, network).eval()
    return network, network


def _check_no_weights_options(options: argparse.Namespace) -> None:
    given = [name for name in ("arch", "weights", "strip_prefix", "drop") if getattr(options, name)]
    if given:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise UsageError(f"{names}: {options.checkpoint} is an exported program, which holds its network whole: leave "
                         "that out")


def _networks_of_program(options: argparse.Namespace, case: Case, problems: _Problems) -> _Networks:
    file = options.checkpoint
    problems.of(_check_no_weights_options, options)
    before, where = problems.of(_normalisation_of, options, None) or (NONE, "")
    read = problems.of(read_program, file, options.input_size, options.trust)
    problems.tell()
    *networks, batches = read
    case.normalisation = before
    _say("program", f"{file}, {_megabytes(file)}, SHA-256 {sha256_of(file)}")
    _say("network", f"the exported one, for batches {batches}")
    _say("normalisation", where)
    return tuple(networks)


def _case_and_networks(options: argparse.Namespace) -> tuple[Case, _Networks]:
    """What is to be exported; all that is missing for it is told at once."""
    problems = _Problems()
    case = Case(problems.of(_name_of, options), NONE, options.input_size, options.resize,
                problems.of(_classes_of, options))  # fmt: skip
    if problems.of(_out_of, options) and case.name:
        problems.of(check_free, options.out, case, options.force)
    networks_of = _networks_of_program if is_program(options.checkpoint) else _networks_of_checkpoint
    return case, networks_of(options, case, problems)


def _export(options: argparse.Namespace) -> None:
    _check_options(options)
    case, (network, to_trace) = _case_and_networks(options)
    pictures = load_pictures(options.check_images, options.resize, options.input_size)
    inputs = case.normalisation.apply(pictures.pixels)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    temporary = options.out.with_name(f".{case.name}.{os.getpid()}.pt")
    try:
        write_traced(to_trace, inputs[:1], temporary)
        agreement = compare(network, temporary, inputs)
        _check_classes(case.classes, agreement.classes)
        file, place = add(options.out, case, temporary, options.force)
    finally:
        temporary.unlink(missing_ok=True)
    _say("TorchScript", f"traced; {agreement.classes} classes; differs from the eager network by at most "
         f"{agreement.difference:.1e}, of logits up to {agreement.largest:.3g} ({pictures.origin}, and noise, in "
         f"batches of {', '.join(map(str, agreement.batches))})")
    _say("written", f"{file}, {_megabytes(file)}; {options.out}: case {place}, '{case.name}'")
    if case.input_size % 8:
        _say("note", f"--input-size {case.input_size} is no multiple of 8, which the default of 3 wavelet levels needs")
    if warning := too_old():
        _say("note", warning)
    _say("next", f"wcam check-models {options.out}")


def main(arguments: list[str]) -> int:
    warnings.filterwarnings("ignore", category=torch.jit.TracerWarning)  # compare() proves what it warns of
    try:
        _export(_parser().parse_args(arguments))
        return DONE
    except Failure as error:
        code, lines = USAGE if isinstance(error, UsageError) else BAD_INPUT, [str(error), *error.details]
    except OSError as error:
        code, lines = BAD_INPUT, [f"{error.filename or 'disk'}: {error.strerror}"]
    except Exception as error:
        code, lines = INTERNAL, [f"internal error: {type(error).__name__}: {error}"]
    print("models/export.py: " + "\n".join(lines), file=sys.stderr)
    return code
