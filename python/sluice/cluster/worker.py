# SPDX-License-Identifier: Apache-2.0
"""What a task of an array runs: `python -m sluice.cluster.worker FOLDER TASK TASKS`."""

import sys
from pathlib import Path

from .shards import Plan


def main(words: list[str]) -> None:
    folder, task, tasks = Path(words[0]), int(words[1]), int(words[2])
    plan = Plan.load(folder)
    for shard in range(task, plan.count, tasks):
        plan.work(shard)


if __name__ == "__main__":
    main(sys.argv[1:])
