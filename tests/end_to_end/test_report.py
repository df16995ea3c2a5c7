"""`wcam report` on real sweeps: what it writes, what is seen of it, and what it refuses."""

import csv
import hashlib
import json
import re
import shutil

import h5py
import numpy
import pytest

from browser import SEEN, Browser
from conftest import ROOT, Study, run, textured_image, wait_for, write_png
from test_reader import EARLIER, stored

QUESTIONS = [
    "How robust is each case?",
    "At which scales does each case decide?",
    "Does corruption move the important regions, and is it more than estimation noise?",
    "Is the shift larger when the label flips, at equal severity?",
    "Do training methods differ in kind or in degree?",
    "Which corruptions move what?",
    "How much of this can be trusted?",
]


def sweep_id(plan):
    """Of a plan.json: the SHA-256 of what decides numbers, in the order and without the spaces of our writer."""
    identity = {name: value for name, value in plan.items() if name not in ("locations", "provenance")}
    return hashlib.sha256(json.dumps(identity, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


@pytest.fixture(scope="module")
def sweep(undisturbed, tmp_path_factory):
    return shutil.copytree(undisturbed.sweep, tmp_path_factory.mktemp("report") / "sweep")


@pytest.fixture(scope="module")
def report(sweep):
    written = run("wcam", "report", sweep, "--json").stdout.splitlines()
    out = sweep / "report"
    assert sorted(written) == sorted(str(file) for file in out.rglob("*.*"))
    assert written[-1] == str(out / "report.html")  # last: what it links to is there then
    return out


def test_every_question_is_answered(report):
    said = json.loads((report / "report.json").read_text())
    assert [section["question"] for section in said["sections"]] == QUESTIONS
    for section in said["sections"]:
        assert section["answer"] and section["tables"], section["id"]


def test_a_table_holds_what_is_stored(sweep, report):
    """Shares of changed predictions, counted from the file by h5py alone."""
    file = sweep / "results.h5"
    rows = list(zip(*(stored(file, f"predictions/{name}") for name in ("image", "variant", "case", "label"))))
    source = {(image, case): label for image, variant, case, label in rows if variant == "source"}
    flips = {}
    for image, variant, case, label in rows:
        if variant != "source":
            flips.setdefault((case, *variant.split("/")[1:]), []).append(label != source[image, case])
    with (report / "tables/robustness.csv").open(newline="", encoding="utf-8") as opened:
        table = {(row["case"], row["corruption"], row["severity"]): row for row in csv.DictReader(opened, strict=True)}
    assert len(flips) > 20 and set(flips) <= set(table)
    for key, flipped in flips.items():
        assert int(table[key]["images"]) == len(flipped), key
        assert float(table[key]["flipped"]) == pytest.approx(sum(flipped) / len(flipped)), key


@pytest.mark.parametrize("width, height", ((1280, 900), (390, 844)))
def test_all_answers_are_seen(report, tmp_path, width, height):
    said = json.loads((report / "report.json").read_text())
    browser = Browser(f"file://{report}/report.html", tmp_path / "profile", width, height)
    try:
        wait_for("the page", lambda: browser.value("document.readyState") == "complete"
                 and browser.value("document.querySelector('footer') !== null"))  # fmt: skip
        answers = browser.value(f"{SEEN}('nav li')")
        for one, section in zip(answers, said["sections"], strict=True):
            assert section["question"] in one["text"] and section["in_short"] in one["text"]
            assert one["left"] >= 0 and one["right"] <= width and one["height"] > 15
        if width == 1280:
            assert answers[-1]["bottom"] < height  # in one screen
        assert [one["text"] for one in browser.value(f"{SEEN}('.answer')")] == [section["answer"] for section in said["sections"]]
        doubts = [doubt for section in said["sections"] for doubt in section["doubts"]]
        assert [one["text"] for one in browser.value(f"{SEEN}('.doubts li')")] == doubts
        assert browser.value("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    finally:
        browser.close()


def test_the_same_results_make_the_same_files(sweep, report, tmp_path):
    run("wcam", "report", sweep / "results.h5", "--json", "--out", tmp_path / "again")
    for file in report.rglob("*.*"):
        assert (tmp_path / "again" / file.relative_to(report)).read_bytes() == file.read_bytes(), file.name


def test_figures_are_as_wide_as_a_column_of_the_venue(sweep, tmp_path):
    run("wcam", "report", sweep, "--out", tmp_path, "--venue", "icml", "--columns", "1")
    figures = list((tmp_path / "figures").glob("*.pdf"))
    assert len(figures) > 7
    for figure in figures:
        assert re.search(rb"/MediaBox \[ 0 0 234(\.0*)? ", figure.read_bytes()), figure
    assert not (tmp_path / "report.json").exists()


def test_a_sweep_of_the_version_before_has_a_report(tmp_path):
    run("wcam", "report", EARLIER, "--out", tmp_path)
    assert "Nothing is asserted" in (tmp_path / "report.html").read_text()


def test_what_is_refused_is_named_and_leaves_nothing(sweep, tmp_path):
    def refused(code, *words):
        return run("wcam", "report", *words, "--out", tmp_path / "out", code=code).stderr

    unlike = refused(3, sweep, EARLIER)
    assert unlike.splitlines()[0].endswith("these sweeps are not one study, since they differ in what decides a number:")
    assert re.search(r"^  nb_design: 4 in A, 2 in B \(wcam run --extend --nb-design can raise the smaller\)$", unlike, re.MULTILINE)
    assert "no sweep is called C; they are A (sweep), B (sweep-0.1.0)" in refused(2, sweep, EARLIER, "--rename", "C:adv=other")
    assert "name a folder for it with --out DIR" in run("wcam", "report", sweep, EARLIER, code=2).stderr
    assert "unknown venue 'neurip'" in refused(2, sweep, "--venue", "neurip")
    assert "--columns 2: a page of neurips has 1 column" in refused(2, sweep, "--columns", "2")
    assert "resnet" in refused(2, sweep, "--mce-reference", "resnet")
    assert "1.5" in refused(2, sweep, "--margin", "1.5")
    assert f"{tmp_path}/none" in refused(3, tmp_path / "none")
    lone = shutil.copy(sweep / "results.h5", tmp_path)
    with h5py.File(lone, "r+") as file:
        del file["plan"]
    assert "results.h5" in (said := refused(3, lone)) and "plan" in said
    assert not (tmp_path / "out").exists()
    (tmp_path / "file").write_text("")
    assert f"{tmp_path}/file" in run("wcam", "report", sweep, "--out", tmp_path / "file", code=3).stderr


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """One sweep of ten images, and two of six of them each, of which one file has another name in the second."""
    folder = tmp_path_factory.mktemp("parts")
    sweeps = {}
    for name, images in (("whole", range(10)), ("first", range(6)), ("second", range(4, 10))):
        (folder / name).mkdir()
        study = sweeps[name] = Study(folder / name)
        for image in study.images.iterdir():
            image.unlink()
        for i in images:
            other = name == "second" and i == 5
            write_png(study.images / ("other-name.png" if other else f"texture-{i}.png"), textured_image(i))
        study.OPTIONS = {"--grid": "4", "--select": "all", "--corruptions": "contrast,gaussian-noise", "--severities": "5",
                         "--explain": "predicted,source", "--controls": "matched"}  # fmt: skip
        study.run()
    return sweeps


@pytest.mark.parametrize("order", (("first", "second"), ("second", "first")))
def test_sweeps_of_parts_joined_are_the_sweep_of_the_whole(parts, tmp_path, order):
    run("wcam", "report", parts["whole"].sweep, "--out", tmp_path / "whole", "--json")
    said = run("wcam", "report", *(parts[name].sweep for name in order), "--out", tmp_path / "joined", "--json").stderr
    files = {file.relative_to(tmp_path / "whole") for file in (tmp_path / "whole").rglob("*.*")}
    assert files == {file.relative_to(tmp_path / "joined") for file in (tmp_path / "joined").rglob("*.*")}
    for file in files:
        if file.name not in ("report.html", "report.json"):
            assert (tmp_path / "joined" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes(), file
    # How to get more images is not the same, nor what a file that both have is called.
    whole, joined = (json.loads(re.sub(r"\(wcam run --extend [^)]*\)", "", (tmp_path / name / "report.json").read_text())
                                .replace("other-name.png", "texture-5.png"))
                     for name in ("whole", "joined"))  # fmt: skip
    assert joined["sections"] == whole["sections"]
    assert joined["title"] == "sweep + sweep" and "made_of" not in whole
    # What both have: two images, three variants, two cases; a class more where a prediction changes.
    shared = re.fullmatch(r"In several of them: 2 explained images, 2 cases; (\d+) WCAMs and 12 predictions are there "
                          r"again, and count once, as in the first that has them\.", joined["made_of"][2])  # fmt: skip
    assert 12 <= int(shared[1]) <= 20
    assert len(joined["made_of"]) == 3 and joined["made_of"][0].startswith("A: sweep, sweep ")  # nothing differs, nothing lacks
    assert said.splitlines() == joined["made_of"]
    assert "".join(f"<li>{line}</li>\n" for line in joined["made_of"]) in (tmp_path / "joined/report.html").read_text()


def test_parts_are_exported_as_one(parts, tmp_path):
    def rows(table, *sweeps):
        run("wcam", "export", *(parts[name].sweep for name in sweeps), "--csv", tmp_path / sweeps[0])
        with (tmp_path / sweeps[0] / f"{table}.csv").open(newline="", encoding="utf-8") as opened:
            found = list(csv.DictReader(opened, strict=True))
        of_run = ("job", "attempt", "rank", "seconds", "sweep")
        return found, sorted(tuple(value for name, value in row.items() if name not in of_run) for row in found)

    ids = [sweep_id(json.loads((parts[name].sweep / "plan.json").read_text())) for name in ("first", "second")]
    for table in ("profiles", "predictions"):
        joined, same = rows(table, "first", "second")
        assert same == rows(table, "whole")[1]
        assert {row["sweep"] for row in joined} == set(ids)
        assert {row["image"] for row in joined if row["sweep"] == ids[1]} == {f"texture-{i}.png" for i in range(6, 10)}
        if table == "profiles":
            assert len({(row["sweep"], row["job"]) for row in joined}) == len(joined)
            assert [int(row["rank"]) for row in joined] == sorted(int(row["rank"]) for row in joined)


def test_a_case_with_another_network_stands_under_another_name(parts, tmp_path):
    """As after fine-tuning: a sweep whose plan says that its models are others."""
    tuned = shutil.copytree(parts["second"].sweep, tmp_path / "tuned")
    plan = json.loads((tuned / "plan.json").read_text())
    other = "0" * 64
    plan["cases"][0]["sha256"] = other
    (tuned / "plan.json").write_text(json.dumps(plan))
    for file in tuned.rglob("*.h5"):
        with h5py.File(file, "r+") as stored:
            stored.attrs["sweep_id"] = numpy.bytes_(sweep_id(plan))
            if "plan" in stored:
                del stored["plan"]
    words = [parts["first"].sweep, tuned, "--out", tmp_path / "out"]
    said = run("wcam", "report", *words, code=3).stderr
    assert re.search(r"case baseline, SHA-256: [0-9a-f]{12} in A, 000000000000 in B "
                     r"\(--rename B:baseline=baseline2 lets both stand as cases\)", said)  # fmt: skip
    run("wcam", "report", *words, "--rename", "B:baseline=baseline2")
    with (tmp_path / "out/tables/scales.csv").open(newline="", encoding="utf-8") as opened:
        images = {row["case"]: row["images"] for row in csv.DictReader(opened)}
    assert images == {"baseline": "6", "adv": "10", "baseline2": "6"}


def test_help_and_manual_know_it():
    assert "report.html" in run("wcam", "report", "--help").stdout
    assert re.search(r"^  report +what a sweep answers", run("wcam", "--help").stdout, re.MULTILINE)
    assert (ROOT / "docs/report.md").is_file()
