"""A sweep whose maps are made up, written with h5py alone as common/store/format.md says: any number of them, any names."""

import dataclasses
import json

import h5py
import numpy


@dataclasses.dataclass
class Sweep:
    """What its results.h5 holds: profiles are dicts, with the columns of the format; maps [R, g, g]."""

    file: object
    profiles: list
    wcam: numpy.ndarray
    standard_error: numpy.ndarray


def text(group, name, values):
    values = [value.encode() for value in values]
    width = max(max(map(len, values)), 1)
    group.create_dataset(name, data=values, dtype=h5py.string_dtype("utf-8", width))


def plan_of(images, variants, cases, classes, grid, side, nb_design):
    return {
        "format": 2, "perturbation": "corruptions", "seed": 95, "variants": variants, "class_lists": [classes],
        "images": [{"path": image, "sha256": f"{i:064x}", "true_label": 0} for i, image in enumerate(images)],
        "cases": [{"name": case, "sha256": "c" * 64, "input_size": side, "resize": side, "class_list": 0,
                   "mean": [0.5] * 3, "std": [0.5] * 3} for case in cases],
        "wcam": {"approximation": "perturb", "design_seed": 42, "estimator": "jansen", "grid": grid, "levels": 3,
                 "mode": "reference", "nb_design": nb_design, "order": "total", "sampler": "sobol"},
        "selection": {"max_altered": 5, "sample_size": len(images)}, "explain": ["predicted", "source"], "replicates": 1,
        "locations": {"images_root": "/nowhere", "models": {case: f"/nowhere/{i}.pt" for i, case in enumerate(cases)}},
    }  # fmt: skip


def maps_of(random, number, grid):
    """Large where coefficients are few, as real ones are; some below 0."""
    y, x = numpy.mgrid[0:grid, 0:grid]
    fall = 0.4 * numpy.exp(-(x + y) / (grid / 4))
    return (fall * random.uniform(0.2, 1, (number, grid, grid)) + random.normal(0, 0.01, (number, grid, grid))).astype("f4")


def make_sweep(folder, images=("a.png",), variants=("corruptions/jpeg/1",), cases=("baseline",), classes=("cat", "dog"),
               grid=8, side=32, nb_design=4, doubtful=(), seed=1):
    """Of each image the source and every variant under every case; those of severity 5 are altered. doubtful: rows."""
    folder.mkdir(parents=True)
    random = numpy.random.default_rng(seed)
    rows = []
    for rank, image in enumerate(images):
        for case in cases:
            for number, variant in enumerate(["source", *variants]):
                altered = variant.endswith("/5")
                role = "source" if number == 0 else "altered" if altered else "unaffected"
                rows.append({
                    "image": image, "variant": variant, "case": case, "role": role, "rank": rank, "role_index": number,
                    "label": int(altered), "explained": "predicted" if altered else "predicted,source",
                    "doubts": "an index above 1" if len(rows) in doubtful else "",
                })  # fmt: skip
    wcam = maps_of(random, len(rows), grid)
    error = random.uniform(0.001, 0.05, wcam.shape).astype("f4") if nb_design > 2 else numpy.full_like(wcam, numpy.inf)
    plan = json.dumps(plan_of(list(images), list(variants), list(cases), list(classes), grid, side, nb_design))
    with h5py.File(folder / "results.h5", "w") as file:
        file.attrs.update(format=numpy.bytes_("wcam-store"), format_version=1, sweep_id=numpy.bytes_("5" * 64),
                          software_version=numpy.bytes_("by hand"), grid=grid, levels=3)  # fmt: skip
        file.create_dataset("plan", data=plan.encode(), dtype=h5py.string_dtype("utf-8", len(plan.encode())))
        number = len(rows)
        p = file.create_group("profiles")
        for name in ("image", "variant", "case", "role", "explained", "doubts"):
            text(p, name, [row[name] for row in rows])
        for name, value in {"perturbation": "corruptions", "device": "cpu", "estimator": "jansen-total", "control_of": "",
                            "provenance": "by hand"}.items():
            text(p, name, [value] * number)
        p["job"] = numpy.arange(1, number + 1, dtype="u8")
        p["attempt"], p["replicate"] = numpy.ones(number, "u4"), numpy.zeros(number, "u4")
        p["batch_size"], p["seconds"] = numpy.full(number, 8, "u4"), numpy.ones(number)
        p["label"] = numpy.array([row["label"] for row in rows], "i8")
        for name in ("rank", "role_index"):
            p[name] = numpy.array([row[name] for row in rows], "u4")
        for name in ("logit", "robustness_margin", "spatial_spread", "forward_equivalents"):
            p[name] = numpy.ones(number, "f4")
        p["severity_difference"] = numpy.full(number, numpy.nan, "f4")
        p["wcam"], p["standard_error"] = wcam, error
        p["outputs"] = numpy.zeros((number, nb_design * (1 + grid * grid)), "f4")
        p["level_share"] = p["level_contributions"] = numpy.full((number, 4), 0.25, "f4")
        p["spectral_profile"] = numpy.ones((number, 7), "f4")
        q = file.create_group("predictions")
        for name in ("image", "variant", "case"):
            text(q, name, [row[name] for row in rows])
        for name, value in {"perturbation": "corruptions", "provenance": "by hand"}.items():
            text(q, name, [value] * number)
        q["job"], q["attempt"] = numpy.arange(1, number + 1, dtype="u8"), numpy.ones(number, "u4")
        q["label"], q["logit"] = p["label"][:], numpy.ones(number, "f4")
        q["probability"] = numpy.linspace(0.5, 0.9, number, dtype="f4")
        i = file.create_group("images")
        shown = list(dict.fromkeys((row["image"], row["variant"]) for row in rows))
        text(i, "image", [image for image, _ in shown])
        text(i, "variant", [variant for _, variant in shown])
        # Plain colours with noise, so that a photograph is known by its mean.
        pixels = random.integers(40, 216, (len(shown), 1, 1, 3)) + random.integers(-40, 40, (len(shown), side, side, 3))
        i.create_dataset("pixels", data=pixels.astype("u1"), chunks=(1, side, side, 3), compression="gzip")
        text(i, "caution", [""] * len(shown))
    return Sweep(folder / "results.h5", rows, wcam, error)
