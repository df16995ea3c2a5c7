"""`wcam report` on real sweeps: what it writes, what is seen of it, and what it refuses."""

import csv
import json
import re
import shutil

import h5py
import pytest

from browser import SEEN, Browser
from conftest import ROOT, run, wait_for
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
            assert section["question"] in one["text"] and section["answer"] in one["text"]
            assert one["left"] >= 0 and one["right"] <= width and one["height"] > 15
        if width == 1280:
            assert answers[-1]["bottom"] < height  # in one screen
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

    assert "a report is of one sweep, and 2 are named" in refused(2, sweep, EARLIER)
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


def test_help_and_manual_know_it():
    assert "report.html" in run("wcam", "report", "--help").stdout
    assert re.search(r"^  report +what a sweep answers", run("wcam", "--help").stdout, re.MULTILINE)
    assert (ROOT / "docs/report.md").is_file()
