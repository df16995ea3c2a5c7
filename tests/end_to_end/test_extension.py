"""A sweep that grows keeps what it has: nothing is computed twice, ranks stay, and what is new is what a new sweep of the
larger study would have computed."""
import collections
import contextlib
import json
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import zlib

import h5py
import numpy
import pytest
from conftest import BIN, ROOT, Study, end, run, textured_image, wait_for, write_png

sys.path.insert(0, str(ROOT / "python"))
import wcam  # noqa: E402

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


def figures(sweep):
    return {str(path.relative_to(sweep)) for path in (sweep / "figures").rglob("*.*") if path.name != "drawn.txt"}


@pytest.fixture(scope="module")
def grown(tmp_path_factory):
    """A finished sweep, extended in every way at once; .before: its results then."""
    study = Study(tmp_path_factory.mktemp("grown"))
    study.run()
    study.before, study.segments_before = table(study.sweep, *COLUMNS), {p.name: p.read_bytes() for p in study.segments()}
    study.id, study.figures_before = (study.sweep / "plan.json").read_bytes(), figures(study.sweep)
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


def done(sweep):
    """How many jobs of either kind are done, and the forwards of all."""
    with contextlib.closing(sqlite3.connect(sweep / "ledger.sqlite")) as ledger:
        jobs = dict(ledger.execute("SELECT kind, count(*) FROM jobs WHERE state = 'done' GROUP BY kind"))
        labels = sum(len(json.loads(row[0])) for row in ledger.execute("SELECT labels FROM predictions"))
    return {"predict": jobs["predict"], "explain": jobs["explain"], "forwards": labels + 69 * jobs["explain"]}


def costs(*words):
    told = json.loads(run("wcam", "plan", *words, "--no-measure", "--json").stdout)
    return {"predict": told["predict"]["jobs"], "explain": told["explain"]["jobs"], "forwards": told["forwards"]}


def test_what_it_costs_under_the_default_rule(tmp_path):
    """To the last job where all that decides is predicted; where images are not, a range that holds it. The same is told
    of an extension that is prepared and has not begun."""
    study = Study(tmp_path)
    study.OPTIONS = {**Study.OPTIONS, "--grid": "4", "--max-altered": "1"}
    study.run("--no-figures")
    for words in (["--replicates", "2"], ["--explain", "source"], ["--max-altered", "3"], ["--max-unaffected", "2"], ["--sample-size", "3"]):
        before, told = done(study.sweep), costs("--sweep", study.sweep, "--extend", *words)
        said = run("wcam-coordinator", "run", "--sweep", study.sweep, "--extend", *words, "--prepare").stderr
        assert costs("--sweep", study.sweep) == told, words
        run("wcam", "run", "--sweep", study.sweep, "--no-figures")
        new = {kind: count - before[kind] for kind, count in done(study.sweep).items()}
        assert new["explain"] > 0 and all(told[kind]["low"] <= new[kind] <= told[kind]["high"] for kind in new), (words, told, new)
        exact = f"to do: 0 predict jobs of 29 forwards, {new['explain']} WCAMs of 69 forwards: {new['forwards']:,} forwards\n"
        depends = words[0] == "--sample-size"
        assert (exact in said) != depends and ("(ranges: predictions that are still" in said) == depends, (words, said)


def test_every_result_stays_with_its_rank_role_and_number(grown):
    after = table(grown.sweep, *COLUMNS)
    assert grown.before and set(grown.before) < set(after)
    for job, row in grown.before.items():
        assert after[job][:-1] == row[:-1] and (after[job][-1] == row[-1]).all()
    assert len({key(row) for row in after.values()}) == len(after)


def test_figures_of_old_ranks_keep_their_names(grown):
    """Whose images and cases they are of is in the names: those that are new are of the new rank or case."""
    assert len(grown.figures_before) >= 3 * (2 + 2 * len(Study.CASES))
    new = figures(grown.sweep) - grown.figures_before
    assert grown.figures_before < figures(grown.sweep)
    assert all(re.search(r"/corruptions_augmix_\d_|/(corruptions_\w+|robust_training_corruptions)_2_", name) for name in new), new
    images = {row[5]: row[0] for row in table(grown.sweep, *COLUMNS).values()}
    for name in figures(grown.sweep):
        rank, image = re.search(r"_(\d)_([^/]*)\.\w+$", name).groups()
        assert images[int(rank)] == f"{image}.png"


def test_a_variant_that_came_later_knows_the_label_of_its_source(grown):
    """It is predicted by a job of its own, which has no row of the source."""
    predictions = wcam.open(grown.sweep).predictions
    sources = predictions[predictions["variant"] == "source"].set_index(["image", "case"])["label"]
    assert len(set(predictions["job"])) > len(sources)
    assert [sources[pair] for pair in zip(predictions["image"], predictions["case"])] == list(predictions["source_label"])


def test_nothing_is_computed_twice(grown):
    """A new job may be handed out again where the machine is so busy that its worker is not heard."""
    again = attempts(grown.sweep)
    assert all(again[job] == 1 for job in grown.before)
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


def test_info_tells_the_design_and_what_the_sweep_was(grown):
    text = run("wcam", "info", grown.sweep).stdout
    (before,) = (entry["sweep_id"] for entry in json.loads((grown.sweep / "plan.json").read_text())["extends"])
    assert f"\nextends    sweep {before[:12]}\n" in text and "\nreplicates 2\n" in text, text
    assert "\nlabels     WCAMs of the class: predicted,source\n" in text, text
    assert "at most 2 altered variants each and 1 unaffected\n" in text, text


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
    wait_for("its coordinator's end", lambda: "in use" not in subprocess.run([BIN / "wcam", "verify", study.sweep], capture_output=True, text=True).stderr)
    run("wcam", "run", "--sweep", study.sweep)
    expected = {key(row): row for row in table(grown.sweep, *COLUMNS).values()}
    found = {key(row): row for row in table(study.sweep, *COLUMNS).values()}
    assert set(found) == set(expected)
    assert all((found[k][-1] == expected[k][-1]).all() and found[k][5:8] == expected[k][5:8] for k in found)
    assert "is sound" in run("wcam", "verify", study.sweep).stdout


def test_more_design_points_compute_the_new_ones_alone(tmp_path):
    """4 points become 8, then 16, and a second replicate comes with those: as a new sweep of 16 has them, up to rounding,
    since a picture's place in its batch is another. That the outputs which are there are taken, is seen when one has
    been changed."""
    study = Study(tmp_path)
    study.run()
    wcams = len(table(study.sweep, "image"))
    said = run("wcam", "run", "--sweep", study.sweep, "--extend", "--nb-design", "8").stderr
    assert "design points: 8 instead of 4" in said
    assert f"to do: 0 predict jobs of 29 forwards, {wcams} WCAMs of 521 forwards, of which {wcams * 4 * 65:,} are there" in said, said
    assert "is sound" in run("wcam", "verify", study.sweep).stdout
    (four,) = (study.sweep / "earlier").iterdir()
    assert len(h5py.File(four / "results.h5")["profiles/job"]) == wcams
    columns = ["image", "variant", "case", "label", "replicate", "outputs", "wcam", "standard_error", "forward_equivalents"]
    run("wcam", "run", "--sweep", study.sweep, "--extend", "--nb-design", "16", "--replicates", "2")
    found = {key(row): row for row in table(study.sweep, *columns).values()}
    extended, study.sweep = study.sweep, tmp_path / "new"
    study.run("--nb-design", "16", "--replicates", "2")
    expected = {key(row): row for row in table(study.sweep, *columns).values()}
    study.sweep = extended
    assert set(found) == set(expected) and len(found) == 2 * wcams
    for place, row in expected.items():
        for value, new in zip(found[place][5:], row[5:]):
            assert abs(value - new).max() <= 1e-4 * abs(new).max()
    assert len(json.loads((study.sweep / "plan.json").read_text())["extends"]) == 2
    # Rows of fewer points do not count where they lie beside the others.
    (study.sweep / "results.h5").unlink()
    run("wcam", "export", study.sweep, "--csv", tmp_path / "csv")
    assert len((tmp_path / "csv/profiles.csv").read_text().splitlines()) == 1 + 2 * wcams
    assert len(wcam.open(study.sweep).profiles) == 2 * wcams
    run("wcam", "pack", study.sweep)
    assert {key(row) for row in table(study.sweep, *columns).values()} == set(found)

    run("wcam-coordinator", "run", "--sweep", study.sweep, "--extend", "--nb-design", "32", "--prepare")
    assert "computed again" not in (study.sweep / "logs/coordinator.log").read_text()
    (sixteen,) = (path for path in (study.sweep / "earlier").iterdir() if json.loads((path / "plan.json").read_text())["wcam"]["nb_design"] == 16)
    shutil.copy(sixteen / "results.h5", tmp_path / "changed.h5")  # it is a link to that of the sweep
    with h5py.File(tmp_path / "changed.h5", "r+") as file:
        column = file["profiles/outputs"]
        column[0, 0] = 1234.5
        column.attrs.modify("crc32", numpy.uint32(zlib.crc32(column[()].tobytes())))
    shutil.move(tmp_path / "changed.h5", sixteen / "results.h5")
    assert len(table(study.sweep, "image")) == 2 * wcams  # still those of 16 points
    run("wcam", "run", "--sweep", study.sweep)
    outputs = [row[0] for row in table(study.sweep, "outputs").values()]
    assert sum(1234.5 in row for row in outputs) == 1 and all(len(row) == 32 * 65 for row in outputs)
    assert "is sound" in run("wcam", "verify", study.sweep).stdout
    with h5py.File(sixteen / "results.h5", "r+") as file:
        file["profiles/outputs"][0, 1] = 1234.5
    said = run("wcam", "verify", study.sweep, code=3).stdout
    assert f"damaged: {sixteen / 'results.h5'}" in said and "of the sweep before it was extended" in said, said


def test_an_extension_that_is_not_packed_yet_is_read_and_repaired(tmp_path):
    """Beside results.h5 of what the sweep was, whose maps count no more."""
    study = Study(tmp_path)
    study.run()
    before, plan = len(table(study.sweep, "image")), (study.sweep / "plan.json").read_bytes()
    for prepared in ("8", "16"):  # the second before the first has decided an image
        run("wcam-coordinator", "run", "--sweep", study.sweep, "--extend", "--nb-design", prepared, "--prepare")
    (study.sweep / "plan.json").write_bytes(plan)  # as if killed after the ledger was extended
    assert "what lies beside it is of" in run("wcam", "verify", study.sweep, code=3).stdout
    run("wcam", "repair", study.sweep)
    assert json.loads((study.sweep / "plan.json").read_text())["wcam"]["nb_design"] == 16
    run("wcam", "run", "--sweep", study.sweep, "--no-figures")
    segments = study.segments()
    read = wcam.open(study.sweep)
    assert len(read.profiles) == before and read.outputs(0).shape == (16 * 65,)
    (study.sweep / "ledger.sqlite").unlink()
    run("wcam", "repair", study.sweep)
    assert study.segments() == segments
    run("wcam", "run", "--sweep", study.sweep)
    assert study.segments() == segments and "is sound" in run("wcam", "verify", study.sweep).stdout
    assert {len(row[0]) for row in table(study.sweep, "outputs").values()} == {16 * 65}


def test_another_order_of_the_same_names_is_the_same_plan(tmp_path):
    study = Study(tmp_path)
    study.run("--corruptions", "brightness,jpeg")
    study.CASES = study.CASES[::-1]
    study.run("--corruptions", "jpeg,brightness")


@pytest.mark.parametrize("options, words", [
    (["--grid", "4"], "grid: 8 in the sweep, 4 asked"),
    (["--seed", "1"], "seed: 95 in the sweep, 1 asked"),
    (["--sample-size", "1"], "sample_size: 3 in the sweep, 1 asked"),
    (["--nb-design", "2"], "nb_design: 4 in the sweep, 2 asked"),
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
