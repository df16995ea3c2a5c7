"""A sweep on Slurm's real daemons: submitted, joined, preempted, a node lost, its coordinator requeued, time limits,
cancelled. Each ends with what an undisturbed run gives, bit for bit."""

import json
import os
import re
import shutil
import subprocess

import pytest

import slurm
from conftest import BIN, DEADLINE, Study, alive, end, run, wait_for

needs_slurm = pytest.mark.skipif(bool(slurm.missing()), reason=slurm.missing() or "-")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    try:
        cluster = slurm.Cluster(tmp_path_factory.mktemp("slurm"), 3)
    except (AssertionError, OSError) as problem:  # of Slurm's, not of ours: a container may forbid what it needs
        pytest.skip(f"Slurm's daemons do not start here: {problem}")
    yield cluster
    cluster.stop()


class Submitted(Study):
    """A study that Slurm runs, long enough for something to happen to it."""

    OPTIONS = {**Study.OPTIONS, "--grid": "16"}

    def submit(self, cluster, *more, code=0):
        words = self.arguments() if "--join" not in more else ["run", "--sweep", self.sweep]
        if "--workers" in words:
            at = words.index("--workers")
            del words[at : at + 2]
        return run("wcam", "submit", *words[1:], "--cpus", "1", "--notice", "50", *more, code=code, env=cluster.environment)

    def scripts(self, *more):
        """Of the coordinator and of the workers, as a dry run prints them."""
        study = ["--images", self.images, "--models", self.models / "models.json", "--cases", "baseline"]
        printed = run("wcam", "submit", "--sweep", self.sweep, *study, *more, "--dry-run").stdout
        return printed.split("# --- workers.sh\n")

    def job(self, name):
        return (self.sweep / "slurm" / name).read_text().split()[-1]

    def status(self):
        return json.loads(run("wcam", "status", self.sweep, "--json").stdout)

    def logs(self):
        return "\n".join(f"--- {log.name}\n{log.read_text()[-3000:]}" for log in sorted((self.sweep / "logs").glob("*.log")))

    def wait_for_the_end(self, cluster, deadline=240):
        try:
            wait_for("the coordinator's job", lambda: cluster.state(self.job("coordinator")) == {"COMPLETED"}, deadline)
        except AssertionError:
            raise AssertionError(self.logs()) from None
        assert self.status()["state"] == "finished"


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    study = Submitted(tmp_path_factory.mktemp("undisturbed"))
    study.run()
    return study


@pytest.fixture
def submitted(tmp_path):
    return Submitted(tmp_path)


def test_scripts_can_be_looked_at_first(submitted, tmp_path):
    image = tmp_path / "my wcam.sif"
    image.touch()
    coordinator, workers = submitted.scripts(
        "--gpus", "16", "--gpu-type", "a100", "--array-limit", "8", "--partition", "gpu", "--account", "lab", "--constraint", "ib",
        "--time", "04:00:00", "--mem", "16G", "--sbatch=--qos=long", "--container", image, "--until-done", "7",
        "--stage", "$TMPDIR/my wcam", "--collect",
    )  # fmt: skip
    assert not submitted.sweep.exists()
    for script in (coordinator, workers):
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)
        for line in ("--partition=gpu", "--account=lab", "--time=04:00:00", "--qos=long", "--signal=B:TERM@120", "--requeue"):
            assert f"\n#SBATCH {line}\n" in script
        assert "most_rounds=7\n" in script and f"'{image}'" in script
    for line in ("--gres=gpu:a100:1", "--array=0-15%8", "--constraint=ib", "--mem=16G"):
        assert f"\n#SBATCH {line}\n" in workers and line not in coordinator
    assert "--nv" in workers and "--nv" not in coordinator
    assert " --collect " in workers and 'echo "$TMPDIR/my wcam")' in workers
    # Only the record of what was typed says it there.
    assert "stage" not in re.sub(r"(?m)^export WCAM_COMMAND=.*", "", coordinator)


def test_the_coordinator_goes_where_no_gpu_is_asked_for(submitted):
    words = ["--gpus", "2", "--partition", "gpu", "--account", "lab", "--sbatch=--qos=gpu", "--sbatch=--nice"]
    own = ["--coordinator-partition", "cpu", "--coordinator-account", "free", "--coordinator-sbatch=--time=7-0"]
    coordinator, workers = submitted.scripts(*words, *own)
    words += ["--sweep", submitted.sweep]
    for script, lines in (
        (coordinator, ["--partition=cpu", "--account=free", "--time=7-0"]),
        (workers, ["--partition=gpu", "--account=lab", "--qos=gpu", "--nice"]),
    ):
        said = re.findall(r"^#SBATCH (--(?:partition|account|time|qos|nice).*)$", script, re.M)
        assert said == lines
    assert "'cpu x' is no word of Slurm" in run("wcam", "submit", *words, "--coordinator-partition", "cpu x", code=2).stderr
    assert "'-t1' is no option" in run("wcam", "submit", *words, "--coordinator-sbatch=-t1", code=2).stderr


def test_a_worker_takes_the_gpu_that_slurm_gave_it_and_never_guesses(submitted, tmp_path):
    script = tmp_path / "workers.sh"
    script.write_text(submitted.scripts("--gpus", "1")[1])
    for devices, said in (("", "no GPU"), ("0,1", "several GPUs, 0,1")):
        done = subprocess.run(
            ["bash", script], env={**os.environ, "CUDA_VISIBLE_DEVICES": devices}, capture_output=True, text=True, timeout=DEADLINE
        )
        assert done.returncode == 3 and said in done.stderr
    # A MIG id is passed on as it is; that there is no such device here the worker says itself.
    done = subprocess.run(
        ["bash", script], env={**os.environ, "CUDA_VISIBLE_DEVICES": "MIG-7d3c"}, capture_output=True, text=True, timeout=DEADLINE
    )
    assert done.returncode in (2, 3) and "cuda:0" in done.stderr


def test_a_job_that_is_told_to_end_as_it_begins_goes_back_to_the_queue(submitted, tmp_path):
    """Slurm's notice may come with the start: before the shell runs anything, or before the program listens."""
    text = submitted.scripts("--cpu-workers", "1", "--until-done", "1")[1]
    calls = tmp_path / "calls"
    (tmp_path / "scontrol").write_text(f"#!/bin/sh\necho $* >>{calls}\nkill -KILL $PPID\n")  # Slurm ends the job
    (tmp_path / "scontrol").chmod(0o755)
    job = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "SLURM_JOB_ID": "8", "SLURM_ARRAY_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": "3"}
    deaf = tmp_path / "wcam-worker"
    deaf.write_text(f"#!/bin/sh\ntouch {tmp_path}/begun\nkill -TERM $PPID\nexec sleep 60\n")
    deaf.chmod(0o755)
    programs = re.search(r"^programs=.*$", text, re.M)[0]
    script = tmp_path / "workers.sh"
    for told_at_once in (True, False):
        if told_at_once:
            script.write_text(text.replace("\nset -u\n", "\nkill -TERM $$\nset -u\n"))
        else:
            script.write_text(text.replace(programs, f"programs={tmp_path}"))
        done = subprocess.run(["bash", script], env={**os.environ, **job}, capture_output=True, text=True, timeout=DEADLINE)
        assert calls.read_text() == "requeue 7_3\n", done.stderr
        assert (tmp_path / "begun").exists() != told_at_once
        calls.unlink()


def coordinators_job(submitted, folder, program):
    """How its script ends, and which verbs it called, in whose place stands this line of a shell."""
    text = submitted.scripts("--cpu-workers", "1", "--until-done", "1")[0]
    (submitted.sweep / "slurm").mkdir(parents=True, exist_ok=True)
    calls = folder / "calls"
    calls.unlink(missing_ok=True)
    for name in ("wcam-coordinator", "wcam-plot"):
        (folder / name).write_text(f"#!/bin/sh\necho $1 >>{calls}\n{program}\n")
        (folder / name).chmod(0o755)
    script = folder / "coordinator.sh"
    script.write_text(text.replace(re.search(r"^programs=.*$", text, re.M)[0], f"programs={folder}"))
    done = subprocess.run(["bash", script], env={**os.environ, "SLURM_JOB_ID": "8"}, capture_output=True, text=True, timeout=DEADLINE)
    return done.returncode, calls.read_text().split()


def test_a_coordinator_that_is_told_to_end_while_it_packs_packs_to_the_end(submitted, tmp_path):
    ended = coordinators_job(submitted, tmp_path, "[ $1 = run ] || kill -TERM $PPID")
    assert ended == (0, ["run", "pack", "figure-4", "figure-5"])


def test_figures_are_drawn_where_a_segment_was_left_out_and_not_where_nothing_was_packed(submitted, tmp_path):
    assert coordinators_job(submitted, tmp_path, "[ $1 != pack ] || exit 4") == (4, ["run", "pack", "figure-4", "figure-5"])
    assert coordinators_job(submitted, tmp_path, "[ $1 != pack ] || exit 3") == (3, ["run", "pack"])


def test_a_job_that_slurm_does_not_take_back_says_so_and_fails(submitted, tmp_path):
    scripts = submitted.scripts("--cpu-workers", "1", "--until-done", "1")
    (tmp_path / "scontrol").write_text("#!/bin/sh\necho 'Requested operation is presently disabled' >&2\nexit 1\n")
    (tmp_path / "scontrol").chmod(0o755)
    job = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "SLURM_JOB_ID": "8"}
    for text in scripts:
        script = tmp_path / "job.sh"
        script.write_text(text.replace("\nset -u\n", "\nkill -TERM $$\nset -u\n"))
        done = subprocess.run(["bash", script], env=job, capture_output=True, text=True, timeout=DEADLINE)
        assert done.returncode == 5 and "presently disabled" in done.stderr
        assert "Slurm has not put job 8 back into the queue" in done.stderr
        assert f"'wcam submit --sweep {submitted.sweep}' goes on" in done.stderr
        last = {**job, "SLURM_RESTART_COUNT": "1"}  # which is told to end, and has done what it should
        done = subprocess.run(["bash", script], env=last, capture_output=True, text=True, timeout=DEADLINE)
        assert done.returncode == 0 and "back" not in done.stdout + done.stderr


# As old versions (without --me) and the scripts of some sites have it: -h is help, and there is more than rows.
SQUEUE = """#!/bin/bash
case "$*" in *--me*|*" -h"*) echo "squeue: error: unrecognized arguments: $*" >&2; exit 2 ;; esac
[ "$1 $2 $3 $4 $5" = "--noheader -u $(id -un) -o %F %T" ] || exit 3
echo "(from a cache, 20 s old)"
cat {queue}
"""


def test_a_sites_own_squeue_will_do(submitted, tmp_path):
    queue = tmp_path / "queue"
    for name, text in (("squeue", SQUEUE.format(queue=queue)), ("sbatch", "#!/bin/sh\necho 7\n"), ("scancel", f"#!/bin/sh\necho $* >{tmp_path}/gone\n")):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    queue.write_text("7 PENDING\n")
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    site = type("Site", (), {"environment": environment})
    submitted.submit(site, "--cpu-workers", "1")
    assert "job 7 is this sweep's coordinator already" in submitted.submit(site, "--cpu-workers", "1", code=2).stderr
    submitted.submit(site, "--join", "--cpu-workers", "1")
    assert "(7) cancelled" in run("wcam", "cancel", submitted.sweep, "--all", env=environment).stdout
    assert (tmp_path / "gone").read_text() == "7\n"


APPTAINER = """#!/bin/bash
echo "$*" >>{calls}
[ "$1 $2 $3 $4" = "exec --bind {sweep} {image}" ] || exit 255
shift 4
PATH={image_path} exec "$@"
"""


def test_in_a_container_the_programs_are_the_images_own(submitted, undisturbed, tmp_path):
    # This stand-in for Apptainer takes the programs from the image's PATH, as the real one does.
    calls, image, commands = tmp_path / "calls", tmp_path / "wcam.sif", tmp_path / "commands"
    commands.mkdir()
    image.touch()
    for name, text in (
        ("apptainer", APPTAINER.format(calls=calls, sweep=submitted.sweep, image=image, image_path=BIN)),
        ("sbatch", "#!/bin/sh\necho 7\n"),
    ):
        (commands / name).write_text(text)
        (commands / name).chmod(0o755)
    environment = {**os.environ, "PATH": f"{commands}:{os.environ['PATH']}"}
    words = submitted.arguments()
    at = words.index("--workers")
    run("wcam", "submit", *words[1:at], *words[at + 2 :], "--cpu-workers", "1", "--cpus", "1", "--container", "wcam.sif",
        "--stage", "/$NOT_SET_HERE", cwd=tmp_path, env=environment)  # fmt: skip
    scripts = [submitted.sweep / "slurm" / name for name in ("coordinator.sh", "workers.sh")]
    (submitted.sweep / "slurm/workers").unlink()  # nothing waits in a queue, to be cancelled at the end
    for script in scripts:
        assert str(BIN) not in script.read_text(), "a path of this host, which the image need not have"
    with submitted.log.open("ab") as log:
        jobs = [subprocess.Popen(["bash", script], env=environment, stdout=log, stderr=log) for script in scripts]
    try:
        assert [job.wait(DEADLINE) for job in jobs] == [0, 0], submitted.log.read_text()
        assert "NOT_SET_HERE: unbound variable" in submitted.log.read_text() and "--stage" not in calls.read_text()
    finally:
        for job in jobs:
            end(job)
    assert submitted.rows() == undisturbed.rows()
    programs = [call.split(f"{image} ")[1].split()[:2] for call in calls.read_text().splitlines()]
    assert sorted(map(" ".join, programs)) == [
        "wcam-coordinator pack", "wcam-coordinator run", "wcam-plot figure-4", "wcam-plot figure-5", "wcam-worker run"
    ]  # fmt: skip
    ((command,),) = submitted.ask_ledger("SELECT command FROM runs")
    assert command.startswith(f"cd {tmp_path} && wcam submit --images ") and command.endswith("--stage '/$NOT_SET_HERE'")


def test_mistakes_show_before_anything_is_submitted(submitted, tmp_path):
    broken = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    (tmp_path / "sbatch").write_text("#!/bin/sh\necho 'Batch job submission failed: Invalid account' >&2\nexit 1\n")
    (tmp_path / "sbatch").chmod(0o755)
    common = ["--sweep", submitted.sweep, "--models", submitted.models / "models.json"]
    for words, code, said in (
        (["--images", submitted.images], 2, "--gpus N or --cpu-workers N"),
        (["--images", submitted.images, "--gpus", "1", "--sbatch", "qos=long"], 2, "'qos=long' is no option of sbatch"),
        (["--images", submitted.images, "--gpus", "1", "--typo", "1"], 2, "--typo"),
        (["--images", submitted.images, "--gpus", "1", "--stage", "$(rm -r x)"], 2, "only $NAME is looked up"),
        (["--images", submitted.images, "--gpus", "1", "--bind", "10.0.0.5"], 2, "--bind '10.0.0.5' is not tcp://"),
        (["--images", submitted.images, "--gpus", "1", "--time", "0-00:02", "--notice", "120"], 2, "--time 0-00:02 (120 s) leaves nothing"),
        (["--images", submitted.images, "--gpus", "1", "--time", "2:00"], 2, "--time 2:00 (120 s) leaves nothing"),
        (["--images", submitted.images, "--gpus", "1", "--time", "2", "--notice", "121"], 2, "--time 2 (120 s) leaves nothing"),
        (["--images", submitted.images, "--gpus", "1", "--time", "1:30:00", "--container", "no.sif"], 2, "no.sif is not there"),
        (["--images", submitted.images, "--gpus", "1", "--time", "1-0", "--container", "no.sif"], 2, "no.sif is not there"),
        (["--images", submitted.images, "--gpus", "1", "--cpu-workers", "1"], 2, "exclude each other"),
        (["--images", tmp_path / "none", "--gpus", "1"], 3, "none"),
        (["--gpus", "1", "--join"], 2, "--join"),
    ):
        assert said in run("wcam", "submit", *common, *words, code=code, env=broken).stderr
    words = ["--images", submitted.images, "--gpus", "1", "--cases", "baseline"]
    refused = run("wcam", "submit", *common, *words, code=3, env=broken)
    assert "--gpus: the worker's LibTorch is for CPUs only" in refused.stderr and "--cpu-workers 1\n" in refused.stderr
    assert "Invalid account" in refused.stderr and "sbatch exited with code 1" in refused.stderr
    assert "not begun: no coordinator has run yet" in run("wcam", "status", submitted.sweep).stdout
    # The coordinator's job is taken, that of the workers is not.
    (tmp_path / "sbatch").write_text('#!/bin/sh\ncase "$*" in *workers.sh) echo "Invalid --mem" >&2; exit 1 ;; esac\necho 7\n')
    (tmp_path / "squeue").write_text("#!/bin/sh\n")  # nothing is in the queue
    (tmp_path / "squeue").chmod(0o755)
    (tmp_path / "scancel").write_text(f"#!/bin/sh\necho $* >{tmp_path}/cancelled\n")
    (tmp_path / "scancel").chmod(0o755)
    refused = run("wcam", "submit", *common, *words, code=3, env=broken)
    assert "job 7 is cancelled again" in refused.stdout and (tmp_path / "cancelled").read_text() == "7\n"


def test_a_dry_run_refuses_what_a_submission_would_and_writes_nothing(submitted):
    submit = ["wcam", "submit", "--sweep", submitted.sweep, "--images", submitted.images, "--cpu-workers", "1"]
    case = json.loads((submitted.models / "models.json").read_text())["models"][0]
    case = {**case, **{key: str(submitted.models / case[key]) for key in ("file", "classes")}}
    (submitted.folder / "text.pt").write_text("not TorchScript")
    (submitted.folder / "two.txt").write_text("cat\ndog\n")
    for wrong, said in (
        ({"file": "text.pt", "sha256": ""}, "text.pt: not a TorchScript file"),
        ({"classes": "two.txt"}, "it has 12 classes, the list of names has 2"),
    ):
        models = submitted.folder / "models.json"
        models.write_text(json.dumps({"models": [{key: value for key, value in (case | wrong).items() if value}]}))
        dry, real = (run(*submit, "--models", models, *more, code=3) for more in (["--dry-run"], []))
        assert said in dry.stderr and dry.stderr == real.stderr and dry.stdout == ""
        assert not submitted.sweep.exists()
    words = submitted.coordinator_command("--prepare")
    subprocess.run(words, check=True, timeout=DEADLINE)
    before = {file: file.stat().st_mtime_ns for file in submitted.sweep.rglob("*")}
    refused = run(*submit, "--models", submitted.models / "models.json", "--dry-run", code=3).stderr
    assert "holds another sweep" in refused
    assert before == {file: file.stat().st_mtime_ns for file in submitted.sweep.rglob("*")}


@needs_slurm
def test_a_sweep_is_submitted_and_gives_what_it_gives_elsewhere(submitted, cluster, undisturbed):
    said = submitted.submit(cluster, "--cpu-workers", "2").stdout
    assert f"job {submitted.job('coordinator')}: coordinator" in said and "2 workers" in said
    submitted.wait_for_the_end(cluster)
    assert submitted.rows() == undisturbed.rows()
    assert list((submitted.sweep / "figures/figure-4").glob("*.pdf")) and list((submitted.sweep / "figures/figure-5").glob("*.pdf"))
    cluster.wait_for("the workers' jobs", submitted.job("workers"), {"COMPLETED"})
    for key in (submitted.sweep / "keys").glob("*.key"):
        assert key.stat().st_mode & 0o777 == 0o600
    refused = submitted.submit(cluster, "--cpu-workers", "1", code=2).stderr
    assert "is finished: nothing is left to do; `wcam retry` puts back" in refused


GPU_SITE = """#!/bin/bash
# A site that takes no job without a GPU in its partition `work`.
for script; do :; done
if grep -q '^#SBATCH --partition=work' "$script" && ! grep -q '^#SBATCH --gres=gpu' "$script"; then
  echo "sbatch: error: Batch job submission failed: the partition work is for jobs with GPUs" >&2
  exit 1
fi
exec {sbatch} "$@"
"""


@needs_slurm
def test_where_each_job_of_a_partition_must_have_a_gpu_the_coordinator_goes_elsewhere(submitted, cluster, tmp_path):
    (tmp_path / "sbatch").write_text(GPU_SITE.format(sbatch=shutil.which("sbatch")))
    (tmp_path / "sbatch").chmod(0o755)
    environment = {**cluster.environment, "PATH": f"{tmp_path}:{cluster.environment['PATH']}"}
    site = type("Site", (), {"environment": environment})
    words = ["--gpus", "1", "--partition", "work", "--sbatch=--hold"]
    assert "for jobs with GPUs" in submitted.submit(site, *words, code=3).stderr
    submitted.submit(site, *words, "--coordinator-partition", "scrap")
    for name, partition in (("coordinator", "scrap"), ("workers", "work")):
        assert f" Partition={partition} " in cluster.call("scontrol", "show", "job", submitted.job(name))
    run("wcam", "cancel", submitted.sweep, "--all", env=cluster.environment)


@needs_slurm
def test_a_requeued_coordinator_resumes_and_its_workers_which_send_it_what_they_find_meet_it_again(submitted, cluster, undisturbed):
    submitted.submit(cluster, "--cpu-workers", "2", "--collect", "--stage", f"{submitted.folder}/stage of $SLURM_ARRAY_JOB_ID")
    submitted.wait_for_segments(3)
    assert "--join adds workers" in submitted.submit(cluster, "--cpu-workers", "1", code=2).stderr
    first = submitted.status()["pid"]
    cluster.call("scontrol", "requeue", submitted.job("coordinator"))
    submitted.wait_for_the_end(cluster)
    assert not alive(first) and submitted.status()["pid"] != first
    assert submitted.rows() == undisturbed.rows()
    log = next((submitted.sweep / "logs").glob("slurm-coordinator-*.log")).read_text()
    assert "interrupted" in log
    assert {path.name[33:] for path in next(submitted.folder.glob("stage of [1-9]*")).glob("*.pt")} == {"baseline.pt", "adv.pt"}
    cluster.wait_for("the workers' jobs", submitted.job("workers"), {"COMPLETED"})


@needs_slurm
def test_workers_that_are_preempted_come_back(submitted, cluster, undisturbed):
    submitted.submit(cluster, "--cpu-workers", "2", "--partition", "scrap")
    submitted.wait_for_segments(2)
    preempted = submitted.job("coordinator")
    other = cluster.call("sbatch", "--parsable", "-p", "work", "-N3", "--exclusive", "-o", "/dev/null", "--wrap", "sleep 2").strip()
    cluster.wait_for("the other's job", other, {"COMPLETED"})
    assert "Restarts=1" in cluster.call("scontrol", "show", "job", preempted)
    submitted.wait_for_the_end(cluster)
    assert submitted.rows() == undisturbed.rows()


@needs_slurm
def test_a_node_is_lost_and_workers_are_added(submitted, cluster, undisturbed):
    submitted.submit(cluster, "--cpu-workers", "1", "--sbatch=--exclude=n2", "--hand-in", "1")
    submitted.wait_for_segments(2)
    workers = submitted.job("workers")
    submitted.submit(cluster, "--join", "--cpu-workers", "1", "--sbatch=--nodelist=n2")
    assert submitted.job("workers") != workers
    # What it did not say is as in the first command; n2 is excluded no more.
    script = (submitted.sweep / "slurm/workers.sh").read_text()
    assert "--hand-in 1\n" in script and "#SBATCH --nodelist=n2\n" in script and "--exclude" not in script
    wait_for("a second worker", lambda: len(submitted.status()["connected"]) == 2)
    second = submitted.status()["connected"][1]
    wait_for("its first job", lambda: submitted.status()["connected"][1]["in_hand"] > 0)
    cluster.lose_node("n2")
    wait_for("the end of its worker", lambda: not alive(second["pid"]))
    try:
        submitted.wait_for_the_end(cluster)
    finally:
        cluster.start_node("n2")
    assert submitted.rows() == undisturbed.rows()


class Long(Submitted):
    """More than a minute for one worker."""

    OPTIONS = {**Study.OPTIONS, "--grid": "28", "--sample-size": "3"}


@needs_slurm
def test_a_sweep_longer_than_its_time_limit_goes_on_until_it_is_done(cluster, tmp_path_factory):
    undisturbed, submitted = Long(tmp_path_factory.mktemp("long")), Long(tmp_path_factory.mktemp("limited"))
    # The shortest limit is a minute; with the notice 50 s before it jobs end after ten to forty.
    submitted.submit(cluster, "--cpu-workers", "1", "--time", "1", "--until-done", "20", "--no-figures")
    submitted.wait_for_the_end(cluster, 600)
    undisturbed.run()
    assert submitted.rows() == undisturbed.rows()
    for log in ("slurm-coordinator-*.log", "slurm-worker-*.log"):
        assert "of 21 ends: back to the queue" in next((submitted.sweep / "logs").glob(log)).read_text()


@needs_slurm
def test_one_task_whose_time_is_up_goes_back_to_the_queue_and_no_other(submitted, cluster, undisturbed):
    submitted.submit(cluster, "--cpu-workers", "3", "--until-done", "3")
    wait_for("all workers", lambda: len(submitted.status()["connected"]) == 3)
    tasks = [f"{submitted.job('workers')}_{task}" for task in range(3)]
    # One of them has the array's own number as its job id.
    own_number = f"JobId={submitted.job('workers')} "
    (own,) = (task for task in tasks if cluster.call("scontrol", "show", "job", task).startswith(own_number))
    cluster.call("scancel", "-b", "-s", "TERM", own)
    log = submitted.sweep / f"logs/slurm-worker-{own}.log"
    wait_for("its round's end", lambda: "round 1 of 4 ends: back to the queue" in log.read_text())
    submitted.wait_for_the_end(cluster)
    assert submitted.rows() == undisturbed.rows()
    restarts = {task: cluster.call("scontrol", "show", "job", task).split("Restarts=")[1].split()[0] for task in tasks}
    assert restarts == {task: "1" if task == own else "0" for task in tasks}


@needs_slurm
def test_workers_that_are_left_of_an_earlier_submission_are_counted_in(submitted, cluster, undisturbed):
    submitted.submit(cluster, "--cpu-workers", "1")
    submitted.wait_for_segments(1)
    workers = submitted.job("workers")
    cluster.call("scancel", submitted.job("coordinator"))
    cluster.wait_for("its end", submitted.job("coordinator"), {"CANCELLED"})
    said = submitted.submit(cluster, "--cpu-workers", "1").stdout
    assert f"workers of job {workers} are left from before, and join too" in said
    assert (submitted.sweep / "slurm/workers").read_text().split()[0] == workers, "so that they can be cancelled"
    submitted.wait_for_the_end(cluster)
    assert submitted.rows() == undisturbed.rows()


@needs_slurm
def test_a_sweep_that_is_cancelled_leaves_nothing_behind(submitted, cluster):
    submitted.sweep = submitted.folder / "my own sweep"
    submitted.submit(cluster, "--cpu-workers", "2")
    submitted.wait_for_segments(2)
    run("wcam", "cancel", submitted.sweep, "--all")
    for job in ("coordinator", "workers"):
        wait_for(f"the end of the {job}", lambda: not cluster.state(submitted.job(job)) & {"RUNNING", "PENDING", "COMPLETING"}, 120)
    assert submitted.status()["state"] == "finished"


@needs_slurm
def test_a_sweep_whose_coordinator_waits_is_cancelled_with_its_jobs(submitted, cluster):
    # Held in the queue, as on a full cluster: nobody would tell them.
    submitted.submit(cluster, "--cpu-workers", "2", "--sbatch=--hold")
    jobs = [submitted.job("coordinator"), submitted.job("workers")]
    assert all(cluster.state(job) == {"PENDING"} for job in jobs)
    said = run("wcam", "cancel", submitted.sweep, "--all", env=cluster.environment).stdout
    assert f"Slurm's jobs of this sweep ({', '.join(sorted(jobs))}) cancelled" in said
    for job in jobs:
        cluster.wait_for("its end", job, {"CANCELLED"})
    refused = submitted.submit(cluster, "--join", "--cpu-workers", "1", code=2).stderr
    assert "is finished: leave it out" in refused
    refused = submitted.submit(cluster, "--cpu-workers", "1", code=2).stderr
    assert "was cancelled: nothing is left to do" in refused
    assert "nothing to cancel" in run("wcam", "cancel", submitted.sweep, "--all", env=cluster.environment).stdout


@needs_slurm
def test_a_sweep_whose_jobs_are_cancelled_resumes(submitted, cluster, undisturbed):
    submitted.submit(cluster, "--cpu-workers", "2")
    submitted.wait_for_segments(3)
    for job in ("coordinator", "workers"):
        cluster.call("scancel", submitted.job(job))
    for job in ("coordinator", "workers"):
        cluster.wait_for(f"the end of the {job}", submitted.job(job), {"CANCELLED"})
    assert "neither runs nor waits" in submitted.submit(cluster, "--join", "--cpu-workers", "1", code=2).stderr
    said = run("wcam", "status", submitted.sweep).stdout
    assert f"as long as job {submitted.job('coordinator')} waits in Slurm's queue" in said
    said = run("wcam", "submit", "--sweep", submitted.sweep, "--cpu-workers", "1", env=cluster.environment).stderr
    assert "as before, unless said otherwise: --cpus=1, --notice=50 (" in said
    assert "B:TERM@50\n" in (submitted.sweep / "slurm/workers.sh").read_text()
    submitted.wait_for_the_end(cluster)
    assert submitted.rows() == undisturbed.rows()
