"""Three hosts with addresses of their own, as network namespaces on one bridge: a coordinator and two workers, encrypted,
and a link that is cut for half a minute."""

import os
import shutil
import subprocess
import time

import pytest

from conftest import BIN, Study, end, run, wait_for

CUT = 30  # seconds


def ip(*words):
    subprocess.run(["ip", *map(str, words)], check=True, capture_output=True, text=True, timeout=30)


class Hosts:
    """`count` of them, 10.77.0.1 and on; `prefix` keeps their names from others' on this machine."""

    def __init__(self, prefix, count):
        self.hub = f"{prefix}hub"
        self.names = [f"{prefix}{i}" for i in range(1, count + 1)]

    def connect(self):
        ip("netns", "add", self.hub)
        ip("-n", self.hub, "link", "add", "bridge", "type", "bridge")
        ip("-n", self.hub, "link", "set", "bridge", "up")
        for i, name in enumerate(self.names, 1):
            ip("netns", "add", name)
            ip("-n", self.hub, "link", "add", f"port{i}", "type", "veth", "peer", "name", "eth0", "netns", name)
            ip("-n", self.hub, "link", "set", f"port{i}", "master", "bridge", "up")
            ip("-n", name, "address", "add", f"10.77.0.{i}/24", "dev", "eth0")
            for device in ("lo", "eth0"):
                ip("-n", name, "link", "set", device, "up")

    def start(self, host, log, *command):
        with log.open("ab") as file:
            return subprocess.Popen(
                [str(word) for word in ["ip", "netns", "exec", self.names[host], *command]], stdout=file, stderr=file
            )

    def set_link(self, host, state):
        ip("-n", self.hub, "link", "set", f"port{host + 1}", state)

    def remove(self):
        for name in [*self.names, self.hub]:
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, timeout=30)


@pytest.fixture
def hosts():
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("network namespaces need root and Debian's iproute2")
    hosts = Hosts(f"wcam{os.getpid()}-", 3)
    try:
        hosts.connect()
    except subprocess.CalledProcessError as problem:
        hosts.remove()
        pytest.skip(f"no network namespaces here: {problem.stderr}")
    yield hosts
    hosts.remove()


class Longer(Study):
    OPTIONS = {**Study.OPTIONS, "--grid": "28"}  # is still under way when the link is cut


def test_a_link_that_is_cut_costs_nothing_but_time(hosts, tmp_path_factory):
    undisturbed, study = Longer(tmp_path_factory.mktemp("undisturbed")), Longer(tmp_path_factory.mktemp("cut"))
    processes = []
    try:
        command = study.coordinator_command("--bind", "tcp://10.77.0.1:*", "--lease-seconds", "10")
        processes.append(hosts.start(0, study.log, *command))
        endpoint = study.sweep / "coordinator.endpoint"
        wait_for("the coordinator", endpoint.exists)
        assert endpoint.read_text().startswith("tcp://10.77.0.1:")
        for host in (1, 2):
            log = study.sweep / f"logs/worker-{host}.log"
            words = [BIN / "wcam-worker", "run", "--sweep", study.sweep, "--hand-in", "0", "--log", log]
            processes.append(hosts.start(host, study.log, *words))
        study.wait_for_segments(4)
        hosts.set_link(1, "down")
        time.sleep(CUT)  # for its own sake: longer than the lease
        hosts.set_link(1, "up")
        for process in processes:
            assert process.wait(240) == 0, study.log.read_text()
    finally:
        for process in processes:
            end(process)
    run("wcam", "pack", study.sweep)
    undisturbed.run()
    assert study.rows() == undisturbed.rows()
    assert "was lost after" in (study.sweep / "logs/coordinator.log").read_text()
    log = (study.sweep / "logs/worker-1.log").read_text()
    assert "no word from a coordinator for 10 s" in log and "the coordinator is there again" in log
