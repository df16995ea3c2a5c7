"""Every derived column of a store, computed again in NumPy and SciPy from `wcam` and `outputs` by the formulas of
common/store/format.md: grids whose cells straddle the borders between levels, both modes, every treatment of the
approximation. What is computed here shares no code with what is read."""

import hashlib
import json

import h5py
import numpy
import pytest
import scipy.ndimage
import torch

from conftest import ROOT, Study, run, textured_image, write_png

MODELS = ROOT / "models/demo/models.json"
S = 224
STORES = {  # grid, options
    "published": (14, []),
    "published-whole-cells": (8, []),
    "published-keep": (10, ["--approximation", "keep"]),
    "published-drop": (14, ["--approximation", "drop", "--levels", 2]),
    "corrected": (14, ["--mode", "corrected"]),
    "corrected-drop": (10, ["--mode", "corrected", "--approximation", "drop"]),
    "first-order": (8, ["--mode", "corrected", "--estimator", "saltelli", "--order", "first", "--nb-design", 8]),
    "two-points": (8, ["--nb-design", 2]),
}


class Store:
    """The one WCAM of a file, in float64, with what its plan says of it."""

    def __init__(self, path):
        with h5py.File(path) as file:
            self.grid, self.levels = int(file.attrs["grid"]), int(file.attrs["levels"])
            plan = json.loads(file["plan"][()])
            self.settings, self.case = plan["wcam"], plan["cases"][0]
            self.pixels = file["images/pixels"][0]
            self.label = int(file["profiles/label"][0])
            self.sufficient = int(file["profiles/sufficient_cells"][0]), int(file["profiles/sufficient_cells_stay"][0])
            for name in ("wcam", "standard_error", "outputs", "level_share", "level_contributions", "spectral_profile",
                         "robustness_margin", "spatial_spread", "logit"):  # fmt: skip
                setattr(self, name, file[f"profiles/{name}"][0].astype("f8"))
        self.published = self.settings["mode"] == "reference"
        self.whole_approximation = self.settings["approximation"] == "perturb"
        self.block = S >> self.levels
        self.cell_of_pixel = numpy.arange(S) * self.grid // S
        y, x = numpy.mgrid[0:S, 0:S]
        self.counts = (numpy.maximum(x, y) >= self.block) | self.whole_approximation  # pixels that a mask alters

    def bands(self):
        """(level, rows, columns) of the approximation, level 0 here, then from coarse to fine: along W, H, both."""
        yield 0, slice(0, self.block), slice(0, self.block)
        for level in range(1, self.levels + 1):
            near, far = slice(0, self.block << level - 1), slice(self.block << level - 1, self.block << level)
            yield from ((level, near, far), (level, far, near), (level, far, far))

    def live_cells(self):
        """Those with a pixel that counts, in row-major order."""
        live = numpy.zeros((self.grid, self.grid), bool)
        numpy.logical_or.at(live, (self.cell_of_pixel[:, None], self.cell_of_pixel[None, :]), self.counts)
        return live

    def per_pixel(self):
        return numpy.where(self.counts, self.wcam[numpy.ix_(self.cell_of_pixel, self.cell_of_pixel)], 0)

    def drawn(self):
        """The published bicubic map: Keys's kernel with -0.75, border replicated."""
        return bicubic(self.grid, S) @ self.wcam @ bicubic(self.grid, S).T


def bicubic(grid, side):
    """[side, grid]: weights of the cells in each pixel."""
    a = -0.75
    position = (numpy.arange(side) + 0.5) * grid / side - 0.5
    cells = numpy.floor(position).astype(int)[:, None] + numpy.arange(-1, 3)
    d = abs(position[:, None] - cells)
    weights = numpy.where(d <= 1, (a + 2) * d**3 - (a + 3) * d**2 + 1, a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a)
    matrix = numpy.zeros((side, grid))
    numpy.add.at(matrix, (numpy.arange(side)[:, None], cells.clip(0, grid - 1)), weights)
    return matrix


def explained(folder, *options):
    write_png(folder / "a.png", textured_image(3))
    words = ("wcam", "explain", folder / "a.png", "--models", MODELS, "--case", "augmix", "--out", folder / "x.h5")
    run(*words, *options)
    return Store(folder / "x.h5")


@pytest.fixture(scope="module", params=STORES)
def store(request, tmp_path_factory):
    grid, options = STORES[request.param]
    return explained(tmp_path_factory.mktemp("columns"), "--grid", grid, *options)


def estimate(store, keep):
    """Indices of the live cells from the design points `keep`."""
    samples = store.outputs.reshape(-1, store.settings["nb_design"])[:, keep]
    n, total, published = samples.shape[1], store.settings["order"] == "total", store.published
    a, b = samples[:2]  # b is C_0 where B is not evaluated, and not used then
    c = samples[1 if total else 2 :]
    f, v = (a.mean(), a.var(ddof=1)) if published else (samples.mean(), samples.var(axis=1, ddof=1).mean())
    x = a if total else b
    divisor = n / (n - 1) if total and published else 1

    def mean(values):
        return values.mean(axis=-1)

    match store.settings["estimator"]:
        case "jansen":
            half = mean((x - c) ** 2) / (2 * v)
            return half if total else 1 - half
        case "homma" if total:
            return (v - mean(a * c) + f**2) / v if published else mean((a - f) * (a - c)) / v
        case "homma":
            return (mean(b * c) - f**2) / v if published else mean((b - f) * (c - f)) / v
        case "saltelli" if total:
            return 1 - (mean(a * c) - f**2) / v if published else mean((a - f) * (a - c)) / v
        case "saltelli":
            return mean(b * (c - a)) / v if published else mean((b - f) * (c - a)) / v
        case "janon":
            m = mean(x + c) / 2
            first = (mean(x * c) - m**2) / (divisor * mean(x**2 + c**2) / 2 - m**2)
        case "glen":
            first = divisor * numpy.array([numpy.corrcoef(x, cell)[0, 1] for cell in c])
    return 1 - first if total else first


def test_indices_are_those_of_the_outputs(store):
    everything = numpy.arange(store.settings["nb_design"])
    numpy.testing.assert_allclose(store.wcam[store.live_cells()], estimate(store, everything), rtol=2e-5, atol=2e-6)
    assert not store.wcam[~store.live_cells()].any()


@pytest.mark.parametrize("mode", ["reference", "corrected"])
@pytest.mark.parametrize("order", ["total", "first"])
@pytest.mark.parametrize("estimator", ["jansen", "homma", "saltelli", "janon", "glen"])
def test_every_estimator_is_what_the_format_says(estimator, order, mode, tmp_path):
    store = explained(tmp_path, "--grid", 4, "--levels", 2, "--nb-design", 16, "--estimator", estimator,
                      "--order", order, "--mode", mode)  # fmt: skip
    found = estimate(store, numpy.arange(16))
    numpy.testing.assert_allclose(store.wcam[store.live_cells()], found, rtol=1e-4, atol=1e-5)


def test_standard_errors_are_a_jackknife_over_design_points(store):
    n = store.settings["nb_design"]
    if n == 2:
        assert numpy.isinf(store.standard_error).all()
        return
    without = numpy.array([estimate(store, numpy.arange(n) != j) for j in range(n)])
    jackknife = numpy.sqrt((n - 1) * without.var(axis=0))
    numpy.testing.assert_allclose(store.standard_error[store.live_cells()], jackknife, rtol=2e-4, atol=2e-6)


def test_level_share_splits_cells_by_area(store):
    area = numpy.zeros((store.levels + 1, store.grid, store.grid))  # pixels that each level has of each cell
    rows, columns = numpy.meshgrid(store.cell_of_pixel, store.cell_of_pixel, indexing="ij")
    for level, y, x in store.bands():
        numpy.add.at(area[level], (rows[y, x], columns[y, x]), store.counts[y, x])
    owned = area / numpy.maximum(area.sum(axis=0), 1)
    shares = (owned * store.wcam).sum(axis=(1, 2)) / store.wcam.sum()
    numpy.testing.assert_allclose(store.level_share, shares, rtol=1e-4, atol=2e-6)
    assert store.level_share.sum() == pytest.approx(1, abs=1e-5)
    straddles = ((area > 0).sum(axis=0) > 1).any()
    if store.whole_approximation:  # some stores show what becomes of such cells
        assert straddles == (store.grid % 2**store.levels > 0)


def test_level_contributions_are_means_over_squares_less_squares(store):
    if not store.published:
        assert (store.level_contributions == store.level_share).all()
        return
    drawn, means = store.drawn(), []
    for level in range(store.levels + 1, 0, -1):
        ring = numpy.ones((S >> level - 1, S >> level - 1), bool)
        ring[: S >> level, : S >> level] = False
        means.append(drawn[: len(ring), : len(ring)][ring].mean())
    numpy.testing.assert_allclose(store.level_contributions, numpy.array(means) / sum(means), rtol=1e-4, atol=1e-6)


def test_spectral_profile_is_a_mean_by_subband(store):
    if store.published:
        drawn, b = store.drawn(), store.block
        profile = [drawn[: 2 * b, : 2 * b].sum() / b**2]
        for c in (b << level for level in range(1, store.levels)):
            profile += [drawn[:c, c : 2 * c].mean(), drawn[c : 2 * c, c : 2 * c].mean(), drawn[c : 2 * c, :c].mean()]
    else:
        profile = [store.per_pixel()[y, x].mean() for _, y, x in store.bands()]
    numpy.testing.assert_allclose(store.spectral_profile, profile, rtol=1e-4, atol=1e-6)


def test_robustness_margin_is_percent_in_the_approximation(store):
    if store.published:
        drawn = store.drawn()
        margin = 100 * drawn[: store.block, : store.block].sum() / drawn.sum()
    else:
        margin = 100 * store.level_share[0] if store.whole_approximation else numpy.nan
    assert store.robustness_margin == pytest.approx(margin, rel=1e-4, abs=1e-4, nan_ok=True)


def spatial_map(store):
    """Sum over subbands of each, stretched to the whole image."""
    pixels = store.drawn() if store.published else store.wcam[numpy.ix_(store.cell_of_pixel, store.cell_of_pixel)]
    total = numpy.zeros((S, S))
    for _, y, x in store.bands():
        edges = [edge * store.grid for edge in (y.start, x.start, y.stop - y.start)]
        if not store.published and all(edge % S == 0 for edge in edges):  # its own cells
            row, column, side = (edge // S for edge in edges)
            block = store.wcam[row : row + side, column : column + side]
        else:
            block = pixels[y, x]
        total += bicubic(len(block), S) @ block @ bicubic(len(block), S).T
    return total


def test_spatial_spread_is_a_distance_between_maxima(store):
    total = spatial_map(store)
    above = total > numpy.quantile(total, 0.9)
    regions, count = scipy.ndimage.label(above, numpy.ones((3, 3)))
    areas = [regions == k for k in range(1, count + 1)]
    if store.published:  # each filled, and each of its holes with the pixels around it once more
        filled = [scipy.ndimage.binary_fill_holes(area) for area in areas]
        for area in areas:
            holes, number = scipy.ndimage.label(scipy.ndimage.binary_fill_holes(area) & ~area)
            filled += [scipy.ndimage.binary_dilation(holes == k) for k in range(1, number + 1)]
        areas = filled
    maxima = [numpy.unravel_index(numpy.where(area, total, -numpy.inf).argmax(), total.shape) for area in areas]
    places = numpy.array(maxima, float)
    if store.published:
        spread = numpy.sort(numpy.hypot(*(places - places.mean(axis=0)).T))[-2:].sum()
    else:
        spread = max(numpy.hypot(*(p - q)) for p in places for q in places)
    assert store.spatial_spread == pytest.approx(spread if len(places) > 1 else 0, rel=1e-4)


def blocks(x, n):
    """The four pixels of each 2 x 2 block of [..., n, n]."""
    return (x[..., row:n:2, column:n:2] for row in (0, 1) for column in (0, 1))


def haar(x, levels):
    """[3, S, S] -> its transform: approximation upper left, along W upper right, along H lower left."""
    x = x.copy()
    for n in (S >> level for level in range(levels)):
        p, q, r, s = blocks(x, n)
        above = numpy.concatenate([p + q + r + s, p - q + r - s], axis=-1)
        below = numpy.concatenate([p + q - r - s, p - q - r + s], axis=-1)
        x[..., :n, :n] = numpy.concatenate([above, below], axis=-2) / 2
    return x


def inverse_haar(x, levels):
    x = x.copy()
    for n in (S >> level for level in reversed(range(levels))):
        h = n // 2
        a, w, v, d = (x[..., y : y + h, z : z + h].copy() for y in (0, h) for z in (0, h))
        for part, value in zip(blocks(x, n), (a + w + v + d, a - w + v - d, a + w - v - d, a - w - v + d)):
            part[...] = value / 2
    return x


def ladder(cells):
    k, numbers = 1, [1]
    while k < cells:
        k = k + 1 if k < 10 else -(-11 * k // 10)
        numbers.append(min(k, cells))
    return numbers


def shown_to_the_classifier(store, coefficients, kept, mean, std):
    """[3, S, S] of the coefficients in the cells `kept` alone."""
    mask = kept[numpy.ix_(store.cell_of_pixel, store.cell_of_pixel)].astype(float)
    if not store.whole_approximation:
        mask[: store.block, : store.block] = store.settings["approximation"] == "keep"
    z = inverse_haar(coefficients * mask, store.levels)
    if store.published:
        z = numpy.trunc(255 * (z - z.min()) / (z.max() - z.min())) / 255 if z.max() > z.min() else 0 * z
    return (z - mean) / std


def ladder_of_classes(store):
    """(k, class that PyTorch gives the image from k cells, by how much that is ahead) for each k of the ladder."""
    mean, std = (numpy.array(store.case[name]).reshape(3, 1, 1) for name in ("mean", "std"))
    x = store.pixels.transpose(2, 0, 1) / 255
    coefficients = haar((x - mean) / std if store.published else x, store.levels)
    live = numpy.flatnonzero(store.live_cells())
    order = live[numpy.argsort(-store.wcam.ravel()[live], kind="stable")]
    network = torch.jit.load(str(MODELS.parent / f"{store.case['name']}.pt")).eval()
    for k in ladder(len(order)):
        kept = numpy.isin(numpy.arange(store.grid**2), order[:k]).reshape(store.grid, store.grid)
        picture = shown_to_the_classifier(store, coefficients, kept, mean, std)
        with torch.no_grad():
            logits = network(torch.from_numpy(picture.astype("f4"))[None])[0].numpy()
        second, first = numpy.sort(logits)[-2:]
        yield k, int(logits.argmax()), first - second


# Of a cup of coffee: the class is there from some number on; lost and found; lost at the end; never there.
SUFFICIENT = {
    "published": ["baseline", "--grid", 28, "--nb-design", 2],
    "lost-and-found": ["adv", "--grid", 14],
    "keep": ["adv", "--grid", 12, "--approximation", "keep", "--levels", 4],
    "drop": ["baseline", "--grid", 14, "--approximation", "drop", "--levels", 5],
    "lost-at-the-end": ["baseline", "--grid", 14, "--approximation", "drop", "--levels", 5, "--label", 9],
    "corrected": ["baseline", "--grid", 20, "--nb-design", 2, "--mode", "corrected"],
}


@pytest.mark.parametrize("case, options", [(case, options) for case, *options in SUFFICIENT.values()], ids=SUFFICIENT)
def test_sufficient_cells_are_those_with_which_pytorch_gives_the_class(case, options, tmp_path):
    with h5py.File(ROOT / "tests/golden/wcam.h5") as golden:
        write_png(tmp_path / "coffee.png", golden["images/rgb_uint8"][1])
    words = ("wcam", "explain", tmp_path / "coffee.png", "--models", MODELS, "--case", case, "--sufficient")
    run(*words, "--out", tmp_path / "x.h5", *options)
    store = Store(tmp_path / "x.h5")
    asked = list(ladder_of_classes(store))
    assert min(ahead for _, _, ahead in asked) > 0.05, "too near to call: another picture is needed"
    gives = [k for k, label, _ in asked if label == store.label]
    lost = [i for i, (_, label, _) in enumerate(asked) if label != store.label]
    kept = [k for k, _, _ in asked[lost[-1] + 1 if lost else 0 :]]
    assert store.sufficient == (gives[0] if gives else -1, kept[0] if kept else -1)


def test_sufficient_cells_are_0_unless_they_were_asked_for(store):
    assert store.sufficient == (0, 0)


def job_of(*words):
    name = "".join(f"{word}\0" for word in words).encode()
    return int.from_bytes(hashlib.sha256(name).digest()[:8], "big") // 2


def check_jobs(sweep):
    """Of every row; the labels and replicates explained, and the blocks of variants that were predicted."""
    with h5py.File(sweep / "results.h5") as file:
        plan = json.loads(file["plan"][()])
        profiles, predictions = ({name: data.asstr()[:] if h5py.check_string_dtype(data.dtype) else data[:]
                                  for name, data in file[group].items() if data.ndim == 1}
                                 for group in ("profiles", "predictions"))  # fmt: skip
    kinds = set()
    for job, image, variant, case, explained, replicate in zip(
        *(profiles[name] for name in ("job", "image", "variant", "case", "explained", "replicate"))
    ):
        kind = explained.split(",")[0]
        kinds.add((kind, int(replicate)))
        more = [] if (kind, replicate) == ("predicted", 0) else [kind, replicate]
        assert job == job_of("explain", image, variant, case, *more), (variant, explained, replicate)
    borders = [before["variants"] for before in plan.get("extends", [])]
    blocks = [plan["variants"][begin:end] for begin, end in zip([0, *borders], [*borders, None])]
    names = {variant: "" if k == 0 else ",".join(block) for k, block in enumerate(blocks) for variant in block}
    names["source"] = ""
    for job, image, variant, case in zip(*(predictions[name] for name in ("job", "image", "variant", "case"))):
        assert job == job_of("predict", image, names[variant], case), variant
    return kinds, len({names[variant] for variant in predictions["variant"]})


def test_jobs_are_named_by_what_they_are(tmp_path):
    study = Study(tmp_path)
    study.OPTIONS = {"--grid": "4", "--nb-design": "2", "--severities": "5", "--max-altered": "1", "--sample-size": "1"}
    study.run("--explain", "predicted,source", "--replicates", "2")
    every = {(kind, replicate) for kind in ("predicted", "source") for replicate in (0, 1)}
    assert check_jobs(study.sweep) == (every, 1)
    for severities in ("4,5", "3,4,5"):
        run("wcam", "run", "--sweep", study.sweep, "--extend", "--severities", severities)
    assert check_jobs(study.sweep) == (every, 3)


def test_what_explain_writes_is_named_by_image_and_case_alone(tmp_path):
    explained(tmp_path, "--grid", 4, "--nb-design", 2, "--label", 3)
    with h5py.File(tmp_path / "x.h5") as file:
        image = file["profiles/image"].asstr()[0]
        assert file["profiles/job"][0] == job_of("explain", image, "source", "augmix")
        assert file["predictions/job"][0] == job_of("predict", image, "", "augmix")
