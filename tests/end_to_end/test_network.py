"""How hosts are found: addresses, names, interfaces. Then three hosts with names and addresses of their own, as network
namespaces on one switch: a coordinator and two workers, encrypted. Every frame takes its time, some are lost, and one
host is cut off for half a minute.

Which frames are lost is drawn anew in each run; WCAM_NETWORK_SEED=N draws as the run did that printed it.
"""

import collections
import contextlib
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time

import pytest

from conftest import BIN, DEADLINE, elsewhere, end, run, wait_for
from lossy_switch import LossySwitch
from test_chaos import ManyJobs
from test_doctor import verdicts
from test_operate import status

DELAY = 0.02  # seconds from any host to any other
LOSS = 0.02  # of all frames
CUT = 30  # seconds
ROUND_TRIP = """
import errno, socket, sys, time
took = []
while len(took) < 5:
    begun = time.monotonic()
    if socket.socket().connect_ex((sys.argv[1], 1)) == errno.ECONNREFUSED:  # nobody listens there, says the far end
        took.append(time.monotonic() - begun)
print(min(took))
"""


def check(*words):
    subprocess.run(list(map(str, words)), check=True, capture_output=True, text=True, timeout=30)


class Hosts:
    """`count` of them, 10.77.0.1 and on; `prefix` keeps their names from others' on this machine."""

    def __init__(self, prefix, count, seed):
        self.names = [f"{prefix}{i}" for i in range(1, count + 1)]
        self.switch = LossySwitch(self.names, DELAY, LOSS, seed)

    def connect(self):
        for i, name in enumerate(self.names, 1):
            check("ip", "netns", "add", name)
            check("ip", "link", "set", name, "netns", name, "name", "eth0")
            check(*self.enter(name), "ip", "address", "add", f"10.77.0.{i}/24", "dev", "eth0")
            for device in ("lo", "eth0"):
                check(*self.enter(name), "ip", "link", "set", device, "up")
        self.switch.start()

    # `ip netns exec` would mount anew what it finds below /, and cannot where / is a folder (chroot).
    @staticmethod
    def enter(name):
        return ["nsenter", f"--net=/run/netns/{name}"]

    def command(self, host, *words):
        """What runs these words there, in the process that it is started as."""
        rename = ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', self.names[host]]
        return [str(word) for word in [*self.enter(self.names[host]), *rename, *words]]

    def start(self, host, log, *words):
        with log.open("ab") as file:
            return subprocess.Popen(self.command(host, *words), stdout=file, stderr=file)

    def run(self, host, *words):
        done = subprocess.run(self.command(host, *words), capture_output=True, text=True, timeout=DEADLINE)
        assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def remove(self):
        self.switch.close()
        for name in self.names:
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, timeout=30)


@pytest.fixture
def hosts():
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("network namespaces need root and Debian's iproute2")
    seed = int(os.environ.get("WCAM_NETWORK_SEED", secrets.randbits(32)))
    print(f"WCAM_NETWORK_SEED={seed}")
    try:
        hosts = Hosts(f"wcam{os.getpid()}-", 3, seed)
    except OSError as problem:
        pytest.skip(f"no TAP devices here: {problem}")
    try:
        hosts.connect()
        yield hosts
    except subprocess.CalledProcessError as problem:
        pytest.skip(f"no network namespaces here: {problem.stderr}")
    finally:
        hosts.remove()


def segments_by_worker(study):
    """How many each worker has stored."""
    return collections.Counter(path.name.split("-")[0] for path in study.segments()).values()


def test_delay_loss_and_a_cut_cost_nothing_but_time(hosts, tmp_path_factory):
    undisturbed, study = (ManyJobs(tmp_path_factory.mktemp(name), images=60) for name in ("undisturbed", "disturbed"))
    assert float(hosts.run(1, sys.executable, "-c", ROUND_TRIP, "10.77.0.1")) >= 2 * DELAY
    processes = []
    try:
        command = study.coordinator_command("--bind", "tcp://10.77.0.1:*", "--lease-seconds", "10")
        processes.append(hosts.start(0, study.log, *command))
        endpoint = study.sweep / "coordinator.endpoint"
        wait_for("the coordinator", endpoint.exists)
        assert endpoint.read_text().startswith("tcp://10.77.0.1:")
        hosts.run(0, BIN / "wcam", "pause", study.sweep)  # until both are there: a lost frame may cost one a second
        logs = [study.sweep / f"logs/worker-{host}.log" for host in (1, 2)]
        for host, log in enumerate(logs, 1):
            words = [BIN / "wcam-worker", "run", "--sweep", study.sweep, "--hand-in", "0", "--log", log]
            processes.append(hosts.start(host, study.log, *words))
        wait_for("both workers", lambda: len(status(study)["connected"]) == 2)
        hosts.run(0, BIN / "wcam", "resume", study.sweep)
        wait_for("results of both", lambda: [count >= 10 for count in segments_by_worker(study)] == [True, True])
        hosts.switch.cut(1)
        mended = time.monotonic() + CUT
        study.wait_for_segments(len(study.segments()) + 10)  # the other goes on
        hosts.run(0, BIN / "wcam", "pause", study.sweep)  # else a fast machine is done before the link is back
        time.sleep(max(0, mended - time.monotonic()))  # for its own sake: longer than the lease
        hosts.switch.mend(1)
        wait_for("the worker's return", lambda: "the coordinator is there again" in logs[0].read_text())
        hosts.run(0, BIN / "wcam", "resume", study.sweep)
        for process in processes:
            assert process.wait(DEADLINE) == 0, study.log.read_text()
    finally:
        for process in processes:
            end(process)
    undisturbed.run("--no-figures")
    for one in (undisturbed, study):
        run("wcam", "pack", one.sweep)
    assert study.rows() == undisturbed.rows()
    assert re.search("was lost after .*; in its hand: [1-9]", (study.sweep / "logs/coordinator.log").read_text())
    assert "no word from a coordinator for 10 s" in logs[0].read_text()
    assert hosts.switch.lost > 0
    assert study.CASES[0].encode() not in hosts.switch.heard, "the plan went over the network unencrypted"


def start_coordinator(study, bind, machine):
    with study.log.open("ab") as log:
        coordinator = subprocess.Popen(study.coordinator_command("--bind", bind), stdout=log, stderr=log, env=machine)
    endpoint = study.sweep / "coordinator.endpoint"
    wait_for("the coordinator", lambda: endpoint.exists() or coordinator.poll() is not None)
    assert coordinator.poll() is None, study.log.read_text()
    return coordinator, endpoint.read_text().strip()


def has_ipv6():
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as one:
        one.bind(("::1", 0))
        return True
    return False


HOST = os.uname().nodename
MACHINES = {
    "an IPv6 address": ("tcp://[::1]:*", "tcp://[::1]:", {}),
    "a host with an IPv6 address alone": ("tcp://*:*", f"tcp://{HOST}:", {"OTHER_HOSTS": f"{HOST}=::1"}),
    "a host whose IPv6 address nobody answers": ("tcp://*:*", f"tcp://{HOST}:", {"OTHER_HOSTS": f"{HOST}=100::1,127.0.0.1"}),
    "a kernel without IPv6": ("tcp://*:*", f"tcp://{HOST}:", {"OTHER_HOSTS": f"{HOST}=127.0.0.1", "OTHER_IPV6": "none"}),
    "an interface": ("tcp://lo:*", "tcp://127.0.0.1:", {}),
}


@pytest.mark.parametrize("kind", MACHINES)
def test_a_coordinator_is_found_by_all_who_look_for_it(kind, study):
    bind, where, words = MACHINES[kind]
    if "::" in f"{bind} {words}" and not has_ipv6():
        pytest.skip("no IPv6 here")
    machine = elsewhere(**words)
    coordinator, endpoint = start_coordinator(study, bind, machine)
    try:
        assert endpoint.startswith(where)
        found = verdicts(run("wcam-worker", "doctor", "--devices", "cpu", "--sweep", study.sweep, env=machine).stdout)
        assert found["coordinator"][1].endswith("encrypted, and admits the key")
        assert "paused" in run("wcam", "pause", study.sweep, env=machine).stdout
        assert "resumed" in run("wcam", "resume", study.sweep, env=machine).stdout
        run("wcam-worker", "run", "--sweep", study.sweep, env=machine)
        assert coordinator.wait(DEADLINE) == 0, study.log.read_text()
    finally:
        end(coordinator)


def test_of_a_hosts_addresses_the_one_that_answers_is_taken(study):
    coordinator, endpoint = start_coordinator(study, "tcp://127.0.0.1:*", os.environ)
    named = endpoint.replace("127.0.0.1", "gpubox")
    machine = elsewhere(OTHER_HOSTS="gpubox=::1,127.0.0.1")
    key = study.sweep / "keys/worker.key"
    try:
        found = verdicts(run("wcam-worker", "doctor", "--devices", "cpu", "--coordinator", named, "--key", key, env=machine).stdout)
        assert found["coordinator"][1].endswith("encrypted, and admits the key")
        run("wcam-worker", "run", "--sweep", study.sweep, "--coordinator", named, env=machine)
        assert coordinator.wait(DEADLINE) == 0, study.log.read_text()
    finally:
        end(coordinator)


def test_a_host_that_is_not_found_is_named_and_not_waited_for(study):
    run("wcam", "keys", study.sweep)
    key = study.sweep / "keys/worker.key"
    machine = elsewhere(OTHER_HOSTS=f"no-such-host= {HOST}=")
    words = ["--coordinator", "tcp://no-such-host:5555", "--key", key]
    refused = run("wcam-worker", "run", "--collect", *words, code=3, env=machine).stderr
    assert refused.count("cannot find host 'no-such-host' of tcp://no-such-host:5555: ") == 3  # at once, and at the end
    assert refused.count("--bind 'tcp://IFACE:*'") == 3
    found = verdicts(run("wcam", "doctor", "--devices", "cpu", *words, code=3, env=machine).stdout)
    assert found["coordinator"][0] == "FAIL" and "cannot find host 'no-such-host'" in found["coordinator"][1]
    # Its own coordinator knows before any worker comes.
    coordinator, _ = start_coordinator(study, "tcp://*:*", machine)
    try:
        said = (study.sweep / "logs/coordinator.log").read_text()
        assert f"workers may not find this coordinator: cannot find host '{HOST}'" in said
        assert f"cannot find host '{HOST}'" in run("wcam", "pause", study.sweep, code=3, env=machine).stderr
    finally:
        end(coordinator)


def test_what_cannot_be_listened_on_is_said_before_anything_is_made(study):
    for bind, code, said in (
        ("tcp://::1:*", 2, "an IPv6 address is in brackets"),
        ("tcp://nowhere0:*", 3, "`ip address` lists this host's interfaces and addresses"),
    ):
        refused = subprocess.run(study.coordinator_command("--bind", bind), capture_output=True, text=True, timeout=DEADLINE)
        assert refused.returncode == code and bind in refused.stderr and said in refused.stderr
