# SPDX-License-Identifier: Apache-2.0
"""`sluice sweep` and `sluice study` as a user meets them."""

import csv
import io
import json
import os
import resource
import signal
import sqlite3
import subprocess
import time

import jsonschema
import pytest
import yaml
from sluice_command import PROGRAM, ROOT, Project

SWEEP = ROOT / "configs" / "sweep" / "tpu_edge.yaml"
SMALL = "experiment.workload={model: alexnet}"


@pytest.fixture(scope="module")
def studied(tmp_path_factory):
    """A project with a study of 96 designs."""
    project = Project(tmp_path_factory.mktemp("study"))
    done = project.sluice("sweep", SWEEP, "--budget", 96, "--store", "s.sqlite")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("tpu_edge: 96 designs, ")
    return project


def limit_files(size):
    """In a child process: writing beyond fails, as on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def trials_of(project):
    lines = project.sluice("study", "export", "s.sqlite", "--format", "jsonl").out.splitlines()
    return [json.loads(line) for line in lines]


def test_every_trial_is_exported_in_both_forms(studied):
    rows = list(csv.DictReader(io.StringIO(studied.sluice("study", "export", "s.sqlite").out)))
    trials = trials_of(studied)
    assert len(rows) == len(trials) == 96
    for row, trial in zip(rows, trials, strict=True):
        assert row["status"] == trial["status"]
        assert row["rows"] == trial["parameters"]["rows"]
        assert row["double_buffered"] == trial["parameters"].get("double_buffered", "")
        if trial["status"] == "ok":
            assert float(row["latency_s"]) == trial["metrics"]["latency_s"]
        origin = {key: row[key] for key in ("fidelity", "searcher", "sweep", "sluice")}
        assert {**origin, "seed": int(row["seed"])} == trial["origin"]
        assert row["design"] == trial["design"]
    assert len({row["design"] for row in rows}) == 96


def test_closer_looks_are_exported_with_their_trial(project):
    sweep = ("--budget", 8, "--store", "s.sqlite", "--set", "confirm={fidelity: tile, count: 2}")
    assert project.sluice("sweep", SWEEP, *sweep, "--set", SMALL).code == 0
    looks = [trial["looks"] for trial in trials_of(project) if "looks" in trial]
    assert [[look["fidelity"] for look in one] for one in looks] == [["tile"], ["tile"]]
    assert all(look["metrics"]["latency_s"] > 0 for one in looks for look in one)


def test_best_and_front_agree_with_the_export(studied):
    fastest = min(t["metrics"]["latency_s"] for t in trials_of(studied) if t["status"] == "ok")
    front = studied.sluice("study", "front", "s.sqlite").out.splitlines()[1:]
    assert float(front[0].split()[1]) == pytest.approx(fastest, rel=1e-5)
    assert len(studied.sluice("study", "best", "s.sqlite", "--count", 3).out.splitlines()) == 4


def test_stored_trials_come_out_the_same(studied):
    done = studied.sluice("study", "validate", "s.sqlite", "--count", 20)
    assert (done.code, done.out) == (0, "20 of 96 trials evaluated again, 0 differ\n")


def test_a_killed_sweep_loses_nothing_and_goes_on(studied, project):
    words = [PROGRAM, "sweep", SWEEP, "--budget", "96", "--store", "s.sqlite", "-q"]
    for seconds in (0.05, 0.1, 0.2):
        process = subprocess.Popen(words, cwd=project.folder)
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert project.sluice(*words[1:]).code == 0
    assert trials_of(project) == trials_of(studied)


def test_a_study_of_another_sweep_is_refused(studied):
    done = studied.sluice("sweep", SWEEP, "--seed", 2, "--store", "s.sqlite")
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "sluice sweep: error: s.sqlite: this study is of another sweep:\n"
        "  seed: 1 in the study, 2 now\n"
        "hint: name another file with --store, or undo the change\n"
    )


def test_what_is_no_study_is_told_so(project):
    project.write("s.sqlite", "a text that is long enough to have a header to look at\n" * 3)
    done = project.sluice("study", "show", "s.sqlite")
    assert (done.code, done.out) == (1, "")
    assert done.err == "sluice study show: error: s.sqlite: this is no study\n"
    done = project.sluice("study", "best", "none.sqlite")
    assert done.err == "sluice study best: error: none.sqlite: it cannot be opened\n"
    (project.folder / "out").mkdir()
    done = project.sluice("study", "front", "out")
    assert done.err == ("sluice study front: error: out: this is a folder, a study is a file\n")


def test_studies_are_listed_with_what_cannot_be_read(studied):
    (studied.folder / "no.sqlite").write_text("this is a text that is long enough to be read\n" * 9)
    done = studied.sluice("study", "list", "s.sqlite", "no.sqlite")
    lines = done.out.splitlines()
    assert done.code == 1
    assert lines[1].split()[0] == "96"
    assert lines[1].endswith("s.sqlite (tpu_edge)")
    assert lines[2] == "no.sqlite: this is no study"
    by_name = studied.sluice("study", "list", ".").out.splitlines()
    assert by_name[1:] == ["./no.sqlite: this is no study", lines[1].replace("s.sq", "./s.sq")]
    assert studied.sluice("study", "list").out == "no studies in out/\n"


def test_a_study_of_another_format_is_told_so(studied):
    copy = studied.folder / "old.sqlite"
    copy.write_bytes((studied.folder / "s.sqlite").read_bytes())
    with sqlite3.connect(copy) as connection:
        connection.execute("UPDATE info SET value = '7' WHERE key = 'format_version'")
    done = studied.sluice("study", "show", "old.sqlite")
    assert done.code == 1
    assert done.err == (
        "sluice study show: error: old.sqlite: the study has format 7, this sluice reads format 1\n"
    )


def copy_of(studied, project):
    store = project.folder / "s.sqlite"
    store.write_bytes((studied.folder / "s.sqlite").read_bytes())
    return store


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE info SET value = 'x' WHERE key = 'seed'", "the study is damaged: its seed is 'x'"),
        ("DELETE FROM info WHERE key = 'sweep'", "the study does not say its sweep"),
        (
            "UPDATE trials SET digits = '[9, 9]' WHERE number = 3",
            "trial 3 is damaged: it is no design of the space",
        ),
        ("UPDATE trials SET digits = '[' WHERE number = 3", "trial 3 is damaged"),
        ("DELETE FROM trials WHERE number = 3", "trial 4 is damaged: some before it are missing"),
        (
            "UPDATE trials SET status = 'ok', metrics = '{}' WHERE number = 3",
            "trial 3 is damaged: it is ok without its objectives",
        ),
        (
            "UPDATE trials SET status = 'fine' WHERE number = 3",
            "the study has a trial with the status 'fine'",
        ),
    ],
)
def test_a_damaged_study_says_where(studied, project, statement, message):
    with sqlite3.connect(copy_of(studied, project)) as connection:
        connection.execute(statement)
    done = project.sluice("study", "front", "s.sqlite")
    assert (done.code, done.out) == (1, "")
    assert done.err == f"sluice study front: error: s.sqlite: {message}\n"


def test_nothing_is_exported_of_a_damaged_study(studied, project):
    with sqlite3.connect(copy_of(studied, project)) as connection:
        connection.execute("UPDATE trials SET stalls = '[[]]' WHERE number = 90")
    for words in (), ("--format", "jsonl"), ("-o", "out.csv"):
        done = project.sluice("study", "export", "s.sqlite", *words)
        assert (done.code, done.out) == (1, "")
        assert done.err == "sluice study export: error: s.sqlite: trial 90 is damaged\n"
    assert not (project.folder / "out.csv").exists()


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_an_export_is_written_whole_or_not_at_all(studied, project, form):
    copy_of(studied, project)
    words = ("study", "export", "s.sqlite", "--format", form)
    assert project.sluice(*words, "-o", "whole").code == 0
    whole = (project.folder / "whole").read_text()
    assert whole == studied.sluice(*words).out
    done = project.sluice(*words, "-o", "whole", preexec_fn=lambda: limit_files(1000))
    assert (done.code, done.err) == (
        1,
        "sluice study export: error: cannot write 'whole': File too large\n",
    )
    assert (project.folder / "whole").read_text() == whole
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [PROGRAM, *words], cwd=project.folder, stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr) == (
        1,
        b"sluice study export: error: cannot write to standard output: No space left on device\n",
    )


def test_another_database_is_left_alone(project):
    with sqlite3.connect(project.folder / "photos.sqlite") as connection:
        connection.execute("CREATE TABLE photos (name)")
    done = project.sluice("sweep", SWEEP, "--store", "photos.sqlite")
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "sluice sweep: error: photos.sqlite: this is no study, but another database\n"
    )
    with sqlite3.connect(project.folder / "photos.sqlite") as connection:
        names = connection.execute("SELECT name FROM sqlite_master").fetchall()
    assert names == [("photos",)]


def kill_while_writing(store):
    """Leaves a study as a process does that is killed with half of a batch in the file."""
    child = os.fork()
    if child == 0:
        connection = sqlite3.connect(store, isolation_level=None)
        connection.execute("PRAGMA cache_size = 5")
        connection.execute("BEGIN")
        connection.execute("UPDATE trials SET reason = reason || 'half written'")
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)


def test_a_study_is_whole_after_a_kill_while_it_was_written(studied, project):
    store = copy_of(studied, project)
    kill_while_writing(store)
    assert b"half written" in store.read_bytes()
    assert trials_of(project) == trials_of(studied)


def test_a_study_is_looked_at_while_its_sweep_runs(project):
    words = [PROGRAM, "sweep", SWEEP, "--budget", "1000000", "--store", "s.sqlite", "-q"]
    process = subprocess.Popen(words, cwd=project.folder)
    try:
        numbers = []
        while len(numbers) == 0 or numbers[-1] == 0:
            time.sleep(0.05)
            numbers = [trial["number"] for trial in trials_of(project)] or [0]
        assert numbers == list(range(len(numbers)))
        assert process.poll() is None
        second = project.sluice(*words[1:])
        assert second.code == 1
        assert second.err.endswith("s.sqlite: another process is writing to it\n")
    finally:
        process.kill()
        process.wait()


def test_a_study_goes_on_with_other_closer_looks(project):
    sweep = ("sweep", SWEEP, "--budget", 32, "--searcher", "random", "--store", "s.sqlite")
    assert project.sluice(*sweep).code == 0
    looks = "halving={eta: 8, rungs: [{fidelity: analytic, set: {architecture.clock: 400 MHz}}]}"
    assert project.sluice(*sweep, "--set", looks).code == 0
    best = project.sluice("study", "best", "s.sqlite", "--count", 32).out.splitlines()
    assert len(best) == 1 + 4  # those on the highest rung


def test_why_no_design_is_ok_on_the_highest_rung_is_told(project):
    looks = "halving={eta: 8, rungs: [{set: {architecture.energy_table: fusemax_45nm}}]}"
    sweep = ("sweep", SWEEP, "--budget", 32, "--searcher", "random", "--store", "s.sqlite")
    done = project.sluice(*sweep, "--set", looks)
    reason = (
        "no design is ok\n"
        "        4 invalid: energy table 'fusemax_45nm' has no price for a MAC of int8 x int8 in int32\n"
    )
    assert f"best of the 4 on the highest rung\n{reason}looked at again\n" in done.out
    for what in ("best", "front"):
        assert project.sluice("study", what, "s.sqlite").out == reason


def test_a_sweep_that_changed_says_what_changed(studied):
    done = studied.sluice(
        "sweep",
        SWEEP,
        "--budget",
        96,
        "--store",
        "s.sqlite",
        "--set",
        "parameters.lanes.powers_of_two=[8, 64]",
    )
    assert done.code == 1
    assert (
        "parameters.lanes.powers_of_two: [8, 256] in the study, [8, 64] now\n"
        "hint: name another file with --store, or undo the change\n"
    ) in done.err


def test_a_full_disk_leaves_the_study_sound(project):
    limit = 200_000  # bytes of any file
    words = [PROGRAM, "sweep", SWEEP, "--budget", "20000", "--store", "s.sqlite", "-q"]
    done = subprocess.run(
        words,
        cwd=project.folder,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: limit_files(limit),
    )
    assert done.returncode == 1
    assert "what was stored before is complete" in done.stderr
    with sqlite3.connect(project.folder / "s.sqlite") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert project.sluice("study", "validate", "s.sqlite", "--count", 5).code == 0


def test_a_sweep_file_is_checked_described_and_has_a_schema(project):
    assert project.sluice("check", SWEEP).out.endswith(": a sweep without mistakes\n")
    text = project.sluice("describe", SWEEP).out
    assert "11 parameters" in text
    assert "rows * columns <= 4096" in text
    sweep = yaml.safe_load(SWEEP.read_text())
    schema = json.loads(project.sluice("schema", "sweep").out)
    jsonschema.Draft202012Validator(schema).validate(sweep)
    sweep["parameters"]["rows"]["power"] = 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema).validate(sweep)


def test_tile_in_one_and_in_two_workers_is_the_same(project):
    found = []
    for workers in (1, 2):
        store = f"w{workers}.sqlite"
        done = project.sluice(
            "sweep",
            SWEEP,
            "--budget",
            6,
            "--fidelity",
            "tile",
            "--workers",
            workers,
            "--store",
            store,
            "--set",
            SMALL,
            "-q",
        )
        assert (done.code, done.err) == (0, "")
        found.append(project.sluice("study", "export", store).out)
    assert found[0] == found[1]


def test_clusters_are_for_the_python_package(project):
    done = project.sluice("sweep", SWEEP, "--executor", "ray")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "sluice sweep: error: --executor is in the Python package, and this is the command alone\n"
        "hint: pip install '.[ray]' (docs/cluster.md)\n"
    )
