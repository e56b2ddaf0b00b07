# SPDX-License-Identifier: Apache-2.0
"""Processor time of this process and of those that descend from it, which wall time on a machine
that others use says nothing of."""

import os
from pathlib import Path


def _parent(process: Path) -> int:
    return int((process / "stat").read_text().rsplit(")", 1)[1].split()[1])


def _seconds(process: Path) -> float:
    return sum(int(t.read_text().split()[0]) for t in process.glob("task/*/schedstat")) * 1e-9


def processor_times() -> dict[int, float]:
    """In seconds, by process; of the threads that live."""
    parents, times = {}, {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(process.name)] = _parent(process)
            times[int(process.name)] = _seconds(process)
        except OSError:
            continue  # it has ended

    def is_ours(number: int) -> bool:
        while number not in (os.getpid(), 0):
            number = parents.get(number, 0)
        return number != 0

    return {number: seconds for number, seconds in times.items() if is_ours(number)}
