"""A sweep of some thousand short jobs, whose processes and connections fail again and again, ends as if nothing had
happened.

The seed decides which faults come, in which order, after how many jobs, and on whom; how they meet what the processes
do at that moment is chance.
  WCAM_CHAOS_SEED=N     repeats a schedule (each run prints its seed)
  WCAM_CHAOS_FAULTS=N   more faults than usual, over as many more jobs
"""

import collections
import json
import math
import os
import pathlib
import random
import re
import secrets
import shutil
import signal
import socket
import subprocess
import time

import h5py
import pytest

from cable import Cable
from conftest import BIN, DEADLINE, ROOT, Study, end, run, textured_image, wait_for, write_png

LEASE = 2  # seconds
WORKERS = 4
AHEAD = 0.02  # of the jobs
DIRECT = 0  # this worker takes the address from the sweep's folder; the others connect to the cable
# One round of faults: (kind, flavour): how often.
DECK = {
    ("kill worker", "and start another"): 10,
    ("terminate worker", "and start another"): 3,
    ("kill coordinator", "same port"): 3,
    ("kill coordinator", "port taken meanwhile"): 3,
    ("stop worker", "for less than the lease"): 5,
    ("stop worker", "for longer than the lease"): 4,
    ("stop coordinator", "for less than the lease"): 4,
    ("stop coordinator", "for longer than the lease"): 2,
    ("cut", "one connection"): 6,
    ("cut", "one connection, at the worker's end first"): 4,
    ("cut", "all connections, for a while"): 4,
    ("black hole", "one connection, then delivered"): 2,
    ("black hole", "one connection, then cut"): 2,
    ("black hole", "all connections, then delivered"): 2,
    ("delay", "all connections"): 3,
}
# What results say of their computing, not of what was computed.
OF_THE_RUN = {"attempt", "seconds"}

Fault = collections.namedtuple("Fault", "kind flavour slot pick share after seconds")


def schedule(seed, count):
    """`count` faults, in order. slot: which worker. pick: 0 to 1, which connection. share: of the jobs, that are done
    before. after: seconds since the fault before. seconds: how long it lasts (a killed coordinator: is away)."""
    dice = random.Random(seed)
    cards = [card for card, times in DECK.items() for _ in range(times)]
    cards *= math.ceil(count / len(cards))
    dice.shuffle(cards)
    faults, share = [], 0
    for number, (kind, flavour) in enumerate(cards[:count]):
        if dice.random() < 0.7:  # else together with the one before
            share = 0.03 + 0.85 * number / count
        if kind == "delay":
            seconds = dice.uniform(1, 2)
        elif kind == "black hole" or "longer than" in flavour:
            seconds = LEASE + dice.uniform(0.3, 1.3)
        else:
            seconds = dice.uniform(0.1, 0.9)
        faults.append(
            Fault(kind, flavour, dice.randrange(WORKERS), dice.random(), share, dice.uniform(0, 0.4), seconds)
        )
    return faults


class ManyJobs(Study):
    OPTIONS = {
        "--select": "all", "--corruptions": "contrast,gaussian_noise", "--severities": "3",
        "--grid": "8", "--levels": "2",
    }  # fmt: skip
    SIDE = 48  # of a photograph, in pixels: about 20 ms a WCAM

    def __init__(self, folder, images):
        super().__init__(folder)
        shutil.rmtree(self.images)
        self.images.mkdir()
        for i in range(images):
            write_png(self.images / f"{i:04}.png", textured_image(i, self.SIDE))
        listed = json.loads((self.models / "models.json").read_text())
        for model in listed["models"]:
            model.update(input_size=self.SIDE, resize=self.SIDE)
        (self.models / "models.json").write_text(json.dumps(listed))
        # each case: a prediction, and the WCAMs of the source and of two variants
        self.jobs = images * len(self.CASES) * (1 + 3)


class Chaos:
    """The crew of one sweep and what befalls it. One thread; the cable has its own."""

    def __init__(self, study):
        self.study = study
        self.begun = time.monotonic()
        self.last_fault = self.last_progress = self.begun
        self.happened = collections.Counter()  # by fault's (kind, flavour)
        self.repairs = []  # (when, what, function)
        self.read = set()  # names of segments
        self.done = set()  # jobs in them
        self.started = []  # every process there ever was
        self.leaving = []  # workers that were told to
        self.endpoints = []  # of each coordinator that came to serve
        self.squatter = None  # holds a coordinator's port
        self.cable = Cable(self.find_coordinator)
        self.coordinator = self.start_coordinator()
        self.workers = []
        wait_for("the coordinator", lambda: self.look_after_coordinator() or self.endpoints)
        for slot in range(WORKERS):
            self.workers.append(self.start_worker(slot))

    # --- processes ---

    def note(self, text):
        line = f"{time.monotonic() - self.begun:7.2f} s  {len(self.done):5} jobs  {text}"
        with (self.study.folder / "chaos.log").open("a") as file:
            print(line, file=file)

    def start(self, name, command):
        with (self.study.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen([str(word) for word in command], stdout=log, stderr=log)
        self.started.append(process)
        process.name, process.stopped = name, False
        self.note(f"{name} is pid {process.pid}")
        return process

    def start_coordinator(self):
        return self.start(
            "coordinator", self.study.coordinator_command("--lease-seconds", LEASE, "--max-attempts", "100")
        )

    def start_worker(self, slot):
        where = [] if slot == DIRECT else ["--coordinator", self.cable.endpoint]
        return self.start(
            f"worker {slot}",
            [BIN / "wcam-worker", "run", "--sweep", self.study.sweep, *where, "--hand-in", slot % 2, "--verbose"],
        )

    def kill(self, process):
        process.kill()
        assert process.wait(DEADLINE) == -signal.SIGKILL, f"{process.name} had ended by itself"

    def stop(self, process):
        os.kill(process.pid, signal.SIGSTOP)
        process.stopped = True
        wait_for("the process to stop", lambda: state(process.pid) == "T")

        def go_on():
            process.stopped = False
            if process.poll() is None:  # else killed while it stood still
                os.kill(process.pid, signal.SIGCONT)

        return go_on

    def find_coordinator(self):
        endpoint = (self.study.sweep / "coordinator.endpoint").read_text()
        host, port = endpoint.strip().removeprefix("tcp://").split(":")
        return host, int(port)

    def look_after_coordinator(self):
        """Notes where a coordinator serves, once it does."""
        try:
            status = json.loads((self.study.sweep / "status.json").read_text())
        except FileNotFoundError:
            return
        here = (status["pid"], status["endpoint"])
        if status["pid"] == self.coordinator.pid and status["state"] != "starting" and here not in self.endpoints:
            self.endpoints.append(here)
            self.note(f"the coordinator serves at {status['endpoint']}")
            self.leave_port()

    def take_port(self):
        self.leave_port()
        self.squatter = socket.create_server(self.find_coordinator())

    def leave_port(self):
        if self.squatter:
            self.squatter.close()
        self.squatter = None

    # --- faults ---

    def target(self, fault):
        """What is to fail; None: nothing is there to fail, for a moment."""
        if self.coordinator.poll() is not None:
            return None
        if fault.kind.endswith("coordinator"):
            return None if self.coordinator.stopped and fault.kind.startswith("stop") else self.coordinator
        if fault.kind.endswith("worker"):
            fit = {
                "kill worker": lambda worker: True,
                "stop worker": lambda worker: not worker.stopped,
                "terminate worker": lambda worker: not worker.stopped and catches_sigterm(worker.pid),
            }
            return next(filter(fit[fault.kind], self.workers[fault.slot :] + self.workers[: fault.slot]), None)
        links = self.cable.links()
        return links[int(fault.pick * len(links))] if links else None

    def commit(self, fault, target):
        """Returns what makes it good again, or None."""
        if fault.kind.startswith("stop"):
            return self.stop(target)
        if fault.kind == "kill worker":
            self.kill(target)
            self.replace(target)
        elif fault.kind == "terminate worker":
            target.terminate()
            self.leaving.append(target)
            self.replace(target)
        elif fault.kind == "kill coordinator":
            self.kill(target)
            if fault.flavour == "port taken meanwhile":
                self.take_port()
            return self.restart_coordinator
        elif fault.kind == "delay":
            return self.cable.slow_down(0.02 + 0.1 * fault.pick)
        elif "all connections, for" in fault.flavour:
            return self.cable.go_down()
        elif "all connections" in fault.flavour:
            return self.cable.swallow_all()
        else:
            if fault.flavour == "one connection":
                self.cable.cut_link(target)
            elif fault.kind == "cut":
                return self.cable.cut_near_end(target)
            else:
                let_go = self.cable.swallow(target)
                return target.close if "then cut" in fault.flavour else let_go
        return None

    def replace(self, worker):
        slot = self.workers.index(worker)
        self.workers[slot] = self.start_worker(slot)

    def restart_coordinator(self):
        self.coordinator = self.start_coordinator()

    def run(self, faults):
        """Until the sweep is finished."""
        for number, fault in enumerate(faults, 1):
            while not self.is_due(fault) or not (target := self.target(fault)):
                self.turn()
                assert len(self.done) < self.study.jobs, "the sweep is over before the faults are"
            who = f" ({target.name})" if fault.kind.endswith("worker") else ""
            self.note(f"fault {number}: {fault.kind}{who}, {fault.flavour}")
            repair = self.commit(fault, target)
            self.happened[fault.kind, fault.flavour] += 1
            self.last_fault = time.monotonic()
            if repair:
                self.repairs.append((self.last_fault + fault.seconds, f"end of fault {number}", repair))
        while self.repairs or self.coordinator.poll() is None:
            self.turn()

    def is_due(self, fault):
        """Where the sweep is ahead of the faults, as on a fast machine, they do not wait for one another."""
        share = len(self.done) / self.study.jobs
        return share >= fault.share and (share >= fault.share + AHEAD or time.monotonic() >= self.last_fault + fault.after)

    def turn(self):
        now = time.monotonic()
        for due in sorted(repair for repair in self.repairs if repair[0] <= now):
            self.repairs.remove(due)
            self.note(due[1])
            due[2]()
        codes = {process.name: process.poll() for process in [self.coordinator, *self.workers]}
        self.look_after_coordinator()
        self.look_for_results(now)
        if self.coordinator.returncode == -signal.SIGKILL:  # by us
            del codes["coordinator"]
        over = len(self.done) == self.study.jobs
        assert set(codes.values()) <= ({None, 0} if over else {None}), f"ended by themselves: {codes}"
        time.sleep(0.01)

    def look_for_results(self, now):
        for path in self.study.segments():
            if path.name in self.read:
                continue
            self.read.add(path.name)
            with h5py.File(path) as file:
                for group in ("profiles", "predictions"):
                    if group in file:
                        self.done.update(file[group]["job"][:].tolist())
            self.last_progress = now
        assert now < self.last_progress + DEADLINE, f"nothing was stored for {DEADLINE} s"

    # --- the end ---

    def dismiss(self):
        """As `wcam run` does: who has been told to stop is not disturbed by SIGTERM, the others learn of it."""
        for worker in self.workers:
            wait_for("a worker that can be told", lambda: worker.poll() is not None or catches_sigterm(worker.pid))
            worker.terminate()
        return {worker.pid: worker.wait(DEADLINE) for worker in self.workers + self.leaving}

    def clear_away(self):
        for process in self.started:
            end(process)
        self.leave_port()
        self.cable.close()


def state(pid):
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


def catches_sigterm(pid):
    """A worker that has not come so far just dies of it; it has nothing to lose."""
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    caught = next(line.split()[1] for line in lines if line.startswith("SigCgt:"))
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


def results(sweep):
    """{table: {key: {column: bytes or text}}} of results.h5; each key must be there once."""
    keys = {"profiles": ("job",), "predictions": ("job", "variant"), "images": ("image", "variant")}
    found = {}
    with h5py.File(sweep / "results.h5") as file:
        assert set(file) == {*keys, "plan", "runs", "segments"}
        found["plan"] = {(): {"plan": file["plan"][()], **{name: value for name, value in file.attrs.items()}}}
        for table, key_columns in keys.items():
            columns = {name: data[:] for name, data in file[table].items() if name not in OF_THE_RUN}
            names = list(zip(*(columns[name].tolist() for name in key_columns)))
            assert len(set(names)) == len(names), f"something is twice in {table}"
            found[table] = {
                key: {name: (values[row].tobytes(), values[row].shape) for name, values in columns.items()}
                for row, key in enumerate(names)
            }
    return found


def assert_equal(found, expected):
    for table, rows in expected.items():
        assert found[table].keys() == rows.keys(), f"other rows in {table}"
        for key, columns in rows.items():
            differing = [name for name in columns if found[table][key][name] != columns[name]]
            assert not differing and found[table][key].keys() == columns.keys(), f"{table} {key}: {differing} differ"


def disturbed(study, expected, seed, count):
    """The chaos after one schedule of faults, all that must hold then checked; and what it has failed to disturb."""
    chaos = Chaos(study)
    try:
        chaos.run(schedule(seed, count))
        assert chaos.coordinator.returncode == 0
        codes = chaos.dismiss()
        assert set(codes.values()) <= {0, 5}, codes  # dismissed by the coordinator, or by SIGTERM
        status = json.loads(run("wcam", "status", study.sweep, "--json").stdout)
        assert status["state"] == "finished"
        run("wcam", "pack", study.sweep)
        assert_equal(results(study.sweep), expected)
        check_the_ledger(study, chaos)
        check_the_faults(chaos, count)
    except BaseException:
        tell(chaos, seed)
        raise
    finally:
        chaos.clear_away()
    return chaos, harm_that_failed(chaos)


def test_fifty_faults_change_no_bit(tmp_path, capsys):
    seed = int(os.environ.get("WCAM_CHAOS_SEED", secrets.randbits(32)))
    count = max(sum(DECK.values()), int(os.environ.get("WCAM_CHAOS_FAULTS", 0)))
    study = ManyJobs(tmp_path, images=math.ceil(160 * count / sum(DECK.values())))
    study.run("--no-figures")
    run("wcam", "pack", study.sweep)
    expected = results(study.sweep)
    assert len(expected["profiles"]) + len({job for job, _ in expected["predictions"]}) == study.jobs

    for sweep in ("disturbed", "disturbed-2", "disturbed-3"):  # how a schedule meets the work is chance
        study.sweep = tmp_path / sweep
        chaos, harmless = disturbed(study, expected, seed, count)
        if not harmless:
            break
        seed = secrets.randbits(32)
    assert not harmless, harmless
    with capsys.disabled():
        print(f"\nWCAM_CHAOS_SEED={seed}: {count} faults in {time.monotonic() - chaos.begun:.0f} s, {study.jobs} jobs, "
              f"{len(chaos.endpoints)} coordinators, attempts ended: {chaos.attempts}")  # fmt: skip


def check_the_ledger(study, chaos):
    jobs = study.ask_ledger("SELECT state, count(*) FROM jobs GROUP BY state")
    assert jobs == [("done", study.jobs)], "a job is not done, or was set aside"
    chaos.attempts = dict(study.ask_ledger("SELECT outcome, count(*) FROM attempts GROUP BY outcome"))
    assert "failed" not in chaos.attempts


def check_the_faults(chaos, count):
    assert set(chaos.happened) == set(DECK)
    assert sum(chaos.happened.values()) == count


# Jobs are to be in hand when the coordinator is lost, and when a worker is (it may have come back and answered). A
# restarted coordinator is to be found where it was, and elsewhere (it may have been killed again before it served). The
# cable is to do each kind of harm (it may have been idle).
def harm_that_failed(chaos):
    ports = [endpoint for _, endpoint in chaos.endpoints]
    moves = {before != after for before, after in zip(ports, ports[1:])}
    log = (chaos.study.sweep / "logs/coordinator.log").read_text()
    lost = re.search("was lost after .*; in its hand: [1-9]", log)
    return [what for what, done in (("no job was in hand when a coordinator was lost", "restart" in chaos.attempts),
                                    ("no worker was lost with a job in hand", lost),
                                    ("each restarted coordinator moved", False in moves),
                                    ("no restarted coordinator moved", True in moves),
                                    ("no connection was cut", chaos.cable.cut),
                                    ("nothing was withheld on the cable", chaos.cable.withheld),
                                    ("nothing was delayed on the cable", chaos.cable.delayed)) if not done]  # fmt: skip


def tell(chaos, seed):
    print(f"WCAM_CHAOS_SEED={seed} repeats these faults; everything is in {chaos.study.folder}")
    print((chaos.study.folder / "chaos.log").read_text())
    for path in [chaos.study.sweep / "logs/coordinator.log", *sorted(chaos.study.folder.glob("worker *.log"))]:
        print(f"--- {path.name}, the end", *path.read_text(errors="replace").splitlines()[-40:], sep="\n")
