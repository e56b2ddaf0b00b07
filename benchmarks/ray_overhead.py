#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What Ray costs a sweep, by the time in its tasks.

    python benchmarks/ray_overhead.py [--seconds-a-task 1] [--tasks 24] [--cores 2]

Begins a Ray of its own on this machine, with as many workers as cores. Two ratios:

- between tasks: the time in which a worker waits for its next task, by that in tasks.
- processor: the processor time of everything outside tasks (the search, Ray's own processes, the
  workers between tasks), by the time that the workers had. Tasks are as long on a machine that
  others use as on one that none does, so that this hardly depends on it.

The first tasks, in which processes begin and sizes are found, are not counted, and neither are the
last, after which nothing is left to begin."""

import argparse
import itertools
import os
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import ray
import sluice
from processor_time import processor_times
from sluice.cluster import ray_tasks

ROOT = Path(__file__).resolve().parents[1]
SWEEP = {
    "name": "overhead",
    "experiment": {
        "workload": {"model": "alexnet"},
        "architecture": {"include": str(ROOT / "configs/arch/tpu_like_edge.yaml")},
    },
    "parameters": {
        side: {"path": f"architecture.array.{side}", "integers": [8, 256]}
        for side in ("rows", "columns")
    },
    "objectives": ["cycles"],
    "search": {"searcher": "random", "budget": 60000, "batch": 16, "seed": 1},
}


class Moment(NamedTuple):
    """On the clock, and of the processor."""

    clock: float
    processor: float

    @staticmethod
    def now() -> "Moment":
        return Moment(time.monotonic(), time.process_time())


class Task(NamedTuple):
    worker: int
    begin: Moment
    end: Moment


def read_tasks(log: Path) -> list[Task]:
    """In the order in which they ended."""
    tasks = []
    for line in log.read_text().splitlines():
        worker, *moments = line.split()
        a, b, c, d = map(float, moments)
        tasks.append(Task(int(worker), Moment(a, b), Moment(c, d)))
    return tasks


def run(folder: Path, seconds_a_task: float, tasks: int, cores: int) -> tuple[list[Task], float]:
    """The tasks that count, and the processor time meanwhile of all that are no workers."""
    evaluator = ray_tasks.RayEvaluator(sluice.Sweep(SWEEP), ray, seconds_a_task)
    log, warm = folder / "tasks.txt", 3 * cores
    samples: list[dict[int, float]] = []

    def on_batch(done: int) -> bool:
        if not samples and evaluator.waited_for >= warm:
            samples.append(processor_times())
        return evaluator.waited_for < warm + tasks

    def timed(text: str, designs: Any) -> Any:
        begin = Moment.now()
        answer = ray_tasks.evaluate_part(text, designs)
        with log.open("a") as file:
            print(os.getpid(), *begin, *Moment.now(), file=file)
        return answer

    evaluator._task = ray.remote(timed)
    study = sluice.Study(folder / "s.sqlite", evaluator.sweep)
    study.run(on_batch, evaluator, ray_tasks.batches_ahead(evaluator.sweep))
    last = processor_times()
    counted = read_tasks(log)[warm : warm + tasks]
    workers = {task.worker for task in counted}
    others = sum(
        seconds - samples[0].get(process, 0.0)
        for process, seconds in last.items()
        if process not in workers
    )
    return counted, others


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds-a-task", type=float, default=1.0)
    parser.add_argument("--tasks", type=int, default=24)
    parser.add_argument("--cores", type=int, default=2)
    arguments = parser.parse_args()
    ray.init(
        num_cpus=arguments.cores,
        object_store_memory=200 * 2**20,
        include_dashboard=False,
        log_to_driver=False,
    )
    with tempfile.TemporaryDirectory() as folder:
        tasks, others = run(
            Path(folder), arguments.seconds_a_task, arguments.tasks, arguments.cores
        )
        ray.shutdown()  # what was begun ahead still writes into the folder
    workers: dict[int, list[Task]] = {}
    for task in tasks:
        workers.setdefault(task.worker, []).append(task)
    pairs = [pair for mine in workers.values() for pair in itertools.pairwise(mine)]
    inside = [sum(t.end[i] - t.begin[i] for _, t in pairs) for i in (0, 1)]
    between = [sum(b.begin[i] - a.end[i] for a, b in pairs) for i in (0, 1)]
    had = sum(mine[-1].end.clock - mine[0].begin.clock for mine in workers.values())
    print(f"{len(pairs)} tasks of {inside[0] / len(pairs):.2f} s in {len(workers)} processes")
    print(f"between tasks {between[0] / inside[0]:.4f} of the time in them")
    print(
        f"processor     {(between[1] + others) / had:.4f} of the time of the workers: "
        f"{between[1] / had:.4f} theirs, {others / had:.4f} of all others"
    )


if __name__ == "__main__":
    main()
