"""A sweep that grows keeps what it has: nothing is computed twice, ranks stay, and what is new is what a new sweep of the
larger study would have computed."""
import collections
import contextlib
import json
import shutil
import signal
import sqlite3
import subprocess

import h5py
import pytest

from conftest import BIN, Study, end, run, textured_image, wait_for, write_png

GROWN = ["--cases", "adv,augmix,baseline", "--severities", "1,3,5", "--replicates", "2", "--explain", "source", "--sample-size", "3"]


def table(sweep, *columns):
    """{job: columns} of results.h5."""
    with h5py.File(sweep / "results.h5") as file:
        profiles = file["profiles"]
        found = [profiles[name].asstr()[:] if h5py.check_string_dtype(profiles[name].dtype) else profiles[name][:] for name in columns]
        return dict(zip(profiles["job"][:].tolist(), zip(*found)))


def key(row):
    image, variant, case, label, replicate = row[:5]
    return image, variant, case, int(label), int(replicate)


COLUMNS = ["image", "variant", "case", "label", "replicate", "rank", "role", "role_index", "wcam"]


def attempts(sweep):
    """How often each job that is done was handed out."""
    with contextlib.closing(sqlite3.connect(sweep / "ledger.sqlite")) as ledger:
        return dict(ledger.execute("SELECT id, attempts FROM jobs WHERE state = 'done'").fetchall())


@pytest.fixture(scope="module")
def grown(tmp_path_factory):
    """A finished sweep, extended in every way at once; .before: its results then."""
    study = Study(tmp_path_factory.mktemp("grown"))
    study.run()
    study.before, study.segments_before = table(study.sweep, *COLUMNS), {p.name: p.read_bytes() for p in study.segments()}
    study.id = (study.sweep / "plan.json").read_bytes()
    write_png(study.images / "new.png", textured_image(7))
    study.said = run("wcam", "run", "--sweep", study.sweep, "--extend", "--images", study.images,
                     "--models", study.models / "models.json", *GROWN).stderr  # fmt: skip
    return study


def test_what_is_new_is_told_first(grown):
    for words in ("1 case: augmix", "image: new.png", "sample size: 3 instead of 2", "replicates: 2 instead of 1",
                  "labels explained: predicted,source instead of predicted", "WCAMs of 2 images"):  # fmt: skip
        assert words in grown.said, grown.said
    assert "14 variants: corruptions/" in grown.said, grown.said


def test_what_it_costs_is_what_it_then_computes(tmp_path):
    """Where nothing depends on predictions: of every variant, two more replicates and one more case."""
    study = Study(tmp_path)
    study.OPTIONS = {"--grid": "4", "--severities": "5", "--select": "all", "--corruptions": "contrast,jpeg", "--sample-size": "2"}
    study.run()
    done = len(table(study.sweep, "image"))
    words = ["--sweep", study.sweep, "--extend", "--replicates", "3", "--models", study.models / "models.json", "--cases", "augmix"]
    told = json.loads(run("wcam", "plan", *words, "--no-measure", "--json").stdout)
    said = run("wcam", "run", *words).stderr
    new = len(table(study.sweep, "image")) - done
    assert told["explain"]["jobs"] == {"low": new, "high": new} and told["predict"]["jobs"] == {"low": 2, "high": 2}
    assert new == 3 * 3 * 3 * 2 - done and f"to do: 2 predict jobs of 3 forwards, {new} WCAMs of 69 forwards" in said, said


def test_every_result_stays_with_its_rank_role_and_number(grown):
    after = table(grown.sweep, *COLUMNS)
    assert grown.before and set(grown.before) < set(after)
    for job, row in grown.before.items():
        assert after[job][:-1] == row[:-1] and (after[job][-1] == row[-1]).all()
    assert len({key(row) for row in after.values()}) == len(after)


def test_nothing_is_computed_twice(grown):
    assert set(attempts(grown.sweep).values()) == {1}
    for name, content in grown.segments_before.items():
        assert (grown.sweep / "segments" / name).read_bytes() == content
    with h5py.File(grown.sweep / "results.h5") as file:
        predictions = file["predictions"]
        rows = list(zip(*(predictions[name].asstr()[:] for name in ("image", "variant", "case"))))
        assert len(set(rows)) == len(rows)
        variants = collections.Counter((image, case) for image, _, case in rows)
        assert set(variants.values()) == {1 + 14 * 3}


def test_the_ledger_and_the_plan_of_before_are_kept(grown):
    (kept,) = (grown.sweep / "earlier").iterdir()
    assert (kept / "plan.json").read_bytes() == grown.id
    with contextlib.closing(sqlite3.connect(kept / "ledger.sqlite")) as ledger:
        assert ledger.execute("SELECT count(*) FROM jobs WHERE kind = 'explain' AND state = 'done'").fetchone()[0] == len(grown.before)
    assert "is sound" in run("wcam", "verify", grown.sweep).stdout


def test_what_is_new_is_what_a_new_sweep_would_compute(grown, tmp_path):
    """Of the images that both explain: the same maps, and all of the new sweep's are there."""
    run("wcam", "run", "--images", grown.images, "--perturbation", "corruptions", "--models", grown.models / "models.json",
        "--grid", "8", "--max-altered", "2", *GROWN[:-4], "--explain", "predicted,source", *GROWN[-2:], "--sweep", tmp_path / "new")  # fmt: skip
    old = {key(row): row for row in table(grown.sweep, *COLUMNS).values()}
    new = {key(row): row for row in table(tmp_path / "new", *COLUMNS).values()}
    both = {row[0] for row in old.values()} & {row[0] for row in new.values()}
    assert both
    for place, row in new.items():
        if row[0] in both:
            assert (old[place][-1] == row[-1]).all() and old[place][6] == row[6]


def test_asking_again_adds_nothing_and_resuming_needs_no_options(grown):
    plan = (grown.sweep / "plan.json").read_bytes()
    again = run("wcam", "run", "--sweep", grown.sweep, "--extend", "--images", grown.images, "--models", grown.models / "models.json", *GROWN)
    assert "adds nothing" in again.stderr
    run("wcam", "run", "--sweep", grown.sweep)
    assert (grown.sweep / "plan.json").read_bytes() == plan


def test_an_extension_that_is_killed_again_and_again_ends_as_if_it_had_not_been(grown, tmp_path):
    study = Study(tmp_path)
    study.run()
    write_png(study.images / "new.png", textured_image(7))
    command = ["--hand-in", "0", "--images", study.images, "--extend", *GROWN]
    for count in range(4):
        before = len(study.segments())
        with study.log.open("ab") as log:
            sweep = subprocess.Popen([str(w) for w in [BIN / "wcam", "run", "--sweep", study.sweep, "--models",
                                      study.models / "models.json", *command]], stdout=log, stderr=log)  # fmt: skip
        try:
            wait_for("results", lambda: len(study.segments()) > before + 2 or sweep.poll() is not None)
        finally:
            end(sweep, signal.SIGKILL)
    run("wcam", "run", "--sweep", study.sweep)
    expected = {key(row): row for row in table(grown.sweep, *COLUMNS).values()}
    found = {key(row): row for row in table(study.sweep, *COLUMNS).values()}
    assert set(found) == set(expected)
    assert all((found[k][-1] == expected[k][-1]).all() and found[k][5:8] == expected[k][5:8] for k in found)
    assert "is sound" in run("wcam", "verify", study.sweep).stdout


def test_another_order_of_the_same_names_is_the_same_plan(tmp_path):
    study = Study(tmp_path)
    study.run("--corruptions", "brightness,jpeg")
    study.CASES = study.CASES[::-1]
    study.run("--corruptions", "jpeg,brightness")


@pytest.mark.parametrize("options, words", [
    (["--grid", "4"], "grid: 8 in the sweep, 4 asked"),
    (["--seed", "1"], "seed: 95 in the sweep, 1 asked"),
    (["--sample-size", "1"], "sample_size: 3 in the sweep, 1 asked"),
    (["--nb-design", "8"], "nb_design: 4 in the sweep, 8 asked"),
    (["--select", "all"], "select: published in the sweep, all asked"),
    (["--sufficient"], "sufficient: no in the sweep, yes asked"),
])  # fmt: skip
def test_what_cannot_be_otherwise_is_refused(grown, options, words):
    refused = run("wcam", "run", "--sweep", grown.sweep, "--extend", *options, code=3).stderr
    assert "cannot be extended so" in refused and f"\n  {words}\n" in refused, refused


def test_a_lost_ledger_of_an_extended_sweep_is_made_anew(grown, tmp_path):
    copy = tmp_path / "sweep"
    shutil.copytree(grown.sweep, copy)
    before = table(copy, *COLUMNS)
    for name in ("ledger.sqlite", "ledger.sqlite-wal"):
        (copy / name).unlink(missing_ok=True)
    run("wcam", "repair", copy)
    run("wcam", "run", "--sweep", copy)
    after = table(copy, *COLUMNS)
    assert set(after) == set(before) and all(after[job][:-1] == before[job][:-1] for job in after)
    assert "is sound" in run("wcam", "verify", copy).stdout
