"""Who is let into a sweep, and what those who are not are told."""

import os
import shutil
import socket
import stat
import threading

from conftest import end, run, wait_for


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def coordinator_log(study):
    return (study.sweep / "logs/coordinator.log").read_text()


def refused(study, *arguments):
    """What a worker that is not wanted says before it ends, in seconds and not after its patience of minutes."""
    return run("wcam-worker", "run", "--sweep", study.sweep, *arguments, code=3).stderr


def test_a_user_on_one_machine_notices_nothing_and_nobody_else_can_read_the_keys(study, undisturbed):
    os.umask(0o022)
    study.run()
    assert study.rows() == undisturbed.rows()
    keys = study.sweep / "keys"
    assert sorted(path.name for path in keys.glob("*.key")) == ["coordinator.key", "worker.key"]
    assert mode(keys) == mode(keys / "allowed") == 0o700
    assert {mode(path) for path in keys.glob("*.key")} == {0o600}
    assert "turned away" not in coordinator_log(study) and "insecure" not in coordinator_log(study)
    before = (keys / "worker.key").read_text()
    study.run()
    assert (keys / "worker.key").read_text() == before


def test_insecure_is_said_aloud_and_gives_the_same_numbers(study, undisturbed):
    done = study.run("--insecure")
    assert "neither encrypted nor authenticated" in done.stderr and "neither encrypted" in coordinator_log(study)
    assert not (study.sweep / "keys").exists()
    assert study.rows() == undisturbed.rows()


def test_only_an_admitted_key_gets_in_and_the_others_are_told_why(study, undisturbed, tmp_path):
    coordinator = study.start_coordinator()
    done = threading.Event()
    host, port = (study.sweep / "coordinator.endpoint").read_text().strip().removeprefix("tcp://").rsplit(":", 1)

    def make_noise():
        while not done.is_set():
            for words in (b"GET / HTTP/1.0\r\n\r\n", b"", b"\xff" + bytes(range(200)), os.urandom(1000)):
                try:
                    with socket.create_connection((host, int(port)), timeout=5) as caller:
                        caller.sendall(words)
                except OSError:  # cut off in the middle, or the coordinator has ended
                    pass
                done.wait(0.01)

    noise = threading.Thread(target=make_noise)
    noise.start()
    try:
        run("wcam", "keys", study.sweep, "--worker", "node7,node8")
        elsewhere = tmp_path / "elsewhere"  # another host: it has this file alone
        elsewhere.mkdir(mode=0o700)
        for name in ("node7.key", "node8.key"):
            shutil.copy2(study.sweep / "keys" / name, elsewhere)

        assert "revoked node8" in run("wcam", "keys", study.sweep, "--revoke", "node8").stdout
        why = refused(study, "--key", elsewhere / "node8.key")
        assert "does not admit the key in" in why and "wcam keys" in why
        assert f"its key is not in {study.sweep / 'keys/allowed'}: " in coordinator_log(study)

        run("wcam", "keys", tmp_path / "other")
        why = refused(study, "--key", tmp_path / "other/keys/worker.key")
        assert "does not answer to the key in" in why and "another sweep" in why
        assert "made for another coordinator's key" in coordinator_log(study)

        assert "this one was started with --insecure" in refused(study, "--insecure")

        (elsewhere / "node8.key").chmod(0o644)
        assert f"chmod 600 {elsewhere / 'node8.key'}" in refused(study, "--key", elsewhere / "node8.key")
        (elsewhere / "node8.key").write_text("not a key\n")
        (elsewhere / "node8.key").chmod(0o600)
        assert "is not a key file: line 1" in refused(study, "--key", elsewhere / "node8.key")
        assert "no key at " in refused(study, "--key", elsewhere / "node9.key")

        run("wcam-worker", "run", "--sweep", study.sweep, "--key", elsewhere / "node7.key", "--batch-size", "8",
            "--threads", "1")  # fmt: skip
        assert coordinator.wait(60) == 0, study.log.read_text()
    finally:
        done.set()
        noise.join()
        end(coordinator)
    assert "worker node7." in coordinator_log(study)
    run("wcam", "pack", study.sweep)
    assert study.rows() == undisturbed.rows()


def test_a_worker_with_a_key_does_not_talk_to_an_insecure_coordinator(study):
    coordinator = study.start_coordinator("--insecure")
    try:
        run("wcam", "keys", study.sweep)
        assert "was started with --insecure, and this worker has a key" in refused(study)
        log = wait_for("the other end's word", lambda: "turned away" in coordinator_log(study) and coordinator_log(study))
        assert "the handshake failed" in log
    finally:
        end(coordinator)


def test_a_key_file_open_to_others_stops_the_coordinator_too(study):
    run("wcam", "keys", study.sweep)
    key = study.sweep / "keys/coordinator.key"
    key.chmod(0o640)
    done = study.run(code=3)
    assert f"chmod 600 {key}" in done.stderr
    key.chmod(0o600)
    (study.sweep / "keys/allowed").chmod(0o777)
    assert f"chmod 700 {study.sweep / 'keys/allowed'}" in study.run(code=3).stderr
