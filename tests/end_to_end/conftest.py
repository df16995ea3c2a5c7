"""Real processes on small sweeps. Results are read with h5py, never with our own reader.

WCAM_BIN names the folder of the programs (ctest sets it).
"""

import contextlib
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import time

import h5py
import numpy
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("WCAM_BIN", ROOT / "build/dev/bin"))
DEADLINE = 120  # seconds: far beyond what anything here takes, even on a busy machine


def write_png(path, rows):
    """8-bit RGB, without any imaging library: rows [H, W, 3] uint8."""
    import struct
    import zlib

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    height, width, _ = rows.shape
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
    )


def textured_image(seed, side=256):
    """Smooth colour fields with fine texture on top, so that blur and contrast change what a classifier says."""
    random = numpy.random.default_rng(seed)
    y, x = numpy.mgrid[0:side, 0:side] / side
    image = numpy.zeros((side, side, 3))
    for channel in range(3):
        for _ in range(4):
            fx, fy = random.uniform(-60, 60, 2)
            image[..., channel] += random.uniform(0.2, 1) * numpy.sin(fx * x + fy * y + random.uniform(0, 6))
    image += random.normal(0, 0.5, image.shape)
    image -= image.min()
    return (255 * image / image.max()).astype(numpy.uint8)


def run(program, *arguments, code=0, **options):
    """Runs one of our programs to its end and returns it; its exit code must be `code`."""
    done = subprocess.run(
        [BIN / program, *map(str, arguments)], capture_output=True, text=True, errors="surrogateescape",
        timeout=DEADLINE, **options
    )
    assert done.returncode == code, f"{program} {arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def elsewhere(**words):
    """The environment of a program on a machine unlike this one: other_machine.c says what can be."""
    return {**os.environ, "LD_PRELOAD": str(BIN / "other_machine.so"), **words}


def wait_for(what, condition, deadline=DEADLINE):
    end = time.monotonic() + deadline
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"waited {deadline} s in vain for {what}")


def children(pid):
    """{pid: program} of the living children of a process."""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            after_name = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            if after_name[1] == str(pid) and after_name[0] != "Z":
                found[int(entry.name)] = (entry / "comm").read_text().strip()
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Study:
    """Images, models and options of a small sweep, and what can be done with it."""

    # Half the published grid a side: hundreds of forwards a WCAM, not thousands.
    OPTIONS = {"--grid": "8", "--severities": "1,5", "--max-altered": "2", "--sample-size": "2"}
    CASES = ["baseline", "adv"]

    def __init__(self, folder):
        self.folder = folder
        self.workers = 2
        self.images = folder / "images"
        self.models = folder / "models"
        self.images.mkdir()
        for i in range(4):
            write_png(self.images / f"texture-{i}.png", textured_image(i))
        shutil.copytree(ROOT / "models/demo", self.models, ignore=shutil.ignore_patterns("*.py", "*.md", "*.sh"))
        self.sweep = folder / "sweep"
        self.log = folder / "wcam.log"

    def inputs(self):
        """What is looked at, and how it is altered."""
        return ["--images", self.images, "--perturbation", "corruptions"]

    def arguments(self, *more):
        options = [word for name, value in self.OPTIONS.items() if name not in more for word in (name, value)]
        return [
            "run", *self.inputs(), "--models", self.models / "models.json", "--cases", ",".join(self.CASES), "--sweep", self.sweep,
            "--workers", self.workers, *options, *more,
        ]  # fmt: skip

    def run(self, *more, code=0):
        return run("wcam", *self.arguments(*more), code=code)

    def start(self, *more):
        """In the background, each result handed in at once, so that there is something to lose and to keep."""
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [str(word) for word in [BIN / "wcam", *self.arguments("--hand-in", "0", *more)]],
                stdout=log, stderr=log,
            )  # fmt: skip

    def coordinator_command(self, *more):
        words = self.arguments(*more)
        at = words.index("--workers")
        return [str(word) for word in [BIN / "wcam-coordinator", *words[:at], *words[at + 2 :]]]

    def start_coordinator(self, *more):
        """Without workers; returns once they could join."""
        with self.log.open("ab") as log:
            coordinator = subprocess.Popen(self.coordinator_command(*more), stdout=log, stderr=log)
        wait_for("the coordinator", (self.sweep / "coordinator.endpoint").exists)
        return coordinator

    def segments(self):
        return sorted((self.sweep / "segments").glob("[!.]*.h5"))

    def wait_for_segments(self, count):
        wait_for(f"{count} segments", lambda: len(self.segments()) >= count)

    def interrupt(self, count):
        """Starts the sweep and presses Ctrl-C once so many segments are there; it must end resumable."""
        sweep = self.start()
        try:
            self.wait_for_segments(count)
            sweep.send_signal(signal.SIGINT)
            assert sweep.wait(120) == 5, self.log.read_text()
        finally:
            end(sweep)

    def ask_ledger(self, question):
        """Rows; while no coordinator runs."""
        with contextlib.closing(sqlite3.connect(self.sweep / "ledger.sqlite")) as ledger:
            return ledger.execute(question).fetchall()

    def rows(self):
        """{(image, variant, case): (role, rank, label, wcam, outputs)} of results.h5; each job must be there once."""
        with h5py.File(self.sweep / "results.h5") as file:
            profiles = file["profiles"]
            jobs = profiles["job"][:]
            assert len(set(jobs)) == len(jobs), "a job is there twice"
            names = [profiles[name].asstr()[:] for name in ("image", "variant", "case", "role")]
            rest = [profiles[name][:] for name in ("rank", "label", "wcam", "outputs")]
            return {
                (image, variant, case): (role, int(rank), int(label), wcam.tobytes(), outputs.tobytes())
                for image, variant, case, role, rank, label, wcam, outputs in zip(*names, *rest)
            }


def end(process, number=signal.SIGKILL):
    if process.poll() is None:
        process.send_signal(number)
    return process.wait(DEADLINE)


@pytest.fixture
def study(tmp_path):
    return Study(tmp_path)


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory):
    """A study whose sweep ran in one go: what the disturbed ones must equal, bit for bit."""
    study = Study(tmp_path_factory.mktemp("undisturbed"))
    study.output = study.run()
    return study
