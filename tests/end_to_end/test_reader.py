"""The Python module against h5py: what it says of a real sweep is what the files hold, row by row."""

import contextlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import warnings

import h5py
import matplotlib
import numpy
import pandas
import pytest

from conftest import ROOT, Study

sys.path.insert(0, str(ROOT / "python"))
matplotlib.use("Agg")
import matplotlib.pyplot  # noqa: E402
import wcam  # noqa: E402

EARLIER = ROOT / "tests/fixtures/sweep-0.1.0"


@pytest.fixture(scope="module")
def sweep(undisturbed):
    return undisturbed.sweep


@pytest.fixture
def copy(sweep, tmp_path):
    return shutil.copytree(sweep, tmp_path / "copy")


def stored(path, name):
    with h5py.File(path) as file:
        column = file[name]
        return column.asstr()[:] if h5py.check_string_dtype(column.dtype) else column[:]


def key_of(table):
    return list(zip(*(table[name] for name in ("image", "variant", "case"))))


def at(path, table):
    """Row of the file for each row of a table, found by name."""
    rows = {key: r for r, key in enumerate(zip(*(stored(path, f"profiles/{n}") for n in ("image", "variant", "case"))))}
    return [rows[key] for key in key_of(table)]


def test_profiles_are_the_files_rows(sweep):
    file, study = sweep / "results.h5", wcam.open(sweep)
    rows = at(file, study.profiles)
    assert sorted(rows) == list(range(len(stored(file, "profiles/job")))) and len(rows) > 6
    for name in ("job", "attempt", "role", "rank", "role_index", "label", "logit", "seconds", "doubts", "provenance"):
        assert list(study.profiles[name]) == list(stored(file, f"profiles/{name}")[rows]), name
    for k, name in enumerate(["approximation", "level_3", "level_2", "level_1"]):
        assert list(study.profiles[f"share_{name}"]) == list(stored(file, "profiles/level_share")[rows, k])
    assert list(study.profiles["spectral_profile_6"]) == list(stored(file, "profiles/spectral_profile")[rows, 6])
    for r, in_file in enumerate(rows):
        assert (study.map(r) == stored(file, "profiles/wcam")[in_file]).all()
        assert (study.standard_error(r) == stored(file, "profiles/standard_error")[in_file]).all()
        assert (study.outputs(r) == stored(file, "profiles/outputs")[in_file]).all()
    backwards = list(range(len(rows)))[::-1]
    assert (study.maps(backwards) == stored(file, "profiles/wcam")[rows][::-1]).all()
    assert (study.maps() == stored(file, "profiles/wcam")[rows]).all()


def test_profiles_stand_in_the_order_of_the_figures(sweep):
    table = wcam.open(sweep).profiles
    keys = list(zip(table["rank"], table["case"].map(Study.CASES.index),
                    table["role"].map(["source", "altered", "unaffected"].index), table["role_index"]))  # fmt: skip
    assert keys == sorted(keys)


def test_tables_say_what_variants_and_labels_are(sweep):
    study = wcam.open(sweep)
    names = (ROOT / "models/demo/classes.txt").read_text().splitlines()
    for table in (study.profiles, study.predictions):
        assert list(table["class_name"]) == [names[label] for label in table["label"]]
        for variant, corruption, severity in zip(table["variant"], table["corruption"], table["severity"]):
            assert variant == ("source" if severity == 0 else f"corruptions/{corruption}/{severity}")
        assert set(table["true_label"]) == {-1} and set(table["true_class"]) == {""}
    file = sweep / "results.h5"
    said = dict(zip(zip(*(stored(file, f"predictions/{n}") for n in ("image", "variant", "case"))),
                    zip(stored(file, "predictions/label"), stored(file, "predictions/probability"))))  # fmt: skip
    outcomes = list(zip(study.profiles["label"], study.profiles["probability"]))
    assert [said[key] for key in key_of(study.profiles)] == outcomes
    assert len(study.predictions) == len(said)
    for (image, variant, case), label, source, affected in zip(
        key_of(study.predictions), *(study.predictions[name] for name in ("label", "source_label", "affected"))
    ):
        assert source == said[image, "source", case][0] and affected == (label != source)
    assert study.predictions["affected"].any() and not study.predictions["affected"].all()


def test_standard_errors_of_shares_are_a_jackknife(sweep):
    """Jansen's indices and shares of whole cells, written down again: the grid is 8, no border cuts a cell."""
    study = wcam.open(sweep)
    n, level = 4, numpy.maximum.outer(*[numpy.searchsorted([1, 2, 4], numpy.arange(8), side="right")] * 2)
    for r in range(len(study.profiles)):
        a, *cells = study.outputs(r).astype("f8").reshape(-1, n)
        without = []
        for j in range(n):
            keep = numpy.arange(n) != j
            wcam_j = numpy.mean((a - cells)[:, keep] ** 2, axis=1).reshape(8, 8)  # V is the same in all
            without.append([wcam_j[level == k].sum() / wcam_j.sum() for k in range(4)])
        without = numpy.array(without)
        errors = numpy.sqrt((n - 1) / n * ((without - without.mean(axis=0)) ** 2).sum(axis=0))
        found = study.profiles.loc[r, [f"share_{name}_se" for name in study.level_names]].to_numpy(float)
        numpy.testing.assert_allclose(found, errors, rtol=1e-5)


@pytest.mark.parametrize("estimator", ["jansen", "homma", "saltelli", "janon", "glen"])
@pytest.mark.parametrize("order", ["total", "first"])
@pytest.mark.parametrize("mode", ["reference", "corrected"])
def test_indices_and_their_errors_are_those_stored(estimator, order, mode, tmp_path):
    from test_columns import explained

    explained(tmp_path, "--grid", 10, "--nb-design", 8, "--estimator", estimator, "--order", order, "--mode", mode,
              "--approximation", "drop")  # fmt: skip
    study = wcam.open(tmp_path / "x.h5")
    settings = study.plan["wcam"]
    areas = wcam.level_areas(settings, 224)
    live = areas.sum(axis=0) > 0
    without = [wcam.indices(study.outputs(0), settings, numpy.arange(8) != j) for j in range(8)]
    jackknife = numpy.sqrt(7 * numpy.var(without, axis=0))
    found = wcam.indices(study.outputs(0), settings)
    numpy.testing.assert_allclose(found, study.map(0).ravel()[live], rtol=1e-4, atol=1e-5)
    numpy.testing.assert_allclose(jackknife, study.standard_error(0).ravel()[live], rtol=1e-3, atol=1e-5)
    shares = (areas / numpy.maximum(areas.sum(axis=0), 1))[:, live] @ found / found.sum()
    numpy.testing.assert_allclose(shares, stored(tmp_path / "x.h5", "profiles/level_share")[0], rtol=1e-3, atol=1e-5)


def test_outputs_that_do_not_fit_are_refused(sweep):
    study = wcam.open(sweep)
    with pytest.raises(IndexError, match="row -1: .* profiles, from 0"):
        study.map(-1)
    with pytest.raises(TypeError):
        study.map(0.5)
    with pytest.raises(ValueError, match="259 outputs are no whole number of samples of 4 design points"):
        wcam.indices(study.outputs(0)[:-1], study.plan["wcam"])


def test_pixels_are_those_stored(sweep):
    file, study = sweep / "results.h5", wcam.open(sweep)
    images, variants = stored(file, "images/image"), stored(file, "images/variant")
    for k in (0, len(images) - 1):
        assert (study.pixels(images[k], variants[k]) == stored(file, "images/pixels")[k]).all()
    with pytest.raises(KeyError, match="no pixels of texture-1.png, corruptions/none/1"):
        study.pixels("texture-1.png", "corruptions/none/1")
    with pytest.raises(KeyError, match="nowhere.png is none of"):
        study.pixels("nowhere.png")


def test_segments_give_the_tables_of_results(copy):
    packed = wcam.open(copy)
    profiles, predictions, maps = packed.profiles, packed.predictions, packed.maps()
    (copy / "results.h5").unlink()
    (copy / "segments/.left.h5.x.partial").write_bytes(b"not whole")
    loose = wcam.open(copy)
    pandas.testing.assert_frame_equal(loose.profiles, profiles)
    order = ["image", "case", "variant"]
    pandas.testing.assert_frame_equal(*(table.sort_values(order, ignore_index=True)
                                        for table in (loose.predictions, predictions)))  # fmt: skip
    assert (loose.maps() == maps).all()


@contextlib.contextmanager
def edited(path):
    """A file to write in, whose values go without checksums from then on, as a stranger's do."""
    with h5py.File(path, "r+") as file:
        yield file
        for column in (column for group in file.values() if isinstance(group, h5py.Group) for column in group.values()):
            column.attrs.pop("crc32", None)


def later_answer(segment, path, attempt):
    """The same jobs answered once more, with other values."""
    shutil.copy(segment, path)
    with edited(path) as file:
        for group in set(file) & {"profiles", "predictions"}:
            file[group]["attempt"][:] = attempt
            file[group]["logit"][:] += 100


def test_a_job_answered_twice_counts_once(copy):
    study = wcam.open(copy)
    profiles, predictions = study.profiles, study.predictions
    (copy / "results.h5").unlink()
    for segment in sorted((copy / "segments").glob("*.h5")):
        later_answer(segment, segment.with_name("0" + segment.name), 7)  # first by name, and no lower attempt
    pandas.testing.assert_frame_equal(wcam.open(copy).profiles, profiles)
    assert len(wcam.open(copy).predictions) == len(predictions)
    assert wcam.open(copy).predictions["logit"].max() < 100


def test_a_row_that_stands_twice_in_a_file_counts_once(copy):
    profiles = wcam.open(copy).profiles
    with h5py.File(copy / "results.h5", "r+") as file:
        group = file["profiles"]
        for name in list(group):
            values, kind = group[name][:], group[name].dtype
            del group[name]
            group.create_dataset(name, data=numpy.concatenate([values, values]), dtype=kind)
    pandas.testing.assert_frame_equal(wcam.open(copy).profiles, profiles)


def test_results_count_before_an_earlier_attempt(copy):
    profiles = wcam.open(copy).profiles
    for segment in sorted((copy / "segments").glob("*.h5")):
        later_answer(segment, segment.with_name("0" + segment.name), 0)
    pandas.testing.assert_frame_equal(wcam.open(copy).profiles, profiles)


def test_columns_that_older_files_lack_have_defaults():
    study = wcam.open(EARLIER)
    assert len(study.profiles) == 4 and len(study.predictions) == 8
    for role, explained in zip(study.profiles["role"], study.profiles["explained"]):
        assert explained == ("predicted" if role == "altered" else "predicted,source")
    for name in ("replicate", "sufficient_cells", "sufficient_cells_stay"):
        assert set(study.profiles[name]) == {0}
    for name in ("control_of", "provenance", "doubts"):
        assert set(study.profiles[name]) == {""}
    assert study.profiles["severity_difference"].isna().all()
    assert "top_labels_0" not in study.predictions
    errors = study.profiles[[f"share_{name}_se" for name in study.level_names]]
    assert numpy.isinf(errors.to_numpy()).all()  # N is 2


def add_text(group, name, values):
    """A column of texts, or one text."""
    encoded = values.encode() if isinstance(values, str) else [value.encode() for value in values]
    width = len(encoded) if isinstance(values, str) else max(map(len, encoded))
    group.create_dataset(name, data=encoded, dtype=h5py.string_dtype("utf-8", width + 1))


@pytest.fixture
def later(copy):
    """The sweep as if it had true labels, five labels a prediction and labels explained that were not predicted."""
    plan = json.loads((copy / "plan.json").read_text())
    for k, image in enumerate(plan["images"][1:]):
        image["true_label"] = k
    (copy / "plan.json").write_text(json.dumps(plan))
    with edited(copy / "results.h5") as file:
        del file["plan"]
        add_text(file, "plan", json.dumps(plan))
        profiles, predictions = file["profiles"], file["predictions"]
        rows = len(profiles["job"])
        for column in ("replicate", "severity_difference", "explained", "control_of"):
            del profiles[column]
        for column in ("top_labels", "top_probabilities"):
            del predictions[column]
        profiles["replicate"] = numpy.arange(rows, dtype="u4") % 2
        profiles["severity_difference"] = numpy.where(numpy.arange(rows) % 3, numpy.nan, -2).astype("f4")
        add_text(profiles, "explained", ["source" if k == 0 else "predicted" for k in range(rows)])
        add_text(profiles, "control_of", ["corruptions/contrast/5" if k % 3 == 0 else "" for k in range(rows)])
        label, probability = predictions["label"][:], predictions["probability"][:]
        top = numpy.stack([label, (label + 1) % 12, (label + 2) % 12, -1 + 0 * label, -1 + 0 * label], axis=1)
        predictions["top_labels"] = top
        predictions["top_probabilities"] = numpy.stack(
            [probability, probability / 2, probability / 4, numpy.nan * probability, numpy.nan * probability], axis=1
        ).astype("f4")
        names = [list(zip(*(group[n].asstr()[:] for n in ("image", "variant", "case")))) for group in (profiles, predictions)]
        of_earlier = names[1].index(names[0][2])
        for column in ("top_labels", "top_probabilities"):  # rows of an earlier version, packed beside later ones
            predictions[column][-1] = predictions[column][of_earlier] = 0
        profiles["label"][0] = (profiles["label"][0] + 2) % 12  # the third of the five
        profiles["label"][1] = (profiles["label"][1] + 5) % 12  # none of them
        profiles["logit"][1] -= numpy.log(8)
    return copy


def test_the_columns_of_a_study_with_controls_are_read(later):
    file, study = later / "results.h5", wcam.open(later)
    table = study.profiles
    rows = numpy.array(at(file, table))
    assert list(table["replicate"]) == list(rows % 2)
    assert list(table["explained"]) == ["source" if r == 0 else "predicted" for r in rows]
    assert list(table["control_of"]) == list(stored(file, "profiles/control_of")[rows])
    assert list(table["severity_difference"].fillna(9)) == [9 if r % 3 else -2 for r in rows]  # as control_of
    first, second = list(rows).index(0), list(rows).index(1)
    said = study.predictions.set_index(["image", "variant", "case"]).loc[key_of(table)[first]]
    assert table["probability"][first] == said["probability"] / 4
    said = study.predictions.set_index(["image", "variant", "case"]).loc[key_of(table)[second]]
    assert table["probability"][second] == pytest.approx(said["probability"] / 8, rel=1e-5), "by its logit"
    assert not table["probability"].isna().any()
    third = list(rows).index(2)  # of an earlier version
    said = study.predictions.set_index(["image", "variant", "case"]).loc[key_of(table)[third]]
    assert said["top_labels_0"] == -1 and table["probability"][third] == said["probability"]
    known = study.predictions["top_labels_0"] >= 0
    assert (~known).sum() == 2
    assert list(study.predictions["top_labels_2"][known]) == list((study.predictions["label"] + 2)[known] % 12)
    assert set(study.predictions["top_labels_4"]) == {-1} and study.predictions["top_probabilities_4"].isna().all()
    assert study.predictions["top_probabilities_0"][~known].isna().all()
    planned = json.loads((later / "plan.json").read_text())["images"]
    truth = {image["path"]: image.get("true_label", -1) for image in planned}
    assert list(study.predictions["true_label"]) == [truth[image] for image in study.predictions["image"]]
    names = (ROOT / "models/demo/classes.txt").read_text().splitlines()
    assert list(table["true_class"]) == [names[truth[i]] if truth[i] >= 0 else "" for i in table["image"]]
    # Figures show the label that the case predicts, under the published design.
    assert len(study._where()) == sum((r % 2 == 0) and r > 0 for r in rows)


def test_files_that_are_none_are_named(copy, tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere.h5 is not there"):
        wcam.open(tmp_path / "nowhere.h5")
    with pytest.raises(ValueError, match="is no sweep: neither plan.json nor results.h5 nor segments"):
        wcam.open(tmp_path)
    (tmp_path / "text.h5").write_text("no HDF5")
    with pytest.raises(OSError, match="text.h5: "):
        wcam.open(tmp_path / "text.h5")
    with h5py.File(tmp_path / "other.h5", "w"):
        pass
    with pytest.raises(ValueError, match="other.h5 is no file of results of wcam"):
        wcam.open(tmp_path / "other.h5")
    shutil.copy(next((EARLIER / "segments").glob("*.h5")), copy / "segments/foreign.h5")
    rows = len(wcam.open(copy / "results.h5").profiles)
    (copy / "segments/cut.h5").write_bytes((copy / "segments/foreign.h5").read_bytes()[:-100])
    with pytest.warns(UserWarning, match="left out: .*foreign.h5 belongs to another sweep") as warned:
        assert len(wcam.open(copy).profiles) == rows
    assert any("cut.h5" in str(warning.message) for warning in warned)
    (copy / "segments/cut.h5").unlink()
    with h5py.File(copy / "segments/foreign.h5", "r+") as file:
        file.attrs["format_version"] = 2
    with pytest.raises(ValueError, match="foreign.h5 has format version 2, 1 is known: wcam .* wrote it"):
        wcam.open(copy)  # sound for all that is known: it may hold what the others lack


def test_segments_of_before_0_2_0_beside_later_ones_lack_no_more_than_they_do(copy):
    (copy / "results.h5").unlink()
    study = wcam.open(copy)
    profiles, predictions = study.profiles, study.predictions
    older = max((copy / "segments").glob("[!.]*.h5"), key=lambda path: "predictions" in h5py.File(path))
    with edited(older) as file:
        jobs = file["predictions/job"][:]
        for group, optional in (("profiles", wcam.DEFAULTS["profiles"]), ("predictions", wcam.TOP), ("images", wcam.DEFAULTS["images"])):
            for name in set(file.get(group, [])) & set(optional):
                del file[group][name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        study = wcam.open(copy)
        old = study.predictions["job"].isin(jobs)
        assert 0 < old.sum() < len(old)
        assert set(study.predictions["top_labels_0"][old]) == {-1} and study.predictions["top_probabilities_0"][old].isna().all()
        pandas.testing.assert_frame_equal(study.predictions[~old], predictions[~old])
        assert list(study.profiles["probability"]) == list(profiles["probability"])


def address(data):
    """Where in its file a column's first value lies."""
    return data.id.get_offset() if data.chunks is None else data.id.get_chunk_info(0).byte_offset


def flip(path, at, bit=0):
    content = bytearray(path.read_bytes())
    content[at] ^= 1 << bit
    path.write_bytes(content)


def columns_of(path):
    """{column: where its first value lies}"""
    with h5py.File(path) as file:
        groups = {name: group for name, group in file.items() if isinstance(group, h5py.Group)}
        return {f"{name}/{column}": address(data) for name, group in groups.items() for column, data in group.items()}


def everything(path):
    """All that the module reads of a sweep, [column, ...] with its values; and what it warned of."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        study = wcam.open(path)
        tables = [study.columns("profiles"), study.columns("predictions")]
        read = {f"{k} {name}": values for k, table in enumerate(tables) for name, values in table.items()}
        for name in ("wcam", "standard_error", "outputs"):
            read[name] = study._array("profiles", name, None)
        for image, variant in zip(study._images["image"], study._images["variant"]):
            read[f"pixels of {image} {variant}"] = study.pixels(image, variant)
    return read, [str(warning.message) for warning in warned]


def is_equal(one, other):
    return one.keys() == other.keys() and all(numpy.array_equal(one[name], other[name], equal_nan=one[name].dtype.kind == "f")
                                              for name in one)  # fmt: skip


def test_a_flipped_bit_in_any_column_of_a_segment_leaves_it_out(copy):
    (copy / "results.h5").unlink()
    segment = max((copy / "segments").glob("[!.]*.h5"), key=lambda path: len(columns_of(path)))
    sound, (rows, content) = columns_of(segment), (len(wcam.open(copy).profiles), segment.read_bytes())
    assert len(sound) > 20
    for column, at in sound.items():
        flip(segment, at)
        with pytest.warns(UserWarning, match=f"left out: {re.escape(str(segment))}: {column} is damaged"):
            assert len(wcam.open(copy).profiles) < rows or column.startswith("predictions")
        segment.write_bytes(content)


def test_a_flipped_bit_in_any_column_of_results_is_told_when_that_is_read(copy):
    """Of a file of which HDF5 itself checks nothing, too: what `wcam explain` writes, or a lone segment."""
    results = copy / "results.h5"
    lone = max((copy / "segments").glob("[!.]*.h5"), key=lambda path: len(columns_of(path)))
    for path in (results, lone):
        sound, content = columns_of(path), path.read_bytes()
        for column, at in sound.items():
            flip(path, at)
            with pytest.raises((OSError, ValueError), match=f"{re.escape(str(path))}: "):
                everything(path)
            path.write_bytes(content)
        everything(path)


@pytest.mark.parametrize("name", ["results.h5", "segment"])
def test_a_flipped_bit_anywhere_is_told_or_changes_nothing(copy, name):
    """In what HDF5 keeps its own books in, too: names of columns, which chunk is where."""
    path = copy / name
    if name == "segment":
        (copy / "results.h5").unlink()
        path, *others = sorted((copy / "segments").glob("[!.]*.h5"), key=lambda path: path.stat().st_size, reverse=True)
        for other in others:
            other.unlink()
    expected, _ = everything(copy)
    content, dice, told = path.read_bytes(), random.Random(1), 0
    for _ in range(100):
        at, bit = dice.randrange(len(content)), dice.randrange(8)
        flip(path, at, bit)
        try:
            found, warned = everything(copy)
        except (OSError, ValueError) as problem:
            assert str(path) in str(problem), (at, bit)
            told += 1
        else:
            assert is_equal(found, expected) or any(str(path) in words for words in warned), (at, bit)
            told += bool(warned)
        path.write_bytes(content)
    assert told > 50


def test_the_name_of_a_column_that_is_damaged_is_no_column_that_is_lacking(copy):
    """Where HDF5 keeps no checksum of names a changed one would be read as a column that came later."""
    with h5py.File(copy / "results.h5", "r+") as file:
        file.move("profiles/explained", "profiles/explaimed")
    with pytest.raises(ValueError, match="results.h5: profiles/explained is not there and something unknown is"):
        wcam.open(copy).columns("profiles")
    with h5py.File(copy / "results.h5", "r+") as file:
        file.move("profiles/explaimed", "profiles/explained")
        file["profiles/later"] = numpy.zeros(len(file["profiles/job"]))  # a later version has it besides
    assert "later" not in wcam.open(copy).columns("profiles")


def begin_with(file, name, first):
    values = [first, *file[name][1:]]
    del file[name]
    file.create_dataset(name, data=values, dtype=h5py.string_dtype("utf-8", max(map(len, values))))


@pytest.mark.parametrize("spoil, words", [
    (lambda file: file["profiles"].pop("label"), "profiles/label is not there"),
    (lambda file: file["profiles/wcam"].resize(1, 0), r"profiles/wcam has the shape \(1, 8, 8\), \(\d+, 8, 8\) expected"),
    (lambda file: begin_with(file, "profiles/role", b"chief"), "profiles/role is 'chief', none of source, altered, unaffected"),
    (lambda file: begin_with(file, "profiles/image", b"\xff"), "can't decode byte 0xff"),
    (lambda file: file.attrs.pop("grid"), "grid"),
])  # fmt: skip
def test_what_a_stranger_wrote_wrongly_is_named(copy, spoil, words):
    with edited(copy / "results.h5") as file:
        spoil(file)
    with pytest.raises(ValueError, match=f"{re.escape(str(copy / 'results.h5'))}: .*{words}"):
        wcam.open(copy).columns("profiles")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"wcam": {}}'])
def test_a_plan_that_is_none_is_named(copy, text):
    (copy / "plan.json").write_text(text)
    with pytest.raises(ValueError, match="plan.json: no plan of a sweep: "):
        wcam.open(copy)


def test_a_sweep_without_results_has_empty_tables(copy):
    (copy / "results.h5").unlink()
    shutil.rmtree(copy / "segments")
    study = wcam.open(copy)
    assert len(study.profiles) == 0 and len(study.predictions) == 0 and study.maps().shape == (0, 8, 8)


def test_a_lone_segment_has_what_needs_no_plan(sweep):
    segment = next(path for path in sorted((sweep / "segments").glob("*.h5")) if "profiles" in h5py.File(path))
    study = wcam.open(segment)
    assert study.plan is None and len(study.profiles) > 0
    assert list(study.profiles["class_name"]) == [str(label) for label in study.profiles["label"]]
    assert study.profiles["share_level_1_se"].isna().all()


def test_arrays_need_no_pandas(sweep):
    program = """if True:
        import sys
        sys.modules["pandas"] = None
        import wcam
        study = wcam.open(sys.argv[1])
        columns = study.columns("profiles")
        assert columns["share_level_1"].shape == (len(study.maps()),)
        try:
            study.profiles
        except ImportError as problem:
            print(problem)"""
    done = subprocess.run([sys.executable, "-c", program, sweep], capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": str(ROOT / "python")})  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "apt-get install python3-pandas" in done.stdout


def test_the_guides_examples_run(copy, monkeypatch):
    """Every block of Python in the guide, one after another, inside a sweep's folder."""
    monkeypatch.chdir(copy)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs/reading_results.md").read_text(), re.S)
    assert len(blocks) > 5
    names = {}
    try:
        for block in blocks:
            exec(block, names)
    finally:
        matplotlib.pyplot.close("all")
    r = names["r"]
    assert (names["one_map"] == stored("results.h5", "profiles/wcam")[r]).all()
    numpy.testing.assert_allclose(names["total"].reshape(8, 8), names["one_map"], rtol=1e-4, atol=1e-6)
    assert (copy / "wcams.png").stat().st_size > 10_000 and (copy / "stable.png").stat().st_size > 10_000


@contextlib.contextmanager
def figure_of(axes):
    try:
        yield axes[0, 0].figure
    finally:
        matplotlib.pyplot.close(axes[0, 0].figure)


def shown(axis):
    return axis.get_images()[0].get_array()


def test_plot_wcams_shows_one_variant_under_every_case(sweep, tmp_path):
    study = wcam.open(sweep)
    altered = study.profiles[study.profiles["role"] == "altered"].sort_values(["rank", "role_index"]).iloc[0]
    axes = study.plot_wcams(altered["image"], save=tmp_path / "f.png")
    with figure_of(axes):
        assert axes.shape == (2, 3) and (tmp_path / "f.png").stat().st_size > 10_000
        assert (shown(axes[1, 0]) == study.pixels(altered["image"], altered["variant"])).all()
        assert axes[1, 0].get_title() == f"{altered['corruption']}, severity {altered['severity']}"
        for line, variant in enumerate(["source", altered["variant"]]):
            drawn = []
            for axis, case in zip(axes[line, 1:], Study.CASES):
                wanted = study.profiles.query("image == @altered.image and variant == @variant and case == @case")
                assert (shown(axis) == study.map(wanted.index[0])).all()
                assert wanted["class_name"].iloc[0] in axis.get_title() and axis.get_title().startswith(case)
                drawn.append(axis.get_images()[0])
            assert len({image.get_clim() for image in drawn}) == 1  # one scale a row
            maps = numpy.array([image.get_array() for image in drawn])
            assert drawn[0].get_clim() == (maps.min(), maps.max())
    axes = study.plot_wcams(altered["image"], "adv", one_scale=False)
    with figure_of(axes):
        for axis in axes[:, 1]:
            assert axis.get_images()[0].get_clim() == (shown(axis).min(), shown(axis).max())
    with pytest.raises(KeyError, match="no case fog in .*: baseline, adv"):
        study.plot_wcams(altered["image"], ["fog"])


def test_plot_stable_and_unstable_prediction_shows_three_roles(sweep):
    study = wcam.open(sweep)
    table = study.profiles[study.profiles["case"] == "baseline"]
    roles = table.groupby("image")["role"].nunique()
    image = roles.index[roles == 3][0]
    axes = study.plot_stable_and_unstable_prediction(image, "baseline")
    with figure_of(axes):
        assert axes.shape == (2, 3)
        for column, role in enumerate(["source", "unaffected", "altered"]):
            row = table.query("image == @image and role == @role").sort_values("role_index").iloc[0]
            assert (shown(axes[1, column]) == study.map(row.name)).all()
            assert (shown(axes[0, column]) == study.pixels(image, row["variant"])).all()
    with pytest.raises(KeyError, match="no WCAM of .* under nobody"):
        study.plot_stable_and_unstable_prediction(image, "nobody")


def test_a_panel_that_is_not_stored_says_so(copy):
    with edited(copy / "results.h5") as file:
        roles = [role.decode().replace("unaffected", "altered") for role in file["profiles/role"][:]]
        del file["profiles/role"]
        add_text(file["profiles"], "role", roles)
    study = wcam.open(copy)
    axes = study.plot_stable_and_unstable_prediction(study.profiles["image"][0], "baseline")
    with figure_of(axes):
        assert [text.get_text() for text in axes[0, 1].texts] == ["no unaffected variant stored"]
        assert [text.get_text() for text in axes[1, 1].texts] == ["not stored"]
