"""Results of wcam in Python: a sweep's folder, its results.h5, one segment, or what `wcam explain --out` wrote.

    import wcam
    study = wcam.open("study")
    study.profiles.groupby(["case", "role"])["share_approximation"].mean()
    study.plot_wcams("cat.jpg", ["baseline", "augmix"])

Needs h5py and NumPy; tables need pandas and figures matplotlib, which are imported where they are used. Files are
opened for the moment of a read, so that a running sweep may replace its results.h5 meanwhile. What stored columns mean,
with formulas, is in common/store/format.md; what the tables here add, `help(wcam.Study.profiles)` says.

Shapes: g = grid, L = levels, S = pixels a side, R = rows, N = design points, F = forwards. Indices are shares of the
logit's variance, without unit.
"""

from __future__ import annotations

import collections
import contextlib
import functools
import json
import operator
import os
import pathlib
import warnings
import zlib
from typing import Any, Iterable, Iterator, NamedTuple, Sequence

import h5py
import numpy as np

__all__ = ["GradientEstimate", "Study", "gradient_estimate", "indices", "level_areas", "open"]

FORMAT_VERSION = 1
ROLES = ["source", "altered", "unaffected"]
# Columns that every version of the format has.
REQUIRED = {
    "profiles": "job attempt image perturbation variant case role rank role_index label logit wcam standard_error "
                "outputs level_share level_contributions spectral_profile robustness_margin spatial_spread "
                "forward_equivalents batch_size seconds device estimator".split(),
    "predictions": "job attempt image perturbation variant case label logit probability".split(),
    "images": "image variant pixels".split(),
}  # fmt: skip
# Columns that files of earlier versions lack, and what a reader takes them for (format.md).
DEFAULTS: dict[str, dict[str, Any]] = {
    "profiles": {
        "explained": "",
        "replicate": np.uint32(0),
        "control_of": "",
        "severity_difference": np.float32(np.nan),
        "sufficient_cells": np.int64(0),
        "sufficient_cells_stay": np.int64(0),
        "provenance": "",
        "form": "",
        "doubts": "",
    },
    "predictions": {"provenance": ""},
    "images": {"caution": ""},
}
TOP = {"top_labels": -1, "top_probabilities": np.nan}  # the same, where other files of the sweep have them
ARRAYS = ("wcam", "standard_error", "outputs", "pixels")  # large: read by row, checked by block
Header = tuple[str, int, int]  # sweep's id, grid, levels
BLOCK = 256  # rows of them at once: 3 MiB of outputs at the usual setting


def open(path: str | os.PathLike[str]) -> Study:  # noqa: A001  (wcam.open, as gzip.open)
    """A sweep's folder or one file of results. ValueError or OSError naming the file when it is none.

    Values are held against the CRC-32 that is stored with each column, a whole column at a time:
    - segments that no results.h5 has yet: every column, here. Those that are damaged or of another sweep are left out,
      with a warning that says why: `wcam retry SWEEP --damaged` mends that;
    - results.h5, or one file of results: a column when it is first read, those of a table together, each of maps,
      outputs and pixels with the first row of it that is asked for (pictures take 2 ms each, once; the others 0.1 s
      for 4,000 rows). Damage is an error: `wcam verify SWEEP` says what it spoils.
    Not checked: columns without a CRC-32, written by others, and the plan in results.h5, which counts where there is no
    plan.json."""
    return Study(pathlib.Path(path))


class _NewerFormat(ValueError):
    """A file of a later version: sound for all that is known, so it is not left out but refused."""


class Study:
    """What is stored of a sweep. Attributes: path; plan, the plan's JSON as a dictionary, None for a lone segment;
    sweep_id, 64 hex digits, empty for what `wcam explain` wrote; grid, levels; level_names, of the L + 1 shares."""

    def __init__(self, path: pathlib.Path):
        self.path = path
        self.plan: dict[str, Any] | None = None
        self._places: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self._checked: set[tuple[pathlib.Path, str]] = set()  # columns of ARRAYS whose values are those written
        self._files = _sources(path) if path.is_dir() else [path]
        self._packed = path.is_dir() and self._files[:1] == [path / "results.h5"]
        if path.is_dir() and (path / "plan.json").exists():
            self.plan = _plan((path / "plan.json").read_bytes(), path / "plan.json")
        self._files, header = self._sound()
        if header is not None:
            self.sweep_id, self.grid, self.levels = header
        elif self.plan is not None:  # nothing has been computed yet
            self.sweep_id, self.grid, self.levels = "", self.plan["wcam"]["grid"], self.plan["wcam"]["levels"]
        else:
            raise ValueError(f"{path} is no sweep: neither plan.json nor results.h5 nor segments are in it")
        self.level_names = ["approximation"] + [f"level_{k}" for k in range(self.levels, 0, -1)]

    def __repr__(self) -> str:
        count = len(self._kept("profiles")[0])
        return f"<wcam.Study {self.path}: {count} profiles, grid {self.grid}, {self.levels} levels>"

    # Tables

    @functools.cached_property
    def profiles(self):
        """One row a WCAM, as a pandas DataFrame: row r of it is what map(r) and outputs(r) take. In the order of the
        figures: by rank, case, role, role_index. The stored columns of one value a row, and

        corruption, severity        of the variant: "motion-blur", 3; "source", 0; 0 in families without severities
        class_name                  of `label`; its number where the classifier came without names
        probability                 soft-max at `label`, from predictions; NaN where there are none
        true_label, true_class      of the image; -1 and "" where the plan does not know
        share_approximation, share_level_L, ..., share_level_1
                                    level_share: shares of the summed indices, coarse to fine
        share_..._se                their standard errors: delete-one jackknife over the design points, of gradients those
                                    of gradient_estimate(); NaN without a plan, inf where N is 2
        level_contributions_k, spectral_profile_k
                                    entry k of these columns
        """
        return _frame(self.columns("profiles"))

    @functools.cached_property
    def predictions(self):
        """One row an (image, variant, case), as a pandas DataFrame: the stored columns, corruption, severity,
        class_name, true_label, true_class as in `profiles`, and

        source_label                what this case predicts for the unaltered image; -1 where that is not stored
        affected                    whether `label` differs from it; False for the source, and where that is not stored
        top_labels_k, top_probabilities_k
                                    entry k of these columns, in files that have them
        """
        return _frame(self.columns("predictions"))

    def columns(self, table: str) -> dict[str, np.ndarray]:
        """The columns of "profiles" or "predictions" as arrays [R], without pandas. Text is of dtype object."""
        if table not in ("profiles", "predictions"):
            raise ValueError(f"no table {table!r}: profiles or predictions")
        return dict(self._profiles if table == "profiles" else self._predictions)

    # Arrays

    def map(self, row: int) -> np.ndarray:
        """Indices of one profile: [g, g] float32, [y, x] in the square of coefficients, approximation top left."""
        return self.maps([row])[0]

    def maps(self, rows: Iterable[int] | None = None) -> np.ndarray:
        """Those of some profiles, or all: [n, g, g] float32."""
        return self._array("profiles", "wcam", rows)

    def standard_error(self, row: int) -> np.ndarray:
        """Of map(row): [g, g] float32, over the design points alone; inf where N is 2. From gradients: each index times
        the standard error of its logarithm."""
        return self._array("profiles", "standard_error", [row])[0]

    def outputs(self, row: int) -> np.ndarray:
        """The logit of every forward, and what its gradient says where there is one: [F] float32 in design order
        (format.md, "Order of outputs")."""
        return self._array("profiles", "outputs", [row])[0]

    def pixels(self, image: str, variant: str = "source") -> np.ndarray:
        """What was explained: [S, S, 3] uint8, RGB, rows from the top. KeyError when it is not stored."""
        names = self._images
        found = np.flatnonzero((names["image"] == self._image(image)) & (names["variant"] == variant))
        if len(found) == 0:
            raise KeyError(f"no pixels of {image}, {variant} are stored in {self.path}")
        return self._array("images", "pixels", found[:1])[0]

    # Figures

    def plot_wcams(self, image: str, cases: str | Sequence[str] | None = None, variant: str | None = None,
                   save: str | os.PathLike[str] | None = None, cmap: str = "viridis",
                   one_scale: bool = True) -> np.ndarray:  # fmt: skip
        """An image under several cases (all, if none are named; one may be named by itself): source above, altered
        below. `variant`: which one, otherwise the first that alters the prediction under some case, under every case.
        Returns the axes, [2, 1 + cases]; with `save` the figure is written there too. The maps of a row share one
        colour scale, or, with one_scale=False, have one each, as published. Cells are drawn as they are."""
        image = self._image(image)
        cases = [cases] if isinstance(cases, str) else list(self._cases() if cases is None else cases)
        unknown = [case for case in cases if case not in self._cases()]
        if unknown:
            raise KeyError(f"no case {', '.join(unknown)} in {self.path}: {', '.join(self._cases())}")
        table = self._profiles
        if variant is None:
            altered = self._where(image=image, role="altered")
            if len(altered) == 0:
                raise KeyError(f"no altered variant of {image} is explained: name one as variant=")
            variant = table["variant"][altered[table["role_index"][altered].argmin()]]
        figure, axes = _panels(2, 1 + len(cases))
        for line, shown in enumerate(["source", variant]):
            rows = [self._first(image=image, variant=shown, case=case) for case in cases]
            self._draw_image(axes[line, 0], image, shown)
            titles = [f"{case}\n{self._outcome(row)}" for case, row in zip(cases, rows)]
            self._draw_maps(figure, axes[line, 1:], rows, titles, cmap, one_scale)
        return _finished(figure, axes, image, save)

    def plot_stable_and_unstable_prediction(self, image: str, case: str, save: str | os.PathLike[str] | None = None,
                                            cmap: str = "viridis", one_scale: bool = True) -> np.ndarray:  # fmt: skip
        """An image under one case: source, a variant that leaves the prediction as it is, one that alters it; pixels
        above, WCAMs below. Returns the axes, [2, 3]; the rest as in plot_wcams()."""
        image = self._image(image)
        figure, axes = _panels(2, 3)
        rows = [self._first(image=image, case=case, role=role) for role in ("source", "unaffected", "altered")]
        if all(row is None for row in rows):
            raise KeyError(f"no WCAM of {image} under {case} is stored in {self.path}")
        for axis, row, name in zip(axes[0], rows, ("source", "unaffected", "altered")):
            if row is None:
                _empty(axis, f"no {name} variant stored")
            else:
                self._draw_image(axis, image, self._profiles["variant"][row])
        self._draw_maps(figure, axes[1], rows, [self._outcome(row) for row in rows], cmap, one_scale)
        return _finished(figure, axes, f"{image}, {case}", save)

    # How rows are found

    def _sound(self) -> tuple[list[pathlib.Path], Header | None]:
        """The files without segments that are damaged or of another sweep, which are warned of, and what they are."""
        headers: dict[pathlib.Path, Header] = {}
        for file in self._files:
            try:
                headers[file] = self._header(file)
                if self._may_be_left_out(file):
                    self._check_all(file)
            except _NewerFormat:
                raise
            except (OSError, ValueError) as problem:
                if not self._may_be_left_out(file):
                    raise
                headers.pop(file, None)
                warnings.warn(f"left out: {problem}", stacklevel=4)
        if not headers:
            return [], None
        extended = (self.plan or {}).get("extends", [])
        earlier = {before["sweep_id"] for before in extended}
        self._of_fewer_points = {before["sweep_id"] for before in extended if "nb_design" in before}
        files, own = list(headers), list(headers.values())
        current = [header for header in own if header[0] not in earlier] or own
        certain = self._packed and own[0][0] not in earlier
        header = own[0] if certain else collections.Counter(current).most_common(1)[0][0]
        for file in files:
            if headers[file][0] not in earlier | {header[0]}:
                why = f"{file} belongs to another sweep ({headers[file][0][:12]})"
            elif headers[file][1:] != header[1:]:
                why = f"{file} has grid and levels {headers[file][1:]}, this sweep {header[1:]}"
            else:
                continue
            warnings.warn(f"left out: {why}", stacklevel=4)
            del headers[file]
        return list(headers), header

    def _may_be_left_out(self, file: pathlib.Path) -> bool:
        return file not in (self.path, self.path / "results.h5")

    def _check_all(self, path: pathlib.Path) -> None:
        """ValueError or OSError naming the file unless all its values are those that were written."""
        with _opened(path) as file:
            for group in REQUIRED:
                for name in _names(file, group):
                    if name in ARRAYS:
                        self._check_array(path, file[group][name])
                    else:
                        _column(file[group][name])

    def _check_array(self, path: pathlib.Path, data: h5py.Dataset) -> None:
        if (path, data.name) not in self._checked:
            _check(data, _blocks(data))
            self._checked.add((path, data.name))

    def _header(self, path: pathlib.Path) -> Header:
        with _opened(path) as file:
            if _text(file.attrs.get("format", b"")) != "wcam-store":
                raise ValueError(f"{path} is no file of results of wcam")
            version, writer = int(file.attrs["format_version"]), _text(file.attrs.get("software_version", b""))
            if version != FORMAT_VERSION:
                known = f"{FORMAT_VERSION} is known: wcam {writer} wrote it"
                kind = _NewerFormat if version > FORMAT_VERSION else ValueError
                raise kind(f"{path} has format version {version}, {known}")
            if self.plan is None and "plan" in file:
                self.plan = _plan(file["plan"][()], path)
            return _text(file.attrs["sweep_id"]), int(file.attrs["grid"]), int(file.attrs["levels"])

    def _kept(self, group: str) -> tuple[np.ndarray, np.ndarray]:
        if group not in self._places:
            self._places[group] = self._choose(group)
        return self._places[group]

    def _choose(self, group: str) -> tuple[np.ndarray, np.ndarray]:
        """(file, row) of each result, once. A job that was answered more than once: the answer in results.h5, else the
        lowest attempt, and of equal attempts the first segment by name."""
        files, rows, jobs, attempts = [], [], [], []
        for number, path in enumerate(self._files):
            with _opened(path) as file:
                superseded = _text(file.attrs["sweep_id"]) in self._of_fewer_points
                if not _names(file, group) or group == "profiles" and superseded:
                    continue
                count = len(file[group]["image"])
                files.append(np.full(count, number))
                rows.append(np.arange(count))
                if group != "images":
                    jobs.append(_column(file[group]["job"]))
                    attempts.append(_column(file[group]["attempt"]).astype("i8"))
        if not files:
            return np.zeros(0, int), np.zeros(0, int)
        file, row = np.concatenate(files), np.concatenate(rows)
        if group == "images":  # the same pixels, however often they are stored
            return file, row
        job, attempt = np.concatenate(jobs), np.concatenate(attempts)
        preferred = np.where((file == 0) & self._packed, -1, attempt)
        order = np.lexsort((row, file, preferred, job))
        distinct, begin = np.unique(job[order], return_index=True)
        best = order[begin][np.searchsorted(distinct, job)]  # of each row: the row that its job's answer begins with
        keep = (file == file[best]) & (attempt == attempt[best])
        if group == "profiles":
            keep &= np.arange(len(job)) == best
        return file[keep], row[keep]

    def _stored(self, group: str) -> dict[str, np.ndarray]:
        """Every small column of a group, [R] or [R, n], in the order of _kept()."""
        of_file, of_row = self._kept(group)
        parts: dict[str, list[np.ndarray]] = {}
        lengths = []
        for number in np.unique(of_file):
            rows = of_row[of_file == number]
            with _opened(self._files[number]) as file:
                for name in _names(file, group):
                    if name not in ARRAYS:
                        parts.setdefault(name, [None] * len(lengths)).append(_column(file[group][name])[rows])
            lengths.append(len(rows))
            for name, column in parts.items():
                if len(column) < len(lengths):
                    column.append(None)
        known = {name: default for name, default in DEFAULTS[group].items() if len(of_row)}
        columns = {}
        for name in [*parts, *(name for name in known if name not in parts)]:
            column = parts.get(name, [None] * len(lengths))
            if any(part is None for part in column):
                if name in TOP:
                    like = next(part for part in column if part is not None)
                    lacking, kind, shape = TOP[name], like.dtype, like.shape[1:]
                else:
                    lacking, shape = known[name], ()
                    kind = object if isinstance(lacking, str) else lacking.dtype
                column = [np.full((n, *shape), lacking, kind) if part is None else part
                          for part, n in zip(column, lengths)]  # fmt: skip
            columns[name] = np.concatenate(column)
        return columns

    @functools.cached_property
    def _images(self) -> dict[str, np.ndarray]:
        stored = self._stored("images")
        return stored or {"image": np.zeros(0, object), "variant": np.zeros(0, object)}

    @functools.cached_property
    def _predictions(self) -> dict[str, np.ndarray]:
        stored = self._stored("predictions")
        if not stored:
            return {}
        sources = np.flatnonzero(stored["variant"] == "source")
        of_source = {(stored["image"][k], stored["case"][k]): stored["label"][k] for k in sources}
        if "top_labels" in stored:  # zeros in rows of before 0.2.0 that were packed beside later ones
            lacking = stored["top_probabilities"][:, 0] == 0
            stored["top_labels"][lacking], stored["top_probabilities"][lacking] = -1, np.nan
        table = self._with_names(_flat(stored))
        pairs = zip(stored["image"], stored["case"])
        table["source_label"] = np.array([of_source.get(pair, -1) for pair in pairs], "i8")
        table["affected"] = (table["source_label"] >= 0) & (table["source_label"] != table["label"])
        return table

    @functools.cached_property
    def _order(self) -> np.ndarray:
        """Position of each row of `profiles` among those of _kept()."""
        stored = self._stored_profiles
        position = {name: k for k, name in enumerate(self._cases())}
        keys = [stored["job"], stored["replicate"], _codes(stored["variant"]), _codes(stored["image"]),
                stored["role_index"], np.array([ROLES.index(role) for role in stored["role"]]),
                np.array([position[case] for case in stored["case"]]), stored["rank"]]  # fmt: skip
        return np.lexsort(keys)

    @functools.cached_property
    def _stored_profiles(self) -> dict[str, np.ndarray]:
        stored = self._stored("profiles")
        if not stored:
            return {}
        # Rows of before 0.2.0, alone or packed beside later ones, explain what was predicted: the source's class, too,
        # where that is not altered. In a file of `wcam explain` an empty text says that the user named the class.
        if self.sweep_id:
            published = np.where(stored["role"] == "altered", "predicted", "predicted,source").astype(object)
            stored["explained"] = np.where(stored["explained"] == "", published, stored["explained"])
        stored["severity_difference"][stored["control_of"] == ""] = np.nan
        return stored

    @functools.cached_property
    def _profiles(self) -> dict[str, np.ndarray]:
        stored = self._stored_profiles
        if not stored:
            return {}
        stored = {name: column[self._order] for name, column in stored.items()}
        shares, errors = stored.pop("level_share"), self._share_errors()
        table = self._with_names(_flat(stored))
        table["probability"] = self._probabilities(table)
        for k, name in enumerate(self.level_names):
            table[f"share_{name}"] = shares[:, k]
        for k, name in enumerate(self.level_names):
            table[f"share_{name}_se"] = errors[:, k]
        return table

    def _with_names(self, table: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        plan = self.plan or {"images": [], "cases": [], "class_lists": []}
        classes = {case["name"]: plan["class_lists"][case["class_list"]] for case in plan["cases"]}
        truth = {image["path"]: image.get("true_label", -1) for image in plan["images"]}

        def name(case: str, label: int) -> str:
            names = classes.get(case, [])
            if 0 <= label < len(names):
                return names[label].split(",")[0]  # of several synonyms the first, as in figures
            return str(label) if label >= 0 else ""

        parsed = [_corruption_and_severity(variant) for variant in table["variant"]]
        table["corruption"] = _objects(corruption for corruption, _ in parsed)
        table["severity"] = np.array([severity for _, severity in parsed], "i8")
        table["class_name"] = _objects(name(*pair) for pair in zip(table["case"], table["label"].tolist()))
        table["true_label"] = np.array([truth.get(image, -1) for image in table["image"]], "i8")
        table["true_class"] = _objects(name(*pair) for pair in zip(table["case"], table["true_label"].tolist()))
        return table

    def _probabilities(self, table: dict[str, np.ndarray]) -> np.ndarray:
        """Of the class that each profile explains."""
        predicted = self._predictions
        result = np.full(len(table["label"]), np.nan, "f4")
        if not predicted:
            return result
        wanted = set(zip(table["image"], table["variant"], table["case"]))
        keys = zip(predicted["image"], predicted["variant"], predicted["case"])
        at = {key: k for k, key in enumerate(keys) if key in wanted}
        # The first of five is known of every row, the others not of those of before 0.2.0.
        top = [name[11:] for name in predicted if name.startswith("top_labels_")]
        columns = [("label", "probability"), *((f"top_labels_{k}", f"top_probabilities_{k}") for k in top)]
        for r, (*key, label) in enumerate(zip(table["image"], table["variant"], table["case"], table["label"])):
            k = at.get(tuple(key))
            if k is None:
                continue
            for of_label, of_probability in columns:
                if predicted[of_label][k] == label:
                    result[r] = predicted[of_probability][k]
                    break
            else:  # the ratio of two soft-max values is the exponential of their logits' difference
                result[r] = predicted["probability"][k] * np.exp(table["logit"][r] - predicted["logit"][k])
        return result

    def _share_errors(self) -> np.ndarray:
        """Standard errors of level_share, [R, L + 1], float32."""
        rows = len(self._order)
        errors = np.full((rows, self.levels + 1), np.nan, "f4")
        if self.plan is None:
            return errors
        settings, side = self.plan["wcam"], self.plan["cases"][0]["input_size"]
        n, areas = settings["nb_design"], level_areas(settings, side)
        if settings["estimator"] == "gradient":
            live = areas.sum(axis=0) > 0
            parts, level = areas[:, live] / areas[:, live].sum(axis=0), _levels(settings, side)[live]
            for row in range(rows):
                found = gradient_estimate(self.outputs(row), settings, side)
                of = [np.where(level == l, found.indices, 0) for l in range(self.levels + 1)]
                split = np.array([parts @ one / one.sum() if one.any() else 0 * parts[:, 0] for one in of])
                errors[row] = np.sqrt(np.diag(split.T @ found.share_covariance @ split).clip(0))
            return errors
        if n < 3:
            return np.full_like(errors, np.inf)
        owned = areas / np.maximum(areas.sum(axis=0), 1)
        live = areas.sum(axis=0) > 0
        for first in range(0, rows, BLOCK):
            block = np.arange(first, min(first + BLOCK, rows))
            outputs = self._array("profiles", "outputs", block).astype("f8")
            points = np.arange(n)
            with np.errstate(divide="ignore", invalid="ignore"):
                without = np.array([_shares(indices(outputs, settings, points != j), owned[:, live]) for j in points])
                jackknife = np.sqrt((n - 1) * without.var(axis=0))
            errors[block] = np.where(np.isfinite(jackknife), jackknife, np.inf)
        return errors

    def _array(self, group: str, column: str, rows: Iterable[int] | None) -> np.ndarray:
        """Rows of a large column; numbers are those of the tables."""
        files, places = self._kept(group)
        if group == "profiles" and len(places):
            files, places = files[self._order], places[self._order]
        rows = np.arange(len(places)) if rows is None else np.array([operator.index(row) for row in rows], int)
        for row in rows[(rows < 0) | (rows >= len(places))][:1]:
            raise IndexError(f"row {row}: {self.path} has {len(places)} {group}, from 0")
        result = None
        for number in np.unique(files[rows]):
            mine = np.flatnonzero(files[rows] == number)
            wanted, back = np.unique(places[rows[mine]], return_inverse=True)  # h5py wants them ascending, once
            with _opened(self._files[number]) as file:
                self._check_array(self._files[number], file[group][column])
                values = file[group][column][wanted][back]
            if result is None:
                result = np.empty((len(rows), *values.shape[1:]), values.dtype)
            result[mine] = values
        return np.zeros((0, self.grid, self.grid), "f4") if result is None else result

    def _cases(self) -> list[str]:
        """In the plan's order, the figures'; then others by name."""
        planned = [case["name"] for case in self.plan["cases"]] if self.plan else []
        stored = self._stored_profiles.get("case", [])
        return planned + sorted(set(stored) - set(planned))

    def _image(self, image: str) -> str:
        """The stored path that this is, or the only one that ends in it."""
        known = set(self._images["image"]) | set(self._stored_profiles.get("image", []))
        if image in known:
            return image
        ends = sorted(name for name in known if name.endswith("/" + image))
        if len(ends) != 1:
            what = f"is the end of {', '.join(ends)}: name one" if ends else f"is none of {len(known)} images"
            raise KeyError(f"{image} {what} in {self.path}")
        return ends[0]

    def _where(self, **values: str) -> np.ndarray:
        """Rows of `profiles` with these values, of the predicted label and the published design."""
        table = self._profiles
        if not table:
            return np.zeros(0, int)
        kinds = [text.split(",") for text in table["explained"]]
        chosen = (table["replicate"] == 0) & np.array(["predicted" in of or of == [""] for of in kinds])
        for name, value in values.items():
            chosen &= table[name] == value
        return np.flatnonzero(chosen)

    def _first(self, **values: str) -> int | None:
        """Of these rows the one with the smallest role_index."""
        rows = self._where(**values)
        return int(rows[self._profiles["role_index"][rows].argmin()]) if len(rows) else None

    # How panels are drawn

    def _outcome(self, row: int | None) -> str:
        if row is None:
            return ""
        name, probability = (self._profiles[column][row] for column in ("class_name", "probability"))
        doubtful = " ?" if self._profiles["doubts"][row] else ""
        return (name if np.isnan(probability) else f"{name} {probability:.2f}") + doubtful

    def _draw_image(self, axis, image: str, variant: str) -> None:
        corruption, severity = _corruption_and_severity(variant)
        axis.set_title(f"{corruption}, severity {severity}" if severity else corruption)
        try:
            axis.imshow(self.pixels(image, variant))
        except KeyError:
            _empty(axis, "pixels not stored")
        axis.set_axis_off()

    def _draw_maps(self, figure, axes, rows: Sequence[int | None], titles: Sequence[str], cmap: str,
                   one_scale: bool) -> None:  # fmt: skip
        stored = [row for row in rows if row is not None]
        maps = dict(zip(stored, self.maps(stored)))
        limits = [(m.min(), m.max()) for m in maps.values()]
        low, high = (min(m for m, _ in limits), max(m for _, m in limits)) if limits and one_scale else (None, None)
        g = self.grid
        for axis, row, title in zip(axes, rows, titles):
            axis.set_title(title)
            axis.set_axis_off()
            if row is None:
                _empty(axis, "not stored")
                continue
            drawn = axis.imshow(maps[row], cmap=cmap, vmin=low, vmax=high, extent=(0, g, g, 0), interpolation="nearest")
            for k in range(1, self.levels + 1):
                near, far = g / 2**k, g / 2 ** (k - 1)
                axis.plot([near, near], [0, far], "w", [0, far], [near, near], "w", linewidth=0.7)
            if not one_scale:
                figure.colorbar(drawn, ax=axis, shrink=0.8)
        if stored and one_scale:
            figure.colorbar(drawn, ax=list(axes), label="Sobol index", shrink=0.8)
        if any(self._profiles["doubts"][row] for row in stored):
            figure.supxlabel("?  doubtful: column doubts tells why", fontsize="small")


def indices(outputs: np.ndarray, settings: dict[str, Any], points: np.ndarray | None = None) -> np.ndarray:
    """Sobol indices from the logits of every forward, by the formulas of format.md ("Indices"); those of gradients are
    gradient_estimate()'s.

    outputs: [..., F] in design order. settings: the plan's "wcam", where nb_design, estimator, order and mode matter:
    with another estimator it is what a sweep with that would have found. points: [N] bool, the design points to use;
    all without it. Result: [..., cells], of those with forwards (all, unless the approximation is kept or dropped).
    ValueError when F does not fit.
    """
    n, total, published = settings["nb_design"], settings["order"] == "total", settings["mode"] == "reference"
    outputs = np.asarray(outputs, "f8")
    samples = 1 if total else 2  # A, B; then one a cell
    if outputs.shape[-1] > n * (samples + settings["grid"] ** 2):
        raise ValueError("these outputs are of gradients: gradient_estimate() knows them")
    if outputs.shape[-1] % n or outputs.shape[-1] // n <= samples:
        raise ValueError(f"{outputs.shape[-1]} outputs are no whole number of samples of {n} design points")
    y = outputs.reshape(*outputs.shape[:-1], -1, n)
    if points is not None:
        y, n = y[..., points], int(np.sum(points))
    a, b, c = y[..., :1, :], y[..., 1:2, :], y[..., samples:, :]

    def mean(values: np.ndarray) -> np.ndarray:
        return values.mean(axis=-1)

    if published:
        f, v = mean(a)[..., None], a.var(axis=-1, ddof=1)
    else:
        f, v = y.mean(axis=(-2, -1))[..., None, None], mean(y.var(axis=-1, ddof=1))[..., None]
    x = a if total else b
    divisor = n / (n - 1) if total and published else 1
    estimator = settings["estimator"]
    if estimator == "jansen":
        half = mean((x - c) ** 2) / (2 * v)
        return half if total else 1 - half
    if estimator in ("homma", "saltelli") and not published:
        if total:
            return mean((a - f) * (a - c)) / v
        return mean((b - f) * ((c - f) if estimator == "homma" else (c - a))) / v
    if estimator == "homma":
        first = (mean(x * c) - f[..., 0] ** 2) / v
    elif estimator == "saltelli":
        first = (mean(a * c) - f[..., 0] ** 2) / v if total else mean(b * (c - a)) / v
    elif estimator == "janon":
        m = mean(x + c) / 2
        first = (mean(x * c) - m**2) / (divisor * mean(x**2 + c**2) / 2 - m**2)
    elif estimator == "glen":
        spread = x.std(axis=-1) * c.std(axis=-1)
        covariance = mean((x - mean(x)[..., None]) * (c - mean(c)[..., None]))
        first = divisor * np.divide(covariance, spread, out=np.zeros_like(covariance), where=spread > 0)
    else:
        raise ValueError(f"no estimator {estimator!r} from differences: jansen, homma, saltelli, janon or glen")
    return 1 - first if total else first


class GradientEstimate(NamedTuple):
    """Of one map from gradients: see gradient_estimate(). Standard errors of logarithms are multiplicative."""

    indices: np.ndarray  # [cells], of those with forwards
    log_errors: np.ndarray  # [cells] standard errors of their logarithms
    numerators: np.ndarray  # [cells] indices times variance
    shares: np.ndarray  # [L + 1] of the summed indices, of cells by their centre
    share_covariance: np.ndarray  # [L + 1, L + 1] of these; `share_..._se` are of shares that split cells by area
    variance: float  # of the logit over the masks
    log_variance_error: float
    log_sum_error: float  # of the sum of the indices


def gradient_estimate(outputs: np.ndarray, settings: dict[str, Any], side: int) -> GradientEstimate:
    """What the outputs of one map of `--estimator gradient` tell, by the formulas of format.md ("Gradients").

    outputs: [F] as stored. settings: the plan's "wcam". side: S, pixels a side. ValueError when F does not fit."""
    n = settings["nb_design"]
    live = level_areas(settings, side).sum(axis=0) > 0
    outputs = np.asarray(outputs, "f8")
    if len(outputs) != n * (1 + 2 * live.sum()):
        raise ValueError(f"{len(outputs)} outputs are not {n} logits and {n} slopes and energies of {live.sum()} cells")
    y, slopes, energies = outputs[:n], *outputs[n:].reshape(2, -1, n)
    return _gradient_estimate(y, slopes, energies, _levels(settings, side)[live], settings["levels"] + 1)


def _levels(settings: dict[str, Any], side: int) -> np.ndarray:
    """The level of each cell's centre, [cells]: 0 the approximation, 1 the coarsest."""
    centre = (np.maximum(*np.divmod(np.arange(settings["grid"] ** 2), settings["grid"])) + 0.5) * side / settings["grid"]
    return np.searchsorted(side >> np.arange(settings["levels"], 0, -1), centre, side="right")


def _gradient_estimate(y: np.ndarray, slopes: np.ndarray, energies: np.ndarray, level: np.ndarray,
                       count: int) -> GradientEstimate:  # fmt: skip
    """y: [N]; slopes, energies: [cells, N]; level: [cells], 0 to count - 1."""
    n = len(y)
    weight = n / (n + 8)
    squares, within = np.pi / 24 * abs(slopes).mean(axis=1) ** 2, np.sqrt(energies).mean(axis=1) ** 2
    used = [l for l in range(count) if squares[level == l].any()]
    cells = np.isin(level, used) & (within > 0)
    effects = np.zeros(len(level))
    for l in used:
        of = level == l
        effects[of] = weight * squares[of] + (1 - weight) * within[of] * squares[of].sum() / within[of].sum()
    total = effects.sum()
    effects[cells] = np.maximum(effects[cells], 1e-12 * total) ** 0.9
    effects *= total / effects.sum()
    sums = np.array([effects[level == l].sum() for l in used])
    summed = np.array([(slopes[level == l] ** 2).sum(axis=0) for l in used])
    variation = summed.var(axis=1, ddof=1) / summed.mean(axis=1) ** 2
    k, nu = len(used), len(used) + 1
    noise = np.log1p(2 / (n - 1))

    def solve(spread: float) -> tuple[np.ndarray, np.ndarray]:
        rows = np.zeros((k + 3, k + 2))
        rows[:k, :k] = np.eye(k)
        rows[:k, k] = -1
        rows[k, k] = rows[k + 1, nu] = 1
        rows[k + 2, :k], rows[k + 2, nu] = sums / total, -1
        link = np.log(1.68 / total) + sums / total @ np.log(sums)
        seen = np.array([*np.log(sums), -1, np.log(y.var(ddof=1)) + noise / 2, link])
        weights = 1 / np.array([*(np.maximum(variation, 0.3) / n + 0.35**2), spread**2, noise, 0.2**2])
        covariance = np.linalg.inv(rows.T * weights @ rows)
        return covariance @ (rows.T * weights @ seen), covariance

    unknown, covariance = solve(0.5)
    if k > 1 and np.exp(unknown[:k]).max() > 0.97 * np.exp(unknown[:k]).sum():
        unknown, covariance = solve(10)
    numerators = np.exp(unknown[:k])
    shares, share_covariance = np.zeros(count), np.zeros((count, count))
    shares[used] = p = numerators / numerators.sum()
    by_theta = np.diag(p) - np.outer(p, p)
    share_covariance[np.ix_(used, used)] = by_theta @ covariance[:k, :k] @ by_theta.T
    variance = float(np.exp(unknown[nu]))
    of_cell, log_errors = np.zeros(len(level)), np.zeros(len(level))
    for i, l in enumerate(used):
        of = (level == l) & cells
        of_cell[of] = effects[of] * numerators[i] / sums[i]
        ratio = covariance[i, i] + covariance[nu, nu] - 2 * covariance[i, nu]
        log_errors[of] = np.sqrt(ratio + 4 / (n + 8) + 0.35**2)
    of_sum = np.array([*p, 0, -1])
    return GradientEstimate(of_cell / variance, log_errors, of_cell, shares, share_covariance, variance,
                            float(np.sqrt(covariance[nu, nu])), float(np.sqrt(of_sum @ covariance @ of_sum)))  # fmt: skip


def level_areas(settings: dict[str, Any], side: int) -> np.ndarray:
    """Pixels that each level has of each cell, [L + 1, cells], approximation first, then coarse to fine: what
    level_share splits cells by. settings: the plan's "wcam". side: S. Without pixels of an approximation that is kept
    or dropped, so that all are 0 of a cell without forwards."""
    grid, levels = settings["grid"], settings["levels"]
    pixel = np.arange(side)
    y, x = np.meshgrid(pixel * grid // side, pixel * grid // side, indexing="ij")
    along = np.searchsorted(side >> np.arange(levels, 0, -1), pixel, side="right")  # 0 below B, 1 below 2B, ...
    level = np.maximum(along[:, None], along[None, :])
    areas = np.zeros((levels + 1, grid * grid))
    np.add.at(areas, (level, y * grid + x), 1)
    if settings["approximation"] != "perturb":
        areas[0] = 0
    return areas


def _shares(values: np.ndarray, owned: np.ndarray) -> np.ndarray:
    """[R, cells] and [L + 1, cells] -> [R, L + 1]."""
    return values @ owned.T / values.sum(axis=-1, keepdims=True)


def _sources(folder: pathlib.Path) -> list[pathlib.Path]:
    """results.h5 when it is there, then the segments that it was not made from."""
    segments = sorted(path for path in (folder / "segments").glob("*.h5") if not path.name.startswith("."))
    results = folder / "results.h5"
    if not results.exists():
        return segments
    with _opened(results) as file:
        merged = set(_column(file["segments"])) if "segments" in file else set()
    return [results] + [path for path in segments if path.name not in merged]


@contextlib.contextmanager
def _opened(path: pathlib.Path) -> Iterator[h5py.File]:
    """For the moment of a read: whatever that fails of is a ValueError or OSError that names the file."""
    if not path.exists():
        raise FileNotFoundError(f"{path} is not there")
    try:
        with h5py.File(path, "r", locking=False) as file:  # files of ours never change once they have their name
            yield file
    except (OSError, RuntimeError, LookupError, TypeError, ValueError) as problem:
        why = str(problem.args[0] if isinstance(problem, KeyError) else problem)
        if str(path) in why:
            raise
        raise (OSError if isinstance(problem, OSError) else ValueError)(f"{path}: {why}") from None


def _plan(text: bytes, origin: pathlib.Path) -> dict[str, Any]:
    """ValueError naming the file unless all that is read of a plan here is in it."""
    try:
        plan = json.loads(text)
        for name in ("grid", "levels", "nb_design", "mode", "estimator", "order", "approximation"):
            plan["wcam"][name]
        for case in plan["cases"]:
            case["name"], case["input_size"], plan["class_lists"][case["class_list"]]
        for image in plan["images"]:
            image["path"]
    except (LookupError, TypeError, ValueError) as problem:
        raise ValueError(f"{origin}: no plan of a sweep: {type(problem).__name__}: {problem}") from None
    return plan


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _names(file: h5py.File, group: str) -> list[str]:
    """Of a group's columns, those that are known here; none where it is absent. ValueError when they are not those of
    a table. Asked for by name: HDF5 1.10 crashes where it lists a group in which names are damaged."""
    if group not in file:
        return []
    known = [*REQUIRED[group], *DEFAULTS[group], *(TOP if group == "predictions" else ())]
    columns = {name: file[group][name] for name in known if name in file[group]}
    for name in REQUIRED[group]:
        if name not in columns:
            raise ValueError(f"{group}/{name} is not there")
    lacking = [name for name in known if name not in columns]
    by_us = "crc32" in columns["image"].attrs
    if by_us and lacking and len(file[group]) > len(columns):  # no version writes others and lacks these
        raise ValueError(f"{group}/{lacking[0]} is not there and something unknown is: the name of a column is damaged")
    g, levels = int(file.attrs["grid"]), int(file.attrs["levels"])
    shapes = {"wcam": (g, g), "standard_error": (g, g), "level_share": (levels + 1,)}
    rows = len(columns["image"])
    for name, data in columns.items():
        expected = (rows, *shapes.get(name, data.shape[1:]))
        if data.shape != expected:
            raise ValueError(f"{group}/{name} has the shape {data.shape}, {expected} expected")
    return list(columns)


def _read(data: h5py.Dataset, rows: slice = slice(None)) -> np.ndarray:
    """OSError naming the column where HDF5 finds it damaged, which it says in words that its versions change."""
    try:
        return data[rows]
    except OSError as problem:
        raise OSError(f"{data.name[1:]} is damaged: {problem}") from None


def _blocks(data: h5py.Dataset) -> Iterator[np.ndarray]:
    """Its rows, 4 MiB at once."""
    step = max(1, (4 << 20) * len(data) // max(1, data.nbytes))
    return (_read(data, slice(first, first + step)) for first in range(0, len(data), step))


def _check(data: h5py.Dataset, blocks: Iterable[np.ndarray]) -> None:
    """ValueError when these, all its values, are not the ones whose CRC-32 was written with them."""
    found = functools.reduce(lambda before, block: zlib.crc32(block, before), blocks, 0)
    if int(data.attrs.get("crc32", found)) != found:
        written = f"written were values with {data.attrs['crc32']}"
        raise ValueError(f"{data.name[1:]} is damaged: its values have CRC-32 {found}, {written}")


def _column(data: h5py.Dataset) -> np.ndarray:
    """All its values, checked. Text is of dtype object."""
    text = h5py.check_string_dtype(data.dtype)
    if text is not None and text.length is None:
        raise ValueError(f"{data.name[1:]} is text of variable length: write it with a fixed width")
    values = _read(data)
    _check(data, [values])
    if text is not None:
        values = _objects(value.decode() for value in values)
    if data.name == "/profiles/role":
        for role in set(values) - set(ROLES):
            raise ValueError(f"{data.name[1:]} is {role!r}, none of {', '.join(ROLES)}")
    return values


def _objects(values: Iterable[str]) -> np.ndarray:
    return np.array(list(values), object)


def _codes(values: np.ndarray) -> np.ndarray:
    return np.unique(values.astype(str), return_inverse=True)[1]


def _flat(columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """A column [R, n] becomes n columns NAME_0, NAME_1, ..."""
    flat = {}
    for name, column in columns.items():
        if column.ndim == 1:
            flat[name] = column
        else:
            flat.update((f"{name}_{k}", column[:, k]) for k in range(column.shape[1]))
    return flat


def _corruption_and_severity(variant: str) -> tuple[str, int]:
    """("motion-blur", 3) of corruptions/motion-blur/3, ("background_20", 0) of editing/background_20."""
    family, _, rest = variant.partition("/")
    name, _, severity = rest.rpartition("/")
    if family in ("corruptions", "imagenet-c") and severity.isdigit():
        return name, int(severity)
    return rest or variant, 0


def _frame(columns: dict[str, np.ndarray]):
    try:
        import pandas
    except ImportError:
        raise ImportError("tables are pandas DataFrames: apt-get install python3-pandas; "
                          "study.columns(\"profiles\") gives NumPy arrays without it") from None  # fmt: skip
    return pandas.DataFrame(columns)


def _panels(rows: int, columns: int):
    try:
        import matplotlib.pyplot
    except ImportError:
        raise ImportError("figures need matplotlib: apt-get install python3-matplotlib; "
                          "`wcam plot` draws without it") from None  # fmt: skip
    size = (2.4 * columns + 0.8, 2.7 * rows)
    return matplotlib.pyplot.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")


def _empty(axis, why: str) -> None:
    axis.text(0.5, 0.5, why, ha="center", va="center", transform=axis.transAxes)
    axis.set_axis_off()


def _finished(figure, axes: np.ndarray, title: str, save: str | os.PathLike[str] | None) -> np.ndarray:
    figure.suptitle(title)
    if save is not None:
        figure.savefig(save)
    return axes
