"""What `wcam doctor` says of this host."""

import os
import pathlib
import re
import shutil
import signal
import sys

import numpy as np
import pytest

from conftest import ROOT, elsewhere, end, run

sys.path.append(str(ROOT / "tests/worker/wcam"))


def verdicts(text):
    """{what: (verdict, found)}"""
    lines = [re.fullmatch(r"(ok|warn|FAIL) +(\S+(?: \S+)?)  +(.*)", line) for line in text.splitlines()]
    assert all(lines), text
    return {line[2]: (line[1], line[3]) for line in lines}


def examine(*words, code=0, **options):
    """Without GPUs, whatever this host has."""
    return verdicts(run("wcam", "doctor", *words, code=code, env={**os.environ, "CUDA_VISIBLE_DEVICES": ""}, **options).stdout)


def test_the_known_indices_are_those_of_another_implementation():
    for module, package in {"torch": "python3-torch", "scipy": "python3-scipy"}.items():
        pytest.importorskip(module, reason=f"Debian: {package}")
    import known_wcam

    listed = re.findall(r"\d\.\d{6}(?=F,)", (ROOT / "worker/wcam/known_wcam.cc").read_text())
    assert np.allclose(np.array(listed, dtype=float), known_wcam.indices(), atol=2e-6) and len(listed) == 64


def test_a_host_that_is_fit_is_said_to_be(tmp_path):
    found = examine("--sweep", tmp_path, "--devices", "cpu")
    assert set(found) >= {"machine", "libtorch", "blas", "driver", "cpu", "key", "coordinator", "folder", "permissions", "durable", "hdf5", "ledger", "clock", "host name"}
    assert {what for what, (verdict, _) in found.items() if verdict == "ok"} >= {"machine", "libtorch", "cpu", "permissions", "durable", "ledger", "coordinator"}
    assert found["hdf5"][0] != "FAIL"  # a disk may be slow
    assert "260 forwards" in found["cpu"][1] and "none runs" in found["coordinator"][1]
    assert list(tmp_path.iterdir()) == [], "what was tried is gone again"


def test_what_is_missing_fails_in_words(tmp_path):
    found = examine("--devices", "cuda:7", "--sweep", tmp_path / "none", code=3)
    assert found["cuda:7"][0] == "FAIL" and "--device cuda:7: " in found["cuda:7"][1]
    assert found["folder"][0] == "FAIL" and "name a folder that is there" in found["folder"][1]
    named = run("wcam", "doctor", "--devices", "MIG-7d3c", code=2)
    assert "`CUDA_VISIBLE_DEVICES=MIG-7d3c wcam doctor`" in named.stderr and not named.stdout
    for program in ("wcam", "wcam-worker"):
        refused = run(program, "doctor", "--devices", "gpu", code=2)
        assert "'gpu' is not cpu or cuda:N" in refused.stderr and not refused.stdout


def test_a_gpu_that_was_given_and_cannot_be_used_fails():
    given = {**os.environ, "CUDA_VISIBLE_DEVICES": "MIG-7d3c"}
    found = verdicts(run("wcam-worker", "doctor", code=3, env=given).stdout)
    assert found["driver"][0] == "FAIL" and "a GPU was given that cannot be used" in found["driver"][1]
    run("wcam-worker", "doctor", "--devices", "cpu", env=given)  # which a worker on the CPU need not mind


def test_a_blas_kernel_older_than_the_processor_is_replaced_unless_it_was_asked_for():
    """By an OpenBLAS that does not know the processor, or by what stands for one where LibTorch has another BLAS."""

    def blas(**words):
        free = {name: value for name, value in elsewhere(**words).items() if name != "OPENBLAS_CORETYPE" or name in words}
        return verdicts(run("wcam-worker", "doctor", "--devices", "cpu", env=free).stdout)["blas"]

    flags = re.search(r"^flags\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    fitting = {"avx2", "fma"} <= set(flags[1].split() if flags else ())
    chosen = blas(OTHER_BLAS_KERNEL="Prescott")
    asked = blas(OTHER_BLAS_KERNEL="Prescott", OPENBLAS_CORETYPE="Prescott")
    if fitting:
        assert chosen[0] == "ok" and re.search(r"(SkylakeX|Haswell), which fits this processor", chosen[1])
        assert asked[0] == "warn" and " in place of Prescott, or unset it" in asked[1]
    else:
        assert chosen == asked and chosen[0] == "ok"
    assert blas()[0] == "ok", "what OpenBLAS chooses by itself fits, or is replaced"


def test_a_disk_without_room_fails(tmp_path):
    if os.system(f"mount -t tmpfs -o size=64k tmpfs {tmp_path} 2>/dev/null") != 0:
        pytest.skip("mounting a small tmpfs needs root")
    try:
        (tmp_path / "ballast").write_bytes(bytes(40_000))
        found = verdicts(run("wcam-coordinator", "doctor", "--sweep", tmp_path, code=3).stdout)
        assert found["folder"][0] == "warn" and "tmpfs" in found["folder"][1]
        for what in ("hdf5", "ledger"):
            assert found[what][0] == "FAIL" and "No space left on device" in found[what][1]
    finally:
        os.system(f"umount -l {tmp_path}")


def test_a_running_sweep_is_examined_without_disturbing_it(study):
    coordinator = study.start_coordinator()
    try:
        found = examine("--sweep", study.sweep)
        assert f"coordinator {coordinator.pid} on " in found["sweep"][1] and "its lock is seen from here" in found["sweep"][1]
        assert found["coordinator"][0] == found["key"][0] == "ok"
        assert found["coordinator"][1].endswith(", encrypted, and admits the key")
        assert "turned away" not in run("wcam", "status", study.sweep).stdout
        (study.sweep / "keys/worker.key").chmod(0o644)
        coordinator.send_signal(signal.SIGSTOP)
        found = examine("--sweep", study.sweep, code=3)
        assert found["key"][0] == "FAIL" and "chmod 600" in found["key"][1]
        assert pathlib.Path(study.sweep / "ledger.sqlite").exists() and coordinator.poll() is None
    finally:
        end(coordinator)
    found = examine("--sweep", study.sweep, code=3)
    assert found["coordinator"][0] == "FAIL" and "nobody answers at tcp://127.0.0.1:" in found["coordinator"][1]


def test_a_host_without_the_sweeps_folder_asks_whether_its_key_is_admitted(study, tmp_path):
    coordinator = study.start_coordinator()
    try:
        endpoint = (study.sweep / "coordinator.endpoint").read_text().strip()
        run("wcam", "keys", study.sweep, "--worker", "gpubox")
        key = shutil.copy2(study.sweep / "keys/gpubox.key", tmp_path)
        run("wcam", "keys", tmp_path / "another")

        def ask(key, code=0):
            return examine("--coordinator", endpoint, "--key", key, code=code, cwd=tmp_path)

        found = ask(key)
        assert found["coordinator"][1].endswith(", encrypted, and admits the key") and "folder" not in found
        run("wcam", "keys", study.sweep, "--revoke", "gpubox")
        assert "does not admit the key" in ask(key, 3)["coordinator"][1]
        assert "is a key of another sweep" in ask(tmp_path / "another/keys/worker.key", 3)["coordinator"][1]
        assert ask(tmp_path / "none", 3)["key"][0] == "FAIL"
    finally:
        end(coordinator)
    found = examine("--coordinator", endpoint, "--key", study.sweep / "keys/worker.key", code=3)
    assert "nobody answers at" in found["coordinator"][1]
    for words, said in (
        (["--key", "x"], "--key goes with --coordinator"),
        (["--coordinator", "x", "--key", "x"], "--coordinator 'x' is not of the form tcp://HOST:PORT"),
        (["--coordinator", "tcp://x:1", "--sweep", study.sweep], "exclude each other"),
    ):
        assert said in run("wcam", "doctor", *words, code=2).stderr
