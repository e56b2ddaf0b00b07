# SPDX-License-Identifier: Apache-2.0
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest
import sluice
from sluice.cluster import ClusterError, shards, slurm
from sluice.cluster.shards import FIXED_SEARCHERS, Plan

COMMAND = Path(sysconfig.get_path("scripts"), "sluice")


def same(a: sluice.Trials, b: sluice.Trials) -> bool:
    return (
        np.array_equal(a.designs, b.designs)
        and np.array_equal(a.metrics, b.metrics, equal_nan=True)
        and (a.status, a.reason, a.bottleneck, a.stalls)
        == (b.status, b.reason, b.bottleneck, b.stalls)
    )


@pytest.mark.parametrize("searcher", FIXED_SEARCHERS)
def test_shards_hold_the_designs_of_a_whole_run(small_sweep, tmp_path, searcher):
    sweep = sluice.Sweep(small_sweep, {"search.searcher": searcher})
    whole = sluice.Study(tmp_path / "whole.sqlite", sweep).run()
    assert np.array_equal(shards.all_designs(sweep), whole.designs)


def test_a_plan_worked_in_any_order_merges_to_the_whole_run(small_sweep, tmp_path):
    sweep = sluice.Sweep(small_sweep)
    whole = sluice.Study(tmp_path / "whole.sqlite", sweep).run()
    plan = Plan.make(tmp_path / "shards", sweep, 7)
    for index in (3, 0, 6, 3, 5):
        Plan.load(plan.folder).work(index)
    assert plan.missing() == [1, 2, 4]
    with pytest.raises(ClusterError, match="3 of 7 shards have no result yet: 1-2,4"):
        plan.merge(tmp_path / "merged.sqlite")
    for task in range(2):
        words = [sys.executable, "-m", "sluice.cluster.worker", str(plan.folder), str(task), "2"]
        subprocess.run(words, check=True)
    assert same(plan.merge(tmp_path / "merged.sqlite"), whole)
    assert same(plan.merge(tmp_path / "merged.sqlite"), whole)
    assert same(sluice.Study(tmp_path / "merged.sqlite").trials(), whole)


def test_a_plan_belongs_to_its_sweep(small_sweep, tmp_path):
    Plan.make(tmp_path / "shards", sluice.Sweep(small_sweep), 3)
    other = sluice.Sweep(small_sweep, {"search.seed": 4})
    with pytest.raises(ClusterError, match="the folder holds the plan of another sweep"):
        Plan.make(tmp_path / "shards", other, 3)
    with pytest.raises(ClusterError, match="there is no plan here"):
        Plan.load(tmp_path)


def test_searchers_that_learn_have_no_shards(small_sweep, tmp_path):
    sweep = sluice.Sweep(small_sweep, {"search.searcher": "genetic"})
    with pytest.raises(ClusterError, match="genetic chooses by what came of earlier designs"):
        Plan.make(tmp_path, sweep, 3)


class InstantRay:
    """Tasks that are done when they are begun, on two cores, and say that they took 20 ms and 1 ms
    a design."""

    def put(self, value):
        return value

    def get(self, task):
        return task

    def wait(self, tasks, num_returns, timeout):
        assert num_returns == len(tasks) > 0 and timeout == 0
        return tasks, []

    def cluster_resources(self):
        return {"CPU": 2.0}

    def remote(self, **options):
        assert options == {"max_retries": -1, "retry_exceptions": False}

        def wrap(function):
            class Task:
                @staticmethod
                def remote(text, rows):
                    return function(text, rows)[0], 0.02 + 0.001 * len(rows)

            return Task

        return wrap


def test_tasks_of_ray_last_half_a_second(small_sweep, tmp_path):
    from sluice.cluster.ray_tasks import RayEvaluator, batches_ahead

    small_sweep["parameters"]["rows"] = {"path": "architecture.array.rows", "integers": [1, 64]}
    small_sweep["parameters"]["columns"] = {
        "path": "architecture.array.columns",
        "integers": [1, 64],
    }
    small_sweep["search"] |= {"budget": 3000, "batch": 50}
    sweep = sluice.Sweep(small_sweep)
    whole = sluice.Study(tmp_path / "whole.sqlite", sweep).run()
    evaluator = RayEvaluator(sweep, InstantRay())
    study = sluice.Study(tmp_path / "ray.sqlite", sweep)
    assert batches_ahead(sweep) == 2000
    assert same(study.run(evaluate=evaluator, ahead=batches_ahead(sweep)), whole)
    sizes = evaluator.sizes
    assert sizes[0] == 8 and sum(sizes) == len(whole)
    # 8 designs take 28 ms, so that 64, no more than 8 times as many, are tried next: 84 ms
    assert sizes[1:9] == [64] * 8
    # then ceil(64 * 0.5 / 0.084), towards 480: 0.02 s + 480 * 0.001 s = 0.5 s
    assert sizes[9] == 381 == min(sizes[9:-1]) and max(sizes) <= 480

    learns = sluice.Sweep(small_sweep, {"search.searcher": "nsga2", "search.ahead": 2})
    assert batches_ahead(learns) is None
    evaluator = RayEvaluator(learns, InstantRay())
    trials = sluice.Study(tmp_path / "learns.sqlite", learns).run(evaluate=evaluator)
    assert same(trials, sluice.Study(tmp_path / "here.sqlite", learns).run())


def test_lists_of_tasks():
    assert shards.ranges([0, 1, 2, 5, 7, 8]) == "0-2,5,7-8"
    assert shards.ranges([]) == ""


@pytest.fixture
def fake_slurm(tmp_path, monkeypatch):
    """Commands that answer as Slurm's do, and note how they were called."""
    folder = tmp_path / "bin"
    folder.mkdir()
    log = tmp_path / "calls.txt"
    answers = {
        "sbatch": "echo 41",
        "squeue": f"cat {tmp_path}/queue.txt",
        "scontrol": "echo 'MaxArraySize            = 4'",
    }
    for name, answer in answers.items():
        file = folder / name
        file.write_text(f'#!/bin/sh\necho {name} "$@" >> {log}\n{answer}\n')
        file.chmod(0o755)
    (tmp_path / "queue.txt").write_text("")
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return log


def test_only_missing_shards_are_submitted(small_sweep, tmp_path, fake_slurm):
    plan = Plan.make(tmp_path / "shards", sluice.Sweep(small_sweep), 7)
    assert slurm.submit(plan, ["--time=60"]) == "41"
    text = (plan.folder / "job.sbatch").read_text()
    assert "#SBATCH --time=60\n" in text and '"$SLURM_ARRAY_TASK_ID" 4\n' in text
    assert f"sbatch --parsable --array=0-3 {plan.folder}/job.sbatch" in fake_slurm.read_text()
    for index in (0, 4, 1):
        plan.work(index)
    queue = tmp_path / "queue.txt"
    queue.write_text("41 3\n7 1\n")
    hint = f"\nhint: --retry submits what is missing; {plan.folder}/logs says how its tasks ended"
    assert slurm.status(plan) == (f"3 of 7 shards done, 1 in Slurm: 3, 3 missing: 2,5-6{hint}")
    slurm.submit(plan)
    assert "--array=1-2" in fake_slurm.read_text()
    queue.write_text("41 1\n41 2\n41 3\n")
    assert slurm.submit(plan) is None
    for index in plan.missing():
        plan.work(index)
    assert slurm.submit(plan) is None
    assert slurm.status(plan) == "7 of 7 shards done"


def run_command(*words, path=None):
    env = os.environ | ({"PATH": path} if path else {})
    return subprocess.run([COMMAND, *words], capture_output=True, text=True, check=False, env=env)


def test_without_slurm_the_command_says_so(small_sweep, tmp_path):
    file = tmp_path / "s.yaml"
    file.write_text(sluice.Sweep(small_sweep).text)
    empty = tmp_path / "empty"
    empty.mkdir()
    done = run_command("sweep", str(file), "--executor", "slurm", "--folder", str(tmp_path / "f"),
                       path=str(empty))  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == (
        "sluice sweep: error: there is no scontrol on this machine: it is no part of a Slurm "
        "cluster\nhint: run this on a login node, or without --executor slurm\n"
    )


def test_a_wrong_executor_is_refused(tmp_path):
    done = run_command("sweep", "s.yaml", "--executor", "rai")
    assert done.returncode == 2
    assert "invalid choice: 'rai' (choose from 'ray', 'slurm')" in done.stderr
