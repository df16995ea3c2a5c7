"""`wcam explain`: several images, cases of a models.json, figures without a store, what it says on the way."""

import json
import os
import re
import shlex
import subprocess

import h5py
import numpy
import PIL.Image
import pytest

from conftest import BIN, DEADLINE, ROOT, run, textured_image, write_png

MODELS = ROOT / "models/demo/models.json"
QUICK = ("--models", MODELS, "--case", "augmix", "--grid", 8)
NAMES = (ROOT / "models/demo/classes.txt").read_text().splitlines()


@pytest.fixture
def images(tmp_path):
    files = [tmp_path / name for name in ("a.png", "b.png")]
    for seed, file in enumerate(files):
        write_png(file, textured_image(seed, 240))
    return files


def test_several_images_share_a_store_and_have_a_figure_each(images, tmp_path):
    out = tmp_path / "x.h5"
    done = run("wcam", "explain", *images, *QUICK, "--out", out, "--figure", tmp_path / "{image}-wcam.png")
    figures = [tmp_path / f"{name}-wcam.png" for name in "ab"]
    assert done.stdout.splitlines()[-2:] == [str(figure) for figure in figures]
    assert figures[0].read_bytes() != figures[1].read_bytes()
    run("wcam", "explain", images[1], *QUICK, "--out", tmp_path / "alone.h5", "--figure", tmp_path / "alone.png")
    assert figures[1].read_bytes() == (tmp_path / "alone.png").read_bytes()
    with h5py.File(out) as both, h5py.File(tmp_path / "alone.h5") as alone:
        assert list(both["profiles/image"].asstr()[:]) == ["a.png", "b.png"] and list(both["profiles/rank"][:]) == [0, 1]
        assert (both["profiles/wcam"][1] == alone["profiles/wcam"][0]).all()
        assert both["profiles/job"][1] == alone["profiles/job"][0] != both["profiles/job"][0]
        plan = json.loads(both["plan"][()])
    assert [image["path"] for image in plan["images"]] == ["a.png", "b.png"] and plan["cases"][0]["name"] == "augmix"


def test_images_of_several_folders_are_told_apart(images, tmp_path):
    (tmp_path / "more").mkdir()
    images[1].rename(tmp_path / "more/a.png")
    words = ("wcam", "explain", images[0], tmp_path / "more/a.png", *QUICK)
    run(*words, "--out", tmp_path / "x.h5")
    with h5py.File(tmp_path / "x.h5") as file:
        assert list(file["profiles/image"].asstr()[:]) == ["a.png", "more/a.png"]
    assert "is the same for" in run(*words, "--figure", tmp_path / "{image}.png", code=2).stderr
    assert "put {image} where" in run(*words, "--figure", tmp_path / "f.png", code=2).stderr
    assert "given twice" in run("wcam", "explain", images[0], images[0], *QUICK, "--out", tmp_path / "y.h5",
                                code=2).stderr  # fmt: skip


def test_an_image_that_cannot_be_explained_is_said_and_the_others_are_explained(images, tmp_path):
    broken, black = tmp_path / "0.png", tmp_path / "a0.png"
    broken.write_bytes(images[0].read_bytes()[:5000])
    write_png(black, numpy.zeros((240, 240, 3), dtype=numpy.uint8))  # whose outputs no mask changes
    words = ("wcam", "explain", broken, black, *images, *QUICK, "--out", tmp_path / "x.h5")
    done = run(*words, "--figure", tmp_path / "{image}-wcam.png", code=3)
    said = done.stderr.splitlines()
    assert said[0].startswith(f"not explained: {broken}: ") and said[1].startswith("not explained: a0.png: label ")
    assert said[2:] == [f"wcam explain: 2 of 4 images could not be explained: {broken}, {black}"]
    assert [line for line in done.stdout.splitlines() if line in map(str, images)] == list(map(str, images))
    assert sorted(file.name for file in tmp_path.glob("*-wcam.png")) == ["a-wcam.png", "b-wcam.png"]
    with h5py.File(tmp_path / "x.h5") as file:
        assert list(file["profiles/image"].asstr()[:]) == ["a.png", "b.png"]
        assert [image["path"] for image in json.loads(file["plan"][()])["images"]] == ["a.png", "b.png"]
    run("wcam", "explain", *images, *QUICK, "--figure", tmp_path / "{image}-alone.png")
    for name in "ab":
        assert (tmp_path / f"{name}-wcam.png").read_bytes() == (tmp_path / f"{name}-alone.png").read_bytes()
    none = run("wcam", "explain", broken, black, *QUICK, "--out", tmp_path / "y.h5", code=3)
    assert "2 of 2 images could not be explained" in none.stderr and not (tmp_path / "y.h5").exists()
    assert run("wcam", "explain", broken, *QUICK, "--out", tmp_path / "y.h5", code=3).stderr.count("\n") == 1


def test_the_name_of_an_image_may_stand_in_a_figures_name_twice(images, tmp_path):
    run("wcam", "explain", images[0], *QUICK, "--figure", tmp_path / "{image}/{image}.png")
    assert (tmp_path / "a/a.png").exists()


def test_a_figure_alone_leaves_nothing_else_and_takes_all_options_of_plot(images, tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    environment = os.environ | {"TMPDIR": str(scratch)}
    words = ("--dpi", 50, "--style", "published", "--colour-map", "viridis", "--range", "panel")
    run("wcam", "explain", images[0], *QUICK, "--figure", tmp_path / "f.png", *words, env=environment)
    assert not list(scratch.iterdir()) and not list(tmp_path.glob("*.h5"))
    run("wcam", "explain", images[0], *QUICK, "--out", tmp_path / "x.h5")
    run("wcam", "plot", "wcam", tmp_path / "x.h5", "--out", tmp_path / "g.png", *words)
    assert (tmp_path / "f.png").read_bytes() == (tmp_path / "g.png").read_bytes()
    run("wcam", "plot", "wcam", tmp_path / "x.h5", "--out", tmp_path / "plain.png", *words[2:])
    assert PIL.Image.open(tmp_path / "plain.png").size[0] == 2 * PIL.Image.open(tmp_path / "g.png").size[0]
    paper = ("--dpi", 60, "--venue", "icml", "--columns", 1, "--interpolation", "smooth", "--cut", 2.5, "--range", "figure")
    run("wcam", "explain", images[0], *QUICK, "--figure", tmp_path / "p.png", *paper)
    run("wcam", "plot", "wcam", tmp_path / "x.h5", "--out", tmp_path / "q.png", *paper)
    assert (tmp_path / "p.png").read_bytes() == (tmp_path / "q.png").read_bytes()
    assert (tmp_path / "p.caption.txt").read_bytes() == (tmp_path / "q.caption.txt").read_bytes()
    assert PIL.Image.open(tmp_path / "p.png").size[0] == 195  # 3.25 in


def options_of(*words):
    """{option: what it says} of a --help."""
    return dict(re.findall(r"^  (?:-\w \[ )?(--[a-z-]+)(.*(?:\n {20,}.*)*)", run("wcam", *words, "--help").stdout, re.M))


def test_explain_knows_every_option_with_which_plot_draws():
    """All but those that choose one WCAM of a file, or name it."""
    drawing = set(options_of("plot", "wcam")) - {"--file", "--label-explained", "--out", "--replicate", "--row", "--variant"}
    assert len(drawing) > 5 and drawing <= set(options_of("explain"))


def test_the_five_largest_predictions_have_label_name_and_probability(images, tmp_path):
    said = run("wcam", "explain", images[0], *QUICK, "--out", tmp_path / "x.h5").stdout.splitlines()
    rows = [re.fullmatch(r"(?:predicted)? +(.+) \((\d+)\) +(\d\.\d{3})", line) for line in said[:5]]
    assert all(NAMES[int(row[2])].startswith(row[1]) for row in rows)
    probabilities = [float(row[3]) for row in rows]
    assert probabilities == sorted(probabilities, reverse=True) and len({row[2] for row in rows}) == 5
    with h5py.File(tmp_path / "x.h5") as file:
        assert int(rows[0][2]) == file["predictions/label"][0] == file["profiles/label"][0]
        assert abs(probabilities[0] - file["predictions/probability"][0]) < 1e-3


def test_a_label_is_an_index_or_a_name(images, tmp_path):
    def label(text):
        run("wcam", "explain", images[0], *QUICK, "--label", text, "--out", tmp_path / "x.h5")
        with h5py.File(tmp_path / "x.h5") as file:
            return file["profiles/label"][0]

    assert label("3") == 3 and label(NAMES[3]) == 3
    names = tmp_path / "names.txt"
    synonyms = [f"{name}, other {i}" for i, name in enumerate(NAMES)]
    synonyms[5] = "crane, bird"
    synonyms[6] = "crane, machine"
    synonyms[8] = "Crane, lake"
    synonyms[9] = "Lynx, other 9"
    names.write_text("\n".join(synonyms) + "\n")
    words = (images[0], "--model", ROOT / "models/demo/augmix.pt", "--grid", 8, "--out", tmp_path / "y.h5")
    run("wcam", "explain", *words, "--classes", names, "--label", "other 7")
    with h5py.File(tmp_path / "y.h5") as file:
        assert file["profiles/label"][0] == 7
    for text, expected in [("lYNX", 9), ("Crane", 8)]:
        run("wcam", "explain", *words, "--classes", names, "--label", text)
        with h5py.File(tmp_path / "y.h5") as file:
            assert file["profiles/label"][0] == expected
    for text, options, said in [
        ("crane", ("--classes", names), "is the name of several classes: say which of 5, 6"),
        ("CRANE", ("--classes", names), "is the name of several classes: say which of 5, 6, 8"),
        ("other 99", ("--classes", names), f"is none of the {len(NAMES)} classes' names; did you mean 'other 9'?"),
        ("crane", (), "no names are known: give --classes"),
        ("-1", ("--classes", names), "--label -1 is outside 0 to"),
    ]:
        assert said in run("wcam", "explain", *words, *options, f"--label={text}", code=2).stderr


@pytest.mark.parametrize("words, said", [
    (("--models", MODELS), "has 7 cases: say --case baseline, sin, augmix"),
    (("--models", MODELS, "--case", "augmx"), "did you mean 'augmix'?"),
    ((*QUICK, "--mean", "0.5,0.5,0.5"), "--mean and --models exclude each other"),
    ((*QUICK, "--classes", "x"), "--classes and --models exclude each other"),
    ((*QUICK, "--model", "x.pt"), "--model and --models exclude each other"),
    (("--case", "augmix"), "--model FILE.pt, or --models models.json --case NAME, is missing"),
    (("--model", "x.pt", "--case", "augmix"), "--case goes with --models"),
    ((*QUICK, "--dpi", "50"), "--dpi goes with --figure"),
    ((*QUICK, "--dpi", "5", "--figure", "f.png"), "--dpi 5 is outside 10 to 1200"),
    ((*QUICK, "--colour-map", "jot", "--figure", "f.png"), "unknown colour map 'jot'"),
    ((*QUICK, "--range", "panel", "--figure", "f.png"), "--range panel goes with --style published"),
    ((*QUICK, "--figure", "{imge}.png"),
     "--figure '{imge}.png' has an unknown placeholder '{imge}'; did you mean '{image}'? Known: {image}"),
    ((*QUICK, "--figure", "{image}/{case}.png"), "unknown placeholder '{case}'; known: {image}"),
])  # fmt: skip
def test_what_contradicts_itself_is_refused_before_anything_is_computed(images, tmp_path, words, said):
    words = [tmp_path / "f.png" if word == "f.png" else word for word in words]
    assert said in run("wcam", "explain", images[0], *words, "--out", tmp_path / "x.h5", code=2).stderr
    assert not (tmp_path / "x.h5").exists() and not (tmp_path / "f.png").exists()


def test_no_place_for_the_result_is_refused(images):
    assert "--out X.h5 or --figure X.png is missing" in run("wcam", "explain", images[0], *QUICK, code=2).stderr


def test_the_case_of_a_list_counts_as_the_options_would(images, tmp_path):
    case = next(case for case in json.loads(MODELS.read_text())["models"] if case["name"] == "augmix")
    run("wcam", "explain", images[0], *QUICK, "--out", tmp_path / "a.h5")
    channels = {key: ",".join(map(str, case[key])) for key in ("mean", "std") if key in case}
    sizes = [(f"--{key.replace('_', '-')}", case[key]) for key in ("resize", "input_size") if key in case]
    options = [word for pair in [*((f"--{key}", value) for key, value in channels.items()), *sizes] for word in pair]
    run("wcam", "explain", images[0], "--model", MODELS.parent / case["file"], "--grid", 8, *options,
        "--out", tmp_path / "b.h5")  # fmt: skip
    with h5py.File(tmp_path / "a.h5") as a, h5py.File(tmp_path / "b.h5") as b:
        assert (a["profiles/outputs"][:] == b["profiles/outputs"][:]).all()


def test_progress_is_shown_on_a_terminal_only(images, tmp_path):
    words = ["explain", images[0], *QUICK, "--out", tmp_path / "x.h5"]
    assert run("wcam", *words).stderr == ""
    on_a_terminal = ["script", "-qec", shlex.join([str(BIN / "wcam"), *map(str, words)]) + " >/dev/null", "/dev/null"]
    if not os.path.exists("/dev/pts/ptmx"):  # a chroot whose /dev is bare
        mounted = 'mount --make-private /dev && mount -t devpts -o ptmxmode=0666 devpts /dev/pts && exec "$@"'
        on_a_terminal = ["unshare", "--mount", "--propagation", "unchanged", "sh", "-c", mounted, "sh", *on_a_terminal]
    shown = subprocess.run(on_a_terminal, stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=DEADLINE).stdout
    assert re.match(rb"\ra\.png: \d+ %, \d+ s left\x1b\[K", shown) and shown.endswith(b"\r\x1b[K")


def test_the_cells_that_suffice_are_told_where_that_is_asked(images, tmp_path):
    def told(*words):
        said = run("wcam", "explain", images[0], *QUICK, *words, "--out", tmp_path / "x.h5").stdout
        with h5py.File(tmp_path / "x.h5") as file:
            cells = tuple(int(file[f"profiles/{name}"][0]) for name in ("sufficient_cells", "sufficient_cells_stay"))
        return [line for line in said.splitlines() if line.startswith("sufficient")], cells

    assert told() == ([], (0, 0))
    (line,), (fewest, stay) = told("--sufficient")
    said = f"sufficient  the {fewest} most important of 64 cells give this class"
    assert line == said + {fewest: "", -1: ", all of them do not"}.get(stay, f", and so do all larger numbers from {stay} on")
    (line,), cells = told("--sufficient", "--label", 7)
    assert cells == (-1, -1) and line == "sufficient  no number of the most important cells gives this class"


def test_indices_that_mean_nothing_are_said(images, tmp_path):
    def cautions(*words):
        said = run("wcam", "explain", images[0], *QUICK, *words, "--out", tmp_path / "x.h5").stdout
        return [line for line in said.splitlines() if line.startswith("caution: ")], said

    two, said = cautions("--nb-design", 2)
    assert any("64 of 64 indices have no standard error" in line and "raise --nb-design" in line for line in two)
    assert "standard error unknown" in said
    with h5py.File(tmp_path / "x.h5") as file:
        assert any("above 1" in line for line in two) == (numpy.max(file["profiles/wcam"]) > 1.0001)
    many, _ = cautions("--nb-design", 128, "--mode", "corrected")
    assert many == []
