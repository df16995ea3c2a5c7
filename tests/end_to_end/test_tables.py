"""`wcam export` and `wcam info` against h5py: tables read back by csv, pandas and NumPy hold what the files hold."""

import csv
import json
import resource
import signal
import subprocess
from pathlib import Path

import h5py
import numpy
import pandas
import pytest

from conftest import BIN, ROOT, run
from test_reader import EARLIER, add_text, at, later_answer, stored
from test_reader import copy, later, sweep, wcam  # noqa: F401  (fixtures, and the module in Python)


def text_table(file):
    """Every field as it is written."""
    with open(file, newline="", encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened, strict=True))
    assert rows and None not in rows[0]
    return {name: [row[name] for row in rows] for name in rows[0]}


def frame(file):
    return pandas.read_csv(file, keep_default_na=False, na_values={name: [""] for name in NUMBERS})


NUMBERS = ["probability", "severity_difference", *(f"top_probabilities_{k}" for k in range(5)),
           *(f"share_{name}_se" for name in ("approximation", "level_3", "level_2", "level_1"))]  # fmt: skip


@pytest.fixture(scope="module")
def tables(sweep, tmp_path_factory):  # noqa: F811
    folder = tmp_path_factory.mktemp("tables")
    done = run("wcam", "export", sweep, "--csv", folder / "csv", "--npz", folder / "npz")
    names = ["profiles.csv", "predictions.csv", "columns.md", "profiles.npz", "predictions.npz", "columns.md"]
    assert [line.rsplit("/", 1)[1] for line in done.stdout.splitlines()] == names
    files = [sorted(path.name for path in (folder / kind).iterdir()) for kind in ("csv", "npz")]
    assert files == [["columns.md", f"predictions.{kind}", f"profiles.{kind}"] for kind in ("csv", "npz")]
    return folder


def test_csv_has_every_stored_value(sweep, tables):  # noqa: F811
    file, table = sweep / "results.h5", text_table(tables / "csv/profiles.csv")
    rows = at(file, table)
    assert sorted(rows) == list(range(len(rows)))
    for name in ("job", "attempt", "rank", "role_index", "label", "batch_size"):
        assert [int(value) for value in table[name]] == list(stored(file, f"profiles/{name}")[rows]), name
    for name in ("perturbation", "role", "device", "provenance", "estimator", "doubts"):
        assert table[name] == list(stored(file, f"profiles/{name}")[rows]), name
    for name in ("logit", "robustness_margin", "spatial_spread", "forward_equivalents"):
        assert (numpy.array(table[name], "f4") == stored(file, f"profiles/{name}")[rows]).all(), name
    assert (numpy.array(table["seconds"], "f8") == stored(file, "profiles/seconds")[rows]).all()
    for name in ("level_contributions", "spectral_profile"):
        values = stored(file, f"profiles/{name}")[rows]
        for k in range(values.shape[1]):
            assert (numpy.array(table[f"{name}_{k}"], "f4") == values[:, k]).all()
    for k, name in enumerate(("approximation", "level_3", "level_2", "level_1")):
        assert (numpy.array(table[f"share_{name}"], "f4") == stored(file, "profiles/level_share")[rows, k]).all()
    predictions = text_table(tables / "csv/predictions.csv")
    assert [int(job) for job in predictions["job"]] == list(stored(file, "predictions/job"))
    for name in ("image", "variant", "case", "provenance"):
        assert predictions[name] == list(stored(file, f"predictions/{name}"))
    for name in ("logit", "probability"):
        assert (numpy.array(predictions[name], "f4") == stored(file, f"predictions/{name}")).all()


@pytest.mark.parametrize("table", ["profiles", "predictions"])
def test_csv_is_the_table_of_the_reader_in_python(sweep, tables, table):  # noqa: F811
    """Which computes shares' errors, names and probabilities by itself."""
    exported, read = frame(tables / f"csv/{table}.csv"), getattr(wcam.open(sweep), table)
    known = [name for name in read if name in exported]
    assert set(exported) <= set(read) and set(read) - set(exported) <= set(wcam.DEFAULTS[table])
    for name in known:
        if exported[name].dtype.kind == "f":
            numpy.testing.assert_allclose(exported[name], read[name], rtol=2e-5, atol=1e-7, err_msg=name)
        else:
            assert list(exported[name]) == list(read[name]), name


def test_npz_is_the_csv_with_maps(sweep, tables):  # noqa: F811
    file = sweep / "results.h5"
    for table in ("profiles", "predictions"):
        written = text_table(tables / f"csv/{table}.csv")
        with numpy.load(tables / f"npz/{table}.npz") as arrays:
            assert set(arrays) - set(written) == ({"wcam", "standard_error"} if table == "profiles" else set())
            for name, values in written.items():
                kind = arrays[name].dtype
                if kind.kind == "U":
                    assert list(arrays[name]) == values and kind.itemsize == 4 * max(1, *map(len, values)), name
                elif kind == bool:
                    assert [str(value).lower() for value in arrays[name]] == values, name
                else:
                    expected = numpy.array([value or "nan" for value in values], object).astype(kind)
                    numpy.testing.assert_array_equal(arrays[name], expected, err_msg=name)
    with numpy.load(tables / "npz/profiles.npz") as arrays:
        rows = at(file, arrays)
        for name in ("wcam", "standard_error"):
            assert arrays[name].dtype == numpy.float32
            assert (arrays[name] == stored(file, f"profiles/{name}")[rows]).all()
        assert arrays["job"].dtype == numpy.uint64 and arrays["label"].dtype == numpy.int64


def test_columns_md_defines_each_column(tables):
    said = (tables / "csv/columns.md").read_text()
    for table in ("profiles", "predictions"):
        section = said[said.index(f"## {table}") :].split("\n## ")[0]
        for name in text_table(tables / f"csv/{table}.csv"):
            assert f"`{name}`" in section, name
    assert said == (tables / "npz/columns.md").read_text()


def test_true_labels_and_their_classes_are_exported(later, tmp_path):  # noqa: F811
    run("wcam", "export", later / "results.h5", "--csv", tmp_path)
    names = (ROOT / "models/demo/classes.txt").read_text().splitlines()
    truth = {i["path"]: i.get("true_label", -1) for i in json.loads((later / "plan.json").read_text())["images"]}
    assert -1 in truth.values() and len(set(truth.values())) > 2
    for table in ("profiles", "predictions"):
        read = text_table(tmp_path / f"{table}.csv")
        assert [int(label) for label in read["true_label"]] == [truth[image] for image in read["image"]]
        classes = [names[truth[image]] if truth[image] >= 0 else "" for image in read["image"]]
        assert read["true_class"] == classes


def test_texts_that_csv_must_quote_and_wide_characters_come_back(copy, tmp_path):  # noqa: F811
    odd = [' =1,"b"\r\n.png', "猫 été 𝔊.png"]
    with h5py.File(copy / "results.h5", "r+") as file:
        for group in ("profiles", "predictions", "images"):
            names = file[group]["image"].asstr()[:]
            as_odd = {name: odd[k % 2] for k, name in enumerate(sorted(set(names)))}
            del file[group]["image"]
            add_text(file[group], "image", [as_odd[name] for name in names])
        written = list(file["predictions/image"].asstr()[:])
    run("wcam", "export", copy / "results.h5", "--csv", tmp_path, "--npz", tmp_path)
    assert text_table(tmp_path / "predictions.csv")["image"] == written and set(written) == set(odd)
    with numpy.load(tmp_path / "predictions.npz") as arrays:
        assert list(arrays["image"]) == written


def test_segments_are_exported_as_results_are_and_twice_answered_jobs_once(copy, tmp_path):  # noqa: F811
    run("wcam", "export", copy, "--csv", tmp_path / "packed")
    (copy / "results.h5").unlink()
    for segment in sorted((copy / "segments").glob("*.h5")):
        later_answer(segment, segment.with_name("0" + segment.name), 7)
    run("wcam", "export", copy, "--csv", tmp_path / "loose")
    assert (tmp_path / "loose/profiles.csv").read_bytes() == (tmp_path / "packed/profiles.csv").read_bytes()
    loose, packed = ((tmp_path / kind / "predictions.csv").read_text().splitlines() for kind in ("loose", "packed"))
    assert sorted(loose) == sorted(packed)


def test_a_sweep_of_an_earlier_version_is_exported(tmp_path):
    run("wcam", "export", EARLIER, "--csv", tmp_path, "--npz", tmp_path)
    table = text_table(tmp_path / "profiles.csv")
    assert len(table["job"]) == 4 and set(table["provenance"]) == {""}
    assert set(table["share_level_1_se"]) == {"inf"}  # N is 2
    assert len(text_table(tmp_path / "predictions.csv")["job"]) == 8


def test_what_needs_a_plan_is_empty_for_a_lone_segment(sweep, tmp_path):  # noqa: F811
    segment = next(path for path in sorted((sweep / "segments").glob("*.h5")) if "profiles" in h5py.File(path))
    run("wcam", "export", segment, "--csv", tmp_path)
    table = text_table(tmp_path / "profiles.csv")
    assert set(table["share_level_1_se"]) == {""} and table["class_name"] == table["label"]


def small_files_only():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # so that writing fails, as on a full disk
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


def test_an_export_that_fails_leaves_nothing_half_written(sweep, tmp_path):  # noqa: F811
    for kind in ("csv", "npz"):
        folder = tmp_path / kind
        done = subprocess.run(
            [BIN / "wcam", "export", sweep, f"--{kind}", folder], capture_output=True, text=True,
            preexec_fn=small_files_only,
        )  # fmt: skip
        assert (done.returncode, list(folder.iterdir())) == (3, []), done.stderr
        assert f"cannot write {folder}/" in done.stderr and "File too large" in done.stderr


def test_mistaken_exports_are_refused(copy, tmp_path):  # noqa: F811
    assert "--csv DIR, --npz DIR, or both" in run("wcam", "export", copy, code=2).stderr
    assert "nowhere" in run("wcam", "export", tmp_path / "nowhere", "--csv", tmp_path, code=3).stderr
    with h5py.File(copy / "results.h5", "r+") as file:
        outputs = file["profiles/outputs"][:, :-4]
        del file["profiles/outputs"]
        file["profiles/outputs"] = outputs
    said = run("wcam", "export", copy, "--csv", tmp_path / "x", code=3).stderr
    assert "has 256 outputs, the settings of its plan make 260" in said and not list((tmp_path / "x").iterdir())


def test_info_counts_what_h5py_counts(sweep):  # noqa: F811
    said = json.loads(run("wcam", "info", sweep, "--json").stdout)
    file = sweep / "results.h5"
    roles, doubts = stored(file, "profiles/role"), stored(file, "profiles/doubts")
    assert said["roles"] == {role: int((roles == role).sum()) for role in sorted(set(roles))}
    assert (said["profiles"], said["predictions"]) == (len(roles), len(stored(file, "predictions/job")))
    assert said["stored_images"] == len(stored(file, "images/image"))
    assert said["doubtful"] == (doubts != "").sum()
    each = [doubt for text in doubts for doubt in text.split(", ") if doubt]
    assert said["doubts"] == {doubt: each.count(doubt) for doubt in sorted(set(each))}
    assert said["seconds"] == pytest.approx(stored(file, "profiles/seconds").sum())
    assert said["median_seconds"] == pytest.approx(numpy.median(stored(file, "profiles/seconds")))
    with h5py.File(file) as opened:
        assert said["sweep_id"] == opened.attrs["sweep_id"].decode()
        assert said["written_by"] == {opened.attrs["software_version"].decode(): 1}
        plan = json.loads(opened["plan"][()])
    assert said["plan"]["images"] == len(plan["images"]) and said["plan"]["wcam"] == plan["wcam"]
    assert [case["sha256"] for case in said["plan"]["cases"]] == [case["sha256"] for case in plan["cases"]]
    assert [case["classes"] for case in said["plan"]["cases"]] == [len(plan["class_lists"][0])] * 2
    (by,) = said["provenances"]
    assert by["provenance"] == stored(file, "profiles/provenance")[0]
    assert said["updated"] == json.loads((sweep / "status.json").read_text())["updated"]


def test_info_says_in_words_what_a_sweep_is(sweep, copy):  # noqa: F811
    text = run("wcam", "info", sweep).stdout
    plan = json.loads((sweep / "plan.json").read_text())
    assert f"{plan['locations']['images_root']}" in text and "grid 8, 3 levels, 4 design points" in text
    for case in plan["cases"]:
        file = plan["locations"]["models"][case["name"]]
        assert f"{case['name']:<8}  SHA-256 {case['sha256'][:12]}...  {file}" in text
    assert "at severity 1, 5" in text
    assert f"cd {Path.cwd()} && wcam run --images " in text
    assert "holds      results.h5, format wcam-store 1, written by wcam" in text
    (copy / "results.h5").unlink()
    segments = len(list((copy / "segments").glob("*.h5")))
    assert f"holds      {segments} segments, format wcam-store 1" in run("wcam", "info", copy).stdout
    assert "this is a segment" in run("wcam", "info", sorted((copy / "segments").glob("*.h5"))[-1]).stdout
    assert "8 predictions by a machine that was not stored" in run("wcam", "info", EARLIER).stdout


def test_info_of_a_lone_wcam_says_that_no_sweep_made_it(tmp_path):
    from test_columns import explained

    explained(tmp_path, "--grid", 4)
    text = run("wcam", "info", tmp_path / "x.h5").stdout
    assert "sweep      none: made by `wcam explain`" in text and "variants" not in text.replace("variant\n", "")
    assert "rows       1 WCAM of 1 image (source: 1), 1 prediction, pixels of 1 variant" in text
