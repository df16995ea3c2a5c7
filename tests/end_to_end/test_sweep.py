"""One sweep from photographs to figures, and what may befall it on the way."""

import json
import os
import shutil
import signal
import subprocess

import h5py
import numpy
import PIL.Image
import pytest

from conftest import BIN, DEADLINE, Study, alive, children, end, run, textured_image, wait_for, write_png


def test_every_job_once_with_the_pixels_and_labels_that_made_it(undisturbed):
    rows = undisturbed.rows()
    images = {image for image, _, _ in rows}
    assert len(images) == 2  # the sample size
    with h5py.File(undisturbed.sweep / "results.h5") as file:
        predictions = file["predictions"]
        names = [predictions[name].asstr()[:] for name in ("image", "variant", "case")]
        labels = dict(zip(zip(*names), predictions["label"][:]))
        pixels = set(zip(file["images/image"].asstr()[:], file["images/variant"].asstr()[:]))
        assert json.loads(file["plan"].asstr()[()])["wcam"]["grid"] == 8
        assert file["profiles/wcam"].shape[1:] == (8, 8) and file["profiles/wcam"].dtype == numpy.float32
        # nothing is wasted: A and one block a cell; B is drawn but never evaluated
        assert file["profiles/outputs"].shape[1] == 4 * (64 + 1)
    for (image, variant, case), (role, _, label, _, _) in rows.items():
        assert label == labels[image, variant, case]  # each explains its own prediction
        affected = label != labels[image, "source", case]
        assert affected == (role == "altered")
        assert (image, variant) in pixels
    for image in images:
        for case in Study.CASES:
            roles = [role for (i, _, c), (role, *_) in rows.items() if (i, c) == (image, case)]
            assert roles.count("source") == 1 and 1 <= roles.count("altered") <= 2 and roles.count("unaffected") <= 1


def test_corrupt_shows_the_pixels_that_a_sweep_explains(study, tmp_path):
    study.run("--corruptions", "gaussian_noise,glass-blur,elastic_transform,spatter", "--seed", "7", "--no-figures")
    run("wcam", "pack", study.sweep)
    with h5py.File(study.sweep / "results.h5") as file:
        images, variants = (file[f"images/{name}"].asstr()[:] for name in ("image", "variant"))
        pixels = file["images/pixels"][:]
    shown = tmp_path / "shown.png"
    altered = [(*names, p) for *names, p in zip(images, variants, pixels) if names[1] != "source"]
    assert altered
    for image, variant, expected in altered:
        _, name, severity = variant.split("/")
        words = [study.images / image, "--name", name, "--severity", severity, "--out", shown]
        for seed, equal in (("7", True), ("8", False)):
            run("wcam", "corrupt", *words, "--seed", seed)
            assert (numpy.asarray(PIL.Image.open(shown)) == expected).all() == equal, (image, variant, seed)


def test_figures_come_out_of_the_same_command(undisturbed):
    names = {rank: image.removesuffix(".png") for (image, _, _), (_, rank, *_) in undisturbed.rows().items()}
    for i in (0, 1):
        for suffix in ("pdf", "png", "txt"):
            stem = f"corruptions_{i}_{names[i]}.{suffix}"
            assert (undisturbed.sweep / f"figures/figure-5/robust_training_{stem}").stat().st_size > 0
            for case in Study.CASES:
                stem = f"corruptions_{case}_{i}_{names[i]}.{suffix}"
                assert (undisturbed.sweep / f"figures/figure-4/{stem}").stat().st_size > 0
    assert f"figure-5/robust_training_corruptions_1_{names[1]}.pdf" in undisturbed.output.stdout


def test_all_draws_what_is_missing_and_nothing_twice(undisturbed, tmp_path):
    stored = tmp_path / "sweep"
    stored.mkdir()
    shutil.copy(undisturbed.sweep / "results.h5", stored)
    run("wcam", "plot", "figure-5", stored)
    done = run("wcam", "plot", "all", stored)
    kinds = {path.split("/")[-2] for path in done.stdout.splitlines()}
    assert kinds == {"figure-4", "spatial", "rebuilt", "mean", "difference"}
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in stored.glob("figures/*/*")}
    again = run("wcam", "plot", "all", stored)
    assert again.stdout == "" and "figures unchanged" in again.stderr
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in stored.glob("figures/*/*")} == before
    lost = stored / "figures/mean/corruptions.txt"
    lost.unlink()
    assert str(lost) in run("wcam", "plot", "all", stored).stdout and lost.read_bytes() == before[lost][1]


def test_figures_need_neither_models_nor_images_nor_segments(undisturbed, tmp_path):
    stored = tmp_path / "sweep"
    stored.mkdir()
    shutil.copy(undisturbed.sweep / "results.h5", stored)
    run("wcam", "plot", "figure-4", stored)
    run("wcam", "plot", "figure-5", stored)
    drawn = sorted(path.relative_to(stored) for path in stored.glob("figures/*/*"))
    assert len(drawn) == 18  # PDF, PNG and caption of 2 images, by 2 cases and all together
    for path in drawn:
        assert (stored / path).read_bytes() == (undisturbed.sweep / path).read_bytes()


def test_a_finished_sweep_says_of_no_variant_that_it_is_to_come(undisturbed, tmp_path):
    """What figure 5 says of each variant of each image, against what the coordinator chose."""
    explained = {(image, variant) for image, variant, _ in undisturbed.rows()}
    images, variants = (sorted(set(names)) for names in zip(*explained))
    variants.remove("source")
    missing = [(image, variant) for image in images for variant in variants if (image, variant) not in explained]
    assert missing
    for variant in variants:
        run("wcam", "plot", "figure-5", undisturbed.sweep, "--variant", variant, "--format", "pdf", "--out", tmp_path / variant)
        for image in images:
            (caption,) = (tmp_path / variant).glob(f"figure-5/*_{image.removesuffix('.png')}_*.txt")
            assert ("(not chosen for this image)" in caption.read_text()) == ((image, variant) in missing)
            text = subprocess.run(["pdftotext", caption.with_suffix(".pdf"), "-"], capture_output=True, text=True, check=True).stdout
            assert "not yet" not in " ".join(text.split())


def test_a_wcam_is_drawn_by_the_row_that_h5py_counts_or_by_its_names(undisturbed, tmp_path):
    results, figures = undisturbed.sweep / "results.h5", [tmp_path / name for name in ("row.svg", "names.svg")]
    with h5py.File(results) as file:
        names = [file[f"profiles/{name}"].asstr()[:] for name in ("image", "variant", "case")]
    drawn = set()
    for row, (image, variant, case) in enumerate(zip(*names)):
        run("wcam", "plot", "wcam", results, "--row", row, "--out", figures[0])
        run("wcam", "plot", "wcam", undisturbed.sweep, "--image", image, "--variant", variant, "--case", case,
            "--out", figures[1])  # fmt: skip
        assert figures[0].read_bytes() == figures[1].read_bytes()
        drawn.add(figures[0].read_bytes())
    assert len(drawn) == len(names[0]) > 4


def test_doubtful_wcams_are_marked_and_counted(undisturbed):
    with h5py.File(undisturbed.sweep / "results.h5") as file:
        doubts = file["profiles/doubts"].asstr()[:]
        errors, indices = file["profiles/standard_error"][:], file["profiles/wcam"][:]
    above = errors.max(axis=(1, 2)) > indices.max(axis=(1, 2))
    assert list(above) == ["a standard error above the largest index" in text for text in doubts] and above.any()
    assert f"doubtful: {sum(map(bool, doubts))} of {len(doubts)} WCAMs (" in undisturbed.output.stdout
    assert f"a standard error above the largest index: {above.sum()}" in undisturbed.output.stdout


def test_a_second_run_computes_nothing(undisturbed):
    before = [(path, path.stat().st_mtime_ns) for path in undisturbed.segments()]
    undisturbed.run()
    assert [(path, path.stat().st_mtime_ns) for path in undisturbed.segments()] == before


def test_a_killed_workers_jobs_go_to_another(study, undisturbed):
    sweep = study.start()
    try:
        study.wait_for_segments(3)
        workers = [pid for pid, name in children(sweep.pid).items() if name == "wcam-worker"]
        assert len(workers) == 2
        os.kill(workers[0], signal.SIGKILL)
        assert sweep.wait(120) == 0, study.log.read_text()
    finally:
        end(sweep)
    assert "was killed by signal 9" in study.log.read_text()
    assert study.rows() == undisturbed.rows()


def test_a_killed_coordinators_sweep_resumes_with_the_same_command(study, undisturbed):
    sweep = study.start()
    try:
        study.wait_for_segments(4)
        coordinator = [pid for pid, name in children(sweep.pid).items() if name.startswith("wcam-coord")]
        os.kill(coordinator[0], signal.SIGKILL)
        assert sweep.wait(120) == 5, study.log.read_text()
    finally:
        end(sweep)
    assert "the same command resumes" in study.log.read_text()
    kept = study.segments()
    study.run()
    assert study.segments()[: len(kept)] != [] and set(kept) <= set(study.segments())
    assert study.rows() == undisturbed.rows()


def test_a_killed_launcher_leaves_nobody_behind_and_loses_nothing(study, undisturbed):
    sweep = study.start()
    try:
        study.wait_for_segments(3)
        crew = list(children(sweep.pid))
        assert len(crew) == 3
    finally:
        end(sweep)
    wait_for("the crew to end", lambda: not any(alive(pid) for pid in crew))
    study.run()
    assert study.rows() == undisturbed.rows()


def test_a_terminated_worker_hands_in_what_it_has_and_returns_the_rest(study, undisturbed):
    coordinator = study.start_coordinator()
    worker = subprocess.Popen([BIN / "wcam-worker", "run", "--sweep", study.sweep, "--hand-in", "3600"])
    try:
        study.wait_for_segments(1)
        worker.terminate()
        assert worker.wait(120) == 5
        coordinator.send_signal(signal.SIGINT)
        assert coordinator.wait(120) == 5
    finally:
        end(worker)
        end(coordinator)
    outcomes = dict(study.ask_ledger("SELECT outcome, count(*) FROM attempts GROUP BY outcome"))
    assert set(outcomes) <= {"done", "given_back"}, outcomes
    study.run()
    assert study.rows() == undisturbed.rows()


def test_an_interrupted_sweep_stores_what_is_in_hand_and_resumes(study, undisturbed):
    study.interrupt(3)
    assert json.loads(run("wcam", "status", study.sweep, "--json").stdout)["running"] is False
    study.run()
    assert study.rows() == undisturbed.rows()


def test_a_sweep_whose_images_have_moved_resumes_when_told_where_they_are(study, undisturbed):
    study.interrupt(1)
    study.images = study.images.rename(study.folder / "moved")
    refused = run("wcam-coordinator", "run", "--sweep", study.sweep, code=3).stderr
    assert f"no longer in {study.folder / 'images'}: give --images and --models" in refused
    assert json.loads(run("wcam", "status", study.sweep, "--json").stdout)["state"] == "interrupted"
    study.run()
    assert study.rows() == undisturbed.rows()


def test_the_number_of_workers_changes_no_bit(study, undisturbed):
    study.workers = 1
    study.run("--hand-in", "1")
    assert study.rows() == undisturbed.rows()


def test_cases_that_do_not_fit_into_memory_together_change_no_bit(study, undisturbed):
    study.workers = 1
    study.run("--model-memory", "0", "--hand-in", "0")
    assert study.rows() == undisturbed.rows()
    log = (study.sweep / "logs/worker-1.log").read_text()
    loads = log.count(" loaded in ")
    assert " dropped from memory" in log and len(Study.CASES) < loads
    with h5py.File(study.sweep / "results.h5") as file:
        jobs = len(file["profiles/job"]) + len(set(file["predictions/job"][:]))
    assert loads < jobs / 2, f"{loads} loads for {jobs} jobs"


def test_a_bad_image_is_set_aside_and_the_sweep_goes_on(study):
    (study.images / "a-broken.png").write_text("not an image")
    done = study.run("--sample-size", "4", code=4)
    assert "a-broken.png" in done.stderr
    assert {image for image, _, _ in study.rows()}.isdisjoint({"a-broken.png"})


def test_a_sweep_in_which_no_image_qualifies_says_so(study):
    refused = study.run("--severities", "1", "--corruptions", "pixelate", code=3)
    why = "0 of the 2 images asked for were selected, of 4: 4 without a variant that changes the prediction of every case"
    assert why in refused.stderr
    assert f"sample: {why}\n" in run("wcam", "status", study.sweep).stdout
    assert json.loads(run("wcam", "status", study.sweep, "--json").stdout)["shortfall"] == why


def test_frost_is_made_of_the_users_photographs_or_left_out(study):
    frost = study.folder / "frost"
    frost.mkdir()
    for name, seed in (("ice.png", 10), ("rime.png", 11)):
        write_png(frost / name, textured_image(seed, side=200))
    asked = ["--corruptions", "frost,contrast", "--frost-overlays"]
    done = study.run(*asked, frost)
    assert "left out" not in done.stderr
    with h5py.File(study.sweep / "results.h5") as file:
        variants = set(file["predictions/variant"].asstr()[:])
    assert variants == {"source", *(f"corruptions/{name}/{s}" for name in ("frost", "contrast") for s in (1, 5))}
    moved = frost.rename(study.folder / "moved")
    gone = run("wcam", "run", "--sweep", study.sweep, code=3)
    assert "frost overlays" in gone.stderr and "no longer" in gone.stderr
    study.run(*asked, moved)
    (moved / "ice.png").write_bytes((moved / "rime.png").read_bytes())
    refused = study.run(*asked, moved, code=3)
    assert "frost overlay ice.png: SHA-256" in refused.stderr

    study.sweep = study.folder / "without"
    done = study.run(*asked[:2])
    assert done.stderr.count("frost is left out") == 1 and "--frost-overlays DIR" in done.stderr
    plan = json.loads((study.sweep / "plan.json").read_text())
    assert plan["variants"] == ["corruptions/contrast/1", "corruptions/contrast/5"] and "frost_overlays" not in plan
    assert "frost cannot be made" in study.run("--corruptions", "frost", code=2).stderr


def test_a_case_that_throws_is_named_and_the_sweep_ends(study):
    run("make_odd_models", study.models)
    (study.models / "models.json").write_text(json.dumps({"models": [{"name": "odd", "file": "throws.pt"}]}))
    study.CASES = ["odd"]
    failed = study.run(code=3)
    assert "four channels wanted" in failed.stderr


def test_a_worker_that_does_not_see_the_images_leaves_and_sets_none_aside(study, undisturbed):
    coordinator = study.start_coordinator()
    try:
        study.images.rename(study.folder / "unmounted")
        failed = run("wcam-worker", "run", "--sweep", study.sweep, code=3)
        assert "is not there" in failed.stderr
        (study.folder / "unmounted").rename(study.images)
    finally:
        end(coordinator, signal.SIGINT)
    study.run()
    assert study.rows() == undisturbed.rows()


def test_a_worker_of_another_sweep_is_refused(study, undisturbed):
    coordinator = study.start_coordinator()  # alone, so that it is there as long as it is needed
    try:
        endpoint = (study.sweep / "coordinator.endpoint").read_text().strip()
        other = study.folder / "other"
        shutil.copytree(undisturbed.sweep, other)
        plan = json.loads((other / "plan.json").read_text())
        plan["seed"] = 96
        (other / "plan.json").write_text(json.dumps(plan))
        before = sorted(other.glob("segments/*"))
        words = ["run", "--sweep", other, "--coordinator", endpoint]
        assert "it is a key of another sweep" in run("wcam-worker", *words, code=3).stderr
        key = study.sweep / "keys/worker.key"
        assert "this coordinator serves sweep" in run("wcam-worker", *words, "--key", key, code=3).stderr
        assert sorted(other.glob("segments/*")) == before
    finally:
        end(coordinator, signal.SIGINT)


def test_another_plan_is_refused_with_what_differs(undisturbed):
    refused = run("wcam", *undisturbed.arguments("--seed", "96", "--levels", "2"), code=3)
    assert "seed: 95 in the sweep, 96 asked" in refused.stderr
    assert "levels: 3 in the sweep, 2 asked" in refused.stderr


def test_a_sweep_in_use_is_refused(study):
    sweep = study.start()
    try:
        study.wait_for_segments(1)
        refused = study.run(code=3)
        assert "in use" in refused.stderr
    finally:
        end(sweep, signal.SIGINT)


def test_the_recorded_command_does_the_same_again_from_anywhere(study):
    study.sweep = study.folder / "it's a sweep"
    words = ["run", "--images", "images", "--models", "models/models.json", "--cases", "baseline", "--corruptions", "contrast", "--severities", "5",
             "--perturbation", "corruptions", "--sample-size", "1", "--max-altered", "1", "--grid", "8", "--workers", "1"]  # fmt: skip
    run("wcam", *words, "--sweep", study.sweep.name, "--batch-size", "4", cwd=study.folder)
    ((line,),) = study.ask_ledger("SELECT command FROM runs")
    assert line in run("wcam", "info", study.sweep).stdout
    path = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
    again = subprocess.run(["sh", "-c", line], cwd="/", env=path, capture_output=True, text=True, timeout=DEADLINE)
    assert again.returncode == 0, again.stderr
    assert again.stderr.startswith("3/3 jobs, 1 of 1 image selected"), again.stderr
    # A coordinator that was started by hand records its own.
    run("wcam-coordinator", "run", "--sweep", study.sweep.name, cwd=study.folder)
    first, second, by_hand = (command for (command,) in study.ask_ledger("SELECT command FROM runs"))
    assert first == second == line and " --workers 1 " in line
    assert by_hand == f"cd {study.folder} && wcam-coordinator run --sweep 'it'\\''s a sweep'"
