"""A sweep is operated while its coordinator runs and at rest, by whoever holds the coordinator's key."""

import json
import os
import shutil
import signal
import subprocess
import time

from conftest import BIN, Study, alive, children, end, run, wait_for


def status(study):
    return json.loads(run("wcam", "status", study.sweep, "--json").stdout)


def jobs(study, *more):
    return json.loads(run("wcam", "jobs", study.sweep, "--limit", "0", "--json", *more).stdout)


def start_worker(study, *more):
    with study.log.open("ab") as log:
        return subprocess.Popen([BIN / "wcam-worker", "run", "--sweep", study.sweep, "--hand-in", "0", *more], stderr=log)


def leased(study):
    kinds = status(study)["jobs"]
    return kinds["predict"]["leased"] + kinds["explain"]["leased"]


def check_paused(study, worker):
    """What was in hand is stored, and nothing more comes."""
    wait_for("the jobs in hand", lambda: status(study)["connected"] and leased(study) == 0)
    stored = len(study.segments())
    assert status(study)["course"] == "paused" and worker.poll() is None
    before = [job["attempts"] for job in jobs(study)]
    assert "waiting" in {job["state"] for job in jobs(study)}
    assert before == [job["attempts"] for job in jobs(study)] and stored == len(study.segments())


def test_a_paused_sweep_stays_paused_over_a_restart_and_goes_on_with_the_same_numbers(study, undisturbed):
    coordinator, worker = study.start_coordinator(), None
    try:
        worker = start_worker(study)
        study.wait_for_segments(2)
        assert run("wcam", "pause", study.sweep).stdout.startswith("paused: nothing more is handed out; ")
        assert status(study)["course"] == "paused"  # at once
        assert run("wcam", "pause", study.sweep).stdout == "paused already\n"
        check_paused(study, worker)
        text = run("wcam", "status", study.sweep).stdout
        assert "paused: nothing is handed out until `wcam resume`" in text and ", paused\n" in text
        end(coordinator)  # kill -9
        os.unlink(study.sweep / "coordinator.endpoint")
        coordinator = study.start_coordinator()
        check_paused(study, worker)
        assert f"the sweep is paused: `wcam resume {study.sweep}`" in study.log.read_text()
        assert run("wcam", "resume", study.sweep).stdout == "resumed\n"
        assert coordinator.wait(120) == 0, study.log.read_text()
        assert worker.wait(60) == 0
    finally:
        end(coordinator)
        if worker:
            end(worker)
    run("wcam", "pack", study.sweep)
    assert study.rows() == undisturbed.rows()


def test_status_is_watched_until_the_sweep_ends(study):
    assert "do not go together" in run("wcam", "status", study.sweep, "--watch", "--json", code=2).stderr
    sweep = study.start("--no-figures")
    try:
        wait_for("it to run", lambda: (study.sweep / "coordinator.endpoint").exists())
        watched = run("wcam", "status", study.sweep, "--watch").stdout
        assert sweep.wait(60) == 0
    finally:
        end(sweep)
    lines = watched.splitlines()
    assert "jobs/min" in lines[0] and "\x1b" not in watched and "finished" in lines, watched


def test_pause_and_resume_at_rest(study):
    study.interrupt(2)
    run("wcam", "pause", study.sweep)
    assert status(study)["course"] == "paused"
    assert run("wcam", "resume", study.sweep).stdout == f"resumed: `wcam run --sweep {study.sweep}` goes on\n"
    assert run("wcam", "resume", study.sweep).stdout == "not paused\n"
    study.run()


def test_a_drained_worker_of_wcam_run_hands_in_leaves_and_is_not_replaced(study, undisturbed):
    sweep = study.start()
    try:
        study.wait_for_segments(1)
        listed = wait_for("two workers", lambda: len(status(study)["connected"]) == 2 and status(study)["connected"])
        one, other = listed
        assert f"worker {one['name'][: len('worker.') + 8]}: cpu of pid {one['pid']} on " in run("wcam", "status", study.sweep).stdout
        assert "begins the names of 2 workers, such as " in run("wcam", "drain", study.sweep, "worker", code=2).stderr
        assert "no worker's name begins with 'x'" in run("wcam", "drain", study.sweep, "x", code=2).stderr
        said = run("wcam", "drain", study.sweep, one["name"][: len("worker.") + 8]).stdout
        assert f"worker {one['name']} (cpu of pid {one['pid']} on " in said and "gets no more jobs" in said
        wait_for("the drained worker to leave", lambda: not alive(one["pid"]))
        assert sweep.wait(120) == 0, study.log.read_text()
    finally:
        end(sweep)
    wait_for("the other to end", lambda: not alive(other["pid"]))
    assert "worker-1" not in study.log.read_text() and "worker-2" not in study.log.read_text(), "no failure, no replacement"
    assert study.ask_ledger("SELECT count(*) FROM workers") == [(2,)]
    assert set(study.ask_ledger("SELECT DISTINCT outcome FROM attempts")) <= {("done",), ("not_received",), ("given_back",)}
    assert study.rows() == undisturbed.rows()


def test_cancelled_jobs_are_not_done_until_they_are_retried(study, undisturbed):
    coordinator, worker = study.start_coordinator(), None
    try:
        run("wcam", "pause", study.sweep)
        some = jobs(study)[0]
        assert "0 jobs cancelled" not in run("wcam", "cancel", study.sweep, "--case", "adv").stdout.splitlines()[1:]
        assert "no case 'vit' in this sweep; known: baseline, adv" in run("wcam", "cancel", study.sweep, "--case", "vit", code=2).stderr
        assert "say which jobs" in run("wcam", "cancel", study.sweep, code=2).stderr
        assert "do not go together" in run("wcam", "cancel", study.sweep, "--all", "--case", "adv", code=2).stderr
        assert "no image 'none.png'" in run("wcam", "cancel", study.sweep, "--image", "none.png", code=2).stderr
        assert "hex digits" in run("wcam", "cancel", study.sweep, "--job", "zz", code=2).stderr
        assert f"job {some['job']}: " in run("wcam", "show", study.sweep, some["job"][:10]).stdout
        assert "--state 'lost' is unknown; known: failed, waiting" in run("wcam", "jobs", study.sweep, "--state", "lost", code=2).stderr
        run("wcam", "resume", study.sweep)
        worker = start_worker(study)
        assert coordinator.wait(120) == 4, study.log.read_text()
        assert worker.wait(60) == 0
    finally:
        end(coordinator)
        if worker:
            end(worker)
    cancelled = jobs(study, "--state", "cancelled")
    assert cancelled and {job["case"] for job in cancelled} == {"adv"} and {job["kind"] for job in cancelled} == {"explain"}
    assert f"cancelled: {len(cancelled)} jobs; `wcam jobs" in study.log.read_text()
    run("wcam", "pack", study.sweep)
    assert study.rows() == {name: row for name, row in undisturbed.rows().items() if name[2] != "adv"}
    assert "nothing to retry" in run("wcam", "retry", study.sweep, "--failed").stdout
    assert f"{len(cancelled)} jobs put back: `wcam run" in run("wcam", "retry", study.sweep, "--case", "adv").stdout
    study.run()
    assert study.rows() == undisturbed.rows()


def test_cancelling_all_ends_a_running_sweep_and_retry_takes_it_up_again(study, undisturbed):
    sweep = study.start("--no-figures")
    try:
        study.wait_for_segments(2)
        assert " cancelled\n" in run("wcam", "cancel", study.sweep, "--all").stdout
        assert sweep.wait(120) == 4, study.log.read_text()
    finally:
        end(sweep)
    assert status(study)["state"] == "finished"
    assert "cancelled; `wcam retry` takes it up again" in run("wcam", "status", study.sweep).stdout
    study.run("--no-figures", code=4)  # nothing to do
    assert "the sweep is cancelled" in run("wcam", "pause", study.sweep, code=2).stderr
    run("wcam", "retry", study.sweep)
    study.run()
    assert study.rows() == undisturbed.rows()


def test_a_sweep_at_rest_is_cancelled_and_then_finished(study):
    study.interrupt(2)
    run("wcam", "cancel", study.sweep, "--all")
    assert status(study)["state"] == "finished" and status(study)["course"] == "cancelled"
    assert "nothing to cancel" in run("wcam", "cancel", study.sweep, "--all").stdout


class Everything(Study):
    OPTIONS = {"--grid": "8", "--severities": "5", "--select": "all", "--corruptions": "contrast,jpeg"}


def test_what_failed_is_retried_while_the_sweep_runs(tmp_path):
    study = Everything(tmp_path)
    coordinator = study.start_coordinator()
    bad = study.images / "texture-1.png"
    sound = bad.read_bytes()
    bad.write_text("the disk is on fire")
    worker = start_worker(study)
    try:
        wait_for("the image to be set aside", lambda: status(study)["images"]["set_aside"] == 1)
        assert {job["image"] for job in jobs(study, "--state", "failed")} == {"texture-1.png"}
        bad.write_bytes(sound)
        assert "1 image and 2 jobs put back\n" in run("wcam", "retry", study.sweep, "--failed").stdout
        assert coordinator.wait(120) == 0, study.log.read_text()
        assert worker.wait(60) == 0
    finally:
        end(coordinator)
        end(worker)
    run("wcam", "pack", study.sweep)
    assert {image for image, _, _ in study.rows()} == {f"texture-{i}.png" for i in range(4)}


def test_a_workers_key_does_not_operate_a_sweep_and_its_refusal_is_counted(study):
    coordinator = study.start_coordinator()
    try:
        keys = study.sweep / "keys"
        own = (keys / "coordinator.key").read_text()
        stolen = {line.split()[0]: line.split()[1] for line in (keys / "worker.key").read_text().splitlines() if not line.startswith("#")}
        thief = study.folder / "thief"  # a sweep of its own making, with the stolen pair in the coordinator's place
        shutil.copytree(study.sweep, thief, ignore=shutil.ignore_patterns("ledger*", "segments"))
        (thief / "keys/coordinator.key").write_text(
            f"coordinator-public {stolen['worker-public']}\ncoordinator-secret {stolen['worker-secret']}\n")
        refused = run("wcam", "pause", thief, code=3).stderr
        assert "does not take keys/coordinator.key as its own" in refused, refused
        assert status(study)["course"] == "on"
        wait_for("it to be counted", lambda: status(study)["turned_away"] > 0)
        assert "turned away: " in run("wcam", "status", study.sweep).stdout
        assert (keys / "coordinator.key").read_text() == own
        (keys / "coordinator.key").chmod(0o644)
        assert "chmod 600" in run("wcam", "pause", study.sweep, code=3).stderr
        (keys / "coordinator.key").chmod(0o600)
        run("wcam", "pause", study.sweep)
    finally:
        end(coordinator)


def test_a_coordinator_that_is_away_is_said_to_be(study):
    coordinator = study.start_coordinator()
    try:
        wait_for("its status", lambda: status(study)["running"])
        coordinator.send_signal(signal.SIGSTOP)
        said = run("wcam", "pause", study.sweep, code=3).stderr
        assert f"coordinator {coordinator.pid} on " in said and "does not answer within 10 s" in said
        coordinator.send_signal(signal.SIGCONT)
    finally:
        end(coordinator)
    # Killed: the ledger is free, and what is asked is done there.
    assert "not paused" in run("wcam", "resume", study.sweep).stdout or status(study)["course"] == "on"


def test_an_insecure_coordinator_is_operated_by_anybody(study):
    coordinator = study.start_coordinator("--insecure")
    try:
        wait_for("its status", lambda: status(study)["insecure"])
        run("wcam", "pause", study.sweep)
        assert status(study)["insecure"] and not (study.sweep / "keys").exists()
        assert jobs(study)
    finally:
        end(coordinator)


def test_a_sweep_that_has_not_begun_is_said_to_be(tmp_path):
    for verb in (["pause"], ["resume"], ["cancel", "--all"], ["retry"], ["jobs"]):
        assert "is no sweep" in run("wcam", verb[0], tmp_path, *verb[1:], code=3).stderr
    assert "is no sweep" in run("wcam", "drain", tmp_path, "w", code=3).stderr
    assert children(os.getpid()) == {}


def test_a_coordinator_that_is_silent_is_named_and_its_last_word_shown(study):
    coordinator = study.start_coordinator()
    try:
        coordinator.send_signal(signal.SIGSTOP)
        file = study.sweep / "status.json"
        word = json.loads(file.read_text())
        file.write_text(json.dumps({**word, "updated": word["updated"] - 60}))
        assert status(study)["running"] and status(study)["state"] == "running"
        text = run("wcam", "status", study.sweep).stdout
        assert f"no word from coordinator {coordinator.pid} on " in text and "it is stopped" in text
        for verb in ("pause", "jobs"):
            assert f"no word from coordinator {coordinator.pid} on " in run("wcam", verb, study.sweep, code=3).stderr
    finally:
        end(coordinator)


def test_a_signal_that_is_sent_twice_at_once_is_one(study):
    sweep = study.start("--no-figures")
    try:
        study.wait_for_segments(2)
        for _ in range(2):  # as coreutils' timeout does
            sweep.send_signal(signal.SIGTERM)
            time.sleep(0.05)
        assert sweep.wait(120) == 5
    finally:
        end(sweep)
    assert leased(study) == 0 and "signal 9" not in study.log.read_text()
