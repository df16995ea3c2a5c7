"""docs/study.ipynb, run from its first cell to its last on a real sweep, and what of it is committed."""

import os
import re
import subprocess
import sys

import nbformat
import numpy

from conftest import ROOT
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


def test_the_notebook_runs_on_a_sweep(undisturbed, tmp_path):
    words = ["-m", "nbconvert", "--to", "notebook", "--execute", NOTEBOOK, "--output", tmp_path / "ran.ipynb"]
    done = subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, timeout=300,
        env={**os.environ, "PYTHONPATH": str(ROOT / "python"), "WCAM_STUDY": str(undisturbed.sweep),
             "IPYTHONDIR": str(tmp_path / "ipython"), "MPLCONFIGDIR": str(tmp_path / "matplotlib")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    notebook = nbformat.read(tmp_path / "ran.ipynb", 4)
    check_ran(notebook)
    texts = texts_of(notebook)
    file = undisturbed.sweep / "results.h5"
    doubts = stored(file, "profiles/doubts")
    assert any(f"{(doubts != '').sum()} of {len(doubts)} WCAMs are doubtful" in text for text in texts)
    # The table of shares, against the stored column.
    case, role, shares = (stored(file, f"profiles/{name}") for name in ("case", "role", "level_share"))
    table = next(text for text in texts if "share_level_1" in text)
    for name in ("baseline", "adv"):
        line = re.search(rf"^{name} +(.*)$", table, re.M)[1]
        mean = shares[(case == name) & (role == "source")].mean(axis=0)
        numpy.testing.assert_allclose([float(number) for number in line.split()], mean, atol=6e-4)


def test_the_committed_notebook_is_small_and_has_run():
    assert NOTEBOOK.stat().st_size < 300_000
    notebook = nbformat.read(NOTEBOOK, 4)
    nbformat.validate(notebook)
    check_ran(notebook)
    assert not re.search(r"/(home|root|tmp|work)/", NOTEBOOK.read_text())
