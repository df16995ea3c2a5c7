"""What is asked of a sweep's ledger, and what becomes of it when it is damaged or lost. Read with sqlite3, never with
our own reader."""

import collections
import contextlib
import copy
import json
import os
import pathlib
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import zlib

import h5py
import numpy as np
import pytest

from conftest import BIN, DEADLINE, Study, children, end, run


class Everything(Study):
    """All images and few variants: every image's place in the sample is known beforehand."""

    OPTIONS = {"--grid": "8", "--severities": "5", "--select": "all", "--corruptions": "contrast,jpeg"}


def query(sweep, sql):
    # Of a copy: whoever closes a ledger last tidies up its log.
    with tempfile.TemporaryDirectory() as folder:
        for file in sweep.glob("ledger.sqlite*"):
            if "damaged" not in file.name:
                shutil.copy(file, folder)
        with contextlib.closing(sqlite3.connect(pathlib.Path(folder) / "ledger.sqlite")) as ledger:
            return ledger.execute(sql).fetchall()


def copied(study, folder):
    other = copy.copy(study)
    other.sweep = folder / "copy"
    shutil.copytree(study.sweep, other.sweep)
    return other


def resume(study, code=0):
    """What the sweep still lacks, and a fresh results.h5."""
    done = run("wcam", "run", "--sweep", study.sweep, "--workers", "2", "--hand-in", "0", "--no-figures", code=code)
    run("wcam", "pack", study.sweep)
    return done


def attempts_stored(study):
    """{job: times that a segment holds an answer}"""
    count = collections.Counter()
    for segment in study.segments():
        with h5py.File(segment) as file:
            for group in ("profiles", "predictions"):
                if group in file:
                    count.update(set(file[group]["job"][:].tolist()))
    return count


def run_verify(sweep):
    """0 or 3: whatever the damage, verify does not fall over it."""
    done = subprocess.run([BIN / "wcam", "verify", sweep], capture_output=True, text=True, timeout=DEADLINE)
    assert done.returncode in (0, 3), (done.returncode, done.stdout, done.stderr)
    return done.returncode


def without_ranks(rows):
    return {name: (role, *rest) for name, (role, _, *rest) in rows.items()}


def damage(sweep):
    """What verify finds, in words."""
    found = json.loads(run("wcam", "verify", sweep, "--json", code=3).stdout)
    assert not found["sound"] and found["damage"]
    assert all("wcam repair" in one["remedy"] or "wcam retry" in one["remedy"] for one in found["damage"])
    return "\n".join(one["problem"] for one in found["damage"])


def check_whole(study):
    """An independent look at a ledger that should be that of a finished sweep."""
    assert query(study.sweep, "PRAGMA integrity_check") == [("ok",)]
    assert query(study.sweep, "PRAGMA foreign_key_check") == []
    assert query(study.sweep, "SELECT DISTINCT state FROM jobs") == [("done",)]
    with h5py.File(study.sweep / "results.h5") as file:
        stored = set(file["profiles/job"][:].tolist()) | set(file["predictions/job"][:].tolist())
    assert {job for (job,) in query(study.sweep, "SELECT id FROM jobs")} == stored


def test_jobs_lists_and_show_tells_what_the_ledger_holds(undisturbed):
    listed = json.loads(run("wcam", "jobs", undisturbed.sweep, "--limit", "0", "--json").stdout)
    rows = query(undisturbed.sweep, "SELECT printf('%016x', job), kind, image, variant, case_name, state, label FROM job_list")
    assert {tuple(job[k] for k in ("job", "kind", "image", "variant", "case", "state", "label")) for job in listed} == set(rows)
    few = run("wcam", "jobs", undisturbed.sweep, "--case", "adv", "--kind", "predict", "--limit", "1")
    assert few.stdout.count(" adv ") == 1 and "of 2 jobs; --limit 0 lists all" in few.stderr
    assert run("wcam", "jobs", undisturbed.sweep, "--state", "failed").stdout.count("\n") == 1  # the heading
    explained = next(job for job in listed if job["kind"] == "explain")
    shown = json.loads(run("wcam", "show", undisturbed.sweep, explained["job"][:12], "--json").stdout)
    (attempt,) = shown["attempts_made"]
    ((host, pid, segment),) = query(
        undisturbed.sweep,
        "SELECT host, pid, segment FROM attempts JOIN workers ON workers.id = attempts.worker "
        f"JOIN jobs ON number = job WHERE jobs.id = {int(explained['job'], 16)}",
    )
    assert (attempt["host"], attempt["pid"], attempt["segment"], attempt["outcome"]) == (host, pid, segment, "done")
    text = run("wcam", "show", undisturbed.sweep, explained["job"]).stdout
    assert f"explain {explained['image']} {explained['variant']}" in text and segment in text
    assert "hex digits" in run("wcam", "show", undisturbed.sweep, "x", code=2).stderr
    assert "'vit' is unknown; known: baseline, adv" in run("wcam", "jobs", undisturbed.sweep, "--case", "vit", code=2).stderr


def test_a_running_sweep_is_left_alone(study):
    coordinator = study.start_coordinator()
    try:
        for verb in ("verify", "repair"):
            refused = run("wcam", verb, study.sweep, code=3).stderr
            assert f"in use by coordinator {coordinator.pid}" in refused, verb
    finally:
        end(coordinator, signal.SIGINT)
    assert "nothing to retry" in run("wcam", "retry", study.sweep).stdout
    assert "is sound" in run("wcam", "verify", study.sweep).stdout


def test_an_image_that_could_not_be_read_for_a_while_is_retried(tmp_path):
    undisturbed = Everything(tmp_path)
    undisturbed.run("--no-figures")
    run("wcam", "pack", undisturbed.sweep)
    study = copy.copy(undisturbed)
    study.sweep = tmp_path / "disturbed"
    end(study.start_coordinator(), signal.SIGINT)  # leaves the plan, made while all was well
    bad = study.images / "texture-1.png"
    sound = bad.read_bytes()
    bad.write_text("the disk is on fire")
    done = resume(study, code=4)
    assert "set aside: image texture-1.png" in done.stderr
    assert {image for image, _, _ in study.rows()} == {f"texture-{i}.png" for i in (0, 2, 3)}
    bad.write_bytes(sound)
    put_back = run("wcam", "retry", study.sweep).stdout
    assert "1 image and 2 jobs put back" in put_back and "put back: image texture-1.png" in put_back
    assert json.loads(run("wcam", "status", study.sweep, "--json").stdout)["state"] == "interrupted"
    before = attempts_stored(study)
    resume(study)
    assert without_ranks(study.rows()) == without_ranks(undisturbed.rows())
    assert {rank for (image, *_), (_, rank, *_) in study.rows().items() if image == "texture-1.png"} == {3}
    assert {job: count for job, count in attempts_stored(study).items() if job in before} == before
    check_whole(study)
    assert "nothing to retry" in run("wcam", "retry", study.sweep).stdout
    # The rebuilt ledger of a sweep with a retried image is that of the sweep.
    ranks = query(study.sweep, "SELECT path, rank, state FROM images ORDER BY path")
    (study.sweep / "ledger.sqlite").unlink()
    run("wcam", "repair", study.sweep)
    assert query(study.sweep, "SELECT path, rank, state FROM images ORDER BY path") == ranks


def test_a_deleted_ledger_is_made_anew_and_nothing_is_computed_again(undisturbed, tmp_path):
    study = copied(undisturbed, tmp_path)
    content = "SELECT id, kind, image, case_id, variant, role, role_index, label, state FROM jobs ORDER BY id"
    jobs, images = query(study.sweep, content), query(study.sweep, "SELECT id, path, state, rank, text FROM images")
    predicted = "SELECT id, labels FROM predictions JOIN jobs ON number = job ORDER BY id"
    labels = query(study.sweep, predicted)
    (study.sweep / "ledger.sqlite").unlink()
    refused = run("wcam", "run", "--sweep", study.sweep, code=3).stderr
    assert "ledger.sqlite is gone" in refused and "wcam repair" in refused
    assert "ledger.sqlite is gone" in damage(study.sweep)
    run("wcam", "repair", study.sweep)
    assert query(study.sweep, content) == jobs
    assert query(study.sweep, "SELECT id, path, state, rank, text FROM images") == images
    assert query(study.sweep, predicted) == labels
    assert "is sound" in run("wcam", "verify", study.sweep).stdout
    assert "nothing to repair" in run("wcam", "repair", study.sweep).stdout
    segments = study.segments()
    resume(study)
    assert study.segments() == segments
    assert study.rows() == undisturbed.rows()
    check_whole(study)


def test_an_interrupted_sweep_loses_its_ledger_and_nothing_else(study, undisturbed):
    study.interrupt(6)
    for file in study.sweep.glob("ledger.sqlite*"):
        file.unlink()
    before = attempts_stored(study)
    run("wcam", "repair", study.sweep)
    assert {job for (job,) in query(study.sweep, "SELECT id FROM jobs WHERE state = 'done'")} == set(before)
    assert run("wcam", "verify", study.sweep).returncode == 0
    resume(study)
    assert study.rows() == undisturbed.rows()
    assert set(attempts_stored(study).values()) == {1}, "a job was computed twice"
    check_whole(study)


def test_damage_anywhere_in_the_ledger_is_named_and_mended(undisturbed, tmp_path):
    study = copied(undisturbed, tmp_path)
    file = study.sweep / "ledger.sqlite"
    whole = file.read_bytes()
    page = int.from_bytes(whole[16:18], "big")
    content = "SELECT id, kind, image, state, label FROM jobs ORDER BY id"
    jobs = query(study.sweep, content)
    dice = random.Random(5)
    found = 0
    for number in range(len(whole) // page):
        torn = bytearray(whole)
        at = number * page
        if number % 3 == 0:
            torn[at : at + page] = bytes(page)
        elif number % 3 == 1:
            torn[at : at + page] = dice.randbytes(page)
        else:
            for _ in range(64):
                torn[at + dice.randrange(page)] ^= 1 << dice.randrange(8)
        file.write_bytes(torn)
        verdict = run_verify(study.sweep)
        if verdict == 0:  # in a column that decides nothing, such as a time
            continue
        found += 1
        run("wcam", "repair", study.sweep)
        assert run_verify(study.sweep) == 0
        assert query(study.sweep, content) == jobs
    assert found > len(whole) // page / 2
    # The damaged ones are all kept.
    assert len(list(study.sweep.glob("ledger.sqlite.damaged-*"))) >= found
    resume(study)
    assert study.rows() == undisturbed.rows()
    for size in (0, 100, page, len(whole) // 2, len(whole) - page):
        file.write_bytes(whole[:size])
        assert run_verify(study.sweep) == 3, size
        run("wcam", "repair", study.sweep)
        assert query(study.sweep, content) == jobs


def test_labels_that_are_no_list_are_named_and_mended(undisturbed, tmp_path):
    study = copied(undisturbed, tmp_path)
    with contextlib.closing(sqlite3.connect(study.sweep / "ledger.sqlite")) as ledger:
        ledger.execute("UPDATE predictions SET labels = replace(labels, ']', 'v')")
        ledger.commit()
    said = run("wcam", "verify", study.sweep, code=3)
    assert "labels of 'predict " in said.stdout + said.stderr and "no list of classes" in said.stdout + said.stderr
    run("wcam", "repair", study.sweep)
    assert run_verify(study.sweep) == 0
    resume(study)
    assert study.rows() == undisturbed.rows()


def change(sweep, sql):
    with contextlib.closing(sqlite3.connect(sweep / "ledger.sqlite")) as ledger:
        ledger.execute("PRAGMA ignore_check_constraints = ON")
        assert ledger.executescript(sql) and ledger.total_changes > 0, sql
        ledger.commit()


@pytest.fixture(scope="module")
def unfinished(tmp_path_factory):
    """An interrupted sweep in which WCAMs wait."""
    study = Study(tmp_path_factory.mktemp("unfinished"))
    study.interrupt(6)
    run("wcam", "pack", study.sweep)
    assert query(study.sweep, "SELECT count(*) FROM jobs WHERE kind = 'explain' AND state = 'waiting'")[0][0] > 2
    return study


WAITING = "(SELECT max(number) FROM jobs WHERE kind = 'explain' AND state = 'waiting')"


@pytest.mark.parametrize(
    "sql",
    [
        f"UPDATE jobs SET label = label + 1 WHERE number = {WAITING}",
        f"UPDATE jobs SET role = 'unaffected', role_index = 7 WHERE number = {WAITING}",
        f"DELETE FROM attempts WHERE job = {WAITING}; DELETE FROM jobs WHERE number = {WAITING}",
        "UPDATE images SET rank = 9 - rank WHERE rank IS NOT NULL",
        "UPDATE images SET path = 'other.png' WHERE rank = 0",
        "UPDATE cases SET sha256 = replace(sha256, substr(sha256, 1, 1), 'x')",
        "UPDATE plan SET json = replace(json, '\"grid\": 8', '\"grid\": 9')",
        "UPDATE jobs SET kind = 'expnain' WHERE kind = 'explain'",
        "UPDATE attempts SET outcome = 'dgne' WHERE outcome = 'done' AND job = 0",
    ],
    ids=["label", "role", "job gone", "rank", "image", "model", "plan", "kind", "outcome"],
)
def test_a_ledger_that_does_not_follow_from_plan_and_predictions_is_refused_and_mended(unfinished, undisturbed, tmp_path, sql):
    study = copied(unfinished, tmp_path)
    before = attempts_stored(study)
    change(study.sweep, sql)
    for refused in (["run", "--sweep", study.sweep, "--workers", "1"], ["pause", study.sweep]):
        said = run("wcam", *refused, code=3).stderr
        assert "ledger.sqlite holds" in said and "wcam repair" in said, said
    assert "ledger.sqlite holds" in damage(study.sweep)
    run("wcam", "repair", study.sweep)
    assert run_verify(study.sweep) == 0
    resume(study)
    assert study.rows() == undisturbed.rows()
    assert set(before) <= set(attempts_stored(study)), "nothing that was sound was moved away"
    check_whole(study)


@pytest.mark.parametrize(
    "sql, says",
    [
        ("UPDATE attempts SET ended = replace(ended, '20', '19') WHERE job = 1", "with a time that is none, or is before"),
        ("UPDATE attempts SET segment = '0' || segment WHERE job = 1", "nor was results.h5 made from it"),
        ("UPDATE attempts SET segment = (SELECT max(segment) FROM attempts) WHERE job = 0", "nor was results.h5 made from it"),
        ("UPDATE attempts SET seconds = seconds * 2 WHERE job IN (SELECT number FROM jobs WHERE kind = 'explain')", "seconds of 'explain "),
        ("PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, 'AS workers', 'AS workerz')", "another view job_list"),
    ],
    ids=["time", "no segment", "another segment", "seconds", "view"],
)
def test_what_an_attempt_was_is_found_where_files_tell_otherwise(undisturbed, tmp_path, sql, says):
    study = copied(undisturbed, tmp_path)
    change(study.sweep, sql)
    assert says in damage(study.sweep)
    run("wcam", "repair", study.sweep)
    assert run_verify(study.sweep) == 0


def test_a_wcam_of_a_class_that_nothing_predicts_is_dropped_and_computed_again(unfinished, undisturbed, tmp_path):
    """As a coordinator stores it that trusts its ledger: predictions and job say another class."""
    study = copied(unfinished, tmp_path)
    resume(study)
    (study.sweep / "results.h5").unlink()
    victim = next(s for s in study.segments() if "profiles" in h5py.File(s))
    relabel(victim)
    with h5py.File(victim) as file:
        job, label = int(file["profiles/job"][0]), int(file["profiles/label"][0])
    change(study.sweep, f"UPDATE jobs SET label = {label} WHERE id = {job}")
    refused = run("wcam", "pack", study.sweep, code=3).stderr
    assert f" has class {label} as predicted for " in refused and "wcam repair" in refused
    assert not (study.sweep / "results.h5").exists()
    assert f"for class {label}, which is not predicted for " in damage(study.sweep)
    run("wcam", "repair", study.sweep)
    assert not victim.exists() and run_verify(study.sweep) == 0
    resume(study)
    assert study.rows() == undisturbed.rows()


def test_predictions_changed_in_the_ledger_alone_lose_nothing(unfinished, undisturbed, tmp_path):
    """Of an image that is not decided yet nothing else in the ledger tells: its files do."""
    study = copied(unfinished, tmp_path)
    change(study.sweep, "UPDATE predictions SET labels = replace(labels, ',', '1,')")
    assert "labels of 'predict " in damage(study.sweep) or "its predictions" in damage(study.sweep)
    segments = study.segments()
    run("wcam", "repair", study.sweep)
    assert study.segments() == segments and run_verify(study.sweep) == 0
    resume(study)
    assert study.rows() == undisturbed.rows()


def test_what_is_done_and_not_stored_is_missed_by_whoever_opens_the_sweep(undisturbed, tmp_path):
    study = copied(undisturbed, tmp_path)
    (study.sweep / "results.h5").unlink()
    victim = next(s for s in study.segments() if "profiles" in h5py.File(s))
    victim.unlink()
    for verb in (["run", "--sweep", study.sweep], ["pack", study.sweep], ["plot", "figure-4", study.sweep]):
        said = run("wcam", *verb, code=3).stderr
        assert "wcam repair" in said, said
        assert verb[0] == "plot" or victim.name in said, said
    assert not (study.sweep / "results.h5").exists()
    run("wcam", "repair", study.sweep)
    resume(study)
    assert study.rows() == undisturbed.rows()
    # And of results.h5 alone, whose segments may go.
    for segment in study.segments():
        segment.unlink()
    assert run("wcam", "run", "--sweep", study.sweep, "--workers", "1").returncode == 0
    (study.sweep / "results.h5").unlink()
    assert "lacks " in run("wcam", "run", "--sweep", study.sweep, code=3).stderr


def test_a_segment_that_the_ledger_does_not_name_is_left_out_and_said(undisturbed, tmp_path):
    study = copied(undisturbed, tmp_path)
    (study.sweep / "results.h5").unlink()
    (study.sweep / "segments" / "mine.h5").write_bytes(b"12345")
    shutil.copy(study.segments()[0], study.sweep / "segments" / "0-again.h5")
    said = run("wcam", "pack", study.sweep).stdout
    assert "mine.h5, of which the ledger has nothing" in said and "0-again.h5, of which" in said
    assert study.rows() == undisturbed.rows()


def test_a_torn_log_costs_its_tail_and_what_was_stored_is_taken_in(study, undisturbed):
    sweep = study.start()
    try:
        study.wait_for_segments(8)
        (coordinator,) = (pid for pid, name in children(sweep.pid).items() if name.startswith("wcam-coord"))
        os.kill(coordinator, signal.SIGKILL)
        assert sweep.wait(120) == 5, study.log.read_text()
    finally:
        end(sweep)
    log = study.sweep / "ledger.sqlite-wal"
    assert log.stat().st_size > 0
    whole = log.read_bytes()
    log.write_bytes(whole[: len(whole) // 2])
    stored = attempts_stored(study)
    told = json.loads(run("wcam", "verify", study.sweep, "--json").stdout)
    assert told["sound"]
    done = {job for (job,) in query(study.sweep, "SELECT id FROM jobs WHERE state = 'done'")}
    assert told["unknown_to_ledger"] > 0 and set(stored) > done
    repaired = run("wcam", "repair", study.sweep).stdout
    assert f"taken in: {told['unknown_to_ledger']} result" in repaired
    resume(study)
    assert study.rows() == undisturbed.rows()
    check_whole(study)


def cut_short(segment):
    segment.write_bytes(segment.read_bytes()[: segment.stat().st_size // 2])


def relabel(segment):
    """What no checksum shows: a number that is another."""
    with h5py.File(segment, "r+") as file:
        label = (file["profiles"] if "profiles" in file else file["predictions"])["label"]
        label[0] += 1
        label.attrs.modify("crc32", np.uint32(zlib.crc32(label[()].tobytes())))


def flip_bit(path, at, bit=0):
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1 << bit]))


def change_a_value(segment):
    with h5py.File(segment) as file:
        at = file["profiles/wcam" if "profiles" in file else "predictions/logit"].id.get_offset()
    flip_bit(segment, at)


@pytest.mark.parametrize(
    "harm, says",
    [(cut_short, "cut short"), (change_a_value, "is damaged: its values have CRC-32"), (relabel, "says otherwise than the ledger"), (lambda s: s.unlink(), "does not give"),
     (lambda s: s.write_text("no HDF5"), "")],
    ids=["cut short", "a bit of a value", "another label", "gone", "overwritten"],
)  # fmt: skip
@pytest.mark.parametrize("mend", [["repair"], ["retry", "--damaged"]], ids=["repair", "retry"])
def test_results_that_are_damaged_are_computed_again_and_no_others(undisturbed, tmp_path, harm, says, mend):
    study = copied(undisturbed, tmp_path)
    (study.sweep / "results.h5").unlink()
    victim = max(study.segments(), key=lambda segment: segment.stat().st_size)
    with h5py.File(victim) as file:
        lost = {job for group in ("profiles", "predictions") if group in file for job in file[group]["job"][:].tolist()}
    others = {job: count for job, count in attempts_stored(study).items() if job not in lost}
    harm(victim)
    found = damage(study.sweep)
    assert victim.name in found and says in found, found
    told = json.loads(subprocess.run([BIN / "wcam", "verify", study.sweep, "--json"], capture_output=True, text=True).stdout)
    assert {int(job.split()[0], 16) for entry in told["damage"] for job in entry["jobs"]} == lost
    repaired = run("wcam", *mend, study.sweep).stdout
    assert f"to be computed again: {len(lost)} result" in repaired
    waiting = query(study.sweep, "SELECT id FROM jobs WHERE state = 'waiting'")
    assert {job for (job,) in waiting} == lost
    assert not victim.exists()
    assert run_verify(study.sweep) == 0
    resume(study)
    assert study.rows() == undisturbed.rows()
    stored = attempts_stored(study)
    assert {job: stored[job] for job in others} == others and all(stored[job] == 1 for job in lost)
    assert run_verify(study.sweep) == 0


def values_of(path):
    """All that a file of results says."""
    with h5py.File(path) as file:
        found = {name: value.tobytes() if hasattr(value, "tobytes") else value for name, value in file.attrs.items()}
        file.visititems(lambda name, item: found.update({name: item[()].tobytes()} if isinstance(item, h5py.Dataset) and item.shape else {name: item[()]} if isinstance(item, h5py.Dataset) else {}))
    return found


@pytest.mark.parametrize("which", ["segment", "results.h5"])
def test_a_flipped_bit_is_found_wherever_it_changes_what_a_file_says(undisturbed, tmp_path, which):
    """Only in bytes that hold nothing may it pass, and then every value is what it was."""
    study = copied(undisturbed, tmp_path)
    path = study.sweep / "results.h5" if which == "results.h5" else max(study.segments(), key=lambda s: s.stat().st_size)
    said, content, chance = values_of(path), path.read_bytes(), random.Random(7)
    places = [chance.randrange(len(content)) for _ in range(60)]
    # HDF5's own indices of chunks, which have no checksum.
    indices = [match.start() for match in re.finditer(b"TREE\x01", content)]
    places += [index + chance.randrange(8, 400) for index in indices[:: len(indices) // 20 + 1]]
    found = 0
    for at in places:
        flip_bit(path, at)
        if subprocess.run([BIN / "wcam", "verify", study.sweep], capture_output=True).returncode == 3:
            found += 1
        else:
            assert values_of(path) == said, f"the bit at {at}"
        flip_bit(path, at)
    assert found > 40
    assert run_verify(study.sweep) == 0


# What nothing else in the sweep tells (docs/failures.md).
TOLD_ONCE = {
    "plan": {"created"},
    "images": {"text", "decided", "retries"},
    "cases": {"cancelled"},
    "workers": {"host", "device", "pid", "joined", "drained", "provenance"},
    "jobs": {"failures", "losses", "retries"},
    "job_list": {"failures", "losses", "retries"},
    "attempts": {"worker", "handed_out", "ended", "text"},
    "runs": {"began", "ended", "host", "version", "command"},
    "inherited": {"attempt", "worker", "segment", "seconds", "labels"},
}


def told_by(ledger):
    """{(table, column): values} of tables and view, without the columns that are told once, and the plan without its places."""
    with contextlib.closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as file:
        file.text_factory = bytes
        found = {("schema", "version"): file.execute("PRAGMA user_version").fetchall()}
        for table in [*TOLD_ONCE, "variants", "predictions"]:
            rows = file.execute(f"SELECT * FROM {table}")
            names = [column[0] for column in rows.description]
            for name, values in zip(names, zip(*sorted(rows.fetchall(), key=lambda row: repr(row[:2])))):
                if name not in TOLD_ONCE.get(table, ()):
                    found[table, name] = values
    plan = json.loads(found["plan", "json"][0])
    return {**found, ("plan", "json"): {**plan, "locations": None}}


def test_a_flipped_bit_of_the_ledger_is_found_where_it_changes_what_is_told_elsewhere_too(undisturbed, tmp_path):
    study = copied(undisturbed, tmp_path)
    ledger = study.sweep / "ledger.sqlite"
    said, content, chance = told_by(ledger), ledger.read_bytes(), random.Random(11)
    written = [at for at, byte in enumerate(content) if byte != 0]  # most pages of so small a ledger are not full
    places = chance.sample(written, 110) + chance.sample(range(len(content)), 20)
    found = 0
    for at in places:
        bit = chance.randrange(8)
        flip_bit(ledger, at, bit)
        verdict = subprocess.run([BIN / "wcam", "verify", study.sweep], capture_output=True, text=True, errors="replace", timeout=DEADLINE)
        if verdict.returncode == 3:
            found += 1
            assert ledger.name in verdict.stdout + verdict.stderr, f"bit {bit} of {at}: {verdict}"
        else:
            assert verdict.returncode == 0 and told_by(ledger) == said, f"bit {bit} of {at}: {verdict}"
        ledger.write_bytes(content)
    assert found > 40
    assert run_verify(study.sweep) == 0


def test_a_segment_that_results_h5_holds_may_go(undisturbed, tmp_path):
    study = copied(undisturbed, tmp_path)
    change_a_value(study.segments()[0])
    assert "no result of this sweep is lost with it: `wcam retry" in run("wcam", "verify", study.sweep, code=3).stdout
    for segment in study.segments():
        segment.unlink()
    assert run_verify(study.sweep) == 0
    (study.sweep / "ledger.sqlite").unlink()
    run("wcam", "repair", study.sweep)
    assert run_verify(study.sweep) == 0
    resume(study)
    assert study.rows() == undisturbed.rows() and not study.segments()


def test_a_damaged_results_h5_is_made_again_from_the_segments(undisturbed, tmp_path):
    study = copied(undisturbed, tmp_path)
    cut_short(study.sweep / "results.h5")
    assert "results.h5" in damage(study.sweep)
    assert "results.h5.damaged-1" in run("wcam", "repair", study.sweep).stdout
    resume(study)
    assert study.rows() == undisturbed.rows()
    relabel(study.sweep / "results.h5")
    assert "says otherwise than" in damage(study.sweep)
    with h5py.File(study.sweep / "results.h5") as file:
        at = file["profiles/outputs"].id.get_chunk_info(0).byte_offset
    flip_bit(study.sweep / "results.h5", at)
    assert "cannot read profiles/outputs" in damage(study.sweep)


def test_a_damaged_segment_stops_no_other(undisturbed, tmp_path):
    study = copied(undisturbed, tmp_path)
    (study.sweep / "results.h5").unlink()
    with_wcams = [segment for segment in study.segments() if "profiles" in h5py.File(segment)]
    assert len(with_wcams) > 1
    victim = with_wcams[0]
    with h5py.File(victim) as file:
        spoilt = set(file["profiles/job"][:].tolist())
    change_a_value(victim)
    packed = run("wcam", "pack", study.sweep, code=4).stderr
    assert victim.name in packed and "is damaged: its values have CRC-32" in packed and "retry" in packed
    with h5py.File(study.sweep / "results.h5") as file:
        found = set(file["profiles/job"][:].tolist())
    with h5py.File(undisturbed.sweep / "results.h5") as file:
        assert found == set(file["profiles/job"][:].tolist()) - spoilt
    for verb in (["export", study.sweep, "--csv", tmp_path / "tables"], ["plot", "all", study.sweep], ["gallery", study.sweep], ["report", study.sweep]):
        assert victim.name in run("wcam", *verb).stderr, verb
    run("wcam", "retry", study.sweep, "--damaged")
    resume(study)
    assert study.rows() == undisturbed.rows()


def test_what_is_no_sweep_is_refused(tmp_path):
    for verb in ("jobs", "retry", "verify", "repair"):
        assert "is no sweep: it has no plan.json" in run("wcam", verb, tmp_path, code=3).stderr
    (tmp_path / "plan.json").write_text("{")
    assert "plan.json" in run("wcam", "verify", tmp_path, code=3).stderr


def test_a_plan_that_is_gone_or_another_sweeps_is_restored_from_the_ledger(undisturbed, tmp_path):
    study = copied(undisturbed, tmp_path)
    plan = (study.sweep / "plan.json").read_bytes()
    other = plan.replace(b'"grid": 8', b'"grid": 16')
    assert other != plan
    for damaged in (None, b"no JSON", other):
        (study.sweep / "plan.json").unlink()
        if damaged:
            (study.sweep / "plan.json").write_bytes(damaged)
        else:
            # Whatever command comes: nothing is written in its place.
            for refused in (["status", study.sweep], ["run", "--sweep", study.sweep], study.arguments("--severities", "3")):
                assert "wcam repair" in run("wcam", *refused, code=3).stderr
            assert not (study.sweep / "plan.json").exists()
        assert "plan.json" in damage(study.sweep)
        run("wcam", "repair", study.sweep)
        assert (study.sweep / "plan.json").read_bytes() == plan
        assert run_verify(study.sweep) == 0
    assert study.rows() == undisturbed.rows()


def test_a_plan_is_restored_from_whatever_copy_is_left(undisturbed, tmp_path):
    study = copied(undisturbed, tmp_path)
    plan = json.loads((study.sweep / "plan.json").read_bytes())
    spoil = "UPDATE plan SET json = replace(json, '\"grid\": 8', '\"grid\": 16')"
    change(study.sweep, spoil)
    assert "a copy of the plan that is not the one of its sweep" in damage(study.sweep)
    (study.sweep / "plan.json").unlink()
    assert "plan.json is gone" in damage(study.sweep)
    assert "results.h5 has" in run("wcam", "repair", study.sweep).stdout
    assert json.loads((study.sweep / "plan.json").read_bytes()) == plan
    assert run_verify(study.sweep) == 0 and study.rows() == undisturbed.rows()
    # results.h5 alone.
    for file in [*study.segments(), *study.sweep.glob("ledger.sqlite*"), study.sweep / "plan.json"]:
        file.unlink()
    assert "wcam repair" in run("wcam", "run", "--sweep", study.sweep, code=3).stderr
    run("wcam", "repair", study.sweep)
    assert run_verify(study.sweep) == 0
    assert json.loads((study.sweep / "plan.json").read_bytes()) == plan
    # None: it is said, and nothing is made of the spoilt copy.
    change(study.sweep, spoil)
    (study.sweep / "plan.json").unlink()
    (study.sweep / "results.h5").unlink()
    for verb in ("verify", "repair"):
        said = run("wcam", verb, study.sweep, code=3).stderr
        assert "has no plan that is its own" in said and "from a copy" in said, said
    assert not (study.sweep / "plan.json").exists()
