"""Each command as a newcomer types it, mistakes included."""

import hashlib
import json
import os
import re

import h5py
import numpy
import PIL.Image
import pytest

from conftest import ROOT, run, textured_image, write_png


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    path = tmp_path_factory.mktemp("image") / "texture.png"
    write_png(path, textured_image(0, 240))
    return path


MODEL = ROOT / "models/demo/baseline.pt"
CLASSES = ROOT / "models/demo/classes.txt"


def test_explain_writes_one_wcam_and_draws_it(image, tmp_path):
    out, figure = tmp_path / "x.h5", tmp_path / "x.png"
    done = run("wcam", "explain", image, "--model", MODEL, "--classes", CLASSES, "--grid", 8, "--out", out,
               "--figure", figure)  # fmt: skip
    assert "predicted" in done.stdout and "share of the indices" in done.stdout
    assert figure.read_bytes().startswith(b"\x89PNG")
    with h5py.File(out) as file:
        assert file["profiles/wcam"].shape == (1, 8, 8)
        assert file["images/pixels"].shape == (1, 224, 224, 3)
        assert abs(file["profiles/level_share"][0].sum() - 1) < 1e-5
        assert numpy.isfinite(file["profiles/wcam"][:]).all()


def test_explain_gives_the_same_bits_twice_and_other_numbers_in_another_mode(image, tmp_path):
    def wcam(*more):
        run("wcam", "explain", image, "--model", MODEL, "--grid", 8, "--out", tmp_path / "x.h5", *more)
        with h5py.File(tmp_path / "x.h5") as file:
            return file["profiles/wcam"][0]

    first = wcam()
    assert (wcam() == first).all()
    assert (wcam("--mode", "corrected") != first).any()
    dropped = wcam("--approximation", "drop")
    assert dropped[0, 0] == 0 and (dropped != 0).any()
    for estimator in ("homma", "janon", "glen", "saltelli"):
        assert (wcam("--estimator", estimator) != first).any()


def test_explain_with_two_design_points_says_that_there_is_no_standard_error(image, tmp_path):
    done = run("wcam", "explain", image, "--model", MODEL, "--grid", 8, "--nb-design", 2, "--out", tmp_path / "x.h5")
    assert "caution: 64 of 64 indices have no standard error" in done.stdout
    with h5py.File(tmp_path / "x.h5") as file:
        assert "no standard error" in file["profiles/doubts"].asstr()[0].split(", ")


def test_explain_records_which_design_it_was_given(image, tmp_path):
    design, out = tmp_path / "design.h5", tmp_path / "x.h5"
    with h5py.File(design, "w") as file:
        for name in "AB":
            file[f"mine/{name}"] = numpy.random.default_rng(ord(name)).uniform(size=(4, 64))
    run("wcam", "explain", image, "--model", MODEL, "--grid", 8, "--design", f"{design}:mine", "--out", out)
    with h5py.File(out) as file:
        recorded = json.loads(file["plan"][()])["wcam"]["design"]
    assert recorded == hashlib.sha256(design.read_bytes()).hexdigest() + ":mine"


def test_corrupt_keeps_the_size_it_is_told_to(image, tmp_path):
    sizes = {}
    for words in ((), ("--no-resize",), ("--resize", 64, "--input-size", 48)):
        run("wcam", "corrupt", image, "--name", "jpeg_compression", "--severity", 5, "--out", tmp_path / "x.png", *words)
        sizes[words] = PIL.Image.open(tmp_path / "x.png").size
    assert list(sizes.values()) == [(224, 224), (240, 240), (48, 48)]


def test_corrupt_draws_all_corruptions_on_one_sheet(image, tmp_path):
    frost, out = tmp_path / "frost", tmp_path / "sheet.png"
    frost.mkdir()
    write_png(frost / "ice.png", textured_image(5, 300))

    def sheet(*more):
        done = run("wcam", "corrupt", image, "--sheet", "--resize", 64, "--input-size", 48, "--out", out, *more)
        return done.stderr, PIL.Image.open(out).size

    said, (width, height) = sheet()
    assert "--frost-overlays" in said
    said, with_frost = sheet("--frost-overlays", frost)
    assert said == "" and with_frost == (width, height + 48 + 8)


@pytest.fixture(scope="module")
def odd_models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("odd_models")
    run("make_odd_models", folder)
    return folder


MISTAKES = [
    (["explain"], 2, "IMAGE is missing; usage: "),
    (["status"], 2, "SWEEP is missing; usage: "),
    (["run", "--images", "FOLDER", "--models", "MODELS", "--sweep", ""], 2, "name of the sweep's directory is empty"),
    (["run", "--images", "FOLDER", "--models", "MODELS", "--sweeep", "x"], 2, "--sweeep"),
    (["explain", "IMAGE", "--model", "MODEL"], 2, "--out"),
    (["explain", "IMAGE", "--model", "none.pt", "--out", "OUT"], 3, "none.pt"),
    (["explain", "IMAGE", "--model", "CLASSES", "--out", "OUT"], 3, "classes.txt"),
    (["explain", "CLASSES", "--model", "MODEL", "--out", "OUT"], 3, "classes.txt"),
    (["explain", "IMAGE", "--model", "MODEL", "--out", "OUT", "--grid", "0"], 2, "--grid 0 is outside 2 to 112"),
    (["explain", "IMAGE", "--model", "MODEL", "--out", "OUT", "--nb-design", "5"], 2, "not a power of two"),
    (["explain", "IMAGE", "--model", "MODEL", "--out", "OUT", "--levels", "9"], 2, "--levels 9 is outside 1 to 5"),
    (["explain", "IMAGE", "--model", "MODEL", "--out", "OUT", "--label", "999"], 2, "--label 999 is outside 0 to"),
    (["explain", "IMAGE", "--model", "MODEL", "--out", "OUT", "--mean", "1,2"], 2, "three numbers"),
    (["explain", "IMAGE", "--model", "MODEL", "--out", "OUT", "--std", "0,1,1"], 2, "greater than 0"),
    (["explain", "IMAGE", "--model", "MODEL", "--out", "OUT", "--threads", "0"], 2, "--threads 0 is outside 1 to 256"),
    (["explain", "IMAGE", "--model", "MODEL", "--out", "OUT", "--device", "gpu"], 2, "--device 'gpu' is not cpu or cuda:N"),
    (["explain", "IMAGE", "--model", "MODEL", "--out", "OUT", "--input-size", "16"], 2,
     "--input-size 16 is outside 32 to 2048"),
    (["explain", "IMAGE", "--model", "MODEL", "--out", "OUT", "--resize", "200"], 2,
     "--resize 200 is outside 224 to 4096"),
    (["explain", "IMAGE", "--model", "ODD/throws.pt", "--out", "/dev/null/x.h5"], 3, "cannot create folder /dev/null"),
    (["explain", "LATIN1", "--model", "MODEL", "--out", "OUT"], 3, "is not UTF-8"),
    (["explain", "IMAGE", "--model", "MODEL", "--out", "OUT", "--classes", "LATIN1"], 3, "line 1 is not UTF-8"),
    (["explain", "IMAGE", "--model", "MODEL", "--out", "OUT", "--input-size", "220", "--levels", "3"], 3, "220"),
    (["explain", "IMAGE", "--model", "MODEL", "--out", "/dev/null/x.h5", "--grid", "4"], 3, "cannot create folder /dev/null"),
    (["explain", "IMAGE", "--model", "ODD/throws.pt", "--out", "OUT"], 3, "four channels wanted"),
    (["explain", "IMAGE", "--model", "ODD/constant.pt", "--out", "OUT"], 3, "constant"),
    (["explain", "IMAGE", "--model", "ODD/tuple.pt", "--out", "OUT"], 3, "tuple"),
    (["explain", "IMAGE", "--model", "MODEL", "--out", "IMAGE"], 2, "would replace the file given as --image"),
    (["explain", "IMAGE", "--model", "MODEL", "--out", "OUT", "--figure", "OUT"], 2, "must end in .png, .pdf or .svg"),
    (["explain", "IMAGE", "--model", "MODEL", "--out", "OUT", "--figure", "IMAGE"], 2, "would replace another file"),
    (["explain", "IMAGE", "--model", "MODEL", "--out", "PNG"], 2, "--out holds the WCAM as HDF5; a picture is --figure"),
    (["corrupt", "IMAGE", "--out", "PNG"], 2, "either --name and --severity, or --sheet"),
    (["corrupt", "IMAGE", "--out", "PNG", "--sheet", "--name", "fog"], 2, "either --name and --severity, or --sheet"),
    (["corrupt", "IMAGE", "--out", "PNG", "--name", "fog"], 2, "belong together"),
    (["corrupt", "IMAGE", "--out", "PNG", "--name", "hail", "--severity", "1"], 2, "unknown corruption 'hail'"),
    (["corrupt", "IMAGE", "--out", "PNG", "--name", "fog", "--severity", "6"], 2, "--severity 6 is outside 1 to 5"),
    (["corrupt", "IMAGE", "--out", "PNG", "--name", "frost", "--severity", "1"], 3, "--frost-overlays"),
    (["corrupt", "IMAGE", "--out", "PNG", "--sheet", "--frost-overlays", "none"], 3, "none"),
    (["corrupt", "IMAGE", "--out", "PNG", "--sheet", "--frost-overlays", "EMPTY"], 3, "no image in"),
    (["corrupt", "IMAGE", "--out", "OUT", "--name", "fog", "--severity", "1"], 2, "must end in .png"),
    (["corrupt", "IMAGE", "--out", "IMAGE", "--name", "fog", "--severity", "1"], 2, "would replace"),
    (["corrupt", "CLASSES", "--out", "PNG", "--name", "fog", "--severity", "1"], 3, "classes.txt"),
    (["corrupt", "IMAGE", "--out", "PNG", "--sheet", "--resize", "4096", "--input-size", "2048"], 3, "100 megapixels"),
    (["run", "--sweep", "FOLDER/s", "--images", "FOLDER", "--models", "MODELS"], 2, "lies in the folder of images"),
    (["frobnicate"], 2, "unknown verb 'frobnicate'"),
    (["run", "--sweep", "SWEEP", "--workers", "0"], 2, "--workers 0 is outside 1 to 256"),
    (["run", "--sweep", "SWEEP", "--threads", "0"], 2, "--threads 0 is outside 1 to 256"),
    (["run", "--sweep", "SWEEP", "--batch-size", "0"], 2, "--batch-size 0 is outside 1 to 1024"),
    (["run", "--sweep", "SWEEP", "--model-memory", "-1"], 2, "--model-memory -1 is outside 0 to 1048576"),
    (["run", "--sweep", "SWEEP", "--hand-in", "-1"], 2, "--hand-in -1 is outside 0 to 3600"),
    (["run", "--sweep", "SWEEP", "--devices", "gpu"], 2, "--devices 'gpu' is not cpu or cuda:N"),
    (["run", "--sweep", "SWEEP", "--images", "FOLDER", "--models", "MODELS", "--devices", "cpu,cuda:99"], 2,
     "wcam run: --devices cuda:99: "),
    (["run", "--sweep", "SWEEP", "--images", "FOLDER", "--models", "MODELS", "--devices", "GPU-99"], 2,
     "wcam run: --devices GPU-99: "),
    (["plan", "--images", "FOLDER", "--models", "MODELS", "--devices", "cuda:99"], 2, "wcam plan: --devices cuda:99: "),
    (["run", "--sweep", "SWEEP", "--images", "FOLDER", "--models", "MODELS", "--max-altered", "0"], 2, "--max-altered 0"),
    (["run", "--sweep", "SWEEP", "--images", "FOLDER", "--models", "MODELS", "--lease-seconds", "0"], 2, "--lease-seconds 0"),
    (["run", "--sweep", "SWEEP", "--images", "FOLDER", "--models", "MODELS", "--max-attempts", "0"], 2, "--max-attempts 0"),
    (["run", "--sweep", "SWEEP", "--images", "FOLDER", "--models", "MODELS", "--bind", "tcp://0.0.0.0"], 2, "PORT may be *"),
    (["run", "--sweep", "SWEEP", "--images", "FOLDER", "--models", "MODELS", "--seed", "-1"], 2, "--seed '-1' is not"),
    (["run", "--sweep", "SWEEP", "--images", "FOLDER", "--models", "MODELS", "--corruptions", ""], 2,
     "--corruptions is empty"),
    (["corrupt", "IMAGE", "--out", "PNG", "--name", "all", "--severity", "1"], 2, "unknown corruption 'all'; known: mot"),
    (["run", "--sweep", "SWEEP", "--images", "EMPTY", "--models", "MODELS"], 3, "no image"),
    (["run", "--sweep", "SWEEP", "--images", "none", "--models", "MODELS"], 3, "none"),
    (["run", "--sweep", "SWEEP", "--images", "FOLDER", "--models", "none.json"], 3, "none.json"),
    (["run", "--sweep", "SWEEP", "--images", "FOLDER", "--models", "MODELS", "--cases", "vit"], 2, "vit"),
    (["run", "--sweep", "SWEEP", "--images", "FOLDER", "--models", "MODELS", "--perturbation", "weather"], 2, "weather"),
    (["run", "--sweep", "SWEEP", "--images", "FOLDER", "--models", "MODELS", "--severities", "0"], 2, "severity 0"),
    (["run", "--sweep", "SWEEP", "--images", "FOLDER", "--models", "MODELS", "--perturbation", "editing"], 2,
     "give it with --variants DIR"),
    (["run", "--sweep", "SWEEP", "--images", "FOLDER", "--models", "MODELS", "--variants", "EMPTY"], 2,
     "--variants does not go with --perturbation corruptions"),
    (["run", "--sweep", "SWEEP", "--variants", "EMPTY", "--models", "MODELS", "--perturbation", "editing"], 3,
     "no folder 'ori' of unaltered images"),
    (["run", "--sweep", "SWEEP", "--variants", "EMPTY", "--models", "MODELS", "--perturbation", "folders"], 2,
     "with --source-name, or give it with --images"),
    (["run", "--sweep", "SWEEP", "--variants", "EMPTY", "--models", "MODELS", "--perturbation", "imagenet-c"], 2,
     "--images is missing"),
    (["run", "--sweep", "SWEEP", "--images", "FOLDER", "--variants", "EMPTY", "--models", "MODELS", "--perturbation",
      "imagenet-c"], 3, "expected folders CORRUPTION/SEVERITY"),
    (["run", "--sweep", "SWEEP", "--images", "FOLDER", "--variants", "FOLDER", "--models", "MODELS", "--perturbation",
      "folders"], 2, "holds the variants"),
    (["run", "--sweep", "EMPTY/s", "--images", "FOLDER", "--variants", "EMPTY", "--models", "MODELS", "--perturbation",
      "folders"], 2, "lies in the folder of images"),
    (["run", "--sweep", "SWEEP", "--variants", "EMPTY"], 2, "--models go together"),
    (["run", "--sweep", "SWEEP", "--images", "FOLDER", "--models", "MODELS", "--sample-size", "0"], 2, "sample"),
    (["run", "--sweep", "SWEEP", "--images", "FOLDER", "--models", "MODELS", "--colour", "red"], 2, "--colour"),
    (["run", "--sweep", "SWEEP", "--images", "FOLDER", "--models", "MODELS", "--select", "some"], 2,
     "--select 'some' is neither published nor all"),
    (["run", "--sweep", "SWEEP", "--images", "FOLDER", "--models", "MODELS", "--select", "al"], 2, "did you mean 'all'?"),
    (["run", "--sweep", "SWEEP", "--images", "FOLDER", "--models", "MODELS", "--select", "all", "--max-altered", "3"], 2,
     "--max-altered 3 is for --select published only"),
    (["run", "--sweep", "SWEEP", "--images", "FOLDER", "--models", "MODELS", "--select-file", "none"], 3, "none"),
    (["run", "--sweep", "SWEEP", "--images", "FOLDER", "--models", "MODELS", "--select-file", "CLASSES"], 3,
     "classes.txt:1: no image"),
    (["run", "--sweep", "SWEEP", "--images", "FOLDER", "--models", "MODELS", "--worker", "2"], 2,
     "unrecognised option '--worker'; did you mean '--workers'?"),
    (["run", "--sweep", "SWEEP", "--images", "FOLDER", "--models", "MODELS", "--sample-siz", "2"], 2,
     "did you mean '--sample-size'?"),
    (["run", "--sweep", "SWEEP", "--images", "FOLDER", "--models", "MODELS", "--corruptions", "brightnes"], 2,
     "did you mean 'brightness'?"),
    (["run", "--sweep", "SWEEP", "--images", "FOLDER", "--models", "MODELS", "--cases", "basline"], 2,
     "did you mean 'baseline'?"),
    (["run", "--images", "FOLDER", "--models", "MODELS"], 2, "'--sweep' is required"),
    (["submit", "--sweep", "SWEEP", "--images", "FOLDER", "--models", "MODELS", "--gpu", "2"], 2,
     "did you mean '--gpus'"),
    (["status", "none"], 3, "none"),
    (["pack", "none"], 3, "none"),
    (["plot", "figure-4", "none"], 3, "none"),
    (["plot", "figure-6", "none"], 2, "figure-6"),
    (["plot", "wcam", "none", "--out", "PNG", "--color-map", "jet"], 2, "did you mean '--colour-map'?"),
    (["statsu", "none"], 2, "did you mean 'status'?"),
    (["plot", "fig4", "none"], 2, "unknown verb 'fig4'; known: figure-4, figure-5, spatial, rebuilt, mean, difference, all, wcam, report, gallery"),
    (["corrupt", "none", "--corruption", "jpeg"], 2, "'--corruption'; --help lists those there are"),
]


@pytest.mark.parametrize("words,code,expected", MISTAKES, ids=[" ".join(words) for words, _, _ in MISTAKES])
def test_a_mistake_is_one_clear_line_and_leaves_nothing(words, code, expected, image, odd_models, tmp_path):
    (tmp_path / "empty").mkdir()
    latin1 = tmp_path / os.fsdecode(b"caf\xe9.png")
    latin1.write_bytes(b"caf\xe9")
    places = {
        "LATIN1": latin1,
        "IMAGE": image, "FOLDER": image.parent, "EMPTY": tmp_path / "empty", "MODEL": MODEL, "CLASSES": CLASSES,
        "OUT": tmp_path / "x.h5", "PNG": tmp_path / "x.png", "SWEEP": tmp_path / "sweep", "MODELS": ROOT / "models/demo/models.json",
        "ODD": odd_models,
    }  # fmt: skip

    def placed(word):
        head, slash, rest = word.partition("/")
        return f"{places[head]}{slash}{rest}" if head in places else word

    words = [placed(word) for word in words]
    failed = run("wcam", *words, code=code)
    lines = failed.stderr.strip().splitlines()
    assert len(lines) == 1 and expected in lines[0], failed.stderr
    assert lines[0].startswith("wcam: " if words[0] in ("statsu", "frobnicate") else f"wcam {words[0]}"), lines[0]
    assert image.read_bytes().startswith(b"\x89PNG") and list(image.parent.iterdir()) == [image]
    assert not any((tmp_path / name).exists() for name in ("x.h5", "x.png")) and not (tmp_path / "sweep").exists()


@pytest.mark.parametrize("program", ["wcam", "wcam-coordinator", "wcam-worker", "wcam-analysis", "wcam-plot"])
def test_each_program_says_its_version_and_helps_with_an_example(program):
    with_libtorch = r"LibTorch \d+\.\d+\S*\n" * (program == "wcam-worker")
    assert re.fullmatch(r"wcam \d+\.\d+\.\d+( \([0-9a-f]{7,}(-dirty)?\))?\n" + with_libtorch,
                        run(program, "--version").stdout)  # fmt: skip
    assert "Examples:" in run(program, "--help").stdout


def test_help_before_a_verb_is_help_after_it():
    for words in (["run"], ["status"], ["plot", "figure-4"]):
        assert run("wcam", "help", *words).stdout == run("wcam", *words, "--help").stdout


@pytest.mark.parametrize("verb", ["run", "plan", "explain", "check-models", "corrupt", "status", "pack", "info", "export", "plot", "gallery"])
def test_each_verb_helps_with_an_example(verb):
    text = run("wcam", verb, "--help").stdout
    assert f"Usage: wcam {verb} " in text
    assert "Examples:" in text and ("--figure" in text) == (verb == "explain")


WORKER_MISTAKES = [
    (["--sweep", "none"], 3, "no sweep at none"),
    (["--sweep", ".", "--coordinator", "localhost:5555"], 2, "tcp://HOST:PORT"),
    (["--sweep", ".", "--patience", "0"], 2, "--patience 0"),
]


@pytest.mark.parametrize("words,code,expected", WORKER_MISTAKES, ids=[" ".join(words) for words, _, _ in WORKER_MISTAKES])
def test_a_workers_mistake_is_one_clear_line(words, code, expected, tmp_path):
    failed = run("wcam-worker", "run", *words, code=code, cwd=tmp_path)
    assert expected in failed.stderr and len(failed.stderr.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
