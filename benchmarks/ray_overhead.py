#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What Ray costs a sweep: the time between the tasks of a worker process, by the time in them.

    python benchmarks/ray_overhead.py [--seconds-a-task 1] [--tasks 24] [--cores 2]

Begins a Ray of its own on this machine. The first tasks, in which processes begin and sizes are
found, are not counted, and neither are the last, after which nothing is left to begin."""

import argparse
import itertools
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import ray
import sluice
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
    sweep = sluice.Sweep(SWEEP)
    evaluator = ray_tasks.RayEvaluator(sweep, ray, arguments.seconds_a_task)
    warm = 3 * arguments.cores

    def on_batch(done: int) -> bool:
        return evaluator.waited_for < warm + arguments.tasks

    with tempfile.TemporaryDirectory() as folder:
        log = f"{folder}/tasks.txt"

        def timed(text: str, designs: Any) -> Any:
            begin = time.monotonic()
            answer = ray_tasks.evaluate_part(text, designs)
            with open(log, "a") as file:
                file.write(f"{os.getpid()} {begin} {time.monotonic()}\n")
            return answer

        evaluator._task = ray.remote(timed)
        study = sluice.Study(f"{folder}/s.sqlite", sweep)
        study.run(on_batch, evaluator, ray_tasks.batches_ahead(sweep))
        lines = Path(log).read_text().splitlines()[warm : warm + arguments.tasks]
    tasks: dict[str, list[tuple[float, float]]] = {}
    for process, begin, end in map(str.split, lines):
        tasks.setdefault(process, []).append((float(begin), float(end)))
    inside = sum(end - begin for mine in tasks.values() for begin, end in mine[1:])
    between = sum(b[0] - a[1] for mine in tasks.values() for a, b in itertools.pairwise(mine))
    count = sum(len(mine) - 1 for mine in tasks.values())
    print(f"{count} tasks of {inside / count:.2f} s in {len(tasks)} processes")
    print(f"overhead {between / inside:.4f} of the time in tasks")


if __name__ == "__main__":
    main()
