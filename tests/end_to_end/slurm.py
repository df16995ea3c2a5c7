"""Real Slurm daemons on this machine, without systemd: munged, slurmctld and some slurmd, each a node of its own name,
all on loopback. Needs root and Debian's slurmctld, slurmd, slurm-client and munge."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

from conftest import alive, wait_for

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "scontrol")

CONFIGURATION = """\
ClusterName=wcam-tests
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={controller_port}
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
NodeName={nodes} NodeHostname={nodes} NodeAddr=127.0.0.1 Port={ports} CPUs=4 RealMemory={memory} Gres=gpu:1 State=UNKNOWN
PartitionName=work Nodes=ALL Default=YES MaxTime=INFINITE State=UP PreemptMode=OFF PriorityTier=10 OverSubscribe=NO
PartitionName=scrap Nodes=ALL MaxTime=INFINITE State=UP PreemptMode=REQUEUE PriorityTier=1 GraceTime=0 OverSubscribe=NO
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobRequeue=1
GresTypes=gpu
AuthType=auth/munge
AuthInfo=socket={root}/munge/socket,cred_expire=5
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation={root}/state
SlurmdSpoolDir={root}/spool.%n
SlurmctldPidFile={root}/slurmctld.pid
SlurmdPidFile={root}/slurmd.%n.pid
SlurmctldLogFile={root}/slurmctld.log
SlurmdLogFile={root}/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,sched_interval=2,bf_interval=2
MpiDefault=none
AccountingStorageType=accounting_storage/none
ReturnToService=2
SlurmctldTimeout=30
SlurmdTimeout=10
KillWait=10
UnkillableStepTimeout=300
SlurmdParameters=config_overrides
"""


def missing():
    """Why there can be no cluster here; empty: there can."""
    if os.geteuid() != 0:
        return "Slurm's daemons are started as root"
    lacking = [name for name in PROGRAMS if shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin") is None]
    return f"not installed: {', '.join(lacking)}" if lacking else ""


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Cluster:
    def __init__(self, root, nodes):
        self.root = pathlib.Path(root)
        self.nodes = [f"n{i}" for i in range(nodes)]
        self.environment = {**os.environ, "SLURM_CONF": str(self.root / "slurm.conf")}
        self.environment["PATH"] += ":/usr/sbin"
        for name in ("munge", "state", "dev"):
            (self.root / name).mkdir(mode=0o700 if name == "munge" else 0o755)
        self.root.chmod(0o755)
        (self.root / "munge/key").write_bytes(os.urandom(128))
        (self.root / "munge/key").chmod(0o400)
        self.write_configuration()
        try:
            self.start()
        except BaseException:
            self.stop()
            raise

    def write_configuration(self):
        gres = []
        for i, name in enumerate(self.nodes):
            device = self.root / f"dev/gpu{i}"
            os.mknod(device, 0o020666, os.makedev(1, 3))  # slurmd wants a device; the null device is one
            gres.append(f"NodeName={name} Name=gpu File={device} AutoDetect=off\n")
        (self.root / "gres.conf").write_text("".join(gres))
        (self.root / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")
        controller, *ports = free_ports(1 + len(self.nodes))
        memory = 1024
        text = CONFIGURATION.format(
            root=self.root, controller_port=controller, nodes=",".join(self.nodes),
            ports=",".join(map(str, ports)), memory=memory,
        )  # fmt: skip
        (self.root / "slurm.conf").write_text(text)

    def start(self):
        munge = self.root / "munge"
        self.call(
            "munged", f"--key-file={munge}/key", f"--socket={munge}/socket", f"--pid-file={munge}/pid",
            f"--log-file={munge}/log", f"--seed-file={munge}/seed", "--force",
        )  # fmt: skip
        munge.chmod(0o755)
        self.call("slurmctld", "-f", self.root / "slurm.conf")
        for name in self.nodes:
            self.start_node(name)
        wait_for("the nodes", lambda: self.call("sinfo", "-hN", "-p", "work", "-t", "idle", "-o", "%N").split() == self.nodes, 60)

    def start_node(self, name):
        (self.root / f"spool.{name}").mkdir(exist_ok=True)
        self.call("slurmd", "-f", self.root / "slurm.conf", "-N", name)

    def call(self, *words):
        done = subprocess.run([str(word) for word in words], env=self.environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    def state(self, job):
        """Of a job or of the tasks of an array, as a set: {"RUNNING", "PENDING"}."""
        return set(self.call("squeue", "-h", "-t", "all", "-r", "-j", job, "-o", "%T").split())

    def wait_for(self, what, job, states, deadline=240):
        try:
            wait_for(what, lambda: self.state(job) == states, deadline)
        except AssertionError as late:
            seen = [self.call("sinfo", "-N", "-l"), self.call("squeue"), (self.root / "slurmctld.log").read_text()[-3000:]]
            raise AssertionError("\n".join([str(late), *seen])) from None

    def pid_of(self, file):
        try:
            return int((self.root / file).read_text())
        except (FileNotFoundError, ValueError):
            return None

    def lose_node(self, name):
        """slurmd and all that runs on it, at once: a machine without power."""
        victims = [self.pid_of(f"slurmd.{name}.pid")]
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                environment = (entry / "environ").read_bytes().split(b"\0")
                if b"SLURM_CONF=" + str(self.root / "slurm.conf").encode() in environment and (
                    f"SLURMD_NODENAME={name}".encode() in environment
                ):
                    victims.append(int(entry.name))
            except OSError:
                continue
        victims += [int(pid) for pid in self.steps_of(name)]
        for pid in filter(None, victims):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def steps_of(self, name):
        """slurmstepd processes of a node: children of its slurmd, or of init."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    if b"slurmstepd" in (entry / "cmdline").read_bytes() and any(
                        str(self.root / f"spool.{name}") in os.readlink(link) for link in (entry / "fd").iterdir()
                    ):
                        found.append(entry.name)
                except OSError:
                    continue
        return found

    def processes_left(self):
        """Of its jobs: they have the environment that these were submitted with."""
        mark = f"SLURM_CONF={self.root}/slurm.conf".encode()
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
            except OSError:
                continue
        return found

    def stop(self):
        subprocess.run(["scancel", "--user=root"], env=self.environment, capture_output=True, timeout=60)
        end = time.monotonic() + 20
        while time.monotonic() < end and subprocess.run(
            ["squeue", "-h"], env=self.environment, capture_output=True, text=True, timeout=60
        ).stdout.strip():
            time.sleep(0.2)
        pids = [self.pid_of(f"slurmd.{name}.pid") for name in self.nodes]
        pids += [self.pid_of("slurmctld.pid"), self.pid_of("munge/pid")]
        pids += [int(pid) for name in self.nodes for pid in self.steps_of(name)]
        pids += self.processes_left()
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in filter(None, pids):
                if alive(pid):
                    os.kill(pid, number)
            end = time.monotonic() + 10
            while time.monotonic() < end and any(alive(pid) for pid in filter(None, pids)):
                time.sleep(0.1)
