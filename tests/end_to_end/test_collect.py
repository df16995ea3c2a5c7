"""Workers that share no file system with the coordinator, and workers that copy what they read to a disk of their own."""

import contextlib
import os
import shutil
import subprocess
import time

import pytest

from conftest import BIN, end, run, wait_for


class Elsewhere:
    """Another host, as far as files go: a key, images and models of its own, and no sweep."""

    def __init__(self, study):
        self.folder = study.folder / "elsewhere"
        self.folder.mkdir()
        self.log = self.folder / "worker.log"
        self.images = shutil.copytree(study.images, self.folder / "images")
        self.models = shutil.copytree(study.models, self.folder / "models")
        self.key = shutil.copy2(study.sweep / "keys/worker.key", self.folder)

    def start(self, study, **options):
        words = [
            BIN / "wcam-worker", "run", "--collect", "--coordinator", (study.sweep / "coordinator.endpoint").read_text().strip(),
            "--key", self.key, "--images", self.images, "--models", self.models / "models.json", "--log", self.log, "--hand-in", "0",
        ]  # fmt: skip
        return subprocess.Popen([str(word) for word in words], cwd=self.folder, **options)


@contextlib.contextmanager
def out_of_sight(*folders):
    """Whoever looks for them where the plan says finds nothing."""
    for folder in folders:
        folder.rename(folder.with_suffix(".hidden"))
    try:
        yield
    finally:
        for folder in folders:
            folder.with_suffix(".hidden").rename(folder)


def finish(study, coordinator, worker):
    assert coordinator.wait(120) == 0, study.log.read_text()
    assert worker.wait(60) == 0
    run("wcam", "pack", study.sweep)
    assert not [path for path in (study.sweep / "segments").iterdir() if path.name.startswith(".")], "nothing half-sent is left"


def test_results_come_over_the_wire_through_a_restart_of_the_coordinator(study, undisturbed):
    coordinator = study.start_coordinator()
    elsewhere, worker = Elsewhere(study), None
    try:
        with out_of_sight(study.images, study.models):
            worker = elsewhere.start(study)
            study.wait_for_segments(2)
        end(coordinator)  # kill -9
        coordinator = study.start_coordinator()  # at the same port
        finish(study, coordinator, worker)
    finally:
        for process in filter(None, (coordinator, worker)):
            end(process)
    assert study.rows() == undisturbed.rows()
    assert sorted(path.name for path in elsewhere.folder.iterdir()) == ["images", "models", "worker.key", "worker.log"]
    assert study.ask_ledger("SELECT DISTINCT outcome FROM attempts WHERE outcome = 'failed'") == []


def test_a_disk_that_is_full_where_results_are_collected_stops_the_worker_until_it_has_room(study, undisturbed):
    segments = study.sweep / "segments"
    segments.mkdir(parents=True)
    if os.system(f"mount -t tmpfs -o size=1m tmpfs {segments} 2>/dev/null") != 0:
        pytest.skip("mounting a small tmpfs needs root")
    coordinator = worker = None
    try:
        (segments / "ballast").write_bytes(bytes(1_000_000))
        coordinator = study.start_coordinator()
        worker = Elsewhere(study).start(study)
        wait_for("words", lambda: "no worker can store its results; the sweep waits until one can" in study.log.read_text())
        assert "No space left on device" in study.log.read_text()
        time.sleep(11)  # two more attempts in vain, one every 5 s
        (segments / "ballast").unlink()
        os.system(f"mount -o remount,size=64m {segments}")
        finish(study, coordinator, worker)
        assert study.rows() == undisturbed.rows()
        log = (study.folder / "elsewhere/worker.log").read_text()
        assert log.count("the coordinator can store no result: ") == log.count("the coordinator can store results again") == 1
    finally:
        for process in filter(None, (coordinator, worker)):
            end(process)
        os.system(f"umount -l {segments}")


def test_what_a_worker_without_a_sweep_needs_is_said(study):
    refused = run("wcam-worker", "run", "--collect", "--coordinator", "tcp://127.0.0.1:9", code=2).stderr
    assert "--sweep DIR is missing; without it --collect, --coordinator and --key" in refused
    assert "--sweep DIR is missing" in run("wcam-worker", "run", code=2).stderr


def test_models_that_are_others_here_are_refused(study):
    coordinator = study.start_coordinator()
    elsewhere, worker = Elsewhere(study), None
    try:
        shutil.copy(elsewhere.models / "sin.pt", elsewhere.models / "adv.pt")
        with (study.folder / "complaints").open("w") as complaints:
            worker = elsewhere.start(study, stderr=complaints)
            assert worker.wait(60) == 3
        said = (study.folder / "complaints").read_text()
        assert "adv.pt has SHA-256 " in said and "another file than the one described" in said
        assert "another file than the one described" in elsewhere.log.read_text()
    finally:
        for process in filter(None, (coordinator, worker)):
            end(process)


def test_a_worker_with_other_images_leaves_and_spoils_nothing(study, undisturbed):
    coordinator, worker = study.start_coordinator(), None
    elsewhere = Elsewhere(study)
    try:
        for image in sorted(elsewhere.images.iterdir())[::2]:
            image.unlink()
        for image in elsewhere.images.iterdir():
            image.write_bytes(b"another picture")
        with (study.folder / "complaints").open("w") as complaints:
            bad = elsewhere.start(study, stderr=complaints)
            assert bad.wait(60) == 3
        assert "others may have the planned file" in (study.folder / "complaints").read_text()
        worker = subprocess.Popen([BIN / "wcam-worker", "run", "--sweep", study.sweep, "--hand-in", "0"])
        finish(study, coordinator, worker)
    finally:
        for process in filter(None, (coordinator, worker)):
            end(process)
    assert study.rows() == undisturbed.rows()
    assert study.ask_ledger("SELECT count(*) FROM attempts WHERE outcome = 'failed'") == [(0,)]


def run_staged(study, name, stage, **options):
    """The whole study by one worker, as a sweep of that name."""
    study.sweep = study.folder / name
    coordinator, worker = study.start_coordinator(), None
    try:
        words = [BIN / "wcam-worker", "run", "--sweep", study.sweep, "--hand-in", "0", "--stage", stage]
        worker = subprocess.Popen([str(word) for word in words], **options)
        finish(study, coordinator, worker)
    finally:
        for process in filter(None, (coordinator, worker)):
            end(process)


def test_staged_files_are_used_as_long_as_they_are_what_they_should_be(study, undisturbed):
    stage = study.folder / "stage"
    run_staged(study, "first", stage)
    assert study.rows() == undisturbed.rows()
    copies = {path.name[33:]: path for path in stage.iterdir() if not path.name.startswith(".")}
    assert set(copies) >= {"baseline.pt", "adv.pt", *(image for image, _, _ in study.rows())}
    for path in copies.values():  # somebody else's, who writes there too
        path.write_bytes(b"neither a picture nor a model")
    run_staged(study, "second", stage)
    assert study.rows() == undisturbed.rows()


def test_a_stage_without_room_costs_a_warning(study, undisturbed):
    with (study.folder / "complaints").open("w") as complaints:
        run_staged(study, "again", "/proc/none", stderr=complaints)
    assert study.rows() == undisturbed.rows()
    assert (study.folder / "complaints").read_text().count("it is used where it is") == 1
