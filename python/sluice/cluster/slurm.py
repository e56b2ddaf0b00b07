# SPDX-License-Identifier: Apache-2.0
"""A plan of shards as a job array of Slurm. docs/cluster.md shows it on a real cluster.

The tasks of an array may be cancelled, requeued or run twice: a shard's result is there or it is
not, and only tasks whose shards are missing are submitted again."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from . import ClusterError
from .shards import Plan, ranges, write_whole

USUAL_TASKS = 1001
"""Slurm's MaxArraySize when it is not set (slurm.conf(5)): indices go to one less."""


def _run(words: Sequence[str]) -> str:
    if shutil.which(words[0]) is None:
        raise ClusterError(
            f"there is no {words[0]} on this machine: it is no part of a Slurm cluster\nhint: run "
            f"this on a login node, or without --executor slurm"
        )
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ClusterError(f"{words[0]} failed: {done.stderr.strip()}")
    return done.stdout


def most_tasks() -> int:
    """Tasks that an array may have on this cluster."""
    found = re.search(r"^MaxArraySize\s*=\s*(\d+)", _run(["scontrol", "show", "config"]), re.M)
    return max(1, int(found[1]) if found else USUAL_TASKS)


def script(plan: Plan, tasks: int, options: Sequence[str] = ()) -> str:
    """The batch script; `options` are further ones of sbatch, such as `--time=60`."""
    worker = [sys.executable, "-m", "sluice.cluster.worker", str(plan.folder.resolve())]
    lines = [
        "#!/bin/sh",
        f"#SBATCH --job-name=sluice-{plan.sweep.name}",
        f"#SBATCH --output={plan.folder.resolve()}/logs/%a.txt",
        "#SBATCH --open-mode=append",
        "#SBATCH --requeue",
        *(f"#SBATCH {option}" for option in options),
        f'exec {shlex.join(worker)} "$SLURM_ARRAY_TASK_ID" {tasks}',
    ]
    return "\n".join(lines) + "\n"


def tasks_of(plan: Plan, limit: int) -> int:
    """Task t of T evaluates the shards t, t + T, ...: one each where the cluster allows it."""
    return min(plan.count, limit)


def submit(plan: Plan, options: Sequence[str] = ()) -> str | None:
    """Submits the tasks whose shards have no result and are not in Slurm already. The job's number;
    None when there are none."""
    tasks = tasks_of(plan, most_tasks())
    waited_for = in_slurm(plan)
    missing = [shard for shard in plan.missing() if shard not in waited_for]
    if not missing:
        return None
    path = plan.folder / "job.sbatch"
    write_whole(path, script(plan, tasks, options).encode())
    wanted = ranges(sorted({shard % tasks for shard in missing}))
    job = _run(["sbatch", "--parsable", f"--array={wanted}", str(path)]).strip().split(";")[0]
    with (plan.folder / "jobs.txt").open("a") as file:
        file.write(f"{job} {tasks}\n")
    return job


def in_slurm(plan: Plan) -> set[int]:
    """Shards of tasks that Slurm still has, waiting or running."""
    path = plan.folder / "jobs.txt"
    lines = path.read_text().splitlines() if path.exists() else []
    tasks_of_job = {job: int(tasks) for job, tasks in map(str.split, lines)}
    if not tasks_of_job:
        return set()
    shards: set[int] = set()
    for line in _run(["squeue", "--noheader", "--array", "--format=%F %K"]).splitlines():
        job, index = line.split()
        if job in tasks_of_job:
            shards.update(range(int(index), plan.count, tasks_of_job[job]))
    return shards


def status(plan: Plan) -> str:
    missing = plan.missing()
    waited_for = in_slurm(plan)
    text = f"{plan.count - len(missing)} of {plan.count} shards done"
    queued = [shard for shard in missing if shard in waited_for]
    lost = [shard for shard in missing if shard not in waited_for]
    if queued:
        text += f", {len(queued)} in Slurm: {ranges(queued)}"
    if lost:
        text += (
            f", {len(lost)} missing: {ranges(lost)}\nhint: --retry submits what is missing; "
            f"{plan.folder}/logs says how its tasks ended"
        )
    return text


def folder_of(sweep_name: str) -> Path:
    return Path("out") / f"{sweep_name}.shards"
