"""docs/study.ipynb, run from its first cell to its last on a real sweep, and what of it is committed."""

import json
import os
import re
import subprocess
import sys

import h5py
import nbformat
import numpy
import pytest

from conftest import ROOT, Study
from test_reader import stored

NOTEBOOK = ROOT / "docs/study.ipynb"


def outputs_of(notebook):
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def texts_of(notebook):
    shown = [output for output in outputs_of(notebook) if "image/png" not in output.get("data", {})]
    return [output.get("text") or output["data"]["text/plain"] for output in shown]


def check_ran(notebook):
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    kinds = [output.output_type for output in outputs_of(notebook)]
    assert "error" not in kinds and "stderr" not in [output.get("name") for output in outputs_of(notebook)]
    assert sum("image/png" in output.get("data", {}) for output in outputs_of(notebook)) == 4


def texts_of_run(sweep, folder):
    words = ["-m", "nbconvert", "--to", "notebook", "--execute", NOTEBOOK, "--output", folder / "ran.ipynb"]
    done = subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, timeout=300,
        env={**os.environ, "PYTHONPATH": str(ROOT / "python"), "WCAM_STUDY": str(sweep),
             "IPYTHONDIR": str(folder / "ipython"), "MPLCONFIGDIR": str(folder / "matplotlib")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    notebook = nbformat.read(folder / "ran.ipynb", 4)
    check_ran(notebook)
    return texts_of(notebook)


def after(texts, words):
    """The line that begins so, and the table that is shown next."""
    k = next(k for k, text in enumerate(texts) if text.startswith(words))
    return texts[k].strip(), texts[k + 1]


def numbers(table, *names):
    """Of the line of a table that begins with these names."""
    (line,) = re.findall(rf"^{' +'.join(names)} +(.*)$", table, re.M)
    return [float(number) for number in line.split()]


class Columns:
    """Those of one value or one vector a row, as h5py reads them."""

    def __init__(self, file, group):
        with h5py.File(file) as stored_in:
            names = list(stored_in[group])
        self.of = {name: stored(file, f"{group}/{name}") for name in names}

    def __getattr__(self, name):
        return self.of[name]


def test_the_notebook_runs_on_a_sweep(undisturbed, tmp_path):
    """Of the published design: what it lacks is told with the option that gives it."""
    texts = texts_of_run(undisturbed.sweep, tmp_path)
    file = undisturbed.sweep / "results.h5"
    p = Columns(file, "profiles")
    assert f"{(p.doubts != '').sum()} of {len(p.doubts)} WCAMs are doubtful\n" in texts
    # The table of shares, against the stored column.
    shares = next(text for text in texts if "share_level_1" in text)
    for name in Study.CASES:
        mean = p.level_share[(p.case == name) & (p.role == "source")].mean(axis=0)
        numpy.testing.assert_allclose(numbers(shares, name), mean, atol=6e-4)
    line, flips = after(texts, "No true labels are known, --labels gives accuracy.")
    q = Columns(file, "predictions")
    assert line.endswith(f"over {len(set(q.image))} images:")
    source = {(image, case): label for image, variant, case, label in zip(q.image, q.variant, q.case, q.label) if variant == "source"}
    changed = numpy.array([source[key] for key in zip(q.image, q.case)]) != q.label
    for name in Study.CASES:
        at_5 = changed[(q.case == name) & numpy.char.endswith(q.variant.astype(str), "/5")].mean()
        numpy.testing.assert_allclose(numbers(flips, name)[-1], at_5, atol=6e-4)
    line, floor = after(texts, "One design a map, --replicates 2 measures its noise.")
    assert all(numpy.isfinite(numbers(floor, name)[0]) for name in Study.CASES)
    after(texts, "Altered variants are explained for what is predicted alone, --explain predicted,source tells")
    line = next(text for text in texts if "altered variants have an unaffected one at equal severity" in text)
    assert line.startswith(f"{pairs_at_equal_severity(p)} of {(p.role == 'altered').sum()} ") and "--controls matched" in line


def pairs_at_equal_severity(p):
    """Altered rows that have an unaffected one of the same image, case and severity."""
    place = list(zip(p.image, p.case, (variant[-1] for variant in p.variant)))
    unaffected = {place[k] for k in numpy.flatnonzero(p.role == "unaffected")}
    return sum(place[k] in unaffected for k in numpy.flatnonzero(p.role == "altered"))


@pytest.fixture(scope="module")
def designed(undisturbed, tmp_path_factory):
    """With labels, controls, two labels explained and replicates. True is what `adv` says of the source."""
    study = Study(tmp_path_factory.mktemp("designed"))
    q = Columns(undisturbed.sweep / "results.h5", "predictions")
    true = {image: label for image, variant, case, label in zip(q.image, q.variant, q.case, q.label) if (variant, case) == ("source", "adv")}
    names = sorted(path.name for path in study.images.iterdir())
    (study.folder / "labels.tsv").write_text("".join(f"{name}\t{true.get(name, 0)}\n" for name in names))
    study.run("--labels", study.folder / "labels.tsv", "--explain", "predicted,source", "--controls", "matched", "--replicates", "2",
              "--severities", "1,3,5")  # fmt: skip
    return study


def test_the_notebook_answers_what_a_sweep_was_asked_for(designed, tmp_path):
    texts = texts_of_run(designed.sweep, tmp_path)
    assert not [text for text in texts if "--" in text]  # nothing is lacking
    file = designed.sweep / "results.h5"
    p, q = Columns(file, "profiles"), Columns(file, "predictions")

    line, accuracy = after(texts, "Accuracy, over ")
    assert line == f"Accuracy, over {len(set(q.image))} images with a true label:"
    true = {image["path"]: image["true_label"] for image in json.loads((designed.sweep / "plan.json").read_text())["images"]}
    right = numpy.array([true[image] for image in q.image]) == q.label
    assert numbers(accuracy, "adv")[0] == 1
    for name in Study.CASES:
        at_5 = right[(q.case == name) & numpy.char.endswith(q.variant.astype(str), "/5")].mean()
        numpy.testing.assert_allclose(numbers(accuracy, name)[-1], at_5, atol=6e-4)

    def distance(j, k):
        a, b = p.wcam[j].ravel().astype(float), p.wcam[k].ravel().astype(float)
        return numpy.array([abs(p.level_share[j] - p.level_share[k]).sum() / 2, 1 - a @ b / numpy.sqrt((a @ a) * (b @ b))])

    def rows(**values):
        chosen = numpy.ones(len(p.job), bool)
        for name, value in values.items():
            chosen &= numpy.array([value in e.split(",") for e in p.explained]) if name == "explained" else p.of[name] == value
        return numpy.flatnonzero(chosen)

    def floor(**place):
        return distance(*(rows(**place, replicate=r)[0] for r in (0, 1)))

    line, noise = after(texts, "Distance of two of 2 replicates of one map:")
    for case in Study.CASES:
        maps = {(p.image[k], p.variant[k], p.label[k]) for k in rows(case=case)}
        found = [floor(image=i, variant=v, label=n, case=case) for i, v, n in maps]
        numpy.testing.assert_allclose(numbers(noise, case), numpy.mean(found, axis=0), atol=6e-4)

    # For one class: how much further each altered variant has moved than its control of the same severity.
    line = next(text for text in texts if "altered variants have a control at equal severity" in text)
    table = texts[texts.index(line) + 1]
    first = {(k, p.image[r], p.variant[r], p.case[r]) for k in ("predicted", "source") for r in rows(role="altered", explained=k)}
    controls = {(p.image[r], p.control_of[r], p.case[r]): p.variant[r] for r in numpy.flatnonzero((p.control_of != "") & (p.severity_difference == 0))}
    assert line.startswith(f"{sum(key[1:] in controls for key in first)} of {len(first)} altered variants") and controls

    def moved(image, variant, case):
        source, found = (rows(image=image, case=case, variant=v, explained="source") for v in ("source", variant))
        return numpy.mean([distance(j, k) for j in source for k in found if p.replicate[j] != p.replicate[k]], axis=0)

    for case in Study.CASES:
        of_images = {}
        for kind, image, variant, of_case in first:
            if (kind, of_case) == ("source", case) and (image, variant, case) in controls:
                further = moved(image, variant, case) - moved(image, controls[image, variant, case], case)
                of_images.setdefault(image, []).append(further)
        means = numpy.mean([numpy.mean(found, axis=0) for found in of_images.values()], axis=0)
        shown = numbers(table[table.index("\nsource"):].replace("\nsource ", "\n"), " *" + case)
        numpy.testing.assert_allclose([shown[0], shown[3]], means, atol=6e-4)
        assert shown[2] == shown[5] == len(of_images)


def test_the_committed_notebook_is_small_and_has_run():
    assert NOTEBOOK.stat().st_size < 300_000
    notebook = nbformat.read(NOTEBOOK, 4)
    nbformat.validate(notebook)
    check_ran(notebook)
    assert not re.search(r"/(home|root|tmp|work)/", NOTEBOOK.read_text())
