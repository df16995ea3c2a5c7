"""`--estimator gradient`: slopes and energies against PyTorch's autograd through the whole network and transform,
indices from them against the Python module, and the estimator in sweeps that are extended, reported and drawn."""

import csv
import json
import subprocess
import sys

import h5py
import numpy
import pytest
import torch

from conftest import ROOT, Study, run, textured_image, write_png

sys.path.insert(0, str(ROOT / "python"))
import wcam  # noqa: E402

MODELS = ROOT / "models/demo/models.json"
MEAN, STD = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
S = 224
torch._C._jit_set_profiling_executor(False)  # PyTorch 2.6 hangs otherwise, differentiating a frozen network


def haar(image, levels, inverse=False):
    """Orthonormal, of [3, S, S], in quadrants; by matrices, as no other implementation here."""
    for level in range(levels - 1, -1, -1) if inverse else range(levels):
        n = S >> level
        step = torch.zeros(S, S, dtype=image.dtype)
        step[n:, n:] = torch.eye(S - n)
        pair = torch.arange(n // 2)
        step[pair, 2 * pair] = step[pair, 2 * pair + 1] = step[n // 2 + pair, 2 * pair] = 0.5**0.5
        step[n // 2 + pair, 2 * pair + 1] = -(0.5**0.5)
        step = step.T if inverse else step
        done = step @ image @ step.T
        inside = torch.zeros(S, S, dtype=bool)
        inside[:n, :n] = True
        image = torch.where(inside, done, image)
    return image


class Truncated(torch.autograd.Function):
    @staticmethod
    def forward(_, x):
        return torch.trunc(x)

    @staticmethod
    def backward(_, slope):
        return slope


def logit(network, label, masks, coefficients, mode):
    """Of one picture, from a mask [S, S] of its coefficients."""
    mean, std = (torch.tensor(values, dtype=torch.float64)[:, None, None] for values in (MEAN, STD))
    z = haar(coefficients * masks, 3, inverse=True)
    if mode == "reference":
        z = Truncated.apply((z - z.min()) / (z.max() - z.min()) * 255) / 255
    return network(((z - mean) / std).float()[None])[0, label]


@pytest.mark.parametrize("mode", ["reference", "corrected"])
@pytest.mark.parametrize("approximation", ["perturb", "keep", "drop"])
def test_slopes_and_energies_are_those_of_pytorch(mode, approximation, tmp_path):
    g, n = 14, 3
    random = numpy.random.default_rng(5)
    with h5py.File(tmp_path / "design.h5", "w") as file:
        file["A"], file["B"] = random.random((n, g * g)), random.random((n, g * g))
        design = file["A"][:]
    write_png(tmp_path / "a.png", textured_image(3))
    run("wcam", "explain", tmp_path / "a.png", "--models", MODELS, "--case", "adv", "--out", tmp_path / "x.h5", "--grid", g,
        "--estimator", "gradient", "--nb-design", n, "--mode", mode, "--approximation", approximation,
        "--design", tmp_path / "design.h5", "--batch-size", 2)  # fmt: skip
    with h5py.File(tmp_path / "x.h5") as file:
        outputs, label = file["profiles/outputs"][0], int(file["profiles/label"][0])
        pixels = file["images/pixels"][0].astype("f8").transpose(2, 0, 1) / 255
        assert file["profiles/forward_equivalents"][0] == 1 + 3 * n

    mean, std = (numpy.array(values)[:, None, None] for values in (MEAN, STD))
    coefficients = haar(torch.from_numpy((pixels - mean) / std if mode == "reference" else pixels), 3)
    counts = torch.ones(S, S, dtype=bool)
    counts[: S // 8, : S // 8] = approximation == "perturb"
    if approximation == "drop":
        coefficients[:, : S // 8, : S // 8] = 0
    cell = numpy.arange(S) * g // S
    live = numpy.flatnonzero([counts.numpy()[numpy.ix_(cell == i // g, cell == i % g)].any() for i in range(g * g)])
    network = torch.jit.freeze(torch.jit.load(str(MODELS.parent / "adv.pt")).eval())
    found = outputs[n:].reshape(2, len(live), n)
    for k in range(n):
        mask = torch.from_numpy(design[k].astype("f4").astype("f8").reshape(g, g)[numpy.ix_(cell, cell)])
        mask = torch.where(counts, mask, torch.ones_like(mask)).requires_grad_()
        y = logit(network, label, mask, coefficients, mode)
        (slope,) = torch.autograd.grad(y, mask)
        slope = torch.where(counts, slope, torch.zeros_like(slope)).numpy()
        by_cell = slope.reshape(g, S // g, g, S // g)
        expected = by_cell.sum(axis=(1, 3)).ravel()[live], (by_cell**2).sum(axis=(1, 3)).ravel()[live]
        assert outputs[k] == pytest.approx(y.item(), rel=2e-3, abs=2e-3)
        for stored, computed in zip(found[:, :, k], expected):
            # Truncation to 8 bits turns rounding into a grey step in a few pixels.
            close = 0.02 if mode == "reference" else 1e-3
            assert abs(stored - computed).max() < close * abs(computed).max()


def check_case():
    """Given with the estimator: shapes and values by formulas."""
    k, i = numpy.arange(1, 4), numpy.arange(8)[:, None]
    return (numpy.array([1, 1.5, 0.7]), numpy.sin(3 * k + i) / (1 + i), 0.1 * (1 + numpy.cos(k * (i + 1))) / (1 + i),
            numpy.array([0, 0, 1, 1, 2, 2, 3, 3]), 4)  # fmt: skip


def test_the_python_module_gives_the_values_of_the_check_case():
    found = wcam._gradient_estimate(*check_case())
    close = {"rtol": 0, "atol": 1e-6}
    numpy.testing.assert_allclose(found.numerators, [0.012448, 0.012156, 0.007382, 0.007428, 0.001275, 0.003437, 0.000741, 0.000393], **close)
    numpy.testing.assert_allclose(found.indices, [0.412588, 0.402924, 0.244665, 0.246199, 0.042274, 0.113914, 0.024554, 0.013017], **close)
    numpy.testing.assert_allclose(found.shares, [0.543626, 0.327213, 0.104116, 0.025045], **close)
    numpy.testing.assert_allclose(numpy.sqrt(numpy.diag(found.share_covariance)), [0.146069, 0.134457, 0.053576, 0.013654], **close)
    numpy.testing.assert_allclose(found.log_errors, numpy.repeat([0.780804, 0.825473, 0.877699, 0.898496], 2), **close)
    assert (found.variance, found.log_variance_error) == pytest.approx((0.03017, 0.49373), abs=1e-6)
    assert found.log_sum_error == pytest.approx(0.197904, abs=1e-6)


def test_a_network_without_a_gradient_is_refused_in_words(tmp_path):
    class Rounded(torch.nn.Module):
        def forward(self, x):
            return torch.round(x).mean((2, 3))

    torch.jit.script(Rounded()).save(str(tmp_path / "rounded.pt"))
    write_png(tmp_path / "a.png", textured_image(3))
    words = ["explain", tmp_path / "a.png", "--model", tmp_path / "rounded.pt", "--out", tmp_path / "x.h5", "--grid", 8]
    run("wcam", *words)
    said = run("wcam", *words, "--estimator", "gradient", code=3).stderr
    assert "case 'rounded'" in said and "gives no gradient of its logits" in said, said


@pytest.fixture(scope="module")
def grown(tmp_path_factory):
    """A sweep from gradients, with replicates, extended by design points."""
    study = Study(tmp_path_factory.mktemp("gradient"))
    study.OPTIONS = {"--grid": "14", "--severities": "5", "--corruptions": "contrast,jpeg", "--sample-size": "2", "--select": "all",
                     "--replicates": "2", "--estimator": "gradient", "--budget": "15"}  # fmt: skip
    study.planned = json.loads(run("wcam", "plan", *study.arguments()[1:], "--no-measure", "--json").stdout)
    study.run()
    with h5py.File(study.sweep / "results.h5") as file:
        study.before = dict(zip(file["profiles/job"][:].tolist(), file["profiles/outputs"][:]))
    words = ["--sweep", study.sweep, "--extend", "--budget", "36"]
    study.to_come = json.loads(run("wcam", "plan", *words, "--no-measure", "--json").stdout)
    run("wcam", "run", *words)
    return study


def test_a_plan_counts_a_backward_as_two_forwards(grown):
    assert grown.planned["explain"]["forwards_each"] == 1 + 3 * 5
    assert grown.to_come["explain"]["forwards_each"] == 1 + 3 * 12
    assert grown.to_come["explain"]["forwards_there"] == len(grown.before) * 3 * 5


def test_more_points_keep_those_that_were_there(grown):
    with h5py.File(grown.sweep / "results.h5") as file:
        assert json.loads(file["plan"][()])["wcam"]["nb_design"] == 12
        for job, outputs in zip(file["profiles/job"][:].tolist(), file["profiles/outputs"][:]):
            numpy.testing.assert_array_equal(outputs.reshape(-1, 12)[:, :5], grown.before[job].reshape(-1, 5))


def test_indices_errors_and_shares_are_those_of_the_python_module(grown):
    study = wcam.open(grown.sweep)
    for row in range(len(study.profiles)):
        found = wcam.gradient_estimate(study.outputs(row), study.plan["wcam"], S)
        numpy.testing.assert_allclose(study.map(row).ravel(), found.indices, rtol=2e-5, atol=1e-9)
        numpy.testing.assert_allclose(study.standard_error(row).ravel(), found.indices * found.log_errors, rtol=2e-5, atol=1e-9)
    run("wcam", "export", grown.sweep, "--csv", grown.folder / "csv")
    with (grown.folder / "csv/profiles.csv").open(newline="") as file:
        exported = {int(row["job"]): row for row in csv.DictReader(file)}
    for name in study.level_names:
        errors = [float(exported[job][f"share_{name}_se"]) for job in study.profiles["job"]]
        numpy.testing.assert_allclose(study.profiles[f"share_{name}_se"], errors, rtol=1e-4)


def test_outputs_of_gradients_are_no_logits_for_other_estimators(grown):
    study = wcam.open(grown.sweep)
    with pytest.raises(ValueError, match="gradient_estimate"):
        wcam.indices(study.outputs(0), {**study.plan["wcam"], "estimator": "jansen"})


def test_report_and_figures_take_standard_errors_for_factors(grown):
    run("wcam", "report", grown.sweep)
    report = next(grown.sweep.rglob("report.html")).read_text()
    assert "The indices come from gradients" in report
    run("wcam", "gallery", grown.sweep, "--out", grown.folder / "gallery.html")
    assert '"factors":true' in (grown.folder / "gallery.html").read_text()
    for kind in ("mean", "difference"):
        run("wcam", "plot", kind, grown.sweep, "--out", grown.folder / kind)


def test_figures_of_one_image_have_no_error_to_draw(tmp_path):
    """Nothing tells the spread of one map from gradients, and none of its cells is within noise of 0."""
    study = Study(tmp_path)
    study.OPTIONS = {"--grid": "8", "--severities": "5", "--corruptions": "contrast", "--sample-size": "1", "--select": "all",
                     "--estimator": "gradient", "--budget": "12"}  # fmt: skip
    study.run()
    for kind in ("mean", "difference", "figure-5"):
        run("wcam", "plot", kind, study.sweep, "--out", tmp_path / kind)
        texts = "".join(subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True, check=True).stdout for path in (tmp_path / kind).rglob("*.pdf"))
        assert texts and "two standard errors" not in texts, texts
