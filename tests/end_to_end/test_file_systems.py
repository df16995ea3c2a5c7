"""A sweep on a file system that shares no memory between hosts, as NFS and Lustre: a FUSE mount, whose files cannot be
mapped as shared memory at all, so that what relies on it fails."""

import contextlib
import errno
import mmap
import os
import shutil
import signal
import subprocess
import tempfile

import pytest

from conftest import BIN, DEADLINE, children, elsewhere, end, run, wait_for
from test_doctor import verdicts

# Locks are good for all mounts of a folder, if each mount has one program that locks.
AS_ONE_OF_MANY_HOSTS = ["--multithreaded", "--enable-lock-forwarding"]


@contextlib.contextmanager
def mounted(source, folder, *options):
    if shutil.which("bindfs") is None:
        pytest.skip("bindfs is not installed (scripts/packages-test.txt)")
    for path in (source, folder):
        path.mkdir(exist_ok=True)
    # With direct I/O the kernel keeps no pages of a file that it could share.
    bindfs = subprocess.Popen(
        ["bindfs", "-f", "-o", "direct_io", *options, source, folder], stderr=subprocess.PIPE, text=True
    )
    try:
        wait_for("the mount", lambda: os.path.ismount(folder) or bindfs.poll() is not None)
        if bindfs.returncode is not None:
            pytest.skip(f"no FUSE mounts here: {bindfs.stderr.read()}")
        assert shares_memory(source) and not shares_memory(folder)
        yield
    finally:
        subprocess.run(["fusermount", "-u", "-z", folder], capture_output=True, timeout=30)
        end(bindfs)


@pytest.fixture
def remote(study):
    """The study with its sweep on such a mount; `below` is the folder that is mounted."""
    study.below = study.folder / "below"
    with mounted(study.below, study.sweep):
        yield study


def shares_memory(folder):
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        file.truncate(mmap.PAGESIZE)
        try:
            mmap.mmap(file.fileno(), mmap.PAGESIZE, mmap.MAP_SHARED).close()
        except OSError as problem:
            assert problem.errno == errno.ENODEV
            return False
    return True


def examine(folder, code=0, **options):
    return verdicts(run("wcam-coordinator", "doctor", "--sweep", folder, code=code, **options).stdout)


@pytest.mark.parametrize("error", [errno.EINVAL, errno.ENOTSUP, errno.EBADF])
def test_folders_that_cannot_be_synced_are_no_obstacle(error, study, undisturbed):
    machine = elsewhere(OTHER_FSYNC_FOLDER=str(error))
    run("wcam", *study.arguments(), env=machine)
    assert study.rows() == undisturbed.rows()
    found = examine(study.sweep, env=machine)
    assert found["durable"][0] == "warn" and "fsync of its folder is refused" in found["durable"][1]
    assert examine(study.sweep)["durable"][0] == "ok"


@pytest.mark.parametrize(("what", "error"), [("FOLDER", errno.EIO), ("FOLDER", errno.ENOSPC), ("FILE", errno.EINVAL)])
def test_whatever_else_cannot_be_synced_is_not_called_durable(what, error, study):
    done = run("wcam", *study.arguments(), env=elsewhere(**{f"OTHER_FSYNC_{what}": str(error)}), code=3)
    assert "cannot make durable" in done.stderr and os.strerror(error) in done.stderr


def test_where_no_permissions_are_kept_that_is_said_and_what_helps(study):
    """As CIFS, exFAT and WSL have it: everybody may read everything, whatever chmod says."""
    study.below = study.folder / "below"
    with mounted(study.below, study.sweep, "--perms=a+rwX", "--chmod-ignore"):
        found = examine(study.sweep, code=3)
        assert found["permissions"][0] == "FAIL" and "umask=077" in found["permissions"][1]
        for refused in (study.run(code=3).stderr, run("wcam", "keys", study.sweep, code=3).stderr):
            assert "its file system keeps no permissions, and chmod does not help; mount it" in refused
            assert "or say --insecure" in refused and "chmod 700" not in refused
    with mounted(study.below, study.sweep, "--perms=a+rX:go-w", "--chmod-ignore"):  # the folder will do, the keys will not
        shutil.rmtree(study.sweep / "keys", ignore_errors=True)
        refused = study.run(code=3).stderr
        assert "coordinator.key holds a secret and is open to others" in refused and "keeps no permissions" in refused
        study.run("--insecure")
    with mounted(study.below, study.sweep, "--perms=u+rwX:go=", "--chmod-ignore"):  # what helps
        assert examine(study.sweep)["permissions"][0] == "ok"
        run("wcam", "keys", study.sweep)


def figures(sweep):
    return {path.relative_to(sweep): path.read_bytes() for path in sweep.rglob("*.png")}


def test_a_killed_coordinator_costs_nothing_where_no_memory_is_shared(remote, undisturbed):
    sweep = remote.start()
    try:
        remote.wait_for_segments(6)
        (coordinator,) = (pid for pid, name in children(sweep.pid).items() if name.startswith("wcam-coord"))
        os.kill(coordinator, signal.SIGKILL)
        assert sweep.wait(DEADLINE) == 5, remote.log.read_text()
    finally:
        end(sweep)
    # Memory that was shared would outlive who was killed, as the log does.
    assert {path.name for path in remote.below.glob("ledger.sqlite?*")} == {"ledger.sqlite-wal"}
    before = set(remote.segments())
    remote.run()
    assert before < set(remote.segments())
    assert remote.rows() == undisturbed.rows()
    assert figures(remote.below) == figures(undisturbed.sweep) != {}
    assert not list(remote.below.glob("ledger.sqlite?*"))
    assert "is sound" in run("wcam", "verify", remote.sweep).stdout


def check_refused(study, sweep):
    """While a coordinator runs on the study's own sweep, whoever comes by `sweep`, which is the same."""
    coordinator = study.start_coordinator()
    try:
        for command in (["run", "--sweep", sweep], ["verify", sweep]):
            refused = run("wcam", *command, code=3).stderr
            assert f"{sweep} is in use by coordinator {coordinator.pid}" in refused
    finally:
        end(coordinator)
    run("wcam", "run", "--sweep", sweep, "--no-figures")  # the lock went with who held it


def test_a_second_coordinator_is_refused_there_too(remote):
    check_refused(remote, remote.sweep)


def test_a_second_coordinator_is_refused_on_another_host(study):
    below, elsewhere = study.folder / "below", study.folder / "elsewhere"
    with mounted(below, study.sweep, *AS_ONE_OF_MANY_HOSTS), mounted(below, elsewhere, *AS_ONE_OF_MANY_HOSTS):
        check_refused(study, elsewhere)


def test_the_verbs_for_a_sweep_at_rest_need_no_shared_memory(remote):
    end(remote.start_coordinator())
    for verb in ("status", "jobs", "verify", "pause", "resume", "retry", "repair"):
        run("wcam", verb, remote.sweep)
        assert not (remote.below / "ledger.sqlite-shm").exists(), verb


def test_a_sweep_that_is_mounted_read_only_can_be_looked_at(study):
    study.sweep = study.folder / "50% of #1, done?"
    study.run()
    seen = study.folder / "seen"
    archive = seen / study.sweep.name
    seen.mkdir()
    if os.system(f"mount --bind {study.folder} {seen} 2>/dev/null && mount -o remount,bind,ro {seen} 2>/dev/null") != 0:
        os.system(f"umount {seen} 2>/dev/null")
        pytest.skip("mounting a folder read-only needs root")
    try:
        with pytest.raises(OSError, match="Read-only"):
            (archive / "more").touch()
        assert "\nfinished\n" in run("wcam", "status", archive).stdout
        assert run("wcam", "jobs", archive).stdout == run("wcam", "jobs", study.sweep).stdout != ""
        run("wcam", "verify", archive)
        run("wcam", "plot", "figure-5", archive, "--out", study.folder / "figures")
        assert list((study.folder / "figures").rglob("*.png"))
    finally:
        os.system(f"umount {seen}")


def look_at(sweep, *words, code=0):
    """As a user who may read the sweep and not write in it."""
    reader = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search"]
    done = subprocess.run([*reader, BIN / "wcam", *words, sweep], capture_output=True, text=True, timeout=DEADLINE)
    assert done.returncode == code, done.stdout + done.stderr
    return done


@pytest.mark.skipif(os.geteuid() != 0, reason="giving files to another user needs root")
def test_who_may_only_read_a_sweep_can_look_at_it(study):
    coordinator = study.start_coordinator()
    try:
        subprocess.run(["chown", "-R", "nobody", study.sweep], check=True)
        assert f"coordinator {coordinator.pid} on " in look_at(study.sweep, "status").stdout
        assert f"in use by coordinator {coordinator.pid}" in look_at(study.sweep, "verify", code=3).stderr
        assert "keys/coordinator.key: Permission denied" in look_at(study.sweep, "jobs", code=3).stderr
    finally:
        end(coordinator)
    log = study.sweep / "ledger.sqlite-wal"
    assert log.stat().st_size > 0, "what was killed leaves all that it did in there"
    before = {path: path.stat().st_mtime_ns for path in study.sweep.rglob("*")}
    assert "the last one ended without notice" in look_at(study.sweep, "status").stdout
    listed = look_at(study.sweep, "jobs").stdout
    assert "is sound" in look_at(study.sweep, "verify").stdout
    assert {path: path.stat().st_mtime_ns for path in study.sweep.rglob("*")} == before
    assert listed == run("wcam", "jobs", study.sweep).stdout != ""
    study.run("--no-figures")
    assert "\nfinished\n" in look_at(study.sweep, "status").stdout and not log.exists()
    assert look_at(study.sweep, "jobs").stdout == run("wcam", "jobs", study.sweep).stdout
    assert "you may write in its folder" in look_at(study.sweep, "pause", code=3).stderr
