"""What `wcam plan` says, beside what a sweep then does."""

import json

import pytest

from conftest import Study, run
from test_selection import SmallStudy


def planned(study, *more, code=0):
    """The forecast as JSON; run's own options are accepted."""
    words = study.arguments(*more)[1:]
    return json.loads(run("wcam", "plan", *words, "--json", code=code).stdout)


def size(path):
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) if path.is_dir() else path.stat().st_size


@pytest.fixture
def study(tmp_path):
    return SmallStudy(tmp_path)


def test_a_plan_counts_what_the_sweep_then_does_and_leaves_nothing(study):
    study.workers = 1  # of two, each may store a picture: whose job it is falls by chance
    before = planned(study, "--select", "all")
    assert not study.sweep.exists()
    study.run("--select", "all")
    status = json.loads(run("wcam", "status", study.sweep, "--json").stdout)
    for kind in ("predict", "explain"):
        assert before[kind]["jobs"] == {"low": status["jobs"][kind]["done"], "high": status["jobs"][kind]["done"]}
    assert before["explain"]["forwards_each"] == 4 * (16 + 1) + 1
    assert [case["name"] for case in before["cases"]] == study.CASES
    assert all(case["forward_seconds"] > 0 and case["load_seconds"] > 0 for case in before["cases"])
    assert before["seconds"]["low"] == before["seconds"]["high"] > 0
    assert before["memory_bytes"] > 50e6
    # Nothing is left, so nothing is measured; the rows' sizes are as computed.
    after = planned(study, "--select", "all")
    assert after["sweep"] == before["sweep"]
    assert after["forwards"] == {"low": 0, "high": 0} and after["seconds"] is None
    real = {"segments": size(study.sweep / "segments"), "results": size(study.sweep / "results.h5")}
    for name, bytes_there in real.items():
        assert before["bytes"][name]["high"] == pytest.approx(bytes_there, rel=0.25), (name, before["bytes"], real)


def test_a_plan_counts_what_sufficient_cells_cost(study):
    each = {words: planned(study, "--select", "all", "--no-measure", *words)["explain"]["forwards_each"] for words in ((), ("--sufficient",))}
    assert each == {(): 4 * (16 + 1) + 1, ("--sufficient",): 4 * (16 + 1) + 1 + len([*range(1, 12), 13, 15, 16])}


def test_a_published_plan_is_a_range_that_holds_what_the_sweep_does(undisturbed, tmp_path):
    fresh = Study(tmp_path)
    before = planned(fresh, "--no-measure")
    status = json.loads(run("wcam", "status", undisturbed.sweep, "--json").stdout)
    for kind in ("predict", "explain"):
        jobs = before[kind]["jobs"]
        assert jobs["low"] <= status["jobs"][kind]["done"] <= jobs["high"]
    assert before["explain"]["jobs"]["high"] == 2 * 2 * (1 + 2 + 1)
    assert before["seconds"] is None and before["memory_bytes"] is None
    left = json.loads(run("wcam", "plan", "--sweep", undisturbed.sweep, "--json").stdout)
    assert left["forwards"] == {"low": 0, "high": 0}


def test_a_network_is_tried_unless_nothing_is_measured_which_help_says(study):
    (study.models / "baseline.pt").write_text("not TorchScript")
    models = study.folder / "models.json"
    case = {"name": "broken", "file": str(study.models / "baseline.pt"), "input_size": 224, "resize": 256}
    models.write_text(json.dumps({"models": [case]}))
    words = ("wcam", "plan", "--images", study.images, "--models", models, "--workers", "1")
    assert "not a TorchScript file" in run(*words, code=3).stderr
    run(*words, "--no-measure")
    assert "no network is tried" in " ".join(run("wcam", "plan", "--help").stdout.split())


def test_a_plan_reads_well(study):
    text = run("wcam", "plan", *study.arguments("--select", "all")[1:]).stdout
    assert "to do     8 predict jobs of 5 forwards, 40 WCAMs of 69 forwards" in text
    assert "cases     2: baseline, adv" in text
    assert "with 2 workers" in text


MISTAKES = [
    ([], 2, "--images and --models are needed, or --sweep"),
    (["--images", "IMAGES"], 2, "and --models go together"),
    (["--images", "IMAGES", "--models", "MODELS", "--cases", "vit"], 2, "no model 'vit'"),
    (["--images", "none", "--models", "MODELS"], 3, "none is not a folder"),
    (["--images", "IMAGES", "--models", "MODELS", "--workers", "0"], 2, "--workers 0 is outside 1 to 256"),
    (["--images", "IMAGES", "--models", "MODELS", "--devices", "gpu"], 2, "--devices 'gpu' is not cpu or cuda:N"),
    (["--images", "IMAGES", "--models", "MODELS", "--sweep", "IMAGES/s"], 2, "lies in the folder of images"),
    (["--images", "BROKEN", "--models", "MODELS"], 3, "broken.png"),
]


@pytest.mark.parametrize("words,code,expected", MISTAKES, ids=[" ".join(words) for words, _, _ in MISTAKES])
def test_a_mistake_is_one_clear_line(words, code, expected, study):
    broken = study.folder / "broken"
    broken.mkdir()
    (broken / "broken.png").write_text("not an image")
    places = {"IMAGES": study.images, "MODELS": study.models / "models.json", "BROKEN": broken, "IMAGES/s": study.images / "s"}
    failed = run("wcam", "plan", *[places.get(word, word) for word in words], code=code)
    lines = failed.stderr.strip().splitlines()
    assert len(lines) == 1 and expected in lines[0], failed.stderr


def test_another_plan_than_the_sweeps_is_refused_as_by_run(undisturbed):
    refused = run("wcam", "plan", *undisturbed.arguments("--seed", "96")[1:], code=3)
    assert "seed: 95 in the sweep, 96 asked" in refused.stderr
