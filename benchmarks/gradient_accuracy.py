#!/usr/bin/env python3
"""How near do indices of some forwards come to those of very many?

    benchmarks/gradient_accuracy.py BIN TRUTHS.h5 MODELS PHOTOS [--budgets 12,48] [--seeds 4] [--jansen]

BIN: folder of the programs. TRUTHS.h5: a group a truth, with attributes model (a file in MODELS), photo (part of a name
in PHOTOS), label, grid, size, mode, variant ("gray": contrast x 0.03) and variance, and datasets st, st_half_a,
st_half_b [g, g], level_share [L + 1] of cells by their centre. Each is explained by `--estimator gradient` with each
budget and independent Monte Carlo designs, with --jansen also by Jansen's estimator of 4 design points, and compared:

    rank      Spearman with the truth, and over the highest that its own noise allows, sqrt(2 r / (1 + r)) with r that
              between its halves
    top       share of the largest tenth of the cells that is found
    share     error of the worst level's share
    covered   of levels' shares, and of the indices of the largest quarter of the cells, within 95 % intervals
    V         variance over the true one

Medians over seeds, and below the means over truths. Needs Debian's python3-h5py, python3-scipy and python3-pil.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import h5py
import numpy
import PIL.Image
import scipy.stats

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "python"))
import wcam  # noqa: E402

LEVELS = 3


def photograph(photos, truth, folder):
    """The file to explain: resized and cropped here, so that a variant can be made of the very pixels."""
    path = next(path for path in sorted(photos.iterdir()) if truth.attrs["photo"] in path.name)
    size = int(truth.attrs["size"])
    image = PIL.Image.open(path).convert("RGB")
    resize = round(size * 256 / 224)
    scale = resize / min(image.size)
    image = image.resize([round(side * scale) for side in image.size], PIL.Image.BILINEAR)
    left, top = ((side - size) // 2 for side in image.size)
    image = image.crop((left, top, left + size, top + size))
    if truth.attrs["variant"] == "gray":
        image = PIL.Image.fromarray((127.5 + 0.03 * (numpy.asarray(image) - 127.5)).round().astype("u1"))
    image.save(folder / "photograph.png")
    return folder / "photograph.png"


def explained(arguments, truth, image, folder, seed, *options):
    """(map, its stored outputs, settings, pixels a side) of one profile."""
    words = [arguments.bin / "wcam", "explain", image, "--no-resize", "--out", folder / "x.h5", "--mean", "0.5", "--std", "0.5",
             "--model", arguments.models / truth.attrs["model"], "--label", truth.attrs["label"], "--grid", truth.attrs["grid"],
             "--mode", truth.attrs["mode"], "--sampler", "monte-carlo", "--design-seed", seed, *options]  # fmt: skip
    subprocess.run([str(word) for word in words], check=True, stdout=subprocess.DEVNULL)
    study = wcam.open(folder / "x.h5")
    return study.map(0), study.outputs(0), study.plan["wcam"], int(truth.attrs["size"])


def shares(indices, grid):
    """Of levels, cells by their centre."""
    centre = (numpy.maximum(*numpy.mgrid[0:grid, 0:grid]) + 0.5) / grid
    level = numpy.searchsorted(0.5 ** numpy.arange(LEVELS, 0, -1), centre, side="right")
    return numpy.array([indices[level == l].sum() for l in range(LEVELS + 1)]) / indices.sum()


def compared(truth, found):
    indices, outputs, settings, side = found
    st = truth["st"][:]
    halves = scipy.stats.spearmanr(truth["st_half_a"][:].ravel(), truth["st_half_b"][:].ravel()).statistic
    rank = scipy.stats.spearmanr(st.ravel(), indices.ravel()).statistic
    tenth = st.size // 10
    top = len(set(numpy.argsort(-st.ravel())[:tenth]) & set(numpy.argsort(-indices.ravel())[:tenth])) / tenth
    error = shares(indices, len(st)) - truth["level_share"][:]
    row = {"rank": rank, "over highest": rank / numpy.sqrt(2 * halves / (1 + halves)), "top": top, "share": abs(error).max()}
    if settings["estimator"] == "gradient":
        estimate = wcam.gradient_estimate(outputs, settings, side)
        largest = numpy.argsort(-st.ravel())[: st.size // 4]
        off = abs(numpy.log(estimate.indices[largest] / st.ravel()[largest])) / estimate.log_errors[largest]
        row["covered shares"] = (abs(error) < 1.96 * numpy.sqrt(numpy.diag(estimate.share_covariance))).mean()
        row["covered cells"] = (off < 1.96).mean()
        row["V"] = estimate.variance / truth.attrs["variance"]
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("bin", "truths", "models", "photos"):
        parser.add_argument(name, type=pathlib.Path)
    parser.add_argument("--budgets", default="12,48")
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--jansen", action="store_true")
    arguments = parser.parse_args()
    ways = {f"gradient {budget}": ["--estimator", "gradient", "--budget", budget] for budget in arguments.budgets.split(",")}
    if arguments.jansen:
        ways["jansen N=4"] = ["--nb-design", 4]
    with h5py.File(arguments.truths) as truths, tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for way, options in ways.items():
            print(f"{way}, {arguments.seeds} seeds")
            medians = []
            for name, truth in truths.items():
                image = photograph(arguments.photos, truth, folder)
                rows = [compared(truth, explained(arguments, truth, image, folder, seed, *options)) for seed in range(arguments.seeds)]
                medians.append({key: float(numpy.median([row[key] for row in rows])) for key in rows[0]})
                if len(medians) == 1:
                    print(f"{'':20}" + "".join(f"{key:>15}" for key in medians[0]))
                print(f"{name:20}" + "".join(f"{value:15.3f}" for value in medians[-1].values()), flush=True)
            print(f"{'mean':20}" + "".join(f"{numpy.mean([m[key] for m in medians]):15.3f}" for key in medians[0]))


if __name__ == "__main__":
    main()
