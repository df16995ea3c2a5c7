"""Workers and logs under trouble: what is lost, what is said, what goes on."""

import contextlib
import functools
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import time

import h5py
import pytest

from conftest import DEADLINE, alive, BIN, children, end, run, wait_for

LINE = re.compile(
    r'time=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z level=(debug|info|warning|error) program=(coordinator|wcam-worker|wcam) '
    r'pid=\d+ message="(([^"\\]|\\.)*)"'
)


def secrets(sweep):
    return {word for key in (sweep / "keys").glob("*.key") for word in re.findall(r"secret\S*\s+(\S+)", key.read_text())}


def test_logs_are_key_value_lines_without_a_secret(undisturbed):
    logs = sorted(path.name for path in (undisturbed.sweep / "logs").iterdir())
    assert logs == ["coordinator.log", "worker-1.log", "worker-2.log"]
    hidden = secrets(undisturbed.sweep)
    assert hidden
    for name in logs:
        text = (undisturbed.sweep / "logs" / name).read_text()
        assert text
        for line in text.splitlines():
            assert LINE.fullmatch(line), line
        assert not [secret for secret in hidden if secret in text]


def use_odd_models(study, **files):
    run("make_odd_models", study.models)
    models = [{"name": name, "file": file, "input_size": 64, "resize": 64} for name, file in files.items()]
    (study.models / "models.json").write_text(json.dumps({"models": models}))
    study.CASES = list(files)
    study.OPTIONS = {"--grid": "4", "--select": "all", "--sample-size": "1", "--corruptions": "contrast", "--severities": "1,5"}


@functools.cache
def address_space_of_a_small_wcam():
    """Its libraries take most of it, and differ between releases: 1.0 GiB with LibTorch 1.13, 1.2 with 2.6."""
    doctor = subprocess.Popen([BIN / "wcam-worker", "doctor", "--devices", "cpu"], stdout=subprocess.DEVNULL)
    peak = 0
    while doctor.poll() is None:
        found = re.search(r"VmPeak:\s+(\d+) kB", pathlib.Path(f"/proc/{doctor.pid}/status").read_text())
        peak = int(found[1]) << 10 if found else peak
        time.sleep(0.01)
    return peak


@contextlib.contextmanager
def worker_of(study, more_memory, *more):
    """A worker that the system gives so many bytes of address space beyond those of a small WCAM, no more."""
    limit = 2 * (address_space_of_a_small_wcam() + more_memory,)
    command = [BIN / "wcam-worker", "run", "--sweep", study.sweep, "--log", study.sweep / "logs/worker-1.log", *more]
    worker = subprocess.Popen(command, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, limit))
    try:
        yield worker
    finally:
        end(worker)


def test_a_worker_short_of_memory_halves_its_batch_and_the_numbers_stay(study):
    use_odd_models(study, hungry="hungry.pt")
    sweep = study.sweep
    study.sweep = study.folder / "plenty"
    study.run()
    plenty = study.rows()
    assert plenty

    study.sweep = sweep
    coordinator = study.start_coordinator()
    try:
        with worker_of(study, 3 << 30) as worker:  # a batch of 8 images takes 4 GiB
            assert coordinator.wait(120) == 0, study.log.read_text()
            assert worker.wait(120) == 0
    finally:
        end(coordinator)
    run("wcam", "pack", study.sweep)
    assert study.rows() == plenty
    with h5py.File(study.sweep / "results.h5") as file:
        sizes = set(file["profiles/batch_size"][:])
    assert len(sizes) == 1 and sizes <= {1, 2, 4}
    log = (study.sweep / "logs/worker-1.log").read_text()
    assert log.count("out of memory with 8 images a forward") == 1 and "4 from now on" in log
    assert study.ask_ledger("SELECT DISTINCT outcome FROM attempts") == [("done",)]


def test_a_job_that_needs_more_memory_than_there_is_is_set_aside_in_words(study):
    use_odd_models(study, hungry="hungry.pt")
    coordinator = study.start_coordinator("--max-attempts", "1")
    try:
        with worker_of(study, 1 << 29) as worker:  # its trial when it is loaded takes 1 GiB
            assert coordinator.wait(120) == 3  # nothing can be explained
            assert worker.wait(120) == 0
    finally:
        end(coordinator)
    failed = json.loads(run("wcam", "jobs", study.sweep, "--state", "set_aside", "--json").stdout)
    assert failed and all("can't allocate memory: you tried to allocate 1073741824 bytes" in job["text"] for job in failed)


@contextlib.contextmanager
def small_disk(folder, size):
    folder.mkdir(parents=True)
    if os.system(f"mount -t tmpfs -o size={size} tmpfs {folder} 2>/dev/null") != 0:
        pytest.skip("mounting a small tmpfs needs root")
    try:
        yield folder
    finally:
        os.system(f"umount -l {folder}")


def status(study):
    return json.loads(run("wcam", "status", study.sweep, "--json").stdout)


def wait_for_trouble(study):
    """Until no worker can store anything, and status says so."""
    wait_for("words", lambda: "no worker can store its results; the sweep waits until one can" in study.log.read_text())
    return wait_for("both workers' trouble", lambda: len((told := status(study))["trouble"]) == 2 and told)


def open_files(pid, folder):
    links = [os.readlink(link) for link in pathlib.Path(f"/proc/{pid}/fd").iterdir() if link.exists() or link.is_symlink()]
    return [link for link in links if link.startswith(str(folder))]


def test_a_full_disk_stops_the_workers_until_it_has_room_again(study, undisturbed):
    with small_disk(study.sweep / "segments", "2m") as disk:
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(1_900_000))
        sweep = study.start()
        try:
            told = wait_for_trouble(study)
            assert all("No space left on device" in line for line in told["trouble"])
            assert ") can store nothing: " in run("wcam", "status", study.sweep).stdout
            wait_for("the progress line", lambda: "2 workers (2 in trouble)" in study.log.read_text())
            # A few attempts later nothing half-written is left, nor held open.
            for _ in range(3):
                before = disk.stat().st_mtime_ns
                wait_for("another attempt", lambda: disk.stat().st_mtime_ns != before and not list(disk.glob(".*.partial")))
            workers = [pid for pid, name in children(sweep.pid).items() if name == "wcam-worker"]
            assert [open_files(pid, disk) for pid in workers] == [[], []]
            assert status(study)["done"] == told["done"] and sweep.poll() is None
            os.system(f"mount -o remount,size=64m {disk}")
            assert sweep.wait(120) == 0, study.log.read_text()
            logs = [(study.sweep / f"logs/worker-{i}.log").read_text() for i in (1, 2)]
            assert [log.count("results can be stored again") for log in logs] == [1, 1]
        finally:
            end(sweep)
        # Nothing was computed twice; what one had not begun the other may have been given.
        others = study.ask_ledger("SELECT DISTINCT outcome, text FROM attempts WHERE outcome <> 'done'")
        assert others in ([], [("given_back", "not begun when another worker had nothing to do")]), others
        assert study.rows() == undisturbed.rows()


def test_a_sweep_that_is_stopped_while_nothing_can_be_written_says_what_is_lost_and_resumes(study, undisturbed):
    with small_disk(study.sweep / "segments", "1m") as disk:
        (disk / "ballast").write_bytes(bytes(1_000_000))
        sweep = study.start()
        try:
            wait_for_trouble(study)
            sweep.send_signal(signal.SIGINT)
            assert sweep.wait(60) == 5, study.log.read_text()
        finally:
            end(sweep)
        assert "lost with this worker, to be computed again" in study.log.read_text()
        (disk / "ballast").unlink()
        os.system(f"mount -o remount,size=64m {disk}")
        study.run()
        assert study.rows() == undisturbed.rows()


def test_a_full_disk_under_the_ledger_stops_the_sweep_and_it_resumes(study, undisturbed):
    with small_disk(study.folder / "small", "600k") as disk:
        study.sweep = disk / "sweep"
        sweep = study.start()
        try:  # whichever comes first: the ledger cannot be written, or no worker can store
            wait_for("trouble", lambda: sweep.poll() is not None or "the sweep waits" in study.log.read_text())
            assert "No space left on device" in study.log.read_text() or "disk is full" in study.log.read_text()
            sweep.send_signal(signal.SIGINT)
            assert sweep.wait(60) in (3, 5), study.log.read_text()
        finally:
            end(sweep)
        for segment in study.segments():
            h5py.File(segment).close()
        os.system(f"mount -o remount,size=64m {disk}")
        study.run()
        assert study.rows() == undisturbed.rows()


@pytest.mark.parametrize("interrupted", (False, True))
def test_a_sweep_waits_for_room_under_its_ledger(study, undisturbed, interrupted):
    with small_disk(study.folder / "small", "64m") as disk:
        study.sweep = disk / "sweep"
        study.sweep.mkdir()
        for folder in ("segments", "logs"):  # these have room
            (study.folder / folder).mkdir()
            (study.sweep / folder).symlink_to(study.folder / folder)
        sweep = study.start()
        try:
            study.wait_for_segments(1)
            with contextlib.suppress(OSError), open(disk / "ballast", "wb", buffering=0) as ballast:
                while ballast.write(bytes(4096)):
                    pass
            wait_for("words", lambda: sweep.poll() is not None or "the sweep waits: cannot " in study.log.read_text())
            assert sweep.poll() is None, study.log.read_text()
            told = run("wcam", "pause", study.sweep, code=2).stderr
            assert "nothing was changed, since the sweep waits for room: cannot " in told, told
            if interrupted:
                sweep.send_signal(signal.SIGINT)
                assert sweep.wait(60) == 5, study.log.read_text()
            (disk / "ballast").unlink()
            if not interrupted:
                assert sweep.wait(DEADLINE) == 0, study.log.read_text()
        finally:
            end(sweep)
        study.run()
        assert study.rows() == undisturbed.rows()


def test_a_job_that_kills_its_worker_is_set_aside_with_signal_host_and_the_end_of_its_log(study):
    use_odd_models(study, endless="endless.pt")
    study.workers = 1
    for image in sorted(study.images.iterdir())[1:]:
        image.unlink()
    words = study.arguments("--max-attempts", "2")
    # The system kills a process that has computed for 6 s: nothing the worker could answer.
    limit = lambda: resource.setrlimit(resource.RLIMIT_CPU, (6, 6))
    done = subprocess.run([str(w) for w in [BIN / "wcam", *words]], capture_output=True, text=True, timeout=120, preexec_fn=limit)
    assert done.returncode == 3, done.stderr  # its only image is lost with it
    failed = json.loads(run("wcam", "jobs", study.sweep, "--state", "set_aside", "--json").stdout)
    assert failed
    shown = run("wcam", "show", study.sweep, failed[0]["job"]).stdout
    assert shown.count("worker-1 was killed by signal 9 (Killed)") >= 2, shown
    assert f" on {os.uname().nodename}) was lost after " in shown
    assert 'message="case endless loaded in ' in shown, shown
    line = next(line for line in done.stderr.splitlines() if line.startswith("set aside: "))
    assert "was killed by signal 9" in line


def test_what_a_stopped_worker_has_in_hand_is_done_by_an_idle_one(study, undisturbed):
    study.workers = 1
    sweep, other = study.start("--speculate", "--lease-seconds", "86400"), None  # nothing but a second attempt can help
    try:
        study.wait_for_segments(1)  # in mid-sweep: alone, it always has jobs in hand
        (stopped,) = (pid for pid, name in children(sweep.pid).items() if name == "wcam-worker")
        os.kill(stopped, signal.SIGSTOP)
        other = subprocess.Popen([BIN / "wcam-worker", "run", "--sweep", study.sweep, "--hand-in", "0"])
        assert sweep.wait(120) == 0, study.log.read_text()
        assert not alive(stopped) and "waiting for worker-1 " in study.log.read_text()
        assert other.wait(60) == 0
    finally:
        for process in filter(None, (sweep, other)):
            end(process)
    assert study.rows() == undisturbed.rows()
    ended = {outcome for outcome, in study.ask_ledger(
        f"SELECT outcome FROM attempts JOIN workers ON workers.id = attempts.worker WHERE workers.pid = {stopped}"
    )}
    assert "superseded" in ended and "lost" not in ended, ended
