#!/usr/bin/env python3
"""How does the queue's rate compare with what people would use instead?

    benchmarks/queue_peers.py build/bench/bin/queue_throughput [--rounds 3]

Jobs that do nothing, two workers, one tool after the other, --rounds times in turn: ours (every job durable before it is
acknowledged, the coordinator killed half-way and started again, encrypted), Dask distributed (two worker processes; a task
is a message, as ours; nothing is durable), and those that start a process a job: GNU parallel, xargs, make. Needs Debian's
python3-distributed and parallel.
"""

import argparse
import os
import pathlib
import re
import statistics
import subprocess
import tempfile
import time

JOBS = {"dask": 5_000, "parallel": 1_000, "xargs": 4_000, "make": 4_000}


def nothing(number):
    return number


def ours(program):
    text = subprocess.run([program, "--images", "19620", "--cases", "10"], check=True, capture_output=True, text=True).stdout
    jobs, seconds = re.search(r"until it was killed\s+(\d+) jobs in\s+([\d.]+) s", text).groups()
    return int(jobs) / float(seconds)


def dask(jobs):
    import distributed

    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        with distributed.Client(cluster) as client:
            client.gather(client.map(nothing, range(100), pure=False))  # the workers are up
            begun = time.monotonic()
            client.gather(client.map(nothing, range(jobs), pure=False))
            return jobs / (time.monotonic() - begun)


def timed(jobs, command, **how):
    begun = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **how)
    return jobs / (time.monotonic() - begun)


def numbers(jobs):
    return "".join(f"{i}\n" for i in range(jobs))


def parallel(jobs):
    return timed(jobs, ["parallel", "-j2", "true"], input=numbers(jobs), text=True)


def xargs(jobs):
    return timed(jobs, ["xargs", "-P2", "-n1", "true"], input=numbers(jobs), text=True)


def make(jobs):
    with tempfile.TemporaryDirectory() as folder:
        names = " ".join(f"job{i}" for i in range(jobs))
        (pathlib.Path(folder) / "Makefile").write_text(f".PHONY: all {names}\nall: {names}\n{names}:\n\t@/bin/true\n")
        return timed(jobs, ["make", "-j2", "-C", folder])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="queue_throughput")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    peers = {"dask": dask, "parallel": parallel, "xargs": xargs, "make": make}
    rates = {name: [] for name in ("ours", *peers)}
    for _ in range(options.rounds):
        rates["ours"].append(ours(options.program))
        for name, peer in peers.items():
            rates[name].append(peer(JOBS[name]))
    base = statistics.median(rates["ours"])
    print(f"{'':10}{'jobs/s: median':>16}{'least':>9}{'most':>9}{'ours is':>12}   (load {os.getloadavg()[0]:.1f})")
    for name, of_rounds in rates.items():
        median = statistics.median(of_rounds)
        print(f"{name:10}{median:16.0f}{min(of_rounds):9.0f}{max(of_rounds):9.0f}{base / median:9.0f} x")


if __name__ == "__main__":
    main()
